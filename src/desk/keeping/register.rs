//! The register of this home: one signed log for what concerns no single run. It is opened for one entry and closed again, so
//! that a window and a terminal can both write to it, and a checkpoint stands behind every entry.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::examining::examined;
use super::super::session::header;
use super::super::{DeskError, Home, record};
use super::{Class, Facts, Keeping, Kept};
use crate::journal::{Disk, Draft, Header, Journal, JournalError, Signs, is_run, new_id, read_run};
use crate::record::{Kind, Mode as RecordMode, Stored, Verdict};
use crate::run::event::{Actor, Mode};
use crate::units::PublicKey;

/// Its folder in the home, and what it is called where a run's id would stand.
pub const REGISTER: &str = "register";
/// Another Lifeboat has it for the time of one entry.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// What is to be written.
pub type Entry = (Kind, Value);

/// Where it is, and what signs it.
pub struct Register<'a> {
    /// The data folder.
    pub home: &'a Home,
    /// Its disk.
    pub disk: &'a Arc<dyn Disk>,
    /// What signs.
    pub signs: Option<Signs>,
}

impl Register<'_> {
    /// What it says; a home without one has nothing to say.
    pub fn read(disk: &dyn Disk, home: &Home) -> Result<Keeping, DeskError> {
        Ok(Keeping::of(&Self::records(disk, home)?))
    }

    /// The same of one that verifies: by another nothing is removed, and nothing stated.
    pub fn sound(disk: &dyn Disk, home: &Home) -> Result<Keeping, DeskError> {
        let dir = home.register();
        if is_run(disk, &dir) && examined(disk, &dir, &[])?.verdict == Verdict::Broken {
            return Err(Kept::Altered.into());
        }
        Self::read(disk, home)
    }

    fn records(disk: &dyn Disk, home: &Home) -> Result<Vec<Stored>, DeskError> {
        if !is_run(disk, &home.register()) {
            return Ok(Vec::new());
        }
        Ok(read_run(disk, &home.register())?)
    }

    /// Makes entries durable, with a checkpoint behind them.
    pub fn write(&self, by: &Actor, entries: &[Entry]) -> Result<(), DeskError> {
        self.home.keeps()?;
        append(&mut self.opened()?, by, entries)
    }

    /// For more than one entry: nobody else writes to it while it is open.
    pub(super) fn opened(&self) -> Result<Journal, DeskError> {
        let dir = self.home.register();
        for n in 0.. {
            let begun = is_run(self.disk.as_ref(), &dir);
            let opened = if begun {
                let known = Self::records(self.disk.as_ref(), self.home)?.into_iter().next().map(|r| r.body.log);
                let header = self.header(known)?;
                Journal::open(self.disk.clone(), dir.clone(), header, None).map(|o| o.journal)
            } else {
                Journal::create(self.disk.clone(), dir.clone(), self.header(None)?)
            };
            match opened {
                Err(JournalError::Locked(_) | JournalError::Exists(_)) if n < TRIES => std::thread::sleep(PAUSE),
                opened => return Ok(opened?),
            }
        }
        Err(JournalError::Locked(dir).into())
    }

    fn header(&self, known: Option<String>) -> Result<Header, DeskError> {
        let id = known.map_or_else(new_id, Ok)?;
        // The reserve for a full disk is that of the runs.
        Ok(Header { ballast: 0, ..header(&id, Mode::Live, self.signs.clone()) })
    }
}

/// Makes entries durable, with a checkpoint behind them.
pub(super) fn append(journal: &mut Journal, by: &Actor, entries: &[Entry]) -> Result<(), DeskError> {
    let draft = |(kind, d): &Entry| Draft::new(*kind, RecordMode::Live, record::actor(by), d.clone());
    let drafts: Vec<Draft> = entries.iter().map(draft).collect();
    journal.append(&drafts)?;
    // Written is written: what cannot be sealed is told by whoever verifies it.
    let _ = journal.seal();
    Ok(())
}

/// How long is chosen: for a run, or for all that have nothing of their own; no class gives a run back to what holds for all.
pub fn retention(run: Option<&str>, class: Option<Class>, reason: &str) -> Entry {
    let source = class.map(Class::source);
    let class = class.map(Class::name);
    let d = json!({ "setting": "retention", "run": run, "class": class, "source": source, "reason": reason });
    (Kind::ConfigChange, d)
}

/// A legal hold comes, or goes.
pub fn hold(run: &str, held: bool, reason: &str) -> Entry {
    (Kind::ConfigChange, json!({ "setting": "hold", "run": run, "held": held, "reason": reason }))
}

/// What is disposed of, before anything is removed. `clock` says whose time was believed.
pub(super) fn disposal(run: &str, f: &Facts, reason: &str, (now, clock): (i64, &str)) -> Entry {
    let d = json!({
        "setting": "disposal", "event": "begun", "run": run, "reason": reason,
        "title": f.title, "mode": f.mode, "started": f.started, "ended": f.ended, "records": f.records,
        "root": f.root, "checkpoint": f.checkpoint, "evidence": f.evidence, "evidence_sha256": f.evidence_sha256,
        "verdict": f.verdict, "now": now, "clock": clock,
    });
    (Kind::ConfigChange, d)
}

/// Its files are gone.
pub(super) fn disposed(run: &str) -> Entry {
    (Kind::ConfigChange, json!({ "setting": "disposal", "event": "done", "run": run }))
}

/// They stay after all, and why.
pub(super) fn stopped(run: &str, why: &str) -> Entry {
    (Kind::ConfigChange, json!({ "setting": "disposal", "event": "stopped", "run": run, "reason": why }))
}

/// What went out of a run whose own record takes no more.
pub fn export(run: &str, told: &Value, to: &str) -> Entry {
    let mut d = told.clone();
    d["run"] = json!(run);
    d["to"] = json!(to);
    (Kind::Export, d)
}

/// This device signs with another key from here on.
pub fn key(old: Option<&PublicKey>, new: &PublicKey, why: &str) -> Entry {
    let (old, fingerprint) = (old.map(ToString::to_string), new.fingerprint());
    let d = json!({ "setting": "key", "key": new.to_string(), "fingerprint": fingerprint, "old": old, "reason": why });
    (Kind::ConfigChange, d)
}

/// Runs are kept where they may be lost, for this reason.
pub fn home(found: &str, reason: &str) -> Entry {
    (Kind::ConfigChange, json!({ "setting": "home", "found": found, "reason": reason }))
}
