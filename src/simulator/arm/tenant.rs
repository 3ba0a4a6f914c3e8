//! What ARM tells at the tenant itself: its providers, their operations, and Service Health above all subscriptions.

use hyper::Method;
use serde_json::json;

use super::{Target, health, inventory};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::world::World;

/// Answers requests to `/providers…`.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    if ask.method != Method::GET {
        return Reply::no_route(ask);
    }
    match (target.provider.as_str(), target.route().as_slice()) {
        ("", []) => Reply::list(inventory::PROVIDERS.iter().map(|p| inventory::provider_body(p)).collect()),
        (_, []) => inventory::provider(ask, target),
        ("microsoft.resources", ["operations"]) => Reply::list(vec![
            operation("Microsoft.Resources/deployments/read", "Get Deployment"),
            operation("Microsoft.Resources/deployments/write", "Create Deployment"),
        ]),
        ("microsoft.resourcehealth", ["operations"]) => Reply::list(vec![operation(
            "Microsoft.ResourceHealth/AvailabilityStatuses/read",
            "Get Availability Statuses",
        )]),
        ("microsoft.resourcehealth", _) => health::answer(facts, world, ask, target),
        _ => Reply::no_route(ask),
    }
}

fn operation(name: &str, words: &str) -> serde_json::Value {
    let mut parts = name.split('/');
    let (provider, resource) = (parts.next(), parts.next());
    json!({ "name": name, "display": { "provider": provider, "resource": resource, "operation": words, "description": words } })
}
