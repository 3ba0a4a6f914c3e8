//! A person puts a checkpoint into a ticket, and says so.

use lifeboat::desk::protocol::{Command, RunIntent};
use lifeboat::export::qr;
use lifeboat::record::Checkpoint;

use super::witness::{recorded, records_of, verified};
use crate::approval::desks::{decided, desk};
use crate::crash::{Place, until};

#[test]
fn what_is_shown_is_what_verify_takes_and_where_it_was_put_is_in_the_record() {
    let here = Place::new();
    let ada = desk(&here.home(), "Ada");
    assert!(ada.snapshot().checkpoint.is_none(), "no run, no checkpoint");
    decided(&ada);
    let shown = until(&ada, "a checkpoint", |s| s.checkpoint.is_some()).checkpoint.clone().unwrap();
    let note: Checkpoint = shown.text.parse().unwrap();
    assert_eq!((note.to_string().as_str(), note.size), (&*shown.text, shown.records));
    let file = |name: &str| here.home().join(name);
    std::fs::write(file("posted.png"), qr::png(shown.picture.width, &shown.picture.dark).unwrap()).unwrap();
    assert_eq!(qr::read_file(&file("posted.png")).unwrap(), [shown.text.to_string()]);

    let posted =
        |note: &str, place: &str| Command::Run(RunIntent::Posted { note: note.to_owned(), place: place.to_owned() });
    let refused = |command, word: &str| {
        ada.send(command);
        until(&ada, word, |s| s.notice.as_ref().is_some_and(|n| n.what.contains(word)));
        ada.send(Command::DismissNotice);
        until(&ada, "no notice", |s| s.notice.is_none());
    };
    refused(posted(&shown.text, "  "), "say where the checkpoint was put");
    refused(posted(&Checkpoint { size: note.size + 1, ..note.clone() }.to_string(), "INC-123"), "it has changed since");
    refused(posted("something else", "INC-123"), "it has changed since");
    assert!(records_of(&here.home()).is_empty());
    ada.send(posted(&shown.text, " ticket INC-123 "));
    let d = recorded(&ada, &here.home(), 1).remove(0);
    let (to, place, outcome) = (d["to"].as_str(), d["where"].as_str(), d["outcome"].as_str());
    assert_eq!((to, place, outcome), (Some("person"), Some("ticket INC-123"), Some("held")));
    let r = verified(&here.home(), &[]);
    assert_eq!((r.break_count, r.unanchored()), (0, r.records), "the record's own word anchors nothing: {r}");
    assert!(r.to_string().contains("1 to people held"), "{r}");

    // What was posted, as somebody pastes it into a file.
    std::fs::write(file("from-the-ticket.txt"), &*shown.text).unwrap();
    let run = here.home().join("runs").join(&note.log);
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    program.arg("verify").arg(&run).arg("--checkpoint").arg(file("from-the-ticket.txt"));
    let out = String::from_utf8(program.arg("--home").arg(here.home()).output().unwrap().stdout).unwrap();
    assert!(out.contains(&format!("it fits the first {} records", note.size)), "{out}");
}
