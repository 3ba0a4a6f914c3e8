//! What each way of tampering comes to, one after the other and all of them: every bit flipped, every record deleted, swapped
//! and doubled, every place to cut at, everything hashed again. What cannot be seen without a checkpoint kept elsewhere is
//! counted as well: that is the promise.

use lifeboat::record::{Against, Anchor, Checkpoint, Report, Segment, Verdict, verify};
use serde_json::json;

use super::bases::{Base, notes, plain, rotated};
use super::forger::{Files, bodies, rebuilt, split};
use super::{all, each, figures};

fn check(files: &Files, outside: Option<&Checkpoint>) -> Report {
    let segments: Vec<Segment<'_>> = files.iter().map(|(number, bytes)| Segment { number: *number, bytes }).collect();
    verify(&segments, Against { outside, whole: true, ..Against::default() })
}

fn check_one(bytes: &[u8], outside: Option<&Checkpoint>) -> Report {
    verify(&[Segment { number: 1, bytes }], Against { outside, whole: true, ..Against::default() })
}

/// A log of one file, and the checkpoint over all of it.
fn log(n: usize) -> (Vec<u8>, Checkpoint) {
    let mut base = notes("r1", n);
    (base.files.remove(0).1, base.outside.remove(0))
}

/// Says something other than "consistent and complete as far as can be seen".
fn reported(r: &Report) -> bool {
    r.verdict != Verdict::Limited || r.torn_bytes > 0
}

/// How many of a campaign's changes are tried: each of them, or one in so many.
fn step(of: usize) -> usize {
    if all() { 1 } else { of }
}

#[test]
fn every_flipped_bit_is_reported() {
    let (bytes, _) = log(60);
    let last = split(&bytes).pop().unwrap().len();
    // One in eight is another bit of each byte in turn, so that every byte is hit.
    let per_byte = 8 / step(8);
    let found = each(bytes.len() * per_byte, |i| {
        let (at, bit) = if per_byte == 1 { (i, i % 8) } else { (i / 8, i % 8) };
        let mut changed = bytes.clone();
        changed[at] ^= 1 << bit;
        let r = check_one(&changed, None);
        // A power cut can have done only what befell the last record.
        let silent = !reported(&r) || (r.verdict != Verdict::Broken && at + last < bytes.len());
        (silent || r.verdict != Verdict::Broken).then_some((at, bit, silent))
    });
    let silent: Vec<_> = found.iter().filter(|f| f.2).collect();
    assert!(silent.is_empty(), "not reported (byte, bit): {silent:?}");
    let flips = bytes.len() * per_byte;
    figures(&format!(
        "T1: {flips} single bits flipped in 60 records, 0 unreported, {} of them as a torn tail",
        found.len()
    ));
}

#[test]
fn every_deleted_swapped_or_doubled_record_is_reported() {
    let (bytes, checkpoint) = log(60);
    let lines = split(&bytes);
    let mut changes = 0;
    let mut broken = |lines: &[Vec<u8>], what: &str, why: &str| {
        let r = check_one(&lines.concat(), None);
        assert_eq!(r.verdict, Verdict::Broken, "{what}: {r}");
        assert!(r.breaks[0].contains(why), "{what}: {r}");
        changes += 1;
    };
    for i in 0..lines.len() {
        let mut deleted = lines.clone();
        deleted.remove(i);
        if i + 1 < lines.len() {
            broken(&deleted, &format!("deleted {i}"), "records are missing, repeated or out of order");
        } else {
            // Without its end a log looks like a shorter one; only a checkpoint tells.
            assert_eq!(check_one(&deleted.concat(), None).verdict, Verdict::Limited);
        }
        let r = check_one(&deleted.concat(), Some(&checkpoint));
        assert_eq!(r.verdict, Verdict::Broken, "deleted {i}: {r}");

        let mut doubled = lines.clone();
        doubled.insert(i, lines[i].clone());
        broken(&doubled, &format!("doubled {i}"), "records are missing, repeated or out of order");

        for j in i + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(i, j);
            broken(&swapped, &format!("swapped {i} and {j}"), "records are missing, repeated or out of order");
        }
    }
    figures(&format!("T2: {changes} records deleted, swapped or doubled, all reported for the right reason"));
}

#[test]
fn a_record_of_another_log_is_reported_wherever_it_is_put() {
    let (mine, theirs) = (notes("r1", 30), notes("r2", 30));
    let (lines, other) = (split(&mine.files[0].1), split(&theirs.files[0].1));
    for (i, foreign) in other.iter().enumerate() {
        for over in [0, 1] {
            let mut spliced = lines.clone();
            spliced.splice(i..i + over, [foreign.clone()]);
            let r = check_one(&spliced.concat(), None);
            // In the first place it names the log, and all the others are foreign.
            let stranger = if i == 0 { "another log, r1" } else { "another log, r2" };
            assert_eq!(r.verdict, Verdict::Broken, "{i}: {r}");
            assert!(r.breaks[0].contains(stranger), "{i}: {r}");
        }
    }
    figures(&format!("T2: {} records put in from another log, all reported for the right reason", 2 * lines.len()));
}

#[test]
fn files_rolled_back_taken_away_or_moved_are_reported() {
    let base = rotated("rotated", false);
    let newest = base.outside.last().unwrap();
    let whole = check(&base.files, Some(newest));
    assert_eq!((whole.verdict, whole.break_count), (Verdict::Limited, 0), "{whole}");
    let (mut tried, mut harmless) = (0, 0);
    let mut tampered = |files: &Files, what: &str| {
        let (alone, held) = (check(files, None), check(files, Some(newest)));
        tried += 1;
        // What a failed write left and was written again may go: nothing is lost with it.
        if (alone.records, alone.root) == (whole.records, whole.root) {
            harmless += 1;
            return;
        }
        assert_eq!(held.verdict, Verdict::Broken, "{what}: {held}");
        // Only the end can go without a trace, as far as the files alone tell.
        let end_only = alone.break_count == 0 && alone.records < whole.records;
        assert!(
            alone.verdict == Verdict::Broken || end_only || alone.verdict == Verdict::Unverifiable,
            "{what}: {alone}"
        );
    };
    for i in 0..base.files.len() {
        let lines = split(&base.files[i].1);
        for keep in 0..lines.len() {
            let mut files = base.files.clone();
            files[i].1 = lines[..keep].concat();
            tampered(&files, &format!("file {} back to {keep} records", base.files[i].0));
        }
        let mut files = base.files.clone();
        files.remove(i);
        tampered(&files, &format!("without file {}", base.files[i].0));
        let mut files = base.files.clone();
        let moved = files[i].0 + 100;
        files[i].0 = moved;
        files.sort_by_key(|(n, _)| *n);
        assert_eq!(check(&files, None).verdict, Verdict::Broken, "file {} moved", base.files[i].0);
    }
    assert!(harmless < tried / 2, "{harmless} of {tried} changed nothing");
    figures(&format!(
        "T2: {tried} files rolled back or taken away, {harmless} without any record lost, all others reported"
    ));
}

#[test]
fn every_cut_is_reported_against_a_checkpoint_and_all_but_the_clean_ones_without() {
    let (bytes, checkpoint) = log(200);
    let lines = split(&bytes);
    let ends: std::collections::BTreeSet<usize> = lines
        .iter()
        .scan(0, |at, l| {
            *at += l.len();
            Some(*at)
        })
        .collect();
    // Around the ends of records the answer without a checkpoint changes: there, and at one place in so many, it is asked too.
    let near = |at: usize| (at.saturating_sub(2)..at + 3).any(|n| ends.contains(&n));
    let clean: usize = each(bytes.len(), |at| {
        let cut = &bytes[..at];
        let r = check_one(cut, Some(&checkpoint));
        assert_eq!(r.verdict, Verdict::Broken, "cut at {at}: {r}");
        assert!(r.torn_bytes > 0 || r.break_count > 0 || at == 0 || ends.contains(&at), "cut at {at}: {r}");
        if at % step(64) != 0 && !near(at) {
            return None;
        }
        let r = check_one(cut, None);
        if reported(&r) {
            return None;
        }
        assert!(ends.contains(&cut.len()), "cut at {}: {r}", cut.len());
        assert!(r.to_string().contains("rewriting or cutting them off would not show"), "{r}");
        Some(1)
    })
    .len();
    assert_eq!(clean, 199, "a cut between records cannot be seen without a checkpoint, any other can");
    figures(&format!(
        "T3: cut at each of {} places in 200 records: all reported against a checkpoint; without one all but {clean} between \
         records, and the report states that limit",
        bytes.len()
    ));
}

#[test]
fn a_log_rewritten_with_all_its_hashes_passes_alone_and_fails_against_a_checkpoint() {
    let Base { files, outside, .. } = plain("plain", 20, false);
    let all = bodies(&files).unwrap();
    let newest = outside.last().unwrap();
    assert_eq!(rebuilt(all.clone(), &[]).0, files, "stored bytes are canonical, and hashed again they are the same");
    for i in 0..all.len() {
        let mut forged = all.clone();
        forged[i].1["ts"] = json!(7);
        let (forged, _) = rebuilt(forged, &[]);
        let alone = check(&forged, None);
        assert_eq!((alone.verdict, alone.break_count), (Verdict::Limited, 0), "{i}: {alone}");
        assert!(alone.to_string().contains("records: rewriting or cutting them off would not show"), "{alone}");
        let held = check(&forged, Some(newest));
        if (i as u64) < newest.size {
            assert!(matches!(held.anchor, Anchor::Differs { .. }), "{i}: {held}");
            assert_eq!(held.verdict.exit_code(), 2);
        }
    }
    let covered = newest.size;
    figures(&format!(
        "T4: {} records edited with every hash made to fit: none is seen by the hashes alone, {covered} of the {covered} \
         that a checkpoint kept elsewhere covers",
        all.len()
    ));
}
