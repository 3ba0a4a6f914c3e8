//! The road of one step: guards, typed names, requests one after another, failure, restart, taking back.

use super::*;
use lifeboat::run::effect::{self, Effect};
use lifeboat::run::event::Found;
use lifeboat::run::state::ChangeState;
use lifeboat::runbook::model::Risk;

fn at(id: &str) -> Bench {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach(id);
    b
}

fn with_guards(guards: Vec<Reading>) -> StepCommand {
    StepCommand::Perform { changes: vec![change("x")], guards, option: None, typed: None }
}

fn lost() -> StepCommand {
    StepCommand::Lost { n: 0, why: "the connection ended".to_owned() }
}

fn read_back(n: u32, found: Found) -> StepCommand {
    StepCommand::ReadBack { n, found, detail: "as read".to_owned() }
}

#[test]
fn a_guard_that_is_false_unknown_or_unread_refuses_and_is_named() {
    for (guards, name, why) in [
        (vec![reading(Some(false))], "a reading", "42 of 60"),
        (vec![reading(None)], "a reading", "unknown, 42 of 60"),
        (vec![reading(Some(true)), reading(None)], "a reading", "unknown, 42 of 60"),
        (Vec::new(), "this laptop can see", "it was not read"),
    ] {
        let refusal = at("AO-F5").step("AO-F5", with_guards(guards)).unwrap_err();
        assert_eq!(refusal, Refusal::Guard { guard: name.to_owned(), why: why.to_owned() });
        assert!(refusal.to_string().contains(name));
    }
    at("AO-F5").step("AO-F5", with_guards(vec![reading(Some(true))])).unwrap();
    // What has no action sends nothing, whoever asks.
    assert_eq!(at("CV1").step("CV1", with_guards(Vec::new())), Err(Refusal::SendsNothing("CV1".to_owned())));
    // Where nothing changes, nothing has to be guarded.
    let nothing = StepCommand::Perform { changes: Vec::new(), guards: vec![reading(None)], option: None, typed: None };
    at("AO-F5").step("AO-F5", nothing).unwrap();
}

#[test]
fn what_cannot_be_taken_back_is_typed() {
    let mut plan = plan_of(Strategy::HotCold);
    let step = plan.steps.iter_mut().find(|s| s.id == "AO-F5").unwrap();
    (step.risk, step.target) = (Risk::Lossy, "accounts/oai-prod".to_owned());
    let mut b = Bench::with(plan, Mode::Rehearsal, &INCIDENT);
    b.reach("AO-F5");
    let typed = |name: Option<&str>| StepCommand::Perform {
        changes: vec![change("x")],
        guards: vec![reading(Some(true))],
        option: None,
        typed: name.map(str::to_owned),
    };
    for wrong in [None, Some(""), Some("oai-Prod"), Some("yes")] {
        assert_eq!(b.step("AO-F5", typed(wrong)), Err(Refusal::Typed("oai-prod".to_owned())));
    }
    b.step("AO-F5", typed(Some(" oai-prod "))).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::Running);
}

#[test]
fn a_dry_run_sends_nothing() {
    let mut b = Bench::new(Mode::DryRun);
    b.reach("AO-F5");
    let events = b.step("AO-F5", performing(&[change("x")])).unwrap();
    assert!(matches!(&events[..], [Event::StepSkipped { .. }]), "{events:?}");
    assert!(!b.entries.iter().any(|e| matches!(e.event, Event::ActionIntended { .. })));
}

#[test]
fn nothing_begins_while_paused() {
    let mut b = at("AO-F5");
    b.run_wide(Command::Pause("lunch".to_owned())).unwrap();
    let paused = Err(Refusal::Paused("lunch".to_owned()));
    assert_eq!(b.step("AO-F5", performing(&[change("x")])), paused);
    assert_eq!(b.step("AO-F5", StepCommand::Check), paused);
    assert_eq!(
        b.step("AO-F5", StepCommand::AskSecondPerson { changes: vec![], undo: false, ticket: Ticket::default() }),
        paused
    );
    assert!(b.run.automatic().is_empty());
    b.run_wide(Command::Resume).unwrap();
    assert_eq!(b.run_wide(Command::Resume), Ok(Vec::new()), "twice is no news");
    b.perform("AO-F5", &[change("x")]);
    b.finish("AO-F5", 0);
    b.system("AO-F5", verified(None)).unwrap();
    b.run_wide(Command::Pause("again".to_owned())).unwrap();
    let undo = undoing(&[change("x")], &[]);
    assert_eq!(b.step("AO-F5", undo), Err(Refusal::Paused("again".to_owned())));
    assert_eq!(b.run_wide(Command::Pause(" ".to_owned())), Err(Refusal::Empty("the reason")));
}

#[test]
fn requests_go_one_after_another_and_checking_comes_last() {
    let mut b = at("AO-F5");
    b.perform("AO-F5", &[change("one"), change("two")]);
    let states = |b: &Bench| b.run.step("AO-F5").unwrap().changes.iter().map(|c| c.state.clone()).collect::<Vec<_>>();
    assert_eq!(states(&b), [ChangeState::Intended, ChangeState::Planned]);
    let corr = Default::default();
    b.system("AO-F5", StepCommand::Accepted { n: 0, operation: "op".to_owned(), corr }).unwrap();
    let last = b.entries.last().unwrap().clone();
    assert!(matches!(effect::of(&b.run, &last), Some(Effect::Follow(_, 0, _, op)) if op == "op"));
    assert_eq!(b.system("AO-F5", finished(1, None)), Err(Refusal::Stale), "the second was not sent");
    b.finish("AO-F5", 0);
    let last = b.entries.last().unwrap().clone();
    assert!(matches!(effect::of(&b.run, &last), Some(Effect::Send(_, 1, _))));
    assert_eq!(b.system("AO-F5", finished(0, None)), Err(Refusal::Stale), "the first is over");
    b.finish("AO-F5", 1);
    assert_eq!(b.state("AO-F5"), StepState::Verifying);
    let last = b.entries.last().unwrap().clone();
    assert_eq!(effect::of(&b.run, &last), Some(Effect::Verify("AO-F5".to_owned())));
    let events = b.system("AO-F5", verified(None)).unwrap();
    assert!(matches!(&events[..], [Event::StepVerified { .. }, Event::StepDoneByApp]));
}

#[test]
fn what_was_so_already_is_not_called_done() {
    let mut b = at("AO-F5");
    b.step("AO-F5", performing(&[])).unwrap();
    b.system("AO-F5", verified(None)).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::AlreadyTrue);
    // And what does not hold is not called so.
    let mut b = at("AO-F5");
    b.step("AO-F5", performing(&[])).unwrap();
    b.system("AO-F5", verified(Some(failure()))).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::Failed);
}

#[test]
fn a_failure_stops_the_run_until_a_person_chooses() {
    let mut b = at("D1");
    b.system("D1", StepCommand::Check).unwrap();
    b.system("D1", verified(Some(failure()))).unwrap();
    assert!(b.run.automatic().is_empty(), "nothing begins by itself while a step stands failed");
    assert_eq!(b.run.current(), b.run.position("D1"));
    assert_eq!(b.step("D1", StepCommand::Reopen { reason: String::new() }), Err(Refusal::Empty("the reason")));
    b.step("D1", reopen()).unwrap();
    assert!(b.run.automatic().contains(&"D1".to_owned()));
    b.system("D1", StepCommand::Check).unwrap();
    b.system("D1", verified(Some(failure()))).unwrap();
    assert_eq!((b.run.step("D1").unwrap().failures, b.run.step("D1").unwrap().attempts), (2, 2));
    let events = b.step("D1", skip()).unwrap();
    assert!(matches!(&events[..], [Event::Deviation { .. }, Event::StepSkipped { .. }]));
    assert_eq!(b.step("D2", StepCommand::Skip { reason: "\t".to_owned() }), Err(Refusal::Empty("the reason")));
}

#[test]
fn an_option_is_a_deviation_and_a_loss_is_stated_before_and_once() {
    let mut b = at("AO-F6");
    let changes = vec![change("x")];
    b.step("AO-F6", StepCommand::AskSecondPerson { changes: changes.clone(), undo: false, ticket: Ticket::default() })
        .unwrap();
    b.agree("AO-F6");
    let with = StepCommand::Perform {
        changes,
        guards: vec![reading(Some(true)); 2],
        option: Some("smaller".to_owned()),
        typed: None,
    };
    let events = b.step("AO-F6", with.clone()).unwrap();
    let position = |f: fn(&Event) -> bool| events.iter().position(f).unwrap();
    let loss = position(|e| matches!(e, Event::Loss { .. }));
    assert!(loss < position(|e| matches!(e, Event::ActionIntended { .. })));
    assert!(events.iter().any(|e| matches!(e, Event::Deviation { reason, .. } if reason.contains("smaller"))));
    b.system("AO-F6", finished(0, Some(failure()))).unwrap();
    b.step("AO-F6", reopen()).unwrap();
    let again = StepCommand::AskSecondPerson { changes: vec![change("x")], undo: false, ticket: Ticket::default() };
    b.step("AO-F6", again).unwrap();
    b.agree("AO-F6");
    b.step("AO-F6", with).unwrap();
    assert_eq!(b.run.losses.len(), 1, "{:?}", b.run.losses);
}

#[test]
fn a_lost_answer_is_read_back_before_anything_else() {
    let mut b = at("AO-F5");
    b.perform("AO-F5", &[change("one"), change("two")]);
    b.system("AO-F5", lost()).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::Indeterminate);
    assert!(matches!(effect::pending(&b.run)[..], [Effect::ReadBack(_, 0, _)]));
    for found in [Found::Running, Found::Unknown] {
        b.system("AO-F5", read_back(0, found)).unwrap();
        assert_eq!(b.state("AO-F5"), StepState::Indeterminate);
        let last = b.entries.last().unwrap().clone();
        assert_eq!(
            effect::of(&b.run, &last),
            None,
            "whoever found it out goes on reading; nobody starts a second time"
        );
    }
    let mut gone = b.clone();
    let events = gone.system("AO-F5", read_back(0, Found::NotApplied)).unwrap();
    assert!(matches!(&events[1], Event::StepFailed { failure, .. } if failure.code == "NotApplied"));
    assert_eq!(gone.state("AO-F5"), StepState::Failed);
    // Applied, and nobody was away: the next request follows.
    let events = b.system("AO-F5", read_back(0, Found::Applied)).unwrap();
    assert!(matches!(&events[..], [Event::ActionReconciled { .. }, Event::ActionIntended { n: 1, .. }]));
}

#[test]
fn by_hand_or_skipped_is_not_reopened_by_a_late_answer() {
    let mut b = at("AO-F5");
    b.perform("AO-F5", &[change("one")]);
    b.system("AO-F5", lost()).unwrap();
    b.step("AO-F5", confirm()).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::DoneByHand);
    for late in [read_back(0, Found::Applied), read_back(0, Found::NotApplied), finished(0, None)] {
        assert_eq!(b.system("AO-F5", late), Err(Refusal::Stale));
    }
    assert_eq!(b.state("AO-F5"), StepState::DoneByHand);
}

#[test]
fn after_a_restart_nothing_is_sent_again_by_itself() {
    // Intent durable, no answer: unclear.
    let mut b = at("AO-F5");
    b.perform("AO-F5", &[change("one"), change("two")]);
    let mut intended = b.clone();
    let events = intended.order(Actor::System, Command::Open { scenario_ms: Some(7) }).unwrap();
    assert!(matches!(&events[..], [Event::SessionOpened { .. }, Event::ActionIndeterminate { n: 0, .. }]));
    // Read back as applied: the rest waits for a person, for the operator may have gone on by hand.
    let events = intended.system("AO-F5", read_back(0, Found::Applied)).unwrap();
    assert!(matches!(&events[1], Event::StepFailed { failure, .. } if failure.message.contains("1 of 2")));
    // Caught while it was being read back already: the same.
    let mut unclear = b.clone();
    unclear.system("AO-F5", lost()).unwrap();
    unclear.order(Actor::System, Command::Open { scenario_ms: None }).unwrap();
    let events = unclear.system("AO-F5", read_back(0, Found::Applied)).unwrap();
    assert!(matches!(&events[1], Event::StepFailed { failure, .. } if failure.code == "Interrupted"));
    // Azure works on it: followed, not sent.
    let mut accepted = b.clone();
    let corr = Default::default();
    accepted.system("AO-F5", StepCommand::Accepted { n: 0, operation: "op".to_owned(), corr }).unwrap();
    let events = accepted.order(Actor::System, Command::Open { scenario_ms: None }).unwrap();
    assert_eq!(events.len(), 1);
    assert!(matches!(effect::pending(&accepted.run)[..], [Effect::Follow(_, 0, _, _)]));
    let events = accepted.system("AO-F5", finished(0, None)).unwrap();
    assert!(matches!(&events[1], Event::StepFailed { .. }));
    // Checking and asking go on.
    let mut checking = at("D1");
    checking.system("D1", StepCommand::Check).unwrap();
    checking.order(Actor::System, Command::Open { scenario_ms: None }).unwrap();
    assert_eq!(effect::pending(&checking.run), [Effect::Verify("D1".to_owned())]);
    let mut asking = at("AO-F6");
    asking
        .step(
            "AO-F6",
            StepCommand::AskSecondPerson { changes: vec![change("x")], undo: false, ticket: Ticket::default() },
        )
        .unwrap();
    assert!(matches!(effect::pending(&asking.run)[..], [Effect::Ask(..)]));
}

#[test]
fn taking_back_leaves_less_to_take_back() {
    let mut b = at("AO-F5");
    let (one, two) = (change("one"), change("two"));
    b.perform("AO-F5", &[one.clone(), two.clone()]);
    b.finish("AO-F5", 0);
    b.finish("AO-F5", 1);
    b.system("AO-F5", verified(None)).unwrap();
    assert_eq!(b.run.created, [one.target.clone(), two.target.clone()]);
    let nothing = Refusal::NothingToUndo { step: "AO-F5".to_owned(), left: vec!["it is gone.".to_owned()] };
    assert!(nothing.to_string().ends_with(": it is gone."));
    assert_eq!(b.step("AO-F5", undoing(&[], &["it is gone."])), Err(nothing));
    // The second is taken back, the first is refused.
    let gone = |c: &Change| Change { method: "DELETE".to_owned(), body: None, ..c.clone() };
    b.undo("AO-F5", &[gone(&two), gone(&one)]);
    b.finish("AO-F5", 0);
    b.system("AO-F5", finished(1, Some(failure()))).unwrap();
    assert_eq!(b.run.step("AO-F5").unwrap().applied, std::slice::from_ref(&one), "two was taken back already");
    assert_eq!(b.run.created, std::slice::from_ref(&one.target));
    b.undo("AO-F5", &[gone(&one)]);
    b.finish("AO-F5", 0);
    assert!(matches!(effect::pending(&b.run)[..], [Effect::VerifyUndone(..)]));
    b.system("AO-F5", verified(None)).unwrap();
    assert_eq!(b.state("AO-F5"), StepState::Undone);
    let s = b.run.step("AO-F5").unwrap();
    assert!(s.applied.is_empty() && !s.verified, "it can be done anew");
    b.perform("AO-F5", &[one]);
    assert_eq!(b.state("AO-F5"), StepState::Running);
}

#[test]
fn closing_needs_nothing_at_work_and_says_what_was_left_open() {
    use lifeboat::rehearsal::scenario::Outcome;
    let close = |summary: &str| Command::Close { outcome: Outcome::FalseAlarm, summary: summary.to_owned() };
    let mut b = at("AO-F5");
    b.perform("AO-F5", &[change("x")]);
    assert_eq!(b.run_wide(close("over")), Err(Refusal::AtWork("AO-F5".to_owned())));
    b.finish("AO-F5", 0);
    assert_eq!(b.run_wide(close(" ")), Err(Refusal::Empty("the summary")));
    let events = b.run_wide(close("over")).unwrap();
    assert!(matches!(&events[0], Event::Deviation { reason, .. } if reason.contains("AO-F6")));
    assert!(matches!(events.last(), Some(Event::Ended { not_measured, .. }) if not_measured[0].starts_with("RTA")));
    assert!(b.run.clocks.t[12].is_some());
}
