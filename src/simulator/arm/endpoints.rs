//! What Traffic Manager's probes see of each endpoint, and where a profile's name leads: from the faults of the moment, by
//! Traffic Manager's own arithmetic.

use serde_json::Value;

use crate::rehearsal::scenario::Place;
use crate::simulator::facts::Facts;
use crate::simulator::hosts::{TRAFFIC_MANAGER, site};
use crate::simulator::traffic::{Endpoint, EndpointKind, Profile};
use crate::simulator::world::{World, dice};
use crate::units::{Region, known_regions};

/// Seconds between probes, failures tolerated, seconds until a probe is given up: the defaults.
pub const INTERVAL_S: i64 = 30;
pub const TOLERATED: i64 = 3;
pub const TIMEOUT_S: i64 = 10;
/// Profiles in profiles; deeper ones count as degraded.
const MAX_DEPTH: usize = 5;

/// The profile behind a nested endpoint.
fn child<'w>(world: &'w World, e: &Endpoint) -> Option<&'w Profile> {
    let name = e.resource.as_deref()?.rsplit('/').next()?;
    world.profiles.iter().find(|p| p.name.eq_ignore_ascii_case(name))
}

/// Whether the probes have given the endpoint up: the last tolerated-plus-one of them all failed and were over by now.
fn degraded(facts: &Facts, world: &World, p: &Profile, e: &Endpoint, at: i64, depth: usize) -> bool {
    if e.always {
        return false;
    }
    if e.kind() == EndpointKind::Nested {
        return starved(facts, world, e, at, depth);
    }
    let Some(region) = region(facts, world, e) else { return e.host.is_empty() };
    let said = |name: &str, usual: i64| p.monitor.get(name).and_then(Value::as_i64).unwrap_or(usual);
    let interval = said("intervalInSeconds", INTERVAL_S).max(1) * 1_000;
    let tolerated = said("toleratedNumberOfFailures", TOLERATED).clamp(0, 9);
    let last = (at - said("timeoutInSeconds", TIMEOUT_S) * 1_000).div_euclid(interval) * interval;
    // A good probe is over at once and re-admits at once.
    let newest = at.div_euclid(interval) * interval;
    let probes = [Place::Probes(p.name.clone())];
    let fails = |at: i64| !facts.serves(&region, at) || facts.timeline().strike(at, &probes).is_some();
    fails(newest) && (0..=tolerated).all(|k| fails(last - k * interval))
}

/// Whether a nested profile has fewer well endpoints than it has to have.
fn starved(facts: &Facts, world: &World, e: &Endpoint, at: i64, depth: usize) -> bool {
    let Some(inner) = child(world, e).filter(|p| p.enabled && depth < MAX_DEPTH) else { return true };
    let least = e.more.get("minChildEndpoints").and_then(Value::as_u64).unwrap_or(1);
    let well = inner.endpoints.iter().filter(|c| c.enabled && !degraded(facts, world, inner, c, at, depth + 1)).count();
    u64::try_from(well).unwrap_or(0) < least
}

/// The region whose health decides.
pub fn region(facts: &Facts, world: &World, e: &Endpoint) -> Option<String> {
    if !e.region.is_empty() {
        return Some(e.region.clone());
    }
    let host = host(world, e);
    let account = host.strip_suffix(".openai.azure.com").unwrap_or(&e.name);
    let behind = || world.thing(e.resource.as_deref()?).map(|t| t.location().to_owned()).filter(|l| l != "global");
    world
        .serving(account)
        .or_else(|| world.account(account))
        .map(|a| a.region.clone())
        .or_else(|| site(facts, &host).map(|s| s.region.name().to_owned()))
        .or_else(behind)
        .or_else(|| named_region(e.more.get("endpointLocation")?.as_str()?))
}

/// A region by the name that people or ARM give it.
pub fn named_region(text: &str) -> Option<String> {
    let arm = Region::new(text);
    known_regions()
        .iter()
        .find(|r| r.display_name.eq_ignore_ascii_case(text) || r.name == arm.name())
        .map(|r| r.name.clone())
}

/// The host it leads to.
pub fn host(world: &World, e: &Endpoint) -> String {
    match e.kind() {
        EndpointKind::Nested => child(world, e).map(Profile::fqdn).unwrap_or_default(),
        _ if e.host.is_empty() => format!("{}.openai.azure.com", e.name.to_ascii_lowercase()),
        _ => e.host.clone(),
    }
}

/// What the probes say of an endpoint.
pub fn monitor(facts: &Facts, world: &World, p: &Profile, e: &Endpoint, at: i64) -> &'static str {
    match () {
        () if !p.enabled => "Inactive",
        () if !e.enabled => "Disabled",
        () if e.always => "Unmonitored",
        () if e.kind() == EndpointKind::Nested && child(world, e).is_none_or(|c| !c.enabled) => "Stopped",
        () if degraded(facts, world, p, e, at, 0) => "Degraded",
        () if at < e.since.saturating_add(INTERVAL_S * 1_000) => "CheckingEndpoint",
        () => "Online",
    }
}

/// The host that a profile's name leads to now; `None` where it has no address.
pub fn leads_to(facts: &Facts, world: &World, name: &str, at: i64) -> Option<String> {
    let label = name.strip_suffix(TRAFFIC_MANAGER)?;
    let p = world.profiles.iter().find(|p| p.label().eq_ignore_ascii_case(label)).filter(|p| p.enabled)?;
    let enabled: Vec<&Endpoint> = p.endpoints.iter().filter(|e| e.enabled).collect();
    let well: Vec<&Endpoint> = enabled.iter().copied().filter(|e| !degraded(facts, world, p, e, at, 0)).collect();
    // With every endpoint degraded all of them are given out: one may answer after all.
    let fit = if well.is_empty() { enabled } else { well };
    let latency = |e: &Endpoint| {
        let host = host(world, e);
        site(facts, &host)
            .map(|s| s.latency.0)
            .or_else(|| world.account(&e.name).map(|a| a.latency))
            .unwrap_or(u64::MAX)
    };
    let chosen = match p.routing.as_str() {
        "Weighted" => {
            // Whoever asks within one time to live gets the same answer.
            let turn = at.div_euclid(i64::from(p.ttl.max(1)) * 1_000);
            let all: u64 = fit.iter().map(|e| u64::from(e.weight)).sum();
            let mut drawn = dice(facts.seed, &format!("route/{}/{turn}", p.name), all);
            fit.iter().find(|e| {
                let here = drawn < u64::from(e.weight);
                drawn = drawn.saturating_sub(u64::from(e.weight));
                here
            })
        }
        "Performance" => fit.iter().min_by_key(|e| (latency(e), e.priority)),
        _ => fit.iter().min_by_key(|e| e.priority),
    };
    chosen.map(|e| host(world, e))
}
