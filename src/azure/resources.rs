//! What every resource has: its properties, its group, and the locks on it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::client::{Answer, resource_id, shaped};
use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::{Region, ResourceId};

/// What every resource says of itself, with the properties of its service. Fields that are not named here are passed over.
#[derive(Debug, Clone, Deserialize)]
pub struct Resource<P> {
    /// ARM id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Region; children often have none.
    #[serde(default)]
    pub location: Option<Region>,
    /// Kind, where its type has kinds.
    #[serde(default)]
    pub kind: Option<String>,
    /// Tier.
    #[serde(default)]
    pub sku: Option<Sku>,
    /// Version of what was read.
    #[serde(default)]
    pub etag: Option<String>,
    /// The rest.
    pub properties: P,
}

/// A tier.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sku {
    /// `Premium`, `Standard_GRS`, …
    pub name: String,
}

impl<P> Resource<P> {
    /// Name of the tier, or nothing.
    pub fn tier(&self) -> &str {
        self.sku.as_ref().map_or("", |s| &s.name)
    }
}

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
    answer(azure, task, id, expand).await?.map(|a| a.json()).transpose()
}

/// The same as a shape of its service; a field that must be there and is not is named in the error.
pub(super) async fn typed<T: DeserializeOwned>(
    azure: &Azure,
    task: &Task,
    id: &str,
    expand: Option<&str>,
) -> Result<Option<T>, AzureError> {
    answer(azure, task, id, expand).await?.map(|a| a.parse()).transpose()
}

/// The same of something that has to be there.
pub(super) async fn existing<T: DeserializeOwned>(azure: &Azure, task: &Task, id: &str) -> Result<T, AzureError> {
    let none = || AzureError::NotPossible(format!("there is no {}", id.rsplit('/').next().unwrap_or(id)));
    typed(azure, task, id, None).await?.ok_or_else(none)
}

/// All of a list below a resource or group, as a shape of its service.
pub(super) async fn listed<T: DeserializeOwned>(azure: &Azure, task: &Task, path: &str) -> Result<Vec<T>, AzureError> {
    let kind = path.rsplit_once("/providers/").map_or("", |(_, k)| k);
    let mut words = kind.split('/');
    let provider = words.next().unwrap_or_default().to_owned();
    let kind = words.step_by(2).fold(provider, |a, t| format!("{a}/{t}"));
    let unknown = || AzureError::NotPossible(format!("no version of {kind} is known here"));
    let url = azure.arm(path, versions::of(&kind).ok_or_else(unknown)?, &[])?;
    let host = super::cloud::host_of(&url);
    azure.list(task, &url).await?.into_iter().map(|row| shaped(&host, row)).collect()
}

/// The address of a resource with the version of its type.
pub(super) async fn address(azure: &Azure, task: &Task, id: &str) -> Result<Url, AzureError> {
    let id = resource_id(id)?;
    azure.arm(id.as_str(), &version(azure, task, &id).await?, &[])
}

async fn version(azure: &Azure, task: &Task, id: &ResourceId) -> Result<String, AzureError> {
    let kind = id.kind();
    match versions::of(&kind) {
        Some(v) => Ok(v.to_owned()),
        None => newest(azure, task, id, &kind).await,
    }
}

async fn answer(azure: &Azure, task: &Task, id: &str, expand: Option<&str>) -> Result<Option<Answer>, AzureError> {
    let id = resource_id(id)?;
    let query = expand.map(|e| ("$expand", e));
    let url = azure.arm(id.as_str(), &version(azure, task, &id).await?, query.as_slice())?;
    azure.get_if_there(task, &url).await
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
