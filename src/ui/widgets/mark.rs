//! Status as painted shapes: fonts lack some of them, they read badly to screen readers, and a shape stays legible in
//! greyscale. Each has the status word as its accessible name.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Color32, Painter, Pos2, Response, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::desk::snapshot::{Mark, StepState};
use crate::ui::theme::{self, Tokens};

/// Points of an arc, for lines and half discs.
fn arc(center: Pos2, r: f32, from: f32, to: f32) -> Vec<Pos2> {
    const STEPS: u16 = 16;
    (0..=STEPS).map(|i| center + r * egui::Vec2::angled(from + (to - from) * f32::from(i) / f32::from(STEPS))).collect()
}

fn cross(p: &Painter, c: Pos2, r: f32, stroke: Stroke) {
    p.line_segment([c + vec2(-r, -r), c + vec2(r, r)], stroke);
    p.line_segment([c + vec2(-r, r), c + vec2(r, -r)], stroke);
}

/// Paints a status shape of radius `r`.
pub fn paint_mark(p: &Painter, c: Pos2, r: f32, mark: Mark, color: Color32) {
    let thin = Stroke::new((r * 0.28).max(1.4), color);
    match mark {
        Mark::Ok => {
            p.circle_filled(c, r, color);
        }
        Mark::Suspect => {
            p.circle_stroke(c, r - thin.width / 2.0, thin);
            p.add(Shape::convex_polygon(arc(c, r, FRAC_PI_2, FRAC_PI_2 + PI), color, Stroke::NONE));
        }
        Mark::Down => cross(p, c, r * 0.86, Stroke::new((r * 0.42).max(2.0), color)),
        Mark::Degraded => {
            let tip = c + vec2(0.0, -r * 1.02);
            let base = r * 0.88;
            let points = vec![tip, c + vec2(r * 1.08, base), c + vec2(-r * 1.08, base)];
            p.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Mark::Unknown => {
            const DASHES: u8 = 6;
            for i in 0..DASHES {
                let from = TAU * f32::from(i) / f32::from(DASHES);
                p.line(arc(c, r - thin.width / 2.0, from, from + TAU / f32::from(DASHES) * 0.58), thin);
            }
        }
        Mark::Blind => {
            let inner = r - thin.width / 2.0;
            p.circle_stroke(c, inner, thin);
            let d = inner * std::f32::consts::FRAC_1_SQRT_2;
            p.line_segment([c + vec2(-d, d), c + vec2(d, -d)], thin);
        }
    }
}

/// Paints a step's state shape.
pub fn paint_step(p: &Painter, c: Pos2, state: StepState, current: bool, t: &Tokens) {
    let stroke = |color| Stroke::new(2.0, color);
    match state {
        StepState::DoneByApp | StepState::DoneByHand | StepState::AlreadyTrue => tick(p, c, t.ok),
        StepState::Skipped => {
            p.line_segment([c + vec2(-5.0, 0.0), c + vec2(5.0, 0.0)], stroke(t.suspect));
        }
        StepState::Undone => {
            // Back again: what was left out has a plain dash.
            p.line_segment([c + vec2(-4.5, 0.0), c + vec2(5.0, 0.0)], stroke(t.secondary));
            p.line(vec![c + vec2(-0.8, -4.0), c + vec2(-4.8, 0.0), c + vec2(-0.8, 4.0)], stroke(t.secondary));
        }
        StepState::Failed => cross(p, c, 4.5, Stroke::new(2.4, t.down)),
        StepState::Indeterminate => paint_mark(p, c, 5.5, Mark::Blind, t.suspect),
        StepState::Running => paint_mark(p, c, 5.5, Mark::Suspect, t.accent),
        StepState::Verifying => {
            // Further than half.
            paint_mark(p, c, 5.5, Mark::Suspect, t.accent);
            let wedge = [vec![c], arc(c, 5.5, -FRAC_PI_2, 0.0)].concat();
            p.add(Shape::convex_polygon(wedge, t.accent, Stroke::NONE));
        }
        StepState::AwaitingApproval => {
            p.circle_stroke(c, 4.5, Stroke::new(1.5, t.accent));
            p.circle_filled(c, 1.8, t.accent);
        }
        StepState::Ready | StepState::Blocked if current => arrow(p, c, t.accent),
        StepState::Ready => {
            p.circle_stroke(c, 4.5, Stroke::new(1.5, t.secondary));
        }
        StepState::Blocked => {
            p.circle_stroke(c, 4.5, Stroke::new(1.3, t.faint));
        }
    }
}

/// Done, fulfilled.
pub fn tick(p: &Painter, c: Pos2, color: Color32) {
    p.line(vec![c + vec2(-5.0, 0.3), c + vec2(-1.6, 3.8), c + vec2(5.2, -3.8)], Stroke::new(2.2, color));
}

/// Now.
pub fn arrow(p: &Painter, c: Pos2, color: Color32) {
    let points = vec![c + vec2(-3.2, -4.6), c + vec2(4.4, 0.0), c + vec2(-3.2, 4.6)];
    p.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

fn named(ui: &mut Ui, width: f32, height: f32, name: &str) -> (egui::Rect, Response) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    (rect, response)
}

/// A status in a line of text.
pub fn mark(ui: &mut Ui, mark: Mark) -> Response {
    let (rect, response) = named(ui, 14.0, theme::LINE, mark.word());
    paint_mark(ui.painter(), rect.center(), 5.0, mark, theme::of(ui).status(mark));
    response.on_hover_text(mark.word())
}

/// A step's state in a line of text.
pub fn step_mark(ui: &mut Ui, state: StepState, current: bool) -> Response {
    let (rect, response) = named(ui, 16.0, theme::LINE, state.word());
    paint_step(ui.painter(), rect.center(), state, current, theme::of(ui));
    response
}

/// Fulfilled, refused or not known, in a line of text.
pub fn verdict(ui: &mut Ui, ok: Option<bool>) -> Response {
    let t = theme::of(ui);
    let name = match ok {
        Some(true) => "fulfilled",
        Some(false) => "not fulfilled",
        None => "unknown",
    };
    let (rect, response) = named(ui, 14.0, theme::LINE, name);
    let c = pos2(rect.left() + 6.0, rect.center().y);
    match ok {
        Some(true) => tick(ui.painter(), c, t.ok),
        Some(false) => cross(ui.painter(), c, 4.2, Stroke::new(2.2, t.down)),
        None => paint_mark(ui.painter(), c, 5.0, Mark::Unknown, t.unknown),
    }
    response
}
