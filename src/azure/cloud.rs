//! Which Azure is spoken to. A rehearsal and the real thing differ by this configuration alone.
//!
//! Every address inside the program is the public one of the real world. [`Cloud::resolve`] is the only door to the
//! network: live it lets https to hosts of the configured cloud through; in a rehearsal it puts the simulator's address
//! in place of a known host and refuses everything else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;
use url::Url;

use super::AzureError;
use super::known::{Known, PUBLIC, known};
use super::sign_in::Method;
use crate::units::{Secret, misfit};

/// A simulator has few hosts; a map larger than this is not one of ours.
const MAX_HOSTS: usize = 1_000;

/// One Azure, real or simulated.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// For people: `AzureCloud`, or the scenario's id.
    pub name: String,
    /// Azure Resource Manager.
    pub arm: Url,
    /// Sign-in.
    pub authority: Url,
    /// Tenant id.
    pub tenant: String,
    /// Application id; empty where the method knows its own.
    pub client_id: String,
    /// How to sign in.
    pub method: Method,
    /// Its addresses and host suffixes; a simulated cloud has the public one's.
    pub known: &'static Known,
    /// Subscription id.
    pub subscription: String,
    /// Token scope of ARM.
    pub arm_scope: String,
    /// Token scope of the models.
    pub cognitive_scope: String,
    /// Token scope of App Configuration.
    pub configuration_scope: String,
    /// Set in a rehearsal.
    pub simulated: Option<Simulated>,
}

/// What makes a cloud a rehearsal.
#[derive(Debug, Clone)]
pub struct Simulated {
    hosts: Arc<RwLock<BTreeMap<String, Url>>>,
    /// Unrelated hosts that tell whether the observer is online.
    pub witnesses: Vec<String>,
    /// Certificate file that the simulator's https is verified with.
    pub ca: Option<PathBuf>,
    /// UTC milliseconds of scenario time zero.
    pub epoch: i64,
    /// Its time runs faster than real time, or stands: what it says of the time is no news of our clock.
    pub own_pace: bool,
}

impl Simulated {
    /// Public host name → address of the simulator.
    pub fn hosts(&self) -> BTreeMap<String, Url> {
        self.hosts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over the simulator's present hosts; addresses off this computer are left out.
    pub fn learn(&self, hosts: BTreeMap<String, Url>) {
        let ours = hosts.into_iter().take(MAX_HOSTS).filter(|(_, u)| is_loopback(u));
        let ours = ours.map(|(n, u)| (n.to_ascii_lowercase(), u)).collect();
        *self.hosts.write().unwrap_or_else(PoisonError::into_inner) = ours;
    }

    fn address(&self, host: &str) -> Option<Url> {
        self.hosts.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    fn has_origin(&self, url: &Url) -> bool {
        self.hosts.read().unwrap_or_else(PoisonError::into_inner).values().any(|u| same_origin(u, url))
    }
}

/// The line that `lifeboat simulate` prints.
#[derive(Deserialize)]
struct Line {
    lifeboat: u32,
    scenario: String,
    arm: String,
    authority: String,
    tenant: String,
    client_id: String,
    client_secret: String,
    #[serde(default)]
    subscription: String,
    /// Lines of older versions lack this and the next two.
    #[serde(default)]
    subscriptions: Vec<String>,
    #[serde(default)]
    openai: BTreeMap<String, String>,
    #[serde(default)]
    appconfig: BTreeMap<String, String>,
    #[serde(default)]
    hosts: BTreeMap<String, String>,
    #[serde(default)]
    witnesses: Vec<String>,
    #[serde(default)]
    ca: Option<PathBuf>,
    epoch: i64,
    #[serde(default)]
    speed: Option<String>,
}

impl Cloud {
    /// The public cloud, signed in to through `az` or `azd` until [`Cloud::with_method`] says otherwise.
    pub fn public() -> Result<Self, AzureError> {
        Self::of(&PUBLIC)
    }

    /// One of Microsoft's clouds by its name.
    pub fn named(name: &str) -> Result<Self, AzureError> {
        let all: Vec<_> = super::known::CLOUDS.iter().map(|c| c.name).collect();
        let unknown = || AzureError::Setup(format!("there is no cloud `{name}`; it is one of {}", all.join(", ")));
        Self::of(known(name).ok_or_else(unknown)?)
    }

    fn of(known: &'static Known) -> Result<Self, AzureError> {
        let scope = |resource: &str| format!("{resource}/.default");
        Ok(Self {
            name: known.name.into(),
            arm: parse(known.arm)?,
            authority: parse(known.authority)?,
            tenant: String::new(),
            client_id: String::new(),
            method: Method::Tools,
            known,
            subscription: String::new(),
            arm_scope: scope(known.arm),
            cognitive_scope: scope(known.models_resource),
            configuration_scope: scope(known.configuration_resource),
            simulated: None,
        })
    }

    /// With an application's own secret.
    pub fn with_client(self, tenant: &str, client_id: &str, secret: Secret) -> Self {
        self.with_method(tenant, client_id, Method::Secret(secret))
    }

    /// Signing in by this method.
    pub fn with_method(mut self, tenant: &str, client_id: &str, method: Method) -> Self {
        (self.tenant, self.client_id, self.method) = (tenant.to_owned(), client_id.to_owned(), method);
        self
    }

    /// In this subscription.
    pub fn with_subscription(mut self, id: &str) -> Self {
        id.clone_into(&mut self.subscription);
        self
    }

    /// A simulated cloud from the JSON line of `lifeboat simulate`. Addresses off this computer are refused.
    pub fn from_line(line: &str) -> Result<Self, AzureError> {
        let bad = |why: String| AzureError::Setup(format!("the simulator's line: {why}"));
        let l: Line = serde_json::from_str(line).map_err(|e| bad(misfit(&e)))?;
        if l.lifeboat != 1 {
            return Err(bad(format!("version {} is not known here", l.lifeboat)));
        }
        let local = |text: &str| {
            let url = parse(text)?;
            if is_loopback(&url) { Ok(url) } else { Err(AzureError::OutsideRehearsal { host: host_of(&url) }) }
        };
        let (arm, authority) = (local(&l.arm)?, local(&l.authority)?);
        let below = |all: BTreeMap<String, String>, suffix: &str| -> Vec<(String, String)> {
            all.into_iter().map(|(n, u)| (format!("{}.{suffix}", n.to_ascii_lowercase()), u)).collect()
        };
        let mut hosts: BTreeMap<String, String> = below(l.openai, PUBLIC.openai).into_iter().collect();
        hosts.extend(below(l.appconfig, PUBLIC.configuration));
        hosts.extend(l.hosts);
        let hosts = hosts.into_iter().map(|(n, u)| Ok((n, local(&u)?))).collect::<Result<_, AzureError>>()?;
        let first = l.subscriptions.into_iter().next();
        let subscription = if l.subscription.is_empty() { first.unwrap_or_default() } else { l.subscription };
        let own_pace = l.speed.is_some_and(|s| s != "1");
        let simulated = Simulated { hosts: Arc::default(), witnesses: l.witnesses, ca: l.ca, epoch: l.epoch, own_pace };
        simulated.learn(hosts);
        Ok(Self { name: l.scenario, arm, authority, simulated: Some(simulated), ..Self::public()? }
            .with_client(&l.tenant, &l.client_id, Secret::new(l.client_secret))
            .with_subscription(&subscription))
    }

    /// Public address of an Azure OpenAI account's data plane.
    pub fn openai_host(&self, account: &str) -> Result<Url, AzureError> {
        parse(&format!("https://{account}.{}", self.known.openai))
    }

    /// Whether nothing real can be reached.
    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// Where the request for this address really goes, or why it must not go at all.
    pub fn resolve(&self, url: &Url) -> Result<Url, AzureError> {
        let host = host_of(url);
        let Some(sim) = &self.simulated else {
            let known = self.is_arm(url) || same_origin(&self.authority, url) || self.is_data(&host);
            return if url.scheme() == "https" && known {
                Ok(url.clone())
            } else {
                Err(AzureError::ForeignHost { host })
            };
        };
        let own = [&self.arm, &self.authority].into_iter().any(|u| same_origin(u, url)) || sim.has_origin(url);
        if own {
            return Ok(url.clone());
        }
        let to = match sim.address(&host) {
            Some(to) => to,
            None if is_host_of(PUBLIC.arm, &host) => self.arm.clone(),
            None if is_host_of(PUBLIC.authority, &host) => self.authority.clone(),
            None => return Err(AzureError::OutsideRehearsal { host }),
        };
        Ok(moved(url, &to))
    }

    /// Where a request that carries no credential goes: live to any https address, in a rehearsal to the simulator alone.
    pub fn resolve_open(&self, url: &Url) -> Result<Url, AzureError> {
        if self.is_simulated() {
            return self.resolve(url);
        }
        if url.scheme() == "https" && url.username().is_empty() && url.password().is_none() {
            return Ok(url.clone());
        }
        Err(AzureError::ForeignHost { host: host_of(url) })
    }

    /// The address of ARM as the real world writes it; everything stored is written with it.
    pub fn public_arm(&self) -> Result<Url, AzureError> {
        if self.is_simulated() { parse(PUBLIC.arm) } else { Ok(self.arm.clone()) }
    }

    /// Checks a `nextLink`, `Location` or `Azure-AsyncOperation` and gives it as the real world writes it.
    pub fn arm_link(&self, link: &str, asked: &Url) -> Result<Url, AzureError> {
        let public = self.public_arm()?;
        let url =
            asked.join(link.trim()).map_err(|e| AzureError::BadAddress { text: link.into(), why: e.to_string() })?;
        if self.is_simulated() && same_origin(&self.arm, &url) {
            return Ok(moved(&url, &public));
        }
        if self.is_arm(&url) {
            return Ok(url);
        }
        Err(AzureError::ForeignLink { host: host_of(&url), expected: host_of(&public) })
    }

    /// Checks a `nextLink` that has to lead to the host that was asked, and gives it as the real world writes it.
    pub(super) fn same_host_link(&self, link: &str, asked: &Url) -> Result<Url, AzureError> {
        let url =
            asked.join(link.trim()).map_err(|e| AzureError::BadAddress { text: link.into(), why: e.to_string() })?;
        let played = self.is_simulated() && self.resolve(asked).is_ok_and(|at| same_origin(&at, &url));
        let same = host_of(&url) == host_of(asked) && url.scheme() == asked.scheme() && url.username().is_empty();
        let same = same && url.port_or_known_default() == asked.port_or_known_default();
        if !(played || same) {
            return Err(AzureError::ForeignLink { host: host_of(&url), expected: host_of(asked) });
        }
        let mut out = asked.clone();
        out.set_path(url.path());
        out.set_query(url.query());
        Ok(out)
    }

    /// The scope of the token that this host wants.
    pub(super) fn scope(&self, url: &Url) -> String {
        let (host, k) = (host_of(url), self.known);
        let below = |suffix: &str| is_below(&host, suffix);
        let resource = match () {
            () if below(k.configuration) => return self.configuration_scope.clone(),
            () if k.models.iter().any(|s| below(s)) => return self.cognitive_scope.clone(),
            () if below(k.vault) => k.vault_resource,
            () if below(k.storage) => k.storage_resource,
            () => return self.arm_scope.clone(),
        };
        format!("{resource}/.default")
    }

    /// Whether a host holds data of this cloud's resources.
    fn is_data(&self, host: &str) -> bool {
        let k = self.known;
        [k.configuration, k.vault, k.storage].iter().chain(k.models).any(|s| is_below(host, s))
    }

    /// Address of an App Configuration store. It follows from the name, so that a failing ARM is not in the way.
    pub fn store(&self, name: &str) -> Result<Url, AzureError> {
        parse(&format!("https://{name}.{}", self.known.configuration))
    }

    /// Address of a key vault. It follows from the name as well.
    pub fn vault(&self, name: &str) -> Result<Url, AzureError> {
        parse(&format!("https://{name}.{}", self.known.vault))
    }

    /// Address of an Azure OpenAI account by its subdomain, for when ARM does not tell.
    pub(super) fn openai(&self, subdomain: &str) -> Result<Url, AzureError> {
        parse(&format!("https://{subdomain}.{}", self.known.openai))
    }

    /// https on ARM or a host below it, on ARM's own port.
    fn is_arm(&self, url: &Url) -> bool {
        let public = if self.is_simulated() { PUBLIC.arm } else { self.arm.as_str() };
        let Ok(arm) = Url::parse(public) else { return false };
        let (host, arm_host) = (host_of(url), host_of(&arm));
        url.scheme() == "https"
            && (host == arm_host || is_below(&host, &arm_host))
            && url.username().is_empty()
            && url.port_or_known_default() == arm.port_or_known_default()
    }
}

fn parse(text: &str) -> Result<Url, AzureError> {
    Url::parse(text).map_err(|e| AzureError::BadAddress { text: text.into(), why: e.to_string() })
}

pub(super) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_ascii_lowercase()
}

fn is_host_of(base: &str, host: &str) -> bool {
    base.strip_prefix("https://") == Some(host)
}

pub(super) fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// The same request at another base address.
fn moved(url: &Url, to: &Url) -> Url {
    let mut out = to.clone();
    let base = to.path().trim_end_matches('/');
    out.set_path(&format!("{base}{}", url.path()));
    out.set_query(url.query());
    out
}
