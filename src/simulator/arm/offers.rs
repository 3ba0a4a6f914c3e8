//! What AI accounts that serve models have beside their deployments: tiers, models, names still free, new keys.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, cognitive};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::openai;
use crate::simulator::world::World;

const KIND: &str = "Microsoft.CognitiveServices/accounts";

/// Answers such a request; `None` if it is about something else.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if target.provider != "microsoft.cognitiveservices"
        || target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers"))
    {
        return None;
    }
    let route = target.route();
    Some(match (&ask.method, route.as_slice(), target.group) {
        (&Method::GET, ["skus"], None) => Reply::list(vec![json!({
            "resourceType": "accounts", "name": "S0", "tier": "Standard", "kind": "OpenAI", "restrictions": [],
            "locations": offered(facts, |q| q.region.name().to_uppercase()),
        })]),
        (&Method::POST, ["checkdomainavailability"], None) => domain(world, ask),
        (&Method::POST, ["locations", _, "checkskuavailability"], None) => sku(ask),
        (&Method::GET, ["locations", _, "commitmenttiers"], None) => Reply::list(Vec::new()),
        (&Method::POST, ["calculatemodelcapacity"], None) => capacity(ask),
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
        (&Method::GET, ["skus" | "models" | "usages"]) => true,
        (method, rest) => *method == Method::POST && rest == ["regeneratekey"],
    };
    let a = cognitive::find(world, group, &target.names[1]).filter(|_| known)?.clone();
    Some(match rest {
        ["skus"] => Reply::list(vec![json!({ "resourceType": KIND, "sku": { "name": "S0", "tier": "Standard" } })]),
        ["usages"] => Reply::list(Vec::new()),
        ["models"] => {
            let listed = cognitive::offers(facts, &a.region);
            Reply::list(listed.into_iter().map(|mut row| row["model"].take()).collect())
        }
        _ => regenerate(facts, world, ask, &a.name),
    })
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
    let taken = world.accounts.iter().chain(&world.deleted).any(|a| a.subdomain().eq_ignore_ascii_case(name));
    let reason = taken.then(|| format!("Sub domain name '{name}' is already used. Please pick a different name."));
    Reply::ok(
        &json!({ "isSubdomainAvailable": !taken, "reason": reason, "subdomainName": name, "type": sent["type"], "kind": sent["kind"] }),
    )
}

/// Capacity that a load needs, in units of 1,000 tokens a minute.
fn capacity(ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let loads = sent["workloads"].as_array().into_iter().flatten();
    let number = |v: &Value| v.as_u64().unwrap_or(0);
    let tokens = |w: &Value| {
        let p = &w["requestParameters"];
        let each = number(&p["avgPromptTokens"]).saturating_add(number(&p["avgGeneratedTokens"]));
        number(&w["requestPerMinute"]).saturating_mul(each)
    };
    let units = loads.map(tokens).fold(0, u64::saturating_add).div_ceil(1_000).max(1);
    Reply::ok(&json!({
        "model": sent["model"], "skuName": sent["skuName"],
        "estimatedCapacity": { "value": units, "deployableValue": units },
    }))
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
