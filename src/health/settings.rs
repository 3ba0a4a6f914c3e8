//! What a person may set of the watch. Everything has a default with its reason; a file that says nothing changes nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::units::visible;

/// Hosts that have nothing to do with Azure's regions, run by different companies: while they answer, this laptop sees.
pub const WITNESSES: [&str; 3] = ["one.one.one.one", "dns.google", "www.wikipedia.org"];

/// The watch as a person set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchSettings {
    /// Format version; 1.
    pub schema: u32,
    /// Hosts that tell whether this laptop sees; at least two, of different companies.
    pub witnesses: Vec<String>,
    /// Addresses that are watched beside those of the plan.
    pub endpoints: Vec<OwnEndpoint>,
    /// One-token calls of model deployments: they show capacity, and cost a little.
    pub model_calls: bool,
    /// A notice of the desktop when a verdict turns while the window is hidden.
    pub desktop_notices: bool,
    /// Room for observations on disk, in MiB.
    pub keep_mib: u32,
}

/// An address of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnEndpoint {
    /// What it is called; unique.
    pub name: String,
    /// https, or http on this computer.
    pub url: String,
    /// Region it speaks for; empty: none.
    #[serde(default)]
    pub region: String,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            schema: 1,
            witnesses: WITNESSES.iter().map(|w| (*w).to_owned()).collect(),
            endpoints: Vec::new(),
            model_calls: false,
            desktop_notices: false,
            keep_mib: 64,
        }
    }
}

/// Witnesses at most; each is asked every few seconds by everybody who runs Lifeboat.
const WITNESSES_MOST: usize = 8;
/// Own addresses at most: so many can be asked in time.
const ENDPOINTS_MOST: usize = 1_000;
/// Characters of a name that still fit a row.
const NAME_MOST: usize = 100;
/// Room on disk, in MiB.
const KEEP: std::ops::RangeInclusive<u32> = 1..=4_096;

impl WatchSettings {
    /// What cannot be right, in a sentence that says what to write instead.
    pub fn check(&self) -> Result<(), String> {
        if self.schema != 1 {
            return Err(format!("its schema is {}, and this version of Lifeboat knows 1", self.schema));
        }
        let hosts: BTreeSet<String> = self.witnesses.iter().map(|w| w.to_ascii_lowercase()).collect();
        if hosts.len() < 2 || hosts.len() != self.witnesses.len() || hosts.len() > WITNESSES_MOST {
            return Err(format!(
                "`witnesses` has to name two to {WITNESSES_MOST} different hosts, of different companies: one alone cannot be told from its own failure"
            ));
        }
        if let Some(bad) = hosts.iter().find(|h| !is_host(h)) {
            return Err(format!("`{}` is no host name; a witness reads like `dns.google`", visible(bad)));
        }
        if self.endpoints.len() > ENDPOINTS_MOST {
            return Err(format!("`endpoints` has more than {ENDPOINTS_MOST} entries; so many cannot be asked in time"));
        }
        let mut names = BTreeSet::new();
        for e in &self.endpoints {
            e.check()?;
            if !names.insert(e.name.to_lowercase()) {
                return Err(format!("two endpoints are called `{}`; each needs a name of its own", visible(&e.name)));
            }
        }
        match KEEP.contains(&self.keep_mib) {
            true => Ok(()),
            false => Err(format!("`keep_mib` is {}; it may be {} to {}", self.keep_mib, KEEP.start(), KEEP.end())),
        }
    }
}

impl OwnEndpoint {
    fn check(&self) -> Result<(), String> {
        let name = visible(&self.name);
        if self.name.trim().is_empty() || self.name.chars().count() > NAME_MOST || name != self.name {
            return Err(format!("`{name}` is no name for an endpoint; write 1 to {NAME_MOST} visible characters"));
        }
        let url: Url = self.url.parse().map_err(|e| format!("the address of `{name}` cannot be read: {e}"))?;
        let here = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(d)) => d == "localhost",
            None => return Err(format!("the address of `{name}` has no host")),
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return Err(format!("the address of `{name}` has to begin with https://; http is for this computer only"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("the address of `{name}` holds a user name or password; watch an address without one"));
        }
        if !self.region.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') {
            return Err(format!(
                "`{}` of `{name}` is no region; write one like `westeurope`, or nothing",
                visible(&self.region)
            ));
        }
        Ok(())
    }
}

fn is_host(text: &str) -> bool {
    let label =
        |l: &str| !l.is_empty() && !l.starts_with('-') && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}
