//! Container registries and their replications: while the home region is down nothing about them can be changed.

use serde_json::json;

use super::generic::Change;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Reply, rfc3339};
use crate::simulator::things::{Thing, under};
use crate::units::Region;

const REGISTRY: &str = "microsoft.containerregistry/registries";
const REPLICATION: &str = "microsoft.containerregistry/registries/replications";

/// What is refused.
pub fn check(change: &Change<'_>) -> Option<Reply> {
    match change.kind {
        REGISTRY => registry(change),
        REPLICATION => replication(change),
        _ => None,
    }
}

fn fits(name: &str) -> bool {
    (5..=50).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn registry(change: &Change<'_>) -> Option<Reply> {
    let name = change.name();
    let Some(present) = change.present else {
        if !fits(name) {
            let text = format!("The registry name '{name}' is invalid: it has 5 to 50 letters and digits.");
            return Some(Reply::error(400, "InvalidResourceName", &text));
        }
        if change.world.named(REGISTRY, name).is_some() {
            let text = format!("The registry DNS name {name}.azurecr.io is already in use.");
            return Some(Reply::error(409, "AlreadyInUse", &text));
        }
        let tier = change.sent["sku"]["name"].as_str().unwrap_or_default();
        if !["Basic", "Standard", "Premium"].contains(&tier) {
            return Some(Reply::error(400, "SkuNotSupported", "The sku must be Basic, Standard or Premium."));
        }
        return None;
    };
    let replicated = change.world.things.iter().any(|t| t.is(REPLICATION) && under(&t.id, change.id));
    if change.sent["sku"]["name"].as_str().is_some_and(|s| s != "Premium") && replicated {
        let text = "The registry has replications, which only the sku Premium has.";
        return Some(Reply::error(409, "CannotDowngradeSku", text));
    }
    home_down(change, present)
}

fn home_down(change: &Change<'_>, registry: &Thing) -> Option<Reply> {
    let home = registry.location();
    (!change.facts.serves(home, change.ask.at)).then(|| {
        let text = format!(
            "The registry '{}' cannot be changed while its home region {home} is unavailable; its replicas go on serving.",
            registry.name
        );
        Reply::error(409, "HomeRegionUnavailable", &text)
    })
}

fn replication(change: &Change<'_>) -> Option<Reply> {
    let registry = change.world.thing(change.parent())?;
    if registry.sku() != "Premium" {
        let text =
            format!("Replications need the sku Premium; the registry '{}' has {}.", registry.name, registry.sku());
        return Some(Reply::error(400, "ReplicationNotSupported", &text));
    }
    if let Some(refusal) = home_down(change, registry) {
        return Some(refusal);
    }
    let routed = change.property("regionEndpointEnabled");
    if !routed.is_null() && !routed.is_boolean() {
        let text = "The property 'regionEndpointEnabled' must be true or false.";
        return Some(Reply::error(400, "InvalidRequestContent", text));
    }
    if change.present.is_some() {
        return None;
    }
    let wanted = Region::new(change.sent["location"].as_str().unwrap_or_default());
    if wanted.name().is_empty() {
        return Some(Reply::error(400, "LocationRequired", "The location property is required for this definition."));
    }
    if !fits(change.name()) {
        let text = format!("The replication name '{}' is invalid: it has 5 to 50 letters and digits.", change.name());
        return Some(Reply::error(400, "InvalidResourceName", &text));
    }
    let others = change.world.things.iter().filter(|t| t.is(REPLICATION) && under(&t.id, &registry.id));
    let taken = others.map(Thing::location).chain([registry.location()]).any(|l| Region::new(l) == wanted);
    taken.then(|| {
        let text = format!("The registry '{}' has a replication in {wanted} already.", registry.name);
        Reply::error(409, "ReplicationAlreadyExists", &text)
    })
}

/// The home region's own replication stays, and so do all while the home region is down.
pub fn check_removal(change: &Change<'_>) -> Option<Reply> {
    let registry = change.world.thing(change.parent())?;
    if change.present.is_some_and(|p| p.location() == registry.location()) {
        let text = "The replication in the registry's home region cannot be deleted.";
        return Some(Reply::error(400, "CannotDeleteHomeReplication", text));
    }
    home_down(change, registry)
}

/// What registries and replications show beside what was sent.
pub fn fill(facts: &Facts, t: &mut Thing, at: i64) {
    let name = t.name.to_ascii_lowercase();
    let said = rfc3339(facts.utc(t.made_at));
    match t.kind.to_ascii_lowercase().as_str() {
        REGISTRY => {
            let tier = t.sku().to_owned();
            if let Some(s) = t.body.get_mut("sku") {
                s["tier"] = json!(tier);
            }
            t.set_missing("loginServer", format!("{name}.azurecr.io"));
            t.set_missing("creationDate", said);
            t.set_missing("adminUserEnabled", false);
            t.set_missing("anonymousPullEnabled", false);
            t.set_missing("dataEndpointEnabled", false);
            t.set_missing("dataEndpointHostNames", json!([]));
            t.set_missing("publicNetworkAccess", "Enabled");
            t.set_missing("zoneRedundancy", "Disabled");
            t.set_missing("provisioningState", "Succeeded");
        }
        REPLICATION => {
            let up = facts.serves(Region::new(t.location()).name(), at);
            let (state, text) = match (t.busy(at), up) {
                (true, _) => ("Provisioning", "The replication is provisioning."),
                (_, true) => ("Ready", "The replication is ready."),
                (_, false) => ("Unavailable", "The replication cannot be reached."),
            };
            t.set("status", json!({ "displayStatus": state, "message": text, "timestamp": rfc3339(facts.utc(at)) }));
            t.set_missing("regionEndpointEnabled", true);
            t.set_missing("zoneRedundancy", "Disabled");
            t.set_missing("provisioningState", "Succeeded");
        }
        _ => {}
    }
}
