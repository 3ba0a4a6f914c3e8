//! A run's folder: names, contents, reading. Needs no lock and works while another process writes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::disk::{Disk, parent};
use super::error::JournalError;
use super::open::folded;
use super::stream::Source;
use crate::record::{Checkpoint, MAX_BODY, Read, RecordError, Segment, Stored, lines};
use crate::units::{hex, sha256_hex};

/// Bytes of a run at most. A day-long run with every reading has a few megabytes.
pub const MAX_RUN: u64 = 256 * 1024 * 1024;
/// Name of the last checkpoint beside a log.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// Heads of other logs that one record cites; of more only the newest, and the rest by number and hash.
const MAX_HEADS: usize = 200;

/// `000001.jsonl`.
pub fn segment_name(number: u64) -> String {
    format!("{number:06}.jsonl")
}

/// The number in a file's name.
pub fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".jsonl").filter(|d| d.len() >= 6 && d.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().filter(|n| *n > 0)
}

/// A random 128-bit id, for a run or a process.
pub fn new_id() -> Result<String, JournalError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| JournalError::Random)?;
    Ok(hex(&bytes))
}

/// What is in a run's folder.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Number and content of each file, in order.
    pub segments: Vec<(u64, Vec<u8>)>,
    /// Text of the checkpoint beside the log.
    pub checkpoint: Option<String>,
    /// Names of the torn tails set aside.
    pub torn: Vec<String>,
}

impl Contents {
    /// The checkpoint beside the log. One that cannot be read is no reason to call the log broken; accidents left it so.
    pub fn beside(&self) -> Option<Checkpoint> {
        self.checkpoint.as_ref()?.parse().ok()
    }

    /// For [`crate::record`].
    pub fn segments(&self) -> Vec<Segment<'_>> {
        self.segments.iter().map(|(number, bytes)| Segment { number: *number, bytes }).collect()
    }
}

/// A file of a log where it lies, read in pieces: a log may be bigger than memory.
pub struct OnDisk<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
    number: u64,
    len: u64,
}

impl<'a> OnDisk<'a> {
    /// This file, under this number.
    pub fn of(disk: &'a dyn Disk, path: &Path, number: u64) -> Result<Self, JournalError> {
        let len = disk.len(path).map_err(JournalError::io("read", path))?;
        Ok(Self { disk, path: path.to_path_buf(), number, len })
    }
}

impl Source for OnDisk<'_> {
    fn number(&self) -> u64 {
        self.number
    }
    fn len(&self) -> u64 {
        self.len
    }
    fn read(&self, from: u64, max: usize) -> Result<Vec<u8>, String> {
        // What is appended meanwhile belongs to another look.
        let most = usize::try_from(self.len.saturating_sub(from)).unwrap_or(usize::MAX).min(max);
        self.disk.read(&self.path, from, most).map_err(|e| format!("{} cannot be read: {e}", self.path.display()))
    }
}

/// The files of a run's log in order, and the checkpoint beside them.
pub fn files<'a>(disk: &'a dyn Disk, dir: &Path) -> Result<(Vec<OnDisk<'a>>, Option<Checkpoint>), JournalError> {
    let names = disk.list(dir).map_err(JournalError::io("list", dir))?;
    let numbered = names.iter().filter(|e| !e.dir).filter_map(|e| Some((segment_number(&e.name)?, dir.join(&e.name))));
    let mut files = numbered.map(|(n, path)| OnDisk::of(disk, &path, n)).collect::<Result<Vec<_>, _>>()?;
    // By number, not by name: a seventh digit sorts before six.
    files.sort_by_key(|f| f.number);
    if files.is_empty() {
        return Err(JournalError::NotARun(dir.to_path_buf()));
    }
    let text = disk.read(&dir.join(CHECKPOINT_FILE), 0, MAX_BODY).ok().and_then(|b| String::from_utf8(b).ok());
    // One that cannot be read is no reason to call the log broken; accidents left it so.
    Ok((files, text.and_then(|t| t.parse().ok())))
}

/// Whether a folder holds a run.
pub fn is_run(disk: &dyn Disk, dir: &Path) -> bool {
    disk.list(dir).is_ok_and(|names| names.iter().any(|e| !e.dir && segment_number(&e.name).is_some()))
}

/// Reads a run's folder.
pub fn contents(disk: &dyn Disk, dir: &Path) -> Result<Contents, JournalError> {
    let names = disk.list(dir).map_err(JournalError::io("list", dir))?;
    let mut out = Contents::default();
    let mut left = MAX_RUN;
    for name in names.into_iter().filter(|e| !e.dir).map(|e| e.name) {
        if let Some(number) = segment_number(&name) {
            let path = dir.join(&name);
            let bytes = disk.read(&path, 0, left as usize + 1).map_err(JournalError::io("read", &path))?;
            left = left.checked_sub(bytes.len() as u64).ok_or_else(|| JournalError::TooBig(dir.to_path_buf()))?;
            out.segments.push((number, bytes));
        } else if name == CHECKPOINT_FILE {
            let bytes = disk.read(&dir.join(&name), 0, MAX_BODY).unwrap_or_default();
            out.checkpoint = String::from_utf8(bytes).ok();
        } else if name.ends_with(".torn") {
            out.torn.push(name);
        }
    }
    // By number, not by name: a seventh digit sorts before six.
    out.segments.sort_by_key(|(number, _)| *number);
    if out.segments.is_empty() {
        return Err(JournalError::NotARun(dir.to_path_buf()));
    }
    Ok(out)
}

/// The records of a run, in order. Stops at a torn tail, leaves out what a failed write left and was written again, and
/// steps over damage, which [`crate::record::verify`] names.
pub fn read_run(disk: &dyn Disk, dir: &Path) -> Result<Vec<Stored>, JournalError> {
    read_into(disk, dir, |all: &mut Vec<Stored>, read| {
        all.push(Stored::from_read(read)?);
        Ok(())
    })
}

/// The same, folded into a `T` as it is read.
pub fn read_into<T: Default + Send>(
    disk: &dyn Disk,
    dir: &Path,
    fold: impl Fn(&mut T, &Read<'_>) -> Result<(), RecordError> + Sync,
) -> Result<T, JournalError> {
    fold_into(&contents(disk, dir)?, dir, fold)
}

/// The same of what was read of a run's folder before.
pub fn fold_into<T: Default + Send>(
    contents: &Contents,
    dir: &Path,
    fold: impl Fn(&mut T, &Read<'_>) -> Result<(), RecordError> + Sync,
) -> Result<T, JournalError> {
    let (walk, all) = folded(&contents.segments(), &[], &fold, &mut |_| {});
    if let Some(format) = walk.newer {
        return Err(JournalError::Newer { path: dir.to_path_buf(), format });
    }
    all.map_err(|source| JournalError::Record { source })
}

/// The last known head of every other log in the folder of runs, as `log.open` cites it, so that a missing run shows.
pub(super) fn other_heads(disk: &dyn Disk, dir: &Path) -> Value {
    let runs = parent(dir);
    let others = disk.list(runs).unwrap_or_default().into_iter().filter(|e| e.dir).map(|e| runs.join(e.name));
    let mut heads: Vec<Head> = others.filter(|d| d.as_path() != dir).filter_map(|d| head(disk, &d)).collect();
    heads.sort_by(|a, b| (b.ts, &a.log).cmp(&(a.ts, &b.log)));
    let cited: Vec<_> =
        heads.iter().take(MAX_HEADS).map(|h| json!({ "log": h.log, "seq": h.seq, "h": h.hash })).collect();
    let rest = &heads[cited.len()..];
    if rest.is_empty() {
        return json!({ "heads": cited });
    }
    let text: String = rest.iter().map(|h| format!("{} {} {}\n", h.log, h.seq, h.hash)).collect();
    json!({ "heads": cited, "more": rest.len(), "more_sha256": sha256_hex(text.as_bytes()) })
}

struct Head {
    log: String,
    seq: u64,
    hash: String,
    ts: i64,
}

/// The last readable record of a run, from the end of its last file that has one.
fn head(disk: &dyn Disk, dir: &Path) -> Option<Head> {
    let mut files: Vec<(u64, PathBuf)> =
        disk.list(dir).ok()?.into_iter().filter_map(|e| Some((segment_number(&e.name)?, dir.join(e.name)))).collect();
    files.sort();
    files.iter().rev().find_map(|(_, file)| {
        let len = disk.len(file).ok()?;
        // A few records first; one of the biggest size, with another torn behind it, if that was not enough.
        [8 * 1024, 3 * MAX_BODY].into_iter().find_map(|window| {
            let bytes = disk.read(file, len.saturating_sub(window as u64), window).ok()?;
            let last = lines(&bytes).filter_map(|l| l.read().ok()).last()?;
            let e = last.envelope;
            Some(Head { log: e.log.to_owned(), seq: e.seq, hash: last.hex.to_owned(), ts: e.ts })
        })
    })
}
