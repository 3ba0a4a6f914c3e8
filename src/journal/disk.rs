//! The disk as the journal needs it: few calls, each of which can fail and be made to fail.
//!
//! A trait because there are two real disks: the computer's, and one in memory that forgets what was not synced, without
//! which no test says anything about a power cut (killing a process leaves the system's cache in place).

use std::io;
use std::path::Path;

/// A file open for appending.
pub trait DiskFile: Send {
    /// Appends all of `bytes`.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Content and length are durable after this.
    fn sync_data(&mut self) -> io::Result<()>;
    /// As [`DiskFile::sync_data`], and everything else about the file.
    fn sync_all(&mut self) -> io::Result<()>;
    /// Cuts the file, and gives back what was reserved behind that.
    fn cut(&mut self, len: u64) -> io::Result<()>;
    /// Sets so many bytes of the disk aside behind the file's end; its length stays. Where the platform has no way to,
    /// nothing is set aside.
    fn reserve(&mut self, bytes: u64) -> io::Result<()>;

    /// Appends all of `bytes`; they are durable after this.
    fn save(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)?;
        self.sync_data()
    }
}

/// Held as long as it lives; the operating system frees it when the process dies.
pub trait Lock: Send + Sync {}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, without the folder.
    pub name: String,
    /// Whether it is a folder.
    pub dir: bool,
}

/// A disk.
pub trait Disk: Send + Sync {
    /// Makes a folder and those above it, for the owner only.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Names in a folder are durable after this.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// What is in a folder, sorted by name.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;
    /// Makes a file, for the owner only; fails if there is one.
    fn create_new(&self, file: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file to go on at its end.
    fn append(&self, file: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Length of a file.
    fn len(&self, file: &Path) -> io::Result<u64>;
    /// Reading from `from` on shows what the disk has. After a sync that failed the system holds pages that it takes for
    /// saved and that the disk never got; whoever reads those believes what a power cut would take away.
    fn forget(&self, file: &Path, from: u64) -> io::Result<()>;
    /// At most `max` bytes from `from` on.
    fn read(&self, file: &Path, from: u64, max: usize) -> io::Result<Vec<u8>>;
    /// Gives a file another name, in the place of any that has it; or a folder one that nothing has.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, file: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;
    /// Locks a file, made if need be; `None` while another holds it.
    fn try_lock(&self, file: &Path) -> io::Result<Option<Box<dyn Lock>>>;

    /// Writes a new file and makes content and name durable.
    fn write_new(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut f = self.create_new(file)?;
        f.write_all(bytes)?;
        f.sync_all()?;
        self.sync_dir(parent(file))
    }
}

/// Removes a folder with everything in it, of which there are only files and such folders; one that is not there is gone.
pub fn remove_all(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    let names = match disk.list(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        names => names?,
    };
    for Entry { name, dir: is_dir } in names {
        let path = dir.join(name);
        if is_dir { remove_all(disk, &path)? } else { disk.remove(&path)? }
    }
    disk.remove_dir(dir)
}

/// The folder a path is in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}
