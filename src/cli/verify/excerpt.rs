//! An excerpt of a run: what its proofs show, and what they do not.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::export::excerpt::{Excerpt, ExcerptError, MAX_BYTES, check};
use crate::export::ranges;
use crate::journal::{Disk, RealDisk};
use crate::record::{Against, Anchor, Checkpoint, CheckpointError, Signed, Verdict};
use crate::units::visible;

/// What is said of an excerpt.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// Log id.
    pub log: String,
    /// Numbers of its records.
    pub entries: Vec<u64>,
    /// What they are proven against.
    pub checkpoint: Checkpoint,
    /// Who signed that, if anybody who is known here.
    pub signed: Option<String>,
    /// What the checkpoint that was given says of it.
    pub anchor: Anchor,
    /// What is wrong.
    pub broken: Option<String>,
    /// The sum.
    pub verdict: Verdict,
}

/// Whether a file begins as an excerpt does: an object that names itself so before anything else.
pub fn is_one(path: &Path) -> bool {
    let start = RealDisk.read(path, 0, 64).unwrap_or_default();
    let mut words = start.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty());
    let first = words.next().unwrap_or_default();
    let rest = first.strip_prefix(b"{").filter(|r| !r.is_empty()).or_else(|| words.next());
    first.starts_with(b"{") && rest.is_some_and(|r| r.starts_with(b"\"excerpt\""))
}

/// Checks an excerpt. The reason why it cannot be is in words.
pub fn examine(path: &Path, against: Against<'_>) -> Result<Proof, String> {
    let bytes = RealDisk.read(path, 0, MAX_BYTES + 1).map_err(|e| format!("it cannot be read: {e}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "this is not an excerpt of a run: it is no text".to_owned())?;
    match check(&text) {
        Ok(found) => Ok(judged(found.log, found.entries, found.checkpoint, against)),
        // A proof that fails is what tampering looks like; anything else is another file.
        Err(e @ ExcerptError::NotProven { .. }) => failed(&text, e.to_string()),
        Err(e) => Err(e.to_string()),
    }
}

fn judged(log: String, entries: Vec<u64>, checkpoint: Checkpoint, against: Against<'_>) -> Proof {
    let anchor = match against.outside {
        None => Anchor::None,
        Some(c) if c.log != log => Anchor::OtherLog { log: c.log.clone() },
        Some(c) if c.size != checkpoint.size => Anchor::NotComparable,
        Some(c) if c.root == checkpoint.root => Anchor::Agrees { size: c.size },
        Some(c) => Anchor::Differs { size: c.size, expected: c.root, found: checkpoint.root },
    };
    let by = |wanted| against.pins.iter().find(|p| checkpoint.signed_by(&p.key) == wanted).map(|p| p.of.clone());
    let (signed, wrong) = (by(Signed::Yes), by(Signed::Wrong));
    let verdict = match &anchor {
        Anchor::Differs { .. } => Verdict::Broken,
        Anchor::OtherLog { .. } => Verdict::Unverifiable,
        _ if wrong.is_some() || (against.only_pins && signed.is_none()) => Verdict::Unverifiable,
        Anchor::Agrees { .. } if signed.is_some() => Verdict::Whole,
        _ => Verdict::Limited,
    };
    Proof { log, entries, checkpoint, signed, anchor, broken: None, verdict }
}

/// What can still be told of one whose proofs do not hold.
fn failed(text: &str, why: String) -> Result<Proof, String> {
    let excerpt: Excerpt = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let checkpoint = excerpt.checkpoint.parse().map_err(|e: CheckpointError| e.to_string())?;
    let entries = excerpt.entries.iter().map(|e| e.seq).collect();
    let (log, anchor, verdict) = (excerpt.log, Anchor::None, Verdict::Broken);
    Ok(Proof { log, entries, checkpoint, signed: None, anchor, broken: Some(why), verdict })
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.checkpoint;
        writeln!(f, "Log: {}: an excerpt, records {}", visible(&self.log), ranges(&self.entries))?;
        if let Some(why) = &self.broken {
            writeln!(f, "Consistent: NO: {}", visible(why))?;
            return writeln!(f, "Verdict: {}", self.verdict);
        }
        writeln!(f, "Consistent: each of them leads to root {} over {} records", c.root, c.size)?;
        match &self.signed {
            Some(of) => writeln!(f, "Signed: the checkpoint in it, by a key that is known: {}", visible(of))?,
            None => writeln!(f, "Signed: by no key that is known here or was given")?,
        }
        f.write_str("Anchored: ")?;
        match &self.anchor {
            Anchor::None => writeln!(f, "none: give the checkpoint that was kept elsewhere (--checkpoint)")?,
            Anchor::Agrees { size } => {
                writeln!(f, "the checkpoint that was given is the one in it, of {size} records")?
            }
            Anchor::OtherLog { log } => {
                writeln!(f, "NO: the checkpoint that was given is of another log, {}", visible(log))?
            }
            Anchor::Differs { size, .. } => {
                writeln!(f, "NO: the checkpoint that was given has another root over the same {size} records")?;
            }
            _ => writeln!(
                f,
                "not compared: the checkpoint that was given covers another number of records than the one in it, {}; an excerpt \
                 shows nothing about any other",
                c.size
            )?,
        }
        writeln!(
            f,
            "Proven: these records were in the run, word for word and at these numbers, when the checkpoint was made"
        )?;
        writeln!(f, "Not shown: the other records, what came later, and whether what a record says is true")?;
        writeln!(f, "Verdict: {}", self.verdict_text())
    }
}

impl Proof {
    fn verdict_text(&self) -> String {
        match self.verdict {
            Verdict::Whole => "these records are proven, signed, and anchored".to_owned(),
            other => other.to_string(),
        }
    }
}
