//! Runbooks, plans and scenarios of the library, and the preview of a plan.

use crate::azure::Cloud;
use crate::catalog::{Catalog, File, foreign};
use crate::plan::draft::Draft;
use crate::plan::model::{Plan, Side};
use crate::plan::readiness::Readiness;
use crate::run::event::StepState;
use crate::runbook::model::{Phase, Risk, Runbook, Strategy};
use crate::runbook::{Diagnostic, Severity};
use crate::units::{Millis, visible};

use super::super::snapshot::{
    Checks, DiagnosticRow, Library, PhaseView, PlanPreview, PlanRow, RunbookRow, ScenarioRow, StepRow, TrustState,
    TrustView,
};
use super::super::trust::{Book, Standing, hosts};

/// Draws the library; `findings` are those of files that are no runbook or plan.
pub fn view(catalog: &Catalog, findings: &[Diagnostic], book: &Book, ready: impl Fn(&Plan) -> Readiness) -> Library {
    let mut out = Library { diagnostics: findings.iter().map(diagnostic).collect(), ..Library::default() };
    for file in catalog.runbooks() {
        let (book, found) = crate::runbook::load(&catalog.source(file));
        let count = |s: Severity| found.iter().filter(|d| d.severity == s).count();
        let findings = (count(Severity::Error), count(Severity::Warning));
        out.runbooks.push(runbook(book.as_ref(), file, findings));
    }
    for file in catalog.plans() {
        out.plans.push(plan(catalog, file, book, &ready));
    }
    for id in catalog.ids(crate::runbook::Kind::Scenario) {
        if let Ok(s) = catalog.scenario(&id)
            && !s.plan.is_empty()
        {
            out.scenarios.push(ScenarioRow {
                id: s.id,
                title: s.title,
                about: s.about,
                plan: s.plan,
                strategies: s.strategies,
                minutes: s.minutes,
                tabletop: s.tabletop.offered,
            });
        }
    }
    out
}

fn side(s: &Side) -> String {
    let of = s.resource.as_ref().map_or_else(String::new, |r| format!(" ({})", r.name()));
    format!("{}{of}", s.region.display())
}

fn place(path: Option<&std::path::Path>) -> String {
    path.map_or_else(|| "built in".to_owned(), |p| p.display().to_string())
}

/// A file's own name, for one that cannot be read further.
fn short(file: &File) -> String {
    file.name.rsplit(['/', '\\']).next().unwrap_or(&file.name).to_owned()
}

fn runbook(b: Option<&Runbook>, file: &File, findings: (usize, usize)) -> RunbookRow {
    RunbookRow {
        id: b.map(|b| b.id.clone()).or_else(|| file.outline()?.id).unwrap_or_default(),
        title: b.map_or_else(|| short(file), |b| b.title.clone()),
        system: b.map(|b| b.system),
        strategies: b.map(|b| b.objectives.keys().copied().collect()).unwrap_or_default(),
        file: place(file.path.as_deref()),
        name: file.name.clone(),
        steps: b.map_or(0, |b| b.steps.len()),
        findings,
    }
}

fn plan(catalog: &Catalog, file: &File, book: &Book, ready: &impl Fn(&Plan) -> Readiness) -> PlanRow {
    let (bound, found) = catalog.bind(file, None);
    let draft = Draft::read(&file.text).unwrap_or_default();
    PlanRow {
        id: draft.id,
        title: if draft.title.is_empty() { short(file) } else { draft.title },
        runbook: bound.as_ref().map_or(draft.runbook, |p| p.runbook_title.clone()),
        strategy: draft.strategy.unwrap_or(Strategy::HotWarm),
        system: bound.as_ref().map(|p| p.system),
        file: place(file.path.as_deref()),
        name: file.name.clone(),
        errors: found.iter().filter(|d| d.is_error()).count(),
        digest: bound.as_ref().map_or_else(String::new, |p| p.digest.clone()),
        readiness: bound.as_ref().map_or(Readiness::NeverRehearsed, ready),
        restricted: bound.is_some_and(|p| matches!(book.standing(&p.texts), Standing::Restricted(_))),
    }
}

/// A diagnostic as a row.
pub fn diagnostic(d: &Diagnostic) -> DiagnosticRow {
    let message = match &d.suggestion {
        Some(s) => format!("{}; {s}", d.message),
        None => d.message.clone(),
    };
    DiagnosticRow {
        severity: d.severity.display(),
        place: format!("{}:{}:{}", d.file, d.line, d.column),
        code: d.code.to_owned(),
        message: visible(&message),
    }
}

/// `RTO 30 min · planned 22 min until users are moved · 8 min to spare`.
pub fn totals(plan: &Plan) -> String {
    let planned = plan.until_moved();
    let left = if planned <= plan.rto {
        format!("{} to spare", plan.rto.saturating_sub(planned))
    } else {
        format!("{} too long", planned.saturating_sub(plan.rto))
    };
    let until = if plan.secondary.is_some() { "users are moved" } else { "it is back" };
    format!("RTO {} · planned {planned} until {until} · {left}", plan.rto)
}

/// Whether somebody trusts a plan's texts; `place` says where one of them lies.
pub fn trust(plan: &Plan, book: &Book, cloud: &Cloud, place: impl Fn(&[String]) -> Vec<String>) -> TrustView {
    let (state, foreign) = match book.standing(&plan.texts) {
        Standing::BuiltIn => (TrustState::BuiltIn, Vec::new()),
        Standing::Trusted(t) => {
            (TrustState::Trusted { by: visible(&t.by), at: visible(&t.at) }, place(&foreign(&plan.texts)))
        }
        Standing::Restricted(what) => (TrustState::Restricted, place(&what)),
    };
    TrustView {
        blocks: state == TrustState::Restricted && !cloud.is_simulated(),
        state,
        digest: plan.texts.digest(),
        foreign,
        runbook: plan.runbook_title.clone(),
        hosts: hosts(plan, cloud),
    }
}

fn trusted(state: &TrustState) -> String {
    match state {
        TrustState::BuiltIn => "built into Lifeboat".to_owned(),
        TrustState::Trusted { by, at } => format!("by {by}, {at}"),
        TrustState::Restricted => "by nobody yet".to_owned(),
    }
}

/// A plan, phase by phase.
pub fn preview(
    plan: &Plan,
    name: &str,
    strategies: Vec<Strategy>,
    trust: TrustView,
    readiness: Readiness,
    checks: Checks,
) -> PlanPreview {
    let mut phases = Vec::new();
    for phase in Phase::ALL {
        let steps: Vec<StepRow> = plan
            .phase(phase)
            .map(|s| StepRow {
                id: s.id.clone(),
                title: s.title.clone(),
                state: StepState::Ready,
                timing: if s.expect.0 == 0 { String::new() } else { format!("~{}", s.expect) },
                sentence: format!("{}: about {}", s.title, s.expect),
                group: s.group.clone(),
            })
            .collect();
        if !steps.is_empty() {
            let sum: Millis = plan.phase(phase).map(|s| s.expect).sum();
            let note = if sum.0 == 0 { String::new() } else { format!("about {sum}") };
            phases.push(PhaseView { name: plan.system.phase(phase).to_owned(), note, steps });
        }
    }
    let automated = plan.steps.iter().filter(|s| s.automatic() || s.action.is_some()).count();
    let ids = |f: &dyn Fn(&crate::plan::model::PlannedStep) -> bool| {
        let all: Vec<&str> = plan.steps.iter().filter(|s| f(s)).map(|s| s.id.as_str()).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    };
    let mut facts: Vec<(String, String)> = plan.labels.iter().map(|l| ("Mind".to_owned(), l.clone())).collect();
    facts.extend([
        ("From".to_owned(), side(&plan.primary)),
        ("To".to_owned(), plan.secondary.as_ref().map_or_else(|| "the same place".to_owned(), side)),
        ("Environment".to_owned(), plan.environment.clone()),
        ("Runbook".to_owned(), plan.runbook_title.clone()),
        ("Automated".to_owned(), format!("{automated} of {} steps", plan.steps.len())),
        ("Second person".to_owned(), ids(&|s| s.second_person.is_some())),
        ("May lose".to_owned(), ids(&|s| s.may_lose.is_some())),
        ("Changes Azure".to_owned(), ids(&|s| s.action.is_some() && s.risk != Risk::ReadOnly)),
        ("Digest".to_owned(), trust.digest.chars().take(16).collect()),
        ("Trusted".to_owned(), trusted(&trust.state)),
    ]);
    PlanPreview {
        plan: plan.id.clone(),
        name: name.to_owned(),
        title: plan.title.clone(),
        strategy: plan.strategy,
        strategies,
        totals: totals(plan),
        phases,
        digest: plan.digest.clone(),
        readiness,
        trust,
        checks,
        facts,
    }
}
