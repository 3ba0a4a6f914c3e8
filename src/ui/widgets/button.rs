//! Buttons with their key on them. One that changes Azure cannot be pressed with Enter, also not when it has the focus.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Color32, FontId, Key, Response, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::ui::theme::{self, BODY, CONTROL, RADIUS, SMALL};

/// Between a label and its key.
const KEY_GAP: f32 = 10.0;

/// A button.
pub struct Button<'a> {
    label: &'a str,
    key: String,
    primary: bool,
    refused: Option<&'a str>,
    guarded: bool,
    small: bool,
    selected: Option<bool>,
    width: Option<f32>,
    id: Option<egui::Id>,
    name: Option<&'a str>,
}

impl<'a> Button<'a> {
    /// A quiet one.
    pub fn new(label: &'a str) -> Self {
        Self {
            label,
            key: String::new(),
            primary: false,
            refused: None,
            guarded: false,
            small: false,
            selected: None,
            width: None,
            id: None,
            name: None,
        }
    }
    /// The one of the screen.
    pub fn primary(mut self) -> Self {
        self.primary = true;
        self
    }
    /// Shows its key.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }
    /// Not possible now, and why.
    pub fn refused(mut self, why: Option<&'a str>) -> Self {
        self.refused = why;
        self
    }
    /// It changes Azure: Enter does not press it.
    pub fn guarded(mut self, yes: bool) -> Self {
        self.guarded = yes;
        self
    }
    /// Of a list row's height.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }
    /// One of several: whether it is the chosen one.
    pub fn selected(mut self, yes: bool) -> Self {
        self.selected = Some(yes);
        self
    }
    /// At least this wide.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// Known by this, not by its place: another button that takes its place under the pointer is not pressed in its stead.
    pub fn id(mut self, salt: impl std::hash::Hash + std::fmt::Debug) -> Self {
        self.id = Some(egui::Id::unique(("button", salt)));
        self
    }

    /// What a screen reader says, where the label alone does not say which of several it is.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Draws it; `true` when it was pressed.
    pub fn show(self, ui: &mut Ui) -> bool {
        self.show_response(ui).1
    }

    /// Draws it; the response, and whether it was pressed.
    pub fn show_response(self, ui: &mut Ui) -> (Response, bool) {
        let t = theme::of(ui);
        let enabled = self.refused.is_none() && ui.is_enabled();
        let chosen = self.selected == Some(true);
        let color = if self.primary && enabled {
            t.on_accent
        } else if enabled {
            t.text
        } else {
            t.faint
        };
        let font = if self.primary || chosen { FontId::new(BODY, theme::bold()) } else { FontId::proportional(BODY) };
        let pad = if self.small || !self.primary { 12.0 } else { 16.0 };
        let key = (!self.key.is_empty()).then(|| {
            let c = match (self.primary, enabled) {
                (true, true) => t.on_accent.gamma_multiply(0.9),
                (false, true) => t.secondary,
                // A key that does nothing now does not outshine its word.
                (_, false) => t.faint,
            };
            ui.painter().layout_no_wrap(self.key.clone(), FontId::proportional(SMALL), c)
        });
        let key_width = key.as_ref().map_or(0.0, |k| k.size().x + KEY_GAP);
        let most = (ui.max_rect().width() - 2.0 * pad - key_width).max(48.0);
        let label = super::text::line(ui, self.label, font, color, most);
        let height = if self.small { theme::ROW } else { CONTROL };
        let width = (label.size().x + key_width + 2.0 * pad).max(self.width.unwrap_or(0.0));
        let size = Vec2::new(width, height);
        let (rect, response) = match self.id {
            None => ui.allocate_exact_size(size, Sense::click()),
            Some(id) => {
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                (rect, ui.interact(rect, id, Sense::click()))
            }
        };
        let (label_text, chosen_one) = (self.name.unwrap_or(self.label), self.selected);
        response.widget_info(|| match chosen_one {
            Some(on) => WidgetInfo::selected(Role::RadioButton, enabled, on, label_text),
            None => WidgetInfo::labeled(Role::Button, enabled, label_text),
        });

        let hot = enabled && (response.hovered() || response.is_pointer_button_down_on());
        let (fill, line) = match (self.primary && enabled, chosen, hot) {
            (true, _, false) => (t.accent, Color32::TRANSPARENT),
            (true, _, true) => (mix(t.accent, t.text, 0.14), Color32::TRANSPARENT),
            (false, true, _) => (t.raised, t.accent),
            (false, false, true) => (t.raised, t.faint),
            (false, false, false) => (t.raised, t.line),
        };
        let rect = rect.round_ui();
        ui.painter().rect(rect, f32::from(RADIUS), fill, Stroke::new(1.0, line), StrokeKind::Inside);
        let start = pos2(rect.left() + ((rect.width() - label.size().x - key_width) / 2.0).max(pad), rect.center().y);
        let end = start.x + label.size().x;
        ui.painter().galley(start - vec2(0.0, label.size().y / 2.0), label, color);
        if let Some(key) = key {
            let y = rect.center().y - key.size().y / 2.0;
            ui.painter().galley(pos2(end + KEY_GAP, y), key, color);
        }
        focus_ring(ui, &response, rect);

        let enter = response.has_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let pressed =
            if self.guarded && enter { response.clicked_by(egui::PointerButton::Primary) } else { response.clicked() };
        let response = match self.refused {
            Some(why) => response.on_hover_text(why),
            None => response,
        };
        if enabled && response.hovered() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
        }
        (response, pressed && enabled)
    }
}

/// The focus is always to be seen.
pub fn focus_ring(ui: &Ui, response: &Response, rect: egui::Rect) {
    if response.has_focus() {
        into_sight(ui, response);
        let t = theme::of(ui);
        ui.painter().rect_stroke(
            rect.expand(2.0),
            f32::from(RADIUS) + 2.0,
            Stroke::new(2.0, t.accent),
            StrokeKind::Outside,
        );
    }
}

/// What Tab comes to below the edge is scrolled to.
pub fn into_sight(ui: &Ui, response: &Response) {
    if response.gained_focus() && !ui.clip_rect().contains_rect(response.rect) {
        response.scroll_to_me(None);
    }
}

/// A small action in running text.
pub fn link(ui: &mut Ui, label: &str, key: &str) -> bool {
    link_named(ui, label, key, label)
}

/// The same, where the label alone does not say which of several it is.
pub fn link_named(ui: &mut Ui, label: &str, key: &str, name: &str) -> bool {
    let t = theme::of(ui);
    let text = ui.painter().layout_no_wrap(label.to_owned(), FontId::proportional(BODY), t.accent);
    let hint = ui.painter().layout_no_wrap(key.to_owned(), FontId::proportional(SMALL), t.secondary);
    let gap = if key.is_empty() { 0.0 } else { 6.0 };
    let size = vec2(text.size().x + gap + hint.size().x, theme::LINE + 1.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let y = |h: f32| rect.center().y - h / 2.0;
    let (w, h, hh) = (text.size().x, text.size().y, hint.size().y);
    ui.painter().galley(pos2(rect.left(), y(h)), text, t.accent);
    ui.painter().galley(pos2(rect.left() + w + gap, y(hh)), hint, t.secondary);
    if response.hovered() {
        ui.painter().hline(rect.left()..=rect.left() + w, rect.bottom() - 2.0, Stroke::new(1.0, t.accent));
        ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    }
    focus_ring(ui, &response, rect.expand2(vec2(2.0, 0.0)));
    response.clicked()
}

fn mix(a: Color32, b: Color32, share: f32) -> Color32 {
    a.lerp_to_gamma(b, share)
}

trait RoundUi {
    fn round_ui(self) -> Self;
}
impl RoundUi for egui::Rect {
    fn round_ui(self) -> Self {
        use egui::emath::GuiRounding;
        GuiRounding::round_ui(self)
    }
}
