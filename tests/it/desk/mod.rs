//! The desk when the disk does not do what it should, and runs that are opened again.

mod checks;
mod credentials;
pub mod engine;
mod faults;
mod hangs;
mod modes;
mod readiness;
mod reconcile;
mod recovered;
mod recovery;
mod recovery_point;
pub mod several;
mod sighting;
pub mod sign_in;
mod trust;
mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{Command, StepIntent};
use lifeboat::desk::snapshot::RunView;
use lifeboat::desk::{Handle, ScriptSource};
use lifeboat::journal::{Disk, MemoryDisk, RealDisk, read_run};
use lifeboat::runbook::model::Strategy;
use serde_json::Value;

use crate::crash::disk::{Call, Then, Watched, is_records};
use crate::crash::{Place, closed, counts, desk, desk_with, each, ended, intents, is, sound, until};

fn start(scenario: &str, strategy: Strategy, speed: Speed) -> Command {
    Command::StartRehearsal { scenario: scenario.to_owned(), strategy: Some(strategy), speed, seed: 1, tabletop: false }
}

/// A disk that is full from the n-th append on until there is room again.
fn filling(inner: Arc<dyn Disk>, n: usize, full: Arc<AtomicBool>) -> Watched {
    let appends = AtomicUsize::new(0);
    Watched::new(inner, move |call| {
        if let Call::Write(file, _) = &call
            && is_records(file)
            && appends.fetch_add(1, Ordering::Relaxed) == n
        {
            full.store(true, Ordering::Relaxed);
        }
        let grows = matches!(call, Call::Write(..) | Call::Create);
        if grows && full.load(Ordering::Relaxed) { Then::Fail(io::ErrorKind::StorageFull) } else { Then::Go }
    })
}

/// Appends of a whole rehearsal, in its first file.
fn undisturbed_appends() -> usize {
    let place = Place::new();
    let (count, full) = (Arc::new(AtomicUsize::new(0)), Arc::default());
    let seen = count.clone();
    let counting = Watched::new(Arc::new(filling(Arc::new(MemoryDisk::new()), usize::MAX, full)), move |call| {
        if matches!(call, Call::Write(file, _) if is_records(file)) {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        Then::Go
    });
    let desk = desk(&place.home(), Arc::new(counting));
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Max));
    closed(&desk);
    // The last ones are the end itself.
    count.load(Ordering::Relaxed) - 4
}

#[test]
fn a_full_disk_stops_actions_and_nothing_else_and_room_lets_the_run_go_on() {
    let appends: Vec<usize> = (4..undisturbed_appends()).step_by(5).collect();
    assert!(appends.len() > 8);
    each(appends.len(), |i| {
        let place = Place::new();
        let (disk, full) = (MemoryDisk::new(), Arc::new(AtomicBool::new(false)));
        let desk = desk(&place.home(), Arc::new(filling(Arc::new(disk.clone()), appends[i], full.clone())));
        desk.send(start("region-loss", Strategy::HotWarm, Speed::Max));
        let s = until(&desk, "read only", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_some()));
        let view = s.run.as_ref().unwrap();
        let what = format!("append {}: {:?}", appends[i], view.current);
        assert!(view.read_only.as_ref().unwrap().contains("nothing can be saved"), "{what}: {:?}", view.read_only);
        assert!(s.notice.as_ref().is_some_and(|n| n.next.contains("Try the journal again")), "{what}: {:?}", s.notice);

        // Nothing is sent that is not in the record, for as long as the disk is full; orders are refused.
        let run = place.run(&view.id);
        let recorded = || intents(&read_run(&disk, &run).unwrap());
        let before = recorded();
        std::thread::sleep(Duration::from_millis(100));
        desk.send(Command::Note("can this be saved?".to_owned()));
        desk.send(Command::RetryJournal);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(recorded(), before, "{what}");
        assert!(counts(&run).keys().all(|id| before.contains(id)), "{what}: sent without a record");
        // Reading goes on.
        desk.send(Command::ShowRecord(view.id.clone()));
        let s = until(&desk, "the record", |s| s.audit.shown.is_some());
        assert!(s.run.as_ref().unwrap().read_only.is_some(), "{what}: trying again on a full disk changes nothing");

        full.store(false, Ordering::Relaxed);
        desk.send(Command::RetryJournal);
        closed_after_retry(&desk);
        drop(desk);
        let records = sound(&disk, &run, &counts(&run));
        assert!(!records.iter().any(|r| is(r, "note")), "{what}: a refused note is not kept");
        assert!(records.iter().any(|r| is(r, "log.segment")), "{what}: the record goes on in a new file");
    });
}

fn closed_after_retry(desk: &Handle) {
    until(desk, "a journal that can be written", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_none()));
    closed(desk);
}

/// A small file system of its own, where the system lets us make one.
struct Small(tempfile::TempDir);

impl Small {
    fn new(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        mount(dir.path(), &format!("size={size}")).then_some(Self(dir))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

pub fn mount(at: &Path, options: &str) -> bool {
    let remount = options.starts_with("remount");
    let mut c = std::process::Command::new("mount");
    if !remount {
        c.args(["-t", "tmpfs"]);
    }
    c.args(["-o", options]);
    if !remount {
        c.arg("none");
    }
    c.arg(at).output().is_ok_and(|o| o.status.success())
}

#[test]
fn a_really_full_disk_ends_the_command_with_a_clear_word_and_resuming_goes_on() {
    let place = Place::new();
    let out = place.rehearse(&["region-loss", "--strategy", "hot/warm"], true).output().unwrap();
    ended(&out, &[0, 1], "with room from the beginning");
    let whole: usize = crate::crash::journal_bytes(&place.run(&place.only().unwrap())).values().map(Vec::len).sum();
    // Room for the frozen plan and the decisions, not for the end.
    let room = format!("{}k", whole / 1024 - 20);

    let place = Place::new();
    fs::remove_dir_all(place.home().join("runs")).unwrap();
    let Some(small) = Small::new(&room) else {
        crate::left_out("a full or read-only disk under a run: nothing can be mounted here");
        return;
    };
    std::os::unix::fs::symlink(small.0.path(), place.home().join("runs")).unwrap();
    let out = place.rehearse(&["region-loss", "--strategy", "hot/warm"], true).output().unwrap();
    ended(&out, &[3], "full");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("nothing can be saved"), "{said}");
    let id = place.only().unwrap();
    let run = place.run(&id);
    let sent = counts(&run);
    assert!(sent.keys().all(|id| intents(&read_run(&RealDisk, &run).unwrap()).contains(id)));
    ended(&place.lifeboat(&["verify"]).arg(&run).output().unwrap(), &[0, 1], "verify");
    let listed = place.lifeboat(&["runs", "--json"]).output().unwrap();
    assert!(String::from_utf8_lossy(&listed.stdout).contains(&id));

    assert!(mount(small.0.path(), "remount,size=32m"));
    let out = place.rehearse(&["--resume", &id], true).output().unwrap();
    ended(&out, &[0, 1], "with room");
    sound(&RealDisk, &run, &counts(&run));
}

/// A run that was left open right behind its beginning.
fn left_open(place: &Place) -> String {
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(start("region-loss", Strategy::HotWarm, Speed::Times(1)));
    let s = until(&desk, "the run", |s| s.run.is_some());
    s.run.as_ref().unwrap().id.clone()
}

#[test]
fn in_a_folder_that_cannot_be_written_a_run_is_shown_and_nothing_is_done() {
    let place = Place::new();
    fs::remove_dir_all(place.home().join("runs")).unwrap();
    let Some(small) = Small::new("32m") else {
        crate::left_out("a full or read-only disk under a run: nothing can be mounted here");
        return;
    };
    std::os::unix::fs::symlink(small.0.path(), place.home().join("runs")).unwrap();
    let id = left_open(&place);
    assert!(mount(small.0.path(), "remount,ro"));

    let before = crate::crash::journal_bytes(&place.run(&id));
    let fresh = place.rehearse(&["region-loss"], true).output().unwrap();
    ended(&fresh, &[3], "a new run");
    let said = String::from_utf8_lossy(&fresh.stderr).into_owned();
    assert!(said.contains("check the disk and the rights"), "{said}");
    let resumed = place.rehearse(&["--resume", &id], true).output().unwrap();
    ended(&resumed, &[3], "resumed");
    assert!(String::from_utf8_lossy(&resumed.stderr).contains("lock"), "{resumed:?}");
    ended(&place.lifeboat(&["runs"]).output().unwrap(), &[0], "runs");
    ended(&place.lifeboat(&["verify"]).arg(place.run(&id)).output().unwrap(), &[0, 1], "verify");

    let desk = desk(&place.home(), Arc::new(RealDisk));
    desk.send(Command::OpenRun(id.clone()));
    let s = until(&desk, "the run", |s| s.run.is_some());
    let view = s.run.as_ref().unwrap();
    assert!(view.read_only.is_some());
    assert!(view.cards.len() > 10, "it is shown in full");
    assert_eq!(crate::crash::journal_bytes(&place.run(&id)), before);

    assert!(mount(small.0.path(), "remount,rw"));
    desk.send(Command::RetryJournal);
    closed_after_retry(&desk);
    sound(&RealDisk, &place.run(&id), &counts(&place.run(&id)));
}

#[test]
fn a_second_lifeboat_shows_the_run_and_leaves_it_alone() {
    let place = Place::new();
    let first = desk_with(&place.home(), Arc::new(RealDisk), None);
    first.send(start("region-loss", Strategy::HotWarm, Speed::Times(1)));
    let id = until(&first, "the run", |s| s.run.is_some()).run.as_ref().unwrap().id.clone();
    let world = fs::read(place.run(&id).join("world.json")).unwrap();

    let resumed = place.rehearse(&["--resume", &id], true).output().unwrap();
    ended(&resumed, &[3], "resumed by another");
    let said = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(said.contains("another Lifeboat has the run"), "{said}");
    ended(&place.lifeboat(&["verify"]).arg(place.run(&id)).output().unwrap(), &[0, 1], "verify");

    let second = desk(&place.home(), Arc::new(RealDisk));
    second.send(Command::OpenRun(id.clone()));
    let s = until(&second, "the run", |s| s.run.is_some());
    assert!(s.run.as_ref().unwrap().read_only.as_ref().unwrap().contains("another Lifeboat"));
    second.send(Command::Step("D3".to_owned(), StepIntent::Confirm { evidence: "by the second".to_owned() }));
    let s = until(&second, "a refusal", |s| s.notice.is_some());
    assert!(s.notice.as_ref().unwrap().what.contains("nothing is done"), "{:?}", s.notice);
    second.send(Command::RetryJournal);
    std::thread::sleep(Duration::from_millis(100));
    assert!(second.snapshot().run.as_ref().is_none_or(|r| r.read_only.is_some()), "the first still has it");
    assert_eq!(fs::read(place.run(&id).join("world.json")).unwrap(), world, "the first one's Azure is its own");
    assert!(first.snapshot().run.as_ref().unwrap().read_only.is_none());

    drop(first);
    second.send(Command::RetryJournal);
    closed_after_retry(&second);
    drop(second);
    let records = sound(&RealDisk, &place.run(&id), &counts(&place.run(&id)));
    assert!(!records.iter().any(|r| r.body.d.to_string().contains("by the second")));
}

/// What a view says of the run itself, without what is only known while it is at work.
fn lasting(view: &RunView) -> RunView {
    let mut v = view.clone();
    v.records = 0;
    v.cards = v
        .cards
        .iter()
        .map(|c| {
            let mut c = (**c).clone();
            // What was read to be shown, and is read anew when the card is in front of somebody.
            (c.changes_read_at, c.changes_note) = (None, String::new());
            (c.actions, c.decision, c.progress) = (Vec::new(), None, None);
            Arc::new(c)
        })
        .collect();
    v
}

#[test]
fn a_closed_run_opened_again_is_the_run_that_was_closed() {
    let place = Place::new();
    let script = || Some(ScriptSource::Scenario);
    let live = desk_with(&place.home(), Arc::new(RealDisk), script());
    live.send(start("region-loss", Strategy::HotWarm, Speed::Max));
    let live = closed(&live).run.clone().unwrap();
    assert!(live.score.is_some());
    let again = desk_with(&place.home(), Arc::new(RealDisk), script());
    again.send(Command::OpenRun(live.id.clone()));
    let s = until(&again, "the run", |s| s.run.is_some());
    let replayed = s.run.as_ref().unwrap();
    let (a, b) = (lasting(&live), lasting(replayed));
    for (a, b) in a.cards.iter().zip(&b.cards) {
        assert_eq!(a, b);
    }
    assert_eq!(a, b);
    // Its clock stands.
    let at = s.clock.now().utc;
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(again.snapshot().clock.now().utc, at);
}

#[test]
fn a_blind_laptop_fails_nothing_over_and_says_why() {
    let place = Place::new();
    let out = place.lifeboat(&["rehearse", "own-network", "--scripted", "--json"]).output().unwrap();
    ended(&out, &[0], "own-network");
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(said["score"]["points"], said["score"]["of"], "{said}");
    let run = place.run(&place.only().unwrap());
    assert_eq!(counts(&run), BTreeMap::new(), "nothing was changed");
    let records = sound(&RealDisk, &run, &BTreeMap::new());
    let blind: Vec<&Value> =
        records.iter().filter(|r| is(r, "observe") && r.body.d["state"] == "blind").map(|r| &r.body.d).collect();
    assert!(!blind.is_empty(), "the verdict is in the record");
    for d in blind {
        let reasons = d["reasons"].as_array().unwrap();
        assert!(!reasons.is_empty(), "with reasons: {d}");
    }
    let decision = records.iter().find(|r| is(r, "decision")).unwrap();
    assert_eq!(decision.body.d["choice"], "Abort", "{}", decision.body.d);
    assert!(!records.iter().any(|r| is(r, "action.intent")));
    assert!(!fs::read_to_string(run.join("world.json")).unwrap().contains("\"method\":\"PUT\""));
}
