//! Names that something in soft delete still holds. To create under such a name is refused by Azure or, worse, ends the
//! recovery: so nothing is created here while a twin waits.

use serde::Deserialize;

use super::client::resource_id;
use super::resources::{self, Resource};
use super::{Azure, AzureError, cognitive, key_vault, log_workspaces};
use crate::clock::Task;
use crate::units::{Millis, Region, ResourceId, utc_text};

/// Storage accounts and Log Analytics workspaces are kept for so long.
const FORTNIGHT: Millis = Millis::from_mins(14 * 24 * 60);

/// Something in soft delete that holds a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The name.
    pub name: String,
    /// Until when it can be recovered (UTC ms); none where Azure does not tell.
    pub deadline: Option<i64>,
}

impl Twin {
    /// `until 2026-11-21T08:00:00Z`.
    pub fn until(&self) -> String {
        self.deadline
            .map_or_else(|| "until a time that Azure does not tell".to_owned(), |t| format!("until {}", utc_text(t)))
    }

    /// The refusal of a create.
    pub fn refusal(&self, kind: &str) -> AzureError {
        AzureError::NotPossible(format!(
            "a soft-deleted {kind} holds the name {} and can be recovered {}; recover it, or choose another name",
            self.name,
            self.until()
        ))
    }
}

/// A deleted storage account, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeletedStorage {
    #[serde(default)]
    deletion_time: Option<jiff::Timestamp>,
}

/// Refuses to create this while a twin of it waits in soft delete.
pub async fn none_waits(azure: &Azure, task: &Task, id: &str, region: &Region) -> Result<(), AzureError> {
    match twin(azure, task, id, region).await? {
        Some((kind, twin)) => Err(twin.refusal(kind)),
        None => Ok(()),
    }
}

/// The twin of what is to be created, and what it is. Types without soft delete have none.
async fn twin(
    azure: &Azure,
    task: &Task,
    id: &str,
    region: &Region,
) -> Result<Option<(&'static str, Twin)>, AzureError> {
    let id: ResourceId = resource_id(id)?;
    let name = id.name().to_owned();
    Ok(match id.kind().to_ascii_lowercase().as_str() {
        "microsoft.cognitiveservices/accounts" => {
            cognitive::soft_deleted(azure, task, &id, region).await?.map(|twin| ("account", twin))
        }
        "microsoft.keyvault/vaults" => key_vault::deleted(azure, task, &id, region).await?.map(|v| {
            let deadline = v.properties.scheduled_purge_date.map(jiff::Timestamp::as_millisecond);
            ("key vault", Twin { name, deadline })
        }),
        "microsoft.storage/storageaccounts" => {
            // Its name is one for all regions: whoever takes it anywhere ends the recovery.
            let path = format!("/subscriptions/{}/providers/Microsoft.Storage/deletedAccounts", id.subscription());
            let all: Vec<Resource<DeletedStorage>> = resources::listed(azure, task, &path).await?;
            // Deleted more than once, it waits as often; the last one waits longest.
            let same = all.iter().filter(|a| a.name.eq_ignore_ascii_case(&name));
            same.max_by_key(|a| a.properties.deletion_time).map(|a| {
                let deadline = a.properties.deletion_time.map(|t| after_a_fortnight(t.as_millisecond()));
                ("storage account", Twin { name, deadline })
            })
        }
        "microsoft.operationalinsights/workspaces" => log_workspaces::deleted(azure, task, &id).await?.map(|w| {
            let at = w.properties["modifiedDate"].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
            let deadline = at.map(|t| after_a_fortnight(t.as_millisecond()));
            ("Log Analytics workspace", Twin { name, deadline })
        }),
        _ => None,
    })
}

fn after_a_fortnight(at: i64) -> i64 {
    at.saturating_add(i64::try_from(FORTNIGHT.0).unwrap_or(i64::MAX))
}
