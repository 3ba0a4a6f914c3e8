//! One step's card: instruction, what changes, guards, readings, what can be done now.

use crate::plan::model::PlannedStep;
use crate::plan::rights::{Doubt, Standing, StepRights};
use crate::rehearsal::scenario::Choice;
use crate::run::approval;
use crate::run::cut;
use crate::run::event::{Mode, Reading, StepState};
use crate::run::state::{Asked, ChangeState, StepRun};
use crate::runbook::model::{Condition, Risk, Rung, Undo};

use super::super::preview::{self, Preview};
use super::super::protocol::StepIntent;
use super::super::snapshot::{ActionView, CardRow, ChangeView, NoteView, PAUSED, Problem, ReadingView, StepCard};
use super::run::RunPicture;

/// Longest title that still makes a button.
const BUTTON_TITLE: usize = 44;

/// Builds the card of step `i`.
pub fn card(p: &RunPicture<'_>, i: usize, planned: &PlannedStep) -> StepCard {
    let (run, step) = (p.run, &p.run.steps[i]);
    let state = run.state(i);
    let preview = p.previews.get(&step.id);
    let back = preview.filter(|v| takes_back(v, state));
    let readings = match p.live.get(&step.id) {
        Some(live) if state == StepState::Verifying => live,
        _ => &step.readings,
    };
    let degraded = step.degraded(run.degraded);
    StepCard {
        id: step.id.clone(),
        state,
        eyebrow: eyebrow(p, planned),
        title: planned.title.clone(),
        why: if degraded && !planned.degraded.is_empty() { planned.degraded.clone() } else { planned.why.clone() },
        degraded: (!planned.degraded.is_empty()).then_some(degraded),
        target: planned.target.clone(),
        changes: changes(step, preview, state),
        takes_back: back.is_some(),
        changes_read_at: preview.filter(|v| !v.reading && !v.changes.is_empty()).map(|v| v.read_at),
        changes_note: preview.map(|v| v.notes.join(" ")).unwrap_or_default(),
        rows: rows(p, planned, step, preview),
        // The runbook tells how to do it, not how to take it back.
        by_hand: if back.is_some() { Vec::new() } else { planned.by_hand.clone() },
        by_hand_now: by_hand_now(step, preview, state),
        readings: readings.iter().map(reading).collect(),
        progress: progress(p, step, state, preview),
        problem: problem(p, step, state),
        decision: planned.decision.then(|| p.decision.clone()),
        actions: actions(p, planned, i, state, preview),
        history: step.said.iter().map(|n| NoteView { at: n.at, who: n.who.clone(), text: n.text.clone() }).collect(),
    }
}

fn eyebrow(p: &RunPicture<'_>, planned: &PlannedStep) -> String {
    let members: Vec<&str> = p.run.steps.iter().filter(|s| s.phase() == planned.phase).map(|s| s.id.as_str()).collect();
    let n = members.iter().position(|id| *id == planned.id).map_or(1, |n| n + 1);
    let risk = match planned.risk {
        Risk::ReadOnly if planned.asks_a_person() => "your word",
        Risk::ReadOnly => "reads only",
        Risk::Reversible => "reversible",
        Risk::Lossy => "may lose data",
        Risk::Irreversible => "cannot be undone",
    };
    let mut text = format!("{} · step {n} of {} · {risk}", planned.phase.display(), members.len());
    if planned.expect.0 > 0 {
        text.push_str(&format!(" · about {}", planned.expect));
    }
    text
}

/// Where requests that worked can be taken back, however the step was gone on with.
fn goes_back(state: StepState) -> bool {
    matches!(state, StepState::DoneByApp | StepState::Failed | StepState::DoneByHand | StepState::Skipped)
}

/// A look at taking back is shown only where it can be gone on with.
fn takes_back(v: &Preview, state: StepState) -> bool {
    v.undo && (goes_back(state) || state == StepState::AwaitingApproval)
}

/// The state in which what was read counts, not what was begun.
fn ahead(state: StepState) -> bool {
    matches!(state, StepState::Ready | StepState::Undone | StepState::AwaitingApproval)
}

/// The requests themselves, for a terminal: those that were read, else those that are not done.
fn by_hand_now(step: &StepRun, preview: Option<&Preview>, state: StepState) -> Vec<String> {
    let shown = preview.filter(|v| ahead(state) || takes_back(v, state));
    match shown {
        Some(v) => v.changes.iter().map(crate::run::event::Change::by_hand).collect(),
        None if state.over() || ahead(state) => Vec::new(),
        None => step.changes.iter().filter(|c| c.state != ChangeState::Done).map(|c| c.change.by_hand()).collect(),
    }
}

fn changes(step: &StepRun, preview: Option<&Preview>, state: StepState) -> Vec<ChangeView> {
    let fields = |c: &crate::run::event::Change| {
        c.fields.iter().map(|f| (f.name.clone(), f.before.clone(), f.after.clone())).collect()
    };
    let fresh = ahead(state);
    match preview {
        Some(v) if fresh || takes_back(v, state) => v
            .changes
            .iter()
            .map(|c| ChangeView { what: c.what.clone(), fields: fields(c), state: String::new() })
            .collect(),
        _ if fresh => Vec::new(),
        _ => step
            .changes
            .iter()
            .map(|c| ChangeView {
                what: c.change.what.clone(),
                fields: fields(&c.change),
                state: match &c.state {
                    ChangeState::Planned => "not sent",
                    ChangeState::Intended => "sent",
                    ChangeState::Accepted(_) => "Azure is working on it",
                    ChangeState::Done => "done",
                    ChangeState::Failed => "failed",
                    ChangeState::Indeterminate => "unclear, being read back",
                }
                .to_owned(),
            })
            .collect(),
    }
}

fn reading(r: &Reading) -> ReadingView {
    ReadingView { ok: r.ok, name: r.name.clone(), value: r.value.clone(), source: r.source.clone(), at: r.at_utc }
}

fn row(label: &'static str, ok: Option<bool>, text: impl Into<String>) -> CardRow {
    CardRow { label, ok, text: text.into() }
}

fn rows(p: &RunPicture<'_>, planned: &PlannedStep, step: &StepRun, preview: Option<&Preview>) -> Vec<CardRow> {
    let mut out = Vec::new();
    // Once begun, what was read then counts: after the switch itself the newest look would say "switched 19 s ago".
    let ahead = !step.own_state().over() && !step.own_state().busy();
    let fresh = preview
        .filter(|v| ahead || takes_back(v, step.own_state()))
        .map(|v| v.guards.as_slice())
        .filter(|g| !g.is_empty());
    let guards = fresh.unwrap_or(&step.guards);
    for g in guards {
        out.push(row("guard", Some(g.ok == Some(true)), format!("{}: {}", g.name, g.value)));
    }
    if guards.is_empty() && !planned.guards.is_empty() && !step.own_state().over() {
        out.push(row("guard", None, "checked again right before it is done"));
    }
    if let Some(why) = &planned.second_person {
        let again = preview.is_some_and(|v| takes_back(v, step.own_state()) && !agreed(p, step, v));
        out.push(match (step.approval(), step.asked.as_ref()) {
            _ if again && !step.asked_to_undo() => {
                row("approval", None, format!("a second person agrees to this as well: {why}"))
            }
            (Some((_, a)), _) => row("approval", Some(true), format!("{}, {}", a.by, a.label)),
            (None, Some(a)) => match &a.answer {
                Some(Err(reason)) => row("approval", Some(false), format!("refused: {reason}")),
                _ => row("approval", None, "the second person was asked"),
            },
            _ => row("approval", None, format!("a second person agrees first: {why}")),
        });
    }
    if let Some(worst) = super::dns::worst(planned, preview) {
        out.push(row("DNS", None, worst));
    }
    if let Some(loss) = &planned.may_lose {
        out.push(row("may lose", None, loss.clone()));
    }
    if planned.risk != Risk::ReadOnly || planned.action.is_some() {
        let undo = match &planned.undo {
            Undo::Nothing => "nothing to take back".to_owned(),
            Undo::RestorePrevious => "writes back what was read before. Offered here afterwards.".to_owned(),
            Undo::DeleteCreated => "deletes what it created. Offered here afterwards.".to_owned(),
            Undo::ByHand(how) => how.clone(),
            Undo::Impossible => "cannot be taken back".to_owned(),
        };
        out.push(row("undo", None, undo));
    }
    let open: Vec<&str> = planned
        .needs
        .iter()
        .filter(|n| p.run.step(n).is_some_and(|s| !s.own_state().over()))
        .map(String::as_str)
        .collect();
    if !open.is_empty() {
        out.push(row("waits for", None, open.join(", ")));
    }
    let all = p.run.plan.iter().filter(|_| planned.group.is_some()).flat_map(|plan| &plan.steps);
    let others = all.filter(|s| s.group == planned.group);
    let others: Vec<&str> = others.filter(|s| s.id != planned.id).map(|s| s.id.as_str()).collect();
    if !others.is_empty() {
        out.push(row("together", None, format!("may be done at the same time as {}", others.join(", "))));
    }
    let rung = match planned.rung {
        Rung::Nothing => None,
        Rung::Network => Some("this laptop's network"),
        Rung::Entra => Some("sign-in (Entra ID)"),
        Rung::Arm => Some("Azure Resource Manager"),
        Rung::PrimaryData => Some("the primary region's data plane"),
        Rung::SecondaryData => Some("the secondary region's data plane"),
    };
    if let Some(rung) = rung {
        out.push(row("needs", None, rung));
    }
    if !step.own_state().over() {
        out.extend(p.rights.and_then(|r| r.step(&planned.id)).map(rights));
    }
    if step.own_state() != StepState::Verifying && step.readings.is_empty() {
        for c in planned.verify.iter().filter(|c| !matches!(c.condition, Condition::Person(_))) {
            out.push(row("done when", None, super::words::condition(&c.condition)));
        }
        for c in planned.verify.iter().filter(|_| !planned.decision) {
            if let Condition::Person(question) = &c.condition {
                out.push(row("your word", None, question.clone()));
            }
        }
    }
    out.push(row("source", None, planned.source.display()));
    // What stands in the way is read first.
    out.sort_by_key(|r| r.ok != Some(false));
    out
}

/// What is missing is named before the step is begun; it forbids nothing, since a person may have the right.
fn rights(r: &StepRights) -> CardRow {
    let doubts = || r.doubts.iter().map(Doubt::sentence).collect::<Vec<_>>().join(". ");
    match r.standing {
        Standing::Has => row("right", Some(true), "the signed-in identity has what this step needs"),
        Standing::Unknown => row("right", None, format!("{}.", doubts())),
        Standing::Lacks => {
            let advice = r.doubts.first().map_or("", Doubt::advice);
            row("right", Some(false), format!("{}. {advice} By hand it takes somebody who has it.", doubts()))
        }
    }
}

fn progress(p: &RunPicture<'_>, step: &StepRun, state: StepState, preview: Option<&Preview>) -> Option<String> {
    if let Some(text) = p.progress.get(&step.id).filter(|_| state.busy() || state == StepState::Indeterminate) {
        return Some(text.clone());
    }
    match state {
        StepState::Running => Some("Sent to Azure; waiting for its answer.".to_owned()),
        StepState::Verifying => Some("Being checked.".to_owned()),
        StepState::AwaitingApproval => {
            Some(format!("Waiting for the second person: {}", step.asked.as_ref().map_or("", |a| a.what.as_str())))
        }
        StepState::Indeterminate if step.never_known() => Some(
            "It is not known whether this arrived, and nothing will show it. Ask whoever receives it; then say so by hand, skip \
             it, or prepare to send it again."
                .to_owned(),
        ),
        StepState::Indeterminate => {
            Some("It is not known whether this reached Azure. It is being read back; nothing is sent again.".to_owned())
        }
        _ if preview.is_some_and(|v| v.again) => {
            Some("Reading values and guards once more; then it is sent.".to_owned())
        }
        _ if preview.is_some_and(|v| v.reading) => Some("Reading from Azure what it would change.".to_owned()),
        _ => None,
    }
}

fn problem(p: &RunPicture<'_>, step: &StepRun, state: StepState) -> Option<Problem> {
    if state == StepState::Failed {
        let f = step.failure.as_ref()?;
        return Some(Problem {
            what: f.message.clone(),
            means: "The run stands still here until you choose: again, by hand, skip or take back.".to_owned(),
            next: f.next.clone(),
            raw: f.code.clone(),
        });
    }
    let unclear = step.unclear.as_ref().filter(|_| state == StepState::Indeterminate).map(|why| Problem {
        what: format!("Nobody knows yet whether the request took effect: {why}"),
        means: "Nothing is sent again. Azure is read until it shows what became of it, and the run goes on by itself."
            .to_owned(),
        next: "Wait; or look in Azure yourself and say by hand what you see.".to_owned(),
        raw: String::new(),
    });
    unclear.or_else(|| p.problems.get(&step.id).cloned())
}

fn action(intent: StepIntent, label: impl Into<String>) -> ActionView {
    ActionView { intent, label: label.into(), changes_azure: false, typed_name: None, wants_text: None, refused: None }
}

fn asking(intent: StepIntent, label: &str, prompt: &str) -> ActionView {
    ActionView { wants_text: Some(prompt.to_owned()), ..action(intent, label) }
}

fn by_hand(planned: &PlannedStep) -> ActionView {
    asking(
        StepIntent::Confirm { evidence: String::new() },
        "Done by hand…",
        &format!("What did you do, and what did you see? It goes into the record for “{}”.", planned.title),
    )
}

fn skip() -> ActionView {
    asking(StepIntent::Skip { reason: String::new() }, "Skip…", "Why is this step left out? It goes into the record.")
}

fn actions(
    p: &RunPicture<'_>,
    planned: &PlannedStep,
    i: usize,
    state: StepState,
    preview: Option<&Preview>,
) -> Vec<ActionView> {
    if !p.run.open() {
        return Vec::new();
    }
    let step = &p.run.steps[i];
    let mut out = match state {
        _ if step.asked_to_undo() => Vec::new(),
        _ if preview.is_some_and(|v| takes_back(v, state)) => back(p, planned, step, preview),
        StepState::Ready | StepState::Undone if planned.decision => {
            Choice::ALL.into_iter().map(|c| decide(p, c)).collect()
        }
        StepState::Blocked if planned.decision => {
            [Choice::Abort, Choice::Wait].into_iter().map(|c| decide(p, c)).collect()
        }
        StepState::DoneByHand | StepState::Skipped if planned.decision => Choice::ALL
            .into_iter()
            .filter(|c| p.run.decision.as_ref().is_none_or(|d| d.choice != *c))
            .map(|c| ActionView { label: format!("Decide again: {}", c.display()), ..decide(p, c) })
            .collect(),
        StepState::Ready | StepState::Undone if planned.action.is_some() && !step.verified => {
            automated(p, planned, step, preview)
        }
        StepState::Ready | StepState::Undone if p.run.waits_for_word(i) => {
            let question = planned.verify.iter().find_map(|c| match &c.condition {
                Condition::Person(q) => Some(q.as_str()),
                _ => None,
            });
            let ask = question.unwrap_or("What did you see or do?");
            // What can be answered by yes has that for a draft; what is to be written down nobody knows beforehand.
            let draft = if question.is_some_and(|q| q.ends_with('?')) { "Confirmed." } else { "" };
            vec![asking(StepIntent::Confirm { evidence: draft.to_owned() }, "Confirm…", ask), skip()]
        }
        StepState::Ready | StepState::Undone => vec![action(StepIntent::Check, "Check now"), by_hand(planned), skip()],
        StepState::Failed => {
            let mut all = vec![action(StepIntent::Retry { option: None }, "Try again")];
            for (id, label, _) in preview.map(|v| v.options.as_slice()).unwrap_or_default() {
                all.push(action(StepIntent::Retry { option: Some(id.clone()) }, format!("Try again: {label}")));
            }
            all.extend([by_hand(planned), skip()]);
            all
        }
        StepState::Indeterminate if step.never_known() => {
            vec![by_hand(planned), skip(), action(StepIntent::Retry { option: None }, "Prepare to send it again")]
        }
        StepState::Indeterminate => vec![by_hand(planned)],
        StepState::AwaitingApproval | StepState::Blocked => vec![skip()],
        _ => Vec::new(),
    };
    let can_undo = matches!(planned.undo, Undo::RestorePrevious | Undo::DeleteCreated) && !step.applied.is_empty();
    let looks = preview.is_some_and(|v| takes_back(v, state));
    if !looks && ((can_undo && goes_back(state)) || p.run.people_did(i)) {
        out.push(action(StepIntent::Undo, "Look at taking it back"));
    }
    // What the run would refuse is refused before the press.
    let paused = p.run.paused.as_ref().map(|_| PAUSED);
    for a in &mut out {
        if let Some(why) = p.read_only.or(paused.filter(|_| begins(&a.intent))) {
            a.refused = Some(why.to_owned());
        }
    }
    out
}

/// It begins something, which a paused run does not let anybody do; looking, leaving out and deciding go on.
fn begins(intent: &StepIntent) -> bool {
    use StepIntent as I;
    matches!(intent, I::Perform { .. } | I::TakeBack { .. } | I::AskSecondPerson | I::Check)
}

/// The digest of what was read is the one that was agreed to.
fn agreed(p: &RunPicture<'_>, step: &StepRun, v: &Preview) -> bool {
    let plan = p.run.start.as_ref().map_or("", |s| s.digest.as_str());
    // Around a table nothing is sent, so that doing it and taking it back have one digest.
    let about = |a: &Asked| !v.told || a.back_to.is_some();
    let digest = approval::of_changes(plan, &step.id, &v.changes);
    step.in_force().is_some_and(|a| a.digest == digest && about(a))
}

fn ask_second_person(p: &RunPicture<'_>, step: &StepRun, v: &Preview) -> ActionView {
    let later = v.ask_from(p.run, step, p.now).map(preview::ask_later);
    ActionView { refused: later, ..action(StepIntent::AskSecondPerson, "Ask the second person") }
}

/// Why what was read cannot be sent: a guard, or its size.
fn refusal(p: &RunPicture<'_>, step: &StepRun, v: &Preview) -> Option<String> {
    let guard = v.unmet(p.run, step).map(|g| format!("The guard “{}” does not hold: {}", g.name, g.value));
    let big = || {
        let kb = cut::too_big(&v.changes)?.div_ceil(1024);
        Some(format!(
            "its requests together have {kb} KB, and a record holds {} KB: do it by hand",
            cut::REQUESTS / 1024
        ))
    };
    guard.or_else(big)
}

/// Taking back, once it was looked at: as guarded as doing it.
fn back(p: &RunPicture<'_>, planned: &PlannedStep, step: &StepRun, preview: Option<&Preview>) -> Vec<ActionView> {
    let keep = || action(StepIntent::Keep, "Leave it as it is");
    let Some(v) = preview.filter(|v| !v.reading && v.read_at != 0) else {
        return if preview.is_some_and(|v| v.again) { Vec::new() } else { vec![keep()] };
    };
    let first = if planned.second_person.is_some() && !agreed(p, step, v) {
        ask_second_person(p, step, v)
    } else {
        let by = p.run.holds_up(&step.id);
        let held = by.map(|s| format!("{} leads users since: take {} back first, or fail back", s.id, s.id));
        ActionView {
            changes_azure: true,
            typed_name: planned.typed_name().map(str::to_owned),
            refused: held.or_else(|| refusal(p, step, v)),
            ..action(StepIntent::TakeBack { typed: None }, "Take it back")
        }
    };
    vec![first, action(StepIntent::Undo, "Read again"), keep()]
}

fn decide(p: &RunPicture<'_>, choice: Choice) -> ActionView {
    let expected_loss = match choice {
        Choice::FailOver | Choice::Partial => p.decision.loss_draft.clone(),
        Choice::Wait | Choice::Abort => "None expected: nothing is moved.".to_owned(),
    };
    action(StepIntent::Decide { choice, reason: String::new(), expected_loss }, choice.display())
}

/// Nothing is read before and nothing is sent: the operator says that they do it, and people say what came of it.
fn around_a_table(p: &RunPicture<'_>, planned: &PlannedStep, step: &StepRun) -> Vec<ActionView> {
    let first = if planned.second_person.is_some() && !agreed(p, step, &Preview::default()) {
        action(StepIntent::AskSecondPerson, "Ask the second person")
    } else {
        ActionView {
            typed_name: planned.typed_name().map(str::to_owned),
            ..action(StepIntent::Perform { option: None, typed: None }, "We do it")
        }
    };
    vec![first, by_hand(planned), skip()]
}

fn automated(p: &RunPicture<'_>, planned: &PlannedStep, step: &StepRun, preview: Option<&Preview>) -> Vec<ActionView> {
    if preview.is_some_and(|v| v.again) {
        return Vec::new();
    }
    if p.run.tabletop() {
        return around_a_table(p, planned, step);
    }
    let Some(v) = preview.filter(|v| !v.reading && v.read_at != 0 && !v.undo) else {
        let mut read = action(StepIntent::Preview { option: None }, "Read what it would change");
        if preview.is_some_and(|v| v.reading) {
            read.refused = Some("Azure is being read right now".to_owned());
        }
        return vec![read, by_hand(planned), skip()];
    };
    let mut out = Vec::new();
    let start = p.run.start.as_ref();
    if start.is_some_and(|s| s.mode == Mode::DryRun) && !v.changes.is_empty() {
        let intent = StepIntent::Perform { option: v.option.clone(), typed: None };
        out.push(action(intent, "Note what would be sent"));
    } else if v.changes.is_empty() {
        out.push(action(StepIntent::Perform { option: v.option.clone(), typed: None }, "Check that it is so already"));
    } else if planned.second_person.is_some() && !agreed(p, step, v) {
        out.push(ask_second_person(p, step, v));
    } else {
        let title = if planned.title.chars().count() <= BUTTON_TITLE { planned.title.as_str() } else { "Do it" };
        out.push(ActionView {
            changes_azure: true,
            typed_name: planned.typed_name().map(str::to_owned),
            refused: refusal(p, step, v),
            ..action(StepIntent::Perform { option: v.option.clone(), typed: None }, title)
        });
    }
    for (id, label, _) in v.options.iter().filter(|o| Some(&o.0) != v.option.as_ref()) {
        out.push(action(StepIntent::Preview { option: Some(id.clone()) }, format!("Look at: {label}")));
    }
    out.push(action(StepIntent::Preview { option: v.option.clone() }, "Read again"));
    out.extend([by_hand(planned), skip()]);
    out
}
