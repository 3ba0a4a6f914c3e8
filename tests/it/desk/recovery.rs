//! The board at the desk: read, kept, and a recovery begun from it.

use std::sync::Arc;
use std::time::Duration;

use lifeboat::azure::Cloud;
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::Snapshot;
use lifeboat::desk::{Handle, Home, Options, start};
use lifeboat::journal::RealDisk;

use crate::cli::recoverable::Served;
use crate::simulator::subscriptions::several;

fn desk(home: &std::path::Path, cloud: Option<Cloud>) -> Handle {
    let home = Home::find(Some(home)).unwrap();
    let options = Options { home, disk: Arc::new(RealDisk), cloud, watch: None, operator: "Ada".into(), script: None };
    start(options).unwrap()
}

fn until(desk: &Handle, what: &str, wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    desk.wait(Duration::from_secs(60), wanted).unwrap_or_else(|| {
        let s = desk.snapshot();
        panic!("{what} was not seen; notice {:?}, said {:?}, board {:#?}", s.notice, s.activity, s.recovery)
    })
}

#[test]
fn the_board_is_read_kept_and_begins_a_recovery() {
    let home = tempfile::tempdir().unwrap();
    let mut azure = Served::new(home.path(), several());
    let line = std::fs::read_to_string(&azure.file).unwrap();
    let desk_one = desk(home.path(), Some(Cloud::from_line(&line).unwrap()));
    until(&desk_one, "the first picture", |s| s.revision > 0 && s.recovery.read_at.is_none());
    desk_one.send(Command::ReadDeleted);
    let s = until(&desk_one, "the board", |s| s.recovery.read_at.is_some());
    let rows: Vec<_> = s.recovery.rows.iter().map(|r| (r.place, r.name.as_str())).collect();
    assert_eq!(rows[..2], [(1, "oai-other"), (2, "kv-sandbox-lost")]);
    assert!(s.recovery.azure.contains("simulated"), "{}", s.recovery.azure);
    assert!(s.recovery.failed.iter().any(|(name, what, _)| name == "shut" && what == "everything"));
    assert!(s.activity.iter().any(|a| a.text.contains("read what was deleted in 3 subscriptions")), "{:?}", s.activity);

    let vault = s.recovery.rows.iter().find(|r| r.name == "kv-sandbox-lost").unwrap();
    desk_one.send(Command::Recover(vault.id.clone()));
    let s = until(&desk_one, "the plan", |s| s.library.draft.is_some());
    let draft = s.library.draft.clone().unwrap();
    assert_eq!((draft.draft.id.as_str(), draft.draft.runbook.as_str()), ("recover-kv-sandbox-lost", "recover-vault"));
    assert_eq!(draft.draft.values["retention_days"], "7");
    assert_eq!(draft.draft.values["deleted"], vault.id);
    assert!(draft.totals.is_some(), "a vault's recovery is known whole: {:#?}", draft.fields);

    // Of what nothing guides, or is not there, it says so.
    let log = s.recovery.rows.iter().find(|r| r.name == "log-sandbox-lost").unwrap().id.clone();
    desk_one.send(Command::Recover(log));
    until(&desk_one, "why not", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("no built-in runbook")));
    desk_one.send(Command::Recover("/subscriptions/x".into()));
    until(&desk_one, "why not", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("read again what was deleted")));
    drop(desk_one);

    // Another day, without Azure.
    azure.end();
    let desk_two = desk(home.path(), Some(Cloud::from_line(&line).unwrap()));
    let s = until(&desk_two, "the kept board", |s| s.recovery.read_at.is_some());
    assert_eq!(s.recovery.rows.len(), rows.len());
    desk_two.send(Command::ReadDeleted);
    let s = until(&desk_two, "the failure", |s| s.notice.is_some() && s.recovery.progress.is_none());
    assert_eq!(s.recovery.rows.len(), rows.len(), "a failure keeps what was known");
}

#[test]
fn nothing_real_is_read_from_inside_a_rehearsal() {
    let home = tempfile::tempdir().unwrap();
    let desk = desk(home.path(), None);
    let speed = Speed::Times(1);
    desk.send(Command::StartRehearsal { scenario: "own-network".into(), strategy: None, speed, seed: 1 });
    until(&desk, "the rehearsal", |s| s.run.is_some());
    desk.send(Command::ReadDeleted);
    until(&desk, "why not", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("a rehearsal is open")));
}
