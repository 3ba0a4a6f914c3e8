//! The resolver, in the JSON form of DNS over HTTPS: where the scenario's names lead at this moment.
//!
//! Every host has an address of its own from a range that no network uses, so that two names have the same address exactly
//! when they lead to the same host. A rehearsal compares them; it connects to none.

use hyper::Method;
use serde_json::{Value, json};

use super::arm::aliases;
use super::facts::Facts;
use super::hosts::{TRAFFIC_MANAGER, chain};
use super::http::{Ask, Reply};
use super::world::World;
use crate::units::sha256_hex;

const FORM: &str = "application/dns-json; charset=utf-8";
/// DNS codes: no error, no such name; types: an address, a name.
const FINE: u32 = 0;
const NO_SUCH_NAME: u32 = 3;
const A: u32 = 1;
const CNAME: u32 = 5;
/// Time to live of what changes with the scenario only, in seconds.
const TTL: u32 = 300;

/// Answers `GET /dns-query?name=…`.
pub fn answer(facts: &Facts, world: &World, ask: &Ask) -> Reply {
    let (&Method::GET, "/dns-query") = (&ask.method, ask.path.as_str()) else { return Reply::no_route(ask) };
    let Some(name) = ask.query("name").filter(|n| !n.is_empty()) else {
        return Reply::error(400, "BadRequest", "The query parameter 'name' is required.");
    };
    let found = chain(facts, world, name, ask.at).unwrap_or_default();
    let ttl = |name: &str| match name.strip_suffix(TRAFFIC_MANAGER) {
        Some(p) => world.profiles.iter().find(|x| x.label().eq_ignore_ascii_case(p)).map_or(TTL, |x| x.ttl),
        None => aliases(world).iter().find(|(n, ..)| n == name).map_or(TTL, |(_, ttl, _)| *ttl),
    };
    let mut records: Vec<Value> = found
        .windows(2)
        .map(|w| json!({ "name": w[0].0, "type": CNAME, "TTL": ttl(&w[0].0), "data": format!("{}.", w[1].0) }))
        .collect();
    if let Some((last, _)) = found.last() {
        records.push(json!({ "name": last, "type": A, "TTL": TTL, "data": address(last) }));
    }
    let body = json!({
        "Status": if found.is_empty() { NO_SUCH_NAME } else { FINE },
        "TC": false, "RD": true, "RA": true, "AD": false, "CD": false,
        "Question": [{ "name": name, "type": A }], "Answer": records,
    });
    Reply::ok(&body).typed(FORM)
}

/// A host's address, from the range that was never given out.
fn address(host: &str) -> String {
    let hash = sha256_hex(host.as_bytes());
    let byte = |n: usize| u8::from_str_radix(&hash[2 * n..2 * n + 2], 16).unwrap_or(0);
    format!("{}.{}.{}.{}", 240 + byte(0) % 15, byte(1), byte(2), byte(3))
}
