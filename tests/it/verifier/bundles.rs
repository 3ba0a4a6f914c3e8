//! `lifeboat verify` on what was exported: bundles, packed and unpacked, whole and damaged, and excerpts.

use std::io::{Cursor, Write};
use std::path::Path;

use lifeboat::export::excerpt;
use lifeboat::journal::segment_name;
use lifeboat::record::{Checkpoint, Hash};
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::bases::{Base, plain};
use super::command::{lay, manifest_of};
use super::forger::{Signer, body_of, split};
use super::script;
use crate::cli::say;

/// An unpacked bundle of a signed log, and beside it a checkpoint of all of it.
fn unpacked(dir: &Path) -> Base {
    let base = plain("ana", 20, true);
    assert!(!base.evidence.is_empty());
    let bundle = dir.join("bundle");
    lay(&base, &bundle.join("record"), &bundle.join("evidence"));
    std::fs::create_dir(bundle.join("views")).unwrap();
    std::fs::write(bundle.join("views/run.csv"), "seq,h\n1,2\n").unwrap();
    std::fs::write(bundle.join("MANIFEST.json"), manifest_of(&bundle)).unwrap();
    std::fs::write(dir.join("outside"), base.outside.last().unwrap().to_string()).unwrap();
    base
}

/// It packed, as exports are: nothing compressed.
fn packed(bundle: &Path) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for folder in ["record", "evidence", "views", ""] {
        let mut entries: Vec<_> = std::fs::read_dir(bundle.join(folder)).unwrap().map(Result::unwrap).collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for e in entries.iter().filter(|e| e.file_type().unwrap().is_file()) {
            let name = Path::new(folder).join(e.file_name()).display().to_string();
            let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            zip.start_file(name, plain).unwrap();
            zip.write_all(&std::fs::read(e.path()).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

/// Code, and what the JSON says, with the key and the checkpoint known.
fn told(dir: &Path, paths: &[&Path]) -> (i32, Value) {
    let (outside, key) = (dir.join("outside").display().to_string(), Signer::new(1).key());
    let mut args = vec!["verify", "--json", "--checkpoint", &outside, "--key", &key];
    args.extend(paths.iter().map(|p| p.to_str().unwrap()));
    let said = say(dir, &args);
    assert!(said.err.is_empty(), "{}", said.err);
    (said.code, serde_json::from_str(&said.out).unwrap())
}

fn words(dir: &Path, path: &Path) -> String {
    say(dir, &["verify", path.to_str().unwrap()]).out
}

fn put(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).position(|w| w == old).expect("it is in it");
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

#[test]
fn a_bundle_is_verified_packed_and_unpacked_alike() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, bundle, zip) = (temp.path(), temp.path().join("bundle"), temp.path().join("run.zip"));
    let base = unpacked(dir);
    let bytes = packed(&bundle);
    std::fs::write(&zip, &bytes).unwrap();
    let before: Vec<_> = walk(dir);
    let (code, open) = told(dir, &[&bundle]);
    let (zipped, shut) = told(dir, &[&zip]);
    assert_eq!((code, zipped), (0, 0), "{open:#} {shut:#}");
    assert_eq!(open["logs"][0]["report"], shut["logs"][0]["report"]);
    assert_eq!(shut["logs"][0]["report"]["evidence_files"]["same"], base.evidence.len());
    let n = 2 + base.evidence.len();
    assert_eq!(shut["logs"][0]["report"]["manifest"]["same"], n, "{shut:#}");
    assert!(words(dir, &zip).contains(&format!("Manifest: {n} files as it says\n")));
    // A folder of bundles is judged bundle by bundle.
    assert_eq!(told(dir, &[dir]).1["logs"].as_array().unwrap().len(), 1);
    assert_eq!(walk(dir), before, "nothing was written");

    let changed = |name: &str, old: &[u8], new: &[u8]| {
        let zip = dir.join(name);
        std::fs::write(&zip, put(&bytes, old, new)).unwrap();
        let (code, said) = told(dir, &[&zip]);
        (code, said["logs"][0].clone(), words(dir, &zip))
    };
    let (code, said, _) = changed("a.zip", b"\"kind\":\"log.open\"", b"\"kind\":\"log.OPEN\"");
    assert_eq!((code, &said["report"]["manifest"]["altered"][0]), (2, &"record/000001.jsonl".into()), "{said:#}");
    let (code, _, text) = changed("b.zip", b"seq,h\n1,2", b"seq,h\n1,3");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("1 NOT as it says: views/run.csv"), "{text}");
    let kept = &base.evidence[0];
    let mut other = kept.1.clone();
    other[0] ^= 1;
    let (code, said, _) = changed("c.zip", &kept.1, &other);
    assert_eq!((code, &said["report"]["evidence_files"]["altered"][0]), (2, &kept.0.as_str().into()), "{said:#}");
    // A list that says otherwise, of a bundle that is sound.
    let (code, _, text) = changed("d.zip", b"\"files\"", b"\"Files\"");
    assert!(code == 1 && text.contains("NOT as it says: MANIFEST.json"), "{text}");
    // What is no bundle, or only the beginning of one, was not verified; that is not the same as broken.
    let mut renamed = bytes.clone();
    while let Some(at) = renamed.windows(8).position(|w| w == b"record/0") {
        renamed[at] = b'R';
    }
    std::fs::write(dir.join("f.zip"), renamed).unwrap();
    assert_eq!(told(dir, &[&dir.join("f.zip")]).1["logs"][0]["error"], "there is no record of a run in it");
    std::fs::write(dir.join("g.zip"), &bytes[..bytes.len() / 2]).unwrap();
    let (code, said) = told(dir, &[&dir.join("g.zip")]);
    assert_eq!(code, 3, "{said:#}");
    assert!(said["logs"][0]["error"].as_str().unwrap().contains("no archive that can be read"), "{said:#}");
    // Sizes that are claimed: far behind the end of the file.
    let central = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    let mut huge = bytes.clone();
    huge[central + 20..central + 24].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    std::fs::write(dir.join("h.zip"), huge).unwrap();
    assert_eq!(told(dir, &[&dir.join("h.zip")]).0, 3);
    let mut squeezed = bytes.clone();
    squeezed[central + 10] = 8;
    std::fs::write(dir.join("i.zip"), squeezed).unwrap();
    let (code, said) = told(dir, &[&dir.join("i.zip")]);
    assert!(code == 3 && said["logs"][0]["error"].as_str().unwrap().contains("unpack it"), "{said:#}");
}

#[test]
fn the_manifest_of_a_bundle_names_the_file_that_differs() {
    let temp = tempfile::tempdir().unwrap();
    let dir = &temp.path().join("bundle");
    let base = plain("ana", 20, true);
    lay(&base, &dir.join("record"), &dir.join("evidence"));
    std::fs::create_dir(dir.join("views")).unwrap();
    std::fs::write(temp.path().join("outside"), "seq,h").unwrap();
    std::fs::write(dir.join("views/run.csv"), "seq,h").unwrap();
    let listed = manifest_of(dir);
    std::fs::write(dir.join("MANIFEST.json"), &listed).unwrap();
    let outside = temp.path().join("checkpoint");
    std::fs::write(&outside, base.outside.last().unwrap().to_string()).unwrap();
    let (key, outside, at) = (Signer::new(1).key(), outside.display().to_string(), dir.display().to_string());
    let both = [at.as_str(), "--key", &key, "--checkpoint", &outside];
    let said = |code: i32, what: &str, args: &[&str]| {
        let out = say(temp.path(), &[&["verify"], args].concat());
        assert_eq!(out.code, code, "{}", out.out);
        assert!(out.out.contains(what), "{what}: {}", out.out);
    };
    let n = listed.matches("sha256").count();
    said(0, &format!("Manifest: {n} files as it says\n"), &both);

    std::fs::write(dir.join("views/run.csv"), "seq;h").unwrap();
    said(1, "NOT as it says: views/run.csv", &both);
    std::fs::remove_file(dir.join("views/run.csv")).unwrap();
    said(1, "missing: views/run.csv", &both);
    std::fs::write(dir.join("views/run.csv"), "seq,h").unwrap();
    // A list that names what lies elsewhere, that gives another size, that is none.
    std::fs::write(dir.join("MANIFEST.json"), listed.replacen("views/run.csv", "../outside", 1)).unwrap();
    said(1, "missing: ../outside", &both);
    std::fs::write(dir.join("MANIFEST.json"), listed.replacen("\"bytes\":5,", "\"bytes\":6,", 1)).unwrap();
    said(1, "NOT as it says: views/run.csv", &both);
    std::fs::write(dir.join("MANIFEST.json"), "[".repeat(50_000)).unwrap();
    said(1, "NOT as it says: MANIFEST.json", &both);
    // A record without its end is sound in itself; only its list, and the checkpoint, know more.
    std::fs::write(dir.join("MANIFEST.json"), &listed).unwrap();
    let (name, lines) = (segment_name(1), split(&base.files[0].1));
    std::fs::write(dir.join("record").join(&name), lines[..lines.len() - 2].concat()).unwrap();
    said(1, &format!("NOT as it says: record/{name}"), &[&at]);
    said(2, &format!("NOT as it says: record/{name}"), &both);
    std::fs::write(dir.join("record").join(&name), lines.concat()).unwrap();
    let (name, bytes) = &base.evidence[0];
    std::fs::write(dir.join("evidence").join(name), [&bytes[..], b"!"].concat()).unwrap();
    said(2, &format!("NOT as it says: evidence/{name}"), &[&at]);
}

/// What the other verifier says, with the key and the checkpoint known.
fn script_told(dir: &Path, paths: &[&Path]) -> (i32, Value) {
    let mut args: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    let outside = dir.join("outside").display().to_string();
    args.extend(["--checkpoint".to_owned(), outside, "--key".to_owned(), Signer::new(1).key()]);
    let (code, said) = script::reports(&[args]).remove(0);
    (i32::from(code), said)
}

/// The code that both verifiers end with, for the same verdict, and what the script says of the list of files.
fn both_told(dir: &Path, path: &Path) -> (i32, String) {
    let ((code, ours), (other, theirs)) = (told(dir, &[path]), script_told(dir, &[path]));
    assert_eq!((code, &ours["verdict"]), (other, &theirs["verdict"]), "{ours:#} {theirs:#}");
    let row = script::row(&theirs["logs"][0]["report"], "Manifest");
    assert_eq!(row.is_some(), ours["logs"][0]["report"]["manifest"].is_object(), "{ours:#} {theirs:#}");
    (code, row.map_or_else(String::new, |(level, words)| format!("{level}: {words}")))
}

#[test]
fn both_verifiers_hold_an_unpacked_bundle_against_its_manifest() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, bundle) = (temp.path(), temp.path().join("bundle"));
    let base = unpacked(dir);
    let (list, view) = (bundle.join("MANIFEST.json"), bundle.join("views/run.csv"));
    let (listed, shown) = (std::fs::read_to_string(&list).unwrap(), std::fs::read(&view).unwrap());
    let said = |code: i32, what: &str| {
        let (found, row) = both_told(dir, &bundle);
        assert_eq!(found, code, "{what}: {row}");
        assert!(row.contains(what), "{what}: {row}");
    };
    let whole = format!("ok: {} as said: ", 2 + base.evidence.len());
    said(0, &whole);
    std::fs::write(&view, "seq,h\n1,3\n").unwrap();
    said(1, "0 missing: none; 1 ALTERED: views/run.csv");
    std::fs::remove_file(&view).unwrap();
    said(1, "1 missing: views/run.csv; 0 ALTERED: none");
    #[cfg(unix)]
    {
        std::fs::write(dir.join("copy"), &shown).unwrap();
        std::os::unix::fs::symlink(dir.join("copy"), &view).unwrap();
        said(1, "1 ALTERED: views/run.csv");
        std::fs::remove_file(&view).unwrap();
    }
    std::fs::write(&view, &shown).unwrap();
    // What lies elsewhere is not looked at, even if it is as the list says.
    std::fs::write(dir.join("elsewhere"), &shown).unwrap();
    let there = dir.join("elsewhere").display().to_string();
    for name in ["../elsewhere", "views/../../elsewhere", &there] {
        std::fs::write(&list, listed.replacen("views/run.csv", name, 1)).unwrap();
        said(1, &format!("1 missing: {name}; 0 ALTERED: none"));
    }
    // Another size, and what is no list at all.
    std::fs::write(&list, listed.replacen("\"bytes\":10,", "\"bytes\":11,", 1)).unwrap();
    said(1, "1 ALTERED: ");
    for text in
        ["", "{}", "[]", "{\"files\":{}}", "{\"files\":[null]}", "{\"files\":[],\"files\":[]}", &"[".repeat(50_000)]
    {
        std::fs::write(&list, text).unwrap();
        said(1, "0 as said: none; 0 missing: none; 1 ALTERED: MANIFEST.json");
    }
    std::fs::remove_file(&list).unwrap();
    assert_eq!(both_told(dir, &bundle), (0, String::new()), "without a list it is a record, and what it names");
    std::fs::write(&list, &listed).unwrap();
    said(0, &whole);
    // What the record says of itself and of its evidence counts for more than the list.
    let (name, bytes) = &base.evidence[0];
    std::fs::write(bundle.join("evidence").join(name), [&bytes[..], b"!"].concat()).unwrap();
    said(2, &format!("1 ALTERED: evidence/{name}"));
    std::fs::write(bundle.join("evidence").join(name), bytes).unwrap();
    let lines = split(&base.files[0].1);
    std::fs::write(bundle.join("record").join(segment_name(1)), lines[..lines.len() - 2].concat()).unwrap();
    said(2, &format!("1 ALTERED: record/{}", segment_name(1)));
}

#[test]
fn the_script_asks_for_a_packed_bundle_to_be_unpacked() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, bundle, zip) = (temp.path(), temp.path().join("bundle"), temp.path().join("run.zip"));
    let base = unpacked(dir);
    let bytes = packed(&bundle);
    let cut = dir.join("cut");
    std::fs::write(&zip, &bytes).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    // It was not verified, which is not the same as tampered with; by its first bytes, whatever it is called.
    for path in [&zip, &cut] {
        let (code, said) = script_told(dir, &[path]);
        assert_eq!((code, &said["verdict"], &said["logs"]), (3, &"unverifiable".into(), &serde_json::json!([])));
        assert!(said["problems"][0].as_str().unwrap().contains("unpack this ZIP first"), "{said:#}");
    }
    assert_eq!(told(dir, &[&zip]).0, 0, "Lifeboat takes it as it is");
    let (code, said) = script_told(dir, &[&zip, &bundle]);
    assert_eq!((code, &said["logs"][0]["report"]["verdict"]), (3, &"whole".into()), "{said:#}");
    // A record that was damaged is one all the same.
    let damaged = dir.join("damaged.jsonl");
    std::fs::write(&damaged, [&b"P"[..], &base.files[0].1[1..]].concat()).unwrap();
    assert_eq!(both_told(dir, &damaged), (2, String::new()));
    assert_eq!(script_told(dir, &[&zip, &damaged]).0, 2, "the worst counts");
}

fn walk(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every 97th byte flipped, and cut at every 97th: whatever it says, it says it, and of changed content nothing good.
#[test]
fn a_damaged_bundle_is_told_for_what_it_is() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let base = unpacked(dir);
    let bytes = packed(&dir.join("bundle"));
    let at = |content: &[u8]| {
        let start = bytes.windows(content.len()).position(|w| w == content).unwrap();
        start..start + content.len()
    };
    let record = at(&base.files[0].1);
    let evidence: Vec<_> = base.evidence.iter().map(|(_, bytes)| at(bytes)).collect();
    let listed = at(b"seq,h\n1,2\n");
    let (mut paths, mut wanted) = (Vec::new(), Vec::new());
    for i in (0..bytes.len()).step_by(97).chain(listed.clone()) {
        let mut flipped = bytes.clone();
        flipped[i] ^= 0x10;
        let cut = bytes[..i].to_vec();
        let broken = record.contains(&i) || evidence.iter().any(|e| e.contains(&i));
        wanted.push(if broken {
            "broken"
        } else if listed.contains(&i) {
            "limited"
        } else {
            ""
        });
        wanted.push("error");
        for content in [flipped, cut] {
            paths.push(dir.join(format!("{}.zip", paths.len())));
            std::fs::write(paths.last().unwrap(), content).unwrap();
        }
    }
    let all: Vec<&Path> = paths.iter().map(std::path::PathBuf::as_path).collect();
    let (code, said) = told(dir, &all);
    assert_eq!(code, 2);
    let logs = said["logs"].as_array().unwrap();
    assert_eq!(logs.len(), wanted.len(), "each is told of");
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for (log, wanted) in logs.iter().zip(&wanted) {
        let verdict = log["report"]["verdict"].as_str().unwrap_or("error");
        // An empty file, or one without the first bytes of an archive, is looked at as a record, and is none.
        let verdict = if verdict == "unverifiable" { "error" } else { verdict };
        assert!(wanted.is_empty() || verdict == *wanted, "{wanted}: {log:#}");
        *counts.entry(verdict).or_default() += 1;
    }
    assert!(counts["broken"] > 50 && counts["error"] > 100 && counts["limited"] > 9, "{counts:?}");
    super::figures(&format!(
        "bundles: {} damaged archives, none taken for sound where it was changed ({counts:?})",
        logs.len()
    ));
}

/// The excerpt of these records, as `lifeboat export` makes it.
fn excerpt(base: &Base, checkpoint: &Checkpoint, wanted: &[u64]) -> String {
    let lines: Vec<String> =
        split(&base.files[0].1).into_iter().map(|l| String::from_utf8(l).unwrap().trim_end().to_owned()).collect();
    let leaf = |l: &String| lifeboat::record::leaf_hash(body_of(format!("{l}\n").as_bytes()).unwrap());
    let leaves: Vec<Hash> = lines.iter().map(leaf).collect();
    let made = excerpt::make("rehearsal", checkpoint, &leaves, wanted, |n| lines.get(n as usize).map(String::as_str));
    serde_json::to_string_pretty(&made.unwrap()).unwrap()
}

#[test]
fn an_excerpt_is_held_against_the_checkpoint_that_was_kept_elsewhere() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    let base = plain("ana", 8, true);
    let end = base.outside.last().unwrap();
    let text = excerpt(&base, end, &[3, 5]);
    let keep = |name: &str, text: &str| {
        std::fs::write(dir.join(name), text).unwrap();
        dir.join(name)
    };
    let outside = |c: &Checkpoint| drop(keep("outside", &c.to_string()));
    let file = keep("few.json", &text);
    outside(end);
    let (code, said) = told(dir, &[&file]);
    assert_eq!((code, &said["logs"][0]["excerpt"]["verdict"]), (0, &"whole".into()), "{said:#}");
    assert_eq!(said["logs"][0]["excerpt"]["entries"], serde_json::json!([3, 5]));
    // No key or no checkpoint never yields 0; what is not shown is said.
    let alone = say(dir, &["verify", file.to_str().unwrap()]);
    assert_eq!(alone.code, 1, "{}", alone.out);
    for what in [
        "records 3, 5\n",
        "Signed: by no key",
        "Anchored: none",
        "Not shown: the other records",
        "with limits that are named",
    ] {
        assert!(alone.out.contains(what), "{what}: {}", alone.out);
    }
    let unknown = say(dir, &["verify", file.to_str().unwrap(), "--checkpoint", dir.join("outside").to_str().unwrap()]);
    assert_eq!(unknown.code, 1, "the right checkpoint, and nobody knows the key: {}", unknown.out);
    // Another checkpoint of the log shows nothing about this one; another log's is another's; another root is a fork.
    outside(&base.outside[0]);
    let (code, said) = told(dir, &[&file]);
    assert_eq!((code, &said["logs"][0]["excerpt"]["anchor"]), (1, &"not_comparable".into()), "{said:#}");
    outside(&Checkpoint { log: "other".to_owned(), ..end.clone() });
    assert_eq!(told(dir, &[&file]).0, 3);
    let mut fork = Checkpoint { root: Hash([7; 32]), signatures: Vec::new(), ..end.clone() };
    fork.sign(&Signer::new(1));
    outside(&fork);
    assert_eq!(told(dir, &[&file]).0, 2);
    outside(end);
    // Signed by nobody, by somebody else, and with a signature that does not hold.
    let mallory = Checkpoint { signatures: Vec::new(), ..end.clone() };
    assert_eq!(told(dir, &[&keep("no.json", &excerpt(&base, &mallory, &[3]))]).0, 3, "a key was asked for");
    let own = end.signatures[0].clone();
    let wrong = text.replace(&own[own.len() - 30..], &format!("AAAA{}", &own[own.len() - 26..]));
    assert_eq!(told(dir, &[&keep("wrong.json", &wrong)]).0, 3);
    // Changed words, and a proof of something else.
    for (name, other) in [
        ("a.json", text.replacen("\\\"seq\\\":5", "\\\"seq\\\":6", 1)),
        ("b.json", text.replacen("\"seq\": 5", "\"seq\": 6", 1)),
        ("c.json", text.replacen("rehearsal\\\"", "live_____\\\"", 1)),
    ] {
        assert_ne!(other, text, "{name}");
        let (code, said) = told(dir, &[&keep(name, &other)]);
        assert_eq!((code, &said["logs"][0]["excerpt"]["verdict"]), (2, &"broken".into()), "{name}: {said:#}");
        assert!(words(dir, &dir.join(name)).contains("Consistent: NO: record"), "{name}");
        assert!(!words(dir, &dir.join(name)).contains("Proven"), "{name}");
    }
    assert_eq!(told(dir, &[&keep("d.json", &text[..text.len() / 2])]).0, 3);
    assert_eq!(told(dir, &[&keep("e.json", &text.replacen("\"excerpt\": 1", "\"excerpt\": 9", 1))]).0, 3);
    // With a record beside it the checkpoint counts for the log that it names.
    let run = dir.join("bob");
    lay(&plain("bob", 3, false), &run, &run.join("evidence"));
    let (code, said) = told(dir, &[&file, &run]);
    assert_eq!((code, &said["logs"][0]["excerpt"]["verdict"]), (3, &"whole".into()), "bob's names no key: {said:#}");
}
