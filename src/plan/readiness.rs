//! Is a plan proven? It is while it has not been edited since a rehearsal or run of it succeeded, and while that is not
//! long ago. Otherwise it says what is missing and what to do. Nothing is forbidden: people have to know.
//!
//! What was proven is known by its digest, so that an edit taken back is the proven plan again, and by its strategy: a
//! plan proven hot/warm says nothing about hot/cold.

use serde::{Deserialize, Serialize};

use super::drift::Drift;
use crate::runbook::model::Strategy;
use crate::units::Millis;

/// A rehearsal proves a plan this long: the common checklist asks for one every quarter (CP11).
pub const GOOD_FOR: Millis = Millis(90 * DAY);

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// What a closed run said about its plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// Users were moved, and everything that was expected came true.
    Held,
    /// It did not; in words.
    Failed(String),
    /// Nothing: it read only, or there was no reason to move anybody.
    None,
}

/// A closed run, as far as its plan is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastRun {
    /// Four characters that people say.
    pub run: String,
    /// `rehearsal` or `live run`.
    pub what: String,
    /// Plan id.
    pub plan: String,
    /// Strategy.
    pub strategy: Strategy,
    /// Digest of the plan.
    pub digest: String,
    /// What it said.
    pub proof: Proof,
    /// When it was closed: UTC ms of the computer's clock, in a rehearsal too.
    pub closed_at: i64,
    /// From the impact until users were served.
    pub rta: Option<Millis>,
    /// From the decision until users were served: what is still to come when it is time to decide.
    pub pace: Option<Millis>,
}

/// The plan that is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Id.
    pub plan: &'a str,
    /// Strategy.
    pub strategy: Strategy,
    /// Digest.
    pub digest: &'a str,
}

/// Where a plan stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Proven as it is, and not long ago.
    Verified {
        /// By this run.
        run: String,
        /// Rehearsal or live run.
        what: String,
        /// When (UTC ms).
        when: i64,
        /// From the impact until users were served.
        rta: Option<Millis>,
    },
    /// An earlier version was proven.
    Edited {
        /// By this run.
        run: String,
        /// When (UTC ms).
        when: i64,
    },
    /// Never proven in any version.
    NeverRehearsed,
    /// Proven as it is, too long ago.
    TooOld {
        /// By this run.
        run: String,
        /// When (UTC ms).
        when: i64,
    },
    /// Proven as it is, and the two sides of it have drifted apart.
    Drifted {
        /// By this run.
        run: String,
        /// When (UTC ms).
        when: i64,
        /// How they differ, in numbers.
        summary: String,
        /// When that was read (UTC ms).
        read: i64,
    },
    /// The newest rehearsal or run of it did not succeed.
    LastFailed {
        /// This one.
        run: String,
        /// Rehearsal or live run.
        what: String,
        /// When (UTC ms).
        when: i64,
        /// How it ended.
        outcome: String,
    },
}

fn newest<'a>(runs: impl Iterator<Item = &'a PastRun>) -> Option<&'a PastRun> {
    runs.max_by_key(|r| r.closed_at)
}

/// Runs that say something about this plan in this strategy, in whatever version.
fn telling<'a>(of: Subject<'a>, runs: &'a [PastRun]) -> impl Iterator<Item = &'a PastRun> {
    runs.iter().filter(move |r| r.plan == of.plan && r.strategy == of.strategy && r.proof != Proof::None)
}

/// Where a plan stands; `now` is the computer's clock, UTC ms.
pub fn readiness(of: Subject<'_>, runs: &[PastRun], now: i64) -> Readiness {
    if let Some(r) = newest(telling(of, runs).filter(|r| r.digest == of.digest)) {
        let (run, when) = (r.run.clone(), r.closed_at);
        return match &r.proof {
            Proof::Failed(outcome) => {
                Readiness::LastFailed { run, what: r.what.clone(), when, outcome: outcome.clone() }
            }
            _ if age(when, now) > GOOD_FOR => Readiness::TooOld { run, when },
            _ => Readiness::Verified { run, what: r.what.clone(), when, rta: r.rta },
        };
    }
    match newest(telling(of, runs).filter(|r| r.proof == Proof::Held)) {
        Some(r) => Readiness::Edited { run: r.run.clone(), when: r.closed_at },
        None => Readiness::NeverRehearsed,
    }
}

/// How long moving the users took when this plan, as it is, was last rehearsed or run with success.
pub fn pace(of: Subject<'_>, runs: &[PastRun]) -> Option<Millis> {
    let held = telling(of, runs).filter(|r| r.digest == of.digest && r.proof == Proof::Held && r.pace.is_some());
    newest(held).and_then(|r| r.pace)
}

/// A clock that was set back makes nothing older than it is.
fn age(when: i64, now: i64) -> Millis {
    Millis(u64::try_from(now.saturating_sub(when)).unwrap_or(0))
}

/// `under an hour ago`, `5 hours ago`, `12 days ago`.
fn ago(when: i64, now: i64) -> String {
    let many = |n: u64, what: &str| format!("{n} {what}{} ago", if n == 1 { "" } else { "s" });
    match age(when, now).0 {
        ms if ms < HOUR => "under an hour ago".to_owned(),
        ms if ms < DAY => many(ms / HOUR, "hour"),
        ms => many(ms / DAY, "day"),
    }
}

impl Readiness {
    /// The same, knowing how the two sides differ: a rehearsal proves the plan, and nothing of what the real sides are
    /// like by now.
    pub fn against(self, drift: Option<&Drift>) -> Self {
        match (self, drift) {
            (Self::Verified { run, when, .. }, Some(d)) if d.matters() => {
                Self::Drifted { run, when, summary: d.summary(), read: d.at }
            }
            (as_it_was, _) => as_it_was,
        }
    }

    /// Proven, and not long ago.
    pub fn verified(&self) -> bool {
        matches!(self, Self::Verified { .. })
    }

    /// For programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Verified { .. } => "verified",
            Self::Edited { .. } => "edited",
            Self::NeverRehearsed => "never-rehearsed",
            Self::TooOld { .. } => "too-old",
            Self::Drifted { .. } => "drifted",
            Self::LastFailed { .. } => "last-failed",
        }
    }

    /// The run that it rests on, and when that was closed.
    pub fn by(&self) -> Option<(&str, i64)> {
        match self {
            Self::NeverRehearsed => None,
            Self::Verified { run, when, .. }
            | Self::Edited { run, when }
            | Self::TooOld { run, when }
            | Self::Drifted { run, when, .. }
            | Self::LastFailed { run, when, .. } => Some((run, *when)),
        }
    }

    /// For a button or a row: `verified 12 days ago`.
    pub fn short(&self, now: i64) -> String {
        match self {
            Self::Verified { when, .. } => format!("verified {}", ago(*when, now)),
            Self::Edited { .. } => "edited since it was verified".to_owned(),
            Self::NeverRehearsed => "never rehearsed".to_owned(),
            Self::TooOld { when, .. } => format!("last verified {}", ago(*when, now)),
            Self::Drifted { .. } => "the two sides have drifted apart".to_owned(),
            Self::LastFailed { what, .. } => format!("last {what} failed"),
        }
    }

    /// In a sentence: what is known, or what is missing.
    pub fn sentence(&self, now: i64) -> String {
        match self {
            Self::Verified { run, what, when, rta } => {
                let took = rta.map_or_else(String::new, |r| format!("; users were served after {r}"));
                format!("Verified {} by {what} {run}{took}.", ago(*when, now))
            }
            Self::Edited { run, when } => {
                format!("Edited: what run {run} verified {} is not this text.", ago(*when, now))
            }
            Self::NeverRehearsed => "Never rehearsed in this strategy: its times are planned, not measured.".to_owned(),
            Self::TooOld { run, when } => {
                let days = GOOD_FOR.0 / DAY;
                format!("Verified {} by run {run}: after {days} days that proves little.", ago(*when, now))
            }
            Self::Drifted { run, when, summary, read } => {
                let (proven, seen) = (ago(*when, now), ago(*read, now));
                format!("Run {run} verified it {proven}, and its two sides differ as read {seen}: {summary}.")
            }
            Self::LastFailed { run, what, when, outcome } => {
                format!("The last {what} ({run}, {}) did not prove it: {outcome}.", ago(*when, now))
            }
        }
    }

    /// What to do; nothing when it is verified.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Verified { .. } => None,
            Self::Edited { .. } => Some("Rehearse it as it is now."),
            Self::NeverRehearsed => Some("Rehearse it before it is needed."),
            Self::Drifted { .. } => {
                Some("Mend the differences, or know them before you rely on it; then read them again.")
            }
            Self::TooOld { .. } => Some("Rehearse it again: people, quotas and Azure have changed since."),
            Self::LastFailed { .. } => Some("Read in its record what went wrong, mend that, and rehearse it again."),
        }
    }
}
