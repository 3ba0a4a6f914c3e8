//! What the window remembers between two starts: a small file of its own. Losing it loses nothing that matters, so
//! every failure here falls back to the default, and is logged only.

use std::path::{Path, PathBuf};

use eframe::egui;
use serde::{Deserialize, Serialize};

use super::view::Screen;

/// Dark, light, or what the system says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Looks {
    /// As the system.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

impl Looks {
    /// All, in the order they are offered, with their labels.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::System, "As the system"), (Self::Dark, "Dark"), (Self::Light, "Light")];
}

impl From<Looks> for egui::ThemePreference {
    fn from(l: Looks) -> Self {
        match l {
            Looks::System => Self::System,
            Looks::Dark => Self::Dark,
            Looks::Light => Self::Light,
        }
    }
}

/// The file's content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Dark or light.
    pub looks: Looks,
    /// Screen shown last.
    pub screen: Screen,
    /// Inner size in points.
    pub size: Option<(f32, f32)>,
    /// Outer position in points.
    pub position: Option<(f32, f32)>,
    /// Maximised.
    pub maximised: bool,
    /// Outer position and inner size of the facilitator's window, in points.
    pub facilitator: Option<[f32; 4]>,
}

/// Where it is kept; nowhere without a data folder.
pub fn file(home: &str) -> Option<PathBuf> {
    (!home.is_empty()).then(|| Path::new(home).join("window.json"))
}

/// Reads the file, or the default.
pub fn load(file: &Option<PathBuf>) -> Memory {
    let Some(text) = file.as_ref().and_then(|f| std::fs::read_to_string(f).ok()) else { return Memory::default() };
    serde_json::from_str(&text).unwrap_or_else(|e| {
        tracing::info!("window.json is not readable ({e}); the window opens as if for the first time");
        Memory::default()
    })
}

/// Writes the file; called once, when the window closes.
pub fn save(file: &Option<PathBuf>, memory: &Memory) {
    let Some(file) = file else { return };
    let written = serde_json::to_string(memory).map_err(std::io::Error::other).and_then(|t| std::fs::write(file, t));
    if let Err(e) = written {
        tracing::info!("{} could not be written: {e}", file.display());
    }
}

/// Of the window, while no run is open.
pub const TITLE: &str = "Lifeboat";

/// The window as it was, or a good first size.
pub fn viewport(memory: &Memory) -> egui::ViewportBuilder {
    let (w, h) = memory.size.unwrap_or((1280.0, 800.0));
    let mut b = egui::ViewportBuilder::default()
        .with_title(TITLE)
        .with_app_id("lifeboat")
        .with_icon(super::icon::lifebuoy())
        .with_inner_size([w.clamp(super::SMALLEST.x, 8_000.0), h.clamp(super::SMALLEST.y, 8_000.0)])
        .with_min_inner_size(super::SMALLEST)
        .with_maximized(memory.maximised)
        .with_drag_and_drop(true);
    if let Some((x, y)) = memory.position {
        b = b.with_position([x, y]);
    }
    b
}
