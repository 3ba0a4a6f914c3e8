//! What would be done here: a runbook bound to real resources, in order.

pub mod model;
