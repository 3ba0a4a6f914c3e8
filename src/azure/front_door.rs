//! Origins of Azure Front Door, standard and premium.

use serde::Deserialize;

use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;

/// An origin.
pub type Origin = Resource<OriginProperties>;

/// What of an origin is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OriginProperties {
    /// `Enabled` or `Disabled`.
    pub enabled_state: String,
    /// Share.
    #[serde(default)]
    pub weight: Option<u32>,
    /// Place.
    #[serde(default)]
    pub priority: Option<u32>,
}

impl OriginProperties {
    /// Whether users may be led to it.
    pub fn enabled(&self) -> bool {
        self.enabled_state.eq_ignore_ascii_case("Enabled")
    }
}

/// All origins of a group.
pub async fn origins(azure: &Azure, task: &Task, group: &str) -> Result<Vec<Origin>, AzureError> {
    resources::listed(azure, task, &format!("{group}/origins")).await
}
