//! The credentials card of Settings: what is kept, until when, and a way to add, test and delete. What is typed as a secret
//! is drawn as dots, leaves with the command, and is overwritten when the form or the screen is left.

use eframe::egui::text_edit::TextEditState;
use eframe::egui::{self, Margin, TextEdit, Ui, vec2};
use zeroize::Zeroizing;

use crate::desk::protocol::{Command, CredentialIntent};
use crate::desk::snapshot::{CredentialRow, Credentials, Keeper};
use crate::ui::ask::Ask;
use crate::ui::theme;
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::layout::typing_ring;
use crate::ui::widgets::text::{copyable, small, wrapped};
use crate::ui::widgets::{self, Button, at_end, body, bold, hairline, heading, in_line, paint_mark, secondary};
use crate::units::Secret;

/// Names of the most used system and of the application's own secret.
const SYSTEMS: &str = "System, such as azure-openai or sign-in";

/// What is being typed.
#[derive(Default)]
pub struct Form {
    open: bool,
    /// The first field has had the focus.
    focused: bool,
    system: String,
    region: String,
    expires: String,
    secret: Zeroizing<String>,
    /// The secret's field, whose undo steps hold what was typed.
    field: Option<egui::Id>,
}

impl Form {
    /// Nothing that was typed stays behind.
    pub fn forget(&mut self, ctx: &egui::Context) {
        if !self.open {
            return;
        }
        if let Some(id) = self.field.take() {
            TextEditState::default().store(ctx, id);
        }
        *self = Self::default();
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, form: &mut Form) {
    let c = &cx.snap.settings.credentials;
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, "Credentials");
    copyable(ui, small(ui, &c.state));
    for row in &c.rows {
        ui.push_id(&row.name, |ui| self::row(ui, cx, c, row));
    }
    if c.rows.is_empty() {
        wrapped(
            ui,
            secondary(
                ui,
                "None is stored. A plan whose steps call models with a key, or an application that signs in, needs one.",
            ),
        );
    }
    if let Some(busy) = &c.busy {
        wrapped(ui, body(busy));
    } else if let Some((worked, text)) = &c.said {
        let t = theme::of(ui);
        copyable(ui, bold(text).color(if *worked { t.ok } else { t.down }));
    }
    match c.keeper {
        _ if c.busy.is_some() => {}
        Keeper::Keyring | Keeper::Memory if form.open => add(ui, cx, form),
        Keeper::Absent | Keeper::Shut => {
            ui.horizontal_wrapped(|ui| {
                if c.keeper == Keeper::Shut && Button::new("Ask the keyring again").small().show(ui) {
                    cx.send(Command::Credential(CredentialIntent::Prepare));
                }
                if Button::new("Keep in memory until Lifeboat closes").small().show(ui) {
                    cx.send(Command::Credential(CredentialIntent::KeepInMemory));
                }
            });
        }
        _ => {
            if Button::new("Add a credential…").small().show(ui) {
                form.open = true;
                if c.keeper == Keeper::NotAsked {
                    cx.send(Command::Credential(CredentialIntent::Prepare));
                }
            }
        }
    }
}

fn row(ui: &mut Ui, cx: &Cx, c: &Credentials, row: &CredentialRow) {
    let refused = c.busy.is_some().then_some("The keyring is being asked");
    let stored = format!("stored {} · {}", row.stored, row.expires);
    let roomy = ui.available_width() >= 480.0;
    in_line(ui, |ui| {
        let t = theme::of(ui);
        // The words beside it say the same to a screen reader.
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), egui::Sense::hover());
        paint_mark(ui.painter(), rect.center(), 5.0, row.mark, t.status(row.mark));
        copyable(ui, body(&row.title));
        if roomy {
            copyable(ui, small(ui, stored.as_str()));
        }
        at_end(ui, "doings", |ui| {
            let name = format!("Test {}", row.title);
            if Button::new("Test").name(&name).small().refused(refused).id(("test", &row.name)).show(ui) {
                cx.send(Command::Credential(CredentialIntent::Test(row.name.clone())));
            }
            let name = format!("Delete {}", row.title);
            if Button::new("Delete…").name(&name).small().refused(refused).id(("delete", &row.name)).show(ui) {
                cx.act(Act::Ask(Ask::forget(&row.name)));
            }
        });
    });
    if !roomy {
        copyable(ui, small(ui, stored));
    }
}

fn add(ui: &mut Ui, cx: &Cx, form: &mut Form) {
    hairline(ui, 4.0);
    let first = ui.columns(2, |both| {
        let [left, right] = both else { return None };
        let first = widgets::field(left, SYSTEMS, &mut form.system, false, f32::INFINITY);
        widgets::field(right, "Region, such as eastus; empty: all regions", &mut form.region, false, f32::INFINITY);
        secret(left, form);
        let expires = "Expires on, such as 2027-01-31; empty: not known";
        widgets::field(right, expires, &mut form.expires, false, f32::INFINITY);
        Some(first)
    });
    if let Some(first) = first.filter(|_| !form.focused) {
        first.request_focus();
        form.focused = true;
    }
    ui.add_space(4.0);
    let refused = if form.system.trim().is_empty() {
        Some("A system is needed")
    } else if form.secret.trim().is_empty() {
        Some("The secret is needed")
    } else {
        None
    };
    ui.horizontal(|ui| {
        if Button::new("Store the credential").small().refused(refused).show(ui) {
            let secret = Secret::new(form.secret.trim());
            let (system, region, expires) = (form.system.clone(), form.region.clone(), form.expires.clone());
            cx.send(Command::Credential(CredentialIntent::Store { system, region, secret, expires }));
            form.forget(ui.ctx());
        }
        if Button::new("Cancel").small().show(ui) {
            form.forget(ui.ctx());
        }
    });
}

/// Dots on the screen, and for a screen reader too.
fn secret(ui: &mut Ui, form: &mut Form) {
    let name = ui.label(small(ui, "Secret; it is not shown"));
    ui.add_space(2.0);
    let edit = TextEdit::singleline(&mut *form.secret).password(true);
    let response = ui.add(edit.desired_width(f32::INFINITY).margin(Margin::symmetric(10, 9))).labelled_by(name.id);
    form.field = Some(response.id);
    typing_ring(ui, &response);
}
