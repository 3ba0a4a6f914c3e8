//! The terminal: one file a command.

pub mod check;
pub mod health;
pub mod plan;
pub mod rehearse;
pub mod run;
pub mod runs;
pub mod simulate;
pub mod verify;
