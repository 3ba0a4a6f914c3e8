//! Every colour of the window. Status hues are for status alone; a test holds the pairs that carry text to WCAG 2.2 AA.

use eframe::egui::Color32;

use crate::desk::snapshot::{Mark, Mode};

/// The colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// Behind everything.
    pub background: Color32,
    /// Side columns and cards.
    pub panel: Color32,
    /// Selected rows, buttons, the neutral band.
    pub raised: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text of second rank.
    pub secondary: Color32,
    /// Outlines and text nobody has to read.
    pub faint: Color32,
    /// What can be acted on, and where the focus is.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Works.
    pub ok: Color32,
    /// Some failures.
    pub suspect: Color32,
    /// Does not work.
    pub down: Color32,
    /// Works badly.
    pub degraded: Color32,
    /// No fresh news.
    pub unknown: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Dark.
pub const DARK: Tokens = Tokens {
    background: rgb(0x0E1216),
    panel: rgb(0x141A20),
    raised: rgb(0x1B232B),
    line: rgb(0x2A343E),
    text: rgb(0xE6EBF0),
    secondary: rgb(0x9AA7B4),
    faint: rgb(0x6B7885),
    accent: rgb(0x5AA9FF),
    on_accent: rgb(0x0E1216),
    ok: rgb(0x4CC38A),
    suspect: rgb(0xE5B93C),
    down: rgb(0xFF6B64),
    degraded: rgb(0xF08C3A),
    unknown: rgb(0x8C98A5),
};

/// Light.
pub const LIGHT: Tokens = Tokens {
    background: rgb(0xF6F7F9),
    panel: rgb(0xFFFFFF),
    raised: rgb(0xEEF1F4),
    line: rgb(0xD3DAE1),
    text: rgb(0x14191E),
    secondary: rgb(0x4C5966),
    faint: rgb(0x75828F),
    accent: rgb(0x0B63C5),
    on_accent: rgb(0xFFFFFF),
    ok: rgb(0x0F7B4A),
    suspect: rgb(0x8A6400),
    down: rgb(0xC02B24),
    degraded: rgb(0xA8520A),
    unknown: rgb(0x5C6874),
};

/// Text on the mode bands.
pub const ON_BAND: Color32 = rgb(0xFFFFFF);
/// The darker stripe of a rehearsal.
pub const REHEARSAL_STRIPE: Color32 = rgb(0x1A5290);

/// The band of a mode, the same in dark and light: it must never be mistaken.
pub const fn band(mode: Mode) -> Color32 {
    match mode {
        Mode::Live => rgb(0xB3261E),
        Mode::DryRun => rgb(0x8A6400),
        Mode::Rehearsal => rgb(0x1F5FA8),
        Mode::Tabletop => rgb(0x5B3FA0),
    }
}

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

    /// Behind selected text.
    pub fn selection(&self) -> Color32 {
        self.accent.gamma_multiply(0.35)
    }

    /// A tint of a status behind text or curves.
    pub fn tint(&self, hue: Color32) -> Color32 {
        hue.gamma_multiply(0.14)
    }
}
