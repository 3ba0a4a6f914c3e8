//! Published examples of Azure's answers, where a copy of them lies beside the repository: each is read by what reads that
//! operation, or it is said why nothing here does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use futures::future::BoxFuture;
use lifeboat::azure::deleted::{Scope, deleted};
use lifeboat::azure::operation::Operation;
use lifeboat::azure::{
    AzureError, action, cognitive, dns, drift, front_door, health, inventory, key_vault, learning, openai, registry,
    resources, storage, template, traffic,
};
use lifeboat::catalog::Catalog;
use lifeboat::plan::drift::{Known, Parts, pairs, runbook};
use lifeboat::recovery::{Deadline, Kind, Term};
use lifeboat::runbook::action::Action;
use lifeboat::units::Region;
use serde_json::{Value, json};

use super::{Asked, Do, Fake, account, signed_in};

/// Where they are: in the folder that `LIFEBOAT_EXAMPLES` names, else beside the repository or above it. They are no part of
/// the product, so nothing fails without them; it is said.
pub fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LIFEBOAT_EXAMPLES") {
        assert!(Path::new(&named).is_dir(), "LIFEBOAT_EXAMPLES names no folder");
        return Some(named.into());
    }
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|a| a.join("shared/azure-examples")).find(|f| f.is_dir());
    if found.is_none() {
        crate::left_out("published examples of Azure's answers (LIFEBOAT_EXAMPLES names their folder)");
    }
    found
}

/// The examples, and which of them were opened.
struct Examples {
    folder: PathBuf,
    opened: Mutex<BTreeSet<String>>,
}

impl Examples {
    fn file(&self, name: &str) -> Value {
        self.opened.lock().unwrap().insert(name.to_owned());
        serde_json::from_str(&std::fs::read_to_string(self.folder.join(name)).unwrap()).unwrap()
    }

    /// `responses.200.body`, without the link to a page that nobody published.
    fn body(&self, name: &str) -> Value {
        let mut body = self.file(name)["responses"]["200"]["body"].take();
        if let Some(of) = body.as_object_mut() {
            of.remove("nextLink");
        }
        body
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.body(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn rows<T: serde::de::DeserializeOwned>(&self, name: &str) -> Vec<T> {
        serde_json::from_value(self.body(name)["value"].take()).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
}

enum How {
    /// All of the files go through this.
    Read(fn(&Examples) -> BoxFuture<'_, ()>),
    /// Not read by us, because …
    Not(&'static str),
}

use How::{Not, Read};

/// Every file there is.
const TABLE: [(&[&str], How); 21] = [
    (
        &[
            "Microsoft.CognitiveServices/Accounts_Get.json",
            "Microsoft.CognitiveServices/Accounts_ListKeys.json",
            "Microsoft.CognitiveServices/DeletedAccounts_Get.json",
            "Microsoft.CognitiveServices/Deployments_Get.json",
            "Microsoft.CognitiveServices/Deployments_List.json",
            "Microsoft.CognitiveServices/Usages_List.json",
            "AzureOpenAI-data-plane/Models_List.json",
        ],
        Read(|x| Box::pin(accounts(x))),
    ),
    (
        &[
            "Microsoft.CognitiveServices/DeletedAccounts_Get.json",
            "Microsoft.CognitiveServices/DeletedAccounts_List.json",
            "Microsoft.KeyVault/Vaults_ListBySubscription.json",
            "Microsoft.KeyVault/Vaults_ListDeleted.json",
            "Microsoft.KeyVault-data-plane/GetDeletedSecrets.json",
            "Microsoft.Resources/Subscriptions_List.json",
            "Microsoft.Storage/DeletedAccounts_Get.json",
            "Microsoft.Storage/DeletedAccounts_List.json",
        ],
        Read(|x| Box::pin(soft_delete(x))),
    ),
    (
        &[
            "Microsoft.KeyVault/Vaults_GetDeleted.json",
            "Microsoft.Resources/Deployments_Validate.json",
            "Microsoft.Resources/Deployments_WhatIf.json",
            "Microsoft.Resources/Providers_Get.json",
            "Microsoft.Resources/Resources_List.filterByType.json",
            "Microsoft.Resources/Subscriptions_Get.json",
        ],
        Read(|x| Box::pin(resource_manager(x))),
    ),
    (
        &[
            "Microsoft.ContainerRegistry/Registries_Get.json",
            "Microsoft.ContainerRegistry/Replications_List.json",
            "Microsoft.KeyVault/Vaults_Get.json",
            "Microsoft.MachineLearningServices/WorkspaceConnections_List.json",
            "Microsoft.MachineLearningServices/Workspaces_Get.json",
            "Microsoft.Network.TrafficManager/Profiles_Get.json",
            "Microsoft.Storage/StorageAccounts_GetProperties.json",
        ],
        Read(|x| Box::pin(both_sides(x))),
    ),
    (
        &[
            "Microsoft.Storage/StorageAccounts_GetProperties.geoReplicationStats.canFailoverFalse.json",
            "Microsoft.Storage/StorageAccounts_GetProperties.geoReplicationStats.canFailoverTrue.json",
        ],
        Read(|x| Box::pin(copies(x))),
    ),
    (
        &[
            "Microsoft.MachineLearningServices/Compute_List.json",
            "Microsoft.MachineLearningServices/OnlineDeployments_Get.json",
            "Microsoft.MachineLearningServices/OnlineEndpoints_Get.json",
            "Microsoft.MachineLearningServices/Workspaces_ListBySubscription.json",
        ],
        Read(|x| Box::pin(machine_learning(x))),
    ),
    (
        &[
            "Microsoft.Cdn/AFDOrigins_Get.json",
            "Microsoft.Network.Dns/RecordSets_CreateOrUpdate.CNAME.json",
            "Microsoft.Network.Dns/RecordSets_Get.CNAME.json",
            "Microsoft.Network.Dns/RecordSets_Update.A.json",
        ],
        Read(|x| Box::pin(steering(x))),
    ),
    (
        &[
            "Microsoft.ResourceHealth/AvailabilityStatuses_GetByResource.json",
            "Microsoft.ResourceHealth/Events_ListBySubscriptionId.json",
        ],
        Read(|x| Box::pin(health_of_the_platform(x))),
    ),
    (
        &[
            "Microsoft.CognitiveServices/Accounts_Create.json",
            "Microsoft.CognitiveServices/Deployments_CreateOrUpdate.json",
            "Microsoft.Cdn/AFDOrigins_Update.json",
            "Microsoft.ContainerRegistry/Replications_Create.json",
            "Microsoft.KeyVault/Vaults_CreateOrUpdate.json",
            "Microsoft.KeyVault-data-plane/RecoverDeletedSecret.json",
            "Microsoft.MachineLearningServices/Workspaces_Delete.json",
            "Microsoft.Network.TrafficManager/Endpoints_CreateOrUpdate.alwaysServe.json",
            "Microsoft.Network.TrafficManager/Endpoints_Update.json",
            "Microsoft.Network.TrafficManager/Profiles_Update.json",
            "Microsoft.Resources/Deployments_CreateOrUpdate.json",
            "Microsoft.Storage/StorageAccounts_Failover.json",
            "Microsoft.Storage/StorageAccounts_Failover.planned.json",
        ],
        Not("of the answer to a change only its state counts; what became of it is read anew"),
    ),
    (
        &["Microsoft.CognitiveServices/DeletedAccounts_Purge.json", "Microsoft.KeyVault/Vaults_PurgeDeleted.json"],
        Not("nothing is ever purged"),
    ),
    (&["Microsoft.CognitiveServices/Accounts_RegenerateKey.json"], Not("keys are never changed")),
    (
        &[
            "Microsoft.CognitiveServices/Accounts_List.json",
            "Microsoft.Insights/Components_Get.json",
            "Microsoft.Insights/Components_List.json",
            "Microsoft.MachineLearningServices/OnlineEndpoints_List.json",
            "Microsoft.MachineLearningServices/Registries_Get.json",
            "Microsoft.Network.TrafficManager/Profiles_ListBySubscription.json",
            "Microsoft.NetworkAnalytics/DataProducts_ListBySubscription.json",
        ],
        Not("the list of all resources names them, and nothing more is asked"),
    ),
    (
        &["Microsoft.NetworkAnalytics/DataProducts_Get.json"],
        Not("the service is retired; its runbook is kept for reading"),
    ),
    (&["Microsoft.CognitiveServices/Projects_List.json"], Not("a project goes with its account")),
    (
        &["Microsoft.CognitiveServices/LocationBasedModelCapacities_List.json"],
        Not("quota says what this subscription may have; free capacity is no promise"),
    ),
    (&["Microsoft.Storage/BlobServices_GetServiceProperties.json"], Not("containers are not recovered here")),
    (
        &[
            "Microsoft.ResourceHealth/AvailabilityStatuses_List.json",
            "Microsoft.ResourceHealth/AvailabilityStatuses_ListBySubscriptionId.json",
        ],
        Not("the present state of the plan's own accounts is asked, one by one"),
    ),
    (
        &[
            "Microsoft.ResourceHealth/EmergingIssues_Get.json",
            "Microsoft.ResourceHealth/Event_GetBySubscriptionIdAndTrackingId.json",
            "Microsoft.ResourceHealth/Events_ListBySingleResource.json",
            "Microsoft.ResourceHealth/Events_ListByTenantId.json",
            "Microsoft.ResourceHealth/ImpactedResources_ListBySubscriptionIdAndEventId.json",
        ],
        Not("the subscription's own list of events has what concerns it"),
    ),
    (
        &[
            "Microsoft.ResourceGraph/Resources.basic.json",
            "Microsoft.ResourceGraph/Resources.firstPage.json",
            "Microsoft.ResourceGraph/Resources.nextPage.json",
        ],
        Not("its index is minutes behind, so it is never asked"),
    ),
    (
        &[
            "Microsoft.Resources/Subscriptions_CheckZonePeers.json",
            "Microsoft.Resources/Subscriptions_ListLocations.json",
            "Microsoft.Resources/Tenants_List.json",
        ],
        Not("regions are known here without asking; zones and other tenants are not dealt with"),
    ),
    (&["Microsoft.MachineLearningServices/Workspaces_Diagnose.json"], Not("it starts work in the workspace")),
];

#[tokio::test]
async fn every_published_example_is_read_or_it_is_said_why_not() {
    let Some(folder) = folder() else { return };
    let mut found = BTreeSet::new();
    for service in std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        for file in std::fs::read_dir(&service).unwrap().map(|e| e.unwrap().path()) {
            if file.extension().is_some_and(|x| x == "json") {
                found.insert(file.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let named: BTreeSet<String> = TABLE.iter().flat_map(|(files, _)| *files).map(|f| (*f).to_owned()).collect();
    assert_eq!(named, found, "the table and the folder");
    let said = |read: bool| TABLE.iter().filter(move |(_, how)| matches!(how, Read(_)) == read).flat_map(|(f, _)| *f);
    let both: Vec<_> = said(true).filter(|f| said(false).any(|o| o == *f)).collect();
    assert_eq!(both, [&""; 0], "read, and said not to be");
    for (files, how) in &TABLE {
        match how {
            Not(why) => assert!(why.len() > 20, "{files:?}"),
            Read(by) => {
                let examples = Examples { folder: folder.clone(), opened: Mutex::default() };
                by(&examples).await;
                let opened = examples.opened.into_inner().unwrap();
                assert_eq!(opened, files.iter().map(|f| (*f).to_owned()).collect(), "a reader opens what it says");
            }
        }
    }
}

fn end(a: &Asked) -> &str {
    a.path.rsplit('/').next().unwrap_or_default()
}

fn list(rows: &[Value]) -> Do {
    Do::Say(200, json!({ "value": rows }))
}

fn at(text: &str) -> Option<i64> {
    Some(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

async fn accounts(x: &Examples) {
    let an_account = x.body("Microsoft.CognitiveServices/Accounts_Get.json");
    let keys = x.body("Microsoft.CognitiveServices/Accounts_ListKeys.json");
    let gone = x.body("Microsoft.CognitiveServices/DeletedAccounts_Get.json");
    let one = x.body("Microsoft.CognitiveServices/Deployments_Get.json");
    let deployments = x.body("Microsoft.CognitiveServices/Deployments_List.json");
    let usages = x.body("Microsoft.CognitiveServices/Usages_List.json");
    let models = x.body("AzureOpenAI-data-plane/Models_List.json");
    let f = Fake::new(move |a| {
        let say = |body: &Value| Do::Say(200, body.clone());
        signed_in(a).unwrap_or_else(|| match end(a) {
            "deployments" if a.path.contains("/west/") => list(std::slice::from_ref(&one)),
            "deployments" => say(&deployments),
            "usages" => say(&usages),
            "models" => say(&models),
            "listKeys" => say(&keys),
            _ if a.path.contains("/deletedAccounts/") => say(&gone),
            _ => say(&an_account),
        })
    })
    .await;
    let (azure, task, east) = (&f.azure, &f.task, account("east"));
    let a = cognitive::existing(azure, task, &east).await.unwrap();
    assert_eq!((a.kind.as_str(), a.state.as_str(), a.region.name()), ("Emotion", "Succeeded", "westus"));
    for of in ["east", "west"] {
        let d = cognitive::deployments(azure, task, &account(of)).await.unwrap();
        assert_eq!((d[0].name.as_str(), d[0].capacity, d[0].model_text().as_str()), ("deploymentName", 1, "ada 1"));
        assert_eq!((d[0].sku.as_str(), d[0].state.as_str()), ("Standard", "Succeeded"));
    }
    let near = east.parse().unwrap();
    let u = cognitive::usages(azure, task, &near, &Region::new("westus")).await.unwrap();
    assert_eq!(u["AccountCount"], (3, 200));
    assert_eq!(cognitive::key(azure, task, &east).await.unwrap().expose(), "KEY1");
    let twin = cognitive::soft_deleted(azure, task, &near, &Region::new("westus")).await.unwrap().unwrap();
    assert_eq!((twin.name.as_str(), twin.deadline), ("east", None));
    let (_, front) = openai::front_end(azure, task, &"https://east.openai.azure.com/".parse().unwrap()).await;
    assert!(front.unwrap().json().unwrap()["data"].as_array().is_some_and(|all| !all.is_empty()));
}

async fn soft_delete(x: &Examples) {
    let subscriptions = x.body("Microsoft.Resources/Subscriptions_List.json");
    let accounts = x.body("Microsoft.CognitiveServices/DeletedAccounts_List.json");
    let an_account = x.body("Microsoft.CognitiveServices/DeletedAccounts_Get.json");
    let vaults = x.body("Microsoft.KeyVault/Vaults_ListDeleted.json");
    let live = x.body("Microsoft.KeyVault/Vaults_ListBySubscription.json");
    let secrets = x.body("Microsoft.KeyVault-data-plane/GetDeletedSecrets.json");
    let stores = x.body("Microsoft.Storage/DeletedAccounts_List.json");
    let store = x.body("Microsoft.Storage/DeletedAccounts_Get.json");
    let f = Fake::new(move |a| {
        let say = |body: &Value| Do::Say(200, body.clone());
        let first = a.path.contains("291bba3f");
        signed_in(a).unwrap_or_else(|| match end(a) {
            "subscriptions" => say(&subscriptions),
            "hosts" => {
                let at = format!("http://{}/sample", a.header("host"));
                Do::Say(200, json!({ "sample-vault.vault.azure.net": at }))
            }
            "deletedsecrets" => say(&secrets),
            // The one example of a single thing stands as the only row of the other subscription's list.
            "deletedAccounts" if a.path.contains("Storage") => {
                if first {
                    say(&stores)
                } else {
                    list(std::slice::from_ref(&store))
                }
            }
            "deletedAccounts" => {
                if first {
                    say(&accounts)
                } else {
                    list(std::slice::from_ref(&an_account))
                }
            }
            "deletedVaults" if first => say(&vaults),
            "vaults" if first => say(&live),
            _ => list(&[]),
        })
    })
    .await;
    let scope = Scope { objects: true, ..Scope::default() };
    let reading = deleted(&f.azure, &f.task, &scope, |_, _| {}).await.unwrap();
    assert_eq!(reading.failed, []);
    let names: Vec<&str> = reading.subscriptions.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["Example Subscription", "Example Subscription2"]);
    assert!(reading.live.iter().any(|l| l.name() == "sample-vault"), "{:?}", reading.live);
    let fortnight = 14 * 86_400_000;
    let vault = Deadline::Azure(at("2017-04-01T00:00:59Z").unwrap());
    let counted = |text: &str| Deadline::Counted(at(text).unwrap() + fortnight);
    // Accounts in both forms of their ids. Their examples are older than the dates in them.
    for (kind, name, group, region, deleted_at, deadline) in [
        (Kind::AiAccount, "bingSearch", "bvttest", "global", None, Deadline::Unknown),
        (Kind::AiAccount, "CrisProd", "bvttest", "westus", None, Deadline::Unknown),
        (Kind::AiAccount, "raytest02", "bvttest", "westus", None, Deadline::Unknown),
        (Kind::AiAccount, "myAccount", "myResourceGroup", "westus", None, Deadline::Unknown),
        (Kind::Vault, "sample-vault", "sample-group", "westus", at("2017-01-01T00:00:59Z"), vault),
        (
            Kind::StorageAccount,
            "sto1125",
            "sto",
            "eastus",
            at("2020-08-17T04:41:37.3442475Z"),
            counted("2020-08-17T04:41:37.3442475Z"),
        ),
        (
            Kind::StorageAccount,
            "sto1126",
            "sto",
            "eastus",
            at("2020-08-20T06:11:55.1957302Z"),
            counted("2020-08-20T06:11:55.1957302Z"),
        ),
        (
            Kind::Secret,
            "listdeletedsecrettest0",
            "sample-group",
            "",
            Some(1_493_937_855_000),
            Deadline::Azure(1_501_713_855_000),
        ),
    ] {
        let d = reading.deleted.iter().find(|d| d.name == name).unwrap_or_else(|| panic!("{name}: {reading:#?}"));
        let told = (d.kind, d.group.as_str(), d.region.name(), d.deleted_at, Term::of(d).deadline);
        assert_eq!(told, (kind, group, region, deleted_at, deadline), "{name}");
    }
    let protected: Vec<_> =
        reading.deleted.iter().filter(|d| d.purge_protection == Some(true)).map(|d| &d.name).collect();
    assert_eq!(protected, ["sample-vault"]);
    let own = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/myResourceGroup/providers/Microsoft.CognitiveServices/accounts/myAccount";
    assert!(reading.deleted.iter().any(|d| d.id == own), "the id that it had while it lived: {:#?}", reading.deleted);
    assert_eq!(reading.deleted.len(), 9, "{:#?}", reading.deleted);
}

async fn resource_manager(x: &Examples) {
    let subscription = x.body("Microsoft.Resources/Subscriptions_Get.json");
    let all = x.body("Microsoft.Resources/Resources_List.filterByType.json");
    let provider = x.body("Microsoft.Resources/Providers_Get.json");
    let what_if = x.body("Microsoft.Resources/Deployments_WhatIf.json");
    let valid = x.body("Microsoft.Resources/Deployments_Validate.json");
    let invalid = x.file("Microsoft.Resources/Deployments_Validate.json")["responses"]["400"]["body"].take();
    let gone: key_vault::DeletedVault = x.parsed("Microsoft.KeyVault/Vaults_GetDeleted.json");
    let mut vault = x.body("Microsoft.KeyVault/Vaults_GetDeleted.json");
    let told = (gone.properties.deletion_date, gone.properties.scheduled_purge_date);
    let told = (told.0.map(|t| t.as_millisecond()), told.1.map(|t| t.as_millisecond()));
    assert_eq!(told, (at("2017-01-01T00:00:59Z"), at("2017-04-01T00:00:59Z")));
    // Its term is over; it could not be recovered.
    vault["properties"]["scheduledPurgeDate"] = json!("2099-01-01T00:00:00Z");
    let f = Fake::new(move |a| {
        let say = |body: &Value| Do::Say(200, body.clone());
        signed_in(a).unwrap_or_else(|| match end(a) {
            "resources" => say(&all),
            "Microsoft.TestRP1" => say(&provider),
            "thing" => Do::Say(200, json!({ "read": "yes" })),
            "whatIf" => say(&what_if),
            "validate" if a.path.contains("/good/") => say(&valid),
            "validate" => Do::Say(400, invalid.clone()),
            "sample-vault" if a.path.contains("deletedVaults") => say(&vault),
            "sample-vault" => super::absent(),
            "sample-group" => Do::Say(200, json!({ "id": "g", "name": "sample-group", "properties": {} })),
            "00000000-0000-0000-0000-000000000000" => say(&subscription),
            _ => list(&[]),
        })
    })
    .await;
    let (azure, task) = (&f.azure, &f.task);
    let found = inventory::inventory(azure, task).await.unwrap();
    let one = (found[0].name.as_str(), found[0].resource_type.as_str(), found[0].region.name());
    assert_eq!((found.len(), one), (1, ("sample-vault", "Microsoft.KeyVault/vaults", "westus")));
    let unknown = format!("{}/resourceGroups/rg/providers/Microsoft.TestRP1/TestResourceType/thing", super::SUB);
    assert_eq!(resources::read(azure, task, &unknown, None).await.unwrap().unwrap()["read"], "yes");
    let version = f.asked().into_iter().find(|a| end(a) == "thing").unwrap().query;
    assert_eq!(version, "api-version=2018-01-01", "the newest that the provider lists");
    let group = format!("{}/resourceGroups/my-resource-group", super::SUB);
    template::validate(azure, task, &group, "good", &json!({})).await.unwrap();
    let e = template::validate(azure, task, &group, "bad", &json!({})).await.unwrap_err();
    let AzureError::Refused(r) = e else { panic!("{e:?}") };
    assert_eq!((r.status, r.code.as_str()), (400, "InvalidTemplateDeployment"));
    let (code, message) = r.inner.unwrap();
    assert!(code == "AccountNameInvalid" && message.starts_with("a is not a valid storage account name"), "{message}");
    let told = template::what_if(azure, task, &group, "w", &json!({ "properties": {} })).await.unwrap();
    let changes: Vec<_> = told.properties.changes.iter().map(|c| c.change_type.as_str()).collect();
    assert_eq!((told.status.as_str(), changes), ("Succeeded", vec!["Modify", "Create"]));
    let change = told.properties.changes[0].delta.as_ref().unwrap();
    assert!(!change.is_empty() && change[0].path.contains("tags"), "{change:?}");
    let act = Action::RecoverVault { vault: gone.properties.vault_id.clone(), region: "westus".into() };
    let preview = action::preview(azure, task, &act, None, &[]).await.unwrap();
    let body: Value = serde_json::from_str(preview.changes[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(body["properties"]["tenantId"], "31c75423-32d6-4322-88b7-c478bdde4858");
    assert_eq!((&body["location"], &body["properties"]["createMode"]), (&json!("westus"), &json!("recover")));
}

/// What drift compares, over a plan that names all of these.
async fn both_sides(x: &Examples) {
    let workspace = "Microsoft.MachineLearningServices/Workspaces_Get.json";
    let own: learning::Workspace = x.parsed(workspace);
    let of = |id: &Option<String>| id.as_deref().and_then(|i| i.rsplit('/').next()).map(str::to_owned);
    let p = &own.properties;
    assert_eq!(
        [of(&p.storage_account), of(&p.key_vault), of(&p.container_registry)].map(Option::unwrap),
        ["testStorageAccount", "testkv", "testRegistry"]
    );
    let profile: traffic::Profile = x.parsed("Microsoft.Network.TrafficManager/Profiles_Get.json");
    let e = &profile.properties.endpoints[0];
    assert_eq!((profile.properties.traffic_routing_method.as_str(), e.properties.priority), ("Performance", Some(1)));
    assert!(e.properties.enabled() && !e.properties.online());
    let a_registry: registry::Registry = x.parsed("Microsoft.ContainerRegistry/Registries_Get.json");
    assert_eq!((a_registry.tier(), a_registry.location.clone()), ("Standard", Some(Region::new("westus"))));
    let replicas: Vec<registry::Replica> = x.rows("Microsoft.ContainerRegistry/Replications_List.json");
    assert!(replicas[0].properties.serves());
    let vault: key_vault::Vault = x.parsed("Microsoft.KeyVault/Vaults_Get.json");
    let told = (vault.name.as_str(), vault.location.clone(), vault.properties.provisioning_state.as_deref());
    assert_eq!(told, ("sample-vault", Some(Region::new("westus")), Some("Succeeded")));

    let bodies: Vec<(&str, Value)> = [
        ("/workspaces/", workspace),
        ("/connections", "Microsoft.MachineLearningServices/WorkspaceConnections_List.json"),
        ("/registries/", "Microsoft.ContainerRegistry/Registries_Get.json"),
        ("/replications", "Microsoft.ContainerRegistry/Replications_List.json"),
        ("/vaults/", "Microsoft.KeyVault/Vaults_Get.json"),
        ("/trafficManagerProfiles/", "Microsoft.Network.TrafficManager/Profiles_Get.json"),
        ("/storageAccounts/", "Microsoft.Storage/StorageAccounts_GetProperties.json"),
    ]
    .map(|(place, file)| (place, x.body(file)))
    .into();
    let f = Fake::new(move |a| {
        // A list ends the path, a thing stands behind its kind.
        let is = |place: &str| match place.strip_suffix('/') {
            Some(kind) => a.path.rsplit_once('/').is_some_and(|(before, _)| before.ends_with(kind)),
            None => a.path.ends_with(place),
        };
        let found = || bodies.iter().find(|(place, _)| is(place)).map(|(_, body)| Do::Say(200, body.clone()));
        signed_in(a).or_else(found).unwrap_or_else(|| list(&[]))
    })
    .await;
    let plan = Catalog::builtin().plan("foundry-prod", None).unwrap();
    let seen = drift::read(&f.azure, &f.task, &plan, &pairs(&plan, &runbook(&plan).unwrap())).await;
    let thing = |parameter: &str| match seen.things.get(&plan.values[parameter].to_lowercase()) {
        Some(Known::Read(Some(t))) => t,
        other => panic!("{parameter}: {other:?}"),
    };
    let Parts::Workspace { connections: Known::Read(all) } = &thing("primary_resource").parts else { panic!() };
    let told: Vec<_> = all.iter().map(|c| (c.name.as_str(), c.category.as_str(), c.target.as_str())).collect();
    assert_eq!(told[1], ("connection-2", "ContainerRegistry", "www.facebook.com"));
    assert_eq!(thing("primary_resource").region.name(), "eastus2euap");
    let vault = thing("primary_vault");
    assert_eq!((vault.sku.as_deref(), vault.public_network.as_deref()), (Some("standard"), Some("Enabled")));
    let Parts::Registry { replicas: Known::Read(all) } = &thing("registry").parts else { panic!() };
    assert_eq!((all[0].region.name(), all[0].state.as_str(), all[0].routed), ("eastus", "Succeeded", true));
    let Parts::Profile { ttl, endpoints, routing, .. } = &thing("profile").parts else { panic!() };
    assert_eq!((*ttl, endpoints.is_empty(), routing.as_str()), (Some(35), false, "Performance"));
    let Parts::Storage { copy_in, copy_status, .. } = &thing("data_storage").parts else { panic!() };
    assert!(copy_in.is_some() && copy_status.as_deref() == Some("available"), "{copy_in:?} {copy_status:?}");
}

async fn copies(x: &Examples) {
    let of = |word: &str| {
        format!("Microsoft.Storage/StorageAccounts_GetProperties.geoReplicationStats.canFailover{word}.json")
    };
    let stats = |word: &str| x.parsed::<storage::Account>(&of(word)).properties.geo_replication_stats.unwrap();
    let geo = stats("True");
    assert_eq!((geo.can_failover, geo.can_planned_failover), (Some(true), Some(true)));
    assert!(geo.last_sync_time.is_some() && geo.status.as_deref() == Some("Live"));
    assert_eq!(stats("False").can_failover, Some(false));
}

async fn machine_learning(x: &Examples) {
    let of = |name: &str| format!("Microsoft.MachineLearningServices/{name}.json");
    let spaces: Vec<learning::Workspace> = x.rows(&of("Workspaces_ListBySubscription"));
    let storage = |w: &learning::Workspace| w.properties.storage_account.clone().unwrap_or_default();
    assert!(spaces.len() > 1 && spaces.iter().all(|w| storage(w).contains("/storageAccounts/")));
    let computes: Vec<learning::Compute> = x.rows(&of("Compute_List"));
    assert_eq!((computes[0].properties.compute_type.as_str(), computes[0].properties.state()), ("AKS", None));
    let mut endpoint = x.body(&of("OnlineEndpoints_Get"));
    let endpoint: learning::EndpointProperties = serde_json::from_value(endpoint["properties"].take()).unwrap();
    assert_eq!((endpoint.traffic["string"], endpoint.provisioning_state.as_deref()), (1, Some("Creating")));
    let deployment: learning::OnlineDeployment = x.parsed(&of("OnlineDeployments_Get"));
    assert_eq!(deployment.properties.provisioning_state.as_deref(), Some("Creating"));
}

async fn steering(x: &Examples) {
    let origin: front_door::Origin = x.parsed("Microsoft.Cdn/AFDOrigins_Get.json");
    assert!(origin.properties.enabled() && origin.properties.weight.is_none());
    let record: dns::RecordSet = x.parsed("Microsoft.Network.Dns/RecordSets_Get.CNAME.json");
    let kind = dns::RecordType::named("cname").unwrap();
    assert_eq!((kind.values(&record.properties), record.etag.is_some()), (vec!["contoso.com".to_owned()], true));
    let again = kind.body(&["contoso.com".to_owned()], 3600, &record.properties["metadata"]);
    let written = x.file("Microsoft.Network.Dns/RecordSets_CreateOrUpdate.CNAME.json");
    let written = &written["parameters"]["parameters"]["properties"];
    assert_eq!(again["properties"]["CNAMERecord"], written["CNAMERecord"]);
    let a: dns::RecordSet = x.parsed("Microsoft.Network.Dns/RecordSets_Update.A.json");
    let kind = dns::RecordType::named("a").unwrap();
    assert_eq!(kind.values(&a.properties), ["127.0.0.1"]);
}

async fn health_of_the_platform(x: &Examples) {
    let status = x.body("Microsoft.ResourceHealth/AvailabilityStatuses_GetByResource.json");
    let notice = health::availability(&status);
    assert_eq!((notice.status.as_str(), notice.by_customer, notice.since.is_some()), ("Unavailable", false, true));
    let events: Vec<Value> = x.rows("Microsoft.ResourceHealth/Events_ListBySubscriptionId.json");
    let told: Vec<_> = events.iter().filter_map(health::event).collect();
    assert!(told.iter().any(|n| n.tracking.as_deref() == Some("BC_1-FXZ") && n.regions == ["West US"]), "{told:?}");
    assert!(told.iter().all(|n| !n.text.contains('<')));
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
