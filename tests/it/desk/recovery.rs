//! The board at the desk: read, kept, and a recovery begun from it.

use std::sync::Arc;

use lifeboat::azure::{Cloud, Method};
use lifeboat::clock::Speed;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::{Snapshot, Standing};
use lifeboat::desk::{Handle, Home, Options, checks, recovery, start};
use lifeboat::journal::RealDisk;
use lifeboat::plan::drift::{Known, Seen};
use lifeboat::recovery::Reading;
use lifeboat::runbook::model::Strategy;

use crate::cli::recoverable::Served;
use crate::simulator::subscriptions::several;

fn desk(home: &std::path::Path, cloud: Option<Cloud>) -> Handle {
    let home = Home::find(Some(home)).unwrap();
    let options = Options { home, disk: Arc::new(RealDisk), cloud, watch: None, operator: "Ada".into(), script: None };
    start(options).unwrap()
}

fn until(desk: &Handle, what: &str, wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    desk.wait(crate::PATIENCE, wanted).unwrap_or_else(|| {
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
fn a_person_who_signed_in_by_code_reads_the_board() {
    let home = tempfile::tempdir().unwrap();
    let mut azure = Served::new(home.path(), several());
    let line: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&azure.file).unwrap()).unwrap();
    let cloud = Cloud::from_line(&line.to_string()).unwrap();
    let desk = desk(home.path(), Some(cloud.with_method(line["tenant"].as_str().unwrap(), "", Method::Device)));
    desk.send(Command::SignIn);
    let s = until(&desk, "the code", |s| s.settings.sign_in.device.is_some());
    azure.approve(&s.settings.sign_in.device.as_ref().unwrap().code);
    until(&desk, "the person", |s| s.settings.sign_in.who.is_some());
    desk.send(Command::ReadDeleted);
    let s = until(&desk, "the board", |s| s.recovery.read_at.is_some());
    assert!(s.recovery.rows.iter().any(|r| r.name == "oai-other"));
    // The same connection asks about a plan.
    desk.send(Command::PreviewPlan { plan: "sandbox".into(), strategy: None });
    until(&desk, "the plan", |s| s.library.preview.as_ref().is_some_and(|p| p.plan == "sandbox"));
    desk.send(Command::ReadRights { plan: "sandbox".into(), strategy: Strategy::HotCold });
    let s = until(&desk, "the rights", |s| s.library.preview.as_ref().is_some_and(|p| p.checks.rights.is_some()));
    let rights = s.library.preview.as_ref().unwrap().checks.rights.clone().unwrap();
    assert_eq!(rights.standing(), Standing::Has, "{:#?}", rights.steps);
    azure.end();
}

#[test]
fn one_azure_does_not_take_the_place_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::find(Some(dir.path())).unwrap();
    let reading = |azure: &str, simulated, at| Reading { azure: azure.into(), simulated, at, ..Reading::default() };
    for r in [reading("AzureCloud", false, 1), reading("sandbox", true, 2), reading("AzureCloud", false, 3)] {
        recovery::keep(&home, &r).unwrap();
    }
    recovery::keep(&home, &reading("sandbox", true, 4)).unwrap();
    let at = |of: Option<&Cloud>| recovery::kept(&home, of).map(|r| r.at);
    assert_eq!(at(None), Some(3), "the real one, whatever was tried out since");
    assert_eq!(at(Some(&Cloud::public().unwrap())), Some(3));
    assert_eq!(at(Some(&Cloud::named("AzureChinaCloud").unwrap())), None);
    // The same of what was read of a plan's sides.
    let plan = lifeboat::catalog::Catalog::builtin().plan("sandbox", None).unwrap();
    let seen = |azure: &str, simulated, at| Seen {
        plan: plan.id.clone(),
        digest: plan.texts.digest(),
        azure: azure.into(),
        simulated,
        at,
        things: Default::default(),
        groups: Default::default(),
        quota: Known::Unread("no".into()),
        more_quota: Default::default(),
    };
    for s in [seen("AzureCloud", false, 1), seen("sandbox", true, 2)] {
        checks::keep(&home, &s).unwrap();
    }
    let kept = checks::kept(&home);
    let drift = |of: Option<&Cloud>| checks::drift_of(&plan, &kept, of).map(|d| (d.at, d.simulated));
    assert_eq!((kept.len(), drift(None)), (2, Some((1, String::new()))));
    assert_eq!(drift(Some(&Cloud::named("AzureChinaCloud").unwrap())), None);
}

#[test]
fn nothing_real_is_read_from_inside_a_rehearsal() {
    let home = tempfile::tempdir().unwrap();
    let desk = desk(home.path(), None);
    let speed = Speed::Times(1);
    desk.send(Command::StartRehearsal {
        scenario: "own-network".into(),
        strategy: None,
        speed,
        seed: 1,
        tabletop: false,
    });
    until(&desk, "the rehearsal", |s| s.run.is_some());
    desk.send(Command::ReadDeleted);
    until(&desk, "why not", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("a rehearsal is open")));
}
