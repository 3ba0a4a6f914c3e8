//! What the records of a run add up to, for its dossier: objectives, instants, steps, and the records that auditors turn to.

use super::super::view::audit::mode_word;
use super::reading::chapter;
use crate::export::dossier::{Chapter, EvidenceLine, Instant, Row, StepLine, Story, Told};
use crate::run::clocks::NAMES;
use crate::run::event::{Entry, Event, StepState};
use crate::run::objective;
use crate::run::state::Run;
use crate::runbook::model::Phase;

/// Which chapter a record is told in.
#[derive(Clone, Copy)]
enum In {
    Decisions,
    Approvals,
    Deviations,
    Losses,
    Ledger,
    Findings,
    Messages,
    SignOffs,
}

/// Titles of the chapters, and what is said of an empty one.
const CHAPTERS: [(&str, &str); 8] = [
    ("Decisions", "No decision is recorded."),
    ("Approvals", "The second person was never asked."),
    ("Deviations", "Nothing was skipped, set aside or done otherwise than planned."),
    ("Losses", "No loss is recorded."),
    ("Divergence ledger", "Nothing is recorded as created or changed in the secondary."),
    ("Findings and correctives", "Nothing was found that is to be put right."),
    ("Messages", "No message to people outside is recorded."),
    ("Sign-offs", "Nobody has signed off."),
];

/// What is gathered for the story while the records are read.
#[derive(Default)]
pub(super) struct Telling {
    told: [Vec<Told>; CHAPTERS.len()],
    evidence: Vec<EvidenceLine>,
    not_measured: Vec<String>,
}

impl Telling {
    /// One record.
    pub(super) fn take(&mut self, row: &Row, entry: &Entry) {
        let (at, step) = (entry.at, entry.step.as_deref().unwrap_or_default());
        let place = match &entry.event {
            Event::Decided { .. } => Some(In::Decisions),
            Event::ApprovalRequested { .. }
            | Event::Approved { .. }
            | Event::Denied { .. }
            | Event::ApprovalVoided { .. } => Some(In::Approvals),
            Event::Deviation { .. } | Event::StepSkipped { .. } | Event::GlassBroken { .. } => Some(In::Deviations),
            Event::Loss { .. } => Some(In::Losses),
            Event::Ledger { .. } => Some(In::Ledger),
            Event::Finding { .. } | Event::Corrective { .. } => Some(In::Findings),
            Event::Comms { .. } => Some(In::Messages),
            Event::SignedOff { .. } => Some(In::SignOffs),
            _ => None,
        };
        if let Some(place) = place {
            self.told[place as usize].push(Told::from((row, &entry.actor)));
        }
        match &entry.event {
            Event::Ended { not_measured, .. } => self.not_measured.clone_from(not_measured),
            Event::Evidence(e) => self.evidence.push(EvidenceLine {
                seq: row.seq,
                at,
                who: entry.actor.display().to_owned(),
                name: e.name.clone(),
                step: step.to_owned(),
                bytes: if e.bytes == 0 { e.text.len() as u64 } else { e.bytes },
                sha256: e.sha256.clone(),
                file: e.file.clone().unwrap_or_default(),
            }),
            _ => {}
        }
    }
}

/// The story; `last` is the instant of the last record.
pub(super) fn story(run: &Run, told: Telling, last: i64) -> Result<Story, String> {
    let (Some(start), Some(plan)) = (&run.start, &run.plan) else {
        return Err("this record ends before the run was started".to_owned());
    };
    let ended = run.ended.as_ref();
    let outcome = match ended {
        None => run.handed_over.as_ref().map_or_else(|| "open".to_owned(), |to| format!("handed over to {to}")),
        Some(e) => e.outcome.map_or("given up", |o| o.display()).to_owned(),
    };
    let phases: Vec<&str> = start.phases.iter().map(|p: &Phase| p.display()).collect();
    let chapters = CHAPTERS.iter().zip(told.told).map(|((title, none), told)| Chapter { told, ..chapter(title, none) });
    let (mut spans, mut evidence) = (run.spans.all().to_vec(), told.evidence);
    // A word that waits for the second person is no evidence yet; the run says what is.
    evidence.retain(|e| run.evidence.iter().any(|(_, _, kept)| kept.name == e.name && kept.sha256 == e.sha256));
    spans.iter_mut().filter(|s| s.to.is_none()).for_each(|s| s.to = Some(ended.map_or(last, |e| e.at).max(s.from)));
    Ok(Story {
        title: start.title.clone(),
        plan: plan.id.clone(),
        digest: start.digest.clone(),
        runbook: plan.runbook_title.clone(),
        strategy: format!("{}, {}", start.strategy.display(), mode_word(start.mode)),
        environment: start.environment.clone(),
        phases: phases.join(", "),
        scenario: start.scenario.as_ref().map(|s| (s.id.clone(), s.sha256.clone())),
        started: run.started_at,
        ended: ended.map(|e| e.at),
        outcome,
        summary: ended.map_or_else(String::new, |e| e.summary.clone()),
        objectives: objective::told(run),
        instants: instants(run),
        steps: steps(run),
        spans,
        people: run
            .participants
            .iter()
            .map(|p| [p.name.clone(), p.role.clone(), p.key.clone().unwrap_or_default()])
            .collect(),
        not_measured: told.not_measured,
        chapters: chapters.collect(),
        evidence,
    })
}

fn instants(run: &Run) -> Vec<Instant> {
    let named = NAMES.iter().zip(run.clocks.t).map(|(name, at)| {
        let (code, name) = name.split_once(' ').unwrap_or((name, ""));
        Instant { code: code.to_owned(), name: name.to_owned(), at }
    });
    named.collect()
}

fn steps(run: &Run) -> Vec<StepLine> {
    let line = |s: &crate::run::step::StepRun| StepLine {
        id: s.id.clone(),
        title: run.planned(&s.id).map_or_else(String::new, |p| p.title.clone()),
        phase: s.phase().display().to_owned(),
        state: match s.own_state() {
            // What never came to be begun.
            StepState::Ready if s.started_at.is_none() => "not begun",
            other => other.word(),
        }
        .to_owned(),
        from: s.started_at,
        to: s.ended_at,
    };
    run.steps.iter().map(line).collect()
}
