//! `lifeboat credentials`: what is kept in the OS keyring, by name. A secret comes from the terminal without echo, or from
//! standard input; never from an argument or the environment, which other programs of this computer can read.

use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args as Arguments, Subcommand};
use jiff::civil::Date;
use serde_json::json;
use url::Url;

use crate::azure::{Azure, AzureError, Cloud};
use crate::clock::Clock;
use crate::desk::approvals::{device, has_key};
use crate::desk::keeping::{self, Register};
use crate::desk::rotation::{DEVICE_KEY, rotate};
use crate::desk::sign_in::{Saved, Way};
use crate::desk::signing::signs;
use crate::desk::{Home, chain};
use crate::journal::{Disk, RealDisk};
use crate::run::event::Actor;
use crate::secrets::{ANSWERS_WITHIN, Expiry, Kind, Name, SIGN_IN, SecretError, Secrets, expiry, expiry_text};
use crate::units::{Millis, Secret, known_region};

use super::{Args, FAILED, FINDING, FINE, USAGE, operator, sign_in};

/// No secret is longer, and an endless input must not fill the memory.
const LONGEST: u64 = 128 << 10;
/// A keyring that is open answers long before; later a person wants to know what is waited for.
const SAY_WAITING: Duration = Duration::from_secs(1);

/// What `credentials` is asked for.
#[derive(Debug, Arguments)]
pub struct Wish {
    /// What to do
    #[command(subcommand)]
    what: Verb,
    /// How long a locked keyring may wait for you, such as `30s`
    #[arg(long, global = true, value_name = "DURATION", default_value = "30s")]
    within: Millis,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List names and expiry, never a secret; 1 when one has expired
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Store one, in the place of an older one; reads it without echo, or from standard input
    Set {
        /// Which
        #[command(flatten)]
        which: Which,
        /// The day it ends, such as `2027-01-31`
        #[arg(long, value_name = "DATE")]
        expires: Option<Date>,
        /// How to sign in
        #[command(flatten)]
        says: sign_in::Says,
    },
    /// Try one: whether the keyring gives it, and with --url whether the endpoint takes it; 1 when expired or refused
    Test {
        /// Which
        #[command(flatten)]
        which: Which,
        /// Endpoint of an Azure OpenAI account whose key it is: asked for its models, which changes nothing
        #[arg(long, value_name = "URL")]
        url: Option<Url>,
    },
    /// Remove one
    Delete {
        /// Which
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, Arguments)]
struct Which {
    /// System, such as `azure-openai`; `sign-in` for the application's own secret; `device-key` for the key that signs records
    /// and approvals here: `set` makes a new one, which the old one signs for
    system: String,
    /// Region, such as `eastus`; without it the credential holds for all
    region: Option<String>,
}

/// Does it; the exit code.
pub fn run(args: &Args, wish: &Wish) -> u8 {
    let home = match Home::find(args.home.as_deref()) {
        Ok(home) => home,
        Err(e) => return failed(&e),
    };
    let within = if wish.within == Millis(0) { ANSWERS_WITHIN } else { wish.within.to_std() };
    let secrets = Secrets::in_keyring(home.dir(), within);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return failed(&e),
    };
    runtime
        .block_on(async {
            match &wish.what {
                Verb::Set { which, expires, says } if which.system == DEVICE_KEY => {
                    let plain = which.region.is_none() && expires.is_none() && says.method.is_none();
                    Ok(if plain { new_key(&home, &secrets).await } else { only_so() })
                }
                Verb::Test { which, url } if which.system == DEVICE_KEY => {
                    if which.region.is_some() || url.is_some() {
                        return Ok(only_so());
                    }
                    test_key(&secrets).await
                }
                Verb::Delete { which } if which.system == DEVICE_KEY => Ok(only_so()),
                Verb::List { json } => list(&secrets, *json),
                Verb::Set { which, expires, says } => match signs_in(which, says) {
                    Ok(Some(saved)) if !saved.wants_secret() => Ok(sign_in::keep(&home, &saved)),
                    Ok(said) => set(&home, &secrets, which, *expires, said).await,
                    Err(code) => Ok(code),
                },
                Verb::Test { which, url: None } if which.system == SIGN_IN && home.sign_in().exists() => {
                    Ok(sign_in::test(args, &home, &secrets).await)
                }
                Verb::Test { which, url } => test(args, &home, &secrets, which, url.as_ref()).await,
                Verb::Delete { which } => delete(&secrets, which).await,
            }
        })
        .unwrap_or_else(|e| refused(&e))
}

/// How to sign in, when that is said.
fn signs_in(which: &Which, says: &sign_in::Says) -> Result<Option<Saved>, u8> {
    if says.method.is_some() && (which.system != SIGN_IN || which.region.is_some()) {
        say!("lifeboat: --method says how to sign in; it goes with `credentials set sign-in` only");
        return Err(USAGE);
    }
    sign_in::said(says).map_err(|e| {
        say!("lifeboat: {}", chain(&e));
        USAGE
    })
}

fn only_so() -> u8 {
    say!(
        "lifeboat: the key of this computer is made anew with `credentials set device-key`, tried with `credentials test device-key`, and that is all"
    );
    USAGE
}

/// The key that signs records, approvals and sightings, made anew. Nothing is read: nobody types such a key.
async fn new_key(home: &Home, secrets: &Secrets) -> u8 {
    if let Err(e) = patiently(secrets.probe()).await {
        return refused(&e);
    }
    match rotate(home, secrets).await {
        Ok((Some(old), new)) => {
            say!(
                "This computer signs with the key {} from now on. The old one, {}, signed that it follows, and is gone from \
                 the keyring; what it signed is still known here. The record of a run that is open goes on under the old one until \
                 it is opened again; what is asked or answered from now on has the new one.",
                new.public().fingerprint(),
                old.fingerprint()
            );
            say!(
                "Until your colleagues have the new line (lifeboat approve --key) they can answer none of your questions. A file \
                 that was locked for the old key cannot be opened any more."
            );
            let disk: Arc<dyn Disk> = Arc::new(RealDisk);
            let register = Register { home, disk: &disk, signs: signs(home, secrets).await.0 };
            let entry = keeping::key(Some(&old), new.public(), "credentials set device-key");
            if let Err(e) = register.write(&Actor::Operator(operator(home)), &[entry]) {
                say!("lifeboat: the change of keys is not in the register of this computer: {}", chain(&e));
                return FINDING;
            }
            FINE
        }
        Ok((None, new)) => {
            say!("This computer had no key; it signs with {} from now on.", new.public().fingerprint());
            FINE
        }
        Err(e) => failed(&e),
    }
}

async fn test_key(secrets: &Secrets) -> Result<u8, SecretError> {
    if !patiently(has_key(secrets)).await? {
        say!(
            "lifeboat: this computer has no key yet; it is made when it is first wanted, or with `credentials set device-key`"
        );
        return Ok(FINDING);
    }
    out!("{DEVICE_KEY}: the keyring gives it, {}", device(secrets).await?.public().fingerprint());
    Ok(FINE)
}

fn failed(e: &dyn std::error::Error) -> u8 {
    say!("lifeboat: {}", chain(e));
    FAILED
}

fn refused(e: &SecretError) -> u8 {
    say!("lifeboat: {e}");
    match e {
        SecretError::NotThere(_) | SecretError::Damaged(_) => FINDING,
        SecretError::BadName { .. }
        | SecretError::TooLarge { .. }
        | SecretError::Empty
        | SecretError::Unclean
        | SecretError::OneLine
        | SecretError::ListDamaged { .. } => USAGE,
        _ => FAILED,
    }
}

impl Which {
    fn name(&self) -> Result<Name, SecretError> {
        Name::credential(&self.system, self.region.as_deref())
    }
}

fn list(secrets: &Secrets, json: bool) -> Result<u8, SecretError> {
    let now = jiff::Timestamp::now();
    let all: Vec<_> = secrets.list()?.into_iter().filter(|c| c.name.kind() == Kind::Credential).collect();
    let over = all.iter().any(|c| matches!(expiry(c.expires, now), Expiry::Over(_)));
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|c| {
                let e = expiry(c.expires, now);
                json!({
                    "system": c.name.system(), "region": c.name.region(), "stored": c.stored, "expires": c.expires,
                    "expired": matches!(e, Expiry::Over(_)), "expires_soon": matches!(e, Expiry::Soon(_)),
                })
            })
            .collect();
        out!("{}", json!({ "credentials": rows }));
    } else if all.is_empty() {
        say!("No credentials are stored. Store one: lifeboat credentials set azure-openai eastus");
    } else {
        for c in &all {
            let stored = c.stored.strftime("%Y-%m-%d");
            let (name, expires) = (c.name.to_string(), expiry_text(c.expires, now));
            out!("{name:<32} stored {stored}   {expires}");
        }
    }
    Ok(if over { FINDING } else { FINE })
}

/// Stores a secret. How to sign in is kept after it: a sign-in whose secret never came would be worse than the old one.
async fn set(
    home: &Home,
    secrets: &Secrets,
    which: &Which,
    expires: Option<Date>,
    said: Option<Saved>,
) -> Result<u8, SecretError> {
    let name = which.name()?;
    let signs_in = if name == Name::sign_in() { said.clone().or(Saved::read(home).ok().flatten()) } else { None };
    if let Some(region) = name.region().filter(|r| known_region(r.name()).is_none()) {
        say!("Lifeboat knows no region `{region}`; if that is a slip, delete this credential again.");
    }
    let now = jiff::Timestamp::now();
    if matches!(expiry(expires, now), Expiry::Over(_)) {
        say!("lifeboat: {}; nothing was stored", expiry_text(expires, now));
        return Ok(USAGE);
    }
    if signs_in.as_ref().is_some_and(|s| s.method == Way::Certificate) && std::io::stdin().is_terminal() {
        // The lines after the first would go to the shell, which remembers them.
        say!(
            "lifeboat: a certificate has many lines, and a terminal gives one; nothing was stored. Give it as a file: \
             lifeboat credentials set sign-in … < FILE.pem"
        );
        return Ok(USAGE);
    }
    // Before anyone types a secret that cannot be kept.
    patiently(secrets.probe()).await?;
    let secret = match typed(&name) {
        Ok(secret) => secret,
        Err(e) => {
            say!("lifeboat: the secret could not be read: {e}");
            return Ok(USAGE);
        }
    };
    if let Some(Err(e)) = signs_in.map(|s| s.fits(&secret)) {
        say!("lifeboat: {}; nothing was stored", chain(&e));
        return Ok(USAGE);
    }
    patiently(secrets.store(&name, secret, now, expires)).await?;
    say!("Stored {name} in the keyring; {}.", expiry_text(expires, now));
    Ok(said.map_or(FINE, |saved| sign_in::keep(home, &saved)))
}

/// Without the white space and the byte order mark around it, which a terminal or an editor adds and no secret has.
fn typed(name: &Name) -> std::io::Result<Secret> {
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Secret for {name} (it is not shown): "))?
    } else {
        let mut text = String::new();
        std::io::stdin().lock().take(LONGEST).read_to_string(&mut text)?;
        text
    };
    // Both copies are overwritten when they go.
    let text = Secret::new(text);
    Ok(Secret::new(text.expose().trim_start_matches('\u{feff}').trim()))
}

async fn test(
    args: &Args,
    home: &Home,
    secrets: &Secrets,
    which: &Which,
    url: Option<&Url>,
) -> Result<u8, SecretError> {
    let name = which.name()?;
    let secret = patiently(secrets.read(&name)).await?;
    out!("{name}: the keyring gives it");
    let mut code = FINE;
    let now = jiff::Timestamp::now();
    if let Some(c) = secrets.list()?.into_iter().find(|c| c.name == name) {
        out!("{name}: {}", expiry_text(c.expires, now));
        if matches!(expiry(c.expires, now), Expiry::Over(_)) {
            code = FINDING;
        }
    }
    let Some(url) = url else { return Ok(code) };
    match ask(args, home, url, secret).await {
        Ok(took) => out!("{name}: {} takes it, and answered in {took}", host(url)),
        Err(AzureError::Refused(r)) if matches!(r.status, 401 | 403) => {
            out!("{name}: {} refuses it ({})", host(url), r.status);
            say!(
                "lifeboat: {r}. Copy the key anew (`az cognitiveservices account keys list`), and store it with \
                 `lifeboat credentials set {name}`. Keys may also be switched off for this account, or this network kept out."
            );
            code = FINDING;
        }
        Err(e) => {
            say!("lifeboat: whether {} takes it is not known: {e}. {}", host(url), e.what_to_do());
            code = FAILED;
        }
    }
    Ok(code)
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

async fn ask(args: &Args, home: &Home, url: &Url, key: Secret) -> Result<Millis, AzureError> {
    let cloud = match super::cloud(args).map_err(AzureError::Setup)? {
        Some(simulated) => simulated,
        // In the cloud that is signed in to: a key is sent to its hosts and no others.
        None => match Saved::read(home).map_err(|e| AzureError::Setup(chain(&e)))? {
            Some(saved) => Cloud::named(&saved.cloud)?,
            None => Cloud::public()?,
        },
    };
    let azure = Azure::new(cloud)?;
    crate::azure::openai::by_key(&azure, &Clock::system().task(), url, key).await
}

async fn delete(secrets: &Secrets, which: &Which) -> Result<u8, SecretError> {
    let name = Name::kept(Kind::Credential, &which.system, which.region.as_deref())?;
    patiently(secrets.delete(&name)).await?;
    say!("Deleted {name}.");
    Ok(FINE)
}

/// Says what is waited for, when it takes longer than a keyring that is open.
async fn patiently<T>(work: impl Future<Output = Result<T, SecretError>>) -> Result<T, SecretError> {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(SAY_WAITING) => {}
    }
    say!("Waiting for the keyring… If it shows a prompt, answer it.");
    work.await
}
