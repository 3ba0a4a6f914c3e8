//! A QR picture to be photographed from the screen: dark on light in either theme, whole pixels, and the quiet zone that
//! readers need around it.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Mesh, Rect, Sense, Shape, Ui, WidgetInfo, vec2};

use crate::desk::snapshot::Qr;
use crate::ui::theme::LIGHT;

/// Light modules on every side, as the standard asks for.
const QUIET: usize = 4;

/// Draws it as large as `side` allows.
pub fn qr(ui: &mut Ui, code: &Qr, side: f32, name: &str) -> egui::Response {
    let modules = code.width + 2 * QUIET;
    let pixels = ui.ctx().pixels_per_point();
    // A module of whole pixels is never blurred.
    let module = ((side * pixels / modules as f32).floor().max(1.0)) / pixels;
    let size = module * modules as f32;
    let (rect, response) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    ui.painter().rect_filled(rect, 0.0, LIGHT.panel);
    let corner = rect.min + vec2(module, module) * QUIET as f32;
    let mut mesh = Mesh::default();
    for (y, row) in code.dark.chunks(code.width.max(1)).enumerate().take(code.width) {
        let mut x = 0;
        while x < row.len() {
            let run = row[x..].iter().take_while(|d| **d).count();
            if run > 0 {
                let at = corner + vec2(x as f32, y as f32) * module;
                mesh.add_colored_rect(Rect::from_min_size(at, vec2(run as f32, 1.0) * module), LIGHT.text);
            }
            x += run.max(1);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    response
}
