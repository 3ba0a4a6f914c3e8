//! What leaves the program to be read elsewhere: a plan as a printable sheet, for the hour when the laptop is dead; pictures
//! that another Lifeboat reads; and a run in one locked file, for the colleague who takes it over ([`handover`]).
//!
//! The sheet is laid out once, as a list of [`block::Block`]s made from the plan alone; `html` and `pdf` only draw it, so that
//! both say the same. Neither reads a clock: the same plan and the same time give the same bytes.

pub mod block;
pub mod handover;
mod html;
mod pdf;
pub mod qr;
mod sheet;

pub use pdf::Paper;
pub use sheet::sheet;

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
    #[error("the plan fills more than {0} pages; shorten its runbook, or print the HTML sheet")]
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
