//! The guided run: checklist, the one current step, clocks. Columns that do not fit side by side become tabs.

mod card;
mod checklist;
mod checkpoint;
pub mod gantt;
pub mod notices;
pub mod papers;
pub mod second;
pub mod side;
mod switcher;

pub use card::{capital, change};
pub use checklist::heading as checklist_heading;
pub use checkpoint::show as checkpoint;
pub use second::{SecondView, block, large as large_pictures, time_left};
pub use side::{clock_text, other_speed};
pub use switcher::sentence as run_sentence;

use eframe::egui::{self, Align, CentralPanel, Frame, Layout, Margin, Panel, ScrollArea, Stroke, Ui, UiBuilder};

use crate::desk::snapshot::RunView;
use crate::ui::intent::{self, Intent};
use crate::ui::shell::NAV;
use crate::ui::theme::{self, SMALL};
use crate::ui::view::{Act, Column, Cx, Screen, View};
use crate::ui::widgets::layout::tab_bar;
use crate::ui::widgets::{Button, empty, hairline, heading};

const LIST: f32 = 308.0;
const SIDE: f32 = 256.0;
/// The checklist's width where the clocks have no column of their own.
const NARROW_LIST: f32 = 264.0;
/// All three columns fit from here on.
const THREE: f32 = 990.0;
/// Checklist and step fit from here on.
const TWO: f32 = 640.0;

/// How wide the checklist beside the step is, in a window of this size.
pub fn checklist_width(ui: &Ui) -> Option<f32> {
    match ui.ctx().content_rect().width() - NAV {
        width if width >= THREE => Some(LIST),
        width if width >= TWO => Some(NARROW_LIST),
        _ => None,
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let Some(run) = cx.snap.run.as_deref() else {
        super::page(ui, view, "no-run", |ui, _| nothing(ui, cx));
        return;
    };
    switcher::show(ui, cx);
    let width = ui.available_width();
    view.wide = width >= THREE;
    if view.wide {
        checklist_panel(ui, cx, view, run, LIST);
        // The step before the clocks, as they are read.
        let rect = ui.available_rect_before_wrap();
        let split = rect.right() - SIDE;
        let column =
            |ui: &mut Ui, salt: &str, at: egui::Rect| ui.new_child(UiBuilder::new().id_salt(salt).max_rect(at));
        middle(&mut column(ui, "middle", rect.with_max_x(split)), cx, view, run);
        side_panel(&mut column(ui, "beside", rect.with_min_x(split)), cx, view, run);
    } else if width >= TWO {
        checklist_panel(ui, cx, view, run, NARROW_LIST);
        if view.column == Column::Checklist {
            view.column = Column::Step;
        }
        tabs(ui, cx, view, run, &[Column::Step, Column::Clocks, Column::Papers, Column::Timeline]);
        column(ui, cx, view, run);
    } else {
        tabs(ui, cx, view, run, &[Column::Checklist, Column::Step, Column::Clocks, Column::Papers, Column::Timeline]);
        column(ui, cx, view, run);
    }
}

fn nothing(ui: &mut Ui, cx: &Cx) {
    let text = "A run walks through a plan one step at a time, on the real Azure or on a simulated one, and keeps the record. \
                Start one from a plan, or rehearse a scenario.";
    empty(ui, "No run is open", text, |ui| {
        ui.horizontal_wrapped(|ui| {
            let key = intent::key_text(Intent::Go(Screen::Rehearse));
            if Button::new("Rehearse").primary().key(key).show(ui) {
                cx.act(Act::Go(Screen::Rehearse));
            }
            if Button::new("Plans").key(intent::key_text(Intent::Go(Screen::Runbooks))).show(ui) {
                cx.act(Act::Go(Screen::Runbooks));
            }
            if Button::new("Take over a colleague's run…").key(intent::key_text(Intent::TakeOver)).show(ui) {
                cx.act(Act::Do(Intent::TakeOver));
            }
        });
        let open: Vec<_> = cx.snap.audit.runs.iter().filter(|r| r.open).take(5).collect();
        if !open.is_empty() {
            ui.add_space(24.0);
            heading(ui, "Open on this computer");
            ui.add_space(4.0);
            for r in open {
                ui.push_id(&r.id, |ui| {
                    let label = format!("Go on with {} · {} · {}", r.short, r.title, r.mode);
                    if Button::new(&label).show(ui) {
                        cx.send(crate::desk::protocol::Command::OpenRun(r.id.clone()));
                        cx.act(Act::Go(Screen::Run));
                    }
                });
            }
        }
    });
}

fn checklist_panel(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView, width: f32) {
    let t = theme::of(ui);
    Panel::left("checklist")
        .exact_size(width)
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background))
        .show(ui, |ui| {
            let rect = ui.max_rect();
            ui.painter().vline(rect.right() - 0.5, rect.y_range(), Stroke::new(1.0, t.line));
            checklist::show(ui, cx, view, run);
        });
}

fn side_panel(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    let t = theme::of(ui);
    CentralPanel::no_frame().frame(Frame::new().fill(t.panel)).show(ui, |ui| {
        let rect = ui.max_rect();
        ui.painter().vline(rect.left() + 0.5, rect.y_range(), Stroke::new(1.0, t.line));
        // The clock stays in sight beside the papers too.
        let head = Frame::new().inner_margin(Margin { left: 17, right: 16, top: 16, bottom: 4 });
        head.show(ui, |ui| {
            ui.set_width(ui.available_width());
            side::clock(ui, cx, run);
            ui.add_space(4.0);
            ui.horizontal_wrapped(|ui| {
                let papers = view.column == Column::Papers;
                let timeline = view.column == Column::Timeline;
                if Button::new("Now").small().selected(!papers && !timeline).show(ui) {
                    view.column = Column::Step;
                }
                let key = intent::key_text(Intent::Papers);
                if Button::new("Papers").small().key(key).selected(papers).show(ui) {
                    view.column = Column::Papers;
                }
                let key = intent::key_text(Intent::Timeline);
                if Button::new("Timeline").small().key(key).selected(timeline).show(ui) {
                    view.column = Column::Timeline;
                }
            });
        });
        match view.column {
            Column::Papers => scroll(ui, "papers", |ui| papers::show(ui, cx, run)),
            _ => scroll(ui, "side", |ui| side::show(ui, cx, run)),
        }
    });
}

fn scroll(ui: &mut Ui, id: &str, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(id).auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { left: 17, right: 16, top: 12, bottom: 16 }).show(ui, |ui| {
            ui.set_width(ui.available_width().min(460.0));
            add(ui);
        });
    });
}

fn middle(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    let frame = Frame::new().inner_margin(Margin { left: 28, right: 12, top: 22, bottom: 16 });
    CentralPanel::no_frame().frame(frame).show(ui, |ui| match view.column {
        Column::Timeline => gantt::show(ui, cx, view, run),
        _ => card::show(ui, cx, view, run),
    });
}

/// The folded columns; the clock stays in sight in every one of them.
fn tabs(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView, all: &[Column]) {
    let t = theme::of(ui);
    tab_bar(ui, "tabs", |ui| {
        for c in all {
            let name = match c {
                Column::Checklist => "Checklist",
                Column::Step => "Step",
                Column::Clocks if all.len() > 4 => "Clocks",
                Column::Clocks => "Clock, regions, notes",
                Column::Papers => "Papers",
                Column::Timeline => "Timeline",
            };
            if Button::new(name).small().selected(view.column == *c).show(ui) {
                view.column = *c;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let clock = side::clock_text(cx, run);
            let ink = if clock.late { t.down } else { t.text };
            ui.label(egui::RichText::new(clock.figure).font(egui::FontId::new(18.0, theme::bold())).color(ink));
            if ui.available_width() > 110.0 {
                ui.label(egui::RichText::new(clock.short).size(SMALL).color(t.secondary));
            }
        });
    });
}

fn column(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    let frame = match view.column {
        Column::Step | Column::Timeline => {
            Frame::new().inner_margin(Margin { left: 20, right: 20, top: 14, bottom: 12 })
        }
        Column::Checklist | Column::Clocks | Column::Papers => Frame::new(),
    };
    CentralPanel::no_frame().frame(frame).show(ui, |ui| match view.column {
        Column::Checklist => checklist::show(ui, cx, view, run),
        Column::Step => card::show(ui, cx, view, run),
        Column::Clocks => scroll(ui, "side", |ui| {
            side::clock(ui, cx, run);
            hairline(ui, 8.0);
            side::show(ui, cx, run);
        }),
        Column::Papers => scroll(ui, "papers", |ui| papers::show(ui, cx, run)),
        Column::Timeline => gantt::show(ui, cx, view, run),
    });
}
