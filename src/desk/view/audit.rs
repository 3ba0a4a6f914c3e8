//! The Audit screen: runs on disk, and one run's record with what its verification says.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::journal::segment_name;
use crate::record::{self, Actor as Who, HELD, Kind, Report, Signature, Stored, Vouching};
use crate::run::event::{Event, Mode};
use crate::run::fields::{Beside, Field};
use crate::units::{Millis, PublicKey, unhex, utc_clock};

use super::super::DeskError;
use super::super::keeping::Class;
use super::super::record::entry;
use super::super::session::replay;
use super::super::snapshot::{Record, RecordRow, RunRow, Verdict};
use super::run::short;
use super::{frozen, gantt, words};

/// A mode as the list of runs says it.
pub fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::DryRun => "dry run",
        Mode::Rehearsal => "rehearsal",
        Mode::Tabletop => "tabletop",
    }
}

/// Kind of the records of what the facilitator does.
const FACILITATE: &str = "facilitate";

/// A row of the list of runs; `None` when the records do not hold a start.
pub fn run_row(id: &str, records: &[Stored]) -> Option<RunRow> {
    let mut row = RunRow {
        id: id.to_owned(),
        short: short(id),
        title: String::new(),
        mode: String::new(),
        started: records.first()?.body.ts,
        outcome: "open".to_owned(),
        open: true,
        ..RunRow::default()
    };
    for stored in records {
        let kind = stored.body.kind.as_str();
        if !(kind.starts_with("run.") || kind == "session.operator") || kind == "run.plan" {
            continue;
        }
        match entry(&stored.body, None).ok().flatten().map(|e| e.event) {
            Some(Event::Started(s)) => {
                row.title = format!("{}, {}", s.title, s.strategy.display());
                row.mode = mode_word(s.mode).to_owned();
                row.started = stored.body.ts;
            }
            Some(Event::Ended { outcome, .. }) => (row.outcome, row.open) = (outcome.display().to_owned(), false),
            Some(Event::Aborted { .. }) => (row.outcome, row.open) = ("given up".to_owned(), false),
            // It goes on elsewhere.
            Some(Event::HandedOver { .. }) => (row.outcome, row.open) = ("handed over".to_owned(), false),
            Some(Event::TakenOver { .. }) => (row.outcome, row.open) = ("open".to_owned(), true),
            _ => {}
        }
    }
    (!row.title.is_empty()).then_some(row)
}

/// What a record says that is no event of a run, for people. A kind that a newer Lifeboat wrote stands for itself.
pub fn told(kind: &str, says: &Value) -> String {
    let d = |key: &str| says.get(key).and_then(Value::as_str).unwrap_or_default();
    let of = || if d("run").is_empty() { "all runs".to_owned() } else { format!("run {}", short(d("run"))) };
    let because = || if d("reason").is_empty() { String::new() } else { format!(": {}", d("reason")) };
    match (Kind::from_text(kind), d("setting")) {
        (Kind::LogOpen, _) if says.get("again") == Some(&Value::Bool(true)) => "record opened again".to_owned(),
        (Kind::LogOpen, _) => "record begun".to_owned(),
        (Kind::LogSegment, _) => "record goes on in a new file".to_owned(),
        (Kind::LogRecovered, _) => "torn bytes were set aside".to_owned(),
        (Kind::LogCheckpoint, _) => "checkpoint written".to_owned(),
        (Kind::LogKey, _) => {
            let key = unhex(d("key")).and_then(|k| PublicKey::of(&k)).map_or(d("key").to_owned(), |k| k.fingerprint());
            let kept = if d("kept") == "memory" { ", which is in memory only: no keyring holds it" } else { "" };
            let first = if d("event") == "rotated" { "another key signs" } else { "checkpoints are signed" };
            format!("{first} from here on: {key}{kept}")
        }
        (Kind::LogAnchor, _) if d("outcome") == HELD => {
            format!("a checkpoint is outside this computer: {}", d("where"))
        }
        (Kind::LogAnchor, _) => format!("no checkpoint could be left outside ({}): {}", d("where"), d("why")),
        (Kind::ClockJump, _) => {
            let by = says.get("by").and_then(Value::as_i64).unwrap_or_default();
            format!("the clock was set {} by {}", if by < 0 { "back" } else { "forward" }, Millis(by.unsigned_abs()))
        }
        (Kind::ConfigChange, "retention") => {
            let class = Class::from_name(d("class")).map_or("as for all runs", Class::display);
            format!("{} kept {class}{}", of(), because())
        }
        (Kind::ConfigChange, "hold") if says.get("held") == Some(&Value::Bool(true)) => {
            format!("legal hold on {}{}", of(), because())
        }
        (Kind::ConfigChange, "hold") => format!("legal hold on {} lifted{}", of(), because()),
        (Kind::ConfigChange, "disposal") if d("event") == "done" => format!("the files of {} are removed", of()),
        (Kind::ConfigChange, "disposal") => format!("{} ({}) is disposed of{}", of(), d("title"), because()),
        (Kind::ConfigChange, "key") => {
            format!("records are signed by the key {} from here on{}", d("fingerprint"), because())
        }
        (Kind::ConfigChange, "home" | "unsafe-home") => {
            format!("records are kept although {}{}", d("found"), because())
        }
        (Kind::Export, _) if !d("run").is_empty() => format!("{} was exported as {} to {}", of(), d("format"), d("to")),
        (Kind::Export, _) => format!("the record was exported as {}", d("format")),
        _ => kind.to_owned(),
    }
}

/// What stands behind an entry that one line cannot say.
pub fn more(e: &Event) -> Vec<String> {
    let lines = match e {
        Event::Observed(o) if !o.picture.is_empty() => o.picture.iter().map(frozen::line).collect(),
        Event::Observed(o) => o.reasons.clone(),
        Event::Decided { information, expected_loss, .. } => {
            let loss = (!expected_loss.is_empty()).then(|| format!("expected loss: {expected_loss}"));
            loss.into_iter().chain(information.iter().cloned()).collect()
        }
        _ => Vec::new(),
    };
    lines.into_iter().map(|l: String| crate::units::visible(&l.replace('\n', " "))).collect()
}

/// What auditors ask of a run, and whether its records say it. `beside` comes from whoever verified and keeps them.
pub fn fields(records: &[Stored], beside: &Beside) -> Result<Vec<Field>, DeskError> {
    Ok(crate::run::fields::fields(&replay(records)?, beside))
}

/// The rows of a record.
pub fn rows(records: &[Stored]) -> Vec<RecordRow> {
    let mut epoch = None;
    let mut files: Vec<(u64, Arc<str>)> = Vec::new();
    let over = records.iter().any(|r| matches!(r.body.kind.as_str(), "run.end" | "run.abort"));
    // A scenario's clock begins with the run: what made it ready stands there, and what is about the log itself at the time
    // of the record before.
    let mut reached = records.iter().find(|r| r.body.kind == Kind::RunStart).and_then(|r| {
        let start = entry(&r.body, None).ok().flatten()?;
        matches!(&start.event, Event::Started(s) if s.scenario.is_some()).then_some(start.at)
    });
    records
        .iter()
        // What the facilitator does is not for the operator before the run is closed.
        .filter(|r| over || r.body.kind.as_str() != FACILITATE)
        .map(|stored| {
            let body = &stored.body;
            let e = entry(body, epoch).ok().flatten();
            if let Some(Event::Started(s)) = e.as_ref().map(|e| &e.event) {
                epoch = s.scenario.as_ref().map(|s| s.epoch);
            }
            let (at, actor, text) = match &e {
                Some(e) => (e.at, e.actor.display().to_owned(), words::event(&e.event)),
                None => (body.ts, who(&body.actor), told(body.kind.as_str(), &body.d)),
            };
            let at = match (&mut reached, epoch, &e) {
                (Some(reached), Some(_), Some(_)) => {
                    *reached = at;
                    at
                }
                (Some(reached), ..) => *reached,
                (None, ..) => at,
            };
            let text = crate::units::visible(&text.replace('\n', " "));
            let (step, more) = (body.step.clone().unwrap_or_default(), e.map_or_else(Vec::new, |e| more(&e.event)));
            let (kind, hash) = (body.kind.as_str().to_owned(), stored.h.to_string());
            let mut find = format!("{text}\n{kind}\n{step}\n{actor}\n{hash}");
            more.iter().for_each(|line| find.extend(["\n", line]));
            if files.last().is_none_or(|(n, _)| *n != body.seg) {
                files.push((body.seg, Arc::from(segment_name(body.seg))));
            }
            RecordRow {
                seq: body.seq,
                time: utc_clock(at),
                ts: body.ts,
                kind,
                step,
                actor,
                text,
                more,
                raw: Arc::from(stored.raw.as_str()),
                hash,
                prev: body.prev.to_string(),
                file: files.last().map_or_else(|| Arc::from(""), |(_, f)| f.clone()),
                find: find.to_lowercase(),
            }
        })
        .collect()
}

/// Who it was, by name.
pub fn who(actor: &Who) -> String {
    match actor {
        Who::Person(p) => p.name.clone(),
        Who::System => "Lifeboat".to_owned(),
    }
}

/// In order, each once; empty ones are none.
fn each<'a>(all: impl Iterator<Item = &'a str>) -> Vec<String> {
    let set: BTreeSet<&str> = all.filter(|t| !t.is_empty()).collect();
    set.into_iter().map(str::to_owned).collect()
}

/// What a verdict is as a mark: the limits of one that is not whole stand beside it.
pub fn proven(v: record::Verdict) -> Option<bool> {
    match v {
        record::Verdict::Whole => Some(true),
        record::Verdict::Limited | record::Verdict::Unverifiable => None,
        record::Verdict::Broken => Some(false),
    }
}

/// The same in a word, for a list.
pub fn word(v: record::Verdict) -> &'static str {
    match v {
        record::Verdict::Whole => "whole",
        record::Verdict::Limited => "has limits",
        record::Verdict::Broken => "broken",
        record::Verdict::Unverifiable => "unverifiable",
    }
}

/// The screen's data of one run, with what its verification said at this instant.
pub fn record(run: &str, records: &[Stored], report: &Report, checked_at: i64) -> Record {
    let (n, intact) = (records.len(), report.verdict != record::Verdict::Broken);
    let rows = rows(records);
    Record {
        run: run.to_owned(),
        badge: badge(report),
        summary: if intact {
            format!("Record intact, {n} entries, all on disk")
        } else {
            format!("Record damaged; {n} entries can be read")
        },
        report: report.lines(),
        verdict: report.verdict.to_string(),
        proven: proven(report.verdict),
        word: word(report.verdict),
        checked_at,
        families: each(rows.iter().map(RecordRow::family)),
        steps: each(rows.iter().map(|r| r.step.as_str())),
        actors: each(rows.iter().map(|r| r.actor.as_str())),
        gantt: replay(records).ok().and_then(|run| gantt::recorded(&run)).map(Arc::new),
        rows,
    }
}

/// Its short form.
fn badge(report: &Report) -> Vec<Verdict> {
    let broken = report.verdict == record::Verdict::Broken;
    let line = |heading: &str| {
        report.lines().into_iter().find(|l| l.0 == heading).map_or_else(String::new, |l| format!("{heading}: {}", l.1))
    };
    let unclear = report.indeterminate.len();
    [
        (Some(!broken), if broken { "broken".to_owned() } else { "consistent".to_owned() }, "Consistent"),
        signed(&report.signed),
        (None, "not anchored elsewhere".to_owned(), "Anchored"),
        (
            if unclear == 0 { Some(true) } else { None },
            if unclear == 0 { "no action unclear".to_owned() } else { format!("{unclear} actions unclear") },
            "Indeterminate actions",
        ),
        (
            if report.recovered == 0 { Some(true) } else { None },
            if report.recovered == 0 { "no gap".to_owned() } else { format!("{} recoveries", report.recovered) },
            "Gaps and recoveries",
        ),
    ]
    .into_iter()
    .map(|(proven, word, heading)| Verdict { proven, word, sentence: line(heading) })
    .collect()
}

/// Whether the record is signed, by a key that is known here.
fn signed(s: &Signature) -> (Option<bool>, String, &'static str) {
    let (proven, word) = match s {
        Signature::By { checkpoints: 0, .. } | Signature::NoKey | Signature::Missing => (None, "not signed"),
        Signature::By { vouching: Vouching::Pinned { .. }, .. } => (Some(true), "signed"),
        Signature::By { vouching: Vouching::Ephemeral, .. } => (None, "signed by a key in memory"),
        Signature::By { .. } => (None, "signed by a key not known here"),
        Signature::OutsideWrong => (Some(false), "signature does not hold"),
    };
    (proven, word.to_owned(), "Signed")
}
