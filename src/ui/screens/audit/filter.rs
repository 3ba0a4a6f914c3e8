//! Which entries of a record are shown: found a slice a frame, and out of those found before where more is asked for, so that
//! a hundred thousand hold nothing up.

use std::sync::Arc;

use crate::desk::snapshot::{Record, RecordRow};

/// Entries looked at in one frame: about a millisecond.
const SLICE: usize = 20_000;

/// What is asked for; empty is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words, anywhere.
    pub text: String,
    /// Family of kinds.
    pub family: String,
    /// Step.
    pub step: String,
    /// Who.
    pub actor: String,
}

impl Wanted {
    fn passes(&self, row: &RecordRow, needle: &str) -> bool {
        let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        is(&self.family, row.family())
            && is(&self.step, &row.step)
            && is(&self.actor, &row.actor)
            && (needle.is_empty() || row.find.contains(needle))
    }

    /// Nothing passes this that did not pass the other.
    fn narrows(&self, other: &Self) -> bool {
        let within = |now: &str, before: &str| before.is_empty() || now == before;
        self.text.trim().to_lowercase().contains(&other.text.trim().to_lowercase())
            && within(&self.family, &other.family)
            && within(&self.step, &other.step)
            && within(&self.actor, &other.actor)
    }
}

/// The entries that pass, as far as was looked.
#[derive(Default)]
pub struct Found {
    of: Option<(Arc<Record>, Wanted)>,
    needle: String,
    /// Where is looked; none: everywhere.
    within: Option<Vec<u32>>,
    looked: usize,
    rows: Vec<u32>,
}

impl Found {
    /// Places of the entries that pass, in order.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Looks at one slice more, if there is one; whether all was looked at.
    pub fn look(&mut self, record: &Arc<Record>, wanted: &Wanted) -> bool {
        if !self.of.as_ref().is_some_and(|(r, w)| Arc::ptr_eq(r, record) && w == wanted) {
            self.begin(record, wanted);
        }
        let all = self.within.as_ref().map_or(record.rows.len(), Vec::len);
        let end = (self.looked + SLICE).min(all);
        for n in self.looked..end {
            let place = self.within.as_ref().map_or(n as u32, |w| w[n]);
            let row = record.rows.get(place as usize);
            if row.is_some_and(|row| wanted.passes(row, &self.needle)) {
                self.rows.push(place);
            }
        }
        self.looked = end;
        end == all
    }

    fn begin(&mut self, record: &Arc<Record>, wanted: &Wanted) {
        let done = self.looked == self.within.as_ref().map_or(record.rows.len(), Vec::len);
        let narrower = |(r, before): &(Arc<Record>, Wanted)| Arc::ptr_eq(r, record) && wanted.narrows(before);
        let before = std::mem::take(&mut self.rows);
        self.within = (done && self.of.as_ref().is_some_and(narrower)).then_some(before);
        self.looked = 0;
        self.needle = wanted.text.trim().to_lowercase();
        self.of = Some((record.clone(), wanted.clone()));
    }

    /// The place in [`Self::rows`] of the entry with this number.
    pub fn place(&self, record: &Record, seq: u64) -> Option<usize> {
        let number = |place: &u32| record.rows.get(*place as usize).map_or(u64::MAX, |r| r.seq);
        self.rows.binary_search_by_key(&seq, number).ok()
    }
}

/// The entry with this number. Numbers grow, but what a facilitator did may be left out.
pub fn entry(record: &Record, seq: u64) -> Option<&RecordRow> {
    record.rows.binary_search_by_key(&seq, |r| r.seq).ok().and_then(|i| record.rows.get(i))
}
