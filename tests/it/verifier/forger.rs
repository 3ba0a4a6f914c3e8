//! What somebody can do who knows the format, has the file and a key of their own: lines with hashes that fit, records added,
//! left out and changed, checkpoints made to fit them, signatures of any key.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lifeboat::record::{Checkpoint, Hash, Tree, canonical, leaf_hash};
use lifeboat::units::{PublicKey, hex};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Number and content of each file of a log.
pub type Files = Vec<(u64, Vec<u8>)>;

pub fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

/// The body in a line, if it has the frame of a record.
pub fn body_of(line: &[u8]) -> Option<&[u8]> {
    let inner = line.strip_prefix(br#"{"r":"#)?.strip_suffix(b"\"}\n")?;
    let (body, tail) = inner.split_at_checked(inner.len().checked_sub(70)?)?;
    tail.starts_with(br#","h":""#).then_some(body)
}

/// A line whose hash is right, whatever stands in it.
pub fn line_of(body: &[u8]) -> Vec<u8> {
    [br#"{"r":"#, body, br#","h":""#, hex(&leaf_hash(body).0).as_bytes(), b"\"}\n"].concat()
}

/// The line that stands in for one whose content is withheld.
pub fn withheld(line: &[u8]) -> Option<Vec<u8>> {
    Some(format!("{{\"h\":\"{}\"}}\n", leaf_hash(body_of(line)?)).into_bytes())
}

fn put(body: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    match body.windows(old.len()).position(|w| w == old) {
        Some(at) => [&body[..at], new, &body[at + old.len()..]].concat(),
        None => body.to_vec(),
    }
}

/// Makes every record from `from` on name the one before it, with nothing else about it changed.
pub fn relink(lines: &mut [Vec<u8>], from: usize) {
    for i in from.max(1)..lines.len() {
        let (before, rest) = lines.split_at_mut(i);
        let (Some(before), Some(body)) = (body_of(&before[i - 1]), body_of(&rest[0])) else { continue };
        let Some(at) = body.windows(8).position(|w| w == br#""prev":""#).map(|at| at + 8) else { continue };
        let Some(old) = body.get(at..at + 64) else { continue };
        rest[0] = line_of(&put(body, old, hex(&leaf_hash(before).0).as_bytes()));
    }
}

/// A key, and who holds it.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    pub fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The public key, in hexadecimal.
    pub fn key(&self) -> String {
        hex(self.bytes())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    /// A signature line of a note, by its specification: C2SP signed-note.
    fn line(&self, name: &str, kind: u8, payload: &[u8]) -> String {
        let id = Sha256::digest([name.as_bytes(), &[b'\n', kind], self.bytes()].concat());
        format!("\u{2014} {name} {}\n", STANDARD.encode([&id[..4], payload].concat()))
    }

    /// The log's signature under the three lines of a checkpoint.
    pub fn own_line(&self, text: &str) -> String {
        self.line(text.lines().next().unwrap(), 1, &self.sign(text.as_bytes()))
    }

    /// A witness's: C2SP tlog-cosignature, version 1.
    pub fn witness_line(&self, text: &str, time: u64) -> String {
        let signature = self.sign(format!("cosignature/v1\ntime {time}\n{text}").as_bytes());
        let payload = [&time.to_be_bytes()[..], &signature].concat();
        self.line(&format!("lifeboat-witness/{}", self.key()), 4, &payload)
    }

    /// The record's payload of a key's first use.
    pub fn used(&self) -> Value {
        json!({ "event": "used", "key": self.key(), "kept": "keyring" })
    }

    /// And of going over to another key.
    pub fn rotated(&self, new: &Self, vouched: bool) -> Value {
        let text = format!("lifeboat-key-rotation-1\n{}\n{}\n", self.key(), new.key());
        let old = vouched.then(|| hex(&self.sign(text.as_bytes())));
        let by_new = hex(&new.sign(text.as_bytes()));
        json!({ "event": "rotated", "key": new.key(), "kept": "keyring", "old": self.key(), "signed_by_old": old,
            "signed_by_new": by_new })
    }
}

/// For a journal that signs by itself.
impl lifeboat::record::Signer for Signer {
    fn key(&self) -> PublicKey {
        PublicKey::of(self.bytes()).unwrap()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign(message)
    }
}

/// The three lines.
pub fn text_of(log: &str, tree: &Tree) -> String {
    Checkpoint { log: log.to_owned(), size: tree.size(), root: tree.root(), signatures: Vec::new() }.to_string()
}

/// The bodies of a log that holds nothing but good lines, each with its file; `None` of any other.
pub fn bodies(files: &Files) -> Option<Vec<(u64, Value)>> {
    let mut all: Vec<(u64, Value)> = Vec::new();
    for (number, bytes) in files {
        for line in split(bytes) {
            all.push((*number, serde_json::from_slice(body_of(&line)?).ok()?));
        }
    }
    let in_order = !all.is_empty() && all.iter().enumerate().all(|(i, (_, b))| b["seq"] == json!(i));
    in_order.then_some(all)
}

/// A log of these bodies: numbers, links, and checkpoints that fit, signed by whoever of `signers` has the key in force.
/// Returns the checkpoint of all of it too.
pub fn rebuilt(bodies: Vec<(u64, Value)>, signers: &[&Signer]) -> (Files, String) {
    let (mut tree, mut prev, mut files) = (Tree::default(), Hash::ZERO, Files::new());
    let (mut key, mut log) = (None, String::new());
    let noted = |log: &str, tree: &Tree, key: &Option<String>| {
        let text = text_of(log, tree);
        match signers.iter().find(|s| Some(s.key()) == *key) {
            Some(s) => format!("{text}\n{}", s.own_line(&text)),
            None => text,
        }
    };
    for (seq, (file, mut body)) in bodies.into_iter().enumerate() {
        // How far back its write began stays the same, though numbers move.
        let back = body["first"].as_u64().map(|f| body["seq"].as_u64().unwrap_or(f).saturating_sub(f));
        if let Some(back) = back {
            body["first"] = json!((seq as u64).saturating_sub(back));
        }
        (body["seq"], body["prev"]) = (json!(seq), json!(prev.to_string()));
        log = body["log"].as_str().unwrap_or_default().to_owned();
        match body["kind"].as_str() {
            Some("log.key") => key = body["d"]["key"].as_str().map(str::to_owned),
            Some("log.checkpoint") if !body["d"]["note"].is_null() => {
                body["d"]["note"] = json!(noted(&log, &tree, &key));
            }
            _ => {}
        }
        // What no record can hold stays as it is.
        let bytes = canonical(&body).unwrap_or_else(|_| body.to_string().into_bytes());
        prev = leaf_hash(&bytes);
        tree.push(prev);
        if files.last().is_none_or(|(number, _)| *number != file) {
            files.push((file, Vec::new()));
        }
        files.last_mut().unwrap().1.extend_from_slice(&line_of(&bytes));
    }
    let checkpoint = noted(&log, &tree, &key);
    (files, checkpoint)
}

/// Whether a log names a key.
pub fn names_a_key(files: &Files) -> bool {
    let kind = br#""kind":"log.key""#;
    files.iter().any(|(_, b)| b.windows(kind.len()).any(|w| w == kind))
}

/// The same log as if it had been signed from its beginning; `None` where it is already, or holds other than good lines.
pub fn signed(files: &Files, signer: &Signer) -> Option<(Files, String)> {
    let mut all = bodies(files).filter(|_| !names_a_key(files))?;
    let (file, mut own) = all.first()?.clone();
    (own["kind"], own["d"]) = (json!("log.key"), signer.used());
    all.insert(1, (file, own));
    Some(rebuilt(all, &[signer]))
}
