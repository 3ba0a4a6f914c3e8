//! One endpoint's state machine: OK → SUSPECT → PERSISTENT → RECOVERING → OK.
//!
//! A success resets the failures in a row, not the window. *Persistent* is declared on a failure only, and the more a
//! failover costs, the longer it takes. News older than three probes is no news: the state is then unknown, whatever it was.
//! A burst of failures is one failure as far as time goes: so many in a row must also have lasted.
//!
//! A point keeps what was counted up to it, so that any window is a search and a difference, however long it is.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::signal::{EndpointId, Failure, Observation, Outcome};
use super::thresholds::{LONGEST_WINDOW, Thresholds};
use crate::units::Millis;

/// An hour at the shortest interval that may be set; older points go.
const HISTORY_MAX: usize = 1_024;
/// The longest window, and a little more to see what was before it. At 15 s that is 16 KiB an endpoint.
const HISTORY_SPAN: i64 = LONGEST_WINDOW.0.cast_signed() + 2 * 60_000;
/// Successes whose median is the answer time shown: recent, and not moved by one outlier.
const TYPICAL_OVER: usize = 5;
/// Over how long throttling is counted.
const THROTTLE_WINDOW: i64 = 5 * 60_000;
/// A longer pause between two throttled calls parts a storm from what was before it.
const THROTTLE_PAUSE: i64 = THROTTLE_WINDOW / 2;
/// Fewer throttled calls than this are no storm.
const THROTTLE_CALLS: usize = 3;

/// What a detector believes of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DetectorState {
    /// No news, stale news, or news that cannot be judged.
    Unknown,
    /// It answers.
    Ok,
    /// Several failures in a row.
    Suspect,
    /// The tier's threshold has passed.
    Persistent,
    /// It answers again, not yet for long.
    Recovering,
}

/// One point of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub at: i64,
    /// What.
    pub outcome: Outcome,
    /// Total time.
    pub took: Option<Millis>,
}

/// Calls counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All calls.
    pub calls: usize,
    /// Those that answered.
    pub answered: usize,
    /// Those that count against the endpoint.
    pub failed: usize,
    /// Those throttled.
    pub throttled: usize,
}

/// What was counted up to a point, from the first one on. It may wrap: only differences are looked at.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    answered: u32,
    failed: u32,
    throttled: u32,
    bouts: u32,
}

/// One point with its counts: 64 bytes.
#[derive(Debug, Clone)]
struct Kept {
    point: Point,
    until: Counts,
}

/// The state machine of one endpoint.
#[derive(Debug, Clone)]
pub struct Detector {
    id: EndpointId,
    kind: &'static str,
    thresholds: Thresholds,
    history: VecDeque<Kept>,
    /// Counts of what the history has let go.
    gone: Counts,
    state: DetectorState,
    since: Option<i64>,
    failing_since: Option<i64>,
    steady_since: Option<i64>,
    last_success: Option<i64>,
    last_judged: Option<i64>,
    /// Whether the newest that could be judged was an answer.
    answering: Option<bool>,
    /// When the storm of throttling began, and when it was last seen to blow.
    throttled: Option<(i64, i64)>,
    failures: u32,
    /// The first of the failures in a row.
    row_since: Option<i64>,
    successes: u32,
    /// Before this instant nobody looked, or another clock told the time: nothing older counts.
    horizon: i64,
}

impl Detector {
    /// A detector that knows nothing yet.
    pub fn new(id: EndpointId, thresholds: Thresholds) -> Self {
        Self {
            id,
            kind: "",
            thresholds,
            history: VecDeque::new(),
            gone: Counts::default(),
            state: DetectorState::Unknown,
            since: None,
            failing_since: None,
            steady_since: None,
            last_success: None,
            last_judged: None,
            answering: None,
            throttled: None,
            failures: 0,
            row_since: None,
            successes: 0,
            horizon: i64::MIN,
        }
    }

    /// The same, called what it is: `key vault`, `deployment`.
    pub fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// Takes one observation in. What was asked before a gap says nothing any more.
    pub fn observe(&mut self, o: &Observation) {
        if o.at < self.horizon {
            return;
        }
        let stale = ms(self.thresholds.stale_after());
        let mut at = o.at;
        if let Some(last) = self.last().map(|p| p.at) {
            if (o.at - last).abs() > stale {
                self.gap(o.at);
            } else {
                // Answers come out of order.
                at = at.max(last);
            }
        }
        if self.last_judged.is_some_and(|j| !self.fresh(j, at)) {
            self.forget();
        }
        let bout = o.outcome.counts() && self.answering == Some(true);
        self.remember(Point { at, outcome: o.outcome.clone(), took: o.stages.total }, bout);
        if self.storm(at) {
            // A lull of a few probes does not end it; single throttled calls before it are no part of it.
            let began = self.throttled.filter(|t| self.fresh(t.1, at)).map_or_else(|| self.storm_began(at), |t| t.0);
            self.throttled = Some((began, at));
        }
        if o.outcome.answered() {
            self.succeeded(at);
        } else {
            self.successes = 0;
            self.steady_since = None;
            if o.outcome.counts() {
                self.failed(at);
            }
        }
    }

    /// Nobody looked until now (a sleeping laptop), or another network or clock begins: what was seen before proves
    /// nothing about now, failures in a row begin anew, and no window reaches across.
    pub fn gap(&mut self, to: i64) {
        self.forget();
        self.horizon = to;
        (self.answering, self.throttled) = (None, None);
        // A clock that was set back: what is there lies in the future now. What is left is older than the gap.
        while self.last().is_some_and(|p| p.at >= to) {
            self.history.pop_back();
        }
        for told in [&mut self.last_success, &mut self.last_judged] {
            *told = told.filter(|at| *at <= to);
        }
    }

    /// After a gap, or a storm of refused keys, the state is not known.
    fn forget(&mut self) {
        self.state = DetectorState::Unknown;
        (self.since, self.failing_since, self.steady_since, self.row_since) = (None, None, None, None);
        (self.failures, self.successes) = (0, 0);
    }

    fn remember(&mut self, p: Point, bout: bool) {
        let oldest = p.at - HISTORY_SPAN;
        let add = |n: &mut u32, yes: bool| *n = n.wrapping_add(yes.into());
        let mut until = self.history.back().map_or(self.gone, |k| k.until);
        add(&mut until.answered, p.outcome.answered());
        add(&mut until.failed, p.outcome.counts());
        add(&mut until.throttled, p.outcome.failure().is_some_and(Failure::is_throttle));
        add(&mut until.bouts, bout);
        self.history.push_back(Kept { point: p, until });
        while self.history.len() > HISTORY_MAX || self.history.front().is_some_and(|k| k.point.at < oldest) {
            self.gone = self.history.pop_front().map_or(self.gone, |k| k.until);
        }
    }

    fn enter(&mut self, state: DetectorState, at: i64) {
        if self.state != state {
            self.state = state;
            self.since = Some(at);
        }
    }

    fn succeeded(&mut self, at: i64) {
        self.last_success = Some(at);
        self.last_judged = Some(at);
        self.answering = Some(true);
        self.steady_since.get_or_insert(at);
        (self.failures, self.row_since) = (0, None);
        self.successes = self.successes.saturating_add(1);
        match self.state {
            DetectorState::Unknown | DetectorState::Suspect => self.enter(DetectorState::Ok, at),
            DetectorState::Persistent if self.successes >= self.thresholds.recover_after => {
                self.enter(DetectorState::Recovering, at);
            }
            DetectorState::Recovering if self.since.is_some_and(|s| at - s >= ms(self.thresholds.hold)) => {
                self.enter(DetectorState::Ok, at);
            }
            _ => {}
        }
        if self.state == DetectorState::Ok {
            self.failing_since = None;
        }
    }

    fn failed(&mut self, at: i64) {
        self.last_judged = Some(at);
        self.answering = Some(false);
        self.failures = self.failures.saturating_add(1);
        self.row_since.get_or_insert(at);
        self.failing_since.get_or_insert(at);
        if self.state == DetectorState::Persistent {
            return;
        }
        let suspect = self.row_of(self.thresholds.suspect_after, at);
        let relapsed = self.state == DetectorState::Recovering && suspect;
        let in_a_row = self.thresholds.persistent_after.is_some_and(|n| self.row_of(n, at));
        if let Some(first) = self.share_rule(at) {
            self.failing_since = self.failing_since.map(|f| f.min(first));
            self.enter(DetectorState::Persistent, at);
        } else if relapsed || in_a_row {
            self.enter(DetectorState::Persistent, at);
        } else if self.state == DetectorState::Recovering {
            // One failure while recovering is not yet a relapse, but the hold starts again.
            self.since = Some(at);
        } else if suspect {
            self.enter(DetectorState::Suspect, at);
        }
    }

    /// Whether so many failed in a row, and not all within a moment.
    fn row_of(&self, n: u32, now: i64) -> bool {
        self.failures >= n && self.row_since.is_some_and(|first| self.lasted(first, u64::from(n), now))
    }

    /// Whether `n` failures have taken at least half of the time that so many probes take.
    fn lasted(&self, first: i64, n: u64, now: i64) -> bool {
        let needed = self.thresholds.interval.0.saturating_mul(n.saturating_sub(1)) / 2;
        now - first >= ms(Millis(needed))
    }

    /// The first failure of the window when the share rule says persistent.
    fn share_rule(&self, now: i64) -> Option<i64> {
        let t = &self.thresholds;
        let from = now - ms(t.window);
        let start = self.index(from.max(self.horizon));
        let tally = self.tally_from(start);
        if tally.calls < t.window_calls || tally.failed * 100 < tally.calls * t.window_percent {
            return None;
        }
        let before = self.before(start).failed;
        let first = self.history.partition_point(|k| k.until.failed.wrapping_sub(before).cast_signed() <= 0);
        let first = self.history.get(first)?.point.at;
        let needed = (t.window_calls * t.window_percent).div_ceil(100);
        let old_enough = !t.whole_window || self.failed_when_it_began(start, from, first);
        let lasted = self.lasted(first, u64::try_from(needed).unwrap_or(u64::MAX), now);
        (old_enough && lasted).then_some(first)
    }

    /// Whether it failed already when the window began. That instant falls between two probes: the first may come half
    /// an interval later, or the one before was a failure too.
    fn failed_when_it_began(&self, start: usize, from: i64, first: i64) -> bool {
        let before = start.checked_sub(1).and_then(|i| self.history.get(i)).map(|k| &k.point);
        first <= from + ms(self.thresholds.interval) / 2
            || before.is_some_and(|p| p.at >= self.horizon && p.outcome.counts() && self.fresh(p.at, from))
    }

    /// The first point that is no older than this.
    fn index(&self, from: i64) -> usize {
        self.history.partition_point(|k| k.point.at < from)
    }

    /// What was counted before a point.
    fn before(&self, index: usize) -> Counts {
        index.checked_sub(1).and_then(|i| self.history.get(i)).map_or(self.gone, |k| k.until)
    }

    fn tally_from(&self, start: usize) -> Tally {
        let before = self.before(start);
        let now = self.history.back().map_or(self.gone, |k| k.until);
        // At most as many as the history is long.
        let since = |a: u32, b: u32| usize::try_from(a.wrapping_sub(b)).unwrap_or(usize::MAX);
        Tally {
            calls: self.history.len() - start,
            answered: since(now.answered, before.answered),
            failed: since(now.failed, before.failed),
            throttled: since(now.throttled, before.throttled),
        }
    }

    /// News from long ago is stale; news from the future was told by another clock.
    fn fresh(&self, at: i64, now: i64) -> bool {
        (now - at).abs() <= ms(self.thresholds.stale_after())
    }

    /// From now on it is asked so often: by that, news grows stale.
    pub fn asked_every(&mut self, interval: Millis) {
        self.thresholds.interval = interval;
    }

    /// What is probed.
    pub fn id(&self) -> &EndpointId {
        &self.id
    }

    /// What it is, for people; empty when nobody said.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// How patient it is.
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// What may be believed now. Without a fresh success it is never OK.
    pub fn state(&self, now: i64) -> DetectorState {
        let recent = |at: Option<i64>| at.is_some_and(|at| self.fresh(at, now));
        match self.state {
            _ if !recent(self.last_judged) => DetectorState::Unknown,
            // Fewer failures than make it suspect, yet no success for three probes: the probes themselves were slow to fail.
            DetectorState::Ok | DetectorState::Recovering if !recent(self.last_success) => DetectorState::Suspect,
            s => s,
        }
    }

    /// When the present state began; of a failing endpoint, its first failure.
    pub fn since(&self, now: i64) -> Option<i64> {
        match self.state(now) {
            DetectorState::Unknown => None,
            DetectorState::Suspect | DetectorState::Persistent => self.failing_since,
            _ => self.since,
        }
    }

    /// When the threshold passed, while it is persistent.
    pub fn persistent_since(&self) -> Option<i64> {
        self.since.filter(|_| self.state == DetectorState::Persistent)
    }

    /// First failure of the present bout.
    pub fn failing_since(&self) -> Option<i64> {
        self.failing_since
    }

    /// Counting failures in a row.
    pub fn consecutive_failures(&self) -> u32 {
        self.failures
    }

    /// Answers in a row.
    pub fn consecutive_successes(&self) -> u32 {
        self.successes
    }

    /// The newest answer.
    pub fn last_success(&self) -> Option<i64> {
        self.last_success
    }

    /// The newest observation.
    pub fn last(&self) -> Option<&Point> {
        self.history.back().map(|k| &k.point)
    }

    /// The newest observation, unless it is stale or older than a gap.
    pub fn news(&self, now: i64) -> Option<&Point> {
        self.last().filter(|p| p.at >= self.horizon && self.fresh(p.at, now))
    }

    /// Whether the newest observation is an answer; none without fresh news.
    pub fn answers(&self, now: i64) -> Option<bool> {
        self.news(now).map(|p| p.outcome.answered())
    }

    /// Since when every observation was an answer, if the newest is fresh.
    pub fn steady_since(&self, now: i64) -> Option<i64> {
        self.steady_since.filter(|_| self.answers(now) == Some(true))
    }

    /// How long it has answered without any failure and without a gap in the news; zero when it does not.
    pub fn steady_for(&self, now: i64) -> Millis {
        self.steady_since(now).map_or(Millis(0), |s| Millis(u64::try_from(now - s).unwrap_or(0)))
    }

    /// Why fresh news says nothing about the state: the newest failure that does not count.
    pub fn unjudged(&self, now: i64) -> Option<&Failure> {
        self.news(now)?.outcome.failure().filter(|f| !f.counts())
    }

    /// Calls since `from`, as far as the history reaches.
    pub fn tally(&self, from: i64) -> Tally {
        self.tally_from(self.index(from))
    }

    /// Bouts of failure that began within [`Thresholds::unstable_window`]: a failure right after an answer.
    pub fn bouts(&self, now: i64) -> usize {
        let from = (now - ms(self.thresholds.unstable_window)).max(self.horizon);
        let newest = self.history.back().map_or(self.gone, |k| k.until).bouts;
        usize::try_from(newest.wrapping_sub(self.before(self.index(from)).bouts)).unwrap_or(usize::MAX)
    }

    /// Whether it comes and goes, and not so badly that it is persistent.
    pub fn unstable(&self, now: i64) -> bool {
        matches!(self.state(now), DetectorState::Ok | DetectorState::Suspect | DetectorState::Recovering)
            && self.bouts(now) >= self.thresholds.unstable_bouts
    }

    /// Since when it throttles us, while it does.
    pub fn throttled_since(&self, now: i64) -> Option<i64> {
        self.news(now)?;
        self.throttled.filter(|_| self.storm(now)).map(|(began, _)| began)
    }

    fn storm(&self, now: i64) -> bool {
        let t = self.tally((now - THROTTLE_WINDOW).max(self.horizon));
        t.throttled >= THROTTLE_CALLS && t.throttled * 100 >= t.calls * self.thresholds.throttled_percent
    }

    /// The first throttled call of a new storm: the first in the window without a long pause after it.
    fn storm_began(&self, now: i64) -> i64 {
        let from = (now - THROTTLE_WINDOW).max(self.horizon);
        let window = self.history().rev().take_while(|p| p.at >= from);
        let calls = window.filter(|p| p.outcome.failure().is_some_and(Failure::is_throttle)).map(|p| p.at);
        let mut began = None;
        for at in calls {
            if began.is_some_and(|b| b - at > THROTTLE_PAUSE) {
                break;
            }
            began = Some(at);
        }
        began.unwrap_or(now)
    }

    /// The 95th percentile (nearest rank) of the total time of the last `n` answers.
    pub fn p95(&self, n: usize) -> Option<Millis> {
        let times = self.answer_times(n);
        times.get((times.len() * 95).div_ceil(100).checked_sub(1)?).copied()
    }

    /// The answer time shown: median of the last few answers.
    pub fn typical(&self) -> Option<Millis> {
        let times = self.answer_times(TYPICAL_OVER);
        times.get(times.len() / 2).copied()
    }

    /// Whether it answers, but slowly.
    pub fn slow(&self, now: i64) -> bool {
        self.state(now) == DetectorState::Ok && self.typical().is_some_and(|t| t >= self.thresholds.slow)
    }

    fn answer_times(&self, n: usize) -> Vec<Millis> {
        let answers = self.history().rev().filter(|p| p.outcome.answered()).filter_map(|p| p.took);
        let mut times: Vec<_> = answers.take(n).collect();
        times.sort_unstable();
        times
    }

    /// The history, oldest first; bounded.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        self.history.iter().map(|k| &k.point)
    }
}

/// A duration as signed milliseconds, for arithmetic on instants.
pub(super) fn ms(d: Millis) -> i64 {
    i64::try_from(d.0).unwrap_or(i64::MAX / 4)
}
