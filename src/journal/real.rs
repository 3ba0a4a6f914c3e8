//! The computer's disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::disk::{Disk, DiskFile, Entry, Lock};

/// Files of the owner only, synced for good.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

/// What the system holds of a file, it holds in such pieces at least.
#[cfg(target_os = "linux")]
const PAGE: u64 = 4096;

struct RealFile(File);

impl DiskFile for RealFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }
    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn sync_all(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    #[cfg(target_os = "linux")]
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        let len = self.0.metadata()?.len();
        Ok(fallocate(&self.0, FallocateFlags::KEEP_SIZE, len, bytes)?)
    }
    /// Elsewhere what can be reserved without `unsafe` changes the file's length, which the record's readers go by.
    #[cfg(not(target_os = "linux"))]
    fn reserve(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

struct RealLock {
    _file: File,
}

impl Lock for RealLock {}

fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

impl Disk for RealDisk {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        // Windows has no way to flush a folder.
        if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            // A name that is not text is not one of ours.
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry { name, dir: entry.file_type()?.is_dir() });
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn create_new(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        Ok(Box::new(RealFile(owner_only(options.append(true).create_new(true)).open(file)?)))
    }

    fn append(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RealFile(OpenOptions::new().append(true).open(file)?)))
    }

    fn len(&self, file: &Path) -> io::Result<u64> {
        Ok(fs::metadata(file)?.len())
    }

    fn forget(&self, file: &Path, from: u64) -> io::Result<()> {
        // Elsewhere there is no such call; what was refused there is cut off by whoever was refused, or not at all.
        #[cfg(target_os = "linux")]
        rustix::fs::fadvise(File::open(file)?, from / PAGE * PAGE, None, rustix::fs::Advice::DontNeed)?;
        #[cfg(not(target_os = "linux"))]
        let _ = (file, from);
        Ok(())
    }

    fn read(&self, file: &Path, from: u64, max: usize) -> io::Result<Vec<u8>> {
        let mut f = File::open(file)?;
        let there = usize::try_from(f.metadata()?.len().saturating_sub(from)).unwrap_or(usize::MAX);
        f.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(there.min(max))?;
        f.take(max as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir(dir)
    }

    fn try_lock(&self, file: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let mut options = OpenOptions::new();
        let f = owner_only(options.write(true).create(true).truncate(false)).open(file)?;
        match f.try_lock() {
            Ok(()) => Ok(Some(Box::new(RealLock { _file: f }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}
