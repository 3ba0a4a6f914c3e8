//! Shared steps brought into a runbook: `Include(file: "parts/common.ron", from: "CP1", to: "CB3", with: { … })`.
//!
//! The nodes keep their places in the shared file, so a finding points there; what `with` changes keeps its place in the
//! runbook.

use super::diagnostic::Report;
use super::format::{self, Fields, INCLUDE, MAX_ITEMS, PART};
use super::source::{Source, stays_inside};
use super::tree::{self, Node, Shape};

/// The steps of one shared file and their ids.
type Shared = (Vec<Node>, Vec<String>);

/// The steps of a runbook, its own and those it includes, in order. The flag is false when some could not be had.
pub(super) fn steps(own: &[Node], source: &Source, report: &mut Report<'_>) -> (Vec<Node>, bool) {
    let (mut out, mut whole) = (Vec::new(), true);
    let mut parts: Vec<Option<Option<Shared>>> = vec![None; source.parts.len()];
    for node in own {
        if node.head_text(report.text) != "Include" {
            out.push(node.clone());
        } else {
            match included(node, source, &mut parts, report) {
                Some(steps) => out.extend(steps),
                None => whole = false,
            }
        }
        if too_many(&out, report) {
            return (Vec::new(), false);
        }
    }
    (out, whole)
}

/// Refuses a list that nobody can follow, before any of it is read.
fn too_many(steps: &[Node], report: &mut Report<'_>) -> bool {
    if let Some(first) = steps.get(MAX_ITEMS) {
        report.error(first.anchor(), "RB002", format!("there are more than {MAX_ITEMS} steps, which is the limit"));
    }
    steps.len() > MAX_ITEMS
}

fn included(
    node: &Node,
    source: &Source,
    parts: &mut [Option<Option<Shared>>],
    report: &mut Report<'_>,
) -> Option<Vec<Node>> {
    let mut f = Fields::open(node, "Include", INCLUDE, report);
    let file = f.text("file", report);
    let at = f.node("file", report)?.span.clone();
    if !stays_inside(&file) {
        report.error_do(
            at,
            "RB048",
            format!("`{file}` leaves the folder of the runbook or is no file name"),
            "write plain names below the runbook's own folder, such as `parts/common.ron`".to_owned(),
        );
        return None;
    }
    let Some(k) = source.parts.iter().position(|p| p.path == file) else {
        report.error(at, "RB047", format!("there is no file `{file}` beside this runbook"));
        return None;
    };
    if let Err(why) = &source.parts[k].text {
        report.error(at, "RB047", format!("`{file}` cannot be read: {why}"));
        return None;
    }
    // The files of the report are the runbook and the parts that could be read.
    let place = 1 + source.parts[..k].iter().filter(|p| p.text.is_ok()).count();
    let (all, ids) = parts[k].get_or_insert_with(|| part(place, report)).as_ref()?;

    let mut end = |name: &'static str, usual: usize| -> Option<usize> {
        let Some(n) = f.node(name, report) else { return Some(usual) };
        let wanted: String = f.required(name, report)?;
        let found = ids.iter().position(|id| *id == wanted);
        if found.is_none() {
            let message = format!("there is no step `{wanted}` in `{file}`");
            report.unknown(n.span.clone(), "RB049", message, &wanted, ids.iter().map(String::as_str));
        }
        found
    };
    let (from, to) = (end("from", 0)?, end("to", all.len().saturating_sub(1))?);
    if from > to {
        let at = f.node("from", report).map_or(node.anchor(), |n| n.span.clone());
        report.error(at, "RB049", format!("`{}` comes after `{}` in `{file}`", ids[from], ids[to]));
        return None;
    }
    let mut without: Vec<&str> = Vec::new();
    let chosen = ids.get(from..=to).unwrap_or_default();
    for n in f.list("without", report) {
        let text = tree::text_of(n, report.text).unwrap_or_default();
        match chosen.iter().find(|id| **id == text) {
            Some(id) => without.push(id),
            None if report.full() => break,
            None => not_included(n, &text, chosen, report),
        }
    }
    let changes = f.map("with", report);
    for n in changes {
        let id = n.key_text(report.text).unwrap_or_default().to_owned();
        if !chosen.contains(&id) || without.contains(&id.as_str()) {
            let key = Node { span: n.key.clone().unwrap_or(n.anchor()), ..n.clone() };
            not_included(&key, &id, chosen, report);
        }
    }
    let wanted = all.iter().zip(ids).skip(from).take(to + 1 - from).filter(|(_, id)| !without.contains(&id.as_str()));
    Some(wanted.map(|(step, id)| changed(step.clone(), id, changes, report)).collect())
}

fn not_included(node: &Node, id: &str, chosen: &[String], report: &mut Report<'_>) {
    let message = format!("`{id}` is not among the steps included here");
    report.unknown(node.span.clone(), "RB049", message, id, chosen.iter().map(String::as_str));
}

/// The steps of one shared file; nothing when it is no such file.
fn part(place: usize, report: &mut Report<'_>) -> Option<Shared> {
    let root = tree::parse_file(place, report)?;
    let mut f = Fields::open(&root, "Part", PART, report);
    if f.broken() {
        return None;
    }
    if f.required_node("schema", report).is_some() {
        format::schema(&root, "part", format::SCHEMA, report)?;
    }
    f.required_node("steps", report)?;
    let mut steps = Vec::new();
    for n in f.list("steps", report) {
        if n.head_text(report.text) == "Include" {
            report.error(n.anchor(), "RB049", "a shared file cannot include another");
        } else {
            steps.push(n.clone());
        }
    }
    if f.lost("steps") {
        return None;
    }
    let ids = steps.iter().map(|n| id_of(n, report).unwrap_or_default()).collect();
    Some((steps, ids))
}

fn id_of(step: &Node, report: &Report<'_>) -> Option<String> {
    step.field(report.text, "id").and_then(|n| tree::text_of(n, report.text))
}

/// A shared step with the fields that this runbook says otherwise.
fn changed(mut step: Node, id: &str, changes: &[Node], report: &mut Report<'_>) -> Node {
    let Some(change) = changes.iter().find(|c| c.key_text(report.text) == Some(id)) else { return step };
    let head = change.head_text(report.text);
    if change.shape != Shape::Struct || !(head.is_empty() || head == "Step") {
        report.error(change.anchor(), "RB007", "expected `Step(field: value, …)` with the fields to change");
        return step;
    }
    for item in &change.items {
        let key = item.key_text(report.text);
        if key == Some("id") {
            report.error(item.span.clone(), "RB049", "an included step keeps its id");
            continue;
        }
        step.items.retain(|own| own.key_text(report.text) != key);
        step.items.push(item.clone());
    }
    step
}
