//! The Azure client against small fakes on loopback, on a rehearsal's clock: waits cost nothing.

mod actions;
mod catalogue;
mod changes;
mod client;
mod deleted;
mod drift;
pub mod examples;
pub mod faults;
mod machines;
mod readings;
mod rights;
pub mod sign_in;
mod things;
mod tokens;
#[cfg(unix)]
mod tools;

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use lifeboat::azure::{Azure, Cloud};
use lifeboat::clock::{Clock, Speed, Task, WORK_HEADER};
use lifeboat::units::Millis;
use serde_json::{Value, json};

pub const EPOCH: i64 = 1_800_000_000_000;
pub const SUB: &str = "/subscriptions/11111111-2222-3333-4444-555555555555";

/// ARM id of an account in a group of its own region.
pub fn account(name: &str) -> String {
    format!("{SUB}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/{name}")
}

/// A request as the fake saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Value,
    /// The body as sent.
    pub form: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
    pub fn is(&self, method: &str, end: &str) -> bool {
        self.method == method && self.path.ends_with(end)
    }
}

/// What the fake does.
pub enum Do {
    Say(u16, Value),
    With(u16, Vec<(&'static str, String)>, Value),
    Text(u16, String),
    /// Connected, then silent, on the run's clock.
    Hang,
}

pub fn error(status: u16, code: &str, message: &str) -> Do {
    Do::Say(status, json!({ "error": { "code": code, "message": message } }))
}

pub fn absent() -> Do {
    error(404, "ResourceNotFound", "The Resource was not found.")
}

/// Sign-in that works.
pub fn signed_in(asked: &Asked) -> Option<Do> {
    asked
        .path
        .ends_with("/oauth2/v2.0/token")
        .then(|| Do::Say(200, json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": "fake-token" })))
}

type Answers = Arc<dyn Fn(&Asked) -> Do + Send + Sync>;

/// A simulated Azure of one test.
pub struct Fake {
    pub azure: Azure,
    pub task: Task,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Fake {
    pub async fn new(answers: impl Fn(&Asked) -> Do + Send + Sync + 'static) -> Self {
        Self::by(|cloud| cloud, answers).await
    }

    /// With the connection set up otherwise.
    pub async fn by(
        change: impl FnOnce(Cloud) -> Cloud,
        answers: impl Fn(&Asked) -> Do + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers, own): (_, Answers, _) = (Arc::clone(&asked), Arc::new(answers), clock.clone());
        let app = axum::Router::new().fallback(move |request: Request<Body>| {
            answer(request, Arc::clone(&answers), Arc::clone(&seen), own.clone())
        });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let azure = Azure::new(change(Cloud::from_line(&line(&url)).unwrap())).unwrap();
        let task = clock.task();
        Self { azure, task, asked, server }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often this was asked, sign-in left out.
    pub fn count(&self, method: &str, end: &str) -> usize {
        self.asked().iter().filter(|a| a.is(method, end) && !a.path.contains("/oauth2/")).count()
    }
}

/// What `lifeboat simulate` prints for a fake at `url`; hosts are told apart by a path.
pub fn line(url: &str) -> String {
    json!({
        "lifeboat": 1, "scenario": "fake", "strategy": "hot/warm", "arm": url, "authority": format!("{url}/login"),
        "tenant": "contoso", "client_id": "app", "client_secret": "hush-hush",
        "subscription": "11111111-2222-3333-4444-555555555555",
        "hosts": {
            "east.openai.azure.com": format!("{url}/east"),
            "west.openai.azure.com": format!("{url}/west"),
            "store.azconfig.io": format!("{url}/store"),
            "kv-live.vault.azure.net": format!("{url}/kv-live"),
            "kv.vault.azure.net": format!("{url}/vault"),
            "hooks.example.com": format!("{url}/hooks"),
        },
        "witnesses": ["witness.example"], "ca": null, "epoch": EPOCH, "speed": "max",
    })
    .to_string()
}

async fn answer(
    request: Request<Body>,
    answers: Answers,
    seen: Arc<Mutex<Vec<Asked>>>,
    clock: Clock,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        form: String::from_utf8_lossy(&bytes).into_owned(),
        headers: parts.headers,
    };
    let work = asked.header(WORK_HEADER).parse().unwrap_or(0);
    let what = answers(&asked);
    seen.lock().unwrap().push(asked);
    let build = |status: u16, headers: Vec<(&'static str, String)>, body: String| {
        let mut r = Response::builder().status(status).header("x-ms-request-id", "req-1");
        for (name, value) in headers {
            r = r.header(name, value);
        }
        r.body(Body::from(body)).unwrap()
    };
    match what {
        Do::Say(status, body) => build(status, vec![("content-type", "application/json".into())], body.to_string()),
        Do::With(status, headers, body) => build(status, headers, body.to_string()),
        Do::Text(status, text) => build(status, Vec::new(), text),
        Do::Hang => {
            clock.serve_sleep(work, Millis::from_mins(600)).await;
            build(504, Vec::new(), String::new())
        }
    }
}
