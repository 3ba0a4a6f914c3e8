//! Traffic Manager profiles and their endpoints: read, made, changed, deleted, all at once and without any ETag, as in Azure.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::endpoints::{INTERVAL_S, TIMEOUT_S, TOLERATED, host, monitor, named_region, region};
use super::{Target, generic, names, not_allowed, not_found};
use crate::rehearsal::things;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::traffic::{Endpoint, EndpointKind, Profile};
use crate::simulator::world::World;
use crate::units::Region;

const KIND: &str = "Microsoft.Network/trafficManagerProfiles";
/// Weights and priorities lie in this range.
const RANGE: std::ops::RangeInclusive<u64> = 1..=1_000;
/// Profiles of a subscription and endpoints of a profile; Azure's own limits.
const MAX_PROFILES: usize = 200;
const MAX_ENDPOINTS: usize = 200;
const METHODS: [&str; 6] = ["Priority", "Weighted", "Performance", "Geographic", "MultiValue", "Subnet"];
/// Properties of a profile and of an endpoint that are kept as sent.
const MORE: [&str; 3] = ["trafficViewEnrollmentStatus", "maxReturn", "allowedEndpointRecordTypes"];
const MORE_OF_ENDPOINT: [&str; 7] = [
    "geoMapping",
    "subnets",
    "customHeaders",
    "minChildEndpoints",
    "minChildEndpointsIPv4",
    "minChildEndpointsIPv6",
    "endpointLocation",
];

type Outcome<T> = Result<T, Box<Reply>>;

/// Answers requests about profiles.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let route = target.route();
    if let (&Method::GET, 1) = (&ask.method, route.len()) {
        let here = |p: &&Profile| target.group.is_none_or(|g| g.eq_ignore_ascii_case(&p.group));
        return Reply::list(world.profiles.iter().filter(here).map(|p| body(facts, world, p, ask.at)).collect());
    }
    let (Some(g), Some(name)) = (target.group, target.names.get(1)) else {
        return Reply::no_route(ask);
    };
    let n = world.profiles.iter().position(|p| p.name.eq_ignore_ascii_case(name) && p.group.eq_ignore_ascii_case(g));
    match (&ask.method, &route[2..], n) {
        (&Method::PUT, [], None) => create(facts, world, ask, g, name).unwrap_or_else(|refusal| *refusal),
        (&Method::DELETE, [], None) => Reply::empty(204),
        (_, _, None) => not_found(g, KIND, name),
        (&Method::GET, [], Some(n)) => Reply::ok(&body(facts, world, &world.profiles[n], ask.at)),
        (&Method::PUT | &Method::PATCH, [], Some(n)) => change(facts, world, ask, n).unwrap_or_else(|refusal| *refusal),
        (&Method::DELETE, [], Some(n)) => {
            let id = id(facts, &world.profiles[n]);
            world.profiles.remove(n);
            world.forget(&id);
            Reply::ok(&json!({ "operationReturned": true }))
        }
        (_, [of, e], Some(n)) => match EndpointKind::ALL.into_iter().find(|k| k.name().eq_ignore_ascii_case(of)) {
            Some(of) => {
                let name = target.names.last().map_or(*e, String::as_str);
                endpoint(facts, world, ask, n, (of, name)).unwrap_or_else(|refusal| *refusal)
            }
            None => Reply::no_route(ask),
        },
        _ => not_allowed(ask),
    }
}

fn id(facts: &Facts, p: &Profile) -> String {
    facts.id(&p.group, &format!("{KIND}/{}", p.name))
}

fn endpoint_body(facts: &Facts, world: &World, p: &Profile, e: &Endpoint, at: i64) -> Value {
    let resource = e.resource.as_ref().map(|r| things::full_id(r, facts.subscription()));
    let place = e.more.get("endpointLocation").cloned();
    let place = place.or_else(|| region(facts, world, e).map(|r| json!(Region::new(&r).display())));
    let mut properties = json!({
        "endpointStatus": if e.enabled { "Enabled" } else { "Disabled" },
        "endpointMonitorStatus": monitor(facts, world, p, e, at),
        "target": host(world, e), "targetResourceId": resource,
        "weight": e.weight, "priority": e.priority, "endpointLocation": place,
        "alwaysServe": if e.always { "Enabled" } else { "Disabled" },
    });
    for (name, value) in e.more.iter().filter(|(n, _)| *n != "endpointLocation") {
        properties[name] = value.clone();
    }
    json!({
        "id": format!("{}/{}/{}", id(facts, p), e.kind().name(), e.name), "name": e.name,
        "type": format!("{KIND}/{}", e.kind().name()), "properties": properties,
    })
}

/// A profile as ARM shows it.
pub fn body(facts: &Facts, world: &World, p: &Profile, at: i64) -> Value {
    let states: BTreeSet<&str> = p.endpoints.iter().map(|e| monitor(facts, world, p, e, at)).collect();
    let has = |s: &str| states.contains(s);
    let state = match () {
        () if !p.enabled => "Disabled",
        () if has("Degraded") || has("Stopped") => "Degraded",
        () if has("Online") || has("Unmonitored") => "Online",
        () if has("CheckingEndpoint") => "CheckingEndpoints",
        () => "Inactive",
    };
    let mut watch = json!({
        "protocol": "HTTPS", "port": 443, "path": "/status",
        "intervalInSeconds": INTERVAL_S, "timeoutInSeconds": TIMEOUT_S, "toleratedNumberOfFailures": TOLERATED,
    });
    for (name, value) in &p.monitor {
        watch[name] = value.clone();
    }
    watch["profileMonitorStatus"] = json!(state);
    let endpoints: Vec<Value> = p.endpoints.iter().map(|e| endpoint_body(facts, world, p, e, at)).collect();
    let mut properties = json!({
        "profileStatus": if p.enabled { "Enabled" } else { "Disabled" },
        "trafficRoutingMethod": p.routing, "trafficViewEnrollmentStatus": "Disabled",
        "dnsConfig": { "relativeName": p.label(), "fqdn": p.fqdn(), "ttl": p.ttl },
        "monitorConfig": watch, "endpoints": endpoints,
    });
    for (name, value) in &p.more {
        properties[name] = value.clone();
    }
    json!({
        "id": id(facts, p), "name": p.name, "type": KIND, "location": "global", "tags": p.tags, "properties": properties,
    })
}

fn bad(text: &str) -> Box<Reply> {
    Box::new(Reply::error(400, "BadRequest", text))
}

/// Switches `Enabled` and `Disabled`; `Err` on anything else.
fn switch(sent: &Value, present: bool) -> Outcome<bool> {
    match sent.as_str() {
        None if sent.is_null() => Ok(present),
        Some("Enabled") => Ok(true),
        Some("Disabled") => Ok(false),
        _ => Err(bad("The status must be 'Enabled' or 'Disabled'.")),
    }
}

fn create(facts: &Facts, world: &mut World, ask: &Ask, group: &str, name: &str) -> Outcome<Reply> {
    let sent = ask.json().map_err(Box::new)?;
    let group = world.group(group).map_or(group, |g| &g.name).to_owned();
    let properties = &sent["properties"];
    let (Some(routing), Some(label)) =
        (properties["trafficRoutingMethod"].as_str(), properties["dnsConfig"]["relativeName"].as_str())
    else {
        return Err(bad("A profile needs 'trafficRoutingMethod' and 'dnsConfig' with 'relativeName' and 'ttl'."));
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if label.is_empty() || label.len() > 63 || !label.chars().all(fits) {
        return Err(bad("The relativeName is one DNS label: at most 63 letters, digits and hyphens."));
    }
    if world.profiles.len() >= MAX_PROFILES {
        return Err(Box::new(Reply::error(409, "QuotaExceeded", "A subscription has at most 200 profiles.")));
    }
    if world.profiles.iter().any(|p| p.label().eq_ignore_ascii_case(label)) {
        let text =
            format!("Domain name {label}.trafficmanager.net already exists. Please choose a different DNS prefix.");
        return Err(Box::new(Reply::error(409, "Conflict", &text)));
    }
    let fresh = Profile {
        name: name.to_owned(),
        label: label.to_owned(),
        group,
        routing: routing.to_owned(),
        ttl: 60,
        enabled: true,
        tags: std::collections::BTreeMap::new(),
        monitor: Map::new(),
        more: Map::new(),
        endpoints: Vec::new(),
    };
    let fresh = applied(world, ask, fresh, &sent)?;
    world.profiles.push(fresh);
    let p = world.profiles.last().ok_or_else(|| bad("The profile was lost."))?;
    Ok(Reply::json(201, &body(facts, world, p, ask.at)))
}

fn change(facts: &Facts, world: &mut World, ask: &Ask, n: usize) -> Outcome<Reply> {
    let sent = ask.json().map_err(Box::new)?;
    let changed = applied(world, ask, world.profiles[n].clone(), &sent)?;
    world.profiles[n] = changed;
    Ok(Reply::ok(&body(facts, world, &world.profiles[n], ask.at)))
}

/// A profile with what was sent; a list of endpoints in it replaces the present one.
fn applied(world: &World, ask: &Ask, mut p: Profile, sent: &Value) -> Outcome<Profile> {
    let properties = &sent["properties"];
    if let Ok(tags) = serde_json::from_value(sent["tags"].clone()) {
        p.tags = tags;
    }
    p.enabled = switch(&properties["profileStatus"], p.enabled)?;
    if let Some(method) = properties["trafficRoutingMethod"].as_str() {
        if !METHODS.contains(&method) {
            return Err(bad(&format!("The traffic routing method must be one of {}.", METHODS.join(", "))));
        }
        method.clone_into(&mut p.routing);
    }
    let ttl = &properties["dnsConfig"]["ttl"];
    if !ttl.is_null() {
        let fits = ttl.as_u64().and_then(|t| u32::try_from(t).ok()).filter(|t| *t <= i32::MAX as u32);
        p.ttl = fits.ok_or_else(|| bad("The DNS ttl must be from 0 to 2147483647 seconds."))?;
    }
    probing(&mut p, &properties["monitorConfig"])?;
    for name in MORE.iter().filter(|n| !properties[**n].is_null()) {
        p.more.insert((*name).to_owned(), properties[*name].clone());
    }
    if let Some(all) = properties["endpoints"].as_array() {
        if all.len() > MAX_ENDPOINTS {
            return Err(bad("A profile has at most 200 endpoints."));
        }
        let old = std::mem::take(&mut p.endpoints);
        for e in all {
            let kind = e["type"].as_str().and_then(|t| t.rsplit('/').next()).unwrap_or_default();
            let kind = EndpointKind::ALL.into_iter().find(|k| k.name().eq_ignore_ascii_case(kind));
            let (Some(kind), Some(name)) = (kind, e["name"].as_str()) else {
                return Err(bad(
                    "Every endpoint needs a name, and a type of azureEndpoints, externalEndpoints or nestedEndpoints.",
                ));
            };
            let before = old.iter().find(|o| o.name.eq_ignore_ascii_case(name) && o.kind() == kind);
            let made = set(world, ask, &p, before, (kind, name), &e["properties"])?;
            p.endpoints.push(made);
        }
    }
    Ok(p)
}

/// How the endpoints are probed.
fn probing(p: &mut Profile, sent: &Value) -> Outcome<()> {
    let Some(all) = sent.as_object() else { return Ok(()) };
    for (name, value) in all.iter().filter(|(n, v)| *n != "profileMonitorStatus" && !v.is_null()) {
        p.monitor.insert(name.clone(), value.clone());
    }
    let said = |name: &str, usual: i64| p.monitor.get(name).and_then(Value::as_i64).unwrap_or(usual);
    let interval = said("intervalInSeconds", INTERVAL_S);
    let longest = if interval == 10 { 9 } else { 10 };
    let fits = matches!(interval, 10 | 30)
        && (5..=longest).contains(&said("timeoutInSeconds", TIMEOUT_S.min(longest)))
        && (0..=9).contains(&said("toleratedNumberOfFailures", TOLERATED));
    if fits {
        return Ok(());
    }
    Err(bad(
        "Probes run every 10 or 30 seconds, time out after 5 to 10 (5 to 9 with 10), and tolerate 0 to 9 failures.",
    ))
}

fn endpoint(facts: &Facts, world: &mut World, ask: &Ask, n: usize, (of, name): (EndpointKind, &str)) -> Outcome<Reply> {
    let p = world.profiles[n].clone();
    let k = p.endpoints.iter().position(|e| e.name.eq_ignore_ascii_case(name) && e.kind() == of);
    match (&ask.method, k) {
        (&Method::DELETE, None) => return Ok(Reply::empty(204)),
        (&Method::PUT, None) if p.endpoints.len() >= MAX_ENDPOINTS => {
            return Err(bad("A profile has at most 200 endpoints."));
        }
        (&Method::PUT, _) | (_, Some(_)) => {}
        _ => return Err(Box::new(not_found(&p.group, &format!("{KIND}/{}", of.name()), name))),
    }
    let shown = |world: &World, k: usize| {
        let p = &world.profiles[n];
        p.endpoints.get(k).map_or(Value::Null, |e| endpoint_body(facts, world, p, e, ask.at))
    };
    match (&ask.method, k) {
        (&Method::GET, Some(k)) => Ok(Reply::ok(&shown(world, k))),
        (&Method::DELETE, Some(k)) => {
            world.profiles[n].endpoints.remove(k);
            Ok(Reply::ok(&json!({ "operationReturned": true })))
        }
        (&Method::PUT | &Method::PATCH, k) => {
            let sent = ask.json().map_err(Box::new)?["properties"].clone();
            let mut others = p.clone();
            let present = k.map(|k| others.endpoints.remove(k));
            let made = set(world, ask, &others, present.as_ref(), (of, name), &sent)?;
            let all = &mut world.profiles[n].endpoints;
            if let Some(k) = k {
                all[k] = made;
                return Ok(Reply::ok(&shown(world, k)));
            }
            all.push(made);
            let last = all.len() - 1;
            Ok(Reply::json(201, &shown(world, last)))
        }
        _ => Ok(not_allowed(ask)),
    }
}

/// An endpoint with what was sent, beside the others of its profile.
fn set(
    world: &World,
    ask: &Ask,
    others: &Profile,
    present: Option<&Endpoint>,
    (of, name): (EndpointKind, &str),
    sent: &Value,
) -> Outcome<Endpoint> {
    let free = (1..).find(|n| others.endpoints.iter().all(|o| o.priority != *n)).unwrap_or(1);
    let fresh = || Endpoint { kind: Some(of), priority: free, since: ask.at, ..Endpoint::new(name) };
    let mut e = present.cloned().unwrap_or_else(fresh);
    e.enabled = switch(&sent["endpointStatus"], e.enabled)?;
    e.always = switch(&sent["alwaysServe"], e.always)?;
    aim(world, ask, present.is_none(), &mut e, sent)?;
    for (field, value) in [("weight", &mut e.weight), ("priority", &mut e.priority)] {
        match &sent[field] {
            Value::Null => {}
            v => match v.as_u64().filter(|v| RANGE.contains(v)).and_then(|v| u32::try_from(v).ok()) {
                Some(v) => *value = v,
                None => return Err(bad(&format!("The property '{field}' must be between 1 and 1000."))),
            },
        }
    }
    for name in MORE_OF_ENDPOINT.iter().filter(|n| !sent[**n].is_null()) {
        e.more.insert((*name).to_owned(), sent[*name].clone());
    }
    if others.endpoints.iter().any(|o| o.priority == e.priority) {
        return Err(bad("The priorities of a profile's endpoints must be unique."));
    }
    if others.endpoints.iter().any(|o| o.name.eq_ignore_ascii_case(name)) {
        return Err(bad(&format!("The profile has another endpoint named '{name}'.")));
    }
    Ok(e)
}

/// Where an endpoint leads, and whose health decides: that of what it leads to, or where it says it is.
fn aim(world: &World, ask: &Ask, new: bool, e: &mut Endpoint, sent: &Value) -> Outcome<()> {
    let before = (e.host.clone(), e.resource.clone());
    if let Some(id) = sent["targetResourceId"].as_str().filter(|_| e.kind() != EndpointKind::External)
        && !e.resource.as_ref().is_some_and(|r| id.to_ascii_lowercase().ends_with(&r.to_ascii_lowercase()))
    {
        e.resource = Some(id.to_owned());
        let said = || sent["target"].as_str().map(str::to_ascii_lowercase);
        e.host = host_of(id).or_else(said).unwrap_or_else(|| e.name.to_ascii_lowercase());
        e.region = String::new();
    }
    if let (EndpointKind::External, Some(t)) = (e.kind(), sent["target"].as_str()) {
        let wanted = t.trim_end_matches('.').to_ascii_lowercase();
        if wanted != host(world, e) {
            (e.host, e.region) = (wanted, String::new());
        }
    }
    if new {
        let missing = match e.kind() {
            EndpointKind::External => e.host.is_empty().then_some("target"),
            _ => e.resource.is_none().then_some("targetResourceId"),
        };
        if let Some(field) = missing {
            return Err(bad(&format!("The endpoint needs the property '{field}'.")));
        }
    }
    if (&e.host, &e.resource) != (&before.0, &before.1) {
        e.since = ask.at;
    }
    match sent["endpointLocation"].as_str().filter(|l| named_region(l).is_none()) {
        Some(place) => Err(bad(&format!("The endpoint location '{place}' is not a region."))),
        None => Ok(()),
    }
}

/// The public name of a resource.
fn host_of(id: &str) -> Option<String> {
    let (name, lower) = (id.rsplit('/').next()?.to_ascii_lowercase(), id.to_ascii_lowercase());
    let ends = [
        ("/microsoft.cognitiveservices/accounts/", ".openai.azure.com"),
        ("/microsoft.storage/storageaccounts/", ".blob.core.windows.net"),
        ("/microsoft.web/sites/", ".azurewebsites.net"),
        ("/microsoft.containerregistry/registries/", ".azurecr.io"),
    ];
    ends.iter().find(|(kind, _)| lower.contains(kind)).map(|(_, end)| format!("{name}{end}"))
}

/// What else the provider has: DNS zones, and any other resource.
pub fn or_other(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    if let Some(reply) = names::answer(facts, world, ask, target) {
        return reply;
    }
    match target.tail.first().map(String::as_str) {
        Some("trafficmanagerprofiles") => answer(facts, world, ask, target),
        _ => generic::answer(facts, world, ask, target),
    }
}
