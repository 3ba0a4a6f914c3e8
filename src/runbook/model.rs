//! What a runbook says, valid by construction: made only by [`super::lower`], which has checked it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::Millis;

pub use super::action::{Action, FailoverKind, Method, Routing, Switch};
pub use super::condition::Condition;

/// A step's id as the runbook writes it, e.g. `AO-F6`.
pub type StepId = String;

/// A reusable checklist for one system.
#[derive(Debug, Clone, PartialEq)]
pub struct Runbook {
    /// Unique, kebab-case.
    pub id: String,
    /// One line.
    pub title: String,
    /// What it is for and what it assumes.
    pub about: String,
    /// Which system it moves.
    pub system: System,
    /// Why it is kept although the service is retired; shown wherever the runbook is.
    pub retired: Option<String>,
    /// What its source leaves open; shown wherever the runbook is.
    pub incomplete: Option<String>,
    /// For AI Foundry: the kind of project it moves.
    pub resource_model: Option<ResourceModel>,
    /// RTO, RPO and detection tier by strategy; only strategies listed here can be chosen.
    pub objectives: BTreeMap<Strategy, Objective>,
    /// What a plan has to fill in.
    pub parameters: Vec<Parameter>,
    /// Dependencies, each with a strategy of its own.
    pub components: Vec<Component>,
    /// The step before which everything that must hold is checked again.
    pub gate: Option<StepId>,
    /// All steps, in file order. Order by strategy and phase: the order of a plan.
    pub steps: Vec<Step>,
    /// Fail-over order by strategy where it differs from file order.
    pub orders: BTreeMap<Strategy, Vec<StepId>>,
}

impl Runbook {
    /// What a reader must know before anything else.
    pub fn labels(&self) -> Vec<String> {
        let model = self.resource_model.map(|m| match m {
            ResourceModel::Hub => "For projects in a hub, not for Foundry projects without one".to_owned(),
            ResourceModel::FoundryProject => "For Foundry projects without a hub".to_owned(),
        });
        let retired = self.retired.as_ref().map(|r| format!("Retired: {r}"));
        let incomplete = self.incomplete.as_ref().map(|i| format!("Source incomplete: {i}"));
        retired.into_iter().chain(incomplete).chain(model).collect()
    }
}

/// The systems of the checklists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum System {
    /// Azure OpenAI.
    AzureOpenAI,
    /// AI Foundry hub and projects.
    AIFoundry,
    /// Azure Machine Learning.
    AzureML,
    /// Operator Insights (retired upstream).
    OperatorInsights,
    /// One AI resource in several regions behind Traffic Manager.
    MultiRegionAI,
    /// Recovery from soft delete.
    SoftDelete,
}

/// The two kinds of AI Foundry projects; only one of them lives in a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResourceModel {
    /// Hub-based projects.
    Hub,
    /// Foundry projects without a hub.
    FoundryProject,
}

impl System {
    /// Every system, in the order they are offered.
    pub const ALL: [Self; 6] = [
        Self::AzureOpenAI,
        Self::AIFoundry,
        Self::AzureML,
        Self::OperatorInsights,
        Self::MultiRegionAI,
        Self::SoftDelete,
    ];
    /// As the portal says it.
    pub fn display(self) -> &'static str {
        match self {
            Self::AzureOpenAI => "Azure OpenAI",
            Self::AIFoundry => "AI Foundry",
            Self::AzureML => "Azure Machine Learning",
            Self::OperatorInsights => "Operator Insights",
            Self::MultiRegionAI => "Multi-region AI services",
            Self::SoftDelete => "Soft-delete recovery",
        }
    }
    /// A phase's heading; what is recovered does not move.
    pub fn phase(self, phase: Phase) -> &'static str {
        match (self, phase) {
            (Self::SoftDelete, Phase::FailOver) => "Recover",
            _ => phase.display(),
        }
    }
}

/// How the second region stands by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Strategy {
    /// Both regions active.
    HotHot,
    /// Critical resources ready, the rest deployed by hand.
    HotWarm,
    /// Resources exist, models and deployments do not.
    HotCold,
    /// Operator Insights: both ingest.
    ActiveActive,
    /// Operator Insights: one ingests.
    ActivePassive,
    /// Traffic Manager Priority routing.
    Priority,
    /// Traffic Manager Performance routing.
    Performance,
    /// Traffic Manager Weighted routing.
    Weighted,
    /// What was deleted comes back; there is no second region.
    Recover,
}

impl Strategy {
    /// `hot/warm`.
    pub fn display(self) -> &'static str {
        match self {
            Self::HotHot => "hot/hot",
            Self::HotWarm => "hot/warm",
            Self::HotCold => "hot/cold",
            Self::ActiveActive => "active-active",
            Self::ActivePassive => "active-passive",
            Self::Priority => "priority",
            Self::Performance => "performance",
            Self::Weighted => "weighted",
            Self::Recover => "recover",
        }
    }
    /// As a file writes it: `HotWarm`.
    pub fn written(self) -> String {
        format!("{self:?}")
    }
    /// Every strategy, in the order they are offered.
    pub const ALL: [Self; 9] = [
        Self::HotHot,
        Self::HotWarm,
        Self::HotCold,
        Self::ActiveActive,
        Self::ActivePassive,
        Self::Priority,
        Self::Performance,
        Self::Weighted,
        Self::Recover,
    ];
}

impl std::str::FromStr for Strategy {
    type Err = String;
    /// `hot/warm`, `hot-warm`, `HotWarm`: any spelling.
    fn from_str(s: &str) -> Result<Self, String> {
        let plain = |t: &str| t.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
        let known = Self::ALL.map(Self::display).join(", ");
        let found = Self::ALL.into_iter().find(|x| plain(x.display()) == plain(s));
        found.ok_or_else(|| format!("`{s}` is not a strategy; known are {known}"))
    }
}

/// What is agreed for one strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// Longest interruption agreed, from T0.
    pub rto: Millis,
    /// Largest age of lost data agreed.
    pub rpo: Millis,
    /// How costly it is to be wrong, which sets the detector's patience.
    pub tier: Tier,
    /// Where the numbers come from.
    pub source: Provenance,
}

/// Detector tiers: the more a failover costs, the longer it must look necessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// Reversible.
    T1,
    /// Laborious.
    T2,
    /// Lossy or irreversible.
    T3,
}

/// Something a plan must say.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name in `{braces}`.
    pub name: String,
    /// What kind of value.
    pub kind: ParameterKind,
    /// For the person who fills it in.
    pub about: String,
    /// Used when the plan is silent.
    pub default: Option<String>,
    /// Another parameter that must have another value.
    pub differs_from: Option<String>,
    /// Which side of the move it describes, so that the program knows what to watch.
    pub role: Option<Role>,
    /// A workspace's default storage account, which no failover supports.
    pub default_store: bool,
}

/// A side of the move. A region, a resource and an address may each have one: where users are, what serves them there,
/// and what is called to see whether it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Where users are served today, or where something was deleted.
    Primary,
    /// Where they go.
    Secondary,
}

/// Types of parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterKind {
    /// An Azure region.
    Region,
    /// An ARM id of this type.
    Resource(String),
    /// An https URL.
    Url,
    /// `15m`.
    Duration,
    /// A whole number.
    Number,
    /// One of these.
    Choice(Vec<String>),
    /// Comma-separated names, most important first.
    List,
    /// Name of a keyring entry, never the secret itself.
    SecretRef,
    /// Anything.
    Text,
}

/// A dependency with its own strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its key in the runbook.
    pub name: String,
    /// One line.
    pub title: String,
    /// Strategies that make sense for it.
    pub strategies: Vec<Strategy>,
    /// The one a plan gets without asking.
    pub usual: Strategy,
}

/// Where in the road a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// On a quiet day.
    Prepare,
    /// Is it the region; shall we move?
    Decide,
    /// Move users.
    FailOver,
    /// Prove that it serves.
    Verify,
    /// Live in the secondary.
    Operate,
    /// Return.
    FailBack,
    /// Close the books.
    Review,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 7] =
        [Self::Prepare, Self::Decide, Self::FailOver, Self::Verify, Self::Operate, Self::FailBack, Self::Review];
    /// As a heading.
    pub fn display(self) -> &'static str {
        match self {
            Self::Prepare => "Prepare",
            Self::Decide => "Decide",
            Self::FailOver => "Fail over",
            Self::Verify => "Verify",
            Self::Operate => "Operate in the secondary",
            Self::FailBack => "Fail back",
            Self::Review => "Review",
        }
    }
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StepKind {
    /// A person; the app keeps the record.
    Manual,
    /// The app, after a confirmation where it changes something.
    Automatic,
    /// Reads only.
    Verification,
}

/// One thing to do or to verify.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique in the runbook.
    pub id: StepId,
    /// Where it stands.
    pub phase: Phase,
    /// Whose strategy decides whether it is in; none: the plan's own.
    pub component: Option<String>,
    /// Imperative, one line. Templates such as `{secondary}` are filled by the plan.
    pub title: String,
    /// The instruction: what to do and why.
    pub why: String,
    /// The instruction when the portal, ARM or sign-in is down too.
    pub degraded: String,
    /// Strategies in which it is done.
    pub do_in: Vec<Strategy>,
    /// Strategies in which it must already be true.
    pub must_hold_in: Vec<Strategy>,
    /// In only when these choices were made: parameter → value.
    pub when: BTreeMap<String, String>,
    /// Steps of one group may be done at the same time, by several people.
    pub group: Option<String>,
    /// Who does it.
    pub kind: StepKind,
    /// The step at which waiting, moving a part, failing over or aborting is decided.
    pub decision: bool,
    /// The step whose confirmation tells what somebody on another network sees.
    pub second_vantage: bool,
    /// The step that reconciles the divergence ledger: users are not brought home before it is over.
    pub reconciles: bool,
    /// What it is done to, in words with templates.
    pub target: String,
    /// Planned duration.
    pub expect: Millis,
    /// What it can break.
    pub risk: Risk,
    /// What may be lost, and what cannot be got back.
    pub may_lose: Option<String>,
    /// Why a second person must agree.
    pub second_person: Option<String>,
    /// Steps that must be done (or skipped with a reason) before.
    pub needs: Vec<StepId>,
    /// What must be reachable.
    pub rung: Rung,
    /// What the app does; `None` for manual steps and pure verifications.
    pub action: Option<Action>,
    /// Rules checked before the change.
    pub guards: Vec<Guard>,
    /// What makes it done.
    pub verify: Vec<Check>,
    /// What must be true where it must hold already; empty: the same as `verify`.
    pub holds: Vec<Check>,
    /// How it is taken back.
    pub undo: Undo,
    /// The same by hand, with placeholders: `az` or REST lines.
    pub by_hand: Vec<String>,
    /// Where the step comes from.
    pub source: Provenance,
}

/// What a step can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Risk {
    /// Changes nothing.
    ReadOnly,
    /// Can be taken back in full.
    Reversible,
    /// May lose something.
    Lossy,
    /// Cannot be taken back.
    Irreversible,
}

/// What a step needs reachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rung {
    /// Nothing but the person.
    Nothing,
    /// The network of this laptop.
    Network,
    /// Sign-in.
    Entra,
    /// Azure Resource Manager.
    Arm,
    /// The data plane of the primary region.
    PrimaryData,
    /// The data plane of the secondary region.
    SecondaryData,
}

/// A rule checked before a change; a refusal names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Guard {
    /// What results leaves at least one region serving: the named region's deployments answer now.
    AtLeastOneRegionServes {
        /// Region that is to serve afterwards.
        region: String,
    },
    /// So much time since the last change of the active region, against flapping.
    WaitSinceLastSwitch {
        /// How long.
        at_least: Millis,
    },
    /// The observer is not blind.
    ObserverSees,
}

/// A condition with its patience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What must be true.
    pub condition: Condition,
    /// How long to keep asking before it counts as failed.
    pub within: Millis,
}

/// How a step is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Undo {
    /// There is nothing to take back.
    Nothing,
    /// The app writes back what was read before the change.
    RestorePrevious,
    /// The app deletes what it created.
    DeleteCreated,
    /// A person does this.
    ByHand(String),
    /// It cannot be taken back.
    Impossible,
}

/// Where a fact comes from; shown beside the step and exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Provenance {
    /// A document the product started from, and where in it.
    Seed(String, String),
    /// A public document and its date.
    Doc(String, String),
    /// Decided for this product.
    Judgement(String),
    /// General knowledge, not verified.
    Known(String),
}

impl Provenance {
    /// One line.
    pub fn display(&self) -> String {
        match self {
            Self::Seed(doc, at) => format!("{doc}: {at}"),
            Self::Doc(doc, date) => format!("{doc} ({date})"),
            Self::Judgement(why) => format!("judgement: {why}"),
            Self::Known(what) => format!("not verified: {what}"),
        }
    }
}
