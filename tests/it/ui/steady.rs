//! What is sent is seen first, what is pressed stays where it is, and what is said is a sentence.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Rect};
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::snapshot::{NoteView, Problem, RunView, Snapshot};
use lifeboat::ui::view::Screen;
use lifeboat::ui::widgets::text::capital;

use super::{Window, bounds, sample, with_run};

#[test]
fn what_changes_is_in_sight_in_the_least_window_while_its_key_is_live() {
    for size in [[960.0, 600.0], [1280.0, 800.0]] {
        // A runbook may have much to say of a step before it.
        let wordy = |r: &mut RunView| {
            r.weak = Some("The disk is on a network.".into());
            let card = r.cards.iter_mut().find(|c| c.id == "F4").map(Arc::make_mut).unwrap();
            card.rows.push(card.rows.iter().find(|r| r.label == "guard").cloned().unwrap());
            card.why = format!("{} ", card.why).repeat(4);
        };
        let mut w = Window::sized(with_run(wordy), size);
        w.harness.state_mut().show(Screen::Run);
        w.harness.run();
        let button = w.harness.get_by_role_and_label(Role::Button, "Switch to Sweden Central").rect();
        let card = w.harness.state().view().card(&sample::run()).cloned().unwrap();
        let (_, _, after) = &card.changes[0].fields[0];
        let after = after.as_deref().unwrap();
        let seen: Vec<Rect> = w
            .harness
            .query_all_by_label_contains(after)
            .filter(|n| n.accesskit_node().role() == Role::Label)
            .filter_map(|n| bounds(&n))
            .collect();
        assert!(
            seen.iter().any(|at| at.bottom() < button.top()),
            "{size:?}: `{after}` at {seen:?}, pressed at {button:?}"
        );
        let heading = w.harness.get_by_label("What changes").rect();
        assert!(heading.bottom() < button.top(), "{heading:?}");
    }
}

fn links(w: &Window) -> Vec<Rect> {
    ["Add a note", "Pause", "Close the run"].map(|l| w.harness.get_by_role_and_label(Role::Button, l).rect()).into()
}

#[test]
fn what_arrives_in_the_side_column_moves_nothing_that_is_pressed() {
    let quiet = |r: &mut RunView| {
        r.injects.clear();
        r.notes = Arc::default();
        r.waits = String::new();
    };
    let mut w = Window::sized(with_run(quiet), [1280.0, 1400.0]);
    w.harness.state_mut().show(Screen::Run);
    w.harness.run();
    let before = links(&w);
    let message =
        |n: usize| NoteView { at: sample::NOW, who: "Mo".into(), text: format!("Message number {n} of them") };
    w.publish(|s| {
        let run = Arc::make_mut(s.run.as_mut().unwrap());
        run.injects.extend((0..4).map(message));
        Arc::make_mut(&mut run.notes).extend((0..4).map(message));
        run.waits = "Azure, then a word of the second person".into();
    });
    assert!(w.reads("Message number 3"));
    assert_eq!(links(&w), before);
}

#[test]
fn a_bar_of_which_nothing_is_spent_has_a_whole_name() {
    let fresh = |r: &mut RunView| r.clocks.segments.iter_mut().for_each(|(_, d)| *d = None);
    let w = Window::on(with_run(fresh), Screen::Run);
    let bars: Vec<String> =
        w.harness.query_all_by_role(Role::ProgressIndicator).filter_map(|n| n.accesskit_node().label()).collect();
    assert_eq!(bars, ["No part of the time is spent yet"]);
}

#[test]
fn what_went_wrong_begins_like_a_sentence() {
    let problem = Problem {
        what: "cannot read plans/prod.ron: no such file".into(),
        means: "nothing was opened".into(),
        next: "choose another.".into(),
        raw: String::new(),
    };
    let mut w = Window::new(Snapshot { notice: Some(Arc::new(problem)), ..sample::snapshot() });
    assert!(w.sees("Cannot read plans/prod.ron: no such file"));
    w.click("Show more");
    assert!(w.sees("Nothing was opened"));
    assert_eq!(capital("at least 2 hosts are needed"), "At least 2 hosts are needed");
    for as_written in ["oai-prod-eastus does not answer", "plans/prod.ron: gone", "7 hosts", "East US", ""] {
        assert_eq!(capital(as_written), as_written);
    }
}

#[test]
fn the_field_of_the_palette_stays_where_it_is() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.ctrl(Key::K);
    w.harness.run();
    let at = |w: &Window| w.harness.get_by_role(Role::TextInput).rect();
    let before = at(&w);
    w.type_text("freeze health");
    w.harness.run();
    assert_eq!(at(&w), before, "few matches");
    w.type_text("zzzz");
    w.harness.run();
    assert_eq!(at(&w), before, "none");
}

#[test]
fn an_error_of_a_runbook_is_counted_once_whatever_plans_repeat_it() {
    let mut s = sample::on_call();
    let library = Arc::make_mut(&mut s.library);
    library.runbooks.iter_mut().for_each(|r| r.findings = (0, 0));
    library.plans.iter_mut().for_each(|p| p.errors = 0);
    library.diagnostics.clear();
    let mut book = library.runbooks[0].clone();
    (book.id, book.title, book.name) = ("own".into(), "own.ron".into(), "/plans/own.ron".into());
    book.findings = (3, 0);
    library.runbooks.push(book);
    for (name, errors) in [("one", 3), ("two", 4)] {
        let mut plan = library.plans[0].clone();
        (plan.id, plan.name, plan.runbook, plan.errors) = (name.into(), name.into(), "own".into(), errors);
        library.plans.push(plan);
    }
    let w = Window::new(s);
    assert!(w.sees("Runbooks, 4 errors"), "three of the runbook, and one of the second plan's own");
}
