//! Calls that do not return, and space that is set aside: what a journal does with a disk that hangs or fills up.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifeboat::journal::{
    AHEAD, Disk, Fault, Header, Journal, JournalError, MemoryDisk, Op, RealDisk, contents, read_run, segment_name,
};
use lifeboat::record::Verdict;

use super::{create, dir, header, note, notes, open, report};
use crate::crash::wired::{Do, Gate, What, Wired};

/// Long enough for a disk in memory on a busy computer.
const LIMIT: Duration = Duration::from_millis(300);

/// A disk that hangs in what it is told to, until its gate is opened.
struct Hanging {
    disk: MemoryDisk,
    wired: Wired,
    /// What hangs, and whether only the first time.
    hangs: Arc<Mutex<(Vec<What>, bool)>>,
    gate: Arc<Gate>,
}

impl Hanging {
    fn new() -> Self {
        let (disk, hangs, gate) =
            (MemoryDisk::new(), Arc::<Mutex<(Vec<What>, bool)>>::default(), Arc::<Gate>::default());
        let (told, held) = (hangs.clone(), gate.clone());
        let wired = Wired::new(&disk, move |what, _| {
            let (these, once) = &mut *told.lock().unwrap();
            match these.contains(&what) {
                true => {
                    if *once {
                        these.clear();
                    }
                    Do::Hang(held.clone())
                }
                false => Do::Go,
            }
        });
        Self { disk, wired, hangs, gate }
    }

    fn journal(&self) -> Journal {
        let header = Header { slow: LIMIT, ..header() };
        Journal::create(Arc::new(self.wired.clone()), dir(), header).unwrap()
    }

    fn hang(&self, what: &[What]) {
        *self.hangs.lock().unwrap() = (what.to_vec(), false);
    }

    fn hang_once(&self, what: What) {
        *self.hangs.lock().unwrap() = (vec![what], true);
    }

    /// The calls return, and what comes of that has come.
    fn release(&self) {
        self.hang(&[]);
        self.gate.open();
        let start = Instant::now();
        while self.disk.try_lock(&dir().join("lock")).unwrap().is_none() {
            assert!(start.elapsed() < crate::PATIENCE, "the lock is let go when the last call has returned");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

const WRITING: [What; 8] =
    [What::Write, What::Sync, What::SyncDir, What::Create, What::Open, What::Cut, What::Reserve, What::Remove];

#[test]
fn a_disk_that_never_answers_is_given_up_and_saves_nothing_behind_anyones_back() {
    for hung in [What::Write, What::Sync] {
        let hanging = Hanging::new();
        let mut journal = hanging.journal();
        journal.append(&[note("one")]).unwrap();
        hanging.hang(&[&[hung], &WRITING[2..]].concat());
        let start = Instant::now();
        let e = journal.append(&[note("two")]).unwrap_err();
        assert!(matches!(e, JournalError::NoDurableSink { .. }), "{e}");
        assert!(e.to_string().contains("the disk took more than 300 ms"), "{e}");
        assert!(start.elapsed() < LIMIT * 2, "{:?}", start.elapsed());
        journal.append(&[note("three")]).unwrap_err();
        assert_eq!(notes(&read_run(&hanging.disk, &dir()).unwrap())[0], "one", "reading goes on");
        // Nobody goes on behind bytes that may still arrive.
        drop(journal);
        let e = open(&hanging.disk).err().unwrap();
        assert!(matches!(e, JournalError::Locked(_)), "{e}");

        hanging.release();
        let mut opened = open(&hanging.disk).unwrap();
        assert_eq!(notes(&opened.records), ["one"], "{hung:?}: what was refused is not kept");
        opened.journal.append(&[note("four")]).unwrap();
        let r = report(&hanging.disk, &dir(), None);
        assert_eq!((r.verdict, r.torn_bytes), (Verdict::Limited, 0), "{r}");
        assert_eq!(notes(&read_run(&hanging.disk, &dir()).unwrap()), ["one", "four"]);
    }
}

#[test]
fn one_call_that_hangs_costs_its_file_and_returns_to_nobody() {
    let hanging = Hanging::new();
    let mut journal = hanging.journal();
    journal.append(&[note("one")]).unwrap();
    hanging.hang_once(What::Write);
    journal.append(&[note("two")]).unwrap();
    journal.append(&[note("three")]).unwrap();
    assert_eq!(contents(&hanging.disk, &dir()).unwrap().segments.len(), 2, "it went on in a new file");
    drop(journal);
    hanging.release();
    let r = report(&hanging.disk, &dir(), None);
    assert_eq!(notes(&read_run(&hanging.disk, &dir()).unwrap()), ["one", "two", "three"]);
    assert_eq!((r.verdict, r.rotated, r.left_bytes), (Verdict::Limited, 1, 0), "cut off when it returned: {r}");
}

#[test]
fn a_disk_that_hangs_when_a_run_begins_or_is_taken_up_says_so() {
    for what in [What::CreateDir, What::SyncDir, What::Lock, What::Create, What::Write, What::Sync, What::Reserve] {
        let hanging = Hanging::new();
        let header = || Header { slow: LIMIT / 3, ..header() };
        hanging.hang(&[what]);
        let begun = Journal::create(Arc::new(hanging.wired.clone()), dir(), header()).err();
        assert!(begun.is_some(), "{what:?}");
        hanging.release();
    }
    let hanging = Hanging::new();
    drop(hanging.journal());
    for what in [What::Lock, What::Open, What::Sync, What::SyncDir, What::Write] {
        hanging.hang(&[what]);
        let header = Header { slow: LIMIT / 3, ..header() };
        assert!(Journal::open(Arc::new(hanging.wired.clone()), dir(), header, None).is_err(), "{what:?}");
        hanging.release();
        hanging.gate.shut();
    }
    assert_eq!(open(&hanging.disk).unwrap().damage, [""; 0]);
}

#[test]
fn space_is_set_aside_and_holds_a_full_disk_off() {
    let disk = MemoryDisk::new();
    disk.leave_free(AHEAD + 300_000);
    let mut journal = Journal::create(Arc::new(disk.clone()), dir(), Header { ballast: 200_000, ..header() }).unwrap();
    let big = note(&"x".repeat(60_000));
    let file = dir().join(segment_name(1));
    journal.append(std::slice::from_ref(&big)).unwrap();
    assert!(disk.len(&file).unwrap() < 100_000, "the length is that of the content");
    // Somebody else takes all the rest.
    disk.leave_free(0);
    let mut saved = 1;
    while contents(&disk, &dir()).unwrap().segments.len() == 1 {
        journal.append(std::slice::from_ref(&big)).unwrap();
        saved += 1;
    }
    let len = disk.len(&file).unwrap();
    assert!((AHEAD..AHEAD + 10_000).contains(&len), "all that was set aside was used: {len}");
    assert!(journal.warning().unwrap().contains("reserve was given back"), "{:?}", journal.warning());
    // What the reserve held is used up as well; then there is nothing left.
    let e = loop {
        match journal.append(std::slice::from_ref(&big)) {
            Ok(_) => saved += 1,
            Err(e) => break e,
        }
    };
    assert!(matches!(e, JournalError::NoDurableSink { .. }) && saved * 60_000 < AHEAD as usize * 2, "{e}");
    assert_eq!(notes(&read_run(&disk, &dir()).unwrap()).len(), saved);
    disk.leave_free(AHEAD * 2);
    journal.try_again().unwrap();
    journal.append(&[note("room")]).unwrap();
    assert_eq!(report(&disk, &dir(), None).verdict, Verdict::Limited);
}

#[test]
fn space_is_asked_for_again_when_it_is_used_up_and_given_back_in_the_end() {
    let disk = MemoryDisk::new();
    let free = 3 * AHEAD;
    disk.leave_free(free);
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let wired = Wired::new(&disk, move |what, _| {
        count.fetch_add(u64::from(what == What::Reserve), Ordering::SeqCst);
        Do::Go
    });
    let mut journal = Journal::create(Arc::new(wired), dir(), header()).unwrap();
    let many: Vec<_> = (0..20).map(|_| note(&"x".repeat(60_000))).collect();
    for _ in 0..8 {
        journal.append(&many).unwrap();
    }
    let len = disk.len(&dir().join(segment_name(1))).unwrap();
    assert!(len > AHEAD && len < 2 * AHEAD, "{len}");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    drop(journal);
    // All but the content can be had again.
    let mut other = disk.create_new(&PathBuf::from("runs/other")).unwrap();
    other.reserve(free - len).unwrap();
    other.reserve(free - len + 1).unwrap_err();
}

#[test]
fn space_that_cannot_be_set_aside_is_no_failure() {
    for (kind, warns) in [(io::ErrorKind::Unsupported, false), (io::ErrorKind::StorageFull, true)] {
        let disk = MemoryDisk::new();
        disk.inject(Fault::lasting(Op::Reserve, kind));
        let mut journal = create(&disk);
        journal.append(&[note("one")]).unwrap();
        assert_eq!(journal.warning().is_some_and(|w| w.contains("nearly full")), warns, "{kind}");
        assert_eq!(contents(&disk, &dir()).unwrap().segments.len(), 1);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_real_disk_space_is_set_aside_behind_the_content() {
    use std::os::unix::fs::MetadataExt;
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("runs/r1");
    let mut journal = Journal::create(Arc::new(RealDisk), dir.clone(), header()).unwrap();
    let file = dir.join(segment_name(1));
    let used = || fs::metadata(&file).map(|m| (m.len(), m.blocks() * 512)).unwrap();
    if used().1 < AHEAD {
        crate::left_out("space set aside for the record: this file system has no way to");
        return;
    }
    let before = used().0;
    journal.append(&[note("one")]).unwrap();
    let content = fs::read(&file).unwrap();
    assert!(used().0 > before && used().0 == content.len() as u64 && content.ends_with(b"\n"), "{:?}", used());
    drop(journal);
    assert!(used().1 < AHEAD / 8, "given back: {:?}", used());
    let mut again = Journal::open(Arc::new(RealDisk), dir.clone(), header(), None).unwrap();
    again.journal.append(&[note("two")]).unwrap();
    assert_eq!(notes(&read_run(&RealDisk, &dir).unwrap()), ["one", "two"]);
    assert!(used().1 >= AHEAD);
}
