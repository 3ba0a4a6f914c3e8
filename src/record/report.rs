//! What verification says: verdicts in words, never one green tick.

use std::fmt;

use serde::Serialize;

use super::record::Hash;
use crate::units::{PublicKey, utc_text, visible};

/// The exit code's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Consistent, signed, and anchored to the end.
    Whole,
    /// Consistent, with limits named in the report.
    Limited,
    /// Not verifiable.
    Unverifiable,
    /// Tampered with or corrupt.
    Broken,
}

impl Verdict {
    /// The process's exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Limited => 1,
            Self::Broken => 2,
            Self::Unverifiable => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "consistent, signed, and anchored to its end",
            Self::Limited => "consistent, with limits that are named",
            Self::Broken => "TAMPERED WITH OR CORRUPT",
            Self::Unverifiable => "could not be verified",
        })
    }
}

/// What is known of signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// The log names no key.
    NoKey,
    /// The same, and one was asked for.
    Missing,
    /// The log's key signed its checkpoints.
    By {
        /// The last one's fingerprint.
        key: String,
        /// How many keys the log names.
        keys: u64,
        /// Signed checkpoints in the log.
        checkpoints: u64,
        /// Records that the newest of them covers.
        to: u64,
        /// Whether anybody else knows the key.
        vouching: Vouching,
    },
    /// The checkpoint given from outside carries a signature of the log's key that does not hold.
    OutsideWrong,
}

/// Who vouches for the key that a log names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vouching {
    /// Known otherwise, or vouched for by one that is.
    Pinned {
        /// Whose it is.
        of: String,
    },
    /// Only the log names it.
    Unpinned,
    /// Only the log names it, and it was kept in the memory of a process alone.
    Ephemeral,
    /// Another key was asked for.
    OtherKey,
}

/// A stretch in which a checkpoint was due and none was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Record behind which it begins.
    pub from: u64,
    /// How long, in milliseconds.
    pub ms: u64,
}

/// What a checkpoint says about the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// None was given.
    None,
    /// It fits the first `size` records.
    Agrees {
        /// Records covered.
        size: u64,
    },
    /// Same size, another root: the records are not those it was made from.
    Differs {
        /// Records covered.
        size: u64,
        /// Its root.
        expected: Hash,
        /// The log's.
        found: Hash,
    },
    /// The log is shorter: its end was cut off.
    Shorter {
        /// Records covered by the checkpoint.
        size: u64,
        /// Records there are.
        records: u64,
    },
    /// It is another log's.
    OtherLog {
        /// The checkpoint's log.
        log: String,
    },
    /// The root could not be computed.
    NotComparable,
}

/// A checkpoint of which the record says that somebody else saw it, by a key that is known otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Records covered.
    pub size: u64,
    /// When, by their clock: seconds since 1970.
    pub at: u64,
    /// Whose key it is.
    pub by: String,
}

/// Checkpoints that left, or were to, one way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// To a witness, a person, a blob, a time-stamp authority.
    pub to: String,
    /// How many are held there.
    pub held: u64,
    /// How many did not come there.
    pub failed: u64,
}

/// An action whose intent has no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Number of the intent.
    pub seq: u64,
    /// Its step.
    pub step: String,
}

/// A file of evidence that a record names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name in the folder of evidence.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// What the files of evidence are. One that is missing may have been taken away for a reason; one that is another was altered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    /// As the record says.
    pub same: u64,
    /// Not there, by name.
    pub missing: Vec<String>,
    /// Another than the record says, by name.
    pub altered: Vec<String>,
}

/// Everything found out about one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Log id; empty when no record could be read.
    pub log: String,
    /// Files.
    pub segments: u64,
    /// Good records.
    pub records: u64,
    /// Number of the first record; above 0 the beginning was not given.
    pub start: u64,
    /// Time of the first record, UTC milliseconds.
    pub from: Option<i64>,
    /// Time of the last.
    pub to: Option<i64>,
    /// Root of the tree, if it could be computed.
    pub root: Option<Hash>,
    /// Places where the chain does not hold; the first few.
    pub breaks: Vec<String>,
    /// How many there are.
    pub break_count: u64,
    /// Signatures.
    pub signed: Signature,
    /// The checkpoint given from outside.
    pub anchor: Anchor,
    /// The one beside the log on the same disk: it catches accidents, and nobody who can write there.
    pub beside: Anchor,
    /// Checkpoints inside the log that fit.
    pub checkpoints: u64,
    /// Intents without a result.
    pub indeterminate: Vec<Open>,
    /// Recorded jumps of the wall clock.
    pub clock_jumps: u64,
    /// Records older than the one before, without a recorded jump.
    pub clock_back: u64,
    /// Bytes of a torn tail.
    pub torn_bytes: u64,
    /// Recorded recoveries.
    pub recovered: u64,
    /// Files begun after a failed write.
    pub rotated: u64,
    /// Records and bytes that failed writes left; written again elsewhere.
    pub left_records: u64,
    /// See `left_records`.
    pub left_bytes: u64,
    /// Pieces of evidence, by hash.
    pub evidence: u64,
    /// Those of them that are files beside the log.
    #[serde(skip)]
    pub files: Vec<Named>,
    /// What the files were found to be; none: nobody looked.
    pub evidence_files: Option<Files>,
    /// Records whose kind this Lifeboat does not know.
    pub unknown_kinds: u64,
    /// What the record itself says of its last comparison with Azure's Activity Log.
    pub reconciled: Option<String>,
    /// A format this Lifeboat does not know.
    pub newer_format: Option<u64>,
    /// Records of which only the hash is there.
    pub withheld: u64,
    /// Where a checkpoint was due and none was written; the first few.
    pub gaps: Vec<Gap>,
    /// Who signed the checkpoint from outside as seen: fingerprint, and when by their clock (seconds since 1970).
    pub witnesses: Vec<(String, u64)>,
    /// The keys that signed it, in order.
    #[serde(skip)]
    pub keys: Vec<PublicKey>,
    /// The largest checkpoint that the record itself says a known key saw.
    pub seen: Option<Seen>,
    /// What the record says of checkpoints that left.
    pub left: Vec<Left>,
    /// The sum.
    pub verdict: Verdict,
}

/// Said of what can only be checked in a record.
const NOTHING: &str = "not checked";

impl Report {
    /// Holds the files of evidence against the record; `hash` gives the SHA-256 of one that is there.
    pub fn hold(&mut self, mut hash: impl FnMut(&str) -> Option<String>) {
        let mut found = Files::default();
        for named in &self.files {
            match hash(&named.file) {
                Some(h) if h == named.sha256 => found.same += 1,
                Some(_) => found.altered.push(named.file.clone()),
                None => found.missing.push(named.file.clone()),
            }
        }
        if !found.altered.is_empty() && self.verdict != Verdict::Unverifiable {
            self.verdict = Verdict::Broken;
        }
        if !found.missing.is_empty() && self.verdict == Verdict::Whole {
            self.verdict = Verdict::Limited;
        }
        self.evidence_files = Some(found);
    }

    /// Nobody can look at the files of evidence: what they are is not known, and the record that names them is not whole.
    pub fn not_held(&mut self) {
        if !self.files.is_empty() && self.verdict == Verdict::Whole {
            self.verdict = Verdict::Limited;
        }
    }

    /// Nothing is torn or withheld, and a checkpoint from outside covers everything.
    pub(super) fn whole_to_its_end(&self) -> bool {
        self.torn_bytes == 0 && self.withheld == 0 && self.unanchored() == 0
    }

    /// Records after the last one that an outside checkpoint covers, or one that a known key saw. What the record says of
    /// the latter stands behind the records that it covers, so that alone never reaches the end.
    pub fn unanchored(&self) -> u64 {
        let given = if let Anchor::Agrees { size } = self.anchor { size } else { 0 };
        let seen = self.seen.as_ref().map_or(0, |s| s.size);
        self.records.saturating_sub(given.max(seen))
    }

    /// Heading and text of each verdict.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Log", self.log_line()),
            ("Consistent", self.consistent_line()),
            ("Signed", self.signed_line()),
            ("Anchored", self.anchored_line()),
            ("Unanchored tail", self.tail_line()),
            ("Reconciled with Activity Log", self.reconciled_line()),
            ("Indeterminate actions", self.indeterminate_line()),
            ("Clock", self.clock_line()),
            ("Gaps and recoveries", self.gaps_line()),
            ("Evidence", self.evidence_line()),
        ]
    }

    fn reconciled_line(&self) -> String {
        // The record's own word: who doubts it compares again.
        match &self.reconciled {
            Some(text) => format!("as recorded: {}", visible(text)),
            None => "not checked: nobody has compared the run with it yet (lifeboat reconcile does)".to_owned(),
        }
    }

    /// Not one line was ever a record's.
    fn nothing(&self) -> bool {
        self.log.is_empty() && self.verdict == Verdict::Unverifiable
    }

    fn log_line(&self) -> String {
        let time = |t: Option<i64>| t.map_or_else(|| "unknown time".to_owned(), utc_text);
        if self.log.is_empty() {
            return format!("no record of a Lifeboat log in {}", count(self.segments, "file"));
        }
        format!(
            "{}: {} in {}, {} to {}",
            visible(&self.log),
            count(self.records, "record"),
            count(self.segments, "file"),
            time(self.from),
            time(self.to)
        )
    }

    fn consistent_line(&self) -> String {
        if let Some(v) = self.newer_format {
            return format!("not checked: format {v} is newer than this Lifeboat");
        }
        if self.nothing() {
            return format!("{NOTHING}: this is not the record of a run");
        }
        if self.break_count > 0 {
            let shown = self.breaks.iter().map(|b| format!("\n  {b}")).collect::<String>();
            let more = self.break_count - self.breaks.len() as u64;
            let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
            return format!("NO: {}{shown}{more}", count(self.break_count, "break"));
        }
        let withheld = match self.withheld {
            0 => String::new(),
            n => format!("; {} withheld: their hashes are there, their content is not", count(n, "record")),
        };
        match (&self.root, self.records) {
            (_, 0) => "nothing to check".to_owned(),
            (Some(root), _) => format!("hashes, chain and tree; root {root}{withheld}"),
            (None, _) => {
                format!("hashes and chain from record {} on; what came before was not given{withheld}", self.start)
            }
        }
    }

    fn signed_line(&self) -> String {
        let Signature::By { key, keys, checkpoints, to, vouching } = &self.signed else {
            return match self.signed {
                Signature::OutsideWrong => {
                    "NO: the signature on the checkpoint that was given does not hold".to_owned()
                }
                Signature::Missing => "NOT at all, though a key was asked for".to_owned(),
                _ => "no key: the record is not signed".to_owned(),
            };
        };
        if *checkpoints == 0 {
            return format!("nothing yet: the key {key} is named, and no checkpoint stands in the record");
        }
        let keys = if *keys == 1 { String::new() } else { format!(", the last of {keys}") };
        let by = format!(
            "{}, the newest over {}, by the key {key}{keys}",
            count(*checkpoints, "checkpoint"),
            count(*to, "record")
        );
        match vouching {
            Vouching::Pinned { of } => format!("{by}; pinned ({})", visible(of)),
            Vouching::Unpinned => format!("{by}; not pinned: only the record itself names it"),
            Vouching::Ephemeral => {
                format!("{by}; not pinned: it was in memory only, as there was no keyring, so nobody can vouch for it")
            }
            Vouching::OtherKey => format!("NOT by the key that was asked for: {by}"),
        }
    }

    fn anchored_line(&self) -> String {
        let beside = match &self.beside {
            Anchor::Differs { size, .. } => format!("; the checkpoint beside the log, of {size} records, DIFFERS"),
            Anchor::Shorter { size, records } => {
                format!("; the log is SHORTER ({records}) than the checkpoint beside it ({size}): its end is missing")
            }
            Anchor::Agrees { size } => format!("; the checkpoint beside it, of {size} records, agrees (same disk)"),
            Anchor::OtherLog { .. } => "; the checkpoint beside it is ANOTHER log's".to_owned(),
            Anchor::None | Anchor::NotComparable => String::new(),
        };
        let (seen, left) = (self.seen_text(), self.left_text());
        let outside = match &self.anchor {
            Anchor::None if seen.is_empty() => {
                "nothing from outside this computer was compared (lifeboat verify --checkpoint takes a checkpoint that \
                 was kept elsewhere)"
                    .to_owned()
            }
            Anchor::None => {
                "no checkpoint that was kept elsewhere was compared (lifeboat verify --checkpoint takes one)".to_owned()
            }
            Anchor::Agrees { size: 0 } => "checkpoint compared: it covers no record".to_owned(),
            Anchor::Agrees { size } => {
                let by = |(who, at): &(String, u64)| format!("; seen by {} at {}", visible(who), seconds(*at));
                let by: String = self.witnesses.iter().map(by).collect();
                format!(
                    "checkpoint compared: it fits the first {}, through record {}{by}",
                    count(*size, "record"),
                    size - 1
                )
            }
            Anchor::Differs { size, .. } => format!("NO: the checkpoint of {size} records has another root"),
            Anchor::Shorter { size, records } => {
                format!("NO: the checkpoint covers {size} records, the log has {records}: its end is missing")
            }
            Anchor::OtherLog { log } => format!("NO: the checkpoint is of another log, {}", visible(log)),
            Anchor::NotComparable => "checkpoint not compared: the root could not be computed".to_owned(),
        };
        outside + &seen + &left + &beside
    }

    /// What the record itself says that a known key saw.
    fn seen_text(&self) -> String {
        self.seen.as_ref().filter(|s| s.size > 0).map_or_else(String::new, |s| {
            format!("; through record {} at {} by {}, as the record says", s.size - 1, seconds(s.at), visible(&s.by))
        })
    }

    fn left_text(&self) -> String {
        let text = |l: &Left| {
            let failed = if l.failed > 0 { format!(", {} FAILED", l.failed) } else { String::new() };
            format!("; {} to {} held{failed}", l.held, a_way(&l.to))
        };
        self.left.iter().map(text).collect()
    }

    fn tail_line(&self) -> String {
        match self.unanchored() {
            _ if self.nothing() => NOTHING.to_owned(),
            _ if self.break_count > 0 => "not told: the chain does not hold".to_owned(),
            0 => "none".to_owned(),
            n => format!("{}: rewriting or cutting them off would not show", count(n, "record")),
        }
    }

    fn indeterminate_line(&self) -> String {
        if self.nothing() {
            return NOTHING.to_owned();
        }
        if self.indeterminate.is_empty() {
            return "none".to_owned();
        }
        let shown: Vec<_> =
            self.indeterminate.iter().take(10).map(|o| format!("{} (record {})", visible(&o.step), o.seq)).collect();
        let n = count(self.indeterminate.len() as u64, "action");
        format!("{n} without a known result: {}", shown.join(", "))
    }

    fn clock_line(&self) -> String {
        match (self.clock_jumps, self.clock_back) {
            (0, 0) => "no jump; correctness of the computer's clock was not checked".to_owned(),
            (jumps, back) => format!(
                "{} recorded, {} older than the one before; the numbers give the order",
                count(jumps, "jump"),
                count(back, "record")
            ),
        }
    }

    fn gaps_line(&self) -> String {
        if self.nothing() {
            return NOTHING.to_owned();
        }
        let mut parts = Vec::new();
        if self.torn_bytes > 0 {
            // A checkpoint that covers more says that it was.
            let never = if matches!(self.anchor, Anchor::Shorter { .. }) { "" } else { ", never acknowledged" };
            parts.push(format!("torn tail of {}{never}", count(self.torn_bytes, "byte")));
        }
        if self.recovered > 0 {
            parts.push(format!("{} set aside and recorded", count(self.recovered, "torn tail")));
        }
        if self.rotated > 0 {
            parts.push(format!("{} begun after a failed write", count(self.rotated, "file")));
        }
        if self.left_records + self.left_bytes > 0 {
            let (r, b) = (count(self.left_records, "record"), count(self.left_bytes, "byte"));
            parts.push(format!("{r} and {b} left by a failed write, superseded"));
        }
        for gap in &self.gaps {
            let text = span(gap.ms);
            parts.push(format!("no checkpoint for {text} behind record {}", gap.from));
        }
        if self.unknown_kinds > 0 {
            parts.push(format!(
                "warning: {} of a kind this Lifeboat does not know",
                count(self.unknown_kinds, "record")
            ));
        }
        if parts.is_empty() { "none".to_owned() } else { parts.join("; ") }
    }

    fn evidence_line(&self) -> String {
        let names = |of: &[String]| of.iter().take(10).map(|n| visible(n)).collect::<Vec<_>>().join(", ");
        match &self.evidence_files {
            _ if self.files.is_empty() => "no files named".to_owned(),
            None => format!("not checked: {} named by hash", count(self.files.len() as u64, "file")),
            Some(f) => {
                let mut text = format!("{} as the record says", count(f.same, "file"));
                if !f.missing.is_empty() {
                    text.push_str(&format!("; {} missing: {}", f.missing.len(), names(&f.missing)));
                }
                if !f.altered.is_empty() {
                    text.push_str(&format!("; {} ALTERED: {}", f.altered.len(), names(&f.altered)));
                }
                text
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in self.lines() {
            writeln!(f, "{name}: {text}")?;
        }
        writeln!(f, "Verdict: {}", self.verdict)
    }
}

/// By the clock of whoever saw it.
fn seconds(at: u64) -> String {
    utc_text(i64::try_from(at).unwrap_or(0).saturating_mul(1_000))
}

fn a_way(to: &str) -> &str {
    match to {
        "witness" => "a witness",
        "person" => "people",
        "blob" => "a blob",
        "tsa" => "a time-stamp authority",
        other => other,
    }
}

/// Whole minutes.
fn span(ms: u64) -> String {
    count(ms / 60_000, "minute")
}

fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
