//! The window's frame: band, clock, what is said; and its main half: questions of a tabletop, the happenings by time, and
//! the hands on the chosen one.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    self, Align, Align2, CentralPanel, FontId, Frame, Layout, Margin, Panel, ScrollArea, Sense, Stroke, TextEdit, Ui,
    WidgetInfo, pos2, vec2,
};

use super::keys::{self, Want, key};
use super::{Field, Half, State, side};
use crate::clock::Speed;
use crate::desk::protocol::{Command, FacilitateIntent};
use crate::desk::snapshot::{Facilitator, HappeningRow};
use crate::ui::shell;
use crate::ui::theme::{self, BODY, RADIUS, SMALL};
use crate::ui::view::Cx;
use crate::ui::widgets::button::focus_ring;
use crate::ui::widgets::layout::{edge, typing_ring};
use crate::ui::widgets::mark::{arrow, tick};
use crate::ui::widgets::text::{copyable, line, small, wrapped};
use crate::ui::widgets::{Button, body, bold, heading, in_line, link, secondary, title, verdict};
use crate::units::{Millis, utc_clock};

/// Both halves fit side by side from here on.
const TWO: f32 = 820.0;
const SIDE: f32 = 312.0;
const ROW: f32 = 44.0;
/// Height of the buttons of the chosen happening, with the air around them.
const HANDS: f32 = 56.0;
/// Between its words and its buttons.
const AIR: f32 = 12.0;
/// The buttons of the clock fit with all their words from here on.
const ROOMY: f32 = 780.0;
/// Height of a question with its answers.
const QUESTION: f32 = 68.0;
/// Width of the three answers.
const ANSWERS: f32 = 338.0;

/// Draws the window.
pub fn show(ui: &mut Ui, cx: &Cx, f: &Facilitator, state: &mut State) {
    let t = theme::of(ui);
    let words = format!("FACILITATOR · {}", cx.snap.band.text);
    shell::band(ui, cx, &words, &cx.snap.band.run);
    let bar = |top, bottom| Frame::new().fill(t.panel).inner_margin(Margin { left: 16, right: 16, top, bottom });
    Panel::bottom("say").exact_size(84.0).show_separator_line(false).frame(bar(10, 10)).show(ui, |ui| {
        let rect = ui.max_rect().expand2(vec2(16.0, 10.0));
        ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
        say(ui, cx, state);
    });
    Panel::top("clock").exact_size(48.0).show_separator_line(false).frame(bar(6, 6)).show(ui, |ui| {
        let rect = ui.max_rect().expand2(vec2(16.0, 6.0));
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, t.line));
        clock(ui, cx, f, state);
    });
    if let Some(why) = &f.refused {
        // Here, since the operator must not read it; in both halves, since either may have asked for it.
        Panel::top("refused").show_separator_line(false).frame(bar(8, 8)).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                verdict(ui, Some(false));
                wrapped(ui, bold(format!("Not done: {why}")));
            });
        });
    }
    let wide = ui.available_width() >= TWO;
    if wide {
        Panel::right("room").exact_size(SIDE).resizable(false).show_separator_line(false).frame(bar(0, 0)).show(
            ui,
            |ui| {
                let rect = ui.max_rect().expand2(vec2(16.0, 0.0));
                ui.painter().vline(rect.left() + 0.5, rect.y_range(), Stroke::new(1.0, t.line));
                side::show(ui, cx, f, state);
            },
        );
    }
    CentralPanel::no_frame().frame(Frame::new().fill(t.background)).show(ui, |ui| {
        if !wide && state.half == Half::Room {
            Frame::new().inner_margin(Margin::symmetric(16, 0)).show(ui, |ui| side::show(ui, cx, f, state));
        } else {
            main(ui, cx, f, state, wide);
        }
    });
}

fn clock(ui: &mut Ui, cx: &Cx, f: &Facilitator, state: &mut State) {
    in_line(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let speed = cx.snap.clock.speed();
        let stands = speed == Speed::Times(0);
        let roomy = ui.available_width() >= ROOMY;
        let mut button = |ui: &mut Ui, label: &str, name: &str, want| {
            // The longest two of the keys are on the sheet of keys alone where they would push out the last button.
            let hint = if roomy || !matches!(want, Want::Step(_)) { key(want) } else { "" };
            if Button::new(label).name(name).small().key(hint).id(name).show(ui) {
                keys::perform(cx, f, state, want);
            }
        };
        button(
            ui,
            if stands { "Go on" } else { "Stop" },
            if stands { "Let the clock go on" } else { "Stop the clock" },
            Want::Stop,
        );
        button(ui, "Slower", "Clock slower", Want::Slower);
        button(ui, "Faster", "Clock faster", Want::Faster);
        button(ui, if roomy { "On by 1 min" } else { "+1 min" }, "Clock on by 1 min", Want::Step(1));
        button(ui, if roomy { "On by 5 min" } else { "+5 min" }, "Clock on by 5 min", Want::Step(5));
        button(ui, "Next event", "Jump to the next event", Want::Jump);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if link(ui, "Keys", key(Want::Help)) {
                state.help = true;
            }
        });
    });
}

/// To the operator, and for afterwards: each one line and one key.
fn say(ui: &mut Ui, cx: &Cx, state: &mut State) {
    ui.spacing_mut().item_spacing.y = 6.0;
    let focus = state.focus.take_if(|f| matches!(f, Field::Say | Field::Note));
    let lines = [
        ("Say to the operator", "Say it", Want::Say, &mut state.say, Field::Say),
        ("Note for afterwards", "Keep it", Want::Note, &mut state.note, Field::Note),
    ];
    for (label, word, want, text, field) in lines {
        ui.horizontal(|ui| {
            ui.set_height(28.0);
            let name = ui.add_sized([132.0, 20.0], egui::Label::new(secondary(ui, label)).halign(Align::Min));
            let width = ui.available_width() - 100.0;
            let edit = TextEdit::singleline(text).desired_width(width).margin(Margin::symmetric(10, 5));
            let response = ui.add(edit).labelled_by(name.id);
            typing_ring(ui, &response);
            if focus == Some(field) {
                response.request_focus();
            }
            let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            // The next word typed must not be taken for keys: some of them cannot be taken back.
            if entered {
                response.request_focus();
            }
            let refused = text.trim().is_empty().then_some("There is nothing to say yet.");
            let pressed = Button::new(word).small().width(88.0).key(key(want)).refused(refused).show(ui);
            if (entered || pressed) && refused.is_none() {
                let words = text.trim().to_owned();
                let intent = match field {
                    Field::Say => FacilitateIntent::Say(words),
                    _ => FacilitateIntent::Note(words),
                };
                cx.send(Command::Facilitate(intent));
            }
        });
    }
}

fn main(ui: &mut Ui, cx: &Cx, f: &Facilitator, state: &mut State, wide: bool) {
    let t = theme::of(ui);
    let frame = |top, bottom| Frame::new().inner_margin(Margin { left: 20, right: 16, top, bottom });
    Panel::top("title").show_separator_line(false).frame(frame(12, 4)).show(ui, |ui| {
        title(ui, &f.title);
        if let Some(said) = &state.said {
            wrapped(ui, body(said));
        }
        if f.held {
            ui.label(bold("Happenings are held back: nothing comes by itself."));
        }
    });
    if !f.questions.is_empty() {
        // They come first, at full height; of the happenings one stays in sight at least.
        let tall = 34.0 + QUESTION * f.questions.len() as f32;
        let most = (ui.available_height() - HANDS - ROW - 4.0).max(34.0 + QUESTION);
        let panel = Panel::top("questions").exact_size(tall.min(most)).show_separator_line(false).frame(frame(4, 4));
        panel.show(ui, |ui| {
            let one = f.questions.len() == 1;
            heading(ui, if one { "The operator waits for an answer" } else { "The operator waits for answers" });
            ScrollArea::vertical().id_salt("questions").auto_shrink([false, false]).show(ui, |ui| {
                for i in 0..f.questions.len() {
                    ui.push_id(("question", i), |ui| question(ui, cx, f, state, i));
                }
            });
        });
    }
    // While questions are open, its line in the list is enough.
    let words = state.chosen(f).filter(|_| f.questions.is_empty()).map(|h| height_of(ui, h));
    Panel::bottom("chosen")
        .exact_size(HANDS + words.map_or(0.0, |w| w + AIR))
        .show_separator_line(false)
        .frame(frame(10, 10))
        .show(ui, |ui| {
            let rect = ui.max_rect().expand2(vec2(20.0, 10.0));
            ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            if let (Some(h), Some(height)) = (state.chosen(f), words) {
                in_full(ui, h, height);
            }
            hands(ui, cx, f, state, wide);
        });
    CentralPanel::no_frame().frame(frame(0, 0)).show(ui, |ui| {
        if f.timeline.is_empty() {
            wrapped(ui, secondary(ui, "Nothing happens by itself in this scenario."));
        }
        let on = state.chosen(f).map(|h| h.n);
        let next = f.timeline.iter().find(|h| !h.done).map(|h| h.n);
        ScrollArea::vertical().id_salt("timeline").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for h in &f.timeline {
                let response = ui.push_id(h.n, |ui| happening(ui, cx, f, h, on == Some(h.n), next == Some(h.n))).inner;
                if on == Some(h.n) && state.follow {
                    response.scroll_to_me(None);
                    state.follow = false;
                }
                if response.clicked() {
                    state.selected = Some(h.n);
                }
            }
        });
    });
}

/// When it comes, as words: `in 2 min 10 s`, `held back`, `done`.
fn due(cx: &Cx, f: &Facilitator, h: &HappeningRow) -> String {
    if h.done {
        return "done".to_owned();
    }
    let left = h.at - cx.now.utc;
    if f.held || left <= 0 {
        return if f.held { "held back" } else { "due" }.to_owned();
    }
    cx.changes_every(h.at, 1);
    format!("in {}", Millis::from_secs(u64::try_from(left).unwrap_or(0).div_ceil(1_000)))
}

fn told(h: &HappeningRow) -> &'static str {
    if h.hidden { "hidden" } else { "announced" }
}

fn happening(ui: &mut Ui, cx: &Cx, f: &Facilitator, h: &HappeningRow, on: bool, next: bool) -> egui::Response {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let (at, due) = (utc_clock(h.at), due(cx, f, h));
    response.widget_info(|| {
        let sentence = format!("{at}, {due}, {}: {}", told(h), h.text);
        WidgetInfo::selected(Role::ListBoxOption, true, on, sentence)
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if on || response.hovered() {
        let fill = if on { t.raised } else { t.hovered() };
        ui.painter().rect_filled(rect, f32::from(RADIUS), fill);
    }
    if on {
        edge(ui, rect, t.accent, 2.0, RADIUS);
    }
    let (y, under) = (rect.top() + 13.0, rect.top() + 31.0);
    let ink = if h.done { t.secondary } else { t.text };
    let c = pos2(rect.left() + 20.0, y);
    match (h.done, next) {
        (true, _) => tick(ui.painter(), c, t.ok),
        (_, true) => arrow(ui.painter(), c, t.accent),
        _ => {
            ui.painter().circle_stroke(c, 4.5, Stroke::new(1.5, t.secondary));
        }
    }
    let left = rect.left() + 40.0;
    let strong = if on { FontId::new(BODY, theme::bold()) } else { FontId::proportional(BODY) };
    let text = line(ui, &h.text, strong, ink, rect.right() - 10.0 - left);
    let notes = format!("{at} UTC · {due}");
    let notes = line(ui, &notes, FontId::proportional(SMALL), t.secondary, rect.right() - 90.0 - left);
    ui.painter().galley(pos2(left, y - text.size().y / 2.0), text, ink);
    let at = Align2::LEFT_CENTER.anchor_size(pos2(left, under), notes.size());
    ui.painter().galley(at.min, notes, t.secondary);
    let (font, ink) = match h.hidden && !h.done {
        true => (FontId::new(SMALL, theme::bold()), t.text),
        false => (FontId::proportional(SMALL), t.secondary),
    };
    ui.painter().text(pos2(rect.right() - 12.0, under), Align2::RIGHT_CENTER, told(h), font, ink);
    focus_ring(ui, &response, rect.shrink(2.0));
    response
}

/// Whether the operator is told, in a sentence.
fn telling(h: &HappeningRow) -> &'static str {
    if h.hidden {
        "The operator is not told by the scenario; they may see what it does."
    } else {
        "The operator is told when it comes."
    }
}

/// Height of the chosen happening in full: three lines of it at most, and whether it is told.
fn height_of(ui: &Ui, h: &HappeningRow) -> f32 {
    let width = ui.available_width() - 36.0;
    let rows = |text: &str, size: f32| {
        let font = FontId::proportional(size);
        ui.painter().layout(text.to_owned(), font, theme::of(ui).text, width).rows.len() as f32
    };
    rows(&h.text, BODY).min(3.0) * theme::LINE + rows(telling(h), SMALL) * theme::SMALL_LINE
}

/// The chosen happening in full.
fn in_full(ui: &mut Ui, h: &HappeningRow, height: f32) {
    ScrollArea::vertical()
        .id_salt("chosen")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            copyable(ui, body(&h.text));
            wrapped(ui, small(ui, telling(h)));
        });
    ui.add_space(AIR - ui.spacing().item_spacing.y);
}

/// What can be done with the chosen happening.
fn hands(ui: &mut Ui, cx: &Cx, f: &Facilitator, state: &mut State, wide: bool) {
    let h = state.chosen(f);
    let over = h.is_none_or(|h| h.done).then_some("It has happened.");
    let told = h.is_none_or(|h| !h.hidden).then_some("The operator is told when it comes.");
    in_line(ui, |ui| {
        let mut button = |ui: &mut Ui, b: Button<'_>, want| {
            if b.key(key(want)).id(("hand", key(want))).show(ui) {
                keys::perform(cx, f, state, want);
            }
        };
        let now = Button::new("Let it come now").refused(over);
        // While somebody waits for an answer, that is what comes first.
        button(ui, if f.questions.is_empty() { now.primary() } else { now }, Want::Now);
        button(ui, Button::new("Tell the operator").refused(told), Want::Reveal);
        let hold = if f.held { "Let them come again" } else { "Hold all back" };
        button(ui, Button::new(hold), Want::Hold);
        if !wide {
            button(ui, Button::new("The room"), Want::Half);
        }
    });
}

/// A system's answer, as the facilitator gives it.
fn question(ui: &mut Ui, cx: &Cx, f: &Facilitator, state: &mut State, index: usize) {
    let Some((step, wanted)) = f.questions.get(index) else { return };
    let first = index == 0;
    copyable(ui, bold(wanted));
    ui.horizontal(|ui| {
        ui.set_height(28.0);
        let text = state.seen.entry(step.clone()).or_default();
        let name = ui.label(small(ui, "What is seen"));
        let width = (ui.available_width() - ANSWERS).max(96.0);
        let response = ui
            .add(TextEdit::singleline(text).desired_width(width).margin(Margin::symmetric(10, 5)))
            .labelled_by(name.id)
            .accessible_name(format!("What is seen: {wanted}"));
        typing_ring(ui, &response);
        if first && state.focus.take_if(|f| *f == Field::Seen).is_some() {
            response.request_focus();
        }
        let answers =
            [("Yes", Some(true), Want::Yes), ("No", Some(false), Want::No), ("Nobody can tell", None, Want::Unknown)];
        for (label, ok, want) in answers {
            let key = if first { key(want) } else { "" };
            let name = format!("{label}: {wanted}");
            let button = Button::new(label).name(&name).small().key(key).id((step, label));
            let button = if first && want == Want::Yes { button.primary() } else { button };
            if button.show(ui) {
                keys::answer(cx, f, state, index, ok);
            }
        }
    });
    ui.add_space(6.0);
}
