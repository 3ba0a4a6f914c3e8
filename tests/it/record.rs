//! Tests of `record`: what verification finds, and what it says that it cannot find.

use std::path::PathBuf;
use std::sync::Arc;

use lifeboat::journal::{Disk, Draft, Header, Journal, MemoryDisk, segment_name};
use lifeboat::record::{
    Actor, Against, Anchor, App, Body, Checkpoint, Hash, Kind, Line, MAX_BODY, MAX_DEPTH, Mode, Person, RecordError,
    Report, Segment, Tree, Verdict, Why, canonical, client_request_id, encode, leaf_hash, verify,
};
use lifeboat::units::hex;
use proptest::prelude::*;
use serde_json::{Value, json};

fn header() -> Header {
    let app = App { version: "0.1.0".to_owned(), sha256: None };
    Header { ballast: 0, ..Header::new("r1", Mode::Rehearsal, app, "test device") }
}

/// A sound log of `n` records in one file, and its checkpoint.
fn log(n: usize) -> (Vec<u8>, Checkpoint) {
    let disk = MemoryDisk::new();
    let dir = PathBuf::from("runs/r1");
    let mut journal = Journal::create(Arc::new(disk.clone()), dir.clone(), header()).unwrap();
    for i in 1..n {
        let person = Actor::Person(Person { name: "Ada \"Ü\" L.\n".to_owned(), ..Person::default() });
        let d = json!({ "text": format!("note {i}"), "n": i, "list": [true, null, -3] });
        journal.append(&[Draft::new(Kind::Note, Mode::Rehearsal, person, d)]).unwrap();
    }
    let file = dir.join(segment_name(1));
    (disk.read(&file, 0, usize::MAX).unwrap(), journal.checkpoint().unwrap())
}

fn check(bytes: &[u8], outside: Option<&Checkpoint>) -> Report {
    verify(&[Segment { number: 1, bytes }], Against { outside, whole: true, ..Against::default() })
}

fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

#[test]
fn a_sound_log_is_consistent_but_never_whole_without_a_key() {
    let (bytes, checkpoint) = log(60);
    let alone = check(&bytes, None);
    assert_eq!((alone.verdict, alone.records, alone.unanchored()), (Verdict::Limited, 60, 60), "{alone}");
    let anchored = check(&bytes, Some(&checkpoint));
    assert_eq!((anchored.anchor.clone(), anchored.unanchored()), (Anchor::Agrees { size: 60 }, 0));
    assert_eq!(anchored.verdict.exit_code(), 1, "no key must never yield 0");
    let text = anchored.to_string();
    for name in [
        "Consistent: hashes, chain and tree",
        "Signed: no key",
        "Anchored: checkpoint compared",
        "Unanchored tail: none",
        "Reconciled with Activity Log: not checked",
        "Indeterminate actions: none",
        "Clock: ",
        "Gaps and recoveries: none",
        "Evidence: ",
    ] {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
}

#[test]
fn a_torn_end_is_told_from_a_changed_one_by_its_nul() {
    let (bytes, _) = log(5);
    let lines = split(&bytes);
    let start = bytes.len() - lines[4].len();
    let change = |with: u8, at: usize| {
        let mut b = bytes.clone();
        b[at] = with;
        check(&b, None)
    };
    let torn = change(0, start + 50);
    assert_eq!((torn.verdict, torn.records), (Verdict::Limited, 4), "{torn}");
    assert_eq!(torn.torn_bytes, lines[4].len() as u64);
    assert_eq!(change(b'#', start + 50).verdict, Verdict::Broken, "without a NUL the last line was changed");
    assert_eq!(change(0, start - 50).verdict, Verdict::Broken, "only the end can be torn");
    let nuls = [bytes.as_slice(), &[0; 700]].concat();
    assert_eq!(check(&nuls, None).torn_bytes, 700);
}

/// Rewrites a log with `edit` applied to each body and every hash made to fit.
fn rehashed(bytes: &[u8], edit: impl Fn(&mut Body)) -> Vec<u8> {
    let mut prev = Hash::ZERO;
    let mut out = Vec::new();
    for line in split(bytes) {
        let value: Value = serde_json::from_slice(&line).unwrap();
        let mut body: Body = serde_json::from_value(value["r"].clone()).unwrap();
        edit(&mut body);
        body.prev = prev;
        let (line, hash) = encode(&body).unwrap();
        prev = hash;
        out.extend_from_slice(&line);
    }
    out
}

#[test]
fn one_record_rewritten_with_its_own_hash_breaks_the_chain_behind_it() {
    let (bytes, _) = log(6);
    let mut lines = split(&bytes);
    let value: Value = serde_json::from_slice(&lines[3]).unwrap();
    let mut body: Body = serde_json::from_value(value["r"].clone()).unwrap();
    body.d = json!({ "text": "approved" });
    lines[3] = encode(&body).unwrap().0;
    let r = check(&lines.concat(), None);
    assert_eq!(r.breaks, ["file 1, line 5, where record 4 belongs: the record does not follow the one before it"]);
    assert_eq!(r.verdict, Verdict::Broken);
}

#[test]
fn a_checkpoint_of_another_log_or_a_foreign_record_is_not_taken() {
    let (bytes, checkpoint) = log(5);
    let other = Checkpoint { log: "r2".to_owned(), ..checkpoint };
    let r = check(&bytes, Some(&other));
    assert_eq!(r.verdict.exit_code(), 3, "{r}");
    let foreign = rehashed(&bytes, |b| {
        if b.seq == 3 {
            (b.log, b.run) = ("r2".to_owned(), "r2".to_owned());
        }
    });
    let r = check(&foreign, None);
    assert_eq!(r.verdict, Verdict::Broken);
    assert!(r.to_string().contains("belongs to another log, r2"), "{r}");
}

#[test]
fn what_is_not_a_journal_cannot_be_verified() {
    for bytes in [&b""[..], b"\n", b"# a read me\n", b"\0\0\0", b"{}\n", &[0xff; 100]] {
        assert_eq!(check(bytes, None).verdict.exit_code(), 3, "{bytes:?}");
    }
    let (bytes, _) = log(3);
    let newer = rehashed(&bytes, |b| b.v = 2);
    let r = check(&newer, None);
    assert_eq!(r.verdict.exit_code(), 3);
    assert!(r.to_string().contains("format 2 is newer"), "{r}");
}

#[test]
fn a_kind_from_a_newer_lifeboat_is_a_warning() {
    let (bytes, _) = log(1);
    let text = String::from_utf8(bytes).unwrap().replace("log.open", "log.fancy");
    let value: Value = serde_json::from_str(&text).unwrap();
    let body = canonical(&value["r"]).unwrap();
    let line = [br#"{"r":"#, body.as_slice(), br#","h":""#, hex(&leaf_hash(&body).0).as_bytes(), b"\"}\n"].concat();
    let r = check(&line, None);
    assert_eq!((r.verdict, r.unknown_kinds), (Verdict::Limited, 1), "{r}");
}

#[test]
fn an_intent_without_a_result_is_indeterminate() {
    let disk = MemoryDisk::new();
    let mut journal = Journal::create(Arc::new(disk.clone()), PathBuf::from("runs/r1"), header()).unwrap();
    let mut add = |kind, step: &str| {
        let draft = Draft::new(kind, Mode::Live, Actor::System, json!({}));
        journal.append(&[Draft { step: Some(step.to_owned()), ..draft }]).unwrap();
    };
    add(Kind::ActionIntent, "A");
    add(Kind::ActionAccepted, "A");
    add(Kind::ActionIntent, "B");
    add(Kind::ActionResult, "B");
    add(Kind::ActionIntent, "C");
    add(Kind::ActionIndeterminate, "C");
    add(Kind::ActionIntent, "D");
    add(Kind::ActionIndeterminate, "D");
    add(Kind::ActionReconciled, "D");
    let bytes = disk.read(&PathBuf::from("runs/r1/000001.jsonl"), 0, usize::MAX).unwrap();
    let r = check(&bytes, None);
    let steps: Vec<_> = r.indeterminate.iter().map(|o| (o.seq, o.step.as_str())).collect();
    assert_eq!(steps, [(1, "A"), (5, "C")]);
}

/// The vectors that Certificate Transparency implementations share.
#[test]
fn the_tree_is_that_of_rfc_6962() {
    let leaves: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Tree::default();
    assert_eq!(tree.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (leaf, root) in leaves.into_iter().zip(roots) {
        tree.push(leaf_hash(leaf));
        assert_eq!(tree.root().to_string(), root, "size {}", tree.size());
    }
}

#[test]
fn a_checkpoint_is_three_lines_and_keeps_its_signatures() {
    let (_, checkpoint) = log(3);
    let text = checkpoint.to_string();
    assert_eq!(text.lines().count(), 3);
    assert!(text.starts_with("lifeboat/r1\n3\n"));
    assert_eq!(text.parse::<Checkpoint>().unwrap(), checkpoint);
    let signed = format!("{text}\n— ada/laptop AAAA\n— witness BBBB\n");
    let parsed: Checkpoint = signed.parse().unwrap();
    assert_eq!(parsed.signatures.len(), 2);
    assert_eq!(parsed.to_string(), signed);
    assert_eq!(text.replace('\n', "\r\n").parse::<Checkpoint>().unwrap(), checkpoint, "pasted on Windows");
    for bad in ["", "lifeboat/\n3\nAA==", "go.sum/x\n3\nAA==", "lifeboat/r1\n+3\nAA==", "lifeboat/r1\n3\nAA=="] {
        assert!(bad.parse::<Checkpoint>().is_err(), "{bad:?}");
    }
    assert!(format!("{text}extension\n").parse::<Checkpoint>().is_err());
}

fn body(d: Value) -> Body {
    let (bytes, _) = log(1);
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    Body { d, ..serde_json::from_value(value["r"].clone()).unwrap() }
}

#[test]
fn what_a_record_cannot_hold_is_named() {
    let refused = |d: Value| encode(&body(d)).unwrap_err();
    let e = refused(json!({ "readings": [1, 2.5] }));
    assert!(matches!(&e, RecordError::Float { at, .. } if at == "d.readings.1"), "{e}");
    let e = refused(json!({ "n": 1u64 << 53 }));
    assert!(matches!(&e, RecordError::Integer { at, .. } if at == "d.n"), "{e}");
    assert!(matches!(refused(json!({ "n": -(1i64 << 53) })), RecordError::Integer { .. }));
    encode(&body(json!({ "n": (1i64 << 53) - 1 }))).unwrap();
    assert!(matches!(refused(json!({ "größe": 1 })), RecordError::Key { .. }));
    let deep = (0..100).fold(json!(1), |v, _| json!([v]));
    assert!(matches!(refused(deep), RecordError::Depth { .. }));
    let e = refused(json!({ "small": "x", "text": "y".repeat(MAX_BODY) }));
    assert!(matches!(&e, RecordError::TooBig { largest, .. } if largest == "d.text"), "{e}");
    let unknown = Body { kind: Kind::Unknown, ..body(json!({})) };
    assert!(matches!(encode(&unknown).unwrap_err(), RecordError::UnknownKind));
}

#[test]
fn a_body_is_sorted_and_without_blanks() {
    let value = json!({ "b": [1, -2, true, null], "a": { "z": "\u{0}\n\"ü", "B": "" } });
    assert_eq!(canonical(&value).unwrap(), r#"{"a":{"B":"","z":"\u0000\n\"ü"},"b":[1,-2,true,null]}"#.as_bytes());
    for kind in Kind::ALL {
        assert_eq!(Kind::from_text(kind.as_str()), *kind);
    }
}

#[test]
fn the_request_id_is_a_uuid_that_follows_from_the_intent() {
    let id = client_request_id(&"ab".repeat(32));
    assert_eq!(id, client_request_id(&"ab".repeat(32)));
    assert_ne!(id, client_request_id(&"ac".repeat(32)));
    let parts: Vec<_> = id.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert_eq!(&id[14..15], "8", "version");
    assert!("89ab".contains(&id[19..20]), "variant");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verification_never_panics_on_garbage(cuts in prop::collection::vec((any::<u16>(), any::<u8>()), 0..20), n in 1usize..4) {
        let (mut bytes, checkpoint) = log(n);
        for (at, with) in cuts {
            let at = usize::from(at) % bytes.len();
            if with == 7 { bytes.truncate(at.max(1)); } else { bytes[at] = with; }
        }
        let whole = verify(&[Segment { number: 1, bytes: &bytes }], Against { outside: Some(&checkpoint), whole: true, ..Against::default() });
        let lone = verify(&[Segment { number: 9, bytes: &bytes }], Against::default());
        prop_assert!(whole.verdict.exit_code() != 0 && lone.verdict.exit_code() != 0);
    }
}

/// What is said of a body whose hash is right.
fn of_body(body: &str) -> Result<(), Why> {
    let line = format!("{{\"r\":{body},\"h\":\"{}\"}}", leaf_hash(body.as_bytes()));
    Line { offset: 0, bytes: line.as_bytes(), ended: true }.read().map(drop)
}

fn body_with(d: &str) -> String {
    let zeros = "0".repeat(64);
    format!(
        r#"{{"boot":"b","d":{d},"kind":"note","log":"r1","mono":0,"prev":"{zeros}","run":"r1","seg":1,"seq":0,"ts":5,"v":1}}"#
    )
}

#[test]
fn a_line_is_as_deep_as_a_record_may_be_and_no_deeper() {
    // The body is one level, its `d` another.
    let nested = |levels: usize| {
        let lists = levels - 2;
        body_with(&format!(r#"{{"list":{}0{}}}"#, "[".repeat(lists), "]".repeat(lists)))
    };
    let objects = |levels: usize| {
        let inner = levels - 2;
        body_with(&format!(r#"{{"o":{}0{}}}"#, r#"{"o":"#.repeat(inner), "}".repeat(inner)))
    };
    assert_eq!(MAX_DEPTH + 1, 33);
    for of in [nested, objects] {
        assert_eq!(of_body(&of(33)), Ok(()));
        assert_eq!(of_body(&of(34)), Err(Why::Json));
    }
    // Many brackets side by side are not deep, and brackets in text are none; a quote in it does not end it.
    assert_eq!(of_body(&body_with(&format!("{{\"list\":[{}0]}}", "[],{},".repeat(40)))), Ok(()));
    let text = r#"\"[[{{\\"#.repeat(20);
    assert_eq!(of_body(&body_with(&format!("{{\"text\":\"{text}\"}}"))), Ok(()));
    let then_deep = format!("{{\"text\":\"{text}\",\"list\":{}0{}}}", "[".repeat(32), "]".repeat(32));
    assert_eq!(of_body(&body_with(&then_deep)), Err(Why::Json), "behind such a text depth counts again");
}

#[test]
fn a_list_is_not_taken_for_a_record() {
    assert_eq!(of_body(&body_with("{}")), Ok(()));
    // The values of a record in the order in which a reader may know its fields.
    let zeros = "0".repeat(64);
    let list = format!(r#"[1,"r1","r1",1,0,"{zeros}",null,5,0,"b",null,null,"note",null,{{}}]"#);
    assert_eq!(of_body(&list), Err(Why::Json));
    assert_eq!(of_body(&body_with("[1]")), Err(Why::Json), "nor for what it tells");
}
