//! The evidence of record: one ZIP with the stored bytes of a run, its checkpoints and keys, its evidence, and renderings.
//!
//! Nothing is compressed, the order is fixed and no file has a time of its own: the same run gives the same bytes. The last
//! member names all others with size and SHA-256.

use std::io::{self, Read, Seek, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::dossier::Dossier;
use super::utc;
use crate::record::PROMISE;
use crate::units::{hex, visible};

/// Version of the manifest and of the list of keys.
const VERSION: u32 = 1;
/// A second verifier goes along, so that nobody has to believe this one.
const VERIFIER: &[u8] = include_bytes!("verify.py");
/// What is copied at once.
const PIECE: usize = 64 * 1024;

/// A file that is in the bundle as it lies on the disk.
pub struct Member {
    /// Name in its folder.
    pub name: String,
    /// Its content.
    pub content: Box<dyn Read>,
}

/// What goes into a bundle beside the dossier.
#[derive(Default)]
pub struct Parts {
    /// Files of the record, in order; withheld lines stand for themselves.
    pub segments: Vec<Member>,
    /// The checkpoint beside the record.
    pub checkpoint: Option<String>,
    /// Torn ends that were set aside.
    pub torn: Vec<Member>,
    /// Notes of all checkpoints that the record holds.
    pub notes: Vec<String>,
    /// Files of evidence.
    pub evidence: Vec<Member>,
    /// Those that the record names and that are not here, or are not what it says.
    pub missing: Vec<String>,
    /// Renderings: name and content.
    pub views: Vec<(String, Vec<u8>)>,
    /// Numbers of the records whose content was kept back.
    pub withheld: Vec<u64>,
}

/// Why a bundle was not written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The archive.
    #[error("the archive could not be written")]
    Zip(#[from] zip::result::ZipError),
    /// A file.
    #[error("a part of the archive could not be read or written")]
    Io(#[from] io::Error),
}

/// Writes a bundle.
pub fn write<W: Write + Seek>(dossier: &Dossier, parts: Parts, out: W) -> Result<W, BundleError> {
    let mut all = Archive { zip: ZipWriter::new(out), files: Vec::new() };
    all.text("README.txt", &readme(dossier, &parts))?;
    all.add("verify.py", VERIFIER)?;
    for m in parts.segments {
        all.add(&format!("record/{}", m.name), m.content)?;
    }
    if let Some(note) = &parts.checkpoint {
        all.text("record/checkpoint", note)?;
    }
    for m in parts.torn {
        all.add(&format!("record/{}", m.name), m.content)?;
    }
    all.text("keys.json", &format!("{:#}\n", keys(dossier)))?;
    all.text("checkpoints.txt", &parts.notes.join("\n--\n"))?;
    for m in parts.evidence {
        all.add(&format!("evidence/{}", m.name), m.content)?;
    }
    for (name, bytes) in &parts.views {
        all.add(&format!("views/{name}"), bytes.as_slice())?;
    }
    let files = std::mem::take(&mut all.files);
    let manifest = json!({ "version": VERSION, "run": dossier.run, "mode": dossier.mode.name(), "files": files });
    all.text("MANIFEST.json", &format!("{manifest:#}\n"))?;
    Ok(all.zip.finish()?)
}

struct Archive<W: Write + Seek> {
    zip: ZipWriter<W>,
    files: Vec<Value>,
}

impl<W: Write + Seek> Archive<W> {
    fn text(&mut self, name: &str, text: &str) -> Result<(), BundleError> {
        self.add(name, text.as_bytes())
    }

    fn add(&mut self, name: &str, mut content: impl Read) -> Result<(), BundleError> {
        let plain = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o600);
        self.zip.start_file(name, plain)?;
        let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
        loop {
            let n = content.read(&mut piece)?;
            if n == 0 {
                break;
            }
            hash.update(&piece[..n]);
            self.zip.write_all(&piece[..n])?;
            bytes += n;
        }
        self.files.push(json!({ "name": name, "bytes": bytes, "sha256": hex(&hash.finalize()) }));
        Ok(())
    }
}

fn keys(dossier: &Dossier) -> Value {
    let keys = dossier
        .keys
        .iter()
        .map(|k| json!({ "key": k.key, "fingerprint": k.fingerprint, "kept": k.kept, "from_record": k.from }));
    json!({ "version": VERSION, "log": dossier.run, "keys": keys.collect::<Vec<_>>() })
}

/// What an auditor reads first; plain ASCII words and short lines, for any screen.
fn readme(dossier: &Dossier, parts: &Parts) -> String {
    let mut out = String::new();
    let mut say = |text: &str| {
        out.push_str(&wrapped(text));
        out.push('\n');
    };
    let title = dossier.story.as_ref().map_or("", |s| s.title.as_str());
    say(&format!("{}  {}", dossier.mode.word(), visible(title)));
    say(&format!("The record of run {}, as of {}.", visible(&dossier.run), utc(dossier.as_of())));
    say("");
    say("WHAT THIS IS");
    say(
        "The folder record/ holds the record of the run byte for byte: one JSON object a line, each with the SHA-256 of its \
         body, each body with the hash of the line before it. Everything in views/ is a rendering of it for people, \
         spreadsheets and log systems; where they differ, the record counts.",
    );
    say("");
    say("CHECK IT");
    say("With nothing but Python 3.9 or newer, in the folder that this archive was unpacked into:");
    say("    python3 verify.py");
    say("    python3 verify.py --checkpoint CHECKPOINT --key KEY");
    say(
        "verify.py uses no package, opens no connection, and is short enough to be read first. It prints a verdict for \
         each question, and ends with 0 (whole), 1 (consistent, with limits that it names), 2 (tampered with or \
         corrupt) or 3 (could not be verified). It checks MANIFEST.json too, and takes the unpacked folder, not the \
         archive.",
    );
    say("With Lifeboat, which takes this archive as it is, or the folder that it was unpacked into:");
    say("    lifeboat verify run.zip --checkpoint CHECKPOINT --key KEY");
    say("By hand, for any line {\"r\":BODY,\"h\":\"HASH\"} of the record:");
    say("    HASH is SHA-256 of one zero byte followed by the exact bytes of BODY;");
    say("    \"prev\" in BODY is the HASH of the line before (64 zeros in the first);");
    say("    \"seq\" counts from 0 without gaps, over all files in order.");
    say(
        "A time stamp (*.tsr in evidence/) is about the file with the same number that ends in .txt. OpenSSL judges it, with \
         the certificates of the authority that signed it, from a source that you trust:",
    );
    say("    openssl ts -verify -data CHECKPOINT.txt -in STAMP.tsr -CAfile AUTHORITY.pem");
    say(
        "Without a checkpoint from elsewhere only the record itself speaks for itself. Ask the people who were there for a \
         checkpoint that they kept (a ticket, a chat, a second laptop), save it as a file, and give it as CHECKPOINT. \
         MANIFEST.json has size and SHA-256 of every other file here; it shows accidents, and proves nothing against \
         whoever can write a new one.",
    );
    say("");
    say("WHAT IS IN IT");
    for (name, what) in [
        ("record/", "the record, the checkpoint beside it, and torn ends (*.torn) that a crash left"),
        ("keys.json", "the signing keys that the record names, with their fingerprints"),
        ("checkpoints.txt", "every checkpoint that the record holds, separated by a line of two hyphens"),
        ("evidence/", "files that the record names by their SHA-256"),
        ("views/", "renderings: CSV, HTML, PDF, OCSF"),
        ("MANIFEST.json", "size and SHA-256 of all of these"),
    ] {
        say(&format!("    {name:<16} {what}"));
    }
    if dossier.keys.is_empty() {
        say("The record names no key: it is not signed.");
    }
    for name in &parts.missing {
        say(&format!("NOT HERE: evidence/{}, which is missing or is not what the record says.", visible(name)));
    }
    if !parts.withheld.is_empty() {
        say("");
        say("WITHHELD");
        say(&format!(
            "The content of {} was kept back: {}. Each stands in its file as {{\"h\":\"HASH\"}}, so that the chain and the \
             tree over all records can still be checked. What other records say of them was not changed. Renderings that \
             tell the run as a whole, torn ends, and evidence that only these records name are left out.",
            super::count(parts.withheld.len(), "record"),
            super::ranges(&parts.withheld),
        ));
    }
    say("");
    say("WHAT IS PROMISED");
    for (head, text) in PROMISE {
        say(&format!("{head}: {text}"));
        say("");
    }
    out
}

/// Lines of at most 78 characters; those that are set in by four blanks stay as they are.
fn wrapped(text: &str) -> String {
    if text.starts_with("    ") {
        return text.to_owned();
    }
    let (mut out, mut width) = (String::new(), 0);
    for word in text.split(' ') {
        if width > 0 && width + 1 + word.chars().count() > 78 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.chars().count();
    }
    out
}
