//! One file a screen. A screen draws the snapshot, and says what is wanted; it changes nothing itself.

pub mod approve;
pub mod audit;
pub mod commander;
pub mod credentials;
pub mod hooks;
pub mod outside;
pub mod recovery;
pub mod rehearse;
pub mod run;
pub mod runbooks;
pub mod settings;
pub mod sign_in;
pub mod situation;
pub mod start;
pub mod thresholds;
pub mod watch;

use eframe::egui::accesskit::Role;
use eframe::egui::{CentralPanel, Frame, Margin, ScrollArea, Ui, Vec2};

use super::theme;
use super::view::{Cx, Screen, View};
use super::widgets::named_part;
use crate::desk::snapshot::Snapshot;

/// Draws the screen on show into what the shell has left.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let t = theme::of(ui);
    CentralPanel::no_frame().frame(Frame::new().fill(t.background)).show(ui, |ui| {
        let screen = view.screen;
        named_part(ui, Role::Main, &format!("{} screen", screen.name()));
        if screen != Screen::Settings {
            view.credential.forget(ui.ctx());
            view.hook.forget(ui.ctx());
        }
        ui.push_id(screen, |ui| match screen {
            Screen::Situation if start::wanted(cx.snap) => start::show(ui, cx, view),
            Screen::Situation => situation::show(ui, cx, view),
            Screen::Run => run::show(ui, cx, view),
            Screen::Runbooks => runbooks::show(ui, cx, view),
            Screen::Recovery => recovery::show(ui, cx, view),
            Screen::Rehearse => rehearse::show(ui, cx, view),
            Screen::Audit => audit::show(ui, cx, view),
            Screen::Settings => settings::show(ui, cx, view),
            Screen::Approve => approve::show(ui, cx, view),
            Screen::Commander => commander::show(ui, cx),
        });
    });
}

/// A screen of one scrolling column with the usual margins.
fn page<R>(ui: &mut Ui, view: &mut View, id: &str, add: impl FnOnce(&mut Ui, &mut View) -> R) -> R {
    let scroll = ScrollArea::vertical().id_salt(id).auto_shrink([false, false]);
    let margin = Margin { left: 24, right: 24, top: 20, bottom: 20 };
    CentralPanel::no_frame()
        .show(ui, |ui| {
            scroll
                .show(ui, |ui| {
                    let made = Frame::new().inner_margin(margin).show(ui, |ui| add(ui, view)).inner;
                    // Last, or the first list inside would take it for its own.
                    scroll_by_key(ui, view);
                    focus_into_sight(ui);
                    made
                })
                .inner
        })
        .inner
}

/// Why nothing can be started now: the desk is busy, or a run is open.
pub fn cannot_start(snap: &Snapshot) -> Option<&str> {
    let open = snap.run.as_ref().is_some_and(|r| r.closed.is_none());
    snap.busy.as_deref().or(open.then_some("A run is open: close or leave it first."))
}

/// Page up and page down move the main column.
fn scroll_by_key(ui: &Ui, view: &mut View) {
    if view.scroll_pages != 0.0 {
        let page = ui.clip_rect().height() * 0.8;
        ui.scroll_with_delta(Vec2::new(0.0, view.scroll_pages * page));
        view.scroll_pages = 0.0;
    }
}

/// A list inside the page scrolls what Tab comes to into its own sight; the page has to follow.
fn focus_into_sight(ui: &Ui) {
    let focused = ui.memory(|m| m.focused()).and_then(|id| ui.ctx().read_response(id));
    let Some(response) = focused.filter(|r| r.gained_focus() && r.layer_id == ui.layer_id()) else { return };
    if ui.max_rect().x_range().contains(response.rect.center().x) && !ui.clip_rect().contains_rect(response.rect) {
        ui.scroll_to_rect(response.rect, None);
    }
}

/// Two columns of these widths, each from the top.
fn columns(ui: &mut Ui, widths: [f32; 2], gap: f32, add: impl FnOnce(&mut Ui, &mut Ui)) {
    use eframe::egui::{Align, Layout, Rect, UiBuilder, pos2};
    let rect = ui.available_rect_before_wrap();
    let at = |x: f32, w: f32| Rect::from_min_max(pos2(x, rect.top()), pos2(x + w, rect.bottom().max(rect.top())));
    let top = Layout::top_down(Align::Min);
    let mut left = ui.new_child(UiBuilder::new().id_salt("left").max_rect(at(rect.left(), widths[0])).layout(top));
    let mut right = ui.new_child(
        UiBuilder::new().id_salt("right").max_rect(at(rect.left() + widths[0] + gap, widths[1])).layout(top),
    );
    add(&mut left, &mut right);
    let used = left.min_rect().union(right.min_rect());
    ui.allocate_rect(Rect::from_min_max(rect.min, used.max), eframe::egui::Sense::hover());
}
