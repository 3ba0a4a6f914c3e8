//! Runs on this computer, and the record of one: who did what and when, provably unaltered or not.

use std::sync::Arc;

use eframe::egui::{self, Align, CentralPanel, Frame, Layout, Margin, Panel, ScrollArea, Stroke, Ui, vec2};

use crate::desk::protocol::Command;
use crate::desk::snapshot::{Record, RecordRow, RunRow};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, AuditView, Cx, Screen, View, local_clock, utc_minute};
use crate::ui::widgets::layout::{one_or_all, typing_ring};
use crate::ui::widgets::table::table;
use crate::ui::widgets::text::{copyable, cut, small, wrapped};
use crate::ui::widgets::{Button, body, bold, empty, in_line, link, mono, row, secondary, title, verdict};

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let audit = &cx.snap.audit;
    if audit.runs.is_empty() {
        let text = "Every run and every rehearsal writes a record that cannot be altered unnoticed. The first one will stand here.";
        super::page(ui, view, "no-runs", |ui, _| {
            empty(ui, "No run yet", text, |ui| {
                let key = intent::key_text(Intent::Go(Screen::Rehearse));
                if Button::new("Rehearse").primary().key(key).show(ui) {
                    cx.act(Act::Go(Screen::Rehearse));
                }
            });
        });
        return;
    }
    let t = theme::of(ui);
    let rows = audit.runs.len().min(5) as f32;
    Panel::top("runs")
        .exact_size(64.0 + (rows + 1.0) * theme::ROW + 16.0)
        .show_separator_line(false)
        .frame(Frame::new().inner_margin(Margin { left: 24, right: 24, top: 20, bottom: 8 }))
        .show(ui, |ui| {
            title(ui, "Audit");
            ui.add_space(4.0);
            runs(ui, cx, &audit.runs);
        });
    if let Some(record) = &audit.shown {
        detail_panel(ui, cx, view, record);
        let frame = Frame::new().inner_margin(Margin { left: 24, right: 24, top: 8, bottom: 12 });
        CentralPanel::no_frame().frame(frame).show(ui, |ui| {
            let rect = ui.max_rect().expand2(vec2(24.0, 8.0));
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            timeline(ui, view, record);
        });
    } else {
        super::page(ui, view, "no-record", |ui, _| {
            wrapped(ui, secondary(ui, "Choose a run above to read its record."));
        });
    }
}

fn runs(ui: &mut Ui, cx: &Cx, runs: &[RunRow]) {
    let shown = cx.snap.audit.shown.as_ref().map(|r| r.run.as_str());
    let wide = ui.available_width() >= 800.0;
    let (started, width) = if wide { ("Started (UTC · local)", 188.0) } else { ("Started (UTC)", 136.0) };
    let columns = [
        ("Run", Some(56.0)),
        ("Plan", None),
        ("Mode", Some(80.0)),
        (started, Some(width)),
        ("Outcome", Some(176.0)),
        ("", Some(96.0)),
    ];
    let clicked = ui.push_id("runs", |ui| {
        table(
            ui,
            "runs",
            &columns,
            runs.len(),
            |i| runs.get(i).is_some_and(|r| Some(r.id.as_str()) == shown),
            |i| {
                runs.get(i)
                    .map_or_else(String::new, |r| format!("Run {}, {}, {}, {}", r.short, r.title, r.mode, r.outcome))
            },
            |ui, i, c| {
                let Some(r) = runs.get(i) else { return };
                match c {
                    0 => cell(ui, mono(&r.short)),
                    1 => cell(ui, body(&r.title)),
                    2 => cell(ui, body(&r.mode)),
                    3 if wide => {
                        cell(ui, body(format!("{} · {}", utc_minute(r.started), local_clock(r.started, false))));
                    }
                    3 => cell(ui, body(utc_minute(r.started))),
                    4 => cell(ui, body(&r.outcome)),
                    _ if r.open => {
                        ui.push_id(&r.id, |ui| {
                            if link(ui, "Go on with it", "") {
                                cx.send(Command::OpenRun(r.id.clone()));
                                cx.act(Act::Go(Screen::Run));
                            }
                        });
                    }
                    _ => {}
                }
            },
        )
    });
    if let Some(r) = clicked.inner.and_then(|i| runs.get(i)) {
        cx.send(Command::ShowRecord(r.id.clone()));
    }
}

fn cell(ui: &mut Ui, text: egui::RichText) {
    cut(ui, text);
}

/// Sorted out again only when record, filter or kind have changed.
fn refresh(view: &mut AuditView, record: &Arc<Record>) {
    let same = view
        .made_for
        .as_ref()
        .is_some_and(|(r, filter, kind)| Arc::ptr_eq(r, record) && *filter == view.filter && *kind == view.kind);
    if same {
        return;
    }
    let other = view.made_for.as_ref().is_none_or(|(r, ..)| r.run != record.run);
    if other {
        view.selected = None;
    }
    let mut kinds: Vec<String> = record.rows.iter().map(|r| r.kind.clone()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    view.kinds = kinds;
    let wanted = view.filter.trim().to_lowercase();
    let passes = |r: &RecordRow| {
        (view.kind.is_empty() || r.kind == view.kind)
            && (wanted.is_empty()
                || [&r.text, &r.kind, &r.step, &r.actor].iter().any(|s| s.to_lowercase().contains(&wanted)))
    };
    view.rows = record.rows.iter().enumerate().filter(|(_, r)| passes(r)).map(|(i, _)| i).collect();
    view.made_for = Some((record.clone(), view.filter.clone(), view.kind.clone()));
}

fn timeline(ui: &mut Ui, view: &mut View, record: &Arc<Record>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(bold(&record.summary));
        ui.add_space(8.0);
        for (i, v) in record.badge.iter().enumerate() {
            ui.push_id(i, |ui| {
                verdict(ui, v.proven);
                ui.label(small(ui, &v.word)).on_hover_text(&v.sentence);
                ui.add_space(8.0);
            });
        }
    });
    in_line(ui, |ui| {
        let name = ui.label(small(ui, "Filter"));
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut view.audit.filter)
                    .desired_width(240.0)
                    .margin(Margin::symmetric(10, 6)),
            )
            .labelled_by(name.id);
        typing_ring(ui, &field);
        if view.focus_field {
            field.request_focus();
            view.focus_field = false;
        }
        one_or_all(ui, "Kind", &mut view.audit.kind, &view.audit.kinds);
        refresh(&mut view.audit, record);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(small(ui, format!("{} of {} entries", view.audit.rows.len(), record.rows.len())));
        });
    });
    ui.add_space(4.0);
    let columns =
        [("No.", Some(56.0)), ("UTC", Some(72.0)), ("Kind", Some(128.0)), ("Who", Some(96.0)), ("What", None)];
    let rows = &view.audit.rows;
    let at = |i: usize| rows.get(i).and_then(|n| record.rows.get(*n));
    let selected = view.audit.selected;
    let clicked = table(
        ui,
        "timeline",
        &columns,
        rows.len(),
        |i| at(i).is_some_and(|r| Some(r.seq) == selected),
        |i| at(i).map_or_else(String::new, |r| format!("Entry {}, {}, {}: {}", r.seq, r.time, r.actor, r.text)),
        |ui, i, c| {
            let Some(r) = at(i) else { return };
            match c {
                0 => cell(ui, secondary(ui, r.seq.to_string())),
                1 => cell(ui, body(&r.time)),
                2 => cell(ui, secondary(ui, &r.kind)),
                3 => cell(ui, body(&r.actor)),
                _ => cell(ui, body(&r.text)),
            }
        },
    );
    if let Some(seq) = clicked.and_then(at).map(|r| r.seq) {
        view.audit.selected = Some(seq);
    }
}

/// The entry above or below the selected one, among those that pass the filter.
pub fn move_selection(view: &mut AuditView, record: &Record, down: bool) {
    let now =
        view.selected.and_then(|seq| view.rows.iter().position(|i| record.rows.get(*i).is_some_and(|r| r.seq == seq)));
    let last = view.rows.len().saturating_sub(1);
    let next = match (now, down) {
        (None, _) => 0,
        (Some(i), true) => (i + 1).min(last),
        (Some(i), false) => i.saturating_sub(1),
    };
    view.selected = view.rows.get(next).and_then(|i| record.rows.get(*i)).map(|r| r.seq);
}

fn detail_panel(ui: &mut Ui, cx: &Cx, view: &mut View, record: &Arc<Record>) {
    let Some(r) = view.audit.selected.and_then(|seq| record.rows.iter().find(|r| r.seq == seq)) else { return };
    let t = theme::of(ui);
    let height = (ui.available_height() * 0.42).clamp(120.0, 260.0);
    Panel::bottom("detail")
        .exact_size(height)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.panel).inner_margin(Margin { left: 24, right: 24, top: 12, bottom: 8 }))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(vec2(24.0, 12.0));
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            ScrollArea::vertical().id_salt(r.seq).auto_shrink([false, false]).show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(bold(format!("Entry {}", r.seq)));
                    ui.label(secondary(ui, format!("{} · {} · {}", r.time, r.actor, r.kind)));
                    ui.add_space(8.0);
                    if link(ui, "Copy the entry", "") {
                        cx.act(Act::Copy(r.raw.to_string(), "The entry"));
                    }
                });
                copyable(ui, body(&r.text));
                for line in &r.more {
                    copyable(ui, body(line));
                }
                ui.add_space(4.0);
                row(ui, 56.0, "hash", |ui| copyable(ui, mono(&r.hash)));
                row(ui, 56.0, "stored", |ui| copyable(ui, mono(&*r.raw).color(t.secondary)));
            });
        });
}
