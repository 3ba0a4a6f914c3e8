//! The keys of the facilitator's window, in one table: it gives the hints on the buttons and the sheet of keys.

use eframe::egui::{Key, Modifiers, ScrollArea, Ui};

use super::{Field, Half, State};
use crate::clock::Speed;
use crate::desk::protocol::{Command, FacilitateIntent};
use crate::desk::snapshot::Facilitator;
use crate::ui::overlay::modal;
use crate::ui::screens::run::other_speed;
use crate::ui::view::Cx;
use crate::ui::widgets::{self, Button, body, title};
use crate::units::Millis;

/// What the facilitator can want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Happening above.
    Up,
    /// Happening below.
    Down,
    /// The next happening.
    Next,
    /// Let it come now.
    Now,
    /// Tell the operator.
    Reveal,
    /// Hold back, or let come again.
    Hold,
    /// Stop the clock, or let it go on.
    Stop,
    /// Clock faster.
    Faster,
    /// Clock slower.
    Slower,
    /// So many minutes on.
    Step(u64),
    /// To the next event.
    Jump,
    /// Type what is said.
    Say,
    /// Type a note.
    Note,
    /// Type what a system shows.
    Seen,
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Nobody can tell.
    Unknown,
    /// To the people.
    People,
    /// The other half of a narrow window.
    Half,
    /// The keys.
    Help,
}

/// Key, label, what it wants; in the order of the sheet of keys.
pub const TABLE: [(Key, &str, &str, Want); 20] = [
    (Key::ArrowUp, "Up", "Happening above", Want::Up),
    (Key::ArrowDown, "Down", "Happening below", Want::Down),
    (Key::Home, "Home", "The next happening", Want::Next),
    (Key::I, "I", "Let it come now", Want::Now),
    (Key::R, "R", "Tell the operator", Want::Reveal),
    (Key::H, "H", "Hold happenings back, or let them come again", Want::Hold),
    (Key::P, "P", "Stop the clock, or let it go on", Want::Stop),
    (Key::Plus, "+", "Clock faster", Want::Faster),
    (Key::Minus, "−", "Clock slower", Want::Slower),
    (Key::Period, "Period", "Clock on by 1 min, then it stands still", Want::Step(1)),
    (Key::Comma, "Comma", "Clock on by 5 min, then it stands still", Want::Step(5)),
    (Key::J, "J", "Jump to the next event", Want::Jump),
    (Key::S, "S", "Say something to the operator", Want::Say),
    (Key::N, "N", "Note for afterwards", Want::Note),
    (Key::Q, "Q", "Tabletop: type what is seen, Esc when done", Want::Seen),
    (Key::Num1, "1", "Tabletop: yes, it is so", Want::Yes),
    (Key::Num2, "2", "Tabletop: no, it is not so", Want::No),
    (Key::Num3, "3", "Tabletop: nobody can tell", Want::Unknown),
    (Key::U, "U", "To the people; Enter makes one unavailable", Want::People),
    (Key::O, "O", "In a narrow window: the other half", Want::Half),
];

/// The key of a want, as the buttons show it.
pub fn key(want: Want) -> &'static str {
    TABLE.iter().find(|(.., w)| *w == want).map_or("F1", |(_, name, ..)| name)
}

/// Keys of this frame. Letters are text while something is being typed; Escape leaves the field.
pub fn take(ui: &Ui, cx: &Cx, f: &Facilitator, state: &mut State) {
    let ctx = ui.ctx();
    let pressed = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    if pressed(Key::F1) {
        state.help = !state.help;
    }
    if state.help || ctx.text_edit_focused() {
        return;
    }
    for (key, .., want) in TABLE {
        if pressed(key) {
            if matches!(want, Want::Up | Want::Down) {
                ctx.memory_mut(|m| m.move_focus(eframe::egui::FocusDirection::None));
            }
            perform(cx, f, state, want);
        }
    }
}

/// Does it, as far as it can be done now.
pub fn perform(cx: &Cx, f: &Facilitator, state: &mut State, want: Want) {
    let say = |intent| cx.send(Command::Facilitate(intent));
    let chosen = state.chosen(f);
    match want {
        Want::Up | Want::Down => {
            let at = chosen.and_then(|c| f.timeline.iter().position(|h| h.n == c.n)).unwrap_or(0);
            let last = f.timeline.len().saturating_sub(1);
            let to = if want == Want::Down { (at + 1).min(last) } else { at.saturating_sub(1) };
            state.selected = f.timeline.get(to).map(|h| h.n);
            state.follow = true;
        }
        Want::Next => {
            state.selected = None;
            state.follow = true;
        }
        Want::Now if state.just_next => {
            state.said =
                Some("The next happening has only just become the next: choose it, or press again.".to_owned());
        }
        Want::Now => {
            if let Some(h) = chosen.filter(|h| !h.done) {
                say(FacilitateIntent::Now(h.n));
            }
        }
        Want::Reveal => {
            if let Some(h) = chosen.filter(|h| h.hidden) {
                say(FacilitateIntent::Reveal(h.n));
            }
        }
        Want::Hold => say(FacilitateIntent::Hold(!f.held)),
        Want::Stop => {
            let stands = cx.snap.clock.speed() == Speed::Times(0);
            cx.send(Command::SetSpeed(Speed::Times(u32::from(stands))));
        }
        Want::Faster | Want::Slower => {
            cx.send(Command::SetSpeed(other_speed(cx.snap.clock.speed(), want == Want::Faster)));
        }
        Want::Step(minutes) => cx.send(Command::StepClock(Millis::from_mins(minutes))),
        Want::Jump => cx.send(Command::JumpToNextEvent),
        Want::Say => state.focus = Some(Field::Say),
        Want::Note => state.focus = Some(Field::Note),
        Want::Seen => state.focus = Some(Field::Seen),
        Want::People => {
            state.focus = Some(Field::People);
            state.half = Half::Room;
        }
        Want::Yes => answer(cx, f, state, 0, Some(true)),
        Want::No => answer(cx, f, state, 0, Some(false)),
        Want::Unknown => answer(cx, f, state, 0, None),
        Want::Half => state.half = if state.half == Half::Room { Half::Happenings } else { Half::Room },
        Want::Help => state.help = true,
    }
}

/// Answers a question in a system's place; where nothing is typed, in the usual words.
pub fn answer(cx: &Cx, f: &Facilitator, state: &State, index: usize, ok: Option<bool>) {
    if let Some((step, _)) = f.questions.get(index) {
        let typed = state.seen.get(step).map(|t| t.trim()).filter(|t| !t.is_empty());
        // The record wants words.
        let usual = match ok {
            Some(true) => "so, people say",
            Some(false) => "not so, people say",
            None => "nobody can tell",
        };
        let text = typed.unwrap_or(usual).to_owned();
        cx.send(Command::Facilitate(FacilitateIntent::Answer { step: step.clone(), ok, text }));
    }
}

/// The sheet of keys, when it is wanted.
pub fn help(ui: &Ui, state: &mut State) {
    if !state.help {
        return;
    }
    let tall = ui.ctx().content_rect().height() - 180.0;
    let (done, closed) = modal(ui, "facilitator-keys", "Keys", 460.0, |ui| {
        title(ui, "Keys");
        ui.add_space(8.0);
        ScrollArea::vertical().max_height(tall).auto_shrink([false, true]).show(ui, |ui| {
            for (_, name, label, _) in TABLE {
                widgets::row(ui, 72.0, name, |ui| ui.label(body(label)));
            }
        });
        ui.add_space(12.0);
        let (response, pressed) = Button::new("Close").key("Esc").show_response(ui);
        if ui.memory(|m| m.focused().is_none()) {
            response.request_focus();
        }
        pressed
    });
    if done || closed {
        state.help = false;
    }
}
