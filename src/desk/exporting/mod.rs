//! The record of a run, copied out: which form, of which run, into which file. Needs no Azure and no window.
//!
//! The file is whole and durable before its name is taken. Of an open run the record then says that it was exported, with
//! the hash of the file, and of a closed one the register; where another Lifeboat has the run open, that it is not recorded
//! is said.

mod reading;
mod story;
mod watched;

use std::fs::File;
use std::io::{BufWriter, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::export::bundle::{self, BundleError, Member, Parts};
use crate::export::dossier::{Dossier, People};
use crate::export::excerpt::{self, ExcerptError};
use crate::export::{ExportError, Paper, csv, dossier_html, dossier_pdf, ocsf, ranges};
use crate::journal::{Contents, Disk, Journal, RealDisk, Signs, contents, segment_name};
use crate::record::{Kind, Pin, Segment, lines, walk};
use crate::run::event::Actor;

use self::reading::{Reading, read};
pub use self::watched::{Stage, Watched};
use super::examining::pins;
use super::home::write_new_with;
use super::keeping::{self, Register};
use super::session::Session;
use super::{DeskError, Home, chain};

/// What stands instead of the content of a record that is kept back.
const WITHHELD: &str = "withheld";

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// The record as stored, in one file; with other names it is none any more.
    Jsonl,
    /// For spreadsheets.
    Csv,
    /// One page.
    Html,
    /// For paper.
    Pdf(Paper),
    /// For a SIEM.
    Ocsf,
    /// Everything; the content of these records is kept back.
    Bundle(Vec<u64>),
    /// These records, proven.
    Excerpt(Vec<u64>),
}

impl Wish {
    /// As the record of the export says it.
    fn word(&self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Pdf(_) => "pdf",
            Self::Ocsf => "ocsf",
            Self::Bundle(_) => "bundle",
            Self::Excerpt(_) => "excerpt",
        }
    }
}

/// Why a run is not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportingError {
    /// A record that cannot be kept back.
    #[error("record {seq} cannot be withheld: {why}")]
    NotWithheld {
        /// Number.
        seq: u64,
        /// Why.
        why: &'static str,
    },
    /// A record that is not sound.
    #[error("nothing can be withheld of a record that {0}: export it whole")]
    NotPlain(&'static str),
    /// An excerpt.
    #[error(transparent)]
    Excerpt(#[from] ExcerptError),
    /// A form.
    #[error(transparent)]
    Form(#[from] ExportError),
    /// The archive.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Another is on its way.
    #[error("another export is on its way: wait for it, or stop it")]
    Busy,
    /// Whoever waited for it does not want it any more.
    #[error("the export was stopped: nothing was written")]
    Stopped,
    /// The numbers of a list.
    #[error("`{0}` is no list of records; write numbers and ranges, such as 12,40-44")]
    Numbers(String),
}

impl ExportingError {
    /// Another wish would help.
    pub fn is_wish(&self) -> bool {
        match self {
            Self::NotWithheld { .. } | Self::NotPlain(_) | Self::Numbers(_) => true,
            Self::Excerpt(e) => matches!(e, ExcerptError::NoRecord(_) | ExcerptError::NotCovered { .. }),
            Self::Form(_) | Self::Bundle(_) | Self::Stopped | Self::Busy => false,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Bytes of the file.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// What whoever asked for it has to know.
    pub notes: Vec<String>,
}

/// An export that is made, and what is to be recorded of it.
#[derive(Debug)]
pub struct Made {
    /// What came of it.
    pub exported: Exported,
    /// The run's folder.
    dir: PathBuf,
    /// Where the file lies.
    to: PathBuf,
    /// What the record says of it.
    pub(super) told: Value,
}

/// Where runs are kept, and who asks.
pub struct Source<'a> {
    /// The data folder.
    pub home: &'a Home,
    /// The disk its journals are on.
    pub disk: &'a Arc<dyn Disk>,
    /// The operator.
    pub operator: &'a str,
    /// What signs records here.
    pub signs: Option<Signs>,
}

/// A run as its exports tell it, read from its folder.
pub fn dossier(disk: &dyn Disk, dir: &Path, pins: &[Pin], pseudonyms: bool) -> Result<Dossier, DeskError> {
    let Reading { mut dossier, people, .. } = read(disk, dir, pins, None)?;
    if pseudonyms {
        people.hide(&mut dossier);
    }
    Ok(dossier)
}

/// `12,40-44` in order, each once. The most that a run can hold is far below what a list may name.
pub fn numbers(text: &str) -> Result<Vec<u64>, ExportingError> {
    const MOST: u64 = 1_000_000;
    let wrong = || ExportingError::Numbers(crate::units::visible(text));
    let mut out = std::collections::BTreeSet::new();
    for part in text.split(',').map(str::trim) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |t: &str| t.trim().parse::<u64>().map_err(|_| wrong());
        let (from, to) = (number(from)?, number(to)?);
        if from > to || to - from >= MOST || out.len() as u64 > MOST {
            return Err(wrong());
        }
        out.extend(from..=to);
    }
    Ok(out.into_iter().collect())
}

impl Source<'_> {
    /// Writes a run into a new file, and records that.
    pub fn export(&self, run: &str, wish: &Wish, pseudonyms: bool, out: &Path) -> Result<Exported, DeskError> {
        let mut made = self.make(run, wish, pseudonyms, out, &Watched::default())?;
        made.exported.notes.extend(self.record(&made));
        Ok(made.exported)
    }

    /// Writes a run into a new file, for somebody who may stop it. What is not finished leaves nothing.
    pub fn make(
        &self,
        run: &str,
        wish: &Wish,
        pseudonyms: bool,
        out: &Path,
        watched: &Watched<'_>,
    ) -> Result<Made, DeskError> {
        let dir = self.home.find_run(self.disk.as_ref(), run)?;
        if out.symlink_metadata().is_ok() {
            return Err(DeskError::Exists(out.to_owned()));
        }
        let mut notes = Vec::new();
        watched.at(Stage::Reading)?;
        let content = self.content(&dir, wish, pseudonyms, &mut notes)?;
        watched.at(Stage::Writing(0))?;
        let written = write_new_with(out, |file| {
            let mut file = watched.write(file);
            match content {
                Content::Bytes(all) => file.write_all(&all)?,
                Content::Rows(write, dossier) => {
                    let mut file = BufWriter::with_capacity(1 << 16, &mut file);
                    write(&dossier, &mut file)?;
                    file.flush()?;
                }
                Content::Bundle(dossier, parts) => {
                    let file = BufWriter::with_capacity(1 << 16, &mut file);
                    bundle::write(&dossier, *parts, file).map_err(std::io::Error::other)?.flush()?;
                }
            }
            Ok(())
        });
        if let Err(e) = written {
            // Why it could not be written may be that nobody wants it.
            watched.wanted()?;
            return Err(e);
        }
        let real: Arc<dyn Disk> = Arc::new(RealDisk);
        let (bytes, sha256) =
            super::handover::hashed(&real, out).map_err(|source| DeskError::Save { path: out.to_owned(), source })?;
        let form = if pseudonyms { format!("{}, pseudonyms", wish.word()) } else { wish.word().to_owned() };
        let file = out.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let told = json!({ "format": form, "file": file, "bytes": bytes, "sha256": sha256 });
        let to = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
        Ok(Made { exported: Exported { bytes, sha256, notes }, dir, to, told })
    }

    fn content(
        &self,
        dir: &Path,
        wish: &Wish,
        pseudonyms: bool,
        notes: &mut Vec<String>,
    ) -> Result<Content, DeskError> {
        if *wish == Wish::Jsonl && !pseudonyms {
            // Even of a version that is not known here.
            return Ok(Content::Bytes(stored(&contents(self.disk.as_ref(), dir)?, notes)));
        }
        let keeping = Register::sound(self.disk.as_ref(), self.home).ok();
        let keeping = keeping.map(|k| if pseudonyms { k.nameless() } else { k });
        let mut all = read(self.disk.as_ref(), dir, &pins(self.home), keeping.as_ref())?;
        if pseudonyms {
            all.people.hide(&mut all.dossier);
        }
        if all.dossier.report.break_count > 0 {
            let why = reading::first_break(&all.dossier.report);
            notes.push(format!("the record is damaged ({why}); what was exported says so"));
        }
        Ok(match wish {
            Wish::Jsonl => Content::Bytes(view(&all.found, &all.people)?),
            Wish::Csv => Content::Rows(|d, out| csv::write(d, &mut { out }), Box::new(all.dossier)),
            Wish::Ocsf => Content::Rows(|d, out| ocsf::write(d, &mut { out }), Box::new(all.dossier)),
            Wish::Html => Content::Bytes(dossier_html(&all.dossier).into_bytes()),
            Wish::Pdf(paper) => Content::Bytes(dossier_pdf(&all.dossier, *paper).map_err(ExportingError::from)?),
            Wish::Bundle(withheld) => {
                let parts = self.parts(dir, &mut all, withheld, notes)?;
                Content::Bundle(Box::new(all.dossier), Box::new(parts))
            }
            Wish::Excerpt(wanted) => Content::Bytes(excerpt(&all, wanted)?),
        })
    }

    fn parts(
        &self,
        dir: &Path,
        all: &mut Reading,
        withheld: &[u64],
        notes: &mut Vec<String>,
    ) -> Result<Parts, DeskError> {
        let found = std::mem::take(&mut all.found);
        let mut parts = Parts { withheld: withheld.to_vec(), notes: all.notes.clone(), ..Parts::default() };
        may_withhold(&all.dossier, withheld)?;
        for (number, bytes) in found.segments {
            let bytes = if withheld.is_empty() { bytes } else { without(&bytes, withheld) };
            parts.segments.push(member(segment_name(number), bytes));
        }
        parts.checkpoint = found.checkpoint;
        if withheld.is_empty() {
            for name in found.torn {
                let path = dir.join(&name);
                let bytes = self.disk.read(&path, 0, crate::journal::MAX_RUN as usize);
                let bytes = bytes.map_err(|source| DeskError::Save { path, source })?;
                parts.torn.push(member(name, bytes));
            }
        }
        self.evidence(dir, all, withheld, &mut parts);
        for name in &parts.missing {
            notes.push(format!("the evidence {name} is missing, or is not what the record says, and did not go along"));
        }
        if !withheld.is_empty() {
            keep_back(&mut all.dossier, withheld);
            notes.push(format!("withheld: {}; the renderings of the whole run are left out", ranges(withheld)));
        }
        parts.views = views(&all.dossier, withheld.is_empty(), notes)?;
        Ok(parts)
    }

    /// The files that records name which are not kept back.
    fn evidence(&self, dir: &Path, all: &Reading, withheld: &[u64], parts: &mut Parts) {
        let open: std::collections::BTreeSet<&String> =
            all.named.iter().filter(|(seq, _)| withheld.binary_search(seq).is_err()).map(|(_, file)| file).collect();
        let told = all.dossier.report.evidence_files.clone().unwrap_or_default();
        for file in open {
            let path = dir.join(super::evidence::FOLDER).join(file);
            let sound = super::evidence::is_kept(file) && !told.missing.contains(file) && !told.altered.contains(file);
            match File::open(&path) {
                Ok(content) if sound => {
                    parts.evidence.push(Member { name: file.clone(), content: Box::new(content) });
                }
                _ => parts.missing.push(file.clone()),
            }
        }
    }

    /// The record of an open run says that it was exported, and the register that a closed one was; what could not be
    /// recorded is said instead.
    pub fn record(&self, made: &Made) -> Option<String> {
        let noted = self.note(&made.dir, Kind::Export, made.told.clone());
        let done = noted.and_then(|noted| if noted { Ok(()) } else { self.register(made) });
        done.err().map(|e| unrecorded("export", &e))
    }

    /// Adds to the record of a run what is no event of it; false: it takes no more.
    pub(super) fn note(&self, dir: &Path, kind: Kind, d: Value) -> Result<bool, DeskError> {
        let mut session = Session::open(self.disk, self.home, dir.to_owned(), None, self.signs.clone())?;
        if session.works() {
            super::handover::stand(&mut session)?;
            session.told(self.operator, kind, d)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// For a record that takes no more.
    fn register(&self, made: &Made) -> Result<(), DeskError> {
        let run = made.dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let register = Register { home: self.home, disk: self.disk, signs: self.signs.clone() };
        let by = Actor::Operator(self.operator.to_owned());
        register.write(&by, &[keeping::export(&run, &made.told, &made.to.display().to_string())])
    }
}

/// What is said of something that could not be recorded.
pub(super) fn unrecorded(what: &str, e: &DeskError) -> String {
    format!("the {what} is not recorded: {}", chain(e))
}

fn excerpt(all: &Reading, wanted: &[u64]) -> Result<Vec<u8>, DeskError> {
    let checkpoint = all.fitting.last().ok_or(ExportingError::from(ExcerptError::NoCheckpoint))?;
    let leaves: Vec<_> = all.dossier.rows.iter().map(|r| r.h).collect();
    let segments = all.found.segments();
    let mut chosen = std::collections::BTreeMap::new();
    walk(&segments, true, &[], &mut |read| {
        if wanted.binary_search(&read.envelope.seq).is_ok() {
            chosen.insert(read.envelope.seq, read.line);
        }
    });
    let line = |seq: u64| chosen.get(&seq).and_then(|l| std::str::from_utf8(l).ok());
    let made =
        excerpt::make(all.dossier.mode.name(), checkpoint, &leaves, wanted, line).map_err(ExportingError::from)?;
    let text = serde_json::to_vec_pretty(&made);
    let mut text = text.map_err(|e| DeskError::Save { path: PathBuf::from("the excerpt"), source: e.into() })?;
    text.push(b'\n');
    Ok(text)
}

/// What goes into the file.
enum Content {
    Bytes(Vec<u8>),
    Rows(fn(&Dossier, &mut dyn Write) -> std::io::Result<()>, Box<Dossier>),
    Bundle(Box<Dossier>, Box<Parts>),
}

fn member(name: String, bytes: Vec<u8>) -> Member {
    Member { name, content: Box::new(Cursor::new(bytes)) }
}

/// The lines that count, byte for byte, in one file. Of a damaged record everything, so that the damage shows.
fn stored(found: &Contents, notes: &mut Vec<String>) -> Vec<u8> {
    let segments = found.segments();
    let mut out = Vec::new();
    let seen = walk(&segments, true, &[], &mut |read| {
        out.extend_from_slice(read.line);
        out.push(b'\n');
    });
    if seen.break_count > 0 {
        notes.push("the record is damaged; it was copied as it is".to_owned());
        return segments.iter().flat_map(|s: &Segment<'_>| s.bytes).copied().collect();
    }
    let torn: usize = seen.torn.iter().map(|t| t.bytes).sum();
    if torn > 0 || seen.left_records + seen.left_bytes > 0 {
        notes.push(
            "what failed writes left behind is not part of the one file; a bundle has every file as it is".to_owned(),
        );
    }
    out
}

/// Records with other names. Their hashes name the records they were made from; they are none themselves.
fn view(found: &Contents, people: &People) -> Result<Vec<u8>, DeskError> {
    let hide = people.hide_in();
    let (mut out, mut trouble) = (Vec::new(), None);
    walk(&found.segments(), true, &[], &mut |read| match serde_json::from_slice::<Value>(read.body) {
        Ok(mut body) => {
            hide(&mut body);
            let line = json!({ "view": "pseudonyms", "h": read.hex, "record": body });
            out.extend_from_slice(line.to_string().as_bytes());
            out.push(b'\n');
        }
        Err(e) => trouble = Some((read.envelope.seq, read.envelope.kind.to_string(), e.to_string())),
    });
    match trouble {
        Some((seq, kind, why)) => Err(DeskError::Record { seq, kind, why }),
        None => Ok(out),
    }
}

/// The chain must still hold, and nothing kept back may stand elsewhere.
fn may_withhold(dossier: &Dossier, withheld: &[u64]) -> Result<(), ExportingError> {
    let r = &dossier.report;
    if withheld.is_empty() {
        return Ok(());
    }
    if r.break_count > 0 {
        return Err(ExportingError::NotPlain("is damaged"));
    }
    if r.torn_bytes > 0 || r.left_records + r.left_bytes > 0 {
        return Err(ExportingError::NotPlain("holds what failed writes left, which may repeat it"));
    }
    for seq in withheld {
        let not = |why| Err(ExportingError::NotWithheld { seq: *seq, why });
        match dossier.rows.iter().find(|row| row.seq == *seq).map(|row| &*row.kind) {
            None => return not("there is no such record"),
            Some(kind) if kind.starts_with("log.") => {
                return not("it is about the record itself, which could not be checked without it");
            }
            Some(_) if *seq == 0 => return not("the first record names the log"),
            Some(_) => {}
        }
    }
    Ok(())
}

/// A file in which these records stand by their hashes alone.
fn without(bytes: &[u8], withheld: &[u64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in lines(bytes) {
        match line.read() {
            Ok(read) if withheld.binary_search(&read.envelope.seq).is_ok() => {
                out.extend_from_slice(format!("{{\"h\":\"{}\"}}\n", read.hex).as_bytes());
            }
            _ => {
                out.extend_from_slice(line.bytes);
                if line.ended {
                    out.push(b'\n');
                }
            }
        }
    }
    out
}

/// Takes the content of these records out of the rows.
fn keep_back(dossier: &mut Dossier, withheld: &[u64]) {
    let mut before = 0;
    for row in &mut dossier.rows {
        if withheld.binary_search(&row.seq).is_err() {
            before = row.ts;
            continue;
        }
        for text in [&mut row.step, &mut row.target, &mut row.request] {
            text.clear();
        }
        row.kind = Arc::from(WITHHELD);
        (row.actor, row.text) = (WITHHELD.to_owned(), "the content of this record was withheld".to_owned());
        (row.who, row.act, row.outcome) = (None, None, crate::export::dossier::Outcome::Unknown);
        row.more.clear();
        // Not earlier than the record before it: more is not told.
        (row.at, row.ts, row.device, row.app) = (before, before, Arc::from(WITHHELD), Arc::from(""));
    }
}

/// The renderings that go along.
fn views(dossier: &Dossier, whole: bool, notes: &mut Vec<String>) -> Result<Vec<(String, Vec<u8>)>, DeskError> {
    let save = |source| DeskError::Save { path: PathBuf::from("views"), source };
    let (mut table, mut events) = (Vec::new(), Vec::new());
    csv::write(dossier, &mut table).map_err(save)?;
    ocsf::write(dossier, &mut events).map_err(save)?;
    let mut views = vec![("record.csv".to_owned(), table)];
    if whole {
        views.push(("record.html".to_owned(), dossier_html(dossier).into_bytes()));
        match dossier_pdf(dossier, Paper::A4) {
            Ok(pdf) => views.push(("record.pdf".to_owned(), pdf)),
            Err(e) => notes.push(format!("the PDF was left out of the bundle: {}", chain(&e))),
        }
    }
    views.push(("record.ocsf.jsonl".to_owned(), events));
    Ok(views)
}

impl Session {
    /// Records what was done with the record, with a checkpoint behind it.
    pub(super) fn told(&mut self, operator: &str, kind: Kind, d: Value) -> Result<(), DeskError> {
        self.note(Actor::Operator(operator.to_owned()), kind, d)?;
        self.seal();
        Ok(())
    }

    /// Records what is no event of the run: its state stays what it is.
    fn note(&mut self, actor: Actor, kind: Kind, d: Value) -> Result<(), DeskError> {
        let at = self.epoch.map(|_| self.clock.now().mono);
        let mut line =
            crate::journal::Draft::new(kind, super::record::mode(self.mode), super::record::actor(&actor), d);
        line.at = at;
        let journal: &mut Journal = self.journal()?;
        journal.append(&[line]).map(drop).map_err(DeskError::from)
    }
}
