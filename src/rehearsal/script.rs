//! The scripted operator of an unattended rehearsal: what to do next, given where the run stands.
//!
//! Pure: it looks at the run and names one move; the desk waits as long as a person would take and carries it out.

use crate::run::event::StepState;
use crate::run::state::Run;
use crate::runbook::model::Strategy;
use crate::units::Millis;

use super::scenario::{Answer, Choice, Expect, Outcome, Reply, Scenario, Situation};

/// Under this name the answers say how the run is closed.
const CLOSE: &str = "close";

/// One move of the script.
#[derive(Debug, Clone)]
pub struct Move {
    /// Step it is about; empty for closing the run.
    pub step: String,
    /// What.
    pub reply: Reply,
    /// How long a person takes over it.
    pub takes: Millis,
}

/// The script of one rehearsal.
#[derive(Debug, Clone)]
pub struct Script {
    answers: Vec<Answer>,
    used: Vec<bool>,
    expect: Expect,
}

impl Script {
    /// The answers of a scenario that apply with this strategy.
    pub fn new(scenario: &Scenario, strategy: Strategy) -> Self {
        let answers: Vec<Answer> = scenario
            .answers
            .iter()
            .filter(|a| a.only_in.is_empty() || a.only_in.contains(&strategy))
            .cloned()
            .collect();
        Self { used: vec![false; answers.len()], answers, expect: scenario.expect.clone() }
    }

    /// The next move, or `None` while the app, Azure or the second person has the ball.
    pub fn next(&mut self, run: &Run) -> Option<Move> {
        if !run.open() || run.plan.is_none() {
            return None;
        }
        let Some(i) = run.current() else {
            return Some(self.close());
        };
        let step = &run.steps[i];
        let planned = run.planned(&step.id)?;
        let situation = match run.state(i) {
            StepState::Ready | StepState::Undone if run.waits_for_word(i) || !planned.automatic() => Situation::Ready,
            StepState::Failed if step.failure.as_ref().is_some_and(|f| f.code == "NotApplied") => Situation::NotApplied,
            StepState::Failed if step.failures > 1 => Situation::FailedAgain,
            StepState::Failed => Situation::Failed,
            _ => return None,
        };
        let decided = run.decision.as_ref().is_some_and(|d| d.choice != Choice::Wait);
        let line = (0..self.answers.len()).find(|n| {
            let a = &self.answers[*n];
            (a.step == step.id || a.step == "*")
                && a.when == situation
                && (a.step == "*" || !self.used[*n])
                && fits(&a.answer, situation, run.waits_for_word(i))
                && !(decided && matches!(a.answer, Reply::Decide { .. }))
        });
        if let Some(n) = line {
            self.used[n] = true;
            let a = &self.answers[n];
            return Some(Move { step: step.id.clone(), reply: a.answer.clone(), takes: a.takes });
        }
        let reply = match situation {
            Situation::Ready if planned.decision => Reply::Decide {
                choice: self.expect.decision.unwrap_or(Choice::FailOver),
                reason: "what was read leaves no better choice".to_owned(),
                expected_loss: planned.may_lose.clone().unwrap_or_else(|| "requests in flight".to_owned()),
            },
            Situation::Ready if run.waits_for_word(i) => Reply::Confirm(format!("{}: done", planned.title)),
            Situation::Ready => Reply::Perform,
            Situation::Failed | Situation::NotApplied => Reply::Retry,
            Situation::FailedAgain => Reply::Skip("it failed twice; noted for the review".to_owned()),
        };
        Some(Move { step: step.id.clone(), reply, takes: Millis::from_secs(20) })
    }

    fn close(&self) -> Move {
        let written = self.answers.iter().find(|a| a.step == CLOSE && matches!(a.answer, Reply::Close { .. }));
        let (reply, takes) = match written {
            Some(a) => (a.answer.clone(), a.takes),
            None => {
                let outcome = self.expect.outcome.unwrap_or(Outcome::Recovered);
                (Reply::Close { outcome, summary: "All steps are over.".to_owned() }, Millis::from_secs(20))
            }
        };
        Move { step: String::new(), reply, takes }
    }
}

/// Whether a reply is possible: what the app can do is performed, where only a word counts it is given.
fn fits(reply: &Reply, situation: Situation, word: bool) -> bool {
    match reply {
        Reply::Perform | Reply::PerformWith(_) if situation == Situation::Ready => !word,
        Reply::Confirm(_) if situation == Situation::Ready => word,
        _ => true,
    }
}
