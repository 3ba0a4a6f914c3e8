//! One question to Azure and its answer: tokens, deadlines, retry of reads, paging.
//!
//! Reads are repeated a bounded number of times, obeying `Retry-After`. A request that changes something is sent once:
//! whether it took effect is found out by reading, never by sending again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use url::Url;

use super::cloud::{Cloud, host_of};
use super::error::{Refusal, SignIn, unreadable};
use super::lanes::{LONGEST_WAIT, Lanes, Pass};
use super::sign_in::Device;
use super::token::Tokens;
use super::{AzureError, transport};
use crate::clock::{Task, WORK_HEADER};
use crate::run::event::Identity;
use crate::units::{Millis, Now, ResourceId, Secret, misfit};

/// A read that takes longer is given up and repeated.
pub const READ_WITHIN: Millis = Millis::from_secs(10);
/// After silence a read is repeated once with this patience: an Azure in trouble may need half a minute and be there.
pub const PATIENT_WITHIN: Millis = Millis::from_secs(35);
/// A change may take its time to be accepted.
pub const CHANGE_WITHIN: Millis = Millis::from_secs(60);
/// Reads are tried so often; the operator waits meanwhile.
const READ_TRIES: u32 = 3;
/// Pause after the first failed read; doubles.
const READ_PAUSE: Millis = Millis::from_secs(1);
/// Pages of one list.
const MAX_PAGES: usize = 200;

/// A connection to one cloud; clones share tokens and sockets.
#[derive(Clone)]
pub struct Azure(Arc<Inner>);

struct Inner {
    cloud: Cloud,
    reading: Client,
    changing: Client,
    tokens: Arc<Tokens>,
    sent: AtomicU64,
    throttled: AtomicU64,
    lanes: Arc<Lanes>,
    slowest: Mutex<Option<Slow>>,
}

/// An answer that came later than anybody expects: who gave it, how long it took, and when it was there.
type Slow = (String, Millis, u64);

/// Ids by which Azure's own records know a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corr {
    /// `x-ms-client-request-id` as sent.
    pub client_request_id: String,
    /// `x-ms-request-id` of the answer.
    pub request_id: Option<String>,
    /// `x-ms-correlation-request-id` of the answer.
    pub correlation_request_id: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// The server's `Date`.
    pub date: Option<String>,
}

/// How a request proves who it is.
#[derive(Clone, Default)]
pub(super) enum Auth {
    /// A token of the scope that the host wants.
    #[default]
    Token,
    /// An account's own key.
    Key(Secret),
    /// Not at all: even a refusal proves that somebody is there.
    Nobody,
    /// Not at all, and at any https address that the plan names.
    Outside,
}

/// One question.
pub(super) struct Ask<'a> {
    pub method: Method,
    pub url: &'a Url,
    pub body: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub auth: Auth,
    pub client_request_id: String,
    pub within: Millis,
}

impl<'a> Ask<'a> {
    /// A read under a request id of its own.
    pub(super) fn get(url: &'a Url) -> Self {
        Self {
            method: Method::GET,
            url,
            body: None,
            headers: Vec::new(),
            auth: Auth::Token,
            client_request_id: random_id(),
            within: READ_WITHIN,
        }
    }
}

/// An answer that is not an error.
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Ids for the record.
    pub corr: Corr,
    pub(super) host: String,
    headers: HeaderMap,
    body: Vec<u8>,
    /// What was sent to prove who asks: nothing of the answer is given with it.
    proof: Option<Arc<Secret>>,
}

/// Without the body, which may hold keys.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("host", &self.host).field("corr", &self.corr).finish_non_exhaustive()
    }
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; an empty one is null.
    pub fn json(&self) -> Result<Value, AzureError> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        let mut value = serde_json::from_slice(&self.body).map_err(|e| {
            let text = String::from_utf8_lossy(&self.body);
            let text = self.proof.as_ref().map_or_else(|| text.clone().into_owned(), |p| p.struck_from_body(&text));
            AzureError::BadAnswer { host: self.host.clone(), why: unreadable(&text, &e) }
        })?;
        if let Some(proof) = &self.proof {
            proof.strike(&mut value);
        }
        Ok(value)
    }

    /// The body as it came.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as this shape.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, AzureError> {
        shaped(&self.host, self.json()?)
    }

    /// How long the server asks to wait; the longest of what its headers say.
    pub fn retry_after(&self, now: Now) -> Option<Millis> {
        retry_after(&self.headers, now)
    }
}

impl Azure {
    /// Prepares a connection; nothing is sent yet.
    pub fn new(cloud: Cloud) -> Result<Self, AzureError> {
        let (reading, changing) = (transport::reading(&cloud)?, transport::changing(&cloud)?);
        let tokens = Tokens::new(cloud.clone(), reading.clone());
        let (sent, throttled, slowest) = Default::default();
        let lanes = Arc::new(Lanes::new());
        Ok(Self(Arc::new(Inner { cloud, reading, changing, tokens, sent, throttled, lanes, slowest })))
    }

    /// The configuration it was made from.
    pub fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    /// Requests sent so far, sign-in left out, and how many of them were answered with 429.
    pub fn sent(&self) -> (u64, u64) {
        (self.0.sent.load(Ordering::Relaxed), self.0.throttled.load(Ordering::Relaxed))
    }

    /// The last answer that took longer than a read usually may, if it came after this instant: who gave it, and how
    /// long it took.
    pub fn slow_since(&self, mono: u64) -> Option<(String, Millis)> {
        let slowest = self.0.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        slowest.as_ref().filter(|s| s.2 > mono).map(|s| (s.0.clone(), s.1))
    }

    /// Signs in for every kind of host ahead of need; by scope, what came of it.
    pub async fn sign_in(&self, task: &Task) -> Vec<(String, Result<(), AzureError>)> {
        let c = self.cloud();
        let each = [&c.arm_scope, &c.cognitive_scope, &c.configuration_scope].map(|scope| {
            let own = task.clock().task();
            async move { (scope.clone(), self.0.tokens.bearer(&own, scope).await.map(drop)) }
        });
        // Together: one that hangs keeps no other waiting.
        task.wait(futures::future::join_all(each)).await
    }

    /// Signs in again, as the person asked: by device code a code is fetched and shown (see [`Azure::device`]), else new
    /// tokens replace those that are kept.
    pub async fn sign_in_again(&self, task: &Task) -> Result<(), AzureError> {
        let c = self.cloud();
        let scopes = vec![c.arm_scope.clone(), c.cognitive_scope.clone(), c.configuration_scope.clone()];
        if self.method() == super::sign_in::Method::Device.name() {
            self.0.tokens.ask_person(task.clock(), scopes);
            return Ok(());
        }
        let each = scopes.iter().map(|scope| {
            let own = task.clock().task();
            async move { self.0.tokens.fetch(&own, scope).await.map(drop) }
        });
        task.wait(futures::future::join_all(each)).await.into_iter().collect()
    }

    /// The name of the method by which it signs in now.
    pub fn method(&self) -> &'static str {
        self.0.tokens.cloud().method.name()
    }

    /// The same connection as this cloud says: it and all its clones sign in like that from now on.
    pub fn signed_in_as(&self, cloud: Cloud) -> Self {
        self.0.tokens.sign_in_as(cloud.clone());
        self.with_cloud(cloud)
    }

    /// How far a sign-in by device code is.
    pub fn device(&self) -> &Device {
        self.0.tokens.device()
    }

    /// As whom ARM is asked, while there is a token.
    pub fn identity(&self) -> Option<Identity> {
        self.0.tokens.identity(&self.cloud().arm_scope)
    }

    /// Why the last sign-in to ARM gave no token; `None` after one that did.
    pub fn sign_in_failure(&self) -> Option<SignIn> {
        self.0.tokens.failure(&self.cloud().arm_scope)
    }

    /// Wakes when a token came, or could not be had for a new reason.
    pub fn sign_in_changes(&self) -> watch::Receiver<u64> {
        self.0.tokens.changes()
    }

    /// Makes sure of a token for ARM.
    pub async fn sign_in_to_arm(&self, task: &Task) -> Result<(), AzureError> {
        self.0.tokens.bearer(task, &self.cloud().arm_scope).await.map(drop)
    }

    /// The same connection, tokens and sockets, for another subscription.
    pub fn in_subscription(&self, id: &str) -> Self {
        self.with_cloud(self.cloud().clone().with_subscription(id))
    }

    fn with_cloud(&self, cloud: Cloud) -> Self {
        let i = &self.0;
        Self(Arc::new(Inner {
            cloud,
            reading: i.reading.clone(),
            changing: i.changing.clone(),
            tokens: Arc::clone(&i.tokens),
            sent: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            lanes: Arc::clone(&i.lanes),
            slowest: Mutex::default(),
        }))
    }

    /// Signs in to ARM anew, whatever is kept.
    pub(super) async fn sign_in_anew(&self, task: &Task) -> Result<(), AzureError> {
        self.0.tokens.fetch(task, &self.cloud().arm_scope).await.map(drop)
    }

    /// A token for this address, for probes; `None` while sign-in gives none. Only the first failure is waited for: after
    /// it sign-in is tried beside, so that probes keep their rhythm. What is no host of Azure's gets none.
    pub async fn token_for(&self, task: &Task, url: &Url) -> Option<Secret> {
        self.cloud().resolve(url).ok()?;
        let token = self.0.tokens.bearer_unless_failing(task, &self.cloud().scope(url)).await?;
        Some(Secret::new(token.expose()))
    }

    /// How long the token for ARM lasts.
    pub fn token_left(&self, now: Now) -> Option<Millis> {
        self.0.tokens.left(&self.cloud().arm_scope, now)
    }

    /// An address below ARM, as the real world writes it.
    pub fn arm(&self, path: &str, version: &str, query: &[(&str, &str)]) -> Result<Url, AzureError> {
        let mut url = self.cloud().public_arm()?;
        url.set_path(path);
        url.query_pairs_mut().append_pair("api-version", version).extend_pairs(query);
        Ok(url)
    }

    /// Reads an address; repeated while that may help.
    pub async fn get(&self, task: &Task, url: &Url) -> Result<Answer, AzureError> {
        self.read(task, Ask::get(url)).await
    }

    /// Asks an address once and says how long the answer took, signing in left out. Where there is no token it is asked
    /// without one: a refusal proves that somebody is there, whatever sign-in does.
    pub(super) async fn get_timed(&self, task: &Task, url: &Url) -> (Millis, Result<Answer, AzureError>) {
        let signed_in = self.0.tokens.bearer(task, &self.cloud().scope(url)).await.is_ok();
        let auth = if signed_in { Auth::Token } else { Auth::Nobody };
        let ask = Ask { auth, ..Ask::get(url) };
        // Waiting for one's turn is no part of how long an answer takes.
        let pass = match self.0.lanes.wait(task, &ask.method, url).await {
            Ok(pass) => pass,
            Err(e) => return (Millis(0), Err(e)),
        };
        let started = task.now();
        let answer = self.send_now(task, &ask, &pass).await;
        (Millis(task.now().mono.saturating_sub(started.mono)), answer)
    }

    /// Reads an address that may not exist.
    pub async fn get_if_there(&self, task: &Task, url: &Url) -> Result<Option<Answer>, AzureError> {
        match self.get(task, url).await {
            Ok(answer) => Ok(Some(answer)),
            Err(e) if e.is_absent() => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Reads all pages of a list.
    pub async fn list(&self, task: &Task, url: &Url) -> Result<Vec<Value>, AzureError> {
        self.list_within(task, url, usize::MAX).await
    }

    /// Reads all pages of a list of at most so many rows; a longer one is refused, since a part of it would mislead.
    pub async fn list_within(&self, task: &Task, url: &Url, most: usize) -> Result<Vec<Value>, AzureError> {
        let mut out = Vec::new();
        let mut at = url.clone();
        for _ in 0..MAX_PAGES {
            let (rows, next) = self.list_page(task, &at).await?;
            out.extend(rows);
            if out.len() > most {
                return Err(AzureError::NotPossible(format!("the list is longer than {most} rows")));
            }
            match next {
                None => return Ok(out),
                Some(url) => at = url,
            }
        }
        Err(AzureError::BadAnswer { host: host_of(url), why: format!("a list of more than {MAX_PAGES} pages") })
    }

    /// One page of a list, and where the next one is.
    pub(super) async fn list_page(&self, task: &Task, url: &Url) -> Result<(Vec<Value>, Option<Url>), AzureError> {
        let answer = self.get(task, url).await?;
        let mut page = answer.json()?;
        let Some(Value::Array(rows)) = page.get_mut("value").map(Value::take) else {
            return Err(AzureError::BadAnswer { host: answer.host, why: "a list without `value`".into() });
        };
        let next = match page["nextLink"].as_str() {
            None | Some("") => None,
            Some(next) => Some(self.cloud().arm_link(next, url)?),
        };
        Ok((rows, next))
    }

    /// A question that changes nothing, repeated while that may help.
    pub(super) async fn read(&self, task: &Task, mut ask: Ask<'_>) -> Result<Answer, AzureError> {
        let mut tried_new_token = false;
        let mut tries = 1;
        loop {
            let error = match self.send_once(task, &ask).await {
                Ok(answer) => return Ok(answer),
                Err(e) => e,
            };
            // The refused token is gone from the cache; one fresh one, then stop.
            if error.status() == Some(401) && matches!(ask.auth, Auth::Token) && !tried_new_token {
                tried_new_token = true;
                ask.client_request_id = random_id();
                continue;
            }
            let asked = match &error {
                AzureError::Refused(r) => r.retry_after.unwrap_or_default(),
                _ => Millis(0),
            };
            let silent = matches!(error, AzureError::NoAnswer { .. });
            if tries == READ_TRIES
                || !error.worth_repeating()
                || asked > LONGEST_WAIT
                || (silent && ask.within >= PATIENT_WITHIN)
            {
                return Err(error);
            }
            if silent {
                ask.within = PATIENT_WITHIN;
            }
            let pause = Millis(READ_PAUSE.0 << (tries - 1)) + jitter(ask.url.path(), tries);
            task.sleep(asked.max(pause)).await;
            tries += 1;
            ask.client_request_id = random_id();
        }
    }

    /// Sends once, whatever happens. An error status is an error.
    pub(super) async fn send_once(&self, task: &Task, ask: &Ask<'_>) -> Result<Answer, AzureError> {
        let pass = self.0.lanes.wait(task, &ask.method, ask.url).await?;
        self.send_now(task, ask, &pass).await
    }

    /// The same once its lane let it pass.
    async fn send_now(&self, task: &Task, ask: &Ask<'_>, pass: &Pass) -> Result<Answer, AzureError> {
        let outside = matches!(ask.auth, Auth::Outside) && !self.cloud().is_simulated();
        let to = if outside { self.cloud().resolve_open(ask.url)? } else { self.resolve(task, ask.url).await? };
        let host = host_of(ask.url);
        let scope = self.cloud().scope(ask.url);
        let token = match &ask.auth {
            Auth::Token => Some(self.0.tokens.bearer(task, &scope).await?),
            Auth::Key(_) | Auth::Nobody | Auth::Outside => None,
        };
        self.0.sent.fetch_add(1, Ordering::Relaxed);
        let client = if ask.method == Method::GET { &self.0.reading } else { &self.0.changing };
        let slot = self.0.lanes.slot(task).await;
        let began = task.now().mono;
        let outcome = task
            .request(ask.within, |work| {
                let mut r = client.request(ask.method.clone(), to).header("accept", "application/json");
                r = r.header("x-ms-client-request-id", &ask.client_request_id);
                r = r.header("x-ms-return-client-request-id", "true");
                if self.cloud().is_simulated() {
                    r = r.header(WORK_HEADER, work.to_string());
                }
                if let Some(token) = &token {
                    r = r.bearer_auth(token.expose());
                }
                if let Auth::Key(key) = &ask.auth {
                    r = r.header("api-key", key.expose());
                }
                if let Some(body) = &ask.body {
                    r = r.header("content-type", "application/json").body(body.clone());
                }
                for (name, value) in &ask.headers {
                    r = r.header(*name, value);
                }
                exchange(r, host.clone())
            })
            .await;
        drop(slot);
        let (status, mut headers, body) = match outcome {
            Ok(done) => done?,
            Err(_) => return Err(AzureError::NoAnswer { host, within: ask.within }),
        };
        let proof = match (&token, &ask.auth) {
            (Some(token), _) => Some(Arc::clone(token)),
            (None, Auth::Key(key)) => Some(Arc::new(key.clone())),
            (None, Auth::Token | Auth::Nobody | Auth::Outside) => None,
        };
        // Before anything of the answer is kept: a gateway may echo what it was sent.
        let echoes = |v: &HeaderValue| v.to_str().is_ok_and(|t| proof.as_ref().is_some_and(|p| p.struck_from(t) != t));
        headers.values_mut().filter(|v| echoes(v)).for_each(|v| *v = HeaderValue::from_static("echo"));
        let now = task.now().mono;
        if now.saturating_sub(began) > READ_WITHIN.0 {
            let slow = (host.clone(), Millis(now - began), now);
            *self.0.slowest.lock().unwrap_or_else(PoisonError::into_inner) = Some(slow);
        }
        if let Some(notice) = headers.get("azure-deprecating") {
            tracing::warn!(%host, "Azure announces a retirement: {notice:?}");
        }
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let corr = Corr {
            client_request_id: ask.client_request_id.clone(),
            request_id: text("x-ms-request-id").or_else(|| text("apim-request-id")),
            correlation_request_id: text("x-ms-correlation-request-id"),
            status,
            date: text("date"),
        };
        let wait = retry_after(&headers, task.now());
        self.0.lanes.told(task, &ask.method, ask.url, pass, wait.filter(|_| status == 429));
        if (200..300).contains(&status) {
            return Ok(Answer { status, corr, host, headers, body, proof });
        }
        if status == 429 {
            self.0.throttled.fetch_add(1, Ordering::Relaxed);
        }
        if status == 401
            && let Some(token) = &token
        {
            self.0.tokens.distrust(&scope, token);
        }
        let body = String::from_utf8_lossy(&body);
        let body = proof.map_or_else(|| body.clone().into_owned(), |p| p.struck_from_body(&body));
        let mut refusal = Refusal::read(&host, status, body.as_bytes());
        refusal.request_id = corr.request_id;
        refusal.correlation_request_id = corr.correlation_request_id;
        refusal.retry_after = wait;
        Err(AzureError::Refused(Box::new(refusal)))
    }

    /// The client of reads, for requests that are put together elsewhere.
    pub(super) fn reader(&self) -> &Client {
        &self.0.reading
    }

    /// Where a request really goes. A simulator is asked again for its hosts: an account may be new.
    pub(super) async fn resolve(&self, task: &Task, url: &Url) -> Result<Url, AzureError> {
        let refused = match self.cloud().resolve(url) {
            Ok(to) => return Ok(to),
            Err(e) => e,
        };
        let Some(sim) = &self.cloud().simulated else { return Err(refused) };
        let Ok(at) = self.cloud().arm.join("/lifeboat/hosts") else { return Err(refused) };
        let asked = task
            .request(READ_WITHIN, |work| {
                exchange(self.0.reading.get(at).header(WORK_HEADER, work.to_string()), self.cloud().name.clone())
            })
            .await;
        if let Ok(Ok((200, _, body))) = asked
            && let Ok(Value::Object(hosts)) = serde_json::from_slice::<Value>(&body)
        {
            let hosts = match hosts.get("hosts") {
                Some(Value::Object(inner)) => inner.clone(),
                _ => hosts,
            };
            sim.learn(hosts.into_iter().filter_map(|(n, u)| Some((n, u.as_str()?.parse().ok()?))).collect());
        }
        self.cloud().resolve(url)
    }
}

/// JSON of an answer as this shape.
pub(super) fn shaped<T: serde::de::DeserializeOwned>(host: &str, value: Value) -> Result<T, AzureError> {
    serde_json::from_value(value).map_err(|e| AzureError::BadAnswer { host: host.to_owned(), why: misfit(&e) })
}

async fn exchange(request: reqwest::RequestBuilder, host: String) -> Result<(u16, HeaderMap, Vec<u8>), AzureError> {
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(e) if e.is_connect() || e.is_builder() => {
            return Err(AzureError::NotReached { host, why: transport::chain(&e) });
        }
        Err(e) => return Err(AzureError::Broken { host, why: transport::chain(&e) }),
    };
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = transport::body(answer).await.map_err(|why| AzureError::Broken { host, why })?;
    Ok((status, headers, body))
}

/// An ARM id that can be put into an address.
pub(super) fn resource_id(text: &str) -> Result<ResourceId, AzureError> {
    text.parse()
        .map_err(|e: crate::units::BadResourceId| AzureError::BadAddress { text: text.to_owned(), why: e.to_string() })
}

/// Seconds, a date, or milliseconds; Azure uses all of them. A date is counted from the answer's own: this computer's
/// clock may be wrong.
fn retry_after(headers: &HeaderMap, now: Now) -> Option<Millis> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let utc = |date: &str| Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond());
    let whole = text("retry-after").and_then(|t| match t.parse::<u64>() {
        Ok(s) => Some(Millis(s.saturating_mul(1_000))),
        Err(_) => {
            let at = utc(t)?;
            let from = text("date").and_then(utc).unwrap_or(now.utc);
            Some(Millis(u64::try_from(at.saturating_sub(from)).unwrap_or(0)))
        }
    });
    let fine = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .filter_map(|n| text(n)?.parse::<u64>().ok().map(Millis))
        .max();
    whole.max(fine)
}

/// Up to half a second, so that several readers do not come back at one moment. By the address and not by chance, so
/// that a rehearsal can be repeated exactly.
fn jitter(path: &str, tries: u32) -> Millis {
    Millis(path.bytes().fold(u64::from(tries), |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b))) % 500)
}

/// A random UUID.
pub(super) fn random_id() -> String {
    let mut b = [0u8; 16];
    if getrandom::fill(&mut b).is_err() {
        // Only a label for Azure's logs: without randomness all reads share one.
        b = [0; 16];
    }
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    let h = crate::units::hex(&b);
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}
