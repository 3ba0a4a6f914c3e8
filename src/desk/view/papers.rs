//! What people keep beside the steps, and what a run waits for, in words.

use super::run::note;
use super::words;
use crate::desk::snapshot::{EvidenceView, FindingView, Lines, LossView, NoteView, Papers};
use crate::plan::model::PlannedStep;
use crate::rehearsal::scenario::Outcome;
use crate::run::event::{Entry, StepState};
use crate::run::state::{ChangeState, Note, Run};
use crate::run::{books, fields};

/// Steps that whoever looks on is told of beforehand.
const AHEAD: usize = 3;
/// As a participant's role says it.
const SECOND_PERSON: &str = "second person";

/// The ledger as given, what is missing, of an open run were it closed as `ends`, losses, evidence, findings, signatures, messages.
pub fn papers(run: &Run, ledger: Lines, ends: Outcome) -> Papers {
    let heard = |e: &Entry| NoteView { at: e.at, who: e.actor.display().to_owned(), text: words::event(&e.event) };
    let gaps = fields::missing(run, run.ended.as_ref().unwrap_or(&books::end_now(run, ends)));
    let missing = gaps.iter().map(|g| format!("{} {}: {}", g.field, fields::title(&g.field), g.what)).collect();
    let titled = |(title, n): &(String, Note)| NoteView { text: format!("{title}: {}", n.text), ..note(n) };
    Papers {
        ledger,
        losses: run.losses.iter().map(|(kind, text)| LossView { kind: *kind, text: text.clone() }).collect(),
        evidence: run
            .evidence
            .iter()
            .map(|(n, step, e)| EvidenceView {
                at: n.at,
                who: n.who.clone(),
                name: e.name.clone(),
                step: step.clone(),
                bytes: if e.bytes == 0 { e.text.len() as u64 } else { e.bytes },
                sha256: e.sha256.clone(),
                file: e.file.clone(),
            })
            .collect(),
        findings: run
            .findings
            .iter()
            .map(|f| FindingView {
                text: f.found.text.clone(),
                corrective: f.corrective.as_ref().map(|(what, who, due)| format!("{what} ({who}, {due})")),
                rated: f.severity.as_ref().map(|(severity, cause)| format!("{}: {cause}", severity.word())),
                closed: f.closed.as_ref().map(|(n, until, c)| match c.accepted {
                    true => format!("risk accepted until {until} ({}): {}", n.who, n.text),
                    false => format!("put right, says {}: {}", n.who, n.text),
                }),
            })
            .collect(),
        signoffs: run.signoffs.iter().map(titled).collect(),
        comms: run.comms.iter().map(titled).collect(),
        told: run.said.heard.iter().map(heard).collect(),
        missing,
        handed_over: run.handed_over.clone(),
    }
}

/// Who could agree: whoever takes part as a second person.
fn approvers(run: &Run) -> String {
    let names: Vec<&str> =
        run.participants.iter().filter(|p| p.role == SECOND_PERSON && !p.absent).map(|p| p.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(" or ")) }
}

/// What is waited for, of whom.
pub fn waits(run: &Run) -> String {
    if !run.open() {
        return String::new();
    }
    if let Some(to) = &run.handed_over {
        return format!("handed over to {to}: it is only read here");
    }
    if let Some(why) = &run.paused {
        return format!("paused: {why}");
    }
    let Some(i) = run.current() else {
        return format!("every step is over: waits for {} to close it", run.operator);
    };
    let step = &run.steps[i];
    let title = run.planned(&step.id).map_or("", |p| p.title.as_str());
    if run.questions().contains(&step.id) {
        return format!("waits for whoever answers for the systems: {title}");
    }
    match run.state(i) {
        StepState::AwaitingApproval => {
            let what = step.asked.as_ref().filter(|a| a.glass.is_some()).map_or("", |_| "to set a guard aside, ");
            format!("waits for the second person{}: {what}{title}", approvers(run))
        }
        StepState::Running => {
            let at = step.changes.iter().find(|c| matches!(c.state, ChangeState::Intended | ChangeState::Accepted(_)));
            at.map_or_else(|| format!("waits for Azure: {title}"), |c| format!("waits for Azure: {}", c.change.what))
        }
        StepState::Verifying => format!("being checked: {title}"),
        StepState::Indeterminate if !step.never_known() => format!("being read back from Azure: {title}"),
        StepState::Failed => format!("failed, waits for {}: {title}", run.operator),
        _ if by_itself(run, i) => format!("being checked: {title}"),
        _ => format!("waits for {}: {title}", run.operator),
    }
}

/// Lifeboat begins it without being told.
fn by_itself(run: &Run, i: usize) -> bool {
    let automatic = run.planned(&run.steps[i].id).is_some_and(PlannedStep::automatic);
    run.state(i) == StepState::Ready && automatic && !run.waits_for_word(i)
}

/// Whether it is the operator's turn.
pub fn calls(run: &Run) -> bool {
    if !run.open() || run.paused.is_some() || run.handed_over.is_some() {
        return false;
    }
    let Some(i) = run.current() else { return true };
    if run.questions().contains(&run.steps[i].id) {
        return false;
    }
    match run.state(i) {
        StepState::Failed | StepState::Undone => true,
        StepState::Ready => !by_itself(run, i),
        StepState::Indeterminate => run.steps[i].never_known(),
        _ => false,
    }
}

/// The steps after the present one.
pub fn next(run: &Run) -> Vec<String> {
    let now = run.current();
    (0..run.steps.len())
        .filter(|i| Some(*i) != now && !run.steps[*i].own_state().over())
        .filter_map(|i| run.planned(&run.steps[i].id).map(|p| p.title.clone()))
        .take(AHEAD)
        .collect()
}
