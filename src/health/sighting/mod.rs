//! What colleagues see, as text that goes through a chat: the second vantage point, and how far its word carries.
//!
//! Two forms are read: the block that a colleague's Lifeboat wrote, and plain words. Both become [`Sighting`]s, each marked
//! by what vouches for it. A block of one's own is refused: the same laptop is no second vantage point.

mod block;
mod key;
mod words;

pub use block::{Block, Line};
pub use key::{Colleague, PairKey};
pub use words::names_a_key;

use block::same_name;

use super::advice::COLLEAGUE_FRESH;
use super::detector::ms;
use super::verdict::{Sighting, Vouched};
use crate::units::{Millis, PublicKey, Region, utc_clock};

/// Clocks of two laptops may differ so much; a block from further ahead says nothing of now.
pub const CLOCKS_DIFFER: Millis = Millis::from_mins(5);
/// Colleagues that are remembered, an entry a person and region; a call has a few people.
pub const KEPT: usize = 64;
/// More text than this is no sighting.
pub const LONGEST: usize = 64 * 1024;

/// Who reads, and what for.
#[derive(Debug, Clone)]
pub struct Here<'a> {
    /// The time it is.
    pub now: i64,
    /// Who operates this laptop.
    pub me: &'a str,
    /// The key that this laptop signs with, if it ever did.
    pub my_key: Option<&'a PublicKey>,
    /// Which Azure is watched, as blocks name it.
    pub of: &'a str,
    /// Colleagues whose keys are known.
    pub known: &'a [Colleague],
    /// Regions that are watched.
    pub watched: &'a [Region],
}

/// What was understood of a pasted text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// What colleagues see.
    pub sightings: Vec<Sighting>,
    /// What a person should know of it: what was left out, and why.
    pub remarks: Vec<String>,
    /// Keys that fitted and are not known here.
    pub keys: Vec<Colleague>,
}

/// Why a text is no sighting; Display says what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SightingError {
    /// Nothing in it.
    #[error(
        "there is no text; paste the block that a colleague's Lifeboat wrote, or their words, such as `Ben: East US down from Berlin`"
    )]
    Empty,
    /// Too much of it.
    #[error("this is more text than a colleague's word has; paste only what they see")]
    TooLong,
    /// A part is missing.
    #[error("the block is cut off: its {0} is missing; ask for it again, and copy all of it")]
    CutOff(&'static str),
    /// Written by a later version.
    #[error(
        "the block is of version {0}, and this Lifeboat reads version 1; update it, or ask for the same in plain words"
    )]
    Newer(String),
    /// Not as Lifeboat writes it.
    #[error("the block cannot be read: {0}; ask for it again, sent as code or as a file, so that nothing changes it")]
    Damaged(String),
    /// The signature is not of this text.
    #[error(
        "the block that names {0} was changed after it was signed, so nothing of it is believed; ask {0} for it again, sent as code or as a \
         file, so that nothing changes it on the way"
    )]
    Changed(String),
    /// One's own.
    #[error(
        "this is your own word, and one laptop is no second vantage point; paste what a colleague on another network sees"
    )]
    Mine,
    /// Of another Azure.
    #[error("the block tells of {there}, and here {here} is watched; it says nothing of that")]
    Elsewhere {
        /// What it tells of.
        there: String,
        /// What is watched here.
        here: String,
    },
    /// From later than now.
    #[error(
        "the block of {who} is {by} ahead of this computer's clock, so one of the two clocks is wrong; compare them, then ask for a new block"
    )]
    Future {
        /// Who.
        who: String,
        /// By how much.
        by: Millis,
    },
    /// No verdict on any region that is known.
    #[error("the block of {0} does not say of any region whether it answers; ask what they see, and paste that")]
    SaysNothing(String),
    /// Words without a meaning.
    #[error(
        "“{text}” was not understood: {why}; write who, which region, and whether it answers: `Ben: East US down from Berlin`, or \
         `westeurope ok (Ana)`"
    )]
    NotUnderstood {
        /// The words.
        text: String,
        /// What is missing.
        why: &'static str,
    },
}

/// Reads what was pasted: every block in it, or else plain words.
pub fn take(text: &str, here: &Here<'_>) -> Result<Taken, SightingError> {
    if text.trim().is_empty() {
        return Err(SightingError::Empty);
    }
    if text.len() > LONGEST {
        return Err(SightingError::TooLong);
    }
    if block::is_there(text) { block::take(text, here) } else { words::take(text, here) }
}

/// Puts what was taken to what is known: of one person and region the newest counts. Gives what is to be said of it.
pub fn merge(kept: &mut Vec<Sighting>, new: &[Sighting]) -> Vec<String> {
    let mut remarks = Vec::new();
    for s in new {
        // A word under somebody's name that does not count takes nothing from the real one.
        let same = |x: &Sighting| x.region == s.region && same_name(&x.who, &s.who) && x.counts() == s.counts();
        if let Some(old) = kept.iter().find(|x| same(x) && x.at > s.at) {
            let (who, at) = (&s.who, utc_clock(old.at));
            remarks.push(format!("{who} has said something newer of {}, at {at} UTC; that stays", s.region.display()));
            continue;
        }
        kept.retain(|x| !same(x));
        kept.push(s.clone());
    }
    kept.sort_by_key(|s| s.at);
    let many = kept.len().saturating_sub(KEPT);
    kept.drain(..many);
    remarks
}

impl Sighting {
    /// Whether it still says something about now.
    pub fn fresh(&self, now: i64) -> bool {
        now.saturating_sub(self.at) <= ms(COLLEAGUE_FRESH)
    }

    /// Whether it may stand as the second vantage point: a block under the name of somebody whose key is known here may not
    /// without that key.
    pub fn counts(&self) -> bool {
        !matches!(self.vouched, Vouched::OtherKey(_) | Vouched::NotSigned)
    }

    /// Whose word it is, from where, and what vouches for it: `Ben, from Berlin (unsigned)`.
    pub fn voice(&self) -> String {
        let from = if self.from.is_empty() { String::new() } else { format!(", from {}", self.from) };
        format!("{}{from} ({})", self.who, self.mark())
    }

    /// What vouches for it, in a word or two.
    pub fn mark(&self) -> &'static str {
        match self.vouched {
            Vouched::Unsigned => "unsigned",
            Vouched::Known => "signed",
            Vouched::NewKey(_) => "signed by a key that is not known here, so taken as unsigned",
            Vouched::OtherKey(_) => "signed by another key than theirs, so it does not count",
            Vouched::NotSigned => "not signed, though their key is known here, so it does not count",
        }
    }

    /// The line of the board: who says what, and how to come to know a key.
    pub fn line(&self, now: i64) -> String {
        let word = if self.answers { "answers" } else { "does not answer" };
        let mut text = format!("{}: {} {word}", self.voice(), self.region.display());
        if !self.note.is_empty() {
            text = format!("{text}; {}", self.note);
        }
        match &self.vouched {
            Vouched::NewKey(print) => {
                let who = &self.who;
                text.push_str(&format!(". To know the key, have {who} read it to you, then paste: know {who} {print}"));
            }
            Vouched::OtherKey(print) => {
                let who = &self.who;
                text.push_str(&format!(". Ask {who}: if the key is theirs, forget the one known here (Approve), then paste: know {who} {print}"));
            }
            Vouched::NotSigned => {
                let who = &self.who;
                text.push_str(&format!(". Ask {who}, and paste what they say in plain words: that counts"));
            }
            Vouched::Unsigned | Vouched::Known => {}
        }
        if !self.fresh(now) {
            text.push_str(&format!(". Older than {COLLEAGUE_FRESH}: it says nothing about now"));
        }
        text
    }
}

/// What vouches for a name that a fitting signature came with.
fn vouched(who: &str, key: &PublicKey, known: &[Colleague]) -> Vouched {
    let mut theirs = known.iter().filter(|c| same_name(&c.name, who)).peekable();
    if theirs.peek().is_none() {
        return Vouched::NewKey(key.fingerprint());
    }
    if theirs.any(|c| c.key == *key) { Vouched::Known } else { Vouched::OtherKey(key.fingerprint()) }
}
