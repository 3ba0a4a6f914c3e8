//! A checkpoint: three lines that commit to a whole log, in the C2SP `tlog-checkpoint` format.
//!
//! Copied anywhere outside this computer (a ticket, a chat, a colleague's laptop) it is what a rewritten or cut log
//! cannot be made to fit. Signature lines after the blank line are kept; nothing here can check them yet.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::record::Hash;

/// Origin lines begin so.
const ORIGIN: &str = "lifeboat/";
/// A checkpoint is a few lines; more is another file.
const MAX_TEXT: usize = 64 * 1024;

/// Log, size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Log id.
    pub log: String,
    /// Number of records covered, from the first.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Signature lines as they came; not checked.
    pub signatures: Vec<String>,
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
        writeln!(f, "{ORIGIN}{}\n{}\n{}", self.log, self.size, STANDARD.encode(self.root.0))?;
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
