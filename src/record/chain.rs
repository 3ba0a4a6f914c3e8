//! The walk over a log's files: every line hashed before it is parsed, every record held against the one before.
//!
//! One walk serves the verifier, the reader and recovery, so that they cannot disagree about what a log says. It goes
//! on after damage: whoever is in the middle of a failover needs the records behind a bad line too.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::checkpoint::Checkpoint;
use super::record::{END, FORMAT, Hash, MAX_BODY, MIDDLE, PREFIX, leaf_hash};
use super::tree::Tree;

/// Breaks kept with their place; the rest are only counted.
pub const MAX_BREAKS: usize = 20;

const HEX: usize = 64;
const TAIL: usize = MIDDLE.len() + HEX + END.len();
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

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
    #[serde(borrow, default)]
    pub step: Option<Cow<'a, str>>,
    /// Payload, unparsed.
    #[serde(borrow)]
    pub d: &'a RawValue,
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
        Ok(Read { line, body, hash, hex, envelope })
    }

    /// Whether lost sectors explain why it cannot be read: it has no end, or a NUL, which JSON never has.
    fn looks_torn(&self) -> bool {
        !self.ended || self.bytes.contains(&0)
    }
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
        let end = line_feed(rest);
        let line = Line { offset, bytes: &rest[..end.unwrap_or(rest.len())], ended: end.is_some() };
        offset += line.bytes.len() + 1;
        Some(line)
    })
}

/// Position of the first line feed. In blocks, because looking at single bytes takes longer than hashing them.
fn line_feed(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 128;
    let block = bytes.chunks(BLOCK).position(|c| c.contains(&b'\n'))? * BLOCK;
    bytes[block..].iter().position(|b| *b == b'\n').map(|at| block + at)
}

/// One file of a log.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Its content.
    pub bytes: &'a [u8],
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
            Self::Noted(cause) => {
                write!(f, "Lifeboat found damage before this file ({})", crate::units::visible(cause))
            }
        }
    }
}

/// A place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// File.
    pub segment: u64,
    /// Line, from 1.
    pub line: u64,
    /// Record that was expected there.
    pub seq: u64,
    /// What is wrong.
    pub why: Why,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {}, line {}, where record {} belongs: {}", self.segment, self.line, self.seq, self.why)
    }
}

/// A tail that a power cut or a crash left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// File.
    pub segment: u64,
    /// Where the good part ends.
    pub offset: usize,
    /// Bytes from there.
    pub bytes: usize,
}

/// What a walk over a log found.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    /// Log id of the first good record.
    pub log: Option<String>,
    /// Number of the first good record; not 0 when the beginning was not given.
    pub start: u64,
    /// Good records.
    pub records: u64,
    /// Number the next record gets.
    pub next: u64,
    /// Hash it names.
    pub head: Hash,
    /// The tree, when nothing is missing before the end.
    pub tree: Option<Tree>,
    /// Root at each size that was asked for and reached.
    pub roots: Vec<(u64, Hash)>,
    /// The first [`MAX_BREAKS`] breaks.
    pub breaks: Vec<Break>,
    /// All breaks.
    pub break_count: u64,
    /// Last file with a break that the journal has not noted itself.
    pub last_broken: u64,
    /// Breaks that the journal has noted itself.
    pub noted: u64,
    /// Torn tails.
    pub torn: Vec<Torn>,
    /// Complete records left by a failed write and written again in a later file.
    pub left_records: u64,
    /// Torn or foreign bytes left by a failed write.
    pub left_bytes: u64,
    /// A format version this Lifeboat does not know; the walk ended there.
    pub newer: Option<u64>,
    /// Checkpoints recorded in the log that fit.
    pub checkpoints: u64,
}

#[derive(Deserialize)]
struct SegmentNote<'a> {
    #[serde(borrow)]
    cause: Cow<'a, str>,
}

#[derive(Deserialize)]
struct CheckpointNote<'a> {
    #[serde(borrow)]
    note: Cow<'a, str>,
}

/// `d.cause` of `log.segment` after a write that failed: what lies behind the link was never acknowledged.
pub const FAILED_WRITE: &str = "failed_write";
/// `d.cause` of `log.segment` behind damage that recovery found.
pub const DAMAGED: &str = "damaged";

/// Walks a log's files in order. `whole`: they are all of them, from the first record on. `visit` sees each record that
/// counts, once; `sizes` are those at which the root is wanted.
pub fn walk<'a>(segments: &[Segment<'a>], whole: bool, sizes: &[u64], visit: &mut dyn FnMut(&Read<'a>)) -> Walk {
    let mut w = Walker {
        whole,
        sizes,
        log: None,
        last: ZEROS,
        skipped: 0,
        out: Walk { tree: Some(Tree::default()), ..Walk::default() },
    };
    w.at_size();
    let live = segments.iter().rposition(|s| lines(s.bytes).next().is_some_and(|l| l.read().is_ok()));
    let cuts = cuts(segments);
    for (i, segment) in segments.iter().enumerate() {
        // Only the end of the log can be torn: the last file that was really begun, and those that were to follow it.
        let may_be_torn = live.is_none_or(|l| i >= l);
        w.segment(segment, cuts[i], may_be_torn, visit);
        if w.out.newer.is_some() {
            break;
        }
    }
    w.out.log = w.log.map(str::to_owned);
    w.out.head = Hash::from_hex(w.last).unwrap_or_default();
    w.out
}

/// For each file the number from which on its records were written again in a later one.
fn cuts(segments: &[Segment<'_>]) -> Vec<Option<u64>> {
    let mut cuts = vec![None; segments.len()];
    let mut least: Option<u64> = None;
    for (i, segment) in segments.iter().enumerate().rev() {
        cuts[i] = least;
        let Some(Ok(read)) = lines(segment.bytes).next().map(|l| l.read()) else { continue };
        if cause(&read).is_some_and(|c| c == FAILED_WRITE) {
            let seq = read.envelope.seq;
            least = Some(least.map_or(seq, |l| l.min(seq)));
        }
    }
    cuts
}

/// `d.cause` of a `log.segment`.
fn cause<'a>(read: &Read<'a>) -> Option<Cow<'a, str>> {
    if read.envelope.kind != "log.segment" {
        return None;
    }
    serde_json::from_str::<SegmentNote<'a>>(read.envelope.d.get()).ok().map(|n| n.cause)
}

struct Walker<'a, 's> {
    whole: bool,
    sizes: &'s [u64],
    log: Option<&'a str>,
    /// Hash of the last good record, as text in its line.
    last: &'a str,
    /// Bad lines since the last good one.
    skipped: u64,
    out: Walk,
}

impl<'a> Walker<'a, '_> {
    fn segment(&mut self, s: &Segment<'a>, cut: Option<u64>, may_be_torn: bool, visit: &mut dyn FnMut(&Read<'a>)) {
        let mut rest = lines(s.bytes);
        let mut number = 0;
        // Up to here a torn tail has been ruled out.
        let mut sound_to = 0;
        loop {
            let from_here = rest.clone();
            let Some(line) = rest.next() else { return };
            number += 1;
            match line.read() {
                Ok(read) if cut.is_some_and(|c| read.envelope.seq >= c) => self.out.left_records += 1,
                Ok(read) => {
                    self.record(s.number, number, &read, visit);
                    if self.out.newer.is_some() {
                        return;
                    }
                }
                Err(_) if cut.is_some_and(|c| self.out.next >= c) => {
                    self.out.left_bytes += line.bytes.len() as u64 + u64::from(line.ended);
                }
                Err(why) => {
                    if may_be_torn && line.offset >= sound_to {
                        match torn_from(from_here, self.out.next) {
                            None => {
                                let bytes = s.bytes.len() - line.offset;
                                self.out.torn.push(Torn { segment: s.number, offset: line.offset, bytes });
                                return;
                            }
                            Some(ruled_out) => sound_to = ruled_out + 1,
                        }
                    }
                    self.skipped += 1;
                    self.broken(s.number, number, why);
                }
            }
        }
    }

    fn record(&mut self, file: u64, number: u64, read: &Read<'a>, visit: &mut dyn FnMut(&Read<'a>)) {
        let e = &read.envelope;
        if e.v != FORMAT {
            self.out.newer = Some(e.v);
            return;
        }
        let log = match self.log {
            Some(log) => log,
            None => {
                self.log = Some(e.log);
                if !self.whole && e.seq > 0 {
                    // A file from the middle of a log: it can be held against itself only.
                    (self.out.start, self.out.next, self.last, self.out.tree) = (e.seq, e.seq, e.prev, None);
                }
                e.log
            }
        };
        if e.log != log || e.run != log {
            return self.broken(file, number, Why::Log(e.log.to_owned()));
        }
        // After a bad line a gap is that line's; it has been reported.
        let after_damage = std::mem::take(&mut self.skipped) > 0 && e.seq > self.out.next;
        if !after_damage {
            if e.seq != self.out.next {
                self.broken(file, number, Why::Seq(e.seq));
            } else if e.prev != self.last {
                self.broken(file, number, Why::Prev);
            }
        }
        if e.seq < self.out.next {
            return;
        }
        if self.whole && e.seg != file {
            self.broken(file, number, Why::File(e.seg));
        }
        match &*e.kind {
            "log.checkpoint" => self.recorded_checkpoint(file, number, read),
            "log.segment" => {
                if let Some(c) = cause(read).filter(|c| c != FAILED_WRITE) {
                    self.broken(file, number, Why::Noted(c.into_owned()));
                }
            }
            _ => {}
        }
        if let Some(tree) = &mut self.out.tree {
            tree.push(read.hash);
        }
        self.out.next = e.seq.saturating_add(1);
        self.out.records += 1;
        self.last = read.hex;
        self.at_size();
        visit(read);
    }

    fn recorded_checkpoint(&mut self, file: u64, number: u64, read: &Read<'_>) {
        let Some(tree) = &self.out.tree else { return };
        let note = serde_json::from_str::<CheckpointNote<'_>>(read.envelope.d.get()).ok();
        let noted = note.and_then(|n| n.note.parse::<Checkpoint>().ok());
        if noted.is_some_and(|c| c.log == read.envelope.log && c.size == tree.size() && c.root == tree.root()) {
            self.out.checkpoints += 1;
        } else {
            self.broken(file, number, Why::Checkpoint);
        }
    }

    fn at_size(&mut self) {
        if let Some(tree) = &self.out.tree
            && self.sizes.contains(&tree.size())
        {
            self.out.roots.push((tree.size(), tree.root()));
        }
    }

    fn broken(&mut self, segment: u64, line: u64, why: Why) {
        self.out.break_count += 1;
        match why {
            Why::Noted(_) => self.out.noted += 1,
            _ => self.out.last_broken = self.out.last_broken.max(segment),
        }
        if self.out.breaks.len() < MAX_BREAKS {
            self.out.breaks.push(Break { segment, line, seq: self.out.next, why });
        }
        self.out.tree = None;
    }
}

/// Whether everything from here on is one torn write whose first lost record would have been `next`: `None` if so,
/// else where the line stands that speaks against it.
///
/// Of one write any sectors may be missing, so whole records can stand behind a hole; they say that they were written
/// together with it. A good record that does not say so was acknowledged later, and the hole is damage.
fn torn_from<'a>(rest: impl Iterator<Item = Line<'a>>, next: u64) -> Option<usize> {
    for line in rest {
        let fits = match line.read() {
            Ok(read) => read.envelope.first.is_some_and(|f| f <= next),
            Err(_) => line.looks_torn(),
        };
        if !fits {
            return Some(line.offset);
        }
    }
    None
}
