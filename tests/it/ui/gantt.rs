//! The timeline of a run in the window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Key, Rangef};
use egui_kittest::kittest::Queryable;
use lifeboat::desk::snapshot::{Gantt, GanttLane, Snapshot};
use lifeboat::ui::screens::run::gantt::Scale;
use lifeboat::ui::view::{Column, Screen};

use super::{Window, sample};

#[test]
fn nothing_is_done_for_a_step_that_is_out_of_sight() {
    for width in [1280.0, 960.0] {
        for column in [Column::Timeline, Column::Clocks] {
            let mut w = Window::sized(sample::snapshot(), [width, 800.0]);
            w.harness.state_mut().show(Screen::Run);
            w.harness.state_mut().view_mut().column = column;
            w.harness.run();
            let beside = width > 1_000.0 && column == Column::Clocks;
            w.ctrl(Key::Enter);
            assert_eq!(w.told().len(), usize::from(beside), "{width} {column:?}");
            if !beside {
                assert_eq!(w.harness.state().view().column, Column::Step);
                w.ctrl(Key::Enter);
                assert_eq!(w.told().len(), 1, "now it is seen");
            }
        }
    }
}

fn many(steps: usize) -> Snapshot {
    let mut run = sample::run();
    let one = run.gantt.lanes[5].clone();
    let lanes =
        (0..steps).map(|n| GanttLane { id: format!("X{n}"), sentence: format!("Step {n}: done"), ..one.clone() });
    run.gantt = Arc::new(Gantt { lanes: lanes.collect(), ..(*run.gantt).clone() });
    Snapshot { run: Some(Arc::new(run)), ..sample::snapshot() }
}

#[test]
fn a_key_and_a_button_open_it_and_it_is_read_line_by_line() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.ctrl(Key::H);
    assert_eq!(w.harness.state().view().column, Column::Timeline);
    let gantt = sample::run().gantt;
    assert!(w.sees(&gantt.sentence));
    for lane in &gantt.lanes {
        assert!(w.sees(&lane.sentence), "{}", lane.sentence);
    }
    assert!(w.sees("waits for the second person") && w.sees("planned"), "what the shapes mean");
    assert_eq!(w.told(), []);
    w.ctrl(Key::H);
    assert_eq!(w.harness.state().view().column, Column::Step);
    assert!(w.sees("Switch to Sweden Central"));
    w.click("Timeline");
    w.click("Back to the step");
    assert!(w.sees("Switch to Sweden Central"));
}

#[test]
fn it_draws_in_every_size_and_stays_in_the_window() {
    for size in [[1280.0, 800.0], [960.0, 600.0], [640.0, 480.0], [2560.0, 1440.0]] {
        let mut w = Window::sized(sample::snapshot(), size);
        w.harness.state_mut().show(Screen::Run);
        w.harness.run();
        w.ctrl(Key::H);
        // The step on show is in sight, wherever it stands.
        let gantt = sample::run().gantt;
        let shown = gantt.lanes.iter().find(|l| l.id == "F4").unwrap();
        let lane = w.harness.get_by_label(&shown.sentence).rect();
        assert!(lane.right() <= size[0] && lane.bottom() <= size[1], "{lane:?} in {size:?}");
    }
}

#[test]
fn hundreds_of_lines_cost_no_more_than_those_in_sight() {
    let mut w = Window::on(many(800), Screen::Run);
    w.ctrl(Key::H);
    let drawn = w.harness.query_all_by_label_contains(": done").count();
    assert!((5..60).contains(&drawn), "{drawn} lines are drawn");
    let frames = |w: &mut Window| {
        let since = Instant::now();
        (0..20).for_each(|_| w.harness.step());
        since.elapsed()
    };
    let large = frames(&mut w);
    let mut few = Window::on(many(40), Screen::Run);
    few.ctrl(Key::H);
    let small = frames(&mut few);
    assert!(large < small * 3 + Duration::from_millis(200), "800 lines {large:?}, 40 lines {small:?}");
}

#[test]
fn the_scale_has_round_marks_and_holds_everything() {
    let run = sample::run();
    let s = Scale::of(&run.gantt, sample::NOW, Rangef::new(100.0, 700.0));
    assert_eq!(s.x(run.gantt.from), 100.0);
    assert!(s.x(run.clocks.deadline.unwrap()) < 700.0);
    let marks: Vec<i64> = s.ticks().collect();
    assert!((3..=9).contains(&marks.len()), "{marks:?}");
    assert!(marks.iter().all(|m| m % 60_000 == 0), "whole minutes: {marks:?}");
    assert!(Scale::of(&Gantt::default(), 0, Rangef::new(0.0, 10.0)).x(i64::MAX).is_finite());
    // What is planned for hours later leaves room for what is at hand.
    let long = Gantt { planned_to: run.gantt.from + 8 * 3_600_000, ..(*run.gantt).clone() };
    let s = Scale::of(&long, sample::NOW, Rangef::new(100.0, 700.0));
    let (now, rto) = (s.x(sample::NOW), s.x(sample::DEADLINE));
    assert!(now > 150.0 && rto > 350.0 && rto < 700.0, "{now} {rto}");
    assert!(s.reaches(sample::DEADLINE) && !s.reaches(long.planned_to));
    let no_rto = Gantt { deadline: None, ..long };
    assert!(Scale::of(&no_rto, sample::NOW, Rangef::new(100.0, 700.0)).reaches(no_rto.planned_to));
}
