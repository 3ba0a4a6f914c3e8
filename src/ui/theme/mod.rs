//! The look, set once: tokens, fonts and egui's style. Screens take colours from [`Tokens`] only.

pub mod tokens;

use std::sync::Arc;

use eframe::egui::{
    self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Vec2,
};

pub use tokens::*;

use crate::desk::snapshot::{Mark, Mode};

impl Tokens {
    /// The hue of a status.
    pub fn status(&self, mark: Mark) -> Color32 {
        match mark {
            Mark::Ok => self.ok,
            Mark::Suspect => self.suspect,
            Mark::Down => self.down,
            Mark::Degraded => self.degraded,
            Mark::Unknown | Mark::Blind => self.unknown,
        }
    }

    /// The band of a mode.
    pub fn band(&self, mode: Mode) -> Color32 {
        match mode {
            Mode::Live => self.live,
            Mode::DryRun => self.dry_run,
            Mode::Rehearsal => self.rehearsal,
            Mode::Tabletop => self.tabletop,
        }
    }

    /// What is over and done: read less, and still to be read.
    pub fn past(&self) -> Color32 {
        self.text.lerp_to_gamma(self.secondary, 0.35)
    }

    /// Behind a row that the pointer is on.
    pub fn hovered(&self) -> Color32 {
        self.raised.gamma_multiply(0.5)
    }

    /// A tint of a status behind text or curves.
    pub fn tint(&self, hue: Color32) -> Color32 {
        hue.gamma_multiply(0.14)
    }
}

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
    style.animation_time = MOTION;
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
        // It has room of its own, and lies on nothing.
        floating_allocated_width: 8.0,
        // The line between two columns is not taken for a bar.
        bar_outer_margin: 3.0,
        dormant_handle_opacity: 0.35,
        ..egui::style::ScrollStyle::floating()
    };
    style.spacing.scroll.fade.strength = 0.0;

    let v = &mut style.visuals;
    v.panel_fill = t.background;
    v.window_fill = t.panel;
    v.window_stroke = Stroke::new(HAIRLINE, t.line);
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
    v.selection.bg_fill = t.selected;
    v.selection.stroke = Stroke::new(HAIRLINE, t.text);
    v.text_cursor.stroke = Stroke::new(RING, t.accent);
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
            fg_stroke: Stroke::new(HAIRLINE, text),
            expansion: 0.0,
        };
    };
    set(&mut v.widgets.noninteractive, t.panel, Stroke::new(HAIRLINE, t.line), t.text);
    // Fields and boxes are told from the ground they stand on (WCAG 2.2, 1.4.11).
    set(&mut v.widgets.inactive, t.raised, Stroke::new(HAIRLINE, t.faint), t.text);
    set(&mut v.widgets.hovered, t.raised, Stroke::new(HAIRLINE, t.secondary), t.text);
    set(&mut v.widgets.active, t.raised, Stroke::new(RING, t.accent), t.text);
    set(&mut v.widgets.open, t.raised, Stroke::new(HAIRLINE, t.accent), t.text);
    style
}
