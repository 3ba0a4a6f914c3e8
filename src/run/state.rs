//! The state of a run: a fold over its entries. One code path, live and after a crash.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::plan::model::{Plan, PlannedStep, Texts};
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::{Phase, StepId, System};
use crate::units::Millis;

use super::clocks::Clocks;
use super::event::{Actor, Change, Entry, Event, Found, Identity, LossKind, Mode, Observed, Start, StepState};
pub use super::step::{Approval, Asked, ChangeRun, ChangeState, StepRun};

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
    /// Steps that the app is at work on.
    busy: usize,
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
    pub observed: VecDeque<(i64, Observed)>,
    /// ARM ids this run created, for the steps that delete them; from when Azure may have begun to create them.
    pub created: Vec<String>,
    /// What it asked to be created and did not see: its own, should it turn up.
    perhaps: Vec<String>,
    /// What it created and deleted again: its own, once that is taken back.
    deleted: Vec<String>,
    /// When the active region last changed.
    pub last_switch: Option<i64>,
    /// Losses stated.
    pub losses: Vec<(LossKind, String)>,
    /// Operator's name, from the newest entry of theirs.
    pub operator: String,
    /// As whom Azure was last spoken to.
    pub signed_in: Option<Identity>,
    /// Instant of the newest entry.
    pub last_at: i64,
    /// Entries applied.
    pub entries: u64,
}

/// How many observations a run keeps in memory; the journal has them all.
const OBSERVED_KEPT: usize = 200;

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
    pub(super) fn blocked(&self, i: usize) -> bool {
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
                        && (self.waits_for_word(*i)
                            || !self.planned(&self.steps[*i].id).is_some_and(PlannedStep::automatic))
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
            .filter(|i| !self.steps[*i].verified)
            .filter(|i| self.planned(&self.steps[*i].id).is_some_and(PlannedStep::automatic))
            .map(|i| self.steps[i].id.clone())
            .collect()
    }

    /// It is a person's turn to say that the step is so: nothing can be read about it, or what can be was verified.
    pub fn waits_for_word(&self, i: usize) -> bool {
        let s = &self.steps[i];
        self.planned(&s.id).is_some_and(|p| p.asks_a_person() || (s.verified && p.asks_a_word_too()))
    }

    /// It was decided to move users, all or a part, and whoever had to agree has agreed.
    pub fn moving_is_decided(&self) -> bool {
        let moves = self.decision.as_ref().is_some_and(|d| matches!(d.choice, Choice::FailOver | Choice::Partial));
        moves
            && self
                .steps
                .iter()
                .any(|s| s.own == StepState::DoneByHand && self.planned(&s.id).is_some_and(|p| p.decision))
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
                let whole = match what.as_str() {
                    "runbook" => &mut self.texts.runbook,
                    "plan" => &mut self.texts.plan,
                    path => self.texts.parts.entry(path.to_owned()).or_default(),
                };
                whole.push_str(text);
                if part == of && crate::units::sha256_hex(whole.as_bytes()) != *sha256 {
                    return Err(ReplayError::Digest(what.clone()));
                }
            }
            Event::Started(start) => self.begin(entry.at, start)?,
            Event::Participant { .. } => {}
            Event::SignedIn(who) => self.signed_in = Some(who.clone()),
            Event::SessionOpened { .. } => {
                // Whoever takes it up may be somebody else.
                self.signed_in = None;
                let caught = |s: &&mut StepRun| matches!(s.own, StepState::Running | StepState::Indeterminate);
                self.steps.iter_mut().filter(caught).for_each(|s| s.interrupted = true);
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
                    self.observed.pop_front();
                }
                self.observed.push_back((entry.at, (**o).clone()));
            }
            Event::Measured { name, value, .. } => {
                let n = name.strip_prefix('T').and_then(|n| n.parse::<usize>().ok());
                if let (Some(n), Some(at)) = (n, value) {
                    if n == 8 && self.clocks.t[8].is_none() && self.rehearsed() {
                        self.clocks.uncounted = self.clocks.paused;
                    }
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
            Event::Denied { .. } => {
                // What the second person refuses was not decided.
                if entry.step.as_deref().and_then(|id| self.planned(id)).is_some_and(|p| p.decision) {
                    self.decision = None;
                    self.clocks.t[4] = None;
                }
                self.apply_to_step(entry);
            }
            Event::Evidence { .. }
            | Event::Deviation { .. }
            | Event::ApprovalRequested { .. }
            | Event::Approved { .. }
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
            let d = Millis(u64::try_from(at.saturating_sub(self.last_at)).unwrap_or(0));
            let sum = if self.paused.is_some() {
                &mut self.clocks.paused
            } else if self.busy > 0 {
                &mut self.clocks.azure
            } else {
                &mut self.clocks.people
            };
            *sum = *sum + d;
        }
        self.last_at = self.last_at.max(at);
    }

    fn rehearsed(&self) -> bool {
        self.start.as_ref().is_some_and(|s| matches!(s.mode, Mode::Rehearsal | Mode::Tabletop))
    }

    fn rebind(&self, start: &Start) -> Result<Plan, ReplayError> {
        let (plan, found) = crate::plan::rebind(&self.texts, Some(start.strategy));
        plan.ok_or_else(|| {
            let first = found.iter().find(|d| d.is_error()).map_or("it has errors", |d| d.message.as_str());
            ReplayError::Plan(first.to_owned())
        })
    }

    fn begin(&mut self, at: i64, start: &Start) -> Result<(), ReplayError> {
        let plan = match self.plan.take() {
            Some(p) => p,
            None => Arc::new(self.rebind(start)?),
        };
        self.texts = Texts::default();
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
        self.clocks.ends_verified = plan.system == System::SoftDelete;
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
            // Nobody says when it was begun; not later than this.
            Event::StepDoneByHand { .. } => {
                if phase == Phase::FailOver {
                    self.clocks.reach(5, entry.at);
                }
                if self.planned(&self.steps[i].id).is_some_and(PlannedStep::moves_users) {
                    self.note_moved(i, entry.at);
                }
            }
            Event::ActionAccepted { n, .. } | Event::ActionIndeterminate { n, .. } => self.note_begun(i, *n),
            Event::ActionFinished { n, failure: None, .. } => self.note_applied(i, *n, entry.at),
            Event::ActionReconciled { n, found: Found::Applied, .. } => self.note_applied(i, *n, entry.at),
            Event::ActionReconciled { n, found: Found::NotApplied, .. } => self.note_missing(i, *n),
            _ => {}
        }
        match (was.busy(), now.busy()) {
            (false, true) => self.busy += 1,
            (true, false) => self.busy = self.busy.saturating_sub(1),
            _ => {}
        }
        if was.over() != now.over() {
            let left = self.remaining.entry(phase).or_default();
            *left = if now.over() { left.saturating_sub(1) } else { *left + 1 };
            // A phase of which everything was left out was not done, and what was not checked did not pass.
            let done = |s: &StepRun| s.phase == phase && s.own != StepState::Skipped;
            if *left == 0 && now.over() && self.steps.iter().any(done) {
                match phase {
                    Phase::FailOver => self.clocks.reach(6, entry.at),
                    Phase::Verify => {
                        if self.clocks.ends_verified && self.clocks.t[7].is_none() && self.rehearsed() {
                            self.clocks.uncounted = self.clocks.paused;
                        }
                        self.clocks.reach(7, entry.at);
                    }
                    Phase::FailBack => self.clocks.reach(11, entry.at),
                    _ => {}
                }
            }
        }
    }

    /// The request of a step, unless it takes back.
    fn sent(&self, i: usize, n: u32) -> Option<Change> {
        let s = &self.steps[i];
        s.changes.get(n as usize).filter(|_| !s.undoing).map(|c| c.change.clone())
    }

    /// Azure took it, or may have: what comes of it is the run's own, however its operation ends.
    fn note_begun(&mut self, i: usize, n: u32) {
        if let Some(c) = self.sent(i, n).filter(Change::creates) {
            self.note_created(&c.target);
        }
    }

    /// It was looked for and is not there.
    fn note_missing(&mut self, i: usize, n: u32) {
        if let Some(c) = self.sent(i, n).filter(Change::creates) {
            self.created.retain(|id| !id.eq_ignore_ascii_case(&c.target));
            self.perhaps.push(c.target);
        }
    }

    fn note_created(&mut self, target: &str) {
        if !self.created.iter().any(|id| id.eq_ignore_ascii_case(target)) {
            self.created.push(target.to_owned());
        }
    }

    fn note_moved(&mut self, i: usize, at: i64) {
        self.last_switch = Some(at);
        self.steps[i].moved_at = Some(at);
    }

    /// A request worked: remember what was created, and when users were moved.
    fn note_applied(&mut self, i: usize, n: u32, at: i64) {
        let Some(c) = self.steps[i].changes.get(n as usize).map(|c| c.change.clone()) else { return };
        let is = |id: &String| id.eq_ignore_ascii_case(&c.target);
        if c.method == "DELETE" {
            if self.created.iter().any(is) && !self.steps[i].undoing {
                self.deleted.push(c.target.clone());
            }
            self.created.retain(|id| !is(id));
        } else if self.steps[i].undoing {
            if self.deleted.iter().any(is) {
                self.note_created(&c.target);
            }
        } else if c.creates() || self.perhaps.iter().any(is) {
            self.note_created(&c.target);
        }
        if c.moves_users() || self.planned(&self.steps[i].id).is_some_and(PlannedStep::moves_users) {
            self.note_moved(i, at);
        }
    }

    /// The step by which users are led now, if `id` was begun before it and must not be taken back under them.
    pub fn holds_up(&self, id: &str) -> Option<&StepRun> {
        let begun = self.step(id)?.started_at?;
        let last = self.steps.iter().filter(|s| s.moved_at.is_some()).max_by_key(|s| s.moved_at)?;
        (last.id != id && last.phase == Phase::FailOver && last.moved_at >= Some(begun)).then_some(last)
    }

    /// Steps with a request on its way: sent, perhaps, and not answered.
    pub fn on_its_way(&self) -> impl Iterator<Item = &StepRun> {
        self.steps.iter().filter(|s| s.on_its_way())
    }
}
