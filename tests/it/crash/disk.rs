//! A disk that tells what is asked of it, before and after, and does as it is told.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lifeboat::journal::{Disk, DiskFile, Entry, Lock};

/// What is asked.
pub enum Call<'a> {
    /// To make a file.
    Create,
    /// To append.
    Write(&'a Path, &'a [u8]),
    /// To make durable what was last appended.
    Sync(&'a Path, &'a [u8]),
    /// It is durable.
    Synced(&'a Path, &'a [u8]),
}

/// What to do about it.
pub enum Then {
    /// As asked.
    Go,
    /// Fail.
    Fail(io::ErrorKind),
    /// Say it was done, and do nothing.
    Pretend,
    /// Say it was done, and do it together with the next append.
    Later,
}

type Hook = Arc<dyn Fn(Call<'_>) -> Then + Send + Sync>;

/// The disk.
#[derive(Clone)]
pub struct Watched {
    inner: Arc<dyn Disk>,
    hook: Hook,
}

impl Watched {
    pub fn new(inner: Arc<dyn Disk>, hook: impl Fn(Call<'_>) -> Then + Send + Sync + 'static) -> Self {
        Self { inner, hook: Arc::new(hook) }
    }

    fn file(&self, path: &Path, inner: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(File { inner, hook: self.hook.clone(), path: path.to_path_buf(), last: Vec::new(), held: Vec::new() })
    }
}

struct File {
    inner: Box<dyn DiskFile>,
    hook: Hook,
    path: PathBuf,
    last: Vec<u8>,
    held: Vec<u8>,
}

impl DiskFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.last = bytes.to_vec();
        let then = (self.hook)(Call::Write(&self.path, bytes));
        let mut all = std::mem::take(&mut self.held);
        match then {
            Then::Go => {
                all.extend_from_slice(bytes);
                self.inner.write_all(&all)
            }
            Then::Later => {
                self.held = bytes.to_vec();
                self.inner.write_all(&all)
            }
            Then::Pretend => Ok(()),
            Then::Fail(kind) => Err(kind.into()),
        }
    }

    fn sync_data(&mut self) -> io::Result<()> {
        match (self.hook)(Call::Sync(&self.path, &self.last)) {
            Then::Fail(kind) => return Err(kind.into()),
            Then::Pretend => {}
            Then::Go | Then::Later => self.inner.sync_data()?,
        }
        (self.hook)(Call::Synced(&self.path, &self.last));
        Ok(())
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.inner.cut(len)
    }
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        self.inner.reserve(bytes)
    }
}

impl Disk for Watched {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        // The simulated world is kept on the real disk, whatever the journal is on.
        std::fs::create_dir_all(dir)?;
        self.inner.create_dir_all(dir)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.inner.sync_dir(dir)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.inner.list(dir)
    }
    fn create_new(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        if let Then::Fail(kind) = (self.hook)(Call::Create) {
            return Err(kind.into());
        }
        Ok(self.file(file, self.inner.create_new(file)?))
    }
    fn append(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.file(file, self.inner.append(file)?))
    }
    fn len(&self, file: &Path) -> io::Result<u64> {
        self.inner.len(file)
    }
    fn forget(&self, file: &Path, from: u64) -> io::Result<()> {
        self.inner.forget(file, from)
    }
    fn read(&self, file: &Path, from: u64, max: usize) -> io::Result<Vec<u8>> {
        self.inner.read(file, from, max)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, file: &Path) -> io::Result<()> {
        self.inner.remove(file)
    }
    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.inner.remove_dir(dir)
    }
    fn try_lock(&self, file: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.inner.try_lock(file)
    }
}

/// Whether this is a file of records, and not the reserve or a checkpoint.
pub fn is_records(file: &Path) -> bool {
    file.extension().is_some_and(|x| x == "jsonl")
}
