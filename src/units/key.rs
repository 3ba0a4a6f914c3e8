//! Public keys: how they are written, how they are read out on the phone, and whether they signed something.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::{hex, sha256_hex, unhex};

/// Signs of a fingerprint: short enough to be read out, long enough that nobody makes another key with the same.
pub const FINGERPRINT: usize = 20;

/// An Ed25519 public key, written in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
