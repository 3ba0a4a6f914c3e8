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
mod line;
mod promise;
#[expect(clippy::module_inception, reason = "the record of the record")]
mod record;
mod report;
mod signing;
mod stamp;
mod tree;
mod verify;

pub use canon::{MAX_DEPTH, MAX_INTEGER, canonical};
pub use chain::{
    Break, Cosigned, DAMAGED, FAILED_WRITE, File, Flow, HELD, MAX_BREAKS, Place, Segment, Torn, Walk, Walker, places,
    torn_from, walk,
};
pub use checkpoint::{Checkpoint, CheckpointError, Signed, Witness};
pub use kind::Kind;
pub use line::{Envelope, Line, Read, Why, lines};
pub use promise::PROMISE;
pub use record::{
    Actor, App, Authn, Body, Corr, FORMAT, Hash, MAX_BODY, Mode, Person, PlanRef, RecordError, Stored, Target,
    client_request_id, encode, leaf_hash,
};
pub use report::{Anchor, Files, Gap, Left, Named, Open, Report, Seen, Signature, Verdict, Vouching};
pub use signing::{Kept, KeyUse, Rotation, Signer, key_taken};
pub use stamp::{Question, StampError};
pub use tree::{Tree, inclusion, root_from};
pub use verify::{Against, CHECKPOINT_MS, CHECKPOINT_RECORDS, Pin, Verifying, verify};
