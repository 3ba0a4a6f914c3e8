//! The second person's device as a witness: what it signs, what it refuses to, and what the asking side records of that.

use std::path::Path;

use lifeboat::approval::{Answer, Device, Here, Request, Seen, Signed, Verdict};
use lifeboat::desk::anchors::witness::{held, look, signs};
use lifeboat::desk::protocol::{ApprovalIntent, Command};
use lifeboat::desk::{Handle, Home};
use lifeboat::journal::{RealDisk, contents, read_run};
use lifeboat::record::{Against, Checkpoint, Hash, Kind, Pin, Report, verify};
use lifeboat::run::event::Mode;

use crate::approval::desks::{agreed, decide, decided, desk, know, line, send};
use crate::approval::{People, device};
use crate::crash::{Place, until};
use crate::run::Bench;

/// What Ada's step asks, with a checkpoint of so many records.
fn request(people: &People, c: Option<&Checkpoint>) -> Request {
    let mut b: Bench = crate::approval::live(people);
    crate::approval::ask(&mut b, 2).unwrap();
    let asked = people.request(&b, crate::approval::STEP).what().clone();
    Request { checkpoint: c.map(ToString::to_string), ..asked }
}

fn of_size(size: u64, root: u8, by: &Device) -> Checkpoint {
    let mut c = Checkpoint { log: "run-7f3k".to_owned(), size, root: Hash([root; 32]), signatures: Vec::new() };
    c.sign(by);
    c
}

#[test]
fn a_witness_never_signs_two_records_of_one_run_that_do_not_fit() {
    let temp = tempfile::tempdir().unwrap();
    let home = Home::find(Some(temp.path())).unwrap();
    let people = People::new();
    let base = Request { run: "run-7f3k".to_owned(), ..request(&people, None) };
    let asks = |c: &Checkpoint| Request { checkpoint: Some(c.to_string()), ..base.clone() };
    let says = |r: &Request| signs(&home, r, &Verdict::Agreed, &people.ben, 1_790_000_000_000);
    let largest = || held(&home, "run-7f3k", &[people.ada.public().clone()]).unwrap().map(|h| h.checkpoint);
    let refused = |r: &Request, word: &str| {
        let Some(Seen::Refused(why)) = says(r) else { panic!("{word}: signed") };
        assert!(why.contains(word), "{why}");
        let look = look(&home, r).unwrap();
        assert!(!look.fits && look.text.contains(word), "whoever is asked sees it first: {look:?}");
    };
    assert_eq!((says(&base), look(&home, &base)), (None, None), "an older Lifeboat asks without");
    assert_eq!(
        signs(&home, &asks(&of_size(40, 1, &people.ada)), &Verdict::Refused("no".to_owned()), &people.ben, 0),
        None
    );
    assert!(!temp.path().join("witnessed").exists());

    let first = of_size(40, 1, &people.ada);
    assert!(look(&home, &asks(&first)).unwrap().fits);
    let Some(Seen::Signed(signature)) = says(&asks(&first)) else { panic!("not signed") };
    let mut with = first.clone();
    assert!(!with.take(&signature, people.cleo.public()) && with.take(&signature, people.ben.public()));
    assert_eq!(with.witnesses()[0].at, 1_790_000_000);
    assert_eq!(largest(), Some(with.clone()), "kept before anybody gets it");
    // The same once more, and one that goes on from it.
    assert!(matches!(says(&asks(&first)), Some(Seen::Signed(_))));
    assert!(matches!(says(&asks(&of_size(55, 2, &people.ada))), Some(Seen::Signed(_))));
    refused(&asks(&of_size(40, 1, &people.ada)), "or entries were taken away");
    refused(&asks(&of_size(55, 3, &people.ada)), "FORK");
    assert_eq!(largest().unwrap().root, Hash([2; 32]));

    let file = temp.path().join("witnessed/run-7f3k");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("\n--\n").count(), 3, "{text}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions()) & 0o777, 0o600);

    // A crash while it signs leaves a part of a note, which nobody got.
    std::fs::write(&file, format!("{text}lifeboat/run-7f3k\n7")).unwrap();
    assert_eq!(largest().unwrap().size, 55);
    assert!(matches!(says(&asks(&of_size(56, 6, &people.ada))), Some(Seen::Signed(_))));
    let after = std::fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(&text) && after.matches("\n--\n").count() == 4, "{after}");

    // What is not a checkpoint of this run's record, by the log's own word.
    refused(&Request { checkpoint: Some("nothing".to_owned()), ..base.clone() }, "it is none");
    refused(&asks(&Checkpoint { log: "run-8g4l".to_owned(), ..of_size(60, 4, &people.ada) }), "another run's record");
    refused(&asks(&Checkpoint { size: 61, ..of_size(60, 4, &people.ada) }), "does not hold");
    let up = Checkpoint { log: "../7f3k".to_owned(), size: 9, root: Hash([0; 32]), signatures: Vec::new() };
    refused(&Request { run: "../7f3k".to_owned(), ..asks(&up) }, "of no run's record");
    std::fs::write(&file, "something else\n--\n").unwrap();
    refused(&asks(&of_size(70, 5, &people.ada)), "is damaged");
}

/// What a run's record says of checkpoints that left.
pub fn records_of(home: &Path) -> Vec<serde_json::Value> {
    let runs = std::fs::read_dir(home.join("runs")).unwrap();
    let run = runs.map(|e| e.unwrap().path()).find(|p| p.join("000001.jsonl").exists()).unwrap();
    read_run(&RealDisk, &run)
        .unwrap()
        .into_iter()
        .filter(|r| r.body.kind == Kind::LogAnchor)
        .map(|r| r.body.d)
        .collect()
}

pub fn verified(home: &Path, pins: &[Pin]) -> Report {
    let runs = std::fs::read_dir(home.join("runs")).unwrap();
    let run = runs.map(|e| e.unwrap().path()).find(|p| p.join("000001.jsonl").exists()).unwrap();
    let found = contents(&RealDisk, &run).unwrap();
    verify(&found.segments(), Against { whole: true, pins, ..Against::default() })
}

pub fn recorded(desk: &Handle, home: &Path, n: usize) -> Vec<serde_json::Value> {
    until(desk, "an anchor in the record", |_| records_of(home).len() >= n);
    records_of(home)
}

#[test]
fn who_agrees_on_a_device_of_their_own_anchors_the_record_and_their_computer_holds_it_to_that() {
    let (here, there) = (Place::new(), Place::new());
    let (ada, ben) = (desk(&here.home(), "Ada"), desk(&there.home(), "Ben"));
    know(&ada, &line(&ben));
    know(&ben, &line(&ada));
    decided(&ada);
    let asked = decide(&ada);
    send(&ben, ApprovalIntent::Read(asked.block.to_string()));
    let s = until(&ben, "the request", |s| s.approvals.request.is_some());
    let r = s.approvals.request.clone().unwrap();
    let row = r.rows.iter().find(|row| row.label == "record").unwrap();
    assert!(row.ok == Some(true) && row.text.contains("agreeing also signs"), "{row:?}");
    send(&ben, ApprovalIntent::Approve { request: r.id.clone(), typed: None });
    let answer = |s: &lifeboat::desk::snapshot::Snapshot| s.approvals.request.as_ref().and_then(|r| r.answer.clone());
    let block = answer(&until(&ben, "an answer", |s| answer(s).is_some())).unwrap();
    send(&ada, ApprovalIntent::TakeAnswer(block.to_string()));
    agreed(&ada, "signed by Ben's own device");

    let d = recorded(&ada, &here.home(), 1).remove(0);
    assert_eq!(
        (d["to"].as_str(), d["where"].as_str(), d["outcome"].as_str()),
        (Some("witness"), Some("Ben"), Some("held")),
        "{d}"
    );
    let note: Checkpoint = d["note"].as_str().unwrap().parse().unwrap();
    let key = note.witnesses()[0].key.clone();
    let r = verified(&here.home(), &[Pin { key, of: "Ben".to_owned() }]);
    assert_eq!((r.break_count, r.seen.as_ref().map(|s| (s.size, s.by.as_str()))), (0, Some((note.size, "Ben"))), "{r}");
    assert!(r.unanchored() > 0 && r.unanchored() < r.records, "{r}");

    // Ben's computer holds the same run to what it signed, unasked.
    let run = here.home().join("runs").join(&note.log);
    let verify = |home: &Path| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        let out = program.arg("verify").arg(&run).arg("--home").arg(home).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, said) = verify(&there.home());
    let held = format!("Held against the checkpoint of {} records that this computer signed as a witness.", note.size);
    assert!(code == Some(1) && said.contains(&held) && said.contains("checkpoint compared"), "{said}");
    let (_, said) = verify(&here.home());
    assert!(!said.contains("Held against"), "{said}");
    // A record that lost its end is whole in itself, and not what Ben saw.
    let cut = there.home().join("cut").join(&note.log);
    std::fs::create_dir_all(&cut).unwrap();
    let text = std::fs::read_to_string(run.join("000001.jsonl")).unwrap();
    let fewer: String = text.split_inclusive('\n').take(usize::try_from(note.size).unwrap() - 1).collect();
    std::fs::write(cut.join("000001.jsonl"), fewer).unwrap();
    let of_cut = |home: &Path| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        program.arg("verify").arg(&cut).arg("--home").arg(home).output().unwrap().status.code()
    };
    assert_eq!((of_cut(&here.home()), of_cut(&there.home())), (Some(1), Some(2)));
    // What anybody could have written into the file counts for nothing.
    let file = there.home().join("witnessed").join(&note.log);
    let mut other = note;
    other.root.0[0] ^= 1;
    let unsigned = Checkpoint { signatures: Vec::new(), ..other.clone() };
    for planted in [other, unsigned] {
        std::fs::write(&file, format!("{planted}\n--\n")).unwrap();
        let (code, said) = verify(&there.home());
        assert!(code == Some(1) && !said.contains("Held against"), "{said}");
    }
}

type Says = fn(&Checkpoint) -> Option<Seen>;

#[test]
fn an_answer_without_a_witness_is_as_good_and_the_record_says_why_there_is_none() {
    let here = Place::new();
    let ada = desk(&here.home(), "Ada");
    let ben = device(7);
    know(&ada, &ben.line("Ben"));
    decided(&ada);
    let answers: [(Says, &str); 3] = [
        (|_| None, "carries no signature"),
        (
            |c| {
                Some(Seen::Signed({
                    let mut c = Checkpoint { size: c.size + 1, ..c.clone() };
                    c.witness(&device(7), 9);
                    c.signatures.pop().unwrap()
                }))
            },
            "does not hold",
        ),
        (|_| Some(Seen::Refused("FORK: \u{1b}[31mtwo records".to_owned())), "did not sign it: FORK"),
    ];
    for (n, (seen, why)) in answers.into_iter().enumerate() {
        let asked = decide(&ada);
        let request = Signed::<Request>::read(&asked.block).unwrap();
        let c: Checkpoint = request.what().checkpoint.as_deref().unwrap().parse().unwrap();
        let knows = [lifeboat::health::sighting::Colleague {
            name: "Ada".to_owned(),
            key: request.what().key.clone(),
            pair: None,
        }];
        let now = lifeboat::clock::Clock::system().now().utc;
        let at_bens = Here { now, mine: None, known: &knows };
        let answer = Answer::seeing(&request, Verdict::Agreed, None, "Ben", &at_bens, &ben, seen(&c)).unwrap();
        send(&ada, ApprovalIntent::TakeAnswer(answer.block().unwrap()));
        agreed(&ada, "signed by Ben's own device");
        let all = recorded(&ada, &here.home(), n + 1);
        let d = &all[n];
        assert_eq!(
            (d["outcome"].as_str(), d["note"].as_str()),
            (Some("failed"), request.what().checkpoint.as_deref()),
            "{d}"
        );
        let told = d["why"].as_str().unwrap();
        assert!(told.contains(why) && !told.contains('\u{1b}'), "{told}");
        assert!(ada.snapshot().activity.iter().any(|a| a.text.contains("no witness for the record so far: Ben")));
        ada.send(Command::DismissNotice);
    }
    let r = verified(&here.home(), &[Pin { key: ben.public().clone(), of: "Ben".to_owned() }]);
    assert_eq!((r.break_count, r.seen.clone()), (0, None), "{r}");
    assert!(r.to_string().contains("0 to a witness held, 3 FAILED"), "{r}");
    assert_eq!(ada.snapshot().run.as_ref().map(|r| r.mode), Some(Mode::Rehearsal));
}
