//! The watch card of Settings: who tells whether this laptop sees, what is watched beside the plan, what may be kept and
//! said. What is typed stays until it is saved or given back; a mistake is named beside its field, and loses nothing.

use std::sync::Arc;

use eframe::egui::{self, Checkbox, TextEdit, Ui};

use crate::desk::protocol::{Command, OwnEndpoint, WatchIntent, WatchSettings};
use crate::ui::theme;
use crate::ui::view::Cx;
use crate::ui::widgets::layout::typing_ring;
use crate::ui::widgets::text::{small, wrapped};
use crate::ui::widgets::{Button, body, bold, heading};
use crate::units::known_regions;

/// Fewer witnesses cannot contradict each other.
const LEAST_WITNESSES: usize = 2;
/// Room on disk, in MiB: an hour of a large watch, and what nobody misses on a laptop.
const ROOM: std::ops::RangeInclusive<u32> = 1..=1_024;
/// Own addresses; more belong into a plan.
const MOST_OWN: usize = 50;

/// One address, as it is being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Own {
    name: String,
    url: String,
    region: String,
}

/// What is being typed.
#[derive(Default)]
pub struct WatchForm {
    made_from: Option<Arc<WatchSettings>>,
    witnesses: String,
    own: Vec<Own>,
    model_calls: bool,
    desktop_notices: bool,
    keep: String,
}

/// What is wrong, field by field.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wrong {
    witnesses: Option<String>,
    own: Vec<[Option<String>; 3]>,
    keep: Option<String>,
}

impl WatchForm {
    fn fill(&mut self, from: &Arc<WatchSettings>) {
        *self = Self {
            made_from: Some(from.clone()),
            witnesses: from.witnesses.join("\n"),
            own: from
                .endpoints
                .iter()
                .map(|e| Own { name: e.name.clone(), url: e.url.clone(), region: e.region.clone() })
                .collect(),
            model_calls: from.model_calls,
            desktop_notices: from.desktop_notices,
            keep: from.keep_mib.to_string(),
        };
    }

    /// Follows what the desk says, as long as nothing is being typed.
    fn follow(&mut self, now: &Arc<WatchSettings>) {
        let Some(made_from) = &self.made_from else { return self.fill(now) };
        if **made_from == **now {
            return;
        }
        let read = self.read();
        if read.as_ref().is_ok_and(|s| *s == **made_from || *s == **now) {
            self.fill(now);
        }
    }

    /// What was typed as settings, or what is wrong with it.
    fn read(&self) -> Result<WatchSettings, Wrong> {
        let witnesses: Vec<String> = self
            .witnesses
            .split(['\n', ',', ' '])
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect();
        let keep = self.keep.trim().parse::<u32>().ok().filter(|n| ROOM.contains(n));
        let wrong = Wrong {
            witnesses: wrong_witnesses(&witnesses),
            own: self.own.iter().enumerate().map(|(i, own)| self.wrong_own(i, own)).collect(),
            keep: keep.is_none().then(|| format!("A whole number from {} to {}", ROOM.start(), ROOM.end())),
        };
        let fine = wrong.witnesses.is_none() && wrong.keep.is_none() && wrong.own.iter().flatten().all(Option::is_none);
        let base = self.made_from.as_deref().cloned().unwrap_or_default();
        match keep {
            Some(keep_mib) if fine => Ok(WatchSettings {
                witnesses,
                endpoints: self.own.iter().map(own).collect(),
                model_calls: self.model_calls,
                desktop_notices: self.desktop_notices,
                keep_mib,
                ..base
            }),
            _ => Err(wrong),
        }
    }

    fn wrong_own(&self, place: usize, own: &Own) -> [Option<String>; 3] {
        let name = own.name.trim();
        let twice = self.own.iter().enumerate().any(|(i, o)| i != place && o.name.trim() == name);
        let name = match () {
            () if name.is_empty() => Some("A name is needed"),
            () if twice => Some("Another address has this name"),
            () => None,
        };
        let region = own.region.trim();
        let unknown = !region.is_empty() && region_name(region).is_none();
        let region = unknown.then(|| "No Azure region has this name, such as eastus".to_owned());
        [name.map(str::to_owned), wrong_url(own.url.trim()).map(str::to_owned), region]
    }
}

fn own(o: &Own) -> OwnEndpoint {
    let region = o.region.trim();
    OwnEndpoint {
        name: o.name.trim().to_owned(),
        url: o.url.trim().to_owned(),
        region: region_name(region).unwrap_or(region).to_owned(),
    }
}

/// ARM's name of a region that was typed in either way.
fn region_name(typed: &str) -> Option<&'static str> {
    let known = |r: &&crate::units::RegionFacts| {
        r.name.eq_ignore_ascii_case(typed) || r.display_name.eq_ignore_ascii_case(typed)
    };
    known_regions().iter().find(known).map(|r| &*r.name)
}

fn wrong_witnesses(hosts: &[String]) -> Option<String> {
    let host = |h: &str| {
        h.len() <= 253 && h.contains('.') && h.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    };
    if let Some(bad) = hosts.iter().find(|h| !host(h)) {
        return Some(format!("“{bad}” is no host name, such as dns.google: no https://, no path"));
    }
    let twice = hosts.iter().enumerate().find(|(i, h)| hosts.iter().take(*i).any(|o| o.eq_ignore_ascii_case(h)));
    if let Some((_, twice)) = twice {
        return Some(format!("{twice} stands there twice"));
    }
    (hosts.len() < LEAST_WITNESSES).then(|| {
        format!("At least {LEAST_WITNESSES} are needed: one that fails must be told from a laptop that does not see")
    })
}

fn wrong_url(url: &str) -> Option<&'static str> {
    if url.is_empty() {
        return Some("An address is needed");
    }
    let Ok(parsed) = url::Url::parse(url) else { return Some("Not an address, such as https://host/path") };
    let host = parsed.host_str().unwrap_or_default();
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match parsed.scheme() {
        "https" if !host.is_empty() => None,
        "http" if here => None,
        "http" => Some("https only; http is for this computer alone"),
        _ => Some("It has to begin with https://"),
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, form: &mut WatchForm) {
    form.follow(&cx.snap.settings.watch);
    let read = form.read();
    let none = Wrong::default();
    let wrong = read.as_ref().err().unwrap_or(&none);
    ui.spacing_mut().item_spacing.y = 4.0;
    heading(ui, "Watch");
    let why = "What is asked beside the addresses of a plan, and what is done with the answers.";
    wrapped(ui, small(ui, why));
    ui.add_space(8.0);

    let says = "Witnesses, one a line: hosts of different companies that have nothing to do with Azure's regions. While they \
                answer, this laptop sees.";
    let name = wrapped(ui, body(says));
    let edit = TextEdit::multiline(&mut form.witnesses).desired_rows(3).desired_width(360.0);
    let field = ui.add(edit.margin(egui::Margin::symmetric(10, 8))).labelled_by(name.id);
    typing_ring(ui, &field);
    mistake(ui, wrong.witnesses.as_deref());
    ui.add_space(12.0);

    wrapped(ui, body("Addresses of your own, watched like those of a plan."));
    let mut gone = None;
    for (i, own) in form.own.iter_mut().enumerate() {
        ui.push_id(("own", i), |ui| {
            if address(ui, own, wrong.own.get(i), i + 1) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        form.own.remove(i);
    }
    let full = (form.own.len() >= MOST_OWN).then_some("There are as many as may be");
    if Button::new("Add an address").small().refused(full).show(ui) {
        form.own.push(Own::default());
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
        mistake(ui, wrong.keep.as_deref());
    });
    wrapped(ui, small(ui, "64 by default. When it is full, the oldest go."));
    ui.add_space(12.0);
    save(ui, cx, form, read);
}

fn save(ui: &mut Ui, cx: &Cx, form: &mut WatchForm, read: Result<WatchSettings, Wrong>) {
    let same = read.as_ref().is_ok_and(|s| *s == *cx.snap.settings.watch);
    let refused = match &read {
        Err(_) => Some("Something above is not right yet"),
        Ok(_) => same.then_some("Nothing is changed"),
    };
    ui.horizontal_wrapped(|ui| {
        let save = Button::new("Save the watch").small().refused(refused).show(ui);
        if let (true, Ok(set)) = (save, read) {
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
fn address(ui: &mut Ui, own: &mut Own, wrong: Option<&[Option<String>; 3]>, number: usize) -> bool {
    let mut gone = false;
    ui.horizontal_top(|ui| {
        let room = ui.available_width();
        let widths = [room * 0.22, room * 0.42, room * 0.2];
        let fields = [("Name", &mut own.name), ("Address", &mut own.url), ("Region, or empty", &mut own.region)];
        for (i, (label, text)) in fields.into_iter().enumerate() {
            let width = widths.get(i).copied().unwrap_or(120.0) - 8.0;
            ui.vertical(|ui| {
                ui.set_width(width);
                crate::ui::widgets::field(ui, label, text, false, width);
                mistake(ui, wrong.and_then(|w| w.get(i)).and_then(|w| w.as_deref()));
            });
        }
        ui.vertical(|ui| {
            ui.add_space(24.0);
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

/// What is wrong with the field above or before.
fn mistake(ui: &mut Ui, what: Option<&str>) {
    if let Some(what) = what {
        wrapped(ui, bold(what).color(theme::of(ui).down));
    }
}
