//! What every resource has: its group, and the locks on it.

use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::{Region, ResourceId};

/// A management lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub name: String,
    /// `CanNotDelete` or `ReadOnly`.
    pub level: String,
    /// What it was put on: of this resource, its group or its subscription.
    pub id: String,
}

/// Where the group of this resource lies. Changes go through that region, whatever the resource's own.
pub async fn group_region(azure: &Azure, task: &Task, id: &ResourceId) -> Result<Region, AzureError> {
    let path = format!("/subscriptions/{}/resourceGroups/{}", id.subscription(), id.group());
    let answer = azure.get(task, &azure.arm(&path, versions::GROUPS, &[])?).await?;
    Ok(Region::new(answer.json()?["location"].as_str().unwrap_or_default()))
}

/// The locks that hold for this resource: on it, and on its group.
pub async fn locks(azure: &Azure, task: &Task, id: &ResourceId) -> Result<Vec<Lock>, AzureError> {
    let group = format!("/subscriptions/{}/resourceGroups/{}", id.subscription(), id.group());
    let mut out: Vec<Lock> = Vec::new();
    let mut scopes = vec![id.as_str(), group.as_str()];
    scopes.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    for scope in scopes {
        let path = format!("{scope}/providers/Microsoft.Authorization/locks");
        for row in azure.list(task, &azure.arm(&path, versions::LOCKS, &[])?).await? {
            let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
            let lock =
                Lock { name: text(&row["name"]), level: text(&row["properties"]["level"]), id: text(&row["id"]) };
            // A group's list also names the locks of its other resources.
            let on = lock.id.to_ascii_lowercase();
            let on = on.split("/providers/microsoft.authorization/").next().unwrap_or_default();
            let covers = on.is_empty() || within(id.as_str(), on);
            if covers && !out.contains(&lock) {
                out.push(lock);
            }
        }
    }
    Ok(out)
}

/// Whether `id` is `outer` or lies in it.
pub(super) fn within(id: &str, outer: &str) -> bool {
    let (id, outer) = (id.to_ascii_lowercase(), outer.trim_end_matches('/').to_ascii_lowercase());
    id == outer || id.strip_prefix(&outer).is_some_and(|rest| rest.starts_with('/'))
}
