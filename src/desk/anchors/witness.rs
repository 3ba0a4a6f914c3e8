//! This device as a witness: what it signed of colleagues' records is kept, so that it never signs two that do not fit.
//!
//! Whether one checkpoint goes on from another cannot be seen without the record; that it does not, often can: a record
//! never gets shorter, and has one root at each size. Agreeing to a step and signing a checkpoint are two things: what is
//! not signed is said, and the step can be agreed to all the same.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

use crate::approval::{Device, Request, Seen, Verdict};
use crate::desk::rotation::pins_before;
use crate::desk::{Home, Roster};
use crate::record::{Checkpoint, Signed};
use crate::units::{PublicKey, visible};

/// What is said of the record stands under this word.
pub const LABEL: &str = "record";
/// Between two notes of a file; the same as in an exported bundle.
const BETWEEN: &str = "\n--\n";
/// A note has half a KiB; more than this was not written here.
const MOST: u64 = 64 << 20;
/// Signs of somebody else's reason that are shown and recorded.
const REASON: usize = 400;

/// What this device would make of the checkpoint in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Nothing speaks against signing it.
    pub fits: bool,
    /// In words.
    pub text: String,
}

/// Somebody else's words, cut.
pub(super) fn short(text: &str) -> String {
    visible(&text.chars().take(REASON).collect::<String>())
}

/// What was signed of a log. A log's name comes from somebody else, and is one of a file here.
fn path(home: &Home, log: &str) -> Option<PathBuf> {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let named = !log.is_empty() && log.len() <= 64 && log.bytes().all(good);
    named.then(|| home.dir().join("witnessed").join(log))
}

/// What a crash left at the end was given to nobody.
fn whole(text: &str) -> &str {
    text.rfind(BETWEEN).map_or("", |at| &text[..at + BETWEEN.len()])
}

fn notes(text: &str) -> Result<Vec<Checkpoint>, String> {
    let damaged = || "what was signed here before is damaged".to_owned();
    let all = text.split(BETWEEN).filter(|n| !n.trim().is_empty());
    all.map(|n| n.parse().map_err(|_| damaged())).collect()
}

fn kept(home: &Home, log: &str) -> Result<Vec<Checkpoint>, String> {
    let Some(path) = path(home, log) else { return Err("it is of no run's record".to_owned()) };
    let mut text = String::new();
    match File::open(path).and_then(|f| f.take(MOST).read_to_string(&mut text)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(format!("what was signed here before cannot be read: {e}")),
        Ok(_) => notes(whole(&text)),
    }
}

/// What this device holds of a log to hold it against.
pub struct Held {
    /// The largest checkpoint that it signed.
    pub checkpoint: Checkpoint,
    /// That this computer signed it is beyond doubt. If not it can make a verdict worse, and no better.
    pub certain: bool,
}

/// What this device signed of the log of these keys. What anybody can put into the file counts for nothing: neither a note
/// that the log's own key did not sign, nor one that no other key saw, nor one that another computer than this one saw.
pub fn held(home: &Home, log: &str, keys: &[PublicKey]) -> Result<Option<Held>, String> {
    let mine = Roster::read(home).ok().and_then(|r| r.mine);
    let own: Vec<PublicKey> =
        mine.iter().flat_map(|m| pins_before(home, m)).map(|p| p.key).chain(mine.clone()).collect();
    let other = |key: &PublicKey| !keys.contains(key) && (own.is_empty() || own.contains(key));
    let good = |c: &Checkpoint| {
        keys.iter().any(|k| c.signed_by(k) == Signed::Yes) && c.witnesses().iter().any(|w| other(&w.key))
    };
    if path(home, log).is_none() {
        return Ok(None);
    }
    let largest = kept(home, log)?.into_iter().filter(good).max_by_key(|c| c.size);
    Ok(largest.map(|checkpoint| Held { checkpoint, certain: !own.is_empty() }))
}

/// The checkpoint of a request, if it is what it should be; why not, if not.
fn of(request: &Request) -> Option<Result<Checkpoint, String>> {
    let note = request.checkpoint.as_deref()?;
    let c: Checkpoint = match note.parse() {
        Ok(c) => c,
        Err(e) => return Some(Err(format!("it is none: {e}"))),
    };
    Some(match c.signed_by(&request.key) {
        _ if c.log != request.run => Err("it is of another run's record".to_owned()),
        Signed::Wrong => Err("their signature on it does not hold".to_owned()),
        Signed::Yes | Signed::No => Ok(c),
    })
}

fn against(kept: &[Checkpoint], c: &Checkpoint, asks: &PublicKey) -> Result<(), String> {
    let size = c.size;
    // What somebody else claimed of this run does not stand in the way of whoever signs their own record.
    let by = |k: &&Checkpoint| c.signed_by(asks) != Signed::Yes || k.signed_by(asks) == Signed::Yes;
    let kept: Vec<&Checkpoint> = kept.iter().filter(by).collect();
    if kept.iter().any(|k| k.size == size && k.root != c.root) {
        return Err(format!(
            "FORK: this device signed another record of the same {size} entries of this run before: two of them exist, and one is false"
        ));
    }
    match kept.iter().map(|k| k.size).max() {
        Some(most) if most > size => Err(format!(
            "this device signed {most} entries of this run's record before, and here there are only {size}: the question is older \
             than the one before, or entries were taken away since"
        )),
        _ => Ok(()),
    }
}

/// What whoever is asked has to know before they agree.
pub fn look(home: &Home, request: &Request) -> Option<Look> {
    let found = of(request)?.and_then(|c| against(&kept(home, &c.log)?, &c, &request.key).map(|()| c.size));
    Some(match found {
        Ok(size) => Look {
            fits: true,
            text: format!(
                "{size} entries so far: agreeing also signs that this device saw them, and keeps their checkpoint"
            ),
        },
        Err(why) => Look { fits: false, text: format!("its checkpoint will not be signed by this device: {why}") },
    })
}

/// Signs that this device saw the checkpoint in a request that is agreed to. What was signed is kept before anybody gets it.
pub fn signs(home: &Home, request: &Request, verdict: &Verdict, device: &Device, now: i64) -> Option<Seen> {
    if *verdict != Verdict::Agreed {
        return None;
    }
    let signed = of(request)?.and_then(|c| sign(home, c, &request.key, device, now));
    Some(signed.map_or_else(Seen::Refused, Seen::Signed))
}

fn sign(home: &Home, mut c: Checkpoint, asks: &PublicKey, device: &Device, now: i64) -> Result<String, String> {
    let path = path(home, &c.log).ok_or("it is of no run's record")?;
    let io = |e: std::io::Error| format!("it could not be kept here: {e}");
    let mut options = File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let folder = path.parent().unwrap_or(home.dir());
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut file = options.open(&path).map_err(io)?;
    // Two that sign at once must not sign what does not fit.
    file.lock().map_err(io)?;
    let mut text = String::new();
    (&file).take(MOST).read_to_string(&mut text).map_err(io)?;
    let sound = whole(&text);
    against(&notes(sound)?, &c, asks)?;
    if sound.len() < text.len() {
        file.set_len(sound.len() as u64).map_err(io)?;
    }
    c.witness(device, u64::try_from(now / 1_000).unwrap_or(0));
    let line = c.signatures.last().cloned().unwrap_or_default();
    file.write_all(format!("{c}{}", &BETWEEN[1..]).as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
    // A new file is one only when its folder says so; Windows has no such call.
    #[cfg(unix)]
    File::open(folder).and_then(|f| f.sync_all()).map_err(io)?;
    Ok(line)
}
