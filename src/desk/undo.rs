//! Taking a step back: looked at first, with its guards; then sent as it was seen, or shown anew.

use crate::run::approval;
use crate::run::command::StepCommand;
use crate::run::decide::Refusal;
use crate::run::event::StepState;
use crate::run::state::Run;

use super::DeskError;
use super::executor::Purpose;
use super::preview::Preview;
use super::protocol::StepIntent;
use super::steps::facts;
use super::supervisor::Desk;

/// Whether a look at taking back is one that can be gone on with.
pub fn wanted(run: &Run, step: &str, p: &Preview) -> bool {
    let stands = run.step(step).is_some_and(|s| matches!(s.own_state(), StepState::DoneByApp | StepState::Failed));
    let good = !p.changes.is_empty() && p.guards.iter().all(|g| g.ok == Some(true));
    p.undo && !p.reading && p.read_at != 0 && stands && good && run.holds_up(step).is_none()
}

impl Desk {
    /// Nothing that changes Azure may be left behind without its answer.
    pub(super) fn nothing_on_its_way(&self) -> Result<(), DeskError> {
        match self.open.as_deref().and_then(|o| o.on_its_way()) {
            Some(step) => Err(DeskError::OnItsWay(step.to_owned())),
            None => Ok(()),
        }
    }

    /// Reads what taking back would send.
    pub(super) fn look_back(&mut self, step: &str, purpose: Purpose) -> Result<(), DeskError> {
        let o = self.opened()?;
        let world = o.world.clone().ok_or(DeskError::NoRun)?;
        let (run, facts) = (&o.session.run, facts(o));
        let Some(applied) = run.step(step).map(|s| s.applied.clone()) else {
            return Err(Refusal::NoStep(step.to_owned()).into());
        };
        match o.session.previews.get_mut(step) {
            Some(seen) if purpose != Purpose::ShowUndo => (seen.reading, seen.again) = (true, true),
            seen => {
                // Other ways to do it are still offered where it failed.
                let options = seen.map(|p| std::mem::take(&mut p.options)).unwrap_or_default();
                let reading = Preview { reading: true, undo: true, options, ..Preview::default() };
                o.session.previews.insert(step.to_owned(), reading);
            }
        }
        world.look_back(step, applied, facts, purpose);
        Ok(())
    }

    /// It was looked at: shown, and said why when there is nothing to send.
    pub(super) fn show_undo(&mut self, step: &str, mut fresh: Preview) -> Result<(), DeskError> {
        let previews = &mut self.opened()?.session.previews;
        if let Some(seen) = previews.get_mut(step) {
            fresh.options = std::mem::take(&mut seen.options);
        }
        let refused = fresh
            .changes
            .is_empty()
            .then(|| Refusal::NothingToUndo { step: step.to_owned(), left: fresh.left.clone() });
        match refused {
            Some(r) => {
                previews.remove(step);
                Err(r.into())
            }
            None => {
                previews.insert(step.to_owned(), fresh);
                Ok(())
            }
        }
    }

    /// It was read once more: sent, if it is what the operator saw.
    pub(super) fn take_back(&mut self, step: &str, fresh: Preview, typed: Option<String>) -> Result<(), DeskError> {
        let me = self.me();
        let previews = &mut self.opened()?.session.previews;
        let same = previews.get(step).is_some_and(|seen| seen.changes == fresh.changes && seen.left == fresh.left);
        let (changes, left, guards) = (fresh.changes.clone(), fresh.left.clone(), fresh.guards.clone());
        self.show_undo(step, fresh)?;
        if !same {
            return Err(DeskError::Changed);
        }
        self.step_as(me, step, StepCommand::Undo { changes, left, guards, typed })?;
        if let Some(o) = self.open.as_deref_mut()
            && o.session.run.step(step).is_some_and(|s| s.own_state().busy())
        {
            o.session.previews.remove(step);
        }
        Ok(())
    }

    /// The scripted operator: looks, asks the second person where the runbook says so, then takes it back.
    pub(super) fn undo_scripted(&mut self, step: &str) -> Result<(), DeskError> {
        let o = self.opened()?;
        let run = &o.session.run;
        let Some(seen) = o.session.previews.get(step).filter(|p| wanted(run, step, p)) else {
            return self.intent(step, StepIntent::Undo);
        };
        let digest = approval::of_changes(run.start.as_ref().map_or("", |s| s.digest.as_str()), step, &seen.changes);
        let agreed = run.step(step).and_then(|s| s.approval()).is_some_and(|(d, _)| d == digest);
        let planned = run.planned(step);
        if planned.is_some_and(|p| p.second_person.is_some()) && !agreed {
            return self.intent(step, StepIntent::AskSecondPerson);
        }
        let typed = planned.and_then(|p| p.typed_name().map(str::to_owned));
        self.intent(step, StepIntent::TakeBack { typed })
    }
}
