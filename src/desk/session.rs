//! One open run: its state, its journal, and the only way anything is added to it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::journal::{Disk, Header, Journal, JournalError, new_id, this_app};
use crate::record::client_request_id;
use crate::rehearsal::scenario::Scenario;
use crate::run::command::{Command, Order};
use crate::run::decide::{Draft, decide};
use crate::run::effect::{self, Effect};
use crate::run::event::{Actor, Entry, Event, Mode, Reading};
use crate::run::state::Run;
use crate::runbook::model::StepId;
use crate::units::Millis;

use super::DeskError;
use super::preview::Preview;
use super::record;
use super::snapshot::Problem;

/// An open run.
pub struct Session {
    /// Run id.
    pub id: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Its state.
    pub run: Run,
    /// Its clock.
    pub clock: Clock,
    /// Its mode.
    pub mode: Mode,
    /// UTC ms of scenario time zero.
    pub epoch: Option<i64>,
    /// What is rehearsed.
    pub scenario: Option<Scenario>,
    /// Looks at steps.
    pub previews: HashMap<StepId, Preview>,
    /// What is going on.
    pub progress: HashMap<StepId, String>,
    /// Readings of a check in progress.
    pub live: HashMap<StepId, Vec<Reading>>,
    /// Refusals and failed looks.
    pub problems: HashMap<StepId, Problem>,
    journal: Option<Journal>,
    read_only: Option<String>,
    request_ids: HashMap<(StepId, u32), String>,
}

impl Session {
    /// A new run in its own folder, with an empty journal.
    pub fn create(
        disk: Arc<dyn Disk>,
        runs: &std::path::Path,
        mode: Mode,
        clock: Clock,
        epoch: Option<i64>,
        scenario: Option<Scenario>,
    ) -> Result<Self, DeskError> {
        let id = new_id()?;
        let dir = runs.join(&id);
        let header = Header::new(id.clone(), record::mode(mode), this_app(), device());
        let journal = Journal::create(disk, dir.clone(), header)?;
        Ok(Self::with(id, dir, Run::new(), clock, mode, epoch, scenario, Some(journal), None))
    }

    /// A run from its folder. Without a writable journal it is read only, and says why.
    pub fn open(disk: &Arc<dyn Disk>, dir: PathBuf) -> Result<Self, DeskError> {
        let read = crate::journal::read_run(disk.as_ref(), &dir)?;
        let mut epoch = None;
        let mut entries = Vec::with_capacity(read.len());
        let mut mode = Mode::Live;
        let mut id = String::new();
        for stored in &read {
            let body = &stored.body;
            id.clone_from(&body.run);
            let entry = record::entry(body, epoch).map_err(|e| DeskError::Record {
                seq: body.seq,
                kind: body.kind.as_str().to_owned(),
                why: e.to_string(),
            })?;
            if let Some(entry) = entry {
                if let Event::Started(s) = &entry.event {
                    mode = s.mode;
                    epoch = s.scenario.as_ref().map(|s| s.epoch);
                }
                entries.push(entry);
            }
        }
        let run = Run::replay(&entries)?;
        let header = Header::new(id.clone(), record::mode(mode), this_app(), device());
        let (journal, read_only) = if run.ended.is_some() {
            (None, None)
        } else {
            match Journal::open(disk.clone(), dir.clone(), header, None) {
                Ok(opened) => (Some(opened.journal), None),
                Err(e) => (None, Some(words(&e))),
            }
        };
        Ok(Self::with(id, dir, run, Clock::system(), mode, epoch, None, journal, read_only))
    }

    #[allow(clippy::too_many_arguments)]
    fn with(
        id: String,
        dir: PathBuf,
        run: Run,
        clock: Clock,
        mode: Mode,
        epoch: Option<i64>,
        scenario: Option<Scenario>,
        journal: Option<Journal>,
        read_only: Option<String>,
    ) -> Self {
        Self {
            id,
            dir,
            run,
            clock,
            mode,
            epoch,
            scenario,
            previews: HashMap::new(),
            progress: HashMap::new(),
            live: HashMap::new(),
            problems: HashMap::new(),
            journal,
            read_only,
            request_ids: HashMap::new(),
        }
    }

    /// Why nothing can be added.
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    /// Scenario time reached by the records.
    pub fn scenario_reached(&self) -> Option<Millis> {
        self.epoch.map(|e| Millis(u64::try_from(self.run.last_at - e).unwrap_or(0)))
    }

    /// The request id of an intent that this process made durable.
    pub fn request_id(&self, step: &str, n: u32) -> Option<&str> {
        self.request_ids.get(&(step.to_owned(), n)).map(String::as_str)
    }

    /// The only way anything is added: decided, made durable, applied; what it demands is returned.
    pub fn order(&mut self, actor: Actor, command: Command) -> Result<Vec<Effect>, DeskError> {
        let order = Order { actor, command };
        let drafts = decide(&self.run, &order)?;
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(why) = &self.read_only {
            return Err(DeskError::ReadOnly(why.clone()));
        }
        let Some(journal) = self.journal.as_mut() else {
            return Err(DeskError::ReadOnly("this run is closed".to_owned()));
        };
        let now = self.clock.now();
        let at = self.epoch.map(|_| now.mono);
        let plan = self.run.plan.as_ref().map(|p| (p.id.clone(), p.digest.clone()));
        let plan = plan.as_ref().map(|(id, d)| (id.as_str(), d.as_str()));
        let lines: Vec<_> = drafts
            .iter()
            .map(|d| record::line(d, self.mode, plan, target(&self.run, &drafts, d).as_deref(), at))
            .collect();
        let written = match journal.append(&lines) {
            Ok(w) => w,
            Err(e) => {
                let why = words(&e);
                self.read_only = Some(why.clone());
                return Err(DeskError::ReadOnly(why));
            }
        };
        let mut effects = Vec::new();
        for (d, w) in drafts.into_iter().zip(written) {
            let entry = Entry { at: now.utc, actor: d.actor, step: d.step, event: d.event };
            if let (Event::ActionIntended { n, .. }, Some(step)) = (&entry.event, &entry.step) {
                self.request_ids.insert((step.clone(), *n), client_request_id(&w.hash));
            }
            self.run.apply(&entry)?;
            effects.extend(effect::of(&self.run, &entry));
        }
        Ok(effects)
    }

    /// The disk may be well again.
    pub fn retry_journal(&mut self) {
        if let Some(j) = self.journal.as_mut() {
            self.read_only = j.try_again().err().map(|e| words(&e));
        }
    }

    /// Writes what marks the end of the record.
    pub fn seal(&mut self) {
        if let Some(j) = self.journal.as_mut() {
            // A run that cannot be sealed is still whole; the verifier says that its tail is not anchored.
            let _ = j.seal();
        }
    }
}

/// The ARM id a draft is about; the requests of a step that begins in the same batch are not in the state yet.
fn target(run: &Run, batch: &[Draft], d: &Draft) -> Option<String> {
    let n = match &d.event {
        Event::ActionIntended { n, .. }
        | Event::ActionAccepted { n, .. }
        | Event::ActionFinished { n, .. }
        | Event::ActionIndeterminate { n, .. }
        | Event::ActionReconciled { n, .. } => *n as usize,
        _ => return None,
    };
    let begun = batch.iter().filter(|b| b.step == d.step).find_map(|b| match &b.event {
        Event::StepStarted { changes, .. } => changes.get(n).map(|c| c.target.clone()),
        _ => None,
    });
    begun.or_else(|| run.step(d.step.as_deref()?)?.changes.get(n).map(|c| c.change.target.clone()))
}

/// This computer's name, until devices have keys.
fn device() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn words(e: &JournalError) -> String {
    let mut text = e.to_string();
    let mut source = std::error::Error::source(e);
    while let Some(s) = source {
        text.push_str(&format!(": {s}"));
        source = s.source();
    }
    text
}
