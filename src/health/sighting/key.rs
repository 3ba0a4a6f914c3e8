//! Public keys of colleagues: how they are written, and how they are read out on the phone.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::units::{hex, sha256_hex, unhex};

/// Signs of a fingerprint: short enough to be read out, long enough that nobody makes another key with the same.
pub(super) const FINGERPRINT: usize = 20;

/// An Ed25519 public key, written in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From its bytes; none when they are not 32.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What people compare: `9f3a-12bc-44de-0a71-55c0`.
    pub fn fingerprint(&self) -> String {
        let text = sha256_hex(&self.0);
        let groups: Vec<&str> = (0..FINGERPRINT).step_by(4).filter_map(|n| text.get(n..n + 4)).collect();
        groups.join("-")
    }

    /// Whether this key signed these bytes.
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Hexadecimal of something else than a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key has 64 hexadecimal digits")]
pub struct BadKey;

impl FromStr for PublicKey {
    type Err = BadKey;
    fn from_str(text: &str) -> Result<Self, BadKey> {
        unhex(text).and_then(|b| Self::of(&b)).ok_or(BadKey)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = BadKey;
    fn try_from(text: String) -> Result<Self, BadKey> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

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
