//! A whole tabletop by people alone, no script: everything is said, a step is taken back by their word, and the run is
//! closed with a score.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::catalog::Catalog;
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{Command, FacilitateIntent, RunIntent, StepIntent};
use lifeboat::desk::snapshot::{Snapshot, StepCard, StepState};
use lifeboat::desk::{Handle, ScriptSource};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::rehearsal::scenario::{Choice, Outcome};
use lifeboat::runbook::Kind;
use lifeboat::runbook::model::Strategy;

use crate::crash::{Place, all, closed, desk_with, each, is, until};
use crate::desk::engine::{at, card, step};

/// Does what the present step offers first, and says for every system that it is as it should be, until it came to this.
fn go_on(desk: &Handle, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let since = Instant::now();
    loop {
        let s = desk.snapshot();
        if wanted(&s) {
            return s;
        }
        let run = s.run.as_ref().unwrap();
        let current = run.cards.iter().find(|c| Some(&c.id) == run.current.as_ref());
        assert!(since.elapsed() < crate::PATIENCE, "{current:#?} {:?}", s.notice);
        for (id, _) in s.facilitator.iter().flat_map(|f| f.questions.clone()) {
            say(desk, &id, true);
        }
        if let Some(c) = current {
            press(desk, c);
        }
        desk.wait(Duration::from_millis(200), |new| new.revision > s.revision);
    }
}

fn say(desk: &Handle, id: &str, ok: bool) {
    let text = if ok { "as it should be" } else { "not yet" }.to_owned();
    desk.send(Command::Facilitate(FacilitateIntent::Answer { step: id.to_owned(), ok: Some(ok), text }));
}

fn press(desk: &Handle, c: &StepCard) {
    let Some(first) = c.actions.iter().find(|a| a.refused.is_none()) else { return };
    let intent = match &first.intent {
        StepIntent::Decide { .. } => StepIntent::Decide {
            choice: Choice::FailOver,
            reason: "East US is gone".to_owned(),
            expected_loss: "requests in flight".to_owned(),
        },
        StepIntent::Confirm { .. } => StepIntent::Confirm { evidence: "people say so".to_owned() },
        StepIntent::Perform { option, .. } => {
            StepIntent::Perform { option: option.clone(), typed: first.typed_name.clone() }
        }
        // Nobody waits for ever at a table.
        StepIntent::Skip { .. } if c.state == StepState::AwaitingApproval => return,
        other => other.clone(),
    };
    step(desk, &c.id, intent);
}

fn refused(desk: &Handle, what: &str) {
    until(desk, what, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(what)));
    desk.send(Command::DismissNotice);
    until(desk, "no notice", |s| s.notice.is_none());
}

#[test]
fn people_play_a_tabletop_to_its_closed_end_and_take_a_step_back_by_their_word() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Times(600),
        seed: 1,
        tabletop: true,
    });
    until(&desk, "the run", |s| s.run.is_some());
    go_on(&desk, |s| card(s, "AO-F6").state == StepState::DoneByHand);

    // What was not done, what is a decision, and what is over for good is refused with the reason.
    step(&desk, "AO-F7", StepIntent::Undo);
    refused(&desk, "nothing of AO-F7 can be taken back");
    step(&desk, "D9", StepIntent::Undo);
    refused(&desk, "nothing of D9 can be taken back");
    step(&desk, "AO-F6", StepIntent::TakeBack { typed: None });
    refused(&desk, "AO-F6");

    // Looked at, agreed to by two as when it was done, and answered by people: no at first, then yes.
    let offers = |c: &StepCard, intent: &StepIntent| c.actions.iter().any(|a| a.intent == *intent);
    at(&desk, "AO-F6", "an offer", |c| offers(c, &StepIntent::Undo));
    step(&desk, "AO-F6", StepIntent::Undo);
    let back = StepIntent::TakeBack { typed: None };
    let s = at(&desk, "AO-F6", "a look", |c| c.takes_back);
    let first = card(&s, "AO-F6").actions[0].intent.clone();
    assert_eq!(first, StepIntent::AskSecondPerson, "who agreed to doing it has not agreed to this");
    step(&desk, "AO-F6", back.clone());
    refused(&desk, "second person's agreement");
    step(&desk, "AO-F6", StepIntent::AskSecondPerson);
    at(&desk, "AO-F6", "agreed", |c| c.actions.first().is_some_and(|a| a.intent == back));
    step(&desk, "AO-F6", back.clone());
    let asks = |s: &Snapshot| s.facilitator.as_ref().is_some_and(|f| f.questions.iter().any(|q| q.0 == "AO-F6"));
    let s = until(&desk, "the question", asks);
    let question = s.facilitator.as_ref().unwrap().questions.iter().find(|q| q.0 == "AO-F6").unwrap().1.clone();
    assert!(question.starts_with("taken back: "), "{question}");
    say(&desk, "AO-F6", false);
    at(&desk, "AO-F6", "not taken back", |c| c.state == StepState::Failed);
    desk.send(Command::Run(RunIntent::TakeBackTo("AO-F5".to_owned())));
    let s = until(&desk, "several", |s| card(s, "AO-F6").takes_back);
    assert_eq!(s.run.as_ref().unwrap().taking_back, ["AO-F6", "AO-F5"]);
    step(&desk, "AO-F6", back.clone());
    refused(&desk, "second person's agreement");
    step(&desk, "AO-F6", StepIntent::AskSecondPerson);
    at(&desk, "AO-F6", "agreed anew", |c| c.actions.first().is_some_and(|a| a.intent == back));
    step(&desk, "AO-F6", back.clone());
    until(&desk, "the question again", asks);
    say(&desk, "AO-F6", true);
    at(&desk, "AO-F6", "taken back", |c| c.state == StepState::Undone);
    until(&desk, "the next by itself", |s| card(s, "AO-F5").takes_back);
    step(&desk, "AO-F5", StepIntent::Keep);
    until(&desk, "no more of it", |s| s.run.as_ref().unwrap().taking_back.is_empty());
    at(&desk, "AO-F5", "as it was", |c| c.state == StepState::DoneByHand && !c.takes_back);

    // Done again, and on to the end.
    go_on(&desk, |s| s.run.as_ref().unwrap().current.is_none());
    desk.send(Command::Run(RunIntent::SignOff { role: "service owner".to_owned(), statement: "so it was".to_owned() }));
    desk.send(Command::Close { outcome: Outcome::Recovered, summary: "around the table".to_owned() });
    let s = closed(&desk);
    let run = s.run.as_ref().unwrap();
    assert!(run.closed.as_ref().unwrap().contains("around the table") && run.score.is_some(), "{:?}", run.closed);
    assert!(run.clocks.t[12].is_some() && run.clocks.waited_azure == 0, "{:?}", run.clocks);
    let records = read_run(&RealDisk, &place.run(&run.id)).unwrap();
    let of = |kind: &str| records.iter().filter(|r| is(r, kind) && r.body.step.as_deref() == Some("AO-F6")).count();
    assert_eq!((of("step.undone"), of("step.failed"), of("action.intent")), (1, 1, 0));
    assert_eq!(of("gate.approved"), 4, "done, taken back in two attempts, done again: each agreed to by itself");
}

/// What a scenario wants to be found out is found out around a table as well: its systems do not only say yes.
#[test]
fn a_scripted_tabletop_comes_to_the_whole_score() {
    let known = Catalog::builtin();
    let picked = |id: &String| all() || ["quota-exhausted", "all-degraded"].contains(&id.as_str());
    let offered = |id: &String| known.scenario(id).is_ok_and(|s| s.tabletop.offered);
    let ids: Vec<String> = known.ids(Kind::Scenario).into_iter().filter(picked).filter(offered).collect();
    assert!(ids.len() >= 2, "{ids:?}");
    each(ids.len(), |n| {
        let place = Place::new();
        let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario));
        desk.send(Command::StartRehearsal {
            scenario: ids[n].clone(),
            strategy: None,
            speed: Speed::Max,
            seed: 1,
            tabletop: true,
        });
        let s = closed(&desk);
        let score = s.run.as_ref().unwrap().score.clone().unwrap();
        assert_eq!(score.points, score.of, "{}: {:#?}", ids[n], score.lines);
    });
}
