//! After users were moved: whether what they were moved to is well, since when, and what is missing for that.

use super::cards::Planned;
use crate::desk::snapshot::{Green, Mark, Reason};
use crate::run::event::StepState;
use crate::run::state::{Run, StepRun};
use crate::runbook::model::{Condition, Phase};

/// What is believed of the region users were led to.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Region, as people say it.
    pub region: String,
    /// Whether it answers well; none: not known now.
    pub ok: Option<bool>,
    /// Since when.
    pub since: Option<i64>,
    /// The verdict.
    pub sentence: String,
}

/// Lines of what is missing; the rest is counted.
const MISSING: usize = 5;

impl Green {
    /// For the board.
    pub fn reason(&self, now: i64) -> Reason {
        let mark = match self.ok {
            Some(true) => Mark::Ok,
            Some(false) => Mark::Degraded,
            None => Mark::Unknown,
        };
        Reason { mark, text: self.text.clone(), at: self.since.unwrap_or(now) }
    }
}

/// None before users were moved, and once the way back has begun.
pub fn green(run: &Run, planned: &Planned<'_>, serving: Option<&Serving>) -> Option<Green> {
    let t = &run.clocks.t;
    if !run.open() || t[6].is_none() || t[10].is_some() {
        return None;
    }
    let reads = |s: &&StepRun| {
        let of = planned.get(s.id.as_str());
        let condition = of.is_some_and(|p| p.verify.iter().any(|c| !matches!(c.condition, Condition::Person(_))));
        condition && (s.phase() == Phase::Verify || (s.phase() == Phase::Operate && of.is_some_and(|p| p.automatic())))
    };
    let steps: Vec<&StepRun> = run.steps.iter().filter(reads).collect();
    let mut missing = Vec::new();
    let (mut bad, mut held) = (false, 0);
    let mut since = None;
    for s in &steps {
        let state = run.position(&s.id).map_or(StepState::Blocked, |i| run.state(i));
        let title = planned.get(s.id.as_str()).map_or(s.id.as_str(), |p| p.title.as_str());
        let against = s.readings.iter().find(|r| r.ok == Some(false));
        match state {
            StepState::DoneByApp | StepState::DoneByHand | StepState::AlreadyTrue => {
                held += 1;
                since = since.max(s.ended_at);
            }
            StepState::Failed => {
                bad = true;
                let seen = against.map_or_else(String::new, |r| format!(" ({}: {})", r.name, r.value));
                missing.push(format!("{title}: failed{seen}"));
            }
            StepState::Skipped => missing.push(format!("{title}: left out, so it is not known")),
            other => missing.push(format!("{title}: {}", other.word())),
        }
    }
    match serving {
        Some(s) if s.ok == Some(true) => since = since.max(s.since),
        Some(s) => {
            bad |= s.ok == Some(false);
            missing.insert(0, s.sentence.clone());
        }
        None => {}
    }
    if steps.is_empty() && serving.is_none() {
        return None;
    }
    let ok = if missing.is_empty() { Some(true) } else { bad.then_some(false) };
    let text = if missing.is_empty() {
        let answers = serving.map_or_else(String::new, |s| format!("{} answers, ", s.region));
        format!("Green: {answers}{held} of {} checks held.", steps.len())
    } else {
        let more = missing.len().saturating_sub(MISSING);
        let rest = if more == 0 { String::new() } else { format!("; and {more} more") };
        let shown: Vec<&str> = missing.iter().take(MISSING).map(|m| m.trim_end_matches('.')).collect();
        format!("Not green yet, {held} of {} checks held. Missing: {}{rest}.", steps.len(), shown.join("; "))
    };
    Some(Green { ok, since: since.filter(|_| missing.is_empty()), text, missing })
}
