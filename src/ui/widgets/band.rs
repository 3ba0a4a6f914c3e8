//! The band of a mode: it is never mistaken, and a rehearsal is told from the real thing without colour as well.

use eframe::egui::{Color32, Painter, Rect, Shape, Stroke, pos2};

use crate::desk::snapshot::Mode;
use crate::ui::theme::Tokens;

/// Fills `rect`; what is written on it has the colour that comes back. Without a mode it is neutral.
pub fn paint_band(p: &Painter, rect: Rect, mode: Option<Mode>, t: &Tokens) -> Color32 {
    let (fill, ink) = mode.map_or((t.raised, t.text), |m| (t.band(m), t.on_band));
    p.rect_filled(rect, 0.0, fill);
    if mode == Some(Mode::Rehearsal) {
        stripes(p, rect, t.stripe);
    }
    ink
}

fn stripes(p: &Painter, rect: Rect, color: Color32) {
    const WIDTH: f32 = 16.0;
    let mut x = rect.left() - rect.height();
    while x < rect.right() {
        let points = vec![
            pos2(x, rect.bottom()),
            pos2(x + rect.height(), rect.top()),
            pos2(x + rect.height() + WIDTH, rect.top()),
            pos2(x + WIDTH, rect.bottom()),
        ];
        p.add(Shape::convex_polygon(points, color, Stroke::NONE));
        x += 2.0 * WIDTH;
    }
}
