//! Where it is: the map, and beside it the regions as a list that the keyboard walks.

use eframe::egui::accesskit::Role;
use eframe::egui::{Align, FontId, Layout, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::state::SituationView;
use super::{CARD_AROUND, GAP};
use crate::desk::snapshot::{Mark, RegionRow, Situation};
use crate::ui::map::{self, Sought};
use crate::ui::screens::columns;
use crate::ui::theme::{self, BODY, RADIUS, SMALL};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::text::{cut, line};
use crate::ui::widgets::{card, heading, paint_mark, small};

/// Width of the column of regions.
pub const SIDE: f32 = 328.0;
/// Height of one region, with the hairline under it.
const REGION: f32 = 46.0;
/// The heading above them.
const HEADING: f32 = 28.0;
/// As many regions are to be seen without scrolling.
const AT_ONCE: usize = 5;
/// The map is not lower than this.
const LEAST: f32 = 160.0;

/// Draws both; `rest` is the height there is left in the window.
pub fn show(ui: &mut Ui, s: &Situation, view: &mut SituationView, rest: f32) {
    let width = ui.available_width();
    let list = HEADING + REGION * s.regions.len().min(AT_ONCE) as f32;
    if width < 640.0 {
        card(ui, |ui| map(ui, s, view, (width - 32.0) * map::SHAPE));
        ui.add_space(GAP);
        card(ui, |ui| regions(ui, s, view, list));
        return;
    }
    let side = SIDE.min(width * 0.38);
    let ideal = (width - side - GAP - 32.0) * map::SHAPE;
    // The table under it is to be seen to begin, where the window allows it; no taller than the land, and the list scrolls.
    let height = (rest - 170.0).clamp(ideal.min(LEAST), ideal.max(LEAST));
    columns(ui, [width - side - GAP, side], GAP, |left, right| {
        card(left, |ui| map(ui, s, view, height));
        let tall = left.min_rect().height() - CARD_AROUND;
        card(right, |ui| regions(ui, s, view, tall));
    });
}

fn map(ui: &mut Ui, s: &Situation, view: &mut SituationView, height: f32) {
    let sought = Sought { chosen: view.region.as_deref(), pinned: &view.pinned };
    if let Some(region) = map::map(ui, vec2(ui.available_width(), height), &s.regions, &sought) {
        let region = region.to_owned();
        view.toggle_region(&region);
    }
}

fn regions(ui: &mut Ui, s: &Situation, view: &mut SituationView, height: f32) {
    ui.set_height(height);
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.horizontal(|ui| {
        heading(ui, "Regions");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if s.regions.len() > AT_ONCE {
                cut(ui, small(ui, counted(ui, &s.regions)));
            }
        });
    });
    ui.add_space(HEADING - theme::LINE);
    let mut area =
        ScrollArea::vertical().id_salt("regions").auto_shrink([false, false]).min_scrolled_height(height - HEADING);
    let chosen = view.region.as_ref().and_then(|r| view.regions.iter().position(|i| s.regions[*i].display == *r));
    if let (true, Some(place)) = (view.reveal, chosen) {
        area = area.vertical_scroll_offset((place as f32 - 1.0).max(0.0) * REGION);
    }
    let mut pressed = None;
    area.show_rows(ui, REGION, view.regions.len(), |ui, range| {
        for place in range {
            let Some(r) = view.regions.get(place).and_then(|i| s.regions.get(*i)) else { continue };
            if button(ui, r, chosen == Some(place), place + 1 < view.regions.len()) {
                pressed = Some(r.display.clone());
            }
        }
    });
    if let Some(region) = pressed {
        view.toggle_region(&region);
    }
}

/// How many there are, and of the worst how many: `3 down · 2 degraded · 24 watched`, in fewer words where there is no room.
fn counted(ui: &Ui, regions: &[RegionRow]) -> String {
    let count = |m: Mark| regions.iter().filter(|r| r.mark == m).count();
    let worst = [Mark::Down, Mark::Degraded].map(|m| (count(m), m.word()));
    let worst: Vec<String> = worst.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let (all, first) = (regions.len(), worst.first().cloned().unwrap_or_default());
    let worst = worst.join(" · ");
    if worst.is_empty() {
        return format!("{all} watched");
    }
    let fits = |text: &String| {
        let font = FontId::proportional(SMALL);
        ui.painter().layout_no_wrap(text.clone(), font, theme::of(ui).secondary).size().x <= ui.available_width()
    };
    let texts = [format!("{worst} · {all} watched"), format!("{worst} of {all}")];
    texts.into_iter().find(fits).unwrap_or_else(|| format!("{first} of {all}"))
}

/// A region that filters the table of endpoints when it is pressed.
fn button(ui: &mut Ui, r: &RegionRow, chosen: bool, under: bool) -> bool {
    let t = theme::of(ui);
    let (rect, response) =
        ui.push_id(&r.region, |ui| ui.allocate_exact_size(vec2(ui.available_width(), REGION), Sense::click())).inner;
    let sentence = sentence(r);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &sentence));
    let back = rect.expand2(vec2(4.0, -2.0));
    if chosen || response.hovered() {
        let fill = if chosen { t.chosen } else { t.raised };
        ui.painter().rect_filled(back, f32::from(RADIUS), fill);
    }
    if under {
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.line));
    }
    paint(ui, rect.translate(vec2(0.0, 2.0)), r);
    focus_ring(ui, &response, back.shrink(3.0));
    let clicked = response.clicked();
    let hint = if chosen { "Press again for the endpoints of all regions." } else { "Press for its endpoints alone." };
    response.on_hover_text(format!("{sentence} {hint}"));
    clicked
}

fn sentence(r: &RegionRow) -> String {
    let control = r.control.as_ref().map_or_else(String::new, |(m, text)| format!("ARM {}: {text}", m.word()));
    let role = if r.role.is_empty() { String::new() } else { format!(", {}", r.role) };
    let known = [&r.word, &r.figure, &r.calls].into_iter().filter(|t| !t.is_empty());
    let known: Vec<&str> = known.map(String::as_str).collect();
    format!("{}{role}: {}. {control}", r.display, known.join(", "))
}

/// Two lines: name and figure, word and calls.
pub fn region(ui: &mut Ui, r: &RegionRow) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
    let sentence = sentence(r);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
    paint(ui, rect, r);
    response.on_hover_text(sentence);
}

fn paint(ui: &Ui, rect: eframe::egui::Rect, r: &RegionRow) {
    let t = theme::of(ui);
    let (first, second) = (rect.top() + 10.0, rect.top() + 30.0);
    paint_mark(ui.painter(), pos2(rect.left() + 7.0, first), 5.0, r.mark, t.status(r.mark));
    let left = rect.left() + 28.0;
    let put = |y: f32, text: &str, size: f32, ink, right: bool, room: f32| {
        let g = line(ui, text, FontId::proportional(size), ink, room);
        let width = g.size().x;
        let x = if right { rect.right() - width } else { left };
        ui.painter().galley(pos2(x, y - g.size().y / 2.0), g, ink);
        width
    };
    let half = (rect.right() - left) * 0.55;
    let w = put(first, &r.figure, BODY, t.text, true, half);
    put(first, &r.display, BODY, t.text, false, rect.right() - left - w - 8.0);
    let w = put(second, &r.calls, SMALL, t.secondary, true, half);
    let narrow = rect.width() < 260.0;
    let word = if r.role.is_empty() || narrow { r.word.clone() } else { format!("{} · {}", r.word, r.role) };
    put(second, &word, SMALL, t.secondary, false, rect.right() - left - w - 8.0);
}
