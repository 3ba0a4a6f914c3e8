//! Failover of a storage account: never of a workspace's default one, and never without saying what is lost.

use serde_json::json;

use super::{Change, Effect, Preview};
use crate::azure::client::resource_id;
use crate::azure::storage::{self, GeoStatus};
use crate::azure::{Azure, AzureError, resources};
use crate::clock::Task;
use crate::runbook::model::FailoverKind;
use crate::units::{Millis, Region, utc_text};

pub(super) async fn fail_over(
    azure: &Azure,
    task: &Task,
    account: &str,
    region: &str,
    how: FailoverKind,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (id, region) = (resource_id(account)?, Region::new(region));
    let refuse = |why: String| Err(AzureError::NotPossible(format!("{} is not failed over: {why}", id.name())));
    let Some(now) = storage::account(azure, task, account).await? else {
        return refuse("there is no such account".into());
    };
    let free = storage::not_default(azure, task, &id).await?;
    let p = &now.properties;
    if p.failover_in_progress == Some(true) {
        out.notes.push("A failover of this account is under way; wait until it is over.".into());
        return Ok(());
    }
    if p.primary_location == region {
        out.already_true = true;
        return Ok(());
    }
    match &p.secondary_location {
        None => return refuse(format!("it has no copy in another region ({})", now.tier())),
        Some(s) if *s != region => {
            return refuse(format!("its copy is in {}, not in {}", s.display(), region.display()));
        }
        Some(_) => {}
    }
    let geo = p.geo_replication_stats.clone().unwrap_or_default();
    if let Err(why) = possible(&geo, how) {
        return refuse(why);
    }
    out.notes.push(loss(task, &geo, how));
    if how == FailoverKind::Unplanned {
        out.synced = Some((id.name().to_owned(), geo.last_sync_time.map(jiff::Timestamp::as_millisecond)));
    }
    out.notes.push(
        "It takes up to an hour, and nobody reaches the account meanwhile. Its location goes on naming the old region."
            .into(),
    );
    let (word, redundancy) = match how {
        FailoverKind::Planned => ("planned", &geo.post_planned_failover_redundancy),
        FailoverKind::Unplanned => ("unplanned", &geo.post_failover_redundancy),
    };
    let url = free.failover(azure, how)?;
    let change = Change::at(format!("fail {} over to {} ({word})", id.name(), region.display()), "POST", &url, account);
    let change = change.field("serves from", Some(p.primary_location.name()), Some(region.name()));
    let change = match redundancy {
        Some(after) => change.field("redundancy", Some(now.tier()), Some(after)),
        None => change,
    };
    let effect = Effect {
        under_way: Some(json!({ "properties": { "failoverInProgress": true } }).to_string()),
        ..Effect::shown_by(
            resources::address(azure, task, account).await?.as_str(),
            &json!({ "properties": { "primaryLocation": region.name() } }),
        )
    };
    out.changes.push(change.seen_by(effect));
    Ok(())
}

/// What Azure does not say is possible is not.
fn possible(geo: &GeoStatus, how: FailoverKind) -> Result<(), String> {
    let status = geo.status.as_deref().unwrap_or("not told");
    match (how, geo.can_failover, geo.can_planned_failover) {
        (FailoverKind::Unplanned, Some(true), _) | (FailoverKind::Planned, _, Some(true)) => Ok(()),
        (FailoverKind::Unplanned, ..) => {
            Err(format!("Azure says that it cannot fail over now (replication: {status})"))
        }
        (FailoverKind::Planned, ..) => Err(format!(
            "Azure says that a planned failover is not possible now (replication: {status}); it needs both regions"
        )),
    }
}

/// What is lost, in words. A sync time that is missing is an unknown loss, never none.
fn loss(task: &Task, geo: &GeoStatus, how: FailoverKind) -> String {
    match (how, geo.last_sync_time.map(jiff::Timestamp::as_millisecond)) {
        (FailoverKind::Planned, _) => "Planned: what was written is copied first, and nothing is lost.".to_owned(),
        (FailoverKind::Unplanned, Some(at)) => {
            let since = Millis(task.now().since(at).0 / 1_000 * 1_000);
            format!("Lost for good: everything written after {}, up to {since} of work.", utc_text(at))
        }
        (FailoverKind::Unplanned, None) => {
            "What is lost is not known: Azure does not tell how far the copy is.".to_owned()
        }
    }
}
