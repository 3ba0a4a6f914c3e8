//! Lints of meaning: a runbook can be well written and still lead nobody out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::diagnostic::Report;
use super::format::Fields;
use super::model::{Action, Component, Condition, Phase, Risk, Runbook, Step, StepKind, Strategy, System, Undo};
use super::traits::Back;
use super::tree::Node;
use super::{choices, durations, lints, order, values};
use crate::units::Millis;

/// What is known after reading: the model as far as it went, and where everything stands.
pub(super) struct Draft<'n> {
    /// The whole file.
    pub(super) root: &'n Node,
    /// The model.
    pub(super) runbook: &'n Runbook,
    /// Every step that could be read, in file order: the same indices as the model's.
    pub(super) placed: &'n [Placed<'n>],
    /// Where the objectives stand.
    pub(super) objective_nodes: BTreeMap<Strategy, &'n Node>,
    /// Where the orders stand.
    pub(super) order_nodes: BTreeMap<Strategy, &'n Node>,
    /// No step was left out.
    pub(super) whole: bool,
    /// Format version of the file.
    pub(super) schema: u32,
}

/// A step and where it stands.
pub(super) struct Placed<'n> {
    /// As read.
    pub(super) step: Step,
    /// Its fields in the text.
    pub(super) fields: Fields<'n>,
}

impl Placed<'_> {
    /// Where a field stands, or the step's id if it is not there.
    pub(super) fn at(&self, name: &str, report: &Report<'_>) -> Range<usize> {
        let node = self.fields.node(name, report).or_else(|| self.fields.node("id", report));
        node.map_or_else(|| self.fields.node.anchor(), Node::anchor)
    }
    /// Where an element of a list stands.
    pub(super) fn element(&self, name: &str, i: usize, report: &Report<'_>) -> Range<usize> {
        let element = self.fields.node(name, report).and_then(|n| n.items.get(i));
        element.map_or_else(|| self.at(name, report), |n| n.span.clone())
    }
}

/// Everything, in one go.
pub(super) fn run(draft: &Draft<'_>, report: &mut Report<'_>) {
    ids(draft, report);
    needs(draft, report);
    strategies(draft, report);
    components(draft, report);
    gate(draft, report);
    orders(draft, report);
    for placed in draft.placed {
        one(placed, !draft.objective_nodes.is_empty(), report);
        durations::of_step(placed, report);
    }
    durations::of_objectives(draft, report);
    timing(draft, report);
    values::run(draft, report);
    choices::run(draft, report);
    lints::run(draft, report);
}

fn ids(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for p in draft.placed {
        let id = p.step.id.as_str();
        let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && id.len() <= 32;
        if !plain {
            report.error(p.at("id", report), "RB044", "a step's id has letters, digits and `-`, 32 at most");
        }
        if !id.is_empty() && !seen.insert(id) {
            report.error(p.at("id", report), "RB016", format!("there is another step `{id}`"));
        }
    }
}

/// In which strategies a step is there at all.
fn all_strategies(step: &Step) -> impl Iterator<Item = Strategy> + '_ {
    step.do_in.iter().chain(&step.must_hold_in).copied()
}

fn needs(draft: &Draft<'_>, report: &mut Report<'_>) {
    let steps = &draft.runbook.steps;
    let index: BTreeMap<&str, usize> = steps.iter().enumerate().rev().map(|(i, s)| (s.id.as_str(), i)).collect();
    let circle = circles(steps, &index);
    let keys: BTreeMap<Strategy, Vec<order::Key>> =
        draft.objective_nodes.keys().map(|s| (*s, order::keys(draft.runbook, *s))).collect();
    for (i, p) in draft.placed.iter().enumerate() {
        for (n, need) in p.step.needs.iter().enumerate() {
            if report.full() {
                return;
            }
            let at = p.element("needs", n, report);
            let Some(&j) = index.get(need.as_str()) else {
                // A step left out may be the one that is meant.
                if draft.whole {
                    let message = format!("`{}` needs `{need}`, which is no step", p.step.id);
                    report.unknown(at, "RB012", message, need, index.keys().copied().filter(|id| *id != p.step.id));
                }
                continue;
            };
            if circle[i] == circle[j] {
                report.error(at, "RB013", format!("`{}` and `{need}` wait for each other", p.step.id));
                continue;
            }
            // Strategies that are reported already say nothing of what is shared.
            let unsure = |q: &Placed<'_>| {
                q.fields.lost("do_in")
                    || q.fields.lost("must_hold_in")
                    || all_strategies(&q.step).any(|s| !draft.objective_nodes.contains_key(&s))
            };
            if draft.objective_nodes.is_empty() || unsure(p) || unsure(&draft.placed[j]) || p.fields.lost("phase") {
                continue;
            }
            let shared: Vec<Strategy> =
                all_strategies(&p.step).filter(|s| all_strategies(&steps[j]).any(|t| t == *s)).collect();
            if shared.is_empty() {
                let message = format!("`{need}` is in no strategy in which `{}` is", p.step.id);
                report.error(at, "RB015", message);
            } else if let Some(s) = shared.into_iter().find(|s| {
                // What must hold is checked at the gate, wherever its step stands.
                let held = steps[j].must_hold_in.contains(s) || p.step.must_hold_in.contains(s);
                !held && keys.get(s).is_some_and(|k| k[j] > k[i])
            }) {
                let message = format!("in {}, `{need}` comes after `{}`, which needs it", s.written(), p.step.id);
                report.error(at, "RB014", message);
            }
        }
    }
}

/// For each step the number of its circle: steps that wait for each other have the same one, all others one of their
/// own. (Tarjan's strongly connected components, without recursion, since a file may chain thousands.)
fn circles(steps: &[Step], index: &BTreeMap<&str, usize>) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let edges: Vec<Vec<usize>> =
        steps.iter().map(|s| s.needs.iter().filter_map(|n| index.get(n.as_str()).copied()).collect()).collect();
    let (mut seen, mut low, mut circle) = (vec![UNSEEN; steps.len()], vec![0; steps.len()], vec![UNSEEN; steps.len()]);
    let (mut count, mut open) = (0, Vec::new());
    for root in 0..steps.len() {
        let mut path = vec![(root, 0)];
        while let Some((i, next)) = path.pop() {
            if next == 0 {
                if seen[i] != UNSEEN {
                    continue;
                }
                (seen[i], low[i]) = (count, count);
                count += 1;
                open.push(i);
            } else {
                // Back from the need before.
                let j = edges[i][next - 1];
                if circle[j] == UNSEEN {
                    low[i] = low[i].min(low[j]);
                }
            }
            if let Some(&j) = edges[i].get(next) {
                path.push((i, next + 1));
                path.push((j, 0));
            } else if low[i] == seen[i] {
                while let Some(j) = open.pop() {
                    circle[j] = i;
                    if j == i {
                        break;
                    }
                }
            }
        }
    }
    circle
}

fn strategies(draft: &Draft<'_>, report: &mut Report<'_>) {
    let (runbook, text) = (draft.runbook, report.text);
    let known = &draft.objective_nodes;
    let names = || list(known.keys());
    let no_objective =
        |s: Strategy| (format!("{} has no objective", s.written()), format!("objectives are given for {}", names()));
    if known.is_empty() {
        if draft.root.field(text, "objectives").is_some_and(|n| !n.items.is_empty()) {
            // Those that are there could not be read, which was said.
            return;
        }
        let at = draft.root.field(text, "objectives").map_or(draft.root.anchor(), Node::anchor);
        report.error(at, "RB020", "no strategy has an objective, so none can be chosen");
        return;
    }
    // A strategy that could not be read may be the one that is missing here.
    let readable = draft.root.field(text, "objectives").is_some_and(|n| n.items.len() == known.len());
    for p in draft.placed.iter().filter(|_| readable) {
        for (field, list) in [("do_in", &p.step.do_in), ("must_hold_in", &p.step.must_hold_in)] {
            for (i, s) in list.iter().enumerate().filter(|(_, s)| !known.contains_key(s)) {
                let (message, fix) = no_objective(*s);
                report.error_do(p.element(field, i, report), "RB020", message, fix);
            }
        }
    }
    for c in &runbook.components {
        let node = draft.root.field(text, "components").and_then(|n| n.field(text, &c.name));
        let list = node.and_then(|n| n.field(text, "strategies"));
        for (i, s) in c.strategies.iter().enumerate().filter(|(_, s)| readable && !known.contains_key(s)) {
            let at = list.and_then(|l| l.items.get(i)).map_or(draft.root.anchor(), |n| n.span.clone());
            let (message, fix) = no_objective(*s);
            report.error_do(at, "RB020", message, fix);
        }
        if draft.whole && !runbook.steps.iter().any(|s| s.component.as_ref() == Some(&c.name)) {
            let at = node.and_then(|n| n.key.clone()).unwrap_or(draft.root.anchor());
            report.warn(at, "RB040", format!("no step belongs to the component `{}`", c.name), None);
        }
    }
    for (s, node) in known {
        if draft.whole && !runbook.steps.iter().any(|x| x.do_in.contains(s)) {
            let at = node.key.clone().unwrap_or(node.anchor());
            report.error(at, "RB021", format!("{} has no step to do", s.written()));
        }
    }
    for p in draft.placed {
        if let Some(c) = p.step.component.as_ref().filter(|c| !runbook.components.iter().any(|x| x.name == **c)) {
            let known = runbook.components.iter().map(|c| c.name.as_str());
            report.unknown(p.at("component", report), "RB019", format!("there is no component `{c}`"), c, known);
        }
    }
}

/// Strategies as a file writes them.
fn list<'s>(strategies: impl IntoIterator<Item = &'s Strategy>) -> String {
    strategies.into_iter().map(|s| s.written()).collect::<Vec<_>>().join(", ")
}

/// A component's steps are in by its own strategies: one that names none of them is in no plan, whatever is chosen.
fn components(draft: &Draft<'_>, report: &mut Report<'_>) {
    for c in &draft.runbook.components {
        let own = || draft.placed.iter().filter(|p| p.step.component.as_ref() == Some(&c.name));
        let lost = |p: &Placed<'_>| p.fields.lost("do_in") || p.fields.lost("must_hold_in");
        let mut never = false;
        for p in own().filter(|p| !lost(p) && all_strategies(&p.step).next().is_some()) {
            if all_strategies(&p.step).any(|s| c.strategies.contains(&s)) {
                continue;
            }
            never = true;
            let field = if p.step.do_in.is_empty() { "must_hold_in" } else { "do_in" };
            let named: Vec<Strategy> = all_strategies(&p.step).collect();
            let message = format!("`{}` belongs to `{}`, which is never {}", p.step.id, c.name, list(&named));
            let fix = format!("choose one of {}", list(&c.strategies));
            report.error_do(p.at(field, report), "RB075", message, fix);
        }
        if never || !draft.whole || own().next().is_none() || own().any(lost) {
            continue;
        }
        let node = draft.root.field(report.text, "components").and_then(|n| n.field(report.text, &c.name));
        let list = node.and_then(|n| n.field(report.text, "strategies"));
        for (i, s) in c.strategies.iter().enumerate() {
            if !own().any(|p| all_strategies(&p.step).any(|x| x == *s)) && draft.objective_nodes.contains_key(s) {
                let at = list.and_then(|l| l.items.get(i)).map_or(draft.root.anchor(), |n| n.span.clone());
                let message = format!("in {}, no step of `{}` is in", s.written(), c.name);
                let fix = format!("name {} in `do_in` of one of them, or take it away here", s.written());
                report.warn(at, "RB076", message, Some(fix));
            }
        }
    }
}

fn gate(draft: &Draft<'_>, report: &mut Report<'_>) {
    let runbook = draft.runbook;
    let node = draft.root.field(report.text, "gate");
    match (&runbook.gate, node) {
        (Some(gate), Some(node)) if draft.whole && !runbook.steps.iter().any(|s| s.id == *gate) => {
            let known = runbook.steps.iter().map(|s| s.id.as_str());
            report.unknown(node.span.clone(), "RB034", format!("the gate `{gate}` is no step"), gate, known);
        }
        (None, None) => {
            if let Some(p) = draft.placed.iter().find(|p| !p.step.must_hold_in.is_empty()) {
                let example = decides(runbook).map_or("…", |s| s.id.as_str());
                report.error_do(
                    p.at("must_hold_in", report),
                    "RB034",
                    "what must hold is checked before a gate, and this runbook has none",
                    format!("name the step before which it is checked: `gate: \"{example}\"`"),
                );
            }
        }
        (Some(gate), Some(node)) if runbook.system != System::SoftDelete => too_late(gate, node, draft, report),
        _ => {}
    }
}

/// Where a gate belongs: the step that decides, or the first of its phase.
fn decides(runbook: &Runbook) -> Option<&Step> {
    let steps = || runbook.steps.iter();
    steps().find(|s| s.decision).or_else(|| steps().find(|s| s.phase == Phase::Decide))
}

/// Behind a gate that stands after the first move, nothing is checked before users are moved.
fn too_late(gate: &str, node: &Node, draft: &Draft<'_>, report: &mut Report<'_>) {
    let steps = &draft.runbook.steps;
    let Some(at) = steps.iter().position(|s| s.id == gate).filter(|&i| !draft.placed[i].fields.lost("phase")) else {
        return;
    };
    for strategy in draft.objective_nodes.keys() {
        let keys = order::keys(draft.runbook, *strategy);
        let moves = |i: &usize| steps[*i].phase == Phase::FailOver && steps[*i].do_in.contains(strategy);
        let first = (0..steps.len()).filter(moves).min_by_key(|&i| keys[i]).filter(|&i| keys[i] < keys[at]);
        if let Some(first) = first {
            let message = format!("the gate `{gate}` comes after `{}`, which moves users already", steps[first].id);
            let example = decides(draft.runbook).filter(|s| s.phase <= Phase::Decide);
            let example = example.map_or(String::new(), |s| format!(", for example `{}`", s.id));
            let fix = format!("name a step of the phase {}{example}", Phase::Decide.display());
            return report.error_do(node.span.clone(), "RB077", message, fix);
        }
    }
}

fn orders(draft: &Draft<'_>, report: &mut Report<'_>) {
    if !draft.whole {
        return;
    }
    for (strategy, node) in &draft.order_nodes {
        let Some(order) = draft.runbook.orders.get(strategy) else { continue };
        let here = |s: &&Step| s.phase == Phase::FailOver && s.do_in.contains(strategy);
        let expected: BTreeSet<&str> = draft.runbook.steps.iter().filter(here).map(|s| s.id.as_str()).collect();
        let mut listed: BTreeSet<&str> = BTreeSet::new();
        for (i, id) in order.iter().enumerate() {
            if report.full() {
                return;
            }
            let at = node.items.get(i).map_or(node.anchor(), |n| n.span.clone());
            if !expected.contains(id.as_str()) {
                let message = format!("`{id}` is no fail-over step of {}", strategy.written());
                report.unknown(at, "RB028", message, id, expected.iter().copied());
            } else if !listed.insert(id) {
                report.error(at, "RB005", format!("`{id}` is there twice"));
            }
        }
        for id in expected.difference(&listed) {
            let message = format!("the order of {} leaves out `{id}`", strategy.written());
            report.error(node.key.clone().unwrap_or(node.anchor()), "RB029", message);
        }
    }
}

/// What can be said of a step by itself.
fn one(p: &Placed<'_>, strategies: bool, report: &mut Report<'_>) {
    let Placed { step: s, fields: f } = p;
    let id = &s.id;
    let acts = s.action.is_some();
    let judged = |names: &[&str]| !names.iter().any(|n| f.lost(n));
    let mut say = |field: &str, code, message: String| report.error(p.at(field, report), code, message);

    // Without a readable strategy no step can be in one.
    if strategies && s.do_in.is_empty() && s.must_hold_in.is_empty() && judged(&["do_in", "must_hold_in"]) {
        say("id", "RB035", format!("`{id}` is in no strategy"));
    }
    if let Some(both) = s.do_in.iter().find(|x| s.must_hold_in.contains(x)) {
        say("must_hold_in", "RB033", format!("in {}, `{id}` cannot both be done and hold already", both.written()));
    }
    if judged(&["kind", "action"]) {
        match (s.kind, acts) {
            (StepKind::Automatic, false) => say("kind", "RB039", format!("`{id}` is automatic and has no action")),
            (StepKind::Manual | StepKind::Verification, true) => {
                say("action", "RB039", format!("`{id}` has an action and is not automatic"));
            }
            _ => {}
        }
    }
    if s.verify.is_empty() && judged(&["verify"]) {
        if acts {
            say("action", "RB022", format!("`{id}` changes something and nothing verifies it"));
        } else if s.kind == StepKind::Verification {
            say("kind", "RB043", format!("`{id}` verifies nothing"));
        }
        if !s.must_hold_in.is_empty() && s.holds.is_empty() && judged(&["holds"]) {
            say("must_hold_in", "RB043", format!("`{id}` must hold and says nothing of how that is seen"));
        }
    }
    if !s.holds.is_empty() && s.must_hold_in.is_empty() && judged(&["must_hold_in"]) {
        say("holds", "RB035", format!("`{id}` says what must hold, and in no strategy must it hold"));
    }
    if judged(&["risk", "action", "kind"]) {
        if acts && s.risk == Risk::ReadOnly {
            let field = if f.node("risk", report).is_some() { "risk" } else { "action" };
            report.error(p.at(field, report), "RB042", format!("`{id}` changes something, so it is not read-only"));
        } else if s.kind == StepKind::Verification && s.risk != Risk::ReadOnly {
            report.error(p.at("risk", report), "RB042", format!("`{id}` only reads, so it risks nothing"));
        }
    }
    let mut say = |field: &str, code, message: String| report.error(p.at(field, report), code, message);
    let least = s.action.as_ref().map(Action::traits).filter(|t| acts && t.risk > s.risk && s.risk > Risk::ReadOnly);
    if let Some(t) = least.filter(|_| judged(&["risk", "action"])) {
        say("risk", "RB042", format!("`{id}` risks more than it says: {} is {:?} at least", t.name, t.risk));
    }
    if s.risk >= Risk::Lossy && s.second_person.is_none() && judged(&["second_person"]) {
        say("risk", "RB023", format!("`{id}` may lose something or cannot be taken back: a second person must agree"));
    }
    if s.risk == Risk::Lossy && s.may_lose.is_none() && judged(&["may_lose"]) {
        say("risk", "RB024", format!("`{id}` is lossy and does not say what it may lose"));
    }
    if s.kind == StepKind::Manual && judged(&["kind"]) {
        if s.why.trim().is_empty() && judged(&["why"]) {
            say("why", "RB025", format!("`{id}` is done by hand and says nothing of how"));
        }
        if !s.verify.iter().any(|c| matches!(c.condition, Condition::Person(_))) && judged(&["verify"]) {
            let message = format!("`{id}` is done by hand, and no person is asked whether it is done");
            let fix = "add `Person(\"Is …?\")` to `verify`".to_owned();
            report.error_do(p.at("verify", report), "RB026", message, fix);
        }
    }
    let mut say = |field: &str, code, message: String| report.error(p.at(field, report), code, message);
    if s.kind == StepKind::Automatic && s.by_hand.iter().all(|l| l.trim().is_empty()) && judged(&["kind", "by_hand"]) {
        say("by_hand", "RB030", format!("`{id}` has no way by hand, for when the app cannot do it"));
    }
    if judged(&["undo", "action"]) {
        let by_app = matches!(s.undo, Undo::RestorePrevious | Undo::DeleteCreated);
        let no_way_back = s.action.as_ref().map(Action::traits).filter(|t| t.back == Back::No && by_app);
        if let Some(t) = no_way_back {
            say("undo", "RB045", format!("Lifeboat does not take {} back; say how a person does, `ByHand(…)`", t.name));
        } else if by_app && !acts {
            say("undo", "RB045", format!("`{id}` has no action that the app could take back"));
        } else if s.undo == Undo::Impossible && s.risk == Risk::Reversible {
            say("undo", "RB045", format!("`{id}` cannot be taken back and is called reversible"));
        } else if acts && s.undo == Undo::Nothing {
            say("undo", "RB045", format!("`{id}` changes something and does not say how it is taken back"));
        }
    }
}

/// How long these steps take: what people and changes take adds up, while checks that run by themselves run beside them.
pub(crate) fn planned_time<'s>(steps: impl Iterator<Item = &'s Step>) -> Millis {
    let (mut one_by_one, mut beside) = (Millis(0), Millis(0));
    for s in steps {
        let by_itself = s.kind == StepKind::Verification
            && !s.verify.iter().any(|c| matches!(c.condition, Condition::Person(_)))
            && s.phase != Phase::FailOver;
        if by_itself {
            beside = beside.max(s.expect);
        } else {
            one_by_one = one_by_one + s.expect;
        }
    }
    one_by_one + beside
}

/// The phases between the alarm and users who are served again.
const TIMED: [Phase; 3] = [Phase::Decide, Phase::FailOver, Phase::Verify];

/// The steps of the longest plan of a strategy: of every choice the answer that costs the most time, and components in
/// the strategy that a plan gives them without asking.
fn longest(runbook: &Runbook, strategy: Strategy) -> Vec<&Step> {
    let usual = |c: &Component| if c.strategies.contains(&strategy) { strategy } else { c.usual };
    let usual: BTreeMap<&str, Strategy> = runbook.components.iter().map(|c| (c.name.as_str(), usual(c))).collect();
    let of = |s: &Step| s.component.as_ref().and_then(|c| usual.get(c.as_str())).copied().unwrap_or(strategy);
    let here = || runbook.steps.iter().filter(|s| TIMED.contains(&s.phase) && s.do_in.contains(&of(s)));
    let mut sums: BTreeMap<&str, BTreeMap<&str, Millis>> = BTreeMap::new();
    for s in here() {
        for (name, answer) in &s.when {
            let sum = sums.entry(name).or_default().entry(answer).or_default();
            *sum = *sum + s.expect;
        }
    }
    let worst =
        |answers: &BTreeMap<&str, Millis>| answers.iter().max_by_key(|(_, sum)| **sum).map(|(a, _)| a.to_string());
    let worst: BTreeMap<&str, Option<String>> = sums.iter().map(|(name, answers)| (*name, worst(answers))).collect();
    let chosen = |s: &&Step| s.when.iter().all(|(n, a)| worst.get(n.as_str()).is_some_and(|w| w.as_ref() == Some(a)));
    here().filter(chosen).collect()
}

fn timing(draft: &Draft<'_>, report: &mut Report<'_>) {
    for (strategy, objective) in &draft.runbook.objectives {
        let steps = longest(draft.runbook, *strategy);
        let in_phase = |phase| steps.iter().copied().filter(move |s| s.phase == phase);
        let sum: Millis = TIMED.map(|p| planned_time(in_phase(p))).into_iter().sum();
        if sum > objective.rto {
            let node = draft.objective_nodes.get(strategy).copied();
            let at = node.and_then(|n| n.field(report.text, "rto")).or(node).map_or(0..0, |n| n.span.clone());
            let message = format!(
                "deciding, moving and verifying in {} takes {sum}, which is beyond the RTO",
                strategy.display()
            );
            report.warn(at, "RB027", message, Some("agree on a longer RTO or shorten the steps".to_owned()));
        }
    }
}
