//! Two and three places for one run: where it goes on, where it is only read, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lifeboat::desk::handover::{PassingError, Place as Desk};
use lifeboat::desk::{DeskError, Home, Taken, replay};
use lifeboat::export::handover::{HandOverError, Key, Lock, Manifest, Member, VERSION, write};
use lifeboat::journal::{Disk, Fault, Header, Journal, MemoryDisk, Op, RealDisk, read_run, this_app};
use lifeboat::record::Mode;
use lifeboat::run::decide::Refusal;
use lifeboat::run::event::StepState;
use lifeboat::units::{Secret, sha256_hex};

use crate::crash::{Place, all, each, journal_bytes};

const WORDS: &str = "four words of Ada's";

/// A rehearsal whose process died when its first change had reached Azure and no answer had come back.
pub fn caught() -> (Place, String) {
    let place = Place::new();
    let mut c = place.rehearse(&["region-loss", "--strategy", "hot/warm"], true);
    c.env("LIFEBOAT_CRASH", "after-change:1").output().unwrap();
    let id = place.only().unwrap();
    (place, id)
}

/// A laptop.
pub struct Laptop {
    pub dir: tempfile::TempDir,
    home: Home,
    disk: Arc<dyn Disk>,
    name: &'static str,
}

impl Laptop {
    fn new(name: &'static str) -> Self {
        Self::on(name, Arc::new(RealDisk))
    }

    fn on(name: &'static str, disk: Arc<dyn Disk>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::find(Some(&dir.path().join("home"))).unwrap();
        disk.create_dir_all(&home.runs()).unwrap();
        if let Ok(mut reserve) = disk.create_new(&home.runs().join("ballast")) {
            // As a hole on the real disk; in memory none is wanted.
            drop(reserve.sync_all());
            let _ = fs::File::options().write(true).open(home.runs().join("ballast")).map(|f| f.set_len(16 << 20));
        }
        Self { dir, home, disk, name }
    }

    fn place<T>(&self, work: impl FnOnce(&Desk<'_>) -> T) -> T {
        work(&Desk { home: &self.home, disk: &self.disk, operator: self.name, key: None, signs: None })
    }

    fn run(&self, id: &str) -> PathBuf {
        self.home.run(id)
    }

    fn gives(&self, id: &str, file: &Path, to: &str) -> Result<(), DeskError> {
        let words = Secret::new(WORDS);
        self.place(|p| p.hand_over(id, file, to, &Lock::Passphrase(&words, 4))).map(drop)
    }

    fn takes(&self, file: &Path) -> Result<Taken, DeskError> {
        let words = Secret::new(WORDS);
        self.place(|p| p.take_over(file, &Key::Passphrase(&words)))
    }

    /// Nothing of a run that was refused.
    fn has_nothing(&self, id: &str) {
        let names: Vec<String> = self.disk.list(&self.home.runs()).unwrap().into_iter().map(|e| e.name).collect();
        assert!(!names.iter().any(|n| n == id || n == ".incoming"), "{names:?}");
    }
}

/// A laptop with the run.
fn first() -> (Laptop, String) {
    let (place, id) = caught();
    let ada = Laptop::new("Ada");
    fs::rename(place.run(&id), ada.run(&id)).unwrap();
    (ada, id)
}

fn passing(e: DeskError) -> PassingError {
    match e {
        DeskError::Passing(e) => e,
        e => panic!("{e}"),
    }
}

#[test]
fn a_run_goes_on_in_one_place() {
    let (ada, id) = first();
    let (mo, kim) = (Laptop::new("Mo"), Laptop::new("Kim"));
    let file = |n: u32| ada.dir.path().join(format!("{n}.age"));
    let before = journal_bytes(&ada.run(&id));
    let world = fs::read(ada.run(&id).join("world.json")).unwrap();

    assert!(matches!(ada.gives("nope", &file(1), "Mo"), Err(DeskError::NoSuchRun { .. })));
    assert!(matches!(ada.gives(&id, Path::new("/nowhere/at/all"), "Mo"), Err(DeskError::Save { .. })));
    assert!(matches!(ada.gives(&id, &file(1), " "), Err(DeskError::Refused(Refusal::Empty(_)))));
    assert!(!file(1).exists() && !file(1).with_extension("age.part").exists());
    // Another hand-over writes there now, or it is a person's.
    let part = ada.dir.path().join("1.age.part");
    fs::write(&part, "a holiday").unwrap();
    let taken = passing(ada.gives(&id, &file(1), "Mo").unwrap_err());
    assert!(matches!(&taken, PassingError::Exists(path) if *path == part), "{taken}");
    assert_eq!((fs::read_to_string(&part).unwrap().as_str(), file(1).exists()), ("a holiday", false));
    fs::remove_file(&part).unwrap();
    ada.gives(&id, &file(1), "Mo").unwrap();
    assert!(!part.exists());
    let passed = journal_bytes(&ada.run(&id));
    for (name, old) in &before {
        assert!(passed[name].starts_with(old));
    }
    // The old place adds nothing any more, and says why.
    assert!(matches!(ada.gives(&id, &file(1), "Mo"), Err(DeskError::Passing(PassingError::Exists(_)))));
    let again = ada.gives(&id, &file(2), "Kim").unwrap_err().to_string();
    assert!(again.contains("handed over to Mo; here it is only read"), "{again}");
    assert_eq!(journal_bytes(&ada.run(&id)), passed);

    let taken = mo.takes(&file(1)).unwrap();
    assert_eq!((taken.run.as_str(), taken.from.as_str(), taken.mode.as_str()), (id.as_str(), "Ada", "rehearsal"));
    assert!(taken.rehearsed && !taken.open.is_empty(), "{:?}", taken.open);
    assert_eq!(taken.sha256, sha256_hex(&fs::read(file(1)).unwrap()));
    for (name, bytes) in &passed {
        assert!(journal_bytes(&mo.run(&id))[name].starts_with(bytes), "{name}: byte for byte");
    }
    assert_eq!(fs::read(mo.run(&id).join("world.json")).unwrap(), world);
    let run = replay(&read_run(&RealDisk, &mo.run(&id)).unwrap()).unwrap();
    assert_eq!((run.handed_over.as_deref(), run.operator.as_str()), (None, "Mo"));
    assert!(run.participants.iter().any(|p| p.name == "Mo" && p.role == "operator"));
    assert!(
        run.steps.iter().any(|s| s.own_state() == StepState::Indeterminate),
        "what Azure may have done goes along as unknown"
    );

    // Twice at one place, and at two places.
    assert!(matches!(passing(mo.takes(&file(1)).unwrap_err()), PassingError::Further { records: 2, .. }));
    kim.takes(&file(1)).unwrap();
    mo.gives(&id, &file(2), "Ada").unwrap();
    kim.gives(&id, &file(3), "Ada").unwrap();
    ada.takes(&file(2)).unwrap();
    let run = replay(&read_run(&RealDisk, &ada.run(&id)).unwrap()).unwrap();
    assert_eq!((run.handed_over.as_deref(), run.operator.as_str()), (None, "Ada"));
    assert_eq!(
        journal_bytes(&ada.home.runs().join(".earlier").join(format!("{id}-1"))),
        passed,
        "what was here is kept"
    );
    let bytes = journal_bytes(&ada.run(&id));
    assert!(matches!(passing(ada.takes(&file(3)).unwrap_err()), PassingError::Apart { .. }));
    assert_eq!(journal_bytes(&ada.run(&id)), bytes);

    // Back without a file, and from one's own file.
    let back = |reason| ada.place(|p| p.take_back(&id, reason));
    assert!(matches!(back("why"), Err(DeskError::Refused(Refusal::NotHandedOver))));
    ada.gives(&id, &file(4), "Mo").unwrap();
    back("Mo is asleep").unwrap();
    assert!(matches!(passing(ada.takes(&file(4)).unwrap_err()), PassingError::Further { .. }));
    ada.gives(&id, &file(5), "Mo").unwrap();
    ada.takes(&file(5)).unwrap();
    let run = replay(&read_run(&RealDisk, &ada.run(&id)).unwrap()).unwrap();
    assert!(run.handed_over.is_none() && run.notes.iter().any(|n| n.text == "taken back: Mo is asleep"));

    // While another process has it open.
    let journal = Journal::open(
        Arc::new(RealDisk),
        ada.run(&id),
        Header::new(id.clone(), Mode::Rehearsal, this_app(), "x"),
        None,
    );
    let busy = ada.gives(&id, &file(6), "Mo").unwrap_err().to_string();
    assert!(busy.contains("another Lifeboat"), "{busy}");
    drop(journal);
    assert!(!file(6).exists());
}

/// A hand-over file of these members, as a forger with the passphrase could write it.
fn forged(at: &Path, run: &str, mode: &str, members: &BTreeMap<String, Vec<u8>>) {
    let words = Secret::new(WORDS);
    let all = members.iter().map(|(n, b)| Member { name: n.clone(), bytes: b.len() as u64, sha256: sha256_hex(b) });
    let manifest = Manifest {
        hand_over: VERSION,
        run: run.to_owned(),
        mode: mode.to_owned(),
        title: "Chat".to_owned(),
        from: "Eve".to_owned(),
        to: "Mo".to_owned(),
        at: 1,
        app: "0".to_owned(),
        members: all.collect(),
    };
    let open = |m: &Member| -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(members[&m.name].clone()))) };
    fs::write(at, write(Vec::new(), &Lock::Passphrase(&words, 4), &manifest, open).unwrap()).unwrap();
}

#[test]
fn a_record_that_does_not_hold_is_refused_and_leaves_nothing() {
    let (ada, id) = first();
    let mo = Laptop::new("Mo");
    let (file, forgery) = (ada.dir.path().join("1.age"), ada.dir.path().join("forged.age"));
    let before = journal_bytes(&ada.run(&id));
    ada.gives(&id, &file, "Mo").unwrap();
    let mut good = journal_bytes(&ada.run(&id));
    for name in ["checkpoint", "world.json"] {
        good.insert(name.to_owned(), fs::read(ada.run(&id).join(name)).unwrap());
    }
    type Change = fn(&mut BTreeMap<String, Vec<u8>>);
    let cases: [(&str, Change, &str); 8] = [
        ("one letter", |m| m.get_mut("000001.jsonl").unwrap()[3_000] ^= 1, "refused"),
        ("a line less", |m| m.get_mut("000001.jsonl").unwrap().drain(..10).for_each(drop), "refused"),
        ("its end", |m| m.get_mut("000001.jsonl").unwrap().truncate(30_000), "refused"),
        ("no record", |m| drop(m.remove("000001.jsonl")), "there is no run in"),
        ("an empty record", |m| m.get_mut("000001.jsonl").unwrap().clear(), "refused"),
        ("more files", |m| drop(m.insert("notes.txt".to_owned(), b"x".to_vec())), "no part of this run"),
        (
            "evidence of nothing",
            |m| drop(m.insert("evidence/0123456789abcdef-x".to_owned(), b"x".to_vec())),
            "no part of this run",
        ),
        (
            "another world",
            |m| {
                let text = String::from_utf8(m["world.json"].clone()).unwrap();
                let mut world: serde_json::Value = serde_json::from_str(&text).unwrap();
                world["epoch"] = 1.into();
                m.insert("world.json".to_owned(), world.to_string().into_bytes());
            },
            "another rehearsal's",
        ),
    ];
    for (what, change, wanted) in cases {
        let mut members = good.clone();
        change(&mut members);
        forged(&forgery, &id, "rehearsal", &members);
        let e = mo.takes(&forgery).expect_err(what).to_string();
        assert!(e.contains(wanted), "{what}: {e}");
        mo.has_nothing(&id);
    }
    for (what, run, mode, wanted) in [
        ("another id", "0123456789abcdef", "rehearsal", "another run"),
        ("a way out", "../../../x", "rehearsal", "no run id"),
        ("a bad id", "Run.One", "rehearsal", "no run id"),
        ("another mode", &id, "live", "the file says live"),
    ] {
        forged(&forgery, run, mode, &good);
        let e = mo.takes(&forgery).expect_err(what).to_string();
        assert!(e.contains(wanted), "{what}: {e}");
        mo.has_nothing(&id);
    }
    let mut not_given = before.clone();
    not_given.insert("world.json".to_owned(), good["world.json"].clone());
    forged(&forgery, &id, "rehearsal", &not_given);
    assert!(matches!(passing(mo.takes(&forgery).unwrap_err()), PassingError::GoesOnThere));
    mo.has_nothing(&id);
    let other = Secret::new("another passphrase");
    let e = mo.place(|p| p.take_over(&file, &Key::Passphrase(&other))).unwrap_err();
    assert!(matches!(e, DeskError::HandOver(HandOverError::Passphrase)), "{e}");
    assert!(matches!(mo.takes(mo.dir.path()), Err(DeskError::HandOver(HandOverError::Foreign))));
    assert!(matches!(mo.takes(&mo.dir.path().join("none")), Err(DeskError::HandOver(HandOverError::Io { .. }))));
    mo.has_nothing(&id);

    // What it is cut from, whole, is taken.
    forged(&forgery, &id, "rehearsal", &good);
    fs::create_dir_all(mo.run(&id)).unwrap();
    assert!(matches!(passing(mo.takes(&forgery).unwrap_err()), PassingError::Occupied(_)));
    fs::remove_dir(mo.run(&id)).unwrap();
    mo.takes(&forgery).unwrap();

    // A damaged record is not handed over in the first place.
    ada.place(|p| p.take_back(&id, "to damage it")).unwrap();
    let segment = ada.run(&id).join("000001.jsonl");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[3_000] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let e = passing(ada.gives(&id, &ada.dir.path().join("2.age"), "Mo").unwrap_err());
    assert!(matches!(e, PassingError::Damaged(_)), "{e}");
}

#[test]
fn whatever_fails_while_it_is_taken_over_there_is_the_whole_run_or_nothing() {
    let (ada, id) = first();
    let file = ada.dir.path().join("1.age");
    ada.gives(&id, &file, "Mo").unwrap();
    let whole = read_run(&RealDisk, &ada.run(&id)).unwrap();
    let whole_or_nothing = |disk: &dyn Disk, run: &Path, what: &str| {
        if disk.list(run).is_ok() {
            let there = read_run(disk, run).unwrap();
            assert!(there.len() >= whole.len() && there.iter().zip(&whole).all(|(a, b)| a.h == b.h), "{what}");
        }
    };
    let calls = {
        let disk = MemoryDisk::new();
        let mo = Laptop::on("Mo", Arc::new(disk.clone()));
        let before = disk.calls();
        mo.takes(&file).unwrap();
        usize::try_from(disk.calls() - before).unwrap()
    };
    assert!(calls > 15, "{calls}");
    // A third of them, and the power cut at some, is seconds; all of it is a minute.
    let (step, seeds) = if all() { (1, 4) } else { (3, 1) };
    each(calls.div_ceil(step), |n| {
        let n = n * step;
        for lasting in if all() { vec![false, true] } else { vec![n % 2 == 0] } {
            let disk = MemoryDisk::new();
            let mo = Laptop::on("Mo", Arc::new(disk.clone()));
            let times = if lasting { u64::MAX } else { 1 };
            let fault = Fault::once(Op::Any, io::ErrorKind::StorageFull);
            disk.inject(Fault { after: n as u64, times, partly: 100, ..fault });
            let done = mo.takes(&file);
            let what = format!("call {n}, lasting {lasting}: {:?}", done.as_ref().err().map(ToString::to_string));
            whole_or_nothing(&disk, &mo.run(&id), &what);
            for seed in 0..seeds {
                // The power goes at this moment.
                let after = disk.crash(seed);
                whole_or_nothing(&after, &mo.run(&id), &format!("{what}, power cut {seed}"));
                let again = Laptop { disk: Arc::new(after), dir: tempfile::tempdir().unwrap(), ..same(&mo) };
                let e = again.takes(&file);
                assert!(
                    e.is_ok() || done.is_ok() || matches!(e, Err(DeskError::Passing(PassingError::Further { .. }))),
                    "{what}"
                );
            }
            disk.heal();
            match (done, mo.takes(&file)) {
                (Err(_), again) => drop(again.unwrap_or_else(|e| panic!("{what}: then {e}"))),
                (Ok(_), Err(DeskError::Passing(PassingError::Further { .. }))) => {}
                (Ok(_), again) => panic!("{what}: then {again:?}"),
            }
            assert!(disk.list(&mo.home.runs().join(".incoming")).is_err(), "{what}: something half is left");
        }
    });
}

fn same(of: &Laptop) -> Laptop {
    Laptop { dir: tempfile::tempdir().unwrap(), home: of.home.clone(), disk: of.disk.clone(), name: of.name }
}
