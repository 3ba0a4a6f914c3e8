//! Restricted mode on the page of a plan: what it means, of which files, and the way out of it.

use eframe::egui::Ui;

use crate::desk::snapshot::{PlanPreview, TrustState};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::layout::banner as framed;
use crate::ui::widgets::text::{copyable, wrapped};
use crate::ui::widgets::{Button, body, bold, link, mono};

/// Why a run of a restricted plan cannot be started.
pub const TRUST_FIRST: &str = "Restricted: trust this plan first.";
/// Characters of a digest that a person compares; the rest is to copy.
const SHOWN: usize = 16;

/// Nobody trusts the plan's texts.
pub fn restricted(p: &PlanPreview) -> bool {
    p.trust.state == TrustState::Restricted
}

/// Why no run of it can be started now, as far as trust goes.
pub fn cannot_start(p: &PlanPreview) -> Option<&'static str> {
    p.trust.blocks.then_some(TRUST_FIRST)
}

/// What restricted means, on which files, and the button.
pub fn banner(ui: &mut Ui, cx: &Cx, p: &PlanPreview) {
    if !restricted(p) {
        return;
    }
    let t = &p.trust;
    framed(ui, theme::of(ui).suspect, |ui| {
        let files = if t.foreign.len() == 1 { "a file" } else { "files" };
        wrapped(ui, bold(format!("Restricted: this plan comes from {files} that nobody here has trusted")));
        let means = if t.blocks {
            "You can read, check, print and rehearse it. Nothing real is called or changed for it: dry runs and live runs \
             are refused until you trust exactly this version."
        } else {
            "The Azure that is connected is simulated, so it can be run as it is. With a real one, dry runs and live runs \
             are refused until you trust exactly this version."
        };
        wrapped(ui, body(means));
        ui.add_space(4.0);
        for file in &t.foreign {
            copyable(ui, mono(file));
        }
        ui.horizontal_wrapped(|ui| {
            ui.label(mono(format!("SHA-256 {}…", t.digest.get(..SHOWN).unwrap_or(&t.digest))));
            if link(ui, "Copy the SHA-256", "") {
                cx.act(Act::Copy(t.digest.clone(), "The SHA-256"));
            }
        });
        ui.add_space(8.0);
        let key = intent::key_text(Intent::Trust);
        let trust = Button::new("Trust this plan…").key(key);
        // Nothing else can be begun before it.
        if if t.blocks { trust.primary() } else { trust }.show(ui) {
            cx.act(Act::Do(Intent::Trust));
        }
    });
    ui.add_space(16.0);
}
