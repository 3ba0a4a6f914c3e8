//! One case an action at least: what is asked of the sea, where a fault strikes it, and what makes its own rule refuse it.

use std::collections::BTreeMap;

use lifeboat::rehearsal::scenario::{Place, World};
use lifeboat::rehearsal::things::Resource;
use lifeboat::runbook::model::{Action, FailoverKind, Method, Routing, Switch};
use lifeboat::units::Region;
use serde_json::{Value, json};

use super::sea::{id, written};
use crate::simulator::busy::SUB;

pub struct Case {
    pub action: Action,
    /// What the run created before.
    pub created: Vec<String>,
    /// Where a fault has to strike to hit its change and not the questions before.
    pub at: Place,
    pub guard: Guard,
    /// Azure answers it at once: nothing of it can fail later.
    pub at_once: bool,
    /// It can be seen to be true already. What is only sent cannot.
    pub readable: bool,
}

/// What makes its own rule refuse it, and a word of the refusal.
pub enum Guard {
    /// This has happened to the world.
    World(fn(&mut World), &'static str),
    /// This is asked for instead.
    Asked(Action, &'static str),
    /// The run created nothing, so nothing is done.
    NothingCreated,
}

/// The action's name. Without a wildcard: a new action does not compile until it is here.
pub fn name(action: &Action) -> &'static str {
    match action {
        Action::CreateAccount { .. } => "CreateAccount",
        Action::CopyDeployments { .. } => "CopyDeployments",
        Action::RaiseCapacity { .. } => "RaiseCapacity",
        Action::SetAppConfiguration { .. } => "SetAppConfiguration",
        Action::DeleteCreatedDeployments { .. } => "DeleteCreatedDeployments",
        Action::CreateResourceGroup { .. } => "CreateResourceGroup",
        Action::RecoverAccount { .. } => "RecoverAccount",
        Action::RecoverVault { .. } => "RecoverVault",
        Action::RecoverVaultObject { .. } => "RecoverVaultObject",
        Action::RecoverLogWorkspace { .. } => "RecoverLogWorkspace",
        Action::SetTrafficEndpoint { .. } => "SetTrafficEndpoint",
        Action::SetTrafficRouting { .. } => "SetTrafficRouting",
        Action::FailOverStorage { .. } => "FailOverStorage",
        Action::AddRegistryReplica { .. } => "AddRegistryReplica",
        Action::SetRegistryReplica { .. } => "SetRegistryReplica",
        Action::SetOnlineEndpointTraffic { .. } => "SetOnlineEndpointTraffic",
        Action::StartCompute { .. } => "StartCompute",
        Action::StopCompute { .. } => "StopCompute",
        Action::SetDnsRecord { .. } => "SetDnsRecord",
        Action::SetFrontDoorOrigin { .. } => "SetFrontDoorOrigin",
        Action::DeployTemplate { .. } => "DeployTemplate",
        Action::ArmRequest { .. } => "ArmRequest",
        Action::HttpRequest { .. } => "HttpRequest",
    }
}

impl Case {
    /// The action's name, and of a request its method.
    pub fn name(&self) -> String {
        match &self.action {
            Action::ArmRequest { method, .. } => format!("ArmRequest {}", method.name()),
            Action::FailOverStorage { how: FailoverKind::Unplanned, .. } => "FailOverStorage unplanned".to_owned(),
            other => name(other).to_owned(),
        }
    }
}

pub fn account(group: &str, name: &str) -> String {
    id(group, &format!("Microsoft.CognitiveServices/accounts/{name}"))
}

pub fn endpoint(name: &str) -> String {
    format!("{}/externalEndpoints/{name}", profile())
}

fn profile() -> String {
    id("rg-r", "Microsoft.Network/trafficManagerProfiles/tm-a")
}

pub fn fail_over(how: FailoverKind) -> Action {
    let account = id("rg-a", "Microsoft.Storage/storageAccounts/stgeo");
    Action::FailOverStorage { account, region: "West US".into(), how }
}

/// A workspace of any subscription that leans on the account.
pub fn default_store(name: &str) -> Resource {
    written(&format!(
        r#"Resource(id: "rg-ml/Microsoft.MachineLearningServices/workspaces/{name}", location: "eastus",
            properties: {{ "storageAccount": "{}" }})"#,
        id("rg-a", "Microsoft.Storage/storageAccounts/STGEO"),
    ))
}

pub fn template() -> Value {
    json!({ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "resources": [{ "type": "Microsoft.OperationalInsights/workspaces", "apiVersion": "2023-09-01", "name": "log-twin",
            "location": "eastus2", "properties": { "retentionInDays": 31 } }] })
}

fn thing<'w>(w: &'w mut World, end: &str) -> &'w mut Resource {
    w.resources.iter_mut().find(|r| r.id.ends_with(end)).unwrap_or_else(|| panic!("{end}"))
}

fn set(w: &mut World, end: &str, name: &str, value: Value) {
    let properties = &mut thing(w, end).properties;
    if properties.is_null() {
        *properties = json!({});
    }
    properties[name] = value;
}

fn nothing_deleted(w: &mut World) {
    w.deleted.clear();
}

fn no_bare_account(w: &mut World) {
    w.accounts.retain(|a| a.name != "oai-bare" && a.name != "oai-small");
}

fn arm_in(region: &str) -> Place {
    Place::ArmIn(Region::new(region))
}

/// One that lasts, in East US 2.
fn lasting(action: Action, guard: Guard) -> Case {
    Case { action, created: Vec::new(), at: arm_in("eastus2"), guard, at_once: false, readable: true }
}

fn at_once(action: Action, guard: Guard) -> Case {
    Case { at_once: true, ..lasting(action, guard) }
}

fn request(resource: String, method: Method, body: Value) -> Action {
    let api_version = "2023-09-01".into();
    Action::ArmRequest { resource, method, api_version, body }
}

fn hook(url: &str) -> Action {
    Action::HttpRequest { url: url.into(), method: Method::Post, body: json!({ "text": "it begins" }) }
}

#[rustfmt::skip]
pub fn all() -> Vec<Case> {
    use Guard::{Asked, NothingCreated, World};
    let region = || "eastus2".to_owned();
    let deleted = "does not wait in soft delete";
    let vault = |group: &str, name: &str| id(group, &format!("Microsoft.KeyVault/vaults/{name}"));
    let registry = || id("rg-r", "Microsoft.ContainerRegistry/registries/crbusy");
    let ml = |rest: &str| id("rg-r", &format!("Microsoft.MachineLearningServices/workspaces/mlw/{rest}"));
    let lock = || format!("{SUB}/resourceGroups/rg-r/providers/Microsoft.Authorization/locks/recovery");
    let disabled = |endpoint| Action::SetTrafficEndpoint { endpoint, status: Some(Switch::Disabled), weight: Some(7), priority: None };
    vec![
        lasting(Action::CreateAccount { account: account("rg-r", "oai-new"), like: account("rg-a", "oai-full"), region: region() },
            World(|w| w.deleted.push(written(r#"Deleted(what: AIAccount, name: "oai-new", group: "rg-r", region: "eastus2", ago: "1h")"#)), "holds the name oai-new")),
        lasting(Action::CopyDeployments { from: account("rg-a", "oai-full"), to: account("rg-r", "oai-bare"), first: String::new() },
            World(no_bare_account, "there is no account oai-bare")),
        lasting(Action::RaiseCapacity { account: account("rg-r", "oai-small"), like: account("rg-a", "oai-full") },
            World(no_bare_account, "there is no account oai-small")),
        Case { at: Place::AppConfiguration, ..at_once(Action::SetAppConfiguration { store: id("rg-r", "Microsoft.AppConfiguration/configurationStores/appc"),
                values: BTreeMap::from([("active-region".to_owned(), "westus".to_owned())]) },
            Asked(Action::SetAppConfiguration { store: id("rg-r", "Microsoft.AppConfiguration/configurationStores/appc"),
                values: BTreeMap::from([("weight-eastus".to_owned(), "0".to_owned())]) }, "no region would serve")) },
        Case { created: vec![format!("{}/deployments/chat", account("rg-r", "oai-small"))],
            ..lasting(Action::DeleteCreatedDeployments { account: account("rg-r", "oai-small") }, NothingCreated) },
        Case { at: arm_in("westus"), ..at_once(Action::CreateResourceGroup { group: format!("{SUB}/resourceGroups/rg-new"), region: "westus".into() },
            World(|w| { w.groups.insert("rg-new".into(), Region::new("eastus")); }, "exists already in East US")) },
        lasting(Action::RecoverAccount { account: account("rg-r", "oai-lost"), region: region() }, World(nothing_deleted, deleted)),
        lasting(Action::RecoverVault { vault: vault("rg-r", "kv-gone"), region: region() }, World(nothing_deleted, deleted)),
        Case { at: Place::DataPlane(Region::new("eastus")),
            ..at_once(Action::RecoverVaultObject { vault: vault("rg-a", "kv-a"), object: "db-password".into(), kind: "secret".into() },
            World(nothing_deleted, "neither in the vault nor in its soft delete")) },
        lasting(Action::RecoverLogWorkspace { workspace: id("rg-r", "Microsoft.OperationalInsights/workspaces/log-gone"), region: region() },
            World(nothing_deleted, deleted)),
        at_once(disabled(endpoint("east")), World(|w| { w.profiles[0].targets.remove(1); }, "only endpoint")),
        at_once(Action::SetTrafficRouting { profile: profile(), method: Routing::Weighted }, World(|w| w.profiles[0].targets.clear(), "leads nowhere")),
        Case { at: arm_in("eastus"), ..lasting(fail_over(FailoverKind::Planned),
            World(|w| w.resources.push(default_store("mlw-b")), "default storage account of the workspace mlw-b")) },
        Case { at: arm_in("eastus"), ..lasting(fail_over(FailoverKind::Unplanned),
            World(|w| set(w, "/stgeo", "geoReplicationStats", json!({ "lastSyncTime": "ago:4m", "canFailover": false })), "cannot fail over now")) },
        Case { at: arm_in("westus2"), ..lasting(Action::AddRegistryReplica { registry: registry(), region: "westus2".into() },
            World(|w| thing(w, "/crbusy").sku = Some("Basic".into()), "only Premium")) },
        Case { at: arm_in("westus"), ..lasting(Action::SetRegistryReplica { registry: registry(), region: "westus".into(), status: Switch::Disabled },
            Asked(Action::SetRegistryReplica { registry: registry(), region: "westus3".into(), status: Switch::Disabled }, "has no replica in West US 3")) },
        lasting(Action::SetOnlineEndpointTraffic { endpoint: ml("onlineEndpoints/score"), traffic: BTreeMap::from([("blue".to_owned(), 0), ("green".to_owned(), 100)]) },
            World(|w| set(w, "/deployments/green", "provisioningState", json!("Failed")), "is Failed and serves nobody")),
        lasting(Action::StartCompute { compute: ml("computes/ci") },
            World(|w| set(w, "/computes/ci", "computeType", json!("AmlCompute")), "only compute instances")),
        lasting(Action::StopCompute { compute: ml("computes/runs") },
            World(|w| set(w, "/computes/runs", "properties", json!({ "state": "JobRunning" })), "JobRunning")),
        at_once(Action::SetDnsRecord { record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/CNAME/www"), values: vec!["west.example.net".into()], ttl: Some(60) },
            World(|w| set(w, "/CNAME/www", "targetResource", json!({ "id": "x" })), "alias")),
        at_once(Action::SetDnsRecord { record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/A/new"), values: vec!["192.0.2.7".into()], ttl: None },
            Asked(Action::SetDnsRecord { record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/A/new"), values: vec!["west".into()], ttl: None }, "is no value of a record")),
        // In a text every letter counts.
        at_once(Action::SetDnsRecord { record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/TXT/proof"), values: vec!["aBC".into()], ttl: None },
            Asked(Action::SetDnsRecord { record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/TXT/proof"), values: vec![], ttl: None }, "needs a value")),
        lasting(Action::SetFrontDoorOrigin { origin: id("rg-r", "Microsoft.Cdn/profiles/fd/originGroups/og/origins/east"), status: Some(Switch::Disabled), weight: None, priority: None },
            World(|w| set(w, "/origins/west", "enabledState", json!("Disabled")), "only origin")),
        lasting(Action::DeployTemplate { group: format!("{SUB}/resourceGroups/rg-r"), name: "twin".into(), template: template(), parameters: BTreeMap::new() },
            World(|w| w.deleted.push(written(r#"Deleted(what: LogWorkspace, name: "log-twin", group: "rg-r", region: "eastus2", ago: "1h")"#)), "holds the name log-twin")),
        lasting(request(registry(), Method::Patch, json!({ "properties": { "adminUserEnabled": true } })),
            World(|w| w.resources.retain(|r| !r.id.contains("/crbusy")), "there is no crbusy")),
        at_once(request(lock(), Method::Put, json!({ "properties": { "level": "CanNotDelete", "notes": "drill" } })),
            Asked(request(vault("rg-r", "kv-old"), Method::Put, json!({ "location": "eastus2", "properties": {} })), "soft-deleted key vault holds the name kv-old")),
        Case { at: arm_in("westus"), ..lasting(request(format!("{}/replications/westus", registry()), Method::Delete, Value::Null),
            Asked(request(format!("{SUB}/resourceGroups/rg-r"), Method::Delete, Value::Null), "never deleted here")) },
        Case { readable: false, ..lasting(request(ml("computes/runs/restart"), Method::Post, Value::Null),
            Asked(request(format!("{SUB}/providers/Microsoft.KeyVault/locations/eastus2/deletedVaults/kv-old/purge"), Method::Post, Value::Null), "for good")) },
        Case { readable: false, at: Place::DataPlane(Region::new("eastus2")), ..at_once(hook("https://hooks.example.com/drill"),
            Asked(hook("https://me:word@hooks.example.com/drill"), "without a name and password")) },
    ]
}
