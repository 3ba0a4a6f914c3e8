//! Key vaults as resources. What is in them lives in `vault`.

use hyper::Method;
use serde_json::{Value, json};

use super::Target;
use super::generic::Change;
use crate::rehearsal::things::DeletedKind;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::things::Thing;
use crate::simulator::world::{World, uuid};

/// The type.
const VAULT: &str = "microsoft.keyvault/vaults";
const SECRET: &str = "microsoft.keyvault/vaults/secrets";
const KEY: &str = "microsoft.keyvault/vaults/keys";
/// Days that a vault may keep what is deleted.
const DAYS: std::ops::RangeInclusive<i64> = 7..=90;
/// From this api-version on a vault that says nothing about it uses roles.
const ROLES_SINCE: &str = "2026-02-01";

/// What a vault's name may be.
fn fits(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// Where a vault answers.
pub fn address(name: &str) -> String {
    format!("https://{}.vault.azure.net", name.to_ascii_lowercase())
}

/// What is refused.
pub fn check(change: &Change<'_>) -> Option<Reply> {
    let bad = |text: &str| Some(Reply::error(400, "BadRequest", text));
    if change.kind != VAULT {
        return None;
    }
    let name = change.name();
    let days = change.property("softDeleteRetentionInDays");
    if !days.is_null() && !days.as_i64().is_some_and(|d| DAYS.contains(&d)) {
        return bad("The property \"softDeleteRetentionInDays\" must be a whole number from 7 to 90.");
    }
    if change.property("enableSoftDelete") == &json!(false) {
        return bad("The property \"enableSoftDelete\" can not be set to false: soft delete is always on.");
    }
    let Some(present) = change.present else {
        if !fits(name) {
            let text = "The vault name is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.";
            return Some(Reply::error(400, "VaultNameNotValid", text));
        }
        if change.world.named(VAULT, name).is_some() {
            return Some(Reply::error(409, "VaultAlreadyExists", &in_use(name)));
        }
        let recovers = change.property("createMode").as_str().is_some_and(|m| m.eq_ignore_ascii_case("recover"));
        if !recovers && (!change.property("tenantId").is_string() || !change.property("sku")["name"].is_string()) {
            return bad("The properties \"tenantId\" and \"sku\" are required for a vault.");
        }
        return None;
    };
    let kept = present.get("softDeleteRetentionInDays").as_i64().unwrap_or(90);
    if days.as_i64().is_some_and(|d| d != kept) {
        return bad("The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.");
    }
    if present.get("enablePurgeProtection") == &json!(true) && change.property("enablePurgeProtection") == &json!(false)
    {
        return bad("The property \"enablePurgeProtection\" cannot be set to false once it is true.");
    }
    // Failed over to the pair by itself, a vault is read-only.
    if !change.facts.serves(present.location(), change.ask.at) {
        let text = format!("The vault '{name}' is read-only while its region is unavailable.");
        return Some(Reply::error(403, "Forbidden", &text));
    }
    None
}

fn in_use(name: &str) -> String {
    format!(
        "The vault name '{name}' is already in use. Vault names are globaly unique so it is possible that the name is already taken."
    )
}

/// A secret's value goes in and never comes out, here or in the file that the world is kept in.
pub fn keep(t: &mut Thing) {
    if t.is(SECRET)
        && let Some(p) = t.body.get_mut("properties").and_then(Value::as_object_mut)
    {
        p.remove("value");
    }
}

/// What a secret or key shows beside what was sent: where it is, and since when.
fn fill_object(facts: &Facts, t: &mut Thing) {
    let vault = t.id.split('/').nth(8).unwrap_or_default();
    let (word, list) = if t.is(SECRET) { ("secretUri", "secrets") } else { ("keyUri", "keys") };
    let uri = format!("{}/{list}/{}", address(vault), t.name);
    let version = uuid(facts.seed, &format!("{}/{}", t.id, t.version)).replace('-', "");
    t.set(&format!("{word}WithVersion"), format!("{uri}/{version}"));
    t.set(word, uri);
    let made = facts.utc(t.made_at).div_euclid(1_000);
    let mut attributes = json!({ "enabled": true, "created": made, "updated": made });
    if t.get("attributes").is_object() {
        super::generic::merge(&mut attributes, t.get("attributes"));
    }
    t.set("attributes", attributes);
}

/// What a vault shows beside what was sent.
pub fn fill(facts: &Facts, t: &mut Thing) {
    if t.is(SECRET) || t.is(KEY) {
        return fill_object(facts, t);
    }
    if !t.is(VAULT) {
        return;
    }
    let tier = Some(t.sku()).filter(|s| !s.is_empty()).unwrap_or("standard").to_ascii_lowercase();
    t.set_missing("sku", json!({ "family": "A", "name": tier }));
    t.set_missing("tenantId", facts.scenario.world.tenant.as_str());
    let name = t.name.clone();
    t.set("vaultUri", format!("{}/", address(&name)));
    t.set_missing("enableSoftDelete", true);
    t.set_missing("softDeleteRetentionInDays", 90);
    t.set_missing("publicNetworkAccess", "Enabled");
    t.set_missing("accessPolicies", json!([]));
    // Write only.
    if let Some(p) = t.body.get_mut("properties").and_then(Value::as_object_mut) {
        p.remove("createMode");
    }
}

/// What a new vault has because the request's version says so.
pub fn begin(ask: &Ask, t: &mut Thing) {
    if t.is(VAULT) && ask.query("api-version").is_some_and(|v| v >= ROLES_SINCE) {
        t.set_missing("enableRbacAuthorization", true);
    }
}

/// Actions.
pub fn act(_: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    match (&ask.method, target.route().as_slice()) {
        (&Method::PUT, ["vaults", name, "accesspolicies", way]) => Some(policies(world, ask, (name, way))),
        (&Method::POST, ["checknameavailability"]) => {
            let sent = match ask.json() {
                Ok(b) => b,
                Err(refusal) => return Some(refusal),
            };
            Some(available(world, sent["name"].as_str().unwrap_or_default(), ask.at))
        }
        _ => None,
    }
}

/// Adds to, replaces or takes from a vault's access policies: one for each object of the tenant.
fn policies(world: &mut World, ask: &Ask, (name, way): (&str, &str)) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let Some(rows) = sent["properties"]["accessPolicies"].as_array() else {
        return Reply::error(400, "BadRequest", "The property \"accessPolicies\" is required.");
    };
    if !rows.iter().all(|row| row["permissions"].is_object()) {
        return Reply::error(400, "BadRequest", "Each access policy has an object of permissions.");
    }
    let group = ask.segments.get(3).map_or("", String::as_str);
    let Some(mut vault) = world.named(VAULT, name).filter(|t| t.group.eq_ignore_ascii_case(group)).cloned() else {
        return super::not_found(group, "Microsoft.KeyVault/vaults", name);
    };
    let of = |row: &Value| row["objectId"].as_str().unwrap_or_default().to_ascii_lowercase();
    let mut all = vault.get("accessPolicies").as_array().cloned().unwrap_or_default();
    let granted = |all: &[Value], row: &Value| all.iter().position(|own| of(own) == of(row));
    match way {
        "replace" => all.clone_from(rows),
        "remove" => all.retain(|own| granted(rows, own).is_none()),
        "add" => {
            for row in rows {
                match granted(&all, row) {
                    Some(n) => join(&mut all[n], row),
                    None => all.push(row.clone()),
                }
            }
        }
        _ => return Reply::error(400, "BadRequest", "Access policies are changed by 'add', 'replace' or 'remove'."),
    }
    let shown = json!({
        "id": format!("{}/accessPolicies/", vault.id), "type": "Microsoft.KeyVault/vaults/accessPolicies",
        "location": vault.location(), "properties": { "accessPolicies": all },
    });
    vault.set("accessPolicies", all);
    vault.version += 1;
    world.put(vault);
    world.changed = true;
    Reply::ok(&shown)
}

/// Adds the permissions of a row to those of the same object.
fn join(own: &mut Value, row: &Value) {
    let Some(own) = own.get_mut("permissions").and_then(Value::as_object_mut) else { return };
    for (kind, more) in row["permissions"].as_object().into_iter().flatten() {
        let mut all = own.get(kind).and_then(Value::as_array).cloned().unwrap_or_default();
        for one in more.as_array().into_iter().flatten() {
            if !all.contains(one) {
                all.push(one.clone());
            }
        }
        own.insert(kind.clone(), json!(all));
    }
}

fn available(world: &World, name: &str, at: i64) -> Reply {
    let (reason, text) = match () {
        () if !fits(name) => ("AccountNameInvalid", "The vault name is invalid.".to_owned()),
        () if world.named(VAULT, name).is_some() => ("AlreadyExists", in_use(name)),
        () if world.binned(DeletedKind::Vault, name, at).is_some() => {
            let text = format!("The vault name '{name}' is taken by a vault in deleted state. Recover or purge it.");
            ("AlreadyExists", text)
        }
        () => return Reply::ok(&json!({ "nameAvailable": true })),
    };
    Reply::ok(&json!({ "nameAvailable": false, "reason": reason, "message": text }))
}
