//! The chart of the chosen endpoint, or the regions side by side; and what happened, as a list to read.

use eframe::egui::accesskit::Role;
use eframe::egui::{FontId, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::state::SituationView;
use crate::desk::snapshot::{Situation, Span};
use crate::ui::intent::{self, Intent};
use crate::ui::plot::{self, Happening};
use crate::ui::theme::{self, BODY};
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::text::{cut, line, small, wrapped};
use crate::ui::widgets::{Button, at_end, bold, end_width, hairline, paint_mark};

/// Of the curves with share and times: at least and at most.
const HEIGHT: std::ops::RangeInclusive<f32> = 216.0..=320.0;
/// Of heading, legend and margins.
const AROUND: f32 = 96.0;
/// Height of one thing that happened, and how many are to be seen at once.
const HAPPENING: f32 = 22.0;
const AT_ONCE: usize = 4;

/// The ways to look back, with their names.
pub const SPANS: [(Span, &str); 3] = [(Span::Hour, "Hour"), (Span::Day, "Day"), (Span::SinceT0, "Since T0")];

/// Draws it, as tall as what stands beside it where that is taller.
pub fn show(ui: &mut Ui, cx: &Cx, s: &Situation, view: &mut SituationView, tall: f32) {
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.horizontal(|ui| {
        let name = view.selected.as_deref().unwrap_or("regions side by side");
        let room = ui.available_width() - end_width(ui, "spans") - 8.0;
        ui.scope(|ui| {
            ui.set_max_width(room.max(0.0));
            cut(ui, bold(format!("Answer time, {name}")));
        });
        at_end(ui, "spans", |ui| {
            for (span, name) in SPANS {
                let key = intent::key_text(Intent::LookBack(span));
                if Button::new(name).small().key(key).selected(view.span == span).show(ui) {
                    cx.act(Act::Do(Intent::LookBack(span)));
                }
            }
        });
    });
    let (selected, span) = (view.selected.clone(), view.span);
    let Some(ready) = view.chart(s) else {
        wrapped(ui, small(ui, "Nothing has been seen yet that could be drawn."));
        return;
    };
    let chart = s.chart.as_deref();
    if chart.is_some_and(|c| c.endpoint != selected || c.span != span) {
        wrapped(ui, small(ui, "Reading what was kept on disk …"));
        ui.add_space(*HEIGHT.start());
        return;
    }
    if ready.curves.is_empty() {
        wrapped(ui, small(ui, "No call fell into this stretch of time."));
        return;
    }
    plot::legend(ui, ready);
    let list = ready.happenings.len().min(AT_ONCE) as f32 * HAPPENING + 32.0;
    plot::chart(ui, (tall - AROUND - list).clamp(*HEIGHT.start(), *HEIGHT.end()), ready);
    if ready.happenings.is_empty() {
        return;
    }
    hairline(ui, 2.0);
    let rows = &ready.happenings;
    ui.label(small(ui, format!("What happened, newest first ({})", rows.len())));
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = HAPPENING * rows.len().min(AT_ONCE) as f32;
    let area = ScrollArea::vertical().id_salt("happenings").max_height(height).min_scrolled_height(height);
    area.auto_shrink([false, false]).show_rows(ui, HAPPENING, rows.len(), |ui, range| {
        for h in rows.get(range).into_iter().flatten() {
            happening(ui, h);
        }
    });
}

fn happening(ui: &mut Ui, h: &Happening) {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HAPPENING), Sense::hover());
    let words = h.sentence();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}: {words}", h.mark.word())));
    paint_mark(ui.painter(), pos2(rect.left() + 7.0, rect.center().y), 5.0, h.mark, t.status(h.mark));
    let galley = line(ui, &words, FontId::proportional(BODY), t.text, rect.width() - 26.0);
    let elided = galley.elided;
    ui.painter().galley(pos2(rect.left() + 26.0, rect.center().y - galley.size().y / 2.0), galley, t.text);
    if elided {
        response.on_hover_text(words);
    }
}
