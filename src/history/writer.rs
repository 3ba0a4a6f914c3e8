//! A thread that writes, so that nobody waits for this disk; and what is to be said when it cannot.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::store::{Batch, Store};

/// Batches that may wait for a slow disk: ten minutes of them.
const WAITING: usize = 64;
/// So long the end of the program waits for what is still to be written.
const PATIENCE: Duration = Duration::from_secs(2);
/// Batches in a row after which a disk is called well again: a minute, or a disk that is nearly full would be said to be
/// so again and again.
const WELL: u32 = 6;
/// Sentences that nobody has fetched.
const SAID_MOST: usize = 16;

enum Job {
    Write(Batch),
    Keep(u64),
    Done(std::sync::mpsc::Sender<()>),
}

/// Sentences for the activity line.
#[derive(Debug, Clone, Default)]
pub struct Said(Arc<Mutex<VecDeque<String>>>);

impl Said {
    /// One more.
    pub fn push(&self, text: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < SAID_MOST {
            all.push_back(text);
        }
    }
    /// The oldest that was not fetched.
    pub fn next(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// The way to the disk.
pub struct Writer {
    to: Option<SyncSender<Job>>,
    ended: Receiver<()>,
}

impl Writer {
    /// Starts the thread; none when the system has no more of them.
    pub fn start(dir: PathBuf, keep: u64, said: Said) -> Option<Self> {
        let (to, jobs) = sync_channel(WAITING);
        let (alive, ended) = channel();
        let work = move || {
            let _alive: std::sync::mpsc::Sender<()> = alive;
            work(Store::new(dir.clone(), keep), &jobs, &said, &dir.display().to_string());
        };
        std::thread::Builder::new().name("observations".to_owned()).spawn(work).ok()?;
        Some(Self { to: Some(to), ended })
    }

    /// Hands over a batch; given back when the disk is so far behind that no more can wait.
    pub fn write(&self, batch: Batch) -> Option<Batch> {
        match self.to.as_ref()?.try_send(Job::Write(batch)) {
            Err(TrySendError::Full(Job::Write(batch))) => Some(batch),
            _ => None,
        }
    }

    /// Room in bytes from now on.
    pub fn keep(&self, bytes: u64) {
        self.send(Job::Keep(bytes));
    }

    /// Hands over the last batch, and waits until everything is written; for some seconds at most.
    pub fn finish(&self, last: Batch) {
        let (done, over) = channel();
        if self.send(Job::Write(last)) && self.send(Job::Done(done)) {
            let _ = over.recv_timeout(PATIENCE);
        }
    }

    /// Waits for a place in the queue, but not for ever.
    fn send(&self, mut job: Job) -> bool {
        let Some(to) = &self.to else { return false };
        let began = Instant::now();
        loop {
            match to.try_send(job) {
                Ok(()) => return true,
                Err(TrySendError::Full(back)) if began.elapsed() < PATIENCE => job = back,
                Err(_) => return false,
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.to = None;
        // A disk that hangs must not keep the program from ending.
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

fn work(mut store: Store, jobs: &Receiver<Job>, said: &Said, dir: &str) {
    // Batches that were written since one could not be; none: all could.
    let mut well: Option<u32> = None;
    for job in jobs {
        match job {
            Job::Write(batch) => {
                let Err(e) = store.write(&batch) else {
                    well = well.map(|n| n + 1).filter(|n| {
                        if *n == WELL {
                            said.push("observations are kept on disk again".to_owned());
                        }
                        *n < WELL
                    });
                    continue;
                };
                if well.replace(0).is_none() {
                    said.push(format!(
                        "observations cannot be kept in {dir} ({e}); the charts go on in memory, and nothing else is affected"
                    ));
                }
            }
            Job::Keep(bytes) => store.keep(bytes),
            Job::Done(done) => {
                let _ = done.send(());
            }
        }
    }
}
