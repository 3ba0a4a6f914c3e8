//! The history at the desk: across a restart, in a rehearsal, and frozen into the record.

use std::time::Duration;

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::{Command, WatchIntent};
use lifeboat::desk::snapshot::{Chart, Snapshot, Span};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::record::MAX_BODY;
use lifeboat::rehearsal::scenario::Choice;
use lifeboat::run::cut::{MOST, fit};
use lifeboat::run::event::{Event, Observed, Seen};
use serde_json::Value;

use super::*;
use crate::crash::{Place, desk_with, is, until};
use crate::desk::sign_in::{Azure, at};

fn drawn(c: &Chart) -> usize {
    c.lines.iter().flat_map(|l| &l.points).filter(|p| p.1.is_some()).count()
}

fn called(c: &Chart) -> u32 {
    c.success.iter().map(|b| b.2).sum()
}

fn chart(s: &Snapshot) -> &Chart {
    s.situation.chart.as_ref().unwrap()
}

#[test]
fn after_a_restart_the_chart_shows_what_was_before_and_the_gap() {
    let (place, azure) = (Place::new(), Azure::new());
    let folder = place.home().join("observations/simulated");
    let first = at(&place, Some(azure.cloud()));
    let s = until(&first, "an answer", |s| {
        s.situation.endpoints.first().is_some_and(|e| e.at.is_some())
            && s.situation.chart.as_ref().is_some_and(|c| drawn(c) > 0)
    });
    let endpoint = s.situation.endpoints[0].id.clone();
    let names: Vec<&str> = chart(&s).lines.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["East US", "Sweden Central"]);
    drop(first);
    assert!(!files(&folder).is_empty(), "it is on disk when the desk is gone");

    // What another Lifeboat saw until ten minutes ago.
    let now = s.clock.now().utc;
    let filed: Vec<String> = History::open(folder.clone(), 64, now).recent().map(|o| o.endpoint.0).collect();
    let mut other = History::open(folder, 64, now - 40 * MINUTE);
    let filed = filed.iter().find(|f| f.starts_with(&format!("{endpoint} #"))).unwrap();
    for n in 0..120 {
        other.take(&answered(filed, now - 40 * MINUTE + n * 15_000));
        // Another address under the same name is another endpoint.
        other.take(&answered(&endpoint, now - 40 * MINUTE + n * 15_000));
    }
    drop(other);
    let second = at(&place, Some(azure.cloud()));
    second.send(Command::Watch(WatchIntent::Chart(Some(endpoint.clone()), Span::Hour)));
    let s = until(&second, "what was before", |s| {
        s.situation.chart.as_ref().is_some_and(|c| c.endpoint.as_deref() == Some(&*endpoint) && called(c) > 120)
    });
    let c = chart(&s);
    assert!(c.gaps.iter().any(|g| g.1 - g.0 >= 9 * MINUTE && g.1 - g.0 < 12 * MINUTE), "{:?}", c.gaps);
    // The detector was warmed with it: the answers of the first one count, too.
    let row = s.situation.endpoints.iter().find(|e| e.id == endpoint).unwrap();
    assert!((121..200).contains(&row.calls.1), "{:?}", row.calls);
    // Without news the picture is the same one.
    let again = second.snapshot();
    if again.situation.chart.as_ref().unwrap().range == c.range {
        assert!(Arc::ptr_eq(again.situation.chart.as_ref().unwrap(), s.situation.chart.as_ref().unwrap()));
    }
}

#[test]
fn a_rehearsal_has_a_chart_of_its_own_time_and_its_frozen_picture_stands_in_the_record() {
    let place = Place::new();
    let desk = desk_with(&place.home(), Arc::new(RealDisk), None);
    let (scenario, seed) = ("region-loss".to_owned(), 1);
    desk.send(Command::StartRehearsal { scenario, strategy: None, speed: Speed::Times(40), seed, tabletop: false });
    let s = until(&desk, "an outage that lasts", |s| {
        s.run.as_ref().is_some_and(|r| r.clocks.t[2].is_some())
            && s.situation.regions.iter().any(|r| r.role == "primary")
    });
    let run = s.run.as_ref().unwrap();
    let (id, t0) = (run.id.clone(), run.clocks.t[0].unwrap());
    let primary = s.situation.endpoints[0].id.clone();
    desk.send(Command::Watch(WatchIntent::Chart(Some(primary.clone()), Span::SinceT0)));
    let s = until(&desk, "the chart", |s| {
        s.situation.chart.as_ref().is_some_and(|c| c.endpoint.as_deref() == Some(&*primary))
    });
    let c = chart(&s);
    assert_eq!(c.range.0, t0 - 15 * MINUTE);
    let has = |text: &str| c.events.iter().any(|e| e.text.contains(text));
    assert!(has("T0: the impact began") && has("is down"), "{:?}", c.events);
    assert!(called(c) > 7 && drawn(c) == 0, "it never answered: {:?}", c.success);
    desk.send(Command::Watch(WatchIntent::Chart(None, Span::Hour)));
    let s = until(&desk, "the regions", |s| s.situation.chart.as_ref().is_some_and(|c| c.endpoint.is_none()));
    let answers: Vec<bool> = chart(&s).lines.iter().map(|l| l.points.iter().any(|p| p.1.is_some())).collect();
    assert_eq!(answers, [false, true], "side by side");

    desk.send(Command::FreezeHealth);
    desk.send(Command::SetSpeed(Speed::Times(0)));
    let frozen = |r: &lifeboat::record::Stored| is(r, "observe") && r.body.d["what"] == "frozen";
    until(&desk, "the record", |_| read_run(&RealDisk, &place.run(&id)).unwrap().iter().any(frozen));
    desk.send(Command::ShowRecord(id.clone()));
    let s = until(&desk, "the record", |s| s.audit.shown.is_some());
    drop(desk);
    assert_eq!(files(&place.home().join("observations")), [], "a rehearsal writes no observations");

    let records = read_run(&RealDisk, &place.run(&id)).unwrap();
    let r = records.iter().find(|r| frozen(r)).unwrap();
    assert!(r.raw.len() < MAX_BODY / 2, "{} bytes", r.raw.len());
    let picture = r.body.d["picture"].as_array().unwrap();
    let about = |what: &str| picture.iter().filter(|p| p["about"] == what).collect::<Vec<&Value>>();
    for what in ["verdict", "reason", "ladder", "endpoint", "threshold", "arithmetic", "recommendation", "notice"] {
        assert!(!about(what).is_empty(), "{what} is missing: {picture:#?}");
    }
    let down = about("verdict")[0];
    assert_eq!((&down["name"], &down["state"]), (&"East US".into(), &"down".into()));
    assert!(down["at"].as_i64().is_some_and(|at| at >= t0 && at < t0 + 30 * MINUTE), "{down}");
    let e = about("endpoint").into_iter().find(|e| e["name"] == primary).unwrap();
    let figures = e["figures"].as_object().unwrap();
    assert!(figures["failed"].as_i64() > Some(0) && figures["total_ms"].is_i64() && e["at"].is_i64(), "{e}");
    assert!(about("threshold")[0]["figures"]["window_percent"].is_i64());
    assert!(about("arithmetic")[0]["figures"]["left_ms"].is_i64());
    let text = r.raw.to_lowercase();
    assert!(!text.contains("bearer") && !text.contains("api-key") && !text.contains("eyj"), "no secrets");

    // Readable on the screen and in the terminal.
    let rows = &s.audit.shown.as_ref().unwrap().rows;
    let row = rows.iter().find(|r| r.kind == "observe" && r.more.len() > 10).unwrap();
    assert!(row.more.iter().any(|l| l.starts_with("verdict, East US, down: ")), "{:#?}", row.more);
    let out = place.lifeboat(&["runs", &id[id.len() - 4..]]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && row.more.iter().all(|l| said.contains(l.as_str())), "{said}");
}

#[test]
fn a_picture_is_bounded_and_older_records_have_none() {
    let line = Seen { about: "endpoint".to_owned(), text: "word ".repeat(80), ..Seen::default() };
    let observed = |picture| Observed {
        text: String::new(),
        what: "frozen".to_owned(),
        region: None,
        state: String::new(),
        reasons: Vec::new(),
        picture,
    };
    let mut e = Event::Observed(Box::new(observed(vec![line; 2_000])));
    fit(&mut e);
    let Event::Observed(o) = &e else { panic!() };
    assert!(o.picture.len() > 40 && serde_json::to_vec(&e).unwrap().len() <= MOST, "{} lines", o.picture.len());
    assert!(o.picture.last().unwrap().text.contains("not kept"), "it says so");

    let old = r#"{"what":"frozen","text":"East US is down.","state":"","reasons":["connect timeout"]}"#;
    let old = serde_json::value::RawValue::from_string(old.to_owned()).unwrap();
    let Some(Event::Observed(o)) = Event::from_parts("observe", &old).unwrap() else { panic!() };
    assert_eq!((o.picture.len(), o.reasons.len()), (0, 1));
}

#[test]
fn a_decision_stands_in_the_record_with_what_it_was_made_from() {
    let place = Place::new();
    let out = place.rehearse(&["region-loss", "--strategy", "hot/warm"], true).output().unwrap();
    crate::crash::ended(&out, &[0, 1], "the rehearsal");
    let records = read_run(&RealDisk, &place.run(&place.only().unwrap())).unwrap();
    let d = &records.iter().find(|r| is(r, "decision")).unwrap().body.d;
    assert_eq!(d["choice"], serde_json::to_value(Choice::FailOver).unwrap());
    let lines: Vec<&str> = d["information"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for what in [
        "verdict, East US, down: ",
        "verdict, Sweden Central, ok: ",
        "reason, East US",
        "arithmetic, RTO",
        "recommendation",
    ] {
        assert!(lines.iter().any(|l| l.starts_with(what)), "{what}: {lines:#?}");
    }
    assert!(lines.len() <= 40 && lines.iter().all(|l| l.len() < 1_000));
}

#[test]
fn the_desk_says_once_that_observations_cannot_be_kept_and_goes_on() {
    let (place, azure) = (Place::new(), Azure::new());
    fs::write(place.home().join("observations"), "in the way").unwrap();
    let desk = at(&place, Some(azure.cloud()));
    let said = |s: &Snapshot| s.activity.iter().filter(|a| a.text.contains("observations cannot be kept")).count();
    let s = until(&desk, "what is wrong", |s| said(s) == 1);
    assert_eq!(s.notice, None, "it needs nobody's attention");
    let s = until(&desk, "health all the same", |s| s.situation.chart.as_ref().is_some_and(|c| drawn(c) > 0));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(said(&s), 1);
    desk.send(Command::StartRun { plan: "prod-chat".into(), strategy: None, dry_run: true });
    until(&desk, "a run", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_none()));
}
