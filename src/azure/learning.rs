//! Machine learning workspaces, hubs and projects: what they lean on, their compute, their online endpoints.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::NOT_USED;
use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;

const PROVIDER: &str = "Microsoft.MachineLearningServices";

/// A workspace, hub or project.
pub type Workspace = Resource<WorkspaceProperties>;
/// A compute.
pub type Compute = Resource<ComputeProperties>;
/// A deployment of an online endpoint.
pub type OnlineDeployment = Resource<DeploymentProperties>;

/// What of a workspace is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceProperties {
    /// ARM id of its default storage account; a project has its hub's.
    #[serde(default)]
    pub storage_account: Option<String>,
    /// ARM id.
    #[serde(default)]
    pub key_vault: Option<String>,
    /// ARM id.
    #[serde(default)]
    pub container_registry: Option<String>,
    /// ARM id, of a project.
    #[serde(default)]
    pub hub_resource_id: Option<String>,
    /// `Succeeded`, …; a deleted one may still be listed as `Deleting`.
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// What of a compute is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComputeProperties {
    /// `ComputeInstance`, `AmlCompute`, `AKS`, …
    pub compute_type: String,
    /// `Succeeded`, …
    #[serde(default)]
    pub provisioning_state: Option<String>,
    /// The kind's own.
    #[serde(default)]
    pub properties: Option<InstanceProperties>,
}

/// What of a compute instance is used.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct InstanceProperties {
    /// `Running`, `Stopped`, `Starting`, …
    #[serde(default)]
    pub state: Option<String>,
}

impl ComputeProperties {
    /// Whether it runs, where its kind starts and stops.
    pub fn state(&self) -> Option<&str> {
        self.properties.as_ref()?.state.as_deref()
    }
}

/// What of a deployment is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentProperties {
    /// `Succeeded`, …
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// An online endpoint's properties, as far as they are used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointProperties {
    /// Deployment → percent.
    #[serde(default)]
    pub traffic: BTreeMap<String, u32>,
    /// `Succeeded`, …
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// Every workspace of a subscription; none where the service is not used.
pub async fn workspaces(azure: &Azure, task: &Task, subscription: &str) -> Result<Vec<Workspace>, AzureError> {
    let path = format!("/subscriptions/{subscription}/providers/{PROVIDER}/workspaces");
    match resources::listed(azure, task, &path).await {
        Err(e) if e.has_code(&NOT_USED) => Ok(Vec::new()),
        other => other,
    }
}

/// The deployments of an online endpoint.
pub async fn deployments(azure: &Azure, task: &Task, endpoint: &str) -> Result<Vec<OnlineDeployment>, AzureError> {
    resources::listed(azure, task, &format!("{endpoint}/deployments")).await
}

/// A compute of a workspace.
pub async fn compute(azure: &Azure, task: &Task, id: &str) -> Result<Compute, AzureError> {
    resources::existing(azure, task, id).await
}
