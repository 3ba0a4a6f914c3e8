//! Who has the focus when the screen turns to another one, and when a dialog opens or closes.

use eframe::egui::{Key, Ui};

use super::app::{App, wake};

impl App {
    /// Another screen than before: what had the focus there does not answer to Enter here, and Tab begins with what is on
    /// the screen. It is heard, unless the run that opened is told of anyway.
    pub(super) fn arrive(&mut self, ui: &Ui, told: bool) {
        let screen = self.view.screen;
        if std::mem::replace(&mut self.shown, screen) == screen {
            return;
        }
        (self.view.focus_back, self.view.give_back_in) = (None, 0);
        self.view.focus_on_row = false;
        self.view.arrived = true;
        if !self.view.covered() {
            ui.memory_mut(|m| m.focused().into_iter().for_each(|id| m.surrender_focus(id)));
        }
        if !told {
            self.announcer.say(screen.name());
        }
    }

    /// A dialog that opens takes the focus from whoever has it, and gives it back when it closes.
    pub(super) fn focus(&mut self, ui: &Ui, covered: bool) {
        // The first Tab has found the screen, or that there is nothing on it to go to.
        self.view.arrived &= !ui.input(|i| i.key_pressed(Key::Tab)) && ui.memory(|m| m.focused().is_none());
        match (covered, self.view.covered()) {
            (false, true) => {
                self.view.focus_back = ui.memory(|m| m.focused());
                wake(ui.ctx(), ui.ctx().viewport_id());
            }
            (true, false) => {
                self.view.give_back_in = 2;
                wake(ui.ctx(), ui.ctx().viewport_id());
            }
            (false, false) if self.view.give_back_in > 0 => {
                self.view.give_back_in -= 1;
                if let (0, Some(id)) = (self.view.give_back_in, self.view.focus_back) {
                    ui.memory_mut(|m| m.request_focus(id));
                }
                wake(ui.ctx(), ui.ctx().viewport_id());
            }
            _ => {}
        }
    }
}
