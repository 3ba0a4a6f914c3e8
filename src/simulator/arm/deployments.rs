//! Model deployments: created and changed by long-running operations, bounded by quota.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::cognitive::{self, quota};
use super::operations::{self, Links, Work, begin};
use super::{Target, locked, not_allowed, not_found};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::world::{Account, Capacity, Deployment, World, dice, uuid};

const KIND: &str = "Microsoft.CognitiveServices/accounts/deployments";
/// A new deployment takes from 60 to 180 s of scenario time.
const CREATE_MS: (i64, u64) = (60_000, 120_000);
/// Another capacity takes from 20 to 60 s.
const CHANGE_MS: (i64, u64) = (20_000, 40_000);
/// Properties that are kept as sent.
const SETTINGS: [&str; 3] = ["versionUpgradeOption", "raiPolicyName", "dynamicThrottlingEnabled"];
/// A removal takes 15 s.
const REMOVE_MS: i64 = 15_000;

/// Answers requests to an account's deployments.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, group: &str) -> Reply {
    let account = &target.names[1];
    if cognitive::find(world, group, account).is_none() {
        if ask.method == Method::GET {
            return not_found(group, "Microsoft.CognitiveServices/accounts", account);
        }
        let text =
            format!("Can not perform requested operation on nested resource. Parent resource '{account}' not found.");
        return Reply::error(404, "ParentResourceNotFound", &text);
    }
    let Some(a) = world.accounts.iter().find(|a| a.name.eq_ignore_ascii_case(account)).cloned() else {
        return Reply::no_route(ask);
    };
    if let (&Method::GET, [_, _, _, d, _]) = (&ask.method, target.names) {
        return skus(facts, world, &a, d, ask.at);
    }
    match (&ask.method, target.names.get(3).filter(|_| target.names.len() < 5)) {
        (&Method::GET, None) => Reply::list(a.deployments.iter().map(|d| body(facts, &a, d, ask.at)).collect()),
        (&Method::GET, Some(d)) => a.deployment(d).map_or_else(
            || not_found(group, KIND, &format!("{account}/{d}")),
            |d| Reply::ok(&body(facts, &a, d, ask.at)),
        ),
        (&Method::PUT, Some(d)) => put(facts, world, ask, target, &a, d),
        (&Method::PATCH, Some(d)) => patch(facts, world, ask, target, &a, d),
        (&Method::DELETE, Some(d)) => remove(facts, world, ask, target, &a, d),
        _ => not_allowed(ask),
    }
}

/// Tiers that a deployment may have.
fn skus(facts: &Facts, world: &World, a: &Account, name: &str, at: i64) -> Reply {
    let Some(d) = a.deployment(name) else { return not_found(&a.group, KIND, &format!("{}/{name}", a.name)) };
    let limit = |sku: &str| quota(facts, world, &a.region, &d.model, sku, at).map(|q| q.0);
    let row = |sku: &&str| {
        json!({
            "resourceType": KIND, "sku": { "name": sku },
            "capacity": { "minimum": 1, "maximum": limit(sku), "step": 1, "default": 10 },
        })
    };
    Reply::list(cognitive::SKUS.iter().map(row).collect())
}

fn id(facts: &Facts, a: &Account, name: &str) -> String {
    format!("{}/deployments/{name}", cognitive::id(facts, a))
}

/// The deployment behind an id, as ARM shows it.
pub fn by_id(facts: &Facts, world: &World, wanted: &str, at: i64) -> Option<Value> {
    let all = world.accounts.iter().flat_map(|a| a.deployments.iter().map(move |d| (a, d)));
    all.into_iter()
        .find(|(a, d)| id(facts, a, &d.name).eq_ignore_ascii_case(wanted))
        .map(|(a, d)| body(facts, a, d, at))
}

fn body(facts: &Facts, a: &Account, d: &Deployment, at: i64) -> Value {
    let chat = !d.model.starts_with("text-embedding");
    let key = if chat { "chatCompletion" } else { "embeddings" };
    let mut body = json!({
        "id": id(facts, a, &d.name), "name": d.name, "type": KIND,
        "etag": format!("\"{}\"", uuid(facts.seed, &format!("{}/{}/{}", a.name, d.name, d.capacity))),
        "sku": { "name": d.sku, "capacity": d.capacity },
        "properties": {
            "model": { "format": "OpenAI", "name": d.model, "version": d.version },
            "provisioningState": d.state(at), "versionUpgradeOption": "NoAutoUpgrade",
            "currentCapacity": a.capacity(&d.name, at), "capabilities": { (key): "true" },
            "raiPolicyName": "Microsoft.DefaultV2",
            "rateLimits": [
                { "key": "request", "renewalPeriod": 10, "count": d.capacity },
                { "key": "token", "renewalPeriod": 60, "count": u64::from(d.capacity) * 1_000 },
            ],
        },
        "systemData": { "createdAt": rfc3339(facts.utc(d.ready_at)) },
    });
    for (name, value) in &d.more {
        let place = if name == "tags" { &mut body } else { &mut body["properties"] };
        place[name] = value.clone();
    }
    body
}

/// What is kept of a request beside model and capacity.
fn settings(sent: &Value, mut more: Map<String, Value>) -> Map<String, Value> {
    let own = SETTINGS.map(|name| (name, &sent["properties"][name]));
    for (name, value) in own.into_iter().chain([("tags", &sent["tags"])]).filter(|(_, v)| !v.is_null()) {
        more.insert(name.to_owned(), value.clone());
    }
    more
}

fn put(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, a: &Account, name: &str) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    if ask.at < a.ready_at {
        let text = format!(
            "Call to Microsoft.CognitiveServices/accounts failed. Error message: Account {} in state Creating.",
            a.name
        );
        return Reply::error(409, "AccountProvisioningStateInvalid", &text);
    }
    let wanted = match wanted(facts, a, name, &sent) {
        Ok(w) => w,
        Err(refusal) => return *refusal,
    };
    let Some(present) = a.deployment(name) else {
        return create(facts, world, ask, target, a, wanted);
    };
    // What failed is tried again.
    let stands = !present.failed || ask.at < present.ready_at;
    let of = |d: &Deployment| (d.model.clone(), d.version.clone(), d.sku.clone(), d.capacity);
    if of(present) == of(&wanted) && stands {
        return unchanged(facts, world, ask, a, present, wanted.more);
    }
    if (&present.model, &present.sku) != (&wanted.model, &wanted.sku) {
        let text = format!(
            "The model and the SKU of deployment '{name}' cannot be changed in this simulated Azure; delete it and create it anew."
        );
        return Reply::error(400, "InvalidResourceProperties", &text);
    }
    // Another version of the same model is put in its place.
    change(facts, world, ask, target, a, present, wanted).map_or_else(
        |refusal| *refusal,
        |(links, d)| {
            Reply::ok(&body(facts, a, &d, ask.at))
                .with("azure-asyncoperation", links.status)
                .with("retry-after", facts.wait())
        },
    )
}

/// What is so already is answered as it is; a poller of work under way finds its address again.
fn unchanged(
    facts: &Facts,
    world: &mut World,
    ask: &Ask,
    a: &Account,
    d: &Deployment,
    more: Map<String, Value>,
) -> Reply {
    let d = &Deployment { more, ..d.clone() };
    if let Some(account) = own(world, a) {
        account.deployments.iter_mut().filter(|x| x.name == d.name).for_each(|x| x.more.clone_from(&d.more));
    }
    let reply = Reply::ok(&body(facts, a, d, ask.at));
    let id = id(facts, a, &d.name);
    match world.operations.iter().rfind(|o| o.resource == id && ask.at < o.until && !o.removes) {
        Some(o) => {
            reply.with("azure-asyncoperation", operations::links(facts, o).status).with("retry-after", facts.wait())
        }
        None => reply,
    }
}

fn wanted(facts: &Facts, a: &Account, name: &str, sent: &Value) -> Result<Deployment, Box<Reply>> {
    let bad = |code: &str, text: &str| Err(Box::new(Reply::error(400, code, text)));
    if name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        return bad("InvalidResourceName", "A deployment's name has at most 64 letters, digits and -, _ or .");
    }
    let model = &sent["properties"]["model"];
    let format = model["format"].as_str().unwrap_or("OpenAI");
    let model_name = model["name"].as_str().unwrap_or_default();
    let offer = facts.scenario.world.quotas.iter().find(|q| q.region.name() == a.region && q.model == model_name);
    let version = model["version"].as_str().or_else(|| offer?.versions.last().map(String::as_str)).unwrap_or_default();
    if format != "OpenAI" || !offer.is_some_and(|q| q.versions.iter().any(|v| v == version)) {
        let text = format!(
            "The model 'Format: {format}, Name: {model_name}, Version: {version}' of account deployment is not supported."
        );
        return bad("DeploymentModelNotSupported", &text);
    }
    let sku = sent["sku"]["name"].as_str().unwrap_or("Standard");
    if !cognitive::SKUS.contains(&sku) {
        let text =
            format!("The specified SKU '{sku}' of account deployment is not supported by the model '{model_name}'.");
        return bad("InvalidResourceProperties", &text);
    }
    let Some(capacity) = units(sent, 1) else {
        return bad(
            "InvalidCapacity",
            "The specified capacity of account deployment is invalid; it must be a whole number from 1 on.",
        );
    };
    Ok(Deployment {
        name: name.to_owned(),
        model: model_name.to_owned(),
        version: version.to_owned(),
        sku: sku.to_owned(),
        more: settings(sent, Map::new()),
        capacity,
        ready_at: 0,
        new: true,
        failed: false,
        gone_at: None,
    })
}

fn units(sent: &Value, default: u32) -> Option<u32> {
    match &sent["sku"]["capacity"] {
        Value::Null => Some(default),
        // Azure takes a number in quotes for a number, and the command-line client sends one.
        Value::String(digits) => digits.parse().ok().filter(|n| *n > 0),
        v => v.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0),
    }
}

/// The refusal when `more` units of a model do not fit into what the region has left.
fn over_quota(facts: &Facts, world: &World, region: &str, d: &Deployment, more: u32, at: i64) -> Option<Reply> {
    let model = &d.model;
    let (limit, used) = quota(facts, world, region, model, &d.sku, at)?;
    let left = limit.saturating_sub(used);
    (more > left).then(|| {
        let name = format!("Tokens Per Minute (thousands) - {model}");
        Reply::error(
            400,
            "InsufficientQuota",
            &format!(
                "This operation require {more} new capacity in quota {name}, which is bigger than the current available \
                 capacity {left}. The current quota usage is {used} and the quota limit is {limit} for quota {name}."
            ),
        )
    })
}

fn takes(facts: &Facts, a: &Account, name: &str, span: (i64, u64)) -> i64 {
    facts.takes(span.0 + i64::try_from(dice(facts.seed, &format!("takes/{}/{name}", a.name), span.1)).unwrap_or(0))
}

fn work<'a>(a: &'a Account, resource: &'a str, span: (i64, i64), removes: bool) -> Work<'a> {
    Work { region: &a.region, resource, span, removes, answer: None }
}

fn own<'a>(world: &'a mut World, a: &Account) -> Option<&'a mut Account> {
    world.accounts.iter_mut().find(|x| x.name == a.name)
}

fn create(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, a: &Account, mut d: Deployment) -> Reply {
    if let Some(refusal) = over_quota(facts, world, &a.region, &d, d.capacity, ask.at) {
        return refusal;
    }
    d.ready_at = ask.at + takes(facts, a, &d.name, CREATE_MS);
    d.failed = facts.timeline().fails_late(ask.at, &a.region).is_some();
    if let Some(account) = own(world, a) {
        if !d.failed {
            account.history.push(Capacity { at: d.ready_at, deployment: d.name.clone(), units: d.capacity });
        }
        account.deployments.push(d.clone());
    }
    let resource = id(facts, a, &d.name);
    let links = begin(facts, world, target, work(a, &resource, (ask.at, d.ready_at), false));
    Reply::json(201, &body(facts, a, &d, ask.at))
        .with("azure-asyncoperation", links.status)
        .with("retry-after", facts.wait())
}

fn change(
    facts: &Facts,
    world: &mut World,
    ask: &Ask,
    target: &Target<'_>,
    a: &Account,
    present: &Deployment,
    wanted: Deployment,
) -> Result<(Links, Deployment), Box<Reply>> {
    if ask.at < present.ready_at || present.gone_at.is_some() {
        let text = format!(
            "Another operation is being performed on the resource '{}'. Please retry later.",
            id(facts, a, &present.name)
        );
        return Err(Box::new(Reply::error(409, "RequestConflict", &text)));
    }
    let capacity = wanted.capacity;
    let more = capacity.saturating_sub(present.capacity);
    if let Some(refusal) = over_quota(facts, world, &a.region, present, more, ask.at) {
        return Err(Box::new(refusal));
    }
    let fails = facts.timeline().fails_late(ask.at, &a.region).is_some();
    let mut d = present.clone();
    d.new = false;
    d.ready_at = ask.at + takes(facts, a, &d.name, CHANGE_MS);
    if !fails {
        (d.capacity, d.failed) = (capacity, false);
        (d.version, d.more) = (wanted.version, wanted.more);
    }
    if let Some(account) = own(world, a) {
        if !fails {
            account.history.push(Capacity { at: d.ready_at, deployment: d.name.clone(), units: capacity });
        }
        account.deployments.iter_mut().filter(|x| x.name == d.name).for_each(|x| x.clone_from(&d));
    }
    let resource = id(facts, a, &d.name);
    let links = begin(facts, world, target, work(a, &resource, (ask.at, d.ready_at), false));
    Ok((links, d))
}

fn patch(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, a: &Account, name: &str) -> Reply {
    let Some(present) = a.deployment(name) else {
        return not_found(&a.group, KIND, &format!("{}/{name}", a.name));
    };
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let Some(capacity) = units(&sent, present.capacity) else {
        return Reply::error(400, "InvalidCapacity", "The specified capacity of account deployment is invalid.");
    };
    let more = settings(&sent, present.more.clone());
    if capacity == present.capacity {
        return unchanged(facts, world, ask, a, present, more);
    }
    let wanted = Deployment { capacity, more, ..present.clone() };
    change(facts, world, ask, target, a, present, wanted).map_or_else(
        |refusal| *refusal,
        |(links, d)| {
            Reply::json(202, &body(facts, a, &d, ask.at))
                .with("location", links.result)
                .with("retry-after", facts.wait())
        },
    )
}

fn remove(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, a: &Account, name: &str) -> Reply {
    let Some(present) = a.deployment(name) else { return Reply::empty(204) };
    let own_id = id(facts, a, &present.name);
    if let Some(refusal) = locked(world, &own_id, &ask.method) {
        return refusal;
    }
    if present.gone_at.is_some() {
        return Reply::empty(202).with("retry-after", facts.wait());
    }
    let until = ask.at + facts.takes(REMOVE_MS);
    let name = present.name.clone();
    let fails = facts.timeline().fails_late(ask.at, &a.region).is_some();
    if let Some(account) = own(world, a).filter(|_| !fails) {
        // Whatever was to come into force later does not.
        account.history.retain(|c| c.at <= ask.at || c.deployment != name);
        account.history.push(Capacity { at: ask.at, deployment: name.clone(), units: 0 });
        account.deployments.iter_mut().filter(|d| d.name == name).for_each(|d| d.gone_at = Some(until));
    }
    let links = begin(facts, world, target, work(a, &own_id, (ask.at, until), true));
    Reply::empty(202).with("location", links.result).with("retry-after", facts.wait())
}
