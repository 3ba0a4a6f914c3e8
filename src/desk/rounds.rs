//! What tasks tell: rounds of probes become instants and verdicts in the record, results become facts.

use std::sync::Arc;

use crate::azure::reading::synced;
use crate::health::gaps::Gap;
use crate::health::{Assessment, DetectorState, Observation, Role, skew};
use crate::run::clocks::POINT;
use crate::run::command::{Command as Order, StepCommand};
use crate::run::event::{Actor, Observed, Reading, StepState};
use crate::run::forecast::planned_left;
use crate::run::state::Run;
use crate::runbook::model::Phase;
use crate::units::Region;

use super::DeskError;
use super::executor::World;
use super::mailbox::Mail;
use super::monitor::Watched;
use super::snapshot::{self, Problem};
use super::supervisor::Desk;
use super::view::situation::assessment;

/// Letters kept while nothing can be recorded; a run has a few requests, checks and messages under way at most.
const UNSAVED_KEPT: usize = 1_000;

/// What was believed, for the record.
pub fn observed(what: &str, region: Option<&Region>, state: &str, a: &Assessment, reasons: &[String]) -> Observed {
    let reasons = if reasons.is_empty() {
        a.regions.iter().flat_map(|r| r.reasons.iter().take(3).map(|x| x.text.clone())).collect()
    } else {
        reasons.to_vec()
    };
    Observed {
        text: format!("{} {}", a.headline, a.explanation).trim().to_owned(),
        what: what.to_owned(),
        region: region.map(|r| r.name().to_owned()),
        state: state.to_owned(),
        reasons,
        picture: Vec::new(),
    }
}

/// Letters that tell once what became of something: none may be lost to a disk that is full for a while. What is
/// measured comes again by itself.
fn worth_keeping(mail: &Mail) -> Option<Mail> {
    Some(match mail {
        Mail::Step(step, command) => Mail::Step(step.clone(), command.clone()),
        Mail::Happened(n) => Mail::Happened(*n),
        Mail::Sent(sent) => Mail::Sent(sent.clone()),
        Mail::SecondPerson(step, digest, who) => Mail::SecondPerson(step.clone(), digest.clone(), who.clone()),
        _ => return None,
    })
}

impl World {
    /// What the watch tells.
    fn take_in(&self, mail: Mail) {
        let mut w = self.monitor.lock();
        match mail {
            Mail::Probed(seen) => w.observe(&seen),
            Mail::Notices { said, states, announced, posted } => {
                w.announce(said, states, posted, announced.then(|| self.clock.now().utc));
            }
            Mail::Measured(seen) => w.measure(seen),
            Mail::Gap(gap) => w.gap(gap),
            _ => {}
        }
    }
}

/// What the operator wrote down of somebody else's view.
fn second_vantage(run: &Run) -> Option<String> {
    let step = run.steps.iter().find(|s| run.planned(&s.id).is_some_and(|p| p.second_vantage))?;
    let told = step.own_state() == StepState::DoneByHand;
    told.then(|| step.said.last().map(|n| n.text.clone())).flatten()
}

impl Desk {
    /// A letter of the open run. True: the picture must be published.
    pub(super) fn session_mail(&mut self, mail: Mail) -> bool {
        let mut routine = false;
        let kept = worth_keeping(&mail);
        let result = match mail {
            Mail::Step(step, command) => self.fact(&step, command),
            Mail::Progress(step, text) => {
                if let Some(o) = self.open.as_deref_mut() {
                    o.session.progress.insert(step, text);
                }
                return false;
            }
            Mail::Live(step, readings, text) => {
                if let Some(o) = self.open.as_deref_mut() {
                    o.session.live.insert(step.clone(), readings);
                    o.session.progress.insert(step, text);
                }
                return false;
            }
            Mail::Looked(step, result, purpose) => self.looked(&step, result, purpose),
            Mail::LookAgain(step) => self.look_again(&step),
            Mail::Probed(seen) => self.probed(&seen).map(|turned| routine = !turned),
            Mail::Notices { .. } | Mail::Measured(_) => {
                if let Some(world) = self.open.as_ref().and_then(|o| o.world.as_ref()) {
                    world.take_in(mail);
                }
                return false;
            }
            Mail::Gap(gap) => self.gap(gap),
            Mail::Served(percent, at) => self.served(percent, at),
            Mail::Happened(n) => self.happened(n),
            Mail::NoAnswer(m) => self.no_answer(m),
            Mail::People(step) => self.people(&step),
            Mail::Stepped(n) => {
                self.stepped(n);
                Ok(())
            }
            Mail::SecondPerson(step, digest, who) => self.second_person(&step, digest, who),
            Mail::Move(m) => {
                if let Some(o) = self.open.as_deref_mut() {
                    o.moving = false;
                }
                self.do_move(m)
            }
            Mail::Rights(_, who, report) => self.rights_of_run(who, *report),
            Mail::Sent(sent) => self.record_sent(*sent),
            Mail::Came(came) => {
                self.came(*came);
                Ok(())
            }
            Mail::Command(_)
            | Mail::Inventory(_)
            | Mail::Sides(_)
            | Mail::DeletedProgress(..)
            | Mail::Deleted(_)
            | Mail::Compared(..)
            | Mail::Credential(_)
            | Mail::Signed(_)
            | Mail::Approval(_)
            | Mail::Audit(_)
            | Mail::Hook(_)
            | Mail::Connected(_)
            | Mail::SignIn => Ok(()),
        };
        if let Err(e) = result {
            tracing::info!(error = %e, "refused");
            if matches!(e, DeskError::ReadOnly(_))
                && let (Some(o), Some(mail)) = (self.open.as_deref_mut(), kept)
                && o.unsaved.len() < UNSAVED_KEPT
            {
                o.unsaved.push(mail);
            }
            // A result that belongs to no open request comes from before a retry, and is no news.
            if !matches!(e, DeskError::Refused(crate::run::decide::Refusal::Stale)) {
                self.problem(&e);
                return true;
            }
        }
        !routine
    }

    /// A letter of the watch while no run is open.
    pub(super) fn idle_mail(&mut self, mail: Mail) {
        if let Mail::Probed(seen) = &mail {
            self.keep(seen);
        }
        let Some(idle) = &self.idle else { return };
        if let Mail::Gap(gap) = &mail {
            let text = snapshot::Gap::from(gap).text();
            self.charting.gap(gap);
            idle.world.take_in(mail);
            return self.say(text);
        }
        let world = idle.world.clone();
        let number = idle.number;
        world.take_in(mail);
        let ahead = world.monitor.lock().ahead(world.clock.now().utc);
        self.new_of_clock(number, ahead);
    }

    /// Nobody looked for a while: shown, and part of the record, as it bears on what may be believed.
    fn gap(&mut self, gap: Gap) -> Result<(), DeskError> {
        let Some(o) = self.open.as_deref() else { return Ok(()) };
        let open = o.session.run.open() && o.session.read_only().is_none();
        let text = snapshot::Gap::from(&gap).text();
        if o.session.epoch.is_none() {
            self.charting.gap(&gap);
        }
        if let Some(world) = &o.world {
            world.take_in(Mail::Gap(gap));
        }
        self.say(text.clone());
        if open { self.order_as(Actor::System, Order::Note(text)) } else { Ok(()) }
    }

    /// Says once, in each run and while none is open, that this computer's clock is wrong; gives what is to be recorded.
    fn new_of_clock(&mut self, number: u64, ahead: Option<i64>) -> Option<String> {
        let Some(text) = skew::sentence(ahead?) else {
            self.clock_told.remove(&number);
            return None;
        };
        if !self.clock_told.insert(number) {
            return None;
        }
        self.notice = Some(Arc::new(Problem {
            what: text.clone(),
            means:
                "The run goes on. Certificates and tokens are judged by the time, and so are the RTO and the record."
                    .to_owned(),
            next: "Set the clock by hand or by its time service; this is seen within a minute.".to_owned(),
            raw: String::new(),
        }));
        Some(text)
    }

    /// What an effect came to.
    fn fact(&mut self, step: &str, command: StepCommand) -> Result<(), DeskError> {
        if let Some(o) = self.open.as_deref_mut() {
            o.session.progress.remove(step);
            o.session.live.remove(step);
            // What was read before is no longer what is there; options offered stay.
            if matches!(command, StepCommand::Finished { .. })
                && let Some(p) = o.session.previews.get_mut(step)
            {
                p.changes.clear();
                p.read_at = 0;
            }
        }
        if self.open.as_deref().is_some_and(|o| o.sealed) {
            return Ok(());
        }
        let points = match &command {
            StepCommand::Verified { readings, .. } => self.told_of_copies(step, readings),
            _ => Vec::new(),
        };
        self.step_as(Actor::System, step, command)?;
        self.safe_up_to(step, points)?;
        // Given up while this was on its way: only now is the record complete.
        if self.open.as_deref().is_some_and(|o| o.session.run.ended.is_some()) {
            self.closed();
        }
        let waits = self.open.as_deref().is_some_and(|o| {
            let at_work = o.session.run.steps.iter().any(|s| s.own_state().busy());
            let stands = |s: StepState| matches!(s, StepState::Failed | StepState::Indeterminate);
            !at_work || o.session.run.steps.iter().any(|s| stands(s.own_state()))
        });
        if waits {
            self.land();
        }
        Ok(())
    }

    /// Up to when copies are whole, of those that a step looked at.
    fn told_of_copies(&self, step: &str, readings: &[Reading]) -> Vec<(String, Option<i64>)> {
        let planned = self.open.as_deref().and_then(|o| o.session.run.planned(step));
        let checks = planned.map(|p| p.verify.as_slice()).unwrap_or_default();
        checks.iter().filter_map(|c| synced(&c.condition, readings)).collect()
    }

    /// The recovery point goes by what was read last before users moved; what is not told is unknown, and recorded so.
    /// Afterwards the copy is another one.
    pub(super) fn safe_up_to(&mut self, step: &str, points: Vec<(String, Option<i64>)>) -> Result<(), DeskError> {
        for (account, value) in points {
            let run = &self.opened()?.session.run;
            let before = run.planned(step).is_some_and(|p| matches!(p.phase, Phase::Decide | Phase::FailOver));
            if !before {
                return Ok(());
            }
            if !run.open() || run.clocks.points.contains(&(account.clone(), value)) {
                continue;
            }
            let how = match value {
                Some(_) => "lastSyncTime as Azure told it: everything written before is in the copy",
                None => "Azure did not tell lastSyncTime: what is not in the copy is unknown, not nothing",
            };
            let (name, how) = (format!("{POINT} {account}"), how.to_owned());
            self.order_as(Actor::System, Order::Measure { name, value, how })?;
        }
        Ok(())
    }

    /// What a probe saw is kept; it is judged with what else came, unless time is the scenario's. True: a state turned.
    fn probed(&mut self, seen: &Observation) -> Result<bool, DeskError> {
        self.keep(seen);
        let Some(o) = self.open.as_deref_mut() else { return Ok(false) };
        let Some(world) = o.world.clone() else { return Ok(false) };
        o.unjudged = true;
        let (by_scenario, now) = (world.clock.is_scenario(), world.clock.now().utc);
        let (turned, failures) = {
            let mut w = world.monitor.lock();
            let state = |w: &Watched| w.named(&seen.endpoint.0).map(|d| d.state(now));
            let before = state(&w);
            w.observe(seen);
            let failures = w.named(&seen.endpoint.0).map_or(0, |d| d.consecutive_failures());
            // Where only the proxy leads out, the direct road fails for ever, and that is no news.
            (state(&w) != before, (seen.outcome.counts() && !w.is_past(&seen.endpoint)).then_some(failures))
        };
        if let Some(failures) = failures {
            self.say(format!("probe {}: {} ({failures} in a row)", seen.endpoint.0, seen.outcome.text()));
        }
        if by_scenario {
            self.judge_probes()?;
        }
        Ok(turned && !by_scenario)
    }

    /// What was seen since the last time becomes instants and verdicts in the record.
    pub(super) fn judge_probes(&mut self) -> Result<(), DeskError> {
        let Some(o) = self.open.as_deref_mut() else { return Ok(()) };
        let Some(world) = o.world.clone().filter(|_| std::mem::take(&mut o.unjudged)) else { return Ok(()) };
        let now = world.clock.now().utc;
        let number = o.number;
        let (a, ahead, t1, t2, t9) = {
            let mut w = world.monitor.lock();
            w.decision.t0 = o.session.run.clocks.t[0];
            w.decision.override_reason = second_vantage(&o.session.run);
            w.decision.planned = Some(planned_left(&o.session.run, now));
            let a = assessment(&w, now);
            // What fails while this computer cannot see is no failure of the region, also right after.
            let sees = a.blind.is_none() && a.sees;
            o.seeing_since = if sees { o.seeing_since.or(Some(now)) } else { None };
            // What was seen before a restart is no news until it is asked again.
            let primary = w.regions().find(|r| r.1 == Role::Primary).map(|r| r.2).filter(|d| d.news(now).is_some());
            // One failed probe is no impact.
            let failing = primary.filter(|d| {
                let seen = d.last().zip(o.seeing_since).is_some_and(|(p, since)| p.at >= since);
                seen && matches!(d.state(now), DetectorState::Suspect | DetectorState::Persistent)
            });
            let t1 = failing.and_then(|d| d.failing_since());
            let t2 = failing.and_then(|d| d.persistent_since());
            let t9 = primary.is_some_and(|d| d.state(now) == DetectorState::Ok);
            (a, w.ahead(now), t1, t2, t9)
        };
        let mut orders = Vec::new();
        if let Some(text) = self.new_of_clock(number, ahead) {
            orders.push(Order::Note(text));
        }
        let Some(o) = self.open.as_deref_mut() else { return Ok(()) };
        if o.session.read_only().is_some() || !o.session.run.open() {
            return Ok(());
        }
        let t = o.session.run.clocks.t;
        let measure = |name: &str, at: i64, how: &str| Order::Measure {
            name: name.to_owned(),
            value: Some(at),
            how: how.to_owned(),
        };
        if let (None, Some(at)) = (t[1], t1) {
            orders.push(measure("T1", at, "first probe of the primary that failed"));
            if t[0].is_none() {
                let evidence = "the first failed probe; enter an earlier time if you know of one".to_owned();
                orders.push(Order::Declare { impact_start: at, evidence });
            }
        }
        if let (None, Some(at)) = (t[2], t2) {
            orders.push(measure("T2", at, "the detector's threshold for persistent failure"));
        }
        if t[2].is_some() && t[9].is_none() && t9 {
            orders.push(measure("T9", now, "the primary answers again and held"));
        }
        let mut turned = false;
        for v in &a.regions {
            let state = v.state.word();
            let known = o.verdicts.get(v.region.name()).map(String::as_str);
            if known == Some(state) || (known.is_none() && state == "unknown") {
                continue;
            }
            o.verdicts.insert(v.region.name().to_owned(), state.to_owned());
            let reasons: Vec<String> = v.reasons.iter().take(5).map(|r| r.text.clone()).collect();
            let mut fact = observed("verdict", Some(&v.region), state, &a, &reasons);
            fact.text.clone_from(&v.sentence);
            orders.push(Order::Observe(fact));
            turned = true;
        }
        for order in orders {
            if let Err(e) = self.order_as(Actor::System, order) {
                // Told again after the next round that can be recorded.
                if let Some(o) = self.open.as_deref_mut() {
                    o.verdicts.clear();
                }
                return Err(e);
            }
        }
        if turned {
            self.land();
        }
        Ok(())
    }

    fn served(&mut self, percent: u32, at: i64) -> Result<(), DeskError> {
        let Some(o) = self.open.as_deref() else { return Ok(()) };
        let c = &o.session.run.clocks.t;
        // Only a move that was begun can have moved anyone.
        if c[5].is_none() || c[8].is_some() || o.session.run.last_switch.is_none() {
            return Ok(());
        }
        self.order_as(
            Actor::System,
            Order::Measure {
                name: "T8".to_owned(),
                value: Some(at),
                how: format!("by metrics, the secondary serves {percent} % of the requests"),
            },
        )?;
        self.land();
        Ok(())
    }
}
