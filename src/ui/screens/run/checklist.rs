//! The whole plan at a glance: every step with its state and time.

use eframe::egui::accesskit::Role;
use eframe::egui::{EventFilter, FontId, Frame, Margin, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::outcome;
use crate::desk::snapshot::{PhaseView, RunView, StepRow};
use crate::ui::theme::{self, RADIUS, ROW, SMALL};
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::text::line;
use crate::ui::widgets::{layout::edge, paint_step_row};

/// What the bracket says.
const TOGETHER: &str = "may be done at the same time as its neighbours";

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    // When the run moves on, the focus goes along with the step it was on: Enter must not mean the step before.
    if view.seen_current != run.current {
        view.focus_step |= view.focus_on_row && view.selected.is_none();
        view.left_behind = std::mem::replace(&mut view.seen_current, run.current.clone());
        view.focus_back = None;
    }
    view.focus_on_row = false;
    ScrollArea::vertical().id_salt("checklist").auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { left: 12, right: 4, top: 10, bottom: 12 }).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 0.0;
            for (i, phase) in run.phases.iter().enumerate() {
                ui.push_id((i, &phase.name), |ui| {
                    if i > 0 {
                        ui.add_space(7.0);
                    }
                    heading(ui, phase);
                    for (i, row) in phase.steps.iter().enumerate() {
                        let place = together(&phase.steps, i);
                        ui.push_id(&row.id, |ui| step(ui, cx, view, run, row, place));
                    }
                });
            }
        });
    });
    view.focus_step = std::mem::take(&mut view.focus_passes);
}

/// The phase's name with its note at the right.
pub fn heading(ui: &mut Ui, phase: &PhaseView) {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let sentence = format!("{}, {}", phase.name, phase.note);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
    let y = rect.center().y;
    let strong = FontId::new(SMALL, theme::bold());
    let note = line(ui, &phase.note, strong.clone(), t.secondary, rect.width() * 0.55);
    let right = rect.right() - 4.0 - note.size().x;
    let name = line(ui, &phase.name, strong, t.secondary, right - 8.0 - rect.left());
    ui.painter().galley(pos2(rect.left(), y - name.size().y / 2.0), name, t.secondary);
    ui.painter().galley(pos2(right, y - note.size().y / 2.0), note, t.secondary);
}

/// Whether a step may be done at the same time as the one before it and as the one after it.
fn together(steps: &[StepRow], i: usize) -> (bool, bool) {
    let group = |i: usize| steps.get(i).and_then(|s| s.group.as_ref());
    let same = |other: Option<usize>| group(i).is_some() && other.and_then(group) == group(i);
    (same(i.checked_sub(1)), same(i.checked_add(1)))
}

/// The bracket around steps that may be done at the same time.
fn bracket(ui: &Ui, rect: eframe::egui::Rect, (before, after): (bool, bool)) {
    let stroke = Stroke::new(1.5, theme::of(ui).faint);
    let x = rect.left() - 7.0;
    let top = if before { rect.top() } else { rect.top() + 6.0 };
    let bottom = if after { rect.bottom() } else { rect.bottom() - 6.0 };
    ui.painter().vline(x, top..=bottom, stroke);
    for y in [(!before).then_some(top), (!after).then_some(bottom)].into_iter().flatten() {
        ui.painter().hline(x..=x + 5.0, y, stroke);
    }
}

fn step(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView, row: &StepRow, place: (bool, bool)) {
    let current = run.closed.is_none() && run.current.as_deref() == Some(row.id.as_str());
    let shown = !outcome::shown(view, run) && view.card(run).is_some_and(|c| c.id == row.id);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let grouped = place.0 || place.1;
    let sentence = if grouped { format!("{}; {TOGETHER}", row.sentence) } else { row.sentence.clone() };
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, shown, &sentence));
    let t = theme::of(ui);
    if shown {
        ui.painter().rect_filled(rect, f32::from(RADIUS), t.raised);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, f32::from(RADIUS), t.hovered());
    }
    if current {
        edge(ui, rect, t.accent, 2.0, RADIUS);
    }
    if grouped {
        bracket(ui, rect, place);
    }
    // A narrow column cuts less of the titles with less around them.
    paint_step_row(ui, rect.with_min_x(rect.left() - 5.0).with_max_x(rect.right() + 4.0), row, current);
    focus_ring(ui, &response, rect.shrink(3.0));
    if shown && view.focus_step {
        response.request_focus();
        response.scroll_to_me(None);
    }
    if response.has_focus() && !shown && view.selected.is_none() && view.left_behind.as_ref() == Some(&row.id) {
        view.left_behind = None;
        view.focus_passes = true;
        response.surrender_focus();
    } else if response.has_focus() {
        // On another row than the one on show, Enter looks at that row.
        view.focus_on_row = shown;
        // Up and Down belong to the checklist, not to egui's walk from widget to widget.
        let filter = EventFilter { vertical_arrows: true, ..Default::default() };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    }
    if response.clicked() {
        cx.act(Act::Select(row.id.clone()));
    }
    response.on_hover_text(sentence);
}
