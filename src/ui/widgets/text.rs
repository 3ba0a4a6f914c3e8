//! Text in the six voices of the window: weight before colour before size.

use eframe::egui::{self, Color32, FontId, Label, Response, RichText, Ui};

use crate::ui::theme::{self, BODY, LINE, SMALL, SMALL_LINE};

/// Running text.
pub fn body(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::proportional(BODY)).line_height(Some(LINE))
}

/// Strong text.
pub fn bold(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::new(BODY, theme::bold())).line_height(Some(LINE))
}

/// Text of second rank, full size.
pub fn secondary(ui: &Ui, text: impl Into<String>) -> RichText {
    body(text).color(theme::of(ui).secondary)
}

/// Text of second rank, small.
pub fn small(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::proportional(SMALL)).line_height(Some(SMALL_LINE)).color(theme::of(ui).secondary)
}

/// Ids and values.
pub fn mono(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::monospace(SMALL)).line_height(Some(LINE))
}

/// New values.
pub fn mono_bold(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::new(SMALL, theme::mono_bold())).line_height(Some(LINE))
}

/// Wrapped text that a person would copy.
pub fn copyable(ui: &mut Ui, text: RichText) -> Response {
    ui.add(Label::new(text).wrap().selectable(true))
}

/// Wrapped text.
pub fn wrapped(ui: &mut Ui, text: RichText) -> Response {
    ui.add(Label::new(text).wrap())
}

/// One line cut to the width there is, in full on hover.
pub fn cut(ui: &mut Ui, text: RichText) -> Response {
    ui.add(Label::new(text).truncate())
}

/// Lays one line out for painting, cut with an ellipsis at `width`.
pub fn line(ui: &Ui, text: &str, font: FontId, color: Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(job)
}

/// With its first letter a capital, as a sentence begins; what begins with a name or a value stays as it is written.
pub fn capital(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let word = first.trim_end_matches([',', ':', ';', '.']).chars().all(|c| c.is_alphabetic() || c == '’');
    let mut chars = text.chars();
    match chars.next().filter(|_| word) {
        Some(c) => c.to_uppercase().chain(chars).collect(),
        None => text.to_owned(),
    }
}

/// So many bytes, in words.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KB", bytes.div_ceil(1_024)),
        _ => format!("{} MB", bytes.div_ceil(1_048_576)),
    }
}
