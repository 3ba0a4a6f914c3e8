//! Parameters and the texts that use them: every brace must name something, and something of the right kind.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::check::Draft;
use super::diagnostic::{Report, did_you_mean, near_or_all};
use super::model::{Parameter, ParameterKind, Role, System};
use super::template::{self, Part};
use super::tree::{Node, text_of};
use crate::units::{Millis, Region, ResourceId, known_region, known_regions};

/// One value of a parameter; it may stand in many places.
const MAX_VALUE: usize = 4 << 10;

/// Fields of a step that may hold templates.
const TEMPLATED: [&str; 12] = [
    "title",
    "why",
    "degraded",
    "target",
    "may_lose",
    "second_person",
    "action",
    "guards",
    "verify",
    "holds",
    "undo",
    "by_hand",
];

pub(super) fn run(draft: &Draft<'_>, report: &mut Report<'_>) {
    let parameters: BTreeMap<&str, &Parameter> =
        draft.runbook.parameters.iter().map(|p| (p.name.as_str(), p)).collect();
    let nodes = draft.root.field(report.text, "parameters");
    declared(draft, nodes, &parameters, report);
    // Parameters that could not be read are reported already; do not call their uses undeclared.
    let text = report.text;
    let named: Vec<&str> = nodes.map_or_else(Vec::new, |n| n.items.iter().filter_map(|i| i.key_text(text)).collect());
    // What has a role is used by the program itself; what a choice hangs on is used by `when`.
    let spoken_for = draft.runbook.parameters.iter().filter(|p| p.role.is_some() || p.default_store);
    let mut used: BTreeSet<String> = spoken_for.map(|p| p.name.clone()).collect();
    used.extend(draft.runbook.steps.iter().flat_map(|s| s.when.keys().cloned()));
    for p in draft.placed {
        if report.full() {
            return;
        }
        for field in TEMPLATED {
            let Some(node) = p.fields.node(field, report) else { continue };
            node.walk(&mut |n| {
                if report.full() {
                    return;
                }
                if let Some(key) = n.key.clone().filter(|k| text[k.clone()].starts_with('"')) {
                    template_at(key.clone(), text[key].trim_matches('"'), &named, &parameters, &mut used, report);
                }
                if let Some(value) = text_of(n, text) {
                    template_at(n.span.clone(), &value, &named, &parameters, &mut used, report);
                    kind_at(n, &value, field, &parameters, report);
                }
                numbers_at(n, report);
            });
        }
    }
    for node in nodes.map_or(&[][..], |n| &n.items) {
        let name = node.key_text(text).unwrap_or_default();
        if draft.whole && parameters.contains_key(name) && !used.contains(name) {
            let at = node.key.clone().unwrap_or(node.anchor());
            report.warn(
                at,
                "RB018",
                format!("no step uses the parameter `{name}`"),
                Some(format!("use `{{{name}}}` or remove it")),
            );
        }
    }
}

fn declared(draft: &Draft<'_>, nodes: Option<&Node>, parameters: &BTreeMap<&str, &Parameter>, report: &mut Report<'_>) {
    let text = report.text;
    let at = nodes.map_or(draft.root.anchor(), Node::anchor);
    roles(draft, nodes, &at, report);
    let mut seen = BTreeSet::new();
    for node in nodes.map_or(&[][..], |n| &n.items) {
        let name = node.key_text(text).unwrap_or_default();
        if !seen.insert(name) {
            report.error(node.key.clone().unwrap_or(node.anchor()), "RB005", format!("`{name}` is there twice"));
        }
        let Some(p) = parameters.get(name) else { continue };
        if let (Some(other), Some(n)) = (&p.differs_from, node.field(text, "differs_from"))
            && (other == name || !parameters.contains_key(other.as_str()))
        {
            let others = parameters.keys().copied().filter(|k| *k != name);
            let message = format!("`{name}` is to differ from `{other}`, which is no other parameter");
            report.unknown(n.span.clone(), "RB032", message, other, others);
        }
        if let (Some(default), Some(n)) = (&p.default, node.field(text, "default"))
            && let Err((message, fix)) = check_value(&p.kind, default)
        {
            report.add(super::Severity::Error, n.span.clone(), "RB046", message, fix);
        }
    }
}

/// Where users are and where they go must be known, each once; recovery from soft delete has one side only.
fn roles(draft: &Draft<'_>, nodes: Option<&Node>, at: &Range<usize>, report: &mut Report<'_>) {
    let all = &draft.runbook.parameters;
    type Is = fn(&ParameterKind) -> bool;
    let kinds: [(&str, Is); 3] = [
        ("Region", |k| matches!(k, ParameterKind::Region)),
        ("Resource", |k| matches!(k, ParameterKind::Resource(_))),
        ("Url", |k| matches!(k, ParameterKind::Url)),
    ];
    for role in [Role::Primary, Role::Secondary] {
        for (kind, is) in kinds {
            let mut having = all.iter().filter(|p| p.role == Some(role) && is(&p.kind));
            let first = having.next();
            for p in having {
                let at = nodes.and_then(|n| n.field(report.text, &p.name)).map_or(at.clone(), Node::anchor);
                let message = format!("another {kind} is the {role:?} already");
                report.error_do(at, "RB038", message, "take the role from one of the two".to_owned());
            }
            let needed = kind == "Region" && (role == Role::Primary || draft.runbook.system != System::SoftDelete);
            // One that could not be read may have been it.
            if needed && first.is_none() && nodes.is_none_or(|n| n.items.len() == all.len()) {
                let fix = match draft.schema {
                    1 => format!("declare `\"{}\": Region(about: \"…\")`", format!("{role:?}").to_lowercase()),
                    _ => format!("declare a parameter `Region(about: \"…\", role: {role:?})`"),
                };
                report.error_do(at.clone(), "RB038", format!("no region is the {role:?}"), fix);
            }
        }
    }
}

fn template_at(
    span: Range<usize>,
    value: &str,
    named: &[&str],
    parameters: &BTreeMap<&str, &Parameter>,
    used: &mut BTreeSet<String>,
    report: &mut Report<'_>,
) {
    let parts = match template::parse(value) {
        Ok(parts) => parts,
        Err(e) => return report.error(span, "RB036", e.to_string()),
    };
    for part in parts {
        let Part::Value { name, field } = part else { continue };
        if report.full() {
            return;
        }
        let written = || field.as_ref().map_or_else(|| format!("{{{name}}}"), |f| format!("{{{name}.{f}}}"));
        // The very word, unless the text spells it with escapes.
        let at = |report: &Report<'_>| {
            report.text[span.clone()].find(&written()).map_or(span.clone(), |i| {
                let start = span.start + i;
                start..start + written().len()
            })
        };
        if !used.contains(&name) {
            used.insert(name.clone());
        }
        let Some(p) = parameters.get(name.as_str()) else {
            if !named.contains(&name.as_str()) {
                let message = format!("`{}` is used and no parameter `{name}` is declared", written());
                let fix = near_or_all(&name, named.iter().copied());
                report.add(super::Severity::Error, at(report), "RB017", message, fix);
            }
            continue;
        };
        let fields = template::fields(&p.kind);
        if let Some(f) = field.as_ref().filter(|f| !fields.contains(&f.as_str())) {
            let message = format!("`{name}` has no field `{f}`");
            report.unknown(at(report), "RB031", message, f, fields.iter().copied());
        }
    }
}

/// What a field of an action, guard or condition has to be, by its name.
fn expected_kind(key: &str, head: &str) -> Option<&'static str> {
    match (head, key) {
        ("PlanesRead", "primary" | "secondary") => Some("resource"),
        (_, "account" | "like" | "from" | "to" | "store" | "resource" | "other") => Some("resource"),
        (
            _,
            "group" | "vault" | "workspace" | "profile" | "endpoint" | "registry" | "compute" | "record" | "origin",
        ) => Some("resource"),
        (_, "region") => Some("region"),
        (_, "baseline") => Some("duration"),
        (_, "first") => Some("list"),
        _ => None,
    }
}

fn kind_at(node: &Node, value: &str, field: &str, parameters: &BTreeMap<&str, &Parameter>, report: &mut Report<'_>) {
    if !matches!(field, "action" | "guards" | "verify" | "holds") {
        return;
    }
    // The name of the enclosing variant matters for one condition only, whose keys are no other's.
    let key = node.key_text(report.text).unwrap_or_default();
    // A key in quotes is a runbook's own: of a template, a body, a map of values.
    if node.key.as_ref().is_some_and(|k| report.text[k.clone()].starts_with('"')) {
        return;
    }
    let head = if matches!(key, "primary" | "secondary") { "PlanesRead" } else { "" };
    let Some(wanted) = expected_kind(key, head) else { return };
    let is = |k: &ParameterKind| match k {
        ParameterKind::Resource(_) => "resource",
        ParameterKind::Region => "region",
        ParameterKind::Duration => "duration",
        ParameterKind::List => "list",
        _ => "text",
    };
    match template::parse(value).as_deref() {
        Ok([Part::Value { name, field: None }]) => {
            if let Some(p) = parameters.get(name.as_str()).filter(|p| is(&p.kind) != wanted) {
                let message = format!("`{key}` wants a {wanted}, and `{name}` is a {}", is(&p.kind));
                let right = parameters.values().filter(|p| is(&p.kind) == wanted).map(|p| p.name.as_str());
                let fix = right.collect::<Vec<_>>().join("`, `");
                report.error_do(node.span.clone(), "RB037", message, format!("these are: `{fix}`"));
            }
        }
        Ok(parts) if parts.iter().all(|p| matches!(p, Part::Text(_))) => {
            let kind = match wanted {
                "resource" => ParameterKind::Resource(String::new()),
                "region" => ParameterKind::Region,
                "list" => ParameterKind::List,
                _ => ParameterKind::Duration,
            };
            if let Err((message, fix)) = check_value(&kind, value) {
                report.add(super::Severity::Error, node.span.clone(), "RB037", message, fix);
            }
        }
        _ => {}
    }
}

/// Percentages and statuses in conditions.
fn numbers_at(node: &Node, report: &mut Report<'_>) {
    let text = report.text;
    let most = match node.head_text(text) {
        "ErrorRateBelow" | "ShareOfRequests" => 100,
        "QuotaCovers" | "LatencyWithin" => 1_000,
        _ => return,
    };
    for n in &node.items {
        let written = &text[n.span.clone()];
        match n.key_text(text) {
            Some("percent" | "at_least_percent") if written.parse::<u32>().is_ok_and(|p| p == 0 || p > most) => {
                let message = format!("{written} is no percentage that makes sense here");
                report.error_do(n.span.clone(), "RB010", message, format!("write a number from 1 to {most}"));
            }
            Some("status") if !matches!(written, "\"5xx\"" | "\"429\"") => {
                let fix = did_you_mean(written, ["\"5xx\"", "\"429\""]);
                let message = "only `5xx` and `429` can be counted";
                report.add(super::Severity::Error, n.span.clone(), "RB010", message, fix);
            }
            _ => {}
        }
    }
}

/// Whether a text is a value of this kind; the sentence and the advice if not.
pub(crate) fn check_value(kind: &ParameterKind, value: &str) -> Result<(), (String, Option<String>)> {
    let value = value.trim();
    let no = |message: String, fix: Option<&str>| Err((message, fix.map(str::to_owned)));
    if value.is_empty() {
        return no("a value must not be empty".to_owned(), None);
    }
    if value.len() > MAX_VALUE {
        return no(format!("a value may have {MAX_VALUE} bytes at most"), None);
    }
    match kind {
        ParameterKind::Region => {
            let region = Region::new(value);
            if known_region(region.name()).is_none() {
                let names = known_regions().iter().map(|r| r.name.as_str());
                return Err((format!("`{value}` is no Azure region"), did_you_mean(region.name(), names)));
            }
        }
        ParameterKind::Resource(of) => {
            let id: ResourceId = value.parse().map_err(|e: crate::units::BadResourceId| (e.to_string(), None))?;
            if !of.is_empty() && !id.kind().eq_ignore_ascii_case(of) {
                return no(format!("this is the id of a {}, and a {of} is wanted", id.kind()), None);
            }
        }
        ParameterKind::Url => {
            let host = value.strip_prefix("https://").unwrap_or_default();
            if host.is_empty() || host.starts_with('/') || value.contains(char::is_whitespace) {
                return no(format!("`{value}` is no https address"), Some("write `https://host/…`"));
            }
        }
        ParameterKind::Duration => {
            value.parse::<Millis>().map_err(|e| (e.to_string(), None))?;
        }
        ParameterKind::Number => {
            value.parse::<i64>().map_err(|_| (format!("`{value}` is no whole number"), None))?;
        }
        ParameterKind::Choice(of) => {
            if !of.iter().any(|o| o == value) {
                return Err((
                    format!("`{value}` is none of the choices"),
                    did_you_mean(value, of.iter().map(String::as_str)),
                ));
            }
        }
        ParameterKind::List => {
            if value.split(',').any(|v| v.trim().is_empty()) {
                return no(
                    "an element of the list is empty".to_owned(),
                    Some("write names with commas between: `chat,embed`"),
                );
            }
        }
        ParameterKind::SecretRef => {
            let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) && value.len() <= 80;
            if !plain {
                return no(
                    "this is no name of a keyring entry".to_owned(),
                    Some("write the entry's name, never the secret itself"),
                );
            }
        }
        ParameterKind::Text => {}
    }
    Ok(())
}
