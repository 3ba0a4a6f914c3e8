//! A question that was open when Lifeboat ended: with a key that lasts it is the same question afterwards, and an answer of
//! before is taken, once; with a key that was forgotten it is asked anew.

use std::sync::Arc;

use lifeboat::desk::protocol::{ApprovalIntent, Command, CredentialIntent};
use lifeboat::desk::snapshot::{Snapshot, StepState};
use lifeboat::desk::{Handle, Home, Options, start};
use lifeboat::journal::{RealDisk, read_run};

use super::desks::{agreed, decide, decided, desk, know, line, refused, send, state};
use crate::crash::{Place, is, until};
use crate::secrets::service::Person;

/// Tells a child of this test that it has a keyring of its own.
const IN_SESSION: &str = "LIFEBOAT_TEST_IN_SESSION";

/// Ada's desk, whose key is in the keyring of whoever runs this.
fn with_keyring(place: &Place) -> Handle {
    let home = Home::find(Some(&place.home())).unwrap();
    let operator = "Ada".to_owned();
    let options = Options { home, disk: Arc::new(RealDisk), cloud: None, watch: None, operator, script: None };
    let desk = start(options).unwrap();
    send(&desk, ApprovalIntent::MakeKey);
    until(&desk, "a key", |s| s.approvals.mine.is_some());
    desk
}

fn answered(ben: &Handle, block: &str) -> Arc<str> {
    send(ben, ApprovalIntent::Read(block.to_owned()));
    until(ben, "the request", |s| s.approvals.request.as_ref().is_some_and(|r| r.refused.is_none()));
    send(ben, super::questions::yes(ben));
    let answer = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.answer.clone());
    answer(&until(ben, "an answer", |s| answer(s).is_some())).unwrap()
}

fn opened(desk: &Handle, run: &str) {
    desk.send(Command::OpenRun(run.to_owned()));
    until(desk, "the run", |s| s.run.as_ref().is_some_and(|r| r.id == run));
    assert_eq!(state(&desk.snapshot(), "D9"), Some(StepState::AwaitingApproval));
}

#[test]
fn an_open_question_outlives_a_restart_where_the_key_does() {
    let Some(ada) = Person::new() else { return };
    let said = ada.unlocked(&format!(
        "{IN_SESSION}=1 $ME --exact approval::restart::a_question_is_open_when_this_is_a_child --nocapture; echo $?"
    ));
    assert!(said.out.trim_end().ends_with('0') && said.out.contains("1 passed"), "{}{}", said.out, said.err);
}

#[test]
fn a_question_is_open_when_this_is_a_child() {
    if std::env::var_os(IN_SESSION).is_none() {
        return;
    }
    let (here, there) = (Place::new(), Place::new());
    let (ada, ben) = (with_keyring(&here), desk(&there.home(), "Ben"));
    know(&ada, &line(&ben));
    know(&ben, &line(&ada));
    decided(&ada);
    let before = decide(&ada);
    let run = ada.snapshot().run.as_ref().unwrap().id.clone();
    let (key, answer) = (line(&ada), answered(&ben, &before.block));
    drop(ada);

    let ada = with_keyring(&here);
    assert_eq!(line(&ada), key);
    opened(&ada, &run);
    let asked = |s: &Snapshot| s.approvals.asked.first().filter(|a| !a.block.is_empty()).cloned();
    let after = asked(&until(&ada, "the question", |s| asked(s).is_some())).unwrap();
    assert_eq!((&after.block, &after.challenge, after.until), (&before.block, &before.challenge, before.until));
    send(&ada, ApprovalIntent::TakeAnswer(answer.to_string()));
    agreed(&ada, "signed by Ben's own device");
    refused(&ada, ApprovalIntent::TakeAnswer(answer.to_string()), "is not to what");
    drop(ada);

    // Nor after one more restart.
    let ada = with_keyring(&here);
    ada.send(Command::OpenRun(run.clone()));
    until(&ada, "the run", |s| state(s, "D9") == Some(StepState::DoneByHand));
    refused(&ada, ApprovalIntent::TakeAnswer(answer.to_string()), "is not to what");
    let records = read_run(&RealDisk, &here.run(&run)).unwrap();
    assert_eq!(records.iter().filter(|r| is(r, "gate.approved")).count(), 1);
    assert_eq!(records.iter().filter(|r| is(r, "gate.requested")).count(), 1, "it was asked once");
}

#[test]
fn with_a_key_that_was_forgotten_it_is_asked_anew() {
    let (here, there) = (Place::new(), Place::new());
    let (ada, ben) = (desk(&here.home(), "Ada"), desk(&there.home(), "Ben"));
    know(&ada, &line(&ben));
    know(&ben, &line(&ada));
    decided(&ada);
    let question = decide(&ada);
    let run = ada.snapshot().run.as_ref().unwrap().id.clone();
    let answer = answered(&ben, &question.block);
    drop(ada);

    let ada = desk(&here.home(), "Ada");
    opened(&ada, &run);
    until(&ada, "why", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("ask again")));
    ada.send(Command::DismissNotice);
    until(&ada, "no notice", |s| s.notice.is_none());
    refused(&ada, ApprovalIntent::TakeAnswer(answer.to_string()), "is not to what");
    send(&ada, super::questions::withdraw(&ada, "D9"));
    until(&ada, "withdrawn", |s| state(s, "D9") == Some(StepState::Ready));
    ada.send(Command::Credential(CredentialIntent::KeepInMemory));
    let anew = decide(&ada);
    assert_ne!(anew.block, question.block);
    // Ben does not know this key, and says so.
    send(&ben, ApprovalIntent::PutAway);
    send(&ben, ApprovalIntent::Read(anew.block.to_string()));
    let unknown = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.refused.clone());
    let why = unknown(&until(&ben, "a key that is not known", |s| unknown(s).is_some())).unwrap();
    assert!(why.contains("is not known here"), "{why}");
}
