//! Questions at the desk that come to something else than a plain yes: their time is over, codes are guessed, a script
//! stands in, pictures carry them, a guard is set aside, and what was agreed to is no longer what would be sent.

use std::sync::Arc;

use lifeboat::clock::Speed;
use lifeboat::desk::Handle;
use lifeboat::desk::protocol::{ApprovalIntent, Command, RunIntent, StepIntent};
use lifeboat::desk::snapshot::{AskedView, Snapshot, StepState};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::record::Stored;
use lifeboat::runbook::model::Strategy;
use lifeboat::units::Millis;

use super::desks::{agreed, decide, decided, desk, know, line, refused, send, state, to_decision};
use crate::crash::{Place, counts, is, until};
use crate::desk::engine::{at, card, perform, reach, step};

/// Ada's desk and Ben's, which know each other.
fn two() -> (Place, Handle, Place, Handle) {
    let (here, there) = (Place::new(), Place::new());
    let (ada, ben) = (desk(&here.home(), "Ada"), desk(&there.home(), "Ben"));
    know(&ada, &line(&ben));
    know(&ben, &line(&ada));
    (here, ada, there, ben)
}

fn records(place: &Place, desk: &Handle) -> Vec<Stored> {
    read_run(&RealDisk, &place.run(&desk.snapshot().run.as_ref().unwrap().id)).unwrap()
}

/// Ben reads what he was sent and agrees: his answer.
fn answer(ben: &Handle, block: &str) -> Arc<str> {
    send(ben, ApprovalIntent::PutAway);
    until(ben, "nothing shown", |s| s.approvals.request.is_none());
    send(ben, ApprovalIntent::Read(block.to_owned()));
    until(ben, "the request", |s| s.approvals.request.as_ref().is_some_and(|r| r.refused.is_none()));
    send(ben, yes(ben));
    let answer = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.answer.clone());
    answer(&until(ben, "an answer", |s| answer(s).is_some())).unwrap()
}

/// Yes to what is on show.
pub fn yes(desk: &Handle) -> ApprovalIntent {
    let request = desk.snapshot().approvals.request.as_ref().map(|r| r.id.clone()).unwrap_or_default();
    ApprovalIntent::Approve { request, typed: None }
}

/// The question that is on show for a step, if any.
fn nonce(desk: &Handle, id: &str) -> String {
    desk.snapshot().approvals.asked.iter().find(|a| a.step == id).map(|a| a.nonce.clone()).unwrap_or_default()
}

fn same(desk: &Handle, id: &str, name: &str) -> ApprovalIntent {
    ApprovalIntent::SameDevice { step: id.to_owned(), nonce: nonce(desk, id), name: name.to_owned() }
}

pub fn withdraw(desk: &Handle, id: &str) -> ApprovalIntent {
    ApprovalIntent::Withdraw { step: id.to_owned(), nonce: nonce(desk, id) }
}

/// Whoever of the script can be reached.
fn script(id: &str) -> ApprovalIntent {
    ApprovalIntent::AskAnother { step: id.to_owned(), name: String::new() }
}

/// What the step asks, once it is signed.
fn asked(desk: &Handle, id: &str) -> AskedView {
    let of = |s: &Snapshot| s.approvals.asked.iter().find(|a| a.step == id && !a.block.is_empty()).cloned();
    of(&until(desk, "a question", |s| of(s).is_some())).unwrap()
}

fn ready_again(desk: &Handle) {
    until(desk, "it stands as before", |s| state(s, "D9") == Some(StepState::Ready) && s.approvals.asked.is_empty());
}

#[test]
fn a_question_whose_time_is_over_is_gone_and_so_is_one_whose_code_was_guessed_at() {
    let (here, ada, _there, ben) = two();
    decided(&ada);
    let question = decide(&ada);
    let late = answer(&ben, &question.block);
    ada.send(Command::StepClock(Millis::from_mins(16)));
    ready_again(&ada);
    refused(&ada, ApprovalIntent::TakeAnswer(late.to_string()), "the time to answer is over");
    refused(&ada, same(&ada, "D9", "Grace"), "asks nothing");
    refused(&ada, withdraw(&ada, "D9"), "asks nothing");
    assert!(ada.snapshot().run.as_ref().unwrap().clocks.t[4].is_none(), "nothing is decided");

    // Five codes of somebody else take the question back; the right one comes too late. What is misheard is no guess.
    let third = Place::new();
    let cleo = desk(&third.home(), "Cleo");
    know(&cleo, &line(&ada));
    ada.send(Command::SetSpeed(Speed::Times(1)));
    let question = decide(&ada);
    let code = |desk: &Handle| {
        send(desk, ApprovalIntent::Read(question.challenge.clone()));
        let fresh =
            |s: &Snapshot| s.approvals.request.as_ref().is_some_and(|r| r.until.is_none() && r.answer.is_none());
        until(desk, "the plan", fresh);
        send(desk, yes(desk));
        let code = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.code.clone());
        code(&until(desk, "a code", |s| code(s).is_some())).unwrap()
    };
    let (good, wrong) = (code(&ben), code(&cleo));
    assert_ne!(good, wrong);
    let take = |code: &str, approver: &str| {
        let (step, approver, code) = ("D9".to_owned(), approver.to_owned(), code.to_owned());
        ApprovalIntent::TakeCode { step, nonce: question.nonce.clone(), approver, code }
    };
    refused(&ada, take(&good, "Nobody"), "Nobody");
    refused(&ada, take(&good[1..], "Ben"), "does not add up");
    for n in 0..5 {
        assert_eq!(state(&ada.snapshot(), "D9"), Some(StepState::AwaitingApproval), "{n} wrong codes are forgiven");
        refused(&ada, take(&wrong, "Ben"), "this is not the code");
    }
    ready_again(&ada);
    refused(&ada, take(&good, "Ben"), "asks nothing");

    let all = records(&here, &ada);
    let why: Vec<String> = all.iter().filter(|r| is(r, "gate.voided")).map(|r| r.body.d["why"].to_string()).collect();
    assert_eq!(why, ["\"nobody answered in time\"", "\"the question was withdrawn\""]);
    assert!(!all.iter().any(|r| is(r, "gate.approved")));
}

#[test]
fn a_question_goes_by_pictures_to_another_desk_and_a_script_stands_in_where_nothing_is_real() {
    let (here, ada, there, ben) = two();
    decided(&ada);
    let question = decide(&ada);
    let file = here.0.path().join("request.png");
    send(&ada, ApprovalIntent::SavePicture { step: "D9".to_owned(), file: file.clone() });
    let pictures = question.pictures.len();
    let name = |n: usize| match pictures {
        1 => file.clone(),
        _ => here.0.path().join(format!("request-{n}.png")),
    };
    let all: Vec<_> = (1..=pictures).map(name).collect();
    until(&ada, "pictures", |_| all.iter().all(|f| f.exists()));

    // What is there is somebody's, and a part of a request is none.
    let last = all.last().unwrap();
    for other in &all {
        std::fs::rename(other, other.with_extension("kept")).unwrap();
    }
    std::fs::write(last, "a holiday").unwrap();
    refused(
        &ada,
        ApprovalIntent::SavePicture { step: "D9".to_owned(), file },
        "is there already, and was left as it is",
    );
    assert_eq!(std::fs::read_to_string(last).unwrap(), "a holiday");
    assert!(all.iter().filter(|f| f.exists()).eq([last]));
    for other in &all {
        std::fs::rename(other.with_extension("kept"), other).unwrap();
    }

    // Not all of them, none of them, and what is no picture.
    let broken = there.0.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\nno more").unwrap();
    refused(&ben, ApprovalIntent::ReadPictures(vec![broken]), "picture");
    refused(&ben, ApprovalIntent::ReadPictures(vec![there.0.path().join("none.png")]), "none.png");
    if pictures > 1 {
        refused(&ben, ApprovalIntent::ReadPictures(all[1..].to_vec()), "part 1 of");
    }
    assert!(ben.snapshot().approvals.request.is_none());
    let backwards: Vec<_> = all.into_iter().rev().collect();
    send(&ben, ApprovalIntent::ReadPictures(backwards));
    let s = until(&ben, "the request", |s| s.approvals.request.as_ref().is_some_and(|r| r.refused.is_none()));
    let r = s.approvals.request.clone().unwrap();
    assert!(r.step.starts_with("D9") && r.words.iter().any(|w| w == "East US is gone"), "{r:?}");
    send(&ben, ApprovalIntent::Refuse("too early".to_owned()));
    let no = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.answer.clone());
    let no = no(&until(&ben, "an answer", |s| no(s).is_some())).unwrap();
    send(&ada, ApprovalIntent::TakeAnswer(no.to_string()));
    ready_again(&ada);
    assert!(records(&here, &ada).iter().any(|r| is(r, "gate.denied") && r.body.d.to_string().contains("too early")));

    // Nobody is at hand after all.
    decide(&ada);
    send(&ada, script("AO-F6"));
    until(&ada, "a refusal", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("asks nothing")));
    send(&ada, script("D9"));
    ada.send(Command::SetSpeed(Speed::Times(600)));
    until(&ada, "the script's word", |s| state(s, "D9") == Some(StepState::DoneByHand));
    let given = |n: usize| {
        let all = records(&here, &ada);
        all.into_iter().filter(|r| is(r, "gate.approved")).nth(n).unwrap().body.d
    };
    assert_eq!((&given(0)["method"], given(0).get("proof")), (&"scripted".into(), None), "a script vouches by no key");
    refused(&ada, script("D9"), "asks nothing");

    // Both at one laptop: it is named as what it is, on the card and in the record.
    ada.send(Command::SetSpeed(Speed::Times(1)));
    decide(&ada);
    let same = |name: &str| same(&ada, "D9", name);
    refused(&ada, same("Ada"), "whoever does it cannot give it");
    send(&ada, same("Grace"));
    agreed(&ada, "it shows that somebody agreed here, not who");
    let given = given(1);
    assert_eq!((&given["method"], &given["proof"]["same_device"]), (&"same-device".into(), &true.into()), "{given}");
    assert!(given["label"].as_str().unwrap().contains("the operator's own device"), "{given}");
}

#[test]
fn a_guard_is_set_aside_at_the_desk_by_name_with_another_key_and_is_in_the_record() {
    const GUARD: &str = "at least one region serves afterwards";
    let (here, ada, _there, ben) = two();
    ada.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Times(600),
        seed: 1,
        tabletop: false,
    });
    // What comes before is not what this is about.
    until(&ada, "the run", |s| s.run.is_some());
    to_decision(&ada);
    ada.send(Command::SetSpeed(Speed::Times(1)));
    decide(&ada);
    send(&ada, script("D9"));
    ada.send(Command::SetSpeed(Speed::Times(60)));
    until(&ada, "decided", |s| state(s, "D9") == Some(StepState::DoneByHand));
    reach(&ada, "AO-F6");
    ada.send(Command::SetSpeed(Speed::Times(1)));
    let agree = |id: &str| {
        let block = asked(&ada, id).block.to_string();
        send(&ada, ApprovalIntent::TakeAnswer(answer(&ben, &block).to_string()));
        until(&ada, "agreed", |s| s.approvals.asked.is_empty());
    };
    step(&ada, "AO-F6", StepIntent::AskSecondPerson);
    agree("AO-F6");
    ada.send(Command::SetSpeed(Speed::Times(60)));
    step(&ada, "AO-F6", perform());
    at(&ada, "AO-F6", "done", |c| matches!(c.state, StepState::DoneByApp | StepState::Failed));

    // Users would be led back to a region that does not answer: refused, whoever agreed to taking it back.
    ada.send(Command::SetSpeed(Speed::Times(1)));
    step(&ada, "AO-F6", StepIntent::Undo);
    at(&ada, "AO-F6", "a look at it", |c| c.takes_back && !c.changes.is_empty());
    step(&ada, "AO-F6", StepIntent::AskSecondPerson);
    agree("AO-F6");
    let id = ada.snapshot().run.as_ref().unwrap().id.clone();
    let sent = counts(&here.run(&id));
    step(&ada, "AO-F6", StepIntent::TakeBack { typed: None });
    until(&ada, "a refusal", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("serves afterwards")));
    ada.send(Command::DismissNotice);
    assert_eq!(counts(&here.run(&id)), sent);

    let glass = |guard: &str, reason: &str| {
        let (step, guard, reason) = ("AO-F6".to_owned(), guard.to_owned(), reason.to_owned());
        ada.send(Command::Run(RunIntent::BreakGlass { step, guard, reason }));
    };
    for (guard, reason, why) in
        [("no such rule", "we know", "no such rule"), (GUARD, " ", "the reason"), (GUARD, "the bridge decided", "")]
    {
        glass(guard, reason);
        if !why.is_empty() {
            until(&ada, why, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(why)));
            ada.send(Command::DismissNotice);
        }
    }
    let question = asked(&ada, "AO-F6");
    assert!(question.what.contains(GUARD), "it names the guard: {}", question.what);
    // Nobody but another key, and nobody's own word.
    refused(&ada, same(&ada, "AO-F6", "Ada"), "whoever does it cannot give it");
    step(&ada, "AO-F6", StepIntent::TakeBack { typed: None });
    until(&ada, "not before", |s| s.notice.is_some());
    ada.send(Command::DismissNotice);
    assert_eq!(counts(&here.run(&id)), sent, "nothing goes out while it is asked");
    let block = answer(&ben, &question.block);
    let shown = ben.snapshot().approvals.request.clone().unwrap();
    assert!(shown.rows.iter().any(|r| r.label == "guard set aside" && r.text.contains(GUARD)), "{:?}", shown.rows);
    send(&ada, ApprovalIntent::TakeAnswer(block.to_string()));
    until(&ada, "set aside", |s| s.approvals.asked.is_empty());
    let mut tries = 0;
    while counts(&here.run(&id)).len() == sent.len() {
        // Looked at again where what was seen is too old.
        step(&ada, "AO-F6", StepIntent::TakeBack { typed: None });
        std::thread::sleep(std::time::Duration::from_millis(300));
        tries += 1;
        let s = ada.snapshot();
        assert!(tries < 100, "{:?} {:?}", s.notice, card(&s, "AO-F6"));
    }
    let all = records(&here, &ada);
    let broken = all.iter().find(|r| is(r, "gate.glass")).unwrap();
    assert!(broken.body.d.to_string().contains(GUARD) && broken.body.d.to_string().contains("the bridge decided"));
    let finding = |r: &&Stored| is(r, "finding") && r.body.d.to_string().contains("Ben");
    assert!(all.iter().any(|r| finding(&r)), "whether the rule is right is asked afterwards");
}
