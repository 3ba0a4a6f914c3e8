//! What is in key vaults, at each vault's own address: names and fates of secrets, keys and certificates, never a value.

use hyper::Method;
use serde_json::{Value, json};

use super::entra;
use super::facts::Facts;
use super::hosts::site;
use super::http::{Ask, Reply, changes};
use super::things::{DAY, Object, Thing, vault_days};
use super::world::{World, uuid};
use crate::rehearsal::things::DeletedKind;

const KIND: &str = "Microsoft.KeyVault/vaults";
const AUDIENCES: [&str; 2] = ["https://vault.azure.net", "https://vault.usgovcloudapi.net"];
/// Entries of a page; Azure's own limit.
const PAGE: usize = 25;

/// Answers a vault's requests.
pub fn answer(facts: &Facts, world: &mut World, name: &str, ask: &Ask) -> Reply {
    // The one address that asks for no token.
    if ask.method == Method::GET && ask.path == "/healthstatus" && world.named(KIND, name).is_some() {
        let said = site(facts, &format!("{name}.vault.azure.net")).map(|s| s.json.clone());
        return Reply::ok(&said.unwrap_or_else(|| json!({ "message": "OK" })));
    }
    if let Err(bad) = entra::check(facts, ask, &AUDIENCES) {
        let challenge = format!(
            "Bearer authorization=\"{}/{}\", resource=\"https://vault.azure.net\"",
            facts.authority, facts.scenario.world.tenant
        );
        return Reply::error(401, "Unauthorized", &bad.text()).with("www-authenticate", challenge);
    }
    let Some(vault) = world.named(KIND, name).cloned() else {
        return Reply::error(404, "VaultNotFound", &format!("The vault '{name}' was not found."));
    };
    let version = ask.query("api-version").unwrap_or_default();
    let known = ["7.", "2025-", "2026-", "2027-", "2028-"].iter().any(|v| version.starts_with(v));
    if !known {
        let text =
            "The api-version query parameter is missing or not supported; send 7.4 or a date from 2025-06-01 on.";
        return Reply::error(400, "BadParameter", text);
    }
    if changes(&ask.method, &ask.path) {
        world.count(ask.header("x-ms-client-request-id"));
    }
    let lower: Vec<String> = ask.segments.iter().map(|s| s.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    let Some((what, deleted)) = words.first().and_then(|w| kind(w)) else { return Reply::no_route(ask) };
    match (&ask.method, &words[1..], deleted) {
        (&Method::GET, [], _) => list(world, &vault, ask, what, deleted),
        (&Method::GET, [n], true) => gone(world, &vault, what, n),
        (&Method::POST, [n, "recover"], true) => recover(facts, world, &vault, what, n),
        (&Method::GET, [n, "versions"], false) => versions(world, &vault, what, n),
        (&Method::DELETE, [n], true) => purge(world, &vault, what, n),
        (&Method::DELETE, [n], false) => delete(facts, world, ask, &vault, what, n),
        // Who may manage objects may not read them: nobody reads a value here.
        (&Method::GET, [_] | [_, _], false) => Reply::json(
            403,
            &json!({ "error": {
                "code": "Forbidden", "message": "Caller is not authorized to perform action on resource.",
                "innererror": { "code": "ForbiddenByRbac" },
            } }),
        ),
        _ => Reply::no_route(ask),
    }
}

fn kind(word: &str) -> Option<(DeletedKind, bool)> {
    let (bare, deleted) = word.strip_prefix("deleted").map_or((word, false), |w| (w, true));
    let what = match bare {
        "secrets" => DeletedKind::Secret,
        "keys" => DeletedKind::Key,
        "certificates" => DeletedKind::Certificate,
        _ => return None,
    };
    Some((what, deleted))
}

fn word(what: DeletedKind) -> &'static str {
    match what {
        DeletedKind::Key => "keys",
        DeletedKind::Certificate => "certificates",
        _ => "secrets",
    }
}

fn find(world: &World, vault: &Thing, what: DeletedKind, name: &str, deleted: bool) -> Option<usize> {
    let is = |o: &Object| {
        o.what == what
            && o.deleted.is_some() == deleted
            && o.vault.eq_ignore_ascii_case(&vault.name)
            && o.name.eq_ignore_ascii_case(name)
    };
    world.objects.iter().position(is)
}

fn not_found(vault: &Thing, what: DeletedKind, name: &str) -> Reply {
    let word = word(what).trim_end_matches('s');
    let code = format!("{}NotFound", word[..1].to_ascii_uppercase() + &word[1..]);
    Reply::error(404, &code, &format!("A {word} with (name/id) {name} was not found in the vault '{}'.", vault.name))
}

/// How an object of this vault can still be taken back.
fn level(vault: &Thing) -> &'static str {
    let protected = vault.get("enablePurgeProtection").as_bool().unwrap_or(false);
    match (protected, vault_days(vault) < 90) {
        (true, false) => "Recoverable",
        (true, true) => "CustomizedRecoverable",
        (false, false) => "Recoverable+Purgeable",
        (false, true) => "CustomizedRecoverable+Purgeable",
    }
}

fn shown(world: &World, vault: &Thing, o: &Object) -> Value {
    let base = format!("https://{}.vault.azure.net", vault.name.to_ascii_lowercase());
    let seconds = |at: i64| (world.epoch.saturating_add(at.max(-20 * 365 * DAY))).div_euclid(1_000);
    let own = format!("{base}/{}/{}", word(o.what), o.name);
    let mut v = json!({
        "attributes": {
            "enabled": true, "created": seconds(o.made_at), "updated": seconds(o.made_at),
            "recoverableDays": vault_days(vault), "recoveryLevel": level(vault),
        },
        "tags": {},
    });
    v[if o.what == DeletedKind::Key { "kid" } else { "id" }] = json!(own);
    if let Some((at, until)) = o.deleted {
        v["recoveryId"] = json!(format!("{base}/deleted{}/{}", word(o.what), o.name));
        v["deletedDate"] = json!(seconds(at));
        v["scheduledPurgeDate"] = json!(seconds(until));
    }
    v
}

/// The versions of an object, without their values; of one that is not there, none.
fn versions(world: &World, vault: &Thing, what: DeletedKind, name: &str) -> Reply {
    let one = find(world, vault, what, name, false).map(|i| shown(world, vault, &world.objects[i]));
    Reply::ok(&json!({ "value": one.into_iter().collect::<Vec<_>>(), "nextLink": null }))
}

fn list(world: &World, vault: &Thing, ask: &Ask, what: DeletedKind, deleted: bool) -> Reply {
    let number = |name: &str| ask.query(name).and_then(|v| v.parse::<usize>().ok());
    let most = match ask.query("maxresults") {
        None => PAGE,
        Some(_) => match number("maxresults").filter(|n| (1..=PAGE).contains(n)) {
            Some(n) => n,
            None => return Reply::error(400, "BadParameter", "maxresults must be from 1 to 25."),
        },
    };
    let skip = number("$skiptoken").unwrap_or(0);
    let here =
        |o: &&Object| o.what == what && o.deleted.is_some() == deleted && o.vault.eq_ignore_ascii_case(&vault.name);
    let all: Vec<Value> = world.objects.iter().filter(here).map(|o| shown(world, vault, o)).collect();
    let next = (skip + most < all.len()).then(|| {
        let version = ask.query("api-version").unwrap_or_default();
        // Vaults stand at addresses of their own; the client knows where each of them answers.
        format!(
            "https://{}.vault.azure.net{}?api-version={version}&maxresults={most}&$skiptoken={}",
            vault.name.to_ascii_lowercase(),
            ask.path,
            skip + most
        )
    });
    let page: Vec<Value> = all.into_iter().skip(skip).take(most).collect();
    Reply::ok(&json!({ "value": page, "nextLink": next }))
}

fn gone(world: &World, vault: &Thing, what: DeletedKind, name: &str) -> Reply {
    find(world, vault, what, name, true)
        .map_or_else(|| not_found(vault, what, name), |n| Reply::ok(&shown(world, vault, &world.objects[n])))
}

fn recover(facts: &Facts, world: &mut World, vault: &Thing, what: DeletedKind, name: &str) -> Reply {
    let Some(n) = find(world, vault, what, name, true) else { return not_found(vault, what, name) };
    world.objects[n].deleted = None;
    world.changed = true;
    let mut v = shown(world, vault, &world.objects[n]);
    let version = uuid(facts.seed, &format!("{}/{}/{name}", vault.id, word(what))).replace('-', "");
    for key in ["id", "kid"] {
        if let Some(own) = v[key].as_str() {
            v[key] = json!(format!("{own}/{version}"));
        }
    }
    Reply::ok(&v)
}

fn purge(world: &mut World, vault: &Thing, what: DeletedKind, name: &str) -> Reply {
    let Some(n) = find(world, vault, what, name, true) else { return not_found(vault, what, name) };
    if vault.get("enablePurgeProtection").as_bool().unwrap_or(false) {
        let text = "Operation \"purge\" is not allowed because purge protection is enabled for this vault.";
        return Reply::error(403, "Forbidden", text);
    }
    world.objects.remove(n);
    world.changed = true;
    Reply::empty(204)
}

fn delete(_: &Facts, world: &mut World, ask: &Ask, vault: &Thing, what: DeletedKind, name: &str) -> Reply {
    let Some(n) = find(world, vault, what, name, false) else { return not_found(vault, what, name) };
    let until = ask.at.saturating_add(vault_days(vault).saturating_mul(DAY));
    world.objects[n].deleted = Some((ask.at, until));
    world.changed = true;
    Reply::ok(&shown(world, vault, &world.objects[n]))
}
