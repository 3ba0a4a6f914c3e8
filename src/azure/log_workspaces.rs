//! Log Analytics workspaces in soft delete.

use serde_json::Value;

use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;
use crate::units::ResourceId;

/// A workspace, there or in soft delete.
pub type LogWorkspace = Resource<Value>;

/// The workspace in soft delete; `None` where none of that name and group is.
pub async fn deleted(azure: &Azure, task: &Task, id: &ResourceId) -> Result<Option<LogWorkspace>, AzureError> {
    let path =
        format!("/subscriptions/{}/providers/Microsoft.OperationalInsights/deletedWorkspaces", id.subscription());
    let all: Vec<LogWorkspace> = resources::listed(azure, task, &path).await?;
    let same = |w: &LogWorkspace| {
        let group = w.id.parse::<ResourceId>().is_ok_and(|w| w.group().eq_ignore_ascii_case(id.group()));
        group && w.name.eq_ignore_ascii_case(id.name())
    };
    Ok(all.into_iter().find(same))
}
