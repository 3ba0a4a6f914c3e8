//! Where the time goes: a line for each step with what was planned, what was at work and what was waited for. Kinds are told
//! apart by their shape and pattern, not by hue. Only the lines in sight are drawn.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, FontId, Painter, Rangef, Rect, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use crate::desk::snapshot::{Gantt, GanttLane, RunView};
use crate::run::timeline::{Bar, Doing};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, RADIUS, ROW, SMALL, Tokens};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::text::{cut, line, small, wrapped};
use crate::ui::widgets::{Button, paint_step, title};
use crate::units::utc_clock;

/// Instants and their names stand here.
const AXIS: f32 = 34.0;
/// In less height the lines come before a second line of words.
const LOW: f32 = 400.0;
/// Marks of the scale at most.
const TICKS: i64 = 8;
/// Between the lines of a pattern.
const HATCH: f32 = 5.0;
/// Of a bar.
const BAR: f32 = 10.0;
const MINUTE: i64 = 60_000;
/// What may stand between two marks, in minutes.
const ROUND: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080];
/// What the shapes mean.
const LEGEND: [(Option<Doing>, &str); 6] = [
    (None, "planned"),
    (Some(Doing::Work), "at work"),
    (Some(Doing::Azure), "waits for Azure"),
    (Some(Doing::Waited), "waits for the second person"),
    (Some(Doing::People), "waits for people or a guard"),
    (Some(Doing::Failed), "failed"),
];

/// From instants to places.
pub struct Scale {
    from: i64,
    to: i64,
    at: Rangef,
}

impl Scale {
    /// So that everything that was is on it, and the RTO, with a little room at its end. What is planned for hours later
    /// would leave no room for what is at hand: of the plan there is as much again as up to the RTO.
    pub fn of(g: &Gantt, now: i64, at: Rangef) -> Self {
        let ends = g.lanes.iter().flat_map(|l| &l.bars).filter_map(|b| b.to);
        let told = ends.chain([g.ended.unwrap_or(now)]).chain(g.deadline).max().unwrap_or(now);
        let far = g.deadline.map_or(g.planned_to, |_| told.saturating_add(told.saturating_sub(g.from)));
        let (from, to) = (g.from, told.max(g.planned_to.min(far)).max(g.from.saturating_add(MINUTE)));
        Self { from, to: to.saturating_add((to - from) / 40), at }
    }

    /// Whether an instant is on it.
    pub fn reaches(&self, at: i64) -> bool {
        at < self.to
    }

    /// Where an instant stands.
    pub fn x(&self, at: i64) -> f32 {
        let part = (at.clamp(self.from, self.to) - self.from) as f64 / (self.to - self.from).max(1) as f64;
        self.at.min + (self.at.span() as f64 * part) as f32
    }

    /// Round instants.
    pub fn ticks(&self) -> impl Iterator<Item = i64> {
        let (from, to) = (self.from, self.to);
        let all = to.saturating_sub(from);
        let most = ((self.at.span() / 64.0) as i64).clamp(1, TICKS);
        let fits = ROUND.into_iter().map(|m| m * MINUTE).find(|d| all / d <= most);
        let every = fits.unwrap_or_else(|| (all / most).max(MINUTE));
        let first = from.saturating_sub(from.rem_euclid(every)).saturating_add(every);
        (0..=TICKS).map(move |n| first.saturating_add(n.saturating_mul(every))).filter(move |at| *at <= to)
    }
}

/// The timeline of the run on show.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    ui.spacing_mut().item_spacing.y = 6.0;
    // Where the columns are folded into tabs, the tab says what this is, and leads back.
    if view.wide {
        ui.horizontal_wrapped(|ui| {
            title(ui, "Timeline");
            if Button::new("Back to the step").small().key(intent::key_text(Intent::Timeline)).show(ui) {
                cx.act(Act::Do(Intent::Timeline));
            }
        });
    }
    let shown = view.card(run).map(|c| c.id.clone());
    chart(ui, cx, view, &run.gantt, (shown.as_deref(), run.current.as_deref()));
}

/// Draws one, with the step that comes into sight and the one that is next.
pub fn chart(ui: &mut Ui, cx: &Cx, view: &mut View, g: &Gantt, (shown, next): (Option<&str>, Option<&str>)) {
    ui.spacing_mut().item_spacing.y = 6.0;
    if ui.available_height() < LOW {
        cut(ui, small(ui, &g.sentence));
    } else {
        wrapped(ui, small(ui, &g.sentence));
    }
    legend(ui);
    let now = g.ended.unwrap_or(cx.now.utc);
    if g.ended.is_none() {
        cx.changes_every(0, 10);
    }
    let width = ui.available_width();
    let names = (width * 0.36).clamp(96.0, 260.0);
    let left = ui.cursor().left();
    let scale = Scale::of(g, now, Rangef::new(left + names, left + width - 10.0));
    let (head, _) = ui.allocate_exact_size(vec2(width, AXIS), Sense::hover());
    axis(ui, head, &scale, g, now);
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut area = ScrollArea::vertical().id_salt("timeline").auto_shrink([false, false]);
    // The step on show comes into sight when it is another one.
    let id = ui.scope_id().with("timeline of");
    let place = g.lanes.iter().position(|l| Some(l.id.as_str()) == shown);
    if ui.data(|d| d.get_temp::<Option<usize>>(id)) != Some(place) {
        let rows = (ui.available_height() / ROW).floor();
        area = area.vertical_scroll_offset((place.unwrap_or(0) as f32 - (rows / 2.0).floor()).max(0.0) * ROW);
        ui.data_mut(|d| d.insert_temp(id, place));
    }
    area.show_rows(ui, ROW, g.lanes.len(), |ui, range| {
        crate::ui::screens::scroll_by_key(ui, view);
        let all = ui.max_rect();
        grid(ui.painter(), all.y_range().intersection(ui.clip_rect().y_range()), &scale, g, now, theme::of(ui));
        for i in range {
            let Some(lane) = g.lanes.get(i) else { continue };
            let first = i == 0 || g.lanes.get(i - 1).is_some_and(|l| l.phase != lane.phase);
            let is = |id: Option<&str>| id == Some(lane.id.as_str());
            let current = g.ended.is_none() && is(next);
            self::lane(ui, lane, first, &scale, (names, now), (is(shown), current), &g.pauses);
        }
    });
}

fn lane(
    ui: &mut Ui,
    lane: &GanttLane,
    first: bool,
    s: &Scale,
    (names, now): (f32, i64),
    (shown, current): (bool, bool),
    pauses: &[Bar],
) {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &lane.sentence));
    let p = ui.painter();
    if shown {
        p.rect_filled(rect, f32::from(RADIUS), t.raised);
    }
    if first {
        p.hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
    }
    let y = rect.center().y;
    paint_step(p, pos2(rect.left() + 10.0, y), lane.state, current, t);
    let words = line(ui, &lane.title, FontId::proportional(SMALL), t.text, names - 34.0);
    p.galley(pos2(rect.left() + 24.0, y - words.size().y / 2.0), words, t.text);
    for pause in pauses {
        let part = Rect::from_x_y_ranges(s.x(pause.from)..=s.x(pause.to.unwrap_or(now)), rect.y_range());
        p.rect_filled(part, 0.0, t.line.gamma_multiply(0.5));
    }
    if lane.planned.1 > lane.planned.0 && s.reaches(lane.planned.0) {
        let at = Rangef::new(s.x(lane.planned.0), s.x(lane.planned.1));
        bar(p, None, Rect::from_x_y_ranges(at, y - BAR..=y - BAR + 6.0), t);
    }
    for one in &lane.bars {
        let at = Rangef::new(s.x(one.from), s.x(one.to.unwrap_or(now)).max(s.x(one.from) + 2.0));
        bar(p, Some(one.doing), Rect::from_x_y_ranges(at, y - 2.0..=y - 2.0 + BAR), t);
    }
    response.on_hover_text(&lane.sentence);
}

/// A stretch of time, by its pattern.
pub fn bar(p: &Painter, doing: Option<Doing>, rect: Rect, t: &Tokens) {
    let ink = Stroke::new(1.0, t.secondary);
    match doing {
        // A hollow bar.
        None => {
            p.rect_stroke(rect, 1.0, Stroke::new(1.0, t.faint), StrokeKind::Inside);
        }
        // A full one.
        Some(Doing::Work) => {
            p.rect_filled(rect, 1.0, t.secondary);
        }
        // Notches in the full one.
        Some(Doing::Azure) => {
            let mut x = rect.left() + HATCH;
            while x < rect.right() {
                p.vline(x, rect.y_range(), Stroke::new(1.5, t.background));
                x += HATCH;
            }
        }
        // Slanted lines.
        Some(Doing::Waited) => {
            p.rect_stroke(rect, 1.0, ink, StrokeKind::Inside);
            let inside = p.with_clip_rect(rect.intersect(p.clip_rect()));
            let mut x = rect.left() - rect.height();
            while x < rect.right() {
                inside.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], ink);
                x += HATCH;
            }
        }
        // Dots.
        Some(Doing::People) => {
            let y = rect.center().y;
            p.extend(Shape::dotted_line(&[pos2(rect.left(), y), pos2(rect.right(), y)], t.secondary, HATCH, 1.2));
        }
        // A hollow one with a cross.
        Some(Doing::Failed) => {
            let ink = Stroke::new(1.5, t.down);
            p.rect_stroke(rect, 1.0, ink, StrokeKind::Inside);
            let c = Rect::from_center_size(rect.center(), vec2(BAR.min(rect.width()), BAR));
            p.line_segment([c.left_top(), c.right_bottom()], ink);
            p.line_segment([c.left_bottom(), c.right_top()], ink);
        }
        Some(Doing::Paused) => {}
    }
}

/// T0, the RTO and now, with their names.
pub fn instants(g: &Gantt, now: i64, t: &Tokens) -> [Option<(i64, &'static str, Stroke)>; 3] {
    [
        g.t0.map(|at| (at, "T0", Stroke::new(1.0, t.secondary))),
        g.deadline.map(|at| (at, "RTO", Stroke::new(1.5, t.down))),
        Some((now, if g.ended.is_some() { "end" } else { "now" }, Stroke::new(1.5, t.accent))),
    ]
}

fn axis(ui: &Ui, rect: Rect, s: &Scale, g: &Gantt, now: i64) {
    let t = theme::of(ui);
    let (p, font) = (ui.painter(), FontId::proportional(SMALL));
    p.text(rect.left_bottom() - vec2(0.0, 4.0), Align2::LEFT_BOTTOM, "Steps; time in UTC", font.clone(), t.secondary);
    for at in s.ticks() {
        let x = s.x(at);
        p.vline(x, rect.bottom() - 4.0..=rect.bottom(), Stroke::new(1.0, t.faint));
        let label = utc_clock(at);
        let at = pos2(x.min(rect.right() - 16.0), rect.bottom() - 4.0);
        p.text(at, Align2::CENTER_BOTTOM, label.get(..5).unwrap_or_default(), font.clone(), t.secondary);
    }
    let mut taken = f32::MIN;
    let mut named: Vec<_> = instants(g, now, t).into_iter().flatten().collect();
    named.sort_by_key(|(at, ..)| *at);
    for (at, name, stroke) in named {
        let x = s.x(at).max(taken + 4.0);
        let drawn =
            p.text(pos2(x.min(rect.right() - 24.0), rect.top()), Align2::LEFT_TOP, name, font.clone(), stroke.color);
        taken = drawn.right();
    }
    p.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.line));
}

fn grid(p: &Painter, y: Rangef, s: &Scale, g: &Gantt, now: i64, t: &Tokens) {
    for at in s.ticks() {
        p.vline(s.x(at), y, Stroke::new(1.0, t.line.gamma_multiply(0.6)));
    }
    for (at, _, stroke) in instants(g, now, t).into_iter().flatten() {
        p.vline(s.x(at), y, stroke);
    }
}

fn legend(ui: &mut Ui) {
    let t = theme::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        for (doing, words) in LEGEND {
            let text = line(ui, words, FontId::proportional(SMALL), t.secondary, 220.0);
            let (rect, response) = ui.allocate_exact_size(vec2(30.0 + text.size().x, 18.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
            let sample = Rect::from_center_size(rect.left_center() + vec2(12.0, 0.0), vec2(24.0, BAR));
            if doing == Some(Doing::Azure) {
                bar(ui.painter(), Some(Doing::Work), sample, t);
            }
            bar(ui.painter(), doing, sample, t);
            let at = pos2(rect.left() + 30.0, rect.center().y - text.size().y / 2.0);
            ui.painter().galley(at, text, t.secondary);
        }
    });
}
