//! Whether something is so in a run: the conditions of a scenario's expectations, read off the record.

use super::expect::{When, Where};
use super::scenario::Choice;
use crate::run::books::own_loss;
use crate::run::event::{LossKind, StepState};
use crate::run::state::{Run, StepRun};
use crate::units::{Millis, Region};

/// Whether a condition holds.
pub fn holds(run: &Run, when: &When) -> bool {
    let step = |id: &str, is: &dyn Fn(&StepRun) -> bool| run.step(id).is_some_and(is);
    match when {
        When::All(all) => all.iter().all(|w| holds(run, w)),
        When::Any(all) => all.iter().any(|w| holds(run, w)),
        When::Not(one) => one.steps().iter().all(|s| run.step(s).is_some()) && !holds(run, one),
        When::Decided(choice) => run.decision.as_ref().is_some_and(|d| d.choice == *choice),
        When::EverDecided(choice) => run.decisions.iter().any(|d| d.choice == *choice),
        When::DecidedLaterThan(limit) => decided_after(run).is_none_or(|t| t > *limit),
        When::Closed(outcome) => run.ended.as_ref().and_then(|e| e.outcome) == Some(*outcome),
        When::Done(id) => step(id, &done),
        When::Begun(id) => step(id, &begun),
        When::Skipped(id) => step(id, &|s| s.own_state() == StepState::Skipped),
        When::Failed(id) => step(id, &|s| s.failures > 0),
        When::OutOfOrder(first, then) => {
            run.step(first).zip(run.step(then)).is_some_and(|(first, then)| out_of_order(first, then))
        }
        When::MoreAttempts(id, n) => step(id, &|s| s.attempts > *n),
        When::TookLonger(id, limit) => step(id, &|s| took(s, run).is_some_and(|t| t > *limit)),
        When::Alone(id) => step(id, &|s| alone(run, s)),
        When::Glass(id) => step(id, &|s| !s.glass.is_empty()),
        When::AgreedBy(id, name) => {
            step(id, &|s| s.approval().is_some_and(|(_, a)| a.by.to_lowercase().contains(&name.to_lowercase())))
        }
        When::Says { at, any } => claims(run, at, any),
        When::GivenUp => run.ended.as_ref().is_some_and(|e| e.outcome.is_none()),
        When::Loss(kind) => stated(run, *kind).is_some(),
        When::Ledger(n) => run.ledger.len() >= *n as usize,
        When::Verdict(state) => verdict(run, state),
        When::Served(region) => served_by(run, region).0,
    }
}

/// Done, however; left out is not.
pub fn done(s: &StepRun) -> bool {
    matches!(s.own_state(), StepState::DoneByApp | StepState::DoneByHand | StepState::AlreadyTrue)
}

/// Something was sent for it, or a person said that they did it. Taken back, it was begun all the same.
pub fn begun(s: &StepRun) -> bool {
    !s.changes.is_empty()
        || !s.applied.is_empty()
        || matches!(s.own_state(), StepState::DoneByApp | StepState::DoneByHand | StepState::Undone)
}

/// Whether the second was begun before the first was done.
pub fn out_of_order(first: &StepRun, then: &StepRun) -> bool {
    let Some(began) = then.started_at.filter(|_| begun(then) || done(then)) else { return false };
    !done(first) || first.ended_at.is_none_or(|over| over > began)
}

fn took(s: &StepRun, run: &Run) -> Option<Millis> {
    let until = s.ended_at.unwrap_or(run.last_at);
    Some(Millis(u64::try_from(until.saturating_sub(s.started_at?)).unwrap_or(0)))
}

/// How long after T0 it was first decided as it stayed in the end: to say it again costs no time.
pub fn decided_after(run: &Run) -> Option<Millis> {
    let t0 = run.clocks.t[0].unwrap_or(run.started_at);
    let last = run.decision.as_ref()?;
    let changed = run.decisions.iter().rposition(|d| d.choice != last.choice).map_or(0, |n| n + 1);
    let first = run.decisions.get(changed).unwrap_or(last);
    Some(Millis(u64::try_from(first.at.saturating_sub(t0)).unwrap_or(0)))
}

/// A second person is asked for and nobody agreed. Not moving users needs nobody's consent.
pub fn alone(run: &Run, s: &StepRun) -> bool {
    let planned = run.planned(&s.id);
    let stays = planned.is_some_and(|p| p.decision)
        && run.decision.as_ref().is_some_and(|d| matches!(d.choice, Choice::Abort | Choice::Wait));
    matches!(s.own_state(), StepState::DoneByApp | StepState::DoneByHand)
        && planned.is_some_and(|p| p.second_person.is_some())
        && s.approval().is_none()
        && !stays
}

/// Whether Lifeboat showed a verdict.
pub fn verdict(run: &Run, state: &str) -> bool {
    run.observed.iter().any(|(_, o)| o.what == "verdict" && o.state == state)
}

/// A loss of this kind that a person entered; what the app itself writes of a step that may lose something is no merit.
pub fn stated(run: &Run, kind: LossKind) -> Option<&str> {
    let own = |text: &str| {
        run.plan.iter().flat_map(|p| &p.steps).any(|s| s.may_lose.as_ref().is_some_and(|l| text == own_loss(&s.id, l)))
    };
    run.losses.iter().find(|(k, text)| *k == kind && !own(text)).map(|(_, text)| text.as_str())
}

/// In the primary users are served while nobody was moved, and again once fail back was verified; in the secondary, when
/// metrics say so.
pub fn served_by(run: &Run, region: &Region) -> (bool, &'static str) {
    let Some(plan) = run.plan.as_ref() else { return (false, "no plan") };
    let primary = plan.primary.region == *region;
    match (primary, run.last_switch, run.clocks.t[11]) {
        (false, ..) if plan.secondary.as_ref().is_none_or(|s| s.region != *region) => {
            (false, "neither side of the plan")
        }
        (true, None, _) => (true, "nobody was moved"),
        (true, Some(_), Some(_)) => (true, "failed back, verified"),
        (true, Some(_), None) => (false, "moved away, and fail back was not verified"),
        (false, ..) if run.clocks.t[8].is_some() => (true, "95 % of clients served, by metrics"),
        (false, ..) => (false, "never seen in the metrics"),
    }
}

/// The first of some words that is written somewhere.
pub fn says<'a>(run: &Run, at: &Where, any: &'a [String]) -> Option<&'a str> {
    let texts: Vec<String> = written(run, at).into_iter().map(plain).collect();
    any.iter().map(String::as_str).find(|word| texts.iter().any(|t| places(t, &plain(word)).next().is_some()))
}

/// Whether one of some words is written somewhere as a statement: “not tonight” does not say tonight.
fn claims(run: &Run, at: &Where, any: &[String]) -> bool {
    let texts: Vec<String> = written(run, at).into_iter().map(plain).collect();
    any.iter().map(|w| plain(w)).any(|w| texts.iter().any(|t| places(t, &w).any(|at| !denied(&t[..at]))))
}

/// As texts are compared: in lower case, with single spaces, and none before a per cent sign.
fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ").replace(" %", "%")
}

/// Where these words begin in a text. They may go on (“spill” is in “spilled”), but begin in the middle of no word and of
/// no number: “5 %” is not in “95 %”.
fn places<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = usize> + 'a {
    let inner = |at: usize| {
        let (before, first) = (text[..at].chars().next_back(), words.chars().next());
        before.zip(first).is_some_and(|(b, f)| b.is_alphanumeric() && f.is_alphanumeric())
    };
    text.match_indices(words).map(|(at, _)| at).filter(move |at| !words.is_empty() && !inner(*at))
}

/// A denial reaches so many words.
const DENIES: usize = 4;

/// Whether what comes after these words is denied in the same breath.
fn denied(before: &str) -> bool {
    let clause = before.rsplit(['.', ';', ':', '!', '?', ',']).next().unwrap_or_default();
    let words = clause.split_whitespace().rev().take(DENIES);
    let no = ["not", "no", "never", "nobody", "nothing", "none", "cannot", "without", "neither", "nor"];
    words.into_iter().any(|w| no.contains(&w) || w.ends_with("n't") || w.ends_with("n’t"))
}

/// What people wrote somewhere.
fn written<'a>(run: &'a Run, at: &Where) -> Vec<&'a str> {
    match at {
        Where::Reason => run.decisions.iter().map(|d| d.reason.as_str()).collect(),
        Where::Loss => {
            let expected = run.decisions.iter().map(|d| d.expected_loss.as_str());
            expected.chain(run.losses.iter().map(|(_, text)| text.as_str())).collect()
        }
        Where::Evidence => {
            let said = run.steps.iter().flat_map(|s| &s.said).map(|n| n.text.as_str());
            said.chain(run.evidence.iter().flat_map(|(_, _, e)| [e.name.as_str(), e.text.as_str()])).collect()
        }
        Where::Ledger => run.ledger.iter().map(|n| n.text.as_str()).collect(),
        Where::Notes => run.notes.iter().map(|n| n.text.as_str()).collect(),
        Where::Findings => run
            .findings
            .iter()
            .flat_map(|f| [Some(f.found.text.as_str()), f.corrective.as_ref().map(|c| c.0.as_str())])
            .flatten()
            .collect(),
        Where::Summary => run.ended.iter().map(|e| e.summary.as_str()).collect(),
        Where::Step(id) => {
            let said = run.step(id).into_iter().flat_map(|s| &s.said).map(|n| n.text.as_str());
            let filed = run.evidence.iter().filter(|(_, step, _)| step.as_deref() == Some(id));
            said.chain(filed.flat_map(|(_, _, e)| [e.name.as_str(), e.text.as_str()])).collect()
        }
        Where::Anywhere => {
            use Where as W;
            let all = [W::Reason, W::Loss, W::Evidence, W::Ledger, W::Notes, W::Findings, W::Summary];
            all.iter().flat_map(|at| written(run, at)).collect()
        }
    }
}
