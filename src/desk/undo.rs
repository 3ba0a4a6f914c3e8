//! Taking a step back: looked at first, with its guards; then sent as it was seen, or shown anew.
//!
//! Several are taken back one at a time, the newest first. Only the looking goes on by itself: each is the operator's to
//! confirm, with everything that is asked for one alone.

use crate::run::command::StepCommand;
use crate::run::decide::Refusal;
use crate::run::event::StepState;
use crate::run::state::Run;
use crate::runbook::model::StepId;

use super::DeskError;
use super::executor::Purpose;
use super::preview::Preview;
use super::steps::facts;
use super::supervisor::Desk;
use super::tabletop::around_table;

/// Whether a look at taking back is one that can be gone on with.
pub fn wanted(run: &Run, step: &str, p: &Preview) -> bool {
    let around_table = p.told && run.step(step).is_some_and(|s| s.own_state() == StepState::DoneByHand);
    let stands = around_table || run.step(step).is_some_and(|s| s.can_go_back());
    let good = (p.told || !p.changes.is_empty()) && p.guards.iter().all(|g| g.ok == Some(true));
    p.undo && !p.reading && p.read_at != 0 && stands && good && run.holds_up(step).is_none()
}

/// Steps that are being taken back one by one. An intention of whoever sits here, and no state of the run: after a
/// restart it is said anew.
pub(super) struct TakingBack {
    /// The next first.
    pub left: Vec<StepId>,
    /// Attempts at the next one when it was first looked at.
    attempts: u32,
    /// When that was.
    since: i64,
}

/// How far the next of several has come.
enum Stage {
    /// Looked at, or at work.
    Under,
    Undone,
    /// Why it does not go on.
    Over(&'static str),
}

impl TakingBack {
    fn stage(&self, run: &Run, preview: Option<&Preview>) -> Stage {
        let Some(step) = self.left.first().and_then(|id| run.step(id)) else { return Stage::Over("nothing is left") };
        let refused = |a: &crate::run::state::Asked| matches!(a.answer, Some(Err(_))) && a.at >= self.since;
        // Around a table whatever is done was done by people.
        let stands = step.can_go_back() || run.tabletop() && step.own_state() == StepState::DoneByHand;
        match step.own_state() {
            StepState::Undone => Stage::Undone,
            StepState::Failed if step.attempts > self.attempts => Stage::Over("it could not be taken back"),
            _ if stands && step.asked.as_ref().is_some_and(refused) => Stage::Over("the second person refused"),
            _ if stands => match preview.filter(|p| p.undo) {
                None => Stage::Over("it is left as it is"),
                Some(p) if !p.reading && p.read_at == 0 => Stage::Over("what it would change could not be read"),
                Some(_) => Stage::Under,
            },
            s if s.busy() || matches!(s, StepState::AwaitingApproval | StepState::Indeterminate) => Stage::Under,
            _ => Stage::Over("it was gone on with in another way"),
        }
    }
}

impl Desk {
    /// Takes back a step and what was done since, the newest first.
    pub(super) fn take_back_to(&mut self, to: &str) -> Result<(), DeskError> {
        let run = &self.opened()?.session.run;
        if run.step(to).is_none() {
            return Err(Refusal::NoStep(to.to_owned()).into());
        }
        let left = run.undo_order(to);
        if !left.iter().any(|id| id == to) {
            return Err(Refusal::NothingToUndo { step: to.to_owned(), left: Vec::new() }.into());
        }
        self.opened()?.taking_back = Some(TakingBack { left, attempts: 0, since: 0 });
        self.look_at_next()
    }

    /// Shows what taking the next one back would change.
    fn look_at_next(&mut self) -> Result<(), DeskError> {
        let o = self.opened()?;
        let Some(t) = o.taking_back.as_mut() else { return Ok(()) };
        let Some(step) = t.left.first().cloned() else { return Ok(()) };
        t.attempts = o.session.run.step(&step).map_or(0, |s| s.attempts);
        t.since = o.session.clock.now().utc;
        o.session.problems.remove(&step);
        let looked = self.look_back(&step, Purpose::ShowUndo);
        if looked.is_err() {
            self.opened()?.taking_back = None;
        }
        looked
    }

    /// Of several that are taken back: after one is, the next; where it does not go on, no more of it.
    pub(super) fn go_on_taking_back(&mut self) {
        let Some(o) = self.open.as_deref_mut() else { return };
        let Some(t) = o.taking_back.as_mut() else { return };
        let preview = t.left.first().and_then(|id| o.session.previews.get(id));
        match t.stage(&o.session.run, preview) {
            Stage::Under => {}
            Stage::Undone => {
                t.left.remove(0);
                if t.left.is_empty() {
                    o.taking_back = None;
                    self.say("everything that was to be taken back is".to_owned());
                } else if let Err(e) = self.look_at_next() {
                    self.problem(&e);
                }
            }
            Stage::Over(why) => {
                let text = format!(
                    "taking back ends at {}: {why}; still done: {}",
                    t.left.first().map_or("", String::as_str),
                    t.left.join(", ")
                );
                o.taking_back = None;
                self.say(text);
            }
        }
    }

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
        if around_table(o) {
            return self.look_back_told(step);
        }
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
}
