//! The command line contract, by running the program: exit codes, results on stdout, words for people on stderr.

mod bind;
mod checks;
mod files;
pub mod guided;
mod health;
pub mod recoverable;
pub mod runs;
mod terminal;
mod trust;
mod whole;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program with a home of its own, and nothing of the caller's desktop or settings.
pub fn lifeboat(home: &Path) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "LIFEBOAT_HOME", "LIFEBOAT_LOG"] {
        c.env_remove(name);
    }
    c.env("LIFEBOAT_OPERATOR", "Ada").current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    c.arg("--home").arg(home);
    c
}

pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }
}

pub fn say(home: &Path, args: &[&str]) -> Said {
    Said::of(lifeboat(home).args(args).output().unwrap())
}

pub fn keys(v: &Value) -> Vec<&str> {
    v.as_object().unwrap().keys().map(String::as_str).collect()
}
