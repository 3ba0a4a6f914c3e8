//! The operating system's keyring, asked on the one thread of this program that may wait for it.
//!
//! One thread and one queue, because not every keyring takes an entry from two threads at once, and because its library
//! must not run inside an asynchronous task. The thread is never joined: a prompt that nobody answers would keep the
//! program from ending.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use ::keyring::{Entry, Error};
use tokio::sync::oneshot;

use super::{Name, SecretError};
use crate::units::{Secret, hex, visible};

/// Questions that may wait; more means that nobody answers a prompt.
const WAITING: usize = 16;
/// Service of the entry that proves that the keyring keeps things, and how its user begins: each has its own, since the
/// window and a command may try at the same moment.
const CANARY: (&str, &str) = ("lifeboat-canary", "may-be-deleted");
/// What a keyring says may come from anywhere; more of it explains nothing.
const WORDS_KEPT: usize = 300;

type Job = Box<dyn FnOnce() + Send>;

/// A way to the keyring.
#[derive(Debug, Clone, Copy)]
pub struct Keyring {
    within: Duration,
}

impl Keyring {
    /// Gives up waiting after this.
    pub const fn new(within: Duration) -> Self {
        Self { within }
    }

    /// Writes, reads and deletes a test entry: an open keyring that finds nothing proves nothing.
    pub async fn probe(&self) -> Result<(), SecretError> {
        self.ask(|| {
            let mut bytes = [0u8; 16];
            getrandom::fill(&mut bytes).map_err(|e| SecretError::Thread(e.to_string()))?;
            let (canary, name) = (hex(&bytes), Name::sign_in());
            let entry = open(CANARY.0, &format!("{}-{}", CANARY.1, &canary[..8]))?;
            entry.set_password(&canary).map_err(|e| told(&e, &name))?;
            let back = entry.get_password().map_err(|e| told(&e, &name));
            let gone = entry.delete_credential().map_err(|e| told(&e, &name));
            // One that forgets has nothing to delete either.
            match back {
                Ok(text) if text == canary => gone,
                Ok(_) | Err(SecretError::NotThere(_) | SecretError::Damaged(_)) => Err(SecretError::Forgets),
                Err(e) => Err(e),
            }
        })
        .await
    }

    /// Writes an entry, over an older one.
    pub async fn set(&self, name: &Name, secret: Secret) -> Result<(), SecretError> {
        let name = name.clone();
        self.ask(move || entry(&name)?.set_password(secret.expose()).map_err(|e| told(&e, &name))).await
    }

    /// Reads an entry.
    pub async fn get(&self, name: &Name) -> Result<Secret, SecretError> {
        let name = name.clone();
        self.ask(move || match entry(&name)?.get_password() {
            Ok(text) if text.is_empty() => Err(SecretError::Damaged(name)),
            Ok(text) => Ok(Secret::new(text)),
            Err(e) => Err(told(&e, &name)),
        })
        .await
    }

    /// Removes an entry.
    pub async fn delete(&self, name: &Name) -> Result<(), SecretError> {
        let name = name.clone();
        self.ask(move || entry(&name)?.delete_credential().map_err(|e| told(&e, &name))).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move || {
            // What nobody waits for any more is not done behind their back.
            if !tell.is_closed() {
                let _ = tell.send(work());
            }
        });
        queue()?.try_send(job).map_err(|_| SecretError::Busy)?;
        match tokio::time::timeout(self.within, told).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(SecretError::Thread("its library gave up".to_owned())),
            Err(_) => Err(SecretError::NoAnswer(self.within)),
        }
    }
}

/// The queue before the thread, begun with the first question.
fn queue() -> Result<&'static SyncSender<Job>, SecretError> {
    static QUEUE: OnceLock<Result<SyncSender<Job>, String>> = OnceLock::new();
    let begin = || {
        let (to, jobs) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("keyring".to_owned()).spawn(move || work(&jobs));
        thread.map(|_| to).map_err(|e| e.to_string())
    };
    QUEUE.get_or_init(begin).as_ref().map_err(|why| SecretError::Thread(why.clone()))
}

fn work(jobs: &Receiver<Job>) {
    for job in jobs {
        // A library that panics fails one question; who asked hears of it.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

fn entry(name: &Name) -> Result<Entry, SecretError> {
    open(name.kind().service(), &name.user())
}

fn open(service: &str, user: &str) -> Result<Entry, SecretError> {
    if let Err(e) = Entry::store_status() {
        let why = words(e);
        // There is one, and it is kept from us: a sandbox's rule, for instance.
        let refused = why.contains("org.freedesktop.DBus.Error.AccessDenied");
        return Err(if refused { SecretError::Refused(why) } else { SecretError::Absent(why) });
    }
    Entry::new(service, user).map_err(|e| SecretError::Refused(words(&e)))
}

/// In our words. Never by `{:?}`: the debug text of a keyring's error may hold the secret.
fn told(e: &Error, name: &Name) -> SecretError {
    match e {
        Error::NoEntry => SecretError::NotThere(name.clone()),
        Error::NoStorageAccess(_) => SecretError::Locked(words(e)),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) | Error::Ambiguous(_) => {
            SecretError::Damaged(name.clone())
        }
        e => SecretError::Refused(words(e)),
    }
}

fn words(e: &Error) -> String {
    // The platform's own words, without the library's before them.
    let text = match e {
        Error::NoStorageAccess(why) | Error::PlatformFailure(why) => visible(&why.to_string()),
        e => visible(&e.to_string()),
    };
    text.trim_end_matches('.').chars().take(WORDS_KEPT).collect()
}
