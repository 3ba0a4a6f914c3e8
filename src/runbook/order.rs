//! The order of steps: by phase, then as the strategy's own fail-over order says, then as in the file.

use std::collections::BTreeMap;

use super::model::{Phase, Runbook, Strategy};

/// What steps are sorted by.
pub type Key = (Phase, usize, usize);

/// Sorts the steps of a strategy, each by its index.
pub fn keys(runbook: &Runbook, strategy: Strategy) -> Vec<Key> {
    let listed = runbook.orders.get(&strategy);
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, id) in listed.into_iter().flatten().enumerate() {
        places.entry(id).or_insert(place);
    }
    let one = |(index, step): (usize, &super::model::Step)| {
        let place = match (step.phase, listed) {
            (Phase::FailOver, Some(_)) => places.get(step.id.as_str()).copied().unwrap_or(usize::MAX),
            _ => 0,
        };
        (step.phase, place, index)
    };
    runbook.steps.iter().enumerate().map(one).collect()
}
