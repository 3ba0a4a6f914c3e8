//! The standards behind the record, held against implementations and numbers that nobody here made: RFC 8032 (Ed25519),
//! RFC 6962 (the tree), C2SP signed-note and tlog-checkpoint as Cloudflare's crates read them, which are ported from Go's.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use lifeboat::record::{Checkpoint, Tree, leaf_hash};
use lifeboat::units::{hex, unhex};
use serde_json::{Value, json};
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::tlog::{Hash, HashReader, stored_hash_count, stored_hashes, tree_hash};

use super::bases::{Base, plain};
use super::forger::{Signer, bodies, body_of, rebuilt, signed, split};
use super::{Random, figures, script};

/// The tree of the other implementation.
#[derive(Default)]
struct Theirs(Vec<Hash>, u64);

impl HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::tlog::Error> {
        Ok(indexes.iter().map(|i| self.0[*i as usize]).collect())
    }
}

impl Theirs {
    fn push(&mut self, record: &[u8]) {
        let new = stored_hashes(self.1, record, &*self).unwrap();
        self.0.extend(new);
        self.1 += 1;
        assert_eq!(stored_hash_count(self.1), self.0.len() as u64);
    }

    fn root(&self) -> String {
        hex(&tree_hash(self.1, self).unwrap().0)
    }
}

/// The key as the other implementation takes it.
fn verifier(name: &str, key: &Signer) -> StandardVerifier {
    let typed = [&[1], key.bytes()].concat();
    let id = signed_note::key_id(name, &typed);
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &typed);
    StandardVerifier::new(&format!("{name}+{id:08x}+{base64}")).unwrap()
}

/// Whether the other implementation opens a note with this key, and what it then reads.
fn opened(note: &[u8], name: &str, key: &Signer) -> Option<tlog_tiles::Checkpoint> {
    let list = VerifierList::new(vec![Box::new(verifier(name, key)) as Box<dyn Verifier>]);
    let note = Note::from_bytes(note).ok()?;
    let (good, _) = note.verify(&list).ok()?;
    assert_eq!(good.len(), 1);
    tlog_tiles::Checkpoint::from_bytes(note.text()).ok()
}

#[test]
fn recorded_checkpoints_are_opened_by_another_implementation() {
    let key = Signer::new(1);
    let Base { files, .. } = plain("plain", 20, false);
    let (files, last) = signed(&files, &key).unwrap();
    let mut theirs = Theirs::default();
    let mut notes = Vec::new();
    for (_, bytes) in &files {
        for line in split(bytes) {
            let body = body_of(&line).unwrap();
            let value: Value = serde_json::from_slice(body).unwrap();
            if let Some(note) = value["d"]["note"].as_str().filter(|_| value["kind"] == "log.checkpoint") {
                notes.push((note.to_owned(), theirs.1, theirs.root()));
            }
            theirs.push(body);
        }
    }
    notes.push((last, theirs.1, theirs.root()));
    assert!(notes.len() > 4);
    for (note, size, root) in &notes {
        let c = opened(note.as_bytes(), "lifeboat/plain", &key).expect(note);
        assert_eq!((c.origin(), c.size(), hex(&c.hash().0)), ("lifeboat/plain", *size, root.clone()));
        assert!(opened(note.as_bytes(), "lifeboat/plain", &Signer::new(2)).is_none(), "another key");
        assert!(opened(note.as_bytes(), "lifeboat/other", &key).is_none(), "another name");
        let ours: Checkpoint = note.parse().unwrap();
        assert_eq!((ours.size, ours.root.to_string()), (*size, root.clone()));
    }
    figures(&format!(
        "checkpoints: {} notes of a log of {} records opened by signed_note and tlog_tiles, with the roots they compute",
        notes.len(),
        theirs.1
    ));
}

/// Notes changed at random: verify.py accepts no signature that the other implementation refuses.
#[test]
fn no_signature_is_taken_that_another_implementation_refuses() {
    let key = Signer::new(1);
    let (_, note) = rebuilt(bodies(&plain("plain", 3, false).files).unwrap(), &[]);
    let text = note.lines().take(3).map(|l| format!("{l}\n")).collect::<String>();
    let note = format!("{text}\n{}", key.own_line(&text));
    assert!(opened(note.as_bytes(), "lifeboat/plain", &key).is_some());
    let mut r = Random(8);
    let mut all = vec![json!({ "note": note, "key": key.key() })];
    for i in 0..400 {
        let mut bytes = note.clone().into_bytes();
        let at = r.below(bytes.len());
        match i % 4 {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, b'A'),
            _ => bytes[at] ^= 1 << r.below(7),
        }
        let Ok(note) = String::from_utf8(bytes) else { continue };
        all.push(json!({ "note": note, "key": key.key() }));
    }
    let found = script::values("taken(x)", &all);
    let mut refused = 0;
    for (x, taken) in all.iter().zip(&found) {
        let note = x["note"].as_str().unwrap();
        // As it reads when the line ends and blanks are forgiven that pasting leaves.
        let read = note.parse::<Checkpoint>().map(|c| c.to_string());
        let theirs = read.is_ok_and(|n| opened(n.as_bytes(), "lifeboat/plain", &key).is_some());
        assert!(theirs || taken != &json!(true), "taken here, refused there: {note:?}");
        refused += usize::from(taken != &json!(true));
    }
    assert_eq!(found[0], true);
    assert!(refused > all.len() / 2, "{refused}");
}

/// Certificate Transparency's eight leaves, and trees of other sizes by both other implementations.
#[test]
fn all_three_trees_are_that_of_rfc_6962() {
    let ct: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let (mut ours, mut theirs, mut leaves) = (Tree::default(), Theirs::default(), Vec::new());
    let (mut wanted, mut all) = (Vec::new(), Vec::new());
    for i in 0..200usize {
        let leaf = ct.get(i).map_or_else(|| format!("leaf {i}").into_bytes(), |l| l.to_vec());
        ours.push(leaf_hash(&leaf));
        theirs.push(&leaf);
        assert_eq!(ours.root().to_string(), theirs.root(), "{} leaves", i + 1);
        leaves.push(leaf_hash(&leaf).to_string());
        wanted.push(json!(theirs.root()));
        all.push(json!(leaves));
    }
    assert_eq!(wanted[7], "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    let mut python = script::values("root_of(x)", &all);
    assert_eq!(python, wanted);
    python = script::values("Log(True, []).root(0, 0).hex()", &[json!(null)]);
    assert_eq!(python, ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"], "of nothing");
}

/// Public key, message, signature: RFC 8032, section 7.1.
const RFC_8032: [[&str; 3]; 4] = [
    [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

#[test]
fn signatures_are_those_of_rfc_8032_and_strict() {
    let mut all: Vec<[Vec<u8>; 3]> = RFC_8032.iter().map(|v| v.map(|h| unhex(h).unwrap())).collect();
    let good = all.len();
    let l = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    for v in all.clone() {
        // The same S, one group order further: another signature of the same message, which nobody made.
        let mut more = v.clone();
        let mut carry = 0;
        for (b, add) in more[2][32..].iter_mut().zip(&l) {
            let sum = u16::from(*b) + u16::from(*add) + carry;
            (*b, carry) = (sum as u8, sum >> 8);
        }
        all.push(more);
        for bit in 0..512 {
            let mut flipped = v.clone();
            flipped[2][bit / 8] ^= 1 << (bit % 8);
            all.push(flipped);
        }
        for bit in (0..256).step_by(3) {
            let mut flipped = v.clone();
            flipped[0][bit / 8] ^= 1 << (bit % 8);
            all.push(flipped);
        }
        all.push([v[0].clone(), v[1].clone(), v[2][..63].to_vec()]);
        all.push([v[0].clone(), v[1].clone(), [&v[2][..], &[0]].concat()]);
    }
    // Keys that are no points, or points written otherwise: y = p, p + 1, 2^255 - 1, and x = 0 with a sign.
    for (first, rest, last) in [(0xed, 0xff, 0x7f), (0xee, 0xff, 0x7f), (0xff, 0xff, 0xff), (1, 0, 0x80), (2, 0, 0)] {
        let mut key = vec![rest; 32];
        (key[0], key[31]) = (first, last);
        let mut r = vec![0; 64];
        r[0] = 1;
        all.push([key.clone(), Vec::new(), r]);
        all.push([key, Vec::new(), vec![0; 64]]);
    }
    let asked: Vec<Value> = all.iter().map(|v| json!([hex(&v[0]), hex(&v[1]), hex(&v[2])])).collect();
    let found = script::values("ed25519(*map(bytes.fromhex, x))", &asked);
    for (i, (v, taken)) in all.iter().zip(&found).enumerate() {
        let ours = UnparsedPublicKey::new(&ED25519, &v[0]).verify(&v[1], &v[2]).is_ok();
        assert_eq!(json!(ours), *taken, "{i}: {}", asked[i]);
        assert_eq!(ours, i < good, "{i}: {}", asked[i]);
    }
    figures(&format!(
        "Ed25519: {good} vectors of RFC 8032 taken, {} changes of them refused, as aws-lc does",
        all.len() - good
    ));
}
