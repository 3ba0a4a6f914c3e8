//! Every test of the product, in one binary.
#![allow(clippy::unwrap_used, missing_docs)]

mod anchors;
mod approval;
mod azure;
mod checklists;
mod cli;
mod clock;
mod conformity;
mod crash;
mod desk;
mod export;
mod handover;
mod health;
mod history;
mod hooks;
mod inventory;
mod journal;
mod keeping;
mod keys;
mod notify;
#[cfg(target_os = "linux")]
mod package;
mod plan;
mod probe;
mod record;
mod recovery;
mod rehearsal;
mod rehearsals;
mod run;
mod runbook;
mod secrets;
mod shelf;
mod signed;
mod simulator;
mod tidy;
mod ui;
mod units;
mod verdicts;
mod verifier;
mod window;

/// How long a test waits for what has to come: a busy machine may take its time, and only a test that fails waits so long.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(240);

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

/// What a test measured, for the file that `LIFEBOAT_TEST_FIGURES` names.
pub fn figure(what: &str) {
    use std::io::Write;
    println!("{what}");
    if let Some(file) = std::env::var_os("LIFEBOAT_TEST_FIGURES") {
        let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{what}\n").as_bytes()).unwrap();
    }
}
