//! A tenant with several subscriptions, answers as late as asked, and ARM's token buckets.

use lifeboat::rehearsal::scenario::MoreSubscription;
use lifeboat::rehearsal::things::Deleted;

use super::*;

const OTHER: &str = "00000000-0000-4000-8000-0000000000b0";
const SHUT: &str = "00000000-0000-4000-8000-0000000000b1";

/// The sandbox with a deleted secret, and two more subscriptions: one with a deleted vault, one that may not be read.
pub fn several() -> Scenario {
    let mut s = scenario("sandbox");
    let vault: Deleted = ron::from_str(
        "(what: Vault, name: \"kv-other\", group: \"rg-other\", region: \"westeurope\", ago: \"2h\", days: 30)",
    )
    .unwrap();
    let account: Deleted = ron::from_str(
        "(what: AIAccount, name: \"oai-other\", group: \"rg-gone\", region: \"westeurope\", ago: \"47h\")",
    )
    .unwrap();
    let secret = "(what: Secret, name: \"db-password\", vault: \"kv-hub-contoso\", ago: \"3h\", days: 90)";
    s.world.deleted.push(ron::from_str(secret).unwrap());
    s.world.more_subscriptions = vec![
        MoreSubscription {
            id: OTHER.to_owned(),
            name: "other-team".to_owned(),
            groups: [("rg-other".to_owned(), "westeurope".to_owned().into())].into(),
            deleted: vec![vault, account],
            ..MoreSubscription::default()
        },
        MoreSubscription { id: SHUT.to_owned(), name: "shut".to_owned(), denied: true, ..MoreSubscription::default() },
    ];
    s
}

async fn get(b: &Bench, path: &str) -> (StatusCode, Value) {
    let url = format!("{}{path}", b.at.arm);
    let answer = b.send(b.http.get(url).bearer_auth(&b.arm_token)).await;
    (answer.status(), answer.json().await.unwrap())
}

fn names(v: &Value) -> Vec<&str> {
    v["value"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_request_is_answered_by_its_own_subscription() {
    let b = bench_of(several(), None).await;
    let first = &b.at.subscription;
    assert_eq!(b.at.subscriptions, [first, OTHER, SHUT]);
    let (_, all) = get(&b, "/subscriptions?api-version=2022-12-01").await;
    let listed: Vec<_> =
        all["value"].as_array().unwrap().iter().map(|s| s["subscriptionId"].as_str().unwrap()).collect();
    assert_eq!(listed.len(), 3);
    assert!(b.at.subscriptions.iter().all(|s| listed.contains(&s.as_str())));
    let vaults = "providers/Microsoft.KeyVault/deletedVaults?api-version=2026-02-01";
    assert_eq!(names(&get(&b, &format!("/subscriptions/{first}/{vaults}")).await.1), ["kv-sandbox-lost"]);
    let (_, there) = get(&b, &format!("/subscriptions/{}/{vaults}", OTHER.to_uppercase())).await;
    assert_eq!(names(&there), ["kv-other"]);
    assert!(
        there["value"][0]["properties"]["vaultId"].as_str().unwrap().starts_with(&format!("/subscriptions/{OTHER}/"))
    );
    let groups = get(&b, &format!("/subscriptions/{OTHER}/resourcegroups?api-version=2021-04-01")).await.1;
    assert_eq!(names(&groups), ["rg-other"]);
    let (status, refusal) = get(&b, &format!("/subscriptions/{SHUT}/{vaults}")).await;
    assert_eq!((status, refusal["error"]["code"].as_str()), (StatusCode::FORBIDDEN, Some("AuthorizationFailed")));
    let (status, _) = get(&b, &format!("/subscriptions/00000000-0000-4000-8000-00000000ffff/{vaults}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // The log of each is its own, too.
    let log = get(&b, &format!("/subscriptions/{OTHER}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=eventTimestamp ge '2026-11-01T00:00:00Z'")).await.1;
    assert_eq!(log["value"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_changes_in_another_subscription_is_kept_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let mut options = Options::new(several(), clock.clone());
    options.state_file = Some(file.clone());
    let b = Bench::of(options, &clock).await;
    // Into a group that is gone nothing is restored.
    let url = |group: &str| {
        format!(
            "{}/subscriptions/{OTHER}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/oai-new{V}",
            b.at.arm
        )
    };
    let body = json!({ "location": "westeurope", "kind": "OpenAI", "sku": { "name": "S0" }, "properties": {} });
    let put = |group: &str| {
        b.http.put(url(group)).bearer_auth(&b.arm_token).header("x-ms-client-request-id", "mine").json(&body)
    };
    assert_eq!(b.send(put("rg-gone")).await.status(), StatusCode::NOT_FOUND);
    let made = b.send(put("rg-other")).await;
    assert!(made.status().is_success(), "{}", made.text().await.unwrap());
    assert!(b.simulator.counts().get("mine").is_some_and(|n| *n >= 1));
    b.simulator.shutdown().await.unwrap();

    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let mut options = Options::new(several(), clock.clone());
    options.state_file = Some(file);
    let b = Bench::of(options, &clock).await;
    let all = get(&b, &format!("/subscriptions/{OTHER}/providers/Microsoft.CognitiveServices/accounts{V}")).await.1;
    assert_eq!(names(&all), ["oai-new"]);
}

#[tokio::test]
async fn arm_throttles_by_subscription_and_says_when_to_come_back() {
    // At full speed no time passes between requests, so that no bucket fills up behind the test's back.
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let mut options = Options::new(several(), clock.clone());
    (options.throttle, options.latency) = (true, Some(Millis(0)));
    let b = Bench::of(options, &clock).await;
    let path = format!("/subscriptions/{OTHER}/resourcegroups?api-version=2021-04-01");
    let url = format!("{}{path}", b.at.arm);
    let ask = || b.send(b.http.get(&url).bearer_auth(&b.arm_token));
    for n in (0..250).rev() {
        let answer = ask().await;
        assert_eq!(answer.status(), StatusCode::OK, "{n} left");
        assert_eq!(answer.headers()["x-ms-ratelimit-remaining-subscription-reads"], n.to_string());
    }
    let refused = ask().await;
    assert_eq!(
        (refused.status(), refused.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "1")
    );
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["code"], "SubscriptionRequestsThrottled");
    // Another subscription has a bucket of its own, and so has the tenant.
    let first = format!("{}/subscriptions/{}/resourcegroups?api-version=2021-04-01", b.at.arm, b.at.subscription);
    assert_eq!(b.send(b.http.get(first).bearer_auth(&b.arm_token)).await.status(), StatusCode::OK);
    assert_eq!(b.simulator.throttled(), 1);
    assert_eq!(ask().await.status(), StatusCode::TOO_MANY_REQUESTS, "too early");
    b.task.sleep(Millis::from_secs(1)).await;
    for _ in 0..25 {
        assert_eq!(ask().await.status(), StatusCode::OK, "25 come back a second");
    }
    assert_eq!(ask().await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(b.simulator.throttled(), 3);
}

#[tokio::test]
async fn storage_has_a_limit_of_its_own() {
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let mut options = Options::new(several(), clock.clone());
    (options.throttle, options.latency) = (true, Some(Millis(0)));
    let b = Bench::of(options, &clock).await;
    let url = format!(
        "{}/subscriptions/{OTHER}/providers/Microsoft.Storage/deletedAccounts?api-version=2023-05-01",
        b.at.arm
    );
    for _ in 0..100 {
        assert_eq!(b.send(b.http.get(&url).bearer_auth(&b.arm_token)).await.status(), StatusCode::OK);
    }
    let refused = b.send(b.http.get(&url).bearer_auth(&b.arm_token)).await;
    assert_eq!(
        (refused.status(), refused.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "3")
    );
}

#[tokio::test]
async fn every_answer_of_arm_takes_as_long_as_asked() {
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Times(1));
    let mut options = Options::new(several(), clock.clone());
    options.latency = Some(Millis(150));
    let b = Bench::of(options, &clock).await;
    let started = Instant::now();
    get(&b, "/subscriptions?api-version=2022-12-01").await;
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(150), "{took:?}");
}
