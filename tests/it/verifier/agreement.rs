//! Two verifiers, one answer: journals tampered with at random, and every word of what is said of them compared.

use std::path::Path;

use lifeboat::journal::{Disk, RealDisk, contents, segment_number};
use lifeboat::record::{
    Against, Anchor, Checkpoint, Files, Pin, Report, Segment, Signature, Verdict, Vouching, verify,
};
use serde_json::{Value, json};

use super::mutants::{Mutant, mutant};
use super::{all, bases, each, figures, script};

/// Five hundred in every run, ten thousand with `LIFEBOAT_TEST_ALL=1`.
fn wanted() -> usize {
    if all() { 10_000 } else { 500 }
}

/// Where the row of mutants begins; another is tried with `LIFEBOAT_TEST_SEED`.
fn seed() -> u64 {
    std::env::var("LIFEBOAT_TEST_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(16)
}

/// What Lifeboat says of what lies there, as its own command puts it together.
fn ours(m: &Mutant, path: &Path) -> (Verdict, Option<Report>) {
    let outside = m.outside.as_ref().map(|t| t.parse::<Checkpoint>());
    let bad = matches!(outside, Some(Err(_)));
    let outside = outside.and_then(Result::ok);
    let (files, beside, whole) = if path.is_dir() {
        let Ok(c) = contents(&RealDisk, path) else { return (Verdict::Unverifiable, None) };
        (c.segments, c.checkpoint.and_then(|t| t.parse::<Checkpoint>().ok()), true)
    } else {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = RealDisk.read(path, 0, usize::MAX).unwrap();
        (vec![(segment_number(&name).unwrap_or(1), bytes)], None, false)
    };
    let segments: Vec<Segment<'_>> = files.iter().map(|(number, bytes)| Segment { number: *number, bytes }).collect();
    let pin = |k: &String| Pin { key: k.parse().unwrap(), of: "given with --key".to_owned() };
    let pins: Vec<Pin> = m.keys.iter().map(pin).collect();
    let (outside, beside, only_pins) = (outside.as_ref(), beside.as_ref(), !pins.is_empty());
    let mut report = verify(&segments, Against { outside, beside, whole, pins: &pins, only_pins });
    if whole {
        report.hold(|file| lifeboat::desk::evidence::sha256_of(path, file));
    } else {
        report.not_held();
    }
    let verdict = if bad { report.verdict.max(Verdict::Unverifiable) } else { report.verdict };
    (verdict, Some(report))
}

/// What stands in both reports under the same name, and has to be the same: all that a verdict rests on.
const SAME: [&str; 14] = [
    "log",
    "segments",
    "records",
    "start",
    "root",
    "break_count",
    "checkpoints",
    "torn_bytes",
    "left_records",
    "left_bytes",
    "withheld",
    "recovered",
    "rotated",
    "evidence",
];

/// How bad each row of the other report has to be.
fn levels(r: &Report) -> [(&'static str, &'static str); 3] {
    let signed = match &r.signed {
        Signature::By { vouching: Vouching::Pinned { .. }, to, .. } if to + 1 >= r.records => "ok",
        Signature::By { vouching: Vouching::OtherKey, .. } | Signature::Missing | Signature::OutsideWrong => {
            "unverifiable"
        }
        _ => "limited",
    };
    let anchored = match &r.anchor {
        Anchor::Agrees { size } if *size == r.records => "ok",
        Anchor::Differs { .. } | Anchor::Shorter { .. } => "broken",
        Anchor::OtherLog { .. } => "unverifiable",
        _ => "limited",
    };
    let beside = matches!(r.beside, Anchor::Differs { .. } | Anchor::Shorter { .. });
    [("Signed", signed), ("Anchored", anchored), ("Checkpoint beside it", if beside { "broken" } else { "ok" })]
}

/// Which evidence is missing, and which is not what the record says, in the words of the other report.
fn evidence(files: Option<&Files>) -> String {
    let Some(f) = files else { return "not looked at".to_owned() };
    let of = |what: &str, names: &[String]| {
        let first = if names.is_empty() { "none".to_owned() } else { names[..names.len().min(9)].join(", ") };
        format!("{} {what}: {first}", names.len())
    };
    format!("{} as said; {}; {}", f.same, of("missing", &f.missing), of("ALTERED", &f.altered))
}

/// Where the two differ.
fn differences((verdict, ours): &(Verdict, Option<Report>), (code, theirs): &(u8, Value)) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |what: &str, a: &Value, b: &Value| {
        if a != b {
            found.push(format!("  {what}: Lifeboat {a}, verify.py {b}"));
        }
    };
    same("exit code", &json!(verdict.exit_code()), &json!(code));
    same("exit code in the report", &json!(code), &theirs["exit_code"]);
    same("verdict of all", &json!(verdict), &theirs["verdict"]);
    let Some(ours) = ours else {
        same("a report", &Value::Null, &theirs["logs"][0]["report"]);
        return found;
    };
    let theirs = &theirs["logs"][0]["report"];
    // Of what is no record at all nothing more is said.
    let rows = if ours.records == 0 && script::row(theirs, "Signed").is_none() { &[][..] } else { &levels(ours)[..] };
    for (name, level) in rows {
        same(name, &json!(level), &json!(script::row(theirs, name).map(|(level, _)| level)));
    }
    let said = script::row(theirs, "Evidence").map(|(_, words)| match words.split_once(" as said: ") {
        // The names of those that are as said stand in this report alone.
        Some((n, rest)) => format!("{n} as said; {}", rest.split_once("; ").map_or(rest, |r| r.1)),
        None => words.to_owned(),
    });
    same("evidence files", &json!(evidence(ours.evidence_files.as_ref())), &json!(said));
    // Where the first break is; `breaks` says it in words, and ends with why, which each says in its own.
    let place = theirs["breaks"].get(0).map(|b| {
        let n = |name: &str| b[name].as_u64().unwrap_or_default();
        format!("file {}, line {}, where record ", n("file"), n("line"))
    });
    let first = ours.breaks.first().map(|b| &b[..place.as_ref().map_or(0, |p| p.len().min(b.len()))]);
    same("first break", &json!(first), &json!(place));
    let ours = json!(ours);
    for name in SAME {
        same(name, &ours[name], &theirs[name]);
    }
    let open: Vec<&Value> = ours["indeterminate"].as_array().into_iter().flatten().map(|o| &o["step"]).collect();
    let mut steps: Vec<&str> = open.iter().filter_map(|s| s.as_str()).collect();
    steps.sort_unstable();
    same("indeterminate", &json!(steps), &theirs["indeterminate"]);
    found
}

#[test]
fn both_verifiers_say_the_same_of_every_mutant() {
    let (bases, seed, n) = (bases::all(), seed(), wanted());
    let temp = tempfile::tempdir().unwrap();
    let begun = std::time::Instant::now();
    let mut ours_all = each(n, |i| {
        let m = mutant(&bases, seed.wrapping_mul(1_000_000).wrapping_add(i as u64));
        let (path, outside) = m.lay(&temp.path().join(i.to_string()));
        let mut args = vec![path.display().to_string()];
        args.extend(outside.iter().flat_map(|o| ["--checkpoint".to_owned(), o.display().to_string()]));
        args.extend(m.keys.iter().flat_map(|k| ["--key".to_owned(), k.clone()]));
        Some((i, ours(&m, &path), args, m.what))
    });
    ours_all.sort_by_key(|(i, ..)| *i);
    let calls: Vec<Vec<String>> = ours_all.iter().map(|(_, _, args, _)| args.clone()).collect();
    let theirs = script::reports(&calls);
    let mut verdicts = std::collections::BTreeMap::<String, usize>::new();
    let mut wrong = Vec::new();
    for ((i, ours, args, what), theirs) in ours_all.iter().zip(&theirs) {
        let found = differences(ours, theirs);
        *verdicts.entry(format!("{:?}", ours.0)).or_default() += 1;
        if !found.is_empty() {
            wrong.push(format!("mutant {i} ({what}): {}\n{}", args.join(" "), found.join("\n")));
        }
    }
    if !wrong.is_empty() {
        let kept = temp.keep();
        let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        panic!("{} of {n} with LIFEBOAT_TEST_SEED={seed}, kept in {}:\n{shown}", wrong.len(), kept.display());
    }
    // The comparison means something only where both had many things to say.
    assert!(verdicts.values().filter(|v| **v > n / 50).count() >= 3 && verdicts.contains_key("Whole"), "{verdicts:?}");
    figures(&format!("verifiers: {n} mutated journals, 0 disagreements ({verdicts:?}), {:.0?}", begun.elapsed()));
}
