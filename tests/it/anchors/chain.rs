//! What a verifier makes of recorded anchors: who saw what, and what a forged one looks like.

use std::sync::Arc;

use lifeboat::journal::{Draft, Journal, MemoryDisk};
use lifeboat::record::{Actor, Body, Checkpoint, Kind, Mode, Report, Tree, Verdict, encode};
use serde_json::json;

use crate::signed::{Key, bytes, check, dir, header, note, pin, rehashed, signs};

const SEEN: u64 = 1_790_000_000;

fn anchor(to: &str, outcome: &str, c: &Checkpoint) -> Draft {
    let d = json!({ "to": to, "where": "Ben", "note": c.to_string(), "outcome": outcome });
    Draft::new(Kind::LogAnchor, Mode::Rehearsal, Actor::System, d)
}

/// A log of Ana's with three checkpoints, of which the second was seen by these; and that one.
fn log(by: &[&Key], outcome: &str) -> (Vec<u8>, Checkpoint) {
    let disk = MemoryDisk::new();
    let ana = Key::of(1);
    let mut journal = Journal::create(Arc::new(disk.clone()), dir(), header(Some(signs(&ana)))).unwrap();
    journal.append(&[note("one"), note("two")]).unwrap();
    journal.seal().unwrap();
    journal.append(&[note("three")]).unwrap();
    let mut left = journal.seal().unwrap().unwrap();
    by.iter().for_each(|k| left.witness(*k, SEEN));
    journal.append(&[note("four"), anchor("witness", outcome, &left), note("five")]).unwrap();
    journal.seal().unwrap();
    (bytes(&disk), left)
}

fn anchored(r: &Report) -> String {
    r.lines().into_iter().find(|l| l.0 == "Anchored").unwrap().1
}

/// The forger has the log's own key: every hash, root and signature of the log is made anew.
fn forged(all: &[u8], mut edit: impl FnMut(&mut Body)) -> Vec<u8> {
    let mut tree = Tree::default();
    rehashed(all, |b| {
        if b.kind == Kind::LogCheckpoint {
            let mut c: Checkpoint = b.d["note"].as_str().unwrap().parse().unwrap();
            c.root = tree.root();
            c.signatures.clear();
            c.sign(&*Key::of(1));
            b.d = json!({ "note": c.to_string() });
        }
        edit(b);
        tree.push(encode(b).unwrap().1);
    })
}

#[test]
fn a_known_witness_anchors_what_it_saw_and_nobody_else_does() {
    let (ana, ben) = (Key::of(1), Key::of(2));
    let (all, left) = log(&[&ben, &ana], "held");
    let known = check(
        &all,
        None,
        &[pin(&ana), lifeboat::record::Pin { key: lifeboat::record::Signer::key(&*ben), of: "Ben".to_owned() }],
        false,
    );
    assert_eq!(
        (known.break_count, known.verdict, known.unanchored()),
        (0, Verdict::Limited, known.records - left.size),
        "{known}"
    );
    let said = format!("through record {} at {} by Ben", left.size - 1, lifeboat::units::utc_text(1_790_000_000_000));
    assert!(anchored(&known).contains(&said), "{known}");
    // The log's own key saw it too, which says nothing.
    let own = check(&all, None, &[pin(&ana)], false);
    assert!(anchored(&own).starts_with("nothing from outside this computer was compared"), "{own}");
    assert_eq!(own.unanchored(), own.records);
    // The same from outside: the larger of both counts, and whoever is known is named.
    let mut given = left.clone();
    given.signatures.retain(|l| l.contains("witness"));
    let both = check(&all, Some(&given), &[pin(&ana), pin(&ben)], false);
    let named = format!("seen by {} (Ana)", lifeboat::record::Signer::key(&*ben).fingerprint());
    assert!(anchored(&both).contains(&named) && anchored(&both).contains("through record"), "{both}");
}

#[test]
fn one_that_failed_is_listed_and_proves_nothing() {
    let (ana, ben) = (Key::of(1), Key::of(2));
    let r = check(&log(&[&ben], "failed").0, None, &[pin(&ana), pin(&ben)], false);
    assert_eq!((r.break_count, r.seen.clone(), r.unanchored()), (0, None, r.records), "{r}");
    assert!(anchored(&r).contains("0 to a witness held, 1 FAILED"), "{r}");
}

#[test]
fn whoever_rewrites_the_log_with_its_own_key_is_held_to_what_a_witness_saw() {
    let (ana, ben) = (Key::of(1), Key::of(2));
    let (all, left) = log(&[&ben], "held");
    let pins = [pin(&ana), pin(&ben)];
    let edit = |b: &mut Body| {
        if b.d["text"] == "one" {
            b.d = json!({ "text": "something else" });
        }
    };
    let same = forged(&all, |_| ());
    assert_eq!(same, all, "nothing but the edit tells them apart");
    let r = check(&forged(&all, edit), None, &pins, false);
    assert_eq!((r.verdict, r.break_count), (Verdict::Broken, 1), "{r}");
    assert!(r.breaks[0].contains("the checkpoint that left, recorded here"), "{r}");
    // With the anchor's three lines and the log's signature made to fit, what the witness signed does not.
    let root = {
        let mut tree = Tree::default();
        let mut at = None;
        forged(&all, |b| {
            edit(b);
            if tree.size() == left.size {
                at = Some(tree.root());
            }
            tree.push(encode(b).unwrap().1);
        });
        at.unwrap()
    };
    let fitted = |keep: bool| {
        forged(&all, |b| {
            edit(b);
            if b.kind == Kind::LogAnchor {
                let mut c = Checkpoint { root, signatures: Vec::new(), ..left.clone() };
                c.sign(&*ana);
                c.signatures.extend(left.signatures.iter().filter(|l| keep && l.contains("witness")).cloned());
                b.d["note"] = json!(c.to_string());
            }
        })
    };
    let r = check(&fitted(true), None, &pins, false);
    assert_eq!((r.verdict, r.break_count), (Verdict::Broken, 1), "{r}");
    assert!(r.breaks[0].contains("signature"), "{r}");
    // Without what the witness signed it is consistent, and nobody is said to have seen it; their own copy tells.
    let r = check(&fitted(false), None, &pins, false);
    assert_eq!((r.verdict, r.seen.clone()), (Verdict::Limited, None), "{r}");
    assert_eq!(check(&fitted(false), Some(&left), &pins, false).verdict, Verdict::Broken);
}

type Change = fn(&mut Checkpoint);

#[test]
fn an_anchor_that_says_more_than_is_true_is_a_break_whatever_came_of_it() {
    let (ana, ben, mallory) = (Key::of(1), Key::of(2), Key::of(9));
    let pins = [pin(&ana), pin(&ben)];
    let mutants: [(&str, Change); 7] = [
        ("another log", |c| c.log = "r2".to_owned()),
        ("records that came later", |c| c.size += 4),
        ("a size at which none was made", |c| c.size -= 1),
        ("another root", |c| c.root.0[0] ^= 1),
        ("a witness's signature with another time", |c| {
            let mut other = c.clone();
            other.size += 1;
            other.signatures.clear();
            other.witness(&*Key::of(2), SEEN);
            c.signatures.append(&mut other.signatures);
        }),
        ("somebody else's signature in the log's name", |c| c.sign(&*Key::of(9))),
        ("a witness without a key", |c| c.signatures.push("— lifeboat-witness/ben AAAA".to_owned())),
    ];
    for outcome in ["held", "failed"] {
        let (all, left) = log(&[&ben], outcome);
        assert_eq!(check(&all, None, &pins, false).break_count, 0);
        let with = |text: String| {
            forged(&all, |b| {
                if b.kind == Kind::LogAnchor {
                    b.d["note"] = json!(text);
                }
            })
        };
        for (what, change) in &mutants {
            let mut c = left.clone();
            change(&mut c);
            let r = check(&with(c.to_string()), None, &pins, false);
            assert_eq!((r.verdict, r.break_count), (Verdict::Broken, 1), "{outcome}, {what}: {r}");
        }
        assert_eq!(check(&with("nothing".to_owned()), None, &pins, false).break_count, 1, "no checkpoint at all");
        let mut c = left.clone();
        c.signatures.push(format!("— somewhere.example/{} AAAA", mallory.0.public()));
        assert_eq!(
            check(&with(c.to_string()), None, &pins, false).break_count,
            0,
            "a line of a name that is not ours to judge"
        );
    }
}

#[test]
fn where_records_are_withheld_anchors_still_hold() {
    let (ana, ben) = (Key::of(1), Key::of(2));
    let (all, left) = log(&[&ben], "held");
    // Also where the recorded checkpoint itself is.
    let mut out = Vec::new();
    for (i, line) in lifeboat::record::lines(&all).enumerate() {
        match (left.size - 2..left.size).contains(&(i as u64)) {
            true => out.extend_from_slice(format!("{{\"h\":\"{}\"}}\n", line.read().unwrap().hex).as_bytes()),
            false => out.extend_from_slice(&[line.bytes, b"\n"].concat()),
        }
    }
    let r = check(&out, None, &[pin(&ana), pin(&ben)], false);
    assert_eq!((r.break_count, r.withheld, r.seen.map(|s| s.size)), (0, 2, Some(left.size)));
}
