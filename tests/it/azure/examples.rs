//! Published examples of Azure's answers, where a copy of them lies beside the repository.

use std::path::Path;

use lifeboat::azure::operation::Operation;
use lifeboat::azure::{
    cognitive, dns, front_door, health, key_vault, learning, openai, registry, storage, template, traffic,
};
use lifeboat::units::Region;
use serde_json::{Value, json};

use super::{Do, Fake, account, signed_in};

/// `responses.200.body` of an example, or nothing without the folder.
fn body(name: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure-examples");
    if !folder.is_dir() {
        return None;
    }
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    Some(file["responses"]["200"]["body"].clone())
}

#[tokio::test]
async fn published_examples_are_understood() {
    let Some(an_account) = body("Microsoft.CognitiveServices/Accounts_Get.json") else {
        println!("left out: no copy of the published examples beside the repository");
        return;
    };
    let deployments = body("Microsoft.CognitiveServices/Deployments_List.json").unwrap();
    let usages = body("Microsoft.CognitiveServices/Usages_List.json").unwrap();
    let models = body("AzureOpenAI-data-plane/Models_List.json").unwrap();
    let status = body("Microsoft.ResourceHealth/AvailabilityStatuses_GetByResource.json").unwrap();
    let events = body("Microsoft.ResourceHealth/Events_ListBySubscriptionId.json").unwrap();
    let f = Fake::new(move |a| {
        signed_in(a).unwrap_or_else(|| match a.path.rsplit('/').next().unwrap() {
            "deployments" => Do::Say(200, deployments.clone()),
            "usages" => Do::Say(200, usages.clone()),
            "models" => Do::Say(200, models.clone()),
            _ => Do::Say(200, an_account.clone()),
        })
    })
    .await;
    let a = cognitive::existing(&f.azure, &f.task, &account("east")).await.unwrap();
    assert_eq!((a.kind.as_str(), a.state.as_str(), a.region.name()), ("Emotion", "Succeeded", "westus"));
    let d = cognitive::deployments(&f.azure, &f.task, &account("east")).await.unwrap();
    assert_eq!((d[0].name.as_str(), d[0].capacity, d[0].model_text().as_str()), ("deploymentName", 1, "ada 1"));
    let near = account("east").parse().unwrap();
    let u = cognitive::usages(&f.azure, &f.task, &near, &Region::new("westus")).await.unwrap();
    assert_eq!(u["AccountCount"], (3, 200));
    let (_, front) = openai::front_end(&f.azure, &f.task, &"https://east.openai.azure.com/".parse().unwrap()).await;
    assert!(front.unwrap().json().unwrap()["data"].is_array());
    let notice = health::availability(&status);
    assert_eq!((notice.status.as_str(), notice.by_customer, notice.since.is_some()), ("Unavailable", false, true));
    let told: Vec<_> = events["value"].as_array().unwrap().iter().filter_map(health::event).collect();
    assert!(told.iter().any(|n| n.tracking.as_deref() == Some("BC_1-FXZ") && n.regions == ["West US"]), "{told:?}");
    assert!(told.iter().all(|n| !n.text.contains('<')));
}

/// What an example parses into, or why not.
fn parsed<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    let body = body(name)?;
    Some(serde_json::from_value(body).unwrap_or_else(|e| panic!("{name}: {e}")))
}

fn rows<T: serde::de::DeserializeOwned>(name: &str) -> Option<Vec<T>> {
    let mut body = body(name)?;
    Some(serde_json::from_value(body["value"].take()).unwrap_or_else(|e| panic!("{name}: {e}")))
}

#[test]
fn published_examples_of_every_service_parse() {
    let Some(profile) = parsed::<traffic::Profile>("Microsoft.Network.TrafficManager/Profiles_Get.json") else {
        println!("left out: no copy of the published examples beside the repository");
        return;
    };
    let e = &profile.properties.endpoints[0];
    assert_eq!((profile.properties.traffic_routing_method.as_str(), e.properties.priority), ("Performance", Some(1)));
    assert!(e.properties.enabled() && !e.properties.online());

    let can = "Microsoft.Storage/StorageAccounts_GetProperties.geoReplicationStats.canFailoverTrue.json";
    let geo = parsed::<storage::Account>(can).unwrap().properties.geo_replication_stats.unwrap();
    assert_eq!((geo.can_failover, geo.can_planned_failover), (Some(true), Some(true)));
    assert!(geo.last_sync_time.is_some());
    let cannot = "Microsoft.Storage/StorageAccounts_GetProperties.geoReplicationStats.canFailoverFalse.json";
    let geo = parsed::<storage::Account>(cannot).unwrap().properties.geo_replication_stats.unwrap();
    assert_eq!(geo.can_failover, Some(false));
    let plain = parsed::<storage::Account>("Microsoft.Storage/StorageAccounts_GetProperties.json").unwrap();
    assert!(plain.properties.geo_replication_stats.is_none());

    let gone = parsed::<key_vault::DeletedVault>("Microsoft.KeyVault/Vaults_GetDeleted.json").unwrap();
    assert!(gone.properties.scheduled_purge_date.is_some() && gone.properties.vault_id.contains("/vaults/"));
    assert!(parsed::<key_vault::Vault>("Microsoft.KeyVault/Vaults_Get.json").is_some());
    let objects = rows::<key_vault::DeletedObject>("Microsoft.KeyVault-data-plane/GetDeletedSecrets.json").unwrap();
    assert!(objects.iter().all(|o| o.scheduled_purge_date.is_some()));

    let registry = parsed::<registry::Registry>("Microsoft.ContainerRegistry/Registries_Get.json").unwrap();
    assert_eq!((registry.tier(), registry.location.clone()), ("Standard", Some(Region::new("westus"))));
    let replicas = rows::<registry::Replica>("Microsoft.ContainerRegistry/Replications_List.json").unwrap();
    assert!(replicas[0].properties.serves());

    let spaces =
        rows::<learning::Workspace>("Microsoft.MachineLearningServices/Workspaces_ListBySubscription.json").unwrap();
    assert!(
        spaces.iter().all(|w| w.properties.storage_account.as_deref().is_some_and(|s| s.contains("storageAccounts")))
    );
    let computes = rows::<learning::Compute>("Microsoft.MachineLearningServices/Compute_List.json").unwrap();
    assert_eq!((computes[0].properties.compute_type.as_str(), computes[0].properties.state()), ("AKS", None));
    let endpoint = body("Microsoft.MachineLearningServices/OnlineEndpoints_Get.json").unwrap();
    let endpoint: learning::EndpointProperties = serde_json::from_value(endpoint["properties"].clone()).unwrap();
    assert_eq!(endpoint.traffic["string"], 1);
    let deployed = "Microsoft.MachineLearningServices/OnlineDeployments_Get.json";
    assert!(parsed::<learning::OnlineDeployment>(deployed).is_some());

    let record = parsed::<dns::RecordSet>("Microsoft.Network.Dns/RecordSets_Get.CNAME.json").unwrap();
    let kind = dns::RecordType::named("cname").unwrap();
    assert_eq!((kind.values(&record.properties), record.etag.is_some()), (vec!["contoso.com".to_owned()], true));
    let again = kind.body(&["contoso.com".to_owned()], 3600, &record.properties["metadata"]);
    let written: Value = body_of_request("Microsoft.Network.Dns/RecordSets_CreateOrUpdate.CNAME.json");
    assert_eq!(again["properties"]["CNAMERecord"], written["properties"]["CNAMERecord"]);

    let origin = parsed::<front_door::Origin>("Microsoft.Cdn/AFDOrigins_Get.json").unwrap();
    assert!(origin.properties.enabled() && origin.properties.weight.is_none());
    let told = parsed::<template::WhatIf>("Microsoft.Resources/Deployments_WhatIf.json").unwrap();
    assert!(told.status.eq_ignore_ascii_case("Succeeded") && !told.properties.changes.is_empty());
}

/// The body that an example sends.
fn body_of_request(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure-examples");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    file["parameters"]["parameters"].clone()
}

#[test]
fn operations_survive_as_text() {
    for text in
        ["async-operation https://management.azure.com/a?b=c", "location https://x.example/", "resource https://a.b/c"]
    {
        assert_eq!(text.parse::<Operation>().unwrap().to_string(), text);
    }
    assert!("teapot https://a.b/c".parse::<Operation>().is_err());
    assert!(serde_json::from_value::<lifeboat::azure::action::Change>(json!({})).is_err());
}
