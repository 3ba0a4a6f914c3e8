//! Conditions judged from what Azure shows: yes, no, and cannot be told.

use lifeboat::azure::reading::{self, Reading, read, verdict};
use lifeboat::runbook::model::Condition;
use lifeboat::units::{Millis, Region, utc_text};
use serde_json::{Value, json};

use super::{Asked, Do, EPOCH, Fake, SUB, absent, account, error, signed_in};

async fn fake(answers: impl Fn(&Asked) -> Do + Send + Sync + 'static) -> Fake {
    Fake::new(move |a| signed_in(a).unwrap_or_else(|| answers(a))).await
}

async fn one(f: &Fake, c: Condition) -> Vec<Reading> {
    read(&f.azure, &f.task, &c, &[], None).await.unwrap()
}

fn deployment(name: &str, capacity: i64) -> Value {
    json!({ "name": name, "sku": { "name": "Standard", "capacity": capacity }, "properties": {
        "model": { "format": "OpenAI", "name": "gpt-4o", "version": "1" }, "provisioningState": "Succeeded" } })
}

fn an_account(a: &Asked) -> Do {
    let name = a.path.rsplit('/').next().unwrap();
    Do::Say(
        200,
        json!({ "location": "westus3", "properties": { "provisioningState": "Succeeded",
        "endpoint": format!("https://{name}.openai.azure.com/") } }),
    )
}

#[tokio::test]
async fn probes_and_people_are_not_read_here() {
    let f = fake(|_| absent()).await;
    let region = || "eastus".to_owned();
    for c in [
        Condition::Person("?".into()),
        Condition::FailsPersistently { region: region() },
        Condition::ObserverSees { region: region() },
        Condition::StillFailsAfterRetry { region: region() },
        Condition::Answers { region: region(), calls: 3 },
        Condition::SteadyFor { region: region(), hold: Millis(1) },
        Condition::LatencyWithin { region: region(), baseline: "60ms".into(), percent: 200 },
    ] {
        assert!(read(&f.azure, &f.task, &c, &[], None).await.is_none());
    }
}

#[tokio::test]
async fn deployments_and_capacity_are_compared_by_name() {
    let f = fake(|a| match a.path.contains("/accounts/east/") {
        true => Do::Say(200, json!({ "value": [deployment("chat", 100), deployment("batch", 50)] })),
        false if a.path.ends_with("/deployments") => Do::Say(200, json!({ "value": [deployment("Chat", 40)] })),
        false if a.method == "POST" => Do::With(200, vec![("x-ratelimit-limit-tokens", "40000".into())], json!({})),
        false => an_account(a),
    })
    .await;
    let (account, like) = (account("west"), account("east"));
    let r = one(&f, Condition::DeploymentsMatch { account: account.clone(), like: like.clone() }).await;
    assert_eq!(
        r.iter().map(|r| (r.name.as_str(), r.ok)).collect::<Vec<_>>(),
        [("deployment batch", Some(false)), ("deployment chat", Some(true))]
    );
    let r = one(&f, Condition::CapacityAtLeast { account, like }).await;
    assert_eq!(r[1].ok, Some(false));
    assert_eq!(r[1].value, "40, needed 100; the data plane grants 40000 tokens a minute");
    assert_eq!(verdict(&r), Some(false));
}

#[tokio::test]
async fn quota_counts_what_is_held_already() {
    for (limit, percent, expected) in [(130.0, 120, Some(true)), (129.0, 120, Some(false)), (0.0, 100, Some(false))] {
        let f = fake(move |a| match a.path.rsplit('/').next().unwrap() {
            "deployments" if a.path.contains("/accounts/east/") => {
                Do::Say(200, json!({ "value": [deployment("chat", 100)] }))
            }
            "deployments" => Do::Say(200, json!({ "value": [deployment("chat", 40)] })),
            // 50 are used in all, 40 of them by the account itself: 120 of 130 can be had.
            "usages" => Do::Say(
                200,
                json!({ "value": [{ "name": { "value": "OpenAI.Standard.gpt-4o" },
                "currentValue": 50, "limit": limit }] }),
            ),
            "models" => Do::Say(200, json!({ "value": [] })),
            _ => an_account(a),
        })
        .await;
        let r = one(&f, Condition::QuotaCovers { like: account("east"), account: account("west"), percent }).await;
        assert_eq!(r[0].ok, expected, "{}", r[0].value);
    }
    let f = fake(|_| absent()).await;
    let r = one(&f, Condition::QuotaCovers { like: account("east"), account: account("west"), percent: 100 }).await;
    assert_eq!(r[0].ok, None, "no account, no region");
}

#[tokio::test]
async fn every_deployment_is_called_with_its_own_credential() {
    let f = fake(|a| {
        let key = a.header("api-key") == "west-key";
        match a.path.as_str() {
            p if p.ends_with("/listKeys") => Do::Say(200, json!({ "key1": "west-key", "key2": "k2" })),
            p if p.ends_with("/deployments") => {
                let mut all =
                    vec![deployment("chat", 1), deployment("gone", 1), deployment("think", 1), deployment("embed", 1)];
                all[3]["properties"]["model"]["name"] = json!("text-embedding-3-small");
                all.push(deployment("pictures", 1));
                all[4]["properties"]["model"]["name"] = json!("dall-e-3");
                Do::Say(200, json!({ "value": all }))
            }
            "/west/openai/deployments/chat/chat/completions" if key => Do::Say(200, json!({})),
            "/west/openai/deployments/chat/chat/completions" => error(401, "PermissionDenied", "no data action"),
            "/west/openai/deployments/embed/embeddings" => Do::Say(200, json!({})),
            "/west/openai/deployments/think/chat/completions" => match a.body.get("max_completion_tokens") {
                Some(n) if n.as_u64() == Some(1) => error(400, "invalid_request", "It needs more to think."),
                Some(_) => error(400, "invalid_request", "max_tokens or model output limit was reached."),
                None => error(400, "unsupported_parameter", "Use 'max_completion_tokens' instead."),
            },
            p if p.starts_with("/west/") => error(404, "DeploymentNotFound", "The API deployment does not exist."),
            _ => an_account(a),
        }
    })
    .await;
    let r = one(&f, Condition::DeploymentsAnswer { account: account("west") }).await;
    let by = |name: &str| r.iter().find(|r| r.name.ends_with(name)).unwrap();
    assert_eq!(by("chat").ok, Some(true));
    assert!(by("chat").value.contains("with the account's key"), "{}", by("chat").value);
    assert_eq!((by("embed").ok, by("think").ok, by("pictures").ok), (Some(true), Some(true), Some(true)));
    assert_eq!(by("gone").ok, Some(false));
    assert!(by("gone").value.starts_with("404: the data plane knows no deployment"), "{}", by("gone").value);
    assert!(!format!("{r:?}").contains("west-key"));
}

fn metrics(rows: &[(i64, &str, Value)]) -> Do {
    let series: Vec<_> = rows
        .iter()
        .map(|(minute, status, total)| {
            json!({ "metadatavalues": [{ "name": { "value": "statuscode" }, "value": status }],
                "data": [{ "timeStamp": utc_text(EPOCH + minute * 60_000), "total": total }] })
        })
        .collect();
    Do::Say(200, json!({ "value": [{ "name": { "value": "ModelRequests" }, "timeseries": series }] }))
}

#[tokio::test]
async fn metrics_are_unknown_until_there_is_data() {
    let f = fake(|a| match a.path.contains("/accounts/west/") {
        true => metrics(&[(8, "200", json!(60)), (9, "200", json!(990)), (9, "503", json!(5)), (10, "200", json!(1))]),
        false if a.path.contains("/accounts/empty/") => metrics(&[(9, "200", Value::Null)]),
        false => metrics(&[(8, "200", json!(900)), (9, "200", json!(5))]),
    })
    .await;
    f.task.sleep(Millis::from_secs(10 * 60 + 30)).await;
    let share = |a: &str, b: &str, p| Condition::ShareOfRequests {
        account: account(a),
        other: account(b),
        at_least_percent: p,
    };
    let r = one(&f, share("west", "east", 99)).await;
    assert_eq!(r[0].ok, Some(true), "the newest minute that is over: {}", r[0].value);
    assert_eq!(one(&f, share("east", "west", 1)).await[0].ok, Some(false));
    assert_eq!(one(&f, share("empty", "empty", 1)).await[0].ok, None);
    // What was counted before the move, or is as little as this program's own calls, says nothing of users.
    let since = |minute: i64| Some(EPOCH + minute * 60_000 + 1);
    let moved = async |c, at| read(&f.azure, &f.task, &c, &[], at).await.unwrap().remove(0);
    assert_eq!(moved(share("west", "east", 99), since(8)).await.ok, Some(true));
    let r = moved(share("west", "east", 99), since(9)).await;
    assert!(r.ok.is_none() && r.value.starts_with("no data yet of the time since"), "{}", r.value);
    let r = moved(share("east", "empty", 99), None).await;
    assert!(r.ok.is_none() && r.value.contains("nobody but this program"), "{}", r.value);
    let rate = |a: &str, percent, min_calls| Condition::ErrorRateBelow {
        account: account(a),
        percent,
        status: "5xx".into(),
        over: Millis::from_mins(10),
        min_calls,
    };
    assert_eq!(one(&f, rate("west", 1, 100)).await[0].ok, Some(true));
    assert_eq!(one(&f, rate("west", 0, 100)).await[0].ok, Some(false));
    assert_eq!(one(&f, rate("west", 1, 5_000)).await[0].ok, None, "too few calls prove nothing");
    assert_eq!(one(&f, rate("empty", 1, 0)).await[0].ok, None);
    assert_eq!(one(&f, Condition::TelemetryArrives { account: account("empty") }).await[0].ok, None);
    assert_eq!(one(&f, Condition::TelemetryArrives { account: account("west") }).await[0].ok, Some(true));
    let asked = f.asked();
    let query = &asked.iter().find(|a| a.path.ends_with("/metrics")).unwrap().query;
    assert!(query.contains("metricnames=ModelRequests") && query.contains("StatusCode+eq"), "{query}");
}

#[tokio::test]
async fn own_changes_and_locks_and_groups() {
    let f = fake(|a| match a.path.as_str() {
        p if p.ends_with("/eventtypes/management/values") => {
            let event = |op: &str, id: &str| json!({ "eventTimestamp": utc_text(EPOCH - 60_000), "caller": "kim@contoso.com",
                "operationName": { "value": op }, "status": { "value": "Succeeded" }, "resourceId": id });
            Do::Say(200, json!({ "value": [
                event("Microsoft.CognitiveServices/accounts/listKeys/action", &account("west")),
                event("Microsoft.CognitiveServices/accounts/deployments/write", &format!("{}/deployments/chat", account("West"))),
                event("Microsoft.CognitiveServices/accounts/write", &account("western")),
                json!({ "eventTimestamp": utc_text(EPOCH - 30_000), "operationName": "Microsoft.CognitiveServices/accounts/write",
                    "status": "Failed", "resourceId": account("west"), "caller": "kim" }),
            ] }))
        }
        p if p.ends_with("/locks") => Do::Say(200, json!({ "value": [
            { "name": "keep", "id": format!("{SUB}/resourceGroups/rg/providers/Microsoft.Authorization/locks/keep"),
              "properties": { "level": "CanNotDelete" } },
            { "name": "others", "id": format!("{}/providers/Microsoft.Authorization/locks/others", account("western")),
              "properties": { "level": "ReadOnly" } },
        ] })),
        p if p.ends_with("/resourceGroups/rg") => Do::Say(200, json!({ "location": "westus3" })),
        _ => absent(),
    })
    .await;
    let back = Millis::from_mins(120);
    let r = one(&f, Condition::NoOwnChange { account: account("west"), back }).await;
    assert_eq!(r[0].ok, Some(false));
    assert!(r[0].value.ends_with("accounts/deployments/write by kim@contoso.com (Succeeded)"), "{}", r[0].value);
    assert_eq!(one(&f, Condition::NoOwnChange { account: account("east"), back }).await[0].ok, Some(true));
    let r = one(&f, Condition::Locked { resource: account("west") }).await;
    assert_eq!((r[0].ok, r[0].value.as_str()), (Some(true), "keep (CanNotDelete)"));
    let at = |region: &str| Condition::GroupIsIn { resource: account("west"), region: region.into() };
    assert_eq!(one(&f, at("West US 3")).await[0].ok, Some(true));
    assert_eq!(one(&f, at("eastus")).await[0].ok, Some(false));
    assert_eq!(one(&f, Condition::AccountReady { account: account("west") }).await[0].ok, Some(false));
    let gone = Condition::CreatedDeploymentsGone { account: "/subscriptions/s/bad id".into() };
    assert_eq!(one(&f, gone).await[0].ok, None, "what cannot be asked is not known");
}

#[tokio::test]
async fn both_planes_are_asked_apart() {
    let f = fake(|a| match a.path.as_str() {
        "/east/openai/models" => Do::Hang,
        p if p.starts_with("/west") => Do::Say(200, json!({ "data": [] })),
        p if p.ends_with("/west") => error(503, "ServiceUnavailable", "down"),
        _ => an_account(a),
    })
    .await;
    let r = one(&f, Condition::PlanesRead { primary: account("east"), secondary: account("west") }).await;
    assert_eq!(verdict(&r), Some(true), "all four were asked: {r:?}");
    assert!(
        r[1].value.contains("gave no answer within 10 s") && r[1].latency == Some(Millis::from_secs(10)),
        "{:?}",
        r[1]
    );
    assert!(r[2].value.contains("503") && r[3].value.starts_with("answers in"));
}

#[tokio::test]
async fn silence_of_the_platform_is_no_health() {
    let f = fake(|a| match a.path.ends_with("/events") {
        true => Do::Say(200, json!({ "value": [
            { "name": "AB-1", "properties": { "eventType": "ServiceIssue", "status": "Active", "title": "Azure OpenAI <b>East US</b>",
              "summary": "<p>Investigating</p>", "impactStartTime": "2026-11-20T03:00:00Z",
              "impact": [{ "impactedRegions": [{ "impactedRegion": "East US" }] }] } },
            { "name": "AB-2", "properties": { "eventType": "HealthAdvisory", "status": "Active" } },
        ] })),
        false => error(503, "Down", "down"),
    })
    .await;
    let notices = reading::platform_notices(&f.azure, &f.task, &Region::new("eastus"), &account("east")).await;
    assert_eq!(notices.len(), 2);
    assert_eq!((notices[0].title.as_str(), notices[0].status.as_str()), ("Azure OpenAI East US", "Active"));
    assert!(notices[1].unread);
    let c = |region: &str| Condition::PlatformNoticesRead { region: region.into(), account: account("east") };
    assert_eq!(verdict(&one(&f, c("eastus")).await), None, "Resource Health could not be read");
    let elsewhere = one(&f, c("westus3")).await;
    assert!(elsewhere[0].value.contains("no evidence of health"), "{elsewhere:?}");
}
