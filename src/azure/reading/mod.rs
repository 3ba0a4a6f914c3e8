//! What Azure shows, judged against a condition, in words for people.
//!
//! Three values: it holds, it does not, or it cannot be told. Whatever could not be read, is not there yet or is too
//! little to judge by is the third, with the reason.

mod control;
mod resource;
mod traffic;

pub use self::resource::synced;
use super::health::{self, Notice};
use super::{Azure, AzureError, versions};
use crate::clock::Task;
pub use crate::run::event::Reading;
use crate::runbook::model::Condition;
use crate::runbook::property::Asked;
use crate::units::{Millis, Region};

/// Where readings come from, as shown.
const ARM: &str = "Azure Resource Manager";
const METRICS: &str = "Azure Monitor metrics";
const SIGN_IN: &str = "Entra ID";
const STORE: &str = "App Configuration";

impl Reading {
    fn new(task: &Task, source: &str, name: impl Into<String>, ok: Option<bool>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            ok,
            source: source.to_owned(),
            at_utc: task.now().utc,
            latency: None,
            raw: None,
        }
    }

    /// It could not be read; that is neither yes nor no.
    fn unread(task: &Task, source: &str, name: impl Into<String>, error: &AzureError) -> Self {
        let mut out = Self::new(task, source, name, None, format!("could not be read: {error}"));
        out.raw = Some(error.what_to_do());
        out
    }
}

/// Reads what a condition is about. `created` are the ARM ids that this run created; `moved` is when it last moved users.
///
/// `None` where the condition is answered elsewhere: by a person, or by this laptop's own look at the network.
pub async fn read(
    azure: &Azure,
    task: &Task,
    condition: &Condition,
    created: &[String],
    moved: Option<i64>,
) -> Option<Vec<Reading>> {
    let c = Look { azure, task };
    Some(match condition {
        Condition::Person(_)
        | Condition::FailsPersistently { .. }
        | Condition::ObserverSees { .. }
        | Condition::StillFailsAfterRetry { .. }
        | Condition::Answers { .. }
        | Condition::SteadyFor { .. }
        | Condition::LatencyWithin { .. }
        | Condition::Http { .. }
        | Condition::DnsLeadsTo { .. } => return None,
        Condition::PlatformNoticesRead { region, account } => c.notices_read(region, account).await,
        Condition::PlanesRead { primary, secondary } => c.planes(primary, secondary).await,
        Condition::NoOwnChange { account, back } => vec![c.own_changes(account, *back).await],
        Condition::GroupIsIn { resource, region } => vec![c.group_is_in(resource, region).await],
        Condition::AccountReady { account } => vec![c.account_ready(account).await],
        Condition::ModelsOffered { account, region } => c.models_offered(account, region).await,
        Condition::DeploymentsMatch { account, like } => c.deployments_match(account, like).await,
        Condition::QuotaCovers { like, account, percent } => c.quota_covers(like, account, *percent).await,
        Condition::DeploymentsAnswer { account } => c.deployments_answer(account).await,
        Condition::CapacityAtLeast { account, like } => c.capacity_at_least(account, like).await,
        Condition::AppConfigurationIs { store, values } => c.configuration_is(store, values).await,
        Condition::ShareOfRequests { account, other, at_least_percent } => {
            vec![c.share(account, other, *at_least_percent, moved).await]
        }
        Condition::ErrorRateBelow { account, percent, status, over, min_calls } => {
            vec![c.error_rate(account, *percent, status, *over, *min_calls).await]
        }
        Condition::TelemetryArrives { account } => vec![c.telemetry(account).await],
        Condition::Locked { resource } => vec![c.locked(resource).await],
        Condition::OwnRegionsAvoid { resource, region } => vec![c.own_regions_avoid(resource, region).await],
        Condition::CreatedDeploymentsGone { account } => c.created_gone(account, created).await,
        Condition::ArmProperty { resource, path, is, is_not, at_least } => {
            let asked = Asked { is: is.as_deref(), is_not: is_not.as_deref(), at_least: *at_least };
            vec![c.property(resource, path, asked).await]
        }
        Condition::ArmAbsent { resource } => vec![c.absent(resource).await],
        Condition::Metric { resource, name, aggregation, over, at_least, at_most } => {
            vec![c.metric_within(resource, name, *aggregation, *over, (*at_least, *at_most)).await]
        }
    })
}

/// The whole of several readings: no where one says no, unknown where one is, and where there is none at all.
pub fn verdict(readings: &[Reading]) -> Option<bool> {
    if readings.iter().any(|r| r.ok == Some(false)) {
        return Some(false);
    }
    (!readings.is_empty() && readings.iter().all(|r| r.ok == Some(true))).then_some(true)
}

/// What the platform says of a region and an account. What cannot be read is a notice of its own.
pub async fn platform_notices(azure: &Azure, task: &Task, region: &Region, account: &str) -> Vec<Notice> {
    let mut out = match health::service_events(azure, task, region).await {
        Ok(events) => events,
        Err(e) => vec![unread("Service Health", &e)],
    };
    out.push(match health::resource_status(azure, task, account).await {
        Ok(notice) => notice,
        Err(e) => unread("Resource Health", &e),
    });
    out
}

fn unread(source: &str, error: &AzureError) -> Notice {
    Notice {
        source: source.to_owned(),
        tracking: None,
        title: format!("{source} could not be read"),
        text: error.to_string(),
        status: "Unknown".into(),
        regions: Vec::new(),
        since: None,
        updated: None,
        by_customer: false,
        incident: false,
        unread: true,
    }
}

/// Whether ARM answers at all, and how fast. Asked once, without repeats.
pub async fn arm_answers(azure: &Azure, task: &Task) -> Reading {
    let name = "Azure Resource Manager";
    let path = format!("/subscriptions/{}", azure.cloud().subscription);
    let url = match azure.arm(&path, versions::SUBSCRIPTIONS, &[]) {
        Ok(url) => url,
        Err(e) => return Reading::unread(task, ARM, name, &e),
    };
    let (took, outcome) = azure.get_timed(task, &url).await;
    answered(task, ARM, name, took, outcome)
}

/// Whether sign-in gives a new token now, and how fast. The token is kept: it may be the last for a while.
pub async fn entra_answers(azure: &Azure, task: &Task) -> Reading {
    let started = task.now().mono;
    let outcome = azure.sign_in_anew(task).await;
    answered(task, SIGN_IN, "Sign-in", Millis(task.now().mono.saturating_sub(started)), outcome)
}

/// A refusal of the caller is an answer of the service; silence and its own failure are not.
fn answered<T>(task: &Task, source: &str, name: &str, took: Millis, outcome: Result<T, AzureError>) -> Reading {
    let mut out = match outcome {
        Ok(_) => Reading::new(task, source, name, Some(true), format!("answers in {took}")),
        Err(e) => {
            let status = match &e {
                AzureError::Refused(r) => Some(r.status),
                AzureError::SignIn(s) => s.status,
                AzureError::Setup(_) | AzureError::OutsideRehearsal { .. } | AzureError::ForeignHost { .. } => {
                    return Reading::unread(task, source, name, &e);
                }
                _ => None,
            };
            let ok = status.is_some_and(|s| s < 500 && s != 408);
            Reading { raw: Some(e.what_to_do()), ..Reading::new(task, source, name, Some(ok), e.to_string()) }
        }
    };
    out.latency = Some(took);
    out
}

/// One look at Azure.
#[derive(Clone, Copy)]
struct Look<'a> {
    azure: &'a Azure,
    task: &'a Task,
}
