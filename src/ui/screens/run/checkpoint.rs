//! A checkpoint to be put outside this computer: as text to copy, and as a picture to photograph.

use eframe::egui::Ui;

use crate::desk::snapshot::CheckpointView;
use crate::ui::view::Act;
use crate::ui::widgets::text::copyable;
use crate::ui::widgets::{Button, mono, qr};

/// What is said once it is copied.
pub const NAME: &str = "The checkpoint";
/// Of the picture: every module of it is some pixels wide.
const SIDE: f32 = 260.0;

/// Draws it.
pub fn show(ui: &mut Ui, act: &dyn Fn(Act), c: &CheckpointView) {
    ui.add_space(8.0);
    copyable(ui, mono(c.text.trim_end()));
    ui.add_space(8.0);
    if Button::new("Copy the text").small().show(ui) {
        act(Act::Copy(c.text.to_string(), NAME));
    }
    ui.add_space(8.0);
    qr(ui, &c.picture, SIDE, "The checkpoint as a QR picture");
}
