//! Further subscriptions of the tenant. Each has facts and a world of its own, and every part of ARM answers for it as for
//! the first; only the way in tells them apart. What is in them has no data plane.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::http::{Ask, Reply};
use super::world::World;
use crate::rehearsal::scenario::{MoreSubscription, Scenario};
use crate::runbook::model::Strategy;

/// The scenario as one of its further subscriptions sees it.
fn scenario_of(scenario: &Scenario, more: &MoreSubscription) -> Scenario {
    let mut own = scenario.clone();
    let w = &mut own.world;
    more.name.clone_into(&mut w.environment);
    more.id.clone_into(&mut w.subscription);
    more.groups.clone_into(&mut w.groups);
    more.resources.clone_into(&mut w.resources);
    more.deleted.clone_into(&mut w.deleted);
    (w.accounts, w.stores, w.profiles, w.sites) = Default::default();
    (w.names, w.locks, w.witnesses, w.clients) = Default::default();
    (w.roles, w.more_subscriptions) = Default::default();
    own
}

fn all<T>(scenario: &Scenario, make: impl Fn(Scenario) -> T) -> BTreeMap<String, T> {
    let one = |m: &MoreSubscription| (m.id.to_ascii_lowercase(), make(scenario_of(scenario, m)));
    scenario.world.more_subscriptions.iter().map(one).collect()
}

/// The facts of each, by id in lower case.
pub fn facts(scenario: &Scenario, strategy: Option<Strategy>, seed: u64, epoch: i64) -> BTreeMap<String, Facts> {
    all(scenario, |s| Facts::new(s, strategy, seed, epoch))
}

/// The world of each at the start, by id in lower case.
pub fn worlds(scenario: &Scenario, strategy: Option<Strategy>, epoch: i64) -> BTreeMap<String, World> {
    all(scenario, |s| World::new(&s, strategy, epoch))
}

/// The subscription that a path names, in lower case.
pub fn named(ask: &Ask) -> Option<String> {
    match ask.segments.as_slice() {
        [word, id, ..] if word.eq_ignore_ascii_case("subscriptions") => Some(id.to_ascii_lowercase()),
        _ => None,
    }
}

/// The world of the subscription that is asked.
pub fn of<'a>(world: &'a World, ask: &Ask) -> &'a World {
    named(ask).and_then(|id| world.others.get(&id)).unwrap_or(world)
}

/// Lets one of the further subscriptions answer; `None` if none of them is asked.
pub fn answer(
    facts: &Facts,
    world: &mut World,
    ask: &Ask,
    answer: impl FnOnce(&Facts, &mut World) -> Reply,
) -> Option<Reply> {
    let id = named(ask)?;
    let own = facts.others.get(&id)?;
    let mut there = world.others.remove(&id)?;
    there.settle(ask.at);
    there.next = there.next.max(world.next);
    let reply = if denied(facts, &id) { refusal(facts, &id) } else { answer(own, &mut there) };
    // Requests are counted and the world is kept in one place.
    for (request, n) in std::mem::take(&mut there.counts) {
        *world.counts.entry(request).or_default() += n;
    }
    world.changed |= std::mem::take(&mut there.changed);
    world.others.insert(id, there);
    Some(reply)
}

/// Whether the identity may read nothing in it.
pub fn denied(facts: &Facts, id: &str) -> bool {
    facts.scenario.world.more_subscriptions.iter().any(|m| m.denied && m.id.eq_ignore_ascii_case(id))
}

fn refusal(facts: &Facts, id: &str) -> Reply {
    let client = &facts.scenario.world.client_id;
    let object = super::entra::object_id(facts);
    let text = format!(
        "The client '{client}' with object id '{object}' does not have authorization to perform action \
         'Microsoft.Resources/subscriptions/read' over scope '/subscriptions/{id}' or the scope is invalid. If access was \
         recently granted, please refresh your credentials."
    );
    Reply::error(403, "AuthorizationFailed", &text)
}
