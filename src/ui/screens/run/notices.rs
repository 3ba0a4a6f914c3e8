//! What concerns the whole run, above the step: handed over, not writable, closed, paused, being taken back, waiting.

use eframe::egui::{FontId, RichText, Ui};

use crate::desk::snapshot::{RunView, Score};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, Screen};
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{Button, banner, body, bold, row};

/// Over a run that goes on elsewhere.
pub const HANDED_OVER: &str = "Handed over: here this run is only read";
/// Over a run whose record cannot be written.
pub const NOT_WRITTEN: &str = "The record cannot be written: actions are refused, reading goes on";
/// Steps named in the banner; the rest is counted.
const NAMED: usize = 4;

/// Draws those that there are.
pub fn show(ui: &mut Ui, cx: &Cx, run: &RunView) {
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
            ui.add_space(4.0);
            ui.horizontal_wrapped(|ui| {
                if run.closed.is_none() {
                    act(ui, "Take the run back…", Intent::TakeRunBack);
                }
                record(ui, cx, run);
                act(ui, "Leave the run", Intent::Leave);
            });
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
    if let Some(how) = &run.closed {
        banner(ui, t.accent, |ui| {
            copyable(ui, bold(how));
            if let Some(score) = &run.score {
                self::score(ui, score);
            }
            ui.add_space(4.0);
            ui.horizontal_wrapped(|ui| {
                record(ui, cx, run);
                act(ui, "Leave the run", Intent::Leave);
            });
        });
        ui.add_space(16.0);
    }
    if let Some(why) = &run.paused {
        banner(ui, t.suspect, |ui| {
            ui.label(bold("The run is paused"));
            copyable(ui, body(why));
            ui.add_space(4.0);
            act(ui, "Go on", Intent::Pause);
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

fn record(ui: &mut Ui, cx: &Cx, run: &RunView) {
    if Button::new("See the record").small().show(ui) {
        cx.send(crate::desk::protocol::Command::ShowRecord(run.id.clone()));
        cx.act(Act::Go(Screen::Audit));
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

fn score(ui: &mut Ui, s: &Score) {
    ui.add_space(4.0);
    ui.label(RichText::new(format!("{} of {} points", s.points, s.of)).font(FontId::new(18.0, theme::bold())));
    for (i, (what, points, of, why)) in s.lines.iter().enumerate() {
        ui.push_id(i, |ui| {
            row(ui, 56.0, &format!("{points} / {of}"), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                copyable(ui, body(what));
                if !why.is_empty() {
                    copyable(ui, small(ui, why));
                }
            });
        });
    }
}
