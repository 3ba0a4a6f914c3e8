//! A disk in memory that keeps what was written and what was synced apart, fails when told, and can lose power.
//!
//! The model: sectors of 512 bytes are written whole or not at all, in any order; a length and a name become durable by
//! a sync of the file and of its folder; after a failed sync the unsynced sectors are forgotten *and count as clean*, as
//! Linux does it, so that trying the sync again proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::disk::{Disk, DiskFile, Entry, Lock, parent};
use crate::units::splitmix;

/// What a disk writes whole.
pub const SECTOR: usize = 512;

/// A call that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Any of the others.
    Any,
    /// Appending to a file.
    Write,
    /// Syncing a file.
    Sync,
    /// Making a file.
    Create,
    /// Making a folder.
    CreateDir,
    /// Syncing a folder.
    SyncDir,
    /// Cutting a file.
    Cut,
    /// Setting space aside.
    Reserve,
    /// Giving a file another name.
    Rename,
    /// Locking.
    Lock,
}

/// A fault to come.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Which call.
    pub op: Op,
    /// How many such calls go well before.
    pub after: u64,
    /// How many fail then.
    pub times: u64,
    /// With what; `None` to only be slow.
    pub error: Option<io::ErrorKind>,
    /// Bytes that a failing write still appends.
    pub partly: usize,
    /// How long the call takes first.
    pub stall: Duration,
}

impl Fault {
    /// The next such call fails, once.
    pub const fn once(op: Op, error: io::ErrorKind) -> Self {
        Self { op, after: 0, times: 1, error: Some(error), partly: 0, stall: Duration::ZERO }
    }
    /// Every such call fails from now on.
    pub const fn lasting(op: Op, error: io::ErrorKind) -> Self {
        Self { times: u64::MAX, ..Self::once(op, error) }
    }
}

/// The disk; clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Clone, Default)]
struct State {
    nodes: Vec<Node>,
    /// Names as programs see them, and as they would be after a power cut. `None` is a folder.
    names: BTreeMap<PathBuf, Option<usize>>,
    durable: BTreeMap<PathBuf, Option<usize>>,
    locks: BTreeSet<PathBuf>,
    faults: Vec<Fault>,
    /// Bytes that are free; none said: as many as are asked for.
    free: Option<u64>,
    calls: u64,
    syncs: u64,
}

#[derive(Clone, Default)]
struct Node {
    written: Vec<u8>,
    synced: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
    /// Up to where space is its own, beyond its end.
    reserved: usize,
}

impl State {
    /// Counts a call and says how it goes: the bytes that still get through and the error.
    fn call(&mut self, op: Op) -> (Duration, usize, io::Result<()>) {
        self.calls += 1;
        let (mut stall, mut partly, mut result) = (Duration::ZERO, 0, Ok(()));
        for fault in &mut self.faults {
            if fault.op != Op::Any && fault.op != op {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if fault.times > 0 {
                fault.times -= 1;
                stall = stall.max(fault.stall);
                if let Some(kind) = fault.error {
                    partly = fault.partly;
                    result = Err(io::Error::new(kind, "a fault put into this disk"));
                }
            }
        }
        (stall, partly, result)
    }

    /// Takes space for a file to reach to `end`; what it reserved is its own. How far it reaches.
    fn take(&mut self, node: usize, end: usize) -> usize {
        let own = self.nodes[node].own();
        let more = end.saturating_sub(own);
        let given = self.free.map_or(more, |free| more.min(usize::try_from(free).unwrap_or(usize::MAX)));
        self.free = self.free.map(|free| free - given as u64);
        end - more + given
    }

    /// What a file does not need any more is free.
    fn give(&mut self, bytes: usize) {
        self.free = self.free.map(|free| free + bytes as u64);
    }

    fn node(&self, file: &Path) -> io::Result<usize> {
        match self.names.get(file) {
            Some(Some(node)) => Ok(*node),
            Some(None) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// What is in a folder goes with it; whether the folder's own name is durable is the question of whoever holds it.
    fn rename_dir(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if self.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let moved = |names: &BTreeMap<PathBuf, Option<usize>>| -> Vec<(PathBuf, Option<usize>)> {
            let inside = names.iter().filter_map(|(path, node)| Some((path.strip_prefix(from).ok()?, *node)));
            inside
                .map(|(rest, node)| (if rest == Path::new("") { to.to_path_buf() } else { to.join(rest) }, node))
                .collect()
        };
        let (now, then) = (moved(&self.names), moved(&self.durable));
        self.names.retain(|path, _| !path.starts_with(from));
        self.names.extend(now);
        self.durable.extend(then.into_iter().filter(|(path, _)| path != to));
        Ok(())
    }
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: waits outside the lock, as another thread's calls would go on.
    fn call(&self, op: Op) -> (usize, io::Result<()>) {
        let (stall, partly, result) = self.state().call(op);
        if !stall.is_zero() {
            std::thread::sleep(stall);
        }
        (partly, result)
    }

    /// Makes calls fail.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// So much is free from now on, beside what is reserved.
    pub fn leave_free(&self, bytes: u64) {
        self.state().free = Some(bytes);
    }

    /// Syncs of files so far.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// Calls that could have failed so far.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Changes a file behind everyone's back, durably.
    pub fn tamper(&self, file: &Path, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut s = self.state();
        let node = s.node(file)?;
        let node = &mut s.nodes[node];
        change(&mut node.written);
        node.synced.clone_from(&node.written);
        node.dirty.clear();
        Ok(())
    }

    /// The disk after a power cut: of everything not synced any part may be gone. Faults and locks are gone too.
    pub fn crash(&self, seed: u64) -> Self {
        let s = self.state();
        let mut dice = Dice(seed);
        // All of it, none of it or half of it: the extremes are the likely bugs.
        let keep = [0, 500, 1_000][dice.below(3)];
        let mut names = s.durable.clone();
        let changed: BTreeSet<&PathBuf> = s.names.keys().chain(s.durable.keys()).collect();
        for path in changed {
            let (now, then) = (s.names.get(path), s.durable.get(path));
            if now != then && dice.below(1_000) < keep {
                match now {
                    Some(node) => drop(names.insert(path.clone(), *node)),
                    None => drop(names.remove(path)),
                }
            }
        }
        // What stands in a folder that is gone is gone.
        let all = names.clone();
        names.retain(|path, _| path.ancestors().skip(1).all(|a| is_top(a) || all.contains_key(a)));
        let nodes = s.nodes.iter().map(|n| n.after_power_cut(keep, &mut dice)).collect();
        Self(Arc::new(Mutex::new(State { nodes, durable: names.clone(), names, ..State::default() })))
    }
}

fn is_top(path: &Path) -> bool {
    path.as_os_str().is_empty() || path == Path::new("/") || path == Path::new(".")
}

impl Node {
    /// Space that is its own, from its beginning.
    fn own(&self) -> usize {
        self.reserved.max(self.written.len())
    }

    fn sync(&mut self) {
        let len = self.written.len();
        self.synced.resize(len, 0);
        for sector in std::mem::take(&mut self.dirty) {
            let (from, to) = (sector * SECTOR, ((sector + 1) * SECTOR).min(len));
            if from < to {
                self.synced[from..to].copy_from_slice(&self.written[from..to]);
            }
        }
    }

    fn touch(&mut self, from: usize, to: usize) {
        self.dirty.extend(from / SECTOR..to.div_ceil(SECTOR));
    }

    fn after_power_cut(&self, keep: usize, dice: &mut Dice) -> Self {
        let (a, b) = (self.synced.len(), self.written.len());
        let (short, long) = (a.min(b), a.max(b));
        let len = match dice.below(3) {
            0 => a,
            1 => b,
            _ => short + dice.below(long - short + 1),
        };
        let mut bytes = self.synced.clone();
        bytes.resize(len, 0);
        for sector in &self.dirty {
            let (from, to) = (sector * SECTOR, ((sector + 1) * SECTOR).min(len).min(b));
            if from < to && dice.below(1_000) < keep {
                bytes[from..to].copy_from_slice(&self.written[from..to]);
            }
        }
        Self { written: bytes.clone(), synced: bytes, ..Self::default() }
    }
}

/// Seeded, to throw sectors away.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        (splitmix(&mut self.0) % n.max(1) as u64) as usize
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    node: usize,
}

impl DiskFile for MemoryFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (partly, result) = self.disk.call(Op::Write);
        let bytes = if result.is_ok() { bytes } else { &bytes[..partly.min(bytes.len())] };
        let mut s = self.disk.state();
        let from = s.nodes[self.node].written.len();
        let end = s.take(self.node, from + bytes.len());
        let (bytes, fits) = (&bytes[..end - from], end == from + bytes.len());
        let node = &mut s.nodes[self.node];
        node.written.extend_from_slice(bytes);
        node.touch(from, end);
        if fits { result } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let (_, result) = self.disk.call(Op::Sync);
        let mut s = self.disk.state();
        s.syncs += 1;
        let node = &mut s.nodes[self.node];
        match result {
            Ok(()) => node.sync(),
            // The pages count as clean from now on; what they held is lost unless it is written again.
            Err(_) => node.dirty.clear(),
        }
        result
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.disk.call(Op::Cut).1?;
        let mut s = self.disk.state();
        let node = &mut s.nodes[self.node];
        let (old, own, len) = (node.written.len(), node.own(), len as usize);
        node.written.resize(len, 0);
        node.touch(old.min(len), old.max(len));
        node.reserved = 0;
        s.give(own.saturating_sub(len));
        Ok(())
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        self.disk.call(Op::Reserve).1?;
        let mut s = self.disk.state();
        let end = s.nodes[self.node].written.len() + bytes as usize;
        if s.free.is_some_and(|free| (end.saturating_sub(s.nodes[self.node].own())) as u64 > free) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let end = s.take(self.node, end);
        let node = &mut s.nodes[self.node];
        node.reserved = node.reserved.max(end);
        Ok(())
    }
}

struct MemoryLock {
    disk: MemoryDisk,
    path: PathBuf,
}

impl Lock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

impl Disk for MemoryDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.call(Op::CreateDir).1?;
        let mut s = self.state();
        for d in dir.ancestors().filter(|d| !is_top(d)) {
            s.names.entry(d.to_path_buf()).or_insert(None);
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.call(Op::SyncDir).1?;
        let mut guard = self.state();
        let s = &mut *guard;
        s.durable.retain(|path, _| parent(path) != dir || s.names.contains_key(path));
        let inside = s.names.iter().filter(|(path, _)| parent(path) == dir);
        s.durable.extend(inside.map(|(path, node)| (path.clone(), *node)));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let s = self.state();
        if !is_top(dir) && !matches!(s.names.get(dir), Some(None)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = s.names.iter().filter(|(path, _)| parent(path) == dir && !is_top(path));
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut entries: Vec<_> = inside.map(|(path, node)| Entry { name: name(path), dir: node.is_none() }).collect();
        entries.sort();
        Ok(entries)
    }

    fn create_new(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.call(Op::Create).1?;
        let mut s = self.state();
        if s.names.contains_key(file) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !is_top(parent(file)) && !matches!(s.names.get(parent(file)), Some(None)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let node = s.nodes.len();
        s.nodes.push(Node::default());
        s.names.insert(file.to_path_buf(), Some(node));
        Ok(Box::new(MemoryFile { disk: self.clone(), node }))
    }

    fn append(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = self.state().node(file)?;
        Ok(Box::new(MemoryFile { disk: self.clone(), node }))
    }

    fn len(&self, file: &Path) -> io::Result<u64> {
        let s = self.state();
        Ok(s.nodes[s.node(file)?].written.len() as u64)
    }

    fn forget(&self, file: &Path, from: u64) -> io::Result<()> {
        let mut s = self.state();
        let node = s.node(file)?;
        let node = &mut s.nodes[node];
        for sector in from as usize / SECTOR..node.written.len().div_ceil(SECTOR) {
            if !node.dirty.contains(&sector) {
                let (at, end) = (sector * SECTOR, ((sector + 1) * SECTOR).min(node.written.len()));
                let on_disk = |i: usize| node.synced.get(i).copied().unwrap_or(0);
                let bytes: Vec<u8> = (at..end).map(on_disk).collect();
                node.written[at..end].copy_from_slice(&bytes);
            }
        }
        Ok(())
    }

    fn read(&self, file: &Path, from: u64, max: usize) -> io::Result<Vec<u8>> {
        let s = self.state();
        let bytes = &s.nodes[s.node(file)?].written;
        let from = (from as usize).min(bytes.len());
        Ok(bytes[from..from.saturating_add(max).min(bytes.len())].to_vec())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Op::Rename).1?;
        let mut s = self.state();
        if let Some(None) = s.names.get(from) {
            return s.rename_dir(from, to);
        }
        let node = s.node(from)?;
        s.names.remove(from);
        s.names.insert(to.to_path_buf(), Some(node));
        Ok(())
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        let mut s = self.state();
        let own = s.node(file).map(|node| s.nodes[node].own())?;
        s.names.remove(file);
        s.give(own);
        Ok(())
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        if !self.list(dir)?.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        self.state().names.remove(dir);
        Ok(())
    }

    fn try_lock(&self, file: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.call(Op::Lock).1?;
        let taken = !self.state().locks.insert(file.to_path_buf());
        Ok((!taken).then(|| Box::new(MemoryLock { disk: self.clone(), path: file.to_path_buf() }) as Box<dyn Lock>))
    }
}
