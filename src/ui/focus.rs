//! Who has the focus when the screen turns to another one, and when a dialog opens or closes; and that nothing under a dialog
//! can be pressed.

use std::collections::HashSet;

use eframe::egui::accesskit::NodeId;
use eframe::egui::{Event, Key, LayerId, Ui};

use super::app::{App, wake};

/// What a screen reader asks something of.
fn target(event: &Event) -> Option<NodeId> {
    match event {
        Event::AccessKitActionRequest(request) => Some(request.target_node),
        _ => None,
    }
}

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

    /// What lies under a dialog is not pressed by a screen reader either, be it that it goes there, or that it asked for a
    /// press before it was told of the dialog: the second press of a button would begin its dialog anew, and what was typed
    /// were lost.
    pub(super) fn shield(&self, ui: &Ui) {
        if !self.view.covered() {
            return;
        }
        if !ui.input(|i| i.events.iter().any(|e| target(e).is_some())) {
            return;
        }
        let ctx = ui.ctx();
        let mut over: Vec<LayerId> = ctx.viewport(|v| v.prev_pass.widgets.layer_ids().collect());
        ctx.memory(|m| over.retain(|layer| m.top_modal_layer().is_some() && m.allows_interaction(*layer)));
        let reached: HashSet<NodeId> = ctx.viewport(|v| {
            let widgets = over.iter().flat_map(|layer| v.prev_pass.widgets.get_layer(*layer));
            widgets.map(|w| w.id.accesskit_id()).collect()
        });
        ctx.input_mut(|i| i.events.retain(|e| target(e).is_none_or(|t| reached.contains(&t))));
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
