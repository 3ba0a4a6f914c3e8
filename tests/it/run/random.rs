//! Orders in any sequence: whatever people, Azure, crashes and hand-overs do, the promises of the engine hold.
//!
//! A thousand sequences in every run, a hundred thousand with `LIFEBOAT_TEST_ALL=1`. A crash may come in the middle of a
//! batch: what was durable is replayed, the run is taken up, and goes on from there.

use super::*;
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use lifeboat::catalog::Catalog;
use lifeboat::run::effect::{self, Effect};
use lifeboat::run::event::Found;
use lifeboat::run::fields::{Beside, fields};
use lifeboat::run::forecast;
use lifeboat::run::state::{ChangeState, StepRun};
use lifeboat::units::Millis;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq};
use proptest::test_runner::{TestCaseResult, TestRunner};

use super::orders::{KINDS, Met, Roll, meet, order, proof, ticket, to_be_met};

/// Of 256 orders so many are one during which the process dies.
const CRASHES: u8 = 8;

/// From which states an event can come.
fn legal(e: &Event, from: StepState) -> bool {
    use StepState as S;
    match e {
        Event::StepStarted { undo: false, .. } => matches!(from, S::Ready | S::Undone),
        Event::StepStarted { .. } => matches!(from, S::DoneByApp | S::Failed | S::DoneByHand | S::Skipped),
        Event::ActionIntended { .. } => from == S::Running,
        Event::ActionAccepted { .. }
        | Event::ActionFinished { .. }
        | Event::ActionIndeterminate { .. }
        | Event::ActionReconciled { .. } => matches!(from, S::Running | S::Indeterminate | S::AwaitingApproval),
        Event::StepVerified { .. } => from == S::Verifying,
        Event::StepDoneByApp | Event::StepUndone => from == S::Ready,
        Event::StepAlreadyTrue { .. } => matches!(from, S::Verifying | S::Ready),
        Event::StepDoneByHand { .. } => matches!(from, S::Ready | S::Failed | S::Undone | S::Indeterminate),
        Event::StepFailed { .. } => {
            matches!(from, S::Running | S::Verifying | S::Indeterminate | S::AwaitingApproval)
        }
        Event::StepSkipped { .. } => !from.busy() && !matches!(from, S::DoneByApp | S::DoneByHand | S::AlreadyTrue),
        Event::StepReopened { .. } => !from.busy() && !matches!(from, S::Ready | S::Undone),
        Event::ApprovalRequested { undo: true, .. } => !from.busy() && from != S::AwaitingApproval,
        Event::ApprovalRequested { .. } => !from.busy() && !matches!(from, S::AwaitingApproval | S::Skipped),
        Event::Approved { .. } | Event::Denied { .. } => from == S::AwaitingApproval,
        _ => true,
    }
}

#[derive(Default, Clone)]
struct Seen {
    begun: usize,
    verified: bool,
    open: Option<u32>,
    approved: bool,
    /// Agreed to before it was asked about a guard.
    kept: Option<bool>,
    word: bool,
    /// The process died while it was at work, and nobody has begun it anew.
    caught: bool,
}

/// The promises, held against each new entry; `decided`: moving users was, when the order came.
fn hold(run: &Run, before: &StepRun, decided: bool, e: &Entry, seen: &mut HashMap<String, Seen>) {
    let id = &before.id;
    let planned = run.planned(id).unwrap();
    let s = seen.entry(id.clone()).or_default();
    assert!(legal(&e.event, before.own_state()), "{id} was {:?}: {:?}", before.own_state(), e.event);
    match &e.event {
        Event::StepStarted { changes, undo, guards, .. } => {
            assert_eq!(s.open, None, "{id} begins anew while a request of it is open");
            (s.begun, s.verified, s.word, s.caught) = (changes.len(), false, false, false);
            if !changes.is_empty() {
                assert!(planned.second_person.is_none() || s.approved, "{id} without the second person");
                assert!(*undo || planned.phase != Phase::FailOver || decided, "{id} before it was decided");
                let aside = |g: &Reading| g.ok == Some(true) || before.glass.iter().any(|s| s.guard == g.name);
                assert!(guards.iter().all(aside), "{id} past a guard");
                assert_ne!(run.mode(), Some(Mode::Tabletop), "{id} sends around a table");
            }
        }
        Event::ActionIntended { n, .. } => {
            assert!((*n as usize) < s.begun, "{id} sends what was not begun");
            assert!(!s.caught, "{id} was gone on with by itself after a restart");
            assert_eq!(s.open.replace(*n), None, "{id} has two requests open");
        }
        Event::ActionFinished { n, .. } => assert_eq!(s.open.take(), Some(*n)),
        Event::ActionReconciled { n, found: Found::Applied | Found::NotApplied, .. } => {
            assert_eq!(s.open.take(), Some(*n));
        }
        Event::StepReopened { .. } | Event::StepSkipped { .. } => {
            assert!(s.open.is_none() || before.never_known(), "{id} is let go of while it could be read back");
            s.open = None;
        }
        Event::StepVerified { .. } => s.verified = true,
        Event::StepDoneByApp => {
            assert!(s.verified, "{id} is called done and was not verified");
            assert!(!planned.asks_a_person() && (s.word || !planned.asks_a_word_too()), "{id} without a person's word");
        }
        Event::StepAlreadyTrue { .. } => assert!(!planned.asks_a_person() && (s.word || !planned.asks_a_word_too())),
        Event::Evidence(e) if e.name == "a person's word" => s.word = true,
        Event::Evidence(_) => assert_eq!(run.step(id).unwrap(), before, "evidence disturbs {id}"),
        Event::StepDoneByHand { evidence } => {
            let table = matches!((run.mode(), &e.actor), (Some(Mode::Tabletop), Actor::Scenario(_) | Actor::System));
            assert!(!evidence.is_empty() && (table || matches!(e.actor, Actor::Operator(_) | Actor::Approver(_))));
            let dry = run.mode() == Some(Mode::DryRun);
            let agreed = planned.second_person.is_none() || s.approved || planned.decision || dry;
            assert!(agreed, "{id} on one person's word");
            s.open = None;
        }
        Event::ApprovalRequested { glass, .. } => {
            s.kept = glass.is_some().then_some(s.approved);
            s.approved = false;
        }
        Event::Approved { .. } => {
            assert!(matches!(e.actor, Actor::Approver(_)));
            s.approved = true;
        }
        Event::Denied { .. } | Event::ApprovalVoided { .. } => s.approved = s.kept.take().unwrap_or(false),
        Event::GlassBroken { .. } => {
            assert!(s.approved, "one person broke the glass of {id}");
            s.approved = s.kept.take().unwrap_or(false);
        }
        Event::StepUndone => s.approved = false,
        _ => {}
    }
}

/// What an entry demands of the world: a request only when its intent is that entry.
fn demand(b: &Bench, e: &Entry) {
    match effect::of(&b.run, e) {
        Some(Effect::Send(step, n, _)) => {
            let intent = matches!(&e.event, Event::ActionIntended { n: m, .. } if *m == n);
            assert!(intent && e.step.as_deref() == Some(&step), "sent without an intent: {e:?}");
        }
        Some(Effect::Verify(_) | Effect::VerifyUndone(..)) => {
            assert_ne!(b.run.mode(), Some(Mode::Tabletop), "read around a table");
        }
        _ => {}
    }
}

fn add(b: &mut Bench, e: Entry, decided: bool, seen: &mut HashMap<String, Seen>) {
    let handed = b.run.handed_over.is_some();
    assert!(!handed || matches!(e.event, Event::TakenOver { .. }), "added after the hand-over: {e:?}");
    let before = e.step.as_deref().and_then(|id| b.run.step(id)).cloned();
    let before_clocks = b.run.clocks.clone();
    b.run.apply(&e).unwrap();
    if let Some(before) = before {
        hold(&b.run, &before, decided, &e, seen);
    }
    demand(b, &e);
    b.entries.push(e);
    clocks(b, &before_clocks);
}

fn clocks(b: &Bench, old: &lifeboat::run::clocks::Clocks) {
    let new = &b.run.clocks;
    assert!(old.people <= new.people && old.azure <= new.azure && old.paused <= new.paused);
    let lived = Millis(u64::try_from(b.run.last_at - b.run.started_at).unwrap());
    assert!(new.people + new.azure + new.paused <= lived, "more time was spent than there was");
    for t in [6, 7] {
        assert!(old.t[t] <= new.t[t], "T{t} went back");
    }
    for t in (1..13).filter(|t| ![4, 6, 7].contains(t)) {
        assert!(old.t[t].is_none() || old.t[t] == new.t[t], "T{t} moved");
    }
}

/// What was durable is replayed, and the run taken up: nothing is sent by that.
fn crash(b: &mut Bench, seen: &mut HashMap<String, Seen>) {
    b.run = replayed(b);
    for s in b.run.steps.iter().filter(|s| matches!(s.own_state(), StepState::Running | StepState::Indeterminate)) {
        seen.entry(s.id.clone()).or_default().caught = b.run.open() && b.run.handed_over.is_none();
    }
    for e in effect::pending(&b.run) {
        assert!(!matches!(e, Effect::Send(..)), "sent again: {e:?}");
    }
    let open = Order { actor: Actor::System, command: Command::Open { scenario_ms: None }, now: b.at };
    for d in decide(&b.run, &open).unwrap_or_default() {
        let e = Entry { at: b.at, actor: d.actor, step: d.step, event: d.event };
        assert!(!matches!(e.event, Event::ActionIntended { .. }), "a restart sends nothing");
        add(b, e, false, seen);
    }
    for s in &b.run.steps {
        let stuck = s.own_state() == StepState::Running
            && !s.changes.iter().any(|c| matches!(c.state, ChangeState::Accepted(_)))
            || s.own_state() == StepState::Indeterminate
                && !s.changes.iter().any(|c| matches!(c.state, ChangeState::Indeterminate | ChangeState::Accepted(_)));
        assert!(!b.run.open() || b.run.handed_over.is_some() || !stuck, "{} waits for nothing: {s:?}", s.id);
    }
}

/// The same run from its entries, with the plan that is at hand: binding it again is what takes time.
fn replayed(b: &Bench) -> Run {
    let mut run = Run::of(b.run.plan.clone().unwrap());
    for e in b.entries.iter().filter(|e| !matches!(e.event, Event::Plan { .. })) {
        run.apply(e).unwrap();
    }
    let parts = b.entries.iter().filter(|e| matches!(e.event, Event::Plan { .. })).count() as u64;
    run.entries += parts;
    run
}

/// Runs that have come so far already: of one plan in every mode, of every other built-in plan in a rehearsal.
fn begun() -> &'static Vec<(Bench, HashMap<String, Seen>)> {
    static BEGUN: OnceLock<Vec<(Bench, HashMap<String, Seen>)>> = OnceLock::new();
    BEGUN.get_or_init(|| {
        let mut grouped = plan_of(Strategy::HotCold);
        for s in grouped.steps.iter_mut().filter(|s| matches!(s.id.as_str(), "AO-F3" | "AO-F5")) {
            s.group = Some("capacity".to_owned());
            s.needs.retain(|n| n.starts_with('D'));
        }
        let mut out = Vec::new();
        for mode in [Mode::Rehearsal, Mode::Tabletop, Mode::Live, Mode::DryRun] {
            let mut b = start(&grouped, mode);
            out.push((b.clone(), HashMap::new()));
            for id in ["D9", "AO-F3", "AO-F6", "CV1", "CB3"] {
                reach(&mut b, id);
                out.push((b.clone(), HashMap::new()));
            }
        }
        let catalog = Catalog::builtin();
        for file in catalog.plans() {
            for strategy in Strategy::ALL {
                let Some(plan) = catalog.bind(file, Some(strategy)).0 else { continue };
                let mut b = start(&plan, Mode::Rehearsal);
                let first = plan.steps.iter().find(|s| s.action.is_some() && INCIDENT.contains(&s.phase));
                reach(&mut b, first.map_or("", |s| &s.id));
                out.push((b, HashMap::new()));
            }
        }
        out
    })
}

fn start(plan: &Plan, mode: Mode) -> Bench {
    let mut b = Bench { run: Run::of(Arc::new(plan.clone())), entries: Vec::new(), at: BEGIN };
    let start = Box::new(Start::of(plan, mode, INCIDENT.to_vec(), None));
    let (texts, operator_name, key) = (plan.texts.clone(), "Ada".to_owned(), Some("ada".to_owned()));
    b.order(operator(), Command::Start { start, texts, operator: operator_name, key }).unwrap();
    b
}

/// Leaves everything before `id` out, decides where it is decided, and agrees with a signature.
fn reach(b: &mut Bench, id: &str) {
    let before: Vec<String> = b.run.steps.iter().map(|s| s.id.clone()).take_while(|x| x != id).collect();
    for step in before {
        if b.run.step(&step).unwrap().own_state().over() {
            continue;
        }
        if !b.run.planned(&step).unwrap().decision {
            b.step(&step, skip()).unwrap();
            continue;
        }
        let decide = Box::new(decision(Choice::FailOver));
        b.step(&step, StepCommand::Ticketed(ticket(b, 0), decide)).unwrap();
        let Some(asked) = b.run.step(&step).and_then(|s| s.asked.clone()) else { continue };
        let (method, label) = ("device-key".to_owned(), "a test".to_owned());
        let proof = proof(&asked.nonce, 0);
        let answer = StepCommand::Answer { digest: asked.digest, verdict: Ok(()), method, label, proof };
        b.order(second(), Command::Step(step, answer)).unwrap();
    }
}

fn promises(from: usize, rolls: Vec<Roll>, met: &Met) -> TestCaseResult {
    let begun = begun();
    let (mut b, mut seen) = begun[from % begun.len()].clone();
    for roll in rolls {
        b.at += i64::from(roll.3);
        let (actor, command) = order(&b, roll);
        let decided = b.run.moving_is_decided();
        let order = Order { actor, command, now: b.at };
        let before = (b.run.entries, b.entries.len());
        let Ok(drafts) = decide(&b.run, &order) else {
            prop_assert_eq!(before, (b.run.entries, b.entries.len()));
            continue;
        };
        meet(met, &order.command);
        // A crash leaves what was written of the batch.
        let crashes = roll.4 < CRASHES;
        let durable = if crashes { usize::from(roll.2) % (drafts.len() + 1) } else { drafts.len() };
        for d in drafts.into_iter().take(durable) {
            met.borrow_mut().insert(d.event.kind());
            let e = Entry { at: b.at, actor: d.actor, step: d.step, event: d.event };
            let about = e.step.as_deref().and_then(|id| b.run.position(id));
            add(&mut b, e, decided, &mut seen);
            if let Some(i) = about {
                met.borrow_mut().insert(format!("{:?}", b.run.state(i)));
            }
        }
        if crashes {
            let live = b.run.clone();
            prop_assert_eq!(&replayed(&b), &live);
            crash(&mut b, &mut seen);
        }
        if roll.2 == 77 {
            look(&b);
        }
    }
    prop_assert_eq!(&replayed(&b), &b.run);
    if from.is_multiple_of(16) {
        on_disk(&b);
    }
    Ok(())
}

/// What the record would hold of it is what it holds.
fn on_disk(b: &Bench) {
    for e in b.entries.iter().filter(|e| !matches!(e.event, Event::Plan { .. })) {
        let (kind, d) = e.event.to_parts();
        let d = serde_json::value::RawValue::from_string(d.to_string()).unwrap();
        assert_eq!(Event::from_parts(&kind, &d).unwrap().as_ref(), Some(&e.event));
    }
}

/// What is asked of a run beside, at any time: it answers, and never with nonsense.
fn look(b: &Bench) {
    let _ = forecast::forecast(&b.run, Some(Millis::from_mins(12)), b.at);
    let _ = (forecast::breach(&b.run, b.at), b.run.clocks.segments(), b.run.clocks.rta(), b.run.clocks.rpa());
    assert_eq!(fields(&b.run, &Beside::default()).len(), 25);
    for s in &b.run.steps {
        let back = b.run.undo_order(&s.id);
        assert!(back.first().is_none_or(|id| b.run.holds_up(id).is_none()), "{back:?}");
        assert_eq!(back.iter().collect::<BTreeSet<_>>().len(), back.len());
    }
}

#[test]
fn promises_hold() {
    let all = std::env::var("LIFEBOAT_TEST_ALL").as_deref() == Ok("1");
    let cases = if all { 100_000 } else { 1_000 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let roll = (0u8..KINDS, any::<u8>(), any::<u8>(), 0u32..90_000, any::<u8>());
    let strategy = (any::<usize>(), proptest::collection::vec(roll, 1..120));
    let met = Met::default();
    TestRunner::new(config).run(&strategy, |(from, rolls)| promises(from, rolls, &met)).unwrap();
    let met = met.into_inner();
    let missing: Vec<String> = to_be_met().into_iter().filter(|v| !met.contains(v)).collect();
    assert_eq!(missing, [""; 0], "no sequence came to these");
}

/// Through the shapes on disk, with the plan bound anew from its frozen text.
#[test]
fn what_is_replayed_from_the_record_is_what_was_lived() {
    for (b, _) in begun() {
        let mut entries = Vec::new();
        for e in &b.entries {
            let (kind, d) = e.event.to_parts();
            let d = serde_json::value::RawValue::from_string(d.to_string()).unwrap();
            let event = Event::from_parts(&kind, &d).unwrap().unwrap();
            assert_eq!(event, e.event);
            entries.push(Entry { event, ..e.clone() });
        }
        let replayed = Run::replay(&entries).unwrap();
        // The groups of the test's plan stand in no text.
        assert_eq!((&replayed.steps.len(), &replayed.clocks), (&b.run.steps.len(), &b.run.clocks));
        assert_eq!(replayed.progress(), b.run.progress());
    }
}
