//! `lifeboat export`: the record of a run in a file, for those who audit it, read it, or collect it.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args as Arguments, ValueEnum};

use crate::desk::exporting::{self, ExportingError, Source, numbers};
use crate::desk::signing;
use crate::desk::{DeskError, Home, chain};
use crate::export::Paper;
use crate::journal::{Disk, RealDisk};

use super::{Args, FAILED, FINE, USAGE, operator};

/// Which run, in which form, into which file.
#[derive(Debug, Clone, Arguments)]
pub struct Wish {
    /// Run id, or its last four characters
    run: String,
    /// Form of the file
    #[arg(long, value_enum)]
    format: Format,
    /// File to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// For an excerpt: which records, such as 12,40-44
    #[arg(long, value_name = "NUMBERS", required_if_eq("format", "excerpt"))]
    entries: Option<String>,
    /// Replace the names of people and devices (Person 1, Device 1); not for a bundle or an excerpt
    #[arg(long)]
    pseudonyms: bool,
    /// For a bundle: keep the content of these records back, such as 12,40-44; their hashes stay
    #[arg(long, value_name = "NUMBERS")]
    withhold: Option<String>,
    /// Paper of the PDF: a4 or letter
    #[arg(long, value_name = "PAPER", default_value = "a4")]
    paper: Paper,
}

/// Forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The record as stored, in one file
    Jsonl,
    /// A spreadsheet: one row a record
    Csv,
    /// One page for a browser, without script and without network
    Html,
    /// For paper and signing off (PDF/A, tagged)
    Pdf,
    /// For a SIEM: OCSF 1.3.0 API Activity, one JSON line a record
    Ocsf,
    /// Evidence of record: ZIP with the record, checkpoints, keys, evidence and renderings
    Bundle,
    /// Some records with the proof that they are in the run
    Excerpt,
}

impl Wish {
    /// What is wanted of the desk, or why these options do not go together.
    fn wish(&self) -> Result<exporting::Wish, String> {
        let list = |text: &str| numbers(text).map_err(|e| e.to_string());
        if self.entries.is_some() && self.format != Format::Excerpt {
            return Err("--entries goes with --format excerpt; the other forms hold the whole run".to_owned());
        }
        if self.withhold.is_some() && self.format != Format::Bundle {
            return Err(
                "--withhold goes with --format bundle, where the hashes of what is withheld stay; to show only some records \
                 take --format excerpt --entries"
                    .to_owned(),
            );
        }
        if self.pseudonyms && matches!(self.format, Format::Bundle | Format::Excerpt) {
            return Err(
                "--pseudonyms would change the records, and then nothing of them can be checked: a bundle and an excerpt are \
                 the record itself. Keep records back with --withhold, or export html, pdf, csv, ocsf or jsonl with pseudonyms"
                    .to_owned(),
            );
        }
        Ok(match self.format {
            Format::Jsonl => exporting::Wish::Jsonl,
            Format::Csv => exporting::Wish::Csv,
            Format::Html => exporting::Wish::Html,
            Format::Pdf => exporting::Wish::Pdf(self.paper),
            Format::Ocsf => exporting::Wish::Ocsf,
            Format::Bundle => exporting::Wish::Bundle(self.withhold.as_deref().map_or(Ok(Vec::new()), list)?),
            Format::Excerpt => exporting::Wish::Excerpt(list(self.entries.as_deref().unwrap_or_default())?),
        })
    }
}

/// Writes the file.
pub fn run(args: &Args, wish: &Wish) -> u8 {
    let asked = match wish.wish() {
        Ok(asked) => asked,
        Err(why) => {
            say!("lifeboat: {why}");
            return USAGE;
        }
    };
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let done = Home::find(args.home.as_deref()).and_then(|home| {
        let signs = signing::here(&home)?;
        let source = Source { home: &home, disk: &disk, operator: &operator(&home), signs };
        source.export(&wish.run, &asked, wish.pseudonyms, &wish.out)
    });
    match done {
        Ok(exported) => {
            out!("{}  {}  {} bytes", exported.sha256, wish.out.display(), exported.bytes);
            exported.notes.iter().for_each(|note| say!("lifeboat: {note}"));
            FINE
        }
        Err(e) => {
            say!("lifeboat: {}", chain(&e));
            match &e {
                DeskError::NoSuchRun { .. } | DeskError::Exists(_) => USAGE,
                DeskError::Exporting(e) if ExportingError::is_wish(e) => USAGE,
                _ => FAILED,
            }
        }
    }
}
