//! Verification of a log from its bytes.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use super::chain::{HELD, Segment, Walk, walk};
use super::checkpoint::{Checkpoint, Signed, Witness};
use super::kind::Kind;
use super::line::Read;
use super::record::PREFIX;
use super::report::{Anchor, Gap, Left, Named, Open, Report, Seen, Signature, Verdict, Vouching};
use super::signing::{Kept, KeyUse};
use crate::units::PublicKey;

/// Files of evidence that are remembered; more than any run keeps.
const MAX_NAMED: usize = 4_096;

/// Records between two checkpoints at most, and time; a little more is a write that came at once, or a busy computer.
pub const CHECKPOINT_RECORDS: u64 = 25;
/// See [`CHECKPOINT_RECORDS`].
pub const CHECKPOINT_MS: u64 = 5 * 60_000;
const LATE_MS: u64 = CHECKPOINT_MS + 60_000;
/// `d.to` of anchors.
const WAYS: [&str; 4] = ["witness", "person", "blob", "tsa"];
/// Gaps that are remembered.
const MAX_GAPS: usize = 20;

/// A key that is known otherwise than by the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// It.
    pub key: PublicKey,
    /// Whose it is, in words.
    pub of: String,
}

/// What a log is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Against<'a> {
    /// A checkpoint kept outside the computer.
    pub outside: Option<&'a Checkpoint>,
    /// The checkpoint found beside the log.
    pub beside: Option<&'a Checkpoint>,
    /// The files are all there are; otherwise they may begin in the middle of a log.
    pub whole: bool,
    /// Keys that may have signed it.
    pub pins: &'a [Pin],
    /// No other key will do: whoever verifies named these for this log.
    pub only_pins: bool,
}

impl Against<'_> {
    /// At which sizes the root is wanted.
    pub fn sizes(&self) -> Vec<u64> {
        self.outside.iter().chain(&self.beside).map(|c| c.size).collect()
    }
}

/// Verifies a log; files in order.
pub fn verify(segments: &[Segment<'_>], against: Against<'_>) -> Report {
    let mut all = Verifying::default();
    let walk = walk(segments, against.whole, &against.sizes(), &mut |read| all.record(read));
    let starts: Vec<&[u8]> = segments.iter().map(|s| s.bytes).collect();
    all.report(walk, &starts, against)
}

/// Whose signatures stand in the log, and whether anybody else knows the key.
fn signed(walk: &Walk, against: Against<'_>) -> Signature {
    let Some(last) = walk.keys.last() else {
        return if against.only_pins { Signature::Missing } else { Signature::NoKey };
    };
    let pinned = |k: &KeyUse| against.pins.iter().find(|p| p.key == k.key);
    // A key that is not known may be vouched for by its neighbour: by the one before, which signed that it follows, or by
    // the one behind, which signed that it follows this one.
    let mut known: Vec<bool> = walk.keys.iter().map(|k| pinned(k).is_some()).collect();
    for i in 1..known.len() {
        known[i] |= known[i - 1] && walk.keys[i].vouched;
    }
    for i in (1..known.len()).rev() {
        known[i - 1] |= known[i];
    }
    let of = walk.keys.iter().find_map(pinned).map(|p| p.of.clone());
    let vouching = match of {
        Some(of) if known.iter().all(|k| *k) => Vouching::Pinned { of },
        _ if against.only_pins => Vouching::OtherKey,
        _ if walk.keys.iter().any(|k| k.kept == Kept::Memory) => Vouching::Ephemeral,
        _ => Vouching::Unpinned,
    };
    let outside = against.outside.filter(|c| walk.log.as_ref() == Some(&c.log));
    let by_log = outside.map_or(Signed::No, |c| walk.keys.iter().map(|k| c.signed_by(&k.key)).fold(Signed::No, best));
    if by_log == Signed::Wrong {
        return Signature::OutsideWrong;
    }
    let (key, keys) = (last.key.fingerprint(), walk.keys.len() as u64);
    Signature::By { key, keys, checkpoints: walk.signed, to: walk.signed_to, vouching }
}

fn best(a: Signed, b: Signed) -> Signed {
    match (a, b) {
        (Signed::Yes, _) | (_, Signed::Yes) => Signed::Yes,
        (Signed::Wrong, _) | (_, Signed::Wrong) => Signed::Wrong,
        _ => Signed::No,
    }
}

fn verdict(r: &Report, starts: &[&[u8]]) -> Verdict {
    let contradicts = |a: &Anchor| matches!(a, Anchor::Differs { .. } | Anchor::Shorter { .. });
    let contradicted = contradicts(&r.anchor) || contradicts(&r.beside);
    if r.records == 0 && !starts.iter().any(|s| s.starts_with(PREFIX)) {
        // Not one line that was ever a record's. An emptied log is one that was cut; anything else is another file.
        let emptied = starts.iter().all(|s| PREFIX.starts_with(s));
        return if emptied && contradicted { Verdict::Broken } else { Verdict::Unverifiable };
    }
    if r.break_count > 0 || contradicted {
        return Verdict::Broken;
    }
    if r.newer_format.is_some() || matches!(r.anchor, Anchor::OtherLog { .. }) {
        return Verdict::Unverifiable;
    }
    match &r.signed {
        Signature::By { vouching: Vouching::OtherKey, .. } | Signature::Missing | Signature::OutsideWrong => {
            Verdict::Unverifiable
        }
        // The last checkpoint stands in the record behind those that it covers.
        Signature::By { vouching: Vouching::Pinned { .. }, to, .. } if *to + 1 >= r.records && r.whole_to_its_end() => {
            Verdict::Whole
        }
        // Without a key that somebody else knows nothing is whole, whatever else fits.
        _ => Verdict::Limited,
    }
}

/// The largest checkpoint that somebody else saw by the record's own account, and whose key is known otherwise. The log's
/// own keys are nobody else.
fn seen(walk: &Walk, pins: &[Pin]) -> Option<Seen> {
    let others = pins.iter().filter(|p| walk.keys.iter().all(|k| k.key != p.key));
    let by = |p: &Pin| walk.cosigned.get(&p.key).map(|c| Seen { size: c.size, at: c.at, by: p.of.clone() });
    others.filter_map(by).max_by_key(|s| s.size)
}

/// Whoever signed that they saw a checkpoint: the key, and whose it is where that is known.
fn named(w: &Witness, pins: &[Pin]) -> (String, u64) {
    let of = pins.iter().find(|p| p.key == w.key).map_or_else(String::new, |p| format!(" ({})", p.of));
    (w.key.fingerprint() + &of, w.at)
}

fn compare(checkpoint: Option<&Checkpoint>, walk: &Walk) -> Anchor {
    let Some(c) = checkpoint else { return Anchor::None };
    match (&walk.log, walk.roots.iter().find(|(size, _)| *size == c.size)) {
        (Some(log), _) if *log != c.log => Anchor::OtherLog { log: c.log.clone() },
        (_, Some((size, root))) if *root == c.root => Anchor::Agrees { size: *size },
        (_, Some((size, root))) => Anchor::Differs { size: *size, expected: c.root, found: *root },
        (_, None) if walk.tree.is_some() && walk.newer.is_none() => {
            Anchor::Shorter { size: c.size, records: walk.records }
        }
        (_, None) => Anchor::NotComparable,
    }
}

/// The part of a piece of evidence that tells of a file.
#[derive(serde::Deserialize)]
struct File {
    #[serde(default)]
    file: Option<String>,
    sha256: String,
}

/// The part of an anchor that tells what came of it.
#[derive(serde::Deserialize)]
struct Went {
    #[serde(default)]
    to: String,
    #[serde(default)]
    outcome: String,
}

/// The part of an observation that tells how the record compares with what somebody else logged.
#[derive(serde::Deserialize)]
struct Compared<'a> {
    #[serde(borrow, default)]
    what: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
}

/// What the records tell beside their hashes.
#[derive(Default)]
pub struct Verifying {
    from: Option<i64>,
    to: Option<i64>,
    boot: String,
    jumps: u64,
    back: u64,
    recovered: u64,
    rotated: u64,
    evidence: u64,
    files: Vec<Named>,
    unknown_kinds: u64,
    left: Vec<Left>,
    reconciled: Option<String>,
    /// Since when, and since which record, no checkpoint was written by this process.
    since: Option<(u64, u64)>,
    gaps: Vec<Gap>,
    /// Intents without a result, by step.
    open: HashMap<String, Vec<Open>>,
    /// Intents declared indeterminate and not reconciled.
    unknown: Vec<Open>,
}

impl Verifying {
    /// Where a checkpoint was due and did not come: while it lasts the newest of them covers less than it should.
    fn gap(&mut self, kind: Kind, seq: u64, mono: u64) {
        let Some((since, from)) = self.since else {
            self.since = Some((mono, seq));
            return;
        };
        if kind == Kind::LogCheckpoint {
            self.since = Some((mono, seq));
        }
        let late = mono.saturating_sub(since);
        if late > LATE_MS && self.gaps.last().is_none_or(|g| g.from != from) && self.gaps.len() < MAX_GAPS {
            self.gaps.push(Gap { from, ms: late });
        } else if let Some(gap) = self.gaps.last_mut().filter(|g| g.from == from) {
            gap.ms = late;
        }
    }

    /// A checkpoint left. Ways that no Lifeboat knows are counted as one.
    fn went(&mut self, to: String, held: bool) {
        let to = if WAYS.contains(&to.as_str()) { to } else { "elsewhere".to_owned() };
        let at = self.left.iter().position(|l| l.to == to).unwrap_or_else(|| {
            self.left.push(Left { to, ..Left::default() });
            self.left.len() - 1
        });
        let n = if held { &mut self.left[at].held } else { &mut self.left[at].failed };
        *n += 1;
    }

    /// The report; `starts`: what each file begins with.
    pub fn report(self, walk: Walk, starts: &[&[u8]], against: Against<'_>) -> Report {
        let mut indeterminate: Vec<Open> = self.open.into_values().flatten().chain(self.unknown).collect();
        indeterminate.sort_by_key(|o| o.seq);
        let mut report = Report {
            log: walk.log.clone().unwrap_or_default(),
            segments: starts.len() as u64,
            records: walk.records,
            start: walk.start,
            from: self.from,
            to: self.to,
            root: walk.tree.as_ref().filter(|t| t.size() > 0).map(super::Tree::root),
            breaks: walk.breaks.iter().map(ToString::to_string).collect(),
            break_count: walk.break_count,
            signed: signed(&walk, against),
            anchor: compare(against.outside, &walk),
            beside: compare(against.beside, &walk),
            checkpoints: walk.checkpoints,
            indeterminate,
            clock_jumps: self.jumps,
            clock_back: self.back,
            torn_bytes: walk.torn.iter().map(|t| t.bytes as u64).sum(),
            recovered: self.recovered,
            rotated: self.rotated,
            left_records: walk.left_records,
            left_bytes: walk.left_bytes,
            evidence: self.evidence,
            files: self.files,
            evidence_files: None,
            unknown_kinds: self.unknown_kinds,
            reconciled: self.reconciled,
            newer_format: walk.newer,
            withheld: walk.withheld,
            gaps: if walk.keys.is_empty() { Vec::new() } else { self.gaps },
            witnesses: against
                .outside
                .map_or_else(Vec::new, |c| c.witnesses().iter().map(|w| named(w, against.pins)).collect()),
            keys: walk.keys.iter().map(|k| k.key.clone()).collect(),
            seen: seen(&walk, against.pins),
            left: self.left,
            verdict: Verdict::Limited,
        };
        report.verdict = verdict(&report, starts);
        report
    }

    /// The next record that counts.
    pub fn record(&mut self, read: &Read<'_>) {
        let e = &read.envelope;
        let kind = Kind::from_text(&e.kind);
        if kind != Kind::ClockJump && self.boot == e.boot && self.to.is_some_and(|before| e.ts < before) {
            self.back += 1;
        }
        if self.boot != e.boot {
            self.boot = e.boot.clone().into_owned();
            self.since = None;
        }
        self.gap(kind, e.seq, e.mono);
        self.from = self.from.or(Some(e.ts));
        self.to = Some(e.ts);
        let step = || e.step.as_deref().unwrap_or_default();
        match kind {
            Kind::ClockJump => self.jumps += 1,
            Kind::LogRecovered => self.recovered += 1,
            Kind::LogSegment => self.rotated += 1,
            Kind::LogAnchor => {
                if let Ok(Went { to, outcome }) = serde_json::from_str(e.d.get()) {
                    self.went(to, outcome == HELD);
                }
            }
            Kind::EvidenceAdd => {
                self.evidence += 1;
                let named = serde_json::from_str::<File>(e.d.get()).ok().filter(|_| self.files.len() < MAX_NAMED);
                if let Some(File { file: Some(file), sha256 }) = named {
                    self.files.push(Named { file, sha256 });
                }
            }
            Kind::Unknown => self.unknown_kinds += 1,
            Kind::Observe => {
                // Most records are observations, and hardly one of them is this one: nothing is copied to find that out.
                let seen = serde_json::from_str::<Compared<'_>>(e.d.get()).ok();
                let text = seen.filter(|s| s.what == "activity_log").and_then(|s| s.text);
                self.reconciled = text.and_then(|t| serde_json::from_str(t.get()).ok()).or(self.reconciled.take());
            }
            Kind::ActionIntent => {
                let open = Open { seq: e.seq, step: step().to_owned() };
                self.open.entry(step().to_owned()).or_default().push(open);
            }
            // A result ends the step's last intent; an earlier one that never ended stays in doubt.
            Kind::ActionResult => {
                self.open.get_mut(step()).and_then(Vec::pop);
            }
            Kind::ActionIndeterminate => {
                self.unknown.extend(self.open.get_mut(step()).and_then(Vec::pop));
            }
            Kind::ActionReconciled => {
                let at = self.unknown.iter().rposition(|o| o.step == step());
                match at {
                    Some(at) => drop(self.unknown.remove(at)),
                    None => drop(self.open.get_mut(step()).and_then(Vec::pop)),
                }
            }
            _ => {}
        }
    }
}
