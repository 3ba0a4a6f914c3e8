//! What is being done: an event-sourced state machine.

pub mod event;
