//! Some records of a run with the proof that they are in it, and nothing of the others.
//!
//! Each record goes out as the line that is stored, with the hashes that lead from it to the root of a checkpoint (RFC 6962).
//! Whoever holds that checkpoint from elsewhere knows that these records were in the run, at this place, word for word.

use serde::{Deserialize, Serialize};

use crate::record::{Checkpoint, CheckpointError, Hash, Line, inclusion, root_from};

/// Version of the file.
pub const VERSION: u32 = 1;
/// Bytes of an excerpt; more is a bundle.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// [`VERSION`].
    pub excerpt: u32,
    /// What the proofs show and what they do not.
    pub about: String,
    /// Log id.
    pub log: String,
    /// `live`, `rehearsal` and so on, for people; each line says it as well.
    pub mode: String,
    /// The checkpoint that the proofs lead to, as a note.
    pub checkpoint: String,
    /// The records.
    pub entries: Vec<Proven>,
}

/// A record and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven {
    /// Number of the record.
    pub seq: u64,
    /// Its line, as stored.
    pub line: String,
    /// Roots of the subtrees beside its path, lowest first.
    pub proof: Vec<Hash>,
}

/// What an excerpt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Log id.
    pub log: String,
    /// The checkpoint that all records lead to; its signatures are not checked here.
    pub checkpoint: Checkpoint,
    /// Numbers of the records.
    pub entries: Vec<u64>,
}

/// Why an excerpt is not made, or proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExcerptError {
    /// The chosen record does not exist.
    #[error("there is no record {0} in this run; `lifeboat runs RUN` lists them")]
    NoRecord(u64),
    /// Behind the checkpoint.
    #[error(
        "record {seq} is newer than the last checkpoint, which covers {size} records: close the run, or go on with it until the next checkpoint, then export again"
    )]
    NotCovered {
        /// Number.
        seq: u64,
        /// Records covered.
        size: u64,
    },
    /// Nothing to lead to.
    #[error("the record holds no checkpoint that it fits, so nothing can be proven; `lifeboat verify` says why")]
    NoCheckpoint,
    /// Another file.
    #[error("this is not an excerpt of a run: {0}")]
    NotOne(String),
    /// A newer file.
    #[error("this excerpt has version {0}, which this Lifeboat does not know")]
    Newer(u32),
    /// Its checkpoint.
    #[error("the checkpoint in the excerpt cannot be read: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The proof fails.
    #[error("record {seq} is not proven: {why}")]
    NotProven {
        /// Number, as the excerpt says it.
        seq: u64,
        /// Why.
        why: &'static str,
    },
}

/// What the proofs show, for whoever opens the file.
const ABOUT: &str = "Each line is a record as it is stored: {\"r\":BODY,\"h\":HASH}, where HASH is SHA-256 of a zero byte and \
    the bytes of BODY. The proof holds the hashes that lead from HASH to the root in the checkpoint (RFC 6962, Merkle audit \
    path). It shows that the record was in the run, at its number, when the checkpoint was made. It does not show the other \
    records, nor that what a record says is true. Compare the checkpoint with one that was kept elsewhere.";

/// Makes an excerpt; `lines` gives the stored line of a record, `leaves` the hashes of all records from the first.
pub fn make<'a>(
    mode: &str,
    checkpoint: &Checkpoint,
    leaves: &[Hash],
    wanted: &[u64],
    line: impl Fn(u64) -> Option<&'a str>,
) -> Result<Excerpt, ExcerptError> {
    let covered =
        usize::try_from(checkpoint.size).ok().and_then(|n| leaves.get(..n)).ok_or(ExcerptError::NoCheckpoint)?;
    let proven = |seq: &u64| {
        let text = line(*seq).ok_or(ExcerptError::NoRecord(*seq))?;
        let proof = inclusion(covered, *seq).ok_or(ExcerptError::NotCovered { seq: *seq, size: checkpoint.size })?;
        Ok(Proven { seq: *seq, line: text.to_owned(), proof })
    };
    Ok(Excerpt {
        excerpt: VERSION,
        about: ABOUT.to_owned(),
        log: checkpoint.log.clone(),
        mode: mode.to_owned(),
        checkpoint: checkpoint.to_string(),
        entries: wanted.iter().map(proven).collect::<Result<_, ExcerptError>>()?,
    })
}

/// Whether every record of an excerpt is what its checkpoint covers. Only the checkpoint's text counts: who signed it, and
/// whether it is the one that was kept elsewhere, is for whoever asks.
pub fn check(text: &str) -> Result<Checked, ExcerptError> {
    if text.len() > MAX_BYTES {
        return Err(ExcerptError::NotOne(format!("it has {} bytes", text.len())));
    }
    let excerpt: Excerpt = serde_json::from_str(text).map_err(|e| ExcerptError::NotOne(e.to_string()))?;
    if excerpt.excerpt != VERSION {
        return Err(ExcerptError::Newer(excerpt.excerpt));
    }
    let checkpoint: Checkpoint = excerpt.checkpoint.parse()?;
    if excerpt.entries.is_empty() {
        return Err(ExcerptError::NotOne("it holds no record".to_owned()));
    }
    for e in &excerpt.entries {
        let not = |why| ExcerptError::NotProven { seq: e.seq, why };
        let line = Line { offset: 0, bytes: e.line.as_bytes(), ended: true };
        let read = line.read().map_err(|_| not("its hash is not that of its bytes"))?;
        if read.envelope.seq != e.seq {
            return Err(not("the line is another record's"));
        }
        if read.envelope.log != checkpoint.log || excerpt.log != checkpoint.log {
            return Err(not("it belongs to another log than the checkpoint"));
        }
        if root_from(read.hash, e.seq, checkpoint.size, &e.proof) != Some(checkpoint.root) {
            return Err(not("its proof does not lead to the root of the checkpoint"));
        }
    }
    let entries = excerpt.entries.iter().map(|e| e.seq).collect();
    Ok(Checked { log: excerpt.log, checkpoint, entries })
}
