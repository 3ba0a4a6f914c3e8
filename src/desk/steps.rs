//! Commands of a front end, and the road of one step.

use crate::clock::Speed;
use crate::run::command::{Command as Order, StepCommand};
use crate::run::effect::Effect;
use crate::run::event::{Actor, StepState};
use crate::runbook::model::{Guard, StepId};

use super::executor::{Facts, Purpose};
use super::mailbox::Mail;
use super::preview::Preview;
use super::protocol::{Command, StepIntent};
use super::snapshot::Problem;
use super::supervisor::{Desk, Open};
use super::tabletop::around_table;
use super::view::frozen;
use super::view::situation::assessment;
use super::{DeskError, chain};

/// Steps that only read and run side by side.
const AT_ONCE: usize = 4;

impl Desk {
    /// A front end's command.
    pub(super) async fn command(&mut self, c: Command) -> Result<(), DeskError> {
        match self.meant(c)? {
            Command::Of { command, .. } => Box::pin(self.command(*command)).await,
            Command::StartRehearsal { scenario, strategy, speed, seed, tabletop } => {
                self.start_rehearsal(&scenario, strategy, speed, seed, tabletop).await
            }
            Command::StepClock(by) => self.step_clock(by),
            Command::Run(intent) => self.run_intent(intent).await,
            Command::Approval(intent) => self.approval_intent(intent),
            Command::Facilitate(intent) => self.facilitate(intent),
            Command::Hook(intent) => self.hook_intent(intent),
            Command::Anchors(to) => self.set_anchors(&to),
            Command::StartRun { plan, strategy, dry_run } => self.start_run(&plan, strategy, dry_run).await,
            Command::TrustPlan { plan, digest } => self.trust_plan(&plan, &digest).await,
            Command::OpenRun(id) => self.open_run(&id, self.pace()).await,
            Command::LeaveRun => self.leave().await,
            Command::Step(step, intent) => self.intent(&step, intent),
            Command::Note(t) => self.order(Order::Note(t)),
            Command::ImpactStarted(at) => {
                self.order(Order::Declare { impact_start: at, evidence: "entered by the operator".to_owned() })
            }
            Command::Degraded { step: None, on } => self.order(Order::SetDegraded(on)),
            Command::Degraded { step: Some(step), on } => self.order(Order::Step(step, StepCommand::SetDegraded(on))),
            Command::FreezeHealth => self.freeze(),
            Command::Watch(intent) => self.watch_intent(intent),
            Command::Pause(reason) => self.order(Order::Pause(reason)),
            Command::Resume => self.order(Order::Resume),
            Command::Close { outcome, summary } => self.close(Order::Close { outcome, summary }),
            Command::Abort(reason) => self.close(Order::Abort(reason)),
            Command::JumpToNextEvent => {
                self.jump();
                Ok(())
            }
            Command::SetSpeed(speed) => {
                if let Some(o) = &mut self.open {
                    o.pace = speed;
                    o.jumping = false;
                    o.steps.end();
                }
                self.run_at(speed);
                Ok(())
            }
            Command::ShowRecord(id) => self.show_record(&id),
            Command::Audit(intent) => self.audit_intent(intent).await,
            Command::OpenPath(path) => self.open_path(&path),
            Command::ForgetPath(path) => self.forget_path(&path),
            Command::Reload => {
                self.reload();
                Ok(())
            }
            Command::PreviewPlan { plan, strategy } => self.show_plan(&plan, strategy),
            Command::ReadDrift { plan, strategy } => self.read_drift(&plan, Some(strategy)),
            Command::ReadRights { plan, strategy } => self.read_rights(&plan, Some(strategy)),
            Command::PreviewRunbook { file, strategy } => self.show_book(&file, strategy),
            Command::Draft(intent) => self.draft(intent),
            Command::ReadInventory => self.read_inventory(),
            Command::ReadDeleted => self.read_deleted(),
            Command::CompareWithActivityLog(run) => self.compare_with_activity(&run),
            Command::Recover(id) => self.recover(&id),
            Command::PrintPlan { plan, strategy, html } => self.print_plan(&plan, strategy, html),
            Command::SetOperator(name) => {
                let name = name.trim();
                if !name.is_empty() {
                    self.operator = name.to_owned();
                    super::home::write_whole(&self.options.home.operator_file(), name.as_bytes())?;
                }
                Ok(())
            }
            Command::DismissNotice => {
                self.notice = None;
                Ok(())
            }
            Command::Credential(intent) => {
                self.credential(intent);
                Ok(())
            }
            Command::Connect => {
                self.connect();
                Ok(())
            }
            Command::SignIn => self.sign_in(),
            Command::RetryJournal => self.retry_journal().await,
        }
    }

    /// What was pressed on the picture of one run is never done to another one.
    fn meant(&self, c: Command) -> Result<Command, DeskError> {
        match &c {
            Command::Of { run, .. } if self.open.as_deref().is_none_or(|o| o.session.id != *run) => {
                Err(DeskError::OtherRun(super::view::run::short(run)))
            }
            _ => Ok(c),
        }
    }

    pub(super) fn pace(&self) -> Speed {
        if self.options.script.is_some() { Speed::Max } else { Speed::Times(1) }
    }

    pub(super) fn opened(&mut self) -> Result<&mut Open, DeskError> {
        self.open.as_deref_mut().ok_or(DeskError::NoRun)
    }

    /// An operator's order to the run as a whole.
    pub(super) fn order(&mut self, order: Order) -> Result<(), DeskError> {
        let me = self.me();
        self.order_as(me, order)
    }

    pub(super) fn order_as(&mut self, actor: Actor, order: Order) -> Result<(), DeskError> {
        let effects = self.opened()?.session.order(actor, order)?;
        for e in effects {
            self.begin_effect(e);
        }
        Ok(())
    }

    pub(super) fn step_as(&mut self, actor: Actor, step: &str, command: StepCommand) -> Result<(), DeskError> {
        self.order_as(actor, Order::Step(step.to_owned(), command))
    }

    /// Begins what the facts demand.
    pub(super) fn begin_effect(&mut self, e: Effect) {
        if let Effect::Ask(step, digest) = e {
            return self.second_person_asked(step, digest);
        }
        let Some(o) = self.open.as_deref_mut() else { return };
        let Some(world) = o.world.as_ref() else { return };
        let id = match &e {
            Effect::Send(step, n, _) => o.session.request_id(step, *n).map(str::to_owned),
            _ => None,
        };
        let facts = match &e {
            Effect::ReadBack(step, n, _) => {
                let change = o.session.run.step(step).and_then(|s| s.changes.get(*n as usize));
                Facts { lost_at: change.and_then(|c| c.lost_at), ..facts(o) }
            }
            _ => facts(o),
        };
        world.begin(e, facts, id);
    }

    pub(super) fn intent(&mut self, step: &str, intent: StepIntent) -> Result<(), DeskError> {
        let me = self.me();
        if let Some(o) = &mut self.open {
            o.session.problems.remove(step);
        }
        if let Some(said) = self.table_intent(step, &intent) {
            return said;
        }
        match intent {
            StepIntent::Preview { option } => self.look(step, option, Purpose::Show),
            StepIntent::Check => self.by_hand(step, StepCommand::Check),
            StepIntent::Perform { option, typed } => {
                // Guards and values are read again right before it is done.
                if self.seen(step)?.undo {
                    return Err(DeskError::NotRead(step.to_owned()));
                }
                self.look(step, option, Purpose::Perform(typed))
            }
            StepIntent::AskSecondPerson => {
                let seen = self.seen(step)?.clone();
                let o = self.opened()?;
                let now = o.session.clock.now().utc;
                if let Some(from) = o.session.run.step(step).and_then(|s| seen.ask_from(&o.session.run, s, now)) {
                    return Err(DeskError::AskLater { step: step.to_owned(), from });
                }
                let (changes, undo) = (seen.changes, seen.undo);
                let ticket = self.ticket()?;
                self.step_as(me, step, StepCommand::AskSecondPerson { changes, undo, ticket })
            }
            StepIntent::Confirm { evidence } => {
                let confirm = Box::new(StepCommand::Confirm { evidence });
                self.by_hand(step, StepCommand::Ticketed(self.ticket()?, confirm))
            }
            StepIntent::Skip { reason } => self.step_as(me, step, StepCommand::Skip { reason }),
            StepIntent::Retry { option } => {
                let reason = option.as_ref().map_or("tried again".to_owned(), |o| format!("tried again with “{o}”"));
                self.step_as(me, step, StepCommand::Reopen { reason })?;
                let looks = self.opened()?.session.run.planned(step).is_some_and(|p| p.action.is_some());
                if looks { self.look(step, option, Purpose::Show) } else { Ok(()) }
            }
            StepIntent::Undo => self.look_back(step, Purpose::ShowUndo),
            StepIntent::TakeBack { typed } => {
                if !self.seen(step)?.undo {
                    return Err(DeskError::NotRead(step.to_owned()));
                }
                self.look_back(step, Purpose::Undo(typed))
            }
            StepIntent::Keep => {
                self.opened()?.session.previews.remove(step);
                Ok(())
            }
            StepIntent::Decide { choice, reason, expected_loss } => {
                let information = self.known();
                let decide = Box::new(StepCommand::Decide { choice, reason, expected_loss, information });
                self.step_as(me, step, StepCommand::Ticketed(self.ticket()?, decide))
            }
        }
    }

    /// What the operator has in front of them.
    pub(super) fn seen(&mut self, step: &str) -> Result<&Preview, DeskError> {
        let seen = self.opened()?.session.previews.get(step).filter(|p| !p.reading);
        match seen {
            None => Err(DeskError::NotRead(step.to_owned())),
            // Read anew between the picture that was looked at and the press.
            Some(seen) if !seen.shown => Err(DeskError::ChangedSince),
            Some(seen) => Ok(seen),
        }
    }

    /// Reads what a step would change.
    pub(super) fn look(&mut self, step: &str, option: Option<String>, purpose: Purpose) -> Result<(), DeskError> {
        let o = self.opened()?;
        let Some(world) = o.world.clone() else { return Err(DeskError::NoRun) };
        let facts = facts(o);
        if purpose == Purpose::Show {
            let options = o.session.previews.remove(step).map(|p| p.options).unwrap_or_default();
            let reading = Preview { reading: true, option: option.clone(), options, ..Preview::default() };
            o.session.previews.insert(step.to_owned(), reading);
        } else if let Some(p) = o.session.previews.get_mut(step) {
            // It shows that the press was heard, and a second press is refused.
            (p.reading, p.again) = (true, true);
        }
        world.look(step, option, facts, purpose);
        Ok(())
    }

    /// A look came back.
    pub(super) fn looked(
        &mut self,
        step: &str,
        result: Result<Preview, crate::azure::AzureError>,
        purpose: Purpose,
    ) -> Result<(), DeskError> {
        let me = self.me();
        if matches!(purpose, Purpose::Show | Purpose::ShowUndo) {
            // The operator's turn to look.
            self.land();
        }
        let o = self.opened()?;
        if let Some(seen) = o.session.previews.get_mut(step) {
            seen.again = false;
        }
        let fresh = match result {
            Ok(p) => p,
            Err(e) => {
                let what = match purpose {
                    Purpose::Show | Purpose::Perform(_) => "What this step would change could not be read",
                    Purpose::ShowUndo | Purpose::Undo(_) => "It cannot be taken back now",
                };
                let problem = Problem {
                    what: format!("{what}: {e}"),
                    means: "Nothing was changed.".to_owned(),
                    next: e.what_to_do(),
                    raw: chain(&e),
                };
                o.session.problems.insert(step.to_owned(), problem);
                if let Some(p) = o.session.previews.get_mut(step) {
                    p.again = false;
                    p.reading = false;
                    p.read_at = 0;
                }
                return Ok(());
            }
        };
        let typed = match purpose {
            Purpose::Show => {
                o.session.previews.insert(step.to_owned(), fresh);
                self.look_when_time(step);
                return Ok(());
            }
            Purpose::Perform(typed) => typed,
            Purpose::ShowUndo => {
                self.show_undo(step, fresh)?;
                return Ok(());
            }
            Purpose::Undo(typed) => return self.take_back(step, fresh, typed),
        };
        let same = o.session.previews.get(step).is_some_and(|seen| seen.changes == fresh.changes);
        o.session.previews.insert(step.to_owned(), fresh.clone());
        if !same {
            return Err(DeskError::Changed);
        }
        let perform =
            StepCommand::Perform { changes: fresh.changes, guards: fresh.guards, option: fresh.option, typed };
        self.step_as(me, step, perform)?;
        let begun = self.opened()?.session.run.step(step).is_some_and(|s| s.own_state().busy());
        self.safe_up_to(step, fresh.synced.filter(|_| begun).into_iter().collect())
    }

    /// A guard that asks for time is looked at again when the time is over.
    fn look_when_time(&mut self, step: &str) {
        let Some(o) = self.open.as_deref_mut() else { return };
        let (Some(planned), Some(world)) = (o.session.run.planned(step), o.world.as_ref()) else { return };
        let now = world.clock.now();
        let wait = planned.guards.iter().filter_map(|g| match g {
            Guard::WaitSinceLastSwitch { at_least } => {
                Some(at_least.saturating_sub(now.since(o.session.run.last_switch?)))
            }
            _ => None,
        });
        let Some(wait) = wait.max().filter(|w| w.0 > 0) else { return };
        let (mail, task, id) = (world.mail.clone(), world.clock.task(), step.to_owned());
        if let Some(p) = o.session.previews.get_mut(step) {
            p.waits_until = Some(now.utc + i64::try_from(wait.0).unwrap_or(0));
        }
        tokio::spawn(async move {
            task.sleep(wait).await;
            mail.send(Mail::LookAgain(id));
        });
    }

    /// The time that a guard asked for is over, if the step still waits for it.
    pub(super) fn look_again(&mut self, step: &str) -> Result<(), DeskError> {
        let waits = self.opened()?.session.previews.get(step).filter(|p| p.waits_until.is_some());
        match waits.map(|p| p.option.clone()) {
            Some(option) => self.look(step, option, Purpose::Show),
            None => Ok(()),
        }
    }

    /// What was known at this moment, for the decision's record.
    fn known(&self) -> Vec<String> {
        let Some(world) = self.open.as_ref().and_then(|o| o.world.as_ref()) else { return Vec::new() };
        frozen::told(&assessment(&world.monitor.lock(), world.clock.now().utc))
    }

    fn freeze(&mut self) -> Result<(), DeskError> {
        let Some(world) = self.opened()?.world.clone() else { return Err(DeskError::NoRun) };
        let now = world.clock.now().utc;
        let (lamps, situation, _) = self.health();
        let w = world.monitor.lock();
        let a = assessment(&w, now);
        let mut observed = super::rounds::observed("frozen", None, "", &a, &[]);
        observed.picture = frozen::picture(&w, &a, &situation, &lamps, now);
        drop(w);
        self.order(Order::Observe(observed))
    }

    pub(super) fn close(&mut self, order: Order) -> Result<(), DeskError> {
        self.order(order)?;
        self.closed();
        Ok(())
    }

    /// After the last record: the score, the seal, and no more watching.
    pub(super) fn closed(&mut self) {
        if let Some(o) = self.open.as_deref_mut()
            && o.session.run.ended.is_some()
            && !o.sealed
        {
            if let Some(step) = o.on_its_way().map(str::to_owned) {
                self.say(format!("given up; waiting for Azure's answer to {step}, then the record is sealed"));
                self.refresh_runs();
                return;
            }
            o.sealed = true;
            o.score();
            o.session.seal_to_leave();
            o.watch = None;
            if let Some(t) = o.timeline.take() {
                t.abort();
            }
            if let Some(s) = o.simulator.take() {
                tokio::spawn(s.shutdown());
            }
            self.run_at(Speed::Times(0));
            self.say("the run is closed; its record is sealed".to_owned());
        }
        self.refresh_runs();
    }

    /// After each batch of letters: steps that run by themselves, looks, the script's next move, the end of a jump.
    pub(super) fn follow_up(&mut self) {
        let Some(o) = self.open.as_deref_mut() else { return };
        if !o.session.run.open() || o.session.read_only().is_some() {
            return;
        }
        if around_table(o) {
            self.people_next();
            self.go_on_taking_back();
            self.script_next();
            return;
        }
        if o.world.is_none() {
            return;
        }
        let busy = o.session.run.steps.iter().filter(|s| s.own_state() == StepState::Verifying).count();
        let auto: Vec<StepId> = o.session.run.automatic().into_iter().take(AT_ONCE.saturating_sub(busy)).collect();
        for step in auto {
            if let Err(e) = self.step_as(Actor::System, &step, StepCommand::Check) {
                self.problem(&e);
                return;
            }
        }
        self.look_ahead();
        self.go_on_taking_back();
        self.script_next();
    }

    /// The step in front of the operator is read without being asked.
    fn look_ahead(&mut self) {
        let Some(o) = self.open.as_deref() else { return };
        let run = &o.session.run;
        let Some(i) = run.current() else { return };
        let id = run.steps[i].id.clone();
        let wants = matches!(run.state(i), StepState::Ready | StepState::Undone)
            && !run.steps[i].verified
            && run.planned(&id).is_some_and(|p| p.action.is_some())
            && !o.session.previews.contains_key(&id);
        if wants && let Err(e) = self.look(&id, None, Purpose::Show) {
            self.problem(&e);
        }
    }
}

pub(super) fn facts(o: &Open) -> Facts {
    Facts { created: o.session.run.created.clone(), last_switch: o.session.run.last_switch, lost_at: None }
}
