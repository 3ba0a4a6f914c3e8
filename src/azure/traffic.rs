//! Traffic Manager: who is led where. The service knows no ETag, so a write is preceded by a look and followed by one.

use serde::{Deserialize, Serialize};

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
    /// How its name is answered.
    #[serde(default)]
    pub dns_config: Option<DnsConfig>,
    /// How its endpoints are probed.
    #[serde(default)]
    pub monitor_config: Option<MonitorConfig>,
}

/// What of its DNS is used.
#[derive(Debug, Clone, Deserialize)]
pub struct DnsConfig {
    /// Seconds.
    #[serde(default)]
    pub ttl: Option<u64>,
}

/// What of its probes is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MonitorConfig {
    /// Seconds from one probe to the next.
    #[serde(default)]
    pub interval_in_seconds: Option<u64>,
    /// Seconds until a probe has failed.
    #[serde(default)]
    pub timeout_in_seconds: Option<u64>,
    /// Failures in a row that do not count yet.
    #[serde(default)]
    pub tolerated_number_of_failures: Option<u64>,
}

/// How fast a name can lead elsewhere, in seconds; what is not said is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Between two probes.
    pub interval: Option<u64>,
    /// Failures in a row that do not count yet.
    pub tolerated: Option<u64>,
    /// Until a probe has failed.
    pub timeout: Option<u64>,
    /// How long an answer may be kept.
    pub ttl: Option<u64>,
}

impl ProfileProperties {
    /// How fast its name can lead elsewhere.
    pub fn pace(&self) -> Pace {
        let m = self.monitor_config.as_ref();
        Pace {
            interval: m.and_then(|m| m.interval_in_seconds),
            tolerated: m.and_then(|m| m.tolerated_number_of_failures),
            timeout: m.and_then(|m| m.timeout_in_seconds),
            ttl: self.dns_config.as_ref().and_then(|d| d.ttl),
        }
    }
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
