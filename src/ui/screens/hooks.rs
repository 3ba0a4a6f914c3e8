//! The messages card of Settings: who outside is told, at which moments, in which words. The address is a secret: it is
//! drawn as dots, leaves with the command, and is never shown again.

use eframe::egui::text_edit::TextEditState;
use eframe::egui::{self, Checkbox, Margin, TextEdit, Ui, vec2};
use zeroize::Zeroizing;

use crate::desk::protocol::{Command, Hook, HookAddress, HookIntent, HookKind, Moment};
use crate::desk::snapshot::{HookView, Mark};
use crate::ui::ask::Ask;
use crate::ui::theme;
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::layout::named;
use crate::ui::widgets::text::{capital, copyable, small, wrapped};
use crate::ui::widgets::{
    Button, at_end, body, bold, button, end_width, hairline, heading, in_line, paint_mark, row, secondary,
};
use crate::units::Secret;

/// What can listen, with its name.
const KINDS: [(HookKind, &str); 4] = [
    (HookKind::Teams, "Teams"),
    (HookKind::Slack, "Slack"),
    (HookKind::PagerDuty, "PagerDuty"),
    (HookKind::Generic, "Any other"),
];

const LABEL: f32 = 112.0;

/// What is being typed.
#[derive(Default)]
pub struct HookForm {
    open: bool,
    /// Name of the one that is changed; none: a new one.
    old: Option<String>,
    hook: Hook,
    address: Zeroizing<String>,
    /// The first field has had the focus.
    focused: bool,
    /// The address's field, whose undo steps hold what was typed.
    field: Option<egui::Id>,
}

impl HookForm {
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

    fn begin(&mut self, hook: Option<&Hook>) {
        let new =
            || Hook { moments: vec![Moment::Down, Moment::Decided, Moment::Moved, Moment::Back], ..Hook::default() };
        *self = Self {
            open: true,
            old: hook.map(|h| h.name.clone()),
            hook: hook.cloned().unwrap_or_else(new),
            ..Self::default()
        };
    }

    /// As it would be kept.
    fn trimmed(&self) -> Hook {
        let (name, template) = (self.hook.name.trim().to_owned(), self.hook.template.trim().to_owned());
        Hook { name, template, ..self.hook.clone() }
    }

    /// Whether an address is there that fits.
    fn known(&self, all: &[HookView]) -> bool {
        let same = |h: &HookView| self.old.as_ref() == Some(&h.hook.name) && h.hook.kind == self.hook.kind;
        all.iter().any(|h| same(h) && h.address != Some(false))
    }

    /// Why it cannot be kept yet.
    fn refused(&self, all: &[HookView]) -> Option<String> {
        let hook = self.trimmed();
        let taken = all.iter().any(|h| h.hook.name == hook.name && self.old.as_ref() != Some(&hook.name));
        let known = self.known(all);
        let typed = self.address.trim();
        let wrong = if hook.name.is_empty() {
            "A name is needed".to_owned()
        } else if taken {
            "There is one of this name already".to_owned()
        } else if hook.moments.is_empty() {
            "Choose at least one moment".to_owned()
        } else if typed.is_empty() && !known {
            format!("The {} is needed", wanted(hook.kind))
        } else if let Err(e) = hook.check() {
            e.to_string()
        } else if typed.is_empty() {
            return None;
        } else {
            let fits = HookAddress::of(hook.kind, &Secret::new(typed)).and_then(|a| a.apart_from(&hook));
            fits.err()?.to_string()
        };
        Some(wrong)
    }
}

fn kind(kind: HookKind) -> &'static str {
    KINDS.iter().find(|(k, _)| *k == kind).map_or("", |(_, n)| n)
}

/// What is asked for.
fn wanted(kind: HookKind) -> &'static str {
    if kind == HookKind::PagerDuty { "key" } else { "address" }
}

/// Where its address is found.
fn how(kind: HookKind) -> &'static str {
    match kind {
        HookKind::Teams => {
            "In Teams: ••• beside the channel, Workflows, “Send webhook alerts to a channel”; it shows the address in the end. \
             Addresses of the Office connectors of earlier years do not work any more."
        }
        HookKind::Slack => {
            "At api.slack.com/apps: make an app, switch on Incoming Webhooks, add one to a channel, and copy its address \
             (https://hooks.slack.com/services/…)."
        }
        HookKind::PagerDuty => {
            "In PagerDuty: the service, Integrations, add “Events API v2”, and copy its integration key. For accounts in the EU: \
             https://events.eu.pagerduty.com/v2/enqueue, a blank, and the key. One alert a run: it comes with the outage, is \
             acknowledged at the decision, and resolved when users are back or the run is closed."
        }
        HookKind::Generic => {
            "An https:// address that takes one JSON object by POST, with version, moment, mode, plan, run, what, left, title and \
             text. It answers 2xx within 10 s; what is refused with 429 or 5xx is tried three times."
        }
    }
}

/// The moments of a hook in words.
fn moments(hook: &Hook) -> String {
    let all: Vec<&str> = Moment::ALL.into_iter().filter(|m| hook.moments.contains(m)).map(Moment::words).collect();
    match all.len() {
        0 => "at no moment".to_owned(),
        n if n == Moment::ALL.len() => "at every moment".to_owned(),
        _ => format!("when {}", all.join(", ")),
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, form: &mut HookForm) {
    let hooks = &cx.snap.settings.hooks;
    ui.spacing_mut().item_spacing.y = 6.0;
    heading(ui, "Messages");
    let text = "People outside are told by webhook at the moments you choose. No step waits for it; what came of each message \
                stands in the record.";
    wrapped(ui, small(ui, text));
    for h in hooks {
        ui.push_id(&h.hook.name, |ui| self::hook(ui, cx, form, h));
    }
    if hooks.is_empty() && !form.open {
        wrapped(ui, secondary(ui, "Nobody is told yet."));
    }
    if form.open {
        add(ui, cx, form, hooks);
    } else {
        ui.add_space(4.0);
        if Button::new("Add a message…").small().show(ui) {
            form.begin(None);
        }
    }
}

fn hook(ui: &mut Ui, cx: &Cx, form: &mut HookForm, h: &HookView) {
    let t = theme::of(ui);
    let (mark, address) = match h.address {
        Some(true) => (Mark::Ok, format!("{} in the keyring", wanted(h.hook.kind))),
        Some(false) => (Mark::Down, format!("no {}: nothing can be sent", wanted(h.hook.kind))),
        None => (Mark::Unknown, format!("{} not looked for yet", wanted(h.hook.kind))),
    };
    hairline(ui, 2.0);
    let name = &h.hook.name;
    in_line(ui, |ui| {
        // The words beside it say the same to a screen reader.
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), egui::Sense::hover());
        paint_mark(ui.painter(), rect.center(), 5.0, mark, t.status(mark));
        let room = ui.available_width() - end_width(ui, "doings");
        ui.scope(|ui| {
            ui.set_max_width(room.max(0.0));
            ui.add(egui::Label::new(bold(name)).selectable(true).truncate());
        });
        at_end(ui, "doings", |ui| {
            let words = [
                ("Test", format!("Send a test to {name}")),
                ("Change…", format!("Change {name}")),
                ("Delete…", format!("Delete {name}")),
            ];
            for (label, full) in words {
                let refused = (label == "Test" && h.address == Some(false)).then_some("It has no address.");
                if Button::new(label).name(&full).small().refused(refused).id((label, name)).show(ui) {
                    match label {
                        "Test" => cx.send(Command::Hook(HookIntent::Test(name.clone()))),
                        "Change…" => form.begin(Some(&h.hook)),
                        _ => cx.act(Act::Ask(Ask::hook(name))),
                    }
                }
            }
        });
    });
    let rehearsals = if h.hook.rehearsals { "rehearsals too" } else { "not for rehearsals" };
    let words = if h.hook.template.trim().is_empty() { "the usual words" } else { "words of its own" };
    ui.horizontal_top(|ui| {
        // Under the name.
        ui.add_space(14.0 + ui.spacing().item_spacing.x);
        ui.vertical(|ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            copyable(ui, small(ui, format!("{} · {address} · {words} · {rehearsals}", kind(h.hook.kind))));
            copyable(ui, small(ui, moments(&h.hook)));
            if let Some(last) = &h.last {
                copyable(ui, body(last));
            }
        });
    });
}

fn add(ui: &mut Ui, cx: &Cx, form: &mut HookForm, all: &[HookView]) {
    hairline(ui, 4.0);
    let title = form.old.as_ref().map_or_else(|| "A new message".to_owned(), |name| format!("Change {name}"));
    heading(ui, &title);
    row(ui, LABEL, "listens", |ui| {
        ui.horizontal_wrapped(|ui| {
            for (kind, name) in KINDS {
                if Button::new(name).small().selected(form.hook.kind == kind).show(ui) {
                    form.hook.kind = kind;
                }
            }
        })
    });
    let fixed = form.old.is_some();
    row(ui, LABEL, "name", |ui| {
        ui.add_enabled_ui(!fixed, |ui| {
            let edit = TextEdit::singleline(&mut form.hook.name).desired_width(280.0).margin(Margin::symmetric(10, 7));
            let field = named(ui, edit, "Name of the message");
            if !std::mem::replace(&mut form.focused, true) && !fixed {
                field.request_focus();
            }
        });
    });
    let what = wanted(form.hook.kind);
    row(ui, LABEL, what, |ui| {
        let edit = TextEdit::singleline(&mut *form.address).password(true).desired_width(f32::INFINITY);
        let field = named(
            ui,
            edit.margin(Margin::symmetric(10, 7)),
            &format!("{}; it is not shown", if what == "key" { "Key" } else { "Address" }),
        );
        form.field = Some(field.id);
        let keep = if form.known(all) { "Empty keeps the one that is there. " } else { "" };
        let text = format!("{keep}Whoever has it can write there: it goes into the keyring, and is not shown again.");
        wrapped(ui, small(ui, text));
        wrapped(ui, small(ui, how(form.hook.kind)));
    });
    row(ui, LABEL, "when", |ui| {
        for moment in Moment::ALL {
            let mut on = form.hook.moments.contains(&moment);
            if tick(ui, &mut on, moment.words()) {
                form.hook.moments.retain(|m| *m != moment);
                if on {
                    form.hook.moments.push(moment);
                    form.hook.moments.sort_unstable();
                }
            }
        }
    });
    row(ui, LABEL, "words", |ui| {
        let edit = TextEdit::multiline(&mut form.hook.template).desired_rows(2).desired_width(f32::INFINITY);
        named(ui, edit.margin(Margin::symmetric(10, 7)), "Words of its own");
        let text = "Empty: the usual words. {plan}, {what}, {run}, {mode} and {left} are filled in.";
        wrapped(ui, small(ui, text));
    });
    row(ui, LABEL, "rehearsals", |ui| {
        tick(ui, &mut form.hook.rehearsals, "Tell of rehearsals too; each says that it is one")
    });
    let refused = form.refused(all);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        if Button::new("Keep it").small().refused(refused.as_deref()).show(ui) {
            let address = form.address.trim();
            let address = (!address.is_empty()).then(|| Secret::new(address));
            let hook = form.trimmed();
            cx.send(Command::Hook(HookIntent::Set { hook, address }));
            form.forget(ui.ctx());
        }
        if Button::new("Cancel").small().show(ui) {
            form.forget(ui.ctx());
        }
    });
    if let Some(why) = refused {
        wrapped(ui, small(ui, capital(&why)));
    }
}

fn tick(ui: &mut Ui, on: &mut bool, label: &str) -> bool {
    let response = ui.add(Checkbox::new(on, body(label)));
    button::focus_ring(ui, &response, response.rect.shrink(1.0));
    response.changed()
}
