//! The board of what can still come back: read from Azure on demand, and kept on the disk, so that it is there when Azure
//! is not. A recovery begins as a plan of the runbook that fits, filled in with what is known.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::azure::deleted::{Scope, deleted};
use crate::azure::{AzureError, Cloud};
use crate::plan::draft::Draft;
use crate::recovery::{Board, Reading, board, fit};
use crate::run::event::Mode;

use super::DeskError;
use super::home::{Home, write_whole};
use super::mailbox::{Envelope, Mail};
use super::supervisor::Desk;
use super::view::recovery;

/// Format of the readings on disk.
const SCHEMA: u32 = 2;
/// Azures whose readings are kept: a simulated one must not take the place of the real one, nor one cloud of another.
const KEPT: usize = 4;

/// What is known of soft delete.
#[derive(Default)]
pub(super) struct Recovering {
    reading: Option<Reading>,
    board: Board,
    /// Subscriptions done, of how many; none: nothing is being read.
    progress: Option<(usize, usize)>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    /// One of each Azure, the newest first.
    readings: Vec<Reading>,
}

fn all_kept(home: &Home) -> Vec<Reading> {
    let kept = std::fs::read(home.recoverable()).ok().and_then(|b| serde_json::from_slice::<Kept>(&b).ok());
    kept.filter(|k| k.schema == SCHEMA).map(|k| k.readings).unwrap_or_default()
}

/// The reading of this Azure kept on the disk, if there is one that can be read; it can be had again. Where none is named,
/// the newest of a real one, else of a simulated one.
pub fn kept(home: &Home, of: Option<&Cloud>) -> Option<Reading> {
    let mine = |r: &Reading| of.is_none_or(|c| r.azure == c.name && r.simulated == c.is_simulated());
    all_kept(home).into_iter().filter(mine).min_by_key(|r| r.simulated)
}

/// Keeps a reading on the disk, in the place of what was known of that Azure.
pub fn keep(home: &Home, reading: &Reading) -> Result<(), DeskError> {
    let mut readings = all_kept(home);
    readings.retain(|r| (&r.azure, r.simulated) != (&reading.azure, reading.simulated));
    readings.insert(0, reading.clone());
    readings.truncate(KEPT);
    write_whole(&home.recoverable(), &serde_json::to_vec(&Kept { schema: SCHEMA, readings }).unwrap_or_default())
}

/// All that can be read: every subscription, and the live vaults.
pub fn everything(home: &Home, of: &Cloud) -> Scope {
    let known = home.known().map(|i| i.resources).unwrap_or_default();
    Scope { objects: true, known, before: kept(home, Some(of)), ..Scope::default() }
}

impl Desk {
    /// What was kept from last time.
    pub(super) fn fill_recovery(&mut self) {
        self.recovering.reading = kept(&self.options.home, self.options.cloud.as_ref());
        self.judge();
    }

    fn judge(&mut self) {
        let known = self.options.home.known().map(|i| i.resources).unwrap_or_default();
        let now = self.system_clock.now().utc;
        let r = &mut self.recovering;
        r.board = r.reading.as_ref().map(|reading| board(reading, &known, now)).unwrap_or_default();
        self.redraw_recovery();
    }

    fn redraw_recovery(&mut self) {
        let r = &self.recovering;
        let now = self.system_clock.now().utc;
        self.recovery = Arc::new(recovery::view(r.reading.as_ref(), &r.board, r.progress, now));
    }

    /// Begins to read what is in soft delete.
    pub(super) fn read_deleted(&mut self) -> Result<(), DeskError> {
        if self.recovering.progress.is_some() {
            return Ok(());
        }
        // The board is of the connected Azure; in a rehearsal nothing but its simulator is called.
        if self.open.as_ref().is_some_and(|o| o.session.mode == Mode::Rehearsal && !self.simulated()) {
            return Err(DeskError::Rehearsing);
        }
        let azure = self.connected()?;
        let scope = everything(&self.options.home, azure.cloud());
        let (to, task) = (self.to.clone(), self.system_clock.task());
        self.recovering.progress = Some((0, 0));
        self.redraw_recovery();
        tokio::spawn(async move {
            let tell = |mail| drop(to.send(Envelope { session: 0, mail, busy: None }));
            let read = deleted(&azure, &task, &scope, |done, of| tell(Mail::DeletedProgress(done, of))).await;
            tell(Mail::Deleted(Box::new(read)));
        });
        Ok(())
    }

    fn simulated(&self) -> bool {
        self.options.cloud.as_ref().is_some_and(crate::azure::Cloud::is_simulated)
    }

    /// So many subscriptions of so many are done.
    pub(super) fn deleted_progress(&mut self, done: usize, of: usize) {
        if self.recovering.progress.is_some() {
            self.recovering.progress = Some((done, of));
            self.redraw_recovery();
        }
    }

    /// What was read is kept; a failure keeps what was known.
    pub(super) fn deleted_came(&mut self, read: Result<Reading, AzureError>) {
        self.recovering.progress = None;
        // Knowing nothing is no reason to forget what was known.
        let blank = read.as_ref().ok().and_then(Reading::blank).map(|f| f.why.clone());
        match (read, blank) {
            (Ok(_), Some(why)) => {
                self.problem(&DeskError::NoBoard(why));
                self.redraw_recovery();
            }
            (Ok(reading), None) => {
                if let Err(e) = keep(&self.options.home, &reading) {
                    self.problem(&e);
                }
                self.say(format!(
                    "read what was deleted in {}: {} found, {} requests",
                    reading.where_from(),
                    reading.deleted.len(),
                    reading.requests
                ));
                self.recovering.reading = Some(reading);
                self.judge();
            }
            (Err(e), _) => {
                self.problem(&DeskError::Azure(e));
                self.redraw_recovery();
            }
        }
    }

    /// A plan for the recovery of this thing, with what is known filled in; the person adds the rest.
    pub(super) fn recover(&mut self, id: &str) -> Result<(), DeskError> {
        let now = self.system_clock.now().utc;
        let r = &self.recovering;
        let found = r.reading.as_ref().and_then(|reading| {
            let row = r.board.row(id)?;
            Some((row.thing.name.clone(), reading.azure.clone(), fit(row, reading, now)))
        });
        let Some((name, azure, fit)) = found else { return Err(DeskError::NotOnBoard(id.to_owned())) };
        let Some(fit) = fit else { return Err(DeskError::NoGuide(name)) };
        self.begin_draft(fit.runbook, |draft: &mut Draft| {
            draft.id = plan_id(&name);
            draft.title = format!("Recover {name}");
            draft.environment = azure;
            draft.values.extend(fit.values);
        })
    }
}

/// Lower-case words joined by `-`.
fn plan_id(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    format!("recover-{}", words.join("-"))
}
