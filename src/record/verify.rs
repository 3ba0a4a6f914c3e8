//! Verification of a log from its bytes.

use std::collections::HashMap;

use super::chain::{Read, Segment, Walk, walk};
use super::checkpoint::Checkpoint;
use super::kind::Kind;
use super::record::PREFIX;
use super::report::{Anchor, Named, Open, Report, Signature, Verdict};

/// Files of evidence that are remembered; more than any run keeps.
const MAX_NAMED: usize = 4_096;

/// What a log is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Against<'a> {
    /// A checkpoint kept outside the computer.
    pub outside: Option<&'a Checkpoint>,
    /// The checkpoint found beside the log.
    pub beside: Option<&'a Checkpoint>,
    /// The files are all there are; otherwise they may begin in the middle of a log.
    pub whole: bool,
}

/// Verifies a log; files in order.
pub fn verify(segments: &[Segment<'_>], against: Against<'_>) -> Report {
    let sizes: Vec<u64> = against.outside.iter().chain(&against.beside).map(|c| c.size).collect();
    let mut seen = Seen::default();
    let walk = walk(segments, against.whole, &sizes, &mut |read| seen.record(read));
    let mut indeterminate: Vec<Open> = seen.open.into_values().flatten().chain(seen.unknown).collect();
    indeterminate.sort_by_key(|o| o.seq);
    let mut report = Report {
        log: walk.log.clone().unwrap_or_default(),
        segments: segments.len() as u64,
        records: walk.records,
        start: walk.start,
        from: seen.from,
        to: seen.to,
        root: walk.tree.as_ref().filter(|t| t.size() > 0).map(super::Tree::root),
        breaks: walk.breaks.iter().map(ToString::to_string).collect(),
        break_count: walk.break_count,
        signed: Signature::NoKey,
        anchor: compare(against.outside, &walk),
        beside: compare(against.beside, &walk),
        checkpoints: walk.checkpoints,
        indeterminate,
        clock_jumps: seen.jumps,
        clock_back: seen.back,
        torn_bytes: walk.torn.iter().map(|t| t.bytes as u64).sum(),
        recovered: seen.recovered,
        rotated: seen.rotated,
        left_records: walk.left_records,
        left_bytes: walk.left_bytes,
        evidence: seen.evidence,
        files: seen.files,
        evidence_files: None,
        unknown_kinds: seen.unknown_kinds,
        newer_format: walk.newer,
        verdict: Verdict::Limited,
    };
    report.verdict = verdict(&report, segments);
    report
}

fn verdict(r: &Report, segments: &[Segment<'_>]) -> Verdict {
    let contradicts = |a: &Anchor| matches!(a, Anchor::Differs { .. } | Anchor::Shorter { .. });
    let contradicted = contradicts(&r.anchor) || contradicts(&r.beside);
    if r.records == 0 && !segments.iter().any(|s| s.bytes.starts_with(PREFIX)) {
        // Not one line that was ever a record's. An emptied log is one that was cut; anything else is another file.
        let emptied = segments.iter().all(|s| PREFIX.starts_with(s.bytes));
        return if emptied && contradicted { Verdict::Broken } else { Verdict::Unverifiable };
    }
    if r.break_count > 0 || contradicted {
        return Verdict::Broken;
    }
    if r.newer_format.is_some() || matches!(r.anchor, Anchor::OtherLog { .. }) {
        return Verdict::Unverifiable;
    }
    match r.signed {
        // Without a key nothing is whole, whatever else fits.
        Signature::NoKey => Verdict::Limited,
    }
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

/// What the records tell beside their hashes.
#[derive(Default)]
struct Seen {
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
    /// Intents without a result, by step.
    open: HashMap<String, Vec<Open>>,
    /// Intents declared indeterminate and not reconciled.
    unknown: Vec<Open>,
}

impl Seen {
    fn record(&mut self, read: &Read<'_>) {
        let e = &read.envelope;
        let kind = Kind::from_text(&e.kind);
        if kind != Kind::ClockJump && self.boot == e.boot && self.to.is_some_and(|before| e.ts < before) {
            self.back += 1;
        }
        if self.boot != e.boot {
            self.boot = e.boot.clone().into_owned();
        }
        self.from = self.from.or(Some(e.ts));
        self.to = Some(e.ts);
        let step = || e.step.as_deref().unwrap_or_default();
        match kind {
            Kind::ClockJump => self.jumps += 1,
            Kind::LogRecovered => self.recovered += 1,
            Kind::LogSegment => self.rotated += 1,
            Kind::EvidenceAdd => {
                self.evidence += 1;
                let named = serde_json::from_str::<File>(e.d.get()).ok().filter(|_| self.files.len() < MAX_NAMED);
                if let Some(File { file: Some(file), sha256 }) = named {
                    self.files.push(Named { file, sha256 });
                }
            }
            Kind::Unknown => self.unknown_kinds += 1,
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
