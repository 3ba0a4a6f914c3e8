//! A run as its exports tell it: put together once by whoever can read records, so that no two forms differ.
//!
//! Nothing in it has been made safe to show: each form makes its texts visible and escapes them for itself.

mod pages;
mod people;
mod pictures;

use std::sync::Arc;

use crate::record::{Hash, Report, Signature, Vouching};
use crate::run::event::Mode;
use crate::run::fields::{Field, Held};
use crate::run::objective::Objective;

pub use crate::run::timeline::{Doing, Span};
pub use pages::pages;
pub use people::People;

/// Everything that is told of a run.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Run id, which is the log's.
    pub run: String,
    /// Four characters of it that people say.
    pub short: String,
    /// How much of the world it could touch.
    pub mode: Mode,
    /// What its records add up to; or why that cannot be told.
    pub story: Result<Story, String>,
    /// What auditors ask of the record, and whether it is there.
    pub fields: Vec<Field>,
    /// What verification says of the record.
    pub report: Report,
    /// The last checkpoint that the record fits, as a note; may be empty.
    pub checkpoint: String,
    /// The keys that the record names, the latest last.
    pub keys: Vec<KeyLine>,
    /// Every record that counts, in order.
    pub rows: Vec<Row>,
    /// Names were replaced.
    pub pseudonyms: bool,
}

/// A key that a record names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// Public key, in hexadecimal.
    pub key: String,
    /// First digits of its SHA-256, in groups.
    pub fingerprint: String,
    /// Where it was kept.
    pub kept: String,
    /// Number of the record that names it.
    pub from: u64,
}

/// How what a record tells of ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It does not say.
    #[default]
    Unknown,
    /// Well.
    Success,
    /// Not well.
    Failure,
}

impl Outcome {
    /// For a cell; empty when the record does not say.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// What a request does to its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// HTTP method.
    pub method: String,
    /// The target did not exist before.
    pub creates: bool,
}

/// A person, by what tells two of a name apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// Tenant.
    pub tid: String,
    /// Object id.
    pub oid: String,
    /// Sign-in name.
    pub upn: String,
}

/// One record.
#[derive(Debug, Clone)]
pub struct Row {
    /// Number.
    pub seq: u64,
    /// When, by the run's clock (UTC ms): in a rehearsal the scenario's, and what is about the log itself stands at the time
    /// of the record before.
    pub at: i64,
    /// When, by the computer's clock (UTC ms).
    pub ts: i64,
    /// What it is about, as it stands in the record.
    pub kind: Arc<str>,
    /// Mode, as it stands in the record.
    pub mode: Arc<str>,
    /// Step; may be empty.
    pub step: String,
    /// Who, for people.
    pub actor: String,
    /// The person behind it; none: Lifeboat itself.
    pub who: Option<Box<Who>>,
    /// What happened, in one line.
    pub text: String,
    /// What stands behind it.
    pub more: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The request it tells of.
    pub act: Option<Box<Act>>,
    /// ARM id.
    pub target: String,
    /// Id that Azure's own log knows.
    pub request: String,
    /// Device.
    pub device: Arc<str>,
    /// Version of Lifeboat.
    pub app: Arc<str>,
    /// Hash of the record before.
    pub prev: Hash,
    /// Its own.
    pub h: Hash,
}

/// What the records of a run add up to.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// Plan title.
    pub title: String,
    /// Plan id.
    pub plan: String,
    /// Its SHA-256.
    pub digest: String,
    /// Runbook title.
    pub runbook: String,
    /// Strategy.
    pub strategy: String,
    /// Environment.
    pub environment: String,
    /// Phases it covers.
    pub phases: String,
    /// What was rehearsed: id of the scenario and its SHA-256.
    pub scenario: Option<(String, String)>,
    /// When it began (UTC ms, run's clock).
    pub started: i64,
    /// When it was over.
    pub ended: Option<i64>,
    /// Outcome in words.
    pub outcome: String,
    /// What was said at the end.
    pub summary: String,
    /// What was agreed before, and what came of it.
    pub objectives: Vec<Objective>,
    /// T0 and so on.
    pub instants: Vec<Instant>,
    /// Steps, in the plan's order.
    pub steps: Vec<StepLine>,
    /// When something was at work, or was waited for.
    pub spans: Vec<Span>,
    /// Who took part: name, role, key.
    pub people: Vec<[String; 3]>,
    /// What was not measured, as it was said at the end.
    pub not_measured: Vec<String>,
    /// Decisions, approvals and so on.
    pub chapters: Vec<Chapter>,
    /// What proves something.
    pub evidence: Vec<EvidenceLine>,
}

/// An instant of the run's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instant {
    /// `T0`.
    pub code: String,
    /// What it is.
    pub name: String,
    /// When, if known.
    pub at: Option<i64>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLine {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Phase.
    pub phase: String,
    /// Where it stands.
    pub state: String,
    /// First begun.
    pub from: Option<i64>,
    /// Over.
    pub to: Option<i64>,
}

/// Records of one sort, told together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chapter {
    /// What they are.
    pub title: String,
    /// What is said when there is none.
    pub none: String,
    /// The records.
    pub told: Vec<Told>,
}

/// What one record says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Its number.
    pub seq: u64,
    /// When (UTC ms, run's clock).
    pub at: i64,
    /// Who.
    pub who: String,
    /// Step; may be empty.
    pub step: String,
    /// What.
    pub text: String,
    /// What stands behind it.
    pub more: Vec<String>,
}

/// A piece of evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceLine {
    /// Number of its record.
    pub seq: u64,
    /// When it was kept.
    pub at: i64,
    /// By whom.
    pub who: String,
    /// Name.
    pub name: String,
    /// Step; may be empty.
    pub step: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
    /// Its name in the folder of evidence; empty: it is a text in the record.
    pub file: String,
}

impl Dossier {
    /// Time of the last record: what an export is as of. The same record always gives the same bytes.
    pub fn as_of(&self) -> i64 {
        self.rows.last().map_or(0, |r| r.ts)
    }

    /// Every text that people or Azure may have written, to be replaced by another.
    pub fn texts(&mut self, change: &mut dyn FnMut(&mut String)) {
        for r in &mut self.rows {
            [&mut r.actor, &mut r.text, &mut r.step, &mut r.target, &mut r.request].into_iter().for_each(&mut *change);
            r.more.iter_mut().for_each(&mut *change);
            if let Some(w) = &mut r.who {
                [&mut w.tid, &mut w.oid, &mut w.upn].into_iter().for_each(&mut *change);
            }
        }
        for f in &mut self.fields {
            let (Held::Yes(text) | Held::NotNeeded(text) | Held::Missing(text)) = &mut f.held;
            change(text);
        }
        // Whose keys they are is said by name.
        let r = &mut self.report;
        if let Signature::By { vouching: Vouching::Pinned { of }, .. } = &mut r.signed {
            change(of);
        }
        r.witnesses.iter_mut().map(|w| &mut w.0).chain(r.seen.iter_mut().map(|s| &mut s.by)).for_each(&mut *change);
        r.reconciled.iter_mut().for_each(&mut *change);
        let Ok(s) = &mut self.story else { return };
        let own = [
            &mut s.title,
            &mut s.plan,
            &mut s.runbook,
            &mut s.strategy,
            &mut s.environment,
            &mut s.outcome,
            &mut s.summary,
        ];
        own.into_iter().for_each(&mut *change);
        s.not_measured.iter_mut().for_each(&mut *change);
        s.people.iter_mut().flatten().for_each(&mut *change);
        s.objectives.iter_mut().for_each(|o| change(&mut o.how));
        s.steps.iter_mut().for_each(|l| [&mut l.id, &mut l.title].into_iter().for_each(&mut *change));
        s.spans.iter_mut().for_each(|l| change(&mut l.step));
        for t in s.chapters.iter_mut().flat_map(|c| &mut c.told) {
            [&mut t.who, &mut t.step, &mut t.text].into_iter().chain(&mut t.more).for_each(&mut *change);
        }
        for e in &mut s.evidence {
            [&mut e.who, &mut e.name, &mut e.step, &mut e.file].into_iter().for_each(&mut *change);
        }
    }
}
