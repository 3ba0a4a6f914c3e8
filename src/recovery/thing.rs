//! One thing that was deleted: facts only, each as Azure or the activity log has it. What is not known stays not known.

use serde::{Deserialize, Serialize};

use crate::units::{Millis, Region};

const DAY: Millis = Millis::from_mins(24 * 60);
/// Azure AI accounts are kept so long.
const AI_ACCOUNT: Millis = Millis(2 * DAY.0);
/// Storage accounts, Log Analytics and ML workspaces.
const FORTNIGHT: Millis = Millis(14 * DAY.0);
/// A vault is kept for a time that was fixed when it was made.
const VAULT: (Millis, Millis) = (Millis(7 * DAY.0), Millis(90 * DAY.0));

/// What it was. An ML workspace and a hub have one type in Azure and opposite fates, hence the kind and not the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Key vault.
    Vault,
    /// Secret in a vault that is there.
    Secret,
    /// Key in a vault that is there.
    Key,
    /// Certificate in a vault that is there.
    Certificate,
    /// Storage account.
    StorageAccount,
    /// Log Analytics workspace.
    LogWorkspace,
    /// Application Insights.
    Insights,
    /// Azure OpenAI, AI Services or single-service account.
    AiAccount,
    /// ML workspace.
    Workspace,
    /// ML workspace, hub or project: the log does not tell them apart.
    WorkspaceOrHub,
    /// AI Foundry hub.
    Hub,
    /// Project of a hub, or of an AI account.
    Project,
    /// ML compute.
    Compute,
    /// Online endpoint.
    Endpoint,
    /// Container registry.
    Registry,
    /// Operator Insights data product.
    DataProduct,
    /// Traffic Manager profile.
    TrafficManager,
    /// Resource group.
    Group,
}

/// How long Azure keeps a kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// So long after the deletion.
    For(Millis),
    /// Until a date of its own, between these times after the deletion.
    OwnDate(Millis, Millis),
    /// Not at all.
    Not,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Vault,
        Self::Secret,
        Self::Key,
        Self::Certificate,
        Self::StorageAccount,
        Self::LogWorkspace,
        Self::Insights,
        Self::AiAccount,
        Self::Workspace,
        Self::WorkspaceOrHub,
        Self::Hub,
        Self::Project,
        Self::Compute,
        Self::Endpoint,
        Self::Registry,
        Self::DataProduct,
        Self::TrafficManager,
        Self::Group,
    ];

    /// What an ARM type is called here; `kind` is the resource's own, where somebody knows it. `None`: not of interest.
    pub fn of(resource_type: &str, kind: Option<&str>) -> Option<Self> {
        Some(match resource_type.to_ascii_lowercase().as_str() {
            "microsoft.keyvault/vaults" => Self::Vault,
            "microsoft.storage/storageaccounts" => Self::StorageAccount,
            "microsoft.operationalinsights/workspaces" => Self::LogWorkspace,
            "microsoft.insights/components" => Self::Insights,
            "microsoft.cognitiveservices/accounts" => Self::AiAccount,
            "microsoft.cognitiveservices/accounts/projects" => Self::Project,
            "microsoft.machinelearningservices/workspaces" => match kind.map(str::to_ascii_lowercase).as_deref() {
                None => Self::WorkspaceOrHub,
                Some("hub") => Self::Hub,
                Some("project") => Self::Project,
                Some(_) => Self::Workspace,
            },
            "microsoft.machinelearningservices/workspaces/computes" => Self::Compute,
            "microsoft.machinelearningservices/workspaces/onlineendpoints" => Self::Endpoint,
            "microsoft.containerregistry/registries" => Self::Registry,
            "microsoft.networkanalytics/dataproducts" => Self::DataProduct,
            "microsoft.network/trafficmanagerprofiles" => Self::TrafficManager,
            "microsoft.resources/resourcegroups" => Self::Group,
            _ => return None,
        })
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vault => "key vault",
            Self::Secret => "secret",
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::StorageAccount => "storage account",
            Self::LogWorkspace => "Log Analytics workspace",
            Self::Insights => "Application Insights",
            Self::AiAccount => "AI account",
            Self::Workspace => "ML workspace",
            Self::WorkspaceOrHub => "ML workspace or hub",
            Self::Hub => "hub",
            Self::Project => "project",
            Self::Compute => "ML compute",
            Self::Endpoint => "online endpoint",
            Self::Registry => "container registry",
            Self::DataProduct => "data product",
            Self::TrafficManager => "Traffic Manager profile",
            Self::Group => "resource group",
        }
    }

    /// How long Azure keeps it.
    pub fn kept(self) -> Kept {
        match self {
            Self::AiAccount => Kept::For(AI_ACCOUNT),
            Self::StorageAccount | Self::LogWorkspace | Self::Workspace | Self::WorkspaceOrHub => Kept::For(FORTNIGHT),
            Self::Vault | Self::Secret | Self::Key | Self::Certificate => Kept::OwnDate(VAULT.0, VAULT.1),
            Self::Insights
            | Self::Hub
            | Self::Project
            | Self::Compute
            | Self::Endpoint
            | Self::Registry
            | Self::DataProduct
            | Self::TrafficManager
            | Self::Group => Kept::Not,
        }
    }

    /// Place in the order of recovery: a thing only ever waits for things of a lower rank.
    pub fn rank(self) -> u8 {
        match self {
            Self::Group => 0,
            Self::Vault => 1,
            Self::Secret | Self::Key | Self::Certificate => 2,
            Self::StorageAccount => 3,
            Self::LogWorkspace => 4,
            Self::Insights | Self::Registry => 5,
            Self::AiAccount => 6,
            Self::Workspace | Self::WorkspaceOrHub | Self::Hub => 7,
            Self::Project => 8,
            Self::Compute | Self::Endpoint | Self::DataProduct | Self::TrafficManager => 9,
        }
    }

    /// What a thing of this kind commonly cannot do without, where nobody says what it needs.
    pub fn commonly_needs(self) -> &'static [Self] {
        match self {
            Self::StorageAccount => &[Self::Vault],
            Self::AiAccount => &[Self::Vault, Self::StorageAccount],
            Self::Workspace | Self::WorkspaceOrHub | Self::Hub => {
                &[Self::Vault, Self::StorageAccount, Self::LogWorkspace]
            }
            _ => &[],
        }
    }

    /// An object in a vault.
    pub fn in_vault(self) -> bool {
        matches!(self, Self::Secret | Self::Key | Self::Certificate)
    }
}

/// Who says that it was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Azure's list of what is in soft delete.
    DeletedList,
    /// The vault that it lies in.
    Vault,
    /// The activity log.
    ActivityLog,
    /// The inventory kept here knew it, and Azure does not show it any more.
    Inventory,
}

impl Origin {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::DeletedList => "Azure's list of deleted resources",
            Self::Vault => "the vault's own list",
            Self::ActivityLog => "the activity log",
            Self::Inventory => "the inventory kept here",
        }
    }
}

/// Something that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// What it was.
    pub kind: Kind,
    /// ARM id that it had while it lived; of a vault's object the address it is recovered at.
    pub id: String,
    /// Name.
    pub name: String,
    /// The vault that an object lies in: its ARM id, or its name where only that is known.
    pub vault: Option<String>,
    /// Resource group.
    pub group: String,
    /// Subscription id.
    pub subscription: String,
    /// Region; empty where nobody says.
    pub region: Region,
    /// When it was deleted (UTC ms), as Azure says, not when somebody noticed.
    pub deleted_at: Option<i64>,
    /// When Azure purges it by itself (UTC ms), where Azure says so.
    pub purge_at: Option<i64>,
    /// Nobody can purge it earlier.
    pub purge_protection: Option<bool>,
    /// ARM ids of what it cannot do without.
    pub needs: Vec<String>,
    /// That list is Azure's own; without it what it needs is guessed from what was deleted beside it.
    pub needs_known: bool,
    /// The log shows that it was purged.
    pub purged: bool,
    /// Who deleted it, where the log says so.
    pub by: Option<String>,
    /// Who says so.
    pub origin: Origin,
    /// When that was (UTC ms), where it could not be read again since; none: with the rest of the reading.
    #[serde(default)]
    pub seen_at: Option<i64>,
}

impl Deleted {
    /// With nothing known but what and where.
    pub fn new(kind: Kind, id: &str, origin: Origin) -> Self {
        let after = |word: &str| {
            let mut parts = id.split('/').skip_while(|p| !p.eq_ignore_ascii_case(word));
            parts.nth(1).unwrap_or_default().to_owned()
        };
        Self {
            kind,
            id: id.to_owned(),
            name: id.rsplit('/').next().unwrap_or_default().to_owned(),
            vault: None,
            group: after("resourceGroups"),
            subscription: after("subscriptions"),
            region: Region::default(),
            deleted_at: None,
            purge_at: None,
            purge_protection: None,
            needs: Vec::new(),
            needs_known: false,
            purged: false,
            by: None,
            origin,
            seen_at: None,
        }
    }

    /// What it is known by: ids compare without regard to case.
    pub fn key(&self) -> String {
        self.id.to_ascii_lowercase()
    }

    /// The AI account that a project lies in; a hub's project has none.
    pub fn account(&self) -> Option<&str> {
        let in_account = self.key().contains("/providers/microsoft.cognitiveservices/accounts/");
        let mut parts = self.id.rsplitn(3, '/');
        parts.nth(2).filter(|_| self.kind == Kind::Project && in_account)
    }

    /// Where it lay: subscription and group, comparable.
    pub fn place(&self) -> (String, String) {
        (self.subscription.to_ascii_lowercase(), self.group.to_ascii_lowercase())
    }
}
