//! What is agreed before anything happens, as auditors ask for it: scope, people, criteria, where the numbers come from.
//! All of it is optional, and goes into the record with the plan's text.

use crate::runbook::diagnostic::Report;
use crate::runbook::format::Fields;
use crate::runbook::tree::{Node, read};
use crate::units::Millis;

/// Fields of the section.
pub(super) const AGREED: &[&str] = &[
    "version",
    "owner",
    "approved_by",
    "approved_on",
    "services",
    "dependencies",
    "third_parties",
    "exclusions",
    "scenario",
    "severity",
    "assumptions",
    "risk",
    "objectives",
    "criteria",
    "source",
    "mtd",
    "people",
    "location",
];
/// Fields of somebody who is expected.
const PERSON: &[&str] = &["name", "role", "deputy"];

/// The section as written; texts that are not said are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreed {
    /// Of the plan.
    pub version: String,
    /// Who answers for the plan.
    pub owner: String,
    /// Who approved this version.
    pub approved_by: String,
    /// When, as `2026-09-01`.
    pub approved_on: String,
    /// What is recovered.
    pub services: Vec<String>,
    /// What that needs.
    pub dependencies: Vec<String>,
    /// Who else has to do something.
    pub third_parties: Vec<String>,
    /// What is left out.
    pub exclusions: Vec<String>,
    /// What is thought to have happened.
    pub scenario: String,
    /// How bad that is.
    pub severity: String,
    /// What is taken for granted.
    pub assumptions: Vec<String>,
    /// The business impact analysis or the risk that it answers.
    pub risk: String,
    /// What is to be reached.
    pub objectives: Vec<String>,
    /// By what it is seen that it was.
    pub criteria: Vec<String>,
    /// Where RTO and RPO come from.
    pub source: String,
    /// Longest that the business can bear.
    pub mtd: Option<Millis>,
    /// Who is expected.
    pub people: Vec<Expected>,
    /// Where people work from.
    pub location: String,
}

/// Somebody who is expected to take part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Name.
    pub name: String,
    /// Role.
    pub role: String,
    /// Who takes their place.
    pub deputy: String,
}

/// Reads the section; findings go to the report.
pub(super) fn agreed(node: &Node, report: &mut Report<'_>) -> Agreed {
    let mut f = Fields::open(node, "agreed", AGREED, report);
    let people = f.list("people", report).iter().map(|n| person(n, report)).collect();
    Agreed {
        version: text(&mut f, "version", report),
        owner: text(&mut f, "owner", report),
        approved_by: text(&mut f, "approved_by", report),
        approved_on: text(&mut f, "approved_on", report),
        services: texts(&mut f, "services", report),
        dependencies: texts(&mut f, "dependencies", report),
        third_parties: texts(&mut f, "third_parties", report),
        exclusions: texts(&mut f, "exclusions", report),
        scenario: text(&mut f, "scenario", report),
        severity: text(&mut f, "severity", report),
        assumptions: texts(&mut f, "assumptions", report),
        risk: text(&mut f, "risk", report),
        objectives: texts(&mut f, "objectives", report),
        criteria: texts(&mut f, "criteria", report),
        source: text(&mut f, "source", report),
        mtd: f.optional("mtd", report),
        people,
        location: text(&mut f, "location", report),
    }
}

fn person(node: &Node, report: &mut Report<'_>) -> Expected {
    let mut f = Fields::open(node, "person", PERSON, report);
    Expected { name: f.text("name", report), role: f.text("role", report), deputy: text(&mut f, "deputy", report) }
}

/// A text that may be missing, and says something where it is there.
fn text(f: &mut Fields<'_>, name: &'static str, report: &mut Report<'_>) -> String {
    let value: String = f.optional(name, report).unwrap_or_default();
    f.not_empty(name, &value, report);
    value.trim().to_owned()
}

/// The same of several; who has nothing to say writes that: `["none"]`.
fn texts(f: &mut Fields<'_>, name: &'static str, report: &mut Report<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for node in f.list(name, report) {
        let Some(value) = read::<String>(node, report) else { continue };
        if value.trim().is_empty() {
            report.error(node.span.clone(), "RB011", format!("an entry of `{name}` says nothing"));
        }
        out.push(value.trim().to_owned());
    }
    out
}
