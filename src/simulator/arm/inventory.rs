//! What ARM itself knows: subscriptions, regions, groups, resources, providers, rights and locks.

use hyper::Method;
use serde_json::{Value, json};

use super::{generic, providers, tags};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, filter};
use crate::simulator::world::World;
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
        (&Method::GET, ["providers"]) => providers::all(world),
        (&Method::GET, ["tagnames"]) => tags::names(facts, world),
        _ => Reply::no_route(ask),
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
    let Some(conditions) = filter(ask.query("$filter").unwrap_or_default()) else {
        return Reply::error(400, "InvalidFilterInQueryString", "Invalid $filter in the query string.");
    };
    if let Some((name, op, _)) = conditions
        .iter()
        .find(|(n, op, _)| op != "eq" || !["resourcetype", "location", "name", "resourcegroup"].contains(&n.as_str()))
    {
        let text = format!(
            "Invalid $filter '{name} {op}' in the query string: resourceType, location, name and resourceGroup compare with eq."
        );
        return Reply::error(400, "InvalidFilterInQueryString", &text);
    }
    let fits = |(g, v): &(String, Value)| {
        group.is_none_or(|want| want.eq_ignore_ascii_case(g))
            && conditions.iter().all(|(name, _, value)| {
                let own = match name.as_str() {
                    "resourcetype" => v["type"].as_str(),
                    "resourcegroup" => Some(g.as_str()),
                    other => v[other].as_str(),
                };
                own.is_some_and(|o| o.eq_ignore_ascii_case(value))
            })
    };
    Reply::list(rows.into_iter().filter(fits).map(|r| r.1).collect())
}

/// A list; it is cut into pages on its way out.
pub fn page(_: &Facts, _: &Ask, rows: Vec<Value>) -> Reply {
    Reply::list(rows)
}
