//! Two desks and one run: handed over by a colleague's key and by a passphrase while it is under way, brought to its end
//! at the other place, and what the first place still says and does.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::{
    ApprovalIntent, Command, CredentialIntent, FacilitateIntent, Lock, RunIntent, StepIntent, WatchIntent,
};
use lifeboat::desk::snapshot::{Snapshot, StepState};
use lifeboat::desk::{Handle, Home, Options, ScriptSource, start};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::run::event::LossKind;
use lifeboat::runbook::model::Strategy;
use lifeboat::units::{Millis, Secret};

use crate::approval::desks::{desk, know, line};
use crate::crash::{Place, SHORT, closed, counts, journal_bytes, sound, until};
use crate::desk::engine::{card, step};
use crate::desk::several::SANDBOX;
use crate::desk::sign_in;

const WORDS: &str = "four words of Ada's";

fn passphrase() -> Lock {
    Lock::Passphrase(Secret::new(WORDS))
}

fn give(file: &Path, to: &str, lock: Lock) -> Command {
    Command::Run(RunIntent::HandOver { file: file.to_owned(), to: to.to_owned(), lock })
}

fn take(file: &Path, words: Option<&str>) -> Command {
    Command::Run(RunIntent::TakeOver { file: file.to_owned(), passphrase: words.map(Secret::new) })
}

fn said(desk: &Handle, wanted: &str) -> Arc<Snapshot> {
    let s = until(desk, wanted, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(wanted)));
    desk.send(Command::DismissNotice);
    until(desk, "no notice", |s| s.notice.is_none());
    s
}

fn handed(s: &Snapshot) -> bool {
    s.run.as_ref().is_some_and(|r| r.papers.handed_over.is_some())
}

/// A desk that plays the short answers to the end, with a key in memory.
fn scripted(home: &Path, operator: &str) -> Handle {
    let script = Some(ScriptSource::Answers(ron::from_str(SHORT).unwrap()));
    let (home, operator) = (Home::find(Some(home)).unwrap(), operator.to_owned());
    let options = Options { home, disk: Arc::new(RealDisk), cloud: None, watch: None, operator, script };
    let desk = start(options).unwrap();
    desk.send(Command::Credential(CredentialIntent::KeepInMemory));
    desk.send(Command::Approval(ApprovalIntent::MakeKey));
    until(&desk, "a key", |s| s.approvals.mine.is_some());
    desk
}

/// Everything that could change the run, and none of which is done where it is only read.
fn orders() -> Vec<Command> {
    let text = || "x".to_owned();
    let run = |i| Command::Run(i);
    let to = |i| Command::Step("D3".to_owned(), i);
    vec![
        Command::Note(text()),
        Command::ImpactStarted(1),
        Command::Degraded { step: None, on: true },
        Command::Degraded { step: Some("D3".to_owned()), on: true },
        Command::Pause(text()),
        Command::Close { outcome: Outcome::Recovered, summary: text() },
        Command::Abort(text()),
        run(RunIntent::Ledger(text())),
        run(RunIntent::Loss(LossKind::Lost, text())),
        run(RunIntent::EvidenceText { step: None, name: text(), text: text() }),
        run(RunIntent::Finding(text())),
        run(RunIntent::SignOff { role: text(), statement: text() }),
        run(RunIntent::BreakGlass { step: "AO-F6".to_owned(), guard: text(), reason: text() }),
        to(StepIntent::Confirm { evidence: text() }),
        to(StepIntent::Skip { reason: text() }),
        to(StepIntent::Check),
        Command::Facilitate(FacilitateIntent::Note(text())),
        Command::Facilitate(FacilitateIntent::Say(text())),
    ]
}

#[test]
fn a_run_under_way_goes_to_a_colleagues_key_and_is_closed_there() {
    let (here, there) = (Place::new(), Place::new());
    let (ada, ben) = (desk(&here.home(), "Ada"), scripted(&there.home(), "Ben"));
    know(&ada, &line(&ben));
    ada.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Times(1),
        seed: 1,
        tabletop: false,
    });
    let id = until(&ada, "the run", |s| s.run.is_some()).run.as_ref().unwrap().id.clone();
    step(&ada, "D3", StepIntent::Confirm { evidence: "Dana sees it too".to_owned() });
    until(&ada, "a step", |s| card(s, "D3").state == StepState::DoneByHand);
    ada.send(Command::Run(RunIntent::Loss(LossKind::Lost, "requests in flight".to_owned())));
    ada.send(Command::Run(RunIntent::EvidenceText {
        step: None,
        name: "log".to_owned(),
        text: "five hundreds".to_owned(),
    }));
    until(&ada, "evidence", |s| !s.run.as_ref().unwrap().papers.evidence.is_empty());
    let file = here.0.path().join("run.age");
    ada.send(give(&file, "Ben", Lock::Colleague("Ben".to_owned())));
    until(&ada, "handed over", handed);

    // The old place refuses each order with the reason, and its record does not grow.
    let bytes = journal_bytes(&here.run(&id));
    for order in orders() {
        let what = format!("{order:?}");
        ada.send(order);
        // What a facilitator is refused, only they see.
        let told = |s: &Snapshot| {
            let room = s.facilitator.as_ref().and_then(|f| f.refused.clone());
            s.notice.as_ref().map(|n| n.what.clone()).or(room)
        };
        let told = told(&until(&ada, &what, |s| told(s).is_some())).unwrap();
        assert!(told.contains("handed over to Ben; here it is only read"), "{what}: {told}");
        ada.send(Command::DismissNotice);
        until(&ada, "no notice", |s| s.notice.is_none());
    }
    assert_eq!(journal_bytes(&here.run(&id)), bytes);
    ada.send(Command::LeaveRun);
    until(&ada, "left", |s| s.run.is_none());
    drop(ada);

    // Another's key does not open it, and no passphrase; Ben's does, and his script goes on where Ada stood.
    let third = Place::new();
    let mo = scripted(&third.home(), "Mo");
    mo.send(take(&file, None));
    said(&mo, "it was locked for somebody else");
    drop(mo);
    ben.send(take(&file, Some(WORDS)));
    said(&ben, "locked with the key of one device");
    assert!(ben.snapshot().run.is_none() && fs::read_dir(there.home().join("runs")).unwrap().count() == 1);
    ben.send(take(&file, None));
    let s = closed(&ben);
    let run = s.run.as_ref().unwrap();
    assert_eq!(run.id, id);
    assert!(run.papers.evidence.iter().any(|e| e.name == "log"), "evidence went along");
    let done = run.cards.iter().find(|c| c.id == "AO-F6").unwrap();
    assert_eq!(done.state, StepState::DoneByApp, "{done:?}");
    drop(ben);
    let records = sound(&RealDisk, &there.run(&id), &counts(&there.run(&id)));
    let at = |kind: &str| records.iter().position(|r| r.body.kind.as_str() == kind).unwrap();
    assert!(at("run.handover") < at("session.operator") && at("session.operator") < at("run.end"));
    assert!(records.iter().filter(|r| r.body.d.to_string().contains("Dana sees it too")).count() > 0);
}

#[test]
fn where_both_places_went_on_it_is_seen_and_nothing_is_mixed() {
    let azure = sign_in::Azure::of(SANDBOX, Clock::system());
    let (here, there) = (Place::new(), Place::new());
    let ada = sign_in::at(&here, Some(azure.cloud()));
    ada.send(Command::StartRun { plan: "sandbox".to_owned(), strategy: None, dry_run: true });
    let id = until(&ada, "the run", |s| s.run.is_some()).run.as_ref().unwrap().id.clone();
    let (one, other) = (here.0.path().join("1.age"), here.0.path().join("2.age"));
    ada.send(give(&one, "Mo", passphrase()));
    until(&ada, "handed over", handed);

    // What is wrong with a file is said, and nothing of it is taken.
    let mo = sign_in::at(&there, Some(azure.cloud()));
    let good = fs::read(&one).unwrap();
    let bad = there.0.path().join("bad.age");
    let cut = |at: usize| good[..at].to_vec();
    let mut altered = good.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    let longer = [good.as_slice(), b"more"].concat();
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("nothing in it", Vec::new(), WORDS, "no hand-over file"),
        ("something else", b"PK\x03\x04 a holiday".to_vec(), WORDS, "no hand-over file"),
        ("its first lines", cut(40), WORDS, "cut short"),
        ("half of it", cut(good.len() / 2), WORDS, "cut short"),
        ("all but its last byte", cut(good.len() - 1), WORDS, "cut short"),
        ("altered", altered, WORDS, "cut short or was altered"),
        ("longer", longer, WORDS, "cut short or was altered"),
        ("another passphrase", good.clone(), "four words of Mo's", "does not open the file"),
    ];
    for (what, bytes, words, wanted) in cases {
        fs::write(&bad, bytes).unwrap();
        mo.send(take(&bad, Some(words)));
        let s = until(&mo, what, |s| s.notice.is_some());
        assert!(s.notice.as_ref().unwrap().what.contains(wanted), "{what}: {:?}", s.notice);
        mo.send(Command::DismissNotice);
        until(&mo, "no notice", |s| s.notice.is_none());
    }
    let large = fs::File::create(&bad).unwrap();
    large.set_len(8 << 30).unwrap();
    mo.send(take(&bad, Some(WORDS)));
    said(&mo, "it has more than");
    mo.send(take(&there.0.path().join("none.age"), Some(WORDS)));
    said(&mo, "none.age");
    assert!(mo.snapshot().run.is_none() && !there.run(&id).exists());

    // Both go on: Mo with the file, Ada with her own word that nobody has it.
    mo.send(take(&one, Some(WORDS)));
    until(&mo, "taken over", |s| s.run.as_ref().is_some_and(|r| r.id == id && r.read_only.is_none()));
    mo.send(Command::Note("Mo went on".to_owned()));
    ada.send(Command::Run(RunIntent::TakeRunBack { reason: "Mo has no signal".to_owned() }));
    until(&ada, "back", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_none()));
    ada.send(Command::Note("Ada went on".to_owned()));
    until(&ada, "her note", |s| s.run.as_ref().unwrap().notes.iter().any(|n| n.text == "Ada went on"));
    mo.send(give(&other, "Ada", passphrase()));
    until(&mo, "handed back", handed);
    let bytes = journal_bytes(&here.run(&id));
    ada.send(Command::LeaveRun);
    until(&ada, "left", |s| s.run.is_none());
    let left = journal_bytes(&here.run(&id));
    ada.send(take(&other, Some(WORDS)));
    let s = said(&ada, "went on here and elsewhere");
    let notice = s.notice.clone().unwrap();
    assert!(notice.what.contains("from record") && notice.what.contains("nothing of the file was taken"), "{notice:?}");
    assert_eq!(journal_bytes(&here.run(&id)), left);
    assert!(left.iter().all(|(name, now)| bytes.get(name).is_none_or(|old| now.starts_with(old))));
    // Both records say what happened at each place.
    let record = |place: &Place| -> String {
        read_run(&RealDisk, &place.run(&id))
            .unwrap()
            .iter()
            .map(|r| format!("{} {}\n", r.body.kind.as_str(), r.body.d))
            .collect()
    };
    let (hers, his) = (record(&here), record(&there));
    assert!(
        hers.contains("taken back: Mo has no signal") && hers.contains("Ada went on") && !hers.contains("Mo went on")
    );
    assert!(his.contains("Mo went on") && !his.contains("Ada went on"));
    drop(ada);
    // Mo's own place is only read since he gave it back, until he takes it back too.
    mo.send(Command::Watch(WatchIntent::TakeSighting("Mira: East US down".to_owned())));
    mo.send(Command::Note("late".to_owned()));
    said(&mo, "handed over to Ada; here it is only read");
    mo.send(Command::StepClock(Millis::from_secs(1)));
    mo.send(Command::Run(RunIntent::TakeRunBack { reason: "Ada will not".to_owned() }));
    until(&mo, "back", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_none()));
    mo.send(Command::Abort("settled by phone".to_owned()));
    until(&mo, "the end", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
}
