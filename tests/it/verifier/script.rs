//! Drives `src/export/verify.py`: many calls of its command line in one process.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Reads a list of arguments a line, and answers each with a line: exit code and what was printed.
const LOOP: &str = "
import contextlib, io, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            code = verify.main(json.loads(line))
        except SystemExit as end:  # a call that is none of the command line
            code = end.code
    print(json.dumps([code, out.getvalue()]))
";

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/export")
}

/// Answers a line of JSON with the value of an expression over it, `x`.
const EVAL: &str = "
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from verify import *

def taken(x):
    note = Checkpoint(x['note'])
    return note.signed_by(bytes.fromhex(x['key'])) if note.log else None

def root_of(hashes):
    log = Log(True, [])
    log.leaves = [bytes.fromhex(h) for h in hashes]
    return log.root(0, len(hashes)).hex()

print(json.dumps([eval(sys.argv[2]) for x in json.load(sys.stdin)]))
";

/// What a function of it gives for each of these.
pub fn values(expression: &str, all: &[Value]) -> Vec<Value> {
    let out = piped(&["-I", "-c", EVAL, &folder().display().to_string(), expression], json!(all).to_string());
    serde_json::from_str(&out).unwrap()
}

/// Runs the system's Python to its end.
fn piped(args: &[&str], input: String) -> String {
    let mut python = Command::new("python3");
    let mut child = python.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 is needed");
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(out.status.success(), "verify.py ended with {}", out.status);
    String::from_utf8(out.stdout).unwrap()
}

/// Exit code and output of each call; what a process of its own would give. The Python is the system's.
pub fn calls(all: &[Vec<String>]) -> Vec<(u8, String)> {
    let input: String = all.iter().map(|args| format!("{}\n", json!(args))).collect();
    let lines = piped(&["-I", "-c", LOOP, &folder().display().to_string()], input);
    let found: Vec<(u8, String)> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(found.len(), all.len());
    found
}

/// The same with `--json`, read.
pub fn reports(all: &[Vec<String>]) -> Vec<(u8, Value)> {
    let json: Vec<Vec<String>> = all.iter().map(|a| a.iter().cloned().chain(["--json".to_owned()]).collect()).collect();
    calls(&json).into_iter().map(|(code, text)| (code, serde_json::from_str(&text).unwrap())).collect()
}

/// A row of a report: level and words.
pub fn row<'a>(report: &'a Value, name: &str) -> Option<(&'a str, &'a str)> {
    let row = report["rows"].as_array()?.iter().find(|r| r[0] == name)?;
    Some((row[1].as_str()?, row[2].as_str()?))
}
