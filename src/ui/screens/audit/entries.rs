//! The entries of a record, and one of them whole: its words, then the bytes as they are stored.

use std::sync::Arc;

use eframe::egui::{self, Align, CentralPanel, Frame, Layout, Margin, Panel, ScrollArea, Stroke, Ui, vec2};

use super::filter::entry;
use super::{AuditView, Part, verdict_line};
use crate::desk::snapshot::{Record, RecordRow};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, View, utc_minute};
use crate::ui::widgets::layout::{in_line, one_or_all_in, typing_ring};
use crate::ui::widgets::table::table_to;
use crate::ui::widgets::text::{copyable, cut, small};
use crate::ui::widgets::{Button, body, bold, link, mono, row, secondary, verdict};

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, record: &Arc<Record>, low: bool) {
    let chosen = view.audit.selected.filter(|_| view.audit.detail).and_then(|seq| entry(record, seq));
    let frame = Frame::new().inner_margin(Margin { left: 24, right: 24, top: 8, bottom: 12 });
    match chosen {
        // There is no room for both.
        Some(row) if low => {
            CentralPanel::no_frame().frame(frame).show(ui, |ui| detail(ui, cx, &mut view.audit, record, row));
            return;
        }
        Some(row) => {
            let t = theme::of(ui);
            let height = (ui.available_height() * 0.5).clamp(160.0, 320.0);
            Panel::bottom("detail")
                .exact_size(height)
                .show_separator_line(false)
                .frame(Frame::new().fill(t.panel).inner_margin(Margin { left: 24, right: 24, top: 12, bottom: 8 }))
                .show(ui, |ui| {
                    let rect = ui.max_rect().expand2(vec2(24.0, 12.0));
                    ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
                    detail(ui, cx, &mut view.audit, record, row);
                });
        }
        None => {}
    }
    CentralPanel::no_frame().frame(frame).show(ui, |ui| list(ui, cx, view, record));
}

fn list(ui: &mut Ui, cx: &Cx, view: &mut View, record: &Arc<Record>) {
    ui.horizontal_wrapped(|ui| {
        ui.label(bold(&record.summary));
        ui.add_space(8.0);
        verdict_line(ui, cx, record);
        ui.add_space(8.0);
        if link(ui, "What was checked", "") {
            view.audit.part = Part::Integrity;
        }
    });
    ui.add_space(2.0);
    filters(ui, view, record);
    let AuditView { wanted, found, selected, follow, detail, .. } = &mut view.audit;
    let all = found.look(record, wanted);
    let more = if all { "" } else { ", looking …" };
    if !all {
        cx.soon();
    }
    ui.horizontal(|ui| {
        if *wanted != super::Wanted::default() && link(ui, "Show all", "") {
            *wanted = super::Wanted::default();
        }
        let keys = format!(
            "{} {} choose, {} reads one",
            intent::key_text(Intent::StepUp),
            intent::key_text(Intent::StepDown),
            intent::key_text(Intent::Confirm)
        );
        ui.label(small(ui, format!("{} of {} entries{more}", found.rows().len(), record.rows.len())));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(small(ui, keys)));
    });
    let columns = [
        ("No.", Some(56.0)),
        ("UTC", Some(72.0)),
        ("Kind", Some(128.0)),
        ("Step", Some(56.0)),
        ("Who", Some(96.0)),
        ("What", None),
    ];
    let rows = found.rows();
    let at = |i: usize| rows.get(i).and_then(|n| record.rows.get(*n as usize));
    let now = *selected;
    let to = std::mem::take(follow).then(|| now.and_then(|seq| found.place(record, seq))).flatten();
    let clicked = table_to(
        ui,
        "timeline",
        &columns,
        rows.len(),
        to,
        |i| at(i).is_some_and(|r| Some(r.seq) == now),
        |i| at(i).map_or_else(String::new, |r| format!("Entry {}, {}, {}: {}", r.seq, r.time, r.actor, r.text)),
        |ui, i, c| {
            let Some(r) = at(i) else { return };
            match c {
                0 => cut(ui, secondary(ui, r.seq.to_string())),
                1 => cut(ui, body(&r.time)),
                2 => cut(ui, secondary(ui, &r.kind)),
                3 => cut(ui, secondary(ui, &r.step)),
                4 => cut(ui, body(&r.actor)),
                _ => cut(ui, body(&r.text)),
            };
        },
    );
    if let Some(seq) = clicked.and_then(at).map(|r| r.seq) {
        (*selected, *detail) = (Some(seq), true);
    }
}

fn filters(ui: &mut Ui, view: &mut View, record: &Record) {
    let width = ui.available_width();
    let add = |ui: &mut Ui| {
        let wanted = &mut view.audit.wanted;
        let name = ui.label(small(ui, "Filter"));
        let edit = egui::TextEdit::singleline(&mut wanted.text).desired_width(150.0).margin(Margin::symmetric(10, 8));
        let field = ui.add(edit).labelled_by(name.id);
        typing_ring(ui, &field);
        if view.focus_field {
            field.request_focus();
            view.focus_field = false;
        }
        let each = ((width - 376.0) / 3.0).clamp(72.0, 150.0);
        one_or_all_in(ui, "Kind", &mut wanted.family, &record.families, each);
        one_or_all_in(ui, "Step", &mut wanted.step, &record.steps, each);
        one_or_all_in(ui, "Who", &mut wanted.actor, &record.actors, each);
    };
    match width >= 600.0 {
        true => in_line(ui, add),
        false => ui.horizontal_wrapped(add).inner,
    }
}

/// The entry above or below the chosen one, among those that pass the filter.
pub fn move_selection(view: &mut AuditView, record: &Record, down: bool) {
    let now = view.selected.and_then(|seq| view.found.place(record, seq));
    let rows = view.found.rows();
    let next = match (now, down) {
        (None, _) => 0,
        (Some(i), true) => (i + 1).min(rows.len().saturating_sub(1)),
        (Some(i), false) => i.saturating_sub(1),
    };
    view.selected = rows.get(next).and_then(|i| record.rows.get(*i as usize)).map(|r| r.seq);
    view.follow = true;
}

fn detail(ui: &mut Ui, cx: &Cx, view: &mut AuditView, record: &Record, r: &RecordRow) {
    let of = (r.seq, record.checked_at);
    let holds = match view.held {
        Some((before, holds)) if before == of => holds,
        _ => {
            let holds = r.holds();
            view.held = Some((of, holds));
            holds
        }
    };
    ScrollArea::vertical().id_salt(r.seq).auto_shrink([false, false]).show(ui, |ui| {
        let wide = ui.available_width() >= 640.0;
        let head = |ui: &mut Ui| {
            ui.label(bold(format!("Entry {}", r.seq)));
            ui.label(secondary(ui, format!("{} · {} · {}", r.time, r.actor, r.kind)));
            if !r.step.is_empty() {
                ui.label(secondary(ui, format!("step {}", r.step)));
            }
            ui.add_space(8.0);
            if Button::new("Copy the entry").small().show(ui) {
                cx.act(Act::Copy(r.raw.to_string(), "The entry"));
            }
            let key = intent::key_text(Intent::Back);
            if Button::new("Back to the list").small().key(key).show(ui) {
                view.detail = false;
            }
        };
        match wide {
            true => in_line(ui, head),
            false => ui.horizontal_wrapped(head).inner,
        }
        ui.spacing_mut().item_spacing.y = 2.0;
        const LABEL: f32 = 72.0;
        row(ui, LABEL, "what", |ui| {
            copyable(ui, body(&r.text));
            for line in &r.more {
                copyable(ui, body(line));
            }
        });
        row(ui, LABEL, "checked", |ui| {
            ui.horizontal_wrapped(|ui| {
                verdict(ui, Some(holds));
                let text = match holds {
                    true => "the hash was computed from the bytes below when this was opened, and is the same",
                    false => "the bytes below do NOT have this hash",
                };
                ui.label(body(text));
            });
        });
        row(ui, LABEL, "hash", |ui| copyable(ui, mono(&r.hash)));
        row(ui, LABEL, "before it", |ui| copyable(ui, mono(&r.prev)));
        let place = format!("{}, number {}, written {} UTC", r.file, r.seq, utc_minute(r.ts));
        row(ui, LABEL, "stored in", |ui| copyable(ui, mono(place)));
        row(ui, LABEL, "bytes", |ui| copyable(ui, mono(&*r.raw).color(theme::of(ui).secondary)));
    });
}
