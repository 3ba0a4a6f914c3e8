//! Events in plain words, the same in the window, in the terminal and in the record's timeline.

use crate::run::clocks::POINT;
use crate::run::event::{Declaration, Event, Facilitated, Found};
use crate::run::told::REPORT;
use crate::units::Millis;

pub use crate::runbook::words::condition;

/// An event in one line.
pub fn event(e: &Event) -> String {
    match e {
        Event::Plan { what, part, of, .. } => format!("frozen {what}, part {part} of {of}"),
        Event::Participant { name, role, absent: true, .. } => format!("{name}, {role}, cannot take part"),
        Event::Participant { name, role, .. } => format!("{name} takes part as {role}"),
        Event::Started(s) => format!("started: {}, {}, {}", s.title, s.strategy.display(), s.mode.word()),
        Event::Declared { declaration: Some(d), .. } => declared(d),
        Event::Declared { evidence, .. } => format!("impact began (T0): {evidence}"),
        Event::Degraded { degraded: true } => "degraded instructions shown".to_owned(),
        Event::Degraded { degraded: false } => "normal instructions shown".to_owned(),
        Event::Paused { reason } => format!("paused: {reason}"),
        Event::Resumed => "resumed".to_owned(),
        Event::Ended { outcome, summary, .. } => format!("closed: {}. {summary}", outcome.display()),
        Event::Aborted { reason } => format!("given up: {reason}"),
        Event::SignedIn(who) => format!("signed in to Azure as {}, tenant {}", who.display(), who.tenant),
        Event::SessionOpened { .. } => "opened".to_owned(),
        Event::ApprovalRequested { what, .. } => format!("second person asked: {what}"),
        Event::Approved { label, .. } => format!("second person agreed ({label})"),
        Event::Denied { reason, .. } => format!("second person refused: {reason}"),
        Event::ApprovalVoided { why, .. } => format!("approval void: {why}"),
        Event::Decided { choice, reason, .. } => format!("decision: {}. {reason}", choice.display()),
        Event::Deviation { reason, .. } => format!("deviation: {reason}"),
        Event::ActionIntended { method, url, .. } => {
            format!("will send {method} {}", url.split('?').next().unwrap_or(url))
        }
        Event::ActionAccepted { .. } => "Azure accepted it and works on it".to_owned(),
        Event::ActionFinished { failure: None, corr, .. } => match corr.status {
            Some(s) => format!("Azure did it ({s})"),
            None => "Azure did it".to_owned(),
        },
        Event::ActionFinished { failure: Some(f), .. } => format!("Azure refused: {} {}", f.code, f.message),
        Event::ActionIndeterminate { why, .. } => format!("unclear: {why}"),
        Event::ActionReconciled { found, detail, .. } => {
            let word = match found {
                Found::Applied => "it was applied",
                Found::NotApplied => "it was not applied",
                Found::Running => "Azure is still at it",
                Found::Unknown => "cannot be read now",
            };
            format!("read back: {word}. {detail}")
        }
        Event::StepReady => "ready".to_owned(),
        Event::StepStarted { changes, undo: true, .. } if changes.is_empty() => "taking back".to_owned(),
        Event::StepStarted { changes, undo: true, .. } => format!("taking back, {} requests", changes.len()),
        Event::StepStarted { changes, .. } if changes.is_empty() => "checking".to_owned(),
        Event::StepStarted { changes, .. } => format!("begun, {} requests", changes.len()),
        Event::StepVerified { readings } => format!("verified: {}", readings_text(readings)),
        Event::StepDoneByApp => "done by Lifeboat".to_owned(),
        Event::StepDoneByHand { evidence } => format!("done by hand: {evidence}"),
        Event::StepAlreadyTrue { readings } => format!("already true: {}", readings_text(readings)),
        Event::StepFailed { failure, .. } => format!("failed: {}", failure.message),
        Event::StepSkipped { reason } => format!("skipped: {reason}"),
        Event::StepUndone => "taken back".to_owned(),
        Event::StepReopened { reason } => format!("begun anew: {reason}"),
        Event::Note { text } => text.clone(),
        Event::Ledger { text } => format!("divergence: {text}"),
        Event::Loss { text, .. } => format!("may be lost: {text}"),
        Event::Inject { text, .. } => format!("scenario: {text}"),
        Event::Observed(o) => o.text.clone(),
        Event::Measured { name, value: None, how } => format!("{name} not measured: {how}"),
        Event::Measured { name, value: Some(v), how } if name.starts_with(POINT) => {
            format!("{name} at {}: {how}", crate::units::utc_text(*v))
        }
        Event::Measured { name, value: Some(v), how } if name.starts_with('T') => {
            format!("{name} at {}: {how}", crate::units::utc_clock(*v))
        }
        Event::Measured { name, value: Some(v), how } => {
            format!("{name} {}: {how}", Millis(u64::try_from(*v).unwrap_or(0)))
        }
        Event::Evidence(e) => match &e.file {
            Some(file) => format!("evidence, {}: {file}, {} bytes, SHA-256 {}", e.name, e.bytes, e.sha256),
            None => format!("evidence, {}: {}", e.name, e.text),
        },
        Event::GlassBroken { guard, reason } => format!("glass broken, “{guard}” set aside: {reason}"),
        Event::Comms { to, text, outcome, .. } => format!("message to {to} ({outcome}): {text}"),
        Event::Finding { text, rates: Some(r) } => {
            format!("finding {} is {}; root cause: {text}", r.finding, r.severity.word())
        }
        Event::Finding { text, rates: None } => format!("to put right: {text}"),
        Event::Corrective { text, owner, due, closes: Some(c) } if c.accepted => {
            format!("finding {}: {owner} accepts the risk until {due}: {text}", c.finding)
        }
        Event::Corrective { text, owner, closes: Some(c), .. } => {
            format!("finding {} is put right, {owner} vouches for it: {text}", c.finding)
        }
        Event::Corrective { text, owner, due, closes: None } => format!("put right by {owner} until {due}: {text}"),
        Event::SignedOff { role, statement } if role == REPORT => format!("report: {statement}"),
        Event::SignedOff { role, statement } => format!("signed off as {role}: {statement}"),
        Event::HandedOver { to, open } => format!("handed over to {to}, {} steps open", open.len()),
        Event::TakenOver { operator, sha256, .. } if sha256.is_empty() => format!("{operator} took it back"),
        Event::TakenOver { operator, from, .. } => format!("{operator} took it over from {from}"),
        Event::Facilitated { what } => facilitated(what),
    }
}

fn declared(d: &Declaration) -> String {
    let parts = [
        ("activated by", &d.by),
        ("on the authority of", &d.authority),
        ("triggered by", &d.trigger),
        ("detected", &d.detected),
        ("worked on from", &d.location),
    ];
    let said = parts.iter().filter(|(_, text)| !text.is_empty()).map(|(word, text)| format!("{word} {text}"));
    format!("declared: {}", said.collect::<Vec<_>>().join("; "))
}

fn facilitated(f: &Facilitated) -> String {
    match f {
        Facilitated::Now(n) => format!("facilitator: brought happening {n} forward"),
        Facilitated::Held => "facilitator: holds the happenings back".to_owned(),
        Facilitated::LetGo => "facilitator: lets the happenings come".to_owned(),
        Facilitated::Revealed(n) => format!("facilitator: revealed happening {n}"),
        Facilitated::Noted(text) => format!("facilitator: {text}"),
        Facilitated::Said(text) => format!("facilitator says: {text}"),
        Facilitated::Unavailable(who, true) => format!("facilitator: {who} cannot be reached"),
        Facilitated::Unavailable(who, false) => format!("facilitator: {who} can be reached again"),
        Facilitated::Answered { step, text, .. } => format!("facilitator answers for {step}: {text}"),
    }
}

fn readings_text(readings: &[crate::run::event::Reading]) -> String {
    let all: Vec<String> = readings.iter().map(|r| format!("{} {}", r.name, r.value)).collect();
    all.join("; ")
}
