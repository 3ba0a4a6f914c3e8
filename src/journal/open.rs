//! Opening a log again: verify all of it, set torn bytes aside, leave damage alone, go on behind it.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use serde::Deserialize;
use serde_json::json;

use super::disk::Disk;
use super::draft::{Draft, Header};
use super::error::JournalError;
use super::folder::{Contents, contents, is_run, segment_name, segment_number};
use super::write::{End, Journal, MAX_WRITE};
use crate::record::{Actor, Checkpoint, DAMAGED, Kind, Read, RecordError, Segment, Stored, Torn, Walk, walk};
use crate::units::sha256_hex;

/// Records handed from the thread that verifies a log to the one that takes them in, at a time.
const HANDED: usize = 512;
/// So many such heaps wait at most.
const HEAPS: usize = 8;

/// A log opened to go on with.
pub struct Opened<T = Vec<Stored>> {
    /// The writer.
    pub journal: Journal,
    /// What stood in the log; state is folded from it.
    pub records: T,
    /// What is wrong with it; not empty means a red banner, and the run can go on.
    pub damage: Vec<String>,
    /// Torn tails set aside just now.
    pub recovered: Vec<Recovered>,
}

/// Torn bytes, kept in a file of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Name of the file in the run's folder.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl Journal {
    /// Opens a run's log to go on with it. `known`: a checkpoint that the log must reach; the one beside the log is
    /// always held against it.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        header: Header,
        known: Option<&Checkpoint>,
    ) -> Result<Opened, JournalError> {
        Self::open_into(disk, dir, header, known, |all: &mut Vec<Stored>, read| {
            all.push(Stored::from_read(read)?);
            Ok(())
        })
    }

    /// The same, and what stood in the log is folded into a `T` as it is read, on a second thread: a long log takes as
    /// long to take in as to verify.
    pub fn open_into<T: Default + Send>(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        header: Header,
        known: Option<&Checkpoint>,
        fold: impl Fn(&mut T, &Read<'_>) -> Result<(), RecordError> + Sync,
    ) -> Result<Opened<T>, JournalError> {
        if !is_run(&*disk, &dir) {
            return Err(JournalError::NotARun(dir));
        }
        let run = header.run.clone();
        let mut journal = Self::locked(disk, dir, header)?;
        let found = match Found::read(&journal, &run, known, &fold) {
            // Room for setting torn bytes aside.
            Err(e) if e.is_full() && journal.release_ballast() => Found::read(&journal, &run, known, &fold),
            other => other,
        }?;
        let last = found.last_segment;
        let end = End { next: found.walk.next, head: found.walk.head, tree: found.walk.tree.clone() };
        let file = journal.dir.join(segment_name(last));
        let len = journal.disk.len(&file).map_err(JournalError::io("look at", &file))?;
        journal = journal.at(last, len, end);
        journal.keyed = !found.walk.keys.is_empty();
        if journal.disk.len(&super::parent(&journal.dir).join("ballast")).is_err() {
            journal.keep_ballast();
        }
        let mut drafts: Vec<Draft> = found.recovered.iter().map(|r| recovered(&journal, r)).collect();
        drafts.push(journal.opening(true));
        // Behind damage too: what is signed from here on must name its key.
        drafts.extend(journal.key_taken(found.walk.keys.last().map(|k| &k.key)));
        if found.damaged_now {
            let what = found.damage.first().cloned().unwrap_or_default();
            journal.rotate(DAMAGED, io::Error::other(what), &drafts)?;
        } else {
            let reopened =
                reopen(&*journal.disk, &journal.dir, &file).map_err(JournalError::io("make durable", &file))?;
            journal.file = Some(reopened);
            journal.append(&drafts)?;
        }
        Ok(Opened { journal, records: found.records, damage: found.damage, recovered: found.fresh })
    }
}

/// What was read may have been in the system's cache only; nothing is linked to it before it is durable. If that fails
/// no new file helps: it would be linked to what may be gone after a power cut.
fn reopen(disk: &dyn Disk, dir: &Path, file: &Path) -> io::Result<Box<dyn super::DiskFile>> {
    let mut f = disk.append(file)?;
    f.sync_all()?;
    // The file's name too: whoever made it may have failed before that.
    disk.sync_dir(dir)?;
    Ok(f)
}

fn recovered(journal: &Journal, r: &Recovered) -> Draft {
    let d = json!({ "file": r.file, "bytes": r.bytes, "sha256": r.sha256 });
    Draft::new(Kind::LogRecovered, journal.mode(), Actor::System, d)
}

struct Found<T> {
    walk: Walk,
    records: T,
    damage: Vec<String>,
    /// Damage that no file was begun behind yet.
    damaged_now: bool,
    /// Torn tails that no record names yet.
    recovered: Vec<Recovered>,
    /// Those of them set aside just now.
    fresh: Vec<Recovered>,
    last_segment: u64,
}

impl<T: Default + Send> Found<T> {
    fn read(
        journal: &Journal,
        run: &str,
        known: Option<&Checkpoint>,
        fold: &(impl Fn(&mut T, &Read<'_>) -> Result<(), RecordError> + Sync),
    ) -> Result<Self, JournalError> {
        let (disk, dir) = (&*journal.disk, journal.dir.as_path());
        // What a failed sync left in memory may look saved, and whoever was refused may not have been able to cut it off.
        // It is the end of a file, and no longer than one write.
        for name in disk.list(dir).unwrap_or_default().iter().filter(|e| segment_number(&e.name).is_some()) {
            let path = dir.join(&name.name);
            let len = disk.len(&path).unwrap_or(0);
            let _ = disk.forget(&path, len.saturating_sub(MAX_WRITE as u64));
        }
        let contents = contents(disk, dir)?;
        let segments = contents.segments();
        let beside = contents.beside();
        let checkpoints: Vec<&Checkpoint> = known.into_iter().chain(&beside).collect();
        let sizes: Vec<u64> = checkpoints.iter().map(|c| c.size).collect();
        let mut named = HashSet::new();
        let (walk, records) = folded(&segments, &sizes, fold, &mut |read| {
            if read.envelope.kind == Kind::LogRecovered.as_str() {
                named.extend(serde_json::from_str::<Named>(read.envelope.d.get()).ok().map(|n| n.file));
            }
        });
        if let Some(format) = walk.newer {
            return Err(JournalError::Newer { path: dir.to_path_buf(), format });
        }
        let records = records.map_err(|source| JournalError::Record { source })?;
        if let Some(found) = walk.log.as_ref().filter(|l| *l != run) {
            let (found, expected) = (found.clone(), run.to_owned());
            return Err(JournalError::OtherRun { path: dir.to_path_buf(), found, expected });
        }
        let mut damage: Vec<String> = walk.breaks.iter().map(ToString::to_string).collect();
        if walk.withheld > 0 {
            damage
                .push(format!("{} records are only there by their hashes: this is a copy, not the log", walk.withheld));
        }
        let last_segment = segments.last().map_or(0, |s| s.number);
        let mut damaged_now = walk.last_broken >= last_segment;
        for c in checkpoints {
            if let Some(text) = contradiction(c, &walk) {
                damage.push(text);
                damaged_now = true;
            }
        }
        let torn: &[Torn] = if damaged_now { &[] } else { &walk.torn };
        let mut fresh = Vec::new();
        for t in torn.iter().filter(|t| t.bytes > 0) {
            fresh.push(set_aside(disk, dir, &contents, t)?);
        }
        let mut recovered = unnamed(disk, dir, &contents, &named)?;
        recovered.extend(fresh.iter().cloned());
        Ok(Self { walk, records, damage, damaged_now, recovered, fresh, last_segment })
    }
}

/// `log.recovered`, as far as it is needed here.
#[derive(Deserialize)]
struct Named {
    file: String,
}

/// Walks a log; what counts in it is folded on a thread of its own, a heap at a time, up to the first that is refused.
pub(super) fn folded<T: Default + Send>(
    segments: &[Segment<'_>],
    sizes: &[u64],
    fold: &(impl Fn(&mut T, &Read<'_>) -> Result<(), RecordError> + Sync),
    seen: &mut dyn FnMut(&Read<'_>),
) -> (Walk, Result<T, RecordError>) {
    std::thread::scope(|scope| {
        let (to, from) = mpsc::sync_channel::<Vec<Read<'_>>>(HEAPS);
        let folding = scope.spawn(move || {
            let mut all = T::default();
            from.iter().flatten().try_for_each(|read| fold(&mut all, &read)).map(|()| all)
        });
        let mut heap = Vec::with_capacity(HANDED);
        let walk = walk(segments, true, sizes, &mut |read| {
            seen(read);
            heap.push(read.clone());
            if heap.len() == HANDED {
                // Nobody takes it any more once a record was refused.
                let _ = to.send(std::mem::replace(&mut heap, Vec::with_capacity(HANDED)));
            }
        });
        let _ = to.send(heap);
        drop(to);
        let all = folding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (walk, all)
    })
}

/// A checkpoint that the log does not fit. Behind damage there is nothing to compare.
fn contradiction(c: &Checkpoint, walk: &Walk) -> Option<String> {
    let log = walk.log.as_ref()?;
    if c.log != *log {
        return Some(format!("the checkpoint is of another log, {}", crate::units::visible(&c.log)));
    }
    match walk.roots.iter().find(|(size, _)| *size == c.size) {
        Some((_, root)) if *root == c.root => None,
        Some((size, _)) => Some(format!("the first {size} records are not those of the checkpoint")),
        None if walk.tree.is_some() => {
            Some(format!("{} of the {} records that the checkpoint covers are missing", c.size - walk.next, c.size))
        }
        None => None,
    }
}

/// Copies a torn tail to a file of its own, makes that durable, and only then cuts it off.
fn set_aside(disk: &dyn Disk, dir: &Path, contents: &Contents, torn: &Torn) -> Result<Recovered, JournalError> {
    let bytes = contents.segments.iter().find(|(n, _)| *n == torn.segment).and_then(|(_, b)| b.get(torn.offset..));
    let bytes = bytes.unwrap_or_default();
    let mut number = 1;
    let name = loop {
        let name = format!("{:06}-{number}.torn", torn.segment);
        if !contents.torn.contains(&name) {
            break name;
        }
        number += 1;
    };
    let path = dir.join(&name);
    disk.write_new(&path, bytes).map_err(JournalError::io("set torn bytes aside in", &path))?;
    let path = dir.join(segment_name(torn.segment));
    let cut = || {
        let mut file = disk.append(&path)?;
        file.cut(torn.offset as u64)?;
        file.sync_all()
    };
    cut().map_err(JournalError::io("cut the torn end of", &path))?;
    Ok(Recovered { file: name, bytes: bytes.len() as u64, sha256: sha256_hex(bytes) })
}

/// Torn tails from a recovery that was itself cut short before it could be recorded.
fn unnamed(
    disk: &dyn Disk,
    dir: &Path,
    contents: &Contents,
    named: &HashSet<String>,
) -> Result<Vec<Recovered>, JournalError> {
    let mut out = Vec::new();
    for name in contents.torn.iter().filter(|n| !named.contains(*n)) {
        let path = dir.join(name);
        let bytes = disk.read(&path, 0, super::MAX_RUN as usize).map_err(JournalError::io("read", &path))?;
        out.push(Recovered { file: name.clone(), bytes: bytes.len() as u64, sha256: sha256_hex(&bytes) });
    }
    Ok(out)
}
