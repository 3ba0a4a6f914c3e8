//! The last look before a request leaves: two things never happen, whatever asked for them.
//!
//! Nothing is purged: what is purged never comes back, and no recovery needs it. And a workspace's default storage account
//! is never failed over, which no platform supports. Both are refused where a runbook is checked and where a step is
//! previewed; here they are refused once more, of the exact request.

use serde_json::Value;

use super::Change;
use super::sending::is_outside;
use crate::azure::{Azure, AzureError, storage};
use crate::clock::Task;

/// Why this request must not leave, if it must not.
pub(super) async fn before_sending(azure: &Azure, task: &Task, change: &Change) -> Result<(), AzureError> {
    if is_outside(change) {
        return Ok(());
    }
    if let Some(why) = destroys(&change.method, &change.url, change.body.as_deref()) {
        return Err(AzureError::NotPossible(why));
    }
    match storage::failed_over_by(&change.method, &change.url) {
        Some(account) => storage::not_default(azure, task, &account?).await.map(drop),
        None => Ok(()),
    }
}

/// Whether a request destroys for good what could still be recovered.
pub(super) fn destroys(method: &str, url: &str, body: Option<&str>) -> Option<String> {
    let url = url.to_ascii_lowercase();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let verb = path.split('/').any(|s| s == "purge");
    // A delete below a list of deleted things is a purge by another name.
    let again = method == "DELETE" && path.split('/').any(|s| s.starts_with("deleted"));
    let asked = ["purge", "permanent", "force=true"].iter().any(|w| query.contains(w));
    let written = body.and_then(|b| serde_json::from_str::<Value>(b).ok()).is_some_and(|b| asks_to_purge(&b));
    (verb || again || asked || written)
        .then(|| "this would delete for good what could still be recovered; Lifeboat never does that".to_owned())
}

/// `forceToPurge: true` and its like. Settings such as `enablePurgeProtection` protect.
fn asks_to_purge(body: &Value) -> bool {
    match body {
        Value::Object(o) => o.iter().any(|(k, v)| {
            let k = k.to_ascii_lowercase();
            let protects = k.contains("protection") || k.contains("scheduled");
            k.contains("purge") && !protects && !matches!(v, Value::Bool(false) | Value::Null) || asks_to_purge(v)
        }),
        Value::Array(a) => a.iter().any(asks_to_purge),
        _ => false,
    }
}
