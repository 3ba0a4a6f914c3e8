//! Container registries and their replicas.

use serde::Deserialize;

use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;

/// A registry.
pub type Registry = Resource<RegistryProperties>;
/// A replica of it in a region; its home is listed as one too.
pub type Replica = Resource<ReplicaProperties>;

/// What of a registry is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryProperties {
    /// `Succeeded`, …
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// What of a replica is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaProperties {
    /// `Succeeded`, …
    #[serde(default)]
    pub provisioning_state: Option<String>,
    /// Whether it answers for the registry's name; it does when nothing is said.
    #[serde(default)]
    pub region_endpoint_enabled: Option<bool>,
}

impl ReplicaProperties {
    /// Whether it answers for the registry's name.
    pub fn serves(&self) -> bool {
        self.region_endpoint_enabled.unwrap_or(true)
    }
}

/// The registry and its replicas.
pub async fn registry(azure: &Azure, task: &Task, id: &str) -> Result<(Registry, Vec<Replica>), AzureError> {
    let registry = resources::existing(azure, task, id).await?;
    Ok((registry, resources::listed(azure, task, &format!("{id}/replications")).await?))
}
