//! The simulated tenant: what exists, what was changed when, and its copy on disk.
//!
//! All times in here are scenario time in milliseconds, so that the world can be taken up again at any hour. The copy is
//! written before the answer to a request that changes something, as Azure would have kept it; it is meant to survive a
//! killed process, not a power cut, hence it is not synced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::SimulatorError;
use super::rollout::Rollouts;
use super::things::{self, Gone, Group, Lock, Object, Role, Thing};
use super::traffic::{self, Profile};
use crate::rehearsal::scenario::{Scenario, World as Script};
use crate::rehearsal::things::{Deleted, DeletedKind, full_id};
use crate::runbook::model::Strategy;
use crate::units::sha256_hex;

/// Version of the file. Before version 2 the world held AI accounts, stores and profiles only; such a file is still read.
const SCHEMA: u32 = 2;
const OLDEST: u32 = 1;
/// Entries of the activity log, operations and history are bounded; a rehearsal makes a few dozen.
const KEPT: usize = 5_000;
/// Of a client request id so much counts; a UUID has 36 characters.
const ID_LENGTH: usize = 128;
/// Before everything: the start of what was always so.
pub const ALWAYS: i64 = i64::MIN;

/// State that requests change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// Version of the file.
    pub schema: u32,
    /// Scenario id.
    pub scenario: String,
    /// Strategy it was built for.
    pub strategy: Option<Strategy>,
    /// Where the scenario's clock stood at the last write.
    pub position: u64,
    /// Scenario time zero, in milliseconds since the Unix epoch.
    pub epoch: i64,
    /// Listener name → port.
    pub ports: BTreeMap<String, u16>,
    /// Azure OpenAI accounts.
    pub accounts: Vec<Account>,
    /// Soft-deleted ones.
    pub deleted: Vec<Account>,
    /// App Configuration stores.
    pub stores: Vec<Store>,
    /// Traffic Manager profiles.
    pub profiles: Vec<Profile>,
    /// Resource groups.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Any other resources.
    #[serde(default)]
    pub things: Vec<Thing>,
    /// Soft-deleted ones.
    #[serde(default)]
    pub gone: Vec<Gone>,
    /// What is in vaults.
    #[serde(default)]
    pub objects: Vec<Object>,
    /// What is in containers of storage accounts.
    #[serde(default)]
    pub blobs: Vec<super::blob::Blob>,
    /// Locks.
    #[serde(default)]
    pub locks: Vec<Lock>,
    /// Role assignments.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Long-running operations.
    pub operations: Vec<Operation>,
    /// The activity log.
    pub log: Vec<LogEntry>,
    /// Changing requests by client request id.
    pub counts: BTreeMap<String, u64>,
    /// Numbers handed out.
    pub next: u64,
    /// Deployments of templates.
    #[serde(default)]
    pub rollouts: Rollouts,
    /// Account, in lower case → how often each of its keys was made anew.
    #[serde(default)]
    pub turned: BTreeMap<String, [u32; 2]>,
    /// Resources made lately: path and when.
    #[serde(default)]
    pub fresh: Vec<(String, i64)>,
    /// Namespaces that were unregistered, in lower case.
    #[serde(default)]
    pub unregistered: Vec<String>,
    /// Tags of the subscription itself.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The worlds of further subscriptions, by id in lower case.
    #[serde(default)]
    pub others: BTreeMap<String, World>,
    /// Something to be written.
    #[serde(skip)]
    pub changed: bool,
}

/// An Azure AI account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Name and custom subdomain.
    pub name: String,
    /// `OpenAI`, unless the scenario says otherwise.
    #[serde(default = "openai")]
    pub kind: String,
    /// Resource group.
    pub group: String,
    /// Region.
    pub region: String,
    /// Median answer time, in milliseconds.
    pub latency: u64,
    /// Provisioned from this time on.
    pub ready_at: i64,
    /// Its making failed in the end.
    #[serde(default)]
    pub failed: bool,
    /// When it was deleted.
    pub deleted_at: Option<i64>,
    /// Custom subdomain, where it is not the name.
    #[serde(default)]
    pub subdomain: Option<String>,
    /// What stands beside the properties as sent: tier, identity.
    #[serde(default)]
    pub top: Map<String, Value>,
    /// Tags as sent.
    pub tags: BTreeMap<String, String>,
    /// Properties as sent, beyond those that follow from the rest.
    #[serde(default)]
    pub more: Map<String, Value>,
    /// Model deployments.
    pub deployments: Vec<Deployment>,
    /// What served when: every change of a deployment's capacity in force.
    pub history: Vec<Capacity>,
}

fn openai() -> String {
    "OpenAI".to_owned()
}

fn standard() -> String {
    "Standard".to_owned()
}

/// A model deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Name.
    pub name: String,
    /// Model.
    pub model: String,
    /// Model version.
    pub version: String,
    /// Tier.
    #[serde(default = "standard")]
    pub sku: String,
    /// Tags and settings as sent.
    #[serde(default)]
    pub more: Map<String, Value>,
    /// Capacity asked for, in units of 1,000 tokens a minute.
    pub capacity: u32,
    /// In force from this time on.
    pub ready_at: i64,
    /// Never served yet before `ready_at`.
    pub new: bool,
    /// Its making failed in the end.
    #[serde(default)]
    pub failed: bool,
    /// Gone from this time on.
    pub gone_at: Option<i64>,
}

/// From `at` on a deployment had this capacity in force; 0: none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// Since when.
    pub at: i64,
    /// Deployment.
    pub deployment: String,
    /// Units.
    pub units: u32,
}

/// An App Configuration store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Store {
    /// Name.
    pub name: String,
    /// Resource group.
    pub group: String,
    /// Region.
    pub region: String,
    /// Current keys.
    pub values: Vec<KeyValue>,
    /// What unlabelled keys were when, oldest first; `None`: deleted.
    pub history: Vec<(i64, String, Option<String>)>,
}

/// A key of a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyValue {
    /// Key.
    pub key: String,
    /// Label.
    pub label: Option<String>,
    /// Value.
    pub value: String,
    /// Content type.
    pub content_type: Option<String>,
    /// Tags as sent.
    pub tags: BTreeMap<String, String>,
    /// Changes with every write.
    pub etag: String,
    /// Read-only.
    #[serde(default)]
    pub locked: bool,
    /// Last write.
    pub at: i64,
}

/// A long-running operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operation {
    /// Its id in the status address.
    pub id: String,
    /// Region in the status address.
    pub region: String,
    /// Resource it works on.
    pub resource: String,
    /// Start.
    pub from: i64,
    /// End.
    pub until: i64,
    /// A removal ends without a body.
    pub removes: bool,
    /// Provider in the status address; empty: Cognitive Services.
    #[serde(default)]
    pub provider: String,
    /// Body that it ends with, instead of the resource's.
    #[serde(default)]
    pub answer: Option<Value>,
    /// It ends with 200 and no body.
    #[serde(default)]
    pub empty: bool,
    /// Code with which it fails in the end.
    #[serde(default)]
    pub fails: Option<String>,
}

/// One line of the activity log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogEntry {
    /// When.
    pub at: i64,
    /// Resource.
    pub resource: String,
    /// `Microsoft.…/write`.
    pub operation: String,
    /// HTTP method.
    pub method: String,
    /// Status answered.
    pub status: u16,
    /// As sent.
    pub client_request_id: String,
    /// Ours.
    pub correlation_id: String,
    /// Who.
    pub caller: String,
}

fn keep_newest<T>(all: &mut Vec<T>) {
    let over = all.len().saturating_sub(KEPT);
    all.drain(..over);
}

/// Whether something exists in a strategy.
pub fn applies(only_in: &[Strategy], strategy: Option<Strategy>) -> bool {
    only_in.is_empty() || strategy.is_some_and(|s| only_in.contains(&s))
}

impl World {
    /// The world at the beginning of a scenario.
    pub fn new(scenario: &Scenario, strategy: Option<Strategy>, epoch: i64) -> Self {
        let script = &scenario.world;
        let things = things::things(script, strategy, epoch);
        Self {
            schema: SCHEMA,
            scenario: scenario.id.clone(),
            strategy,
            position: 0,
            epoch,
            ports: BTreeMap::new(),
            accounts: script
                .accounts
                .iter()
                .filter(|a| applies(&a.only_in, strategy))
                .map(|a| account(a, strategy))
                .collect(),
            deleted: script.deleted.iter().filter(|d| d.what == DeletedKind::AIAccount).map(deleted).collect(),
            stores: stores(script, strategy),
            profiles: traffic::profiles(script, strategy),
            groups: things::groups(script, &things),
            gone: things::gone(script, epoch),
            objects: things::objects(script, &things),
            locks: things::locks(script),
            roles: super::arm::roles(script),
            things,
            operations: Vec::new(),
            log: script.deleted.iter().filter(|d| !d.what.in_vault()).map(|d| deletion(script, d)).collect(),
            counts: BTreeMap::new(),
            next: 1,
            rollouts: Rollouts::default(),
            turned: BTreeMap::new(),
            blobs: Vec::new(),
            fresh: Vec::new(),
            unregistered: Vec::new(),
            tags: BTreeMap::new(),
            others: super::others::worlds(scenario, strategy, epoch),
            changed: true,
        }
    }

    /// The world as it was left, if the file is there.
    pub fn load(path: &Path) -> Result<Option<Self>, SimulatorError> {
        let bytes = match std::fs::read(path) {
            Ok(b) => b,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SimulatorError::ReadState { path: path.to_owned(), source }),
        };
        let world: Self = serde_json::from_slice(&bytes)
            .map_err(|source| SimulatorError::BadState { path: path.to_owned(), source })?;
        if !(OLDEST..=SCHEMA).contains(&world.schema) {
            return Err(SimulatorError::StateVersion { path: path.to_owned(), found: world.schema });
        }
        Ok(Some(world))
    }

    /// A world of an older file with what its version did not keep, as it is at the start.
    pub fn brought_up(self, start: Self) -> Self {
        if self.schema == SCHEMA {
            return self;
        }
        let Self { schema, groups, things, gone, objects, locks, roles, .. } = start;
        Self { schema, groups, things, gone, objects, locks, roles, ..self }
    }

    /// Writes the copy beside the old one and renames it over.
    pub fn save(&mut self, path: &Path, position: u64) -> Result<(), SimulatorError> {
        self.position = position;
        let failed = |source| SimulatorError::WriteState { path: path.to_owned(), source };
        let bytes = serde_json::to_vec(self).map_err(|e| failed(e.into()))?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        std::fs::write(&temporary, bytes).map_err(failed)?;
        std::fs::rename(&temporary, path).map_err(failed)?;
        self.changed = false;
        Ok(())
    }

    /// A fresh number.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Drops what is over: removed deployments, and the oldest of what only grows.
    pub fn settle(&mut self, at: i64) {
        for a in &mut self.accounts {
            a.deployments.retain(|d| d.gone_at.is_none_or(|gone| at < gone));
        }
        self.settle_things(at);
        keep_newest(&mut self.log);
        keep_newest(&mut self.operations);
        keep_newest(&mut self.deleted);
        for a in &mut self.accounts {
            keep_newest(&mut a.history);
        }
    }

    /// Counts a request that may change something.
    pub fn count(&mut self, client_request_id: &str) {
        // Ids beyond the bound share one line: a flood must not eat the memory, and its sum still shows.
        let id: String = client_request_id.chars().take(ID_LENGTH).collect();
        let known = self.counts.contains_key(&id);
        let key = if known || self.counts.len() < KEPT { id } else { "(more)".to_owned() };
        *self.counts.entry(key).or_default() += 1;
        self.changed = true;
    }

    /// An account by name.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// The account that answers under a subdomain.
    pub fn serving(&self, subdomain: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.subdomain().eq_ignore_ascii_case(subdomain))
    }

    /// A store by name.
    pub fn store(&self, name: &str) -> Option<&Store> {
        self.stores.iter().find(|s| s.name.eq_ignore_ascii_case(name))
    }
}

impl Account {
    /// The first label of its address, in lower case.
    pub fn subdomain(&self) -> String {
        self.subdomain.as_deref().unwrap_or(&self.name).to_ascii_lowercase()
    }

    /// A deployment by name.
    pub fn deployment(&self, name: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.name.eq_ignore_ascii_case(name))
    }

    /// Capacity in force at a time; 0 when the deployment does not serve.
    pub fn capacity(&self, deployment: &str, at: i64) -> u32 {
        // The last change in time decides, and of equal times the last recorded.
        self.history
            .iter()
            .filter(|c| c.at <= at && c.deployment.eq_ignore_ascii_case(deployment))
            .max_by_key(|c| c.at)
            .map_or(0, |c| c.units)
    }
}

impl Deployment {
    /// What ARM calls its state.
    pub fn state(&self, at: i64) -> &'static str {
        match self {
            d if d.gone_at.is_some() => "Deleting",
            d if at >= d.ready_at && d.failed => "Failed",
            d if at >= d.ready_at => "Succeeded",
            d if d.new => "Creating",
            _ => "Accepted",
        }
    }
}

impl Store {
    /// An unlabelled key's value at a time.
    pub fn value_at(&self, key: &str, at: i64) -> Option<&str> {
        self.history.iter().rfind(|(t, k, _)| *t <= at && k == key).and_then(|(_, _, v)| v.as_deref())
    }
}

fn account(a: &crate::rehearsal::scenario::Account, strategy: Option<Strategy>) -> Account {
    let here = || a.deployments.iter().filter(|d| applies(&d.only_in, strategy));
    Account {
        name: a.name.clone(),
        kind: openai(),
        group: a.group.clone(),
        region: a.region.name().to_owned(),
        latency: a.latency.0,
        ready_at: ALWAYS,
        failed: false,
        deleted_at: None,
        subdomain: None,
        top: Map::new(),
        tags: BTreeMap::new(),
        more: Map::new(),
        deployments: here().map(deployment).collect(),
        history: here().map(served).collect(),
    }
}

fn deleted(d: &Deleted) -> Account {
    Account {
        name: d.name.clone(),
        kind: d.kind.clone().unwrap_or_else(openai),
        group: d.group.clone(),
        region: d.region.name().to_owned(),
        latency: 60,
        ready_at: ALWAYS,
        failed: false,
        deleted_at: Some(-i64::try_from(d.ago.0).unwrap_or(i64::MAX)),
        subdomain: None,
        top: Map::new(),
        tags: BTreeMap::new(),
        more: d.properties.as_object().cloned().unwrap_or_default(),
        deployments: d.deployments.iter().map(deployment).collect(),
        history: d.deployments.iter().map(served).collect(),
    }
}

fn deployment(d: &crate::rehearsal::scenario::Deployment) -> Deployment {
    Deployment {
        name: d.name.clone(),
        model: d.model.clone(),
        version: d.version.clone(),
        sku: standard(),
        more: Map::new(),
        capacity: d.capacity,
        ready_at: ALWAYS,
        new: false,
        failed: false,
        gone_at: None,
    }
}

fn served(d: &crate::rehearsal::scenario::Deployment) -> Capacity {
    Capacity { at: ALWAYS, deployment: d.name.clone(), units: d.capacity }
}

/// The log's line about what was deleted before the start.
fn deletion(script: &Script, d: &Deleted) -> LogEntry {
    let kind = d.what.resource_type();
    let id = uuid(0, &format!("deletion/{}", d.name));
    LogEntry {
        at: -i64::try_from(d.ago.0).unwrap_or(i64::MAX),
        resource: full_id(&format!("{}/{kind}/{}", d.group, d.name), &script.subscription),
        operation: format!("{kind}/delete"),
        method: "DELETE".to_owned(),
        status: 200,
        client_request_id: id.clone(),
        correlation_id: id,
        caller: script.client_id.clone(),
    }
}

fn stores(script: &Script, strategy: Option<Strategy>) -> Vec<Store> {
    let build = |s: &crate::rehearsal::scenario::Store| {
        let mut values = s.values.clone();
        if let Some(more) = strategy.and_then(|x| s.values_in.get(&x)) {
            values.extend(more.clone());
        }
        Store {
            name: s.name.clone(),
            group: s.group.clone(),
            region: s.region.name().to_owned(),
            history: values.iter().map(|(k, v)| (ALWAYS, k.clone(), Some(v.clone()))).collect(),
            values: values
                .into_iter()
                .map(|(key, value)| KeyValue {
                    etag: etag(&s.name, &key, 0),
                    key,
                    label: None,
                    value,
                    content_type: None,
                    tags: BTreeMap::new(),
                    locked: false,
                    at: 0,
                })
                .collect(),
        }
    };
    script.stores.iter().map(build).collect()
}

/// A store's mark of one version of one key.
pub fn etag(store: &str, key: &str, number: u64) -> String {
    sha256_hex(format!("{store}\n{key}\n{number}").as_bytes())[..32].to_owned()
}

/// A repeatable number from the seed and what it is for, in `0..below`.
pub fn dice(seed: u64, what: &str, below: u64) -> u64 {
    let h = sha256_hex(format!("{seed}/{what}").as_bytes());
    u64::from_str_radix(&h[..15], 16).unwrap_or(0) % below.max(1)
}

/// A repeatable id in the shape of a UUID.
pub fn uuid(seed: u64, what: &str) -> String {
    let h = sha256_hex(format!("{seed}/uuid/{what}").as_bytes());
    format!("{}-{}-4{}-a{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
}
