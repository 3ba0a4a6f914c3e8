//! Azure over HTTP: one file a service.
//!
//! ```text
//!  action  reading        what a run does and what it believes
//!  cognitive openai appconfig monitor health activity resources     one service each
//!  operation              long-running operations, re-attachable
//!  client  token  transport  cloud  error  versions
//! ```
//!
//! Every address is the public one of the real world until [`Cloud::resolve`] lets it out to the network; that is how a
//! rehearsal runs this very code and can still reach nothing real.

mod client;
mod cloud;
mod error;
mod token;
mod transport;
pub mod versions;

pub use client::{Answer, Azure, CHANGE_WITHIN, Corr, READ_WITHIN};
pub use cloud::{Cloud, Simulated};
pub use error::{AzureError, Refusal, SignIn};
