//! What the second person is shown, and what they sign: pure, so that both laptops and the terminal do exactly the same.
//!
//! ```text
//!  operator's laptop                                      second person's laptop
//!  Request ─ signed ─► block to paste, or pictures ─────► read, checked, shown whole
//!  Answer  ◄─ checked against the request itself ◄─────── signed, as a block
//!
//!  Challenge, 20 signs read aloud ──────────────────────► what the same plan says of that step
//!  8 signs, compared ◄─────────────────────────────────── code that the two devices share
//! ```
//!
//! The block carries the request itself, so whoever signs it has seen every byte of it. The phone carries only its
//! fingerprint: the second person sees what the plan says, not what was read just now, and the code is one that the
//! operator's own device could make as well. So it proves less, and its record says so.
//!
//! Every signature is over bytes that begin with a name of what they are: none is good for anything else.

mod answer;
mod block;
mod device;
mod parts;
pub mod phone;
mod request;

pub use answer::{Answer, Here, Seen, Verdict, judge, may_say};
pub use block::{Letter, Signed, is_there};
pub use device::{Device, known, new_colleague};
pub use parts::{Gathered, PARTS, join, split};
pub use request::{Asking, Asks, PlanNamed, Read, Request, Sent, StepNamed, asking, risk, undo};

use crate::units::Millis;

/// How long a request can be answered.
pub const ANSWER_WITHIN: Millis = Millis::from_mins(15);
/// Clocks of two laptops may differ so much.
pub const CLOCKS_DIFFER: Millis = Millis::from_mins(5);

/// Recorded method of an answer signed by their device.
pub const DEVICE_KEY: &str = "device-key";
/// Recorded method of an answer read over the phone.
pub const PHONE: &str = "phone";
/// Recorded method of an answer given on the operator's own device.
pub const SAME_DEVICE: &str = "same-device";

/// What is wrong with something that came from elsewhere. Display says what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// Nothing in it.
    #[error("there is no {0} in this text; paste the whole block, from its first line to its last")]
    NoBlock(&'static str),
    /// The other kind.
    #[error("this is an {found}, and an {wanted} is wanted here; take the other block")]
    OtherKind {
        /// What it is.
        found: &'static str,
        /// What is wanted.
        wanted: &'static str,
    },
    /// A part is missing.
    #[error("the block is cut off: its end is missing; ask for it again, and copy all of it")]
    CutOff,
    /// Several at once.
    #[error("there are several blocks in this text; paste one")]
    Several,
    /// Too much of it.
    #[error("this is larger than any block of Lifeboat's; paste only the block")]
    TooLarge,
    /// Written by a later version.
    #[error("the block is of version {0}, and this Lifeboat reads version 1; update it on the laptop that is behind")]
    Newer(String),
    /// Not as Lifeboat writes it.
    #[error("the block cannot be read: {0}; ask for it again, as a file or a picture, so that nothing changes it")]
    Damaged(String),
    /// The signature is not of these bytes.
    #[error("the block was changed after it was signed, so nothing of it is believed; ask for it again")]
    Changed,
    /// What it shows is not what it asks about.
    #[error("the request shows something else than it asks agreement to; sign nothing, and call whoever sent it")]
    Misleading,
    /// Whoever it is from is not known.
    #[error(
        "the key {0} is not known here, so nobody knows whose answer this is; take the line that their Lifeboat shows first"
    )]
    UnknownKey(String),
    /// One's own.
    #[error(
        "this was signed with the key of whoever carries the step out; a second person answers with a key of their own"
    )]
    OwnKey,
    /// The request was made here.
    #[error(
        "this request was made on this laptop; a second person answers on theirs, or here beside you, which is recorded as such"
    )]
    MadeHere,
    /// Of another run.
    #[error("this answer is about run {0}, which does not wait for it")]
    OtherRun(String),
    /// Of another step, or an older question.
    #[error("this answer is not to what {0} asks now; send the present request again")]
    OtherRequest(String),
    /// Too late.
    #[error("the time to answer is over since {0}; let it be asked again")]
    Expired(String),
    /// From later than now.
    #[error("the request is {0} ahead of this computer's clock; compare the clocks, then let it be asked again")]
    Future(String),
    /// The typed name is missing.
    #[error("type `{0}` to agree: this change cannot be taken back in full")]
    Typed(String),
    /// A reason is missing.
    #[error("a refusal needs a reason of at most {0} signs: it goes into the record")]
    Reason(usize),
    /// No line of a key.
    #[error("this is no line of a key: {0}; paste the whole line that their Lifeboat shows")]
    Line(&'static str),
    /// Somebody else's name.
    #[error(
        "{name} is known here with another key, {known}, and one name has one key; ask them by another way whether {new} is theirs, forget the old key, then take the new one again"
    )]
    OtherKey {
        /// Who, as they are known here.
        name: String,
        /// Fingerprint of the key that is known.
        known: String,
        /// Fingerprint of the one that was refused.
        new: String,
    },
    /// One's own key.
    #[error("this is the key of this laptop itself")]
    Mine,
    /// The parts of a picture.
    #[error("{0}")]
    Parts(String),
    /// A sign was misheard.
    #[error("the {0} does not add up: a sign was misheard or mistyped; read it again, group by group")]
    Misheard(&'static str),
    /// No such plan here.
    #[error(
        "no plan here is the one that is spoken of; it has to be the same to the byte on both laptops: name its file, or let the request be sent as text"
    )]
    NoPlan,
    /// Several plans look alike.
    #[error("several plans here could be meant; name the one with --plan, or let the request be sent as text")]
    SeveralPlans,
    /// Not the plan that was named.
    #[error(
        "`{0}` is not the plan that is spoken of: it has to be the same to the byte on both laptops; let the request be sent as text"
    )]
    OtherPlan(String),
    /// Whoever reads it is not known, or has no pair key.
    #[error(
        "nobody known here reads this challenge; take the whole line of their key first, or let the request be sent as text"
    )]
    NoPair,
    /// The code is of something else.
    #[error(
        "this is not the code of {0} for what is asked now; let them read the challenge back and say the code again"
    )]
    WrongCode(String),
    /// A picture or a challenge cannot be made of it.
    #[error("a request of this size does not go through {0}; send it as text")]
    TooBigFor(&'static str),
    /// A key cannot be used.
    #[error("the key of this device cannot be used; delete it from the keyring and make a new one")]
    Key,
}
