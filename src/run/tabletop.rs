//! A tabletop: nothing is read and nothing is sent. What a system would answer people say, and a step is done by that.

use super::decide::{Refusal, text};
use super::event::{Event, Facilitated, Failure, Mode, Reading, StepState};
use super::rules::{Step, started};
use super::state::Run;
use crate::runbook::model::Undo;

/// Source of a reading that people gave.
pub const PEOPLE: &str = "people";

/// Whether a facilitator may do this here: only a rehearsal has one, and only in a tabletop people answer for systems.
pub(super) fn allowed(run: &Run, f: &Facilitated) -> Result<(), Refusal> {
    let answers = matches!(f, Facilitated::Answered { .. });
    match run.mode() {
        Some(Mode::Tabletop) => Ok(()),
        Some(Mode::Rehearsal) if !answers => Ok(()),
        _ => Err(Refusal::NotFacilitated(run.mode().map_or("", Mode::word))),
    }
}

impl Run {
    /// Around a table: what people did, and can take back. Nothing was sent, so that it goes by their word alone.
    pub fn people_did(&self, i: usize) -> bool {
        let Some((s, p)) = self.steps.get(i).zip(self.planned_at(i)) else { return false };
        let done = s.own_state() == StepState::DoneByHand || (s.own_state() == StepState::Failed && s.undoing);
        let can = p.action.is_some() && matches!(p.undo, Undo::RestorePrevious | Undo::DeleteCreated);
        self.tabletop() && done && can
    }
}

impl Step<'_> {
    /// Whether people may take it back, and else why not.
    pub(super) fn people_can_take_it_back(&self) -> Result<(), Refusal> {
        if self.run.people_did(self.i) {
            return Ok(());
        }
        let left = match &self.planned.undo {
            Undo::Impossible => vec!["it is done for good.".to_owned()],
            Undo::ByHand(how) => vec![format!("by hand it goes so: {how}")],
            _ => vec![format!("it is {}.", self.state().word())],
        };
        Err(Refusal::NothingToUndo { step: self.step.id.clone(), left })
    }

    /// The operator says that they take it back; it is as guarded as it was, and people say what comes of it.
    pub(super) fn told_back(&mut self, typed: Option<&str>) -> Result<(), Refusal> {
        if let Some(by) = self.run.holds_up(&self.step.id) {
            return Err(Refusal::HoldsUp { step: self.step.id.clone(), by: by.id.clone() });
        }
        // Around a table nothing is sent either way: what was agreed to when it was done is not an agreement to this.
        let about_this = self.step.asked.as_ref().is_some_and(|a| a.back_to.is_some());
        if self.planned.second_person.is_some() && !about_this {
            return Err(Refusal::NeedsApproval(self.step.id.clone()));
        }
        if !self.agreed(&[])? {
            return Ok(());
        }
        self.named(typed)?;
        let (changes, guards, left) = (Vec::new(), Vec::new(), Vec::new());
        self.push(Event::StepStarted { changes, guards, option: None, undo: true, left });
        Ok(())
    }

    /// The operator says that they do it. Guards and requests there are none; agreement and decision are asked as ever.
    pub(super) fn told(&mut self, option: Option<&String>) {
        if let Some(o) = option {
            self.with_option(o);
        }
        self.state_loss();
        self.push(started(Vec::new(), Vec::new(), option.cloned()));
    }

    /// What people say in the systems' place.
    pub(super) fn answered(&mut self, ok: Option<bool>, said: &str) -> Result<(), Refusal> {
        if !self.run.waits_for_answer(self.i) {
            return self.refuse("answering in a system's place");
        }
        let said = text("what is seen", said)?;
        if self.state() != StepState::Verifying {
            self.not_paused()?;
            self.push(started(Vec::new(), Vec::new(), None));
        }
        let readings = vec![Reading {
            name: self.planned.title.clone(),
            value: said.clone(),
            ok,
            source: PEOPLE.to_owned(),
            at_utc: self.now,
            latency: None,
            raw: None,
        }];
        let failure = |code: &str, message: String| Failure {
            code: code.to_owned(),
            message,
            next: "Try again when it should be so, go another way by hand, or skip it with a reason.".to_owned(),
        };
        match ok {
            Some(true) if self.step.undoing && self.state() == StepState::Verifying => {
                self.push(Event::StepVerified { readings });
                self.push(Event::StepUndone);
            }
            Some(true) if self.planned.must_hold && !self.planned.asks_a_word_too() => {
                self.push(Event::StepAlreadyTrue { readings });
            }
            Some(true) => {
                self.push(Event::StepVerified { readings });
                if !self.planned.asks_a_word_too() {
                    self.push(Event::StepDoneByHand { evidence: said });
                }
            }
            Some(false) => {
                self.push(Event::StepFailed { failure: failure("NotSo", format!("it is not so: {said}")), readings });
            }
            None => {
                let message = format!("nobody can tell whether it is so: {said}");
                self.push(Event::StepFailed { failure: failure("NobodyCanTell", message), readings });
            }
        }
        Ok(())
    }
}
