//! A bundle read where it lies: nothing of it is written anywhere, and no size that it claims is believed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, ZipArchive};

use crate::record::Files;
use crate::units::{hex, visible};

/// The list of all files of a bundle.
pub const MANIFEST: &str = "MANIFEST.json";
/// A list is a line for each file.
const MAX_MANIFEST: u64 = 16 * 1024 * 1024;
/// Members of an archive at most; a run keeps a few thousand files.
const MAX_MEMBERS: usize = 100_000;
/// What is hashed at once.
const PIECE: usize = 64 * 1024;

/// A packed bundle.
pub struct Archive {
    path: PathBuf,
    members: BTreeMap<String, Range<u64>>,
}

impl Archive {
    /// Reads its directory. The reason is in words.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|e| format!("it cannot be read: {e}"))?;
        let length = file.metadata().map_err(|e| format!("it cannot be read: {e}"))?.len();
        let not = |e| format!("it is no archive that can be read: {e}");
        let mut zip = ZipArchive::new(io::BufReader::new(file)).map_err(not)?;
        if zip.len() > MAX_MEMBERS || zip.has_duplicate_names() {
            return Err("it holds a name twice, or more files than any bundle".to_owned());
        }
        let mut members = BTreeMap::new();
        for i in 0..zip.len() {
            let member = zip.by_index_raw(i).map_err(not)?;
            let name = member.name().map_err(not)?.into_owned();
            if member.compression() != CompressionMethod::Stored || member.encrypted() {
                return Err(format!(
                    "{} in it is compressed or encrypted, which no bundle is: unpack it, and verify the folder",
                    visible(&name)
                ));
            }
            let start = member.data_start().unwrap_or(u64::MAX);
            let end = start.checked_add(member.compressed_size()).filter(|end| *end <= length);
            let end = end.ok_or_else(|| format!("it ends before {}, which it names", visible(&name)))?;
            members.insert(name, start..end);
        }
        Ok(Self { path: path.to_path_buf(), members })
    }

    /// Names of its files, and where each lies in it.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Range<u64>)> {
        self.members.iter().map(|(name, place)| (name.as_str(), place))
    }

    /// Length and SHA-256 of a file in it; `None` if there is none of this name.
    pub fn hash(&self, name: &str) -> Option<(u64, String)> {
        hashed(self.reader(name)?).ok()
    }

    /// A file in it that is short.
    pub fn text(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader(name)?.take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn reader(&self, name: &str) -> Option<impl Read> {
        let place = self.members.get(name)?;
        let mut file = File::open(&self.path).ok()?;
        file.seek(SeekFrom::Start(place.start)).ok()?;
        Some(file.take(place.end - place.start))
    }

    /// What its list of files says of them; `None`: it has none.
    pub fn manifest(&self) -> Option<Files> {
        Some(held(&self.text(MANIFEST, MAX_MANIFEST)?, |name| self.hash(name)))
    }
}

/// What the list of files of an unpacked bundle says of them; `None`: it has none.
pub fn manifest_in(folder: &Path) -> Option<Files> {
    let list = folder.join(MANIFEST);
    let mut bytes = Vec::new();
    match File::open(&list).and_then(|f| f.take(MAX_MANIFEST).read_to_end(&mut bytes)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
        Err(_) => bytes.clear(),
        Ok(_) => {}
    }
    Some(held(&bytes, |name| {
        let path = folder.join(name);
        let found = path.symlink_metadata().ok()?;
        // Nobody waits for a pipe, and a link is not what was kept.
        let file = if found.is_file() { File::open(path).and_then(hashed).ok() } else { None };
        Some(file.unwrap_or_default())
    }))
}

#[derive(Deserialize)]
struct List {
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    bytes: u64,
    sha256: String,
}

/// Holds files against a list. It shows accidents, and proves nothing against whoever can write a new one.
fn held(list: &[u8], hash: impl Fn(&str) -> Option<(u64, String)>) -> Files {
    let mut found = Files::default();
    let Ok(list) = serde_json::from_slice::<List>(list) else {
        found.altered.push(MANIFEST.to_owned());
        return found;
    };
    let mut seen = std::collections::HashSet::new();
    for f in list.files {
        if !seen.insert(f.name.clone()) {
            // No list names a file twice; a hostile one would have it read for ever.
            found.altered.push(f.name);
            continue;
        }
        match Some(f.name.as_str()).filter(|n| is_plain(n)).and_then(&hash) {
            // What is no file has no hash, whatever a list says.
            Some(now) if !now.1.is_empty() && now == (f.bytes, f.sha256) => found.same += 1,
            Some(_) => found.altered.push(f.name),
            None => found.missing.push(f.name),
        }
    }
    found
}

/// Whether a name is one that a bundle gives: nothing in it leads elsewhere.
fn is_plain(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let part = |p: &str| p.chars().all(good) && !p.is_empty() && !p.starts_with(['.', '-']);
    name.split('/').count() <= 2 && name.split('/').all(part)
}

/// Length and SHA-256, in pieces.
fn hashed(mut from: impl Read) -> io::Result<(u64, String)> {
    let (mut hash, mut length, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        let n = from.read(&mut piece)?;
        if n == 0 {
            return Ok((length, hex(&hash.finalize())));
        }
        hash.update(&piece[..n]);
        length += n as u64;
    }
}
