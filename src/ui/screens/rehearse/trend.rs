//! How rehearsals of a plan went over time: recovery time by segment against the RTO, as bars, and the same as a table for
//! keyboard and screen reader.

use eframe::egui::{Align, CentralPanel, ComboBox, Frame, Layout, Margin, Panel, Stroke, Ui};

use super::{Part, RehearseView, bars, day, duration, open_sheet, points};
use crate::desk::snapshot::{Library, Snapshot, Trend, TrendRun};
use crate::runbook::model::Strategy;
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Cx, View};
use crate::ui::widgets::table::table;
use crate::ui::widgets::text::{cut, small};
use crate::ui::widgets::{Button, body, bold, empty, in_line, secondary};
use crate::units::{Millis, countdown};

/// All columns fit from here on.
const WIDE: f32 = 900.0;

/// The plan whose trend is shown.
pub fn of<'a>(view: &RehearseView, snap: &'a Snapshot) -> Option<&'a Trend> {
    let one = view.plan.as_ref().and_then(|id| snap.trends.iter().find(|t| t.plan == *id));
    one.or(snap.trends.iter().max_by_key(|t| t.runs.last().map(|r| r.at)))
}

/// Its rehearsals, the newest first.
pub fn rows<'a>(view: &RehearseView, snap: &'a Snapshot) -> Vec<&'a TrendRun> {
    let runs = of(view, snap).map_or(&[][..], |t| &t.runs);
    // A filter that was set for another plan would leave nothing, and no button to lift it.
    let strategy = view.strategy.filter(|s| runs.iter().any(|r| r.strategy == *s));
    runs.iter().rev().filter(|r| strategy.is_none_or(|s| r.strategy == s)).collect()
}

/// The one that the keys and the button mean.
pub fn chosen<'a>(view: &RehearseView, snap: &'a Snapshot) -> Option<&'a TrendRun> {
    let all = rows(view, snap);
    let one = view.run.as_ref().and_then(|id| all.iter().find(|r| r.run == *id));
    one.or(all.first()).copied()
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let Some(trend) = of(&view.rehearse, cx.snap) else {
        super::super::page(ui, view, "no-trend", |ui, view| {
            let text = "From the first closed rehearsal on, each plan's recovery times stand here, segment by segment, \
                        against its RTO.";
            empty(ui, "No trend yet", text, |ui| {
                if Button::new("Scenarios").primary().show(ui) {
                    view.rehearse.part = Part::Scenarios;
                }
            });
        });
        return;
    };
    let t = theme::of(ui);
    let rows = rows(&view.rehearse, cx.snap);
    let high = (ui.available_height() * 0.5).clamp(180.0, 360.0);
    Panel::top("trend-plot")
        .exact_size(high)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background).inner_margin(Margin { left: 24, right: 24, top: 12, bottom: 4 }))
        .show(ui, |ui| {
            filters(ui, cx, &mut view.rehearse, trend);
            let oldest_first: Vec<&TrendRun> = rows.iter().rev().copied().collect();
            let run = chosen(&view.rehearse, cx.snap).map(|r| r.run.as_str());
            let left = ui.available_height() - 26.0;
            if let Some(run) = bars::show(ui, left, &oldest_first, run) {
                view.rehearse.run = Some(run.to_owned());
            }
            let names: Vec<&'static str> =
                trend.runs.last().map_or_else(Vec::new, |r| r.segments.iter().map(|(n, _)| *n).collect());
            bars::legend(ui, &names);
        });
    Panel::bottom("trend-actions")
        .exact_size(56.0)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background).inner_margin(Margin { left: 24, right: 24, top: 9, bottom: 10 }))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(eframe::egui::vec2(24.0, 9.0));
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            in_line(ui, |ui| {
                let refused = rows.is_empty().then_some("No rehearsal of this strategy.");
                let key = intent::key_text(Intent::Confirm);
                if Button::new("Open its score sheet").primary().key(key).refused(refused).show(ui) {
                    open_sheet(&mut view.rehearse, cx.snap);
                }
                if let Some(r) = chosen(&view.rehearse, cx.snap) {
                    cut(ui, small(ui, sentence(r, &cx.snap.library)));
                }
            });
        });
    CentralPanel::no_frame()
        .frame(Frame::new().inner_margin(Margin { left: 24, right: 24, top: 4, bottom: 4 }))
        .show(ui, |ui| grid(ui, cx, &mut view.rehearse, trend, &rows));
}

fn filters(ui: &mut Ui, cx: &Cx, view: &mut RehearseView, trend: &Trend) {
    in_line(ui, |ui| {
        let name = ui.label(small(ui, "Plan"));
        let combo = ComboBox::from_id_salt("trend-plan").selected_text(&trend.title).width(200.0).truncate().show_ui(
            ui,
            |ui| {
                for t in cx.snap.trends.iter() {
                    if ui.selectable_label(t.plan == trend.plan, &t.title).clicked() {
                        view.plan = Some(t.plan.clone());
                        (view.strategy, view.run) = (None, None);
                    }
                }
            },
        );
        let _ = combo.response.labelled_by(name.id);
        let mut all: Vec<Strategy> = trend.runs.iter().map(|r| r.strategy).collect();
        all.sort_by_key(|s| Strategy::ALL.iter().position(|x| x == s));
        all.dedup();
        if all.len() > 1 {
            ui.add_space(8.0);
            if Button::new("All strategies").small().selected(view.strategy.is_none()).show(ui) {
                view.strategy = None;
            }
            for s in all {
                if Button::new(s.display()).small().selected(view.strategy == Some(s)).show(ui) {
                    view.strategy = Some(s);
                }
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let one = rto(&rows(view, cx.snap));
            ui.label(small(
                ui,
                one.map_or_else(|| "an RTO for each strategy".to_owned(), |r| format!("RTO {}", Millis(r))),
            ));
        });
    });
}

fn scenario<'a>(r: &'a TrendRun, library: &'a Library) -> &'a str {
    library.scenarios.iter().find(|s| s.id == r.scenario).map_or(&r.scenario, |s| &s.title)
}

/// The RTO that all of them have.
fn rto(rows: &[&TrendRun]) -> Option<u64> {
    let first = rows.first()?.rto;
    rows.iter().all(|r| r.rto == first).then_some(first)
}

/// A rehearsal as one sentence.
fn sentence(r: &TrendRun, library: &Library) -> String {
    let over = match r.rta {
        Some(rta) if rta > r.rto => ", over the RTO",
        Some(_) => ", within the RTO",
        None => "",
    };
    let parts: Vec<String> = r.segments.iter().map(|(n, ms)| format!("{n} {}", duration(*ms))).collect();
    let kind = if r.tabletop { "tabletop, " } else { "" };
    format!(
        "{}: {}, {kind}{}, RTA {}{over}, {}; {}",
        day(r.at),
        scenario(r, library),
        r.strategy.display(),
        duration(r.rta),
        points(r.score),
        parts.join(", ")
    )
}

fn grid(ui: &mut Ui, cx: &Cx, view: &mut RehearseView, trend: &Trend, rows: &[&TrendRun]) {
    let library = &cx.snap.library;
    let wide = ui.available_width() >= WIDE;
    let names: Vec<&'static str> =
        trend.runs.last().map_or_else(Vec::new, |r| r.segments.iter().map(|(n, _)| *n).collect());
    let mut columns: Vec<(&str, Option<f32>)> =
        vec![("When", Some(if wide { 92.0 } else { 56.0 })), ("Scenario", None)];
    if wide {
        columns.push(("Strategy", Some(134.0)));
    }
    columns.push(("RTA", Some(if wide { 80.0 } else { 66.0 })));
    let each = if wide { 80.0 } else { 74.0 };
    columns.extend(names.iter().map(|n| (*n, Some(each))));
    columns.push(("Points", Some(if wide { 68.0 } else { 60.0 })));
    let on = chosen(view, cx.snap).map(|r| r.run.clone());
    let is = |i: usize| rows.get(i).is_some_and(|r| Some(&r.run) == on.as_ref());
    let name = |i: usize| rows.get(i).map_or_else(String::new, |r| sentence(r, library));
    let pressed = table(ui, "trend", &columns, rows.len(), is, name, |ui, i, column| {
        let Some(r) = rows.get(i) else { return };
        let strategy = usize::from(wide);
        let text = match column {
            0 => secondary(ui, if wide { day(r.at) } else { bars::short_day(r.at) }),
            // The mode stays in sight where there is no room for the strategy.
            1 => body(format!("{}{}", if r.tabletop { "Tabletop: " } else { "" }, scenario(r, library))),
            2 if wide => secondary(ui, r.strategy.display()),
            c if c == 2 + strategy => match r.rta {
                Some(rta) if rta > r.rto => bold(countdown(rta)).color(theme::of(ui).down),
                Some(rta) => bold(countdown(rta)),
                None => small(ui, "not known"),
            },
            c if c < 3 + strategy + names.len() => match r.segments.get(c - 3 - strategy).and_then(|(_, ms)| *ms) {
                Some(ms) => body(countdown(ms)),
                None => small(ui, "not known"),
            },
            _ => secondary(ui, r.score.map_or_else(|| "none".to_owned(), |(p, of)| format!("{p} / {of}"))),
        };
        cut(ui, text);
    });
    if let Some(i) = pressed.and_then(|i| rows.get(i)) {
        view.run = Some(i.run.clone());
    }
}
