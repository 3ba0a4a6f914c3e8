//! A run that goes on elsewhere: here it is only read.

use super::*;
use lifeboat::run::effect::{self, Effect};
use lifeboat::run::event::Evidence;

fn hand_over() -> Command {
    Command::HandOver { to: "Grace".to_owned() }
}

fn take_over() -> Command {
    Command::TakeOver { operator: "Grace".to_owned(), key: Some("00ff".to_owned()), sha256: "11".to_owned() }
}

#[test]
fn nothing_is_added_here_after_it_was_handed_over() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("D3");
    assert_eq!(b.run_wide(Command::HandOver { to: " ".to_owned() }), Err(Refusal::Empty("to whom")));
    let events = b.run_wide(hand_over()).unwrap();
    let [Event::HandedOver { open, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(open.contains(&"D3".to_owned()) && !open.contains(&"D1".to_owned()));
    assert!(b.run.automatic().is_empty());
    let refused = Refusal::HandedOver("Grace".to_owned());
    assert!(refused.to_string().contains("handed over to Grace"));
    for c in [
        Command::Note("n".to_owned()),
        Command::Open { scenario_ms: None },
        Command::Evidence(Evidence::default()),
        Command::Resume,
        Command::Measure { name: "T2".to_owned(), value: Some(1), how: "h".to_owned() },
        Command::Abort("a".to_owned()),
        Command::Step("D3".to_owned(), confirm()),
        hand_over(),
    ] {
        assert_eq!(b.run_wide(c.clone()), Err(refused.clone()), "{c:?}");
    }
    // A task that was still looking at something is no mistake of the operator's.
    assert_eq!(b.system("D3", StepCommand::Check), Err(Refusal::Stale));
    // Where it goes on, it goes on.
    b.order(Actor::Operator("Grace".to_owned()), take_over()).unwrap();
    assert_eq!((b.run.handed_over.as_deref(), b.run.operator.as_str()), (None, "Grace"));
    assert!(b.run.participants.iter().any(|p| p.name == "Grace" && p.key.as_deref() == Some("00ff")));
    b.order(Actor::System, Command::Open { scenario_ms: None }).unwrap();
    b.step("D3", confirm()).unwrap();
    assert_eq!(b.state("D3"), StepState::DoneByHand);
    assert_eq!(Run::replay(&b.entries).unwrap(), b.run);
}

#[test]
fn what_azure_works_on_goes_with_it_and_what_has_no_answer_yet_does_not() {
    let mut b = Bench::new(Mode::Rehearsal);
    b.reach("AO-F5");
    b.perform("AO-F5", &[change("x")]);
    assert_eq!(b.run_wide(hand_over()), Err(Refusal::AtWork("AO-F5".to_owned())));
    let corr = Default::default();
    b.system("AO-F5", StepCommand::Accepted { n: 0, operation: "op".to_owned(), corr }).unwrap();
    b.run_wide(hand_over()).unwrap();
    b.order(Actor::Operator("Grace".to_owned()), take_over()).unwrap();
    b.order(Actor::System, Command::Open { scenario_ms: None }).unwrap();
    assert!(matches!(&effect::pending(&b.run)[..], [Effect::Follow(_, 0, _, op)] if op == "op"));
}
