//! What is only on the screen, and what drawing code gets and gives.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use eframe::egui;
use serde::{Deserialize, Serialize};

use super::ask::{Ask, Browse};
use super::drafts::Drafts;
use super::intent::Intent;
use super::memory::Looks;
use super::overlay::Palette;
use super::screens::approve::ApproveView;
use super::screens::audit::AuditView;
use super::screens::credentials::Form;
use super::screens::hooks::HookForm;
use super::screens::recovery::BoardView;
use super::screens::rehearse::RehearseView;
use super::screens::run::SecondView;
use super::screens::runbooks::LibraryView;
use super::screens::situation::SituationView;
use super::screens::watch::WatchForm;
use crate::desk::protocol::{Anchors, Command};
use crate::desk::snapshot::{ActionView, RunView, Snapshot, StepCard};
use crate::runbook::model::StepId;
use crate::units::{Millis, Now};

/// The screens, in the order of the navigation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Screen {
    /// What is wrong, and where.
    #[default]
    Situation,
    /// The guided run.
    Run,
    /// Runbooks and plans.
    Runbooks,
    /// What was deleted.
    Recovery,
    /// Scenarios.
    Rehearse,
    /// Runs and their records.
    Audit,
    /// Settings.
    Settings,
    /// A colleague's request, for whoever is the second person.
    Approve,
    /// To look on from afar.
    Commander,
}

impl Screen {
    /// All, in order; the number of the key is the place in this list.
    pub const ALL: [Self; 9] = [
        Self::Situation,
        Self::Run,
        Self::Runbooks,
        Self::Recovery,
        Self::Rehearse,
        Self::Audit,
        Self::Settings,
        Self::Approve,
        Self::Commander,
    ];
    /// In the navigation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Situation => "Situation",
            Self::Run => "Run",
            Self::Runbooks => "Runbooks",
            Self::Recovery => "Recovery",
            Self::Rehearse => "Rehearse",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
            Self::Approve => "Approve",
            Self::Commander => "Commander",
        }
    }
}

/// Which column of the Run screen is shown when they do not fit side by side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Column {
    /// The checklist.
    Checklist,
    /// The step.
    #[default]
    Step,
    /// Clock, regions, notes.
    Clocks,
    /// What people keep beside the steps.
    Papers,
    /// Where the time goes.
    Timeline,
}

/// The window's own state.
pub struct View {
    /// Screen shown.
    pub screen: Screen,
    /// Dark or light.
    pub looks: Looks,
    /// Step looked at, when it is not the current one.
    pub selected: Option<StepId>,
    /// Column shown on a narrow window.
    pub column: Column,
    /// All columns of the Run screen fit: the papers stand beside the step.
    pub wide: bool,
    /// Dialog that is open.
    pub ask: Option<Ask>,
    /// What was typed into dialogs that were closed.
    pub drafts: Drafts,
    /// Command palette that is open.
    pub palette: Option<Palette>,
    /// Help sheet is open.
    pub help: bool,
    /// Who had the focus before a dialog opened.
    pub focus_back: Option<egui::Id>,
    /// Frames until the focus is given back: egui keeps a closed dialog's claim for one more.
    pub give_back_in: u8,
    /// The screen has just come on show: the first Tab goes to it, not to the navigation before it.
    pub arrived: bool,
    /// The checklist row has the focus: Enter then means the primary action.
    pub focus_on_row: bool,
    /// Give the focus to the row of the selected step.
    pub focus_step: bool,
    /// The step that was next when the checklist was last drawn.
    pub seen_current: Option<String>,
    /// The step that was next before: a focus left on it, perhaps by a dialog, moves on once.
    pub left_behind: Option<String>,
    /// It moves on in the next frame.
    pub focus_passes: bool,
    /// Give the focus to the screen's filter or path field.
    pub focus_field: bool,
    /// Pages to scroll the main column by.
    pub scroll_pages: f32,
    /// Height of the step's buttons in the last frame, so that they never leave the window.
    pub actions_height: f32,
    /// The Rehearse screen.
    pub rehearse: RehearseView,
    /// Draft of the path field.
    pub path: String,
    /// Draft of the operator's name.
    pub operator: Option<String>,
    /// Draft of where checkpoints go by themselves.
    pub anchors: Option<Anchors>,
    /// The Situation screen.
    pub situation: SituationView,
    /// The watch, as it is being set.
    pub watch: WatchForm,
    /// What a colleague sees, as it was last pasted: still there when it was not understood.
    pub sighting: String,
    /// The Recovery screen.
    pub board: BoardView,
    /// What the operator is at with the second person.
    pub second: SecondView,
    /// What the second person is at.
    pub approve: ApproveView,
    /// The commander's window is open.
    pub projector: Arc<AtomicBool>,
    /// A path that the system's dialog gave, for the dialog that is open.
    pub picked: Arc<Mutex<Option<PathBuf>>>,
    /// A credential that is being typed.
    pub credential: Form,
    /// A message to people outside that is being set.
    pub hook: HookForm,
    /// The Audit screen.
    pub audit: AuditView,
    /// The Runbooks screen.
    pub library: LibraryView,
    /// What the window itself has to say, until the next thing happens.
    pub said: Option<String>,
}

impl View {
    /// Something else stands where the step would be.
    pub fn step_hidden(&self) -> bool {
        match self.column {
            Column::Step => false,
            Column::Timeline => true,
            Column::Checklist | Column::Clocks | Column::Papers => !self.wide,
        }
    }

    /// As remembered.
    pub fn new(screen: Screen, looks: Looks) -> Self {
        Self {
            screen,
            looks,
            selected: None,
            column: Column::default(),
            wide: false,
            ask: None,
            drafts: Drafts::default(),
            palette: None,
            help: false,
            focus_back: None,
            give_back_in: 0,
            arrived: false,
            focus_on_row: false,
            focus_step: false,
            seen_current: None,
            left_behind: None,
            focus_passes: false,
            focus_field: false,
            scroll_pages: 0.0,
            actions_height: 52.0,
            rehearse: RehearseView::default(),
            path: String::new(),
            operator: None,
            anchors: None,
            situation: SituationView::default(),
            watch: WatchForm::default(),
            sighting: String::new(),
            board: BoardView::default(),
            second: SecondView::default(),
            approve: ApproveView::default(),
            projector: Arc::default(),
            picked: Arc::default(),
            credential: Form::default(),
            hook: HookForm::default(),
            audit: AuditView::default(),
            library: LibraryView::default(),
            said: None,
        }
    }

    /// Something lies over the screen and takes the keys.
    pub fn covered(&self) -> bool {
        self.ask.is_some() || self.palette.is_some() || self.help || self.second.large
    }

    /// The card on show: the selected step's, else the current one's.
    pub fn card<'a>(&self, run: &'a RunView) -> Option<&'a Arc<StepCard>> {
        let id = self.selected.as_ref().or(run.current.as_ref());
        id.and_then(|id| run.cards.iter().find(|c| c.id == *id)).or_else(|| run.cards.first())
    }

    /// The action of the step on show that stands at `index`.
    pub fn action<'a>(&self, run: &'a RunView, index: usize) -> Option<(&'a StepCard, &'a ActionView)> {
        let card = self.card(run)?;
        Some((card, card.actions.get(index)?))
    }
}

/// What drawing code may want.
pub enum Act {
    /// Do this.
    Do(Intent),
    /// To the desk.
    Send(Command),
    /// Show this screen.
    Go(Screen),
    /// Open this dialog.
    Ask(Ask),
    /// Look at this step.
    Select(StepId),
    /// An action of the step on show, by its place.
    Action(usize),
    /// Into the clipboard; the second text says what it was.
    Copy(String, &'static str),
    /// In the activity line.
    Say(String),
    /// Dark or light.
    Looks(Looks),
    /// Open this file or folder.
    Open(PathBuf),
    /// Let the person choose one.
    Choose {
        /// A folder instead of a file.
        folder: bool,
    },
    /// Let the system's dialog fill in a path of the dialog that is open.
    Browse(Browse),
    /// Write the request of this step as pictures, into a file that the person chooses.
    SavePicture(StepId),
}

/// What drawing code gets: the picture, the time, and where to put what is wanted.
pub struct Cx<'a> {
    /// The picture.
    pub snap: &'a Snapshot,
    /// One instant for the whole frame.
    pub now: Now,
    /// Milliseconds until something shown changes by itself.
    next_change: Cell<u64>,
    acts: std::cell::RefCell<Vec<Act>>,
}

/// Without a run, ages move in steps of this many seconds, so that an idle window stays idle.
const IDLE_STEP: u64 = 10;

impl<'a> Cx<'a> {
    /// For one frame.
    pub fn new(snap: &'a Snapshot, now: Now) -> Self {
        Self { snap, now, next_change: Cell::new(u64::MAX), acts: Default::default() }
    }
    /// Says what is wanted.
    pub fn act(&self, act: Act) {
        self.acts.borrow_mut().push(act);
    }
    /// Says that a command is wanted.
    pub fn send(&self, command: Command) {
        self.act(Act::Send(command));
    }
    /// Everything wanted, and when something shown changes by itself.
    pub fn finish(self) -> (Vec<Act>, Option<Millis>) {
        let next = self.next_change.get();
        (self.acts.into_inner(), (next < u64::MAX).then_some(Millis(next)))
    }
    /// Whether seconds tick: while a run is open and not over.
    pub fn ticking(&self) -> bool {
        self.snap.run.as_ref().is_some_and(|r| r.closed.is_none())
    }
    /// The frame shows something that changes at the next multiple of `step` seconds after `base`.
    pub fn changes_every(&self, base: i64, step: u64) {
        self.changes_after(self.now.utc.wrapping_sub(base), step);
    }
    fn changes_after(&self, past: i64, step: u64) {
        let step = step * 1_000;
        self.next_change.set(self.next_change.get().min(step - past.rem_euclid(step as i64) as u64));
    }
    /// The frame goes on with something in the next one.
    pub fn soon(&self) {
        self.next_change.set(0);
    }
    /// How long ago: `2 s`, `1 min`; in steps when nothing is going on.
    pub fn age(&self, at: i64) -> String {
        self.age_by(self.now.utc, at)
    }
    fn age_by(&self, now: i64, at: i64) -> String {
        let s = now.saturating_sub(at).max(0) as u64 / 1_000;
        let step = match s {
            _ if s >= 7_200 => 3_600,
            _ if s >= 120 => 60,
            _ if self.ticking() => 1,
            _ => IDLE_STEP,
        };
        self.changes_after(now.wrapping_sub(at), step);
        let shown = s / step * step;
        if shown == 0 && step > 1 { format!("under {step} s") } else { Millis::from_secs(shown).to_string() }
    }
    /// `2 s ago`.
    pub fn ago(&self, at: i64) -> String {
        format!("{} ago", self.age(at))
    }
    /// The same of what happened on the computer's clock, whatever a rehearsal's says.
    pub fn ago_on_the_wall(&self, at: i64) -> String {
        format!("{} ago", self.age_by(self.now.wall, at))
    }
}

/// `03:14` in the computer's own time zone.
pub fn local_clock(utc: i64, seconds: bool) -> String {
    let Ok(t) = jiff::Timestamp::from_millisecond(utc) else { return String::new() };
    let zoned = t.to_zoned(jiff::tz::TimeZone::system());
    if seconds { zoned.strftime("%H:%M:%S").to_string() } else { zoned.strftime("%H:%M").to_string() }
}

/// `2026-11-20 03:14` in UTC.
pub fn utc_minute(utc: i64) -> String {
    jiff::Timestamp::from_millisecond(utc)
        .map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
