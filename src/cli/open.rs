//! `lifeboat open`: the window, with what a file manager passes to it.

use std::path::{Path, PathBuf};

use super::{Args, FAILED, USAGE, display, window};

/// Opens the window with these files.
pub fn run(args: &Args, paths: &[PathBuf]) -> u8 {
    if let Some(missing) = paths.iter().find(|p| !p.exists()) {
        say!("lifeboat: there is no {}", missing.display());
        return USAGE;
    }
    if !display() {
        let file = paths.first().map_or(Path::new("PLAN"), |p| p.as_path()).display();
        say!("lifeboat: no display was found, so no window can be opened; in the terminal: lifeboat plan {file}");
        return FAILED;
    }
    window(args, paths)
}
