//! What is being done: an event-sourced state machine.
//!
//! [`decide`] turns an order into facts or a refusal; the facts are made durable by the desk; [`state::Run::apply`] folds
//! them, live and after a crash alike; [`effect`] says what they demand of the world.

pub mod approval;
pub mod books;
pub mod clocks;
pub mod command;
pub mod cut;
pub mod decide;
pub mod effect;
pub mod event;
pub mod fact;
pub mod fields;
pub mod forecast;
pub mod objective;
mod outlook;
pub mod reconcile;
mod rules;
pub mod state;
pub mod step;
mod tabletop;
pub mod timeline;
pub mod told;
mod traces;

pub use rules::guards_undo;
