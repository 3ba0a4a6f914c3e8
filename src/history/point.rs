//! What is kept of one observation, and of all observations of a minute: numbers only, so that a day of a thousand
//! endpoints fits into memory. The free text of a failure is not kept: it may hold anything.

use crate::health::{EndpointId, Failure, Observation, Outcome, Stages};
use crate::units::Millis;

/// DNS, TCP, TLS, first byte, total.
pub const STAGES: usize = 5;
/// Where the whole stands among them.
pub const TOTAL: usize = 4;
/// The stage was not reached.
const NONE: u16 = u16::MAX;
/// No time-out of a probe is longer than a minute; what is longer all the same is cut to this.
const LONGEST: u64 = NONE as u64 - 1;
/// The mark of a probe that a proxy carried, beside its outcome.
const PROXY: u16 = 0x8000;
/// Codes of failures that are no HTTP status; their order is the format of the files, so it only grows.
const FAILURES: [Failure; 13] = [
    Failure::Dns,
    Failure::ConnectTimeout,
    Failure::Refused,
    Failure::Unreachable,
    Failure::NoRoute,
    Failure::Tls,
    Failure::Certificate,
    Failure::Reset,
    Failure::NoAnswer,
    Failure::NotTheService,
    Failure::NotAsked,
    Failure::Proxy,
    Failure::BeyondProxy,
];
/// Statuses of HTTP have three digits.
const STATUS: std::ops::RangeInclusive<u16> = 100..=999;

/// One observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it was asked, UTC milliseconds.
    pub at: i64,
    /// 0: answered; 1 to 99: [`FAILURES`]; 100 to 999: an HTTP status.
    pub(super) code: u16,
    /// Milliseconds, or [`NONE`].
    pub(super) stages: [u16; STAGES],
}

fn short(t: Option<Millis>) -> u16 {
    t.map_or(NONE, |t| u16::try_from(t.0.min(LONGEST)).unwrap_or(NONE))
}

/// The code of a failure: its place among [`FAILURES`] from 1, or the status. The compiler asks for a new one here.
fn code(f: &Failure) -> u16 {
    match f {
        Failure::Dns => 1,
        Failure::ConnectTimeout => 2,
        Failure::Refused => 3,
        Failure::Unreachable => 4,
        Failure::NoRoute => 5,
        Failure::Tls => 6,
        Failure::Certificate => 7,
        Failure::Reset => 8,
        Failure::NoAnswer => 9,
        Failure::NotTheService => 10,
        Failure::NotAsked => 11,
        Failure::Proxy => 12,
        Failure::BeyondProxy => 13,
        Failure::Status { code, .. } => (*code).clamp(*STATUS.start(), *STATUS.end()),
    }
}

fn some(ms: u16) -> Option<u16> {
    (ms != NONE).then_some(ms)
}

impl Point {
    /// What is kept of an observation.
    pub fn of(o: &Observation) -> Self {
        let code = match &o.outcome {
            Outcome::Answered => 0,
            Outcome::Failed(f) => code(f),
        };
        let s = &o.stages;
        Self {
            at: o.at,
            code: if o.via_proxy { code | PROXY } else { code },
            stages: [s.dns, s.connect, s.tls, s.first_byte, s.total].map(short),
        }
    }

    /// The observation again, as far as it was kept; none for a code that this version does not know.
    pub fn observation(&self, endpoint: &str) -> Option<Observation> {
        let [dns, connect, tls, first_byte, total] = self.stages.map(|ms| some(ms).map(|ms| Millis(u64::from(ms))));
        Some(Observation {
            endpoint: EndpointId::from(endpoint),
            at: self.at,
            outcome: self.outcome()?,
            stages: Stages { dns, connect, tls, first_byte, total },
            peer: None,
            via_proxy: self.code & PROXY != 0,
            certificate: None,
            detail: None,
            ahead: None,
        })
    }

    /// What came of it; none for a code that this version does not know.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.code & !PROXY {
            0 => Some(Outcome::Answered),
            code if STATUS.contains(&code) => Some(Outcome::Failed(Failure::status(code))),
            code => FAILURES.get(usize::from(code) - 1).map(|f| Outcome::Failed(f.clone())),
        }
    }

    /// Whether it was answered.
    pub fn answered(&self) -> bool {
        self.code & !PROXY == 0
    }

    /// Whether a request was made at all.
    pub fn asked(&self) -> bool {
        self.outcome() != Some(Outcome::Failed(Failure::NotAsked))
    }

    /// Milliseconds of a stage; none when it was not reached.
    pub fn stage(&self, n: usize) -> Option<u16> {
        self.stages.get(n).copied().and_then(some)
    }
}

/// All calls of one endpoint in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Minutes since 1970.
    pub minute: u32,
    /// All calls.
    pub calls: u16,
    /// Those that were answered.
    pub answered: u16,
    /// Those that count against the endpoint.
    pub failed: u16,
    /// Those that were throttled.
    pub throttled: u16,
    /// Mean of each stage over the answers, milliseconds, or [`NONE`].
    pub(super) mean: [u16; STAGES],
    /// The slowest answer, milliseconds, or [`NONE`].
    pub(super) slowest: u16,
}

/// Milliseconds of a minute.
pub const MINUTE: i64 = 60_000;

/// The minute an instant is in; none before 1970 and after 10,000 years.
pub fn minute(at: i64) -> Option<u32> {
    u32::try_from(at.div_euclid(MINUTE)).ok()
}

impl Bucket {
    /// When it begins, UTC milliseconds.
    pub fn at(&self) -> i64 {
        i64::from(self.minute) * MINUTE
    }

    /// Mean milliseconds of a stage over the answers.
    pub fn mean(&self, n: usize) -> Option<u16> {
        self.mean.get(n).copied().and_then(some)
    }

    /// The slowest answer, in milliseconds.
    pub fn slowest(&self) -> Option<u16> {
        some(self.slowest)
    }

    /// Puts the calls of another stretch to it, as when two Lifeboats look in the same minute.
    pub fn add(&mut self, o: &Self) {
        for (mine, theirs) in self.mean.iter_mut().zip(o.mean) {
            *mine = match (some(*mine), some(theirs)) {
                (Some(a), Some(b)) => {
                    let (m, n) = (u32::from(self.answered.max(1)), u32::from(o.answered.max(1)));
                    let sum = u32::from(a).saturating_mul(m).saturating_add(u32::from(b).saturating_mul(n));
                    u16::try_from(sum / (m + n)).unwrap_or(a)
                }
                (Some(a), None) => a,
                (None, _) => theirs,
            };
        }
        self.slowest = match (some(self.slowest), some(o.slowest)) {
            (Some(a), Some(b)) => a.max(b),
            (Some(a), None) => a,
            (None, _) => o.slowest,
        };
        self.calls = self.calls.saturating_add(o.calls);
        self.answered = self.answered.saturating_add(o.answered);
        self.failed = self.failed.saturating_add(o.failed);
        self.throttled = self.throttled.saturating_add(o.throttled);
    }
}

/// A minute that is not over yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gathering {
    bucket: Bucket,
    sums: [u32; STAGES],
    counts: [u16; STAGES],
}

impl Gathering {
    pub fn new(minute: u32) -> Self {
        let bucket =
            Bucket { minute, calls: 0, answered: 0, failed: 0, throttled: 0, mean: [NONE; STAGES], slowest: NONE };
        Self { bucket, sums: [0; STAGES], counts: [0; STAGES] }
    }

    pub fn minute(&self) -> u32 {
        self.bucket.minute
    }

    pub fn add(&mut self, p: &Point) {
        let b = &mut self.bucket;
        // Sums of 65,535 calls of 65 s fit; more calls than that in a minute are nobody's.
        if b.calls == u16::MAX {
            return;
        }
        let Some(outcome) = p.outcome().filter(|_| p.asked()) else { return };
        b.calls += 1;
        b.failed += u16::from(outcome.counts());
        b.throttled += u16::from(outcome.failure().is_some_and(Failure::is_throttle));
        if !outcome.answered() {
            return;
        }
        b.answered += 1;
        for n in 0..STAGES {
            if let Some(ms) = p.stage(n) {
                self.sums[n] = self.sums[n].saturating_add(u32::from(ms));
                self.counts[n] += 1;
            }
        }
        if let Some(total) = p.stage(TOTAL) {
            b.slowest = some(b.slowest).map_or(total, |s| s.max(total));
        }
    }

    /// What it comes to so far; none when nothing was asked.
    pub fn bucket(&self) -> Option<Bucket> {
        let mut b = self.bucket;
        for n in 0..STAGES {
            let mean = self.sums[n].checked_div(u32::from(self.counts[n]));
            b.mean[n] = mean.and_then(|m| u16::try_from(m).ok()).unwrap_or(NONE);
        }
        (b.calls > 0).then_some(b)
    }
}
