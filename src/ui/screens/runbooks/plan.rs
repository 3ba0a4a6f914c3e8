//! A plan, phase by phase: what is automated, where data may be lost, who has to agree, and its start.

use eframe::egui::accesskit::Role;
use eframe::egui::{Sense, Ui, WidgetInfo, vec2};

use super::{checks, ready, trust};
use crate::desk::protocol::{Command, DraftIntent};
use crate::desk::snapshot::{PhaseView, PlanPreview};
use crate::ui::intent::{self, Intent};
use crate::ui::screens::cannot_start;
use crate::ui::screens::run::checklist_heading;
use crate::ui::theme::ROW;
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::paint_step_row;
use crate::ui::widgets::text::{copyable, small};
use crate::ui::widgets::{Button, body, card, link, row, secondary, title};

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, p: &PlanPreview) {
    ui.set_max_width(ui.available_width().min(860.0));
    ui.label(small(ui, format!("Plan {} · {}", p.plan, p.strategy.display())));
    title(ui, &p.title);
    ui.label(secondary(ui, &p.totals));
    ui.add_space(12.0);
    trust::banner(ui, cx, p);
    super::strategies(ui, &p.strategies, Some(p.strategy), |s| {
        cx.send(Command::PreviewPlan { plan: p.name.clone(), strategy: Some(s) });
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        let busy = cannot_start(cx.snap).or(trust::cannot_start(p));
        let key = intent::key_text(Intent::Confirm);
        if Button::new("Start a dry run").primary().key(key).refused(busy).show(ui) {
            cx.act(Act::Do(Intent::Confirm));
        }
        let key = intent::key_text(Intent::Change);
        let live = format!("Start live run… · {}", ready::short(cx, &p.readiness));
        if Button::new(&live).key(key).guarded(true).refused(busy).show(ui) {
            cx.act(Act::Do(Intent::Change));
        }
    });
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        if Button::new("Edit…").small().show(ui) {
            cx.send(Command::Draft(DraftIntent::Edit(p.name.clone())));
        }
        for (label, html) in [("Print as PDF", false), ("Print as HTML", true)] {
            if Button::new(label).small().show(ui) {
                cx.send(Command::PrintPlan { plan: p.name.clone(), strategy: p.strategy, html });
            }
        }
    });
    if let Some(path) = &cx.snap.library.printed {
        ui.horizontal_wrapped(|ui| {
            copyable(ui, small(ui, format!("Printed: {}", path.display())));
            if link(ui, "Open it", "") {
                ui.ctx().open_url(eframe::egui::OpenUrl::new_tab(format!("file://{}", path.display())));
            }
        });
    }
    if let Some(why) = cannot_start(cx.snap).or(trust::cannot_start(p)) {
        ui.label(small(ui, why));
    }
    ui.add_space(8.0);
    ready::line(ui, cx, &p.readiness);
    ui.add_space(12.0);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        for (label, text) in &p.facts {
            row(ui, 168.0, label, |ui| copyable(ui, body(text)));
        }
    });
    ui.add_space(12.0);
    checks::show(ui, cx, p);
    ui.add_space(12.0);
    phases(ui, &p.phases);
}

/// Phases with their steps.
pub fn phases(ui: &mut Ui, phases: &[PhaseView]) {
    ui.spacing_mut().item_spacing.y = 0.0;
    for (i, phase) in phases.iter().enumerate() {
        ui.push_id((i, &phase.name), |ui| {
            ui.add_space(8.0);
            checklist_heading(ui, phase);
            for s in &phase.steps {
                ui.push_id(&s.id, |ui| {
                    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &s.sentence));
                    paint_step_row(ui, rect, s, false);
                });
            }
        });
    }
}
