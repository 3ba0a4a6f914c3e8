//! The scripted operator and second person of a rehearsal: the same commands as people's, after as long as people take.

use crate::clock::Speed;
use crate::rehearsal::scenario::Reply;
use crate::rehearsal::schedule;
use crate::rehearsal::script::Move;
use crate::rehearsal::things::{Deed, Hand};
use crate::run::approval;
use crate::run::command::{Command as Order, StepCommand};
use crate::run::event::{Actor, Mode, StepState};
use crate::run::state::StepRun;
use crate::runbook::model::StepId;
use crate::units::Millis;

use super::DeskError;
use super::mailbox::Mail;
use super::preview::Preview;
use super::protocol::StepIntent;
use super::supervisor::{Desk, Open};
use super::tabletop::around_table;
use super::undo::wanted;

/// Who agrees in a rehearsal where nobody has a key.
const SCRIPTED: &str = "second person (scripted)";
/// How long the scripted second person takes when no scenario says.
const ANSWERS_AFTER: Millis = Millis::from_secs(40);
/// Name of what the scripted operator pastes as evidence.
const EVIDENCE: &str = "pasted";
/// How long the scripted operator looks at what taking back would change.
const SCRIPTED_LOOK: Millis = Millis::from_secs(20);

/// Who can agree in a rehearsal; the one who is asked first comes first.
pub(super) fn approvers(o: &Open) -> Vec<&str> {
    let named = o.session.scenario.as_ref().map(|s| s.approvers.as_slice()).unwrap_or_default();
    if named.is_empty() { vec![SCRIPTED] } else { named.iter().map(String::as_str).collect() }
}

/// The first of them who can be reached.
fn reached(o: &Open) -> Option<&str> {
    let away = schedule::away(&o.session.run);
    approvers(o).into_iter().find(|a| !away.contains(a))
}

impl Desk {
    /// In a rehearsal nobody has a portal to go to: what the scenario says is done by hand for a step is done in the
    /// simulated Azure once the run has taken the word for it, and before anything is read to see that it is so.
    pub(super) fn by_hand(&mut self, step: &str, command: StepCommand) -> Result<(), DeskError> {
        let (me, deeds) = (self.me(), self.deeds(step));
        let effects = self.opened()?.session.order(me, Order::Step(step.to_owned(), command))?;
        self.do_deeds(step, &deeds);
        effects.into_iter().for_each(|e| self.begin_effect(e));
        Ok(())
    }

    /// What the scenario says is done by hand for a step that is not begun.
    fn deeds(&self, step: &str) -> Vec<Deed> {
        let Some(o) = self.open.as_deref() else { return Vec::new() };
        let strategy = o.session.run.plan.as_ref().map(|p| p.strategy);
        let here =
            |h: &&Hand| h.step == step && (h.only_in.is_empty() || strategy.is_some_and(|s| h.only_in.contains(&s)));
        let begun = o.session.run.step(step).is_none_or(|s| {
            s.verified || !matches!(s.own_state(), StepState::Ready | StepState::Undone | StepState::Failed)
        });
        if begun { Vec::new() } else { o.hands.iter().filter(here).flat_map(|h| h.does.clone()).collect() }
    }

    fn do_deeds(&mut self, step: &str, deeds: &[Deed]) {
        let simulator = self.open.as_deref().and_then(|o| o.simulator.as_ref());
        let Some(simulator) = simulator.filter(|_| !deeds.is_empty()) else { return };
        match simulator.by_hand(deeds) {
            Ok(refused) => {
                self.say(format!("what {step} asks of a person was done in the simulated Azure"));
                refused.into_iter().for_each(|r| self.say(format!("by hand for {step}, refused: {r}")));
            }
            Err(e) => self.problem(&e.into()),
        }
    }

    /// Thinks of the scripted operator's next move, and makes it after as long as a person would take.
    pub(super) fn script_next(&mut self) {
        let Some(o) = self.open.as_deref_mut() else { return };
        if o.moving {
            return;
        }
        let Some(script) = o.script.as_mut() else { return };
        // A look in progress comes first, and the time that a guard asks for.
        let now = o.session.clock.now().utc;
        if o.session.previews.values().any(|p| p.reading || p.waits(now)) {
            return;
        }
        let back = o.session.previews.iter().find(|(id, p)| wanted(&o.session.run, id, p));
        let back = back.map(|(id, _)| Move::new(id, Reply::Undo, SCRIPTED_LOOK));
        let Some(next) = back.or_else(|| script.next(&o.session.run)) else { return };
        o.moving = true;
        let Some(o) = self.open.as_deref() else { return };
        let (mail, task) = self.hand(o);
        tokio::spawn(async move {
            let until = next.not_before.map_or(Millis(0), |at| at.saturating_sub(Millis(task.now().mono)));
            task.sleep(next.takes.max(until)).await;
            mail.send(Mail::Move(next));
        });
    }

    /// The scripted operator's hand: the same commands as a person's.
    pub(super) fn do_move(&mut self, m: Move) -> Result<(), DeskError> {
        let decision = self
            .opened()?
            .session
            .run
            .plan
            .as_ref()
            .and_then(|p| p.steps.iter().find(|s| s.decision).map(|s| s.id.clone()));
        // The script needs no picture.
        self.opened()?.session.previews.values_mut().for_each(|p| p.shown = true);
        let step = m.step;
        match m.reply {
            Reply::Perform => self.perform_scripted(&step),
            Reply::PerformWith(option) => {
                let failed = self.opened()?.session.run.step(&step).is_some_and(|s| s.own_state() == StepState::Failed);
                if failed {
                    self.intent(&step, StepIntent::Retry { option: Some(option) })
                } else {
                    self.intent(&step, StepIntent::Preview { option: Some(option) })
                }
            }
            Reply::Confirm(evidence) => self.intent(&step, StepIntent::Confirm { evidence }),
            Reply::Skip(reason) => self.intent(&step, StepIntent::Skip { reason }),
            Reply::Decide { choice, reason, expected_loss } => {
                let step = decision.unwrap_or(step);
                self.intent(&step, StepIntent::Decide { choice, reason, expected_loss })
            }
            Reply::Retry => self.intent(&step, StepIntent::Retry { option: None }),
            Reply::Undo => self.undo_scripted(&step),
            Reply::AskAnother(name) => self.ask_another(&step, &name),
            Reply::BreakGlass { guard, reason } => self.break_glass(&step, guard, reason),
            Reply::Note(text) => self.order(Order::Note(text)),
            Reply::Ledger(text) => self.order(Order::Ledger(text)),
            Reply::Loss(kind, text) => self.order(Order::Loss(kind, text)),
            Reply::Evidence(text) => {
                let step = Some(step).filter(|s| !s.is_empty());
                self.evidence_text(step, EVIDENCE, &text)
            }
            Reply::Finding(text) => self.order(Order::Finding(text)),
            Reply::Corrective { text, owner, due } => self.order(Order::Corrective { text, owner, due }),
            Reply::SignOff { role, statement } => self.order(Order::SignOff { role, statement }),
            Reply::Degraded(on) => self.order(Order::SetDegraded(on)),
            Reply::Close { outcome, summary } => self.close(Order::Close { outcome, summary }),
        }
    }

    /// Reads first, asks the second person where the runbook says so, then does it.
    fn perform_scripted(&mut self, step: &str) -> Result<(), DeskError> {
        let o = self.opened()?;
        let planned = o.session.run.planned(step);
        if planned.is_some_and(|p| p.action.is_none()) {
            return self.intent(step, StepIntent::Check);
        }
        let two = planned.is_some_and(|p| p.second_person.is_some()) && o.session.mode != Mode::DryRun;
        let table = around_table(o);
        let seen = match o.session.previews.get(step).filter(|p| p.read_at != 0) {
            Some(seen) => seen.clone(),
            None if table => Preview::default(),
            None => return self.intent(step, StepIntent::Preview { option: None }),
        };
        let run = &o.session.run;
        let digest = approval::of_changes(run.start.as_ref().map_or("", |s| s.digest.as_str()), step, &seen.changes);
        let agreed = run.step(step).and_then(StepRun::in_force).is_some_and(|a| a.digest == digest);
        if two && (table || !seen.changes.is_empty()) && !agreed {
            return self.intent(step, StepIntent::AskSecondPerson);
        }
        let typed = run.planned(step).and_then(|p| p.typed_name().map(str::to_owned));
        self.intent(step, StepIntent::Perform { option: seen.option, typed })
    }

    /// The scripted second person is asked: whoever is asked first, unless somebody was asked before in vain. One who
    /// cannot be reached does not answer.
    pub(super) fn ask_scripted(&mut self, step: StepId, digest: String) {
        let Some(o) = self.open.as_deref_mut() else { return };
        if !matches!(o.session.mode, Mode::Rehearsal | Mode::Tabletop) {
            return;
        }
        let again = !o.asked.insert(step.clone());
        let Some(o) = self.open.as_deref() else { return };
        let first = approvers(o).first().copied().unwrap_or(SCRIPTED).to_owned();
        let reached = reached(o).map(str::to_owned);
        match reached {
            Some(who) if again || who == first => self.answer_after(step, digest, who),
            _ => self.nobody_answers(&step),
        }
    }

    fn answer_after(&self, step: StepId, digest: String, who: String) {
        let Some(o) = self.open.as_deref() else { return };
        let wait = o.session.scenario.as_ref().map_or(ANSWERS_AFTER, |s| s.second_person);
        let (mail, task) = self.hand(o);
        tokio::spawn(async move {
            task.sleep(wait).await;
            mail.send(Mail::SecondPerson(step, digest, who));
        });
    }

    /// The scripted operator loses patience after a while; a person has their own.
    fn nobody_answers(&mut self, step: &str) {
        let Some(o) = self.open.as_deref_mut() else { return };
        let another = reached(o).map(str::to_owned);
        let Some(script) = o.script.as_mut() else { return };
        let next = script.unanswered(step, another.as_deref());
        let Some(o) = self.open.as_deref() else { return };
        let (mail, task) = self.hand(o);
        tokio::spawn(async move {
            task.sleep(next.takes).await;
            mail.send(Mail::NoAnswer(next));
        });
    }

    /// Nobody has answered for as long as the scripted operator is patient.
    pub(super) fn no_answer(&mut self, m: Move) -> Result<(), DeskError> {
        let step = self.opened()?.session.run.step(&m.step);
        let waits = step.is_some_and(|s| s.own_state() == StepState::AwaitingApproval);
        if waits { self.do_move(m) } else { Ok(()) }
    }

    /// Somebody can be reached again: whoever waits for an answer asks anew.
    pub(super) fn ask_those_waiting(&mut self) {
        let Some(o) = self.open.as_deref_mut() else { return };
        // Of a person nobody answers in their place.
        let scripted = |s: &StepRun| s.asked.as_ref().is_some_and(|a| a.nonce.is_empty());
        let waits = |s: &&StepRun| s.own_state() == StepState::AwaitingApproval && scripted(s);
        let digest = |s: &StepRun| Some((s.id.clone(), s.asked.as_ref()?.digest.clone()));
        let waiting: Vec<(StepId, String)> = o.session.run.steps.iter().filter(waits).filter_map(digest).collect();
        for (step, digest) in waiting {
            self.ask_scripted(step, digest);
        }
    }

    /// Somebody else is asked the same: a request is to whoever can be reached.
    pub(super) fn ask_another(&mut self, step: &str, name: &str) -> Result<(), DeskError> {
        let o = self.opened()?;
        let name = if name.is_empty() { reached(o).unwrap_or_default() } else { name }.to_owned();
        if !matches!(o.session.mode, Mode::Rehearsal | Mode::Tabletop) || !approvers(o).contains(&name.as_str()) {
            return Err(DeskError::NoColleague(name));
        }
        let asked = o.session.run.step(step).filter(|s| s.own_state() == StepState::AwaitingApproval);
        let Some(digest) = asked.and_then(|s| s.asked.as_ref()).map(|a| a.digest.clone()) else {
            return Err(DeskError::NothingAsked(step.to_owned()));
        };
        self.order(Order::Note(format!("{step}: no answer came; {name} is asked instead")))?;
        self.answer_after(step.to_owned(), digest, name);
        Ok(())
    }

    /// The second person's answer in a rehearsal, if they can be reached by now.
    pub(super) fn second_person(&mut self, step: &str, digest: String, who: String) -> Result<(), DeskError> {
        if schedule::away(&self.opened()?.session.run).contains(&who.as_str()) {
            self.nobody_answers(step);
            return Ok(());
        }
        self.step_as(
            Actor::Approver(who),
            step,
            StepCommand::Answer {
                digest,
                verdict: Ok(()),
                method: "scripted".to_owned(),
                label: "scripted approver of the rehearsal, not a person".to_owned(),
                proof: None,
            },
        )?;
        self.land();
        Ok(())
    }

    /// Only a wait can be jumped over: time that is the operator's own is not spent for them.
    pub(super) fn jump(&mut self) {
        let Some(o) = self.open.as_deref_mut() else { return };
        if o.session.epoch.is_none() || !o.session.run.open() {
            return;
        }
        let waits = |s: StepState| s.busy() || matches!(s, StepState::AwaitingApproval | StepState::Indeterminate);
        let now = o.session.clock.now().utc;
        let reading = o.session.previews.values().any(|p| p.reading || p.waits(now));
        if reading || o.session.run.steps.iter().any(|s| waits(s.own_state())) {
            o.jumping = true;
            o.steps.end();
            o.session.clock.set_speed(Speed::Max);
        } else {
            self.say("nothing is being waited for: the next step is yours".to_owned());
        }
    }

    /// A jump ends when something happened that concerns the operator.
    pub(super) fn land(&mut self) {
        if let Some(o) = self.open.as_deref_mut()
            && o.jumping
        {
            o.jumping = false;
            o.session.clock.set_speed(o.pace);
        }
    }

    /// The scripted operator: looks, asks the second person where the runbook says so, then takes it back.
    pub(super) fn undo_scripted(&mut self, step: &str) -> Result<(), DeskError> {
        let o = self.opened()?;
        let run = &o.session.run;
        let Some(seen) = o.session.previews.get(step).filter(|p| wanted(run, step, p)) else {
            return self.intent(step, StepIntent::Undo);
        };
        let digest = approval::of_changes(run.start.as_ref().map_or("", |s| s.digest.as_str()), step, &seen.changes);
        let about = |s: &StepRun| !seen.told || s.asked.as_ref().is_some_and(|a| a.back_to.is_some());
        let agreed =
            run.step(step).filter(|s| about(s)).and_then(StepRun::in_force).is_some_and(|a| a.digest == digest);
        let planned = run.planned(step);
        if planned.is_some_and(|p| p.second_person.is_some()) && !agreed {
            return self.intent(step, StepIntent::AskSecondPerson);
        }
        let typed = planned.and_then(|p| p.typed_name().map(str::to_owned));
        self.intent(step, StepIntent::TakeBack { typed })
    }
}
