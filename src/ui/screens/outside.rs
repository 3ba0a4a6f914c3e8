//! Where the checkpoints of live runs go by themselves.

use eframe::egui::Ui;

use crate::desk::protocol::{Anchors, Command};
use crate::ui::view::Cx;
use crate::ui::widgets::text::{small, wrapped};
use crate::ui::widgets::{self, Button, heading};

/// What it is for, and what makes it worth something.
const ABOUT: &str = "A checkpoint of a live run's record leaves when it begins, at each approval, before what cannot be taken back, \
                     and at the end. No step waits for it; what came of it is in the record.";
const CONTAINER: &str = "Each becomes a blob of its own. Give the container a locked immutability policy, in another subscription \
                         and region than what fails over; whoever is signed in needs to write blobs there.";
const AUTHORITY: &str = "It signs that the checkpoint existed then (RFC 3161), and sees nothing but its SHA-256.";

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, draft: &mut Option<Anchors>) {
    let known = &cx.snap.settings.anchors;
    heading(ui, "Checkpoints outside");
    wrapped(ui, small(ui, ABOUT));
    // Kept until the desk says the same: what it refuses is not lost.
    if draft.as_ref() == Some(known) {
        *draft = None;
    }
    let now = draft.get_or_insert_with(|| known.clone());
    for (label, text, about) in [
        ("Container of a storage account, or nothing", &mut now.container, CONTAINER),
        ("Time-stamp authority, or nothing", &mut now.authority, AUTHORITY),
    ] {
        ui.add_space(8.0);
        widgets::field(ui, label, text, false, 480.0);
        wrapped(ui, small(ui, about));
    }
    ui.add_space(4.0);
    let refused = (*now == *known).then_some("It is set so");
    if Button::new("Save where they go").small().refused(refused).show(ui) {
        cx.send(Command::Anchors(now.clone()));
    }
}
