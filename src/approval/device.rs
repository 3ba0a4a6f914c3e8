//! This device's keys, and the line by which a colleague comes to know them.
//!
//! One seed in the keyring makes both: the Ed25519 key that signs, and an X25519 key for what two devices alone share. The
//! second is derived from the first, so that there is one secret to keep, and it travels signed by it, so that comparing
//! one fingerprint vouches for both.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::ApprovalError;
use crate::health::sighting::{Colleague, PairKey};
use crate::run::approval::namesakes;
use crate::units::{PublicKey, hidden, visible};

const LINE: &str = "Lifeboat key 1 of ";
const LINE_DOMAIN: &str = "lifeboat-device-1\n";
/// Longest name of a colleague.
const NAME: usize = 60;
/// Two keys and a signature.
const BYTES: usize = 32 + 32 + 64;
/// Longest line that is looked at.
const LONGEST: usize = 4096;

/// This device's keys, in memory for as long as they are used.
pub struct Device {
    signs: Ed25519KeyPair,
    pairs: PrivateKey,
    public: PublicKey,
    pair: PairKey,
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived(secret: &[u8], salt: &str, info: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut out = Zeroizing::new([0u8; 32]);
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt.as_bytes()).extract(secret);
    prk.expand(&[info], Length(32)).ok()?.fill(out.as_mut()).ok()?;
    Some(out)
}

impl Device {
    /// From the 32 bytes in the keyring.
    pub fn from_seed(seed: &[u8]) -> Option<Self> {
        let signs = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let own = derived(seed, "lifeboat", b"lifeboat-pair-x25519-1")?;
        let pairs = PrivateKey::from_private_key(&X25519, own.as_ref()).ok()?;
        let public = PublicKey::of(signs.public_key().as_ref())?;
        let pair = PairKey(pairs.compute_public_key().ok()?.as_ref().try_into().ok()?);
        Some(Self { signs, pairs, public, pair })
    }

    /// The key that others know it by.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its other key.
    pub fn pair(&self) -> PairKey {
        self.pair
    }

    /// The secret half of its other key, to open what was locked for this device.
    pub fn pair_secret(&self) -> Option<Zeroizing<[u8; 32]>> {
        let bytes: Curve25519SeedBin<'_> = self.pairs.as_be_bytes().ok()?;
        Some(Zeroizing::new(bytes.as_ref().try_into().ok()?))
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signs.sign(message).as_ref().to_vec()
    }

    /// What this device and that one share, and no third: a key to make codes with.
    pub fn shared(&self, other: &PairKey) -> Result<hmac::Key, ApprovalError> {
        let mut both = [self.pair.0, other.0];
        both.sort_unstable();
        let peer = UnparsedPublicKey::new(&X25519, other.0);
        let key = agree(&self.pairs, peer, ApprovalError::Key, |secret| {
            derived(secret, "lifeboat-shared-1", both.concat().as_slice()).ok_or(ApprovalError::Key)
        })?;
        Ok(hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()))
    }

    /// The line for colleagues.
    pub fn line(&self, name: &str) -> String {
        let name = tidy(name);
        let signature = self.sign(&line_bytes(&name, &self.pair));
        let all = [self.public.bytes().as_slice(), &self.pair.0, &signature].concat();
        format!("{LINE}{name}: {}", STANDARD_NO_PAD.encode(all))
    }
}

/// Letters and digits are signed: a chat makes other quotes of an O'Brien's.
fn line_bytes(name: &str, pair: &PairKey) -> Vec<u8> {
    [LINE_DOMAIN.as_bytes(), bare(name).as_bytes(), b"\n", &pair.0].concat()
}

fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn tidy(name: &str) -> String {
    let shown = name.chars().map(|c| if hidden(c) || c == ':' { ' ' } else { c }).collect::<String>();
    shown.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(NAME).collect()
}

/// Whoever a line is of.
pub fn known(text: &str) -> Result<Colleague, ApprovalError> {
    if text.len() > LONGEST {
        return Err(ApprovalError::Line("it is too long"));
    }
    let text = text.split_whitespace().filter(|w| *w != ">" && *w != "|").collect::<Vec<_>>().join(" ");
    let Some((_, rest)) = text.split_once(LINE) else {
        return Err(ApprovalError::Line("it does not begin as one"));
    };
    let (name, key) = rest.split_once(':').ok_or(ApprovalError::Line("it is cut off"))?;
    let name = tidy(name);
    if name.is_empty() {
        return Err(ApprovalError::Line("it names nobody"));
    }
    let signs: String = key.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).collect();
    let bytes = STANDARD_NO_PAD.decode(signs).map_err(|_| ApprovalError::Line("signs are missing or too many"))?;
    let Ok(bytes) = <[u8; BYTES]>::try_from(bytes) else {
        return Err(ApprovalError::Line("signs are missing or too many"));
    };
    let (keys, signature) = bytes.split_at(64);
    let (sign, pair) = keys.split_at(32);
    let (Some(key), Ok(pair)) = (PublicKey::of(sign), <[u8; 32]>::try_from(pair)) else {
        return Err(ApprovalError::Line("signs are missing or too many"));
    };
    let pair = PairKey(pair);
    if !key.signed(&line_bytes(&name, &pair), signature) {
        return Err(ApprovalError::Line("it was changed on the way"));
    }
    Ok(Colleague { name, key, pair: Some(pair) })
}

/// Whether two names are one person's on a list of keys: a chat that makes other quotes of an O'Brien's names nobody new.
fn one_name(a: &str, b: &str) -> bool {
    let (bare_a, bare_b) = (bare(a), bare(b));
    namesakes(a, b) || (bare_a == bare_b && !bare_a.is_empty())
}

/// Puts somebody on the list, under a name that nobody else there has: whoever reads the name of an answer takes it for one
/// person's. Of whoever is there already the line adds what was missing, and a sighting takes nothing away.
pub fn new_colleague(
    list: &mut Vec<Colleague>,
    mine: Option<&PublicKey>,
    new: Colleague,
) -> Result<bool, ApprovalError> {
    if mine == Some(&new.key) {
        return Err(ApprovalError::Mine);
    }
    if let Some(there) = list.iter().find(|c| c.key != new.key && one_name(&c.name, &new.name)) {
        let (known, new) = (there.key.fingerprint(), new.key.fingerprint());
        return Err(ApprovalError::OtherKey { name: visible(&there.name), known, new });
    }
    if let Some(there) = list.iter_mut().find(|c| c.key == new.key) {
        let new = Colleague { pair: new.pair.or(there.pair), ..new };
        let changed = *there != new;
        *there = new;
        return Ok(changed);
    }
    list.push(new);
    Ok(true)
}
