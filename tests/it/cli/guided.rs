//! A person at the prompts: the guided rehearsal through a pipe, left and taken up again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::{lifeboat, say};

/// Somebody at a terminal. Whatever they read fits 80 columns, and moves no cursor.
pub struct Person {
    child: Child,
    hands: ChildStdin,
    eyes: Receiver<String>,
    seen: String,
    typed: Instant,
}

/// Between two lines of a person who is quick.
const TYPING: Duration = Duration::from_millis(150);

impl Person {
    pub fn at(home: &Path, args: &[&str]) -> Self {
        let mut child = lifeboat(home)
            .args(args)
            .env("XDG_RUNTIME_DIR", home)
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tx, eyes) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || err.lines().map_while(Result::ok).all(|l| tx.send(l).is_ok()));
        Self { hands: child.stdin.take().unwrap(), child, eyes, seen: String::new(), typed: Instant::now() }
    }

    /// One line, or all lines of a paste at once.
    pub fn types(&mut self, line: &str) {
        // What comes faster than a person types is a paste.
        std::thread::sleep(TYPING.saturating_sub(self.typed.elapsed()));
        self.typed = Instant::now();
        self.hands.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Types this, and reads until a line holds that.
    pub fn says(&mut self, line: &str, wanted: &str) -> String {
        self.types(line);
        self.sees(wanted)
    }

    /// Reads until a line holds one of these, or so long; whether one came.
    pub fn waits(&mut self, wanted: &[&str], most: Duration) -> (String, bool) {
        let begun = Instant::now();
        let mut read = String::new();
        while let Ok(line) = self.eyes.recv_timeout(most.saturating_sub(begun.elapsed())) {
            fits(&line);
            read.push_str(&line);
            read.push('\n');
            if wanted.iter().any(|w| line.contains(w)) {
                self.seen.push_str(&read);
                return (read, true);
            }
        }
        self.seen.push_str(&read);
        (read, false)
    }

    /// The connection drops.
    pub fn hangs_up(&mut self) -> i32 {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
        self.child.wait().unwrap().code().expect("it ended by itself")
    }

    /// Reads until a line holds this; everything that was read on the way is given back.
    pub fn sees(&mut self, wanted: &str) -> String {
        let begun = Instant::now();
        let mut read = String::new();
        loop {
            match self.eyes.recv_timeout(crate::PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(line) => {
                    fits(&line);
                    read.push_str(&line);
                    read.push('\n');
                    if line.contains(wanted) {
                        self.seen.push_str(&read);
                        return read;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("`{wanted}` never came:\n{}{read}", self.seen),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before `{wanted}`:\n{}{read}", self.seen),
            }
        }
    }

    pub fn leaves(mut self) -> i32 {
        drop(self.hands);
        while self.eyes.recv_timeout(crate::PATIENCE).is_ok() {}
        self.child.wait().unwrap().code().unwrap()
    }
}

fn fits(line: &str) {
    assert!(line.chars().count() <= 80, "wider than a terminal: {line}");
    assert!(!line.chars().any(|c| c.is_control()), "not plain text: {line:?}");
}

#[test]
fn a_person_is_guided_leaves_and_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let mut p = Person::at(home.path(), &["rehearse", "region-loss", "--strategy", "hot/warm"]);
    let card = p.sees("  ? help");
    assert!(card.contains("REHEARSAL") && card.contains("left of 30") && card.contains("D3  Second vantage"), "{card}");
    p.types("?");
    p.sees("? paste");
    p.types("? second");
    p.sees("ak know");
    p.types("l");
    let list = p.sees("ll shows every phase");
    assert!(list.contains("→ D3") && list.contains("D9"), "{list}");
    p.types("nonsense");
    p.sees("is not one of the choices");
    p.types("n");
    p.sees("Note (. to leave)");
    p.types("bridge call is open");
    p.sees("+ Note: bridge call is open");
    p.types("2");
    p.sees("Why is this step left out?");
    p.types(".");
    p.sees("Left as it was");
    p.types("1");
    p.sees("(. to leave)");
    p.types("Dana sees it too");
    p.sees("= D3: done by hand");
    p.sees("D7  Time left against");
    p.types("2");
    p.sees("Why is this step left out?");
    p.types("the clock is on the wall");
    p.sees("= D7: skipped");
    // The region takes a while to be called persistently down; nobody has to sit through it.
    let mut news = String::new();
    for _ in 0..60 {
        p.types("j");
        let (read, came) = p.waits(&["= D1: "], Duration::from_secs(1));
        news.push_str(&read);
        if came {
            break;
        }
    }
    assert!(news.contains("= D1: done by Lifeboat") && news.contains("# "), "{news}");
    let list = p.says("w", "  3  ");
    for words in ["What is happening", "Who waits for what · ", "Waits for Ada", "Waited for people", "Next · "] {
        assert!(list.contains(words), "{words}: {list}");
    }
    let list = p.says("t", "Clock 1×");
    assert!(list.contains("detect ") && list.contains("T12 closed") && list.contains("RPA none"), "{list}");
    p.types("gp");
    let shown = p.sees("Where it was put");
    assert!(shown.contains("█") && shown.lines().any(|l| l.starts_with("lifeboat/")), "{shown}");
    p.says("ticket INC-123", "is outside this computer: ticket INC-123");
    p.types("q");
    let last = p.sees("Continue it with");
    let run = last.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(p.leaves(), 1, "the run is open: a partial result");

    let rows = say(home.path(), &["runs", "--json"]).json();
    assert_eq!(rows["runs"][0]["open"], true);
    let mut p = Person::at(home.path(), &["rehearse", "--resume", &run]);
    p.sees("  ? help");
    p.types("ll");
    let list = p.sees("CA6");
    for line in ["x D3", "x D7", "x D1"] {
        assert!(list.contains(line), "{line}: {list}");
    }
    // Close it early: that is a deviation, and what is left open is named.
    p.says("c", "Its number (Enter: ");
    p.says("", "Summary (. to leave)");
    p.types("enough for tonight");
    p.sees("Closed: ");
    p.sees("Record: ");
    assert_eq!(p.leaves(), 0);
    let journal = say(home.path(), &["runs", "--json"]).json()["runs"][0]["journal"].as_str().unwrap().to_owned();
    let record: String = std::fs::read_dir(journal)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|x| x == "jsonl"))
        .map(|p| std::fs::read_to_string(p).unwrap())
        .collect();
    for words in [
        "bridge call is open",
        "ticket INC-123",
        "Dana sees it too",
        "the clock is on the wall",
        "enough for tonight",
        "session.start",
    ] {
        assert!(record.contains(words), "{words} is not in the record");
    }
}

#[test]
fn the_end_of_input_leaves_the_run_open() {
    let home = tempfile::tempdir().unwrap();
    let mut p = Person::at(home.path(), &["rehearse", "own-network", "--strategy", "hot/warm"]);
    p.sees("  ? help");
    // What is not understood, what is only asked about, and what cannot be now, is said.
    p.says("? nowhere", "? paste");
    p.says("a", "Nobody is asked now");
    p.says("u", "Name a step that is done");
    p.says("b", "there is no glass to break");
    p.says("v fast", "is not a speed");
    p.says("+ never", "That is no duration");
    p.says("gc", "No finding is open");
    p.says("ob", "was not handed over");
    p.says("d", "How long ago");
    p.says("long ago", "That is no duration: 15m");
    p.sees("How long ago");
    p.says("2m", "+ Impact: since ");
    assert_eq!(p.leaves(), 1);
    assert_eq!(say(home.path(), &["runs", "--json"]).json()["runs"][0]["open"], true);
}
