//! AI accounts beyond those that serve models here: updates, projects and connections, free capacity, purge.
//!
//! An account of kind `OpenAI` or `AIServices` that serves has a shape of its own, in `cognitive`; any other is a resource like
//! the rest. Both are deleted into the same bin.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, bins, cognitive, generic, not_found};
use crate::rehearsal::things::DeletedKind;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::things::{Gone, Thing, under};
use crate::simulator::world::{Account, World};
use crate::units::Region;

const KIND: &str = "Microsoft.CognitiveServices/accounts";
/// Kinds that serve models here.
const SERVING: [&str; 2] = ["OpenAI", "AIServices"];

/// Answers what concerns no serving account; `None` where it does.
pub fn act(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let route = target.route();
    match (&ask.method, route.as_slice(), target.group) {
        (_, ["accounts", name], Some(g)) => account(facts, world, ask, target, g, name),
        (&Method::POST, ["accounts", name, "listkeys" | "regeneratekey"], Some(g)) => {
            let t = thing(world, g, name)?;
            let key = |n: u32| {
                crate::units::sha256_hex(format!("{}/{}/key{n}", facts.seed, t.id).as_bytes())[..32].to_owned()
            };
            Some(Reply::ok(&json!({ "key1": key(1), "key2": key(2) })))
        }
        (_, ["accounts", name, "deployments", ..], Some(g)) if thing(world, g, name).is_none() => None,
        (_, ["accounts", _, _, ..], Some(_)) if route.len() > 3 || ask.method == Method::GET => {
            Some(generic::answer(facts, world, ask, target))
        }
        (&Method::GET, ["deletedaccounts"], None) => Some(deleted(facts, world, ask)),
        (&Method::GET, ["modelcapacities"], None) => Some(capacities(facts, world, ask, None)),
        (&Method::GET, ["locations", l, "modelcapacities"], None) => Some(capacities(facts, world, ask, Some(l))),
        (m, ["locations", l, "resourcegroups", g, "deletedaccounts", a], None) => {
            let region = Region::new(l);
            match *m {
                Method::GET => binned(world, &region, g, a).map(|n| Reply::ok(&bins::body(facts, &world.gone[n]))),
                Method::DELETE => Some(purge(facts, world, ask, target, (&region, g, a))),
                _ => None,
            }
        }
        _ => None,
    }
}

fn thing<'a>(world: &'a World, group: &str, name: &str) -> Option<&'a Thing> {
    world.named(KIND, name).filter(|t| t.group.eq_ignore_ascii_case(group))
}

fn binned(world: &World, region: &Region, group: &str, name: &str) -> Option<usize> {
    let fits = |g: &Gone| {
        g.what == DeletedKind::AIAccount
            && g.region == region.name()
            && g.thing.group.eq_ignore_ascii_case(group)
            && g.thing.name.eq_ignore_ascii_case(name)
    };
    world.gone.iter().position(fits)
}

fn account(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, group: &str, name: &str) -> Option<Reply> {
    let serving = cognitive::find(world, group, name).is_some();
    if serving && ask.method == Method::PATCH {
        return Some(patch(facts, world, ask, name));
    }
    if serving {
        return None;
    }
    let sent = ask.json().unwrap_or_default();
    let kind = sent["kind"].as_str().unwrap_or_default();
    let own = thing(world, group, name).is_some()
        || world.binned(DeletedKind::AIAccount, name, ask.at).is_some()
        || (ask.method == Method::PUT && !kind.is_empty() && !SERVING.contains(&kind));
    own.then(|| generic::answer(facts, world, ask, target))
}

/// Changes a serving account: its tags as one, of its properties those that were sent.
fn patch(facts: &Facts, world: &mut World, ask: &Ask, name: &str) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let Some(a) = world.accounts.iter_mut().find(|a| a.name.eq_ignore_ascii_case(name)) else {
        return not_found("", KIND, name);
    };
    if ask.at < a.ready_at {
        let text = format!("Account {} in state Creating.", a.name);
        return Reply::error(409, "AccountProvisioningStateInvalid", &text);
    }
    if let Ok(tags) = serde_json::from_value(sent["tags"].clone()) {
        a.tags = tags;
    }
    cognitive::keep_top(a, &sent);
    keep(a, &sent["properties"]);
    let a = a.clone();
    Reply::ok(&cognitive::body(facts, &a, ask.at)).with("retry-after", facts.wait())
}

/// Keeps properties as sent, apart from those that follow from the rest.
pub fn keep(a: &mut Account, sent: &Value) {
    let mut all = Value::Object(std::mem::take(&mut a.more));
    if sent.is_object() {
        generic::merge(&mut all, sent);
    }
    if let Value::Object(mut all) = all {
        for own in ["provisioningState", "endpoint", "endpoints", "restore", "customSubDomainName", "dateCreated"] {
            all.remove(own);
        }
        a.more = all;
    }
}

/// What other accounts and projects show beside what was sent.
pub fn fill(t: &mut Thing) {
    let name = t.name.to_ascii_lowercase();
    if t.is(KIND) {
        t.body.entry("sku").or_insert_with(|| json!({ "name": "S0" }));
        t.set_missing("endpoint", format!("https://{name}.cognitiveservices.azure.com/"));
        t.set_missing("publicNetworkAccess", "Enabled");
        if let Some(p) = t.body.get_mut("properties").and_then(Value::as_object_mut) {
            p.remove("restore");
        }
    } else if t.is("Microsoft.CognitiveServices/accounts/projects") {
        t.set_missing("displayName", name);
        t.set_missing("isDefault", false);
    }
}

fn deleted(facts: &Facts, world: &World, ask: &Ask) -> Reply {
    let own = world.deleted.iter().filter(|a| cognitive::restorable(a, ask.at));
    let mut rows: Vec<Value> = own.map(|a| cognitive::deleted_body(facts, a)).collect();
    rows.extend(world.gone.iter().filter(|g| g.what == DeletedKind::AIAccount).map(|g| bins::body(facts, g)));
    Reply::list(rows)
}

fn purge(
    facts: &Facts,
    world: &mut World,
    ask: &Ask,
    target: &Target<'_>,
    (region, group, name): (&Region, &str, &str),
) -> Reply {
    if let Some(n) = binned(world, region, group, name) {
        return bins::purged(facts, world, ask, target, n);
    }
    let fits = |a: &Account| {
        a.region == region.name()
            && a.group.eq_ignore_ascii_case(group)
            && a.name.eq_ignore_ascii_case(name)
            && cognitive::restorable(a, ask.at)
    };
    let Some(n) = world.deleted.iter().position(fits) else { return Reply::empty(204) };
    let gone = world.deleted.remove(n);
    let id = cognitive::id(facts, &gone);
    let span = (ask.at, ask.at + facts.takes(cognitive::REMOVE_MS));
    let work = super::operations::Work { region: &gone.region, resource: &id, span, removes: true, answer: None };
    let links = super::operations::begin(facts, world, target, work);
    Reply::empty(202)
        .with("azure-asyncoperation", links.status)
        .with("location", links.result)
        .with("retry-after", facts.wait())
}

/// What each region has free of a model, in units.
fn capacities(facts: &Facts, world: &World, ask: &Ask, location: Option<&str>) -> Reply {
    let said = |name: &str| ask.query(name).unwrap_or_default().to_owned();
    let (format, model, version) = (said("modelFormat"), said("modelName"), said("modelVersion"));
    if format.is_empty() || model.is_empty() || version.is_empty() {
        let text = "The query parameters modelFormat, modelName and modelVersion are required.";
        return Reply::error(400, "BadRequest", text);
    }
    let region = location.map(Region::new);
    let offered = facts.scenario.world.quotas.iter().filter(|q| {
        q.model == model && q.versions.contains(&version) && region.as_ref().is_none_or(|r| *r == q.region)
    });
    let row = |q: &crate::rehearsal::scenario::Quota, sku: &str| {
        let (limit, used) = cognitive::quota(facts, world, q.region.name(), &model, sku, ask.at)?;
        Some(json!({
            "id": format!(
                "/subscriptions/{}/providers/Microsoft.CognitiveServices/locations/{}/models/{format}.{model}.{version}/skuCapacities/{sku}",
                facts.subscription(), q.region.name()
            ),
            "type": "Microsoft.CognitiveServices/locations/models/skuCapacities", "name": sku, "location": q.region.name(),
            "properties": {
                "model": { "format": format, "name": model, "version": version }, "skuName": sku,
                "availableCapacity": limit.saturating_sub(used), "availableFinetuneCapacity": 0,
            },
        }))
    };
    Reply::list(offered.flat_map(|q| cognitive::SKUS.map(|sku| row(q, sku))).flatten().collect())
}

/// The refusal to delete an account that has projects.
pub fn inhabited(world: &World, id: &str) -> Option<Reply> {
    let kind = "Microsoft.CognitiveServices/accounts/projects";
    let inside: Vec<&str> =
        world.things.iter().filter(|t| t.is(kind) && under(&t.id, id)).map(|t| t.id.as_str()).collect();
    (!inside.is_empty()).then(|| {
        let text = format!(
            "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: '{}'. Please delete all nested resources before deleting this resource.",
            inside.join("', '")
        );
        Reply::error(409, "CannotDeleteResource", &text)
    })
}

/// What ends with a serving account: its projects and connections, and what is attached to it.
pub fn below_gone(world: &mut World, id: &str) {
    world.things.retain(|t| !under(&t.id, id));
    world.forget(id);
}
