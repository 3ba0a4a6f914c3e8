//! One step in a list.

use eframe::egui::{FontId, Rect, Ui, pos2};

use super::paint_step;
use super::text::line;
use crate::desk::snapshot::{StepRow, StepState};
use crate::ui::theme::{self, BODY, SMALL};

/// Shape, title, time.
pub fn paint_step_row(ui: &Ui, rect: Rect, row: &StepRow, current: bool) {
    let t = theme::of(ui);
    let y = rect.center().y;
    paint_step(ui.painter(), pos2(rect.left() + 15.0, y), row.state, current, t);
    let ink = match row.state {
        _ if current => t.text,
        StepState::Failed | StepState::Indeterminate | StepState::Ready => t.text,
        StepState::Blocked => t.secondary,
        _ => t.past(),
    };
    let timing = line(ui, &row.timing, FontId::proportional(SMALL), t.secondary, 110.0);
    let right = rect.right() - 8.0 - timing.size().x;
    let title = line(ui, &row.title, FontId::proportional(BODY), ink, right - 8.0 - rect.left() - 36.0);
    ui.painter().galley(pos2(rect.left() + 36.0, y - title.size().y / 2.0), title, ink);
    ui.painter().galley(pos2(right, y - timing.size().y / 2.0), timing, t.secondary);
}
