//! What the platform says of itself: Service Health and Resource Health. Both may be late; silence is no health.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::resource_id;
use super::error::without_tags;
use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::{Region, visible};

/// Announcements of these kinds can explain an outage.
const KINDS: [&str; 3] = ["ServiceIssue", "EmergingIssues", "PlannedMaintenance"];

/// One announcement, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// `Service Health` or `Resource Health`.
    pub source: String,
    /// Tracking id, where there is one.
    pub tracking: Option<String>,
    /// One line.
    pub title: String,
    /// The text without its markup.
    pub text: String,
    /// Azure's word: `Active`, `Resolved`, `Available`, `Unavailable`, `Degraded`, `Unknown`.
    pub status: String,
    /// Regions it names, as it names them.
    pub regions: Vec<String>,
    /// When it began, UTC ms.
    pub since: Option<i64>,
    /// When it was last changed, UTC ms.
    pub updated: Option<i64>,
    /// The platform says that the customer caused it; then moving away does not help.
    pub by_customer: bool,
    /// An event of type `ServiceIssue`: an incident, neither maintenance nor one account's state.
    #[serde(default)]
    pub incident: bool,
    /// It could not be read, and the title says why. Nothing follows about the platform.
    pub unread: bool,
}

/// Events of the subscription that name this region, or none.
pub async fn service_events(azure: &Azure, task: &Task, region: &Region) -> Result<Vec<Notice>, AzureError> {
    Ok(events(azure, task).await?.into_iter().filter(|n| names(n, region)).collect())
}

/// Events of the subscription, wherever they are.
pub async fn events(azure: &Azure, task: &Task) -> Result<Vec<Notice>, AzureError> {
    let path = format!("/subscriptions/{}/providers/Microsoft.ResourceHealth/events", azure.cloud().subscription);
    let rows = azure.list(task, &azure.arm(&path, versions::HEALTH, &[])?).await?;
    Ok(rows.iter().filter_map(event).collect())
}

/// Resource Health of one account.
pub async fn resource_status(azure: &Azure, task: &Task, account: &str) -> Result<Notice, AzureError> {
    let id = resource_id(account)?;
    let path = format!("{id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current");
    let answer = azure.get(task, &azure.arm(&path, versions::HEALTH, &[])?).await?;
    Ok(availability(&answer.json()?))
}

/// A Service Health event that may explain an outage.
pub fn event(row: &Value) -> Option<Notice> {
    let p = &row["properties"];
    let kind = p["eventType"].as_str().unwrap_or_default();
    if !KINDS.iter().any(|k| k.eq_ignore_ascii_case(kind)) {
        return None;
    }
    let each = |v: &Value| v.as_array().cloned().unwrap_or_default();
    let regions = each(&p["impact"])
        .iter()
        .flat_map(|i| each(&i["impactedRegions"]))
        .filter_map(|r| r["impactedRegion"].as_str().map(visible))
        .collect();
    Some(Notice {
        source: "Service Health".into(),
        tracking: row["name"].as_str().map(visible),
        title: text(p, &["title", "header"]),
        text: text(p, &["summary", "description"]),
        status: text(p, &["status"]),
        regions,
        since: time(&p["impactStartTime"]),
        updated: time(&p["lastUpdateTime"]),
        by_customer: false,
        incident: kind.eq_ignore_ascii_case(KINDS[0]),
        unread: false,
    })
}

/// An answer of Resource Health.
pub fn availability(row: &Value) -> Notice {
    let p = &row["properties"];
    let by = |name: &str, word: &str| p[name].as_str().is_some_and(|t| t.replace(' ', "").eq_ignore_ascii_case(word));
    let status = text(p, &["availabilityState"]);
    Notice {
        source: "Resource Health".into(),
        tracking: None,
        title: text(p, &["title", "availabilityState"]),
        text: text(p, &["summary", "detailedStatus"]),
        status: if status.is_empty() { "Unknown".into() } else { status },
        regions: row["location"].as_str().map(visible).into_iter().collect(),
        // The misspelling is Azure's.
        since: time(&p["occuredTime"]).or_else(|| time(&p["occurredTime"])),
        updated: time(&p["reportedTime"]),
        by_customer: by("context", "CustomerInitiated") || by("healthEventCause", "UserInitiated"),
        incident: false,
        unread: false,
    }
}

/// Whether an event concerns a region: it names it, or all, or none.
pub fn names(notice: &Notice, region: &Region) -> bool {
    notice.regions.is_empty()
        || notice.regions.iter().any(|r| r.eq_ignore_ascii_case("global") || Region::new(r) == *region)
}

fn text(at: &Value, names: &[&str]) -> String {
    names.iter().find_map(|n| at[n].as_str().filter(|t| !t.is_empty())).map(without_tags).unwrap_or_default()
}

fn time(value: &Value) -> Option<i64> {
    Some(value.as_str()?.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}
