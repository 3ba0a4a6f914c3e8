//! A chart of the watch: answer times above, the share of answered calls under them on the same axis of time. What failed
//! is shaded, what nobody saw is hatched, what happened stands as a mark. Stages are told apart by their dashes, not by
//! hue: hues are for status.

use std::sync::Arc;

use eframe::egui::{self, Align2, Color32, FontId, Painter, Pos2, Rangef, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{AxisHints, GridMark, Line, LineStyle, Plot, PlotPoint, PlotPoints, PlotTransform, Span};

use super::theme::{self, SMALL, Tokens};
use super::widgets::paint_mark;
use crate::desk::snapshot::{Chart, ChartLine, Gap, Mark};
use crate::units::{Millis, utc_clock};

/// More curves than this are not told apart any more: the worst are shown.
pub const MOST_LINES: usize = 8;

/// Dashes, from the plainest on.
const STYLES: [LineStyle; 5] = [
    LineStyle::Solid,
    LineStyle::Dashed { length: 11.0 },
    LineStyle::Dashed { length: 4.0 },
    LineStyle::Dotted { spacing: 4.0 },
    LineStyle::Dotted { spacing: 9.0 },
];

/// One curve, cut where there was no answer.
pub struct Curve {
    /// Stage or region.
    pub name: String,
    /// Status of what it shows.
    pub mark: Mark,
    /// How it is drawn.
    pub style: LineStyle,
    parts: Vec<Vec<PlotPoint>>,
}

/// Something that happened, or a stretch that nobody saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When, or from when.
    pub at: i64,
    /// Until when, if it lasted.
    pub until: Option<i64>,
    /// Status.
    pub mark: Mark,
    /// In words.
    pub text: String,
}

/// A chart made ready to draw: once for each chart, not for each frame.
pub struct Ready {
    made_for: Arc<Chart>,
    /// Curves.
    pub curves: Vec<Curve>,
    /// Curves there are, with those that are left out.
    pub all: usize,
    failures: Vec<(f64, f64, Mark)>,
    top: f64,
    /// Events and gaps, newest first.
    pub happenings: Vec<Happening>,
}

impl Ready {
    /// Whether it is this chart's.
    pub fn is(&self, chart: &Arc<Chart>) -> bool {
        Arc::ptr_eq(&self.made_for, chart)
    }

    /// Makes a chart ready; the gaps say why nobody looked.
    pub fn of(chart: &Arc<Chart>, gaps: &[Gap]) -> Self {
        let mut lines: Vec<&ChartLine> = chart.lines.iter().collect();
        if chart.endpoint.is_none() {
            lines.sort_by_key(|l| std::cmp::Reverse(l.mark.weight()));
        }
        let shown = lines.len().min(MOST_LINES);
        let (mut curves, mut failures, mut most) = (Vec::new(), Vec::new(), 1.0f64);
        let last = shown.saturating_sub(1);
        for (i, line) in lines.iter().take(shown).enumerate() {
            let (parts, holes) = cut(line);
            most = parts.iter().flatten().map(|p| p.y).fold(most, f64::max);
            // Of an endpoint, the whole call says whether it failed; a stage may be missing for want of the one before.
            if chart.endpoint.is_none() || i == last {
                let mark = if line.mark == Mark::Ok { Mark::Suspect } else { line.mark };
                failures.extend(holes.into_iter().map(|(a, b)| (a, b, mark)));
            }
            // The whole call, which comes last, is the plain line.
            let place = if chart.endpoint.is_some() { last - i } else { i };
            let style = STYLES[place % STYLES.len()];
            curves.push(Curve { name: line.name.clone(), mark: line.mark, style, parts });
        }
        let mut happenings: Vec<Happening> = chart
            .events
            .iter()
            .map(|e| Happening { at: e.at, until: None, mark: e.mark, text: e.text.clone() })
            .chain(chart.gaps.iter().map(|(from, to)| {
                let why = gaps.iter().find(|g| g.from < *to && g.to > *from).map_or("", |g| &g.why);
                let why = if why.is_empty() { String::new() } else { format!(": {why}") };
                Happening { at: *from, until: Some(*to), mark: Mark::Unknown, text: format!("Nobody looked{why}") }
            }))
            .collect();
        happenings.sort_by_key(|h| std::cmp::Reverse(h.at));
        Self { made_for: chart.clone(), curves, all: lines.len(), failures, top: top(most), happenings }
    }
}

type Parts = (Vec<Vec<PlotPoint>>, Vec<(f64, f64)>);

/// Stretches of a curve that have answers, and those that have none.
fn cut(line: &ChartLine) -> Parts {
    let (mut parts, mut holes) = (vec![Vec::new()], Vec::new());
    let mut hole: Option<f64> = None;
    let mut last = None;
    for (at, ms) in &line.points {
        let x = *at as f64;
        match ms {
            Some(ms) => {
                if let Some(from) = hole.take() {
                    holes.push((from, x));
                    parts.push(Vec::new());
                }
                if let Some(part) = parts.last_mut() {
                    part.push(PlotPoint::new(x, f64::from(*ms)));
                }
            }
            None => hole = hole.or(Some(last.unwrap_or(x))),
        }
        last = Some(x);
    }
    if let (Some(from), Some(to)) = (hole, last) {
        holes.push((from, to));
    }
    (parts, holes)
}

/// Even instants, four to six of them.
fn times(from: f64, to: f64) -> Vec<GridMark> {
    let span = to - from;
    let step = [60e3, 300e3, 600e3, 900e3, 1_800e3, 3_600e3, 7_200e3, 14_400e3, 21_600e3, 43_200e3]
        .into_iter()
        .find(|s| span / s <= 6.0)
        .unwrap_or(86_400e3);
    let first = (from / step).ceil();
    (0..12)
        .map(|i| (first + f64::from(i)) * step)
        .take_while(|x| *x <= to)
        .map(|value| GridMark { value, step_size: step })
        .collect()
}

/// A top that leaves even steps.
fn top(most: f64) -> f64 {
    let steps = [20.0, 50.0, 100.0, 200.0, 400.0, 600.0, 1_000.0, 2_000.0, 4_000.0, 10_000.0, 20_000.0, 40_000.0];
    steps.into_iter().find(|s| most <= s * 1.05).unwrap_or(60_000.0)
}

/// Width of the figures to the left.
const FIGURES: f32 = 48.0;
/// Height of the share of answered calls.
const SHARE: f32 = 42.0;
/// Height of the times under it.
const TIMES: f32 = 20.0;

/// Draws it, `height` high in all; the curves get what the share and the times leave.
pub fn chart(ui: &mut Ui, height: f32, ready: &Ready) {
    let t = theme::of(ui);
    let chart = &*ready.made_for;
    let (from, to) = (chart.range.0 as f64, chart.range.1.max(chart.range.0 + 1_000) as f64);
    let outer = ui.available_rect_before_wrap();
    let shown = curves(ui, height - SHARE - TIMES - 8.0, ready, (from, to), t);
    let at = shown.transform;
    let plot = shown.response.rect;
    let (rect, _) = ui.allocate_exact_size(vec2(outer.width(), SHARE + TIMES), Sense::hover());
    let p = ui.painter_at(rect.union(plot).expand2(vec2(0.0, 2.0)));
    let strip = Rect::from_x_y_ranges(plot.x_range(), rect.top() + 12.0..=rect.top() + SHARE);
    share(&p, strip, chart, &at, t);
    for mark in times(from, to) {
        let x = at.position_from_point_x(mark.value);
        let text = p.layout_no_wrap(clock(mark.value), FontId::proportional(SMALL), t.secondary);
        let left = (x - text.size().x / 2.0).clamp(plot.left(), plot.right() - text.size().x);
        p.vline(x, Rangef::new(strip.bottom(), strip.bottom() + 3.0), Stroke::new(1.0, t.line));
        p.galley(pos2(left, strip.bottom() + 4.0), text, t.secondary);
    }
    let both = Rect::from_min_max(plot.min, strip.max);
    for (a, b, mark) in &ready.failures {
        let (left, right) = (at.position_from_point_x(*a), at.position_from_point_x(*b));
        let words = p.layout_no_wrap("no answer".to_owned(), FontId::proportional(SMALL), t.status(*mark));
        if right - left > words.size().x + 12.0 {
            p.galley(pos2(left + 6.0, plot.top() + 14.0), words, t.status(*mark));
        }
    }
    for h in &ready.happenings {
        happening(&p, both, &at, h, t);
    }
    let pointer = ui.ctx().pointer_hover_pos().filter(|p| both.contains(*p));
    if let Some(pointer) = pointer {
        p.vline(pointer.x, both.y_range(), Stroke::new(1.0, t.faint));
        let text = told(ready, &at, pointer);
        shown.response.on_hover_text_at_pointer(text);
    }
}

fn clock(utc: f64) -> String {
    utc_clock(utc as i64).chars().take(5).collect()
}

fn curves(
    ui: &mut Ui,
    height: f32,
    ready: &Ready,
    (from, to): (f64, f64),
    t: &'static Tokens,
) -> egui_plot::PlotResponse<()> {
    let top = ready.top;
    let one = ready.made_for.endpoint.is_some();
    let y_axis = AxisHints::new_y()
        .formatter(|mark, _| if mark.value == 0.0 { "0 ms".to_owned() } else { format!("{}", mark.value) })
        .tick_label_color(t.secondary)
        .tick_label_font(FontId::proportional(SMALL))
        .min_thickness(FIGURES);
    Plot::new("answer-time")
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .sense(Sense::hover())
        .show_background(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .show_axes([false, true])
        .show_grid([false, true])
        .grid_color(t.line)
        .grid_fade(0.0)
        .set_margin_fraction(vec2(0.0, 0.0))
        .default_x_bounds(from, to)
        .default_y_bounds(0.0, top * 1.06)
        .y_grid_spacer(move |_| {
            [0.0, 0.5, 1.0].into_iter().map(|s| GridMark { value: top * s, step_size: top / 2.0 }).collect()
        })
        .custom_y_axes(vec![y_axis])
        .show(ui, |plot| {
            plot.set_plot_bounds_x(from..=to);
            plot.set_plot_bounds_y(0.0..=top * 1.06);
            for (a, b, mark) in &ready.failures {
                plot.span(Span::new("", *a..=*b).fill(t.tint(t.status(*mark))).border(Stroke::NONE));
            }
            for (i, curve) in ready.curves.iter().enumerate() {
                let whole = one && i + 1 == ready.curves.len();
                let (ink, width) = ink(curve, one, whole, t);
                for part in &curve.parts {
                    let line = Line::new("", PlotPoints::Borrowed(part)).color(ink).style(curve.style);
                    plot.line(line.width(width).allow_hover(false));
                }
            }
        })
}

fn ink(curve: &Curve, one: bool, whole: bool, t: &Tokens) -> (Color32, f32) {
    match (one, whole) {
        (true, true) => (t.text, 1.6),
        // The width of a dot is its radius.
        (true, false) if matches!(curve.style, LineStyle::Dotted { .. }) => (t.secondary, 0.9),
        (true, false) => (t.secondary, 1.3),
        (false, _) => (t.status(curve.mark), 1.4),
    }
}

/// Which line is which: a piece of it, and its name.
pub fn legend(ui: &mut Ui, ready: &Ready) {
    let t = theme::of(ui);
    let one = ready.made_for.endpoint.is_some();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(16.0, 2.0);
        for (i, curve) in ready.curves.iter().enumerate() {
            let whole = one && i + 1 == ready.curves.len();
            let (color, width) = ink(curve, one, whole, t);
            let name = ui.painter().layout_no_wrap(curve.name.clone(), FontId::proportional(SMALL), t.secondary);
            let (rect, response) = ui.allocate_exact_size(vec2(30.0 + name.size().x, 18.0), Sense::hover());
            let said = if one { curve.name.clone() } else { format!("{}: {}", curve.name, curve.mark.word()) };
            response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &said));
            let y = rect.center().y;
            let ends = [pos2(rect.left(), y), pos2(rect.left() + 24.0, y)];
            let stroke = Stroke::new(width, color);
            match curve.style {
                LineStyle::Solid => {
                    ui.painter().line_segment(ends, stroke);
                }
                LineStyle::Dashed { length } => {
                    ui.painter().extend(Shape::dashed_line(&ends, stroke, length, length * 0.6));
                }
                LineStyle::Dotted { spacing } => {
                    ui.painter().extend(Shape::dotted_line(&ends, color, spacing, width));
                }
            }
            ui.painter().galley(pos2(rect.left() + 30.0, y - name.size().y / 2.0), name, t.secondary);
        }
        if ready.all > ready.curves.len() {
            let text = format!("the {} worst of {} regions", ready.curves.len(), ready.all);
            ui.label(super::widgets::small(ui, text));
        }
    });
}

/// A bar for each bucket: how much of it was answered, and over it what was not.
fn share(p: &Painter, strip: Rect, chart: &Chart, at: &PlotTransform, t: &Tokens) {
    let x = |utc: i64| at.position_from_point_x(utc as f64);
    p.hline(strip.x_range(), strip.bottom(), Stroke::new(1.0, t.line));
    for (start, answered, all) in chart.success.iter().filter(|(.., all)| *all > 0) {
        let (left, right) = (x(*start).max(strip.left()), x(start + chart.bucket).min(strip.right()));
        if right <= left {
            continue;
        }
        let part = *answered as f32 / *all as f32;
        let line = strip.bottom() - strip.height() * part;
        let right = if right - left > 4.0 { right - 1.0 } else { right };
        let bar = |top: f32, bottom: f32| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        p.rect_filled(bar(line, strip.bottom()), 0.0, t.faint.gamma_multiply(0.55));
        if answered < all {
            p.rect_filled(bar(strip.top(), line), 0.0, t.down.gamma_multiply(0.8));
        }
    }
    for (y, text) in [(strip.top() + 6.0, "100 %"), (strip.bottom() - 6.0, "0 %")] {
        let at = pos2(strip.left() - 8.0, y);
        p.text(at, Align2::RIGHT_CENTER, text, FontId::proportional(SMALL - 1.0), t.secondary);
    }
}

fn happening(p: &Painter, both: Rect, at: &PlotTransform, h: &Happening, t: &Tokens) {
    let x = |utc: i64| at.position_from_point_x(utc as f64);
    let p = p.with_clip_rect(p.clip_rect().intersect(Rect::from_x_y_ranges(both.x_range(), both.y_range())));
    let left = x(h.at);
    let Some(until) = h.until else {
        let ends = [pos2(left, both.top() + 12.0), pos2(left, both.bottom())];
        p.extend(Shape::dashed_line(&ends, Stroke::new(1.0, t.secondary), 3.0, 3.0));
        paint_mark(
            &p,
            pos2(left.clamp(both.left() + 5.0, both.right() - 5.0), both.top() + 6.0),
            4.5,
            h.mark,
            t.status(h.mark),
        );
        return;
    };
    let gap = Rect::from_x_y_ranges(left.max(both.left())..=x(until).min(both.right()), both.y_range());
    if gap.width() <= 0.0 {
        return;
    }
    let inside = p.with_clip_rect(p.clip_rect().intersect(gap));
    inside.rect_filled(gap, 0.0, t.raised);
    let mut from = gap.left() - gap.height();
    while from < gap.right() {
        let ends = [pos2(from, gap.bottom()), pos2(from + gap.height(), gap.top())];
        inside.line_segment(ends, Stroke::new(1.0, t.faint.gamma_multiply(0.6)));
        from += 9.0;
    }
    let words = p.layout_no_wrap(h.text.clone(), FontId::proportional(SMALL), t.secondary);
    if words.size().x + 12.0 < gap.width() {
        let corner = gap.min + vec2(6.0, 4.0);
        p.rect_filled(Rect::from_min_size(corner, words.size()).expand(2.0), 2.0, t.raised);
        p.galley(corner, words, t.secondary);
    }
}

/// What is under the pointer: what happened there, else the time and each curve's value.
fn told(ready: &Ready, at: &PlotTransform, pointer: Pos2) -> String {
    const REACH: f32 = 6.0;
    let x = |utc: i64| at.position_from_point_x(utc as f64);
    let now = at.value_from_position(pointer).x;
    let mut lines = vec![format!("{} UTC", utc_clock(now as i64))];
    for h in &ready.happenings {
        let here = match h.until {
            None => (x(h.at) - pointer.x).abs() < REACH,
            Some(until) => (x(h.at)..=x(until)).contains(&pointer.x),
        };
        if here {
            lines.push(h.sentence());
        }
    }
    for curve in &ready.curves {
        let near = curve.parts.iter().filter_map(|part| {
            let i = part.partition_point(|p| p.x < now);
            [i.checked_sub(1), Some(i)]
                .into_iter()
                .flatten()
                .filter_map(|i| part.get(i))
                .min_by(|a, b| (a.x - now).abs().total_cmp(&(b.x - now).abs()))
        });
        let near = near.min_by(|a, b| (a.x - now).abs().total_cmp(&(b.x - now).abs()));
        if let Some(point) = near.filter(|p| (at.position_from_point_x(p.x) - pointer.x).abs() < 2.0 * REACH) {
            lines.push(format!("{} {:.0} ms", curve.name, point.y));
        }
    }
    lines.join("\n")
}

impl Happening {
    /// `03:09:57: East US is down`, with how long it lasted.
    pub fn sentence(&self) -> String {
        let at = utc_clock(self.at);
        match self.until {
            None => format!("{at} {}", self.text),
            Some(until) => {
                let lasted = Millis(u64::try_from(until - self.at).unwrap_or(0) / 1_000 * 1_000);
                format!("{at} {}, for {lasted}", self.text)
            }
        }
    }
}
