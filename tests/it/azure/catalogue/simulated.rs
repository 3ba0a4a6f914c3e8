//! The catalogue against the embedded Azure itself: the same client, the same requests, answers that nobody here wrote for
//! these tests.

use std::collections::BTreeMap;

use lifeboat::azure::action::{Change, Preview, ReadBack, Sent, follow, preview, read_back, send};
use lifeboat::azure::{Azure, Cloud};
use lifeboat::clock::{Clock, Speed, Task};
use lifeboat::runbook::model::{Action, FailoverKind, Method, Routing, Switch};
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::Millis;
use serde_json::{Value, json};

use crate::simulator::busy::{SUB, busy};

const EPOCH: i64 = 1_795_144_440_000;

struct Sea {
    azure: Azure,
    task: Task,
    _simulator: Simulator,
}

impl Sea {
    async fn new() -> Self {
        let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
        let task = clock.task();
        let simulator = Simulator::start(Options::new(busy(), clock)).await.unwrap();
        let line = serde_json::to_string(&simulator.connection()).unwrap();
        let azure = Azure::new(Cloud::from_line(&line).unwrap()).unwrap();
        Self { azure, task, _simulator: simulator }
    }

    async fn look(&self, action: &Action) -> Result<Preview, String> {
        preview(&self.azure, &self.task, action, None, &[]).await.map_err(|e| e.to_string())
    }

    /// Sends, forgets everything but the stored texts, and follows with another client.
    async fn perform(&self, change: &Change) -> Sent {
        match send(&self.azure, &self.task, change, "11111111-1111-4111-8111-111111111111").await {
            Sent::Accepted { operation, .. } => {
                let fresh = Azure::new(self.azure.cloud().clone()).unwrap();
                follow(&fresh, &self.task, change, &operation, &mut |_| {}).await
            }
            other => other,
        }
    }

    async fn whole(&self, action: &Action) {
        let p = self.look(action).await.unwrap_or_else(|e| panic!("{action:?}: {e}"));
        assert_eq!(p.changes.len(), 1, "{action:?}: {p:?}");
        let done = self.perform(&p.changes[0]).await;
        assert!(matches!(done, Sent::Done { .. }), "{action:?}: {done:?}");
        // Some things show a little later, as in Azure; a step's verification waits as well.
        let mut found = read_back(&self.azure, &self.task, &p.changes[0]).await;
        for _ in 0..20 {
            if found == ReadBack::Applied {
                break;
            }
            self.task.sleep(Millis::from_secs(10)).await;
            found = read_back(&self.azure, &self.task, &p.changes[0]).await;
        }
        assert_eq!(found, ReadBack::Applied, "{action:?}");
        let again = self.look(action).await.unwrap_or_else(|e| panic!("{action:?} again: {e}"));
        assert!(again.already_true && again.changes.is_empty(), "{action:?}: {again:?}");
    }
}

fn id(group: &str, rest: &str) -> String {
    format!("{SUB}/resourceGroups/{group}/providers/{rest}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_back_in_the_order_that_azure_asks_for() {
    let s = Sea::new().await;
    let region = || "eastus2".to_owned();
    let account = Action::RecoverAccount {
        account: id("rg-r", "Microsoft.CognitiveServices/accounts/oai-gone"),
        region: region(),
    };
    let p = s.look(&account).await.unwrap();
    let refused = s.perform(&p.changes[0]).await;
    assert!(matches!(refused, Sent::Failed { .. }), "its vault is not back yet: {refused:?}");
    s.whole(&Action::RecoverVault { vault: id("rg-r", "Microsoft.KeyVault/vaults/kv-gone"), region: region() }).await;
    s.whole(&account).await;
    s.whole(&Action::RecoverLogWorkspace {
        workspace: id("rg-r", "Microsoft.OperationalInsights/workspaces/log-gone"),
        region: region(),
    })
    .await;
    let object = |name: &str, kind: &str, vault: (&str, &str)| Action::RecoverVaultObject {
        vault: id(vault.0, &format!("Microsoft.KeyVault/vaults/{}", vault.1)),
        object: name.into(),
        kind: kind.into(),
    };
    s.whole(&object("db-password", "secret", ("rg-a", "kv-a"))).await;
    s.whole(&object("wrap", "key", ("rg-keep", "kv-keep"))).await;
    let none = s.look(&object("other", "secret", ("rg-a", "kv-a"))).await;
    assert!(none.as_ref().is_err_and(|e| e.contains("neither in the vault")), "{none:?}");
    // A name that waits is not given to something new.
    let new = Action::ArmRequest {
        resource: id("rg-r", "Microsoft.KeyVault/vaults/kv-old"),
        method: Method::Put,
        api_version: "2026-02-01".into(),
        body: json!({ "location": "eastus2", "properties": {} }),
    };
    let refused = s.look(&new).await.unwrap_err();
    assert!(refused.contains("soft-deleted key vault holds the name kv-old"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_led_elsewhere() {
    let s = Sea::new().await;
    let profile = id("rg-r", "Microsoft.Network/trafficManagerProfiles/tm-a");
    let endpoint = |name: &str, status| Action::SetTrafficEndpoint {
        endpoint: format!("{profile}/externalEndpoints/{name}"),
        status: Some(status),
        weight: None,
        priority: None,
    };
    s.whole(&endpoint("east", Switch::Disabled)).await;
    let last = s.look(&endpoint("west", Switch::Disabled)).await.unwrap_err();
    assert!(last.contains("only endpoint"), "{last}");
    s.whole(&endpoint("east", Switch::Enabled)).await;
    s.whole(&Action::SetTrafficRouting { profile: profile.clone(), method: Routing::Weighted }).await;
    s.whole(&Action::SetDnsRecord {
        record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/CNAME/www"),
        values: vec!["west.example.net".into()],
        ttl: Some(60),
    })
    .await;
    s.whole(&Action::SetDnsRecord {
        record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/A/new"),
        values: vec!["192.0.2.7".into()],
        ttl: None,
    })
    .await;
    s.whole(&Action::SetFrontDoorOrigin {
        origin: id("rg-r", "Microsoft.Cdn/profiles/fd/originGroups/og/origins/east"),
        status: None,
        weight: Some(5),
        priority: None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_replicas_and_computes_change_as_asked() {
    let s = Sea::new().await;
    let geo = |how, region: &str| Action::FailOverStorage {
        account: id("rg-a", "Microsoft.Storage/storageAccounts/stgeo"),
        region: region.into(),
        how,
    };
    s.whole(&geo(FailoverKind::Planned, "westus")).await;
    let default = Action::FailOverStorage {
        account: id("rg-a", "Microsoft.Storage/storageAccounts/stzone"),
        region: "westus".into(),
        how: FailoverKind::Unplanned,
    };
    let refused = s.look(&default).await.unwrap_err();
    assert!(refused.contains("default storage account of the workspace mlw"), "{refused}");

    // A failover takes long; what follows is done before the region fails.
    let s = Sea::new().await;
    let registry = id("rg-r", "Microsoft.ContainerRegistry/registries/crbusy");
    s.whole(&Action::SetRegistryReplica {
        registry: registry.clone(),
        region: "westus".into(),
        status: Switch::Disabled,
    })
    .await;
    s.whole(&Action::AddRegistryReplica { registry, region: "westus2".into() }).await;
    let s = Sea::new().await;
    let ml = |rest: &str| id("rg-r", &format!("Microsoft.MachineLearningServices/workspaces/mlw/{rest}"));
    s.whole(&Action::StartCompute { compute: ml("computes/ci") }).await;
    s.whole(&Action::StopCompute { compute: ml("computes/ci") }).await;
    s.whole(&Action::SetOnlineEndpointTraffic {
        endpoint: ml("onlineEndpoints/score"),
        traffic: BTreeMap::from([("blue".to_owned(), 0), ("green".to_owned(), 100)]),
    })
    .await;
    s.whole(&Action::CreateResourceGroup { group: format!("{SUB}/resourceGroups/rg-new"), region: "westus".into() })
        .await;
    s.whole(&Action::ArmRequest {
        resource: format!("{SUB}/resourceGroups/rg-r/providers/Microsoft.Authorization/locks/recovery"),
        method: Method::Put,
        api_version: "2020-05-01".into(),
        body: json!({ "properties": { "level": "CanNotDelete", "notes": "drill" } }),
    })
    .await;
    let gone = Action::ArmRequest {
        resource: id("rg-keep", "Microsoft.KeyVault/vaults/kv-none"),
        method: Method::Delete,
        api_version: "2026-02-01".into(),
        body: Value::Null,
    };
    assert!(s.look(&gone).await.unwrap().already_true);
}
