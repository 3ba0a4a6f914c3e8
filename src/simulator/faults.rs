//! What is wrong at a time: a pure function of the happenings, when they come, and the scenario's clock.

use std::cmp::Reverse;

use crate::rehearsal::scenario::{How, Place, Scenario, What};
use crate::rehearsal::schedule::Schedule;
use crate::units::Millis;

/// A fault's span of scenario time, in milliseconds; `until` is the first moment without it.
#[derive(Debug, Clone)]
struct Span {
    on: Place,
    how: How,
    from: i64,
    until: i64,
}

/// One post about a Service Health event.
#[derive(Debug, Clone)]
pub struct Post {
    /// When, in scenario time.
    pub at: i64,
    /// Tracking id.
    pub tracking: String,
    /// Title.
    pub title: String,
    /// Text.
    pub summary: String,
    /// Region's portal name.
    pub region: String,
    /// `Active` or `Resolved`.
    pub status: String,
}

/// What Resource Health says of an account.
#[derive(Debug, Clone)]
pub struct Said {
    /// `Available`, `Unavailable`, `Degraded` or `Unknown`.
    pub state: String,
    /// Text.
    pub summary: String,
    /// The customer caused it.
    pub by_customer: bool,
}

/// The scenario's happenings, arranged for looking up.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    spans: Vec<Span>,
    posts: Vec<Post>,
    health: Vec<(i64, String, Said)>,
    quotas: Vec<(i64, String, String, u32)>,
}

/// The fault that strikes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strike {
    /// How it shows.
    pub how: How,
    /// When it ends; `i64::MAX` for never.
    pub until: i64,
}

fn ms(m: Millis) -> i64 {
    i64::try_from(m.0).unwrap_or(i64::MAX)
}

/// Of several faults at once the one that hides the others wins.
fn rank(how: &How) -> (u8, Reverse<Millis>) {
    let rank = match how {
        How::Refuse => 0,
        How::BlackHole => 1,
        How::NoHandshake => 2,
        How::Reset => 3,
        How::BadCertificate => 4,
        How::Page => 5,
        How::Status(_) => 6,
        How::Throttle { .. } => 7,
        How::Cut => 8,
        How::Slow(_) => 9,
        How::FailsLate(_) => 10,
    };
    (rank, Reverse(if let How::Slow(by) = how { *by } else { Millis(0) }))
}

impl Timeline {
    /// Arranges a scenario's happenings as they come by a schedule.
    pub fn new(scenario: &Scenario, schedule: &Schedule) -> Self {
        let mut out = Self::default();
        let mut open: Vec<(String, usize)> = Vec::new();
        // What was ended before it began does not begin: a facilitator may bring an end forward.
        let mut ended: Vec<String> = Vec::new();
        for (n, at) in schedule.all() {
            let Some(h) = scenario.timeline.get(n as usize) else { continue };
            let at = ms(at);
            match &h.what {
                What::Fault { id, .. } if ended.contains(id) => ended.retain(|e| e != id),
                What::Fault { id, on, how } => {
                    open.push((id.clone(), out.spans.len()));
                    out.spans.push(Span { on: on.clone(), how: how.clone(), from: at, until: i64::MAX });
                }
                What::Clear(id) if !open.iter().any(|(name, _)| name == id) => ended.push(id.clone()),
                What::Clear(id) => open.retain(|(name, n)| {
                    if name == id {
                        out.spans[*n].until = at;
                    }
                    name != id
                }),
                What::ServiceHealth { tracking, title, summary, region, status } => out.posts.push(Post {
                    at,
                    tracking: tracking.clone(),
                    title: title.clone(),
                    summary: summary.clone(),
                    region: region.display(),
                    status: status.clone(),
                }),
                What::ResourceHealth { account, state, summary, by_customer } => {
                    let (state, summary) = (state.clone(), summary.clone());
                    out.health.push((at, account.clone(), Said { state, summary, by_customer: *by_customer }));
                }
                What::SetQuota { region, model, limit } => {
                    out.quotas.push((at, region.name().to_owned(), model.clone(), *limit));
                }
                // Messages to people; the conductor reads them.
                What::Inject(_) | What::Colleague { .. } | What::Away(_) | What::Back(_) => {}
            }
        }
        out
    }

    /// The worst fault on any of these places at a time.
    pub fn strike(&self, at: i64, places: &[Place]) -> Option<Strike> {
        self.spans
            .iter()
            .filter(|s| s.from <= at && at < s.until && places.contains(&s.on))
            // Accepted work fails later; the request is answered.
            .filter(|s| !matches!(s.how, How::FailsLate(_)))
            .min_by_key(|s| rank(&s.how))
            .map(|s| Strike { how: s.how.clone(), until: s.until })
    }

    /// When the fault that strikes a place at a time began.
    pub fn began(&self, at: i64, place: &Place) -> Option<i64> {
        let here = |s: &&Span| s.from <= at && at < s.until && s.on == *place;
        self.spans.iter().filter(here).min_by_key(|s| rank(&s.how)).map(|s| s.from)
    }

    /// The code with which work accepted now in this region ends.
    pub fn fails_late(&self, at: i64, region: &str) -> Option<&str> {
        let here = |s: &&Span| s.from <= at && at < s.until && matches!(&s.on, Place::Arm | Place::ArmIn(_));
        let at_place = |s: &&Span| !matches!(&s.on, Place::ArmIn(r) if r.name() != region);
        self.spans.iter().filter(here).filter(at_place).find_map(|s| match &s.how {
            How::FailsLate(code) => Some(code.as_str()),
            _ => None,
        })
    }

    /// Posts so far, oldest first.
    pub fn posts(&self, at: i64) -> impl Iterator<Item = &Post> {
        self.posts.iter().filter(move |p| p.at <= at)
    }

    /// What Resource Health says of an account, and since when.
    pub fn health(&self, at: i64, account: &str) -> Option<(i64, &Said)> {
        let last = self.health.iter().rfind(|(t, a, _)| *t <= at && a.eq_ignore_ascii_case(account))?;
        Some((last.0, &last.2))
    }

    /// When nobody listens at any of these places, in order and apart from each other.
    pub fn closed(&self, places: &[Place]) -> Vec<(i64, i64)> {
        let closes = |s: &&Span| s.how == How::Refuse && places.contains(&s.on) && s.from < s.until;
        let mut all: Vec<(i64, i64)> = self.spans.iter().filter(closes).map(|s| (s.from, s.until)).collect();
        all.sort_unstable();
        let mut out: Vec<(i64, i64)> = Vec::new();
        for (from, until) in all {
            match out.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => out.push((from, until)),
            }
        }
        out
    }

    /// A quota limit that somebody has set by now.
    pub fn quota(&self, at: i64, region: &str, model: &str) -> Option<u32> {
        self.quotas.iter().rfind(|(t, r, m, _)| *t <= at && r == region && m == model).map(|q| q.3)
    }
}
