//! Lists in pages, and what a list or a read does not show yet: ARM's reads are eventually consistent.

use hyper::Method;
use serde_json::{Value, json};

use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::world::World;

/// Rows of a page when the client names no number.
const PAGE: usize = 1_000;
/// New resources remembered; a scenario creates a few.
const KEPT: usize = 1_000;

/// How long a new resource stays unseen, in milliseconds.
pub fn delay(facts: &Facts) -> i64 {
    i64::try_from(facts.scenario.world.unseen.0).unwrap_or(i64::MAX)
}

fn lower(path: &str) -> String {
    path.trim_end_matches('/').to_ascii_lowercase()
}

/// Remembers a resource that was just made.
pub fn made(world: &mut World, path: &str, at: i64) {
    let path = lower(path);
    world.fresh.retain(|(p, _)| *p != path);
    world.fresh.push((path, at));
    let over = world.fresh.len().saturating_sub(KEPT);
    world.fresh.drain(..over);
}

/// The same answer without what is too new to be seen.
pub fn seen(facts: &Facts, world: &World, ask: &Ask, reply: Reply) -> Reply {
    let delay = delay(facts);
    if delay == 0 || world.fresh.is_empty() || ask.method != Method::GET || reply.status != 200 {
        return reply;
    }
    let hidden = |id: &str| {
        let id = lower(id);
        world.fresh.iter().any(|(p, at)| *p == id && ask.at < at.saturating_add(delay))
    };
    if hidden(&ask.path) {
        return Reply::error(404, "ResourceNotFound", &format!("The Resource '{}' was not found.", ask.path));
    }
    let Some((kind, text)) = &reply.body else { return reply };
    match serde_json::from_str::<Value>(text) {
        Ok(mut v) if v["value"].is_array() => {
            if let Some(rows) = v["value"].as_array_mut() {
                rows.retain(|r| !r["id"].as_str().is_some_and(hidden));
            }
            Reply { body: Some((*kind, v.to_string())), ..reply }
        }
        _ => reply,
    }
}

/// One page of a list, with an absolute link to the next; any other answer as it is.
pub fn page(facts: &Facts, ask: &Ask, reply: Reply) -> Reply {
    if ask.method != Method::GET || reply.status != 200 {
        return reply;
    }
    let Some((kind, text)) = &reply.body else { return reply };
    let Ok(mut v) = serde_json::from_str::<Value>(text) else { return reply };
    if !v["value"].is_array() {
        return reply;
    }
    let number = |name: &str| ask.query(name).map(str::parse::<usize>).transpose();
    let (top, skip) = match (number("$top"), number("$skiptoken")) {
        (Ok(top), Ok(skip)) if top != Some(0) => (top.unwrap_or(PAGE).clamp(1, PAGE), skip.unwrap_or(0)),
        (_, Err(_)) => {
            let text = "The $skiptoken in the query string is not one that this service has given out.";
            return Reply::error(400, "InvalidSkipTokenInQueryString", text);
        }
        _ => {
            let text = "Invalid $top in the query string: it must be a whole number from 1 on.";
            return Reply::error(400, "InvalidTopInQueryString", text);
        }
    };
    let Some(rows) = v["value"].as_array_mut().filter(|r| skip > 0 || r.len() > top) else { return reply };
    let more = rows.len() > skip.saturating_add(top);
    *rows = rows.drain(..).skip(skip).take(top).collect();
    if more {
        v["nextLink"] = json!(format!("{}{}?{}", facts.arm, ask.path, query(ask, skip + top)));
    }
    Reply { body: Some((*kind, v.to_string())), ..reply }
}

/// The request's query with another token.
fn query(ask: &Ask, skip: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (k, v) in ask.query.iter().filter(|(k, _)| !k.eq_ignore_ascii_case("$skiptoken")) {
        query.append_pair(k, v);
    }
    query.append_pair("$skiptoken", &skip.to_string()).finish()
}
