//! What the platform measures: its own count of requests by status, and any metric. It comes minutes late: no data is
//! never zero.

use serde_json::Value;

use super::client::resource_id;
use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::runbook::condition::Aggregation;
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
    let span = span(task, back);
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

/// The last `back` as the metrics API writes it.
fn span(task: &Task, back: Millis) -> String {
    let now = task.now().utc;
    let from = now.saturating_sub(i64::try_from(back.0).unwrap_or(i64::MAX / 2));
    format!("{}/{}", utc_text(from), utc_text(now))
}

/// Up to this span points stand for a minute each, beyond it for an hour: more points than a chart has help nobody.
const BY_MINUTE: Millis = Millis::from_mins(24 * 60);

/// The points of any metric over the time `back` from now. Only what the platform has data for.
pub async fn points(
    azure: &Azure,
    task: &Task,
    resource: &str,
    metric: &str,
    how: Aggregation,
    back: Millis,
) -> Result<Vec<f64>, AzureError> {
    let id = resource_id(resource)?;
    let span = span(task, back);
    let query = [
        ("metricnames", metric),
        ("timespan", span.as_str()),
        ("interval", if back <= BY_MINUTE { "PT1M" } else { "PT1H" }),
        ("aggregation", field(how).0),
    ];
    let url = azure.arm(&format!("{id}/providers/Microsoft.Insights/metrics"), versions::METRICS, &query)?;
    let body = azure.get(task, &url).await?.json()?;
    let each = |v: &Value| v.as_array().cloned().unwrap_or_default();
    let series = each(&body["value"]).into_iter().flat_map(|m| each(&m["timeseries"]));
    Ok(series.flat_map(|s| each(&s["data"])).filter_map(|p| p[field(how).1].as_f64()).collect())
}

/// The points as one number; `None` without any.
pub fn combined(points: &[f64], how: Aggregation) -> Option<f64> {
    let sum = || points.iter().fold(0.0, |a, b| a + b);
    Some(match how {
        _ if points.is_empty() => return None,
        Aggregation::Total => sum(),
        Aggregation::Average => sum() / points.len() as f64,
        Aggregation::Maximum => points.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    })
}

/// An aggregation as the request and as the answer call it.
fn field(how: Aggregation) -> (&'static str, &'static str) {
    match how {
        Aggregation::Total => ("Total", "total"),
        Aggregation::Average => ("Average", "average"),
        Aggregation::Maximum => ("Maximum", "maximum"),
    }
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
