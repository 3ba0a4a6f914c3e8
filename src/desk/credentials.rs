//! Credentials at the desk: the keyring is asked in tasks of their own, and what came of it is a sentence in Settings.
//!
//! The list comes from a file and needs no keyring. Nothing is asked of the keyring before a person wants something of it:
//! a locked one would greet everybody who starts the program.

use std::sync::Arc;

use jiff::civil::Date;

use crate::azure::{Azure, AzureError};
use crate::plan::model::{Plan, Side};
use crate::secrets::{ANSWERS_WITHIN, Credential, Expiry, Kind, Name, SecretError, Secrets, expiry, expiry_text};
use crate::units::{Millis, Region, Secret};

use super::Home;
use super::mailbox::{Envelope, Mail};
use super::protocol::CredentialIntent;
use super::sign_in::Saved;
use super::snapshot::{self, CredentialRow, Keeper, Mark};
use super::supervisor::Desk;
use super::watch::Targets;

/// System whose keys an Azure OpenAI account takes.
const AZURE_OPENAI: &str = "azure-openai";

/// The host that was asked whether it takes a key, and how long its answer took.
type Tried = (String, Result<Millis, AzureError>);

/// What came of a question.
#[derive(Debug)]
pub enum Told {
    /// Whether the keyring keeps things.
    Probed(Result<(), SecretError>),
    /// Kept.
    Stored(Name, Result<(), SecretError>),
    /// Read; and by host what the account it is for said, where one is known.
    Tested(Name, Result<Option<Tried>, SecretError>),
    /// Forgotten.
    Deleted(Name, Result<(), SecretError>),
}

/// What the desk knows of credentials.
pub(super) struct Credentials {
    secrets: Secrets,
    keeper: Keeper,
    why_not: String,
    listed: Vec<Credential>,
    busy: bool,
    said: Option<(bool, String)>,
}

impl Credentials {
    pub(super) fn new(home: &Home) -> Self {
        let secrets = Secrets::in_keyring(home.dir(), ANSWERS_WITHIN);
        let mut new = Self {
            secrets,
            keeper: Keeper::NotAsked,
            why_not: String::new(),
            listed: Vec::new(),
            busy: false,
            said: None,
        };
        new.reread();
        new
    }

    /// Where secrets are kept.
    pub(super) fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }

    /// Whether a secret of this name is kept, by the list.
    pub(super) fn has(&self, name: &Name) -> bool {
        self.listed.iter().any(|c| c.name == *name)
    }

    pub(super) fn reread(&mut self) {
        match self.secrets.list() {
            Ok(all) => self.listed = all.into_iter().filter(|c| c.name.kind() == Kind::Credential).collect(),
            Err(e) => self.said = Some((false, sentence(&e))),
        }
    }

    /// For the Settings screen.
    pub(super) fn view(&self) -> snapshot::Credentials {
        let now = jiff::Timestamp::now();
        let state = match self.keeper {
            Keeper::NotAsked => {
                "Secrets are kept in this computer's keyring. It is asked when you add, test or delete one.".to_owned()
            }
            Keeper::Keyring => "This computer's keyring works: it kept a test entry and gave it back.".to_owned(),
            Keeper::Absent | Keeper::Shut => self.why_not.clone(),
            Keeper::Memory => {
                "Credentials are kept in memory and forgotten when Lifeboat closes. You chose this; the keyring is not used until the \
                 next start."
                    .to_owned()
            }
        };
        snapshot::Credentials {
            state,
            keeper: self.keeper,
            rows: self.listed.iter().map(|c| row(c, now)).collect(),
            busy: self.busy.then(|| "Waiting for the keyring… If it shows a prompt, answer it.".to_owned()),
            said: self.said.clone(),
        }
    }
}

fn row(c: &Credential, now: jiff::Timestamp) -> CredentialRow {
    let mark = match expiry(c.expires, now) {
        Expiry::Unknown => Mark::Unknown,
        Expiry::Later => Mark::Ok,
        Expiry::Soon(_) => Mark::Degraded,
        Expiry::Over(_) => Mark::Down,
    };
    CredentialRow {
        name: c.name.clone(),
        title: c.name.title(),
        mark,
        expires: expiry_text(c.expires, now),
        stored: c.stored.strftime("%Y-%m-%d").to_string(),
    }
}

/// An error as the sentence of a card: it begins with a capital and ends with a full stop.
fn sentence(e: &dyn std::fmt::Display) -> String {
    let text = e.to_string();
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

impl Desk {
    /// What a person wants of credentials.
    pub(super) fn credential(&mut self, intent: CredentialIntent) {
        if self.credentials.busy {
            return;
        }
        self.credentials.said = None;
        match intent {
            CredentialIntent::Prepare => {
                self.credentials.reread();
                let secrets = self.credentials.secrets.clone();
                self.ask_keyring(async move { Told::Probed(secrets.probe().await) });
            }
            CredentialIntent::KeepInMemory => {
                self.credentials.secrets = Secrets::in_memory();
                self.credentials.keeper = Keeper::Memory;
                self.credentials.reread();
            }
            CredentialIntent::Store { system, region, secret, expires } => {
                if let Err(why) = self.store_credential(&system, &region, secret, &expires) {
                    self.credentials.said = Some((false, why));
                }
            }
            CredentialIntent::Test(name) => self.test_credential(name),
            CredentialIntent::Delete(name) => {
                let secrets = self.credentials.secrets.clone();
                self.ask_keyring(async move {
                    let done = secrets.delete(&name).await;
                    Told::Deleted(name, done)
                });
            }
        }
    }

    fn store_credential(&mut self, system: &str, region: &str, secret: Secret, expires: &str) -> Result<(), String> {
        let name = Name::credential(system, Some(region)).map_err(|e| sentence(&e))?;
        let now = jiff::Timestamp::now();
        let expires = match expires.trim() {
            "" => None,
            text => Some(text.parse::<Date>().map_err(|_| {
                format!("“{}” is no date; write it as 2027-01-31.", text.chars().take(20).collect::<String>())
            })?),
        };
        if let (Some(day), Expiry::Over(_)) = (expires, expiry(expires, now)) {
            return Err(format!("{day} is over, so nothing was stored."));
        }
        let secret = Secret::new(secret.expose().trim());
        if name == Name::sign_in()
            && let Ok(Some(saved)) = Saved::read(&self.options.home)
            && let Err(e) = saved.fits(&secret)
        {
            let e = sentence(&e);
            return Err(format!("{e} A certificate has many lines: lifeboat credentials set sign-in < FILE.pem"));
        }
        let secrets = self.credentials.secrets.clone();
        self.ask_keyring(async move {
            let done = secrets.store(&name, secret, now, expires).await;
            Told::Stored(name, done)
        });
        Ok(())
    }

    fn test_credential(&mut self, name: Name) {
        let (secrets, endpoint) = (self.credentials.secrets.clone(), self.endpoint_of(&name));
        let clock = self.system_clock.clone();
        self.ask_keyring(async move {
            let read = secrets.read(&name).await;
            let tested = match (read, endpoint) {
                (Err(e), _) => Err(e),
                (Ok(_), None) => Ok(None),
                (Ok(key), Some((azure, url))) => {
                    let host = url.host_str().unwrap_or_default().to_owned();
                    Ok(Some((host, crate::azure::openai::by_key(&azure, &clock.task(), &url, key).await)))
                }
            };
            Told::Tested(name, tested)
        });
    }

    /// Keys of the accounts that a plan watches are read once and kept, so that its probes get on without sign-in.
    pub(super) fn hand_keys(&self, plan: &Plan, targets: &Arc<Targets>) {
        for side in plan.sides() {
            if super::watch::account(side).is_none() {
                continue;
            }
            let id = super::watch::endpoint(side);
            // The keyring is asked for what is known to be there, and for nothing else.
            let Some(name) = self.key_of(&side.region) else {
                targets.set_key(id, None);
                continue;
            };
            let (secrets, targets) = (self.credentials.secrets.clone(), Arc::clone(targets));
            tokio::spawn(async move {
                match secrets.read(&name).await {
                    Ok(key) => targets.set_key(id, Some(key)),
                    Err(e) => tracing::info!("probes go on without the key {name}: {e}"),
                }
            });
        }
    }

    /// The region's own key, else the one that holds for all.
    fn key_of(&self, region: &Region) -> Option<Name> {
        let names = [Some(region.name()), None].into_iter().filter_map(|r| Name::credential(AZURE_OPENAI, r).ok());
        names.into_iter().find(|n| self.credentials.listed.iter().any(|c| c.name == *n))
    }

    /// The account that takes this key, by the plan that is watched; one for all regions is tried at the first. None in a
    /// rehearsal: a real key stays out of it.
    fn endpoint_of(&self, name: &Name) -> Option<(Azure, url::Url)> {
        let world = &self.idle.as_ref()?.world;
        let here = |s: &&Side| name.system() == AZURE_OPENAI && name.region().is_none_or(|r| s.region == *r);
        let account = world.plan.sides().filter(here).find_map(super::watch::account)?;
        let url = world.azure.cloud().openai_host(account.name()).ok()?;
        Some((world.azure.clone(), url))
    }

    fn ask_keyring(&mut self, work: impl Future<Output = Told> + Send + 'static) {
        self.credentials.busy = true;
        let to = self.to.clone();
        tokio::spawn(async move {
            let mail = Mail::Credential(work.await);
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
    }

    /// What the keyring said.
    pub(super) fn credential_came(&mut self, told: Told) {
        self.credentials.busy = false;
        let (worked, text) = match told {
            Told::Probed(done) => {
                self.judge_keyring(done);
                return;
            }
            Told::Stored(name, Ok(())) => {
                self.say(format!("credential {name} stored"));
                (true, format!("{} is stored.", name.title()))
            }
            Told::Deleted(name, Ok(())) => {
                self.say(format!("credential {name} deleted"));
                (true, format!("{} is deleted.", name.title()))
            }
            Told::Tested(name, Ok(None)) => (true, format!("{} can be read.", name.title())),
            Told::Tested(name, Ok(Some((host, Ok(took))))) => {
                (true, format!("{}: {host} takes it, and answered in {took}.", name.title()))
            }
            Told::Tested(name, Ok(Some((host, Err(AzureError::Refused(r)))))) if matches!(r.status, 401 | 403) => (
                false,
                format!("{}: {host} refuses it ({}). Copy the key anew, and store it again.", name.title(), r.status),
            ),
            Told::Tested(name, Ok(Some((host, Err(e))))) => {
                let todo = e.what_to_do();
                (false, format!("{} can be read; whether {host} takes it is not known: {e}. {todo}", name.title()))
            }
            Told::Stored(_, Err(e)) | Told::Tested(_, Err(e)) | Told::Deleted(_, Err(e)) => {
                // It is the keyring's state as much as this question's answer.
                if matches!(e, SecretError::Absent(_) | SecretError::Locked(_)) && !self.credentials.secrets.is_memory()
                {
                    self.judge_keyring(Err(e));
                    return;
                }
                (false, sentence(&e))
            }
        };
        self.credentials.said = Some((worked, text));
        self.credentials.reread();
        if let Some(i) = &self.idle {
            self.hand_keys(&i.world.plan, &i.world.targets);
        }
    }

    fn judge_keyring(&mut self, done: Result<(), SecretError>) {
        let c = &mut self.credentials;
        match done {
            Ok(()) if c.secrets.is_memory() => c.keeper = Keeper::Memory,
            Ok(()) => c.keeper = Keeper::Keyring,
            Err(e) => {
                c.keeper = if matches!(e, SecretError::Absent(_)) { Keeper::Absent } else { Keeper::Shut };
                c.why_not = sentence(&e);
            }
        }
    }
}
