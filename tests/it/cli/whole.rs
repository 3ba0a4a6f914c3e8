//! A whole rehearsal in the terminal: papers, a second person on another laptop, a line that drops, a paste that does nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::desk::protocol::{ApprovalIntent, Command, CredentialIntent};
use lifeboat::desk::{Handle, Home, Options, start};
use lifeboat::journal::RealDisk;
use lifeboat::run::fields::{Beside, Held};

use super::guided::Person;
use super::say;
use crate::crash::until;

/// The second person's laptop.
fn second(home: &Path) -> Handle {
    let home = Home::find(Some(home)).unwrap();
    let operator = "Ben".to_owned();
    let disk = Arc::new(RealDisk);
    let desk = start(Options { home, disk, cloud: None, watch: None, operator, script: None }).unwrap();
    desk.send(Command::Credential(CredentialIntent::KeepInMemory));
    desk.send(Command::Approval(ApprovalIntent::MakeKey));
    until(&desk, "a key", |s| s.approvals.mine.is_some());
    desk
}

/// The text between a line that begins so and the next empty one, or the line that ends it.
fn between(read: &str, begins: &str) -> String {
    let lines = read.lines().skip_while(|l| !l.starts_with(begins)).take_while(|l| !l.trim().is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The number of the choice with this label, on the newest card.
fn number(cards: &str, label: &str) -> Option<String> {
    let newest = &cards[cards.rfind("── ").unwrap_or(0)..];
    let line =
        newest.lines().find(|l| l.contains(label) && l.trim_start().starts_with(|c: char| c.is_ascii_digit()))?;
    line.split_whitespace().next().map(str::to_owned)
}

/// The card in front, whole.
fn card(p: &mut Person) -> String {
    p.types("s");
    let (top, _) = p.waits(&["source: ", "No step is open."], SOON);
    if top.contains("No step is open.") { top } else { format!("{top}{}", p.waits(&["  ? help"], SOON).0) }
}

/// An answer is there by then, or something else has happened.
const SOON: Duration = Duration::from_secs(5);

/// Leaves out what is next, and lets what checks itself end, until a card holds this. There may be many cards; the time of
/// the run goes on within the patience of the test.
fn skips_to(p: &mut Person, wanted: &str) -> String {
    let mut begun = Instant::now();
    let mut now = card(p);
    let mut headline = String::new();
    while !now.contains(wanted) {
        let newest = now.lines().rfind(|l| l.starts_with("── ")).unwrap_or_default();
        if newest != headline {
            headline = newest.to_owned();
            begun = Instant::now();
        }
        assert!(begun.elapsed() < crate::PATIENCE, "`{wanted}` never came: {now}");
        let Some(n) = number(&now, "Skip…") else {
            p.types("j");
            p.waits(&["  ? help"], Duration::from_millis(200));
            now = card(p);
            continue;
        };
        p.types(&n);
        if !p.waits(&["(. to leave)", "leave)"], SOON).1 {
            now = card(p);
            continue;
        }
        p.types("not tonight");
        let (told, _) = p.waits(&[": skipped."], SOON);
        let (next, came) = p.waits(&["  ? help", "All steps are over"], Duration::from_secs(1));
        now = if came && number(&next, "Skip…").is_some() { format!("{told}{next}") } else { card(p) };
    }
    now
}

/// Goes through the choices until one with this label is there.
fn offered(p: &mut Person, label: &str) -> String {
    let begun = Instant::now();
    loop {
        if let Some(n) = number(&card(p), label) {
            return n;
        }
        assert!(begun.elapsed() < crate::PATIENCE, "`{label}` is not offered");
        p.types("j");
        p.waits(&[label], Duration::from_secs(1));
    }
}

/// The words that have to be typed.
fn word(asked: &str) -> String {
    let (_, rest) = asked.rsplit_once("type this: ").expect(asked);
    rest.split(" (").next().unwrap().to_owned()
}

#[test]
fn a_whole_rehearsal_over_a_line_that_drops() {
    let (home, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ben = second(there.path());
    let line = ben.snapshot().approvals.mine.clone().unwrap();
    assert_eq!(say(home.path(), &["approve", "--know", &line]).code, 0);

    let mut p = Person::at(home.path(), &["rehearse", "region-loss", "--strategy", "hot/warm"]);
    p.sees("  ? help");
    // A key for this run: the terminal shows the line that Ben takes.
    p.says("ak memory", "until Lifeboat closes");
    p.says("ak make", "ak shows it");
    let begun = Instant::now();
    let mine = loop {
        let read = p.says("ak", "ak know takes");
        if read.contains("Lifeboat key 1 of Ada") {
            break between(&read, "Lifeboat key 1 of Ada");
        }
        assert!(begun.elapsed() < crate::PATIENCE, "{read}");
    };
    ben.send(Command::Approval(ApprovalIntent::Know(mine)));
    until(&ben, "Ada's key", |s| s.approvals.roster.iter().any(|r| r.name == "Ada"));

    // The papers.
    p.says("gl", "Created or changed (. to leave)");
    p.says("two caches and a queue", "+ Ledger: two caches and a queue");
    p.says("gx", "Its number");
    p.says("2", "What, and how much");
    p.says("threads of East US", "+ Unavailable for now: threads of East US");
    p.says("ge", "Its number");
    p.says("2", "Name, such as");
    p.says("ticket 4711", "an empty line ends it");
    p.says("first line\n\n1\nyes\nlast line", "5 lines; an empty line ends it");
    p.says("", "+ Evidence: ticket 4711 (SHA-256 ");
    p.says("gf Cargo.toml", "+ Evidence: Cargo.toml");
    p.says("gi", "Finding (. to leave)");
    p.says("nobody knew the way", "+ Finding: nobody knew the way");
    p.says("gr", "Its number");
    p.says("1", "Root cause");
    p.says("it was never written", "+ Told: finding 1 is critical; root cause: it was never written");
    p.says("gv", "gc says how one is put right");
    p.says("gc", "Action (. to leave)");
    p.says("write it down", "Who does it");
    p.says("Ben", "Until when");
    p.says("2027-01-31", "+ Put right: write it down (Ben, 2027-01-31)");
    p.says("gv", "Its number");
    p.says("1", "What was seen");
    p.says("the page is there", "Who vouches for it");
    p.says("Noor", "Tried again in");
    p.says("", "An accepted risk");
    p.says("", "+ Told: finding 1 is put right, Noor vouches for it");
    p.says("gt", "Its number");
    p.says("4", "Who, or which data");
    p.says("Noor", "What (. to leave)");
    p.says("row counts are equal", "+ Evidence: Data integrity check, confirmed by Noor");

    // Two decide: the request goes as a block, and the answer comes as one.
    let now = skips_to(&mut p, "\nD9  ");
    let n = number(&now, "Fail over").unwrap_or_else(|| offered(&mut p, "Fail over"));
    p.says(&n, "Why (. to leave)");
    p.says("East US is gone", "What will be lost");
    p.says("", "Waiting for the second person");
    let begun = Instant::now();
    let asked = loop {
        let read = p.says("a", "aw withdraw");
        if read.contains("[end of Lifeboat") {
            break between(&read, "[Lifeboat approval request");
        }
        assert!(begun.elapsed() < crate::PATIENCE, "{read}");
    };
    let challenge = p.says("at", "Who reads it?");
    assert!(challenge.contains("It proves less than a"), "{challenge}");
    p.sees("Its number");
    p.says(".", "Left as it was.");
    ben.send(Command::Approval(ApprovalIntent::Read(asked)));
    let s = until(&ben, "the request", |s| s.approvals.request.is_some());
    let request = s.approvals.request.as_ref().unwrap().id.clone();
    ben.send(Command::Approval(ApprovalIntent::Approve { request, typed: None }));
    let answered = |s: &lifeboat::desk::snapshot::Snapshot| s.approvals.request.as_ref().and_then(|r| r.answer.clone());
    let answer = answered(&until(&ben, "an answer", |s| answered(s).is_some())).unwrap();
    p.says(answer.trim_end(), "None of them was done");
    p.says("aa", "an empty line ends it");
    p.says(answer.trim_end(), "= D9: done by hand");

    // The line drops. What was said is on disk, and it goes on there.
    assert_eq!(p.hangs_up(), 1);
    let rows = say(home.path(), &["runs", "--json"]).json();
    let (run, journal) = (rows["runs"][0]["run"].clone(), rows["runs"][0]["journal"].as_str().unwrap().to_owned());
    let run = run.as_str().unwrap_or_else(|| panic!("{rows}")).to_owned();
    let mut p = Person::at(home.path(), &["rehearse", "--resume", &run]);
    p.sees("  ? help");
    let papers = p.says("g", "nobody knew the way");
    for part in ["two caches", "Unavailable for now", "ticket 4711", "Cargo.toml"] {
        assert!(papers.contains(part), "{part}: {papers}");
    }

    // One change for real, with the script in the second person's place; nobody does it in passing.
    skips_to(&mut p, "\nAO-F6  ");
    let n = offered(&mut p, "Ask the second person");
    p.says(&n, "the ways their answer comes back");
    p.says("as", "The script answers");
    let n = offered(&mut p, "(changes Azure)");
    p.says(&format!("{n}\nyes\nyes 471\n{n}\nyes\n"), "None of them was done");
    for slip in ["yes", "", "yes 99", "1"] {
        p.says(&n, "type this: ");
        p.says(slip, "Nothing was sent");
    }
    let sent = || records(&journal).matches("\"action.intent\"").count();
    assert_eq!(sent(), 0, "nothing was sent so far");
    let asked = p.says(&n, "type this: ");
    p.types(&word(&asked));
    let begun = Instant::now();
    while !p.waits(&["= AO-F6: done by Lifeboat"], Duration::from_secs(1)).1 {
        assert!(begun.elapsed() < crate::PATIENCE, "it was never done");
        p.types("j");
    }
    assert!(sent() > 0, "a word that is right sends it");

    skips_to(&mut p, "No step is open.");
    p.says("gs", "As what");
    p.says("service owner", "What you state");
    p.says("the record is right", "+ Signed off: ");
    let shown = p.says("c", "Its number");
    assert!(shown.contains("the record does not say it yet") && shown.contains("F1 "), "{shown}");
    p.says("", "Summary (. to leave)");
    p.says("there, and not back tonight", "Record: ");
    assert_eq!(p.leaves(), 0);
    let stored = lifeboat::journal::read_run(&RealDisk, Path::new(&journal)).unwrap();
    let told = lifeboat::desk::view::audit::fields(&stored, &Beside::default()).unwrap();
    let held = |id: &str| told.iter().find(|f| f.id == id).map(|f| f.held.clone()).unwrap();
    // Noor vouched for the first; about the second nobody did anything.
    let owed = |what: &str| what.contains("finding 2") && !what.contains("finding 1");
    assert!(matches!(held("F21"), Held::Missing(what) if owed(&what)), "{told:?}");
    assert!(matches!(held("F1"), Held::Missing(what) if what.contains("location")), "{told:?}");
    let all = records(&journal);
    assert!(all.contains("\"missing\":[{\"field\":\"F1\""), "the closing record names it");
    for words in ["the record is right", "not back tonight", "two caches and a queue", "Ben", "East US is gone"] {
        assert!(all.contains(words), "{words}");
    }
}

fn records(journal: &str) -> String {
    let files = std::fs::read_dir(journal).unwrap().map(|e| e.unwrap().path());
    let files = files.filter(|p| p.extension().is_some_and(|x| x == "jsonl"));
    files.map(|p| std::fs::read_to_string(p).unwrap()).collect()
}
