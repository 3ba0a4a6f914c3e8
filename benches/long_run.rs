//! A run of 500 steps with 100,000 records: how long it takes until it is on the screen, wanted in 300 ms; what each
//! picture of it costs the desk after that, wanted in a few milliseconds; and what a frame of it costs the window's own
//! code, wanted in 2 ms.
//!
//! The journal is written to a disk and read from there; the desk runs as it does in the program, on a simulated Azure.
#![allow(clippy::unwrap_used, missing_docs)]

mod night;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, RawInput, Rect, pos2, vec2};
use lifeboat::azure::Cloud;
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::Snapshot;
use lifeboat::desk::{self, Handle, Home, Link, Options};
use lifeboat::journal::{Draft, Header, Journal, RealDisk, this_app};
use lifeboat::plan::model::Plan;
use lifeboat::record::{Actor, Kind, Mode, Person, PlanRef};
use lifeboat::run::event::Entry;
use lifeboat::simulator::{self, Simulator};
use lifeboat::ui::App;
use lifeboat::ui::view::{Column, Screen};
use lifeboat::units::Millis;
use night::{ENTRIES, STEPS};
use tokio::sync::watch;

const ID: &str = "00112233445566778899aabbccddeeff";
const OPENINGS: usize = 12;
const PICTURES: usize = 200;
const FRAMES: u64 = 300;
const PATIENCE: Duration = Duration::from_secs(60);

/// The journal's line of an entry, as the desk writes it.
fn draft(plan: &Plan, e: &Entry) -> Draft {
    let (kind, d) = e.event.to_parts();
    let actor = match e.actor.display() {
        "Ada" => Actor::Person(Person { name: "Ada".to_owned(), ..Person::default() }),
        _ => Actor::System,
    };
    let plan = PlanRef { id: plan.id.clone(), version: None, sha256: plan.digest.clone() };
    Draft { step: e.step.clone(), plan: Some(plan), ..Draft::new(Kind::from_text(&kind), Mode::Rehearsal, actor, d) }
}

/// Writes the run; gives its bytes.
fn write(dir: &Path, plan: &Plan) -> u64 {
    let header = Header::new(ID, Mode::Rehearsal, this_app(), "bench");
    let mut journal = Journal::create(Arc::new(RealDisk), dir.to_path_buf(), header).unwrap();
    let drafts: Vec<Draft> = night::night(plan).iter().map(|e| draft(plan, e)).collect();
    for some in drafts.chunks(1_000) {
        journal.append(some).unwrap();
    }
    std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum()
}

/// Middle and worst, in milliseconds.
fn say(what: &str, mut took: Vec<f64>, wanted: &str) {
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share).round() as usize];
    println!(
        "{what:<62} median {:>8.3} ms   99 % {:>8.3} ms   least {:>8.3} ms   wanted {wanted}",
        at(0.5),
        at(0.99),
        took[0]
    );
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn start(home: &Path, cloud: &Cloud) -> Handle {
    let options = Options {
        home: Home::find(Some(home)).unwrap(),
        disk: Arc::new(RealDisk),
        cloud: Some(cloud.clone()),
        watch: None,
        operator: "Ada".to_owned(),
        script: None,
    };
    let desk = desk::start(options).unwrap();
    assert!(desk.wait(PATIENCE, |s| s.busy.is_none() && !s.library.plans.is_empty()).is_some());
    desk
}

fn open(desk: &Handle) -> (f64, Arc<Snapshot>) {
    let begun = Instant::now();
    desk.send(Command::OpenRun(ID.to_owned()));
    let s = desk.wait(PATIENCE, |s| s.run.is_some() || s.notice.is_some()).unwrap();
    let took = ms(begun);
    let run = s.run.as_ref().unwrap_or_else(|| panic!("{}", s.notice.as_ref().unwrap().raw));
    assert!(run.cards.len() == STEPS && run.records > ENTRIES as u64 && run.read_only.is_none());
    (took, s)
}

/// How long an order takes that changes nothing but the picture.
fn pictures(desk: &Handle) -> Vec<f64> {
    let one = |_| {
        let before = desk.snapshot().revision;
        let begun = Instant::now();
        desk.send(Command::DismissNotice);
        desk.wait(PATIENCE, |s| s.revision > before).unwrap();
        ms(begun)
    };
    (0..PICTURES).map(one).collect()
}

fn frames(s: &Arc<Snapshot>, screen: Screen, column: Column, news: bool) -> Vec<f64> {
    let (publish, snapshots) = watch::channel(s.clone());
    let link = Link { snapshots, send: Arc::new(|_| true), on_wake: Box::new(|_| {}) };
    let ctx = egui::Context::default();
    let mut app = App::new(&eframe::CreationContext::_new_kittest(ctx.clone()), link);
    app.show(screen);
    let mut took = Vec::new();
    for n in 0..FRAMES {
        app.view_mut().column = column;
        if news {
            // As the desk publishes it: every part of the run's picture is a new one.
            let run = s.run.as_deref().cloned().map(Arc::new);
            publish.send_replace(Arc::new(Snapshot { run, revision: s.revision + n + 1, ..(**s).clone() }));
        }
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0))),
            time: Some(n as f64 / 60.0),
            ..RawInput::default()
        };
        let begun = Instant::now();
        let out = ctx.run_ui(input, |ui| app.draw(ui));
        assert!(!out.shapes.is_empty());
        // Fonts and sizes are made once.
        if n >= 20 {
            took.push(ms(begun));
        }
    }
    took
}

fn main() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("home");
    let dir = home.join("runs").join(ID);
    let plan = night::from_texts();
    assert_eq!(plan.steps.len(), STEPS);
    let bytes = write(&dir, &plan);
    println!("{ENTRIES} records, {STEPS} steps, {} MB on disk", bytes / 1_000_000);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let scenario = lifeboat::catalog::Catalog::builtin().scenario("region-loss").unwrap();
    let clock = Clock::scenario(night::BEGIN, Millis(0), Speed::Times(1));
    let simulator = runtime.block_on(Simulator::start(simulator::Options::new(scenario, clock))).unwrap();
    let cloud = Cloud::from_line(&serde_json::to_string(&simulator.connection()).unwrap()).unwrap();

    let begun = Instant::now();
    drop(start(&home, &cloud));
    println!("the first start on this computer, with the run's record read for the list of runs: {:.0} ms", ms(begun));
    let mut opened = Vec::new();
    for n in 0..OPENINGS {
        let desk = start(&home, &cloud);
        let (took, s) = open(&desk);
        opened.push(took);
        if n + 1 == OPENINGS {
            say("open it: read, verified, bound, replayed, on the screen", opened.clone(), "< 300 ms");
            say("a picture of it", pictures(&desk), "< 5 ms");
            for (name, screen, column) in [
                ("the Run screen", Screen::Run, Column::Step),
                ("the Run screen with its papers", Screen::Run, Column::Papers),
                ("the commander's view", Screen::Commander, Column::Step),
            ] {
                say(&format!("a frame of {name}"), frames(&s, screen, column, false), "< 2 ms");
                say(&format!("a frame of {name}, with news"), frames(&s, screen, column, true), "< 2 ms");
            }
        }
    }
}
