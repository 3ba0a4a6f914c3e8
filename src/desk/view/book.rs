//! A runbook for its author: per strategy, and beside its text what is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::draft::until_verified;
use crate::plan::order::{self, Slot};
use crate::run::event::StepState;
use crate::runbook::model::{Phase, Risk, Runbook, Step, StepKind, Strategy};
use crate::runbook::template::{self, Part};
use crate::runbook::{Diagnostic, Severity, Source};
use crate::units::{Millis, visible};

use super::super::snapshot::{PhaseView, RunbookPreview, SourceLine, SourceText, StepRow};
use super::library::diagnostic;

/// Draws it in a strategy, the first it has when none is asked for.
pub fn preview(source: &Source, wanted: Option<Strategy>) -> RunbookPreview {
    let (book, found) = crate::runbook::load(source);
    let count = |s: Severity| found.iter().filter(|d| d.severity == s).count();
    let mut out = RunbookPreview {
        name: source.name.clone(),
        id: String::new(),
        title: source.name.rsplit(['/', '\\']).next().unwrap_or(&source.name).to_owned(),
        about: String::new(),
        labels: Vec::new(),
        system: None,
        strategy: None,
        strategies: Vec::new(),
        totals: String::new(),
        too_long: false,
        phases: Vec::new(),
        facts: Vec::new(),
        findings: (count(Severity::Error), count(Severity::Warning)),
        texts: texts(source, &found),
    };
    if let Some(b) = book {
        fill(&mut out, &b, wanted);
    }
    out
}

fn fill(out: &mut RunbookPreview, b: &Runbook, wanted: Option<Strategy>) {
    out.id.clone_from(&b.id);
    out.title.clone_from(&b.title);
    out.about.clone_from(&b.about);
    out.labels = b.labels();
    out.system = Some(b.system);
    out.strategies = b.objectives.keys().copied().collect();
    let Some(strategy) = wanted.filter(|s| b.objectives.contains_key(s)).or(out.strategies.first().copied()) else {
        return;
    };
    out.strategy = Some(strategy);
    let components = order::components(b, strategy, &BTreeMap::new());
    let slots = order::slots(b, strategy, &components, &BTreeMap::new());
    let done = |slots: &[Slot]| -> Vec<usize> { slots.iter().filter(|s| !s.must_hold).map(|s| s.index).collect() };
    let indices = done(&slots);
    let steps: Vec<&Step> = indices.iter().filter_map(|i| b.steps.get(*i)).collect();
    if let Some(o) = b.objectives.get(&strategy) {
        let planned = until_verified(steps.iter().copied());
        out.too_long = planned > o.rto;
        let left = if out.too_long {
            format!("{} too long", planned.saturating_sub(o.rto))
        } else {
            format!("{} to spare", o.rto.saturating_sub(planned))
        };
        out.totals =
            format!("RTO {} · planned {planned} until verified · {left} · RPO {} · {:?}", o.rto, o.rpo, o.tier);
    }
    out.phases = phases(b, &slots);
    out.facts = facts(b, &steps);
}

/// A text whose values are not known yet: `Group lies in ‹secondary›`.
fn unbound(text: &str) -> String {
    let piece = |p: Part| match p {
        Part::Text(t) => t,
        Part::Value { name, .. } => format!("‹{}›", name.replace('_', " ")),
    };
    template::parse(text).map_or_else(|_| text.to_owned(), |parts| parts.into_iter().map(piece).collect())
}

fn phases(b: &Runbook, slots: &[Slot]) -> Vec<PhaseView> {
    let row = |slot: &Slot| {
        let s = b.steps.get(slot.index)?;
        let title = unbound(&s.title);
        Some(StepRow {
            id: slot.id.clone(),
            state: StepState::Ready,
            timing: if s.expect.0 == 0 { String::new() } else { format!("~{}", s.expect) },
            sentence: format!("{title}: about {}", s.expect),
            title,
            group: s.group.clone(),
        })
    };
    let name = |p: Phase| b.system.phase(p).to_owned();
    let one = |phase: Phase| {
        let here = || slots.iter().filter(move |s| s.phase == phase);
        let steps: Vec<StepRow> = here().filter_map(row).collect();
        let sum: Millis = here().filter_map(|s| b.steps.get(s.index)).map(|s| s.expect).sum();
        let note = if sum.0 == 0 { String::new() } else { format!("about {sum}") };
        (!steps.is_empty()).then(|| PhaseView { name: name(phase), note, steps })
    };
    Phase::ALL.into_iter().filter_map(one).collect()
}

fn facts(b: &Runbook, steps: &[&Step]) -> Vec<(String, String)> {
    let ids = |f: &dyn Fn(&Step) -> bool| {
        let all: Vec<&str> = steps.iter().filter(|s| f(s)).map(|s| s.id.as_str()).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    };
    let by_itself = |s: &Step| s.action.is_some() || s.kind == StepKind::Verification;
    let automated = steps.iter().filter(|s| by_itself(s)).count();
    let mut out = vec![
        ("Automated".to_owned(), format!("{automated} of {} steps", steps.len())),
        ("Second person".to_owned(), ids(&|s| s.second_person.is_some())),
        ("May lose".to_owned(), ids(&|s| s.may_lose.is_some())),
        ("Changes Azure".to_owned(), ids(&|s| s.risk != Risk::ReadOnly)),
        ("Cannot be undone".to_owned(), ids(&|s| s.risk == Risk::Irreversible)),
    ];
    if !b.components.is_empty() {
        let all: Vec<&str> = b.components.iter().map(|c| c.title.as_str()).collect();
        out.push(("Components".to_owned(), all.join(", ")));
    }
    let all: Vec<String> = b.parameters.iter().map(|p| p.name.replace('_', " ")).collect();
    out.push(("To fill in".to_owned(), all.join(", ")));
    out
}

fn texts(source: &Source, found: &[Diagnostic]) -> Vec<Arc<SourceText>> {
    let parts = source.parts.iter().filter_map(|p| Some((&p.name, p.text.as_ref().ok()?)));
    let files = std::iter::once((&source.name, &source.text)).chain(parts);
    files.map(|(name, text)| Arc::new(annotated(name, text, found))).collect()
}

/// A file's lines, each with the findings that begin there.
fn annotated(name: &str, text: &str, found: &[Diagnostic]) -> SourceText {
    let mut lines: Vec<SourceLine> =
        text.lines().map(|l| SourceLine { text: visible(l), findings: Vec::new() }).collect();
    if lines.is_empty() {
        lines.push(SourceLine { text: String::new(), findings: Vec::new() });
    }
    let mut marked = Vec::new();
    for d in found.iter().filter(|d| d.file == name) {
        let at = d.line.saturating_sub(1).min(lines.len() - 1);
        lines[at].findings.push(diagnostic(d));
        marked.push(at);
    }
    // That there is more wrong than is shown comes last, and stands in the first line.
    marked.sort_unstable();
    marked.dedup();
    SourceText { file: name.to_owned(), lines, marked }
}
