//! What was read of both sides of a plan, and which of its resources belong together. A value that could not be read is
//! kept as that, with the reason: not read is never the same as equal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::model::Plan;
use crate::runbook::model::{ParameterKind, Role, Runbook};
use crate::units::{Millis, Region, ResourceId};

/// A value, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known<T> {
    /// As Azure says it.
    Read(T),
    /// Not known, because of this.
    Unread(String),
}

impl<T> Known<T> {
    /// The value, if it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Read(v) => Some(v),
            Self::Unread(_) => None,
        }
    }
    /// Why it is not known.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Read(_) => None,
            Self::Unread(why) => Some(why),
        }
    }
    /// Of an answer or its error.
    pub fn of<E: std::fmt::Display>(r: Result<T, E>) -> Self {
        match r {
            Ok(v) => Self::Read(v),
            Err(e) => Self::Unread(e.to_string()),
        }
    }
}

/// Everything that was read for a plan at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Plan id.
    pub plan: String,
    /// SHA-256 of the plan's texts: what was bound when it was read.
    pub digest: String,
    /// Of which Azure.
    pub azure: String,
    /// That Azure is a simulated one.
    pub simulated: bool,
    /// When it was read, UTC milliseconds.
    pub at: i64,
    /// By id in lower case; `None` where Azure says that it does not exist.
    pub things: BTreeMap<String, Known<Option<Thing>>>,
    /// Region of each resource group, by id in lower case.
    pub groups: BTreeMap<String, Known<Region>>,
    /// Quota of the secondary region for models: name → (used, limit).
    pub quota: Known<Quota>,
    /// The same in further subscriptions that hold accounts of the secondary side, by id in lower case.
    pub more_quota: BTreeMap<String, Known<Quota>>,
}

/// Name → (used, limit).
pub type Quota = BTreeMap<String, (i64, i64)>;

impl Seen {
    /// What was read of a resource.
    pub fn thing(&self, id: &ResourceId) -> Option<&Known<Option<Thing>>> {
        self.things.get(&id.as_str().to_ascii_lowercase())
    }
    /// Quota that an account of this subscription draws on.
    pub fn quota_of(&self, subscription: &str) -> &Known<Quota> {
        self.more_quota.get(&subscription.to_ascii_lowercase()).unwrap_or(&self.quota)
    }
    /// Whether another reading of the same plan takes its place.
    pub fn same_place(&self, other: &Self) -> bool {
        self.digest == other.digest && self.azure == other.azure && self.simulated == other.simulated
    }
    /// Why nothing at all could be read; `None` when something was.
    pub fn blank(&self) -> Option<&str> {
        let all = || self.things.values().map(Known::why).chain(self.groups.values().map(Known::why));
        if all().any(|why| why.is_none()) { None } else { all().flatten().next() }
    }
    /// How old it is.
    pub fn age(&self, now_utc: i64) -> Millis {
        Millis(u64::try_from(now_utc.saturating_sub(self.at)).unwrap_or(0))
    }
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// Region; empty for what lies in none.
    pub region: Region,
    /// Kind, where the type has kinds.
    pub kind: Option<String>,
    /// Tier.
    pub sku: Option<String>,
    /// `Succeeded`; none where Azure tells none.
    pub state: Option<String>,
    /// `Enabled`, `Disabled`; none where Azure tells none.
    pub public_network: Option<String>,
    /// Object id of its own identity, if it has one: each resource has another.
    pub identity: Option<String>,
    /// Who may do what with it: on it, and above it.
    pub roles: Known<Vec<Assignment>>,
    /// What only this type has.
    pub parts: Parts,
}

/// A role assignment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Assignment {
    /// Object id of a person, group or application.
    pub principal: String,
    /// `User`, `Group`, `ServicePrincipal`.
    pub principal_kind: String,
    /// Id of the role definition, its last part.
    pub role: String,
}

/// What only some types have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parts {
    /// Nothing that is compared.
    Other,
    /// An AI account.
    Account {
        /// Its model deployments.
        deployments: Known<Vec<Deployment>>,
    },
    /// A key vault.
    Vault {
        /// Days that deleted things are kept.
        keep_days: Option<u64>,
        /// Nobody can purge.
        purge_protection: bool,
    },
    /// A storage account.
    Storage {
        /// Where its copy lies, if it has one.
        copy_in: Option<Region>,
        /// `available`, `unavailable`; none without a copy.
        copy_status: Option<String>,
        /// `Live`, `Bootstrap`, `Unavailable`; `None` where Azure tells none.
        replication: Known<Option<String>>,
    },
    /// A container registry.
    Registry {
        /// Its replicas, the home region's left out.
        replicas: Known<Vec<Replica>>,
    },
    /// A Traffic Manager profile.
    Profile {
        /// It answers.
        enabled: bool,
        /// Routing method.
        routing: String,
        /// Time to live of its answers, in seconds.
        ttl: Option<u64>,
        /// Endpoints.
        endpoints: Vec<Endpoint>,
    },
    /// A workspace or hub.
    Workspace {
        /// Its connections.
        connections: Known<Vec<Connection>>,
    },
}

/// A model deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Name.
    pub name: String,
    /// `OpenAI`.
    pub format: String,
    /// Model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// `Standard`, `GlobalStandard`, …
    pub sku: String,
    /// Capacity in the unit of the model.
    pub capacity: i64,
    /// `Succeeded`, …
    pub state: String,
    /// Content filter policy.
    pub filter: Option<String>,
    /// Name of the quota that it would draw on in the secondary region.
    pub quota: String,
}

/// A replica of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// Region.
    pub region: Region,
    /// `Succeeded`, …
    pub state: String,
    /// The registry's one name leads to it.
    pub routed: bool,
}

/// An endpoint of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Name.
    pub name: String,
    /// `AzureEndpoints`, `ExternalEndpoints`, `NestedEndpoints`.
    pub kind: String,
    /// It takes part.
    pub enabled: bool,
    /// `Online`, `Degraded`, …
    pub monitor: String,
    /// Host it leads to.
    pub target: String,
    /// Resource behind it.
    pub resource: Option<String>,
    /// Region it stands for.
    pub region: Option<Region>,
}

/// A connection of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Name.
    pub name: String,
    /// `AIServices`, `AzureOpenAI`, `AzureBlob`, …
    pub category: String,
    /// Where it leads.
    pub target: String,
}

/// Resources of a plan that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Parameter that names the primary's, or the one for both.
    pub parameter: String,
    /// The primary's.
    pub primary: ResourceId,
    /// The secondary's; none: both sides use one.
    pub secondary: Option<ResourceId>,
    /// A workspace's default storage, which no failover supports.
    pub default_store: bool,
}

/// The pairs of a plan: parameters with a role, and those of one type whose names differ by the side alone
/// (`primary_vault` and `secondary_vault`, `default_storage` and `secondary_default_storage`). What names no side is used by
/// both. A plan that moves nobody has none.
pub fn pairs(plan: &Plan, runbook: &Runbook) -> Vec<Pair> {
    if plan.secondary.is_none() {
        return Vec::new();
    }
    let resources = || runbook.parameters.iter().filter(|p| matches!(p.kind, ParameterKind::Resource(_)));
    let id = |name: &str| -> Option<ResourceId> {
        let p = resources().find(|p| p.name == name)?;
        let value = plan.values.get(name)?;
        // What stands there unless somebody says otherwise is nothing of anybody's.
        let said = p.default.as_ref().is_none_or(|d| !d.trim_end_matches('/').eq_ignore_ascii_case(value));
        value.parse().ok().filter(|_| said)
    };
    let role = |role: Role| resources().find(|p| p.role == Some(role)).map(|p| p.name.clone());
    let twin = |name: &str| -> Option<String> {
        if role(Role::Primary).as_deref() == Some(name) {
            return role(Role::Secondary);
        }
        let swapped = match name.strip_prefix("primary") {
            Some(rest) => format!("secondary{rest}"),
            None => format!("secondary_{name}"),
        };
        resources().any(|p| p.name == swapped).then_some(swapped)
    };
    let seconds: Vec<String> = resources().filter_map(|p| twin(&p.name)).collect();
    let first = resources().filter(|p| !seconds.contains(&p.name));
    let pair = |p: &crate::runbook::model::Parameter| {
        let primary = id(&p.name)?;
        let secondary = twin(&p.name).and_then(|t| id(&t)).filter(|s| *s != primary);
        Some(Pair { parameter: p.name.clone(), primary, secondary, default_store: p.default_store })
    };
    first.filter_map(pair).collect()
}
