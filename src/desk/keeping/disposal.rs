//! The end of a run's files. What they were is durable in the register before the first is touched; then the folder takes
//! another name, and goes. A crash in between is finished when Lifeboat is next started.

use std::path::Path;

use super::super::examining::examined;
use super::super::view::audit::run_row;
use super::super::{DeskError, Home};
use super::{Keeping, Kept, Register, end_of};
use crate::journal::{Disk, JournalError, contents, is_run, parent, read_run, remove_all};
use crate::record::{Kind, Verdict};
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
    let (disk, dir) = (register.disk.as_ref(), register.home.run(run));
    let lock = disk.try_lock(&dir.join("lock")).map_err(io("lock", &dir))?;
    let lock = lock.ok_or_else(|| JournalError::Locked(dir.clone()))?;
    let facts = Facts::read(disk, &dir)?;
    // Read anew: somebody may have set a hold since; or have taken one out.
    let said = register.home.register();
    if is_run(disk, &said) && examined(disk, &said, &[])?.verdict == Verdict::Broken {
        return Err(Kept::Altered.into());
    }
    let keeping = Register::read(disk, register.home)?;
    keeping.may_go(run, facts.closed.then_some(facts.ended), now.0)?;
    register.write(by, &[super::register::disposal(run, &facts, reason, now)])?;
    drop(lock);
    register.finish(run)
}

impl Register<'_> {
    /// Removes what is left of a run whose disposal stands in the register, and says there that it is gone.
    pub fn finish(&self, run: &str) -> Result<(), DeskError> {
        let disk = self.disk.as_ref();
        removed(disk, self.home, run)?;
        self.write(&Actor::System, &[super::register::disposed(run)])
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
