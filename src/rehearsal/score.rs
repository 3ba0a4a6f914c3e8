//! How well a rehearsal went: one line per expectation of the scenario, and two that hold for every run.

use crate::run::event::StepState;
use crate::run::state::Run;
use crate::units::{Millis, Region};

use super::scenario::{Choice, Expect};

/// Points with their reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    /// Line by line.
    pub lines: Vec<Line>,
}

/// One expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was expected.
    pub what: String,
    /// Reached.
    pub points: u32,
    /// Possible.
    pub of: u32,
    /// What was seen.
    pub why: String,
}

impl Score {
    /// Points reached.
    pub fn points(&self) -> u32 {
        self.lines.iter().map(|l| l.points).sum()
    }
    /// Points possible.
    pub fn of(&self) -> u32 {
        self.lines.iter().map(|l| l.of).sum()
    }
    /// Every expectation was met.
    pub fn met(&self) -> bool {
        self.points() == self.of()
    }
    fn line(&mut self, what: impl Into<String>, of: u32, good: bool, why: impl Into<String>) {
        self.lines.push(Line { what: what.into(), points: if good { of } else { 0 }, of, why: why.into() });
    }
}

/// Scores a closed run.
pub fn score(run: &Run, expect: &Expect) -> Score {
    let mut s = Score::default();
    let t0 = run.clocks.t[0].unwrap_or(run.started_at);
    let decision = run.decision.as_ref();
    if let Some(want) = expect.decision {
        let got = decision.map_or("no decision", |d| d.choice.display());
        s.line(format!("Decision: {}", want.display()), 3, decision.is_some_and(|d| d.choice == want), got);
    }
    if let Some(limit) = expect.decide_within {
        let took = decision.map(|d| Millis(u64::try_from(d.at.saturating_sub(t0)).unwrap_or(0)));
        let why = took.map_or_else(|| "no decision".to_owned(), |t| format!("decided after {t}"));
        s.line(format!("Decided within {limit}"), 2, took.is_some_and(|t| t <= limit), why);
    }
    if let Some(want) = &expect.verdict {
        let seen = run.observed.iter().any(|(_, o)| o.what == "verdict" && o.state == *want);
        s.line(format!("Verdict seen: {want}"), 2, seen, if seen { "recorded" } else { "never recorded" });
    }
    if !expect.must_not.is_empty() {
        let done: Vec<&str> = expect
            .must_not
            .iter()
            .filter(|id| {
                run.step(id).is_some_and(|x| {
                    !x.changes.is_empty() || matches!(x.own_state(), StepState::DoneByApp | StepState::DoneByHand)
                })
            })
            .map(String::as_str)
            .collect();
        let why = if done.is_empty() { "left alone".to_owned() } else { format!("done: {}", done.join(", ")) };
        s.line(format!("Not done: {}", expect.must_not.join(", ")), 2, done.is_empty(), why);
    }
    if let Some(region) = &expect.served_by {
        let (served, why) = served_by(run, region);
        s.line(format!("Users served by {}", region.display()), 2, served, why);
    }
    if expect.within_rto {
        let rto = Millis(run.start.as_ref().map_or(0, |x| x.rto_ms));
        let rta = run.clocks.rta();
        let why = rta.map_or_else(|| "RTA not measured".to_owned(), |r| format!("RTA {r}"));
        s.line(format!("Within the RTO of {rto}"), 2, rta.is_some_and(|r| r <= rto), why);
    }
    if let Some(want) = expect.outcome {
        let got = run.ended.as_ref().and_then(|e| e.outcome);
        let why = got.map_or("not closed with an outcome", |o| o.display());
        s.line(format!("Closed as: {}", want.display()), 2, got == Some(want), why);
    }
    two_persons(run, &mut s);
    loss_stated(run, &mut s);
    s
}

/// In the primary they are while nobody was moved, and again once fail back was verified; elsewhere, when metrics say so.
fn served_by(run: &Run, region: &Region) -> (bool, &'static str) {
    let primary = run.plan.as_ref().is_some_and(|p| p.primary.region == *region);
    match (primary, run.last_switch, run.clocks.t[11]) {
        (true, None, _) => (true, "nobody was moved"),
        (true, Some(_), Some(_)) => (true, "failed back, verified"),
        (true, Some(_), None) => (false, "moved away, and fail back was not verified"),
        (false, ..) if run.clocks.t[8].is_some() => (true, "95 % of clients served, by metrics"),
        (false, ..) => (false, "never seen in the metrics"),
    }
}

fn two_persons(run: &Run, s: &mut Score) {
    let alone: Vec<&str> = run
        .steps
        .iter()
        .filter(|x| matches!(x.own_state(), StepState::DoneByApp | StepState::DoneByHand))
        .filter(|x| run.planned(&x.id).is_some_and(|p| p.second_person.is_some()) && x.approval().is_none())
        .filter(|x| {
            // Not moving users needs nobody's consent.
            !(run.planned(&x.id).is_some_and(|p| p.decision)
                && run.decision.as_ref().is_some_and(|d| matches!(d.choice, Choice::Abort | Choice::Wait)))
        })
        .map(|x| x.id.as_str())
        .collect();
    let why = if alone.is_empty() { "kept".to_owned() } else { format!("alone: {}", alone.join(", ")) };
    s.line("Second person wherever the runbook asks", 1, alone.is_empty(), why);
}

fn loss_stated(run: &Run, s: &mut Score) {
    let stated = run.decision.as_ref().is_some_and(|d| !d.expected_loss.is_empty());
    s.line(
        "Expected loss stated before acting",
        1,
        stated,
        run.decision.as_ref().map_or_else(|| "no decision".to_owned(), |d| d.expected_loss.clone()),
    );
}
