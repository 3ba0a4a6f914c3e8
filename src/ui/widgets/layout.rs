//! Cards, headings, key-value rows, empty states.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, ComboBox, CornerRadius, Frame, Layout, Margin, Panel, Stroke, TextEdit, Ui, vec2};

use super::text::{body, bold, copyable, secondary, small, wrapped};
use crate::ui::theme::{self, CARD_RADIUS, LINE};

/// A framed group as wide as there is room.
pub fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let t = theme::of(ui);
    Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(CornerRadius::same(CARD_RADIUS))
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            add(ui)
        })
        .inner
}

/// A framed message with a status edge: something to read before going on.
pub fn banner<R>(ui: &mut Ui, hue: egui::Color32, add: impl FnOnce(&mut Ui) -> R) -> R {
    let t = theme::of(ui);
    let shown = Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(CornerRadius::same(CARD_RADIUS))
        .inner_margin(Margin { left: 20, right: 16, top: 12, bottom: 12 })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            add(ui)
        });
    edge(ui, shown.response.rect, hue, 4.0, CARD_RADIUS);
    shown.inner
}

/// The coloured left edge of something with round corners.
pub fn edge(ui: &Ui, rect: egui::Rect, hue: egui::Color32, width: f32, radius: u8) {
    let clip = egui::Rect::from_min_max(rect.min, egui::pos2(rect.left() + width, rect.bottom()));
    let painter = ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()));
    painter.rect_filled(rect, f32::from(radius), hue);
}

/// The strip of tabs over a screen.
pub fn tab_bar(ui: &mut Ui, id: &'static str, add: impl FnOnce(&mut Ui)) {
    let t = theme::of(ui);
    Panel::top(id)
        .exact_size(44.0)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.panel).inner_margin(Margin { left: 16, right: 16, top: 8, bottom: 8 }))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(vec2(16.0, 8.0));
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.line));
            ui.horizontal_centered(add);
        });
}

/// A filter by one of these, or by none: nothing chosen is all of them.
pub fn one_or_all(ui: &mut Ui, label: &str, chosen: &mut String, of: &[String]) {
    one_or_all_in(ui, label, chosen, of, 150.0);
}

/// The same in so much room.
pub fn one_or_all_in(ui: &mut Ui, label: &str, chosen: &mut String, of: &[String], width: f32) {
    let name = ui.label(small(ui, label));
    let shown = if chosen.is_empty() { "all".to_owned() } else { chosen.clone() };
    let combo = ComboBox::from_id_salt(label).selected_text(shown).width(width).truncate().show_ui(ui, |ui| {
        ui.selectable_value(chosen, String::new(), "all");
        for one in of {
            ui.selectable_value(chosen, one.clone(), one);
        }
    });
    let _ = combo.response.labelled_by(name.id);
}

/// The title of a screen.
pub fn title(ui: &mut Ui, text: &str) -> egui::Response {
    let font = egui::FontId::new(theme::TITLE, theme::bold());
    let response = ui.add(egui::Label::new(egui::RichText::new(text).font(font).line_height(Some(28.0))).wrap());
    as_heading(response, text)
}

/// The heading of a group.
pub fn heading(ui: &mut Ui, text: &str) {
    as_heading(ui.label(bold(text)), text);
}

/// A screen reader goes from one to the next.
fn as_heading(response: egui::Response, text: &str) -> egui::Response {
    response.ctx.accesskit_node_builder(response.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(text);
        node.clear_value();
    });
    response
}

/// What this part of the window is, for whoever goes through it part by part.
pub fn named_part(ui: &Ui, role: Role, name: &str) {
    ui.ctx().accesskit_node_builder(ui.unique_id(), |node| {
        node.set_role(role);
        node.set_label(name);
    });
}

/// A hairline with air around it.
pub fn hairline(ui: &mut Ui, air: f32) {
    ui.add_space(air);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), egui::Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, theme::of(ui).line));
    ui.add_space(air);
}

/// Things of different heights on one centre line.
pub fn in_line<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let row = Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), theme::CONTROL), row, add).inner
}

/// A label in a column of its own, and what belongs to it.
pub fn row<R>(ui: &mut Ui, width: f32, label: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    let gap = ui.spacing().item_spacing.x;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let top = Layout::top_down(egui::Align::Min);
        ui.allocate_ui_with_layout(vec2(width, LINE), top, |ui| {
            ui.set_width(width);
            ui.label(secondary(ui, label));
        });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            ui.set_width(ui.available_width());
            add(ui)
        })
        .inner
    })
    .inner
}

/// A sentence, and before it whether it is as it should be, where that is known or asked.
pub fn judged(ui: &mut Ui, ok: Option<bool>, text: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        if ok.is_some() {
            super::mark::verdict(ui, ok);
        }
        copyable(ui, body(text));
    });
}

/// What belongs here, and one way to get it.
pub fn empty(ui: &mut Ui, heading: &str, text: &str, add: impl FnOnce(&mut Ui)) {
    ui.add_space(48.0);
    ui.vertical(|ui| {
        ui.set_max_width(ui.available_width().min(460.0));
        title(ui, heading);
        ui.add_space(8.0);
        wrapped(ui, secondary(ui, text));
        ui.add_space(16.0);
        add(ui);
    });
}

/// A labelled text field; the label is its accessible name.
pub fn field(ui: &mut Ui, label: &str, text: &mut String, tall: bool, width: f32) -> egui::Response {
    let name = ui.label(small(ui, label));
    ui.add_space(2.0);
    let edit = if tall { TextEdit::multiline(text).desired_rows(3) } else { TextEdit::singleline(text) };
    let edit = edit.desired_width(width).margin(Margin::symmetric(10, 9));
    let response = ui.add(edit).labelled_by(name.id);
    typing_ring(ui, &response);
    response
}

/// A field whose label stands beside it, or nowhere: this is what a screen reader says.
pub fn named(ui: &mut Ui, edit: TextEdit<'_>, name: &str) -> egui::Response {
    let response = ui.add(edit);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    typing_ring(ui, &response);
    response
}

/// The same for a secret: dots on the screen, and for a screen reader too.
pub fn secret(ui: &mut Ui, label: &str, text: &mut String) -> egui::Response {
    let name = ui.label(small(ui, label));
    ui.add_space(2.0);
    let edit = TextEdit::singleline(text).password(true).desired_width(f32::INFINITY);
    let response = ui.add(edit.margin(Margin::symmetric(10, 9))).labelled_by(name.id);
    typing_ring(ui, &response);
    response
}

/// Where one types.
pub fn typing_ring(ui: &Ui, response: &egui::Response) {
    if response.has_focus() {
        super::button::into_sight(ui, response);
        let stroke = Stroke::new(2.0, theme::of(ui).accent);
        let radius = f32::from(theme::RADIUS);
        ui.painter().rect_stroke(response.rect, radius, stroke, egui::StrokeKind::Inside);
    }
}
