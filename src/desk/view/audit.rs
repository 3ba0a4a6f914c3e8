//! The Audit screen: runs on disk, and one run's record with what its verification says.

use std::sync::Arc;

use crate::record::Stored;
use crate::run::event::{Event, Mode};
use crate::run::fields::{Beside, Field};
use crate::units::utc_clock;

use super::super::DeskError;
use super::super::record::entry;
use super::super::session::replay;
use super::super::snapshot::{Record, RecordRow, RunRow, Verdict};
use super::run::short;
use super::{frozen, words};

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

/// What a record says that is no event of a run.
pub fn about(kind: &str) -> String {
    match kind {
        "log.open" => "record begun".to_owned(),
        "log.segment" => "record goes on in a new file".to_owned(),
        "log.recovered" => "torn bytes were set aside".to_owned(),
        "log.checkpoint" => "checkpoint written".to_owned(),
        "export" => "the record was exported".to_owned(),
        kind => kind.to_owned(),
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
    let over = records.iter().any(|r| matches!(r.body.kind.as_str(), "run.end" | "run.abort"));
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
                None => (body.ts, "Lifeboat".to_owned(), about(body.kind.as_str())),
            };
            RecordRow {
                seq: body.seq,
                time: utc_clock(at),
                kind: body.kind.as_str().to_owned(),
                step: body.step.clone().unwrap_or_default(),
                actor,
                text: crate::units::visible(&text.replace('\n', " ")),
                more: e.map_or_else(Vec::new, |e| more(&e.event)),
                raw: Arc::from(stored.raw.as_str()),
                hash: stored.h.to_string(),
            }
        })
        .collect()
}

/// The screen's data of one run.
pub fn record(run: &str, records: &[Stored], badge: Vec<Verdict>, intact: bool) -> Record {
    let n = records.len();
    Record {
        run: run.to_owned(),
        badge,
        summary: if intact {
            format!("Record intact, {n} entries, all on disk")
        } else {
            format!("Record damaged; {n} entries can be read")
        },
        rows: rows(records),
    }
}
