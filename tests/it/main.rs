//! Every test of the product, in one binary.
#![allow(clippy::unwrap_used, missing_docs)]

mod azure;
mod checklists;
mod cli;
mod clock;
mod conformity;
mod crash;
mod desk;
mod export;
mod health;
mod history;
mod inventory;
mod journal;
mod keys;
mod notify;
mod plan;
mod probe;
mod record;
mod recovery;
mod rehearsal;
mod run;
mod runbook;
mod secrets;
mod shelf;
mod simulator;
mod tidy;
mod ui;
mod units;
mod verdicts;
mod window;

/// Says what a test could not do here. Nobody sees what a test prints that passes, so `tests/run` gives a file for it, and
/// prints that in the end.
pub fn left_out(what: &str) {
    use std::io::Write;
    println!("left out: {what}");
    if let Some(file) = std::env::var_os("LIFEBOAT_TEST_LEFT_OUT") {
        let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{what}\n").as_bytes()).unwrap();
    }
}
