//! Resource groups: made at once, deleted in the background with everything in them.

use hyper::Method;
use serde_json::{Value, json};

use super::filters::Filter;
use super::operations::{Work, begin};
use super::{Target, not_allowed};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::things::Group;
use crate::simulator::world::World;
use crate::units::{Region, known_region};

/// A deletion takes so long.
const DELETE_MS: i64 = 60_000;
/// Groups of a subscription; Azure's own limit.
const MAX_GROUPS: usize = 980;

/// Answers requests about groups; `None` if it is none.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    let words: Vec<String> = ask.segments.iter().skip(2).map(|s| s.to_ascii_lowercase()).collect();
    match words.as_slice() {
        [list] if list == "resourcegroups" && ask.method == Method::GET => {
            let wanted = match Filter::read(ask.query("$filter")) {
                Ok(f) if f.only(&["tagname", "tagvalue", "name", "location"]) => f,
                Ok(_) => {
                    let text = "Groups are filtered by tagName and tagValue.";
                    return Some(Reply::error(400, "InvalidFilterInQueryString", text));
                }
                Err(refusal) => return Some(*refusal),
            };
            let rows = world.groups.iter().map(|g| body(facts, g));
            Some(Reply::list(rows.filter(|v| wanted.fits(|f| v[f].as_str(), &v["tags"])).collect()))
        }
        [list, _] if list == "resourcegroups" => Some(one(facts, world, ask, target)),
        _ => None,
    }
}

fn one(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Reply {
    let name = target.group.unwrap_or_default();
    let n = world.groups.iter().position(|g| g.name.eq_ignore_ascii_case(name));
    match (&ask.method, n) {
        (&Method::PUT, n) => put(facts, world, ask, name, n),
        (_, None) => missing(name),
        (&Method::GET, Some(n)) => Reply::ok(&body(facts, &world.groups[n])),
        (&Method::PATCH, Some(n)) => match ask.json() {
            Ok(sent) => {
                let group = &mut world.groups[n];
                if !sent["tags"].is_null() {
                    group.tags = tags(&sent);
                }
                Reply::ok(&body(facts, group))
            }
            Err(refusal) => refusal,
        },
        (&Method::DELETE, Some(n)) => remove(facts, world, ask, target, n),
        _ => not_allowed(ask),
    }
}

/// The refusal of anything in a group that is not there.
pub fn missing(name: &str) -> Reply {
    Reply::error(404, "ResourceGroupNotFound", &format!("Resource group '{name}' could not be found."))
}

fn tags(sent: &Value) -> std::collections::BTreeMap<String, String> {
    serde_json::from_value(sent["tags"].clone()).unwrap_or_default()
}

fn body(facts: &Facts, g: &Group) -> Value {
    json!({
        "id": format!("/subscriptions/{}/resourceGroups/{}", facts.subscription(), g.name),
        "name": g.name, "type": "Microsoft.Resources/resourceGroups", "location": g.region, "tags": g.tags,
        "properties": { "provisioningState": if g.gone_at.is_some() { "Deleting" } else { "Succeeded" } },
    })
}

fn put(facts: &Facts, world: &mut World, ask: &Ask, name: &str, present: Option<usize>) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let region = Region::new(sent["location"].as_str().unwrap_or_default());
    if let Some(n) = present {
        let group = &mut world.groups[n];
        if group.gone_at.is_some() {
            return being_deleted(name);
        }
        if region.name() != group.region {
            let text = format!(
                "Invalid resource group location '{region}'. The Resource group already exists in location '{}'.",
                group.region
            );
            return Reply::error(409, "InvalidResourceGroupLocation", &text);
        }
        group.tags = tags(&sent);
        return Reply::ok(&body(facts, group));
    }
    let fits = |c: char| c.is_alphanumeric() || "-_.()".contains(c);
    if name.is_empty() || name.len() > 90 || name.ends_with('.') || !name.chars().all(fits) {
        let text = format!(
            "The provided resource group name '{name}' is invalid: it has at most 90 letters, digits and -_.() and does not end in a period."
        );
        return Reply::error(400, "InvalidResourceGroup", &text);
    }
    if region.name().is_empty() {
        return Reply::error(400, "LocationRequired", "The location property is required for this definition.");
    }
    if known_region(region.name()).is_none() {
        let text = format!("The provided location '{region}' is not available for resource group.");
        return Reply::error(400, "LocationNotAvailableForResourceGroup", &text);
    }
    if world.groups.len() >= MAX_GROUPS {
        return Reply::error(409, "ResourceGroupQuotaExceeded", "A subscription has at most 980 resource groups.");
    }
    let group = Group { name: name.to_owned(), region: region.name().to_owned(), tags: tags(&sent), gone_at: None };
    let shown = body(facts, &group);
    world.groups.push(group);
    world.groups.sort_by(|a, b| a.name.cmp(&b.name));
    Reply::json(201, &shown)
}

/// The refusal of changes in a group that is being deleted.
pub fn being_deleted(name: &str) -> Reply {
    let text = format!("The resource group '{name}' is in deprovisioning state and cannot perform this operation.");
    Reply::error(409, "ResourceGroupBeingDeleted", &text)
}

fn remove(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, n: usize) -> Reply {
    let wait = facts.wait();
    let (name, region) = (world.groups[n].name.clone(), world.groups[n].region.clone());
    if world.groups[n].gone_at.is_some() {
        return Reply::empty(202).with("retry-after", wait);
    }
    let until = ask.at + facts.takes(DELETE_MS);
    let id = format!("/subscriptions/{}/resourceGroups/{name}", facts.subscription());
    // Groups are the resource manager's own.
    let owner = Target { provider: "microsoft.resources".to_owned(), ..target.clone() };
    let fails = facts.timeline().fails_late(ask.at, &region).is_some();
    let work = Work { region: &region, resource: &id, span: (ask.at, until), removes: true, answer: Some(Value::Null) };
    let links = begin(facts, world, &owner, work);
    if !fails {
        world.groups[n].gone_at = Some(until);
    }
    Reply::empty(202).with("location", links.result).with("retry-after", wait)
}
