//! The detector against a plain one that looks through everything anew each time, and what a gap does to both.

use lifeboat::health::{Detector, DetectorState, Failure, Outcome, Tally, Thresholds};
use lifeboat::runbook::model::Tier;
use proptest::prelude::*;

use super::detector::{outcomes, tiers};
use super::{STEP, T0, fed, ok, seen, silent, times};

const MINUTE: i64 = 60_000;

/// The rules as they are told, without any care for speed.
struct Plain {
    t: Thresholds,
    seen: Vec<(i64, Outcome)>,
    /// What is counted is forgotten after the longest window and a little, also when the clock is set back later.
    counted: Vec<(i64, Outcome)>,
    horizon: i64,
    state: DetectorState,
    since: i64,
    failing_since: Option<i64>,
    judged: Option<i64>,
    success: Option<i64>,
    storm: Option<(i64, i64)>,
}

impl Plain {
    fn new(t: Thresholds) -> Self {
        let state = DetectorState::Unknown;
        Self {
            t,
            seen: vec![],
            counted: vec![],
            horizon: 0,
            state,
            since: 0,
            failing_since: None,
            judged: None,
            success: None,
            storm: None,
        }
    }

    fn stale(&self) -> i64 {
        3 * self.t.interval.0 as i64
    }

    fn gap(&mut self, to: i64) {
        self.horizon = to;
        self.seen.retain(|p| p.0 < to);
        self.counted.retain(|p| p.0 < to);
        self.state = DetectorState::Unknown;
        self.failing_since = None;
        self.storm = None;
        self.judged = self.judged.filter(|at| *at <= to);
        self.success = self.success.filter(|at| *at <= to);
    }

    /// What was seen since the last gap.
    fn valid(&self) -> impl DoubleEndedIterator<Item = &(i64, Outcome)> {
        self.seen.iter().filter(|p| p.0 >= self.horizon)
    }

    /// The newest run of judged outcomes of one kind, no two further apart than news lasts: how many, since when.
    fn row(&self, answered: bool) -> (u32, i64) {
        let (mut n, mut first, mut later) = (0, i64::MAX, self.seen.last().map_or(0, |p| p.0));
        for (at, o) in self.valid().rev() {
            let mine = if answered { o.answered() } else { o.counts() };
            // An answer ends a run of failures; anything that is no answer ends a run of answers.
            let other = if answered { !o.answered() } else { o.answered() };
            if other || (mine && later - at > self.stale()) {
                break;
            }
            if mine {
                (n, first, later) = (n + 1, *at, *at);
            }
        }
        (n, first)
    }

    fn row_of(&self, wanted: u32, now: i64) -> bool {
        let (n, first) = self.row(false);
        n >= wanted && now - first >= (i64::from(wanted) - 1) * STEP / 2
    }

    fn share(&self, now: i64) -> Option<i64> {
        let from = now - self.t.window.0 as i64;
        let window: Vec<_> = self.valid().filter(|p| p.0 >= from).collect();
        let failed: Vec<i64> = window.iter().filter(|p| p.1.counts()).map(|p| p.0).collect();
        let needed = (self.t.window_calls * self.t.window_percent).div_ceil(100) as i64;
        let before = self.valid().rev().find(|p| p.0 < from);
        let from_the_start =
            failed.first()? - from <= STEP / 2 || before.is_some_and(|p| p.1.counts() && from - p.0 <= self.stale());
        let enough = window.len() >= self.t.window_calls
            && failed.len() * 100 >= window.len() * self.t.window_percent
            && (!self.t.whole_window || from_the_start)
            && now - failed[0] >= (needed - 1) * STEP / 2;
        enough.then_some(failed[0])
    }

    fn observe(&mut self, at: i64, o: Outcome) {
        use DetectorState::*;
        if at < self.horizon {
            return;
        }
        let last = self.seen.last().map(|p| p.0);
        if last.is_some_and(|l| (at - l).abs() > self.stale()) {
            self.gap(at);
        }
        let at = self.seen.last().map_or(at, |p| p.0.max(at));
        if self.judged.is_some_and(|j| at - j > self.stale()) {
            self.state = Unknown;
            self.failing_since = None;
        }
        let (answered, counts) = (o.answered(), o.counts());
        self.seen.push((at, o.clone()));
        self.counted.push((at, o));
        self.counted.retain(|p| p.0 >= at - 62 * MINUTE);
        if self.storms(at) {
            let goes_on = self.storm.filter(|s| at - s.1 <= self.stale());
            self.storm = Some((goes_on.map_or_else(|| self.storm_began(at), |s| s.0), at));
        }
        if answered || counts {
            self.judged = Some(at);
        }
        let next = if answered {
            self.success = Some(at);
            match self.state {
                Unknown | Suspect => Ok,
                Persistent if self.row(true).0 >= self.t.recover_after => Recovering,
                Recovering if at - self.since >= self.t.hold.0 as i64 => Ok,
                same => same,
            }
        } else if counts {
            self.failing_since.get_or_insert(at);
            let row = self.row_of(self.t.suspect_after, at);
            let long = self.t.persistent_after.is_some_and(|n| self.row_of(n, at));
            match (self.state, self.share(at)) {
                (Persistent, _) => Persistent,
                (_, Some(first)) => {
                    self.failing_since = self.failing_since.map(|f| f.min(first));
                    Persistent
                }
                (Recovering, None) if row => Persistent,
                (_, None) if long => Persistent,
                (Recovering, None) => {
                    self.since = at;
                    Recovering
                }
                (_, None) if row => Suspect,
                (same, None) => same,
            }
        } else {
            self.state
        };
        if next != self.state {
            (self.state, self.since) = (next, at);
        }
        if answered && self.state == Ok {
            self.failing_since = None;
        }
    }

    fn state(&self, now: i64) -> DetectorState {
        use DetectorState::*;
        let recent = |at: Option<i64>| at.is_some_and(|at| (now - at).abs() <= self.stale());
        match self.state {
            _ if !recent(self.judged) => Unknown,
            Ok | Recovering if !recent(self.success) => Suspect,
            s => s,
        }
    }

    fn tally(&self, from: i64) -> Tally {
        let since = |what: fn(&Outcome) -> bool| self.counted.iter().filter(|p| p.0 >= from && what(&p.1)).count();
        Tally {
            calls: since(|_| true),
            answered: since(Outcome::answered),
            failed: since(Outcome::counts),
            throttled: since(|o| o.failure().is_some_and(Failure::is_throttle)),
        }
    }

    fn bouts(&self, now: i64) -> usize {
        let judged: Vec<_> = self.valid().filter(|p| p.1.answered() || p.1.counts()).collect();
        let began = judged.windows(2).filter(|w| w[0].1.answered() && w[1].1.counts()).map(|w| w[1].0);
        began.filter(|at| *at >= now - self.t.unstable_window.0 as i64).count()
    }

    fn throttled_since(&self, now: i64) -> Option<i64> {
        self.seen.last().filter(|p| p.0 >= self.horizon && (now - p.0).abs() <= self.stale())?;
        self.storm.filter(|_| self.storms(now)).map(|s| s.0)
    }

    fn storms(&self, now: i64) -> bool {
        let t = self.tally((now - 5 * MINUTE).max(self.horizon));
        t.throttled >= 3 && t.throttled * 100 >= t.calls * self.t.throttled_percent
    }

    /// Of the throttled calls in the window, the first that none follows by more than half of it.
    fn storm_began(&self, now: i64) -> i64 {
        let throttled =
            self.valid().filter(|p| p.0 >= now - 5 * MINUTE && p.1.failure().is_some_and(Failure::is_throttle));
        let all: Vec<i64> = throttled.map(|p| p.0).collect();
        let pause = all.windows(2).rposition(|w| w[1] - w[0] > 5 * MINUTE / 2);
        all[pause.map_or(0, |i| i + 1)]
    }
}

/// How far the clock goes to the next observation: mostly as it should.
fn pauses() -> impl Strategy<Value = i64> {
    prop_oneof![
        30 => 14_000i64..16_000,
        3 => 0i64..3_000,
        2 => 20_000i64..44_000,
        1 => 46_000i64..400_000,
        1 => -40_000i64..0,
        1 => -900_000i64..-46_000,
    ]
}

/// Stretches of the same, so that rows and windows fill up.
fn days() -> impl Strategy<Value = Vec<(Outcome, i64, bool)>> {
    let stretch = (outcomes(), outcomes(), 0u8..10, 1usize..80, prop::collection::vec(pauses(), 80), 0usize..400);
    prop::collection::vec(stretch, 1..8).prop_map(|all| {
        let mut out = Vec::new();
        for (one, other, share, n, pauses, gap) in all {
            out.extend((0..n).map(|i| {
                let o = if (i * 7 % 10) < usize::from(share) { &other } else { &one };
                (o.clone(), pauses[i], i == gap)
            }));
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]
    #[test]
    fn it_says_what_the_plain_rules_say(tier in tiers(), steps in days(), later in 0i64..60_000) {
        let t = Thresholds::of(tier);
        let (mut fast, mut plain) = (Detector::new("e".into(), t), Plain::new(t));
        let mut at = T0;
        for (o, pause, gap) in steps {
            if gap {
                fast.gap(at + pause);
                plain.gap(at + pause);
            }
            at += pause;
            fast.observe(&seen("e", at, o.clone()));
            plain.observe(at, o);
            for now in [at, at + later] {
                prop_assert_eq!(fast.state(now), plain.state(now));
                prop_assert_eq!(fast.bouts(now), plain.bouts(now));
                prop_assert_eq!(fast.throttled_since(now), plain.throttled_since(now));
            }
            prop_assert_eq!(fast.failing_since(), plain.failing_since);
            prop_assert_eq!(fast.tally(at - 7 * MINUTE), plain.tally(at - 7 * MINUTE));
            prop_assert_eq!(fast.consecutive_failures(), plain.row(false).0);
            prop_assert_eq!(fast.consecutive_successes(), plain.row(true).0);
        }
    }
}

#[test]
fn a_burst_within_seconds_is_one_failure_as_far_as_time_goes() {
    for tier in [Tier::T1, Tier::T2, Tier::T3] {
        let (mut d, at) = fed("e", tier, times(40, &ok()));
        let awake = at + 8 * 60 * MINUTE;
        d.gap(awake);
        // The network is not there yet, and everything is asked at once.
        for i in 0..100 {
            d.observe(&seen("e", awake + i * 100, silent()));
            assert_eq!(d.state(awake + i * 100), DetectorState::Unknown, "{tier:?} {i}");
        }
        // It goes on failing: then it is as suspect as any other.
        d.observe(&seen("e", awake + STEP, silent()));
        assert_eq!(d.state(awake + STEP), DetectorState::Suspect);
    }
}

#[test]
fn nothing_is_carried_over_a_gap() {
    // Seven failures before, seven after: never eight in a row; ten in the window before, nine after: never half of it.
    let (mut d, at) = fed("e", Tier::T1, times(20, &ok()).chain(times(7, &silent())));
    assert_eq!(d.state(at), DetectorState::Suspect);
    d.gap(at + 5_000);
    assert_eq!((d.state(at + 5_000), d.answers(at + 5_000)), (DetectorState::Unknown, None));
    for i in 1..=7 {
        d.observe(&seen("e", at + i * STEP, silent()));
    }
    assert_eq!(d.state(at + 7 * STEP), DetectorState::Suspect);
    assert_eq!(d.since(at + 7 * STEP), Some(at + STEP), "it began after the gap, as far as anybody knows");
    // What was counted stays on record.
    assert_eq!(d.tally(T0).failed, 14);

    // Asked before the gap and answered after it: no news.
    let (mut d, at) = fed("e", Tier::T1, times(3, &ok()));
    d.gap(at + MINUTE);
    d.observe(&seen("e", at + STEP, ok()));
    assert_eq!(d.state(at + MINUTE), DetectorState::Unknown);
    assert_eq!(d.last().unwrap().at, at);

    // An outage of fourteen minutes, a nap, and two minutes more are no outage of fifteen.
    let (mut d, at) = fed("e", Tier::T2, times(57, &silent()));
    d.gap(at + STEP);
    for i in 1..=8 {
        d.observe(&seen("e", at + i * STEP, silent()));
    }
    assert_eq!(d.state(at + 8 * STEP), DetectorState::Suspect);
}

#[test]
fn a_clock_that_is_set_back_does_not_keep_old_news_fresh() {
    let (mut d, at) = fed("e", Tier::T1, times(10, &ok()));
    assert_eq!(d.state(at - 10 * MINUTE), DetectorState::Unknown, "news from the future is none");
    // Whether the watch says so or the next observation shows it.
    let mut told = d.clone();
    told.gap(at - 10 * MINUTE);
    assert_eq!((told.last(), told.last_success()), (None, None));
    d.observe(&seen("e", at - 10 * MINUTE, silent()));
    for d in [&d, &told] {
        assert_eq!(d.state(at - 10 * MINUTE), DetectorState::Unknown);
        assert_eq!(d.answers(at), None);
    }
}

#[test]
fn jitter_hides_no_outage_from_the_whole_window() {
    // Fifteen seconds, give or take a tenth, and the phase of every start.
    for phase in 0..40i64 {
        for tier in [Tier::T2, Tier::T3] {
            let t = Thresholds::of(tier);
            let mut d = Detector::new("e".into(), t);
            let (mut at, begins) = (T0 + phase * 400, T0 + 20 * MINUTE);
            for i in 0.. {
                at += 13_500 + (i * 7_919 + phase * 104_729) % 3_000;
                d.observe(&seen("e", at, if at < begins { ok() } else { silent() }));
                if d.state(at) == DetectorState::Persistent {
                    break;
                }
                assert!(at - begins < t.window.0 as i64 + 2 * STEP, "{tier:?} {phase}");
            }
            assert!(at - begins >= t.window.0 as i64 - STEP / 2, "{tier:?} {phase}: too soon");
        }
    }
}
