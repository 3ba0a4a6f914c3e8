//! Traffic Manager profiles as the world keeps them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::hosts::TRAFFIC_MANAGER;
use super::world::ALWAYS;
use crate::rehearsal::scenario::World as Script;
use crate::rehearsal::things::Target;
use crate::runbook::model::Strategy;

/// A Traffic Manager profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// Name.
    pub name: String,
    /// DNS label; empty: the name.
    #[serde(default)]
    pub label: String,
    /// Resource group.
    pub group: String,
    /// Routing method.
    pub routing: String,
    /// DNS time to live, in seconds.
    pub ttl: u32,
    /// Not switched off.
    pub enabled: bool,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// How its endpoints are probed, where that was said.
    #[serde(default)]
    pub monitor: Map<String, Value>,
    /// Other properties as sent.
    #[serde(default)]
    pub more: Map<String, Value>,
    /// Endpoints.
    pub endpoints: Vec<Endpoint>,
}

impl Profile {
    /// The DNS label.
    pub fn label(&self) -> &str {
        if self.label.is_empty() { &self.name } else { &self.label }
    }

    /// The full name that users ask for.
    pub fn fqdn(&self) -> String {
        format!("{}{TRAFFIC_MANAGER}", self.label().to_ascii_lowercase())
    }
}

/// What an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndpointKind {
    /// A resource in Azure.
    Azure,
    /// Any host.
    External,
    /// Another profile.
    Nested,
}

impl EndpointKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Azure, Self::External, Self::Nested];
    /// The last part of its type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Azure => "azureEndpoints",
            Self::External => "externalEndpoints",
            Self::Nested => "nestedEndpoints",
        }
    }
}

/// An endpoint of a profile: an account, what the scenario says, or what was made since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Name; that of the account.
    pub name: String,
    /// What it is; `None`: an Azure endpoint if it has a resource, else an external one.
    #[serde(default)]
    pub kind: Option<EndpointKind>,
    /// Host it leads to; empty: the account's.
    #[serde(default)]
    pub host: String,
    /// Region whose health decides; empty: that of what it leads to.
    #[serde(default)]
    pub region: String,
    /// Id of the resource behind it.
    #[serde(default)]
    pub resource: Option<String>,
    /// Not switched off.
    pub enabled: bool,
    /// Weight.
    pub weight: u32,
    /// Priority; low wins.
    pub priority: u32,
    /// Served without being probed.
    #[serde(default)]
    pub always: bool,
    /// Since when it has been probed.
    #[serde(default = "always")]
    pub since: i64,
    /// Other properties as sent.
    #[serde(default)]
    pub more: Map<String, Value>,
}

fn always() -> i64 {
    ALWAYS
}

impl Endpoint {
    /// A new one of this name, without anything else.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: None,
            host: String::new(),
            region: String::new(),
            resource: None,
            enabled: true,
            weight: 1,
            priority: 0,
            always: false,
            since: ALWAYS,
            more: Map::new(),
        }
    }

    /// What it is.
    pub fn kind(&self) -> EndpointKind {
        let usual = if self.resource.is_some() { EndpointKind::Azure } else { EndpointKind::External };
        self.kind.unwrap_or(usual)
    }
}

/// The profiles of a scenario at its start.
pub fn profiles(script: &Script, strategy: Option<Strategy>) -> Vec<Profile> {
    let target = |t: &Target| Endpoint {
        host: t.host.to_ascii_lowercase(),
        region: t.region.name().to_owned(),
        resource: t.resource.clone(),
        weight: t.weight,
        enabled: t.enabled,
        ..Endpoint::new(&t.name)
    };
    let build = |p: &crate::rehearsal::scenario::Profile| Profile {
        name: p.name.clone(),
        label: String::new(),
        group: p.group.clone(),
        routing: strategy.and_then(|s| p.routing_in.get(&s)).unwrap_or(&p.routing).clone(),
        ttl: p.ttl,
        enabled: true,
        tags: BTreeMap::new(),
        monitor: Map::new(),
        more: Map::new(),
        endpoints: (1..)
            .zip(p.endpoints.iter().map(|n| Endpoint::new(n)).chain(p.targets.iter().map(target)))
            .map(|(priority, e)| Endpoint { priority, ..e })
            .collect(),
    };
    script.profiles.iter().map(build).collect()
}
