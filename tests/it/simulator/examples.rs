//! What the simulator shows, beside the published examples of the same answers: the same names for the same kinds of value.

use std::path::Path;

use super::busy::*;
use super::*;

/// What an example holds and this Azure does not have: private links, keys' ages, previews.
const NOT_HERE: [&str; 34] = [
    "systemData",
    "identity",
    "accessPolicies",
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "hsmPoolResourceId",
    "keyCreationTime",
    "isHnsEnabled",
    "routingPreference",
    "encryption",
    "isSkuConversionBlocked",
    "accountMigrationInProgress",
    "geoReplicationStats",
    "containerRegistry",
    "applicationInsights",
    "description",
    "hbiWorkspace",
    "serviceProvisionedResourceGroup",
    "privateLinkCount",
    "allowPublicAccessWhenBehindVnet",
    "privateEndpointConnections",
    "sharedPrivateLinkResources",
    "notebookInfo",
    "imageBuildCompute",
    "storageHnsEnabled",
    "tenantId",
    "serverlessComputeSettings",
    "networkRuleSet",
    "policies",
    "networkRuleBypassOptions",
    "sharedPrivateLinkResource",
    "originHostHeader",
    "defaultServiceVersion",
];

fn example(folder: &Path, file: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let v: Value = serde_json::from_str(&text).unwrap();
    let body = v["responses"]["200"]["body"].clone();
    if body["value"].is_array() { body["value"][0].clone() } else { body }
}

fn kind(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

/// Differences between what an example has and what is shown, by name.
fn compare(example: &Value, own: &Value, at: &str, wrong: &mut Vec<String>) {
    for (name, theirs) in example.as_object().into_iter().flatten() {
        let ours = &own[name];
        let unlike = !ours.is_null() && !theirs.is_null() && kind(ours) != kind(theirs);
        // An example of a component has an empty text for its tags.
        let slip = name == "tags" && theirs == "";
        if unlike && !slip {
            wrong.push(format!("{at}{name} is a {} and not a {}", kind(ours), kind(theirs)));
        }
        if own.get(name).is_none() && !theirs.is_null() && !NOT_HERE.contains(&name.as_str()) {
            wrong.push(format!("{at}{name} is missing"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_the_shape_of_the_published_examples() {
    let Some(folder) = crate::azure::examples::folder() else { return };
    let b = bench_of(busy(), None).await;
    let bin = |provider: &str, list: &str| format!("{SUB}/providers/{provider}/locations/eastus2/{list}{V}");
    let mut wrong = Vec::new();
    for (file, path) in [
        ("Microsoft.KeyVault/Vaults_Get.json", at("rg-a", "Microsoft.KeyVault/vaults/kv-a")),
        ("Microsoft.KeyVault/Vaults_GetDeleted.json", bin("Microsoft.KeyVault", "deletedVaults/kv-gone")),
        ("Microsoft.Storage/StorageAccounts_GetProperties.json", at("rg-a", "Microsoft.Storage/storageAccounts/stgeo")),
        (
            "Microsoft.Storage/StorageAccounts_GetProperties.geoReplicationStats.canFailoverTrue.json",
            at("rg-a", "Microsoft.Storage/storageAccounts/stgeo") + "&$expand=geoReplicationStats",
        ),
        ("Microsoft.Storage/DeletedAccounts_Get.json", bin("Microsoft.Storage", "deletedAccounts/stgone")),
        (
            "Microsoft.Storage/BlobServices_GetServiceProperties.json",
            at("rg-a", "Microsoft.Storage/storageAccounts/stgeo/blobServices/default"),
        ),
        (
            "Microsoft.ContainerRegistry/Registries_Get.json",
            at("rg-r", "Microsoft.ContainerRegistry/registries/crbusy"),
        ),
        (
            "Microsoft.ContainerRegistry/Replications_List.json",
            at("rg-r", "Microsoft.ContainerRegistry/registries/crbusy/replications/westus"),
        ),
        (
            "Microsoft.Network.TrafficManager/Profiles_Get.json",
            at("rg-r", "Microsoft.Network/trafficManagerProfiles/tm-a"),
        ),
        (
            "Microsoft.Network.Dns/RecordSets_Get.CNAME.json",
            at("rg-r", "Microsoft.Network/dnsZones/busy.example/CNAME/www"),
        ),
        ("Microsoft.Cdn/AFDOrigins_Update.json", at("rg-r", "Microsoft.Cdn/profiles/fd/originGroups/og/origins/east")),
        (
            "Microsoft.MachineLearningServices/Workspaces_ListBySubscription.json",
            at("rg-r", "Microsoft.MachineLearningServices/workspaces/mlw"),
        ),
    ] {
        let (theirs, ours) = (example(&folder, file), b.get(&path).await);
        let mut own = Vec::new();
        compare(&theirs, &ours, "", &mut own);
        compare(&theirs["properties"], &ours["properties"], "properties.", &mut own);
        let stats = "geoReplicationStats";
        if !ours["properties"][stats].is_null() {
            compare(&theirs["properties"][stats], &ours["properties"][stats], "stats.", &mut own);
        }
        wrong.extend(own.into_iter().map(|w| format!("{file}: {w}")));
    }
    assert_eq!(wrong, [""; 0]);
}
