//! One step of a run as far as it has come: its own fold over the entries that name it.

use crate::plan::model::PlannedStep;
use crate::runbook::model::{Phase, StepId};

use super::event::{Change, Entry, Event, Failure, Found, Reading, StepState};
use super::state::Note;

/// Code of the failure of a step during which Lifeboat itself ended.
pub const INTERRUPTED: &str = "Interrupted";

/// One step as far as it has come.
#[derive(Debug, Clone)]
pub struct StepRun {
    /// Id.
    pub id: StepId,
    pub(super) phase: Phase,
    /// Positions of the steps it needs.
    pub(super) needs: Vec<usize>,
    pub(super) own: StepState,
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
    /// What can be read was verified in the present attempt; where a person's word is asked as well, it is their turn.
    pub verified: bool,
    /// Why it is not known what became of the last request that was lost.
    pub unclear: Option<String>,
    /// A confirmation that waits for the second person.
    pub pending_word: Option<String>,
    /// What the present taking back leaves as it is, and why.
    pub left: Vec<String>,
    /// When it last led users elsewhere, and was not taken back since.
    pub moved_at: Option<i64>,
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
    /// `None`: no answer yet.
    pub answer: Option<Result<Approval, String>>,
    /// It is about taking back: where the step stood, and stands again once it is answered.
    pub back_to: Option<StepState>,
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
    pub(super) fn new(p: &PlannedStep) -> Self {
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
            verified: false,
            unclear: None,
            pending_word: None,
            left: Vec::new(),
            moved_at: None,
        }
    }

    /// The second person is asked about taking it back.
    pub fn asked_to_undo(&self) -> bool {
        self.own == StepState::AwaitingApproval && self.asked.as_ref().is_some_and(|a| a.back_to.is_some())
    }

    /// A request of it is on its way: sent, perhaps, and not answered.
    pub fn on_its_way(&self) -> bool {
        self.changes.iter().any(|c| c.state == ChangeState::Intended)
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
        if self.changes.iter().any(|c| c.state == ChangeState::Indeterminate) {
            StepState::Indeterminate
        } else if self.failure.is_some() {
            StepState::Failed
        } else {
            StepState::Ready
        }
    }

    fn end(&mut self, at: i64, state: StepState) {
        self.own = state;
        self.ended_at = Some(at);
        self.interrupted = false;
    }

    pub(super) fn apply(&mut self, entry: &Entry) {
        let at = entry.at;
        let who = || entry.actor.display().to_owned();
        let say = |said: &mut Vec<Note>, text: String| said.push(Note { at, who: who(), text });
        match &entry.event {
            Event::ApprovalRequested { digest, what, undo } => {
                let back_to = undo.then_some(self.own);
                self.asked = Some(Asked { digest: digest.clone(), what: what.clone(), at, answer: None, back_to });
                self.own = StepState::AwaitingApproval;
            }
            Event::Approved { method, label, .. } => {
                if let Some(a) = &mut self.asked {
                    a.answer = Some(Ok(Approval { by: who(), method: method.clone(), label: label.clone(), at }));
                }
                self.own = self.asked.as_ref().and_then(|a| a.back_to).unwrap_or(StepState::Ready);
                say(&mut self.said, format!("agreed ({label})"));
            }
            Event::Denied { reason, .. } => {
                if let Some(a) = &mut self.asked {
                    a.answer = Some(Err(reason.clone()));
                }
                self.own = self.asked.as_ref().and_then(|a| a.back_to).unwrap_or_else(|| self.before_asking());
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
                self.ended_at = None;
                self.interrupted = false;
                self.verified = false;
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
            }
            _ => {}
        }
    }
}
