//! What is watched: one detector an endpoint, fed by probes; asked by verdicts, guards and verifications.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::health::gaps::Gap;
use crate::health::{
    Decision, Detector, Endpoint, EndpointId, Failure, Inputs, Notice, Observation, Part, Provisioning, RegionInput,
    Role, Sighting, Stages, Thresholds, skew,
};
use crate::plan::model::Plan;
use crate::units::{Region, sha256_hex};

use super::snapshot::Posted;
use super::watch::{Item, List, Subject};

/// Endpoint id of sign-in.
pub const ENTRA: &str = "Entra ID";
/// Endpoint id of Azure Resource Manager.
pub const ARM: &str = "ARM";
/// Gaps that are shown; a laptop that sleeps every night has weeks of them.
const GAPS_KEPT: usize = 50;
/// Digits that tell addresses under one name apart.
const ADDRESS: usize = 8;

/// Shared between the desk's tasks; locked for moments only.
pub struct Monitor(Mutex<Watched>);

/// One endpoint: what it is, what is believed of it, what was seen last.
pub struct Known {
    /// What is asked.
    pub item: Item,
    /// What is believed.
    pub detector: Detector,
    /// The newest observation.
    pub newest: Option<Observation>,
    /// What its observations are filed under: another address under the same name is another endpoint.
    pub filed: String,
}

impl Known {
    fn new(item: Item, thresholds: Thresholds) -> Self {
        let detector = Detector::new(item.id.clone(), item.thresholds(thresholds)).of_kind(item.kind);
        let address = sha256_hex(item.public.as_str().as_bytes());
        let filed = format!("{} #{}", item.id, address.get(..ADDRESS).unwrap_or_default());
        Self { detector, item, newest: None, filed }
    }

    /// The same, judged by other thresholds: what was seen since nobody looked last is judged anew.
    fn judged_by(self, item: Item, thresholds: Thresholds, since: i64) -> Self {
        let mut new = Self { newest: self.newest, ..Self::new(item, thresholds) };
        for p in self.detector.history().filter(|p| p.at >= since) {
            new.detector.observe(&Observation {
                endpoint: new.item.id.clone(),
                at: p.at,
                outcome: p.outcome.clone(),
                stages: Stages { total: p.took, ..Stages::default() },
                peer: None,
                via_proxy: false,
                certificate: None,
                detail: None,
                ahead: None,
            });
        }
        new
    }

    /// Whether there is anything that could say something: a deployment that was never made in a region, or that nobody
    /// asked yet, says nothing of it.
    fn is_there(&self) -> bool {
        let absent = |f: &Failure| matches!(f, Failure::Status { code: 404, .. });
        self.newest.as_ref().is_some_and(|o| !o.outcome.failure().is_some_and(absent))
    }
}

/// Everything watched.
pub struct Watched {
    workload: String,
    thresholds: Thresholds,
    regions: Vec<(Region, Role, EndpointId)>,
    /// In the order of the list.
    all: Vec<Known>,
    numbers: HashMap<EndpointId, usize>,
    /// Regions' deciding endpoints that cannot be asked: nothing will ever be known of them.
    silent: BTreeMap<EndpointId, Detector>,
    calm: bool,
    /// What the platform posted.
    pub notices: Vec<Notice>,
    /// When that was last read.
    pub notices_read: Option<i64>,
    /// The same with its whole text, and what could not be read.
    pub posted: Vec<Posted>,
    /// What Azure's meters show.
    pub measured: BTreeMap<String, Notice>,
    /// What colleagues see.
    pub colleagues: Vec<Sighting>,
    /// What ARM says of the accounts.
    pub provisioning: BTreeMap<Region, Provisioning>,
    /// What the decision is measured by.
    pub decision: Decision,
    /// Nobody looked, oldest first.
    pub gaps: VecDeque<Gap>,
    /// Kept at the top by the operator.
    pub pinned: BTreeSet<String>,
    /// By how much Azure's services are ahead of our clock, and when they said so.
    clocks: BTreeMap<EndpointId, (i64, i64)>,
}

impl Monitor {
    /// Watches what a plan depends on.
    pub fn new(plan: &Plan, list: &List) -> Self {
        let mut watched = Watched {
            workload: plan.id.clone(),
            thresholds: list.thresholds,
            regions: Vec::new(),
            all: Vec::new(),
            numbers: HashMap::new(),
            silent: BTreeMap::new(),
            calm: false,
            notices: Vec::new(),
            notices_read: None,
            posted: Vec::new(),
            measured: BTreeMap::new(),
            colleagues: Vec::new(),
            provisioning: BTreeMap::new(),
            decision: Decision {
                tier: Some(plan.tier),
                rto: Some(plan.rto),
                last_drill: plan.last_drill,
                ..Decision::default()
            },
            gaps: VecDeque::new(),
            pinned: BTreeSet::new(),
            clocks: BTreeMap::new(),
        };
        watched.apply(list);
        Self(Mutex::new(watched))
    }

    /// For a moment.
    pub fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// Watches this from now on. What stays keeps what is known of it.
    pub fn apply(&mut self, list: &List) {
        // Other thresholds judge from now on, and what was seen already as well.
        let since = self.gaps.back().map_or(i64::MIN, Gap::over);
        let same = self.thresholds == list.thresholds;
        self.thresholds = list.thresholds;
        let mut before: HashMap<EndpointId, Known> =
            std::mem::take(&mut self.all).into_iter().map(|k| (k.item.id.clone(), k)).collect();
        for item in &list.items {
            // Another address under the same name is another endpoint.
            let stays = before.remove(&item.id).filter(|k| k.item.public == item.public);
            self.all.push(match stays {
                Some(known) if same => Known { item: item.clone(), ..known },
                Some(known) => known.judged_by(item.clone(), self.thresholds, since),
                None => Known::new(item.clone(), self.thresholds),
            });
        }
        self.numbers = self.all.iter().enumerate().map(|(n, k)| (k.item.id.clone(), n)).collect();
        self.regions.clone_from(&list.regions);
        let unasked = self.regions.iter().map(|r| &r.2).filter(|id| !self.numbers.contains_key(id));
        self.silent = unasked.map(|id| (id.clone(), Detector::new(id.clone(), self.thresholds))).collect();
    }

    /// Takes in an observation.
    pub fn observe(&mut self, o: &Observation) {
        if let Some(k) = self.numbers.get(&o.endpoint).and_then(|n| self.all.get_mut(*n)) {
            k.detector.observe(o);
            k.newest = Some(o.clone());
            let interval = k.item.rhythm(self.calm).every;
            k.detector.asked_every(interval);
        }
        // The other endpoints may be anybody's.
        if let Some(ahead) = o.ahead.filter(|_| [ENTRA, ARM].contains(&o.endpoint.0.as_str())) {
            self.clocks.insert(o.endpoint.clone(), (o.at, ahead));
        }
    }

    /// From now on everything is asked seldom, or often again. News is stale after three turns: with longer turns that is
    /// later at once, with shorter ones as soon as each endpoint was asked.
    pub fn calm(&mut self, calm: bool) {
        self.calm = calm;
        if calm {
            for k in &mut self.all {
                let interval = k.item.rhythm(true).every;
                k.detector.asked_every(interval);
            }
        }
    }

    /// Whether every endpoint has fresh news, and none of it is trouble.
    pub fn all_well(&self, now: i64) -> bool {
        let fine = |f: &Failure| f.proves_life() && !f.is_throttle();
        // Where only the proxy leads out, the direct road fails for ever.
        let mut asked = self.all.iter().filter(|k| !matches!(k.item.subject, Subject::Past(..)));
        asked.all(|k| k.detector.news(now).is_some_and(|p| p.outcome.failure().is_none_or(fine)))
    }

    /// Nobody looked for a while: what was seen before proves nothing about now.
    pub fn gap(&mut self, gap: Gap) {
        let now = gap.over();
        for k in &mut self.all {
            k.detector.gap(now);
        }
        self.clocks.clear();
        if self.gaps.len() >= GAPS_KEPT {
            self.gaps.pop_front();
        }
        self.gaps.push_back(gap);
    }

    /// By how much Azure's clock is ahead of ours, in milliseconds.
    pub fn ahead(&self, now: i64) -> Option<i64> {
        skew::agreed(self.clocks.values().copied(), now)
    }

    /// Takes in what the platform says; `read` is when Service Health was read. Unread, the older announcements stay.
    pub fn announce(
        &mut self,
        said: Vec<Notice>,
        states: Vec<(Region, Provisioning)>,
        posted: Vec<Posted>,
        read: Option<i64>,
    ) {
        if read.is_some() {
            self.notices_read = read;
            self.notices = said;
            self.posted = posted;
        } else {
            self.notices.retain(|old| !said.iter().any(|new| new.source == old.source && new.region == old.region));
            self.notices.extend(said);
            let new = |old: &Posted| !posted.iter().any(|p| p.source == old.source && p.title == old.title);
            let older: Vec<Posted> = std::mem::take(&mut self.posted).into_iter().filter(new).collect();
            self.posted = posted;
            // That it could not be read is said once, by the newest try.
            self.posted.extend(older.into_iter().filter(|p| !p.title.ends_with("could not be read")));
        }
        self.provisioning.extend(states);
    }

    /// Takes in what Azure's meters show, by what each is of; what could not be read keeps what it showed, with its age.
    pub fn measure(&mut self, seen: Vec<(String, Notice)>) {
        self.measured.extend(seen);
    }

    fn detector(&self, id: &EndpointId) -> Option<&Detector> {
        let known = self.numbers.get(id).and_then(|n| self.all.get(*n));
        known.map(|k| &k.detector).or_else(|| self.silent.get(id))
    }

    /// The data plane's detector of a region.
    pub fn region(&self, region: &Region) -> Option<&Detector> {
        self.detector(&self.regions.iter().find(|r| r.0 == *region)?.2)
    }

    /// Regions with role and detector.
    pub fn regions(&self) -> impl Iterator<Item = (&Region, Role, &Detector)> {
        self.regions.iter().filter_map(|(r, role, id)| self.detector(id).map(|d| (r, *role, d)))
    }

    /// Everything that is asked, in its order.
    pub fn known(&self) -> impl Iterator<Item = &Known> {
        self.all.iter()
    }

    /// Whether it is a road past a proxy, beside the one that is taken.
    pub fn is_past(&self, id: &EndpointId) -> bool {
        let known = self.numbers.get(id).and_then(|n| self.all.get(*n));
        known.is_some_and(|k| matches!(k.item.subject, Subject::Past(..)))
    }

    /// What an endpoint's observations are filed under.
    pub fn filed(&self, id: &EndpointId) -> Option<&str> {
        self.numbers.get(id).and_then(|n| self.all.get(*n)).map(|k| k.filed.as_str())
    }

    /// Whether everything is asked seldom.
    pub fn is_calm(&self) -> bool {
        self.calm
    }

    /// The witnesses' detectors.
    pub fn witnesses(&self) -> Vec<&Detector> {
        self.known().filter(|k| k.item.subject == Subject::Witness).map(|k| &k.detector).collect()
    }

    /// A detector by name.
    pub fn named(&self, id: &str) -> Option<&Detector> {
        self.detector(&EndpointId(id.to_owned()))
    }

    /// What ARM answers of a region's resource, when that is watched apart.
    pub fn control(&self, region: &Region) -> Option<&Detector> {
        self.known().find(|k| matches!(&k.item.subject, Subject::Control(r) if r == region)).map(|k| &k.detector)
    }

    /// What is asked in each region, in one pass.
    fn by_region(&self) -> HashMap<&Region, Vec<Endpoint<'_>>> {
        let mut out: HashMap<&Region, Vec<Endpoint<'_>>> = HashMap::new();
        for (region, _, front) in &self.regions {
            let silent = self.silent.get(front).map(Endpoint::from);
            out.entry(region).or_default().extend(silent);
        }
        let mut past: HashMap<&EndpointId, &Detector> = HashMap::new();
        for k in &self.all {
            if let Subject::Past(of, _) = &k.item.subject {
                past.insert(of, &k.detector);
            }
        }
        for k in &self.all {
            if let Subject::Service(region, part) = &k.item.subject
                && let Some(here) = out.get_mut(region).filter(|_| *part == Part::Front || k.is_there())
            {
                here.push(Endpoint { part: *part, detector: &k.detector, direct: past.get(&k.item.id).copied() });
            }
        }
        out
    }

    /// Everything a verdict is made of, at an instant.
    pub fn inputs(&self, now: i64) -> Inputs<'_> {
        let mut endpoints = self.by_region();
        Inputs {
            now,
            workload: &self.workload,
            regions: self
                .regions
                .iter()
                .map(|(region, role, _)| RegionInput {
                    region: region.clone(),
                    role: *role,
                    endpoints: endpoints.remove(region).unwrap_or_default(),
                    arm: self.control(region),
                    provisioning: self.provisioning.get(region).cloned(),
                })
                .collect(),
            witnesses: self.witnesses(),
            entra: self.named(ENTRA),
            arm: self.named(ARM),
            notices: self.notices.iter().chain(self.measured.values()).cloned().collect(),
            notices_read: self.notices_read,
            colleagues: self.colleagues.clone(),
            decision: self.decision.clone(),
            ahead: self.ahead(now),
        }
    }
}
