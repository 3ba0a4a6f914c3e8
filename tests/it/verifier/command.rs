//! `verify.py` as people call it: by itself, in a bundle, on what is no record at all.

use std::path::Path;
use std::process::{Command, Output};

use lifeboat::journal::segment_name;
use lifeboat::record::PROMISE;

use super::bases::{Base, plain};
use super::forger::{Signer, line_of};
use super::{Random, script};

fn run(args: &[&str]) -> Output {
    let script = script::folder().join("verify.py");
    Command::new("python3").arg("-I").arg("-B").arg(script).args(args).output().unwrap()
}

fn words(out: &Output) -> String {
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout.clone()).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lay(base: &Base, run: &Path, evidence: &Path) {
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
fn the_script_promises_what_lifeboat_promises_and_is_short() {
    let promise = PROMISE.map(|(head, text)| format!("{head}: {text}")).join(" ");
    assert!(words(&run(&["--help"])).contains(&promise), "the help holds the promise, word for word");
    let text = std::fs::read_to_string(script::folder().join("verify.py")).unwrap();
    assert!(
        text.lines().count() < 400 && text.lines().all(|l| l.chars().count() <= 130),
        "it is to be read by auditors"
    );
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
    let inside = |args: &[&str]| {
        let script = dir.join("verify.py");
        Command::new("python3").arg("-I").arg("-B").arg(script).args(args).output().unwrap()
    };
    let outside = dir.join("outside").display().to_string();
    let whole = inside(&["--key", &key, "--checkpoint", &outside]);
    let said = words(&whole);
    assert_eq!(whole.status.code(), Some(0), "{said}");
    for what in [
        "Consistent: hashes and chain, and tree; root",
        "pinned: of: given with --key",
        "Verdict: consistent, signed, and",
        "NOT PROVEN by any of this: that entries are true",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
    assert_eq!(inside(&[]).status.code(), Some(1), "no key must never yield 0");
    let (name, bytes) = base.evidence.pop().unwrap();
    std::fs::write(dir.join("evidence").join(&name), [&bytes[..], b"!"].concat()).unwrap();
    let altered = inside(&["--key", &key, "--checkpoint", &outside]);
    assert_eq!(altered.status.code(), Some(2), "{}", words(&altered));
    assert!(words(&altered).contains(&format!("ALTERED: {name}")));
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
