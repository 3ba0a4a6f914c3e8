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
use crate::journal::{Disk, read_run, segment_number};
use crate::plan::readiness::{PastRun, Proof};
use crate::record::{Stored, Verdict};
use crate::rehearsal::scenario::Outcome;
use crate::rehearsal::score::{Score, score};
use crate::run::event::Mode;
use crate::run::state::Run;
use crate::runbook::model::Phase;
use crate::units::{Millis, sha256_hex};

use super::examining::examined;
use super::home::{Home, replace};
use super::keeping::end_of;
use super::session::replay;
use super::snapshot::{RunRow, Trend};
use super::trends::{Rehearsed, trends};
use super::view::audit::{mode_word, run_row};
use super::view::run::short;

/// Shape of the file. Another one is not read, and made anew.
const SCHEMA: u32 = 4;
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
    /// How it went, of a closed rehearsal.
    rehearsed: Option<Rehearsed>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    title: String,
    mode: String,
    started: i64,
    outcome: String,
    open: bool,
    /// Plan id.
    plan: String,
    /// On an Azure of its own.
    scenario: bool,
    /// It goes on elsewhere.
    handed_over: bool,
    /// Its last instant, once it is closed.
    ended: Option<i64>,
}

/// A run that is open in this process, which need not be read to be known.
pub struct Here {
    /// Run id.
    pub id: String,
    /// As the list says it.
    pub row: RunRow,
    /// Plan id.
    pub plan: String,
    /// On an Azure of its own.
    pub scenario: bool,
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
        self.refresh_beside(disk, home, catalog, &[]);
    }

    /// The same; what is open here is not read either, which for a long run would take a while each time.
    pub fn refresh_beside(&mut self, disk: &dyn Disk, home: &Home, catalog: &Catalog, here: &[Here]) {
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
                _ if let Some(h) = here.iter().find(|h| h.id == entry.name) => {
                    changed = true;
                    Known {
                        bytes,
                        row: Some(Row::of(h.row.clone(), &h.plan, h.scenario, false)),
                        past: None,
                        rehearsed: None,
                    }
                }
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
                ended: r.ended,
                ..RunRow::default()
            })
        };
        let mut rows: Vec<RunRow> = self.known.iter().filter_map(row).collect();
        rows.sort_by_key(|r| std::cmp::Reverse(r.started));
        rows
    }

    /// The newest run of a plan that is not ended and works on a connected Azure, in this mode: four characters.
    pub fn live(&self, plan: &str, mode: Mode) -> Option<String> {
        let started = |id: &&str| self.known.get(*id).and_then(|k| k.row.as_ref()).map(|r| r.started);
        self.all_live(plan, mode).max_by_key(|id| (started(id), *id)).map(short)
    }

    /// All of them, by id.
    pub fn all_live<'a>(&'a self, plan: &'a str, mode: Mode) -> impl Iterator<Item = &'a str> {
        let is = move |r: &Row| r.open && !r.scenario && !r.handed_over && r.plan == plan && r.mode == mode_word(mode);
        self.known.iter().filter(move |(_, k)| k.row.as_ref().is_some_and(is)).map(|(id, _)| id.as_str())
    }

    /// Whether a run is a rehearsal on an Azure of its own, as far as is known.
    pub fn is_rehearsal(&self, id: &str) -> bool {
        self.known.get(id).and_then(|k| k.row.as_ref()).is_some_and(|r| r.scenario)
    }

    /// The mode of a run that was not ended when it was last read.
    pub fn open_as(&self, id: &str) -> Option<Mode> {
        let row = self.known.get(id)?.row.as_ref().filter(|r| r.open)?;
        Mode::ALL.into_iter().find(|m| mode_word(*m) == row.mode)
    }

    /// What closed runs said about their plans.
    pub fn runs(&self) -> Vec<PastRun> {
        self.known.values().filter_map(|k| k.past.clone()).collect()
    }

    /// How many runs are open, here or anywhere else.
    pub fn open(&self) -> usize {
        self.known.values().filter(|k| k.row.as_ref().is_some_and(|r| r.open)).count()
    }

    /// How rehearsals went, by plan.
    pub fn trends(&self) -> Vec<Trend> {
        trends(self.known.iter().filter_map(|(id, k)| Some((id, k.rehearsed.as_ref()?))))
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
    let told = if closed && sound(disk, dir) { past(id, &records, catalog) } else { None };
    let (past, rehearsed) = told.map_or((None, None), |(past, rehearsed)| (Some(past), rehearsed));
    let row = row.map(|r| {
        let (plan, scenario, handed_over) = about(&records);
        let ended = (!r.open && !handed_over).then(|| end_of(&records)).flatten();
        Row { ended, ..Row::of(r, &plan, scenario, handed_over) }
    });
    Known { bytes, row, past, rehearsed }
}

impl Row {
    fn of(r: RunRow, plan: &str, scenario: bool, handed_over: bool) -> Self {
        Self {
            title: r.title,
            mode: r.mode,
            started: r.started,
            outcome: r.outcome,
            open: r.open,
            plan: plan.to_owned(),
            scenario,
            handed_over,
            ended: None,
        }
    }
}

/// Plan, whether it is a rehearsal on an Azure of its own, and whether it goes on elsewhere.
fn about(records: &[Stored]) -> (String, bool, bool) {
    let (mut plan, mut scenario, mut handed_over) = (String::new(), false, false);
    for r in records {
        match r.body.kind.as_str() {
            "run.start" => {
                scenario = r.body.d.get("scenario").is_some_and(|s| !s.is_null());
                plan = r.body.plan.as_ref().map_or_else(String::new, |p| p.id.clone());
            }
            "run.handover" => handed_over = true,
            "session.operator" => handed_over = false,
            _ => {}
        }
    }
    (plan, scenario, handed_over)
}

/// A record that was altered proves nothing.
fn sound(disk: &dyn Disk, dir: &Path) -> bool {
    examined(disk, dir, &[]).is_ok_and(|r| r.verdict != Verdict::Broken)
}

fn past(id: &str, records: &[Stored], catalog: &Catalog) -> Option<(PastRun, Option<Rehearsed>)> {
    let run = replay(records).ok()?;
    let (start, plan) = (run.start.as_ref()?, run.plan.as_ref()?);
    let ended = records.iter().rev().find(|r| matches!(r.body.kind.as_str(), "run.end" | "run.abort"))?;
    let pace = run.clocks.t[4].zip(run.clocks.over()).map(|(decided, served)| served.saturating_sub(decided));
    let score = scored(&run, catalog);
    let began = records.iter().find(|r| r.body.kind.as_str() == "run.start").map_or(ended.body.ts, |r| r.body.ts);
    let rehearsed = Rehearsed::of(&run, score.as_ref(), began);
    let past = PastRun {
        run: short(id),
        what: match start.mode {
            Mode::Live => "live run",
            Mode::Tabletop => "tabletop",
            Mode::DryRun => "dry run",
            Mode::Rehearsal => "rehearsal",
        }
        .to_owned(),
        plan: plan.id.clone(),
        strategy: start.strategy,
        digest: start.digest.clone(),
        proof: proof(&run, start.mode, score.as_ref()),
        closed_at: ended.body.ts,
        rta: run.clocks.rta(),
        pace: pace.map(|ms| Millis(u64::try_from(ms).unwrap_or(0))),
    };
    Some((past, rehearsed))
}

/// The score of a rehearsal whose scenario is still the one that was rehearsed.
fn scored(run: &Run, catalog: &Catalog) -> Option<Score> {
    let reference = run.start.as_ref()?.scenario.as_ref()?;
    let file = catalog.scenario_file(&reference.id).ok()?;
    let same = sha256_hex(file.text.as_bytes()) == reference.sha256;
    let scenario = catalog.scenario(&reference.id).ok().filter(|_| same)?;
    Some(score(run, scenario.expected(run.start.as_ref()?.strategy)))
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
        // A rehearsal that began after the failover, or ended before it, proves nothing of it.
        Outcome::Recovered | Outcome::RecoveredWithFindings if !whole(run) => Proof::None,
        Outcome::Recovered | Outcome::RecoveredWithFindings if score.is_some() || run.clocks.rta_final() => Proof::Held,
        Outcome::Recovered | Outcome::RecoveredWithFindings => {
            Proof::Failed(format!("{}, but nobody saw that users are served and verified it", outcome.display()))
        }
        Outcome::FalseAlarm => Proof::None,
        Outcome::NotRecovered | Outcome::Inconclusive => Proof::Failed(outcome.display().to_owned()),
    }
}

/// It went from the decision to the verification.
fn whole(run: &Run) -> bool {
    let phases = run.start.as_ref().map_or(&[][..], |s| &s.phases);
    phases.is_empty() || [Phase::Decide, Phase::FailOver, Phase::Verify].iter().all(|p| phases.contains(p))
}
