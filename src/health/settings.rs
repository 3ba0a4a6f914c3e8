//! What a person may set of the watch. Everything has a default with its reason; a file that says nothing changes nothing.

use serde::{Deserialize, Serialize};

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
