//! A disk whose writing calls have a time limit: one that hangs stops actions, and nothing else.
//!
//! Such a call is made on a thread of its own; whoever waited long enough goes on without it. When it returns after all,
//! nobody knows of what it saved: that is cut off again. Until then it holds the run's lock, so that nobody goes on
//! behind bytes that may still arrive. Reading is not limited: it acknowledges nothing, and a long run takes its time.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SendError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::disk::{Disk, DiskFile, Entry, Lock};

/// Calls that hang at most; with as many no other is tried.
const MOST: usize = 8;
/// While a call hangs, the next ones have this part of the limit: the disk has had its time.
const SHORTER: u32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The disk, with a limit.
pub(super) struct Limited {
    inner: Arc<dyn Disk>,
    calls: Arc<Calls>,
}

impl Limited {
    pub(super) fn new(inner: Arc<dyn Disk>, limit: Duration) -> Self {
        let calls = Calls { limit, worker: Mutex::default(), hang: Arc::default(), lock: Mutex::default() };
        Self { inner, calls: Arc::new(calls) }
    }

    fn call<T: Send + 'static>(&self, work: impl FnOnce(&dyn Disk) -> io::Result<T> + Send + 'static) -> io::Result<T> {
        let inner = self.inner.clone();
        self.calls.call(move || work(&*inner), drop)
    }

    fn file(&self, made: (Box<dyn DiskFile>, u64)) -> Box<dyn DiskFile> {
        Box::new(LimitedFile { calls: self.calls.clone(), file: Some(made.0), len: made.1 })
    }
}

struct Calls {
    limit: Duration,
    /// The thread that makes them; one in which a call hangs is left to itself.
    worker: Mutex<Option<mpsc::Sender<Job>>>,
    /// How many hang.
    hang: Arc<AtomicUsize>,
    /// The run's, for calls that outlive the journal.
    lock: Mutex<Weak<Box<dyn Lock>>>,
}

impl Calls {
    /// `late` gets what nobody waited for any more.
    fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
        late: impl FnOnce(io::Result<T>) + Send + 'static,
    ) -> io::Result<T> {
        let limit = match self.hang.load(Ordering::SeqCst) {
            0 => self.limit,
            n if n < MOST => self.limit / SHORTER,
            _ => return Err(self.hangs()),
        };
        // Without room in it: what is sent has been received, or comes back.
        let (answer, answered) = mpsc::sync_channel(0);
        let held = self.lock.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let hang = self.hang.clone();
        self.hand(Box::new(move || {
            // The lock goes with the answer: whoever has that may let the run go at once.
            if let Err(SendError((result, held))) = answer.send((work(), held)) {
                late(result);
                hang.fetch_sub(1, Ordering::SeqCst);
                drop(held);
            }
        }))?;
        match answered.recv_timeout(limit) {
            Ok((result, _)) => result,
            Err(RecvTimeoutError::Timeout) => {
                self.hang.fetch_add(1, Ordering::SeqCst);
                self.forget();
                Err(self.hangs())
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.forget();
                Err(io::Error::other("the thread that writes has ended"))
            }
        }
    }

    /// Gives a job to the thread, made if need be.
    fn hand(&self, job: Job) -> io::Result<()> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let to = match worker.take() {
            Some(to) => to,
            None => {
                let (to, jobs) = mpsc::channel::<Job>();
                thread::Builder::new().name("journal".to_owned()).spawn(move || jobs.iter().for_each(|job| job()))?;
                to
            }
        };
        to.send(job).map_err(|_| io::Error::other("the thread that writes has ended"))?;
        *worker = Some(to);
        Ok(())
    }

    fn forget(&self) {
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn hangs(&self) -> io::Error {
        let text = format!("the disk took more than {} ms over a write, and counts as failed", self.limit.as_millis());
        io::Error::new(io::ErrorKind::TimedOut, text)
    }
}

/// The run's lock, shared with calls that hang.
struct Shared {
    _lock: Arc<Box<dyn Lock>>,
}

impl Lock for Shared {}

struct LimitedFile {
    calls: Arc<Calls>,
    /// None once a call hung: it is with that call.
    file: Option<Box<dyn DiskFile>>,
    len: u64,
}

impl LimitedFile {
    fn call(&mut self, work: impl FnOnce(&mut dyn DiskFile) -> io::Result<()> + Send + 'static) -> io::Result<()> {
        let mut file = self.file.take().ok_or_else(|| self.calls.hangs())?;
        let len = self.len;
        let work = move || {
            let result = work(&mut *file);
            Ok((file, result))
        };
        let late = move |late: io::Result<(Box<dyn DiskFile>, io::Result<()>)>| {
            if let Ok((mut file, _)) = late {
                // It has been reported that nothing was saved; this failing too says nothing new.
                let _ = file.cut(len).and_then(|()| file.sync_all());
            }
        };
        let (file, result) = self.calls.call(work, late)?;
        self.file = Some(file);
        result
    }
}

impl DiskFile for LimitedFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let owned = bytes.to_vec();
        self.call(move |f| f.write_all(&owned))?;
        self.len += bytes.len() as u64;
        Ok(())
    }
    fn sync_data(&mut self) -> io::Result<()> {
        self.call(|f| f.sync_data())
    }
    fn sync_all(&mut self) -> io::Result<()> {
        self.call(|f| f.sync_all())
    }
    fn save(&mut self, bytes: &[u8]) -> io::Result<()> {
        let owned = bytes.to_vec();
        self.call(move |f| f.save(&owned))?;
        self.len += bytes.len() as u64;
        Ok(())
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.call(move |f| f.cut(len))?;
        self.len = len;
        Ok(())
    }
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        self.call(move |f| f.reserve(bytes))
    }
}

impl Disk for Limited {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let dir = dir.to_path_buf();
        self.call(move |d| d.create_dir_all(&dir))
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = dir.to_path_buf();
        self.call(move |d| d.sync_dir(&dir))
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.inner.list(dir)
    }
    fn create_new(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = file.to_path_buf();
        self.call(move |d| Ok((d.create_new(&file)?, 0))).map(|made| self.file(made))
    }
    fn append(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = file.to_path_buf();
        self.call(move |d| Ok((d.append(&file)?, d.len(&file)?))).map(|opened| self.file(opened))
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
        let (from, to) = (from.to_path_buf(), to.to_path_buf());
        self.call(move |d| d.rename(&from, &to))
    }
    fn remove(&self, file: &Path) -> io::Result<()> {
        let file = file.to_path_buf();
        self.call(move |d| d.remove(&file))
    }
    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = dir.to_path_buf();
        self.call(move |d| d.remove_dir(&dir))
    }
    fn try_lock(&self, file: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let file = file.to_path_buf();
        let Some(lock) = self.call(move |d| d.try_lock(&file))? else { return Ok(None) };
        let lock = Arc::new(lock);
        *self.calls.lock.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&lock);
        Ok(Some(Box::new(Shared { _lock: lock })))
    }
}
