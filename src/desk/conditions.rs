//! Conditions and guards answered: from probes and detectors here, everything else from Azure.

use crate::azure::reading;
use crate::clock::Task;
use crate::health::{Detector, DetectorState};
use crate::plan::model::PlannedStep;
use crate::probe::probe_with_retry;
use crate::run::event::Reading;
use crate::runbook::model::{Condition, Guard};
use crate::units::{Millis, Region};

use super::executor::{Facts, World};
use super::monitor::ENTRA;
use super::outside;
use super::view::situation::assessment;

/// Successful probes that a 95th percentile needs.
const ENOUGH_FOR_P95: usize = 20;
/// Where these readings come from.
const PROBES: &str = "probes from this laptop";

fn one(task: &Task, name: impl Into<String>, ok: Option<bool>, value: impl Into<String>) -> Vec<Reading> {
    vec![reading(task, &name.into(), ok, value.into())]
}

/// Reads a condition once.
pub async fn read(world: &World, task: &Task, condition: &Condition, facts: &Facts) -> Vec<Reading> {
    match condition {
        Condition::FailsPersistently { region } => detector(world, task, region, |d, now| {
            let persistent = d.state(now) == DetectorState::Persistent;
            let t = d.tally(d.failing_since().unwrap_or(now));
            let value = match d.state(now) {
                DetectorState::Persistent => format!("fails persistently, {} of {} calls", t.failed, t.calls),
                DetectorState::Suspect => format!("fails, {} in a row; not yet persistent", d.consecutive_failures()),
                DetectorState::Ok => "answers".to_owned(),
                DetectorState::Recovering => "answers again".to_owned(),
                DetectorState::Unknown => return (None, "no news that can be judged".to_owned()),
            };
            (Some(persistent), value)
        }),
        Condition::ObserverSees { region } => observer(world, task, region),
        Condition::StillFailsAfterRetry { region } => still_fails(world, task, region).await,
        Condition::Answers { region, calls } => detector(world, task, region, |d, now| {
            let row = d.consecutive_successes();
            match d.answers(now) {
                Some(true) => (Some(row >= *calls), format!("{row} answers in a row")),
                Some(false) => (Some(false), "does not answer".to_owned()),
                None => (None, "no fresh news".to_owned()),
            }
        }),
        Condition::SteadyFor { region, hold } => detector(world, task, region, |d, now| {
            let steady = d.steady_for(now);
            let shown = Millis(steady.0 / 1_000 * 1_000);
            (Some(steady >= *hold), format!("no failure for {shown}"))
        }),
        Condition::LatencyWithin { region, baseline, percent } => {
            let base: Millis = baseline.parse().unwrap_or(Millis(0));
            let limit = Millis(base.0.saturating_mul(u64::from(*percent)) / 100);
            detector(world, task, region, |d, _| match d.p95(ENOUGH_FOR_P95) {
                Some(p95) => (Some(p95 <= limit), format!("p95 {p95}, limit {limit}")),
                None => (None, "too few answers yet for a 95th percentile".to_owned()),
            })
        }
        Condition::Http { url, status, json, is } => {
            outside::http(&world.azure, task, url, *status, json.as_deref(), is.as_deref()).await
        }
        Condition::DnsLeadsTo { name, target } => outside::dns(&world.azure, task, name, target).await,
        Condition::Person(_) => Vec::new(),
        _ => reading::read(&world.azure, task, condition, &facts.created, facts.last_switch).await.unwrap_or_default(),
    }
}

fn detector(
    world: &World,
    task: &Task,
    region: &str,
    judge: impl FnOnce(&Detector, i64) -> (Option<bool>, String),
) -> Vec<Reading> {
    let r = Region::new(region);
    let watched = world.monitor.lock();
    let (ok, value) = match watched.region(&r) {
        Some(d) => judge(d, task.now().utc),
        None => (None, "this region is not watched".to_owned()),
    };
    drop(watched);
    one(task, r.display(), ok, value)
}

/// Witnesses, sign-in and the other region: if they fail too, the fault is here.
fn observer(world: &World, task: &Task, region: &str) -> Vec<Reading> {
    let now = task.now().utc;
    let r = Region::new(region);
    let w = world.monitor.lock();
    let line = |name: &str, d: Option<&Detector>| {
        let (ok, value) = match d.map(|d| (d.answers(now), d)) {
            Some((Some(true), d)) => {
                (Some(true), d.typical().map_or("answers".to_owned(), |t| format!("answers in {t}")))
            }
            Some((Some(false), d)) => (Some(false), d.last().map_or_else(String::new, |p| p.outcome.text())),
            Some((None, _)) | None => (None, "no fresh news".to_owned()),
        };
        one(task, name, ok, value)
    };
    let mut out = Vec::new();
    for d in w.witnesses() {
        out.extend(line(&d.id().0, Some(d)));
    }
    out.extend(line(ENTRA, w.named(ENTRA)));
    out.extend(line(&r.display(), w.region(&r)));
    out
}

async fn still_fails(world: &World, task: &Task, region: &str) -> Vec<Reading> {
    let r = Region::new(region);
    let id = world.monitor.lock().region(&r).map(|d| d.id().0.clone());
    let target = match &id {
        Some(id) => world.targets.target(&world.azure, task, id).await,
        None => None,
    };
    let Some(target) = target else { return one(task, r.display(), None, "this region is not probed") };
    let tries = probe_with_retry(task, &target, task.now().mono).await;
    let answered = tries.iter().any(|o| o.outcome.answered());
    let ours = tries.last().is_some_and(|o| !o.outcome.answered() && !o.outcome.counts());
    let value = match (answered, tries.last()) {
        (true, _) => format!("answered at try {}: it was transient", tries.len()),
        (false, Some(last)) => format!("{} tries, all failed; last: {}", tries.len(), last.outcome.text()),
        (false, None) => "not asked".to_owned(),
    };
    let ok = if ours { None } else { Some(!answered) };
    one(task, r.display(), ok, value)
}

/// Reads a guard right before a change is taken back. Where users are led back, another region has to serve them.
pub async fn guard_back(world: &World, task: &Task, g: &Guard, planned: &PlannedStep, facts: &Facts) -> Reading {
    let Guard::AtLeastOneRegionServes { region } = g else { return guard(world, task, g, facts).await };
    if !planned.moves_users() {
        return guard(world, task, g, facts).await;
    }
    let others: Vec<String> = {
        let (w, here) = (world.monitor.lock(), Region::new(region));
        w.regions().filter(|(r, ..)| **r != here).map(|(r, ..)| r.name().to_owned()).collect()
    };
    let mut best: Option<Reading> = None;
    for other in others {
        let read = guard(world, task, &Guard::AtLeastOneRegionServes { region: other }, facts).await;
        if best.as_ref().is_none_or(|b| read.ok > b.ok) {
            best = Some(read);
        }
    }
    match best {
        Some(b) => b,
        None => reading(task, "at least one region serves afterwards", None, "no other region is watched".to_owned()),
    }
}

/// Reads a guard right before a change.
pub async fn guard(world: &World, task: &Task, g: &Guard, facts: &Facts) -> Reading {
    let (name, ok, value) = match g {
        Guard::AtLeastOneRegionServes { region } => {
            let r = Region::new(region);
            let w = world.monitor.lock();
            let now = task.now().utc;
            let (ok, value) = match w.region(&r) {
                Some(d) if d.answers(now) == Some(true) => {
                    let t = d.tally(now - 5 * 60_000);
                    (Some(true), format!("{} answers, {} of {} calls", r.display(), t.answered, t.calls))
                }
                Some(d) if d.answers(now) == Some(false) => (Some(false), format!("{} does not answer", r.display())),
                _ => (None, format!("no fresh news of {}", r.display())),
            };
            ("at least one region serves afterwards", ok, value)
        }
        Guard::WaitSinceLastSwitch { at_least } => {
            let since = facts.last_switch.map(|at| task.now().since(at));
            let (ok, value) = match since {
                None => (true, "not switched in this run".to_owned()),
                Some(t) => (t >= *at_least, format!("last switched {} ago", Millis(t.0 / 1_000 * 1_000))),
            };
            ("enough time since the last switch", Some(ok), format!("{value}, {at_least} asked for"))
        }
        Guard::ObserverSees => {
            let a = assessment(&world.monitor.lock(), task.now().utc);
            let name = "this laptop can see";
            match a.blind {
                Some(why) => (name, Some(false), why),
                None if a.sees => (name, Some(true), "the witnesses answer".to_owned()),
                None => {
                    (name, None, "no fresh news of the witnesses or of sign-in yet; read again in a moment".to_owned())
                }
            }
        }
    };
    reading(task, name, ok, value)
}

fn reading(task: &Task, name: &str, ok: Option<bool>, value: String) -> Reading {
    Reading {
        name: name.to_owned(),
        value,
        ok,
        source: PROBES.to_owned(),
        at_utc: task.now().utc,
        latency: None,
        raw: None,
    }
}
