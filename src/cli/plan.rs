//! `lifeboat plan`: a plan with every value resolved.

use std::path::Path;

use serde_json::json;

use crate::catalog::{Catalog, File, read_path};
use crate::clock::Clock;
use crate::desk::checks::{drift_of, kept};
use crate::desk::past::Past;
use crate::desk::view::library::totals;
use crate::desk::{Home, chain};
use crate::journal::RealDisk;
use crate::plan::model::Plan;
use crate::plan::readiness::{Readiness, readiness};
use crate::runbook::model::{Phase, Strategy};
use crate::units::{utc_text, visible};

use super::{Args, FINE, USAGE, trust};

/// Prints a plan, or as JSON what it is and where it stands.
pub fn run(args: &Args, name: &str, strategy: Option<Strategy>, json: bool) -> u8 {
    match find(args, name, strategy) {
        Ok(found) => {
            let standing = trust::standing(args, &found.plan, &found.places());
            let (ready, now) = (ready(args, &found), Clock::system().now().utc);
            if json {
                out!("{}", as_json(&found, standing.1, &ready, now));
            } else {
                print(&found.plan, &standing.0, &readiness_line(&ready, now));
            }
            FINE
        }
        Err(why) => {
            say!("lifeboat: {why}");
            USAGE
        }
    }
}

/// A plan, and where it was found.
pub struct Found {
    /// What there is to find in.
    pub catalog: Catalog,
    /// Its file.
    pub file: File,
    /// Bound.
    pub plan: Plan,
}

impl Found {
    /// Its files that are not built in.
    pub fn places(&self) -> Vec<String> {
        let foreign = crate::catalog::foreign(&self.plan.texts);
        foreign.iter().map(|what| visible(&self.catalog.place(&self.file, what))).collect()
    }
}

/// A plan by id, built in or the team's own, or from its file.
pub fn find(args: &Args, name: &str, strategy: Option<Strategy>) -> Result<Found, String> {
    let path = Path::new(name);
    let home = Home::find(args.home.as_deref()).map_err(|e| e.to_string())?;
    let mut catalog = home.catalog().map_err(|e| chain(&e))?;
    let file = if path.is_file() {
        catalog = catalog.with(read_path(path).map_err(|e| e.to_string())?);
        let file = catalog.plans().find(|f| f.path.as_deref() == Some(path)).cloned();
        file.ok_or_else(|| format!("{name} holds no plan; `lifeboat check {name}` says what it is"))?
    } else {
        catalog.plan_file(name).map_err(|e| e.to_string())?.clone()
    };
    let (plan, found) = catalog.bind(&file, strategy);
    let plan = plan.ok_or_else(|| {
        let first = found.iter().find(|d| d.is_error()).map_or("it cannot be bound", |d| d.message.as_str());
        format!("{first}; `lifeboat check {}` shows everything", file.name)
    })?;
    Ok(Found { catalog, file, plan })
}

fn ready(args: &Args, found: &Found) -> Readiness {
    let mut past = Past::default();
    if let Ok(home) = Home::find(args.home.as_deref()) {
        past.refresh(&RealDisk, &home, &found.catalog);
    }
    let of = super::cloud(args).ok().flatten();
    let drift = Home::find(args.home.as_deref()).ok().and_then(|home| drift_of(&found.plan, &kept(&home), of.as_ref()));
    readiness(found.plan.subject(), &past.runs(), Clock::system().now().utc).against(drift.as_ref())
}

fn as_json(found: &Found, trust: &str, ready: &Readiness, now: i64) -> serde_json::Value {
    let plan = &found.plan;
    json!({
        "plan": plan.id, "title": plan.title, "runbook": plan.runbook_id, "environment": plan.environment,
        "strategy": plan.strategy.display(), "rto_ms": plan.rto.0, "rpo_ms": plan.rpo.0, "steps": plan.steps.len(),
        "digest": plan.texts.digest(), "trust": trust, "foreign": found.places(),
        "readiness": {
            "state": ready.code(), "text": ready.sentence(now), "advice": ready.advice(),
            "run": ready.by().map(|b| b.0), "at": ready.by().map(|b| utc_text(b.1)),
        },
    })
}

/// How far it is proven, and what to do about it.
fn readiness_line(ready: &Readiness, now: i64) -> String {
    let advice = ready.advice().map_or_else(String::new, |a| format!(" {a}"));
    format!("{}{advice}", ready.sentence(now))
}

/// Says what was written into a file, and what is to be done with it now.
pub fn written(args: &Args, found: &Found, file: &Path) {
    let plan = &found.plan;
    let (trust, code) = trust::standing(args, plan, &found.places());
    let ready = ready(args, found);
    let (shown, digest) = (visible(&file.display().to_string()), plan.texts.digest());
    out!("{shown}: written");
    let shown = super::bind::quoted(&shown);
    out!("{}: {} ({}), {} steps", plan.id, visible(&plan.title), plan.strategy.display(), plan.steps.len());
    out!("{}", totals(plan));
    out!("SHA-256 {digest} · {trust}");
    out!("{}", readiness_line(&ready, Clock::system().now().utc));
    out!("\nStill to do:");
    out!("  read it       lifeboat plan {shown}");
    if code == "restricted" {
        out!("  trust it      lifeboat run {shown} --dry-run --trust {digest}");
    }
    if ready.advice().is_some() {
        out!("  rehearse it   lifeboat run {shown} --cloud FILE (FILE: what `lifeboat simulate` prints)");
    }
}

fn print(plan: &Plan, trust: &str, ready: &str) {
    out!("{} — {} ({})", plan.title, plan.runbook_title, plan.strategy.display());
    for label in &plan.labels {
        out!("  {}", visible(label));
    }
    out!("RTO {} · RPO {}", plan.rto, plan.rpo);
    out!("SHA-256 {} · {trust}", plan.texts.digest());
    out!("{ready}");
    for (name, value) in &plan.values {
        out!("  {name} = {}", visible(value));
    }
    for phase in Phase::ALL {
        if plan.phase(phase).next().is_none() {
            continue;
        }
        out!("\n{}", phase.display());
        for s in plan.phase(phase) {
            let two = if s.second_person.is_some() { " · second person" } else { "" };
            let lose = s.may_lose.as_ref().map_or(String::new(), |l| format!(" · may lose: {l}"));
            out!("  {:<14} {} (about {}){two}{}", s.id, visible(&s.title), s.expect, visible(&lose));
            for line in &s.by_hand {
                out!("                 $ {}", visible(line));
            }
        }
    }
}
