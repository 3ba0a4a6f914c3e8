//! The look, set once: tokens, fonts and egui's style. Screens take colours from [`Tokens`] only.

pub mod tokens;

use std::sync::Arc;

use eframe::egui::{
    self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Vec2,
};

pub use tokens::{DARK, LIGHT, Tokens};

/// Text of the body.
pub const BODY: f32 = 13.0;
/// Secondary text.
pub const SMALL: f32 = 12.0;
/// The one title of a screen.
pub const TITLE: f32 = 22.0;
/// The one clock.
pub const CLOCK: f32 = 34.0;
/// Height of a list row.
pub const ROW: f32 = 28.0;
/// Height of a control.
pub const CONTROL: f32 = 36.0;
/// Radius of controls.
pub const RADIUS: u8 = 6;
/// Radius of cards.
pub const CARD_RADIUS: u8 = 8;
/// Distance between lines of running text.
pub const LINE: f32 = 19.0;
/// The same for secondary text.
pub const SMALL_LINE: f32 = 16.0;

/// The bold cut of the text face.
pub fn bold() -> FontFamily {
    FontFamily::Name("bold".into())
}

/// The bold cut of the monospaced face.
pub fn mono_bold() -> FontFamily {
    FontFamily::Name("mono-bold".into())
}

/// The tokens of the theme that `ui` is drawn in.
pub fn of(ui: &egui::Ui) -> &'static Tokens {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// Fonts and both styles; called once, before the first frame.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for (theme, tokens) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.set_style_of(theme, Arc::new(style(theme, tokens)));
    }
}

/// B612 was drawn for cockpit displays: legible under stress, figures of one width. egui's own fonts stay behind it for
/// what it lacks.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let cuts: [(&str, &'static [u8]); 4] = [
        ("B612", include_bytes!("../../../assets/fonts/B612-Regular.otf")),
        ("B612 Bold", include_bytes!("../../../assets/fonts/B612-Bold.otf")),
        ("B612 Mono", include_bytes!("../../../assets/fonts/B612Mono-Regular.otf")),
        ("B612 Mono Bold", include_bytes!("../../../assets/fonts/B612Mono-Bold.otf")),
    ];
    for (name, bytes) in cuts {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let behind = |family: &FontFamily| fonts.families.get(family).cloned().unwrap_or_default();
    let (text, mono) = (behind(&FontFamily::Proportional), behind(&FontFamily::Monospace));
    let first = |name: &str, rest: &[String]| std::iter::once(name.to_owned()).chain(rest.iter().cloned()).collect();
    fonts.families.insert(FontFamily::Proportional, first("B612", &text));
    fonts.families.insert(FontFamily::Monospace, first("B612 Mono", &mono));
    fonts.families.insert(bold(), first("B612 Bold", &text));
    fonts.families.insert(mono_bold(), first("B612 Mono Bold", &mono));
    fonts
}

fn style(theme: Theme, t: &Tokens) -> egui::Style {
    let mut style = egui::Style { visuals: theme.default_visuals(), ..Default::default() };
    style.text_styles = [
        (TextStyle::Heading, FontId::new(TITLE, bold())),
        (TextStyle::Body, FontId::proportional(BODY)),
        (TextStyle::Button, FontId::proportional(BODY)),
        (TextStyle::Small, FontId::proportional(SMALL)),
        (TextStyle::Monospace, FontId::monospace(BODY)),
    ]
    .into();
    // Nothing moves by itself: an animation is a frame nobody asked for, and costs a core when drawn in software.
    style.animation_time = 0.0;
    style.scroll_animation = egui::style::ScrollAnimation::none();
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.3;
    style.spacing.item_spacing = Vec2::new(8.0, 4.0);
    style.spacing.button_padding = Vec2::new(16.0, 8.0);
    style.spacing.interact_size = Vec2::new(CONTROL, LINE);
    style.spacing.window_margin = Margin::same(24);
    style.spacing.menu_margin = Margin::same(8);
    style.spacing.tooltip_width = 420.0;
    // A thin bar is always there: half a line at an edge does not say that there is more.
    style.spacing.scroll = egui::style::ScrollStyle {
        bar_width: 8.0,
        floating_width: 3.0,
        dormant_handle_opacity: 0.35,
        ..egui::style::ScrollStyle::floating()
    };
    style.spacing.scroll.fade.strength = 0.0;

    let v = &mut style.visuals;
    v.panel_fill = t.background;
    v.window_fill = t.panel;
    v.window_stroke = Stroke::new(1.0, t.line);
    v.window_shadow = egui::Shadow::NONE;
    v.popup_shadow = egui::Shadow::NONE;
    v.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    v.menu_corner_radius = CornerRadius::same(RADIUS);
    v.extreme_bg_color = t.background;
    v.text_edit_bg_color = Some(if theme == Theme::Dark { t.background } else { t.panel });
    v.code_bg_color = t.raised;
    v.faint_bg_color = t.raised;
    v.hyperlink_color = t.accent;
    v.warn_fg_color = t.suspect;
    v.error_fg_color = t.down;
    v.weak_text_color = Some(t.secondary);
    v.selection.bg_fill = t.selection();
    v.selection.stroke = Stroke::new(1.0, t.text);
    v.text_cursor.stroke = Stroke::new(2.0, t.accent);
    // A blinking cursor repaints for ever.
    v.text_cursor.blink = false;
    v.disabled_alpha = 0.55;
    let radius = CornerRadius::same(RADIUS);
    let set = |w: &mut egui::style::WidgetVisuals, fill: Color32, line: Stroke, text: Color32| {
        *w = egui::style::WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: line,
            corner_radius: radius,
            fg_stroke: Stroke::new(1.0, text),
            expansion: 0.0,
        };
    };
    set(&mut v.widgets.noninteractive, t.panel, Stroke::new(1.0, t.line), t.text);
    set(&mut v.widgets.inactive, t.raised, Stroke::new(1.0, t.line), t.text);
    set(&mut v.widgets.hovered, t.raised, Stroke::new(1.0, t.faint), t.text);
    set(&mut v.widgets.active, t.raised, Stroke::new(2.0, t.accent), t.text);
    set(&mut v.widgets.open, t.raised, Stroke::new(1.0, t.accent), t.text);
    style
}
