//! The scripted operator of an unattended rehearsal: what to do next, given where the run stands.
//!
//! Pure: it looks at the run and names one move; the desk waits as long as a person would take and carries it out.

use crate::run::event::StepState;
use crate::run::state::Run;
use crate::runbook::model::{Phase, Strategy};
use crate::units::Millis;

use super::scenario::{Answer, Choice, Expect, Outcome, Reply, Scenario, Situation};

/// Under this name the answers say how the run is closed.
const CLOSE: &str = "close";
/// How long the scripted operator waits for a second person who does not answer, when no line says.
const PATIENCE: Millis = Millis::from_mins(5);

/// One move of the script.
#[derive(Debug, Clone)]
pub struct Move {
    /// Step it is about; empty for closing the run.
    pub step: String,
    /// What.
    pub reply: Reply,
    /// How long a person takes over it.
    pub takes: Millis,
    /// Not before this scenario time.
    pub not_before: Option<Millis>,
}

impl Move {
    /// A move that takes so long.
    pub fn new(step: &str, reply: Reply, takes: Millis) -> Self {
        Self { step: step.to_owned(), reply, takes, not_before: None }
    }
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
        Self { used: vec![false; answers.len()], answers, expect: scenario.expected(strategy).clone() }
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
        // Nobody is moved who was not decided to be: asking again would be refused for ever.
        let barred = planned.phase == Phase::FailOver && planned.action.is_some() && !run.moving_is_decided();
        let decided = run.decision.as_ref().is_some_and(|d| d.choice != Choice::Wait);
        let line = self.line(&step.id, situation, |a| {
            fits(&a.answer, situation, run.waits_for_word(i))
                && !(barred && matches!(a.answer, Reply::Perform | Reply::PerformWith(_)))
                && !(decided && !planned.decision && matches!(a.answer, Reply::Decide { .. }))
        });
        if line.is_some() {
            return line;
        }
        let reply = match situation {
            Situation::Ready if barred => Reply::Skip("moving users is not decided".to_owned()),
            Situation::Ready if planned.decision => Reply::Decide {
                choice: self.expect.decision.unwrap_or(Choice::FailOver),
                reason: "what was read leaves no better choice".to_owned(),
                expected_loss: planned.may_lose.clone().unwrap_or_else(|| "requests in flight".to_owned()),
            },
            Situation::Ready if run.waits_for_word(i) => Reply::Confirm(format!("{}: done", planned.title)),
            Situation::Ready => Reply::Perform,
            Situation::Failed | Situation::NotApplied => Reply::Retry,
            Situation::FailedAgain => Reply::Skip("it failed twice; noted for the review".to_owned()),
            Situation::Unanswered => return None,
        };
        Some(Move::new(&step.id, reply, Millis::from_secs(20)))
    }

    /// What is done when the second person was asked and cannot be reached: a line of the scenario, else somebody else is
    /// asked, else the step is left out.
    pub fn unanswered(&mut self, step: &str, another: Option<&str>) -> Move {
        self.line(step, Situation::Unanswered, |_| true).unwrap_or_else(|| {
            let reply = match another {
                Some(name) => Reply::AskAnother(name.to_owned()),
                None => Reply::Skip("no second person can be reached".to_owned()),
            };
            Move::new(step, reply, PATIENCE)
        })
    }

    /// The first line for a step in a situation that is not used up. Lines for any step never are, unless they are only
    /// written down beside it.
    fn line(&mut self, step: &str, situation: Situation, fits: impl Fn(&Answer) -> bool) -> Option<Move> {
        let lasts = |a: &Answer| a.step == "*" && !a.answer.beside();
        let n = (0..self.answers.len()).find(|n| {
            let a = &self.answers[*n];
            (a.step == step || a.step == "*") && a.when == situation && (lasts(a) || !self.used[*n]) && fits(a)
        })?;
        self.used[n] = true;
        let a = &self.answers[n];
        Some(Move { not_before: a.not_before, ..Move::new(step, a.answer.clone(), a.takes) })
    }

    /// What is written down at the end, line by line; then it is closed.
    fn close(&mut self) -> Move {
        if let Some(beside) = self.line(CLOSE, Situation::Ready, |a| a.step == CLOSE && a.answer.beside()) {
            return Move { step: String::new(), ..beside };
        }
        let written = self.answers.iter().find(|a| a.step == CLOSE && matches!(a.answer, Reply::Close { .. }));
        match written {
            Some(a) => Move { not_before: a.not_before, ..Move::new("", a.answer.clone(), a.takes) },
            None => {
                let outcome = self.expect.outcome.unwrap_or(Outcome::Recovered);
                let summary = "All steps are over.".to_owned();
                Move::new("", Reply::Close { outcome, summary }, Millis::from_secs(20))
            }
        }
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
