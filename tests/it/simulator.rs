//! Tests of `simulator`: the embedded Azure, asked by a plain HTTP client as any other client would.

use std::time::{Duration, Instant};

use lifeboat::clock::{Clock, Speed, Task, WORK_HEADER};
use lifeboat::rehearsal::scenario::{How, Place, Scenario, What};
use lifeboat::runbook::model::Strategy;
use lifeboat::simulator::{Connection, Options, Simulator};
use lifeboat::units::Millis;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// 2026-11-20T03:14:00Z; not on a round hour, so that nothing fits by chance.
const EPOCH: i64 = 1_795_144_440_000;
const GROUP: &str = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups";
const OPENAI: &str = "?api-version=2024-10-21";
const V: &str = "?api-version=2025-06-01";

fn text(id: &str) -> String {
    std::fs::read_to_string(format!("{}/assets/scenarios/{id}.ron", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn scenario(id: &str) -> Scenario {
    ron::from_str(&text(id)).unwrap()
}

/// A simulator and one thread of work that asks it, on a clock at full speed.
struct Bench {
    simulator: Simulator,
    at: Connection,
    task: Task,
    http: reqwest::Client,
    arm_token: String,
}

fn plain() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn bench(id: &str, strategy: Strategy) -> Bench {
    bench_of(scenario(id), Some(strategy)).await
}

async fn bench_of(scenario: Scenario, strategy: Option<Strategy>) -> Bench {
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let mut options = Options::new(scenario, clock.clone());
    options.strategy = strategy;
    Bench::of(options, &clock).await
}

impl Bench {
    async fn of(options: Options, clock: &Clock) -> Self {
        let task = clock.task();
        let simulator = Simulator::start(options).await.unwrap();
        let at = simulator.connection();
        let mut bench = Self { simulator, at, task, http: plain(), arm_token: String::new() };
        bench.arm_token = bench.token("https://management.azure.com").await;
        bench
    }

    async fn ask(&self, deadline: Millis, request: RequestBuilder) -> Option<Response> {
        let sent = self.task.request(deadline, |n| request.header(WORK_HEADER, n.to_string()).send()).await;
        sent.ok().map(|r| r.unwrap())
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        self.ask(Millis::from_mins(10), request).await.unwrap()
    }

    async fn token(&self, audience: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.at.client_id),
            ("client_secret", &self.at.client_secret),
            ("scope", &format!("{audience}/.default")),
        ];
        let url = format!("{}/{}/oauth2/v2.0/token", self.at.authority, self.at.tenant);
        let r = self.http.post(url).form(&form);
        // Sign-in may be struck by the scenario's own fault; then there is no token.
        match self.ask(Millis::from_secs(10), r).await {
            Some(r) => r.json::<Value>().await.unwrap()["access_token"].as_str().unwrap_or_default().to_owned(),
            None => String::new(),
        }
    }

    fn arm(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.at.arm)).bearer_auth(&self.arm_token)
    }

    async fn get(&self, path: &str) -> Value {
        let r = self.send(self.arm(Method::GET, path)).await;
        assert_eq!(r.status(), 200, "{path}");
        r.json().await.unwrap()
    }

    fn host(&self, name: &str) -> String {
        self.at.hosts.get(name).unwrap_or_else(|| panic!("{name} in {:?}", self.at.hosts)).clone()
    }

    async fn key(&self, group: &str, account: &str) -> String {
        let path = format!("{GROUP}/{group}/providers/Microsoft.CognitiveServices/accounts/{account}/listKeys{V}");
        let r = self.send(self.arm(Method::POST, &path)).await;
        r.json::<Value>().await.unwrap()["key1"].as_str().unwrap().to_owned()
    }

    fn now(&self) -> Millis {
        Millis(self.task.now().mono)
    }

    async fn until(&self, at: Millis) {
        self.task.sleep(at.saturating_sub(self.now())).await;
    }
}

fn account(region: &str) -> String {
    format!("{GROUP}/rg-chat-{region}/providers/Microsoft.CognitiveServices/accounts/oai-prod-{region}")
}

fn deployment(region: &str, name: &str) -> String {
    format!("{}/deployments/{name}", account(region))
}

fn model(name: &str, version: &str, capacity: u32) -> Value {
    json!({
        "sku": { "name": "Standard", "capacity": capacity },
        "properties": { "model": { "format": "OpenAI", "name": name, "version": version } },
    })
}

fn header(r: &Response, name: &str) -> String {
    r.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn code(r: Response) -> String {
    r.json::<Value>().await.unwrap()["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn every_scenario_is_readable_and_names_what_it_has() {
    for id in ["region-loss", "quota-exhausted", "own-network", "sandbox"] {
        let s = scenario(id);
        assert_eq!((s.schema, s.id.as_str()), (1, id));
        let groups: Vec<&String> = s.world.groups.keys().collect();
        for a in &s.world.accounts {
            assert!(groups.contains(&&a.group), "{id}: {}", a.name);
            for d in &a.deployments {
                let offered = s
                    .world
                    .quotas
                    .iter()
                    .any(|q| q.region == a.region && q.model == d.model && q.versions.contains(&d.version));
                assert!(offered, "{id}: {} {}", a.name, d.name);
            }
        }
        let begun: Vec<&String> = s
            .timeline
            .iter()
            .filter_map(|h| if let What::Fault { id, .. } = &h.what { Some(id) } else { None })
            .collect();
        for h in &s.timeline {
            if let What::Clear(fault) = &h.what {
                assert!(begun.contains(&fault), "{id}: clears {fault}");
            }
        }
        assert!(s.timeline.is_sorted_by_key(|h| h.at), "{id}: the timeline is in order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_created_by_a_long_running_operation() {
    let b = bench("quota-exhausted", Strategy::HotCold).await;
    let path = deployment("swedencentral", "chat") + V;
    let started = b.now();
    let put = |b: &Bench| {
        b.arm(Method::PUT, &path).json(&model("gpt-4o", "2024-11-20", 300)).header("x-ms-client-request-id", "one")
    };
    let r = b.send(put(&b)).await;
    assert_eq!(r.status(), 201);
    let status = header(&r, "azure-asyncoperation");
    assert!(status.starts_with(&b.at.arm), "{status}");
    let wait: u64 = header(&r, "retry-after").parse().unwrap();
    assert!(!header(&r, "x-ms-request-id").is_empty());
    assert_eq!(r.json::<Value>().await.unwrap()["properties"]["provisioningState"], "Creating");

    // Not there yet for callers.
    let key = b.key("rg-chat-swedencentral", "oai-prod-swedencentral").await;
    let call = |b: &Bench, path: &str| {
        let url = format!("{}/openai/deployments/{path}{OPENAI}", b.host("oai-prod-swedencentral.openai.azure.com"));
        b.http
            .post(url)
            .header("api-key", &key)
            .json(&json!({ "messages": [{ "role": "user", "content": "ping" }], "max_tokens": 1 }))
    };
    let r = b.send(call(&b, "chat/chat/completions")).await;
    assert_eq!(r.status(), 404);
    assert_eq!(code(r).await, "DeploymentNotFound");

    let mut polls = 0;
    loop {
        b.task.sleep(Millis::from_secs(wait)).await;
        let r = b.send(b.http.get(&status).bearer_auth(&b.arm_token)).await;
        let body: Value = r.json().await.unwrap();
        polls += 1;
        match body["status"].as_str().unwrap() {
            "Succeeded" => break,
            other => assert_eq!(other, "Running"),
        }
        assert!(polls < 100);
    }
    let took = b.now().saturating_sub(started);
    assert!(took >= Millis::from_secs(60) && took <= Millis::from_secs(190), "{took}");
    let body = b.get(&path).await;
    assert_eq!(
        (&body["properties"]["provisioningState"], &body["sku"]["capacity"]),
        (&json!("Succeeded"), &json!(300))
    );
    let r = b.send(call(&b, "chat/chat/completions")).await;
    assert_eq!(r.status(), 200);
    assert_eq!(header(&r, "x-ratelimit-limit-tokens"), "300000");
    assert_eq!(header(&r, "x-ms-region"), "Sweden Central");

    let usages = b
        .get(&format!(
            "/subscriptions/{}/providers/Microsoft.CognitiveServices/locations/swedencentral/usages{V}",
            b.at.subscription
        ))
        .await;
    let row =
        usages["value"].as_array().unwrap().iter().find(|u| u["name"]["value"] == "OpenAI.Standard.gpt-4o").unwrap();
    assert_eq!((row["currentValue"].as_f64(), row["limit"].as_f64()), (Some(340.0), Some(450.0)));

    // The same again changes nothing and starts nothing; both requests are counted under their id.
    let r = b.send(put(&b)).await;
    assert_eq!((r.status(), header(&r, "azure-asyncoperation")), (StatusCode::OK, String::new()));
    assert_eq!(b.simulator.counts()["one"], 2);
    let counts: Value = b.http.get(format!("{}/lifeboat/counts", b.at.arm)).send().await.unwrap().json().await.unwrap();
    assert_eq!(counts["one"], 2);

    // And it stands in the activity log.
    let filter =
        url::form_urlencoded::byte_serialize(b"resourceGroupName eq 'rg-chat-swedencentral'").collect::<String>();
    let log = b.get(&format!("/subscriptions/{}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter={filter}", b.at.subscription)).await;
    assert_eq!(log["value"][0]["httpRequest"]["clientRequestId"], "one");
    assert_eq!(log["value"][0]["operationName"]["value"], "Microsoft.CognitiveServices/accounts/deployments/write");
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_and_offers_bound_deployments() {
    let b = bench("quota-exhausted", Strategy::HotCold).await;
    let path = deployment("swedencentral", "embed") + V;
    let r = b.send(b.arm(Method::PUT, &path).json(&model("text-embedding-3-large", "1", 350))).await;
    assert_eq!(r.status(), 400);
    let body: Value = r.json().await.unwrap();
    assert_eq!(body["error"]["code"], "InsufficientQuota");
    assert!(body["error"]["message"].as_str().unwrap().contains("available capacity 220"), "{body}");
    let r = b.send(b.arm(Method::PUT, &path).json(&model("text-embedding-ada-002", "2", 10))).await;
    assert_eq!(code(r).await, "DeploymentModelNotSupported");
    let r = b.send(b.arm(Method::PUT, &path).json(&model("text-embedding-3-large", "1", 220))).await;
    assert_eq!(r.status(), 201);
    // What is being created holds its quota already.
    let other = deployment("swedencentral", "embed2") + V;
    let r = b.send(b.arm(Method::PUT, &other).json(&model("text-embedding-3-large", "1", 1))).await;
    assert_eq!(code(r).await, "InsufficientQuota");
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_rises_later_and_deletion_frees_quota() {
    let b = bench("region-loss", Strategy::HotWarm).await;
    let path = deployment("swedencentral", "chat") + V;
    let r = b.send(b.arm(Method::PATCH, &path).json(&json!({ "sku": { "capacity": 300 } }))).await;
    assert_eq!(r.status(), 202);
    let result = header(&r, "location");
    let r = b.send(b.http.get(&result).bearer_auth(&b.arm_token)).await;
    assert_eq!(r.status(), 202);
    let body = b.get(&path).await;
    assert_eq!((&body["sku"]["capacity"], &body["properties"]["currentCapacity"]), (&json!(300), &json!(60)));
    // A second change meets the first.
    let r = b.send(b.arm(Method::PATCH, &path).json(&json!({ "sku": { "capacity": 310 } }))).await;
    assert_eq!((r.status(), code(r).await), (StatusCode::CONFLICT, "RequestConflict".to_owned()));
    b.task.sleep(Millis::from_mins(2)).await;
    let r = b.send(b.http.get(&result).bearer_auth(&b.arm_token)).await;
    assert_eq!(r.json::<Value>().await.unwrap()["properties"]["currentCapacity"], 300);

    let r = b.send(b.arm(Method::DELETE, &path)).await;
    assert_eq!(r.status(), 202);
    let result = header(&r, "location");
    b.task.sleep(Millis::from_mins(1)).await;
    assert_eq!(b.send(b.http.get(&result).bearer_auth(&b.arm_token)).await.status(), 204);
    assert_eq!(b.send(b.arm(Method::GET, &path)).await.status(), 404);
    // The primary's group is locked.
    let r = b.send(b.arm(Method::DELETE, &(deployment("eastus", "chat") + V))).await;
    assert_eq!(code(r).await, "ScopeLocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_gets_an_address_when_it_exists() {
    let b = bench_of(scenario("sandbox"), None).await;
    let path = format!("{GROUP}/rg-sandbox-westeurope/providers/Microsoft.CognitiveServices/accounts/oai-new{V}");
    let hosts = || async {
        b.http.get(format!("{}/lifeboat/hosts", b.at.arm)).send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(hosts().await["oai-new.openai.azure.com"], Value::Null);
    let body = json!({ "location": "westeurope", "kind": "OpenAI", "sku": { "name": "S0" }, "properties": { "customSubDomainName": "oai-new" } });
    let r = b.send(b.arm(Method::PUT, &path).json(&body)).await;
    assert_eq!(r.status(), 201);
    assert_eq!(r.json::<Value>().await.unwrap()["properties"]["provisioningState"], "Creating");
    b.task.sleep(Millis::from_mins(2)).await;
    assert_eq!(b.get(&path).await["properties"]["provisioningState"], "Succeeded");
    let address = hosts().await["oai-new.openai.azure.com"].as_str().unwrap().to_owned();
    let key = b.key("rg-sandbox-westeurope", "oai-new").await;
    let r = b.send(b.http.get(format!("{address}/openai/models{OPENAI}")).header("api-key", &key)).await;
    assert_eq!(r.status(), 200);
    // Deleted softly, the name is blocked, and a restore brings it back.
    assert_eq!(b.send(b.arm(Method::DELETE, &path)).await.status(), 202);
    let r = b.send(b.arm(Method::PUT, &path).json(&body)).await;
    assert_eq!(code(r).await, "FlagMustBeSetForRestore");
    let restore = json!({ "location": "westeurope", "properties": { "restore": true } });
    assert_eq!(b.send(b.arm(Method::PUT, &path).json(&restore)).await.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_refuses_a_write_on_a_stale_etag() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let token = b.token("https://azconfig.io").await;
    let kv = format!("{}/kv/weight-eastus?api-version=2023-11-01", b.host("appcs-prod-chat.azconfig.io"));
    let r = b.send(b.http.get(&kv).bearer_auth(&token)).await;
    let etag = header(&r, "etag");
    let body: Value = r.json().await.unwrap();
    assert_eq!((&body["value"], format!("\"{}\"", body["etag"].as_str().unwrap())), (&json!("50"), etag.clone()));
    let put = |value: &str, tag: &str| {
        b.http.put(&kv).bearer_auth(&token).header("if-match", tag).json(&json!({ "value": value }))
    };
    assert_eq!(b.send(put("10", &etag)).await.status(), 200);
    assert_eq!(b.send(put("20", &etag)).await.status(), 412);
    let r =
        b.send(b.http.put(&kv).bearer_auth(&token).header("if-none-match", "*").json(&json!({ "value": "30" }))).await;
    assert_eq!(r.status(), 412);
    let body: Value = b.send(b.http.get(&kv).bearer_auth(&token)).await.json().await.unwrap();
    assert_eq!(body["value"], "10");
    let all = format!("{}/kv?key=weight-*&api-version=2023-11-01", b.host("appcs-prod-chat.azconfig.io"));
    let body: Value = b.send(b.http.get(all).bearer_auth(&token)).await.json().await.unwrap();
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
    // ARM's token does not open the store.
    assert_eq!(b.send(b.http.get(&kv).bearer_auth(&b.arm_token)).await.status(), 401);
}

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
    for (region, weight) in [("eastus", "0"), ("swedencentral", "100")] {
        let kv = format!("{}/kv/weight-{region}?api-version=2023-11-01", b.host("appcs-prod-chat.azconfig.io"));
        assert_eq!(b.send(b.http.put(kv).bearer_auth(&token).json(&json!({ "value": weight }))).await.status(), 200);
    }
    b.until(Millis::from_mins(6)).await;
    let part = requests(&b, "eastus", 1).await;
    assert!(part[0].1 > 20.0 && part[0].1 < 150.0, "half a minute of a fading half: {part:?}");
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

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_it_is_the_same_world_on_the_same_ports() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("world.json");
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let options = |clock: &Clock| {
        let mut o = Options::new(scenario("quota-exhausted"), clock.clone());
        o.state_file = Some(file.clone());
        o
    };
    let b = Bench::of(options(&clock), &clock).await;
    let path = deployment("swedencentral", "chat") + V;
    let r = b
        .send(
            b.arm(Method::PUT, &path)
                .json(&model("gpt-4o", "2024-11-20", 100))
                .header("x-ms-client-request-id", "id-1"),
        )
        .await;
    let status = header(&r, "azure-asyncoperation");
    let (at, token) = (b.at.clone(), b.arm_token.clone());
    // Dropped without a farewell: what was answered is on disk already.
    drop(b);

    let kept = Simulator::kept(&file).unwrap().unwrap();
    assert_eq!(kept.epoch, EPOCH);
    let clock = Clock::scenario(kept.epoch, kept.position, Speed::Max);
    let b = Bench::of(options(&clock), &clock).await;
    assert_eq!(b.at, at);
    assert_eq!(b.simulator.counts()["id-1"], 1);
    let r = b.send(b.http.get(&status).bearer_auth(&token)).await;
    assert_eq!(r.json::<Value>().await.unwrap()["status"], "Running");
    b.task.sleep(Millis::from_mins(4)).await;
    let r = b.send(b.http.get(&status).bearer_auth(&token)).await;
    assert_eq!(r.json::<Value>().await.unwrap()["status"], "Succeeded");
    b.simulator.shutdown().await.unwrap();

    // Another scenario does not take the file.
    let mut other = Options::new(scenario("sandbox"), clock);
    other.state_file = Some(file.clone());
    assert!(Simulator::start(other).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn doors_open_to_the_right_token_only() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let path = format!("{}/subscriptions?api-version=2022-12-01", b.at.arm);
    let r = b.send(b.http.get(&path)).await;
    assert!(header(&r, "www-authenticate").starts_with("Bearer "));
    assert_eq!((r.status(), code(r).await), (StatusCode::UNAUTHORIZED, "AuthenticationFailed".to_owned()));
    let other = b.token("https://cognitiveservices.azure.com").await;
    for token in ["garbage", &format!("{}x", b.arm_token), &other] {
        let r = b.send(b.http.get(&path).bearer_auth(token)).await;
        assert_eq!((r.status(), code(r).await), (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken".to_owned()));
    }
    // Keys are bound to their account.
    let key = b.key("rg-chat-swedencentral", "oai-prod-swedencentral").await;
    let models = |host: &str| format!("{}/openai/v1/models", b.host(host));
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).header("api-key", &key)).await;
    assert_eq!(r.status(), 200);
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).header("api-key", "nonsense")).await;
    let body: Value = r.json().await.unwrap();
    assert!(body["error"]["message"].as_str().unwrap().contains("invalid subscription key or wrong API endpoint"));
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).bearer_auth(&other)).await;
    assert_eq!(r.status(), 200);

    // The v1 routes take the key as a bearer token as well, but not another account's.
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).bearer_auth(&key)).await;
    assert_eq!(r.status(), 200);
    b.until(Millis::from_mins(76)).await;
    for r in [
        b.http.get(models("oai-prod-eastus.openai.azure.com")).bearer_auth(&key),
        b.http.get(models("oai-prod-eastus.openai.azure.com")).header("api-key", &key),
    ] {
        assert_eq!(b.send(r).await.status(), 401);
    }

    let sign_in = |tenant: &str, client: &str, secret: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", "x/.default"),
        ];
        b.http.post(format!("{}/{tenant}/oauth2/v2.0/token", b.at.authority)).form(&form)
    };
    for (request, status, number) in [
        (sign_in(&b.at.tenant, &b.at.client_id, "wrong"), 401, "AADSTS7000215"),
        (sign_in(&b.at.tenant, "nobody", &b.at.client_secret), 400, "AADSTS700016"),
        (sign_in("elsewhere", &b.at.client_id, &b.at.client_secret), 400, "AADSTS90002"),
    ] {
        let r = b.send(request).await;
        assert_eq!(r.status(), status);
        let body: Value = r.json().await.unwrap();
        assert!(body["error_description"].as_str().unwrap().starts_with(&format!("{number}:")), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_sensible_version_is_taken_and_nonsense_refused() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let list = format!("/SUBSCRIPTIONS/{}/resourcegroups", b.at.subscription);
    for good in ["2025-04-01", "2021-04-01", "2031-01-01-preview"] {
        assert_eq!(b.get(&format!("{list}?api-version={good}")).await["value"].as_array().unwrap().len(), 3);
    }
    for bad in ["banana", "1999-01-01", "2025-13-01", "2025-01-01-x", ""] {
        let r = b.send(b.arm(Method::GET, &format!("{list}?api-version={bad}"))).await;
        assert_eq!(r.status(), 400, "{bad}");
    }
    let r = b.send(b.arm(Method::GET, &list)).await;
    assert_eq!(code(r).await, "MissingApiVersionParameter");
    // Pages link to each other on ARM's own address.
    let mut url = format!("{}/subscriptions/{}/resources?$top=1&api-version=2021-04-01", b.at.arm, b.at.subscription);
    let mut names = Vec::new();
    loop {
        assert!(url.starts_with(&b.at.arm));
        let body: Value = b.send(b.http.get(&url).bearer_auth(&b.arm_token)).await.json().await.unwrap();
        names.extend(body["value"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap().to_owned()));
        match body["nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert_eq!(names, ["oai-prod-eastus", "oai-prod-swedencentral", "appcs-prod-chat"]);
    // Odd requests are answered, not fatal.
    for (method, path) in [
        (Method::GET, "/subscriptions//x"),
        (Method::POST, "/%ff/%00"),
        (Method::PUT, "/providers"),
        (Method::GET, "/"),
    ] {
        let r = b.send(b.arm(method, &format!("{path}{V}"))).await;
        assert!(r.status().is_client_error());
    }
    let r = b.send(b.arm(Method::PUT, &(deployment("eastus", "new") + V)).body("{not json")).await;
    assert_eq!(code(r).await, "InvalidRequestContent");
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

#[tokio::test(flavor = "multi_thread")]
async fn https_is_trusted_through_the_named_file() {
    let clock = Clock::system();
    let mut options = Options::new(scenario("sandbox"), clock);
    options.https = true;
    let simulator = Simulator::start(options).await.unwrap();
    let at = simulator.connection();
    assert!(at.hosts.values().chain([&at.arm, &at.authority]).all(|a| a.starts_with("https://127.0.0.1:")));
    let ca = std::path::PathBuf::from(at.ca.unwrap());
    let pem = std::fs::read(&ca).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .build()
        .unwrap();
    let url = format!("{}/metadata/endpoints?api-version=2022-09-01", at.arm);
    let body: Value = trusting.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["resourceManager"], at.arm.as_str());
    assert!(plain().get(&url).send().await.is_err(), "nobody else trusts it");
    simulator.shutdown().await.unwrap();
    assert!(!ca.exists());
}

#[test]
fn the_line_is_one_line_that_reads_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let s =
            Simulator::start(Options::new(scenario("region-loss"), Clock::scenario(EPOCH, Millis(0), Speed::Times(1))))
                .await
                .unwrap();
        let line = serde_json::to_string(&s.connection()).unwrap();
        assert!(!line.contains('\n') && line.starts_with("{\"lifeboat\":1,"));
        assert_eq!(serde_json::from_str::<Connection>(&line).unwrap(), s.connection());
        assert_eq!(s.connection().strategy, "hot/hot");
        let address = s.connection().arm;
        drop(s);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(plain().get(address).send().await.is_err(), "dropped, it is gone");
    });
}
