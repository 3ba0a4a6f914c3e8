//! `lifeboat plan … --drift` and `--rights`: what is wrong with the two sides of a plan, and with who is signed in, told on
//! a quiet day. Without a network the sides are compared as they were last read.

use serde_json::{Value, json};

use crate::azure::{Azure, Cloud, rights};
use crate::clock::{Clock, Task};
use crate::desk::checks::{drift_of, keep, kept, read_sides};
use crate::desk::{Home, chain};
use crate::plan::drift::{Drift, Seen, Severity, drift, runbook};
use crate::plan::model::Plan;
use crate::plan::rights::{NOT_ASKED, RightsReport, Standing};
use crate::runbook::model::Strategy;
use crate::units::{Millis, utc_text, visible};

use super::{Args, FAILED, FINDING, FINE, USAGE, plan, sign_in, trust};

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// How the sides differ.
    pub drift: bool,
    /// Which rights are there.
    pub rights: bool,
    /// As JSON.
    pub json: bool,
}

/// Why it ends early: exit code and sentence.
struct Stop(u8, String);

/// Reads, compares and prints; the exit code.
pub fn run(args: &Args, name: &str, strategy: Option<Strategy>, wish: &Wish) -> u8 {
    let found = match plan::find(args, name, strategy) {
        Ok(f) => f,
        Err(why) => {
            say!("lifeboat: {why}");
            return USAGE;
        }
    };
    // What was read before is shown whoever wrote the plan; nothing real is asked for a file that nobody trusts.
    let asks = Home::find(args.home.as_deref()).is_ok_and(|home| home.plans().is_dir() || home.sign_in().exists());
    let dry = format!("lifeboat run {name} --dry-run");
    if asks && let Err(code) = trust::cleared(args, &found.plan, &found.places(), None, &dry) {
        return code;
    }
    match checked(args, &found.plan, wish) {
        Ok(code) => code,
        Err(Stop(code, why)) => {
            say!("lifeboat: {why}");
            code
        }
    }
}

fn checked(args: &Args, plan: &Plan, wish: &Wish) -> Result<u8, Stop> {
    let home = Home::find(args.home.as_deref()).map_err(|e| Stop(FAILED, chain(&e)))?;
    let cloud = cloud(args, &home);
    let task = Clock::system().task();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Stop(FAILED, format!("it could not be begun to read Azure: {e}")))?;
    let of = cloud.as_ref().ok().cloned();
    let azure = cloud.and_then(|c| runtime.block_on(sign_in::azure(c, &task)));
    let mut out = json!({ "plan": plan.id, "strategy": plan.strategy.display(), "digest": plan.texts.digest() });
    let mut code = FINE;
    if wish.drift {
        let sides = runtime.block_on(sides(azure.as_ref(), of.as_ref(), &task, plan, &home))?;
        let now = task.now().utc;
        if wish.json {
            out["drift"] = drift_json(&sides, now);
        } else {
            print_drift(&sides, now);
        }
        if !sides.drift.none() {
            code = FINDING;
        }
    }
    if wish.rights {
        let azure = azure.as_ref().map_err(|why| Stop(FAILED, why.clone()))?;
        let report = runtime.block_on(rights::check(azure, &task, plan));
        if wish.json {
            out["rights"] = rights_json(&report);
        } else {
            print_rights(&report);
        }
        if report.standing() != Standing::Has {
            code = FINDING;
        }
    }
    if wish.json {
        out!("{out}");
    }
    Ok(code)
}

/// The Azure that `--cloud` or the saved sign-in names, or the public one where a team has plans.
fn cloud(args: &Args, home: &Home) -> Result<Cloud, String> {
    match sign_in::cloud(args)? {
        Some(c) => Ok(c),
        None if home.plans().is_dir() => Cloud::public().map_err(|e| chain(&e)),
        None => Err(nowhere(home)),
    }
}

fn nowhere(home: &Home) -> String {
    format!(
        "no Azure is connected; name one with --cloud FILE, set how to sign in with `lifeboat credentials set sign-in`, or put a plan into {} and sign in with `az login`",
        home.plans().display()
    )
}

/// How the sides differ, and whether they were read now.
struct Sides {
    drift: Drift,
    /// Why they are shown as they were read before.
    before: Option<String>,
}

async fn sides(
    azure: Result<&Azure, &String>,
    of: Option<&Cloud>,
    task: &Task,
    plan: &Plan,
    home: &Home,
) -> Result<Sides, Stop> {
    if plan.secondary.is_none() {
        return Err(Stop(USAGE, format!("the plan `{}` moves nobody: it has no two sides to compare", plan.id)));
    }
    let why = match azure {
        Err(why) => why.clone(),
        Ok(azure) => match read_sides(azure, task, plan).await {
            None => return Err(Stop(USAGE, format!("the plan `{}` names no resources to compare", plan.id))),
            Some(seen) => match seen.blank() {
                Some(why) => why.to_owned(),
                None => return Ok(Sides { drift: compared(plan, &seen, home)?, before: None }),
            },
        },
    };
    match drift_of(plan, &kept(home), of) {
        Some(drift) => Ok(Sides { drift, before: Some(why) }),
        None => Err(Stop(FAILED, format!("nothing could be read, and nothing is known from before: {why}"))),
    }
}

fn compared(plan: &Plan, seen: &Seen, home: &Home) -> Result<Drift, Stop> {
    if let Err(e) = keep(home, seen) {
        say!("lifeboat: what was read is not kept: {}", chain(&e));
    }
    let runbook = runbook(plan).ok_or_else(|| Stop(FAILED, "the plan's runbook cannot be read again".to_owned()))?;
    Ok(drift(plan, &runbook, seen))
}

/// In whole seconds; what was read within the last one is now.
fn age(of: Millis) -> String {
    if of < Millis::from_secs(1) { "just now".to_owned() } else { format!("{} ago", Millis(of.0 / 1_000 * 1_000)) }
}

fn print_drift(sides: &Sides, now: i64) {
    let d = &sides.drift;
    if let Some(why) = &sides.before {
        say!("lifeboat: {why}\nThis is what was read before.");
    }
    out!("{} Read {}.", d.sentence(), age(d.age(now)));
    for x in &d.differences {
        out!("\n{:<8} {} · {}", x.severity.word(), x.subject, x.field);
        out!("         primary    {}", x.primary);
        out!("         secondary  {}", x.secondary);
        out!("         {} ({})", x.advice, x.source);
        if let Some(line) = &x.by_hand {
            out!("         $ {line}");
        }
    }
    if !d.unread.is_empty() {
        out!("\nNot known:");
    }
    for (what, why) in &d.unread {
        out!("  {}: {}", visible(what), visible(why));
    }
}

fn drift_json(sides: &Sides, now: i64) -> Value {
    let d = &sides.drift;
    let unread: Vec<Value> = d.unread.iter().map(|(what, why)| json!({ "what": what, "why": why })).collect();
    json!({
        "at": utc_text(d.at), "simulated": d.simulated, "age_ms": d.age(now).0, "read_now": sides.before.is_none(), "why_not": sides.before,
        "compared": d.compared, "text": d.sentence(), "differences": d.differences, "unread": unread,
        "blocks": d.count(Severity::Blocks), "reduces": d.count(Severity::Reduces), "informs": d.count(Severity::Informs),
    })
}

fn print_rights(r: &RightsReport) {
    out!("{} {} scopes were asked about. {NOT_ASKED}", r.sentence(), r.scopes);
    for s in r.steps.iter().filter(|s| s.standing != Standing::Has) {
        out!("\n  {:<14} {}", s.step, visible(&s.title));
        for d in &s.doubts {
            out!("                 {}", d.sentence());
            out!("                   on {}", visible(&d.scope));
            out!("                   {}", d.advice());
        }
    }
}

fn rights_json(r: &RightsReport) -> Value {
    let step = |s: &crate::plan::rights::StepRights| {
        let doubts: Vec<Value> = s
            .doubts
            .iter()
            .map(|d| {
                json!({ "purpose": d.purpose, "action": d.action, "scope": d.scope, "standing": d.standing,
                        "text": d.sentence(), "advice": d.advice() })
            })
            .collect();
        json!({ "step": s.step, "title": s.title, "standing": s.standing, "needs": s.needs, "doubts": doubts })
    };
    json!({
        "at": utc_text(r.at), "scopes": r.scopes, "standing": r.standing(), "text": r.sentence(), "not_asked": NOT_ASKED,
        "steps": r.steps.iter().map(step).collect::<Vec<_>>(),
    })
}
