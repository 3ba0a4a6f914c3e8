//! The state of a run: a fold over its entries. One code path, live and after a crash.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::model::{Plan, PlannedStep, Texts};
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::{Phase, StepId};
use crate::units::Millis;

use super::clocks::Clocks;
use super::event::{Actor, Change, Entry, Event, Failure, Found, LossKind, Observed, Reading, Start, StepState};

/// A run as far as its entries tell.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The frozen plan; known once all its parts and the start were applied.
    pub plan: Option<Arc<Plan>>,
    /// Frozen sources, as their parts arrive.
    texts: Texts,
    /// What the run is.
    pub start: Option<Arc<Start>>,
    /// When it began.
    pub started_at: i64,
    /// Its steps, in order.
    pub steps: Vec<StepRun>,
    index: HashMap<StepId, usize>,
    remaining: HashMap<Phase, usize>,
    /// Why it is paused.
    pub paused: Option<String>,
    /// How it ended.
    pub ended: Option<Ended>,
    /// Degraded instructions are shown.
    pub degraded: bool,
    /// Instants and waits.
    pub clocks: Clocks,
    /// The latest decision.
    pub decision: Option<Decision>,
    /// Notes, ledger and losses, in order.
    pub notes: Vec<Note>,
    /// Scenario messages: (time, text).
    pub injects: Vec<(i64, String)>,
    /// Timeline numbers of the scenario messages that were told.
    pub told: Vec<u32>,
    /// What was observed, bounded to the newest.
    pub observed: Vec<(i64, Observed)>,
    /// ARM ids this run created, for the steps that delete them.
    pub created: Vec<String>,
    /// When the active region last changed.
    pub last_switch: Option<i64>,
    /// Losses stated.
    pub losses: Vec<(LossKind, String)>,
    /// Operator's name, from the newest entry of theirs.
    pub operator: String,
    /// Instant of the newest entry.
    pub last_at: i64,
    /// Entries applied.
    pub entries: u64,
}

/// How many observations a run keeps in memory; the journal has them all.
const OBSERVED_KEPT: usize = 200;

/// One step as far as it has come.
#[derive(Debug, Clone)]
pub struct StepRun {
    /// Id.
    pub id: StepId,
    phase: Phase,
    /// Positions of the steps it needs.
    needs: Vec<usize>,
    own: StepState,
    /// First begun.
    pub started_at: Option<i64>,
    /// Over, or failed.
    pub ended_at: Option<i64>,
    /// Times begun.
    pub attempts: u32,
    /// Times failed.
    pub failures: u32,
    /// Requests of the present attempt.
    pub changes: Vec<ChangeRun>,
    /// Requests that worked, of all attempts, for undo.
    pub applied: Vec<Change>,
    /// The present attempt takes back.
    pub undoing: bool,
    /// Its process died while it was at work.
    pub interrupted: bool,
    /// Guards as read at the last beginning.
    pub guards: Vec<Reading>,
    /// What its verification read last.
    pub readings: Vec<Reading>,
    /// What went wrong last.
    pub failure: Option<Failure>,
    /// What people said about it.
    pub said: Vec<Note>,
    /// The approval asked for.
    pub asked: Option<Asked>,
    /// A confirmation that waits for the second person.
    pub pending_word: Option<String>,
}

/// One request of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRun {
    /// The request.
    pub change: Change,
    /// How far it came.
    pub state: ChangeState,
}

/// How far a request came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeState {
    /// Not yet intended.
    Planned,
    /// Intent durable; perhaps sent.
    Intended,
    /// Azure works on it.
    Accepted(String),
    /// It worked.
    Done,
    /// It did not.
    Failed,
    /// No answer was seen.
    Indeterminate,
}

/// An approval asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Digest.
    pub digest: String,
    /// In words.
    pub what: String,
    /// When.
    pub at: i64,
    /// `None`: no answer yet.
    pub answer: Option<Result<Approval, String>>,
}

/// A given approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// Method.
    pub method: String,
    /// Label.
    pub label: String,
    /// When.
    pub at: i64,
}

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: i64,
    /// What.
    pub choice: Choice,
    /// Why.
    pub reason: String,
    /// Loss accepted.
    pub expected_loss: String,
}

/// The end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: i64,
    /// `None`: given up.
    pub outcome: Option<Outcome>,
    /// In words.
    pub summary: String,
}

/// Something said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: i64,
    /// Who.
    pub who: String,
    /// What.
    pub text: String,
}

/// Why records cannot be replayed into a run.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The frozen plan does not bind any more.
    #[error("the plan frozen in this run cannot be read by this version of Lifeboat: {0}")]
    Plan(String),
    /// Records without a start.
    #[error("this record ends before the run was started; there is nothing to continue")]
    NotStarted,
    /// A frozen text does not have the hash recorded with it.
    #[error("the frozen {0} text does not match the SHA-256 recorded beside it")]
    Digest(String),
}

impl Run {
    /// An empty run that will take its plan from the entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// A run of a plan that is at hand, so that its texts need not be bound again.
    pub fn of(plan: Arc<Plan>) -> Self {
        Self { plan: Some(plan), ..Self::default() }
    }

    /// Replays entries; the result is the run.
    pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Self, ReplayError> {
        let mut run = Self::new();
        for e in entries {
            run.apply(e)?;
        }
        if run.start.is_none() {
            return Err(ReplayError::NotStarted);
        }
        Ok(run)
    }

    /// Position of a step.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// A step by id.
    pub fn step(&self, id: &str) -> Option<&StepRun> {
        self.position(id).map(|i| &self.steps[i])
    }

    /// What the plan says of a step.
    pub fn planned(&self, id: &str) -> Option<&PlannedStep> {
        self.plan.as_deref().and_then(|p| p.step(id))
    }

    /// Where a step stands, blocked included.
    pub fn state(&self, i: usize) -> StepState {
        let s = &self.steps[i];
        if s.own == StepState::Ready && self.blocked(i) { StepState::Blocked } else { s.own }
    }

    /// Phases come one after another, and a step waits for what it needs.
    fn blocked(&self, i: usize) -> bool {
        let s = &self.steps[i];
        Phase::ALL.iter().take_while(|p| **p < s.phase).any(|p| self.remaining.get(p).is_some_and(|n| *n > 0))
            || s.needs.iter().any(|n| !self.steps[*n].own.over())
    }

    /// The step that concerns the operator now: one that failed, else the first that waits for a person, else the first open one.
    pub fn current(&self) -> Option<usize> {
        let open = || (0..self.steps.len()).filter(|i| !self.steps[*i].own.over());
        open()
            .find(|i| matches!(self.steps[*i].own, StepState::Failed | StepState::Indeterminate))
            .or_else(|| {
                open().find(|i| {
                    let state = self.state(*i);
                    matches!(state, StepState::Ready | StepState::Undone | StepState::AwaitingApproval)
                        && !self.planned(&self.steps[*i].id).is_some_and(PlannedStep::automatic)
                })
            })
            .or_else(|| open().next())
    }

    /// Steps the app may begin by itself: ready, reading only, and nothing stands failed or paused.
    pub fn automatic(&self) -> Vec<StepId> {
        let halted = self.paused.is_some()
            || self.ended.is_some()
            || self.steps.iter().any(|s| matches!(s.own, StepState::Failed | StepState::Indeterminate));
        if halted {
            return Vec::new();
        }
        (0..self.steps.len())
            .filter(|i| self.state(*i) == StepState::Ready)
            .filter(|i| self.planned(&self.steps[*i].id).is_some_and(PlannedStep::automatic))
            .map(|i| self.steps[i].id.clone())
            .collect()
    }

    /// Steps over, and all.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|s| s.own.over()).count(), self.steps.len())
    }

    /// Whether all steps of a phase are over (a phase without steps is).
    pub fn phase_over(&self, phase: Phase) -> bool {
        self.remaining.get(&phase).is_none_or(|n| *n == 0)
    }

    /// Whether it goes on.
    pub fn open(&self) -> bool {
        self.start.is_some() && self.ended.is_none()
    }

    /// Applies one entry.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), ReplayError> {
        self.count_time(entry.at);
        self.entries += 1;
        if let Actor::Operator(name) = &entry.actor {
            if self.operator != *name {
                self.operator.clone_from(name);
            }
            if self.clocks.t[2].is_some() {
                self.clocks.reach(3, entry.at);
            }
        }
        let note = |text: &str| Note { at: entry.at, who: entry.actor.display().to_owned(), text: text.to_owned() };
        match &entry.event {
            Event::Plan { what, part, of, sha256, text } => {
                let whole = if what == "runbook" { &mut self.texts.runbook } else { &mut self.texts.plan };
                whole.push_str(text);
                if part == of && crate::units::sha256_hex(whole.as_bytes()) != *sha256 {
                    return Err(ReplayError::Digest(what.clone()));
                }
            }
            Event::Started(start) => self.begin(entry.at, start)?,
            Event::Participant { .. } | Event::SessionOpened { .. } => {
                if matches!(entry.event, Event::SessionOpened { .. }) {
                    for s in self.steps.iter_mut().filter(|s| s.own == StepState::Running) {
                        s.interrupted = true;
                    }
                }
            }
            Event::Declared { impact_start, .. } => self.clocks.t[0] = Some(*impact_start),
            Event::Degraded { degraded } => self.degraded = *degraded,
            Event::Paused { reason } => self.paused = Some(reason.clone()),
            Event::Resumed => self.paused = None,
            Event::Ended { outcome, summary, .. } => {
                self.clocks.reach(12, entry.at);
                self.ended = Some(Ended { at: entry.at, outcome: Some(*outcome), summary: summary.clone() });
            }
            Event::Aborted { reason } => {
                self.clocks.reach(12, entry.at);
                self.ended = Some(Ended { at: entry.at, outcome: None, summary: reason.clone() });
            }
            Event::Note { text } | Event::Ledger { text } => self.notes.push(note(text)),
            Event::Loss { loss, text } => self.losses.push((*loss, text.clone())),
            Event::Inject { text, n } => {
                self.injects.push((entry.at, text.clone()));
                self.told.push(*n);
            }
            Event::Observed(o) => {
                if self.observed.len() >= OBSERVED_KEPT {
                    self.observed.remove(0);
                }
                self.observed.push((entry.at, (**o).clone()));
            }
            Event::Measured { name, value, .. } => {
                let n = name.strip_prefix('T').and_then(|n| n.parse::<usize>().ok());
                if let (Some(n), Some(at)) = (n, value) {
                    self.clocks.reach(n, *at);
                }
            }
            Event::Decided { choice, reason, expected_loss, .. } => {
                if matches!(choice, Choice::FailOver | Choice::Partial) {
                    self.clocks.reach(4, entry.at);
                }
                self.decision = Some(Decision {
                    at: entry.at,
                    choice: *choice,
                    reason: reason.clone(),
                    expected_loss: expected_loss.clone(),
                });
                self.apply_to_step(entry);
            }
            Event::Evidence { .. }
            | Event::Deviation { .. }
            | Event::ApprovalRequested { .. }
            | Event::Approved { .. }
            | Event::Denied { .. }
            | Event::ApprovalVoided { .. }
            | Event::ActionIntended { .. }
            | Event::ActionAccepted { .. }
            | Event::ActionFinished { .. }
            | Event::ActionIndeterminate { .. }
            | Event::ActionReconciled { .. }
            | Event::StepReady
            | Event::StepStarted { .. }
            | Event::StepVerified { .. }
            | Event::StepDoneByApp
            | Event::StepDoneByHand { .. }
            | Event::StepAlreadyTrue { .. }
            | Event::StepFailed { .. }
            | Event::StepSkipped { .. }
            | Event::StepUndone
            | Event::StepReopened { .. } => self.apply_to_step(entry),
        }
        Ok(())
    }

    /// Where time goes: to Azure while anything is at work, else to people.
    fn count_time(&mut self, at: i64) {
        if self.open() && at > self.last_at {
            let d = Millis(u64::try_from(at - self.last_at).unwrap_or(0));
            let sum = if self.paused.is_some() {
                &mut self.clocks.paused
            } else if self.steps.iter().any(|s| s.own.busy()) {
                &mut self.clocks.azure
            } else {
                &mut self.clocks.people
            };
            *sum = *sum + d;
        }
        self.last_at = self.last_at.max(at);
    }

    fn begin(&mut self, at: i64, start: &Start) -> Result<(), ReplayError> {
        let plan = match self.plan.take() {
            Some(p) => p,
            None => Arc::new(crate::plan::rebind(&self.texts, Some(start.strategy)).map_err(ReplayError::Plan)?),
        };
        self.texts = Texts { runbook: String::new(), plan: String::new() };
        for id in &start.steps {
            let Some(p) = plan.step(id) else {
                return Err(ReplayError::Plan(format!("it has no step `{id}`")));
            };
            self.index.insert(id.clone(), self.steps.len());
            *self.remaining.entry(p.phase).or_default() += 1;
            self.steps.push(StepRun::new(p));
        }
        for i in 0..self.steps.len() {
            let needs = plan.step(&self.steps[i].id).map(|p| p.needs.as_slice()).unwrap_or_default();
            self.steps[i].needs = needs.iter().filter_map(|n| self.index.get(n).copied()).collect();
        }
        self.started_at = at;
        self.last_at = at;
        self.plan = Some(plan);
        self.start = Some(Arc::new(start.clone()));
        Ok(())
    }

    fn apply_to_step(&mut self, entry: &Entry) {
        let Some(i) = entry.step.as_deref().and_then(|id| self.position(id)) else { return };
        let (was, phase) = (self.steps[i].own, self.steps[i].phase);
        self.steps[i].apply(entry);
        let s = &self.steps[i];
        let now = s.own;
        match &entry.event {
            Event::StepStarted { changes, undo, .. } if !undo => match phase {
                Phase::FailOver => self.clocks.reach(5, entry.at),
                Phase::FailBack if !changes.is_empty() => self.clocks.reach(10, entry.at),
                _ => {}
            },
            Event::ActionFinished { n, failure: None, .. } => self.note_applied(i, *n, entry.at),
            Event::ActionReconciled { n, found: Found::Applied, .. } => self.note_applied(i, *n, entry.at),
            _ => {}
        }
        if was.over() != now.over() {
            let left = self.remaining.entry(phase).or_default();
            *left = if now.over() { left.saturating_sub(1) } else { *left + 1 };
            if *left == 0 && now.over() {
                match phase {
                    Phase::FailOver => self.clocks.reach(6, entry.at),
                    Phase::Verify => self.clocks.reach(7, entry.at),
                    Phase::FailBack => self.clocks.reach(11, entry.at),
                    _ => {}
                }
            }
        }
    }

    /// A request worked: remember what was created, and when users were moved.
    fn note_applied(&mut self, i: usize, n: u32, at: i64) {
        let Some(c) = self.steps[i].changes.get(n as usize).map(|c| c.change.clone()) else { return };
        if self.steps[i].undoing || c.method == "DELETE" {
            self.created.retain(|id| !id.eq_ignore_ascii_case(&c.target));
        } else if c.previous.is_none() && c.method == "PUT" {
            self.created.push(c.target.clone());
        }
        if c.fields.iter().any(|f| f.name.starts_with("weight-")) {
            self.last_switch = Some(at);
        }
    }
}

impl StepRun {
    fn new(p: &PlannedStep) -> Self {
        Self {
            id: p.id.clone(),
            phase: p.phase,
            needs: Vec::new(),
            own: StepState::Ready,
            started_at: None,
            ended_at: None,
            attempts: 0,
            failures: 0,
            changes: Vec::new(),
            applied: Vec::new(),
            undoing: false,
            interrupted: false,
            guards: Vec::new(),
            readings: Vec::new(),
            failure: None,
            said: Vec::new(),
            asked: None,
            pending_word: None,
        }
    }

    /// State without regard to what it waits for.
    pub fn own_state(&self) -> StepState {
        self.own
    }

    /// Its phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The approval in force, if any.
    pub fn approval(&self) -> Option<(&str, &Approval)> {
        match self.asked.as_ref() {
            Some(Asked { digest, answer: Some(Ok(a)), .. }) => Some((digest, a)),
            _ => None,
        }
    }

    fn change(&mut self, n: u32) -> Option<&mut ChangeRun> {
        self.changes.get_mut(n as usize)
    }

    fn set_change(&mut self, n: u32, state: ChangeState) {
        if let Some(c) = self.change(n) {
            c.state = state;
        }
    }

    /// A request worked; when it was the last, checking comes next.
    fn change_done(&mut self, n: u32) {
        self.set_change(n, ChangeState::Done);
        if let Some(c) = self.changes.get(n as usize) {
            self.applied.push(c.change.clone());
        }
        self.own = if self.changes.iter().all(|c| c.state == ChangeState::Done) {
            StepState::Verifying
        } else {
            StepState::Running
        };
    }

    fn end(&mut self, at: i64, state: StepState) {
        self.own = state;
        self.ended_at = Some(at);
        self.interrupted = false;
    }

    fn apply(&mut self, entry: &Entry) {
        let at = entry.at;
        let who = entry.actor.display().to_owned();
        let say = |said: &mut Vec<Note>, text: String| said.push(Note { at, who: who.clone(), text });
        match &entry.event {
            Event::ApprovalRequested { digest, what } => {
                self.asked = Some(Asked { digest: digest.clone(), what: what.clone(), at, answer: None });
                self.own = StepState::AwaitingApproval;
            }
            Event::Approved { method, label, .. } => {
                if let Some(a) = &mut self.asked {
                    a.answer = Some(Ok(Approval { by: who.clone(), method: method.clone(), label: label.clone(), at }));
                }
                self.own = StepState::Ready;
                say(&mut self.said, format!("agreed ({label})"));
            }
            Event::Denied { reason, .. } => {
                if let Some(a) = &mut self.asked {
                    a.answer = Some(Err(reason.clone()));
                }
                self.own = StepState::Ready;
                self.pending_word = None;
                say(&mut self.said, format!("refused: {reason}"));
            }
            Event::ApprovalVoided { why, .. } => {
                self.asked = None;
                say(&mut self.said, format!("approval void: {why}"));
            }
            Event::Evidence { text, .. } => self.pending_word = Some(text.clone()),
            Event::Deviation { reason, .. } => say(&mut self.said, format!("deviation: {reason}")),
            Event::Decided { choice, reason, .. } => {
                say(&mut self.said, format!("{}: {reason}", choice.display()));
            }
            Event::StepStarted { changes, guards, undo, .. } => {
                self.changes =
                    changes.iter().map(|c| ChangeRun { change: c.clone(), state: ChangeState::Planned }).collect();
                self.guards.clone_from(guards);
                self.undoing = *undo;
                self.attempts += 1;
                self.failure = None;
                self.readings.clear();
                self.started_at.get_or_insert(at);
                self.ended_at = None;
                self.interrupted = false;
                self.own = if changes.is_empty() { StepState::Verifying } else { StepState::Running };
            }
            Event::ActionIntended { n, .. } => self.set_change(*n, ChangeState::Intended),
            Event::ActionAccepted { n, operation, .. } => {
                self.set_change(*n, ChangeState::Accepted(operation.clone()));
                self.own = StepState::Running;
            }
            Event::ActionFinished { n, failure, .. } => match failure {
                None => self.change_done(*n),
                Some(f) => {
                    self.set_change(*n, ChangeState::Failed);
                    self.failure = Some(f.clone());
                }
            },
            Event::ActionIndeterminate { n, .. } => {
                self.set_change(*n, ChangeState::Indeterminate);
                self.own = StepState::Indeterminate;
            }
            Event::ActionReconciled { n, found, detail } => {
                say(&mut self.said, format!("read back from Azure: {detail}"));
                match found {
                    Found::Applied => self.change_done(*n),
                    Found::NotApplied => self.set_change(*n, ChangeState::Failed),
                    Found::Running | Found::Unknown => self.own = StepState::Indeterminate,
                }
            }
            Event::StepVerified { readings } => self.readings.clone_from(readings),
            Event::StepDoneByApp => self.end(at, StepState::DoneByApp),
            Event::StepDoneByHand { evidence } => {
                say(&mut self.said, evidence.clone());
                self.failure = None;
                self.pending_word = None;
                self.started_at.get_or_insert(at);
                self.end(at, StepState::DoneByHand);
            }
            Event::StepAlreadyTrue { readings } => {
                self.readings.clone_from(readings);
                self.end(at, StepState::AlreadyTrue);
            }
            Event::StepFailed { failure, readings } => {
                self.failure = Some(failure.clone());
                if !readings.is_empty() {
                    self.readings.clone_from(readings);
                }
                self.failures += 1;
                self.end(at, StepState::Failed);
            }
            Event::StepSkipped { reason } => {
                say(&mut self.said, format!("skipped: {reason}"));
                self.end(at, StepState::Skipped);
            }
            Event::StepUndone => {
                self.applied.clear();
                self.asked = None;
                self.end(at, StepState::Undone);
            }
            Event::StepReopened { reason } => {
                say(&mut self.said, format!("begun anew: {reason}"));
                self.own = StepState::Ready;
                self.ended_at = None;
            }
            _ => {}
        }
    }
}
