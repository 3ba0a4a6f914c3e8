//! Storage accounts: replication, both failovers, redundancy.

use super::busy::*;
use super::*;

const GEO: &str = "Microsoft.Storage/storageAccounts/stgeo";
const EXPAND: &str = "&$expand=geoReplicationStats";

async fn stats(b: &Bench) -> Value {
    b.look(&(at("rg-a", GEO) + EXPAND)).await.p("geoReplicationStats").clone()
}

fn time(v: &Value) -> i64 {
    v.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond() - EPOCH
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unplanned_failover_ends_at_the_last_synchronisation() {
    let mut b = bench_of(busy(), None).await;
    let before = b.look(&at("rg-a", GEO)).await;
    assert_eq!((before.p("secondaryLocation"), before.p("geoReplicationStats")), (&json!("westus"), &Value::Null));
    assert_eq!(before.p("secondaryEndpoints")["blob"], "https://stgeo-secondary.blob.core.windows.net/");
    let s = stats(&b).await;
    assert_eq!(
        (&s["status"], &s["canFailover"], &s["canPlannedFailover"]),
        (&json!("Live"), &json!(true), &json!(true))
    );
    // Four minutes behind, always; lost with the region, it stands still.
    assert!((time(&s["lastSyncTime"]) - (b.now().0 as i64 - 240_000)).abs() < 2_000);
    b.until(Millis::from_mins(15)).await;
    let s = stats(&b).await;
    assert_eq!(
        (&s["status"], &s["canFailover"], &s["canPlannedFailover"]),
        (&json!("Unavailable"), &json!(true), &json!(false))
    );
    let lost = time(&s["lastSyncTime"]);
    assert!((lost - 360_000).abs() < 10, "{lost}");
    assert_eq!(b.look(&at("rg-a", GEO)).await.p("statusOfPrimary"), "unavailable");
    let planned = at("rg-a", &format!("{GEO}/failover")) + "&failoverType=Planned";
    assert_eq!(b.change(Method::POST, &planned, Value::Null).await.status, 409);

    let started = b.change(Method::POST, &at("rg-a", &format!("{GEO}/failover")), Value::Null).await;
    assert_eq!(started.status, 202);
    assert!(
        started.location.contains("/locations/eastus/asyncoperations/") && started.location.contains("monitor=true")
    );
    let busy = b.look(&at("rg-a", GEO)).await;
    assert_eq!((busy.p("failoverInProgress"), busy.p("provisioningState")), (&json!(true), &json!("Succeeded")));
    // Not a second one, nor any other change meanwhile.
    assert_eq!(b.change(Method::POST, &at("rg-a", &format!("{GEO}/failover")), Value::Null).await.status, 409);
    assert_eq!(
        b.change(Method::PATCH, &at("rg-a", GEO), json!({ "tags": {} })).await.refusal(),
        (409, "AnotherOperationInProgress")
    );
    let from = b.now();
    assert_eq!(b.finish(&started).await.status, 200);
    assert!(b.now().saturating_sub(from) >= Millis::from_mins(10));
    let after = b.look(&(at("rg-a", GEO) + EXPAND)).await;
    assert_eq!((&after.body["location"], &after.body["sku"]["name"]), (&json!("eastus"), &json!("Standard_LRS")));
    assert_eq!((after.p("primaryLocation"), after.p("statusOfPrimary")), (&json!("westus"), &json!("available")));
    for gone in
        ["secondaryLocation", "statusOfSecondary", "geoReplicationStats", "failoverInProgress", "secondaryEndpoints"]
    {
        assert_eq!(after.p(gone), &Value::Null, "{gone}");
    }
    assert!(after.p("lastGeoFailoverTime").is_string());
    assert_eq!(
        b.change(Method::POST, &at("rg-a", &format!("{GEO}/failover")), Value::Null).await.refusal(),
        (409, "StorageAccountIsNotGeoRedundant")
    );
    // Made geo-redundant again, the copy has to be built up first.
    b.until(Millis::from_mins(50)).await;
    let r = b.change(Method::PATCH, &at("rg-a", GEO), json!({ "sku": { "name": "Standard_GRS" } })).await;
    assert_eq!((r.status, r.p("secondaryLocation")), (200, &json!("eastus")));
    let s = stats(&b).await;
    assert_eq!(
        (&s["status"], &s["lastSyncTime"], &s["canFailover"]),
        (&json!("Bootstrap"), &Value::Null, &json!(false))
    );
    b.until(Millis::from_mins(81)).await;
    b.arm_token = b.token("https://management.azure.com").await;
    assert_eq!(stats(&b).await["status"], "Live");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_failover_swaps_the_sides() {
    let b = bench_of(busy_with("[]", |_| {}), None).await;
    let r =
        b.change(Method::POST, &(at("rg-a", &format!("{GEO}/failover")) + "&failoverType=Other"), Value::Null).await;
    assert_eq!(r.status, 400);
    let started =
        b.change(Method::POST, &(at("rg-a", &format!("{GEO}/failover")) + "&failoverType=planned"), Value::Null).await;
    assert_eq!(b.finish(&started).await.status, 200);
    let after = b.look(&at("rg-a", GEO)).await;
    assert_eq!((after.p("primaryLocation"), after.p("secondaryLocation")), (&json!("westus"), &json!("eastus")));
    assert_eq!(after.body["sku"]["name"], "Standard_RAGRS");
    assert_eq!(stats(&b).await["canPlannedFailover"], true);
    assert_eq!(
        b.change(Method::POST, &at("rg-a", "Microsoft.Storage/storageAccounts/stzone/failover"), Value::Null)
            .await
            .status,
        409
    );
    assert_eq!(b.simulator.counts()[""], 3, "actions are counted as changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_may_fail_in_the_end() {
    let fails =
        r#"[Happening(at: "0s", what: Fault(id: "late", on: ArmIn("eastus"), how: FailsLate("InternalServerError")))]"#;
    let b = bench_of(busy_with(fails, |_| {}), None).await;
    let started = b.change(Method::POST, &at("rg-a", &format!("{GEO}/failover")), Value::Null).await;
    assert_eq!(started.status, 202);
    assert_eq!(b.finish(&started).await.refusal(), (409, "InternalServerError"));
    let after = b.look(&at("rg-a", GEO)).await;
    assert_eq!((after.p("primaryLocation"), after.p("failoverInProgress")), (&json!("eastus"), &Value::Null));
    let st = json!({ "location": "eastus", "kind": "StorageV2", "sku": { "name": "Standard_LRS" } });
    let r = b.change(Method::PUT, &at("rg-a", "Microsoft.Storage/storageAccounts/stnew"), st).await;
    assert_eq!(b.finish(&r).await.status, 409);
    assert_eq!(b.look(&at("rg-a", "Microsoft.Storage/storageAccounts/stnew")).await.p("provisioningState"), "Failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_have_keys_a_blob_service_and_rules_for_their_redundancy() {
    let b = bench_of(busy(), None).await;
    let own = |rest: &str| at("rg-a", &format!("{GEO}{rest}"));
    let keys = b.change(Method::POST, &own("/listKeys"), Value::Null).await.body["keys"].clone();
    let turned =
        b.change(Method::POST, &own("/regenerateKey"), json!({ "keyName": "key1" })).await.body["keys"].clone();
    assert!(turned[0]["value"] != keys[0]["value"] && turned[1]["value"] == keys[1]["value"]);
    assert_eq!(b.change(Method::POST, &own("/listKeys"), Value::Null).await.body["keys"], turned);
    let blob = own("/blobServices/default");
    assert_eq!(b.look(&blob).await.p("deleteRetentionPolicy")["enabled"], true);
    b.change(Method::PUT, &blob, json!({ "properties": { "isVersioningEnabled": true } })).await;
    assert_eq!(b.look(&blob).await.p("isVersioningEnabled"), true);
    for (account, sku, wanted) in [
        ("stgeo", "Standard_LRS", (200, "")),
        ("stgeo", "Standard_ZRS", (409, "StorageAccountPropertyCannotBeUpdated")),
        ("stzone", "Standard_GZRS", (200, "")),
        ("stzone", "Whatever", (400, "InvalidValuesForRequestParameters")),
    ] {
        let path = at("rg-a", &format!("Microsoft.Storage/storageAccounts/{account}"));
        let r = b.change(Method::PATCH, &path, json!({ "sku": { "name": sku } })).await;
        assert_eq!(r.refusal(), wanted, "{account} {sku}");
    }
    let put = async |name: &str| {
        let body = json!({ "location": "eastus", "kind": "StorageV2", "sku": { "name": "Standard_LRS" } });
        b.change(Method::PUT, &at("rg-a", &format!("Microsoft.Storage/storageAccounts/{name}")), body).await
    };
    assert_eq!(put("Upper").await.refusal(), (400, "AccountNameInvalid"));
    assert_eq!(b.change(Method::DELETE, &own(""), Value::Null).await.status, 200);
    let bin = b.look(&format!("{SUB}/providers/Microsoft.Storage/locations/eastus/deletedAccounts/stgeo{V}")).await;
    assert!(bin.p("restoreReference").as_str().unwrap().starts_with("stgeo|"));
    // What the portal sends to restore one.
    let back = json!({ "location": "eastus", "properties": { "deletedAccountCreationTime": bin.p("creationTime") } });
    let r = b.change(Method::PUT, &own(""), back).await;
    assert_eq!(b.finish(&r).await.p("provisioningState"), "Succeeded");
    assert_eq!(b.look(&blob).await.p("isVersioningEnabled"), true);
}
