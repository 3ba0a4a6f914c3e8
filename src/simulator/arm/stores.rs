//! App Configuration stores as resources; their keys live in `appconfig`.

use hyper::Method;
use serde_json::{Value, json};

use super::{Target, not_allowed, not_found};
use crate::simulator::appconfig;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::world::{Store, World};

const KIND: &str = "Microsoft.AppConfiguration/configurationStores";

/// Answers requests to the provider.
pub fn answer(facts: &Facts, world: &World, ask: &Ask, target: &Target<'_>) -> Reply {
    let route = target.route();
    let find = |g: &str| {
        let name = &target.names[1];
        world.store(name).filter(|s| s.group.eq_ignore_ascii_case(g)).ok_or_else(|| not_found(g, KIND, name))
    };
    match (&ask.method, route.as_slice(), target.group) {
        (&Method::GET, ["configurationstores"], group) => {
            let here = |s: &&Store| group.is_none_or(|g| g.eq_ignore_ascii_case(&s.group));
            Reply::list(world.stores.iter().filter(here).map(|s| body(facts, s)).collect())
        }
        (&Method::GET, ["configurationstores", _], Some(g)) => {
            find(g).map_or_else(|r| r, |s| Reply::ok(&body(facts, s)))
        }
        (&Method::POST, ["configurationstores", _, "listkeys"], Some(g)) => {
            find(g).map_or_else(|r| r, |s| keys(facts, s))
        }
        (_, ["configurationstores", ..], Some(_)) => not_allowed(ask),
        _ => Reply::no_route(ask),
    }
}

fn endpoint(s: &Store) -> String {
    format!("https://{}.azconfig.io", s.name.to_ascii_lowercase())
}

fn body(facts: &Facts, s: &Store) -> Value {
    json!({
        "id": facts.id(&s.group, &format!("{KIND}/{}", s.name)), "name": s.name, "type": KIND, "location": s.region,
        "sku": { "name": "standard" }, "tags": {},
        "properties": {
            "provisioningState": "Succeeded", "creationDate": rfc3339(facts.utc(i64::MIN)), "endpoint": endpoint(s),
            "publicNetworkAccess": "Enabled", "disableLocalAuth": false, "softDeleteRetentionInDays": 7,
            "enablePurgeProtection": false, "privateEndpointConnections": [],
        },
    })
}

fn keys(facts: &Facts, s: &Store) -> Reply {
    let (id, secret) = appconfig::key(facts, &s.name);
    Reply::list(vec![json!({
        "id": id, "name": "Primary", "value": secret, "readOnly": false, "lastModified": rfc3339(facts.utc(i64::MIN)),
        "connectionString": format!("Endpoint={};Id={id};Secret={secret}", endpoint(s)),
    })])
}
