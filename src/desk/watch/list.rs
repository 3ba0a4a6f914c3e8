//! What is watched: from the plan, the settings and the cloud, before anything is asked.
//!
//! A plan's sides decide what a region is worth to users. Behind each side stand its deployments and what the plan names
//! beside it: each is asked apart, because which of them fails decides the runbook. A name that steers users hides a dead
//! region behind it, so the addresses of the regions are asked, and the name itself speaks for none.

use std::collections::BTreeMap;

use url::Url;

use crate::azure::{Azure, Cloud, versions};
use crate::health::schedule::Rhythm;
use crate::health::{EndpointId, Expectation, Part, Role, Thresholds, WatchSettings};
use crate::plan::inventory::Inventory;
use crate::plan::model::{Plan, Side};
use crate::runbook::model::System;
use crate::units::{Millis, Region, ResourceId};

use super::super::DeskError;
use super::super::monitor::{ARM, ENTRA};

/// What users call, and what tells whether this laptop sees, is asked at the interval of the thresholds; what stands
/// behind it, and each region's control plane, half as often.
const BESIDE: u64 = 2;
/// Model calls cost a little, and a road that is only compared is taken seldom.
const SELDOM: Millis = Millis::from_secs(60);
/// While no run is open and everything is well.
const CALM: Millis = Millis::from_secs(60);
/// How long a probe may take.
const PATIENCE: Millis = Millis::from_secs(10);
/// Deployments that are called in one account; more cost more than they tell.
const DEPLOYMENTS: usize = 20;
/// Kind of the accounts whose own address shows whether they serve.
const ACCOUNT: &str = "Microsoft.CognitiveServices/accounts";
/// Version of the models list that probes ask for.
const MODELS: &str = "/openai/models?api-version=2024-10-21";
/// The value of a plan that names the deployments without which nothing works.
const CRITICAL: &str = "critical";
/// The value of a plan that names the address users have, wherever it leads.
const USERS: &str = "users_url";

/// As whom an address is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// Nobody: whoever answers is alive.
    Nobody,
    /// The signed-in identity; hosts of Azure only.
    Identity,
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A GET.
    Get,
    /// One token of a model.
    Model,
}

/// What an address speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A region's service.
    Service(Region, Part),
    /// A region's control plane.
    Control(Region),
    /// A host that has nothing to do with Azure.
    Witness,
    /// Sign-in, Azure Resource Manager as a whole: see [`ENTRA`], [`ARM`].
    Azure,
    /// No region.
    Nowhere,
    /// What another endpoint speaks of, in this region, past the proxy through which that one is asked.
    Past(EndpointId, Region),
}

/// One address to ask, without the credential, which changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name; unique.
    pub id: EndpointId,
    /// Public address.
    pub public: Url,
    /// What an answer must look like.
    pub expect: Expectation,
    /// As whom.
    pub asker: As,
    /// How.
    pub question: Question,
    /// What it speaks of.
    pub subject: Subject,
    /// In a word or two, for people.
    pub kind: &'static str,
    /// Between two turns while something may be wrong.
    pub every: Millis,
}

impl Item {
    /// Its rhythm; `calm` while no run is open and everything is well.
    pub fn rhythm(&self, calm: bool) -> Rhythm {
        Rhythm { every: if calm { self.every.max(CALM) } else { self.every }, patience: self.patience() }
    }

    /// How long it may take. News is stale after three turns, so that a silence has to be over within one.
    pub fn patience(&self) -> Millis {
        self.every.min(PATIENCE)
    }

    /// How patient its detector is: rules that count calls count those that there are.
    pub fn thresholds(&self, of: Thresholds) -> Thresholds {
        let scaled = |n: u64| n.saturating_mul(of.interval.0) / self.every.0.max(1);
        let few = |n: u32| u32::try_from(scaled(n.into())).unwrap_or(n).max(of.suspect_after + 1).min(n);
        let calls = usize::try_from(scaled(of.window_calls as u64)).unwrap_or(of.window_calls);
        if self.every <= of.interval {
            return of;
        }
        Thresholds {
            interval: self.every,
            persistent_after: of.persistent_after.map(few),
            window_calls: calls.max(1),
            ..of
        }
    }

    /// The region it speaks of.
    pub fn region(&self) -> Option<&Region> {
        match &self.subject {
            Subject::Service(r, _) | Subject::Control(r) | Subject::Past(_, r) => Some(r),
            _ => None,
        }
    }
}

/// Everything that is watched.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// Regions with what they are to the plan, and the endpoint that decides first.
    pub regions: Vec<(Region, Role, EndpointId)>,
    /// Addresses: of the regions in their order, then witnesses, sign-in, control plane, and the rest.
    pub items: Vec<Item>,
    /// How patient detectors are here.
    pub thresholds: Thresholds,
}

impl List {
    /// What a plan depends on, and what the settings add. `known` tells where shared things lie.
    pub fn of(
        plan: &Plan,
        settings: &WatchSettings,
        known: Option<&Inventory>,
        azure: &Azure,
    ) -> Result<Self, DeskError> {
        let cloud = azure.cloud();
        let thresholds = settings.for_plan(plan.tier, &plan.detector);
        let (often, beside) = (thresholds.interval, Millis(thresholds.interval.0.saturating_mul(BESIDE)));
        let mut list = Self { thresholds, ..Self::default() };
        for (side, role) in plan.sides().zip([Role::Primary, Role::Secondary]) {
            list.side(side, role, plan, settings, azure)?;
        }
        let witnesses = match &cloud.simulated {
            Some(s) => &s.witnesses,
            None => &settings.witnesses,
        };
        for w in witnesses {
            let public = address(&format!("https://{w}/"))?;
            list.add(Item::new(w, public, Expectation::Reachable, Subject::Witness, "witness", often));
        }
        let tenant = if cloud.tenant.is_empty() { "organizations" } else { &cloud.tenant };
        let entra = join(&cloud.authority, &format!("/{tenant}/v2.0/.well-known/openid-configuration"))?;
        let issuer = Expectation::JsonWith("issuer".to_owned());
        list.add(Item::new(ENTRA, entra, issuer, Subject::Azure, "sign-in", often));
        let arm = join(&cloud.arm, "/metadata/endpoints?api-version=2022-09-01")?;
        list.add(Item::new(ARM, arm, Expectation::Reachable, Subject::Azure, "control plane", often));
        // What is recovered is not there, and nothing that it needs says anything of a region.
        if plan.secondary.is_some() {
            for item in dependencies(plan, known, cloud, beside)? {
                list.add_if_there(item, cloud);
            }
        }
        for own in &settings.endpoints {
            list.own(&own.name, &own.url, &own.region, cloud)?;
        }
        Ok(list)
    }

    /// Where egress takes a proxy, the regions' endpoints are asked past it as well, seldom: a sick proxy is no sick region.
    pub fn with_roads(mut self, takes_proxy: impl Fn(&Url) -> bool) -> Self {
        let past = |i: &Item| match &i.subject {
            Subject::Service(region, _) if takes_proxy(&i.public) && i.question == Question::Get => Some(Item {
                id: EndpointId(format!("{} (direct)", i.id)),
                subject: Subject::Past(i.id.clone(), region.clone()),
                kind: "direct road",
                every: i.every.max(SELDOM),
                ..i.clone()
            }),
            _ => None,
        };
        for item in self.items.iter().filter_map(past).collect::<Vec<_>>() {
            self.add(item);
        }
        self
    }

    fn side(
        &mut self,
        side: &Side,
        role: Role,
        plan: &Plan,
        settings: &WatchSettings,
        azure: &Azure,
    ) -> Result<(), DeskError> {
        let cloud = azure.cloud();
        let id = self.free(super::endpoint(side), &side.region);
        self.regions.push((side.region.clone(), role, EndpointId(id.clone())));
        let (often, beside) = (self.thresholds.interval, Millis(self.thresholds.interval.0.saturating_mul(BESIDE)));
        let here = |part| Subject::Service(side.region.clone(), part);
        let account = super::account(side);
        if let Some(text) = &side.address {
            let public = address(text)?;
            self.add(Item::new(&id, public, Expectation::Reachable, here(Part::Front), "data plane", often));
        } else if let Some(account) = account {
            let public = join(&cloud.openai_host(account.name())?, MODELS)?;
            let models = Expectation::JsonWith("data".to_owned());
            let item = Item::new(&id, public, models, here(Part::Front), "data plane", often);
            self.add(Item { asker: As::Identity, ..item });
        }
        if let Some(account) = account.filter(|_| plan.system == System::AzureOpenAI)
            && (settings.model_calls || cloud.is_simulated())
        {
            let names = plan.values.get(CRITICAL).map_or("", String::as_str).split(',').map(str::trim);
            for name in names.filter(|n| !n.is_empty()).take(DEPLOYMENTS) {
                let mut public = cloud.openai_host(account.name())?;
                public.set_path(&format!("/openai/deployments/{name}"));
                let id = self.free(format!("{name} at {id}"), &side.region);
                let item = Item::new(
                    &id,
                    public,
                    Expectation::Reachable,
                    here(Part::Deployment),
                    "deployment",
                    SELDOM.max(often),
                );
                self.add(Item { asker: As::Identity, question: Question::Model, ..item });
            }
        }
        if let Some(resource) = &side.resource
            && let Some(version) = versions::of(&resource.kind())
        {
            let public = azure.arm(resource.as_str(), version, &[])?;
            let id = self.free(format!("{ARM} · {}", side.region.display()), &side.region);
            let control = Subject::Control(side.region.clone());
            let item = Item::new(&id, public, Expectation::JsonWith("id".to_owned()), control, "control plane", beside);
            self.add(Item { asker: As::Identity, ..item });
        }
        Ok(())
    }

    /// An address of the operator's own. A region that no side of the plan lies in is looked at, not used.
    fn own(&mut self, name: &str, url: &str, region: &str, cloud: &Cloud) -> Result<(), DeskError> {
        let subject = match region {
            "" => Subject::Nowhere,
            r => Subject::Service(Region::new(r), Part::Front),
        };
        let id = self.free(name.to_owned(), &Region::new(region));
        let item = Item::new(&id, address(url)?, Expectation::Reachable, subject, "own", self.thresholds.interval);
        if let (Some(region), true) = (item.region(), is_there(&item, cloud))
            && !self.regions.iter().any(|r| r.0 == *region)
        {
            self.regions.push((region.clone(), Role::Watched, item.id.clone()));
        }
        self.add_if_there(item, cloud);
        Ok(())
    }

    /// A name that nobody has yet.
    fn free(&self, wanted: String, region: &Region) -> String {
        let taken = |id: &str| self.items.iter().any(|i| i.id.0 == id) || self.regions.iter().any(|r| r.2.0 == id);
        if !taken(&wanted) {
            return wanted;
        }
        let named = format!("{wanted} ({})", region.display());
        let mut numbered = (2..).map(|n| format!("{named} {n}"));
        if taken(&named) { numbered.find(|n| !taken(n)).unwrap_or(named) } else { named }
    }

    fn add(&mut self, item: Item) {
        if !self.items.iter().any(|i| i.id == item.id) {
            self.items.push(item);
        }
    }

    /// A rehearsal plays few hosts: what it does not play says nothing about it.
    fn add_if_there(&mut self, item: Item, cloud: &Cloud) {
        if is_there(&item, cloud) {
            self.add(item);
        }
    }
}

fn is_there(item: &Item, cloud: &Cloud) -> bool {
    !cloud.is_simulated() || cloud.resolve_open(&item.public).is_ok()
}

impl Item {
    fn new(id: &str, public: Url, expect: Expectation, subject: Subject, kind: &'static str, every: Millis) -> Self {
        let id = EndpointId(id.to_owned());
        Self { id, public, expect, asker: As::Nobody, question: Question::Get, subject, kind, every }
    }
}

fn address(text: &str) -> Result<Url, DeskError> {
    text.parse().map_err(|_| DeskError::Address(text.to_owned()))
}

fn join(base: &Url, path: &str) -> Result<Url, DeskError> {
    base.join(path).map_err(|e| DeskError::Address(e.to_string()))
}

/// The Azure AI account of a side, if that is what serves there.
pub fn account(side: &Side) -> Option<&ResourceId> {
    side.resource.as_ref().filter(|r| r.kind().eq_ignore_ascii_case(ACCOUNT))
}

/// What the plan names beside its two sides, and the address that its users have. Each is asked as nobody: a refusal over
/// an authentic connection shows that somebody is there.
fn dependencies(plan: &Plan, known: Option<&Inventory>, cloud: &Cloud, every: Millis) -> Result<Vec<Item>, DeskError> {
    let mut named: BTreeMap<String, (ResourceId, Vec<&str>)> = BTreeMap::new();
    for (name, value) in &plan.values {
        let Ok(id) = value.parse::<ResourceId>() else { continue };
        if plan.sides().any(|s| s.resource.as_ref() == Some(&id)) {
            continue;
        }
        let entry = named.entry(id.as_str().to_ascii_lowercase()).or_insert_with(|| (id, Vec::new()));
        entry.1.push(name);
    }
    let mut out = Vec::new();
    for (id, names) in named.values() {
        let region = place(id, names, plan, known);
        let Some((kind, public)) = liveness(id, region.as_ref(), cloud)? else { continue };
        let subject = region.map_or(Subject::Nowhere, |r| Subject::Service(r, Part::Dependency));
        out.push(Item::new(id.name(), public, Expectation::Reachable, subject, kind, every));
    }
    if let Some(users) = plan.values.get(USERS) {
        let public = address(users)?;
        let name = public.host_str().unwrap_or(users).to_owned();
        out.push(Item::new(&name, public, Expectation::Reachable, Subject::Nowhere, "users' address", every));
    }
    Ok(out)
}

/// Where a thing lies: on the one side whose values name it, else where the inventory has it; else nobody knows.
fn place(id: &ResourceId, names: &[&str], plan: &Plan, known: Option<&Inventory>) -> Option<Region> {
    let all = |prefix: &str| names.iter().all(|n| n.starts_with(prefix));
    let sides = || plan.sides().map(|s| &s.region);
    if all("primary_") {
        return Some(plan.primary.region.clone());
    }
    if all("secondary_") {
        return plan.secondary.as_ref().map(|s| s.region.clone());
    }
    let found = known?.get(id.as_str())?;
    sides().find(|r| **r == found.region).cloned()
}

/// The address at which a resource's data plane answers, by its type.
fn liveness(id: &ResourceId, region: Option<&Region>, cloud: &Cloud) -> Result<Option<(&'static str, Url)>, DeskError> {
    let (name, k) = (id.name().to_ascii_lowercase(), cloud.known);
    let found = match id.kind().to_ascii_lowercase().as_str() {
        "microsoft.keyvault/vaults" => ("key vault", join(&cloud.vault(&name)?, "/secrets?api-version=7.4")?),
        "microsoft.storage/storageaccounts" => {
            ("storage", address(&format!("https://{name}.blob.{}/?comp=list", k.storage))?)
        }
        "microsoft.containerregistry/registries" => {
            ("registry", address(&format!("https://{name}.{}/v2/", k.registry))?)
        }
        "microsoft.appconfiguration/configurationstores" => {
            ("configuration", join(&cloud.store(&name)?, "/kv?api-version=1.0")?)
        }
        "microsoft.cognitiveservices/accounts" => ("model account", join(&cloud.openai_host(&name)?, MODELS)?),
        "microsoft.machinelearningservices/workspaces/onlineendpoints" => match region {
            Some(r) => ("online endpoint", address(&format!("https://{name}.{}.{}/", r.name(), k.scoring))?),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(found))
}
