//! The evidence of record: what is in it, that it verifies without this program, and what is kept back.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use lifeboat::journal::{RealDisk, contents};
use lifeboat::record::PROMISE;
use lifeboat::units::sha256_hex;
use serde_json::Value;

use super::{csv_rows, export, exported, rehearsed, told};
use crate::cli::say;

/// The members in order, read by Python's own reader, which checks every sum.
fn unpacked(zip: &[u8], into: &Path) -> Option<Vec<String>> {
    let file = into.join("bundle.zip");
    std::fs::write(&file, zip).unwrap();
    const READ: &str = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
        assert all(i.compress_type == 0 for i in z.infolist())\nz.extractall(sys.argv[2])\n\
        print('\\n'.join(i.filename for i in z.infolist()))";
    let out = match Command::new("python3").args(["-c", READ]).arg(&file).arg(into.join("out")).output() {
        Ok(out) => out,
        Err(e) => {
            crate::left_out(&format!("python3: {e}"));
            return None;
        }
    };
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Some(String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn a_bundle_holds_the_record_its_proofs_and_a_list_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let Some(names) = unpacked(&exported(&["bundle"]).0, dir.path()) else { return };
    let expected = [
        "README.txt",
        "record/000001.jsonl",
        "record/checkpoint",
        "keys.json",
        "checkpoints.txt",
        "views/record.csv",
        "views/record.html",
        "views/record.pdf",
        "views/record.ocsf.jsonl",
        "MANIFEST.json",
    ];
    let own: Vec<&str> = names.iter().map(String::as_str).filter(|n| !n.ends_with(".py")).collect();
    assert_eq!(own, expected);
    let out = dir.path().join("out");
    let read = |name: &str| std::fs::read(out.join(name)).unwrap();
    assert!(read("record/000001.jsonl") == contents(&RealDisk, &rehearsed().journal).unwrap().segments[0].1);
    let manifest: Value = serde_json::from_slice(&read("MANIFEST.json")).unwrap();
    assert_eq!((&manifest["run"], &manifest["mode"]), (&Value::from(rehearsed().run.as_str()), &"rehearsal".into()));
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), names.len() - 1);
    for (f, name) in files.iter().zip(&names) {
        let bytes = read(name);
        assert_eq!(f["name"], name.as_str());
        assert_eq!((&f["bytes"], &f["sha256"]), (&bytes.len().into(), &sha256_hex(&bytes).into()));
    }
    let verdict = say(dir.path(), &["verify", out.join("record").to_str().unwrap()]);
    assert_eq!(verdict.code, 1, "{}", verdict.out);
    assert!(verdict.out.contains("the checkpoint beside it, of"), "{}", verdict.out);
    // The verifier in it takes the folder as it was unpacked, list and all.
    let own = Command::new("python3").args(["-I", "-B"]).arg(out.join("verify.py")).output().unwrap();
    let own_words = String::from_utf8(own.stdout).unwrap();
    assert_eq!(own.status.code(), Some(1), "{own_words}");
    assert!(own_words.contains(&format!("ok  Manifest: {} as said: README.txt, ", files.len())), "{own_words}");
    let notes = String::from_utf8(read("checkpoints.txt")).unwrap();
    let d = told();
    let recorded = d.rows.iter().filter(|r| &*r.kind == "log.checkpoint").count();
    assert_eq!(notes.split("\n--\n").filter(|n| n.starts_with("lifeboat/")).count(), recorded);
    let readme = String::from_utf8(read("README.txt")).unwrap();
    let flow = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for (head, text) in PROMISE {
        assert!(flow.contains(&format!("{head}: {text}")), "{head}");
    }
    assert!(flow.starts_with("REHEARSAL") && readme.is_ascii());
    for name in names.iter().filter(|n| !n.contains('/')) {
        assert!(name == "README.txt" || readme.contains(name.as_str()), "{name}");
    }
}

/// A copy of the rehearsal with a file of evidence, as a record would name it.
fn with_evidence(home: &Path) -> (String, String) {
    use lifeboat::journal::{Draft, Header, Journal};
    use lifeboat::record::{Actor, App, Kind, Mode};
    let (run, bytes) = ("e1-evidence", b"seen in the portal");
    let dir = home.join("runs").join(run);
    let app = App { version: "1".to_owned(), sha256: None };
    let header = Header { ballast: 0, ..Header::new(run, Mode::Live, app, "test device") };
    let mut journal = Journal::create(std::sync::Arc::new(RealDisk), dir.clone(), header).unwrap();
    let sha256 = sha256_hex(bytes);
    let name = format!("{}-portal.txt", &sha256[..16]);
    std::fs::create_dir_all(dir.join("evidence")).unwrap();
    std::fs::write(dir.join("evidence").join(&name), bytes).unwrap();
    let mut add = |kind, d| drop(journal.append(&[Draft::new(kind, Mode::Live, Actor::System, d)]).unwrap());
    add(Kind::Note, serde_json::json!({ "text": "before" }));
    add(
        Kind::EvidenceAdd,
        serde_json::json!({ "name": "portal", "sha256": sha256, "bytes": bytes.len(), "file": name }),
    );
    add(Kind::Note, serde_json::json!({ "text": "a secret of somebody's" }));
    journal.seal().unwrap();
    (run.to_owned(), name)
}

fn bundle(home: &Path, run: &str, args: &[&str], into: &Path) -> Option<(Vec<String>, String)> {
    std::fs::create_dir_all(into).unwrap();
    let out = into.join("made.zip");
    let all: Vec<&str> = ["bundle"].into_iter().chain(args.iter().copied()).collect();
    let said = export(home, run, &all, &out);
    assert_eq!(said.code, 0, "{}", said.err);
    Some((unpacked(&std::fs::read(out).unwrap(), into)?, said.err))
}

#[test]
fn evidence_goes_along_as_the_record_says_it_or_is_named_as_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (run, name) = with_evidence(dir.path());
    let member = format!("evidence/{name}");
    let Some((names, said)) = bundle(dir.path(), &run, &[], &dir.path().join("a")) else { return };
    assert!(names.contains(&member) && !said.contains("missing"), "{names:?} {said}");
    assert_eq!(std::fs::read(dir.path().join("a/out").join(&member)).unwrap(), b"seen in the portal");
    // Altered, it is no evidence of this run.
    std::fs::write(dir.path().join("runs").join(&run).join(&member), b"seen elsewhere").unwrap();
    let (names, said) = bundle(dir.path(), &run, &[], &dir.path().join("b")).unwrap();
    assert!(!names.contains(&member) && said.contains(&name), "{said}");
    assert!(std::fs::read_to_string(dir.path().join("b/out/README.txt")).unwrap().contains("NOT HERE"));
}

#[test]
fn what_is_withheld_stands_by_its_hash_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (run, name) = with_evidence(dir.path());
    let Some((names, _)) = bundle(dir.path(), &run, &["--withhold", "2-3"], &dir.path().join("a")) else { return };
    let out = dir.path().join("a/out");
    let stored =
        String::from_utf8(contents(&RealDisk, &dir.path().join("runs").join(&run)).unwrap().segments[0].1.clone());
    let (stored, copy) = (stored.unwrap(), std::fs::read_to_string(out.join("record/000001.jsonl")).unwrap());
    assert!(stored.lines().count() == copy.lines().count() && copy.ends_with('\n'));
    for (n, (was, is)) in stored.lines().zip(copy.lines()).enumerate() {
        let (_, hash) = was.rsplit_once(",\"h\":").unwrap();
        let expected = if (2..=3).contains(&n) { format!("{{\"h\":{hash}") } else { was.to_owned() };
        assert_eq!(is, expected, "record {n}");
    }
    // Nothing of it stands anywhere else.
    assert!(!names.iter().any(|n| n.contains(&name) || n.contains(".html") || n.contains(".pdf")), "{names:?}");
    let mut all = BTreeMap::new();
    // The verifier knows the kinds of records and nothing of this one.
    for n in names.iter().filter(|n| !n.ends_with(".py")) {
        let bytes = std::fs::read(out.join(n)).unwrap();
        for secret in ["a secret of somebody", "seen in the portal", "evidence.add", &name] {
            let found = String::from_utf8_lossy(&bytes).contains(secret);
            assert!(!found, "{n} tells {secret}");
        }
        all.insert(n.as_str(), bytes);
    }
    let rows = csv_rows(&all["views/record.csv"]);
    assert!(rows[3][6] == "withheld" && rows[4][13].contains("withheld"), "{:?}", rows[3]);
    assert!(String::from_utf8_lossy(&all["README.txt"]).contains("2-3"));
    // What the chain needs cannot be withheld.
    let refused = export(dir.path(), &run, &["bundle", "--withhold", "0-2"], &dir.path().join("no"));
    assert_eq!(refused.code, 2, "{}", refused.err);
}
