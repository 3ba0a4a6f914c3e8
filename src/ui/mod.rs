//! The window: draws a snapshot of the desk, and sends what the operator wants. It owns only what is on the screen:
//! drafts, selection, scroll, looks.

pub mod announce;
pub mod app;
pub mod ask;
mod desktop;
pub mod drafts;
pub mod facilitator;
mod focus;
pub mod gallery;
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
#[cfg(target_os = "linux")]
pub mod system;
pub mod theme;
pub mod view;
pub mod widgets;

use std::path::PathBuf;

use eframe::egui;

use crate::desk::Link;

pub use app::App;

/// Opens the window, with these files, and stays until it is closed.
pub fn run(link: Link, files: Vec<PathBuf>) -> eframe::Result {
    let file = memory::file(&link.snapshots.borrow().settings.home);
    let options = eframe::NativeOptions {
        viewport: memory::viewport(&memory::load(&file)),
        // Measured cheaper than wgpu on a machine without a graphics card, which is where this may have to run.
        renderer: eframe::Renderer::Glow,
        ..Default::default()
    };
    #[cfg(target_os = "linux")]
    let system = system::System::ask();
    let app = |cc: &eframe::CreationContext<'_>| {
        #[cfg(target_os = "linux")]
        system.follow(&cc.egui_ctx);
        let mut app = App::new(cc, link);
        app.give(files);
        app
    };
    eframe::run_native("Lifeboat", options, Box::new(|cc| Ok(Box::new(app(cc)))))
}

/// Opens the gallery of widgets and stays until it is closed.
pub fn gallery() -> eframe::Result {
    let options = eframe::NativeOptions { renderer: eframe::Renderer::Glow, ..Default::default() };
    eframe::run_native("Lifeboat gallery", options, Box::new(|cc| Ok(Box::new(gallery::Gallery::new(&cc.egui_ctx)))))
}

/// The smallest window that still shows everything.
pub const SMALLEST: egui::Vec2 = egui::vec2(640.0, 480.0);
