//! `lifeboat reconcile`: a run held against what Azure logged itself.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::azure::Cloud;
use crate::clock::Clock;
use crate::desk::exporting::Source;
use crate::desk::reconciling::Asked;
use crate::desk::{DeskError, Home, chain, signing};
use crate::journal::{Disk, RealDisk};
use crate::run::reconcile::Reconciled;

use super::{FAILED, FINDING, FINE, USAGE, operator, sign_in};

/// What is asked.
#[derive(Debug, Clone, Args)]
pub struct Wish {
    /// Run: its id, or enough of it
    pub run: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Compares. 0: all of the run's changes are there, and nobody else's; 1: a finding, or not everything could be read.
pub fn run(args: &super::Args, wish: &Wish) -> u8 {
    match compared(args, wish) {
        Ok((r, note)) => {
            print(wish, &r);
            note.iter().for_each(|note| say!("lifeboat: {note}"));
            if r.agrees() { FINE } else { FINDING }
        }
        Err((code, why)) => {
            say!("lifeboat: {why}");
            code
        }
    }
}

fn compared(args: &super::Args, wish: &Wish) -> Result<(Reconciled, Option<String>), (u8, String)> {
    let said = |e: DeskError| {
        let code = if matches!(e, DeskError::NoSuchRun { .. }) { USAGE } else { FAILED };
        (code, chain(&e))
    };
    let failed = |why: String| (FAILED, why);
    let home = Home::find(args.home.as_deref()).map_err(said)?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let dir = home.find_run(disk.as_ref(), &wish.run).map_err(said)?;
    let of_its_own = Asked::read(disk.as_ref(), &dir).map_err(said)?.has_its_own();
    let cloud = match sign_in::cloud(args).map_err(failed)? {
        Some(cloud) => cloud,
        None => Cloud::public().map_err(|e| failed(chain(&e)))?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| failed(e.to_string()))?;
    let signs = signing::here(&home).map_err(said)?;
    let source = Source { home: &home, disk: &disk, operator: &operator(&home), signs };
    runtime.block_on(async {
        if of_its_own && args.cloud.is_none() {
            return source.reconcile(&wish.run, None).await.map_err(said);
        }
        let task = Clock::system().task();
        let azure = sign_in::azure(cloud, &task).await.map_err(failed)?;
        source.reconcile(&wish.run, Some((&azure, &task))).await.map_err(said)
    })
}

fn print(wish: &Wish, r: &Reconciled) {
    if wish.json {
        let mut all = json!(r);
        all["version"] = json!(1);
        all["agrees"] = json!(r.agrees());
        out!("{all:#}");
        return;
    }
    out!("Activity Log: {}", r.text());
    r.lines().iter().for_each(|line| out!("  {line}"));
    out!(
        "What this shows: a change of the run that Azure logged too was not made up afterwards. What it does not: that nobody acted \
         where this identity cannot read, on other resources, or on data."
    );
}
