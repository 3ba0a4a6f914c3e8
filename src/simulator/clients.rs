//! The users of the service, modelled: how many calls each account gets, and how they end.
//!
//! A population of simple clients reads the weights `weight-<region>` from an App Configuration store, each client once in
//! every `refresh`, evenly spread; so after a change the share of calls moves linearly over one refresh period. While the
//! store is down a client goes on with what it read last. Every call takes [`TOKENS_A_CALL`], so capacity in force bounds how
//! many succeed. A pure function of the world's history and the timeline: asked twice, it says the same.
//!
//! A call that a dead region swallows is counted as 408 and a reset one as 503, as the clients' gateway would count it: what
//! a platform records of such calls differs, and counting none would let a region without users look like a perfect one.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::world::{Account, World};
use crate::rehearsal::scenario::{Clients, How, Place};
use crate::units::Region;

/// What one call costs; one unit of capacity is 1,000 tokens a minute, hence one call a minute.
const TOKENS_A_CALL: f64 = 1_000.0;
/// Groups of clients that re-read together; enough for a smooth line.
const PHASES: u32 = 20;
/// Moments looked at in a minute.
const MOMENTS: u32 = 12;
/// How far back a client's last successful reading is looked for; longer store outages count as before everything.
const READINGS_BACK: u32 = 500;
/// A minute in milliseconds.
const MINUTE: i64 = 60_000;

/// Calls of one minute to one deployment that ended alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Deployment.
    pub deployment: String,
    /// HTTP status.
    pub status: u16,
    /// How many.
    pub calls: u64,
    /// Mean answer time in milliseconds.
    pub latency: u64,
}

fn population(facts: &Facts) -> Option<&Clients> {
    facts.scenario.world.clients.as_ref()
}

/// The part of all calls that goes to an account, `0.0..=1.0`.
pub fn share(facts: &Facts, world: &World, account: &Account, at: i64) -> f64 {
    let Some(clients) = population(facts) else { return 0.0 };
    let refresh = i64::try_from(clients.refresh.0).unwrap_or(i64::MAX).clamp(1, 24 * 60 * MINUTE);
    let read = |phase: u32| {
        let mut seen = at - refresh * (2 * i64::from(phase) + 1) / (2 * i64::from(PHASES));
        for _ in 0..READINGS_BACK {
            match facts.timeline().strike(seen, &[Place::AppConfiguration]) {
                None => break,
                Some(s) if matches!(s.how, How::Slow(_)) => break,
                Some(_) => seen -= refresh,
            }
        }
        fraction(world, clients, account, seen)
    };
    (0..PHASES).map(read).sum::<f64>() / f64::from(PHASES)
}

/// What a client that read the store at this moment sends to the account.
fn fraction(world: &World, clients: &Clients, account: &Account, at: i64) -> f64 {
    let Some(store) = world.store(&clients.store) else { return 0.0 };
    let mut sum = 0.0;
    let mut own = 0.0;
    for name in &clients.accounts {
        let Some(a) = world.account(name) else { continue };
        let weight = store
            .value_at(&format!("weight-{}", a.region), at)
            .and_then(|v| v.trim().parse::<f64>().ok())
            .filter(|w| w.is_finite() && *w > 0.0)
            .unwrap_or(0.0);
        sum += weight;
        if a.name == account.name {
            own = weight;
        }
    }
    if sum > 0.0 { own / sum } else { 0.0 }
}

/// Calls a minute to one deployment at a moment.
pub fn demand(facts: &Facts, world: &World, account: &Account, deployment: &str, at: i64) -> f64 {
    if !facts.needs.iter().any(|n| n.eq_ignore_ascii_case(deployment)) {
        return 0.0;
    }
    let all = population(facts).map_or(0, |c| c.calls_per_minute);
    f64::from(all) * share(facts, world, account, at) / facts.needs.len() as f64
}

/// How the calls of the minute that begins at `from` ended at this account.
pub fn minute(facts: &Facts, world: &World, account: &Account, from: i64) -> Vec<Row> {
    let mut sums: BTreeMap<(usize, u16), (f64, f64)> = BTreeMap::new();
    let region = Place::DataPlane(Region::new(&account.region));
    for moment in 0..MOMENTS {
        let at = from + MINUTE * (2 * i64::from(moment) + 1) / (2 * i64::from(MOMENTS));
        let strike = facts.timeline().strike(at, std::slice::from_ref(&region));
        let Some(first) = facts.needs.first() else { break };
        let calls = demand(facts, world, account, first, at) / f64::from(MOMENTS);
        if calls <= 0.0 {
            continue;
        }
        for (n, deployment) in facts.needs.iter().enumerate() {
            let mut put = |status: u16, calls: f64, latency: u64| {
                let row = sums.entry((n, status)).or_default();
                row.0 += calls;
                row.1 += calls * latency as f64;
            };
            let mut latency = account.latency;
            match strike.as_ref().map(|s| &s.how) {
                Some(How::BlackHole) => put(408, calls, 0),
                Some(How::Refuse | How::NoHandshake | How::Reset | How::BadCertificate | How::Page) => {
                    put(503, calls, 0)
                }
                Some(How::Status(s)) => put(*s, calls, account.latency),
                Some(How::Throttle { .. }) => put(429, calls, account.latency),
                slow => {
                    if let Some(How::Slow(more)) = slow {
                        latency += more.0;
                    }
                    let able =
                        f64::from(account.capacity(deployment, at)) * 1_000.0 / TOKENS_A_CALL / f64::from(MOMENTS);
                    if able <= 0.0 {
                        put(404, calls, account.latency);
                    } else {
                        put(200, calls.min(able), latency);
                        put(429, (calls - able).max(0.0), account.latency);
                    }
                }
            }
        }
    }
    let rows = sums.into_iter().map(|((n, status), (calls, time))| Row {
        deployment: facts.needs[n].clone(),
        status,
        calls: calls.round() as u64,
        latency: if calls > 0.0 { (time / calls).round() as u64 } else { 0 },
    });
    rows.filter(|r| r.calls > 0).collect()
}
