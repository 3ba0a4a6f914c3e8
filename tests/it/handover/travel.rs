//! A run that travels: by the command line from one home to another, where it is brought to its end; and at one desk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{Command, Lock, RunIntent};
use lifeboat::desk::snapshot::Snapshot;
use lifeboat::journal::RealDisk;
use lifeboat::runbook::model::Strategy;
use lifeboat::units::Secret;

use super::places::caught;
use crate::crash::{Place, counts, desk_with, ended, journal_bytes, sound, until};

fn said(out: &std::process::Output) -> (String, String) {
    (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn a_run_caught_in_the_middle_is_brought_to_its_end_elsewhere_and_nothing_is_sent_twice() {
    let (ada, id) = caught();
    let sent = counts(&ada.run(&id));
    assert_eq!(sent.len(), 1, "one change reached Azure, and no answer came: {sent:?}");
    let (file, words) = (ada.0.path().join("run.age"), ada.0.path().join("words"));
    fs::write(&words, "four words of Ada's\n").unwrap();
    let (f, w) = (file.to_str().unwrap(), words.to_str().unwrap());
    let give = |out: &str| {
        ada.lifeboat(&["hand-over", &id, "--out", out, "--to", "Mo", "--passphrase-file", w]).output().unwrap()
    };
    ended(&give("/nowhere/run.age"), &[3], "nowhere");
    let out = give(f);
    ended(&out, &[0], "hand-over");
    let (stdout, stderr) = said(&out);
    let sha256 = lifeboat::units::sha256_hex(&fs::read(&file).unwrap());
    assert!(stdout.starts_with(&sha256) && stderr.contains("handed over to Mo"), "{stdout}{stderr}");

    // The old place says so and is only read.
    let bytes = journal_bytes(&ada.run(&id));
    let out = ada.rehearse(&["--resume", &id], true).output().unwrap();
    ended(&out, &[3], "resumed where it was handed over");
    assert!(said(&out).1.contains("handed over to Mo; here it is only read"), "{out:?}");
    assert!(said(&ada.lifeboat(&["runs"]).output().unwrap()).0.contains("handed over"));
    assert!(said(&ada.lifeboat(&["runs", &id]).output().unwrap()).0.contains("handed over to Mo, "));
    ended(&ada.lifeboat(&["verify"]).arg(ada.run(&id)).output().unwrap(), &[1], "verify");
    assert_eq!(journal_bytes(&ada.run(&id)), bytes);
    assert_eq!(counts(&ada.run(&id)), sent);

    let mo = Place::new();
    let take = |file: &str| mo.lifeboat(&["take-over", file, "--passphrase-file", w]).output().unwrap();
    ended(&take(w), &[3], "no such file");
    let out = take(f);
    ended(&out, &[0], "take-over");
    assert!(said(&out).0.starts_with(&id) && said(&out).1.contains("rehearse --resume"), "{out:?}");
    let again = take(f);
    ended(&again, &[3], "twice");
    assert!(said(&again).1.contains("is here already and went on since"), "{again:?}");
    let out = mo.rehearse(&["--resume", &id], true).output().unwrap();
    ended(&out, &[0, 1], "brought to its end");
    let after = counts(&mo.run(&id));
    assert!(after.len() > 1 && sent.keys().all(|k| after.contains_key(k)), "{after:?}");
    let records = sound(&RealDisk, &mo.run(&id), &after);
    assert!(records.iter().any(|r| r.body.kind.as_str() == "action.reconciled"), "the open request was read back");
    let at: Vec<u64> = records.iter().filter_map(|r| r.body.at).collect();
    assert!(at.windows(2).all(|w| w[0] <= w[1]), "the rehearsal's clock goes on where it stood");
    assert!(at.last().unwrap() < &(4 * 3_600_000), "and not by the computer's: {:?}", at.last());

    // Nobody else has it any more; here it can still be taken back, which is no secret.
    let out = ada.lifeboat(&["take-over", "--back", &id, "--reason", "a drill"]).output().unwrap();
    ended(&out, &[0], "back");
    assert!(said(&ada.lifeboat(&["runs", &id]).output().unwrap()).0.contains("taken back: a drill"));
}

fn handed(s: &Snapshot) -> Option<String> {
    s.run.as_ref().and_then(|r| r.papers.handed_over.clone())
}

fn give(file: &Path, to: &str) -> Command {
    let lock = Lock::Passphrase(Secret::new("four words of Ada's"));
    Command::Run(RunIntent::HandOver { file: file.to_owned(), to: to.to_owned(), lock })
}

#[test]
fn at_a_desk_the_run_on_show_is_handed_over_read_and_taken_back() {
    let place = Place::new();
    let file = place.0.path().join("run.age");
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Times(1),
        seed: 1,
        tabletop: false,
    });
    let id = until(&desk, "the run", |s| s.run.is_some()).run.as_ref().unwrap().id.clone();
    let notice = |what: &str, wanted: &str| {
        let s = until(&desk, what, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(wanted)));
        desk.send(Command::DismissNotice);
        until(&desk, "no notice", |s| s.notice.is_none());
        s
    };
    // What cannot come to anything leaves the run where it is.
    desk.send(give(Path::new("/nowhere/run.age"), "Mo"));
    notice("a folder that is not there", "cannot write /nowhere/run.age");
    fs::write(&file, "mine").unwrap();
    desk.send(give(&file, "Mo"));
    notice("a file that is there", "is there already");
    fs::remove_file(&file).unwrap();
    let lock = Lock::Colleague("Mo".to_owned());
    desk.send(Command::Run(RunIntent::HandOver { file: file.clone(), to: "Mo".to_owned(), lock }));
    notice("no key of Mo's", "no key of Mo");
    let lock = Lock::Passphrase(Secret::new("short"));
    desk.send(Command::Run(RunIntent::HandOver { file: file.clone(), to: "Mo".to_owned(), lock }));
    notice("a passphrase that can be guessed", "can be guessed");
    desk.send(Command::Run(RunIntent::TakeRunBack { reason: "x".to_owned() }));
    let s = notice("not handed over", "was not handed over");
    assert_eq!((handed(&s), &s.run.as_ref().unwrap().read_only), (None, &None));

    desk.send(give(&file, "Mo"));
    let s = until(&desk, "handed over", |s| handed(s).is_some());
    let view = s.run.as_ref().unwrap();
    assert_eq!(handed(&s).as_deref(), Some("Mo"));
    assert!(
        view.read_only.as_ref().unwrap().contains("handed over to Mo; here it is only read"),
        "{:?}",
        view.read_only
    );
    assert!(view.cards.len() > 10, "it is shown in full");
    assert!(view.cards.iter().flat_map(|c| &c.actions).all(|a| a.refused.is_some()), "and nothing can be done");
    assert!(s.audit.runs.iter().any(|r| r.id == id && r.outcome == "handed over" && !r.open));
    let bytes = journal_bytes(&place.run(&id));
    for order in
        [Command::Note("x".to_owned()), Command::Pause("x".to_owned()), Command::FreezeHealth, Command::RetryJournal]
    {
        desk.send(order);
    }
    desk.send(Command::Run(RunIntent::EvidenceText { step: None, name: "x".to_owned(), text: "x".to_owned() }));
    notice("refused", "handed over to Mo");
    assert_eq!(journal_bytes(&place.run(&id)), bytes, "nothing is added at the old place");

    desk.send(Command::Run(RunIntent::TakeRunBack { reason: "Mo has no signal".to_owned() }));
    let s = until(&desk, "back", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_none()));
    assert_eq!(handed(&s), None);
    assert!(s.run.as_ref().unwrap().notes.iter().any(|n| n.text == "taken back: Mo has no signal"));
    // Its own file is behind it now.
    let passphrase = Some(Secret::new("four words of Ada's"));
    let take = Command::Run(RunIntent::TakeOver { file: file.clone(), passphrase });
    desk.send(take.clone());
    notice("a run is open", "nothing else is open beside a rehearsal");
    desk.send(Command::LeaveRun);
    until(&desk, "left", |s| s.run.is_none());
    desk.send(take);
    notice("behind", "went on since");
    drop(desk);
    sound_so_far(&place, &id);
}

/// A file system of its own that is soon full, where the system lets us make one.
fn small() -> Option<(tempfile::TempDir, Mounted)> {
    let dir = tempfile::tempdir().unwrap();
    let mut c = std::process::Command::new("mount");
    c.args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(dir.path());
    let mounted = c.output().is_ok_and(|o| o.status.success());
    let at = dir.path().to_owned();
    mounted.then(|| (dir, Mounted(at)))
}

struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[test]
fn a_file_that_cannot_be_written_is_said_and_the_run_can_be_taken_back() {
    let Some((dir, mounted)) = small() else {
        crate::left_out("a full disk under a hand-over file: nothing can be mounted here");
        return;
    };
    let (ada, id) = caught();
    let words = ada.0.path().join("words");
    fs::write(&words, "four words of Ada's").unwrap();
    let file = dir.path().join("run.age");
    let out = ada
        .lifeboat(&["hand-over", &id, "--to", "Mo", "--passphrase-file", words.to_str().unwrap(), "--out"])
        .arg(&file)
        .output()
        .unwrap();
    ended(&out, &[3], "a full stick");
    let (_, stderr) = said(&out);
    assert!(stderr.contains("could not be written") && stderr.contains("take the run back"), "{stderr}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "no half of it is left");
    drop(mounted);
    let why = "the file was not written";
    ended(&ada.lifeboat(&["take-over", "--back", &id, "--reason", why]).output().unwrap(), &[0], "back");
    ended(&ada.rehearse(&["--resume", &id], true).output().unwrap(), &[0, 1], "goes on");
    sound(&RealDisk, &ada.run(&id), &counts(&ada.run(&id)));
}

fn sound_so_far(place: &Place, id: &str) {
    let out = place.lifeboat(&["verify"]).arg(place.run(id)).output().unwrap();
    ended(&out, &[1], "verify");
}
