//! The platform's own count of requests, by status. It comes minutes late: no data is never zero.

use serde_json::Value;

use super::client::resource_id;
use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::{Millis, utc_text};

/// Accounts count under the first name, older ones under the second.
const METRICS: [&str; 2] = ["ModelRequests", "AzureOpenAIRequests"];

/// Requests of one minute with one status.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// Beginning of the minute, UTC ms.
    pub at: i64,
    /// `200`, `429`, …; empty where the platform does not split.
    pub status: String,
    /// How many.
    pub calls: f64,
}

/// Requests by minute and status over the time `back` from now. Only what the platform has data for.
pub async fn requests(azure: &Azure, task: &Task, account: &str, back: Millis) -> Result<Vec<Count>, AzureError> {
    let id = resource_id(account)?;
    let now = task.now().utc;
    let from = now - i64::try_from(back.0).unwrap_or(i64::MAX / 2);
    let span = format!("{}/{}", utc_text(from), utc_text(now));
    let mut last = None;
    for metric in METRICS {
        let query = [
            ("metricnames", metric),
            ("timespan", span.as_str()),
            ("interval", "PT1M"),
            ("aggregation", "Total"),
            ("$filter", "StatusCode eq '*'"),
        ];
        let url = azure.arm(&format!("{id}/providers/Microsoft.Insights/metrics"), versions::METRICS, &query)?;
        match azure.get(task, &url).await {
            Ok(answer) => return Ok(counts(&answer.json()?)),
            // An account that does not know the metric says so with 400.
            Err(e) if e.status() == Some(400) => last = Some(e),
            Err(e) => return Err(e),
        }
    }
    Err(last.unwrap_or_else(|| AzureError::NotPossible("no metric counts requests here".into())))
}

/// The counts in an answer of the metrics API; minutes without a value are left out.
pub fn counts(body: &Value) -> Vec<Count> {
    let mut out = Vec::new();
    let each = |v: &Value| v.as_array().cloned().unwrap_or_default();
    for series in each(&body["value"]).iter().flat_map(|m| each(&m["timeseries"])) {
        let labels = each(&series["metadatavalues"]);
        let status = labels
            .iter()
            .find(|l| l["name"]["value"].as_str().is_some_and(|n| n.eq_ignore_ascii_case("StatusCode")))
            .and_then(|l| l["value"].as_str())
            .unwrap_or_default()
            .to_owned();
        for point in each(&series["data"]) {
            let at = point["timeStamp"].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
            if let (Some(at), Some(calls)) = (at, point["total"].as_f64()) {
                out.push(Count { at: at.as_millisecond(), status: status.clone(), calls });
            }
        }
    }
    out
}
