//! Says which version and commit is built, for `lifeboat --version`.
//!
//! Debug builds do not name their commit: it would rebuild the whole program after every commit, and what is built while it is
//! worked on is none of them anyway.

use std::process::Command;

/// What goes into the program; the rest of the tree may change without making it another one.
const SOURCES: [&str; 6] = ["src", "assets", "runbooks", "Cargo.toml", "Cargo.lock", "build.rs"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let debug = std::env::var("PROFILE").is_ok_and(|p| p == "debug");
    let what = if debug { Some("debug build".to_owned()) } else { commit() };
    let version = what.map_or(version.clone(), |what| format!("{version} ({what})"));
    println!("cargo::rustc-env=LIFEBOAT_VERSION={version}");
}

/// The commit, and whether the sources differ from it. None outside a Git repository, such as in an unpacked archive.
fn commit() -> Option<String> {
    // An archive that was unpacked inside somebody's repository is no commit of it.
    git(&["ls-files", "--error-unmatch", "Cargo.toml"])?;
    for watched in SOURCES {
        println!("cargo::rerun-if-changed={watched}");
    }
    // HEAD names a branch, whose log tells of each commit. What is not there would make each build run this again.
    for place in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", place])?;
        if std::path::Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
    let differs = git(&[&["status", "--porcelain", "--"], &SOURCES[..]].concat()).is_none_or(|d| !d.is_empty());
    Some(if differs { format!("{commit}-dirty") } else { commit })
}

fn git(args: &[&str]) -> Option<String> {
    // Looking at the tree writes nothing into it.
    let out = Command::new("git").arg("--no-optional-locks").args(args).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}
