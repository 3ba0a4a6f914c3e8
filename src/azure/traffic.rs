//! Traffic Manager: who is led where. The service knows no ETag, so a write is preceded by a look and followed by one.

use serde::Deserialize;

use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;

/// A profile with its endpoints.
pub type Profile = Resource<ProfileProperties>;
/// An endpoint; its type says whether it is Azure's, external or another profile.
pub type Endpoint = Resource<EndpointProperties>;

/// What of a profile is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileProperties {
    /// `Enabled` or `Disabled`.
    pub profile_status: String,
    /// `Priority`, `Weighted`, `Performance`, …
    pub traffic_routing_method: String,
    /// In no order that means anything.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

/// What of an endpoint is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointProperties {
    /// `Enabled` or `Disabled`.
    pub endpoint_status: String,
    /// `Online`, `Degraded`, `Disabled`, …
    #[serde(default)]
    pub endpoint_monitor_status: Option<String>,
    /// Share.
    #[serde(default)]
    pub weight: Option<u32>,
    /// Place.
    #[serde(default)]
    pub priority: Option<u32>,
    /// Host it leads to.
    #[serde(default)]
    pub target: Option<String>,
}

impl EndpointProperties {
    /// Whether users may be led to it.
    pub fn enabled(&self) -> bool {
        self.endpoint_status.eq_ignore_ascii_case("Enabled")
    }

    /// Whether the profile's own probes find it well.
    pub fn online(&self) -> bool {
        self.endpoint_monitor_status.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("Online"))
    }
}

/// The profile as it is.
pub async fn profile(azure: &Azure, task: &Task, id: &str) -> Result<Profile, AzureError> {
    resources::existing(azure, task, id).await
}
