//! The block: a signed letter as text that survives mail and chats.
//!
//! ```text
//! [Lifeboat approval request 1]
//! eNqNVE1v2zAM/SuGz41hJ+3W5TZ0QzdgwIZ1ux…
//! [end of Lifeboat approval request]
//! ```
//!
//! Between the lines stands base64, and everything that is no sign of it means nothing: quoting, wrapping, blanks, what a
//! chat makes of quotes. Inside is what was signed, byte for byte, with its signature; compressed, because a request names
//! long addresses many times.

use std::io::{Read, Write};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ApprovalError;
use super::device::Device;
use crate::units::{PublicKey, hex, sha256_hex, unhex};

/// More text than this holds no block: a record's worth of requests has a tenth of it.
const LONGEST: usize = 1 << 20;
/// What a letter may unpack to. A small text that unpacks to more than this is made to fill the memory.
const UNPACKED: u64 = 1 << 20;
/// Signs of a line; mail wraps at seventy-eight.
const LINE: usize = 64;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// Something that is signed and sent.
pub trait Letter: Serialize + DeserializeOwned {
    /// As its block names it.
    const NAME: &'static str;
    /// Signed bytes begin so.
    const DOMAIN: &'static str;
    /// Whose signature it bears.
    fn key(&self) -> &PublicKey;
}

/// A letter with its signature. Made only by signing, or by reading one whose signature is good.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed<T> {
    what: T,
    body: String,
    signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    body: String,
    signature: String,
}

fn signed_bytes<T: Letter>(body: &str) -> Vec<u8> {
    format!("{}{body}", T::DOMAIN).into_bytes()
}

impl<T: Letter> Signed<T> {
    /// Signs; the letter names this device's key.
    pub fn new(what: T, device: &Device) -> Result<Self, ApprovalError> {
        let body = serde_json::to_string(&what).map_err(|e| ApprovalError::Damaged(e.to_string()))?;
        if what.key() != device.public() {
            return Err(ApprovalError::Key);
        }
        let signature = device.sign(&signed_bytes::<T>(&body));
        Ok(Self { what, body, signature })
    }

    /// What was signed.
    pub fn what(&self) -> &T {
        &self.what
    }

    /// SHA-256 of exactly what was signed.
    pub fn hash(&self) -> String {
        sha256_hex(&signed_bytes::<T>(&self.body))
    }

    /// The signature in hexadecimal.
    pub fn signature(&self) -> String {
        hex(&self.signature)
    }

    /// As one line of base64.
    pub fn packed(&self) -> Result<String, ApprovalError> {
        let bad = |e: std::io::Error| ApprovalError::Damaged(e.to_string());
        let envelope = Envelope { body: self.body.clone(), signature: hex(&self.signature) };
        let json = serde_json::to_vec(&envelope).map_err(|e| ApprovalError::Damaged(e.to_string()))?;
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        z.write_all(&json).map_err(bad)?;
        Ok(BASE64.encode(z.finish().map_err(bad)?).trim_end_matches('=').to_owned())
    }

    /// As a block to paste.
    pub fn block(&self) -> Result<String, ApprovalError> {
        let packed = self.packed()?;
        let mut out = format!("[Lifeboat {} 1]\n", T::NAME);
        let mut rest = packed.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(LINE.min(rest.len()));
            out.push_str(line);
            out.push('\n');
            rest = more;
        }
        out.push_str(&format!("[end of Lifeboat {}]\n", T::NAME));
        Ok(out)
    }

    /// From a text that holds a block.
    pub fn read(text: &str) -> Result<Self, ApprovalError> {
        if text.len() > LONGEST {
            return Err(ApprovalError::TooLarge);
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A quoting sign may stand between the words of a line that was wrapped.
        let text = text.replace(" > ", " ").replace(" | ", " ");
        let begin = format!("[Lifeboat {} ", T::NAME);
        let end = format!("[end of Lifeboat {}]", T::NAME);
        let Some((_, rest)) = text.split_once(&begin) else {
            return Err(match other::<T>(&text) {
                Some(found) => ApprovalError::OtherKind { found, wanted: T::NAME },
                None if text.contains(&end) => ApprovalError::Damaged("its first line is missing".to_owned()),
                None => ApprovalError::NoBlock(T::NAME),
            });
        };
        let (version, rest) = rest
            .split_once(']')
            .filter(|(v, _)| v.len() <= 8)
            .ok_or_else(|| ApprovalError::Damaged("its first line is not whole".to_owned()))?;
        if version.trim() != "1" {
            return Err(ApprovalError::Newer(version.trim().to_owned()));
        }
        let (inside, after) = rest.split_once(&end).ok_or(ApprovalError::CutOff)?;
        if inside.contains('[') || after.contains(&begin) {
            return Err(ApprovalError::Several);
        }
        Self::unpack(inside)
    }

    /// From base64, whatever stands between its signs.
    pub fn unpack(text: &str) -> Result<Self, ApprovalError> {
        if text.len() > LONGEST {
            return Err(ApprovalError::TooLarge);
        }
        let damaged = |why: &str| ApprovalError::Damaged(why.to_owned());
        let signs: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).collect();
        let bytes = BASE64.decode(signs).map_err(|_| damaged("signs are missing or too many"))?;
        let mut json = String::new();
        flate2::read::ZlibDecoder::new(bytes.as_slice())
            .take(UNPACKED + 1)
            .read_to_string(&mut json)
            .map_err(|_| damaged("what is inside is not what was packed"))?;
        if json.len() as u64 > UNPACKED {
            return Err(ApprovalError::TooLarge);
        }
        let envelope: Envelope = serde_json::from_str(&json).map_err(|_| damaged("it is no letter"))?;
        let what: T = serde_json::from_str(&envelope.body).map_err(|_| damaged(other_or(&envelope.body)))?;
        let signature = unhex(&envelope.signature).ok_or(ApprovalError::Changed)?;
        if !what.key().signed(&signed_bytes::<T>(&envelope.body), &signature) {
            return Err(ApprovalError::Changed);
        }
        Ok(Self { what, body: envelope.body, signature })
    }
}

/// What is said of a letter of unknown shape.
fn other_or(body: &str) -> &'static str {
    let shape = serde_json::from_str::<serde_json::Value>(body).is_ok_and(|v| v.is_object());
    if shape { "it says more, or less, than this version knows" } else { "it is no letter" }
}

fn other<T: Letter>(text: &str) -> Option<&'static str> {
    [super::Request::NAME, super::Answer::NAME]
        .into_iter()
        .find(|n| *n != T::NAME && text.contains(&format!("[Lifeboat {n} ")))
}

/// Whether a text holds a block of this kind, or a part of one.
pub fn is_there<T: Letter>(text: &str) -> bool {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.contains(&format!("Lifeboat {}", T::NAME))
}
