//! Two desks, and the program as a third process: what is asked on one laptop is answered on another.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{ApprovalIntent, Command, CredentialIntent, FacilitateIntent, StepIntent};
use lifeboat::desk::snapshot::{ApprovalVerdict, AskedView, Snapshot, StepState};
use lifeboat::desk::{Handle, Home, Options, start};
use lifeboat::journal::RealDisk;
use lifeboat::rehearsal::scenario::Choice;
use lifeboat::runbook::model::Strategy;

use crate::crash::{Place, until};
use crate::secrets::service::Person;

pub fn desk(home: &Path, operator: &str) -> Handle {
    let home = Home::find(Some(home)).unwrap();
    let desk = start(Options {
        home,
        disk: Arc::new(RealDisk),
        cloud: None,
        watch: None,
        operator: operator.to_owned(),
        script: None,
    });
    let desk = desk.unwrap();
    desk.send(Command::Credential(CredentialIntent::KeepInMemory));
    send(&desk, ApprovalIntent::MakeKey);
    until(&desk, "a key", |s| s.approvals.mine.is_some());
    desk
}

pub fn send(desk: &Handle, intent: ApprovalIntent) {
    desk.send(Command::Approval(intent));
}

pub fn know(desk: &Handle, line: &str) {
    let before = desk.snapshot().approvals.roster.len();
    send(desk, ApprovalIntent::Know(line.to_owned()));
    until(desk, "a colleague", |s| s.approvals.roster.len() > before);
}

pub fn line(desk: &Handle) -> String {
    desk.snapshot().approvals.mine.clone().unwrap()
}

pub fn state(s: &Snapshot, id: &str) -> Option<StepState> {
    s.run.as_ref()?.cards.iter().find(|c| c.id == id).map(|c| c.state)
}

/// A rehearsal that has come to its decision: everything before was left out.
pub fn decided(desk: &Handle) {
    decided_in(desk, "region-loss", Some(Strategy::HotWarm));
}

fn decided_in(desk: &Handle, scenario: &str, strategy: Option<Strategy>) {
    desk.send(Command::StartRehearsal {
        scenario: scenario.to_owned(),
        strategy,
        speed: Speed::Times(600),
        seed: 1,
        tabletop: false,
    });
    until(desk, "the rehearsal", |s| s.run.is_some());
    to_decision(desk);
    // There are fifteen minutes to answer.
    desk.send(Command::SetSpeed(Speed::Times(1)));
    desk.send(Command::DismissNotice);
}

/// Leaves out everything before the decision of the run on show.
pub fn to_decision(desk: &Handle) {
    let since = Instant::now();
    while state(&desk.snapshot(), "D9") != Some(StepState::Ready) {
        let s = desk.snapshot();
        let states = || s.run.as_ref().unwrap().cards.iter().map(|c| (c.id.clone(), c.state)).collect::<Vec<_>>();
        assert!(since.elapsed() < crate::PATIENCE, "the decision is not reached: {:?}", states());
        let before = s.run.as_ref().unwrap().cards.iter().take_while(|c| c.id != "D9");
        for card in before.filter(|c| !c.state.over()) {
            desk.send(Command::Step(card.id.clone(), StepIntent::Skip { reason: "not today".to_owned() }));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub fn decide(desk: &Handle) -> AskedView {
    desk.send(Command::Step(
        "D9".to_owned(),
        StepIntent::Decide {
            choice: Choice::FailOver,
            reason: "East US is gone".to_owned(),
            expected_loss: "requests in flight".to_owned(),
        },
    ));
    let asked = |s: &Snapshot| s.approvals.asked.first().filter(|a| !a.block.is_empty()).cloned();
    asked(&until(desk, "a request", |s| asked(s).is_some())).unwrap()
}

pub fn agreed(desk: &Handle, label: &str) {
    let said = |s: &Snapshot| {
        let card = s.run.as_ref().and_then(|r| r.cards.iter().find(|c| c.id == "D9").cloned());
        card.filter(|c| c.state == StepState::DoneByHand).is_some_and(|c| c.rows.iter().any(|r| r.text.contains(label)))
    };
    until(desk, label, said);
}

pub fn refused(desk: &Handle, intent: ApprovalIntent, word: &str) {
    send(desk, intent);
    until(desk, word, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(word)));
    desk.send(Command::DismissNotice);
    until(desk, "no notice", |s| s.notice.is_none());
}

#[test]
fn two_desks_ask_and_answer_by_block_by_phone_beside_each_other_and_not_at_all() {
    let (here, there) = (Place::new(), Place::new());
    let (ada, ben) = (desk(&here.home(), "Ada"), desk(&there.home(), "Ben"));
    know(&ada, &line(&ben));
    refused(&ada, ApprovalIntent::Know(line(&ada)), "this laptop itself");
    decided(&ada);
    let asked = decide(&ada);
    assert_eq!((asked.approvers.as_slice(), asked.pictures.is_empty()), (&["Ben".to_owned()][..], false));

    // Ben does not know Ada yet.
    send(&ben, ApprovalIntent::Read(asked.block.to_string()));
    let s = until(&ben, "the request", |s| s.approvals.request.is_some());
    let r = s.approvals.request.clone().unwrap();
    assert!(!r.known && r.refused.as_ref().unwrap().contains("is not known here"), "{r:?}");
    let yes = |request: &str| ApprovalIntent::Approve { request: request.to_owned(), typed: None };
    refused(&ben, yes(&r.id), "is not known here");
    refused(&ben, yes("another"), "it has changed since it was shown");
    know(&ben, &line(&ada));
    let s = until(&ben, "a known request", |s| s.approvals.request.as_ref().is_some_and(|r| r.refused.is_none()));
    let r = s.approvals.request.clone().unwrap();
    assert_eq!((r.from.as_str(), r.known, r.mode.word()), ("Ada", true, "REHEARSAL"));
    assert!(r.words.iter().any(|w| w == "East US is gone") && r.step.starts_with("D9"), "{r:?}");
    send(&ben, yes(&r.id));
    let answer = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.answer.clone());
    let s = until(&ben, "an answer", |s| answer(s).is_some());
    let block = answer(&s).unwrap();
    let verdict = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.verdict.clone());
    assert_eq!(verdict(&s), Some(ApprovalVerdict::Agreed));
    refused(&ada, ApprovalIntent::TakeAnswer(asked.block.to_string()), "an approval request");
    refused(&ada, ApprovalIntent::TakeAnswer(block[..block.len() / 2].to_owned()), "cut off");
    send(&ada, ApprovalIntent::TakeAnswer(block.to_string()));
    agreed(&ada, "signed by Ben's own device");
    refused(&ada, ApprovalIntent::TakeAnswer(block.to_string()), "is not to what");
    let kept = std::fs::read_dir(there.home().join("answered")).unwrap().count();
    assert_eq!(kept, 1, "Ben keeps what he signed");

    // A refusal says so, and why.
    let asked = decide(&ada);
    send(&ben, ApprovalIntent::Read(asked.block.to_string()));
    until(&ben, "another request", |s| s.approvals.request.is_some() && verdict(s).is_none());
    send(&ben, ApprovalIntent::Refuse("not now".to_owned()));
    let s = until(&ben, "a refusal", |s| verdict(s).is_some());
    assert_eq!((verdict(&s), answer(&s).is_some()), (Some(ApprovalVerdict::Refused("not now".to_owned())), true));

    // Over the phone.
    refused(&ada, ApprovalIntent::TakeAnswer(block.to_string()), "is not to what");
    send(&ben, ApprovalIntent::Read(asked.challenge.clone()));
    let phone =
        |s: &Snapshot| s.approvals.request.clone().filter(|r| r.rows.iter().any(|row| row.label == "not shown"));
    let s = until(&ben, "the plan", |s| phone(s).is_some());
    let r = s.approvals.request.clone().unwrap();
    assert!(r.step.starts_with("D9"), "{r:?}");
    send(&ben, yes(&r.id));
    let code = |s: &Snapshot| s.approvals.request.as_ref().and_then(|r| r.code.clone());
    let s = until(&ben, "a code", |s| code(s).is_some());
    assert_eq!(verdict(&s), Some(ApprovalVerdict::Agreed));
    let code = code(&s).unwrap();
    let take = |code: &str| ApprovalIntent::TakeCode {
        step: "D9".to_owned(),
        nonce: asked.nonce.clone(),
        approver: "Ben".to_owned(),
        code: code.to_owned(),
    };
    refused(&ada, take(&code[1..]), "does not add up");
    send(&ada, take(&code));
    agreed(&ada, "it proves less than a signature");

    // Beside each other, on Ada's laptop; by the script; and not at all.
    let earlier = asked.nonce;
    let asked = decide(&ada);
    let same = |name: &str, nonce: &str| {
        let (step, nonce, name) = ("D9".to_owned(), nonce.to_owned(), name.to_owned());
        ApprovalIntent::SameDevice { step, nonce, name }
    };
    refused(&ada, same("Grace", &earlier), "it has changed since it was shown");
    refused(&ada, same("ada ", &asked.nonce), "whoever does it cannot give it");
    send(&ada, same("Grace", &asked.nonce));
    agreed(&ada, "it shows that somebody agreed here, not who");
    let withdraw = |nonce: &str| ApprovalIntent::Withdraw { step: "D9".to_owned(), nonce: nonce.to_owned() };
    let asked = decide(&ada);
    refused(&ada, withdraw(&earlier), "it has changed since it was shown");
    send(&ada, withdraw(&asked.nonce));
    until(&ada, "withdrawn", |s| state(s, "D9") == Some(StepState::Ready) && s.approvals.asked.is_empty());
    refused(&ada, same("Grace", &asked.nonce), "asks nothing of a second person");

    // The name of a file here is never one that came with a record.
    let run = ada.snapshot().open_runs[0].id.clone();
    let kept = std::fs::read_dir(here.home().join("runs").join(run)).unwrap();
    let kept = kept.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).filter(|n| n.starts_with("asked-"));
    let kept: Vec<String> = kept.collect();
    let hashed = |n: &String| n.len() == "asked-.txt".len() + 64 && !n.contains(&asked.nonce);
    assert!(kept.len() == 4 && kept.iter().all(hashed), "{kept:?}");
}

/// A request of Ada's desk, answered by the program in a session of Ben's own, with his own keyring.
#[test]
fn a_third_process_approves() {
    let Some(ben) = Person::new() else { return };
    std::fs::create_dir_all(ben.data()).unwrap();
    let here = Place::new();
    let ada = desk(&here.home(), "Ada");
    let program = |script: &str| ben.unlocked(&format!("export LIFEBOAT_OPERATOR=Ben; {script}"));

    let said = program(&format!("$LB approve --key; $LB approve --know '{}'", line(&ada)));
    assert_eq!(said.code, 0, "{}", said.err);
    know(&ada, said.out.trim());
    decided(&ada);
    let asked = decide(&ada);
    let file = |name: &str| ben.home.path().join(name);
    std::fs::write(file("request.txt"), format!("Hi Ben,\n> {}\n", asked.block.trim_end().replace('\n', "\n> ")))
        .unwrap();
    send(&ada, ApprovalIntent::SavePicture { step: "D9".to_owned(), file: file("request.png") });
    let pictures = asked.pictures.len();
    let name = |n: usize| if pictures == 1 { "request.png".to_owned() } else { format!("request-{n}.png") };
    until(&ada, "pictures", |_| (1..=pictures).all(|n| file(&name(n)).exists()));
    let all: Vec<String> = (1..=pictures).map(|n| format!("~/{}", name(n))).collect();
    let all = all.join(" ");

    // Not agreed to; refused; from pictures; over the phone. Each by its exit code and what goes to stdout.
    let said = program(&format!(
        "echo no | $LB approve ~/request.txt >no.txt 2>no.err; echo $?; echo yes | $LB approve {all} >picture.txt; echo $?; \
         echo yes | $LB approve {challenge} >code.txt; echo $?; $LB approve --refuse 'too early' ~/request.txt >refused.txt; echo $?; \
         $LB approve 7F3K; echo $?; ( cat ~/request.txt; echo yes ) | $LB approve - >answer.txt; echo $?; \
         $LB approve --forget Ada; echo yes | $LB approve ~/request.txt >/dev/null; echo $?",
        challenge = asked.challenge,
    ).replace(">no", ">~/no").replace(">picture", ">~/picture").replace(">code", ">~/code").replace(">refused", ">~/refused").replace(">answer", ">~/answer"));
    let codes: Vec<&str> = said.out.lines().collect();
    assert_eq!(codes, ["1", "0", "0", "1", "2", "0", "3"], "{}", said.err);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    assert_eq!(read("no.txt"), "");
    let shown = read("no.err");
    for part in [
        "Ada (key ",
        "REHEARSAL",
        "step D9",
        "“East US is gone”",
        "“requests in flight”",
        "answer until",
        "Nothing was signed",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(read("refused.txt").starts_with("[Lifeboat approval answer 1]"));
    assert_eq!(read("code.txt").trim().len(), 9);
    assert_eq!(read("picture.txt").lines().count(), read("answer.txt").lines().count());
    send(&ada, ApprovalIntent::TakeAnswer(read("answer.txt")));
    agreed(&ada, "signed by Ben's own device");
    decide(&ada);
    refused(&ada, ApprovalIntent::TakeAnswer(read("refused.txt")), "is not to what");
}

/// Without colleagues a script stands in for the second person; one who is away is no dead end.
#[test]
fn where_a_script_answers_somebody_else_can_be_asked() {
    let here = Place::new();
    let ada = desk(&here.home(), "Ada");
    decided_in(&ada, "credentials-expire", None);
    let question = StepIntent::Decide {
        choice: Choice::FailOver,
        reason: "East US is gone".to_owned(),
        expected_loss: "requests in flight".to_owned(),
    };
    ada.send(Command::SetSpeed(Speed::Times(0)));
    ada.send(Command::Step("D9".to_owned(), question));
    let s = until(&ada, "the question", |s| !s.approvals.asked.is_empty());
    let asked = s.approvals.asked[0].clone();
    let [first, second] = &asked.approvers[..] else { panic!("{asked:?}") };
    ada.send(Command::Facilitate(FacilitateIntent::Unavailable(first.clone(), true)));
    let another = |name: &str| ApprovalIntent::AskAnother { step: "D9".to_owned(), name: name.to_owned() };
    refused(&ada, another("Mallory"), "Mallory");
    send(&ada, another(second));
    ada.send(Command::SetSpeed(Speed::Times(600)));
    agreed(&ada, second);
}
