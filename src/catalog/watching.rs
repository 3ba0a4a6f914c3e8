//! Watching files and folders, so that what an author saves is seen at once.

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
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let written = !matches!(event.kind, EventKind::Access(_));
        if !written || !event.paths.iter().any(|p| concerns(p)) || pending.swap(true, Ordering::AcqRel) {
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
    for path in paths {
        // A file is watched through its folder: editors put a new file in its place.
        let (place, mode) = match path.parent() {
            Some(folder) if path.is_file() => (folder, RecursiveMode::NonRecursive),
            _ => (path.as_path(), RecursiveMode::Recursive),
        };
        watcher.watch(place, mode).map_err(failed)?;
    }
    Ok(Watching(watcher))
}

/// A runbook file, or something without an extension, which may be a folder of them.
fn concerns(path: &Path) -> bool {
    path.extension().is_none_or(|e| e == "ron")
}
