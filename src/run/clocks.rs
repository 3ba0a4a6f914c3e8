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

/// Measures of this name, or of this name and whatever it is of, tell up to when data is safe elsewhere: the last
/// synchronisation of a storage account, the newest checkpoint, the newest record that was read back.
pub const POINT: &str = "RPO point";

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
    /// Up to when data is safe elsewhere (UTC ms), by what it is of; `None`: it was looked for and is not told.
    pub points: Vec<(String, Option<i64>)>,
}

/// By how much an agreed objective is missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breach {
    /// Longer away than agreed.
    pub rto: Option<Millis>,
    /// Older data than agreed.
    pub rpo: Option<Millis>,
}

impl Breach {
    /// Whether either is missed: the worst of them counts.
    pub fn any(self) -> bool {
        self.rto.is_some() || self.rpo.is_some()
    }

    /// One sentence for each objective that is missed.
    pub fn words(self, rto: Millis, rpo: Millis) -> Vec<String> {
        let rta = self.rto.map(|past| format!("users were away {past} longer than the RTO of {rto}"));
        let rpa = self.rpo.map(|past| format!("the newest data is {past} older than the RPO of {rpo} allows"));
        rta.into_iter().chain(rpa).collect()
    }
}

/// Best and worst time from the failure of an endpoint until the last client is led elsewhere by DNS: `tolerated` failures
/// of probes, an `interval` apart, each after at most `timeout`; then the answer is in caches for its `ttl`. What clients
/// add (resolvers with a floor of their own, runtimes that cache for ever, open connections) comes on top.
pub fn dns_worst(interval: Millis, tolerated: u32, timeout: Millis, ttl: Millis) -> (Millis, Millis) {
    let times = |n: u64| Millis(interval.0.saturating_mul(n));
    let tolerated = u64::from(tolerated);
    (times(tolerated), times(tolerated + 1) + timeout + ttl)
}

/// From one instant to a later one; never negative.
pub(super) fn since(from: i64, to: i64) -> Millis {
    Millis(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
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
        Some(since(self.t[from]?, self.t[to]?))
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

    /// Up to when data is safe, if this measure tells it; a later one takes the place of an earlier one of the same thing.
    pub(super) fn point(&mut self, name: &str, at: Option<i64>) {
        let Some(of) = name.strip_prefix(POINT).filter(|of| of.is_empty() || of.starts_with(' ')) else { return };
        match self.points.iter_mut().find(|(known, _)| known == of.trim()) {
            Some((_, known)) => *known = at,
            None => self.points.push((of.trim().to_owned(), at)),
        }
    }

    /// Recovery point actual: how old the newest data that can be recovered was when the impact began, of whatever is worst
    /// off. Unknown where T0, or the point of any of them, is: never zero for want of knowledge.
    pub fn rpa(&self) -> Option<Millis> {
        self.ages()?.try_fold(Millis(0), |worst, age| age.map(|a| worst.max(a))).filter(|_| !self.points.is_empty())
    }

    /// The worst of those that are known: the recovery point is at least so old.
    pub fn rpa_known(&self) -> Option<Millis> {
        self.ages()?.flatten().max()
    }

    fn ages(&self) -> Option<impl Iterator<Item = Option<Millis>>> {
        let t0 = self.t[0]?;
        Some(self.points.iter().map(move |(_, at)| at.map(|at| since(at, t0))))
    }

    /// What is missed of what was agreed; `so_far`: how long users have been away, where that goes on.
    pub fn breach(&self, rto: Millis, rpo: Millis, so_far: Option<Millis>) -> Breach {
        let past =
            |actual: Option<Millis>, agreed: Millis| actual.filter(|a| *a > agreed).map(|a| a.saturating_sub(agreed));
        Breach { rto: past(self.rta().or(so_far), rto), rpo: past(self.rpa_known(), rpo) }
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
