//! One case an action: what it meets, and what makes its own rule refuse it.

use std::collections::BTreeMap;

use lifeboat::runbook::model::{Action, FailoverKind, Method, Routing, Switch};
use serde_json::{Value, json};

use super::super::{SUB, account};
use super::world::World;

pub struct Case {
    pub action: Action,
    pub before: Vec<(String, Value)>,
    /// What has to happen for its rule to refuse it, and a word of the refusal.
    pub guard: (fn(&mut World), &'static str),
    /// It can be seen to be true already. What is only sent cannot.
    pub readable: bool,
}

const ENDPOINTS: &str = "Microsoft.Network/trafficManagerProfiles";

pub fn id(kind: &str, name: &str) -> String {
    format!("{SUB}/resourceGroups/rg/providers/{kind}/{name}")
}

pub fn endpoint(name: &str) -> String {
    format!("{}/externalEndpoints/{name}", id(ENDPOINTS, "tm"))
}

fn group() -> (String, Value) {
    (
        format!("{SUB}/resourceGroups/rg"),
        json!({ "location": "eastus", "properties": { "provisioningState": "Succeeded" } }),
    )
}

fn subscription() -> (String, Value) {
    (SUB.to_owned(), json!({ "tenantId": "00000000-0000-0000-0000-0000000000aa" }))
}

fn ai(name: &str, region: &str) -> (String, Value) {
    let endpoint = format!("https://{name}.openai.azure.com/");
    let body = json!({ "location": region, "kind": "OpenAI", "sku": { "name": "S0" },
        "properties": { "provisioningState": "Succeeded", "endpoint": endpoint } });
    (account(name), body)
}

fn model(of: &str, capacity: i64) -> (String, Value) {
    let properties = json!({ "provisioningState": "Succeeded",
        "model": { "format": "OpenAI", "name": "gpt-4o", "version": "1" } });
    (
        format!("{}/deployments/chat", account(of)),
        json!({ "sku": { "name": "Standard", "capacity": capacity }, "properties": properties }),
    )
}

fn deleted_account() -> (String, Value) {
    let path =
        format!("{SUB}/providers/Microsoft.CognitiveServices/locations/eastus/resourceGroups/rg/deletedAccounts/gone");
    (path, json!({ "location": "eastus", "properties": { "scheduledPurgeDate": "2027-01-17T08:00:00Z" } }))
}

fn deleted_vault() -> (String, Value) {
    let path = format!("{SUB}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/kv");
    let properties = json!({ "vaultId": id("Microsoft.KeyVault/vaults", "kv"), "location": "eastus",
        "scheduledPurgeDate": "2027-02-17T08:00:00Z" });
    (path, json!({ "properties": properties }))
}

fn profile() -> Vec<(String, Value)> {
    let one = |name: &str, place: u32| {
        json!({ "id": endpoint(name), "name": name, "type": format!("{ENDPOINTS}/externalEndpoints"),
            "properties": { "endpointStatus": "Enabled", "endpointMonitorStatus": "Online", "target": "a.example.com",
                "weight": 1, "priority": place } })
    };
    let (east, west) = (one("east", 1), one("west", 2));
    let body = json!({ "location": "global", "properties": { "profileStatus": "Enabled",
        "trafficRoutingMethod": "Weighted", "endpoints": [east, west] } });
    vec![(id(ENDPOINTS, "tm"), body), (endpoint("east"), east), (endpoint("west"), west)]
}

pub fn store() -> Vec<(String, Value)> {
    let geo = json!({ "status": "Live", "lastSyncTime": "2027-01-15T07:55:00Z", "canFailover": true, "canPlannedFailover": true,
        "postFailoverRedundancy": "Standard_LRS", "postPlannedFailoverRedundancy": "Standard_GRS" });
    let body = json!({ "location": "eastus", "sku": { "name": "Standard_GRS" }, "properties": {
        "provisioningState": "Succeeded", "primaryLocation": "eastus", "secondaryLocation": "westus",
        "geoReplicationStats": geo } });
    vec![(id("Microsoft.Storage/storageAccounts", "data"), body)]
}

pub fn fail_over(how: FailoverKind) -> Action {
    Action::FailOverStorage { account: id("Microsoft.Storage/storageAccounts", "data"), region: "West US".into(), how }
}

pub fn default_store(w: &mut World) {
    let path = format!("{SUB}/providers/Microsoft.MachineLearningServices/workspaces/ws");
    let store = id("Microsoft.Storage/storageAccounts", "DATA");
    w.put(&path, json!({ "location": "eastus", "properties": { "storageAccount": store } }));
}

fn registry() -> Vec<(String, Value)> {
    let r = id("Microsoft.ContainerRegistry/registries", "cr");
    let replica = json!({ "location": "eastus", "properties": { "provisioningState": "Succeeded", "regionEndpointEnabled": true } });
    let body = json!({ "location": "eastus", "sku": { "name": "Premium" }, "properties": { "provisioningState": "Succeeded" } });
    let mut west = replica.clone();
    west["location"] = json!("westus");
    vec![(r.clone(), body), (format!("{r}/replications/eastus"), replica), (format!("{r}/replications/westus"), west)]
}

fn online() -> Vec<(String, Value)> {
    let e = id("Microsoft.MachineLearningServices/workspaces", "ws/onlineEndpoints/score");
    let body = json!({ "location": "eastus", "kind": "Managed", "identity": { "type": "SystemAssigned", "principalId": "x" },
        "properties": { "authMode": "Key", "scoringUri": "https://x", "provisioningState": "Succeeded", "traffic": { "blue": 100 } } });
    let one = |n: &str| (format!("{e}/deployments/{n}"), json!({ "location": "eastus", "properties": {} }));
    vec![(e.clone(), body), one("blue"), one("green")]
}

fn computer(state: &str) -> Vec<(String, Value)> {
    let c = id("Microsoft.MachineLearningServices/workspaces", "ws/computes/ci");
    let body = json!({ "location": "eastus", "properties": { "computeType": "ComputeInstance",
        "provisioningState": "Succeeded", "properties": { "state": state } } });
    vec![(c, body)]
}

fn origins() -> Vec<(String, Value)> {
    let g = id("Microsoft.Cdn/profiles", "fd/originGroups/g");
    let body = |place: u32| json!({ "properties": { "enabledState": "Enabled", "priority": place, "weight": 500, "provisioningState": "Succeeded" } });
    vec![(format!("{g}/origins/east"), body(1)), (format!("{g}/origins/west"), body(2))]
}

pub fn template() -> Value {
    json!({ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "resources": [{ "type": "Microsoft.Search/searchServices", "apiVersion": "2023-11-01", "name": "find", "location": "eastus" }] })
}

fn what_if(kind: &str) -> Value {
    let delta = json!([{ "path": "properties.replicaCount", "propertyChangeType": "Modify", "before": 1, "after": 2 }]);
    json!({ "status": "Succeeded", "properties": { "changes": [
        { "resourceId": id("Microsoft.Search/searchServices", "find"), "changeType": kind, "delta": delta },
        { "resourceId": id("Microsoft.Search/searchServices", "same"), "changeType": "NoChange" }] } })
}

fn set<const N: usize>(pairs: [(&str, u32); N]) -> BTreeMap<String, u32> {
    pairs.map(|(k, v)| (k.to_owned(), v)).into()
}

fn case(action: Action, before: Vec<(String, Value)>, guard: (fn(&mut World), &'static str)) -> Case {
    Case { action, before, guard, readable: true }
}

#[rustfmt::skip]
pub fn all() -> Vec<Case> {
    let both = || vec![ai("east", "eastus"), ai("west", "westus3"), model("east", 100)];
    let (registry_id, vault) = (id("Microsoft.ContainerRegistry/registries", "cr"), id("Microsoft.KeyVault/vaults", "kv"));
    let logs = id("Microsoft.OperationalInsights/workspaces", "logs");
    let compute = id("Microsoft.MachineLearningServices/workspaces", "ws/computes/ci");
    let tags = json!({ "tags": { "drill": "yes" } });
    vec![
        case(Action::CreateAccount { account: account("gone"), like: account("east"), region: "eastus".into() }, vec![ai("east", "eastus")],
            (|w| { let (p, b) = deleted_account(); w.put(&p, b); }, "2027-01-17T08:00:00Z")),
        case(Action::CopyDeployments { from: account("east"), to: account("west"), first: String::new() }, both(),
            (|w| { w.there.remove(&account("west").to_lowercase()); }, "there is no account west")),
        case(Action::RaiseCapacity { account: account("west"), like: account("east") }, [both(), vec![model("west", 10)]].concat(),
            (|w| { w.there.remove(&account("west").to_lowercase()); }, "there is no account west")),
        case(Action::SetAppConfiguration { store: id("Microsoft.AppConfiguration/configurationStores", "store"),
                values: BTreeMap::from([("active".to_owned(), "westus".to_owned())]) },
            vec![("/store/kv/active".into(), json!({ "value": "eastus", "etag": "t" }))],
            (|w| w.edit("/store/kv/active", "/etag", json!(null)), "ETag")),
        case(Action::CreateResourceGroup { group: format!("{SUB}/resourceGroups/rg"), region: "East US".into() }, vec![],
            (|w| { let (p, mut b) = group(); b["location"] = json!("westus"); w.put(&p, b); }, "exists already in West US")),
        case(Action::RecoverAccount { account: account("gone"), region: "eastus".into() }, vec![group(), deleted_account()],
            (|w| w.there.retain(|k, _| !k.contains("deletedaccounts")), "does not wait in soft delete")),
        case(Action::RecoverVault { vault: vault.clone(), region: "eastus".into() }, vec![group(), subscription(), deleted_vault()],
            (|w| { w.there.remove(&group().0.to_lowercase()); }, "the resource group rg does not exist")),
        case(Action::RecoverVaultObject { vault, object: "key".into(), kind: "secret".into() },
            vec![("/vault/deletedsecrets/key".into(), json!({ "scheduledPurgeDate": 1_802_000_000 }))],
            (|w| { w.there.remove("/vault/deletedsecrets/key"); }, "neither in the vault nor in its soft delete")),
        case(Action::RecoverLogWorkspace { workspace: logs.clone(), region: "eastus".into() }, vec![group(),
            (format!("{SUB}/providers/Microsoft.OperationalInsights/deletedWorkspaces/logs"),
                json!({ "id": logs, "location": "eastus", "properties": { "sku": { "name": "PerGB2018" } } }))],
            (|w| w.there.retain(|k, _| !k.contains("deletedworkspaces")), "does not wait in soft delete")),
        case(Action::SetTrafficEndpoint { endpoint: endpoint("east"), status: Some(Switch::Disabled), weight: Some(7), priority: None }, profile(),
            (|w| w.edit(&id(ENDPOINTS, "tm"), "/properties/endpoints/1/properties/endpointStatus", json!("Disabled")), "only endpoint")),
        case(Action::SetTrafficRouting { profile: id(ENDPOINTS, "tm"), method: Routing::Priority }, profile(),
            (|w| { w.there.remove(&id(ENDPOINTS, "tm").to_lowercase()); }, "there is no tm")),
        case(fail_over(FailoverKind::Planned), store(), (default_store, "default storage account of the workspace ws")),
        case(fail_over(FailoverKind::Unplanned), store(),
            (|w| w.edit(&id("Microsoft.Storage/storageAccounts", "data"), "/properties/geoReplicationStats/canFailover", json!(false)), "cannot fail over now")),
        case(Action::AddRegistryReplica { registry: registry_id.clone(), region: "westeurope".into() }, registry(),
            (|w| w.edit(&id("Microsoft.ContainerRegistry/registries", "cr"), "/sku/name", json!("Basic")), "only Premium")),
        case(Action::SetRegistryReplica { registry: registry_id, region: "westus".into(), status: Switch::Disabled }, registry(),
            (|w| w.edit(&format!("{}/replications/eastus", id("Microsoft.ContainerRegistry/registries", "cr")), "/properties/regionEndpointEnabled", json!(false)), "only replica")),
        case(Action::SetOnlineEndpointTraffic { endpoint: online()[0].0.clone(), traffic: set([("blue", 0), ("green", 100)]) }, online(),
            (|w| w.there.retain(|k, _| !k.ends_with("/deployments/green")), "has no deployment green")),
        case(Action::StartCompute { compute: compute.clone() }, computer("Stopped"),
            (|w| w.edit(&computer("")[0].0, "/properties/computeType", json!("AmlCompute")), "only compute instances")),
        case(Action::StopCompute { compute }, computer("Running"),
            (|w| w.edit(&computer("")[0].0, "/properties/properties/state", json!("JobRunning")), "JobRunning")),
        case(Action::SetDnsRecord { record: id("Microsoft.Network/dnsZones", "z.example/CNAME/www"), values: vec!["west.example.com".into()], ttl: None },
            vec![(id("Microsoft.Network/dnsZones", "z.example/CNAME/www"), json!({ "etag": "t", "properties": { "TTL": 60, "CNAMERecord": { "cname": "east.example.com" }, "targetResource": {} } }))],
            (|w| w.edit(&id("Microsoft.Network/dnsZones", "z.example/CNAME/www"), "/properties/targetResource", json!({ "id": "x" })), "alias")),
        case(Action::SetFrontDoorOrigin { origin: origins()[0].0.clone(), status: Some(Switch::Disabled), weight: None, priority: None }, origins(),
            (|w| w.edit(&origins()[1].0, "/properties/enabledState", json!("Disabled")), "only origin")),
        case(Action::DeployTemplate { group: group().0, name: "twin".into(), template: template(), parameters: BTreeMap::new() },
            vec![group(), ("/whatif".into(), what_if("Modify"))],
            (|w| { w.there.insert("/whatif".into(), what_if("Delete")); }, "deletes")),
        case(Action::ArmRequest { resource: id("Microsoft.Search/searchServices", "find"), method: Method::Patch, api_version: "2023-11-01".into(), body: tags },
            vec![(id("Microsoft.Search/searchServices", "find"), json!({ "location": "eastus", "tags": { "drill": "no" }, "properties": {} }))],
            (|w| { w.there.remove(&id("Microsoft.Search/searchServices", "find").to_lowercase()); }, "there is no find")),
        case(Action::ArmRequest { resource: id("Microsoft.Search/searchServices", "find"), method: Method::Delete, api_version: "2023-11-01".into(), body: Value::Null },
            vec![(id("Microsoft.Search/searchServices", "find"), json!({ "location": "eastus", "properties": {} }))], (|_| {}, "")),
        Case { readable: false, ..case(Action::ArmRequest { resource: id("Microsoft.Search/searchServices", "find/verb"), method: Method::Post,
            api_version: "2023-11-01".into(), body: Value::Null }, vec![], (|_| {}, "")) },
        Case { readable: false, ..case(Action::HttpRequest { url: "https://hooks.example.com/drill".into(), method: Method::Post,
            body: json!({ "text": "it begins" }) }, vec![], (|_| {}, "")) },
    ]
}
