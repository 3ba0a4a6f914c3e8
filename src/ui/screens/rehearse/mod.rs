//! Rehearsals: scenarios to choose from and to set up, the sheet of one that is over, and how they went over time.

mod bars;
mod cards;
mod setup;
mod sheet;
mod trend;

use std::collections::BTreeMap;

use eframe::egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Stroke, Ui};

use crate::clock::Speed;
use crate::desk::protocol::Command;
use crate::desk::snapshot::{Library, Mode, RunView, ScenarioRow, Snapshot, Trend, TrendRun};
use crate::runbook::model::{Strategy, System};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, Screen, View};
use crate::ui::widgets::layout::tab_bar;
use crate::ui::widgets::{Button, empty};
use crate::units::Millis;

pub use sheet::{Sheet, count, reached};

const LIST: f32 = 340.0;
/// List and set-up stand side by side from here on.
const TWO: f32 = 620.0;

/// What is said of a seed that is none.
const NO_SEED: &str = "The seed is a whole number.";

/// The parts of the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// What can be rehearsed.
    #[default]
    Scenarios,
    /// The sheet of one rehearsal.
    Sheet,
    /// How they went over time.
    Trend,
}

impl Part {
    /// All, in order, with their names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Scenarios, "Scenarios"), (Self::Sheet, "Score sheet"), (Self::Trend, "Trend")];
}

/// The screen's own state.
pub struct RehearseView {
    /// Part shown.
    pub part: Part,
    /// What is searched for.
    pub filter: String,
    /// Scenario chosen; none: the first.
    pub scenario: Option<String>,
    /// In a narrow window: the set-up is shown instead of the list.
    pub set_up: bool,
    /// Strategy chosen for each scenario.
    pub strategies: BTreeMap<String, Strategy>,
    /// Speed of the next rehearsal; 0: in steps.
    pub speed: Speed,
    /// Without any Azure.
    pub tabletop: bool,
    /// The facilitator's window opens with it.
    pub facilitator: bool,
    /// Seed, as it is typed.
    pub seed: String,
    /// Run whose sheet is shown; none: the newest.
    pub sheet: Option<String>,
    /// Plan whose trend is shown; none: the first.
    pub plan: Option<String>,
    /// Only rehearsals of this strategy.
    pub strategy: Option<Strategy>,
    /// Run chosen in the trend; none: the newest.
    pub run: Option<String>,
    /// Scroll to what the keys have chosen.
    pub follow: bool,
}

impl Default for RehearseView {
    fn default() -> Self {
        Self {
            part: Part::default(),
            filter: String::new(),
            scenario: None,
            set_up: false,
            strategies: BTreeMap::new(),
            speed: Speed::Times(1),
            tabletop: false,
            facilitator: false,
            seed: "1".to_owned(),
            sheet: None,
            plan: None,
            strategy: None,
            run: None,
            follow: false,
        }
    }
}

impl RehearseView {
    /// The strategy that a scenario would be rehearsed in.
    pub fn strategy_of(&self, s: &ScenarioRow) -> Option<Strategy> {
        self.strategies.get(&s.id).or(s.strategies.first()).copied()
    }

    /// The seed, if it is one.
    pub fn seed(&self) -> Option<u64> {
        self.seed.trim().parse().ok()
    }

    /// The facilitator's window opens with the next rehearsal: a tabletop is answered from there.
    pub fn with_facilitator(&self, tabletop: bool) -> bool {
        self.facilitator || tabletop
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    if cx.snap.library.scenarios.is_empty() {
        super::page(ui, view, "rehearse", |ui, _| none(ui, cx));
        return;
    }
    tabs(ui, view);
    match view.rehearse.part {
        Part::Scenarios => scenarios(ui, cx, view),
        Part::Sheet => sheet::show(ui, cx, view),
        Part::Trend => trend::show(ui, cx, view),
    }
}

fn none(ui: &mut Ui, cx: &Cx) {
    let text = "Scenarios come with the program and from your own folder. None could be read; Runbooks says why.";
    empty(ui, "No scenario", text, |ui| {
        if Button::new("Runbooks").primary().key(intent::key_text(Intent::Go(Screen::Runbooks))).show(ui) {
            cx.act(Act::Go(Screen::Runbooks));
        }
    });
}

fn tabs(ui: &mut Ui, view: &mut View) {
    tab_bar(ui, "rehearse-parts", |ui| {
        for (part, name) in Part::ALL {
            if Button::new(name).small().selected(view.rehearse.part == part).show(ui) {
                view.rehearse.part = part;
            }
        }
    });
}

fn scenarios(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let t = theme::of(ui);
    let width = ui.available_width();
    if width < TWO {
        if view.rehearse.set_up {
            setup::show(ui, cx, view);
        } else {
            CentralPanel::no_frame().show(ui, |ui| list(ui, cx, view));
        }
        return;
    }
    view.rehearse.set_up = false;
    Panel::left("scenarios")
        .exact_size(if width < 900.0 { 300.0 } else { LIST })
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.background))
        .show(ui, |ui| {
            let rect = ui.max_rect();
            ui.painter().vline(rect.right() - 0.5, rect.y_range(), Stroke::new(1.0, t.line));
            list(ui, cx, view);
        });
    setup::show(ui, cx, view);
}

fn list(ui: &mut Ui, cx: &Cx, view: &mut View) {
    ScrollArea::vertical().id_salt("scenarios").auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { left: 16, right: 13, top: 12, bottom: 16 }).show(ui, |ui| {
            cards::show(ui, cx, view);
        });
    });
}

/// What starting a scenario sends, as it is set up on this screen; none while the seed is no number.
pub fn start(view: &RehearseView, s: &ScenarioRow) -> Option<Command> {
    Some(Command::StartRehearsal {
        scenario: s.id.clone(),
        strategy: view.strategy_of(s),
        speed: view.speed,
        seed: view.seed()?,
        tabletop: view.tabletop && s.tabletop,
    })
}

/// System of a scenario, by its plan.
fn system(library: &Library, s: &ScenarioRow) -> Option<System> {
    library.plans.iter().find(|p| p.id == s.plan).and_then(|p| p.system)
}

/// Scenarios that pass the filter: by system as systems are offered, within one as they come.
pub fn shown<'a>(library: &'a Library, filter: &str) -> Vec<(Option<System>, &'a ScenarioRow)> {
    let wanted = filter.to_lowercase();
    let passes = |(system, s): &(Option<System>, &ScenarioRow)| {
        let strategies: Vec<_> = s.strategies.iter().map(|s| s.display()).collect();
        let system = system.map_or("", System::display);
        let all = [&s.title, &s.about, &s.id, &s.plan, system, &strategies.join(" ")].join(" ").to_lowercase();
        wanted.split_whitespace().all(|w| all.contains(w))
    };
    let mut all: Vec<_> = library.scenarios.iter().map(|s| (system(library, s), s)).filter(passes).collect();
    // Those without a known system come last.
    all.sort_by_key(|(system, _)| system.and_then(|s| System::ALL.iter().position(|x| *x == s)).unwrap_or(usize::MAX));
    all
}

/// The scenario that the keys and the button mean: the chosen one, else the first on show.
pub fn chosen<'a>(view: &RehearseView, library: &'a Library) -> Option<&'a ScenarioRow> {
    let all = shown(library, &view.filter);
    let one = view.scenario.as_ref().and_then(|id| all.iter().find(|(_, s)| s.id == *id));
    one.or(all.first()).map(|(_, s)| *s)
}

/// A rehearsal that is over: the one on show, or one of before.
#[derive(Clone, Copy)]
pub enum Past<'a> {
    /// On show, just closed.
    Run(&'a RunView),
    /// Of before.
    Kept(&'a Trend, &'a TrendRun),
}

impl<'a> Past<'a> {
    /// Run id.
    pub fn id(self) -> &'a str {
        match self {
            Self::Run(r) => &r.id,
            Self::Kept(_, r) => &r.run,
        }
    }
}

/// The closed rehearsal on show, with its sheet.
pub fn closed(snap: &Snapshot) -> Option<&RunView> {
    snap.run.as_deref().filter(|r| matches!(r.mode, Mode::Rehearsal | Mode::Tabletop) && r.score.is_some())
}

/// All rehearsals that are over, the newest first.
pub fn past(snap: &Snapshot) -> Vec<Past<'_>> {
    let mut kept: Vec<_> = snap.trends.iter().flat_map(|t| t.runs.iter().map(move |r| (t, r))).collect();
    kept.sort_by_key(|(_, r)| std::cmp::Reverse(r.at));
    let closed = closed(snap);
    let mut out: Vec<Past<'_>> = closed.map(Past::Run).into_iter().collect();
    out.extend(kept.into_iter().filter(|(_, r)| closed.is_none_or(|c| c.id != r.run)).map(|(t, r)| Past::Kept(t, r)));
    out
}

/// The one whose sheet is shown.
pub fn on_sheet<'a>(view: &RehearseView, snap: &'a Snapshot) -> Option<Past<'a>> {
    let all = past(snap);
    let one = view.sheet.as_ref().and_then(|id| all.iter().find(|p| p.id() == id));
    one.or(all.first()).copied()
}

/// The rehearsals of a scenario, the newest first.
fn of_scenario<'a>(snap: &'a Snapshot, id: &str) -> Vec<(&'a Trend, &'a TrendRun)> {
    let runs = snap.trends.iter().flat_map(|t| t.runs.iter().map(move |r| (t, r)));
    let mut out: Vec<_> = runs.filter(|(_, r)| r.scenario == id).collect();
    out.sort_by_key(|(_, r)| std::cmp::Reverse(r.at));
    out
}

/// The newest of them.
fn last_of<'a>(snap: &'a Snapshot, id: &str) -> Option<&'a TrendRun> {
    snap.trends.iter().flat_map(|t| &t.runs).filter(|r| r.scenario == id).max_by_key(|r| r.at)
}

/// The row above or below, in the part on show.
pub fn step(view: &mut RehearseView, snap: &Snapshot, down: bool) {
    let next = |ids: Vec<&str>, now: Option<&str>| {
        let at = now.and_then(|n| ids.iter().position(|i| *i == n)).unwrap_or(0);
        let to = if down { (at + 1).min(ids.len().saturating_sub(1)) } else { at.saturating_sub(1) };
        ids.get(to).map(|s| (*s).to_owned())
    };
    match view.part {
        Part::Scenarios => {
            let ids = shown(&snap.library, &view.filter).into_iter().map(|(_, s)| s.id.as_str()).collect();
            view.scenario = next(ids, chosen(view, &snap.library).map(|s| s.id.as_str()));
        }
        Part::Sheet => {
            let ids = past(snap).into_iter().map(Past::id).collect();
            view.sheet = next(ids, on_sheet(view, snap).map(Past::id));
        }
        Part::Trend => {
            let ids = trend::rows(view, snap).into_iter().map(|r| r.run.as_str()).collect();
            view.run = next(ids, trend::chosen(view, snap).map(|r| r.run.as_str()));
        }
    }
    view.follow = true;
}

/// The part to the left or to the right.
pub fn turn(view: &mut RehearseView, right: bool) {
    let at = Part::ALL.iter().position(|(p, _)| *p == view.part).unwrap_or(0);
    let to = if right { (at + 1).min(Part::ALL.len() - 1) } else { at.saturating_sub(1) };
    view.part = Part::ALL[to].0;
}

/// Shows the sheet of the run chosen in the trend.
pub fn open_sheet(view: &mut RehearseView, snap: &Snapshot) {
    if let Some(run) = trend::chosen(view, snap).map(|r| r.run.clone()) {
        view.sheet = Some(run);
        view.part = Part::Sheet;
    }
}

/// What Enter does in the part on show, or why it does nothing.
pub fn confirm(view: &mut RehearseView, snap: &Snapshot) -> Result<Option<Act>, String> {
    match view.part {
        Part::Scenarios => {
            let command = chosen(view, &snap.library).and_then(|s| start(view, s));
            command.map(|c| Some(Act::Send(c))).ok_or_else(|| NO_SEED.to_owned())
        }
        Part::Sheet => {
            let sheet = on_sheet(view, snap).map(|p| Sheet::of(p, &snap.library).text());
            Ok(sheet.map(|text| Act::Copy(text, "The score sheet")))
        }
        Part::Trend => {
            open_sheet(view, snap);
            Ok(None)
        }
    }
}

/// Whether Enter means something in the part on show.
pub fn can_confirm(view: &RehearseView, snap: &Snapshot) -> bool {
    match view.part {
        Part::Scenarios => super::cannot_start(snap).is_none() && chosen(view, &snap.library).is_some(),
        Part::Sheet => on_sheet(view, snap).is_some(),
        Part::Trend => trend::chosen(view, snap).is_some(),
    }
}

/// Whole seconds, as people say them; unknown stays unknown.
fn duration(ms: Option<u64>) -> String {
    ms.map_or_else(|| "not known".to_owned(), |ms| Millis::from_secs(ms / 1_000).to_string())
}

/// `20 Nov 2026`.
fn day(utc: i64) -> String {
    jiff::Timestamp::from_millisecond(utc)
        .map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).strftime("%-d %b %Y").to_string())
        .unwrap_or_default()
}

/// `86 of 100 points`.
fn points(score: Option<(u32, u32)>) -> String {
    score.map_or_else(|| "no score".to_owned(), |(p, of)| format!("{p} of {of} points"))
}
