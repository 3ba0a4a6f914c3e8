//! What is pressed is meant for what is on show: the run of the picture, the choice of the dialog; and Enter alone changes
//! nothing in Azure and signs nothing, by whichever road.

use std::sync::mpsc::channel;

use eframe::egui::Key;
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{ApprovalIntent, RunIntent};
use lifeboat::desk::snapshot::{StepCard, StepState};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::rehearsal::scenario::Choice;

use super::*;
use crate::crash::{Place, desk_with, is, until};

/// A window that keeps what it says as it is said, and a run on show of this id.
fn addressed(run: &str) -> (Window, Receiver<Command>) {
    let (publish, snapshots) = watch::channel(Arc::new(with_run(|r| r.id = run.to_owned())));
    let (tell, told) = channel();
    let link = Link { snapshots, send: Arc::new(move |c| tell.send(c).is_ok()), on_wake: Box::new(|_| {}) };
    let (_, nothing) = channel();
    let harness =
        Harness::builder().with_size([1280.0, 800.0]).with_max_steps(20).build_eframe(|cc| App::new(cc, link));
    let mut w = Window { harness, told: nothing, publish };
    w.harness.state_mut().show(Screen::Run);
    w.harness.run();
    (w, told)
}

fn turn_to(w: &mut Window, run: &str) {
    let run = run.to_owned();
    w.publish(move |s| Arc::make_mut(s.run.as_mut().unwrap()).id = run);
}

#[test]
fn a_press_is_for_the_run_of_its_picture_and_a_dialog_for_the_run_it_was_opened_over() {
    let (mut w, told) = addressed("run-a");
    let runs = || told.try_iter().map(|c| if let Command::Of { run, .. } = c { run } else { String::new() });
    w.ctrl(Key::Enter);
    assert_eq!(runs().collect::<Vec<_>>(), ["run-a"], "a step");
    for (key, why) in [(Key::S, "why a step is left out"), (Key::N, "a note"), (Key::T, "15m")] {
        w.key(key);
        turn_to(&mut w, "run-b");
        w.type_text(why);
        w.ctrl(Key::Enter);
        assert_eq!(runs().collect::<Vec<_>>(), ["run-a"], "{why}");
        turn_to(&mut w, "run-a");
    }
    turn_to(&mut w, "run-b");
    w.key(Key::D);
    assert_eq!(runs().collect::<Vec<_>>(), ["run-b"], "what is on show now");
    for c in [
        Command::Run(RunIntent::Focus("run-a".into())),
        Command::Approval(ApprovalIntent::Read("block".into())),
        Command::DismissNotice,
    ] {
        assert_eq!(c.clone().of(Some("run-a")), c, "belongs to no run");
    }
    let note = Command::Note("x".into()).of(Some("run-a"));
    assert_eq!(note.clone().of(Some("run-b")), note, "the first run stays");
}

/// The step at which it is decided, of the run on show.
fn decision(s: &Snapshot) -> Option<&StepCard> {
    s.run.as_ref()?.cards.iter().find(|c| c.decision.is_some()).map(|c| &**c)
}

#[test]
fn each_of_the_four_choices_is_decided_in_the_window() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".into(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    });
    until(&desk, "the run", |s| s.run.is_some());
    let id = desk.snapshot().run.as_ref().unwrap().id.clone();
    let step = decision(&desk.snapshot()).unwrap().id.clone();
    while decision(&desk.snapshot()).unwrap().state == StepState::Blocked {
        for c in desk.snapshot().run.as_ref().unwrap().cards.iter().take_while(|c| c.id != step) {
            if matches!(c.state, StepState::Ready | StepState::Blocked | StepState::Failed) {
                desk.send(Command::Step(c.id.clone(), StepIntent::Skip { reason: "no time".into() }));
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    let decide = |choice: Choice, s: Arc<Snapshot>| {
        let mut s = (*s).clone();
        Arc::make_mut(s.run.as_mut().unwrap()).current = Some(step.clone());
        let mut w = Window::on(s, Screen::Run);
        let index = decision(&w.publish.borrow())
            .unwrap()
            .actions
            .iter()
            .position(|a| matches!(&a.intent, StepIntent::Decide { choice: c, .. } if *c == choice));
        w.key([Key::Enter, Key::Num2, Key::Num3, Key::Num4][index.unwrap()]);
        w.type_text("for this reason");
        w.ctrl(Key::Enter);
        let told = w.told();
        assert!(matches!(&told[..], [Command::Step(_, StepIntent::Decide { .. })]), "{choice:?}: {told:?}");
        for c in told {
            desk.send(c);
        }
    };
    let choices = [Choice::Wait, Choice::Abort, Choice::Partial, Choice::FailOver];
    let decided = || read_run(&RealDisk, &place.run(&id)).unwrap().iter().filter(|r| is(r, "decision")).count();
    let settled =
        |s: &Snapshot| decision(s).is_some_and(|c| matches!(c.state, StepState::Ready | StepState::DoneByHand));
    for (n, choice) in choices.into_iter().enumerate() {
        // Not heard while the second person still thinks about the one before.
        while decided() <= n {
            decide(choice, until(&desk, "nobody is asked", settled));
            desk.wait(std::time::Duration::from_secs(2), |_| decided() > n);
        }
    }
    drop(desk);
    let records = read_run(&RealDisk, &place.run(&id)).unwrap();
    let choice = |r: &lifeboat::record::Stored| serde_json::from_value(r.body.d["choice"].clone()).unwrap();
    let mut made: Vec<Choice> = records.iter().filter(|r| is(r, "decision")).map(choice).collect();
    made.dedup();
    assert_eq!(made, choices);
}

#[test]
fn enter_in_the_palette_changes_nothing_in_azure_and_signs_nothing() {
    let sign = || Window::on(pair::approving(pair::request(Mode::Live)), Screen::Approve);
    let change = || Window::on(sample::snapshot(), Screen::Run);
    for (name, mut w) in [("sign", sign()), ("change", change())] {
        w.ctrl(Key::K);
        w.key(Key::Enter);
        assert_eq!(w.told(), [], "{name}");
        assert!(w.reads("Enter alone does not do this"), "{name}: it says why nothing happened");
        w.type_text("do the step");
        w.key(Key::Enter);
        assert_eq!(w.told(), [], "{name}, found by its words");
        w.ctrl(Key::Enter);
        assert!(matches!(&w.told()[..], [_]), "{name}: what is sure is sure here too");
    }
}
