//! One open run: its state, its journal, and the only way anything is added to it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::journal::{Disk, Draft as Line, Header, Journal, JournalError, Signs, Unsafe, new_id, this_app};
use crate::record::{
    CHECKPOINT_MS, CHECKPOINT_RECORDS, Checkpoint, HELD, Hash, Kept, Kind, Read, RecordError, Stored, client_request_id,
};
use crate::rehearsal::scenario::Scenario;
use crate::run::command::{Command, Order};
use crate::run::decide::{Draft, Refusal, decide};
use crate::run::effect::{self, Effect};
use crate::run::event::{Actor, Entry, Event, Mode, Reading};
use crate::run::state::{ReplayError, Run};
use crate::runbook::model::{Risk, StepId};
use crate::units::Millis;

use super::anchors::Leaving;
use super::home::Home;
use super::hooks::{Before, Happened};
use super::preview::Preview;
use super::record;
use super::snapshot::Problem;
use super::{DeskError, chain};

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
    /// What is wrong with its record, found when it was opened.
    pub damage: Vec<String>,
    /// Looks at steps.
    pub previews: HashMap<StepId, Preview>,
    /// When it was begun, by the computer's clock (UTC ms).
    pub began: i64,
    /// How often something was recorded of each step in this process.
    pub touched: HashMap<StepId, u64>,
    /// What is going on.
    pub progress: HashMap<StepId, String>,
    /// Readings of a check in progress.
    pub live: HashMap<StepId, Vec<Reading>>,
    /// Refusals and failed looks.
    pub problems: HashMap<StepId, Problem>,
    /// What people outside may want to know and were not told yet. Only what this process records comes here: a record that
    /// is read again tells nobody.
    pub happened: Vec<Happened>,
    /// Checkpoints that may leave and have not yet: those of the beginning, of gates, before what cannot be taken back, and
    /// of the end.
    pub leaving: Vec<Checkpoint>,
    /// Those that did not arrive, and are sent once more with the next.
    pub unheld: Vec<Checkpoint>,
    journal: Option<Journal>,
    /// Records at the last checkpoint, and when it was written.
    sealed: (u64, Instant),
    /// It.
    latest: Option<Checkpoint>,
    /// Size and root of those that this process wrote.
    made: Vec<(u64, Hash)>,
    read_only: Option<String>,
    /// It is kept where it should not be.
    unsafe_home: Option<String>,
    request_ids: HashMap<(StepId, u32), String>,
}

impl Session {
    /// A new run in its own folder, with a journal in which at most stands why it is kept where it should not be.
    pub fn create(
        disk: Arc<dyn Disk>,
        (home, operator): (&Home, &Actor),
        mode: Mode,
        clock: Clock,
        epoch: Option<i64>,
        scenario: Option<Scenario>,
        signs: Option<Signs>,
    ) -> Result<Self, DeskError> {
        let despite = home.keeps()?;
        let id = new_id()?;
        let dir = home.run(&id);
        let mut journal = Journal::create(disk, dir.clone(), header(&id, mode, signs))?;
        if let Some((why, reason)) = &despite {
            let d = serde_json::json!({ "setting": "unsafe-home", "found": why.to_string(), "reason": reason });
            journal.append(&[Line::new(Kind::ConfigChange, record::mode(mode), record::actor(operator), d)])?;
        }
        let new = Replayed { id, run: Run::new(), mode, epoch, began: 0 };
        Ok(Self { scenario, unsafe_home: despite.map(words), ..Self::with(new, dir, clock, Some(journal)) })
    }

    /// A run from its folder. Without a writable journal it is read only, and says why. Closed runs are only read, and so
    /// are those that go on elsewhere: one more record here, and what comes back would not fit. A run that is known to be open
    /// in this mode is read and replayed once, which for a long one is most of the time it takes.
    pub fn open(
        disk: &Arc<dyn Disk>,
        home: &Home,
        dir: PathBuf,
        known: Option<Mode>,
        signs: Option<Signs>,
    ) -> Result<Self, DeskError> {
        match home.keeps() {
            Ok(despite) => Ok(Self { unsafe_home: despite.map(words), ..Self::opened(disk, dir, known, signs)? }),
            Err(e) => {
                let mut session = Replayed::read(disk.as_ref(), &dir)?.session(dir, None);
                session.read_only = session.run.ended.is_none().then(|| chain(&e));
                Ok(session)
            }
        }
    }

    fn opened(
        disk: &Arc<dyn Disk>,
        dir: PathBuf,
        known: Option<Mode>,
        signs: Option<Signs>,
    ) -> Result<Self, DeskError> {
        let name = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(mode) = known
            && let Ok(opened) = Self::written(disk, &dir, name, mode, signs.clone())
        {
            return Ok(opened.only_read());
        }
        let seen = Replayed::read(disk.as_ref(), &dir)?;
        if seen.run.handed_over.is_some() {
            return Ok(seen.session(dir, None).only_read());
        }
        Self::writable(disk, dir, seen, signs)
    }

    /// A run that goes on here from now on, wherever it went on before.
    pub fn taken(disk: &Arc<dyn Disk>, home: &Home, dir: PathBuf, signs: Option<Signs>) -> Result<Self, DeskError> {
        home.keeps()?;
        let seen = Replayed::read(disk.as_ref(), &dir)?;
        Self::writable(disk, dir, seen, signs)
    }

    /// As it is, and without its journal where it goes on elsewhere.
    fn only_read(mut self) -> Self {
        if let Some(to) = self.run.handed_over.clone().filter(|_| self.run.open()) {
            self.journal = None;
            self.read_only = Some(Refusal::HandedOver(to).to_string());
        }
        self
    }

    fn writable(disk: &Arc<dyn Disk>, dir: PathBuf, seen: Replayed, signs: Option<Signs>) -> Result<Self, DeskError> {
        if seen.run.ended.is_some() {
            return Ok(seen.session(dir, None));
        }
        match Self::written(disk, &dir, seen.id.clone(), seen.mode, signs) {
            // What was read before the lock was ours may have grown, or lost a torn end, meanwhile.
            Ok(session) => Ok(session),
            Err(DeskError::Journal(e)) => {
                let mut session = seen.session(dir, None);
                session.read_only = Some(chain(&e));
                Ok(session)
            }
            Err(e) => Err(e),
        }
    }

    /// Takes the journal, and what is in it.
    fn written(
        disk: &Arc<dyn Disk>,
        dir: &std::path::Path,
        id: String,
        mode: Mode,
        signs: Option<Signs>,
    ) -> Result<Self, DeskError> {
        let header = header(&id, mode, signs);
        let opened = Journal::open_into(disk.clone(), dir.to_path_buf(), header, None, Replaying::fold)?;
        let replayed = opened.records.end()?;
        let journal = replayed.run.ended.is_none().then_some(opened.journal);
        let mut session = replayed.session(dir.to_path_buf(), journal);
        session.damage = opened.damage;
        Ok(session)
    }

    fn with(replayed: Replayed, dir: PathBuf, clock: Clock, journal: Option<Journal>) -> Self {
        let Replayed { id, run, mode, epoch, began } = replayed;
        Self {
            id,
            dir,
            run,
            clock,
            mode,
            epoch,
            scenario: None,
            damage: Vec::new(),
            previews: HashMap::new(),
            began,
            touched: HashMap::new(),
            progress: HashMap::new(),
            live: HashMap::new(),
            problems: HashMap::new(),
            happened: Vec::new(),
            leaving: Vec::new(),
            unheld: Vec::new(),
            sealed: (0, Instant::now()),
            latest: None,
            made: Vec::new(),
            journal,
            read_only: None,
            unsafe_home: None,
            request_ids: HashMap::new(),
        }
    }

    /// Records in the journal, those about the log itself included.
    pub fn records(&self) -> u64 {
        self.journal.as_ref().map_or(self.run.entries, |j| j.head().0)
    }

    /// Whether it is worked on here: begun, not ended, and not handed over.
    pub fn works(&self) -> bool {
        self.run.open() && self.run.handed_over.is_none()
    }

    /// How many records there are, and the hash of the last.
    pub fn head(&self) -> Option<(u64, String)> {
        self.journal.as_ref().map(|j| (j.head().0, j.head().1.to_string()))
    }

    /// Why nothing can be added.
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    /// What is weaker about the record than it should be, though it is written.
    pub fn weak(&self) -> Option<String> {
        let told = self.unsafe_home.iter().map(String::as_str).chain(self.journal.as_ref().and_then(Journal::warning));
        let all: Vec<&str> = told.collect();
        (!all.is_empty()).then(|| all.join(". "))
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
        let order = Order { actor, command, now: self.clock.now().utc };
        let drafts = decide(&self.run, &order)?;
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(why) = &self.read_only {
            return Err(DeskError::ReadOnly(why.clone()));
        }
        // What cannot be taken back rests on a record that is signed up to the moment before.
        if drafts.iter().any(|d| is_final(&self.run, d)) {
            self.seal_to_leave();
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
            // The record is at fault, not the disk: nothing was written, and others can be.
            Err(e @ (JournalError::Record { .. } | JournalError::TooMuch(_))) => return Err(e.into()),
            Err(e) => {
                let why = chain(&e);
                self.read_only = Some(why.clone());
                return Err(DeskError::ReadOnly(why));
            }
        };
        // A replay reads the instant from the record; the live run must not know another.
        let instant = if self.epoch.is_some() { now.utc } else { journal.written_at().unwrap_or(now.utc) };
        let mut effects = Vec::new();
        let marks = drafts.iter().any(|d| is_a_mark(&d.event));
        let records = journal.head().0;
        for (d, w) in drafts.into_iter().zip(written) {
            let entry = Entry { at: instant, actor: d.actor, step: d.step, event: d.event };
            if let (Event::ActionIntended { n, .. }, Some(step)) = (&entry.event, &entry.step) {
                self.request_ids.insert((step.clone(), *n), client_request_id(&w.hash));
            }
            if let (Event::Started(_), Some(at)) = (&entry.event, journal.written_at()) {
                self.began = at;
            }
            if let Some(step) = &entry.step {
                *self.touched.entry(step.clone()).or_default() += 1;
            }
            let before = Before::of(&self.run, &entry);
            self.run.apply(&entry)?;
            self.happened.extend(before.happened(&self.run, &entry));
            effects.extend(effect::of(&self.run, &entry));
        }
        if marks {
            self.seal_to_leave();
        } else if records >= self.sealed.0 + CHECKPOINT_RECORDS {
            self.seal();
        }
        Ok(effects)
    }

    /// When the next checkpoint is due, whatever happens until then: a record to which nothing is added says so.
    pub fn checkpoint_due(&self) -> Option<Instant> {
        let writes = self.works() && self.journal.is_some() && self.read_only.is_none();
        writes.then(|| self.sealed.1 + Duration::from_millis(CHECKPOINT_MS))
    }

    /// Its journal, or why nothing can be added.
    pub(super) fn journal(&mut self) -> Result<&mut Journal, DeskError> {
        if let Some(why) = &self.read_only {
            return Err(DeskError::ReadOnly(why.clone()));
        }
        self.journal.as_mut().ok_or_else(|| DeskError::ReadOnly("this run is closed".to_owned()))
    }

    /// Whether this process holds its journal; without it the run has to be opened anew to be written to.
    pub fn holds_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// The disk may be well again.
    pub fn retry_journal(&mut self) -> Result<(), DeskError> {
        if let Some(j) = self.journal.as_mut() {
            self.read_only = j.try_again().err().map(|e| chain(&e));
        }
        match &self.read_only {
            Some(why) => Err(DeskError::ReadOnly(why.clone())),
            None => Ok(()),
        }
    }

    /// Writes a checkpoint, and gives it away.
    pub fn seal(&mut self) -> Option<Checkpoint> {
        let journal = self.journal.as_mut()?;
        // A run that cannot be sealed is still whole; the verifier says that its tail is not covered.
        let sealed = journal.seal().ok().flatten();
        self.sealed = (journal.head().0, Instant::now());
        if let Some(c) = &sealed {
            self.made.push((c.size, c.root));
            self.latest = Some(c.clone());
        }
        sealed
    }

    /// The same, of one that is to leave the computer by itself where that is set.
    pub fn seal_to_leave(&mut self) {
        let sealed = self.seal();
        self.leaving.extend(sealed);
    }

    /// The last checkpoint that this process wrote.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.latest.as_ref()
    }

    /// Whether this process wrote it.
    pub fn made(&self, c: &Checkpoint) -> bool {
        c.log == self.id && self.made.contains(&(c.size, c.root))
    }

    /// Records that a checkpoint left this computer, or was to.
    pub fn left(&mut self, by: &Actor, left: &Leaving<'_>) -> Result<(), DeskError> {
        let mut d = serde_json::json!({
            "to": left.to,
            "where": left.place,
            "note": left.note.to_string(),
            "outcome": if left.came.is_ok() { HELD } else { "failed" },
        });
        if let Err(why) = &left.came {
            d["why"] = why.as_str().into();
        }
        if let Some((file, sha256)) = &left.proof {
            d["evidence"] = serde_json::json!({ "file": file, "sha256": sha256 });
        }
        let line = Line::new(Kind::LogAnchor, record::mode(self.mode), record::actor(by), d);
        self.journal()?.append(&[line])?;
        Ok(())
    }
}

/// Why a run is kept where it should not be, as it is shown.
fn words((why, reason): (Unsafe, &str)) -> String {
    format!(
        "The record is kept where it may be lost: {why}. The reason that was given: {}",
        crate::units::visible(reason)
    )
}

/// A run as its records tell it, made again from their frozen plan.
pub fn replay(records: &[Stored]) -> Result<Run, DeskError> {
    Ok(Replayed::of(records)?.run)
}

/// What the records of a run tell.
struct Replayed {
    id: String,
    run: Run,
    mode: Mode,
    epoch: Option<i64>,
    began: i64,
}

/// A run on the way to that, record by record; the first that cannot be is kept.
#[derive(Default)]
struct Replaying {
    id: String,
    run: Run,
    started: Option<(Mode, Option<i64>, i64)>,
    trouble: Option<DeskError>,
}

impl Replaying {
    fn take(&mut self, seq: u64, kind: &str, ts: i64, entry: Result<Option<Entry>, serde_json::Error>) {
        if self.trouble.is_some() {
            return;
        }
        let entry = match entry {
            Ok(Some(entry)) => entry,
            Ok(None) => return,
            Err(e) => {
                self.trouble = Some(DeskError::Record { seq, kind: kind.to_owned(), why: e.to_string() });
                return;
            }
        };
        if let Event::Started(s) = &entry.event {
            self.started = Some((s.mode, s.scenario.as_ref().map(|s| s.epoch), ts));
        }
        self.trouble = self.run.apply(&entry).err().map(Into::into);
    }

    fn epoch(&self) -> Option<i64> {
        self.started.and_then(|s| s.1)
    }

    /// A line of a log that is being read.
    fn fold(&mut self, read: &Read<'_>) -> Result<(), RecordError> {
        let e = &read.envelope;
        if self.id.is_empty() {
            e.run.clone_into(&mut self.id);
        }
        let entry = record::entry_read(e, self.epoch());
        self.take(e.seq, &e.kind, e.ts, entry);
        Ok(())
    }

    fn end(self) -> Result<Replayed, DeskError> {
        if let Some(e) = self.trouble {
            return Err(e);
        }
        let Some((mode, epoch, began)) = self.started else { return Err(ReplayError::NotStarted.into()) };
        Ok(Replayed { id: self.id, run: self.run, mode, epoch, began })
    }
}

impl Replayed {
    fn of(records: &[Stored]) -> Result<Self, DeskError> {
        let mut all = Replaying::default();
        for Stored { body, .. } in records {
            if all.id.is_empty() {
                all.id.clone_from(&body.run);
            }
            let entry = record::entry(body, all.epoch());
            all.take(body.seq, body.kind.as_str(), body.ts, entry);
        }
        all.end()
    }

    /// What a folder tells, without its lock.
    fn read(disk: &dyn Disk, dir: &std::path::Path) -> Result<Self, DeskError> {
        crate::journal::read_into(disk, dir, Replaying::fold)?.end()
    }

    fn session(self, dir: PathBuf, journal: Option<Journal>) -> Session {
        Session::with(self, dir, Clock::system(), journal)
    }
}

/// Whether a draft begins or sends what cannot be taken back, or what loses something.
fn is_final(run: &Run, d: &Draft) -> bool {
    let planned = d.step.as_deref().and_then(|id| run.plan.as_ref()?.step(id));
    let risky = planned.is_some_and(|p| matches!(p.risk, Risk::Lossy | Risk::Irreversible));
    risky && matches!(d.event, Event::StepStarted { .. } | Event::ActionIntended { .. })
}

/// Whether a checkpoint follows an event at once: the beginning, and what a second person says.
fn is_a_mark(e: &Event) -> bool {
    matches!(
        e,
        Event::Started(_)
            | Event::ApprovalRequested { .. }
            | Event::Approved { .. }
            | Event::Denied { .. }
            | Event::GlassBroken { .. }
    )
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

/// What every record of a run says. The device is its key; a key that only one process has says less than its name.
pub(super) fn header(id: &str, mode: Mode, signs: Option<Signs>) -> Header {
    let key = signs.as_ref().filter(|s| s.kept == Kept::Keyring).map(|s| s.by.key().fingerprint());
    let dev = key.unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned());
    Header { signs, ..Header::new(id, record::mode(mode), this_app(), dev) }
}
