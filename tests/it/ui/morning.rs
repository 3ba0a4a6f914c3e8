//! The sample run's timeline.

use lifeboat::desk::snapshot::{Gantt, GanttLane, PhaseView, StepState};
use lifeboat::run::timeline::{Bar, Doing};

use super::sample;

/// A morning: steps take their time, one waits for the second person and for Azure, one failed first, one was left out.
pub fn of(phases: &[PhaseView], minutes: i64) -> Gantt {
    let from = sample::NOW - minutes * 60_000;
    let (mut at, mut planned) = (from, from);
    let mut lanes = Vec::new();
    for (phase, step) in phases.iter().flat_map(|p| p.steps.iter().map(move |s| (p, s))) {
        let expect = 60_000 + 45_000 * (lanes.len() as i64 % 4);
        let lane_planned = (planned, planned + expect);
        planned += expect;
        let mut bars = Vec::new();
        let mut put = |doing, for_ms: i64, goes_on: bool| {
            bars.push(Bar { doing, from: at, to: (!goes_on).then_some(at + for_ms) });
            at += for_ms;
        };
        match (step.state, step.id.as_str()) {
            (StepState::Skipped | StepState::Blocked, _) => {}
            (StepState::Ready, _) => put(Doing::People, 0, true),
            (StepState::Failed, _) => {
                put(Doing::Failed, 50_000, false);
                put(Doing::People, 0, true);
            }
            (_, "F2") => {
                put(Doing::Failed, 50_000, false);
                put(Doing::People, 20_000, false);
                put(Doing::Work, 70_000, false);
            }
            (_, "D4") => {
                put(Doing::People, 60_000, false);
                put(Doing::Waited, 150_000, false);
            }
            (_, "F1") => {
                put(Doing::Work, 90_000, false);
                bars.push(Bar { doing: Doing::Azure, from: at - 70_000, to: Some(at - 15_000) });
            }
            _ => {
                put(Doing::People, 25_000, false);
                put(Doing::Work, 45_000, false);
            }
        }
        lanes.push(GanttLane {
            id: step.id.clone(),
            title: step.title.clone(),
            phase: phase.name.clone(),
            state: step.state,
            planned: lane_planned,
            bars,
            sentence: format!("{}: {}. Planned 1 min", step.title, step.state.word()),
        });
    }
    let count = |wanted: fn(&GanttLane) -> bool| lanes.iter().filter(|l| wanted(l)).count();
    let (skipped, over) = (count(|l| l.state == StepState::Skipped), count(|l| l.state.over()));
    let sentence = format!(
        "{} steps, {} done, {skipped} skipped. Planned until 03:22 UTC; work in 4 min of the time, waiting in 6 min.",
        lanes.len(),
        over - skipped
    );
    let (t0, deadline) = (Some(sample::DEADLINE - 1_800_000), Some(sample::DEADLINE));
    Gantt { from, t0, deadline, planned_to: planned, ended: None, pauses: Vec::new(), lanes, sentence }
}
