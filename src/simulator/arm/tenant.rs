//! What ARM tells at the tenant itself: its providers, their operations, and Service Health above all subscriptions.

use hyper::Method;
use serde_json::json;

use super::{Target, health, names, providers};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::world::World;

/// Words that no resource may have as its name.
const RESERVED: [&str; 3] = ["microsoft", "windows", "azure"];

/// Answers requests to `/providers…`.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    match (&ask.method, target.provider.as_str(), target.route().as_slice()) {
        (&Method::GET, "", []) => providers::all(world),
        (&Method::GET, _, []) => providers::one(world, target),
        (&Method::GET, p, ["operations"]) => providers::operations(p).unwrap_or_else(|| providers::absent(target)),
        (&Method::POST, "microsoft.resources", ["checkresourcename"]) => name(ask),
        (&Method::GET, "microsoft.resourcehealth", _) => health::answer(facts, world, ask, target),
        (_, "microsoft.network", _) => names::at_tenant(world, ask, target),
        _ => Reply::no_route(ask),
    }
}

/// Whether a resource may have a name.
fn name(ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let name = sent["name"].as_str().unwrap_or_default();
    if RESERVED.iter().any(|r| name.to_ascii_lowercase().contains(r)) {
        let text = format!("The resource name '{name}' or a part of the name is a trademarked or reserved word.");
        return Reply::error(400, "ReservedResourceName", &text);
    }
    Reply::ok(&json!({ "name": name, "type": sent["type"], "status": "Allowed" }))
}
