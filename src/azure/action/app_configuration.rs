//! Keys that clients read: each write is guarded by the ETag that the operator saw the value of.

use std::collections::BTreeMap;

use super::{Change, FieldChange, Preview};
use crate::azure::{Azure, AzureError, appconfig};
use crate::clock::Task;

/// Keys that say how much of the traffic a region gets.
const WEIGHT: &str = "weight-";

pub(super) async fn set(
    azure: &Azure,
    task: &Task,
    store: &str,
    values: &BTreeMap<String, String>,
    out: &mut Preview,
) -> Result<(), AzureError> {
    somebody_serves(azure, task, store, values).await?;
    for (key, value) in values {
        let url = appconfig::key_url(azure, store, key)?;
        let now = appconfig::read(azure, task, &url).await?;
        if now.as_ref().is_some_and(|kv| kv.value.as_deref() == Some(value)) {
            continue;
        }
        let body = match &now {
            Some(kv) => kv.body(value),
            None => serde_json::json!({ "value": value }),
        };
        let before = now.as_ref().and_then(|kv| kv.value.clone());
        out.changes.push(Change {
            what: format!("set {key} to {value}"),
            method: "PUT".into(),
            url: url.into(),
            body: Some(body.to_string()),
            if_match: now.as_ref().map(|kv| kv.etag.clone()),
            only_if_absent: now.is_none(),
            target: store.to_owned(),
            previous: now.as_ref().map(|kv| kv.body(before.as_deref().unwrap_or_default()).to_string()),
            effect: None,
            fields: vec![FieldChange::new(key, before, Some(value.clone()))],
        });
    }
    // Weights that grow are written first: between two writes nobody is without a region to go to.
    out.changes.sort_by_key(|c| !grows(c));
    out.already_true = out.changes.is_empty();
    Ok(())
}

/// Weights of regions that are all nought lead users nowhere; those that are not written now count as they stand.
async fn somebody_serves(
    azure: &Azure,
    task: &Task,
    store: &str,
    values: &BTreeMap<String, String>,
) -> Result<(), AzureError> {
    let nought = |v: &str| v.trim().parse::<f64>().is_ok_and(|n| n <= 0.0);
    let written: Vec<_> = values.iter().filter(|(k, _)| k.starts_with(WEIGHT)).collect();
    if written.is_empty() || written.iter().any(|(_, v)| !nought(v)) {
        return Ok(());
    }
    let there = appconfig::named(azure, task, store, WEIGHT).await?;
    if there.iter().any(|(k, v)| !values.contains_key(k) && !nought(v)) {
        return Ok(());
    }
    Err(AzureError::NotPossible(format!("afterwards every `{WEIGHT}…` key would be 0, and no region would serve")))
}

fn grows(c: &Change) -> bool {
    let number = |v: &Option<String>| v.as_deref().and_then(|v| v.parse::<i64>().ok());
    c.fields.first().is_some_and(|f| matches!((number(&f.before), number(&f.after)), (Some(b), Some(a)) if a > b))
}
