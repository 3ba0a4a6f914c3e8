//! Signing in on another device: a code is shown, a person enters it in a browser, and meanwhile Entra is asked again.
//!
//! azure_identity has no such credential. The refresh token, which gives tokens of every scope without the person, is
//! kept in memory only and ends with the program.

use std::sync::{Arc, Mutex, PoisonError};

use azure_core::credentials::{AccessToken, Secret as Token, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use serde_json::Value;
use tokio::sync::watch;

use super::super::cloud::Cloud;
use super::super::error::SignIn;
use super::wire::{self, Heard};
use super::{CLI_APPLICATION, NO_TOKEN, SIGN_IN_WITHIN};
use crate::clock::{Clock, Task};
use crate::units::{Millis, Secret, visible};

/// Entra's usual pause between two questions, and what `slow_down` adds to it.
const PAUSE_S: u64 = 5;
/// A longer pause is not believed.
const LONGEST_PAUSE_S: u64 = 60;
/// Entra's usual lifetime of a code, and the longest that is believed.
const CODE_LASTS_S: u64 = 900;
/// Tenant of people whose tenant was not named.
const ANY_TENANT: &str = "organizations";
/// Entra's numbers for a refresh token that is good no longer, whatever it is used for: expired, revoked, too long unused,
/// its second factor or password no longer the same. Other refusals (no consent, a second factor for this one) are the scope's.
const OVER: [u32; 8] = [70_008, 70_043, 700_082, 700_084, 50_078, 50_132, 50_133, 50_173];
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What the person is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// To enter there.
    pub code: String,
    /// Where.
    pub address: String,
    /// Until when, UTC milliseconds on the clock of whoever asked.
    pub until: i64,
}

/// How far signing in is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nobody is signed in, and nobody is asked.
    #[default]
    Nobody,
    /// A code is being fetched.
    Begun,
    /// Waiting for the person.
    Asked(Prompt),
    /// Somebody is.
    SignedIn,
    /// It came to nothing.
    Failed(SignIn),
}

/// The device sign-in of one connection; clones share it.
#[derive(Clone, Default)]
pub struct Device(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stage: watch::Sender<Stage>,
    refresh: Mutex<Option<Arc<Secret>>>,
}

impl Device {
    /// How far it is.
    pub fn stage(&self) -> Stage {
        self.0.stage.borrow().clone()
    }

    /// To be told of changes.
    pub fn watch(&self) -> watch::Receiver<Stage> {
        self.0.stage.subscribe()
    }

    fn refresh(&self) -> Option<Arc<Secret>> {
        self.0.refresh.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, refresh: Option<Secret>) {
        *self.0.refresh.lock().unwrap_or_else(PoisonError::into_inner) = refresh.map(Arc::new);
    }

    /// Puts another in the place of this one, unless a person has signed in anew meanwhile; whether it did.
    fn exchange(&self, used: &Arc<Secret>, new: Option<Secret>) -> bool {
        let mut kept = self.0.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.as_ref().is_some_and(|k| Arc::ptr_eq(k, used));
        if same {
            *kept = new.map(Arc::new);
        }
        same
    }

    /// Nobody is signed in any more.
    pub(crate) fn forget(&self) {
        self.keep(None);
        self.at(Stage::Nobody);
    }

    fn at(&self, stage: Stage) {
        self.0.stage.send_replace(stage);
    }

    /// Goes on from such a stage only; whether it did.
    fn on(&self, from: fn(&Stage) -> bool, to: Stage) -> bool {
        self.0.stage.send_if_modified(|s| {
            let here = from(s);
            if here {
                *s = to;
            }
            here
        })
    }

    /// Takes the turn to ask the person; false when somebody has it.
    pub(crate) fn begin(&self) -> bool {
        self.on(nobody_is_asked, Stage::Begun)
    }

    /// Why there can be no token without the person; `None` when there can be one.
    pub(crate) fn missing(&self) -> Option<SignIn> {
        if self.refresh().is_some() {
            return None;
        }
        let says = |error: &str, text: String| SignIn { error: error.into(), ..SignIn::saying(text) };
        Some(match self.stage() {
            Stage::Failed(why) => why,
            Stage::Asked(p) => {
                says("waiting_for_person", format!("waiting for you: open {} and enter the code {}", p.address, p.code))
            }
            Stage::Begun => says("waiting_for_person", "a code for signing in is being fetched".into()),
            Stage::Nobody | Stage::SignedIn => says("nobody", "nobody is signed in".into()),
        })
    }
}

fn nobody_is_asked(stage: &Stage) -> bool {
    !matches!(stage, Stage::Begun | Stage::Asked(_))
}

/// Asks for one token: by the refresh token, or by asking the person.
pub struct DeviceCode {
    pub cloud: Cloud,
    pub http: reqwest::Client,
    pub clock: Clock,
    pub device: Device,
    /// The person is asked, whatever is kept of an earlier sign-in.
    pub by_person: bool,
    pub heard: Arc<Mutex<Heard>>,
}

impl std::fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceCode").field("authority", &self.cloud.authority).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl TokenCredential for DeviceCode {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let task = self.clock.task();
        let scope = format!("{} offline_access", scopes.join(" "));
        let outcome = match self.device.refresh() {
            _ if self.by_person => self.asked(&task, &scope).await,
            Some(refresh) => self.renewed(&task, &scope, &refresh).await,
            None => Err(self.device.missing().unwrap_or_else(|| SignIn::saying("nobody is signed in"))),
        };
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        outcome
            .map(|(token, lifetime)| {
                heard.expires_in = Some(lifetime);
                let on = jiff::Timestamp::now().as_second().saturating_add_unsigned(lifetime);
                let on = azure_core::time::OffsetDateTime::from_unix_timestamp(on);
                AccessToken::new(Token::new(token), on.unwrap_or(azure_core::time::OffsetDateTime::UNIX_EPOCH))
            })
            .map_err(|why| {
                let text = why.text.clone();
                heard.refusal = Some(why);
                azure_core::Error::with_message(ErrorKind::Credential, text)
            })
    }
}

impl DeviceCode {
    fn client(&self) -> &str {
        if self.cloud.client_id.is_empty() { CLI_APPLICATION } else { &self.cloud.client_id }
    }

    /// Posts to the authority; an answer that is JSON, else the refusal.
    async fn post(&self, task: &Task, end: &str, form: &[(&str, &str)]) -> Result<Value, SignIn> {
        let tenant = if self.cloud.tenant.is_empty() { ANY_TENANT } else { &self.cloud.tenant };
        let path = format!("{tenant}/oauth2/v2.0/{end}");
        let ask = |work| async move { wire::post(&self.cloud, &self.http, work, &path, form).await };
        let answer = task.request(SIGN_IN_WITHIN, ask).await.map_err(|late| SignIn::saying(late.to_string()))?;
        let (status, body) = answer?;
        match serde_json::from_slice::<Value>(&body) {
            Ok(value) if (200..300).contains(&status) && value.is_object() => Ok(value),
            _ => Err(wire::refusal(status, &body)),
        }
    }

    /// Takes the refresh token of an answer along; gives token and lifetime.
    fn taken(&self, answer: &Value, used: Option<&Arc<Secret>>) -> Result<(String, u64), SignIn> {
        let token = answer["access_token"].as_str().filter(|t| !t.is_empty());
        let token = token.ok_or_else(|| SignIn::saying(NO_TOKEN))?;
        if let Some(refresh) = answer["refresh_token"].as_str() {
            let refresh = Some(Secret::new(refresh));
            match used {
                Some(used) => drop(self.device.exchange(used, refresh)),
                None => self.device.keep(refresh),
            }
        }
        Ok((token.to_owned(), wire::seconds(&answer["expires_in"]).unwrap_or_default()))
    }

    async fn renewed(&self, task: &Task, scope: &str, refresh: &Arc<Secret>) -> Result<(String, u64), SignIn> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client()),
            ("scope", scope),
            ("refresh_token", refresh.expose()),
        ];
        match self.post(task, "token", &form).await {
            Ok(answer) => {
                let taken = self.taken(&answer, Some(refresh))?;
                self.device.on(|s| matches!(s, Stage::Failed(_)), Stage::SignedIn);
                Ok(taken)
            }
            Err(why) => {
                // It is good no longer: only the person can help. What concerns this scope alone leaves the others be.
                let over = why.codes.split(',').filter_map(|c| c.parse().ok()).any(|c: u32| OVER.contains(&c));
                if over && self.device.exchange(refresh, None) {
                    self.device.on(nobody_is_asked, Stage::Failed(why.clone()));
                }
                Err(why)
            }
        }
    }

    async fn asked(&self, task: &Task, scope: &str) -> Result<(String, u64), SignIn> {
        let outcome = self.ask_person(task, scope).await;
        self.device.at(match &outcome {
            Ok(_) => Stage::SignedIn,
            Err(why) => Stage::Failed(why.clone()),
        });
        outcome
    }

    async fn ask_person(&self, task: &Task, scope: &str) -> Result<(String, u64), SignIn> {
        let answer = self.post(task, "devicecode", &[("client_id", self.client()), ("scope", scope)]).await?;
        let text = |name: &str| answer[name].as_str().filter(|t| !t.is_empty());
        let (Some(device), Some(code), Some(address)) =
            (text("device_code"), text("user_code"), text("verification_uri").or_else(|| text("verification_url")))
        else {
            return Err(SignIn::saying("the answer of sign-in has no code in it"));
        };
        let lasts = wire::seconds(&answer["expires_in"]).unwrap_or(CODE_LASTS_S).min(CODE_LASTS_S);
        let mut pause = wire::seconds(&answer["interval"]).unwrap_or(PAUSE_S).clamp(1, LONGEST_PAUSE_S);
        let end = task.now().mono.saturating_add(lasts * 1_000);
        let until = task.now().utc.saturating_add_unsigned(lasts * 1_000);
        self.device.at(Stage::Asked(Prompt { code: visible(code), address: visible(address), until }));
        let form = [("grant_type", GRANT), ("client_id", self.client()), ("device_code", device)];
        while task.now().mono < end {
            task.sleep(Millis::from_secs(pause)).await;
            match self.post(task, "token", &form).await {
                Ok(answer) => return self.taken(&answer, None),
                Err(why) if why.error == "authorization_pending" => {}
                Err(why) if why.error == "slow_down" => pause = (pause + PAUSE_S).min(LONGEST_PAUSE_S),
                // Trouble on the way, not an answer: the code may still be entered.
                Err(why) if why.status.is_none_or(|s| s >= 500 || s == 429) => pause = LONGEST_PAUSE_S.min(pause * 2),
                Err(why) => return Err(why),
            }
        }
        let text = "the code was not entered in time".to_owned();
        Err(SignIn { error: "expired_token".into(), ..SignIn::saying(text) })
    }
}
