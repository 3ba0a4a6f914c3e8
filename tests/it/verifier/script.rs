//! Drives `src/export/verify.py`: many calls of its command line in one process.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Reads a list of arguments a line, and answers each with a line: exit code and what was printed.
const LOOP: &str = "
import contextlib, io, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = verify.main(json.loads(line))
    print(json.dumps([code, out.getvalue()]))
";

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/export")
}

/// Exit code and output of each call; what a process of its own would give. The Python is the system's.
pub fn calls(all: &[Vec<String>]) -> Vec<(u8, String)> {
    let mut python = Command::new("python3");
    python.args(["-I", "-c", LOOP]).arg(folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().expect("python3 runs verify.py: install it");
    let mut input = child.stdin.take().unwrap();
    let text: String = all.iter().map(|args| format!("{}\n", serde_json::to_string(args).unwrap())).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(out.status.success(), "verify.py ended with {}", out.status);
    let lines = String::from_utf8(out.stdout).unwrap();
    let found: Vec<(u8, String)> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(found.len(), all.len());
    found
}

/// The same with `--json`, read.
pub fn reports(all: &[Vec<String>]) -> Vec<(u8, Value)> {
    let json: Vec<Vec<String>> = all.iter().map(|a| a.iter().cloned().chain(["--json".to_owned()]).collect()).collect();
    calls(&json).into_iter().map(|(code, text)| (code, serde_json::from_str(&text).unwrap())).collect()
}
