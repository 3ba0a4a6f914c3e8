//! The keys that sign a log: named in its records (`log.key`), one after another, each vouched for by the one before it or
//! not.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::units::{PublicKey, hex, unhex};

/// What both keys of a rotation sign begins so.
const ROTATION: &str = "lifeboat-key-rotation-1";

/// Something that signs with one key.
pub trait Signer: Send + Sync {
    /// Its public half.
    fn key(&self) -> PublicKey;
    /// Signs.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

/// Where the secret half is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// In the keyring of the operating system.
    Keyring,
    /// In the memory of one process, which no one can vouch for afterwards.
    Memory,
}

/// One key took the place of another: both say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The key before.
    pub old: PublicKey,
    /// The key from now on.
    pub new: PublicKey,
    /// By the old one, in hexadecimal.
    pub signed_by_old: String,
    /// By the new one.
    pub signed_by_new: String,
}

impl Rotation {
    /// Made while both secrets are at hand.
    pub fn between(old: &dyn Signer, new: &dyn Signer) -> Self {
        let message = rotation(&old.key(), &new.key());
        Self {
            old: old.key(),
            new: new.key(),
            signed_by_old: hex(&old.sign(&message)),
            signed_by_new: hex(&new.sign(&message)),
        }
    }
}

impl Rotation {
    /// Whether both signed it.
    pub fn holds(&self) -> bool {
        let message = rotation(&self.old, &self.new);
        let signed = |key: &PublicKey, by: &str| unhex(by).is_some_and(|s| key.signed(&message, &s));
        signed(&self.old, &self.signed_by_old) && signed(&self.new, &self.signed_by_new)
    }
}

fn rotation(old: &PublicKey, new: &PublicKey) -> Vec<u8> {
    format!("{ROTATION}\n{old}\n{new}\n").into_bytes()
}

/// `d` of `log.key`: the key that signs from here on. `before` is the one in force until now; `statement` what this device
/// holds of the change, if it was made here.
pub fn key_taken(signer: &dyn Signer, kept: Kept, before: Option<&PublicKey>, statement: Option<&Rotation>) -> Value {
    let new = signer.key();
    let Some(old) = before else { return json!({ "event": "used", "key": new, "kept": kept }) };
    let made = statement.filter(|r| r.old == *old && r.new == new);
    let by_old = made.map(|r| r.signed_by_old.clone());
    let by_new = made.map_or_else(|| hex(&signer.sign(&rotation(old, &new))), |r| r.signed_by_new.clone());
    json!({ "event": "rotated", "key": new, "kept": kept, "old": old, "signed_by_old": by_old, "signed_by_new": by_new })
}

/// A key as a log names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyUse {
    /// Number of the record that names it.
    pub from: u64,
    /// It.
    pub key: PublicKey,
    /// Where its secret half was.
    pub kept: Kept,
    /// The key before signed that this one follows.
    pub vouched: bool,
}

#[derive(Deserialize)]
struct Named {
    event: String,
    key: PublicKey,
    kept: Kept,
    #[serde(default)]
    old: Option<PublicKey>,
    #[serde(default)]
    signed_by_old: Option<String>,
    #[serde(default)]
    signed_by_new: Option<String>,
}

/// Reads `d` of a `log.key` behind the keys before it; `None` when it does not hold.
pub(super) fn key_named(d: &str, seq: u64, before: Option<&KeyUse>) -> Option<KeyUse> {
    let named: Named = serde_json::from_str(d).ok()?;
    let new = |vouched| Some(KeyUse { from: seq, key: named.key.clone(), kept: named.kept, vouched });
    match (named.event.as_str(), before) {
        ("used", None) => new(false),
        ("rotated", Some(before)) if named.old.as_ref() == Some(&before.key) => {
            let message = rotation(&before.key, &named.key);
            let signed = |key: &PublicKey, by: &str| unhex(by).is_some_and(|s| key.signed(&message, &s));
            let by_new = signed(&named.key, named.signed_by_new.as_deref()?);
            match &named.signed_by_old {
                None if by_new => new(false),
                Some(by_old) if by_new && signed(&before.key, by_old) => new(true),
                _ => None,
            }
        }
        _ => None,
    }
}
