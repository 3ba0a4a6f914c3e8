//! Colleagues, and the keys that are theirs by a person's word.

use serde::{Deserialize, Serialize};

use crate::units::{BadKey, PublicKey, hex, unhex};

/// Somebody, and the key that is theirs by a person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colleague {
    /// As their blocks name them.
    pub name: String,
    /// Theirs.
    pub key: PublicKey,
    /// The second key of the same device, for what two devices alone share: codes over the phone, and locked files. None
    /// of whoever became known by a sighting; their own line tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<PairKey>,
}

/// An X25519 public key, written in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PairKey(pub [u8; 32]);

impl TryFrom<String> for PairKey {
    type Error = BadKey;
    fn try_from(text: String) -> Result<Self, BadKey> {
        unhex(&text).and_then(|b| b.try_into().ok()).map(Self).ok_or(BadKey)
    }
}

impl From<PairKey> for String {
    fn from(key: PairKey) -> Self {
        hex(&key.0)
    }
}
