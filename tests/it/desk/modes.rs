//! In which mode something was done stands on everything that leaves it: each record, each picture, each file.

use super::sign_in::{Azure as Simulated, at};
use super::*;

use lifeboat::clock::Clock;
use lifeboat::desk::protocol::{Lock, RunIntent};
use lifeboat::export::handover::{Key, Parcel};
use lifeboat::run::event::Mode;
use lifeboat::units::Secret;

const WORDS: &str = "four words of Ada's";

#[test]
fn the_mode_is_on_every_record_every_picture_and_every_file() {
    let azure = Simulated::of(super::several::SANDBOX, Clock::system());
    let run = |dry_run| Command::StartRun { plan: "sandbox".to_owned(), strategy: None, dry_run };
    let rehearse = |tabletop| Command::StartRehearsal {
        scenario: "region-loss".to_owned(),
        strategy: None,
        speed: Speed::Times(0),
        seed: 1,
        tabletop,
    };
    let cases = [
        // A simulated Azure is no real one, whoever serves it.
        (run(false), Mode::Rehearsal, "rehearsal", "REHEARSAL"),
        (run(true), Mode::DryRun, "dry_run", "DRY RUN"),
        (rehearse(false), Mode::Rehearsal, "rehearsal", "REHEARSAL"),
        (rehearse(true), Mode::Tabletop, "tabletop", "TABLETOP"),
    ];
    for (begin, mode, name, word) in cases {
        let place = Place::new();
        let desk = at(&place, Some(azure.cloud()));
        desk.send(begin);
        let s = until(&desk, word, |s| s.run.is_some());
        let id = s.run.as_ref().unwrap().id.clone();
        assert_eq!((s.run.as_ref().unwrap().mode, s.band.mode), (mode, Some(mode)));
        assert!(s.band.text.starts_with(word), "{}", s.band.text);
        assert_eq!(s.open_runs.iter().map(|o| o.mode).collect::<Vec<_>>(), [mode]);
        desk.send(Command::Note("a note".to_owned()));
        let file = place.0.path().join("run.age");
        let lock = Lock::Passphrase(Secret::new(WORDS));
        desk.send(Command::Run(RunIntent::HandOver { file: file.clone(), to: "Mo".to_owned(), lock }));
        let s = until(&desk, "handed over", |s| s.run.as_ref().is_some_and(|r| r.papers.handed_over.is_some()));
        assert_eq!((s.run.as_ref().unwrap().mode, s.band.mode), (mode, Some(mode)), "where it is only read");
        let words = Secret::new(WORDS);
        let parcel = Parcel::open(fs::File::open(&file).unwrap(), &Key::Passphrase(&words)).unwrap();
        assert_eq!(parcel.manifest().mode, mode.name(), "the file says it before anything is taken");
        desk.send(Command::Run(RunIntent::TakeRunBack { reason: "a test".to_owned() }));
        until(&desk, "back", |s| s.run.as_ref().is_some_and(|r| r.read_only.is_none()));
        desk.send(Command::Abort("enough".to_owned()));
        let s = until(&desk, "given up", |s| {
            s.audit.runs.iter().any(|r| r.id == id && !r.open) && s.run.as_ref().is_some_and(|r| r.closed.is_some())
        });
        assert_eq!(s.audit.runs.iter().find(|r| r.id == id).unwrap().mode, word.to_lowercase());
        desk.send(Command::ShowRecord(id.clone()));
        let s = until(&desk, "the record", |s| s.audit.shown.is_some());
        let shown = s.audit.shown.clone().unwrap();
        let said = format!("\"mode\":\"{name}\"");
        let bare: Vec<_> = shown.rows.iter().filter(|r| !r.raw.replace(' ', "").contains(&said)).collect();
        assert!(bare.is_empty() && shown.rows.len() > 10, "{bare:?}");
        drop(desk);

        // On the disk: what the run says, and what the log says of itself.
        let records = read_run(&RealDisk, &place.run(&id)).unwrap();
        let other = |r: &&lifeboat::record::Stored| serde_json::to_value(&r.body).unwrap()["mode"] != name;
        assert_eq!(records.iter().filter(other).count(), 0, "{word}");
        let kinds: std::collections::BTreeSet<&str> = records.iter().map(|r| r.body.kind.as_str()).collect();
        for kind in ["log.open", "log.checkpoint", "run.start", "note", "run.abort"] {
            assert!(kinds.contains(kind), "{kind}: {kinds:?}");
        }
        let listed = place.lifeboat(&["runs"]).output().unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(listed.contains(&word.to_lowercase()), "{word}: {listed}");
    }
}
