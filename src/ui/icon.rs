//! The window's icon, computed: a lifebuoy.

use eframe::egui::IconData;

use super::theme::LIGHT;

const SIDE: u16 = 64;

/// The icon of a window.
pub fn lifebuoy() -> IconData {
    of_side(SIDE)
}

/// A ring of eight parts, red and white, with soft edges, in a square of so many pixels.
pub fn of_side(side: u16) -> IconData {
    let red = LIGHT.live;
    let white = LIGHT.on_band;
    let (outer, inner) = (f32::from(side) * 15.0 / 32.0, f32::from(side) * 7.0 / 32.0);
    let middle = f32::from(side) / 2.0;
    let mut rgba = Vec::with_capacity(usize::from(side) * usize::from(side) * 4);
    for y in 0..side {
        for x in 0..side {
            let (dx, dy) = (f32::from(x) + 0.5 - middle, f32::from(y) + 0.5 - middle);
            let r = dx.hypot(dy);
            // Inside between the two radii, fading over one pixel at each.
            let inside = (outer - r).clamp(0.0, 1.0) * (r - inner).clamp(0.0, 1.0);
            let turn = (dy.atan2(dx) / std::f32::consts::TAU + 1.0 + 1.0 / 16.0).fract();
            let color = if ((turn * 8.0) as u8).is_multiple_of(2) { white } else { red };
            rgba.extend([color.r(), color.g(), color.b(), (inside * 255.0) as u8]);
        }
    }
    IconData { rgba, width: u32::from(side), height: u32::from(side) }
}
