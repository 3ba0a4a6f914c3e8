//! The data plane of one App Configuration store: keys with ETags, and the history that the modelled clients live by.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::entra;
use super::facts::Facts;
use super::http::{Ask, Reply, http_date, rfc3339};
use super::world::{KeyValue, Store, World, etag, uuid};

const ONE: &str = "application/vnd.microsoft.appconfig.kv+json; charset=utf-8";
const SET: &str = "application/vnd.microsoft.appconfig.kvset+json; charset=utf-8";
const PROBLEM: &str = "application/problem+json; charset=utf-8";
/// Keys of a page; Azure's own number.
const PAGE: usize = 100;
/// Changes kept of a store, and keys it may hold; a rehearsal makes a handful.
const KEPT: usize = 10_000;

/// A store's access key: id and secret (base64).
pub fn key(facts: &Facts, store: &str) -> (String, String) {
    let name = store.to_ascii_lowercase();
    let secret = uuid(facts.seed, &format!("store-key/{name}"));
    (format!("{}-l0-s0", &secret[..4]), STANDARD.encode(secret))
}

/// Answers a store's requests.
pub fn answer(facts: &Facts, world: &mut World, name: &str, ask: &Ask) -> Reply {
    if let Err(refusal) = admit(facts, name, ask) {
        return *refusal;
    }
    let number = world.number();
    let id = ask.header("x-ms-client-request-id").to_owned();
    let segments: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let Some(store) = world.stores.iter_mut().find(|s| s.name.eq_ignore_ascii_case(name)) else {
        return problem(404, "Not Found", "There is no such store.");
    };
    if let Some(refusal) = unversioned(ask) {
        return refusal;
    }
    let reply = match (&ask.method, segments.as_slice()) {
        // What a key was before is not told: the present state is its only revision.
        (&Method::GET | &Method::HEAD, ["kv" | "revisions"]) => list(facts, store, ask),
        (&Method::GET | &Method::HEAD, ["keys"]) => words(store, ask, "keyset", |kv| Some(kv.key.clone())),
        (&Method::GET | &Method::HEAD, ["labels"]) => words(store, ask, "labelset", |kv| kv.label.clone()),
        (&Method::GET | &Method::HEAD, ["snapshots"]) => Reply::ok(&json!({ "items": [] })),
        (&Method::PUT | &Method::DELETE, ["locks", key]) => {
            let reply = lock(facts, store, ask, key, number);
            world.count(&id);
            reply
        }
        (&Method::GET | &Method::HEAD, ["kv", key]) => get(facts, store, ask, key),
        (&Method::PUT, ["kv", key]) => {
            let key = (*key).to_owned();
            let reply = put(facts, store, ask, &key, number);
            world.count(&id);
            reply
        }
        (&Method::DELETE, ["kv", key]) => {
            let key = (*key).to_owned();
            let reply = delete(facts, store, ask, &key);
            world.count(&id);
            reply
        }
        _ => return problem(404, "Not Found", "There is nothing at this address of a store."),
    };
    reply.with("sync-token", format!("sim={number};sn={number}"))
}

/// The refusal of an api-version that is missing or none.
fn unversioned(ask: &Ask) -> Option<Reply> {
    let version = ask.query("api-version").unwrap_or_default();
    let date = version.strip_suffix("-preview").unwrap_or(version);
    if date == "1.0" || date.parse::<jiff::civil::Date>().is_ok() {
        return None;
    }
    let text = if version.is_empty() { "The api-version is required." } else { "The api-version is not supported." };
    Some(problem(400, "Invalid argument", text))
}

fn admit(facts: &Facts, store: &str, ask: &Ask) -> Result<(), Box<Reply>> {
    let own = format!("https://{store}.azconfig.io");
    let refused = |text: &str| {
        Box::new(
            problem(401, "Unauthorized", text)
                .with("www-authenticate", format!("Bearer error=\"invalid_token\", error_description=\"{text}\"")),
        )
    };
    if let Some(rest) = ask.header("authorization").strip_prefix("HMAC-SHA256 ") {
        return hmac_fits(facts, store, ask, rest).then_some(()).ok_or_else(|| refused("Invalid Signature"));
    }
    let audiences = ["https://azconfig.io", "https://appconfig.azure.com", own.as_str()];
    entra::check(facts, ask, &audiences).map_err(|bad| refused(&bad.text()))
}

fn hmac_fits(facts: &Facts, store: &str, ask: &Ask, rest: &str) -> bool {
    let part = |name: &str| {
        rest.split('&')
            .filter_map(|p| p.trim().split_once('='))
            .find(|(k, _)| k.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    };
    let (Some(credential), Some(names), Some(signature)) =
        (part("Credential"), part("SignedHeaders"), part("Signature"))
    else {
        return false;
    };
    let (id, secret) = key(facts, store);
    let body = STANDARD.encode(Sha256::digest(&ask.body));
    let values: Vec<&str> = names.split(';').map(|n| ask.header(n)).collect();
    let text = format!("{}\n{}\n{}", ask.method, ask.target, values.join(";"));
    let Ok(secret) = STANDARD.decode(secret) else { return false };
    credential == id
        && ask.header("x-ms-content-sha256") == body
        && STANDARD.encode(hmac_sha256(&secret, text.as_bytes())) == signature
}

/// RFC 2104; the key is shorter than a block.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = [0u8; BLOCK];
    for (b, k) in block.iter_mut().zip(key) {
        *b = *k;
    }
    let hash = |pad: u8, data: &[u8]| {
        let mut h = Sha256::new();
        h.update(block.map(|b| b ^ pad));
        h.update(data);
        h.finalize().to_vec()
    };
    hash(0x5c, &hash(0x36, text))
}

fn problem(status: u16, title: &str, detail: &str) -> Reply {
    let body = json!({
        "type": format!("https://azconfig.io/errors/{}", title.to_ascii_lowercase().replace(' ', "-")),
        "title": title, "detail": detail, "status": status,
    });
    Reply::json(status, &body).typed(PROBLEM)
}

fn label(ask: &Ask) -> Option<String> {
    ask.query("label").filter(|l| !l.is_empty() && *l != "\0").map(str::to_owned)
}

fn shown(facts: &Facts, kv: &KeyValue) -> Value {
    json!({
        "etag": kv.etag, "key": kv.key, "label": kv.label, "content_type": kv.content_type, "value": kv.value,
        "last_modified": rfc3339(facts.utc(kv.at)), "locked": kv.locked, "tags": kv.tags,
    })
}

fn with_marks(facts: &Facts, kv: &KeyValue, reply: Reply) -> Reply {
    reply.with("etag", format!("\"{}\"", kv.etag)).with("last-modified", http_date(facts.utc(kv.at)))
}

/// `*`, `name`, `prefix*`, or several of them separated by commas.
fn key_fits(filter: &str, key: &str) -> bool {
    filter.split(',').any(|f| match f.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => f == key,
    })
}

fn list(facts: &Facts, store: &Store, ask: &Ask) -> Reply {
    let keys = ask.query("key").unwrap_or("*");
    let labels = ask.query("label");
    let fits = |kv: &&KeyValue| {
        let label_fits = match labels {
            None | Some("" | "*") => true,
            Some("\0") => kv.label.is_none(),
            Some(l) => kv.label.as_deref().is_some_and(|own| key_fits(l, own)),
        };
        key_fits(keys, &kv.key) && label_fits
    };
    page(ask, store.values.iter().filter(fits).map(|kv| shown(facts, kv)).collect()).typed(SET)
}

/// The keys or labels in use, each once.
fn words(store: &Store, ask: &Ask, set: &str, of: impl Fn(&KeyValue) -> Option<String>) -> Reply {
    let wanted = ask.query("name").unwrap_or("*");
    let fits = |w: &Option<String>| w.as_deref().map_or(wanted == "*", |w| key_fits(wanted, w));
    let all: BTreeSet<Option<String>> = store.values.iter().map(of).filter(fits).collect();
    let kind = match set {
        "keyset" => "application/vnd.microsoft.appconfig.keyset+json; charset=utf-8",
        _ => "application/vnd.microsoft.appconfig.labelset+json; charset=utf-8",
    };
    page(ask, all.into_iter().map(|w| json!({ "name": w })).collect()).typed(kind)
}

/// One page of a list, and where the next one is.
fn page(ask: &Ask, items: Vec<Value>) -> Reply {
    let skip: usize = ask.query("after").and_then(|a| a.parse().ok()).unwrap_or(0);
    let more = items.len() > skip.saturating_add(PAGE);
    let own: Vec<Value> = items.into_iter().skip(skip).take(PAGE).collect();
    if !more {
        return Reply::ok(&json!({ "items": own }));
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(ask.query.iter().filter(|(k, _)| !k.eq_ignore_ascii_case("after")));
    let next = format!("{}?{}", ask.path, query.append_pair("after", &(skip + PAGE).to_string()).finish());
    let link = format!("<{next}>; rel=\"next\"");
    Reply::ok(&json!({ "items": own, "@nextLink": next })).with("link", link)
}

/// Makes a key read-only, or ends that.
fn lock(facts: &Facts, store: &mut Store, ask: &Ask, key: &str, number: u64) -> Reply {
    let label = label(ask);
    let name = store.name.clone();
    let Some(kv) = store.values.iter_mut().find(|kv| kv.key == key && kv.label == label) else {
        return Reply::empty(404);
    };
    if let Err(refusal) = preconditions(ask, Some(&kv.etag)) {
        return *refusal;
    }
    kv.locked = ask.method == Method::PUT;
    kv.etag = etag(&name, key, number);
    with_marks(facts, kv, Reply::ok(&shown(facts, kv)).typed(ONE))
}

/// The refusal to change what is read-only.
fn read_only(old: Option<&KeyValue>) -> Option<Reply> {
    let kv = old.filter(|kv| kv.locked)?;
    let text = format!("Modifying key '{}' is not allowed: it is read-only.", kv.key);
    Some(problem(409, "Modifying key is not allowed", &text))
}

fn find<'a>(store: &'a Store, key: &str, label: Option<&str>) -> Option<&'a KeyValue> {
    store.values.iter().find(|kv| kv.key == key && kv.label.as_deref() == label)
}

/// Whether a list of ETags (`*`, `"a"`, `"a", "b"`) names the present one.
fn names(list: &str, present: Option<&str>) -> bool {
    let Some(present) = present else { return false };
    list.split(',').map(str::trim).any(|t| t == "*" || t.trim_start_matches("W/").trim_matches('"') == present)
}

/// The two conditions of HTTP; `Err` is the refusal.
fn preconditions(ask: &Ask, present: Option<&str>) -> Result<(), Box<Reply>> {
    let (wanted, unwanted) = (ask.header("if-match"), ask.header("if-none-match"));
    let met = (wanted.is_empty() || names(wanted, present)) && (unwanted.is_empty() || !names(unwanted, present));
    if met {
        return Ok(());
    }
    Err(Box::new(problem(412, "Precondition Failed", "The key's present ETag does not meet the request's condition.")))
}

fn get(facts: &Facts, store: &Store, ask: &Ask, key: &str) -> Reply {
    let Some(kv) = find(store, key, label(ask).as_deref()) else {
        return Reply::empty(404);
    };
    let unwanted = ask.header("if-none-match");
    if !unwanted.is_empty() && names(unwanted, Some(&kv.etag)) {
        return with_marks(facts, kv, Reply::empty(304));
    }
    if let Err(refusal) = preconditions(ask, Some(&kv.etag)) {
        return *refusal;
    }
    with_marks(facts, kv, Reply::ok(&shown(facts, kv)).typed(ONE))
}

fn put(facts: &Facts, store: &mut Store, ask: &Ask, key: &str, number: u64) -> Reply {
    let label = label(ask);
    let old = find(store, key, label.as_deref()).cloned();
    if let Err(refusal) = preconditions(ask, old.as_ref().map(|kv| kv.etag.as_str())) {
        return *refusal;
    }
    if let Some(refusal) = read_only(old.as_ref()) {
        return refusal;
    }
    let body = match ask.json() {
        Ok(b) => b,
        Err(_) => return problem(400, "Invalid request body", "The body is not JSON."),
    };
    let value = match &body["value"] {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        _ => return problem(400, "Invalid request body", "'value' must be a string."),
    };
    if old.is_none() && store.values.len() >= KEPT {
        return problem(403, "Quota exceeded", "The store is full.");
    }
    let kv = KeyValue {
        key: key.to_owned(),
        label,
        value: value.clone(),
        content_type: body["content_type"].as_str().map(str::to_owned),
        tags: serde_json::from_value(body["tags"].clone()).unwrap_or_default(),
        etag: etag(&store.name, key, number),
        locked: false,
        at: ask.at,
    };
    store.values.retain(|v| v.key != kv.key || v.label != kv.label);
    if kv.label.is_none() {
        remember(store, ask.at, key, Some(value));
    }
    let reply = with_marks(facts, &kv, Reply::ok(&shown(facts, &kv)).typed(ONE));
    store.values.push(kv);
    store.values.sort_by(|a, b| (&a.key, &a.label).cmp(&(&b.key, &b.label)));
    reply
}

fn delete(facts: &Facts, store: &mut Store, ask: &Ask, key: &str) -> Reply {
    let label = label(ask);
    let old = find(store, key, label.as_deref()).cloned();
    if let Err(refusal) = preconditions(ask, old.as_ref().map(|kv| kv.etag.as_str())) {
        return *refusal;
    }
    if let Some(refusal) = read_only(old.as_ref()) {
        return refusal;
    }
    let Some(old) = old else { return Reply::empty(204) };
    store.values.retain(|v| v.key != old.key || v.label != old.label);
    if old.label.is_none() {
        remember(store, ask.at, key, None);
    }
    with_marks(facts, &old, Reply::ok(&shown(facts, &old)).typed(ONE))
}

fn remember(store: &mut Store, at: i64, key: &str, value: Option<String>) {
    if store.history.len() >= KEPT {
        store.history.remove(0);
    }
    store.history.push((at, key.to_owned(), value));
}
