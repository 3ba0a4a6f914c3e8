//! What is done a second time, or gone on with after it stood still: decided, begun, taken back, paused.

use super::*;
use lifeboat::run::forecast::{breach, deadline, forecast, planned_left};
use lifeboat::run::state::ReplayError;
use lifeboat::units::Millis;

const MIN: i64 = 60_000;

/// AO-F5 sends three requests.
fn three() -> (Bench, Vec<Change>) {
    let mut b = Bench::new(Mode::Rehearsal);
    let changes = vec![change("a"), change("b"), change("c")];
    b.reach("AO-F5");
    b.perform("AO-F5", &changes);
    (b, changes)
}

#[test]
fn a_pause_ends_a_step_before_its_next_request_and_the_rest_is_sent_later() {
    let (mut b, changes) = three();
    b.run_wide(Command::Pause("wrong region?".to_owned())).unwrap();
    let events = b.system("AO-F5", finished(0, None)).unwrap();
    assert!(!events.iter().any(|e| matches!(e, Event::ActionIntended { .. })), "{events:?}");
    let step = b.run.step("AO-F5").unwrap();
    let said = step.failure.clone().unwrap().message;
    assert_eq!(
        (b.state("AO-F5"), step.failures, step.applied.len()),
        (StepState::Failed, 0, 1),
        "no failure of its own"
    );
    assert!(said.contains("wrong region?") && said.contains("1 of 3"), "{said}");
    b.step("AO-F5", reopen()).unwrap();
    assert!(matches!(b.step("AO-F5", performing(&changes[1..])), Err(Refusal::Paused(_))));
    b.run_wide(Command::Resume).unwrap();
    b.perform("AO-F5", &changes[1..]);
    for n in 0..2 {
        b.finish("AO-F5", n);
    }
    b.system("AO-F5", verified(None)).unwrap();
    assert_eq!((b.state("AO-F5"), b.run.step("AO-F5").unwrap().applied.len()), (StepState::DoneByApp, 3));
    assert_eq!(Run::replay(&b.entries).unwrap(), b.run);
    // What was paused during its last request is checked: that only reads.
    let (mut b, _) = three();
    b.finish("AO-F5", 0);
    b.finish("AO-F5", 1);
    b.run_wide(Command::Pause("p".to_owned())).unwrap();
    b.finish("AO-F5", 2);
    assert_eq!(b.state("AO-F5"), StepState::Verifying);
}

#[test]
fn what_was_gone_on_with_in_another_way_is_taken_back_all_the_same() {
    for (way, state) in [(skip(), StepState::Skipped), (confirm(), StepState::DoneByHand)] {
        let (mut b, changes) = three();
        b.finish("AO-F5", 0);
        b.system("AO-F5", finished(1, Some(failure()))).unwrap();
        b.step("AO-F5", way).unwrap();
        if b.state("AO-F5") == StepState::AwaitingApproval {
            b.agree("AO-F5");
        }
        assert_eq!((b.state("AO-F5"), b.run.undo_order("AO-F5")), (state, vec!["AO-F5".to_owned()]));
        b.undo("AO-F5", &changes[..1]);
        b.finish("AO-F5", 0);
        b.system("AO-F5", verified(None)).unwrap();
        assert_eq!(b.state("AO-F5"), StepState::Undone);
    }
    // Of what sent nothing there is nothing to take back.
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F6");
    assert!(matches!(b.step("AO-F5", undoing(&[change("x")], &[])), Err(Refusal::State { .. })));
}

#[test]
fn a_second_decision_that_is_refused_leaves_the_first_one() {
    let mut b = Bench::new(Mode::Rehearsal);
    let step = b.run.steps.iter().find(|s| b.run.planned(&s.id).unwrap().decision).unwrap().id.clone();
    b.reach(&step);
    let decide = |b: &mut Bench, choice, yes: bool| {
        b.after(10 * MIN).step(&step, decision(choice)).unwrap();
        let verdict = if yes { Ok(()) } else { Err("no".to_owned()) };
        b.answer(&step, verdict).unwrap();
        b.run.decision.clone().map(|d| (d.choice, d.at))
    };
    assert_eq!(decide(&mut b, Choice::FailOver, false), None, "the first one refused: nothing is decided");
    assert_eq!(b.run.clocks.t[4], None);
    let first = BEGIN + 20 * MIN;
    assert_eq!(decide(&mut b, Choice::FailOver, true), Some((Choice::FailOver, first)));
    assert_eq!(decide(&mut b, Choice::Partial, false), Some((Choice::FailOver, first)));
    assert_eq!(b.run.clocks.t[4], Some(first), "T4 is when it was decided first");
    assert_eq!(decide(&mut b, Choice::Partial, true), Some((Choice::Partial, first + 20 * MIN)));
    assert_eq!(b.run.clocks.t[4], Some(first));
}

/// Every step is planned for half an hour.
fn half_hours(mode: Mode) -> Bench {
    let mut plan = plan_of(Strategy::HotCold);
    plan.rto = Millis::from_mins(60);
    plan.steps.iter_mut().for_each(|s| s.expect = Millis::from_mins(30));
    let mut b = Bench::with(plan, mode, &INCIDENT);
    b.run_wide(Command::Declare { impact_start: BEGIN, evidence: "e".to_owned() }).unwrap();
    b
}

#[test]
fn the_time_to_the_rto_stands_still_while_a_rehearsal_is_paused() {
    for (mode, moved) in [(Mode::Rehearsal, 70), (Mode::Live, 0)] {
        let mut b = half_hours(mode);
        b.run_wide(Command::Pause("explaining".to_owned())).unwrap();
        let now = BEGIN + 70 * MIN;
        assert_eq!(deadline(&b.run, now), Some(BEGIN + (60 + moved) * MIN), "{mode:?}");
        assert_eq!(breach(&b.run, now).any(), mode == Mode::Live);
        let margin = |at| forecast(&b.run, None, at).margin;
        assert_eq!(margin(BEGIN) == margin(now), mode == Mode::Rehearsal, "the forecast does not get worse by it");
        b.after(70 * MIN).run_wide(Command::Resume).unwrap();
        assert_eq!(deadline(&b.run, now), Some(BEGIN + (60 + moved) * MIN), "and nothing jumps when it goes on");
    }
}

#[test]
fn an_attempt_takes_its_own_time_and_not_that_of_the_one_before() {
    let mut b = half_hours(Mode::Rehearsal);
    b.reach("AO-F5");
    let left = |b: &Bench| planned_left(&b.run, b.at).0 / MIN as u64;
    let all = left(&b);
    b.perform("AO-F5", &[change("a")]);
    b.after(29 * MIN);
    assert_eq!(left(&b), all - 29);
    b.system("AO-F5", finished(0, Some(failure()))).unwrap();
    b.after(20 * MIN).step("AO-F5", reopen()).unwrap();
    b.perform("AO-F5", &[change("a")]);
    assert_eq!(left(&b), all, "tried again, all of it is to come");
}

#[test]
fn steps_side_by_side_are_planned_once_for_the_decision_too() {
    let mut plan = plan_of(Strategy::HotCold);
    for s in &mut plan.steps {
        s.expect = if s.phase == Phase::FailOver { Millis::from_mins(10) } else { Millis(0) };
        s.group = (s.phase == Phase::FailOver).then(|| "all".to_owned());
    }
    let b = Bench::with(plan, Mode::Live, &INCIDENT);
    assert_eq!(planned_left(&b.run, b.at), Millis::from_mins(10));
}

#[test]
fn the_last_failover_step_is_the_one_of_the_last_time() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F6");
    let done = |b: &mut Bench| {
        b.after(MIN).perform("AO-F6", &[change("switch")]);
        b.finish("AO-F6", 0);
        b.system("AO-F6", verified(None)).unwrap();
        b.reach("CV1");
        b.run.clocks.t[6]
    };
    assert_eq!(done(&mut b), Some(BEGIN + MIN));
    b.after(40 * MIN).undo("AO-F6", &[change("switch")]);
    b.finish("AO-F6", 0);
    b.system("AO-F6", verified(None)).unwrap();
    assert_eq!(done(&mut b), Some(BEGIN + 42 * MIN));
}

#[test]
fn a_record_whose_plan_is_not_the_one_it_names_is_not_replayed() {
    let mut b = Bench::new(Mode::Live);
    Run::replay(&b.entries).unwrap();
    for e in &mut b.entries {
        if let Event::Started(start) = &mut e.event {
            start.digest = "another".to_owned();
        }
    }
    assert!(matches!(Run::replay(&b.entries), Err(ReplayError::Digest(_))));
}

/// The process may die between the second person's agreement to a word and the word's own record.
#[test]
fn an_agreement_to_a_word_settles_no_request() {
    let begun = |result: StepCommand| {
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("AO-F6");
        b.perform("AO-F6", &[change("weight")]);
        b.system("AO-F6", result).unwrap();
        b.step("AO-F6", confirm()).unwrap();
        assert_eq!(b.state("AO-F6"), StepState::AwaitingApproval);
        b
    };
    let mut b = begun(StepCommand::Lost { n: 0, why: "silence".to_owned() });
    b.agree("AO-F6");
    let cut = b.entries.iter().rposition(|e| matches!(e.event, Event::Approved { .. })).unwrap();
    let run = Run::replay(&b.entries[..=cut]).unwrap();
    assert_eq!(run.step("AO-F6").unwrap().own_state(), StepState::Indeterminate, "it is read back first");
    // Found at work although no answer came: not let go of either.
    let mut b =
        begun(StepCommand::ReadBack { n: 0, found: lifeboat::run::event::Found::Running, detail: "d".to_owned() });
    assert!(b.step("AO-F6", skip()).is_err());
}
