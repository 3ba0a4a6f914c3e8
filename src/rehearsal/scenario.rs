//! A scenario on disk: a world, what happens in it, what the operator is expected to do, and the scripted answers.
//!
//! Schema 1. The simulator reads `world` and `timeline`; the conductor reads the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::things::{Deleted, Resource, Rights, RoleAssignment, Site, Target};
use crate::runbook::model::{Phase, Strategy};
use crate::units::{Millis, Region};

/// One rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Format version; 1.
    pub schema: u32,
    /// Unique, kebab-case.
    pub id: String,
    /// One line.
    pub title: String,
    /// What it teaches.
    pub about: String,
    /// Built-in plan it exercises; empty for a world without a plan (`sandbox`).
    #[serde(default)]
    pub plan: String,
    /// Strategies it can be run with.
    #[serde(default)]
    pub strategies: Vec<Strategy>,
    /// Phases of the runbook that the run covers.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// How long the scripted second person takes to answer.
    #[serde(default = "second_person")]
    pub second_person: Millis,
    /// The simulated Azure.
    pub world: World,
    /// What happens, by scenario time.
    #[serde(default)]
    pub timeline: Vec<Happening>,
    /// What is expected of the operator.
    #[serde(default)]
    pub expect: Expect,
    /// What the scripted operator does, in order of first match.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

fn second_person() -> Millis {
    Millis::from_secs(40)
}

/// A simulated tenant with one subscription, and perhaps more beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    #[serde(default)]
    pub quotas: Vec<Quota>,
    /// App Configuration stores.
    #[serde(default)]
    pub stores: Vec<Store>,
    /// Traffic Manager profiles.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// Any other resources.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// Addresses behind them.
    #[serde(default)]
    pub sites: Vec<Site>,
    /// Names that are other names: `www.shop.example` → `tm-shop.trafficmanager.net`.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// What is in soft delete at the start.
    #[serde(default)]
    pub deleted: Vec<Deleted>,
    /// Delete locks: resource group name or ARM id.
    #[serde(default)]
    pub locks: Vec<String>,
    /// Further subscriptions of the tenant.
    #[serde(default)]
    pub more_subscriptions: Vec<MoreSubscription>,
    /// Role assignments at the start.
    #[serde(default)]
    pub roles: Vec<RoleAssignment>,
    /// What the signed-in identity may do; empty: everything.
    #[serde(default)]
    pub rights: Vec<Rights>,
    /// Two unrelated hosts that tell whether the observer is online.
    #[serde(default)]
    pub witnesses: Vec<String>,
    /// The users of the service.
    #[serde(default)]
    pub clients: Option<Clients>,
    /// How long a new resource is missing from ARM's reads and lists, which are eventually consistent.
    #[serde(default = "at_once")]
    pub unseen: Millis,
    /// Operations of Resource Manager take so many times less than Azure's, for clients that wait in real time.
    #[serde(default = "as_azure")]
    pub quick: u32,
}

fn at_once() -> Millis {
    Millis(0)
}

fn as_azure() -> u32 {
    1
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

/// Something at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// Scenario time.
    pub at: Millis,
    /// Only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum What {
    /// A fault begins.
    Fault {
        /// Its name, for [`What::Clear`].
        id: String,
        /// Where.
        on: Place,
        /// How it shows.
        how: How,
    },
    /// A fault ends.
    Clear(String),
    /// Service Health posts or updates an event.
    ServiceHealth {
        /// Tracking id; a second post under the same id updates it.
        tracking: String,
        /// Title.
        title: String,
        /// Text.
        summary: String,
        /// Region named.
        region: Region,
        /// `Active` or `Resolved`.
        status: String,
    },
    /// Resource Health changes its mind about an account.
    ResourceHealth {
        /// Account name.
        account: String,
        /// `Available`, `Unavailable`, `Degraded` or `Unknown`.
        state: String,
        /// Text.
        summary: String,
        /// The platform says that the customer caused it.
        #[serde(default)]
        by_customer: bool,
    },
    /// Somebody changes quota.
    SetQuota {
        /// Region.
        region: Region,
        /// Model.
        model: String,
        /// New limit.
        limit: u32,
    },
    /// A message to the operator.
    Inject(String),
    /// A colleague elsewhere reports what they see.
    Colleague {
        /// Who and from where.
        who: String,
        /// What they say.
        text: String,
        /// Region spoken of.
        region: Region,
        /// Whether it answers them.
        answers: bool,
    },
}

/// Where a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Inference of the accounts in a region.
    DataPlane(Region),
    /// Inference of one model deployment; what else its account answers is as ever.
    Deployment {
        /// Account name.
        account: String,
        /// Deployment name.
        name: String,
    },
    /// Azure Resource Manager, all of it.
    Arm,
    /// What is sent to ARM to change something; its reads answer.
    ArmChanges,
    /// ARM calls on resources in one region.
    ArmIn(Region),
    /// Sign-in.
    Entra,
    /// App Configuration data plane.
    AppConfiguration,
    /// This laptop's network: every address, witnesses included.
    Network,
    /// One witness alone.
    Witness(String),
}

/// How a fault shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// Nobody listens: connections are refused. Not for [`Place::ArmChanges`], [`Place::ArmIn`] and
    /// [`Place::Deployment`], which share their listener with others; there it resets.
    Refuse,
    /// Connected, then silent.
    BlackHole,
    /// The connection is reset.
    Reset,
    /// The TLS handshake breaks off; without TLS the connection does.
    NoHandshake,
    /// Somebody in between shows a certificate that nobody trusts; without TLS it shows its page.
    BadCertificate,
    /// This status with Azure's error envelope.
    Status(u16),
    /// 429 with `Retry-After`.
    Throttle {
        /// When to come back.
        retry_after: Millis,
    },
    /// A network's sign-in page answers with 200 in its place.
    Page,
    /// It is done, and the connection ends in the middle of the answer.
    Cut,
    /// Answers, but so much later.
    Slow(Millis),
    /// Long-running work is accepted and fails in the end, with this code.
    FailsLate(String),
}

/// What a good operator does; each line scores.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The decision at the decision step.
    #[serde(default)]
    pub decision: Option<Choice>,
    /// How long after T0 it may take.
    #[serde(default)]
    pub decide_within: Option<Millis>,
    /// How the run is closed.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Region that has to serve the users: the secondary by metrics after the move; the primary by never being left, or by a
    /// fail back that was verified.
    #[serde(default)]
    pub served_by: Option<Region>,
    /// Verdict that Lifeboat must have shown.
    #[serde(default)]
    pub verdict: Option<String>,
    /// Steps that must not have been performed.
    #[serde(default)]
    pub must_not: Vec<String>,
    /// RTA must stay within the RTO.
    #[serde(default)]
    pub within_rto: bool,
}

/// What can be decided at the decision step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Choice {
    /// Do nothing yet.
    Wait,
    /// Move a part of the traffic.
    Partial,
    /// Move users.
    FailOver,
    /// Not a failover case.
    Abort,
}

impl Choice {
    /// All, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::FailOver, Self::Partial, Self::Wait, Self::Abort];
    /// In words.
    pub fn display(self) -> &'static str {
        match self {
            Self::Wait => "Wait",
            Self::Partial => "Move a part",
            Self::FailOver => "Fail over",
            Self::Abort => "Do not fail over",
        }
    }
}

/// How a run ends. Scenario files may write the variant's name, as they do for every other choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Users are served, everything verified.
    #[serde(alias = "Recovered")]
    Recovered,
    /// Users are served, with findings.
    #[serde(alias = "RecoveredWithFindings")]
    RecoveredWithFindings,
    /// No outage of the region; nothing was moved.
    #[serde(alias = "FalseAlarm")]
    FalseAlarm,
    /// Users are not served.
    #[serde(alias = "NotRecovered")]
    NotRecovered,
    /// Cannot be told.
    #[serde(alias = "Inconclusive")]
    Inconclusive,
}

impl Outcome {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] =
        [Self::Recovered, Self::RecoveredWithFindings, Self::FalseAlarm, Self::NotRecovered, Self::Inconclusive];
    /// In words.
    pub fn display(self) -> &'static str {
        match self {
            Self::Recovered => "Recovered",
            Self::RecoveredWithFindings => "Recovered, with findings",
            Self::FalseAlarm => "False alarm",
            Self::NotRecovered => "Not recovered",
            Self::Inconclusive => "Inconclusive",
        }
    }
}

/// One line of the script.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Step it answers; `*` for any.
    pub step: String,
    /// Only in these strategies; empty: in all.
    #[serde(default)]
    pub only_in: Vec<Strategy>,
    /// In which situation of the step.
    #[serde(default)]
    pub when: Situation,
    /// What is done.
    pub answer: Reply,
    /// How long a person takes over it.
    #[serde(default = "thinking")]
    pub takes: Millis,
}

fn thinking() -> Millis {
    Millis::from_secs(20)
}

/// The situations a script distinguishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Situation {
    /// The step can be begun.
    #[default]
    Ready,
    /// It failed.
    Failed,
    /// It failed a second time.
    FailedAgain,
    /// It was caught half way, and Azure does not show that it was applied.
    NotApplied,
}

/// What the scripted operator can do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// Let the app do it.
    Perform,
    /// Let the app do it with this option of the preview.
    PerformWith(String),
    /// Say that it was done or is so, with evidence.
    Confirm(String),
    /// Skip with a reason.
    Skip(String),
    /// Decide.
    Decide {
        /// What.
        choice: Choice,
        /// Why.
        reason: String,
        /// Expected loss.
        expected_loss: String,
    },
    /// Try again.
    Retry,
    /// Take it back.
    Undo,
    /// Close the run.
    Close {
        /// How it ended.
        outcome: Outcome,
        /// In words.
        summary: String,
    },
}
