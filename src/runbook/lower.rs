//! Text to model: one pass that keeps going.
//!
//! A step that cannot be read is reported and left out of the model, and the others are read all the same. The model is
//! handed out only when nothing was wrong, so its users never meet a half-read one.

use std::collections::BTreeMap;

use super::check::{self, Draft, Placed};
use super::diagnostic::{Diagnostic, Report};
use super::format::{self, Fields, RUNBOOK, STEP};
use super::model::{Check, Condition, Phase, Provenance, Risk, Runbook, Rung, Step, StepKind, System, Undo};
use super::tree::{self, Node, read};
use crate::units::Millis;

/// More steps than this are no runbook a person can follow.
pub const MAX_STEPS: usize = 2_000;

/// Reads and checks a runbook. There is one exactly when no finding is an error.
pub fn load(file_name: &str, text: &str) -> (Option<Runbook>, Vec<Diagnostic>) {
    let mut report = Report::new(file_name, text);
    let runbook = lower(&mut report).filter(|_| !report.has_errors());
    (runbook, report.finish())
}

fn lower(report: &mut Report<'_>) -> Option<Runbook> {
    let root = tree::parse(report)?;
    let mut f = Fields::open(&root, "Runbook", RUNBOOK, report);
    if f.broken() {
        return None;
    }
    if f.required_node("schema", report).is_some() {
        format::schema(&root, "runbook", report)?;
    }
    let id = format::file_id(&mut f, report);
    let (title, about) = (f.text("title", report), f.text("about", report));
    let system: Option<System> = f.required("system", report);
    let mut objectives = BTreeMap::new();
    let objective_nodes = format::by_strategy(f.map("objectives", report), report);
    for (&strategy, &node) in &objective_nodes {
        if let Some(o) = format::objective(node, report) {
            objectives.insert(strategy, o);
        }
    }
    let parameter_nodes: Vec<&Node> = f.map("parameters", report).iter().collect();
    let parameters = parameter_nodes.iter().filter_map(|n| format::parameter(n, report)).collect();
    let components = f.map("components", report).iter().filter_map(|n| format::component(n, report)).collect();
    let gate = f.optional("gate", report);
    let order_nodes = format::by_strategy(f.map("orders", report), report);
    let orders = order_nodes.iter().filter_map(|(s, n)| Some((*s, read(n, report)?))).collect();
    f.required_node("steps", report);
    let nodes = f.list("steps", report);
    if nodes.len() > MAX_STEPS {
        let message = format!("{} steps; {MAX_STEPS} is the limit", nodes.len());
        report.error(nodes[MAX_STEPS].anchor(), "RB002", message);
        return None;
    }
    let placed: Vec<Placed<'_>> = nodes.iter().filter_map(|n| step(n, report)).collect();
    let steps = placed.iter().map(|p| p.step.clone()).collect();
    let whole = placed.len() == nodes.len();
    // A system that cannot be read is an error already; the model made of the stand-in is thrown away.
    let system = system.unwrap_or(System::AzureOpenAI);
    let runbook = Runbook { id, title, about, system, objectives, parameters, components, gate, steps, orders };
    let draft = Draft { root: &root, runbook: &runbook, placed: &placed, objective_nodes, order_nodes, whole };
    check::run(&draft, report);
    Some(runbook)
}

/// One step; `None` only if it is no `Step(…)` or has no id. What cannot be read otherwise is reported and stood in for.
fn step<'n>(node: &'n Node, report: &mut Report<'_>) -> Option<Placed<'n>> {
    let mut f = Fields::open(node, "Step", STEP, report);
    if f.broken() {
        return None;
    }
    let id = f.text("id", report);
    let kind = f.required("kind", report).unwrap_or(StepKind::Manual);
    let title = f.text("title", report);
    let mut verify = format::checks(&mut f, "verify", report);
    let holds = format::checks(&mut f, "holds", report);
    if kind == StepKind::Manual && verify.is_empty() && !f.lost("verify") && !f.lost("kind") {
        verify.push(Check { condition: Condition::Person(format!("Is this done: {title}?")), within: Millis(0) });
    }
    let mut guards = Vec::new();
    for n in f.list("guards", report) {
        match read(n, report) {
            Some(g) => guards.push(g),
            None => f.lose("guards"),
        }
    }
    let step = Step {
        id,
        kind,
        title,
        phase: f.required("phase", report).unwrap_or(Phase::Prepare),
        component: f.optional("component", report),
        why: f.optional("why", report).unwrap_or_default(),
        degraded: f.optional("degraded", report).unwrap_or_default(),
        do_in: f.optional("do_in", report).unwrap_or_default(),
        must_hold_in: f.optional("must_hold_in", report).unwrap_or_default(),
        decision: f.optional("decision", report).unwrap_or_default(),
        second_vantage: f.optional("second_vantage", report).unwrap_or_default(),
        target: f.text("target", report),
        expect: f.duration("expect", report),
        risk: f.optional("risk", report).unwrap_or(Risk::ReadOnly),
        may_lose: f.optional("may_lose", report),
        second_person: f.optional("second_person", report),
        needs: f.optional("needs", report).unwrap_or_default(),
        rung: f.optional("rung", report).unwrap_or(Rung::Nothing),
        action: f.optional("action", report),
        guards,
        verify,
        holds,
        undo: f.optional("undo", report).unwrap_or(Undo::Nothing),
        by_hand: f.optional("by_hand", report).unwrap_or_default(),
        source: f.required("source", report).unwrap_or(Provenance::Known(String::new())),
    };
    Some(Placed { step, fields: f })
}
