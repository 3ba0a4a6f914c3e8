//! What every resource has: its properties, its group, and the locks on it.

use serde_json::Value;

use super::client::resource_id;
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

/// Reads any resource by its id, whatever its type; `None` where ARM says that it does not exist. `expand` names what is
/// to be told beyond the usual.
pub async fn read(azure: &Azure, task: &Task, id: &str, expand: Option<&str>) -> Result<Option<Value>, AzureError> {
    let id = resource_id(id)?;
    let kind = kind(&id);
    let version = match versions::of(&kind) {
        Some(v) => v.to_owned(),
        None => newest(azure, task, &id, &kind).await?,
    };
    let query = expand.map(|e| ("$expand", e));
    let url = azure.arm(id.as_str(), &version, query.as_slice())?;
    match azure.get(task, &url).await {
        Ok(answer) => Ok(Some(answer.json()?)),
        // A subscription that is not seen, or a service that is not there, says nothing about the resource.
        Err(e) if e.is_absent() && !e.has_code(&ELSEWHERE) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Codes of a 404 that is not about the resource.
const ELSEWHERE: [&str; 4] =
    ["SubscriptionNotFound", "InvalidSubscriptionId", "InvalidResourceNamespace", "InvalidResourceType"];

/// The type of what an id ends in; of a lock on an account, that of the lock.
pub(super) fn kind(id: &ResourceId) -> String {
    let lower = id.as_str().to_ascii_lowercase();
    let Some(at) = lower.rfind("/providers/") else { return id.kind() };
    let mut parts = id.as_str()[at..].split('/').skip(2);
    let provider = parts.next().unwrap_or_default().to_owned();
    parts.step_by(2).fold(provider, |a, t| format!("{a}/{t}"))
}

/// The newest version of a type that the program has no opinion about, as ARM lists them; previews only if nothing else.
async fn newest(azure: &Azure, task: &Task, id: &ResourceId, kind: &str) -> Result<String, AzureError> {
    let (provider, rest) = kind.split_once('/').unwrap_or((kind, ""));
    let path = format!("/subscriptions/{}/providers/{provider}", id.subscription());
    let body = azure.get(task, &azure.arm(&path, versions::PROVIDERS, &[])?).await?.json()?;
    let types = body["resourceTypes"].as_array().cloned().unwrap_or_default();
    let own = types.iter().find(|t| t["resourceType"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(rest)));
    let versions: Vec<&str> =
        own.and_then(|t| t["apiVersions"].as_array()).into_iter().flatten().filter_map(Value::as_str).collect();
    let stable = versions.iter().filter(|v| v.len() == "2025-01-01".len()).max();
    let newest = stable.or(versions.iter().max());
    newest.map(|v| (*v).to_owned()).ok_or_else(|| AzureError::NotPossible(format!("Azure lists no type {kind} here")))
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
    // A subscription lies in no group.
    scopes.truncate(if id.group().is_empty() { 1 } else { 2 });
    for scope in scopes {
        let path = format!("{scope}/providers/Microsoft.Authorization/locks");
        for row in azure.list(task, &azure.arm(&path, versions::LOCKS, &[])?).await? {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
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
