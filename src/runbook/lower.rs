//! Text to model: one pass that keeps going.
//!
//! A step that cannot be read is reported and left out of the model, and the others are read all the same. The model is
//! handed out only when nothing was wrong, so its users never meet a half-read one.

use std::collections::BTreeMap;

use super::check::{self, Draft, Placed};
use super::diagnostic::{Diagnostic, Report, about_file};
use super::durations;
use super::format::{self, Fields, PART, RUNBOOK, SCHEMA, STEP};
use super::include;
use super::model::{Check, Condition, Phase, Provenance, Risk, Runbook, Rung, Step, StepKind, Strategy, System, Undo};
use super::source::Source;
use super::tree::{self, Node, read};
use crate::units::Millis;

/// More of these is no form that a person fills in.
const MAX_PARAMETERS: usize = 200;
/// More dependencies than this are several systems.
const MAX_COMPONENTS: usize = 100;

/// Reads and checks a runbook. There is one exactly when no finding is an error.
pub fn load(source: &Source) -> (Option<Runbook>, Vec<Diagnostic>) {
    read_source(source, true)
}

/// Reads a runbook that a run began with. It was checked then; what newer programs find fault with must not close it.
pub(crate) fn load_frozen(source: &Source) -> (Option<Runbook>, Vec<Diagnostic>) {
    read_source(source, false)
}

fn read_source(source: &Source, checked: bool) -> (Option<Runbook>, Vec<Diagnostic>) {
    if let Some(much) = source.too_much() {
        return (None, vec![about_file(&source.name, "RB002", much)]);
    }
    let joined = source.joined();
    let mut report = Report::of(&joined.text, joined.files);
    let runbook = lower(source, checked, &mut report).filter(|_| !report.has_errors());
    (runbook, report.finish())
}

/// What can be said of a file of shared steps by itself: whether each is well written. Whether they make sense is seen
/// where they are included.
///
/// The number is that of its steps, if nothing is wrong with it.
pub fn check_part(file_name: &str, text: &str) -> (Option<usize>, Vec<Diagnostic>) {
    let mut report = Report::new(file_name, text);
    let read = |report: &mut Report<'_>| {
        let root = tree::parse(report)?;
        let mut f = Fields::open(&root, "Part", PART, report);
        if f.required_node("schema", report).is_some() {
            format::schema(&root, "part", SCHEMA, report)?;
        }
        f.required_node("steps", report)?;
        let steps = f.list("steps", report);
        for n in steps {
            if let Some(placed) = step(n, &[], report) {
                durations::of_step(&placed, report);
            }
        }
        Some(steps.len())
    };
    let steps = read(&mut report).filter(|_| !report.has_errors());
    (steps, report.finish())
}

fn lower(source: &Source, checked: bool, report: &mut Report<'_>) -> Option<Runbook> {
    let root = tree::parse(report)?;
    let mut f = Fields::open(&root, "Runbook", RUNBOOK, report);
    if f.broken() {
        return None;
    }
    let schema = match f.required_node("schema", report) {
        Some(_) => format::schema(&root, "runbook", SCHEMA, report)?,
        None => SCHEMA,
    };
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
    let parameter_nodes = f.map("parameters", report);
    few(parameter_nodes, MAX_PARAMETERS, "parameters", report)?;
    let parameters = parameter_nodes.iter().filter_map(|n| format::parameter(n, schema, report)).collect();
    let component_nodes = f.map("components", report);
    few(component_nodes, MAX_COMPONENTS, "components", report)?;
    let components = component_nodes.iter().filter_map(|n| format::component(n, report)).collect();
    let gate = f.optional("gate", report);
    let order_nodes = format::by_strategy(f.map("orders", report), report);
    let orders = order_nodes.iter().filter_map(|(s, n)| Some((*s, read(n, report)?))).collect();
    f.required_node("steps", report);
    let (nodes, complete) = include::steps(f.list("steps", report), source, report);
    // In schema 1 a step had to name its strategies; now silence means all of them.
    let all: Vec<Strategy> = if schema == 1 { Vec::new() } else { objective_nodes.keys().copied().collect() };
    let placed: Vec<Placed<'_>> = nodes.iter().filter_map(|n| step(n, &all, report)).collect();
    let steps = placed.iter().map(|p| p.step.clone()).collect();
    let whole = complete && !f.lost("steps") && placed.len() == nodes.len();
    // A system that cannot be read is an error already; the model made of the stand-in is thrown away.
    let system = system.unwrap_or(System::AzureOpenAI);
    let runbook = Runbook {
        id,
        title,
        about,
        system,
        retired: f.optional("retired", report),
        incomplete: f.optional("incomplete", report),
        resource_model: f.optional("resource_model", report),
        objectives,
        parameters,
        components,
        gate,
        steps,
        orders,
    };
    let draft = Draft { root: &root, runbook: &runbook, placed: &placed, objective_nodes, order_nodes, whole, schema };
    if checked {
        check::run(&draft, report);
    }
    Some(runbook)
}

/// Refuses a list that is too long, before any of it is read.
fn few(nodes: &[Node], most: usize, what: &str, report: &mut Report<'_>) -> Option<()> {
    let Some(first) = nodes.get(most) else { return Some(()) };
    report.error(first.anchor(), "RB002", format!("there are {} {what}; {most} is the limit", nodes.len()));
    None
}

/// A step's strategies, each once.
fn strategies(name: &'static str, f: &mut Fields<'_>, report: &mut Report<'_>) -> Option<Vec<Strategy>> {
    let all: Vec<Strategy> = f.optional(name, report)?;
    let mut once: Vec<Strategy> = Vec::new();
    for (i, s) in all.iter().enumerate() {
        if !once.contains(s) {
            once.push(*s);
        } else if let Some(n) = f.node(name, report).and_then(|n| n.items.get(i)) {
            report.error(n.span.clone(), "RB005", format!("{} is there twice", s.written()));
        }
        if report.full() {
            break;
        }
    }
    Some(once)
}

/// One step; `None` only if it is no `Step(…)` or has no id. What cannot be read otherwise is reported and stood in for.
/// A step that names no strategy is done in `all`.
fn step<'n>(node: &'n Node, all: &[Strategy], report: &mut Report<'_>) -> Option<Placed<'n>> {
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
    let said = f.node("do_in", report).is_some() || f.node("must_hold_in", report).is_some();
    let usual = if said { Vec::new() } else { all.to_vec() };
    let step = Step {
        id,
        kind,
        title,
        phase: f.required("phase", report).unwrap_or(Phase::Prepare),
        component: f.optional("component", report),
        why: f.optional("why", report).unwrap_or_default(),
        degraded: f.optional("degraded", report).unwrap_or_default(),
        do_in: strategies("do_in", &mut f, report).unwrap_or(usual),
        must_hold_in: strategies("must_hold_in", &mut f, report).unwrap_or_default(),
        when: f.optional("when", report).unwrap_or_default(),
        group: f.optional("group", report),
        decision: f.optional("decision", report).unwrap_or_default(),
        second_vantage: f.optional("second_vantage", report).unwrap_or_default(),
        reconciles: f.optional("reconciles", report).unwrap_or_default(),
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
