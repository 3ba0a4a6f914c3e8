//! The list of scenarios, by system: what each teaches, how long it takes, how it went last.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, FontId, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{chosen, last_of, points, shown};
use crate::desk::snapshot::ScenarioRow;
use crate::runbook::model::System;
use crate::ui::theme::{self, BODY, RADIUS, SMALL};
use crate::ui::view::{Cx, View};
use crate::ui::widgets::button::{focus_ring, into_sight};
use crate::ui::widgets::text::{line, small, wrapped};
use crate::ui::widgets::{self, bold, heading, link};
use crate::units::Millis;

/// With fewer there is nothing to search for.
const MANY: usize = 6;
/// Height of a card: title, what it teaches, figures.
const CARD: f32 = 68.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let library = &cx.snap.library;
    ui.spacing_mut().item_spacing.y = 2.0;
    if library.scenarios.len() > MANY {
        let field = widgets::field(ui, "Search", &mut view.rehearse.filter, false, f32::INFINITY);
        if std::mem::take(&mut view.focus_field) {
            field.request_focus();
        }
        ui.add_space(10.0);
    }
    let all = shown(library, &view.rehearse.filter);
    if all.is_empty() {
        wrapped(ui, bold("No scenario has these words."));
        if link(ui, "Show all", "") {
            view.rehearse.filter.clear();
        }
        return;
    }
    let selected = chosen(&view.rehearse, library).map(|s| s.id.as_str());
    let mut before = None;
    for (system, s) in all {
        if before != Some(system) {
            if before.is_some() {
                ui.add_space(12.0);
            }
            heading(ui, system.map_or("Other systems", System::display));
            ui.add_space(2.0);
            before = Some(system);
        }
        let pressed = ui.push_id(&s.id, |ui| {
            let response = card(ui, cx, s, selected == Some(&s.id));
            if selected == Some(&s.id) && view.rehearse.follow {
                response.scroll_to_me(None);
                view.rehearse.follow = false;
            }
            response.clicked()
        });
        if pressed.inner {
            view.rehearse.scenario = Some(s.id.clone());
            view.rehearse.set_up = true;
        }
    }
}

/// `30 min`, or nothing where nobody said.
pub fn minutes(s: &ScenarioRow) -> String {
    if s.minutes > 0 { format!("about {}", Millis::from_mins(u64::from(s.minutes))) } else { String::new() }
}

fn figures(s: &ScenarioRow) -> String {
    let strategies: Vec<_> = s.strategies.iter().map(|s| s.display()).collect();
    let parts = [minutes(s), strategies.join(", ")];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn card(ui: &mut Ui, cx: &Cx, s: &ScenarioRow, selected: bool) -> egui::Response {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), CARD), Sense::click());
    let last =
        last_of(cx.snap, &s.id).map(|r| format!("{}{}", if r.tabletop { "tabletop: " } else { "" }, points(r.score)));
    let known = last.is_some();
    let last = last.unwrap_or_else(|| "not rehearsed yet".to_owned());
    let figures = figures(s);
    response.widget_info(|| {
        let sentence = format!("{}. {} {figures}. Last: {last}", s.title, s.about);
        WidgetInfo::selected(Role::ListBoxOption, true, selected, sentence)
    });
    if !ui.is_rect_visible(rect) {
        into_sight(ui, &response);
        return response;
    }
    if selected || response.hovered() {
        let fill = if selected { t.raised } else { t.hovered() };
        ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
    }
    if selected {
        widgets::layout::edge(ui, rect, t.accent, 2.0, RADIUS);
    }
    let (left, right) = (rect.left() + 12.0, rect.right() - 10.0);
    let ran = if known { last.as_str() } else { "" };
    let note = line(ui, ran, FontId::proportional(SMALL), t.secondary, 130.0);
    let end = right - note.size().x;
    let font = if selected { FontId::new(BODY, theme::bold()) } else { FontId::proportional(BODY) };
    let title = line(ui, &s.title, font, t.text, end - left - if known { 10.0 } else { 0.0 });
    let about = line(ui, &s.about, FontId::proportional(SMALL), t.secondary, right - left);
    let under = line(ui, &figures, FontId::proportional(SMALL), t.secondary, right - left);
    let p = ui.painter();
    p.galley(pos2(left, rect.top() + 8.0), title, t.text);
    p.galley(pos2(end, rect.top() + 9.0), note, t.secondary);
    p.galley(pos2(left, rect.top() + 28.0), about, t.secondary);
    p.galley(pos2(left, rect.top() + 46.0), under, t.secondary);
    focus_ring(ui, &response, rect.shrink(2.0));
    response
}

/// Where nothing is chosen, why.
pub fn nothing(ui: &mut Ui) {
    wrapped(ui, small(ui, "Choose a scenario."));
}
