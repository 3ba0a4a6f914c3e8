//! From the keys of a frame to intents, by the one table: which of them count while something is typed, has the focus or
//! covers the window.

use eframe::egui::{Context, Event, FocusDirection, Key, KeyboardShortcut, Modifiers, Ui};

use super::app::App;
use super::intent::{self, Intent, TABLE, find};
use super::view::Screen;
use crate::desk::snapshot::Snapshot;

impl App {
    /// Keys of this frame, as intents. Plain letters are text while something is being typed.
    pub(super) fn keys(&mut self, ui: &Ui, snap: &Snapshot) -> Vec<Intent> {
        let ctx = ui.ctx();
        let typing = ctx.text_edit_focused();
        let focused = ctx.memory(|m| m.focused()).is_some();
        let answering = std::mem::take(&mut self.view.second.typing);
        let mut out = Vec::new();
        for row in TABLE {
            let Some(key) = &row.key else { continue };
            let plain = key.modifiers == Modifiers::NONE;
            let allowed = match row.intent {
                // Dialogs have these to themselves.
                _ if self.view.covered() => false,
                Intent::Help => true,
                // So has the field for the second person's answer; and a key that is held down means one thing, not the next
                // as well.
                Intent::Change => !answering && !intent::held(ctx, key),
                // A focused button is pressed by Enter; a row of the checklist leaves it to the step.
                Intent::Confirm => !typing && (!focused || self.view.focus_on_row),
                // In a field it deletes a letter.
                Intent::Timeline => !typing,
                Intent::Back => !typing && (snap.notice.is_some() || self.narrowed()),
                _ if plain => !typing,
                _ => true,
            };
            if !allowed || !intent::available(row.intent, snap, &self.view) {
                continue;
            }
            if ctx.input_mut(|i| i.consume_shortcut(key)) {
                out.push(row.intent);
                if matches!(row.intent, Intent::StepUp | Intent::StepDown | Intent::NextRegion | Intent::RegionBefore) {
                    ctx.memory_mut(|m| m.move_focus(FocusDirection::None));
                }
            }
        }
        self.wrong_enter(ui, snap, typing || focused && !self.view.focus_on_row);
        out
    }

    /// An Enter that does not fit the step says so: silence at three in the morning reads as a broken program.
    fn wrong_enter(&mut self, ui: &Ui, snap: &Snapshot, elsewhere: bool) {
        if self.view.covered() || elsewhere || self.view.screen != Screen::Run {
            return;
        }
        let pressed = |m| ui.ctx().input_mut(|i| i.consume_key(m, Key::Enter));
        if intent::available(Intent::Change, snap, &self.view) && pressed(Modifiers::NONE) {
            self.view.said = Some("This changes Azure: Ctrl+Enter does it, Enter alone never does.".to_owned());
        } else if intent::available(Intent::Confirm, snap, &self.view) && pressed(Modifiers::COMMAND) {
            self.view.said = Some("This step changes nothing in Azure: Enter is enough.".to_owned());
        }
    }
}

/// `Ctrl+Enter`; empty without a key.
pub fn key_text(intent: Intent) -> String {
    find(intent).and_then(|r| r.key.as_ref()).map(shortcut_text).unwrap_or_default()
}

fn shortcut_text(s: &KeyboardShortcut) -> String {
    let name = match s.logical_key {
        Key::ArrowUp => "Up",
        Key::ArrowDown => "Down",
        Key::ArrowLeft => "Left",
        Key::ArrowRight => "Right",
        Key::Escape => "Esc",
        Key::PageUp => "Page up",
        Key::PageDown => "Page down",
        Key::Plus => "+",
        Key::Minus => "−",
        // A dot or a comma beside a label reads as the end of it.
        Key::Period => "Period",
        Key::Comma => "Comma",
        Key::Slash => "/",
        k => k.name(),
    };
    if s.modifiers.command { format!("Ctrl+{name}") } else { name.to_owned() }
}

/// Whether this key is held down since before this frame.
pub fn held(ctx: &Context, key: &KeyboardShortcut) -> bool {
    let again = |e: &Event| matches!(e, Event::Key { key: k, repeat: true, .. } if *k == key.logical_key);
    ctx.input(|i| i.events.iter().any(again))
}
