//! The rights of the signed-in identity, as Azure tells them: each scope once, what is not there yet by what it lies in.

use std::sync::Arc;

use lifeboat::azure::rights;
use lifeboat::plan::model::{Plan, PlannedStep};
use lifeboat::plan::rights::{Purpose, Standing};
use lifeboat::runbook::model::{Action, Method, Strategy, Undo};
use serde_json::{Value, json};

use super::{Asked, Do, Fake, SUB, absent, error, signed_in};

fn plan(strategy: Strategy) -> Plan {
    lifeboat::catalog::Catalog::builtin().plan("prod-chat", Some(strategy)).unwrap()
}

/// A fake whose identity has these roles and whose scopes have these locks.
async fn fake(
    roles: impl Fn(&str) -> Do + Send + Sync + 'static,
    locks: impl Fn(&str) -> Vec<Value> + Send + Sync + 'static,
) -> Fake {
    Fake::new(move |asked: &Asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        match asked.path.split_once("/providers/Microsoft.Authorization/") {
            Some((scope, "permissions")) => roles(scope),
            Some((scope, "locks")) => Do::Say(200, json!({ "value": locks(scope) })),
            _ => absent(),
        }
    })
    .await
}

fn roles(actions: &[&str], data: &[&str]) -> Do {
    let row = json!({ "actions": actions, "notActions": [], "dataActions": data, "notDataActions": [] });
    Do::Say(200, json!({ "value": [row] }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_has_everything_and_each_scope_is_asked_once() {
    let f = fake(|_| roles(&["*"], &["*"]), |_| Vec::new()).await;
    let r = rights::check(&f.azure, &f.task, &plan(Strategy::HotCold)).await;
    assert_eq!(r.standing(), Standing::Has, "{:#?}", r.steps);
    assert!(r.steps.len() > 5 && r.steps.iter().any(|s| s.step == "AO-F3"), "{:#?}", r.steps);
    let mut asked: Vec<String> =
        f.asked().into_iter().filter(|a| a.path.ends_with("/permissions")).map(|a| a.path.to_lowercase()).collect();
    assert_eq!(asked.len(), r.scopes);
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), r.scopes, "a scope was asked about twice");
    assert!(f.asked().iter().all(|a| a.method != "PUT" && a.method != "DELETE"));
    assert!(f.asked().iter().filter(|a| a.path.ends_with("/permissions")).all(|a| a.query == "api-version=2022-04-01"));
}

/// Taking back may take another right than doing.
#[test]
fn what_undo_takes_is_needed_as_well() {
    let plan = plan(Strategy::HotWarm);
    let key = plan.steps.iter().find(|s| matches!(s.action, Some(Action::SetAppConfiguration { .. }))).unwrap();
    let compute =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c";
    let record = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/dnsZones/z.example/A/www";
    for (action, right, scope) in [
        (key.action.clone().unwrap(), "configurationStores/keyValues/delete", "configurationStores/"),
        (Action::StartCompute { compute: compute.into() }, "computes/stop/action", compute),
        (Action::StopCompute { compute: compute.into() }, "computes/start/action", compute),
        (
            Action::SetDnsRecord { record: record.into(), values: Vec::new(), ttl: None },
            "dnsZones/A/delete",
            "dnsZones/z.example",
        ),
    ] {
        let step = PlannedStep { action: Some(action), undo: Undo::RestorePrevious, ..key.clone() };
        let undo: Vec<_> = rights::of_step(&step).needs.into_iter().filter(|n| n.purpose == Purpose::Undo).collect();
        let found = undo.iter().flat_map(|n| &n.any_of).any(|r| r.action.ends_with(right) && r.scope.contains(scope));
        assert!(found, "{right}: {undo:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_lacks_what_changes_and_it_is_named() {
    let f = fake(|_| roles(&["*/read"], &[]), |_| Vec::new()).await;
    let r = rights::check(&f.azure, &f.task, &plan(Strategy::HotCold)).await;
    let copy = r.step("AO-F3").unwrap();
    assert_eq!(copy.standing, Standing::Lacks);
    let lacks: Vec<(&str, Purpose)> = copy.doubts.iter().map(|d| (d.action.as_str(), d.purpose)).collect();
    assert!(lacks.contains(&("Microsoft.CognitiveServices/accounts/deployments/write", Purpose::Change)), "{lacks:?}");
    assert!(copy.doubts.iter().all(|d| d.scope.contains("swedencentral")), "{:#?}", copy.doubts);
    let store = r.steps.iter().flat_map(|s| &s.doubts).find(|d| d.action.contains("keyValues/write")).unwrap();
    assert_eq!(store.action, "Microsoft.AppConfiguration/configurationStores/keyValues/write (data)");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_yet_is_asked_about_where_it_will_lie() {
    for (group_there, locked) in [(true, false), (false, false), (false, true)] {
        let f = Fake::new(move |asked: &Asked| {
            if let Some(token) = signed_in(asked) {
                return token;
            }
            let Some((scope, what)) = asked.path.split_once("/providers/Microsoft.Authorization/") else {
                return absent();
            };
            let lower = scope.to_lowercase();
            if lower.contains("/providers/") || lower.contains("swedencentral") && !group_there {
                return absent();
            }
            match what {
                "locks" if locked => {
                    let on = scope.split('/').take(3).collect::<Vec<_>>().join("/");
                    let id = format!("{on}/providers/Microsoft.Authorization/locks/all");
                    Do::Say(
                        200,
                        json!({ "value": [{ "id": id, "name": "all", "properties": { "level": "ReadOnly" } }] }),
                    )
                }
                "locks" => Do::Say(200, json!({ "value": [] })),
                _ if lower.contains("swedencentral") => roles(&["*/read"], &[]),
                _ => roles(&["*"], &["*"]),
            }
        })
        .await;
        let r = rights::check(&f.azure, &f.task, &plan(Strategy::HotCold)).await;
        let copy = r.step("AO-F3").unwrap();
        // Its group's roles hold for what is made in it; where that is missing as well, the subscription's, and its locks.
        let expected = if group_there || locked { Standing::Lacks } else { Standing::Has };
        assert_eq!(copy.standing, expected, "{group_there} {locked}: {:#?}", copy.doubts);
        let by_lock = copy.doubts.iter().any(|d| d.why.contains("the lock `all`"));
        assert_eq!(by_lock, locked, "{:#?}", copy.doubts);
    }
}

#[test]
fn what_is_attached_to_a_resource_is_asked_about_on_it() {
    let vault = format!("{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv");
    let lock = |on: &str| Action::ArmRequest {
        method: Method::Put,
        resource: format!("{on}/providers/Microsoft.Authorization/locks/x"),
        api_version: "2020-05-01".into(),
        body: json!({}),
    };
    let group = format!("{SUB}/resourceGroups/rg");
    for (action, kind, scope) in [
        (lock(&vault), "Microsoft.Authorization/locks", &vault),
        (lock(&group), "Microsoft.Authorization/locks", &group),
    ] {
        let told: Vec<_> = action.rights().into_iter().map(|r| (r.action, r.scope)).collect();
        assert_eq!(told, [(format!("{kind}/read"), scope.clone()), (format!("{kind}/write"), scope.clone())]);
    }
    // The lock of a recovery is taken off again by the run's own undo.
    let plan = lifeboat::catalog::Catalog::builtin().plan("sandbox-recover-vault", None).unwrap();
    let needs = rights::needs(&plan);
    let undo =
        needs.iter().find(|s| s.step == "RC6").unwrap().needs.iter().find(|n| n.purpose == Purpose::Undo).unwrap();
    assert_eq!(undo.any_of[0].action, "Microsoft.Authorization/locks/delete");
    assert!(undo.any_of[0].scope.ends_with("/resourceGroups/rg-sandbox-recovery"), "{}", undo.any_of[0].scope);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_neither_had_nor_lacking() {
    let f = fake(
        |scope| match scope.contains("swedencentral") {
            true => error(403, "AuthorizationFailed", "The client does not have authorization."),
            false => roles(&["*"], &["*"]),
        },
        |_| Vec::new(),
    )
    .await;
    let r = rights::check(&f.azure, &f.task, &plan(Strategy::HotCold)).await;
    let copy = r.step("AO-F3").unwrap();
    assert_eq!(copy.standing, Standing::Unknown);
    assert!(copy.doubts[0].why.contains("AuthorizationFailed"), "{:#?}", copy.doubts);
    assert_eq!(r.of(Standing::Lacks).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_the_group_blocks_its_resources() {
    for (level, blocked) in [("ReadOnly", true), ("CanNotDelete", false)] {
        let level: Arc<str> = level.into();
        let own = Arc::clone(&level);
        let f = fake(
            |_| roles(&["*"], &["*"]),
            move |scope| {
                let group = scope.split('/').take(5).collect::<Vec<_>>().join("/");
                if !group.contains("swedencentral") {
                    return Vec::new();
                }
                let id = format!("{group}/providers/Microsoft.Authorization/locks/freeze");
                vec![json!({ "id": id, "name": "freeze", "properties": { "level": &*own } })]
            },
        )
        .await;
        let r = rights::check(&f.azure, &f.task, &plan(Strategy::HotCold)).await;
        let doubts = &r.step("AO-F3").unwrap().doubts;
        let stopped = doubts.iter().any(|d| d.purpose == Purpose::Change && d.why.contains("the lock `freeze`"));
        assert_eq!(stopped, blocked, "{level}: {doubts:#?}");
        // Either lock keeps what was created from being taken back.
        assert!(doubts.iter().any(|d| d.purpose == Purpose::Undo && d.why.contains("blocks")), "{level}: {doubts:#?}");
    }
}
