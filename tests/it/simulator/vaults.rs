//! Key vaults, what is in them, and what comes back of them.

use super::busy::*;
use super::*;

const VAULTS: &str = "Microsoft.KeyVault/vaults";

fn gone(region: &str, name: &str) -> String {
    format!("{SUB}/providers/Microsoft.KeyVault/locations/{region}/deletedVaults/{name}{V}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_vault_comes_back_without_its_roles() {
    let b = bench_of(busy(), None).await;
    let kv = at("rg-a", &format!("{VAULTS}/kv-a"));
    let body = b.look(&kv).await;
    assert_eq!(
        (body.p("vaultUri"), body.p("sku")),
        (&json!("https://kv-a.vault.azure.net/"), &json!({ "family": "A", "name": "standard" }))
    );
    assert_eq!(body.p("enableSoftDelete"), true);
    let roles = format!("{GROUP}/rg-a/providers/{VAULTS}/kv-a/providers/Microsoft.Authorization/roleAssignments{V}");
    let news = at("rg-a", &format!("{VAULTS}/kv-a/providers/Microsoft.EventGrid/eventSubscriptions/news"));
    assert_eq!((b.look(&news).await.status, b.names(&roles).await.len()), (200, 1));

    assert_eq!(b.change(Method::DELETE, &kv, Value::Null).await.status, 200);
    assert_eq!(b.look(&kv).await.refusal(), (404, "ResourceNotFound"));
    assert_eq!(b.change(Method::DELETE, &kv, Value::Null).await.status, 204);
    let bin = b.look(&gone("eastus", "kv-a")).await;
    let time = |v: &Value| v.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!(time(bin.p("scheduledPurgeDate")) - time(bin.p("deletionDate")), 30 * 86_400_000);
    assert_eq!((bin.p("tags"), bin.p("location")), (&json!({ "env": "test" }), &json!("eastus")));

    // The name is taken, whoever asks.
    let fresh = json!({ "location": "eastus2", "properties": { "tenantId": b.at.tenant, "sku": { "family": "A", "name": "standard" } } });
    assert_eq!(
        b.change(Method::PUT, &at("rg-r", &format!("{VAULTS}/kv-a")), fresh.clone()).await.refusal(),
        (409, "ConflictError")
    );
    let check = format!("{SUB}/providers/Microsoft.KeyVault/checkNameAvailability{V}");
    let r = b.change(Method::POST, &check, json!({ "name": "kv-a", "type": VAULTS })).await;
    assert_eq!((&r.body["nameAvailable"], &r.body["reason"]), (&json!(false), &json!("AlreadyExists")));
    assert_eq!(
        b.change(Method::POST, &check, json!({ "name": "kv-free", "type": VAULTS })).await.body["nameAvailable"],
        true
    );

    let recover = json!({ "location": "eastus", "properties": { "tenantId": b.at.tenant, "sku": { "family": "A", "name": "standard" }, "createMode": "recover" } });
    assert_eq!(
        b.change(Method::PUT, &at("rg-r", &format!("{VAULTS}/kv-a")), recover.clone()).await.refusal(),
        (409, "ConflictError")
    );
    let r = b.change(Method::PUT, &kv, recover.clone()).await;
    assert_eq!((r.status, r.p("provisioningState")), (201, &json!("RegisteringDns")));
    b.task.sleep(Millis::from_secs(11)).await;
    let back = b.look(&kv).await;
    assert_eq!((back.p("provisioningState"), back.p("softDeleteRetentionInDays")), (&json!("Succeeded"), &json!(30)));
    assert_eq!((&back.body["tags"], back.p("createMode")), (&json!({ "env": "test" }), &Value::Null));
    // Lost for good: role assignments and event subscriptions.
    assert_eq!((b.look(&news).await.status, b.names(&roles).await.len()), (404, 0));
    assert_eq!(b.look(&gone("eastus", "kv-a")).await.status, 404);
    assert_eq!(
        b.change(Method::PUT, &at("rg-r", &format!("{VAULTS}/kv-free")), recover).await.refusal(),
        (404, "VaultNotFound")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn vaults_are_made_and_purged_as_their_protection_allows() {
    let b = bench_of(busy(), None).await;
    let properties = |more: Value| {
        let mut p = json!({ "tenantId": b.at.tenant, "sku": { "family": "A", "name": "standard" } });
        p.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "location": "eastus", "properties": p })
    };
    let put = async |name: &str, more: Value| {
        b.change(Method::PUT, &at("rg-a", &format!("{VAULTS}/{name}")), properties(more)).await
    };
    assert_eq!(put("kv-keep", json!({})).await.refusal(), (409, "VaultAlreadyExists"));
    assert_eq!(put("1", json!({})).await.refusal(), (400, "VaultNameNotValid"));
    assert_eq!(put("kv-new", json!({ "softDeleteRetentionInDays": 6 })).await.refusal(), (400, "BadRequest"));
    assert_eq!(put("kv-new", json!({ "softDeleteRetentionInDays": 7 })).await.status, 201);
    b.task.sleep(Millis::from_secs(11)).await;
    assert_eq!(put("kv-new", json!({ "softDeleteRetentionInDays": 8 })).await.refusal(), (400, "BadRequest"));
    // Roles are the rule from one api-version on.
    let newer = at("rg-a", &format!("{VAULTS}/kv-newer")).replace(V, "?api-version=2026-02-01");
    assert_eq!(b.change(Method::PUT, &newer, properties(json!({}))).await.p("enableRbacAuthorization"), true);

    let purge = |region: &str, name: &str| gone(region, name).replace(V, &format!("/purge{V}"));
    assert_eq!(
        b.change(Method::POST, &purge("eastus2", "kv-gone"), Value::Null).await.refusal(),
        (405, "MethodNotAllowed")
    );
    assert_eq!(b.change(Method::POST, &purge("eastus", "kv-old"), Value::Null).await.status, 404);
    let r = b.change(Method::POST, &purge("eastus2", "kv-old"), Value::Null).await;
    assert_eq!(r.status, 202);
    assert_eq!(b.finish(&r).await.status, 204);
    assert_eq!(b.names(&format!("{SUB}/providers/Microsoft.KeyVault/deletedVaults{V}")).await, ["kv-gone"]);
    // While its region is away a vault is only read.
    b.until(Millis::from_mins(12)).await;
    let r = b.change(Method::PATCH, &at("rg-a", &format!("{VAULTS}/kv-a")), json!({ "tags": {} })).await;
    assert_eq!(r.refusal(), (403, "Forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_vault_is_listed_and_recovered_without_any_value() {
    let b = bench_of(busy(), None).await;
    let vault = b.host("kv-a.vault.azure.net");
    let r = b.send(b.http.get(format!("{vault}/deletedsecrets?api-version=7.4"))).await;
    assert_eq!(r.status(), 401);
    let challenge = header(&r, "www-authenticate");
    assert!(
        challenge.starts_with("Bearer authorization=\"") && challenge.contains("resource=\"https://vault.azure.net\""),
        "{challenge}"
    );
    let token = b.token("https://vault.azure.net").await;
    let ask = async |method: Method, path: &str| {
        let r = b.send(b.http.request(method, format!("{vault}{path}")).bearer_auth(&token)).await;
        let status = r.status().as_u16();
        (status, serde_json::from_str::<Value>(&r.text().await.unwrap()).unwrap_or_default())
    };
    assert_eq!(ask(Method::GET, "/deletedsecrets").await.0, 400);
    let (_, page) = ask(Method::GET, "/deletedsecrets?api-version=7.4&maxresults=1").await;
    let first = &page["value"][0];
    assert_eq!(first["id"], "https://kv-a.vault.azure.net/secrets/db-password");
    assert_eq!(first["recoveryId"], "https://kv-a.vault.azure.net/deletedsecrets/db-password");
    assert_eq!(first["deletedDate"].as_i64().unwrap(), EPOCH / 1_000 - 7_200);
    assert_eq!(first["scheduledPurgeDate"].as_i64().unwrap(), EPOCH / 1_000 - 7_200 + 30 * 86_400);
    assert_eq!(first["attributes"]["recoveryLevel"], "CustomizedRecoverable+Purgeable");
    let next = page["nextLink"].as_str().unwrap().strip_prefix("https://kv-a.vault.azure.net").unwrap().to_owned();
    let (_, rest) = ask(Method::GET, &next).await;
    assert_eq!((rest["value"].as_array().unwrap().len(), &rest["nextLink"]), (1, &Value::Null));
    assert_eq!(ask(Method::GET, "/deletedkeys?api-version=7.4").await.1["value"], json!([]));

    let (status, back) = ask(Method::POST, "/deletedsecrets/db-password/recover?api-version=2025-07-01").await;
    assert!(
        status == 200 && back["id"].as_str().unwrap().starts_with("https://kv-a.vault.azure.net/secrets/db-password/"),
        "{back}"
    );
    assert_eq!(
        ask(Method::GET, "/deletedsecrets/db-password?api-version=7.4").await.1["error"]["code"],
        "SecretNotFound"
    );
    assert_eq!(
        ask(Method::GET, "/secrets?api-version=7.4").await.1["value"][0]["id"],
        "https://kv-a.vault.azure.net/secrets/db-password"
    );
    assert_eq!(ask(Method::GET, "/secrets/db-password?api-version=7.4").await.0, 403);
    assert_eq!(ask(Method::DELETE, "/deletedsecrets/smtp?api-version=7.4").await.0, 204);
    assert_eq!(ask(Method::GET, "/deletedsecrets?api-version=7.4").await.1["value"], json!([]));
    // Where purge protection is on, nobody purges.
    let keep = b.host("kv-keep.vault.azure.net");
    let r = b.send(b.http.delete(format!("{keep}/deletedkeys/wrap?api-version=7.4")).bearer_auth(&token)).await;
    assert_eq!((r.status().as_u16(), code(r).await.as_str()), (403, "Forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_depends_on_a_deleted_vault_waits_for_it() {
    let b = bench_of(busy(), None).await;
    let account = at("rg-r", "Microsoft.CognitiveServices/accounts/oai-gone");
    let restore = json!({ "location": "eastus2", "properties": { "restore": true } });
    let r = b.change(Method::PUT, &account, restore.clone()).await;
    assert_eq!(r.refusal(), (400, "DependencyNotFound"));
    assert!(r.body["error"]["message"].as_str().unwrap().contains("kv-gone"));
    let vault = json!({ "location": "eastus2", "properties": { "createMode": "recover" } });
    assert_eq!(b.change(Method::PUT, &at("rg-r", &format!("{VAULTS}/kv-gone")), vault).await.status, 201);
    assert_eq!(b.change(Method::PUT, &account, restore).await.status, 201);

    // Storage: a new account of the name ends the recovery. Logs: a plain PUT is the recovery. Learning: only the portal.
    let deleted = b.names(&format!("{SUB}/providers/Microsoft.Storage/deletedAccounts{V}")).await;
    assert_eq!(deleted, ["stgone"]);
    let st = json!({ "location": "eastus2", "kind": "StorageV2", "sku": { "name": "Standard_LRS" } });
    let r = b.change(Method::PUT, &at("rg-r", "Microsoft.Storage/storageAccounts/stgone"), st).await;
    assert_eq!((r.status, b.finish(&r).await.p("provisioningState")), (202, &json!("Succeeded")));
    assert!(b.names(&format!("{SUB}/providers/Microsoft.Storage/deletedAccounts{V}")).await.is_empty());
    let log = at("rg-r", "Microsoft.OperationalInsights/workspaces/log-gone");
    assert_eq!(b.change(Method::PUT, &log, json!({ "location": "eastus" })).await.refusal(), (409, "Conflict"));
    assert_eq!(b.change(Method::PUT, &log, json!({ "location": "eastus2" })).await.status, 201);
    assert!(b.names(&format!("{SUB}/providers/Microsoft.OperationalInsights/deletedWorkspaces{V}")).await.is_empty());
    let ml = at("rg-r", "Microsoft.MachineLearningServices/workspaces/mlw-gone");
    let r = b.change(Method::PUT, &ml, json!({ "location": "eastus2" })).await;
    assert_eq!(r.refusal(), (400, "BadRequest"));
    assert!(r.body["error"]["message"].as_str().unwrap().starts_with("Soft-deleted workspace exists."));
    let portal = async |name: &str| {
        let id = format!("{GROUP}/rg-r/providers/Microsoft.MachineLearningServices/workspaces/{name}");
        b.http.post(format!("{}/lifeboat/portal/recover?id={id}", b.at.arm)).send().await.unwrap().status().as_u16()
    };
    assert_eq!((portal("mlw-none").await, portal("mlw-gone").await, portal("mlw-gone").await), (404, 200, 404));
    assert_eq!(b.look(&ml).await.p("provisioningState"), "Succeeded");
}
