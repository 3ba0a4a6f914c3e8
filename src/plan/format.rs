//! The shape of a plan on disk, schema 1.

use std::collections::BTreeMap;
use std::ops::Range;

use super::agreed::{Agreed, agreed};
use crate::health::{Amount, Knob};
use crate::runbook::diagnostic::Report;
use crate::runbook::format::{Fields, file_id, schema};
use crate::runbook::model::Strategy;
use crate::runbook::tree::{self, Node, read};
use crate::units::Millis;

/// Fields of a plan.
pub(super) const PLAN: &[&str] = &[
    "schema",
    "id",
    "title",
    "environment",
    "runbook",
    "strategy",
    "components",
    "values",
    "last_drill",
    "detector",
    "agreed",
];

/// A plan as written, with the places that a finding may point at.
pub(super) struct PlanFile {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) environment: String,
    pub(super) runbook: Option<Written<String>>,
    pub(super) strategy: Option<Written<Strategy>>,
    pub(super) components: BTreeMap<String, Entry<Strategy>>,
    pub(super) values: BTreeMap<String, Entry<String>>,
    pub(super) last_drill: Option<Millis>,
    /// What is agreed beforehand, and where it stands.
    pub(super) agreed: Agreed,
    pub(super) agreed_at: Option<Range<usize>>,
    /// More evidence than its tier wants.
    pub(super) detector: BTreeMap<Knob, Written<Amount>>,
    /// Where `values` stands, for what is missing in it.
    pub(super) values_at: Range<usize>,
}

/// A value and its place.
pub(super) struct Written<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

/// A map's entry; without a value when it could not be read, which was reported.
pub(super) struct Entry<T> {
    pub(super) key: Range<usize>,
    pub(super) value: Option<T>,
    pub(super) at: Range<usize>,
}

/// Newest format version of plans that this program reads.
const SCHEMA: u32 = 1;

/// Reads the shape; findings go to the report.
pub(super) fn plan(report: &mut Report<'_>) -> Option<PlanFile> {
    let root = tree::parse(report)?;
    let mut f = Fields::open(&root, "Plan", PLAN, report);
    if f.broken() {
        return None;
    }
    if f.required_node("schema", report).is_some() {
        schema(&root, "plan", SCHEMA, report)?;
    }
    let id = file_id(&mut f, report);
    let (title, environment) = (f.text("title", report), f.text("environment", report));
    let runbook = written(&f, "runbook", report);
    let strategy = written(&f, "strategy", report);
    let components = entries(f.map("components", report), report);
    let values = entries(f.map("values", report), report);
    let values_at = f.node("values", report).map_or(root.anchor(), |n| n.key.clone().unwrap_or(n.anchor()));
    let last_drill = f.optional("last_drill", report);
    let detector = detector(&f, report);
    let section = f.node("agreed", report);
    let (agreed_at, agreed) = (section.map(|n| n.span.clone()), section.map(|n| agreed(n, report)).unwrap_or_default());
    Some(PlanFile {
        id,
        title,
        environment,
        runbook,
        strategy,
        components,
        values,
        last_drill,
        agreed,
        agreed_at,
        detector,
        values_at,
    })
}

fn detector(f: &Fields<'_>, report: &mut Report<'_>) -> BTreeMap<Knob, Written<Amount>> {
    let Some(node) = f.node("detector", report) else { return BTreeMap::new() };
    let knobs = || Knob::ALL.into_iter().filter(|k| k.for_plans());
    let names: Vec<&str> = knobs().map(Knob::name).collect();
    let f = Fields::open(node, "detector", &names, report);
    let mut out = BTreeMap::new();
    for knob in knobs() {
        let Some(node) = f.node(knob.name(), report) else { continue };
        if let Some(value) = read(node, report) {
            out.insert(knob, Written { value, at: node.span.clone() });
        }
    }
    out
}

fn written<T: serde::de::DeserializeOwned>(f: &Fields<'_>, name: &str, report: &mut Report<'_>) -> Option<Written<T>> {
    let node = f.required_node(name, report)?;
    Some(Written { value: read(node, report)?, at: node.span.clone() })
}

fn entries<T: serde::de::DeserializeOwned>(nodes: &[Node], report: &mut Report<'_>) -> BTreeMap<String, Entry<T>> {
    let mut out = BTreeMap::new();
    for node in nodes {
        let (Some(name), Some(key)) = (node.key_text(report.text), node.key.clone()) else { continue };
        let entry = Entry { key: key.clone(), value: read(node, report), at: node.span.clone() };
        if out.insert(name.to_owned(), entry).is_some() {
            report.error(key, "RB005", format!("`{name}` is there twice"));
        }
    }
    out
}
