//! The help sheet: the screen on show in a paragraph, and every key, from the table of intents.

use eframe::egui::{Key, Modifiers, ScrollArea, Ui, vec2};

use super::help;
use super::intent::{self, Intent, Row, TABLE};
use super::overlay::{Fate, modal};
use super::view::Screen;
use super::widgets::text::wrapped;
use super::widgets::{self, Button, body, secondary, title};

/// `Enter: do what is proposed`.
fn said(row: &Row) -> String {
    format!("{}: {}", intent::key_text(row.intent), row.label.trim_end_matches('…').to_lowercase())
}

pub(super) fn help(ui: &Ui, screen: Screen) -> Fate {
    let tall = ui.ctx().content_rect().height() - 340.0;
    let about = help::of(screen);
    let first: Vec<String> = about.keys.iter().filter_map(|i| intent::find(*i)).map(said).collect();
    let about = format!("{} {} Begin with {}.", about.what, about.shapes, first.join(", "));
    let (done, closed) = modal(ui, "help", 620.0, |ui| {
        title(ui, &format!("Help: {}", screen.name()));
        ui.add_space(4.0);
        wrapped(ui, body(&about));
        ui.add_space(8.0);
        let rule = "Enter alone never changes anything in Azure. A reversible change takes Ctrl+Enter or a click; one that \
                    cannot be undone, or loses something, wants the name of its target typed.";
        wrapped(ui, secondary(ui, rule));
        ui.add_space(12.0);
        ScrollArea::vertical().max_height(tall).auto_shrink([false, true]).show(ui, |ui| {
            scroll_by_key(ui, tall);
            for row in TABLE.iter().filter(|r| r.key.is_some()) {
                widgets::row(ui, 104.0, &intent::key_text(row.intent), |ui| {
                    ui.horizontal_wrapped(|ui| {
                        ui.label(body(row.label.trim_end_matches('…')));
                        ui.label(secondary(ui, row.help));
                    });
                });
            }
        });
        ui.add_space(16.0);
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
