//! What past runs said: the list of runs, and which plans they proved.
//!
//! A run tells it only when all of its records are read and replayed, which is too slow to do for every run whenever the
//! library is drawn. So it is kept in a file beside, by the length of the run's record, which only ever grows. The file
//! holds nothing of its own: without it, or with a damaged one, the runs are read again.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::journal::{Disk, contents, read_run, segment_number};
use crate::plan::readiness::{PastRun, Proof};
use crate::record::{Against, Checkpoint, Stored, Verdict};
use crate::rehearsal::scenario::Outcome;
use crate::rehearsal::score::{Score, score};
use crate::run::event::Mode;
use crate::run::state::Run;
use crate::units::{Millis, sha256_hex};

use super::home::{Home, replace};
use super::session::replay;
use super::snapshot::RunRow;
use super::view::audit::run_row;
use super::view::run::short;

/// Shape of the file. Another one is not read, and made anew.
const SCHEMA: u32 = 1;
/// Ten thousand runs are a few megabytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

#[derive(Default, Serialize, Deserialize)]
struct Shape {
    schema: u32,
    runs: BTreeMap<String, Known>,
}

/// What is known of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    /// Length of its record when it was read.
    bytes: u64,
    /// Its row; none for a folder that holds no run.
    row: Option<Row>,
    /// What it said about its plan; none while it is open.
    past: Option<PastRun>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    title: String,
    mode: String,
    started: i64,
    outcome: String,
    open: bool,
}

/// What past runs said.
#[derive(Debug, Default)]
pub struct Past {
    known: BTreeMap<String, Known>,
    loaded: bool,
}

impl Past {
    /// Takes in what is new on the disk; what was known and has not grown is not read again.
    pub fn refresh(&mut self, disk: &dyn Disk, home: &Home, catalog: &Catalog) {
        if !self.loaded {
            self.known = load(disk, &home.past()).unwrap_or_default();
            self.loaded = true;
        }
        let runs = home.runs();
        let mut known = BTreeMap::new();
        let mut changed = false;
        for entry in disk.list(&runs).unwrap_or_default().into_iter().filter(|e| e.dir) {
            let dir = runs.join(&entry.name);
            let bytes = length(disk, &dir).unwrap_or(0);
            let k = match self.known.remove(&entry.name) {
                Some(k) if k.bytes == bytes => k,
                _ => {
                    changed = true;
                    look(disk, &dir, &entry.name, bytes, catalog)
                }
            };
            known.insert(entry.name, k);
        }
        changed |= !self.known.is_empty();
        self.known = known;
        if changed && let Err(e) = self.save(disk, &home.past()) {
            tracing::info!("{} could not be written, so the runs are read again next time: {e}", home.past().display());
        }
    }

    /// The list of runs, newest first.
    pub fn rows(&self) -> Vec<RunRow> {
        let row = |(id, k): (&String, &Known)| {
            let r = k.row.clone()?;
            Some(RunRow {
                id: id.clone(),
                short: short(id),
                title: r.title,
                mode: r.mode,
                started: r.started,
                outcome: r.outcome,
                open: r.open,
            })
        };
        let mut rows: Vec<RunRow> = self.known.iter().filter_map(row).collect();
        rows.sort_by_key(|r| std::cmp::Reverse(r.started));
        rows
    }

    /// What closed runs said about their plans.
    pub fn runs(&self) -> Vec<PastRun> {
        self.known.values().filter_map(|k| k.past.clone()).collect()
    }

    /// What one run said about its plan, by its id.
    pub fn run(&self, id: &str) -> Option<&PastRun> {
        self.known.get(id)?.past.as_ref()
    }

    fn save(&self, disk: &dyn Disk, path: &Path) -> io::Result<()> {
        let shape = Shape { schema: SCHEMA, runs: self.known.clone() };
        replace(disk, path, &serde_json::to_vec(&shape).map_err(io::Error::other)?)
    }
}

fn load(disk: &dyn Disk, path: &Path) -> Option<BTreeMap<String, Known>> {
    let bytes = disk.read(path, 0, MAX_BYTES + 1).ok().filter(|b| b.len() <= MAX_BYTES)?;
    let shape: Shape = serde_json::from_slice(&bytes).ok()?;
    (shape.schema == SCHEMA).then_some(shape.runs)
}

/// Bytes of a run's record.
fn length(disk: &dyn Disk, dir: &Path) -> io::Result<u64> {
    let files = disk.list(dir)?.into_iter().filter(|e| !e.dir && segment_number(&e.name).is_some());
    files.map(|e| disk.len(&dir.join(e.name))).sum()
}

fn look(disk: &dyn Disk, dir: &Path, id: &str, bytes: u64, catalog: &Catalog) -> Known {
    let records = read_run(disk, dir).unwrap_or_default();
    let row = run_row(id, &records);
    let closed = row.as_ref().is_some_and(|r| !r.open);
    let past = if closed && sound(disk, dir) { past(id, &records, catalog) } else { None };
    let row = row.map(|r| Row { title: r.title, mode: r.mode, started: r.started, outcome: r.outcome, open: r.open });
    Known { bytes, row, past }
}

/// A record that was altered proves nothing.
fn sound(disk: &dyn Disk, dir: &Path) -> bool {
    let Ok(found) = contents(disk, dir) else { return false };
    let beside = found.checkpoint.as_ref().and_then(|t| t.parse::<Checkpoint>().ok());
    let against = Against { outside: None, beside: beside.as_ref(), whole: true };
    crate::record::verify(&found.segments(), against).verdict != Verdict::Broken
}

fn past(id: &str, records: &[Stored], catalog: &Catalog) -> Option<PastRun> {
    let run = replay(records).ok()?;
    let (start, plan) = (run.start.as_ref()?, run.plan.as_ref()?);
    let ended = records.iter().rev().find(|r| matches!(r.body.kind.as_str(), "run.end" | "run.abort"))?;
    let pace = run.clocks.t[4].zip(run.clocks.over()).map(|(decided, served)| served.saturating_sub(decided));
    Some(PastRun {
        run: short(id),
        what: if start.mode == Mode::Live { "live run" } else { "rehearsal" }.to_owned(),
        plan: plan.id.clone(),
        strategy: start.strategy,
        digest: start.digest.clone(),
        proof: proof(&run, start.mode, scored(&run, catalog).as_ref()),
        closed_at: ended.body.ts,
        rta: run.clocks.rta(),
        pace: pace.map(|ms| Millis(u64::try_from(ms).unwrap_or(0))),
    })
}

/// The score of a rehearsal whose scenario is still the one that was rehearsed.
fn scored(run: &Run, catalog: &Catalog) -> Option<Score> {
    let reference = run.start.as_ref()?.scenario.as_ref()?;
    let file = catalog.scenario_file(&reference.id).ok()?;
    let same = sha256_hex(file.text.as_bytes()) == reference.sha256;
    let scenario = catalog.scenario(&reference.id).ok().filter(|_| same)?;
    Some(score(run, &scenario.expect))
}

/// What a closed run says about its plan.
fn proof(run: &Run, mode: Mode, score: Option<&Score>) -> Proof {
    if matches!(mode, Mode::DryRun | Mode::Tabletop) {
        return Proof::None;
    }
    let Some(outcome) = run.ended.as_ref().and_then(|e| e.outcome) else {
        return Proof::Failed("given up".to_owned());
    };
    if let Some(s) = score.filter(|s| !s.met()) {
        return Proof::Failed(format!("{}, {} of {} points", outcome.display(), s.points(), s.of()));
    }
    match outcome {
        Outcome::Recovered | Outcome::RecoveredWithFindings if score.is_some() || run.clocks.rta_final() => Proof::Held,
        Outcome::Recovered | Outcome::RecoveredWithFindings => {
            Proof::Failed(format!("{}, but nobody saw that users are served and verified it", outcome.display()))
        }
        Outcome::FalseAlarm => Proof::None,
        Outcome::NotRecovered | Outcome::Inconclusive => Proof::Failed(outcome.display().to_owned()),
    }
}
