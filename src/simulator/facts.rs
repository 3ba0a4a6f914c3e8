//! What never changes while a simulator runs: the scenario, its timeline, the seed, the addresses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::faults::Timeline;
use super::http::rfc3339;
use super::others;
use super::world::{ALWAYS, applies};
use crate::rehearsal::scenario::{Place, Scenario};
use crate::rehearsal::things::{Resource, full_id};
use crate::runbook::model::Strategy;
use crate::units::{Millis, Region};

/// Handed to every handler.
pub struct Facts {
    /// The scenario.
    pub scenario: Scenario,
    /// Its happenings for the strategy.
    pub timeline: Timeline,
    /// Source of everything that looks random.
    pub seed: u64,
    /// Scenario time zero, in milliseconds since the Unix epoch.
    pub epoch: i64,
    /// Address of ARM, for the links in its answers.
    pub arm: String,
    /// Address of the authority.
    pub authority: String,
    /// Resources that no request changes, those of the strategy.
    pub things: Vec<Thing>,
    /// Resource groups: those of the scenario, and those that its resources name.
    groups: BTreeMap<String, Region>,
    /// Deployments that the modelled clients call, all equally often.
    pub needs: Vec<String>,
    /// The same of further subscriptions, by id in lower case.
    pub others: BTreeMap<String, Facts>,
}

impl Facts {
    /// Arranges a scenario.
    pub fn new(scenario: Scenario, strategy: Option<Strategy>, seed: u64, epoch: i64) -> Self {
        let timeline = Timeline::new(&scenario, strategy);
        let called = scenario.world.clients.as_ref().map(|c| c.accounts.as_slice()).unwrap_or_default();
        let mut needs: Vec<String> = Vec::new();
        for account in scenario.world.accounts.iter().filter(|a| called.contains(&a.name)) {
            for d in &account.deployments {
                if !needs.contains(&d.name) {
                    needs.push(d.name.clone());
                }
            }
        }
        let things = things(&scenario, strategy, epoch);
        let mut groups = scenario.world.groups.clone();
        for t in &things {
            if !groups.keys().any(|g| g.eq_ignore_ascii_case(&t.group)) {
                groups.insert(t.group.clone(), Region::new(&t.location));
            }
        }
        let others = others::facts(&scenario, strategy, seed, epoch);
        let (arm, authority) = Default::default();
        Self { scenario, timeline, seed, epoch, arm, authority, things, groups, needs, others }
    }

    /// Where ARM and sign-in are.
    pub fn live_at(&mut self, arm: String, authority: String) {
        for other in self.others.values_mut() {
            other.live_at(arm.clone(), authority.clone());
        }
        (self.arm, self.authority) = (arm, authority);
    }

    /// UTC milliseconds of a scenario time; what always was counts from a day before the start.
    pub fn utc(&self, at: i64) -> i64 {
        const DAY: i64 = 86_400_000;
        self.epoch.saturating_add(if at == ALWAYS { -DAY } else { at })
    }

    /// The subscription.
    pub fn subscription(&self) -> &str {
        &self.scenario.world.subscription
    }

    /// ARM id of something in a group.
    pub fn id(&self, group: &str, rest: &str) -> String {
        format!("/subscriptions/{}/resourceGroups/{group}/providers/{rest}", self.subscription())
    }

    /// A group's name as created, and its region.
    pub fn group(&self, name: &str) -> Option<(&str, &Region)> {
        self.groups.iter().find(|(g, _)| g.eq_ignore_ascii_case(name)).map(|(g, r)| (g.as_str(), r))
    }

    /// Names of all groups.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// A resource by its id.
    pub fn thing(&self, id: &str) -> Option<&Thing> {
        self.things.iter().find(|t| t.id.eq_ignore_ascii_case(id))
    }

    /// Whether inference in a region answers well at a time.
    pub fn serves(&self, region: &str, at: i64) -> bool {
        use crate::rehearsal::scenario::How;
        self.timeline.strike(at, &[Place::DataPlane(Region::new(region))]).is_none_or(|s| matches!(s.how, How::Slow(_)))
    }
}

/// A resource that no request changes.
pub struct Thing {
    /// ARM id.
    pub id: String,
    /// Resource group.
    pub group: String,
    /// `Microsoft.KeyVault/vaults`.
    pub kind: String,
    /// Last segment.
    pub name: String,
    /// Region, `global`, or empty for a child without one.
    pub location: String,
    /// As the scenario has it.
    pub script: Resource,
}

impl Thing {
    /// The provider.
    pub fn provider(&self) -> &str {
        self.kind.split('/').next().unwrap_or_default()
    }
}

fn things(scenario: &Scenario, strategy: Option<Strategy>, epoch: i64) -> Vec<Thing> {
    let fill = |text: &str| {
        let ago = text.strip_prefix("ago:").and_then(|t| t.parse::<Millis>().ok());
        let time = ago.map(|a| rfc3339(epoch.saturating_sub_unsigned(a.0)));
        time.or_else(|| Some(full_id(text.strip_prefix("id:")?, &scenario.world.subscription)))
    };
    let here = scenario.world.resources.iter().filter(|r| applies(&r.only_in, strategy));
    let build = |r: &Resource| {
        let id = full_id(&r.id, &scenario.world.subscription);
        let parts: Vec<&str> = id.split('/').collect();
        let after = |word: &str| parts.iter().position(|p| p.eq_ignore_ascii_case(word)).map_or(parts.len(), |n| n + 1);
        let own = &parts[after("providers").min(parts.len())..];
        let kind = own
            .iter()
            .skip(1)
            .step_by(2)
            .fold(own.first().copied().unwrap_or_default().to_owned(), |a, t| format!("{a}/{t}"));
        Thing {
            group: parts.get(after("resourceGroups")).copied().unwrap_or_default().to_owned(),
            kind,
            name: parts.last().copied().unwrap_or_default().to_owned(),
            location: r.location.clone().unwrap_or_default(),
            script: Resource { properties: filled(&r.properties, &fill), ..r.clone() },
            id,
        }
    };
    here.map(build).collect()
}

/// The same with texts in it replaced.
fn filled(value: &Value, fill: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(s) => fill(s).map_or_else(|| value.clone(), Value::from),
        Value::Array(all) => all.iter().map(|v| filled(v, fill)).collect(),
        Value::Object(all) => all.iter().map(|(k, v)| (k.clone(), filled(v, fill))).collect(),
        other => other.clone(),
    }
}
