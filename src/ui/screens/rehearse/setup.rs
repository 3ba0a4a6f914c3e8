//! One scenario, ready to start: strategy, kind, clock, seed, the facilitator's window; and how it went before.

use eframe::egui::{self, CentralPanel, Checkbox, Frame, Margin, Panel, Stroke, TextEdit, Ui};

use super::{Part, cards, chosen, day, duration, of_scenario, points, start, system};
use crate::clock::Speed;
use crate::desk::snapshot::ScenarioRow;
use crate::runbook::model::System;
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, Screen, View};
use crate::ui::widgets::button::link_named;
use crate::ui::widgets::layout::named;
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{Button, body, button, hairline, heading, in_line, link, row, secondary, title};

/// Speeds that are offered; the last: the clock stands still until somebody lets it go on.
const SPEEDS: [(Speed, &str); 5] = [
    (Speed::Times(1), "Real pace"),
    (Speed::Times(5), "5×"),
    (Speed::Times(10), "10×"),
    (Speed::Times(60), "60×"),
    (Speed::Times(0), "In steps"),
];
const LABEL: f32 = 92.0;
/// So many earlier rehearsals of the scenario are shown; the trend has all.
const MOST: usize = 3;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let Some(s) = chosen(&view.rehearse, &cx.snap.library) else {
        super::super::page(ui, view, "no-scenario", |ui, _| cards::nothing(ui));
        return;
    };
    let t = theme::of(ui);
    // Last of all and always in sight, whatever stands above.
    Panel::bottom("rehearse-start")
        .exact_size(56.0)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background).inner_margin(Margin { left: 24, right: 24, top: 9, bottom: 10 }))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(egui::vec2(24.0, 9.0));
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            go(ui, cx, view, s);
        });
    CentralPanel::no_frame().show(ui, |ui| {
        super::super::page(ui, view, "set-up", |ui, view| {
            ui.set_max_width(ui.available_width().min(680.0));
            scenario(ui, cx, s);
            ui.spacing_mut().item_spacing.y = 8.0;
            settings(ui, view, s);
            before(ui, cx, view, s);
        });
    });
}

fn go(ui: &mut Ui, cx: &Cx, view: &mut View, s: &ScenarioRow) {
    let busy = super::super::cannot_start(cx.snap);
    let refused = busy.or(view.rehearse.seed().is_none().then_some(super::NO_SEED));
    in_line(ui, |ui| {
        let name = format!("Start {}", s.title);
        let label = if view.rehearse.tabletop && s.tabletop { "Start the tabletop" } else { "Start the rehearsal" };
        let button = Button::new(label).name(&name).primary().key(intent::key_text(Intent::Confirm)).refused(refused);
        if button.show(ui)
            && let Some(command) = start(&view.rehearse, s)
        {
            cx.send(command);
            cx.act(Act::Go(Screen::Run));
        }
        if view.rehearse.set_up && Button::new("All scenarios").show(ui) {
            view.rehearse.set_up = false;
        }
        if let Some(why) = refused {
            ui.add(egui::Label::new(small(ui, why)).truncate());
            if busy.is_some() && cx.snap.run.is_some() && link(ui, "Go to it", &key(Intent::Go(Screen::Run))) {
                cx.act(Act::Go(Screen::Run));
            }
        }
    });
}

fn key(intent: Intent) -> String {
    intent::key_text(intent)
}

fn scenario(ui: &mut Ui, cx: &Cx, s: &ScenarioRow) {
    let library = &cx.snap.library;
    let plan = library.plans.iter().find(|p| p.id == s.plan).map(|p| format!("plan {}", p.title));
    let parts = [
        system(library, s).map(System::display).map(str::to_owned),
        plan,
        Some(cards::minutes(s)).filter(|m| !m.is_empty()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        wrapped(ui, small(ui, parts.join(" · ")));
    }
    title(ui, &s.title);
    ui.add_space(4.0);
    copyable(ui, secondary(ui, &s.about));
    ui.add_space(12.0);
}

fn settings(ui: &mut Ui, view: &mut View, s: &ScenarioRow) {
    let v = &mut view.rehearse;
    let of = v.strategy_of(s);
    if !s.strategies.is_empty() {
        setting(ui, "strategy", 4.0, |ui| {
            ui.horizontal_wrapped(|ui| {
                for strategy in &s.strategies {
                    if Button::new(strategy.display()).small().selected(of == Some(*strategy)).show(ui) {
                        v.strategies.insert(s.id.clone(), *strategy);
                    }
                }
            })
        });
    }
    let tabletop = v.tabletop && s.tabletop;
    setting(ui, "kind", 4.0, |ui| {
        ui.horizontal_wrapped(|ui| {
            let only = (!s.tabletop).then_some("This scenario needs its simulated Azure.");
            if Button::new("Simulated Azure").small().selected(!tabletop).show(ui) {
                v.tabletop = false;
            }
            if Button::new("Tabletop").small().selected(tabletop).refused(only).show(ui) {
                v.tabletop = true;
            }
        });
        let what = if tabletop {
            "No Azure at all: the facilitator answers for the systems, and people talk it through."
        } else {
            "The same steps, screens and client as in earnest; nothing real can be reached."
        };
        wrapped(ui, small(ui, what));
    });
    setting(ui, "clock", 4.0, |ui| {
        ui.horizontal_wrapped(|ui| {
            for (speed, name) in SPEEDS {
                if Button::new(name).small().selected(v.speed == speed).show(ui) {
                    v.speed = speed;
                }
            }
        });
        if v.speed == Speed::Times(0) {
            let steps = [1, 5].map(|n| intent::key_text(Intent::StepClock(n)));
            let text = format!("It stands still; {} lets it go on by 1 min, {} by 5 min.", steps[0], steps[1]);
            wrapped(ui, small(ui, text));
        }
    });
    setting(ui, "facilitator", 0.0, |ui| {
        ui.add_enabled_ui(!tabletop, |ui| {
            let mut on = v.with_facilitator(tabletop);
            let response = ui.add(Checkbox::new(&mut on, body("Open the facilitator's window beside this one")));
            button::focus_ring(ui, &response, response.rect.shrink(1.0));
            if response.changed() {
                v.facilitator = on;
            }
        });
        let text = "What comes when, and what is hidden: for whoever leads the rehearsal, on a screen of their own.";
        wrapped(ui, small(ui, text));
    });
    setting(ui, "seed", 4.0, |ui| {
        ui.horizontal(|ui| {
            let edit = TextEdit::singleline(&mut v.seed).desired_width(96.0).margin(Margin::symmetric(10, 5));
            named(ui, edit, "Seed");
            let text = if v.seed().is_some() {
                "The same seed gives the same small variations again."
            } else {
                "A whole number"
            };
            wrapped(ui, small(ui, text));
        });
    });
}

/// A label on the line of what belongs to it.
fn setting<R>(ui: &mut Ui, label: &str, down: f32, add: impl FnOnce(&mut Ui) -> R) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.vertical(|ui| {
            ui.set_width(LABEL);
            ui.add_space(down);
            ui.label(secondary(ui, label));
        });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(8.0, 4.0);
            ui.set_width(ui.available_width());
            add(ui);
        });
    });
}

/// How this scenario went before.
fn before(ui: &mut Ui, cx: &Cx, view: &mut View, s: &ScenarioRow) {
    let runs = of_scenario(cx.snap, &s.id);
    hairline(ui, 4.0);
    heading(ui, "Earlier rehearsals");
    if runs.is_empty() {
        wrapped(ui, small(ui, "Not rehearsed on this computer yet."));
        return;
    }
    for (trend, r) in runs.iter().take(MOST) {
        ui.push_id(&r.run, |ui| {
            row(ui, LABEL, &day(r.at), |ui| {
                let kind = if r.tabletop { ", tabletop" } else { "" };
                let rta = match r.rta {
                    Some(ms) => format!("RTA {}", duration(Some(ms))),
                    None => "RTA not known".to_owned(),
                };
                let text = format!("{} · {rta} · {}{kind}", points(r.score), r.strategy.display());
                copyable(ui, body(text));
                ui.horizontal(|ui| {
                    if link_named(ui, "Score sheet", "", &format!("Score sheet of {}", r.short)) {
                        view.rehearse.sheet = Some(r.run.clone());
                        view.rehearse.part = Part::Sheet;
                    }
                    if link_named(ui, "Trend", "", &format!("Trend up to {}", r.short)) {
                        view.rehearse.plan = Some(trend.plan.clone());
                        view.rehearse.run = Some(r.run.clone());
                        view.rehearse.strategy = None;
                        view.rehearse.part = Part::Trend;
                    }
                });
            });
        });
    }
}
