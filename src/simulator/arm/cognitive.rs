//! Azure OpenAI accounts: list, create, delete, restore, keys; what a region offers and has left; operation status.

use hyper::Method;
use serde_json::{Value, json};

use super::operations::{Work, begin};
use super::{Target, bins, deployments, foundry, locked, not_allowed, not_found, services};
use crate::simulator::entra;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::openai;
use crate::simulator::world::{Account, World, dice, uuid};
use crate::units::{Region, known_region};

/// How long a deleted account can be restored.
const KEPT_MS: i64 = 48 * 3_600_000;
/// Provisioning an account takes from 30 to 60 s of scenario time.
const CREATE_MS: (i64, u64) = (30_000, 30_000);
/// Deleting or purging an account.
pub const REMOVE_MS: i64 = 20_000;
/// Accounts of a world, deleted ones apart; each has a port.
const MAX_ACCOUNTS: usize = 100;
/// Answer time of an account made during the scenario, in milliseconds.
const USUAL_LATENCY: u64 = 60;
const KIND: &str = "Microsoft.CognitiveServices/accounts";
/// Tiers of model deployments. A scenario tells the quota of the first; of the other there is so many times more.
pub const SKUS: [&str; 2] = ["Standard", "GlobalStandard"];
const GLOBAL: u32 = 10;

/// Answers requests to the provider.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let route = target.route();
    match (route.as_slice(), target.group) {
        (["accounts"], group) if ask.method == Method::GET => {
            let here = |a: &&Account| group.is_none_or(|g| g.eq_ignore_ascii_case(&a.group));
            Reply::list(world.accounts.iter().filter(here).map(|a| body(facts, a, ask.at)).collect())
        }
        (["accounts", ..], None) => Reply::no_route(ask),
        (["accounts", _], Some(g)) => account(facts, world, ask, target, g),
        (["accounts", _, "listkeys"], Some(g)) if ask.method == Method::POST => {
            let name = &target.names[1];
            match find(world, g, name) {
                Some(a) => {
                    let [key1, key2] = openai::keys(facts, world, &a.name);
                    Reply::ok(&json!({ "key1": key1, "key2": key2 }))
                }
                None => not_found(g, KIND, name),
            }
        }
        (
            ["accounts", _, "deployments"]
            | ["accounts", _, "deployments", _]
            | ["accounts", _, "deployments", _, "skus"],
            Some(g),
        ) => deployments::answer(facts, world, ask, target, g),
        (["locations", ..], None) => location(facts, world, ask, target),
        _ => Reply::no_route(ask),
    }
}

fn location(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Reply {
    let route = target.route();
    let region = Region::new(route.get(1).copied().unwrap_or_default());
    match (&ask.method, &route[2.min(route.len())..]) {
        (&Method::GET, ["models"]) => Reply::list(offers(facts, region.name())),
        (&Method::GET, ["usages"]) => usages(facts, world, &region, ask.at),
        (&Method::GET, ["resourcegroups", g, "deletedaccounts", a]) => {
            let fits = |d: &&Account| {
                d.group.eq_ignore_ascii_case(g) && d.name.eq_ignore_ascii_case(a) && restorable(d, ask.at)
            };
            world
                .deleted
                .iter()
                .find(fits)
                .map_or_else(|| not_found(g, KIND, a), |d| Reply::ok(&deleted_body(facts, d)))
        }
        _ => Reply::no_route(ask),
    }
}

/// An account of a group by name.
pub fn find<'a>(world: &'a World, group: &str, name: &str) -> Option<&'a Account> {
    world.account(name).filter(|a| a.group.eq_ignore_ascii_case(group))
}

/// Whether a deleted account can still be restored.
pub fn restorable(a: &Account, at: i64) -> bool {
    a.deleted_at.is_some_and(|t| at < t + KEPT_MS)
}

/// ARM id of an account.
pub fn id(facts: &Facts, a: &Account) -> String {
    facts.id(&a.group, &format!("{KIND}/{}", a.name))
}

fn state(a: &Account, at: i64) -> &'static str {
    match a {
        a if at < a.ready_at => "Creating",
        a if a.failed => "Failed",
        _ => "Succeeded",
    }
}

/// An account as ARM shows it.
pub fn body(facts: &Facts, a: &Account, at: i64) -> Value {
    let endpoint = format!("https://{}.openai.azure.com/", a.subdomain());
    let made = rfc3339(facts.utc(a.ready_at));
    let who = entra::object_id(facts);
    let mut body = json!({
        "id": id(facts, a), "name": a.name, "type": KIND, "location": a.region, "kind": a.kind,
        "sku": { "name": "S0" }, "tags": a.tags, "etag": format!("\"{}\"", uuid(facts.seed, &a.name)),
        "systemData": {
            "createdAt": made, "createdBy": who, "createdByType": "Application",
            "lastModifiedAt": made, "lastModifiedBy": who, "lastModifiedByType": "Application",
        },
        "properties": {
            "provisioningState": state(a, at),
            "endpoint": endpoint, "customSubDomainName": a.subdomain(),
            "endpoints": { "OpenAI Language Model Instance API": endpoint },
            "publicNetworkAccess": "Enabled", "disableLocalAuth": false, "capabilities": [],
            "networkAcls": { "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": [] },
            "privateEndpointConnections": [], "dateCreated": made,
        },
    });
    for (name, value) in &a.top {
        body[name] = value.clone();
    }
    if body["identity"].is_object() {
        services::identify(facts, &id(facts, a), &mut body);
    }
    for (name, value) in &a.more {
        body["properties"][name] = value.clone();
    }
    body
}

/// Keeps what stands beside the properties.
pub fn keep_top(a: &mut Account, sent: &Value) {
    for name in ["sku", "identity"] {
        if sent[name].is_object() {
            a.top.insert(name.to_owned(), sent[name].clone());
        }
    }
}

/// A deleted account as ARM shows it.
pub fn deleted_body(facts: &Facts, a: &Account) -> Value {
    let at = a.deleted_at.unwrap_or_default();
    let id = format!(
        "/subscriptions/{}/providers/Microsoft.CognitiveServices/locations/{}/resourceGroups/{}/deletedAccounts/{}",
        facts.subscription(),
        a.region,
        a.group,
        a.name
    );
    json!({
        "id": id, "name": a.name, "type": "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts",
        "location": a.region, "kind": a.kind, "sku": { "name": "S0" },
        "properties": {
            "provisioningState": "Succeeded", "deletionDate": rfc3339(facts.utc(at)),
            "scheduledPurgeDate": rfc3339(facts.utc(at + KEPT_MS)),
        },
    })
}

fn account(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, group: &str) -> Reply {
    let name = &target.names[1];
    match ask.method {
        Method::GET => match find(world, group, name) {
            None => not_found(group, KIND, name),
            Some(a) if ask.at < a.ready_at => Reply::ok(&body(facts, a, ask.at)).with("retry-after", facts.wait()),
            Some(a) => Reply::ok(&body(facts, a, ask.at)),
        },
        Method::PUT => create(facts, world, ask, group, name),
        Method::DELETE => remove(facts, world, ask, target, group, name),
        Method::PATCH => not_found(group, KIND, name),
        _ => not_allowed(ask),
    }
}

/// What a name or subdomain may be.
fn labels(name: &str) -> bool {
    (2..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn taken(name: &str) -> Reply {
    let text = format!("The subdomain name '{name}' is not available as it's already used by a resource.");
    Reply::error(409, "CustomDomainInUse", &text)
}

fn create(facts: &Facts, world: &mut World, ask: &Ask, group: &str, name: &str) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let region = Region::new(sent["location"].as_str().unwrap_or_default());
    let restore = sent["properties"]["restore"].as_bool().unwrap_or(false);
    if let Some(present) = world.account(name) {
        if !present.group.eq_ignore_ascii_case(group) {
            return taken(name);
        }
        if present.region != region.name() {
            let text = format!("The resource '{name}' already exists in location '{}'.", present.region);
            return Reply::error(409, "InvalidResourceLocation", &text);
        }
        let Some(present) = world.accounts.iter_mut().find(|a| a.name.eq_ignore_ascii_case(name)) else {
            return not_found(group, KIND, name);
        };
        present.tags = serde_json::from_value(sent["tags"].clone()).unwrap_or_default();
        keep_top(present, &sent);
        foundry::keep(present, &sent["properties"]);
        // What failed is tried again.
        if present.failed && ask.at >= present.ready_at {
            present.ready_at = ask.at + takes(facts, name);
            present.failed = facts.timeline().fails_late(ask.at, &present.region).is_some();
        }
        return Reply::ok(&body(facts, present, ask.at));
    }
    if !labels(name) {
        return Reply::error(400, "InvalidResourceName", "An account's name has 2 to 64 letters, digits and hyphens.");
    }
    if world.accounts.len() >= MAX_ACCOUNTS {
        return Reply::error(409, "AccountQuotaExceeded", "This simulated Azure holds no more accounts.");
    }
    if known_region(region.name()).is_none() {
        return Reply::error(400, "LocationRequired", "The location property is required and must name a region.");
    }
    let deleted = world.deleted.iter().position(|a| a.name.eq_ignore_ascii_case(name) && restorable(a, ask.at));
    let mut fresh = match (deleted, restore) {
        (Some(_), false) => {
            let text = format!(
                "An existing resource with ID '{}' has been soft-deleted. To restore the resource, you must specify 'restore' to be 'true' in the property.",
                ask.path
            );
            return Reply::error(409, "FlagMustBeSetForRestore", &text);
        }
        (None, true) => {
            return Reply::error(
                404,
                "CanNotRestoreANonExistingResource",
                "No soft-deleted resource of this name was found.",
            );
        }
        (Some(n), true)
            if world.deleted[n].region != region.name() || !world.deleted[n].group.eq_ignore_ascii_case(group) =>
        {
            return Reply::error(
                409,
                "InvalidResourceLocation",
                "The deleted resource was in another location or resource group.",
            );
        }
        (Some(n), true) => {
            let needs = serde_json::Value::Object(world.deleted[n].more.clone());
            if let Some(text) = bins::missing(world, &needs) {
                return Reply::error(400, "DependencyNotFound", &text);
            }
            world.deleted.remove(n)
        }
        (None, false) => {
            if sent["kind"].as_str().is_none() {
                return Reply::error(400, "InvalidApiSetId", "The account type (kind) is required.");
            }
            let wanted = sent["properties"]["customSubDomainName"].as_str().unwrap_or(name);
            if !labels(wanted) {
                let text = format!("The custom domain name '{wanted}' is invalid.");
                return Reply::error(400, "CustomDomainInvalid", &text);
            }
            if world.accounts.iter().any(|a| a.subdomain().eq_ignore_ascii_case(wanted)) {
                return taken(wanted);
            }
            let mut fresh = blank(name, group, &region);
            sent["kind"].as_str().unwrap_or("OpenAI").clone_into(&mut fresh.kind);
            fresh.subdomain = (!wanted.eq_ignore_ascii_case(name)).then(|| wanted.to_owned());
            keep_top(&mut fresh, &sent);
            foundry::keep(&mut fresh, &sent["properties"]);
            fresh
        }
    };
    fresh.ready_at = ask.at + takes(facts, name);
    fresh.failed = facts.timeline().fails_late(ask.at, &fresh.region).is_some();
    fresh.deleted_at = None;
    fresh.tags = serde_json::from_value(sent["tags"].clone()).unwrap_or_default();
    if let Some(g) = world.group(group) {
        g.name.clone_into(&mut fresh.group);
    }
    let shown = body(facts, &fresh, ask.at);
    world.accounts.push(fresh);
    // As in Azure without a status address: the resource itself tells when it is ready.
    Reply::json(201, &shown).with("retry-after", facts.wait())
}

fn takes(facts: &Facts, name: &str) -> i64 {
    facts.takes(CREATE_MS.0 + i64::try_from(dice(facts.seed, &format!("account/{name}"), CREATE_MS.1)).unwrap_or(0))
}

fn blank(name: &str, group: &str, region: &Region) -> Account {
    Account {
        name: name.to_owned(),
        kind: "OpenAI".to_owned(),
        group: group.to_owned(),
        region: region.name().to_owned(),
        latency: USUAL_LATENCY,
        ready_at: 0,
        failed: false,
        deleted_at: None,
        subdomain: None,
        top: serde_json::Map::new(),
        tags: std::collections::BTreeMap::new(),
        more: serde_json::Map::new(),
        deployments: Vec::new(),
        history: Vec::new(),
    }
}

fn remove(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, group: &str, name: &str) -> Reply {
    let Some(n) =
        world.accounts.iter().position(|a| a.name.eq_ignore_ascii_case(name) && a.group.eq_ignore_ascii_case(group))
    else {
        return Reply::empty(204);
    };
    let id = id(facts, &world.accounts[n]);
    if let Some(refusal) = locked(world, &id, &ask.method) {
        return refusal;
    }
    if let Some(refusal) = foundry::inhabited(world, &id) {
        return refusal;
    }
    foundry::below_gone(world, &id);
    let mut gone = world.accounts.remove(n);
    gone.deleted_at = Some(ask.at);
    let region = gone.region.clone();
    world.deleted.push(gone);
    let span = (ask.at, ask.at + facts.takes(REMOVE_MS));
    let work = Work { region: &region, resource: &id, span, removes: true, answer: None };
    let links = begin(facts, world, target, work);
    Reply::empty(202).with("location", links.result).with("retry-after", facts.wait())
}

/// What a region offers.
pub fn offers(facts: &Facts, region: &str) -> Vec<Value> {
    let offered = facts.scenario.world.quotas.iter().filter(|q| q.region.name() == region);
    let row = |model: &str, version: &str, max: u32, default: bool| {
        json!({
            "kind": "OpenAI", "skuName": "S0",
            "model": {
                "format": "OpenAI", "name": model, "version": version, "isDefaultVersion": default,
                "lifecycleStatus": "GenerallyAvailable", "maxCapacity": max,
                "capabilities": { "inference": "true" },
                "skus": SKUS.map(|sku| json!({
                    "name": sku, "usageName": format!("OpenAI.{sku}.{model}"),
                    "capacity": { "default": 10, "maximum": max, "minimum": 1 },
                })),
            },
        })
    };
    let rows = offered.flat_map(|q| q.versions.iter().map(|v| row(&q.model, v, q.limit, q.versions.last() == Some(v))));
    rows.collect()
}

/// A region's limit and use of one model in one tier, in units.
pub fn quota(facts: &Facts, world: &World, region: &str, model: &str, sku: &str, at: i64) -> Option<(u32, u32)> {
    let row = facts.scenario.world.quotas.iter().find(|q| q.region.name() == region && q.model == model)?;
    let (limit, elsewhere) = if sku == SKUS[0] {
        (facts.timeline().quota(at, region, model).unwrap_or(row.limit), row.used_elsewhere)
    } else {
        (row.limit.saturating_mul(GLOBAL), 0)
    };
    let own = world.accounts.iter().filter(|a| a.region == region).flat_map(|a| &a.deployments);
    let own = own.filter(|d| d.model == model && d.sku == sku);
    let used = own.fold(elsewhere, |sum, d| sum.saturating_add(d.capacity));
    Some((limit, used))
}

fn usages(facts: &Facts, world: &World, region: &Region, at: i64) -> Reply {
    let offered = facts.scenario.world.quotas.iter().filter(|q| q.region == *region);
    let row = |q: &crate::rehearsal::scenario::Quota, sku: &str| {
        let (limit, used) = quota(facts, world, region.name(), &q.model, sku, at)?;
        let tier = if sku == SKUS[0] { String::new() } else { format!(" - {sku}") };
        Some(json!({
            "name": {
                "value": format!("OpenAI.{sku}.{}", q.model),
                "localizedValue": format!("Tokens Per Minute (thousands) - {}{tier}", q.model),
            },
            "currentValue": f64::from(used), "limit": f64::from(limit), "unit": "Count", "status": "Included",
        }))
    };
    Reply::list(offered.flat_map(|q| SKUS.map(|sku| row(q, sku))).flatten().collect())
}
