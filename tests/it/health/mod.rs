//! Tests of `health`.

mod detector;
mod gaps;
mod model;
mod noise;
mod parts;
mod schedule;
mod settings;
mod signal;
mod traps;

use lifeboat::health::{Detector, Failure, Observation, Outcome, Stages, Thresholds};
use lifeboat::runbook::model::Tier;
use lifeboat::units::Millis;

/// A round instant to count from.
pub const T0: i64 = 1_700_000_000_000;
/// The usual interval.
pub const STEP: i64 = 15_000;

pub fn failed(f: Failure) -> Outcome {
    Outcome::Failed(f)
}

pub fn silent() -> Outcome {
    failed(Failure::NoAnswer)
}

pub fn ok() -> Outcome {
    Outcome::Answered
}

pub fn seen(id: &str, at: i64, outcome: Outcome) -> Observation {
    let total = Some(Millis(if outcome == Outcome::Answered { 61 } else { 10_000 }));
    Observation {
        endpoint: id.into(),
        at,
        outcome,
        stages: Stages { total, ..Stages::default() },
        peer: None,
        via_proxy: false,
        certificate: None,
        detail: None,
        ahead: None,
    }
}

/// A detector fed one outcome each 15 s from `T0`, and the time of the last.
pub fn fed(id: &str, tier: Tier, outcomes: impl IntoIterator<Item = Outcome>) -> (Detector, i64) {
    let mut d = Detector::new(id.into(), Thresholds::of(tier));
    let mut at = T0 - STEP;
    for o in outcomes {
        at += STEP;
        d.observe(&seen(id, at, o));
    }
    (d, at)
}

/// `n` times the same.
pub fn times(n: usize, o: &Outcome) -> impl Iterator<Item = Outcome> + use<> {
    std::iter::repeat_n(o.clone(), n)
}
