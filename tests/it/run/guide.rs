//! What the operator is led through: groups side by side, phases behind their gates, five ways on after a failure, and
//! several steps taken back.

use super::*;

/// A plan in which raising capacity may go on beside creating deployments; `grouped`: it says so.
fn beside(grouped: bool) -> Bench {
    let mut plan = plan_of(Strategy::HotCold);
    for s in plan.steps.iter_mut().filter(|s| matches!(s.id.as_str(), "AO-F3" | "AO-F5")) {
        s.group = grouped.then(|| "capacity".to_owned());
        s.needs.retain(|n| n.starts_with('D'));
        s.second_person = None;
    }
    let mut b = Bench::with(plan, Mode::Rehearsal, &INCIDENT);
    b.reach("AO-F3");
    b
}

fn current(b: &Bench) -> &str {
    b.run.current().map_or("", |i| &b.run.steps[i].id)
}

#[test]
fn steps_of_a_group_go_on_side_by_side_and_others_one_after_another() {
    let mut b = beside(true);
    b.perform("AO-F3", &[change("chat")]);
    assert_eq!(current(&b), "AO-F5", "its neighbour can be begun while Azure works");
    b.perform("AO-F5", &[change("capacity")]);
    assert_eq!([b.state("AO-F3"), b.state("AO-F5")], [StepState::Running; 2]);
    assert!(!b.entries.iter().any(|e| matches!(&e.event, Event::Deviation { reason, .. } if reason.contains("begun"))));
    // One of them fails: it is what concerns the operator, and the other one goes on.
    b.finish("AO-F5", 0);
    b.system("AO-F3", finished(0, Some(failure()))).unwrap();
    assert_eq!(current(&b), "AO-F3");
    b.system("AO-F5", verified(None)).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::DoneByApp);
    assert_eq!(b.state("AO-F4"), StepState::Blocked, "what needs both waits for the one that failed");

    let mut b = beside(false);
    b.perform("AO-F3", &[change("chat")]);
    assert_eq!(current(&b), "AO-F3", "the next change is not offered while one is at work");
    let events = b.step("AO-F5", performing(&[change("capacity")])).unwrap();
    assert!(matches!(&events[0], Event::Deviation { reason, .. } if reason.contains("AO-F3")), "{events:?}");
}

#[test]
fn while_the_second_person_thinks_the_neighbour_is_gone_on_with() {
    let mut b = beside(true);
    let planned = b.run.planned("AO-F3").unwrap().clone();
    let mut plan = (**b.run.plan.as_ref().unwrap()).clone();
    *plan.steps.iter_mut().find(|s| s.id == "AO-F3").unwrap() =
        lifeboat::plan::model::PlannedStep { second_person: Some("cost".to_owned()), ..planned };
    b = Bench::with(plan, Mode::Rehearsal, &INCIDENT);
    b.reach("AO-F3");
    let changes = vec![change("chat")];
    b.step("AO-F3", StepCommand::AskSecondPerson { changes, undo: false, ticket: Ticket::default() }).unwrap();
    assert_eq!(current(&b), "AO-F5");
    b.perform("AO-F5", &[change("capacity")]);
    assert_eq!(current(&b), "AO-F3", "and then it waits for them");
}

#[test]
fn no_phase_is_passed_while_a_gate_of_it_does_not_hold() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("D8");
    b.system("D8", StepCommand::Check).unwrap();
    b.system("D8", verified(Some(failure()))).unwrap();
    for later in ["D9", "AO-F1", "AO-F6", "CV1", "CO1", "CB1", "CA1"] {
        assert_eq!(b.state(later), StepState::Blocked, "{later} while D8 failed");
    }
    assert!(b.step("D9", decision(Choice::FailOver)).is_err());
    b.step("D8", skip()).unwrap();
    assert_eq!(b.state("D9"), StepState::Ready);
    // A phase that was passed closes again when something in it is taken back or decided anew.
    b.reach("AO-F6");
    b.perform("AO-F6", &[change("switch")]);
    b.finish("AO-F6", 0);
    b.system("AO-F6", verified(None)).unwrap();
    b.reach("CA1");
    assert_eq!(b.state("CA1"), StepState::Ready);
    b.undo("AO-F6", &[change("switch")]);
    b.finish("AO-F6", 0);
    b.system("AO-F6", verified(None)).unwrap();
    assert_eq!((b.state("AO-F6"), b.state("CA1")), (StepState::Undone, StepState::Blocked));
}

#[test]
fn after_a_failure_there_are_five_ways_on() {
    let failed = || {
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("AO-F5");
        b.perform("AO-F5", &[change("one"), change("two")]);
        b.finish("AO-F5", 0);
        b.system("AO-F5", finished(1, Some(failure()))).unwrap();
        assert!(b.run.automatic().is_empty() && current(&b) == "AO-F5", "it waits");
        b
    };
    let ways: [(&str, StepCommand, StepState); 4] = [
        ("retry", reopen(), StepState::Ready),
        ("by hand", confirm(), StepState::DoneByHand),
        ("skip", skip(), StepState::Skipped),
        ("undo", undoing(&[change("one")], &[]), StepState::Running),
    ];
    for (way, command, state) in ways {
        let mut b = failed();
        b.step("AO-F5", command).unwrap();
        assert_eq!(b.state("AO-F5"), state, "{way}");
        assert!(b.run.open());
    }
    let mut b = failed();
    b.run_wide(Command::Abort("enough".to_owned())).unwrap();
    assert!(!b.run.open());
}

#[test]
fn what_is_unclear_is_not_left_out_by_asking_about_it_first() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F6");
    b.perform("AO-F6", &[change("switch")]);
    b.system("AO-F6", StepCommand::Lost { n: 0, why: "silence".to_owned() }).unwrap();
    assert!(b.step("AO-F6", skip()).is_err());
    b.step("AO-F6", confirm()).unwrap();
    assert_eq!(b.state("AO-F6"), StepState::AwaitingApproval);
    assert!(b.step("AO-F6", skip()).is_err(), "nobody knows yet what became of the request");
    b.answer("AO-F6", Err("look first".to_owned())).unwrap();
    assert_eq!(b.state("AO-F6"), StepState::Indeterminate);
}

/// Done by the app, a minute each, each with a request of its own name.
fn done(b: &mut Bench, id: &str) {
    b.reach(id);
    b.after(60_000).perform(id, &[change(id)]);
    b.finish(id, 0);
    b.system(id, verified(None)).unwrap();
}

#[test]
fn several_are_taken_back_the_newest_first_and_nothing_under_users() {
    let mut b = Bench::new(Mode::Rehearsal);
    for id in ["AO-F3", "AO-F5", "AO-F6"] {
        done(&mut b, id);
    }
    b.step("AO-F7", confirm()).unwrap();
    let table: [(&str, &[&str]); 6] = [
        ("AO-F3", &["AO-F6", "AO-F5", "AO-F3"]),
        ("AO-F5", &["AO-F6", "AO-F5"]),
        ("AO-F6", &["AO-F6"]),
        ("AO-F7", &[]),
        ("D9", &["AO-F6", "AO-F5", "AO-F3"]),
        ("CV1", &[]),
    ];
    for (to, want) in table {
        assert_eq!(b.run.undo_order(to), want, "back to {to}");
    }
    // Each of them can be taken back when its turn comes.
    for id in b.run.undo_order("AO-F3") {
        assert!(b.run.holds_up(&id).is_none(), "{id}");
        b.after(60_000).undo(&id, &[change(&id)]);
        b.finish(&id, 0);
        b.system(&id, verified(None)).unwrap();
    }
    assert_eq!(b.run.undo_order("AO-F3"), Vec::<String>::new());
    // Whoever switched by hand switches back by hand: nothing under it is offered.
    let mut b = Bench::new(Mode::Rehearsal);
    for id in ["AO-F3", "AO-F5"] {
        done(&mut b, id);
    }
    b.reach("AO-F6");
    b.after(60_000).step("AO-F6", confirm()).unwrap();
    b.agree("AO-F6");
    assert_eq!(b.run.undo_order("AO-F3"), Vec::<String>::new());
}

#[test]
fn what_leads_users_goes_before_what_was_done_beside_it() {
    // The switch was begun first, and the capacity before users were on their way.
    let mut plan = plan_of(Strategy::HotCold);
    for s in plan.steps.iter_mut().filter(|s| s.id == "AO-F6" || s.id == "AO-F5") {
        s.group = Some("move".to_owned());
        s.needs.retain(|n| n.starts_with('D'));
        s.second_person = None;
    }
    let mut b = Bench::with(plan, Mode::Rehearsal, &INCIDENT);
    b.reach("AO-F5");
    b.after(1_000).perform("AO-F6", &[change("AO-F6")]);
    b.after(1_000).perform("AO-F5", &[change("AO-F5")]);
    for id in ["AO-F6", "AO-F5"] {
        b.after(1_000).finish(id, 0);
        b.system(id, verified(None)).unwrap();
    }
    assert_eq!(b.run.undo_order("AO-F6"), ["AO-F6", "AO-F5"]);
    assert_eq!(b.run.undo_order("AO-F5"), Vec::<String>::new(), "users rest on it, and the switch is older");
}
