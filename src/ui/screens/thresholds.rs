//! When a region counts as down: each number with its default, what it may be, and why it is so. An empty field is the
//! default.

use eframe::egui::{Margin, TextEdit, Ui, vec2};

use super::watch::{WatchForm, mistakes};
use crate::desk::protocol::{Knob, Mistake, Unit, WatchSettings};
use crate::runbook::model::Tier;
use crate::ui::widgets::layout::typing_ring;
use crate::ui::widgets::text::{small, wrapped};
use crate::ui::widgets::{Button, body, bold, row};
use crate::units::Millis;

/// Width of the names.
const LABEL: f32 = 208.0;

/// Tiers in their order, with what they are for.
const TIERS: [(Tier, &str, &str); 3] = [
    (Tier::T1, "Reversible moves", "Moving users back is cheap: two minutes of failures are enough."),
    (Tier::T2, "Laborious moves", "The way back is work: a quarter of an hour of failures first."),
    (Tier::T3, "Lossy moves", "There is no way back, or not without loss: half an hour of failures first."),
];

/// Names a threshold as the settings do when they say what is wrong with it.
pub fn place(tier: Tier, knob: Knob) -> String {
    format!("tiers.{tier:?}.{}", knob.name())
}

/// A number that was typed.
pub fn number(unit: Unit, text: &str) -> Result<u64, String> {
    match unit {
        Unit::Time => {
            text.parse::<Millis>().map(|m| m.0).map_err(|_| format!("“{text}” is no duration, such as 90s or 5m."))
        }
        Unit::Percent | Unit::Count(_) => {
            let digits = text.trim_end_matches('%').trim_end();
            digits.parse().map_err(|_| format!("“{text}” is no whole number."))
        }
    }
}

/// Draws them, a tier at a time.
pub fn show(ui: &mut Ui, form: &mut WatchForm, wrong: &[Mistake]) {
    ui.label(bold("When a region counts as down"));
    wrapped(
        ui,
        small(ui, "A plan may ask for more evidence than this, never for less. An empty field is the default."),
    );
    ui.add_space(4.0);
    let tier = form.tier.unwrap_or(Tier::T1);
    ui.horizontal_wrapped(|ui| {
        for (t, name, _) in TIERS {
            let bad = wrong.iter().filter(|m| m.field.starts_with(&format!("tiers.{t:?}."))).count();
            let name = if bad > 0 { format!("{name} ({bad} wrong)") } else { name.to_owned() };
            if Button::new(&name).small().selected(t == tier).show(ui) {
                form.tier = Some(t);
            }
        }
    });
    for (_, _, why) in TIERS.into_iter().filter(|(t, ..)| *t == tier) {
        wrapped(ui, small(ui, why));
    }
    ui.add_space(6.0);
    ui.spacing_mut().item_spacing.y = 2.0;
    for e in WatchSettings::default().explained().into_iter().filter(|e| e.tier == tier) {
        row(ui, LABEL, e.name, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing = vec2(10.0, 0.0);
                let text = form.typed.entry((tier, e.knob)).or_default();
                let hint =
                    e.default.split_once(' ').filter(|_| e.knob.unit() != Unit::Time).map_or(&*e.default, |(n, _)| n);
                let edit =
                    TextEdit::singleline(text).hint_text(hint).desired_width(72.0).margin(Margin::symmetric(10, 4));
                let field = ui.add(edit);
                let name = e.name;
                field.widget_info(|| {
                    eframe::egui::WidgetInfo::labeled(eframe::egui::accesskit::Role::TextInput, true, name)
                });
                typing_ring(ui, &field);
                ui.label(body(format!("default {}", e.default)));
                ui.label(small(ui, format!("may be {}", e.allowed)));
            });
            mistakes(ui, wrong, &place(tier, e.knob));
            let source = if e.source == "judgement" { String::new() } else { format!(" ({})", e.source) };
            wrapped(ui, small(ui, format!("{}{source}", e.reason)));
            ui.add_space(6.0);
        });
    }
}
