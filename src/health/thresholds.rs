//! How much evidence a verdict wants: the defaults of each tier, why they are so, and what may be set.
//!
//! The more a failover costs, the longer it must look necessary. A person may set these numbers within their range; a
//! plan may only ask for more evidence than that, never for less.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize};

use crate::runbook::model::Tier;
use crate::units::Millis;

/// The longest window that may be set; the history must reach beyond it.
pub(super) const LONGEST_WINDOW: Millis = Millis::from_mins(60);

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

    /// Calls that fit into the window; a rule that wants more would never speak.
    pub fn calls_that_fit(&self) -> usize {
        usize::try_from(self.window.0 / self.interval.0.max(1)).unwrap_or(usize::MAX)
    }

    /// The same, with what is set; values outside their range count as the nearest inside.
    pub fn with(mut self, set: &Adjustment, tier: Tier) -> Self {
        for (knob, wanted) in &set.0 {
            if let Some(range) = knob.range(tier) {
                knob.put(&mut self, wanted.0.clamp(*range.start(), *range.end()));
            }
        }
        self.made_possible()
    }

    /// The stricter of these and what a plan asks for, number by number.
    pub fn tightened(mut self, by: &Adjustment, tier: Tier) -> Self {
        for (knob, wanted) in &by.0 {
            let (Some(range), Some(now)) = (knob.range(tier), knob.get(&self)) else { continue };
            let wanted = wanted.0.clamp(*range.start(), *range.end());
            if knob.stricter(wanted, now) {
                knob.put(&mut self, wanted);
            }
        }
        self.made_possible()
    }

    /// A window that cannot hold the calls it wants would never find an outage.
    fn made_possible(mut self) -> Self {
        self.window_calls = self.window_calls.min(self.calls_that_fit().max(1));
        self
    }

    /// `8 in a row, or 50 % of at least 20 calls in 5 min`.
    pub fn rule(&self) -> String {
        let share = format!("{} % of at least {} calls in {}", self.window_percent, self.window_calls, self.window);
        match self.persistent_after {
            Some(n) => format!("{n} failures in a row, or {share}"),
            None => share,
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::of(Tier::T1)
    }
}

/// What differs from the defaults, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment(pub BTreeMap<Knob, Amount>);

/// A number, or milliseconds; read from a number or from text such as `15m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Amount(pub u64);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Millis::deserialize(d).map(|m| Self(m.0))
    }
}

/// A number of [`Thresholds`] that may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// [`Thresholds::interval`]
    Interval,
    /// [`Thresholds::suspect_after`]
    SuspectAfter,
    /// [`Thresholds::persistent_after`]
    PersistentAfter,
    /// [`Thresholds::window`]
    Window,
    /// [`Thresholds::window_percent`]
    WindowPercent,
    /// [`Thresholds::window_calls`]
    WindowCalls,
    /// [`Thresholds::recover_after`]
    RecoverAfter,
    /// [`Thresholds::hold`]
    Hold,
    /// [`Thresholds::unstable_bouts`]
    UnstableBouts,
    /// [`Thresholds::unstable_window`]
    UnstableWindow,
    /// [`Thresholds::throttled_percent`]
    ThrottledPercent,
    /// [`Thresholds::slow`]
    Slow,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things; in words.
    Count(&'static str),
    /// Hundredths.
    Percent,
    /// Milliseconds.
    Time,
}

impl Unit {
    /// `8 failures in a row`, `50 %`, `5 min`.
    pub fn show(self, n: u64) -> String {
        match self {
            Self::Count(what) => format!("{n} {what}"),
            Self::Percent => format!("{n} %"),
            Self::Time => Millis(n).to_string(),
        }
    }

    /// `4 to 40`, `2 min to 30 min`.
    pub fn range(self, r: &RangeInclusive<u64>) -> String {
        match self {
            Self::Count(_) => format!("{} to {}", r.start(), r.end()),
            Self::Percent => format!("{} to {} %", r.start(), r.end()),
            Self::Time => format!("{} to {}", Millis(*r.start()), Millis(*r.end())),
        }
    }
}

impl Knob {
    /// All of them, in the order in which they are explained.
    pub const ALL: [Self; 12] = [
        Self::Interval,
        Self::SuspectAfter,
        Self::PersistentAfter,
        Self::WindowPercent,
        Self::Window,
        Self::WindowCalls,
        Self::RecoverAfter,
        Self::Hold,
        Self::UnstableBouts,
        Self::UnstableWindow,
        Self::ThrottledPercent,
        Self::Slow,
    ];

    /// As it is written in a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::SuspectAfter => "suspect_after",
            Self::PersistentAfter => "persistent_after",
            Self::Window => "window",
            Self::WindowPercent => "window_percent",
            Self::WindowCalls => "window_calls",
            Self::RecoverAfter => "recover_after",
            Self::Hold => "hold",
            Self::UnstableBouts => "unstable_bouts",
            Self::UnstableWindow => "unstable_window",
            Self::ThrottledPercent => "throttled_percent",
            Self::Slow => "slow",
        }
    }

    /// As it is called on a screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Interval => "Ask every",
            Self::SuspectAfter => "Suspect after",
            Self::PersistentAfter => "Persistent after",
            Self::Window => "Or by share, over",
            Self::WindowPercent => "Or by share, when at least",
            Self::WindowCalls => "Or by share, of at least",
            Self::RecoverAfter => "Recovering after",
            Self::Hold => "Healthy after holding for",
            Self::UnstableBouts => "Unstable after",
            Self::UnstableWindow => "Unstable within",
            Self::ThrottledPercent => "Throttled from",
            Self::Slow => "Slow from",
        }
    }

    /// What it counts.
    pub fn unit(self) -> Unit {
        match self {
            Self::SuspectAfter | Self::PersistentAfter => Unit::Count("failures in a row"),
            Self::WindowCalls => Unit::Count("calls"),
            Self::RecoverAfter => Unit::Count("answers in a row"),
            Self::UnstableBouts => Unit::Count("bouts of failure"),
            Self::WindowPercent | Self::ThrottledPercent => Unit::Percent,
            Self::Interval | Self::Window | Self::Hold | Self::UnstableWindow | Self::Slow => Unit::Time,
        }
    }

    /// What may be set in a tier; none where the tier has no such rule.
    pub fn range(self, tier: Tier) -> Option<RangeInclusive<u64>> {
        let minutes = |from: u64, to: u64| from * 60_000..=to * 60_000;
        Some(match (self, tier) {
            (Self::Interval, _) => 5_000..=60_000,
            (Self::SuspectAfter, _) => 2..=10,
            (Self::PersistentAfter, Tier::T1) => 4..=40,
            // What is laborious or lossy is never called for by a count alone.
            (Self::PersistentAfter, Tier::T2 | Tier::T3) => return None,
            (Self::Window, Tier::T1) => minutes(2, 30),
            (Self::Window, Tier::T2) => minutes(10, LONGEST_WINDOW.0 / 60_000),
            (Self::Window, Tier::T3) => minutes(20, LONGEST_WINDOW.0 / 60_000),
            (Self::WindowPercent, Tier::T1) => 30..=100,
            (Self::WindowPercent, Tier::T2 | Tier::T3) => 60..=100,
            (Self::WindowCalls, Tier::T1) => 10..=300,
            (Self::WindowCalls, Tier::T2) => 15..=600,
            (Self::WindowCalls, Tier::T3) => 30..=600,
            (Self::RecoverAfter, _) => 2..=20,
            (Self::Hold, _) => minutes(1, 60),
            (Self::UnstableBouts, _) => 2..=10,
            (Self::UnstableWindow, _) => minutes(5, 60),
            (Self::ThrottledPercent, _) => 5..=80,
            (Self::Slow, _) => 200..=30_000,
        })
    }

    /// Whether `a` asks for more than `b`: more evidence before it is down or well again, less before it is doubted.
    pub fn stricter(self, a: u64, b: u64) -> bool {
        match self {
            Self::Interval => false,
            Self::UnstableBouts | Self::ThrottledPercent | Self::Slow => a < b,
            _ => a > b,
        }
    }

    /// Whether a plan may set it. How often is asked is the laptop's own business.
    pub fn for_plans(self) -> bool {
        self != Self::Interval
    }

    /// Its value; none where the tier has no such rule.
    pub fn get(self, t: &Thresholds) -> Option<u64> {
        let of = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Some(match self {
            Self::Interval => t.interval.0,
            Self::SuspectAfter => t.suspect_after.into(),
            Self::PersistentAfter => t.persistent_after?.into(),
            Self::Window => t.window.0,
            Self::WindowPercent => of(t.window_percent),
            Self::WindowCalls => of(t.window_calls),
            Self::RecoverAfter => t.recover_after.into(),
            Self::Hold => t.hold.0,
            Self::UnstableBouts => of(t.unstable_bouts),
            Self::UnstableWindow => t.unstable_window.0,
            Self::ThrottledPercent => of(t.throttled_percent),
            Self::Slow => t.slow.0,
        })
    }

    fn put(self, t: &mut Thresholds, n: u64) {
        let count = u32::try_from(n).unwrap_or(u32::MAX);
        let size = usize::try_from(n).unwrap_or(usize::MAX);
        match self {
            Self::Interval => t.interval = Millis(n),
            Self::SuspectAfter => t.suspect_after = count,
            Self::PersistentAfter => t.persistent_after = Some(count),
            Self::Window => t.window = Millis(n),
            Self::WindowPercent => t.window_percent = size,
            Self::WindowCalls => t.window_calls = size,
            Self::RecoverAfter => t.recover_after = count,
            Self::Hold => t.hold = Millis(n),
            Self::UnstableBouts => t.unstable_bouts = size,
            Self::UnstableWindow => t.unstable_window = Millis(n),
            Self::ThrottledPercent => t.throttled_percent = size,
            Self::Slow => t.slow = Millis(n),
        }
    }

    /// Why the default is what it is, and who says so.
    pub fn reason(self, tier: Tier) -> (&'static str, &'static str) {
        const OURS: &str = "judgement";
        const ERRORS: &str = "Azure OpenAI, Troubleshoot errors (09/2026)";
        const BCDR: &str = "Azure OpenAI, Business continuity and disaster recovery (03/2025)";
        const NOTICES: &str = "Microsoft Tech Community, Communicating outages";
        match (self, tier) {
            (Self::Interval, _) => ("often enough for a threshold of two minutes, seldom enough to cost nothing", OURS),
            (Self::SuspectAfter, _) => ("one connectivity error is retried, not believed", BCDR),
            (Self::PersistentAfter, _) => {
                ("about two minutes: what Traffic Manager needs with its defaults before it leads users away", OURS)
            }
            (Self::Window, Tier::T1) => {
                ("5xx that last longer than a few minutes are a reason to look further", ERRORS)
            }
            (Self::Window, Tier::T2) => (
                "most platform blips end sooner; nine services in ten are said to post a notice within 10 min",
                NOTICES,
            ),
            (Self::Window, Tier::T3) => ("there is no way back: wait until an incident can be confirmed", OURS),
            (Self::WindowPercent, Tier::T1) => {
                ("a region that fails half of its calls does not serve; the way back is cheap", OURS)
            }
            (Self::WindowPercent, _) => {
                ("the move is dear: it must fail almost always, and over the whole window", OURS)
            }
            (Self::WindowCalls, Tier::T1) => ("a share of few calls proves nothing: a full window of them", OURS),
            (Self::WindowCalls, _) => {
                ("half of the calls expected in the window: a laptop that slept saw too little", OURS)
            }
            (Self::RecoverAfter, _) => ("one answer may be luck, as one error may be", OURS),
            (Self::Hold, _) => ("against moving users back into a region that comes and goes", OURS),
            (Self::UnstableBouts, _) => ("twice is chance; three times in ten minutes it comes and goes", OURS),
            (Self::UnstableWindow, _) => ("as long as people remember what they saw, and as short that it ends", OURS),
            (Self::ThrottledPercent, _) => {
                ("throttling is no outage; a fifth of all calls is more than a burst", ERRORS)
            }
            (Self::Slow, _) => {
                ("listing models takes a fraction of a second from anywhere; a model call may take longer", OURS)
            }
        }
    }
}
