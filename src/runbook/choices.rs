//! What hangs on something: steps on choices, on one another within a group, and all that moves on a decision.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Draft, Placed};
use super::diagnostic::{Report, Severity, did_you_mean};
use super::model::{ParameterKind, Phase, Risk, Step, StepKind, Strategy, System};
use super::order;
use super::tree::Node;

pub(super) fn run(draft: &Draft<'_>, report: &mut Report<'_>) {
    options(draft, report);
    for p in draft.placed {
        when(p, draft, report);
    }
    never_together(draft, report);
    groups(draft, report);
    decisions(draft, report);
}

/// A choice has two answers at least.
fn options(draft: &Draft<'_>, report: &mut Report<'_>) {
    let nodes = draft.root.field(report.text, "parameters");
    for p in &draft.runbook.parameters {
        let ParameterKind::Choice(of) = &p.kind else { continue };
        let node = nodes.and_then(|n| n.field(report.text, &p.name));
        let at = node.and_then(|n| n.field(report.text, "of")).or(node).map_or(0..0, Node::anchor);
        let different: BTreeSet<&String> = of.iter().collect();
        if different.len() < 2 || different.len() < of.len() || of.iter().any(|o| o.trim().is_empty()) {
            let message = format!("`{}` is a choice between two or more different answers", p.name);
            report.error_do(
                at,
                "RB073",
                message,
                "write for example `of: [\"shared\", \"one per region\"]`".to_owned(),
            );
        }
    }
}

/// What a step hangs on must be a choice, and an answer that can be given.
fn when(p: &Placed<'_>, draft: &Draft<'_>, report: &mut Report<'_>) {
    let Some(node) = p.fields.node("when", report) else { return };
    let all = &draft.runbook.parameters;
    // A parameter that could not be read may be the choice that is meant.
    let declared = draft.root.field(report.text, "parameters").map_or(0, |n| n.items.len());
    for (name, value) in &p.step.when {
        let entry = node.field(report.text, name);
        let key = entry.and_then(|n| n.key.clone()).unwrap_or(node.anchor());
        match all.iter().find(|x| x.name == *name).map(|x| &x.kind) {
            Some(ParameterKind::Choice(of)) if of.contains(value) => {}
            Some(ParameterKind::Choice(of)) => {
                let message = format!("`{value}` is none of the answers to `{name}`, so `{}` is never in", p.step.id);
                let at = entry.map_or(key, |n| n.span.clone());
                report.unknown(at, "RB055", message, value, of.iter().map(String::as_str));
            }
            None if declared > all.len() => {}
            kind => {
                let choices =
                    || all.iter().filter(|x| matches!(x.kind, ParameterKind::Choice(_))).map(|x| x.name.as_str());
                let what = if kind.is_some() { "no choice" } else { "no parameter" };
                let message = format!("`{}` hangs on `{name}`, which is {what}", p.step.id);
                let fix = did_you_mean(name, choices())
                    .unwrap_or_else(|| format!("declare `\"{name}\": Choice(about: \"…\", of: [\"…\", \"…\"])`"));
                report.add(Severity::Error, key, "RB054", message, Some(fix));
            }
        }
    }
}

/// Whether no plan has both steps, because they hang on different answers to one question.
fn apart(a: &Step, b: &Step) -> bool {
    a.when.iter().any(|(name, value)| b.when.get(name).is_some_and(|v| v != value))
}

/// A need on a step that is never in together with this one would be waived in every plan.
fn never_together(draft: &Draft<'_>, report: &mut Report<'_>) {
    let steps: BTreeMap<&str, &Step> = draft.runbook.steps.iter().map(|s| (s.id.as_str(), s)).collect();
    for p in draft.placed.iter().filter(|p| !p.step.when.is_empty()) {
        for (n, need) in p.step.needs.iter().enumerate() {
            if report.full() {
                return;
            }
            if let Some(other) = steps.get(need.as_str()).filter(|other| apart(&p.step, other)) {
                let message = format!("`{}` needs `{}`, and a plan has only one of the two", p.step.id, other.id);
                let fix = "take it out of `needs`, or let both hang on the same answer".to_owned();
                report.error_do(p.element("needs", n, report), "RB061", message, fix);
            }
        }
    }
}

/// Steps of a group stand side by side and do not wait for each other.
fn groups(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, p) in draft.placed.iter().enumerate() {
        if let Some(g) = &p.step.group {
            members.entry(g).or_default().push(i);
        }
    }
    for (name, of) in &members {
        if let ([only], true) = (of.as_slice(), draft.whole) {
            let p = &draft.placed[*only];
            let message = format!("`{}` is the only step of the group `{name}`", p.step.id);
            let fix = did_you_mean(name, members.keys().copied().filter(|g| g != name).take(1));
            let fix = fix
                .filter(|f| f.starts_with("did you"))
                .unwrap_or_else(|| "name a neighbour too, or leave it out".to_owned());
            report.warn(p.at("group", report), "RB058", message, Some(fix));
        }
        let ids: BTreeSet<&str> = of.iter().map(|&i| draft.placed[i].step.id.as_str()).collect();
        for &i in of {
            let p = &draft.placed[i];
            for (n, need) in p.step.needs.iter().enumerate() {
                if report.full() {
                    return;
                }
                if *need != p.step.id && ids.contains(need.as_str()) {
                    let message =
                        format!("`{}` waits for `{need}`, so they cannot be done at the same time", p.step.id);
                    let fix = format!("take one of them out of the group `{name}`");
                    report.error_do(p.element("needs", n, report), "RB057", message, fix);
                }
            }
        }
    }
    if draft.whole && !members.is_empty() {
        let mut told = BTreeSet::new();
        for strategy in draft.objective_nodes.keys() {
            neighbours(*strategy, draft, &mut told, report);
        }
    }
}

/// Looks for a step between two of one group, as a run of this strategy would go through them.
fn neighbours(strategy: Strategy, draft: &Draft<'_>, told: &mut BTreeSet<usize>, report: &mut Report<'_>) {
    let steps = &draft.runbook.steps;
    let keys = order::keys(draft.runbook, strategy);
    let mut here: Vec<usize> = (0..steps.len()).filter(|&i| steps[i].do_in.contains(&strategy)).collect();
    here.sort_by_key(|&i| keys[i]);
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, &i) in here.iter().enumerate() {
        let Some(group) = steps[i].group.as_deref() else { continue };
        let Some(before) = last.insert(group, place) else { continue };
        let first = &steps[here[before]];
        let between =
            here[before + 1..place].iter().map(|&j| &steps[j]).find(|s| !apart(s, &steps[i]) && !apart(s, first));
        let message = match between {
            _ if first.phase != steps[i].phase => {
                format!("the group `{group}` begins in the phase {} and goes on in another", first.phase.display())
            }
            Some(s) => format!("`{}` stands between `{}` and `{}` of the group `{group}`", s.id, first.id, steps[i].id),
            None => continue,
        };
        if told.insert(i) && !report.full() {
            let fix = "put the steps of a group next to each other, or give the later ones a group of their own";
            report.error_do(draft.placed[i].at("group", report), "RB056", message, fix.to_owned());
        }
    }
}

/// Nothing moves before somebody has decided that it shall.
fn decisions(draft: &Draft<'_>, report: &mut Report<'_>) {
    for p in draft.placed.iter().filter(|p| p.step.decision && !p.fields.lost("kind")) {
        if p.step.kind != StepKind::Manual {
            let message = format!("`{}` decides, and no person does", p.step.id);
            report.error_do(p.at("kind", report), "RB071", message, "make it `kind: Manual`".to_owned());
        }
    }
    if !draft.whole || draft.runbook.system == System::SoftDelete {
        return;
    }
    let steps = &draft.runbook.steps;
    let (mut undecided, mut told): (Vec<(String, &&Node)>, _) = (Vec::new(), BTreeSet::new());
    for (strategy, node) in &draft.objective_nodes {
        let keys = order::keys(draft.runbook, *strategy);
        let here = |s: &Step| s.do_in.contains(strategy);
        let mut deciding: Vec<usize> = (0..steps.len()).filter(|&i| steps[i].decision && here(&steps[i])).collect();
        deciding.sort_by_key(|&i| keys[i]);
        let moves = |s: &Step| s.phase == Phase::FailOver && here(s);
        let Some(&first) = deciding.first() else {
            if steps.iter().any(moves) {
                undecided.push((strategy.written(), node));
            }
            continue;
        };
        if let Some(&second) = deciding.iter().find(|&&i| i != first && !apart(&steps[i], &steps[first]))
            && told.insert(second)
        {
            let message = format!("`{}` decides already; a run asks once", steps[first].id);
            let at = draft.placed[second].at("decision", report);
            report.warn(at, "RB072", message, Some("take `decision: true` from one of the two".to_owned()));
        }
        for (i, s) in steps.iter().enumerate().filter(|(_, s)| moves(s) && s.risk > Risk::ReadOnly) {
            if keys[i] < keys[first] && !report.full() && told.insert(i) {
                let message = format!("`{}` changes something before `{}` has decided", s.id, steps[first].id);
                let fix = format!("put the decision before it, for example into the phase {}", Phase::Decide.display());
                report.error_do(draft.placed[i].at("phase", report), "RB063", message, fix);
            }
        }
    }
    if let Some((_, node)) = undecided.first() {
        let names: Vec<&str> = undecided.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("users are moved in {}, and no step decides it", names.join(", "));
        let fix = "add `decision: true` to the step at which a person decides to wait or to move".to_owned();
        report.warn(node.key.clone().unwrap_or(node.anchor()), "RB062", message, Some(fix));
    }
}
