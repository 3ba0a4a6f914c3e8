//! A checkpoint: three lines that commit to a whole log, signed, in the C2SP `tlog-checkpoint` format.
//!
//! Copied anywhere outside this computer (a ticket, a chat, a colleague's laptop) it is what a rewritten or cut log
//! cannot be made to fit. Signature lines are those of C2SP `signed-note`: the log's own key signs the three lines, and a
//! second person's device signs them together with the time at which it saw them (`tlog-cosignature`).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::record::Hash;
use super::signing::{KeyUse, Signer};
use crate::units::PublicKey;

/// Origin lines begin so.
const ORIGIN: &str = "lifeboat/";
/// Names of witnesses begin so; their key follows.
const WITNESS: &str = "lifeboat-witness/";
/// A checkpoint is a few lines; more is another file.
const MAX_TEXT: usize = 64 * 1024;
/// Kinds of signatures, in the id of a key.
const ED25519: u8 = 1;
const COSIGNATURE: u8 = 4;
/// Bytes of a key's id in a signature line.
const ID: usize = 4;

/// Log, size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Log id.
    pub log: String,
    /// Number of records covered, from the first.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Signature lines as they came.
    pub signatures: Vec<String>,
}

/// Who else saw a checkpoint, and when by their clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Their device.
    pub key: PublicKey,
    /// Seconds since 1970.
    pub at: u64,
}

/// What a key's signature on a checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// There is none.
    No,
    /// There is, and it holds.
    Yes,
    /// There is one with its name and id, and it does not hold.
    Wrong,
}

/// Why a text is no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Too long.
    #[error("a checkpoint is a few lines, this is {0} bytes")]
    TooBig(usize),
    /// First line.
    #[error("line 1 of a checkpoint reads `lifeboat/<log id>`")]
    Origin,
    /// Second line.
    #[error("line 2 of a checkpoint is the number of records")]
    Size,
    /// Third line.
    #[error("line 3 of a checkpoint is a root: 32 bytes in base64")]
    Root,
    /// The rest.
    #[error(
        "after line 3 of a checkpoint come a blank line and signature lines that begin with `— `, and nothing else"
    )]
    Rest,
}

impl Checkpoint {
    /// What is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin(), self.size, STANDARD.encode(self.root.0))
    }

    fn origin(&self) -> String {
        format!("{ORIGIN}{}", self.log)
    }

    /// Signs it as the log.
    pub fn sign(&mut self, signer: &dyn Signer) {
        let (name, key) = (self.origin(), signer.key());
        let signature = signer.sign(self.text().as_bytes());
        self.signatures.push(line(&name, ED25519, &key, &signature));
    }

    /// Signs it as somebody who saw it, at this second.
    pub fn witness(&mut self, signer: &dyn Signer, at: u64) {
        let key = signer.key();
        let signature = signer.sign(self.seen_at(at).as_bytes());
        let payload = [at.to_be_bytes().as_slice(), &signature].concat();
        self.signatures.push(line(&witness_name(&key), COSIGNATURE, &key, &payload));
    }

    /// Whether the log's own signature by this key is on it. Lines of other keys say nothing about it.
    pub fn signed_by(&self, key: &PublicKey) -> Signed {
        let (name, text) = (self.origin(), self.text());
        let own = self.signatures.iter().filter_map(|l| payload(l, &name, ED25519, key));
        own.map(|s| if key.signed(text.as_bytes(), &s) { Signed::Yes } else { Signed::Wrong }).fold(Signed::No, worse)
    }

    /// Who signed that they saw it. A line that does not hold is nobody's.
    pub fn witnesses(&self) -> Vec<Witness> {
        self.signatures.iter().filter_map(|l| self.witness_of(l)).collect()
    }

    /// Takes the signature line of somebody who saw it, if it holds and is of this key.
    pub fn take(&mut self, line: &str, of: &PublicKey) -> bool {
        let holds = !line.contains(['\n', '\r']) && self.witness_of(line).is_some_and(|w| w.key == *of);
        if holds {
            self.signatures.push(line.to_owned());
        }
        holds
    }

    fn witness_of(&self, line: &str) -> Option<Witness> {
        let key: PublicKey = name_of(line)?.strip_prefix(WITNESS)?.parse().ok()?;
        let bytes = payload(line, &witness_name(&key), COSIGNATURE, &key)?;
        let (at, signature) = bytes.split_at_checked(8)?;
        let at = u64::from_be_bytes(at.try_into().ok()?);
        key.signed(self.seen_at(at).as_bytes(), signature).then_some(Witness { key, at })
    }

    /// Whether each line of the log's own name holds under one of these keys, and each of a witness under the key that it
    /// names. Lines of other names are somebody else's to judge.
    pub(super) fn holds(&self, keys: &[KeyUse]) -> bool {
        let (own, text) = (self.origin(), self.text());
        let by = |line: &str, key: &PublicKey| {
            payload(line, &own, ED25519, key).is_some_and(|s| key.signed(text.as_bytes(), &s))
        };
        self.signatures.iter().all(|line| match name_of(line).unwrap_or_default() {
            name if name == own => keys.iter().any(|k| by(line, &k.key)),
            name if name.starts_with(WITNESS) => self.witness_of(line).is_some(),
            _ => true,
        })
    }

    fn seen_at(&self, at: u64) -> String {
        format!("cosignature/v1\ntime {at}\n{}", self.text())
    }
}

fn witness_name(key: &PublicKey) -> String {
    format!("{WITNESS}{key}")
}

fn worse(a: Signed, b: Signed) -> Signed {
    match (a, b) {
        (Signed::Wrong, _) | (_, Signed::Wrong) => Signed::Wrong,
        (Signed::Yes, _) | (_, Signed::Yes) => Signed::Yes,
        _ => Signed::No,
    }
}

/// The id that a signature line carries of the key that made it: short, so it finds a key and proves nothing.
fn id(name: &str, kind: u8, key: &PublicKey) -> [u8; ID] {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([b'\n', kind]);
    hash.update(key.bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut id = [0; ID];
    id.copy_from_slice(&digest[..ID]);
    id
}

fn line(name: &str, kind: u8, key: &PublicKey, payload: &[u8]) -> String {
    format!("— {name} {}", STANDARD.encode([id(name, kind, key).as_slice(), payload].concat()))
}

/// Whose signature line it is, by its own account.
fn name_of(line: &str) -> Option<&str> {
    line.strip_prefix("— ")?.split(' ').next()
}

/// What a line of this name and key holds behind the key's id.
fn payload(line: &str, name: &str, kind: u8, key: &PublicKey) -> Option<Vec<u8>> {
    let (found, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (found_id, payload) = bytes.split_at_checked(ID)?;
    (found == name && found_id == id(name, kind, key)).then(|| payload.to_vec())
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        if text.len() > MAX_TEXT {
            return Err(CheckpointError::TooBig(text.len()));
        }
        // Pasted through a chat or a Windows editor: other line ends and blank lines around it change nothing.
        let mut lines = text.trim().lines().map(|l| l.trim_end_matches('\r'));
        let log = lines.next().and_then(|l| l.strip_prefix(ORIGIN)).filter(|id| !id.is_empty());
        let log = log.ok_or(CheckpointError::Origin)?.to_owned();
        let digits = lines.next().unwrap_or_default();
        let plain = digits == "0" || !digits.starts_with(['0', '+']);
        let size = digits.parse().ok().filter(|_| plain).ok_or(CheckpointError::Size)?;
        let root = STANDARD.decode(lines.next().unwrap_or_default()).map_err(|_| CheckpointError::Root)?;
        let root = Hash(root.try_into().map_err(|_| CheckpointError::Root)?);
        let signatures: Vec<String> = match lines.next() {
            None => Vec::new(),
            Some("") => lines.map(str::to_owned).collect(),
            Some(_) => return Err(CheckpointError::Rest),
        };
        if signatures.iter().any(|s| !s.starts_with("— ")) {
            return Err(CheckpointError::Rest);
        }
        Ok(Self { log, size, root, signatures })
    }
}

/// The note: three lines, and after a blank one the signatures.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())?;
        if !self.signatures.is_empty() {
            writeln!(f)?;
        }
        self.signatures.iter().try_for_each(|s| writeln!(f, "{s}"))
    }
}

impl Serialize for Checkpoint {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
