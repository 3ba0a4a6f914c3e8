//! What time brings: faults, the platform's words, the users.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_black_hole_costs_scenario_time_only() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let real = Instant::now();
    let key = b.key("rg-chat-eastus", "oai-prod-eastus").await;
    let probe = || {
        b.http
            .get(format!("{}/openai/models{OPENAI}", b.host("oai-prod-eastus.openai.azure.com")))
            .header("api-key", &key)
    };
    for _ in 0..5 {
        let before = b.now();
        assert!(b.ask(Millis::from_secs(10), probe()).await.is_none(), "silent");
        assert_eq!(b.now().saturating_sub(before), Millis::from_secs(10));
    }
    // Patience is rewarded when the fault ends, at 75 min.
    let r = b.ask(Millis::from_mins(100), probe()).await.unwrap();
    assert_eq!(r.status(), 200);
    assert!(b.now() >= Millis::from_mins(75) && b.now() < Millis::from_mins(76), "{}", b.now());
    assert!(real.elapsed() < Duration::from_secs(20), "no real waiting: {:?}", real.elapsed());
    let r = b.send(probe()).await;
    assert_eq!(header(&r, "date"), "Fri, 20 Nov 2026 04:29:00 GMT", "the server's date is the scenario's");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_speaks_late_and_arm_is_slow() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let events = format!(
        "/subscriptions/{}/providers/Microsoft.ResourceHealth/events?api-version=2025-05-01",
        b.at.subscription
    );
    let health =
        account("eastus") + "/providers/Microsoft.ResourceHealth/availabilityStatuses/current?api-version=2025-05-01";
    assert_eq!(b.get(&events).await["value"].as_array().unwrap().len(), 0);
    assert_eq!(b.get(&health).await["properties"]["availabilityState"], "Available");
    let (before, _) = (b.now(), b.get(&(account("eastus") + V)).await);
    assert!(b.now().saturating_sub(before) >= Millis::from_secs(8));
    let (before, _) = (b.now(), b.get(&(account("swedencentral") + V)).await);
    assert!(b.now().saturating_sub(before) < Millis::from_secs(1));
    b.until(Millis::from_mins(15)).await;
    let body = b.get(&events).await;
    let p = &body["value"][0]["properties"];
    assert_eq!(
        (&p["status"], &p["impact"][0]["impactedRegions"][0]["impactedRegion"]),
        (&json!("Active"), &json!("East US"))
    );
    assert_eq!(p["impactStartTime"], "2026-11-20T03:26:00.000Z");
    assert_eq!(b.get(&health).await["properties"]["availabilityState"], "Unavailable");
    b.until(Millis::from_mins(80)).await;
    // Tokens expire on the scenario's clock.
    let r = b.send(b.arm(Method::GET, &events)).await;
    assert_eq!(code(r).await, "ExpiredAuthenticationToken");
    let fresh = b.token("https://management.azure.com").await;
    let r = b.send(b.http.get(format!("{}{events}", b.at.arm)).bearer_auth(fresh)).await;
    let body: Value = r.json().await.unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 1);
    assert_eq!(body["value"][0]["properties"]["status"], "Resolved");
}

/// Requests by status over the last complete minutes.
async fn requests(b: &Bench, region: &str, minutes: i64) -> Vec<(String, f64)> {
    let now = EPOCH + i64::try_from(b.now().0).unwrap();
    let time = |ms: i64| lifeboat::units::utc_text(ms);
    let q = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("api-version", "2024-02-01")
        .append_pair("metricnames", "ModelRequests,TimeToResponse")
        .append_pair("timespan", &format!("{}/{}", time(now - minutes * 60_000), time(now)))
        .append_pair("interval", "PT1M")
        .append_pair("$filter", "StatusCode eq '*'")
        .finish();
    let body = b.get(&format!("{}/providers/Microsoft.Insights/metrics?{q}", account(region))).await;
    let series = body["value"][0]["timeseries"].as_array().unwrap();
    let sum = |s: &Value| s["data"].as_array().unwrap().iter().filter_map(|d| d["total"].as_f64()).sum::<f64>();
    series.iter().map(|s| (s["metadatavalues"][0]["value"].as_str().unwrap().to_owned(), sum(s))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_follow_the_weights_within_one_refresh() {
    let b = bench("region-loss", Strategy::HotHot).await;
    b.until(Millis::from_mins(5)).await;
    assert_eq!(requests(&b, "eastus", 2).await, [("408".to_owned(), 600.0)], "swallowed");
    assert_eq!(requests(&b, "swedencentral", 2).await, [("200".to_owned(), 600.0)]);
    let token = b.token("https://azconfig.io").await;
    let switched = b.now();
    for (region, weight) in [("eastus", "0"), ("swedencentral", "100")] {
        let kv = format!("{}/kv/weight-{region}?api-version=2023-11-01", b.host("appcs-prod-chat.azconfig.io"));
        assert_eq!(b.send(b.http.put(kv).bearer_auth(&token).json(&json!({ "value": weight }))).await.status(), 200);
    }
    b.until(Millis::from_mins(6)).await;
    // 300 calls a minute until the switch, then fading for half a minute, which is worth 15 s of them.
    let expected = 5.0 * (switched.saturating_sub(Millis::from_mins(5)).as_secs_f64() + 15.0);
    let part = requests(&b, "eastus", 1).await;
    assert!((part[0].1 - expected).abs() < 25.0, "{part:?}, expected about {expected}");
    b.until(Millis::from_mins(7)).await;
    assert_eq!(requests(&b, "eastus", 1).await, []);
    assert_eq!(requests(&b, "swedencentral", 1).await, [("200".to_owned(), 600.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_capacity_shows_as_429() {
    let b = bench("region-loss", Strategy::HotWarm).await;
    let token = b.token("https://azconfig.io").await;
    for (region, weight) in [("swedencentral", "100"), ("eastus", "0")] {
        let kv = format!("{}/kv/weight-{region}?api-version=2023-11-01", b.host("appcs-prod-chat.azconfig.io"));
        b.send(b.http.put(kv).bearer_auth(&token).json(&json!({ "value": weight }))).await;
    }
    b.until(Millis::from_mins(4)).await;
    // 60, 70 and 100 units of capacity for 200 calls each.
    assert_eq!(requests(&b, "swedencentral", 1).await, [("200".to_owned(), 230.0), ("429".to_owned(), 370.0)]);
}

fn faulty(on: Place, how: How) -> Scenario {
    let mut s = scenario("region-loss");
    s.timeline.retain(|h| matches!(h.what, What::Fault { .. }));
    s.timeline.truncate(1);
    s.timeline[0].what = What::Fault { id: "f".into(), on, how };
    s
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_show_as_they_are_told_to() {
    let region = || Place::DataPlane(lifeboat::units::Region::new("eastus"));
    let b = bench_of(faulty(region(), How::Reset), None).await;
    let url = |b: &Bench| format!("{}/openai/models{OPENAI}", b.host("oai-prod-eastus.openai.azure.com"));
    let e =
        b.task.request(Millis::from_secs(10), |n| b.http.get(url(&b)).header(WORK_HEADER, n.to_string()).send()).await;
    let e = format!("{:?}", e.unwrap().unwrap_err());
    assert!(e.contains("ConnectionReset"), "{e}");

    let b = bench_of(faulty(region(), How::Throttle { retry_after: Millis(2_500) }), None).await;
    let r = b.send(b.http.get(url(&b))).await;
    assert_eq!(
        (r.status().as_u16(), header(&r, "retry-after"), header(&r, "retry-after-ms")),
        (429, "3".into(), "2500".into())
    );

    let b = bench_of(faulty(Place::Arm, How::Status(503)), None).await;
    let r = b.send(b.arm(Method::GET, &(account("eastus") + V))).await;
    assert!(!header(&r, "x-ms-request-id").is_empty());
    assert_eq!((r.status().as_u16(), code(r).await), (503, "ServiceUnavailable".into()));

    // Of a broken network nothing answers, witnesses included.
    let b = bench("own-network", Strategy::HotHot).await;
    assert_eq!(b.arm_token, "");
    let witness = || b.http.get(b.host("www.example.org"));
    assert!(b.ask(Millis::from_secs(5), witness()).await.is_none());
    b.until(Millis::from_mins(9)).await;
    assert_eq!(b.send(witness()).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_change_outlives_the_client_that_asked() {
    let b = bench_of(faulty(Place::Arm, How::Slow(Millis::from_secs(30))), Some(Strategy::HotWarm)).await;
    let path = deployment("swedencentral", "chat") + V;
    let put = b.arm(Method::PUT, &path).json(&model("gpt-4o", "2024-11-20", 200));
    assert!(b.ask(Millis::from_secs(5), put).await.is_none(), "hung up");
    assert_eq!(b.get(&path).await["sku"]["capacity"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_manager_follows_its_probes() {
    let mut s = scenario("sandbox");
    let mut t = scenario("region-loss").timeline;
    t.retain(|h| matches!(&h.what, What::Fault { on: Place::DataPlane(_), .. }));
    s.timeline = t;
    let b = bench_of(s, None).await;
    let base = format!("{GROUP}/rg-sandbox-shared/providers/Microsoft.Network/trafficmanagerprofiles/tm-sandbox");
    let state = || async {
        let p = b.get(&format!("{base}?api-version=2022-04-01")).await;
        let e = &p["properties"]["endpoints"];
        [&e[0], &e[1]].map(|e| e["properties"]["endpointMonitorStatus"].as_str().unwrap().to_owned())
    };
    assert_eq!(state().await, ["Online", "Online"]);
    b.until(Millis::from_secs(95)).await;
    assert_eq!(state().await, ["Online", "Online"], "not before four probes failed");
    b.until(Millis::from_secs(101)).await;
    assert_eq!(state().await, ["Degraded", "Online"]);
    let patch = |e: &str, body: Value| {
        b.arm(Method::PATCH, &format!("{base}/ExternalEndpoints/{e}?api-version=2022-04-01"))
            .json(&json!({ "properties": body }))
    };
    let r = b.send(patch("oai-sandbox-eastus", json!({ "endpointStatus": "Disabled" }))).await;
    assert_eq!(r.status(), 200);
    assert_eq!(state().await, ["Disabled", "Online"]);
    assert_eq!(b.send(patch("oai-sandbox-westeurope", json!({ "priority": 1 }))).await.status(), 400);
}
