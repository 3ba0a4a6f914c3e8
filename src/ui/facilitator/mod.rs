//! The facilitator's own window: what comes when, what the operator is not told, and the hands on it. It is a second window
//! of the system, never a part of the operator's; where there can be no second one, it is not shown at all.

mod board;
mod keys;
mod lead;
mod side;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eframe::egui::{self, OutputCommand, Ui, ViewportBuilder, ViewportId, ViewportInfo};
use tokio::sync::watch;

use super::view::{Act, Cx};
use crate::desk::protocol::{Command, FacilitateIntent};
use crate::desk::snapshot::{Facilitator, HappeningRow, Snapshot};
use crate::runbook::model::StepId;

pub use keys::TABLE;
pub use lead::Lead;

const TITLE: &str = "Lifeboat · facilitator";
/// The usual size, beside a window of 1280 × 800.
const SIZE: [f32; 2] = [1_000.0, 720.0];

/// The least: happenings, the chosen one, and the two lines for words stay in sight.
pub const SMALLEST: [f32; 2] = [640.0, 560.0];

/// A happening has to be the next one for so many seconds before a key alone means it.
const STANDS: f64 = 1.0;

/// Which half is shown where both do not fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Half {
    /// What happens.
    #[default]
    Happenings,
    /// People, score, notes.
    Room,
}

/// Where the keys put the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Say,
    Note,
    Seen,
    People,
}

/// What is only on this window.
#[derive(Default)]
struct State {
    selected: Option<u32>,
    half: Half,
    say: String,
    note: String,
    seen: BTreeMap<StepId, String>,
    focus: Option<Field>,
    /// The happening that is next, and since when (the window's own clock, in seconds).
    next: Option<(u32, f64)>,
    /// It has become the next one only just now.
    just_next: bool,
    /// Scroll to the happening that the keys have chosen, or that has become the next.
    follow: bool,
    help: bool,
    said: Option<String>,
    /// Outer position and inner size, as the window stands.
    placed: Option<[f32; 4]>,
    /// The same, as it opens.
    opens: Option<[f32; 4]>,
}

impl State {
    /// The happening that keys and buttons mean: the chosen one, else the next.
    fn chosen<'a>(&self, f: &'a Facilitator) -> Option<&'a HappeningRow> {
        let one = self.selected.and_then(|n| f.timeline.iter().find(|h| h.n == n));
        one.or_else(|| f.timeline.iter().find(|h| !h.done)).or(f.timeline.last())
    }

    /// Follows which happening is next: a key that was meant for the one before must not bring this one.
    fn follow_next(&mut self, f: &Facilitator, now: f64) {
        let next = f.timeline.iter().find(|h| !h.done).map(|h| h.n);
        if self.next.map(|(n, _)| n) != next {
            self.next = next.map(|n| (n, if self.next.is_none() { now - STANDS } else { now }));
            self.follow |= self.selected.is_none();
        }
        self.just_next = self.selected.is_none() && self.next.is_some_and(|(_, since)| now - since < STANDS);
    }

    /// The operator has it, or the desk: what was typed has done its work.
    fn sent(&mut self, command: &Command) {
        let Command::Facilitate(intent) = command else { return };
        match intent {
            FacilitateIntent::Say(_) => self.say.clear(),
            FacilitateIntent::Note(_) => self.note.clear(),
            FacilitateIntent::Answer { step, .. } => {
                self.seen.remove(step);
            }
            FacilitateIntent::Open
            | FacilitateIntent::Now(_)
            | FacilitateIntent::Hold(_)
            | FacilitateIntent::Reveal(_)
            | FacilitateIntent::Unavailable(..) => {}
        }
    }
}

/// The window and what it holds of the desk.
pub struct Room {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    send: Arc<dyn Fn(Command) -> bool + Send + Sync>,
    open: AtomicBool,
    state: Mutex<State>,
}

impl Room {
    /// Closed, until a rehearsal wants it.
    pub fn new(snapshots: watch::Receiver<Arc<Snapshot>>, send: Arc<dyn Fn(Command) -> bool + Send + Sync>) -> Self {
        Self { snapshots, send, open: AtomicBool::new(false), state: Mutex::default() }
    }

    fn id() -> ViewportId {
        ViewportId::from_hash_of("facilitator")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is wanted.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Opens or closes it with the operator's next frame.
    pub fn set_open(&self, open: bool) {
        if open != self.open.swap(open, Ordering::Relaxed) {
            let mut state = self.state();
            state.opens = state.placed.or(state.opens);
            // What was typed about one rehearsal is not said in the next.
            let (placed, opens) = (state.placed, state.opens);
            *state = State { placed, opens, ..State::default() };
        }
    }

    /// Where it stood the last time: outer position and inner size.
    pub fn place(&self, at: Option<[f32; 4]>) {
        self.state().opens = at;
    }

    /// Where it stands, if it was ever open.
    pub fn placed(&self) -> Option<[f32; 4]> {
        self.state().placed
    }

    /// A new picture is there.
    pub fn wake(&self, ctx: &egui::Context) {
        if self.is_open() {
            super::app::wake(ctx, Self::id());
        }
    }

    /// Called in each of the operator's frames: keeps the second window, while it is wanted and there is something to lead.
    pub fn show(self: &Arc<Self>, ctx: &egui::Context) {
        let leads = self.snapshots.borrow().facilitator.is_some();
        // Drawn into the operator's window it would give everything away.
        if !self.is_open() || !leads || ctx.embed_viewports() {
            return;
        }
        let room = self.clone();
        ctx.show_viewport_deferred(Self::id(), self.builder(), move |ui, _| room.draw(ui));
    }

    fn builder(&self) -> ViewportBuilder {
        let opens = self.state().opens;
        let builder = ViewportBuilder::default()
            .with_title(TITLE)
            .with_app_id("lifeboat")
            .with_icon(super::icon::lifebuoy())
            .with_min_inner_size(SMALLEST);
        match opens {
            Some([x, y, w, h]) => builder.with_position([x, y]).with_inner_size([w, h]),
            None => builder.with_inner_size(SIZE),
        }
    }

    /// One frame of the window.
    pub fn draw(&self, ui: &mut Ui) {
        let snap = self.snapshots.borrow().clone();
        let Some(f) = snap.facilitator.clone() else { return };
        let cx = Cx::new(&snap, snap.clock.now());
        let mut state = self.state();
        state.follow_next(&f, ui.input(|i| i.time));
        keys::take(ui, &cx, &f, &mut state);
        board::show(ui, &cx, &f, &mut state);
        keys::help(ui, &mut state);
        let closes = ui.input(|i| {
            let v = i.viewport();
            state.placed = place(v).or(state.placed);
            v.close_requested()
        });
        let (acts, next) = cx.finish();
        for act in acts {
            match act {
                Act::Send(command) => {
                    let run = snap.run.as_ref().map(|r| r.id.as_str());
                    let sent = (self.send)(command.clone().of(run));
                    state.said = (!sent).then(|| "Not sent: Lifeboat is busy. Try again in a moment.".to_owned());
                    if sent {
                        state.sent(&command);
                    }
                }
                Act::Copy(text, what) => {
                    ui.ctx().output_mut(|o| o.commands.push(OutputCommand::CopyText(text)));
                    state.said = Some(format!("{what} is in the clipboard"));
                }
                _ => {}
            }
        }
        drop(state);
        if closes {
            self.set_open(false);
            super::app::wake(ui.ctx(), ViewportId::ROOT);
        }
        if let Some(next) = next {
            super::app::wake_in(ui, &snap, next);
        }
    }
}

fn place(v: &ViewportInfo) -> Option<[f32; 4]> {
    let (outer, inner) = (v.outer_rect?, v.inner_rect?);
    Some([outer.left(), outer.top(), inner.width(), inner.height()])
}
