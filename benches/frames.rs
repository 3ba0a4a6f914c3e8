//! What the window's own code costs a frame, without painting it: the Run screen of a long plan, and the Audit screen with
//! 10,000 entries. Wanted: under 2 ms in a release build, so that the rest of the frame is left to the graphics.
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../tests/it/ui/sample.rs"]
mod sample;
#[path = "../tests/it/ui/sign_in.rs"]
mod sign_in;

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use eframe::egui::{self, RawInput, Rect, pos2, vec2};
use lifeboat::desk::Link;
use lifeboat::desk::snapshot::{Record, RecordRow, Snapshot};
use lifeboat::ui::App;
use lifeboat::ui::view::Screen;
use tokio::sync::watch;

const ENTRIES: u64 = 10_000;
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
    s.run = Some(Arc::new(run));
    let mut audit = (*s.audit).clone();
    if let Some(record) = &audit.shown {
        let rows: Vec<RecordRow> =
            (0..ENTRIES).map(|i| RecordRow { seq: i, ..record.rows[i as usize % record.rows.len()].clone() }).collect();
        audit.shown = Some(Arc::new(Record { rows, ..(**record).clone() }));
    }
    s.audit = Arc::new(audit);
    s
}

fn input(frame: u64) -> RawInput {
    RawInput {
        screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0))),
        // Sixty frames a second, so that animations come to their end.
        time: Some(frame as f64 / 60.0),
        ..RawInput::default()
    }
}

fn bench(c: &mut Criterion) {
    for (name, screen) in [("Run", Screen::Run), ("Audit", Screen::Audit)] {
        let (_keep, snapshots) = watch::channel(Arc::new(grown()));
        let link = Link { snapshots, send: std::sync::Arc::new(|_| true), on_wake: Box::new(|_| {}) };
        let ctx = egui::Context::default();
        let mut app = App::new(&eframe::CreationContext::_new_kittest(ctx.clone()), link);
        app.show(screen);
        let mut frame = 0;
        let mut draw = || {
            frame += 1;
            // A screen reader may be there: its tree belongs to the frame.
            let mut out = ctx.run_ui(input(frame), |ui| app.draw(ui));
            out.textures_delta.clear();
            out
        };
        // Fonts, sizes and the filter's index are made once.
        for _ in 0..10 {
            draw();
        }
        assert!(!draw().shapes.is_empty());
        c.bench_function(&format!("a frame of {name}, {ENTRIES} entries, wanted < 2 ms"), |b| b.iter(&mut draw));
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(50); targets = bench }
criterion_main!(benches);
