//! The conductor: the only room that wires the world together and owns a run's tasks.

pub mod link;
pub mod protocol;
pub mod snapshot;

pub use link::Link;
