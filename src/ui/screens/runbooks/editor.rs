//! A plan while it is being filled in: one field a parameter, each with what is wanted, what may be chosen and what is
//! wrong; the strategy of the whole and of each component with what changes when it is switched.

use eframe::egui::Ui;

use crate::desk::protocol::{Command, Draft, DraftIntent};
use crate::desk::snapshot::{ComponentChoice, DraftField, DraftView, Mark};
use crate::runbook::model::Strategy;
use crate::ui::view::{Cx, View};
use crate::ui::widgets::text::{capital, copyable, small, wrapped};
use crate::ui::widgets::{Button, body, bold, card, field, heading, in_line, mark, mono, secondary, title};

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View, d: &DraftView) {
    // Another plan was opened: what was typed before is not for this one.
    if view.library.draft.as_ref().is_none_or(|(n, ..)| *n != d.number) {
        view.library.draft = Some((d.number, d.draft.clone(), d.path.display().to_string()));
    }
    let Some((_, mut draft, mut path)) = view.library.draft.take() else { return };
    let before = draft.clone();
    ui.set_max_width(ui.available_width().min(760.0));
    ui.label(small(ui, format!("Plan of the runbook “{}”", d.runbook)));
    title(ui, if draft.title.is_empty() { "A plan" } else { &draft.title });
    state(ui, cx, d);
    ui.add_space(12.0);
    names(ui, &mut draft, d);
    ui.add_space(16.0);
    heading(ui, "Strategy");
    choice(ui, PLANS, draft.strategy, &d.strategies, &mut |s| {
        draft.strategy = Some(s);
        // What can follow the whole does.
        for c in d.components.iter().filter(|c| c.choices.iter().any(|(x, _)| *x == s)) {
            draft.components.insert(c.name.clone(), s);
        }
    });
    for c in &d.components {
        ui.push_id(("component", &c.name), |ui| component(ui, &mut draft, c));
    }
    ui.add_space(16.0);
    heading(ui, "Values");
    ui.add_space(4.0);
    for f in &d.fields {
        ui.push_id(("field", &f.name), |ui| value(ui, &mut draft, f));
    }
    strangers(ui, &mut draft, d);
    ui.add_space(16.0);
    let done = save(ui, cx, d, &mut path);
    if draft != before {
        cx.send(Command::Draft(DraftIntent::Change(Box::new(draft.clone()))));
    }
    if !done {
        view.library.draft = Some((d.number, draft, path));
    }
}

fn state(ui: &mut Ui, cx: &Cx, d: &DraftView) {
    let wrong = d.fields.iter().filter(|f| f.bad).count() + d.findings.len();
    in_line(ui, |ui| match (&d.totals, wrong) {
        (Some(totals), _) => {
            mark(ui, Mark::Ok);
            ui.label(secondary(ui, format!("Complete. {totals}")));
        }
        (None, 1) => {
            mark(ui, Mark::Degraded);
            ui.label(secondary(ui, "1 thing is still wrong or missing."));
        }
        (None, n) => {
            mark(ui, Mark::Degraded);
            ui.label(secondary(ui, format!("{n} things are still wrong or missing.")));
        }
    });
    in_line(ui, |ui| {
        if Button::new("Read my resources").small().show(ui) {
            cx.send(Command::ReadInventory);
        }
        ui.label(small(ui, &d.inventory));
    });
}

fn names(ui: &mut Ui, draft: &mut Draft, d: &DraftView) {
    let wide = f32::INFINITY;
    let said = |name: &str| d.findings.iter().filter(|(f, _)| f == name).map(|(_, t)| t.clone()).collect::<Vec<_>>();
    field(ui, "Title", &mut draft.title, false, wide);
    wrong(ui, &said("title"));
    ui.add_space(8.0);
    field(ui, "Id: lower-case words joined by “-”", &mut draft.id, false, wide);
    wrong(ui, &said("id"));
    ui.add_space(8.0);
    field(ui, "Environment, as the band at the top shall name it", &mut draft.environment, false, wide);
    wrong(ui, &said("environment"));
    let shown = ["title", "id", "environment"];
    let others: Vec<String> =
        d.findings.iter().filter(|(f, _)| !shown.contains(&f.as_str())).map(|(_, t)| t.clone()).collect();
    wrong(ui, &others);
}

fn wrong(ui: &mut Ui, texts: &[String]) {
    for t in texts {
        ui.horizontal_top(|ui| {
            mark(ui, Mark::Down);
            copyable(ui, body(capital(t)));
        });
    }
}

/// What the plan as a whole chooses.
const PLANS: &str = "strategy";

/// One button for each strategy, and under them what each of the others would change.
fn choice(
    ui: &mut Ui,
    what: &str,
    chosen: Option<Strategy>,
    choices: &[(Strategy, String)],
    choose: &mut dyn FnMut(Strategy),
) {
    ui.horizontal_wrapped(|ui| {
        for (s, change) in choices {
            // The plan has one, and each of its components may have another.
            let name = if what == PLANS { s.display().to_owned() } else { format!("{what}: {}", s.display()) };
            let (response, clicked) = Button::new(s.display())
                .name(&name)
                .small()
                .selected(chosen == Some(*s))
                .id((what, s))
                .show_response(ui);
            if clicked {
                choose(*s);
            }
            if !change.is_empty() {
                response.on_hover_text(change);
            }
        }
    });
    for (s, change) in choices.iter().filter(|(_, c)| !c.is_empty()) {
        wrapped(ui, small(ui, format!("{}: {change}", s.display())));
    }
}

fn component(ui: &mut Ui, draft: &mut Draft, c: &ComponentChoice) {
    ui.add_space(8.0);
    ui.label(bold(&c.title));
    choice(ui, &c.name, Some(c.chosen), &c.choices, &mut |s| {
        draft.components.insert(c.name.clone(), s);
    });
    wrong(ui, c.finding.as_slice());
}

fn value(ui: &mut Ui, draft: &mut Draft, f: &DraftField) {
    card(ui, |ui| {
        let before = draft.values.get(&f.name).cloned().unwrap_or_default();
        let mut text = before.clone();
        ui.horizontal_wrapped(|ui| {
            ui.label(bold(f.name.replace('_', " ")));
            ui.label(small(ui, &f.wanted));
        });
        field(ui, &f.about, &mut text, false, f32::INFINITY);
        ui.horizontal_wrapped(|ui| {
            for (value, label) in &f.suggestions {
                let name = if label.is_empty() { value } else { label };
                let (response, clicked) =
                    Button::new(name).small().selected(text == *value).id((&f.name, value)).show_response(ui);
                response.on_hover_text(value);
                if clicked {
                    value.clone_into(&mut text);
                }
            }
        });
        // An empty field says by itself that it is empty.
        if !text.is_empty() || f.findings.len() > 1 {
            wrong(ui, &f.findings);
        } else if f.bad {
            ui.label(small(ui, "Has no value yet"));
        }
        if text != before {
            draft.values.insert(f.name.clone(), text);
        }
    });
    ui.add_space(8.0);
}

/// What the file says and the runbook does not know. It has no field, and can only be taken out.
fn strangers(ui: &mut Ui, draft: &mut Draft, d: &DraftView) {
    let values = draft.values.keys().filter(|k| !d.fields.iter().any(|f| f.name == **k));
    let parts = draft.components.keys().filter(|k| !d.components.iter().any(|c| c.name == **k));
    // Without a strategy no component is shown at all.
    let parts = parts.filter(|_| d.draft.strategy.is_some());
    let names: Vec<String> = values.chain(parts).cloned().collect();
    for name in names {
        ui.horizontal_wrapped(|ui| {
            copyable(ui, body(format!("The runbook knows no “{name}”")));
            if Button::new(&format!("Take out {name}")).small().id(&name).show(ui) {
                draft.values.remove(&name);
                draft.components.remove(&name);
            }
        });
    }
}

/// Where it goes, and the way out. True when the editor is left.
fn save(ui: &mut Ui, cx: &Cx, d: &DraftView, path: &mut String) -> bool {
    heading(ui, "File");
    field(ui, "Where the plan is saved", path, false, f32::INFINITY);
    if let Some(digest) = &d.digest {
        copyable(ui, mono(format!("digest {digest}")));
    }
    ui.add_space(8.0);
    let mut left = false;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let refused = path.trim().is_empty().then_some("Give a path first");
        let label = if d.totals.is_some() { "Save the plan" } else { "Save as it is" };
        if Button::new(label).primary().refused(refused).show(ui) {
            cx.send(Command::Draft(DraftIntent::Save(path.trim().into())));
        }
        if Button::new("Leave without saving").show(ui) {
            cx.send(Command::Draft(DraftIntent::Discard));
            left = true;
        }
    });
    left
}
