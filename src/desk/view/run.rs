//! The Run screen: checklist, clocks, notes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::model::PlannedStep;
use crate::plan::rights::RightsReport;
use crate::rehearsal::scenario::Outcome;
use crate::run::event::{Reading, StepState};
use crate::run::state::{Ended, Run};
use crate::runbook::model::{Phase, StepId};
use crate::units::{Millis, countdown};

use super::super::preview::Preview;
use super::super::snapshot::{DecisionView, LongWait, NoteView, PhaseView, Problem, RunView, Score, StepRow};
use super::cards::{Cards, Planned};
use super::forecast::clocks;
use super::green::{self, Serving};

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
    /// What is weaker about the record than it should be.
    pub weak: Option<String>,
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
    /// How often something was recorded of each step.
    pub touched: &'a HashMap<StepId, u64>,
    /// Steps that are being taken back one by one, the next first.
    pub taking_back: &'a [StepId],
    /// How long moving the users took when the plan was last rehearsed.
    pub rehearsed: Option<Millis>,
    /// What is believed of the region users were led to.
    pub serving: Option<Serving>,
}

/// Four characters that people can say on the phone.
pub fn short(id: &str) -> String {
    id.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect::<String>().to_ascii_uppercase()
}

/// Draws the screen's data; `drawn` keeps the cards from one picture to the next.
pub fn view(p: &RunPicture<'_>, drawn: &mut Cards) -> Option<RunView> {
    let (run, start) = (p.run, p.run.start.as_ref()?);
    let plan = run.plan.as_deref()?;
    let current = run.current().map(|i| run.steps[i].id.clone());
    let planned: Planned<'_> = plan.steps.iter().map(|s| (s.id.as_str(), s)).collect();
    let cards = drawn.draw(p, &planned);
    let (notes, ledger) = drawn.lines(run);
    Some(RunView {
        id: p.id.to_owned(),
        short: short(p.id),
        title: start.title.clone(),
        strategy: start.strategy,
        mode: start.mode,
        scenario: p.scenario.map(str::to_owned),
        phases: phases(run, &planned, p.now),
        cards,
        current,
        progress: run.progress(),
        clocks: clocks(run, plan, p.rehearsed, p.now),
        notes,
        injects: run
            .injects
            .iter()
            .map(|(at, text)| NoteView { at: *at, who: "scenario".to_owned(), text: text.clone() })
            .collect(),
        paused: run.paused.clone(),
        closed: run.ended.as_ref().map(ended),
        degraded: run.degraded,
        long_wait: long_wait(p),
        read_only: p.read_only.map(str::to_owned),
        weak: p.weak.clone(),
        score: p.score.clone(),
        journal: p.journal.clone(),
        records: p.records,
        suggest_outcome: suggest(run),
        rights: p.rights.cloned(),
        papers: super::papers::papers(run, ledger, suggest(run)),
        taking_back: p.taking_back.to_vec(),
        waits: super::papers::waits(run),
        next: super::papers::next(run),
        green: green::green(run, &planned, p.serving.as_ref()),
        gantt: Arc::new(super::gantt::gantt(run, &planned, p.now)),
    })
}

pub(super) fn note(n: &crate::run::state::Note) -> NoteView {
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

fn phases(run: &Run, planned: &Planned<'_>, now: i64) -> Vec<PhaseView> {
    let mut out = Vec::new();
    for phase in Phase::ALL {
        let members: Vec<usize> = (0..run.steps.len()).filter(|i| run.steps[*i].phase() == phase).collect();
        if members.is_empty() {
            continue;
        }
        let steps = members
            .iter()
            .filter_map(|i| planned.get(run.steps[*i].id.as_str()).map(|p| (*i, *p)))
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
                    group: p.group.clone(),
                }
            })
            .collect();
        let began = members.iter().filter_map(|i| run.steps[*i].started_at).min();
        let over = run.phase_over(phase);
        let ended = members.iter().filter_map(|i| run.steps[*i].ended_at).max();
        let note = match (began, ended) {
            (Some(a), Some(b)) if over => Millis::whole_seconds(b - a).to_string(),
            _ => {
                let all = members.iter().filter_map(|i| planned.get(run.steps[*i].id.as_str()));
                let expect: Millis = all.map(|p| p.expect).sum();
                if expect.0 == 0 { String::new() } else { format!("about {expect}") }
            }
        };
        out.push(PhaseView { name: phase.display().to_owned(), note, steps });
    }
    out
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
    // Where a colleague is asked, the next event is that their time to answer is over: nobody wants to jump there.
    let busy = p.run.steps.iter().find(|s| match s.own_state() {
        StepState::AwaitingApproval => s.asked.as_ref().is_none_or(|a| a.nonce.is_empty()),
        state => state.busy(),
    })?;
    let planned = p.run.planned(&busy.id)?;
    let text = format!("{}: {}", planned.title, busy.own_state().word());
    Some(LongWait { text })
}

/// How it ended, in words.
pub fn ended(e: &Ended) -> String {
    format!("{}. {}", e.outcome.map_or("Given up", Outcome::display), e.summary)
}
