//! What the operator wants of the run as a whole, what two people want of each other, and the commander's window: from
//! intents to dialogs and commands.

use std::sync::atomic::Ordering;

use eframe::egui::{Ui, ViewportBuilder, ViewportCommand, ViewportId};

use super::app::{App, wake, wake_in};
use super::ask::{Ask, Browse};
use super::intent::{self, Intent};
use super::screens::{audit, commander};
use super::view::{Column, Cx, Screen};
use crate::desk::protocol::{ApprovalIntent, Command, RunIntent};
use crate::desk::snapshot::Snapshot;
use crate::runbook::model::StepId;

impl App {
    /// Intents of the run as a whole and of the second person.
    pub(super) fn of_the_run(&mut self, ui: &Ui, snap: &Snapshot, intent: Intent) {
        let run = snap.run.as_deref();
        let card = run.and_then(|r| self.view.card(r)).map(|c| &**c);
        let asked = intent::on_run_asked(snap, &self.view);
        match intent {
            Intent::Papers => {
                let shown = self.view.column == Column::Papers;
                self.view.column = if shown { Column::Step } else { Column::Papers };
            }
            Intent::Timeline => {
                let shown = self.view.column == Column::Timeline;
                self.view.column = if shown { Column::Step } else { Column::Timeline };
            }
            Intent::Audit(key) => {
                if let Some(command) = audit::press(key, &mut self.view, snap) {
                    self.say_to_desk(command);
                }
            }
            Intent::Ledger => self.view.ask = Some(Ask::ledger()),
            Intent::Loss => self.view.ask = Some(Ask::loss()),
            Intent::EvidenceText => self.view.ask = Some(Ask::evidence(card)),
            Intent::EvidenceFile => {
                let step = card.map(|c| c.id.clone());
                self.in_background("Add evidence", move |dialog| {
                    let path = dialog.pick_file()?;
                    Some(Command::Run(RunIntent::EvidenceFile { step, path }))
                });
            }
            Intent::Finding => self.view.ask = Some(Ask::finding()),
            Intent::Corrective => self.view.ask = run.map(Ask::corrective),
            Intent::SignOff => self.view.ask = Some(Ask::sign_off()),
            Intent::Post => self.view.ask = snap.checkpoint.as_ref().map(Ask::posted),
            Intent::Tell => self.view.ask = Some(Ask::tell()),
            Intent::Declare => self.view.ask = Some(Ask::declare()),
            Intent::Rate => self.view.ask = run.map(Ask::rate),
            Intent::Vouch => self.view.ask = run.map(Ask::vouch),
            Intent::BreakGlass => self.view.ask = card.and_then(Ask::break_glass),
            Intent::TakeBackTo => self.view.ask = run.zip(card).map(|(r, c)| Ask::take_back_to(r, c)),
            Intent::StopTakingBack => self.say_to_desk(Command::Run(RunIntent::StopTakingBack)),
            Intent::HandOver => {
                let others = snap.approvals.roster.iter().filter(|r| !r.own).map(|r| r.name.clone());
                self.view.ask = run.map(|r| Ask::hand_over(r, &others.collect::<Vec<_>>()));
            }
            Intent::TakeRunBack => self.view.ask = run.map(Ask::take_run_back),
            Intent::TakeOver => self.view.ask = Some(Ask::take_over()),
            Intent::NextRun => {
                let all = &snap.open_runs;
                let at = all.iter().position(|r| r.shown).map_or(0, |i| i + 1);
                if let Some(next) = all.get(at).or(all.first()) {
                    self.say_to_desk(Command::Run(RunIntent::Focus(next.id.clone())));
                }
            }
            Intent::CopyRequest => match (asked, snap.approvals.request.as_ref().and_then(|r| r.answer.as_ref())) {
                (Some(asked), _) => self.copy(ui, asked.block.to_string(), "The request"),
                (None, Some(answer)) => self.copy(ui, answer.to_string(), "The answer"),
                (None, None) => {}
            },
            Intent::TakeAnswer => {
                self.view.column = Column::Step;
                self.view.focus_field = true;
            }
            Intent::Pictures => self.view.second.large = true,
            Intent::SameDevice => self.view.ask = asked.map(Ask::same_device),
            Intent::Withdraw => {
                if let Some((step, nonce)) = asked.map(|a| (a.step.clone(), a.nonce.clone())) {
                    self.say_to_desk(Command::Approval(ApprovalIntent::Withdraw { step, nonce }));
                }
            }
            Intent::OpenPictures => {
                self.view.screen = Screen::Approve;
                self.in_background("Open the pictures of a request", |dialog| {
                    let paths = dialog.add_filter("Pictures", &["png", "jpg", "jpeg"]).pick_files()?;
                    Some(Command::Approval(ApprovalIntent::ReadPictures(paths)))
                });
            }
            Intent::Refuse => self.view.ask = Some(Ask::refuse()),
            Intent::PutAway => self.say_to_desk(Command::Approval(ApprovalIntent::PutAway)),
            Intent::Projector => {
                self.view.projector.fetch_xor(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// Yes, as the second person, once what has to be typed is typed.
    pub(super) fn approve(&mut self, ui: &Ui, snap: &Snapshot) {
        let Some(request) = snap.approvals.request.as_deref() else { return };
        if !self.view.approve.can_be_meant(request, ui.input(|i| i.time)) {
            self.view.said = Some("This request has just appeared: read it, then approve it.".to_owned());
            return;
        }
        let typed = self.view.approve.typed.trim().to_owned();
        if request.typed_name.as_ref().is_some_and(|name| *name != typed) {
            self.view.said = Some("Type the name of what is changed first.".to_owned());
            self.view.focus_field = true;
            return;
        }
        let typed = request.typed_name.as_ref().map(|_| typed);
        self.say_to_desk(Command::Approval(ApprovalIntent::Approve { request: request.id.clone(), typed }));
    }

    /// The system's dialog, on a thread of its own; what it comes to goes to the desk.
    fn in_background(
        &self,
        title: &'static str,
        ask: impl FnOnce(rfd::FileDialog) -> Option<Command> + Send + 'static,
    ) {
        let (send, run) = (self.send.clone(), self.run.clone());
        std::thread::spawn(move || {
            if let Some(command) = ask(rfd::FileDialog::new().set_title(title)) {
                send(command.of(run.as_deref()));
            }
        });
    }

    /// The system's dialog for a path of the dialog that is open.
    pub(super) fn browse(&self, ui: &Ui, how: Browse) {
        let (picked, ctx) = (self.view.picked.clone(), ui.ctx().clone());
        std::thread::spawn(move || {
            let dialog = rfd::FileDialog::new();
            let path = match how {
                Browse::Open => dialog.set_title("Open a file").pick_file(),
                Browse::Save => dialog.set_title("Write a file").save_file(),
            };
            if let (Some(path), Ok(mut place)) = (path, picked.lock()) {
                *place = Some(path);
            }
            wake(&ctx, ViewportId::ROOT);
        });
    }

    /// Writes the request of a step as pictures.
    pub(super) fn save_picture(&self, step: StepId) {
        self.in_background("Save the request as a picture", move |dialog| {
            let file = dialog.set_file_name("request.png").save_file()?;
            Some(Command::Approval(ApprovalIntent::SavePicture { step, file }))
        });
    }

    /// The commander's window: it draws by itself from the newest picture, and changes nothing.
    pub(super) fn projector(&self, ui: &Ui) {
        if !self.view.projector.load(Ordering::Relaxed) {
            return;
        }
        let id = ViewportId::from_hash_of("commander");
        let builder = ViewportBuilder::default()
            .with_title("Lifeboat: commander")
            .with_app_id("lifeboat")
            .with_icon(super::icon::lifebuoy())
            .with_inner_size([1280.0, 720.0])
            .with_min_inner_size(super::SMALLEST);
        let (snapshots, open) = (self.snapshots.clone(), self.view.projector.clone());
        let ctx = ui.ctx();
        ctx.show_viewport_deferred(id, builder, move |ui, _| {
            let snap = snapshots.borrow().clone();
            let cx = Cx::new(&snap, snap.clock.now());
            commander::window(ui, &cx);
            let (close, full) = commander::keys(ui);
            if full {
                let now = ui.input(|i| i.viewport().fullscreen.unwrap_or(false));
                ui.ctx().send_viewport_cmd(ViewportCommand::Fullscreen(!now));
            }
            if close || ui.input(|i| i.viewport().close_requested()) {
                open.store(false, Ordering::Relaxed);
                wake(ui.ctx(), ViewportId::ROOT);
            }
            if let (_, Some(next)) = cx.finish() {
                wake_in(ui, &snap, next);
            }
        });
        // Whatever woke this window may have changed what that one shows.
        if !ctx.embed_viewports() {
            wake(ctx, id);
        }
    }
}
