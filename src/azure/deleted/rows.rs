//! The rows of Azure's lists as what was deleted. Fields that are missing stay unknown.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use crate::azure::groups;
use crate::plan::inventory::Found;
use crate::recovery::{Deleted, Entry, Kept, Kind, Origin};
use crate::units::{Region, visible};

/// `2026-11-20T03:14:07Z`, or seconds since 1970, as UTC milliseconds.
pub(super) fn instant(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64()?.checked_mul(1_000),
        Value::String(s) => s.trim().parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|s| !s.is_empty()).map(visible)
}

/// The segment behind this word of an id.
fn after<'a>(id: &'a str, word: &str) -> Option<&'a str> {
    let mut parts = id.split('/').skip_while(|p| !p.eq_ignore_ascii_case(word));
    parts.nth(1).filter(|p| !p.is_empty())
}

/// An AI account. Its id has the living form or that of the deleted one.
pub(super) fn account(row: &Value) -> Option<Deleted> {
    let id = text(&row["id"])?;
    let (subscription, group) = (after(&id, "subscriptions")?, after(&id, "resourceGroups")?);
    let name = after(&id, "accounts").or_else(|| after(&id, "deletedAccounts"))?;
    let live = format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{name}"
    );
    let properties = &row["properties"];
    let mut d = Deleted::new(Kind::AiAccount, &live, Origin::DeletedList);
    d.region = Region::new(row["location"].as_str().or_else(|| after(&id, "locations")).unwrap_or_default());
    d.deleted_at = instant(&properties["deletionDate"]);
    d.purge_at = instant(&properties["scheduledPurgeDate"]);
    d.purge_protection = Some(false);
    let encryption = &properties["encryption"];
    d.needs_known = encryption.is_object();
    // The key's address names its vault; the vault's id is put in its place once it is known.
    d.needs.extend(text(&encryption["keyVaultProperties"]["keyVaultUri"]));
    let stores = properties["userOwnedStorage"].as_array();
    d.needs.extend(stores.into_iter().flatten().filter_map(|s| text(&s["resourceId"])));
    Some(d)
}

/// A key vault.
pub(super) fn vault(row: &Value) -> Option<Deleted> {
    let properties = &row["properties"];
    let mut d = Deleted::new(Kind::Vault, &text(&properties["vaultId"])?, Origin::DeletedList);
    d.region = Region::new(properties["location"].as_str().unwrap_or_default());
    d.deleted_at = instant(&properties["deletionDate"]);
    d.purge_at = instant(&properties["scheduledPurgeDate"]);
    d.purge_protection = Some(properties["purgeProtectionEnabled"].as_bool().unwrap_or(false));
    Some(d)
}

/// A storage account.
pub(super) fn storage(row: &Value) -> Option<Deleted> {
    let properties = &row["properties"];
    let mut d =
        Deleted::new(Kind::StorageAccount, &text(&properties["storageAccountResourceId"])?, Origin::DeletedList);
    d.region = Region::new(properties["location"].as_str().unwrap_or_default());
    d.deleted_at = instant(&properties["deletionTime"]);
    d.purge_protection = Some(false);
    Some(d)
}

/// A Log Analytics workspace. It was last modified by its deletion, as far as the list tells; the log may know better.
pub(super) fn workspace(row: &Value) -> Option<Deleted> {
    let mut d = Deleted::new(Kind::LogWorkspace, &text(&row["id"])?, Origin::DeletedList);
    d.region = Region::new(row["location"].as_str().unwrap_or_default());
    d.deleted_at = instant(&row["properties"]["modifiedDate"]);
    d.purge_protection = Some(false);
    Some(d)
}

/// A secret, key or certificate of a vault, never its value.
pub(super) fn object(row: &Value, kind: Kind, vault: &str, subscription: &str) -> Option<Deleted> {
    let id = text(&row["recoveryId"]).or_else(|| text(&row["id"]).or_else(|| text(&row["kid"])))?;
    let mut d = Deleted::new(kind, &id, Origin::Vault);
    subscription.clone_into(&mut d.subscription);
    d.vault = Some(vault.to_owned());
    d.group = after(vault, "resourceGroups").unwrap_or_default().to_owned();
    d.deleted_at = instant(&row["deletedDate"]);
    d.purge_at = instant(&row["scheduledPurgeDate"]);
    let level = row["attributes"]["recoveryLevel"].as_str();
    d.purge_protection = level.map(|l| !l.to_ascii_lowercase().contains("purgeable"));
    Some(d)
}

/// Group → region, in lower case.
pub(super) fn groups(rows: &[Value]) -> BTreeMap<String, Region> {
    let one = |r: &Value| {
        Some((r["name"].as_str()?.to_ascii_lowercase(), Region::new(r["location"].as_str().unwrap_or_default())))
    };
    rows.iter().filter_map(one).collect()
}

/// Those of the groups that are being deleted.
pub(super) fn leaving(rows: &[Value]) -> BTreeSet<String> {
    let goes = |r: &&Value| r["properties"]["provisioningState"].as_str().is_some_and(groups::leaving);
    rows.iter().filter(goes).filter_map(|r| Some(r["name"].as_str()?.to_ascii_lowercase())).collect()
}

/// A line of the activity log. Some fields are wrapped in {value, localizedValue}, some are not.
pub(super) fn entry(row: &Value) -> Option<Entry> {
    let word = |name: &str| {
        let v = &row[name];
        v["value"].as_str().or_else(|| v.as_str()).map(visible).unwrap_or_default()
    };
    Some(Entry {
        at: instant(&row["eventTimestamp"])?,
        operation: word("operationName"),
        status: word("status"),
        caller: word("caller"),
        resource: word("resourceId"),
        correlation: word("correlationId"),
    })
}

/// What the inventory knew, is not there any more and is on no list of deleted things: when it was deleted nobody knows.
pub(super) fn missing(known: &[Found], resources: &[Value], groups: &BTreeMap<String, Region>) -> Vec<Deleted> {
    let there: HashSet<String> =
        resources.iter().filter_map(|r| r["id"].as_str()).map(str::to_ascii_lowercase).collect();
    let gone = |f: &&Found| match Kind::of(&f.resource_type, f.kind.as_deref()) {
        Some(Kind::Group) => !groups.contains_key(&f.name.to_ascii_lowercase()),
        // Children are on no list of all resources; what is listed while it is kept is not found this way.
        Some(kind) => {
            let own = !matches!(kind, Kind::Compute | Kind::Endpoint);
            let unlisted = kind.kept() == Kept::Not || matches!(kind, Kind::Workspace | Kind::WorkspaceOrHub);
            own && unlisted && !there.contains(&f.id.to_ascii_lowercase())
        }
        None => false,
    };
    let one = |f: &Found| {
        let mut d = Deleted::new(Kind::of(&f.resource_type, f.kind.as_deref())?, &f.id, Origin::Inventory);
        d.region = f.region.clone();
        Some(d)
    };
    known.iter().filter(gone).filter_map(one).collect()
}
