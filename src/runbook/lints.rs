//! Lints of one step or parameter at a time: what Azure refuses, what a person would trip over.

use super::check::{Draft, Placed};
use super::commands;
use super::diagnostic::Report;
use super::model::{ParameterKind, Role, StepKind, System};
use super::template::{self, Part};
use super::tree::{Node, text_of};

/// A title is read at a glance, on a narrow screen too.
const LONG_TITLE: usize = 80;
/// More is no instruction but a document.
const LONG_TEXT: usize = 4_000;

pub(super) fn run(draft: &Draft<'_>, report: &mut Report<'_>) {
    retired(draft, report);
    sides(draft, report);
    if let Some(node) = draft.root.field(report.text, "title") {
        short_title(&draft.runbook.title, node, report);
    }
    for p in draft.placed {
        if report.full() {
            return;
        }
        one(p, report);
        addresses(p, draft, report);
        commands::run(p, draft.runbook, report);
    }
}

fn retired(draft: &Draft<'_>, report: &mut Report<'_>) {
    if draft.runbook.system == System::OperatorInsights && draft.root.field(report.text, "retired").is_none() {
        let at = draft.root.field(report.text, "system").map_or(0..0, Node::anchor);
        let fix = "say so with `retired: \"…\"`, or remove the runbook".to_owned();
        report.warn(at, "RB059", "Operator Insights is retired, and this runbook does not say so", Some(fix));
    }
}

/// Moving to the region one is in would look like a success.
fn sides(draft: &Draft<'_>, report: &mut Report<'_>) {
    let all = &draft.runbook.parameters;
    for p in all.iter().filter(|p| p.role == Some(Role::Secondary)) {
        let same = |k: &ParameterKind| match (k, &p.kind) {
            (ParameterKind::Region, ParameterKind::Region) => true,
            (ParameterKind::Resource(a), ParameterKind::Resource(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        };
        let Some(primary) = all.iter().find(|x| x.role == Some(Role::Primary) && same(&x.kind)) else { continue };
        if p.differs_from.is_none() && primary.differs_from.as_ref() != Some(&p.name) {
            let node = draft.root.field(report.text, "parameters").and_then(|n| n.field(report.text, &p.name));
            let at = node.map_or(0..0, |n| n.key.clone().unwrap_or(n.anchor()));
            let message = format!("nothing keeps a plan from giving `{}` the value of `{}`", p.name, primary.name);
            report.warn(at, "RB065", message, Some(format!("write `differs_from: \"{}\"`", primary.name)));
        }
    }
}

fn short_title(title: &str, node: &Node, report: &mut Report<'_>) {
    let length = title.chars().count();
    if length > LONG_TITLE {
        let message = format!("this title has {length} characters; after {LONG_TITLE} it is cut where it is shown");
        report.warn(node.span.clone(), "RB066", message, Some("say the rest in `why`".to_owned()));
    }
}

fn one(p: &Placed<'_>, report: &mut Report<'_>) {
    let Placed { step: s, fields: f } = p;
    if let Some(node) = f.node("title", report) {
        short_title(&s.title, node, report);
    }
    for (field, text) in [("why", &s.why), ("degraded", &s.degraded)] {
        let length = text.chars().count();
        if length > LONG_TEXT {
            let message = format!("`{field}` has {length} characters; nobody reads more than {LONG_TEXT} at night");
            report.warn(p.at(field, report), "RB067", message, Some("make it several steps".to_owned()));
        }
    }
    if s.action.is_some() && s.do_in.is_empty() && !s.must_hold_in.is_empty() && !f.lost("do_in") {
        let message = format!("`{}` is only looked at, so its action is never done", s.id);
        let fix = "name the strategies in which it is done in `do_in`, or take the action away".to_owned();
        report.warn(p.at("action", report), "RB064", message, Some(fix));
    }
    if s.kind == StepKind::Verification && s.second_person.is_some() && !f.lost("kind") {
        let message = format!("`{}` only reads, and a second person has to wait for it", s.id);
        let fix = "ask for the second person at the step that changes something".to_owned();
        report.warn(p.at("second_person", report), "RB069", message, Some(fix));
    }
    if s.kind == StepKind::Manual && s.expect.0 == 0 && !f.lost("expect") && !f.lost("kind") {
        let message = format!("`{}` is done by a person and is planned to take no time", s.id);
        let fix = "say how long it takes; the time left is computed with it".to_owned();
        report.warn(p.at("expect", report), "RB070", message, Some(fix));
    }
}

/// What is asked over HTTP must be known to whoever trusts the plan: an address of the plan, or one written out.
fn addresses(p: &Placed<'_>, draft: &Draft<'_>, report: &mut Report<'_>) {
    for field in ["verify", "holds", "action"] {
        let node = p.fields.node(field, report);
        let of = match field {
            "action" => node.map_or(&[][..], std::slice::from_ref),
            _ => node.map_or(&[][..], |n| &n.items),
        };
        for node in of {
            let asks = matches!(node.head_text(report.text), "Http" | "HttpRequest");
            let url = node.field(report.text, "url").filter(|_| asks);
            let Some((at, url)) = url.and_then(|n| Some((n.span.clone(), text_of(n, report.text)?))) else { continue };
            if let Err(why) = address(&url, draft) {
                let fix = "begin with a parameter of the kind Url, `{health}/path`, or write `https://host/…` out";
                report.error_do(at, "RB068", why, fix.to_owned());
            }
        }
    }
}

fn address(url: &str, draft: &Draft<'_>) -> Result<(), String> {
    // A text that is no template is reported where templates are.
    let Ok(parts) = template::parse(url) else { return Ok(()) };
    let kind = |name: &str| draft.runbook.parameters.iter().find(|p| p.name == name).map(|p| &p.kind);
    let ends = |c: char| matches!(c, '/' | '?' | '#');
    match parts.as_slice() {
        [Part::Value { name, field: None }, rest @ ..] => match (kind(name), rest.first()) {
            (Some(ParameterKind::Url), Some(Part::Text(t))) if !t.starts_with(ends) => {
                Err(format!("what follows `{{{name}}}` becomes part of its host; begin it with `/`"))
            }
            (Some(ParameterKind::Url), Some(Part::Value { .. })) => {
                Err(format!("what follows `{{{name}}}` becomes part of its host; put a `/` between"))
            }
            // An undeclared one is reported elsewhere.
            (Some(ParameterKind::Url) | None, _) => Ok(()),
            _ => Err(format!("`{name}` is no Url, so nobody who trusts the plan sees which host is asked")),
        },
        [Part::Text(text), rest @ ..] => {
            let Some(host) = text.strip_prefix("https://") else {
                return Err("only https addresses are asked".to_owned());
            };
            let end = host.find(ends);
            let host = &host[..end.unwrap_or(host.len())];
            if end.is_none() && !rest.is_empty() {
                named_host(rest, kind)
            } else if host.is_empty() || host.contains(['@', ' ']) {
                Err("this address names no host".to_owned())
            } else {
                Ok(())
            }
        }
        _ => Err("the host depends on a parameter that is no Url".to_owned()),
    }
}

/// A resource's name, or a region, may be a label of a host whose domain is written out: `{vault.name}.vault.azure.net`.
fn named_host<'k>(rest: &[Part], kind: impl Fn(&str) -> Option<&'k ParameterKind>) -> Result<(), String> {
    let mut domain = "";
    for part in rest {
        match part {
            Part::Value { name, field } => match (kind(name), field.as_deref()) {
                (Some(ParameterKind::Resource(_)), Some("name")) | (Some(ParameterKind::Region) | None, _) => {
                    domain = ""
                }
                _ => return Err(format!("the host depends on `{name}`, which is neither a Url nor a resource's name")),
            },
            Part::Text(text) => {
                let end = text.find(['/', '?', '#']);
                domain = &text[..end.unwrap_or(text.len())];
                if end.is_some() {
                    break;
                }
            }
        }
    }
    if domain.starts_with('.') && domain.matches('.').count() >= 2 && !domain.contains(['@', ' ']) {
        return Ok(());
    }
    Err("the host's domain is not written out".to_owned())
}
