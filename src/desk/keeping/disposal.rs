//! The end of a run's files. What they were is durable in the register before the first is touched; then the folder takes
//! another name, and goes. A crash in between is finished when Lifeboat is next started.

use std::path::Path;

use super::super::examining::examined;
use super::super::view::audit::run_row;
use super::super::{DeskError, Home};
use super::register::append;
use super::{Keeping, Kept, Register, end_of, is_id};
use crate::journal::{Disk, JournalError, contents, parent, read_run, remove_all};
use crate::record::Kind;
use crate::run::event::Actor;
use crate::units::sha256_hex;

/// What a run was, for when it is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Plan and strategy.
    pub title: String,
    /// Mode in words.
    pub mode: String,
    /// First instant (UTC ms).
    pub started: i64,
    /// Last instant, by the latest of its clocks.
    pub ended: i64,
    /// Records.
    pub records: u64,
    /// Root of its tree; none behind damage.
    pub root: Option<String>,
    /// Its last checkpoint, whole.
    pub checkpoint: Option<String>,
    /// Files of evidence.
    pub evidence: u64,
    /// SHA-256 over their list: `<sha256>  <file>` a line, sorted.
    pub evidence_sha256: String,
    /// What verification said of it.
    pub verdict: String,
    /// It was closed or given up.
    closed: bool,
}

impl Facts {
    /// Read from where it lies.
    pub fn read(disk: &dyn Disk, dir: &Path) -> Result<Self, DeskError> {
        let id = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let records = read_run(disk, dir)?;
        let report = examined(disk, dir, &[])?;
        let (row, ended) = run_row(&id, &records).zip(end_of(&records)).ok_or(Kept::Unreadable)?;
        let noted = |r: &crate::record::Stored| r.body.d.get("note").and_then(|n| n.as_str()).map(str::to_owned);
        let last = records.iter().rev().filter(|r| r.body.kind == Kind::LogCheckpoint).find_map(noted);
        let mut files: Vec<String> = report.files.iter().map(|f| format!("{}  {}\n", f.sha256, f.file)).collect();
        files.sort();
        Ok(Self {
            title: row.title,
            mode: row.mode,
            started: row.started,
            ended,
            records: report.records,
            root: report.root.map(|r| r.to_string()),
            checkpoint: contents(disk, dir)?.checkpoint.or(last),
            evidence: files.len() as u64,
            evidence_sha256: sha256_hex(files.concat().as_bytes()),
            verdict: report.verdict.to_string(),
            closed: !row.open && row.outcome != "handed over",
        })
    }
}

/// Runs whose disposal was recorded and not finished.
pub fn unfinished(keeping: &Keeping) -> Vec<String> {
    keeping.disposed().filter(|(_, d)| !d.done).map(|(run, _)| run.clone()).collect()
}

/// Disposes of a run at `now` by the clock that `clock` names; or says why not, and nothing was touched.
pub fn dispose(
    register: &Register<'_>,
    by: &Actor,
    run: &str,
    reason: &str,
    now: (i64, &str),
) -> Result<(), DeskError> {
    register.home.keeps()?;
    let (disk, dir) = (register.disk.as_ref(), register.home.run(run));
    if !is_id(run) {
        return Err(Kept::OtherId(crate::units::visible(run)).into());
    }
    let lock = disk.try_lock(&dir.join("lock")).map_err(io("lock", &dir))?;
    let lock = lock.ok_or_else(|| JournalError::Locked(dir.clone()))?;
    let facts = Facts::read(disk, &dir)?;
    // Before it is opened, which would set a damaged one aside; and again then, when nobody else can set a hold any more.
    Register::sound(disk, register.home)?;
    let mut journal = register.opened()?;
    let keeping = Register::sound(disk, register.home)?;
    keeping.may_go(run, facts.closed.then_some(facts.ended), now.0)?;
    append(&mut journal, by, &[super::register::disposal(run, &facts, reason, now)])?;
    drop(lock);
    removed(disk, register.home, run)?;
    append(&mut journal, &Actor::System, &[super::register::disposed(run)])
}

impl Register<'_> {
    /// Removes what is left of a run whose disposal stands in the register, and says there that it is gone. One that somebody
    /// holds since stays, as far as it is still there.
    pub fn finish(&self, run: &str) -> Result<(), DeskError> {
        self.home.keeps()?;
        let (disk, dir) = (self.disk.as_ref(), self.home.run(run));
        Self::sound(disk, self.home)?;
        let mut journal = self.opened()?;
        let keeping = Self::sound(disk, self.home)?;
        if keeping.gone(run).is_none_or(|g| g.done) {
            return Ok(());
        }
        if let Some(hold) = keeping.hold(run) {
            let kept = Kept::Held(hold.clone());
            let away = self.home.disposing().join(run);
            if disk.list(&dir).is_err() && disk.list(&away).is_ok() {
                disk.rename(&away, &dir).map_err(io("move", &away))?;
                disk.sync_dir(parent(&dir)).map_err(io("sync", &dir))?;
            }
            append(&mut journal, &Actor::System, &[super::register::stopped(run, &kept.to_string())])?;
            return Err(kept.into());
        }
        if disk.list(&dir).is_ok() {
            let lock = disk.try_lock(&dir.join("lock")).map_err(io("lock", &dir))?;
            drop(lock.ok_or_else(|| JournalError::Locked(dir.clone()))?);
        }
        removed(disk, self.home, run)?;
        append(&mut journal, &Actor::System, &[super::register::disposed(run)])
    }
}

fn removed(disk: &dyn Disk, home: &Home, run: &str) -> Result<(), DeskError> {
    let (from, away) = (home.run(run), home.disposing());
    let to = away.join(run);
    if disk.list(&from).is_ok() {
        disk.create_dir_all(&away).map_err(io("make", &away))?;
        // What an earlier try left under that name.
        remove_all(disk, &to).map_err(io("remove", &to))?;
        disk.rename(&from, &to).map_err(io("move", &from))?;
        disk.sync_dir(parent(&from)).map_err(io("sync", &from))?;
        disk.sync_dir(&away).map_err(io("sync", &away))?;
    }
    remove_all(disk, &to).map_err(io("remove", &to))?;
    match disk.sync_dir(&away) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io("sync", &away)(e).into()),
        _ => Ok(()),
    }
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { doing, path, source }
}
