//! What is in soft delete, over several subscriptions: what fails fails by name, the rest stays.

use lifeboat::azure::deleted::{Scope, deleted};
use lifeboat::plan::inventory::Found;
use lifeboat::recovery::{Deadline, Deleted, Kind, Origin, Reading, Term};
use lifeboat::units::Region;
use serde_json::json;

use super::*;

const A: &str = "11111111-2222-3333-4444-55555555000a";
const B: &str = "11111111-2222-3333-4444-55555555000b";

fn empty() -> Do {
    Do::Say(200, json!({ "value": [] }))
}

fn subscriptions() -> Do {
    let one = |id: &str, name: &str| json!({ "subscriptionId": id, "displayName": name, "state": "Enabled" });
    Do::Say(200, json!({ "value": [one(A, "team-a"), one(B, "team-b")] }))
}

async fn read(fake: &Fake, scope: &Scope) -> Reading {
    deleted(&fake.azure, &fake.task, scope, |_, _| {}).await.unwrap()
}

fn named<'r>(r: &'r Reading, name: &str) -> &'r Deleted {
    r.deleted.iter().find(|d| d.name == name).unwrap_or_else(|| panic!("{name} is not in {:#?}", r.deleted))
}

fn value(rows: serde_json::Value) -> Do {
    Do::Say(200, json!({ "value": rows }))
}

#[tokio::test]
async fn the_lists_of_a_subscription_as_azure_writes_them() {
    let fake = Fake::new(|asked| {
        if let Some(done) = signed_in(asked) {
            return done;
        }
        let a = asked.path.contains(A);
        match asked.path.rsplit('/').next().unwrap_or_default() {
            "subscriptions" => subscriptions(),
            "deletedAccounts" if a && asked.path.contains("CognitiveServices") => value(json!([
                { "id": format!("/subscriptions/{A}/providers/Microsoft.CognitiveServices/locations/westus/resourceGroups/rg/deletedAccounts/oai"),
                  "name": "oai", "location": "westus",
                  "properties": { "deletionDate": "2026-11-19T00:00:00Z", "scheduledPurgeDate": "2026-11-21T00:00:00Z",
                    "encryption": { "keySource": "Microsoft.KeyVault", "keyVaultProperties": { "keyVaultUri": "https://KV-lost.vault.azure.net/" } },
                    "userOwnedStorage": [{ "resourceId": format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlost") }] } },
                { "id": format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/live-form"),
                  "location": "West US", "properties": {} },
            ])),
            "deletedVaults" if a => value(json!([{
                "name": "kv-lost", "properties": {
                    "vaultId": format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-lost"),
                    "location": "westus", "deletionDate": "2026-11-19T00:00:59Z", "scheduledPurgeDate": "2026-11-26T00:00:59Z",
                    "purgeProtectionEnabled": true },
            }])),
            "deletedAccounts" if a => value(json!([{
                "name": "stlost", "properties": {
                    "storageAccountResourceId": format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlost"),
                    "location": "eastus", "deletionTime": "2026-11-19T04:41:37.3442475Z" },
            }])),
            "deletedWorkspaces" if a => value(json!([{
                "id": format!("/subscriptions/{A}/resourcegroups/rg/providers/Microsoft.OperationalInsights/workspaces/log"),
                "location": "eastus", "properties": { "modifiedDate": "2026-11-19T04:00:00Z" },
            }])),
            // A service that this subscription never used.
            "deletedWorkspaces" => error(409, "MissingSubscriptionRegistration", "The subscription is not registered."),
            "resourcegroups" => value(json!([{ "name": "RG", "location": "westus" }, { "name": "other", "location": "eastus" }])),
            "storageAccounts" => value(json!([{ "id": format!("/subscriptions/{B}/resourceGroups/x/providers/Microsoft.Storage/storageAccounts/unrelated") }])),
            _ => empty(),
        }
    })
    .await;
    let r = read(&fake, &Scope::default()).await;
    assert_eq!(r.failed, []);
    assert_eq!(r.deleted.len(), 5);
    let oai = named(&r, "oai");
    assert_eq!(
        oai.id,
        format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/oai")
    );
    assert!(oai.needs_known);
    assert_eq!(
        oai.needs,
        [named(&r, "kv-lost").id.clone(), named(&r, "stlost").id.clone()],
        "the key's address names its vault"
    );
    assert_eq!(Term::of(named(&r, "live-form")).deadline, Deadline::Unknown);
    assert_eq!(named(&r, "live-form").region, Region::new("westus"));
    assert_eq!(named(&r, "kv-lost").purge_protection, Some(true));
    assert!(matches!(Term::of(named(&r, "stlost")).deadline, Deadline::Counted(_)));
    assert_eq!(named(&r, "log").kind, Kind::LogWorkspace);
    assert_eq!(r.groups[A].len(), 1, "only what concerns something deleted is kept");
    assert_eq!((r.groups[B].len(), r.live.len()), (0, 0));
    assert_eq!(r.requests, 1 + 2 * 8);
    assert_eq!(fake.asked().iter().filter(|a| a.method != "GET" && !a.path.contains("/oauth2/")).count(), 0);
}

#[tokio::test]
async fn a_subscription_that_fails_is_a_failure_by_name_and_takes_nothing_along() {
    let fake = Fake::new(|asked| {
        if let Some(done) = signed_in(asked) {
            return done;
        }
        match asked.path.rsplit('/').next().unwrap_or_default() {
            "subscriptions" => subscriptions(),
            _ if asked.path.contains(A) => error(
                403,
                "AuthorizationFailed",
                &format!("The client does not have authorization to perform action '{}' over scope.", asked.path),
            ),
            "deletedVaults" => Do::Text(500, "<html>no</html>".into()),
            "deletedAccounts" if asked.path.contains("CognitiveServices") => value(json!([{
                "id": format!("/subscriptions/{B}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/oai"),
                "location": "eastus", "properties": { "deletionDate": "2026-11-19T00:00:00Z" },
            }])),
            _ => empty(),
        }
    })
    .await;
    let scope = Scope { subscriptions: vec!["TEAM-A".into(), B.to_uppercase(), "team-z".into()], ..Scope::default() };
    let r = read(&fake, &scope).await;
    assert_eq!(named(&r, "oai").subscription, B);
    let failed: Vec<_> = r.failed.iter().map(|f| (f.name.as_str(), f.what.as_str())).collect();
    assert_eq!(failed, [("team-a", "everything"), ("team-b", "deleted key vaults"), ("team-z", "everything")]);
    assert!(r.failed[0].why.contains("AuthorizationFailed") && r.failed[0].why.contains("role"), "{}", r.failed[0].why);
    assert!(r.failed[2].why.contains("does not see"));
    assert!(!r.groups.contains_key(A), "not read is not empty");
}

#[tokio::test]
async fn a_throttled_read_waits_as_long_as_azure_says() {
    let fake = Fake::new(|asked| {
        if let Some(done) = signed_in(asked) {
            return done;
        }
        if asked.path.ends_with("/subscriptions") {
            return subscriptions();
        }
        static ONCE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(true);
        let first = asked.path.ends_with("deletedVaults") && ONCE.swap(false, std::sync::atomic::Ordering::Relaxed);
        if first {
            return Do::With(
                429,
                vec![("retry-after", "17".into())],
                json!({ "error": { "code": "TooManyRequests", "message": "x" } }),
            );
        }
        empty()
    })
    .await;
    let before = fake.task.now().mono;
    let r = read(&fake, &Scope::default()).await;
    assert_eq!((r.failed.len(), r.requests, r.throttled), (0, 1 + 2 * 8 + 1, 1));
    let took = fake.task.now().mono - before;
    assert!((17_000..20_000).contains(&took), "{took} ms");
}

#[tokio::test]
async fn what_has_no_soft_delete_is_seen_in_the_log_or_against_the_inventory() {
    let ml = |name: &str| {
        format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/{name}")
    };
    let hub = ml("hub");
    let fake = Fake::new(move |asked| {
        if let Some(done) = signed_in(asked) {
            return done;
        }
        match asked.path.rsplit('/').next().unwrap_or_default() {
            "subscriptions" => subscriptions(),
            "values" if asked.path.contains(A) => {
                let word = |w: &str| json!({ "value": w });
                value(json!([{
                    "eventTimestamp": "2026-11-19T03:00:00Z", "operationName": word("Microsoft.MachineLearningServices/workspaces/delete"),
                    "status": word("Succeeded"), "caller": "eve@contoso.example", "resourceId": hub.to_uppercase(), "correlationId": "c",
                }]))
            }
            _ => empty(),
        }
    })
    .await;
    let found = |name: &str, kind: &str| Found {
        id: ml(name),
        resource_type: "Microsoft.MachineLearningServices/workspaces".into(),
        name: name.into(),
        region: Region::new("eastus"),
        kind: Some(kind.into()),
        sku: None,
    };
    let known = vec![found("hub", "Hub"), found("proj", "Project")];
    let r = read(&fake, &Scope { known, ..Scope::default() }).await;
    assert_eq!(r.deleted.len(), 2, "{:#?}", r.deleted);
    let hub = r.deleted.iter().find(|d| d.kind == Kind::Hub).unwrap();
    assert_eq!((hub.origin, hub.by.as_deref()), (Origin::ActivityLog, Some("eve@contoso.example")));
    let project = named(&r, "proj");
    assert_eq!((project.kind, project.origin, project.deleted_at), (Kind::Project, Origin::Inventory, None));
    assert_eq!(fake.count("GET", &format!("{A}/resources")), 1, "only where the inventory knew something");
    assert_eq!(fake.count("GET", &format!("{B}/resources")), 0);
}

#[tokio::test]
async fn vaults_are_looked_into_page_by_page_and_never_for_a_value() {
    let fake = Fake::new(|asked| {
        if let Some(done) = signed_in(asked) {
            return done;
        }
        let secret = |n: &str| json!({
            "recoveryId": format!("https://kv-live.vault.azure.net/deletedsecrets/{n}"), "deletedDate": 1_795_000_000,
            "scheduledPurgeDate": 1_797_000_000, "attributes": { "recoveryLevel": "Recoverable+Purgeable" },
        });
        let next = "https://kv-live.vault.azure.net:443/deletedsecrets?api-version=7.4&$skiptoken=x";
        match asked.path.as_str() {
            "/kv-live/deletedsecrets" if asked.query.contains("skiptoken") => value(json!([secret("two"), secret("cert")])),
            "/kv-live/deletedsecrets" => Do::Say(200, json!({ "value": [secret("one")], "nextLink": next })),
            "/kv-live/deletedcertificates" => value(json!([{
                "recoveryId": "https://kv-live.vault.azure.net/deletedcertificates/cert", "deletedDate": 1_795_000_000,
            }])),
            "/kv-live/deletedkeys" => Do::Say(200, json!({ "value": null })),
            "/lifeboat/hosts" => absent(),
            p if p.ends_with("/subscriptions") => subscriptions(),
            p if p.contains(A) && p.ends_with("/vaults") => value(json!([
                { "id": format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-live") },
                { "id": format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-shut") },
            ])),
            _ => empty(),
        }
    })
    .await;
    let r = read(&fake, &Scope { objects: true, ..Scope::default() }).await;
    let told: Vec<_> = r.deleted.iter().map(|d| (d.name.as_str(), d.kind, d.purge_protection)).collect();
    assert_eq!(
        told,
        [("cert", Kind::Certificate, None), ("one", Kind::Secret, Some(false)), ("two", Kind::Secret, Some(false)),]
    );
    let one = named(&r, "one");
    assert!(one.vault.as_deref().is_some_and(|v| v.ends_with("/vaults/kv-live")));
    assert_eq!((one.subscription.as_str(), one.deleted_at), (A, Some(1_795_000_000_000)));
    assert_eq!(r.failed.len(), 1);
    assert_eq!(r.failed[0].what, "deleted secrets, keys and certificates in kv-shut");
    assert!(fake.asked().iter().all(|a| !a.path.contains("/secrets/")));
    assert_eq!(read(&fake, &Scope::default()).await.failed, [], "vaults are left alone unless they are asked for");
}

#[tokio::test]
async fn what_is_odd_about_a_list_makes_nothing_gone() {
    let account = format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/oai");
    let vault = format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv");
    let (in_log, in_list) = (account.clone(), vault.clone());
    let fake = Fake::new(move |asked| {
        if let Some(done) = signed_in(asked) {
            return done;
        }
        let mine = asked.path.contains(A);
        match asked.path.rsplit('/').next().unwrap_or_default() {
            "subscriptions" => subscriptions(),
            // A cloud that does not know the list yet is not a service that nobody uses.
            "deletedAccounts" if mine && asked.path.contains("CognitiveServices") => {
                error(400, "InvalidResourceType", "The resource type could not be found.")
            }
            "deletedVaults" if mine => value(json!([
                { "name": "nameless", "properties": {} },
                { "properties": { "vaultId": in_list, "location": "eastus", "deletionDate": "2026-11-19T00:00:00Z" } },
            ])),
            "resourcegroups" if mine => value(json!([
                { "name": "RG", "location": "eastus", "properties": { "provisioningState": "Deleting" } },
            ])),
            "values" if mine => value(json!([{
                "eventTimestamp": "2026-11-19T03:00:00Z", "operationName": "Microsoft.CognitiveServices/accounts/delete",
                "status": "Succeeded", "resourceId": in_log, "correlationId": "c",
            }])),
            _ => empty(),
        }
    })
    .await;
    let before =
        Deleted { deleted_at: Some(1), ..Deleted::new(Kind::Vault, &format!("{vault}-old"), Origin::DeletedList) };
    let before = Reading {
        at: 7,
        deleted: vec![before],
        azure: fake.azure.cloud().name.clone(),
        simulated: true,
        ..Reading::default()
    };
    let r = read(&fake, &Scope { before: Some(before), ..Scope::default() }).await;
    assert!(!named(&r, "oai").purged, "a list that is not there has proven nothing");
    let failed: Vec<_> = r.failed.iter().map(|f| f.what.as_str()).collect();
    assert_eq!(failed, ["deleted AI accounts", "deleted key vaults"]);
    assert!(r.failed[1].why.contains("one row names nothing"), "{}", r.failed[1].why);
    assert_eq!(named(&r, "kv-old").seen_at, Some(7), "it may be the one without a name");
    assert_eq!(named(&r, "kv").seen_at, None);
    assert!(r.leaving.contains(&named(&r, "kv").place()));
    assert!(r.blank().is_none());
}

#[tokio::test]
async fn one_list_that_a_vault_refuses_leaves_the_others() {
    let fake = Fake::new(|asked| {
        if let Some(done) = signed_in(asked) {
            return done;
        }
        match asked.path.as_str() {
            "/kv-live/deletedsecrets" => {
                value(json!([{ "recoveryId": "https://kv-live.vault.azure.net/deletedsecrets/one" }]))
            }
            "/kv-live/deletedkeys" => error(403, "Forbidden", "no keys"),
            p if p.ends_with("/subscriptions") => subscriptions(),
            p if p.contains(A) && p.ends_with("/vaults") => value(json!([
                { "id": format!("/subscriptions/{A}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-live") },
            ])),
            _ => empty(),
        }
    })
    .await;
    let r = read(&fake, &Scope { objects: true, ..Scope::default() }).await;
    assert_eq!(r.deleted.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["one"]);
    assert_eq!(r.failed.iter().map(|f| f.what.as_str()).collect::<Vec<_>>(), ["deleted keys in kv-live"]);
    assert_eq!(r.gaps.len(), 1);
}
