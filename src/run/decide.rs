//! `decide(run, order)` → the facts that follow, or a named refusal. Pure; with [`super::rules`] the only place with rules of a run.

use crate::units::sha256_hex;

use super::approval::{self, OPERATOR};
use super::books;
use super::command::{Command, Order, StepCommand, Ticket};
use super::cut;
use super::event::{Actor, Event, Facilitated, Failure, StepState};
use super::rules::{Step, proving};
use super::state::{ChangeState, Run, StepRun};
use super::tabletop;
use super::told;

/// Largest part of a frozen text in one record: a record holds at most 64 KiB, and escapes grow the text.
const PLAN_PART: usize = 24 * 1024;
/// A clock that is so much behind the record was set back; less, a time service does.
const CLOCK_SET_BACK: i64 = 5_000;
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
    /// It goes on elsewhere.
    #[error(
        "this run was handed over to {0}; here it is only read, until it is taken over from their file or taken back"
    )]
    HandedOver(String),
    /// It goes on here.
    #[error("this run was not handed over; it goes on where it is")]
    NotHandedOver,
    /// No facilitator, or nothing for them to answer.
    #[error("only a rehearsal has a facilitator, and only in a tabletop people answer for Azure; this run is {0}")]
    NotFacilitated(&'static str),
    /// Nothing is open that could be put right.
    #[error("every finding has its corrective action already; write down the finding first")]
    NoFinding,
    /// Every finding is rated.
    #[error("every finding has its severity already; write down the finding first")]
    NothingToRate,
    /// Nothing is being put right.
    #[error("no finding is waiting for somebody to vouch for it; say first how it is put right")]
    NothingToVouchFor,
    /// Whoever did it says that it is done.
    #[error("{0} does it and cannot be the one who vouches for it; another person has to")]
    OwnWork(String),
    /// T0 is not known.
    #[error("it is not known yet when the impact began; say that first, this stands on it")]
    NoImpact,
    /// Not a duration in front.
    #[error("“{0}” does not begin with an age such as 41m or 1h30m")]
    NoAge(String),
    /// What the secondary has that the primary has not.
    #[error(
        "{step} brings users home, and the ledger is not reconciled (open lines: {lines}): do {by} first, or skip it with \
         a reason, which carries them on as findings"
    )]
    Unreconciled {
        /// Step.
        step: String,
        /// How many.
        lines: usize,
        /// The step that reconciles them.
        by: String,
    },
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
    /// Agreement without anything that makes it somebody's.
    #[error(
        "{0} needs a second person's own word: an answer signed by their device, or read over the phone; nothing else \
         counts outside a rehearsal"
    )]
    NoProof(String),
    /// The key of whoever carries it out.
    #[error(
        "this answer to {0} is signed with the key of whoever carries it out, and nobody can agree with themselves"
    )]
    OwnKey(String),
    /// It is not known whose key must not sign.
    #[error(
        "the key of whoever carries {0} out is not in the record, so it cannot be told from the second person's; make \
         this device's key, then ask again"
    )]
    NoOperatorKey(String),
    /// Given for another question.
    #[error("this answer is for another question than the one that {0} waits with; ask for an answer to this one")]
    OtherQuestion(String),
    /// Too late.
    #[error("the time to answer about {0} is over; ask again, so that they see what is true now")]
    TooLate(String),
    /// A question that cannot be told from an earlier one.
    #[error("the question about {0} cannot be told from an earlier one; ask again")]
    NotUnique(String),
    /// No guard of this step.
    #[error("{step} has no guard “{guard}”, so there is nothing to set aside")]
    NoGuard {
        /// Step.
        step: String,
        /// What was named.
        guard: String,
    },
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
    if let Command::Start { start, texts, operator, key } = &order.command {
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
        out.push(d(joins(operator, OPERATOR, key.as_ref())));
        out.push(d(Event::Started(start.clone())));
        return Ok(out);
    }
    if !run.open() {
        return late(run, order);
    }
    if let Some(to) = &run.handed_over {
        match &order.command {
            Command::TakeOver { .. } => {}
            // What a task was still looking at is told where the run goes on.
            Command::Step(..) if order.actor == Actor::System => return Err(Refusal::Stale),
            _ => return Err(Refusal::HandedOver(to.clone())),
        }
    } else if matches!(order.command, Command::TakeOver { .. }) {
        return Err(Refusal::NotHandedOver);
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
        Command::Open { scenario_ms } => {
            let mut out = reopen(run, *scenario_ms);
            if order.now < run.last_at.saturating_sub(CLOCK_SET_BACK) {
                out.extend(approval::void_all(run, "the clock was set back"));
            }
            Ok(out)
        }
        Command::SignedIn(who) if run.signed_in.as_ref() == Some(who) => Ok(Vec::new()),
        Command::SignedIn(who) => Ok(vec![d(Event::SignedIn(who.clone()))]),
        Command::Declare { impact_start, evidence } => {
            let evidence = text("the evidence", evidence)?;
            Ok(vec![d(Event::Declared { impact_start: *impact_start, evidence, declaration: None })])
        }
        Command::SetDegraded(degraded) => Ok(vec![d(Event::Degraded { degraded: *degraded })]),
        Command::Pause(reason) => Ok(vec![d(Event::Paused { reason: text("the reason", reason)? })]),
        Command::Resume if run.paused.is_some() => Ok(vec![d(Event::Resumed)]),
        Command::Resume => Ok(Vec::new()),
        Command::Note(t) => Ok(vec![d(Event::Note { text: text("a note", t)? })]),
        Command::Ledger(t) => books::ledger(run, &order.actor, t),
        Command::Loss(loss, t) => Ok(vec![d(Event::Loss { loss: *loss, text: text("the loss", t)? })]),
        Command::Join { name, role, key } => Ok(vec![d(joins(name, role, key.as_ref()))]),
        Command::Evidence(e) => Ok(vec![d(Event::Evidence(proving(e)))]),
        Command::Comms { .. } => Ok(vec![told(order)?]),
        Command::Finding(t) => Ok(vec![d(Event::Finding { text: text("the finding", t)?, rates: None })]),
        Command::Rate(severity, cause) => Ok(vec![d(told::rate(run, *severity, cause)?)]),
        Command::Vouch(vouched) => Ok(vec![d(told::close(run, vouched)?)]),
        Command::Declaration(told) => Ok(vec![d(told::declare(run, told)?)]),
        Command::Tell(about, who, what) => Ok(vec![told::tell(run, &order.actor, *about, who, what)?]),
        Command::Corrective { .. } if run.findings.iter().all(|f| f.corrective.is_some()) => Err(Refusal::NoFinding),
        Command::Corrective { text: t, owner, due } => Ok(vec![d(Event::Corrective {
            text: text("what is done about it", t)?,
            owner: text("who does it", owner)?,
            due: text("until when", due)?,
            closes: None,
        })]),
        Command::SignOff { role, statement } => Ok(vec![d(Event::SignedOff {
            role: text("the role", role)?,
            statement: text("the statement", statement)?,
        })]),
        Command::HandOver { to } => {
            // Whoever takes it up would read back too early, and might send again.
            let sent: Vec<&str> = run.on_its_way().map(|s| s.id.as_str()).collect();
            if !sent.is_empty() {
                return Err(Refusal::AtWork(sent.join(", ")));
            }
            let open = run.steps.iter().filter(|s| !s.own_state().over()).map(|s| s.id.clone()).collect();
            Ok(vec![d(Event::HandedOver { to: text("to whom", to)?, open })])
        }
        // Whoever agreed may be the one who goes on with it, and would do it alone.
        Command::TakeOver { operator, key, sha256 } => {
            let mut out = vec![
                d(Event::TakenOver { operator: operator.clone(), from: run.operator.clone(), sha256: sha256.clone() }),
                d(joins(operator, OPERATOR, key.as_ref())),
            ];
            out.extend(approval::void_all(run, "the run was taken over; ask anew"));
            Ok(out)
        }
        Command::Facilitate(f) => {
            tabletop::allowed(run, f)?;
            let mut out = vec![d(Event::Facilitated { what: f.clone() })];
            if let Facilitated::Answered { step, ok, text } = f {
                about(run, order, step, &mut out)?.answered(*ok, text)?;
            }
            Ok(out)
        }
        Command::Inject { n, .. } if run.told.contains(n) => Ok(Vec::new()),
        Command::Inject { n, text } => Ok(vec![d(Event::Inject { n: *n, text: text.clone() })]),
        Command::Observe(o) => Ok(vec![d(Event::Observed(Box::new(o.clone())))]),
        Command::Measure { name, value, how } => {
            Ok(vec![d(Event::Measured { name: name.clone(), value: *value, how: how.clone() })])
        }
        Command::Close { outcome, summary } => books::close(run, &order.actor, *outcome, summary),
        Command::Abort(reason) => Ok(vec![d(Event::Aborted { reason: text("the reason", reason)? })]),
        Command::Step(id, command) => {
            let mut out = Vec::new();
            about(run, order, id, &mut out)?.decide(command)?;
            Ok(out)
        }
    }
}

fn about<'a>(run: &'a Run, order: &'a Order, id: &str, out: &'a mut Vec<Draft>) -> Result<Step<'a>, Refusal> {
    let no_step = || Refusal::NoStep(id.to_owned());
    let i = run.position(id).ok_or_else(no_step)?;
    let planned = run.planned_at(i).ok_or_else(no_step)?;
    let (actor, now, ticket) = (&order.actor, order.now, Ticket::default());
    Ok(Step { run, i, step: &run.steps[i], planned, actor, now, ticket, out })
}

fn joins(name: &str, role: &str, key: Option<&String>) -> Event {
    Event::Participant { name: name.to_owned(), role: role.to_owned(), key: key.cloned(), absent: false }
}

/// A message to people outside goes out, or something came of it.
fn told(order: &Order) -> Result<Draft, Refusal> {
    let Command::Comms { to, text, outcome, id } = &order.command else { return Err(Refusal::Stale) };
    let event = Event::Comms { to: to.clone(), text: text.clone(), outcome: outcome.clone(), id: id.clone() };
    Ok(Draft { actor: order.actor.clone(), step: None, event })
}

/// After a run was given up: what became of a request that was on its way belongs into the record, and nothing follows.
/// People outside are told of the end when it is there, and a time stamp of it comes after it.
fn late(run: &Run, order: &Order) -> Result<Vec<Draft>, Refusal> {
    match &order.command {
        Command::Comms { .. } if order.actor == Actor::System => return Ok(vec![told(order)?]),
        Command::Evidence(e) if order.actor == Actor::System => {
            return Ok(vec![Draft { actor: order.actor.clone(), step: None, event: Event::Evidence(proving(e)) }]);
        }
        _ => {}
    }
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
    // Whoever is told twice of an outage believes in two.
    out.extend(run.on_their_way.iter().map(|m| {
        let outcome = "not known whether it arrived: Lifeboat ended before an answer came; it is not sent again";
        let (to, text, id) = (m.to.clone(), m.text.clone(), Some(m.id.clone()));
        system(None, Event::Comms { to, text, outcome: outcome.to_owned(), id })
    }));
    for (i, s) in run.steps.iter().enumerate() {
        if s.own_state() == StepState::Ready && s.verified {
            out.extend(unfinished(run, i).map(|event| system(Some(&s.id), event)));
        }
        if !matches!(s.own_state(), StepState::Running | StepState::Indeterminate) {
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
        let followed =
            s.changes.iter().any(|c| matches!(c.state, ChangeState::Accepted(_) | ChangeState::Indeterminate));
        if lost.is_empty() && !followed {
            out.push(system(Some(&s.id), interrupted(s)));
        }
    }
    out
}

/// A step of which the verification was written, and not what follows from it.
fn unfinished(run: &Run, i: usize) -> Option<Event> {
    let s = &run.steps[i];
    if s.undoing {
        return Some(Event::StepUndone);
    }
    let asks = run.planned_at(i).is_none_or(|p| p.asks_a_word_too());
    let said = || s.readings.first().map(|r| r.value.clone()).unwrap_or_default();
    match (asks, run.tabletop()) {
        (true, _) => None,
        (false, true) => Some(Event::StepDoneByHand { evidence: said() }),
        (false, false) => Some(Event::StepDoneByApp),
    }
}

pub(super) fn interrupted(s: &StepRun) -> Event {
    if let Some(failure) = &s.failure {
        // Its answer was written; that the step failed by it was not.
        return Event::StepFailed { failure: failure.clone(), readings: Vec::new() };
    }
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
