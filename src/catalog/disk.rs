//! `.ron` files and folders of them.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{CatalogError, File};

/// One byte more than the loader takes, so that it can say that a file is too large without reading all of it.
const MAX_BYTES: u64 = crate::runbook::tree::MAX_BYTES as u64 + 1;
/// A folder of runbooks has tens of files; a home folder given by mistake has many more.
const MAX_FILES: usize = 2_000;
/// Folders in folders; ends loops of links too.
const MAX_DEPTH: usize = 16;

/// A file, or every `.ron` file in a folder and below, by name; the first that cannot be read ends it.
pub fn read_path(path: &Path) -> Result<Vec<File>, CatalogError> {
    list_path(path)?.iter().map(|p| read_file(p)).collect()
}

/// The file itself, or every `.ron` file in a folder and below, by name.
pub fn list_path(path: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut paths = Vec::new();
    collect(path, 0, &mut paths)?;
    paths.sort();
    Ok(paths)
}

/// Every readable `.ron` file right in a folder.
pub(super) fn read_folder(path: &Path) -> Result<Vec<File>, CatalogError> {
    // The parent of `plan.ron` is the empty path.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let mut paths = Vec::new();
    collect(path, MAX_DEPTH, &mut paths)?;
    paths.sort();
    Ok(paths.iter().filter_map(|p| read_file(p).ok()).collect())
}

fn collect(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), CatalogError> {
    let failed = |source| CatalogError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden && depth < MAX_DEPTH {
            collect(&path, depth + 1, into)?;
        } else if path.extension().is_some_and(|e| e == "ron") && path.is_file() {
            into.push(path);
        }
        if into.len() > MAX_FILES {
            return Err(CatalogError::TooMuch { path: folder.to_owned(), limit: MAX_FILES, what: "runbook files" });
        }
    }
    Ok(())
}

/// One file.
pub fn read_file(path: &Path) -> Result<File, CatalogError> {
    let failed = |source| CatalogError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|f| f.take(MAX_BYTES).read_to_end(&mut bytes)).map_err(failed)?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // Cut in the middle of a character because it is too large: the loader says so.
        Err(e) if e.as_bytes().len() as u64 == MAX_BYTES => String::from_utf8_lossy(e.as_bytes()).into_owned(),
        Err(e) => return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidData, e.utf8_error()))),
    };
    Ok(File { name: path.display().to_string(), text, path: Some(path.to_owned()) })
}

/// A part that the runbook in `own` includes: its name and text. Nothing when there is no such file.
///
/// A path that leaves the runbook's folder is not even looked at; one that leaves it by a link is refused.
pub(super) fn read_part(own: &Path, path: &str) -> Option<(String, Result<String, String>)> {
    if !crate::runbook::stays_inside(path) {
        return None;
    }
    let folder = own.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wanted = folder.join(path);
    let name = wanted.display().to_string();
    let inside = |f: &Path, w: &Path| Ok::<_, std::io::Error>(w.canonicalize()?.starts_with(f.canonicalize()?));
    let text = match inside(folder, &wanted) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
        Err(e) => Err(e.to_string()),
        Ok(false) => Err("a link leads out of the folder of the runbook".to_owned()),
        Ok(true) => read_file(&wanted).map(|f| f.text).map_err(|e| match std::error::Error::source(&e) {
            Some(cause) => cause.to_string(),
            None => e.to_string(),
        }),
    };
    Some((name, text))
}
