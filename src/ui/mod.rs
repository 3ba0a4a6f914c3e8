//! The window: draws a snapshot of the desk, and sends what the operator wants. It owns only what is on the screen:
//! drafts, selection, scroll, looks.

pub mod announce;
pub mod app;
pub mod ask;
pub mod facilitator;
pub mod help;
pub mod icon;
pub mod intent;
mod keys;
pub mod map;
pub mod memory;
pub mod overlay;
mod palette;
pub mod papers;
pub mod plot;
pub mod runs;
pub mod screens;
mod sheet;
pub mod shell;
pub mod theme;
pub mod view;
pub mod widgets;

use eframe::egui;

use crate::desk::Link;

pub use app::App;

/// Opens the window and stays until it is closed.
pub fn run(link: Link) -> eframe::Result {
    let file = memory::file(&link.snapshots.borrow().settings.home);
    let options = eframe::NativeOptions {
        viewport: memory::viewport(&memory::load(&file)),
        // Measured cheaper than wgpu on a machine without a graphics card, which is where this may have to run.
        renderer: eframe::Renderer::Glow,
        ..Default::default()
    };
    eframe::run_native("Lifeboat", options, Box::new(|cc| Ok(Box::new(App::new(cc, link)))))
}

/// The smallest window that still shows everything.
pub const SMALLEST: egui::Vec2 = egui::vec2(640.0, 480.0);
