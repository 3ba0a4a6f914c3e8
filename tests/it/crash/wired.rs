//! A disk whose every call is numbered and can be made to go wrong: the one that tests of failing disks are built on.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use lifeboat::journal::{Disk, DiskFile, Entry, Lock, MemoryDisk};

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    CreateDir,
    SyncDir,
    List,
    Create,
    Open,
    Len,
    Forget,
    Read,
    Rename,
    Remove,
    RemoveDir,
    Lock,
    Write,
    Sync,
    Cut,
    Reserve,
}

impl What {
    /// Whether it changes what names there are.
    pub fn names(self) -> bool {
        matches!(self, Self::CreateDir | Self::Create | Self::Rename | Self::Remove | Self::RemoveDir | Self::Lock)
    }
}

/// What becomes of a call.
#[derive(Clone)]
pub enum Do {
    Go,
    Fail(io::ErrorKind),
    /// A write gets so many bytes through; anything else fails.
    Short(io::ErrorKind, usize),
    /// Says that it was done.
    Pretend,
    /// A sync: says that it was done, and does it before the next write.
    Later,
    /// A sync: when it fails, once more.
    Again,
    /// Does not return before the gate is opened.
    Hang(Arc<Gate>),
}

/// Holds calls up until it is opened.
#[derive(Default)]
pub struct Gate(Mutex<bool>, Condvar);

impl Gate {
    pub fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    /// Holds up what comes from now on.
    pub fn shut(&self) {
        *self.0.lock().unwrap() = false;
    }

    /// Returns when it is open.
    pub fn pass(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

type Hook = Arc<dyn Fn(What, u64) -> Do + Send + Sync>;

/// The disk.
#[derive(Clone)]
pub struct Wired {
    inner: MemoryDisk,
    hook: Hook,
    calls: Arc<AtomicU64>,
}

impl Wired {
    /// The hook is told what is called, and the call's number.
    pub fn new(inner: &MemoryDisk, hook: impl Fn(What, u64) -> Do + Send + Sync + 'static) -> Self {
        Self { inner: inner.clone(), hook: Arc::new(hook), calls: Arc::default() }
    }

    fn ask(&self, what: What) -> Do {
        (self.hook)(what, self.calls.fetch_add(1, Ordering::SeqCst))
    }

    /// Any call but a write and a sync; `None`: it is said to be done.
    fn call<T>(&self, what: What, work: impl FnOnce(&MemoryDisk) -> io::Result<T>) -> io::Result<Option<T>> {
        match self.ask(what) {
            Do::Fail(kind) | Do::Short(kind, _) => Err(kind.into()),
            Do::Pretend => Ok(None),
            Do::Hang(gate) => {
                gate.pass();
                work(&self.inner).map(Some)
            }
            Do::Go | Do::Later | Do::Again => work(&self.inner).map(Some),
        }
    }

    /// One that cannot be pretended.
    fn must<T>(&self, what: What, work: impl FnOnce(&MemoryDisk) -> io::Result<T>) -> io::Result<T> {
        Ok(self.call(what, work)?.expect("only what returns nothing can be pretended"))
    }
}

struct File {
    disk: Wired,
    inner: Box<dyn DiskFile>,
    owed: bool,
}

impl DiskFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if std::mem::take(&mut self.owed) {
            self.inner.sync_data()?;
        }
        match self.disk.ask(What::Write) {
            Do::Fail(kind) => return Err(kind.into()),
            Do::Short(kind, n) => {
                self.inner.write_all(&bytes[..n.min(bytes.len())])?;
                return Err(kind.into());
            }
            Do::Pretend => return Ok(()),
            Do::Hang(gate) => gate.pass(),
            Do::Go | Do::Later | Do::Again => {}
        }
        self.inner.write_all(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        match self.disk.ask(What::Sync) {
            Do::Fail(kind) | Do::Short(kind, _) => return Err(kind.into()),
            Do::Pretend => return Ok(()),
            Do::Later => {
                self.owed = true;
                return Ok(());
            }
            Do::Again => return self.inner.sync_data().or_else(|_| self.inner.sync_data()),
            Do::Hang(gate) => gate.pass(),
            Do::Go => {}
        }
        self.inner.sync_data()
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        let inner = &mut self.inner;
        self.disk.call(What::Cut, |_| inner.cut(len)).map(drop)
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let inner = &mut self.inner;
        self.disk.call(What::Reserve, |_| inner.reserve(bytes)).map(drop)
    }
}

impl Disk for Wired {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.call(What::CreateDir, |d| d.create_dir_all(dir)).map(drop)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.call(What::SyncDir, |d| d.sync_dir(dir)).map(drop)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.must(What::List, |d| d.list(dir))
    }
    fn create_new(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inner = self.must(What::Create, |d| d.create_new(file))?;
        Ok(Box::new(File { disk: self.clone(), inner, owed: false }))
    }
    fn append(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inner = self.must(What::Open, |d| d.append(file))?;
        Ok(Box::new(File { disk: self.clone(), inner, owed: false }))
    }
    fn len(&self, file: &Path) -> io::Result<u64> {
        self.must(What::Len, |d| d.len(file))
    }
    fn forget(&self, file: &Path, from: u64) -> io::Result<()> {
        self.must(What::Forget, |d| d.forget(file, from))
    }
    fn read(&self, file: &Path, from: u64, max: usize) -> io::Result<Vec<u8>> {
        self.must(What::Read, |d| d.read(file, from, max))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(What::Rename, |d| d.rename(from, to)).map(drop)
    }
    fn remove(&self, file: &Path) -> io::Result<()> {
        self.call(What::Remove, |d| d.remove(file)).map(drop)
    }
    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.call(What::RemoveDir, |d| d.remove_dir(dir)).map(drop)
    }
    fn try_lock(&self, file: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.must(What::Lock, |d| d.try_lock(file))
    }
}
