//! Every moment at which the record of one rehearsal grew: the folder as a killed process would have left it, resumed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lifeboat::clock::Speed;
use lifeboat::desk::protocol::Command;
use lifeboat::journal::RealDisk;
use lifeboat::runbook::model::Strategy;
use serde_json::Value;

use super::disk::{Call, Then, Watched, is_records};
use super::{Place, closed, counts, counts_in, desk, each, intents, is, journal_bytes, nothing_lost, outcome, sound};

/// The folder of a run at one moment.
struct Shot {
    /// What was just being recorded, and whether that is in it.
    about: Vec<String>,
    durable: bool,
    files: BTreeMap<String, Vec<u8>>,
}

fn shot(run: &Path, bytes: &[u8], durable: bool) -> Shot {
    let about = bytes
        .split(|b| *b == b'\n')
        .filter_map(|l| serde_json::from_slice::<Value>(l).ok())
        .map(|v| format!("{} {}", v["r"]["step"].as_str().unwrap_or("-"), v["r"]["kind"].as_str().unwrap_or("?")))
        .collect();
    let files = fs::read_dir(run)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| is_records(p) || p.ends_with("world.json"))
        .map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&p).unwrap()))
        .collect();
    Shot { about, durable, files }
}

/// A short rehearsal, photographed before and after each append.
fn photographed(strategy: Strategy) -> (Place, String, Vec<Shot>) {
    let place = Place::new();
    let shots: Arc<Mutex<Vec<Shot>>> = Arc::default();
    let album = shots.clone();
    let camera = Watched::new(Arc::new(RealDisk), move |call| {
        match call {
            Call::Write(file, bytes) if is_records(file) => {
                album.lock().unwrap().push(shot(file.parent().unwrap(), bytes, false));
            }
            Call::Synced(file, bytes) if is_records(file) => {
                album.lock().unwrap().push(shot(file.parent().unwrap(), bytes, true));
            }
            _ => {}
        }
        Then::Go
    });
    let desk = desk(&place.home(), Arc::new(camera));
    desk.send(Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(strategy),
        speed: Speed::Max,
        seed: 1,
        tabletop: false,
    });
    let id = closed(&desk).run.as_ref().unwrap().id.clone();
    drop(desk);
    let shots = std::mem::take(&mut *shots.lock().unwrap());
    (place, id, shots)
}

/// Request ids of the intents in a picture, with what each asks for, in order.
fn asked(records: &[lifeboat::record::Stored]) -> Vec<(String, String)> {
    records
        .iter()
        .filter(|r| is(r, "action.intent"))
        .map(|r| {
            let d = &r.body.d;
            let id = lifeboat::record::client_request_id(&r.h.to_string());
            (id, format!("{} {} {}", d["method"], d["url"], d["body_sha256"]))
        })
        .collect()
}

fn every_point(strategy: Strategy, steps: &[&str]) {
    let (place, id, shots) = photographed(strategy);
    let expected = outcome(&place.run(&id));
    let chosen: Vec<&Shot> = shots
        .iter()
        .filter(|s| s.about.iter().any(|a| steps.iter().any(|step| a.starts_with(&format!("{step} ")))))
        .collect();
    let seen = |kind: &str| chosen.iter().any(|s| s.about.iter().any(|a| a.ends_with(kind)));
    for kind in ["action.intent", "action.result", "step.verified", "step.done_by_app"] {
        assert!(seen(kind), "{kind} is among the points");
    }
    each(chosen.len(), |i| {
        let s = chosen[i];
        let what = format!("{} {:?}", if s.durable { "after" } else { "before" }, s.about);
        let place = Place::new();
        let run = place.run(&id);
        fs::create_dir_all(&run).unwrap();
        for (name, bytes) in &s.files {
            fs::write(run.join(name), bytes).unwrap();
        }
        let before = journal_bytes(&run);
        let then = lifeboat::journal::read_run(&RealDisk, &run).unwrap();
        let sent_then = counts_in(&s.files["world.json"]);

        let desk = desk(&place.home(), Arc::new(RealDisk));
        desk.send(Command::OpenRun(id.clone()));
        closed(&desk);
        drop(desk);

        nothing_lost(&run, &before);
        let records = sound(&RealDisk, &run, &counts(&run));
        assert_eq!(outcome(&run), expected, "{what}");
        // What had reached Azure is never asked for again; what had not is, by a new intent.
        let (old, new) = (asked(&then), asked(&records));
        for (id, request) in &old {
            let later = new.iter().skip(old.len()).any(|(_, r)| r == request);
            assert_eq!(later, !sent_then.contains_key(id), "{what}: {request}");
        }
        // An operation that Azure had accepted is followed, not read back and not begun again.
        let last = then.iter().rfind(|r| r.body.kind.as_str().starts_with("action."));
        if let Some(last) = last.filter(|r| is(r, "action.accepted")) {
            let rest = &records[then.len()..];
            let next =
                rest.iter().find(|r| r.body.kind.as_str().starts_with("action.") && r.body.step == last.body.step);
            assert!(next.is_some_and(|r| is(r, "action.result")), "{what}: {:?}", next.map(|r| r.body.kind));
        }
        assert!(intents(&records).len() >= old.len());
    });
}

#[test]
fn from_every_point_of_the_redirect_the_run_goes_on() {
    every_point(Strategy::HotWarm, &["AO-F6"]);
}

#[test]
fn from_every_point_of_long_operations_the_run_goes_on() {
    every_point(Strategy::HotWarm, &["AO-F5"]);
}

#[test]
fn from_every_point_of_creating_deployments_the_run_goes_on() {
    every_point(Strategy::HotCold, &["AO-F3"]);
}
