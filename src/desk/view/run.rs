//! The Run screen: checklist, clocks, notes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::model::{Plan, PlannedStep};
use crate::plan::rights::RightsReport;
use crate::rehearsal::scenario::Outcome;
use crate::run::event::{Reading, StepState};
use crate::run::state::Run;
use crate::runbook::model::{Phase, StepId, System};
use crate::units::{Millis, countdown};

use super::super::preview::Preview;
use super::super::snapshot::{Clocks, DecisionView, LongWait, NoteView, PhaseView, Problem, RunView, Score, StepRow};
use super::card;

/// Everything the Run screen is drawn from.
pub struct RunPicture<'a> {
    /// Run id.
    pub id: &'a str,
    /// The run.
    pub run: &'a Run,
    /// What was read of steps before they are done.
    pub previews: &'a HashMap<StepId, Preview>,
    /// What is going on, by step.
    pub progress: &'a HashMap<StepId, String>,
    /// Readings that came in while a step is being checked.
    pub live: &'a HashMap<StepId, Vec<Reading>>,
    /// Problems that are no facts of the run: refusals, failed previews.
    pub problems: &'a HashMap<StepId, Problem>,
    /// Scenario title.
    pub scenario: Option<&'a str>,
    /// Why nothing can be written.
    pub read_only: Option<&'a str>,
    /// Score.
    pub score: Option<Score>,
    /// Journal folder.
    pub journal: String,
    /// Records in it.
    pub records: u64,
    /// The decision's arithmetic.
    pub decision: DecisionView,
    /// Now, run's clock.
    pub now: i64,
    /// The clock can be made to jump.
    pub can_jump: bool,
    /// Which rights the steps have.
    pub rights: Option<&'a Arc<RightsReport>>,
}

/// Four characters that people can say on the phone.
pub fn short(id: &str) -> String {
    id.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect::<String>().to_ascii_uppercase()
}

/// Draws the screen's data.
pub fn view(p: &RunPicture<'_>) -> Option<RunView> {
    let (run, start) = (p.run, p.run.start.as_ref()?);
    let plan = run.plan.as_deref()?;
    let current = run.current().map(|i| run.steps[i].id.clone());
    let cards = (0..run.steps.len())
        .filter_map(|i| run.planned(&run.steps[i].id).map(|s| Arc::new(card::card(p, i, s))))
        .collect();
    Some(RunView {
        id: p.id.to_owned(),
        short: short(p.id),
        title: start.title.clone(),
        strategy: start.strategy,
        mode: start.mode,
        scenario: p.scenario.map(str::to_owned),
        phases: phases(run, plan, p.now),
        cards,
        current,
        progress: run.progress(),
        clocks: clocks(run, plan, p.now),
        notes: run.notes.iter().map(note).collect(),
        injects: run
            .injects
            .iter()
            .map(|(at, text)| NoteView { at: *at, who: "scenario".to_owned(), text: text.clone() })
            .collect(),
        paused: run.paused.clone(),
        closed: run.ended.as_ref().map(|e| {
            let how = e.outcome.map_or("Given up", Outcome::display);
            format!("{how}. {}", e.summary)
        }),
        degraded: run.degraded,
        long_wait: long_wait(p),
        read_only: p.read_only.map(str::to_owned),
        score: p.score.clone(),
        journal: p.journal.clone(),
        records: p.records,
        suggest_outcome: suggest(run),
        rights: p.rights.cloned(),
    })
}

fn note(n: &crate::run::state::Note) -> NoteView {
    NoteView { at: n.at, who: n.who.clone(), text: n.text.clone() }
}

fn suggest(run: &Run) -> Outcome {
    use crate::rehearsal::scenario::Choice;
    match run.decision.as_ref().map(|d| d.choice) {
        Some(Choice::Abort) => Outcome::FalseAlarm,
        Some(Choice::FailOver | Choice::Partial) if run.clocks.rta_final() => {
            if run.steps.iter().any(|s| s.own_state() == StepState::Skipped) {
                Outcome::RecoveredWithFindings
            } else {
                Outcome::Recovered
            }
        }
        Some(Choice::FailOver | Choice::Partial) => Outcome::NotRecovered,
        _ => Outcome::Inconclusive,
    }
}

/// `0:40`; hours too.
pub fn stopwatch(ms: u64) -> String {
    let text = countdown(ms);
    text.strip_prefix('0').map_or(text.clone(), str::to_owned)
}

fn timing(run: &Run, i: usize, planned: &PlannedStep, now: i64) -> String {
    let s = &run.steps[i];
    match (s.started_at, s.ended_at) {
        // A person's word is given in a moment; how long that took says nothing.
        (Some(a), Some(b)) if a == b && s.own_state() == StepState::DoneByHand => String::new(),
        (Some(a), Some(b)) if s.own_state() != StepState::Skipped => stopwatch(u64::try_from(b - a).unwrap_or(0)),
        (Some(a), None) if s.own_state().busy() => stopwatch(u64::try_from(now - a).unwrap_or(0)),
        _ if s.own_state().over() => String::new(),
        _ if planned.expect.0 == 0 => String::new(),
        _ => format!("~{}", planned.expect),
    }
}

fn phases(run: &Run, plan: &Plan, now: i64) -> Vec<PhaseView> {
    let mut out = Vec::new();
    for phase in Phase::ALL {
        let members: Vec<usize> = (0..run.steps.len()).filter(|i| run.steps[*i].phase() == phase).collect();
        if members.is_empty() {
            continue;
        }
        let steps = members
            .iter()
            .filter_map(|i| plan.step(&run.steps[*i].id).map(|p| (*i, p)))
            .map(|(i, p)| {
                let (state, timing) = (run.state(i), timing(run, i, p, now));
                StepRow {
                    id: p.id.clone(),
                    title: p.title.clone(),
                    state,
                    sentence: format!(
                        "{}: {}{}{}",
                        p.title,
                        state.word(),
                        if timing.is_empty() { "" } else { ", " },
                        timing
                    ),
                    timing,
                }
            })
            .collect();
        let began = members.iter().filter_map(|i| run.steps[*i].started_at).min();
        let over = run.phase_over(phase);
        let ended = members.iter().filter_map(|i| run.steps[*i].ended_at).max();
        let note = match (began, ended) {
            (Some(a), Some(b)) if over => Millis::whole_seconds(b - a).to_string(),
            _ => {
                let planned: Millis =
                    members.iter().filter_map(|i| plan.step(&run.steps[*i].id)).map(|p| p.expect).sum();
                if planned.0 == 0 { String::new() } else { format!("about {planned}") }
            }
        };
        out.push(PhaseView { name: phase.display().to_owned(), note, steps });
    }
    out
}

/// Planned time of what is left until users are served and that is verified.
pub fn planned_left(run: &Run, plan: &Plan) -> Millis {
    run.steps
        .iter()
        .filter(|s| !s.own_state().over() && matches!(s.phase(), Phase::Decide | Phase::FailOver))
        .filter_map(|s| plan.step(&s.id))
        .map(|p| p.expect)
        .sum()
}

fn clocks(run: &Run, plan: &Plan, now: i64) -> Clocks {
    let c = &run.clocks;
    let rto = run.start.as_ref().map_or(0, |s| s.rto_ms);
    let deadline = c.t[0].map(|t0| t0 + i64::try_from(rto).unwrap_or(i64::MAX / 2));
    let forecast = match (c.rta(), deadline) {
        (Some(rta), _) if plan.system == System::SoftDelete => format!("It was back after {rta}; verified."),
        (Some(rta), _) if c.rta_final() => format!("Users were served again after {rta}; verified."),
        (Some(rta), _) => format!("Users were served again after {rta}; provisional until verified."),
        (None, Some(deadline)) if run.open() => {
            let left = planned_left(run, plan);
            let spare = deadline - now - i64::try_from(left.0).unwrap_or(0);
            let spare_text = Millis(spare.unsigned_abs() / 60_000 * 60_000);
            let rough = Millis(left.0 / 60_000 * 60_000);
            if spare >= 0 {
                format!("As planned done in {rough}: {spare_text} to spare.")
            } else {
                format!("As planned done in {rough}: {spare_text} past the RTO.")
            }
        }
        _ => "Not measured.".to_owned(),
    };
    Clocks {
        rto,
        t: c.t,
        deadline,
        rta: c.rta().map(|m| m.0),
        forecast,
        waited_people: c.people.0,
        waited_azure: c.azure.0,
        segments: c.segments().into_iter().map(|(n, d)| (n, d.map(|m| m.0))).collect(),
    }
}

/// A wait long enough to offer the jump: something is being checked or followed, or nothing can be begun yet.
fn long_wait(p: &RunPicture<'_>) -> Option<LongWait> {
    if !p.can_jump || !p.run.open() {
        return None;
    }
    if let Some((id, _)) = p.previews.iter().find(|(_, v)| v.waits(p.now)) {
        let title = p.run.planned(id).map_or(id.as_str(), |s| s.title.as_str());
        return Some(LongWait { text: format!("{title}: a guard asks for more time since the last switch") });
    }
    let busy = p.run.steps.iter().find(|s| s.own_state().busy() || s.own_state() == StepState::AwaitingApproval)?;
    let planned = p.run.planned(&busy.id)?;
    let text = format!("{}: {}", planned.title, busy.own_state().word());
    Some(LongWait { text })
}
