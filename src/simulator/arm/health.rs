//! Resource Health and Service Health, as the scenario's timeline lets the platform speak: usually late.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, inner};
use crate::simulator::facts::Facts;
use crate::simulator::faults::Post;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::world::World;
use crate::units::Region;

/// Answers requests to the provider, at a subscription or a resource.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let route = target.route();
    let resource = target.scope.iter().any(|s| s.eq_ignore_ascii_case("providers"));
    match (&ask.method, route.as_slice()) {
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
        // Nothing here has parts whose health is told apart.
        (&Method::GET, ["childresources" | "childavailabilitystatuses"]) if resource => Reply::list(Vec::new()),
        (&Method::GET, ["availabilitystatuses"]) => {
            let path = match target.group {
                Some(g) => format!("/subscriptions/{}/resourceGroups/{g}/resources", facts.subscription()),
                None => format!("/subscriptions/{}/resources", facts.subscription()),
            };
            let (_, listed) = inner(facts, world, Method::GET, &path, None, ask.at);
            let ids = listed["value"].as_array().into_iter().flatten().filter_map(|r| r["id"].as_str());
            Reply::list(ids.filter_map(|id| current(facts, world, id, ask.at)).collect())
        }
        (&Method::GET, ["events"]) if resource => {
            let Some(v) = current(facts, world, &target.scope_id(), ask.at) else {
                return Reply::error(
                    404,
                    "ResourceNotFound",
                    &format!("The resource '{}' was not found.", target.scope_id()),
                );
            };
            let region = Region::new(v["location"].as_str().unwrap_or_default());
            let named = |e: &Value| {
                let impacted = &e["properties"]["impact"][0]["impactedRegions"][0]["impactedRegion"];
                impacted.as_str().is_some_and(|n| Region::new(n) == region)
            };
            Reply::list(events(facts, ask.at).into_iter().filter(named).collect())
        }
        (&Method::GET, ["events", id, "impactedresources"])
        | (&Method::POST, ["events", id, "listsecurityadvisoryimpactedresources"])
            if !resource =>
        {
            let known =
                events(facts, ask.at).iter().any(|e| e["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(id)));
            if known { Reply::list(Vec::new()) } else { no_event(id) }
        }
        (&Method::GET, ["emergingissues", rest @ ..]) if rest.is_empty() || rest == ["default"] => {
            let one = json!({
                "id": "/providers/Microsoft.ResourceHealth/emergingIssues/default", "name": "default",
                "type": "Microsoft.ResourceHealth/emergingIssues",
                "properties": { "refreshTimestamp": rfc3339(facts.utc(ask.at)), "statusBanners": [], "statusActiveEvents": [] },
            });
            if rest.is_empty() { Reply::list(vec![one]) } else { Reply::ok(&one) }
        }
        (&Method::GET, ["metadata"]) => Reply::list(METADATA.iter().map(metadata).collect()),
        (&Method::GET, ["metadata", name]) => METADATA
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map_or_else(|| Reply::error(404, "NotFound", "There is no such metadata."), |m| Reply::ok(&metadata(m))),
        (&Method::GET, ["events"]) if !resource => Reply::list(events(facts, ask.at)),
        (&Method::GET, ["events", id]) if !resource => events(facts, ask.at)
            .into_iter()
            .find(|e| e["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(id)))
            .map_or_else(|| no_event(id), |e| Reply::ok(&e)),
        _ => Reply::no_route(ask),
    }
}

/// What filters of events may say.
const METADATA: [(&str, &[&str]); 2] =
    [("eventType", &["ServiceIssue", "PlannedMaintenance", "HealthAdvisory"]), ("status", &["Active", "Resolved"])];

fn metadata((name, values): &(&str, &[&str])) -> Value {
    let values: Vec<Value> = values.iter().map(|v| json!({ "id": v, "displayName": v })).collect();
    json!({
        "id": format!("/providers/Microsoft.ResourceHealth/metadata/{name}"), "name": name,
        "type": "Microsoft.ResourceHealth/metadata",
        "properties": { "displayName": name, "dependsOn": [], "applicableScenarios": ["Alerts"], "supportedValues": values },
    })
}

fn no_event(id: &str) -> Reply {
    Reply::error(404, "EventNotFound", &format!("The event '{id}' was not found."))
}

/// What is said of one resource; without a word in the timeline, that it is available.
fn current(facts: &Facts, world: &World, id: &str, at: i64) -> Option<Value> {
    let name = id.rsplit('/').next().unwrap_or_default();
    let timeline = facts.timeline();
    let known = |kind: &str| id.to_ascii_lowercase().contains(&format!("/{kind}/"));
    let (location, said) = if let Some(thing) = world.thing(id) {
        (thing.location().to_owned(), timeline.health(at, name))
    } else if known("accounts") {
        (world.account(name)?.region.clone(), timeline.health(at, name))
    } else if known("configurationstores") {
        (world.store(name)?.region.clone(), None)
    } else {
        world.profiles.iter().find(|p| p.name.eq_ignore_ascii_case(name))?;
        ("global".to_owned(), None)
    };
    let usual = "There aren't any known Azure platform problems affecting this resource.";
    let (since, state, summary, by_customer) = said.map_or((i64::MIN, "Available", usual, false), |(since, s)| {
        (since, s.state.as_str(), s.summary.as_str(), s.by_customer)
    });
    let mut properties = json!({
        "availabilityState": state, "title": state, "summary": summary, "detailedStatus": summary,
        "reasonChronicity": "Persistent", "occuredTime": rfc3339(facts.utc(since)), "reportedTime": rfc3339(facts.utc(at)),
    });
    if matches!(state, "Unavailable" | "Degraded") {
        let (kind, context, category) = match by_customer {
            true => ("UserInitiated", "Customer Initiated", "Not Applicable"),
            false => ("Unplanned", "Platform Initiated", "Unplanned"),
        };
        for (k, v) in [("reasonType", kind), ("context", context), ("category", category)] {
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
    let timeline = facts.timeline();
    let posts: Vec<&Post> = timeline.posts(at).collect();
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
