//! Everything there is in the subscription, for filling in a plan and for seeing what is wrong with it.

use serde_json::Value;

use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::plan::inventory::Found;
use crate::units::{Region, visible};

/// More resources than this are a whole company's; a plan is written for one workload's subscription.
const MAX_RESOURCES: usize = 20_000;

/// Every resource of the cloud's subscription, and its resource groups, by id. A part of the list is never handed out: what
/// is missing in it would look as if it did not exist.
pub async fn inventory(azure: &Azure, task: &Task) -> Result<Vec<Found>, AzureError> {
    let subscription = &azure.cloud().subscription;
    let mut out = Vec::new();
    for part in ["resources", "resourcegroups"] {
        let url = azure.arm(&format!("/subscriptions/{subscription}/{part}"), versions::GROUPS, &[])?;
        out.extend(azure.list_within(task, &url, MAX_RESOURCES).await?.iter().filter_map(found));
    }
    out.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(out)
}

/// A row of either list; `None` for one without an id.
fn found(row: &Value) -> Option<Found> {
    let text = |v: &Value| v.as_str().filter(|s| !s.is_empty()).map(visible);
    let id = text(&row["id"])?;
    let name = text(&row["name"]).unwrap_or_else(|| id.rsplit('/').next().unwrap_or_default().to_owned());
    Some(Found {
        resource_type: text(&row["type"]).unwrap_or_else(|| "Microsoft.Resources/resourceGroups".to_owned()),
        name,
        region: Region::new(row["location"].as_str().unwrap_or_default()),
        kind: text(&row["kind"]),
        sku: text(&row["sku"]["name"]),
        id,
    })
}
