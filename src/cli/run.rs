//! `lifeboat run`: a plan on the connected Azure, guided in the terminal.

use std::time::Duration;

use crate::desk::protocol::Command;

use super::{Args, FAILED, guide};

/// Runs a plan.
pub fn run(args: &Args, plan: &str, dry_run: bool, resume: Option<&str>) -> u8 {
    let handle = match super::desk(args, None) {
        Ok(h) => h,
        Err(code) => return code,
    };
    handle.send(match resume {
        Some(run) => Command::OpenRun(run.to_owned()),
        None => Command::StartRun { plan: plan.to_owned(), strategy: None, dry_run },
    });
    let started = handle.wait(Duration::from_secs(60), |s| s.run.is_some() || s.notice.is_some());
    match started {
        Some(s) if s.run.is_some() => guide::guide(&handle),
        Some(s) => {
            let why = s.notice.as_ref().map_or_else(String::new, |n| format!("{} {}", n.what, n.next));
            eprintln!("lifeboat: {why}");
            FAILED
        }
        None => {
            eprintln!("lifeboat: the run did not start within a minute");
            FAILED
        }
    }
}
