//! Arguments to a window or a terminal command; exit codes.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use lifeboat::cli::{self, Args};

fn main() -> ExitCode {
    let args = Args::parse();
    end_quietly_with_the_reader();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("LIFEBOAT_LOG").unwrap_or_else(|_| "off".into()))
        .init();
    let code = match &args.command {
        Some(command) => cli::dispatch(&args, command),
        None if display() => cli::window(&args),
        None => {
            eprintln!("No display was found; the same guided rehearsal follows here, in the terminal.");
            let scripted = !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal());
            cli::rehearse::run(&args, &cli::rehearse::Wish::first(scripted))
        }
    };
    ExitCode::from(code)
}

/// `lifeboat plan … | head` is no error: who reads has seen enough.
fn end_quietly_with_the_reader() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let said = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if said.starts_with("failed printing to stdout") && said.contains("Broken pipe") {
            std::process::exit(0);
        }
        usual(info);
    }));
}

/// Whether a window can be opened. On Linux a display server has to be named; elsewhere there is one.
fn display() -> bool {
    let named = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    !cfg!(target_os = "linux") || named("DISPLAY") || named("WAYLAND_DISPLAY")
}
