//! A person at the prompts: the guided rehearsal through a pipe, left and taken up again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::{lifeboat, say};

struct Person {
    child: Child,
    hands: ChildStdin,
    eyes: Receiver<String>,
    seen: String,
}

impl Person {
    fn at(home: &Path, args: &[&str]) -> Self {
        let mut child = lifeboat(home)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tx, eyes) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || err.lines().map_while(Result::ok).all(|l| tx.send(l).is_ok()));
        Self { hands: child.stdin.take().unwrap(), child, eyes, seen: String::new() }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.hands, "{line}").unwrap();
    }

    /// Reads until a line holds this; everything that was read on the way is given back.
    fn sees(&mut self, wanted: &str) -> String {
        let begun = Instant::now();
        let mut read = String::new();
        loop {
            match self.eyes.recv_timeout(crate::PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(line) => {
                    assert!(line.chars().count() <= 80 || line.contains("  $ "), "wider than a terminal: {line}");
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

    fn leaves(mut self) -> i32 {
        drop(self.hands);
        while self.eyes.recv_timeout(crate::PATIENCE).is_ok() {}
        self.child.wait().unwrap().code().unwrap()
    }
}

#[test]
fn a_person_is_guided_leaves_and_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let mut p = Person::at(home.path(), &["rehearse", "region-loss", "--strategy", "hot/warm"]);
    let card = p.sees("  ? help");
    assert!(
        card.contains("REHEARSAL") && card.contains("left to the RTO") && card.contains("D3  Second vantage"),
        "{card}"
    );
    p.types("?");
    p.sees("leave; the run stays open");
    p.types("l");
    let list = p.sees("Review");
    assert!(list.contains("→ D3") && list.contains("D9"), "{list}");
    p.types("nonsense");
    p.sees("is not one of the choices");
    p.types("n");
    p.sees("Note (. to leave)");
    p.types("bridge call is open");
    p.types("2");
    p.sees("Why is this step left out?");
    p.types(".");
    p.sees("Left as it was");
    p.types("1");
    p.sees("Write");
    p.types("Dana sees it too");
    p.sees("= D3: done by hand");
    p.sees("D7  Time left against");
    p.types("2");
    p.sees("Why is this step left out?");
    p.types("the clock is on the wall");
    p.sees("= D7: skipped");
    // The region takes a while to be called persistently down; nobody has to sit through it.
    let mut news = String::new();
    for _ in 0..12 {
        p.types("j");
        p.types("s");
        news.push_str(&p.sees("source: "));
        if news.contains("= D1: ") {
            break;
        }
        std::thread::sleep(Duration::from_millis(700));
    }
    assert!(news.contains("= D1: done by Lifeboat") && news.contains("# "), "{news}");
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
    p.types("c");
    p.sees("One sentence for the record");
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
    for words in
        ["bridge call is open", "Dana sees it too", "the clock is on the wall", "enough for tonight", "session.start"]
    {
        assert!(record.contains(words), "{words} is not in the record");
    }
}

#[test]
fn the_end_of_input_leaves_the_run_open() {
    let home = tempfile::tempdir().unwrap();
    let mut p = Person::at(home.path(), &["rehearse", "own-network", "--strategy", "hot/warm"]);
    p.sees("  ? help");
    assert_eq!(p.leaves(), 1);
    assert_eq!(say(home.path(), &["runs", "--json"]).json()["runs"][0]["open"], true);
}
