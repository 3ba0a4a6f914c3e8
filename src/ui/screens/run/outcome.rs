//! How the run ended, in the place of a step that nobody does any more.

use eframe::egui::{FontId, RichText, Ui};

use crate::desk::snapshot::{RunView, Score};
use crate::ui::theme;
use crate::ui::view::View;
use crate::ui::widgets::text::{capital, copyable, small};
use crate::ui::widgets::{body, card, row, secondary, title};

/// Whether it is on show: the run is closed, and nobody looks at one of its steps.
pub fn shown(view: &View, run: &RunView) -> bool {
    run.closed.is_some() && view.selected.is_none()
}

/// Draws it.
pub fn show(ui: &mut Ui, run: &RunView) {
    let how = run.closed.as_deref().unwrap_or_default();
    // The outcome is a word or two; what was said of it comes after.
    let (outcome, said) = how.split_once(". ").unwrap_or((how, ""));
    ui.label(small(ui, format!("{} · run {} · closed", run.title, run.short)));
    title(ui, outcome);
    if !said.is_empty() {
        copyable(ui, secondary(ui, capital(said)));
    }
    if let Some(score) = &run.score {
        ui.add_space(10.0);
        card(ui, |ui| self::score(ui, score));
    }
}

fn score(ui: &mut Ui, s: &Score) {
    ui.spacing_mut().item_spacing.y = 6.0;
    ui.label(RichText::new(format!("{} of {} points", s.points, s.of)).font(FontId::new(18.0, theme::bold())));
    for (i, (what, points, of, why)) in s.lines.iter().enumerate() {
        ui.push_id(i, |ui| {
            row(ui, 64.0, &format!("{points} of {of}"), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                copyable(ui, body(what));
                if !why.is_empty() {
                    copyable(ui, small(ui, why));
                }
            });
        });
    }
}
