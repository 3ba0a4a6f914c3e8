//! One record: its fields, its bytes, its hash.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::canon::{MAX_DEPTH, canonical};
use super::kind::Kind;
use super::line::Read;
use crate::units::{hex, visible};

/// Version of the line format, `v` in every body.
pub const FORMAT: u64 = 1;
/// Bytes of a body at most; anything bigger becomes an evidence file, named by its hash.
pub const MAX_BODY: usize = 64 * 1024;

pub(super) const PREFIX: &[u8] = br#"{"r":"#;
pub(super) const MIDDLE: &[u8] = br#","h":""#;
pub(super) const END: &[u8] = br#""}"#;

/// SHA-256 of a record: link of the chain and leaf of the tree.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first record names as the one before it.
    pub const ZERO: Self = Self([0; 32]);

    /// From 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let text = text.as_bytes();
        if text.len() != 64 {
            return None;
        }
        let mut out = [0; 32];
        for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(out))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::from_hex(&text).ok_or_else(|| de::Error::custom("a hash is 64 lower-case hexadecimal digits"))
    }
}

/// `SHA-256(0x00 ‖ body)`: the leaf hash of RFC 6962.
pub fn leaf_hash(body: &[u8]) -> Hash {
    let mut h = Sha256::new();
    h.update([0]);
    h.update(body);
    Hash(h.finalize().into())
}

/// Whether the run touches Azure, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The real Azure.
    Live,
    /// Reads of the real Azure only.
    DryRun,
    /// The simulated Azure.
    Rehearsal,
    /// People only.
    Tabletop,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::DryRun => "dry run",
            Self::Rehearsal => "rehearsal",
            Self::Tabletop => "tabletop",
        })
    }
}

/// Who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Lifeboat itself.
    System,
    /// A person.
    Person(Person),
}

/// A person, by what is known; `tid` with `oid`, or `key`, tells two people apart, a name never does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Display name.
    pub name: String,
    /// Entra tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<String>,
    /// Entra object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// Sign-in name; display only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// Fingerprint of the person's device key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How they proved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authn: Option<Authn>,
}

/// Proof of a sign-in, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authn {
    /// For example `cli`, `browser`, `device_key`.
    pub method: String,
    /// When, UTC milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// SHA-256 of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_sha256: Option<String>,
}

/// The program that wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its version.
    pub version: String,
    /// SHA-256 of its binary, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What was agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRef {
    /// Id of plan or runbook.
    pub id: String,
    /// Its version, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of its text.
    pub sha256: String,
}

/// What a record is about in Azure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// ARM id, host or name.
    pub id: String,
    /// Subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// What ties a record to Azure's own logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corr {
    /// `x-ms-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// `x-ms-correlation-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// `x-ms-client-request-id`, made by [`client_request_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Where a long-running operation is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The server's `Date`, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// Everything that is hashed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Format, [`FORMAT`].
    pub v: u64,
    /// Log id; equal to the run id.
    pub log: String,
    /// Number of the file, from 1.
    pub seg: u64,
    /// Number of the record in the log, from 0, without gaps.
    pub seq: u64,
    /// Hash of the record before; zeros first.
    pub prev: Hash,
    /// First record of the same write, when this is not it. After a power cut a write can have holes; this tells the
    /// torn part of one write from a hole in records that had been acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Wall clock, UTC milliseconds; the real one, in a rehearsal too.
    pub ts: i64,
    /// Monotonic milliseconds of this process.
    pub mono: u64,
    /// This process.
    pub boot: String,
    /// In a rehearsal: scenario milliseconds since the scenario began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// Run id.
    pub run: String,
    /// Step, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What it is about.
    pub kind: Kind,
    /// Which Azure.
    pub mode: Mode,
    /// Who.
    pub actor: Actor,
    /// Which program.
    pub app: App,
    /// Which device: fingerprint of its key, or its name while it has none.
    pub dev: String,
    /// Under which plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanRef>,
    /// On what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tgt: Option<Target>,
    /// Azure's ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corr: Option<Corr>,
    /// What the kind calls for.
    pub d: Value,
    /// Paths that were redacted before writing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub red: Vec<String>,
}

/// Why a record cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A float.
    #[error("`{at}` is {text}: a record holds whole numbers only; write it as text or in a smaller unit")]
    Float {
        /// Path.
        at: String,
        /// The number.
        text: String,
    },
    /// An integer that JSON readers would round.
    #[error("`{at}` is {text}: a record holds integers below 2^53; write it as text")]
    Integer {
        /// Path.
        at: String,
        /// The number.
        text: String,
    },
    /// A key outside printable ASCII.
    #[error("`{at}` has the key `{}`: keys of a record are printable ASCII; make it a value", visible(.key))]
    Key {
        /// Path.
        at: String,
        /// The key.
        key: String,
    },
    /// Too deep.
    #[error("`{at}` is nested more than {MAX_DEPTH} deep; flatten it")]
    Depth {
        /// Path.
        at: String,
    },
    /// Too big.
    #[error(
        "a record of {bytes} bytes is more than {MAX_BODY}; `{largest}` alone has {largest_bytes}: keep it as an evidence file"
    )]
    TooBig {
        /// Size of the body.
        bytes: usize,
        /// Its biggest part.
        largest: String,
        /// Size of that.
        largest_bytes: usize,
    },
    /// A kind that only a newer Lifeboat knows.
    #[error("a record of unknown kind cannot be written")]
    UnknownKind,
    /// Not JSON, or not the JSON of a record.
    #[error("not the JSON of a record")]
    Json {
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// The line of `body`, with its line feed, and its hash.
pub fn encode(body: &Body) -> Result<(Vec<u8>, Hash), RecordError> {
    if body.kind == Kind::Unknown {
        return Err(RecordError::UnknownKind);
    }
    let value = serde_json::to_value(body).map_err(|source| RecordError::Json { source })?;
    let bytes = canonical(&value)?;
    if bytes.len() > MAX_BODY {
        let (largest, largest_bytes) = largest(&value);
        return Err(RecordError::TooBig { bytes: bytes.len(), largest, largest_bytes });
    }
    let hash = leaf_hash(&bytes);
    let mut line = Vec::with_capacity(bytes.len() + 80);
    line.extend_from_slice(PREFIX);
    line.extend_from_slice(&bytes);
    line.extend_from_slice(MIDDLE);
    line.extend_from_slice(hex(&hash.0).as_bytes());
    line.extend_from_slice(END);
    line.push(b'\n');
    Ok((line, hash))
}

/// Path and size of the biggest field, one level into `d`.
fn largest(body: &Value) -> (String, usize) {
    let size = |v: &Value| canonical(v).map_or(0, |b| b.len());
    let biggest = |v: &Value| {
        let fields = v.as_object().into_iter().flatten().map(|(k, f)| (k.clone(), size(f)));
        fields.max_by_key(|(_, n)| *n)
    };
    let Some((top, bytes)) = biggest(body) else { return ("the body".to_owned(), 0) };
    match body.get(&top).and_then(biggest) {
        Some((inner, bytes)) => (format!("{top}.{inner}"), bytes),
        None => (top, bytes),
    }
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What it says.
    pub body: Body,
    /// Its hash, checked.
    pub h: Hash,
    /// The line as stored, without its line feed.
    pub raw: String,
}

impl Stored {
    /// From a line whose hash has been checked.
    pub fn from_read(read: &Read<'_>) -> Result<Self, RecordError> {
        let body = serde_json::from_slice(read.body).map_err(|source| RecordError::Json { source })?;
        Ok(Self { body, h: read.hash, raw: String::from_utf8_lossy(read.line).into_owned() })
    }
}

/// The `x-ms-client-request-id` of an action: a UUIDv8 that anyone who holds the intent's hash (64 hexadecimal digits)
/// can compute again, so that Azure's own log can be tied to ours.
pub fn client_request_id(h_intent: &str) -> String {
    let mut h = Sha256::new();
    h.update(b"lifeboat-crid");
    h.update(h_intent.as_bytes());
    let digest: [u8; 32] = h.finalize().into();
    let mut id = [0u8; 16];
    id.copy_from_slice(&digest[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let t = hex(&id);
    format!("{}-{}-{}-{}-{}", &t[..8], &t[8..12], &t[12..16], &t[16..20], &t[20..])
}
