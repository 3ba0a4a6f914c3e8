//! What is watched: one detector an endpoint, fed by probe rounds; asked by verdicts, guards and verifications.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::health::{
    Decision, Detector, EndpointId, Inputs, Notice, Observation, Provisioning, RegionInput, Role, Sighting, Thresholds,
    skew,
};
use crate::plan::model::Plan;
use crate::units::Region;

/// Endpoint id of sign-in.
pub const ENTRA: &str = "Entra ID";
/// Endpoint id of Azure Resource Manager.
pub const ARM: &str = "ARM";

/// Shared between the desk's tasks; locked for moments only.
pub struct Monitor(Mutex<Watched>);

/// Everything watched.
pub struct Watched {
    workload: String,
    regions: Vec<(Region, Role, EndpointId)>,
    witnesses: Vec<EndpointId>,
    detectors: BTreeMap<EndpointId, Detector>,
    /// What the platform posted.
    pub notices: Vec<Notice>,
    /// When that was last read.
    pub notices_read: Option<i64>,
    /// What colleagues see.
    pub colleagues: Vec<Sighting>,
    /// What ARM says of the accounts.
    pub provisioning: BTreeMap<Region, Provisioning>,
    /// What the decision is measured by.
    pub decision: Decision,
    /// By how much Azure's services are ahead of our clock, and when they said so.
    clocks: BTreeMap<EndpointId, (i64, i64)>,
}

impl Monitor {
    /// Watches what a plan depends on.
    pub fn new(plan: &Plan, witnesses: &[String]) -> Self {
        let thresholds = Thresholds::of(plan.tier);
        let sides = plan.sides().zip([Role::Primary, Role::Secondary]);
        let regions: Vec<_> =
            sides.map(|(s, role)| (s.region.clone(), role, EndpointId(super::watch::endpoint(s)))).collect();
        let witnesses: Vec<EndpointId> = witnesses.iter().map(|w| EndpointId(w.clone())).collect();
        let all = regions
            .iter()
            .map(|r| r.2.clone())
            .chain(witnesses.iter().cloned())
            .chain([EndpointId(ENTRA.to_owned()), EndpointId(ARM.to_owned())]);
        let detectors = all.map(|id| (id.clone(), Detector::new(id, thresholds))).collect();
        Self(Mutex::new(Watched {
            workload: plan.id.clone(),
            regions,
            witnesses,
            detectors,
            notices: Vec::new(),
            notices_read: None,
            colleagues: Vec::new(),
            provisioning: BTreeMap::new(),
            decision: Decision {
                tier: Some(plan.tier),
                rto: Some(plan.rto),
                last_drill: plan.last_drill,
                ..Decision::default()
            },
            clocks: BTreeMap::new(),
        }))
    }

    /// For a moment.
    pub fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// Takes in an observation.
    pub fn observe(&mut self, o: &Observation) {
        if let Some(d) = self.detectors.get_mut(&o.endpoint) {
            d.observe(o);
        }
        // The other endpoints may be anybody's.
        if let Some(ahead) = o.ahead.filter(|_| [ENTRA, ARM].contains(&o.endpoint.0.as_str())) {
            self.clocks.insert(o.endpoint.clone(), (o.at, ahead));
        }
    }

    /// By how much Azure's clock is ahead of ours, in milliseconds.
    pub fn ahead(&self, now: i64) -> Option<i64> {
        skew::agreed(self.clocks.values().copied(), now)
    }

    /// Takes in what the platform says; `read` is when Service Health was read. Unread, the older announcements stay.
    pub fn announce(&mut self, said: Vec<Notice>, states: Vec<(Region, Provisioning)>, read: Option<i64>) {
        if read.is_some() {
            self.notices_read = read;
            self.notices = said;
        } else {
            self.notices.retain(|old| !said.iter().any(|new| new.source == old.source && new.region == old.region));
            self.notices.extend(said);
        }
        self.provisioning.extend(states);
    }

    /// The data plane's detector of a region.
    pub fn region(&self, region: &Region) -> Option<&Detector> {
        let id = &self.regions.iter().find(|r| r.0 == *region)?.2;
        self.detectors.get(id)
    }

    /// Regions with role and detector.
    pub fn regions(&self) -> impl Iterator<Item = (&Region, Role, &Detector)> {
        self.regions.iter().filter_map(|(r, role, id)| self.detectors.get(id).map(|d| (r, *role, d)))
    }

    /// The witnesses' detectors.
    pub fn witnesses(&self) -> Vec<&Detector> {
        self.witnesses.iter().filter_map(|id| self.detectors.get(id)).collect()
    }

    /// A detector by name.
    pub fn named(&self, id: &str) -> Option<&Detector> {
        self.detectors.get(&EndpointId(id.to_owned()))
    }

    /// Everything a verdict is made of, at an instant.
    pub fn inputs(&self, now: i64) -> Inputs<'_> {
        Inputs {
            now,
            workload: &self.workload,
            regions: self
                .regions()
                .map(|(region, role, d)| RegionInput {
                    region: region.clone(),
                    role,
                    endpoints: vec![d.into()],
                    arm: None,
                    provisioning: self.provisioning.get(region).cloned(),
                })
                .collect(),
            witnesses: self.witnesses(),
            entra: self.named(ENTRA),
            arm: self.named(ARM),
            notices: self.notices.clone(),
            notices_read: self.notices_read,
            colleagues: self.colleagues.clone(),
            decision: self.decision.clone(),
            ahead: self.ahead(now),
        }
    }
}
