//! When users will be served again, what is missed, and how long DNS takes.

use super::*;
use lifeboat::run::clocks::dns_worst;
use lifeboat::run::forecast::{Forecast, Margin, breach, deadline, forecast};
use lifeboat::units::Millis;

const MIN: i64 = 60_000;

fn mins(m: u64) -> Millis {
    Millis::from_mins(m)
}

#[test]
fn dns_takes_as_long_as_its_table_says() {
    let s = Millis::from_secs;
    for (interval, tolerated, timeout, ttl, best, worst) in
        [(30, 3, 10, 60, 90, 190), (30, 3, 10, 300, 90, 430), (10, 0, 5, 0, 0, 15)]
    {
        assert_eq!(dns_worst(s(interval), tolerated, s(timeout), s(ttl)), (s(best), s(worst)));
    }
    let most = Millis(u64::MAX);
    assert_eq!(dns_worst(most, u32::MAX, most, most).1, most, "nonsense stays a number");
}

/// Impact at the beginning; D1 to D9 take a minute each, F1 to F7 ten minutes each; the RTO is as given.
fn bench(rto: u64, mode: Mode) -> Bench {
    let mut plan = plan_of(Strategy::HotCold);
    plan.rto = mins(rto);
    for s in &mut plan.steps {
        s.expect = if s.phase == Phase::Decide { mins(1) } else { mins(10) };
    }
    let mut b = Bench::with(plan, mode, &INCIDENT);
    b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "e".to_owned() }).unwrap();
    b
}

fn look(b: &Bench, pace: Option<u64>) -> Forecast {
    forecast(&b.run, pace.map(mins), b.at)
}

#[test]
fn what_is_to_come_goes_at_the_pace_of_rehearsals() {
    let mut b = bench(60, Mode::Rehearsal);
    let steps = |b: &Bench, p: Phase| b.run.steps.iter().filter(|s| s.phase() == p).count() as i64;
    let (decide, move_) = (steps(&b, Phase::Decide), 10 * steps(&b, Phase::FailOver));
    let planned = look(&b, None);
    assert_eq!(planned.eta, Some(BEGIN + (decide + move_) * MIN));
    assert_eq!((planned.margin, planned.rehearsed), (Some(Margin::Overrun(mins((decide + move_) as u64 - 60))), false));
    // Rehearsals took 21 minutes from the decision on; what comes before it goes as planned.
    let f = look(&b, Some(21));
    assert_eq!(f.eta, Some(BEGIN + (9 + 21) * MIN));
    assert_eq!((f.margin, f.rehearsed), (Some(Margin::Spare(mins(30))), true));
    // Decided: the pace is left. Nothing done for an hour: the pace is still left, and the RTO is gone.
    b.after(9 * MIN).reach("D10");
    assert_eq!(look(&b, Some(21)).eta, Some(b.at + 21 * MIN));
    b.after(60 * MIN);
    let f = look(&b, Some(21));
    assert_eq!((f.eta, f.margin), (Some(b.at + 21 * MIN), Some(Margin::Overrun(mins(30)))));
    // What was left out is not waited for; the rest keeps its share.
    b.reach("AO-F6");
    assert_eq!(look(&b, Some(20)).eta, Some(b.at + 20 * MIN), "F6 and F7 are what is left of the road");
    b.perform("AO-F6", &[change("x")]);
    b.after(5 * MIN);
    assert_eq!(look(&b, Some(20)).eta, Some(b.at + 15 * MIN), "half of F6 is over");
    b.after(500 * MIN);
    assert_eq!(look(&b, Some(20)).eta, Some(b.at + 10 * MIN), "what takes too long is not counted below nothing");
    // Served: no forecast any more.
    let served = Command::Measure { name: "T8".to_owned(), value: Some(b.at), how: "h".to_owned() };
    b.order(Actor::System, served).unwrap();
    let f = look(&b, Some(20));
    assert_eq!((f.eta, f.reached, f.rehearsed), (Some(b.at), true, false));
}

#[test]
fn nothing_is_forecast_without_an_impact_or_after_the_end() {
    let mut b = Bench::new(Mode::Live);
    assert_eq!(look(&b, None).margin, None);
    assert_eq!(deadline(&b.run, b.at), None);
    assert!(!breach(&b.run, b.at).any());
    b.run_wide(Command::Abort("wrong".to_owned())).unwrap();
    assert_eq!(look(&b, Some(5)).eta, None);
    assert_eq!(forecast(&Run::new(), None, 0).eta, None);
}

#[test]
fn steps_of_a_group_count_once() {
    let mut plan = plan_of(Strategy::HotCold);
    for s in &mut plan.steps {
        s.expect = if s.phase == Phase::FailOver { mins(10) } else { mins(0) };
        s.group = (s.phase == Phase::FailOver).then(|| "all".to_owned());
    }
    let b = Bench::with(plan, Mode::Live, &INCIDENT);
    assert_eq!(look(&b, None).eta, Some(BEGIN + 10 * MIN));
}

#[test]
fn a_pause_uses_the_rto_up_only_when_it_is_real() {
    for (mode, missed) in [(Mode::Live, Some(mins(10))), (Mode::Rehearsal, None)] {
        let mut b = bench(60, mode);
        b.run_wide(Command::Pause("explaining".to_owned())).unwrap();
        assert_eq!(breach(&b.run, BEGIN + 70 * MIN).rto, missed, "{mode:?}");
        b.after(70 * MIN).run_wide(Command::Resume).unwrap();
        assert_eq!(breach(&b.run, b.at).rto, missed, "{mode:?}");
        let later = if mode == Mode::Live { 60 } else { 130 };
        assert_eq!(deadline(&b.run, b.at), Some(BEGIN + later * MIN), "{mode:?}");
    }
}

fn point(b: &mut Bench, name: &str, value: Option<i64>) {
    let c = Command::Measure { name: name.to_owned(), value, how: "lastSyncTime".to_owned() };
    b.order(Actor::System, c).unwrap();
}

#[test]
fn the_recovery_point_is_that_of_the_worst_and_unknown_is_never_zero() {
    let rpa = |points: &[(&str, Option<i64>)], t0: bool| {
        let mut b = Bench::new(Mode::Live);
        for (name, at) in points {
            point(&mut b, name, at.map(|m| BEGIN + m * MIN));
        }
        if t0 {
            b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "e".to_owned() }).unwrap();
        }
        (b.run.clocks.rpa(), b.run.clocks.rpa_known())
    };
    let some = |m| Some(mins(m));
    type Row<'a> = (&'a [(&'a str, Option<i64>)], bool, Option<Millis>, Option<Millis>);
    let table: [Row<'_>; 9] = [
        (&[], true, None, None),
        (&[("RPO point", Some(-41))], true, some(41), some(41)),
        (&[("RPO point", Some(-41))], false, None, None),
        (&[("RPO point", None)], true, None, None),
        (&[("RPO point sadata", Some(-5)), ("RPO point jobs", Some(-30))], true, some(30), some(30)),
        (&[("RPO point sadata", Some(-5)), ("RPO point jobs", None)], true, None, some(5)),
        (&[("RPO point sadata", None), ("RPO point sadata", Some(-5))], true, some(5), some(5)),
        (&[("RPO point", Some(7))], true, some(0), some(0)),
        (&[("RPO points", Some(-5)), ("T5", Some(-5))], true, None, None),
    ];
    for (points, t0, want, known) in table {
        assert_eq!(rpa(points, t0), (want, known), "{points:?}");
    }
}

#[test]
fn what_was_missed_is_in_the_closing_record() {
    use lifeboat::rehearsal::scenario::Outcome;
    let mut plan = plan_of(Strategy::HotCold);
    (plan.rto, plan.rpo) = (mins(30), mins(15));
    let mut b = Bench::with(plan, Mode::Live, &INCIDENT);
    b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "e".to_owned() }).unwrap();
    point(&mut b, "RPO point sadata", Some(BEGIN - 41 * MIN));
    b.after(45 * MIN);
    let served = Command::Measure { name: "T8".to_owned(), value: Some(b.at), how: "h".to_owned() };
    b.order(Actor::System, served).unwrap();
    let found = breach(&b.run, b.at);
    assert_eq!((found.rto, found.rpo), (Some(mins(15)), Some(mins(26))));
    let events = b.run_wide(Command::Close { outcome: Outcome::Recovered, summary: "s".to_owned() }).unwrap();
    let measured = |n: &str| {
        events.iter().find_map(|e| match e {
            Event::Measured { name, value, .. } if name == n => *value,
            _ => None,
        })
    };
    assert_eq!((measured("RTA"), measured("RPA")), (Some(45 * MIN), Some(41 * MIN)));
    let Some(Event::Ended { books: Some(books), not_measured, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(not_measured, &Vec::<String>::new());
    assert_eq!(
        books.missed,
        [
            "users were away 15 min longer than the RTO of 30 min",
            "the newest data is 26 min older than the RPO of 15 min allows"
        ]
    );
}
