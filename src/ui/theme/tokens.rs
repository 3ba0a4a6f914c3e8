//! The look as data, and nothing else: every colour in dark and light with what it stands on, and the sizes that screens share.
//! Colours are made here only. A test holds each pair to its contrast, and another the texts of all screens as they are drawn.

use eframe::egui::Color32;

/// `name: dark / light, least contrast on grounds`. WCAG 2.2 AA: text 4.5 (1.4.3), shapes and outlines that carry a meaning
/// 3 (1.4.11). What has no figure is a ground, or a line that separates and says nothing.
macro_rules! colours {
    ($($(#[$doc:meta])* $name:ident: $dark:literal / $light:literal $(, $least:literal on $($ground:ident)+)?;)*) => {
        /// The colours of one theme.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Tokens {
            $($(#[$doc])* pub $name: Color32,)*
        }

        /// Dark.
        pub const DARK: Tokens = Tokens { $($name: rgb($dark),)* };
        /// Light.
        pub const LIGHT: Tokens = Tokens { $($name: rgb($light),)* };

        /// An ink, the contrast it needs, and the grounds that it is used on.
        pub const PAIRS: &[(&str, f64, &[&str])] = &[$($((stringify!($name), $least, &[$(stringify!($ground)),+]),)?)*];

        impl Tokens {
            /// All by name, in the order of this file.
            pub fn all(&self) -> Vec<(&'static str, Color32)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

colours! {
    // ---- grounds ----
    /// Behind everything.
    background: 0x0E1216 / 0xF6F7F9;
    /// Side columns and cards.
    panel: 0x141A20 / 0xFFFFFF;
    /// Selected rows, buttons, the neutral band.
    raised: 0x1B232B / 0xEEF1F4;
    /// A chosen row of a table.
    chosen: 0x1F3144 / 0xD8E6F6;
    /// Behind text that is marked to be copied.
    selected: 0x2C4D70 / 0xA9CBEE;
    /// Hairlines.
    line: 0x2A343E / 0xD3DAE1;

    // ---- inks ----
    /// Text.
    text: 0xE6EBF0 / 0x14191E, 4.5 on background panel raised chosen selected;
    /// Text of second rank.
    secondary: 0x9AA7B4 / 0x4C5966, 4.5 on background panel raised chosen;
    /// Outlines, and the label of what cannot be pressed now.
    faint: 0x6B7885 / 0x75828F, 3.0 on background panel raised;
    /// What can be acted on, and where the focus is.
    accent: 0x5AA9FF / 0x0B63C5, 4.5 on background panel raised;
    /// Text on the accent.
    on_accent: 0x0E1216 / 0xFFFFFF, 4.5 on accent;

    // ---- states, for states alone ----
    /// Works.
    ok: 0x4CC38A / 0x0F7B4A, 4.5 on background panel raised;
    /// Some failures.
    suspect: 0xE5B93C / 0x8A6400, 4.5 on background panel raised;
    /// Does not work.
    down: 0xFF6B64 / 0xC02B24, 4.5 on background panel raised;
    /// Works badly.
    degraded: 0xF08C3A / 0xA8520A, 4.5 on background panel raised;
    /// No fresh news.
    unknown: 0x8C98A5 / 0x5C6874, 4.5 on background panel raised;

    // ---- the band of a mode: the same in dark and light, it must never be mistaken ----
    /// Changes real resources.
    live: 0xB3261E / 0xB3261E;
    /// Reads real resources.
    dry_run: 0x8A6400 / 0x8A6400;
    /// On a simulated Azure.
    rehearsal: 0x1F5FA8 / 0x1F5FA8;
    /// The darker stripe of a rehearsal.
    stripe: 0x1A5290 / 0x1A5290;
    /// People answer, no Azure at all.
    tabletop: 0x5B3FA0 / 0x5B3FA0;
    /// Text on a band.
    on_band: 0xFFFFFF / 0xFFFFFF, 4.5 on live dry_run rehearsal stripe tabletop;
}

/// Over everything behind a dialog, in dark and in light.
pub const SHADE: [Color32; 2] = [Color32::from_black_alpha(150), Color32::from_black_alpha(90)];

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

// ---- type, in points ----

/// The one title of a screen.
pub const TITLE: f32 = 22.0;
/// Text of the body.
pub const BODY: f32 = 13.0;
/// Secondary text.
pub const SMALL: f32 = 12.0;
/// The one clock.
pub const CLOCK: f32 = 34.0;
/// Distance between lines of a title.
pub const TITLE_LINE: f32 = 28.0;
/// The same for running text.
pub const LINE: f32 = 19.0;
/// The same for secondary text.
pub const SMALL_LINE: f32 = 16.0;

// ---- space, on a grid of four points ----

/// Distances between groups; within a widget there are finer ones.
pub const SPACE: [f32; 6] = [4.0, 8.0, 12.0, 16.0, 24.0, 32.0];
/// Height of a list row, and of a small button.
pub const ROW: f32 = 28.0;
/// Height of a control.
pub const CONTROL: f32 = 36.0;
/// Inside a card.
pub const CARD: i8 = 16;

// ---- shape ----

/// Radius of controls.
pub const RADIUS: u8 = 6;
/// Radius of cards.
pub const CARD_RADIUS: u8 = 8;
/// Hairlines and outlines.
pub const HAIRLINE: f32 = 1.0;
/// The ring around what has the focus.
pub const RING: f32 = 2.0;

// ---- motion: none. Nothing moves by itself, and a frame nobody asked for costs a core where it is drawn in software ----

/// Seconds of every animation.
pub const MOTION: f32 = 0.0;
