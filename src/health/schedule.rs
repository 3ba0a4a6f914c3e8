//! When each endpoint is asked: spread out, out of step with everybody else's, never all at once.
//!
//! Every endpoint has a place of its own in the interval, and each turn comes up to a tenth of it earlier or later. The
//! jitter is around the place, not around the turn before, so that turns do not drift together and a window of five
//! minutes holds as many calls as its rule asks for. What was missed (a sleeping laptop, a process that stood still) is
//! not made up for: everything is spread anew.
//!
//! How many may be under way at once follows from what is asked. An endpoint that is silent for its whole patience of
//! 10 s out of every 15 s is under way for two thirds of the time; of 1,000 such endpoints 667 are under way together,
//! and all are asked in time only if so many may be. At most [`AT_ONCE_MOST`] sockets are opened: enough for 1,152
//! endpoints that are all silent, and within the 1,024 files that a process may open by default. Beyond that the oldest
//! turn goes first: each is asked later, none is left out.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::units::{GOLDEN, Millis, mixed};

/// To either side of a turn, in percent of the interval.
pub const JITTER_PERCENT: u64 = 10;
/// Under way at once, however few are asked: a handful must not wait for one that is silent.
pub const AT_ONCE_LEAST: usize = 16;
/// Under way at once, however many are asked.
pub const AT_ONCE_MOST: usize = 768;
/// The first turns come within this: somebody waits for the first verdict.
const FIRST_WITHIN: u64 = 1_500;
/// With many endpoints the first turns take this much longer for each.
const FIRST_EACH: u64 = 10;

/// One endpoint's rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// Between two turns.
    pub every: Millis,
    /// How long one may take.
    pub patience: Millis,
}

#[derive(Debug, Clone)]
struct Entry {
    rhythm: Rhythm,
    /// Where in the interval, in parts of 2³².
    place: u64,
    /// Turns are counted from here.
    base: u64,
    /// When it was last asked.
    asked: u64,
    under_way: bool,
    /// While it is under way: the next turn comes no later, whatever the rhythm.
    no_later: u64,
}

/// Whose turn it is. Times are milliseconds of a clock that never goes back; endpoints are named by their number.
#[derive(Debug, Clone)]
pub struct Schedule {
    seed: u64,
    entries: Vec<Entry>,
    /// Those not under way, by when they are due.
    waiting: BinaryHeap<Reverse<(u64, usize)>>,
    under_way: usize,
    at_once: usize,
}

impl Schedule {
    /// Endpoints numbered as given. The first turns come at once, a little spread.
    pub fn new(seed: u64, rhythms: &[Rhythm], now: u64) -> Self {
        let start = mixed(seed);
        let entry = |(n, rhythm): (usize, &Rhythm)| Entry {
            rhythm: *rhythm,
            place: start.wrapping_add((n as u64).wrapping_mul(GOLDEN)) >> 32,
            base: now,
            asked: now,
            under_way: false,
            no_later: u64::MAX,
        };
        let entries = rhythms.iter().enumerate().map(entry).collect();
        let mut new = Self { seed, entries, waiting: BinaryHeap::new(), under_way: 0, at_once: 0 };
        new.lay(now, Some(Millis(FIRST_WITHIN.max(FIRST_EACH * rhythms.len() as u64))));
        new
    }

    /// How many may be under way at once.
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// When the next turn is due; none while nothing more may be begun.
    pub fn next(&self) -> Option<u64> {
        let free = self.under_way < self.at_once;
        self.waiting.peek().filter(|_| free).map(|Reverse((at, _))| *at)
    }

    /// Those whose turn has come and who may begin, the longest due first. Each counts as under way until it ended.
    pub fn due(&mut self, now: u64) -> Vec<usize> {
        let mut out = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            let Some(Reverse((_, n))) = self.waiting.pop() else { break };
            let e = &mut self.entries[n];
            (e.asked, e.under_way) = (now, true);
            self.under_way += 1;
            out.push(n);
        }
        out
    }

    /// An endpoint's question ended, however it did.
    pub fn ended(&mut self, n: usize, now: u64) {
        let Some(e) = self.entries.get_mut(n).filter(|e| e.under_way) else { return };
        e.under_way = false;
        self.under_way -= 1;
        let at = e.turn_after(self.seed, n, now).min(std::mem::replace(&mut e.no_later, u64::MAX)).max(now);
        self.waiting.push(Reverse((at, n)));
    }

    /// After a time in which nobody asked, or on another network: everything is asked anew, spread over its own interval
    /// or over this much less.
    pub fn resumed(&mut self, now: u64, within: Option<Millis>) {
        self.lay(now, within);
    }

    /// Other rhythms from now on, by number. Nothing comes later than it would have, unless its interval grew.
    pub fn set(&mut self, now: u64, rhythm: impl Fn(usize) -> Rhythm) {
        let before: Vec<(Reverse<(u64, usize)>, u64)> =
            self.waiting.drain().map(|w| (w, self.entries[w.0.1].rhythm.every.0)).collect();
        for (n, e) in self.entries.iter_mut().enumerate() {
            let new = rhythm(n);
            if e.under_way && new.every < e.rhythm.every {
                e.no_later = e.no_later.min(e.turn_after(self.seed, n, now));
            }
            // Who keeps its rhythm keeps its turns.
            if new.every != e.rhythm.every {
                e.base = now;
            }
            e.rhythm = new;
        }
        for (Reverse((due, n)), every) in before {
            let e = &self.entries[n];
            let place = now.saturating_add(e.part_of(e.rhythm.every));
            let at = match e.rhythm.every.0.cmp(&every) {
                Ordering::Less => due.min(place),
                Ordering::Equal => due,
                Ordering::Greater => place,
            };
            self.waiting.push(Reverse((at, n)));
        }
        self.at_once = at_once(&self.entries);
    }

    fn lay(&mut self, now: u64, within: Option<Millis>) {
        self.waiting.clear();
        for (n, e) in self.entries.iter_mut().enumerate() {
            (e.base, e.no_later) = (now, u64::MAX);
            let over = within.map_or(e.rhythm.every, |w| w.min(e.rhythm.every));
            if !e.under_way {
                self.waiting.push(Reverse((now.saturating_add(e.part_of(over)), n)));
            }
        }
        self.at_once = at_once(&self.entries);
    }
}

/// Little's law, with the jitter and a reserve: so many are under way when nobody answers.
fn at_once(entries: &[Entry]) -> usize {
    let parts = |e: &Entry| e.rhythm.patience.0.saturating_mul(1_000) / e.rhythm.every.0.max(1);
    let silent = entries.iter().map(parts).fold(0_u64, u64::saturating_add) / 1_000;
    let room = silent.saturating_mul(100 + JITTER_PERCENT) / 100 + 1;
    usize::try_from(room).unwrap_or(AT_ONCE_MOST).clamp(AT_ONCE_LEAST, AT_ONCE_MOST)
}

impl Entry {
    /// Its place in a stretch of time.
    fn part_of(&self, over: Millis) -> u64 {
        over.0.saturating_mul(self.place) >> 32
    }

    /// The first turn that is clearly another than the last, and not over yet.
    fn turn_after(&self, seed: u64, n: usize, now: u64) -> u64 {
        let every = self.rhythm.every.0.max(1);
        let first = self.base.saturating_add(self.part_of(self.rhythm.every));
        let from = self.asked.saturating_add(every / 5).max(now);
        let turn = from.saturating_sub(first).div_ceil(every);
        let jitter = every * JITTER_PERCENT / 100;
        let dice = mixed(seed ^ mixed(n as u64) ^ turn.wrapping_mul(GOLDEN)) % (2 * jitter + 1);
        let at = first.saturating_add(turn.saturating_mul(every)).saturating_add(dice);
        at.saturating_sub(jitter).max(now)
    }
}
