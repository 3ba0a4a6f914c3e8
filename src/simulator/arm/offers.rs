//! What AI accounts have beside their deployments: tiers, models, free capacity, names still free, new keys, new tags; and
//! the end of a deleted one.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, cognitive, not_found};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::openai;
use crate::simulator::world::World;

const KIND: &str = "Microsoft.CognitiveServices/accounts";
const TYPE: &str = "Microsoft.CognitiveServices/locations/models";

/// Answers such a request; `None` if it is about something else.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let route = target.route();
    Some(match (&ask.method, route.as_slice(), target.group) {
        (&Method::GET, ["skus"], None) => Reply::list(vec![json!({
            "resourceType": "accounts", "name": "S0", "tier": "Standard", "kind": "OpenAI", "restrictions": [],
            "locations": offered(facts, |q| q.region.name().to_uppercase()),
        })]),
        (&Method::POST, ["checkdomainavailability"], None) => domain(world, ask),
        (&Method::POST, ["locations", _, "checkskuavailability"], None) => sku(ask),
        (&Method::GET, ["modelcapacities"], None) => capacities(facts, world, ask, None),
        (&Method::GET, ["locations", l, "modelcapacities"], None) => capacities(facts, world, ask, Some(l)),
        (&Method::DELETE, ["locations", l, "resourcegroups", g, "deletedaccounts", a], None) => {
            let before = world.deleted.len();
            let is = |d: &crate::simulator::world::Account| {
                d.region == *l && d.group.eq_ignore_ascii_case(g) && d.name.eq_ignore_ascii_case(a)
            };
            world.deleted.retain(|d| !is(d));
            Reply::empty(if world.deleted.len() < before { 200 } else { 204 })
        }
        (method, ["accounts", _, rest @ ..], Some(g)) => return account(facts, world, ask, target, (method, rest, g)),
        _ => return None,
    })
}

fn account(
    facts: &Facts,
    world: &mut World,
    ask: &Ask,
    target: &Target<'_>,
    (method, rest, group): (&Method, &[&str], &str),
) -> Option<Reply> {
    let known = match (method, rest) {
        (&Method::PATCH, []) | (&Method::GET, ["skus" | "models" | "usages"]) => true,
        (method, rest) => *method == Method::POST && rest == ["regeneratekey"],
    };
    if !known {
        return None;
    }
    let name = &target.names[1];
    let Some(a) = cognitive::find(world, group, name).cloned() else { return Some(not_found(group, KIND, name)) };
    Some(match rest {
        [] => update(facts, world, ask, &a.name),
        ["skus"] => Reply::list(vec![json!({ "resourceType": KIND, "sku": { "name": "S0", "tier": "Standard" } })]),
        ["usages"] => Reply::list(Vec::new()),
        ["models"] => {
            let listed = cognitive::offers(facts, &a.region);
            Reply::list(listed.into_iter().map(|mut row| row["model"].take()).collect())
        }
        _ => regenerate(facts, world, ask, &a.name),
    })
}

/// New tags. What else an account has does not change in this simulated Azure, and a wish for it is refused.
fn update(facts: &Facts, world: &mut World, ask: &Ask, name: &str) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let more = sent["properties"].as_object().is_some_and(|p| !p.is_empty());
    if more || sent["sku"]["name"].as_str().is_some_and(|s| s != "S0") {
        let text = "This simulated Azure changes only the tags of an account.";
        return Reply::error(400, "InvalidResourceProperties", text);
    }
    let Some(a) = world.accounts.iter_mut().find(|a| a.name == name) else { return not_found("", KIND, name) };
    if let Ok(tags) = serde_json::from_value(sent["tags"].clone()) {
        a.tags = tags;
    }
    let a = a.clone();
    Reply::ok(&cognitive::body(facts, &a, ask.at))
}

fn regenerate(facts: &Facts, world: &mut World, ask: &Ask, name: &str) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let which = match sent["keyName"].as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("key1") => 0,
        Some("key2") => 1,
        _ => return Reply::error(400, "InvalidKeyName", "The key's name is 'Key1' or 'Key2'."),
    };
    world.turned.entry(name.to_ascii_lowercase()).or_default()[which] += 1;
    let [key1, key2] = openai::keys(facts, world, name);
    Reply::ok(&json!({ "key1": key1, "key2": key2 }))
}

fn offered(facts: &Facts, of: impl Fn(&crate::rehearsal::scenario::Quota) -> String) -> Vec<String> {
    let mut all: Vec<String> = facts.scenario.world.quotas.iter().map(of).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn domain(world: &World, ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let name = sent["subdomainName"].as_str().unwrap_or_default();
    let taken = world.accounts.iter().chain(&world.deleted).any(|a| a.name.eq_ignore_ascii_case(name));
    let reason = taken.then(|| format!("Sub domain name '{name}' is already used. Please pick a different name."));
    Reply::ok(
        &json!({ "isSubdomainAvailable": !taken, "reason": reason, "subdomainName": name, "type": sent["type"], "kind": sent["kind"] }),
    )
}

fn sku(ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let wanted = sent["skus"].as_array().cloned().unwrap_or_default();
    let row =
        |s: &Value| json!({ "kind": sent["kind"], "type": sent["type"], "skuName": s, "skuAvailable": s == "S0" });
    Reply::list(wanted.iter().map(row).collect())
}

/// What is left of a model, in a region or in all.
fn capacities(facts: &Facts, world: &World, ask: &Ask, location: Option<&str>) -> Reply {
    let wanted = |key: &str, own: &str| ask.query(key).is_none_or(|w| w.eq_ignore_ascii_case(own));
    let mut rows = Vec::new();
    for q in &facts.scenario.world.quotas {
        let here = location.is_none_or(|l| l == q.region.name());
        if !here || !wanted("modelName", &q.model) || !wanted("modelFormat", "OpenAI") {
            continue;
        }
        let Some((limit, used)) = cognitive::quota(facts, world, q.region.name(), &q.model, ask.at) else { continue };
        for version in q.versions.iter().filter(|v| wanted("modelVersion", v)) {
            rows.push(json!({
                "id": format!("/subscriptions/{}/providers/{TYPE}/{}", facts.subscription(), q.model),
                "name": "Standard", "type": "Microsoft.CognitiveServices/locations/modelCapacities", "location": q.region.name(),
                "properties": {
                    "model": { "format": "OpenAI", "name": q.model, "version": version }, "skuName": "Standard",
                    "availableCapacity": f64::from(limit.saturating_sub(used)), "availableFinetuneCapacity": 0.0,
                },
            }));
        }
    }
    Reply::list(rows)
}
