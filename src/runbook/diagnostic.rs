//! What is wrong with a text, where, and what was probably meant.
//!
//! Positions are kept twice: as line and column in characters, for people and editors, and as a byte range, for drawing
//! the line itself.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::units::visible;

/// More findings than this in one file help nobody; the rest is dropped, and the last one says so.
pub const MAX_DIAGNOSTICS: usize = 500;
/// A sentence longer than this quotes a hostile text.
const LONGEST_MESSAGE: usize = 600;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can be used, and probably does not say what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// In words.
    pub fn display(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// File name as given to the loader.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Line of the end.
    pub end_line: usize,
    /// Column just after the end.
    pub end_column: usize,
    /// The same as bytes of the text.
    #[serde(skip)]
    pub span: Range<usize>,
    /// How bad it is.
    pub severity: Severity,
    /// Stable, e.g. `RB012`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or what to do.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    /// Whether the file cannot be used because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `file:line:column: error RB012: message; suggestion`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, severity, code, message, suggestion, .. } = self;
        write!(f, "{file}:{line}:{column}: {} {code}: {message}", severity.display())?;
        suggestion.as_ref().map_or(Ok(()), |s| write!(f, "; {s}"))
    }
}

/// Collects the findings of one text, or of several joined to one.
pub(crate) struct Report<'t> {
    /// Name and place of each file, in the order of the text.
    pub(crate) files: Vec<(&'t str, Range<usize>)>,
    /// The text itself.
    pub(crate) text: &'t str,
    line_starts: Vec<usize>,
    found: Vec<Diagnostic>,
    errors: bool,
    dropped: bool,
}

impl<'t> Report<'t> {
    /// For one text.
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self::of(text, vec![(file, 0..text.len())])
    }

    /// For several, joined; each begins on a line of its own.
    pub(crate) fn of(text: &'t str, files: Vec<(&'t str, Range<usize>)>) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { files, text, line_starts, found: Vec::new(), errors: false, dropped: false }
    }

    /// The file around a byte.
    fn file(&self, byte: usize) -> (&'t str, Range<usize>) {
        let at = self.files.partition_point(|(_, r)| r.start <= byte).max(1);
        self.files.get(at - 1).map_or(("", 0..0), |(name, r)| (name, r.clone()))
    }

    /// Line and column, from 1, of a byte in the file that begins at `file`.
    fn position(&self, byte: usize, file: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&s| s <= byte).max(1);
        let column = self.text[self.line_starts[line - 1]..byte].chars().count();
        let above = self.line_starts.partition_point(|&s| s < file);
        (line - above, column + 1)
    }

    /// The byte at a line and column counted within `within`.
    pub(crate) fn byte_at(&self, within: &Range<usize>, line: usize, column: usize) -> usize {
        let part = &self.text[within.clone()];
        let start =
            if line <= 1 { 0 } else { part.match_indices('\n').nth(line - 2).map_or(part.len(), |(i, _)| i + 1) };
        let rest = &part[start..];
        within.start + start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(i, _)| i)
    }

    /// Adds a finding.
    pub(crate) fn add(
        &mut self,
        severity: Severity,
        span: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.errors |= severity == Severity::Error;
        if self.full() {
            self.dropped = true;
            return;
        }
        // Inside one file, from character to character, whatever the caller says.
        let (file, range) = self.file(span.start);
        let start = self.text.floor_char_boundary(span.start.min(range.end));
        let end = self.text.ceil_char_boundary(span.end.clamp(start, range.end.max(start)));
        let (line, column) = self.position(start, range.start);
        let (end_line, end_column) = self.position(end, range.start);
        self.found.push(Diagnostic {
            file: file.to_owned(),
            line,
            column,
            end_line,
            end_column,
            span: start - range.start..end - range.start,
            severity,
            code,
            message: harmless(&message.into()),
            suggestion: suggestion.map(|s| harmless(&s)),
        });
    }

    /// An error without a suggestion.
    pub(crate) fn error(&mut self, span: Range<usize>, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, span, code, message, None);
    }

    /// An error that says what to do.
    pub(crate) fn error_do(&mut self, span: Range<usize>, code: &'static str, message: impl Into<String>, fix: String) {
        self.add(Severity::Error, span, code, message, Some(fix));
    }

    /// An error about a name, with the nearest known name as suggestion.
    pub(crate) fn unknown<'k>(
        &mut self,
        span: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let fix = if self.full() { None } else { did_you_mean(name, known) };
        self.add(Severity::Error, span, code, message, fix);
    }

    /// A warning.
    pub(crate) fn warn(
        &mut self,
        span: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        fix: Option<String>,
    ) {
        self.add(Severity::Warning, span, code, message, fix);
    }

    /// Whether nothing more is taken.
    pub(crate) fn full(&self) -> bool {
        self.found.len() + 1 >= MAX_DIAGNOSTICS
    }

    /// Something is left unread because nothing more is taken; the file cannot be used then.
    pub(crate) fn give_up(&mut self) {
        self.errors = true;
        self.dropped = true;
    }

    /// Whether an error was found so far.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors
    }

    /// Everything found, file by file in the order of the text.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        let order = |d: &Diagnostic| self.files.iter().position(|(name, _)| *name == d.file);
        self.found.sort_by_key(|d| (order(d), d.span.start, d.severity, d.code));
        self.found.dedup();
        if self.dropped {
            let message = "there is more wrong than is shown; mend these and check again".to_owned();
            let file = self.files.first().map_or("", |(name, _)| name);
            let severity = if self.errors { Severity::Error } else { Severity::Warning };
            self.found.push(Diagnostic { severity, ..about_file(file, "RB002", message) });
        }
        self.found
    }
}

/// A sentence that may quote a file: short, on one line, and without a character that plays tricks on a terminal.
fn harmless(sentence: &str) -> String {
    let mut short: String = sentence.chars().take(LONGEST_MESSAGE).collect();
    if short.len() < sentence.len() {
        short.push('…');
    }
    visible(&short).replace('\n', "\\n").replace('\t', " ")
}

/// "did you mean …", or the known names when none is near and they are few.
pub(crate) fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    /// A list longer than this is no help in a terminal line.
    const LISTED: usize = 10;
    /// Comparing with more names than this would make a bad file slow to refuse.
    const COMPARED: usize = 300;
    let written: Vec<char> = name.chars().take(LONGEST_WORD + 1).flat_map(char::to_lowercase).collect();
    let most = (written.len() / 3).max(2).min(written.len().saturating_sub(1));
    let (mut few, mut count, mut compared) = (Vec::new(), 0usize, 0usize);
    let mut best: Option<((usize, std::cmp::Reverse<usize>), &str)> = None;
    for k in known {
        count += 1;
        if few.len() < LISTED {
            few.push(k);
        }
        let length = k.chars().take(LONGEST_WORD + 1).count();
        if compared == COMPARED || length.abs_diff(written.len()) > most {
            continue;
        }
        compared += 1;
        let other: Vec<char> = k.chars().take(LONGEST_WORD + 1).flat_map(char::to_lowercase).collect();
        let Some(far) = distance(&written, &other, most) else { continue };
        let same_start = written.iter().zip(&other).take_while(|(a, b)| a == b).count();
        let rank = (far, std::cmp::Reverse(same_start));
        if best.is_none_or(|(b, _)| rank < b) {
            best = Some((rank, k));
        }
    }
    match best {
        Some((_, k)) => Some(format!("did you mean `{k}`?")),
        None if count == 0 || count > LISTED => None,
        None => Some(format!("known are {}", few.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "))),
    }
}

/// "did you mean …", or the known names however many there are, for what an author has named himself.
pub(crate) fn near_or_all<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    /// More fill the terminal.
    const LISTED: usize = 40;
    let known: Vec<&str> = known.into_iter().collect();
    let more = if known.len() > LISTED { ", …" } else { "" };
    did_you_mean(name, known.iter().copied()).or_else(|| {
        let names: Vec<String> = known.iter().take(LISTED).map(|k| format!("`{k}`")).collect();
        (!names.is_empty()).then(|| format!("known are {}{more}", names.join(", ")))
    })
}

/// Whether a word may be a misspelling of another: how far it is, if that is not too far.
pub(crate) fn near(written: &str, known: &str) -> Option<usize> {
    let letters = |w: &str| w.chars().take(LONGEST_WORD + 1).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let written = letters(written);
    distance(&written, &letters(known), (written.len() / 3).max(2).min(written.len().saturating_sub(1)))
}

/// Nobody misspells a word longer than this by one letter; keeps the table of [`distance`] small.
const LONGEST_WORD: usize = 40;

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other, if they are no more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().max(b.len()) > LONGEST_WORD {
        return (a == b).then_some(0);
    }
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().min().is_some_and(|m| *m > most + 1) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    Some(above[b.len()]).filter(|d| *d <= most)
}

/// An error about a file as a whole.
pub fn about_file(file: &str, code: &'static str, message: String) -> Diagnostic {
    let mut report = Report::new(file, "");
    report.error(0..0, code, message);
    report.finish().remove(0)
}
