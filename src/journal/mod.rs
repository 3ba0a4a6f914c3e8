//! `record` on a disk: append, sync, lock, recover.
