//! The chosen endpoint: how far the newest call went and how long each stage took, and everything known about it, to copy.

use std::fmt::Write;

use eframe::egui::accesskit::Role;
use eframe::egui::{FontId, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::endpoints::{figure, toggle_pin};
use super::state::SituationView;
use crate::desk::snapshot::{EndpointRow, Situation};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, SMALL};
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::text::{copyable, line, small};
use crate::ui::widgets::{Button, body, bold, hairline, mark, row};
use crate::units::Millis;

const LABEL: f32 = 100.0;
const STAGE: f32 = 20.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, s: &Situation, view: &SituationView) {
    let Some(e) = view.shown(s) else { return };
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.horizontal_top(|ui| {
        mark(ui, e.mark);
        ui.vertical(|ui| {
            ui.set_width(ui.available_width());
            copyable(ui, bold(&e.id));
            copyable(ui, body(sentence_of(e)));
        });
    });
    hairline(ui, 2.0);
    let asked = e.at.map_or_else(|| "not asked yet".to_owned(), |at| cx.ago(at));
    ui.label(small(ui, format!("Newest call, {asked}")));
    stages(ui, e);
    hairline(ui, 2.0);
    let calls = match e.calls {
        (_, 0) => "none yet".to_owned(),
        (good, all) => format!("{good} of {all} answered"),
    };
    row(ui, LABEL, "Last hour", |ui| copyable(ui, body(calls)));
    row(ui, LABEL, "URL", |ui| copyable(ui, body(&e.address)));
    for (what, value) in &e.facts {
        row(ui, LABEL, what, |ui| copyable(ui, body(value)));
    }
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        let pin = if e.pinned { "Do not keep on top" } else { "Keep on top" };
        if Button::new(pin).small().key(intent::key_text(Intent::Pin)).show(ui)
            && let Some(act) = toggle_pin(s, view)
        {
            cx.act(act);
        }
        if Button::new("Copy all of it").small().show(ui) {
            cx.act(Act::Copy(all(e), "What is known of this endpoint"));
        }
    });
}

fn sentence_of(e: &EndpointRow) -> String {
    let region = if e.region.is_empty() { String::new() } else { format!("{} · ", e.region) };
    let comma = if e.figure.is_empty() { "" } else { ", " };
    format!("{region}{} · {}{comma}{}", e.kind, e.word, figure(e))
}

/// The stages, in their order.
fn parts(e: &EndpointRow) -> [(&'static str, Option<Millis>); 4] {
    let s = &e.stages;
    [("DNS", s.dns), ("TCP", s.connect), ("TLS", s.tls), ("first byte", s.first_byte)]
}

fn time(took: Millis) -> String {
    if took.0 == 0 { "under 1 ms".to_owned() } else { took.to_string() }
}

/// One under the other, each beginning where the one before ended.
fn stages(ui: &mut Ui, e: &EndpointRow) {
    let t = theme::of(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let parts = parts(e);
    let whole = parts.iter().filter_map(|(_, d)| *d).map(|d| d.0).sum::<u64>().max(1) as f32;
    let last = parts.iter().rposition(|(_, d)| d.is_some());
    let mut done = 0.0;
    for (i, (name, took)) in parts.into_iter().enumerate() {
        let text = match took {
            Some(took) => time(took),
            None if last.is_some_and(|last| i < last) => "not needed".to_owned(),
            None => "not reached".to_owned(),
        };
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), STAGE), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {text}")));
        let y = rect.center().y;
        let put = |text: &str, x: f32, right: bool| {
            let ink = if took.is_some() { t.text } else { t.secondary };
            let galley = line(ui, text, FontId::proportional(SMALL), ink, 90.0);
            let x = if right { x - galley.size().x } else { x };
            ui.painter().galley(pos2(x, y - galley.size().y / 2.0), galley, ink);
        };
        put(name, rect.left(), false);
        put(&text, rect.right(), true);
        let (from, to) = (rect.left() + 72.0, rect.right() - 84.0);
        ui.painter().hline(from..=to, rect.bottom() - 0.5, Stroke::new(1.0, t.line.gamma_multiply(0.6)));
        if let Some(took) = took {
            let share = |ms: f32| from + (to - from).max(0.0) * ms / whole;
            let end = (share(done + took.0 as f32)).max(share(done) + 2.0);
            let bar = Rect::from_min_max(pos2(share(done), y - 4.0), pos2(end, y + 4.0));
            ui.painter().rect_filled(bar, 1.0, t.secondary);
            done += took.0 as f32;
        }
    }
    ui.spacing_mut().item_spacing.y = 4.0;
}

/// As text, for a ticket or a colleague.
fn all(e: &EndpointRow) -> String {
    let mut text = format!("{}: {}\nURL: {}\n", e.id, sentence_of(e), e.address);
    for (name, took) in parts(e) {
        if let Some(took) = took {
            let _ = writeln!(text, "{name}: {}", time(took));
        }
    }
    for (what, value) in &e.facts {
        let _ = writeln!(text, "{what}: {value}");
    }
    text
}
