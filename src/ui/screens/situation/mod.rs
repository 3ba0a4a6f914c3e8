//! What is wrong, since when, and what to do: the verdict first, the evidence under it.

mod chart;
mod detail;
mod endpoints;
mod state;
mod told;
mod verdict;
mod world;

use eframe::egui::accesskit::Role;
use eframe::egui::epaint::RectShape;
use eframe::egui::{FontId, Frame, Margin, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::desk::protocol::Command;
use crate::desk::snapshot::{Reason, RunRow, Snapshot};
use crate::ui::intent::{self, Intent};
use crate::ui::theme::{self, BODY, SMALL};
use crate::ui::view::{Act, Cx, Screen, View};
use crate::ui::widgets::text::line;
use crate::ui::widgets::{Button, card, empty, paint_mark};

pub use chart::SPANS;
pub use endpoints::toggle_pin;
pub use state::SituationView;
pub use world::region;

/// A run that was left open, perhaps by a crash: taking it up comes before anything else.
pub fn unfinished(snap: &Snapshot) -> Option<&RunRow> {
    let free = snap.run.is_none() && !snap.situation.watching;
    snap.audit.runs.iter().find(|r| r.open).filter(|_| free)
}

/// A plan is recommended, and no run is open that would be in its way.
pub fn offers_plan(snap: &Snapshot) -> bool {
    snap.situation.open_plan.is_some() && snap.run.is_none()
}

/// Why nothing can be frozen.
pub const NO_RECORD: &str = "No run is open: there is no record to freeze it into.";
const GAP: f32 = 16.0;
/// Margins and hairlines above and below a card's content.
const CARD_AROUND: f32 = 34.0;
/// Width from which two cards stand side by side.
const WIDE: f32 = 640.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let s = &cx.snap.situation;
    if !s.watching {
        super::page(ui, view, "nothing", |ui, _| nothing(ui, cx));
        return;
    }
    let room = ui.available_height();
    super::page(ui, view, "situation", |ui, view| {
        let (board, focus) = (&mut view.situation, &mut view.focus_field);
        board.refresh(s);
        let top = ui.cursor().top();
        verdict::show(ui, cx, s);
        ui.add_space(12.0);
        world::show(ui, s, board, room - 40.0 - (ui.cursor().top() - top));
        ui.add_space(12.0);
        let table = ui.cursor().top();
        endpoints::show(ui, cx, s, board, (room, focus));
        ui.add_space(12.0);
        if board.shown(s).is_some() {
            both(
                ui,
                board,
                |ui, board, tall| chart::show(ui, cx, s, board, tall),
                |ui, board| detail::show(ui, cx, s, board),
            );
        } else {
            card(ui, |ui| chart::show(ui, cx, s, board, 0.0));
        }
        if board.reveal {
            // Chosen by key: table and chart come into sight together.
            let (x, below) = (ui.max_rect().x_range(), ui.cursor().top());
            ui.scroll_to_rect(Rect::from_x_y_ranges(x, table - 8.0..=below + 8.0), None);
        }
        ui.add_space(12.0);
        both(ui, board, |ui, board, _| told::posted(ui, cx, s, board), |ui, _| told::colleagues(ui, cx, s));
        board.reveal = false;
    });
}

/// Two cards side by side and of one height, or one under the other. The main one hears how tall the other is.
fn both(
    ui: &mut Ui,
    board: &mut SituationView,
    main: impl FnOnce(&mut Ui, &mut SituationView, f32),
    side: impl FnOnce(&mut Ui, &mut SituationView),
) {
    let width = ui.available_width();
    if width < WIDE {
        card(ui, |ui| main(ui, board, 0.0));
        ui.add_space(12.0);
        card(ui, |ui| side(ui, board));
        return;
    }
    let narrow = world::SIDE.min(width * 0.38);
    super::columns(ui, [width - narrow - GAP, narrow], GAP, |left, right| {
        // The grounds are painted under the words once both heights are known.
        let grounds = [left.painter().add(Shape::Noop), right.painter().add(Shape::Noop)];
        // The left one is drawn first, as it is read: how tall the other is, it knows from the last time.
        let salt = left.next_auto_id().with("beside");
        let known = left.data(|d| d.get_temp::<f32>(salt)).unwrap_or(0.0);
        let one = within(left, |ui| main(ui, board, known));
        let other = within(right, |ui| side(ui, board));
        if (other.height() - known).abs() > 0.5 {
            left.data_mut(|d| d.insert_temp(salt, other.height()));
            left.ctx().request_discard("one of two cards does not know yet how tall the other is");
        }
        let bottom = one.bottom().max(other.bottom());
        let t = theme::of(left);
        for (ground, rect) in grounds.into_iter().zip([one, other]) {
            let radius = f32::from(theme::CARD_RADIUS);
            let line = Stroke::new(1.0, t.line);
            let shape = RectShape::new(rect.with_max_y(bottom), radius, t.panel, line, StrokeKind::Inside);
            left.painter().set(ground, shape);
        }
    });
}

/// A card's content without its ground; the result is where the ground belongs.
fn within(ui: &mut Ui, add: impl FnOnce(&mut Ui)) -> Rect {
    let frame = Frame::new().inner_margin(Margin::same(17));
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        add(ui);
    });
    shown.response.rect
}

fn nothing(ui: &mut Ui, cx: &Cx) {
    if let Some(r) = unfinished(cx.snap) {
        let title = format!("Run {} is open", r.short);
        let text = format!(
            "{}, {}. It goes on where it stood; what was caught half way is read from Azure first.",
            r.title, r.mode
        );
        empty(ui, &title, &text, |ui| {
            ui.horizontal(|ui| {
                if Button::new("Go on with it").primary().key(intent::key_text(Intent::Confirm)).show(ui) {
                    cx.send(Command::OpenRun(r.id.clone()));
                }
                let key = intent::key_text(Intent::Go(Screen::Audit));
                if Button::new("Read its record").key(key).show(ui) {
                    cx.act(Act::Go(Screen::Audit));
                }
            });
        });
        return;
    }
    empty(
        ui,
        "Nothing is watched",
        "Once a plan is bound, its regions are probed from this computer, and what they say stands here.",
        |ui| {
            ui.horizontal(|ui| {
                let key = intent::key_text(Intent::Go(Screen::Rehearse));
                if Button::new("Rehearse").primary().key(key).show(ui) {
                    cx.act(Act::Go(Screen::Rehearse));
                }
                let key = intent::key_text(Intent::Go(Screen::Settings));
                if Button::new("Connect Azure").key(key).show(ui) {
                    cx.act(Act::Go(Screen::Settings));
                }
            });
        },
    );
}

/// One line of evidence with its age.
pub fn reason(ui: &mut Ui, cx: &Cx, r: &Reason) {
    let t = theme::of(ui);
    let age = cx.ago(r.at);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}: {}, {age}", r.mark.word(), r.text)));
    let y = rect.center().y;
    paint_mark(ui.painter(), pos2(rect.left() + 7.0, y), 5.0, r.mark, t.status(r.mark));
    let age = line(ui, &age, FontId::proportional(SMALL), t.secondary, 120.0);
    let end = rect.right() - age.size().x;
    let words = line(ui, &r.text, FontId::proportional(BODY), t.text, end - 16.0 - rect.left() - 26.0);
    let elided = words.elided;
    ui.painter().galley(pos2(rect.left() + 26.0, y - words.size().y / 2.0), words, t.text);
    ui.painter().galley(pos2(end, y - age.size().y / 2.0), age, t.secondary);
    if elided {
        response.on_hover_text(&r.text);
    }
}
