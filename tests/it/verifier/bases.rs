//! Journals to be tampered with, written by the journal itself: plain ones, and those that faults, power cuts, recoveries and
//! damage have shaped.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lifeboat::journal::{Draft, Fault, Header, Journal, MemoryDisk, Op, Signs, contents, segment_name};
use lifeboat::record::{Actor, App, Checkpoint, Corr, Kept, Kind, Mode, Person, Rotation, Target};
use lifeboat::units::{Now, sha256_hex};
use serde_json::json;

use super::Random;
use super::forger::Signer;

/// A journal as it lies in a folder, and what was kept of it elsewhere.
#[derive(Clone)]
pub struct Base {
    /// What shaped it.
    pub name: &'static str,
    /// Number and content of each file.
    pub files: Vec<(u64, Vec<u8>)>,
    /// The checkpoint beside it.
    pub beside: Option<String>,
    /// Files of evidence, by name.
    pub evidence: Vec<(String, Vec<u8>)>,
    /// Checkpoints that left the computer, oldest first.
    pub outside: Vec<Checkpoint>,
}

/// A journal being written on a disk of its own.
struct Writer {
    disk: MemoryDisk,
    dir: PathBuf,
    header: Header,
    random: Random,
    outside: Vec<Checkpoint>,
    evidence: Vec<(String, Vec<u8>)>,
}

impl Writer {
    fn new(id: &str, seed: u64, signs: bool) -> Self {
        // A clock of its own, so that the same seed gives records of the same length.
        let mono = AtomicI64::new(0);
        let time = move || {
            let mono = mono.fetch_add(10, Ordering::SeqCst);
            Now { utc: 1_790_000_000_000 + mono, mono: mono as u64, wall: 1_790_000_000_000 + mono }
        };
        let app = App { version: "0.1.0".to_owned(), sha256: None };
        let signs = signs.then(|| Signs { by: Arc::new(Signer::new(1)), kept: Kept::Keyring, rotation: None });
        let new = Header::new(id, Mode::Rehearsal, app, "test device");
        let header = Header { ballast: 0, time: Arc::new(time), signs, ..new };
        Self {
            disk: MemoryDisk::new(),
            dir: Path::new("runs").join(id),
            header,
            random: Random(seed),
            outside: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn create(&self) -> Journal {
        Journal::create(Arc::new(self.disk.clone()), self.dir.clone(), self.header.clone()).unwrap()
    }

    fn open(&self) -> Journal {
        Journal::open(Arc::new(self.disk.clone()), self.dir.clone(), self.header.clone(), None).unwrap().journal
    }

    /// A draft of any kind that the journal does not write itself.
    fn draft(&mut self) -> Draft {
        let own = |k: &&Kind| !k.as_str().starts_with("log.");
        let kinds: Vec<Kind> = Kind::ALL.iter().filter(own).copied().collect();
        // Half of them about what actions do: those are held against each other.
        let kind = match self.random.below(8) {
            0 | 1 => Kind::ActionIntent,
            2 => Kind::ActionResult,
            3 => Kind::ActionIndeterminate,
            4 => Kind::ActionReconciled,
            5 => Kind::EvidenceAdd,
            _ => kinds[self.random.below(kinds.len())],
        };
        let text = ["", "a note", "Ada \"Ü\" L.\n\u{0}\u{1b}[2J", "\u{202e}back\u{1F6DF}", "{\"r\":{\",\"h\":\"\"}"];
        let long = "x".repeat(self.random.below(700));
        let mut d = json!({ "text": text[self.random.below(text.len())], "n": self.random.below(99), "long": long });
        if kind == Kind::EvidenceAdd {
            let bytes = vec![self.random.below(256) as u8; 1 + self.random.below(2_000)];
            let sha256 = sha256_hex(&bytes);
            let file = format!("{}-photo.png", &sha256[..16]);
            d = json!({ "file": file, "sha256": sha256, "bytes": bytes.len(), "name": "photo.png" });
            self.evidence.push((file, bytes));
        }
        let person = Person { name: "Ada \"Ü\" L.\n".to_owned(), ..Person::default() };
        let actor = if self.random.below(2) == 0 { Actor::System } else { Actor::Person(person) };
        let step = (self.random.below(4) > 0).then(|| ["AO-F1", "AO-F2", "V-3"][self.random.below(3)].to_owned());
        let tgt = Target { id: "/subscriptions/1/é".to_owned(), ..Target::default() };
        let corr = Corr { client: Some("0".repeat(36)), status: Some(202), ..Corr::default() };
        let more = self.random.below(3) == 0;
        Draft {
            step,
            at: more.then_some(1_500),
            tgt: more.then_some(tgt),
            corr: more.then_some(corr),
            red: if more { vec!["d.secret".to_owned()] } else { Vec::new() },
            ..Draft::new(kind, Mode::Rehearsal, actor, d)
        }
    }

    /// Some writes of one to four records, and checkpoints between them. A refusal is answered by trying again.
    fn write(&mut self, journal: &mut Journal, writes: usize) {
        for i in 0..writes {
            let batch: Vec<Draft> = (0..=self.random.below(4)).map(|_| self.draft()).collect();
            if journal.append(&batch).is_err() {
                drop(journal.try_again());
            }
            if i % 6 == 5 {
                self.seal(journal);
            }
        }
    }

    fn seal(&mut self, journal: &mut Journal) {
        self.outside.extend(journal.seal().ok().flatten());
    }

    fn fail(&mut self, op: Op, partly: usize) {
        self.disk.inject(Fault { partly, ..Fault::once(op, io::ErrorKind::Other) });
    }

    fn tamper(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let last = contents(&self.disk, &self.dir).unwrap().segments.pop().unwrap().0;
        self.disk.tamper(&self.dir.join(segment_name(last)), change).unwrap();
    }

    fn done(self, name: &'static str) -> Base {
        let found = contents(&self.disk, &self.dir).unwrap();
        Base { name, files: found.segments, beside: found.checkpoint, evidence: self.evidence, outside: self.outside }
    }
}

/// One file, sound from its first to its last record.
pub fn plain(id: &str, writes: usize, signs: bool) -> Base {
    let mut w = Writer::new(id, 1, signs);
    let mut journal = w.create();
    w.write(&mut journal, writes);
    w.seal(&mut journal);
    w.done("plain")
}

/// One file of `n` short records, each written alone, and nothing else.
pub fn notes(id: &str, n: usize) -> Base {
    let mut w = Writer::new(id, 9, false);
    let mut journal = w.create();
    while journal.head().0 < n as u64 {
        let d = json!({ "text": format!("note {}", journal.head().0), "list": [true, null, -3] });
        journal.append(&[Draft::new(Kind::Note, Mode::Rehearsal, Actor::System, d)]).unwrap();
    }
    w.outside.extend(journal.checkpoint());
    w.done("notes")
}

/// Files begun after writes and syncs that failed; what those left stands in the files before.
pub fn rotated(id: &str, signs: bool) -> Base {
    let mut w = Writer::new(id, 2, signs);
    let mut journal = w.create();
    for op in [Op::Sync, Op::Write, Op::Write, Op::Sync] {
        w.write(&mut journal, 3);
        let partly = w.random.below(1_500);
        w.fail(op, partly);
        w.write(&mut journal, 2);
        w.seal(&mut journal);
    }
    w.done("rotated")
}

/// Torn tails that were set aside, and several processes one after the other.
fn recovered(id: &str, signs: bool) -> Base {
    let mut w = Writer::new(id, 3, signs);
    drop(w.create());
    for junk in [&b"{\"r\":{\"act"[..], &[0; 700], b""] {
        let mut journal = w.open();
        w.write(&mut journal, 4);
        w.seal(&mut journal);
        drop(journal);
        w.tamper(|bytes| bytes.extend_from_slice(junk));
    }
    let mut journal = w.open();
    w.write(&mut journal, 3);
    w.done("recovered")
}

/// Damage in the middle, found by the journal, which went on behind it.
fn damaged(id: &str, signs: bool) -> Base {
    let mut w = Writer::new(id, 4, signs);
    let mut journal = w.create();
    w.write(&mut journal, 8);
    drop(journal);
    w.tamper(|bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    let mut journal = w.open();
    w.write(&mut journal, 4);
    w.seal(&mut journal);
    w.done("damaged")
}

/// A machine that lost power and was not started again: torn tails with holes.
fn cut_off(id: &str, seed: u64, signs: bool) -> Base {
    let mut w = Writer::new(id, seed, signs);
    let mut journal = w.create();
    w.write(&mut journal, 5);
    let (after, partly) = (w.random.below(6) as u64, w.random.below(3_000));
    w.disk.inject(Fault { after, partly, ..Fault::lasting(Op::Any, io::ErrorKind::Other) });
    w.write(&mut journal, 4);
    w.disk = w.disk.crash(seed);
    w.done("cut off")
}

/// A second key in the same log: one that the first vouched for, and one that it did not.
fn followed(id: &str, vouched: bool) -> Base {
    let mut w = Writer::new(id, 5, true);
    let mut journal = w.create();
    w.write(&mut journal, 7);
    drop(journal);
    let (old, new) = (Signer::new(1), Arc::new(Signer::new(2)));
    let rotation = vouched.then(|| Rotation::between(&old, &*new));
    w.header.signs = Some(Signs { by: new, kept: if vouched { Kept::Keyring } else { Kept::Memory }, rotation });
    let mut journal = w.open();
    w.write(&mut journal, 7);
    w.seal(&mut journal);
    w.done("followed")
}

/// Checkpoints that left: one that somebody's device has seen, one that did not arrive.
fn anchored(id: &str) -> Base {
    let mut w = Writer::new(id, 6, true);
    let mut journal = w.create();
    for (to, outcome) in [("witness", "held"), ("blob", "failed")] {
        w.write(&mut journal, 7);
        w.seal(&mut journal);
        let left = w.outside.last().unwrap();
        let seen =
            if outcome == "held" { Signer::new(4).witness_line(&left.text(), 1_790_000_000) } else { String::new() };
        let d = json!({ "to": to, "where": "elsewhere", "note": format!("{left}{seen}"), "outcome": outcome });
        journal.append(&[Draft::new(Kind::LogAnchor, Mode::Rehearsal, Actor::System, d)]).unwrap();
    }
    w.write(&mut journal, 3);
    w.seal(&mut journal);
    w.done("anchored")
}

/// All of them; no two of one log.
pub fn all() -> Vec<Base> {
    let mut bases = vec![followed("vouched", true), followed("unvouched", false), anchored("anchored")];
    for signs in [false, true] {
        let id = |name: &str| format!("{name}-{signs}");
        bases.extend([plain(&id("plain"), 20, signs), plain(&id("one"), 0, signs), plain(&id("short"), 3, signs)]);
        bases.extend([
            rotated(&id("rotated"), signs),
            recovered(&id("recovered"), signs),
            damaged(&id("damaged"), signs),
        ]);
        bases.extend((0..6).map(|seed| cut_off(&id(&format!("cut-{seed}")), seed, signs)));
    }
    bases
}
