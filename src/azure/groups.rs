//! Resource groups.

use serde::Deserialize;

use super::client::resource_id;
use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;
use crate::units::ResourceId;

/// A group.
pub type Group = Resource<GroupProperties>;

/// What of a group is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupProperties {
    /// `Succeeded`, `Deleting`, …
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// Whether a group in this state is on its way out, and takes in nothing any more.
pub fn leaving(state: &str) -> bool {
    ["Deleting", "Deprovisioning"].iter().any(|s| s.eq_ignore_ascii_case(state))
}

/// The id of the group that something lies in.
pub fn id_of(of: &ResourceId) -> String {
    format!("/subscriptions/{}/resourceGroups/{}", of.subscription(), of.group())
}

/// The group; `None` where there is none.
pub async fn group(azure: &Azure, task: &Task, id: &str) -> Result<Option<Group>, AzureError> {
    resources::typed(azure, task, id, None).await
}

/// Refuses where the group of something is not there: nothing can be put into it.
pub async fn must_be_there(azure: &Azure, task: &Task, of: &str) -> Result<(), AzureError> {
    let id = resource_id(of)?;
    match group(azure, task, &id_of(&id)).await? {
        Some(g) if g.properties.provisioning_state.as_deref().is_some_and(leaving) => {
            Err(AzureError::NotPossible(format!(
                "the resource group {} is being deleted; wait until it is gone, then create it with its old name and in its old region",
                id.group()
            )))
        }
        Some(_) => Ok(()),
        None => Err(AzureError::NotPossible(format!(
            "the resource group {} does not exist; create it first, with its old name and in its old region",
            id.group()
        ))),
    }
}
