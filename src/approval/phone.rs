//! What is read over the phone: the weaker way, for when nothing else gets through.
//!
//! Twenty signs name the plan, the step, who asks, and the fingerprint of the request; the second person's Lifeboat shows
//! what the same plan says of that step. Eight signs come back: a code over plan and challenge under a key that these two
//! devices share and no third has. Both end in a checksum that shows any one sign misheard, and any two neighbours swapped.
//!
//! It proves less than a signature. The second person sees no values read just now. The fingerprint has forty bits. And
//! whoever asks shares the key, so that their device could have made the code: it convinces the operator, not an auditor.

use aws_lc_rs::hmac;

use super::block::Signed;
use super::device::Device;
use super::request::{Asks, Request};
use super::{ApprovalError, PHONE};
use crate::health::sighting::{Colleague, PairKey};
use crate::plan::model::{Plan, PlannedStep};
use crate::run::event::{Mode, Proof};
use crate::units::{PublicKey, hex, sha256_hex, unhex};

/// Read aloud without mistaking one for another: no I, L, O, U.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 4;
const CHALLENGE: usize = 20;
const CODE: usize = 8;
/// Longest text that is looked at for either.
const LONGEST: usize = 200;
const DOMAIN: &[u8] = b"lifeboat-phone-1\n";
/// Steps of a plan that the challenge can name.
const STEPS: u128 = 1 << 10;

/// What is read to the second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge(u128);

/// What a challenge is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Requests that are sent.
    Send,
    /// Requests that take back.
    Undo,
    /// Words: a decision, or what a person did.
    Words,
    /// Breaking the glass.
    Glass,
}

impl About {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Send => "to do this step",
            Self::Undo => "to take this step back",
            Self::Words => "to stand for what was said of this step",
            Self::Glass => "to break the glass: to go on although a guard of this step does not hold",
        }
    }
}

impl Challenge {
    /// Of a request, by the run's plan.
    pub fn of(request: &Signed<Request>, plan: &Plan) -> Result<Self, ApprovalError> {
        let r = request.what();
        let step = plan.steps.iter().position(|s| s.id == r.step.id).map(|n| n as u128).filter(|n| *n < STEPS);
        let step = step.ok_or(ApprovalError::TooBigFor("the phone"))?;
        let about = match &r.asks {
            Asks::Send { undo: false, .. } => 0,
            Asks::Send { undo: true, .. } => 1,
            Asks::Words(_) => 2,
            Asks::Glass { .. } => 3,
        };
        let mode = match r.mode {
            Mode::Live => 0,
            Mode::DryRun => 1,
            Mode::Rehearsal => 2,
            Mode::Tabletop => 3,
        };
        let head = (about << 3) | (mode << 1);
        let bits = (head << 10) | step;
        let bits = (bits << 20) | plan_bits(&r.plan.digest);
        let bits = (bits << 15) | key_bits(&r.key);
        Ok(Self((bits << 40) | first_bits(&request.hash(), 40)))
    }

    /// What it asks.
    pub fn about(self) -> About {
        [About::Send, About::Undo, About::Words, About::Glass][(self.0 >> 88) as usize & 3]
    }

    /// The run's mode.
    pub fn mode(self) -> Mode {
        [Mode::Live, Mode::DryRun, Mode::Rehearsal, Mode::Tabletop][(self.0 >> 86) as usize & 3]
    }

    /// The step, if this is its plan.
    pub fn step(self, plan: &Plan) -> Option<&PlannedStep> {
        plan.steps.get((self.0 >> 75) as usize & 1023).filter(|_| self.fits(plan))
    }

    /// Whether this may be the plan that is spoken of.
    pub fn fits(self, plan: &Plan) -> bool {
        (self.0 >> 55) & 0xf_ffff == plan_bits(&plan.digest)
    }

    /// Who reads it, of those whose pair key is known.
    pub fn from(self, known: &[Colleague]) -> Result<(&Colleague, PairKey), ApprovalError> {
        let mine = |c: &&Colleague| (self.0 >> 40) & 0x7fff == key_bits(&c.key);
        let mut them = known.iter().filter(mine).filter_map(|c| Some((c, c.pair?)));
        match (them.next(), them.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(ApprovalError::NoPair),
        }
    }

    /// For the phone: `7F3K-…`, five groups of four.
    pub fn text(self) -> String {
        grouped(&signs(self.0, 90, CHALLENGE))
    }

    /// As it was heard; none when the text is none at all.
    pub fn heard(text: &str) -> Option<Result<Self, ApprovalError>> {
        let (bits, good) = heard(text, CHALLENGE)?;
        // The lowest bit of the head is the version's: nothing else is known.
        let good = good && (bits >> 85) & 1 == 0;
        Some(if good { Ok(Self(bits)) } else { Err(ApprovalError::Misheard("challenge")) })
    }

    /// The code that says yes, between these two devices, about this plan.
    pub fn code(self, device: &Device, other: &PairKey, plan: &Plan) -> Result<String, ApprovalError> {
        let key = device.shared(other)?;
        let bytes = [DOMAIN, plan.digest.as_bytes(), b"\n", self.text().as_bytes()].concat();
        let tag = hmac::sign(&key, &bytes);
        Ok(grouped(&signs(first_bits(&hex(tag.as_ref()), 30), 30, CODE)))
    }
}

/// On the operator's laptop: whether this is the code of that colleague, for the record.
pub fn proof(
    request: &Signed<Request>,
    plan: &Plan,
    device: &Device,
    them: &Colleague,
    code: &str,
) -> Result<Proof, ApprovalError> {
    let (_, good) = heard(code, CODE).ok_or(ApprovalError::Misheard("code"))?;
    if !good {
        return Err(ApprovalError::Misheard("code"));
    }
    if them.key == *device.public() {
        return Err(ApprovalError::OwnKey);
    }
    let pair = them.pair.ok_or(ApprovalError::NoPair)?;
    let wanted = Challenge::of(request, plan)?.code(device, &pair, plan)?;
    // Both are in hand, and a wrong one is counted: there is nothing to learn from how long it takes.
    if cleaned(&wanted) != cleaned(code) {
        return Err(ApprovalError::WrongCode(them.name.clone()));
    }
    Ok(Proof {
        name: them.name.clone(),
        key: them.key.to_string(),
        request: request.hash(),
        nonce: request.what().nonce.clone(),
        signature: format!("{PHONE}:{wanted}"),
        same_device: false,
    })
}

fn plan_bits(digest: &str) -> u128 {
    first_bits(digest, 20)
}

fn key_bits(key: &PublicKey) -> u128 {
    first_bits(&sha256_hex(key.bytes()), 15)
}

/// The first bits of a hexadecimal text; zero of what is none.
fn first_bits(text: &str, bits: u32) -> u128 {
    let bytes = unhex(text.get(..16).unwrap_or_default()).unwrap_or_default();
    let whole = bytes.iter().fold(0u128, |n, b| (n << 8) | u128::from(*b));
    whole >> (64 - bits)
}

/// The payload and ten bits that show what was misheard.
fn signs(payload: u128, bits: u32, len: usize) -> String {
    let all = (payload << 10) | remainder(payload, bits);
    let sign = |n: usize| SIGNS[(all >> (5 * (len - 1 - n))) as usize & 31] as char;
    (0..len).map(sign).collect()
}

/// CRC-10: whatever differs within ten neighbouring bits, two signs, is seen.
fn remainder(payload: u128, bits: u32) -> u128 {
    (0..bits).rev().fold(0x155, |crc, n| {
        let top = ((crc >> 9) ^ (payload >> n)) & 1;
        ((crc << 1) & 0x3ff) ^ (top * 0x233)
    })
}

fn grouped(signs: &str) -> String {
    let groups: Vec<String> = signs.as_bytes().chunks(GROUP).map(|g| String::from_utf8_lossy(g).into_owned()).collect();
    groups.join("-")
}

/// What people write for what they hear.
fn cleaned(text: &str) -> String {
    let same = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    text.chars().filter(|c| c.is_alphanumeric()).map(same).collect()
}

/// Payload, and whether it adds up; none when it has another length or other signs.
fn heard(text: &str, len: usize) -> Option<(u128, bool)> {
    if text.len() > LONGEST {
        return None;
    }
    let text = cleaned(text);
    let value = |c: char| SIGNS.iter().position(|s| *s as char == c).map(|n| n as u128);
    let values: Vec<u128> = text.chars().map(value).collect::<Option<_>>()?;
    if values.len() != len {
        return None;
    }
    let all = values.iter().fold(0u128, |n, v| (n << 5) | v);
    let bits = u32::try_from(len * 5 - 10).ok()?;
    Some((all >> 10, remainder(all >> 10, bits) == all & 0x3ff))
}
