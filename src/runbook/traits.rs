//! What every action is, in one place: what it needs reachable, what it risks at least, what can be taken back, and which
//! rights it takes. The language's page, the lints, the rights check and the previews all read this.

use serde::{Deserialize, Serialize};

use super::model::{Action, FailoverKind, Method, Risk, Rung};
use crate::units::ResourceId;

/// What an action is, whatever it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// As a runbook writes it.
    pub name: &'static str,
    /// What must be reachable at least.
    pub rung: Rung,
    /// What it risks at least.
    pub risk: Risk,
    /// How the app takes it back.
    pub back: Back,
}

/// How the app takes an action back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// It writes what was read before.
    Restores,
    /// It deletes what was created.
    Deletes,
    /// It does not; a person may.
    No,
}

/// A right that the signed-in identity needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Right {
    /// `Microsoft.Storage/storageAccounts/failover/action`.
    pub action: String,
    /// ARM id where it is needed: the resource, or its group or subscription where it need not be there yet.
    pub scope: String,
    /// A right to data, which ARM lists apart (`dataActions`).
    pub data: bool,
}

impl Action {
    /// What it is.
    pub fn traits(&self) -> Traits {
        use Back::{Deletes, No, Restores};
        use Risk::{Irreversible, Lossy, Reversible};
        use Rung::{Arm, Network, PrimaryData, SecondaryData};
        let t = |name, rung, risk, back| Traits { name, rung, risk, back };
        match self {
            Self::CreateAccount { .. } => t("CreateAccount", Arm, Reversible, Deletes),
            Self::CopyDeployments { .. } => t("CopyDeployments", Arm, Reversible, Deletes),
            Self::RaiseCapacity { .. } => t("RaiseCapacity", Arm, Reversible, Restores),
            Self::SetAppConfiguration { .. } => t("SetAppConfiguration", SecondaryData, Reversible, Restores),
            Self::DeleteCreatedDeployments { .. } => t("DeleteCreatedDeployments", Arm, Reversible, Restores),
            Self::CreateResourceGroup { .. } => t("CreateResourceGroup", Arm, Reversible, No),
            Self::RecoverAccount { .. } => t("RecoverAccount", Arm, Reversible, No),
            Self::RecoverVault { .. } => t("RecoverVault", Arm, Reversible, No),
            Self::RecoverVaultObject { .. } => t("RecoverVaultObject", PrimaryData, Reversible, No),
            Self::RecoverLogWorkspace { .. } => t("RecoverLogWorkspace", Arm, Reversible, No),
            Self::SetTrafficEndpoint { .. } => t("SetTrafficEndpoint", Arm, Reversible, Restores),
            Self::SetTrafficRouting { .. } => t("SetTrafficRouting", Arm, Reversible, Restores),
            Self::FailOverStorage { how: FailoverKind::Planned, .. } => t("FailOverStorage", Arm, Reversible, No),
            Self::FailOverStorage { how: FailoverKind::Unplanned, .. } => t("FailOverStorage", Arm, Lossy, No),
            Self::AddRegistryReplica { .. } => t("AddRegistryReplica", Arm, Reversible, Deletes),
            Self::SetRegistryReplica { .. } => t("SetRegistryReplica", Arm, Reversible, Restores),
            Self::SetOnlineEndpointTraffic { .. } => t("SetOnlineEndpointTraffic", Arm, Reversible, Restores),
            Self::StartCompute { .. } => t("StartCompute", Arm, Reversible, Restores),
            Self::StopCompute { .. } => t("StopCompute", Arm, Reversible, Restores),
            Self::SetDnsRecord { .. } => t("SetDnsRecord", Arm, Reversible, Restores),
            Self::SetFrontDoorOrigin { .. } => t("SetFrontDoorOrigin", Arm, Reversible, Restores),
            Self::DeployTemplate { .. } => t("DeployTemplate", Arm, Reversible, No),
            Self::ArmRequest { method: Method::Delete, .. } => t("ArmRequest", Arm, Irreversible, No),
            Self::ArmRequest { method: Method::Post, .. } => t("ArmRequest", Arm, Reversible, No),
            // What stood there before is not written back: a PUT may have dropped what it does not name.
            Self::ArmRequest { method: Method::Put, .. } => t("ArmRequest", Arm, Reversible, Deletes),
            Self::ArmRequest { .. } => t("ArmRequest", Arm, Reversible, Restores),
            Self::HttpRequest { .. } => t("HttpRequest", Network, Reversible, No),
        }
    }

    /// What it changes: an ARM id or an address.
    pub fn target(&self) -> &str {
        match self {
            Self::CreateAccount { account, .. }
            | Self::RaiseCapacity { account, .. }
            | Self::DeleteCreatedDeployments { account }
            | Self::RecoverAccount { account, .. }
            | Self::FailOverStorage { account, .. } => account,
            Self::CopyDeployments { to, .. } => to,
            Self::SetAppConfiguration { store, .. } => store,
            Self::CreateResourceGroup { group, .. } | Self::DeployTemplate { group, .. } => group,
            Self::RecoverVault { vault, .. } | Self::RecoverVaultObject { vault, .. } => vault,
            Self::RecoverLogWorkspace { workspace, .. } => workspace,
            Self::SetTrafficEndpoint { endpoint, .. } | Self::SetOnlineEndpointTraffic { endpoint, .. } => endpoint,
            Self::SetTrafficRouting { profile, .. } => profile,
            Self::AddRegistryReplica { registry, .. } | Self::SetRegistryReplica { registry, .. } => registry,
            Self::StartCompute { compute } | Self::StopCompute { compute } => compute,
            Self::SetDnsRecord { record, .. } => record,
            Self::SetFrontDoorOrigin { origin, .. } => origin,
            Self::ArmRequest { resource, .. } => resource,
            Self::HttpRequest { url, .. } => url,
        }
    }

    /// The rights it takes, previews and readings back included. Empty where no identity is used.
    pub fn rights(&self) -> Vec<Right> {
        let mut out = Needed(Vec::new());
        let me = self.target();
        match self {
            Self::CreateAccount { like, .. } => {
                out.at(&group(me), &["Microsoft.CognitiveServices/accounts/read", AI_WRITE]);
                out.at(like, &["Microsoft.CognitiveServices/accounts/read"]);
                out.at(&subscription(me), &[AI_DELETED]);
            }
            Self::CopyDeployments { from, .. } => {
                out.at(from, &AI_READ);
                out.at(me, &AI_READ);
                out.at(me, &["Microsoft.CognitiveServices/accounts/deployments/write"]);
                out.at(&subscription(me), &AI_OFFERS);
            }
            Self::RaiseCapacity { like, .. } => {
                out.at(like, &AI_READ);
                out.at(me, &AI_READ);
                out.at(me, &["Microsoft.CognitiveServices/accounts/deployments/write"]);
                out.at(&subscription(me), &AI_OFFERS);
            }
            Self::SetAppConfiguration { .. } => {
                let kv = |verb: &str| format!("Microsoft.AppConfiguration/configurationStores/keyValues/{verb}");
                out.data(me, &[&kv("read"), &kv("write")]);
            }
            Self::DeleteCreatedDeployments { .. } => {
                out.at(me, &AI_READ);
                out.at(me, &["Microsoft.CognitiveServices/accounts/deployments/delete"]);
            }
            Self::CreateResourceGroup { .. } => {
                out.at(&subscription(me), &[GROUP_READ, "Microsoft.Resources/subscriptions/resourceGroups/write"]);
            }
            Self::RecoverAccount { .. } => {
                out.at(&group(me), &[GROUP_READ]);
                out.at(&group(me), &["Microsoft.CognitiveServices/accounts/read", AI_WRITE]);
                out.at(&subscription(me), &[AI_DELETED]);
            }
            Self::RecoverVault { .. } => {
                out.at(&group(me), &[GROUP_READ]);
                // The tenant, which the request names.
                out.at(&subscription(me), &["Microsoft.Resources/subscriptions/read"]);
                out.at(&group(me), &["Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/write"]);
                out.at(&subscription(me), &["Microsoft.KeyVault/locations/deletedVaults/read"]);
            }
            Self::RecoverVaultObject { kind, .. } => {
                let read = if kind == "secret" { "readMetadata/action" } else { "read" };
                let one = |verb: &str| format!("Microsoft.KeyVault/vaults/{kind}s/{verb}");
                out.data(me, &[&one(read), &one("recover/action")]);
            }
            Self::RecoverLogWorkspace { .. } => {
                let logs = "Microsoft.OperationalInsights";
                out.at(&group(me), &[GROUP_READ]);
                out.at(&group(me), &[&format!("{logs}/workspaces/read"), &format!("{logs}/workspaces/write")]);
                out.at(&subscription(me), &[&format!("{logs}/deletedWorkspaces/read")]);
            }
            Self::SetTrafficEndpoint { .. } => {
                let kind = kind(me);
                out.at(me, &[&format!("{kind}/read"), &format!("{kind}/write")]);
                out.at(&parent(me), &["Microsoft.Network/trafficManagerProfiles/read"]);
            }
            Self::SetTrafficRouting { .. } => out.read_write(me),
            Self::FailOverStorage { .. } => {
                let sa = "Microsoft.Storage/storageAccounts";
                out.at(me, &[&format!("{sa}/read"), &format!("{sa}/failover/action")]);
                out.at(&subscription(me), &["Microsoft.MachineLearningServices/workspaces/read"]);
            }
            Self::AddRegistryReplica { .. } | Self::SetRegistryReplica { .. } => {
                let r = "Microsoft.ContainerRegistry/registries";
                out.at(me, &[&format!("{r}/read"), &format!("{r}/replications/read")]);
                out.at(me, &[&format!("{r}/replications/write"), &format!("{r}/replications/operationStatuses/read")]);
            }
            Self::SetOnlineEndpointTraffic { .. } => {
                out.read_write(me);
                out.at(me, &["Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/read"]);
            }
            Self::StartCompute { .. } => out.compute(me, "start"),
            Self::StopCompute { .. } => out.compute(me, "stop"),
            Self::SetDnsRecord { .. } | Self::SetFrontDoorOrigin { .. } => out.read_write(me),
            Self::DeployTemplate { template, .. } => {
                let d = |verb: &str| format!("Microsoft.Resources/deployments/{verb}");
                out.at(me, &[&d("read"), &d("write"), &d("validate/action"), &d("whatIf/action")]);
                out.at(me, &[&d("operationStatuses/read"), GROUP_READ]);
                for of in template["resources"].as_array().into_iter().flatten().filter_map(|r| r["type"].as_str()) {
                    out.at(me, &[&format!("{of}/write")]);
                }
            }
            Self::ArmRequest { method, .. } => out.request(me, *method),
            Self::HttpRequest { .. } => {}
        }
        out.0.sort();
        out.0.dedup();
        out.0
    }
}

const GROUP_READ: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";
const AI_WRITE: &str = "Microsoft.CognitiveServices/accounts/write";
const AI_DELETED: &str = "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts/read";
const AI_READ: [&str; 2] =
    ["Microsoft.CognitiveServices/accounts/read", "Microsoft.CognitiveServices/accounts/deployments/read"];
const AI_OFFERS: [&str; 2] =
    ["Microsoft.CognitiveServices/locations/models/read", "Microsoft.CognitiveServices/locations/usages/read"];

/// Rights gathered so far.
struct Needed(Vec<Right>);

impl Needed {
    fn at(&mut self, scope: &str, actions: &[&str]) {
        self.add(scope, actions, false);
    }

    fn data(&mut self, scope: &str, actions: &[&str]) {
        self.add(scope, actions, true);
    }

    fn add(&mut self, scope: &str, actions: &[&str], data: bool) {
        let one = |a: &&str| Right { action: (*a).to_owned(), scope: scope.to_owned(), data };
        self.0.extend(actions.iter().map(one));
    }

    fn read_write(&mut self, id: &str) {
        let kind = kind(id);
        self.at(id, &[&format!("{kind}/read"), &format!("{kind}/write")]);
    }

    fn compute(&mut self, id: &str, verb: &str) {
        let kind = kind(id);
        self.at(id, &[&format!("{kind}/read"), &format!("{kind}/{verb}/action")]);
    }

    /// A PUT may create, so that its right is needed one level up: on the group, or on what an extension is attached to.
    fn request(&mut self, id: &str, method: Method) {
        let kind = kind(id);
        match method {
            Method::Put => self.at(&holder(id), &[&format!("{kind}/read"), &format!("{kind}/write")]),
            Method::Patch => self.read_write(id),
            Method::Delete => self.at(id, &[&format!("{kind}/read"), &format!("{kind}/delete")]),
            Method::Post => {
                let (of, verb) = id.rsplit_once('/').unwrap_or((id, ""));
                self.at(of, &[&format!("{}/{verb}/action", self::kind(of))]);
            }
        }
    }
}

/// The type of what an id ends in, as actions name it.
pub fn kind(id: &str) -> String {
    match id.parse::<ResourceId>() {
        Ok(id) if id.as_str().to_ascii_lowercase().contains("/providers/") => id.kind(),
        Ok(id) if id.group().is_empty() => "Microsoft.Resources/subscriptions".to_owned(),
        _ => "Microsoft.Resources/subscriptions/resourceGroups".to_owned(),
    }
}

/// What holds something that a request makes.
pub fn holder(id: &str) -> String {
    let lower = id.to_ascii_lowercase();
    let mut extensions = lower.rmatch_indices("/providers/");
    match (extensions.next(), extensions.next()) {
        (Some((at, _)), Some(_)) => id[..at].to_owned(),
        _ => group(id),
    }
}

fn subscription(id: &str) -> String {
    id.parse::<ResourceId>().map_or_else(|_| id.to_owned(), |id| format!("/subscriptions/{}", id.subscription()))
}

fn group(id: &str) -> String {
    match id.parse::<ResourceId>() {
        Ok(id) if id.group().is_empty() => format!("/subscriptions/{}", id.subscription()),
        Ok(id) => format!("/subscriptions/{}/resourceGroups/{}", id.subscription(), id.group()),
        Err(_) => id.to_owned(),
    }
}

/// The resource that a child lies in.
pub(crate) fn parent(id: &str) -> String {
    id.rsplitn(3, '/').last().unwrap_or(id).to_owned()
}
