//! T0 … T12 and what they add up to (DOMAIN: vocabulary and computation). Unknown stays unknown.

use crate::units::Millis;

/// Names of the instants.
pub const NAMES: [&str; 13] = [
    "T0 impact start",
    "T1 first failed probe",
    "T2 persistent",
    "T3 acknowledged",
    "T4 decision",
    "T5 first failover step",
    "T6 last failover step",
    "T7 verification passed",
    "T8 95 % of clients served",
    "T9 primary healthy",
    "T10 failback start",
    "T11 failback verified",
    "T12 closed",
];

/// The instants of a run (UTC ms on its clock) and where its time went.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clocks {
    /// T0 … T12.
    pub t: [Option<i64>; 13],
    /// Spent while the app or Azure was at work.
    pub azure: Millis,
    /// Spent while a person was waited for.
    pub people: Millis,
    /// Spent paused.
    pub paused: Millis,
    /// What does not count towards the RTA: pauses until T8, of a rehearsal.
    pub(super) uncounted: Millis,
    /// Nobody is moved: what was deleted is back when that was verified, T7, and no T8 is to come.
    pub(super) ends_verified: bool,
}

impl Clocks {
    /// Sets an instant once; later evidence does not move it.
    pub fn reach(&mut self, n: usize, at: i64) {
        if let Some(t @ None) = self.t.get_mut(n) {
            *t = Some(at);
        }
    }

    /// `a − b` when both are known; never negative.
    fn between(&self, from: usize, to: usize) -> Option<Millis> {
        let (a, b) = (self.t[from]?, self.t[to]?);
        Some(Millis(u64::try_from(b.saturating_sub(a)).unwrap_or(0)))
    }

    fn end(&self) -> usize {
        if self.ends_verified { 7 } else { 8 }
    }

    /// When the outage was over: T8, or T7 of a recovery.
    pub fn over(&self) -> Option<i64> {
        self.t[self.end()]
    }

    /// Recovery time actual: T8 − T0 (a recovery's: T7 − T0), without the pauses of a rehearsal. Provisional until T7 is
    /// known.
    pub fn rta(&self) -> Option<Millis> {
        Some(self.between(0, self.end())?.saturating_sub(self.uncounted))
    }

    /// Whether the RTA stands: users served *and* verification passed.
    pub fn rta_final(&self) -> bool {
        self.t[7].is_some() && self.over().is_some()
    }

    /// Detect, acknowledge, decide, execute, verify.
    pub fn segments(&self) -> [(&'static str, Option<Millis>); 5] {
        [
            ("detect", self.between(0, 2)),
            ("acknowledge", self.between(2, 3)),
            ("decide", self.between(3, 4)),
            ("execute", self.between(5, 6)),
            ("verify", self.between(6, 7)),
        ]
    }

    /// The part that the team controls: T7 − T4.
    pub fn team(&self) -> Option<Millis> {
        self.between(4, 7)
    }

    /// Failback time: T11 − T10.
    pub fn failback(&self) -> Option<Millis> {
        self.between(10, 11)
    }
}
