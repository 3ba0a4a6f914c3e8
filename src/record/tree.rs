//! The Merkle tree of RFC 6962 over the records' hashes, grown one leaf at a time.

use sha2::{Digest, Sha256};

use super::record::Hash;

/// Size and the roots of the full subtrees, biggest first: all that is needed to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing one bit of the size is a subtree as big as the one being carried.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = parent(left, node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root; of an empty tree the hash of nothing.
    pub fn root(&self) -> Hash {
        self.peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| parent(left, right))
            .unwrap_or_else(|| Hash(Sha256::digest([]).into()))
    }
}

/// What proves that a leaf is in the tree of `leaves`: the roots of the subtrees beside its path, lowest first (RFC 6962,
/// 2.1.1). `None` when there is no such leaf.
pub fn inclusion(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let mut at = usize::try_from(index).ok().filter(|at| *at < leaves.len())?;
    let (mut level, mut proof) = (leaves.to_vec(), Vec::new());
    while level.len() > 1 {
        // The last of an odd number has nobody beside it, and goes up as it is.
        proof.extend(level.get(at ^ 1));
        level = level.chunks(2).map(|pair| if let [l, r] = pair { parent(*l, *r) } else { pair[0] }).collect();
        at /= 2;
    }
    Some(proof)
}

/// The root that a proof leads to from leaf number `index` of `size`: the checkpoint's, if the leaf is in its tree. `None`
/// when the proof has not the length that such a leaf needs (RFC 9162, 2.1.3.2).
pub fn root_from(leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, size.checked_sub(1).filter(|last| index <= *last)?);
    let mut node = leaf;
    for beside in proof {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            node = parent(*beside, node);
            // Up to where it has somebody beside it.
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            node = parent(node, *beside);
        }
        (at, last) = (at / 2, last / 2);
    }
    (last == 0).then_some(node)
}

fn parent(left: Hash, right: Hash) -> Hash {
    let mut bytes = [1u8; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Hash(Sha256::digest(bytes).into())
}
