//! A forger who can make every hash fit and sign with keys of their own: what they do is told, and for what it is.

use lifeboat::record::{Against, Anchor, Checkpoint, Pin, Report, Segment, Signature, Verdict, Vouching, verify};
use serde_json::{Value, json};

use super::bases::plain;
use super::figures;
use super::forger::{Files, Signer, bodies, rebuilt};

fn check(files: &Files, outside: Option<&Checkpoint>, key: Option<&Signer>) -> Report {
    let segments: Vec<Segment<'_>> = files.iter().map(|(number, bytes)| Segment { number: *number, bytes }).collect();
    let pins: Vec<Pin> = key.iter().map(|k| Pin { key: k.key().parse().unwrap(), of: "Ana".to_owned() }).collect();
    verify(&segments, Against { outside, beside: None, whole: true, pins: &pins, only_pins: key.is_some() })
}

fn of_kind(all: &[(u64, Value)], kind: &str) -> Vec<usize> {
    (0..all.len()).filter(|i| all[*i].1["kind"] == kind).collect()
}

/// Broken, and the first reason given is this one.
fn broken(r: &Report, why: &str) {
    assert_eq!(r.verdict, Verdict::Broken, "{r}");
    assert!(r.breaks[0].contains(why), "{why}: {r}");
}

const UNSIGNED: &str = "is not signed by the log's key";

#[test]
fn what_a_forger_can_do_about_signatures_is_told_for_what_it_is() {
    let (ana, mallory) = (Signer::new(1), Signer::new(9));
    let base = plain("ana", 20, true);
    let end = base.outside.last().unwrap();
    let all = bodies(&base.files).unwrap();
    let noted = of_kind(&all, "log.checkpoint");
    let mut told = 0;
    let sound = check(&base.files, Some(end), Some(&ana));
    assert_eq!((sound.break_count, sound.anchor.clone()), (0, Anchor::Agrees { size: end.size }), "{sound}");
    assert_eq!(
        rebuilt(all.clone(), &[&ana]).0,
        base.files,
        "the journal signs as the format says, and a note is made one way"
    );

    // Every record edited, every hash made to fit, every checkpoint made anew without its key.
    for i in 0..all.len() {
        let mut forged = all.clone();
        forged[i].1["ts"] = json!(7);
        let (forged, _) = rebuilt(forged, &[]);
        let r = check(&forged, None, None);
        broken(&r, UNSIGNED);
        assert!(r.breaks[0].contains(&format!("where record {} belongs", noted[0])), "{r}");
        told += 1;
    }
    // The newest key signs what was signed before it was there.
    let mut newer = all.clone();
    let at = noted[2];
    let (file, mut own) = newer[at].clone();
    (own["kind"], own["d"]) = (json!("log.key"), ana.rotated(&mallory, false));
    newer.insert(at + 1, (file, own));
    let (files, _) = rebuilt(newer.clone(), &[&ana, &mallory]);
    let r = check(&files, None, Some(&ana));
    assert_eq!((r.break_count, r.verdict), (0, Verdict::Unverifiable), "nobody vouches for the second key: {r}");
    let (by_newer, _) = rebuilt(newer, &[&mallory]);
    broken(&check(&by_newer, None, None), UNSIGNED);
    told += 2;

    // A checkpoint is left out.
    for n in &noted {
        let mut fewer = all.clone();
        fewer.remove(*n);
        let (files, _) = rebuilt(fewer.clone(), &[&ana]);
        let r = check(&files, Some(end), Some(&ana));
        assert_eq!(r.verdict, Verdict::Broken, "even with the key, against what was kept elsewhere: {r}");
        let (files, _) = rebuilt(fewer, &[]);
        broken(&check(&files, None, None), UNSIGNED);
        told += 2;
    }
    // Another log's name over the same records; the whole record under another key, under none, and no key named.
    let renamed = |key: &[&Signer]| {
        let mut all = all.clone();
        all.iter_mut().for_each(|(_, b)| (b["log"], b["run"]) = (json!("other"), json!("other")));
        rebuilt(all, key).0
    };
    let r = check(&renamed(&[&ana]), Some(end), Some(&ana));
    assert_eq!((r.verdict, &r.anchor), (Verdict::Unverifiable, &Anchor::OtherLog { log: "ana".to_owned() }), "{r}");
    broken(&check(&renamed(&[]), None, None), UNSIGNED);
    let mut theirs = all.clone();
    theirs[of_kind(&all, "log.key")[0]].1["d"] = mallory.used();
    let (files, _) = rebuilt(theirs, &[&mallory]);
    let r = check(&files, None, Some(&ana));
    assert!(matches!(&r.signed, Signature::By { vouching: Vouching::OtherKey, .. }), "{r}");
    assert_eq!(r.verdict.exit_code(), 3, "{r}");
    broken_against(&files, end, &ana);
    let mut none = all.clone();
    none.remove(of_kind(&all, "log.key")[0]);
    let (files, _) = rebuilt(none, &[]);
    let r = check(&files, None, Some(&ana));
    assert_eq!((r.verdict.exit_code(), &r.signed), (3, &Signature::Missing), "{r}");
    broken_against(&files, end, &ana);
    let r = check(&base.files, Some(end), Some(&mallory));
    assert_eq!(r.verdict.exit_code(), 3, "the wrong key: {r}");
    told += 7;
    figures(&format!("T2: {told} forgeries by whoever can make every hash fit, all told for what they are"));
}

fn broken_against(files: &Files, end: &Checkpoint, key: &Signer) {
    assert_eq!(check(files, Some(end), Some(key)).verdict, Verdict::Broken);
}
