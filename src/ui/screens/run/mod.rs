//! The guided run: checklist, the one current step, clocks. Columns that do not fit side by side become tabs.

mod card;
mod checklist;
mod checkpoint;
mod foot;
pub mod gantt;
pub mod notices;
mod outcome;
pub mod papers;
pub mod second;
pub mod side;
mod switcher;

pub use crate::ui::widgets::text::capital;
pub use card::change;
pub use checklist::heading as checklist_heading;
pub use checkpoint::show as checkpoint;
pub use second::{SecondView, block, large as large_pictures, time_left};
pub use side::{clock_text, other_speed};
pub use switcher::sentence as run_sentence;

use eframe::egui::{self, Align, CentralPanel, Frame, Layout, Margin, Panel, ScrollArea, Stroke, Ui, UiBuilder, vec2};

use super::situation;
use crate::desk::protocol::Command;
use crate::desk::snapshot::RunView;
use crate::ui::intent::{self, Intent};
use crate::ui::shell::NAV;
use crate::ui::theme::{self, SMALL};
use crate::ui::view::{Act, Column, Cx, Screen, View};
use crate::ui::widgets::layout::tab_bar;
use crate::ui::widgets::text::{line, small};
use crate::ui::widgets::{Button, empty, hairline};

const LIST: f32 = 300.0;
const SIDE: f32 = 256.0;
/// The checklist's width where the clocks have no column of their own.
const NARROW_LIST: f32 = 280.0;
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
        // The chart has the same steps, and wants the width.
        if view.column != Column::Timeline {
            checklist_panel(ui, cx, view, run, NARROW_LIST);
        }
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
    let open: Vec<_> = cx.snap.audit.runs.iter().filter(|r| r.open).take(5).collect();
    let recommended = situation::offers_plan(cx.snap);
    let (heading, text) = match open.len() {
        0 => (
            "No run is open",
            "A run walks through a plan one step at a time, on the real Azure or on a simulated one, and keeps the record. \
             Start one from a plan, or rehearse a scenario.",
        ),
        1 => ("A run on this computer is not closed", "Go on with it where it stands, or begin something else."),
        _ => ("Runs on this computer are not closed", "Go on with one where it stands, or begin something else."),
    };
    empty(ui, heading, text, |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        for (i, r) in open.iter().enumerate() {
            ui.push_id(&r.id, |ui| {
                let label = format!("Go on with {} · {} · {}", r.short, r.title, r.mode);
                let button = Button::new(&label);
                if (if i == 0 { button.primary() } else { button }).show(ui) {
                    cx.send(Command::OpenRun(r.id.clone()));
                    cx.act(Act::Go(Screen::Run));
                }
            });
        }
        let ways = [
            (Intent::OpenPlan, "Open the recommended plan", recommended),
            (Intent::Go(Screen::Rehearse), "Rehearse", true),
            (Intent::Go(Screen::Runbooks), "Runbooks", true),
            (Intent::TakeOver, "Take over a colleague's run…", true),
        ];
        let mut first = open.is_empty();
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
            for (intent, label, _) in ways.into_iter().filter(|(.., offered)| *offered) {
                let button = Button::new(label).key(intent::key_text(intent));
                if (if std::mem::take(&mut first) { button.primary() } else { button }).show(ui) {
                    cx.act(Act::Do(intent));
                }
            }
        });
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
            // One row has no room for their keys; F1 and the palette have them.
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                let papers = view.column == Column::Papers;
                let timeline = view.column == Column::Timeline;
                let tabs = [
                    ("Now", Column::Step, !papers && !timeline),
                    ("Papers", Column::Papers, papers),
                    ("Timeline", Column::Timeline, timeline),
                ];
                for (name, column, on) in tabs {
                    if Button::new(name).small().selected(on).show(ui) {
                        view.column = column;
                    }
                }
            });
        });
        match view.column {
            Column::Papers => scroll(ui, "papers", 17, |ui| papers::show(ui, cx, run)),
            _ => scroll(ui, "side", 17, |ui| side::show(ui, cx, run)),
        }
    });
}

fn scroll(ui: &mut Ui, id: &str, left: i8, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(id).auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { left, right: 16, top: 12, bottom: 16 }).show(ui, |ui| {
            ui.set_width(ui.available_width().min(460.0));
            add(ui);
        });
    });
}

fn middle(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    let chart = Frame::new().inner_margin(Margin { left: 24, right: 12, top: 22, bottom: 16 });
    CentralPanel::no_frame().show(ui, |ui| match view.column {
        Column::Timeline => chart.show(ui, |ui| gantt::show(ui, cx, view, run)).inner,
        _ => card::show(ui, cx, view, run, (24.0, 22.0)),
    });
}

/// The folded columns; the clock stays in sight in every one of them.
fn tabs(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView, all: &[Column]) {
    let t = theme::of(ui);
    tab_bar(ui, "tabs", |ui| {
        if all.len() > 4 {
            ui.spacing_mut().item_spacing.x = 4.0;
        }
        for c in all {
            let (label, name) = match c {
                Column::Checklist => ("List", "Checklist"),
                Column::Step => ("Step", "Step"),
                Column::Clocks => ("Clocks", "Clocks"),
                Column::Papers => ("Papers", "Papers"),
                Column::Timeline => ("Timeline", "Timeline"),
            };
            if Button::new(label).name(name).small().selected(view.column == *c).show(ui) {
                view.column = *c;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let clock = side::clock_text(cx, run);
            let ink = if clock.late { t.down } else { t.text };
            ui.label(egui::RichText::new(clock.figure).font(egui::FontId::new(18.0, theme::bold())).color(ink));
            // A figure alone reads as a time of day.
            let room = ui.available_width() - ui.spacing().item_spacing.x;
            let caption = |words: &str| line(ui, words, egui::FontId::proportional(SMALL), t.secondary, f32::INFINITY);
            let fits = caption(&clock.short).size().x <= room;
            ui.label(small(ui, if fits { clock.short.as_str() } else { clock.least }));
        });
    });
}

fn column(ui: &mut Ui, cx: &Cx, view: &mut View, run: &RunView) {
    let chart = Frame::new().inner_margin(Margin { left: 20, right: 20, top: 14, bottom: 12 });
    CentralPanel::no_frame().show(ui, |ui| match view.column {
        Column::Checklist => checklist::show(ui, cx, view, run),
        Column::Step => card::show(ui, cx, view, run, (20.0, 14.0)),
        Column::Clocks => scroll(ui, "side", 20, |ui| {
            side::clock(ui, cx, run);
            hairline(ui, 8.0);
            side::show(ui, cx, run);
        }),
        Column::Papers => scroll(ui, "papers", 20, |ui| papers::show(ui, cx, run)),
        Column::Timeline => chart.show(ui, |ui| gantt::show(ui, cx, view, run)).inner,
    });
}
