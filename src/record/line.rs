//! One line of a log: its frame, its hash, its envelope. Hashed before it is parsed.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::canon::MAX_DEPTH;
use super::record::{END, Hash, MAX_BODY, MIDDLE, PREFIX, leaf_hash};

const HEX: usize = 64;
const TAIL: usize = MIDDLE.len() + HEX + END.len();
/// A record of which only the hash was given away.
const WITHHELD: &[u8] = br#"{"h":""#;
/// The part of a body that the chain and the verdicts need; borrowed from the line.
#[derive(Debug, Clone, Deserialize)]
pub struct Envelope<'a> {
    /// Format.
    pub v: u64,
    /// Log id.
    pub log: &'a str,
    /// Run id.
    pub run: &'a str,
    /// Number of the file.
    pub seg: u64,
    /// Number of the record.
    pub seq: u64,
    /// Hash of the record before.
    pub prev: &'a str,
    /// First record of the same write, when this is not it.
    #[serde(default)]
    pub first: Option<u64>,
    /// Wall clock, UTC milliseconds.
    pub ts: i64,
    /// Monotonic milliseconds.
    pub mono: u64,
    /// Process.
    #[serde(borrow)]
    pub boot: Cow<'a, str>,
    /// In a rehearsal: scenario milliseconds since the scenario began.
    #[serde(default)]
    pub at: Option<u64>,
    /// Who, unparsed.
    #[serde(borrow, default)]
    pub actor: Option<&'a RawValue>,
    /// What it is about, as text.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// Step.
    #[serde(borrow, default, deserialize_with = "borrowed")]
    pub step: Option<Cow<'a, str>>,
    /// Payload, unparsed.
    #[serde(borrow)]
    pub d: &'a RawValue,
}

/// By itself serde borrows a `Cow` only where it stands alone.
fn borrowed<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    Ok(Option::<Text<'a>>::deserialize(from)?.map(|t| t.0))
}

/// A line whose hash is right and whose envelope could be read.
#[derive(Debug, Clone)]
pub struct Read<'a> {
    /// The line without its line feed.
    pub line: &'a [u8],
    /// The hashed bytes.
    pub body: &'a [u8],
    /// Their hash.
    pub hash: Hash,
    /// The hash as it stands in the line.
    pub hex: &'a str,
    /// Parsed.
    pub envelope: Envelope<'a>,
}

/// One line of a file.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Where it begins.
    pub offset: usize,
    /// Without its line feed.
    pub bytes: &'a [u8],
    /// Whether it has a line feed.
    pub ended: bool,
}

impl<'a> Line<'a> {
    /// Hash, then parse.
    pub fn read(&self) -> Result<Read<'a>, Why> {
        let line = self.bytes;
        if !self.ended {
            return Err(Why::Unended);
        }
        if line.len() > MAX_BODY + PREFIX.len() + TAIL {
            return Err(Why::TooBig);
        }
        let inner = line.strip_prefix(PREFIX).and_then(|l| l.strip_suffix(END)).ok_or(Why::Shape)?;
        let cut = inner.len().checked_sub(MIDDLE.len() + HEX).ok_or(Why::Shape)?;
        let (body, rest) = inner.split_at(cut);
        let stored = rest.strip_prefix(MIDDLE).ok_or(Why::Shape)?;
        let hash = leaf_hash(body);
        if hex_of(&hash) != stored {
            return Err(Why::Hash);
        }
        let hex = std::str::from_utf8(stored).map_err(|_| Why::Shape)?;
        let text = std::str::from_utf8(body).map_err(|_| Why::Json)?;
        let envelope: Envelope<'a> = serde_json::from_str(text).map_err(|_| Why::Json)?;
        // A list would be taken for an object by the order of its values, by this reader and by no other.
        if !text.starts_with('{') || envelope.d.get().starts_with('[') || too_deep(body) {
            return Err(Why::Json);
        }
        Ok(Read { line, body, hash, hex, envelope })
    }

    /// The hash of a record that was withheld from a copy: it keeps its place in the chain and in the tree.
    pub fn withheld(&self) -> Option<Hash> {
        let hex = self.bytes.strip_prefix(WITHHELD)?.strip_suffix(END).filter(|_| self.ended)?;
        Hash::from_hex(std::str::from_utf8(hex).ok()?)
    }

    /// Whether lost sectors explain why it cannot be read: it has no end, or a NUL, which JSON never has.
    pub(super) fn looks_torn(&self) -> bool {
        !self.ended || self.bytes.contains(&0)
    }
}

/// Whether a body, which is JSON, is nested deeper than any that is written. With few brackets in it nothing can be, and
/// counting those takes less time than following them.
fn too_deep(body: &[u8]) -> bool {
    const BLOCK: usize = 128;
    // The body itself is at depth 0.
    let most = MAX_DEPTH + 1;
    // They differ in one bit; and blocks whose count fits into a byte are counted sixteen bytes at a time.
    let brackets = |block: &[u8]| usize::from(block.iter().map(|b| u8::from(b | 0x20 == b'{')).sum::<u8>());
    if body.chunks(BLOCK).map(brackets).sum::<usize>() <= most {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for b in body {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

fn hex_of(hash: &Hash) -> [u8; HEX] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = [0; HEX];
    for (pair, b) in out.chunks_exact_mut(2).zip(hash.0) {
        pair[0] = DIGITS[usize::from(b >> 4)];
        pair[1] = DIGITS[usize::from(b & 15)];
    }
    out
}

/// The lines of a file.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> + Clone {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(offset..).filter(|r| !r.is_empty())?;
        let end = memchr(b'\n', rest);
        let line = Line { offset, bytes: &rest[..end.unwrap_or(rest.len())], ended: end.is_some() };
        offset += line.bytes.len() + 1;
        Some(line)
    })
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No line feed.
    Unended,
    /// Longer than any record.
    TooBig,
    /// Not the fixed frame.
    Shape,
    /// The hash is not that of the bytes.
    Hash,
    /// The hash is right but it is not a record's JSON.
    Json,
    /// A record of another log.
    Log(String),
    /// A record of another file.
    File(u64),
    /// Records missing, repeated or out of order.
    Seq(u64),
    /// It does not follow the record before.
    Prev,
    /// A recorded checkpoint does not fit the records before it.
    Checkpoint,
    /// A recorded checkpoint is not signed by the log's key.
    Unsigned,
    /// The checkpoint of a recorded anchor does not fit the records before it.
    Anchor,
    /// A signature does not hold.
    Signature,
    /// What names a key does not hold.
    Key,
    /// The journal itself found damage here and went on behind it.
    Noted(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unended => f.write_str("the line has no end"),
            Self::TooBig => f.write_str("the line is longer than a record can be"),
            Self::Shape => f.write_str("the line has not the frame of a record"),
            Self::Hash => f.write_str("the record was changed: its hash does not fit"),
            Self::Json => f.write_str("the hash fits but the content is not a record"),
            Self::Log(id) => write!(f, "the record belongs to another log, {}", crate::units::visible(id)),
            Self::File(n) => write!(f, "the record belongs to file {n}"),
            Self::Seq(n) => write!(f, "the record has number {n}: records are missing, repeated or out of order"),
            Self::Prev => f.write_str("the record does not follow the one before it"),
            Self::Checkpoint => f.write_str("the checkpoint recorded here does not fit the records before it"),
            Self::Unsigned => f.write_str("the checkpoint recorded here is not signed by the log's key"),
            Self::Anchor => {
                f.write_str("the checkpoint that left, recorded here, is none of those made of the records before it")
            }
            Self::Signature => f.write_str("the signature of the checkpoint recorded here does not hold"),
            Self::Key => f.write_str("the key named here is not the one in force, or its signature does not hold"),
            Self::Noted(cause) => {
                write!(f, "Lifeboat found damage before this file ({})", crate::units::visible(cause))
            }
        }
    }
}
