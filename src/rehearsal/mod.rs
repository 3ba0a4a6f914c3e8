//! Scenario rules: what is expected of the operator, how it is scored, and the script of an unattended rehearsal.

pub mod scenario;
pub mod score;
pub mod script;
pub mod things;
