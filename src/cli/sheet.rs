//! `lifeboat plan --print`: a plan as a sheet of paper.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use crate::desk::chain;
use crate::export::{Paper, Printed, sheet_html, sheet_pdf};
use crate::runbook::model::Strategy;

use super::plan::find;
use super::{Args, FAILED, FINE, Sheet, USAGE};

/// What is to be printed, and where it goes.
#[derive(Debug, Clone)]
pub struct Print {
    /// Form.
    pub sheet: Sheet,
    /// Size of the PDF's pages; a browser asks for its own.
    pub paper: Paper,
    /// File; none is stdout.
    pub out: Option<PathBuf>,
}

/// Makes a plan's sheet.
pub fn run(args: &Args, name: &str, strategy: Option<Strategy>, print: &Print) -> u8 {
    if matches!(print.sheet, Sheet::Pdf) && print.out.is_none() && std::io::stdout().is_terminal() {
        say!("lifeboat: a PDF is nothing for a terminal; name a file with --out FILE, or redirect the output");
        return USAGE;
    }
    let plan = match find(args, name, strategy) {
        Ok(found) => found.plan,
        Err(why) => {
            say!("lifeboat: {why}");
            return USAGE;
        }
    };
    let printed = Printed { at: jiff::Timestamp::now().as_millisecond() };
    let bytes = match print.sheet {
        Sheet::Html => Ok(sheet_html(&plan, &printed).into_bytes()),
        Sheet::Pdf => sheet_pdf(&plan, &printed, print.paper),
    };
    let written = bytes.map_err(|e| chain(&e)).and_then(|bytes| match &print.out {
        Some(file) => std::fs::write(file, bytes)
            .map_err(|e| format!("cannot write {}: {e}; check the folder and its permissions", file.display())),
        None => {
            // What is lost is told at the end.
            super::say::written(std::io::stdout().lock().write_all(&bytes));
            Ok(())
        }
    });
    match written {
        Ok(()) => FINE,
        Err(why) => {
            say!("lifeboat: {why}");
            FAILED
        }
    }
}
