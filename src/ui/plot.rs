//! Answer times of the last hour, with the time without an answer shaded.

use eframe::egui::{Align2, FontId, Stroke, Ui, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, Line, LineStyle, Plot, PlotPoints, Span};

use super::theme::{self, SMALL};
use crate::desk::snapshot::{Mark, Series};
use crate::units::utc_clock;

/// Curves of healthy endpoints are told apart by these dashes, not by hue: hues are for status.
const STYLES: [LineStyle; 3] =
    [LineStyle::Solid, LineStyle::Dashed { length: 6.0 }, LineStyle::Dotted { spacing: 4.0 }];

/// Stretches of a series that have answers, and those that have none.
struct Cut {
    lines: Vec<Vec<[f64; 2]>>,
    gaps: Vec<(f64, f64)>,
}

fn cut(s: &Series) -> Cut {
    let mut out = Cut { lines: vec![Vec::new()], gaps: Vec::new() };
    let mut gap: Option<f64> = None;
    let mut last = None;
    for (at, ms) in &s.points {
        let x = *at as f64;
        match ms {
            Some(ms) => {
                if let Some(from) = gap.take() {
                    out.gaps.push((from, x));
                    out.lines.push(Vec::new());
                }
                if let Some(line) = out.lines.last_mut() {
                    line.push([x, f64::from(*ms)]);
                }
            }
            None => gap = gap.or(Some(last.unwrap_or(x))),
        }
        last = Some(x);
    }
    if let (Some(from), Some(to)) = (gap, last) {
        out.gaps.push((from, to));
    }
    out
}

/// Steps of a quarter of an hour at most; about four marks.
fn times(input: GridInput) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    let span = to - from;
    let step = [60e3, 300e3, 600e3, 900e3, 1_800e3, 3_600e3, 7_200e3, 21_600e3]
        .into_iter()
        .find(|s| span / s <= 5.0)
        .unwrap_or(86_400e3);
    let mut marks = Vec::new();
    // A mark at the very edge would run into the other axis.
    let mut x = ((from + span * 0.03) / step).ceil() * step;
    while x <= to && marks.len() < 12 {
        marks.push(GridMark { value: x, step_size: step });
        x += step;
    }
    marks
}

/// A top that leaves two or three even steps.
fn top(most: f64) -> f64 {
    let steps = [50.0, 100.0, 200.0, 400.0, 600.0, 1_000.0, 2_000.0, 4_000.0, 10_000.0, 20_000.0, 40_000.0];
    steps.into_iter().find(|s| most <= s * 1.1).unwrap_or(60_000.0)
}

/// Draws the plot.
pub fn answers(ui: &mut Ui, height: f32, series: &[Series]) {
    let t = theme::of(ui);
    let cuts: Vec<(&Series, Cut)> = series.iter().map(|s| (s, cut(s))).collect();
    let points = || series.iter().flat_map(|s| &s.points);
    let most = points().filter_map(|(_, ms)| *ms).max().unwrap_or(100);
    let top = top(f64::from(most));
    let ends = (points().map(|(at, _)| *at).min().unwrap_or(0), points().map(|(at, _)| *at).max().unwrap_or(1));
    let (from, to) = (ends.0 as f64, ends.1.max(ends.0 + 1_000) as f64);
    let axis_font = FontId::proportional(SMALL);
    let x_axis = AxisHints::new_x()
        .formatter(|mark, _| utc_clock(mark.value as i64).chars().take(5).collect())
        .tick_label_color(t.secondary)
        .tick_label_font(axis_font.clone());
    let y_axis = AxisHints::new_y()
        .formatter(|mark, _| if mark.value == 0.0 { "0 ms".to_owned() } else { format!("{}", mark.value) })
        .tick_label_color(t.secondary)
        .tick_label_font(axis_font)
        .min_thickness(44.0);
    Plot::new("answer-time")
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_background(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .show_grid([false, true])
        .grid_color(t.line)
        .grid_fade(0.0)
        .set_margin_fraction(vec2(0.0, 0.0))
        .default_x_bounds(from, to)
        .default_y_bounds(0.0, top * 1.06)
        .x_grid_spacer(times)
        .y_grid_spacer(move |_| {
            [0.0, 0.5, 1.0].into_iter().map(|s| GridMark { value: top * s, step_size: top / 2.0 }).collect()
        })
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .show(ui, |plot| {
            plot.set_plot_bounds_x(from..=to);
            plot.set_plot_bounds_y(0.0..=top * 1.06);
            for (s, cut) in &cuts {
                for (a, b) in &cut.gaps {
                    let hue = t.status(if s.mark == Mark::Ok { Mark::Suspect } else { s.mark });
                    let span = Span::new("no answer", *a..=*b)
                        .fill(t.tint(hue))
                        .border(Stroke::NONE)
                        .label_align(Align2::LEFT_TOP);
                    plot.span(span);
                }
            }
            let mut styles = STYLES.into_iter().cycle();
            for (s, cut) in cuts {
                let style =
                    if s.mark == Mark::Ok { styles.next().unwrap_or(LineStyle::Solid) } else { LineStyle::Solid };
                for line in cut.lines {
                    plot.line(
                        Line::new(s.name.clone(), PlotPoints::from(line))
                            .color(t.status(s.mark))
                            .style(style)
                            .width(1.4)
                            .allow_hover(false),
                    );
                }
            }
        });
}
