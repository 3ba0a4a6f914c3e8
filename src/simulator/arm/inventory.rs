//! What ARM itself knows: subscriptions, regions, groups, resources, providers, rights and locks.

use hyper::Method;
use serde_json::{Value, json};

use super::filters::Filter;
use super::{generic, providers, services, tags};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::world::{ALWAYS, World};
use crate::units::known_regions;

/// The cloud's addresses, as the command-line client asks for them when it is registered.
pub fn metadata(facts: &Facts) -> Reply {
    let arm = format!("{}/", facts.arm);
    Reply::ok(&json!({
        "name": "LifeboatSimulator",
        "portal": arm, "gallery": arm, "batch": arm, "media": arm, "sqlManagement": arm, "vmImageAliasDoc": arm,
        "activeDirectoryDataLake": arm,
        "graphAudience": arm, "microsoftGraphResourceId": arm,
        "authentication": {
            "loginEndpoint": facts.authority, "audiences": [arm, "https://management.azure.com/"],
            "tenant": facts.scenario.world.tenant, "identityProvider": "AAD",
        },
        "resourceManager": facts.arm,
        "suffixes": {
            "keyVaultDns": "vault.azure.net", "storage": "core.windows.net", "acrLoginServer": "azurecr.io",
            "sqlServerHostname": "database.windows.net",
        },
    }))
}

/// `GET /tenants`.
pub fn tenants(facts: &Facts) -> Reply {
    let w = &facts.scenario.world;
    Reply::list(vec![json!({
        "id": format!("/tenants/{}", w.tenant), "tenantId": w.tenant, "displayName": w.environment,
        "defaultDomain": "lifeboat.example", "tenantCategory": "Home",
    })])
}

fn subscription(facts: &Facts) -> Value {
    let w = &facts.scenario.world;
    json!({
        "id": format!("/subscriptions/{}", w.subscription), "subscriptionId": w.subscription, "displayName": w.environment,
        "tenantId": w.tenant, "state": "Enabled", "authorizationSource": "RoleBased", "managedByTenants": [],
        "subscriptionPolicies": { "locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off" },
    })
}

/// `GET /subscriptions`.
pub fn subscriptions(facts: &Facts) -> Reply {
    Reply::list(std::iter::once(facts).chain(facts.others.values()).map(subscription).collect())
}

/// Everything of a subscription that belongs to no provider.
pub fn answer(facts: &Facts, world: &World, ask: &Ask) -> Reply {
    let lower: Vec<String> = ask.segments.iter().skip(2).map(|s| s.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (&ask.method, words.as_slice()) {
        (&Method::GET, []) => {
            let mut body = subscription(facts);
            if !world.tags.is_empty() {
                body["tags"] = json!(world.tags);
            }
            Reply::ok(&body)
        }
        (&Method::GET, ["locations"]) => locations(facts),
        (&Method::GET, ["resources"]) => resources(facts, world, ask, None),
        (&Method::GET, ["resourcegroups", g, "resources"]) => resources(facts, world, ask, Some(g)),
        (&Method::POST, ["resourcegroups", g, "exporttemplate"]) => export(facts, world, ask, g),
        (&Method::POST, ["resourcegroups", _, "validatemoveresources"]) => may_move(facts, world, ask),
        (&Method::GET, ["providers"]) => providers::all(world),
        (&Method::GET, ["tagnames"]) => tags::names(facts, world),
        _ => Reply::no_route(ask),
    }
}

/// The zones of a region as other subscriptions call them: here all alike.
pub fn zone_peers(facts: &Facts, ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let others = sent["subscriptionIds"].as_array().cloned().unwrap_or_default();
    let row = |zone: &str| {
        let short = |s: &Value| s.as_str().and_then(|s| s.rsplit('/').next()).map(str::to_owned);
        let peers = others.iter().map(|s| json!({ "subscriptionId": short(s), "availabilityZone": zone }));
        json!({ "availabilityZone": zone, "peers": peers.collect::<Vec<_>>() })
    };
    let zones = ["1", "2", "3"].map(row);
    Reply::ok(&json!({
        "subscriptionId": facts.subscription(), "location": sent["location"],
        "availabilityZonePeers": zones,
    }))
}

/// A template of what is in a group.
fn export(facts: &Facts, world: &World, ask: &Ask, group: &str) -> Reply {
    let listed = resources(facts, world, &ask.instead(Method::GET), Some(group));
    let listed: Value = listed.body.and_then(|(_, t)| serde_json::from_str(&t).ok()).unwrap_or_default();
    let rows = listed["value"].as_array().cloned().unwrap_or_default();
    let resource = |mut row: Value| {
        if let Some(all) = row.as_object_mut() {
            all.remove("id");
            all.insert("apiVersion".to_owned(), json!("2025-04-01"));
        }
        row
    };
    Reply::ok(&json!({ "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": {}, "variables": {},
        "resources": rows.into_iter().map(resource).collect::<Vec<_>>(),
    } }))
}

/// Whether resources could be moved: all of them, and the group that they are to be in, have to be there.
fn may_move(facts: &Facts, world: &World, ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(b) => b,
        Err(refusal) => return refusal,
    };
    let ids = sent["resources"].as_array().into_iter().flatten().chain([&sent["targetResourceGroup"]]);
    let lost = ids.map(|id| id.as_str().unwrap_or_default()).find(|id| !generic::exists(facts, world, id));
    match lost {
        Some(id) => Reply::error(404, "ResourceNotFound", &format!("The resource '{id}' was not found.")),
        None => Reply::empty(204),
    }
}

fn locations(facts: &Facts) -> Reply {
    let row = |r: &crate::units::RegionFacts| {
        let id = |name: &str| format!("/subscriptions/{}/locations/{name}", facts.subscription());
        let degrees = |d: Option<f64>| d.map(|d| d.to_string());
        let pair: Vec<Value> = r.pair.iter().map(|p| json!({ "name": p, "id": id(p) })).collect();
        json!({
            "id": id(&r.name), "name": r.name, "type": "Region", "displayName": r.display_name,
            "regionalDisplayName": format!("({}) {}", r.geography, r.display_name),
            "metadata": {
                "regionType": "Physical", "regionCategory": "Recommended", "geography": r.geography,
                "geographyGroup": r.geography, "latitude": degrees(r.latitude), "longitude": degrees(r.longitude),
                "physicalLocation": r.display_name, "pairedRegion": pair,
            },
        })
    };
    Reply::list(known_regions().iter().map(row).collect())
}

fn resources(facts: &Facts, world: &World, ask: &Ask, group: Option<&str>) -> Reply {
    let row = |g: &str, kind: &str, name: &str, location: &str, more: Value| {
        let mut v =
            json!({ "id": facts.id(g, &format!("{kind}/{name}")), "name": name, "type": kind, "location": location });
        if let (Some(v), Value::Object(more)) = (v.as_object_mut(), more) {
            v.extend(more);
        }
        (g.to_owned(), v)
    };
    let mut rows: Vec<(String, Value)> = Vec::new();
    for a in &world.accounts {
        let sku = a.top.get("sku").cloned().unwrap_or_else(|| json!({ "name": "S0" }));
        let more = json!({ "kind": a.kind, "sku": sku, "tags": a.tags });
        rows.push(row(&a.group, "Microsoft.CognitiveServices/accounts", &a.name, &a.region, more));
    }
    for s in &world.stores {
        let more = json!({ "sku": { "name": "standard" } });
        rows.push(row(&s.group, "Microsoft.AppConfiguration/configurationStores", &s.name, &s.region, more));
    }
    for p in &world.profiles {
        rows.push(row(&p.group, "Microsoft.Network/trafficManagerProfiles", &p.name, "global", json!({})));
    }
    rows.extend(world.things.iter().filter_map(generic::row));
    let wanted = match Filter::read(ask.query("$filter")) {
        Ok(f) => f,
        Err(refusal) => return *refusal,
    };
    let more: Vec<String> = ask.query("$expand").unwrap_or_default().split(',').map(|e| e.trim().to_owned()).collect();
    let fits = |(g, v): &(String, Value)| {
        let field = |name: &str| match name {
            "resourcetype" => v["type"].as_str(),
            "resourcegroup" => Some(g.as_str()),
            "managedby" => v["managedBy"].as_str(),
            other => v[other].as_str(),
        };
        group.is_none_or(|want| want.eq_ignore_ascii_case(g)) && wanted.fits(field, &v["tags"])
    };
    let shown = |(_, mut v): (String, Value)| {
        if wanted.of_tags()
            && let Some(row) = v.as_object_mut()
        {
            row.remove("tags");
        }
        expand(facts, world, &more, ask.at, &mut v);
        v
    };
    Reply::list(rows.into_iter().filter(fits).map(shown).collect())
}

/// Adds what was asked for by `$expand`: when something was made and changed, and its state.
fn expand(facts: &Facts, world: &World, more: &[String], at: i64, row: &mut Value) {
    let id = row["id"].as_str().unwrap_or_default().to_owned();
    let thing = world.thing(&id);
    let account = row["name"].as_str().and_then(|n| world.account(n)).filter(|_| thing.is_none());
    let made = thing.map(|t| t.made_at).or(account.map(|a| a.ready_at)).unwrap_or(ALWAYS);
    let state = match (thing, account) {
        (Some(t), _) => services::shown(facts, t, at)["properties"]["provisioningState"].clone(),
        (None, Some(a)) if at < a.ready_at => json!("Creating"),
        _ => json!("Succeeded"),
    };
    for name in more {
        match name.as_str() {
            "createdTime" | "changedTime" => row[name] = json!(rfc3339(facts.utc(made))),
            "provisioningState" => row[name] = state.clone(),
            _ => {}
        }
    }
}
