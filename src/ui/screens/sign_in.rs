//! The Azure card of Settings: what is connected, how Lifeboat signs in, as whom, for how long; and the code that a person
//! enters on another device, large enough to be read across a desk.

use eframe::egui::{FontId, RichText, Ui};

use crate::desk::protocol::Command;
use crate::desk::snapshot::{DeviceCode, SignIn};
use crate::ui::theme;
use crate::ui::view::Cx;
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{Button, banner, body, bold, heading, mono, row, secondary};
use crate::units::Millis;

const LABEL: f32 = 168.0;
/// The code's letters.
const CODE: f32 = 32.0;

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx) {
    let s = &cx.snap.settings;
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, "Azure");
    for (label, text) in &s.cloud {
        row(ui, LABEL, label, |ui| copyable(ui, body(text)));
    }
    if s.cloud.is_empty() {
        let text = "Not connected. Sign in with az login or azd auth login, then start Lifeboat again.";
        wrapped(ui, secondary(ui, text));
    }
    let sign_in = &s.sign_in;
    if !sign_in.method.is_empty() {
        row(ui, LABEL, "Signs in by", |ui| copyable(ui, body(&sign_in.method)));
        who(ui, cx, sign_in);
    }
    if let Some(code) = &sign_in.device {
        device(ui, cx, code);
    }
    if let Some((what, next)) = &sign_in.problem {
        ui.add_space(4.0);
        let hue = theme::of(ui).down;
        banner(ui, hue, |ui| {
            wrapped(ui, bold(what));
            wrapped(ui, body(next));
        });
    }
    if sign_in.possible {
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let label = if sign_in.who.is_some() { "Sign in again" } else { "Sign in" };
            let waiting = sign_in.device.is_some().then_some("A code is waiting to be entered");
            let refused = sign_in.busy.as_deref().or(waiting);
            if Button::new(label).small().refused(refused).show(ui) {
                cx.send(Command::SignIn);
            }
            if let Some(busy) = &sign_in.busy {
                ui.label(small(ui, busy));
            }
        });
    }
}

fn who(ui: &mut Ui, cx: &Cx, sign_in: &SignIn) {
    let Some(who) = &sign_in.who else {
        row(ui, LABEL, "Signed in as", |ui| copyable(ui, body("nobody")));
        return;
    };
    row(ui, LABEL, "Signed in as", |ui| copyable(ui, body(who.display())));
    row(ui, LABEL, "Tenant", |ui| copyable(ui, mono(&who.tenant)));
    row(ui, LABEL, "Object", |ui| copyable(ui, mono(&who.object)));
    let token = match sign_in.until.map(|at| at - cx.now.utc) {
        Some(left @ 1..) => format!("lasts {}; renewed by itself before that", left_text(cx, left)),
        _ => "ended; a new one is asked for".to_owned(),
    };
    row(ui, LABEL, "Token", |ui| copyable(ui, body(token)));
}

/// In whole minutes, and in seconds at the end.
fn left_text(cx: &Cx, left: i64) -> String {
    let step = if left >= 120_000 { 60 } else { 1 };
    cx.changes_every(cx.now.utc.saturating_add(left), step);
    let step = i64::try_from(step).unwrap_or(1) * 1_000;
    Millis(u64::try_from(left / step * step).unwrap_or(0)).to_string()
}

fn device(ui: &mut Ui, cx: &Cx, d: &DeviceCode) {
    ui.add_space(4.0);
    let hue = theme::of(ui).accent;
    banner(ui, hue, |ui| {
        wrapped(ui, body("Open this address on any device, and enter the code there:"));
        ui.horizontal(|ui| {
            copyable(ui, mono(&d.address));
            if Button::new("Copy address").small().show(ui) {
                ui.ctx().copy_text(d.address.clone());
            }
        });
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            copyable(ui, RichText::new(&d.code).font(FontId::monospace(CODE)));
            ui.add_space(8.0);
            if Button::new("Copy code").primary().show(ui) {
                ui.ctx().copy_text(d.code.clone());
            }
        });
        let left = d.until - cx.now.utc;
        let text = if left > 0 {
            format!(
                "Lifeboat goes on by itself when you have signed in there. The code holds for {}.",
                left_text(cx, left)
            )
        } else {
            "The code has run out.".to_owned()
        };
        wrapped(ui, small(ui, text));
    });
}
