//! The other half of the facilitator's window: what the operator is at, who can be reached, what is expected, how it would
//! be scored now, and notes.

use eframe::egui::{Align, Frame, Layout, Margin, ScrollArea, Ui};

use super::{Field, State};
use crate::desk::protocol::{Command, FacilitateIntent};
use crate::desk::snapshot::Facilitator;
use crate::ui::screens::rehearse::reached;
use crate::ui::theme;
use crate::ui::view::Cx;
use crate::ui::widgets::text::{copyable, cut, small, wrapped};
use crate::ui::widgets::{Button, body, bold, hairline, heading, secondary};
use crate::units::utc_clock;

/// More notes than this are in the record.
const MOST: usize = 50;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, f: &Facilitator, state: &mut State) {
    ScrollArea::vertical().id_salt("room").auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { left: 0, right: 4, top: 14, bottom: 14 }).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            heading(ui, "The operator is at");
            let at = if f.operator_at.is_empty() { "no step" } else { &f.operator_at };
            copyable(ui, body(at));
            if let Some(run) = cx.snap.run.as_ref().filter(|r| !r.waits.is_empty()) {
                wrapped(ui, small(ui, &run.waits));
            }
            people(ui, cx, f, state);
            score(ui, f);
            notes(ui, f);
        });
    });
}

fn people(ui: &mut Ui, cx: &Cx, f: &Facilitator, state: &mut State) {
    if f.people.is_empty() {
        return;
    }
    hairline(ui, 8.0);
    heading(ui, "People");
    for (i, (who, there)) in f.people.iter().enumerate() {
        // The name in full, and under it what is known and what can be done.
        cut(ui, body(who));
        ui.horizontal(|ui| {
            ui.set_height(theme::ROW);
            let word = if *there { "can be reached" } else { "cannot be reached" };
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let (label, name) = if *there {
                    ("Make unavailable", format!("Make {who} unavailable"))
                } else {
                    ("Make available", format!("Make {who} available again"))
                };
                let (response, pressed) = Button::new(label).name(&name).small().id(("person", who)).show_response(ui);
                if i == 0 && state.focus.take_if(|f| *f == Field::People).is_some() {
                    response.request_focus();
                }
                if pressed {
                    cx.send(Command::Facilitate(FacilitateIntent::Unavailable(who.clone(), *there)));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| cut(ui, small(ui, word)));
            });
        });
    }
}

fn score(ui: &mut Ui, f: &Facilitator) {
    if f.score.of == 0 {
        return;
    }
    hairline(ui, 8.0);
    heading(ui, "Expected, and the score if it ended now");
    ui.label(bold(format!("{} of {} points", f.score.points, f.score.of)));
    for (i, (what, points, of, why)) in f.score.lines.iter().enumerate() {
        ui.push_id(("score", i), |ui| {
            ui.horizontal_top(|ui| {
                reached(ui, *points, *of);
                ui.vertical(|ui| {
                    ui.set_width(ui.available_width());
                    ui.spacing_mut().item_spacing.y = 0.0;
                    copyable(ui, body(format!("{what}: {points} of {of} points")));
                    if !why.is_empty() {
                        copyable(ui, small(ui, why));
                    }
                });
            });
        });
    }
}

fn notes(ui: &mut Ui, f: &Facilitator) {
    hairline(ui, 8.0);
    heading(ui, "Notes");
    if f.notes.is_empty() {
        wrapped(ui, secondary(ui, "None yet."));
    }
    for (i, n) in f.notes.iter().rev().take(MOST).enumerate() {
        ui.push_id(("note", i), |ui| copyable(ui, body(format!("{} {}", utc_clock(n.at), n.text))));
    }
}
