//! Tests of `journal`: failing disks, damage, locks; power cuts in [`power`].

mod power;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lifeboat::journal::{
    Disk, Draft, Fault, Header, Journal, JournalError, MemoryDisk, Op, Opened, RealDisk, contents, new_id, read_run,
    segment_name,
};
use lifeboat::record::{Actor, Against, App, Checkpoint, Kind, Mode, Report, Stored, Verdict, verify};
use lifeboat::units::Now;
use serde_json::json;

fn dir() -> PathBuf {
    PathBuf::from("runs/r1")
}

fn header() -> Header {
    let app = App { version: "0.1.0".to_owned(), sha256: None };
    Header { ballast: 0, ..Header::new("r1", Mode::Live, app, "test device") }
}

fn note(text: &str) -> Draft {
    Draft::new(Kind::Note, Mode::Live, Actor::System, json!({ "text": text }))
}

fn create(disk: &MemoryDisk) -> Journal {
    Journal::create(Arc::new(disk.clone()), dir(), header()).unwrap()
}

fn open(disk: &MemoryDisk) -> Result<Opened, JournalError> {
    Journal::open(Arc::new(disk.clone()), dir(), header(), None)
}

fn report(disk: &dyn Disk, dir: &Path, outside: Option<&Checkpoint>) -> Report {
    let contents = contents(disk, dir).unwrap();
    let beside = contents.checkpoint.as_ref().and_then(|t| t.parse().ok());
    verify(&contents.segments(), Against { outside, beside: beside.as_ref(), whole: true, ..Against::default() })
}

fn notes(records: &[Stored]) -> Vec<&str> {
    records.iter().filter(|r| r.body.kind == Kind::Note).filter_map(|r| r.body.d["text"].as_str()).collect()
}

fn kinds(records: &[Stored]) -> Vec<Kind> {
    records.iter().map(|r| r.body.kind).collect()
}

#[test]
fn what_is_appended_is_read_back_and_goes_on_after_reopening() {
    let disk = MemoryDisk::new();
    let mut journal = create(&disk);
    let before = disk.syncs();
    let rehearsed = Draft { at: Some(1_500), step: Some("AO-F6".to_owned()), ..note("three") };
    let written = journal.append(&[note("one"), note("two"), rehearsed]).unwrap();
    assert_eq!(disk.syncs(), before + 1, "a batch is one sync");
    assert_eq!(written.iter().map(|w| w.seq).collect::<Vec<_>>(), [1, 2, 3]);
    drop(journal);

    let mut again = open(&disk).unwrap();
    assert_eq!(notes(&again.records), ["one", "two", "three"]);
    assert_eq!((again.damage.len(), again.recovered.len()), (0, 0));
    let three = &again.records[3];
    assert_eq!((three.h.to_string(), three.body.at), (written[2].hash.clone(), Some(1_500)));
    assert!(three.raw.contains(r#""at":1500"#) && three.raw.starts_with(r#"{"r":{"actor":"system","#));
    again.journal.append(&[note("four")]).unwrap();
    let records = read_run(&disk, &dir()).unwrap();
    assert_eq!(notes(&records), ["one", "two", "three", "four"]);
    assert_eq!(kinds(&records)[4], Kind::LogOpen);
    let r = report(&disk, &dir(), None);
    assert_eq!((r.verdict, r.records, r.clock_jumps), (Verdict::Limited, 6, 0), "{r}");
}

#[test]
fn a_log_cites_the_heads_of_the_others() {
    let disk = MemoryDisk::new();
    let mut first = create(&disk);
    let head = first.append(&[note("last")]).unwrap().remove(0);
    let other = PathBuf::from("runs/r2");
    let h2 = Header { run: "r2".to_owned(), ..header() };
    Journal::create(Arc::new(disk.clone()), other.clone(), h2).unwrap();
    let opened = read_run(&disk, &other).unwrap().remove(0);
    assert_eq!(opened.body.d["heads"], json!([{ "log": "r1", "seq": head.seq, "h": head.hash }]));
    assert_eq!(new_id().unwrap().len(), 32);
}

#[test]
fn a_failed_sync_ends_the_file_and_the_records_are_written_again() {
    for op in [Op::Sync, Op::Write] {
        let disk = MemoryDisk::new();
        let mut journal = create(&disk);
        journal.append(&[note("one")]).unwrap();
        disk.inject(Fault { partly: 300, ..Fault::once(op, io::ErrorKind::Other) });
        let written = journal.append(&[note("two"), note("three")]).unwrap();
        assert_eq!(written.iter().map(|w| w.seq).collect::<Vec<_>>(), [3, 4], "behind log.segment");
        journal.append(&[note("four")]).unwrap();
        assert_eq!(contents(&disk, &dir()).unwrap().segments.len(), 2);
        // The sync is not tried again: the first file would have looked whole and been lost.
        let after = disk.crash(1);
        for disk in [&disk, &after] {
            let records = read_run(disk, &dir()).unwrap();
            assert_eq!(notes(&records), ["one", "two", "three", "four"]);
            let r = report(disk, &dir(), journal.checkpoint().as_ref());
            assert_eq!((r.verdict, r.rotated), (Verdict::Limited, 1), "{r}");
        }
        assert!(report(&disk, &dir(), None).to_string().contains("left by a failed write"));
    }
}

#[test]
fn without_any_place_to_write_the_journal_is_read_only_until_tried_again() {
    for kind in [
        io::ErrorKind::StorageFull,
        io::ErrorKind::ReadOnlyFilesystem,
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::Other,
    ] {
        let disk = MemoryDisk::new();
        let mut journal = create(&disk);
        journal.append(&[note("one")]).unwrap();
        disk.inject(Fault::lasting(Op::Any, kind));
        for _ in 0..2 {
            let e = journal.append(&[note("two")]).unwrap_err();
            assert!(matches!(e, JournalError::NoDurableSink { .. }), "{e}");
        }
        assert!(journal.trouble().is_some());
        assert_eq!(notes(&read_run(&disk, &dir()).unwrap()), ["one"], "reading goes on");
        journal.try_again().unwrap_err();
        disk.heal();
        journal.append(&[note("two")]).unwrap_err();
        journal.try_again().unwrap();
        journal.append(&[note("three")]).unwrap();
        let r = report(&disk, &dir(), None);
        assert_eq!(notes(&read_run(&disk, &dir()).unwrap()), ["one", "three"]);
        assert_eq!(r.verdict, Verdict::Limited, "{r}");
    }
}

#[test]
fn a_full_disk_gives_the_reserve_back_so_that_a_run_can_be_closed() {
    let disk = MemoryDisk::new();
    let header = Header { ballast: 200_000, ..header() };
    let mut journal = Journal::create(Arc::new(disk.clone()), dir(), header).unwrap();
    let ballast = PathBuf::from("runs/ballast");
    assert_eq!(disk.len(&ballast).unwrap(), 200_000);
    disk.inject(Fault { partly: 40, ..Fault::once(Op::Write, io::ErrorKind::StorageFull) });
    journal.append(&[note("closed")]).unwrap();
    assert!(disk.len(&ballast).is_err());
    assert!(journal.warning().unwrap().contains("reserve"));
    assert_eq!(notes(&read_run(&disk, &dir()).unwrap()), ["closed"]);
}

#[test]
fn a_disk_that_hangs_counts_as_failed() {
    let disk = MemoryDisk::new();
    let slow = Header { slow: Duration::from_millis(200), ..header() };
    let mut journal = Journal::create(Arc::new(disk.clone()), dir(), slow).unwrap();
    let stall =
        |times| Fault { op: Op::Sync, after: 0, times, error: None, partly: 0, stall: Duration::from_millis(300) };
    disk.inject(stall(1));
    journal.append(&[note("one")]).unwrap();
    assert_eq!(contents(&disk, &dir()).unwrap().segments.len(), 2, "the slow file was given up");
    disk.inject(stall(u64::MAX));
    let e = journal.append(&[note("two")]).unwrap_err();
    assert!(e.to_string().contains("the disk took"), "{e}");
    disk.heal();
    journal.try_again().unwrap();
    // What came through after all, but was refused, does not come back.
    assert_eq!(notes(&read_run(&disk, &dir()).unwrap()), ["one"]);
}

#[test]
fn a_torn_tail_is_set_aside_recorded_and_never_overwritten() {
    let disk = MemoryDisk::new();
    create(&disk).append(&[note("one")]).unwrap();
    let file = dir().join(segment_name(1));
    for (n, junk) in [(1, &b"{\"r\":{\"act"[..]), (2, &[0; 700])] {
        disk.tamper(&file, |bytes| bytes.extend_from_slice(junk)).unwrap();
        assert_eq!(notes(&read_run(&disk, &dir()).unwrap()), ["one"], "a reader stops at it");
        let opened = open(&disk).unwrap();
        assert_eq!(opened.damage, Vec::<String>::new());
        assert_eq!(opened.recovered.len(), 1);
        let name = format!("000001-{n}.torn");
        assert_eq!((opened.recovered[0].file.clone(), opened.recovered[0].bytes), (name.clone(), junk.len() as u64));
        assert_eq!(disk.read(&dir().join(name), 0, usize::MAX).unwrap(), junk);
    }
    let recorded: Vec<_> =
        read_run(&disk, &dir()).unwrap().into_iter().filter(|r| r.body.kind == Kind::LogRecovered).collect();
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[1].body.d["bytes"], 700);
    assert_eq!(report(&disk, &dir(), None).recovered, 2);
}

#[test]
fn damage_is_left_as_it_is_and_the_run_goes_on_behind_it() {
    let disk = MemoryDisk::new();
    let mut journal = create(&disk);
    for text in ["one", "two", "three"] {
        journal.append(&[note(text)]).unwrap();
    }
    drop(journal);
    let file = dir().join(segment_name(1));
    disk.tamper(&file, |bytes| {
        let at = bytes.windows(3).position(|w| w == b"two").unwrap();
        bytes[at] = b'T';
    })
    .unwrap();
    let damaged = disk.read(&file, 0, usize::MAX).unwrap();
    let mut opened = open(&disk).unwrap();
    assert!(opened.damage[0].contains("was changed"), "{:?}", opened.damage);
    assert_eq!(notes(&opened.records), ["one", "three"], "what is sound stays readable");
    opened.journal.append(&[note("four")]).unwrap();
    assert_eq!(opened.journal.seal().unwrap(), None, "no root behind damage");
    assert_eq!(disk.read(&file, 0, usize::MAX).unwrap(), damaged, "untouched");
    drop(opened);
    let again = open(&disk).unwrap();
    assert_eq!(contents(&disk, &dir()).unwrap().segments.len(), 2, "no new file for damage that is known");
    assert!(!again.damage.is_empty());
    assert_eq!(notes(&again.records), ["one", "three", "four"]);
    assert_eq!(report(&disk, &dir(), None).verdict, Verdict::Broken, "and it stays so");
}

#[test]
fn a_log_shorter_than_its_checkpoint_is_damage() {
    let disk = MemoryDisk::new();
    let mut journal = create(&disk);
    journal.append(&[note("one")]).unwrap();
    journal.append(&[note("two")]).unwrap();
    let outside = journal.seal().unwrap().unwrap();
    drop(journal);
    assert_eq!(report(&disk, &dir(), Some(&outside)).unanchored(), 0);
    let file = dir().join(segment_name(1));
    disk.tamper(&file, |bytes| {
        let keep = bytes.split_inclusive(|b| *b == b'\n').take(2).map(<[u8]>::len).sum();
        bytes.truncate(keep);
    })
    .unwrap();
    let r = report(&disk, &dir(), None);
    assert_eq!(r.verdict, Verdict::Broken, "the checkpoint beside it tells: {r}");
    let opened = open(&disk).unwrap();
    assert!(opened.damage[0].contains("are missing"), "{:?}", opened.damage);
    assert_eq!(contents(&disk, &dir()).unwrap().segments.len(), 2);
}

#[test]
fn recorded_checkpoints_are_checked_against_the_records_before_them() {
    let disk = MemoryDisk::new();
    let mut journal = create(&disk);
    for _ in 0..3 {
        journal.append(&[note("x")]).unwrap();
        // The file fails under the checkpoint, so that it lands one record later than it was asked for.
        disk.inject(Fault::once(Op::Sync, io::ErrorKind::Other));
        journal.seal().unwrap().unwrap();
    }
    let r = report(&disk, &dir(), journal.checkpoint().as_ref());
    assert_eq!((r.verdict, r.checkpoints, r.rotated), (Verdict::Limited, 3, 3), "{r}");
}

#[test]
fn a_clock_that_jumps_is_recorded_and_the_order_kept() {
    let disk = MemoryDisk::new();
    let wall = Arc::new(AtomicI64::new(1_000_000_000));
    let (w, mono) = (wall.clone(), AtomicI64::new(0));
    let time = move || {
        let mono = mono.fetch_add(10, Ordering::SeqCst) as u64;
        let wall = w.load(Ordering::SeqCst) + mono as i64;
        Now { utc: wall, mono, wall }
    };
    let mut journal =
        Journal::create(Arc::new(disk.clone()), dir(), Header { time: Arc::new(time), ..header() }).unwrap();
    for jump in [0, -3_600_000, -315_360_000, 31_536_000] {
        wall.fetch_add(jump, Ordering::SeqCst);
        assert_eq!(journal.append(&[note("x")]).unwrap().len(), 1);
    }
    let r = report(&disk, &dir(), None);
    assert_eq!((r.clock_jumps, r.clock_back, r.verdict), (3, 0, Verdict::Limited), "{r}");
    let records = read_run(&disk, &dir()).unwrap();
    let first = records.iter().find(|r| r.body.kind == Kind::ClockJump).unwrap();
    assert_eq!(first.body.d["by"], -3_600_000);
}

#[test]
fn a_record_that_is_refused_changes_nothing() {
    let disk = MemoryDisk::new();
    let mut journal = create(&disk);
    let bad = Draft::new(Kind::Note, Mode::Live, Actor::System, json!({ "x": 0.5 }));
    let e = journal.append(&[note("one"), bad]).unwrap_err();
    assert!(matches!(e, JournalError::Record { .. }));
    journal.append(&[note("two")]).unwrap();
    assert_eq!(notes(&read_run(&disk, &dir()).unwrap()), ["two"]);
}

#[test]
fn ids_that_could_leave_the_folder_or_confuse_a_log_are_refused() {
    for run in ["", "../x", "A", "a b", &"x".repeat(65)] {
        let h = Header { run: run.to_owned(), ..header() };
        let e = Journal::create(Arc::new(MemoryDisk::new()), dir(), h).err().unwrap();
        assert!(matches!(e, JournalError::BadId(_)), "{e}");
    }
    let disk = MemoryDisk::new();
    drop(create(&disk));
    let h = Header { run: "r2".to_owned(), ..header() };
    let e = Journal::open(Arc::new(disk.clone()), dir(), h, None).err().unwrap();
    assert!(matches!(e, JournalError::OtherRun { .. }), "{e}");
    let e = Journal::create(Arc::new(disk), dir(), header()).err().unwrap();
    assert!(matches!(e, JournalError::Exists(_)), "{e}");
}

#[test]
fn on_a_real_disk_one_writer_holds_the_run_and_readers_go_on() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("runs/r1");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let mut journal = Journal::create(disk.clone(), dir.clone(), header()).unwrap();
    journal.append(&[note("one")]).unwrap();
    let e = Journal::open(disk.clone(), dir.clone(), header(), None).err().unwrap();
    assert!(matches!(e, JournalError::Locked(_)), "{e}");
    assert!(e.to_string().contains("another Lifeboat"), "{e}");
    assert_eq!(notes(&read_run(&RealDisk, &dir).unwrap()), ["one"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join(segment_name(1)))), (0o700, 0o600));
    }
    journal.seal().unwrap().unwrap();
    drop(journal);
    let opened = Journal::open(disk, dir.clone(), header(), None).unwrap();
    assert_eq!(notes(&opened.records), ["one"]);
    assert_eq!(report(&RealDisk, &dir, None).verdict, Verdict::Limited);
}

#[test]
fn the_command_says_what_it_found_with_its_exit_code() {
    use clap::Parser;
    use lifeboat::cli::{Args, verify};
    let run = |paths: &[PathBuf], checkpoint: Option<&Path>, json| {
        let checkpoint = checkpoint.map(Path::to_path_buf);
        let args = Args::try_parse_from(["lifeboat", "--home", "/nowhere"]).unwrap();
        verify::run(&args, &verify::Wish { paths: paths.to_vec(), checkpoint, json, ..verify::Wish::default() })
    };
    let temp = tempfile::tempdir().unwrap();
    let runs = temp.path().join("runs");
    let checkpoints: Vec<PathBuf> = ["r1", "r2"]
        .into_iter()
        .map(|id| {
            let h = Header { run: id.to_owned(), ..header() };
            let mut journal = Journal::create(Arc::new(RealDisk), runs.join(id), h).unwrap();
            journal.append(&[note("one")]).unwrap();
            let file = temp.path().join(format!("{id}.checkpoint"));
            std::fs::write(&file, journal.seal().unwrap().unwrap().to_string()).unwrap();
            file
        })
        .collect();
    let (r1, r2) = (runs.join("r1"), runs.join("r2"));
    let outside = Some(checkpoints[0].as_path());
    assert_eq!(run(std::slice::from_ref(&runs), None, false), 1, "a folder of runs");
    assert_eq!(run(std::slice::from_ref(&runs), outside, true), 1, "the checkpoint finds its run");
    assert_eq!(run(&[r1.join(segment_name(1))], outside, false), 1, "a file");
    assert_eq!(run(std::slice::from_ref(&r2), outside, false), 3, "another log's checkpoint");
    assert_eq!(run(&[r1.clone(), r2.clone()], Some(&r1), false), 3, "not a checkpoint");
    assert_eq!(run(&[], None, false), 3, "no path");
    assert_eq!(run(&[temp.path().join("nowhere")], None, true), 3);
    assert_eq!(run(&[checkpoints[0].clone()], None, false), 3, "not a journal");
    let file = r1.join(segment_name(1));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("one", "two")).unwrap();
    assert_eq!(run(&[r1, temp.path().join("nowhere")], None, false), 2, "the worst counts");
}

/// Another process, not only another handle: `flock` takes the same lock as the journal.
#[cfg(target_os = "linux")]
#[test]
fn a_writer_in_another_process_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("runs/r1");
    let journal = Journal::create(Arc::new(RealDisk), dir.clone(), header()).unwrap();
    let taken = || std::process::Command::new("flock").arg("-n").arg(dir.join("lock")).arg("true").status();
    let Ok(status) = taken() else {
        crate::left_out("the lock of another program: no `flock` here");
        return;
    };
    assert!(!status.success(), "the other process must not get the lock");
    drop(journal);
    assert!(taken().unwrap().success());
}

/// A real file system that is really full. Needs the right to mount one; says so where it is missing.
#[cfg(target_os = "linux")]
#[test]
fn a_real_disk_that_fills_up_keeps_what_was_acknowledged() {
    use std::process::Command;
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"]).arg(place).output();
    if !mounted.is_ok_and(|o| o.status.success()) {
        crate::left_out("a full disk under the journal: nothing can be mounted here");
        return;
    }
    let filled = std::panic::catch_unwind(|| {
        let dir = place.join("r1");
        let header = Header { ballast: 16 * 1024, ..header() };
        let mut journal = Journal::create(Arc::new(RealDisk), dir.clone(), header).unwrap();
        let mut kept = Vec::new();
        let error = loop {
            match journal.append(&[note(&"x".repeat(1_000))]) {
                Ok(written) => kept.extend(written),
                Err(e) => break e,
            }
            assert!(kept.len() < 1_000, "the disk never fills");
        };
        assert!(matches!(error, JournalError::NoDurableSink { .. }), "{error}");
        assert!(journal.warning().is_some_and(|w| w.contains("reserve")), "the reserve was used before giving up");
        let there: Vec<String> = read_run(&RealDisk, &dir).unwrap().iter().map(|r| r.h.to_string()).collect();
        assert!(kept.iter().all(|w| there.contains(&w.hash)));
        assert_ne!(report(&RealDisk, &dir, None).verdict, Verdict::Broken);
    });
    // Lazily: a child that another test is just starting may hold our files for a moment.
    assert!(Command::new("umount").arg("-l").arg(place).status().unwrap().success());
    filled.unwrap();
}
