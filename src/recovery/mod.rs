//! What was deleted and can still come back: by when, in which order, and what is in the way.
//!
//! ```text
//!  thing      what was deleted, as it was found
//!  reading    everything that was read at one time, and what could not be
//!  log        deletions that only the activity log knows
//!  deadline   until when, and how urgent that is
//!  blocker    what has to be done first, or forbids it
//!  board      all of it in the order of the work
//!  fit        which runbook guides it, with what is known filled in
//! ```
//!
//! Purging is no part of recovery and has no word here. An unknown deadline is a value of its own and never looks calm.

mod blocker;
mod board;
mod deadline;
mod fit;
mod log;
mod reading;
mod thing;

pub use blocker::Blocker;
pub use board::{Board, Row, Wait, Wanted, board};
pub use deadline::{Alarm, Deadline, Term};
pub use fit::{Fit, by_hand, fit};
pub use log::{Entry, beside_lists, deletions};
pub use reading::{Failed, Gap, Lack, Live, Reading, Subscription, merged};
pub use thing::{Deleted, Kept, Kind, Origin};
