//! Traffic Manager profiles; what their probes see follows from the faults, by Traffic Manager's own arithmetic.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, inventory, not_allowed, not_found};
use crate::rehearsal::things;
use crate::simulator::facts::Facts;
use crate::simulator::hosts::{TRAFFIC_MANAGER, site};
use crate::simulator::http::{Ask, Reply};
use crate::simulator::world::{Endpoint, Profile, World, dice};

const KIND: &str = "Microsoft.Network/trafficManagerProfiles";
/// Seconds between probes, failures tolerated, seconds until a probe is given up: the defaults.
const INTERVAL_S: i64 = 30;
const TOLERATED: i64 = 3;
const TIMEOUT_S: i64 = 10;
/// Weights and priorities lie in this range.
const RANGE: std::ops::RangeInclusive<u64> = 1..=1_000;

/// Answers requests to the provider.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let route = target.route();
    let Some(first) = route.first() else {
        return inventory::provider(ask, target);
    };
    if *first != "trafficmanagerprofiles" {
        return Reply::no_route(ask);
    }
    if let (&Method::GET, 1) = (&ask.method, route.len()) {
        let here = |p: &&Profile| target.group.is_none_or(|g| g.eq_ignore_ascii_case(&p.group));
        return Reply::list(world.profiles.iter().filter(here).map(|p| body(facts, world, p, ask.at)).collect());
    }
    let (Some(g), Some(name)) = (target.group, target.names.get(1)) else {
        return Reply::no_route(ask);
    };
    let Some(n) =
        world.profiles.iter().position(|p| p.name.eq_ignore_ascii_case(name) && p.group.eq_ignore_ascii_case(g))
    else {
        return not_found(g, KIND, name);
    };
    match (&ask.method, &route[2..]) {
        (&Method::GET, []) => Reply::ok(&body(facts, world, &world.profiles[n], ask.at)),
        (&Method::PUT | &Method::PATCH, []) => set_profile(facts, world, ask, n),
        (_, [kind @ ("externalendpoints" | "azureendpoints"), e]) => endpoint(facts, world, ask, n, (kind, e)),
        _ => not_allowed(ask),
    }
}

/// Whether the probes have given the endpoint up: the last tolerated-plus-one of them all failed and were over by now.
fn degraded(facts: &Facts, world: &World, e: &Endpoint, at: i64) -> bool {
    let Some(region) = region(world, e) else { return true };
    let interval = INTERVAL_S * 1_000;
    let last = (at - TIMEOUT_S * 1_000).div_euclid(interval) * interval;
    // A good probe is over at once and re-admits at once.
    let newest = at.div_euclid(interval) * interval;
    !facts.serves(&region, newest) && (0..=TOLERATED).all(|k| !facts.serves(&region, last - k * interval))
}

/// The region whose health decides.
fn region(world: &World, e: &Endpoint) -> Option<String> {
    if e.region.is_empty() { world.account(&e.name).map(|a| a.region.clone()) } else { Some(e.region.clone()) }
}

/// The host it leads to.
fn host(e: &Endpoint) -> String {
    if e.host.is_empty() { format!("{}.openai.azure.com", e.name.to_ascii_lowercase()) } else { e.host.clone() }
}

/// The last part of an endpoint's type.
fn kind(e: &Endpoint) -> &'static str {
    if e.resource.is_some() { "azureEndpoints" } else { "externalEndpoints" }
}

/// The host that a profile's name leads to now; `None` where it has no address.
pub fn leads_to(facts: &Facts, world: &World, name: &str, at: i64) -> Option<String> {
    let label = name.strip_suffix(TRAFFIC_MANAGER)?;
    let p = world.profiles.iter().find(|p| p.name.eq_ignore_ascii_case(label)).filter(|p| p.enabled)?;
    let enabled: Vec<&Endpoint> = p.endpoints.iter().filter(|e| e.enabled).collect();
    let well: Vec<&Endpoint> = enabled.iter().copied().filter(|e| !degraded(facts, world, e, at)).collect();
    // With every endpoint degraded all of them are given out: one may answer after all.
    let fit = if well.is_empty() { enabled } else { well };
    let latency = |e: &Endpoint| {
        let host = host(e);
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
    chosen.map(|e| host(e))
}

fn monitor(facts: &Facts, world: &World, p: &Profile, e: &Endpoint, at: i64) -> &'static str {
    match () {
        () if !p.enabled => "Inactive",
        () if !e.enabled => "Disabled",
        () if degraded(facts, world, e, at) => "Degraded",
        () => "Online",
    }
}

fn id(facts: &Facts, p: &Profile) -> String {
    facts.id(&p.group, &format!("{KIND}/{}", p.name))
}

fn endpoint_body(facts: &Facts, world: &World, p: &Profile, e: &Endpoint, at: i64) -> Value {
    let resource = e.resource.as_ref().map(|r| things::full_id(r, facts.subscription()));
    json!({
        "id": format!("{}/{}/{}", id(facts, p), kind(e), e.name), "name": e.name,
        "type": format!("{KIND}/{}", kind(e)),
        "properties": {
            "endpointStatus": if e.enabled { "Enabled" } else { "Disabled" },
            "endpointMonitorStatus": monitor(facts, world, p, e, at),
            "target": host(e), "targetResourceId": resource,
            "weight": e.weight, "priority": e.priority,
            "endpointLocation": region(world, e).map(|r| crate::units::Region::new(&r).display()),
            "alwaysServe": "Disabled",
        },
    })
}

fn body(facts: &Facts, world: &World, p: &Profile, at: i64) -> Value {
    let states: BTreeSet<&str> = p.endpoints.iter().map(|e| monitor(facts, world, p, e, at)).collect();
    let state = match () {
        () if !p.enabled => "Disabled",
        () if states.contains("Degraded") => "Degraded",
        () if states.contains("Online") => "Online",
        () => "Inactive",
    };
    let endpoints: Vec<Value> = p.endpoints.iter().map(|e| endpoint_body(facts, world, p, e, at)).collect();
    json!({
        "id": id(facts, p), "name": p.name, "type": KIND, "location": "global", "tags": {},
        "properties": {
            "profileStatus": if p.enabled { "Enabled" } else { "Disabled" },
            "trafficRoutingMethod": p.routing, "trafficViewEnrollmentStatus": "Disabled",
            "dnsConfig": { "relativeName": p.name, "fqdn": format!("{}.trafficmanager.net", p.name.to_ascii_lowercase()), "ttl": p.ttl },
            "monitorConfig": {
                "profileMonitorStatus": state, "protocol": "HTTPS", "port": 443, "path": "/status",
                "intervalInSeconds": INTERVAL_S, "timeoutInSeconds": TIMEOUT_S, "toleratedNumberOfFailures": TOLERATED,
            },
            "endpoints": endpoints,
        },
    })
}

fn bad(text: &str) -> Reply {
    Reply::error(400, "BadRequest", text)
}

/// Switches `Enabled` and `Disabled`; `Err` on anything else.
fn switch(sent: &Value, present: bool) -> Result<bool, Reply> {
    match sent.as_str() {
        None if sent.is_null() => Ok(present),
        Some("Enabled") => Ok(true),
        Some("Disabled") => Ok(false),
        _ => Err(bad("The status must be 'Enabled' or 'Disabled'.")),
    }
}

fn set_profile(facts: &Facts, world: &mut World, ask: &Ask, n: usize) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b["properties"].clone(),
        Err(refusal) => return refusal,
    };
    // In Azure a list of endpoints in here replaces the present one; refusing protects from stale lists.
    if sent["endpoints"].as_array().is_some_and(|e| e.len() != world.profiles[n].endpoints.len()) {
        return bad("This simulated Azure does not replace a profile's endpoints; change them one by one.");
    }
    let mut p = world.profiles[n].clone();
    p.enabled = match switch(&sent["profileStatus"], p.enabled) {
        Ok(s) => s,
        Err(refusal) => return refusal,
    };
    if let Some(method) = sent["trafficRoutingMethod"].as_str() {
        if !["Priority", "Weighted", "Performance"].contains(&method) {
            return bad("The traffic routing method must be 'Priority', 'Weighted' or 'Performance'.");
        }
        method.clone_into(&mut p.routing);
    }
    if let Some(ttl) = sent["dnsConfig"]["ttl"].as_u64().and_then(|t| u32::try_from(t).ok()) {
        p.ttl = ttl;
    }
    world.profiles[n] = p;
    Reply::ok(&body(facts, world, &world.profiles[n], ask.at))
}

fn endpoint(facts: &Facts, world: &mut World, ask: &Ask, n: usize, (of, name): (&str, &str)) -> Reply {
    let p = world.profiles[n].clone();
    let fits = |e: &Endpoint| e.name.eq_ignore_ascii_case(name) && kind(e).eq_ignore_ascii_case(of);
    let Some(k) = p.endpoints.iter().position(fits) else {
        return not_found(&p.group, &format!("{KIND}/{of}"), name);
    };
    if ask.method == Method::GET {
        return Reply::ok(&endpoint_body(facts, world, &p, &p.endpoints[k], ask.at));
    }
    if ask.method != Method::PUT && ask.method != Method::PATCH {
        return not_allowed(ask);
    }
    let sent = match ask.json() {
        Ok(b) => b["properties"].clone(),
        Err(refusal) => return refusal,
    };
    let mut e = p.endpoints[k].clone();
    e.enabled = match switch(&sent["endpointStatus"], e.enabled) {
        Ok(s) => s,
        Err(refusal) => return refusal,
    };
    for (field, value) in [("weight", &mut e.weight), ("priority", &mut e.priority)] {
        match &sent[field] {
            Value::Null => {}
            v => match v.as_u64().filter(|v| RANGE.contains(v)).and_then(|v| u32::try_from(v).ok()) {
                Some(v) => *value = v,
                None => return bad(&format!("The property '{field}' must be between 1 and 1000.")),
            },
        }
    }
    if p.endpoints.iter().enumerate().any(|(i, other)| i != k && other.priority == e.priority) {
        return bad("The priorities of a profile's endpoints must be unique.");
    }
    world.profiles[n].endpoints[k] = e;
    let p = &world.profiles[n];
    Reply::ok(&endpoint_body(facts, world, p, &p.endpoints[k], ask.at))
}
