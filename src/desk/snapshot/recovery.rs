//! The Recovery screen: what was deleted, in the order of the work.

pub use crate::recovery::{Alarm, Deadline, Term};

/// The board.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecoveryView {
    /// When it was read (UTC ms); none: never.
    pub read_at: Option<i64>,
    /// Of which Azure, in words.
    pub azure: String,
    /// Subscriptions that were read.
    pub subscriptions: usize,
    /// Requests that it took.
    pub requests: u64,
    /// Being read now: subscriptions done, of how many.
    pub progress: Option<(usize, usize)>,
    /// Rows, in the order of the work.
    pub rows: Vec<DeletedRow>,
    /// What could not be read: where, what, why.
    pub failed: Vec<(String, String, String)>,
    /// Activity logs that do not reach back as far as they should: where, since when (UTC ms).
    pub short_logs: Vec<(String, i64)>,
}

/// One deleted thing.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletedRow {
    /// Its id; what the desk knows it by.
    pub id: String,
    /// Place in the order of the work, from 1; 0 for what cannot come back.
    pub place: usize,
    /// `key vault`.
    pub what: &'static str,
    /// Name.
    pub name: String,
    /// Subscription's name.
    pub subscription: String,
    /// Resource group.
    pub group: String,
    /// Region's portal name.
    pub region: String,
    /// When it was deleted (UTC ms).
    pub deleted_at: Option<i64>,
    /// Its own deadline, to be judged at any moment.
    pub term: Term,
    /// Where the deadline comes from, in words.
    pub deadline_from: &'static str,
    /// Who waits for it: sentence, its deadline, certainly.
    pub wanted: Option<(String, Term, bool)>,
    /// What stands in place of the time that is left, where there is none: `no soft delete`, `gone`.
    pub time: String,
    /// What is in the way: sentence, certainly.
    pub blockers: Vec<(String, bool)>,
    /// What to do.
    pub advice: String,
    /// The runbook that guides it.
    pub runbook: Option<&'static str>,
    /// The same by hand.
    pub by_hand: Vec<String>,
    /// Facts: label → text.
    pub facts: Vec<(&'static str, String)>,
}

impl DeletedRow {
    /// How urgent it is at this moment.
    pub fn alarm(&self, now: i64) -> Alarm {
        let waiting = self.wanted.as_ref().filter(|(.., certain)| *certain).map(|(_, term, _)| *term);
        self.term.alarm_with(waiting, now)
    }
}
