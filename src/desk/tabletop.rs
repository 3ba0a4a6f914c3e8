//! A tabletop: no Azure, simulated or other. Where something would be read or done, people say what is so.

use crate::rehearsal::scenario::Told;
use crate::run::command::StepCommand;
use crate::run::decide::Refusal;
use crate::run::event::{Actor, Facilitated, Mode};
use crate::run::state::Run;
use crate::runbook::model::StepId;
use crate::units::Millis;

use super::DeskError;
use super::mailbox::Mail;
use super::preview::Preview;
use super::protocol::StepIntent;
use super::supervisor::{Desk, Open};

/// Who answers for the systems when a script plays.
const PEOPLE: &str = "people";
/// How long they take.
const PEOPLE_TAKE: Millis = Millis::from_secs(20);

/// Whether nobody asks any Azure in this run.
pub(super) fn around_table(o: &Open) -> bool {
    o.session.mode == Mode::Tabletop
}

/// What people say when a step asks: the lines of the scenario for it one after another, the last one from then on.
fn says(lines: &[Told], run: &Run, step: &str) -> Facilitated {
    let asked = |f: &Facilitated| matches!(f, Facilitated::Answered { step: s, .. } if s == step);
    let before = run.facilitated.iter().filter(|(_, f)| asked(f)).count();
    let own: Vec<&Told> = lines.iter().filter(|t| t.step == step).collect();
    let line = own.get(before).or(own.last());
    let (ok, text) = line.map_or((Some(true), "as it should be, people say"), |t| (t.ok, t.text.as_str()));
    Facilitated::Answered { step: step.to_owned(), ok, text: text.to_owned() }
}

impl Desk {
    /// What the operator says around a table: nothing is read before, and nothing is sent. `None`: as in any run.
    pub(super) fn table_intent(&mut self, step: &str, intent: &StepIntent) -> Option<Result<(), DeskError>> {
        self.open.as_deref().filter(|o| around_table(o))?;
        let command = match intent {
            StepIntent::Preview { .. } => return Some(Ok(())),
            StepIntent::TakeBack { typed } => return Some(self.take_back_told(step, typed.clone())),
            StepIntent::Perform { option, typed } => StepCommand::Perform {
                changes: Vec::new(),
                guards: Vec::new(),
                option: option.clone(),
                typed: typed.clone(),
            },
            StepIntent::AskSecondPerson => {
                let undo = self.open.as_deref().is_some_and(|o| o.session.previews.get(step).is_some_and(|p| p.undo));
                let ask = |ticket| StepCommand::AskSecondPerson { changes: Vec::new(), undo, ticket };
                let asked = self.ticket().and_then(|t| self.step_as(self.me(), step, ask(t)));
                return Some(asked);
            }
            StepIntent::Retry { .. } => StepCommand::Reopen { reason: "tried again".to_owned() },
            _ => return None,
        };
        Some(self.step_as(self.me(), step, command))
    }

    /// There is nothing to look at before something is taken back; it is shown all the same, with what it takes.
    pub(super) fn look_back_told(&mut self, step: &str) -> Result<(), DeskError> {
        let o = self.opened()?;
        let run = &o.session.run;
        let i = run.position(step).ok_or_else(|| Refusal::NoStep(step.to_owned()))?;
        if !run.people_did(i) {
            // The run says why.
            let (changes, left, guards) = (Vec::new(), Vec::new(), Vec::new());
            return self.step_as(self.me(), step, StepCommand::Undo { changes, left, guards, typed: None });
        }
        let read_at = o.session.clock.now().utc;
        let notes = vec!["Around a table nothing is read: people say what comes of taking it back.".to_owned()];
        o.session
            .previews
            .insert(step.to_owned(), Preview { undo: true, told: true, read_at, notes, ..Preview::default() });
        Ok(())
    }

    fn take_back_told(&mut self, step: &str, typed: Option<String>) -> Result<(), DeskError> {
        if !self.seen(step)?.undo {
            return Err(DeskError::NotRead(step.to_owned()));
        }
        let (changes, left, guards) = (Vec::new(), Vec::new(), Vec::new());
        self.step_as(self.me(), step, StepCommand::Undo { changes, left, guards, typed })?;
        let session = &mut self.opened()?.session;
        if session.run.step(step).is_some_and(|s| s.own_state().busy()) {
            session.previews.remove(step);
        }
        Ok(())
    }

    /// When a script plays, people answer as the scenario says.
    pub(super) fn people_next(&mut self) {
        let Some(o) = self.open.as_deref_mut().filter(|o| around_table(o) && o.script.is_some()) else { return };
        let new: Vec<StepId> =
            o.session.run.questions().into_iter().filter(|s| o.answering.insert(s.clone())).collect();
        let Some(o) = self.open.as_deref() else { return };
        for step in new {
            let (mail, task) = self.hand(o);
            tokio::spawn(async move {
                task.sleep(PEOPLE_TAKE).await;
                mail.send(Mail::People(step));
            });
        }
    }

    /// It is said, if it is still asked.
    pub(super) fn people(&mut self, step: &str) -> Result<(), DeskError> {
        let o = self.opened()?;
        o.answering.remove(step);
        let Some(scenario) = o.session.scenario.as_ref() else { return Ok(()) };
        if !o.session.run.questions().iter().any(|s| s == step) {
            return Ok(());
        }
        let said = says(&scenario.tabletop.answers, &o.session.run, step);
        self.facilitated(Actor::Scenario(PEOPLE.to_owned()), said)
    }
}
