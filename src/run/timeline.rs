//! Where the time of a run goes, step by step: what was planned, what was at work, what was waited for. The picture in the
//! window and the one on paper are both drawn from this.

use std::collections::HashMap;

use crate::runbook::model::Phase;

use super::event::{Entry, Event, StepState};
use super::fact::Found;
use super::state::Run;

/// What was going on in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doing {
    /// A step was at work.
    Work,
    /// A step was at work, and failed.
    Failed,
    /// While at work, Azure had taken a request and was not done with it.
    Azure,
    /// The second person was waited for.
    Waited,
    /// It could have begun, and nobody had begun it: people were waited for, or a guard.
    People,
    /// The run was paused.
    Paused,
}

/// A span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Of which step; empty: of the run.
    pub step: String,
    /// What.
    pub doing: Doing,
    /// From.
    pub from: i64,
    /// Until; none: it goes on.
    pub to: Option<i64>,
}

/// Spans as the entries tell them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spans {
    all: Vec<Span>,
    /// Where those stand that go on, by step and what is done.
    open: HashMap<(String, Doing), usize>,
}

impl Spans {
    /// All, in the order in which they began.
    pub fn all(&self) -> &[Span] {
        &self.all
    }

    /// One entry.
    pub(super) fn apply(&mut self, entry: &Entry) {
        let (at, step) = (entry.at, entry.step.as_deref().unwrap_or_default());
        match &entry.event {
            Event::StepStarted { .. } => self.begin(step, Doing::Work, at),
            Event::ActionAccepted { .. } => self.begin(step, Doing::Azure, at),
            // Azure that is still at it, or cannot be read, has not ended.
            Event::ActionFinished { .. }
            | Event::ActionReconciled { found: Found::Applied | Found::NotApplied, .. } => {
                self.end(step, Doing::Azure, at, Doing::Azure);
            }
            Event::StepFailed { .. } => self.over(step, at, Doing::Failed),
            Event::StepDoneByApp
            | Event::StepDoneByHand { .. }
            | Event::StepAlreadyTrue { .. }
            | Event::StepSkipped { .. }
            | Event::StepUndone => self.over(step, at, Doing::Work),
            Event::ApprovalRequested { .. } => self.begin(step, Doing::Waited, at),
            Event::Approved { .. } | Event::Denied { .. } | Event::ApprovalVoided { .. } => {
                self.end(step, Doing::Waited, at, Doing::Waited);
            }
            Event::Paused { .. } => self.begin("", Doing::Paused, at),
            Event::Resumed => self.end("", Doing::Paused, at, Doing::Paused),
            _ => {}
        }
    }

    fn over(&mut self, step: &str, at: i64, was: Doing) {
        self.end(step, Doing::Work, at, was);
        self.end(step, Doing::Azure, at, Doing::Azure);
    }

    fn begin(&mut self, step: &str, doing: Doing, at: i64) {
        // Begun anew without a word that the last attempt was over.
        self.end(step, doing, at, doing);
        self.open.insert((step.to_owned(), doing), self.all.len());
        self.all.push(Span { step: step.to_owned(), doing, from: at, to: None });
    }

    /// What was not begun has no span: done by hand, skipped.
    fn end(&mut self, step: &str, doing: Doing, at: i64, was: Doing) {
        let open = self.open.remove(&(step.to_owned(), doing));
        if let Some(span) = open.and_then(|n| self.all.get_mut(n)) {
            (span.to, span.doing) = (Some(at), was);
        }
    }
}

/// One stretch of a step's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// What.
    pub doing: Doing,
    /// From (UTC ms on the run's clock).
    pub from: i64,
    /// Until; none: it goes on.
    pub to: Option<i64>,
}

/// The line of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its place among the steps of the run.
    pub step: usize,
    /// From when until when it was planned: one step after another from the beginning of the run, a group side by side.
    pub planned: (i64, i64),
    /// What came of it, in time.
    pub bars: Vec<Bar>,
    /// When it was over; none: it is not.
    pub ended: Option<i64>,
}

/// The line of each step, in the run's order, and the run's pauses.
pub fn lanes(run: &Run) -> (Vec<Lane>, Vec<Bar>) {
    let mut known: HashMap<&str, Vec<Bar>> = HashMap::new();
    for s in run.spans.all() {
        known.entry(&s.step).or_default().push(Bar { doing: s.doing, from: s.from, to: s.to });
    }
    let pauses = known.remove("").unwrap_or_default();
    let mut plan = Planned::new(run.started_at);
    let mut before = [None; Phase::ALL.len()];
    let mut out = Vec::with_capacity(run.steps.len());
    for (i, s) in run.steps.iter().enumerate() {
        let expect = run.planned_at(i).map_or(0, |p| i64::try_from(p.expect.0).unwrap_or(i64::MAX));
        let planned = plan.step(run.planned_at(i).and_then(|p| p.group.as_deref()), expect);
        let mut bars = known.remove(s.id.as_str()).unwrap_or_default();
        let over = s.own_state().over();
        let ended = s.ended_at.filter(|_| over);
        // From when on it could have been begun: everything that it waits for was over.
        let phases = before.get(..s.phase() as usize).into_iter().flatten().flatten().copied().max();
        let needs = s.needs.iter().map(|n| run.steps[*n].ended_at).collect::<Option<Vec<_>>>();
        let free = needs
            .filter(|_| over || !run.blocked(i))
            .map(|n| n.into_iter().chain(phases).max().unwrap_or(run.started_at).max(run.started_at));
        let begun = bars.iter().map(|b| b.from).min().or(ended);
        let idle = s.own_state() != StepState::Skipped && (run.open() || begun.is_some());
        if let Some(free) = free.filter(|f| idle && begun.is_none_or(|b| b > *f)) {
            bars.insert(0, Bar { doing: Doing::People, from: free, to: begun });
        }
        let last = &mut before[s.phase() as usize];
        *last = (*last).max(s.ended_at);
        out.push(Lane { step: i, planned, bars, ended });
    }
    (out, pauses)
}

/// The plan's own times.
struct Planned<'a> {
    at: i64,
    /// The group the last step was of, and from when.
    group: Option<(&'a str, i64)>,
}

impl<'a> Planned<'a> {
    fn new(at: i64) -> Self {
        Self { at, group: None }
    }

    fn step(&mut self, group: Option<&'a str>, expect: i64) -> (i64, i64) {
        let from = match (self.group, group) {
            (Some((of, from)), Some(g)) if of == g => from,
            _ => self.at,
        };
        self.group = group.map(|g| (g, from));
        let to = from.saturating_add(expect);
        self.at = self.at.max(to);
        (from, to)
    }
}
