//! Where words go: results to stdout, words for people to stderr.
//!
//! A reader that went away (`| head`) is no error, and every command still ends with its own code. Results that could not
//! be written for another reason (a full disk) are one: whoever reads the file later must not take it for the whole.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

static LOST: AtomicBool = AtomicBool::new(false);

/// A line of results.
macro_rules! out {
    ($($text:tt)*) => { $crate::cli::say::results(format_args!($($text)*)) };
}

/// A line for people.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::say::words(format_args!($($text)*)) };
}

/// Writes a line of results.
pub fn results(text: Arguments<'_>) {
    written(writeln!(io::stdout().lock(), "{text}"));
}

/// Writes a line for people. Nobody reads a closed terminal.
pub fn words(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What writing results came to. True unless they were lost.
pub fn written(what: io::Result<()>) -> bool {
    let lost = what.as_ref().is_err_and(|e| e.kind() != io::ErrorKind::BrokenPipe);
    if lost {
        LOST.store(true, Ordering::Relaxed);
    }
    !lost
}

/// The last word: results that were lost make any end a failure.
pub fn ended(code: u8) -> u8 {
    written(io::stdout().flush());
    if LOST.load(Ordering::Relaxed) {
        words(format_args!("lifeboat: the results could not be written whole; is the disk full?"));
        return super::FAILED;
    }
    code
}
