//! Two runs side by side: what was agreed and came of it, and the same steps beside each other, with what differs in words.

use std::collections::BTreeMap;

use crate::desk::snapshot::{CompareLine, Comparison};
use crate::export::dossier::{Dossier, StepLine, Story};
use crate::units::{Millis, utc_text};

/// What is no difference between two durations.
const SAME_MS: i64 = 1_000;

/// Puts them side by side.
pub fn comparison(left: &Dossier, right: &Dossier) -> Comparison {
    let both = [left, right];
    let head = |d: &Dossier| {
        let at = d.rows.first().map_or_else(String::new, |r| utc_text(r.ts).replace('T', " "));
        format!("{} · {}", d.short, at.get(..16).unwrap_or_default())
    };
    let mut lines = vec![plain("Record", both.map(|d| d.report.verdict.to_string()), "another verdict")];
    match (&left.story, &right.story) {
        (Ok(l), Ok(r)) => {
            lines.extend(whole([l, r]));
            lines.extend(objectives([l, r]));
            lines.extend(steps([(left, l), (right, r)]));
        }
        _ => {
            let why = |d: &Dossier| d.story.as_ref().err().cloned().unwrap_or_else(|| "can be told".to_owned());
            lines.push(plain("What it tells", both.map(why), "cannot be compared"));
        }
    }
    Comparison { runs: both.map(|d| d.run.clone()), heads: both.map(head), lines }
}

fn plain(name: &str, sides: [String; 2], other: &str) -> CompareLine {
    let difference = if sides[0] == sides[1] { String::new() } else { other.to_owned() };
    CompareLine { name: name.to_owned(), sides, difference }
}

fn whole(both: [&Story; 2]) -> Vec<CompareLine> {
    let took = |s: &Story| s.ended.map(|e| e - s.started);
    let text = |ms: Option<i64>| ms.map_or_else(|| "not closed".to_owned(), duration);
    vec![
        plain("Plan", both.map(|s| s.title.clone()), "another plan"),
        plain("Plan SHA-256", both.map(|s| s.digest.chars().take(16).collect()), "the plan was changed"),
        plain("Strategy and mode", both.map(|s| s.strategy.clone()), "another way"),
        plain("Outcome", both.map(|s| s.outcome.clone()), "another outcome"),
        CompareLine {
            name: "Whole run".to_owned(),
            sides: both.map(|s| text(took(s))),
            difference: longer(took(both[0]), took(both[1])),
        },
    ]
}

fn objectives(both: [&Story; 2]) -> Vec<CompareLine> {
    let mut names: Vec<&String> = both.iter().flat_map(|s| s.objectives.iter().map(|o| &o.name)).collect();
    names.dedup();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|n| seen.insert(n.as_str()));
    let line = |name: &String| {
        let of = both.map(|s| s.objectives.iter().find(|o| o.name == *name));
        let text = |o: Option<&crate::run::objective::Objective>| match o {
            None => String::new(),
            Some(o) => match o.actual() {
                Some(actual) => format!("{actual} of {}: {}", o.agreed(), o.met_objective.word()),
                None => format!("not measured; {} agreed", o.agreed()),
            },
        };
        let ms = |o: Option<&crate::run::objective::Objective>| o.and_then(|o| i64::try_from(o.actual_ms?).ok());
        let mut difference = longer(ms(of[0]), ms(of[1]));
        let word = of.map(|o| o.map(|o| o.met_objective.word()));
        if let ([Some(a), Some(b)], true) = (word, word[0] != word[1]) {
            difference = join([format!("{a}, then {b}"), difference]);
        }
        CompareLine { name: format!("{name} achieved"), sides: of.map(text), difference }
    };
    names.into_iter().map(line).collect()
}

fn steps(both: [(&Dossier, &Story); 2]) -> Vec<CompareLine> {
    let who = both.map(|(d, _)| people(d));
    let of = |n: usize, id: &str| both[n].1.steps.iter().find(|s| s.id == id);
    let line = |id: &str| {
        let found = [of(0, id), of(1, id)];
        let name = found.iter().flatten().next().map_or("", |s| s.title.as_str());
        let by = |n: usize| who[n].get(id).copied().unwrap_or_default();
        let side = |n: usize| found[n].map_or_else(String::new, |s| told(s, both[n].1.started, by(n)));
        let difference = match found {
            [Some(l), Some(r)] => {
                let state = if l.state == r.state { String::new() } else { "another outcome".to_owned() };
                let person = if by(0) == by(1) { "" } else { "somebody else" };
                join([state, longer(took(l), took(r)), person.to_owned()])
            }
            [Some(_), None] => format!("only in {}", both[0].0.short),
            _ => format!("only in {}", both[1].0.short),
        };
        CompareLine { name: format!("{id} {name}"), sides: [side(0), side(1)], difference }
    };
    order(&both[0].1.steps, &both[1].1.steps).into_iter().map(line).collect()
}

/// All steps, those of both once: what only the second has stands behind what it follows there.
fn order<'a>(left: &'a [StepLine], right: &'a [StepLine]) -> Vec<&'a str> {
    let mut all: Vec<&str> = left.iter().map(|s| s.id.as_str()).collect();
    let mut at = 0;
    for step in right {
        match all.iter().position(|id| *id == step.id) {
            Some(n) => at = n + 1,
            None => {
                all.insert(at, &step.id);
                at += 1;
            }
        }
    }
    all
}

/// Whose word was the last on each step.
fn people(d: &Dossier) -> BTreeMap<&str, &str> {
    let said = d.rows.iter().filter(|r| !r.step.is_empty() && (r.who.is_some() || r.kind.starts_with("step.done")));
    said.map(|r| (r.step.as_str(), r.actor.as_str())).collect()
}

fn took(s: &StepLine) -> Option<i64> {
    Some(s.to? - s.from?)
}

fn told(s: &StepLine, started: i64, by: &str) -> String {
    let begun = s.from.map(|from| format!("begun at +{}", duration(from - started)));
    let took = took(s).map(|ms| format!("took {}", duration(ms)));
    let by = (!by.is_empty()).then(|| by.to_owned());
    [took, Some(s.state.clone()), begun, by].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn duration(ms: i64) -> String {
    Millis(u64::try_from(ms).unwrap_or(0)).to_string()
}

/// How the second differs from the first.
fn longer(left: Option<i64>, right: Option<i64>) -> String {
    match (left, right) {
        (Some(l), Some(r)) if (r - l).abs() < SAME_MS => String::new(),
        (Some(l), Some(r)) if r > l => format!("{} longer", duration(r - l)),
        (Some(l), Some(r)) => format!("{} shorter", duration(l - r)),
        (None, None) => String::new(),
        (Some(_), None) => "measured only in the first".to_owned(),
        (None, Some(_)) => "measured only in the second".to_owned(),
    }
}

fn join(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ")
}
