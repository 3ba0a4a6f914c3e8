//! What is wrong with a text, where, and what was probably meant.
//!
//! Positions are kept twice: as line and column in characters, for people and editors, and as a byte range, for drawing
//! the line itself.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// More findings than this in one file help nobody; the rest is dropped and said to be.
pub const MAX_DIAGNOSTICS: usize = 500;

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
}

impl<'t> Report<'t> {
    /// For one text.
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self::of(text, vec![(file, 0..text.len())])
    }

    /// For several, joined; each begins on a line of its own.
    pub(crate) fn of(text: &'t str, files: Vec<(&'t str, Range<usize>)>) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { files, text, line_starts, found: Vec::new() }
    }

    /// The file around a byte.
    fn file(&self, byte: usize) -> (&'t str, usize) {
        let at = self.files.partition_point(|(_, r)| r.start <= byte).max(1);
        self.files.get(at - 1).map_or(("", 0), |(name, r)| (name, r.start))
    }

    /// Line and column, from 1, of a byte in its file; inside a character counts as before it.
    fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&s| s <= byte).max(1);
        let start = self.line_starts[line - 1];
        let column = self.text[start..].char_indices().take_while(|(i, _)| start + i < byte).count();
        let above = self.line_starts.partition_point(|&s| s < self.file(byte).1);
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
        if self.full() {
            return;
        }
        let (line, column) = self.position(span.start);
        let (end_line, end_column) = self.position(span.end.max(span.start));
        let message = message.into();
        let (file, start) = self.file(span.start);
        let file = file.to_owned();
        let span = span.start - start..span.end.saturating_sub(start);
        self.found.push(Diagnostic {
            file,
            line,
            column,
            end_line,
            end_column,
            span,
            severity,
            code,
            message,
            suggestion,
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
        self.add(Severity::Error, span, code, message, did_you_mean(name, known));
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
        self.found.len() >= MAX_DIAGNOSTICS
    }

    /// Whether an error was found so far.
    pub(crate) fn has_errors(&self) -> bool {
        self.found.iter().any(Diagnostic::is_error)
    }

    /// Everything found, file by file in the order of the text.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        let order = |d: &Diagnostic| self.files.iter().position(|(name, _)| *name == d.file);
        self.found.sort_by_key(|d| (order(d), d.span.start, d.severity, d.code));
        self.found.dedup();
        self.found
    }
}

/// "did you mean …", or the known names when none is near and they are few.
pub(crate) fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    /// A list longer than this is no help in a terminal line.
    const LISTED: usize = 10;
    /// Comparing with more names than this would make a bad file slow to refuse.
    const COMPARED: usize = 500;
    let known: Vec<&str> = known.into_iter().take(COMPARED).collect();
    let written = name.to_lowercase();
    let same_start = |k: &str| written.chars().zip(k.to_lowercase().chars()).take_while(|(a, b)| a == b).count();
    let rank = |k: &&&str| (distance(&written, &k.to_lowercase()), std::cmp::Reverse(same_start(k)));
    match known.iter().min_by_key(rank) {
        Some(k) if near(name, k).is_some() => Some(format!("did you mean `{k}`?")),
        _ if known.is_empty() || known.len() > LISTED => None,
        _ => Some(format!("known are {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "))),
    }
}

/// Whether a word may be a misspelling of another: how far it is, if that is not too far.
pub(crate) fn near(written: &str, known: &str) -> Option<usize> {
    let (written, known) = (written.to_lowercase(), known.to_lowercase());
    let length = written.chars().count();
    let d = distance(&written, &known);
    (d <= (length / 3).max(2).min(length.saturating_sub(1))).then_some(d)
}

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    /// Nobody misspells a word longer than this by one letter; keeps the table small.
    const LONGEST: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(LONGEST).collect(), b.chars().take(LONGEST).collect());
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
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// An error about a file as a whole.
pub fn about_file(file: &str, code: &'static str, message: String) -> Diagnostic {
    let mut report = Report::new(file, "");
    report.error(0..0, code, message);
    report.finish().remove(0)
}
