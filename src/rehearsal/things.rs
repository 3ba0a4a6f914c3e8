//! What a scenario's world holds beside Azure OpenAI: any resource, the addresses behind it, deleted things, names.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::scenario::Deployment;
use crate::runbook::model::{Method, Strategy};
use crate::units::{Millis, Region};

/// Any other resource, as ARM shows it at the start.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// ARM id, or its end from the group on: `rg-shop/Microsoft.KeyVault/vaults/kv-shop`.
    pub id: String,
    /// Region, or `global`; none for a child without one of its own.
    #[serde(default)]
    pub location: Option<String>,
    /// Kind, where the type has kinds.
    #[serde(default)]
    pub kind: Option<String>,
    /// Name of the tier.
    #[serde(default)]
    pub sku: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its properties: a map, or a text of JSON. In it `id:rg-shop/Microsoft.KeyVault/vaults/kv-shop` stands for the whole
    /// ARM id, and `ago:4m` for the time so long before the start.
    #[serde(default, deserialize_with = "json")]
    pub properties: Value,
    /// Metrics that always have this value: name → value of every minute.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// Exists only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
}

/// The whole ARM id of what a scenario may write from the group on.
pub fn full_id(id: &str, subscription: &str) -> String {
    if id.starts_with('/') {
        return id.to_owned();
    }
    let (group, rest) = id.split_once('/').unwrap_or((id, ""));
    format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{rest}")
}

/// An address that answers a GET with a JSON document while its region is healthy, and fails as the region's data plane does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Host name.
    pub host: String,
    /// Region.
    pub region: Region,
    /// Usual answer time.
    #[serde(default = "usual_latency")]
    pub latency: Millis,
    /// What it answers: a map, or a text of JSON.
    #[serde(default, deserialize_with = "json")]
    pub json: Value,
}

fn usual_latency() -> Millis {
    Millis(60)
}

/// An endpoint of a Traffic Manager profile that is no Azure OpenAI account of the world.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Name of the endpoint.
    pub name: String,
    /// Host it leads to.
    pub host: String,
    /// Region whose health decides.
    pub region: Region,
    /// Id of the resource behind it, as [`Resource::id`] writes ids; makes it an Azure endpoint.
    #[serde(default)]
    pub resource: Option<String>,
    /// Weight.
    #[serde(default = "usual_weight")]
    pub weight: u32,
    /// Not switched off at the start.
    #[serde(default = "switched_on")]
    pub enabled: bool,
}

fn usual_weight() -> u32 {
    1
}

fn switched_on() -> bool {
    true
}

/// Something in soft delete.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deleted {
    /// What it was.
    pub what: DeletedKind,
    /// Name.
    pub name: String,
    /// Resource group; what was in a vault has none.
    #[serde(default)]
    pub group: String,
    /// Region; what was in a vault has the vault's.
    #[serde(default = "nowhere")]
    pub region: Region,
    /// Vault that a secret, key or certificate was in.
    #[serde(default)]
    pub vault: String,
    /// How long before the start it was deleted.
    pub ago: Millis,
    /// Properties that it has again when it is recovered, written as those of a [`Resource`]. A customer key or a dependency
    /// named in them has to be there before.
    #[serde(default, deserialize_with = "json")]
    pub properties: Value,
    /// Kind of an Azure AI account; `OpenAI` if silent.
    #[serde(default)]
    pub kind: Option<String>,
    /// Model deployments that an account had, and has again when it is restored.
    #[serde(default)]
    pub deployments: Vec<Deployment>,
    /// Days that a vault is kept: from 7 to 90.
    #[serde(default = "usual_days")]
    pub days: u32,
    /// A vault that nobody can purge.
    #[serde(default)]
    pub purge_protection: bool,
}

fn usual_days() -> u32 {
    90
}

fn nowhere() -> Region {
    Region::new("")
}

/// Types that ARM lists while they are in soft delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeletedKind {
    /// `Microsoft.CognitiveServices/accounts`.
    AIAccount,
    /// `Microsoft.KeyVault/vaults`.
    Vault,
    /// `Microsoft.Storage/storageAccounts`.
    StorageAccount,
    /// `Microsoft.OperationalInsights/workspaces`.
    LogWorkspace,
    /// `Microsoft.MachineLearningServices/workspaces`; ARM does not list it, its name is taken all the same.
    MlWorkspace,
    /// A secret in a vault.
    Secret,
    /// A key in a vault.
    Key,
    /// A certificate in a vault.
    Certificate,
}

impl DeletedKind {
    /// The type it has while it lives.
    pub fn resource_type(self) -> &'static str {
        match self {
            Self::AIAccount => "Microsoft.CognitiveServices/accounts",
            Self::Vault => "Microsoft.KeyVault/vaults",
            Self::StorageAccount => "Microsoft.Storage/storageAccounts",
            Self::LogWorkspace => "Microsoft.OperationalInsights/workspaces",
            Self::MlWorkspace => "Microsoft.MachineLearningServices/workspaces",
            Self::Secret => "Microsoft.KeyVault/vaults/secrets",
            Self::Key => "Microsoft.KeyVault/vaults/keys",
            Self::Certificate => "Microsoft.KeyVault/vaults/certificates",
        }
    }

    /// Whether it lies in a vault and is listed there, not by ARM.
    pub fn in_vault(self) -> bool {
        matches!(self, Self::Secret | Self::Key | Self::Certificate)
    }
}

/// A role that somebody has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAssignment {
    /// What it is on: a resource group's name, or a resource as [`Resource::id`] writes ids.
    pub scope: String,
    /// Object id of who has it.
    pub principal: String,
    /// `User`, `Group` or `ServicePrincipal`.
    #[serde(default = "service")]
    pub principal_type: String,
    /// Id of the role definition, a UUID.
    pub role: String,
}

fn service() -> String {
    "ServicePrincipal".to_owned()
}

/// What the signed-in identity may do at a scope.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// A resource group's name, or a resource as [`Resource::id`] writes ids; none: the subscription.
    #[serde(default)]
    pub scope: Option<String>,
    /// Actions, as role definitions write them: `*/read`.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Taken from them.
    #[serde(default)]
    pub not_actions: Vec<String>,
    /// Actions on data.
    #[serde(default)]
    pub data_actions: Vec<String>,
    /// Taken from them.
    #[serde(default)]
    pub not_data_actions: Vec<String>,
}

/// What somebody does in the portal or with `az` while a step is carried out by hand. In a rehearsal it is done in the
/// simulated Azure when the operator asks for the step to be checked, or gives their word for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hand {
    /// Step.
    pub step: String,
    /// Only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
    /// One after the other.
    pub does: Vec<Deed>,
}

/// One thing that a person does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    /// A request to Resource Manager.
    Arm {
        /// How.
        method: Method,
        /// What, as [`Resource::id`] writes ids.
        id: String,
        /// Body: a map, or a text of JSON; in it `id:…` stands for a whole ARM id, as in a resource's properties.
        #[serde(default, deserialize_with = "json")]
        body: Value,
    },
    /// Recover, in the portal's list of what was deleted; an id as [`Resource::id`] writes ids.
    Portal(String),
    /// Users come to something: a metric of it has this value from then on.
    Metric {
        /// What, as [`Resource::id`] writes ids.
        id: String,
        /// Metric.
        name: String,
        /// Value of every minute.
        value: f64,
    },
}

/// A document as a map, or as a text of JSON.
fn json<'de, D: Deserializer<'de>>(d: D) -> Result<Value, D::Error> {
    match Value::deserialize(d)? {
        Value::String(text) => serde_json::from_str(&text).map_err(de::Error::custom),
        other => Ok(other),
    }
}
