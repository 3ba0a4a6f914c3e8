//! What the operator does at the wrong moment: leaving or giving up while a request is on its way, an answer that is lost
//! while Azure is slow to show what it did, taking back what nobody could live without.

use super::*;

use std::collections::BTreeMap as Map;
use std::path::PathBuf;
use std::sync::Mutex;

use lifeboat::desk::snapshot::{ActionView, Snapshot, StepCard, StepState};
use lifeboat::rehearsal::scenario::Choice;

pub const REGION_LOSS: &str = include_str!("../../../assets/scenarios/region-loss.ron");

/// The rehearsal with something put before something in it.
pub fn own(place: &Place, before: &str, put: &str) -> PathBuf {
    let text = REGION_LOSS.replacen(before, &format!("{put} {before}"), 1);
    assert_ne!(text, REGION_LOSS);
    let file = place.0.path().join("region-loss.ron");
    fs::write(&file, text).unwrap();
    file
}

pub fn card<'s>(s: &'s Snapshot, id: &str) -> &'s StepCard {
    s.run.as_ref().unwrap().cards.iter().find(|c| c.id == id).unwrap()
}

pub fn at(desk: &Handle, id: &str, what: &str, wanted: impl Fn(&StepCard) -> bool) -> Arc<Snapshot> {
    until(desk, what, |s| s.run.is_some() && wanted(card(s, id)))
}

pub fn step(desk: &Handle, id: &str, intent: StepIntent) {
    desk.send(Command::Step(id.to_owned(), intent));
}

/// Leaves out everything before a step, but decides to fail over; until the step's changes were read.
pub fn reach(desk: &Handle, id: &str) {
    until(desk, "the run", |s| s.run.is_some());
    for _ in 0..8_000 {
        let s = desk.snapshot();
        if card(&s, id).state == StepState::Ready {
            break;
        }
        for c in s.run.as_ref().unwrap().cards.iter().take_while(|c| c.id != id) {
            let (choice, reason) = (Choice::FailOver, "it is down".to_owned());
            match c.state {
                StepState::Ready if c.decision.is_some() => {
                    step(desk, &c.id, StepIntent::Decide { choice, expected_loss: reason.clone(), reason });
                }
                StepState::Ready | StepState::Blocked | StepState::Failed if c.decision.is_none() => {
                    step(desk, &c.id, StepIntent::Skip { reason });
                }
                _ => {}
            }
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    at(desk, id, "what it would change", |c| c.state == StepState::Ready && !c.changes.is_empty());
}

pub fn perform() -> StepIntent {
    StepIntent::Perform { option: None, typed: None }
}

/// A desk that has just sent the first request of AO-F5, and whose clock stands before the answer.
fn in_flight(place: &Place) -> (Handle, String) {
    let slow = "Happening(at: \"0s\", what: Fault(id: \"slow\", on: ArmIn(\"swedencentral\"), how: Slow(\"8s\"))),";
    let file = own(place, "Happening(at: \"0s\"", slow);
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::OpenPath(file));
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Max));
    reach(&desk, "AO-F5");
    desk.send(Command::SetSpeed(Speed::Times(10)));
    step(&desk, "AO-F5", perform());
    let s = at(&desk, "AO-F5", "sent", |c| c.state == StepState::Running);
    desk.send(Command::SetSpeed(Speed::Times(0)));
    (desk, s.run.as_ref().unwrap().id.clone())
}

#[test]
fn a_run_is_not_left_while_a_request_is_on_its_way() {
    let place = Place::new();
    let (desk, id) = in_flight(&place);
    desk.send(Command::LeaveRun);
    let s = until(&desk, "a refusal", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("on its way")));
    assert_eq!(card(&s, "AO-F5").state, StepState::Running, "the run is still open");
    // Whoever only looks on may leave.
    let second = desk_with(&place.home(), Arc::new(RealDisk), None);
    second.send(Command::OpenRun(id.clone()));
    at(&second, "AO-F5", "the same", |c| c.state == StepState::Running);
    second.send(Command::LeaveRun);
    until(&second, "left", |s| s.run.is_none());
    desk.send(Command::SetSpeed(Speed::Max));
    at(&desk, "AO-F5", "done", |c| c.state.over());
    desk.send(Command::LeaveRun);
    until(&desk, "left, and told to be open", |s| {
        s.run.is_none() && s.band.text.to_lowercase().contains("no run on show, 1 is open")
    });
    desk.send(Command::OpenRun(id.clone()));
    at(&desk, "AO-F5", "done still", |c| c.state.over());
    drop(desk);
    let sent = counts(&place.run(&id));
    assert!(sent.len() == 3 && sent.values().all(|n| *n == 1), "{sent:?}");
    assert_eq!(intents(&read_run(&RealDisk, &place.run(&id)).unwrap()), sent.into_keys().collect());
}

#[test]
fn given_up_while_a_request_is_on_its_way_its_outcome_is_recorded_before_the_seal() {
    let place = Place::new();
    let (desk, id) = in_flight(&place);
    desk.send(Command::Abort("the wrong plan".to_owned()));
    let s = until(&desk, "given up", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
    assert!(s.activity.iter().any(|a| a.text.contains("waiting for Azure's answer to AO-F5")), "{:?}", s.activity);
    desk.send(Command::LeaveRun);
    until(&desk, "a refusal", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("on its way")));
    desk.send(Command::SetSpeed(Speed::Max));
    let s = until(&desk, "the seal", |s| s.activity.iter().any(|a| a.text.contains("its record is sealed")));
    let problem = card(&s, "AO-F5").problem.clone().unwrap();
    assert!(problem.what.contains("given up while a request was on its way"), "{problem:?}");
    drop(desk);
    let records = read_run(&RealDisk, &place.run(&id)).unwrap();
    let kinds: Vec<&str> = records.iter().map(|r| r.body.kind.as_str()).collect();
    let place_of = |wanted: &[&str]| kinds.iter().rposition(|k| wanted.contains(k)).unwrap();
    let (end, answer) = (place_of(&["run.abort"]), place_of(&["action.result", "action.accepted"]));
    assert!(end < answer && answer < place_of(&["log.checkpoint"]), "{kinds:?}");
    assert_eq!(intents(&records).len(), 1, "nothing is sent after giving up");
    assert_eq!(counts(&place.run(&id)).len(), 1);
}

#[test]
fn what_azure_shows_late_after_a_lost_answer_is_not_called_not_applied() {
    // The folder as it was when a creation had reached Azure and its answer was not recorded.
    let place = Place::new();
    let file = own(&place, "witnesses:", "unseen: \"45s\",");
    type Files = Map<String, Vec<u8>>;
    let shots: Arc<Mutex<Vec<Files>>> = Arc::default();
    let album = shots.clone();
    let camera = Watched::new(Arc::new(RealDisk), move |call| {
        if let Call::Write(file, bytes) = &call
            && is_records(file)
        {
            let text = String::from_utf8_lossy(bytes);
            if text.contains("AO-F3") && (text.contains("action.accepted") || text.contains("action.result")) {
                let files = fs::read_dir(file.parent().unwrap()).unwrap().map(|e| e.unwrap().path());
                let kept = files.filter(|p| is_records(p) || p.ends_with("world.json"));
                let name = |p: &Path| p.file_name().unwrap().to_str().unwrap().to_owned();
                album.lock().unwrap().push(kept.map(|p| (name(&p), fs::read(&p).unwrap())).collect());
            }
        }
        Then::Go
    });
    let live = desk(&place.home(), Arc::new(camera));
    live.send(Command::OpenPath(file.clone()));
    live.send(start("region-loss", Strategy::HotCold, Speed::Max));
    let id = closed(&live).run.as_ref().unwrap().id.clone();
    drop(live);

    let lost = shots.lock().unwrap().first().unwrap().clone();
    let place = Place::new();
    fs::create_dir_all(place.run(&id)).unwrap();
    for (name, bytes) in &lost {
        fs::write(place.run(&id).join(name), bytes).unwrap();
    }
    let again = desk(&place.home(), Arc::new(RealDisk));
    again.send(Command::OpenPath(file));
    again.send(Command::OpenRun(id.clone()));
    closed(&again);
    drop(again);
    let records = sound(&RealDisk, &place.run(&id), &counts(&place.run(&id)));
    let found: Vec<&Value> =
        records.iter().filter(|r| is(r, "action.reconciled")).map(|r| &r.body.d["found"]).collect();
    assert!(found.iter().all(|f| *f != "not-applied") && found.last().is_some_and(|f| *f == "applied"), "{found:?}");
}

fn first(c: &StepCard) -> &ActionView {
    &c.actions[0]
}

#[test]
fn taking_back_is_shown_guarded_and_sent_as_it_was_seen() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Times(60)));
    reach(&desk, "AO-F6");
    let s = desk.snapshot();
    let by_hand = &card(&s, "AO-F6").by_hand_now;
    assert!(by_hand.len() == 3 && by_hand.iter().all(|l| l.contains("az rest") && l.contains("appcs-prod-chat")));
    step(&desk, "AO-F6", StepIntent::AskSecondPerson);
    at(&desk, "AO-F6", "agreed", |c| first(c).intent == perform());
    step(&desk, "AO-F6", perform());
    let stands = |c: &StepCard| matches!(c.state, StepState::DoneByApp | StepState::Failed);
    at(&desk, "AO-F6", "done", stands);
    let id = s.run.as_ref().unwrap().id.clone();
    let sent = counts(&place.run(&id));

    // Looked at: nothing is sent, and each key shows what it would become.
    let look = || {
        step(&desk, "AO-F6", StepIntent::Undo);
        at(&desk, "AO-F6", "a look at it", |c| c.takes_back && !c.changes.is_empty())
    };
    let s = look();
    let c = card(&s, "AO-F6");
    assert!(c.changes.iter().any(|x| x.fields.iter().any(|f| f.0 == "weight-eastus" && f.2.as_deref() == Some("100"))));
    assert_eq!(first(c).intent, StepIntent::AskSecondPerson, "it is as guarded as the change");
    step(&desk, "AO-F6", StepIntent::AskSecondPerson);
    let back = StepIntent::TakeBack { typed: None };
    let s = at(&desk, "AO-F6", "agreed to", |c| c.actions.first().is_some_and(|a| a.intent == back));
    let why = first(card(&s, "AO-F6")).refused.clone().unwrap();
    assert!(
        why.contains("“at least one region serves afterwards” does not hold: East US"),
        "the primary is dead: {why}"
    );
    step(&desk, "AO-F6", back.clone());
    until(&desk, "a refusal", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("serves afterwards")));
    assert_eq!(counts(&place.run(&id)), sent, "nobody is led to a region that does not answer");
    step(&desk, "AO-F6", StepIntent::Keep);
    at(&desk, "AO-F6", "put away", |c| !c.takes_back && stands(c));

    // The primary answers again, and it is taken back: looked at once more, and agreed to if the store has moved on.
    desk.send(Command::SetSpeed(Speed::Max));
    let over = |c: &StepCard| matches!(c.state, StepState::Undone | StepState::Ready);
    for _ in 0..1_200 {
        let s = desk.snapshot();
        let c = card(&s, "AO-F6");
        match c.actions.first() {
            _ if over(c) => break,
            Some(a) if a.intent == back && a.refused.is_none() => step(&desk, "AO-F6", back.clone()),
            Some(a) if a.intent == StepIntent::AskSecondPerson => step(&desk, "AO-F6", StepIntent::AskSecondPerson),
            Some(_) if stands(c) => step(&desk, "AO-F6", StepIntent::Undo),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let s = at(&desk, "AO-F6", "taken back", over);
    let now = counts(&place.run(&id));
    assert!(now.len() == 2 * sent.len() && now.values().all(|n| *n == 1), "{sent:?} {now:?} {:?}", s.notice);
    let outcome = crate::crash::outcome(&place.run(&id));
    assert!(outcome.contains("\"weight-eastus\"=\"100\""), "{outcome}");
}
