//! Resources that a scenario lists and no request changes: read by id, listed by type, and seen by everything that asks
//! about any resource.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::{Target, not_allowed, not_found};
use crate::simulator::facts::{Facts, Thing};
use crate::simulator::http::{Ask, Reply};
use crate::units::known_regions;

/// What a namespace of such resources says it takes; any well-formed version is taken.
const VERSIONS: [&str; 2] = ["2024-10-01", "2023-11-15"];

/// Answers a request about one of these resources or what lies below it; `None` if it is about something else.
pub fn answer(facts: &Facts, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    // What is attached to a resource (locks, health, metrics) is another provider's.
    if target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers")) || target.names.len() < 2 {
        return None;
    }
    let path = ask.segments.iter().fold(String::new(), |a, s| format!("{a}/{s}"));
    if let Some(thing) = facts.thing(&path) {
        return Some(match ask.method {
            Method::GET => Reply::ok(&body(thing)),
            Method::HEAD => Reply::empty(204),
            _ => not_allowed(ask),
        });
    }
    let lower = path.to_ascii_lowercase();
    facts.things.iter().find(|t| lower.starts_with(&format!("{}/", t.id.to_ascii_lowercase())))?;
    if ask.method != Method::GET {
        return Some(not_allowed(ask));
    }
    // An odd number of segments ends in a type: its list; an even one names a child that is not there.
    if target.names.len() % 2 == 1 {
        let depth = ask.segments.len() + 1;
        let below = |t: &&Thing| {
            t.id.to_ascii_lowercase().starts_with(&format!("{lower}/"))
                && t.id.split('/').filter(|s| !s.is_empty()).count() == depth
        };
        return Some(Reply::list(facts.things.iter().filter(below).map(body).collect()));
    }
    let (kind, name) = (typed(target), target.names.last()?);
    Some(not_found(target.group.unwrap_or_default(), &kind, name))
}

/// The type that a request names.
fn typed(target: &Target<'_>) -> String {
    target.names.iter().step_by(2).fold(target.provider.clone(), |a, t| format!("{a}/{t}"))
}

/// Resources of a type, in the subscription or a group: those of a list that another part answered, and these.
pub fn with_listed(facts: &Facts, ask: &Ask, target: &Target<'_>, reply: Reply) -> Reply {
    let own = target.names.len() == 1 && ask.method == Method::GET && matches!(reply.status, 200 | 404);
    if !own || target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers")) {
        return reply;
    }
    let kind = typed(target);
    let here = |t: &&Thing| {
        t.kind.eq_ignore_ascii_case(&kind) && target.group.is_none_or(|g| g.eq_ignore_ascii_case(&t.group))
    };
    let rows: Vec<Value> = facts.things.iter().filter(here).map(body).collect();
    let present = reply.body.as_ref().and_then(|(_, text)| serde_json::from_str::<Value>(text).ok());
    match present.and_then(|mut v| v.get_mut("value").map(Value::take)) {
        Some(Value::Array(mut all)) => {
            all.extend(rows);
            Reply::list(all)
        }
        _ if rows.is_empty() => reply,
        _ => Reply::list(rows),
    }
}

/// Namespaces that every subscription has, used or not. A retired one is there only where the scenario has something of it.
const REGISTERED: [&str; 8] = [
    "Microsoft.Cdn",
    "Microsoft.ContainerRegistry",
    "Microsoft.KeyVault",
    "Microsoft.MachineLearningServices",
    "Microsoft.OperationalInsights",
    "Microsoft.Search",
    "Microsoft.Storage",
    "Microsoft.Web",
];

/// A namespace that only such resources have: its types, an empty list of one of them, or that there is no such resource.
/// `None` for a namespace that nothing has.
pub fn provider(facts: &Facts, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let own: Vec<&Thing> =
        facts.things.iter().filter(|t| t.provider().eq_ignore_ascii_case(&target.provider)).collect();
    let registered = REGISTERED.iter().copied().find(|n| n.eq_ignore_ascii_case(&target.provider));
    let name = own.first().map(|t| t.provider()).or(registered)?;
    if ask.method != Method::GET {
        return Some(not_allowed(ask));
    }
    Some(match target.names.len() {
        0 if target.group.is_none() => {
            let mut types: Vec<&str> = own.iter().filter_map(|t| Some(t.kind.split_once('/')?.1)).collect();
            types.sort_unstable();
            types.dedup();
            let locations: Vec<&str> = known_regions().iter().map(|r| r.display_name.as_str()).collect();
            let row = |t: &&str| json!({ "resourceType": t, "locations": locations, "apiVersions": VERSIONS, "capabilities": "None" });
            Reply::ok(&json!({
                "id": format!("/providers/{name}"), "namespace": name, "registrationState": "Registered",
                "registrationPolicy": "RegistrationRequired", "resourceTypes": types.iter().map(row).collect::<Vec<_>>(),
            }))
        }
        1 => Reply::list(Vec::new()),
        n if n > 1 && n % 2 == 0 && target.group.is_some() => {
            let last = target.names.last().map(String::as_str).unwrap_or_default();
            not_found(target.group.unwrap_or_default(), &typed(target), last)
        }
        _ => Reply::no_route(ask),
    })
}

/// A row of the list of all resources, with its group; none for a child that ARM does not track.
pub fn row(thing: &Thing) -> Option<(String, Value)> {
    if thing.location.is_empty() {
        return None;
    }
    let mut all = common(thing);
    all.remove("tags").filter(|t| t.as_object().is_some_and(|t| !t.is_empty())).map(|t| all.insert("tags".into(), t));
    Some((thing.group.clone(), Value::Object(all)))
}

fn body(thing: &Thing) -> Value {
    let mut all = common(thing);
    let mut properties = thing.script.properties.clone();
    if properties.is_null() {
        properties = json!({ "provisioningState": "Succeeded" });
    }
    all.insert("properties".into(), properties);
    Value::Object(all)
}

/// What a list says of a resource.
fn common(thing: &Thing) -> Map<String, Value> {
    let mut all = Map::new();
    for (key, value) in [("id", &thing.id), ("name", &thing.name), ("type", &thing.kind)] {
        all.insert(key.into(), json!(value));
    }
    if !thing.location.is_empty() {
        all.insert("location".into(), json!(thing.location));
    }
    if let Some(kind) = &thing.script.kind {
        all.insert("kind".into(), json!(kind));
    }
    if let Some(sku) = &thing.script.sku {
        all.insert("sku".into(), json!({ "name": sku }));
    }
    all.insert("tags".into(), json!(thing.script.tags));
    all
}
