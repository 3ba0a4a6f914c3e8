//! T0 … T12: what reaches them, what does not, and what stays unknown.

use super::*;
use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::units::Millis;

const MIN: i64 = 60_000;

fn measure(b: &mut Bench, name: &str, value: Option<i64>) {
    let c = Command::Measure { name: name.to_owned(), value, how: "test".to_owned() };
    b.order(Actor::System, c).unwrap();
}

fn minutes(b: &Bench) -> Vec<Option<i64>> {
    b.run.clocks.t.iter().map(|t| t.map(|t| (t - BEGIN) / MIN)).collect()
}

/// From impact to close, one thing a minute.
fn whole(mode: Mode) -> Bench {
    let mut b = Bench::new(mode);
    let impact = Command::Declare { impact_start: BEGIN - 2 * MIN, evidence: "first complaint".to_owned() };
    b.run_wide(impact).unwrap();
    measure(&mut b, "T1", Some(BEGIN));
    b.after(MIN);
    measure(&mut b, "T2", Some(BEGIN + MIN));
    assert_eq!(b.run.clocks.t[3], None, "nobody has seen it yet");
    b.after(MIN).reach("D9"); // T3 at 2
    b.after(MIN).reach("AO-F5"); // T4 at 3
    b.after(MIN).perform("AO-F5", &[change("capacity")]); // T5 at 4
    b.after(MIN).finish("AO-F5", 0);
    b.system("AO-F5", verified(None)).unwrap();
    b.after(MIN).reach("CV1"); // T6 at 6
    assert_eq!(b.run.clocks.rta(), None, "unknown stays unknown");
    b.after(MIN);
    let at = b.at;
    measure(&mut b, "T8", Some(at)); // 7
    assert_eq!(b.run.clocks.rta(), Some(Millis::from_mins(9)));
    assert!(!b.run.clocks.rta_final(), "provisional until it is verified");
    b.after(MIN).reach("AO-V1");
    b.step("AO-V1", confirm()).unwrap(); // T7 at 8
    assert!(b.run.clocks.rta_final());
    b
}

#[test]
fn every_instant_has_its_event() {
    let mut b = whole(Mode::Rehearsal);
    let t9 = b.after(MIN).at;
    measure(&mut b, "T9", Some(t9)); // 9
    b.reach("AO-B1a");
    b.after(MIN).perform("AO-B1a", &[change("weight-eastus")]); // T10 at 10
    b.finish("AO-B1a", 0);
    b.system("AO-B1a", verified(None)).unwrap();
    b.after(MIN).reach("CA1"); // T11 at 11
    b.after(MIN).reach("nothing");
    let close = Command::Close { outcome: Outcome::Recovered, summary: "back".to_owned() };
    let events = b.run_wide(close).unwrap(); // T12 at 12
    let want = [-2, 0, 1, 2, 3, 4, 6, 8, 7, 9, 10, 11, 12].map(Some);
    assert_eq!(minutes(&b), want);
    assert!(matches!(&events[0], Event::Measured { name, value: Some(540_000), .. } if name == "RTA"), "{events:?}");
    let c = &b.run.clocks;
    let of = |ms: u64| Some(Millis(ms));
    assert_eq!(
        c.segments().map(|(_, d)| d),
        [of(180_000), of(60_000), of(60_000), of(120_000), of(120_000)],
        "detect, acknowledge, decide, execute, verify"
    );
    assert_eq!((c.team(), c.failback()), (of(300_000), of(60_000)));
    assert_eq!(b.run.last_switch, Some(BEGIN + 10 * MIN));
}

#[test]
fn an_instant_is_reached_once_and_nonsense_never() {
    let mut b = whole(Mode::Rehearsal);
    let before = b.run.clocks.clone();
    measure(&mut b, "T8", Some(1));
    measure(&mut b, "T99", Some(1));
    measure(&mut b, "Tx", Some(1));
    measure(&mut b, "T9", None);
    assert_eq!(b.run.clocks, before);
    // The impact can be known better later.
    let c = Command::Declare { impact_start: BEGIN - 5 * MIN, evidence: "logs".to_owned() };
    b.run_wide(c).unwrap();
    assert_eq!(b.run.clocks.rta(), Some(Millis::from_mins(12)));
    // A time before the impact is none.
    let c = Command::Declare { impact_start: i64::MAX, evidence: "typo".to_owned() };
    b.run_wide(c).unwrap();
    assert_eq!(b.run.clocks.rta(), Some(Millis(0)));
    let c = Command::Declare { impact_start: i64::MIN, evidence: "typo".to_owned() };
    b.run_wide(c).unwrap();
    assert!(b.run.clocks.rta().is_some());
}

#[test]
fn a_phase_that_was_left_out_was_not_passed() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("CO1");
    let t = b.run.clocks.t;
    assert_eq!((t[5], t[6], t[7]), (None, None, None), "everything was skipped");
    assert!(b.run.phase_over(Phase::Verify));
    // Done by hand is done.
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F7");
    b.after(MIN).step("AO-F7", confirm()).unwrap();
    assert_eq!((b.run.clocks.t[5], b.run.clocks.t[6]), (Some(b.at), Some(b.at)));
}

#[test]
fn waiting_is_counted_where_it_belongs() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.after(3 * MIN).reach("D1"); // nothing: no entry yet
    b.system("D1", StepCommand::Check).unwrap(); // people 3
    b.after(2 * MIN);
    b.system("D1", verified(None)).unwrap(); // Azure 2
    b.after(MIN).run_wide(Command::Pause("tea".to_owned())).unwrap(); // people 4
    b.after(5 * MIN).run_wide(Command::Resume).unwrap(); // paused 5
    // Two at work at once count once, until the last of them is over.
    b.system("D2", StepCommand::Check).unwrap();
    b.after(MIN).system("D4", StepCommand::Check).unwrap();
    b.after(MIN).system("D2", verified(None)).unwrap();
    b.after(MIN).system("D4", verified(Some(failure()))).unwrap(); // Azure 5
    b.after(MIN).step("D4", skip()).unwrap(); // people 5
    let c = &b.run.clocks;
    assert_eq!((c.people, c.azure, c.paused), (Millis::from_mins(5), Millis::from_mins(5), Millis::from_mins(5)));
    // A clock that goes back adds nothing.
    b.at -= 60 * MIN;
    b.run_wide(Command::Note("late".to_owned())).unwrap();
    assert_eq!(b.run.clocks.people, Millis::from_mins(5));
}

#[test]
fn pauses_count_live_and_not_in_a_rehearsal() {
    for (mode, want) in [(Mode::Live, 15), (Mode::Rehearsal, 5)] {
        let mut b = Bench::new(mode);
        b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "x".to_owned() }).unwrap();
        b.after(5 * MIN).run_wide(Command::Pause("explaining".to_owned())).unwrap();
        b.after(10 * MIN).run_wide(Command::Resume).unwrap();
        let at = b.at;
        measure(&mut b, "T8", Some(at));
        // A pause after it changes nothing.
        b.run_wide(Command::Pause("cake".to_owned())).unwrap();
        b.after(10 * MIN).run_wide(Command::Resume).unwrap();
        assert_eq!(b.run.clocks.rta(), Some(Millis::from_mins(want)), "{mode:?}");
    }
}
