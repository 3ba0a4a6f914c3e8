//! `lifeboat run`: a plan on the connected Azure, guided in the terminal.

use std::time::Duration;

use crate::desk::protocol::Command;
use crate::desk::snapshot::{Snapshot, Standing};
use crate::desk::{Handle, Home, chain, replay};
use crate::journal::{RealDisk, read_run};
use crate::runbook::model::Strategy;

use super::{Args, FAILED, USAGE, guide, plan, trust};

/// Nobody who waits for the first step waits longer for what is only a warning.
const RIGHTS_WITHIN: Duration = Duration::from_secs(15);

/// What was asked for: a plan, or a run to go on with.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Plan id, or a plan file.
    pub plan: Option<String>,
    /// Strategy.
    pub strategy: Option<Strategy>,
    /// SHA-256 of the texts that somebody trusts.
    pub trust: Option<String>,
    /// Reads only.
    pub dry_run: bool,
    /// Run to continue.
    pub resume: Option<String>,
}

/// Runs a plan.
pub fn run(args: &Args, wish: &Wish) -> u8 {
    let cleared = match &wish.resume {
        Some(run) => cleared_run(args, run, wish.trust.as_deref()),
        None => cleared_plan(args, wish),
    };
    if let Err(code) = cleared {
        return code;
    }
    let handle = match super::desk_for(args, None) {
        Ok(h) => h,
        Err(code) => return code,
    };
    handle.send(match &wish.resume {
        Some(run) => Command::OpenRun(run.clone()),
        None => Command::StartRun {
            plan: wish.plan.clone().unwrap_or_default(),
            strategy: wish.strategy,
            dry_run: wish.dry_run,
        },
    });
    let started = handle.wait(Duration::from_secs(60), |s| s.run.is_some() || s.notice.is_some());
    match started {
        Some(s) if s.run.is_some() => {
            warn_of_rights(&handle);
            guide::guide(&handle)
        }
        Some(s) => {
            let why = s.notice.as_ref().map_or_else(String::new, |n| format!("{} {}", n.what, n.next));
            say!("lifeboat: {why}");
            FAILED
        }
        None => {
            say!("lifeboat: the run did not start within a minute");
            FAILED
        }
    }
}

/// What the signed-in identity may not do, said before the first step. It forbids nothing: a person may have the right.
fn warn_of_rights(handle: &Handle) {
    let told =
        |s: &Snapshot| s.run.as_ref().is_none_or(|r| r.rights.is_some() || r.scenario.is_some() || r.closed.is_some());
    let Some(s) = handle.wait(RIGHTS_WITHIN, told) else {
        say!("lifeboat: which rights are there could not be asked within {} s; going on", RIGHTS_WITHIN.as_secs());
        return;
    };
    let Some(rights) = s.run.as_ref().and_then(|r| r.rights.as_ref()).filter(|r| r.standing() != Standing::Has) else {
        return;
    };
    say!("lifeboat: {}", rights.sentence());
    if let Some(cause) = rights.cause() {
        say!("lifeboat: {cause}");
    }
    for step in rights.of(Standing::Lacks) {
        for doubt in &step.doubts {
            say!("  {}: {}", step.step, doubt.sentence());
        }
    }
}

fn cleared_plan(args: &Args, wish: &Wish) -> Result<(), u8> {
    let name = wish.plan.as_deref().unwrap_or_default();
    let found = plan::find(args, name, wish.strategy).map_err(|why| {
        say!("lifeboat: {why}");
        USAGE
    })?;
    let dry = if wish.dry_run { " --dry-run" } else { "" };
    trust::cleared(args, &found.plan, &found.places(), wish.trust.as_deref(), &format!("lifeboat run {name}{dry}"))
}

/// The texts frozen in a run are somebody's file as well: its folder may have come from elsewhere.
fn cleared_run(args: &Args, run: &str, word: Option<&str>) -> Result<(), u8> {
    let frozen = Home::find(args.home.as_deref())
        .and_then(|home| home.find_run(&RealDisk, run))
        .and_then(|dir| replay(&read_run(&RealDisk, &dir)?));
    let frozen = frozen.map_err(|e| {
        say!("lifeboat: {}", chain(&e));
        FAILED
    })?;
    let rehearsed = frozen.start.as_ref().is_some_and(|s| s.scenario.is_some());
    match frozen.plan {
        Some(plan) if frozen.ended.is_none() && !rehearsed => {
            let places = crate::catalog::foreign(&plan.texts);
            trust::cleared(args, &plan, &places, word, &format!("lifeboat run --resume {run}"))
        }
        _ => Ok(()),
    }
}
