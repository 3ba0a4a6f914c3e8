//! Tokens, fetched early and kept, so that a sign-in outage minutes later does not stop a run.
//!
//! How a token is come by is `super::sign_in`'s affair. The cache of `azure_identity` is left aside: there a failed refresh is an error although the
//! old token is good, and one lock is held over the call for all scopes. Here a token is served while more than a
//! minute of it is left, is renewed in the background before that, and one scope never waits for another. Lifetimes
//! are counted from our own clock, which in a rehearsal is the scenario's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::AzureError;
use super::cloud::Cloud;
use super::error::SignIn;
use super::sign_in::{self, Asking, Device, DeviceCode, Heard, Method};
use crate::clock::{Clock, Task};
use crate::run::event::Identity;
use crate::units::{Millis, Now, Secret};

/// A token with less left than this is not used: the request it is for may outlive it.
const LEAST_LEFT: Millis = Millis::from_secs(60);
/// With less left than this a new one is fetched in the background.
const RENEW_BELOW: Millis = Millis::from_mins(15);
/// A failed background renewal is not repeated sooner.
const RENEW_PAUSE: Millis = Millis::from_secs(20);
/// The tokens of one cloud.
pub(super) struct Tokens {
    cloud: Cloud,
    http: reqwest::Client,
    slots: Mutex<HashMap<String, Slot>>,
    device: Device,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Slot {
    token: Option<Token>,
    renewing: bool,
    renewed_at: Option<u64>,
    failure: Option<SignIn>,
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
        let (slots, device, changed) = (Mutex::default(), Device::default(), watch::Sender::new(0));
        Arc::new(Self { cloud, http, slots, device, changed })
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
        if matches!(self.cloud.method, Method::Device)
            && let Some(why) = self.device.missing()
        {
            return Err(self.failed(scope, why));
        }
        self.fetch_or_ask(task, scope).await
    }

    /// The same; a device sign-in may ask the person, which takes minutes.
    async fn fetch_or_ask(&self, task: &Task, scope: &str) -> Result<Arc<Secret>, AzureError> {
        let issued = task.now();
        let outcome = if matches!(self.cloud.method, Method::Device) {
            task.wait(self.device_token(task, scope)).await
        } else {
            let ask = |work| async move {
                let asking = Asking { cloud: &self.cloud, http: &self.http, now: issued, work };
                sign_in::token(&asking, scope).await
            };
            let answer = task.request(self.cloud.method.within(), ask).await;
            answer.unwrap_or_else(|late| Err(SignIn::saying(late.to_string())))
        };
        let (secret, lifetime) = outcome.map_err(|why| self.failed(scope, why))?;
        let secret = Arc::new(secret);
        // The person may have taken minutes; a token's life begins when it is given.
        let issued = if matches!(self.cloud.method, Method::Device) { task.now() } else { issued };
        {
            let mut slots = self.slots();
            let slot = slots.entry(scope.to_owned()).or_default();
            slot.token = Some(Token { secret: Arc::clone(&secret), issued, lifetime });
            slot.failure = None;
        }
        self.changed.send_modify(|n| *n += 1);
        Ok(secret)
    }

    fn failed(&self, scope: &str, mut why: SignIn) -> AzureError {
        self.cloud.method.name().clone_into(&mut why.method);
        let news = {
            let mut slots = self.slots();
            let slot = slots.entry(scope.to_owned()).or_default();
            slot.failure.replace(why.clone()).is_none_or(|old| old.text != why.text)
        };
        if news {
            self.changed.send_modify(|n| *n += 1);
        }
        AzureError::SignIn(Box::new(why))
    }

    async fn device_token(&self, task: &Task, scope: &str) -> Result<(Secret, Millis), SignIn> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let credential = DeviceCode {
            cloud: self.cloud.clone(),
            http: self.http.clone(),
            clock: task.clock().clone(),
            device: self.device.clone(),
            heard: Arc::clone(&heard),
        };
        sign_in::outcome(&credential, scope, &heard).await
    }

    /// Asks the person by device code, in the background; false when that is going on already.
    pub(super) fn ask_person(self: &Arc<Self>, clock: &Clock, scopes: Vec<String>) -> bool {
        if !self.device.begin() {
            return false;
        }
        let (tokens, own) = (Arc::clone(self), clock.task());
        tokio::spawn(async move {
            for scope in scopes {
                // What comes of it is in the slot, and in the device's stage.
                if tokens.fetch_or_ask(&own, &scope).await.is_err() {
                    return;
                }
            }
        });
        true
    }

    /// How far a device sign-in is.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Why the last sign-in of a scope gave no token.
    pub(super) fn failure(&self, scope: &str) -> Option<SignIn> {
        self.slots().get(scope)?.failure.clone()
    }

    /// Who the kept token of a scope is for.
    pub(super) fn identity(&self, scope: &str) -> Option<Identity> {
        sign_in::claims(self.slots().get(scope)?.token.as_ref()?.secret.expose())
    }

    /// Grows whenever a token came, or a new failure.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
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
