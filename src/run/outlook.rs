//! What a run waits for: which step is blocked, which one is in front of the operator, what the app may begin by itself.

use crate::plan::model::PlannedStep;
use crate::rehearsal::scenario::Choice;
use crate::runbook::model::{Phase, StepId};

use super::event::{Mode, StepState};
use super::state::Run;

impl Run {
    /// Where a step stands, blocked included.
    pub fn state(&self, i: usize) -> StepState {
        let s = &self.steps[i];
        if s.own == StepState::Ready && self.blocked(i) { StepState::Blocked } else { s.own }
    }

    /// Phases come one after another, and a step waits for what it needs. A gate that does not hold is a step that is not
    /// over, so that no later phase begins; one that is taken back closes the later phases again.
    pub(super) fn blocked(&self, i: usize) -> bool {
        let s = &self.steps[i];
        self.open_in[..s.phase as usize].iter().any(|n| *n > 0) || s.needs.iter().any(|n| !self.steps[*n].own.over())
    }

    fn still_open(&self) -> impl Iterator<Item = usize> {
        (0..self.steps.len()).filter(|i| !self.steps[*i].own.over())
    }

    /// The step that concerns the operator now: one that failed, else the first that waits for a person, else the first open one.
    pub fn current(&self) -> Option<usize> {
        self.still_open()
            .find(|i| matches!(self.steps[*i].own, StepState::Failed | StepState::Indeterminate))
            .or_else(|| self.waits_for_a_person())
            .or_else(|| self.still_open().next())
    }

    /// Changes are made one after another; those of one group side by side.
    fn waits_for_a_person(&self) -> Option<usize> {
        let turn = |i: &usize| {
            matches!(self.state(*i), StepState::Ready | StepState::Undone | StepState::AwaitingApproval)
                && (self.waits_for_word(*i) || !self.planned_at(*i).is_some_and(PlannedStep::automatic))
        };
        let asked = |i: usize| self.steps[i].own == StepState::AwaitingApproval;
        let first = self.still_open().find(turn)?;
        if asked(first) {
            // While the second person thinks about one of a group, its neighbour can be gone on with.
            let beside = self.still_open().filter(turn).find(|i| !asked(*i) && self.together(first, *i));
            return beside.or(Some(first));
        }
        let changes = self.planned_at(first).is_some_and(|p| p.action.is_some());
        let before = self.changing().find(|w| *w < first && !self.together(*w, first));
        before.filter(|_| changes).or(Some(first))
    }

    /// Steps that are changing something in Azure, or check what they changed.
    pub(super) fn changing(&self) -> impl Iterator<Item = usize> {
        let busy = (0..self.steps.len()).filter(|i| self.steps[*i].own.busy()).take(self.busy);
        busy.filter(|i| !self.steps[*i].changes.is_empty())
    }

    /// Both are of one group: they may be done at the same time.
    pub(super) fn together(&self, a: usize, b: usize) -> bool {
        let group = |i: usize| self.planned_at(i).and_then(|p| p.group.as_deref());
        group(a).is_some() && group(a) == group(b)
    }

    /// Steps the app may begin by itself: ready, reading only, and nothing stands failed or paused. In a tabletop nothing is
    /// read: people answer.
    pub fn automatic(&self) -> Vec<StepId> {
        let halted = self.paused.is_some()
            || self.ended.is_some()
            || self.handed_over.is_some()
            || self.tabletop()
            || self.steps.iter().any(|s| matches!(s.own, StepState::Failed | StepState::Indeterminate));
        if halted {
            return Vec::new();
        }
        (0..self.steps.len())
            .filter(|i| !self.steps[*i].verified && self.planned_at(*i).is_some_and(PlannedStep::automatic))
            .filter(|i| self.state(*i) == StepState::Ready)
            .map(|i| self.steps[i].id.clone())
            .collect()
    }

    /// Steps of a tabletop that wait for what people say in a system's place: whatever would only be read, and what the
    /// operator has said they do.
    pub fn questions(&self) -> Vec<StepId> {
        let asks = |i: &usize| self.waits_for_answer(*i);
        (0..self.steps.len()).filter(asks).map(|i| self.steps[i].id.clone()).collect()
    }

    pub(super) fn waits_for_answer(&self, i: usize) -> bool {
        let s = &self.steps[i];
        let read_only = || !s.verified && self.planned_at(i).is_some_and(PlannedStep::automatic);
        self.open()
            && self.tabletop()
            && match self.state(i) {
                StepState::Verifying => true,
                StepState::Ready | StepState::Undone => read_only(),
                _ => false,
            }
    }

    /// It is a person's turn to say that the step is so: nothing can be read about it, or what can be was verified.
    pub fn waits_for_word(&self, i: usize) -> bool {
        self.planned_at(i).is_some_and(|p| p.asks_a_person() || (self.steps[i].verified && p.asks_a_word_too()))
    }

    /// It was decided to move users, all or a part, and whoever had to agree has agreed.
    pub fn moving_is_decided(&self) -> bool {
        let moves = self.decision.as_ref().is_some_and(|d| matches!(d.choice, Choice::FailOver | Choice::Partial));
        moves && self.deciders.iter().any(|i| self.steps[*i].own == StepState::DoneByHand)
    }

    /// Steps over, and all.
    pub fn progress(&self) -> (usize, usize) {
        (self.steps.iter().filter(|s| s.own.over()).count(), self.steps.len())
    }

    /// Whether all steps of a phase are over (a phase without steps is).
    pub fn phase_over(&self, phase: Phase) -> bool {
        self.open_in[phase as usize] == 0
    }

    /// Whether it goes on.
    pub fn open(&self) -> bool {
        self.start.is_some() && self.ended.is_none()
    }

    /// How much of the world it can touch; none before the start.
    pub fn mode(&self) -> Option<Mode> {
        self.start.as_ref().map(|s| s.mode)
    }

    /// People answer for the systems.
    pub fn tabletop(&self) -> bool {
        self.mode() == Some(Mode::Tabletop)
    }

    pub(super) fn rehearsed(&self) -> bool {
        matches!(self.mode(), Some(Mode::Rehearsal | Mode::Tabletop))
    }
}
