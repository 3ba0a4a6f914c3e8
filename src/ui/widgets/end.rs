//! What stands at the right end of a line, drawn from left to right all the same: that is how it is read, and how Tab walks it.

use eframe::egui::{Align, Id, Layout, Ui, UiBuilder};

fn id(ui: &Ui, salt: &str) -> Id {
    ui.scope_id().with(("end", salt))
}

/// How wide it was, for whatever stands before it in the line.
pub fn end_width(ui: &Ui, salt: &str) -> f32 {
    ui.data(|d| d.get_temp(id(ui, salt))).unwrap_or(0.0)
}

/// Draws it; the last thing of a horizontal line.
pub fn at_end<R>(ui: &mut Ui, salt: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    let (id, known) = (id(ui, salt), end_width(ui, salt));
    ui.add_space((ui.available_width() - known).max(0.0));
    // In the middle of the line, as what stands before it.
    let row = Layout::left_to_right(Align::Center);
    let shown = ui.scope_builder(UiBuilder::new().layout(row), add);
    let width = shown.response.rect.width();
    if (width - known).abs() > 0.5 {
        ui.data_mut(|d| d.insert_temp(id, width));
        ui.ctx().request_discard("the width of what stands at the end of a line is not known yet");
    }
    shown.inner
}
