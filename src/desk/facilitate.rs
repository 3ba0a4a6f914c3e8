//! The facilitator of a rehearsal: what comes when, what is held back, who cannot be reached. The operator sees none of it.
//!
//! What they do is part of the record, since it explains the score afterwards; an open run's record does not show it.

use std::sync::Arc;

use super::happenings::{schedule, told};
use super::mailbox::{Mail, Mailbox};
use super::protocol::FacilitateIntent;
use super::scripted::approvers;
use super::snapshot::{Facilitator, HappeningRow, NoteView, Score};
use super::supervisor::{Desk, Open};
use super::{DeskError, chain};
use crate::clock::{Speed, Task};
use crate::rehearsal::scenario::LONGEST;
use crate::rehearsal::schedule::{OWN_WORDS, Schedule, away, words};
use crate::rehearsal::score::score;
use crate::run::command::Command as Order;
use crate::run::event::{Actor, Facilitated, StepState};
use crate::units::Millis;

/// The facilitator's name as an actor.
const FACILITATOR: &str = "facilitator";

/// What the record says when their window was opened in the middle.
const OPENED: &str = "The facilitator's window was opened";

/// A rehearsal's clock that goes on by so much, and stands still again.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// Which of them is under way.
    n: u32,
    /// Where it ends (UTC ms on the run's clock).
    until: Option<i64>,
}

impl Steps {
    /// Whatever stops it no longer does.
    pub fn end(&mut self) {
        self.n += 1;
        self.until = None;
    }
}

impl Desk {
    /// What it takes to do something for an open run later: its letterbox and a piece of work on its clock.
    pub(super) fn hand(&self, o: &Open) -> (Mailbox, Task) {
        (self.mailbox(o.number, &o.session.clock), o.session.clock.task())
    }

    /// Something the facilitator does. Why it is refused only they are told: it may name what the operator must not know.
    pub(super) fn facilitate(&mut self, intent: FacilitateIntent) -> Result<(), DeskError> {
        let done = self.lead(intent);
        match self.open.as_deref_mut().filter(|o| o.session.scenario.is_some()) {
            Some(o) => {
                o.not_led = done.err().map(|e| chain(&e));
                Ok(())
            }
            None => done,
        }
    }

    fn lead(&mut self, intent: FacilitateIntent) -> Result<(), DeskError> {
        let me = Actor::Scenario(FACILITATOR.to_owned());
        let o = self.opened()?;
        let scenario = o.session.scenario.clone().ok_or(DeskError::NoRun)?;
        let now = o.session.clock.now();
        let schedule = schedule(o).unwrap_or_default();
        let come = |n: u32| schedule.due(n).is_some_and(|at| at.0 <= now.mono);
        match intent {
            FacilitateIntent::Now(n) if come(n) || scenario.timeline.len() <= n as usize => Ok(()),
            FacilitateIntent::Now(n) => self.facilitated(me, Facilitated::Now(n)),
            FacilitateIntent::Hold(on) if on == schedule.held.is_some() => Ok(()),
            FacilitateIntent::Hold(true) => self.facilitated(me, Facilitated::Held),
            FacilitateIntent::Hold(false) => self.facilitated(me, Facilitated::LetGo),
            FacilitateIntent::Reveal(n) => {
                let Some(h) = scenario.timeline.get(n as usize) else { return Ok(()) };
                self.facilitated(me, Facilitated::Revealed(n))?;
                self.tell(n, h, now.utc)
            }
            FacilitateIntent::Open => self.facilitated(me, Facilitated::Noted(OPENED.to_owned())),
            FacilitateIntent::Note(text) if text.trim().is_empty() => Ok(()),
            FacilitateIntent::Note(text) => self.facilitated(me, Facilitated::Noted(text.trim().to_owned())),
            FacilitateIntent::Say(text) if text.trim().is_empty() => Ok(()),
            FacilitateIntent::Say(text) => {
                let text = text.trim().to_owned();
                let said = |(_, f): &&(i64, Facilitated)| matches!(f, Facilitated::Said(_));
                let before = self.opened()?.session.run.facilitated.iter().filter(said).count();
                let n = OWN_WORDS.saturating_add(u32::try_from(before).unwrap_or(u32::MAX));
                self.facilitated(me.clone(), Facilitated::Said(text.clone()))?;
                self.order_as(me, Order::Inject { n, text })?;
                self.land();
                Ok(())
            }
            FacilitateIntent::Unavailable(who, gone) => self.facilitated(me, Facilitated::Unavailable(who, gone)),
            FacilitateIntent::Answer { step, ok, text } => {
                self.facilitated(me, Facilitated::Answered { step, ok, text })?;
                self.land();
                Ok(())
            }
        }
    }

    /// Records it, and lets it take effect.
    pub(super) fn facilitated(&mut self, actor: Actor, did: Facilitated) -> Result<(), DeskError> {
        let moved = matches!(did, Facilitated::Now(_) | Facilitated::Held | Facilitated::LetGo);
        let back = matches!(did, Facilitated::Unavailable(_, false));
        self.order_as(actor, Order::Facilitate(did))?;
        if moved {
            self.follow_schedule();
        }
        if back {
            self.ask_those_waiting();
        }
        Ok(())
    }

    /// Lets the clock go on by so much, as fast as the work allows, and stand still again.
    pub(super) fn step_clock(&mut self, by: Millis) -> Result<(), DeskError> {
        let o = self.opened()?;
        if o.session.epoch.is_none() || !o.session.run.open() {
            return Ok(());
        }
        // At full speed the clock would be years ahead before anybody stops it, and the record with it.
        if by > LONGEST {
            return Err(DeskError::TooFar(by));
        }
        o.jumping = false;
        o.pace = Speed::Times(0);
        // Twice in quick succession is twice as far.
        let now = o.session.clock.now().utc;
        let until = o.steps.until.filter(|t| *t > now).unwrap_or(now);
        let until = until.saturating_add(i64::try_from(by.0).unwrap_or(i64::MAX));
        let by = Millis(u64::try_from(until.saturating_sub(now)).unwrap_or(0));
        o.steps.end();
        o.steps.until = Some(until);
        let n = o.steps.n;
        let Some(o) = self.open.as_deref() else { return Ok(()) };
        let (mail, task) = self.hand(o);
        tokio::spawn(async move {
            task.sleep(by).await;
            mail.send(Mail::Stepped(n));
        });
        self.run_at(Speed::Max);
        Ok(())
    }

    /// A step of the clock is over; one that was begun meanwhile goes on.
    pub(super) fn stepped(&mut self, n: u32) {
        if let Some(o) = self.open.as_deref_mut().filter(|o| o.steps.n == n) {
            o.steps.end();
            self.run_at(Speed::Times(0));
        }
    }

    /// The facilitator's picture.
    pub(super) fn facilitator_view(&mut self) -> Option<Facilitator> {
        let so_far = score_so_far(self.open.as_deref_mut()?)?;
        let o = self.open.as_deref()?;
        let scenario = o.session.scenario.as_ref()?;
        let run = &o.session.run;
        let start = run.start.as_ref()?;
        let now = schedule(o)?;
        let plain = Schedule::plain(scenario, Some(start.strategy));
        let (epoch, clock) = (o.session.epoch.unwrap_or(run.started_at), o.session.clock.now());
        let row = |n: u32| {
            let (h, written) = (scenario.timeline.get(n as usize)?, plain.due(n)?);
            let due = now.due(n);
            Some(HappeningRow {
                n,
                at: epoch.saturating_add(i64::try_from(due.unwrap_or(written).0).unwrap_or(i64::MAX)),
                text: words(scenario, h),
                hidden: !told(h, o.session.mode) && !run.told.contains(&n),
                done: due.is_some_and(|at| at.0 <= clock.mono),
            })
        };
        let mut timeline: Vec<HappeningRow> =
            (0..scenario.timeline.len()).filter_map(|n| row(u32::try_from(n).ok()?)).collect();
        timeline.sort_by_key(|r| r.at);
        let away = away(run);
        let mut people = approvers(o);
        people
            .extend(scenario.people.iter().map(String::as_str).filter(|p| !scenario.approvers.iter().any(|a| a == p)));
        let title = |id: &str| {
            let back = run.step(id).is_some_and(|s| s.undoing && s.own_state().busy());
            let title = run.planned(id).map_or("", |p| p.title.as_str());
            if back { format!("taken back: {title}") } else { title.to_owned() }
        };
        Some(Facilitator {
            title: scenario.title.clone(),
            timeline,
            held: now.held.is_some(),
            people: people.into_iter().map(|p| (p.to_owned(), !away.contains(&p))).collect(),
            operator_at: operator_at(o),
            questions: run.questions().into_iter().map(|id| (id.clone(), title(&id))).collect(),
            notes: run
                .facilitated
                .iter()
                .filter_map(|(at, f)| match f {
                    Facilitated::Noted(text) => {
                        Some(NoteView { at: *at, who: FACILITATOR.to_owned(), text: text.clone() })
                    }
                    _ => None,
                })
                .collect(),
            score: so_far,
            refused: o.not_led.clone(),
        })
    }
}

/// The score as it stands, made anew only when something was recorded: it looks through everything that was said.
fn score_so_far(o: &mut Open) -> Option<Arc<Score>> {
    let run = &o.session.run;
    if let Some((entries, kept)) = &o.scored
        && *entries == run.entries
    {
        return Some(kept.clone());
    }
    let strategy = run.start.as_ref()?.strategy;
    let made = Arc::new(Score::from(&score(run, o.session.scenario.as_ref()?.expected(strategy))));
    o.scored = Some((run.entries, made.clone()));
    Some(made)
}

/// What the operator is at.
fn operator_at(o: &Open) -> String {
    let run = &o.session.run;
    if !run.open() {
        return "the run is closed".to_owned();
    }
    let Some(i) = run.current() else { return "all steps are over; the run is to be closed".to_owned() };
    let id = &run.steps[i].id;
    let title = run.planned(id).map_or("", |p| p.title.as_str());
    let word = match run.state(i) {
        StepState::Ready => "in front of them",
        state => state.word(),
    };
    format!("{id} {title}: {word}")
}
