//! `lifeboat completions`: what a shell needs to complete commands and options with Tab.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Args, FINE};

/// Prints a shell's completions.
pub fn run(shell: Shell) -> u8 {
    out!("{}", text(shell).trim_end());
    FINE
}

/// A shell's completions, made from the commands as they are.
pub fn text(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "lifeboat", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
