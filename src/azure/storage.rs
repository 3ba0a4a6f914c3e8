//! Storage accounts: which region they serve from, whether they can fail over, and who leans on them.
//!
//! `location` says where an account was made, for ever; where it serves is `primaryLocation`.

use futures::{StreamExt, stream};
use serde::Deserialize;
use url::Url;

use super::client::resource_id;
use super::learning::{self, Workspace};
use super::resources::{self, Resource};
use super::{Azure, AzureError, rights, versions};
use crate::clock::Task;
use crate::plan::rights::{Right, Standing, granted};
use crate::runbook::model::FailoverKind;
use crate::units::{Region, ResourceId};

/// Subscriptions asked about at one time.
const AT_ONCE: usize = 8;
const LIST_WORKSPACES: &str = "Microsoft.MachineLearningServices/workspaces/read";

/// A storage account.
pub type Account = Resource<AccountProperties>;

/// What of an account is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountProperties {
    /// Where it serves.
    pub primary_location: Region,
    /// Where its copy is; none without geo-redundancy.
    #[serde(default)]
    pub secondary_location: Option<Region>,
    /// A failover is under way.
    #[serde(default)]
    pub failover_in_progress: Option<bool>,
    /// Told when asked for.
    #[serde(default)]
    pub geo_replication_stats: Option<GeoStatus>,
}

/// How far the copy is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GeoStatus {
    /// `Live`, `Bootstrap`, `Unavailable`.
    #[serde(default)]
    pub status: Option<String>,
    /// All writes before it are in the copy; missing means that nobody knows.
    #[serde(default)]
    pub last_sync_time: Option<jiff::Timestamp>,
    /// Unplanned failover is possible.
    #[serde(default)]
    pub can_failover: Option<bool>,
    /// Planned failover is possible.
    #[serde(default)]
    pub can_planned_failover: Option<bool>,
    /// Redundancy after an unplanned one.
    #[serde(default)]
    pub post_failover_redundancy: Option<String>,
    /// Redundancy after a planned one.
    #[serde(default)]
    pub post_planned_failover_redundancy: Option<String>,
}

/// An account that no workspace calls its default one, as Azure showed it a moment ago. Only [`not_default`] makes one,
/// and no failover is put together without it.
#[derive(Debug)]
pub struct NotDefault(ResourceId);

impl NotDefault {
    /// The request that fails it over.
    pub fn failover(&self, azure: &Azure, how: FailoverKind) -> Result<Url, AzureError> {
        let version = versions::of("Microsoft.Storage/storageAccounts").unwrap_or_default();
        let planned: &[(&str, &str)] = match how {
            FailoverKind::Planned => &[("failoverType", "Planned")],
            FailoverKind::Unplanned => &[],
        };
        azure.arm(&format!("{}/failover", self.0.as_str()), version, planned)
    }
}

/// The account with how far its copy is; `None` where there is none.
pub async fn account(azure: &Azure, task: &Task, id: &str) -> Result<Option<Account>, AzureError> {
    resources::typed(azure, task, id, Some("geoReplicationStats")).await
}

/// Makes sure that no workspace names it as its default account, in any subscription that is seen: a workspace may lean on
/// an account of another one. Not knowing is a no.
pub async fn not_default(azure: &Azure, task: &Task, id: &ResourceId) -> Result<NotDefault, AzureError> {
    let unread = |e: AzureError| {
        AzureError::NotPossible(format!(
            "whether {} is a workspace's default storage account could not be read, so it is not failed over: {e}",
            id.name()
        ))
    };
    let url = azure.arm("/subscriptions", versions::SUBSCRIPTIONS, &[])?;
    let rows = azure.list(task, &url).await.map_err(unread)?;
    let mut seen: Vec<String> = rows.iter().filter_map(|s| Some(s["subscriptionId"].as_str()?.to_owned())).collect();
    // A list that lacks the account's own subscription is not the whole one.
    if !seen.iter().any(|s| s.eq_ignore_ascii_case(id.subscription())) {
        seen.push(id.subscription().to_owned());
    }
    let read = |subscription: String| async move {
        // Each question is work of its own to the clock.
        workspaces_of(azure, &task.clock().task(), &subscription).await
    };
    let all: Vec<_> = task.wait(stream::iter(seen).map(read).buffer_unordered(AT_ONCE).collect()).await;
    let all = all.into_iter().collect::<Result<Vec<_>, _>>().map_err(unread)?;
    let uses = |w: &&Workspace| w.properties.storage_account.as_deref().is_some_and(|s| same(s, id.as_str()));
    match all.iter().flatten().find(uses) {
        None => Ok(NotDefault(id.clone())),
        Some(w) => Err(AzureError::NotPossible(format!(
            "{} is the default storage account of the workspace {}; no failover supports that. Read its second region, \
             or copy what is needed",
            id.name(),
            w.name
        ))),
    }
}

/// All workspaces of a subscription. Who may not list them there is shown a part of them, or none, as if that were all.
async fn workspaces_of(azure: &Azure, task: &Task, subscription: &str) -> Result<Vec<Workspace>, AzureError> {
    let scope = format!("/subscriptions/{subscription}");
    let right = Right { action: LIST_WORKSPACES.into(), scope: scope.clone(), data: false };
    if granted(&rights::grants(azure, task, &scope).await?, &right) != Standing::Has {
        let text = format!("it takes the right {LIST_WORKSPACES} on the whole subscription {subscription}");
        return Err(AzureError::NotPossible(text));
    }
    learning::workspaces(azure, task, subscription).await
}

/// The account that a request fails over, if it does that.
pub fn failed_over_by(method: &str, url: &str) -> Option<Result<ResourceId, AzureError>> {
    let url = Url::parse(url).ok().filter(|_| method == "POST")?;
    let path = url.path().to_ascii_lowercase();
    let fails_over = path.contains("/microsoft.storage/storageaccounts/") && path.contains("/failover");
    let end = path.rfind("/failover").unwrap_or(path.len());
    fails_over.then(|| resource_id(&url.path()[..end]))
}

fn same(a: &str, b: &str) -> bool {
    a.trim_end_matches('/').eq_ignore_ascii_case(b.trim_end_matches('/'))
}
