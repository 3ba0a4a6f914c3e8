//! The activity log: who changed this resource. Rules out that the outage is our own doing.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use super::client::resource_id;
use super::resources::within;
use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::{Millis, utc_text, visible};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// UTC ms.
    pub at: i64,
    /// `Microsoft.CognitiveServices/accounts/deployments/write`.
    pub operation: String,
    /// `Succeeded`, `Failed`, …
    pub status: String,
    /// Who.
    pub caller: String,
    /// On what.
    pub resource: String,
    /// Shared by the events of one request.
    pub correlation: String,
    /// Its operation, which a long-running one is followed by.
    pub operation_id: String,
    /// `x-ms-client-request-id` of the request, where Azure kept it.
    pub client_request_id: Option<String>,
}

/// Events of one span at most; more is a span that was chosen wrongly.
const MOST: usize = 50_000;

/// Everything in a subscription that changes something, from one time to another, whatever became of it: each request as
/// often as Azure logged it.
pub async fn between(
    azure: &Azure,
    task: &Task,
    subscription: &str,
    from: i64,
    to: i64,
) -> Result<Vec<Event>, AzureError> {
    // Whole seconds are written; the last of them counts to its end.
    let end = utc_text(to.saturating_add(999));
    let filter = format!("eventTimestamp ge '{}' and eventTimestamp le '{end}'", utc_text(from));
    let url = address(azure, subscription, &filter)?;
    let mut all: Vec<Event> = azure.list_within(task, &url, MOST).await?.iter().filter_map(event).collect();
    all.retain(|e| e.at >= from && e.at <= to && changes_something(&e.operation));
    Ok(all)
}

fn address(azure: &Azure, subscription: &str, filter: &str) -> Result<Url, AzureError> {
    let path = format!("/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values");
    azure.arm(&path, versions::ACTIVITY, &[("$filter", filter)])
}

/// Changes to this resource and what lies in it, over the time `back` from now, newest first. What failed changed nothing.
pub async fn changes(azure: &Azure, task: &Task, resource: &str, back: Millis) -> Result<Vec<Event>, AzureError> {
    let id = resource_id(resource)?;
    let now = task.now().utc;
    let from = now - i64::try_from(back.0).unwrap_or(i64::MAX / 2);
    let filter = format!(
        "eventTimestamp ge '{}' and eventTimestamp le '{}' and resourceGroupName eq '{}'",
        utc_text(from),
        utc_text(now),
        id.group()
    );
    let url = address(azure, id.subscription(), &filter)?;
    let mut all: Vec<Event> = azure.list(task, &url).await?.iter().filter_map(event).collect();
    all.retain(|e| e.at >= from && within(&e.resource, id.as_str()) && changes_something(&e.operation));
    all.sort_by_key(|e| std::cmp::Reverse(e.at));
    // One request is logged when it starts and when it ends; its last word counts.
    let mut seen = HashSet::new();
    all.retain(|e| e.correlation.is_empty() || seen.insert((e.correlation.clone(), e.operation.clone())));
    all.retain(|e| !e.status.eq_ignore_ascii_case("Failed"));
    Ok(all)
}

fn event(row: &Value) -> Option<Event> {
    // Some fields are wrapped in {value, localizedValue}, some are not, by version and source.
    let text = |name: &str| {
        let v = &row[name];
        v["value"].as_str().or_else(|| v.as_str()).map(visible).unwrap_or_default()
    };
    Some(Event {
        at: row["eventTimestamp"].as_str()?.parse::<jiff::Timestamp>().ok()?.as_millisecond(),
        operation: text("operationName"),
        status: text("status"),
        caller: text("caller"),
        resource: text("resourceId"),
        correlation: text("correlationId"),
        operation_id: text("operationId"),
        client_request_id: row["httpRequest"]["clientRequestId"].as_str().map(visible),
    })
}

/// Writes, deletes and actions, but not the listing of keys, which is called an action.
fn changes_something(operation: &str) -> bool {
    let o = operation.to_ascii_lowercase();
    o.ends_with("/write") || o.ends_with("/delete") || (o.ends_with("/action") && !o.contains("/list"))
}
