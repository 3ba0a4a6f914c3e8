//! The board in words.

use crate::recovery::{Board, Deadline, Reading, Row, by_hand, fit};
use crate::units::{utc_text, visible};

use super::super::snapshot::{DeletedRow, RecoveryView};

/// A log that reaches back less far than this from the reading was cut.
const WHOLE_LOG: i64 = 14 * 86_400_000 - 3_600_000;

/// Draws it.
pub fn view(reading: Option<&Reading>, board: &Board, progress: Option<(usize, usize)>, now: i64) -> RecoveryView {
    let Some(r) = reading else { return RecoveryView { progress, ..RecoveryView::default() } };
    let mut place = 0;
    let rows = board.rows.iter().map(|row| {
        let open = row.recoverable(now);
        place += usize::from(open);
        deleted(row, r, if open { place } else { 0 }, now)
    });
    let rows = rows.collect();
    let short = r.subscriptions.iter().filter_map(|s| Some((s.name.clone(), s.log_since?)));
    RecoveryView {
        read_at: Some(r.at),
        azure: azure(r),
        subscriptions: r.subscriptions.len(),
        requests: r.requests,
        progress,
        rows,
        failed: r.failed.iter().map(|f| (visible(&f.name), f.what.clone(), visible(&f.why))).collect(),
        short_logs: short.filter(|(_, since)| r.at - since < WHOLE_LOG).collect(),
    }
}

/// Which Azure a reading is of.
pub fn azure(r: &Reading) -> String {
    if r.simulated { format!("the simulated Azure “{}”", r.azure) } else { r.azure.clone() }
}

/// Where a deadline comes from.
pub fn source(d: Deadline) -> &'static str {
    match d {
        Deadline::Azure(_) => "Azure says so",
        Deadline::Counted(_) => "counted from the deletion",
        Deadline::Unknown => "nobody says",
        Deadline::Never => "not kept",
    }
}

/// Who waits for a thing, as a sentence.
pub fn wanted(row: &Row) -> Option<String> {
    let w = row.wanted.as_ref()?;
    let until = w.term.at().map_or_else(|| "a time that is not known".to_owned(), utc_text);
    let waits = if w.certain { "waits for it" } else { "was deleted beside it, may wait for it" };
    Some(format!("{} {} {waits} and can be recovered until {until}", w.kind.word(), w.name))
}

fn deleted(row: &Row, reading: &Reading, place: usize, now: i64) -> DeletedRow {
    let d = &row.thing;
    let subscription = reading.name_of(&d.subscription);
    let time = |t: Option<i64>| t.map_or_else(|| "not known".to_owned(), utc_text);
    let mut facts = vec![
        ("deleted", time(d.deleted_at)),
        (
            "purged",
            match row.term.deadline {
                Deadline::Never => "at once".to_owned(),
                deadline => format!("{} ({})", time(row.term.at()), source(deadline)),
            },
        ),
        ("found in", d.origin.word().to_owned()),
        ("id", visible(&d.id)),
    ];
    if let Some(protected) = d.purge_protection {
        let text =
            if protected { "yes: nobody can purge it earlier" } else { "no: who has the right can purge it now" };
        facts.insert(2, ("protected", text.to_owned()));
    }
    if let Some(at) = d.seen_at {
        facts.insert(0, ("read", format!("{}; it could not be read since", utc_text(at))));
    }
    if let Some(by) = &d.by {
        facts.insert(1, ("deleted by", visible(by)));
    }
    DeletedRow {
        id: d.id.clone(),
        place,
        what: d.kind.word(),
        name: visible(&d.name),
        subscription: visible(&subscription),
        group: visible(&d.group),
        region: d.region.display(),
        deleted_at: d.deleted_at,
        term: row.term,
        deadline_from: source(row.term.deadline),
        wanted: wanted(row).zip(row.wanted.as_ref()).map(|(text, w)| (visible(&text), w.term, w.certain)),
        time: row.time_words(now),
        blockers: row.blockers.iter().map(|b| (visible(&b.text()), b.certain())).collect(),
        advice: row.what_to_do(now),
        runbook: fit(row, reading, now).map(|f| f.runbook),
        by_hand: by_hand(row).iter().map(|c| visible(c)).collect(),
        facts,
    }
}
