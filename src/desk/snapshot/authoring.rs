//! What an author sees: a runbook with its text and findings, a plan while it is being filled in.

use std::sync::Arc;

use crate::plan::draft::Draft;
use crate::runbook::model::{Strategy, System};

use super::{DiagnosticRow, PhaseView};

/// A runbook, per strategy, beside its text.
#[derive(Debug, Clone, PartialEq)]
pub struct RunbookPreview {
    /// How the catalog names its file.
    pub name: String,
    /// Id.
    pub id: String,
    /// Title; the file's name when it has errors.
    pub title: String,
    /// What it is for.
    pub about: String,
    /// Retired, incomplete, kind of project.
    pub labels: Vec<String>,
    /// System; none when it has errors.
    pub system: Option<System>,
    /// Strategy shown.
    pub strategy: Option<Strategy>,
    /// Strategies it has.
    pub strategies: Vec<Strategy>,
    /// Total against the RTO.
    pub totals: String,
    /// It takes longer than the RTO.
    pub too_long: bool,
    /// Phases with steps.
    pub phases: Vec<PhaseView>,
    /// What is automated, where data may be lost, who approves: label → text.
    pub facts: Vec<(String, String)>,
    /// Errors, warnings.
    pub findings: (usize, usize),
    /// Its text, and those of the parts it includes.
    pub texts: Vec<Arc<SourceText>>,
}

/// A file's text with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// File.
    pub file: String,
    /// Lines, each with the findings that begin there.
    pub lines: Vec<SourceLine>,
    /// Line of each finding, in order.
    pub marked: Vec<usize>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// Control and invisible characters are shown as escapes.
    pub text: String,
    /// Findings.
    pub findings: Vec<DiagnosticRow>,
}

/// A plan while it is being filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftView {
    /// Another number whenever another plan was opened in the editor.
    pub number: u64,
    /// What the desk has.
    pub draft: Draft,
    /// Title of its runbook.
    pub runbook: String,
    /// Strategies of the runbook.
    pub strategies: Vec<(Strategy, String)>,
    /// Components, each with its choices.
    pub components: Vec<ComponentChoice>,
    /// Parameters, in the runbook's order.
    pub fields: Vec<DraftField>,
    /// Findings that belong to no parameter or component: field name, text.
    pub findings: Vec<(String, String)>,
    /// Steps and time, when it can be bound.
    pub totals: Option<String>,
    /// Digest, when it can be bound.
    pub digest: Option<String>,
    /// Where it will be saved.
    pub path: std::path::PathBuf,
    /// Age and size of the inventory, or how to get one.
    pub inventory: String,
}

/// A component's strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentChoice {
    /// Name.
    pub name: String,
    /// Title.
    pub title: String,
    /// Chosen.
    pub chosen: Strategy,
    /// What may be chosen, and what would change.
    pub choices: Vec<(Strategy, String)>,
    /// What is wrong with it.
    pub finding: Option<String>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftField {
    /// Name.
    pub name: String,
    /// For the person who fills it in.
    pub about: String,
    /// What kind of value is wanted.
    pub wanted: String,
    /// Values to choose from: value, what it is.
    pub suggestions: Vec<(String, String)>,
    /// What is wrong with it, worst first.
    pub findings: Vec<String>,
    /// The findings are errors, not doubts.
    pub bad: bool,
}
