//! Dying at any moment: what was saved is there, what was sent is sent once, and the run goes on where it stood.
//!
//! [`kill`] kills the program from outside and from inside a request. [`points`] replays every moment at which the
//! record of one run grew. [`power`] takes the power away, where killing proves nothing: the system's cache survives a
//! kill. [`matrix`] does all that is built in, step by step and fault by fault, against [`model`], an Azure in memory.
//! Each tries more with `LIFEBOAT_TEST_ALL=1`.

pub mod disk;
mod kill;
mod matrix;
mod model;
mod points;
mod power;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lifeboat::desk::snapshot::Snapshot;
use lifeboat::desk::{Handle, Home, Options, ScriptSource, start};
use lifeboat::journal::{Disk, RealDisk, contents, read_run};
use lifeboat::record::{Against, Stored, Verdict, client_request_id, verify};
use lifeboat::rehearsal::scenario::Answer;
use serde_json::Value;

/// A rehearsal that ends right behind the redirect: a second instead of eight.
pub const SHORT: &str = r#"#![enable(implicit_some)]
[
    Answer(step: "D3", answer: Confirm("East US hangs from Denver too."), takes: "1m"),
    Answer(step: "D7", answer: Confirm("The move has to begin now."), takes: "30s"),
    Answer(step: "D9", answer: Decide(choice: FailOver, reason: "East US is gone.", expected_loss: "Requests in flight."), takes: "1m"),
    Answer(step: "D10", answer: Confirm("Pipelines are frozen."), takes: "1m"),
    Answer(step: "AO-F7", answer: Close(outcome: Recovered, summary: "Users moved; the rest is another drill."), takes: "10s"),
    Answer(step: "*", when: NotApplied, answer: Retry),
    Answer(step: "*", when: Failed, answer: Retry, takes: "30s"),
    Answer(step: "*", answer: Perform),
]"#;

/// As much as the nightly run does.
pub fn all() -> bool {
    std::env::var("LIFEBOAT_TEST_ALL").as_deref() == Ok("1")
}

/// `SplitMix64`.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }
}

/// Works through numbered cases on all cores; a failure names its case.
pub fn each(cases: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|s| {
        for _ in 0..workers {
            s.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= cases {
                        return;
                    }
                    work(n);
                }
            });
        }
    });
}

/// A data folder of its own with the short answers beside it.
pub struct Place(pub tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("answers.ron"), SHORT).unwrap();
        // The reserve, as a hole: writing 16 MiB for each of hundreds of folders would be most of the work.
        let runs = dir.path().join("home/runs");
        fs::create_dir_all(&runs).unwrap();
        fs::File::create(runs.join("ballast")).unwrap().set_len(lifeboat::journal::BALLAST).unwrap();
        Self(dir)
    }

    pub fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    pub fn run(&self, id: &str) -> PathBuf {
        self.home().join("runs").join(id)
    }

    /// The program, with nothing of the caller's environment that it reads.
    pub fn lifeboat(&self, args: &[&str]) -> Command {
        let mut c = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        c.arg("--home").arg(self.home()).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for v in ["LIFEBOAT_CRASH", "LIFEBOAT_HOME", "LIFEBOAT_CLOUD"] {
            c.env_remove(v);
        }
        c
    }

    /// A scripted rehearsal, new or resumed; `short` ends it behind the redirect.
    pub fn rehearse(&self, what: &[&str], short: bool) -> Command {
        let mut c = self.lifeboat(&["rehearse"]);
        c.args(what).args(["--scripted", "--json"]);
        if short {
            c.arg("--answers").arg(self.0.path().join("answers.ron"));
        }
        c
    }

    /// The only run there is.
    pub fn only(&self) -> Option<String> {
        let mut names = fs::read_dir(self.home().join("runs")).ok()?.filter_map(|e| {
            let e = e.unwrap();
            e.file_type().unwrap().is_dir().then(|| e.file_name().into_string().unwrap())
        });
        let one = names.next();
        assert!(names.next().is_none(), "one run");
        one
    }
}

/// A desk in this process, scripted with the short answers.
pub fn desk(home: &Path, disk: Arc<dyn Disk>) -> Handle {
    let answers: Vec<Answer> = ron::from_str(SHORT).unwrap();
    desk_with(home, disk, Some(ScriptSource::Answers(answers)))
}

pub fn desk_with(home: &Path, disk: Arc<dyn Disk>, script: Option<ScriptSource>) -> Handle {
    let home = Home::find(Some(home)).unwrap();
    start(Options { home, disk, cloud: None, watch: None, operator: "operator".to_owned(), script }).unwrap()
}

/// Waits for a picture.
pub fn until(desk: &Handle, what: &str, wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    desk.wait(crate::PATIENCE, wanted).unwrap_or_else(|| {
        let s = desk.snapshot();
        let run = s.run.as_ref();
        panic!(
            "{what} was not seen; current {:?}, read only {:?}, notice {:?}",
            run.and_then(|r| r.current.clone()),
            run.and_then(|r| r.read_only.clone()),
            s.notice
        )
    })
}

/// Waits for the end of the run; fails at once when nothing can be recorded.
pub fn closed(desk: &Handle) -> Arc<Snapshot> {
    let over = |s: &Snapshot| s.run.as_ref().is_some_and(|r| r.closed.is_some() || r.read_only.is_some());
    let s = until(desk, "the end", over);
    assert_eq!(s.run.as_ref().unwrap().read_only, None);
    s
}

/// Changing requests that reached the simulated Azure, by client request id.
pub fn counts(run: &Path) -> BTreeMap<String, u64> {
    match fs::read(run.join("world.json")) {
        Ok(bytes) => counts_in(&bytes),
        Err(_) => BTreeMap::new(),
    }
}

pub fn counts_in(world: &[u8]) -> BTreeMap<String, u64> {
    let world: Value = serde_json::from_slice(world).unwrap();
    serde_json::from_value(world["counts"].clone()).unwrap()
}

pub fn is(r: &Stored, kind: &str) -> bool {
    r.body.kind.as_str() == kind
}

/// Request ids of the intents.
pub fn intents(records: &[Stored]) -> BTreeSet<String> {
    records.iter().filter(|r| is(r, "action.intent")).map(|r| client_request_id(&r.h.to_string())).collect()
}

/// Everything that must hold of a run, however often its process died: see the module's first lines.
pub fn sound(disk: &dyn Disk, run: &Path, counts: &BTreeMap<String, u64>) -> Vec<Stored> {
    let records = read_run(disk, run).unwrap();
    let kinds = || records.iter().map(|r| format!("{} {:?}", r.body.kind.as_str(), r.body.step)).collect::<Vec<_>>();
    assert!(records.iter().any(|r| is(r, "run.end")), "closed: {:#?}", kinds());
    for (id, n) in counts {
        assert_eq!(*n, 1, "{id} was sent more than once: {:#?}", kinds());
    }
    let ids = intents(&records);
    let foreign: Vec<_> = counts.keys().filter(|id| !ids.contains(*id)).collect();
    assert!(foreign.is_empty(), "sent without an intent: {foreign:?} of {ids:?}");

    // One action of a step after another, each known to its end: answered, or read back as Azure has it.
    let mut open: BTreeMap<&str, String> = BTreeMap::new();
    for r in &records {
        let kind = r.body.kind.as_str();
        let Some(step) = r.body.step.as_deref() else { continue };
        match kind {
            "action.intent" => {
                let before = open.insert(step, client_request_id(&r.h.to_string()));
                assert!(before.is_none(), "{step}: begun anew while {before:?} was open: {:#?}", kinds());
            }
            "action.result" => {
                let id = open.remove(step).unwrap_or_else(|| panic!("{step}: a result of nothing: {:#?}", kinds()));
                if r.body.d["failure"].is_null() {
                    assert_eq!(counts.get(&id), Some(&1), "{step}: said to be done, never sent");
                }
            }
            "action.reconciled" if matches!(r.body.d["found"].as_str(), Some("applied" | "not-applied")) => {
                let id = open.remove(step).unwrap_or_else(|| panic!("{step}: nothing to reconcile: {:#?}", kinds()));
                let applied = r.body.d["found"] == "applied";
                assert_eq!(applied, counts.contains_key(&id), "{step}: what was read back is not what Azure saw");
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    let reconciled = records.iter().filter(|r| is(r, "action.reconciled")).count();
    assert!(reconciled <= 40, "read back without end: {reconciled} records");

    let all = contents(disk, run).unwrap();
    let beside = all.checkpoint.as_ref().and_then(|t| t.parse().ok());
    let report = verify(&all.segments(), Against { beside: beside.as_ref(), whole: true, ..Against::default() });
    assert_ne!(report.verdict, Verdict::Broken, "{:#?}", report.lines());
    records
}

/// Bytes of the journal's files, by name.
pub fn journal_bytes(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(dir) = fs::read_dir(run) else { return BTreeMap::new() };
    dir.map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|x| x == "jsonl"))
        .map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(p).unwrap()))
        .collect()
}

/// Nothing that stood in the journal when the process died is gone: the same bytes, but for a torn end set aside.
pub fn nothing_lost(run: &Path, before: &BTreeMap<String, Vec<u8>>) {
    let after = journal_bytes(run);
    for (name, old) in before {
        let new = &after[name];
        let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let rest = &old[same..];
        if rest.is_empty() {
            continue;
        }
        let line = old[..same].iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
        let torn = &old[line..];
        let aside = fs::read_dir(run)
            .unwrap()
            .map(|e| e.unwrap().path())
            .any(|p| p.extension().is_some_and(|x| x == "torn") && fs::read(&p).unwrap() == torn);
        assert!(aside, "{name}: {} bytes behind {same} are neither there nor set aside", rest.len());
        // Only what was never acknowledged may be torn: part of one write.
        let whole: Vec<Value> =
            torn.split_inclusive(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
        let first = whole.first().map(|v| v["r"]["seq"].clone());
        for v in whole.iter().skip(1) {
            assert_eq!(Some(&v["r"]["first"]), first.as_ref(), "{name}: an acknowledged record was set aside");
        }
    }
}

/// What the run made of the simulated Azure: values of the store, capacities.
pub fn outcome(run: &Path) -> String {
    let world: Value = serde_json::from_slice(&fs::read(run.join("world.json")).unwrap()).unwrap();
    let mut out = Vec::new();
    for s in world["stores"].as_array().unwrap() {
        for v in s["values"].as_array().unwrap() {
            out.push(format!("{}={}", v["key"], v["value"]));
        }
    }
    for a in world["accounts"].as_array().unwrap() {
        for d in a["deployments"].as_array().unwrap() {
            out.push(format!("{}/{}={}", a["name"], d["name"], d["capacity"]));
        }
    }
    out.sort();
    out.join("\n")
}

/// The output of a process that came to an end of its own, with one of these codes.
pub fn ended(out: &Output, codes: &[i32], what: &str) {
    let code = out.status.code();
    assert!(
        code.is_some_and(|c| codes.contains(&c)),
        "{what}: {:?}\n{}\n{}",
        out.status,
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

/// Whether the run was started before its process died; before that there is nothing to resume.
pub fn begun(run: &Path) -> bool {
    read_run(&RealDisk, run).is_ok_and(|r| r.iter().any(|r| is(r, "run.start")))
}
