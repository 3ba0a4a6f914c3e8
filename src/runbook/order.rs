//! The order of steps: by phase, then as the strategy's own fail-over order says, then as in the file.

use super::model::{Phase, Runbook, Strategy};

/// Sorts the step of this index among the steps of a strategy.
pub fn key(runbook: &Runbook, strategy: Strategy, index: usize) -> (Phase, usize, usize) {
    let Some(step) = runbook.steps.get(index) else { return (Phase::Review, usize::MAX, index) };
    let listed = runbook.orders.get(&strategy).filter(|_| step.phase == Phase::FailOver);
    let place = listed.map_or(0, |o| o.iter().position(|id| *id == step.id).unwrap_or(usize::MAX));
    (step.phase, place, index)
}
