//! Appending: encode, write, sync, only then acknowledge.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::disk::{Disk, DiskFile, Lock, parent};
use super::draft::{AHEAD, Draft, Header, Written};
use super::error::{JournalError, full};
use super::folder::{CHECKPOINT_FILE, is_run, new_id, other_heads, segment_name};
use super::limit::Limited;
use crate::record::{Actor, Body, Checkpoint, FAILED_WRITE, FORMAT, Hash, Kind, Mode, Tree, encode, key_taken};
use crate::units::{Now, PublicKey};

/// The wall clock may drift this far from the monotonic one between two records before it is a jump.
const JUMP: i64 = 2_000;
/// Bytes of one write at most; a frozen plan with its texts is well below.
pub(super) const MAX_WRITE: usize = 16 * 1024 * 1024;

/// The end of a log.
#[derive(Clone, Default)]
pub(super) struct End {
    pub next: u64,
    pub head: Hash,
    /// `None` behind damage.
    pub tree: Option<Tree>,
}

struct Batch {
    bytes: Vec<u8>,
    written: Vec<Written>,
    end: End,
}

/// The one writer of a run's log. All calls block; keep it on a thread that may.
pub struct Journal {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    header: Header,
    boot: String,
    _lock: Box<dyn Lock>,
    pub(super) file: Option<Box<dyn DiskFile>>,
    pub(super) segment: u64,
    /// File and length up to which everything was acknowledged.
    acknowledged: (u64, u64),
    /// File and length up to which space was asked for.
    asked: (u64, u64),
    end: End,
    last: Option<Now>,
    /// The log names a key.
    pub(super) keyed: bool,
    trouble: Option<String>,
    warning: Option<String>,
}

impl Journal {
    /// Begins the log of a new run in the folder `dir` (`runs/<run id>`).
    pub fn create(disk: Arc<dyn Disk>, dir: PathBuf, header: Header) -> Result<Self, JournalError> {
        if is_run(&*disk, &dir) {
            return Err(JournalError::Exists(dir));
        }
        make_folders(&Limited::new(disk.clone(), header.slow), &dir)?;
        let end = End { tree: Some(Tree::default()), ..End::default() };
        let mut journal = Self::locked(disk, dir, header)?.at(0, 0, end);
        journal.keep_ballast();
        let opened: Vec<Draft> = [journal.opening(false)].into_iter().chain(journal.key_taken(None)).collect();
        let file = journal.begin(1);
        journal.segment = 1;
        match file {
            Ok(file) => {
                journal.file = Some(file);
                journal.append(&opened)?;
            }
            Err(e) => drop(journal.rotate(FAILED_WRITE, e, &opened)?),
        }
        Ok(journal)
    }

    /// A journal that has its lock and nothing else.
    pub(super) fn locked(disk: Arc<dyn Disk>, dir: PathBuf, header: Header) -> Result<Self, JournalError> {
        static BOOT: OnceLock<String> = OnceLock::new();
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if header.run.is_empty() || header.run.len() > 64 || !header.run.bytes().all(good) {
            return Err(JournalError::BadId(header.run));
        }
        let boot = match BOOT.get() {
            Some(boot) => boot.clone(),
            None => {
                let id = new_id()?;
                BOOT.get_or_init(|| id).clone()
            }
        };
        let disk: Arc<dyn Disk> = Arc::new(Limited::new(disk, header.slow));
        let path = dir.join("lock");
        let lock = disk.try_lock(&path).map_err(JournalError::io("lock", &path))?;
        let lock = lock.ok_or_else(|| JournalError::Locked(dir.clone()))?;
        Ok(Self {
            disk,
            dir,
            header,
            boot,
            _lock: lock,
            file: None,
            segment: 0,
            acknowledged: (0, 0),
            asked: (0, 0),
            end: End::default(),
            last: None,
            keyed: false,
            trouble: None,
            warning: None,
        })
    }

    /// Stands at the end of the log: of file `segment`, after `len` bytes.
    pub(super) fn at(mut self, segment: u64, len: u64, end: End) -> Self {
        (self.segment, self.acknowledged, self.end) = (segment, (segment, len), end);
        self
    }

    /// Makes records durable, in order, with one write and one sync. They are when this returns.
    pub fn append(&mut self, drafts: &[Draft]) -> Result<Vec<Written>, JournalError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(reason) = &self.trouble {
            return Err(self.no_sink(reason.clone()));
        }
        let now = (self.header.time)();
        let jump = self.clock_jump(now);
        let own = usize::from(jump.is_some());
        let drafts: Vec<&Draft> = jump.iter().chain(drafts).collect();
        let batch = self.batch(self.segment, &drafts, now)?;
        let result = match self.file.take() {
            Some(mut file) => self.commit(&mut *file, &batch.bytes).map(|()| file),
            None => Err(io::Error::other("no file is open")),
        };
        match result {
            Ok(file) => {
                self.file = Some(file);
                Ok(self.acknowledge(batch, now, own))
            }
            Err(e) => {
                let drafts: Vec<Draft> = drafts.into_iter().cloned().collect();
                let mut written = self.rotate(FAILED_WRITE, e, &drafts)?;
                Ok(written.split_off(own))
            }
        }
    }

    /// After [`JournalError::NoDurableSink`]: tries a new file.
    pub fn try_again(&mut self) -> Result<(), JournalError> {
        match self.trouble.clone() {
            None => Ok(()),
            Some(reason) => self.rotate(FAILED_WRITE, io::Error::other(reason), &[]).map(drop),
        }
    }

    /// Records a checkpoint, leaves the newest beside the log, and returns it for keeping elsewhere. `None` behind
    /// damage, where there is no root.
    pub fn seal(&mut self) -> Result<Option<Checkpoint>, JournalError> {
        if self.keyed && self.header.signs.is_none() {
            // One that is not signed would look like somebody else's.
            self.warning = Some("no checkpoint is written: this record has a key, and it is not at hand".to_owned());
            return Ok(None);
        }
        self.append(&[Draft::new(Kind::LogCheckpoint, self.header.mode, Actor::System, Value::Null)])?;
        let checkpoint = self.checkpoint();
        if let Some(c) = &checkpoint {
            self.warning = self.write_beside(c).err().map(|e| format!("the checkpoint beside the log is old: {e}"));
        }
        Ok(checkpoint)
    }

    /// The checkpoint of the log as it is now.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.checkpoint_of(self.end.tree.as_ref()?)
    }

    /// Signed, where there is a key.
    fn checkpoint_of(&self, tree: &Tree) -> Option<Checkpoint> {
        let (log, size, root) = (self.header.run.clone(), tree.size(), tree.root());
        let mut made = (size > 0).then_some(Checkpoint { log, size, root, signatures: Vec::new() })?;
        if let Some(signs) = &self.header.signs {
            made.sign(&*signs.by);
        }
        Some(made)
    }

    /// Number of the next record and hash of the last.
    pub fn head(&self) -> (u64, Hash) {
        (self.end.next, self.end.head)
    }

    /// The wall clock (`ts`) of the newest records.
    pub fn written_at(&self) -> Option<i64> {
        self.last.map(|now| now.wall)
    }

    /// Why nothing can be saved, while that is so.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What is weaker than it should be, though records are saved.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Run id.
    pub fn run(&self) -> &str {
        &self.header.run
    }

    /// The run's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `log.open`.
    pub(super) fn opening(&self, again: bool) -> Draft {
        let mut d = other_heads(&*self.disk, &self.dir);
        d["again"] = json!(again);
        Draft::new(Kind::LogOpen, self.header.mode, Actor::System, d)
    }

    /// `log.key`, when another key signs from here on than the one in force.
    pub(super) fn key_taken(&self, before: Option<&PublicKey>) -> Option<Draft> {
        let signs = self.header.signs.as_ref().filter(|s| before != Some(&s.by.key()))?;
        let d = key_taken(&*signs.by, signs.kept, before, signs.rotation.as_ref());
        Some(Draft::new(Kind::LogKey, self.header.mode, Actor::System, d))
    }

    pub(super) fn mode(&self) -> Mode {
        self.header.mode
    }

    fn no_sink(&self, reason: String) -> JournalError {
        JournalError::NoDurableSink { path: self.dir.clone(), reason }
    }

    /// `clock.jump`, when the wall clock moved against the monotonic one since the last record.
    fn clock_jump(&self, now: Now) -> Option<Draft> {
        let last = self.last?;
        let elapsed = i64::try_from(now.mono.saturating_sub(last.mono)).unwrap_or(i64::MAX);
        let by = now.wall.saturating_sub(last.wall).saturating_sub(elapsed);
        if by.abs() < JUMP {
            return None;
        }
        let d = json!({ "by": by, "from": last.wall, "to": now.wall });
        Some(Draft::new(Kind::ClockJump, self.header.mode, Actor::System, d))
    }

    fn batch(&self, segment: u64, drafts: &[&Draft], now: Now) -> Result<Batch, JournalError> {
        let mut end = self.end.clone();
        let (mut bytes, mut written) = (Vec::new(), Vec::new());
        let first = end.next;
        for draft in drafts {
            let d = match draft.kind {
                // Made here, because only here it is known which records come before it.
                Kind::LogCheckpoint => {
                    let c = end.tree.as_ref().and_then(|t| self.checkpoint_of(t));
                    json!({ "note": c.map(|c| c.to_string()) })
                }
                _ => draft.d.clone(),
            };
            let body = Body {
                v: FORMAT,
                log: self.header.run.clone(),
                seg: segment,
                seq: end.next,
                prev: end.head,
                first: (end.next != first).then_some(first),
                ts: now.wall,
                mono: now.mono,
                boot: self.boot.clone(),
                at: draft.at,
                run: self.header.run.clone(),
                step: draft.step.clone(),
                kind: draft.kind,
                mode: draft.mode,
                actor: draft.actor.clone(),
                app: self.header.app.clone(),
                dev: self.header.dev.clone(),
                plan: draft.plan.clone(),
                tgt: draft.tgt.clone(),
                corr: draft.corr.clone(),
                d,
                red: draft.red.clone(),
            };
            let (line, hash) = encode(&body).map_err(|source| JournalError::Record { source })?;
            bytes.extend_from_slice(&line);
            written.push(Written { seq: end.next, hash: hash.to_string() });
            end.next += 1;
            end.head = hash;
            if let Some(tree) = &mut end.tree {
                tree.push(hash);
            }
        }
        if bytes.len() > MAX_WRITE {
            return Err(JournalError::TooMuch(bytes.len()));
        }
        Ok(Batch { bytes, written, end })
    }

    /// One write, one sync. Whatever is wrong with either is final for the file.
    fn commit(&mut self, file: &mut dyn DiskFile, bytes: &[u8]) -> io::Result<()> {
        self.keep_ahead(file, bytes.len() as u64);
        file.save(bytes)
    }

    /// Sets space aside before what there is was used up. Not having it is a warning only, and only where space is short.
    fn keep_ahead(&mut self, file: &mut dyn DiskFile, bytes: u64) {
        let end = self.length() + bytes;
        if self.asked.0 == self.segment && end <= self.asked.1 {
            return;
        }
        self.asked = (self.segment, end + AHEAD);
        if let Err(e) = file.reserve(bytes + AHEAD)
            && full(&e)
        {
            let text = format!("the disk is nearly full, no space is set aside for the record: {e}");
            self.warning.get_or_insert(text);
        }
    }

    /// Acknowledged bytes of the file that is written to.
    fn length(&self) -> u64 {
        if self.acknowledged.0 == self.segment { self.acknowledged.1 } else { 0 }
    }

    fn acknowledge(&mut self, mut batch: Batch, now: Now, own: usize) -> Vec<Written> {
        self.acknowledged = (self.segment, self.length() + batch.bytes.len() as u64);
        self.end = batch.end;
        self.last = Some(now);
        batch.written.split_off(own)
    }

    /// A new file, linked to the last acknowledged record, with `drafts` in it. Two failures in a row, and the journal
    /// is read-only until [`Journal::try_again`].
    pub(super) fn rotate(
        &mut self,
        cause: &str,
        error: io::Error,
        drafts: &[Draft],
    ) -> Result<Vec<Written>, JournalError> {
        self.file = None;
        let mut error = error;
        loop {
            let room = full(&error) && self.release_ballast();
            let now = (self.header.time)();
            let d = json!({ "cause": cause, "error": error.to_string(), "ballast_released": room });
            let note = Draft::new(Kind::LogSegment, self.header.mode, Actor::System, d);
            let all: Vec<&Draft> = std::iter::once(&note).chain(drafts).collect();
            self.segment += 1;
            let batch = self.batch(self.segment, &all, now)?;
            let begun = self.begin(self.segment);
            match begun.and_then(|mut file| self.commit(&mut *file, &batch.bytes).map(|()| file)) {
                Ok(file) => {
                    (self.file, self.trouble) = (Some(file), None);
                    if cause != FAILED_WRITE {
                        // Behind damage no root can be computed, and none must be claimed.
                        self.end.tree = None;
                        return Ok(self.acknowledge(Batch { end: End { tree: None, ..batch.end }, ..batch }, now, 1));
                    }
                    return Ok(self.acknowledge(batch, now, 1));
                }
                // Full only now: the ballast may still help.
                Err(e) if full(&e) && !full(&error) => error = e,
                Err(e) => {
                    self.trouble = Some(e.to_string());
                    self.take_back();
                    return Err(self.no_sink(e.to_string()));
                }
            }
        }
    }

    /// Cuts off what was refused, as far as the disk still does anything. It may stand in the system's cache without
    /// ever reaching the disk; whoever opens the run next must not link to it.
    fn take_back(&self) {
        let (file, len) = self.acknowledged;
        for number in file.max(1)..=self.segment {
            let path = self.dir.join(segment_name(number));
            let cut = || {
                let mut f = self.disk.append(&path)?;
                f.cut(if number == file { len } else { 0 })?;
                f.sync_all()
            };
            // It has been reported that nothing can be saved; this failing too says nothing new.
            let _: io::Result<()> = cut();
        }
    }

    /// Makes a file that is there after a power cut, before anything is written to it.
    fn begin(&self, segment: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut file = self.disk.create_new(&self.dir.join(segment_name(segment)))?;
        file.sync_all()?;
        self.disk.sync_dir(&self.dir)?;
        Ok(file)
    }

    fn write_beside(&self, c: &Checkpoint) -> io::Result<()> {
        let (new, path) = (self.dir.join("checkpoint.new"), self.dir.join(CHECKPOINT_FILE));
        match self.disk.remove(&new) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        self.disk.write_new(&new, c.to_string().as_bytes())?;
        self.disk.rename(&new, &path)?;
        self.disk.sync_dir(&self.dir)
    }

    fn ballast_path(&self) -> PathBuf {
        parent(&self.dir).join("ballast")
    }

    /// Keeps some of the disk in reserve, for all runs of the folder. Not having it is a warning only.
    pub(super) fn keep_ballast(&mut self) {
        let path = self.ballast_path();
        let size = self.header.ballast;
        if size == 0 || self.disk.len(&path).is_ok_and(|n| n >= size) {
            return;
        }
        let _ = self.disk.remove(&path);
        let fill = || {
            let mut file = self.disk.create_new(&path)?;
            // Not zeros: a compressing disk would keep nothing in reserve.
            let block: Vec<u8> = (0..64 * 1024u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 11) as u8).collect();
            let mut left = size as usize;
            while left > 0 {
                let n = left.min(block.len());
                file.write_all(&block[..n])?;
                left -= n;
            }
            file.sync_data()
        };
        if let Err(e) = fill() {
            let _ = self.disk.remove(&path);
            self.warning = Some(format!("no reserve is kept for a full disk: {e}"));
        }
    }

    /// Gives the reserve back; whether there was one.
    pub(super) fn release_ballast(&mut self) -> bool {
        let given = self.header.ballast > 0 && self.disk.remove(&self.ballast_path()).is_ok();
        if given {
            self.warning = Some("the disk is full; the reserve was given back to close the run in order".to_owned());
        }
        given
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let len = self.length();
        if let Some(file) = &mut self.file {
            // What was set aside and not used goes back; the next one asks again.
            let _ = file.cut(len);
        }
    }
}

/// Makes the folder, and makes every new name on the way to it durable; and its own and that of the folder of runs in any
/// case: whoever made them may have failed before that.
fn make_folders(disk: &dyn Disk, dir: &Path) -> Result<(), JournalError> {
    let named = dir.ancestors().take_while(|d| !d.as_os_str().is_empty());
    let new: Vec<&Path> = named.enumerate().take_while(|(n, d)| *n < 2 || disk.list(d).is_err()).map(|n| n.1).collect();
    disk.create_dir_all(dir).map_err(JournalError::io("make", dir))?;
    for made in new {
        disk.sync_dir(parent(made)).map_err(JournalError::io("sync", parent(made)))?;
    }
    Ok(())
}
