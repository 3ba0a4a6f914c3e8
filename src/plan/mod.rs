//! What would be done here: a runbook bound to real resources, in order.

pub mod agreed;
mod bind;
pub mod draft;
pub mod drift;
mod format;
pub mod inventory;
pub mod model;
pub mod order;
pub mod readiness;
pub mod rights;

pub use bind::{bind, rebind, without_runbook};
