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
mod inventory;
mod journal;
mod keys;
mod plan;
mod probe;
mod record;
mod recovery;
mod rehearsal;
mod run;
mod runbook;
mod shelf;
mod simulator;
mod tidy;
mod ui;
mod units;
mod window;
