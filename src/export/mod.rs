//! What leaves the program to be read elsewhere: a plan as a printable sheet, for the hour when the laptop is dead; pictures
//! that another Lifeboat reads; a run in one locked file, for the colleague who takes it over ([`handover`]); and the record
//! of a run for those who audit it: whole with its proofs ([`bundle`], read again by [`archive`]), some records of it ([`excerpt`]), and renderings of
//! a [`dossier::Dossier`] for people, spreadsheets ([`csv`]) and a SIEM ([`ocsf`]).
//!
//! A sheet is laid out once, as a list of [`block::Block`]s made from the plan or the dossier alone; `html` and `pdf` only
//! draw it, so that both say the same. Neither reads a clock: the same plan and the same time give the same bytes, and a
//! record is told as of its last entry.

pub mod archive;
pub mod block;
pub mod bundle;
pub mod csv;
pub mod dossier;
pub mod excerpt;
pub mod handover;
mod html;
pub mod ocsf;
mod pdf;
pub mod qr;
mod sheet;

pub use pdf::Paper;
pub use sheet::sheet;

use self::dossier::Dossier;
use crate::plan::model::Plan;

/// The circumstances of a print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    /// When (UTC ms).
    pub at: i64,
}

/// Why something could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A font in the binary does not read.
    #[error("the built-in font {0} cannot be read; install Lifeboat again, or print the HTML sheet")]
    Font(&'static str),
    /// More than anybody prints.
    #[error("it would fill more than {0} pages, which nobody prints; take HTML instead")]
    TooLong(usize),
    /// A text that no picture holds.
    #[error("this is too much for one picture; send it as text")]
    TooMuchForPicture,
    /// A picture that cannot be read or made.
    #[error("the picture cannot be used ({0}); take it again, sharp and whole, as PNG or JPEG")]
    Picture(String),
    /// The PDF writer refused.
    #[error("the PDF could not be written; print the HTML sheet instead")]
    Pdf(#[from] krilla::error::KrillaError),
}

/// The plan as one HTML file that needs nothing else: no script, no other file, no network.
pub fn sheet_html(plan: &Plan, printed: &Printed) -> String {
    html::render(&sheet(plan, printed))
}

/// The plan as a tagged PDF (PDF/A-2a and PDF/UA-1) for this paper.
///
/// A character that the sheet's font lacks is printed as its number, such as `\u{4e2d}`; the HTML sheet shows all.
pub fn sheet_pdf(plan: &Plan, printed: &Printed, paper: Paper) -> Result<Vec<u8>, ExportError> {
    pdf::render(&sheet(plan, printed), printed, paper)
}

/// A run as one HTML file that needs nothing else.
pub fn dossier_html(dossier: &Dossier) -> String {
    html::render(&dossier::pages(dossier))
}

/// A run as a tagged PDF (PDF/A-2a and PDF/UA-1) for this paper.
pub fn dossier_pdf(dossier: &Dossier, paper: Paper) -> Result<Vec<u8>, ExportError> {
    pdf::render(&dossier::pages(dossier), &Printed { at: dossier.as_of() }, paper)
}

/// `2026-11-20T03:14:07.123Z`.
fn utc(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| "unknown time".to_owned(), |t| format!("{t:.3}"))
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// `3, 7-9`: of numbers in order.
pub fn ranges(numbers: &[u64]) -> String {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for n in numbers {
        match all.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*n) => *last = *n,
            _ => all.push((*n, *n)),
        }
    }
    let text = |(a, b): (u64, u64)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    all.into_iter().map(text).collect::<Vec<_>>().join(", ")
}
