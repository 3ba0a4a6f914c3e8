//! The rights that the signed-in identity has, as Azure itself tells them, and the locks above them.

mod needs;

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use serde_json::Value;

use super::client::resource_id;
use super::{Azure, AzureError, resources, versions};
use crate::clock::Task;
use crate::plan::model::Plan;
use crate::plan::rights::{Grant, Held, Lock, RightsReport, judge};
use crate::units::visible;

pub use needs::{needs, of_step};

/// Scopes asked about at one time: enough to be quick, few enough not to be throttled.
const AT_ONCE: usize = 4;
/// A plan names a few dozen resources; what comes after that is not asked about, and said not to be known.
const MAX_SCOPES: usize = 200;

/// Reads what a plan's steps need, each scope once, and judges it. What cannot be read is unknown.
pub async fn check(azure: &Azure, task: &Task, plan: &Plan) -> RightsReport {
    let steps = needs(plan);
    let rights = steps.iter().flat_map(|s| &s.needs).flat_map(|n| &n.any_of);
    let mut scopes: BTreeMap<String, String> = BTreeMap::new();
    for r in rights {
        scopes.entry(r.scope.to_ascii_lowercase()).or_insert_with(|| r.scope.clone());
    }
    let ask = |(key, scope): (String, String)| async move {
        // Each question is work of its own to the clock.
        let child = task.clock().task();
        (key, held(azure, &child, &scope).await)
    };
    let asked: Vec<_> = scopes.into_iter().take(MAX_SCOPES).map(ask).collect();
    let held: BTreeMap<String, Held> = task.wait(stream::iter(asked).buffer_unordered(AT_ONCE).collect()).await;
    judge(&steps, &held, task.now().utc)
}

/// What is held on one scope.
pub async fn held(azure: &Azure, task: &Task, scope: &str) -> Held {
    let grants = grants(azure, task, scope).await.map_err(|e| e.to_string());
    let locks = locks(azure, task, scope).await.map_err(|e| e.to_string());
    Held { grants, locks }
}

/// The roles that hold for a scope. Of what does not exist yet, those of what it will lie in.
pub(super) async fn grants(azure: &Azure, task: &Task, scope: &str) -> Result<Vec<Grant>, AzureError> {
    let mut at = scope;
    loop {
        let path = format!("{at}/providers/Microsoft.Authorization/permissions");
        match (azure.list(task, &azure.arm(&path, versions::PERMISSIONS, &[])?).await, above(at)) {
            (Err(e), Some(next)) if e.is_absent() => at = next,
            (read, _) => return Ok(read?.iter().map(grant).collect()),
        }
    }
}

/// The locks that cover a scope. What does not exist yet has none of its own.
async fn locks(azure: &Azure, task: &Task, scope: &str) -> Result<Vec<Lock>, AzureError> {
    let mut at = scope;
    loop {
        match (resources::locks(azure, task, &resource_id(at)?).await, above(at)) {
            (Err(e), Some(next)) if e.is_absent() => at = next,
            (read, _) => return Ok(read?.into_iter().map(lock).collect()),
        }
    }
}

/// What a scope lies in: what an extension is attached to, its parent resource, its group, its subscription.
fn above(scope: &str) -> Option<&str> {
    let parts: Vec<&str> = scope.split('/').collect();
    let own = parts.iter().rposition(|p| p.eq_ignore_ascii_case("providers")).unwrap_or(parts.len());
    let in_group = parts.get(3).is_some_and(|p| p.eq_ignore_ascii_case("resourceGroups"));
    let keep = match parts.len() {
        0..=3 => return None,
        // Nothing that lies in no group has roles of its own.
        _ if !in_group => 3,
        n if n > own + 4 => n - 2,
        n if n > own => own,
        _ => 3,
    };
    let length: usize = parts.iter().take(keep).map(|p| p.len() + 1).sum();
    scope.get(..length.saturating_sub(1))
}

fn grant(row: &Value) -> Grant {
    let list = |name: &str| -> Vec<String> {
        row[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Grant {
        actions: list("actions"),
        not_actions: list("notActions"),
        data_actions: list("dataActions"),
        not_data_actions: list("notDataActions"),
        conditional: row["condition"].as_str().is_some_and(|c| !c.trim().is_empty()),
    }
}

fn lock(l: resources::Lock) -> Lock {
    let at = l.id.to_ascii_lowercase().rfind("/providers/microsoft.authorization/");
    let on = at.and_then(|n| l.id.get(..n)).unwrap_or_default();
    Lock { name: visible(&l.name), on: visible(on), read_only: l.level.eq_ignore_ascii_case("ReadOnly") }
}
