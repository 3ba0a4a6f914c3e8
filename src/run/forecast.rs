//! When users will be served again, as far as it can be told: at the pace of rehearsals, else as planned.

use std::collections::HashMap;

use crate::plan::model::PlannedStep;
use crate::runbook::model::Phase;
use crate::units::Millis;

use super::clocks::{Breach, since};
use super::event::StepState;
use super::state::Run;

/// Time left when users are served, or missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Margin {
    /// So much of the RTO is left.
    Spare(Millis),
    /// So much later than the RTO.
    Overrun(Millis),
}

/// When users will be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// UTC ms on the run's clock; none: it will not be, for the run is closed.
    pub eta: Option<i64>,
    /// Against the RTO; unknown without a start of the impact.
    pub margin: Option<Margin>,
    /// It goes by the pace of past rehearsals, not by the plan.
    pub rehearsed: bool,
    /// They are served already: no forecast any more.
    pub reached: bool,
}

/// Forecasts the end of the outage. `pace`: from the decision until users were served, in past rehearsals. What is still to
/// be decided goes as planned; what comes after the decision takes its share of the pace, so that a run that lags behind
/// its rehearsals is not forecast to catch up.
pub fn forecast(run: &Run, pace: Option<Millis>, now: i64) -> Forecast {
    let reached = run.clocks.over();
    let (before, after, all_after) = left(run, now);
    let after = match pace {
        Some(pace) if all_after.0 > 0 => share(pace, after, all_after),
        // A plan without durations: what of the pace is not over yet.
        Some(pace) => pace.saturating_sub(run.clocks.t[4].map_or(Millis(0), |t4| since(t4, now))),
        None => after,
    };
    let later = i64::try_from((before + after).0).unwrap_or(i64::MAX);
    let eta = reached.or_else(|| run.open().then(|| now.saturating_add(later)));
    let margin = eta.zip(deadline(run, now)).map(|(eta, end)| match eta > end {
        true => Margin::Overrun(since(end, eta)),
        false => Margin::Spare(since(eta, end)),
    });
    Forecast { eta, margin, rehearsed: pace.is_some() && reached.is_none(), reached: reached.is_some() }
}

/// Planned time of what is left until users are served.
pub fn planned_left(run: &Run, now: i64) -> Millis {
    let (before, after, _) = left(run, now);
    before + after
}

/// When the RTO is used up (UTC ms on the run's clock), as it stands now. Pauses of a rehearsal do not use it.
pub fn deadline(run: &Run, now: i64) -> Option<i64> {
    let rto = Millis(run.start.as_ref()?.rto_ms) + run.uncounted(now);
    Some(run.clocks.t[0]?.saturating_add(i64::try_from(rto.0).unwrap_or(i64::MAX)))
}

/// What is missed by now of what was agreed.
pub fn breach(run: &Run, now: i64) -> Breach {
    let Some(start) = run.start.as_ref() else { return Breach::default() };
    let goes_on = run.open() && run.clocks.over().is_none();
    let away = run.clocks.t[0].filter(|_| goes_on).map(|t0| since(t0, now).saturating_sub(run.uncounted(now)));
    run.clocks.breach(Millis(start.rto_ms), Millis(start.rpo_ms), away)
}

impl Run {
    /// Time that does not count towards the RTA by now: pauses of a rehearsal, the present one included.
    fn uncounted(&self, now: i64) -> Millis {
        if !self.rehearsed() {
            return Millis(0);
        }
        if self.clocks.over().is_some() {
            return self.clocks.uncounted;
        }
        let running = if self.paused.is_some() && self.open() { since(self.last_at, now) } else { Millis(0) };
        self.clocks.paused + running
    }
}

/// Planned time that is left before it is decided, and after; and all that was planned after.
fn left(run: &Run, now: i64) -> (Millis, Millis, Millis) {
    let decision = run.deciders.last().copied();
    let (mut before, mut after, mut all) = (Sum::default(), Sum::default(), Sum::default());
    for (i, s) in run.steps.iter().enumerate() {
        let Some(p) = run.planned_at(i) else { continue };
        let counts = match s.phase() {
            Phase::Decide | Phase::FailOver => true,
            Phase::Verify => run.clocks.ends_verified,
            _ => false,
        };
        if !counts {
            continue;
        }
        // Of this attempt: what an earlier one took is over, and what is being taken back is all to come.
        let gone =
            s.begun_at.filter(|_| s.own_state().busy() && !s.undoing).map_or(Millis(0), |begun| since(begun, now));
        let to_come = if s.own_state().over() { Millis(0) } else { p.expect.saturating_sub(gone) };
        if s.phase() == Phase::Decide && decision.is_none_or(|d| i <= d) {
            before.add(p, to_come);
        } else {
            after.add(p, to_come);
            // What was left out is not a part of the road.
            all.add(p, if s.own_state() == StepState::Skipped { Millis(0) } else { p.expect });
        }
    }
    (before.total(), after.total(), all.total())
}

/// Steps one after another; those of a group side by side, so that the longest counts.
#[derive(Default)]
struct Sum<'a> {
    alone: Millis,
    groups: HashMap<&'a str, Millis>,
}

impl<'a> Sum<'a> {
    fn add(&mut self, p: &'a PlannedStep, takes: Millis) {
        match &p.group {
            Some(g) => {
                let longest = self.groups.entry(g).or_default();
                *longest = takes.max(*longest);
            }
            None => self.alone = self.alone + takes,
        }
    }

    fn total(&self) -> Millis {
        self.alone + self.groups.values().copied().sum()
    }
}

fn share(of: Millis, part: Millis, whole: Millis) -> Millis {
    let share = u128::from(of.0) * u128::from(part.0) / u128::from(whole.0.max(1));
    Millis(u64::try_from(share).unwrap_or(u64::MAX))
}
