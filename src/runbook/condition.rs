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
    /// None of the deployments that this run created is left in the account.
    CreatedDeploymentsGone {
        /// ARM id.
        account: String,
    },
}
