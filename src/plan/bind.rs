//! A runbook and a plan file become concrete steps.
//!
//! Binding is a function of the two texts and the strategy, nothing else, so that a run can be made again from its journal.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::format::{self, PlanFile};
use super::model::{Plan, PlannedStep, Side, Texts};
use super::order::{self, Slot};
use crate::health::{Adjustment, Knob, Thresholds};
use crate::runbook::commands::failed_over;
use crate::runbook::diagnostic::{Diagnostic, Report, Severity, near_or_all};
use crate::runbook::model::{
    Action, Check, Condition, Parameter, ParameterKind, Risk, Role, Runbook, StepId, StepKind, Strategy, Tier, Undo,
};
use crate::runbook::template::{self, Part as Piece};
use crate::runbook::values::check_value;
use crate::runbook::{Part, Source};
use crate::units::{Millis, Region, ResourceId, sha256_hex};

/// All texts of a plan with their values filled in: many times what a long plan has, and still at once in memory.
const MAX_FILLED: usize = 16 << 20;
/// File names for texts that come out of a journal.
const JOURNAL_RUNBOOK: &str = "runbook.ron";
const JOURNAL_PLAN: &str = "plan.ron";

/// Binds a plan to its runbook. There is a plan exactly when no finding is an error.
///
/// `strategy`, when it is another, replaces the plan's, and that of every component for which it makes sense.
pub fn bind(
    plan_file: &str,
    plan_text: &str,
    source: &Source,
    strategy: Option<Strategy>,
) -> (Option<Plan>, Vec<Diagnostic>) {
    bind_read(plan_file, plan_text, source, crate::runbook::load(source), strategy)
}

/// Makes the same plan again from its texts.
pub fn rebind(texts: &Texts, strategy: Option<Strategy>) -> (Option<Plan>, Vec<Diagnostic>) {
    let source = texts.source(JOURNAL_RUNBOOK);
    bind_read(JOURNAL_PLAN, &texts.plan, &source, crate::runbook::load_frozen(&source), strategy)
}

fn bind_read(
    plan_file: &str,
    plan_text: &str,
    source: &Source,
    (runbook, mut found): (Option<Runbook>, Vec<Diagnostic>),
    strategy: Option<Strategy>,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let mut report = Report::new(plan_file, plan_text);
    let file = format::plan(&mut report);
    let plan = file.zip(runbook).and_then(|(file, runbook)| {
        let part = |p: &Part| Some((p.path.clone(), p.text.clone().ok()?));
        let parts = source.parts.iter().filter_map(part).collect();
        let texts = Texts { runbook: source.text.clone(), parts, plan: plan_text.to_owned() };
        let plan = whole(file, &runbook, texts, strategy, &mut report);
        if plan.is_none() && !report.has_errors() {
            let message =
                format!("the steps cannot be filled in: with these values they have more than {MAX_FILLED} bytes");
            report.error_do(0..0, "PL010", message, "use shorter values".to_owned());
        }
        plan
    });
    let plan = plan.filter(|_| !report.has_errors());
    found.extend(report.finish());
    (plan, found)
}

/// What can be said of a plan whose runbook is nowhere: its own findings, and that.
pub fn without_runbook(plan_file: &str, plan_text: &str, known: &[&str]) -> Vec<Diagnostic> {
    let mut report = Report::new(plan_file, plan_text);
    if let Some(named) = format::plan(&mut report).and_then(|f| f.runbook) {
        let message = format!("there is no runbook `{}`, beside this plan or built in", named.value);
        let word = named.value.strip_suffix(".ron").unwrap_or(&named.value);
        let near = near_or_all(word, known.iter().copied());
        let fix = match near {
            _ if word.len() == named.value.len() => near,
            Some(near) => Some(format!("write the id of the runbook, not its file name; {near}")),
            None => Some("write the id of the runbook, not its file name".to_owned()),
        };
        report.add(Severity::Error, named.at, "PL009", message, fix);
    }
    report.finish()
}

fn whole(
    file: PlanFile,
    runbook: &Runbook,
    texts: Texts,
    wanted: Option<Strategy>,
    report: &mut Report<'_>,
) -> Option<Plan> {
    if let Some(named) = file.runbook.as_ref().filter(|r| r.value != runbook.id) {
        let message = format!("this plan is for the runbook `{}`, not `{}`", named.value, runbook.id);
        report.error(named.at.clone(), "PL001", message);
        return None;
    }
    let values = values(&file, runbook, report);
    let strategy = strategy(&file, runbook, wanted, report);
    // Asking for the plan's own strategy replaces nothing: a run made again from its journal asks for the one it had.
    let replaced = wanted.is_some() && wanted != file.strategy.as_ref().map(|s| s.value);
    let components = components(&file, runbook, strategy, replaced, report);
    let detector = detector(&file, runbook, report);
    if report.has_errors() {
        return None;
    }
    let (strategy, objective) = (strategy?, runbook.objectives.get(&strategy?)?);
    let slots = order::slots(runbook, strategy, &components, &values);
    let fill = Fill { parameters: &runbook.parameters, values: &values, left: Cell::new(MAX_FILLED) };
    let there: BTreeSet<&str> = slots.iter().map(|s| s.id.as_str()).collect();
    let steps: Option<Vec<PlannedStep>> = slots
        .iter()
        .map(|slot| {
            let needs = needs(slot, &slots, &there, runbook);
            planned(slot, needs, runbook, objective.tier, &fill)
        })
        .collect();
    default_stores(steps.as_deref().unwrap_or_default(), &file, runbook, &values, report);
    let digest = sha256_hex(format!("{}\0{}", texts.digest(), strategy.display()).as_bytes());
    Some(Plan {
        id: file.id,
        title: file.title,
        environment: file.environment,
        runbook_id: runbook.id.clone(),
        runbook_title: runbook.title.clone(),
        labels: runbook.labels(),
        system: runbook.system,
        strategy,
        components,
        rto: objective.rto,
        rpo: objective.rpo,
        tier: objective.tier,
        detector,
        primary: side(Role::Primary, runbook, &values)?,
        secondary: side(Role::Secondary, runbook, &values),
        agreed: file.agreed,
        last_drill: file.last_drill,
        steps: steps?,
        digest,
        texts,
        values,
    })
}

/// A plan may ask for more evidence than the tier of its strategy, never for less. When another strategy is chosen for a
/// run, the stricter of both holds and nothing is refused.
fn detector(file: &PlanFile, runbook: &Runbook, report: &mut Report<'_>) -> Adjustment {
    let tier = file.strategy.as_ref().and_then(|s| runbook.objectives.get(&s.value)).map(|o| o.tier);
    let Some(tier) = tier else { return Adjustment::default() };
    let usual = Thresholds::of(tier);
    for (knob, written) in &file.detector {
        let (name, unit, value) = (knob.name(), knob.unit(), written.value.0);
        let (Some(range), Some(default)) = (knob.range(tier), knob.get(&usual)) else {
            let message =
                format!("`{name}`: {tier:?} has no such rule; what is dear is never called for by a count alone");
            report.error_do(written.at.clone(), "PL018", message, "leave it out".to_owned());
            continue;
        };
        let fix = || {
            let end = if knob.stricter(*range.end(), default) { *range.end() } else { *range.start() };
            format!("write a value between {} and {}, or leave it out", unit.show(default), unit.show(end))
        };
        if !range.contains(&value) {
            let message = format!("`{name}`: {} is not within {}", unit.show(value), unit.range(&range));
            report.error_do(written.at.clone(), "PL018", message, fix());
        } else if value != default && !knob.stricter(value, default) {
            let (is, was) = (unit.show(value), unit.show(default));
            let message =
                format!("`{name}`: {is} is looser than the {was} of {tier:?}; a plan may only ask for more evidence");
            report.error_do(written.at.clone(), "PL018", message, fix());
        }
    }
    let asked = Adjustment(file.detector.iter().map(|(knob, w)| (*knob, w.value)).collect());
    calls_must_fit(file, usual.tightened(&asked, tier), report);
    asked
}

/// More calls than the window has would never come together, and no outage would be found.
fn calls_must_fit(file: &PlanFile, wanted: Thresholds, report: &mut Report<'_>) {
    let Some(calls) = file.detector.get(&Knob::WindowCalls) else { return };
    let fit = wanted.calls_that_fit();
    if usize::try_from(calls.value.0).unwrap_or(usize::MAX) > fit {
        let message =
            format!("`window_calls`: at one every {} only {fit} calls fit into {}", wanted.interval, wanted.window);
        report.error_do(calls.at.clone(), "PL018", message, format!("write at most {fit}, or a longer window"));
    }
}

/// Two parameters may be given one account: what is a default store under any name does not fail over.
fn default_stores(
    steps: &[PlannedStep],
    file: &PlanFile,
    runbook: &Runbook,
    values: &BTreeMap<String, String>,
    report: &mut Report<'_>,
) {
    for p in runbook.parameters.iter().filter(|p| p.default_store) {
        let Some(store) = values.get(&p.name) else { continue };
        let meant = |s: &&PlannedStep| {
            let to = s.action.as_ref().filter(|a| matches!(a, Action::FailOverStorage { .. })).map(Action::target);
            let name = store.rsplit('/').next().unwrap_or(store);
            let typed = |line: &String| failed_over(line, |w| same_account(w, store, name));
            to.is_some_and(|t| t.eq_ignore_ascii_case(store)) || s.by_hand.iter().any(typed)
        };
        if let Some(step) = steps.iter().find(meant) {
            let at = file.values.get(&p.name).map_or(file.values_at.clone(), |e| e.at.clone());
            let message = format!("`{}` would fail over `{}`, a workspace's default storage account", step.id, p.name);
            report.error_do(at, "PL017", message, "name an account of your own data for the failover".to_owned());
        }
    }
}

/// Whether a word of a command is this account: its name, or its id at the end of an address.
fn same_account(word: &str, id: &str, name: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word == name.to_ascii_lowercase() || word.ends_with(&id.to_ascii_lowercase())
}

/// What the parameters of a role say together; `None` without a region.
fn side(role: Role, runbook: &Runbook, values: &BTreeMap<String, String>) -> Option<Side> {
    let value = |is: fn(&ParameterKind) -> bool| {
        let p = runbook.parameters.iter().find(|p| p.role == Some(role) && is(&p.kind))?;
        values.get(&p.name)
    };
    Some(Side {
        region: Region::new(value(|k| matches!(k, ParameterKind::Region))?),
        resource: value(|k| matches!(k, ParameterKind::Resource(_))).and_then(|v| v.parse().ok()),
        address: value(|k| matches!(k, ParameterKind::Url)).cloned(),
    })
}

/// Every parameter's value, checked against its kind; regions by their ARM name.
fn values(file: &PlanFile, runbook: &Runbook, report: &mut Report<'_>) -> BTreeMap<String, String> {
    let declared = || runbook.parameters.iter().map(|p| p.name.as_str());
    for (name, entry) in file.values.iter().filter(|(n, _)| !declared().any(|d| d == *n)) {
        let message = format!("the runbook `{}` has no parameter `{name}`", runbook.id);
        report.unknown(entry.key.clone(), "PL003", message, name, declared());
    }
    let mut values = BTreeMap::new();
    for p in &runbook.parameters {
        let entry = file.values.get(&p.name);
        let Some(value) = entry.map_or(p.default.as_ref(), |e| e.value.as_ref()) else {
            if entry.is_none() {
                let message = format!("`{}` has no value: {}", p.name, p.about);
                report.error(file.values_at.clone(), "PL002", message);
            }
            continue;
        };
        let at = entry.map_or(file.values_at.clone(), |e| e.at.clone());
        if let Err((message, fix)) = check_value(&p.kind, value) {
            report.add(Severity::Error, at, "PL004", format!("`{}`: {message}", p.name), fix);
            continue;
        }
        values.insert(p.name.clone(), canonical(&p.kind, value));
    }
    for p in &runbook.parameters {
        let Some(other) = p.differs_from.as_ref() else { continue };
        let (a, b) = (values.get(&p.name), values.get(other));
        if a.is_some() && a.map(|v| v.to_lowercase()) == b.map(|v| v.to_lowercase()) {
            let at = file.values.get(&p.name).map_or(file.values_at.clone(), |e| e.at.clone());
            let message = format!("`{}` and `{other}` have the same value; they must differ", p.name);
            report.error(at, "PL005", message);
        }
    }
    values
}

fn canonical(kind: &ParameterKind, value: &str) -> String {
    match kind {
        ParameterKind::Region => Region::new(value).name().to_owned(),
        ParameterKind::Resource(_) => value.trim().trim_end_matches('/').to_owned(),
        ParameterKind::List => value.split(',').map(str::trim).collect::<Vec<_>>().join(","),
        _ => value.trim().to_owned(),
    }
}

fn strategy(file: &PlanFile, runbook: &Runbook, wanted: Option<Strategy>, report: &mut Report<'_>) -> Option<Strategy> {
    let written = file.strategy.as_ref()?;
    let known: Vec<String> = runbook.objectives.keys().map(|s| s.written()).collect();
    for s in [Some(written.value), wanted].into_iter().flatten() {
        if !runbook.objectives.contains_key(&s) {
            let message = format!("the runbook `{}` has no {}", runbook.id, s.written());
            report.error_do(written.at.clone(), "PL006", message, format!("it has {}", known.join(", ")));
        }
    }
    Some(wanted.unwrap_or(written.value))
}

fn components(
    file: &PlanFile,
    runbook: &Runbook,
    strategy: Option<Strategy>,
    replaced: bool,
    report: &mut Report<'_>,
) -> BTreeMap<String, Strategy> {
    let mut given = BTreeMap::new();
    for (name, entry) in &file.components {
        let Some(c) = runbook.components.iter().find(|c| c.name == *name) else {
            let message = format!("the runbook `{}` has no component `{name}`", runbook.id);
            let known = runbook.components.iter().map(|c| c.name.as_str());
            report.unknown(entry.key.clone(), "PL007", message, name, known);
            continue;
        };
        let Some(s) = entry.value else { continue };
        if !c.strategies.contains(&s) {
            let known: Vec<String> = c.strategies.iter().map(|s| s.written()).collect();
            let message = format!("{} makes no sense for `{name}`", s.written());
            report.error_do(entry.at.clone(), "PL008", message, format!("choose one of {}", known.join(", ")));
        }
        // A strategy chosen for this run wins where it makes sense; elsewhere the file's stays.
        if !replaced || !strategy.is_some_and(|s| c.strategies.contains(&s)) {
            given.insert(name.clone(), s);
        }
    }
    strategy.map_or_else(BTreeMap::new, |s| order::components(runbook, s, &given))
}

/// One step with everything filled in; of a checked runbook and checked values, `None` only when that gets too long.
fn planned(slot: &Slot, needs: Vec<StepId>, runbook: &Runbook, tier: Tier, fill: &Fill<'_>) -> Option<PlannedStep> {
    let s = runbook.steps.get(slot.index)?;
    let component = s.component.as_ref().and_then(|name| runbook.components.iter().find(|c| c.name == *name));
    let checks = if slot.must_hold && !s.holds.is_empty() { &s.holds } else { &s.verify };
    let bound = PlannedStep {
        group: s.group.clone(),
        id: slot.id.clone(),
        phase: slot.phase,
        must_hold: slot.must_hold,
        component: component.map(|c| c.title.clone()),
        title: fill.text(&s.title)?,
        why: fill.text(&s.why)?,
        degraded: fill.text(&s.degraded)?,
        kind: s.kind,
        target: fill.text(&s.target)?,
        expect: s.expect,
        risk: s.risk,
        may_lose: fill.value(&s.may_lose)?,
        second_person: fill.value(&s.second_person)?,
        needs,
        rung: s.rung,
        action: fill.value(&s.action)?,
        guards: fill.value(&s.guards)?,
        verify: fill.value(checks)?.into_iter().map(|c: Check| patient(c, tier)).collect(),
        undo: fill.value(&s.undo)?,
        by_hand: fill.value(&s.by_hand)?,
        source: s.source.clone(),
        decision: s.decision,
        second_vantage: s.second_vantage,
        reconciles: s.reconciles,
    };
    Some(if slot.must_hold { only_checked(bound) } else { bound })
}

/// What must hold already is looked at, not done.
fn only_checked(step: PlannedStep) -> PlannedStep {
    PlannedStep {
        kind: StepKind::Verification,
        risk: Risk::ReadOnly,
        may_lose: None,
        second_person: None,
        action: None,
        guards: Vec::new(),
        undo: Undo::Nothing,
        decision: false,
        ..step
    }
}

/// Needs that are steps of this plan; the gate also needs whatever must hold.
fn needs(slot: &Slot, slots: &[Slot], there: &BTreeSet<&str>, runbook: &Runbook) -> Vec<StepId> {
    let step = runbook.steps.get(slot.index).filter(|_| !slot.must_hold);
    let wanted = step.map_or(&[][..], |s| &s.needs);
    let mut needs: Vec<StepId> = wanted.iter().filter(|id| there.contains(id.as_str())).cloned().collect();
    if runbook.gate.as_ref() == Some(&slot.id) && !slot.must_hold {
        for held in slots.iter().filter(|s| s.must_hold && s.phase == slot.phase) {
            if !needs.contains(&held.id) {
                needs.push(held.id.clone());
            }
        }
    }
    needs
}

/// The detector of a tier takes its time; asking for less would always fail.
fn patient(check: Check, tier: Tier) -> Check {
    let least = match (&check.condition, tier) {
        (Condition::FailsPersistently { .. }, Tier::T2) => Millis::from_mins(20),
        (Condition::FailsPersistently { .. }, Tier::T3) => Millis::from_mins(40),
        _ => Millis(0),
    };
    Check { within: check.within.max(least), ..check }
}

/// Fills templates.
struct Fill<'a> {
    parameters: &'a [Parameter],
    values: &'a BTreeMap<String, String>,
    /// Bytes that may still come.
    left: Cell<usize>,
}

impl Fill<'_> {
    fn text(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        for part in template::parse(text).ok()? {
            match part {
                Piece::Text(t) => out.push_str(&t),
                Piece::Value { name, field } => {
                    let value = self.one(&name, field.as_deref())?;
                    self.left.set(self.left.get().checked_sub(value.len())?);
                    out.push_str(&value);
                }
            }
        }
        Some(out)
    }

    fn one(&self, name: &str, field: Option<&str>) -> Option<String> {
        let kind = &self.parameters.iter().find(|p| p.name == name)?.kind;
        let value = self.values.get(name)?;
        let Some(field) = field else { return Some(value.clone()) };
        let id = || value.parse::<ResourceId>().ok();
        match (kind, field) {
            (ParameterKind::Region, "display") => Some(Region::new(value).display()),
            (ParameterKind::Resource(_), "name") => Some(id()?.name().to_owned()),
            (ParameterKind::Resource(_), "group") => Some(id()?.group().to_owned()),
            (ParameterKind::Resource(_), "subscription") => Some(id()?.subscription().to_owned()),
            _ => None,
        }
    }

    /// Fills every text inside a value. By way of JSON, so that no new action or condition can be forgotten here.
    fn value<T: Serialize + DeserializeOwned>(&self, value: &T) -> Option<T> {
        serde_json::from_value(self.json(serde_json::to_value(value).ok()?)?).ok()
    }

    fn json(&self, value: Value) -> Option<Value> {
        Some(match value {
            Value::String(s) => Value::String(self.text(&s)?),
            Value::Array(a) => Value::Array(a.into_iter().map(|v| self.json(v)).collect::<Option<_>>()?),
            Value::Object(o) => {
                let filled = o.into_iter().map(|(k, v)| Some((self.text(&k)?, self.json(v)?)));
                Value::Object(filled.collect::<Option<_>>()?)
            }
            other => other,
        })
    }
}
