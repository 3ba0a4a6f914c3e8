//! Tokens, fetched early and kept, so that a sign-in outage minutes later does not stop a run.
//!
//! How a token is come by is `super::sign_in`'s affair. The cache of `azure_identity` is left aside: there a failed refresh is an error although the
//! old token is good, and one lock is held over the call for all scopes. Here a token is served while more than a
//! minute of it is left, is renewed in the background before that, and one scope never waits for another. Lifetimes
//! are counted from our own clock, which in a rehearsal is the scenario's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

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
/// A failure is believed twice as long as it took to find out, within these bounds: a time-out, or a tool that hangs, is not
/// waited for by every request anew.
const BELIEVED: (Millis, Millis) = (Millis::from_secs(1), Millis::from_secs(20));

/// The tokens of one cloud.
pub(super) struct Tokens {
    /// How to sign in; another way, or a new secret, takes its place.
    cloud: RwLock<Arc<Cloud>>,
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
    /// Until when (monotonic ms) the failure is believed.
    believed: u64,
    /// Who holds it asks for the token; the others want what comes of it.
    turn: Arc<tokio::sync::Mutex<()>>,
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
        Arc::new(Self { cloud: RwLock::new(Arc::new(cloud)), http, slots, device, changed })
    }

    /// How it signs in now.
    pub(super) fn cloud(&self) -> Arc<Cloud> {
        Arc::clone(&self.cloud.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on signs in like this. Tokens of the same identity go on serving; those of another one do not.
    pub(super) fn sign_in_as(&self, cloud: Cloud) {
        let (same, news) = {
            let mut kept = self.cloud.write().unwrap_or_else(PoisonError::into_inner);
            let name = |c: &Cloud| (c.tenant.clone(), c.client_id.clone(), c.method.name());
            let same = name(&kept) == name(&cloud);
            let news = !same || !kept.method.is_like(&cloud.method);
            if news {
                *kept = Arc::new(cloud);
            }
            (same, news)
        };
        for slot in self.slots().values_mut() {
            (slot.believed, slot.renewed_at) = (0, None);
            if !same {
                (slot.token, slot.failure) = (None, None);
            }
        }
        if !same {
            self.device.forget();
        }
        if news {
            self.changed.send_modify(|n| *n += 1);
        }
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
        self.believed(scope, now)?;
        // In a rehearsal nobody queues: who is first would be chance.
        if task.clock().is_scenario() {
            return self.fetch(task, scope).await;
        }
        let turn = Arc::clone(&self.slots().entry(scope.to_owned()).or_default().turn);
        let _turn = task.wait(turn.lock()).await;
        let now = task.now();
        if let Some(token) = self.kept(scope, now) {
            return Ok(token.secret);
        }
        self.believed(scope, now)?;
        self.fetch(task, scope).await
    }

    /// The same for who would rather do without than wait for a sign-in that failed the last time; that goes on beside.
    pub(super) async fn bearer_unless_failing(self: &Arc<Self>, task: &Task, scope: &str) -> Option<Arc<Secret>> {
        if self.kept(scope, task.now()).is_none() && self.failure(scope).is_some() {
            self.renew_in_background(task, scope);
            return None;
        }
        self.bearer(task, scope).await.ok()
    }

    /// A failure of a moment ago answers at once.
    fn believed(&self, scope: &str, now: Now) -> Result<(), AzureError> {
        match self.slots().get(scope) {
            Some(Slot { believed, failure: Some(why), .. }) if now.mono < *believed => {
                Err(AzureError::SignIn(Box::new(why.clone())))
            }
            _ => Ok(()),
        }
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
        if self.wants_person(&self.cloud()).is_some() {
            return;
        }
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
                tracing::warn!(%scope, "token not renewed; one that is kept stays in use: {e}");
            }
            drop(done);
        });
    }

    /// Why there can be no token before a person has done something.
    fn wants_person(&self, cloud: &Cloud) -> Option<SignIn> {
        if matches!(cloud.method, Method::Device) { self.device.missing() } else { None }
    }

    /// Signs in now and keeps the token.
    pub(super) async fn fetch(&self, task: &Task, scope: &str) -> Result<Arc<Secret>, AzureError> {
        let cloud = self.cloud();
        match self.wants_person(&cloud) {
            // Not believed for a while: what is missing may come at any moment.
            Some(why) => Err(self.failed(&cloud, scope, why, 0)),
            None => self.fetch_by(task, scope, &cloud, false).await,
        }
    }

    /// The same; where the person is asked it takes minutes.
    async fn fetch_by(
        &self,
        task: &Task,
        scope: &str,
        cloud: &Arc<Cloud>,
        by_person: bool,
    ) -> Result<Arc<Secret>, AzureError> {
        let issued = task.now();
        let device = matches!(cloud.method, Method::Device);
        let outcome = if device {
            task.wait(self.device_token(task, scope, cloud, by_person)).await
        } else {
            let ask = |work| async move {
                let asking = Asking { cloud, http: &self.http, now: issued, work };
                sign_in::token(&asking, scope).await
            };
            let answer = task.request(cloud.method.within(), ask).await;
            answer.unwrap_or_else(|late| Err(SignIn::saying(late.to_string())))
        };
        let now = task.now();
        let (secret, lifetime) = outcome.map_err(|why| {
            let took = Millis(now.mono.saturating_sub(issued.mono));
            let believed = Millis(took.0.saturating_mul(2)).clamp(BELIEVED.0, BELIEVED.1);
            self.failed(cloud, scope, why, now.mono.saturating_add(believed.0))
        })?;
        let secret = Arc::new(secret);
        // The person may have taken minutes; a token's life begins when it is given.
        let issued = if device { now } else { issued };
        let token = Token { secret: Arc::clone(&secret), issued, lifetime };
        if self.note(cloud, scope, |slot| (slot.token, slot.failure, slot.believed) = (Some(token), None, 0)).is_some()
        {
            self.changed.send_modify(|n| *n += 1);
        }
        Ok(secret)
    }

    /// Changes what is kept of a scope; nothing where somebody else signs in by now.
    fn note<T>(&self, cloud: &Arc<Cloud>, scope: &str, change: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let now = self.cloud.read().unwrap_or_else(PoisonError::into_inner);
        Arc::ptr_eq(&now, cloud).then(|| change(self.slots().entry(scope.to_owned()).or_default()))
    }

    fn failed(&self, cloud: &Arc<Cloud>, scope: &str, mut why: SignIn, believed: u64) -> AzureError {
        cloud.method.name().clone_into(&mut why.method);
        let news = self.note(cloud, scope, |slot| {
            slot.believed = believed;
            slot.failure.replace(why.clone()).is_none_or(|old| old.text != why.text)
        });
        if news == Some(true) {
            self.changed.send_modify(|n| *n += 1);
        }
        AzureError::SignIn(Box::new(why))
    }

    async fn device_token(
        &self,
        task: &Task,
        scope: &str,
        cloud: &Cloud,
        by_person: bool,
    ) -> Result<(Secret, Millis), SignIn> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let credential = DeviceCode {
            cloud: cloud.clone(),
            http: self.http.clone(),
            clock: task.clock().clone(),
            device: self.device.clone(),
            by_person,
            heard: Arc::clone(&heard),
        };
        sign_in::outcome(&credential, scope, &heard).await
    }

    /// Asks the person by device code, in the background; false when that is going on already.
    pub(super) fn ask_person(self: &Arc<Self>, clock: &Clock, scopes: Vec<String>) -> bool {
        if !self.device.begin() {
            return false;
        }
        let (tokens, own, cloud) = (Arc::clone(self), clock.task(), self.cloud());
        tokio::spawn(async move {
            // What comes of it is in the slot, and in the device's stage. The person is asked once, for the first; what
            // one of the others is refused says nothing of the next.
            for (n, scope) in scopes.iter().enumerate() {
                if tokens.fetch_by(&own, scope, &cloud, n == 0).await.is_err() && n == 0 {
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
