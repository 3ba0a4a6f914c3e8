//! Who operates, how it looks, what is connected, and how the watch is set.

use eframe::egui::{Key, Ui};

use crate::desk::protocol::Command;
use crate::ui::memory::Looks;
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{self, Button, body, card, heading, mono, row, title};

const LABEL: f32 = 168.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let s = &cx.snap.settings;
    super::page(ui, view, "settings", |ui, view| {
        ui.set_max_width(ui.available_width().min(760.0));
        title(ui, "Settings");
        ui.add_space(8.0);
        card(ui, |ui| super::credentials::show(ui, cx, &mut view.credential));
        ui.add_space(12.0);
        card(ui, |ui| {
            heading(ui, "Operator");
            wrapped(ui, small(ui, "The name that stands in the record beside what you do."));
            ui.add_space(8.0);
            operator(ui, cx, view, &s.operator);
        });
        ui.add_space(12.0);
        card(ui, |ui| {
            heading(ui, "Look");
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                for (looks, name) in Looks::ALL {
                    if Button::new(name).small().selected(view.looks == looks).show(ui) {
                        cx.act(Act::Looks(looks));
                    }
                }
            });
        });
        ui.add_space(12.0);
        card(ui, |ui| super::sign_in::show(ui, cx));
        ui.add_space(12.0);
        card(ui, |ui| super::hooks::show(ui, cx, &mut view.hook));
        ui.add_space(12.0);
        card(ui, |ui| super::watch::show(ui, cx, &mut view.watch));
        ui.add_space(12.0);
        card(ui, |ui| super::outside::show(ui, cx, &mut view.anchors));
        ui.add_space(12.0);
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            heading(ui, "This computer");
            row(ui, LABEL, "data folder", |ui| copyable(ui, mono(&s.home)));
            row(ui, LABEL, "version", |ui| copyable(ui, body(&s.version)));
        });
    });
}

fn operator(ui: &mut Ui, cx: &Cx, view: &mut View, known: &str) {
    let draft = view.operator.get_or_insert_with(|| known.to_owned());
    let field = widgets::field(ui, "Name", draft, false, 320.0);
    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    let name = draft.trim().to_owned();
    let changed = name != known && !name.is_empty();
    ui.add_space(4.0);
    let refused =
        if name.is_empty() { Some("A name is needed") } else { (!changed).then_some("This is the name in use") };
    if (Button::new("Save the name").small().refused(refused).show(ui) || entered) && changed {
        cx.send(Command::SetOperator(name));
        view.operator = None;
    }
}
