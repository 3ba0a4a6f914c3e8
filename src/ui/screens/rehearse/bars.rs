//! Recovery times as stacked bars, one a rehearsal, with the RTO as a line. Segments are told apart by shade and order, not
//! by a status hue; time that no segment accounts for is hatched, and what was not measured has a mark, never a height of
//! nothing.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, Color32, FontId, Painter, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::desk::snapshot::{Mark, TrendRun};
use crate::ui::theme::{self, SMALL, Tokens};
use crate::ui::widgets::paint_mark;
use crate::units::{Millis, countdown};

/// Room for the figures at the left.
const AXIS: f32 = 56.0;
/// Room for the dates under the bars.
const DATES: f32 = 34.0;
/// Room for the figures over the bars.
const HEAD: f32 = 22.0;
/// A bar with its gap.
const SLOT: f32 = 72.0;
const BAR: f32 = 34.0;

/// The shade of a segment, by its place.
pub fn shade(t: &Tokens, index: usize) -> Color32 {
    match index {
        0 => t.faint,
        1 => t.secondary,
        2 => t.accent,
        3 => t.accent.lerp_to_gamma(t.background, 0.45),
        _ => t.past(),
    }
}

/// What is pressed is answered with its run.
pub fn show<'a>(ui: &mut Ui, height: f32, runs: &[&'a TrendRun], chosen: Option<&str>) -> Option<&'a str> {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| {
        let text =
            format!("Recovery time of {} rehearsals against the RTO. The table under it says the same.", runs.len());
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let plot = Rect::from_min_max(
        rect.min + vec2(AXIS, HEAD),
        pos2(rect.right() - 8.0, (rect.bottom() - DATES).max(rect.top())),
    );
    // The newest fit last; older ones are in the table.
    let fit = ((plot.width() / SLOT).floor() as usize).max(1);
    let shown = &runs[runs.len().saturating_sub(fit)..];
    let known = |r: &TrendRun| r.segments.iter().filter_map(|(_, ms)| *ms).sum::<u64>();
    let most = shown.iter().map(|r| known(r).max(r.rta.unwrap_or(0)).max(r.rto)).max().unwrap_or(0).max(60_000);
    let step = step(most);
    let top = most.div_ceil(step) * step;
    let y = |ms: u64| plot.bottom() - plot.height() * (ms as f32 / top as f32);
    let p = ui.painter_at(rect);
    grid(&p, plot, step, top, t);
    let slot = (plot.width() / shown.len().max(1) as f32).min(SLOT * 1.6);
    let mut pressed = None;
    for (i, r) in shown.iter().enumerate() {
        let x = plot.left() + slot * (i as f32 + 0.5);
        let hit = Rect::from_x_y_ranges((x - slot / 2.0)..=(x + slot / 2.0), rect.y_range());
        // The table has the keys: a bar is for the pointer alone.
        let response = ui.interact(hit, ui.scope_id().with(("bar", &r.run)), Sense::CLICK);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Rehearsal {}", r.short)));
        if chosen == Some(r.run.as_str()) || response.hovered() {
            p.rect_filled(hit.shrink2(vec2(4.0, 0.0)), f32::from(theme::RADIUS), t.raised);
        }
        bar(&p, r, x, plot, y, t);
        foot(&p, r, x, plot.bottom(), t);
        if response.clicked() {
            pressed = Some(r.run.as_str());
        }
    }
    objectives(&p, plot, shown, slot, y, t);
    if shown.len() < runs.len() {
        let text = format!("the newest {} of {}", shown.len(), runs.len());
        p.text(rect.right_top() + vec2(-8.0, 2.0), Align2::RIGHT_TOP, text, FontId::proportional(SMALL), t.secondary);
    }
    pressed
}

/// Even steps, three to five of them.
fn step(most: u64) -> u64 {
    const MIN: u64 = 60_000;
    [1, 2, 5, 10, 15, 30, 60, 120, 240, 480]
        .into_iter()
        .map(|m| m * MIN)
        .find(|s| most <= s * 4)
        .unwrap_or(most / 4 + 1)
}

fn grid(p: &Painter, plot: Rect, step: u64, top: u64, t: &Tokens) {
    let mut at = 0;
    while at <= top {
        let y = plot.bottom() - plot.height() * (at as f32 / top as f32);
        p.hline(plot.x_range(), y, Stroke::new(1.0, t.line));
        let text = if at == 0 { "0".to_owned() } else { Millis(at).to_string() };
        p.text(pos2(plot.left() - 8.0, y), Align2::RIGHT_CENTER, text, FontId::proportional(SMALL), t.secondary);
        at += step;
    }
}

fn bar(p: &Painter, r: &TrendRun, x: f32, plot: Rect, y: impl Fn(u64) -> f32, t: &Tokens) {
    let span = |from: u64, to: u64| Rect::from_min_max(pos2(x - BAR / 2.0, y(to)), pos2(x + BAR / 2.0, y(from)));
    let mut at = 0;
    for (i, (_, ms)) in r.segments.iter().enumerate() {
        let Some(ms) = ms.filter(|ms| *ms > 0) else { continue };
        let mut part = span(at, at + ms);
        // A hair between two segments, so that shades alone need not tell them apart.
        if part.height() > 3.0 {
            part.min.y += 1.0;
        }
        p.rect_filled(part, 1.0, shade(t, i));
        at += ms;
    }
    match r.rta {
        Some(rta) if rta > at => hatch(p, span(at, rta), t),
        Some(_) => {}
        // The bar is as high as what is known of it, and goes on nobody knows how far.
        None => paint_mark(p, pos2(x, (y(at) - 10.0).min(plot.bottom() - 8.0)), 5.0, Mark::Unknown, t.unknown),
    }
    if let Some(rta) = r.rta {
        let tick = y(rta);
        p.hline((x - BAR / 2.0 - 4.0)..=(x + BAR / 2.0 + 4.0), tick, Stroke::new(2.0, t.text));
    }
}

/// Time that no segment accounts for.
fn hatch(p: &Painter, rect: Rect, t: &Tokens) {
    let inside = p.with_clip_rect(p.clip_rect().intersect(rect));
    let mut from = rect.left() - rect.height();
    while from < rect.right() {
        let ends = [pos2(from, rect.bottom()), pos2(from + rect.height(), rect.top())];
        inside.line_segment(ends, Stroke::new(1.0, t.faint));
        from += 6.0;
    }
    p.rect_stroke(rect, 1.0, Stroke::new(1.0, t.faint), StrokeKind::Inside);
}

fn foot(p: &Painter, r: &TrendRun, x: f32, bottom: f32, t: &Tokens) {
    let font = FontId::proportional(SMALL);
    let (text, ink) = match r.rta {
        Some(rta) if rta > r.rto => (format!("{} over", countdown(rta)), t.down),
        Some(rta) => (countdown(rta), t.text),
        None => ("not known".to_owned(), t.unknown),
    };
    p.text(pos2(x, bottom + 3.0), Align2::CENTER_TOP, text, font.clone(), ink);
    // People around a table are no measure for a failover on the simulated Azure.
    let day = format!("{}{}", short_day(r.at), if r.tabletop { " · table" } else { "" });
    p.text(pos2(x, bottom + 18.0), Align2::CENTER_TOP, day, font, t.secondary);
}

/// `20 Nov`.
pub fn short_day(utc: i64) -> String {
    jiff::Timestamp::from_millisecond(utc)
        .map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).strftime("%-d %b").to_string())
        .unwrap_or_default()
}

/// The RTO over each bar; each strategy has its own. As far as neighbours share it, it is one line with one label.
fn objectives(p: &Painter, plot: Rect, runs: &[&TrendRun], slot: f32, y: impl Fn(u64) -> f32, t: &Tokens) {
    let mut from = 0;
    for alike in runs.chunk_by(|a, b| a.rto == b.rto) {
        let x = |n: usize| plot.left() + slot * n as f32;
        let to = from + alike.len();
        let right = if to == runs.len() { plot.right() } else { x(to) };
        objective(p, x(from), right, y(alike[0].rto), alike[0].rto, t);
        from = to;
    }
}

fn objective(p: &Painter, left: f32, right: f32, y: f32, rto: u64, t: &Tokens) {
    p.extend(Shape::dashed_line(&[pos2(left, y), pos2(right, y)], Stroke::new(1.5, t.text), 6.0, 4.0));
    let words = p.layout_no_wrap(format!("RTO {}", Millis(rto)), FontId::new(SMALL, theme::bold()), t.text);
    let at = pos2((right - words.size().x - 4.0).max(left), y - words.size().y - 2.0);
    p.rect_filled(Rect::from_min_size(at, words.size()).expand(2.0), 2.0, t.panel);
    p.galley(at, words, t.text);
}

/// Which shade is which segment.
pub fn legend(ui: &mut Ui, names: &[&'static str]) {
    let t = theme::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(16.0, 2.0);
        let extra = ["in no known segment"];
        for (i, name) in names.iter().chain(&extra).enumerate() {
            let text = ui.painter().layout_no_wrap((*name).to_owned(), FontId::proportional(SMALL), t.secondary);
            let (rect, response) = ui.allocate_exact_size(vec2(18.0 + text.size().x, 18.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, *name));
            let key = Rect::from_center_size(pos2(rect.left() + 6.0, rect.center().y), vec2(12.0, 12.0));
            if i < names.len() {
                ui.painter().rect_filled(key, 2.0, shade(t, i));
            } else {
                hatch(ui.painter(), key, t);
            }
            ui.painter().galley(pos2(rect.left() + 18.0, rect.center().y - text.size().y / 2.0), text, t.secondary);
        }
    });
}
