//! Scenarios on the embedded simulated Azure, and the score of the last one.

use eframe::egui::{Align, Layout, Ui, vec2};

use crate::clock::Speed;
use crate::desk::protocol::Command;
use crate::desk::snapshot::{Mode, ScenarioRow};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, Screen, View};
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{Button, banner, body, bold, card, empty, in_line, link, row, secondary, title};

/// Speeds that are offered.
const SPEEDS: [(Speed, &str); 4] =
    [(Speed::Times(1), "Real pace"), (Speed::Times(5), "5×"), (Speed::Times(10), "10×"), (Speed::Times(60), "60×")];

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    super::page(ui, view, "rehearse", |ui, view| {
        ui.set_max_width(ui.available_width().min(1040.0));
        let scenarios = &cx.snap.library.scenarios;
        if scenarios.is_empty() {
            let text =
                "Scenarios come with the program and from your own folder. None could be read; Runbooks says why.";
            empty(ui, "No scenario", text, |ui| {
                if Button::new("Runbooks").key(intent::key_text(Intent::Go(Screen::Runbooks))).show(ui) {
                    cx.act(Act::Go(Screen::Runbooks));
                }
            });
            return;
        }
        title(ui, "Rehearse");
        let text = "The same steps, screens and client as in earnest, against a simulated Azure on this computer. Nothing real \
                    can be reached.";
        wrapped(ui, secondary(ui, text));
        ui.add_space(12.0);
        last(ui, cx);
        let busy = super::cannot_start(cx.snap);
        in_line(ui, |ui| {
            ui.label(secondary(ui, "Clock"));
            for (speed, name) in SPEEDS {
                if Button::new(name).small().selected(view.speed == speed).show(ui) {
                    view.speed = speed;
                }
            }
            if let Some(why) = busy {
                ui.add_space(12.0);
                ui.label(small(ui, why));
                if cx.snap.run.is_some() && link(ui, "Go to the run", &intent::key_text(Intent::Go(Screen::Run))) {
                    cx.act(Act::Go(Screen::Run));
                }
            }
        });
        ui.add_space(8.0);
        let two = ui.available_width() >= 800.0;
        for (n, pair) in scenarios.chunks(if two { 2 } else { 1 }).enumerate() {
            let width = if two { (ui.available_width() - 16.0) / 2.0 } else { ui.available_width() };
            let first = n == 0;
            if let [a, b] = pair {
                super::columns(ui, [width, width], 16.0, |l, r| {
                    scenario(l, cx, view, a, busy, first);
                    scenario(r, cx, view, b, busy, false);
                });
            } else if let [a] = pair {
                ui.allocate_ui(vec2(width, 0.0), |ui| scenario(ui, cx, view, a, busy, first));
            }
            ui.add_space(12.0);
        }
    });
}

/// What starting a scenario sends, with the strategy and the clock chosen on this screen.
pub fn start(view: &View, s: &ScenarioRow) -> Command {
    let strategy = view.strategies.get(&s.id).or(s.strategies.first()).copied();
    Command::StartRehearsal { scenario: s.id.clone(), strategy, speed: view.speed, seed: 1 }
}

fn scenario(ui: &mut Ui, cx: &Cx, view: &mut View, s: &ScenarioRow, busy: Option<&str>, first: bool) {
    /// Room for two lines of text, so that the cards of a row are alike.
    const TEXT: f32 = 62.0;
    ui.push_id(&s.id, |ui| {
        card(ui, |ui| {
            let top = ui.cursor().top();
            ui.label(bold(&s.title));
            copyable(ui, secondary(ui, &s.about));
            ui.add_space((TEXT - (ui.cursor().top() - top)).max(0.0) + 8.0);
            let chosen = view.strategies.get(&s.id).or(s.strategies.first()).copied();
            let row = Layout::right_to_left(Align::Center);
            ui.allocate_ui_with_layout(vec2(ui.available_width(), theme::CONTROL), row, |ui| {
                let mut button = Button::new("Start").width(88.0).refused(busy);
                if first {
                    button = button.primary().key(intent::key_text(Intent::Confirm));
                }
                let (response, pressed) = button.show_response(ui);
                let _ = response.accessible_name(format!("Start {}", s.title));
                if pressed {
                    cx.send(start(view, s));
                    cx.act(Act::Go(Screen::Run));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    for strategy in &s.strategies {
                        if Button::new(strategy.display()).small().selected(chosen == Some(*strategy)).show(ui) {
                            view.strategies.insert(s.id.clone(), *strategy);
                        }
                    }
                });
            });
        });
    });
}

/// The score of the rehearsal that has just been closed.
fn last(ui: &mut Ui, cx: &Cx) {
    let Some(run) = cx.snap.run.as_ref().filter(|r| r.mode == Mode::Rehearsal) else { return };
    let Some(score) = &run.score else { return };
    banner(ui, theme::of(ui).accent, |ui| {
        ui.label(bold(format!("{} · {} of {} points", run.title, score.points, score.of)));
        for (i, (what, points, of, why)) in score.lines.iter().enumerate() {
            ui.push_id(i, |ui| {
                row(ui, 56.0, &format!("{points} / {of}"), |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    copyable(ui, body(what));
                    if !why.is_empty() {
                        copyable(ui, small(ui, why));
                    }
                });
            });
        }
        if link(ui, "See the record", "") {
            cx.send(Command::ShowRecord(run.id.clone()));
            cx.act(Act::Go(Screen::Audit));
        }
    });
    ui.add_space(16.0);
}
