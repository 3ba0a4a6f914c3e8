//! The runs that are open here: which one is on show, and what concerns one as a whole.
//!
//! Commands go to the one on show. The others go on beside it: whoever works for one of them puts it in front for a
//! moment, so that everything else in this room knows of one open run only.

use super::DeskError;
use super::protocol::RunIntent;
use super::snapshot::{Mode, OpenRun};
use super::supervisor::{Desk, Open};
use super::view::{papers, run};
use crate::plan::model::Plan;
use crate::run::command::Command as Order;

/// Runs open at one time: each asks its own endpoints, and one person follows no more.
pub const MAX_OPEN: usize = 4;
/// Held while a run is begun, so that two processes do not begin the same one.
const BEGINNING: &str = "beginning.lock";

/// Whether it works on the Azure that is connected, and does not only read.
fn acts(o: &Open) -> bool {
    o.session.epoch.is_none() && matches!(o.session.mode, Mode::Live | Mode::Rehearsal)
}

impl Desk {
    /// Something about an open run as a whole.
    pub(super) async fn run_intent(&mut self, intent: RunIntent) -> Result<(), DeskError> {
        match intent {
            RunIntent::Ledger(text) => self.order(Order::Ledger(text)),
            RunIntent::Loss(kind, text) => self.order(Order::Loss(kind, text)),
            RunIntent::Finding(text) => self.order(Order::Finding(text)),
            RunIntent::Corrective { text, owner, due } => self.order(Order::Corrective { text, owner, due }),
            RunIntent::Rate(severity, cause) => self.order(Order::Rate(severity, cause)),
            RunIntent::Vouch(vouched) => self.order(Order::Vouch(vouched)),
            RunIntent::Declare(told) => self.order(Order::Declaration(*told)),
            RunIntent::Tell(about, who, what) => self.order(Order::Tell(about, who, what)),
            RunIntent::SignOff { role, statement } => self.order(Order::SignOff { role, statement }),
            RunIntent::Posted { note, place } => self.posted(&note, &place),
            RunIntent::EvidenceText { step, name, text } => self.evidence_text(step, &name, &text),
            RunIntent::EvidenceFile { step, path } => self.evidence_file(step, &path),
            RunIntent::HandOver { file, to, lock } => self.hand_over(&file, &to, lock).await,
            RunIntent::TakeRunBack { reason } => self.take_run_back(&reason).await,
            RunIntent::TakeOver { file, passphrase } => self.take_over(&file, passphrase).await,
            RunIntent::BreakGlass { step, guard, reason } => self.break_glass(&step, guard, reason),
            RunIntent::Focus(id) => self.focus(&id),
            RunIntent::TakeBackTo(step) => self.take_back_to(&step),
            RunIntent::StopTakingBack => {
                self.opened()?.taking_back = None;
                Ok(())
            }
        }
    }

    /// All open runs, the one on show first.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Open> {
        self.open.iter().chain(&self.others).map(|o| &**o)
    }

    /// All runs that are open here, for the picture; those that need the operator first, behind the one on show.
    pub(super) fn open_runs(&self) -> Vec<OpenRun> {
        let shown = self.open.as_ref().map(|o| o.number);
        let mut all: Vec<OpenRun> = self
            .runs()
            .filter(|o| o.session.run.open())
            .map(|o| OpenRun {
                id: o.session.id.clone(),
                short: run::short(&o.session.id),
                title: o.session.run.start.as_ref().map_or_else(String::new, |s| s.title.clone()),
                mode: o.session.mode,
                waits: papers::waits(&o.session.run),
                calls: papers::calls(&o.session.run) || o.session.read_only().is_some(),
                shown: Some(o.number) == shown,
            })
            .collect();
        all.sort_by_key(|o| (!o.shown, !o.calls));
        all
    }

    /// Does the same for every open run; once also when none is open.
    pub(super) fn each_run(&mut self, mut work: impl FnMut(&mut Self)) {
        work(self);
        for i in 0..self.others.len() {
            self.behind(i, &mut work);
        }
    }

    /// Works for a run beside the one on show. The work opens, leaves and shows none.
    pub(super) fn behind<T>(&mut self, i: usize, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        std::mem::swap(self.open.as_mut()?, self.others.get_mut(i)?);
        let was = std::mem::replace(&mut self.aside, true);
        let out = work(self);
        self.aside = was;
        if let (Some(other), Some(shown)) = (self.open.as_mut(), self.others.get_mut(i)) {
            std::mem::swap(other, shown);
        }
        Some(out)
    }

    /// Says once that a run beside the one on show needs the operator now.
    pub(super) fn call(&mut self) {
        self.others.retain(|o| o.session.run.open() || o.on_its_way().is_some());
        for i in 0..self.others.len() {
            let o = &mut self.others[i];
            let calls = papers::calls(&o.session.run);
            let news = calls && !o.called;
            o.called = calls;
            if news {
                let text = papers::waits(&o.session.run);
                self.behind(i, |desk| desk.say(text));
            }
        }
    }

    /// Whether a further run can be opened; `rehearsal`: one with an Azure and a clock of its own.
    pub(super) fn room(&self, rehearsal: bool) -> Result<(), DeskError> {
        if self.open.as_ref().is_some_and(|o| !o.session.works()) {
            // It makes way, and what it sent must not be left without its answer.
            self.nothing_on_its_way()?;
        }
        let open: Vec<&Open> = self.runs().filter(|o| o.session.works()).collect();
        if let Some(o) = open.iter().find(|o| rehearsal || o.session.epoch.is_some()) {
            let id = run::short(&o.session.id);
            return Err(if o.session.epoch.is_some() { DeskError::RehearsalOpen(id) } else { DeskError::NotAlone(id) });
        }
        if open.len() >= MAX_OPEN { Err(DeskError::TooMany(open.len())) } else { Ok(()) }
    }

    /// Refuses a run of a plan that has a live run already, open here or left open on the disk. What was practised on a
    /// simulated Azure does not stand in the way of a real one.
    pub(super) fn no_live_run_of(&mut self, plan: &Plan, simulated: bool) -> Result<(), DeskError> {
        self.refresh_runs();
        let mode = if simulated { Mode::Rehearsal } else { Mode::Live };
        match self.past.live(&plan.id, mode) {
            Some(run) => Err(DeskError::Live { run, plan: plan.id.clone(), dir: self.options.home.runs() }),
            None => Ok(()),
        }
    }

    /// Refuses to take a run up beside another one of its plan that is at work, here or in another process. One that only
    /// lies on the disk is no obstacle: otherwise neither of two could ever be taken up, and ended.
    pub(super) fn alone_with_its_plan(&self, plan: &Plan, own: &str, mode: Mode) -> Result<(), DeskError> {
        let same =
            |o: &&Open| o.session.run.open() && acts(o) && o.session.run.plan.as_ref().is_some_and(|p| p.id == plan.id);
        let here = self.runs().find(same).map(|o| o.session.id.clone());
        let runs = self.options.home.runs();
        let held = |id: &&str| matches!(self.options.disk.try_lock(&runs.join(id).join("lock")), Ok(None));
        let elsewhere = || self.past.all_live(&plan.id, mode).filter(|id| *id != own).find(held).map(str::to_owned);
        match here.or_else(elsewhere) {
            Some(id) => Err(DeskError::Live { run: run::short(&id), plan: plan.id.clone(), dir: runs }),
            None => Ok(()),
        }
    }

    /// Held from the look at what is live to the first record of a new run. A folder that cannot be locked cannot be
    /// written either, which the run's journal says better.
    pub(super) fn beginning(&self) -> Result<Option<Box<dyn crate::journal::Lock>>, DeskError> {
        match self.options.disk.try_lock(&self.options.home.runs().join(BEGINNING)) {
            Ok(None) => Err(DeskError::Beginning),
            Ok(held) => Ok(held),
            Err(_) => Ok(None),
        }
    }

    /// Shows another of the open runs.
    pub(super) fn focus(&mut self, id: &str) -> Result<(), DeskError> {
        let is = |o: &Open| o.session.id == id || run::short(&o.session.id).eq_ignore_ascii_case(id);
        if self.open.as_deref().is_some_and(is) {
            return Ok(());
        }
        let i = self.others.iter().position(|o| is(o)).ok_or_else(|| DeskError::NotOpen(id.to_owned()))?;
        let next = self.others.remove(i);
        self.put_aside();
        self.show(next);
        Ok(())
    }

    fn show(&mut self, mut o: Box<Open>) {
        o.task = Some(o.session.clock.task());
        o.called = false;
        self.open = Some(o);
    }

    /// The one on show goes on beside the next one; what has ended is put away.
    pub(super) fn put_aside(&mut self) {
        let Some(mut o) = self.open.take() else { return };
        if o.session.works() || o.on_its_way().is_some() {
            // Only the one on show keeps a clock still.
            o.task = None;
            o.called = papers::calls(&o.session.run);
            self.others.push(o);
        }
    }

    /// After the one on show was left: the one that was shown before it, else the watch.
    pub(super) async fn show_another(&mut self) -> Result<(), DeskError> {
        match self.others.pop() {
            Some(next) if self.open.is_none() => {
                self.show(next);
                Ok(())
            }
            Some(next) => {
                self.others.push(next);
                Ok(())
            }
            None if self.open.is_none() && self.idle.is_none() => self.watch_idle().await,
            None => Ok(()),
        }
    }

    /// Leaves the run on show; it stays open on the disk.
    pub(super) async fn leave(&mut self) -> Result<(), DeskError> {
        // Whoever takes the run up would read back too early, and might send again.
        self.nothing_on_its_way()?;
        self.open = None;
        self.refresh_runs();
        self.show_another().await
    }
}
