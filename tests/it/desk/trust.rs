//! Restricted mode: nobody's file reaches a real Azure before a person has trusted exactly these bytes. No test here
//! gets as far as a request: where a run would be begun, its journal cannot be.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lifeboat::azure::Cloud;
use lifeboat::catalog::Catalog;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::{Snapshot, TrustState, TrustView};
use lifeboat::desk::trust::{Book, Standing, hosts};
use lifeboat::desk::{Handle, Home, Options};
use lifeboat::journal::{Disk, MemoryDisk, RealDisk};
use lifeboat::units::Millis;

use crate::crash::disk::{Call, Then, Watched};
use crate::crash::until;

const RUNBOOK: &str = include_str!("../../../runbooks/azure-openai.ron");
const PLAN: &str = include_str!("../../../assets/plans/prod-chat.ron");

/// What is in the binary, byte for byte, would need no trust.
fn our_plan() -> String {
    PLAN.replace("Production chat:", "Our chat:")
}

/// A home with a team's own plan and runbook in which nothing tells what to watch, so that no probe is ever sent.
fn home() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("plans")).unwrap();
    let unwatched =
        RUNBOOK.replace("resource in the primary region\", role: Primary", "resource in the primary region\"");
    assert_ne!(unwatched, RUNBOOK);
    fs::write(dir.path().join("plans/azure-openai.ron"), unwatched).unwrap();
    fs::write(plan(dir.path()), our_plan()).unwrap();
    dir
}

fn plan(home: &Path) -> PathBuf {
    home.join("plans/prod-chat.ron")
}

fn desk(home: &Path, disk: Arc<dyn Disk>) -> Handle {
    let home = Home::find(Some(home)).unwrap();
    let options = Options { home, disk, cloud: None, watch: None, operator: "Ada".to_owned(), script: None };
    lifeboat::desk::start(options).unwrap()
}

fn live(desk: &Handle, dry_run: bool) -> String {
    desk.send(Command::DismissNotice);
    until(desk, "no notice", |s| s.notice.is_none() && s.busy.is_none() && s.revision > 0);
    desk.send(Command::StartRun { plan: "prod-chat".to_owned(), strategy: None, dry_run });
    let s = until(desk, "a refusal", |s| s.notice.is_some());
    assert!(s.run.is_none());
    let n = s.notice.as_ref().unwrap();
    format!("{} {} {}", n.what, n.means, n.next)
}

fn shown(s: &Snapshot) -> Option<&TrustView> {
    s.library.preview.as_ref().filter(|p| p.plan == "prod-chat").map(|p| &p.trust)
}

fn page(desk: &Handle) -> TrustView {
    desk.send(Command::PreviewPlan { plan: "prod-chat".to_owned(), strategy: None });
    shown(&until(desk, "the plan's page", |s| shown(s).is_some())).unwrap().clone()
}

fn trust(desk: &Handle, digest: &str) {
    desk.send(Command::TrustPlan { plan: "prod-chat".to_owned(), digest: digest.to_owned() });
}

#[test]
fn a_run_of_a_file_waits_for_trust_and_a_changed_byte_asks_again() {
    let home = home();
    let full = Arc::new(AtomicBool::new(false));
    let fails = full.clone();
    let disk = Watched::new(Arc::new(RealDisk), move |call| match call {
        Call::Create if fails.load(Ordering::Relaxed) => Then::Fail(std::io::ErrorKind::StorageFull),
        _ => Then::Go,
    });
    let desk = desk(home.path(), Arc::new(disk));
    let first = page(&desk);
    assert_eq!((first.state.clone(), first.blocks), (TrustState::Restricted, true));
    assert!(first.foreign.iter().any(|f| f.ends_with("plans/prod-chat.ron")), "{:?}", first.foreign);
    assert!(first.foreign.iter().any(|f| f.ends_with("plans/azure-openai.ron")), "{:?}", first.foreign);
    assert!(desk.snapshot().library.plans.iter().find(|p| p.id == "prod-chat").unwrap().restricted);
    for dry_run in [false, true] {
        let why = live(&desk, dry_run);
        assert!(why.contains("restricted") && why.contains(&first.digest) && why.contains("--trust"), "{why}");
    }
    assert!(!home.path().join("runs").exists(), "nothing was begun");

    // Another digest than the one there is trusts nothing.
    trust(&desk, &"0".repeat(64));
    let s = until(&desk, "a refusal", |s| s.notice.as_ref().is_some_and(|n| n.what.contains("has changed since")));
    assert_eq!(shown(&s).unwrap().state, TrustState::Restricted);
    assert!(!home.path().join("trusted.json").exists());

    trust(&desk, &first.digest);
    let s = until(&desk, "trust", |s| shown(s).is_some_and(|t| t.state != TrustState::Restricted));
    let TrustState::Trusted { by, .. } = &shown(&s).unwrap().state else { panic!() };
    assert_eq!((by.as_str(), shown(&s).unwrap().blocks), ("Ada", false));
    full.store(true, Ordering::Relaxed);
    for dry_run in [false, true] {
        let why = live(&desk, dry_run);
        assert!(!why.contains("restricted") && why.contains("recorded"), "only the disk is in the way now: {why}");
    }

    // One byte, where nobody would look for it: not only the page, the start itself asks again.
    fs::write(plan(home.path()), our_plan() + " ").unwrap();
    assert!(live(&desk, false).contains("restricted"));
    full.store(false, Ordering::Relaxed);
    trust(&desk, &first.digest);
    let s = until(&desk, "the new digest", |s| shown(s).is_some_and(|t| t.digest != first.digest));
    assert_eq!(shown(&s).unwrap().state, TrustState::Restricted);
    assert!(s.notice.as_ref().unwrap().what.contains("has changed since it was shown"));
    fs::write(plan(home.path()), our_plan()).unwrap();
    assert!(matches!(page_with(&desk, &first.digest).state, TrustState::Trusted { .. }), "these bytes are trusted");

    // Rehearsals never asked.
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: None,
        speed: lifeboat::clock::Speed::Times(0),
        seed: 1,
        tabletop: false,
    });
    until(&desk, "the rehearsal", |s| s.run.is_some());
}

fn page_with(desk: &Handle, digest: &str) -> TrustView {
    desk.send(Command::PreviewPlan { plan: "prod-chat".to_owned(), strategy: None });
    let is = |s: &Snapshot| shown(s).is_some_and(|t| t.digest == digest);
    shown(&until(desk, "the plan's page", is)).unwrap().clone()
}

#[test]
fn a_damaged_file_of_trust_trusts_nothing_and_is_kept() {
    let home = home();
    let file = home.path().join("trusted.json");
    let before = {
        let desk = desk(home.path(), Arc::new(RealDisk));
        let page = page(&desk);
        trust(&desk, &page.digest);
        until(&desk, "trust", |s| shown(s).is_some_and(|t| t.state != TrustState::Restricted));
        fs::read_to_string(&file).unwrap()
    };
    assert!(!home.path().join("trusted.new").exists());
    let newer = before.replacen("\"schema\": 1", "\"schema\": 2", 1);
    assert_ne!(newer, before);
    for (n, damaged) in ["{", &before[..before.len() / 2], &newer, ""].into_iter().enumerate() {
        fs::write(&file, damaged).unwrap();
        let desk = desk(home.path(), Arc::new(RealDisk));
        let s = until(&desk, "a notice", |s| s.notice.is_some());
        assert!(s.notice.as_ref().unwrap().what.contains("trusted.json is damaged"), "{:?}", s.notice);
        let page = page(&desk);
        assert_eq!(page.state, TrustState::Restricted);
        assert!(live(&desk, false).contains("no file counts as trusted"));
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged, "reading changes nothing");
        trust(&desk, &page.digest);
        until(&desk, "trust", |s| shown(s).is_some_and(|t| t.state != TrustState::Restricted));
        let kept = home.path().join(format!("trusted-{}.damaged", n + 1));
        assert_eq!(fs::read_to_string(kept).unwrap(), damaged);
    }
}

#[test]
fn a_plan_that_nobody_trusts_is_not_watched() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("plans")).unwrap();
    fs::write(plan(dir.path()), our_plan()).unwrap();
    let desk = desk(dir.path(), Arc::new(RealDisk));
    let s = until(&desk, "a word", |s| !s.activity.is_empty());
    assert!(s.activity.iter().any(|a| a.text.contains("not watching prod-chat: it is restricted")), "{:?}", s.activity);
    assert!(!s.situation.watching);
}

#[test]
fn what_is_in_the_binary_needs_no_word_and_one_other_byte_does() {
    let plan = Catalog::builtin().plan("prod-chat", None).unwrap();
    let book = Book::default();
    assert_eq!(book.standing(&plan.texts), Standing::BuiltIn);
    let mut texts = plan.texts.clone();
    texts.plan.push(' ');
    assert_eq!(book.standing(&texts), Standing::Restricted(vec!["plan".to_owned()]));
    texts.parts.insert("shared/own.ron".to_owned(), "Part()".to_owned());
    assert_eq!(book.standing(&texts), Standing::Restricted(vec!["plan".to_owned(), "shared/own.ron".to_owned()]));
}

#[test]
fn the_file_of_trust_keeps_all_there_are_and_the_newest_of_too_many() {
    let (disk, home) = (MemoryDisk::new(), Home::find(Some(Path::new("/home"))).unwrap());
    let mut plan = Catalog::builtin().plan("prod-chat", None).unwrap();
    let mut digests = Vec::new();
    for n in 0..1_003 {
        plan.texts.plan = format!("{PLAN}// {n}");
        digests.push(plan.texts.clone());
        if n % 500 == 0 || n > 998 {
            Book::trust(&disk, &home, &plan, "Ada", n).unwrap();
        }
    }
    let book = Book::read(&disk, &home).unwrap();
    for n in [0, 500, 1_000, 1_002] {
        let Standing::Trusted(t) = book.standing(&digests[n]) else { panic!("{n} is not trusted") };
        assert_eq!((t.plan.as_str(), t.runbook.as_str(), t.by.as_str()), ("prod-chat", "azure-openai", "Ada"));
    }
    assert!(matches!(book.standing(&digests[7]), Standing::Restricted(_)));
}

#[test]
fn the_hosts_of_a_plan_are_named() {
    let cloud = Cloud::public().unwrap();
    let mut plan = Catalog::builtin().plan("prod-chat", None).unwrap();
    assert_eq!(
        hosts(&plan, &cloud),
        [
            "login.microsoftonline.com",
            "management.azure.com",
            "appcs-prod-chat.azconfig.io",
            "oai-prod-eastus.openai.azure.com",
            "oai-prod-swedencentral.openai.azure.com",
        ]
    );
    let check = |condition| lifeboat::runbook::model::Check { condition, within: Millis(0) };
    plan.steps[0].verify = vec![
        check(lifeboat::runbook::model::Condition::Http {
            url: "https://Evil.Example/x".to_owned(),
            status: 200,
            json: None,
            is: None,
        }),
        check(lifeboat::runbook::model::Condition::DnsLeadsTo {
            name: "chat.contoso.example".to_owned(),
            target: "tm.example".to_owned(),
        }),
    ];
    plan.primary.address = Some("https://probe.example/ready".to_owned());
    for host in ["evil.example", "chat.contoso.example", "tm.example", "probe.example"] {
        assert!(hosts(&plan, &cloud).contains(&host.to_owned()), "{host}");
    }
}
