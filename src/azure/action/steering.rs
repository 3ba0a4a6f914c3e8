//! Where users are led: endpoints of Traffic Manager, origins of Front Door. Somebody must be left to serve them.

use serde_json::{Map, Value, json};

use super::{Change, Preview};
use crate::azure::client::resource_id;
use crate::azure::cognitive::resource_name;
use crate::azure::resources;
use crate::azure::traffic::{self, Endpoint};
use crate::azure::{Azure, AzureError, front_door};
use crate::clock::Task;
use crate::runbook::model::{Routing, Switch};

/// What is to be set of an endpoint or origin.
pub(super) struct Wanted {
    pub status: Option<Switch>,
    pub weight: Option<u32>,
    pub priority: Option<u32>,
}

/// What there is of one, in the words of its service.
struct Present<'a> {
    status_name: &'static str,
    status: &'a str,
    weight: Option<u32>,
    priority: Option<u32>,
    /// Largest priority.
    places: u32,
}

impl Wanted {
    /// Fields that differ, into the change: what is sent, what would restore it, what a person sees.
    fn applied_to(&self, now: &Present<'_>, mut change: Change) -> Result<Option<Change>, AzureError> {
        let range = |name: &str, v: Option<u32>, most: u32| match v.filter(|v| !(1..=most).contains(v)) {
            None => Ok(()),
            Some(v) => Err(AzureError::NotPossible(format!("a {name} lies between 1 and {most}, and {v} does not"))),
        };
        range("weight", self.weight, 1_000)?;
        range("priority", self.priority, now.places)?;
        let (mut after, mut before) = (Map::new(), Map::new());
        let status = self.status.map(Switch::name).filter(|s| !s.eq_ignore_ascii_case(now.status));
        if let Some(s) = status {
            after.insert(now.status_name.into(), s.into());
            before.insert(now.status_name.into(), now.status.into());
            change = change.field("status", Some(now.status), Some(s));
        }
        for (name, wanted, is) in [("weight", self.weight, now.weight), ("priority", self.priority, now.priority)] {
            if let Some(w) = wanted.filter(|w| Some(*w) != is) {
                after.insert(name.into(), w.into());
                before.insert(name.into(), is.into());
                change = change.field(name, is.map(|v| v.to_string()).as_deref(), Some(&w.to_string()));
            }
        }
        let body = |m: Map<String, Value>| json!({ "properties": m });
        Ok((!after.is_empty()).then(|| change.with_body(&body(after)).with_previous(&body(before))))
    }

    fn check(&self, name: &str) -> Result<(), AzureError> {
        let nothing = self.status.is_none() && self.weight.is_none() && self.priority.is_none();
        if nothing {
            Err(AzureError::NotPossible(format!("nothing is said that should be set of {name}")))
        } else {
            Ok(())
        }
    }
}

pub(super) async fn endpoint(
    azure: &Azure,
    task: &Task,
    id: &str,
    wanted: &Wanted,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let name = resource_name(id);
    wanted.check(name)?;
    let kind = resource_id(id)?.kind();
    let of = kind.get("Microsoft.Network/trafficManagerProfiles/".len()..).unwrap_or_default();
    let (Some((profile_id, _)), false) = (id.rsplit_once(&format!("/{of}/")), of.is_empty()) else {
        return Err(AzureError::NotPossible(format!("{id} is not an endpoint of a Traffic Manager profile")));
    };
    let profile = traffic::profile(azure, task, profile_id).await?;
    out.dns = Some(profile.properties.pace());
    let all = &profile.properties.endpoints;
    let is_it = |e: &&Endpoint| {
        e.name.eq_ignore_ascii_case(name)
            && e.id.to_ascii_lowercase().contains(&format!("/{}/", of.to_ascii_lowercase()))
    };
    let Some(now) = all.iter().find(is_it) else {
        return Err(AzureError::NotPossible(format!("the profile {} has no endpoint {name}", profile.name)));
    };
    let others = || all.iter().filter(|e| e.id != now.id);
    if wanted.status == Some(Switch::Disabled) && !others().any(|e| e.properties.enabled()) {
        return Err(AzureError::NotPossible(format!(
            "{name} is the only endpoint of {} that is enabled; without it nobody is served",
            profile.name
        )));
    }
    if wanted.status == Some(Switch::Disabled) && !others().any(|e| e.properties.enabled() && e.properties.online()) {
        out.notes.push(
            "No other enabled endpoint is Online. Where all are bad Traffic Manager answers with all of them.".into(),
        );
    }
    let taken = |e: &&Endpoint| wanted.priority.is_some() && e.properties.priority == wanted.priority;
    if let Some(other) = others().find(taken) {
        return Err(AzureError::NotPossible(format!(
            "{} has that priority already, and no two may have one; disable what failed instead, or take a free number",
            other.name
        )));
    }
    if profile.properties.profile_status.eq_ignore_ascii_case("Disabled") {
        out.notes.push(format!("The profile {} itself is disabled: its name leads nowhere.", profile.name));
    }
    let routing = &profile.properties.traffic_routing_method;
    for (set, name) in [(wanted.weight, Routing::Weighted), (wanted.priority, Routing::Priority)] {
        if set.is_some() && !routing.eq_ignore_ascii_case(name.name()) {
            out.notes.push(format!("The profile routes by {routing}, which does not look at what is set here."));
        }
    }
    let present = Present {
        status_name: "endpointStatus",
        status: &now.properties.endpoint_status,
        weight: now.properties.weight,
        priority: now.properties.priority,
        places: 1_000,
    };
    let change = Change::new(format!("change endpoint {name} of {}", profile.name), "PATCH", azure, task, id).await?;
    out.changes.extend(wanted.applied_to(&present, change)?);
    out.already_true = out.changes.is_empty();
    Ok(())
}

pub(super) async fn routing(
    azure: &Azure,
    task: &Task,
    id: &str,
    method: Routing,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let profile = traffic::profile(azure, task, id).await?;
    out.dns = Some(profile.properties.pace());
    let now = &profile.properties.traffic_routing_method;
    out.already_true = now.eq_ignore_ascii_case(method.name());
    if out.already_true {
        return Ok(());
    }
    let enabled = || profile.properties.endpoints.iter().filter(|e| e.properties.enabled());
    if enabled().next().is_none() {
        let text = format!("no endpoint of {} is enabled; routed in any way it leads nowhere", profile.name);
        return Err(AzureError::NotPossible(text));
    }
    if !enabled().any(|e| e.properties.online()) {
        out.notes.push("No enabled endpoint is Online: whichever way it routes, users meet an error.".into());
    }
    for e in enabled() {
        let p = &e.properties;
        out.notes.extend(match (method, p.weight, p.priority) {
            (Routing::Weighted, Some(w), _) => Some(format!("{} has weight {w}.", e.name)),
            (Routing::Priority, _, Some(n)) => Some(format!("{} has priority {n}.", e.name)),
            _ => None,
        });
    }
    // Never with endpoints: their list would replace the present one.
    let body = |m: &str| json!({ "properties": { "trafficRoutingMethod": m } });
    let change = Change::new(format!("route {} by {}", profile.name, method.name()), "PATCH", azure, task, id).await?;
    let change = change.with_body(&body(method.name())).with_previous(&body(now));
    out.changes.push(change.field("routing method", Some(now), Some(method.name())));
    Ok(())
}

pub(super) async fn origin(
    azure: &Azure,
    task: &Task,
    id: &str,
    wanted: &Wanted,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let name = resource_name(id);
    wanted.check(name)?;
    let kind = resource_id(id)?.kind();
    let Some((group, _)) =
        id.rsplit_once("/origins/").filter(|_| kind.to_ascii_lowercase().ends_with("/origingroups/origins"))
    else {
        return Err(AzureError::NotPossible(format!("{id} is not an origin of a Front Door")));
    };
    let now: front_door::Origin = resources::existing(azure, task, id).await?;
    if wanted.status == Some(Switch::Disabled) && now.properties.enabled() {
        let others = front_door::origins(azure, task, group).await?;
        if !others.iter().any(|o| !o.name.eq_ignore_ascii_case(name) && o.properties.enabled()) {
            return Err(AzureError::NotPossible(format!(
                "{name} is the only origin of its group that is enabled; without it nobody is served"
            )));
        }
    }
    let present = Present {
        status_name: "enabledState",
        status: &now.properties.enabled_state,
        weight: now.properties.weight,
        priority: now.properties.priority,
        places: 5,
    };
    let change = Change::new(format!("change origin {name}"), "PATCH", azure, task, id).await?;
    out.changes.extend(wanted.applied_to(&present, change)?);
    out.already_true = out.changes.is_empty();
    out.notes.push("Front Door takes some minutes until every place follows.".into());
    Ok(())
}
