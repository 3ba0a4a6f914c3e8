//! The first start: three ways in, the safest one first.

use eframe::egui::{Ui, vec2};

use crate::clock::Speed;
use crate::desk::protocol::Command;
use crate::desk::snapshot::Snapshot;
use crate::runbook::model::Strategy;
use crate::ui::intent::{self, Intent};
use crate::ui::view::{Act, Cx, Screen, View};
use crate::ui::widgets::text::wrapped;
use crate::ui::widgets::{Button, bold, card, secondary, title};

/// Nothing is open, nothing is watched, and nothing was ever run here.
pub fn wanted(snap: &Snapshot) -> bool {
    snap.run.is_none() && !snap.situation.watching && snap.audit.runs.is_empty()
}

/// The rehearsal one click starts: the whole of a lost region, at real pace.
pub fn first_rehearsal() -> Command {
    Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: Some(Strategy::HotWarm),
        speed: Speed::Times(1),
        seed: 1,
        tabletop: false,
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    super::page(ui, view, "start", |ui, view| {
        let width = ui.available_width().min(640.0);
        let side = (ui.available_width() - width) / 2.0;
        let above = ((ui.clip_rect().height() - 520.0) / 2.0).max(12.0);
        ui.add_space(above);
        ui.horizontal_top(|ui| {
            ui.add_space(side);
            ui.vertical(|ui| {
                ui.set_width(width);
                offers(ui, cx, view);
            });
        });
    });
}

fn offers(ui: &mut Ui, cx: &Cx, view: &mut View) {
    title(ui, "When a region fails, one step at a time");
    ui.add_space(8.0);
    let text = "Lifeboat tells a lost region from a broken network, walks you through moving the workload, and keeps a \
                record that proves what was done. Everything needed is on this computer.";
    wrapped(ui, secondary(ui, text));
    ui.add_space(24.0);
    offer(
        ui,
        "Try a rehearsal",
        "East US is lost at three in the morning. You have half an hour, a simulated Azure that answers like the real one, \
         and nothing to break.",
        |ui| {
            let go = Button::new("Start the rehearsal").primary().key(intent::key_text(Intent::Confirm)).width(200.0);
            if go.refused(cx.snap.busy.as_deref()).show(ui) {
                cx.send(first_rehearsal());
            }
        },
    );
    offer(ui, "Open a runbook", "Read what would be done, phase by phase, or bring your own file.", |ui| {
        let key = intent::key_text(Intent::Go(Screen::Runbooks));
        if Button::new("Runbooks").key(key).width(200.0).show(ui) {
            view.focus_field = true;
            cx.act(Act::Go(Screen::Runbooks));
        }
    });
    offer(ui, "Connect Azure", "Watch the real regions with the sign-in this computer already has.", |ui| {
        if Button::new("How to connect").key(intent::key_text(Intent::Go(Screen::Settings))).width(200.0).show(ui) {
            cx.act(Act::Go(Screen::Settings));
        }
    });
}

fn offer(ui: &mut Ui, name: &str, text: &str, add: impl FnOnce(&mut Ui)) {
    ui.push_id(name, |ui| {
        card(ui, |ui| {
            ui.horizontal_top(|ui| {
                let words = ui.available_width() - 216.0;
                ui.allocate_ui(vec2(words, 0.0), |ui| {
                    ui.vertical(|ui| {
                        ui.set_width(words);
                        ui.label(bold(name));
                        wrapped(ui, secondary(ui, text));
                    });
                });
                ui.add_space(8.0);
                ui.vertical(|ui| {
                    ui.add_space(5.0);
                    add(ui);
                });
            });
        });
        ui.add_space(12.0);
    });
}
