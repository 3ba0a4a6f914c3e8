//! What a storage account has below it: its four services, which are always there, what is in them, and what a subscription
//! may have of all this.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, generic, not_found};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::things::Thing;
use crate::simulator::world::World;
use crate::units::{Region, known_regions, sha256_hex};

const KIND: &str = "Microsoft.Storage/storageAccounts";
/// The services of an account that have settings of their own.
const SERVICES: [&str; 4] = ["blobServices", "fileServices", "queueServices", "tableServices"];
/// Types below an account of which a new one is answered by 201; the others answer 200 to every PUT.
const CREATED: [&str; 3] = ["containers", "shares", "encryptionScopes"];
/// Accounts that a subscription may have in a region; Azure's own limit.
const MAX_ACCOUNTS: u32 = 250;
/// Tiers on offer: name and kind.
const SKUS: [(&str, &str); 8] = [
    ("Standard_LRS", "StorageV2"),
    ("Standard_ZRS", "StorageV2"),
    ("Standard_GRS", "StorageV2"),
    ("Standard_RAGRS", "StorageV2"),
    ("Standard_GZRS", "StorageV2"),
    ("Standard_RAGZRS", "StorageV2"),
    ("Premium_LRS", "BlockBlobStorage"),
    ("Premium_LRS", "FileStorage"),
];

/// The service that a segment names.
fn service(word: &str) -> Option<&'static str> {
    SERVICES.into_iter().find(|s| s.eq_ignore_ascii_case(word))
}

/// Whether an id is that of a service of an account that is there.
pub fn is_service(world: &World, id: &str) -> bool {
    let mut parts = id.rsplitn(3, '/');
    let (last, list, account) = (parts.next(), parts.next(), parts.next());
    last.is_some_and(|l| l.eq_ignore_ascii_case("default"))
        && list.is_some_and(|l| service(l).is_some())
        && account.and_then(|a| world.thing(a)).is_some_and(|t| t.is(KIND))
}

/// The status of the answer to a PUT that made something of a type.
pub fn made(kind: &str) -> u16 {
    let below = kind.to_ascii_lowercase();
    let plain = below.starts_with("microsoft.storage/storageaccounts/")
        && !CREATED.iter().any(|c| below.ends_with(&c.to_ascii_lowercase()));
    if plain { 200 } else { 201 }
}

/// Answers what concerns the services, and what the subscription may have; `None` if it is something else.
pub fn act(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let route = target.route();
    match (&ask.method, route.as_slice(), target.group) {
        (&Method::GET, ["skus"], None) => return Some(skus()),
        (&Method::GET, ["locations", l, "usages"], None) => return Some(usages(world, &Region::new(l))),
        _ => {}
    }
    let (["storageaccounts", name, list, rest @ ..], Some(group)) = (route.as_slice(), target.group) else {
        return None;
    };
    let account = || world.named(KIND, name).filter(|t| t.group.eq_ignore_ascii_case(group)).cloned();
    if let (&Method::POST, "listaccountsas" | "listservicesas", []) = (&ask.method, *list, rest) {
        let Some(t) = account() else { return Some(not_found(group, KIND, name)) };
        let word = if *list == "listaccountsas" { "accountSasToken" } else { "serviceSasToken" };
        // It opens nothing.
        let mark = sha256_hex(format!("{}/sas/{}", facts.seed, t.id).as_bytes());
        return Some(Reply::ok(&json!({ (word): format!("sv=2025-11-05&sp=r&sig={mark}") })));
    }
    let list = service(list)?;
    let wanted = match (&ask.method, rest) {
        (&Method::GET | &Method::PUT, ["default"]) => true,
        (&Method::GET, []) => false,
        _ => return None,
    };
    let Some(t) = account() else { return Some(not_found(group, KIND, &target.names[1])) };
    if ask.method == Method::PUT {
        let sent = match ask.json() {
            Ok(b) => b,
            Err(refusal) => return Some(refusal),
        };
        let id = format!("{}/{list}/default", t.id);
        let mut own = world.thing(&id).cloned().unwrap_or_else(|| Thing::new(&id, ask.at));
        if sent["properties"].is_object() {
            generic::merge(own.body.entry("properties").or_insert(Value::Null), &sent["properties"]);
        }
        world.put(own);
        world.changed = true;
    }
    let body = shown(world, &t, list);
    Some(if wanted { Reply::ok(&body) } else { Reply::list(vec![body]) })
}

fn shown(world: &World, t: &Thing, list: &str) -> Value {
    let id = format!("{}/{list}/default", t.id);
    let mut properties = match list {
        "blobServices" => json!({
            "cors": { "corsRules": [] },
            "deleteRetentionPolicy": { "enabled": true, "days": 7, "allowPermanentDelete": false },
            "containerDeleteRetentionPolicy": { "enabled": true, "days": 7 }, "isVersioningEnabled": false,
            "changeFeed": { "enabled": false }, "restorePolicy": { "enabled": false },
        }),
        "fileServices" => {
            json!({ "cors": { "corsRules": [] }, "shareDeleteRetentionPolicy": { "enabled": true, "days": 7 } })
        }
        _ => json!({ "cors": { "corsRules": [] } }),
    };
    if let Some(own) = world.thing(&id).and_then(|s| s.body.get("properties")) {
        generic::merge(&mut properties, own);
    }
    json!({
        "id": id, "name": "default", "type": format!("{KIND}/{list}"), "properties": properties,
        "sku": { "name": t.sku(), "tier": t.sku().split('_').next() },
    })
}

fn skus() -> Reply {
    let row = |region: &str, (name, kind): (&str, &str)| {
        json!({
            "resourceType": "storageAccounts", "name": name, "tier": name.split('_').next(), "kind": kind,
            "locations": [region], "capabilities": [], "restrictions": [],
        })
    };
    Reply::list(known_regions().iter().flat_map(|r| SKUS.map(|s| row(&r.name, s))).collect())
}

fn usages(world: &World, region: &Region) -> Reply {
    let here = |t: &&Thing| t.is(KIND) && t.location().eq_ignore_ascii_case(region.name());
    Reply::list(vec![json!({
        "unit": "Count", "currentValue": world.things.iter().filter(here).count(), "limit": MAX_ACCOUNTS,
        "name": { "value": "StorageAccounts", "localizedValue": "Storage Accounts" },
    })])
}
