//! The walk over a log's files: every line hashed before it is parsed, every record held against the one before.
//!
//! One walk serves the verifier, the reader and recovery, so that they cannot disagree about what a log says. It goes
//! on after damage: whoever is in the middle of a failover needs the records behind a bad line too.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;

use super::checkpoint::{Checkpoint, Signed, Witness};
use super::line::{Line, Read, Why, lines};
use super::record::{FORMAT, Hash};
use super::signing::{KeyUse, key_named};
use super::tree::Tree;
use crate::units::PublicKey;

/// Breaks kept with their place; the rest are only counted.
pub const MAX_BREAKS: usize = 20;

/// What the first record names as the one before it.
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One file of a log.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Its content.
    pub bytes: &'a [u8],
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
    /// Those of them that the log's key signed.
    pub signed: u64,
    /// Records that the newest of those covers.
    pub signed_to: u64,
    /// Keys that the log names, in order.
    pub keys: Vec<KeyUse>,
    /// Records of which only the hash is there.
    pub withheld: u64,
    /// Who signed that they saw a checkpoint, as recorded anchors say that are held; of each key the largest.
    pub cosigned: HashMap<PublicKey, Cosigned>,
}

/// A checkpoint that somebody else saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cosigned {
    /// Records covered.
    pub size: u64,
    /// When, by their clock: seconds since 1970.
    pub at: u64,
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
    /// Of an anchor: what came of it.
    #[serde(borrow, default)]
    outcome: Cow<'a, str>,
}

/// `d.outcome` of an anchor that whoever it went to has.
pub const HELD: &str = "held";

/// `d.cause` of `log.segment` after a write that failed: what lies behind the link was never acknowledged.
pub const FAILED_WRITE: &str = "failed_write";
/// `d.cause` of `log.segment` behind damage that recovery found.
pub const DAMAGED: &str = "damaged";

/// Walks a log's files in order. `whole`: they are all of them, from the first record on. `visit` sees each record that
/// counts, once; `sizes` are those at which the root is wanted.
pub fn walk<'a>(segments: &[Segment<'a>], whole: bool, sizes: &[u64], visit: &mut dyn FnMut(&Read<'a>)) -> Walk {
    let mut w = Walker::new(whole, sizes);
    let firsts: Vec<_> = segments.iter().map(|s| lines(s.bytes).next().map(|l| l.read())).collect();
    for (segment, place) in segments.iter().zip(places(&firsts)) {
        let file = File { number: segment.number, len: segment.bytes.len(), place };
        w.begin();
        let mut rest = lines(segment.bytes);
        loop {
            let from_here = rest.clone();
            let Some(line) = rest.next() else { break };
            let ahead = &mut |next| torn_from(from_here.clone(), next);
            match w.line(&file, &line, line.read(), ahead, visit) {
                Flow::On => {}
                Flow::NextFile => break,
                Flow::End => return w.end(),
            }
        }
    }
    w.end()
}

/// What the first lines of all files say about one of them.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Number from which on its records were written again in a later file.
    cut: Option<u64>,
    /// Only the end of the log can be torn: the last file that was really begun, and those that were to follow it.
    may_be_torn: bool,
}

/// For each file what its place among the others means, by their first lines.
pub fn places(firsts: &[Option<Result<Read<'_>, Why>>]) -> Vec<Place> {
    let live = firsts.iter().rposition(|f| matches!(f, Some(Ok(_))));
    let mut least: Option<u64> = None;
    let mut places = Vec::with_capacity(firsts.len());
    for (i, first) in firsts.iter().enumerate().rev() {
        places.push(Place { cut: least, may_be_torn: live.is_none_or(|l| i >= l) });
        let Some(Ok(read)) = first else { continue };
        if cause(read).is_some_and(|c| c == FAILED_WRITE) {
            let seq = read.envelope.seq;
            least = Some(least.map_or(seq, |l| l.min(seq)));
        }
    }
    places.reverse();
    places
}

/// One file, as far as its lines are concerned.
pub struct File {
    /// Its number.
    pub number: u64,
    /// Its length.
    pub len: usize,
    /// See [`places`].
    pub place: Place,
}

/// How a walk goes on after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// With the next line.
    On,
    /// With the next file: the rest of this one is torn.
    NextFile,
    /// Not at all.
    End,
}

/// `d.cause` of a `log.segment`.
fn cause<'a>(read: &Read<'a>) -> Option<Cow<'a, str>> {
    if read.envelope.kind != "log.segment" {
        return None;
    }
    serde_json::from_str::<SegmentNote<'a>>(read.envelope.d.get()).ok().map(|n| n.cause)
}

/// What is known between two lines.
pub struct Walker<'s> {
    whole: bool,
    sizes: &'s [u64],
    /// Hash of the last record, as text.
    last: String,
    /// Bad lines since the last good one.
    skipped: u64,
    /// Lines of this file so far.
    number: u64,
    /// Up to here in this file a torn tail has been ruled out.
    sound_to: usize,
    /// Roots at the sizes that a checkpoint which left can have: those right behind a recorded one, where it is taken, and
    /// behind a withheld record, which may have been one.
    made: Vec<(u64, Hash)>,
    out: Walk,
}

impl<'s> Walker<'s> {
    /// At the beginning.
    pub fn new(whole: bool, sizes: &'s [u64]) -> Self {
        let out = Walk { tree: Some(Tree::default()), ..Walk::default() };
        let mut w =
            Self { whole, sizes, last: ZEROS.to_owned(), skipped: 0, number: 0, sound_to: 0, made: Vec::new(), out };
        w.at_size();
        w
    }

    /// A file begins.
    pub fn begin(&mut self) {
        (self.number, self.sound_to) = (0, 0);
    }

    /// What was found.
    pub fn end(mut self) -> Walk {
        self.out.head = Hash::from_hex(&self.last).unwrap_or_default();
        self.out
    }

    /// The next line. `ahead` says whether everything from it on is one torn write whose first lost record would have been
    /// the one given: see [`torn_from`].
    pub fn line<'r>(
        &mut self,
        file: &File,
        line: &Line<'_>,
        read: Result<Read<'r>, Why>,
        ahead: &mut dyn FnMut(u64) -> Option<usize>,
        visit: &mut dyn FnMut(&Read<'r>),
    ) -> Flow {
        self.number += 1;
        let cut = file.place.cut;
        match read {
            Ok(read) if cut.is_some_and(|c| read.envelope.seq >= c) => self.out.left_records += 1,
            Ok(read) => {
                self.record(file.number, &read, visit);
                if self.out.newer.is_some() {
                    return Flow::End;
                }
            }
            Err(_) if cut.is_some_and(|c| self.out.next >= c) => {
                self.out.left_bytes += line.bytes.len() as u64 + u64::from(line.ended);
            }
            Err(why) => {
                if let Some(hash) = line.withheld().filter(|_| self.out.log.is_some()) {
                    self.counts(hash, &hash.to_string());
                    self.remember();
                    self.out.withheld += 1;
                    return Flow::On;
                }
                if file.place.may_be_torn && line.offset >= self.sound_to {
                    match ahead(self.out.next) {
                        None => {
                            let bytes = file.len - line.offset;
                            self.out.torn.push(Torn { segment: file.number, offset: line.offset, bytes });
                            return Flow::NextFile;
                        }
                        Some(ruled_out) => self.sound_to = ruled_out + 1,
                    }
                }
                self.skipped += 1;
                self.broken(file.number, why);
            }
        }
        Flow::On
    }

    fn record<'r>(&mut self, file: u64, read: &Read<'r>, visit: &mut dyn FnMut(&Read<'r>)) {
        let e = &read.envelope;
        if e.v != FORMAT {
            self.out.newer = Some(e.v);
            return;
        }
        if self.out.log.is_none() {
            self.out.log = Some(e.log.to_owned());
            if !self.whole && e.seq > 0 {
                // A file from the middle of a log: it can be held against itself only.
                (self.out.start, self.out.next, self.out.tree) = (e.seq, e.seq, None);
                e.prev.clone_into(&mut self.last);
            }
        }
        let log = self.out.log.as_deref().unwrap_or_default();
        if e.log != log || e.run != log {
            return self.broken(file, Why::Log(e.log.to_owned()));
        }
        // After a bad line a gap is that line's; it has been reported.
        let after_damage = std::mem::take(&mut self.skipped) > 0 && e.seq > self.out.next;
        if !after_damage {
            if e.seq != self.out.next {
                self.broken(file, Why::Seq(e.seq));
            } else if e.prev != self.last {
                self.broken(file, Why::Prev);
            }
        }
        if e.seq < self.out.next {
            return;
        }
        if self.whole && e.seg != file {
            self.broken(file, Why::File(e.seg));
        }
        match &*e.kind {
            "log.checkpoint" => self.recorded_checkpoint(file, read),
            "log.anchor" => self.recorded_anchor(file, read),
            "log.key" => match key_named(e.d.get(), e.seq, self.out.keys.last()) {
                Some(key) => self.out.keys.push(key),
                None => self.broken(file, Why::Key),
            },
            "log.segment" => {
                if let Some(c) = cause(read).filter(|c| c != FAILED_WRITE) {
                    self.broken(file, Why::Noted(c.into_owned()));
                }
            }
            _ => {}
        }
        self.out.next = e.seq;
        self.counts(read.hash, read.hex);
        if e.kind == "log.checkpoint" {
            self.remember();
        }
        visit(read);
    }

    fn remember(&mut self) {
        self.made.extend(self.out.tree.as_ref().map(|t| (t.size(), t.root())));
    }

    /// A record of this hash, also as text, takes its place.
    fn counts(&mut self, hash: Hash, hex: &str) {
        if let Some(tree) = &mut self.out.tree {
            tree.push(hash);
        }
        self.out.next = self.out.next.saturating_add(1);
        self.out.records += 1;
        self.last.clear();
        self.last.push_str(hex);
        self.at_size();
    }

    fn recorded_checkpoint(&mut self, file: u64, read: &Read<'_>) {
        let Some(tree) = &self.out.tree else { return };
        let note = serde_json::from_str::<CheckpointNote<'_>>(read.envelope.d.get()).ok();
        let noted = note.and_then(|n| n.note.parse::<Checkpoint>().ok());
        let fits = |c: &Checkpoint| c.log == read.envelope.log && c.size == tree.size() && c.root == tree.root();
        let Some(c) = noted.filter(fits) else { return self.broken(file, Why::Checkpoint) };
        match self.out.keys.last().map(|k| c.signed_by(&k.key)) {
            None => {}
            Some(Signed::Yes) => (self.out.signed, self.out.signed_to) = (self.out.signed + 1, c.size),
            Some(Signed::No) => return self.broken(file, Why::Unsigned),
            Some(Signed::Wrong) => return self.broken(file, Why::Signature),
        }
        self.out.checkpoints += 1;
    }

    /// A checkpoint that left: one of those made of the records before it, under signatures that hold, whatever came of it.
    fn recorded_anchor(&mut self, file: u64, read: &Read<'_>) {
        if self.out.tree.is_none() {
            return;
        }
        let d = serde_json::from_str::<CheckpointNote<'_>>(read.envelope.d.get()).ok();
        let left = d.and_then(|d| Some((d.note.parse::<Checkpoint>().ok()?, d.outcome == HELD)));
        let made = |size| self.made.binary_search_by_key(&size, |m| m.0).ok().map(|i| self.made[i].1);
        let fits = |c: &Checkpoint| c.log == read.envelope.log && made(c.size) == Some(c.root);
        let Some((c, held)) = left.filter(|(c, _)| fits(c)) else { return self.broken(file, Why::Anchor) };
        if !c.holds(&self.out.keys) {
            return self.broken(file, Why::Signature);
        }
        for Witness { key, at } in if held { c.witnesses() } else { Vec::new() } {
            let seen = self.out.cosigned.entry(key).or_insert(Cosigned { size: 0, at });
            if c.size > seen.size {
                *seen = Cosigned { size: c.size, at };
            }
        }
    }

    fn at_size(&mut self) {
        if let Some(tree) = &self.out.tree
            && self.sizes.contains(&tree.size())
        {
            self.out.roots.push((tree.size(), tree.root()));
        }
    }

    fn broken(&mut self, segment: u64, why: Why) {
        let line = self.number;
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
pub fn torn_from<'a>(rest: impl Iterator<Item = Line<'a>>, next: u64) -> Option<usize> {
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
