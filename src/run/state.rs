//! The state of a run: a fold over its entries. One code path, live and after a crash.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::plan::model::{Plan, PlannedStep, Texts};
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::{Phase, Risk, StepId, System};
use crate::units::Millis;

use super::clocks::Clocks;
use super::event::{
    Actor, Books, Entry, Event, Evidence, Facilitated, Found, Identity, LossKind, Observed, Start, StepState,
};
use super::objective::Objective;
pub use super::step::{Approval, Asked, ChangeRun, ChangeState, SetAside, StepRun};
use super::timeline::Spans;
use super::told::{Closure, REPORT, Severity, Told};

/// A run as far as its entries tell.
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// Steps of each phase that are not over, and those that are and were not left out: counted as they come, since a
    /// run may have hundreds of steps and a hundred thousand entries.
    pub(super) open_in: [usize; Phase::ALL.len()],
    kept_in: [usize; Phase::ALL.len()],
    /// Steps at which moving users is decided.
    pub(super) deciders: Vec<usize>,
    /// The step that reconciles the ledger before users come home.
    pub(super) reconciler: Option<usize>,
    /// Steps that the app is at work on.
    pub(super) busy: usize,
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
    /// What the latest decision took the place of: it holds again when that one is refused.
    before: Option<Decision>,
    /// All decisions, the latest last, refused ones as well.
    pub decisions: Vec<Decision>,
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
    pub(super) perhaps: Vec<String>,
    /// What it created and deleted again: its own, once that is taken back.
    pub(super) deleted: Vec<String>,
    /// When the active region last changed.
    pub last_switch: Option<i64>,
    /// Losses stated.
    pub losses: Vec<(LossKind, String)>,
    /// The divergence ledger: what was created or changed in the secondary while operating there.
    pub ledger: Vec<Note>,
    /// How many of its lines, from the first, were carried back or given up.
    pub settled: usize,
    /// Files and texts that prove something, with the step they belong to.
    pub evidence: Vec<(Note, Option<StepId>, Evidence)>,
    /// What is to be put right, and how.
    pub findings: Vec<Finding>,
    /// What else was told for the record.
    pub said: Told,
    /// Who stands for the record: role, then who and what.
    pub signoffs: Vec<(String, Note)>,
    /// Messages to people outside: to whom, and what came of it.
    pub comms: Vec<(String, Note)>,
    /// Those of which nothing has come yet.
    pub on_their_way: Vec<OnItsWay>,
    /// Who takes part, with role and the key of their device.
    pub participants: Vec<Participant>,
    /// Keys of those who carry it out, since it was taken over last.
    pub(super) operator_keys: Vec<String>,
    /// To whom the run was handed over: here it is only read.
    pub handed_over: Option<String>,
    /// What the facilitator did.
    pub facilitated: Vec<(i64, Facilitated)>,
    /// Operator's name, from the newest entry of theirs.
    pub operator: String,
    /// As whom Azure was last spoken to.
    pub signed_in: Option<Identity>,
    /// What was at work and waited for, when.
    pub spans: Spans,
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
    /// How many choices there were.
    pub options: usize,
    /// How many sentences tell what was known.
    pub information: usize,
}

/// The end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: i64,
    /// `None`: given up.
    pub outcome: Option<Outcome>,
    /// In words.
    pub summary: String,
    /// What the books said.
    pub books: Option<Box<Books>>,
    /// What was not measured, and why.
    pub not_measured: Vec<String>,
    /// Whether what was agreed was kept.
    pub objectives: Vec<Objective>,
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

/// A message to people outside, of which it is not recorded what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnItsWay {
    /// To whom.
    pub to: String,
    /// Which.
    pub id: String,
    /// What it says.
    pub text: String,
    /// Where it stands among all messages.
    at: usize,
}

/// Something to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who found it, when, what.
    pub found: Note,
    /// What is done about it, by whom, until when.
    pub corrective: Option<(String, String, String)>,
    /// How grave it is, and why it came about.
    pub severity: Option<(Severity, String)>,
    /// Who vouches for what, and until when a risk is accepted.
    pub closed: Option<(Note, String, Closure)>,
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Name.
    pub name: String,
    /// Role.
    pub role: String,
    /// Public key of their device, in hexadecimal.
    pub key: Option<String>,
    /// They were expected, and cannot.
    pub absent: bool,
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
        match self.position(id) {
            Some(i) => self.planned_at(i),
            None => self.plan.as_deref().and_then(|p| p.step(id)),
        }
    }

    /// The same, without looking for it: a plan may have hundreds of steps, and this is asked for each of them.
    pub(super) fn planned_at(&self, i: usize) -> Option<&PlannedStep> {
        self.plan.as_deref()?.steps.get(self.steps.get(i)?.planned)
    }

    /// Applies one entry.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), ReplayError> {
        self.count_time(entry.at);
        self.entries += 1;
        self.said.apply(entry);
        self.spans.apply(entry);
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
            Event::Participant { name, role, key, absent } => {
                if role == super::approval::OPERATOR {
                    self.operator_keys.extend(key.clone());
                }
                let p = Participant { name: name.clone(), role: role.clone(), key: key.clone(), absent: *absent };
                if !self.participants.contains(&p) {
                    self.participants.push(p);
                }
            }
            Event::Comms { to, text, outcome, id } => {
                self.told_outside(to, text, id.as_deref(), note(&format!("{text} ({outcome})")));
            }
            Event::Finding { text, rates } => Finding::found(&mut self.findings, note(text), *rates),
            Event::Corrective { text, owner, due, closes } => {
                Finding::put_right(&mut self.findings, note(text), owner, due, closes.as_ref());
            }
            Event::SignedOff { role, .. } if role == REPORT => {}
            Event::SignedOff { role, statement } => self.signoffs.push((role.clone(), note(statement))),
            Event::HandedOver { to, .. } => self.handed_over = Some(to.clone()),
            Event::TakenOver { .. } => {
                (self.handed_over, self.signed_in) = (None, None);
                self.operator_keys.clear();
                self.steps.iter_mut().for_each(StepRun::taken_over);
            }
            Event::Facilitated { what } => self.facilitated.push((entry.at, what.clone())),
            Event::Evidence(e) => {
                if e.name != super::step::WORD {
                    self.evidence.push((note(&e.text), entry.step.clone(), e.clone()));
                }
                self.apply_to_step(entry);
            }
            Event::SignedIn(who) => self.signed_in = Some(who.clone()),
            Event::SessionOpened { .. } => {
                // Whoever takes it up may be somebody else.
                self.signed_in = None;
                let caught = |s: &&mut StepRun| matches!(s.own, StepState::Running | StepState::Indeterminate);
                self.steps.iter_mut().filter(caught).for_each(|s| s.interrupted = true);
                // A word whose question was not written any more was not given.
                let unasked = |s: &&mut StepRun| s.own != StepState::AwaitingApproval;
                self.steps.iter_mut().filter(unasked).for_each(|s| s.pending_word = None);
            }
            Event::Declared { impact_start, .. } => self.clocks.t[0] = Some(*impact_start),
            Event::Degraded { degraded } if entry.step.is_none() => {
                self.degraded = *degraded;
                self.steps.iter_mut().for_each(StepRun::as_the_run);
            }
            Event::Paused { reason } => self.paused = Some(reason.clone()),
            Event::Resumed => self.paused = None,
            Event::Ended { outcome, summary, books, not_measured, objectives, .. } => {
                let (books, not_measured, objectives) = (books.clone(), not_measured.clone(), objectives.clone());
                let (outcome, summary) = (Some(*outcome), summary.clone());
                self.end(Ended { at: entry.at, outcome, summary, books, not_measured, objectives });
            }
            Event::Aborted { reason } => {
                self.end(Ended { at: entry.at, summary: reason.clone(), ..Ended::default() });
            }
            Event::Note { text } => self.notes.push(note(text)),
            Event::Ledger { text } => {
                self.ledger.push(note(text));
                self.notes.push(note(text));
            }
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
                self.clocks.point(name, *value);
                let n = name.strip_prefix('T').and_then(|n| n.parse::<usize>().ok());
                if let (Some(n), Some(at)) = (n, value) {
                    if n == 8 && self.clocks.t[8].is_none() && self.rehearsed() {
                        self.clocks.uncounted = self.clocks.paused;
                    }
                    self.clocks.reach(n, *at);
                }
            }
            Event::Decided { choice, reason, expected_loss, options, information } => {
                if matches!(choice, Choice::FailOver | Choice::Partial) {
                    self.clocks.reach(4, entry.at);
                }
                let decision = Decision {
                    at: entry.at,
                    choice: *choice,
                    reason: reason.clone(),
                    expected_loss: expected_loss.clone(),
                    options: options.len(),
                    information: information.len(),
                };
                self.decisions.push(decision.clone());
                self.before = self.decision.replace(decision);
                self.apply_to_step(entry);
            }
            Event::Denied { .. } | Event::ApprovalVoided { .. } => {
                // What the second person refuses, or does not answer, was not decided; what was before it still is.
                let asks = |s: &&StepRun| s.own == StepState::AwaitingApproval;
                let asked = entry.step.as_deref().and_then(|id| self.step(id)).filter(asks);
                if asked.and_then(|s| self.planned(&s.id)).is_some_and(|p| p.decision) {
                    let refused = std::mem::replace(&mut self.decision, self.before.take());
                    let t4 = &mut self.clocks.t[4];
                    t4.take_if(|at| refused.is_some_and(|d| d.at == *at));
                }
                self.apply_to_step(entry);
            }
            Event::GlassBroken { .. }
            | Event::Degraded { .. }
            | Event::Deviation { .. }
            | Event::ApprovalRequested { .. }
            | Event::Approved { .. }
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

    /// The first record of a message with an id says that it goes out, the second what came of it.
    fn told_outside(&mut self, to: &str, text: &str, id: Option<&str>, note: Note) {
        let known = self.on_their_way.iter().position(|m| m.to == to && Some(m.id.as_str()) == id);
        if let Some(n) = known {
            let m = self.on_their_way.remove(n);
            if let Some((_, said)) = self.comms.get_mut(m.at) {
                said.text = note.text;
            }
            return;
        }
        if let Some(id) = id {
            let (to, id, text) = (to.to_owned(), id.to_owned(), text.to_owned());
            self.on_their_way.push(OnItsWay { to, id, text, at: self.comms.len() });
        }
        self.comms.push((to.to_owned(), note));
    }

    /// Where time goes: to Azure while anything is at work, else to people.
    fn count_time(&mut self, at: i64) {
        if self.open() && at > self.last_at {
            let d = Millis(u64::try_from(at.saturating_sub(self.last_at)).unwrap_or(0));
            let sum = if self.paused.is_some() {
                &mut self.clocks.paused
            } else if self.busy > 0 && !self.tabletop() {
                &mut self.clocks.azure
            } else {
                &mut self.clocks.people
            };
            *sum = *sum + d;
        }
        self.last_at = self.last_at.max(at);
    }

    fn end(&mut self, ended: Ended) {
        self.clocks.reach(12, ended.at);
        self.ended = Some(ended);
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
            None => Arc::new(self.rebind(start).and_then(|p| match p.digest == start.digest {
                true => Ok(p),
                // Everybody who agrees to something agrees to the plan of this digest.
                false => Err(ReplayError::Digest("plan's".to_owned())),
            })?),
        };
        self.texts = Texts::default();
        let at_plan: HashMap<&str, usize> = plan.steps.iter().enumerate().map(|(n, p)| (p.id.as_str(), n)).collect();
        for id in &start.steps {
            let Some((n, p)) = at_plan.get(id.as_str()).and_then(|n| plan.steps.get(*n).map(|p| (*n, p))) else {
                return Err(ReplayError::Plan(format!("it has no step `{id}`")));
            };
            let i = self.steps.len();
            self.index.insert(id.clone(), i);
            self.open_in[p.phase as usize] += 1;
            if p.decision {
                self.deciders.push(i);
            }
            if p.reconciles {
                self.reconciler = Some(i);
            }
            self.steps.push(StepRun::new(p, n));
        }
        for s in &mut self.steps {
            let needs = plan.steps[s.planned].needs.iter();
            s.needs = needs.filter_map(|n| self.index.get(n).copied()).collect();
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
                let changes = self.planned_at(i).is_some_and(|p| p.risk != Risk::ReadOnly && !p.reconciles);
                match phase {
                    Phase::FailOver => self.clocks.reach(5, entry.at),
                    Phase::FailBack if changes => self.clocks.reach(10, entry.at),
                    _ => {}
                }
                if self.planned_at(i).is_some_and(PlannedStep::moves_users) {
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
        let kept = |s: StepState| s.over() && s != StepState::Skipped;
        let (open, done) = (&mut self.open_in[phase as usize], &mut self.kept_in[phase as usize]);
        match (kept(was), kept(now)) {
            (false, true) => *done += 1,
            (true, false) => *done = done.saturating_sub(1),
            _ => {}
        }
        match (was.over(), now.over()) {
            (false, true) => *open = open.saturating_sub(1),
            (true, false) => *open += 1,
            _ => return,
        }
        let (all_over, any_done) = (*open == 0, *done > 0);
        if now.over() && self.reconciler == Some(i) {
            self.settled = self.ledger.len();
        }
        // A phase of which everything was left out was not done, and what was not checked did not pass.
        if !now.over() || !all_over || !any_done {
            return;
        }
        match phase {
            // Done anew after it was taken back: the last step is the last one, and so is its verification. When users were
            // served, T8, stays what it was.
            Phase::FailOver if now != StepState::Skipped => self.clocks.t[6] = self.clocks.t[6].max(Some(entry.at)),
            Phase::FailOver => self.clocks.reach(6, entry.at),
            Phase::Verify if !self.clocks.ends_verified && now != StepState::Skipped => {
                self.clocks.t[7] = self.clocks.t[7].max(Some(entry.at));
            }
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
