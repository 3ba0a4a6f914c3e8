//! Tests of the commander's view: everything is said, large enough, and nothing can be changed from there.

use eframe::egui::{self, Key, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::ui::view::Screen;

use super::{Window, bounds, pair, sample};

#[test]
fn it_says_what_happens_who_waits_and_what_comes_next() {
    let w = Window::on(pair::full(), Screen::Commander);
    for words in [
        "East US is down for prod-chat, persistently, for 4 min 10 s",
        "Waits for Dana: Point clients at Sweden Central",
        "prod-chat, run 7F3K",
        "21:43",
        "Left until the RTO of 30 min",
        "Error rate under 1 % over ten minutes and a hundred calls",
        "At rehearsal pace the RTO of 30 min is missed by 4 min",
        "Other open runs: 2",
        "Map of regions",
    ] {
        assert!(w.reads(words), "{words}");
    }
}

#[test]
fn the_timeline_stands_there_with_a_row_for_each_phase() {
    for size in [[1280.0, 800.0], [1280.0, 720.0], [1920.0, 1080.0]] {
        let mut w = Window::sized(pair::full(), size);
        w.harness.state_mut().show(Screen::Commander);
        w.harness.run();
        let gantt = sample::run().gantt;
        let strip = w.harness.get_by_label(&format!("Timeline. {}", gantt.sentence)).rect();
        let mut phases: Vec<&str> = gantt.lanes.iter().map(|l| l.phase.as_str()).collect();
        phases.dedup();
        let mut above = strip.top();
        for phase in phases {
            let row = w.harness.get_by_label_contains(&format!("{phase}: ")).rect();
            assert!(strip.expand(0.5).contains_rect(row) && row.top() > above, "{phase} at {row:?} in {strip:?}");
            above = row.top();
        }
        assert!(strip.bottom() <= size[1] - 28.0, "{strip:?} in {size:?}");
    }
}

#[test]
fn nothing_on_it_can_be_pressed() {
    let mut w = Window::on(pair::full(), Screen::Commander);
    let nav = 184.0;
    for node in w.harness.root().children_recursive() {
        let Some(rect) = bounds(&node) else { continue };
        let role = node.accesskit_node().role();
        let inside = rect.left() >= nav && rect.top() >= 32.0 && rect.bottom() <= 772.0;
        let presses = matches!(role, Role::Button | Role::TextInput | Role::CheckBox | Role::RadioButton);
        assert!(!(inside && presses), "{:?} at {rect:?}", node.accesskit_node().label());
    }
    w.key(Key::Enter);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), []);
}

#[test]
fn it_draws_in_every_state_and_size_without_leaving_the_window() {
    for size in [[1280.0, 800.0], [960.0, 600.0], [640.0, 480.0], [2560.0, 1440.0]] {
        for snap in
            [pair::full(), pair::long(), pair::waiting(), sample::closed(), sample::on_call(), sample::first_start()]
        {
            let mut w = Window::sized(snap, size);
            w.harness.state_mut().show(Screen::Commander);
            w.harness.run();
            let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
            for node in w.harness.root().children_recursive().filter(|n| n.accesskit_node().role() == Role::Label) {
                let Some(rect) = bounds(&node) else { continue };
                assert!(rect.right() <= window.right() + 0.5, "{:?} at {rect:?}", node.accesskit_node().label());
            }
        }
    }
}

#[test]
fn its_window_opens_and_closes_by_key_and_the_operator_goes_on() {
    let mut w = Window::on(pair::full(), Screen::Run);
    w.key(Key::F9);
    assert!(w.harness.state().view().projector.load(std::sync::atomic::Ordering::Relaxed));
    assert_eq!(w.harness.state().view().screen, Screen::Run);
    assert!(w.reads("Who waits for what"));
    w.key(Key::F9);
    w.harness.run();
    assert!(!w.reads("Who waits for what"));
}
