//! What the facts demand of the world. Derived from entries live, and from the state after a restart.

use crate::runbook::model::StepId;

use super::event::{Change, Entry, Event, Found, StepState};
use super::state::{ChangeState, Run};

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send this request, whose intent is durable.
    Send(StepId, u32, Change),
    /// Follow an operation to its end.
    Follow(StepId, u32, Change, String),
    /// Read back what became of a request.
    ReadBack(StepId, u32, Change),
    /// Check a step.
    Verify(StepId),
    /// Check that a step was taken back.
    VerifyUndone(StepId, Vec<Change>),
    /// Ask the second person.
    Ask(StepId, String),
}

/// What follows from an entry that was just applied.
pub fn of(run: &Run, entry: &Entry) -> Option<Effect> {
    if !run.open() {
        return None;
    }
    let id = entry.step.as_ref()?;
    let step = run.step(id)?;
    let change = |n: &u32| step.changes.get(*n as usize).map(|c| c.change.clone());
    match &entry.event {
        Event::ActionIntended { n, .. } => Some(Effect::Send(id.clone(), *n, change(n)?)),
        Event::ActionAccepted { n, operation, .. } => {
            Some(Effect::Follow(id.clone(), *n, change(n)?, operation.clone()))
        }
        Event::ActionIndeterminate { n, .. } => Some(Effect::ReadBack(id.clone(), *n, change(n)?)),
        // "Still running" and "cannot be read" demand nothing new: whoever found it out goes on reading.
        Event::StepStarted { changes, .. } if changes.is_empty() => {
            // In a tabletop people answer.
            (!run.tabletop() && step.own_state() == StepState::Verifying).then(|| Effect::Verify(id.clone()))
        }
        Event::ActionFinished { failure: None, .. } | Event::ActionReconciled { found: Found::Applied, .. } => {
            (step.own_state() == StepState::Verifying).then(|| verify(run, id))
        }
        Event::ApprovalRequested { digest, .. } => Some(Effect::Ask(id.clone(), digest.clone())),
        _ => None,
    }
}

fn verify(run: &Run, id: &str) -> Effect {
    match run.step(id) {
        Some(s) if s.undoing => {
            Effect::VerifyUndone(id.to_owned(), s.changes.iter().map(|c| c.change.clone()).collect())
        }
        _ => Effect::Verify(id.to_owned()),
    }
}

/// What is owed after a restart, beside what [`super::decide::decide`] makes of [`super::command::Command::Open`].
pub fn pending(run: &Run) -> Vec<Effect> {
    let mut out = Vec::new();
    for s in &run.steps {
        match s.own_state() {
            StepState::Verifying if run.tabletop() => {}
            StepState::Verifying => out.push(verify(run, &s.id)),
            StepState::AwaitingApproval => {
                if let Some(a) = s.asked.as_ref().filter(|a| a.answer.is_none()) {
                    out.push(Effect::Ask(s.id.clone(), a.digest.clone()));
                }
            }
            StepState::Running | StepState::Indeterminate => {
                for (n, c) in s.changes.iter().enumerate() {
                    let n = u32::try_from(n).unwrap_or(u32::MAX);
                    match &c.state {
                        ChangeState::Accepted(op) => {
                            out.push(Effect::Follow(s.id.clone(), n, c.change.clone(), op.clone()));
                        }
                        ChangeState::Indeterminate => out.push(Effect::ReadBack(s.id.clone(), n, c.change.clone())),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    out
}
