//! How far a plan is proven, in the row, on the button and in a line of its own. Ages move by the hour at most.

use eframe::egui::Ui;

use crate::desk::snapshot::{Mark, Readiness};
use crate::ui::view::Cx;
use crate::ui::widgets::text::wrapped;
use crate::ui::widgets::{body, mark};

const HOUR: u64 = 3_600;

/// `verified 12 days ago`, `never rehearsed`.
pub fn short(cx: &Cx, r: &Readiness) -> String {
    if let Some((_, when)) = r.by() {
        cx.changes_every(when, HOUR);
    }
    r.short(cx.now.utc)
}

/// What is known, or what is missing and what to do.
pub fn line(ui: &mut Ui, cx: &Cx, r: &Readiness) {
    let shape = match r {
        Readiness::Verified { .. } => Mark::Ok,
        Readiness::LastFailed { .. } | Readiness::Drifted { .. } => Mark::Degraded,
        Readiness::Edited { .. } | Readiness::NeverRehearsed | Readiness::TooOld { .. } => Mark::Unknown,
    };
    let advice = r.advice().map_or_else(String::new, |a| format!(" {a}"));
    ui.horizontal_top(|ui| {
        mark(ui, shape);
        wrapped(ui, body(format!("{}{advice}", r.sentence(cx.now.utc))));
    });
}
