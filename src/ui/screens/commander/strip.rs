//! The run's timeline to be read from across a room: a row for each phase, the bars of all its steps on one scale with the
//! RTO and now.

use eframe::egui::accesskit::Role;
use eframe::egui::{FontId, Rangef, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use super::super::run::gantt::{Scale, bar, instants};
use super::{LEAST, Size};
use crate::desk::snapshot::{Gantt, GanttLane};
use crate::run::timeline::Doing;
use crate::ui::theme;
use crate::ui::view::Cx;
use crate::ui::widgets::text::line;
use crate::units::utc_clock;

/// Height of a row, of a height of 720: at least, and at most.
const ROW: Rangef = Rangef { min: 27.0, max: 44.0 };
/// What the shapes mean. Who is waited for is said above in words.
const LEGEND: [(Option<Doing>, &str); 3] =
    [(None, "planned"), (Some(Doing::Work), "at work"), (Some(Doing::Waited), "waiting")];

fn phases(g: &Gantt) -> impl Iterator<Item = &[GanttLane]> {
    g.lanes.chunk_by(|a, b| a.phase == b.phase)
}

/// Draws it in about this height.
pub fn show(ui: &mut Ui, cx: &Cx, s: &Size, g: &Gantt, height: f32) {
    let t = theme::of(ui);
    if g.lanes.is_empty() {
        return;
    }
    legend(ui, s);
    let now = g.ended.unwrap_or(cx.now.utc);
    if g.ended.is_none() {
        cx.changes_every(0, 10);
    }
    let size = s.text(LEAST);
    let (rows, axis) = (phases(g).count() as f32, size * 1.5);
    let row = ((height - axis - size * 1.5) / rows).clamp(ROW.min * s.unit, ROW.max * s.unit).max(size * 1.2);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, axis + rows * row), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Timeline. {}", g.sentence)));
    let name = |words: &str, most: f32| line(ui, words, FontId::proportional(size), t.text, most);
    // On a wall nothing can be hovered: a name is cut only where it would leave the bars no room.
    let widest = phases(g).filter_map(<[_]>::first).map(|l| name(&l.phase, f32::INFINITY).size().x).fold(0.0, f32::max);
    let names = (widest + 12.0 * s.unit).min(width * 0.45);
    let scale = Scale::of(g, now, Rangef::new(rect.left() + names, rect.right()));
    let p = ui.painter().clone();
    let below = rect.with_min_y(rect.top() + axis);
    for (n, lanes) in phases(g).enumerate() {
        let top = below.top() + n as f32 * row;
        let at = Rect::from_x_y_ranges(below.x_range(), top..=top + row);
        let Some(first) = lanes.first() else { continue };
        let over = lanes.iter().filter(|l| l.state.over()).count();
        let words = name(&first.phase, names - 12.0 * s.unit);
        p.galley(pos2(at.left(), at.center().y - words.size().y / 2.0), words, t.text);
        let id = response.id.with(n);
        let sentence = format!("{}: {over} of {} steps done", first.phase, lanes.len());
        ui.interact(at, id, Sense::hover()).widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
        for lane in lanes.iter().filter(|l| l.planned.1 > l.planned.0 && scale.reaches(l.planned.0)) {
            let x = Rangef::new(scale.x(lane.planned.0), scale.x(lane.planned.1));
            bar(&p, None, Rect::from_x_y_ranges(x, top + row * 0.1..=top + row * 0.34), t);
        }
        for one in lanes.iter().flat_map(|l| &l.bars) {
            let doing = match one.doing {
                Doing::People => Doing::Waited,
                // Of what is at work.
                Doing::Azure => continue,
                doing => doing,
            };
            let from = scale.x(one.from);
            let x = Rangef::new(from, scale.x(one.to.unwrap_or(now)).max(from + 3.0));
            bar(&p, Some(doing), Rect::from_x_y_ranges(x, top + row * 0.42..=top + row * 0.88), t);
        }
    }
    named(ui, s, rect.with_max_y(below.top()), below, &scale, g, now);
}

/// The instants over the rows, each with its line through them; names make room for each other.
fn named(ui: &Ui, s: &Size, head: Rect, rows: Rect, scale: &Scale, g: &Gantt, now: i64) {
    let (p, gap) = (ui.painter(), 10.0 * s.unit);
    let mut all: Vec<_> = instants(g, now, theme::of(ui)).into_iter().flatten().collect();
    all.sort_by_key(|(at, ..)| *at);
    let mut taken = head.left();
    let mut names: Vec<_> = all
        .iter()
        .map(|(at, name, stroke)| {
            let clock = utc_clock(*at);
            let words = format!("{name} {}", clock.get(..5).unwrap_or_default());
            let words = line(ui, &words, FontId::proportional(s.text(LEAST)), stroke.color, head.width());
            let x = (scale.x(*at) - words.size().x / 2.0).max(taken);
            taken = x + words.size().x + gap;
            (x, words, *stroke)
        })
        .collect();
    let mut limit = head.right();
    for (x, words, _) in names.iter_mut().rev() {
        *x = x.min(limit - words.size().x);
        limit = *x - gap;
    }
    for ((at, ..), (x, words, mut stroke)) in all.iter().zip(names) {
        stroke.width *= s.unit.max(1.0);
        p.vline(scale.x(*at), rows.y_range(), stroke);
        p.galley(pos2(x, head.center().y - words.size().y / 2.0), words, stroke.color);
    }
}

fn legend(ui: &mut Ui, s: &Size) {
    let t = theme::of(ui);
    let size = s.text(LEAST);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0 * s.unit;
        super::text(ui, s, "Timeline", LEAST, eframe::egui::FontFamily::Proportional, t.secondary);
        for (doing, words) in LEGEND {
            let words = line(ui, words, FontId::proportional(size), t.secondary, ui.available_width());
            let (rect, _) = ui.allocate_exact_size(vec2(size * 2.0 + words.size().x, size * 1.2), Sense::hover());
            let sample =
                Rect::from_center_size(rect.left_center() + vec2(size * 0.8, 0.0), vec2(size * 1.6, size * 0.5));
            bar(ui.painter(), doing, sample, t);
            let at = pos2(rect.left() + size * 2.0, rect.center().y - words.size().y / 2.0);
            ui.painter().galley(at, words, t.secondary);
        }
    });
}
