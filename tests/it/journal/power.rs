//! Power cuts, and calls that fail one by one: what was acknowledged stays, and nothing looks like tampering.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lifeboat::journal::{
    Disk, Draft, Fault, Header, Journal, JournalError, MemoryDisk, Op, Written, contents, read_run, segment_name,
};
use lifeboat::record::Verdict;

use super::{create, dir, header, note, notes, open, report};
use crate::crash::wired::{Do, What, Wired};
use crate::crash::{all, each};

/// How a disk, or a journal on it, is built wrongly.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    /// Files are not synced.
    NoSync,
    /// Folders are not synced.
    NoFolderSync,
    /// A record is acknowledged before it is synced.
    LateSync,
    /// A sync that failed is tried again, and then believed.
    SyncAgain,
}

impl Wrong {
    fn disk(self, disk: &MemoryDisk) -> Arc<dyn Disk> {
        Arc::new(Wired::new(disk, move |what, _| match (self, what) {
            (Self::NoSync, What::Sync) | (Self::NoFolderSync, What::SyncDir) => Do::Pretend,
            (Self::LateSync, What::Sync) => Do::Later,
            (Self::SyncAgain, What::Sync) => Do::Again,
            _ => Do::Go,
        }))
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
    states: u64,
    lost: u64,
    false_tamper: u64,
    torn: u64,
    rotated: u64,
    /// What the cuts did beside: by kind, how often.
    did: BTreeMap<&'static str, u64>,
}

impl Harm {
    fn add(&mut self, other: &Self) {
        self.states += other.states;
        self.lost += other.lost;
        self.false_tamper += other.false_tamper;
        self.torn += other.torn;
        self.rotated += other.rotated;
        other.did.iter().for_each(|(what, n)| *self.did.entry(what).or_default() += n);
    }

    /// What a power cut did to the run's folder.
    fn compare(&mut self, before: &MemoryDisk, after: &MemoryDisk) {
        let mut did = |what, is: bool| *self.did.entry(what).or_default() += u64::from(is);
        let names =
            |disk: &MemoryDisk| disk.list(&dir()).map(|all| all.into_iter().map(|e| e.name).collect::<Vec<_>>());
        let (Ok(old), new) = (names(before), names(after)) else { return };
        did("dir", new.is_err());
        let new = new.unwrap_or_default();
        let lost = |n: &String| !new.contains(n);
        did("create", old.iter().any(|n| n.ends_with(".jsonl") && lost(n)));
        did("rename", old.contains(&"checkpoint".to_owned()) && new.contains(&"checkpoint.new".to_owned()));
        for name in old.iter().filter(|n| !lost(n)) {
            let read = |disk: &MemoryDisk| disk.read(&dir().join(name), 0, usize::MAX).unwrap();
            let (old, new) = (read(before), read(after));
            did("length", new.len() < old.len());
            let hole = |n: usize| new[n * 512..((n + 1) * 512).min(new.len())].iter().all(|b| *b == 0);
            let gone: Vec<usize> = (0..new.len().div_ceil(512)).filter(|n| hole(*n)).collect();
            did("sectors", !gone.is_empty());
            // A later one is there, an earlier one is not.
            did("order", gone.first().is_some_and(|n| (n + 1) * 512 < new.len() && !hole(new.len().div_ceil(512) - 1)));
        }
    }

    /// What one power cut left, against what had been acknowledged.
    fn look(&mut self, disk: &MemoryDisk, kept: &[Written]) {
        self.states += 1;
        let Ok(records) = read_run(disk, &dir()) else {
            self.lost += kept.len() as u64;
            return;
        };
        let r = report(disk, &dir(), None);
        self.torn += u64::from(r.torn_bytes > 0);
        self.rotated += u64::from(r.rotated > 0);
        self.false_tamper += u64::from(r.verdict == Verdict::Broken);
        let there: Vec<Written> = records.iter().map(|s| Written { seq: s.body.seq, hash: s.h.to_string() }).collect();
        self.lost += kept.iter().filter(|w| !there.contains(w)).count() as u64;
    }
}

/// Power cuts tried where each life stands; it goes on from the last.
const CUTS: u64 = 3;

/// One machine: it writes, loses power at a random call, comes back, and so on, three times over.
fn one_life(seed: u64, wrong: Wrong) -> Harm {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut disk = MemoryDisk::new();
    let mut kept: Vec<Written> = Vec::new();
    let mut harm = Harm::default();
    for round in 0..3 {
        let used = wrong.disk(&disk);
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
        let mut after = disk.clone();
        for _ in 0..CUTS {
            after = disk.crash(random.below(u64::MAX));
            harm.look(&after, &kept);
            harm.compare(&disk, &after);
        }
        disk = after;
        if harm.lost + harm.false_tamper > 0 {
            return harm;
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
    harm
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_and_never_looks_like_tampering() {
    let lives = if all() { 50_000_usize } else { 3_692 }.div_ceil(3 * CUTS as usize);
    let all = Mutex::new(Harm::default());
    each(lives, |seed| {
        let harm = one_life(seed as u64, Wrong::Nothing);
        assert_eq!((harm.lost, harm.false_tamper), (0, 0), "seed {seed}: {harm:?}");
        all.lock().unwrap().add(&harm);
    });
    let all = all.into_inner().unwrap();
    // The test means nothing unless the cuts hit.
    assert!(all.states >= 3_692 && all.torn > 100 && all.rotated > 50, "{all:?}");
    for what in ["sectors", "order", "length", "rename", "create", "dir"] {
        assert!(all.did.get(what).is_some_and(|n| *n > 20), "{what}: {all:?}");
    }
    let Harm { states, lost, false_tamper, torn, .. } = all;
    crate::figure(&format!(
        "T6 power cut: {states} states, {torn} torn, {lost} acknowledged lost, {false_tamper} false tamper"
    ));
}

#[test]
fn the_same_check_fails_when_syncs_are_left_out_late_or_believed_when_tried_again() {
    for wrong in [Wrong::NoSync, Wrong::NoFolderSync, Wrong::LateSync, Wrong::SyncAgain] {
        let mut harm = Harm::default();
        for seed in 0..100 {
            harm.add(&one_life(seed, wrong));
            if harm.lost > 0 {
                break;
            }
        }
        assert!(harm.lost > 0, "with {wrong:?} something must be lost: {harm:?}");
        crate::figure(&format!("T7 {wrong:?}: noticed, {} acknowledged lost in {} states", harm.lost, harm.states));
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
