//! Azure over HTTP: one file a service.
//!
//! ```text
//!  action  reading        what a run does and what it believes
//!  cognitive openai appconfig monitor health activity resources inventory deleted     one service each
//!  key_vault storage blob traffic registry learning dns front_door template groups log_workspaces
//!  rights  drift          what the signed-in identity may do; how two sides differ
//!  twins                  names that something in soft delete still holds
//!  operation              long-running operations, re-attachable
//!  open                   addresses of the plan's own, asked as nobody
//!  client  token  sign_in  transport  cloud  known  error  versions
//! ```
//!
//! Every address is the public one of the real world until [`Cloud::resolve`] lets it out to the network; that is how a
//! rehearsal runs this very code and can still reach nothing real.

pub mod action;
pub mod activity;
pub mod appconfig;
pub mod blob;
mod client;
mod cloud;
pub mod cognitive;
pub mod deleted;
pub mod dns;
pub mod drift;
mod error;
pub mod front_door;
pub mod groups;
pub mod health;
pub mod inventory;
pub mod key_vault;
mod known;
mod lanes;
pub mod learning;
pub mod log_workspaces;
pub mod monitor;
pub mod open;
pub mod openai;
pub mod operation;
pub mod reading;
pub mod registry;
pub mod resources;
pub mod rights;
pub mod sign_in;
pub mod storage;
pub mod template;
mod token;
pub mod traffic;
mod transport;
pub mod twins;
pub mod versions;

pub use client::{Answer, Azure, CHANGE_WITHIN, Corr, PATIENT_WITHIN, READ_WITHIN};
pub use cloud::{Cloud, Simulated};
pub use error::{AzureError, Refusal, SignIn};
pub use known::{CLOUDS, Known};
pub use sign_in::Method;
