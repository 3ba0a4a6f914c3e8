//! The desk's part of the Audit screen: records are read, verified, compared and exported beside the desk; what is said of how
//! long they are kept goes into the register.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::journal::{Disk, read_run};
use crate::record::{Kind, Pin};
use crate::units::visible;

use super::examining::{held, pins};
use super::exporting::{self, ExportingError, Made, Source, Stage, Watched, Wish};
use super::keeping::{self, Keeping, Kept, REGISTER, Register};
use super::mailbox::{Envelope, Mail};
use super::protocol::AuditIntent;
use super::snapshot::{Check, Comparison, ExportState, ExportView, KeptView, Record, RunRow};
use super::supervisor::Desk;
use super::view::{audit, comparison, run::short};
use super::{DeskError, chain};

/// What came of it.
#[derive(Debug)]
pub enum Told {
    /// A record was read.
    Record(String, Box<Result<Record, DeskError>>),
    /// A record was verified.
    Check(String, Check),
    /// Two were compared.
    Compared(Box<Result<Comparison, DeskError>>),
    /// How far an export is.
    Stage(u64, Stage),
    /// An export ended.
    Exported(u64, Box<Result<Made, DeskError>>, Recorded),
    /// A run was disposed of, or not.
    Disposed(String, Box<Result<(), DeskError>>),
}

/// Whether an export is in a record.
#[derive(Debug)]
pub enum Recorded {
    /// It is to be: the desk has the journal.
    ByTheDesk,
    /// It is, or why not.
    Done(Option<String>),
}

/// What is known beside what is shown.
#[derive(Default)]
pub(super) struct Auditing {
    keeping: Keeping,
    /// Why the register says nothing that counts.
    unread: Option<String>,
    /// Somebody verifies all runs already.
    sweeping: Arc<AtomicBool>,
    checks: BTreeMap<String, Check>,
    /// Exports so far; a letter of an older one is late.
    exports: u64,
    stopped: Arc<AtomicBool>,
}

/// A run's record with what its verification says.
pub fn record_of(disk: &dyn Disk, dir: &Path, pins: &[Pin]) -> Result<Record, DeskError> {
    let report = held(disk, dir, pins)?;
    let records = read_run(disk, dir)?;
    let id = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(audit::record(&id, &records, &report, jiff::Timestamp::now().as_millisecond()))
}

fn check(disk: &dyn Disk, dir: &Path, pins: &[Pin]) -> Option<Check> {
    let report = held(disk, dir, pins).ok()?;
    let at = jiff::Timestamp::now().as_millisecond();
    let (proven, word) = (audit::proven(report.verdict), audit::word(report.verdict));
    Some(Check { proven, word, verdict: report.verdict.to_string(), at })
}

/// How long a run is kept, as it is shown.
pub fn kept(k: &Keeping, run: &str, ended: Option<i64>, now: i64) -> KeptView {
    let class = k.class(run);
    let hold =
        k.hold(run).map(|h| format!("by {} since {}: {}", visible(&h.by), keeping::day(h.at), visible(&h.reason)));
    KeptView {
        class,
        own: k.is_own(run),
        until: ended.and_then(|e| class.until(e)),
        words: k.words(run, ended),
        hold,
        disposed: k.gone(run).map(keeping::Disposed::words),
        stays: k.may_go(run, ended, now).err().map(|e| e.to_string()),
    }
}

/// Nobody can say how long, or who holds it.
fn unknown(why: &str) -> KeptView {
    let words = format!("not known: {why}");
    KeptView { stays: Some(words.clone()), words, ..KeptView::default() }
}

impl Desk {
    /// What the register says; what it left unfinished is finished.
    pub(super) async fn read_register(&mut self) {
        if let Err(e) = self.refresh_keeping() {
            self.say(format!("how long runs are kept is not known: {}", chain(&e)));
            return;
        }
        for run in keeping::unfinished(&self.auditing.keeping) {
            let signs = self.signs().await;
            let disk = &self.options.disk;
            match (Register { home: &self.options.home, disk, signs }).finish(&run) {
                Ok(()) => self.say(format!("the disposal of run {}, begun before, is finished", short(&run))),
                Err(e) => self.say(format!("the disposal of run {} is not finished: {}", short(&run), chain(&e))),
            }
        }
        let despite = match self.options.home.keeps() {
            Ok(Some((found, reason))) => Some(keeping::home(&found.to_string(), reason)),
            _ => None,
        };
        if let Some(entry) = despite.filter(|e| self.auditing.keeping.home.as_ref() != Some(&e.1))
            && let Err(e) = self.register(&[entry]).await
        {
            self.say(format!("why records are kept here is not in the register: {}", chain(&e)));
        }
        if let Err(e) = self.refresh_keeping() {
            self.say(format!("how long runs are kept is not known: {}", chain(&e)));
        }
    }

    fn refresh_keeping(&mut self) -> Result<(), DeskError> {
        let read = Register::sound(self.options.disk.as_ref(), &self.options.home);
        self.auditing.unread = read.as_ref().err().map(|e| chain(e));
        self.auditing.keeping = read?;
        Ok(())
    }

    async fn register(&mut self, entries: &[keeping::Entry]) -> Result<(), DeskError> {
        let signs = self.signs().await;
        let register = Register { home: &self.options.home, disk: &self.options.disk, signs };
        register.write(&self.me(), entries)?;
        self.refresh_keeping()?;
        self.refresh_audit();
        Ok(())
    }

    /// Whose clock says when a retention is over: Azure's too where it is heard, and then the earlier of both.
    fn believed(&self) -> (i64, &'static str) {
        let now = self.system_clock.now().utc;
        let real = self.open.as_ref().is_none_or(|o| o.session.epoch.is_none());
        let ahead = self.watched().filter(|_| real).and_then(|w| w.monitor.lock().ahead(now));
        ahead.map_or((now, "computer"), |ahead| (now.saturating_add(ahead.min(0)), "computer and azure"))
    }

    /// The list of runs with how long each is kept, those that are gone, and the register.
    pub(super) fn refresh_audit(&mut self) {
        let (now, whose) = self.believed();
        let k = &self.auditing.keeping;
        let mut rows = self.past.rows();
        for (id, gone) in k.disposed().filter(|(id, _)| !rows.iter().any(|r| r.id == **id)).collect::<Vec<_>>() {
            let outcome = if gone.done { "disposed of" } else { "disposal begun" };
            rows.push(RunRow {
                id: id.clone(),
                short: short(id),
                title: gone.title.clone(),
                mode: gone.mode.clone(),
                started: gone.started,
                outcome: outcome.to_owned(),
                ..RunRow::default()
            });
        }
        rows.sort_by_key(|r| std::cmp::Reverse(r.started));
        for r in &mut rows {
            r.kept = match &self.auditing.unread {
                None => kept(k, &r.id, r.ended, now),
                Some(why) => unknown(why),
            };
            r.check = self.auditing.checks.get(&r.id).cloned();
        }
        if k.there {
            let title = "Register of this computer".to_owned();
            let check = self.auditing.checks.get(REGISTER).cloned();
            let (id, outcome) = (REGISTER.to_owned(), "kept for good".to_owned());
            rows.push(RunRow { id, title, outcome, check, ..RunRow::default() });
        }
        let general = k.general();
        let audit = Arc::make_mut(&mut self.audit);
        (audit.runs, audit.general) = (rows, general);
        audit.clock = match whose {
            "computer" => {
                "Counted by this computer's clock, which nothing outside confirms now: whoever sets it forward ends a retention \
                 early. The register keeps the time that was believed."
            }
            _ => "Counted by this computer's clock and Azure's: the earlier of both.",
        }
        .to_owned();
    }

    fn record_dir(&self, id: &str) -> Result<PathBuf, DeskError> {
        if id == REGISTER {
            return Ok(self.options.home.register());
        }
        if let Some(gone) = self.auditing.keeping.gone(id).filter(|g| g.done) {
            return Err(Kept::Gone(gone.words()).into());
        }
        self.find_run(id)
    }

    /// Reads and verifies one run's record, then verifies those that were not verified yet.
    pub(super) fn show_record(&mut self, id: &str) -> Result<(), DeskError> {
        let dir = self.record_dir(id)?;
        let id = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let left = |r: &&RunRow| r.id != id && r.check.is_none() && r.kept.disposed.is_none();
        let rest: Vec<String> = self.audit.runs.iter().filter(left).map(|r| r.id.clone()).collect();
        let rest: Vec<_> = rest.into_iter().filter_map(|r| self.record_dir(&r).ok().map(|dir| (r, dir))).collect();
        Arc::make_mut(&mut self.audit).reading = Some(id.clone());
        let (disk, home) = (self.options.disk.clone(), self.options.home.clone());
        let sweeping = self.auditing.sweeping.clone();
        self.beside(move |tell| {
            let pins = pins(&home);
            tell(Told::Record(id, Box::new(record_of(disk.as_ref(), &dir, &pins))));
            if sweeping.swap(true, Ordering::Relaxed) {
                return;
            }
            for (id, dir) in rest {
                if let Some(check) = check(disk.as_ref(), &dir, &pins) {
                    tell(Told::Check(id, check));
                }
            }
            sweeping.store(false, Ordering::Relaxed);
        });
        Ok(())
    }

    /// Does something that takes a while, beside the desk.
    fn beside(&self, work: impl FnOnce(&dyn Fn(Told)) + Send + 'static) {
        let to = self.to.clone();
        tokio::task::spawn_blocking(move || {
            work(&|told| {
                let _ = to.send(Envelope { session: 0, mail: Mail::Audit(Box::new(told)), busy: None });
            });
        });
    }

    pub(super) async fn audit_intent(&mut self, intent: AuditIntent) -> Result<(), DeskError> {
        match intent {
            AuditIntent::Compare(None) => {
                Arc::make_mut(&mut self.audit).compared = None;
                Ok(())
            }
            AuditIntent::Compare(Some([left, right])) => self.compare(&left, &right),
            AuditIntent::Export { run, wish, pseudonyms, out } => self.export(&run, wish, pseudonyms, out).await,
            AuditIntent::StopExport => {
                self.auditing.stopped.store(true, Ordering::Relaxed);
                Ok(())
            }
            AuditIntent::Keep { run, class, reason } => {
                self.register(&[keeping::retention(run.as_deref(), class, &reason)]).await
            }
            AuditIntent::Hold { run, held, reason } => {
                let there = self.auditing.keeping.hold(&run).cloned();
                match (there, held) {
                    (Some(hold), true) => Err(Kept::Held(hold).into()),
                    _ => self.register(&[keeping::hold(&run, held, &reason)]).await,
                }
            }
            AuditIntent::Dispose { run, typed, reason } => self.dispose(run, &typed, reason).await,
        }
    }

    fn compare(&mut self, left: &str, right: &str) -> Result<(), DeskError> {
        let (left, right) = (self.find_run(left)?, self.find_run(right)?);
        let (disk, home) = (self.options.disk.clone(), self.options.home.clone());
        self.beside(move |tell| {
            let pins = pins(&home);
            let read = |dir: &Path| exporting::dossier(disk.as_ref(), dir, &pins, false);
            let both = read(&left).and_then(|l| Ok(comparison::comparison(&l, &read(&right)?)));
            tell(Told::Compared(Box::new(both)));
        });
        Ok(())
    }

    async fn export(&mut self, run: &str, wish: Wish, pseudonyms: bool, out: PathBuf) -> Result<(), DeskError> {
        if matches!(&self.audit.export, Some(e) if matches!(e.state, ExportState::Working(_))) {
            return Err(ExportingError::Busy.into());
        }
        let dir = self.find_run(run)?;
        let id = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let signs = self.signs().await;
        self.auditing.exports += 1;
        self.auditing.stopped = Arc::default();
        let (number, stopped) = (self.auditing.exports, self.auditing.stopped.clone());
        let state = ExportState::Working("Reading and verifying the record …".to_owned());
        Arc::make_mut(&mut self.audit).export = Some(ExportView { run: id.clone(), out: out.clone(), state });
        let here = self.runs().any(|o| o.session.id == id && o.session.works());
        let (disk, home, operator) = (self.options.disk.clone(), self.options.home.clone(), self.operator.clone());
        self.beside(move |tell| {
            let source = Source { home: &home, disk: &disk, operator: &operator, signs };
            let stage = |s| tell(Told::Stage(number, s));
            let watched = Watched { tell: Some(&stage), stopped: Some(&stopped) };
            let made = source.make(&id, &wish, pseudonyms, &out, &watched);
            // Its journal is held by this desk: nobody else can write to it.
            let recorded = match &made {
                Ok(_) if here => Recorded::ByTheDesk,
                made => Recorded::Done(made.as_ref().ok().and_then(|m| source.record(m))),
            };
            tell(Told::Exported(number, Box::new(made), recorded));
        });
        Ok(())
    }

    /// The record of a run that is open here says that it was exported.
    fn tell_exported(&mut self, run: &str, made: &Made) -> Option<String> {
        let operator = self.operator.clone();
        let mut all = self.open.iter_mut().chain(&mut self.others).map(|o| &mut o.session);
        let Some(session) = all.find(|s| s.id == run && s.works()) else {
            // It was closed, or left, while it was exported.
            let (home, disk, signs) = (&self.options.home, &self.options.disk, self.signing.clone());
            return Source { home, disk, operator: &operator, signs }.record(made);
        };
        session.told(&operator, Kind::Export, made.told.clone()).err().map(|e| exporting::unrecorded("export", &e))
    }

    async fn dispose(&mut self, run: String, typed: &str, reason: String) -> Result<(), DeskError> {
        if typed != run {
            return Err(Kept::OtherId(visible(typed)).into());
        }
        if self.runs().any(|o| o.session.id == run) {
            return Err(Kept::OnShow.into());
        }
        let (now, me, signs) = (self.believed(), self.me(), self.signs().await);
        let (disk, home) = (self.options.disk.clone(), self.options.home.clone());
        self.beside(move |tell| {
            let register = Register { home: &home, disk: &disk, signs };
            let done = keeping::dispose(&register, &me, &run, &reason, now);
            tell(Told::Disposed(run, Box::new(done)));
        });
        Ok(())
    }

    /// What was done beside the desk came back.
    pub(super) fn audit_told(&mut self, told: Told) -> Result<(), DeskError> {
        match told {
            Told::Record(run, read) => {
                let audit = Arc::make_mut(&mut self.audit);
                if audit.reading.as_ref() != Some(&run) {
                    // Another was asked for since.
                    return Ok(());
                }
                audit.reading = None;
                let record = (*read)?;
                let (verdict, at) = (record.verdict.clone(), record.checked_at);
                let check = Check { proven: record.proven, word: record.word, verdict, at };
                audit.shown = Some(Arc::new(record));
                self.checked(run, check);
            }
            Told::Check(run, check) => self.checked(run, check),
            Told::Compared(both) => Arc::make_mut(&mut self.audit).compared = Some(Arc::new((*both)?)),
            Told::Stage(number, stage) if number == self.auditing.exports => {
                if let (Stage::Writing(bytes), Some(e)) = (stage, &mut Arc::make_mut(&mut self.audit).export) {
                    e.state = ExportState::Working(format!("Writing, {} MiB so far …", bytes >> 20));
                }
            }
            Told::Exported(number, made, recorded) if number == self.auditing.exports => {
                let Some(mut view) = self.audit.export.clone() else { return Ok(()) };
                view.state = match *made {
                    Ok(mut made) => {
                        made.exported.notes.extend(match recorded {
                            Recorded::ByTheDesk => self.tell_exported(&view.run, &made),
                            Recorded::Done(why) => why,
                        });
                        let exporting::Exported { bytes, sha256, notes } = made.exported;
                        self.say(format!("run {} exported to {}", short(&view.run), view.out.display()));
                        ExportState::Done { bytes, sha256, notes }
                    }
                    Err(e) => ExportState::Failed(chain(&e)),
                };
                Arc::make_mut(&mut self.audit).export = Some(view);
                self.refresh_keeping()?;
                self.refresh_audit();
            }
            Told::Stage(..) | Told::Exported(..) => {}
            Told::Disposed(run, done) => {
                let known = self.refresh_keeping();
                self.auditing.checks.remove(&run);
                if done.is_ok() {
                    let audit = Arc::make_mut(&mut self.audit);
                    audit.shown = audit.shown.take().filter(|r| r.run != run);
                    audit.compared = audit.compared.take().filter(|c| !c.runs.contains(&run));
                    self.say(format!("run {} was disposed of; the register keeps what it was", short(&run)));
                }
                self.refresh_runs();
                (*done)?;
                known?;
            }
        }
        Ok(())
    }

    fn checked(&mut self, run: String, check: Check) {
        if let Some(row) = Arc::make_mut(&mut self.audit).runs.iter_mut().find(|r| r.id == run) {
            row.check = Some(check.clone());
        }
        self.auditing.checks.insert(run, check);
    }
}
