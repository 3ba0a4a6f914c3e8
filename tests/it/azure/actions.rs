//! Each action against a small stateful Azure: preview, perform, read back, again (already true), undo.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lifeboat::azure::AzureError;
use lifeboat::azure::action::{FIT_QUOTA, Preview, ReadBack, Sent, follow, preview, read_back, send, undo};
use lifeboat::runbook::model::{Action, Undo};
use serde_json::{Value, json};

use super::{Asked, Do, Fake, SUB, absent, account, error, signed_in};

/// Resources by lower-case path; keys of the store with their version.
#[derive(Default)]
struct World {
    resources: BTreeMap<String, Value>,
    keys: BTreeMap<String, (String, u32)>,
    deleted_account: bool,
}

fn deployment(name: &str, model: &str, capacity: i64) -> Value {
    json!({ "name": name, "sku": { "name": "Standard", "capacity": capacity }, "properties": {
        "model": { "format": "OpenAI", "name": model, "version": "1", "callRateLimit": {} },
        "provisioningState": "Succeeded", "raiPolicyName": "Microsoft.Default", "capabilities": {} } })
}

fn put(world: &mut World, id: &str, body: Value) {
    let mut body = body;
    body["id"] = json!(id);
    body["name"] = json!(id.rsplit('/').next().unwrap());
    world.resources.insert(id.to_ascii_lowercase(), body);
}

async fn azure() -> (Fake, Arc<Mutex<World>>) {
    let mut world = World::default();
    for (name, region) in [("east", "eastus"), ("west", "westus3")] {
        let body = json!({ "location": region, "kind": "OpenAI", "sku": { "name": "S0" }, "properties": {
            "provisioningState": "Succeeded", "publicNetworkAccess": "Disabled",
            "endpoint": format!("https://{name}.openai.azure.com/") } });
        put(&mut world, &account(name), body);
    }
    for (name, model, capacity) in [("chat", "gpt-4o", 100), ("batch", "gpt-4o", 50), ("embed", "text-embedding-3", 30)]
    {
        put(&mut world, &format!("{}/deployments/{name}", account("east")), deployment(name, model, capacity));
    }
    world.keys.insert("active-region".into(), ("eastus".into(), 1));
    let world = Arc::new(Mutex::new(world));
    let own = Arc::clone(&world);
    (Fake::new(move |a| signed_in(a).unwrap_or_else(|| act(&mut own.lock().unwrap(), a))).await, world)
}

fn act(w: &mut World, a: &Asked) -> Do {
    if let Some(key) = a.path.strip_prefix("/store/kv/") {
        return on_key(w, a, key);
    }
    let path = a.path.to_ascii_lowercase();
    if path.contains("/deletedaccounts/") {
        return if w.deleted_account { Do::Say(200, json!({})) } else { absent() };
    }
    if path.ends_with("/models") {
        let m = |name: &str| {
            json!({ "model": { "format": "OpenAI", "name": name, "version": "1",
            "skus": [{ "name": "Standard", "usageName": format!("OpenAI.Standard.{name}") }] } })
        };
        return Do::Say(200, json!({ "value": [m("gpt-4o")] }));
    }
    if path.ends_with("/usages") {
        let u = json!({ "name": { "value": "OpenAI.Standard.gpt-4o" }, "currentValue": 10.0, "limit": 130.0 });
        return Do::Say(200, json!({ "value": [u] }));
    }
    match a.method.as_str() {
        "GET" if path.ends_with("/deployments") => {
            let all: Vec<_> =
                w.resources.iter().filter(|(k, _)| k.starts_with(&format!("{path}/"))).map(|(_, v)| v).collect();
            Do::Say(200, json!({ "value": all }))
        }
        "GET" => w.resources.get(&path).map_or_else(absent, |b| Do::Say(200, b.clone())),
        "PUT" => {
            let mut body = a.body.clone();
            body["properties"]["provisioningState"] = json!("Succeeded");
            put(w, &a.path, body.clone());
            Do::Say(201, body)
        }
        "PATCH" => {
            let Some(there) = w.resources.get_mut(&path) else { return absent() };
            there["sku"] = a.body["sku"].clone();
            Do::Say(200, there.clone())
        }
        _ => match w.resources.remove(&path) {
            Some(_) => Do::Say(200, json!({})),
            None => Do::Text(204, String::new()),
        },
    }
}

fn on_key(w: &mut World, a: &Asked, key: &str) -> Do {
    let now = w.keys.get(key).cloned();
    let tag = |v: u32| format!("\"v{v}\"");
    let fits = match (&now, a.header("if-match"), a.header("if-none-match")) {
        (_, "", "") => true,
        (Some((_, v)), wanted, "") => wanted == tag(*v),
        (None, "", "*") => true,
        _ => false,
    };
    if !fits {
        return Do::Say(412, json!({ "title": "the key was changed", "status": 412 }));
    }
    let show = |value: &str, v: u32| {
        Do::With(
            200,
            vec![("etag", tag(v))],
            json!({ "key": key, "value": value, "content_type": "text/plain", "tags": {} }),
        )
    };
    match (a.method.as_str(), now) {
        ("GET", None) => Do::Text(404, String::new()),
        ("GET", Some((value, v))) => show(&value, v),
        ("PUT", now) => {
            let (value, v) = (a.body["value"].as_str().unwrap().to_owned(), now.map_or(1, |n| n.1 + 1));
            w.keys.insert(key.into(), (value.clone(), v));
            show(&value, v)
        }
        _ => {
            w.keys.remove(key);
            Do::Text(200, String::new())
        }
    }
}

async fn perform(f: &Fake, p: &Preview) {
    for c in &p.changes {
        let sent = match send(&f.azure, &f.task, c, "i").await {
            Sent::Accepted { operation, .. } => follow(&f.azure, &f.task, c, &operation, &mut |_| {}).await,
            other => other,
        };
        assert!(matches!(sent, Sent::Done { .. }), "{}: {sent:?}", c.what);
        assert_eq!(read_back(&f.azure, &f.task, c).await, ReadBack::Applied, "{}", c.what);
    }
}

fn copy() -> Action {
    Action::CopyDeployments { from: account("east"), to: account("west"), first: "embed, chat".into() }
}

fn names(p: &Preview) -> Vec<&str> {
    p.changes.iter().map(|c| c.what.as_str()).collect()
}

#[tokio::test]
async fn deployments_are_copied_in_order_and_as_quota_allows() {
    let (f, world) = azure().await;
    let full = preview(&f.azure, &f.task, &copy(), None, &[]).await.unwrap();
    assert_eq!(names(&full), ["create deployment embed", "create deployment chat", "create deployment batch"]);
    assert_eq!(full.options.len(), 1);
    assert!(
        !full.already_true && full.notes.iter().any(|n| n.contains("does not offer text-embedding-3")),
        "{:?}",
        full.notes
    );
    let body: Value = serde_json::from_str(full.changes[1].body.as_deref().unwrap()).unwrap();
    assert_eq!(
        body["properties"],
        json!({ "model": { "format": "OpenAI", "name": "gpt-4o", "version": "1" },
        "raiPolicyName": "Microsoft.Default" }),
        "only what can be written"
    );

    let fit = preview(&f.azure, &f.task, &copy(), Some(FIT_QUOTA), &[]).await.unwrap();
    let capacity = |i: usize| fit.changes[i].fields[2].after.clone().unwrap();
    assert_eq!(names(&fit), ["create deployment chat", "create deployment batch"]);
    assert_eq!((capacity(0), capacity(1)), ("100".into(), "20".into()), "120 are left, the most critical first");
    let other = preview(&f.azure, &f.task, &copy(), Some("other"), &[]).await;
    assert_eq!(other, Err(AzureError::UnknownOption("other".into())));

    perform(&f, &fit).await;
    assert!(fit.changes.iter().all(lifeboat::azure::action::Change::creates));
    world.lock().unwrap().resources.remove(&format!("{}/deployments/embed", account("east")).to_ascii_lowercase());
    assert!(preview(&f.azure, &f.task, &copy(), None, &[]).await.unwrap().already_true);

    // A creation that ended badly is not taken for one that serves.
    let chat = format!("{}/deployments/chat", account("west")).to_ascii_lowercase();
    world.lock().unwrap().resources.get_mut(&chat).unwrap()["properties"]["provisioningState"] = json!("Failed");
    let again = preview(&f.azure, &f.task, &copy(), None, &[]).await.unwrap();
    assert_eq!((names(&again), again.already_true), (vec!["create deployment chat"], false));
    perform(&f, &again).await;

    let back = undo(&f.azure, &f.task, &fit.changes, &Undo::DeleteCreated).await.unwrap();
    assert_eq!(back.changes.iter().map(|c| c.method.as_str()).collect::<Vec<_>>(), ["DELETE", "DELETE"]);
    assert!(back.changes[0].what.contains("batch"), "last first");
    perform(&f, &back).await;
    assert!(undo(&f.azure, &f.task, &fit.changes, &Undo::DeleteCreated).await.unwrap().changes.is_empty());
}

#[tokio::test]
async fn only_what_this_run_created_is_deleted() {
    let (f, _world) = azure().await;
    let fit = preview(&f.azure, &f.task, &copy(), Some(FIT_QUOTA), &[]).await.unwrap();
    perform(&f, &fit).await;
    let created = vec![fit.changes[0].target.to_uppercase(), format!("{}/deployments/batch", account("east"))];
    let action = Action::DeleteCreatedDeployments { account: account("west") };
    let p = preview(&f.azure, &f.task, &action, None, &created).await.unwrap();
    assert_eq!(names(&p), ["delete deployment chat"]);
    perform(&f, &p).await;
    assert!(preview(&f.azure, &f.task, &action, None, &created).await.unwrap().already_true);
    let back = undo(&f.azure, &f.task, &p.changes, &Undo::RestorePrevious).await.unwrap();
    perform(&f, &back).await;
    assert_eq!(names(&preview(&f.azure, &f.task, &action, None, &created).await.unwrap()), ["delete deployment chat"]);
}

#[tokio::test]
async fn capacity_is_raised_and_restored_but_not_over_others() {
    let (f, world) = azure().await;
    let chat = format!("{}/deployments/chat", account("west"));
    put(&mut world.lock().unwrap(), &chat, deployment("chat", "gpt-4o", 10));
    for name in ["batch", "embed"] {
        let d = deployment(name, "gpt-4o", 500);
        put(&mut world.lock().unwrap(), &format!("{}/deployments/{name}", account("west")), d);
    }
    let action = Action::RaiseCapacity { account: account("west"), like: account("east") };
    let p = preview(&f.azure, &f.task, &action, None, &[]).await.unwrap();
    assert_eq!((p.changes.len(), p.changes[0].method.as_str()), (1, "PATCH"));
    assert_eq!(p.changes[0].fields[0].before.as_deref(), Some("10"));
    perform(&f, &p).await;
    assert!(preview(&f.azure, &f.task, &action, None, &[]).await.unwrap().already_true);
    let back = undo(&f.azure, &f.task, &p.changes, &Undo::RestorePrevious).await.unwrap();
    perform(&f, &back).await;
    assert_eq!(world.lock().unwrap().resources[&chat.to_ascii_lowercase()]["sku"]["capacity"], 10);
    put(&mut world.lock().unwrap(), &chat, deployment("chat", "gpt-4o", 77));
    let stale = undo(&f.azure, &f.task, &p.changes, &Undo::RestorePrevious).await.unwrap();
    assert!(stale.changes.is_empty() && stale.notes[0].contains("changed by somebody"), "{stale:?}");
}

#[tokio::test]
async fn configuration_is_guarded_by_its_etag() {
    let (f, world) = azure().await;
    let store = format!("{SUB}/resourceGroups/rg/providers/Microsoft.AppConfiguration/configurationStores/store");
    let values = BTreeMap::from([("active-region".into(), "westus3".into()), ("latched".into(), "true".into())]);
    let action = Action::SetAppConfiguration { store, values };
    let p = preview(&f.azure, &f.task, &action, None, &[]).await.unwrap();
    assert_eq!(p.changes[0].fields[0].before.as_deref(), Some("eastus"));
    assert!(p.changes[1].only_if_absent);
    // Somebody is faster.
    world.lock().unwrap().keys.insert("active-region".into(), ("other".into(), 2));
    let Sent::Failed { error, .. } = send(&f.azure, &f.task, &p.changes[0], "i").await else { panic!() };
    assert_eq!(error.status(), Some(412));
    assert!(error.what_to_do().contains("Somebody changed it"));
    let p = preview(&f.azure, &f.task, &action, None, &[]).await.unwrap();
    assert!(f.asked().iter().all(|a| !a.path.contains("Microsoft.AppConfiguration")), "ARM is not needed");
    perform(&f, &p).await;
    assert!(preview(&f.azure, &f.task, &action, None, &[]).await.unwrap().already_true);
    let back = undo(&f.azure, &f.task, &p.changes, &Undo::RestorePrevious).await.unwrap();
    assert_eq!(back.changes.iter().map(|c| c.method.as_str()).collect::<Vec<_>>(), ["DELETE", "PUT"]);
    perform(&f, &back).await;
    let keys = &world.lock().unwrap().keys;
    assert_eq!((keys["active-region"].0.as_str(), keys.contains_key("latched")), ("other", false));
}

#[tokio::test]
async fn an_account_is_created_like_the_other() {
    let (f, world) = azure().await;
    let new = |name: &str| Action::CreateAccount {
        account: account(name),
        like: account("east"),
        region: "West US 3".into(),
    };
    let p = preview(&f.azure, &f.task, &new("third"), None, &[]).await.unwrap();
    let body: Value = serde_json::from_str(p.changes[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(
        body,
        json!({ "location": "westus3", "kind": "OpenAI", "sku": { "name": "S0" },
        "properties": { "customSubDomainName": "third", "publicNetworkAccess": "Disabled" } })
    );
    perform(&f, &p).await;
    assert!(preview(&f.azure, &f.task, &new("third"), None, &[]).await.unwrap().already_true);
    let wrong = preview(&f.azure, &f.task, &new("east"), None, &[]).await;
    assert!(matches!(wrong, Err(AzureError::NotPossible(ref t)) if t.contains("eastus")), "{wrong:?}");
    let back = undo(&f.azure, &f.task, &p.changes, &Undo::DeleteCreated).await.unwrap();
    perform(&f, &back).await;
    world.lock().unwrap().deleted_account = true;
    let twin = preview(&f.azure, &f.task, &new("third"), None, &[]).await;
    assert!(matches!(twin, Err(AzureError::NotPossible(ref t)) if t.contains("soft-deleted")), "{twin:?}");
}

#[tokio::test]
async fn undo_says_when_it_cannot() {
    let f = Fake::new(|_| error(500, "x", "x")).await;
    assert!(undo(&f.azure, &f.task, &[], &Undo::Impossible).await.is_err());
    assert!(undo(&f.azure, &f.task, &[], &Undo::ByHand("so".into())).await.is_err());
    assert!(undo(&f.azure, &f.task, &[], &Undo::Nothing).await.unwrap().already_true);
}
