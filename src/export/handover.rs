//! The file by which a run goes to another laptop: one `age` file around one plain tar, whose first member says what
//! follows.
//!
//! Every byte is authenticated before it is looked at. Nothing is compressed, so nothing grows while it is unpacked; each
//! tar header has to be, byte for byte, the one that is written here for the member that the manifest names next, so there
//! are no links, no other kinds of files, no second member of a name, and no name but those allowed.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read, Write};
use std::str::FromStr;

use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::units::{Secret, hex, visible};

/// Version of what is inside.
pub const VERSION: u32 = 1;
/// Work to make a key of a passphrase, as a power of two: half a second and 128 MiB on a laptop.
pub const WORK: u8 = 17;
/// More is not done for a file from elsewhere: a second, and a quarter of a GiB.
const MOST_WORK: u8 = 18;
/// Of a passphrase at least: the file may lie in a mailbox for years.
pub const LEAST_PASSPHRASE: usize = 10;
/// Bytes of all members at most: a whole journal, all evidence that one may hold, a simulated world.
pub const MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// Members at most: evidence is counted in dozens.
pub const MAX_MEMBERS: usize = 4_096;
/// Of the manifest: so many members, and some words.
const MAX_MANIFEST: u64 = 2 * 1024 * 1024;
/// Of the encrypted file's own header: one lock is 200 bytes.
const MAX_HEADER: usize = 8 * 1024;
/// Of a name in the tar.
const MAX_NAME: usize = 100;
/// What a tar counts in.
const BLOCK: usize = 512;
/// First line of an `age` file.
const AGE: &[u8] = b"age-encryption.org/v1\n";
const MANIFEST: &str = "manifest.json";
/// The only folder.
const FOLDER: &str = "evidence/";
/// What is copied at once.
const PIECE: usize = 64 * 1024;

/// What the file holds, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`].
    pub hand_over: u32,
    /// Run id.
    pub run: String,
    /// Mode of the run: `live`, `dry run`, `rehearsal`, `tabletop`.
    pub mode: String,
    /// What is run, in words.
    pub title: String,
    /// Who hands over.
    pub from: String,
    /// To whom.
    pub to: String,
    /// When, UTC milliseconds by the computer's clock.
    pub at: i64,
    /// Version of the Lifeboat that wrote it.
    pub app: String,
    /// Everything that follows, in order.
    pub members: Vec<Member>,
}

/// One file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name in the run's folder.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

/// What locks the file.
pub enum Lock<'a> {
    /// Whoever knows it; with how much work a key is made of it ([`WORK`]).
    Passphrase(&'a Secret, u8),
    /// Whoever has the other half of this `age1…` key.
    Key(&'a str),
}

/// What opens it.
pub enum Key<'a> {
    /// As it was given.
    Passphrase(&'a Secret),
    /// An `AGE-SECRET-KEY-1…`.
    Device(&'a Secret),
}

/// Why a hand-over file cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// Another kind of file.
    #[error("this is no hand-over file of Lifeboat; choose the file that a colleague's “Hand over” wrote")]
    Foreign,
    /// A newer one.
    #[error("a newer Lifeboat wrote this hand-over file (version {0}); take it over with that one")]
    Version(u32),
    /// A passphrase is wanted.
    #[error("this file is locked with a passphrase; give the one that your colleague tells you")]
    WantsPassphrase,
    /// A key is wanted.
    #[error("this file is locked with the key of one device, not with a passphrase; open it on that device")]
    WantsKey,
    /// The wrong one.
    #[error("this passphrase does not open the file; have it spelled to you, or have the file sent again")]
    Passphrase,
    /// Somebody else's.
    #[error("this device's key does not open the file: it was locked for somebody else; have it handed over to you")]
    OtherKey,
    /// Too short a passphrase.
    #[error("a passphrase of fewer than {LEAST_PASSPHRASE} characters can be guessed; take four words")]
    Guessable,
    /// Typed twice, differently.
    #[error("the two passphrases are not the same; nothing was handed over")]
    Unlike,
    /// A key that is none.
    #[error("the colleague's key cannot be used ({0}); ask for it again")]
    BadKey(&'static str),
    /// More work than is done for it.
    #[error("opening this file would take more than this computer spends on one; Lifeboat writes no such file")]
    Work,
    /// Cut or altered.
    #[error("the file is cut short or was altered ({0}); nothing of it was taken: have it sent again")]
    Damaged(String),
    /// What is in it is refused.
    #[error("the file is refused: {0}; nothing of it was taken")]
    Refused(String),
    /// It would be too large.
    #[error("the run is too large to hand over in one file: {0}")]
    TooLarge(String),
    /// A member is not what it was a moment ago.
    #[error("`{0}` changed while it was packed; hand over again")]
    Changed(String),
    /// A call failed.
    #[error("could not {doing}; check the disk and the rights there")]
    Io {
        /// Which.
        doing: String,
        /// The system's answer.
        source: io::Error,
    },
}

impl HandOverError {
    /// Of a call that failed.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    fn of_reading(e: io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
                Self::Damaged(e.to_string())
            }
            _ => Self::Io { doing: "read the file".to_owned(), source: e },
        }
    }
}

impl Manifest {
    /// Whether everything in it may be unpacked.
    pub fn check(&self) -> Result<(), HandOverError> {
        let refused = |why: String| Err(HandOverError::Refused(why));
        if self.members.len() > MAX_MEMBERS {
            return refused(format!("{} files are more than the {MAX_MEMBERS} of any run", self.members.len()));
        }
        let (mut seen, mut left) = (BTreeSet::new(), MAX_BYTES);
        for m in &self.members {
            if !good_name(&m.name) {
                return refused(format!("it would write a file named `{}`", visible(&m.name)));
            }
            if !seen.insert(m.name.to_ascii_lowercase()) {
                return refused(format!("it holds `{}` twice", m.name));
            }
            match left.checked_sub(m.bytes) {
                Some(rest) => left = rest,
                None => return refused(format!("it holds more than {} MiB", MAX_BYTES >> 20)),
            }
        }
        Ok(())
    }
}

/// A plain name, alone or in the folder of evidence. None that means something to a file system, on any platform.
fn good_name(name: &str) -> bool {
    let plain = name.strip_prefix(FOLDER).unwrap_or(name);
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !plain.is_empty()
        && !plain.starts_with('.')
        && !plain.ends_with('.')
        && plain.chars().all(good)
        && name.len() <= MAX_NAME
}

/// The one header that a member can have.
fn header(name: &str, bytes: u64) -> io::Result<[u8; BLOCK]> {
    let mut h = tar::Header::new_ustar();
    h.set_path(name)?;
    h.set_size(bytes);
    h.set_mode(0o600);
    h.set_entry_type(tar::EntryType::Regular);
    h.set_cksum();
    Ok(*h.as_bytes())
}

/// Bytes to the next block.
fn padding(bytes: u64) -> usize {
    (BLOCK - (bytes % BLOCK as u64) as usize) % BLOCK
}

/// Writes the file: the manifest, then each member as `open` gives it.
pub fn write<W: Write>(
    out: W,
    lock: &Lock<'_>,
    manifest: &Manifest,
    mut open: impl FnMut(&Member) -> io::Result<Box<dyn Read>>,
) -> Result<W, HandOverError> {
    manifest.check().map_err(|e| match e {
        HandOverError::Refused(why) => HandOverError::TooLarge(why),
        e => e,
    })?;
    let written = || HandOverError::io("write the file");
    let text = serde_json::to_vec(manifest).map_err(|e| written()(e.into()))?;
    let mut out = locked(lock)?.wrap_output(out).map_err(written())?;
    let mut put = |name: &str, bytes: u64, from: &mut dyn Read| -> Result<String, HandOverError> {
        out.write_all(&header(name, bytes).map_err(written())?).map_err(written())?;
        let (mut hash, mut left, mut piece) = (Sha256::new(), bytes, vec![0; PIECE]);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let n = from.read(&mut piece[..most]).map_err(HandOverError::io(format!("read `{name}`")))?;
            if n == 0 {
                return Err(HandOverError::Changed(name.to_owned()));
            }
            hash.update(&piece[..n]);
            out.write_all(&piece[..n]).map_err(written())?;
            left -= n as u64;
        }
        out.write_all(&[0; BLOCK][..padding(bytes)]).map_err(written())?;
        Ok(hex(&hash.finalize()))
    };
    put(MANIFEST, text.len() as u64, &mut text.as_slice())?;
    for m in &manifest.members {
        let mut from = open(m).map_err(HandOverError::io(format!("read `{}`", m.name)))?;
        if put(&m.name, m.bytes, &mut from)? != m.sha256 {
            return Err(HandOverError::Changed(m.name.clone()));
        }
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(written())?;
    out.finish().map_err(written())
}

fn locked(lock: &Lock<'_>) -> Result<age::Encryptor, HandOverError> {
    let encryptor = match lock {
        Lock::Passphrase(words, work) => {
            good_passphrase(words)?;
            let mut r = age::scrypt::Recipient::new(SecretString::from(words.expose().to_owned()));
            r.set_work_factor((*work).clamp(1, MOST_WORK));
            age::Encryptor::with_recipients(std::iter::once(&r as &dyn age::Recipient))
        }
        Lock::Key(key) => {
            let r = age::x25519::Recipient::from_str(key).map_err(HandOverError::BadKey)?;
            age::Encryptor::with_recipients(std::iter::once(&r as &dyn age::Recipient))
        }
    };
    encryptor.map_err(|_| HandOverError::BadKey("it locks nothing"))
}

/// Whether a passphrase is worth the name.
pub fn good_passphrase(words: &Secret) -> Result<(), HandOverError> {
    if words.expose().trim().chars().count() < LEAST_PASSPHRASE { Err(HandOverError::Guessable) } else { Ok(()) }
}

/// What takes the members, one after the other.
pub trait Sink {
    /// What it fails with.
    type Error: From<HandOverError>;
    /// A member begins.
    fn begin(&mut self, member: &Member) -> Result<(), Self::Error>;
    /// Some of it.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
    /// It was whole, and is what the manifest says.
    fn end(&mut self) -> Result<(), Self::Error>;
}

/// The file as it is read: its first bytes were looked at before.
type Input<R> = BufReader<io::Chain<io::Cursor<Vec<u8>>, R>>;

/// An opened file: what it holds is known, and nothing of it is taken yet.
pub struct Parcel<R: Read> {
    manifest: Manifest,
    inside: age::stream::StreamReader<Input<R>>,
}

impl<R: Read> Parcel<R> {
    /// Opens a file, and reads what it holds.
    pub fn open(input: R, key: &Key<'_>) -> Result<Self, HandOverError> {
        let mut inside = unlocked(input, key)?;
        let head = block(&mut inside)?;
        let size = tar::Header::from_byte_slice(&head).entry_size().unwrap_or(u64::MAX);
        if size > MAX_MANIFEST || !header(MANIFEST, size).is_ok_and(|h| h == head) {
            return Err(HandOverError::Foreign);
        }
        let mut text = vec![0; usize::try_from(size).unwrap_or(0) + padding(size)];
        inside.read_exact(&mut text).map_err(HandOverError::of_reading)?;
        text.truncate(usize::try_from(size).unwrap_or(0));
        let manifest = understood(&text)?;
        manifest.check()?;
        Ok(Self { manifest, inside })
    }

    /// What it holds.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Hands over every member, and sees that nothing follows.
    pub fn unpack<S: Sink>(self, sink: &mut S) -> Result<Manifest, S::Error> {
        let Self { manifest, mut inside } = self;
        let mut piece = vec![0; PIECE];
        for m in &manifest.members {
            let damaged = |what: &str| HandOverError::Damaged(format!("`{}` {what}", m.name));
            if !header(&m.name, m.bytes).is_ok_and(|h| block(&mut inside).is_ok_and(|b| b == h)) {
                return Err(damaged("is not where it should be").into());
            }
            sink.begin(m)?;
            let (mut hash, mut left) = (Sha256::new(), m.bytes);
            while left > 0 {
                let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                inside.read_exact(&mut piece[..most]).map_err(HandOverError::of_reading)?;
                hash.update(&piece[..most]);
                sink.bytes(&piece[..most])?;
                left -= most as u64;
            }
            inside.read_exact(&mut piece[..padding(m.bytes)]).map_err(HandOverError::of_reading)?;
            if hex(&hash.finalize()) != m.sha256 {
                return Err(damaged("is not what the list of contents says").into());
            }
            sink.end()?;
        }
        let end = [block(&mut inside)?, block(&mut inside)?];
        // Only here it is known that the file was not cut.
        let more = inside.read(&mut piece).map_err(HandOverError::of_reading)?;
        if more > 0 || end.iter().flatten().any(|b| *b != 0) {
            return Err(HandOverError::Damaged("more follows than its list of contents says".to_owned()).into());
        }
        Ok(manifest)
    }
}

fn block(from: &mut impl Read) -> Result<[u8; BLOCK], HandOverError> {
    let mut block = [0; BLOCK];
    from.read_exact(&mut block).map_err(HandOverError::of_reading)?;
    Ok(block)
}

/// A newer version is named before anything else of it has to be understood.
fn understood(text: &[u8]) -> Result<Manifest, HandOverError> {
    #[derive(Deserialize)]
    struct Only {
        hand_over: u32,
    }
    let only: Only = serde_json::from_slice(text).map_err(|_| HandOverError::Foreign)?;
    if only.hand_over != VERSION {
        return Err(HandOverError::Version(only.hand_over));
    }
    serde_json::from_slice(text).map_err(|e| HandOverError::Damaged(format!("its list of contents: {e}")))
}

fn unlocked<R: Read>(mut input: R, key: &Key<'_>) -> Result<age::stream::StreamReader<Input<R>>, HandOverError> {
    let mut head = Vec::with_capacity(MAX_HEADER);
    input.by_ref().take(MAX_HEADER as u64).read_to_end(&mut head).map_err(HandOverError::of_reading)?;
    if !head.starts_with(&AGE[..AGE.len().min(head.len())]) || head.is_empty() {
        return Err(HandOverError::Foreign);
    }
    // A header without an end would be read, and read again, to the end of the file.
    if !head.windows(5).any(|w| w == b"\n--- ") {
        let whole = head.len() < MAX_HEADER;
        return Err(if whole {
            HandOverError::Damaged("it ends at its beginning".to_owned())
        } else {
            HandOverError::Foreign
        });
    }
    let all = BufReader::new(io::Cursor::new(head).chain(input));
    let refused = |e: age::DecryptError| match e {
        age::DecryptError::UnknownFormat => HandOverError::Foreign,
        age::DecryptError::ExcessiveWork { .. } => HandOverError::Work,
        age::DecryptError::Io(e) => HandOverError::of_reading(e),
        _ => HandOverError::Damaged("its first lines".to_owned()),
    };
    let decryptor = age::Decryptor::new_buffered(all).map_err(refused)?;
    match key {
        Key::Passphrase(_) if !decryptor.is_scrypt() => Err(HandOverError::WantsKey),
        Key::Device(_) if decryptor.is_scrypt() => Err(HandOverError::WantsPassphrase),
        Key::Passphrase(words) => {
            let mut i = age::scrypt::Identity::new(SecretString::from(words.expose().to_owned()));
            i.set_max_work_factor(MOST_WORK);
            decryptor.decrypt(std::iter::once(&i as &dyn age::Identity)).map_err(|e| match e {
                age::DecryptError::DecryptionFailed => HandOverError::Passphrase,
                e => refused(e),
            })
        }
        Key::Device(secret) => {
            let i = age::x25519::Identity::from_str(secret.expose()).map_err(HandOverError::BadKey)?;
            decryptor.decrypt(std::iter::once(&i as &dyn age::Identity)).map_err(|e| match e {
                age::DecryptError::NoMatchingKeys => HandOverError::OtherKey,
                e => refused(e),
            })
        }
    }
}

/// An X25519 public key as `age` reads it.
pub fn recipient_of(key: &[u8; 32]) -> String {
    bech32("age", key)
}

/// An X25519 secret key as `age` reads it.
pub fn identity_of(key: &[u8; 32]) -> Secret {
    let mut text = bech32("age-secret-key-", key);
    text.make_ascii_uppercase();
    Secret::new(text)
}

/// 32 bytes in the letters of BIP 173, with its checksum.
fn bech32(prefix: &str, key: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const STEPS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut fives = Vec::with_capacity(52);
    let (mut held, mut bits) = (0u32, 0);
    for byte in key {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            fives.push((held >> bits & 31) as u8);
        }
    }
    // 256 bits are 51 fives and one bit.
    fives.push((held << (5 - bits) & 31) as u8);
    let high = prefix.bytes().map(|b| b >> 5);
    let low = prefix.bytes().map(|b| b & 31);
    let all = high.chain([0]).chain(low).chain(fives.iter().copied()).chain([0; 6]);
    let sum = all.fold(1u32, |sum, five| {
        let next = (sum & 0x1ff_ffff) << 5 ^ u32::from(five);
        STEPS.iter().enumerate().fold(next, |n, (i, step)| if sum >> (25 + i) & 1 == 1 { n ^ step } else { n })
    }) ^ 1;
    fives.extend((0..6).map(|i| (sum >> (5 * (5 - i)) & 31) as u8));
    let letters: String = fives.iter().map(|f| LETTERS[usize::from(*f)] as char).collect();
    format!("{prefix}1{letters}")
}

/// Whether a file is locked with a passphrase, by its first bytes; what else it is shows when it is opened.
pub fn wants_passphrase(head: &[u8]) -> bool {
    head.strip_prefix(AGE).is_some_and(|rest| rest.starts_with(b"-> scrypt "))
}
