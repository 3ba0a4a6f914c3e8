//! Tests of `simulator`: the embedded Azure, asked by a plain HTTP client as any other client would.

mod azure;
pub mod busy;
mod dialect;
mod examples;
mod groups;
mod platform;
mod raw;
mod storage;
pub mod subscriptions;
pub mod things;
mod time;
mod traffic;
mod vaults;

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
