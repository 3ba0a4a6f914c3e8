//! Which steps of a runbook are in a plan, and in which order.
//!
//! A step is in when its component's strategy says so, or the plan's own for a step without a component. What must hold
//! already is checked twice: last thing on a quiet day, and right before the gate.

use std::collections::BTreeMap;

use crate::runbook::model::{Phase, Runbook, Step, StepId, Strategy};
use crate::runbook::order::keys;

/// A step's place in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Index among the runbook's steps.
    pub index: usize,
    /// Id in the plan.
    pub id: StepId,
    /// Phase in the plan.
    pub phase: Phase,
    /// It must hold already, instead of being done.
    pub must_hold: bool,
}

/// What makes a check on a quiet day another step than the one at the gate.
const QUIET_DAY: &str = "/prepare";

/// Strategies of the components: those given where they make sense, else the plan's where it does, else the usual one.
pub fn components(
    runbook: &Runbook,
    strategy: Strategy,
    given: &BTreeMap<String, Strategy>,
) -> BTreeMap<String, Strategy> {
    let one = |c: &crate::runbook::model::Component| {
        let fits = |s: &Strategy| c.strategies.contains(s);
        given.get(&c.name).copied().filter(fits).unwrap_or(if fits(&strategy) { strategy } else { c.usual })
    };
    runbook.components.iter().map(|c| (c.name.clone(), one(c))).collect()
}

/// Every step of the plan, in order. A choice that is not made yet leaves the steps of all its answers in.
pub fn slots(
    runbook: &Runbook,
    strategy: Strategy,
    components: &BTreeMap<String, Strategy>,
    values: &BTreeMap<String, String>,
) -> Vec<Slot> {
    let of = |s: &Step| s.component.as_ref().and_then(|c| components.get(c)).copied().unwrap_or(strategy);
    let chosen = |s: &Step| s.when.iter().all(|(name, value)| values.get(name).is_none_or(|v| v == value));
    let numbered = || runbook.steps.iter().enumerate().filter(|(_, s)| chosen(s));
    let mut order: Vec<usize> = numbered().filter(|(_, s)| s.do_in.contains(&of(s))).map(|(i, _)| i).collect();
    let keys = keys(runbook, strategy);
    order.sort_by_key(|&i| keys[i]);
    let holding: Vec<usize> = numbered().filter(|(_, s)| s.must_hold_in.contains(&of(s))).map(|(i, _)| i).collect();

    let id = |i: usize| runbook.steps[i].id.clone();
    let gate = order.iter().copied().find(|&i| runbook.gate.as_ref() == Some(&runbook.steps[i].id));
    let gate_phase = gate.map_or(Phase::Decide, |i| runbook.steps[i].phase);
    let again = |suffix: &str, phase: Phase| -> Vec<Slot> {
        holding
            .iter()
            .map(|&index| Slot { index, id: format!("{}{suffix}", id(index)), phase, must_hold: true })
            .collect()
    };
    let mut slots: Vec<Slot> = Vec::with_capacity(order.len() + 2 * holding.len());
    for index in order {
        if gate == Some(index) {
            slots.extend(again("", gate_phase));
        }
        slots.push(Slot { index, id: id(index), phase: runbook.steps[index].phase, must_hold: false });
    }
    let quiet = slots.iter().take_while(|s| s.phase == Phase::Prepare).count();
    slots.splice(quiet..quiet, again(QUIET_DAY, Phase::Prepare));
    slots
}
