//! `lifeboat health`: rounds of probes until a verdict can be given, once; usable from cron.

use std::time::Duration;

use serde_json::json;

use crate::desk::snapshot::Mark;

use super::{Args, FAILED, FINDING, FINE, USAGE};

/// So long a first verdict may take.
const PATIENCE: Duration = Duration::from_secs(45);

/// Prints regions with verdict, reasons and ages; 1 when one is not ok.
pub fn run(args: &Args, plan: Option<&str>, json: bool) -> u8 {
    match plan.map(|p| (p, super::plan::find(args, p, None))) {
        Some((_, Err(why))) => {
            say!("lifeboat: {why}");
            return USAGE;
        }
        Some((name, Ok(f))) => {
            let run = format!("lifeboat run {name} --dry-run");
            if let Err(code) = super::trust::cleared(args, &f.plan, &f.places(), None, &run) {
                return code;
            }
        }
        None => {}
    }
    let handle = match super::desk_for(args, plan) {
        Ok(h) => h,
        Err(code) => return code,
    };
    // Before its first picture the desk has not tried yet; after it, what is not watched will not be.
    let _ = handle.wait(PATIENCE, |s| {
        let all = s.situation.regions.iter().all(|r| r.calls != "not asked yet");
        s.revision > 0 && (!s.situation.watching || all)
    });
    // What nobody answered for is unknown, and is said so.
    let s = handle.snapshot();
    if !s.situation.watching {
        let why = s.notice.as_ref().map_or_else(
            || "nothing is watched; connect an Azure (--cloud FILE) that a plan fits, or name the plan".to_owned(),
            |n| n.what.clone(),
        );
        say!("lifeboat: {why}");
        return FAILED;
    }
    let now = s.clock.now().utc;
    let age = |at: i64| u64::try_from(now - at).unwrap_or(0);
    let sit = &s.situation;
    if json {
        let regions: Vec<_> = sit
            .regions
            .iter()
            .map(|r| {
                let reasons: Vec<_> = r
                    .reasons
                    .iter()
                    .map(|x| json!({ "text": x.text, "state": x.mark.word(), "age_ms": age(x.at) }))
                    .collect();
                json!({ "region": r.region, "role": r.role, "verdict": r.mark.word(), "calls": r.calls,
                        "figure": r.figure, "reasons": reasons })
            })
            .collect();
        out!("{}", json!({ "headline": sit.headline, "explanation": sit.explanation, "regions": regions }));
    } else {
        out!("{}\n{}", sit.headline, sit.explanation);
        for r in &sit.regions {
            out!("{:<18} {:<10} {:<12} {:<10} {}", r.display, r.role, r.mark.word(), r.figure, r.calls);
        }
        for x in &sit.reasons {
            out!("  {}: {} ({} ago)", x.mark.word(), x.text, crate::units::Millis(age(x.at) / 1_000 * 1_000));
        }
    }
    if sit.regions.iter().all(|r| r.mark == Mark::Ok) { FINE } else { FINDING }
}
