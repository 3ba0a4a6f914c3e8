//! The help sheet: the screen on show in a paragraph, and every key, from the table of intents, those of this screen first.

use eframe::egui::{Key, Modifiers, ScrollArea, Ui, vec2};

use super::help;
use super::intent::{self, Intent, Row};
use super::overlay::{Fate, modal};
use super::view::Screen;
use super::widgets::text::wrapped;
use super::widgets::{self, Button, body, hairline, heading, secondary, title};

/// Of the window's upper edge, which says whether it is real: help never lies over it.
const BAND: f32 = 40.0;
/// Margins of the dialog, its title, and its foot.
const AROUND: f32 = 156.0;

/// A heading, and the keys under it.
fn keys(ui: &mut Ui, name: &str, rows: &[&Row]) {
    heading(ui, name);
    ui.add_space(4.0);
    for row in rows {
        widgets::row(ui, 104.0, &intent::key_text(row.intent), |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(body(row.label.trim_end_matches('…')));
                ui.label(secondary(ui, row.help));
            });
        });
    }
}

pub(super) fn help(ui: &Ui, screen: Screen) -> Fate {
    let tall = ui.ctx().content_rect().height() - 2.0 * BAND - AROUND;
    let about = help::of(screen);
    let name = format!("Help: {}", screen.name());
    let (done, closed) = modal(ui, "help", &name, 620.0, |ui| {
        title(ui, &name);
        ui.add_space(4.0);
        ScrollArea::vertical().max_height(tall).auto_shrink([false, true]).show(ui, |ui| {
            scroll_by_key(ui, tall);
            wrapped(ui, body(format!("{} {}", about.what, about.shapes)));
            ui.add_space(8.0);
            let rule = "Enter alone never changes anything in Azure. A reversible change takes Ctrl+Enter or a click; one \
                        that cannot be undone, or loses something, wants the name of its target typed.";
            wrapped(ui, secondary(ui, rule));
            ui.add_space(12.0);
            for (i, (name, rows)) in help::groups(screen).into_iter().enumerate() {
                if i > 0 {
                    ui.add_space(12.0);
                }
                keys(ui, &name, &rows);
            }
        });
        hairline(ui, 8.0);
        let (response, pressed) = Button::new("Close").key(intent::key_text(Intent::Back)).show_response(ui);
        if ui.memory(|m| m.focused().is_none()) {
            response.request_focus();
        }
        pressed
    });
    if done || closed { Fate::Goes } else { Fate::Stays }
}

/// The sheet is longer than a small window, and has nothing in it for Tab to walk to.
fn scroll_by_key(ui: &Ui, page: f32) {
    let keys = [(Key::PageDown, -page), (Key::PageUp, page), (Key::ArrowDown, -48.0), (Key::ArrowUp, 48.0)];
    for (key, by) in keys {
        if ui.ctx().input_mut(|i| i.consume_key(Modifiers::NONE, key)) {
            ui.scroll_with_delta(vec2(0.0, by));
        }
    }
}
