//! How long runs are kept, who holds them, and their end: dates, rules, the register, and a power cut at every call of a
//! disposal.

mod compared;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lifeboat::approval::Device;
use lifeboat::desk::keeping::{
    Class, Facts, Keeping, Kept, REGISTER, Register, dispose, end_of, export, hold, key, retention, unfinished,
};
use lifeboat::desk::{DeskError, Home};
use lifeboat::export::dossier::Dossier;
use lifeboat::journal::{Disk, Fault, MemoryDisk, Op, RealDisk, Signs, contents, read_run};
use lifeboat::record::{Against, Kept as KeptIn, Kind, Signer, Verdict, verify};
use lifeboat::run::event::Actor;
use lifeboat::units::PublicKey;
use serde_json::{Value, json};

use crate::cli::say;

const YEAR: i64 = 366 * 24 * 3_600_000;

struct Key(Device);

impl Signer for Key {
    fn key(&self) -> PublicKey {
        self.0.public().clone()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message)
    }
}

fn signs() -> Signs {
    Signs { by: Arc::new(Key(Device::from_seed(&[7; 32]).unwrap())), kept: KeptIn::Keyring, rotation: None }
}

fn ada() -> Actor {
    Actor::Operator("Ada".to_owned())
}

/// A home in memory, with a closed run in it.
struct Place {
    home: Home,
    disk: Arc<dyn Disk>,
    memory: MemoryDisk,
    run: String,
}

/// The files of the one rehearsal of these tests.
fn copy(disk: &dyn Disk, from: &Path, to: &Path) {
    disk.create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let path = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(disk, &entry.path(), &path),
            false => disk.write_new(&path, &fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
    to.ancestors().filter(|d| d.parent().is_some()).for_each(|d| disk.sync_dir(d.parent().unwrap()).unwrap());
}

impl Place {
    fn new() -> Self {
        let (run, journal) = crate::export::one();
        let memory = MemoryDisk::new();
        let place = Self::on(memory, run);
        copy(place.disk.as_ref(), journal, &place.home.run(run));
        place
    }

    fn on(memory: MemoryDisk, run: &str) -> Self {
        let home = Home::find(Some(Path::new("/home/of/lifeboat"))).unwrap();
        Self { home, disk: Arc::new(memory.clone()), memory, run: run.to_owned() }
    }

    fn register(&self) -> Register<'_> {
        Register { home: &self.home, disk: &self.disk, signs: Some(signs()) }
    }

    fn keeping(&self) -> Keeping {
        Register::read(self.disk.as_ref(), &self.home).unwrap()
    }

    fn end(&self) -> i64 {
        end_of(&read_run(self.disk.as_ref(), &self.home.run(&self.run)).unwrap()).unwrap()
    }

    fn dispose(&self, now: i64) -> Result<(), DeskError> {
        dispose(&self.register(), &ada(), &self.run, "its time is over", (now, "computer"))
    }

    fn why(&self, now: i64) -> String {
        self.dispose(now).unwrap_err().to_string()
    }

    fn there(&self) -> bool {
        self.disk.list(&self.home.run(&self.run)).is_ok()
    }

    fn entries(&self) -> Vec<Value> {
        let all = read_run(self.disk.as_ref(), &self.home.register()).unwrap();
        all.into_iter().filter(|r| !r.body.kind.as_str().starts_with("log.")).map(|r| r.body.d).collect()
    }
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

#[test]
fn each_class_ends_with_a_whole_day() {
    let end = at("2026-11-20T03:14:07Z");
    let until = |c: Class| c.until(end);
    assert_eq!(until(Class::SevenYears), Some(at("2033-11-21T00:00:00Z")));
    assert_eq!(until(Class::Pci), Some(at("2027-11-21T00:00:00Z")));
    assert_eq!(until(Class::Hipaa), Some(at("2032-11-21T00:00:00Z")));
    assert_eq!(until(Class::Fca), until(Class::Hipaa));
    assert_eq!(until(Class::UntilTold), None);
    // No day of a leap year is lost.
    assert_eq!(Class::Hipaa.until(at("2024-02-29T23:59:59Z")), Some(at("2030-03-01T00:00:00Z")));
    for class in Class::ALL {
        assert_eq!(Class::from_name(class.name()), Some(class));
        assert!(class.words().contains(class.source()));
    }
    assert_eq!(Class::default(), Class::SevenYears);
}

#[test]
fn a_run_goes_only_when_its_time_is_over_and_nobody_holds_it() {
    let p = Place::new();
    let (end, end_pci) = (p.end(), Class::Pci.until(p.end()).unwrap());
    assert!(p.why(end).contains("7 years"), "{}", p.why(end));
    let last = Class::SevenYears.until(end).unwrap();
    assert!(p.why(last - 1).contains("kept until"));
    p.register()
        .write(&ada(), &[retention(Some(&p.run), Some(Class::Pci), "card data"), hold(&p.run, true, "case 12")])
        .unwrap();
    let why = p.why(end_pci);
    assert!(why.contains("held by Ada") && why.contains("case 12"), "{why}");
    p.register()
        .write(&ada(), &[retention(Some(&p.run), Some(Class::UntilTold), "ask me"), hold(&p.run, false, "settled")])
        .unwrap();
    assert!(p.why(end + 90 * YEAR).contains("choose a class"));
    p.register().write(&ada(), &[retention(Some(&p.run), None, "as all")]).unwrap();
    p.register().write(&ada(), &[retention(None, Some(Class::Pci), "the board's word")]).unwrap();
    assert!(p.why(end_pci - 1).contains("kept until"));
    assert!(p.there(), "nothing was touched");
    assert_eq!(p.entries().iter().filter(|d| d["setting"] == "disposal").count(), 0);
    p.dispose(end_pci).unwrap();
    assert!(!p.there());
    assert!(matches!(p.keeping().may_go(&p.run, Some(end), end_pci), Err(Kept::Gone(_))));
}

#[test]
fn a_register_that_was_altered_lets_nothing_go() {
    let p = Place::new();
    p.register().write(&ada(), &[hold(&p.run, true, "case 12"), hold("another", true, "case 13")]).unwrap();
    let path = p.home.register().join("000001.jsonl");
    let cut = |bytes: &mut Vec<u8>| {
        let text = String::from_utf8(std::mem::take(bytes)).unwrap();
        *bytes = text.lines().filter(|l| !l.contains("case 12")).map(|l| format!("{l}\n")).collect::<String>().into();
    };
    p.memory.tamper(&path, cut).unwrap();
    assert!(p.keeping().hold(&p.run).is_none(), "the hold is gone from it");
    assert!(p.why(p.end() + 90 * YEAR).contains("does not verify"));
    assert!(p.there());
}

#[test]
fn an_open_run_is_never_disposed_of() {
    let p = Place::new();
    let path = p.home.run(&p.run).join("000001.jsonl");
    p.memory
        .tamper(&path, |bytes| {
            let text = String::from_utf8(std::mem::take(bytes)).unwrap();
            let open = text.lines().filter(|l| !l.contains(r#""kind":"run.end""#)).map(|l| format!("{l}\n"));
            *bytes = open.collect::<String>().into_bytes();
        })
        .unwrap();
    assert!(p.why(p.end() + 90 * YEAR).contains("not closed"));
    assert!(p.there());
}

#[test]
fn the_end_of_a_run_is_the_latest_that_any_of_its_clocks_says() {
    let p = Place::new();
    let mut records = read_run(p.disk.as_ref(), &p.home.run(&p.run)).unwrap();
    let last = records.iter().map(|r| r.body.ts).max().unwrap();
    // The clock was set back for the last records: what came before them counts.
    let n = records.len();
    records[n - 3..].iter_mut().for_each(|r| r.body.ts -= 10 * YEAR);
    let kept = end_of(&records).unwrap();
    assert!(kept <= last && kept > last - 60_000, "{kept} of {last}");
    // Azure's own date counts too.
    let r = records.iter_mut().find(|r| r.body.corr.is_some()).unwrap();
    r.body.corr.as_mut().unwrap().date = Some("Sat, 20 Nov 2060 03:14:07 GMT".to_owned());
    assert_eq!(end_of(&records), Some(kept), "a simulated one has the scenario's time");
    records.iter_mut().for_each(|r| r.body.mode = lifeboat::record::Mode::Live);
    assert_eq!(end_of(&records), Some(at("2060-11-20T03:14:07Z")));
}

#[test]
fn what_a_run_was_stays_in_the_register() {
    let p = Place::new();
    let facts = Facts::read(p.disk.as_ref(), &p.home.run(&p.run)).unwrap();
    let before = contents(p.disk.as_ref(), &p.home.run(&p.run)).unwrap();
    let report = verify(&before.segments(), Against::default());
    p.dispose(p.end() + 8 * YEAR).unwrap();
    let told = p.entries().into_iter().find(|d| d["event"] == "begun").unwrap();
    assert_eq!(told["root"], json!(report.root.unwrap().to_string()));
    assert_eq!((&told["records"], &told["title"]), (&json!(report.records), &json!(facts.title)));
    assert_eq!(told["checkpoint"].as_str(), before.checkpoint.as_deref());
    assert_eq!((&told["reason"], &told["mode"]), (&json!("its time is over"), &json!("rehearsal")));
    assert!(told["evidence_sha256"].as_str().is_some_and(|h| h.len() == 64));
    let gone = p.keeping().gone(&p.run).cloned().unwrap();
    assert!(gone.done && gone.by == "Ada", "{gone:?}");
    // It is a log like any other, signed behind each entry.
    let all = contents(p.disk.as_ref(), &p.home.register()).unwrap();
    let report = verify(&all.segments(), Against { beside: all.beside().as_ref(), whole: true, ..Against::default() });
    assert_eq!(report.verdict, Verdict::Limited, "{report}");
    assert!(report.checkpoints >= 2 && report.to_string().contains("by the key"), "{report}");
}

#[test]
fn the_power_may_go_at_any_call_of_a_disposal() {
    let whole = {
        let p = Place::new();
        let before = p.memory.calls();
        p.dispose(p.end() + 8 * YEAR).unwrap();
        p.memory.calls() - before
    };
    assert!(whole > 10, "{whole} calls");
    let (mut untouched, mut finished) = (0, 0);
    for n in 0..=whole {
        let p = Place::new();
        let records = read_run(p.disk.as_ref(), &p.home.run(&p.run)).unwrap();
        p.memory.inject(Fault { after: n, ..Fault::lasting(Op::Any, std::io::ErrorKind::Other) });
        let done = p.dispose(p.end() + 8 * YEAR);
        for seed in 0..6 {
            let after = Place::on(p.memory.crash(seed), &p.run);
            let k = after.keeping();
            let what = format!("call {n}, seed {seed}");
            if k.gone(&p.run).is_none() {
                assert!(done.is_err(), "{what}: it was said to be done");
                assert_eq!(read_run(after.disk.as_ref(), &after.home.run(&p.run)).unwrap(), records, "{what}");
                untouched += 1;
                continue;
            }
            for run in unfinished(&k) {
                after.register().finish(&run).unwrap_or_else(|e| panic!("{what}: {e}"));
            }
            assert!(after.keeping().gone(&p.run).is_some_and(|g| g.done), "{what}");
            assert!(!after.there(), "{what}: it is still there");
            let left = after.disk.list(&after.home.disposing()).unwrap_or_default();
            assert_eq!(left, [], "{what}");
            finished += 1;
        }
    }
    assert!(untouched > 0 && finished > 0, "{untouched} untouched, {finished} finished");
}

fn begun(run: &str) -> (Kind, Value) {
    (Kind::ConfigChange, json!({ "setting": "disposal", "event": "begun", "run": run, "reason": "over" }))
}

#[test]
fn what_is_held_since_its_disposal_began_stays() {
    for moved in [false, true] {
        let p = Place::new();
        p.register().write(&ada(), &[begun(&p.run)]).unwrap();
        assert_eq!(unfinished(&p.keeping()), std::slice::from_ref(&p.run));
        if moved {
            p.disk.create_dir_all(&p.home.disposing()).unwrap();
            p.disk.rename(&p.home.run(&p.run), &p.home.disposing().join(&p.run)).unwrap();
        }
        p.register().write(&ada(), &[hold(&p.run, true, "case 9")]).unwrap();
        let why = p.register().finish(&p.run).unwrap_err().to_string();
        assert!(why.contains("held by Ada") && why.contains("case 9"), "{why}");
        assert!(p.there() && p.keeping().gone(&p.run).is_none(), "moved: {moved}");
        assert_eq!(p.entries().last().unwrap()["event"], "stopped");
        // Nothing is left to be finished, by whoever asks again.
        p.register().finish(&p.run).unwrap();
        assert!(p.there() && unfinished(&p.keeping()).is_empty());
    }
}

#[test]
fn an_entry_that_names_no_run_removes_nothing() {
    let p = Place::new();
    let later = json!({ "setting": "disposal", "event": "considered", "run": p.run });
    let mut all = vec![(Kind::ConfigChange, later)];
    all.extend(["", ".", "..", "../register", "/home/of/lifeboat", "runs/..", "a b"].map(begun));
    p.register().write(&ada(), &all).unwrap();
    assert_eq!(unfinished(&p.keeping()), [""; 0]);
    let now = (p.end() + 8 * YEAR, "computer");
    for run in ["", "..", "/home/of/lifeboat"] {
        assert!(dispose(&p.register(), &ada(), run, "over", now).is_err());
        p.register().finish(run).unwrap();
    }
    assert!(p.there() && p.disk.list(&p.home.register()).is_ok());
}

#[test]
fn a_window_finishes_what_was_begun_and_shows_what_is_gone() {
    let (run, journal) = crate::export::one();
    let dir = tempfile::tempdir().unwrap();
    let home = Home::find(Some(dir.path())).unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    copy(disk.as_ref(), journal, &home.run(run));
    let register = Register { home: &home, disk: &disk, signs: Some(signs()) };
    let begun = json!({ "setting": "disposal", "event": "begun", "run": run, "reason": "over", "title": "A drill" });
    register.write(&ada(), &[(Kind::ConfigChange, begun)]).unwrap();
    let desk = crate::crash::desk_with(dir.path(), disk.clone(), None);
    let s = crate::crash::until(&desk, "the list", |s| s.audit.runs.iter().any(|r| r.id == REGISTER));
    let row = s.audit.runs.iter().find(|r| r.id == *run).unwrap();
    assert!(row.kept.disposed.as_ref().is_some_and(|w| w.contains("by Ada: over")), "{row:?}");
    assert!(!home.run(run).exists() && !home.disposing().join(run).exists());
    drop(desk);
    let said = say(dir.path(), &["runs", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(said.json()["disposed"][0]["done"], true, "{}", said.out);
    let path: PathBuf = home.register();
    let said = say(dir.path(), &["verify", path.to_str().unwrap()]);
    assert_eq!(said.code, 1, "{}", said.out);
}

#[test]
fn an_export_of_a_closed_run_stands_in_the_register() {
    let (run, journal) = crate::export::one();
    let dir = tempfile::tempdir().unwrap();
    let home = Home::find(Some(dir.path())).unwrap();
    copy(&RealDisk, journal, &home.run(run));
    let out = dir.path().join("out.csv");
    let said = say(dir.path(), &["export", run, "--format", "csv", "--out", out.to_str().unwrap()]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.err);
    let all = read_run(&RealDisk, &home.register()).unwrap();
    let told = all.iter().find(|r| r.body.kind == Kind::Export).unwrap();
    let sha256 = lifeboat::units::sha256_hex(&fs::read(&out).unwrap());
    assert_eq!((&told.body.d["run"], &told.body.d["sha256"]), (&json!(run), &json!(sha256)));
    assert_eq!((&told.body.d["format"], told.body.d["to"].as_str()), (&json!("csv"), out.to_str()));
    // The class of the home is what the dossier says.
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let register = Register { home: &home, disk: &disk, signs: None };
    register.write(&ada(), &[retention(Some(run), Some(Class::Fca), "the regulator")]).unwrap();
    let page = dir.path().join("out.html");
    say(dir.path(), &["export", run, "--format", "html", "--out", page.to_str().unwrap()]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("SYSC 15A.6") && page.contains("no legal hold"));
    let rows = say(dir.path(), &["runs", "--json"]).json();
    assert_eq!(rows["runs"][0]["retention"]["class"], "fca-6-years");
    // Who holds it and why is told by name, and not with pseudonyms.
    register.write(&Actor::Operator("Eve Legal".to_owned()), &[hold(run, true, "case Smith")]).unwrap();
    let told = |more: &[&str]| {
        let page = dir.path().join(format!("held{}.html", more.len()));
        say(dir.path(), &[&["export", run, "--format", "html", "--out", page.to_str().unwrap()], more].concat());
        fs::read_to_string(page).unwrap()
    };
    assert!(told(&[]).contains("legal hold by Eve Legal") && told(&[]).contains("case Smith"));
    let hidden = told(&["--pseudonyms"]);
    assert!(hidden.contains("legal hold by a person") && !hidden.contains("Eve Legal") && !hidden.contains("Smith"));
}

#[test]
fn other_things_of_the_home_have_their_entries() {
    let p = Place::new();
    let new = Key(Device::from_seed(&[9; 32]).unwrap()).key();
    let entry = export(&p.run, &json!({ "format": "pdf", "sha256": "00" }), "/tmp/x.pdf");
    p.register().write(&ada(), &[key(None, &new, "a new laptop"), entry]).unwrap();
    let all = p.entries();
    assert_eq!((&all[0]["setting"], &all[0]["fingerprint"]), (&json!("key"), &json!(new.fingerprint())));
    assert_eq!((&all[1]["to"], &all[1]["run"]), (&json!("/tmp/x.pdf"), &json!(p.run)));
}

/// The dossier of the one rehearsal.
fn told() -> Dossier {
    let (_, journal) = crate::export::one();
    lifeboat::desk::exporting::dossier(&RealDisk, journal, &[], false).unwrap()
}
