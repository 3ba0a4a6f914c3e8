//! The first thing read: what is wrong, since when, what is recommended, and the numbers behind it.

use eframe::egui::accesskit::Role;
use eframe::egui::{self, FontId, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{offers_plan, reason};
use crate::desk::snapshot::{Mark, Situation};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, CARD_RADIUS};
use crate::ui::view::{Act, Cx, Screen};
use crate::ui::widgets::text::{copyable, line};
use crate::ui::widgets::{Button, body, bold, card, layout::edge, paint_mark, secondary, title};

/// Width of buttons and numbers beside the words.
const BESIDE: f32 = 248.0;
/// Height of one of the numbers.
const NUMBER: f32 = 22.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, s: &Situation) {
    let t = theme::of(ui);
    let worst = s.mark.unwrap_or(Mark::Unknown);
    let before = ui.cursor().min;
    card(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let (rect, response) = ui.allocate_exact_size(vec2(44.0, 36.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, worst.word()));
            paint_mark(ui.painter(), pos2(rect.left() + 16.0, rect.top() + 15.0), 10.0, worst, t.status(worst));
            // Beside the words where there is room, else under them.
            let beside = ui.available_width() > 700.0;
            let width = ui.available_width() - if beside { BESIDE + 24.0 } else { 0.0 };
            ui.vertical(|ui| {
                ui.set_width(width);
                words(ui, cx, s);
                if !beside {
                    ui.add_space(8.0);
                    if width > BESIDE + 260.0 {
                        ui.horizontal_top(|ui| {
                            ui.vertical(|ui| {
                                ui.set_width(width - BESIDE - 24.0);
                                ui.horizontal_wrapped(|ui| buttons(ui, cx, s, None));
                            });
                            ui.add_space(24.0);
                            ui.vertical(|ui| {
                                ui.set_width(BESIDE);
                                numbers(ui, &s.arithmetic);
                            });
                        });
                    } else {
                        ui.horizontal_wrapped(|ui| buttons(ui, cx, s, None));
                        numbers(ui, &s.arithmetic);
                    }
                }
            });
            if beside {
                ui.add_space(24.0);
                ui.vertical(|ui| {
                    ui.set_width(BESIDE);
                    buttons(ui, cx, s, Some(BESIDE));
                    numbers(ui, &s.arithmetic);
                });
            }
        });
    });
    let after = ui.min_rect();
    let rect = egui::Rect::from_min_max(before, pos2(after.right(), ui.cursor().top() - 4.0));
    edge(ui, rect, t.status(worst), 4.0, CARD_RADIUS);
}

fn words(ui: &mut Ui, cx: &Cx, s: &Situation) {
    ui.spacing_mut().item_spacing.y = 2.0;
    title(ui, &s.headline);
    copyable(ui, secondary(ui, &s.explanation));
    if !s.recommendation.is_empty() {
        ui.add_space(4.0);
        // Advice to act is strong; why there is none is not.
        let text = if s.open_plan.is_some() { bold(&s.recommendation) } else { body(&s.recommendation) };
        copyable(ui, text);
    }
    ui.add_space(8.0);
    for r in s.reasons.iter().take(4) {
        reason(ui, cx, r);
    }
}

fn buttons(ui: &mut Ui, cx: &Cx, s: &Situation, width: Option<f32>) {
    ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
    let wide = |b: Button<'_>, ui: &mut Ui| match width {
        Some(w) => b.width(w).show(ui),
        None => b.show(ui),
    };
    if let (Some(plan), true) = (&s.open_plan, offers_plan(cx.snap)) {
        let label = format!("Open plan {plan}");
        if wide(Button::new(&label).primary().key(intent::key_text(Intent::Confirm)), ui) {
            cx.act(Act::Do(Intent::OpenPlan));
        }
    } else if cx.snap.run.is_some() {
        let key = intent::key_text(Intent::Go(Screen::Run));
        if wide(Button::new("Go to the run").primary().key(key), ui) {
            cx.act(Act::Go(Screen::Run));
        }
    }
    // Without a run there is no record to freeze it into: the key says so.
    let freeze = Button::new("Freeze health as evidence").key(intent::key_text(Intent::Freeze));
    if cx.ticking() && wide(freeze.small(), ui) {
        cx.act(Act::Do(Intent::Freeze));
    }
}

/// What is weighed, one under the other; the last is what comes of it.
fn numbers(ui: &mut Ui, rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    let t = theme::of(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.add_space(6.0);
    let result = rows.len() - 1;
    for (i, (what, much)) in rows.iter().enumerate() {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), NUMBER), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{what}: {much}")));
        let (font, ink) = if i == result && i > 0 {
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            (FontId::new(BODY, theme::bold()), t.text)
        } else {
            (FontId::proportional(BODY), t.secondary)
        };
        let value = if i == result { font.clone() } else { FontId::proportional(BODY) };
        let much = line(ui, much, value, t.text, rect.width() * 0.6);
        let what = line(ui, what, font, ink, rect.width() - much.size().x - 12.0);
        let y = rect.center().y + 1.0;
        ui.painter().galley(pos2(rect.right() - much.size().x, y - much.size().y / 2.0), much, t.text);
        ui.painter().galley(pos2(rect.left(), y - what.size().y / 2.0), what, ink);
    }
}
