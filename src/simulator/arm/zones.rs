//! DNS zones and their record sets, guarded by ETags. Where a record leads is followed by the simulated resolver.

use hyper::Method;
use serde_json::json;

use super::generic::Change;
use super::{Target, generic, services};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::things::{Thing, under};
use crate::simulator::world::{World, uuid};

const ZONE: &str = "Microsoft.Network/dnsZones";
const TYPES: [&str; 10] = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];
/// Time to live of an alias without one, in seconds.
const USUAL_TTL: u32 = 3_600;

/// The record type of a thing, if it is a record set.
fn record(kind: &str) -> Option<&str> {
    let own = kind.get(ZONE.len()..)?.strip_prefix('/')?;
    kind[..ZONE.len()].eq_ignore_ascii_case(ZONE).then_some(own)
}

fn etag(facts: &Facts, t: &Thing) -> String {
    uuid(facts.seed, &format!("etag/{}/{}", t.id.to_ascii_lowercase(), t.version))
}

/// The refusal when the caller thought of another version, or of none.
fn precondition(change: &Change<'_>) -> Option<Reply> {
    let own = change.present.map(|t| etag(change.facts, t));
    let bare = |name: &str| change.ask.header(name).trim_start_matches("W/").trim_matches('"').to_owned();
    let (wanted, none) = (bare("if-match"), bare("if-none-match"));
    let fails = match (&own, wanted.as_str(), none.as_str()) {
        (Some(_), _, "*") | (None, "*", _) => true,
        (Some(e), w, _) => !w.is_empty() && w != "*" && w != e,
        (None, w, _) => !w.is_empty(),
    };
    fails.then(|| {
        let text = format!(
            "The condition '{}' in the If-Match or If-None-Match header was not satisfied. The current was '{}'.",
            if none.is_empty() { wanted } else { none },
            own.as_deref().unwrap_or("null")
        );
        Reply::error(412, "PreconditionFailed", &text)
    })
}

/// What is refused.
pub fn check(change: &Change<'_>) -> Option<Reply> {
    if !change.kind.starts_with(&ZONE.to_ascii_lowercase()) {
        return None;
    }
    if let Some(refusal) = precondition(change) {
        return Some(refusal);
    }
    let kind = record(change.kind)?;
    if !TYPES.iter().any(|t| t.eq_ignore_ascii_case(kind)) {
        return Some(Reply::error(400, "BadRequest", &format!("The record type '{kind}' is not known.")));
    }
    let ttl = change.property("TTL");
    if !ttl.is_null() && ttl.as_u64().is_none_or(|t| t == 0 || t > 2_147_483_647) {
        return Some(Reply::error(400, "BadRequest", "The TTL must be from 1 to 2147483647 seconds."));
    }
    let needs = change.present.is_none() && change.property("targetResource")["id"].is_null();
    if needs && ttl.is_null() {
        return Some(Reply::error(400, "BadRequest", "The record set needs a TTL."));
    }
    // A name that is an alias of another is nothing else.
    let zone = change.parent();
    let zone = zone.to_owned();
    let same = |t: &&Thing| {
        under(&t.id, &zone)
            && t.name.eq_ignore_ascii_case(change.name())
            && record(&t.kind).is_some()
            && !t.kind.eq_ignore_ascii_case(change.kind)
    };
    let clash = change.world.things.iter().filter(same).any(|t| {
        kind.eq_ignore_ascii_case("cname") || record(&t.kind).is_some_and(|k| k.eq_ignore_ascii_case("cname"))
    });
    clash.then(|| {
        let text = format!(
            "The record could not be created because a CNAME record and another of the same name '{}' cannot stand together.",
            change.name()
        );
        Reply::error(400, "CnameRecordConflict", &text)
    })
}

/// What is not deleted.
pub fn check_removal(change: &Change<'_>) -> Option<Reply> {
    if record(change.kind).is_some_and(|k| k.eq_ignore_ascii_case("soa")) {
        return Some(Reply::error(400, "BadRequest", "The SOA record set of a zone cannot be deleted."));
    }
    precondition(change)
}

/// What zones and record sets show beside what was sent.
pub fn fill(facts: &Facts, t: &mut Thing) {
    let parts: Vec<&str> = t.id.split('/').collect();
    let zone = parts.iter().position(|p| p.eq_ignore_ascii_case("dnsZones")).and_then(|n| parts.get(n + 1));
    let Some(zone) = zone.map(|z| (*z).to_owned()) else { return };
    let mark = etag(facts, t);
    t.body.insert("etag".into(), json!(mark));
    if record(&t.kind).is_none() {
        t.set_missing("zoneType", "Public");
        t.set_missing("maxNumberOfRecordSets", 10_000);
        t.set_missing("nameServers", json!(["ns1-01.azure-dns.com.", "ns2-01.azure-dns.net."]));
        return;
    }
    t.body.remove("tags");
    t.body.remove("location");
    let fqdn = if t.name == "@" { format!("{zone}.") } else { format!("{}.{zone}.", t.name) };
    t.set("fqdn", fqdn);
    t.set_missing("TTL", USUAL_TTL);
    t.set_missing("metadata", json!({}));
    t.set_missing("targetResource", json!({}));
}

/// Lists over all types of records.
pub fn act(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let (&Method::GET, ["dnszones", _, "recordsets" | "all"]) = (&ask.method, target.route().as_slice()) else {
        return None;
    };
    let zone = target.first(2);
    let id = generic::id(facts, world, &zone);
    if world.thing(&id).is_none() {
        return Some(super::not_found(target.group.unwrap_or_default(), ZONE, &target.names[1]));
    }
    let ends = ask.query("$recordsetnamesuffix").unwrap_or_default().to_ascii_lowercase();
    let here =
        |t: &&Thing| under(&t.id, &id) && record(&t.kind).is_some() && t.name.to_ascii_lowercase().ends_with(&ends);
    let rows = world.things.iter().filter(here).map(|t| services::shown(facts, t, ask.at)).collect();
    Some(Reply::list(rows))
}

/// Names that the zones hold: full name, seconds to live, where it leads.
pub fn aliases(world: &World) -> Vec<(String, u32, String)> {
    world.things.iter().filter_map(|t| alias(world, t)).collect()
}

fn alias(world: &World, t: &Thing) -> Option<(String, u32, String)> {
    record(&t.kind)?;
    let zone = t.id.split('/').rev().nth(2)?;
    let name = if t.name == "@" { zone.to_owned() } else { format!("{}.{zone}", t.name) };
    let ttl = t.get("TTL").as_u64().and_then(|v| u32::try_from(v).ok()).unwrap_or(USUAL_TTL);
    let behind = t.get("targetResource")["id"].as_str().and_then(|id| {
        let profile = id.rsplit('/').next()?;
        world.profiles.iter().find(|p| p.name.eq_ignore_ascii_case(profile)).map(|p| p.fqdn())
    });
    let to = t.get("CNAMERecord")["cname"].as_str().map(|c| c.trim_end_matches('.').to_ascii_lowercase());
    Some((name.to_ascii_lowercase(), ttl, behind.or(to)?))
}
