//! The record on a disk: append and sync, lock, rotate, recover, read.
//!
//! A run is a folder: `000001.jsonl` and so on, `lock`, `checkpoint` (the last one written, which catches accidents),
//! and `000001-1.torn` and so on (bytes that a crash left, kept). A failed write or sync is final for its file: what
//! was not acknowledged is written again into a new one, because after a failed sync the system forgets what it lost.
//! Recovery never deletes: torn bytes are set aside and recorded, damaged files are left as they are.
//!
//! Space is set aside before it is needed: for the file that is written to ([`AHEAD`], given back when the run is
//! closed; on Linux, elsewhere there is no safe way to), and for an orderly end by a ballast file in the folder of runs.
//! A call that hangs counts as failed after [`SLOW`], and whoever waited for it goes on.

mod disk;
mod draft;
mod error;
mod folder;
mod limit;
mod memory;
mod open;
mod place;
mod real;
mod stream;
mod write;

pub use disk::{Disk, DiskFile, Entry, Lock, parent, remove_all};
pub use draft::{AHEAD, BALLAST, Draft, Header, SLOW, Signs, TimeSource, Written, this_app};
pub use error::JournalError;
pub use folder::{
    CHECKPOINT_FILE, Contents, MAX_RUN, OnDisk, contents, files, fold_into, is_run, new_id, read_into, read_run,
    segment_name, segment_number,
};
pub use memory::{Fault, MemoryDisk, Op, SECTOR};
pub use open::{Opened, Recovered};
pub use place::{Place, Unsafe, mounted};
pub use real::RealDisk;
pub use stream::{Source, verify_files};
pub use write::Journal;
