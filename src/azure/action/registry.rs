//! Replicas of a container registry.

use serde_json::json;

use super::{Change, Preview};
use crate::azure::registry::{self, Replica};
use crate::azure::{Azure, AzureError};
use crate::clock::Task;
use crate::runbook::model::Switch;
use crate::units::Region;

pub(super) async fn add(
    azure: &Azure,
    task: &Task,
    id: &str,
    region: &str,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let region = Region::new(region);
    let (registry, replicas) = registry::registry(azure, task, id).await?;
    if let Some(there) = replicas.iter().find(|r| r.location.as_ref() == Some(&region)) {
        let state = there.properties.provisioning_state.as_deref().unwrap_or("Succeeded");
        out.already_true = state.eq_ignore_ascii_case("Succeeded");
        if !out.already_true {
            out.notes.push(format!("The replica in {} is there and is {state}.", region.display()));
        }
        return Ok(());
    }
    if registry.location.as_ref() == Some(&region) {
        out.already_true = true;
        out.notes.push(format!("{} is the registry's home.", region.display()));
        return Ok(());
    }
    if !registry.tier().eq_ignore_ascii_case("Premium") {
        let text = format!("{} is {}, and only Premium registries have replicas", registry.name, registry.tier());
        return Err(AzureError::NotPossible(text));
    }
    out.notes.push(
        "Images arrive after a while. While the registry's home region is down its replicas cannot be changed.".into(),
    );
    let target = format!("{id}/replications/{region}");
    let what = format!("add a replica of {} in {}", registry.name, region.display());
    let change = Change::new(what, "PUT", azure, task, &target).await?;
    let change = change.with_body(&json!({ "location": region.name(), "properties": {} }));
    out.changes.push(change.field("region", None, Some(region.name())));
    Ok(())
}

pub(super) async fn set(
    azure: &Azure,
    task: &Task,
    id: &str,
    region: &str,
    status: Switch,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (region, on) = (Region::new(region), status == Switch::Enabled);
    let (registry, replicas) = registry::registry(azure, task, id).await?;
    let here = |r: &&Replica| r.location.as_ref() == Some(&region);
    let Some(now) = replicas.iter().find(here) else {
        let text = format!("{} has no replica in {}", registry.name, region.display());
        return Err(AzureError::NotPossible(text));
    };
    out.already_true = now.properties.serves() == on;
    if out.already_true {
        return Ok(());
    }
    let home_serves = !replicas.iter().any(|r| r.location == registry.location);
    let others = home_serves || replicas.iter().any(|r| r.id != now.id && r.properties.serves());
    if !on && !others {
        let text = format!("{} is the only replica of {} that answers", region.display(), registry.name);
        return Err(AzureError::NotPossible(text));
    }
    let body = |on: bool| json!({ "properties": { "regionEndpointEnabled": on } });
    let word = |on: bool| if on { "answers" } else { "does not answer" };
    let target = format!("{id}/replications/{}", now.name);
    let what = format!("set the replica of {} in {}", registry.name, region.display());
    let change = Change::new(what, "PATCH", azure, task, &target).await?;
    let change = change.with_body(&body(on)).with_previous(&body(!on));
    out.changes.push(change.field("replica", Some(word(!on)), Some(word(on))));
    Ok(())
}
