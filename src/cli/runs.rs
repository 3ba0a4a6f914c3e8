//! `lifeboat runs`: the runs on this computer.

use serde_json::json;

use crate::desk::Home;
use crate::desk::view::audit::run_row;
use crate::journal::{Disk, RealDisk, read_run};
use crate::units::utc_text;

use super::{Args, FAILED, FINE};

/// Lists the runs, newest first.
pub fn run(args: &Args, json: bool) -> u8 {
    let home = match Home::find(args.home.as_deref()) {
        Ok(h) => h,
        Err(e) => {
            eprintln!("lifeboat: {e}");
            return FAILED;
        }
    };
    let mut rows: Vec<_> = RealDisk
        .list(&home.runs())
        .unwrap_or_default()
        .into_iter()
        .filter(|e| e.dir)
        .filter_map(|e| run_row(&e.name, &read_run(&RealDisk, &home.run(&e.name)).ok()?))
        .collect();
    rows.sort_by_key(|r| std::cmp::Reverse(r.started));
    if json {
        let all: Vec<_> = rows
            .iter()
            .map(|r| {
                json!({
                    "run": r.id, "title": r.title, "mode": r.mode, "started": utc_text(r.started),
                    "outcome": r.outcome, "open": r.open, "journal": home.run(&r.id),
                })
            })
            .collect();
        println!("{}", json!({ "runs": all }));
    } else if rows.is_empty() {
        eprintln!("No runs in {}. Start one: lifeboat rehearse region-loss", home.runs().display());
    } else {
        for r in &rows {
            println!("{}  {}  {:<10} {:<26} {}", r.short, utc_text(r.started), r.mode, r.outcome, r.title);
        }
    }
    FINE
}
