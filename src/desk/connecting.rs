//! The connected Azure: one for the desk's life, so that tokens fetched while all was well serve the run that begins when
//! sign-in is down; who is signed in, for the screen and the record.

use crate::azure::sign_in::Stage;
use crate::azure::{Azure, AzureError, Cloud};
use crate::run::command::Command as Order;
use crate::run::event::{Actor, Identity};

use super::mailbox::{Envelope, Mail};
use super::sign_in::{SignInError, Way, connection};
use super::snapshot::{self, DeviceCode};
use super::supervisor::Desk;
use super::{DeskError, chain};

/// What the desk knows of its Azure.
#[derive(Default)]
pub(super) struct Connection {
    azure: Option<Azure>,
    /// The saved sign-in is being read.
    busy: bool,
    /// “Sign in again” was chosen, and follows.
    again: bool,
    failed: Option<String>,
}

impl Desk {
    /// Connects as the saved sign-in says. The keyring may be asked, which takes as long as a person does.
    pub(super) fn connect(&mut self) {
        if self.options.cloud.is_none() {
            self.read_saved();
        }
    }

    fn read_saved(&mut self) {
        if std::mem::replace(&mut self.connection.busy, true) {
            return;
        }
        let (to, home, secrets) = (self.to.clone(), self.options.home.clone(), self.credentials.secrets());
        tokio::spawn(async move {
            let mail = Mail::Connected(Box::new(connection(&home, &secrets).await));
            let _ = to.send(Envelope { session: 0, mail, busy: None });
        });
    }

    /// What the saved sign-in came to.
    pub(super) async fn connected_as(&mut self, came: Result<Option<Cloud>, SignInError>) -> Result<(), DeskError> {
        self.connection.busy = false;
        self.connection.failed = None;
        let again = std::mem::take(&mut self.connection.again);
        match came {
            Ok(None) => {}
            Ok(Some(cloud)) => self.take_in(cloud).await?,
            Err(e) => {
                self.connection.failed = Some(chain(&e));
                return Err(e.into());
            }
        }
        if again { self.ask_again() } else { Ok(()) }
    }

    /// What was saved holds from now on, for what is under way as well: a new secret must not have to wait for the end of
    /// a run.
    async fn take_in(&mut self, cloud: Cloud) -> Result<(), DeskError> {
        self.options.cloud = Some(cloud.clone());
        if let Some(azure) = self.connection.azure.take() {
            let (was, is) = (azure.cloud().name.clone(), cloud.name.clone());
            if was == is {
                self.connection.azure = Some(azure.signed_in_as(cloud));
            } else {
                self.idle = None;
                if self.open.is_some() {
                    self.say(format!("what is open stays in {was}; after it, {is} is asked"));
                }
            }
        }
        if self.open.is_some() || self.idle.is_some() { Ok(()) } else { self.watch_idle().await }
    }

    /// The connected Azure, with the tokens it has.
    pub(super) fn connected(&mut self) -> Result<Azure, DeskError> {
        if let Some(azure) = &self.connection.azure {
            return Ok(azure.clone());
        }
        let azure = Azure::new(self.cloud()?)?;
        self.connection.azure = Some(azure.clone());
        let (mut tokens, mut device) = (azure.sign_in_changes(), azure.device().watch());
        let to = self.to.clone();
        tokio::spawn(async move {
            loop {
                let changed = tokio::select! {
                    c = tokens.changed() => c,
                    c = device.changed() => c,
                };
                let letter = Envelope { session: 0, mail: Mail::SignIn, busy: None };
                if changed.is_err() || to.send(letter).is_err() {
                    return;
                }
            }
        });
        Ok(azure)
    }

    /// “Sign in again”, with what is saved by now: a new secret or another way may be in it. A simulated Azure that was
    /// named at the start keeps its own.
    pub(super) fn sign_in(&mut self) -> Result<(), DeskError> {
        let simulated = self.options.cloud.as_ref().is_some_and(Cloud::is_simulated);
        if simulated || !self.options.home.sign_in().exists() {
            return self.ask_again();
        }
        self.connection.again = true;
        self.read_saved();
        Ok(())
    }

    fn ask_again(&mut self) -> Result<(), DeskError> {
        let azure = self.connected()?;
        let task = self.system_clock.task();
        tokio::spawn(async move {
            // What comes of it shows in the settings and on the ladder.
            if let Err(e) = azure.sign_in_again(&task).await {
                tracing::warn!("signing in again: {e}");
            }
        });
        Ok(())
    }

    /// A token came, or could not be had: the record of a run says as whom Azure is asked from here on. A rehearsal's
    /// own simulator knows one application only.
    pub(super) fn sign_in_changed(&mut self) -> Result<(), DeskError> {
        let Some(o) = self.open.as_deref_mut() else { return Ok(()) };
        let embedded = o.session.scenario.is_some();
        if embedded || !o.session.run.open() || o.session.read_only().is_some() {
            return Ok(());
        }
        let who = o.world.as_ref().and_then(|w| w.azure.identity());
        match who {
            Some(who) => o.session.order(Actor::System, Order::SignedIn(who)).map(drop),
            None => Ok(()),
        }
    }

    /// The Azure that is asked now.
    fn asked(&self) -> Option<&Azure> {
        let world = match (&self.open, &self.idle) {
            (Some(o), _) => o.world.as_ref(),
            (None, Some(i)) => Some(&i.world),
            (None, None) => None,
        };
        world.map(|w| &w.azure).or(self.connection.azure.as_ref())
    }

    /// As whom a real Azure, or a connected simulated one, is asked.
    pub(super) fn identity(&self) -> Option<Identity> {
        let embedded = self.open.as_ref().is_some_and(|o| o.session.scenario.is_some());
        if embedded { None } else { self.asked()?.identity() }
    }

    /// For the Settings screen.
    pub(super) fn sign_in_view(&self) -> snapshot::SignIn {
        let azure = self.asked();
        let cloud = azure.map(Azure::cloud).or(self.options.cloud.as_ref());
        let mut out = snapshot::SignIn {
            method: azure.map(Azure::method).or(cloud.map(|c| c.method.name())).map_or_else(String::new, way),
            cloud: cloud.map_or_else(String::new, |c| c.name.clone()),
            busy: self
                .connection
                .busy
                .then(|| "Reading the saved sign-in… If the keyring shows a prompt, answer it.".into()),
            problem: self.connection.failed.clone().map(|what| (what, "Mend what it names, then sign in.".to_owned())),
            possible: cloud.is_some() || self.options.home.sign_in().exists() || self.options.home.plans().is_dir(),
            ..snapshot::SignIn::default()
        };
        let Some(azure) = azure else { return out };
        out.who = azure.identity();
        let now = self.clock().now();
        out.until = azure.token_left(now).map(|left| now.utc.saturating_add_unsigned(left.0));
        // What waits for the person is said by the code that is shown.
        let mut failure = azure.sign_in_failure().filter(|why| !why.waits_for_person());
        match azure.device().stage() {
            Stage::Begun => out.busy = Some("Fetching a code…".into()),
            Stage::Asked(p) => {
                out.device = Some(DeviceCode { code: p.code, address: p.address, until: p.until });
                failure = None;
            }
            Stage::Failed(why) => failure = Some(why),
            Stage::Nobody | Stage::SignedIn => {}
        }
        if let Some(why) = failure {
            let e = AzureError::SignIn(Box::new(why));
            out.problem = Some((e.to_string(), e.what_to_do()));
        }
        out
    }
}

/// A method's name for people.
fn way(method: &str) -> String {
    method.parse::<Way>().map_or_else(|_| method.to_owned(), |way| way.text().to_owned())
}
