//! Conditions about any resource: what its properties say, that it is gone, what is measured of it.

use super::{ARM, Look, METRICS, Reading};
use crate::azure::cognitive::resource_name;
use crate::azure::{monitor, resources};
use crate::runbook::condition::Aggregation;
use crate::runbook::model::Condition;
use crate::runbook::property::{self, Asked};
use crate::units::Millis;

/// What is told of a storage account only when it is asked for.
const REPLICATION: &str = "geoReplicationStats";
/// Where Azure tells up to when a copy is whole.
const SYNCED: &str = "properties.geoReplicationStats.lastSyncTime";

/// Up to when the copy of a storage account is whole, if that is what this was read for: the account's name, and the time
/// (UTC ms); none where it is not told.
pub fn synced(condition: &Condition, readings: &[Reading]) -> Option<(String, Option<i64>)> {
    let Condition::ArmProperty { resource, path, .. } = condition else { return None };
    let name = named(resource, path);
    let read = readings.iter().find(|r| r.name == name).filter(|_| path.eq_ignore_ascii_case(SYNCED))?;
    let at = read.value.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    Some((resource_name(resource).to_owned(), at))
}

/// A property, as its reading names it.
fn named(resource: &str, path: &str) -> String {
    if path.is_empty() { titled(resource) } else { format!("{path} of {}", titled(resource)) }
}

impl Look<'_> {
    pub(super) async fn property(&self, resource: &str, path: &str, asked: Asked<'_>) -> Reading {
        let name = named(resource, path);
        let expand = path.split('.').any(|p| p.eq_ignore_ascii_case(REPLICATION)).then_some(REPLICATION);
        match resources::read(self.azure, self.task, resource, expand).await {
            Err(e) => Reading::unread(self.task, ARM, name, &e),
            Ok(None) => Reading::new(self.task, ARM, name, Some(false), "does not exist"),
            Ok(Some(document)) => {
                let (ok, value) = property::judge(&document, path, asked);
                let value = match ok {
                    None => format!("{value}, which cannot be compared"),
                    Some(_) => value,
                };
                Reading::new(self.task, ARM, name, ok, value)
            }
        }
    }

    pub(super) async fn absent(&self, resource: &str) -> Reading {
        let name = titled(resource);
        match resources::read(self.azure, self.task, resource, None).await {
            Err(e) => Reading::unread(self.task, ARM, name, &e),
            Ok(None) => Reading::new(self.task, ARM, name, Some(true), "does not exist"),
            Ok(Some(document)) => {
                let state = property::at(&document, "properties.provisioningState").and_then(|s| s.as_str());
                let value = state.map_or_else(|| "is there".to_owned(), |s| format!("is there, {s}"));
                Reading::new(self.task, ARM, name, Some(false), value)
            }
        }
    }

    pub(super) async fn metric_within(
        &self,
        resource: &str,
        metric: &str,
        how: Aggregation,
        over: Millis,
        (least, most): (Option<u64>, Option<u64>),
    ) -> Reading {
        let name = format!("{metric} of {}", titled(resource));
        let points = match monitor::points(self.azure, self.task, resource, metric, how, over).await {
            Ok(p) => p,
            Err(e) => return Reading::unread(self.task, METRICS, name, &e),
        };
        let Some(number) = monitor::combined(&points, how) else {
            return self.metric(name, None, format!("no data in the last {over}: metrics come a few minutes late"));
        };
        let fits = least.is_none_or(|n| number >= n as f64) && most.is_none_or(|n| number <= n as f64);
        let word = match how {
            Aggregation::Total => "in total",
            Aggregation::Average => "on average",
            Aggregation::Maximum => "at the highest",
        };
        self.metric(name, Some(fits), format!("{} {word} over {over}", rounded(number)))
    }
}

/// A resource by type and name, without the provider: `vaults kv-prod`.
fn titled(resource: &str) -> String {
    let mut parts = resource.trim_end_matches('/').rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(name), Some(kind)) if !name.is_empty() => format!("{kind} {name}"),
        _ => resource_name(resource).to_owned(),
    }
}

/// Whole numbers without a fraction, others with two digits of it.
fn rounded(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}
