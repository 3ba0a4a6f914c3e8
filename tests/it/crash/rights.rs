//! Who may read what Lifeboat keeps: its owner. Every file and folder of a home, whatever made it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{SHORT, ended};

/// All that is in a folder, and the folder.
fn walk(dir: &Path, out: &mut Vec<(PathBuf, u32)>) {
    out.push((dir.to_owned(), fs::symlink_metadata(dir).unwrap().permissions().mode() & 0o7777));
    for entry in fs::read_dir(dir).unwrap().map(|e| e.unwrap()) {
        let meta = entry.metadata().unwrap();
        if meta.is_dir() {
            walk(&entry.path(), out);
        } else {
            out.push((entry.path(), meta.permissions().mode() & 0o7777));
        }
    }
}

#[test]
fn nothing_that_is_kept_can_be_read_by_anybody_else() {
    let temp = tempfile::tempdir().unwrap();
    let (home, answers) = (temp.path().join("home"), temp.path().join("answers.ron"));
    fs::write(&answers, SHORT).unwrap();
    fs::write(temp.path().join("words"), "correct horse battery staple of the north\n").unwrap();
    // As a shell has it that lets everybody read.
    let lifeboat = |args: &[&str]| {
        let mut c = Command::new("sh");
        c.args(["-c", "umask 022; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_lifeboat"), "--home"]).arg(&home).args(args);
        c.current_dir(temp.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        c
    };
    let rehearse =
        ["rehearse", "region-loss", "--strategy", "hot/warm", "--scripted", "--json", "--answers", "answers.ron"];
    ended(&lifeboat(&rehearse).output().unwrap(), &[0, 1], "a rehearsal");

    // One that dies, with a torn end, is gone on with, and handed over.
    let runs =
        || fs::read_dir(home.join("runs")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.join("lock").exists());
    let first = runs().next().unwrap();
    let died = lifeboat(&rehearse).env("LIFEBOAT_CRASH", "after-change:2").output().unwrap();
    assert_eq!(died.status.code(), None);
    let open = runs().find(|p| *p != first).unwrap();
    let mut record = fs::OpenOptions::new().append(true).open(open.join("000001.jsonl")).unwrap();
    std::io::Write::write_all(&mut record, b"{\"r\":{\"act").unwrap();
    let id = open.file_name().unwrap().to_str().unwrap().to_owned();
    let out = home.join("handed-over.lifeboat");
    let over = ["hand-over", &id, "--to", "Mo", "--out", out.to_str().unwrap(), "--passphrase-file", "words"];
    ended(&lifeboat(&over).output().unwrap(), &[0, 1], "handed over");
    let sheet = home.join("sheet.html");
    let print = ["plan", "prod-chat", "--print", "html", "--out", sheet.to_str().unwrap()];
    ended(&lifeboat(&print).output().unwrap(), &[0], "printed");
    ended(&lifeboat(&["runs", "--json"]).output().unwrap(), &[0], "listed");

    let mut all = Vec::new();
    walk(&home, &mut all);
    for (path, mode) in &all {
        assert_eq!(mode & 0o077, 0, "{} has {mode:o}", path.display());
    }
    let kept = ["000001.jsonl", "checkpoint", "ballast", "world.json", "lock", "000001-1.torn", "past.json"];
    for name in kept.into_iter().chain(["handed-over.lifeboat", "sheet.html"]) {
        assert!(all.iter().any(|(p, _)| p.ends_with(name)), "{name} is among them: {all:?}");
    }
}
