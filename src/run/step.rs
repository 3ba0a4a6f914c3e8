//! One step of a run as far as it has come: its own fold over the entries that name it.

use crate::plan::model::PlannedStep;
use crate::runbook::model::{Phase, StepId};

use super::event::{Change, Entry, Event, Failure, Found, Reading, StepState};
use super::state::Note;

/// Name of the evidence that is a person's word: it waits for the second person where one is asked.
pub(super) const WORD: &str = "a person's word";

/// Code of the failure of a step during which Lifeboat itself ended.
pub const INTERRUPTED: &str = "Interrupted";

/// One step as far as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRun {
    /// Id.
    pub id: StepId,
    pub(super) phase: Phase,
    /// Position in the plan.
    pub(super) planned: usize,
    /// Positions of the steps it needs.
    pub(super) needs: Vec<usize>,
    pub(super) own: StepState,
    /// First begun.
    pub started_at: Option<i64>,
    /// Last begun, to do it.
    pub begun_at: Option<i64>,
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
    /// What can be read was verified in the present attempt; where a person's word is asked as well, it is their turn.
    pub verified: bool,
    /// Why it is not known what became of the last request that was lost.
    pub unclear: Option<String>,
    /// A confirmation that waits for the second person.
    pub pending_word: Option<String>,
    /// Guards that two people set aside for the present attempt.
    pub glass: Vec<SetAside>,
    /// What was agreed to before it was asked about a guard: it holds again once that is answered.
    kept: Option<Box<Asked>>,
    /// What the present taking back leaves as it is, and why.
    pub left: Vec<String>,
    /// When it last led users elsewhere, and was not taken back since.
    pub moved_at: Option<i64>,
    /// Which of its instructions are shown, where that was chosen for it alone.
    degraded: Option<bool>,
}

/// One request of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRun {
    /// The request.
    pub change: Change,
    /// How far it came.
    pub state: ChangeState,
    /// When its answer was given up.
    pub lost_at: Option<i64>,
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
    /// What makes the request one of a kind.
    pub nonce: String,
    /// Until when it can be answered.
    pub until: Option<i64>,
    /// It is about setting this guard aside.
    pub glass: Option<String>,
    /// `None`: no answer yet.
    pub answer: Option<Result<Approval, String>>,
    /// It is about taking back, or about a guard: where the step stood, and stands again once it is answered.
    pub back_to: Option<StepState>,
    /// What was agreed to was begun: the next attempt is asked about anew.
    pub used: bool,
}

/// A guard that two people set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Guard, by its name.
    pub guard: String,
    /// Why.
    pub reason: String,
    /// The question that was agreed to.
    pub asked: Asked,
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

impl StepRun {
    pub(super) fn new(p: &PlannedStep, planned: usize) -> Self {
        Self {
            id: p.id.clone(),
            phase: p.phase,
            planned,
            needs: Vec::new(),
            own: StepState::Ready,
            started_at: None,
            begun_at: None,
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
            verified: false,
            unclear: None,
            pending_word: None,
            glass: Vec::new(),
            kept: None,
            left: Vec::new(),
            moved_at: None,
            degraded: None,
        }
    }

    /// Its degraded instructions are shown: chosen for it alone, or for the whole run.
    pub fn degraded(&self, run: bool) -> bool {
        self.degraded.unwrap_or(run)
    }

    /// What was chosen for the whole run holds for it again.
    pub(super) fn as_the_run(&mut self) {
        self.degraded = None;
    }

    /// The second person is asked about taking it back.
    pub fn asked_to_undo(&self) -> bool {
        self.own == StepState::AwaitingApproval && self.asked.as_ref().is_some_and(|a| a.back_to.is_some())
    }

    /// A request of it is on its way: sent, perhaps, and not answered.
    pub fn on_its_way(&self) -> bool {
        self.changes.iter().any(|c| c.state == ChangeState::Intended)
    }

    /// It is not known what became of a request of it, or what will.
    pub(super) fn is_unclear(&self) -> bool {
        let open = |s: &ChangeState| {
            matches!(s, ChangeState::Intended | ChangeState::Accepted(_) | ChangeState::Indeterminate)
        };
        self.changes.iter().any(|c| open(&c.state))
    }

    /// Something of it can be taken back: done, failed, or gone on with by hand or left out after requests worked.
    pub fn can_go_back(&self) -> bool {
        match self.own {
            StepState::DoneByApp | StepState::Failed => true,
            StepState::DoneByHand | StepState::Skipped => !self.applied.is_empty(),
            _ => false,
        }
    }

    /// Nothing will ever show what became of what it sent.
    pub fn never_known(&self) -> bool {
        let mut unclear = self.changes.iter().filter(|c| c.state == ChangeState::Indeterminate).peekable();
        unclear.peek().is_some() && unclear.all(|c| !c.change.can_be_read_back())
    }

    /// State without regard to what it waits for.
    pub fn own_state(&self) -> StepState {
        self.own
    }

    /// Its phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What was agreed to and not begun yet.
    pub fn in_force(&self) -> Option<&Asked> {
        self.asked.as_ref().filter(|a| !a.used && matches!(a.answer, Some(Ok(_))))
    }

    /// Everything that was agreed to and not used: to do it, before that a guard was asked about, or to set one aside.
    pub(super) fn unused(&self) -> impl Iterator<Item = &Asked> {
        self.in_force().into_iter().chain(self.kept.as_deref()).chain(self.glass.iter().map(|s| &s.asked))
    }

    /// The approval that was given last, if any.
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

    /// A request worked; when it was the last, checking comes next. One that takes back leaves less to take back.
    fn change_done(&mut self, n: u32) {
        self.set_change(n, ChangeState::Done);
        if let Some(c) = self.changes.get(n as usize) {
            if !self.undoing {
                self.applied.push(c.change.clone());
            } else if let Some(back) = self.applied.iter().rposition(|a| a.url == c.change.url) {
                self.applied.remove(back);
            }
        }
        self.own = if self.changes.iter().all(|c| c.state == ChangeState::Done) {
            StepState::Verifying
        } else {
            StepState::Running
        };
    }

    /// Where a step stands again when the second person refuses: what is unclear stays unclear.
    fn before_asking(&self) -> StepState {
        if self.is_unclear() {
            StepState::Indeterminate
        } else if self.failure.is_some() {
            StepState::Failed
        } else {
            StepState::Ready
        }
    }

    /// It stands again where it stood before the second person was asked, without their agreement.
    fn answered(&mut self) {
        self.own = self.asked.as_ref().and_then(|a| a.back_to).unwrap_or_else(|| self.before_asking());
        self.pending_word = None;
        if self.asked.as_ref().is_some_and(|a| a.glass.is_some() || a.answer.is_none()) {
            self.asked = self.kept.take().map(|k| *k);
        }
    }

    /// It is begun, or over: what was agreed to for it is used.
    fn use_up(&mut self) {
        self.glass.clear();
        self.kept = None;
        if let Some(a) = &mut self.asked {
            a.used |= a.answer.is_some();
        }
    }

    /// Whoever goes on with the run has nobody's agreement.
    pub(super) fn taken_over(&mut self) {
        self.glass.clear();
        self.kept = None;
    }

    fn end(&mut self, at: i64, state: StepState) {
        self.use_up();
        self.own = state;
        self.ended_at = Some(at);
        self.interrupted = false;
    }

    pub(super) fn apply(&mut self, entry: &Entry) {
        let at = entry.at;
        let who = || entry.actor.display().to_owned();
        let say = |said: &mut Vec<Note>, text: String| said.push(Note { at, who: who(), text });
        match &entry.event {
            Event::ApprovalRequested { digest, what, undo, nonce, until, glass } => {
                let back_to = (*undo || glass.is_some()).then_some(self.own);
                let agreed = |a: &Asked| a.glass.is_none() && !a.used && matches!(a.answer, Some(Ok(_)));
                self.kept = self.asked.take().filter(|a| glass.is_some() && agreed(a)).map(Box::new);
                self.asked = Some(Asked {
                    digest: digest.clone(),
                    what: what.clone(),
                    at,
                    nonce: nonce.clone(),
                    until: *until,
                    glass: glass.clone(),
                    answer: None,
                    back_to,
                    used: false,
                });
                self.own = StepState::AwaitingApproval;
            }
            Event::Approved { method, label, .. } => {
                if let Some(a) = &mut self.asked {
                    a.answer = Some(Ok(Approval { by: who(), method: method.clone(), label: label.clone(), at }));
                }
                // Whoever agreed to a word has not settled what became of a request: until the word stands in the record, it is
                // read back.
                let before = if self.is_unclear() { StepState::Indeterminate } else { StepState::Ready };
                self.own = self.asked.as_ref().and_then(|a| a.back_to).unwrap_or(before);
                say(&mut self.said, format!("agreed ({label})"));
            }
            Event::Denied { reason, .. } => {
                if let Some(a) = &mut self.asked {
                    a.answer = Some(Err(reason.clone()));
                }
                self.answered();
                say(&mut self.said, format!("refused: {reason}"));
            }
            Event::ApprovalVoided { why, digest } => {
                self.glass.retain(|s| s.asked.digest != *digest);
                self.kept.take_if(|k| k.digest == *digest);
                if self.asked.as_ref().is_some_and(|a| a.digest == *digest) {
                    if self.own == StepState::AwaitingApproval {
                        self.answered();
                    } else {
                        self.asked = None;
                    }
                }
                say(&mut self.said, format!("approval void: {why}"));
            }
            Event::Degraded { degraded } => self.degraded = Some(*degraded),
            Event::Evidence(e) if e.name == WORD => self.pending_word = Some(e.text.clone()),
            Event::GlassBroken { guard, reason } => {
                let asked = std::mem::replace(&mut self.asked, self.kept.take().map(|k| *k));
                self.glass.extend(asked.map(|asked| SetAside { guard: guard.clone(), reason: reason.clone(), asked }));
                self.pending_word = None;
                say(&mut self.said, format!("glass broken, “{guard}” set aside: {reason}"));
            }
            Event::Deviation { reason, .. } => say(&mut self.said, format!("deviation: {reason}")),
            Event::Decided { choice, reason, .. } => {
                say(&mut self.said, format!("{}: {reason}", choice.display()));
            }
            Event::StepStarted { changes, guards, undo, left, .. } => {
                let planned = |c: &Change| ChangeRun { change: c.clone(), state: ChangeState::Planned, lost_at: None };
                self.changes = changes.iter().map(planned).collect();
                self.left.clone_from(left);
                self.guards.clone_from(guards);
                self.undoing = *undo;
                self.attempts += 1;
                self.failure = None;
                self.readings.clear();
                self.started_at.get_or_insert(at);
                if !undo {
                    self.begun_at = Some(at);
                }
                self.ended_at = None;
                self.interrupted = false;
                self.verified = false;
                // Agreed to for this attempt, which is now; the next one asks anew.
                self.use_up();
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
            Event::ActionIndeterminate { n, why } => {
                self.set_change(*n, ChangeState::Indeterminate);
                if let Some(c) = self.change(*n) {
                    c.lost_at = Some(at);
                }
                self.unclear = Some(why.clone());
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
            Event::StepVerified { readings } => {
                self.readings.clone_from(readings);
                self.verified = true;
                self.own = StepState::Ready;
            }
            Event::StepDoneByApp => {
                self.said.extend(self.pending_word.take().map(|text| Note { at, who: who(), text }));
                self.end(at, StepState::DoneByApp);
            }
            Event::StepDoneByHand { evidence } => {
                say(&mut self.said, evidence.clone());
                self.failure = None;
                self.pending_word = None;
                self.started_at.get_or_insert(at);
                self.begun_at = Some(at);
                self.end(at, StepState::DoneByHand);
            }
            Event::StepAlreadyTrue { readings } => {
                self.said.extend(self.pending_word.take().map(|text| Note { at, who: who(), text }));
                self.readings.clone_from(readings);
                self.end(at, StepState::AlreadyTrue);
            }
            Event::StepFailed { failure, readings } => {
                self.failure = Some(failure.clone());
                if !readings.is_empty() {
                    self.readings.clone_from(readings);
                }
                // Lifeboat's own end is no failure of the step.
                self.failures += u32::from(failure.code != INTERRUPTED);
                self.end(at, StepState::Failed);
            }
            Event::StepSkipped { reason } => {
                say(&mut self.said, format!("skipped: {reason}"));
                self.end(at, StepState::Skipped);
            }
            Event::StepUndone => {
                self.applied.clear();
                self.moved_at = None;
                self.asked = None;
                // What was verified is that it is gone.
                self.verified = false;
                self.end(at, StepState::Undone);
            }
            Event::StepReopened { reason } => {
                say(&mut self.said, format!("begun anew: {reason}"));
                if self.own == StepState::AwaitingApproval {
                    // The question is withdrawn.
                    self.asked = None;
                    self.pending_word = None;
                }
                // What nothing can show is let go of; its record stays.
                self.changes.retain(|c| c.state != ChangeState::Indeterminate);
                self.own = StepState::Ready;
                self.failure = None;
                self.ended_at = None;
                self.glass.clear();
            }
            _ => {}
        }
    }
}
