//! The vocabulary of verification: everything a runbook can ask to be true.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::Millis;

/// What can be read and judged. `account` and `store` are ARM ids, `region` a region (templates until bound).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Condition {
    /// A person says so; the text is the question.
    Person(String),
    /// The detector says that the region's data plane fails persistently, at the plan's tier.
    FailsPersistently {
        /// Region.
        region: String,
    },
    /// Two unrelated witness hosts, sign-in and this region answer from this laptop.
    ObserverSees {
        /// The region that should answer.
        region: String,
    },
    /// One probe retried after 1, 2, 4, 8 and 16 s with jitter, obeying `retry-after-ms`, failed every time.
    StillFailsAfterRetry {
        /// Region.
        region: String,
    },
    /// Service Health and Resource Health were read, and what they say is recorded. Silence is no evidence of health.
    PlatformNoticesRead {
        /// Region they should speak of.
        region: String,
        /// Account whose resource health is read.
        account: String,
    },
    /// ARM and data plane of both accounts were asked apart, and the answers recorded.
    PlanesRead {
        /// Primary account.
        primary: String,
        /// Secondary account.
        secondary: String,
    },
    /// The activity log shows no change of ours to this resource in the last `within`.
    NoOwnChange {
        /// ARM id.
        account: String,
        /// How far back.
        back: Millis,
    },
    /// The region answers well now: the last `calls` probes succeeded.
    Answers {
        /// Region.
        region: String,
        /// How many in a row.
        calls: u32,
    },
    /// The region has answered without a failure for so long.
    SteadyFor {
        /// Region.
        region: String,
        /// How long.
        hold: Millis,
    },
    /// Resource group lies in this region.
    GroupIsIn {
        /// ARM id of any resource in the group, or of the group.
        resource: String,
        /// Region.
        region: String,
    },
    /// The account exists and is provisioned.
    AccountReady {
        /// ARM id.
        account: String,
    },
    /// The region offers every model and version deployed in this account.
    ModelsOffered {
        /// ARM id of the account that has them.
        account: String,
        /// Region.
        region: String,
    },
    /// Every deployment of `like` exists in `account` with the same model and version, and is provisioned.
    DeploymentsMatch {
        /// ARM id.
        account: String,
        /// ARM id of the model.
        like: String,
    },
    /// Quota left in the region, with what `account` there already holds, covers `percent` of what `like` holds, by model.
    QuotaCovers {
        /// ARM id of the account whose capacity is needed.
        like: String,
        /// ARM id of the account that is to have it.
        account: String,
        /// E.g. 120.
        percent: u32,
    },
    /// A one-token call to every deployment of `account`, with that region's own credential, answers 200.
    DeploymentsAnswer {
        /// ARM id.
        account: String,
    },
    /// Every deployment's capacity is at least that of the same name in `like`.
    CapacityAtLeast {
        /// ARM id.
        account: String,
        /// ARM id of the measure.
        like: String,
    },
    /// Keys of an App Configuration store have these values.
    AppConfigurationIs {
        /// ARM id of the store.
        store: String,
        /// Key → value.
        values: BTreeMap<String, String>,
    },
    /// By the platform's metrics, `account` served at least so many percent of the requests of both in the last minute.
    ShareOfRequests {
        /// ARM id of the account that should serve.
        account: String,
        /// ARM id of the other.
        other: String,
        /// E.g. 99.
        at_least_percent: u32,
    },
    /// By the platform's metrics, failed requests stayed below this share over so long, with at least so many calls.
    ErrorRateBelow {
        /// ARM id.
        account: String,
        /// E.g. 1.
        percent: u32,
        /// Which answers count: `5xx` or `429`.
        status: String,
        /// Window.
        over: Millis,
        /// Fewer calls than this prove nothing.
        min_calls: u32,
    },
    /// The 95th percentile of this laptop's probes is at most so many percent of the baseline.
    LatencyWithin {
        /// Region.
        region: String,
        /// Baseline.
        baseline: String,
        /// E.g. 200.
        percent: u32,
    },
    /// The platform's metrics show requests at this account in the last five minutes.
    TelemetryArrives {
        /// ARM id.
        account: String,
    },
    /// A delete lock protects this resource or its group.
    Locked {
        /// ARM id.
        resource: String,
    },
    /// A resource that steers users among regions of its own does not lead them to this one while another answers. What a
    /// person may send to that end is shown with it.
    OwnRegionsAvoid {
        /// ARM id.
        resource: String,
        /// Region.
        region: String,
    },
    /// None of the deployments that this run created is left in the account.
    CreatedDeploymentsGone {
        /// ARM id.
        account: String,
    },
    /// A property of a resource in Azure Resource Manager. With nothing asked of it: it is there.
    ArmProperty {
        /// ARM id of the resource; a child such as `{registry}/replications/{secondary}` will do.
        resource: String,
        /// Path of names and indexes, e.g. `properties.provisioningState`.
        path: String,
        /// It says this, in upper or lower case.
        #[serde(default)]
        is: Option<String>,
        /// It does not say this.
        #[serde(default)]
        is_not: Option<String>,
        /// The number there is at least this.
        #[serde(default)]
        at_least: Option<u64>,
    },
    /// Azure Resource Manager answers that this resource does not exist.
    ArmAbsent {
        /// ARM id.
        resource: String,
    },
    /// An address answers a GET. Nothing secret is sent along.
    Http {
        /// https address, on a host that the plan names.
        url: String,
        /// Status code.
        #[serde(default = "ok_status")]
        status: u16,
        /// Path into a JSON answer, e.g. `data.0.status`.
        #[serde(default)]
        json: Option<String>,
        /// What stands there, in upper or lower case; without it the path need only be there.
        #[serde(default)]
        is: Option<String>,
    },
    /// A metric of Azure Monitor, over the last `over`.
    Metric {
        /// ARM id.
        resource: String,
        /// Its name, e.g. `ModelRequests`.
        name: String,
        /// How its points are made one number.
        aggregation: Aggregation,
        /// Window.
        over: Millis,
        /// At least this.
        #[serde(default)]
        at_least: Option<u64>,
        /// At most this.
        #[serde(default)]
        at_most: Option<u64>,
    },
    /// A name leads to the same addresses as another.
    DnsLeadsTo {
        /// Host name that users resolve.
        name: String,
        /// Host name it should lead to.
        target: String,
    },
}

/// How points of a metric become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Aggregation {
    /// Their sum.
    Total,
    /// Their mean.
    Average,
    /// The highest.
    Maximum,
}

fn ok_status() -> u16 {
    200
}
