//! Scenario rules: what is expected of the operator, how it is scored, and the script of an unattended rehearsal.

pub mod expect;
pub mod judge;
pub mod overlay;
pub mod scenario;
pub mod schedule;
pub mod score;
pub mod script;
pub mod things;
pub mod world;
