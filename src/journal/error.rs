//! What can go wrong with a journal, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::record::RecordError;

/// Why a journal cannot be made, opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A call failed.
    #[error("could not {doing} {}; check the disk and the rights on this folder", path.display())]
    Io {
        /// The call.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Another Lifeboat writes.
    #[error("another Lifeboat has the run in {} open; use that window, or end it first", .0.display())]
    Locked(PathBuf),
    /// The folder is taken.
    #[error("there is a run in {} already; open it instead", .0.display())]
    Exists(PathBuf),
    /// The folder is no run.
    #[error("there is no run in {}; give the folder that holds 000001.jsonl", .0.display())]
    NotARun(PathBuf),
    /// The id cannot be used.
    #[error("`{}` is not a run id; use lower-case letters, digits and hyphens, 64 at most", crate::units::visible(.0))]
    BadId(String),
    /// The folder holds another run.
    #[error("{} holds the run {}, not {expected}; open it under its own id", path.display(), crate::units::visible(found))]
    OtherRun {
        /// Where.
        path: PathBuf,
        /// The id in it.
        found: String,
        /// The id that was asked for.
        expected: String,
    },
    /// Too much to read.
    #[error("the run in {} is bigger than 256 MiB; that is not the journal of one run", .0.display())]
    TooBig(PathBuf),
    /// Too much at once.
    #[error("{0} bytes in one write are too many; append in parts")]
    TooMuch(usize),
    /// A newer Lifeboat wrote it.
    #[error("the run in {} has format {format}; open it with a newer Lifeboat", path.display())]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// A record is not writable as it is. Nothing was written.
    #[error("the record was refused")]
    Record {
        /// Why.
        #[source]
        source: RecordError,
    },
    /// Nothing can be made durable any more.
    #[error("nothing can be saved in {} ({reason}); changes are refused until there is room or another disk, reading goes on", path.display())]
    NoDurableSink {
        /// Where.
        path: PathBuf,
        /// The last failure.
        reason: String,
    },
    /// The system gives no random numbers.
    #[error("the operating system gave no random number for a run id; try again")]
    Random,
}

impl JournalError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_path_buf(), source }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if full(source))
    }
}

/// No space, or none for this user.
pub(super) fn full(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
