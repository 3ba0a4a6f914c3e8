//! The watch card of Settings: who tells whether this laptop sees, what is watched beside the plan, what may be kept and
//! said, and how much evidence a verdict wants. What is typed stays until it is saved or given back; a mistake is named
//! beside its field in the words of the settings themselves, and loses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use eframe::egui::{self, Checkbox, TextEdit, Ui};

use super::thresholds;
use crate::desk::protocol::{
    Adjustment, Amount, Command, Knob, Mistake, OwnEndpoint, Unit, WatchIntent, WatchSettings,
};
use crate::runbook::model::Tier;
use crate::ui::theme;
use crate::ui::view::Cx;
use crate::ui::widgets::layout::typing_ring;
use crate::ui::widgets::text::{capital, small, wrapped};
use crate::ui::widgets::{Button, body, bold, hairline, heading};
use crate::units::Millis;

/// What is being typed.
#[derive(Default)]
pub struct WatchForm {
    made_from: Option<Arc<WatchSettings>>,
    witnesses: String,
    own: Vec<OwnEndpoint>,
    model_calls: bool,
    desktop_notices: bool,
    keep: String,
    /// Thresholds as they are typed; empty: the default.
    pub typed: BTreeMap<(Tier, Knob), String>,
    /// Tier whose thresholds are shown.
    pub tier: Option<Tier>,
}

impl WatchForm {
    fn fill(&mut self, from: &Arc<WatchSettings>) {
        let number = |k: Knob, a: Amount| match k.unit() {
            Unit::Time => Millis(a.0).to_string(),
            Unit::Count(_) | Unit::Percent => a.0.to_string(),
        };
        let set = from.tiers.iter().flat_map(|(tier, set)| set.0.iter().map(|(k, a)| ((*tier, *k), number(*k, *a))));
        *self = Self {
            typed: set.collect(),
            made_from: Some(from.clone()),
            witnesses: from.witnesses.join("\n"),
            own: from.endpoints.clone(),
            model_calls: from.model_calls,
            desktop_notices: from.desktop_notices,
            keep: from.keep_mib.to_string(),
            tier: self.tier,
        };
    }

    /// Follows what the desk says, as long as nothing is being typed.
    fn follow(&mut self, now: &Arc<WatchSettings>) {
        let Some(made_from) = &self.made_from else { return self.fill(now) };
        if **made_from == **now {
            return;
        }
        let (read, wrong) = self.read();
        if wrong.is_empty() && (read == **made_from || read == **now) {
            self.fill(now);
        }
    }

    /// What was typed, as settings, and everything that is wrong with it.
    fn read(&self) -> (WatchSettings, Vec<Mistake>) {
        let mut wrong = Vec::new();
        let mut say = |field: String, sentence: String| wrong.push(Mistake { field, sentence });
        let mut set = self.made_from.as_deref().cloned().unwrap_or_default();
        let words = self.witnesses.split(['\n', ',', ' ']).map(str::trim).filter(|w| !w.is_empty());
        set.witnesses = words.map(str::to_owned).collect();
        let trimmed = |e: &OwnEndpoint| OwnEndpoint {
            name: e.name.trim().to_owned(),
            url: e.url.trim().to_owned(),
            region: e.region.trim().to_owned(),
        };
        set.endpoints = self.own.iter().map(trimmed).collect();
        (set.model_calls, set.desktop_notices) = (self.model_calls, self.desktop_notices);
        match self.keep.trim().parse() {
            Ok(n) => set.keep_mib = n,
            Err(_) => say("keep_mib".to_owned(), format!("“{}” is no whole number.", self.keep.trim())),
        }
        set.tiers.clear();
        for ((tier, knob), text) in self.typed.iter().filter(|(_, text)| !text.trim().is_empty()) {
            match thresholds::number(knob.unit(), text.trim()) {
                Ok(n) => {
                    set.tiers.entry(*tier).or_insert_with(Adjustment::default).0.insert(*knob, Amount(n));
                }
                Err(why) => say(thresholds::place(*tier, *knob), why),
            }
        }
        let said: Vec<String> = wrong.iter().map(|m| m.field.clone()).collect();
        wrong.extend(set.check().into_iter().filter(|m| !said.contains(&m.field)));
        (set, wrong)
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, form: &mut WatchForm) {
    form.follow(&cx.snap.settings.watch);
    let (set, wrong) = form.read();
    ui.spacing_mut().item_spacing.y = 4.0;
    heading(ui, "Watch");
    let why = "What is asked beside the addresses of a plan, and what is made of the answers.";
    wrapped(ui, small(ui, why));
    ui.add_space(8.0);

    let name = wrapped(ui, body("Witnesses, one a line"));
    let why = "Hosts of different companies that have nothing to do with Azure's regions. While they answer, this laptop sees.";
    wrapped(ui, small(ui, why));
    let edit = TextEdit::multiline(&mut form.witnesses).desired_rows(3).desired_width(360.0);
    let field = ui.add(edit.margin(egui::Margin::symmetric(10, 8))).labelled_by(name.id);
    typing_ring(ui, &field);
    mistakes(ui, &wrong, "witnesses");
    ui.add_space(12.0);

    wrapped(ui, body("Addresses of your own"));
    wrapped(ui, small(ui, "They are watched like those of a plan."));
    let mut gone = None;
    for (i, own) in form.own.iter_mut().enumerate() {
        ui.push_id(("own", i), |ui| {
            if address(ui, own, i + 1) {
                gone = Some(i);
            }
            if !own.name.trim().is_empty() {
                mistakes(ui, &wrong, &format!("endpoints.{}", own.name.trim()));
            }
        });
    }
    if let Some(i) = gone {
        form.own.remove(i);
    }
    mistakes(ui, &wrong, "endpoints");
    if Button::new("Add an address").small().show(ui) {
        form.own.push(OwnEndpoint { name: String::new(), url: String::new(), region: String::new() });
    }
    ui.add_space(12.0);

    switch(
        ui,
        &mut form.model_calls,
        "Call model deployments with one token",
        "Shows capacity, not only that something answers. Off by default: each call costs a little.",
    );
    switch(
        ui,
        &mut form.desktop_notices,
        "A notice of the desktop when a verdict turns while this window is hidden",
        "Off by default: names of systems would stand on a locked screen.",
    );
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let name = ui.label(body("Room for observations on disk, in MiB"));
        let edit = TextEdit::singleline(&mut form.keep).desired_width(64.0).margin(egui::Margin::symmetric(10, 5));
        let field = ui.add(edit).labelled_by(name.id);
        typing_ring(ui, &field);
    });
    wrapped(ui, small(ui, "64 by default. When it is full, the oldest go."));
    mistakes(ui, &wrong, "keep_mib");
    hairline(ui, 12.0);
    thresholds::show(ui, form, &wrong);
    ui.add_space(12.0);
    save(ui, cx, form, set, &wrong);
}

fn save(ui: &mut Ui, cx: &Cx, form: &mut WatchForm, set: WatchSettings, wrong: &[Mistake]) {
    let same = wrong.is_empty() && set == *cx.snap.settings.watch;
    let many = format!("{} things above are not right yet", wrong.len());
    let refused = match wrong.len() {
        0 => same.then_some("Nothing is changed"),
        1 => Some("Something above is not right yet"),
        _ => Some(&*many),
    };
    ui.horizontal_wrapped(|ui| {
        if Button::new("Save the watch").small().refused(refused).show(ui) {
            cx.send(Command::Watch(WatchIntent::Set(Box::new(set))));
        }
        if !same && Button::new("Give back what is saved").small().show(ui) {
            form.fill(&cx.snap.settings.watch);
        }
        if let Some(why) = refused.filter(|_| !same) {
            ui.label(small(ui, why));
        }
    });
}

/// One own address in a line; true when it is to go.
fn address(ui: &mut Ui, own: &mut OwnEndpoint, number: usize) -> bool {
    let mut gone = false;
    ui.horizontal_top(|ui| {
        let room = ui.available_width() - 92.0;
        let fields = [
            ("Its name", &mut own.name, 0.25),
            ("Address", &mut own.url, 0.5),
            ("Region, or empty", &mut own.region, 0.25),
        ];
        for (label, text, share) in fields {
            ui.vertical(|ui| {
                ui.set_width(room * share - 8.0);
                crate::ui::widgets::field(ui, label, text, false, f32::INFINITY);
            });
        }
        ui.vertical(|ui| {
            ui.add_space(26.0);
            let name = format!("Remove address {number}");
            gone = Button::new("Remove").name(&name).small().show(ui);
        });
    });
    gone
}

fn switch(ui: &mut Ui, on: &mut bool, label: &str, why: &str) {
    let response = ui.add(Checkbox::new(on, body(label)));
    crate::ui::widgets::button::focus_ring(ui, &response, response.rect.shrink(1.0));
    ui.horizontal_top(|ui| {
        ui.add_space(22.0);
        ui.vertical(|ui| wrapped(ui, small(ui, why)));
    });
}

/// What is wrong with the field above.
pub fn mistakes(ui: &mut Ui, wrong: &[Mistake], field: &str) {
    for m in wrong.iter().filter(|m| m.field == field) {
        wrapped(ui, bold(capital(&m.sentence)).color(theme::of(ui).down));
    }
}
