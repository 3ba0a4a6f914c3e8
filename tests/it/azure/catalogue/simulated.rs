//! What several actions make of one world together, and what stands in the way from elsewhere.

use lifeboat::azure::action::{ReadBack, Sent};
use lifeboat::rehearsal::scenario::{MoreSubscription, World};
use lifeboat::runbook::model::{Action, FailoverKind, Method};
use serde_json::{Value, json};

use super::cases::{account, default_store, fail_over};
use super::sea::{Sea, id, written};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_back_in_the_order_that_azure_asks_for() {
    let s = Sea::new().await;
    let region = || "eastus2".to_owned();
    let account = Action::RecoverAccount { account: account("rg-r", "oai-gone"), region: region() };
    let vault = Action::RecoverVault { vault: id("rg-r", "Microsoft.KeyVault/vaults/kv-gone"), region: region() };
    let refused = s.perform(&s.change(&account, &[]).await).await;
    assert!(matches!(refused, Sent::Failed { .. }), "its vault is not back yet: {refused:?}");
    let key = Action::RecoverVaultObject {
        vault: id("rg-keep", "Microsoft.KeyVault/vaults/kv-keep"),
        object: "wrap".into(),
        kind: "key".into(),
    };
    for action in [vault, account, key] {
        let change = s.change(&action, &[]).await;
        assert!(matches!(s.perform(&change).await, Sent::Done { .. }), "{action:?}");
        assert_eq!(s.settled(&s.azure, &change).await, ReadBack::Applied, "{action:?}");
    }
}

/// Why a failover of the geo-redundant account is refused in such a world; it is never sent.
async fn refused(spoil: impl FnOnce(&mut World)) -> String {
    let s = Sea::with(None, spoil).await;
    let refused = s.look(&fail_over(FailoverKind::Unplanned), &[]).await.unwrap_err();
    assert_eq!(s.sends(), 0);
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_store_is_never_failed_over_whoever_leans_on_it() {
    let second = |denied| MoreSubscription {
        id: "00000000-0000-4000-8000-0000000000b0".into(),
        name: "second".into(),
        groups: [("rg-ml".to_owned(), lifeboat::units::Region::new("eastus"))].into(),
        resources: vec![default_store("mlw-b")],
        deleted: Vec::new(),
        denied,
    };
    let said = refused(|w| w.more_subscriptions.push(second(false))).await;
    assert!(said.contains("default storage account of the workspace mlw-b"), "another subscription's: {said}");
    // Not knowing is a no: a subscription that may not be read, or of which a part is shown as if it were all.
    let said = refused(|w| w.more_subscriptions.push(second(true))).await;
    assert!(said.contains("could not be read, so it is not failed over"), "{said}");
    let narrow = r#"[Rights(scope: "rg-a", actions: ["*"]), Rights(actions: ["Microsoft.Resources/*"])]"#;
    let said = refused(|w| w.rights = written(narrow)).await;
    assert!(said.contains("takes the right Microsoft.MachineLearningServices/workspaces/read"), "{said}");
    // It became one after it was looked at: the request itself does not leave.
    let s = Sea::new().await;
    let change = s.change(&fail_over(FailoverKind::Unplanned), &[]).await;
    assert!(change.body.is_none() && change.url.contains("/failover"), "{change:?}");
    let lean = Action::ArmRequest {
        resource: id("rg-r", "Microsoft.MachineLearningServices/workspaces/mlw-late"),
        method: Method::Put,
        api_version: "2024-10-01".into(),
        body: json!({ "location": "eastus2", "properties": {
            "storageAccount": id("rg-a", "Microsoft.Storage/storageAccounts/stgeo") } }),
    };
    let lean = s.change(&lean, &[]).await;
    assert!(matches!(s.perform(&lean).await, Sent::Done { .. }));
    let late = s.send(&change).await;
    assert!(matches!(&late, Sent::NotSent { why } if why.contains("of the workspace mlw-late")), "{late:?}");
    assert_eq!(s.sends(), 1, "the workspace alone");
    // Nor by a request written out.
    let resource = id("rg-a", "Microsoft.Storage/storageAccounts/stgeo/failover");
    let by_request =
        Action::ArmRequest { resource, method: Method::Post, api_version: "2024-01-01".into(), body: Value::Null };
    assert!(s.look(&by_request, &[]).await.unwrap_err().contains("FailOverStorage"));
}
