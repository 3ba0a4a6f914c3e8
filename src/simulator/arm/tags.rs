//! Tags at any scope: of the subscription, a group or a resource, read and changed without the rest of it; and the names in use.

use std::collections::{BTreeMap, BTreeSet};

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, generic, not_allowed};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::world::World;

type Tags = BTreeMap<String, String>;

/// Tags that one scope may have; Azure's own limit.
const MAX: usize = 50;

/// Answers requests about the tags of a scope.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let scope = target.scope_id();
    if target.route().as_slice() != ["tags", "default"] {
        return Reply::no_route(ask);
    }
    if !generic::exists(facts, world, &scope) {
        let text = format!("The resource '{scope}' was not found.");
        return Reply::error(404, "ResourceNotFound", &text);
    }
    let Some(mut tags) = of(facts, world, &scope) else {
        return Reply::error(400, "TagsNotSupported", &format!("The resource '{scope}' takes no tags."));
    };
    match ask.method {
        Method::GET => return Reply::ok(&body(&scope, &tags)),
        Method::DELETE => {
            keep(facts, world, &scope, &Tags::new());
            return Reply::empty(200);
        }
        Method::PUT | Method::PATCH => {}
        _ => return not_allowed(ask),
    }
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let Ok(own) = serde_json::from_value::<Tags>(sent["properties"]["tags"].clone()) else {
        return Reply::error(400, "InvalidRequestContent", "The tags must be an object of texts.");
    };
    let way = if ask.method == Method::PUT { Some("Replace") } else { sent["operation"].as_str() };
    match way.unwrap_or_default().to_ascii_lowercase().as_str() {
        "replace" => tags = own,
        "merge" => tags.extend(own),
        "delete" => tags.retain(|name, value| own.get(name) != Some(value)),
        other => {
            let text = format!("The operation '{other}' is not valid; it is Merge, Replace or Delete.");
            return Reply::error(400, "InvalidTagsPatchOperation", &text);
        }
    }
    if tags.len() > MAX {
        return Reply::error(400, "TooManyTags", "A scope has at most 50 tags.");
    }
    keep(facts, world, &scope, &tags);
    Reply::ok(&body(&scope, &tags))
}

fn body(scope: &str, tags: &Tags) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Resources/tags/default"), "name": "default",
        "type": "Microsoft.Resources/tags", "properties": { "tags": tags },
    })
}

/// The tags that the thing of an id has; none where it takes none.
fn of(facts: &Facts, world: &mut World, scope: &str) -> Option<Tags> {
    let mut found = None;
    visit(facts, world, scope, &mut |tags| found = Some(tags.clone()));
    found
}

fn keep(facts: &Facts, world: &mut World, scope: &str, tags: &Tags) {
    visit(facts, world, scope, &mut |own| own.clone_from(tags));
    world.changed = true;
}

/// Hands out the tags of the thing of an id, whatever keeps it.
fn visit(facts: &Facts, world: &mut World, scope: &str, work: &mut dyn FnMut(&mut Tags)) {
    let is = |own: &str| own.eq_ignore_ascii_case(scope);
    let base = format!("/subscriptions/{}", facts.subscription());
    if is(&base) {
        return work(&mut world.tags);
    }
    if let Some(g) = world.groups.iter_mut().find(|g| is(&format!("{base}/resourceGroups/{}", g.name))) {
        return work(&mut g.tags);
    }
    let account = |a: &str, g: &str| is(&facts.id(g, &format!("Microsoft.CognitiveServices/accounts/{a}")));
    if let Some(a) = world.accounts.iter_mut().find(|a| account(&a.name, &a.group)) {
        return work(&mut a.tags);
    }
    let profile = |p: &str, g: &str| is(&facts.id(g, &format!("Microsoft.Network/trafficManagerProfiles/{p}")));
    if let Some(p) = world.profiles.iter_mut().find(|p| profile(&p.name, &p.group)) {
        return work(&mut p.tags);
    }
    if let Some(t) = world.thing_mut(scope) {
        let mut tags = t.body.get("tags").and_then(|v| serde_json::from_value(v.clone()).ok()).unwrap_or_default();
        work(&mut tags);
        t.body.insert("tags".into(), json!(tags));
    }
}

/// `GET …/tagNames`: every name in use, with its values and how often each occurs.
pub fn names(facts: &Facts, world: &World) -> Reply {
    let things = world.things.iter().filter_map(|t| t.body.get("tags")?.as_object());
    let things = things.flatten().map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()));
    let others = world.groups.iter().map(|g| &g.tags).chain(world.accounts.iter().map(|a| &a.tags));
    let others = others.chain(world.profiles.iter().map(|p| &p.tags)).flatten();
    let all: Vec<(String, String)> = things.chain(others.map(|(k, v)| (k.clone(), v.clone()))).collect();
    let count = |n: usize| json!({ "type": "Total", "value": n });
    let row = |name: &String| {
        let own: Vec<&String> = all.iter().filter(|(k, _)| k == name).map(|(_, v)| v).collect();
        let id = format!("/subscriptions/{}/tagNames/{name}", facts.subscription());
        let values: Vec<Value> = own
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|v| {
                let times = own.iter().filter(|o| o == &v).count();
                json!({ "id": format!("{id}/tagValues/{v}"), "tagValue": v, "count": count(times) })
            })
            .collect();
        json!({ "id": id, "tagName": name, "count": count(own.len()), "values": values })
    };
    let known: BTreeSet<&String> = all.iter().map(|(k, _)| k).collect();
    Reply::list(known.into_iter().map(row).collect())
}
