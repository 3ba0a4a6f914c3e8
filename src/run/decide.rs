//! `decide(run, order)` → the facts that follow, or a named refusal. Pure; with [`super::rules`] the only place with rules of a run.

use crate::rehearsal::scenario::Outcome;
use crate::runbook::model::System;
use crate::units::sha256_hex;

use super::command::{Command, Order, StepCommand};
use super::cut;
use super::event::{Actor, Event, Failure, StepState};
use super::rules::Step;
use super::state::{ChangeState, Run, StepRun};

/// Largest part of a frozen text in one record: a record holds at most 64 KiB, and escapes grow the text.
const PLAN_PART: usize = 24 * 1024;
/// Longest text a person can put into one record.
const TEXT_LIMIT: usize = 8 * 1024;

/// A fact to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who.
    pub actor: Actor,
    /// Step.
    pub step: Option<String>,
    /// What.
    pub event: Event,
}

/// Why a command is not carried out. Display says what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Twice started.
    #[error("this run has begun already")]
    Begun,
    /// Not begun, or over.
    #[error("this run is closed; nothing can be added to it")]
    Closed,
    /// Paused.
    #[error("the run is paused ({0}); resume it first")]
    Paused(String),
    /// No such step.
    #[error("there is no step `{0}` in this run")]
    NoStep(String),
    /// Waits for others.
    #[error("{step} waits for {needs}")]
    Blocked {
        /// Step.
        step: String,
        /// What it waits for.
        needs: String,
    },
    /// Not possible in this state.
    #[error("{step} is {state}; {what} is not possible now")]
    State {
        /// Step.
        step: String,
        /// State in words.
        state: &'static str,
        /// What was asked.
        what: &'static str,
    },
    /// Reason or evidence is missing.
    #[error("{0} must not be empty: it goes into the record")]
    Empty(&'static str),
    /// Text too long.
    #[error("that text has {0} bytes; a record takes at most 8 KiB: attach the rest as a file")]
    TooLong(usize),
    /// Second person.
    #[error("{0} needs a second person's agreement to exactly these changes first")]
    NeedsApproval(String),
    /// Only a person can say so.
    #[error("{0} is done on a person's word; there is nothing here that could be read instead")]
    PersonsWord(String),
    /// It has no automated action.
    #[error("{0} is not a step in which Lifeboat sends anything to Azure")]
    SendsNothing(String),
    /// The operator cannot agree with themselves.
    #[error("{0} needs a second person's agreement; whoever does it cannot give it")]
    SamePerson(String),
    /// Live runs cannot ask yet.
    #[error(
        "{0} needs a second person, and this version can check approvals in rehearsals only; do it by hand with your \
         team's own approval, or skip it with a reason"
    )]
    NoApprovalsLive(String),
    /// Typed name.
    #[error("type `{0}` to confirm: this change cannot be taken back in full")]
    Typed(String),
    /// Guard.
    #[error("guard `{guard}` does not hold: {why}")]
    Guard {
        /// Rule.
        guard: String,
        /// Why.
        why: String,
    },
    /// Decision first.
    #[error("moving users is not decided; decide it at the decision step before anything is moved")]
    NotDecided,
    /// Nothing to undo.
    #[error("nothing of {step} can be taken back{}", because(.left))]
    NothingToUndo {
        /// Step.
        step: String,
        /// Why not.
        left: Vec<String>,
    },
    /// Users rest on it.
    #[error("{step} cannot be taken back while {by} leads users: take {by} back first, or fail back")]
    HoldsUp {
        /// Step.
        step: String,
        /// The step that moved users since.
        by: String,
    },
    /// More than a record holds.
    #[error(
        "the requests of {step} together have {} KB, and a record holds {} KB: split them, or do it by hand",
        bytes.div_ceil(1024),
        cut::REQUESTS / 1024
    )]
    TooBig {
        /// Step.
        step: String,
        /// Their size.
        bytes: usize,
    },
    /// An app step cannot be confirmed while it is at work, and so on.
    #[error("steps are still at work: {0}; wait for them, or abort the run")]
    AtWork(String),
    /// A stale result.
    #[error("that result belongs to no open request")]
    Stale,
}

/// What follows from an order.
pub fn decide(run: &Run, order: &Order) -> Result<Vec<Draft>, Refusal> {
    let d = |event| Draft { actor: order.actor.clone(), step: None, event };
    if let Command::Start { start, texts, operator } = &order.command {
        if run.start.is_some() {
            return Err(Refusal::Begun);
        }
        let mut out = Vec::new();
        let shared = texts.parts.iter().map(|(path, text)| (path.as_str(), text));
        for (what, text) in [("runbook", &texts.runbook), ("plan", &texts.plan)].into_iter().chain(shared) {
            let parts = split(text, PLAN_PART);
            let of = u32::try_from(parts.len()).unwrap_or(u32::MAX);
            for (i, part) in parts.into_iter().enumerate() {
                out.push(d(Event::Plan {
                    what: what.to_owned(),
                    part: u32::try_from(i + 1).unwrap_or(u32::MAX),
                    of,
                    sha256: sha256_hex(text.as_bytes()),
                    text: part.to_owned(),
                }));
            }
        }
        out.push(d(Event::Participant { name: operator.clone(), role: "operator".to_owned() }));
        out.push(d(Event::Started(start.clone())));
        return Ok(out);
    }
    if !run.open() {
        return late(run, order);
    }
    let mut drafts = decide_open(run, order)?;
    for d in &mut drafts {
        cut::fit(&mut d.event);
    }
    Ok(drafts)
}

fn decide_open(run: &Run, order: &Order) -> Result<Vec<Draft>, Refusal> {
    let d = |event| Draft { actor: order.actor.clone(), step: None, event };
    match &order.command {
        Command::Start { .. } => Err(Refusal::Begun),
        Command::Open { scenario_ms } => Ok(reopen(run, *scenario_ms)),
        Command::SignedIn(who) if run.signed_in.as_ref() == Some(who) => Ok(Vec::new()),
        Command::SignedIn(who) => Ok(vec![d(Event::SignedIn(who.clone()))]),
        Command::Declare { impact_start, evidence } => {
            Ok(vec![d(Event::Declared { impact_start: *impact_start, evidence: text("the evidence", evidence)? })])
        }
        Command::SetDegraded(degraded) => Ok(vec![d(Event::Degraded { degraded: *degraded })]),
        Command::Pause(reason) => Ok(vec![d(Event::Paused { reason: text("the reason", reason)? })]),
        Command::Resume if run.paused.is_some() => Ok(vec![d(Event::Resumed)]),
        Command::Resume => Ok(Vec::new()),
        Command::Note(t) => Ok(vec![d(Event::Note { text: text("a note", t)? })]),
        Command::Ledger(t) => Ok(vec![d(Event::Ledger { text: text("the entry", t)? })]),
        Command::Loss(loss, t) => Ok(vec![d(Event::Loss { loss: *loss, text: text("the loss", t)? })]),
        Command::Inject { n, .. } if run.told.contains(n) => Ok(Vec::new()),
        Command::Inject { n, text } => Ok(vec![d(Event::Inject { n: *n, text: text.clone() })]),
        Command::Observe(o) => Ok(vec![d(Event::Observed(Box::new(o.clone())))]),
        Command::Measure { name, value, how } => {
            Ok(vec![d(Event::Measured { name: name.clone(), value: *value, how: how.clone() })])
        }
        Command::Close { outcome, summary } => close(run, &order.actor, *outcome, summary),
        Command::Abort(reason) => Ok(vec![d(Event::Aborted { reason: text("the reason", reason)? })]),
        Command::Step(id, command) => {
            let i = run.position(id).ok_or_else(|| Refusal::NoStep(id.clone()))?;
            let planned = run.planned(id).ok_or_else(|| Refusal::NoStep(id.clone()))?;
            let mut out = Vec::new();
            Step { run, i, step: &run.steps[i], planned, actor: &order.actor, out: &mut out }.decide(command)?;
            Ok(out)
        }
    }
}

/// After a run was given up: what became of a request that was on its way belongs into the record, and nothing follows.
fn late(run: &Run, order: &Order) -> Result<Vec<Draft>, Refusal> {
    let given_up = run.ended.as_ref().is_some_and(|e| e.outcome.is_none());
    let Command::Step(id, command) = &order.command else { return Err(Refusal::Closed) };
    let (n, event, became) = match command {
        StepCommand::Accepted { n, operation, corr } => (
            n,
            Event::ActionAccepted { n: *n, operation: operation.clone(), corr: corr.clone() },
            "Azure took it and works on it",
        ),
        StepCommand::Finished { n, failure, corr } => (
            n,
            Event::ActionFinished { n: *n, failure: failure.clone(), corr: corr.clone() },
            if failure.is_none() { "Azure did it" } else { "Azure refused it" },
        ),
        StepCommand::Lost { n, why } => {
            (n, Event::ActionIndeterminate { n: *n, why: why.clone() }, "no answer came, and Azure may have done it")
        }
        // What a task was still looking at when the run ended is no news, and no mistake of the operator's.
        _ if order.actor == Actor::System => return Err(Refusal::Stale),
        _ => return Err(Refusal::Closed),
    };
    let step = run.step(id).filter(|_| given_up).ok_or(Refusal::Closed)?;
    if step.changes.get(*n as usize).is_none_or(|c| c.state != ChangeState::Intended) {
        return Err(Refusal::Stale);
    }
    let failed = Event::StepFailed {
        failure: Failure {
            code: "GivenUp".to_owned(),
            message: format!("the run was given up while a request was on its way: {became}"),
            next: "Look at it in Azure, and note what you find.".to_owned(),
        },
        readings: Vec::new(),
    };
    let mut out: Vec<Draft> = [event, failed]
        .into_iter()
        .map(|event| Draft { actor: order.actor.clone(), step: Some(id.clone()), event })
        .collect();
    for d in &mut out {
        cut::fit(&mut d.event);
    }
    Ok(out)
}

/// After a restart: what was at work is made honest. Sent without an answer is indeterminate; half-sent is failed.
fn reopen(run: &Run, scenario_ms: Option<u64>) -> Vec<Draft> {
    let system = |step: Option<&str>, event| Draft { actor: Actor::System, step: step.map(str::to_owned), event };
    let mut out = vec![system(None, Event::SessionOpened { scenario_ms })];
    for s in &run.steps {
        if s.own_state() != StepState::Running {
            continue;
        }
        let lost: Vec<_> =
            s.changes.iter().enumerate().filter(|(_, c)| c.state == ChangeState::Intended).map(|(n, _)| n).collect();
        for n in &lost {
            out.push(system(
                Some(&s.id),
                Event::ActionIndeterminate {
                    n: u32::try_from(*n).unwrap_or(u32::MAX),
                    why: "Lifeboat ended after the intent was recorded and before an answer was".to_owned(),
                },
            ));
        }
        let followed = s.changes.iter().any(|c| matches!(c.state, ChangeState::Accepted(_)));
        if lost.is_empty() && !followed {
            out.push(system(Some(&s.id), interrupted(s)));
        }
    }
    out
}

pub(super) fn interrupted(s: &StepRun) -> Event {
    let done = s.changes.iter().filter(|c| c.state == ChangeState::Done).count();
    Event::StepFailed {
        failure: Failure {
            code: super::step::INTERRUPTED.to_owned(),
            message: format!("Lifeboat ended in between: {done} of {} changes were made", s.changes.len()),
            next: "Retry: Azure is read again and only what is missing is sent.".to_owned(),
        },
        readings: Vec::new(),
    }
}

fn close(run: &Run, actor: &Actor, outcome: Outcome, summary: &str) -> Result<Vec<Draft>, Refusal> {
    let busy: Vec<&str> = run
        .steps
        .iter()
        .filter(|s| matches!(s.own_state(), StepState::Running | StepState::Indeterminate))
        .map(|s| s.id.as_str())
        .collect();
    if !busy.is_empty() {
        return Err(Refusal::AtWork(busy.join(", ")));
    }
    let summary = text("the summary", summary)?;
    let d = |event| Draft { actor: actor.clone(), step: None, event };
    let left: Vec<&str> = run.steps.iter().filter(|s| !s.own_state().over()).map(|s| s.id.as_str()).collect();
    let mut out = Vec::new();
    if !left.is_empty() {
        out.push(d(Event::Deviation {
            rule: "all steps are over before a run is closed".to_owned(),
            reason: format!("closed as “{}” with {} steps open: {}", outcome.display(), left.len(), left.join(", ")),
        }));
    }
    let c = &run.clocks;
    let system = run.plan.as_ref().map(|p| p.system);
    let recovery = system == Some(System::SoftDelete);
    let mut not_measured = Vec::new();
    match c.rta() {
        Some(rta) => out.push(d(Event::Measured {
            name: "RTA".to_owned(),
            value: i64::try_from(rta.0).ok(),
            how: match (recovery, c.rta_final()) {
                (true, _) => "T7 − T0: what was deleted is back, and it was verified",
                (false, true) => "T8 − T0; verification passed",
                (false, false) => "T8 − T0; provisional, verification has not passed",
            }
            .to_owned(),
        })),
        None if outcome == Outcome::FalseAlarm => not_measured.push("RTA: nothing was moved".to_owned()),
        None if c.t[0].is_none() => not_measured.push("RTA: when the impact began was not entered".to_owned()),
        None if recovery => not_measured.push("RTA: that everything is back was not verified".to_owned()),
        None => not_measured.push("RTA: 95 % of clients served in the secondary was not seen".to_owned()),
    }
    let rpa = match system {
        Some(System::AzureOpenAI) => {
            "RPA: calls to Azure OpenAI leave no data to recover; stateful features are in the loss register"
        }
        _ => "RPA: Lifeboat does not see how old the newest data is; what may be lost is in the loss register",
    };
    not_measured.push(rpa.to_owned());
    out.push(d(Event::Ended { outcome, summary, not_measured }));
    Ok(out)
}

/// The reasons behind a refusal.
fn because(left: &[String]) -> String {
    if left.is_empty() { String::new() } else { format!(": {}", left.join(" ")) }
}

pub(super) fn text(what: &'static str, t: &str) -> Result<String, Refusal> {
    let t = t.trim();
    if t.is_empty() {
        return Err(Refusal::Empty(what));
    }
    if t.len() > TEXT_LIMIT {
        return Err(Refusal::TooLong(t.len()));
    }
    Ok(t.to_owned())
}

/// Parts of at most `size` bytes, cut between characters.
fn split(text: &str, size: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > size {
        let cut = (1..=size).rev().find(|i| rest.is_char_boundary(*i)).unwrap_or(rest.len());
        let (a, b) = rest.split_at(cut);
        parts.push(a);
        rest = b;
    }
    parts.push(rest);
    parts
}
