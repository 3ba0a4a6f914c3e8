//! Model deployments of the second account: create, raise, delete what the run created.
//!
//! Quota belongs to a region and is drawn on by several deployments at once; it is given out in the order of the list,
//! most critical first.

use serde_json::json;

use super::{Change, FIT_QUOTA, FieldChange, Preview, PreviewOption};
use crate::azure::client::resource_id;
use crate::azure::cognitive::{self, Deployment, Offer, Usages};
use crate::azure::operation::is_terminal;
use crate::azure::resources::within;
use crate::azure::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::Region;

/// What a region has left to give.
struct Room {
    offers: Vec<Offer>,
    usages: Usages,
}

impl Room {
    async fn read(azure: &Azure, task: &Task, near: &str, region: &Region) -> Result<Self, AzureError> {
        let id = resource_id(near)?;
        Ok(Self {
            offers: cognitive::offers(azure, task, &id, region).await?,
            usages: cognitive::usages(azure, task, &id, region).await?,
        })
    }

    /// What is left for this deployment; no row means that Azure does not limit it here.
    fn left(&self, d: &Deployment) -> Option<i64> {
        self.usages.get(&d.quota(&self.offers)).map(|(used, limit)| (limit - used).max(0))
    }

    fn take(&mut self, d: &Deployment, capacity: i64) {
        let quota = d.quota(&self.offers);
        if let Some((used, _)) = self.usages.get_mut(&quota) {
            *used += capacity;
        }
    }
}

pub(super) async fn copy(
    azure: &Azure,
    task: &Task,
    from: &str,
    to: &str,
    first: &str,
    fit: bool,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let target = cognitive::existing(azure, task, to).await?;
    let there = cognitive::deployments(azure, task, to).await?;
    let mut missing = Vec::new();
    for d in cognitive::deployments(azure, task, from).await? {
        match there.iter().find(|t| t.name.eq_ignore_ascii_case(&d.name)) {
            None => missing.push((d, None)),
            Some(t) if (&t.model, &t.version) != (&d.model, &d.version) => out.notes.push(format!(
                "{} exists there with {} instead of {}; it is left as it is.",
                d.name,
                t.model_text(),
                d.model_text()
            )),
            Some(t) if !is_terminal(&t.state) => out.notes.push(format!("{} is {} already.", t.name, t.state)),
            // A creation that failed leaves a deployment that does not serve; the same request repairs it.
            Some(t) if !t.state.eq_ignore_ascii_case("Succeeded") => {
                out.notes.push(format!("{} exists there and is {}.", t.name, t.state));
                missing.push((d, Some(t.body(t.capacity).to_string())));
            }
            Some(_) => {}
        }
    }
    out.already_true = missing.is_empty() && out.notes.is_empty();
    if missing.is_empty() {
        return Ok(());
    }
    in_order(&mut missing, first);
    let mut room = match Room::read(azure, task, to, &target.region).await {
        Ok(room) => Some(room),
        // The full capacity can be tried without knowing the quota.
        Err(e) if !fit => {
            out.notes.push(format!("Quota and models of {} could not be read: {e}", target.region.display()));
            None
        }
        Err(e) => return Err(e),
    };
    let mut short = false;
    for (d, previous) in &missing {
        let mut capacity = d.capacity;
        if let Some(room) = &mut room {
            let offered = d.offer(&room.offers).is_some();
            let left = room.left(d);
            if !offered {
                short = true;
                let model = format!("{} ({})", d.model_text(), d.sku);
                out.notes.push(format!("{} does not offer {model}, which {} needs.", target.region.display(), d.name));
            } else if let Some(left) = left.filter(|l| *l < capacity) {
                short = true;
                out.notes.push(format!(
                    "{} needs {capacity} of {} in {}; {left} are left.",
                    d.name,
                    d.model,
                    target.region.display()
                ));
                if fit {
                    capacity = left;
                }
            }
            if fit && (!offered || capacity == 0) {
                out.notes.push(format!("{} is left out.", d.name));
                continue;
            }
            room.take(d, capacity);
        }
        if let Some(policy) = custom_policy(d) {
            out.notes.push(format!("{} uses the content filter {policy}, which must exist in the target.", d.name));
        }
        out.changes.push(Change { previous: previous.clone(), ..create(azure, to, d, capacity)? });
    }
    if short && !fit {
        out.options.push(PreviewOption {
            id: FIT_QUOTA.into(),
            label: "Create what fits".into(),
            consequence: "Creates with the capacity that quota allows and leaves out what the region does not offer."
                .into(),
        });
    }
    Ok(())
}

pub(super) async fn raise(
    azure: &Azure,
    task: &Task,
    account: &str,
    like: &str,
    fit: bool,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let target = cognitive::existing(azure, task, account).await?;
    let there = cognitive::deployments(azure, task, account).await?;
    let mut low = Vec::new();
    for measure in cognitive::deployments(azure, task, like).await? {
        match there.iter().find(|t| t.name.eq_ignore_ascii_case(&measure.name)) {
            None => out.notes.push(format!("{} does not exist there; create it first.", measure.name)),
            Some(t) if t.is_provisioned() != measure.is_provisioned() => out.notes.push(format!(
                "{} is {} there and {} here: their capacities cannot be compared.",
                measure.name, t.sku, measure.sku
            )),
            Some(t) if t.capacity < measure.capacity => low.push((t, measure.capacity)),
            Some(_) => {}
        }
    }
    out.already_true = low.is_empty() && out.notes.is_empty();
    if low.is_empty() {
        return Ok(());
    }
    let mut room = match Room::read(azure, task, account, &target.region).await {
        Ok(room) => Some(room),
        Err(e) if !fit => {
            out.notes.push(format!("Quota of {} could not be read: {e}", target.region.display()));
            None
        }
        Err(e) => return Err(e),
    };
    let mut short = false;
    for (d, wanted) in low {
        let mut capacity = wanted;
        if let Some(room) = &mut room {
            if let Some(left) = room.left(d).filter(|l| d.capacity + l < wanted) {
                short = true;
                out.notes.push(format!(
                    "{} needs {} more of {}; {left} are left.",
                    d.name,
                    wanted - d.capacity,
                    d.model
                ));
                if fit {
                    capacity = d.capacity + left;
                }
            }
            if capacity == d.capacity {
                out.notes.push(format!("{} stays at {}.", d.name, d.capacity));
                continue;
            }
            room.take(d, capacity - d.capacity);
        }
        out.changes.push(resize(azure, account, d, capacity)?);
    }
    if short && !fit {
        out.options.push(PreviewOption {
            id: FIT_QUOTA.into(),
            label: "Raise as far as quota allows".into(),
            consequence: "Some deployments stay below the measure; expect 429 at the usual load.".into(),
        });
    }
    Ok(())
}

pub(super) async fn delete_created(
    azure: &Azure,
    task: &Task,
    account: &str,
    created: &[String],
    out: &mut Preview,
) -> Result<(), AzureError> {
    for d in cognitive::deployments(azure, task, account).await? {
        let id = format!("{account}/deployments/{}", d.name);
        if created.iter().any(|c| within(c, &id)) {
            out.changes.push(delete(azure, account, &d)?);
        }
    }
    out.already_true = out.changes.is_empty();
    Ok(())
}

/// Most critical first; the rest by name.
fn in_order(missing: &mut [(Deployment, Option<String>)], first: &str) {
    let first: Vec<&str> = first.split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
    let place = |d: &Deployment| first.iter().position(|n| n.eq_ignore_ascii_case(&d.name)).unwrap_or(first.len());
    missing.sort_by(|(a, _), (b, _)| place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name)));
}

fn custom_policy(d: &Deployment) -> Option<&str> {
    d.raw["properties"]["raiPolicyName"].as_str().filter(|p| !p.starts_with("Microsoft.") && !p.is_empty())
}

fn url(azure: &Azure, account: &str, name: &str) -> Result<String, AzureError> {
    let id = resource_id(&format!("{}/deployments/{name}", resource_id(account)?))?;
    Ok(azure.arm(id.as_str(), versions::COGNITIVE, &[])?.into())
}

fn create(azure: &Azure, account: &str, d: &Deployment, capacity: i64) -> Result<Change, AzureError> {
    Ok(Change {
        what: format!("create deployment {}", d.name),
        method: "PUT".into(),
        url: url(azure, account, &d.name)?,
        body: Some(d.body(capacity).to_string()),
        if_match: None,
        only_if_absent: false,
        target: format!("{account}/deployments/{}", d.name),
        fields: vec![
            FieldChange::new("model", None, Some(d.model_text())),
            FieldChange::new("SKU", None, Some(d.sku.clone())),
            FieldChange::new("capacity", None, Some(capacity.to_string())),
        ],
        previous: None,
        effect: None,
    })
}

/// The smallest body that changes the capacity: a whole one read through an older version would drop newer fields.
fn resize(azure: &Azure, account: &str, d: &Deployment, capacity: i64) -> Result<Change, AzureError> {
    let sku = |capacity: i64| json!({ "sku": { "name": d.sku, "capacity": capacity } }).to_string();
    Ok(Change {
        what: format!("set the capacity of {} to {capacity}", d.name),
        method: "PATCH".into(),
        url: url(azure, account, &d.name)?,
        body: Some(sku(capacity)),
        if_match: None,
        only_if_absent: false,
        target: format!("{account}/deployments/{}", d.name),
        fields: vec![FieldChange::new("capacity", Some(d.capacity.to_string()), Some(capacity.to_string()))],
        previous: Some(sku(d.capacity)),
        effect: None,
    })
}

fn delete(azure: &Azure, account: &str, d: &Deployment) -> Result<Change, AzureError> {
    Ok(Change {
        what: format!("delete deployment {}", d.name),
        method: "DELETE".into(),
        url: url(azure, account, &d.name)?,
        body: None,
        if_match: None,
        only_if_absent: false,
        target: format!("{account}/deployments/{}", d.name),
        fields: vec![
            FieldChange::new("model", Some(d.model_text()), None),
            FieldChange::new("capacity", Some(d.capacity.to_string()), None),
        ],
        previous: Some(d.body(d.capacity).to_string()),
        effect: None,
    })
}
