//! Resource Health and Service Health, as the scenario's timeline lets the platform speak: usually late.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, inventory};
use crate::simulator::facts::Facts;
use crate::simulator::faults::Post;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::world::World;

/// Answers requests to the provider, at a subscription or a resource.
pub fn answer(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Reply {
    let route = target.route();
    let resource = target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers"));
    match (&ask.method, route.as_slice()) {
        (&Method::GET, []) => inventory::provider(ask, target),
        (&Method::GET, ["availabilitystatuses", "current"] | ["availabilitystatuses"]) if resource => {
            let Some(v) = current(facts, world, &target.scope_id(), ask.at) else {
                return Reply::error(
                    404,
                    "ResourceNotFound",
                    &format!("The resource '{}' was not found.", target.scope_id()),
                );
            };
            if route.len() == 2 { Reply::ok(&v) } else { Reply::list(vec![v]) }
        }
        (&Method::GET, ["availabilitystatuses"]) => {
            let here = |group: &str| target.group.is_none_or(|g| g.eq_ignore_ascii_case(group));
            let rows = world.accounts.iter().filter(|a| here(&a.group)).filter_map(|a| {
                current(
                    facts,
                    world,
                    &facts.id(&a.group, &format!("Microsoft.CognitiveServices/accounts/{}", a.name)),
                    ask.at,
                )
            });
            Reply::list(rows.collect())
        }
        (&Method::GET, ["events"]) if !resource => Reply::list(events(facts, ask.at)),
        (&Method::GET, ["events", id]) if !resource => events(facts, ask.at)
            .into_iter()
            .find(|e| e["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(id)))
            .map_or_else(
                || Reply::error(404, "EventNotFound", &format!("The event '{id}' was not found.")),
                |e| Reply::ok(&e),
            ),
        _ => Reply::no_route(ask),
    }
}

/// What is said of one resource; without a word in the timeline, that it is available.
fn current(facts: &Facts, world: &World, id: &str, at: i64) -> Option<Value> {
    let name = id.rsplit('/').next().unwrap_or_default();
    let known = |kind: &str| id.to_ascii_lowercase().contains(&format!("/{kind}/"));
    let (location, said) = if let Some(thing) = world.thing(id) {
        (thing.location().to_owned(), facts.timeline.health(at, name))
    } else if known("accounts") {
        (world.account(name)?.region.clone(), facts.timeline.health(at, name))
    } else if known("configurationstores") {
        (world.store(name)?.region.clone(), None)
    } else {
        world.profiles.iter().find(|p| p.name.eq_ignore_ascii_case(name))?;
        ("global".to_owned(), None)
    };
    let usual = "There aren't any known Azure platform problems affecting this resource.";
    let (since, state, summary) = said.unwrap_or((i64::MIN, "Available", usual));
    let mut properties = json!({
        "availabilityState": state, "title": state, "summary": summary, "detailedStatus": summary,
        "reasonChronicity": "Persistent", "occuredTime": rfc3339(facts.utc(since)), "reportedTime": rfc3339(facts.utc(at)),
    });
    if matches!(state, "Unavailable" | "Degraded") {
        for (k, v) in [("reasonType", "Unplanned"), ("context", "Platform Initiated"), ("category", "Unplanned")] {
            properties[k] = json!(v);
        }
    }
    Some(json!({
        "id": format!("{id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current"), "name": "current",
        "type": "Microsoft.ResourceHealth/AvailabilityStatuses", "location": location, "properties": properties,
    }))
}

/// Events so far, newest first.
fn events(facts: &Facts, at: i64) -> Vec<Value> {
    let posts: Vec<&Post> = facts.timeline.posts(at).collect();
    let mut ids: Vec<&str> = Vec::new();
    for p in &posts {
        if !ids.contains(&p.tracking.as_str()) {
            ids.push(&p.tracking);
        }
    }
    ids.iter().rev().filter_map(|id| event(facts, &posts, id)).collect()
}

fn event(facts: &Facts, posts: &[&Post], id: &str) -> Option<Value> {
    let own: Vec<&&Post> = posts.iter().filter(|p| p.tracking == id).collect();
    let (first, last) = (own.first()?, own.last()?);
    let time = |p: &Post| rfc3339(facts.utc(p.at));
    let updates: Vec<Value> =
        own.iter().rev().map(|p| json!({ "summary": p.summary, "updateDateTime": time(p), "eventTags": [] })).collect();
    let mut properties = json!({
        "eventType": "ServiceIssue", "eventSource": "ServiceHealth", "status": last.status, "title": last.title,
        "summary": last.summary, "header": "Your service might have been impacted by an Azure service issue",
        "level": "Critical", "eventLevel": "Error", "isEventSensitive": false, "platformInitiated": true,
        "impactStartTime": time(first), "lastUpdateTime": time(last), "eventTags": [], "links": [],
        "article": { "articleContent": format!("<p>{}</p>", last.summary) },
        "impact": [{
            "impactedService": "Azure OpenAI Service",
            "impactedRegions": [{
                "impactedRegion": last.region, "status": last.status, "impactedTenants": [],
                "impactedSubscriptions": [facts.subscription()], "lastUpdateTime": time(last), "updates": updates,
            }],
        }],
    });
    if last.status == "Resolved" {
        properties["impactMitigationTime"] = json!(time(last));
    }
    Some(json!({
        "id": format!("/subscriptions/{}/providers/Microsoft.ResourceHealth/events/{id}", facts.subscription()),
        "name": id, "type": "/providers/Microsoft.ResourceHealth/events", "properties": properties,
    }))
}
