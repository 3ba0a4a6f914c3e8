//! Back from soft delete, and the empty group that has to be there first. What is not waiting is not sent for: the same
//! request would otherwise create something new under the old name.

use serde_json::{Value, json};

use super::{Change, Effect, Preview};
use crate::azure::client::resource_id;
use crate::azure::key_vault::{self, DeletedObject};
use crate::azure::resources::{self, Resource};
use crate::azure::{Azure, AzureError, cognitive, groups, log_workspaces, versions};
use crate::clock::Task;
use crate::units::{Region, ResourceId, utc_text};

pub(super) async fn group(
    azure: &Azure,
    task: &Task,
    group: &str,
    region: &str,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (id, region) = (resource_id(group)?, Region::new(region));
    if !id.kind().eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") || id.group().is_empty() {
        return Err(AzureError::NotPossible(format!("{group} is not the id of a resource group")));
    }
    if let Some(there) = groups::group(azure, task, group).await? {
        if there.location.as_ref() != Some(&region) {
            let lies = there.location.map_or_else(String::new, |l| format!(" in {}", l.display()));
            let text = format!("the group {} exists already{lies}, and not in {}", id.group(), region.display());
            return Err(AzureError::NotPossible(text));
        }
        let state = there.properties.provisioning_state.unwrap_or_else(|| "Succeeded".into());
        return settled(&state, &format!("The group {}", id.group()), out);
    }
    out.notes.push("Locks, tags and role assignments of a group that was there before do not come back.".into());
    let body = json!({ "location": region.name() });
    let change = Change::new(format!("create group {} in {}", id.group(), region.display()), "PUT", azure, task, group);
    let change = change.await?.with_body(&body).field("region", None, Some(region.name()));
    // What comes to lie in a group is not this run's own: the group never counts as created by it.
    let effect = Effect::shown_by(&change.url, &body);
    out.changes.push(change.seen_by(effect));
    Ok(())
}

pub(super) async fn account(
    azure: &Azure,
    task: &Task,
    account: &str,
    region: &str,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (id, region) = (resource_id(account)?, Region::new(region));
    if let Some(there) = cognitive::account(azure, task, account).await? {
        return settled(&there.state, &format!("The account {}", id.name()), out);
    }
    groups::must_be_there(azure, task, account).await?;
    let Some(twin) = cognitive::soft_deleted(azure, task, &id, &region).await? else {
        return Err(not_waiting(&id, &region));
    };
    out.notes.push(match twin.deadline {
        Some(t) => until(task, t),
        None => format!("It can be recovered {}.", twin.until()),
    });
    out.notes
        .push("Model deployments, private endpoints and role assignments may not come back; look afterwards.".into());
    let body = json!({ "location": region.name(), "properties": { "restore": true } });
    let change = Change::new(format!("restore account {}", id.name()), "PUT", azure, task, account).await?;
    let change = change.with_body(&body).field("state", Some("soft-deleted"), Some("restored"));
    let effect = Effect::shown_by(&change.url, &json!({ "location": region.name() }));
    out.changes.push(change.seen_by(effect));
    Ok(())
}

pub(super) async fn vault(
    azure: &Azure,
    task: &Task,
    vault: &str,
    region: &str,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (id, region) = (resource_id(vault)?, Region::new(region));
    if let Some(there) = resources::typed::<key_vault::Vault>(azure, task, vault, None).await? {
        let state = there.properties.provisioning_state.unwrap_or_else(|| "Succeeded".into());
        return settled(&state, &format!("The vault {}", id.name()), out);
    }
    let Some(deleted) = key_vault::deleted(azure, task, &id, &region).await? else {
        return Err(not_waiting(&id, &region));
    };
    let of = &deleted.properties;
    if !of.vault_id.eq_ignore_ascii_case(id.as_str()) {
        return Err(AzureError::NotPossible(format!("the deleted vault {} had the id {}", id.name(), of.vault_id)));
    }
    groups::must_be_there(azure, task, vault).await?;
    let deadline = of.scheduled_purge_date.map(jiff::Timestamp::as_millisecond);
    out.notes.extend(deadline.map(|t| until(task, t)));
    out.notes.push("Role assignments and Event Grid subscriptions of the vault do not come back.".into());
    let tenant = tenant(azure, task, &id).await?;
    let body = json!({ "location": of.location.name(), "properties": {
        "tenantId": tenant, "sku": { "family": "A", "name": "standard" }, "createMode": "recover" } });
    let change = Change::new(format!("recover vault {}", id.name()), "PUT", azure, task, vault).await?;
    let change = change.with_body(&body).field("state", Some("soft-deleted"), Some("recovered"));
    let effect = Effect::shown_by(&change.url, &json!({ "location": of.location.name() }));
    out.changes.push(change.seen_by(effect));
    Ok(())
}

/// Schema wants the tenant of a vault even where it is recovered as it was.
async fn tenant(azure: &Azure, task: &Task, id: &ResourceId) -> Result<String, AzureError> {
    let path = format!("/subscriptions/{}", id.subscription());
    let url = azure.arm(&path, versions::SUBSCRIPTIONS, &[])?;
    let answer = azure.get(task, &url).await?;
    let tenant = answer.json()?["tenantId"].as_str().map(str::to_owned);
    tenant.ok_or_else(|| AzureError::BadAnswer {
        host: answer.host.clone(),
        why: "a subscription without tenantId".into(),
    })
}

pub(super) async fn object(
    azure: &Azure,
    task: &Task,
    vault: &str,
    kind: &str,
    name: &str,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let at = key_vault::object(azure, vault, kind, name)?;
    let Some(answer) = azure.get_if_there(task, &at.deleted).await? else {
        let there = azure.get_if_there(task, &at.versions).await?.map(|a| a.json()).transpose()?;
        out.already_true = there.is_some_and(|v| v["value"].as_array().is_some_and(|v| !v.is_empty()));
        let text = format!(
            "{name} is neither in the vault nor in its soft delete; it may have been purged, or never been a {kind}"
        );
        return if out.already_true { Ok(()) } else { Err(AzureError::NotPossible(text)) };
    };
    let found: DeletedObject = answer.parse()?;
    out.notes.extend(
        found.scheduled_purge_date.map(|s| format!("It can be recovered until {}.", utc_text(s.saturating_mul(1_000)))),
    );
    let change = Change::at(format!("recover {kind} {name}"), "POST", &at.recover, vault);
    let effect = Effect::shown_by(at.versions.as_str(), &json!({ "value": [{}] }));
    out.changes.push(change.field("state", Some("soft-deleted"), Some("recovered")).seen_by(effect));
    Ok(())
}

pub(super) async fn log_workspace(
    azure: &Azure,
    task: &Task,
    workspace: &str,
    region: &str,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (id, region) = (resource_id(workspace)?, Region::new(region));
    if let Some(there) = resources::typed::<Resource<Value>>(azure, task, workspace, None).await? {
        let state = there.properties["provisioningState"].as_str().unwrap_or("Succeeded");
        return settled(state, &format!("The workspace {}", id.name()), out);
    }
    groups::must_be_there(azure, task, workspace).await?;
    let Some(deleted) = log_workspaces::deleted(azure, task, &id).await? else {
        return Err(not_waiting(&id, &region));
    };
    if deleted.location.as_ref().is_some_and(|l| *l != region) {
        return Err(not_waiting(&id, &region));
    }
    out.notes.push("Linked services and solutions do not come back.".into());
    let mut body = json!({ "location": region.name() });
    if let Some(sku) = deleted.properties.get("sku").filter(|s| s["name"].is_string()) {
        body["properties"] = json!({ "sku": { "name": sku["name"] } });
    }
    let change = Change::new(format!("recover workspace {}", id.name()), "PUT", azure, task, workspace).await?;
    let change = change.with_body(&body).field("state", Some("soft-deleted"), Some("recovered"));
    let effect = Effect::shown_by(&change.url, &json!({ "location": region.name() }));
    out.changes.push(change.seen_by(effect));
    Ok(())
}

/// What is there already is either done or still on its way.
fn settled(state: &str, what: &str, out: &mut Preview) -> Result<(), AzureError> {
    out.already_true = state.eq_ignore_ascii_case("Succeeded");
    if !out.already_true {
        out.notes.push(format!("{what} is there and is {state}; wait, and look again."));
    }
    Ok(())
}

fn not_waiting(id: &ResourceId, region: &Region) -> AzureError {
    AzureError::NotPossible(format!(
        "{} does not wait in soft delete in {}: check region, group and subscription, then whether its time is over or it was purged",
        id.name(),
        region.display()
    ))
}

/// Azure still lists it, and Azure decides: this computer's clock may be wrong.
fn until(task: &Task, deadline: i64) -> String {
    let at = utc_text(deadline);
    if deadline > task.now().utc {
        format!("It can be recovered until {at}.")
    } else {
        format!(
            "By this computer's clock its time was over at {at}. Azure still lists it, so it is tried; check the clock."
        )
    }
}
