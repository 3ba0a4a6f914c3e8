//! The window's icon, computed: a lifebuoy.

use eframe::egui::IconData;

use super::theme::LIGHT;

const SIDE: u16 = 64;

/// A ring of eight parts, red and white, with soft edges.
pub fn lifebuoy() -> IconData {
    let red = LIGHT.live;
    let white = LIGHT.on_band;
    let middle = f32::from(SIDE) / 2.0;
    let mut rgba = Vec::with_capacity(usize::from(SIDE) * usize::from(SIDE) * 4);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (dx, dy) = (f32::from(x) + 0.5 - middle, f32::from(y) + 0.5 - middle);
            let r = dx.hypot(dy);
            // Inside between the two radii, fading over one pixel at each.
            let inside = (30.0 - r).clamp(0.0, 1.0) * (r - 14.0).clamp(0.0, 1.0);
            let turn = (dy.atan2(dx) / std::f32::consts::TAU + 1.0 + 1.0 / 16.0).fract();
            let color = if ((turn * 8.0) as u8).is_multiple_of(2) { white } else { red };
            rgba.extend([color.r(), color.g(), color.b(), (inside * 255.0) as u8]);
        }
    }
    IconData { rgba, width: u32::from(SIDE), height: u32::from(SIDE) }
}
