//! Runs on this computer, and the record of one: who did what and when, where the time went, what its verification says,
//! beside another run, how long it is kept, and out of the program.

mod ask;
mod entries;
mod export;
mod filter;
mod pages;

use eframe::egui::{Frame, Margin, Panel, Ui};

use crate::desk::protocol::{AuditIntent, Command};
use crate::desk::snapshot::{REGISTER, Record, RunRow, Snapshot};
use crate::ui::ask::Ask;
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, Screen, View, local_clock, utc_minute};
use crate::ui::widgets::layout::tab_bar;
use crate::ui::widgets::table::table;
use crate::ui::widgets::text::{cut, wrapped};
use crate::ui::widgets::{Button, body, empty, link, mode_badge, mono, secondary, title, verdict};

pub use ask::AuditAsk;
pub use entries::move_selection;
pub use export::{ExportForm, Format};
pub use filter::{Found, Wanted};

/// Below this a screen is low: fewer runs are listed, and an entry takes the place of the list.
const LOW: f32 = 620.0;

/// The parts of the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// Who did what and when.
    #[default]
    Entries,
    /// Where the time went.
    Timeline,
    /// What verification says.
    Integrity,
    /// Beside another run.
    Compare,
    /// How long it is kept.
    Keeping,
    /// Into a file.
    Export,
}

impl Part {
    /// All, in order, with their names.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Entries, "Entries"),
        (Self::Timeline, "Timeline"),
        (Self::Integrity, "Integrity"),
        (Self::Compare, "Side by side"),
        (Self::Keeping, "Keeping"),
        (Self::Export, "Export"),
    ];
}

/// What a key of this screen does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Look for words.
    Find,
    /// Write the run into a file.
    Export,
    /// Choose a run to put beside it.
    Compare,
    /// Read and verify it again.
    Verify,
    /// Choose how long it is kept.
    Keep,
    /// A legal hold comes or goes.
    Hold,
    /// Remove its files.
    Dispose,
}

/// The screen's own state.
#[derive(Default)]
pub struct AuditView {
    /// Part shown.
    pub part: Part,
    /// What is looked for.
    pub wanted: Wanted,
    /// What was found.
    pub found: Found,
    /// Number of the chosen entry.
    pub selected: Option<u64>,
    /// It is shown whole.
    pub detail: bool,
    /// Scroll to it.
    pub follow: bool,
    /// Whether the hash of the chosen entry is that of its bytes, and of which entry of which verification that was found.
    pub held: Option<((u64, i64), bool)>,
    /// What is to be exported.
    pub export: ExportForm,
    /// Beside what differs between two runs also what does not.
    pub same_too: bool,
    /// The run that all of this is about.
    of: String,
}

impl AuditView {
    /// What belonged to another run goes.
    fn follow_run(&mut self, run: &str) {
        if self.of != run {
            run.clone_into(&mut self.of);
            (self.selected, self.detail, self.held) = (None, false, None);
            self.wanted = Wanted::default();
        }
    }

    /// Shows this entry of this run whole.
    pub fn open(&mut self, run: &str, seq: u64) {
        self.follow_run(run);
        (self.selected, self.detail, self.follow) = (Some(seq), true, true);
    }

    /// The part beside this one.
    pub fn turn(&mut self, right: bool) {
        let at = Part::ALL.iter().position(|(p, _)| *p == self.part).unwrap_or(0);
        let to = if right { (at + 1).min(Part::ALL.len() - 1) } else { at.saturating_sub(1) };
        self.part = Part::ALL[to].0;
    }
}

/// The row of the run that is shown.
fn shown(snap: &Snapshot) -> Option<&RunRow> {
    let run = &snap.audit.shown.as_ref()?.run;
    snap.audit.runs.iter().find(|r| r.id == *run)
}

/// The same, unless it is the register, which is no run.
fn shown_run(snap: &Snapshot) -> Option<&RunRow> {
    shown(snap).filter(|r| r.id != REGISTER)
}

/// Whether a key means something now.
pub fn can(key: Key, snap: &Snapshot, view: &View) -> bool {
    view.screen == Screen::Audit
        && match key {
            Key::Find | Key::Verify => snap.audit.shown.is_some(),
            Key::Export | Key::Keep | Key::Hold | Key::Dispose => shown_run(snap).is_some(),
            Key::Compare => shown_run(snap).is_some() && !ask::others(snap).is_empty(),
        }
}

/// Whether Enter means something now.
pub fn can_confirm(view: &AuditView, snap: &Snapshot) -> bool {
    match view.part {
        Part::Entries => snap.audit.shown.is_some() && view.selected.is_some(),
        Part::Export => shown_run(snap).is_some() && !export::working(snap),
        _ => false,
    }
}

/// Enter: the chosen entry is shown whole, or no longer; or the export begins. Or why it does not.
pub fn confirm(view: &mut AuditView, snap: &Snapshot) -> Result<Option<Command>, String> {
    match view.part {
        Part::Export => export::command(&mut view.export, snap).map(Some),
        _ => {
            view.detail = !view.detail;
            Ok(None)
        }
    }
}

/// What a key does.
pub fn press(key: Key, view: &mut View, snap: &Snapshot) -> Option<Command> {
    if key == Key::Verify {
        return snap.audit.shown.as_ref().map(|r| Command::ShowRecord(r.run.clone()));
    }
    if key == Key::Find {
        view.audit.part = Part::Entries;
        view.focus_field = true;
        return None;
    }
    let row = shown(snap)?;
    match key {
        Key::Export => view.audit.part = Part::Export,
        Key::Compare => view.ask = Some(Ask::compare(snap, row)),
        Key::Find | Key::Verify => {}
        Key::Keep => view.ask = Some(Ask::keep(Some(row), snap)),
        Key::Hold => view.ask = Some(Ask::hold(row)),
        Key::Dispose => match &row.kept.stays {
            Some(why) => view.said = Some(format!("Not disposed of: {why}.")),
            None => view.ask = Some(Ask::dispose(row, snap)),
        },
    }
    None
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let audit = &cx.snap.audit;
    if audit.runs.is_empty() {
        let text = "Every run and every rehearsal writes a record that cannot be altered unnoticed. The first one will stand here.";
        super::page(ui, view, "no-runs", |ui, _| {
            empty(ui, "No run yet", text, |ui| {
                let key = intent::key_text(Intent::Go(Screen::Rehearse));
                if Button::new("Rehearse").primary().key(key).show(ui) {
                    cx.act(Act::Go(Screen::Rehearse));
                }
            });
        });
        return;
    }
    let low = ui.available_height() < LOW;
    // What is read takes the room.
    let most = match (low, audit.shown.is_some()) {
        (true, true) => 2,
        (true, false) => 6,
        (false, _) => 5,
    };
    let rows = audit.runs.len().min(most) as f32;
    Panel::top("runs")
        .exact_size(54.0 + (rows + 1.0) * theme::ROW)
        .show_separator_line(false)
        .frame(Frame::new().inner_margin(Margin { left: 24, right: 24, top: 16, bottom: 4 }))
        .show(ui, |ui| {
            title(ui, "Audit");
            ui.add_space(2.0);
            runs(ui, cx, &audit.runs);
        });
    let Some(record) = &audit.shown else {
        super::page(ui, view, "no-record", |ui, _| {
            let text = match &audit.reading {
                Some(_) => "Reading and verifying the record …",
                None => "Choose a run above to read its record.",
            };
            wrapped(ui, secondary(ui, text));
        });
        return;
    };
    view.audit.follow_run(&record.run);
    let beside = if ui.available_width() < 540.0 { Part::ALL.len() / 2 } else { Part::ALL.len() };
    for (few, id) in Part::ALL.chunks(beside).zip(["audit-parts", "audit-parts-more"]) {
        tab_bar(ui, id, |ui| {
            for (part, name) in few {
                if Button::new(name).small().selected(view.audit.part == *part).show(ui) {
                    view.audit.part = *part;
                }
            }
        });
    }
    match view.audit.part {
        Part::Entries => entries::show(ui, cx, view, record, low),
        Part::Timeline => pages::timeline(ui, cx, view, record),
        Part::Integrity => super::page(ui, view, "integrity", |ui, _| pages::integrity(ui, cx, record)),
        Part::Compare => pages::compare(ui, cx, view),
        Part::Keeping => super::page(ui, view, "keeping", |ui, _| pages::keeping(ui, cx)),
        Part::Export => super::page(ui, view, "export", |ui, view| export::show(ui, cx, view)),
    }
}

/// The verdict in the verifier's words, and when it was found.
fn verdict_line(ui: &mut Ui, cx: &Cx, record: &Record) {
    verdict(ui, record.proven);
    let reading = if cx.snap.audit.reading.is_some() { ", verifying again …" } else { "" };
    ui.label(crate::ui::widgets::bold(format!("Verdict: {}", record.verdict)));
    ui.label(crate::ui::widgets::small(ui, format!("verified {}{reading}", cx.ago_on_the_wall(record.checked_at))));
}

fn runs(ui: &mut Ui, cx: &Cx, runs: &[RunRow]) {
    let shown = cx.snap.audit.shown.as_ref().map(|r| r.run.as_str());
    let wide = ui.available_width() >= 940.0;
    let (started, width) = if wide { ("Started (UTC · local)", 176.0) } else { ("Started (UTC)", 124.0) };
    // Where there is no room: the record below says how it ended, and goes on with it.
    let roomy = ui.available_width() >= 560.0;
    let mut columns = vec![
        ("Run", Some(48.0)),
        ("Plan", None),
        ("Mode", Some(92.0)),
        (started, Some(width)),
        ("Outcome", Some(if roomy { 176.0 } else { 0.0 })),
        ("Record", Some(if wide { 116.0 } else { 96.0 })),
    ];
    if wide {
        columns.push(("Kept", Some(124.0)));
    }
    let clicked = ui.push_id("runs", |ui| {
        table(
            ui,
            "runs",
            &columns,
            runs.len(),
            |i| runs.get(i).is_some_and(|r| Some(r.id.as_str()) == shown),
            |i| runs.get(i).map_or_else(String::new, sentence),
            |ui, i, c| {
                let Some(r) = runs.get(i) else { return };
                match c {
                    0 => drop(cut(ui, mono(&r.short))),
                    1 => drop(cut(ui, body(&r.title))),
                    2 => mode_badge(ui, &r.mode),
                    3 if r.started == 0 => {}
                    3 if wide => {
                        cut(ui, body(format!("{} · {}", utc_minute(r.started), local_clock(r.started, false))));
                    }
                    3 => drop(cut(ui, body(utc_minute(r.started)))),
                    4 if roomy => {
                        cut(ui, body(&r.outcome));
                        if r.open {
                            ui.push_id(&r.id, |ui| {
                                if link(ui, "Go on with it", "") {
                                    cx.send(Command::OpenRun(r.id.clone()));
                                    cx.act(Act::Go(Screen::Run));
                                }
                            });
                        }
                    }
                    5 => proof(ui, r),
                    6 => drop(cut(ui, secondary(ui, kept_short(r)))),
                    _ => {}
                }
            },
        )
    });
    if let Some(r) = clicked.inner.and_then(|i| runs.get(i)) {
        match &r.kept.disposed {
            Some(words) => cx.act(Act::Say(format!("Run {}: {words}.", r.short))),
            None => cx.send(Command::ShowRecord(r.id.clone())),
        }
    }
}

/// A row, said in one breath.
fn sentence(r: &RunRow) -> String {
    let name = if r.id == REGISTER { r.title.clone() } else { format!("Run {}, {}, {}", r.short, r.title, r.mode) };
    let checked = r.check.as_ref().map_or_else(String::new, |c| format!(", {}", c.verdict));
    let kept = kept_short(r);
    let kept = if kept.is_empty() { kept } else { format!(", {kept}") };
    format!("{name}, {}{checked}{kept}", r.outcome)
}

/// Until when, in few words.
fn kept_short(r: &RunRow) -> String {
    match (&r.kept.disposed, &r.kept.hold, r.kept.until) {
        (Some(_), ..) => String::new(),
        (_, Some(_), _) => "legal hold".to_owned(),
        (.., Some(until)) => format!("until {}", utc_minute(until).get(..10).unwrap_or_default()),
        _ => String::new(),
    }
}

/// What its last verification said, in a mark and a word.
fn proof(ui: &mut Ui, r: &RunRow) {
    match &r.check {
        Some(check) => {
            ui.spacing_mut().item_spacing.x = 4.0;
            verdict(ui, check.proven);
            cut(ui, body(check.word)).on_hover_text(&check.verdict);
        }
        None if r.kept.disposed.is_some() => {}
        None => drop(cut(ui, secondary(ui, "not verified"))),
    }
}

/// Two runs are no longer side by side.
fn put_away(cx: &Cx) {
    cx.send(Command::Audit(AuditIntent::Compare(None)));
}
