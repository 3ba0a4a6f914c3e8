//! `verify.py` as people call it: by itself, in a bundle, on what is no record at all.

use std::path::Path;
use std::process::{Command, Output};

use lifeboat::journal::segment_name;
use lifeboat::units::sha256_hex;
use serde_json::json;

use super::bases::{Base, plain};
use super::forger::{Signer, line_of};
use super::{Random, script};

fn run(args: &[&str]) -> Output {
    run_at(&script::folder().join("verify.py"), args)
}

fn run_at(script: &Path, args: &[&str]) -> Output {
    Command::new("python3").arg("-I").arg(script).args(args).output().unwrap()
}

fn words(out: &Output) -> String {
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout.clone()).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn lay(base: &Base, run: &Path, evidence: &Path) {
    std::fs::create_dir_all(run).unwrap();
    std::fs::create_dir_all(evidence).unwrap();
    for (number, bytes) in &base.files {
        std::fs::write(run.join(segment_name(*number)), bytes).unwrap();
    }
    for (name, bytes) in &base.evidence {
        std::fs::write(evidence.join(name), bytes).unwrap();
    }
}

#[test]
fn the_script_is_one_short_file_and_says_where_the_promise_stands() {
    assert!(words(&run(&["--help"])).contains("README.txt says what is promised and what is not"));
    let text = std::fs::read_to_string(script::folder().join("verify.py")).unwrap();
    let long = text.lines().find(|l| l.chars().count() > 118);
    assert!(text.lines().count() < 300 && long.is_none(), "it is to be read by auditors: {long:?}");
}

#[test]
fn a_bundle_is_verified_by_the_script_in_it_and_whole_with_key_and_checkpoint() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let mut base = plain("ana", 20, true);
    let end = base.outside.last().unwrap().clone();
    // The writer's last checkpoint stands behind what it covers; the one kept elsewhere is of the whole.
    lay(&base, &dir.join("record"), &dir.join("evidence"));
    std::fs::copy(script::folder().join("verify.py"), dir.join("verify.py")).unwrap();
    std::fs::write(dir.join("outside"), end.to_string()).unwrap();
    let key = Signer::new(1).key();
    let inside = |args: &[&str]| run_at(&dir.join("verify.py"), args);
    let outside = dir.join("outside").display().to_string();
    let whole = inside(&["--key", &key, "--checkpoint", &outside]);
    let said = words(&whole);
    assert_eq!(whole.status.code(), Some(0), "{said}");
    for what in [
        "ok Consistent: hashes, chain and tree; root",
        ": pinned (given with --key)",
        "ok Anchored: it fits the first",
        "All 1 logs: consistent, signed, and anchored to its end",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
    assert_eq!(inside(&[]).status.code(), Some(1), "no key must never yield 0");
    let (name, bytes) = base.evidence.pop().unwrap();
    std::fs::write(dir.join("evidence").join(&name), [&bytes[..], b"!"].concat()).unwrap();
    let altered = inside(&["--key", &key, "--checkpoint", &outside]);
    assert_eq!(altered.status.code(), Some(2), "{}", words(&altered));
    assert!(words(&altered).contains(&format!("broken Evidence: {} as said: ", base.evidence.len())));
    assert!(words(&altered).contains(&format!("1 ALTERED: {name}")));
    // Under a key that is not the one asked for nothing here is believed, altered evidence as little as the rest.
    let other = inside(&["--key", &Signer::new(2).key(), "--checkpoint", &outside]);
    assert_eq!(other.status.code(), Some(3), "{}", words(&other));
}

#[test]
fn garbage_is_never_whole_and_never_a_traceback() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| temp.path().join(name).display().to_string();
    let mut r = Random(3);
    let noise: Vec<u8> = (0..5_000).map(|_| r.below(256) as u8).collect();
    let deep = line_of("[".repeat(60_000).as_bytes());
    // Only what begins as a record does can be torn, or one that was changed.
    let texts: [(&[u8], u8); 8] = [
        (b"", 3),
        (b"\n\n", 3),
        (&noise, 3),
        (&[0; 3_000], 3),
        (b"{\"r\":", 1),
        (&deep, 2),
        (b"\xff\xfe{", 3),
        (b"{\"h\":\"\"}\n", 3),
    ];
    let mut calls = vec![(vec![at("nowhere")], 3), (vec!["--key".to_owned(), "x".to_owned(), at("0.jsonl")], 3)];
    for (i, (text, code)) in texts.iter().enumerate() {
        std::fs::write(at(&format!("{i}.jsonl")), text).unwrap();
        calls.push((vec![at(&format!("{i}.jsonl"))], *code));
        calls.push((vec![at("0.jsonl"), "--checkpoint".to_owned(), at(&format!("{i}.jsonl"))], 3));
        let run = temp.path().join(format!("run{i}"));
        std::fs::create_dir(&run).unwrap();
        std::fs::write(run.join(segment_name(1)), text).unwrap();
        std::fs::write(run.join("checkpoint"), text).unwrap();
        calls.push((vec![run.display().to_string()], *code));
    }
    calls.push((vec!["--checkpoint".to_owned()], 3));
    calls.push((vec!["--what".to_owned(), at("0.jsonl")], 3));
    let args: Vec<Vec<String>> = calls.iter().map(|(args, _)| args.clone()).collect();
    for ((args, wanted), (code, said)) in calls.iter().zip(script::calls(&args)) {
        assert_eq!(code, *wanted, "{args:?}: {said}");
        assert!(code != 3 || said.to_lowercase().contains("could not be verified"), "{args:?}: {said}");
    }
    let runs: Vec<String> = (0..texts.len()).map(|i| at(&format!("run{i}"))).collect();
    let all = run(&runs.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(all.status.code(), Some(2), "the worst counts");
    assert!(words(&all).contains("All 8 logs"), "several at once");
}

/// The manifest of everything that lies there, as a bundle has it.
pub fn manifest_of(dir: &Path) -> String {
    let mut files = Vec::new();
    for folder in ["", "record", "evidence", "views"] {
        for entry in std::fs::read_dir(dir.join(folder)).into_iter().flatten().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                let bytes = std::fs::read(entry.path()).unwrap();
                let name = Path::new(folder).join(entry.file_name()).display().to_string();
                files.push(json!({ "name": name, "bytes": bytes.len(), "sha256": sha256_hex(&bytes) }));
            }
        }
    }
    json!({ "version": 1, "files": files }).to_string()
}

#[test]
fn a_folder_of_runs_is_judged_run_by_run_and_the_checkpoint_counts_for_its_own() {
    let temp = tempfile::tempdir().unwrap();
    let (ana, bob, cyd) = (plain("ana", 20, true), plain("bob", 9, false), plain("cyd", 9, true));
    for (base, name) in [(&ana, "ana"), (&bob, "bob")] {
        lay(base, &temp.path().join(name), &temp.path().join(name).join("evidence"));
    }
    std::fs::create_dir(temp.path().join("other")).unwrap();
    let file = |base: &Base| {
        let file = temp.path().join("outside");
        std::fs::write(&file, base.outside.last().unwrap().to_string()).unwrap();
        file.display().to_string()
    };
    let at = temp.path().display().to_string();
    let of = |outside: &str| {
        let args = [at.clone(), "--checkpoint".to_owned(), outside.to_owned()];
        let (code, all) = script::reports(&[args.to_vec()]).remove(0);
        let logs = all["logs"].as_array().unwrap();
        let anchored = |l: &serde_json::Value| script::row(&l["report"], "Anchored").map(|(_, words)| words.to_owned());
        let said: Vec<String> = logs.iter().filter_map(anchored).collect();
        (code, said, all["problems"].clone())
    };
    let size = ana.outside.last().unwrap().size;
    let agrees = format!("it fits the first {size} records; changing the 0 behind would not show");
    let (code, said, problems) = of(&file(&ana));
    assert_eq!(
        (code, said, problems),
        (1, vec![agrees, "none given".to_owned()], json!([])),
        "bob's is judged without it"
    );
    let (code, _, problems) = of(&file(&cyd));
    assert_eq!((code, problems), (3, json!(["no log here is the one of the checkpoint, cyd"])));
    std::fs::write(temp.path().join("bob").join(segment_name(1)), bob.files[0].1.repeat(2)).unwrap();
    assert_eq!(of(&file(&ana)).0, 2, "the worst counts");
}

/// Peak memory over a file of 64 MiB, as the system counts it.
#[cfg(target_os = "linux")]
#[test]
fn a_file_of_64_mib_needs_less_than_256_mib_of_memory() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("000001.jsonl");
    let base = plain("big", 20, false);
    let once = &base.files[0].1;
    std::fs::write(&file, once.repeat((64 << 20) / once.len())).unwrap();
    let code = "
import re, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name='__main__')
except SystemExit as end:
    print(end.code, re.search('VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])
";
    let script = script::folder().join("verify.py");
    let out = Command::new("python3").args(["-I", "-B", "-c", code]).arg(script).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let last = said.lines().last().unwrap();
    let (end, kib) = last.split_once(' ').expect(&said);
    assert_eq!(end, "2", "the same records over and over: {said}");
    let mib = kib.parse::<u64>().unwrap() / 1024;
    assert!(mib < 256, "{mib} MiB");
    super::figures(&format!("verify.py: {mib} MiB of memory at most for a file of 64 MiB"));
}
