//! How Lifeboat signs in to Azure, as a file in the data folder says. Secrets are not in it: they are in the keyring.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::azure::sign_in::Certificate;
use crate::azure::{AzureError, Cloud, Method};
use crate::secrets::{Name, SecretError, Secrets};
use crate::units::{Secret, misfit};

use super::DeskError;
use super::home::{Home, write_whole};

/// Shape of the file.
const SCHEMA: u32 = 1;
/// The file, and a certificate with its chain, are far smaller.
const MAX_BYTES: u64 = 256 * 1024;

/// What can go wrong with it; Display says what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// A file cannot be read.
    #[error("{} cannot be read ({source}), so nobody is signed in; check that it is there, and its rights", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not hold what it should.
    #[error("{} is damaged ({why}), so nobody is signed in; set it anew: lifeboat credentials set sign-in --method …", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// In words.
        why: String,
    },
    /// The method needs more.
    #[error("signing in by {method} needs {what}")]
    Lacks {
        /// Method.
        method: Way,
        /// What it needs.
        what: &'static str,
    },
    /// The keyring.
    #[error("the secret to sign in with cannot be had: {0}")]
    Secret(#[from] SecretError),
    /// Cloud or certificate.
    #[error(transparent)]
    Azure(#[from] AzureError),
}

/// The ways to sign in, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// `az` or `azd`.
    Tools,
    /// An application's secret.
    Secret,
    /// An application's certificate.
    Certificate,
    /// A federated token.
    Workload,
    /// The machine's identity.
    Managed,
    /// A person, by device code.
    Device,
}

impl Way {
    /// All of them, with what they are.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Tools, "tools", "Azure CLI or Azure Developer CLI of this computer"),
        (Self::Secret, "secret", "application with a secret"),
        (Self::Certificate, "certificate", "application with a certificate"),
        (Self::Workload, "workload", "workload identity (federated token)"),
        (Self::Managed, "managed", "managed identity of this machine"),
        (Self::Device, "device", "device code (a browser on any device)"),
    ];

    fn row(self) -> (&'static str, &'static str) {
        Self::ALL.iter().find(|(w, ..)| *w == self).map_or(("", ""), |(_, name, text)| (name, text))
    }

    /// For people.
    pub fn text(self) -> &'static str {
        self.row().1
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)
    }
}

impl FromStr for Way {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let all: Vec<&str> = Self::ALL.iter().map(|(_, name, _)| *name).collect();
        let found = Self::ALL.iter().find(|(_, name, _)| *name == text);
        found.map(|(w, ..)| *w).ok_or_else(|| format!("it is one of {}", all.join(", ")))
    }
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    schema: u32,
    /// Method.
    pub method: Way,
    /// Cloud, as `az cloud list` names it.
    pub cloud: String,
    /// Tenant id or domain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    /// Application id; of a machine with several identities, which.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// PEM file with certificate and key; absent: that text is in the keyring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// File with the federated token; absent: the environment names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Subscription ids, the usual one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<String>,
}

impl Saved {
    /// This method in the public cloud, and nothing else said.
    pub fn new(method: Way) -> Self {
        Self {
            schema: SCHEMA,
            method,
            cloud: crate::azure::CLOUDS[0].name.to_owned(),
            tenant: String::new(),
            client_id: String::new(),
            certificate: None,
            token_file: None,
            subscriptions: Vec::new(),
        }
    }

    /// Reads it; none where nothing was set.
    pub fn read(home: &Home) -> Result<Option<Self>, SignInError> {
        let path = home.sign_in();
        let bytes = match bounded(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SignInError::Read { path, source }),
        };
        let read: Result<Self, _> = serde_json::from_slice(&bytes);
        match read {
            Ok(saved) if saved.schema == SCHEMA => Ok(Some(saved)),
            Ok(saved) => {
                let why = format!("its schema is {}, and this version of Lifeboat knows {SCHEMA}", saved.schema);
                Err(SignInError::Damaged { path, why })
            }
            Err(e) => Err(SignInError::Damaged { path, why: misfit(&e) }),
        }
    }

    /// Keeps it, when it says all that its method needs.
    pub fn save(&self, home: &Home) -> Result<(), DeskError> {
        self.check()?;
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        write_whole(&home.sign_in(), text.as_bytes())
    }

    /// Whether it says all that its method needs.
    pub fn check(&self) -> Result<(), SignInError> {
        let lacks = |what| Err(SignInError::Lacks { method: self.method, what });
        let application = matches!(self.method, Way::Secret | Way::Certificate);
        if application && self.tenant.is_empty() {
            return lacks("the tenant: --tenant ID");
        }
        if application && self.client_id.is_empty() {
            return lacks("the application's id: --client-id ID");
        }
        Cloud::named(&self.cloud)?;
        Ok(())
    }

    /// Whether the keyring has to be asked.
    pub fn wants_secret(&self) -> bool {
        match self.method {
            Way::Secret => true,
            Way::Certificate => self.certificate.is_none(),
            _ => false,
        }
    }

    /// Whether this can be used as its secret: a certificate is read before it is kept.
    pub fn fits(&self, secret: &Secret) -> Result<(), SignInError> {
        if self.method == Way::Certificate && self.certificate.is_none() {
            Certificate::from_pem(secret)?;
        }
        Ok(())
    }

    /// The Azure it means.
    pub fn cloud(&self, secret: Option<Secret>) -> Result<Cloud, SignInError> {
        self.check()?;
        let method = match self.method {
            Way::Tools => Method::Tools,
            Way::Secret => Method::Secret(secret.unwrap_or_default()),
            Way::Certificate => {
                let pem = match &self.certificate {
                    Some(path) => {
                        let bytes = bounded(path).map_err(|source| SignInError::Read { path: path.clone(), source })?;
                        // Some exports write names beside the certificate in whatever signs the computer had.
                        Secret::new(String::from_utf8_lossy(&bytes))
                    }
                    None => secret.unwrap_or_default(),
                };
                Method::Certificate(Arc::new(Certificate::from_pem(&pem)?))
            }
            Way::Workload => Method::Workload(self.token_file.clone()),
            Way::Managed => Method::Managed,
            Way::Device => Method::Device,
        };
        let first = self.subscriptions.first().map_or("", String::as_str);
        Ok(Cloud::named(&self.cloud)?.with_method(&self.tenant, &self.client_id, method).with_subscription(first))
    }
}

/// The Azure that the file in this folder means, its secret taken from the keyring; none where nothing was set.
pub async fn connection(home: &Home, secrets: &Secrets) -> Result<Option<Cloud>, SignInError> {
    let Some(saved) = Saved::read(home)? else { return Ok(None) };
    let secret = if saved.wants_secret() { Some(secrets.read(&Name::sign_in()).await?) } else { None };
    saved.cloud(secret).map(Some)
}

fn bounded(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    std::fs::File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
