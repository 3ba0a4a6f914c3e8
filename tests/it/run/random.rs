//! Orders in any sequence: whatever people, Azure and restarts do, the promises of the engine hold.

use super::*;
use std::collections::HashMap;

use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::run::event::{Found, Observed};
use proptest::prelude::*;

/// Which order, at what (part of) step, in which variation, how much later.
type Roll = (u8, u8, u8, u32);

fn guards(v: u8) -> Vec<Reading> {
    match v % 8 {
        0 => vec![reading(None); 3],
        1 => vec![reading(Some(false)); 3],
        2 => Vec::new(),
        _ => vec![reading(Some(true)); 3],
    }
}

fn changes(id: &str, v: u8) -> Vec<Change> {
    (0..usize::from(v % 3)).map(|n| change(&format!("{id}-{n}"))).collect()
}

fn found(v: u8) -> Found {
    [Found::Applied, Found::NotApplied, Found::Running, Found::Unknown][usize::from(v % 4)]
}

/// An order of this kind; mostly about the step that is in front of the operator.
fn order(b: &Bench, (kind, which, v, _): Roll) -> (Actor, Command) {
    let steps = &b.run.steps;
    let i = if which < 200 { b.run.current().unwrap_or(0) } else { usize::from(which) % steps.len() };
    let id = steps[i].id.clone();
    let n = steps[i]
        .changes
        .iter()
        .position(|c| !matches!(c.state, lifeboat::run::state::ChangeState::Done))
        .map_or(u32::from(v % 3), |n| n as u32);
    let digest = steps[i].asked.as_ref().map(|a| a.digest.clone()).unwrap_or_default();
    let broken = (v % 4 == 0).then(failure);
    let (actor, step) = match kind {
        0..=3 => {
            // What the app does by itself.
            let own = b.run.automatic();
            let id = own.get(usize::from(v) % own.len().max(1)).cloned().unwrap_or(id);
            return (Actor::System, Command::Step(id, StepCommand::Check));
        }
        4..=6 => {
            let busy = steps.iter().find(|s| s.own_state() == StepState::Verifying);
            let id = busy.map_or(id, |s| s.id.clone());
            let broken = (v % 8 == 0).then(failure);
            return (Actor::System, Command::Step(id, verified(broken)));
        }
        7 | 8 => {
            let undo = v % 3 == 0;
            let changes = if undo { steps[i].applied.clone() } else { changes(&id, v) };
            (operator(), StepCommand::AskSecondPerson { changes, undo })
        }
        9..=11 => {
            let who = if v % 8 == 0 { operator() } else { second() };
            let verdict = if v % 5 == 0 { Err("no".to_owned()) } else { Ok(()) };
            (who, answer(if v % 7 == 0 { "00".to_owned() } else { digest }, verdict))
        }
        12..=14 => {
            let option = (v % 16 == 3).then(|| "smaller".to_owned());
            (operator(), StepCommand::Perform { changes: changes(&id, v), guards: guards(v), option, typed: None })
        }
        15 => (operator(), StepCommand::Check),
        16 => (Actor::System, StepCommand::Accepted { n, operation: "op".to_owned(), corr: Default::default() }),
        17 | 18 => (Actor::System, finished(n, broken)),
        19 => (Actor::System, StepCommand::Lost { n, why: "silence".to_owned() }),
        20 | 21 => (Actor::System, StepCommand::ReadBack { n, found: found(v), detail: "d".to_owned() }),
        22..=25 => (operator(), confirm()),
        26..=28 => (operator(), skip()),
        29 | 30 => (operator(), reopen()),
        31 => {
            let left = if v % 2 == 0 { vec!["something".to_owned()] } else { Vec::new() };
            (operator(), StepCommand::Undo { changes: steps[i].applied.clone(), left, guards: guards(v), typed: None })
        }
        32..=34 => (operator(), decision(Choice::ALL[if v < 180 { 0 } else { usize::from(v % 4) }])),
        35 => return (operator(), if v % 3 == 0 { Command::Pause("p".to_owned()) } else { Command::Resume }),
        36 => return (Actor::System, Command::Open { scenario_ms: Some(1) }),
        37 => {
            let (name, value) = (format!("T{}", v % 15), (v % 5 != 0).then_some(b.at - i64::from(v)));
            return (Actor::System, Command::Measure { name, value, how: "h".to_owned() });
        }
        38 => {
            let o = Observed {
                text: "t".to_owned(),
                what: "verdict".to_owned(),
                region: None,
                state: "down".to_owned(),
                reasons: vec![],
                picture: vec![],
            };
            return (Actor::System, Command::Observe(o));
        }
        39 => return (operator(), Command::Declare { impact_start: b.at, evidence: "e".to_owned() }),
        40 => return (operator(), Command::Note(if v == 0 { String::new() } else { "n".to_owned() })),
        // Rare, or nothing would ever come after it.
        _ if v == 7 => {
            return (operator(), Command::Close { outcome: Outcome::Inconclusive, summary: "s".to_owned() });
        }
        _ if v == 8 => return (operator(), Command::Abort("a".to_owned())),
        _ => return (Actor::System, Command::Inject { n: u32::from(v % 4), text: "i".to_owned() }),
    };
    (actor, Command::Step(id, step))
}

/// Everything public of a run, in words.
fn picture(r: &Run) -> String {
    format!(
        "{:?}\n{:?}\n{:?} {:?} {:?}\n{:?}\n{:?}\n{:?}\n{:?} {:?}\n{:?}\n{:?} {:?} {:?} {} {} {}",
        r.start,
        r.steps,
        r.paused,
        r.ended,
        r.degraded,
        r.clocks,
        r.decision,
        r.notes,
        r.injects,
        r.told,
        r.observed,
        r.created,
        r.last_switch,
        r.losses,
        r.operator,
        r.last_at,
        r.entries
    )
}

#[derive(Default)]
struct Seen {
    begun: usize,
    verified: bool,
    open: Option<u32>,
    approved: bool,
    word: bool,
}

/// The promises, held against each new entry; `decided`: moving users was, when the order came.
fn hold(run: &Run, decided: bool, e: &Entry, seen: &mut HashMap<String, Seen>) {
    let Some(id) = &e.step else { return };
    let planned = run.planned(id).unwrap();
    let s = seen.entry(id.clone()).or_default();
    match &e.event {
        Event::StepStarted { changes, undo, .. } => {
            assert_eq!(s.open, None, "{id} begins anew while a request of it is open");
            (s.begun, s.verified, s.word) = (changes.len(), false, false);
            if !changes.is_empty() {
                assert!(planned.second_person.is_none() || s.approved, "{id} without the second person");
                assert!(*undo || planned.phase != Phase::FailOver || decided, "{id} before it was decided");
            }
        }
        Event::ActionIntended { n, .. } => {
            assert!((*n as usize) < s.begun, "{id} sends what was not begun");
            assert_eq!(s.open.replace(*n), None, "{id} has two requests open");
        }
        Event::ActionFinished { n, .. } => assert_eq!(s.open.take(), Some(*n)),
        Event::ActionReconciled { n, found: Found::Applied | Found::NotApplied, .. } => {
            assert_eq!(s.open.take(), Some(*n));
        }
        Event::StepVerified { .. } => s.verified = true,
        Event::StepDoneByApp => {
            assert!(s.verified, "{id} is called done and was not verified");
            assert!(!planned.asks_a_person() && (s.word || !planned.asks_a_word_too()), "{id} without a person's word");
        }
        Event::StepAlreadyTrue { .. } => assert!(!planned.asks_a_person() && (s.word || !planned.asks_a_word_too())),
        Event::Evidence { .. } => {
            assert!(matches!(e.actor, Actor::Operator(_)), "a word is a person's");
            s.word = true;
        }
        Event::StepDoneByHand { evidence } => {
            assert!(!evidence.is_empty());
            assert!(matches!(e.actor, Actor::Operator(_) | Actor::Approver(_)));
            assert!(planned.second_person.is_none() || s.approved || planned.decision, "{id} on one person's word");
        }
        Event::Approved { .. } => {
            assert!(matches!(e.actor, Actor::Approver(_)));
            s.approved = true;
        }
        Event::ApprovalVoided { .. } | Event::ApprovalRequested { .. } | Event::StepUndone => s.approved = false,
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold(rolls in proptest::collection::vec((0u8..42, any::<u8>(), any::<u8>(), 0u32..90_000), 1..400)) {
        let mut b = Bench::new(Mode::Rehearsal);
        let mut seen = HashMap::new();
        for roll in rolls {
            b.at += i64::from(roll.3);
            let (actor, command) = order(&b, roll);
            let (old, decided, last_at) = (b.run.clocks.clone(), b.run.moving_is_decided(), b.run.last_at);
            let n = b.entries.len();
            if b.order(actor, command).is_err() {
                prop_assert_eq!(n, b.entries.len());
                continue;
            }
            for e in &b.entries[n..] {
                hold(&b.run, decided, e, &mut seen);
            }
            let new = &b.run.clocks;
            prop_assert!(old.people <= new.people && old.azure <= new.azure && old.paused <= new.paused);
            for t in (1..13).filter(|t| *t != 4) {
                prop_assert!(old.t[t].is_none() || old.t[t] == new.t[t], "T{} moved", t);
            }
            prop_assert!(last_at <= b.run.last_at);
        }
        // The journal is the run: what is replayed is what was lived.
        prop_assert_eq!(picture(&Run::replay(&b.entries).unwrap()), picture(&b.run));
        for e in &b.entries {
            let (kind, d) = e.event.to_parts();
            let d = serde_json::value::RawValue::from_string(d.to_string()).unwrap();
            prop_assert_eq!(Event::from_parts(&kind, &d).unwrap(), Some(e.event.clone()));
        }
    }
}
