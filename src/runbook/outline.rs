//! What a RON file is, before anyone reads it properly.

use serde::de::DeserializeOwned;

use super::diagnostic::{Diagnostic, Report};
use super::tree::{self, text_of};

/// The kinds of files Lifeboat knows, by their outer name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `Runbook(…)`
    Runbook,
    /// `Part(…)`: steps that runbooks share.
    Part,
    /// `Plan(…)`
    Plan,
    /// `Scenario(…)`
    Scenario,
}

/// What can be told of a file at first sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What it is.
    pub kind: Kind,
    /// Its id, if the text holds together.
    pub id: Option<String>,
    /// Runbook that a plan names.
    pub runbook: Option<String>,
    /// Parts that a runbook includes, each once, in the order of first mention.
    pub includes: Vec<String>,
}

/// Looks at the outer name and the ids; `None` for a file of another kind.
pub fn outline(text: &str) -> Option<Outline> {
    let kind = match tree::outer_name(text) {
        "Runbook" => Kind::Runbook,
        "Part" => Kind::Part,
        "Plan" => Kind::Plan,
        "Scenario" => Kind::Scenario,
        _ => return None,
    };
    let root = tree::sketch(text);
    let field = |name: &str| root.as_ref()?.field(text, name).and_then(|n| text_of(n, text));
    let mut includes: Vec<String> = Vec::new();
    let steps = root.as_ref().and_then(|r| r.field(text, "steps")).map_or(&[][..], |s| &s.items);
    for step in steps.iter().filter(|s| s.head_text(text) == "Include") {
        let file = step.field(text, "file").and_then(|n| text_of(n, text));
        includes.extend(file.filter(|f| !includes.contains(f)));
    }
    Some(Outline { kind, id: field("id"), runbook: field("runbook"), includes })
}

/// Reads a file that is one serde shape, with findings at their place.
pub fn read_whole<T: DeserializeOwned>(file: &str, text: &str) -> (Option<T>, Vec<Diagnostic>) {
    let mut report = Report::new(file, text);
    let value = tree::parse(&mut report).and_then(|root| tree::read(&root, &mut report));
    (value.filter(|_| !report.has_errors()), report.finish())
}
