//! Notices on the desktop, for whoever has hidden the window while a region is watched; and, in [`hook`], messages to people
//! outside.
//!
//! Nothing waits for them: a desktop without such a service costs a line in the log, and no verdict comes later for it. They
//! hold text and nothing to press, since nothing may be decided without looking.

pub mod hook;
pub mod stamp;
mod turns;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod desktop;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod desktop;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[path = "elsewhere.rs"]
mod desktop;

use std::time::Duration;

pub use desktop::Desktop;
pub use turns::{Seen, Turns};

/// A service that is there answers at once; one that has to be started first takes a moment.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `East US: down, persistently (was ok)`.
    pub title: String,
    /// A sentence.
    pub text: String,
}

/// Why nothing was shown; Display says what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// Nobody shows notices here.
    #[error("this desktop shows no notices ({0}); keep the window in sight, or let cron run `lifeboat health`")]
    Absent(String),
    /// Somebody does, and says no.
    #[error("the desktop refused the notice: {0}; look at its settings for notices")]
    Refused(String),
    /// Nobody said anything.
    #[error("the desktop gave no answer within {} s to a notice", .0.as_secs())]
    NoAnswer(Duration),
}

/// Why this platform can show none; none where it can. For the settings, before anybody relies on it.
pub fn impossible() -> Option<&'static str> {
    desktop::IMPOSSIBLE
}
