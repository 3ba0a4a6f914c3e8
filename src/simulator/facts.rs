//! What never changes while a simulator runs: the scenario, its timeline, the seed, the addresses.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::faults::Timeline;
use super::others;
use super::world::ALWAYS;
use crate::rehearsal::scenario::{Place, Scenario};
use crate::rehearsal::schedule::Schedule;
use crate::runbook::model::Strategy;
use crate::units::Region;

/// Seconds from one look at an operation to the next.
const POLL_S: u32 = 5;

/// Handed to every handler.
pub struct Facts {
    /// The scenario.
    pub scenario: Scenario,
    /// Its happenings for the strategy, as they come by now; a facilitator may move those that are yet to come.
    timeline: RwLock<Arc<Timeline>>,
    /// Source of everything that looks random.
    pub seed: u64,
    /// Scenario time zero, in milliseconds since the Unix epoch.
    pub epoch: i64,
    /// Address of ARM, for the links in its answers.
    pub arm: String,
    /// Address of the authority.
    pub authority: String,
    /// Deployments that the modelled clients call, all equally often.
    pub needs: Vec<String>,
    /// The same of further subscriptions, by id in lower case.
    pub others: BTreeMap<String, Facts>,
}

impl Facts {
    /// Arranges a scenario.
    pub fn new(scenario: Scenario, strategy: Option<Strategy>, seed: u64, epoch: i64) -> Self {
        let plain = Schedule::plain(&scenario, strategy);
        let timeline = RwLock::new(Arc::new(Timeline::new(&scenario, &plain)));
        let called = scenario.world.clients.as_ref().map(|c| c.accounts.as_slice()).unwrap_or_default();
        let mut needs: Vec<String> = Vec::new();
        for account in scenario.world.accounts.iter().filter(|a| called.contains(&a.name)) {
            for d in &account.deployments {
                if !needs.contains(&d.name) {
                    needs.push(d.name.clone());
                }
            }
        }
        let others = others::facts(&scenario, strategy, seed, epoch);
        let (arm, authority) = Default::default();
        Self { scenario, timeline, seed, epoch, arm, authority, needs, others }
    }

    /// The happenings.
    pub fn timeline(&self) -> Arc<Timeline> {
        self.timeline.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on happenings come as this says.
    pub fn follow(&self, schedule: &Schedule) {
        let timeline = Arc::new(Timeline::new(&self.scenario, schedule));
        *self.timeline.write().unwrap_or_else(PoisonError::into_inner) = timeline;
        self.others.values().for_each(|other| other.follow(schedule));
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

    /// How long work of an operation takes here that takes so long in Azure.
    pub fn takes(&self, ms: i64) -> i64 {
        (ms / i64::from(self.quick())).max(1)
    }

    /// What a poller is told to wait, in seconds.
    pub fn wait(&self) -> String {
        (POLL_S / self.quick()).max(1).to_string()
    }

    fn quick(&self) -> u32 {
        self.scenario.world.quick.max(1)
    }

    /// The subscription.
    pub fn subscription(&self) -> &str {
        &self.scenario.world.subscription
    }

    /// ARM id of something in a group.
    pub fn id(&self, group: &str, rest: &str) -> String {
        format!("/subscriptions/{}/resourceGroups/{group}/providers/{rest}", self.subscription())
    }

    /// Whether inference in a region answers well at a time.
    pub fn serves(&self, region: &str, at: i64) -> bool {
        use crate::rehearsal::scenario::How;
        self.timeline()
            .strike(at, &[Place::DataPlane(Region::new(region))])
            .is_none_or(|s| matches!(s.how, How::Slow(_)))
    }

    /// The last moment up to this time at which a region served.
    pub fn served_until(&self, region: &str, at: i64) -> i64 {
        let mut seen = at;
        while !self.serves(region, seen) {
            let Some(from) = self.timeline().began(seen, &Place::DataPlane(Region::new(region))) else { break };
            seen = from - 1;
        }
        seen
    }
}
