//! The board of what can still come back: read from Azure on demand, and kept on the disk, so that it is there when Azure
//! is not. A recovery begins as a plan of the runbook that fits, filled in with what is known.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::azure::deleted::{Scope, deleted};
use crate::azure::{Azure, AzureError};
use crate::plan::draft::Draft;
use crate::recovery::{Board, Reading, board, fit};
use crate::run::event::Mode;

use super::DeskError;
use super::home::{Home, write_whole};
use super::mailbox::{Envelope, Mail};
use super::supervisor::Desk;
use super::view::recovery;

/// Format of the reading on disk.
const SCHEMA: u32 = 1;

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
    reading: Reading,
}

/// The reading kept on the disk, if there is one that can be read; it can be had again.
pub fn kept(home: &Home) -> Option<Reading> {
    let bytes = std::fs::read(home.recoverable()).ok()?;
    let kept: Kept = serde_json::from_slice(&bytes).ok()?;
    (kept.schema == SCHEMA).then_some(kept.reading)
}

/// Keeps a reading on the disk.
pub fn keep(home: &Home, reading: &Reading) -> Result<(), DeskError> {
    let bytes = serde_json::to_vec(&Kept { schema: SCHEMA, reading: reading.clone() }).unwrap_or_default();
    write_whole(&home.recoverable(), &bytes)
}

/// All that can be read: every subscription, and the live vaults.
pub fn everything(home: &Home) -> Scope {
    let known = home.known().map(|i| i.resources).unwrap_or_default();
    Scope { objects: true, known, ..Scope::default() }
}

impl Desk {
    /// What was kept from last time.
    pub(super) fn fill_recovery(&mut self) {
        self.recovering.reading = kept(&self.options.home);
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
        let azure = Azure::new(self.cloud()?)?;
        let scope = everything(&self.options.home);
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
        match read {
            Ok(reading) => {
                if let Err(e) = keep(&self.options.home, &reading) {
                    self.problem(&e);
                }
                self.say(format!(
                    "read what was deleted in {} subscriptions: {} found, {} requests",
                    reading.subscriptions.len(),
                    reading.deleted.len(),
                    reading.requests
                ));
                self.recovering.reading = Some(reading);
                self.judge();
            }
            Err(e) => {
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
