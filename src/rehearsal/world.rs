//! The simulated Azure of a scenario, as it is at the start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::things::{Deleted, Resource, Rights, RoleAssignment, Site, Target};
use crate::runbook::model::Strategy;
use crate::units::{Millis, Region};

/// A simulated tenant with one subscription, and perhaps more beside it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct World {
    /// Shown as the environment's name.
    pub environment: String,
    /// Subscription id.
    pub subscription: String,
    /// Tenant id.
    pub tenant: String,
    /// Application that may sign in.
    pub client_id: String,
    /// Its secret; a simulated one.
    pub client_secret: String,
    /// Resource groups: name → region.
    pub groups: BTreeMap<String, Region>,
    /// Azure OpenAI accounts.
    pub accounts: Vec<Account>,
    /// Quota by region and model, in units of 1,000 tokens a minute.
    pub quotas: Vec<Quota>,
    /// App Configuration stores.
    pub stores: Vec<Store>,
    /// Traffic Manager profiles.
    pub profiles: Vec<Profile>,
    /// Any other resources.
    pub resources: Vec<Resource>,
    /// Addresses behind them.
    pub sites: Vec<Site>,
    /// Names that are other names: `www.shop.example` → `tm-shop.trafficmanager.net`.
    pub names: BTreeMap<String, String>,
    /// What is not there of the world that this one begins with: names of groups, accounts, stores and deleted things, ids of
    /// resources as [`Resource::id`] writes them. What is below a resource goes with it.
    pub without: Vec<String>,
    /// What is in soft delete at the start.
    pub deleted: Vec<Deleted>,
    /// Delete locks: resource group name or ARM id.
    pub locks: Vec<String>,
    /// Further subscriptions of the tenant.
    pub more_subscriptions: Vec<MoreSubscription>,
    /// Role assignments at the start.
    pub roles: Vec<RoleAssignment>,
    /// What the signed-in identity may do; empty: everything.
    pub rights: Vec<Rights>,
    /// Two unrelated hosts that tell whether the observer is online.
    pub witnesses: Vec<String>,
    /// The users of the service.
    pub clients: Option<Clients>,
    /// How long a new resource is missing from ARM's reads and lists, which are eventually consistent.
    pub unseen: Millis,
    /// Operations of Resource Manager take so many times less than Azure's, for clients that wait in real time; 0 is as Azure.
    pub quick: u32,
}

/// One more subscription: what lies in it is seen by ARM and has no data plane.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoreSubscription {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Resource groups: name → region.
    #[serde(default)]
    pub groups: BTreeMap<String, Region>,
    /// Resources.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// What is in soft delete at the start.
    #[serde(default)]
    pub deleted: Vec<Deleted>,
    /// The identity sees that it is there, and may read nothing in it.
    #[serde(default)]
    pub denied: bool,
}

/// A Cognitive Services account of kind `OpenAI`. Its host is `{name}.openai.azure.com`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Name and custom subdomain.
    pub name: String,
    /// Resource group.
    pub group: String,
    /// Region.
    pub region: Region,
    /// Median answer time of a one-token call.
    #[serde(default = "usual_latency")]
    pub latency: Millis,
    /// Exists at the start only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
    /// Model deployments at the start.
    #[serde(default)]
    pub deployments: Vec<Deployment>,
}

fn usual_latency() -> Millis {
    Millis(60)
}

/// A model deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Name.
    pub name: String,
    /// Model, e.g. `gpt-4o`.
    pub model: String,
    /// Model version.
    pub version: String,
    /// Capacity, in units of 1,000 tokens a minute.
    pub capacity: u32,
    /// Exists at the start only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
}

/// What a region offers of a model. A model without a row is not offered there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Region.
    pub region: Region,
    /// Model.
    pub model: String,
    /// Versions offered.
    pub versions: Vec<String>,
    /// Limit, in units of 1,000 tokens a minute.
    pub limit: u32,
    /// Held by others in the subscription.
    #[serde(default)]
    pub used_elsewhere: u32,
}

/// An App Configuration store. Its host is `{name}.azconfig.io`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Name.
    pub name: String,
    /// Resource group.
    pub group: String,
    /// Region.
    pub region: Region,
    /// Keys at the start.
    pub values: BTreeMap<String, String>,
    /// Keys that differ at the start by strategy.
    #[serde(default)]
    pub values_in: BTreeMap<Strategy, BTreeMap<String, String>>,
}

/// A Traffic Manager profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name and DNS label.
    pub name: String,
    /// Resource group.
    pub group: String,
    /// `Priority`, `Weighted` or `Performance`.
    pub routing: String,
    /// Another method in these strategies.
    #[serde(default)]
    pub routing_in: BTreeMap<Strategy, String>,
    /// DNS time to live.
    pub ttl: u32,
    /// Accounts behind it, in priority order.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// What else is behind it, in priority order, after the accounts.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// A modelled population of clients that read weights `weight-<region>` from a store and call the accounts accordingly.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// Store they read.
    pub store: String,
    /// Accounts they call.
    pub accounts: Vec<String>,
    /// Every client re-reads the store once in this time, evenly spread.
    pub refresh: Millis,
    /// Calls a minute of all of them.
    pub calls_per_minute: u32,
}
