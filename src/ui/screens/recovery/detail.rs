//! One deleted thing: what is known of it, what is in the way, what to do, and the button that begins it.

use eframe::egui::{ScrollArea, Ui};

use super::shape;
use crate::desk::snapshot::{DeletedRow, Mark};
use crate::ui::intent::{self, Intent};
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::text::{copyable, small};
use crate::ui::widgets::{Button, body, bold, link, mark, mono, row, secondary, verdict};

/// Column of the labels.
const LABELS: f32 = 84.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, r: &DeletedRow) {
    let alarm = r.alarm(cx.now.wall);
    ui.horizontal_wrapped(|ui| {
        if let Some(shape) = shape(alarm) {
            let _ = mark(ui, shape).on_hover_text(alarm.word());
        }
        ui.label(bold(&r.name));
        ui.label(secondary(ui, format!("{} · {} · {}", r.what, alarm.word(), super::left(cx, r))));
    });
    ScrollArea::vertical().id_salt(&r.id).auto_shrink([false, false]).show(ui, |ui| {
        copyable(ui, body(&r.advice));
        ui.horizontal_wrapped(|ui| {
            if r.runbook.is_some() {
                let key = intent::key_text(Intent::Confirm);
                if Button::new("Recover…").primary().key(key).id(&r.id).show(ui) {
                    cx.act(Act::Do(Intent::Confirm));
                }
                ui.label(small(ui, "Begins a plan, filled in with what is known. It changes nothing yet."));
            }
        });
        ui.add_space(4.0);
        for (i, (text, certain)) in r.blockers.iter().enumerate() {
            ui.push_id(i, |ui| {
                row(ui, LABELS, if i == 0 { "in the way" } else { "" }, |ui| {
                    ui.horizontal_top(|ui| {
                        verdict(ui, if *certain { Some(false) } else { None });
                        copyable(ui, body(text));
                    });
                });
            });
        }
        if let Some((text, _, certain)) = &r.wanted {
            row(ui, LABELS, "wanted", |ui| {
                ui.horizontal_top(|ui| {
                    mark(ui, if *certain { Mark::Degraded } else { Mark::Unknown });
                    copyable(ui, body(text));
                });
            });
        }
        for (label, text) in
            [("in", format!("{} · group {} · {}", r.subscription, r.group, r.region))].iter().chain(&r.facts)
        {
            row(ui, LABELS, label, |ui| copyable(ui, secondary(ui, text)));
        }
        if !r.by_hand.is_empty() {
            row(ui, LABELS, "by hand", |ui| {
                let commands = r.by_hand.join("\n");
                copyable(ui, mono(&commands));
                if link(ui, "Copy the command", "") {
                    cx.act(Act::Copy(commands, "The command"));
                }
            });
        }
    });
}
