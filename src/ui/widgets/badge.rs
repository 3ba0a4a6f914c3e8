//! A word in a frame: a state in running text, or the mode of a run in the colour of its band.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, CornerRadius, FontId, Margin, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::text::{body, cut, line, small};
use crate::desk::snapshot::Mode;
use crate::ui::theme::{self, HAIRLINE, SMALL};

const RADIUS: u8 = 4;

/// A word in a frame.
pub fn badge(ui: &mut Ui, text: &str) {
    let t = theme::of(ui);
    egui::Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(HAIRLINE, t.line))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::symmetric(6, 1))
        .show(ui, |ui| ui.label(small(ui, text)));
}

/// How much of the world a run could touch, as its band says it; a word that is no mode stands as it is.
pub fn mode_badge(ui: &mut Ui, mode: &str) {
    let t = theme::of(ui);
    let Some(found) = Mode::ALL.into_iter().find(|m| m.word().eq_ignore_ascii_case(mode)) else {
        cut(ui, body(mode));
        return;
    };
    let text = line(ui, mode, FontId::new(SMALL, theme::bold()), t.on_band, 96.0);
    let (rect, response) = ui.allocate_exact_size(text.size() + vec2(12.0, 4.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, mode));
    ui.painter().rect_filled(rect, CornerRadius::same(RADIUS), t.band(found));
    ui.painter().galley(rect.min + vec2(6.0, 2.0), text, t.on_band);
}
