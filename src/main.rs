//! Arguments to a window or a terminal command; exit codes.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use lifeboat::cli::{self, Args};

fn main() -> ExitCode {
    // Whatever is written is the owner's alone: records, what they are made from, and what is exported.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("LIFEBOAT_LOG").unwrap_or_else(|_| "off".into()))
        .init();
    let code = match &args.command {
        Some(command) => cli::dispatch(&args, command),
        None if cli::display() => cli::window(&args, &[]),
        None => {
            let words = "No display was found; the same guided rehearsal follows here, in the terminal.";
            cli::say::words(format_args!("{words}"));
            let scripted = !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal());
            cli::rehearse::run(&args, &cli::rehearse::Wish::first(scripted))
        }
    };
    ExitCode::from(cli::say::ended(code))
}
