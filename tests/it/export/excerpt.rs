//! Proofs that a record is in a run: the published vectors of Certificate Transparency, and excerpts that were tampered with.

use lifeboat::export::excerpt::{Excerpt, check};
use lifeboat::record::{Hash, Tree, inclusion, leaf_hash, root_from};
use lifeboat::units::unhex;

use super::exported;

/// The leaves and the root of the tests of RFC 6962's reference implementation (google/certificate-transparency).
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOT: &str = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";

fn leaves() -> Vec<Hash> {
    LEAVES.iter().map(|l| leaf_hash(&unhex(l).unwrap())).collect()
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    leaves.iter().for_each(|l| tree.push(*l));
    tree.root()
}

#[test]
fn the_published_proofs_are_made_and_checked() {
    let all = leaves();
    assert_eq!(root(&all).to_string(), ROOT);
    let proof = |index, size: usize| -> Vec<String> {
        inclusion(&all[..size], index).unwrap().iter().map(ToString::to_string).collect()
    };
    // Published audit paths: leaf 0 of 1 and of 8, leaf 5 of 8, leaf 2 of 3, leaf 1 of 5.
    assert_eq!(proof(0, 1), Vec::<String>::new());
    assert_eq!(
        proof(0, 8),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
        ]
    );
    assert_eq!(
        proof(5, 8),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
        ]
    );
    assert_eq!(proof(2, 3), ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]);
    assert_eq!(
        proof(1, 5),
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
        ]
    );
}

#[test]
fn every_proof_of_every_size_leads_to_its_root_and_to_no_other() {
    let all: Vec<Hash> = (0..70u8).map(|n| leaf_hash(&[n])).collect();
    for size in 1..=all.len() {
        let root = root(&all[..size]);
        for index in 0..size as u64 {
            let (leaf, n) = (all[index as usize], size as u64);
            let proof = inclusion(&all[..size], index).unwrap();
            assert_eq!(root_from(leaf, index, n, &proof), Some(root), "{index} of {size}");
            // Another place, another size, a step too few or too many, a changed step, another leaf.
            for other in (0..n).filter(|o| *o != index) {
                assert_ne!(root_from(leaf, other, n, &proof), Some(root), "{index} of {size} as {other}");
            }
            if let Some((_, short)) = proof.split_last() {
                assert_ne!(root_from(leaf, index, n, short), Some(root));
            }
            assert_eq!(root_from(leaf, index, n, &[&proof[..], &[leaf]].concat()), None);
            for at in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[at].0[31] ^= 1;
                assert_ne!(root_from(leaf, index, n, &wrong), Some(root));
            }
            assert_ne!(root_from(leaf_hash(b"x"), index, n, &proof), Some(root));
        }
        assert_eq!(inclusion(&all[..size], size as u64), None);
        assert_eq!(root_from(all[0], size as u64, size as u64, &[]), None);
    }
    assert_eq!(root_from(all[0], 0, 0, &[]), None);
}

#[test]
fn an_excerpt_proves_its_records_and_holds_no_other() {
    let (bytes, _) = exported(&["excerpt", "--entries", "0,12,40-44,37"]);
    let text = String::from_utf8(bytes).unwrap();
    let checked = check(&text).unwrap();
    assert_eq!(checked.entries, [0, 12, 37, 40, 41, 42, 43, 44]);
    let d = super::told();
    assert_eq!((&checked.log, checked.checkpoint.root), (&d.run, d.report.root.unwrap()));
    let shown = checked.entries.iter().map(|seq| d.rows[*seq as usize].h.to_string());
    for row in &d.rows {
        let own = shown.clone().any(|h| h == row.h.to_string());
        let stored = format!(",\\\"h\\\":\\\"{}\\\"}}", row.h);
        assert_eq!(text.contains(&stored), own, "record {}", row.seq);
    }
}

#[test]
fn an_excerpt_that_was_touched_proves_nothing() {
    let (bytes, _) = exported(&["excerpt", "--entries", "12,37"]);
    let text = String::from_utf8(bytes).unwrap();
    let sound: Excerpt = serde_json::from_str(&text).unwrap();
    let mut cases: Vec<(&str, Excerpt)> = Vec::new();
    let mut add = |what: &'static str, change: &dyn Fn(&mut Excerpt)| {
        let mut e = sound.clone();
        change(&mut e);
        assert_ne!(e, sound, "{what} changed nothing");
        cases.push((what, e));
    };
    add("a word of a record", &|e| {
        e.entries[0].line = e.entries[0].line.replacen("Lifeboat", "Lifeb0at", 1).replacen("rehearsal", "tabletops", 1)
    });
    add("its number", &|e| e.entries[0].seq = 13);
    add("two lines swapped", &|e| {
        let line = e.entries[0].line.clone();
        e.entries[0].line = std::mem::replace(&mut e.entries[1].line, line);
    });
    add("a proof cut", &|e| e.entries[1].proof.truncate(1));
    add("a proof changed", &|e| e.entries[1].proof[0].0[0] ^= 1);
    add("the root of the checkpoint", &|e| {
        let root = e.checkpoint.lines().nth(2).unwrap().to_owned();
        let other = format!("{}{}", if root.starts_with('A') { 'B' } else { 'A' }, &root[1..]);
        e.checkpoint = e.checkpoint.replacen(&root, &other, 1);
    });
    add("a checkpoint that does not reach so far", &|e| {
        let size = e.checkpoint.lines().nth(1).unwrap().to_owned();
        e.checkpoint = e.checkpoint.replacen(&format!("\n{size}\n"), "\n12\n", 1);
    });
    add("another log", &|e| e.checkpoint = e.checkpoint.replacen("lifeboat/", "lifeboat/x", 1));
    add("the named log", &|e| e.log = "another".to_owned());
    add("no records", &|e| e.entries.clear());
    add("a newer version", &|e| e.excerpt += 1);
    add("no checkpoint", &|e| e.checkpoint.clear());
    for (what, e) in cases {
        let said = check(&serde_json::to_string(&e).unwrap());
        assert!(said.is_err(), "{what}: {said:?}");
    }
    assert!(check(&text[..text.len() / 2]).is_err() && check("").is_err() && check("{}").is_err());
    assert!(check(&text).is_ok());
}
