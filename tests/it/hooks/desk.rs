//! A run and whoever is told of it: the moments in order, nothing twice, nothing held up, and no address in any file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{Command, CredentialIntent, HookIntent};
use lifeboat::desk::snapshot::{HookView, Keeper, Snapshot};
use lifeboat::desk::{Handle, ScriptSource};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::rehearsal::scenario::Outcome;
use lifeboat::runbook::model::Strategy;
use serde_json::Value;

use super::listener::{Does, Listener};
use super::*;
use crate::crash::{Place, closed, counts, desk_with, is, sound, until};
use crate::desk::sign_in::{Azure, at};

fn view(s: &Snapshot) -> Option<&HookView> {
    s.settings.hooks.first()
}

fn set(desk: &Handle, hook: Hook, address: &str) {
    desk.send(Command::Credential(CredentialIntent::KeepInMemory));
    until(desk, "memory", |s| s.settings.credentials.keeper == Keeper::Memory);
    let address = Some(Secret::new(address));
    desk.send(Command::Hook(HookIntent::Set { hook: hook.clone(), address }));
    until(desk, "the message", |s| view(s).is_some_and(|v| v.hook == hook && v.address == Some(true)));
}

fn rehearsing() -> Command {
    let strategy = Some(Strategy::HotWarm);
    Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy,
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    }
}

fn scripted(place: &Place) -> Handle {
    desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario))
}

/// What the record says of messages: which, and what came of it.
fn comms(place: &Place, run: &str) -> Vec<(String, String)> {
    let records = read_run(&RealDisk, &place.run(run)).unwrap();
    let text = |d: &Value, key: &str| d[key].as_str().unwrap().to_owned();
    records.iter().filter(|r| is(r, "comms")).map(|r| (text(&r.body.d, "id"), text(&r.body.d, "outcome"))).collect()
}

fn nowhere(dir: &Path, secret: &str) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nowhere(&path, secret);
        } else {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "the address is in {}", path.display());
        }
    }
}

#[test]
fn a_rehearsal_tells_its_moments_in_order_and_its_record_what_came_of_each() {
    let (place, listener) = (Place::new(), Listener::that(&[Does::Says(202, "")]));
    let desk = scripted(&place);
    set(&desk, Hook { rehearsals: true, ..hook(HookKind::Generic) }, &listener.at());
    desk.send(Command::Hook(HookIntent::Test("War room".to_owned())));
    until(&desk, "the test", |s| {
        view(s).and_then(|v| v.last.clone()).is_some_and(|l| l.contains(" a test: delivered, 202 in "))
    });
    desk.send(rehearsing());
    let run = closed(&desk).run.as_ref().unwrap().id.clone();
    // The program ends right behind the end of the run, and that is said all the same.
    drop(desk);
    let told = listener.took();
    let mut moments = listener.moments();
    moments.retain(|m| m != "failed");
    // The second person is asked more than once on either way.
    moments.dedup();
    assert_eq!(moments, ["test", "started", "down", "decided", "asked", "moved", "asked", "back", "closed"]);
    for (path, body) in &told[1..] {
        assert!(path.ends_with(TOKEN));
        assert_eq!(
            (&body["mode"], &body["rehearsal"], &body["run"]),
            (&"rehearsal".into(), &true.into(), &run.clone().into())
        );
        let (title, text) = (body["title"].as_str().unwrap(), body["text"].as_str().unwrap());
        assert!(title.starts_with("REHEARSAL · ") && text.ends_with("nothing real happens."), "{body}");
    }
    let words: Vec<&str> = told.iter().map(|(_, b)| b["what"].as_str().unwrap()).collect();
    assert!(words.contains(&"East US is down") && words.contains(&"the run was closed: recovered"), "{words:?}");

    let said = comms(&place, &run);
    assert_eq!(said.len(), 2 * (told.len() - 1), "that each goes out, and what came of it: {said:?}");
    for (_, body) in &told[1..] {
        let id = body["id"].as_str().unwrap().strip_prefix(&format!("{run}/")).unwrap();
        let of: Vec<&str> = said.iter().filter(|s| s.0 == id).map(|s| s.1.as_str()).collect();
        assert!(matches!(of[..], ["on its way", came] if came.starts_with("delivered, 202 in ")), "{id}: {of:?}");
    }
    sound(&RealDisk, &place.run(&run), &counts(&place.run(&run)));
    nowhere(&place.home(), TOKEN);
}

#[test]
fn a_rehearsal_is_told_to_nobody_who_did_not_ask_for_it() {
    let (place, listener) = (Place::new(), Listener::that(&[Does::Says(202, "")]));
    let desk = scripted(&place);
    set(&desk, hook(HookKind::Generic), &listener.at());
    desk.send(rehearsing());
    let run = closed(&desk).run.as_ref().unwrap().id.clone();
    drop(desk);
    assert_eq!((listener.took(), comms(&place, &run)), (Vec::new(), Vec::new()));
}

#[test]
fn a_listener_that_hangs_holds_no_run_and_after_a_restart_nothing_is_said_twice() {
    let (place, azure) = (Place::new(), Azure::new());
    let (deaf, well) = (Listener::that(&[Does::Hangs]), Listener::that(&[Does::Says(202, "")]));
    let asked = Hook { rehearsals: true, moments: vec![Moment::Started, Moment::Closed], ..hook(HookKind::Generic) };
    let desk = at(&place, Some(azure.cloud()));
    set(&desk, asked.clone(), &deaf.at());
    desk.send(Command::StartRun { plan: "prod-chat".to_owned(), strategy: None, dry_run: true });
    let run = until(&desk, "the run", |s| s.run.is_some()).run.as_ref().unwrap().id.clone();
    deaf.after(1);
    // The run goes on while nobody answers, and whoever looks sees why.
    desk.send(Command::Note("it goes on".to_owned()));
    let s = until(&desk, "a note", |s| s.run.as_ref().is_some_and(|r| r.notes.iter().any(|n| n.text == "it goes on")));
    let papers = s.run.as_ref().unwrap().papers.comms.clone();
    assert!(papers.len() == 1 && papers[0].text.ends_with("(on its way)"), "{papers:?}");
    assert!(view(&s).unwrap().last.as_ref().unwrap().ends_with("the run began: on its way"));
    drop(desk);
    assert_eq!(comms(&place, &run).len(), 1);

    let desk = at(&place, Some(azure.cloud()));
    let s = until(&desk, "the settings that were kept", |s| view(s).is_some());
    assert_eq!(view(&s).unwrap(), &HookView { hook: asked.clone(), address: Some(false), last: None });
    set(&desk, asked, &well.at());
    desk.send(Command::OpenRun(run.clone()));
    let s = until(&desk, "the run again", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_none()));
    let papers = s.run.as_ref().unwrap().papers.comms.clone();
    assert!(papers.len() == 1 && papers[0].text.contains("(not known whether it arrived: "), "{papers:?}");
    desk.send(Command::Close { outcome: Outcome::FalseAlarm, summary: "Nothing was wrong.".to_owned() });
    let delivered =
        |s: &Snapshot| s.run.as_ref().is_some_and(|r| r.papers.comms.iter().any(|n| n.text.contains("(delivered, ")));
    until(&desk, "the end is told", delivered);
    drop(desk);
    assert_eq!(well.moments(), ["closed"], "what began was not said again");
    assert_eq!(deaf.took().len(), 1);
    let said: Vec<String> =
        comms(&place, &run).into_iter().map(|(_, outcome)| outcome.chars().take(9).collect()).collect();
    assert_eq!(
        said,
        ["on its wa", "not known", "on its wa", "delivered"].map(|s| s.chars().take(9).collect::<String>())
    );
    // What came after the end is within the seal.
    let records = read_run(&RealDisk, &place.run(&run)).unwrap();
    assert!(records.last().is_some_and(|r| is(r, "log.checkpoint")));
    nowhere(&place.home(), TOKEN);
}

#[test]
fn what_cannot_be_set_is_refused_with_a_word_and_keeps_what_was_set() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    let address = format!("https://hooks.example/{TOKEN}");
    set(&desk, hook(HookKind::Slack), &address);
    let wrong = |hook: Hook, address: Option<&str>, why: &str| {
        desk.send(Command::Hook(HookIntent::Set { hook, address: address.map(Secret::new) }));
        let s = until(&desk, why, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(why)));
        assert!(!format!("{:?} {:?}", s.notice, s.activity).contains(TOKEN));
        assert_eq!(s.settings.hooks.len(), 1);
        desk.send(Command::DismissNotice);
        until(&desk, "dismissed", |s| s.notice.is_none());
    };
    let slack = || hook(HookKind::Slack);
    wrong(Hook { template: "{who}".to_owned(), ..slack() }, None, "`{who}` stands for nothing");
    wrong(Hook { template: format!("see {TOKEN}"), ..slack() }, None, "stands in the words or the name");
    wrong(hook(HookKind::Teams), None, "something else listens now");
    wrong(slack(), Some("http://hooks.example/x"), "127.0.0.1 alone");
    wrong(Hook { name: "Leads".to_owned(), ..slack() }, None, "has no address");
    wrong(Hook { name: "War-Room".to_owned(), ..slack() }, Some(&address), "“War room” is filed under the same name");
    // It is listed with the credentials by a name that says nothing.
    let s = desk.snapshot();
    assert!(
        s.settings.credentials.rows.iter().any(|r| r.title == "hook-war-room"),
        "{:?}",
        s.settings.credentials.rows
    );
    desk.send(Command::Hook(HookIntent::Delete("War room".to_owned())));
    until(&desk, "deleted", |s| s.settings.hooks.is_empty() && s.settings.credentials.rows.is_empty());
    nowhere(&place.home(), TOKEN);
}

#[test]
fn a_file_that_somebody_broke_tells_nobody_and_is_kept_beside() {
    let place = Place::new();
    fs::write(place.home().join("hooks.json"), r#"[{ "name": "War room", "kind": "fax" }]"#).unwrap();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    let s = until(&desk, "a notice", |s| s.notice.is_some());
    let what = &s.notice.as_ref().unwrap().what;
    assert!(what.contains("hooks.json is not used") && what.contains("nobody outside is told"), "{what}");
    set(&desk, hook(HookKind::Slack), &format!("https://hooks.example/{TOKEN}"));
    assert!(fs::read_to_string(place.home().join("hooks.damaged.json")).unwrap().contains("fax"));
}
