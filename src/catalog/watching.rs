//! Watching files and folders, so that what an author saves is seen at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::CatalogError;

/// Editors write a file in several moves; one look after them is enough.
const SETTLE: Duration = Duration::from_millis(250);

/// Ends when dropped.
pub struct Watching(#[expect(dead_code, reason = "held for its drop")] RecommendedWatcher);

/// Calls `changed` soon after a `.ron` file in one of these files or folders was written, moved or removed.
pub fn watch(paths: &[PathBuf], changed: impl Fn() + Send + Sync + 'static) -> Result<Watching, CatalogError> {
    let failed = |source| CatalogError::Watch { source };
    let (changed, pending) = (Arc::new(changed), Arc::new(AtomicBool::new(false)));
    // Some systems tell the names behind links.
    let real = paths.iter().filter_map(|p| p.canonicalize().ok());
    let known: Vec<PathBuf> = real.chain(paths.iter().cloned()).collect();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let written = !matches!(event.kind, EventKind::Access(_));
        if !written || !event.paths.iter().any(|p| concerns(p, &known)) || pending.swap(true, Ordering::AcqRel) {
            return;
        }
        let (changed, pending) = (changed.clone(), pending.clone());
        std::thread::spawn(move || {
            std::thread::sleep(SETTLE);
            pending.store(false, Ordering::Release);
            changed();
        });
    })
    .map_err(failed)?;
    let folders: Vec<&Path> = paths.iter().map(PathBuf::as_path).filter(|p| p.is_dir()).collect();
    for folder in &folders {
        watcher.watch(folder, RecursiveMode::Recursive).map_err(failed)?;
    }
    let above: BTreeSet<&Path> = paths.iter().filter(|p| !p.is_dir()).filter_map(|p| folder_of(p)).collect();
    // To watch a folder once more for itself only would end the watching of what is below it.
    for folder in above.into_iter().filter(|a| !folders.iter().any(|f| a.starts_with(f))) {
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
    }
    Ok(Watching(watcher))
}

/// A file is watched through its folder: editors put a new file in its place. What is gone is watched through the next
/// folder above it that is there, to see it come back.
fn folder_of(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|f| f.is_dir())
}

/// One of the watched itself or a folder above it; or, below or beside one, a runbook file or what may be a folder of them.
fn concerns(path: &Path, watched: &[PathBuf]) -> bool {
    let kind = path.extension().is_none_or(|e| e == "ron");
    watched.iter().any(|w| {
        let beside = w.extension().is_some() && w.parent() == path.parent();
        w.starts_with(path) || (kind && (path.starts_with(w) || beside))
    })
}
