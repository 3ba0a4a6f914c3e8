//! What others say: the platform's announcements with their whole text, and what colleagues see from where they are.

use eframe::egui::accesskit::Role;
use eframe::egui::{FontId, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::reason;
use super::state::SituationView;
use crate::desk::snapshot::{Posted, Situation};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, RADIUS, SMALL};
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::text::{copyable, line, small, wrapped};
use crate::ui::widgets::{Button, body, heading, mark, paint_mark};

/// Height of an announcement's title line.
const TITLE: f32 = 44.0;

/// Service Health.
pub fn posted(ui: &mut Ui, cx: &Cx, s: &Situation, view: &mut SituationView) {
    ui.spacing_mut().item_spacing.y = 4.0;
    heading(ui, "Service Health");
    let read = s.notices_read.map(|at| cx.ago(at));
    if s.posted.is_empty() && s.notices.is_empty() {
        let text = match read {
            Some(read) => {
                format!("Nothing is posted for the watched regions; it usually lags 10 to 60 min. Read {read}.")
            }
            None => "It could not be read yet: its silence says nothing.".to_owned(),
        };
        wrapped(ui, small(ui, text));
        return;
    }
    let stale = match read {
        Some(read) => format!("Read {read}."),
        None => "It cannot be read now: this is what was known before.".to_owned(),
    };
    wrapped(ui, small(ui, stale));
    if s.posted.is_empty() {
        for n in &s.notices {
            reason(ui, cx, n);
        }
    }
    for (i, p) in s.posted.iter().enumerate() {
        ui.push_id(i, |ui| announcement(ui, cx, p, view));
    }
}

fn announcement(ui: &mut Ui, cx: &Cx, p: &Posted, view: &mut SituationView) {
    let t = theme::of(ui);
    let key = format!("{}\n{}", p.source, p.title);
    let open = view.unfolded.contains(&key);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), TITLE), Sense::click());
    let place = if p.region.is_empty() { "all regions" } else { &p.region };
    let under = format!("{} · {} · {place} · {}", p.source, p.status, cx.ago(p.at));
    response.widget_info(|| {
        let name = format!("{}: {}. {under}", p.mark.word(), p.title);
        WidgetInfo::selected(Role::Button, true, open, name)
    });
    if response.hovered() {
        ui.painter().rect_filled(rect, f32::from(RADIUS), t.raised);
    }
    paint_mark(ui.painter(), pos2(rect.left() + 9.0, rect.top() + 13.0), 5.0, p.mark, t.status(p.mark));
    let left = rect.left() + 26.0;
    let room = rect.width() - 26.0 - 24.0;
    let words = line(ui, &p.title, FontId::proportional(BODY), t.text, room);
    ui.painter().galley(pos2(left, rect.top() + 13.0 - words.size().y / 2.0), words, t.text);
    let words = line(ui, &under, FontId::proportional(SMALL), t.secondary, room);
    ui.painter().galley(pos2(left, rect.top() + 32.0 - words.size().y / 2.0), words, t.secondary);
    fold(ui, Rect::from_center_size(pos2(rect.right() - 12.0, rect.top() + 13.0), vec2(8.0, 8.0)), open);
    focus_ring(ui, &response, rect.shrink(3.0));
    if response.clicked() {
        if open {
            view.unfolded.remove(&key)
        } else {
            view.unfolded.insert(key)
        };
    }
    if open {
        ui.horizontal_top(|ui| {
            ui.add_space(18.0);
            ui.vertical(|ui| {
                ui.set_width((ui.available_width() - 24.0).min(640.0));
                let text = if p.text.is_empty() { "No more was posted." } else { &p.text };
                copyable(ui, body(text));
                ui.add_space(8.0);
            });
        });
    }
}

/// Points to the right when folded, down when open.
fn fold(ui: &Ui, rect: Rect, open: bool) {
    let (c, t) = (rect.center(), theme::of(ui));
    let points = if open {
        vec![c + vec2(-4.0, -2.0), c + vec2(0.0, 2.5), c + vec2(4.0, -2.0)]
    } else {
        vec![c + vec2(-2.0, -4.0), c + vec2(2.5, 0.0), c + vec2(-2.0, 4.0)]
    };
    ui.painter().add(Shape::line(points, Stroke::new(1.6, t.secondary)));
}

/// Colleagues, and what they are told.
pub fn colleagues(ui: &mut Ui, cx: &Cx, s: &Situation) {
    ui.spacing_mut().item_spacing.y = 4.0;
    heading(ui, "Colleagues");
    if s.colleagues.is_empty() {
        let text = "Nobody has said what they see. Another network tells a dead region from a dead laptop.";
        wrapped(ui, small(ui, text));
    }
    for c in &s.colleagues {
        ui.horizontal_top(|ui| {
            mark(ui, c.mark);
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                ui.spacing_mut().item_spacing.y = 0.0;
                copyable(ui, body(&c.text));
                ui.label(small(ui, cx.ago(c.at)));
            });
        });
    }
    ui.add_space(4.0);
    let width = ui.available_width().min(296.0);
    for (intent, label) in
        [(Intent::Sighting, "Paste what a colleague sees…"), (Intent::Share, "Copy what this laptop sees")]
    {
        if Button::new(label).small().width(width).key(intent::key_text(intent)).show(ui) {
            cx.act(Act::Do(intent));
        }
    }
}
