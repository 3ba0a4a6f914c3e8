//! What leaves the program to be read elsewhere: the printed plan, and the record of a run in every form.

mod bundle;
mod excerpt;
mod forms;
mod hostile;
mod outside;
mod sheet;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use lifeboat::desk::exporting::dossier;
use lifeboat::export::dossier::Dossier;
use lifeboat::journal::RealDisk;
use serde_json::Value;

use crate::cli::{Said, say};

/// A program of the test machine, fed with bytes; `None` when it is not installed (tests/run installs it).
pub fn piped(program: &str, args: &[&str], input: &[u8]) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(input).unwrap();
    let path = file.path().to_str().unwrap();
    let args = args.iter().map(|a| if *a == "@" { path } else { a });
    match Command::new(program).args(args).stdin(Stdio::null()).output() {
        Ok(out) => {
            assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stderr));
            Some(String::from_utf8(out.stdout).unwrap())
        }
        Err(e) => {
            crate::left_out(&format!("{program}: {e}"));
            None
        }
    }
}

pub fn pdf_text(pdf: &[u8]) -> Option<String> {
    piped("pdftotext", &["-enc", "UTF-8", "@", "-"], pdf)
}

/// One rehearsal that all of these tests read, closed and whole.
struct Rehearsed {
    home: tempfile::TempDir,
    run: String,
    journal: PathBuf,
    told: Value,
}

fn rehearsed() -> &'static Rehearsed {
    static ONE: OnceLock<Rehearsed> = OnceLock::new();
    ONE.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let args = ["rehearse", "region-loss", "--strategy", "hot/warm", "--scripted", "--json"];
        let said = say(home.path(), &args);
        assert_eq!(said.code, 0, "{}", said.err);
        let told = said.json();
        let (run, journal) = (told["run"].as_str().unwrap().to_owned(), told["journal"].as_str().unwrap().into());
        Rehearsed { home, run, journal, told }
    })
}

/// Its id and its folder, for others that need a closed run.
pub fn one() -> (&'static String, &'static Path) {
    (&rehearsed().run, &rehearsed().journal)
}

/// The home that it is in.
pub fn home() -> &'static Path {
    rehearsed().home.path()
}

fn told() -> Dossier {
    dossier(&RealDisk, &rehearsed().journal, &[], false).unwrap()
}

/// Exports a run into a folder of the test's own.
fn export(home: &Path, run: &str, args: &[&str], out: &Path) -> Said {
    let mut all = vec!["export", run, "--out", out.to_str().unwrap(), "--format"];
    all.extend(args);
    say(home, &all)
}

/// The rehearsal in this form: the bytes of its file, and what was said.
fn exported(args: &[&str]) -> (Vec<u8>, Said) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let said = export(rehearsed().home.path(), &rehearsed().run, args, &out);
    assert_eq!(said.code, 0, "{args:?}: {}", said.err);
    (std::fs::read(out).unwrap(), said)
}

/// Rows of an RFC 4180 file; every quote and every line end has to be where they may be.
fn csv_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes).unwrap();
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            (true, '"') => {
                quoted = false;
                assert!(matches!(chars.peek(), Some(',' | '\r')), "behind a quote: {:?}", chars.peek());
            }
            (true, c) => cell.push(c),
            (false, '"') => {
                assert!(cell.is_empty(), "a quote within a bare cell: {cell}");
                quoted = true;
            }
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (false, '\n') => panic!("a bare line feed"),
            (false, c) => cell.push(c),
        }
    }
    assert!(cell.is_empty() && row.is_empty() && !quoted, "the last row has no end");
    rows
}
