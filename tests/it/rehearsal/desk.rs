//! A rehearsal at the desk: its facilitator, its clock, around a table, and the same again.

use std::sync::Arc;
use std::time::Duration;

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{Command, FacilitateIntent, StepIntent};
use lifeboat::desk::snapshot::Snapshot;
use lifeboat::desk::{Handle, ScriptSource};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::record::Stored;
use lifeboat::run::event::StepState;
use lifeboat::runbook::model::Strategy;
use lifeboat::units::Millis;

use crate::crash::{Place, closed, desk_with, is, until};

fn start(scenario: &str, speed: Speed, tabletop: bool) -> Command {
    start_with(scenario, speed, 1, tabletop)
}

fn start_with(scenario: &str, speed: Speed, seed: u64, tabletop: bool) -> Command {
    let strategy = Some(Strategy::HotWarm);
    Command::StartRehearsal { scenario: scenario.to_owned(), strategy, speed, seed, tabletop }
}

fn begun(desk: &Handle, speed: Speed, tabletop: bool) -> Arc<Snapshot> {
    desk.send(start("region-loss", speed, tabletop));
    until(desk, "the run", |s| s.run.is_some())
}

fn facilitate(desk: &Handle, intent: FacilitateIntent) {
    desk.send(Command::Facilitate(intent));
}

fn record(place: &Place, s: &Snapshot) -> Vec<Stored> {
    read_run(&RealDisk, &place.run(&s.run.as_ref().unwrap().id)).unwrap()
}

#[test]
fn the_clock_goes_on_by_a_step_and_stands_still_again() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    let s = begun(&desk, Speed::Times(0), false);
    assert_eq!(s.clock.now().mono, 0);
    for (by, at) in [(90, 90_000), (60, 150_000)] {
        desk.send(Command::StepClock(Millis::from_secs(by)));
        let s = until(&desk, "the step", |s| s.clock.now().mono >= at && s.clock.speed() == Speed::Times(0));
        assert_eq!(s.clock.now().mono, at, "exactly");
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(s.clock.now().mono, at, "it stands");
    }
    let told = |s: &Snapshot| s.run.as_ref().unwrap().injects.len();
    assert_eq!(told(&desk.snapshot()), 1, "what was due at 2 min was told");
    // Twice before the first is over.
    desk.send(Command::StepClock(Millis::from_mins(1)));
    desk.send(Command::StepClock(Millis::from_mins(1)));
    let s = until(&desk, "both", |s| s.clock.now().mono >= 270_000 && s.clock.speed() == Speed::Times(0));
    assert_eq!(s.clock.now().mono, 270_000, "twice as far, and no farther");
    // What a person can type, and no clock can count.
    let longest = lifeboat::rehearsal::scenario::LONGEST;
    for by in [longest + Millis(1), "213503982334d".parse().unwrap(), Millis(u64::MAX)] {
        desk.send(Command::StepClock(by));
        let said = |s: &Snapshot| s.notice.as_ref().is_some_and(|n| n.what.contains("let it go on by less"));
        let s = until(&desk, "why not", said);
        assert_eq!((s.clock.now().mono, s.clock.speed()), (270_000, Speed::Times(0)));
        desk.send(Command::DismissNotice);
        until(&desk, "no notice", |s| s.notice.is_none());
    }
}

#[test]
fn the_facilitator_holds_brings_forward_reveals_and_is_not_seen() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    let first = begun(&desk, Speed::Times(0), false);
    let f = first.facilitator.clone().unwrap();
    assert_eq!((f.timeline.len(), f.timeline.iter().filter(|r| r.done).count(), f.held), (11, 2, false));
    assert!(f.timeline[0].hidden && !f.timeline[2].hidden, "a fault is seen in Azure, a message is told");
    assert!(
        f.score.lines.iter().any(|(what, ..)| what == "Decision: Fail over")
            && f.score.of > 10
            && !f.operator_at.is_empty()
    );

    facilitate(&desk, FacilitateIntent::Hold(true));
    facilitate(&desk, FacilitateIntent::Note("they did not ask anybody".to_owned()));
    facilitate(&desk, FacilitateIntent::Unavailable("second person (scripted)".to_owned(), true));
    facilitate(&desk, FacilitateIntent::Now(6));
    facilitate(&desk, FacilitateIntent::Reveal(0));
    facilitate(&desk, FacilitateIntent::Say("The chief asks for a word.".to_owned()));
    // What was brought forward may be told before them or after.
    let said = |s: &Snapshot| s.run.as_ref().map(|r| format!("{:?}", r.injects)).unwrap_or_default();
    let s = until(&desk, "their words", |s| said(s).contains("The chief asks"));
    let f = s.facilitator.clone().unwrap();
    assert!(f.held && f.notes.len() == 1 && f.people == [("second person (scripted)".to_owned(), false)]);
    // People answer for systems around a table only; why not here, the operator does not read.
    facilitate(&desk, FacilitateIntent::Answer { step: "D1".to_owned(), ok: Some(true), text: "so".to_owned() });
    let s = until(&desk, "why not", |s| s.facilitator.as_ref().is_some_and(|f| f.refused.is_some()));
    assert_eq!(s.notice, None);
    desk.send(Command::StepClock(Millis::from_mins(5)));
    let s = until(&desk, "five minutes", |s| s.clock.now().mono == 300_000 && s.clock.speed() == Speed::Times(0));
    let texts: Vec<String> = s.run.as_ref().unwrap().injects.iter().map(|i| format!("{i:?}")).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts.iter().any(|t| t.contains("A manager asks")), "brought forward while all else is held: {texts:?}");
    facilitate(&desk, FacilitateIntent::Hold(false));
    until(&desk, "let go", |s| s.facilitator.as_ref().is_some_and(|f| !f.held && f.refused.is_none()));

    // None of it is in what the operator can look at.
    let id = s.run.as_ref().unwrap().id.clone();
    let shows = |desk: &Handle| {
        desk.send(Command::ShowRecord(id.clone()));
        let s = until(desk, "the record", |s| s.audit.shown.as_ref().is_some_and(|r| r.run == id));
        let shown = s.audit.shown.clone().unwrap();
        let said = shown.rows.iter().any(|r| r.text.contains("did not ask anybody") || r.raw.contains("did not ask"));
        (said, s)
    };
    let (said, s) = shows(&desk);
    assert!(!said, "an open run's record does not show it");
    assert!(!s.activity.iter().any(|a| a.text.contains("did not ask")));
    assert!(!format!("{:?}", s.run).contains("did not ask"));
    desk.send(Command::Abort("enough".to_owned()));
    until(&desk, "the end", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
    let over = std::time::Instant::now();
    while !shows(&desk).0 {
        assert!(over.elapsed() < crate::PATIENCE, "a closed run's record shows it");
        std::thread::sleep(Duration::from_millis(100));
    }
    let records = record(&place, &s);
    assert_eq!(records.iter().filter(|r| is(r, "facilitate")).count(), 7);
}

#[test]
fn a_fault_that_is_held_back_does_not_strike_and_one_brought_forward_does() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    begun(&desk, Speed::Times(0), false);
    // The region comes back at once instead of after 75 minutes.
    facilitate(&desk, FacilitateIntent::Now(7));
    facilitate(&desk, FacilitateIntent::Now(8));
    let f = until(&desk, "it", |s| {
        s.facilitator.as_ref().is_some_and(|f| f.timeline.iter().filter(|r| r.n == 7 || r.n == 8).all(|r| r.done))
    });
    assert!(f.notice.is_none());
    desk.send(Command::StepClock(Millis::from_mins(3)));
    let s = until(&desk, "three minutes", |s| s.clock.now().mono == 180_000 && s.clock.speed() == Speed::Times(0));
    let primary = s.situation.regions.iter().find(|r| r.region == "eastus").unwrap();
    assert!(primary.word != "down" && s.run.as_ref().unwrap().clocks.t[2].is_none(), "{}", primary.word);
}

#[test]
fn nobody_answers_who_cannot_be_reached() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario));
    begun(&desk, Speed::Times(0), false);
    facilitate(&desk, FacilitateIntent::Unavailable("second person (scripted)".to_owned(), true));
    desk.send(Command::SetSpeed(Speed::Max));
    let s = closed(&desk);
    let records = record(&place, &s);
    assert!(!records.iter().any(|r| is(r, "gate.approved")), "nobody agreed");
    let skipped =
        |r: &&Stored| is(r, "step.skipped") && r.body.d.to_string().contains("no second person can be reached");
    assert!(records.iter().any(|r| skipped(&r)));
    assert!(!records.iter().any(|r| is(r, "action.intent")), "and nothing was moved");
}

#[test]
fn around_a_table_nothing_is_asked_of_any_azure() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario));
    let first = begun(&desk, Speed::Max, true);
    assert!(first.band.text.starts_with("TABLETOP"));
    let s = closed(&desk);
    let run = s.run.as_ref().unwrap();
    let score = run.score.as_ref().unwrap();
    assert_eq!(score.points, score.of, "{:#?}", score.lines);
    assert!(!place.run(&run.id).join("world.json").exists(), "there is no simulated Azure");
    let records = record(&place, &s);
    assert!(records.iter().all(|r| serde_json::to_value(&r.body).unwrap()["mode"] == "tabletop"));
    for kind in ["action.intent", "observe"] {
        let real = |r: &&Stored| is(r, kind) && !r.body.d.to_string().contains("colleague");
        assert_eq!(records.iter().filter(real).count(), 0, "{kind}");
    }
    let told: Vec<String> = run.injects.iter().map(|i| format!("{i:?}")).collect();
    assert!(told.iter().any(|t| t.contains("What answers users in East US")), "faults are told: {told:?}");
    assert!(records.iter().any(|r| is(r, "facilitate")), "people answered");
    // It is in the trend as what it is, and proves no plan.
    let s = until(&desk, "the trend", |s| !s.trends.is_empty() && !s.library.plans.is_empty());
    assert!(s.trends[0].runs[0].tabletop && s.trends[0].runs[0].score == Some((score.points, score.of)));
    let plan = s.library.plans.iter().find(|p| p.id == "prod-chat").unwrap();
    assert!(format!("{:?}", plan.readiness).contains("Never"), "{:?}", plan.readiness);
}

/// A rehearsal as its record tells it: who, when, at which step, what, with every reading, word and verdict, and the score.
/// Left out is what belongs to the run and this machine, not to what happened: its id and hashes, with them the checkpoint,
/// and the real time. Scenario time begins with a minute of the real one, so times are told from there. What two steps side
/// by side come to in the same millisecond is written in whichever order it comes; of each of them the order counts.
fn course(records: &[Stored], s: &Snapshot) -> Vec<String> {
    let start = records.iter().find(|r| is(r, "run.start")).unwrap();
    let epoch = start.body.d["scenario"]["epoch"].as_i64().unwrap();
    let mut all: Vec<&Stored> = records.iter().filter(|r| !is(r, "log.checkpoint")).collect();
    all.sort_by_key(|r| (r.body.at, r.body.step.as_deref()));
    let line = |r: &&Stored| {
        let (b, step) = (&r.body, r.body.step.as_deref().unwrap_or_default());
        let mut d = b.d.clone();
        // Azure's clock in words, with the day of the week.
        if let Some(corr) = d.get_mut("corr").and_then(serde_json::Value::as_object_mut) {
            corr.remove("date");
        }
        format!("{:?} {} {step} {:?} {}", b.at, b.kind.as_str(), b.actor, from_then(&d.to_string(), epoch))
    };
    let score = s.run.as_ref().unwrap().score.as_ref().unwrap();
    let scored = score.lines.iter().map(|(what, points, of, why)| format!("{points} of {of} {what}: {why}"));
    all.iter().map(line).chain(scored).chain([format!("mistakes: {:?}", score.mistakes)]).collect()
}

/// A text with its instants told from scenario time zero, whether they stand there as a number, a date or a time of day.
fn from_then(text: &str, epoch: i64) -> String {
    const DAY: i64 = 86_400_000;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let until =
            |more: &str| from.find(|c: char| !c.is_ascii_digit() && !more.contains(c)).map_or(from, |end| &from[..end]);
        let (number, day_time) = (until(""), until(":"));
        let told = match (number.len(), day_time.split(':').map(str::parse::<i64>).collect::<Result<Vec<_>, _>>()) {
            (4, _) if from[4..].starts_with('-') => {
                let date = until("-:.T");
                let instant = format!("{date}Z").parse::<jiff::Timestamp>();
                instant.ok().map(|t| (date, t.as_millisecond() - epoch))
            }
            (13, _) => number.parse().ok().map(|ms: i64| (number, ms - epoch)).filter(|(_, ms)| ms.abs() < 7 * DAY),
            (2, Ok(parts)) if day_time.len() == 8 && parts.len() == 3 => {
                let ms = parts.iter().fold(0, |sum, part| sum * 60 + part) * 1_000;
                Some((day_time, (ms - epoch).rem_euclid(DAY)))
            }
            _ => None,
        };
        let (taken, told) = told.map_or((number, number.to_owned()), |(text, ms)| (text, format!("{ms:+}")));
        out.push_str(before);
        out.push_str(&told);
        rest = &from[taken.len()..];
    }
    out + rest
}

/// A scripted rehearsal with a seed, from begin to end, as its record tells it.
fn played(scenario: &str, seed: u64) -> Vec<String> {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), Some(ScriptSource::Scenario));
    desk.send(start_with(scenario, Speed::Max, seed, false));
    let s = closed(&desk);
    course(&record(&place, &s), &s)
}

fn differing<'a>(one: &'a [String], other: &'a [String]) -> Vec<(&'a String, &'a String)> {
    one.iter().zip(other).filter(|(a, b)| a != b).collect()
}

#[test]
fn the_same_seed_is_the_same_rehearsal() {
    let (one, other) = (played("region-loss", 1), played("region-loss", 1));
    let differs: Vec<_> = differing(&one, &other).into_iter().take(5).collect();
    assert!(differs.is_empty() && one.len() == other.len(), "{} and {}: {differs:#?}", one.len(), other.len());
}

#[test]
fn what_is_refused_is_not_done_by_hand_either() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    desk.send(Command::StartRehearsal {
        scenario: "storage-deleted".to_owned(),
        strategy: Some(Strategy::Recover),
        speed: Speed::Times(0),
        seed: 1,
        tabletop: false,
    });
    let s = until(&desk, "the run", |s| s.run.is_some());
    let done = |s: &Snapshot| s.activity.iter().any(|l| l.text.contains("was done in the simulated Azure"));
    let word = || StepIntent::Confirm { evidence: "restored in the portal".to_owned() };
    assert!(s.run.as_ref().unwrap().cards.iter().any(|c| c.id == "R-SA-4" && c.state == StepState::Blocked));
    desk.send(Command::Step("R-SA-4".to_owned(), word()));
    let s = until(&desk, "the refusal", |s| s.notice.is_some());
    assert!(!done(&s), "{:?}", s.activity);
}

/// How long each answer takes is drawn. What is read and shown of it differs; what happens and what it is worth does not.
#[test]
fn another_seed_is_another_rehearsal_of_the_same_worth() {
    let (one, other) = (played("throttling-storm", 1), played("throttling-storm", 2));
    let drawn = |course: &[String]| -> Vec<String> {
        let probed = |l: &&String| l.contains(" step.verified D2 ") && l.contains("answers in ");
        course.iter().filter(probed).cloned().collect()
    };
    assert!(!drawn(&one).is_empty() && drawn(&one) != drawn(&other), "{:#?}", drawn(&one));
    let decided = |course: &[String]| course.iter().filter(|l| l.contains(" decision D9 ")).count();
    assert!(decided(&one) > 0 && decided(&one) == decided(&other));
    assert_eq!((one.last().map(String::as_str), one.last()), (Some("mistakes: []"), other.last()));
}
