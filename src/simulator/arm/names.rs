//! What Traffic Manager has beside its profiles: whether a name is free, the regions of the world, the key of real user
//! measurements, heat maps.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, not_allowed, not_found};
use crate::simulator::facts::Facts;
use crate::simulator::hosts::TRAFFIC_MANAGER;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::things::Thing;
use crate::simulator::world::{World, uuid};

const PROFILES: &str = "Microsoft.Network/trafficManagerProfiles";
type Area = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
/// Groupings that endpoints of the geographic method may name: code, name, and the countries in it.
const WORLD: [Area; 6] = [
    ("GEO-AF", "Africa", &[("ZA", "South Africa"), ("EG", "Egypt")]),
    ("GEO-AS", "Asia", &[("IN", "India"), ("JP", "Japan"), ("SG", "Singapore")]),
    ("GEO-AP", "Australia / Pacific", &[("AU", "Australia"), ("NZ", "New Zealand")]),
    ("GEO-EU", "Europe", &[("DE", "Germany"), ("FR", "France"), ("GB", "United Kingdom"), ("SE", "Sweden")]),
    ("GEO-ME", "Middle East", &[("AE", "United Arab Emirates"), ("IL", "Israel")]),
    ("GEO-NA", "North America / Central America / Caribbean", &[("CA", "Canada"), ("US", "United States")]),
];

/// Answers what is asked of the tenant.
pub fn at_tenant(world: &World, ask: &Ask, target: &Target<'_>) -> Reply {
    match (&ask.method, target.route().as_slice()) {
        (&Method::POST, ["checktrafficmanagernameavailability"]) => available(world, ask),
        (&Method::GET, ["trafficmanagergeographichierarchies", "default"]) => {
            let area = |(code, name, inside): &Area| {
                let countries = inside.iter().map(|(c, n)| json!({ "code": c, "name": n, "regions": [] }));
                json!({ "code": code, "name": name, "regions": countries.collect::<Vec<_>>() })
            };
            let areas: Vec<Value> = WORLD.iter().map(area).collect();
            Reply::ok(&json!({
                "id": "/providers/Microsoft.Network/trafficManagerGeographicHierarchies/default", "name": "default",
                "type": "Microsoft.Network/trafficManagerGeographicHierarchies",
                "properties": { "geographicHierarchy": { "code": "WORLD", "name": "World", "regions": areas } },
            }))
        }
        _ => Reply::no_route(ask),
    }
}

/// Answers what is asked of the subscription or a profile; `None` if it is something else.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    match (&ask.method, target.route().as_slice(), target.group) {
        (&Method::POST, ["checktrafficmanagernameavailabilityv2"], None) => Some(available(world, ask)),
        (_, ["trafficmanagerusermetricskeys", "default"], None) => Some(metrics_key(facts, world, ask)),
        (&Method::GET, ["trafficmanagerprofiles", name, "heatmaps", "default"], Some(g)) => {
            let id = facts.id(g, &format!("{PROFILES}/{name}/heatMaps/default"));
            let known =
                world.profiles.iter().any(|p| p.name.eq_ignore_ascii_case(name) && p.group.eq_ignore_ascii_case(g));
            let day = 86_400_000;
            let body = json!({
                "id": id, "name": "default", "type": format!("{PROFILES}/heatMaps"),
                "properties": {
                    "startTime": rfc3339(facts.utc(ask.at) - 7 * day), "endTime": rfc3339(facts.utc(ask.at)),
                    "endpoints": [], "trafficFlows": [],
                },
            });
            Some(if known { Reply::ok(&body) } else { not_found(g, PROFILES, name) })
        }
        _ => None,
    }
}

fn available(world: &World, ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let (Some(name), Some(kind)) = (sent["name"].as_str(), sent["type"].as_str()) else {
        return Reply::error(400, "BadRequest", "The request needs the properties 'name' and 'type'.");
    };
    let taken = world.profiles.iter().any(|p| p.label().eq_ignore_ascii_case(name));
    let text = taken
        .then(|| format!("Domain name {name}{TRAFFIC_MANAGER} already exists. Please choose a different DNS prefix."));
    Reply::ok(&json!({
        "name": name, "type": kind, "nameAvailable": !taken, "reason": taken.then_some("AlreadyExists"), "message": text,
    }))
}

fn metrics_key(facts: &Facts, world: &mut World, ask: &Ask) -> Reply {
    let kind = "Microsoft.Network/trafficManagerUserMetricsKeys";
    let id = format!("/subscriptions/{}/providers/{kind}/default", facts.subscription());
    let there = world.thing(&id).is_some();
    match ask.method {
        Method::PUT => {
            let mut thing = Thing::new(&id, ask.at);
            thing.set("key", uuid(facts.seed, &id).replace('-', ""));
            let shown = thing.shown(ask.at);
            world.put(thing);
            world.changed = true;
            Reply::json(201, &shown)
        }
        Method::DELETE => {
            world.bury(&id, ask.at, false);
            world.changed |= there;
            Reply::ok(&json!({ "operationReturned": true }))
        }
        Method::GET => world.thing(&id).map_or_else(|| not_found("", kind, "default"), |t| Reply::ok(&t.shown(ask.at))),
        _ => not_allowed(ask),
    }
}
