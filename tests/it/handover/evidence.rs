//! What proves something: kept whole, named by its hash, bounded, and nothing that was not meant.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lifeboat::clock::Speed;
use lifeboat::desk::Handle;
use lifeboat::desk::evidence::{FOLDER, IN_RECORD, MAX_FILE};
use lifeboat::desk::protocol::{Command, RunIntent};
use lifeboat::desk::snapshot::{EvidenceView, Snapshot};
use lifeboat::journal::RealDisk;
use lifeboat::runbook::model::Strategy;
use lifeboat::units::sha256_hex;

use crate::crash::disk::{Call, Then, Watched, is_records};
use crate::crash::{Place, desk_with, ended, until};

fn text(name: &str, text: &str) -> Command {
    let (name, text) = (name.to_owned(), text.to_owned());
    Command::Run(RunIntent::EvidenceText { step: Some("D3".to_owned()), name, text })
}

fn file(path: &Path) -> Command {
    Command::Run(RunIntent::EvidenceFile { step: None, path: path.to_owned() })
}

fn all(s: &Snapshot) -> &[EvidenceView] {
    s.run.as_ref().map_or(&[], |r| &r.papers.evidence)
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(dir) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = dir.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until it is refused with these words.
fn refused(desk: &Handle, order: Command, wanted: &str) {
    desk.send(order);
    until(desk, wanted, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(wanted)));
    desk.send(Command::DismissNotice);
    until(desk, "no notice", |s| s.notice.is_none());
}

#[test]
fn evidence_is_kept_listed_and_held_against_the_record() {
    let place = Place::new();
    let full = Arc::new(AtomicBool::new(false));
    let (is_full, no_record) = (full.clone(), Arc::new(AtomicBool::new(false)));
    let no_records = no_record.clone();
    // A disk that is full for evidence, or that takes no record.
    let disk = Watched::new(Arc::new(RealDisk), move |call| match call {
        Call::Write(at, _) if is_full.load(Ordering::Relaxed) && at.components().any(|c| c.as_os_str() == FOLDER) => {
            Then::Fail(io::ErrorKind::StorageFull)
        }
        Call::Write(at, _) if is_records(at) && no_records.load(Ordering::Relaxed) => Then::Fail(io::ErrorKind::Other),
        _ => Then::Go,
    });
    let desk = desk_with(&place.home(), Arc::new(disk), None);
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Times(1),
        seed: 1,
        tabletop: false,
    });
    let id = until(&desk, "the run", |s| s.run.is_some()).run.as_ref().unwrap().id.clone();
    let folder = place.run(&id).join(FOLDER);

    desk.send(text("status page", "East US: investigating"));
    let s = until(&desk, "a text", |s| all(s).len() == 1);
    let e = &all(&s)[0];
    assert_eq!((e.name.as_str(), e.step.as_deref(), e.bytes, &e.file), ("status page", Some("D3"), 22, &None));
    assert_eq!((e.sha256.clone(), e.who.as_str()), (sha256_hex(b"East US: investigating"), "operator"));
    assert!(names(&folder).is_empty());

    let long = "line\n".repeat(IN_RECORD / 5 + 1);
    desk.send(text("a/../long log", &long));
    let s = until(&desk, "a long text", |s| all(s).len() == 2);
    let kept = all(&s)[1].file.clone().unwrap();
    assert_eq!(fs::read_to_string(folder.join(&kept)).unwrap(), long);
    assert_eq!(kept, format!("{}-a_.._long_log", &sha256_hex(long.as_bytes())[..16]));

    let own = place.0.path().join("Pörtal\nshot.png");
    fs::write(&own, b"not really a picture").unwrap();
    desk.send(file(&own));
    let s = until(&desk, "a file", |s| all(s).len() == 3);
    let e = all(&s)[2].clone();
    let shot = e.file.clone().unwrap();
    assert_eq!((e.bytes, e.sha256.as_str()), (20, sha256_hex(b"not really a picture").as_str()));
    assert!(shot.ends_with("P_rtal_shot.png") && e.name == "Pörtal shot.png", "{e:?}");
    fs::write(&own, b"changed later").unwrap();
    assert_eq!(fs::read(folder.join(&shot)).unwrap(), b"not really a picture", "a copy, not the file itself");

    // Nothing of what is refused is left.
    let before = names(&folder);
    let [link, pipe, empty, big] = ["link", "pipe", "empty", "big"].map(|n| place.0.path().join(n));
    std::os::unix::fs::symlink(&own, &link).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(&empty, b"").unwrap();
    fs::File::create(&big).unwrap().set_len(MAX_FILE + 1).unwrap();
    refused(&desk, file(&link), "is a link");
    refused(&desk, file(&pipe), "is a device or a pipe");
    refused(&desk, file(place.0.path()), "is a folder");
    refused(&desk, file(&place.0.path().join("gone")), "could not read");
    refused(&desk, file(&empty), "there is nothing in");
    refused(&desk, file(&big), "50 MiB");
    refused(&desk, text("x", " \n"), "there is nothing in");
    let wrong = RunIntent::EvidenceText { step: Some("Z9".to_owned()), name: "x".to_owned(), text: "x".to_owned() };
    refused(&desk, Command::Run(wrong), "no step `Z9`");
    full.store(true, Ordering::Relaxed);
    refused(&desk, file(&own), "could not write");
    full.store(false, Ordering::Relaxed);
    assert_eq!(names(&folder), before);
    let s = desk.snapshot();
    assert_eq!((all(&s).len(), &s.run.as_ref().unwrap().read_only), (3, &None), "the run goes on");

    // Left by a process that died between the copy and its record, and by one that died while it copied.
    fs::write(folder.join("0123456789abcdef-orphan.png"), b"x").unwrap();
    fs::write(folder.join("copy.part"), b"x").unwrap();
    fs::write(folder.join("by hand.txt"), b"x").unwrap();
    desk.send(file(&own));
    until(&desk, "the next one", |s| all(s).len() == 4);
    let now = names(&folder);
    assert!(!now.iter().any(|n| n.contains("orphan") || n.ends_with(".part")), "{now:?}");
    assert!(now.contains(&"by hand.txt".to_owned()), "what a person put there is theirs: {now:?}");
    // No record, no copy.
    no_record.store(true, Ordering::Relaxed);
    fs::write(&own, b"a third one").unwrap();
    desk.send(file(&own));
    until(&desk, "read only", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_some()));
    assert_eq!(names(&folder), now);
    drop(desk);

    let listed = place.lifeboat(&["runs", &id]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("evidence, status page: East US: investigating") && listed.contains(&shot), "{listed}");
    let verify = || place.lifeboat(&["verify"]).arg(place.run(&id)).output().unwrap();
    let said = |out: &std::process::Output| String::from_utf8_lossy(&out.stdout).into_owned();
    let out = verify();
    ended(&out, &[1], "whole");
    assert!(said(&out).contains("Evidence: 3 files as the record says"), "{}", said(&out));
    fs::remove_file(folder.join(&kept)).unwrap();
    let out = verify();
    ended(&out, &[1], "one taken away is no tampering");
    assert!(said(&out).contains("2 files as the record says; 1 missing"), "{}", said(&out));
    fs::write(folder.join(&shot), b"not really a picture!").unwrap();
    let out = verify();
    ended(&out, &[2], "one altered");
    assert!(said(&out).contains("1 ALTERED") && said(&out).contains("TAMPERED"), "{}", said(&out));
}
