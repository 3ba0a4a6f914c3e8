//! The tamper-evident record: bytes, chain, tree, checkpoint, verification. No I/O.
//!
//! One line is one record: `{"r":<body>,"h":"<hash of the body's bytes>"}`. Every body names the hash before it (the
//! chain, which finds the first break), and the same hashes are the leaves of an RFC 6962 tree (whose root, kept
//! outside this computer, is what a later rewrite cannot escape). Stored bytes are hashed as they are and never
//! serialised again in order to be checked.

mod canon;
mod chain;
mod checkpoint;
mod kind;
#[expect(clippy::module_inception, reason = "the record of the record")]
mod record;
mod report;
mod tree;
mod verify;

pub use canon::{MAX_DEPTH, MAX_INTEGER, canonical};
pub use chain::{
    Break, DAMAGED, Envelope, FAILED_WRITE, Line, MAX_BREAKS, Read, Segment, Torn, Walk, Why, lines, walk,
};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use kind::Kind;
pub use record::{
    Actor, App, Authn, Body, Corr, FORMAT, Hash, MAX_BODY, Mode, Person, PlanRef, RecordError, Stored, Target,
    client_request_id, encode, leaf_hash,
};
pub use report::{Anchor, Files, Named, Open, Report, Signature, Verdict};
pub use tree::{Tree, inclusion, root_from};
pub use verify::{Against, verify};
