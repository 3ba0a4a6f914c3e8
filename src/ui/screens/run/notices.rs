//! What concerns the whole run, above the step: handed over, not writable, closed, paused, being taken back, waiting.

use eframe::egui::Ui;

use super::outcome;
use crate::desk::snapshot::RunView;
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{Button, banner, body, bold};

/// Over a run that goes on elsewhere.
pub const HANDED_OVER: &str = "Handed over: here this run is only read";
/// Over a run whose record cannot be written.
pub const NOT_WRITTEN: &str = "The record cannot be written: actions are refused, reading goes on";
/// Steps named in the banner; the rest is counted.
const NAMED: usize = 4;

/// Draws those that there are.
pub fn show(ui: &mut Ui, cx: &Cx, view: &View, run: &RunView) {
    let t = theme::of(ui);
    let act = |ui: &mut Ui, label: &str, intent| {
        if Button::new(label).small().key(intent::key_text(intent)).show(ui) {
            cx.act(Act::Do(intent));
        }
    };
    if let Some(to) = &run.papers.handed_over {
        banner(ui, t.accent, |ui| {
            ui.label(bold(HANDED_OVER));
            copyable(ui, body(to));
        });
        ui.add_space(12.0);
    }
    if let Some(why) = &run.read_only {
        banner(ui, t.down, |ui| {
            ui.label(bold(NOT_WRITTEN));
            copyable(ui, body(why));
            ui.add_space(4.0);
            act(ui, "Try again", Intent::RetryJournal);
        });
        ui.add_space(12.0);
    }
    if let Some(why) = run.weak.as_ref().filter(|_| run.closed.is_none()) {
        banner(ui, t.suspect, |ui| copyable(ui, body(why)));
        ui.add_space(12.0);
    }
    if let Some(how) = run.closed.as_ref().filter(|_| !outcome::shown(view, run)) {
        banner(ui, t.accent, |ui| copyable(ui, bold(how)));
        ui.add_space(12.0);
    }
    if let Some(why) = run.paused.as_ref().filter(|_| run.closed.is_none()) {
        banner(ui, t.suspect, |ui| {
            ui.label(bold("The run is paused"));
            copyable(ui, body(why));
        });
        ui.add_space(12.0);
    }
    if !run.taking_back.is_empty() {
        banner(ui, t.suspect, |ui| {
            taking_back(ui, run);
            ui.add_space(4.0);
            act(ui, "Stop taking back", Intent::StopTakingBack);
        });
        ui.add_space(12.0);
    }
    if let Some(wait) = &run.long_wait {
        banner(ui, t.accent, |ui| {
            wrapped(ui, body(&wait.text));
            ui.add_space(4.0);
            act(ui, "Jump to the next event", Intent::Jump);
        });
        ui.add_space(12.0);
    }
}

fn taking_back(ui: &mut Ui, run: &RunView) {
    let left = run.taking_back.len();
    ui.label(bold(taking_back_text(run)));
    for (i, id) in run.taking_back.iter().take(NAMED).enumerate() {
        let when = if i == 0 { "now" } else { "then" };
        wrapped(ui, body(format!("{when}: {}", title(run, id))));
    }
    if left > NAMED {
        wrapped(ui, small(ui, format!("and {} more", left - NAMED)));
    }
}

/// How many steps are still to be taken back.
pub fn taking_back_text(run: &RunView) -> String {
    let left = run.taking_back.len();
    let steps = if left == 1 { "1 step is left".to_owned() } else { format!("{left} steps are left") };
    format!("Taking back, one step at a time: {steps}")
}

fn title<'a>(run: &'a RunView, id: &'a str) -> &'a str {
    let mut all = run.phases.iter().flat_map(|p| &p.steps);
    all.find(|s| s.id == id).map_or(id, |s| s.title.as_str())
}
