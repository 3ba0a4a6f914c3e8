//! Tokens, fetched early and kept, so that a sign-in outage minutes later does not stop a run.
//!
//! `azure_identity` does the signing in. Its own cache is left aside: there a failed refresh is an error although the
//! old token is good, and one lock is held over the call for all scopes. Here a token is served while more than a
//! minute of it is left, is renewed in the background before that, and one scope never waits for another. Lifetimes
//! are counted from our own clock, which in a rehearsal is the scenario's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azure_core::credentials::TokenCredential;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, RetryOptions, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions, DeveloperToolsCredential};
use serde_json::Value;

use super::cloud::Cloud;
use super::error::{SignIn, without_tags};
use super::{AzureError, transport};
use crate::clock::{Task, WORK_HEADER};
use crate::units::{Millis, Now, Secret, visible};

/// A token with less left than this is not used: the request it is for may outlive it.
const LEAST_LEFT: Millis = Millis::from_secs(60);
/// With less left than this a new one is fetched in the background.
const RENEW_BELOW: Millis = Millis::from_mins(15);
/// A failed background renewal is not repeated sooner.
const RENEW_PAUSE: Millis = Millis::from_secs(20);
/// Sign-in that takes longer counts as silent.
const SIGN_IN_WITHIN: Millis = Millis::from_secs(10);
/// `az` starts an interpreter; it needs longer.
const TOOLS_WITHIN: Millis = Millis::from_secs(40);
/// azure_identity accepts https authorities only; the transport puts the simulator's address in its place.
const STAND_IN_AUTHORITY: &str = "https://login.microsoftonline.com";

/// The tokens of one cloud.
pub(super) struct Tokens {
    cloud: Cloud,
    http: reqwest::Client,
    slots: Mutex<HashMap<String, Slot>>,
}

#[derive(Default)]
struct Slot {
    token: Option<Token>,
    renewing: bool,
    renewed_at: Option<u64>,
}

#[derive(Clone)]
struct Token {
    secret: Arc<Secret>,
    issued: Now,
    lifetime: Millis,
}

impl Token {
    /// By whichever clock ran further: the monotonic one stands still while a laptop sleeps.
    fn left(&self, now: Now) -> Millis {
        let mono = now.mono.saturating_sub(self.issued.mono);
        self.lifetime.saturating_sub(Millis(mono.max(now.since(self.issued.utc).0)))
    }
}

impl Tokens {
    pub(super) fn new(cloud: Cloud, http: reqwest::Client) -> Arc<Self> {
        Arc::new(Self { cloud, http, slots: Mutex::default() })
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token for this scope: the kept one while it is good, else a new one.
    pub(super) async fn bearer(self: &Arc<Self>, task: &Task, scope: &str) -> Result<Arc<Secret>, AzureError> {
        let now = task.now();
        if let Some(token) = self.kept(scope, now) {
            if token.left(now) < RENEW_BELOW {
                self.renew_in_background(task, scope);
            }
            return Ok(token.secret);
        }
        self.fetch(task, scope).await
    }

    fn kept(&self, scope: &str, now: Now) -> Option<Token> {
        self.slots().get(scope)?.token.clone().filter(|t| t.left(now) > LEAST_LEFT)
    }

    /// How long the kept token of a scope lasts.
    pub(super) fn left(&self, scope: &str, now: Now) -> Option<Millis> {
        self.slots().get(scope)?.token.as_ref().map(|t| t.left(now))
    }

    /// The resource refused this token: the next request fetches another, unless that has happened already.
    pub(super) fn distrust(&self, scope: &str, refused: &Arc<Secret>) {
        if let Some(slot) = self.slots().get_mut(scope)
            && slot.token.as_ref().is_some_and(|t| Arc::ptr_eq(&t.secret, refused))
        {
            slot.token = None;
        }
    }

    fn renew_in_background(self: &Arc<Self>, task: &Task, scope: &str) {
        let now = task.now().mono;
        {
            let mut slots = self.slots();
            let slot = slots.entry(scope.to_owned()).or_default();
            if slot.renewing || slot.renewed_at.is_some_and(|at| now.saturating_sub(at) < RENEW_PAUSE.0) {
                return;
            }
            slot.renewing = true;
            slot.renewed_at = Some(now);
        }
        let (tokens, scope, clock) = (Arc::clone(self), scope.to_owned(), task.clock().clone());
        // Registered before the spawn, so that a rehearsal's time does not run past it.
        let own = clock.task();
        tokio::spawn(async move {
            let done = RenewalEnds { tokens: &tokens, scope: &scope };
            if let Err(e) = tokens.fetch(&own, &scope).await {
                tracing::warn!(%scope, "token not renewed, the old one stays in use: {e}");
            }
            drop(done);
        });
    }

    /// Signs in now and keeps the token.
    pub(super) async fn fetch(&self, task: &Task, scope: &str) -> Result<Arc<Secret>, AzureError> {
        let issued = task.now();
        let tools = self.cloud.client_id.is_empty() && !self.cloud.is_simulated();
        let within = if tools { TOOLS_WITHIN } else { SIGN_IN_WITHIN };
        let answer = task
            .request(within, |work| async move {
                if tools { from_tools(scope).await } else { self.with_secret(scope, work).await }
            })
            .await;
        let (secret, lifetime) = match answer {
            Ok(done) => done.map_err(|s| AzureError::SignIn(Box::new(s)))?,
            Err(late) => {
                let text = late.to_string();
                return Err(AzureError::SignIn(Box::new(SignIn { text, ..SignIn::default() })));
            }
        };
        let secret = Arc::new(secret);
        let token = Token { secret: Arc::clone(&secret), issued, lifetime };
        self.slots().entry(scope.to_owned()).or_default().token = Some(token);
        Ok(secret)
    }

    /// A credential for this one request: its cache and locks cannot get in anyone's way.
    async fn with_secret(&self, scope: &str, work: u64) -> Result<(Secret, Millis), SignIn> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let authority =
            if self.cloud.authority.scheme() == "https" { self.cloud.authority.as_str() } else { STAND_IN_AUTHORITY };
        let mut custom = azure_core::cloud::CustomConfiguration::default();
        custom.authority_host = authority.to_owned();
        let wire = Wire { cloud: self.cloud.clone(), http: self.http.clone(), work, heard: Arc::clone(&heard) };
        let options = ClientSecretCredentialOptions {
            client_options: ClientOptions {
                cloud: Some(Arc::new(custom.into())),
                transport: Some(Transport::new(Arc::new(wire))),
                retry: RetryOptions::none(),
                ..ClientOptions::default()
            },
        };
        let secret = azure_core::credentials::Secret::new(self.cloud.client_secret.expose().to_owned());
        let asked = async {
            ClientSecretCredential::new(&self.cloud.tenant, self.cloud.client_id.clone(), secret, Some(options))?
                .get_token(&[scope], None)
                .await
        };
        let result = asked.await;
        let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
        match result {
            Ok(token) => {
                let lifetime = heard.expires_in.unwrap_or_default();
                Ok((Secret::new(token.token.secret().to_owned()), Millis::from_secs(lifetime)))
            }
            Err(e) => {
                let mut why =
                    heard.refusal.unwrap_or_else(|| SignIn { text: visible(&e.to_string()), ..SignIn::default() });
                why.text = self.cloud.client_secret.struck_from(&why.text);
                Err(why)
            }
        }
    }
}

struct RenewalEnds<'a> {
    tokens: &'a Tokens,
    scope: &'a str,
}

impl Drop for RenewalEnds<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.tokens.slots().get_mut(self.scope) {
            slot.renewing = false;
        }
    }
}

/// The sign-in that `az` or `azd` of this computer holds. Never in a rehearsal.
async fn from_tools(scope: &str) -> Result<(Secret, Millis), SignIn> {
    let failed = |e: azure_core::Error| SignIn { text: visible(&e.to_string()), ..SignIn::default() };
    let token = DeveloperToolsCredential::new(None).map_err(failed)?.get_token(&[scope], None).await.map_err(failed)?;
    let left = token.expires_on.unix_timestamp().saturating_sub(jiff::Timestamp::now().as_second());
    Ok((Secret::new(token.token.secret().to_owned()), Millis::from_secs(u64::try_from(left).unwrap_or(0))))
}

/// What passed over the wire, without the token.
#[derive(Default)]
struct Heard {
    expires_in: Option<u64>,
    refusal: Option<SignIn>,
}

/// The transport under azure_identity: goes to the configured authority only, and keeps Entra's words, which
/// azure_identity loses as soon as they contain an escape.
struct Wire {
    cloud: Cloud,
    http: reqwest::Client,
    work: u64,
    heard: Arc<Mutex<Heard>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("authority", &self.cloud.authority).finish_non_exhaustive()
    }
}

impl Wire {
    async fn post(&self, request: &Request) -> Result<(u16, azure_core::http::headers::Headers, bytes::Bytes), SignIn> {
        let failed = |text: String| SignIn { text: visible(&text), ..SignIn::default() };
        let url = self.cloud.resolve(request.url()).map_err(|e| failed(e.to_string()))?;
        let azure_core::http::Body::Bytes(form) = request.body() else {
            return Err(failed("the sign-in library asked for a stream, which is not sent".into()));
        };
        let mut ask = self.http.post(url).body(form.clone());
        for (name, value) in request.headers().iter() {
            ask = ask.header(name.as_str(), value.as_str());
        }
        if self.cloud.is_simulated() {
            ask = ask.header(WORK_HEADER, self.work.to_string());
        }
        let answer = ask.send().await.map_err(|e| failed(transport::chain(&e)))?;
        let status = answer.status().as_u16();
        let body = transport::body(answer).await.map_err(failed)?;
        let mut headers = azure_core::http::headers::Headers::new();
        headers.insert("content-type", "application/json");
        Ok((status, headers, body.into()))
    }
}

#[async_trait::async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let outcome = self.post(request).await;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok((status, headers, body)) => {
                let value: Value = serde_json::from_slice(&body).unwrap_or_default();
                if (200..300).contains(&status) {
                    heard.expires_in = seconds(&value["expires_in"]);
                } else {
                    // Before anything of it is cut: who is sent the secret may echo it.
                    let said = self.cloud.client_secret.struck_from(&String::from_utf8_lossy(&body));
                    heard.refusal = Some(refusal(status, &value, said.as_bytes()));
                }
                Ok(AsyncRawResponse::from_bytes(status.into(), headers, body))
            }
            Err(why) => {
                let text = why.text.clone();
                heard.refusal = Some(why);
                Err(azure_core::Error::with_message(azure_core::error::ErrorKind::Connection, text))
            }
        }
    }
}

/// Entra writes a number; some stand-ins a text.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn refusal(status: u16, value: &Value, body: &[u8]) -> SignIn {
    let text = |name: &str| value[name].as_str().map(visible).unwrap_or_default();
    let codes: Vec<String> = value["error_codes"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    let mut description = text("error_description");
    if description.is_empty() {
        description = without_tags(&String::from_utf8_lossy(body)).chars().take(200).collect();
    }
    SignIn {
        status: Some(status),
        error: text("error"),
        codes: codes.join(","),
        text: description,
        trace_id: Some(text("trace_id")).filter(|t| !t.is_empty()),
        answered: true,
    }
}
