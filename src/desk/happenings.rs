//! The happenings of a scenario: each told at its time, or when the facilitator says so.

use crate::health::Sighting;
use crate::rehearsal::scenario::{Happening, What};
use crate::rehearsal::schedule::{Schedule, words};
use crate::run::command::Command as Order;
use crate::run::event::{Actor, Facilitated, Mode, Observed};
use crate::units::Millis;

use super::DeskError;
use super::mailbox::Mail;
use super::opening::SCENARIO;
use super::supervisor::{Desk, Open};

/// Whether people hear of it from the scenario. What happens to Azure is seen in Azure, unless there is none.
pub(super) fn told(h: &Happening, mode: Mode) -> bool {
    let spoken = matches!(h.what, What::Inject(_) | What::Colleague { .. });
    let of_people = matches!(h.what, What::Away(_) | What::Back(_));
    !h.hidden && !of_people && (spoken || mode == Mode::Tabletop)
}

/// The schedule of an open rehearsal.
pub(super) fn schedule(o: &Open) -> Option<Schedule> {
    o.session.scenario.as_ref().map(|s| Schedule::of(s, &o.session.run))
}

impl Desk {
    /// From now on happenings come as the run's record says: here, and in the simulated Azure.
    pub(super) fn follow_schedule(&mut self) {
        let Some(o) = self.open.as_deref() else { return };
        let Some(schedule) = schedule(o) else { return };
        if let Some(s) = &o.simulator {
            s.follow(&schedule);
        }
        let timeline = self.timeline(o, &schedule);
        if let Some(o) = self.open.as_deref_mut()
            && let Some(before) = o.timeline.replace(timeline)
        {
            before.abort();
        }
    }

    /// Whatever is told, each at its time; what was told already comes again and is no news.
    pub(super) fn timeline(&self, o: &Open, schedule: &Schedule) -> tokio::task::AbortHandle {
        let happens = |n: u32| {
            let h = o.session.scenario.as_ref()?.timeline.get(n as usize)?;
            Some(told(h, o.session.mode) || matches!(h.what, What::Away(_) | What::Back(_)))
        };
        let mut due = schedule.all();
        due.retain(|(n, _)| happens(*n) == Some(true));
        let (mail, task) = self.hand(o);
        tokio::spawn(async move {
            for (n, at) in due {
                // What is due is told at once, also while the clock stands.
                let left = at.saturating_sub(Millis(task.now().mono));
                if left > Millis(0) {
                    task.sleep(left).await;
                }
                mail.send(Mail::Happened(n));
            }
        })
        .abort_handle()
    }

    /// A happening's time has come.
    pub(super) fn happened(&mut self, n: u32) -> Result<(), DeskError> {
        let Some(o) = self.open.as_deref() else { return Ok(()) };
        let Some(h) = o.session.scenario.as_ref().and_then(|s| s.timeline.get(n as usize)).cloned() else {
            return Ok(());
        };
        let due = schedule(o).and_then(|s| s.due(n)).unwrap_or_default();
        let since = o.session.epoch.unwrap_or(0).saturating_add(i64::try_from(due.0).unwrap_or(i64::MAX));
        match &h.what {
            What::Away(who) | What::Back(who) => {
                let gone = Facilitated::Unavailable(who.clone(), matches!(h.what, What::Away(_)));
                let known = o.session.run.facilitated.iter().any(|(at, f)| *at >= since && *f == gone);
                if known { Ok(()) } else { self.facilitated(Actor::Scenario(SCENARIO.to_owned()), gone) }
            }
            _ => self.tell(n, &h, since),
        }
    }

    /// Tells the operator, once.
    pub(super) fn tell(&mut self, n: u32, h: &Happening, at: i64) -> Result<(), DeskError> {
        let Some(o) = self.open.as_deref() else { return Ok(()) };
        let actor = Actor::Scenario(SCENARIO.to_owned());
        if let (What::Colleague { who, region, answers, .. }, Some(world)) = (&h.what, &o.world) {
            let (who, region) = (who.clone(), region.clone());
            let seen = Sighting { who, region, answers: *answers, at, ..Sighting::default() };
            let mut w = world.monitor.lock();
            // Told again after the disk was full, it is the same sighting.
            if !w.colleagues.iter().any(|c| c.who == seen.who && c.at == seen.at) {
                w.colleagues.push(seen);
            }
        }
        if !o.session.run.told.contains(&n) {
            let text = o.session.scenario.as_ref().map_or_else(String::new, |s| words(s, h));
            self.order_as(actor.clone(), Order::Inject { n, text: text.clone() })?;
            if let What::Colleague { region, answers, .. } = &h.what {
                let seen = Observed {
                    text,
                    what: "colleague".to_owned(),
                    region: Some(region.name().to_owned()),
                    state: if *answers { "ok" } else { "down" }.to_owned(),
                    reasons: Vec::new(),
                    picture: Vec::new(),
                };
                self.order_as(actor, Order::Observe(seen))?;
            }
        }
        self.land();
        Ok(())
    }
}
