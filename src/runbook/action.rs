//! The vocabulary of doing: everything that the app can change by itself.
//!
//! There is no shell step, and nothing here can purge: what is purged never comes back, and no recovery needs it. What an
//! action needs, risks and can take back stands in one place, [`super::traits`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the app can do. Values are templates until a plan binds them; resources are ARM ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Create an Azure OpenAI account like `like` under the id `account` in `region`, with the custom subdomain of its own name.
    CreateAccount {
        /// ARM id.
        account: String,
        /// ARM id of the model.
        like: String,
        /// Region.
        region: String,
    },
    /// Create in `to` every model deployment that `from` has and `to` has not, in this order first.
    CopyDeployments {
        /// ARM id of the account copied from.
        from: String,
        /// ARM id of the account copied to.
        to: String,
        /// Comma-separated deployment names, most critical first; the rest follow by name.
        first: String,
    },
    /// Raise every deployment's capacity in `account` to at least that of the same name in `like`.
    RaiseCapacity {
        /// ARM id.
        account: String,
        /// ARM id of the account whose capacity is the measure.
        like: String,
    },
    /// Set keys of an App Configuration store, guarded by the ETag read at preview.
    SetAppConfiguration {
        /// ARM id of the store.
        store: String,
        /// Key → value.
        values: BTreeMap<String, String>,
    },
    /// Delete the deployments that this run created in `account`.
    DeleteCreatedDeployments {
        /// ARM id.
        account: String,
    },
    /// Create a resource group, empty.
    CreateResourceGroup {
        /// ARM id of the group.
        group: String,
        /// Region.
        region: String,
    },
    /// Bring an Azure AI account back from soft delete.
    RecoverAccount {
        /// ARM id that it had.
        account: String,
        /// Region that it lay in.
        region: String,
    },
    /// Bring a key vault back from soft delete, with all that is in it.
    RecoverVault {
        /// ARM id that it had.
        vault: String,
        /// Region that it lay in.
        region: String,
    },
    /// Bring a secret, key or certificate back in a vault that is there.
    RecoverVaultObject {
        /// ARM id of the vault.
        vault: String,
        /// Name of the object.
        object: String,
        /// `secret`, `key` or `certificate`.
        kind: String,
    },
    /// Bring a Log Analytics workspace back from soft delete.
    RecoverLogWorkspace {
        /// ARM id that it had.
        workspace: String,
        /// Region that it lay in.
        region: String,
    },
    /// Change one endpoint of a Traffic Manager profile.
    SetTrafficEndpoint {
        /// ARM id of the endpoint.
        endpoint: String,
        /// Whether users may be led to it.
        #[serde(default)]
        status: Option<Switch>,
        /// Share, 1 to 1000.
        #[serde(default)]
        weight: Option<u32>,
        /// Place, 1 to 1000; the lowest wins.
        #[serde(default)]
        priority: Option<u32>,
    },
    /// Change how a Traffic Manager profile chooses.
    SetTrafficRouting {
        /// ARM id of the profile.
        profile: String,
        /// How.
        method: Routing,
    },
    /// Make a storage account's second region its first. Never of a workspace's default account.
    FailOverStorage {
        /// ARM id.
        account: String,
        /// Region that is to be the first: said, so that doing it twice does not lead back.
        region: String,
        /// With both regions up, or without.
        how: FailoverKind,
    },
    /// Add a replica of a container registry.
    AddRegistryReplica {
        /// ARM id of the registry.
        registry: String,
        /// Region of the replica.
        region: String,
    },
    /// Let a registry's replica answer for the registry's name, or not.
    SetRegistryReplica {
        /// ARM id of the registry.
        registry: String,
        /// Region of the replica.
        region: String,
        /// Whether it answers.
        status: Switch,
    },
    /// Share the calls of an online endpoint among its deployments.
    SetOnlineEndpointTraffic {
        /// ARM id of the endpoint.
        endpoint: String,
        /// Deployment → percent; together 100, or 0 to serve nobody.
        traffic: BTreeMap<String, u32>,
    },
    /// Start a compute instance.
    StartCompute {
        /// ARM id of the compute.
        compute: String,
    },
    /// Stop a compute instance.
    StopCompute {
        /// ARM id of the compute.
        compute: String,
    },
    /// Replace the values of a record set of Azure DNS, guarded by the ETag read at preview.
    SetDnsRecord {
        /// ARM id of the record set; its type says what the values are.
        record: String,
        /// One address, name or text each; a CNAME has one.
        values: Vec<String>,
        /// Time to live in seconds; as it is if not said.
        #[serde(default)]
        ttl: Option<u32>,
    },
    /// Change one origin of an Azure Front Door.
    SetFrontDoorOrigin {
        /// ARM id of the origin.
        origin: String,
        /// Whether users may be led to it.
        #[serde(default)]
        status: Option<Switch>,
        /// Share, 1 to 1000.
        #[serde(default)]
        weight: Option<u32>,
        /// Place, 1 to 5; the lowest wins.
        #[serde(default)]
        priority: Option<u32>,
    },
    /// Deploy a template into a group: adds and changes, deletes nothing.
    DeployTemplate {
        /// ARM id of the resource group.
        group: String,
        /// Name that the deployment's own name begins with.
        name: String,
        /// The template, as a map.
        template: Value,
        /// Its parameters.
        #[serde(default)]
        parameters: BTreeMap<String, Value>,
    },
    /// A request to Azure Resource Manager that no other action makes.
    ArmRequest {
        /// ARM id; of a POST, with the verb.
        resource: String,
        /// How.
        method: Method,
        /// Version to send.
        api_version: String,
        /// JSON body.
        #[serde(default)]
        body: Value,
    },
    /// A request to an address that the plan names, without any credential: a webhook.
    HttpRequest {
        /// https address.
        url: String,
        /// How.
        method: Method,
        /// JSON body.
        #[serde(default)]
        body: Value,
    },
}

/// On or off, as Azure writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

impl Switch {
    /// As Azure writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
        }
    }
}

/// How Traffic Manager chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Routing {
    /// The lowest number that answers.
    Priority,
    /// By shares.
    Weighted,
    /// The nearest.
    Performance,
}

impl Routing {
    /// As Azure writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Priority => "Priority",
            Self::Weighted => "Weighted",
            Self::Performance => "Performance",
        }
    }
}

/// Kinds of a storage account's failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailoverKind {
    /// Both regions are up; they change places and nothing is lost.
    Planned,
    /// The first region is gone, and with it what was not copied yet.
    Unplanned,
}

/// HTTP methods that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Create or replace.
    Put,
    /// Change a part.
    Patch,
    /// Do.
    Post,
    /// Delete.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}
