//! The Run screen's picture.

use std::sync::Arc;

use crate::desk::protocol::StepIntent;
use crate::plan::rights::RightsReport;
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::run::event::LossKind;
use crate::run::timeline::Bar;
use crate::runbook::model::{StepId, Strategy};

use super::{Mode, StepState};

/// Why nothing is begun while the run is paused.
pub const PAUSED: &str = "The run is paused: go on first";

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
    pub notes: Lines,
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
    /// What is weaker about the record than it should be, though it is written.
    pub weak: Option<String>,
    /// Score, when the rehearsal is closed.
    pub score: Option<Score>,
    /// Journal folder.
    pub journal: String,
    /// Records in the journal.
    pub records: u64,
    /// Outcome to suggest when closing.
    pub suggest_outcome: Outcome,
    /// Which rights its steps have; none until Azure was asked.
    pub rights: Option<Arc<RightsReport>>,
    /// What people keep beside the steps.
    pub papers: Papers,
    /// Steps that are being taken back one by one, the next first.
    pub taking_back: Vec<StepId>,
    /// What is waited for, of whom: `waits for the second person: Mo`.
    pub waits: String,
    /// The next steps, for whoever looks on.
    pub next: Vec<String>,
    /// Whether what users were moved to is well; none before that, and once the way back has begun.
    pub green: Option<Green>,
    /// Where the time goes, step by step.
    pub gantt: Arc<Gantt>,
}

/// The timeline of a run. Instants are UTC ms on the run's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gantt {
    /// The run's beginning, or the impact's.
    pub from: i64,
    /// T0.
    pub t0: Option<i64>,
    /// When the RTO is used up.
    pub deadline: Option<i64>,
    /// When the plan would be over.
    pub planned_to: i64,
    /// When the run was.
    pub ended: Option<i64>,
    /// Pauses.
    pub pauses: Vec<Bar>,
    /// A line for each step.
    pub lanes: Vec<GanttLane>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// The line of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GanttLane {
    /// Id.
    pub id: StepId,
    /// Title.
    pub title: String,
    /// Phase.
    pub phase: String,
    /// State.
    pub state: StepState,
    /// Planned, from and until.
    pub planned: (i64, i64),
    /// What came of it.
    pub bars: Vec<Bar>,
    /// In a sentence.
    pub sentence: String,
}

/// Lines that only ever grow, shared from one picture to the next: a long night has thousands.
pub type Lines = Arc<Vec<NoteView>>;

/// Watching until green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Green {
    /// Everything that can be read is well; none: not all of it is known.
    pub ok: Option<bool>,
    /// Since when all of it is (UTC ms).
    pub since: Option<i64>,
    /// In a sentence.
    pub text: String,
    /// What is missing, the worst first.
    pub missing: Vec<String>,
}

/// What people keep beside the steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Papers {
    /// The divergence ledger.
    pub ledger: Lines,
    /// The loss register.
    pub losses: Vec<LossView>,
    /// Evidence.
    pub evidence: Vec<EvidenceView>,
    /// What is to be put right, and how.
    pub findings: Vec<FindingView>,
    /// Who stands for the record, and as what.
    pub signoffs: Vec<NoteView>,
    /// Messages to people outside, with what came of them.
    pub comms: Vec<NoteView>,
    /// What else people told for the record.
    pub told: Vec<NoteView>,
    /// What auditors ask for and the record would not say, were it closed now: the field, and what is missing.
    pub missing: Vec<String>,
    /// To whom it was handed over: here it is only read.
    pub handed_over: Option<String>,
}

/// A line of the loss register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossView {
    /// Lost, unavailable for now, duplicated.
    pub kind: LossKind,
    /// Text.
    pub text: String,
}

/// A file or text that proves something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceView {
    /// When (UTC ms).
    pub at: i64,
    /// Who gave it.
    pub who: String,
    /// Name.
    pub name: String,
    /// Step it belongs to.
    pub step: Option<StepId>,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
    /// Where the file is kept; none: the text is in the record.
    pub file: Option<String>,
}

/// Something to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingView {
    /// What.
    pub text: String,
    /// What is done about it, by whom, until when.
    pub corrective: Option<String>,
    /// How grave it is, and why it came about.
    pub rated: Option<String>,
    /// Who vouches that it is over.
    pub closed: Option<String>,
}

/// A run that is open here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRun {
    /// Run id.
    pub id: String,
    /// Four characters.
    pub short: String,
    /// Plan title.
    pub title: String,
    /// Mode.
    pub mode: Mode,
    /// What it waits for.
    pub waits: String,
    /// It needs the operator.
    pub calls: bool,
    /// It is the one on show.
    pub shown: bool,
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
    /// Steps of one group may be done at the same time, by several people.
    pub group: Option<String>,
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
    /// Instruction, normal or degraded as the step or the run is set.
    pub why: String,
    /// The degraded one is shown; none where there is only one.
    pub degraded: Option<bool>,
    /// What it is done to.
    pub target: String,
    /// What changes, as read from Azure; empty before the preview and for steps that change nothing.
    pub changes: Vec<ChangeView>,
    /// When the `before` values were read (UTC ms).
    pub changes_read_at: Option<i64>,
    /// Notes of the preview.
    pub changes_note: String,
    /// They take it back.
    pub takes_back: bool,
    /// Label → text rows: guard, approval, needs, may lose, undo, source.
    pub rows: Vec<CardRow>,
    /// The same by hand, resolved.
    pub by_hand: Vec<String>,
    /// The same by hand for exactly what was read: a command a request.
    pub by_hand_now: Vec<String>,
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
    /// `guard`, `approval`, `may lose`, `undo`, `needs`, `right`, `DNS`, `source`.
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
    /// Recovery point actual in words: `41 min`, or why it is not known.
    pub rpa: String,
    /// An objective is missed, or will be at this pace.
    pub breach: Option<String>,
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
    /// Ids of the mistakes that were made.
    pub mistakes: Vec<String>,
}

impl From<&crate::rehearsal::score::Score> for Score {
    fn from(s: &crate::rehearsal::score::Score) -> Self {
        Self {
            points: s.points(),
            of: s.of(),
            lines: s.lines.iter().map(|l| (l.what.clone(), l.points, l.of, l.why.clone())).collect(),
            mistakes: s.mistakes().into_iter().map(str::to_owned).collect(),
        }
    }
}
