//! Power cuts, and calls that fail one by one: what was acknowledged stays, and nothing looks like tampering.

use std::io;
use std::path::Path;
use std::sync::Arc;

use lifeboat::journal::{
    Disk, DiskFile, Draft, Entry, Fault, Header, Journal, JournalError, Lock, MemoryDisk, Op, Written, contents,
    read_run, segment_name,
};
use lifeboat::record::Verdict;

use super::{create, dir, header, note, notes, open, report};

/// A disk whose syncs, of files or of folders, do nothing: what a journal without them would be.
#[derive(Clone)]
struct Careless {
    disk: MemoryDisk,
    files: bool,
    folders: bool,
}

struct CarelessFile(Box<dyn DiskFile>, bool);

impl DiskFile for CarelessFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }
    fn sync_data(&mut self) -> io::Result<()> {
        if self.1 { Ok(()) } else { self.0.sync_data() }
    }
    fn sync_all(&mut self) -> io::Result<()> {
        self.sync_data()
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.cut(len)
    }
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        self.0.reserve(bytes)
    }
}

impl Disk for Careless {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.disk.create_dir_all(dir)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if self.folders { Ok(()) } else { self.disk.sync_dir(dir) }
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.disk.list(dir)
    }
    fn create_new(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(CarelessFile(self.disk.create_new(file)?, self.files)))
    }
    fn append(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(CarelessFile(self.disk.append(file)?, self.files)))
    }
    fn len(&self, file: &Path) -> io::Result<u64> {
        self.disk.len(file)
    }
    fn read(&self, file: &Path, from: u64, max: usize) -> io::Result<Vec<u8>> {
        self.disk.read(file, from, max)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, file: &Path) -> io::Result<()> {
        self.disk.remove(file)
    }
    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.remove_dir(dir)
    }
    fn try_lock(&self, file: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.disk.try_lock(file)
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// What a series of power cuts did to acknowledged records.
#[derive(Debug, Default, PartialEq)]
struct Harm {
    lost: u64,
    false_tamper: u64,
    torn: u64,
    rotated: u64,
}

/// One machine: it writes, loses power at a random call, comes back, and so on, three times over.
fn one_life(seed: u64, careless: (bool, bool), harm: &mut Harm) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut disk = MemoryDisk::new();
    let mut kept: Vec<Written> = Vec::new();
    for round in 0..3 {
        let (files, folders) = careless;
        let used: Arc<dyn Disk> = Arc::new(Careless { disk: disk.clone(), files, folders });
        let cut = Fault {
            after: random.below(if round == 0 { 40 } else { 14 }),
            partly: random.below(3_000) as usize,
            ..Fault::lasting(Op::Any, io::ErrorKind::Other)
        };
        disk.inject(cut);
        if random.below(3) == 0 {
            let op = [Op::Write, Op::Sync, Op::Create, Op::SyncDir][random.below(4) as usize];
            let partly = random.below(900) as usize;
            disk.inject(Fault { after: random.below(12), partly, ..Fault::once(op, io::ErrorKind::Other) });
        }
        let journal = match Journal::open(used.clone(), dir(), header(), None) {
            Ok(opened) => Ok(opened.journal),
            Err(JournalError::NotARun(_)) if kept.is_empty() => Journal::create(used, dir(), header()),
            Err(e) => Err(e),
        };
        if let Ok(mut journal) = journal {
            for i in 0..30 {
                let batch: Vec<Draft> =
                    (0..=random.below(3)).map(|_| note(&"x".repeat(random.below(900) as usize))).collect();
                let result = if i % 7 == 6 { journal.seal().map(|_| Vec::new()) } else { journal.append(&batch) };
                match result {
                    Ok(written) => kept.extend(written),
                    Err(_) => drop(journal.try_again()),
                }
            }
        }
        // The power goes.
        disk = disk.crash(random.below(u64::MAX));
        let Ok(records) = read_run(&disk, &dir()) else {
            harm.lost += kept.len() as u64;
            return;
        };
        let r = report(&disk, &dir(), None);
        harm.torn += u64::from(r.torn_bytes > 0);
        harm.rotated += u64::from(r.rotated > 0);
        harm.false_tamper += u64::from(r.verdict == Verdict::Broken);
        let there: Vec<Written> = records.iter().map(|s| Written { seq: s.body.seq, hash: s.h.to_string() }).collect();
        harm.lost += kept.iter().filter(|w| !there.contains(w)).count() as u64;
        if harm.lost + harm.false_tamper > 0 {
            return;
        }
    }
    // And once more, in peace: everything opens, and the log is sound.
    if let Ok(opened) = open(&disk) {
        harm.false_tamper += u64::from(!opened.damage.is_empty());
        drop(opened);
        let r = report(&disk, &dir(), None);
        harm.false_tamper += u64::from(r.verdict == Verdict::Broken || r.torn_bytes > 0);
    } else {
        harm.lost += kept.len() as u64;
    }
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_and_never_looks_like_tampering() {
    let mut all = Harm::default();
    for seed in 0..1_500 {
        let mut harm = Harm::default();
        one_life(seed, (false, false), &mut harm);
        assert_eq!((harm.lost, harm.false_tamper), (0, 0), "seed {seed}: {harm:?}");
        all.torn += harm.torn;
        all.rotated += harm.rotated;
    }
    // The test means nothing unless the cuts hit.
    assert!(all.torn > 100 && all.rotated > 50, "{all:?}");
}

#[test]
fn the_same_check_fails_when_syncs_are_left_out() {
    for careless in [(true, false), (false, true)] {
        let mut harm = Harm::default();
        for seed in 0..100 {
            one_life(seed, careless, &mut harm);
        }
        assert!(harm.lost > 0, "without syncs (files, folders) = {careless:?} something must be lost: {harm:?}");
    }
}

#[test]
fn what_was_refused_is_not_linked_to_after_a_restart() {
    let disk = MemoryDisk::new();
    let mut journal = create(&disk);
    journal.append(&[note("one")]).unwrap();
    disk.inject(Fault { times: 3, ..Fault::once(Op::Sync, io::ErrorKind::Other) });
    let e = journal.append(&[note("refused")]).unwrap_err();
    assert!(matches!(e, JournalError::NoDurableSink { .. }), "{e}");
    // The process ends, not the power: the next one reads the system's cache.
    drop(journal);
    disk.heal();
    open(&disk).unwrap().journal.append(&[note("two")]).unwrap();
    for disk in (0..20).map(|seed| disk.crash(seed)) {
        assert_eq!(notes(&read_run(&disk, &dir()).unwrap()), ["one", "two"]);
        assert_eq!(report(&disk, &dir(), None).verdict, Verdict::Limited);
    }
}

#[test]
fn every_single_call_may_fail_and_nothing_acknowledged_is_lost() {
    let calls = {
        let disk = MemoryDisk::new();
        workload(&disk);
        disk.calls()
    };
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for after in 0..calls {
            let disk = MemoryDisk::new();
            disk.inject(Fault { after, partly: 100, ..Fault::once(Op::Any, kind) });
            let kept = workload(&disk);
            disk.heal();
            let disk = disk.crash(after);
            if kept.is_empty() {
                continue;
            }
            let records = open(&disk).unwrap().records;
            assert_eq!(notes(&records).into_iter().filter(|n| kept.contains(&(*n).to_owned())).count(), kept.len());
            assert_ne!(report(&disk, &dir(), None).verdict, Verdict::Broken, "call {after}");
        }
    }
}

/// Returns what was acknowledged.
fn workload(disk: &MemoryDisk) -> Vec<String> {
    let mut kept = Vec::new();
    let mut write = |journal: &mut Journal, text: String| {
        if journal.append(&[note(&text)]).is_ok() {
            kept.push(text);
        }
    };
    if let Ok(mut journal) = Journal::create(Arc::new(disk.clone()), dir(), Header { ballast: 1_000, ..header() }) {
        (0..5).for_each(|i| write(&mut journal, format!("a{i}")));
        let _ = journal.seal();
    }
    if let Ok(mut opened) = open(disk) {
        (0..5).for_each(|i| write(&mut opened.journal, format!("b{i}")));
    }
    kept
}

#[test]
fn nothing_is_linked_to_what_only_the_cache_holds() {
    let disk = MemoryDisk::new();
    let mut journal = create(&disk);
    journal.append(&[note("one")]).unwrap();
    let file = dir().join(segment_name(1));
    let durable = disk.len(&file).unwrap() as usize;
    journal.append(&[note("two")]).unwrap();
    drop(journal);
    let bytes = disk.read(&file, 0, usize::MAX).unwrap();

    // The same log, whose writer was killed between the write of `two` and its sync.
    let killed = MemoryDisk::new();
    killed.create_dir_all(&dir()).unwrap();
    [".", "runs"].iter().for_each(|d| killed.sync_dir(Path::new(d)).unwrap());
    killed.write_new(&file, &bytes[..durable]).unwrap();
    killed.append(&file).unwrap().write_all(&bytes[durable..]).unwrap();
    killed.inject(Fault::once(Op::Sync, io::ErrorKind::Other));
    let e = open(&killed).err().unwrap();
    assert!(e.to_string().contains("make durable"), "{e}");
    for seed in 0..20 {
        let after = killed.crash(seed);
        assert_eq!(report(&after, &dir(), None).verdict, Verdict::Limited);
        assert_eq!(notes(&read_run(&after, &dir()).unwrap())[0], "one");
    }
}

#[test]
fn torn_bytes_are_kept_wherever_recovery_is_cut_short() {
    let mut cut_short = 0;
    for after in 0..16 {
        let disk = MemoryDisk::new();
        create(&disk).append(&[note("one")]).unwrap();
        let junk = [b"{\"r\":{\"act".as_slice(), &[0; 600], b"end"].concat();
        disk.tamper(&dir().join(segment_name(1)), |bytes| bytes.extend_from_slice(&junk)).unwrap();
        disk.inject(Fault { after, ..Fault::lasting(Op::Any, io::ErrorKind::Other) });
        cut_short += u32::from(open(&disk).is_err());
        for seed in 0..10 {
            let disk = disk.crash(seed);
            let opened = open(&disk).unwrap();
            assert_eq!((notes(&opened.records), opened.damage.len()), (vec!["one"], 0));
            drop(opened);
            let torn = contents(&disk, &dir()).unwrap().torn;
            let kept = torn.iter().any(|t| disk.read(&dir().join(t), 0, usize::MAX).unwrap() == junk);
            assert!(kept, "after {after} calls, seed {seed}: {torn:?}");
            assert!(report(&disk, &dir(), None).recovered >= 1);
        }
    }
    assert!(cut_short > 5, "{cut_short}");
}
