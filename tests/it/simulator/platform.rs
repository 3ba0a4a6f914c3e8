//! Container registries, machine learning, AI accounts beyond those that serve, logs.

use super::busy::*;
use super::*;

const CR: &str = "Microsoft.ContainerRegistry/registries";
const ML: &str = "Microsoft.MachineLearningServices/workspaces/mlw";
const AI: &str = "Microsoft.CognitiveServices/accounts";

#[tokio::test(flavor = "multi_thread")]
async fn replications_come_and_go_while_the_home_region_stands() {
    let b = bench_of(busy(), None).await;
    let replica = |name: &str| at("rg-r", &format!("{CR}/crbusy/replications/{name}"));
    let seen = b.look(&replica("westus")).await;
    assert_eq!((seen.p("regionEndpointEnabled"), &seen.p("status")["displayStatus"]), (&json!(true), &json!("Ready")));
    let r =
        b.change(Method::PATCH, &replica("westus"), json!({ "properties": { "regionEndpointEnabled": false } })).await;
    assert_eq!((r.status, r.p("provisioningState")), (200, &json!("Updating")));
    assert_eq!(
        b.change(Method::PATCH, &replica("westus"), json!({ "tags": {} })).await.refusal(),
        (409, "AnotherOperationInProgress")
    );
    assert_eq!(b.finish(&r).await.body["status"], "Succeeded");
    assert_eq!(b.look(&replica("westus")).await.p("regionEndpointEnabled"), false);
    let put =
        async |name: &str, location: &str| b.change(Method::PUT, &replica(name), json!({ "location": location })).await;
    assert_eq!(put("again", "westus").await.refusal(), (409, "ReplicationAlreadyExists"));
    assert_eq!(put("eastus2", "eastus2").await.refusal(), (409, "ReplicationAlreadyExists"), "that is home");
    let r = put("northeurope", "northeurope").await;
    assert_eq!(
        (r.status, r.p("provisioningState"), &r.p("status")["displayStatus"]),
        (201, &json!("Creating"), &json!("Provisioning"))
    );
    b.finish(&r).await;
    assert_eq!(b.names(&at("rg-r", &format!("{CR}/crbusy/replications"))).await, ["westus", "northeurope"]);
    let r = b.change(Method::DELETE, &replica("northeurope"), Value::Null).await;
    assert_eq!((r.status, b.finish(&r).await.status), (202, 204));
    // Another registry, which has none, at home in the region that is lost.
    let cr = at("rg-a", &format!("{CR}/creast"));
    let r = b.change(Method::PUT, &cr, json!({ "location": "eastus", "sku": { "name": "Standard" } })).await;
    b.finish(&r).await;
    let child = at("rg-a", &format!("{CR}/creast/replications/westus"));
    assert_eq!(
        b.change(Method::PUT, &child, json!({ "location": "westus" })).await.refusal(),
        (400, "ReplicationNotSupported")
    );
    let r = b.change(Method::PATCH, &cr, json!({ "sku": { "name": "Premium" } })).await;
    b.finish(&r).await;
    b.until(Millis::from_mins(12)).await;
    assert_eq!(
        b.change(Method::PUT, &child, json!({ "location": "westus" })).await.refusal(),
        (409, "HomeRegionUnavailable")
    );
    b.until(Millis::from_mins(41)).await;
    assert_eq!(b.change(Method::PUT, &child, json!({ "location": "westus" })).await.status, 201);
    assert_eq!(b.look(&cr).await.p("loginServer"), "creast.azurecr.io");
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_of_an_endpoint_is_shifted_between_its_deployments() {
    let b = bench_of(busy(), None).await;
    let endpoint = at("rg-r", &format!("{ML}/onlineEndpoints/score"));
    let shift = async |traffic: Value| {
        b.change(Method::PATCH, &endpoint, json!({ "properties": { "traffic": traffic } })).await
    };
    assert_eq!(shift(json!({ "blue": 60, "green": 60 })).await.refusal(), (400, "BadRequest"));
    assert_eq!(shift(json!({ "blue": 0, "red": 100 })).await.refusal(), (400, "BadRequest"));
    let r = shift(json!({ "blue": 10, "green": 90 })).await;
    assert_eq!((r.status, b.finish(&r).await.p("traffic").clone()), (202, json!({ "blue": 10, "green": 90 })));
    let blue = at("rg-r", &format!("{ML}/onlineEndpoints/score/deployments/blue"));
    assert_eq!(b.change(Method::DELETE, &blue, Value::Null).await.refusal(), (400, "BadRequest"));
    let put = b
        .change(Method::PUT, &endpoint, json!({ "location": "eastus2", "properties": { "traffic": { "green": 100 } } }))
        .await;
    assert_eq!((put.status, b.finish(&put).await.body["status"].clone()), (200, json!("Succeeded")));
    assert_eq!(b.look(&endpoint).await.p("traffic"), &json!({ "green": 100 }), "a PUT replaces");
    let r = b.change(Method::DELETE, &blue, Value::Null).await;
    assert_eq!(b.finish(&r).await.status, 204);
    assert_eq!(b.names(&at("rg-r", &format!("{ML}/onlineEndpoints/score/deployments"))).await, ["green"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn computes_are_started_and_a_workspace_says_what_it_lacks() {
    let b = bench_of(busy(), None).await;
    let ci = |rest: &str| at("rg-r", &format!("{ML}/computes/ci{rest}"));
    let r = b.change(Method::POST, &ci("/start"), Value::Null).await;
    assert_eq!((r.status, &b.look(&ci("")).await.p("properties")["state"]), (202, &json!("Starting")));
    assert_eq!(b.change(Method::POST, &ci("/stop"), Value::Null).await.refusal(), (409, "Conflict"));
    assert_eq!(b.finish(&r).await.status, 200);
    assert_eq!(b.look(&ci("")).await.p("properties")["state"], "Running");
    let diagnose = async || {
        let r = b.change(Method::POST, &at("rg-r", &format!("{ML}/diagnose")), json!({ "value": {} })).await;
        b.finish(&r).await.body["value"].clone()
    };
    let well = diagnose().await;
    assert!(well["keyVaultResults"] == json!([]) && well["storageAccountResults"] == json!([]), "{well}");
    b.change(Method::DELETE, &at("rg-a", "Microsoft.KeyVault/vaults/kv-a"), Value::Null).await;
    b.until(Millis::from_mins(11)).await;
    let ill = diagnose().await;
    assert!(ill["keyVaultResults"][0]["message"].as_str().unwrap().contains("was not found"), "{ill}");
    assert!(ill["storageAccountResults"][0]["message"].as_str().unwrap().contains("cannot be reached"), "{ill}");

    // Deleted softly the name is blocked; for good, or a hub, it is not.
    let mlw = at("rg-r", ML);
    let r = b.change(Method::DELETE, &mlw, Value::Null).await;
    assert_eq!(b.finish(&r).await.status, 204);
    let again = json!({ "location": "eastus2", "kind": "Default", "properties": {} });
    assert_eq!(b.change(Method::PUT, &mlw, again.clone()).await.refusal(), (400, "BadRequest"));
    let hub = at("rg-r", "Microsoft.MachineLearningServices/workspaces/hub");
    for _ in 0..2 {
        let r = b.change(Method::PUT, &hub, json!({ "location": "eastus2", "kind": "Hub", "properties": {} })).await;
        assert_eq!(b.finish(&r).await.body["kind"], "Hub");
        let r = b.change(Method::DELETE, &hub, Value::Null).await;
        b.finish(&r).await;
    }
    let r = b
        .change(
            Method::PUT,
            &hub,
            json!({ "location": "eastus2", "kind": "Project", "properties": { "hubResourceId": "/none" } }),
        )
        .await;
    assert_eq!(r.refusal(), (400, "BadRequest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ai_accounts_keep_what_is_patched_and_are_purged() {
    let b = bench_of(busy(), None).await;
    let oai = at("rg-a", &format!("{AI}/oai-east"));
    let locations = json!({ "routingMethod": "Priority", "regions": [{ "name": "eastus", "value": 1 }, { "name": "westus", "value": 2 }] });
    let r = b.change(Method::PATCH, &oai, json!({ "tags": { "a": "b" }, "properties": { "locations": locations, "publicNetworkAccess": "Disabled" } })).await;
    assert_eq!((r.status, r.p("locations"), &r.body["tags"]), (200, &locations, &json!({ "a": "b" })));
    let r = b
        .change(
            Method::PUT,
            &oai,
            json!({ "location": "eastus", "kind": "OpenAI", "sku": { "name": "S0" }, "properties": {} }),
        )
        .await;
    assert_eq!((r.status, r.p("locations"), r.p("publicNetworkAccess")), (200, &locations, &json!("Disabled")));
    // Projects and connections hang on it.
    let project = at("rg-a", &format!("{AI}/oai-east/projects/p1"));
    assert_eq!(b.change(Method::PUT, &project, json!({ "location": "eastus", "properties": {} })).await.status, 201);
    assert_eq!(b.names(&at("rg-a", &format!("{AI}/oai-east/projects"))).await, ["p1"]);
    assert_eq!(b.names(&at("rg-a", &format!("{AI}/oai-east/connections"))).await, [""; 0]);
    let orphan = at("rg-a", &format!("{AI}/nobody/projects/p1"));
    assert_eq!(
        b.change(Method::PUT, &orphan, json!({ "location": "eastus" })).await.refusal(),
        (404, "ParentResourceNotFound")
    );
    // What a region has free.
    let q = "&modelFormat=OpenAI&modelName=gpt-4o&modelVersion=1";
    let free =
        b.get(&(format!("{SUB}/providers/Microsoft.CognitiveServices/locations/westus/modelCapacities{V}") + q)).await;
    assert_eq!(free["value"][0]["properties"]["availableCapacity"], 70);
    assert_eq!(
        b.get(&(format!("{SUB}/providers/Microsoft.CognitiveServices/modelCapacities{V}") + q)).await["value"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "one row a tier"
    );

    // Another kind of account, deleted into the same bin.
    let speech = at("rg-a", &format!("{AI}/speech"));
    let body = json!({ "location": "eastus", "kind": "SpeechServices", "sku": { "name": "S0" }, "properties": {} });
    assert_eq!(b.change(Method::PUT, &speech, body.clone()).await.p("provisioningState"), "Creating");
    b.task.sleep(Millis::from_secs(31)).await;
    // What has a project is not deleted before it.
    assert_eq!(b.change(Method::DELETE, &oai, Value::Null).await.refusal(), (409, "CannotDeleteResource"));
    for path in [&speech, &project, &oai] {
        let r = b.change(Method::DELETE, path, Value::Null).await;
        assert_eq!(b.finish(&r).await.status, 204);
    }
    let mut bin = b.names(&format!("{SUB}/providers/Microsoft.CognitiveServices/deletedAccounts{V}")).await;
    bin.sort_unstable();
    assert_eq!(bin, ["oai-east", "oai-gone", "speech"]);
    assert_eq!(b.change(Method::PUT, &speech, body).await.refusal(), (409, "FlagMustBeSetForRestore"));
    let purge = |name: &str| {
        format!(
            "{SUB}/providers/Microsoft.CognitiveServices/locations/eastus/resourceGroups/rg-a/deletedAccounts/{name}{V}"
        )
    };
    assert_eq!(b.look(&purge("speech")).await.body["kind"], "SpeechServices");
    for name in ["speech", "oai-east"] {
        let r = b.change(Method::DELETE, &purge(name), Value::Null).await;
        assert_eq!((r.status, b.finish(&r).await.body["status"].clone()), (202, json!("Succeeded")));
        assert_eq!(b.change(Method::DELETE, &purge(name), Value::Null).await.status, 204);
    }
    let restore = json!({ "location": "eastus", "properties": { "restore": true } });
    assert_eq!(b.change(Method::PUT, &oai, restore).await.refusal(), (404, "CanNotRestoreANonExistingResource"));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_components_are_made_again_under_their_old_names() {
    let b = bench_of(busy(), None).await;
    let log = at("rg-r", "Microsoft.OperationalInsights/workspaces/log");
    let id = b.look(&log).await.p("customerId").clone();
    let r = b.change(Method::DELETE, &log, Value::Null).await;
    assert_eq!(b.finish(&r).await.status, 204);
    assert_eq!(b.change(Method::PUT, &log, json!({ "location": "eastus2", "properties": {} })).await.status, 201);
    b.task.sleep(Millis::from_secs(16)).await;
    assert_eq!(
        (b.look(&log).await.p("customerId"), b.look(&log).await.p("provisioningState")),
        (&id, &json!("Succeeded"))
    );
    let app = at("rg-r", "Microsoft.Insights/components/appi").replace(V, "?api-version=2020-02-02");
    let r = b
        .change(
            Method::PUT,
            &app,
            json!({ "location": "eastus2", "kind": "web", "properties": { "Application_Type": "web" } }),
        )
        .await;
    assert_eq!((r.status, r.p("ApplicationId")), (201, &json!("appi")));
    assert!(r.p("ConnectionString").as_str().unwrap().starts_with("InstrumentationKey="));
    assert_eq!(b.change(Method::DELETE, &app, Value::Null).await.status, 200);
    assert_eq!(b.look(&app).await.status, 404);
    let gone = b.change(Method::DELETE, &(log.clone() + "&force=true"), Value::Null).await;
    b.finish(&gone).await;
    assert_eq!(
        b.names(&format!("{SUB}/providers/Microsoft.OperationalInsights/deletedWorkspaces{V}")).await,
        ["log-gone"]
    );
}
