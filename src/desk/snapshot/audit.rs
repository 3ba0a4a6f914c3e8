//! The Audit screen: runs on disk, one run's record, two runs side by side, an export on its way, how long what is kept.

use std::path::PathBuf;
use std::sync::Arc;

use super::Gantt;
pub use crate::desk::exporting::{Wish, numbers};
pub use crate::desk::keeping::{Class, REGISTER};
pub use crate::export::Paper as ExportPaper;
pub use crate::record::PROMISE;

/// Runs and records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audit {
    /// Runs on this computer and what is left of those that were disposed of, newest first; the register at the end.
    pub runs: Vec<RunRow>,
    /// The record that is shown.
    pub shown: Option<Arc<Record>>,
    /// A record that is being read and verified, by its run.
    pub reading: Option<String>,
    /// Two runs side by side.
    pub compared: Option<Arc<Comparison>>,
    /// The export that was asked for last.
    pub export: Option<ExportView>,
    /// How long runs are kept that have nothing of their own.
    pub general: Class,
    /// Whose word on the time counts where a retention ends.
    pub clock: String,
}

/// A run on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRow {
    /// Run id.
    pub id: String,
    /// Four characters.
    pub short: String,
    /// Plan title.
    pub title: String,
    /// Mode in words.
    pub mode: String,
    /// Started (UTC ms, wall clock).
    pub started: i64,
    /// `open`, or the outcome.
    pub outcome: String,
    /// It can be opened and continued.
    pub open: bool,
    /// Its last instant, once it is closed (UTC ms).
    pub ended: Option<i64>,
    /// How long it is kept.
    pub kept: KeptView,
    /// What its last verification here said.
    pub check: Option<Check>,
}

/// How long a run is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptView {
    /// Its class.
    pub class: Class,
    /// Chosen for this run.
    pub own: bool,
    /// First instant at which it may go (UTC ms).
    pub until: Option<i64>,
    /// In one line.
    pub words: String,
    /// Legal hold: by whom, since when, why.
    pub hold: Option<String>,
    /// It is gone: when, by whom, why.
    pub disposed: Option<String>,
    /// Why it cannot be disposed of now; none: it can.
    pub stays: Option<String>,
}

/// What a verification said, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Whole, limited, or broken.
    pub proven: Option<bool>,
    /// The same in a word.
    pub word: &'static str,
    /// The verdict, as it is printed.
    pub verdict: String,
    /// When (UTC ms).
    pub at: i64,
}

/// One record, ready for a virtualised table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Run id.
    pub run: String,
    /// What its verification says, in short.
    pub badge: Vec<Verdict>,
    /// One line: `Record intact, 214 entries, all on disk`.
    pub summary: String,
    /// All of what `lifeboat verify` prints: heading and text.
    pub report: Vec<(&'static str, String)>,
    /// Its last line.
    pub verdict: String,
    /// The same as a mark.
    pub proven: Option<bool>,
    /// The same in a word.
    pub word: &'static str,
    /// When it was verified (UTC ms).
    pub checked_at: i64,
    /// Families of kinds, steps and people that occur.
    pub families: Vec<String>,
    /// See `families`.
    pub steps: Vec<String>,
    /// See `families`.
    pub actors: Vec<String>,
    /// Rows, in order.
    pub rows: Vec<RecordRow>,
    /// Where the time went; none: it does not tell a run.
    pub gantt: Option<Arc<Gantt>>,
}

/// One verdict on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `Some(true)`: proven; `Some(false)`: broken; `None`: not proven.
    pub proven: Option<bool>,
    /// `consistent`, `not signed`.
    pub word: String,
    /// The verifier's own line.
    pub sentence: String,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Sequence number.
    pub seq: u64,
    /// `03:14:07` on the run's clock.
    pub time: String,
    /// The computer's clock (UTC ms).
    pub ts: i64,
    /// Kind.
    pub kind: String,
    /// Step, or empty.
    pub step: String,
    /// Actor.
    pub actor: String,
    /// In words.
    pub text: String,
    /// What stands behind it, line by line: a frozen picture, what a decision was made from.
    pub more: Vec<String>,
    /// The stored bytes.
    pub raw: Arc<str>,
    /// Hash.
    pub hash: String,
    /// Hash of the record before.
    pub prev: String,
    /// File.
    pub file: Arc<str>,
    /// What a search looks through, in small letters.
    pub find: String,
}

impl RecordRow {
    /// `step` of `step.started`.
    pub fn family(&self) -> &str {
        self.kind.split('.').next().unwrap_or_default()
    }

    /// Whether the hash is that of the stored bytes: computed now.
    pub fn holds(&self) -> bool {
        let line = crate::record::lines(self.raw.as_bytes()).next().map(|l| crate::record::Line { ended: true, ..l });
        line.and_then(|l| l.read().ok().map(|r| r.hex == self.hash)).unwrap_or(false)
    }
}

/// Two runs beside each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Ids of both.
    pub runs: [String; 2],
    /// What they were: four characters, mode, start.
    pub heads: [String; 2],
    /// Objectives, the run as a whole, then steps.
    pub lines: Vec<CompareLine>,
}

/// One thing of both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompareLine {
    /// What.
    pub name: String,
    /// In each; empty: it is not in that run.
    pub sides: [String; 2],
    /// How they differ, in words; empty: they do not.
    pub difference: String,
}

/// An export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportView {
    /// Of which run.
    pub run: String,
    /// Into which file.
    pub out: PathBuf,
    /// How far it is.
    pub state: ExportState,
}

/// How far an export is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportState {
    /// Still at it.
    Working(String),
    /// It is there.
    Done {
        /// Bytes.
        bytes: u64,
        /// SHA-256.
        sha256: String,
        /// What one has to know.
        notes: Vec<String>,
    },
    /// It is not: what happened, and what to do.
    Failed(String),
}
