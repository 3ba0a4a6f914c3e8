//! Both sides of a plan, read over HTTP from the simulated Azure and from small fakes.

use lifeboat::azure::{Azure, Cloud, drift as reading};
use lifeboat::catalog::Catalog;
use lifeboat::clock::{Clock, Speed};
use lifeboat::plan::drift::{Drift, Known, Parts, Seen, Severity, drift, pairs, runbook};
use lifeboat::plan::model::Plan;
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::Millis;
use serde_json::json;

use super::{Asked, Do, EPOCH, Fake, absent, error, signed_in};

/// What the sandbox shows of a plan.
async fn sandbox(id: &str) -> (Plan, Seen, Drift) {
    let catalog = Catalog::builtin();
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let scenario = catalog.scenario("sandbox").unwrap();
    let simulator = Simulator::start(Options::new(scenario, clock.clone())).await.unwrap();
    let line = serde_json::to_string(&simulator.connection()).unwrap();
    let azure = Azure::new(Cloud::from_line(&line).unwrap()).unwrap();
    let plan = catalog.plan(id, None).unwrap();
    let book = runbook(&plan).unwrap();
    let seen = reading::read(&azure, &clock.task(), &plan, &pairs(&plan, &book)).await;
    let found = drift(&plan, &book, &seen);
    (plan, seen, found)
}

fn parts<'a>(plan: &Plan, seen: &'a Seen, parameter: &str) -> &'a Parts {
    match seen.things.get(&plan.values[parameter].to_lowercase()) {
        Some(Known::Read(Some(t))) => &t.parts,
        other => panic!("{parameter}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_hub_depends_on_is_read() {
    let (plan, seen, found) = sandbox("foundry-prod").await;
    let Parts::Workspace { connections: Known::Read(all) } = parts(&plan, &seen, "secondary_resource") else {
        panic!()
    };
    assert!(all.iter().any(|c| c.name == "ais-eastus" && c.category == "AIServices"), "{all:?}");
    let Parts::Profile { ttl, endpoints, routing, .. } = parts(&plan, &seen, "profile") else { panic!() };
    assert_eq!((*ttl, endpoints.len(), routing.as_str()), (Some(60), 2, "Weighted"));
    let Parts::Registry { replicas: Known::Read(all) } = parts(&plan, &seen, "registry") else { panic!() };
    assert!(
        !all.is_empty() && all.iter().all(|r| r.region.name() != "eastus"),
        "the home region is no replica: {all:?}"
    );
    assert!(matches!(parts(&plan, &seen, "data_storage"), Parts::Storage { .. }));
    assert!(matches!(parts(&plan, &seen, "primary_vault"), Parts::Vault { keep_days: Some(_), .. }));
    // What is shared lies in a group of the very region that fails: a real finding of this sandbox.
    let groups: Vec<&str> =
        found.differences.iter().filter(|d| d.field == "region of its group").map(|d| d.subject.as_str()).collect();
    assert!(groups.contains(&"Traffic Manager profile tm-contoso-hub"), "{:#?}", found.differences);
}

#[tokio::test(flavor = "multi_thread")]
async fn models_quota_and_groups_are_read() {
    let (plan, seen, found) = sandbox("sandbox").await;
    let Parts::Account { deployments: Known::Read(all) } = parts(&plan, &seen, "primary_resource") else { panic!() };
    assert_eq!(all.iter().map(|d| (d.name.as_str(), d.capacity)).collect::<Vec<_>>(), [("chat", 100), ("embed", 100)]);
    let quota = seen.quota.value().unwrap();
    assert!(all.iter().all(|d| quota.contains_key(&d.quota)), "{quota:?} {all:?}");
    assert_eq!(seen.groups.values().filter(|g| g.value().is_some()).count(), 3);
    // 150 for 100 is enough; 50 left for 100 is not.
    let quotas: Vec<(&str, Severity)> = found
        .differences
        .iter()
        .filter(|d| d.field.starts_with("quota "))
        .map(|d| (d.field.as_str(), d.severity))
        .collect();
    assert_eq!(quotas, [("quota OpenAI.Standard.text-embedding-3-large", Severity::Reduces)]);
    assert!(seen.blank().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_reading_does_not_give_is_kept_as_not_known() {
    let plan = Catalog::builtin().plan("prod-chat", None).unwrap();
    let book = runbook(&plan).unwrap();
    let f = Fake::new(|asked: &Asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        let p = asked.path.as_str();
        match p {
            _ if p.ends_with("roleAssignments") => {
                assert_eq!(asked.query, "api-version=2022-04-01&%24filter=atScope%28%29");
                let role = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c";
                let one = json!({ "properties": { "principalId": "p1", "principalType": "User", "roleDefinitionId": role } });
                let both = if p.contains("eastus") { vec![one] } else { Vec::new() };
                Do::Say(200, json!({ "value": both }))
            }
            _ if p.ends_with("/deployments") => error(403, "AuthorizationFailed", "no"),
            _ if p.contains("/locations/") => error(403, "AuthorizationFailed", "no"),
            _ if p.ends_with("oai-prod-eastus") => Do::Say(200, json!({ "location": "eastus", "kind": "OpenAI", "sku": { "name": "S0" } })),
            _ if p.ends_with("oai-prod-swedencentral") => Do::Say(200, json!({ "location": "swedencentral", "kind": "OpenAI", "sku": { "name": "S0" } })),
            _ if p.to_lowercase().ends_with("rg-chat-eastus") => Do::Say(200, json!({ "location": "eastus" })),
            _ if p.to_lowercase().ends_with("rg-chat-swedencentral") => Do::Say(200, json!({ "location": "swedencentral" })),
            _ => absent(),
        }
    })
    .await;
    let seen = reading::read(&f.azure, &f.task, &plan, &pairs(&plan, &book)).await;
    let d = drift(&plan, &book, &seen);
    let unread: Vec<&str> = d.unread.iter().map(|(what, _)| what.as_str()).collect();
    assert!(unread.contains(&"deployments of account oai-prod-eastus"), "{unread:?}");
    assert!(d.unread.iter().any(|(_, why)| why.contains("AuthorizationFailed")), "{:?}", d.unread);
    assert!(!d.none());
    let roles = d.differences.iter().find(|d| d.field == "role assignments").unwrap();
    assert_eq!(roles.secondary, "without Contributor for User p1");
    let store = d.differences.iter().find(|d| d.subject.starts_with("configuration store")).unwrap();
    assert_eq!((store.field.as_str(), store.severity), ("existence", Severity::Blocks));
    assert!(f.asked().iter().all(|a| a.method == "GET" || a.path.contains("/oauth2/")), "it only reads");
    // It can be kept and taken up again.
    let text = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Seen>(&text).unwrap(), seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_network_is_no_drift() {
    let plan = Catalog::builtin().plan("prod-chat", None).unwrap();
    let book = runbook(&plan).unwrap();
    let f =
        Fake::new(|asked: &Asked| signed_in(asked).unwrap_or(Do::Text(502, "<html>Bad gateway</html>".into()))).await;
    let seen = reading::read(&f.azure, &f.task, &plan, &pairs(&plan, &book)).await;
    assert!(seen.blank().unwrap().contains("502"), "{:?}", seen.blank());
    let d = drift(&plan, &book, &seen);
    assert_eq!(d.differences, []);
    assert!(d.unread.len() > 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_serves_counts_and_whose_identity_it_has() {
    let plan = Catalog::builtin().plan("foundry-prod", None).unwrap();
    let book = runbook(&plan).unwrap();
    let f = Fake::new(|asked: &Asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        let hub = asked.path.contains("/workspaces/") && !asked.path.ends_with("/connections");
        match asked.path.contains("/storageAccounts/") {
            // It was made in one region, and has served from the other since it failed over.
            true => Do::Say(200, json!({ "location": "eastus", "properties": { "primaryLocation": "swedencentral" } })),
            false if hub => Do::Say(200, json!({ "location": "eastus", "identity": { "principalId": "mi-1" } })),
            false => absent(),
        }
    })
    .await;
    let seen = reading::read(&f.azure, &f.task, &plan, &pairs(&plan, &book)).await;
    let of = |parameter: &str| match seen.things.get(&plan.values[parameter].to_lowercase()) {
        Some(Known::Read(Some(t))) => t,
        other => panic!("{parameter}: {other:?}"),
    };
    assert_eq!(of("data_storage").region.name(), "swedencentral");
    assert_eq!(of("primary_resource").identity.as_deref(), Some("mi-1"));
    assert!(seen.simulated && seen.azure == f.azure.cloud().name);
}
