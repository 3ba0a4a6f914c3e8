//! What lies on the shelves: the library, the records, the settings.

use std::sync::Arc;

pub use crate::plan::drift::{Difference, Drift, Severity};
pub use crate::plan::readiness::Readiness;
pub use crate::plan::rights::{NOT_ASKED, RightsReport, Standing};
use crate::runbook::model::{Strategy, System};

use super::PhaseView;
use super::authoring::{DraftView, RunbookPreview};

/// Runbooks, plans and scenarios.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Library {
    /// Runbooks.
    pub runbooks: Vec<RunbookRow>,
    /// Plans.
    pub plans: Vec<PlanRow>,
    /// Scenarios.
    pub scenarios: Vec<ScenarioRow>,
    /// Files and folders that are read beside what is built in.
    pub places: Vec<PlaceRow>,
    /// Preview of one plan.
    pub preview: Option<Arc<PlanPreview>>,
    /// The sheet that was printed last.
    pub printed: Option<std::path::PathBuf>,
    /// Preview of one runbook; shown instead of the plan's.
    pub book: Option<Arc<RunbookPreview>>,
    /// A plan that is being filled in; shown instead of both.
    pub draft: Option<Arc<DraftView>>,
    /// What is wrong with files that were opened.
    pub diagnostics: Vec<DiagnosticRow>,
}

/// A file or folder on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRow {
    /// Where.
    pub path: std::path::PathBuf,
    /// How many runbooks and plans it holds, or what is wrong with it.
    pub note: String,
    /// It could not be read.
    pub failed: bool,
}

/// A runbook of the library.
#[derive(Debug, Clone, PartialEq)]
pub struct RunbookRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// System; none when it has errors.
    pub system: Option<System>,
    /// Strategies.
    pub strategies: Vec<Strategy>,
    /// File, or `built in`.
    pub file: String,
    /// How the catalog names it.
    pub name: String,
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
    /// System.
    pub system: Option<System>,
    /// File, or `built in`.
    pub file: String,
    /// How the catalog names it.
    pub name: String,
    /// Errors; with any it can be opened in the editor only.
    pub errors: usize,
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
    /// Id of the plan that it rehearses.
    pub plan: String,
    /// Strategies.
    pub strategies: Vec<Strategy>,
    /// How long it takes people, about.
    pub minutes: u32,
    /// It can be done as a tabletop.
    pub tabletop: bool,
}

/// A plan, phase by phase.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanPreview {
    /// Plan id.
    pub plan: String,
    /// How the catalog names its file.
    pub name: String,
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
    /// How its sides differ, and which rights its steps have.
    pub checks: Checks,
    /// Facts: label → text (primary, secondary, who approves, where data may be lost, automated of all).
    pub facts: Vec<(String, String)>,
}

/// What was asked of Azure about a plan before it is needed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checks {
    /// It has two sides.
    pub comparable: bool,
    /// How they differ; none until they were read.
    pub drift: Option<Arc<Drift>>,
    /// They are being read.
    pub reading: bool,
    /// Rights of its steps; none until they were asked for.
    pub rights: Option<Arc<RightsReport>>,
    /// They are being asked for.
    pub asking: bool,
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

/// The Settings screen: what the desk knows; looks are the window's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Operator's name.
    pub operator: String,
    /// Data folder.
    pub home: String,
    /// What is kept in the keyring.
    pub credentials: super::Credentials,
    /// How Lifeboat signs in.
    pub sign_in: super::SignIn,
    /// Connected Azure: label → value, or how to connect.
    pub cloud: Vec<(String, String)>,
    /// Messages to people outside.
    pub hooks: Vec<HookView>,
    /// Where the checkpoints of live runs go by themselves.
    pub anchors: crate::desk::anchors::Settings,
    /// The watch as it is set.
    pub watch: std::sync::Arc<crate::health::WatchSettings>,
    /// Version.
    pub version: String,
}

/// A way to tell people outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookView {
    /// As it is set.
    pub hook: crate::notify::hook::Hook,
    /// Its address is in the keyring; none: not looked yet.
    pub address: Option<bool>,
    /// What came of the newest message.
    pub last: Option<String>,
}
