//! Taking back is as guarded as doing it, and says what it left; what a run created and moved is remembered as it was.

use super::*;
use lifeboat::run::event::Found;
use lifeboat::run::state::ChangeState;
use lifeboat::runbook::model::{Action, Risk};

/// A run in which these steps were done by the app, each with one change of its own name.
fn done(ids: &[&str]) -> Bench {
    let mut b = Bench::new(Mode::Rehearsal);
    for id in ids {
        b.reach(id);
        b.after(1_000).perform(id, &[change(id)]);
        b.finish(id, 0);
        b.system(id, verified(None)).unwrap();
    }
    b
}

fn with(change: StepCommand, guards: Vec<Reading>) -> StepCommand {
    match change {
        StepCommand::Undo { changes, left, typed, .. } => StepCommand::Undo { changes, left, guards, typed },
        other => other,
    }
}

#[test]
fn taking_back_asks_for_guards_the_second_person_and_the_name() {
    let back = [change("AO-F6, as before")];
    let mut b = done(&["AO-F6"]);
    for (guards, why) in [
        (vec![reading(Some(false))], "42 of 60"),
        (vec![reading(Some(true)), reading(None)], "unknown, 42 of 60"),
        (vec![reading(Some(true))], "it was not read"),
    ] {
        let refused = b.step("AO-F6", with(undoing(&back, &[]), guards)).unwrap_err();
        assert!(matches!(&refused, Refusal::Guard { why: said, .. } if said == why), "{refused}");
    }
    let refused = b.step("AO-F6", undoing(&back, &[]));
    assert_eq!(refused, Err(Refusal::NeedsApproval("AO-F6".to_owned())), "what was agreed to was to do it");
    b.step("AO-F6", StepCommand::AskSecondPerson { changes: back.to_vec(), undo: true, ticket: Ticket::default() })
        .unwrap();
    assert_eq!(b.state("AO-F6"), StepState::AwaitingApproval);
    assert!(b.step("AO-F6", skip()).is_err(), "it was done, and is not left out by a question");
    b.answer("AO-F6", Err("no".to_owned())).unwrap();
    assert_eq!(b.state("AO-F6"), StepState::DoneByApp, "a refusal leaves it as it was");
    b.undo("AO-F6", &back);
    assert_eq!(b.state("AO-F6"), StepState::Running);

    let mut plan = plan_of(Strategy::HotCold);
    let step = plan.steps.iter_mut().find(|s| s.id == "AO-F5").unwrap();
    (step.risk, step.target) = (Risk::Lossy, "accounts/oai-prod".to_owned());
    let mut b = Bench::with(plan, Mode::Rehearsal, &INCIDENT);
    b.reach("AO-F5");
    let guards = vec![reading(Some(true))];
    let typed = Some("oai-prod".to_owned());
    b.step("AO-F5", StepCommand::Perform { changes: vec![change("x")], guards, option: None, typed }).unwrap();
    b.system("AO-F5", finished(0, Some(failure()))).unwrap();
    assert_eq!(b.step("AO-F5", undoing(&[change("x")], &[])), Err(Refusal::Typed("oai-prod".to_owned())));
}

#[test]
fn what_users_rest_on_is_not_taken_back_under_them() {
    let mut b = done(&["AO-F5", "AO-F6"]);
    let refused = b.step("AO-F5", undoing(&[change("AO-F5")], &[])).unwrap_err();
    assert_eq!(refused, Refusal::HoldsUp { step: "AO-F5".to_owned(), by: "AO-F6".to_owned() });
    // By hand is moved all the same.
    let mut by_hand = done(&["AO-F5"]);
    by_hand.reach("AO-F6");
    by_hand.after(1_000).step("AO-F6", confirm()).unwrap();
    by_hand.agree("AO-F6");
    assert_eq!(by_hand.run.last_switch, Some(by_hand.at), "users were moved, whoever did it");
    assert!(by_hand.step("AO-F5", undoing(&[change("AO-F5")], &[])).is_err());
    // The switch itself can be taken back; then what it rested on can.
    b.after(1_000).undo("AO-F6", &[change("AO-F6")]);
    b.finish("AO-F6", 0);
    b.system("AO-F6", verified(None)).unwrap();
    b.step("AO-F5", undoing(&[change("AO-F5")], &[])).unwrap();
}

#[test]
fn taken_back_in_part_is_not_taken_back() {
    let mut b = done(&["AO-F5"]);
    b.step("AO-F5", undoing(&[change("AO-F5")], &["raise chat: somebody changed it since."])).unwrap();
    b.finish("AO-F5", 0);
    let events = b.system("AO-F5", verified(None)).unwrap();
    let [Event::StepFailed { failure, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(failure.message.contains("in part") && failure.message.contains("somebody changed it"), "{failure:?}");
    assert_eq!(b.state("AO-F5"), StepState::Failed);
}

#[test]
fn after_giving_up_what_was_on_its_way_is_still_recorded_and_nothing_follows() {
    let answers: [(StepCommand, ChangeState); 3] = [
        (finished(0, None), ChangeState::Done),
        (
            StepCommand::Accepted { n: 0, operation: "op".to_owned(), corr: Default::default() },
            ChangeState::Accepted("op".to_owned()),
        ),
        (StepCommand::Lost { n: 0, why: "silence".to_owned() }, ChangeState::Indeterminate),
    ];
    for (answer, state) in answers {
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("AO-F5");
        b.perform("AO-F5", &[change("one"), change("two")]);
        b.run_wide(Command::Abort("wrong".to_owned())).unwrap();
        assert_eq!(b.run.on_its_way().count(), 1);
        let events = b.system("AO-F5", answer.clone()).unwrap();
        assert!(!events.iter().any(|e| matches!(e, Event::ActionIntended { .. })), "nothing more is sent: {events:?}");
        let last = b.entries.last().unwrap().clone();
        assert_eq!(lifeboat::run::effect::of(&b.run, &last), None);
        assert_eq!(b.run.step("AO-F5").unwrap().changes[0].state, state);
        assert_eq!(b.run.on_its_way().count(), 0);
        assert_eq!(b.system("AO-F5", answer), Err(Refusal::Stale), "once");
        Run::replay(&b.entries).unwrap();
    }
}

#[test]
fn what_a_run_created_stays_its_own_however_it_came_about() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    let (new, mended) = (change("x"), Change { previous: Some("{}".to_owned()), ..change("x") });
    let failing = |b: &mut Bench, how: StepCommand| {
        b.perform("AO-F5", std::slice::from_ref(&new));
        b.system("AO-F5", how).unwrap();
    };
    // Refused at once: not created. Accepted and failed later: something is there, and it is ours.
    failing(&mut b, finished(0, Some(failure())));
    assert_eq!(b.run.created, Vec::<String>::new());
    b.step("AO-F5", reopen()).unwrap();
    failing(&mut b, StepCommand::Accepted { n: 0, operation: "op".to_owned(), corr: Default::default() });
    b.system("AO-F5", finished(0, Some(failure()))).unwrap();
    assert_eq!(b.run.created, std::slice::from_ref(&new.target));
    // Lost, not there, and there after all when it is tried again.
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    failing(&mut b, StepCommand::Lost { n: 0, why: "silence".to_owned() });
    let gone = StepCommand::ReadBack { n: 0, found: Found::NotApplied, detail: "no".to_owned() };
    b.system("AO-F5", gone).unwrap();
    assert_eq!(b.run.created, Vec::<String>::new());
    b.step("AO-F5", reopen()).unwrap();
    b.perform("AO-F5", &[mended]);
    b.finish("AO-F5", 0);
    b.system("AO-F5", verified(None)).unwrap();
    assert_eq!(b.run.created, std::slice::from_ref(&new.target), "the second request only finished it");
    // Deleted, and that taken back: it can be deleted again.
    let delete = Change { method: "DELETE".to_owned(), previous: Some("{}".to_owned()), body: None, ..new.clone() };
    b.reach("AO-B2");
    b.perform("AO-B2", &[delete]);
    b.finish("AO-B2", 0);
    assert_eq!(b.run.created, Vec::<String>::new());
    b.system("AO-B2", verified(Some(failure()))).unwrap();
    b.undo("AO-B2", std::slice::from_ref(&new));
    b.finish("AO-B2", 0);
    assert_eq!(b.run.created, std::slice::from_ref(&new.target));
}

#[test]
fn which_step_moves_users_its_action_says() {
    let mut plan = plan_of(Strategy::HotWarm);
    let moves: Vec<String> = plan.steps.iter().filter(|s| s.moves_users()).map(|s| s.id.clone()).collect();
    assert!(moves.contains(&"AO-F6".to_owned()) && !moves.contains(&"AO-F5".to_owned()), "{moves:?}");
    // A key of any name.
    let step = plan.steps.iter_mut().find(|s| s.id == "AO-F6").unwrap();
    if let Some(Action::SetAppConfiguration { values, .. }) = &mut step.action {
        *values = [("active-region".to_owned(), "swedencentral".to_owned())].into();
    }
    let mut b = Bench::with(plan, Mode::Rehearsal, &INCIDENT);
    b.reach("AO-F6");
    b.perform("AO-F6", &[change("active-region")]);
    assert_eq!(b.run.last_switch, None);
    b.finish("AO-F6", 0);
    assert_eq!(b.run.last_switch, Some(b.at));
}

#[test]
fn what_nothing_will_ever_show_does_not_hold_the_run_up() {
    let hook = |name: &str| Change { effect: Some(Box::default()), method: "POST".to_owned(), ..change(name) };
    let lost = |changes: &[Change]| {
        let mut b = Bench::new(Mode::Rehearsal);
        b.reach("AO-F5");
        b.perform("AO-F5", changes);
        b.system("AO-F5", StepCommand::Lost { n: 0, why: "silence".to_owned() }).unwrap();
        b
    };
    let mut b = lost(&[hook("hook")]);
    b.step("AO-F5", skip()).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::Skipped);
    // Sent again only by the operator's own hand, from the preview on.
    let mut b = lost(&[hook("hook")]);
    b.step("AO-F5", reopen()).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::Ready);
    b.perform("AO-F5", &[hook("hook")]);
    assert_eq!(b.state("AO-F5"), StepState::Running);
    // What can be read back is.
    let mut b = lost(&[change("x")]);
    assert!(b.step("AO-F5", skip()).is_err() && b.step("AO-F5", reopen()).is_err());
}
