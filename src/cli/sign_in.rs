//! The sign-in on the command line: setting it, trying it, and asking the person for the code where one is needed.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Arguments;

use crate::azure::sign_in::Stage;
use crate::azure::{Azure, AzureError, Cloud, Method};
use crate::clock::{Clock, Task};
use crate::desk::protocol::Command;
use crate::desk::sign_in::{Saved, SignInError, Way, connection};
use crate::desk::snapshot::Snapshot;
use crate::desk::{Handle, Home, chain};
use crate::secrets::{ANSWERS_WITHIN, Name, Secrets, expiry_text};
use crate::units::Millis;

use super::{Args, FAILED, FINDING, FINE};

/// A code is good for a quarter of an hour.
const PERSON_WITHIN: Duration = Duration::from_secs(16 * 60);
/// Connecting fetches a code at most.
const BEGUN_WITHIN: Duration = Duration::from_secs(15);

/// How to sign in; for `sign-in` only.
#[derive(Debug, Clone, Default, Arguments)]
pub struct Says {
    /// tools (az, azd), secret, certificate, workload, managed, or device
    #[arg(long, value_name = "METHOD")]
    pub method: Option<Way>,
    /// Tenant id or domain
    #[arg(long, value_name = "ID", requires = "method")]
    tenant: Option<String>,
    /// Application id; with `managed`, which of the machine's identities
    #[arg(long, value_name = "ID", requires = "method")]
    client_id: Option<String>,
    /// AzureCloud, AzureUSGovernment or AzureChinaCloud
    #[arg(long, value_name = "NAME", requires = "method")]
    cloud_name: Option<String>,
    /// PEM file with certificate and key, instead of keeping that text in the keyring
    #[arg(long, value_name = "FILE", requires = "method")]
    certificate: Option<PathBuf>,
    /// File with the federated token (default: the one AZURE_FEDERATED_TOKEN_FILE names)
    #[arg(long, value_name = "FILE", requires = "method")]
    token_file: Option<PathBuf>,
    /// Subscription id; may be given several times, the usual one first
    #[arg(long, value_name = "ID", requires = "method")]
    subscription: Vec<String>,
}

/// How to sign in, as it was said and where it was; nothing is kept yet.
pub fn said(says: &Says) -> Result<Option<Saved>, SignInError> {
    let Some(method) = says.method else { return Ok(None) };
    let absolute = |p: &PathBuf| std::path::absolute(p).unwrap_or_else(|_| p.clone());
    let mut saved = Saved::new(method);
    if let Some(name) = &says.cloud_name {
        name.clone_into(&mut saved.cloud);
    }
    saved.tenant = says.tenant.clone().unwrap_or_default();
    saved.client_id = says.client_id.clone().unwrap_or_default();
    saved.certificate = says.certificate.as_ref().map(absolute);
    saved.token_file = says.token_file.as_ref().map(absolute);
    saved.subscriptions.clone_from(&says.subscription);
    saved.check()?;
    if !saved.wants_secret() {
        // A certificate that cannot be used is told now, not in the night.
        saved.cloud(None)?;
    }
    Ok(Some(saved))
}

/// Keeps how to sign in; the exit code.
pub fn keep(home: &Home, saved: &Saved) -> u8 {
    if let Err(e) = saved.save(home) {
        say!("lifeboat: {}", chain(&e));
        return FAILED;
    }
    say!("Lifeboat signs in by {}.", saved.method.text());
    FINE
}

/// The Azure to ask: the simulated one of `--cloud`, else as the sign-in is set; none where neither is.
pub fn cloud(args: &Args) -> Result<Option<Cloud>, String> {
    if let Some(simulated) = super::cloud(args)? {
        return Ok(Some(simulated));
    }
    let home = Home::find(args.home.as_deref()).map_err(|e| e.to_string())?;
    let secrets = Secrets::in_keyring(home.dir(), ANSWERS_WITHIN);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| format!("signing in could not be begun: {e}"))?;
    runtime.block_on(connection(&home, &secrets)).map_err(|e| chain(&e))
}

/// The Azure to ask, and signed in to where that takes a person.
pub async fn azure(cloud: Cloud, task: &Task) -> Result<Azure, String> {
    let said = |e: AzureError| format!("{}. {}", chain(&e), e.what_to_do());
    let azure = Azure::new(cloud).map_err(said)?;
    if matches!(azure.cloud().method, Method::Device) {
        signed_in(&azure, task).await.map_err(said)?;
    }
    Ok(azure)
}

/// Signs in as it is set, and says as whom.
pub async fn test(args: &Args, home: &Home, secrets: &Secrets) -> u8 {
    let found = match super::cloud(args) {
        Ok(Some(simulated)) => Ok(Some(simulated)),
        Ok(None) => connection(home, secrets).await.map_err(|e| chain(&e)),
        Err(e) => Err(e),
    };
    let cloud = match found {
        Ok(Some(cloud)) => cloud,
        Ok(None) => {
            say!("lifeboat: how to sign in is not set; set it: lifeboat credentials set sign-in --method …");
            return FAILED;
        }
        Err(why) => {
            say!("lifeboat: {why}");
            return FAILED;
        }
    };
    let task = Clock::system().task();
    let azure = match Azure::new(cloud) {
        Ok(azure) => azure,
        Err(e) => return refused(&e),
    };
    let saved = Saved::read(home).ok().flatten().filter(|s| !azure.cloud().is_simulated() && s.wants_secret());
    if saved.is_some() {
        let kept = secrets.list().unwrap_or_default().into_iter().find(|c| c.name == Name::sign_in());
        let expires = kept.and_then(|c| c.expires);
        out!("sign-in: the secret in the keyring: {}", expiry_text(expires, jiff::Timestamp::now()));
    }
    match signed_in(&azure, &task).await {
        Ok(()) => {
            out!("sign-in: {}", who(&azure, &task));
            FINE
        }
        Err(e) => refused(&e),
    }
}

fn refused(e: &AzureError) -> u8 {
    say!("lifeboat: {e}. {}", e.what_to_do());
    if matches!(e, AzureError::SignIn(s) if s.answered) { FINDING } else { FAILED }
}

fn who(azure: &Azure, task: &Task) -> String {
    let now = task.now();
    let left = azure.token_left(now).unwrap_or_default();
    let left = Millis(left.0 / 60_000 * 60_000);
    match azure.identity() {
        Some(i) => format!("{}, tenant {}, object {}; token for {left}", i.display(), i.tenant, i.object),
        None => format!("a token for {left}, which does not say for whom"),
    }
}

async fn signed_in(azure: &Azure, task: &Task) -> Result<(), AzureError> {
    if !matches!(azure.cloud().method, Method::Device) {
        return azure.sign_in_to_arm(task).await;
    }
    azure.sign_in_again(task).await?;
    let mut stage = azure.device().watch();
    loop {
        match &*stage.borrow_and_update() {
            Stage::Asked(p) => say!("To sign in, open {} and enter the code {}", p.address, p.code),
            Stage::SignedIn => break,
            Stage::Failed(why) => return Err(AzureError::SignIn(Box::new(why.clone()))),
            Stage::Nobody | Stage::Begun => {}
        }
        if stage.changed().await.is_err() {
            break;
        }
    }
    azure.sign_in_to_arm(task).await
}

/// Where a person must sign in by code, shows it and waits; true when the desk can go on.
pub fn prompted(handle: &Handle) -> bool {
    let device = Way::Device.text();
    let first = handle.wait(BEGUN_WITHIN, |s| s.revision > 0);
    if first.is_none_or(|s| s.settings.sign_in.method != device || s.settings.sign_in.who.is_some()) {
        return true;
    }
    handle.send(Command::SignIn);
    let over = |s: &Snapshot| s.settings.sign_in.who.is_some() || s.settings.sign_in.problem.is_some();
    let asked = handle.wait(BEGUN_WITHIN, |s| s.settings.sign_in.device.is_some() || over(s));
    if let Some(d) = asked.and_then(|s| s.settings.sign_in.device.clone()) {
        say!("To sign in, open {} and enter the code {}", d.address, d.code);
    }
    let end = handle.wait(PERSON_WITHIN, |s| s.settings.sign_in.device.is_none() && over(s));
    if end.as_ref().is_some_and(|s| s.settings.sign_in.who.is_some()) {
        return true;
    }
    let problem = end.and_then(|s| s.settings.sign_in.problem.clone());
    let (what, next) = problem.unwrap_or_else(|| ("nobody signed in".to_owned(), "Try again.".to_owned()));
    say!("lifeboat: {what}. {next}");
    false
}
