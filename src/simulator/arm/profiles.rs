//! Traffic Manager profiles; what their probes see follows from the faults, by Traffic Manager's own arithmetic.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, inventory, not_allowed, not_found};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::world::{Endpoint, Profile, World};

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
        (_, ["externalendpoints", e]) => endpoint(facts, world, ask, n, e),
        _ => not_allowed(ask),
    }
}

/// Whether the probes have given the endpoint up: the last tolerated-plus-one of them all failed and were over by now.
fn degraded(facts: &Facts, world: &World, e: &Endpoint, at: i64) -> bool {
    let Some(account) = world.account(&e.name) else { return true };
    let interval = INTERVAL_S * 1_000;
    let last = (at - TIMEOUT_S * 1_000).div_euclid(interval) * interval;
    // A good probe is over at once and re-admits at once.
    let newest = at.div_euclid(interval) * interval;
    !facts.serves(&account.region, newest)
        && (0..=TOLERATED).all(|k| !facts.serves(&account.region, last - k * interval))
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
    json!({
        "id": format!("{}/externalEndpoints/{}", id(facts, p), e.name), "name": e.name,
        "type": format!("{KIND}/externalEndpoints"),
        "properties": {
            "endpointStatus": if e.enabled { "Enabled" } else { "Disabled" },
            "endpointMonitorStatus": monitor(facts, world, p, e, at),
            "target": format!("{}.openai.azure.com", e.name.to_ascii_lowercase()),
            "weight": e.weight, "priority": e.priority,
            "endpointLocation": world.account(&e.name).map(|a| crate::units::Region::new(&a.region).display()),
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

fn endpoint(facts: &Facts, world: &mut World, ask: &Ask, n: usize, name: &str) -> Reply {
    let p = world.profiles[n].clone();
    let Some(k) = p.endpoints.iter().position(|e| e.name.eq_ignore_ascii_case(name)) else {
        return not_found(&p.group, &format!("{KIND}/externalEndpoints"), name);
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
