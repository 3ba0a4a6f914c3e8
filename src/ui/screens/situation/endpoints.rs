//! Everything that is asked, the worst first. Only the rows on show are laid out; they are sorted out when something
//! changes.

use std::borrow::Cow;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    self, Align, FontId, Layout, Margin, Rect, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::state::SituationView;
use crate::desk::protocol::{Command, WatchIntent};
use crate::desk::snapshot::{EndpointRow, Mark, Situation};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, RADIUS, ROW, SMALL, Tokens};
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::layout::typing_ring;
use crate::ui::widgets::text::{line, small, wrapped};
use crate::ui::widgets::{Button, card, heading, paint_mark};

/// Share of the window's height that the rows take; what is not well comes first.
const SHARE: f32 = 0.28;
/// Width of the pin at the end of a row.
const PIN: f32 = 28.0;

/// Draws filter, head and rows in a window of height `room`. `focus` gives the focus to the filter.
pub fn show(ui: &mut Ui, cx: &Cx, s: &Situation, view: &mut SituationView, (room, focus): (f32, &mut bool)) {
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        tools(ui, s, view, focus);
        ui.add_space(6.0);
        if view.rows.is_empty() {
            let text = if s.endpoints.is_empty() {
                "No endpoint is asked yet."
            } else {
                "No endpoint has all of these words. Esc shows all of them again."
            };
            ui.add_space(4.0);
            wrapped(ui, small(ui, text));
            return;
        }
        let places = Places::of(ui.available_width());
        head(ui, &places);
        let most = (room * SHARE / ROW).floor().clamp(5.0, 16.0);
        rows(ui, cx, s, view, (&places, most));
    });
}

fn tools(ui: &mut Ui, s: &Situation, view: &mut SituationView, focus: &mut bool) {
    let row = Layout::left_to_right(Align::Center).with_main_wrap(true);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), ROW), row, |ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
        heading(ui, "Endpoints");
        let (shown, all) = (view.rows.len(), s.endpoints.len());
        let count = if shown == all { format!("{all}") } else { format!("{shown} of {all}") };
        ui.label(small(ui, count));
        ui.add_space(16.0);
        let name = ui.label(small(ui, format!("Filter {}", intent::key_text(Intent::Filter))));
        let edit = egui::TextEdit::singleline(&mut view.filter)
            .hint_text("Name, region, kind or state")
            .desired_width(240.0)
            .margin(Margin::symmetric(10, 5));
        let field = ui.add(edit).labelled_by(name.id);
        typing_ring(ui, &field);
        if std::mem::take(focus) {
            field.request_focus();
            field.scroll_to_me(None);
        }
        for (listed, name) in [(false, "Worst first"), (true, "As listed")] {
            if Button::new(name).small().selected(view.listed == listed).show(ui) {
                view.listed = listed;
            }
        }
        if let Some(region) = view.region.clone() {
            let name = format!("{region} only  ×");
            let says = format!("Only {region} is listed; show all regions");
            if Button::new(&name).name(&says).small().show(ui) {
                view.region = None;
            }
        }
    });
}

/// Where the columns begin and end; those of least use leave a narrow window first.
struct Places {
    name: (f32, f32),
    region: Option<(f32, f32)>,
    kind: Option<(f32, f32)>,
    state: (f32, f32),
    figure: (f32, f32),
    calls: Option<(f32, f32)>,
    age: Option<(f32, f32)>,
}

impl Places {
    fn of(width: f32) -> Self {
        let mut end = width - PIN;
        let mut from_right = |w: f32, wanted: bool| {
            wanted.then(|| {
                end -= w;
                (end, end + w - 12.0)
            })
        };
        let age = from_right(84.0, width >= 900.0);
        let calls = from_right(96.0, width >= 800.0);
        let figure = from_right(108.0, true).unwrap_or_default();
        let state = from_right((width * 0.3).clamp(132.0, 250.0), true).unwrap_or_default();
        let kind = from_right(108.0, width >= 720.0);
        let region = from_right(132.0, width >= 560.0);
        Self { name: (22.0, end - 12.0), region, kind, state, figure, calls, age }
    }
}

fn head(ui: &mut Ui, at: &Places) {
    let t = theme::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
    let columns = [
        (Some(at.name), "Endpoint", false),
        (at.region, "Region", false),
        (at.kind, "Kind", false),
        (Some(at.state), "State", false),
        (Some(at.figure), "Answers in", true),
        (at.calls, "Last hour", true),
        (at.age, "Asked", true),
    ];
    for (place, text, right) in columns {
        if let Some(place) = place {
            put(ui, rect, place, text, SMALL, t.secondary, right);
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.line));
}

/// One text in its column, cut where it ends.
fn put(ui: &Ui, row: Rect, (from, to): (f32, f32), text: &str, size: f32, ink: egui::Color32, right: bool) {
    if text.is_empty() {
        return;
    }
    let galley = line(ui, text, FontId::proportional(size), ink, to - from);
    let x = if right { row.left() + to - galley.size().x } else { row.left() + from };
    ui.painter().galley(pos2(x, row.center().y - galley.size().y / 2.0), galley, ink);
}

fn rows(ui: &mut Ui, cx: &Cx, s: &Situation, view: &mut SituationView, (at, most): (&Places, f32)) {
    let height = ROW * most.min(view.rows.len() as f32);
    let mut area = ScrollArea::vertical().id_salt("endpoints").max_height(height).min_scrolled_height(height);
    area = area.auto_shrink([false, false]);
    if view.reveal
        && let Some(id) = &view.selected
        && let Some(place) = view.rows.iter().position(|i| s.endpoints[*i].id == *id)
    {
        area = area.vertical_scroll_offset((place as f32 - (most / 2.0).floor()).max(0.0) * ROW);
    }
    let mut pressed = None;
    area.show_rows(ui, ROW, view.rows.len(), |ui, range| {
        for place in range {
            let Some(e) = view.rows.get(place).and_then(|i| s.endpoints.get(*i)) else { continue };
            let chosen = view.selected.as_ref() == Some(&e.id);
            if row(ui, cx, e, at, chosen) {
                pressed = Some((!chosen).then(|| e.id.clone()));
            }
        }
    });
    if let Some(id) = pressed {
        cx.send(view.select(id));
    }
}

fn row(ui: &mut Ui, cx: &Cx, e: &EndpointRow, at: &Places, chosen: bool) -> bool {
    let t = theme::of(ui);
    let (rect, response) =
        ui.push_id(&e.id, |ui| ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click())).inner;
    let asked = e.at.map_or_else(|| "never".to_owned(), |at| cx.age(at));
    let calls = match e.calls {
        (_, 0) => "none".to_owned(),
        (good, all) => format!("{good} of {all}"),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, sentence(e, &calls, &asked)));
    if chosen || response.hovered() {
        let fill = if chosen { t.chosen } else { t.raised };
        ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
    }
    paint_mark(ui.painter(), pos2(rect.left() + 9.0, rect.center().y), 5.0, e.mark, t.status(e.mark));
    put(ui, rect, at.name, &e.id, BODY, t.text, false);
    for (place, text) in [(at.region, &*e.region), (at.kind, e.kind)] {
        if let Some(place) = place {
            put(ui, rect, place, text, BODY, t.secondary, false);
        }
    }
    put(ui, rect, at.state, &e.word, BODY, t.text, false);
    put(ui, rect, at.figure, &figure(e), BODY, t.text, true);
    for (place, text) in [(at.calls, &calls), (at.age, &asked)] {
        if let Some(place) = place {
            put(ui, rect, place, text, SMALL, t.secondary, true);
        }
    }
    pin(ui, cx, e, Rect::from_min_max(pos2(rect.right() - PIN, rect.top()), rect.max), response.hovered() || chosen, t);
    focus_ring(ui, &response, rect.shrink(3.0));
    response.clicked()
}

fn sentence(e: &EndpointRow, calls: &str, asked: &str) -> String {
    let region = if e.region.is_empty() { String::new() } else { format!(", {}", e.region) };
    let pinned = if e.pinned { ", kept on top" } else { "" };
    let figure = figure(e);
    // What is not known leaves no gap between two commas.
    let known: Vec<&str> = [e.mark.word(), &*e.word, &*figure].into_iter().filter(|t| !t.is_empty()).collect();
    format!(
        "{}{region}, {}: {}. Answered in the last hour: {calls}. Asked: {asked}{pinned}",
        e.id,
        e.kind,
        known.join(", ")
    )
}

/// How long it took, or `for 4 min` when it does not answer.
pub fn figure(e: &EndpointRow) -> Cow<'_, str> {
    let fails = matches!(e.mark, Mark::Down | Mark::Suspect | Mark::Blind);
    if fails && !e.figure.is_empty() { format!("for {}", e.figure).into() } else { (&*e.figure).into() }
}

/// A flag at the end of the row. Tab passes it by: the key does the same for the chosen row.
fn pin(ui: &Ui, cx: &Cx, e: &EndpointRow, rect: Rect, near: bool, t: &Tokens) {
    let response = ui.interact(rect, ui.scope_id().with(("pin", &e.id)), Sense::CLICK);
    let name = if e.pinned { format!("Do not keep {} on top", e.id) } else { format!("Keep {} on top", e.id) };
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, e.pinned, &name));
    let c = rect.center();
    let flag =
        vec![c + vec2(-4.0, -6.0), c + vec2(4.0, -6.0), c + vec2(4.0, 6.0), c + vec2(0.0, 2.5), c + vec2(-4.0, 6.0)];
    if e.pinned {
        // Two triangles: the flag is not convex.
        let (left, right) = (vec![flag[0], flag[1], flag[3], flag[4]], vec![flag[1], flag[2], flag[3]]);
        ui.painter().add(Shape::convex_polygon(left, t.accent, Stroke::NONE));
        ui.painter().add(Shape::convex_polygon(right, t.accent, Stroke::NONE));
    } else if near || response.hovered() {
        ui.painter().add(Shape::closed_line(flag, Stroke::new(1.3, t.secondary)));
    }
    if response.clicked() {
        cx.send(Command::Watch(WatchIntent::Pin(e.id.clone(), !e.pinned)));
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
        response.on_hover_text(name);
    }
}

/// The pin of the endpoint on show, for the key.
pub fn toggle_pin(s: &Situation, view: &SituationView) -> Option<Act> {
    let e = view.shown(s)?;
    Some(Act::Send(Command::Watch(WatchIntent::Pin(e.id.clone(), !e.pinned))))
}
