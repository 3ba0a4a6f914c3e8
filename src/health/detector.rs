//! One endpoint's state machine: OK → SUSPECT → PERSISTENT → RECOVERING → OK.
//!
//! A success resets the failures in a row, not the window. *Persistent* is declared on a failure only, and the more a
//! failover costs, the longer it takes. News older than three probes is no news: the state is then unknown, whatever it was.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::signal::{EndpointId, Failure, Observation, Outcome};
use crate::runbook::model::Tier;
use crate::units::Millis;

/// Enough for an hour at one probe a second; older points go.
const HISTORY_MAX: usize = 4_096;
/// An hour is drawn; twice that is kept.
const HISTORY_SPAN: i64 = 2 * 3_600_000;
/// Successes whose median is the answer time shown: recent, and not moved by one outlier.
const TYPICAL_OVER: usize = 5;

/// How patient a detector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Time between two probes: 15 s.
    pub interval: Millis,
    /// Failures in a row that make it suspect: 3.
    pub suspect_after: u32,
    /// Failures in a row that make it persistent. T1: 8 (about two minutes); T2, T3: never by count alone.
    pub persistent_after: Option<u32>,
    /// Window of the share rule. T1: 5 min; T2: 15 min; T3: 30 min.
    pub window: Millis,
    /// Share of failed calls in the window, in percent. T1: 50; T2, T3: 80.
    pub window_percent: usize,
    /// Calls in the window without which it proves nothing. T1: 20; T2: 30; T3: 60 (half of those expected).
    pub window_calls: usize,
    /// The first failure must be a whole window old. T2, T3: an outage of 12 minutes is no outage of 15.
    pub whole_window: bool,
    /// Successes in a row that make a persistent failure recovering: 3.
    pub recover_after: u32,
    /// How long it must then hold to be OK: 5 min.
    pub hold: Millis,
    /// Bouts of failure within [`Thresholds::unstable_window`] that make it unstable: 3.
    pub unstable_bouts: usize,
    /// 10 min.
    pub unstable_window: Millis,
    /// Share of throttled calls in five minutes that makes it throttled: 20 %, and at least three.
    pub throttled_percent: usize,
    /// Median answer time from which it is slow: 2 s.
    pub slow: Millis,
}

/// Over how long throttling is counted.
const THROTTLE_WINDOW: i64 = 5 * 60_000;
/// Fewer throttled calls than this are no storm.
const THROTTLE_CALLS: usize = 3;

impl Thresholds {
    /// The defaults of a tier.
    pub fn of(tier: Tier) -> Self {
        let t1 = Self {
            interval: Millis::from_secs(15),
            suspect_after: 3,
            persistent_after: Some(8),
            window: Millis::from_mins(5),
            window_percent: 50,
            window_calls: 20,
            whole_window: false,
            recover_after: 3,
            hold: Millis::from_mins(5),
            unstable_bouts: 3,
            unstable_window: Millis::from_mins(10),
            throttled_percent: 20,
            slow: Millis::from_secs(2),
        };
        let patient = |minutes, calls| Self {
            persistent_after: None,
            window: Millis::from_mins(minutes),
            window_percent: 80,
            window_calls: calls,
            whole_window: true,
            ..t1
        };
        match tier {
            Tier::T1 => t1,
            Tier::T2 => patient(15, 30),
            Tier::T3 => patient(30, 60),
        }
    }

    /// Age from which news is stale: three probes.
    pub fn stale_after(&self) -> Millis {
        Millis(self.interval.0.saturating_mul(3))
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::of(Tier::T1)
    }
}

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

/// The state machine of one endpoint.
#[derive(Debug, Clone)]
pub struct Detector {
    id: EndpointId,
    thresholds: Thresholds,
    history: VecDeque<Point>,
    state: DetectorState,
    since: Option<i64>,
    failing_since: Option<i64>,
    steady_since: Option<i64>,
    last_success: Option<i64>,
    last_judged: Option<i64>,
    failures: u32,
    successes: u32,
}

impl Detector {
    /// A detector that knows nothing yet.
    pub fn new(id: EndpointId, thresholds: Thresholds) -> Self {
        Self {
            id,
            thresholds,
            history: VecDeque::new(),
            state: DetectorState::Unknown,
            since: None,
            failing_since: None,
            steady_since: None,
            last_success: None,
            last_judged: None,
            failures: 0,
            successes: 0,
        }
    }

    /// Takes one observation in. A clock that went back is taken as standing still.
    pub fn observe(&mut self, o: &Observation) {
        let at = self.history.back().map_or(o.at, |p| p.at.max(o.at));
        if self.last_judged.is_some_and(|j| !self.fresh(j, at)) {
            self.forget();
        }
        self.remember(Point { at, outcome: o.outcome.clone(), took: o.stages.total });
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

    /// After a gap (a sleeping laptop, a storm of refused keys) what was seen before proves nothing about now.
    fn forget(&mut self) {
        self.state = DetectorState::Unknown;
        (self.since, self.failing_since, self.steady_since) = (None, None, None);
        (self.failures, self.successes) = (0, 0);
    }

    fn remember(&mut self, p: Point) {
        let oldest = p.at - HISTORY_SPAN;
        self.history.push_back(p);
        while self.history.len() > HISTORY_MAX || self.history.front().is_some_and(|p| p.at < oldest) {
            self.history.pop_front();
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
        self.steady_since.get_or_insert(at);
        self.failures = 0;
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
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(at);
        if self.state == DetectorState::Persistent {
            return;
        }
        let relapsed = self.state == DetectorState::Recovering && self.failures >= self.thresholds.suspect_after;
        let in_a_row = self.thresholds.persistent_after.is_some_and(|n| self.failures >= n);
        if let Some(first) = self.share_rule(at) {
            self.failing_since = self.failing_since.map(|f| f.min(first));
            self.enter(DetectorState::Persistent, at);
        } else if relapsed || in_a_row {
            self.enter(DetectorState::Persistent, at);
        } else if self.state == DetectorState::Recovering {
            // One failure while recovering is not yet a relapse, but the hold starts again.
            self.since = Some(at);
        } else if self.failures >= self.thresholds.suspect_after {
            self.enter(DetectorState::Suspect, at);
        }
    }

    /// The first failure of the window when the share rule says persistent.
    fn share_rule(&self, now: i64) -> Option<i64> {
        let t = &self.thresholds;
        let from = now - ms(t.window);
        let tally = self.tally(from);
        let first = self.points_since(from).filter(|p| p.outcome.counts()).last()?.at;
        // Between two probes the start of the window falls on none of them: half an interval of grace.
        let old_enough = !t.whole_window || first <= from + ms(t.interval) / 2;
        let enough = tally.calls >= t.window_calls && tally.failed * 100 >= tally.calls * t.window_percent;
        (old_enough && enough).then_some(first)
    }

    /// Newest first.
    fn points_since(&self, from: i64) -> impl Iterator<Item = &Point> {
        self.history.iter().rev().take_while(move |p| p.at >= from)
    }

    fn fresh(&self, at: i64, now: i64) -> bool {
        now - at <= ms(self.thresholds.stale_after())
    }

    /// From now on it is asked so often: by that, news grows stale.
    pub fn asked_every(&mut self, interval: Millis) {
        self.thresholds.interval = interval;
    }

    /// What is probed.
    pub fn id(&self) -> &EndpointId {
        &self.id
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
        self.history.back()
    }

    /// The newest observation, unless it is stale.
    pub fn news(&self, now: i64) -> Option<&Point> {
        self.last().filter(|p| self.fresh(p.at, now))
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

    /// Calls since `from`.
    pub fn tally(&self, from: i64) -> Tally {
        let mut t = Tally::default();
        for p in self.points_since(from) {
            t.calls += 1;
            t.answered += usize::from(p.outcome.answered());
            t.failed += usize::from(p.outcome.counts());
            t.throttled += usize::from(p.outcome.failure().is_some_and(Failure::is_throttle));
        }
        t
    }

    /// Separate bouts of failure within the window of [`Thresholds::unstable_window`].
    pub fn bouts(&self, now: i64) -> usize {
        let judged = self
            .points_since(now - ms(self.thresholds.unstable_window))
            .filter_map(|p| p.outcome.answered().then_some(true).or(p.outcome.counts().then_some(false)));
        // Newest first: a bout begins where a failure is followed by an earlier answer.
        let mut later = None;
        let mut bouts = 0;
        for answered in judged {
            bouts += usize::from(answered && later == Some(false));
            later = Some(answered);
        }
        bouts
    }

    /// Whether it comes and goes, and not so badly that it is persistent.
    pub fn unstable(&self, now: i64) -> bool {
        matches!(self.state(now), DetectorState::Ok | DetectorState::Suspect | DetectorState::Recovering)
            && self.bouts(now) >= self.thresholds.unstable_bouts
    }

    /// Since when it throttles us, while it does.
    pub fn throttled_since(&self, now: i64) -> Option<i64> {
        self.news(now)?;
        let t = self.tally(now - THROTTLE_WINDOW);
        if t.throttled < THROTTLE_CALLS || t.throttled * 100 < t.calls * self.thresholds.throttled_percent {
            return None;
        }
        let mut since = now;
        for p in self.history.iter().rev().filter(|p| p.outcome.failure().is_some_and(Failure::is_throttle)) {
            if since - p.at > THROTTLE_WINDOW {
                break;
            }
            since = p.at;
        }
        Some(since)
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
        let answers = self.history.iter().rev().filter(|p| p.outcome.answered()).filter_map(|p| p.took);
        let mut times: Vec<_> = answers.take(n).collect();
        times.sort_unstable();
        times
    }

    /// The history, oldest first; bounded.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        self.history.iter()
    }
}

/// A duration as signed milliseconds, for arithmetic on instants.
pub(super) fn ms(d: Millis) -> i64 {
    i64::try_from(d.0).unwrap_or(i64::MAX / 4)
}
