//! What a front end holds of the desk: the newest snapshot, a way to send, a way to be woken.

use std::sync::Arc;

use tokio::sync::watch;

use super::protocol::Command;
use super::snapshot::Snapshot;

/// Wakes the front end after a new snapshot; cheap, and callable from any thread.
pub type Waker = Box<dyn Fn() + Send + Sync>;

/// One front end's connection to the desk.
pub struct Link {
    /// The newest picture; latest wins.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Sends a command without waiting; `false`: not sent, the desk is gone or its queue is full.
    pub send: Arc<dyn Fn(Command) -> bool + Send + Sync>,
    /// Takes the front end's waker, once, before anything is drawn.
    pub on_wake: Box<dyn FnOnce(Waker) + Send>,
}
