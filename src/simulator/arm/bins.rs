//! Soft delete: what ARM lists of it, what a name in it means for a create, and how something is recovered or purged.
//!
//! Azure is uneven here. A vault comes back by a PUT that says `recover`, a Log Analytics workspace by a plain PUT, a machine
//! learning workspace through the portal only; a plain PUT of a storage account's name ends its recovery for good.

use hyper::Method;
use serde_json::{Value, json};

use super::generic::{Change, perform};
use super::operations::{Work, begin};
use super::{Target, not_found, services};
use crate::rehearsal::things::DeletedKind;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::things::{Gone, Thing};
use crate::simulator::world::World;
use crate::units::Region;

/// A purge takes so long.
const PURGE_MS: i64 = 20_000;

/// What a create of a name finds.
pub enum Name {
    /// Nothing of the name is in soft delete.
    Free,
    /// It may not be made.
    Refused(Box<Reply>),
    /// It is made, and what was deleted cannot be recovered any more.
    Forgets(usize),
    /// It comes back.
    Revives(usize),
}

/// Answers requests about deleted things; `None` if it is none.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if target.group.is_some() {
        return None;
    }
    let all = |what: DeletedKind| {
        let rows = world.gone.iter().filter(|g| g.what == what);
        Reply::list(rows.map(|g| body(facts, g)).collect())
    };
    let one = |what: DeletedKind, location: &str, name: &str| {
        find(world, what, location, name)
            .map_or_else(|| absent(what, name), |n| Reply::ok(&body(facts, &world.gone[n])))
    };
    Some(match (&ask.method, target.provider.as_str(), target.route().as_slice()) {
        (&Method::GET, "microsoft.keyvault", ["deletedvaults"]) => all(DeletedKind::Vault),
        (&Method::GET, "microsoft.keyvault", ["locations", l, "deletedvaults", v]) => one(DeletedKind::Vault, l, v),
        (&Method::POST, "microsoft.keyvault", ["locations", l, "deletedvaults", v, "purge"]) => {
            purge(facts, world, ask, target, (l, v))
        }
        // Clients that list vaults ask for these as well.
        (&Method::GET, "microsoft.keyvault", ["managedhsms" | "deletedmanagedhsms"]) => Reply::list(Vec::new()),
        (&Method::GET, "microsoft.storage", ["deletedaccounts"]) => all(DeletedKind::StorageAccount),
        (&Method::GET, "microsoft.storage", ["locations", l, "deletedaccounts", a]) => {
            one(DeletedKind::StorageAccount, l, a)
        }
        (&Method::GET, "microsoft.operationalinsights", ["deletedworkspaces"]) => all(DeletedKind::LogWorkspace),
        _ => return None,
    })
}

fn absent(what: DeletedKind, name: &str) -> Reply {
    match what {
        DeletedKind::Vault => {
            let text = format!("The specified deleted vault '{name}' does not exist.");
            Reply::error(404, "DeletedVaultNotFound", &text)
        }
        _ => not_found("", what.resource_type(), name),
    }
}

fn find(world: &World, what: DeletedKind, location: &str, name: &str) -> Option<usize> {
    let region = Region::new(location);
    let fits = |g: &Gone| g.what == what && g.region == region.name() && g.thing.name.eq_ignore_ascii_case(name);
    world.gone.iter().position(fits)
}

/// What ARM shows of something deleted.
pub fn body(facts: &Facts, g: &Gone) -> Value {
    let utc = |at: i64| rfc3339(facts.utc(at));
    let (live, name) = (&g.thing.id, &g.thing.name);
    let below = |provider: &str, list: &str| {
        format!("/subscriptions/{}/providers/{provider}/locations/{}/{list}/{name}", facts.subscription(), g.region)
    };
    match g.what {
        DeletedKind::Vault => json!({
            "id": below("Microsoft.KeyVault", "deletedVaults"), "name": name, "type": "Microsoft.KeyVault/deletedVaults",
            "properties": {
                "vaultId": live, "location": g.region, "tags": g.thing.body.get("tags"),
                "purgeProtectionEnabled": g.protected.then_some(true),
                "deletionDate": utc(g.at), "scheduledPurgeDate": utc(g.until),
            },
        }),
        DeletedKind::StorageAccount => json!({
            "id": below("Microsoft.Storage", "deletedAccounts"), "name": name, "type": "Microsoft.Storage/deletedAccounts",
            "properties": {
                "storageAccountResourceId": live, "location": g.region,
                "restoreReference": format!("{name}|{}", utc(g.thing.made_at)),
                "creationTime": utc(g.thing.made_at), "deletionTime": utc(g.at),
            },
        }),
        DeletedKind::AIAccount => json!({
            "id": format!(
                "/subscriptions/{}/providers/Microsoft.CognitiveServices/locations/{}/resourceGroups/{}/deletedAccounts/{name}",
                facts.subscription(), g.region, g.thing.group
            ),
            "name": name, "type": "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts",
            "location": g.region, "kind": g.thing.body.get("kind"), "sku": g.thing.body.get("sku"),
            "properties": {
                "provisioningState": "Succeeded", "deletionDate": utc(g.at), "scheduledPurgeDate": utc(g.until),
            },
        }),
        _ => json!({
            "id": live, "name": name, "type": g.what.resource_type(), "location": g.region,
            "properties": { "provisioningState": "Deleting", "modifiedDate": utc(g.at) },
        }),
    }
}

fn purge(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, (location, name): (&str, &str)) -> Reply {
    let Some(n) = find(world, DeletedKind::Vault, location, name) else {
        return absent(DeletedKind::Vault, name);
    };
    if world.gone[n].protected {
        return Reply::error(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.");
    }
    purged(facts, world, ask, target, n)
}

/// Begins to purge something: from now on it cannot be recovered.
pub fn purged(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, n: usize) -> Reply {
    let gone = world.gone.remove(n);
    world.objects.retain(|o| gone.what != DeletedKind::Vault || !o.vault.eq_ignore_ascii_case(&gone.thing.name));
    let span = (ask.at, ask.at + facts.takes(PURGE_MS));
    let work = Work { region: &gone.region, resource: &gone.thing.id, span, removes: true, answer: None };
    let links = begin(facts, world, target, work);
    let reply = Reply::empty(202).with("retry-after", facts.wait()).with("location", links.result);
    match gone.what {
        DeletedKind::AIAccount => reply.with("azure-asyncoperation", links.status),
        _ => reply,
    }
}

fn refused(status: u16, code: &str, text: &str) -> Name {
    Name::Refused(Box::new(Reply::error(status, code, text)))
}

/// What the name of something to be made finds in soft delete.
pub fn taken(change: &Change<'_>, location: Option<&str>) -> Name {
    let Some((what, _)) =
        Thing { body: change.sent.as_object().cloned().unwrap_or_default(), ..Thing::new(change.id, 0) }.bin()
    else {
        return Name::Free;
    };
    let (name, at) = (change.name(), change.ask.at);
    let found = change.world.binned(what, name, at);
    let same = |n: usize| {
        let g = &change.world.gone[n];
        g.thing.id.eq_ignore_ascii_case(change.id) && Some(g.region.as_str()) == location
    };
    match (what, found) {
        (DeletedKind::Vault, found) => vault(change, found, &same),
        (DeletedKind::StorageAccount, Some(n)) => {
            // Not in any public description; the portal sends it.
            let created = rfc3339(change.facts.utc(change.world.gone[n].thing.made_at));
            match change.property("deletedAccountCreationTime").as_str() {
                Some(t) if t == created && same(n) => unless_missing(change, n),
                Some(_) => refused(400, "DeletedAccountNotFound", "No deleted account matches the creation time."),
                None => Name::Forgets(n),
            }
        }
        (DeletedKind::LogWorkspace, Some(n)) if same(n) => Name::Revives(n),
        (DeletedKind::LogWorkspace, Some(_)) => {
            let text =
                format!("The workspace name '{name}' is in soft-deleted state in another resource group or location.");
            refused(409, "Conflict", &text)
        }
        // Names of machine learning workspaces are unique in a resource group only.
        (DeletedKind::MlWorkspace, Some(n)) if change.world.gone[n].thing.id.eq_ignore_ascii_case(change.id) => {
            refused(400, "BadRequest", "Soft-deleted workspace exists. Please purge or recover it.")
        }
        (DeletedKind::AIAccount, found) => account(change, found, &same),
        _ => Name::Free,
    }
}

fn vault(change: &Change<'_>, found: Option<usize>, same: &dyn Fn(usize) -> bool) -> Name {
    let name = change.name();
    let recover = change.property("createMode").as_str().is_some_and(|m| m.eq_ignore_ascii_case("recover"));
    match (found, recover) {
        (Some(n), true) if same(n) => unless_missing(change, n),
        (Some(_), true) => refused(
            409,
            "ConflictError",
            &format!("The deleted vault '{name}' was in another resource group or location."),
        ),
        (Some(_), false) => {
            let text = format!(
                "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault '{name}'."
            );
            refused(409, "ConflictError", &text)
        }
        (None, true) => refused(404, "VaultNotFound", &format!("A deleted vault named '{name}' was not found.")),
        (None, false) => Name::Free,
    }
}

fn account(change: &Change<'_>, found: Option<usize>, same: &dyn Fn(usize) -> bool) -> Name {
    let restore = change.property("restore").as_bool().unwrap_or(false);
    match (found, restore) {
        (Some(n), true) if same(n) => unless_missing(change, n),
        (Some(_), true) => {
            let text = "The deleted resource was in another location or resource group.";
            refused(409, "InvalidResourceLocation", text)
        }
        (Some(_), false) => {
            let text = format!(
                "An existing resource with ID '{}' has been soft-deleted. To restore the resource, you must specify 'restore' to be 'true' in the property.",
                change.id
            );
            refused(409, "FlagMustBeSetForRestore", &text)
        }
        (None, true) => {
            let text = "No soft-deleted resource of this name was found.";
            refused(404, "CanNotRestoreANonExistingResource", text)
        }
        (None, false) => Name::Free,
    }
}

fn unless_missing(change: &Change<'_>, n: usize) -> Name {
    let properties = change.world.gone[n].thing.body.get("properties").unwrap_or(&Value::Null);
    match missing(change.world, properties) {
        Some(text) => refused(400, "DependencyNotFound", &text),
        None => Name::Revives(n),
    }
}

/// What something deleted needs and does not find: the vault of its customer key, or what it names as its own.
pub fn missing(world: &World, properties: &Value) -> Option<String> {
    let uri = properties.pointer("/encryption/keyVaultProperties/keyVaultUri");
    let uri = uri.or_else(|| properties.pointer("/encryption/keyvaultproperties/keyvaulturi"));
    let vault = uri.and_then(Value::as_str).and_then(|u| u.split("//").nth(1)?.split('.').next());
    if let Some(v) = vault.filter(|v| world.named(DeletedKind::Vault.resource_type(), v).is_none()) {
        return Some(format!(
            "The key vault '{v}' that holds the customer-managed key was not found. Recover it first."
        ));
    }
    let own = ["keyVault", "storageAccount", "applicationInsights"];
    let lost = own.iter().filter_map(|p| properties[*p].as_str()).find(|id| world.thing(id).is_none())?;
    Some(format!("The resource '{lost}' that this resource depends on was not found. Recover it first."))
}

/// The answer to a PUT that brought something back.
pub fn revived(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, thing: Thing) -> Reply {
    let way = services::ways(&thing.kind.to_ascii_lowercase()).make;
    perform(facts, world, ask, target, thing, None, way)
}

/// What the portal alone can do: bring back a machine learning workspace or a storage account by its id.
pub fn by_portal(world: &mut World, ask: &Ask) -> Reply {
    let id = ask.query("id").unwrap_or_default();
    let fits = |g: &Gone| {
        matches!(g.what, DeletedKind::MlWorkspace | DeletedKind::StorageAccount) && g.thing.id.eq_ignore_ascii_case(id)
    };
    let Some(n) = world.gone.iter().position(fits) else {
        return Reply::error(404, "NotFound", &format!("The portal lists nothing recoverable of the id '{id}'."));
    };
    let group = &world.gone[n].thing.group;
    if world.group(group).is_none() {
        return Reply::error(409, "ResourceGroupNotFound", &format!("Make the resource group '{group}' first."));
    }
    let properties = world.gone[n].thing.body.get("properties").unwrap_or(&Value::Null);
    if let Some(text) = missing(world, properties) {
        return Reply::error(409, "DependencyNotFound", &text);
    }
    let thing = world.revive(n);
    world.changed = true;
    Reply::ok(&thing.shown(ask.at))
}
