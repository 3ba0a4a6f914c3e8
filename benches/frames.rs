//! What the window's own code costs a frame, without painting it: the Run screen of a long plan, and the Audit screen with
//! 10,000 entries, under 2 ms in a release build; the timeline of 500 steps, and the board of health with 60 regions, 1,000
//! endpoints and a full chart, under 3 ms, also with new data in every frame; every other screen, with 2,000 deleted resources
//! and 500 runbooks and plans each, under 3 ms. The rest of the frame is left to the graphics.
#![allow(clippy::unwrap_used, missing_docs, dead_code, unused_imports)]

#[path = "../tests/it/ui/morning.rs"]
mod morning;
#[path = "../tests/it/ui/sample.rs"]
mod sample;
#[path = "../tests/it/ui/sign_in.rs"]
mod sign_in;
#[path = "../tests/it/ui/situations.rs"]
mod situations;

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use eframe::egui::{self, RawInput, Rect, pos2, vec2};
use lifeboat::desk::Link;
use lifeboat::desk::snapshot::{DeletedRow, Gantt, Library, Record, RecordRow, RecoveryView, Snapshot, Term};
use lifeboat::recovery::{Deleted, Kind, Origin};
use lifeboat::ui::App;
use lifeboat::ui::view::{Column, Screen};
use tokio::sync::watch;

const ENTRIES: u64 = 10_000;
/// Rows of the timeline.
const LANES: usize = 500;
/// Runbooks, and plans.
const FILES: usize = 500;
/// Resources that were deleted.
const GONE: usize = 2_000;
/// As many steps as the longest plan there is, and more.
const PLANS: usize = 4;

/// The sample, grown to the size of a long night.
fn grown() -> Snapshot {
    let mut s = sample::snapshot();
    let mut run = sample::run();
    let (phases, cards) = (run.phases.clone(), run.cards.clone());
    for n in 1..PLANS {
        for mut phase in phases.clone() {
            phase.steps.iter_mut().for_each(|step| step.id = format!("{}-{n}", step.id));
            run.phases.push(phase);
        }
        run.cards.extend(cards.iter().map(|card| {
            let mut card = (**card).clone();
            card.id = format!("{}-{n}", card.id);
            Arc::new(card)
        }));
    }
    run.records = ENTRIES;
    let lanes = run.gantt.lanes.iter().cycle().take(LANES).cloned().collect();
    run.gantt = Arc::new(Gantt { lanes, ..(*run.gantt).clone() });
    s.run = Some(Arc::new(run));
    let mut audit = (*s.audit).clone();
    if let Some(record) = &audit.shown {
        let rows: Vec<RecordRow> =
            (0..ENTRIES).map(|i| RecordRow { seq: i, ..record.rows[i as usize % record.rows.len()].clone() }).collect();
        audit.shown = Some(Arc::new(Record { rows, ..(**record).clone() }));
    }
    s.audit = Arc::new(audit);
    s.library = Arc::new(library(&s.library));
    s.recovery = Arc::new(RecoveryView { rows: (1..=GONE).map(deleted).collect(), ..RecoveryView::default() });
    s
}

fn library(sample: &Library) -> Library {
    let mut library = sample.clone();
    library.runbooks = sample.runbooks.iter().cycle().take(FILES).cloned().collect();
    library.plans = sample.plans.iter().cycle().take(FILES).cloned().collect();
    for (i, book) in library.runbooks.iter_mut().enumerate() {
        book.name = format!("{i}-{}", book.name);
    }
    for (i, plan) in library.plans.iter_mut().enumerate() {
        plan.name = format!("{i}-{}", plan.name);
    }
    library
}

fn deleted(place: usize) -> DeletedRow {
    let id = format!("/subscriptions/s/resourceGroups/rg/providers/x/oai-{place}");
    let mut found = Deleted::new(Kind::AiAccount, &id, Origin::DeletedList);
    found.deleted_at = Some(sample::NOW - place as i64 * 60_000);
    DeletedRow {
        id,
        place,
        what: Kind::AiAccount.word(),
        name: format!("oai-{place}"),
        subscription: "team-a".to_owned(),
        group: "rg".to_owned(),
        region: "East US".to_owned(),
        deleted_at: found.deleted_at,
        term: Term::of(&found),
        deadline_from: "counted from the deletion",
        wanted: None,
        time: String::new(),
        blockers: vec![("resource group rg is missing: create it empty first".to_owned(), true)],
        advice: "Create the group, then restore it.".to_owned(),
        runbook: Some("recover-ai-account"),
        by_hand: vec!["az cognitiveservices account recover".to_owned()],
        facts: Vec::new(),
    }
}

/// Tall enough for map, table, chart and what is posted at once.
fn input(frame: u64, height: f32) -> RawInput {
    RawInput {
        screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, height))),
        // Sixty frames a second, so that animations come to their end.
        time: Some(frame as f64 / 60.0),
        ..RawInput::default()
    }
}

/// A window without a desk, drawn frame by frame; `news` makes the picture new before each.
struct Frames {
    app: App,
    ctx: egui::Context,
    publish: watch::Sender<Arc<Snapshot>>,
    frame: u64,
    height: f32,
    news: bool,
}

impl Frames {
    fn new(snapshot: Snapshot, screen: Screen, height: f32, news: bool) -> Self {
        let (publish, snapshots) = watch::channel(Arc::new(snapshot));
        let link = Link { snapshots, send: Arc::new(|_| true), on_wake: Box::new(|_| {}) };
        let ctx = egui::Context::default();
        // A screen reader may be there: its tree belongs to the frame.
        ctx.enable_accesskit();
        let mut app = App::new(&eframe::CreationContext::_new_kittest(ctx.clone()), link);
        app.show(screen);
        let mut frames = Self { app, ctx, publish, frame: 0, height, news };
        // Fonts, sizes and the filter's index are made once.
        for _ in 0..10 {
            frames.draw();
        }
        assert!(frames.draw() > 0);
        frames
    }

    fn draw(&mut self) -> usize {
        self.frame += 1;
        if self.news {
            let mut s = (**self.publish.borrow()).clone();
            s.situation = Arc::new((*s.situation).clone());
            self.publish.send(Arc::new(s)).unwrap();
        }
        let out = self.ctx.run_ui(input(self.frame, self.height), |ui| self.app.draw(ui));
        out.shapes.len()
    }
}

fn bench(c: &mut Criterion) {
    for (name, screen) in [("Run", Screen::Run), ("Audit", Screen::Audit)] {
        let mut frames = Frames::new(grown(), screen, 800.0, false);
        c.bench_function(&format!("a frame of {name}, {ENTRIES} entries, wanted < 2 ms"), |b| b.iter(|| frames.draw()));
    }
    let mut timeline = Frames::new(grown(), Screen::Run, 800.0, false);
    timeline.app.view_mut().column = Column::Timeline;
    let label = format!("a frame of the timeline, {LANES} steps, wanted < 3 ms");
    c.bench_function(&label, |b| b.iter(|| timeline.draw()));
    for screen in Screen::ALL.into_iter().filter(|s| ![Screen::Run, Screen::Audit, Screen::Situation].contains(s)) {
        let mut frames = Frames::new(grown(), screen, 800.0, false);
        c.bench_function(&format!("a frame of {screen:?}, wanted < 3 ms"), |b| b.iter(|| frames.draw()));
    }
    let board = situations::on(situations::large(60, 1_000));
    for (name, news) in [("a frame of the board", false), ("the same with new data", true)] {
        let mut frames = Frames::new(board.clone(), Screen::Situation, 1_500.0, news);
        let label = format!("{name}, 60 regions, 1000 endpoints, 5 x 400 points, wanted < 3 ms");
        c.bench_function(&label, |b| b.iter(|| frames.draw()));
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(50); targets = bench }
criterion_main!(benches);
