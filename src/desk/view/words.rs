//! Conditions and events in plain words, the same in the window, in the terminal and in the record's timeline.

use crate::run::event::{Event, Found};
use crate::runbook::model::Condition;
use crate::units::{Millis, Region};

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

/// An event in one line.
pub fn event(e: &Event) -> String {
    match e {
        Event::Plan { what, part, of, .. } => format!("frozen {what}, part {part} of {of}"),
        Event::Participant { name, role } => format!("{name} takes part as {role}"),
        Event::Started(s) => format!("started: {}, {}, {}", s.title, s.strategy.display(), s.mode.word()),
        Event::Declared { evidence, .. } => format!("impact began (T0): {evidence}"),
        Event::Degraded { degraded: true } => "degraded instructions shown".to_owned(),
        Event::Degraded { degraded: false } => "normal instructions shown".to_owned(),
        Event::Paused { reason } => format!("paused: {reason}"),
        Event::Resumed => "resumed".to_owned(),
        Event::Ended { outcome, summary, .. } => format!("closed: {}. {summary}", outcome.display()),
        Event::Aborted { reason } => format!("given up: {reason}"),
        Event::SessionOpened { .. } => "opened".to_owned(),
        Event::ApprovalRequested { what, .. } => format!("second person asked: {what}"),
        Event::Approved { label, .. } => format!("second person agreed ({label})"),
        Event::Denied { reason, .. } => format!("second person refused: {reason}"),
        Event::ApprovalVoided { why, .. } => format!("approval void: {why}"),
        Event::Decided { choice, reason, .. } => format!("decision: {}. {reason}", choice.display()),
        Event::Deviation { reason, .. } => format!("deviation: {reason}"),
        Event::ActionIntended { method, url, .. } => {
            format!("will send {method} {}", url.split('?').next().unwrap_or(url))
        }
        Event::ActionAccepted { .. } => "Azure accepted it and works on it".to_owned(),
        Event::ActionFinished { failure: None, corr, .. } => match corr.status {
            Some(s) => format!("Azure did it ({s})"),
            None => "Azure did it".to_owned(),
        },
        Event::ActionFinished { failure: Some(f), .. } => format!("Azure refused: {} {}", f.code, f.message),
        Event::ActionIndeterminate { why, .. } => format!("unclear: {why}"),
        Event::ActionReconciled { found, detail, .. } => {
            let word = match found {
                Found::Applied => "it was applied",
                Found::NotApplied => "it was not applied",
                Found::Running => "Azure is still at it",
                Found::Unknown => "cannot be read now",
            };
            format!("read back: {word}. {detail}")
        }
        Event::StepReady => "ready".to_owned(),
        Event::StepStarted { changes, undo: true, .. } => format!("taking back, {} requests", changes.len()),
        Event::StepStarted { changes, .. } if changes.is_empty() => "checking".to_owned(),
        Event::StepStarted { changes, .. } => format!("begun, {} requests", changes.len()),
        Event::StepVerified { readings } => format!("verified: {}", readings_text(readings)),
        Event::StepDoneByApp => "done by Lifeboat".to_owned(),
        Event::StepDoneByHand { evidence } => format!("done by hand: {evidence}"),
        Event::StepAlreadyTrue { readings } => format!("already true: {}", readings_text(readings)),
        Event::StepFailed { failure, .. } => format!("failed: {}", failure.message),
        Event::StepSkipped { reason } => format!("skipped: {reason}"),
        Event::StepUndone => "taken back".to_owned(),
        Event::StepReopened { reason } => format!("begun anew: {reason}"),
        Event::Note { text } => text.clone(),
        Event::Ledger { text } => format!("divergence: {text}"),
        Event::Loss { text, .. } => format!("may be lost: {text}"),
        Event::Inject { text, .. } => format!("scenario: {text}"),
        Event::Observed(o) => o.text.clone(),
        Event::Measured { name, value: None, how } => format!("{name} not measured: {how}"),
        Event::Measured { name, value: Some(v), how } if name.starts_with('T') => {
            format!("{name} at {}: {how}", crate::units::utc_clock(*v))
        }
        Event::Measured { name, value: Some(v), how } => {
            format!("{name} {}: {how}", Millis(u64::try_from(*v).unwrap_or(0)))
        }
        Event::Evidence { name, text, .. } => format!("evidence, {name}: {text}"),
    }
}

fn readings_text(readings: &[crate::run::event::Reading]) -> String {
    let all: Vec<String> = readings.iter().map(|r| format!("{} {}", r.name, r.value)).collect();
    all.join("; ")
}
