//! The detector at its thresholds, and what no sequence may do.

use lifeboat::health::{Detector, DetectorState, Failure, Outcome, Thresholds};
use lifeboat::runbook::model::Tier;
use lifeboat::units::Millis;
use proptest::prelude::*;

use super::{STEP, T0, failed, fed, ok, seen, silent, times};

fn state_after(tier: Tier, outcomes: impl IntoIterator<Item = Outcome>) -> DetectorState {
    let (d, at) = fed("e", tier, outcomes);
    d.state(at)
}

#[test]
fn consecutive_failures_at_the_boundaries() {
    use DetectorState::*;
    let healthy = || times(40, &ok());
    for (tier, failures, expected) in [
        (Tier::T1, 1, Ok),
        (Tier::T1, 2, Ok),
        (Tier::T1, 3, Suspect),
        (Tier::T1, 7, Suspect),
        (Tier::T1, 8, Persistent),
        (Tier::T2, 3, Suspect),
        // The 61st failure is 15 min after the first.
        (Tier::T2, 60, Suspect),
        (Tier::T2, 61, Persistent),
        (Tier::T3, 61, Suspect),
        (Tier::T3, 120, Suspect),
        (Tier::T3, 121, Persistent),
    ] {
        assert_eq!(state_after(tier, healthy().chain(times(failures, &silent()))), expected, "{tier:?} {failures}");
    }
}

#[test]
fn from_the_first_probe_on_silence_is_unknown_until_it_is_suspect() {
    assert_eq!(state_after(Tier::T1, []), DetectorState::Unknown);
    assert_eq!(state_after(Tier::T1, times(2, &silent())), DetectorState::Unknown);
    assert_eq!(state_after(Tier::T1, times(3, &silent())), DetectorState::Suspect);
}

#[test]
fn half_of_twenty_calls_is_persistent_for_t1() {
    // One failure in two never makes three in a row; the share does, at the twentieth call and not before.
    let alternating = |n| (0..n).map(|i| if i % 2 == 0 { ok() } else { silent() });
    assert_ne!(state_after(Tier::T1, alternating(18)), DetectorState::Persistent);
    assert_eq!(state_after(Tier::T1, alternating(20)), DetectorState::Persistent);
    // Two in five is 40 %.
    let less = (0..60).map(|i| if i % 5 < 3 { ok() } else { silent() });
    assert_ne!(state_after(Tier::T1, less), DetectorState::Persistent);
}

#[test]
fn four_in_five_over_the_whole_window_is_persistent_for_t2() {
    let pattern = |bad: usize| (0..90).map(move |i| if i % 10 >= bad { ok() } else { silent() });
    assert_eq!(state_after(Tier::T2, pattern(8).take(88)), DetectorState::Persistent);
    assert_ne!(state_after(Tier::T2, pattern(7)), DetectorState::Persistent);
}

#[test]
fn a_success_resets_the_row_and_not_the_window() {
    let (d, at) = fed("e", Tier::T1, times(7, &silent()).chain([ok()]).chain(times(7, &silent())));
    assert_eq!(d.consecutive_failures(), 7);
    assert_eq!(d.state(at), DetectorState::Suspect);
    assert_eq!(d.tally(T0).failed, 14);
}

#[test]
fn recovery_takes_three_answers_and_a_hold() {
    let down = || times(8, &silent());
    assert_eq!(state_after(Tier::T1, down().chain(times(2, &ok()))), DetectorState::Persistent);
    assert_eq!(state_after(Tier::T1, down().chain(times(3, &ok()))), DetectorState::Recovering);
    // RECOVERING begins with the third answer; five minutes are twenty more.
    assert_eq!(state_after(Tier::T1, down().chain(times(22, &ok()))), DetectorState::Recovering);
    assert_eq!(state_after(Tier::T1, down().chain(times(23, &ok()))), DetectorState::Ok);
}

#[test]
fn one_failure_while_recovering_restarts_the_hold_and_three_are_a_relapse() {
    let recovering = || times(8, &silent()).chain(times(20, &ok()));
    assert_eq!(state_after(Tier::T1, recovering().chain([silent()])), DetectorState::Recovering);
    let again = recovering().chain([silent()]).chain(times(19, &ok()));
    assert_eq!(state_after(Tier::T1, again), DetectorState::Recovering);
    assert_eq!(state_after(Tier::T1, recovering().chain(times(3, &silent()))), DetectorState::Persistent);
}

#[test]
fn stale_news_is_no_news() {
    let (d, at) = fed("e", Tier::T1, times(10, &ok()));
    assert_eq!(d.state(at + 3 * STEP), DetectorState::Ok);
    assert_eq!(d.state(at + 3 * STEP + 1), DetectorState::Unknown);
    assert_eq!(d.steady_for(at + 3 * STEP + 1), Millis(0));
    let (d, at) = fed("e", Tier::T1, times(10, &silent()));
    assert_eq!(d.state(at + 3 * STEP + 1), DetectorState::Unknown);
    assert_eq!(d.since(at + 3 * STEP + 1), None);
}

#[test]
fn a_sleeping_laptop_does_not_carry_its_count_over() {
    let (mut d, at) = fed("e", Tier::T1, times(20, &ok()).chain(times(7, &silent())));
    let awake = at + 3_600_000;
    d.observe(&seen("e", awake, silent()));
    assert_eq!(d.consecutive_failures(), 1);
    assert_eq!(d.state(awake), DetectorState::Unknown);
}

#[test]
fn what_does_not_count_neither_fails_nor_heals() {
    for code in [400, 401, 403, 404, 409, 429] {
        let no = failed(Failure::status(code));
        assert_eq!(state_after(Tier::T1, times(200, &no)), DetectorState::Unknown, "{code}");
        assert_eq!(state_after(Tier::T1, times(10, &ok()).chain(times(4, &no))), DetectorState::Unknown, "{code}");
        // A throttled call between failures does not reset them either.
        let mixed = times(4, &silent()).chain([no]).chain(times(4, &silent()));
        assert_eq!(state_after(Tier::T1, mixed), DetectorState::Persistent, "{code}");
    }
}

#[test]
fn any_failure_breaks_a_run_of_answers() {
    for no in [silent(), failed(Failure::status(429)), failed(Failure::status(401))] {
        let (d, at) = fed("e", Tier::T1, times(10, &ok()).chain([no]).chain(times(3, &ok())));
        assert_eq!(d.consecutive_successes(), 3);
        assert_eq!(d.steady_for(at), Millis(30_000));
    }
}

#[test]
fn slow_failures_leave_no_gap_of_green() {
    // Two failures that took long: not three in a row, but no answer for longer than three probes.
    let mut d = Detector::new("e".into(), Thresholds::of(Tier::T1));
    d.observe(&seen("e", T0, ok()));
    d.observe(&seen("e", T0 + 25_000, silent()));
    d.observe(&seen("e", T0 + 44_000, silent()));
    assert_eq!(d.state(T0 + 45_000), DetectorState::Ok);
    assert_eq!(d.state(T0 + 46_000), DetectorState::Suspect);
}

#[test]
fn coming_and_going_is_unstable() {
    let bout = || times(10, &ok()).chain(times(2, &silent()));
    let (d, at) = fed("e", Tier::T1, bout().chain(bout()).chain(times(3, &ok())));
    assert!(!d.unstable(at), "two bouts are not three");
    let (d, at) = fed("e", Tier::T1, bout().chain(bout()).chain(bout()).chain(times(3, &ok())));
    assert_eq!(d.bouts(at), 3);
    assert!(d.unstable(at));
    let (d, at) = fed("e", Tier::T1, bout().chain(bout()).chain(bout()).chain(times(40, &ok())));
    assert!(!d.unstable(at), "ten quiet minutes end it");
}

#[test]
fn a_storm_of_throttling_begins_with_itself() {
    let wait = failed(Failure::status(429));
    // One in sixteen calls is no storm, and what comes after it does not make it one.
    let lone = || times(15, &ok()).chain([wait.clone()]);
    let (d, at) = fed("e", Tier::T1, lone().chain(lone()).chain(lone()));
    assert_eq!(d.throttled_since(at), None);
    let calm = || lone().chain(lone()).chain(lone()).chain(times(11, &ok()));
    let (d, at) = fed("e", Tier::T1, calm().chain(times(5, &wait)));
    assert_eq!(d.throttled_since(at), Some(T0 + 59 * STEP), "not with the first lone one");
    // It blows for an hour with a call in between that is answered: one storm.
    let (d, at) = fed("e", Tier::T1, calm().chain((0..240).map(|i| if i % 4 == 3 { ok() } else { wait.clone() })));
    assert_eq!(d.throttled_since(at), Some(T0 + 59 * STEP));
}

#[test]
fn since_when_how_fast_and_how_steadily() {
    let (d, at) = fed("e", Tier::T1, times(5, &ok()).chain(times(9, &silent())));
    assert_eq!(d.since(at), Some(T0 + 5 * STEP));
    assert_eq!(d.persistent_since(), Some(T0 + 12 * STEP));
    assert_eq!(d.last_success(), Some(T0 + 4 * STEP));
    let (d, at) = fed("e", Tier::T1, [silent()].into_iter().chain(times(5, &ok())));
    assert_eq!(d.consecutive_successes(), 5);
    assert_eq!(d.steady_for(at), Millis(60_000));

    let mut d = Detector::new("e".into(), Thresholds::default());
    for i in 1..=100 {
        let mut o = seen("e", T0 + i * STEP, ok());
        o.stages.total = Some(Millis(u64::try_from(i).unwrap()));
        d.observe(&o);
    }
    assert_eq!(d.p95(100), Some(Millis(95)));
    assert_eq!(d.p95(20), Some(Millis(99)));
    assert_eq!(d.p95(1), Some(Millis(100)));
    assert_eq!(d.p95(0), None);
    assert_eq!(d.typical(), Some(Millis(98)));
}

#[test]
fn history_is_bounded_and_a_clock_that_goes_back_does_no_harm() {
    let mut d = Detector::new("e".into(), Thresholds::default());
    for i in 0..10_000 {
        d.observe(&seen("e", T0 + i * 100, ok()));
    }
    assert_eq!(d.history().len(), 1_024);
    let last = T0 + 9_999 * 100;
    // Two answers out of order, and a clock that somebody set back.
    d.observe(&seen("e", last - 40_000, ok()));
    assert_eq!(d.last().unwrap().at, last);
    d.observe(&seen("e", T0, ok()));
    assert_eq!((d.last().unwrap().at, d.state(T0)), (T0, DetectorState::Ok));
    assert_eq!(d.tally(0).calls, d.history().len());
    for i in 0..100_000 {
        d.observe(&seen("e", T0 + i * STEP, if i % 3 == 0 { silent() } else { ok() }));
    }
    assert!(d.history().len() <= 250, "an hour and a little: {}", d.history().len());
}

pub fn outcomes() -> impl Strategy<Value = Outcome> {
    let codes = prop::sample::select(vec![302u16, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504, 511]);
    prop_oneof![
        4 => Just(ok()),
        4 => codes.prop_map(|c| failed(Failure::status(c))),
        2 => prop::sample::select(vec![
            Failure::Dns, Failure::ConnectTimeout, Failure::Refused, Failure::Unreachable, Failure::NoRoute, Failure::Tls,
            Failure::Certificate, Failure::Reset, Failure::NoAnswer, Failure::NotTheService, Failure::NotAsked, Failure::Proxy,
            Failure::BeyondProxy,
        ]).prop_map(failed),
    ]
}

pub fn tiers() -> impl Strategy<Value = Tier> {
    prop::sample::select(vec![Tier::T1, Tier::T2, Tier::T3])
}

proptest! {
    #[test]
    fn without_counting_failures_it_is_ok_or_unknown(
        tier in tiers(),
        steps in prop::collection::vec((outcomes().prop_filter("counts", |o| !o.counts()), 1_000i64..120_000), 0..200),
    ) {
        let mut d = Detector::new("e".into(), Thresholds::of(tier));
        let mut at = T0;
        for (o, gap) in steps {
            at += gap;
            d.observe(&seen("e", at, o));
            for later in [0, 20_000, 50_000] {
                prop_assert!(matches!(d.state(at + later), DetectorState::Ok | DetectorState::Unknown));
            }
        }
    }

    #[test]
    fn never_ok_without_a_fresh_success(
        tier in tiers(),
        steps in prop::collection::vec((outcomes(), 1_000i64..60_000), 0..200),
        later in 0i64..200_000,
    ) {
        let mut d = Detector::new("e".into(), Thresholds::of(tier));
        let (mut at, mut success) = (T0, None);
        for (o, gap) in steps {
            at += gap;
            if o.answered() { success = Some(at); }
            d.observe(&seen("e", at, o));
            for now in [at, at + later] {
                if matches!(d.state(now), DetectorState::Ok | DetectorState::Recovering) {
                    prop_assert!(success.is_some_and(|s| now - s <= 45_000));
                }
                if d.state(now) == DetectorState::Persistent {
                    prop_assert!(d.failing_since().is_some());
                }
            }
        }
    }
}
