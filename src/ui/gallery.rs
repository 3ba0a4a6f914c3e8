//! Every widget in every state on one page, for whoever changes the look: `lifeboat gallery`.

use eframe::egui::{self, Color32, CornerRadius, FontId, ScrollArea, Sense, Stroke, StrokeKind, Ui, vec2};

use super::ask::{Ask, Field, Make, Must};
use super::overlay;
use super::theme::{self, BODY, CARD_RADIUS, CLOCK, HAIRLINE, RADIUS, ROW, SMALL, SPACE, TITLE};
use super::widgets::table::table;
use super::widgets::text::{cut, small, wrapped};
use super::widgets::{
    Button, badge, banner, before_after, body, bold, card, clock, deadline, empty, field, heading, in_line, link, mark,
    mode_badge, mono, mono_bold, paint_band, paint_step_row, qr, row, secondary, title, verdict,
};
use crate::desk::snapshot::{Mark, Mode, Problem, Qr, StepRow, StepState};

/// Column of labels.
const LABEL: f32 = 112.0;

/// The page, with what was typed and chosen on it.
#[derive(Default)]
pub struct Gallery {
    text: String,
    tall: String,
    chosen: usize,
    /// Nothing typed, something else typed, and the name.
    asks: Vec<Ask>,
}

/// What is confirmed here by its name.
const TARGET: &str = "appcs-prod-chat";

fn ask(typed: &str) -> Ask {
    let mut ask = Ask::new("Switch to Sweden Central", "Switch to Sweden Central", Make::Note);
    ask.lines.push("May lose what was written in the last 5 min.".to_owned());
    ask.fields.push(Field::new(format!("Type {TARGET} to confirm"), Must::Equal(TARGET.to_owned())).draft(typed));
    ask.changes_azure = true;
    // It has been drawn already: it does not take the focus.
    ask.open = true;
    ask
}

impl Gallery {
    /// Sets the look.
    pub fn new(ctx: &egui::Context) -> Self {
        theme::install(ctx);
        Self { asks: ["", "appcs-prod", TARGET].map(ask).into(), ..Self::default() }
    }

    /// Draws it.
    pub fn draw(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        egui::Frame::new().fill(t.background).inner_margin(egui::Margin::same(24)).show(ui, |ui| {
            in_line(ui, |ui| {
                title(ui, "Gallery");
                for (theme, name) in [(egui::Theme::Dark, "Dark"), (egui::Theme::Light, "Light")] {
                    if Button::new(name).small().selected(ui.theme() == theme).show(ui) {
                        ui.ctx().set_theme(theme);
                    }
                }
                for (scale, name) in [(1.0, "100 %"), (2.0, "200 %")] {
                    let on = (ui.ctx().zoom_factor() - scale).abs() < 0.01;
                    if Button::new(name).small().selected(on).show(ui) {
                        ui.ctx().set_zoom_factor(scale);
                    }
                }
            });
            ui.add_space(12.0);
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(12.0, 8.0);
                // As many columns as there is room for.
                let columns = (ui.available_width() / 400.0).floor().clamp(1.0, 3.0) as usize;
                ui.columns(columns, |at| {
                    let mut n = 0;
                    let mut next = |name: &str, add: &mut dyn FnMut(&mut Ui)| {
                        at[n % columns].push_id(name, |ui| {
                            card(ui, |ui| {
                                ui.spacing_mut().item_spacing.y = 6.0;
                                heading(ui, name);
                                add(ui);
                            });
                        });
                        n += 1;
                    };
                    next("Colours", &mut colours);
                    next("Type and space", &mut letters);
                    next("Status marks", &mut marks);
                    next("Bands and badges", &mut bands);
                    next("Buttons", &mut buttons);
                    next("Step rows", &mut steps);
                    next("Key and value", &mut values);
                    next("Clock and deadlines", &mut times);
                    next("Fields", &mut |ui| self.fields(ui));
                    next("Banners", &mut banners);
                    next("Table", &mut |ui| self.table(ui));
                    next("Confirm, by its target's name", &mut |ui| self.confirms(ui));
                    next("Notices", &mut |ui| self.notices(ui));
                    next("Empty state", &mut nothing);
                    next("Picture for a telephone", &mut picture);
                });
            });
        });
    }

    fn fields(&mut self, ui: &mut Ui) {
        field(ui, "One line", &mut self.text, false, f32::INFINITY);
        field(ui, "Several lines", &mut self.tall, true, f32::INFINITY);
    }

    /// What a dialog has in it, three times; pressed, it does nothing.
    fn confirms(&mut self, ui: &mut Ui) {
        for (i, ask) in self.asks.iter_mut().enumerate() {
            ui.push_id(i, |ui| {
                overlay::dialog_frame(ui).show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    overlay::form(ui, &|_| (), ask)
                })
            });
        }
    }

    /// What comes by itself: work that is under way, and a problem, short and at length.
    fn notices(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        overlay::toast(ui, t.accent, CARD_RADIUS, |ui| {
            wrapped(ui, body("Starting the rehearsal …"));
        });
        let short = Problem {
            what: "The file cannot be read.".to_owned(),
            means: String::new(),
            next: String::new(),
            raw: String::new(),
        };
        let long = Problem {
            what: "The request was refused.".to_owned(),
            means: "Nothing was changed.".to_owned(),
            next: "ask for the role, then try again.".to_owned(),
            raw: "403 AuthorizationFailed".to_owned(),
        };
        for problem in [&short, &long] {
            overlay::toast(ui, t.down, CARD_RADIUS, |ui| {
                overlay::told(ui, &|_| (), problem);
            });
        }
        overlay::toast(ui, t.down, CARD_RADIUS, |ui| overlay::problem_to(ui, &|_| (), &long));
    }

    fn table(&mut self, ui: &mut Ui) {
        // A place of its own below the heading: a table takes all the height there is.
        let place = vec2(ui.available_width(), 5.0 * ROW);
        ui.allocate_ui(place, |ui| self.rows(ui));
    }

    fn rows(&mut self, ui: &mut Ui) {
        let columns = [("State", Some(120.0)), ("Name", None)];
        let chosen = self.chosen;
        let pressed = table(
            ui,
            "gallery",
            &columns,
            Mark::ALL.len(),
            |i| i == chosen,
            |i| format!("row {i}: {}", Mark::ALL[i].word()),
            |ui, i, c| {
                if c == 0 {
                    mark(ui, Mark::ALL[i]);
                    cut(ui, body(Mark::ALL[i].word()));
                } else {
                    cut(ui, secondary(ui, "oai-prod-eastus, a name that is longer than its column"));
                }
            },
        );
        self.chosen = pressed.unwrap_or(chosen);
    }
}

impl eframe::App for Gallery {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }
}

fn colours(ui: &mut Ui) {
    let t = theme::of(ui);
    for (name, color) in t.all() {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(40.0, 16.0), Sense::hover());
            ui.painter().rect(rect, CornerRadius::same(4), color, Stroke::new(HAIRLINE, t.line), StrokeKind::Inside);
            ui.label(body(name));
            let [r, g, b, _] = color.to_array();
            ui.label(mono(format!("{r:02X}{g:02X}{b:02X}")).color(t.secondary));
        });
    }
}

fn letters(ui: &mut Ui) {
    let t = theme::of(ui);
    for (name, font) in [
        ("34 clock", FontId::proportional(CLOCK)),
        ("22 title", FontId::new(TITLE, theme::bold())),
        ("13 strong", FontId::new(BODY, theme::bold())),
        ("13 text", FontId::proportional(BODY)),
        ("12 secondary", FontId::proportional(SMALL)),
        ("12 values", FontId::monospace(SMALL)),
    ] {
        ui.label(egui::RichText::new(format!("{name} 03:14:07")).font(font));
    }
    ui.horizontal(|ui| {
        for space in SPACE {
            let (rect, _) = ui.allocate_exact_size(vec2(space, space), Sense::hover());
            ui.painter().rect_filled(rect, 0.0, t.secondary);
            ui.label(small(ui, format!("{space}")));
        }
    });
}

fn marks(ui: &mut Ui) {
    for m in Mark::ALL {
        ui.horizontal(|ui| {
            mark(ui, m);
            ui.label(body(m.word()));
        });
    }
    for (ok, word) in [(Some(true), "fulfilled"), (Some(false), "not fulfilled"), (None, "not known")] {
        ui.horizontal(|ui| {
            verdict(ui, ok);
            ui.label(body(word));
        });
    }
}

fn bands(ui: &mut Ui) {
    let t = theme::of(ui);
    for mode in Mode::ALL {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 32.0), Sense::hover());
        paint_band(&ui.painter_at(rect), rect, Some(mode), t);
        let font = FontId::new(BODY, theme::bold());
        let at = rect.left_center() + vec2(16.0, 0.0);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, mode.word(), font, t.on_band);
    }
    ui.horizontal(|ui| Mode::ALL.iter().for_each(|m| mode_badge(ui, m.word())));
    ui.horizontal(|ui| {
        badge(ui, "sent");
        badge(ui, "3");
    });
}

fn buttons(ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        Button::new("Primary").key("Ctrl+Enter").primary().show(ui);
        Button::new("Quiet…").key("H").show(ui);
        Button::new("Small").small().show(ui);
    });
    ui.horizontal_wrapped(|ui| {
        Button::new("Primary, refused").primary().refused(Some("why it is not possible now")).show(ui);
        Button::new("Refused").refused(Some("why it is not possible now")).show(ui);
    });
    ui.horizontal_wrapped(|ui| {
        Button::new("Chosen").small().selected(true).show(ui);
        Button::new("Not chosen").small().selected(false).show(ui);
        let (response, _) = Button::new("With the focus").small().show_response(ui);
        if ui.memory(|m| m.focused().is_none()) {
            response.request_focus();
        }
    });
    link(ui, "A link", "L");
}

fn steps(ui: &mut Ui) {
    let t = theme::of(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    for (i, state) in StepState::ALL.into_iter().enumerate() {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let current = state == StepState::Ready;
        if current {
            ui.painter().rect_filled(rect, f32::from(RADIUS), t.raised);
        }
        let row = StepRow {
            id: format!("G{i}"),
            title: state.word().to_owned(),
            state,
            timing: "0:40".to_owned(),
            sentence: String::new(),
            group: None,
        };
        paint_step_row(ui, rect, &row, current);
    }
}

fn values(ui: &mut Ui) {
    row(ui, LABEL, "text", |ui| wrapped(ui, body("requests in flight, should the region fail again")));
    row(ui, LABEL, "value", |ui| ui.label(mono_bold("swedencentral")));
    for (name, before, after) in [
        ("changes", Some("eastus"), Some("swedencentral")),
        ("is set", None, Some("true")),
        ("is removed", Some("false"), None),
        ("stays", Some("100"), Some("100")),
    ] {
        row(ui, LABEL, name, |ui| before_after(ui, before, after));
    }
}

fn times(ui: &mut Ui) {
    clock(ui, "21:43", false);
    clock(ui, "04:10", true);
    for (mark, bar, words) in [
        (Mark::Ok, Some(Some(0.9)), "41 d 3 h"),
        (Mark::Suspect, Some(Some(0.3)), "9 h 12 min"),
        (Mark::Down, Some(Some(0.01)), "12 min"),
        (Mark::Unknown, Some(None), "not known"),
        (Mark::Down, None, "lost"),
    ] {
        deadline(ui, mark, bar, words);
    }
}

fn banners(ui: &mut Ui) {
    let t = theme::of(ui);
    let all: [(Color32, &str); 3] =
        [(t.accent, "Reading what is there …"), (t.suspect, "The run is paused"), (t.down, "It failed, and why")];
    for (hue, words) in all {
        banner(ui, hue, |ui| {
            ui.label(bold(words));
            wrapped(ui, body("What it means for the run, and what to do next."));
        });
    }
}

fn nothing(ui: &mut Ui) {
    empty(ui, "Nothing yet", "What belongs here, and how it gets here.", |ui| {
        Button::new("Get it").primary().key("Enter").show(ui);
    });
}

fn picture(ui: &mut Ui) {
    let width = 21;
    let dark: Vec<bool> = (0..width * width).map(|i| (i * 7 + i / width) % 3 == 0).collect();
    let _ = qr(ui, &Qr { width, dark: dark.into() }, 160.0, "nothing is in it");
}
