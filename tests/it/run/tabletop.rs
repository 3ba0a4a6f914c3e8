//! People only: nothing is read, nothing is sent, a step is done by what people say.

use super::*;
use lifeboat::run::effect::{self, Effect};
use lifeboat::run::event::Facilitated;
use lifeboat::runbook::model::{Check, Condition};
use lifeboat::units::Millis;

fn answered(b: &mut Bench, step: &str, ok: Option<bool>) -> Result<Vec<Event>, Refusal> {
    let f = Facilitated::Answered { step: step.to_owned(), ok, text: "12 of 20 calls fail".to_owned() };
    b.order(Actor::Scenario("facilitator".to_owned()), Command::Facilitate(f))
}

#[test]
fn a_step_is_done_by_what_people_say() {
    let table = [
        (Some(true), StepState::DoneByHand, ""),
        (Some(false), StepState::Failed, "it is not so: 12 of 20 calls fail"),
        (None, StepState::Failed, "nobody can tell whether it is so: 12 of 20 calls fail"),
    ];
    for (ok, state, message) in table {
        let mut b = Bench::new(Mode::Tabletop);
        assert!(b.run.automatic().is_empty(), "nothing begins by itself");
        assert!(b.run.questions().contains(&"D1".to_owned()));
        answered(&mut b, "D1", ok).unwrap();
        assert_eq!(b.state("D1"), state);
        let s = b.run.step("D1").unwrap();
        assert_eq!(s.failure.as_ref().map_or("", |f| &f.message), message);
        let r = &s.readings[0];
        assert_eq!((r.value.as_str(), r.ok, r.source.as_str()), ("12 of 20 calls fail", ok, "people"));
        assert!(!b.run.questions().contains(&"D1".to_owned()));
        assert!(matches!(answered(&mut b, "D1", ok), Err(Refusal::State { .. })), "once");
    }
}

#[test]
fn the_operator_acts_and_people_say_what_comes_of_it() {
    let mut b = Bench::new(Mode::Tabletop);
    b.reach("AO-F6");
    assert!(matches!(answered(&mut b, "AO-F6", Some(true)), Err(Refusal::State { .. })), "nobody has done it yet");
    assert_eq!(b.step("AO-F6", performing(&[])), Err(Refusal::NeedsApproval("AO-F6".to_owned())));
    assert_eq!(b.step("AO-F6", StepCommand::Check), Err(Refusal::NeedsApproval("AO-F6".to_owned())), "no way round it");
    b.step("AO-F6", StepCommand::AskSecondPerson { changes: vec![], undo: false, ticket: Ticket::default() }).unwrap();
    b.agree("AO-F6");
    b.step("AO-F6", performing(&[])).unwrap();
    let begun = b.entries.last().unwrap().clone();
    assert_eq!((b.state("AO-F6"), effect::of(&b.run, &begun)), (StepState::Verifying, None), "nothing is read");
    assert_eq!(b.run.losses.len(), 1, "what may be lost is said first");
    assert_eq!(b.system("AO-F6", verified(None)), Err(Refusal::Stale));
    // People are waited for, also over a restart.
    b.order(Actor::System, Command::Open { scenario_ms: Some(1) }).unwrap();
    assert_eq!(effect::pending(&b.run), Vec::<Effect>::new());
    b.after(60_000);
    answered(&mut b, "AO-F6", Some(true)).unwrap();
    assert_eq!((b.run.clocks.azure, b.run.clocks.people), (Millis(0), Millis::from_mins(1)));
    assert_eq!((b.state("AO-F6"), b.run.last_switch), (StepState::DoneByHand, Some(b.at)));
    let sent = |e: &Entry| matches!(e.event, Event::ActionIntended { .. });
    assert!(!b.entries.iter().any(sent));
    // Requests that a front end may have in hand are not sent either.
    let mut b = Bench::new(Mode::Tabletop);
    b.reach("AO-F5");
    b.step("AO-F5", performing(&[change("x")])).unwrap();
    assert!(!b.entries.iter().any(sent) && b.run.step("AO-F5").unwrap().changes.is_empty());
}

#[test]
fn where_a_person_has_to_say_it_as_well_they_do() {
    let mut plan = plan_of(Strategy::HotCold);
    let asks = Check { condition: Condition::Person("Did it?".to_owned()), within: Millis(0) };
    plan.steps.iter_mut().find(|s| s.id == "CV1").unwrap().verify.push(asks);
    let mut b = Bench::with(plan, Mode::Tabletop, &INCIDENT);
    b.reach("CV1");
    answered(&mut b, "CV1", Some(true)).unwrap();
    assert_eq!(b.state("CV1"), StepState::Ready);
    assert!(b.run.waits_for_word(b.run.position("CV1").unwrap()));
    b.step("CV1", confirm()).unwrap();
    assert!(b.run.step("CV1").unwrap().own_state().over());
    // And what only a person can say nobody else answers.
    b.reach("CV7");
    assert!(matches!(answered(&mut b, "CV7", Some(true)), Err(Refusal::State { .. })));
}

#[test]
fn only_in_a_tabletop_do_people_answer_for_systems() {
    for (mode, note, answer) in [
        (Mode::Tabletop, true, true),
        (Mode::Rehearsal, true, false),
        (Mode::Live, false, false),
        (Mode::DryRun, false, false),
    ] {
        let mut b = Bench::new(mode);
        let noted = b.run_wide(Command::Facilitate(Facilitated::Noted("slow".to_owned())));
        assert_eq!(noted.is_ok(), note, "{mode:?}");
        let got = answered(&mut b, "D1", Some(true));
        assert_eq!(got.is_ok(), answer, "{mode:?}");
        if !answer {
            assert_eq!(got, Err(Refusal::NotFacilitated(mode.word())));
            assert_eq!(b.state("D1"), StepState::Ready);
        }
    }
}
