//! What is kept beside the steps: the divergence ledger, the loss register, findings and signatures; and what they said when
//! the run was closed.

use crate::rehearsal::scenario::Outcome;
use crate::runbook::model::{Phase, StepId};
use crate::units::Millis;

use super::decide::{Draft, Refusal, text};
use super::event::{Actor, Books, Event, LossKind, StepState};
use super::fields;
use super::forecast;
use super::objective;
use super::rules::Step;
use super::state::{Ended, Note, Run};

/// Lines of the ledger that are carried on one by one; a word about the rest.
const CARRIED: usize = 50;

impl Run {
    /// Losses of one kind: what is lost, what cannot be reached for now and what is there twice are kept apart.
    pub fn losses_of(&self, kind: LossKind) -> impl Iterator<Item = &str> {
        self.losses.iter().filter(move |(k, _)| *k == kind).map(|(_, text)| text.as_str())
    }

    /// Lines of the ledger that were neither carried back nor given up, nor are they a finding.
    pub fn unreconciled(&self) -> Vec<&Note> {
        let carried = |n: &&Note| !self.findings.iter().any(|f| f.found.text == carry(n));
        self.ledger.iter().skip(self.settled).filter(carried).collect()
    }

    /// The step that reconciles the ledger, where it is not over.
    pub(super) fn reconciles_first(&self) -> Option<&StepId> {
        self.reconciler.map(|i| &self.steps[i]).filter(|s| !s.own_state().over()).map(|s| &s.id)
    }

    pub(super) fn books(&self) -> Books {
        let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let lost = |kind| n(self.losses_of(kind).count());
        let (rto, rpo) = self.start.as_ref().map_or((0, 0), |s| (s.rto_ms, s.rpo_ms));
        Books {
            lost: lost(LossKind::Lost),
            unavailable: lost(LossKind::Unavailable),
            duplicated: lost(LossKind::Duplicated),
            ledger: n(self.ledger.len()),
            unreconciled: n(self.unreconciled().len()),
            findings: n(self.findings.len()),
            open_findings: n(self.findings.iter().filter(|f| f.corrective.is_none()).count()),
            signed: n(self.signoffs.len()),
            missed: forecast::breach(self, self.last_at).words(Millis(rto), Millis(rpo)),
        }
    }
}

impl Step<'_> {
    /// What the secondary has that the primary has not is out of reach once users are home.
    pub(super) fn ledger_first(&self) -> Result<(), Refusal> {
        let Some(by) = self.run.reconciles_first().filter(|_| self.brings_home()) else { return Ok(()) };
        match self.run.unreconciled().len() {
            0 => Ok(()),
            lines => Err(Refusal::Unreconciled { step: self.step.id.clone(), lines, by: by.clone() }),
        }
    }

    pub(super) fn brings_home(&self) -> bool {
        self.planned.phase == Phase::FailBack && self.planned.moves_users()
    }

    /// What nobody brought home stays somebody's to look for.
    pub(super) fn carry_ledger(&mut self) {
        for event in carried(self.run) {
            self.out.push(Draft { actor: self.actor.clone(), step: None, event });
        }
    }
}

/// A line of the ledger as a finding.
fn carry(line: &Note) -> String {
    format!("Not reconciled before users came home: {}", line.text)
}

/// The open lines of the ledger as findings.
fn carried(run: &Run) -> Vec<Event> {
    let open = run.unreconciled();
    let more = open.len().saturating_sub(CARRIED);
    let rest =
        (more > 0).then(|| format!("{more} more lines of the ledger were not reconciled before users came home"));
    open.into_iter().take(CARRIED).map(carry).chain(rest).map(|text| Event::Finding { text, rates: None }).collect()
}

/// A new line of the ledger: what was reconciled before it is open again, until users are home.
pub(super) fn ledger(run: &Run, actor: &Actor, line: &str) -> Result<Vec<Draft>, Refusal> {
    let d = |step, event| Draft { actor: actor.clone(), step, event };
    let mut out = vec![d(None, Event::Ledger { text: text("the entry", line)? })];
    let step = run.reconciler.map(|i| &run.steps[i]).filter(|s| s.own_state().over());
    if let Some(step) = step.filter(|_| !run.phase_over(Phase::FailBack)) {
        let reason = "the ledger has a new line".to_owned();
        out.push(d(Some(step.id.clone()), Event::StepReopened { reason }));
    }
    Ok(out)
}

/// The end of a run: what was measured, what was not and why, what the books say.
pub(super) fn close(run: &Run, actor: &Actor, outcome: Outcome, summary: &str) -> Result<Vec<Draft>, Refusal> {
    let busy: Vec<&str> = run
        .steps
        .iter()
        .filter(|s| matches!(s.own_state(), StepState::Running | StepState::Indeterminate))
        .map(|s| s.id.as_str())
        .collect();
    if !busy.is_empty() {
        return Err(Refusal::AtWork(busy.join(", ")));
    }
    let summary = text("the summary", summary)?;
    let d = |event| Draft { actor: actor.clone(), step: None, event };
    let left: Vec<&str> = run.steps.iter().filter(|s| !s.own_state().over()).map(|s| s.id.as_str()).collect();
    let mut out = Vec::new();
    if !left.is_empty() {
        out.push(d(Event::Deviation {
            rule: "all steps are over before a run is closed".to_owned(),
            reason: format!("closed as “{}” with {} steps open: {}", outcome.display(), left.len(), left.join(", ")),
        }));
    }
    let (measured, not_measured) = measures(run, outcome);
    out.extend(measured.into_iter().map(d));
    let recovered = matches!(outcome, Outcome::Recovered | Outcome::RecoveredWithFindings);
    let reviewed = run.steps.iter().any(|s| s.phase() == Phase::Review);
    if recovered && reviewed && run.signoffs.is_empty() {
        out.push(d(Event::Deviation {
            rule: "somebody signs for a run that is closed as recovered".to_owned(),
            reason: format!("closed as “{}”, and nobody has signed for the record", outcome.display()),
        }));
    }
    let end = end_now(run, outcome);
    let missing = fields::missing(run, &end);
    let Ended { books, objectives, .. } = end;
    out.push(d(Event::Ended { outcome, summary, not_measured, books, objectives, missing }));
    Ok(out)
}

/// What the clocks say, and what they cannot say.
fn measures(run: &Run, outcome: Outcome) -> (Vec<Event>, Vec<String>) {
    let (mut measured, mut not_measured) = (Vec::new(), Vec::new());
    for (name, measure) in [("RTA", objective::rta(run, Some(outcome))), ("RPA", objective::rpa(run))] {
        match measure {
            Ok((value, how)) => {
                let value = i64::try_from(value.0).ok();
                measured.push(Event::Measured { name: name.to_owned(), value, how });
            }
            Err(why) => not_measured.push(format!("{name}: {why}")),
        }
    }
    (measured, not_measured)
}

/// The end as it would be written now, for whoever asks beforehand what is missing.
pub fn end_now(run: &Run, outcome: Outcome) -> Ended {
    let (_, not_measured) = measures(run, outcome);
    let books = Some(Box::new(run.books()));
    let objectives = objective::objectives(run, Some(outcome));
    Ended { at: run.last_at, outcome: Some(outcome), summary: String::new(), books, not_measured, objectives }
}

/// What the app itself writes into the loss register before a step that may lose something.
pub fn own_loss(step: &str, loss: &str) -> String {
    format!("{step}: {loss}")
}
