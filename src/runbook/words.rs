//! What a runbook asks for, in plain words: the same in the window, in the terminal, in the record and on paper.

use super::model::{Condition, Guard, Risk, Rung, StepKind, Undo};
use crate::units::Region;

fn name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn region(r: &str) -> String {
    Region::new(r).display()
}

/// What has to be true.
pub fn condition(c: &Condition) -> String {
    match c {
        Condition::Person(q) => q.clone(),
        Condition::FailsPersistently { region: r } => format!("{} fails persistently from here", region(r)),
        Condition::ObserverSees { region: r } => {
            format!("witness hosts, sign-in and {} answer from this laptop", region(r))
        }
        Condition::StillFailsAfterRetry { region: r } => {
            format!("{} still fails after retries at 1, 2, 4, 8 and 16 s", region(r))
        }
        Condition::PlatformNoticesRead { region: r, .. } => {
            format!("Service Health and Resource Health were read for {}", region(r))
        }
        Condition::PlanesRead { primary, secondary } => {
            format!("ARM and data plane of {} and {} were asked apart", name(primary), name(secondary))
        }
        Condition::NoOwnChange { account, back } => {
            format!("no change of ours to {} in the last {back}", name(account))
        }
        Condition::Answers { region: r, calls } => format!("{} answered the last {calls} calls", region(r)),
        Condition::SteadyFor { region: r, hold } => format!("{} has answered without a failure for {hold}", region(r)),
        Condition::GroupIsIn { resource, region: r } => {
            format!("the resource group of {} lies in {}", name(resource), region(r))
        }
        Condition::AccountReady { account } => format!("{} exists and is provisioned", name(account)),
        Condition::ModelsOffered { account, region: r } => {
            format!("{} offers every model deployed in {}", region(r), name(account))
        }
        Condition::DeploymentsMatch { account, like } => {
            format!("{} has every deployment of {}, same model and version", name(account), name(like))
        }
        Condition::QuotaCovers { like, account, percent } => {
            format!("quota for {} covers {percent} % of what {} holds", name(account), name(like))
        }
        Condition::DeploymentsAnswer { account } => {
            format!("a one-token call to every deployment of {} answers", name(account))
        }
        Condition::CapacityAtLeast { account, like } => {
            format!("every deployment of {} has at least the capacity it has in {}", name(account), name(like))
        }
        Condition::AppConfigurationIs { store, values } => {
            let pairs: Vec<String> = values.iter().map(|(k, v)| format!("{k} = {v}")).collect();
            format!("{} holds {}", name(store), pairs.join(", "))
        }
        Condition::ShareOfRequests { account, at_least_percent, .. } => {
            format!("{} serves at least {at_least_percent} % of the requests, by metrics", name(account))
        }
        Condition::ErrorRateBelow { account, percent, status, over, min_calls } => {
            format!("{status} answers of {} below {percent} % over {over}, {min_calls} calls or more", name(account))
        }
        Condition::LatencyWithin { region: r, baseline, percent } => {
            format!("95th percentile of {} within {percent} % of {baseline}", region(r))
        }
        Condition::TelemetryArrives { account } => format!("metrics of {} arrive", name(account)),
        Condition::Locked { resource } => format!("a delete lock protects {}", name(resource)),
        Condition::OwnRegionsAvoid { resource, region: r } => {
            format!("{} does not lead users to {} while another region answers", name(resource), region(r))
        }
        Condition::CreatedDeploymentsGone { account } => {
            format!("nothing this run created is left in {}", name(account))
        }
        Condition::ArmProperty { resource, path, is, is_not, at_least } => {
            let what = format!("{path} of {}", name(resource));
            match (is, is_not, at_least) {
                (Some(v), ..) => format!("{what} is {v}"),
                (_, Some(v), _) => format!("{what} is not {v}"),
                (.., Some(n)) => format!("{what} is at least {n}"),
                _ => format!("{what} can be read"),
            }
        }
        Condition::ArmAbsent { resource } => format!("{} does not exist", name(resource)),
        Condition::Http { url, status, json, is } => {
            let says = |p: &String| is.as_ref().map_or_else(|| format!(" with {p}"), |v| format!(" with {p} = {v}"));
            format!("{url} answers {status}{}", json.as_ref().map_or_else(String::new, says))
        }
        Condition::Metric { resource, name: metric, over, at_least, at_most, .. } => {
            let least = at_least.map_or_else(String::new, |n| format!(" at least {n}"));
            let most = at_most.map_or_else(String::new, |n| format!(" at most {n}"));
            format!("{metric} of {} over {over} is{least}{most}", name(resource))
        }
        Condition::DnsLeadsTo { name, target } => format!("{name} leads to {target}"),
    }
}

/// A rule that is checked before a change.
pub fn guard(g: &Guard) -> String {
    match g {
        Guard::AtLeastOneRegionServes { region: r } => {
            format!("{} serves now, so that at least one region is left afterwards", region(r))
        }
        Guard::WaitSinceLastSwitch { at_least } => format!("users were last moved {at_least} ago or longer"),
        Guard::ObserverSees => "your own view is sound: unrelated hosts and sign-in answer from here".to_owned(),
    }
}

/// How it is taken back.
pub fn undo(u: &Undo) -> String {
    match u {
        Undo::Nothing => "there is nothing to take back".to_owned(),
        Undo::RestorePrevious => "write back the values that were read before the change".to_owned(),
        Undo::DeleteCreated => "delete what this step created, nothing else".to_owned(),
        Undo::ByHand(how) => how.clone(),
        Undo::Impossible => "cannot be taken back".to_owned(),
    }
}

/// What must be reachable; none when the person is enough.
pub fn rung(r: Rung) -> Option<&'static str> {
    match r {
        Rung::Nothing => None,
        Rung::Network => Some("a network"),
        Rung::Entra => Some("sign-in (Entra ID)"),
        Rung::Arm => Some("Azure Resource Manager"),
        Rung::PrimaryData => Some("the primary region's data plane"),
        Rung::SecondaryData => Some("the secondary region's data plane"),
    }
}

/// What it can break.
pub fn risk(r: Risk) -> &'static str {
    match r {
        Risk::ReadOnly => "reads only",
        Risk::Reversible => "reversible",
        Risk::Lossy => "may lose data",
        Risk::Irreversible => "cannot be undone",
    }
}

/// Who does it.
pub fn kind(k: StepKind) -> &'static str {
    match k {
        StepKind::Manual => "by a person",
        StepKind::Automatic => "by Lifeboat",
        StepKind::Verification => "a check",
    }
}
