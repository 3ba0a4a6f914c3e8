//! The ways to sign in, each ending in a token or in Entra's own words.
//!
//! `azure_identity` does the talking; a credential is made for one request and forgotten, so that its cache and locks
//! get in nobody's way. What is kept is kept in `super::token`. The device code is ours: the library has none.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, HttpClient, RetryOptions, Transport};
use azure_identity::{
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use super::cloud::Cloud;
use super::error::SignIn;
use super::transport;
use crate::units::{Millis, Now, Secret, misfit, visible};

pub mod advice;
mod certificate;
mod device;
mod identity;
mod tools;
mod wire;

pub use certificate::Certificate;
pub(super) use device::DeviceCode;
pub use device::{Device, Prompt, Stage};
pub use identity::claims;
pub use tools::{Runner, Tools};
pub(super) use wire::Heard;
use wire::LONGEST_LIFE_S;

/// Sign-in that takes longer counts as silent.
pub(super) const SIGN_IN_WITHIN: Millis = Millis::from_secs(10);
/// `az` and `azd` one after the other, each with its own limit, and a little for starting them.
const TOOLS_WITHIN: Millis = Millis::from_secs(45);
/// azure_identity accepts https authorities only; the transport puts the simulator's address in its place.
const STAND_IN_AUTHORITY: &str = "https://login.microsoftonline.com";
/// The application under which people sign in by device code when no other is named: Microsoft's own for its CLI.
pub const CLI_APPLICATION: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// What is said of an answer that is well and has no token.
const NO_TOKEN: &str = "the answer of sign-in has no token in it";

/// How to sign in.
#[derive(Debug, Clone, Default)]
pub enum Method {
    /// Whoever is signed in to `az` or `azd` on this computer.
    #[default]
    Tools,
    /// An application by its secret.
    Secret(Secret),
    /// An application by its certificate.
    Certificate(Arc<Certificate>),
    /// A federated identity by the token in this file, else in the one that `AZURE_FEDERATED_TOKEN_FILE` names.
    Workload(Option<PathBuf>),
    /// The identity of the machine this runs on; with a client id, that one of its identities.
    Managed,
    /// A person, on any device with a browser.
    Device,
}

impl Method {
    /// As settings and the command line name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Secret(_) => "secret",
            Self::Certificate(_) => "certificate",
            Self::Workload(_) => "workload",
            Self::Managed => "managed",
            Self::Device => "device",
        }
    }

    /// Whether it is the same with the same secret. A certificate is read anew each time, and counts as another.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Secret(a), Self::Secret(b)) => a == b,
            (Self::Workload(a), Self::Workload(b)) => a == b,
            (Self::Certificate(_), _) => false,
            (a, b) => a.name() == b.name(),
        }
    }

    /// How long it may take.
    pub(super) fn within(&self) -> Millis {
        if matches!(self, Self::Tools) { TOOLS_WITHIN } else { SIGN_IN_WITHIN }
    }
}

/// What a method needs to ask for one token.
pub(super) struct Asking<'a> {
    pub cloud: &'a Cloud,
    pub http: &'a reqwest::Client,
    pub now: Now,
    pub work: u64,
}

/// Asks for a token of this scope; gives it with its lifetime.
pub(super) async fn token(asking: &Asking<'_>, scope: &str) -> Result<(Secret, Millis), SignIn> {
    let heard = Arc::new(Mutex::new(Heard::default()));
    outcome(&*asking.credential(&heard)?, scope, &heard).await
}

/// A token from a credential, with the lifetime as it was heard: the credential's own instant is this computer's clock.
pub(super) async fn outcome(
    credential: &dyn TokenCredential,
    scope: &str,
    heard: &Mutex<Heard>,
) -> Result<(Secret, Millis), SignIn> {
    let result = credential.get_token(&[scope], None).await;
    let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    match result {
        // The library takes an answer without a token for an empty one.
        Ok(token) if token.token.secret().is_empty() => Err(heard.refusal.unwrap_or_else(|| SignIn::saying(NO_TOKEN))),
        Ok(token) => {
            let left = || token.expires_on.unix_timestamp().saturating_sub(jiff::Timestamp::now().as_second());
            let lifetime = heard.expires_in.unwrap_or_else(|| u64::try_from(left()).unwrap_or(0)).min(LONGEST_LIFE_S);
            Ok((Secret::new(token.token.secret().to_owned()), Millis::from_secs(lifetime)))
        }
        Err(e) => Err(match (heard.refusal, unread(&e)) {
            (Some(why), Some(json)) if why.text == NO_TOKEN => {
                SignIn { text: format!("{NO_TOKEN}: {}", misfit(json)), ..why }
            }
            (Some(why), _) => why,
            (None, _) => failed(&e),
        }),
    }
}

/// In the library's words, but for what they quote: of an answer that it cannot read, that may be the token.
fn failed(e: &azure_core::Error) -> SignIn {
    let text = e.to_string();
    SignIn::saying(visible(
        &unread(e).map_or_else(|| text.clone(), |json| text.replace(&json.to_string(), &misfit(json))),
    ))
}

/// That JSON could not be read is somewhere among the causes.
fn unread(e: &azure_core::Error) -> Option<&serde_json::Error> {
    let first: Option<&dyn std::error::Error> = Some(e);
    std::iter::successors(first, |e| e.source()).find_map(|e| e.downcast_ref())
}

impl Asking<'_> {
    fn credential(&self, heard: &Arc<Mutex<Heard>>) -> Result<Arc<dyn TokenCredential>, SignIn> {
        let cloud = self.cloud;
        let (tenant, client) = (cloud.tenant.as_str(), cloud.client_id.clone());
        let bad = |e: azure_core::Error| failed(&e);
        Ok(match &cloud.method {
            Method::Secret(secret) => {
                let options = ClientSecretCredentialOptions { client_options: self.entra(heard) };
                let secret = azure_core::credentials::Secret::new(secret.expose().to_owned());
                ClientSecretCredential::new(tenant, client, secret, Some(options)).map_err(bad)?
            }
            Method::Certificate(certificate) => {
                let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.authority().trim_end_matches('/'));
                let assertion = certificate.assertion(&audience, &client, self.now)?;
                let options = ClientAssertionCredentialOptions { client_options: self.entra(heard) };
                ClientAssertionCredential::new(tenant.to_owned(), client, assertion, Some(options)).map_err(bad)?
            }
            Method::Workload(file) => {
                let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
                let options = WorkloadIdentityCredentialOptions {
                    credential_options: ClientAssertionCredentialOptions { client_options: self.entra(heard) },
                    client_id: some(&client),
                    tenant_id: some(tenant),
                    token_file_path: file.clone(),
                };
                WorkloadIdentityCredential::new(Some(options)).map_err(|e| SignIn::saying(chain(&e)))?
            }
            Method::Managed => {
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: Some(client).filter(|c| !c.is_empty()).map(UserAssignedId::ClientId),
                    client_options: self.machine(heard)?,
                };
                ManagedIdentityCredential::new(Some(options)).map_err(bad)?
            }
            Method::Tools if cloud.is_simulated() => {
                return Err(SignIn::saying("a rehearsal signs in to its simulator only, not with az or azd"));
            }
            Method::Tools => Arc::new(Tools::new(tenant, Runner::default())),
            Method::Device => return Err(SignIn::saying("a device code is asked for by a person, not by the way")),
        })
    }

    fn authority(&self) -> &str {
        let own = self.cloud.authority.as_str();
        if self.cloud.authority.scheme() == "https" { own } else { STAND_IN_AUTHORITY }
    }

    fn entra(&self, heard: &Arc<Mutex<Heard>>) -> ClientOptions {
        let mut custom = azure_core::cloud::CustomConfiguration::default();
        custom.authority_host = self.authority().to_owned();
        let wire = wire::Wire {
            cloud: self.cloud.clone(),
            http: self.http.clone(),
            work: self.work,
            local: false,
            heard: Arc::clone(heard),
        };
        ClientOptions { cloud: Some(Arc::new(custom.into())), ..over(wire) }
    }

    /// The endpoint for the identity of this machine: plain http, beside the machine, never through a proxy.
    fn machine(&self, heard: &Arc<Mutex<Heard>>) -> Result<ClientOptions, SignIn> {
        let http = transport::beside().map_err(|e| SignIn::saying(e.to_string()))?;
        let (cloud, heard) = (self.cloud.clone(), Arc::clone(heard));
        Ok(over(wire::Wire { cloud, http, work: self.work, local: true, heard }))
    }
}

fn over(wire: wire::Wire) -> ClientOptions {
    let client: Arc<dyn HttpClient> = Arc::new(wire);
    ClientOptions { transport: Some(Transport::new(client)), retry: RetryOptions::none(), ..ClientOptions::default() }
}

fn chain(e: &dyn std::error::Error) -> String {
    let cause = e.source().map(|s| format!(": {s}")).unwrap_or_default();
    visible(&format!("{e}{cause}"))
}
