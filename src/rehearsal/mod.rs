//! Scenario rules: what is expected of the operator, and how it is scored.

pub mod scenario;
