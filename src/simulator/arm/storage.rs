//! Storage accounts: geo-replication and its delay, failover, redundancy, keys.
//!
//! How far the copy is behind follows from the moment: while the primary answers it is a fixed time behind, and from the
//! primary's loss on it stands still. `location` stays what it was through every failover, as in Azure.

use hyper::Method;
use serde_json::{Value, json};

use super::generic::{Change, region};
use super::operations::{Work, begin as start};
use super::{Target, generic, not_found};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, parse_time, rfc3339};
use crate::simulator::things::{Next, Then, Thing};
use crate::simulator::world::{ALWAYS, World, dice};
use crate::units::{Region, known_region, sha256_hex};

/// The type.
const KIND: &str = "Microsoft.Storage/storageAccounts";
/// What only `$expand` shows.
const GEO: &str = "geoReplicationStats";
/// Kept with an account and never shown: how far its copy is behind, and since when there is one.
const LAG: &str = "simulatedLag";
const COPY_SINCE: &str = "simulatedCopySince";
const KEYS_SINCE: &str = "simulatedKeys";
/// Usual delay of the copy, in milliseconds.
const USUAL_LAG: i64 = 300_000;
/// A new copy is complete after this time; that of an account as new as its copy, which has little in it, sooner.
const BOOTSTRAP: i64 = 1_800_000;
const BOOTSTRAP_EMPTY: i64 = 240_000;
/// A failover takes from 10 to 20 minutes.
const FAILOVER: (i64, u64) = (600_000, 600_000);
/// Kinds of accounts.
const KINDS: [&str; 5] = ["Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage"];
const SERVICES: [&str; 6] = ["blob", "dfs", "file", "queue", "table", "web"];

/// Redundancy of a tier: (is it copied to the pair, can the copy be read, what is left of it after an unplanned failover).
fn redundancy(sku: &str) -> (bool, bool, &'static str) {
    let form = sku.rsplit('_').next().unwrap_or_default().to_ascii_uppercase();
    let copied = form.ends_with("GRS") || form.ends_with("GZRS");
    let left = if form.ends_with("GZRS") { "Standard_ZRS" } else { "Standard_LRS" };
    (copied, form.starts_with("RA"), left)
}

fn fits(name: &str) -> bool {
    (3..=24).contains(&name.len()) && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// What is refused.
pub fn check(change: &Change<'_>) -> Option<Reply> {
    if !change.kind.eq_ignore_ascii_case(KIND) {
        return None;
    }
    let name = change.name();
    let sku = change.sent["sku"]["name"].as_str();
    let known = |s: &str| {
        let forms = ["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"];
        let (tier, form) = s.split_once('_').unwrap_or(("", ""));
        ["Standard", "Premium", "StandardV2", "PremiumV2"].contains(&tier) && forms.contains(&form)
    };
    if let Some(k) = change.sent["kind"].as_str().filter(|k| !KINDS.contains(k)) {
        let text = format!("Values for request parameters are invalid: kind '{k}'.");
        return Some(Reply::error(400, "InvalidValuesForRequestParameters", &text));
    }
    if let Some(s) = sku.filter(|s| !known(s)) {
        return Some(Reply::error(400, "InvalidValuesForRequestParameters", &format!("The sku '{s}' is not known.")));
    }
    let Some(present) = change.present else {
        if !fits(name) {
            let text = format!(
                "{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only."
            );
            return Some(Reply::error(400, "AccountNameInvalid", &text));
        }
        if change.world.named(KIND, name).is_some() {
            return Some(Reply::error(
                409,
                "StorageAccountAlreadyTaken",
                &format!("The storage account named {name} is already taken."),
            ));
        }
        let restores = !change.property("deletedAccountCreationTime").is_null();
        if !restores && (sku.is_none() || !change.sent["kind"].is_string()) {
            let text = "The properties 'sku' and 'kind' are required for a storage account.";
            return Some(Reply::error(400, "InvalidRequestContent", text));
        }
        return no_pair(sku.unwrap_or_default(), change.sent["location"].as_str().unwrap_or_default());
    };
    let (from, to) = (present.sku(), sku.unwrap_or(present.sku()));
    let zonal = |s: &str| s.to_ascii_uppercase().ends_with("ZRS");
    if zonal(from) != zonal(to) {
        let text = format!(
            "Storage account property 'sku.name' cannot be changed from {from} to {to} by an update; request a conversion instead."
        );
        return Some(Reply::error(409, "StorageAccountPropertyCannotBeUpdated", &text));
    }
    no_pair(to, &primary(present))
}

fn no_pair(sku: &str, location: &str) -> Option<Reply> {
    let pair = known_region(Region::new(location).name()).and_then(|r| r.pair.clone());
    (redundancy(sku).0 && pair.is_none()).then(|| {
        Reply::error(
            400,
            "SkuNotAvailable",
            &format!("The region '{location}' has no pair; {sku} is not offered there."),
        )
    })
}

fn primary(t: &Thing) -> String {
    let own = Some(t.text("primaryLocation")).filter(|l| !l.is_empty()).unwrap_or_else(|| t.location());
    Region::new(own).name().to_owned()
}

fn secondary(t: &Thing) -> Option<String> {
    let pair = || known_region(&primary(t)).and_then(|r| r.pair.clone());
    let own = Some(t.text("secondaryLocation").to_owned()).filter(|l| !l.is_empty());
    redundancy(t.sku()).0.then(|| own.or_else(pair)).flatten()
}

fn copy_since(t: &Thing) -> i64 {
    t.get(COPY_SINCE).as_i64().unwrap_or(t.made_at)
}

/// A new account's copy begins now.
pub fn begin(_: &Facts, at: i64, t: &mut Thing) {
    if t.is(KIND) {
        t.set(COPY_SINCE, at);
    }
}

/// What an account shows beside what was sent.
pub fn fill(facts: &Facts, t: &mut Thing, at: i64) {
    let name = t.name.clone();
    if !t.is(KIND) {
        return;
    }
    let sku = t.sku().to_owned();
    if let Some(s) = t.body.get_mut("sku") {
        s["tier"] = json!(sku.split('_').next().unwrap_or("Standard"));
    }
    let (copied, readable, _) = redundancy(&sku);
    let addresses = |suffix: &str| -> Value {
        SERVICES
            .iter()
            .map(|s| ((*s).to_owned(), json!(format!("https://{name}{suffix}.{s}.core.windows.net/"))))
            .collect()
    };
    let state = |region: &str| if facts.serves(region, at) { "available" } else { "unavailable" };
    let first = primary(t);
    t.set("statusOfPrimary", state(&first));
    t.set("primaryEndpoints", addresses(""));
    t.set("primaryLocation", first);
    t.set_missing("creationTime", rfc3339(facts.utc(t.made_at)));
    t.set_missing("supportsHttpsTrafficOnly", true);
    t.set_missing("publicNetworkAccess", "Enabled");
    t.set_missing("allowSharedKeyAccess", true);
    t.set_missing(
        "networkAcls",
        json!({ "bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": [] }),
    );
    if let Some(second) = secondary(t) {
        t.set("statusOfSecondary", state(&second));
        t.set("secondaryLocation", second);
        if readable {
            t.set("secondaryEndpoints", addresses("-secondary"));
        }
    }
    if !copied {
        for gone in ["secondaryLocation", "statusOfSecondary", "secondaryEndpoints"] {
            drop_property(t, gone);
        }
    }
}

fn drop_property(t: &mut Thing, name: &str) {
    if let Some(p) = t.body.get_mut("properties").and_then(Value::as_object_mut) {
        p.remove(name);
    }
}

/// Takes away what a list and a plain read do not show.
pub fn hide(body: &mut Value) {
    if let Some(p) = body["properties"].as_object_mut() {
        for name in [GEO, LAG, COPY_SINCE, KEYS_SINCE, "deletedAccountCreationTime"] {
            p.remove(name);
        }
    }
}

/// Adds what was asked for by `$expand`.
pub fn expand(facts: &Facts, ask: &Ask, t: &Thing, body: &mut Value) {
    if ask.query("$expand").is_some_and(|e| e.eq_ignore_ascii_case(GEO))
        && let Some(stats) = replication(facts, t, ask.at)
    {
        body["properties"][GEO] = stats;
    }
}

/// How far the copy is behind, in milliseconds: what the scenario's first reading says, or the usual.
fn lag(facts: &Facts, t: &Thing) -> i64 {
    let said = || Some(facts.epoch - parse_time(t.get(GEO)["lastSyncTime"].as_str()?)?);
    t.get(LAG).as_i64().or_else(said).unwrap_or(USUAL_LAG).max(0)
}

/// The copy at a time: since when it is complete up to, and whether it is complete at all.
fn synced(facts: &Facts, t: &Thing, at: i64) -> Option<i64> {
    let since = copy_since(t);
    let both = facts.served_until(&primary(t), at).min(facts.served_until(&secondary(t)?, at));
    let takes = facts.takes(if since == t.made_at { BOOTSTRAP_EMPTY } else { BOOTSTRAP });
    let complete = since == ALWAYS || both >= since + takes;
    complete.then(|| both - lag(facts, t))
}

fn replication(facts: &Facts, t: &Thing, at: i64) -> Option<Value> {
    let second = secondary(t)?;
    let synced = synced(facts, t, at);
    let (first_up, second_up) = (facts.serves(&primary(t), at), facts.serves(&second, at));
    // What the scenario forbids stays forbidden.
    let said = |name: &str| t.get(GEO)[name].as_bool().unwrap_or(true);
    let status = match synced {
        None => "Bootstrap",
        Some(_) if first_up && second_up => "Live",
        Some(_) => "Unavailable",
    };
    let idle = t.next.as_ref().is_none_or(|n| at >= n.at);
    Some(json!({
        "status": status, "lastSyncTime": synced.map(|s| rfc3339(facts.utc(s))),
        "canFailover": synced.is_some() && second_up && idle && said("canFailover"),
        "canPlannedFailover": synced.is_some() && first_up && second_up && idle && said("canPlannedFailover"),
        "postFailoverRedundancy": redundancy(t.sku()).2, "postPlannedFailoverRedundancy": t.sku(),
    }))
}

/// Actions of an account.
pub fn act(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let route = target.route();
    if let (&Method::POST, ["checknameavailability"]) = (&ask.method, route.as_slice()) {
        return Some(available(world, ask));
    }
    let ["storageaccounts", _, rest @ ..] = route.as_slice() else { return None };
    let group = target.group?;
    let wanted = match (&ask.method, rest) {
        (&Method::POST, ["failover" | "listkeys" | "regeneratekey"]) => rest[0],
        (&Method::PATCH, []) => {
            let id = generic::id(facts, world, target);
            restart_copy(world, ask, &id);
            return None;
        }
        _ => return None,
    };
    let name = &target.names[1];
    let found = world.named(KIND, name).filter(|t| t.group.eq_ignore_ascii_case(group)).cloned();
    let Some(t) = found else { return Some(not_found(group, KIND, name)) };
    Some(match wanted {
        "failover" => failover(facts, world, ask, target, t),
        "listkeys" => keys(facts, &t),
        _ => regenerate(facts, world, ask, t),
    })
}

/// A copy that an update asks for begins now.
fn restart_copy(world: &mut World, ask: &Ask, id: &str) {
    let Some(t) = world.thing_mut(id) else { return };
    let sent = ask.json().unwrap_or_default();
    let wanted = sent["sku"]["name"].as_str().unwrap_or_default();
    if redundancy(wanted).0 && !redundancy(t.sku()).0 && !t.busy(ask.at) {
        t.set(COPY_SINCE, ask.at);
        drop_property(t, "secondaryLocation");
    }
}

fn available(world: &World, ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let Some(name) = sent["name"].as_str() else {
        return Reply::error(400, "InvalidRequestContent", "The request needs the properties 'name' and 'type'.");
    };
    let (reason, text) = match () {
        () if !fits(name) => ("AccountNameInvalid", format!("{name} is not a valid storage account name.")),
        () if world.named(KIND, name).is_some() => {
            ("AlreadyExists", format!("The storage account named {name} is already taken."))
        }
        () => return Reply::ok(&json!({ "nameAvailable": true })),
    };
    Reply::ok(&json!({ "nameAvailable": false, "reason": reason, "message": text }))
}

fn failover(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, t: Thing) -> Reply {
    let planned = match ask.query("failoverType") {
        None => false,
        Some(v) if v.eq_ignore_ascii_case("Planned") => true,
        Some(v) => {
            let text = format!("The value '{v}' is not valid for the parameter failoverType.");
            return Reply::error(400, "InvalidValuesForRequestParameters", &text);
        }
    };
    if t.busy(ask.at) {
        let text = format!("Another operation is being performed on the storage account '{}'.", t.name);
        return Reply::error(409, "StorageAccountOperationInProgress", &text);
    }
    let Some(stats) = replication(facts, &t, ask.at) else {
        let text = format!("The account '{}' with sku {} is not geo-redundant and cannot fail over.", t.name, t.sku());
        return Reply::error(409, "StorageAccountIsNotGeoRedundant", &text);
    };
    let able = if planned { "canPlannedFailover" } else { "canFailover" };
    if stats[able] != json!(true) {
        let text = format!("The account '{}' cannot fail over now: {able} is false.", t.name);
        return Reply::error(409, "AccountFailoverNotAllowed", &text);
    }
    let takes = FAILOVER.0 + i64::try_from(dice(facts.seed, &format!("failover/{}", t.name), FAILOVER.1)).unwrap_or(0);
    let until = ask.at + facts.takes(takes);
    let region = region(world, &t);
    let fails = facts.timeline().fails_late(ask.at, &region).is_some();
    let after = if fails { t.body.clone() } else { moved(facts, t.clone(), planned, until).body };
    let mut busy = t.clone();
    busy.version += 1;
    busy.set("failoverInProgress", true);
    busy.next = Some(Next { at: until, state: "Succeeded".to_owned(), then: Then::Body(after) });
    world.put(busy);
    let work =
        Work { region: &region, resource: &t.id, span: (ask.at, until), removes: false, answer: Some(Value::Null) };
    let links = start(facts, world, target, work);
    Reply::empty(202).with("location", links.result).with("retry-after", facts.wait())
}

/// The account after a failover.
fn moved(facts: &Facts, mut t: Thing, planned: bool, at: i64) -> Thing {
    let (first, second) = (primary(&t), secondary(&t));
    let lag = lag(facts, &t);
    if let Some(s) = second {
        t.set("primaryLocation", s);
    }
    t.set("lastGeoFailoverTime", rfc3339(facts.utc(at)));
    if planned {
        t.set("secondaryLocation", first);
        t.set(LAG, lag);
    } else {
        let left = redundancy(t.sku()).2;
        t.body.insert("sku".into(), json!({ "name": left }));
        drop_property(&mut t, "secondaryLocation");
        drop_property(&mut t, GEO);
    }
    t
}

/// Key texts: not secrets, since they open nothing.
fn keys(facts: &Facts, t: &Thing) -> Reply {
    let row = |n: usize| {
        let turn = t.get(KEYS_SINCE)[n].as_u64().unwrap_or(0);
        json!({
            "keyName": format!("key{}", n + 1), "permissions": "FULL", "creationTime": rfc3339(facts.utc(t.made_at)),
            "value": sha256_hex(format!("{}/storage/{}/{n}/{turn}", facts.seed, t.id).as_bytes()),
        })
    };
    Reply::ok(&json!({ "keys": [row(0), row(1)] }))
}

fn regenerate(facts: &Facts, world: &mut World, ask: &Ask, mut t: Thing) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let Some(n) = ["key1", "key2"].iter().position(|k| sent["keyName"].as_str() == Some(k)) else {
        return Reply::error(400, "InvalidRequestContent", "The keyName must be 'key1' or 'key2'.");
    };
    let turn = |n: usize| t.get(KEYS_SINCE)[n].as_u64().unwrap_or(0);
    let mut turns = [turn(0), turn(1)];
    turns[n] += 1;
    t.set(KEYS_SINCE, json!(turns));
    let reply = keys(facts, &t);
    world.put(t);
    world.changed = true;
    reply
}
