//! How well a rehearsal went: one line per expectation of the scenario, and those that hold for every run. Read off the run
//! alone, so that its record tells the same score at any time.

use crate::run::event::{Mode, StepState};
use crate::run::state::{Run, StepRun};
use crate::units::Millis;

use super::expect::{Expect, Fail};
use super::judge;

/// Points with their reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    /// Line by line.
    pub lines: Vec<Line>,
}

/// One expectation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// What was expected.
    pub what: String,
    /// Reached.
    pub points: u32,
    /// Possible.
    pub of: u32,
    /// What was seen.
    pub why: String,
    /// Id of the mistake it is about, where it is about one.
    pub mistake: Option<String>,
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
    /// Ids of the mistakes that were made.
    pub fn mistakes(&self) -> Vec<&str> {
        self.lines.iter().filter(|l| l.points < l.of).filter_map(|l| l.mistake.as_deref()).collect()
    }
    fn line(&mut self, what: impl Into<String>, of: u32, good: bool, why: impl Into<String>) {
        let points = if good { of } else { 0 };
        self.lines.push(Line { what: what.into(), points, of, why: why.into(), mistake: None });
    }
}

/// Scores a run: a closed one, or as it would be scored if it ended now.
pub fn score(run: &Run, expect: &Expect) -> Score {
    let mut s = Score::default();
    decided(run, expect, &mut s);
    let tabletop = run.start.as_ref().is_some_and(|x| x.mode == Mode::Tabletop);
    // Around a table nothing is probed.
    if let Some(want) = expect.verdict.as_ref().filter(|_| !tabletop) {
        let seen = judge::verdict(run, want);
        s.line(format!("Verdict seen: {want}"), 2, seen, if seen { "recorded" } else { "never recorded" });
    }
    steps(run, expect, &mut s);
    for w in &expect.words {
        let found = judge::says(run, &w.at, &w.any);
        let why = found.map_or_else(|| "never written".to_owned(), |word| format!("“{word}” is written"));
        s.line(w.what.clone(), 1, found.is_some(), why);
    }
    for kind in &expect.loss {
        let named = format!("{kind:?}").to_lowercase();
        let stated = judge::stated(run, *kind);
        let why = stated.unwrap_or("nobody entered it in the loss register");
        s.line(format!("In the loss register: {named}"), 1, stated.is_some(), why);
    }
    if let Some(region) = expect.served_by.as_ref().filter(|_| !tabletop) {
        let (served, why) = judge::served_by(run, region);
        s.line(format!("Users served by {}", region.display()), 2, served, why);
    }
    if expect.within_rto && !tabletop {
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
    for f in &expect.fails {
        mistake(run, f, &mut s);
    }
    two_persons(run, &mut s);
    loss_stated(run, &mut s);
    complete(run, &mut s);
    s
}

fn decided(run: &Run, expect: &Expect, s: &mut Score) {
    let decision = run.decision.as_ref();
    if let Some(want) = expect.decide_first {
        let first = run.decisions.first();
        let good = run.decisions.len() > 1 && first.is_some_and(|d| d.choice == want);
        let why = first.map_or("no decision", |d| if good { "decided first" } else { d.choice.display() });
        s.line(format!("First: {}", want.display()), 2, good, why);
    }
    if let Some(want) = expect.decision {
        let got = decision.map_or("no decision", |d| d.choice.display());
        let wanted: Vec<&str> = [want].iter().chain(&expect.or).map(|c| c.display()).collect();
        let good = decision.is_some_and(|d| d.choice == want || expect.or.contains(&d.choice));
        s.line(format!("Decision: {}", wanted.join(" or ")), 3, good, got);
    }
    if let Some(limit) = expect.decide_within {
        let took = judge::decided_after(run);
        let why = took.map_or_else(|| "no decision".to_owned(), |t| format!("decided after {t}"));
        s.line(format!("Decided within {limit}"), 2, took.is_some_and(|t| t <= limit), why);
    }
}

/// What is expected of single steps. One that this strategy does not have is not asked about.
fn steps(run: &Run, expect: &Expect, s: &mut Score) {
    let here = |ids: &[String]| -> Vec<String> { ids.iter().filter(|id| run.step(id).is_some()).cloned().collect() };
    let not = |ids: &[String], good: &dyn Fn(&StepRun) -> bool| -> Vec<String> {
        ids.iter().filter(|id| !run.step(id).is_some_and(good)).cloned().collect()
    };
    let wanted = here(&expect.done);
    if !wanted.is_empty() {
        let open = not(&wanted, &judge::done);
        let why = if open.is_empty() { "done".to_owned() } else { format!("not done: {}", open.join(", ")) };
        s.line(format!("Done: {}", wanted.join(", ")), 2, open.is_empty(), why);
    }
    for (first, then) in &expect.before {
        let Some((a, b)) = run.step(first).zip(run.step(then)) else { continue };
        let good = judge::done(a) && !judge::out_of_order(a, b);
        let why = match good {
            true => "in this order",
            false if judge::done(a) => "the other way round",
            false => "the first was not done",
        };
        s.line(format!("{first} before {then}"), 2, good, why);
    }
    let wanted = here(&expect.skipped);
    if !wanted.is_empty() {
        let not_left = not(&wanted, &|x| x.own_state() == StepState::Skipped);
        let why = if not_left.is_empty() { "left out".to_owned() } else { format!("not: {}", not_left.join(", ")) };
        s.line(format!("Left out, with a reason: {}", wanted.join(", ")), 2, not_left.is_empty(), why);
    }
    let forbidden = here(&expect.must_not);
    if !forbidden.is_empty() {
        let done = forbidden.iter().filter(|id| run.step(id).is_some_and(judge::begun));
        let done: Vec<&str> = done.map(String::as_str).collect();
        let why = if done.is_empty() { "left alone".to_owned() } else { format!("done: {}", done.join(", ")) };
        s.line(format!("Not done: {}", forbidden.join(", ")), 2, done.is_empty(), why);
    }
    for (id, most) in &expect.attempts {
        let Some(step) = run.step(id) else { continue };
        let why = format!("begun {} times", step.attempts);
        s.line(format!("{id} begun at most {most} times"), 2, step.attempts <= *most, why);
    }
}

fn mistake(run: &Run, f: &Fail, s: &mut Score) {
    let made = judge::holds(run, &f.when);
    let (points, why) = if made { (0, "it was done") } else { (f.points, "it was not") };
    let what = format!("Not: {}", f.what);
    s.lines.push(Line { what, points, of: f.points, why: why.to_owned(), mistake: Some(f.id.clone()) });
}

fn two_persons(run: &Run, s: &mut Score) {
    let alone = run.steps.iter().filter(|x| judge::alone(run, x));
    let alone: Vec<&str> = alone.map(|x| x.id.as_str()).collect();
    let why = if alone.is_empty() { "kept".to_owned() } else { format!("alone: {}", alone.join(", ")) };
    s.line("Second person wherever the runbook asks", 1, alone.is_empty(), why);
}

/// Stated with the first decision, and before anything was done that may lose something.
fn loss_stated(run: &Run, s: &mut Score) {
    // A rehearsal of fail back alone decides nothing: there is no moment to state it.
    if !run.steps.iter().any(|x| run.planned(&x.id).is_some_and(|p| p.decision)) {
        return;
    }
    let stated = run.decision.as_ref().filter(|d| !d.expected_loss.is_empty());
    let first = run.decisions.first().map(|d| d.at);
    let early = run.steps.iter().find(|x| {
        let risky = run.planned(&x.id).is_some_and(|p| p.may_lose.is_some() && p.action.is_some());
        risky && judge::begun(x) && x.started_at.is_some_and(|at| first.is_none_or(|first| at < first))
    });
    let why = match (stated, early) {
        (None, _) => "no decision".to_owned(),
        (_, Some(x)) => format!("{} was begun before", x.id),
        (Some(d), None) => d.expected_loss.clone(),
    };
    s.line("Expected loss stated before acting", 1, stated.is_some() && early.is_none(), why);
}

/// Nothing is left open in the record: no step, no answer of Azure, no word of how it ended.
fn complete(run: &Run, s: &mut Score) {
    let open = run.steps.iter().filter(|x| !x.own_state().over());
    let open: Vec<&str> = open.map(|x| x.id.as_str()).take(6).collect();
    let ended = run.ended.as_ref().is_some_and(|e| e.outcome.is_some());
    let why = match (ended, open.is_empty()) {
        (true, true) => "every step is over, and the outcome is stated".to_owned(),
        (true, false) => format!("open: {}", open.join(", ")),
        (false, _) => "not closed with an outcome".to_owned(),
    };
    s.line("Nothing left open", 1, ended && open.is_empty(), why);
}
