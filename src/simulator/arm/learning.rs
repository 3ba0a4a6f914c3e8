//! Machine learning workspaces with their computes and endpoints, and what they log to: Log Analytics, Application Insights.

use hyper::Method;
use serde_json::{Value, json};

use super::generic::{self, Change, region};
use super::operations::{Work, begin};
use super::{Target, bins, not_found};
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply, rfc3339};
use crate::simulator::things::{Next, Then, Thing, under};
use crate::simulator::world::{World, uuid};

const WORKSPACE: &str = "microsoft.machinelearningservices/workspaces";
const ENDPOINT: &str = "microsoft.machinelearningservices/workspaces/onlineendpoints";
const DEPLOYMENT: &str = "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments";
const COMPUTE: &str = "microsoft.machinelearningservices/workspaces/computes";
/// Starting or stopping a compute, finding out what a workspace lacks, and taking new keys of its storage.
const TURN_MS: i64 = 120_000;
const DIAGNOSE_MS: i64 = 20_000;
const RESYNC_MS: i64 = 15_000;

fn bad(text: &str) -> Option<Reply> {
    Some(Reply::error(400, "BadRequest", text))
}

/// What is refused.
pub fn check(change: &Change<'_>) -> Option<Reply> {
    match change.kind {
        WORKSPACE => workspace(change),
        ENDPOINT => traffic(change),
        _ => None,
    }
}

fn workspace(change: &Change<'_>) -> Option<Reply> {
    let kind = change.sent["kind"].as_str().unwrap_or("Default");
    if change.present.is_none() && kind == "Project" {
        let hub = change.property("hubResourceId").as_str().unwrap_or_default();
        if change.world.thing(hub).is_none() {
            return bad("A project needs the property 'hubResourceId' of a hub that exists.");
        }
    }
    bins::missing(change.world, &change.sent["properties"]).and_then(|text| bad(&text))
}

/// Percentages by deployment: of those that are there, 100 or 0 in all.
fn traffic(change: &Change<'_>) -> Option<Reply> {
    let all = change.property("traffic").as_object()?;
    let mut sum = 0;
    for (deployment, share) in all {
        let Some(percent) = share.as_u64().filter(|p| *p <= 100) else {
            return bad("Traffic is given in whole percents from 0 to 100.");
        };
        let there = change.world.thing(&format!("{}/deployments/{deployment}", change.id));
        if percent > 0 && there.is_none_or(|d| d.get("provisioningState") == "Failed") {
            let text =
                format!("Traffic cannot go to the deployment '{deployment}', which was not found or has failed.");
            return bad(&text);
        }
        sum += percent;
    }
    let whole = sum == 100 || sum == 0;
    if whole { None } else { bad(&format!("The sum of traffic must be 100 or 0, not {sum}.")) }
}

/// A deployment that has traffic stays.
pub fn check_removal(change: &Change<'_>) -> Option<Reply> {
    let endpoint = change.world.thing(change.parent())?;
    let share = endpoint.get("traffic")[change.name()].as_u64().unwrap_or(0);
    if share == 0 {
        return None;
    }
    bad(&format!("The deployment '{}' has {share} % of the traffic; set it to 0 before it is deleted.", change.name()))
}

/// What these resources show beside what was sent.
pub fn fill(facts: &Facts, t: &mut Thing) {
    // What is made anew under an old name is another thing.
    let made = if t.made_at > 0 { format!("/{}", t.made_at) } else { String::new() };
    let id = uuid(facts.seed, &format!("{}{made}", t.id.to_ascii_lowercase()));
    let (name, place) = (t.name.clone(), t.location().to_owned());
    match t.kind.to_ascii_lowercase().as_str() {
        WORKSPACE => {
            t.body.entry("kind").or_insert_with(|| json!("Default"));
            t.set_missing("workspaceId", id);
            t.set_missing("friendlyName", name);
            t.set_missing("discoveryUrl", format!("https://{place}.api.azureml.ms/discovery"));
            t.set_missing("mlFlowTrackingUri", format!("azureml://{place}.api.azureml.ms/mlflow/v1.0{}", t.id));
            t.set_missing("publicNetworkAccess", "Enabled");
        }
        ENDPOINT => {
            t.set_missing("authMode", "Key");
            t.set_missing("scoringUri", format!("https://{name}.{place}.inference.ml.azure.com/score"));
            t.set_missing("swaggerUri", format!("https://{name}.{place}.inference.ml.azure.com/swagger.json"));
            t.set_missing("traffic", json!({}));
            t.set_missing("publicNetworkAccess", "Enabled");
            t.set_missing("provisioningState", "Succeeded");
        }
        DEPLOYMENT => {
            t.set_missing("endpointComputeType", "Managed");
            t.set_missing("scaleSettings", json!({ "scaleType": "Default" }));
            t.body.entry("sku").or_insert_with(|| json!({ "name": "Default", "capacity": 1 }));
        }
        COMPUTE => {
            t.set_missing("computeLocation", place);
            t.set_missing("isAttachedCompute", false);
            t.set_missing("provisioningErrors", json!([]));
            t.set_missing("properties", json!({ "state": "Running" }));
        }
        _ => {}
    }
}

/// What workspaces of logs and components show beside what was sent.
pub fn fill_logs(facts: &Facts, t: &mut Thing) {
    let id = uuid(facts.seed, &t.id.to_ascii_lowercase());
    if t.is("Microsoft.OperationalInsights/workspaces") {
        t.set_missing("customerId", id);
        t.set_missing("retentionInDays", 30);
        t.set_missing("sku", json!({ "name": "PerGB2018" }));
        t.set_missing("createdDate", rfc3339(facts.utc(t.made_at)));
    } else if t.is("Microsoft.Insights/components") {
        let name = t.name.clone();
        t.body.entry("kind").or_insert_with(|| json!("web"));
        t.set_missing("ApplicationId", name);
        t.set_missing("AppId", uuid(facts.seed, &format!("app/{id}")));
        t.set_missing("Application_Type", "web");
        t.set_missing("InstrumentationKey", id.clone());
        t.set_missing("ConnectionString", format!("InstrumentationKey={id}"));
        t.set_missing("CreationDate", rfc3339(facts.utc(t.made_at)));
        t.set_missing("RetentionInDays", 90);
        t.set_missing("TenantId", facts.scenario.world.tenant.as_str());
    }
}

/// Actions.
pub fn act(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>) -> Option<Reply> {
    if ask.method != Method::POST {
        return None;
    }
    let route = target.route();
    let (action, own) = route.split_last()?;
    let known = match own {
        ["workspaces", _] => ["diagnose", "resynckeys", "listkeys"].contains(action),
        ["workspaces", _, "computes", _] => ["start", "stop", "restart"].contains(action),
        ["workspaces", _, "onlineendpoints", _] => ["listkeys", "token"].contains(action),
        _ => false,
    };
    if !known {
        return None;
    }
    let resource = target.first(own.len());
    let id = generic::id(facts, world, &resource);
    let Some(t) = world.thing(&id).cloned() else {
        let name = resource.names.last().map_or("", |n| n);
        return Some(not_found(target.group.unwrap_or_default(), &generic::typed(&resource), name));
    };
    Some(match *action {
        "diagnose" => {
            let found = json!({ "value": diagnosis(facts, world, &t, ask.at) });
            work(facts, world, target, &t, (ask.at, ask.at + facts.takes(DIAGNOSE_MS)), Some(found))
        }
        "resynckeys" => work(facts, world, target, &t, (ask.at, ask.at + facts.takes(RESYNC_MS)), Some(Value::Null)),
        "listkeys" | "token" => {
            let key = |n: u32| uuid(facts.seed, &format!("{}/key{n}", t.id)).replace('-', "");
            Reply::ok(&json!({ "primaryKey": key(1), "secondaryKey": key(2) }))
        }
        _ => turn(facts, world, ask, target, t, action),
    })
}

fn work(
    facts: &Facts,
    world: &mut World,
    target: &Target<'_>,
    t: &Thing,
    span: (i64, i64),
    answer: Option<Value>,
) -> Reply {
    let region = region(world, t);
    let links = begin(facts, world, target, Work { region: &region, resource: &t.id, span, removes: false, answer });
    Reply::empty(202).with("location", links.result).with("retry-after", facts.wait())
}

/// Starts or stops a compute.
fn turn(facts: &Facts, world: &mut World, ask: &Ask, target: &Target<'_>, mut t: Thing, action: &str) -> Reply {
    if t.busy(ask.at) {
        let text = format!("Another operation is being performed on the compute '{}'.", t.name);
        return Reply::error(409, "Conflict", &text);
    }
    let (now, then) = if action == "stop" { ("Stopping", "Stopped") } else { ("Starting", "Running") };
    let mut after = t.clone();
    after.set("properties", state(&t, then));
    let fails = facts.timeline().fails_late(ask.at, &region(world, &t)).is_some();
    let then = if fails { Then::Body(t.body.clone()) } else { Then::Body(after.body) };
    t.set("properties", state(&t, now));
    t.version += 1;
    t.next = Some(Next { at: ask.at + facts.takes(TURN_MS), state: "Succeeded".to_owned(), then });
    world.put(t.clone());
    work(facts, world, target, &t, (ask.at, ask.at + facts.takes(TURN_MS)), Some(Value::Null))
}

fn state(t: &Thing, state: &str) -> Value {
    let mut own = t.get("properties").clone();
    if !own.is_object() {
        own = json!({});
    }
    own["state"] = json!(state);
    own
}

/// What a workspace depends on and does not find, or finds in a region that is down.
fn diagnosis(facts: &Facts, world: &World, t: &Thing, at: i64) -> Value {
    let look = |property: &str, code: &str| -> Value {
        let Some(id) = t.get(property).as_str() else { return json!([]) };
        let text = match world.thing(id) {
            None => format!("The resource '{id}' was not found."),
            Some(d) if !facts.serves(&region(world, d), at) => format!("The resource '{id}' cannot be reached."),
            Some(_) => return json!([]),
        };
        json!([{ "code": code, "level": "Error", "message": text }])
    };
    let locks: Vec<Value> = world
        .locks
        .iter()
        .filter(|l| l.read_only && under(&t.id, &l.scope))
        .map(|l| json!({ "code": "ReadOnlyLock", "level": "Warning", "message": format!("'{}' is locked.", l.scope) }))
        .collect();
    json!({
        "userDefinedRouteResults": [], "networkSecurityRuleResults": [], "resourceLockResults": locks,
        "dnsResolutionResults": [], "otherResults": [],
        "storageAccountResults": look("storageAccount", "StorageAccountNotAccessible"),
        "keyVaultResults": look("keyVault", "KeyVaultNotAccessible"),
        "containerRegistryResults": look("containerRegistry", "ContainerRegistryNotAccessible"),
        "applicationInsightsResults": look("applicationInsights", "ApplicationInsightsNotAccessible"),
    })
}
