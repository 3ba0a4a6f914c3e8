//! Dying at a chosen request, for crash rehearsals; see the room's documentation.

use super::SimulatorError;

/// Name of the environment variable.
const VARIABLE: &str = "LIFEBOAT_CRASH";

/// When the process kills itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// When this request arrives.
    Before(u64),
    /// When this request was applied and is not yet answered.
    After(u64),
    /// As `Before`, counting only requests that may change something.
    BeforeChange(u64),
    /// As `After`, counting only requests that may change something.
    AfterChange(u64),
}

/// What the environment asks for.
pub fn from_environment() -> Result<Option<Crash>, SimulatorError> {
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(None) };
    let bad = || SimulatorError::Crash(text.clone());
    let (when, number) = text.split_once(':').ok_or_else(bad)?;
    let number: u64 = number.parse().ok().filter(|n| *n > 0).ok_or_else(bad)?;
    match when {
        "before" => Ok(Some(Crash::Before(number))),
        "after" => Ok(Some(Crash::After(number))),
        "before-change" => Ok(Some(Crash::BeforeChange(number))),
        "after-change" => Ok(Some(Crash::AfterChange(number))),
        _ => Err(bad()),
    }
}

impl Crash {
    /// Ends the process, without a last word, if the moment is the one chosen.
    pub fn perhaps(chosen: Option<Self>, now: Self) {
        if chosen == Some(now) {
            die();
        }
    }
}

#[cfg(unix)]
fn die() {
    let own = rustix::process::getpid();
    // Nothing can be done about a refusal but to end the ordinary way.
    if rustix::process::kill_process(own, rustix::process::Signal::KILL).is_err() {
        std::process::abort();
    }
    // The signal is on its way; this thread must not answer meanwhile.
    loop {
        std::thread::park();
    }
}

#[cfg(not(unix))]
fn die() {
    std::process::abort();
}
