//! `lifeboat runs`: the runs on this computer, or what was recorded of one.

use serde_json::json;

use crate::catalog::Catalog;
use crate::desk::auditing::kept;
use crate::desk::examining::pins;
use crate::desk::keeping::{self, Register};
use crate::desk::past::Past;
use crate::desk::{DeskError, Home, record_of};
use crate::journal::RealDisk;
use crate::plan::readiness::Proof;
use crate::units::utc_text;

use super::{Args, FAILED, FINE, USAGE};

/// Prints the entries of a run's record, each with what stands behind it.
pub fn record(args: &Args, run: &str, json: bool) -> u8 {
    let read = Home::find(args.home.as_deref())
        .and_then(|home| record_of(&RealDisk, &home.find_run(&RealDisk, run)?, &pins(&home)));
    let record = match read {
        Ok(r) => r,
        Err(e) => {
            say!("lifeboat: {}", crate::desk::chain(&e));
            return if matches!(e, DeskError::NoSuchRun { .. }) { USAGE } else { FAILED };
        }
    };
    for r in &record.rows {
        if json {
            out!("{}", r.raw);
            continue;
        }
        out!("{:>5}  {}  {:<18} {:<8} {}: {}", r.seq, r.time, r.kind, r.step, r.actor, r.text);
        for line in &r.more {
            out!("       {line}");
        }
    }
    if !json {
        out!("{}", record.summary);
        for v in &record.badge {
            out!("  {}", v.sentence);
        }
    }
    FINE
}

/// Lists the runs, newest first.
pub fn run(args: &Args, json: bool) -> u8 {
    let home = match Home::find(args.home.as_deref()) {
        Ok(h) => h,
        Err(e) => {
            say!("lifeboat: {e}");
            return FAILED;
        }
    };
    let mut past = Past::default();
    // A plan of the team's own that cannot be read is no reason not to list runs.
    let catalog = home.catalog().unwrap_or_else(|_| Catalog::builtin());
    past.refresh(&RealDisk, &home, &catalog);
    let rows = past.rows();
    let keeping = Register::read(&RealDisk, &home);
    if let Err(e) = keeping.as_ref().map_err(|e| crate::desk::chain(e))
        && json
    {
        say!("lifeboat: the register cannot be read, so how long runs are kept is not known: {e}");
    }
    let keeping = keeping.ok();
    let now = jiff::Timestamp::now().as_millisecond();
    if json {
        let all: Vec<_> = rows
            .iter()
            .map(|r| {
                let told = past.run(&r.id);
                let kept = keeping.as_ref().map(|k| kept(k, &r.id, r.ended, now));
                let hold = keeping.as_ref().and_then(|k| k.hold(&r.id));
                json!({
                    "run": r.id, "title": r.title, "mode": r.mode, "started": utc_text(r.started),
                    "outcome": r.outcome, "open": r.open, "journal": home.run(&r.id),
                    "plan": told.map(|t| &t.plan), "digest": told.map(|t| &t.digest),
                    "proves_plan": told.and_then(|t| match &t.proof {
                        Proof::Held => Some(true),
                        Proof::Failed(_) => Some(false),
                        Proof::None => None,
                    }),
                    "retention": kept.map(|k| json!({
                        "class": k.class.name(), "source": k.class.source(), "own": k.own,
                        "until": k.until.map(utc_text), "stays": k.stays,
                    })),
                    "hold": hold.map(|h| json!({ "by": h.by, "at": utc_text(h.at), "reason": h.reason })),
                    "rta_ms": told.and_then(|t| t.rta).map(|t| t.0),
                })
            })
            .collect();
        let gone = |(run, d): (&String, &keeping::Disposed)| {
            json!({
                "run": run, "title": d.title, "mode": d.mode, "started": utc_text(d.started), "by": d.by,
                "at": utc_text(d.at), "reason": d.reason, "done": d.done,
            })
        };
        let gone: Vec<_> = keeping.iter().flat_map(|k| k.disposed()).map(gone).collect();
        let mut said = json!({ "runs": all });
        if !gone.is_empty() {
            said["disposed"] = json!(gone);
        }
        out!("{said}");
    } else if rows.is_empty() {
        say!("No runs in {}. Start one: lifeboat rehearse region-loss", home.runs().display());
    } else {
        for r in &rows {
            out!("{}  {}  {:<10} {:<26} {}", r.short, utc_text(r.started), r.mode, r.outcome, r.title);
        }
    }
    FINE
}
