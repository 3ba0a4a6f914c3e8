//! What the front ends draw: one immutable picture, made new after every change, its sections shared by `Arc`.
//!
//! Texts are ready to show. Where something ages or ticks, the instant is given and the front end says the age.

use std::sync::Arc;

use crate::clock::Clock;
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::{StepId, Strategy};

use super::protocol::StepIntent;

pub use crate::run::event::{Mode, StepState};

/// Everything a front end shows.
#[derive(Clone)]
pub struct Snapshot {
    /// Grows with every change.
    pub revision: u64,
    /// The mode band.
    pub band: Band,
    /// The clock of the open run, else the computer's.
    pub clock: Clock,
    /// The reachability ladder.
    pub ladder: Arc<Vec<Lamp>>,
    /// Situation screen.
    pub situation: Arc<Situation>,
    /// Run screen; `None` when no run is open.
    pub run: Option<Arc<RunView>>,
    /// Runbooks, plans and scenarios.
    pub library: Arc<Library>,
    /// Audit screen.
    pub audit: Arc<Audit>,
    /// Settings screen.
    pub settings: Arc<Settings>,
    /// The activity line: newest last, bounded.
    pub activity: Arc<Vec<Activity>>,
    /// Something that needs the operator's attention until dismissed.
    pub notice: Option<Arc<Problem>>,
    /// The desk is busy with this (starting, opening), shown as progress.
    pub busy: Option<String>,
}

/// The band over every screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// `None`: no run is open.
    pub mode: Option<Mode>,
    /// `REHEARSAL · simulated Azure, nothing real changes`.
    pub text: String,
    /// `prod-chat · run 7F3K`, or the environment.
    pub run: String,
}

/// Status of anything watched; the front end gives it shape, colour and word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Works.
    Ok,
    /// Some failures.
    Suspect,
    /// Does not work.
    Down,
    /// Works badly.
    Degraded,
    /// No fresh news.
    Unknown,
    /// The observer cannot tell.
    Blind,
}

impl Mark {
    /// The word that goes with shape and colour.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Suspect => "suspect",
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Blind => "blind",
        }
    }
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lamp {
    /// `This laptop`, `Entra ID`, `ARM`, `East US`.
    pub name: String,
    /// Status.
    pub mark: Mark,
    /// Right-hand text: latency, or since when it fails.
    pub text: String,
    /// A full sentence for hover and screen reader.
    pub sentence: String,
}

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Status.
    pub mark: Mark,
    /// Sentence.
    pub text: String,
    /// When it was seen (UTC ms on the run's clock).
    pub at: i64,
}

/// The Situation screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Situation {
    /// Worst status.
    pub mark: Option<Mark>,
    /// `East US is down for prod-chat, persistently, for 4 min 10 s`.
    pub headline: String,
    /// Two sentences.
    pub explanation: String,
    /// Strongest first.
    pub reasons: Vec<Reason>,
    /// What is recommended, or why nothing is.
    pub recommendation: String,
    /// Plan to open, when one is recommended.
    pub open_plan: Option<String>,
    /// Watched regions.
    pub regions: Vec<RegionRow>,
    /// Answer times by endpoint.
    pub series: Vec<Series>,
    /// What the platform says.
    pub notices: Vec<Reason>,
    /// What colleagues see.
    pub colleagues: Vec<Reason>,
    /// Whether anything is watched at all.
    pub watching: bool,
}

/// A watched region.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionRow {
    /// ARM name.
    pub region: String,
    /// Portal name.
    pub display: String,
    /// Position for the map.
    pub position: Option<(f64, f64)>,
    /// Status.
    pub mark: Mark,
    /// `serving`, `down, persistent`.
    pub word: String,
    /// `61 ms`, or how long it has been down.
    pub figure: String,
    /// `62 of 62`.
    pub calls: String,
    /// `primary`, `secondary`, or empty.
    pub role: &'static str,
    /// Control plane, apart from the data plane.
    pub control: Option<(Mark, String)>,
    /// Evidence, strongest first.
    pub reasons: Vec<Reason>,
}

/// Answer times of one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Endpoint.
    pub name: String,
    /// Region's portal name.
    pub region: String,
    /// Present status.
    pub mark: Mark,
    /// (UTC ms, answer time in ms; `None` = no answer), oldest first, bounded.
    pub points: Vec<(i64, Option<u32>)>,
}

/// The Run screen.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// Run id (folder name).
    pub id: String,
    /// Four characters that people say on the phone.
    pub short: String,
    /// Plan title.
    pub title: String,
    /// Strategy.
    pub strategy: Strategy,
    /// Mode.
    pub mode: Mode,
    /// Scenario title in a rehearsal.
    pub scenario: Option<String>,
    /// Checklist.
    pub phases: Vec<PhaseView>,
    /// Cards of all steps, by id order of the checklist.
    pub cards: Vec<Arc<StepCard>>,
    /// The step that is next or in work; `None` when all are over.
    pub current: Option<StepId>,
    /// Over / all.
    pub progress: (usize, usize),
    /// Clocks.
    pub clocks: Clocks,
    /// Notes, newest last.
    pub notes: Vec<NoteView>,
    /// Messages of the scenario and of colleagues, newest last.
    pub injects: Vec<NoteView>,
    /// Why it is paused.
    pub paused: Option<String>,
    /// How it ended.
    pub closed: Option<String>,
    /// Degraded instructions are shown.
    pub degraded: bool,
    /// A wait long enough to offer the jump (rehearsals only).
    pub long_wait: Option<LongWait>,
    /// The journal cannot be written: actions are refused.
    pub read_only: Option<String>,
    /// Score, when the rehearsal is closed.
    pub score: Option<Score>,
    /// Journal folder.
    pub journal: String,
    /// Records in the journal.
    pub records: u64,
    /// Outcome to suggest when closing.
    pub suggest_outcome: Outcome,
}

/// One phase of the checklist.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseView {
    /// Heading.
    pub name: String,
    /// `6 min 12 s`, or `about 15 min`.
    pub note: String,
    /// Steps.
    pub steps: Vec<StepRow>,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// Id.
    pub id: StepId,
    /// Title.
    pub title: String,
    /// State.
    pub state: StepState,
    /// `0:40`, `~1 min`.
    pub timing: String,
    /// Whole sentence for the screen reader: title, state, timing.
    pub sentence: String,
}

/// One step in full.
#[derive(Debug, Clone, PartialEq)]
pub struct StepCard {
    /// Id.
    pub id: StepId,
    /// State.
    pub state: StepState,
    /// `Fail over · step 4 of 5 · reversible · about 1 min`.
    pub eyebrow: String,
    /// Title.
    pub title: String,
    /// Instruction, normal or degraded as the run is set.
    pub why: String,
    /// What it is done to.
    pub target: String,
    /// What changes, as read from Azure; empty before the preview and for steps that change nothing.
    pub changes: Vec<ChangeView>,
    /// When the `before` values were read (UTC ms).
    pub changes_read_at: Option<i64>,
    /// Notes of the preview.
    pub changes_note: String,
    /// Label → text rows: guard, approval, needs, may lose, undo, source.
    pub rows: Vec<CardRow>,
    /// The same by hand, resolved.
    pub by_hand: Vec<String>,
    /// What its verification read, newest attempt.
    pub readings: Vec<ReadingView>,
    /// What is going on now.
    pub progress: Option<String>,
    /// What went wrong, newest attempt.
    pub problem: Option<Problem>,
    /// Arithmetic and choices, on the decision step.
    pub decision: Option<DecisionView>,
    /// What can be done now; the first is the primary one.
    pub actions: Vec<ActionView>,
    /// What was said or recorded about it: evidence, reasons.
    pub history: Vec<NoteView>,
}

/// One request that the step would send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeView {
    /// `create deployment chat`.
    pub what: String,
    /// (field, before, after).
    pub fields: Vec<(String, Option<String>, Option<String>)>,
    /// `sent`, `accepted`, `done`, `failed` …; empty before.
    pub state: String,
}

/// A label with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRow {
    /// `guard`, `approval`, `may lose`, `undo`, `needs`, `source`.
    pub label: &'static str,
    /// Tick, cross or nothing: fulfilled, refused, no claim.
    pub ok: Option<bool>,
    /// Text.
    pub text: String,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingView {
    /// `None`: unknown.
    pub ok: Option<bool>,
    /// What was read.
    pub name: String,
    /// Value for people.
    pub value: String,
    /// Where from.
    pub source: String,
    /// When (UTC ms).
    pub at: i64,
}

/// What happened, what it means for the run, what to do next; raw cause apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What happened.
    pub what: String,
    /// What it means.
    pub means: String,
    /// What to do.
    pub next: String,
    /// Raw cause, to copy.
    pub raw: String,
}

/// The decision step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionView {
    /// `RTO 30 min, 6 min gone, last drill 12 min: …`.
    pub arithmetic: String,
    /// What the assessment recommends.
    pub recommends: Option<Choice>,
    /// Loss text to start from.
    pub loss_draft: String,
}

/// Something the operator can do with a step.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionView {
    /// What is sent; texts in it are drafts the front end fills in.
    pub intent: StepIntent,
    /// `Switch to Sweden Central`.
    pub label: String,
    /// It changes something in Azure: Ctrl+Enter or a click, never Enter alone.
    pub changes_azure: bool,
    /// The name the operator has to type.
    pub typed_name: Option<String>,
    /// A text the operator has to give (evidence, reason), with this prompt.
    pub wants_text: Option<String>,
    /// Why it cannot be done now; shown with the disabled button.
    pub refused: Option<String>,
}

/// Clocks of a run, on the run's clock (UTC ms).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clocks {
    /// Agreed RTO in ms.
    pub rto: u64,
    /// T0 … T12, unknown where not reached.
    pub t: [Option<i64>; 13],
    /// When the RTO is used up.
    pub deadline: Option<i64>,
    /// The clock was stopped at T8: achieved.
    pub rta: Option<u64>,
    /// `At rehearsal pace done in 9 min: 12 min to spare`.
    pub forecast: String,
    /// ms spent waiting for people, for Azure, working.
    pub waited_people: u64,
    /// See above.
    pub waited_azure: u64,
    /// Name and duration of each segment: detect, acknowledge, decide, execute, verify.
    pub segments: Vec<(&'static str, Option<u64>)>,
}

/// A line with a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteView {
    /// UTC ms on the run's clock.
    pub at: i64,
    /// Who.
    pub who: String,
    /// Text.
    pub text: String,
}

/// A long wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongWait {
    /// What is waited for.
    pub text: String,
}

/// Score of a rehearsal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    /// Points reached.
    pub points: u32,
    /// Points there were.
    pub of: u32,
    /// Line by line: what, points, of, why.
    pub lines: Vec<(String, u32, u32, String)>,
}

/// Runbooks, plans and scenarios.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Library {
    /// Runbooks.
    pub runbooks: Vec<RunbookRow>,
    /// Plans.
    pub plans: Vec<PlanRow>,
    /// Scenarios.
    pub scenarios: Vec<ScenarioRow>,
    /// Preview of one plan.
    pub preview: Option<Arc<PlanPreview>>,
    /// What is wrong with files that were opened.
    pub diagnostics: Vec<DiagnosticRow>,
}

/// A runbook of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct RunbookRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// System.
    pub system: &'static str,
    /// Strategies.
    pub strategies: Vec<Strategy>,
    /// File, or `built in`.
    pub file: String,
    /// Steps.
    pub steps: usize,
    /// Errors, warnings.
    pub findings: (usize, usize),
}

/// A plan of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Runbook title.
    pub runbook: String,
    /// Strategy.
    pub strategy: Strategy,
    /// File, or `built in`.
    pub file: String,
    /// `rehearsed 3 d ago`, `never rehearsed`.
    pub readiness: String,
}

/// A scenario of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it teaches.
    pub about: String,
    /// Strategies.
    pub strategies: Vec<Strategy>,
}

/// A plan, phase by phase.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanPreview {
    /// Plan id.
    pub plan: String,
    /// Title.
    pub title: String,
    /// Strategy shown.
    pub strategy: Strategy,
    /// Strategies it can be shown in.
    pub strategies: Vec<Strategy>,
    /// `RTO 30 min · planned 22 min · 8 min to spare`.
    pub totals: String,
    /// Phases with steps; timing is the planned time, state is `Ready` for all.
    pub phases: Vec<PhaseView>,
    /// Facts: label → text (primary, secondary, who approves, where data may be lost, automated of all).
    pub facts: Vec<(String, String)>,
}

/// A diagnostic of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosticRow {
    /// `error`, `warning`, `note`.
    pub severity: &'static str,
    /// `file:line:column`.
    pub place: String,
    /// Code.
    pub code: String,
    /// Message with suggestion.
    pub message: String,
}

/// The Audit screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audit {
    /// Runs on this computer, newest first.
    pub runs: Vec<RunRow>,
    /// The record that is shown.
    pub shown: Option<Arc<Record>>,
}

/// A run on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Run id.
    pub id: String,
    /// Four characters.
    pub short: String,
    /// Plan title.
    pub title: String,
    /// Mode in words.
    pub mode: String,
    /// Started (UTC ms, wall clock).
    pub started: i64,
    /// `open`, or the outcome.
    pub outcome: String,
    /// It can be opened and continued.
    pub open: bool,
}

/// One record, ready for a virtualised table.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Run id.
    pub run: String,
    /// What its verification says.
    pub badge: Vec<Verdict>,
    /// One line: `Record intact, 214 entries, all on disk`.
    pub summary: String,
    /// Rows, in order.
    pub rows: Vec<RecordRow>,
}

/// One verdict on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `Some(true)`: proven; `Some(false)`: broken; `None`: not proven.
    pub proven: Option<bool>,
    /// `consistent`, `not signed`.
    pub word: String,
    /// The verifier's own line.
    pub sentence: String,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Sequence number.
    pub seq: u64,
    /// `03:14:07` on the run's clock.
    pub time: String,
    /// Kind.
    pub kind: String,
    /// Step, or empty.
    pub step: String,
    /// Actor.
    pub actor: String,
    /// In words.
    pub text: String,
    /// The stored bytes.
    pub raw: Arc<str>,
    /// Hash.
    pub hash: String,
}

/// The Settings screen: what the desk knows; looks are the window's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Operator's name.
    pub operator: String,
    /// Data folder.
    pub home: String,
    /// Connected Azure: label → value, or how to connect.
    pub cloud: Vec<(String, String)>,
    /// Detector thresholds: name, value, why.
    pub thresholds: Vec<(String, String, String)>,
    /// Version.
    pub version: String,
}

/// One line of the activity line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// UTC ms on the run's clock.
    pub at: i64,
    /// Text.
    pub text: String,
}
