//! The records of a run for a spreadsheet: RFC 4180, UTF-8, one row a record, and no cell that a spreadsheet would carry out.

use std::io::{self, Write};

use super::dossier::{Dossier, Row};
use crate::units::{hidden, visible};

/// The head.
pub const COLUMNS: [&str; 16] = [
    "id",
    "seq",
    "time_utc",
    "run_time_utc",
    "run",
    "mode",
    "kind",
    "step",
    "actor",
    "target",
    "outcome",
    "request_id",
    "device",
    "detail",
    "prev",
    "h",
];

/// Writes all rows.
pub fn write(dossier: &Dossier, out: &mut impl Write) -> io::Result<()> {
    let mut line = String::with_capacity(1024);
    line.push_str(&COLUMNS.join(","));
    line.push_str("\r\n");
    for row in &dossier.rows {
        cells(&dossier.run, row, &mut line);
        out.write_all(line.as_bytes())?;
        line.clear();
    }
    // Of a record without rows the head is left.
    out.write_all(line.as_bytes())?;
    out.flush()
}

fn cells(run: &str, r: &Row, line: &mut String) {
    let mut detail = r.text.clone();
    for more in &r.more {
        detail.push_str("; ");
        detail.push_str(more);
    }
    let (prev, h) = (r.prev.to_string(), r.h.to_string());
    let (id, seq) = (format!("{run}/{}", r.seq), r.seq.to_string());
    let (time, run_time) = (super::utc(r.ts), super::utc(r.at));
    let all = [
        &*id,
        &seq,
        &time,
        &run_time,
        run,
        &r.mode,
        &r.kind,
        &r.step,
        &r.actor,
        &r.target,
        r.outcome.word(),
        &r.request,
        &r.device,
        &detail,
        &prev,
        &h,
    ];
    for (n, text) in all.into_iter().enumerate() {
        if n > 0 {
            line.push(',');
        }
        cell(text, line);
    }
    line.push_str("\r\n");
}

/// A character with which a spreadsheet begins to reckon, in half and full width, and those that other programs skip first.
fn acts(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
}

/// One cell: quoted where it has to be, and text in every program. What comes before the first letter is looked through,
/// since some programs drop blanks and quotes there.
pub fn cell(text: &str, out: &mut String) {
    // Most are names, hashes and instants: one look at their bytes instead of several at their letters.
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b':' | b'-');
    if text.bytes().all(harmless) && !text.starts_with('-') {
        return out.push_str(text);
    }
    let bare = !text.contains([',', '"', ';', '\'']) && !text.contains(hidden) && !text.contains(['\n', '\t', ' ']);
    let first = text.trim_start_matches([' ', '\u{a0}', '\u{3000}', '"', '\'', '\u{feff}']).chars().next();
    if bare && !first.is_some_and(acts) {
        return out.push_str(text);
    }
    out.push('"');
    if first.is_some_and(acts) {
        out.push('\'');
    }
    for c in visible(text).chars() {
        match c {
            // On one line: a row is a record.
            '\n' | '\t' => out.push(' '),
            '"' => out.push_str("\"\""),
            c => out.push(c),
        }
    }
    out.push('"');
}
