//! Rules over the whole catalogue: what is taken back, what is never sent, what the language's page says.

use std::collections::BTreeMap;

use lifeboat::azure::action::{Change, ReadBack, Sent, preview, read_back, send, undo};
use lifeboat::runbook::model::{Action, FailoverKind, Method, Risk, Undo};
use lifeboat::runbook::traits::Back;
use serde_json::{Value, json};

use super::super::{SUB, account};
use super::cases::{all, default_store, fail_over, id, store, template};
use super::world::start;
use super::{first, go, look, name, sent};

#[tokio::test]
async fn what_can_be_taken_back_is_as_it_was() {
    for c in all() {
        let (f, _world, change) = first(&c).await;
        assert!(matches!(go(&f, &change).await, Sent::Done { .. }), "{}", name(&c));
        let how = if change.creates() { Undo::DeleteCreated } else { Undo::RestorePrevious };
        let back = undo(&f.azure, &f.task, std::slice::from_ref(&change), &how).await.unwrap();
        if c.action.traits().back == Back::No {
            assert!(
                back.changes.is_empty() && back.notes[0].contains("does not take this back"),
                "{}: {back:?}",
                name(&c)
            );
            continue;
        }
        assert_eq!(back.changes.len(), 1, "{}: {:?}", name(&c), back.notes);
        assert!(matches!(go(&f, &back.changes[0]).await, Sent::Done { .. }), "{}", name(&c));
        assert_eq!(read_back(&f.azure, &f.task, &back.changes[0]).await, ReadBack::Applied, "{}", name(&c));
        let again = look(&f, &c).await.unwrap();
        assert_eq!(again.changes[0].fields, change.fields, "{}: it is as it was before", name(&c));
        let twice = undo(&f.azure, &f.task, &[change], &how).await.unwrap();
        assert!(twice.changes.is_empty(), "{}: nothing is left to take back", name(&c));
    }
}

#[tokio::test]
async fn no_request_of_any_action_purges() {
    let plain = |t: &str| t.to_ascii_lowercase().replace("purgeprotection", "");
    for c in all() {
        let (f, _world, change) = first(&c).await;
        let text = plain(&serde_json::to_string(&change).unwrap());
        assert!(!text.contains("purge"), "{}", name(&c));
        drop(f);
    }
    let (f, world) = start(&[]).await;
    let vaults =
        format!("https://management.azure.com{SUB}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/kv");
    let tries = [
        ("POST", format!("{vaults}/purge?api-version=2026-02-01"), None),
        ("DELETE", format!("{vaults}?api-version=2026-02-01"), None),
        ("DELETE", "https://kv.vault.azure.net/deletedsecrets/key?api-version=7.4".to_owned(), None),
        (
            "DELETE",
            format!("https://management.azure.com{}?forceToPurge=true&api-version=2024-10-01", account("x")),
            None,
        ),
        (
            "PUT",
            format!("https://management.azure.com{}?api-version=2025-06-01", account("x")),
            Some(json!({ "properties": { "forceToPurge": true } })),
        ),
    ];
    for (method, url, body) in tries {
        let change = Change { method: method.into(), url, body: body.map(|b| b.to_string()), ..by_hand_made() };
        let refused = send(&f.azure, &f.task, &change, "i").await;
        assert!(matches!(&refused, Sent::NotSent { why } if why.contains("delete for good")), "{method}: {refused:?}");
    }
    // What protects from purging may be set, and a name may hold the word.
    let ok = Change {
        method: "PUT".into(),
        url: format!(
            "https://management.azure.com{}?api-version=2026-02-01",
            id("Microsoft.KeyVault/vaults", "purge-free")
        ),
        body: Some(json!({ "properties": { "enablePurgeProtection": true } }).to_string()),
        ..by_hand_made()
    };
    assert!(matches!(send(&f.azure, &f.task, &ok, "i").await, Sent::Accepted { .. }));
    assert_eq!(sent(&world), 1);
}

fn by_hand_made() -> Change {
    Change {
        what: "made by hand".into(),
        method: String::new(),
        url: String::new(),
        body: None,
        if_match: None,
        only_if_absent: false,
        target: account("x"),
        fields: Vec::new(),
        previous: None,
        effect: None,
    }
}

#[tokio::test]
async fn a_default_store_is_never_failed_over_whatever_happens_meanwhile() {
    // It became one after it was looked at: the request itself is refused.
    let (f, world) = start(&store()).await;
    let p = preview(&f.azure, &f.task, &fail_over(FailoverKind::Unplanned), None, &[]).await.unwrap();
    assert!(p.notes[0].contains("everything written after 2027-01-15T07:55:00Z"), "{:?}", p.notes);
    default_store(&mut world.lock().unwrap());
    let refused = send(&f.azure, &f.task, &p.changes[0], "i").await;
    assert!(matches!(&refused, Sent::NotSent { why } if why.contains("default storage account")), "{refused:?}");
    assert_eq!(sent(&world), 0);
    // Not knowing is a no.
    let (f, world) = start(&store()).await;
    let bad = format!("{SUB}/providers/Microsoft.MachineLearningServices/workspaces").to_ascii_lowercase();
    world.lock().unwrap().there.insert(bad, json!({ "not": "a list" }));
    let refused = preview(&f.azure, &f.task, &fail_over(FailoverKind::Planned), None, &[]).await;
    assert!(
        refused.as_ref().is_err_and(|e| e.to_string().contains("could not be read, so it is not failed over")),
        "{refused:?}"
    );
    // Nor by a request written out.
    let id = format!("{}/failover", id("Microsoft.Storage/storageAccounts", "data"));
    let refused = arm(&f, &id, Method::Post, Value::Null).await;
    assert!(refused.contains("FailOverStorage"), "{refused}");
}

async fn arm(f: &super::Fake, resource: &str, method: Method, body: Value) -> String {
    let action = Action::ArmRequest { resource: resource.into(), method, api_version: "2023-05-01".into(), body };
    preview(&f.azure, &f.task, &action, None, &[]).await.unwrap_err().to_string()
}

#[tokio::test]
async fn requests_written_out_have_limits() {
    let (f, world) = start(&[]).await;
    let vault = id("Microsoft.KeyVault/vaults", "kv");
    let group = format!("{SUB}/resourceGroups/rg");
    for (resource, method, body, word) in [
        (
            format!("{SUB}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/kv/purge"),
            Method::Post,
            Value::Null,
            "for good",
        ),
        (
            format!("{SUB}/providers/Microsoft.CognitiveServices/locations/eastus/resourceGroups/rg/deletedAccounts/a"),
            Method::Delete,
            Value::Null,
            "for good",
        ),
        (vault.clone(), Method::Patch, json!({ "forceToPurge": true }), "for good"),
        (group, Method::Delete, Value::Null, "never deleted here"),
        (id("Microsoft.Resources/deployments", "d"), Method::Put, json!({}), "DeployTemplate"),
        (vault, Method::Put, Value::Null, "needs a body"),
    ] {
        let refused = arm(&f, &resource, method, body).await;
        assert!(refused.contains(word), "{resource}: {refused}");
    }
    // A name that something in soft delete holds is not created anew; that of a storage account in no region.
    let stores = format!("{SUB}/providers/Microsoft.Storage/deletedAccounts/st");
    let gone = json!({ "location": "eastus", "deletionTime": "2027-01-10T00:00:00Z" });
    world.lock().unwrap().put(&stores, json!({ "properties": gone }));
    let new = id("Microsoft.Storage/storageAccounts", "st");
    let refused = arm(&f, &new, Method::Put, json!({ "location": "Sweden Central", "properties": {} })).await;
    assert!(
        refused.contains("soft-deleted storage account") && refused.contains("until 2027-01-24T00:00:00Z"),
        "{refused}"
    );
    assert_eq!(sent(&world), 0);
}

#[tokio::test]
async fn a_template_neither_deletes_nor_fetches_nor_runs() {
    let (f, world) = start(&all().pop().unwrap().before).await;
    let nested = |p: Value| json!({ "resources": [{ "type": "Microsoft.Resources/deployments", "name": "n", "properties": p }] });
    for (template, word) in [
        (nested(json!({ "mode": "Complete", "template": template() })), "mode other than Incremental"),
        (nested(json!({ "mode": "Incremental", "templateLink": { "uri": "https://x" } })), "fetched from elsewhere"),
        (json!({ "resources": { "s": { "type": "Microsoft.Resources/deploymentScripts" } } }), "no shell step"),
        (json!({}), "no `resources`"),
    ] {
        let action = Action::DeployTemplate {
            group: format!("{SUB}/resourceGroups/rg"),
            name: "n".into(),
            template,
            parameters: BTreeMap::new(),
        };
        let refused = preview(&f.azure, &f.task, &action, None, &[]).await.unwrap_err().to_string();
        assert!(refused.contains(word), "{refused}");
    }
    assert_eq!(sent(&world), 0);
}

#[tokio::test]
async fn a_webhook_carries_no_credential_and_goes_nowhere_else() {
    let c = all().pop().unwrap();
    let (f, world, change) = first(&c).await;
    assert!(matches!(go(&f, &change).await, Sent::Done { .. }));
    let got = world.lock().unwrap().changes[0].clone();
    assert_eq!((got.header("authorization"), got.header("idempotency-key")), ("", "intent-1"));
    assert_eq!(got.body, json!({ "text": "it begins" }));
    for url in ["https://example.org/x", "http://hooks.example.com/x", "https://me:word@hooks.example.com/x"] {
        let action = Action::HttpRequest { url: url.into(), method: Method::Post, body: Value::Null };
        let sent = match preview(&f.azure, &f.task, &action, None, &[]).await {
            Ok(p) => send(&f.azure, &f.task, &p.changes[0], "i").await,
            Err(_) => continue,
        };
        assert!(matches!(sent, Sent::NotSent { .. }), "{url}: a rehearsal reaches its simulator alone: {sent:?}");
    }
}

#[test]
fn the_page_of_the_language_says_what_each_action_needs() {
    let page = include_str!("../../../../runbooks/README.md");
    for c in all() {
        let t = c.action.traits();
        let row = page.lines().find(|l| l.starts_with(&format!("| `{}(", t.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not on the page", t.name));
        assert!(row.contains(&format!("`{:?}`", t.rung)), "{}: {row}", t.name);
        let written = c.action.rights().into_iter().filter(|r| !r.action.ends_with("/read"));
        for right in written
            .filter(|_| !matches!(t.name, "ArmRequest" | "SetDnsRecord" | "SetTrafficEndpoint" | "RecoverVaultObject"))
        {
            let short = right.action.trim_start_matches("Microsoft.");
            assert!(row.contains(short), "{}: the page does not name {short}", t.name);
        }
        assert!(
            c.action
                .rights()
                .iter()
                .all(|r| r.action.starts_with("Microsoft.") && r.scope.starts_with("/subscriptions/"))
        );
        assert!(t.risk > Risk::ReadOnly);
    }
}

#[tokio::test]
async fn regions_of_a_resources_own_are_shown_and_not_sent() {
    use lifeboat::azure::cognitive::own_regions;
    use lifeboat::units::Region;
    let locations = json!({ "routingMethod": "Priority", "regions": [
        { "name": "East US", "value": 1, "customsubdomain": "e" }, { "name": "westus", "value": 2.0 }] });
    let body = json!({ "location": "eastus", "kind": "ComputerVision", "sku": { "name": "S1" },
        "properties": { "provisioningState": "Succeeded", "locations": locations } });
    let plain = json!({ "location": "eastus", "properties": {} });
    let (f, world) = start(&[(account("eye"), body), (account("plain"), plain)]).await;
    assert!(own_regions(&f.azure, &f.task, &account("plain")).await.unwrap().is_none());
    let own = own_regions(&f.azure, &f.task, &account("eye")).await.unwrap().unwrap();
    assert_eq!((own.routing_method.as_deref(), own.regions.len()), (Some("Priority"), 2));
    let lines = own.by_hand_without(&account("eye"), &Region::new("East US"));
    assert!(lines[0].contains("not tried against the real Azure") && !lines[2].contains("East US"), "{lines:#?}");
    assert!(lines[2].contains("westus") && lines[2].contains(&account("eye")));
    assert_eq!(sent(&world), 0);
}

#[tokio::test]
async fn a_clock_that_is_ahead_refuses_no_recovery_that_azure_still_offers() {
    let mut seen = 0;
    for c in
        all().into_iter().filter(|c| matches!(c.action, Action::RecoverAccount { .. } | Action::RecoverVault { .. }))
    {
        let (f, world) = start(&c.before).await;
        let key = |k: &&String| k.contains("deletedaccounts/") || k.contains("deletedvaults/");
        let gone = world.lock().unwrap().there.keys().find(key).cloned().unwrap();
        world.lock().unwrap().there.get_mut(&gone).unwrap()["properties"]["scheduledPurgeDate"] =
            json!("2020-01-01T00:00:00Z");
        let p = look(&f, &c).await.unwrap();
        assert_eq!(p.changes.len(), 1, "{}", name(&c));
        assert!(p.notes.iter().any(|n| n.contains("check the clock")), "{}: {:?}", name(&c), p.notes);
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn nothing_is_recovered_into_a_group_that_is_being_deleted() {
    let c = all().into_iter().find(|c| matches!(c.action, Action::RecoverAccount { .. })).unwrap();
    let (f, world) = start(&c.before).await;
    let group = format!("{SUB}/resourceGroups/rg").to_lowercase();
    world.lock().unwrap().there.get_mut(&group).unwrap()["properties"]["provisioningState"] = json!("Deleting");
    let refused = look(&f, &c).await.unwrap_err().to_string();
    assert!(refused.contains("is being deleted"), "{refused}");
}
