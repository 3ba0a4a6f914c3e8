//! When the facilitator's window opens and closes: with the rehearsal that was asked for so, and with its run.

use std::sync::Arc;

use eframe::egui;

use super::Room;
use crate::desk::protocol::{Command, FacilitateIntent};
use crate::desk::snapshot::Snapshot;
use crate::ui::screens::rehearse::{self, Part};
use crate::ui::view::{Screen, View};

/// What the operator's window knows of the other one.
pub struct Lead {
    /// The other window.
    pub room: Arc<Room>,
    /// It opens with the next run.
    wanted: bool,
    /// The rehearsal whose sheet was put on show when it was closed.
    sheet: Option<String>,
}

impl Lead {
    /// Of a closed window.
    pub fn new(room: Arc<Room>) -> Self {
        Self { room, wanted: false, sheet: None }
    }

    /// A command leaves the operator's window.
    pub fn said(&mut self, command: &Command, view: &View) {
        match command {
            Command::Of { command, .. } => self.said(command, view),
            Command::StartRehearsal { tabletop, .. } => {
                self.wanted = view.screen == Screen::Rehearse && view.rehearse.with_facilitator(*tabletop);
            }
            Command::Facilitate(FacilitateIntent::Open) => self.room.set_open(true),
            // Nobody asked for it there: a rehearsal taken up again gives nothing away.
            Command::OpenRun(_) | Command::StartRun { .. } => self.wanted = false,
            _ => {}
        }
    }

    /// Another run is on show, or none.
    pub fn turned(&mut self, run: bool) {
        // What was open for another rehearsal would show what is hidden in this one, and what was typed for that one.
        self.room.set_open(false);
        self.room.set_open(run && std::mem::take(&mut self.wanted));
    }

    /// Who comes to the Rehearse screen after a rehearsal was closed wants its sheet.
    pub fn closed(&mut self, snap: &Snapshot, view: &mut View) {
        if let Some(run) = rehearse::closed(snap).filter(|r| self.sheet.as_ref() != Some(&r.id)) {
            self.sheet = Some(run.id.clone());
            view.rehearse.part = Part::Sheet;
            view.rehearse.sheet = None;
        }
    }

    /// The operator's frame is over.
    pub fn show(&self, ctx: &egui::Context) {
        self.room.show(ctx);
    }
}
