//! Any resource, resource groups, locks and rights.

use super::busy::*;
use super::*;
use lifeboat::rehearsal::things::Rights;

const WEB: &str = "Microsoft.Web/sites/shop";

#[tokio::test(flavor = "multi_thread")]
async fn any_resource_is_made_changed_and_deleted() {
    let b = bench_of(busy(), None).await;
    let site = at("rg-a", WEB);
    let body = json!({ "location": "East US", "kind": "app", "tags": { "a": "1", "b": "2" }, "properties": { "x": { "y": 1, "z": 2 }, "on": true } });
    // What is missing is named.
    for (path, sent, refusal) in [
        (at("rg-none", WEB), body.clone(), (404, "ResourceGroupNotFound")),
        (at("rg-a", "Microsoft.Nonsense/things/x"), body.clone(), (404, "InvalidResourceNamespace")),
        (at("rg-a", "Microsoft.Web/sites/none/slots/x"), body.clone(), (404, "ParentResourceNotFound")),
        (site.clone(), json!({ "properties": {} }), (400, "LocationRequired")),
        (site.clone(), json!({ "location": "atlantis" }), (400, "LocationNotAvailableForResourceType")),
        (site.clone(), json!({ "location": "eastus", "properties": "text" }), (400, "InvalidRequestContent")),
    ] {
        assert_eq!(b.change(Method::PUT, &path, sent).await.refusal(), refusal, "{path}");
    }
    let r = b.change(Method::PATCH, &site, json!({ "tags": {} })).await;
    assert_eq!(r.refusal(), (404, "ResourceNotFound"));
    assert_eq!(b.change(Method::DELETE, &site, Value::Null).await.status, 204);

    let made = b.change(Method::PUT, &site, body.clone()).await;
    assert_eq!((made.status, &made.body["location"]), (201, &json!("eastus")));
    assert_eq!(made.p("provisioningState"), "Succeeded");
    assert_eq!(b.change(Method::PUT, &site, body).await.status, 200);
    let r = b.change(Method::PUT, &site, json!({ "location": "westus" })).await;
    assert_eq!(r.refusal(), (409, "InvalidResourceLocation"));
    // A patch merges properties, and replaces tags as one.
    let r = b
        .change(Method::PATCH, &site, json!({ "tags": { "c": "3" }, "properties": { "x": { "z": null, "w": 3 } } }))
        .await;
    assert_eq!((r.status, &r.body["tags"], r.p("x")), (200, &json!({ "c": "3" }), &json!({ "y": 1, "w": 3 })));
    assert_eq!(b.look(&site.replace("rg-a", "RG-A")).await.body, r.body);
    assert_eq!(b.send(b.arm(Method::HEAD, &site)).await.status(), 204);
    assert_eq!(b.names(&at("rg-a", "Microsoft.Web/sites")).await, ["shop"]);
    assert!(b.names(&format!("{SUB}/resources{V}")).await.contains(&"shop".to_owned()));
    assert_eq!(b.change(Method::DELETE, &site, Value::Null).await.status, 200);
    assert_eq!(b.look(&site).await.refusal(), (404, "ResourceNotFound"));
    assert_eq!(b.send(b.arm(Method::HEAD, &site)).await.status(), 404);

    // ARM for a region that is struck refuses what is to be made there as well.
    b.until(Millis::from_mins(50)).await;
    let _ = b.change(Method::PUT, &site, json!({ "location": "westus" })).await;
    b.until(Millis::from_mins(101)).await;
    let token = b.token("https://management.azure.com").await;
    let r = b.http.put(format!("{}{}", b.at.arm, at("rg-a", "Microsoft.Web/sites/late"))).bearer_auth(token);
    let r = b.send(r.json(&json!({ "location": "westus" }))).await;
    assert_eq!(r.status(), 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_made_tagged_and_deleted_with_what_is_in_them() {
    let b = bench_of(busy(), None).await;
    let group = |name: &str| format!("{GROUP}/{name}{V}");
    assert_eq!(b.send(b.arm(Method::HEAD, &group("rg-a"))).await.status(), 204);
    assert_eq!(b.send(b.arm(Method::HEAD, &group("rg-new"))).await.status(), 404);
    assert_eq!(b.look(&group("rg-new")).await.refusal(), (404, "ResourceGroupNotFound"));
    let r = b.change(Method::PUT, &group("rg-new"), json!({ "location": "West US", "tags": { "a": "b" } })).await;
    assert_eq!((r.status, &r.body["location"], r.p("provisioningState")), (201, &json!("westus"), &json!("Succeeded")));
    let r = b.change(Method::PUT, &group("rg-new"), json!({ "location": "eastus" })).await;
    assert_eq!(r.refusal(), (409, "InvalidResourceGroupLocation"));
    let r = b.change(Method::PATCH, &group("rg-new"), json!({ "tags": { "c": "d" } })).await;
    assert_eq!((r.status, &r.body["tags"]), (200, &json!({ "c": "d" })));
    assert_eq!(b.change(Method::DELETE, &group("rg-keep"), Value::Null).await.refusal(), (409, "ScopeLocked"));

    // Deleting takes a while; what has a bin goes there, the rest is gone.
    let r = b.change(Method::DELETE, &group("rg-a"), Value::Null).await;
    assert_eq!((r.status, r.retry_after.as_str()), (202, "5"));
    assert_eq!(b.look(&group("rg-a")).await.p("provisioningState"), "Deleting");
    let r2 = b.change(Method::PUT, &at("rg-a", WEB), json!({ "location": "eastus" })).await;
    assert_eq!(r2.refusal(), (409, "ResourceGroupBeingDeleted"));
    assert_eq!(b.finish(&r).await.status, 200);
    assert_eq!(b.send(b.arm(Method::HEAD, &group("rg-a"))).await.status(), 404);
    assert_eq!(b.look(&at("rg-a", "Microsoft.KeyVault/vaults/kv-a")).await.refusal(), (404, "ResourceGroupNotFound"));
    let bin = async |list: &str| b.names(&format!("{SUB}/providers/{list}{V}")).await;
    assert!(bin("Microsoft.KeyVault/deletedVaults").await.contains(&"kv-a".to_owned()));
    assert!(bin("Microsoft.Storage/deletedAccounts").await.contains(&"stgeo".to_owned()));
    assert!(bin("Microsoft.CognitiveServices/deletedAccounts").await.contains(&"oai-east".to_owned()));
    assert_eq!(
        b.look(&format!("{SUB}/providers/Microsoft.CognitiveServices/accounts{V}")).await.body["value"][0]["name"],
        "oai-west"
    );
    // In a group of the same name it can be recovered.
    let vault = json!({ "location": "eastus", "properties": { "createMode": "recover" } });
    let r = b.change(Method::PUT, &at("rg-a", "Microsoft.KeyVault/vaults/kv-a"), vault.clone()).await;
    assert_eq!(r.refusal(), (404, "ResourceGroupNotFound"));
    b.change(Method::PUT, &group("rg-a"), json!({ "location": "eastus" })).await;
    assert_eq!(b.change(Method::PUT, &at("rg-a", "Microsoft.KeyVault/vaults/kv-a"), vault).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_role_assignments_are_put_and_taken_away() {
    let b = bench_of(busy(), None).await;
    let lock = format!("{GROUP}/rg-a/providers/Microsoft.Authorization/locks/hold{V}");
    let level = |l: &str| json!({ "properties": { "level": l, "notes": "for the incident" } });
    assert_eq!(b.change(Method::PUT, &lock, level("Never")).await.refusal(), (400, "LockLevelInvalid"));
    assert_eq!(b.change(Method::PUT, &lock, level("CanNotDelete")).await.status, 201);
    let st = at("rg-a", "Microsoft.Storage/storageAccounts/stgeo");
    assert_eq!(b.change(Method::DELETE, &st, Value::Null).await.refusal(), (409, "ScopeLocked"));
    assert_eq!(b.change(Method::PATCH, &st, json!({ "tags": {} })).await.status, 200);
    assert_eq!(b.change(Method::PUT, &lock, level("ReadOnly")).await.status, 200);
    assert_eq!(b.change(Method::PATCH, &st, json!({ "tags": {} })).await.refusal(), (409, "ScopeLocked"));
    let keys = format!("{GROUP}/rg-a/providers/Microsoft.Storage/storageAccounts/stgeo/listKeys{V}");
    assert_eq!(b.change(Method::POST, &keys, Value::Null).await.refusal(), (409, "ScopeLocked"));
    assert_eq!(b.names(&format!("{GROUP}/rg-a/providers/Microsoft.Authorization/locks{V}")).await, ["hold"]);
    assert_eq!(b.change(Method::DELETE, &lock, Value::Null).await.status, 200);
    assert_eq!(b.change(Method::POST, &keys, Value::Null).await.body["keys"][1]["keyName"], "key2");

    let roles = format!(
        "{GROUP}/rg-a/providers/Microsoft.KeyVault/vaults/kv-a/providers/Microsoft.Authorization/roleAssignments"
    );
    let list = b.get(&format!("{roles}{V}")).await;
    assert_eq!(list["value"][0]["properties"]["principalType"], "ServicePrincipal");
    let name = "11111111-0000-4000-8000-000000000001";
    let sent = json!({ "properties": { "roleDefinitionId": list["value"][0]["properties"]["roleDefinitionId"], "principalId": "someone" } });
    assert_eq!(b.change(Method::PUT, &format!("{roles}/{name}{V}"), sent.clone()).await.status, 201);
    let r = b.change(Method::PUT, &format!("{roles}/{}{V}", name.replace('1', "2")), sent).await;
    assert_eq!(r.refusal(), (409, "RoleAssignmentExists"));
    assert_eq!(b.get(&format!("{roles}{V}")).await["value"].as_array().unwrap().len(), 2);
    assert_eq!(b.change(Method::DELETE, &format!("{roles}/{name}{V}"), Value::Null).await.status, 200);
    assert_eq!(b.look(&format!("{roles}/{name}{V}")).await.refusal(), (404, "RoleAssignmentNotFound"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_identity_may_not_do_is_refused_by_name() {
    let allow = |scope: Option<&str>, actions: &[&str], not: &[&str]| Rights {
        scope: scope.map(str::to_owned),
        actions: actions.iter().map(|a| (*a).to_owned()).collect(),
        not_actions: not.iter().map(|a| (*a).to_owned()).collect(),
        ..Rights::default()
    };
    let b = bench_of(
        busy_with("[]", |w| {
            w.rights = vec![
                allow(None, &["*/read"], &["Microsoft.Storage/*/read"]),
                allow(
                    Some("rg-a"),
                    &["Microsoft.Storage/storageAccounts/*"],
                    &["Microsoft.Storage/storageAccounts/failover/action"],
                ),
            ];
        }),
        None,
    )
    .await;
    let st = "Microsoft.Storage/storageAccounts/stgeo";
    assert_eq!(b.look(&at("rg-a", st)).await.status, 200);
    assert_eq!(b.change(Method::PATCH, &at("rg-a", st), json!({ "tags": {} })).await.status, 200);
    let r = b.change(Method::POST, &at("rg-a", &format!("{st}/failover")), Value::Null).await;
    assert_eq!(r.refusal(), (403, "AuthorizationFailed"));
    assert!(
        r.body["error"]["message"].as_str().unwrap().contains("'Microsoft.Storage/storageAccounts/failover/action'")
    );
    assert_eq!(b.look(&at("rg-a", "Microsoft.KeyVault/vaults/kv-a")).await.status, 200);
    let r = b.change(Method::DELETE, &at("rg-a", "Microsoft.KeyVault/vaults/kv-a"), Value::Null).await;
    assert_eq!(r.refusal(), (403, "AuthorizationFailed"));
    let r = b.change(Method::PUT, &format!("{GROUP}/rg-new{V}"), json!({ "location": "eastus" })).await;
    assert_eq!(r.refusal(), (403, "AuthorizationFailed"));
    let own = b.get(&format!("{GROUP}/rg-a/providers/Microsoft.Authorization/permissions{V}")).await;
    assert_eq!(own["value"].as_array().unwrap().len(), 2);
    assert_eq!(own["value"][1]["notActions"][0], "Microsoft.Storage/storageAccounts/failover/action");
    let other = b.get(&format!("{GROUP}/rg-r/providers/Microsoft.Authorization/permissions{V}")).await;
    assert_eq!(other["value"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_is_taken_up_again_with_what_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("world.json");
    let start = async |at: u64| {
        let clock = Clock::scenario(EPOCH, Millis(at), Speed::Max);
        let mut options = Options::new(busy(), clock.clone());
        options.state_file = Some(file.clone());
        Bench::of(options, &clock).await
    };
    let b = start(0).await;
    b.change(Method::PUT, &at("rg-a", WEB), json!({ "location": "eastus" })).await;
    b.change(Method::DELETE, &at("rg-a", "Microsoft.KeyVault/vaults/kv-a"), Value::Null).await;
    let started = b.change(Method::DELETE, &format!("{GROUP}/rg-r{V}"), Value::Null).await;
    assert_eq!(started.status, 202);
    let position = b.now().0;
    b.simulator.shutdown().await.unwrap();
    let b = start(position).await;
    assert_eq!(b.look(&at("rg-a", WEB)).await.status, 200);
    assert_eq!(b.look(&at("rg-a", "Microsoft.KeyVault/vaults/kv-a")).await.status, 404);
    let url =
        started.location.replace(&started.location[..started.location.find("/subscriptions").unwrap()], &b.at.arm);
    assert_eq!(b.finish(&Answer { location: url, ..started }).await.status, 200);
    b.simulator.shutdown().await.unwrap();

    // A file of the first version knows nothing of resources: it gets those of the start.
    let mut old: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    old["schema"] = json!(1);
    for key in ["groups", "things", "gone", "objects", "locks", "roles"] {
        old.as_object_mut().unwrap().remove(key);
    }
    std::fs::write(&file, old.to_string()).unwrap();
    let b = start(position).await;
    assert_eq!(b.look(&at("rg-a", "Microsoft.KeyVault/vaults/kv-a")).await.status, 200);
    b.simulator.shutdown().await.unwrap();
    old["schema"] = json!(3);
    std::fs::write(&file, old.to_string()).unwrap();
    let told = Simulator::kept(&file).unwrap_err().to_string();
    assert!(told.contains("format 3") && told.contains("start a new rehearsal"), "{told}");
}
