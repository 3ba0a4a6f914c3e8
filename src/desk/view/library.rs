//! Runbooks, plans and scenarios of the library, and the preview of a plan.

use crate::azure::Cloud;
use crate::catalog::{Catalog, foreign};
use crate::plan::model::{Plan, Side};
use crate::plan::readiness::Readiness;
use crate::run::event::StepState;
use crate::runbook::model::{Phase, Risk, Runbook, Strategy};
use crate::runbook::{Diagnostic, Severity};
use crate::units::{Millis, visible};

use super::super::snapshot::{
    DiagnosticRow, Library, PhaseView, PlanPreview, PlanRow, RunbookRow, ScenarioRow, StepRow, TrustState, TrustView,
};
use super::super::trust::{Book, Standing, hosts};

/// Draws the library; `findings` are the diagnostics of the files that were opened last.
pub fn view(catalog: &Catalog, findings: &[Diagnostic], book: &Book, ready: impl Fn(&Plan) -> Readiness) -> Library {
    let mut out = Library { diagnostics: findings.iter().map(diagnostic).collect(), ..Library::default() };
    for file in catalog.runbooks() {
        let (book, found) = crate::runbook::load(&catalog.source(file));
        let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
        let warnings = found.iter().filter(|d| d.severity == Severity::Warning).count();
        if let Some(b) = book {
            out.runbooks.push(runbook(&b, place(file.path.as_deref()), (errors, warnings)));
        }
    }
    for file in catalog.plans() {
        if let (Some(p), _) = catalog.bind(file, None) {
            out.plans.push(PlanRow {
                id: p.id.clone(),
                title: p.title.clone(),
                runbook: p.runbook_title.clone(),
                strategy: p.strategy,
                file: place(file.path.as_deref()),
                digest: p.digest.clone(),
                readiness: ready(&p),
                restricted: matches!(book.standing(&p.texts), Standing::Restricted(_)),
            });
        }
    }
    for id in catalog.ids(crate::runbook::Kind::Scenario) {
        if let Ok(s) = catalog.scenario(&id)
            && !s.plan.is_empty()
        {
            out.scenarios.push(ScenarioRow { id: s.id, title: s.title, about: s.about, strategies: s.strategies });
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

fn runbook(b: &Runbook, file: String, findings: (usize, usize)) -> RunbookRow {
    RunbookRow {
        id: b.id.clone(),
        title: b.title.clone(),
        system: b.system.display(),
        strategies: b.objectives.keys().copied().collect(),
        file,
        steps: b.steps.len(),
        findings,
    }
}

/// A diagnostic as a row.
pub fn diagnostic(d: &Diagnostic) -> DiagnosticRow {
    let message = match &d.suggestion {
        Some(s) => format!("{} {s}", d.message),
        None => d.message.clone(),
    };
    DiagnosticRow {
        severity: d.severity.display(),
        place: format!("{}:{}:{}", d.file, d.line, d.column),
        code: d.code.to_owned(),
        message: visible(&message),
    }
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
pub fn preview(plan: &Plan, strategies: Vec<Strategy>, trust: TrustView, readiness: Readiness) -> PlanPreview {
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
            })
            .collect();
        if !steps.is_empty() {
            let sum: Millis = plan.phase(phase).map(|s| s.expect).sum();
            let note = if sum.0 == 0 { String::new() } else { format!("about {sum}") };
            phases.push(PhaseView { name: phase.display().to_owned(), note, steps });
        }
    }
    let planned = plan.until_moved();
    let totals = if planned <= plan.rto {
        format!(
            "RTO {} · planned {planned} until users are moved · {} to spare",
            plan.rto,
            plan.rto.saturating_sub(planned)
        )
    } else {
        format!(
            "RTO {} · planned {planned} until users are moved · {} too long",
            plan.rto,
            planned.saturating_sub(plan.rto)
        )
    };
    let automated = plan.steps.iter().filter(|s| s.automatic() || s.action.is_some()).count();
    let ids = |f: &dyn Fn(&crate::plan::model::PlannedStep) -> bool| {
        let all: Vec<&str> = plan.steps.iter().filter(|s| f(s)).map(|s| s.id.as_str()).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    };
    let facts = vec![
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
    ];
    PlanPreview {
        plan: plan.id.clone(),
        title: plan.title.clone(),
        strategy: plan.strategy,
        strategies,
        totals,
        phases,
        digest: plan.digest.clone(),
        readiness,
        trust,
        facts,
    }
}
