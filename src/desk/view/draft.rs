//! A plan while it is being filled in: every field with what is wanted, what may be chosen and what is wrong.

use std::collections::BTreeMap;

use crate::plan::draft::{Draft, Finding, compare, wanted};
use crate::plan::inventory::{Inventory, Suggestion};
use crate::plan::order;
use crate::runbook::Source;
use crate::runbook::model::{Parameter, ParameterKind, Runbook, Strategy};

use super::super::snapshot::{ComponentChoice, DraftField, DraftView};

/// Enough to choose from without scrolling.
const SUGGESTED: usize = 8;

/// Draws a draft; the caller says where it would be saved and how old the inventory is.
pub fn view(
    number: u64,
    draft: &Draft,
    (runbook, source): (&Runbook, &Source),
    inventory: Option<&Inventory>,
) -> DraftView {
    let found = draft.check(source);
    let plan = crate::plan::bind("plan", &draft.text(), source, None).0;
    let doubts = match (inventory, &plan) {
        (Some(i), Some(p)) => crate::plan::inventory::check(p, runbook, i),
        _ => Vec::new(),
    };
    let of = |name: &str| -> Vec<String> {
        found.iter().filter(|f| f.field.as_deref() == Some(name)).map(Finding::text).collect()
    };
    let fields = runbook.parameters.iter().map(|p| {
        let mut f = field(p, draft, of(&p.name), inventory);
        for d in doubts.iter().filter(|d| d.parameter == p.name) {
            f.findings.push(format!("{}; {}", d.message, d.advice));
            f.suggestions.extend(d.instead.iter().map(|v| (v.clone(), name_of(v))));
        }
        f
    });
    let fields = fields.collect::<Vec<_>>();
    let components = components(draft, runbook, &of);
    let known = |f: &Finding| {
        let name = f.field.as_deref().unwrap_or_default();
        fields.iter().any(|x| x.name == name) || components.iter().any(|c| c.name == name)
    };
    let others = found.iter().filter(|f| !known(f)).map(|f| (f.field.clone().unwrap_or_default(), f.text())).collect();
    DraftView {
        number,
        draft: draft.clone(),
        runbook: runbook.title.clone(),
        strategies: strategies(draft, runbook),
        components,
        fields,
        findings: others,
        totals: plan.as_ref().map(super::library::totals),
        digest: plan.map(|p| p.digest),
        path: std::path::PathBuf::new(),
        inventory: String::new(),
    }
}

fn name_of(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).to_owned()
}

fn field(p: &Parameter, draft: &Draft, findings: Vec<String>, inventory: Option<&Inventory>) -> DraftField {
    let typed = draft.values.get(&p.name).map_or("", String::as_str);
    DraftField {
        name: p.name.clone(),
        about: p.about.clone(),
        wanted: wanted(&p.kind),
        suggestions: suggestions(&p.kind, typed, inventory),
        bad: !findings.is_empty(),
        findings,
    }
}

/// What may be chosen: choices always, regions once something is typed, resources as soon as they are known.
fn suggestions(kind: &ParameterKind, typed: &str, inventory: Option<&Inventory>) -> Vec<(String, String)> {
    let typed = typed.trim();
    let none = Inventory::default();
    let known = inventory.unwrap_or(&none);
    let whole = |s: &Suggestion| s.value == typed;
    let asked = match kind {
        ParameterKind::Choice(_) => "",
        ParameterKind::Region if typed.is_empty() => return Vec::new(),
        _ => typed,
    };
    let mut all = known.complete(kind, asked);
    if !matches!(kind, ParameterKind::Choice(_)) && all.iter().any(whole) {
        return Vec::new();
    }
    all.truncate(SUGGESTED);
    let label = |s: &Suggestion| if s.label == s.value { String::new() } else { s.label.clone() };
    all.into_iter().map(|s| (s.value.clone(), label(&s))).collect()
}

/// The strategies of the whole, each with what would change if it were taken.
pub fn strategies(draft: &Draft, runbook: &Runbook) -> Vec<(Strategy, String)> {
    let Some(now) = draft.strategy.filter(|s| runbook.objectives.contains_key(s)) else {
        return runbook.objectives.keys().map(|s| (*s, String::new())).collect();
    };
    let one = |s: &Strategy| {
        // A strategy of the whole takes along every component for which it makes sense.
        let mut then = draft.components.clone();
        then.retain(|name, _| !runbook.components.iter().any(|c| c.name == *name && c.strategies.contains(s)));
        let change = compare(runbook, (now, *s), (&draft.components, &then), &draft.values);
        (*s, if *s == now { String::new() } else { change.sentence() })
    };
    runbook.objectives.keys().map(one).collect()
}

/// The components, with what each of their strategies would change; `of` tells what is wrong with one.
pub fn components(draft: &Draft, runbook: &Runbook, of: &dyn Fn(&str) -> Vec<String>) -> Vec<ComponentChoice> {
    let Some(strategy) = draft.strategy else { return Vec::new() };
    let chosen = order::components(runbook, strategy, &draft.components);
    let choices = |name: &str, list: &[Strategy], now: Strategy| -> Vec<(Strategy, String)> {
        let one = |s: &Strategy| {
            let mut then: BTreeMap<String, Strategy> = chosen.clone();
            then.insert(name.to_owned(), *s);
            let change = compare(runbook, (strategy, strategy), (&chosen, &then), &draft.values);
            (*s, if *s == now { String::new() } else { change.sentence() })
        };
        list.iter().map(one).collect()
    };
    let row = |c: &crate::runbook::model::Component| {
        let now = chosen.get(&c.name).copied().unwrap_or(c.usual);
        ComponentChoice {
            name: c.name.clone(),
            title: c.title.clone(),
            chosen: now,
            choices: choices(&c.name, &c.strategies, now),
            finding: of(&c.name).into_iter().next(),
        }
    };
    runbook.components.iter().map(row).collect()
}
