//! Machine learning: shares of an online endpoint, and compute instances that start and stop.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Change, Effect, Preview};
use crate::azure::client::shaped;
use crate::azure::learning::{self, EndpointProperties};
use crate::azure::{Azure, AzureError, resources};
use crate::clock::Task;

/// What of an endpoint is Azure's to say and not ours to write back.
const READ_ONLY: [&str; 4] = ["scoringUri", "swaggerUri", "provisioningState", "keys"];
/// What an endpoint's body repeats of its outside.
const REPEATED: [&str; 4] = ["location", "kind", "tags", "sku"];

pub(super) async fn traffic(
    azure: &Azure,
    task: &Task,
    id: &str,
    shares: &BTreeMap<String, u32>,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let name = id.rsplit('/').next().unwrap_or(id);
    let sum: u32 = shares.values().fold(0, |a, b| a.saturating_add(*b));
    if sum != 100 && sum != 0 {
        return Err(AzureError::NotPossible(format!(
            "shares are 100 % together, or 0 to serve nobody; these are {sum}"
        )));
    }
    let raw = resources::read(azure, task, id, None).await?;
    let raw = raw.ok_or_else(|| AzureError::NotPossible(format!("there is no endpoint {name}")))?;
    let now: EndpointProperties = shaped("Azure Resource Manager", raw["properties"].clone())?;
    let state = now.provisioning_state.as_deref().unwrap_or("Succeeded");
    if !state.eq_ignore_ascii_case("Succeeded") {
        out.notes.push(format!("The endpoint is {state}; wait, and look again."));
        return Ok(());
    }
    let there = learning::deployments(azure, task, id).await?;
    for (of, percent) in shares {
        let Some(d) = there.iter().find(|d| d.name.eq_ignore_ascii_case(of)) else {
            return Err(AzureError::NotPossible(format!("the endpoint {name} has no deployment {of}")));
        };
        let state = d.properties.provisioning_state.as_deref().unwrap_or("Succeeded");
        if *percent > 0 && !state.eq_ignore_ascii_case("Succeeded") {
            return Err(AzureError::NotPossible(format!("the deployment {of} is {state} and serves nobody")));
        }
    }
    let share = |of: &BTreeMap<String, u32>, d: &str| of.get(d).copied().unwrap_or(0);
    let named = |d: &&String| share(&now.traffic, d) != share(shares, d);
    let mut all: Vec<&String> = now.traffic.keys().chain(shares.keys()).filter(named).collect();
    all.sort();
    all.dedup();
    out.already_true = all.is_empty();
    if out.already_true {
        return Ok(());
    }
    if sum == 0 {
        out.notes.push("Afterwards nobody is served by this endpoint.".into());
    }
    let mut change = Change::new(format!("share the calls of {name}"), "PUT", azure, task, id).await?;
    for d in all {
        let percent = |v: u32| format!("{v} %");
        change = change.field(d, Some(&percent(share(&now.traffic, d))), Some(&percent(share(shares, d))));
    }
    // What is not named has nothing: said, so that reading back can tell.
    let whole = |own: &BTreeMap<String, u32>| {
        let mut own = own.clone();
        for d in there.iter().filter(|d| share(&now.traffic, &d.name) != share(shares, &d.name)) {
            own.entry(d.name.clone()).or_insert(0);
        }
        own
    };
    let change = change.with_body(&body(&raw, &whole(shares))).with_previous(&body(&raw, &whole(&now.traffic)));
    out.changes.push(change);
    Ok(())
}

/// The whole endpoint with other shares: its PATCH takes tags and identity only.
fn body(raw: &Value, shares: &BTreeMap<String, u32>) -> Value {
    let mut body = Map::new();
    for name in REPEATED {
        if let Some(v) = raw.get(name).filter(|v| !v.is_null()) {
            body.insert(name.into(), v.clone());
        }
    }
    if let Some(identity) = raw.get("identity").filter(|i| i.is_object()) {
        let own = identity["userAssignedIdentities"].as_object().filter(|o| !o.is_empty());
        let mut written = json!({ "type": identity["type"] });
        if let Some(own) = own {
            written["userAssignedIdentities"] =
                own.keys().map(|k| (k.clone(), json!({}))).collect::<Map<_, _>>().into();
        }
        body.insert("identity".into(), written);
    }
    let mut properties = raw["properties"].as_object().cloned().unwrap_or_default();
    properties.retain(|k, v| !READ_ONLY.contains(&k.as_str()) && !v.is_null());
    properties.insert("traffic".into(), json!(shares));
    body.insert("properties".into(), properties.into());
    Value::Object(body)
}

pub(super) async fn compute(
    azure: &Azure,
    task: &Task,
    id: &str,
    start: bool,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let now = learning::compute(azure, task, id).await?;
    if !now.properties.compute_type.eq_ignore_ascii_case("ComputeInstance") {
        let text = format!(
            "{} is of the kind {}; only compute instances start and stop",
            now.name, now.properties.compute_type
        );
        return Err(AzureError::NotPossible(text));
    }
    let (wanted, other) = if start { ("Running", "Stopped") } else { ("Stopped", "Running") };
    let state = now.properties.state().unwrap_or("not told");
    out.already_true = state.eq_ignore_ascii_case(wanted);
    if out.already_true {
        return Ok(());
    }
    if !state.eq_ignore_ascii_case(other) {
        let text = format!(
            "{} is {state}; it can be {} when it is {other}",
            now.name,
            if start { "started" } else { "stopped" }
        );
        return Err(AzureError::NotPossible(text));
    }
    if !start {
        out.notes.push("Whatever runs on it ends.".into());
    }
    let mut change = switch(azure, task, id, &now.name, start).await?;
    let back = switch(azure, task, id, &now.name, !start).await?;
    if let Some(effect) = &mut change.effect {
        effect.back = Some(Box::new(back));
    }
    out.changes.push(change);
    Ok(())
}

async fn switch(azure: &Azure, task: &Task, id: &str, name: &str, start: bool) -> Result<Change, AzureError> {
    let (verb, from, to, meanwhile) =
        if start { ("start", "Stopped", "Running", "Starting") } else { ("stop", "Running", "Stopped", "Stopping") };
    let shown = resources::address(azure, task, id).await?;
    let mut url = shown.clone();
    url.set_path(&format!("{}/{verb}", shown.path()));
    let state = |s: &str| json!({ "properties": { "properties": { "state": s } } });
    let effect =
        Effect { under_way: Some(state(meanwhile).to_string()), ..Effect::shown_by(shown.as_str(), &state(to)) };
    Ok(Change::at(format!("{verb} compute {name}"), "POST", &url, id)
        .field("state", Some(from), Some(to))
        .seen_by(effect))
}
