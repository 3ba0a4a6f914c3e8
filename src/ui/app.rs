//! The window's loop: newest snapshot in, keys to intents, screens, wishes out. The only file that asks for a repaint.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{self, OutputCommand, Ui};
use tokio::sync::watch;

use super::announce::Announcer;
use super::ask::Ask;
use super::facilitator::{Lead, Room};
use super::intent::{self, Intent};
use super::memory::{self, Memory};
use super::overlay::{self, Palette};
use super::screens::{self, audit, recovery, rehearse, run::other_speed, runbooks, situation, start};
use super::shell;
use super::theme;
use super::view::{Act, Column, Cx, Screen, View};
use crate::desk::Link;
use crate::desk::protocol::{Command, WatchIntent};
use crate::desk::snapshot::{ActionView, Snapshot, StepCard};
use crate::units::Millis;

/// The window.
pub struct App {
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) send: Arc<dyn Fn(Command) -> bool + Send + Sync>,
    pub(super) view: View,
    file: Option<PathBuf>,
    memory: Memory,
    /// Newest activity seen, to know when what the window said is old.
    seen: Option<i64>,
    /// The run on show, to see when another one opens.
    pub(super) run: Option<String>,
    /// Colleagues heard, to see when another is.
    colleagues: usize,
    /// What the desk was told of the window.
    hidden: bool,
    /// The facilitator's window.
    lead: Lead,
    /// Of the window, as it was set last.
    pub(super) title: String,
    /// Files that the program was started with.
    pub(super) given: Vec<PathBuf>,
    /// What a screen reader says by itself.
    pub(super) announcer: Announcer,
    /// The screen of the frame before, to see when another one comes.
    pub(super) shown: Screen,
}

impl App {
    /// Sets the look, and hands the waker to the desk.
    pub fn new(cc: &eframe::CreationContext<'_>, link: Link) -> Self {
        let Link { snapshots, send, on_wake } = link;
        let ctx = cc.egui_ctx.clone();
        let facilitator = Arc::new(Room::new(snapshots.clone(), send.clone()));
        let room = facilitator.clone();
        on_wake(Box::new(move || {
            ctx.request_repaint();
            room.wake(&ctx);
        }));
        let file = memory::file(&snapshots.borrow().settings.home);
        let memory = memory::load(&file);
        theme::install(&cc.egui_ctx);
        cc.egui_ctx.set_theme(memory.looks);
        let view = View::new(memory.screen, memory.looks);
        let run = snapshots.borrow().run.as_ref().map(|r| r.id.clone());
        facilitator.place(memory.facilitator);
        Self {
            snapshots,
            send,
            view,
            file,
            memory,
            seen: None,
            run,
            colleagues: 0,
            hidden: false,
            lead: Lead::new(facilitator),
            title: memory::TITLE.to_owned(),
            given: Vec::new(),
            announcer: Announcer::default(),
            shown: memory.screen,
        }
    }

    /// What is on the screen.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The same, to be set from outside: what a person would reach by a few keys.
    pub fn view_mut(&mut self) -> &mut View {
        &mut self.view
    }

    /// Shows a screen, as if it had been there from the start.
    pub fn show(&mut self, screen: Screen) {
        (self.view.screen, self.shown) = (screen, screen);
    }

    /// One frame.
    pub fn draw(&mut self, ui: &mut Ui) {
        let snap = self.snapshots.borrow_and_update().clone();
        let told = self.follow(ui, &snap);
        self.arrive(ui, told);
        self.shield(ui);
        let cx = Cx::new(&snap, snap.clock.now());
        let (covered, asked) = (self.view.covered(), self.view.ask.is_some());
        let mut dropped = std::mem::take(&mut self.given);
        ui.input(|i| dropped.extend(i.raw.dropped_files.iter().map(|f| f.path().to_path_buf())));
        let wanted = self.keys(ui, &snap);

        shell::show(ui, &cx, &self.view);
        screens::show(ui, &cx, &mut self.view);
        overlay::show(ui, &cx, &mut self.view);
        self.hovered(ui, &snap);
        self.entitle(ui.ctx(), &snap);

        let (acts, next) = cx.finish();
        self.dropped(ui, &snap, dropped);
        self.projector(ui);
        for intent in wanted {
            self.act(ui, &snap, Act::Do(intent));
        }
        for act in acts {
            self.act(ui, &snap, act);
        }
        if let Some(ask) = self.view.ask.as_mut().filter(|_| !asked) {
            ask.run.clone_from(&self.run);
            self.view.drafts.recall(ask);
        }
        self.focus(ui, covered);
        self.remember(ui);
        self.lead.show(ui.ctx());
        if let Some(wait) = self.announcer.tell(ui.ctx(), &snap, snap.clock.now().utc) {
            ui.ctx().request_repaint_after(wait);
        }
        if let Some(next) = next {
            wake_in(ui, &snap, next);
        }
    }

    /// Goes to the run when one opens, and forgets what belonged to the one before. Whether another run is on show.
    fn follow(&mut self, ui: &Ui, snap: &Snapshot) -> bool {
        let other = self.turn_to(snap);
        self.lead.closed(snap, &mut self.view);
        self.shared(ui, snap);
        // A colleague's words were understood: the draft of them has done its work.
        let colleagues = snap.situation.colleagues.len();
        if colleagues > std::mem::replace(&mut self.colleagues, colleagues) {
            self.view.sighting.clear();
        }
        // It was closed while this was asked: nothing can be said in a sealed record.
        let closed = snap.run.as_ref().filter(|r| r.closed.is_some()).map(|r| &r.id);
        let over = |a: &mut Ask| a.make.needs_an_open_run() && a.run.as_ref().is_some_and(|r| Some(r) == closed);
        if let Some(ask) = self.view.ask.take_if(over) {
            self.view.drafts.keep(&ask);
        }
        let newest = snap.activity.last().map(|a| a.at);
        if newest != self.seen {
            self.seen = newest;
            self.view.said = None;
        }
        other
    }

    fn turn_to(&mut self, snap: &Snapshot) -> bool {
        let run = snap.run.as_ref().map(|r| r.id.clone());
        if run != self.run {
            // Who looks on, or is asked by somebody else, stays there.
            let elsewhere = matches!(self.view.screen, Screen::Commander | Screen::Approve) && self.run.is_some();
            if run.is_some() && !elsewhere {
                self.view.screen = Screen::Run;
            }
            self.lead.turned(run.is_some());
            self.view.selected = None;
            self.run = run;
            return true;
        }
        false
    }

    pub(super) fn act(&mut self, ui: &Ui, snap: &Snapshot, act: Act) {
        match act {
            Act::Do(intent) => self.perform(ui, snap, intent),
            Act::Send(command) => self.say_to_desk(command),
            Act::Go(screen) => self.go(screen, snap),
            Act::Ask(ask) => self.view.ask = Some(ask),
            Act::Select(id) => {
                self.view.selected = snap.run.as_ref().filter(|r| r.current.as_ref() != Some(&id)).map(|_| id);
                if !self.view.wide || self.view.column == super::view::Column::Timeline {
                    self.view.column = super::view::Column::Step;
                }
                self.view.focus_step = true;
            }
            Act::Action(index) => self.action(snap, index),
            Act::Copy(text, what) => self.copy(ui, text, what),
            Act::Say(text) => self.view.said = Some(text),
            Act::Looks(looks) => {
                self.view.looks = looks;
                ui.ctx().set_theme(looks);
            }
            Act::Choose { folder } => self.choose(folder),
            Act::Browse(how) => self.browse(ui, how),
            Act::SavePicture(step) => self.save_picture(step),
            Act::Open(path) => {
                self.view.screen = Screen::Runbooks;
                self.say_to_desk(Command::OpenPath(path));
            }
        }
    }

    pub(super) fn say_to_desk(&mut self, command: Command) {
        if let Command::Watch(WatchIntent::TakeSighting(text)) = &command {
            self.view.sighting.clone_from(text);
        }
        self.lead.said(&command, &self.view);
        // The run in this frame's picture; a dialog brings its own.
        self.view.said = if (self.send)(command.of(self.run.as_deref())) {
            None
        } else {
            Some("Not sent: Lifeboat is still busy with what came before. Try again in a moment.".to_owned())
        };
    }

    /// The system's own dialog, on a thread of its own: it stays open for as long as the person looks around.
    fn choose(&mut self, folder: bool) {
        self.view.screen = Screen::Runbooks;
        let send = self.send.clone();
        std::thread::spawn(move || {
            let dialog = rfd::FileDialog::new().set_title("Open runbooks or plans");
            let chosen =
                if folder { dialog.pick_folder() } else { dialog.add_filter("Runbooks", &["ron"]).pick_file() };
            if let Some(path) = chosen {
                send(Command::OpenPath(path));
            }
        });
    }

    /// Asks for the block for colleagues; it goes into the clipboard when it is written.
    fn share(&mut self, snap: &Snapshot) {
        self.view.situation.awaited = Some(snap.situation.share.clone());
        self.say_to_desk(Command::Watch(WatchIntent::ShareSighting));
        self.view.said.get_or_insert_with(|| "Writing down what this laptop sees …".to_owned());
    }

    /// Takes the block for colleagues that was asked for.
    fn shared(&mut self, ui: &Ui, snap: &Snapshot) {
        let (Some(before), Some(block)) = (&self.view.situation.awaited, &snap.situation.share) else { return };
        if before.as_ref().is_some_and(|b| Arc::ptr_eq(b, block)) {
            return;
        }
        self.view.situation.awaited = None;
        self.copy(ui, block.to_string(), "What this laptop sees");
    }

    /// Something on the Situation screen is singled out, which Escape gives back.
    pub(super) fn narrowed(&self) -> bool {
        match self.view.screen {
            Screen::Situation => self.view.situation.narrowed(),
            Screen::Audit => self.view.audit.detail,
            _ => false,
        }
    }

    /// Tells the desk when nobody can see the window, and when somebody can again.
    fn look(&mut self, ctx: &egui::Context) {
        let hidden = ctx.input(|i| {
            let v = i.viewport();
            v.minimized == Some(true) || v.occluded == Some(true) || v.focused == Some(false)
        });
        // Whoever looks at the commander's window sees it as well.
        let hidden = hidden && !self.view.projector.load(std::sync::atomic::Ordering::Relaxed);
        if hidden != self.hidden && (self.send)(Command::Watch(WatchIntent::Hidden(hidden))) {
            self.hidden = hidden;
        }
    }

    pub(super) fn copy(&mut self, ui: &Ui, text: String, what: &str) {
        ui.ctx().output_mut(|o| o.commands.push(OutputCommand::CopyText(text)));
        self.view.said = Some(format!("{what} is in the clipboard"));
    }

    /// An action of the step on show: at once, or through the dialog it needs.
    fn action(&mut self, snap: &Snapshot, index: usize) {
        let Some(run) = snap.run.as_ref() else { return };
        let Some((card, action)) = self.view.action(run, index) else { return };
        let refused = action.refused.as_ref().or(run.read_only.as_ref()).or(run.papers.handed_over.as_ref());
        if let Some(why) = refused {
            self.view.said = Some(why.clone());
            return;
        }
        match step_command(card, action) {
            Ok(command) => self.say_to_desk(command),
            Err(ask) => self.view.ask = Some(*ask),
        }
    }

    /// Who comes to the Audit screen wants to read: the record shown before, made fresh, or the newest run's.
    fn go(&mut self, screen: Screen, snap: &Snapshot) {
        self.view.screen = screen;
        let shown = snap.audit.shown.as_ref().map(|r| &r.run);
        let newest = snap.audit.runs.iter().find(|r| r.kept.disposed.is_none()).map(|r| &r.id);
        if let (Screen::Audit, Some(run)) = (screen, shown.or(newest)) {
            self.say_to_desk(Command::ShowRecord(run.clone()));
        }
    }

    fn perform(&mut self, ui: &Ui, snap: &Snapshot, intent: Intent) {
        if !intent::available(intent, snap, &self.view) {
            return;
        }
        let run = snap.run.as_deref();
        match intent {
            Intent::Go(screen) => self.go(screen, snap),
            Intent::Confirm if self.view.screen == Screen::Situation => {
                if let Some(r) = situation::unfinished(snap) {
                    self.say_to_desk(Command::OpenRun(r.id.clone()));
                    return;
                }
                self.perform(ui, snap, if start::wanted(snap) { Intent::TryRehearsal } else { Intent::OpenPlan });
            }
            Intent::Confirm if self.view.screen == Screen::Recovery => self.recover(ui, snap),
            Intent::Confirm if self.view.screen == Screen::Rehearse => {
                match rehearse::confirm(&mut self.view.rehearse, snap) {
                    Ok(act) => act.into_iter().for_each(|act| self.act(ui, snap, act)),
                    Err(why) => self.view.said = Some(why),
                }
            }
            Intent::Confirm if self.view.screen == Screen::Audit => match audit::confirm(&mut self.view.audit, snap) {
                Ok(command) => command.into_iter().for_each(|c| self.say_to_desk(c)),
                Err(why) => self.view.said = Some(why),
            },
            Intent::Change if self.view.screen == Screen::Approve => self.approve(ui, snap),
            Intent::Change | Intent::Confirm if self.view.screen != Screen::Run => self.start(snap, intent),
            Intent::Change
            | Intent::Confirm
            | Intent::ByHand
            | Intent::Skip
            | Intent::Retry
            | Intent::Undo
            | Intent::Preview
            | Intent::Check
            | Intent::SecondPerson
            | Intent::Nth(_) => {
                // Nothing is done for a step whose changes and guards are out of sight.
                if self.view.step_hidden() {
                    self.view.column = Column::Step;
                    self.view.said = Some("Here is the step; press again to do it".to_owned());
                    return;
                }
                if let Some(index) = intent::action_index(intent, snap, &self.view) {
                    self.action(snap, index);
                }
            }
            Intent::StepUp => self.step(snap, -1),
            Intent::StepDown => self.step(snap, 1),
            Intent::StepCurrent if self.view.screen == Screen::Situation => {
                let command = self.view.situation.select(None);
                self.say_to_desk(command);
            }
            Intent::StepCurrent => {
                self.view.selected = None;
                self.view.focus_step = true;
            }
            Intent::CopyByHand => {
                if let Some(card) = run.and_then(|r| self.view.card(r)) {
                    let lines = if card.by_hand_now.is_empty() { &card.by_hand } else { &card.by_hand_now };
                    self.copy(ui, lines.join("\n"), "The command");
                }
            }
            Intent::Note => self.view.ask = Some(Ask::note()),
            Intent::Impact => self.view.ask = Some(Ask::impact()),
            Intent::Abort => self.view.ask = Some(Ask::abort()),
            Intent::Close => self.view.ask = run.map(Ask::close),
            Intent::Pause if run.is_some_and(|r| r.paused.is_some()) => self.say_to_desk(Command::Resume),
            Intent::Pause => self.view.ask = Some(Ask::pause()),
            Intent::Jump => self.say_to_desk(Command::JumpToNextEvent),
            Intent::Faster | Intent::Slower => {
                let speed = other_speed(snap.clock.speed(), intent == Intent::Faster);
                self.say_to_desk(Command::SetSpeed(speed));
            }
            Intent::StepClock(minutes) => {
                self.say_to_desk(Command::StepClock(Millis::from_mins(u64::from(minutes))));
            }
            Intent::Facilitator if self.lead.room.is_open() => self.lead.room.set_open(false),
            Intent::Facilitator => self.view.ask = Some(Ask::facilitator()),
            Intent::Freeze if run.is_none_or(|r| r.closed.is_some()) => {
                self.view.said = Some(situation::NO_RECORD.to_owned());
            }
            Intent::Freeze => self.say_to_desk(Command::FreezeHealth),
            Intent::NextRegion | Intent::RegionBefore if self.view.screen == Screen::Rehearse => {
                rehearse::turn(&mut self.view.rehearse, intent == Intent::NextRegion);
            }
            Intent::NextRegion | Intent::RegionBefore if self.view.screen == Screen::Audit => {
                self.view.audit.turn(intent == Intent::NextRegion);
            }
            Intent::NextRegion | Intent::RegionBefore => {
                self.view.situation.step_region(&snap.situation, intent == Intent::NextRegion);
            }
            Intent::Pin => {
                if let Some(act) = situation::toggle_pin(&snap.situation, &self.view.situation) {
                    self.act(ui, snap, act);
                }
            }
            Intent::Order => self.view.situation.listed = !self.view.situation.listed,
            Intent::LookBack(span) => {
                let command = self.view.situation.look_back(span);
                self.say_to_desk(command);
            }
            Intent::Sighting => self.view.ask = Some(Ask::sighting(&self.view.sighting)),
            Intent::Share => self.share(snap),
            Intent::Degraded => {
                self.say_to_desk(Command::Degraded { step: None, on: run.is_some_and(|r| !r.degraded) });
            }
            Intent::DegradedStep => {
                if let Some((card, on)) = run.and_then(|r| self.view.card(r)).and_then(|c| Some((c, c.degraded?))) {
                    self.say_to_desk(Command::Degraded { step: Some(card.id.clone()), on: !on });
                }
            }
            Intent::Leave => self.say_to_desk(Command::LeaveRun),
            Intent::RetryJournal => self.say_to_desk(Command::RetryJournal),
            Intent::OpenPlan => {
                if let Some(plan) = snap.situation.open_plan.clone() {
                    self.view.screen = Screen::Runbooks;
                    self.say_to_desk(Command::PreviewPlan { plan, strategy: None });
                }
            }
            Intent::ReadDeleted => {
                self.view.screen = Screen::Recovery;
                self.say_to_desk(Command::ReadDeleted);
            }
            Intent::TryRehearsal => self.say_to_desk(start::first_rehearsal()),
            Intent::Language => {
                self.view.screen = Screen::Runbooks;
                self.view.library.language = true;
            }
            Intent::OpenPath => {
                self.view.screen = Screen::Runbooks;
                self.view.focus_field = true;
            }
            Intent::Trust => self.view.ask = snap.library.preview.as_deref().map(Ask::trust),
            Intent::Filter => {
                if self.view.screen == Screen::Rehearse {
                    self.view.rehearse.part = rehearse::Part::Scenarios;
                }
                self.view.audit.part = audit::Part::Entries;
                self.view.focus_field = true;
            }
            Intent::PageUp => self.view.scroll_pages = 1.0,
            Intent::PageDown => self.view.scroll_pages = -1.0,
            Intent::Looks(looks) => {
                self.view.looks = looks;
                ui.ctx().set_theme(looks);
            }
            Intent::Palette => self.view.palette = Some(Palette::default()),
            Intent::Help => self.view.help = true,
            Intent::Back if snap.notice.is_some() => self.say_to_desk(Command::DismissNotice),
            Intent::Back if self.view.screen == Screen::Audit => self.view.audit.detail = false,
            Intent::Back => {
                if let Some(command) = self.view.situation.widen() {
                    self.say_to_desk(command);
                }
            }
            other => self.of_the_run(ui, snap, other),
        }
        // What these change was drawn already in this frame.
        ui.ctx().request_repaint();
    }

    /// The recovery of the row on show begins as a plan; without a board there is one to be read first.
    fn recover(&mut self, ui: &Ui, snap: &Snapshot) {
        match recovery::chosen(&self.view.board, snap) {
            Some(row) => {
                self.view.screen = Screen::Runbooks;
                self.view.library.language = false;
                self.say_to_desk(Command::Recover(row.id.clone()));
            }
            None => self.perform(ui, snap, Intent::ReadDeleted),
        }
    }

    /// The primary action of the screens that start something.
    fn start(&mut self, snap: &Snapshot, intent: Intent) {
        let command = match (self.view.screen, &snap.library.preview) {
            (Screen::Runbooks, Some(p)) if p.trust.blocks => {
                self.view.said = Some(runbooks::trust::TRUST_FIRST.to_owned());
                return;
            }
            (Screen::Runbooks, Some(p)) if intent == Intent::Change => {
                self.view.ask = Some(Ask::live(p, snap.clock.now().utc));
                return;
            }
            (Screen::Runbooks, Some(p)) => {
                Command::StartRun { plan: p.name.clone(), strategy: Some(p.strategy), dry_run: true }
            }
            _ => return,
        };
        self.say_to_desk(command);
    }

    /// The step above or below; on the Audit screen the entry.
    fn step(&mut self, snap: &Snapshot, by: isize) {
        if self.view.screen == Screen::Audit {
            if let Some(record) = &snap.audit.shown {
                audit::move_selection(&mut self.view.audit, record, by > 0);
            }
            return;
        }
        if self.view.screen == Screen::Recovery {
            recovery::move_selection(&mut self.view.board, snap, by > 0);
            return;
        }
        if self.view.screen == Screen::Rehearse {
            rehearse::step(&mut self.view.rehearse, snap, by > 0);
            return;
        }
        if self.view.screen == Screen::Situation {
            if let Some(command) = self.view.situation.step(&snap.situation, by > 0) {
                self.say_to_desk(command);
            }
            return;
        }
        let Some(run) = snap.run.as_ref() else { return };
        let ids: Vec<&String> = run.phases.iter().flat_map(|p| &p.steps).map(|s| &s.id).collect();
        let now = self.view.card(run).and_then(|c| ids.iter().position(|id| **id == c.id)).unwrap_or(0);
        let next = now.saturating_add_signed(by).min(ids.len().saturating_sub(1));
        if let Some(id) = ids.get(next) {
            self.view.selected = (run.current.as_ref() != Some(*id)).then(|| (*id).clone());
            self.view.focus_step = true;
        }
    }

    fn remember(&mut self, ui: &Ui) {
        self.memory.looks = self.view.looks;
        self.memory.screen = self.view.screen;
        self.memory.facilitator = self.lead.room.placed().or(self.memory.facilitator);
        ui.input(|i| {
            let v = i.viewport();
            self.memory.maximised = v.maximized.unwrap_or(false);
            if !self.memory.maximised {
                self.memory.size = v.inner_rect.map(|r| (r.width(), r.height())).or(self.memory.size);
                self.memory.position = v.outer_rect.map(|r| (r.left(), r.top())).or(self.memory.position);
            }
        });
    }
}

/// A repaint of one of the windows, now.
pub(super) fn wake(ctx: &egui::Context, window: egui::ViewportId) {
    ctx.request_repaint_of(window);
}

/// A repaint at the next visible change, and not before.
pub(super) fn wake_in(ui: &Ui, snap: &Snapshot, next: Millis) {
    let speed = match snap.clock.speed() {
        crate::clock::Speed::Times(0) => return,
        crate::clock::Speed::Times(n) => u64::from(n),
        crate::clock::Speed::Max => 1,
    };
    // A fast rehearsal shows every tenth second rather than repaint sixty times in one.
    let real = (next.0 / speed).max(if speed > 1 { 500 } else { 0 });
    ui.ctx().request_repaint_after(Duration::from_millis(real + 5));
}

/// The command of a step's action, or the dialog that has to come before it.
fn step_command(card: &StepCard, action: &ActionView) -> Result<Command, Box<Ask>> {
    match Ask::action(card, action) {
        Some(ask) => Err(Box::new(ask)),
        None => Ok(Command::Step(card.id.clone(), action.intent.clone())),
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.look(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        memory::save(&self.file, &self.memory);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
