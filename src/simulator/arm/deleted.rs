//! What is in soft delete beside Azure AI accounts: vaults, storage accounts, Log Analytics workspaces. Read only.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, not_found};
use crate::rehearsal::things::{Deleted, DeletedKind};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};

const DAY: i64 = 86_400_000;
/// Days that storage accounts and workspaces are kept.
const KEPT_DAYS: i64 = 14;
/// The created time of what was deleted: a year before.
const LIVED: i64 = 365 * DAY;

/// Answers a read of deleted things; `None` if it is none.
pub fn answer(facts: &Facts, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if ask.method != Method::GET || target.group.is_some() {
        return None;
    }
    let all = |what: DeletedKind| {
        let rows = facts.scenario.world.deleted.iter().filter(|d| d.what == what && kept(d, ask.at));
        Reply::list(rows.map(|d| body(facts, d)).collect())
    };
    let one = |what: DeletedKind, location: &str, name: &str| {
        let fits = |d: &&Deleted| {
            d.what == what && d.region.name() == location && d.name.eq_ignore_ascii_case(name) && kept(d, ask.at)
        };
        let found = facts.scenario.world.deleted.iter().find(fits);
        found.map_or_else(|| not_found("", what.resource_type(), name), |d| Reply::ok(&body(facts, d)))
    };
    Some(match (target.provider.as_str(), target.route().as_slice()) {
        ("microsoft.keyvault", ["deletedvaults"]) => all(DeletedKind::Vault),
        ("microsoft.keyvault", ["locations", l, "deletedvaults", v]) => one(DeletedKind::Vault, l, v),
        // Clients that list vaults ask for these as well.
        ("microsoft.keyvault", ["managedhsms" | "deletedmanagedhsms"]) => Reply::list(Vec::new()),
        ("microsoft.storage", ["deletedaccounts"]) => all(DeletedKind::StorageAccount),
        ("microsoft.storage", ["locations", l, "deletedaccounts", a]) => one(DeletedKind::StorageAccount, l, a),
        ("microsoft.operationalinsights", ["deletedworkspaces"]) => all(DeletedKind::LogWorkspace),
        _ => return None,
    })
}

fn span(d: &Deleted) -> i64 {
    DAY * if d.what == DeletedKind::Vault { i64::from(d.days.clamp(7, 90)) } else { KEPT_DAYS }
}

/// When it was deleted, in scenario time.
fn deleted_at(d: &Deleted) -> i64 {
    -i64::try_from(d.ago.0).unwrap_or(i64::MAX)
}

fn kept(d: &Deleted, at: i64) -> bool {
    at < deleted_at(d).saturating_add(span(d))
}

fn body(facts: &Facts, d: &Deleted) -> Value {
    let utc = |at: i64| rfc3339(facts.epoch.saturating_add(at));
    let (deleted, region) = (deleted_at(d), d.region.name());
    let live = facts.id(&d.group, &format!("{}/{}", d.what.resource_type(), d.name));
    let below = |provider: &str, list: &str| {
        format!("/subscriptions/{}/providers/{provider}/locations/{region}/{list}/{}", facts.subscription(), d.name)
    };
    match d.what {
        DeletedKind::Vault => json!({
            "id": below("Microsoft.KeyVault", "deletedVaults"), "name": d.name, "type": "Microsoft.KeyVault/deletedVaults",
            "properties": {
                "vaultId": live, "location": region, "tags": {}, "purgeProtectionEnabled": d.purge_protection.then_some(true),
                "deletionDate": utc(deleted), "scheduledPurgeDate": utc(deleted + span(d)),
            },
        }),
        DeletedKind::StorageAccount => json!({
            "id": below("Microsoft.Storage", "deletedAccounts"), "name": d.name, "type": "Microsoft.Storage/deletedAccounts",
            "properties": {
                "storageAccountResourceId": live, "location": region,
                "restoreReference": format!("{}|{}", d.name, utc(deleted - LIVED)),
                "creationTime": utc(deleted - LIVED), "deletionTime": utc(deleted),
            },
        }),
        DeletedKind::LogWorkspace | DeletedKind::AIAccount => json!({
            "id": live, "name": d.name, "type": d.what.resource_type(), "location": region,
            "properties": { "provisioningState": "Deleting", "modifiedDate": utc(deleted) },
        }),
    }
}
