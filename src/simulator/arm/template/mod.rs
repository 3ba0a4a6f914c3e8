//! `Microsoft.Resources/deployments`: templates checked, foretold and carried out, each resource by the same request that a
//! client would send for it.
//!
//! A deployment goes on in steps of scenario time: a resource is sent for as soon as those that it depends on are there.

mod expression;
mod plan;
mod relaxed;
mod whatif;

use std::cell::RefCell;

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, inner, not_allowed};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::rollout::{Answer, Item, Rollout, State};
use crate::simulator::world::{World, uuid};
use plan::{Place, Plan};

/// Between two looks at the resources of a deployment, in milliseconds.
const STEP: i64 = 5_000;
/// A deployment that takes longer is given up.
const LIMIT: i64 = 2 * 3_600_000;
/// What-if takes so long.
const WHAT_IF: i64 = 4_000;
const VERSION: &str = "api-version=2025-04-01";

/// Between two looks, in a world where work takes less as well.
fn step(facts: &Facts) -> i64 {
    facts.takes(STEP).max(500)
}

/// Answers requests to the provider, at a group or a subscription.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let group = target.group;
    let route = target.route();
    if route.first() != Some(&"deployments") {
        return Reply::no_route(ask);
    }
    let Some(name) = target.names.get(1) else {
        let here = |r: &&Rollout| r.group.as_deref().map(str::to_ascii_lowercase) == group.map(str::to_ascii_lowercase);
        return match ask.method {
            Method::GET => Reply::list(world.rollouts.all.iter().filter(here).map(|r| body(facts, r)).collect()),
            _ => not_allowed(ask),
        };
    };
    let found = |world: &World| world.rollouts.find(name, group).cloned().ok_or_else(|| absent(name));
    match (&ask.method, &route[2..]) {
        (&Method::PUT, []) => put(facts, world, ask, target, name),
        (&Method::POST, ["validate"]) => validate(facts, world, ask, target, name),
        (&Method::POST, ["whatif"]) => what_if(facts, world, ask, target, name),
        (&Method::GET, ["whatifresults", id]) => result(facts, world, ask, id),
        (&Method::DELETE, []) => {
            let known = found(world).is_ok();
            world.rollouts.all.retain(|r| !r.is(name, group));
            Reply::empty(if known { 200 } else { 204 })
        }
        (&Method::POST, ["cancel"]) => cancel(world, ask, name, group),
        (&Method::GET, []) => found(world).map_or_else(|r| r, |r| Reply::ok(&body(facts, &r))),
        (&Method::GET, ["operations", rest @ ..]) => {
            found(world).map_or_else(|r| r, |r| picked(facts, &r, rest.first().copied()))
        }
        (&Method::GET, ["operationstatuses", _]) => found(world).map_or_else(|r| r, |r| status(facts, &r)),
        _ => Reply::no_route(ask),
    }
}

/// The operations of a group's deployment under their older address, which names no provider; `None` for any other.
pub fn operations_of(facts: &Facts, world: &World, ask: &Ask) -> Option<Reply> {
    let lower: Vec<String> = ask.segments.iter().map(|s| s.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    let (["subscriptions", _, "resourcegroups", _, "deployments", _, "operations", rest @ ..], &Method::GET) =
        (words.as_slice(), &ask.method)
    else {
        return None;
    };
    let (group, name) = (&ask.segments[3], &ask.segments[5]);
    let Some(r) = world.rollouts.find(name, Some(group)) else { return Some(absent(name)) };
    Some(picked(facts, r, rest.first().copied()))
}

/// All operations of a deployment, or one of them.
fn picked(facts: &Facts, r: &Rollout, wanted: Option<&str>) -> Reply {
    let all = operations(facts, r);
    let Some(wanted) = wanted else { return Reply::list(all) };
    let one = all.iter().find(|o| o["operationId"].as_str().is_some_and(|o| o.eq_ignore_ascii_case(wanted)));
    one.map_or_else(|| absent(wanted), Reply::ok)
}

fn absent(name: &str) -> Reply {
    Reply::error(404, "DeploymentNotFound", &format!("Deployment '{name}' could not be found."))
}

/// ARM id of a deployment.
fn id(facts: &Facts, name: &str, group: Option<&str>) -> String {
    match group {
        Some(g) => facts.id(g, &format!("{}/{name}", plan::KIND)),
        None => format!("/subscriptions/{}/providers/{}/{name}", facts.subscription(), plan::KIND),
    }
}

/// The plan of the body of a request.
fn planned(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, name: &str) -> Result<Plan, Box<Reply>> {
    if name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()".contains(c)) {
        let text =
            format!("The deployment name '{name}' is invalid: at most 64 letters, digits, '-', '.', '_', '(' and ')'.");
        return Err(Box::new(Reply::error(400, "InvalidDeploymentName", &text)));
    }
    let body = relaxed::read(&ask.body).map_err(|e| {
        let text = format!("The request content was invalid and could not be deserialized: '{e}'.");
        Box::new(Reply::error(400, "InvalidRequestContent", &text))
    })?;
    if target.group.is_none() && body["location"].as_str().unwrap_or_default().is_empty() {
        let text = "The 'location' property is required for this deployment.";
        return Err(Box::new(Reply::error(400, "LocationRequired", text)));
    }
    let (subscription, group) = surroundings(facts, world, target.group, ask.at);
    plan::read(&body, &Place { subscription: &subscription, group: &group, name })
}

/// `subscription()` and `resourceGroup()`.
fn surroundings(facts: &Facts, world: &mut World, group: Option<&str>, at: i64) -> (Value, Value) {
    let path = format!("/subscriptions/{}", facts.subscription());
    let (_, subscription) = inner(facts, world, Method::GET, &path, None, at);
    let group = match group {
        Some(g) => inner(facts, world, Method::GET, &format!("{path}/resourceGroups/{g}"), None, at).1,
        None => Value::Null,
    };
    (subscription, group)
}

fn put(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, name: &str) -> Reply {
    let plan = match planned(facts, world, ask, target, name) {
        Ok(p) => p,
        Err(refusal) => return *refusal,
    };
    let before = world.rollouts.find(name, target.group).map(|r| r.state);
    if before.is_some_and(|s| !s.over()) {
        let text = format!("Unable to edit or replace deployment '{name}': the previous deployment is still active.");
        return Reply::error(409, "DeploymentActive", &text);
    }
    let location = relaxed::read(&ask.body).ok().and_then(|b| b["location"].as_str().map(str::to_owned));
    world.rollouts.put(Rollout {
        name: name.to_owned(),
        group: target.group.map(str::to_owned),
        location: location.filter(|_| target.group.is_none()),
        parameters: plan.shown,
        values: plan.values,
        variables: plan.variables,
        wanted: plan.outputs,
        outputs: None,
        items: plan.items,
        state: State::Running,
        error: None,
        correlation: uuid(facts.seed, &format!("request/{}", target.number)),
        from: ask.at,
        seen: ask.at - step(facts),
        until: None,
    });
    settle(facts, world, ask.at);
    let Some(r) = world.rollouts.find(name, target.group) else { return absent(name) };
    let operation = uuid(facts.seed, &format!("rollout/{}", target.number));
    let address = format!("{}{}/operationStatuses/{operation}?{VERSION}", facts.arm, id(facts, name, target.group));
    Reply::json(if before.is_some() { 200 } else { 201 }, &body(facts, r))
        .with("azure-asyncoperation", address)
        .with("retry-after", facts.wait())
}

fn validate(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, name: &str) -> Reply {
    match planned(facts, world, ask, target, name) {
        Err(refusal) => *refusal,
        Ok(p) => {
            let ids: Vec<Value> = p.items.iter().map(|i| json!({ "id": i.id })).collect();
            Reply::ok(&json!({
                "id": id(facts, name, target.group), "name": name, "type": plan::KIND,
                "properties": {
                    "mode": "Incremental", "provisioningState": "Succeeded", "parameters": p.shown,
                    "timestamp": rfc3339(facts.utc(ask.at)), "duration": "PT0S", "validatedResources": ids,
                    "correlationId": uuid(facts.seed, &format!("request/{}", target.number)),
                    "providers": providers(&p.items), "dependencies": [],
                },
            }))
        }
    }
}

/// Namespaces and types of a deployment.
fn providers(items: &[Item]) -> Vec<Value> {
    let mut all: Vec<(&str, &str)> = items.iter().filter_map(|i| i.kind.split_once('/')).collect();
    all.sort_unstable();
    all.dedup();
    let row = |(n, t): &(&str, &str)| json!({ "namespace": n, "resourceTypes": [{ "resourceType": t, "locations": [null] }] });
    all.iter().map(row).collect()
}

fn what_if(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, name: &str) -> Reply {
    let sent = relaxed::read(&ask.body).unwrap_or_default();
    let whole = sent["properties"]["whatIfSettings"]["resultFormat"] != "ResourceIdOnly";
    let body = match planned(facts, world, ask, target, name) {
        // An invalid template is the answer of the operation: clients read it there.
        Err(refusal) => {
            let said = refusal.body.and_then(|(_, t)| serde_json::from_str::<Value>(&t).ok()).unwrap_or_default();
            json!({ "status": "Failed", "error": said["error"] })
        }
        Ok(p) => {
            let mut changes = Vec::new();
            for item in &p.items {
                let (status, before) = inner(facts, world, Method::GET, &item.id, None, ask.at);
                changes.push(whatif::change(item, (status == 200).then_some(before), whole));
            }
            if let Some(g) = target.group {
                let path = format!("/subscriptions/{}/resourceGroups/{g}/resources", facts.subscription());
                let (_, rows) = inner(facts, world, Method::GET, &path, None, ask.at);
                let named = |row: &Value| {
                    p.items.iter().any(|i| row["id"].as_str().is_some_and(|r| r.eq_ignore_ascii_case(&i.id)))
                };
                let others = rows["value"].as_array().into_iter().flatten().filter(|r| !named(r));
                changes.extend(others.map(|r| whatif::ignored(r, whole)));
            }
            json!({ "status": "Succeeded", "properties": { "correlationId": uuid(facts.seed, &format!("request/{}", target.number)), "changes": changes } })
        }
    };
    let answer = uuid(facts.seed, &format!("what-if/{}", target.number));
    let address = format!("{}{}/whatIfResults/{answer}?{VERSION}", facts.arm, id(facts, name, target.group));
    world.rollouts.keep(Answer { id: answer, until: ask.at + facts.takes(WHAT_IF).max(1_000), body });
    Reply::empty(202).with("location", address).with("retry-after", facts.wait())
}

fn result(facts: &Facts, world: &World, ask: &Ask, wanted: &str) -> Reply {
    match world.rollouts.answers.iter().find(|a| a.id == wanted) {
        None => absent(wanted),
        Some(a) if ask.at < a.until => {
            let here = format!("{}{}?{VERSION}", facts.arm, ask.path);
            Reply::empty(202).with("location", here).with("retry-after", facts.wait())
        }
        Some(a) => Reply::ok(&a.body),
    }
}

fn cancel(world: &mut World, ask: &Ask, name: &str, group: Option<&str>) -> Reply {
    let Some(r) = world.rollouts.all.iter_mut().find(|r| r.is(name, group)) else { return absent(name) };
    if r.state.over() {
        let text = format!(
            "The deployment '{name}' cannot be cancelled, because its provisioning state is '{}'.",
            r.state.word()
        );
        return Reply::error(409, "DeploymentCannotBeCancelled", &text);
    }
    r.state = State::Canceled;
    r.until = Some(ask.at);
    for i in r.items.iter_mut().filter(|i| !i.state.over()) {
        i.state = State::Canceled;
    }
    Reply::empty(204)
}

fn duration(ms: i64) -> String {
    format!("PT{}.{:03}S", ms / 1_000, ms % 1_000)
}

fn body(facts: &Facts, r: &Rollout) -> Value {
    let made = r.items.iter().filter(|i| i.state == State::Succeeded).map(|i| json!({ "id": i.id }));
    let end = r.until.unwrap_or(r.seen.max(r.from));
    let mut v = json!({
        "id": id(facts, &r.name, r.group.as_deref()), "name": r.name, "type": plan::KIND,
        "properties": {
            "mode": "Incremental", "provisioningState": r.state.word(), "parameters": r.parameters,
            "timestamp": rfc3339(facts.utc(end)), "duration": duration(end - r.from), "correlationId": r.correlation,
            "providers": providers(&r.items), "dependencies": [], "outputResources": made.collect::<Vec<_>>(),
        },
    });
    for (key, value) in [("outputs", &r.outputs), ("error", &r.error)] {
        if let Some(value) = value {
            v["properties"][key] = value.clone();
        }
    }
    if let Some(l) = &r.location {
        v["location"] = json!(l);
    }
    v
}

fn operations(facts: &Facts, r: &Rollout) -> Vec<Value> {
    let begun = r.items.iter().filter(|i| i.status > 0);
    let row = |i: &Item| {
        let name = uuid(facts.seed, &format!("{}/{}", r.correlation, i.id)).replace('-', "").to_uppercase();
        let word = match i.status {
            201 => "Created",
            202 => "Accepted",
            s if s < 300 => "OK",
            400 => "BadRequest",
            403 => "Forbidden",
            404 => "NotFound",
            409 => "Conflict",
            _ => "Error",
        };
        let last = i.name.rsplit('/').next();
        let mut v = json!({
            "id": format!("{}/operations/{name}", id(facts, &r.name, r.group.as_deref())), "operationId": name,
            "properties": {
                "provisioningOperation": "Create", "provisioningState": i.state.word(), "timestamp": rfc3339(facts.utc(i.at)),
                "duration": duration(i.at - r.from), "trackingId": r.correlation, "statusCode": word,
                "targetResource": { "id": i.id, "resourceType": i.kind, "resourceName": last, "apiVersion": i.version },
            },
        });
        if let Some(e) = &i.error {
            v["properties"]["statusMessage"] = json!({ "status": "Failed", "error": e });
        }
        v
    };
    begun.map(row).collect()
}

fn status(facts: &Facts, r: &Rollout) -> Reply {
    let mut body = json!({ "status": r.state.word() });
    if let Some(e) = &r.error {
        body["error"] = e.clone();
    }
    let reply = Reply::ok(&body);
    if r.state.over() { reply } else { reply.with("retry-after", facts.wait()) }
}

/// Carries every deployment on, up to this time.
pub fn settle(facts: &Facts, world: &mut World, at: i64) {
    loop {
        let running = world.rollouts.all.iter().filter(|r| !r.state.over() && r.seen < at);
        let Some(next) = running.min_by_key(|r| r.seen).cloned() else { return };
        let now = (next.seen + step(facts)).min(at);
        let mut r = next;
        r.seen = now;
        advance(facts, world, &mut r, now);
        world.changed = true;
        let own = world.rollouts.all.iter_mut().find(|o| o.is(&r.name, r.group.as_deref()));
        if let Some(own) = own {
            *own = r;
        }
    }
}

fn advance(facts: &Facts, world: &mut World, r: &mut Rollout, at: i64) {
    while (0..r.items.len()).any(|n| moved(facts, world, r, n, at)) {}
    if at - r.from > LIMIT {
        let late = json!({ "code": "DeploymentTimeout", "message": "The deployment took longer than this simulated Azure allows." });
        return finish(r, State::Failed, at, Some(failure(r, vec![late])));
    }
    if r.items.iter().any(|i| i.state == State::Failed) {
        if r.items.iter().any(|i| i.state == State::Running) {
            return;
        }
        let details = r.items.iter().filter_map(|i| i.error.clone()).collect();
        finish(r, State::Failed, at, Some(failure(r, details)));
    } else if r.items.iter().all(|i| i.state == State::Succeeded) {
        match outputs(facts, world, r, at) {
            Ok(v) => {
                r.outputs = Some(v);
                finish(r, State::Succeeded, at, None);
            }
            Err(why) => {
                let detail = json!({ "code": "DeploymentOutputEvaluationFailed", "message": why });
                finish(r, State::Failed, at, Some(failure(r, vec![detail])));
            }
        }
    }
}

fn failure(r: &Rollout, details: Vec<Value>) -> Value {
    let text = "At least one resource deployment operation failed. Please list deployment operations for details.";
    json!({ "code": "DeploymentFailed", "target": r.name, "message": text, "details": details })
}

fn finish(r: &mut Rollout, state: State, at: i64, error: Option<Value>) {
    r.state = state;
    r.until = Some(at);
    r.error = error;
}

/// Takes one resource a step further, if one can be taken.
fn moved(facts: &Facts, world: &mut World, r: &mut Rollout, n: usize, at: i64) -> bool {
    let free = r.items[n].needs.iter().all(|k| r.items[*k].state == State::Succeeded);
    let item = &mut r.items[n];
    let (state, error) = match item.state {
        State::Waiting if free => {
            let (status, said) = inner(facts, world, Method::PUT, &item.id, Some(&item.body), at);
            item.status = status;
            if (200..300).contains(&status) {
                (State::Running, None)
            } else {
                (State::Failed, Some(said["error"].clone()))
            }
        }
        State::Running => {
            let (status, said) = inner(facts, world, Method::GET, &item.id, None, at);
            match said["properties"]["provisioningState"].as_str() {
                _ if status != 200 => return false,
                None | Some("Succeeded") => (State::Succeeded, None),
                Some("Failed" | "Canceled") => {
                    let none = json!({ "code": "ResourceDeploymentFailure", "message": format!("The resource '{}' failed.", item.id) });
                    (State::Failed, said["properties"].get("error").cloned().or(Some(none)))
                }
                Some(_) => return false,
            }
        }
        _ => return false,
    };
    item.state = state;
    item.error = error;
    item.at = at;
    true
}

fn outputs(facts: &Facts, world: &mut World, r: &Rollout, at: i64) -> Result<Value, String> {
    let (subscription, group) = surroundings(facts, world, r.group.as_deref(), at);
    let world = RefCell::new(world);
    let find = |wanted: &str| {
        let own = r.items.iter().find(|i| i.name.eq_ignore_ascii_case(wanted) || i.id.eq_ignore_ascii_case(wanted));
        let id = own.map_or_else(|| wanted.to_owned(), |i| i.id.clone());
        let (status, said) = inner(facts, *world.borrow_mut(), Method::GET, &id, None, at);
        (status == 200).then_some(said)
    };
    let place = Place { subscription: &subscription, group: &group, name: &r.name };
    let scope = expression::Scope { find: Some(&find), ..place.scope(&r.values, &r.variables) };
    let rows = r.wanted.as_object().into_iter().flatten();
    let row = |(name, about): (&String, &Value)| {
        let value = expression::filled(&about["value"], &scope)?;
        let kind = about["type"].as_str().unwrap_or("string");
        let kind =
            kind.chars().next().map_or_else(String::new, |c| c.to_uppercase().chain(kind.chars().skip(1)).collect());
        Ok((name.clone(), json!({ "type": kind, "value": value })))
    };
    rows.map(row).collect::<Result<serde_json::Map<_, _>, String>>().map(Value::Object)
}
