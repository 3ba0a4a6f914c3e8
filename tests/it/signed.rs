//! Signed checkpoints: whose key, who vouches for it, what a forged one looks like; withheld records; big logs by windows.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use lifeboat::approval::Device;
use lifeboat::journal::{Draft, Header, Journal, MemoryDisk, Signs, Source, contents, verify_files};
use lifeboat::record::{
    Actor, Against, Anchor, App, Body, Checkpoint, Hash, Kept, Kind, Mode, Pin, Report, Rotation, Segment, Signature,
    Signed, Signer, Stored, Verdict, Vouching, encode, lines, verify,
};
use lifeboat::units::{Now, PublicKey};
use proptest::prelude::*;
use serde_json::json;

pub struct Key(pub Device);

impl Key {
    pub fn of(n: u8) -> Arc<Self> {
        Arc::new(Self(Device::from_seed(&[n; 32]).unwrap()))
    }
}

impl Signer for Key {
    fn key(&self) -> PublicKey {
        self.0.public().clone()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message)
    }
}

pub fn signs(by: &Arc<Key>) -> Signs {
    Signs { by: by.clone(), kept: Kept::Keyring, rotation: None }
}

pub fn header(signs: Option<Signs>) -> Header {
    let app = App { version: "0".to_owned(), sha256: None };
    Header { ballast: 0, signs, ..Header::new("r1", Mode::Rehearsal, app, "bench") }
}

pub fn note(text: &str) -> Draft {
    Draft::new(Kind::Note, Mode::Rehearsal, Actor::System, json!({ "text": text }))
}

pub fn dir() -> PathBuf {
    PathBuf::from("/home/runs/r1")
}

/// A log with some checkpoints, and the one of its end.
fn log(header: Header) -> (MemoryDisk, Checkpoint) {
    let disk = MemoryDisk::new();
    let mut journal = Journal::create(Arc::new(disk.clone()), dir(), header).unwrap();
    let mut last = None;
    for round in 0..4 {
        let notes: Vec<Draft> = (0..5).map(|i| note(&format!("{round} {i}"))).collect();
        journal.append(&notes).unwrap();
        last = journal.seal().unwrap();
    }
    (disk, last.unwrap())
}

pub fn bytes(disk: &MemoryDisk) -> Vec<u8> {
    contents(disk, &dir()).unwrap().segments.remove(0).1
}

pub fn check(bytes: &[u8], outside: Option<&Checkpoint>, pins: &[Pin], only_pins: bool) -> Report {
    let against = Against { outside, beside: None, whole: true, pins, only_pins };
    verify(&[Segment { number: 1, bytes }], against)
}

pub fn pin(key: &Arc<Key>) -> Pin {
    Pin { key: key.key(), of: "Ana".to_owned() }
}

fn vouching(r: &Report) -> &Vouching {
    let Signature::By { vouching, .. } = &r.signed else { panic!("{r}") };
    vouching
}

/// The same log with other bodies, every hash made anew.
pub fn rehashed(bytes: &[u8], mut edit: impl FnMut(&mut Body)) -> Vec<u8> {
    let (mut prev, mut out) = (Hash::ZERO, Vec::new());
    for line in lines(bytes) {
        let mut body = Stored::from_read(&line.read().unwrap()).unwrap().body;
        body.prev = prev;
        edit(&mut body);
        let (line, hash) = encode(&body).unwrap();
        out.extend_from_slice(&line);
        prev = hash;
    }
    out
}

#[test]
fn a_log_is_whole_only_with_a_known_key_and_a_checkpoint_of_its_end() {
    let ana = Key::of(1);
    let (disk, end) = log(header(Some(signs(&ana))));
    let all = bytes(&disk);
    let whole = check(&all, Some(&end), &[pin(&ana)], false);
    assert_eq!(whole.verdict, Verdict::Whole, "{whole}");
    assert!(whole.to_string().contains("pinned (Ana)"), "{whole}");
    assert_eq!(check(&all, Some(&end), &[pin(&ana)], true).verdict, Verdict::Whole);
    let alone = check(&all, None, &[pin(&ana)], false);
    assert_eq!((alone.verdict, vouching(&alone)), (Verdict::Limited, &Vouching::Pinned { of: "Ana".to_owned() }));
    let unknown = check(&all, Some(&end), &[], false);
    assert_eq!((unknown.verdict, vouching(&unknown)), (Verdict::Limited, &Vouching::Unpinned), "{unknown}");
    let ben = check(&all, Some(&end), &[pin(&Key::of(2))], true);
    assert_eq!((ben.verdict, vouching(&ben)), (Verdict::Unverifiable, &Vouching::OtherKey), "{ben}");
    // A checkpoint from before the end leaves a tail.
    let early = contents(&disk, &dir()).unwrap();
    let first = early
        .segments()
        .first()
        .map(|s| {
            lines(s.bytes)
                .filter_map(|l| l.read().ok())
                .find(|r| r.envelope.kind == "log.checkpoint")
                .unwrap()
                .envelope
                .d
                .get()
                .to_owned()
        })
        .unwrap();
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    let first: Checkpoint = first["note"].as_str().unwrap().parse().unwrap();
    let tail = check(&all, Some(&first), &[pin(&ana)], false);
    assert_eq!((tail.verdict, tail.unanchored()), (Verdict::Limited, tail.records - first.size), "{tail}");
}

#[test]
fn without_a_keyring_a_key_in_memory_signs_and_nobody_can_vouch_for_it() {
    let ana = Key::of(1);
    let (disk, end) = log(header(Some(Signs { kept: Kept::Memory, ..signs(&ana) })));
    let r = check(&bytes(&disk), Some(&end), &[], false);
    assert_eq!((r.verdict.exit_code(), vouching(&r)), (1, &Vouching::Ephemeral), "{r}");
    assert!(r.to_string().contains("in memory only"), "{r}");
    let (plain, end) = log(header(None));
    let asked = check(&bytes(&plain), Some(&end), &[pin(&ana)], true);
    assert_eq!((asked.verdict, &asked.signed), (Verdict::Unverifiable, &Signature::Missing), "{asked}");
}

#[test]
fn stripped_forged_and_foreign_signatures_are_named() {
    let (ana, mallory) = (Key::of(1), Key::of(9));
    let (disk, end) = log(header(Some(signs(&ana))));
    let all = bytes(&disk);
    let with_notes = |change: &dyn Fn(&mut Checkpoint)| {
        let mut tree = lifeboat::record::Tree::default();
        rehashed(&all, |b| {
            if b.kind == Kind::LogCheckpoint {
                let mut c: Checkpoint = b.d["note"].as_str().unwrap().parse().unwrap();
                c.root = tree.root();
                change(&mut c);
                b.d = json!({ "note": c.to_string() });
            }
            tree.push(encode(b).unwrap().1);
        })
    };
    let why = |bytes: &[u8]| {
        let r = check(bytes, None, &[pin(&ana)], false);
        assert_eq!(r.verdict, Verdict::Broken, "{r}");
        r.breaks[0].clone()
    };
    let stripped = with_notes(&|c| c.signatures.clear());
    assert!(why(&stripped).contains("is not signed by the log's key"), "{}", why(&stripped));
    // Nothing but the hashes was made anew: the roots fit, the signatures do not.
    let edited = rehashed(&all, |b| {
        if b.seq == 4 {
            b.d = json!({ "text": "something else" });
        }
    });
    assert!(why(&edited).contains("does not fit the records"), "{}", why(&edited));
    let signed_by_mallory = with_notes(&|c| {
        c.signatures.clear();
        c.sign(&*mallory);
    });
    assert!(why(&signed_by_mallory).contains("is not signed by the log's key"), "a key that the log does not name");
    // Mallory's own log of the same run: all of it fits, and it is not Ana's.
    let (theirs, _) = log(header(Some(signs(&mallory))));
    let r = check(&bytes(&theirs), Some(&end), &[pin(&ana)], true);
    assert_eq!(r.verdict, Verdict::Broken, "against the checkpoint that was kept: {r}");
    let r = check(&bytes(&theirs), None, &[pin(&ana)], true);
    assert_eq!(r.verdict, Verdict::Unverifiable, "against the key alone: {r}");
    let mut forged = end.clone();
    forged.size -= 1;
    let r = check(&all, Some(&forged), &[pin(&ana)], false);
    assert_eq!(r.signed, Signature::OutsideWrong, "{r}");
    assert_ne!(r.verdict.exit_code(), 0);
}

#[test]
fn a_key_that_follows_another_is_vouched_for_by_it_or_not() {
    let (old, new) = (Key::of(1), Key::of(2));
    let statement = Rotation::between(&*old, &*new);
    for (rotation, pinned) in [(Some(statement), true), (None, false)] {
        let (disk, _) = log(header(Some(signs(&old))));
        let next = Signs { rotation, ..signs(&new) };
        let mut journal = Journal::open(Arc::new(disk.clone()), dir(), header(Some(next)), None).unwrap().journal;
        journal.append(&[note("on another device")]).unwrap();
        let end = journal.seal().unwrap().unwrap();
        let r = check(&bytes(&disk), Some(&end), &[pin(&old)], false);
        assert_eq!(matches!(vouching(&r), Vouching::Pinned { .. }), pinned, "{r}");
        assert_eq!(r.verdict == Verdict::Whole, pinned, "{r}");
        let both = check(&bytes(&disk), Some(&end), &[pin(&old), pin(&new)], true);
        assert_eq!(both.verdict, Verdict::Whole, "{both}");
        let forged = rehashed(&bytes(&disk), |b| {
            if b.kind == Kind::LogKey && b.d["event"] == "rotated" {
                b.d["signed_by_new"] = json!("00".repeat(64));
            }
        });
        assert!(check(&forged, None, &[], false).breaks.iter().any(|b| b.contains("the key named here")));
    }
}

#[test]
fn whoever_opens_it_without_its_key_writes_no_checkpoint() {
    let (disk, _) = log(header(Some(signs(&Key::of(1)))));
    let mut journal = Journal::open(Arc::new(disk.clone()), dir(), header(None), None).unwrap().journal;
    assert_eq!(journal.seal().unwrap(), None);
    assert!(journal.warning().unwrap().contains("no checkpoint"));
    assert_eq!(check(&bytes(&disk), None, &[], false).verdict, Verdict::Limited);
}

#[test]
fn whoever_saw_a_checkpoint_signs_it_with_the_time() {
    let (ana, ben) = (Key::of(1), Key::of(2));
    let (disk, mut end) = log(header(Some(signs(&ana))));
    end.witness(&*ben, 1_790_000_000);
    let again: Checkpoint = end.to_string().parse().unwrap();
    assert_eq!((again.signed_by(&ana.key()), again.signed_by(&ben.key())), (Signed::Yes, Signed::No));
    assert_eq!(again.witnesses(), end.witnesses());
    assert_eq!((again.witnesses()[0].key.clone(), again.witnesses()[0].at), (ben.key(), 1_790_000_000));
    let r = check(&bytes(&disk), Some(&again), &[], false);
    assert!(r.to_string().contains(&format!("seen by {}", ben.key().fingerprint())), "{r}");
    let mut moved = again;
    moved.size -= 1;
    assert!(moved.witnesses().is_empty(), "they saw another");
}

#[test]
fn a_withheld_record_keeps_its_place_and_nothing_else() {
    let ana = Key::of(1);
    let (disk, end) = log(header(Some(signs(&ana))));
    let all = bytes(&disk);
    let withhold = |which: &[usize]| {
        let mut out = Vec::new();
        for (i, line) in lines(&all).enumerate() {
            match which.contains(&i) {
                true => out.extend_from_slice(format!("{{\"h\":\"{}\"}}\n", line.read().unwrap().hex).as_bytes()),
                false => out.extend_from_slice(&[line.bytes, b"\n"].concat()),
            }
        }
        out
    };
    let full = check(&all, Some(&end), &[pin(&ana)], false);
    let r = check(&withhold(&[3, 4, 9]), Some(&end), &[pin(&ana)], false);
    assert_eq!((r.break_count, r.withheld, r.records, r.root), (0, 3, full.records, full.root), "{r}");
    assert_eq!((r.verdict, r.anchor.clone()), (Verdict::Limited, Anchor::Agrees { size: end.size }));
    let text = String::from_utf8(withhold(&[3])).unwrap();
    let hex = lines(&all).nth(3).unwrap().read().unwrap().hex.to_owned();
    let other = text.replacen(&hex, &"0".repeat(64), 1);
    assert_eq!(check(other.as_bytes(), None, &[], false).verdict, Verdict::Broken, "another hash in its place");
    assert_eq!(check(&withhold(&[0]), None, &[], false).verdict, Verdict::Broken, "never the first");
    assert!(
        Journal::open(Arc::new(with(&withhold(&[5]))), dir(), header(None), None).is_ok_and(|o| !o.damage.is_empty())
    );
}

/// A disk with this one file.
fn with(bytes: &[u8]) -> MemoryDisk {
    use lifeboat::journal::Disk;
    let disk = MemoryDisk::new();
    disk.create_dir_all(&dir()).unwrap();
    disk.write_new(&dir().join("000001.jsonl"), bytes).unwrap();
    disk
}

#[test]
fn a_checkpoint_that_was_due_and_did_not_come_is_told() {
    let now = Arc::new(Mutex::new(Now { mono: 0, wall: 1_790_000_000_000, utc: 1_790_000_000_000 }));
    let clock = now.clone();
    let time: lifeboat::journal::TimeSource = Arc::new(move || *clock.lock().unwrap());
    let pass = |ms: u64| {
        let mut n = now.lock().unwrap();
        (n.mono, n.wall) = (n.mono + ms, n.wall + i64::try_from(ms).unwrap());
    };
    let disk = MemoryDisk::new();
    let header = Header { time, ..header(Some(signs(&Key::of(1)))) };
    let mut journal = Journal::create(Arc::new(disk.clone()), dir(), header).unwrap();
    pass(4 * 60_000);
    journal.seal().unwrap();
    pass(5 * 60_000);
    journal.seal().unwrap();
    assert!(check(&bytes(&disk), None, &[], false).gaps.is_empty());
    pass(47 * 60_000);
    journal.append(&[note("late")]).unwrap();
    let r = check(&bytes(&disk), None, &[], false);
    assert_eq!((r.gaps.len(), r.gaps[0].ms), (1, 47 * 60_000), "{r}");
    assert!(r.to_string().contains("no checkpoint for 47 minutes behind record 3"), "{r}");
}

/// A file that is looked at in small windows.
struct Small<'a>(&'a [u8], usize);

impl Source for Small<'_> {
    fn number(&self) -> u64 {
        1
    }
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read(&self, from: u64, max: usize) -> Result<Vec<u8>, String> {
        let from = usize::try_from(from).unwrap().min(self.0.len());
        Ok(self.0[from..].iter().take(max).copied().collect())
    }
    fn window(&self) -> usize {
        self.1
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn by_windows_it_is_the_same_report(
        window in 1usize..9_000,
        changes in prop::collection::vec((any::<u16>(), any::<u8>(), 0u8..4), 0..4),
    ) {
        static LOG: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| bytes(&log(header(Some(signs(&Key::of(1))))).0));
        let mut all = LOG.clone();
        for (at, byte, what) in changes {
            let at = usize::from(at) % all.len().max(1);
            match what {
                _ if all.is_empty() => {}
                0 => all[at] ^= byte,
                1 => all.truncate(at),
                2 => all[at..].iter_mut().take(600).for_each(|b| *b = 0),
                _ => all.insert(at, b'\n'),
            }
        }
        let against = Against { whole: true, ..Against::default() };
        let in_memory = verify(&[Segment { number: 1, bytes: &all }], against);
        let by_windows = verify_files(&[&Small(&all, window)], against).unwrap();
        prop_assert_eq!(in_memory, by_windows);
    }
}

#[test]
fn a_file_without_a_line_is_no_reason_to_run_out_of_memory() {
    struct Endless;
    impl Source for Endless {
        fn number(&self) -> u64 {
            1
        }
        fn len(&self) -> u64 {
            1 << 40
        }
        fn read(&self, _: u64, max: usize) -> Result<Vec<u8>, String> {
            Ok(vec![b'x'; max])
        }
    }
    let told = verify_files(&[&Endless], Against::default()).unwrap_err();
    assert!(told.contains("no line ends within 64 MiB"), "{told}");
}
