//! Which command is possible in which state of a step: the whole table, for a step that needs a second person.

use std::collections::BTreeMap;

use super::*;
use lifeboat::run::event::Found;

const STEP: &str = "AO-F6";

fn two() -> Vec<Change> {
    vec![change("one"), change("two")]
}

/// A run whose step AO-F6 is in this state.
fn in_state(state: StepState) -> Bench {
    use StepState as S;
    let mut b = Bench::new(Mode::Rehearsal);
    if state == S::Blocked {
        return b;
    }
    b.reach(STEP);
    let ask = StepCommand::AskSecondPerson { changes: two(), undo: false, ticket: Ticket::default() };
    match state {
        S::Blocked => {}
        S::Ready => {
            b.step(STEP, ask).unwrap();
            b.agree(STEP);
        }
        S::AwaitingApproval => drop(b.step(STEP, ask).unwrap()),
        S::Running => b.perform(STEP, &two()),
        S::DoneByHand => {
            b.step(STEP, confirm()).unwrap();
            b.agree(STEP);
        }
        S::AlreadyTrue => {
            b.step(STEP, performing(&[])).unwrap();
            b.system(STEP, verified(None)).unwrap();
        }
        S::Skipped => drop(b.step(STEP, skip()).unwrap()),
        S::Indeterminate => {
            b.perform(STEP, &two());
            b.system(STEP, StepCommand::Lost { n: 0, why: "no answer".to_owned() }).unwrap();
        }
        S::Failed => {
            b.perform(STEP, &two());
            b.system(STEP, finished(0, Some(failure()))).unwrap();
        }
        S::Verifying | S::DoneByApp | S::Undone => {
            b.perform(STEP, &two());
            b.finish(STEP, 0);
            b.finish(STEP, 1);
            if state != S::Verifying {
                b.system(STEP, verified(None)).unwrap();
            }
            if state == S::Undone {
                b.undo(STEP, &two());
                b.finish(STEP, 0);
                b.finish(STEP, 1);
                b.system(STEP, verified(None)).unwrap();
            }
        }
    }
    assert_eq!(b.state(STEP), state);
    b
}

/// One letter a command.
fn command(letter: char, b: &Bench) -> (Actor, StepCommand) {
    let corr = Default::default;
    let digest = || b.run.step(STEP).and_then(|s| s.asked.as_ref()).map(|a| a.digest.clone()).unwrap_or_default();
    match letter {
        'A' => (operator(), StepCommand::AskSecondPerson { changes: two(), undo: false, ticket: Ticket::default() }),
        'B' => (operator(), StepCommand::AskSecondPerson { changes: two(), undo: true, ticket: Ticket::default() }),
        'W' => (second(), answer(digest(), Ok(()))),
        'P' => (operator(), performing(&two())),
        'C' => (operator(), StepCommand::Check),
        'a' => (Actor::System, StepCommand::Accepted { n: 0, operation: "op".to_owned(), corr: corr() }),
        'f' => (Actor::System, finished(0, None)),
        'l' => (Actor::System, StepCommand::Lost { n: 0, why: "silence".to_owned() }),
        'r' => (Actor::System, StepCommand::ReadBack { n: 0, found: Found::Applied, detail: "there".to_owned() }),
        'V' => (Actor::System, verified(None)),
        'H' => (operator(), confirm()),
        'S' => (operator(), skip()),
        'R' => (operator(), reopen()),
        'U' => (operator(), undoing(&two(), &[])),
        'D' => (operator(), decision(Choice::FailOver)),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_possible_in_which_state() {
    use StepState as S;
    let table = [
        (S::Blocked, "S"),
        (S::Ready, "APCHS"),
        (S::AwaitingApproval, "WS"),
        (S::Running, "aflr"),
        (S::Verifying, "V"),
        (S::DoneByApp, "B"),
        (S::DoneByHand, ""),
        (S::AlreadyTrue, ""),
        (S::Failed, "HSRB"),
        (S::Skipped, ""),
        (S::Undone, "ACHS"),
        (S::Indeterminate, "aflrH"),
    ];
    for (state, allowed) in table {
        let b = in_state(state);
        for letter in "ABWPCaflrVHSRUD".chars() {
            let mut b = b.clone();
            let (actor, c) = command(letter, &b);
            let before = b.entries.len();
            match b.order(actor, Command::Step(STEP.to_owned(), c)) {
                Ok(events) => {
                    assert!(allowed.contains(letter), "{letter} was possible while {state:?}");
                    assert!(!events.is_empty());
                }
                Err(refusal) => {
                    assert!(!allowed.contains(letter), "{letter} while {state:?}: {refusal}");
                    assert_eq!(b.entries.len(), before);
                    match (&refusal, letter) {
                        // A result that nobody waits for is no news to a person.
                        (Refusal::Stale, 'W' | 'a' | 'f' | 'l' | 'r') => {}
                        (Refusal::NeedsApproval(_), 'P') => assert_eq!(state, S::Undone),
                        // What was agreed to was to do it.
                        (Refusal::NeedsApproval(_), 'U') => assert!(matches!(state, S::DoneByApp | S::Failed)),
                        (Refusal::Blocked { needs, .. }, _) => {
                            assert_eq!((state, needs.is_empty()), (S::Blocked, false));
                        }
                        (Refusal::State { step, state: word, what }, _) => {
                            assert_eq!((step.as_str(), *word), (STEP, state.word()));
                            assert!(!what.is_empty());
                        }
                        _ => panic!("{letter} while {state:?}: {refusal:?}"),
                    }
                }
            }
        }
    }
}

#[test]
fn every_state_has_its_own_words() {
    let mut words: Vec<&str> =
        [StepState::Blocked, StepState::Ready, StepState::AwaitingApproval, StepState::Running, StepState::Verifying]
            .into_iter()
            .chain([StepState::DoneByApp, StepState::DoneByHand, StepState::AlreadyTrue, StepState::Failed])
            .chain([StepState::Skipped, StepState::Undone, StepState::Indeterminate])
            .map(StepState::word)
            .collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), 12);
}

#[test]
fn blocked_names_what_is_waited_for() {
    let mut b = Bench::new(Mode::Rehearsal);
    // D9 needs steps of its own phase, and says which.
    let Err(Refusal::Blocked { needs, .. }) = b.step("D9", decision(Choice::FailOver)) else { panic!() };
    assert_eq!(needs, "D1, D2, D3, D4, D5, D6");
    b.reach("D9");
    assert_eq!(b.state("D9"), StepState::Ready);
    // Nothing that CA1 needs is open, but phases come one after another.
    let Err(refusal) = b.step("CA1", confirm()) else { panic!() };
    assert_eq!(refusal.to_string(), "CA1 waits for the phase “Decide” to be over");
    assert_eq!(b.step("no-such", skip()).unwrap_err(), Refusal::NoStep("no-such".to_owned()));
}

#[test]
fn nothing_before_the_start_and_nothing_after_the_end() {
    let empty = Run::new();
    let order = Order { actor: operator(), command: Command::Note("x".to_owned()), now: 0 };
    assert_eq!(decide(&empty, &order), Err(Refusal::Closed));
    let mut b = Bench::new(Mode::Rehearsal);
    let plan = plan_of(Strategy::HotCold);
    let start = Box::new(Start::of(&plan, Mode::Rehearsal, INCIDENT.to_vec(), None));
    let again = Command::Start { start, texts: plan.texts, operator: "Ada".to_owned(), key: None };
    assert_eq!(b.run_wide(again), Err(Refusal::Begun));
    b.run_wide(Command::Abort("wrong plan".to_owned())).unwrap();
    assert_eq!(b.run.ended.as_ref().unwrap().outcome, None);
    for c in [Command::Note("x".to_owned()), Command::Resume, Command::Step("D1".to_owned(), skip())] {
        assert_eq!(b.run_wide(c), Err(Refusal::Closed));
    }
    assert!(b.run.automatic().is_empty());
}

#[test]
fn the_frozen_plan_is_whole_and_in_parts() {
    let b = Bench::new(Mode::Rehearsal);
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for e in &b.entries {
        if let Event::Plan { what, text, .. } = &e.event {
            assert!(text.len() <= 24 * 1024);
            texts.entry(what.as_str()).or_default().push_str(text);
        }
    }
    let expected = [("parts/common.ron", crate::plan::COMMON), ("plan", PLAN), ("runbook", RUNBOOK)];
    assert_eq!(texts, BTreeMap::from(expected.map(|(what, text)| (what, text.to_owned()))));
    let replayed = Run::replay(&b.entries).unwrap();
    assert_eq!(replayed.plan, b.run.plan);
    // One letter of the frozen text differs: the hash says so.
    let mut forged = b.entries.clone();
    let Event::Plan { text, .. } = &mut forged[0].event else { panic!() };
    text.replace_range(0..1, "x");
    assert!(Run::replay(&forged).unwrap_err().to_string().contains("SHA-256"));
    assert!(Run::replay(&b.entries[..3]).unwrap_err().to_string().contains("before the run was started"));
}
