//! Both sides of a plan as Azure shows them, for comparing. It only reads, and what one reading does not give is kept as
//! not known: the rest is worth having.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use futures::future;
use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::{Azure, AzureError, cognitive, resources, versions};
use crate::clock::Task;
use crate::plan::drift::{
    Assignment, Connection, Deployment, Endpoint, Known, Pair, Parts, Quota, Replica, Seen, Thing,
};
use crate::plan::model::Plan;
use crate::units::{Region, ResourceId, visible};

/// Resources read at one time: enough to be quick, few enough not to be throttled.
const AT_ONCE: usize = 4;
/// Kinds of accounts that have model deployments.
const WITH_MODELS: [&str; 2] = ["OpenAI", "AIServices"];

/// What the models of accounts need of the secondary region.
struct Market {
    offers: Vec<cognitive::Offer>,
    quota: Known<Quota>,
    /// In further subscriptions.
    more: BTreeMap<String, Known<Quota>>,
}

/// Reads everything that these pairs of a plan are compared by.
pub async fn read(azure: &Azure, task: &Task, plan: &Plan, pairs: &[Pair]) -> Seen {
    let mut ids: BTreeMap<String, &ResourceId> = BTreeMap::new();
    for id in pairs.iter().flat_map(|p| std::iter::once(&p.primary).chain(&p.secondary)) {
        ids.insert(id.as_str().to_ascii_lowercase(), id);
    }
    let groups: BTreeSet<String> = ids.values().map(|id| group_id(id)).collect();
    let ask = |key: String| async move {
        let region = group(azure, &task.clock().task(), &key).await;
        (key, region)
    };
    let groups: Vec<_> = groups.into_iter().map(ask).collect();
    let groups =
        stream::iter(groups).buffer_unordered(AT_ONCE).collect::<BTreeMap<String, Result<Region, AzureError>>>();
    // Each question is work of its own to the clock, and this one waits for all of them.
    let child = task.clock().task();
    let market = async move { market(azure, &child, plan, pairs).await };
    let (groups, market) = task.wait(future::join(groups, market)).await;
    // Where nobody answers for one group nobody will for the rest: that is waited for once, and not once a resource.
    let dead = groups.values().all(|g| g.as_ref().is_err_and(|e| e.status().is_none_or(|s| s >= 500)));
    let things = match groups.values().find_map(|g| g.as_ref().err()).filter(|_| dead) {
        Some(why) => ids.into_keys().map(|key| (key, Known::Unread(why.to_string()))).collect(),
        None => {
            let offers = &market.offers;
            let all = ids.into_iter().map(|(key, id)| async move {
                let child = task.clock().task();
                (key, thing(azure, &child, id, offers).await)
            });
            let all: Vec<_> = all.collect();
            task.wait(stream::iter(all).buffer_unordered(AT_ONCE).collect()).await
        }
    };
    let groups = groups.into_iter().map(|(id, region)| (id, Known::of(region))).collect();
    Seen {
        plan: plan.id.clone(),
        digest: plan.texts.digest(),
        azure: azure.cloud().name.clone(),
        simulated: azure.cloud().is_simulated(),
        at: task.now().utc,
        things,
        groups,
        quota: market.quota,
        more_quota: market.more,
    }
}

fn group_id(id: &ResourceId) -> String {
    format!("/subscriptions/{}/resourcegroups/{}", id.subscription(), id.group()).to_ascii_lowercase()
}

async fn group(azure: &Azure, task: &Task, id: &str) -> Result<Region, AzureError> {
    resources::group_region(azure, task, &super::client::resource_id(id)?).await
}

/// Offers and quota of the secondary region, when the plan has AI accounts that stand for each other.
async fn market(azure: &Azure, task: &Task, plan: &Plan, pairs: &[Pair]) -> Market {
    let account = |id: &&ResourceId| id.kind().eq_ignore_ascii_case("Microsoft.CognitiveServices/accounts");
    let mut all = pairs.iter().filter_map(|p| p.secondary.as_ref()).filter(account);
    let (Some(near), Some(side)) = (all.next(), &plan.secondary) else {
        return Market { offers: Vec::new(), quota: Known::Read(BTreeMap::new()), more: BTreeMap::new() };
    };
    // Each subscription has a quota of its own.
    let mut more: BTreeMap<String, Known<Quota>> = BTreeMap::new();
    for other in all.filter(|a| !a.subscription().eq_ignore_ascii_case(near.subscription())) {
        let key = other.subscription().to_ascii_lowercase();
        if let Entry::Vacant(place) = more.entry(key) {
            place.insert(Known::of(cognitive::usages(azure, task, other, &side.region).await));
        }
    }
    let read = async {
        let offers = cognitive::offers(azure, task, near, &side.region).await?;
        Ok::<_, AzureError>((offers, cognitive::usages(azure, task, near, &side.region).await?))
    };
    match read.await {
        Ok((offers, usages)) => Market { offers, quota: Known::Read(usages), more },
        // Without the offers nobody knows which quota a deployment draws on.
        Err(e) => {
            let quota = Known::Unread(e.to_string());
            more.values_mut().for_each(|q| *q = quota.clone());
            Market { offers: Vec::new(), quota, more }
        }
    }
}

async fn thing(azure: &Azure, task: &Task, id: &ResourceId, offers: &[cognitive::Offer]) -> Known<Option<Thing>> {
    let raw = match resources::read(azure, task, id.as_str(), None).await {
        Ok(Some(raw)) => raw,
        Ok(None) => return Known::Read(None),
        Err(e) => return Known::Unread(e.to_string()),
    };
    let text = |v: &Value| v.as_str().filter(|t| !t.is_empty()).map(visible);
    let p = &raw["properties"];
    Known::Read(Some(Thing {
        // Where a storage account was made says nothing of where it serves since it failed over.
        region: Region::new(p["primaryLocation"].as_str().or_else(|| raw["location"].as_str()).unwrap_or_default()),
        kind: text(&raw["kind"]),
        // A vault keeps its tier among its properties.
        sku: text(&raw["sku"]["name"]).or_else(|| text(&p["sku"]["name"])),
        state: text(&p["provisioningState"]),
        public_network: text(&p["publicNetworkAccess"]),
        identity: text(&raw["identity"]["principalId"]),
        roles: Known::of(roles(azure, task, id).await),
        parts: parts(azure, task, id, &raw, offers).await,
    }))
}

async fn parts(azure: &Azure, task: &Task, id: &ResourceId, raw: &Value, offers: &[cognitive::Offer]) -> Parts {
    let p = &raw["properties"];
    match id.kind().to_ascii_lowercase().as_str() {
        "microsoft.cognitiveservices/accounts" => {
            let kind = raw["kind"].as_str().unwrap_or_default();
            let models = WITH_MODELS.iter().any(|k| k.eq_ignore_ascii_case(kind));
            let all = if models { cognitive::deployments(azure, task, id.as_str()).await } else { Ok(Vec::new()) };
            Parts::Account { deployments: Known::of(all.map(|l| l.iter().map(|d| deployment(d, offers)).collect())) }
        }
        "microsoft.keyvault/vaults" => Parts::Vault {
            keep_days: p["softDeleteRetentionInDays"].as_u64(),
            purge_protection: p["enablePurgeProtection"].as_bool().unwrap_or(false),
        },
        "microsoft.storage/storageaccounts" => storage(azure, task, id, p).await,
        "microsoft.containerregistry/registries" => {
            let home = Region::new(raw["location"].as_str().unwrap_or_default());
            Parts::Registry { replicas: Known::of(replicas(azure, task, id, &home).await) }
        }
        "microsoft.network/trafficmanagerprofiles" => profile(p),
        "microsoft.machinelearningservices/workspaces" => {
            Parts::Workspace { connections: Known::of(connections(azure, task, id).await) }
        }
        _ => Parts::Other,
    }
}

fn deployment(d: &cognitive::Deployment, offers: &[cognitive::Offer]) -> Deployment {
    Deployment {
        name: visible(&d.name),
        format: visible(&d.format),
        model: visible(&d.model),
        version: visible(&d.version),
        sku: visible(&d.sku),
        capacity: d.capacity,
        state: visible(&d.state),
        filter: d.raw["properties"]["raiPolicyName"].as_str().map(visible),
        quota: d.quota(offers),
    }
}

/// How far the copy is behind is told only when asked for, and only where there is a copy.
async fn storage(azure: &Azure, task: &Task, id: &ResourceId, p: &Value) -> Parts {
    let copy_in = p["secondaryLocation"].as_str().map(Region::new).filter(|r| !r.name().is_empty());
    let replication = if copy_in.is_some() {
        let read = resources::read(azure, task, id.as_str(), Some("geoReplicationStats")).await;
        let status = |raw: Option<Value>| raw?["properties"]["geoReplicationStats"]["status"].as_str().map(visible);
        Known::of(read.map(status))
    } else {
        Known::Read(None)
    };
    Parts::Storage { copy_in, copy_status: p["statusOfSecondary"].as_str().map(visible), replication }
}

async fn below(azure: &Azure, task: &Task, id: &ResourceId, kind: &str) -> Result<Vec<Value>, AzureError> {
    let version = versions::of(&id.kind()).unwrap_or(versions::GROUPS);
    azure.list(task, &azure.arm(&format!("{id}/{kind}"), version, &[])?).await
}

/// The home region is among the replicas as Azure lists them.
async fn replicas(azure: &Azure, task: &Task, id: &ResourceId, home: &Region) -> Result<Vec<Replica>, AzureError> {
    let of = |row: &Value| Replica {
        region: Region::new(row["location"].as_str().unwrap_or_default()),
        state: row["properties"]["provisioningState"].as_str().map_or_else(|| "Succeeded".to_owned(), visible),
        routed: row["properties"]["regionEndpointEnabled"].as_bool().unwrap_or(true),
    };
    let all = below(azure, task, id, "replications").await?;
    Ok(all.iter().map(of).filter(|r| r.region != *home).collect())
}

async fn connections(azure: &Azure, task: &Task, id: &ResourceId) -> Result<Vec<Connection>, AzureError> {
    let text = |v: &Value| v.as_str().map(visible).unwrap_or_default();
    let of = |row: &Value| Connection {
        name: text(&row["name"]),
        category: text(&row["properties"]["category"]),
        target: text(&row["properties"]["target"]),
    };
    Ok(below(azure, task, id, "connections").await?.iter().map(of).collect())
}

/// Role assignments that hold for a resource: on it, and above it.
async fn roles(azure: &Azure, task: &Task, id: &ResourceId) -> Result<Vec<Assignment>, AzureError> {
    let path = format!("{id}/providers/Microsoft.Authorization/roleAssignments");
    let url = azure.arm(&path, versions::PERMISSIONS, &[("$filter", "atScope()")])?;
    let of = |row: &Value| {
        let p = &row["properties"];
        Some(Assignment {
            principal: visible(p["principalId"].as_str()?),
            principal_kind: p["principalType"].as_str().map(visible).unwrap_or_default(),
            role: visible(p["roleDefinitionId"].as_str()?.rsplit('/').next()?),
        })
    };
    let mut all: Vec<Assignment> = azure.list(task, &url).await?.iter().filter_map(of).collect();
    all.sort();
    all.dedup();
    Ok(all)
}

fn profile(p: &Value) -> Parts {
    let text = |v: &Value| v.as_str().map(visible).unwrap_or_default();
    let is = |v: &Value, word: &str| v.as_str().is_none_or(|t| t.eq_ignore_ascii_case(word));
    let endpoint = |e: &Value| {
        let q = &e["properties"];
        let kind = text(&e["type"]);
        Endpoint {
            name: text(&e["name"]),
            kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
            enabled: is(&q["endpointStatus"], "Enabled"),
            monitor: text(&q["endpointMonitorStatus"]),
            target: text(&q["target"]),
            resource: q["targetResourceId"].as_str().map(visible),
            region: q["endpointLocation"].as_str().map(Region::new).filter(|r| !r.name().is_empty()),
        }
    };
    Parts::Profile {
        enabled: is(&p["profileStatus"], "Enabled"),
        routing: text(&p["trafficRoutingMethod"]),
        ttl: p["dnsConfig"]["ttl"].as_u64(),
        endpoints: p["endpoints"].as_array().into_iter().flatten().map(endpoint).collect(),
    }
}
