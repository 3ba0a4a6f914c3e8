//! What each service adds to what ARM does for every resource: one table of how long its work takes, and the way to its file.

use serde_json::{Value, json};

use super::generic::{Change, Way, Ways};
use super::{Target, blobs, doors, foundry, learning, registry, storage, vaults, zones};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::things::Thing;
use crate::simulator::world::{World, uuid};

const NOW: Ways = Ways { make: Way::Now, change: Way::Now, remove: Way::Now };

/// How a type, in lower case, is made, changed and deleted; times are scenario time.
pub fn ways(kind: &str) -> Ways {
    use Way::{Later, Now, Silent, Watched};
    let of = |make, change, remove| Ways { make, change, remove };
    match kind {
        "microsoft.keyvault/vaults" => of(Silent(10_000), Now, Now),
        "microsoft.storage/storageaccounts" => of(Later(20_000), Now, Now),
        "microsoft.operationalinsights/workspaces" => of(Silent(15_000), Now, Later(10_000)),
        "microsoft.cognitiveservices/accounts" => of(Silent(30_000), Silent(15_000), Later(20_000)),
        "microsoft.cognitiveservices/accounts/projects" => of(Silent(20_000), Silent(10_000), Later(15_000)),
        "microsoft.containerregistry/registries" => of(Watched(30_000), Watched(10_000), Later(15_000)),
        "microsoft.containerregistry/registries/replications" => of(Watched(90_000), Watched(15_000), Later(30_000)),
        "microsoft.machinelearningservices/workspaces" => of(Later(40_000), Later(20_000), Later(30_000)),
        "microsoft.machinelearningservices/workspaces/computes" => of(Watched(60_000), Now, Later(30_000)),
        "microsoft.machinelearningservices/workspaces/onlineendpoints" => {
            of(Watched(60_000), Later(20_000), Later(30_000))
        }
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments" => {
            of(Watched(180_000), Later(60_000), Later(30_000))
        }
        "microsoft.cdn/profiles/origingroups/origins" => of(Watched(40_000), Watched(40_000), Later(30_000)),
        "microsoft.network/dnszones" => of(Now, Now, Later(15_000)),
        _ => NOW,
    }
}

/// What a service refuses to make or change.
pub fn check(change: &Change<'_>) -> Option<Reply> {
    match change.kind.split('/').next().unwrap_or_default() {
        "microsoft.keyvault" => vaults::check(change),
        "microsoft.storage" => storage::check(change),
        "microsoft.containerregistry" => registry::check(change),
        "microsoft.machinelearningservices" => learning::check(change),
        "microsoft.cdn" => doors::check(change),
        "microsoft.network" => zones::check(change),
        _ => None,
    }
}

/// What a service refuses to delete.
pub fn check_removal(change: &Change<'_>) -> Option<Reply> {
    match change.kind {
        "microsoft.containerregistry/registries/replications" => registry::check_removal(change),
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments" => learning::check_removal(change),
        "microsoft.cognitiveservices/accounts" => foundry::inhabited(change.world, change.id),
        k if k.starts_with("microsoft.network/dnszones") => zones::check_removal(change),
        _ => None,
    }
}

/// What something new has from its first moment.
pub fn begin(facts: &Facts, ask: &Ask, thing: &mut Thing) {
    vaults::begin(ask, thing);
    storage::begin(facts, ask.at, thing);
}

/// The status of the answer to a PUT that made something of a type.
pub fn made(kind: &str) -> u16 {
    match kind.to_ascii_lowercase().as_str() {
        "microsoft.keyvault/vaults/keys" => 200,
        _ => blobs::made(kind),
    }
}

/// Takes out of something that is made or changed what its service never tells again.
pub fn keep(thing: &mut Thing) {
    vaults::keep(thing);
}

/// What an identity that was asked for has been given: the object in the directory behind it.
pub fn identify(facts: &Facts, id: &str, body: &mut Value) {
    let object = |what: &str| uuid(facts.seed, &format!("{what}/{}", id.to_ascii_lowercase()));
    let identity = &mut body["identity"];
    if identity["type"].as_str().is_some_and(|t| t.contains("SystemAssigned")) {
        identity["principalId"] = json!(object("principal"));
        identity["tenantId"] = json!(facts.scenario.world.tenant);
    }
    let given = identity.get_mut("userAssignedIdentities").and_then(Value::as_object_mut);
    for (own, given) in given.into_iter().flatten() {
        *given =
            json!({ "principalId": object(&format!("principal/{own}")), "clientId": object(&format!("client/{own}")) });
    }
}

/// A resource as ARM shows it: with what its service fills in, and what follows from the moment.
pub fn shown(facts: &Facts, thing: &Thing, at: i64) -> Value {
    let mut t = thing.clone();
    match t.provider().to_ascii_lowercase().as_str() {
        "microsoft.keyvault" => vaults::fill(facts, &mut t),
        "microsoft.storage" => storage::fill(facts, &mut t, at),
        "microsoft.containerregistry" => registry::fill(facts, &mut t, at),
        "microsoft.machinelearningservices" => learning::fill(facts, &mut t),
        "microsoft.operationalinsights" | "microsoft.insights" => learning::fill_logs(facts, &mut t),
        "microsoft.network" => zones::fill(facts, &mut t),
        "microsoft.cognitiveservices" => foundry::fill(&mut t),
        "microsoft.cdn" => doors::fill(&mut t, at),
        _ => {}
    }
    if has_state(&t) {
        t.set_missing("provisioningState", "Succeeded");
    }
    let mut body = t.shown(at);
    if body["identity"].is_object() {
        identify(facts, &thing.id, &mut body);
    }
    if t.kind.eq_ignore_ascii_case("Microsoft.Storage/storageAccounts") {
        storage::hide(&mut body);
    }
    body
}

/// The answer to a read of one resource.
pub fn show(facts: &Facts, _: &World, ask: &Ask, thing: &Thing) -> Reply {
    let mut body = shown(facts, thing, ask.at);
    if thing.is("Microsoft.Storage/storageAccounts") {
        storage::expand(facts, ask, thing, &mut body);
    }
    let etag = body["etag"].as_str().map(str::to_owned);
    match etag {
        Some(e) => Reply::ok(&body).with("etag", e),
        None => Reply::ok(&body),
    }
}

/// Whether a resource shows a provisioning state.
pub fn has_state(thing: &Thing) -> bool {
    let kind = thing.kind.to_ascii_lowercase();
    !kind.ends_with("/connections") && !kind.starts_with("microsoft.storage/storageaccounts/")
}

/// The state of something being made.
pub fn making(target: &Target<'_>) -> &'static str {
    match target.provider.as_str() {
        "microsoft.keyvault" => "RegisteringDns",
        _ => "Creating",
    }
}

/// Answers what is neither a resource nor a list of them: actions, and what only one service has; `None` if it is neither.
pub fn act(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    match target.provider.as_str() {
        "microsoft.keyvault" => vaults::act(facts, world, ask, target),
        "microsoft.storage" => {
            blobs::act(facts, world, ask, target).or_else(|| storage::act(facts, world, ask, target))
        }
        "microsoft.machinelearningservices" => learning::act(facts, world, ask, target),
        "microsoft.network" => zones::act(facts, world, ask, target),
        "microsoft.cognitiveservices" => foundry::act(facts, world, ask, target),
        _ => None,
    }
}
