//! Time that runs out: the one clock, and the bar of a deadline.

use eframe::egui::{FontId, Rect, RichText, Sense, Ui, pos2, vec2};

use super::paint_mark;
use super::text::line;
use crate::desk::snapshot::Mark;
use crate::ui::theme::{self, BODY, CLOCK, ROW};

/// Width and height of a bar.
const BAR: (f32, f32) = (64.0, 6.0);

/// The one clock of a screen; late is red.
pub fn clock(ui: &mut Ui, figure: &str, late: bool) {
    let t = theme::of(ui);
    let ink = if late { t.down } else { t.text };
    ui.label(RichText::new(figure).font(FontId::proportional(CLOCK)).line_height(Some(38.0)).color(ink));
}

/// Shape, bar and words; the bar is as long as the share of the time that is left. Without a share there is no such time,
/// and without a bar it is over.
pub fn deadline(ui: &mut Ui, mark: Mark, bar: Option<Option<f32>>, words: &str) {
    let t = theme::of(ui);
    let hue = t.status(mark);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width().min(188.0), ROW), Sense::hover());
    let y = rect.center().y;
    paint_mark(ui.painter(), pos2(rect.left() + 8.0, y), 5.0, mark, hue);
    let mut x = rect.left() + 22.0;
    if let Some(share) = bar {
        let whole = Rect::from_min_size(pos2(x, y - BAR.1 / 2.0), vec2(BAR.0, BAR.1));
        ui.painter().rect_filled(whole, BAR.1 / 2.0, t.line);
        if let Some(share) = share.filter(|s| *s > 0.0) {
            // A sliver at least: a bar that cannot be seen looks like no bar.
            let left = Rect::from_min_size(whole.min, vec2((BAR.0 * share).max(3.0), BAR.1));
            ui.painter().rect_filled(left, BAR.1 / 2.0, hue);
        }
        x = whole.right() + 8.0;
    }
    let text = line(ui, words, FontId::proportional(BODY), t.text, rect.right() - x);
    ui.painter().galley(pos2(x, y - text.size().y / 2.0), text, t.text);
}
