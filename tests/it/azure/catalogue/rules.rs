//! Rules over the whole catalogue: what is taken back, what is never sent, what the language's page says.

use std::collections::BTreeMap;

use lifeboat::azure::action::{Change, ReadBack, Sent, preview, read_back, send, undo};
use lifeboat::azure::reading;
use lifeboat::runbook::model::{Action, Condition, Method, Risk, Undo};
use lifeboat::runbook::traits::Back;
use serde_json::{Value, json};

use super::super::{Do, Fake, signed_in};
use super::cases::{account, all, template};
use super::first;
use super::sea::{INTENT, Sea, id, written};
use crate::simulator::busy::SUB;

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_taken_back_is_as_it_was() {
    for c in all() {
        let (s, change) = first(&c, None).await;
        assert!(matches!(s.perform(&change).await, Sent::Done { .. }), "{}", c.name());
        s.settled(&s.azure, &change).await;
        let how = if change.creates() { Undo::DeleteCreated } else { Undo::RestorePrevious };
        let taken_back = async || undo(&s.azure, &s.task, std::slice::from_ref(&change), &how).await.unwrap();
        let back = taken_back().await;
        if c.action.traits().back == Back::No {
            assert!(
                back.changes.is_empty() && back.notes[0].contains("does not take this back"),
                "{}: {back:?}",
                c.name()
            );
            continue;
        }
        assert_eq!(back.changes.len(), 1, "{}: {:?}", c.name(), back.notes);
        assert!(matches!(s.perform(&back.changes[0]).await, Sent::Done { .. }), "{}", c.name());
        assert_eq!(s.settled(&s.azure, &back.changes[0]).await, ReadBack::Applied, "{}", c.name());
        match s.look(&c.action, &c.created).await {
            Ok(again) => assert_eq!(again.changes[0].fields, change.fields, "{}: it is as it was before", c.name()),
            Err(e) => assert!(e.contains("soft-deleted account holds the name"), "{}: {e}", c.name()),
        }
        assert!(taken_back().await.changes.is_empty(), "{}: nothing is left to take back", c.name());
    }
}

/// What a colleague has made of it since is not deleted with what this run created.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_repointed_since_is_left_alone() {
    let s = Sea::new().await;
    let to = |ip: &str| Action::SetDnsRecord {
        record: id("rg-r", "Microsoft.Network/dnsZones/busy.example/A/new"),
        values: vec![ip.into()],
        ttl: None,
    };
    let created = s.change(&to("192.0.2.7"), &[]).await;
    assert!(created.creates() && matches!(s.perform(&created).await, Sent::Done { .. }));
    let colleague = s.change(&to("192.0.2.8"), &[]).await;
    assert!(matches!(s.perform(&colleague).await, Sent::Done { .. }));
    let back = undo(&s.azure, &s.task, &[created], &Undo::DeleteCreated).await.unwrap();
    assert!(back.changes.is_empty() && back.notes[0].contains("changed by somebody since"), "{back:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_of_any_action_purges() {
    let plain = |t: &str| t.to_ascii_lowercase().replace("purgeprotection", "");
    for c in all() {
        let (_s, change) = first(&c, None).await;
        let text = plain(&serde_json::to_string(&change).unwrap());
        assert!(!text.contains("purge"), "{}", c.name());
    }
    let s = Sea::new().await;
    let vaults =
        format!("https://management.azure.com{SUB}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/kv");
    let tries = [
        ("POST", format!("{vaults}/purge?api-version=2026-02-01"), None),
        ("DELETE", format!("{vaults}?api-version=2026-02-01"), None),
        ("DELETE", "https://kv.vault.azure.net/deletedsecrets/key?api-version=7.4".to_owned(), None),
        (
            "DELETE",
            format!("https://management.azure.com{}?forceToPurge=true&api-version=2024-10-01", account("rg-r", "x")),
            None,
        ),
        (
            "PUT",
            format!("https://management.azure.com{}?api-version=2025-06-01", account("rg-r", "x")),
            Some(json!({ "properties": { "forceToPurge": true } })),
        ),
    ];
    for (method, url, body) in tries {
        let change = Change { method: method.into(), url, body: body.map(|b| b.to_string()), ..by_hand_made() };
        let refused = s.send(&change).await;
        assert!(matches!(&refused, Sent::NotSent { why } if why.contains("delete for good")), "{method}: {refused:?}");
    }
    // What protects from purging may be set, and a name may hold the word.
    let ok = Change {
        method: "PATCH".into(),
        url: format!(
            "https://management.azure.com{}?api-version=2026-02-01",
            id("rg-a", "Microsoft.KeyVault/vaults/kv-a")
        ),
        body: Some(json!({ "properties": { "enablePurgeProtection": true } }).to_string()),
        ..by_hand_made()
    };
    assert!(matches!(s.send(&ok).await, Sent::Done { .. }));
    assert_eq!(s.sends(), 1);
}

fn by_hand_made() -> Change {
    Change {
        what: "made by hand".into(),
        method: String::new(),
        url: String::new(),
        body: None,
        if_match: None,
        only_if_absent: false,
        target: account("rg-r", "x"),
        fields: Vec::new(),
        previous: None,
        effect: None,
    }
}

async fn arm(s: &Sea, resource: &str, method: Method, body: Value) -> String {
    let action = Action::ArmRequest { resource: resource.into(), method, api_version: "2023-05-01".into(), body };
    s.look(&action, &[]).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_written_out_have_limits() {
    let s = Sea::new().await;
    let vault = id("rg-a", "Microsoft.KeyVault/vaults/kv-a");
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
        (id("rg-a", "Microsoft.Resources/deployments/d"), Method::Put, json!({}), "DeployTemplate"),
        (id("rg-a", "Microsoft.Resources/deploymentStacks/d"), Method::Put, json!({}), "a deployment stack deletes"),
        (vault, Method::Put, Value::Null, "needs a body"),
    ] {
        let refused = arm(&s, &resource, method, body).await;
        assert!(refused.contains(word), "{resource}: {refused}");
    }
    // A name that something in soft delete holds is not created anew; that of a storage account in no region.
    let new = id("rg-r", "Microsoft.Storage/storageAccounts/stgone");
    let refused = arm(&s, &new, Method::Put, json!({ "location": "Sweden Central", "properties": {} })).await;
    assert!(refused.contains("soft-deleted storage account holds the name stgone"), "{refused}");
    assert_eq!(s.sends(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_neither_deletes_nor_fetches_nor_runs() {
    let s = Sea::new().await;
    let nested = |p: Value| json!({ "resources": [{ "type": "Microsoft.Resources/deployments", "name": "n", "properties": p }] });
    for (template, word) in [
        (nested(json!({ "mode": "Complete", "template": template() })), "mode other than Incremental"),
        (nested(json!({ "mode": "Incremental", "templateLink": { "uri": "https://x" } })), "fetched from elsewhere"),
        (json!({ "resources": { "s": { "type": "Microsoft.Resources/deploymentScripts" } } }), "no shell step"),
        (json!({ "resources": [{ "type": "Microsoft.Resources/deploymentStacks" }] }), "a deployment stack"),
        (json!({}), "no `resources`"),
    ] {
        let action = Action::DeployTemplate {
            group: format!("{SUB}/resourceGroups/rg-r"),
            name: "n".into(),
            template,
            parameters: BTreeMap::new(),
        };
        let refused = s.look(&action, &[]).await.unwrap_err();
        assert!(refused.contains(word), "{refused}");
    }
    assert_eq!(s.sends(), 0);
}

#[tokio::test]
async fn a_webhook_carries_no_credential_and_goes_nowhere_else() {
    let f = Fake::new(|a| signed_in(a).unwrap_or_else(|| Do::Say(202, json!({})))).await;
    let hook = all().pop().unwrap().action;
    let change = preview(&f.azure, &f.task, &hook, None, &[]).await.unwrap().changes.remove(0);
    assert!(matches!(send(&f.azure, &f.task, &change, INTENT).await, Sent::Done { .. }));
    let got = f.asked().into_iter().find(|a| a.is("POST", "/hooks/drill")).unwrap();
    assert_eq!((got.header("authorization"), got.header("idempotency-key")), ("", INTENT));
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
        // Of a template the page cannot know the types.
        let own = |a: &str| !a.ends_with("/read") && (t.name != "DeployTemplate" || a.contains("/deployments/"));
        let written = c.action.rights().into_iter().filter(|r| own(&r.action));
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

#[tokio::test(flavor = "multi_thread")]
async fn regions_of_a_resources_own_are_shown_and_not_sent() {
    let eye = |method: &str, first: f64, second: f64| {
        written(&format!(
            r#"Resource(id: "rg-r/Microsoft.CognitiveServices/accounts/eye", location: "eastus2", kind: "ComputerVision", sku: "S1",
            properties: {{ "locations": {{ "routingMethod": "{method}", "regions": [
                {{ "name": "East US", "value": {first:.1}, "customsubdomain": "e" }}, {{ "name": "westus", "value": {second:.1} }}] }} }})"#
        ))
    };
    for (method, first, second, east, west) in [
        ("Priority", 1.0, 2.0, false, true),
        ("Weighted", 1.0, 1000.0, true, false),
        ("Performance", 1.0, 2.0, false, false),
    ] {
        let s = Sea::with(None, |w| w.resources.push(eye(method, first, second))).await;
        let read = async |name: &str, region: &str| {
            let c = Condition::OwnRegionsAvoid { resource: account("rg-r", name), region: region.into() };
            reading::read(&s.azure, &s.task, &c, &[], None).await.unwrap().remove(0)
        };
        for (region, avoided) in [("East US", east), ("West US", west), ("westus3", true)] {
            let r = read("eye", region).await;
            assert_eq!(r.ok, Some(avoided), "{method} {region}: {}", r.value);
        }
        let r = read("eye", "eastus").await;
        assert_eq!(r.value, format!("{method}: East US {first}, West US {second}"));
        let lines = r.raw.unwrap();
        assert!(lines.starts_with("# not tried against the real Azure"), "{lines}");
        let change = lines.lines().last().unwrap();
        assert!(change.contains("patch") && change.contains(&account("rg-r", "eye")), "{change}");
        assert!(change.contains("westus") && !change.contains("East US"), "{change}");
        assert_eq!(read("oai-bare", "eastus").await.ok, Some(false), "it has none");
        assert_eq!(s.sends(), 0);
    }
}

/// What is taken for true already is exactly so: nothing is null that is set, and no tag is spelt as somebody likes.
#[tokio::test(flavor = "multi_thread")]
async fn true_already_means_exactly_so() {
    let s = Sea::new().await;
    for (body, already) in [
        (json!({ "tags": { "env": "test" } }), true),
        (json!({ "tags": { "env": "TEST" } }), false),
        (json!({ "tags": {} }), false),
        (json!({ "properties": { "softDeleteRetentionInDays": null } }), false),
        (json!({ "properties": { "unheardOf": null } }), true),
        (json!({ "properties": { "softDeleteRetentionInDays": 30 }, "location": "East US" }), true),
    ] {
        let resource = id("rg-a", "Microsoft.KeyVault/vaults/kv-a");
        let action = Action::ArmRequest {
            resource,
            method: Method::Patch,
            api_version: "2023-07-01".into(),
            body: body.clone(),
        };
        assert_eq!(s.look(&action, &[]).await.unwrap().already_true, already, "{body}");
    }
    // All shares away: nought for each, and so it is read back.
    let endpoint = id("rg-r", "Microsoft.MachineLearningServices/workspaces/mlw/onlineEndpoints/score");
    let none = Action::SetOnlineEndpointTraffic { endpoint, traffic: BTreeMap::new() };
    let change = s.change(&none, &[]).await;
    assert_eq!(read_back(&s.azure, &s.task, &change).await, ReadBack::NotApplied);
    assert!(matches!(s.perform(&change).await, Sent::Done { .. }));
    assert_eq!(s.settled(&s.azure, &change).await, ReadBack::Applied);
}

/// An Azure in which everything asked for waits in soft delete, and the group is in this state.
async fn with_deleted(group: &'static str) -> Fake {
    Fake::new(move |a| {
        let deleted = ["/deletedAccounts/", "/deletedVaults/"].iter().any(|list| a.path.contains(list));
        let over = json!({ "scheduledPurgeDate": "2020-01-01T00:00:00Z", "deletionDate": "2019-12-30T00:00:00Z",
            "location": "eastus2", "vaultId": id("rg-r", "Microsoft.KeyVault/vaults/kv-gone") });
        match a.path.as_str() {
            _ if signed_in(a).is_some() => signed_in(a).unwrap(),
            _ if deleted => Do::Say(200, json!({ "id": a.path, "name": "gone", "properties": over })),
            path if path.ends_with("/resourceGroups/rg-r") => {
                let properties = json!({ "provisioningState": group });
                Do::Say(200, json!({ "id": path, "name": "rg-r", "location": "eastus2", "properties": properties }))
            }
            path if path == SUB => Do::Say(200, json!({ "tenantId": "contoso" })),
            _ => super::super::absent(),
        }
    })
    .await
}

#[tokio::test]
async fn a_clock_that_is_ahead_refuses_no_recovery_and_a_group_on_its_way_out_each() {
    let recoveries = || {
        all().into_iter().filter(|c| matches!(c.action, Action::RecoverAccount { .. } | Action::RecoverVault { .. }))
    };
    assert_eq!(recoveries().count(), 2);
    for c in recoveries() {
        let f = with_deleted("Succeeded").await;
        let p = preview(&f.azure, &f.task, &c.action, None, &[]).await.unwrap();
        assert_eq!(p.changes.len(), 1, "{}", c.name());
        assert!(p.notes.iter().any(|n| n.contains("check the clock")), "{}: {:?}", c.name(), p.notes);
        let f = with_deleted("Deleting").await;
        let refused = preview(&f.azure, &f.task, &c.action, None, &[]).await.unwrap_err().to_string();
        assert!(refused.contains("is being deleted"), "{}: {refused}", c.name());
    }
}
