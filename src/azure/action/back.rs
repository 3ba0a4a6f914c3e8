//! Taking back is checked by the rules of the action that would do the same.

use serde_json::Value;

use super::{Change, Preview, Wanted, steering};
use crate::azure::{Azure, AzureError};
use crate::clock::Task;
use crate::runbook::model::Switch;

/// Whether these inverse changes may be sent, and what to know before; they are refused where nobody would be served.
pub async fn check_back(azure: &Azure, task: &Task, changes: &[Change]) -> Result<Vec<String>, AzureError> {
    let mut out = Preview::default();
    for change in changes.iter().filter(|c| c.method == "PATCH") {
        let target = change.target.to_ascii_lowercase();
        let (endpoint, origin) = (target.contains("/trafficmanagerprofiles/"), target.contains("/origingroups/"));
        let body: Value = change.body.as_deref().and_then(|b| serde_json::from_str(b).ok()).unwrap_or_default();
        let p = &body["properties"];
        let number = |name: &str| p[name].as_u64().and_then(|n| u32::try_from(n).ok());
        let status = p["endpointStatus"].as_str().or_else(|| p["enabledState"].as_str());
        let status =
            status.map(|s| if s.eq_ignore_ascii_case("Disabled") { Switch::Disabled } else { Switch::Enabled });
        let wanted = Wanted { status, weight: number("weight"), priority: number("priority") };
        if wanted.status.is_none() && wanted.weight.is_none() && wanted.priority.is_none() {
            continue;
        }
        if endpoint {
            steering::endpoint(azure, task, &change.target, &wanted, &mut out).await?;
        } else if origin {
            steering::origin(azure, task, &change.target, &wanted, &mut out).await?;
        }
    }
    Ok(out.notes)
}
