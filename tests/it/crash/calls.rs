//! Every call to the disk, each failing in every way that disks fail in: nothing is sent without a durable intent, nothing
//! acknowledged is lost, and the record goes on once the disk is well again.
//!
//! Each of three workloads is driven by the action protocol against an Azure that only counts. The same driver with its
//! intent behind its request shows that the check would see it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifeboat::journal::{
    Disk, Draft, Fault, Header, Journal, JournalError, MemoryDisk, Op, SLOW, Written, contents, read_run, segment_name,
};
use lifeboat::record::{Actor, Against, App, Kind, Mode, Verdict, client_request_id, verify};
use serde_json::json;

use super::wired::{Do, Gate, What, Wired};
use super::{each, intents};

/// Actions of each workload.
const ACTIONS: usize = 3;
/// Stands for five seconds, where a call hangs for good: an answer that takes longer never comes.
const LIMIT: Duration = Duration::from_millis(60);

/// How a call fails, and those after it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// EIO, once.
    Io,
    /// ENOSPC, of everything that grows, until there is room.
    Full,
    /// EDQUOT, likewise.
    Quota,
    /// EROFS, of everything that writes.
    ReadOnly,
    /// EACCES, of everything that writes.
    Denied,
    /// Part of a write, then EIO.
    Short,
    /// It does not return.
    Stall,
    /// Nothing can be made, renamed or removed; open files go on.
    ReadOnlyFolder,
    /// Everything fails, reading too.
    Removed,
}

impl Way {
    const ALL: [Self; 9] = [
        Self::Io,
        Self::Full,
        Self::Quota,
        Self::ReadOnly,
        Self::Denied,
        Self::Short,
        Self::Stall,
        Self::ReadOnlyFolder,
        Self::Removed,
    ];

    /// What becomes of a call: the one it begins with, or one after it.
    fn of(self, what: What, first: bool, gate: &Arc<Gate>) -> Do {
        let writes = !matches!(what, What::List | What::Len | What::Forget | What::Read);
        let grows = matches!(what, What::CreateDir | What::Create | What::Write | What::Reserve);
        match self {
            Self::Io if first => Do::Fail(ErrorKind::Other),
            Self::Short if first && what == What::Write => Do::Short(ErrorKind::Other, 100),
            // Reading has no limit: what it reads is not acknowledged to anybody.
            Self::Stall if first && writes => Do::Hang(gate.clone()),
            Self::Full if grows => Do::Short(ErrorKind::StorageFull, 100),
            Self::Quota if grows => Do::Short(ErrorKind::QuotaExceeded, 100),
            Self::ReadOnly if writes => Do::Fail(ErrorKind::ReadOnlyFilesystem),
            Self::Denied if writes => Do::Fail(ErrorKind::PermissionDenied),
            Self::ReadOnlyFolder if what.names() => Do::Fail(ErrorKind::PermissionDenied),
            Self::Removed => Do::Fail(ErrorKind::NotFound),
            _ => Do::Go,
        }
    }
}

/// What is done while calls fail.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Work {
    /// A run from its beginning.
    New,
    /// One that a crash left with a torn end.
    TakenUp,
    /// A run on a disk that is nearly full.
    Narrow,
}

fn dir() -> PathBuf {
    PathBuf::from("runs/r1")
}

fn header(slow: Duration) -> Header {
    let app = App { version: "0.1.0".to_owned(), sha256: None };
    Header { ballast: 4_000, slow, ..Header::new("r1", Mode::Live, app, "test device") }
}

fn line(kind: Kind, n: usize) -> Draft {
    Draft { step: Some(format!("S{n}")), ..Draft::new(kind, Mode::Live, Actor::System, json!({ "n": n })) }
}

/// The simulated Azure: requests by their id, and those that came while no intent of theirs was durable.
#[derive(Default)]
struct Azure {
    sent: BTreeMap<String, u32>,
    without_intent: u64,
}

/// A life on one disk.
struct Life {
    disk: MemoryDisk,
    azure: Azure,
    kept: Vec<Written>,
    /// Actions done.
    done: usize,
    /// Wrongly built: sends, then records.
    sends_first: bool,
    /// How long a call may take.
    slow: Duration,
}

impl Life {
    fn new(work: Work, sends_first: bool) -> Self {
        let disk = MemoryDisk::new();
        let mut life = Self { disk, azure: Azure::default(), kept: Vec::new(), done: 0, sends_first, slow: SLOW };
        match work {
            Work::New => {}
            Work::TakenUp => {
                let mut journal = Journal::create(Arc::new(life.disk.clone()), dir(), header(SLOW)).unwrap();
                life.act(&mut journal).unwrap();
                drop(journal);
                let torn = [b"{\"r\":{\"act".as_slice(), &[0; 600]].concat();
                life.disk.tamper(&dir().join(segment_name(1)), |bytes| bytes.extend_from_slice(&torn)).unwrap();
            }
            Work::Narrow => {
                life.disk.leave_free(7_000);
                life.disk.inject(Fault { after: 2, ..Fault::once(Op::Sync, ErrorKind::Other) });
            }
        }
        life
    }

    fn add(&mut self, journal: &mut Journal, draft: Draft) -> Result<Written, JournalError> {
        let written = journal.append(&[draft])?.remove(0);
        self.kept.push(written.clone());
        Ok(written)
    }

    /// A request arrives: would its intent survive a power cut at this moment?
    fn send(&mut self, id: &str) {
        *self.azure.sent.entry(id.to_owned()).or_default() += 1;
        let survives = |seed| read_run(&self.disk.crash(seed), &dir()).is_ok_and(|r| intents(&r).contains(id));
        self.azure.without_intent += u64::from(!(0..2).all(survives));
    }

    /// One action, by the protocol.
    fn act(&mut self, journal: &mut Journal) -> Result<(), JournalError> {
        let n = self.done;
        if self.sends_first {
            self.send(&format!("early {n}"));
        }
        let intent = self.add(journal, line(Kind::ActionIntent, n))?;
        if !self.sends_first {
            self.send(&client_request_id(&intent.hash));
        }
        // Sent once, whatever becomes of the records behind it.
        self.done += 1;
        self.add(journal, line(Kind::ActionAccepted, n))?;
        self.add(journal, line(Kind::ActionResult, n))?;
        Ok(())
    }

    fn opened(&self, disk: &Arc<dyn Disk>) -> Result<Journal, JournalError> {
        match Journal::open(disk.clone(), dir(), header(self.slow), None) {
            Ok(opened) => Ok(opened.journal),
            Err(JournalError::NotARun(_)) => Journal::create(disk.clone(), dir(), header(self.slow)),
            Err(e) => Err(e),
        }
    }

    /// As far as it goes.
    fn live(&mut self, disk: &Arc<dyn Disk>) -> Option<Journal> {
        let mut journal = self.opened(disk).ok()?;
        for _ in 0..ACTIONS {
            if self.act(&mut journal).is_err() {
                let _ = journal.try_again();
            }
        }
        let _ = journal.seal();
        Some(journal)
    }

    /// Nothing that was acknowledged is missing after a power cut, and nothing looks like tampering.
    fn check(&self, what: &str) {
        for seed in 0..2 {
            let left = self.disk.crash(seed);
            let records = match read_run(&left, &dir()) {
                Ok(records) => records,
                Err(e) => {
                    assert!(self.kept.is_empty() && self.azure.sent.is_empty(), "{what}: {e}");
                    continue;
                }
            };
            let there = |w: &Written| records.iter().any(|r| r.body.seq == w.seq && r.h.to_string() == w.hash);
            assert!(self.kept.iter().all(there), "{what}: something acknowledged is lost");
            if !self.sends_first {
                let intents = intents(&records);
                assert!(self.azure.sent.keys().all(|id| intents.contains(id)), "{what}: sent without intent");
                assert!(self.azure.sent.values().all(|n| *n == 1), "{what}: sent twice");
            }
            let all = contents(&left, &dir()).unwrap();
            let beside = all.checkpoint.as_ref().and_then(|t| t.parse().ok());
            let report =
                verify(&all.segments(), Against { beside: beside.as_ref(), whole: true, ..Against::default() });
            assert_ne!(report.verdict, Verdict::Broken, "{what}: {report}");
        }
    }
}

/// Calls that a workload makes when nothing fails.
fn calls(work: Work) -> Vec<What> {
    let mut life = Life::new(work, false);
    let made = Arc::<Mutex<Vec<What>>>::default();
    let heard = made.clone();
    let wired: Arc<dyn Disk> = Arc::new(Wired::new(&life.disk, move |what, _| {
        heard.lock().unwrap().push(what);
        Do::Go
    }));
    // Calls of its end come after all that is looked at.
    let _journal = life.live(&wired).unwrap();
    assert!(life.done >= ACTIONS, "{work:?}");
    std::mem::take(&mut *made.lock().unwrap())
}

/// The n-th call fails like this; how many requests came without a durable intent. A disk whose answers may take no longer
/// than the short limit is given up on a busy computer before that call is made: then it is done again.
fn strike(work: Work, n: u64, way: Way, sends_first: bool) -> u64 {
    let tries = if way == Way::Stall { 50 } else { 1 };
    let struck = (0..tries).find_map(|_| strike_once(work, n, way, sends_first));
    struck.unwrap_or_else(|| panic!("{work:?}, call {n}, {way:?}: never struck"))
}

fn strike_once(work: Work, n: u64, way: Way, sends_first: bool) -> Option<u64> {
    let what = format!("{work:?}, call {n}, {way:?}");
    let mut life = Life::new(work, sends_first);
    life.slow = if way == Way::Stall { LIMIT } else { SLOW };
    let (well, struck, gate) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)), Arc::<Gate>::default());
    let (healed, hit, held) = (well.clone(), struck.clone(), gate.clone());
    let wired: Arc<dyn Disk> = Arc::new(Wired::new(&life.disk, move |what, call| {
        if call < n || healed.load(Ordering::SeqCst) {
            return Do::Go;
        }
        let then = way.of(what, call == n, &held);
        hit.fetch_or(!matches!(then, Do::Go), Ordering::SeqCst);
        then
    }));
    let journal = life.live(&wired);
    life.check(&what);

    // The disk is well, and the record goes on: with the same journal, or opened anew.
    well.store(true, Ordering::SeqCst);
    life.disk.heal();
    life.disk.leave_free(1 << 30);
    gate.open();
    let again = |e: JournalError, since: Instant| {
        // A call that hung may not have returned yet, or not have let go; and a busy computer is slow for the short limit.
        assert!(way == Way::Stall && since.elapsed() < crate::PATIENCE, "{what}: {e}");
        std::thread::sleep(Duration::from_millis(1));
    };
    let since = Instant::now();
    let mut journal = journal;
    loop {
        let open = match &mut journal {
            Some(open) => open.try_again().map(|()| open),
            None => life.opened(&wired).map(|opened| journal.insert(opened)),
        };
        match open.and_then(|open| life.act(open).and_then(|()| open.seal())) {
            Ok(_) => break,
            Err(e) => again(e, since),
        }
    }
    drop(journal);
    life.check(&what);
    struck.load(Ordering::SeqCst).then_some(life.azure.without_intent)
}

#[test]
fn every_call_may_fail_in_every_way_and_nothing_is_sent_without_a_durable_intent() {
    let works = [Work::New, Work::TakenUp, Work::Narrow];
    let cases: Vec<(Work, u64, Way)> = works
        .into_iter()
        .flat_map(|work| calls(work).into_iter().enumerate().map(move |(n, what)| (work, n as u64, what)))
        .flat_map(|(work, n, what)| Way::ALL.map(|way| (work, n, what, way)))
        // A way that leaves this call alone begins with a later one, and is struck there.
        .filter(|(.., what, way)| !matches!(way.of(*what, true, &Arc::default()), Do::Go))
        .map(|(work, n, _, way)| (work, n, way))
        .collect();
    let without = AtomicU64::new(0);
    each(cases.len(), |i| {
        let (work, n, way) = cases[i];
        without.fetch_add(strike(work, n, way, false), Ordering::Relaxed);
    });
    assert_eq!(without.into_inner(), 0, "sent without a durable intent");
    for way in Way::ALL {
        let struck = cases.iter().filter(|c| c.2 == way).count();
        assert!(struck > 10, "{way:?}: {struck}");
    }
    crate::figure(&format!(
        "T9 failing calls: {} cases in {} ways, 0 requests without intent",
        cases.len(),
        Way::ALL.len()
    ));
}

#[test]
fn an_intent_behind_its_request_does_not_go_unseen() {
    let missing: u64 = (0..10).map(|n| strike(Work::New, n, Way::Io, true)).sum();
    assert!(missing > 0, "the check of every call sees nothing");
    crate::figure(&format!("T7 send before intent: noticed, {missing} requests without a durable intent"));
}
