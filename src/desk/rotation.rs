//! A new key for this device: the old one signs that the new one follows, and is overwritten in the keyring.
//!
//! What both signed is kept beside the list of keys. By it records of the old key are still known as this computer's, and a
//! record that goes on says that the new key is the old one's successor.

use std::io;

use crate::approval::Device;
use crate::record::{Pin, Rotation};
use crate::secrets::Secrets;
use crate::units::PublicKey;

use super::approvals::{device, draw, replace};
use super::home::write_whole;
use super::{DeskError, Home, Roster, chain};

/// As `lifeboat credentials` calls it.
pub const DEVICE_KEY: &str = "device-key";
/// A statement has half a KiB; nobody makes thousands of keys.
const MAX_BYTES: u64 = 1 << 20;

/// What both keys of each change signed, as far as it holds. A file that cannot be read vouches for no key.
pub fn statements(home: &Home) -> Vec<Rotation> {
    kept(home).unwrap_or_default().into_iter().filter(Rotation::holds).collect()
}

fn kept(home: &Home) -> Result<Vec<Rotation>, DeskError> {
    let path = home.rotations();
    let damaged = |why: String| DeskError::Colleagues { path: path.clone(), why };
    match std::fs::metadata(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Ok(m) if m.len() > MAX_BYTES => return Err(damaged("it is too large".to_owned())),
        _ => {}
    }
    let bytes = std::fs::read(&path).map_err(|e| damaged(chain(&e)))?;
    serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))
}

/// Keys that this device had before this one, each of which signed what followed it.
pub fn pins_before(home: &Home, mine: &PublicKey) -> Vec<Pin> {
    let mut left = statements(home);
    let (mut at, mut out) = (mine.clone(), Vec::new());
    while let Some(i) = left.iter().position(|r| r.new == at) {
        at = left.swap_remove(i).old;
        out.push(Pin { key: at.clone(), of: "a key that this computer had before".to_owned() });
    }
    out
}

/// Makes a new key and puts it in the place of the old one; the old one's public half, if there was one, and the new one.
pub async fn rotate(home: &Home, secrets: &Secrets) -> Result<(Option<PublicKey>, Device), DeskError> {
    let no_key = |e: &dyn std::error::Error| DeskError::NoKey(chain(e));
    let had = super::approvals::has_key(secrets).await.map_err(|e| no_key(&e))?;
    let old = device(secrets).await.map_err(|e| no_key(&e))?;
    let (before, new) = if had {
        let (seed, new) = draw().map_err(|e| no_key(&e))?;
        let mut all = kept(home)?;
        all.push(Rotation::between(&old, &new));
        let text = serde_json::to_vec_pretty(&all).map_err(|e| DeskError::NoKey(e.to_string()))?;
        // Before the old key is gone: nothing could say it afterwards.
        write_whole(&home.rotations(), &text)?;
        replace(secrets, seed).await.map_err(|e| no_key(&e))?;
        (Some(old.public().clone()), new)
    } else {
        (None, old)
    };
    let mut roster = Roster::read(home)?;
    roster.mine = Some(new.public().clone());
    roster.save(home)?;
    Ok((before, new))
}
