//! Readiness through the desk: a rehearsal proves the plan it rehearsed, and an edit takes the proof away.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::catalog::Catalog;
use lifeboat::clock::Speed;
use lifeboat::desk::past::Past;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::{Readiness, Snapshot};
use lifeboat::desk::{Handle, Home, ScriptSource};
use lifeboat::journal::RealDisk;
use lifeboat::plan::readiness::{Proof, pace};
use lifeboat::runbook::model::Strategy;

use crate::crash::{Place, closed, desk_with, ended, until};

/// The first look at them is what takes long: fifty milliseconds a run, unoptimised.
const MANY: usize = 40;
const PLAN: &str = include_str!("../../../assets/plans/prod-chat.ron");

fn row(s: &Snapshot) -> Option<&Readiness> {
    s.library.plans.iter().find(|p| p.id == "prod-chat").map(|p| &p.readiness)
}

fn page(desk: &Handle, wanted: &str) {
    desk.send(Command::PreviewPlan { plan: "prod-chat".to_owned(), strategy: None });
    let is = |s: &Snapshot| s.library.preview.as_ref().is_some_and(|p| p.readiness.code() == wanted);
    let s = until(desk, wanted, is);
    assert_eq!(row(&s).unwrap().code(), wanted);
}

fn rehearsed(place: &Place) -> Handle {
    let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario));
    let s = until(&desk, "the library", |s| row(s).is_some());
    assert_eq!(row(&s), Some(&Readiness::NeverRehearsed));
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    });
    closed(&desk);
    desk
}

#[test]
fn the_name_of_whoever_works_here_stays() {
    let place = Place::new();
    let home = Home::find(Some(&place.home())).unwrap();
    assert_eq!(home.operator(), None);
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::SetOperator("  Dana ".to_owned()));
    desk.send(Command::SetOperator("   ".to_owned()));
    desk.send(Command::OpenPath(place.0.path().join("no such file")));
    until(&desk, "both heard", |s| s.notice.is_some());
    assert_eq!(home.operator().as_deref(), Some("Dana"));
}

#[test]
fn a_rehearsal_verifies_its_plan_until_it_is_edited() {
    let place = Place::new();
    // The team's own copy; in its folder nothing else, so that no real Azure is watched for it.
    let file = place.0.path().join("prod-chat.ron");
    fs::write(&file, PLAN.replace("Production chat:", "Our chat:")).unwrap();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario));
    desk.send(Command::OpenPath(file.clone()));
    page(&desk, "never-rehearsed");
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    });
    let s = closed(&desk);
    assert!(s.run.as_ref().unwrap().title.starts_with("Our chat"), "the team's own was rehearsed");
    let rta = s.run.as_ref().unwrap().clocks.rta;
    let s = until(&desk, "verified", |s| row(s).is_some_and(Readiness::verified));
    let Some(Readiness::Verified { rta: shown, what, .. }) = row(&s) else { panic!() };
    assert_eq!((shown.map(|t| t.0), what.as_str()), (rta, "rehearsal"));
    desk.send(Command::LeaveRun);
    page(&desk, "verified");
    desk.send(Command::PreviewPlan { plan: "prod-chat".to_owned(), strategy: Some(Strategy::HotCold) });
    let cold = |s: &Snapshot| s.library.preview.as_ref().is_some_and(|p| p.strategy == Strategy::HotCold);
    let s = until(&desk, "hot/cold", cold);
    assert_eq!(s.library.preview.as_ref().unwrap().readiness, Readiness::NeverRehearsed);

    fs::write(&file, PLAN.replace("Production chat:", "Our own chat:")).unwrap();
    page(&desk, "edited");
    fs::write(&file, PLAN.replace("Production chat:", "Our chat:")).unwrap();
    page(&desk, "verified");
}

#[test]
fn what_was_given_up_or_altered_proves_nothing() {
    let place = Place::new();
    drop(rehearsed(&place));
    let run = place.run(&place.only().unwrap());
    let told = |place: &Place| {
        let mut past = Past::default();
        past.refresh(&RealDisk, &Home::find(Some(&place.home())).unwrap(), &Catalog::builtin());
        past.runs()
    };
    assert_eq!(told(&place)[0].proof, Proof::Held);
    let plan = Catalog::builtin().plan("prod-chat", Some(Strategy::HotWarm)).unwrap();
    assert!(pace(plan.subject(), &told(&place)).is_some_and(|p| p.0 > 0 && p < told(&place)[0].rta.unwrap()));
    // Without its file, or with a damaged one, the same is read again.
    for text in [None, Some("{"), Some("{\"schema\": 7, \"runs\": {}}")] {
        let file = place.home().join("past.json");
        assert!(file.exists());
        fs::remove_file(&file).unwrap();
        text.into_iter().for_each(|t| fs::write(&file, t).unwrap());
        assert_eq!(told(&place)[0].proof, Proof::Held);
    }
    let segment = run.join("000001.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.replacen("Dana", "Danaa", 1)).unwrap();
    assert_eq!(told(&place), [], "an altered record");

    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Times(1),
        seed: 1,
        tabletop: false,
    });
    until(&desk, "the run", |s| s.run.is_some());
    desk.send(Command::Abort("enough".to_owned()));
    closed(&desk);
    let s = until(&desk, "the row", |s| row(s).is_some_and(|r| r.code() == "last-failed"));
    assert!(row(&s).unwrap().sentence(0).contains("given up"));
}

#[test]
fn many_runs_do_not_make_the_library_slow() {
    let place = Place::new();
    ended(&place.rehearse(&["region-loss", "--strategy", "hot/warm"], false).output().unwrap(), &[0], "rehearsed");
    let one = place.run(&place.only().unwrap());
    for n in 1..MANY {
        copy(&one, &place.run(&format!("{n:032x}")));
    }
    let home = Home::find(Some(&place.home())).unwrap();
    let look = || {
        let (begun, mut past) = (Instant::now(), Past::default());
        past.refresh(&RealDisk, &home, &Catalog::builtin());
        assert_eq!((past.rows().len(), past.runs().len()), (MANY, MANY));
        begun.elapsed()
    };
    let (first, again) = (look(), look());
    println!("{MANY} runs: {first:?} the first time, {again:?} after that");
    assert!(again < Duration::from_secs(1), "what is known is not read again: {again:?}");
    assert!(again * 5 < first, "{first:?}, {again:?}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for e in fs::read_dir(from).unwrap().map(|e| e.unwrap()).filter(|e| e.file_type().unwrap().is_file()) {
        fs::copy(e.path(), to.join(e.file_name())).unwrap();
    }
}
