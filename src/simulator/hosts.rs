//! The hosts that the simulator plays, and where names lead: each host has a port of its own.

use super::arm::{aliases, leads_to};
use super::blob;
use super::facts::Facts;
use super::world::World;
use crate::rehearsal::things::Site;

/// Names that lead to names; a longer chain is a mistake of the scenario.
const MAX_STEPS: usize = 8;
/// The end of Traffic Manager's names.
pub const TRAFFIC_MANAGER: &str = ".trafficmanager.net";

/// What a listener plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// Azure Resource Manager.
    Arm,
    /// Sign-in.
    Entra,
    /// Inference of an account.
    Account(String),
    /// An App Configuration store.
    Store(String),
    /// What is in a key vault.
    Vault(String),
    /// Blobs of a storage account.
    Blobs(String),
    /// A host that has nothing to do with Azure.
    Witness(String),
    /// An address behind a resource.
    Site(String),
    /// A name that leads to another host.
    Name(String),
    /// The resolver.
    Resolver,
}

impl Host {
    /// Azure's host name, also the key of its port.
    pub fn name(&self) -> String {
        match self {
            Self::Arm => "management.azure.com".to_owned(),
            Self::Entra => "login.microsoftonline.com".to_owned(),
            Self::Account(a) => format!("{}.openai.azure.com", a.to_ascii_lowercase()),
            Self::Store(s) => format!("{}.azconfig.io", s.to_ascii_lowercase()),
            Self::Vault(v) => format!("{}.vault.azure.net", v.to_ascii_lowercase()),
            Self::Blobs(b) => format!("{}.blob.core.windows.net", b.to_ascii_lowercase()),
            Self::Witness(w) => w.clone(),
            Self::Site(s) | Self::Name(s) => s.to_ascii_lowercase(),
            Self::Resolver => "resolver.lifeboat.example".to_owned(),
        }
    }
}

/// Every host that exists now.
pub fn hosts(facts: &Facts, world: &World) -> Vec<Host> {
    let script = &facts.scenario.world;
    let mut out = vec![Host::Arm, Host::Entra, Host::Resolver];
    out.extend(world.accounts.iter().map(|a| Host::Account(a.subdomain())));
    out.extend(world.stores.iter().map(|s| Host::Store(s.name.clone())));
    out.extend(script.witnesses.iter().cloned().map(Host::Witness));
    let vaults = world.things.iter().filter(|t| t.is("Microsoft.KeyVault/vaults"));
    out.extend(vaults.map(|t| Host::Vault(t.name.clone())));
    // What a scenario says of a vault's address, the vault itself answers.
    let sites = script.sites.iter().map(|s| Host::Site(s.host.clone()));
    let sites: Vec<Host> = sites.filter(|s| !out.iter().any(|h| h.name() == s.name())).collect();
    out.extend(sites);
    out.extend(world.profiles.iter().map(|p| Host::Name(p.fqdn())));
    out.extend(script.names.keys().cloned().map(Host::Name));
    for (name, ..) in aliases(world) {
        if !out.iter().any(|h| h.name() == name) {
            out.push(Host::Name(name));
        }
    }
    // What a scenario or a zone says of such an address goes before.
    for host in blob::accounts(world).map(|t| Host::Blobs(t.name.clone())) {
        if !out.iter().any(|h| h.name() == host.name()) {
            out.push(host);
        }
    }
    out
}

/// A site by its host.
pub fn site<'f>(facts: &'f Facts, host: &str) -> Option<&'f Site> {
    facts.scenario.world.sites.iter().find(|s| s.host.eq_ignore_ascii_case(host))
}

/// The names that a name leads to, itself first. The last is a host's own; `None` where there is none.
pub fn chain(facts: &Facts, world: &World, name: &str, at: i64) -> Option<Vec<(String, Host)>> {
    let (all, zones) = (hosts(facts, world), aliases(world));
    let mut out: Vec<(String, Host)> = Vec::new();
    let mut name = name.trim_end_matches('.').to_ascii_lowercase();
    while out.len() < MAX_STEPS {
        let host = all.iter().find(|h| h.name() == name)?.clone();
        let ends = !matches!(host, Host::Name(_));
        out.push((name.clone(), host));
        if ends {
            return Some(out);
        }
        // What a zone says of a name goes before what the scenario says of it.
        let said = zones.iter().find(|(n, ..)| *n == name).map(|(.., to)| to.clone());
        let alias = || facts.scenario.world.names.iter().find(|(n, _)| n.eq_ignore_ascii_case(&name));
        name = match said.or_else(|| alias().map(|(_, to)| to.to_ascii_lowercase())) {
            Some(to) => to,
            None => leads_to(facts, world, &name, at)?,
        };
    }
    None
}
