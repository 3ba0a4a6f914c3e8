//! Conditions about any resource, any address and any name, read from the simulated Azure.

use lifeboat::azure::reading::{Reading, read};
use lifeboat::azure::{Azure, Cloud, inventory};
use lifeboat::clock::{Clock, Speed, Task};
use lifeboat::desk::outside;
use lifeboat::runbook::condition::Aggregation;
use lifeboat::runbook::model::Condition;
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::Millis;
use serde_json::json;

use super::{Do, EPOCH, Fake, absent, signed_in};
use crate::simulator::things::{SUB, small};

struct Small {
    _simulator: Simulator,
    azure: Azure,
    task: Task,
}

impl Small {
    async fn new() -> Self {
        let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
        let simulator = Simulator::start(Options::new(small(), clock.clone())).await.unwrap();
        let line = serde_json::to_string(&simulator.connection()).unwrap();
        let azure = Azure::new(Cloud::from_line(&line).unwrap()).unwrap();
        Self { _simulator: simulator, azure, task: clock.task() }
    }

    async fn read(&self, c: Condition) -> Reading {
        let mut all = read(&self.azure, &self.task, &c, &[], None).await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    async fn property(
        &self,
        resource: &str,
        path: &str,
        is: Option<&str>,
        is_not: Option<&str>,
        n: Option<u64>,
    ) -> (Option<bool>, String) {
        let r = self.read(Condition::ArmProperty {
            resource: format!("{SUB}/resourceGroups/{resource}"),
            path: path.into(),
            is: is.map(str::to_owned),
            is_not: is_not.map(str::to_owned),
            at_least: n,
        });
        let r = r.await;
        (r.ok, r.value)
    }
}

const KV: &str = "rg-a/providers/Microsoft.KeyVault/vaults/kv-a";

#[tokio::test(flavor = "multi_thread")]
async fn properties_of_any_resource_are_compared() {
    let s = Small::new().await;
    for (path, is, is_not, least, ok, value) in [
        ("properties.provisioningState", Some("succeeded"), None, None, Some(true), "Succeeded"),
        ("properties.provisioningState", Some("Failed"), None, None, Some(false), "Succeeded"),
        ("properties.provisioningState", None, Some("SUCCEEDED"), None, Some(false), "Succeeded"),
        ("properties.enablePurgeProtection", Some("True"), None, None, Some(true), "true"),
        ("properties.softDeleteRetentionInDays", Some("90"), None, None, Some(true), "90"),
        ("properties.softDeleteRetentionInDays", None, None, Some(90), Some(true), "90"),
        ("properties.softDeleteRetentionInDays", None, None, Some(91), Some(false), "90"),
        ("properties.softDeleteRetentionInDays", Some("90"), Some("90"), None, Some(false), "90"),
        ("properties.rules.1.name", Some("second"), None, None, Some(true), "second"),
        ("properties.Rules.0.Name", Some("first"), None, None, Some(true), "first"),
        ("properties.rules", None, None, None, Some(true), "a list of 2"),
        ("properties.rules", Some("first"), None, None, None, "a list of 2, which cannot be compared"),
        ("properties.rules.2.name", None, None, None, Some(false), "not set"),
        ("properties.failoverInProgress", None, Some("true"), None, None, "not set, which cannot be compared"),
        ("properties.failoverInProgress", Some("false"), None, None, Some(false), "not set"),
        ("properties.connectionString", None, None, None, Some(true), "set, and not shown"),
        ("location", Some("EastUS"), None, None, Some(true), "eastus"),
        ("location", None, Some("East US"), None, Some(false), "eastus"),
    ] {
        assert_eq!(
            s.property(KV, path, is, is_not, least).await,
            (ok, value.to_owned()),
            "{path} {is:?} {is_not:?} {least:?}"
        );
    }
    let replication = "rg-b/providers/Microsoft.ContainerRegistry/registries/cra/replications/";
    let state = "properties.provisioningState";
    assert_eq!(s.property(&format!("{replication}eastus"), state, Some("Succeeded"), None, None).await.0, Some(true));
    let (ok, value) = s.property(&format!("{replication}westus"), state, None, None, None).await;
    assert_eq!((ok, value.as_str()), (Some(false), "does not exist"));
    // A service that is not there says nothing about its resources, and an id that is none is no answer.
    let (ok, value) =
        s.property("rg-a/providers/Microsoft.NetworkAnalytics/dataProducts/dp", state, None, None, None).await;
    assert!(ok.is_none() && value.contains("InvalidResourceNamespace"), "{value}");
    assert_eq!(s.property("rg a", state, None, None, None).await.0, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_told_from_what_cannot_be_asked() {
    let s = Small::new().await;
    let absent = async |id: &str| s.read(Condition::ArmAbsent { resource: id.to_owned() }).await;
    let r = absent(&format!("{SUB}/resourceGroups/{KV}")).await;
    assert_eq!((r.ok, r.value.as_str(), r.name.as_str()), (Some(false), "is there, Succeeded", "vaults kv-a"));
    assert_eq!(absent(&format!("{SUB}/resourceGroups/{KV}x")).await.ok, Some(true));
    assert_eq!(absent(&format!("{SUB}/resourceGroups/rg-none")).await.ok, Some(true));
    assert_eq!(absent(&format!("{SUB}/resourceGroups/rg-a")).await.ok, Some(false));
    let deleted = format!("{SUB}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/kv-gone");
    assert_eq!(absent(&deleted).await.ok, Some(false));
    let other = "/subscriptions/11111111-0000-4000-8000-000000000000/resourceGroups/rg-a";
    assert_eq!(absent(other).await.ok, None, "another subscription may only be out of sight");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_summed_over_their_window() {
    let s = Small::new().await;
    s.task.sleep(Millis::from_secs(4 * 60 + 20)).await;
    let metric = async |name: &str, aggregation, least, most| {
        s.read(Condition::Metric {
            resource: format!("{SUB}/resourceGroups/rg-b/providers/Microsoft.CognitiveServices/accounts/vision"),
            name: name.into(),
            aggregation,
            over: Millis::from_mins(3),
            at_least: least,
            at_most: most,
        })
        .await
    };
    // Three minutes of twelve calls each.
    let r = metric("successfulcalls", Aggregation::Total, Some(36), Some(36)).await;
    assert_eq!((r.ok, r.value.as_str()), (Some(true), "36 in total over 3 min"));
    assert_eq!(metric("SuccessfulCalls", Aggregation::Total, Some(37), None).await.ok, Some(false));
    assert_eq!(metric("SuccessfulCalls", Aggregation::Average, Some(12), Some(12)).await.ok, Some(true));
    assert_eq!(metric("SuccessfulCalls", Aggregation::Maximum, None, Some(11)).await.ok, Some(false));
    assert_eq!(metric("Nothing", Aggregation::Total, Some(1), None).await.ok, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_answer_as_they_should_or_the_reading_says_how_not() {
    let s = Small::new().await;
    let http = async |url: &str, status, path: Option<&str>, is: Option<&str>| {
        outside::http(&s.azure, &s.task, url, status, path, is).await.remove(0)
    };
    let east = "https://east.example.net/health?x=1";
    let r = http(east, 200, Some("status"), Some("OK")).await;
    assert_eq!((r.ok, r.latency.is_some()), (Some(true), true));
    assert!(r.value.starts_with("200 in ") && r.value.ends_with("status: ok"), "{}", r.value);
    assert_eq!(http(east, 200, Some("status"), Some("bad")).await.ok, Some(false));
    assert_eq!(http(east, 200, Some("missing"), None).await.ok, Some(false));
    assert_eq!(http(east, 204, None, None).await.ok, Some(false));
    assert_eq!(http("https://www.example.org/", 200, Some("status"), None).await.ok, Some(false), "a page is no JSON");
    assert_eq!(http("https://www.small.example/", 200, Some("side"), Some("east")).await.ok, Some(true));
    // A rehearsal reaches nothing real, and says so.
    let r = http("https://www.contoso.com/", 200, None, None).await;
    assert!(r.ok.is_none() && r.value.contains("a rehearsal does not reach www.contoso.com"), "{}", r.value);
    assert_eq!(http("no address", 200, None, None).await.ok, None);
    s.task.sleep(Millis::from_mins(6)).await;
    let r = http(east, 200, Some("status"), Some("ok")).await;
    assert!(r.ok == Some(false) && r.value.starts_with("503 in") && r.value.ends_with("200 wanted"), "{}", r.value);
    assert_eq!(http(east, 503, None, None).await.ok, Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_followed_to_where_they_lead_now() {
    let s = Small::new().await;
    let dns = async |name: &str, target: &str| outside::dns(&s.azure, &s.task, name, target).await.remove(0);
    let east = dns("www.small.example", "east.example.net").await;
    assert_eq!(east.ok, Some(true), "{}", east.value);
    let west = dns("https://www.small.example/path", "https://WEST.example.net").await;
    assert!(west.ok == Some(false) && west.value.contains("west.example.net has 2"), "{}", west.value);
    assert_eq!(dns("nobody.small.example", "west.example.net").await.value, "has no address");
    s.task.sleep(Millis::from_mins(9)).await;
    assert_eq!(dns("tm-a.trafficmanager.net", "west.example.net").await.ok, Some(true));
    assert_eq!(dns("tm-a.trafficmanager.net", "east.example.net").await.ok, Some(false));
}

#[tokio::test]
async fn nothing_secret_is_sent_to_a_page_and_its_size_is_bounded() {
    let f = Fake::new(|a| match signed_in(a) {
        Some(d) => d,
        None if a.path.starts_with("/east/large") => Do::Text(200, "x".repeat(300 * 1024)),
        None if a.path.starts_with("/east/hang") => Do::Hang,
        None if a.path.starts_with("/east") => Do::Say(200, json!({ "ok": true })),
        None => absent(),
    })
    .await;
    f.azure.sign_in(&f.task).await;
    let http = async |path: &str| {
        outside::http(&f.azure, &f.task, &format!("https://east.openai.azure.com/{path}"), 200, Some("ok"), None)
            .await
            .remove(0)
    };
    assert_eq!(http("page").await.ok, Some(true));
    let asked = f.asked();
    let page = asked.iter().find(|a| a.path == "/east/page").unwrap();
    assert!(page.headers.keys().all(|k| !["authorization", "api-key", "cookie"].contains(&k.as_str())), "{page:?}");
    let large = http("large").await;
    assert!(large.ok == Some(false) && large.value.contains("larger than 256 KiB"), "{}", large.value);
    let hang = http("hang").await;
    assert!(hang.ok == Some(false) && hang.value.contains("no answer within 10 s"), "{}", hang.value);
    assert_eq!(outside::dns(&f.azure, &f.task, "a.example", "b.example").await[0].ok, None, "no resolver");
}

#[tokio::test]
async fn a_type_without_a_known_version_is_asked_for_its_newest() {
    let f = Fake::new(|a| match signed_in(a) {
        Some(d) => d,
        None if a.path.ends_with("/providers/Contoso.Shop") => Do::Say(
            200,
            json!({ "resourceTypes": [
            { "resourceType": "shops", "apiVersions": ["2026-01-01-preview", "2024-05-01", "2025-03-01"] } ] }),
        ),
        None if a.query.contains("api-version=2025-03-01") => Do::Say(200, json!({ "properties": { "open": true } })),
        None => absent(),
    })
    .await;
    let resource = format!("{}/resourceGroups/rg/providers/Contoso.Shop/shops/one", super::SUB);
    let c = Condition::ArmProperty {
        resource,
        path: "properties.open".into(),
        is: Some("true".into()),
        is_not: None,
        at_least: None,
    };
    assert_eq!(read(&f.azure, &f.task, &c, &[], None).await.unwrap()[0].ok, Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inventory_has_every_resource_and_group() {
    let s = Small::new().await;
    let all = inventory::inventory(&s.azure, &s.task).await.unwrap();
    let by = |name: &str| all.iter().find(|f| f.name == name).unwrap();
    assert_eq!(all.len(), 9, "{all:?}");
    assert_eq!(by("vision").kind.as_deref(), Some("ComputerVision"));
    assert_eq!((by("cra").sku.as_deref(), by("cra").region.name()), (Some("Premium"), "westus"));
    assert_eq!(
        (by("rg-b").resource_type.as_str(), by("rg-b").region.name()),
        ("Microsoft.Resources/resourceGroups", "westus")
    );
    assert_eq!(by("eastus").resource_type, "Microsoft.ContainerRegistry/registries/replications");
}

#[tokio::test]
async fn an_inventory_of_many_pages_is_read_whole_or_not_at_all() {
    for (pages, ok) in [(20, true), (21, false)] {
        let f = Fake::new(move |a| match signed_in(a) {
            Some(d) => d,
            None if a.path.ends_with("/resourcegroups") => Do::Say(200, json!({ "value": [] })),
            None => {
                let page: usize = a.query.split("skip=").nth(1).map_or(0, |n| n.parse().unwrap());
                let row = |n: usize| json!({ "id": format!("/subscriptions/s/resourceGroups/rg/providers/A.B/c/{page}-{n}") });
                let mut body = json!({ "value": (0..1_000).map(row).collect::<Vec<_>>() });
                if page + 1 < pages {
                    body["nextLink"] = json!(format!("https://management.azure.com{}?skip={}", a.path, page + 1));
                }
                Do::Say(200, body)
            }
        })
        .await;
        let all = inventory::inventory(&f.azure, &f.task).await;
        match all {
            Ok(all) => assert!(ok && all.len() == 20_000),
            Err(e) => assert!(!ok && e.to_string().contains("longer than 20000 rows"), "{e}"),
        }
    }
}

#[test]
fn every_type_of_the_plans_has_a_version_and_children_share_it() {
    use lifeboat::azure::versions::of;
    assert_eq!(of("microsoft.keyvault/VAULTS"), Some("2026-02-01"));
    assert_eq!(
        of("Microsoft.Network/trafficmanagerprofiles/AzureEndpoints"),
        of("Microsoft.Network/trafficManagerProfiles")
    );
    assert_eq!(of("Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts"), Some("2025-06-01"));
    assert_eq!(of("Microsoft.Network/virtualNetworks"), None);
    assert_eq!(of("Microsoft.KeyVaultX/vaults"), None);
}

#[test]
fn without_a_credential_any_https_host_may_be_asked_but_only_live() {
    let url = |text: &str| text.parse::<url::Url>().unwrap();
    let live = Cloud::public().unwrap();
    let shop = url("https://shop.example/health");
    assert_eq!(live.resolve_open(&shop).unwrap(), shop);
    assert!(live.resolve(&shop).is_err(), "a token does not go there");
    for bad in ["http://shop.example/", "https://kim:secret@shop.example/"] {
        assert!(live.resolve_open(&url(bad)).is_err(), "{bad}");
    }
    let rehearsal = Cloud::from_line(&super::line("http://127.0.0.1:9")).unwrap();
    assert!(rehearsal.resolve_open(&shop).is_err());
    assert!(rehearsal.resolve_open(&url("https://east.openai.azure.com/x")).is_ok());
}
