//! What proves something: a text in the record, or a file copied into the run's folder and named there by its SHA-256.
//!
//! The copy is whole and durable before the record names it. A crash in between leaves a copy that no record names; nobody
//! was told that it is kept, and it goes when the next one comes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::journal::Disk;
use crate::run::command::{Command as Order, StepCommand};
use crate::run::event::{Actor, Evidence};
use crate::run::state::Run;
use crate::runbook::model::StepId;
use crate::units::{hex, sha256_hex};

use super::DeskError;
use super::supervisor::Desk;

/// Folder of a run's evidence.
pub const FOLDER: &str = "evidence";
/// Bytes of one file: a screen recording of a minute; a memory dump is no evidence for a run.
pub const MAX_FILE: u64 = 50 * 1024 * 1024;
/// Bytes of a run's evidence: it has to fit into a file for a colleague.
pub const MAX_ALL: u64 = 500 * 1024 * 1024;
/// Files of a run; people keep dozens.
pub const MAX_FILES: usize = 1_000;
/// A longer text becomes a file: records hold 64 KiB, and are read by people.
pub const IN_RECORD: usize = 8 * 1024;
/// Characters of a name.
const MAX_NAME: usize = 120;
/// Characters of a file's name that are kept in its copy's.
const KEPT_NAME: usize = 60;
/// Digits of the SHA-256 before it.
const DIGITS: usize = 16;
/// What is copied at once.
const PIECE: usize = 256 * 1024;
/// A copy that is not whole yet.
const PART: &str = ".part";

/// Why something is not kept as evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Not a file of its own.
    #[error("{} is {what}, not a file of its own; give the file itself", path.display())]
    NoFile {
        /// Which.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Too large.
    #[error("{} has more than {} MiB, which is what a piece of evidence may have; cut it, or note where it lies and its SHA-256", .0.display(), MAX_FILE >> 20)]
    TooBig(PathBuf),
    /// Too much in all.
    #[error("the evidence of this run would be more than {} MiB or {MAX_FILES} files; keep this elsewhere, and note where it lies", MAX_ALL >> 20)]
    TooMuch,
    /// Nothing in it.
    #[error("there is nothing in {0}; evidence that is empty proves nothing")]
    Empty(String),
    /// A call failed.
    #[error("could not {doing} {}, so it was not kept; check the disk and the rights", path.display())]
    Io {
        /// Which.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl EvidenceError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}

/// A copy under the name it is kept by.
struct Kept {
    what: Evidence,
    /// It was here before, by another record.
    shared: bool,
}

/// The folder of one run's evidence.
struct Folder<'a> {
    disk: &'a Arc<dyn Disk>,
    dir: PathBuf,
    run: &'a Run,
}

/// Whether a name is one that copies have.
pub fn is_kept(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let digits = name.split_once('-').map_or("", |(digits, _)| digits);
    let hash = digits.len() == DIGITS && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    hash && name.chars().all(good) && name.len() <= DIGITS + 1 + KEPT_NAME && !name.ends_with(PART)
}

/// The name of a copy: what it is, by its content, and what it was called.
fn kept_name(sha256: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    // The end of a name tells the kind of file.
    let skipped = name.chars().count().saturating_sub(KEPT_NAME);
    let name: String = name.chars().skip(skipped).map(plain).collect();
    let name = name.trim_end_matches('.');
    let name = if name.is_empty() || name.ends_with(PART) { "file" } else { name };
    format!("{}-{name}", sha256.get(..DIGITS).unwrap_or_default())
}

/// A name for people, on one line.
fn named(name: &str, otherwise: &str) -> String {
    let name = if name.trim().is_empty() { otherwise } else { name.trim() };
    crate::units::visible(name).replace(['\n', '\t'], " ").chars().take(MAX_NAME).collect()
}

/// A file of a person's, and nothing that is reached through it: what a link leads to was not looked at.
fn opened(path: &Path) -> Result<File, EvidenceError> {
    let refused = |what| EvidenceError::NoFile { path: path.to_owned(), what };
    let kind = path.symlink_metadata().map_err(EvidenceError::io("read", path))?.file_type();
    match kind {
        k if k.is_symlink() => return Err(refused("a link")),
        k if k.is_dir() => return Err(refused("a folder")),
        k if !k.is_file() => return Err(refused("a device or a pipe")),
        _ => {}
    }
    let mut options = File::options();
    options.read(true);
    // It may have become another since; a pipe would be waited for.
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    let file = options.open(path).map_err(EvidenceError::io("read", path))?;
    let about = file.metadata().map_err(EvidenceError::io("read", path))?;
    if !about.is_file() {
        return Err(refused("no plain file any more"));
    }
    if about.len() > MAX_FILE {
        return Err(EvidenceError::TooBig(path.to_owned()));
    }
    Ok(file)
}

/// SHA-256 of a file in a run's folder of evidence, by the name that the record gives it. `None`: it is not there, or cannot
/// be read; empty: something else stands in its place.
pub fn sha256_of(run: &Path, file: &str) -> Option<String> {
    if !is_kept(file) {
        return None;
    }
    match opened(&run.join(FOLDER).join(file)) {
        Ok(file) => {
            let mut hash = Sha256::new();
            let read = super::incoming::hash_into(&mut file.take(MAX_FILE), &mut hash);
            read.ok().map(|_| hex(&hash.finalize()))
        }
        Err(EvidenceError::Io { .. }) => None,
        Err(_) => Some(String::new()),
    }
}

impl Folder<'_> {
    /// Copies what can be read, and says what was copied. `path` is for words only.
    fn keep(&self, from: &mut dyn Read, path: &Path, name: &str) -> Result<Kept, EvidenceError> {
        self.sweep()?;
        let (files, all) = self.there();
        if files >= MAX_FILES {
            return Err(EvidenceError::TooMuch);
        }
        let part = self.dir.join(format!("copy{PART}"));
        let copied = self.copy(from, path, &part, all);
        let kept = copied.and_then(|(bytes, sha256)| {
            if bytes == 0 {
                return Err(EvidenceError::Empty(path.display().to_string()));
            }
            let file = kept_name(&sha256, name);
            let shared = self.run.evidence.iter().any(|(_, _, e)| e.file.as_deref() == Some(&file));
            let place = self.dir.join(&file);
            self.disk.rename(&part, &place).map_err(EvidenceError::io("keep", &place))?;
            self.disk.sync_dir(&self.dir).map_err(EvidenceError::io("keep", &place))?;
            let what = Evidence { name: name.to_owned(), sha256, text: String::new(), bytes, file: Some(file) };
            Ok(Kept { what, shared })
        });
        if kept.is_err() {
            let _ = self.disk.remove(&part);
        }
        kept
    }

    fn copy(&self, from: &mut dyn Read, path: &Path, to: &Path, all: u64) -> Result<(u64, String), EvidenceError> {
        let write = || EvidenceError::io("write", to);
        let mut out = self.disk.create_new(to).map_err(write())?;
        let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0u64, vec![0; PIECE]);
        loop {
            let n = match from.read(&mut piece) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                n => n.map_err(EvidenceError::io("read", path))?,
            };
            if n == 0 {
                break;
            }
            bytes += n as u64;
            // It may grow while it is read.
            if bytes > MAX_FILE {
                return Err(EvidenceError::TooBig(path.to_owned()));
            }
            if all + bytes > MAX_ALL {
                return Err(EvidenceError::TooMuch);
            }
            hash.update(&piece[..n]);
            out.write_all(&piece[..n]).map_err(write())?;
        }
        out.sync_all().map_err(write())?;
        Ok((bytes, hex(&hash.finalize())))
    }

    /// Files that the record names, and their size in all.
    fn there(&self) -> (usize, u64) {
        let mut seen = std::collections::BTreeMap::new();
        for (_, _, e) in &self.run.evidence {
            if let Some(file) = &e.file {
                seen.insert(file.as_str(), e.bytes);
            }
        }
        (seen.len(), seen.values().sum())
    }

    /// Makes the folder, and takes away copies that no record names.
    fn sweep(&self) -> Result<(), EvidenceError> {
        let make = || EvidenceError::io("make", &self.dir);
        let Ok(names) = self.disk.list(&self.dir) else {
            self.disk.create_dir_all(&self.dir).map_err(make())?;
            return self.disk.sync_dir(crate::journal::parent(&self.dir)).map_err(make());
        };
        let named = |n: &str| self.run.evidence.iter().any(|(_, _, e)| e.file.as_deref() == Some(n));
        for e in names.iter().filter(|e| !e.dir && !named(&e.name) && (is_kept(&e.name) || e.name.ends_with(PART))) {
            let path = self.dir.join(&e.name);
            self.disk.remove(&path).map_err(EvidenceError::io("remove", &path))?;
        }
        Ok(())
    }
}

/// Of a step, or of the run.
fn proven(step: Option<StepId>, what: Evidence) -> Order {
    match step {
        Some(step) => Order::Step(step, StepCommand::Evidence(what)),
        None => Order::Evidence(what),
    }
}

impl Desk {
    /// A text that proves something.
    pub(super) fn evidence_text(&mut self, step: Option<StepId>, name: &str, text: &str) -> Result<(), DeskError> {
        let name = named(name, "a text");
        if text.trim().is_empty() {
            return Err(EvidenceError::Empty(format!("“{name}”")).into());
        }
        if text.len() > IN_RECORD {
            let file = if name.contains('.') { name } else { format!("{name}.txt") };
            return self.keep_evidence(step, &mut text.as_bytes(), Path::new(&file), &file);
        }
        let (bytes, sha256) = (text.len() as u64, sha256_hex(text.as_bytes()));
        let what = Evidence { name, sha256, text: text.to_owned(), bytes, file: None };
        self.order(proven(step, what))
    }

    /// A file that proves something.
    pub(super) fn evidence_file(&mut self, step: Option<StepId>, path: &Path) -> Result<(), DeskError> {
        // Refused runs make no copies.
        self.may_add()?;
        let name = named(&path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()), "a file");
        let mut file = opened(path)?;
        self.keep_evidence(step, &mut file, path, &name)
    }

    /// What proves that a checkpoint left, as a file; also when the run has just ended. Its name in the folder, and its SHA-256.
    pub(super) fn keep_proof(&mut self, bytes: &[u8], name: &str) -> Result<(String, String), DeskError> {
        let disk = self.options.disk.clone();
        let session = &self.opened()?.session;
        let folder = Folder { disk: &disk, dir: session.dir.join(FOLDER), run: &session.run };
        let mut from = bytes;
        let kept = tokio::task::block_in_place(|| folder.keep(&mut from, Path::new(name), name))?;
        let there = (kept.what.file.clone().unwrap_or_default(), kept.what.sha256.clone());
        self.order_as(Actor::System, proven(None, kept.what))?;
        Ok(there)
    }

    /// Whether anything can be added to the run on show.
    fn may_add(&mut self) -> Result<(), DeskError> {
        let o = self.opened()?;
        match o.session.read_only() {
            Some(why) => Err(DeskError::ReadOnly(why.to_owned())),
            None if !o.session.works() => Err(crate::run::decide::Refusal::Closed.into()),
            None => Ok(()),
        }
    }

    fn keep_evidence(
        &mut self,
        step: Option<StepId>,
        from: &mut dyn Read,
        path: &Path,
        name: &str,
    ) -> Result<(), DeskError> {
        self.may_add()?;
        let disk = self.options.disk.clone();
        let session = &self.opened()?.session;
        let folder = Folder { disk: &disk, dir: session.dir.join(FOLDER), run: &session.run };
        let kept = tokio::task::block_in_place(|| folder.keep(from, path, name))?;
        let place = kept.what.file.as_ref().map(|f| folder.dir.join(f));
        let done = self.order(proven(step, kept.what));
        if let (Err(_), Some(place), false) = (&done, place, kept.shared) {
            let _ = disk.remove(&place);
        }
        done
    }
}
