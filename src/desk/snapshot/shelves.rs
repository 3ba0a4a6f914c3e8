//! What lies on the shelves: the library, the records, the settings.

use std::sync::Arc;

pub use crate::plan::readiness::Readiness;
use crate::runbook::model::Strategy;

use super::PhaseView;

/// Runbooks, plans and scenarios.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Library {
    /// Runbooks.
    pub runbooks: Vec<RunbookRow>,
    /// Plans.
    pub plans: Vec<PlanRow>,
    /// Scenarios.
    pub scenarios: Vec<ScenarioRow>,
    /// Preview of one plan.
    pub preview: Option<Arc<PlanPreview>>,
    /// What is wrong with files that were opened.
    pub diagnostics: Vec<DiagnosticRow>,
}

/// A runbook of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct RunbookRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// System.
    pub system: &'static str,
    /// Strategies.
    pub strategies: Vec<Strategy>,
    /// File, or `built in`.
    pub file: String,
    /// Steps.
    pub steps: usize,
    /// Errors, warnings.
    pub findings: (usize, usize),
}

/// A plan of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Runbook title.
    pub runbook: String,
    /// Strategy.
    pub strategy: Strategy,
    /// File, or `built in`.
    pub file: String,
    /// Digest of the plan in this strategy: what a rehearsal proves.
    pub digest: String,
    /// Whether it is proven.
    pub readiness: Readiness,
    /// Nobody trusts its texts yet.
    pub restricted: bool,
}

/// Whether a person trusts the texts of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustView {
    /// Where they stand.
    pub state: TrustState,
    /// SHA-256 over the texts, whole; what is trusted.
    pub digest: String,
    /// Files of it that are not built in.
    pub foreign: Vec<String>,
    /// Title of the runbook.
    pub runbook: String,
    /// Hosts that a run of it calls.
    pub hosts: Vec<String>,
    /// A live or dry run is refused until somebody trusts it. Not with a simulated Azure.
    pub blocks: bool,
}

/// Where a plan's texts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustState {
    /// All of them are in the binary.
    BuiltIn,
    /// Somebody trusts exactly these.
    Trusted {
        /// Who.
        by: String,
        /// When, UTC.
        at: String,
    },
    /// Nobody does.
    Restricted,
}

/// A scenario of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it teaches.
    pub about: String,
    /// Strategies.
    pub strategies: Vec<Strategy>,
}

/// A plan, phase by phase.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanPreview {
    /// Plan id.
    pub plan: String,
    /// Title.
    pub title: String,
    /// Strategy shown.
    pub strategy: Strategy,
    /// Strategies it can be shown in.
    pub strategies: Vec<Strategy>,
    /// `RTO 30 min · planned 22 min · 8 min to spare`.
    pub totals: String,
    /// Phases with steps; timing is the planned time, state is `Ready` for all.
    pub phases: Vec<PhaseView>,
    /// Digest of the plan in this strategy: what a rehearsal proves.
    pub digest: String,
    /// Whether it is proven.
    pub readiness: Readiness,
    /// Whether somebody trusts its texts.
    pub trust: TrustView,
    /// Facts: label → text (primary, secondary, who approves, where data may be lost, automated of all).
    pub facts: Vec<(String, String)>,
}

/// A diagnostic of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosticRow {
    /// `error`, `warning`, `note`.
    pub severity: &'static str,
    /// `file:line:column`.
    pub place: String,
    /// Code.
    pub code: String,
    /// Message with suggestion.
    pub message: String,
}

/// The Audit screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audit {
    /// Runs on this computer, newest first.
    pub runs: Vec<RunRow>,
    /// The record that is shown.
    pub shown: Option<Arc<Record>>,
}

/// A run on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Run id.
    pub id: String,
    /// Four characters.
    pub short: String,
    /// Plan title.
    pub title: String,
    /// Mode in words.
    pub mode: String,
    /// Started (UTC ms, wall clock).
    pub started: i64,
    /// `open`, or the outcome.
    pub outcome: String,
    /// It can be opened and continued.
    pub open: bool,
}

/// One record, ready for a virtualised table.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Run id.
    pub run: String,
    /// What its verification says.
    pub badge: Vec<Verdict>,
    /// One line: `Record intact, 214 entries, all on disk`.
    pub summary: String,
    /// Rows, in order.
    pub rows: Vec<RecordRow>,
}

/// One verdict on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `Some(true)`: proven; `Some(false)`: broken; `None`: not proven.
    pub proven: Option<bool>,
    /// `consistent`, `not signed`.
    pub word: String,
    /// The verifier's own line.
    pub sentence: String,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Sequence number.
    pub seq: u64,
    /// `03:14:07` on the run's clock.
    pub time: String,
    /// Kind.
    pub kind: String,
    /// Step, or empty.
    pub step: String,
    /// Actor.
    pub actor: String,
    /// In words.
    pub text: String,
    /// The stored bytes.
    pub raw: Arc<str>,
    /// Hash.
    pub hash: String,
}

/// The Settings screen: what the desk knows; looks are the window's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Operator's name.
    pub operator: String,
    /// Data folder.
    pub home: String,
    /// Connected Azure: label → value, or how to connect.
    pub cloud: Vec<(String, String)>,
    /// Detector thresholds: name, value, why.
    pub thresholds: Vec<(String, String, String)>,
    /// Version.
    pub version: String,
}
