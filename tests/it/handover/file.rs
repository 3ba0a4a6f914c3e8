//! The file itself: nothing of it is believed that was not written here, and nothing in it reaches further than it says.

use std::io::{Cursor, Read, Write};

use age::secrecy::SecretString;
use lifeboat::approval::Device;
use lifeboat::export::handover::{
    HandOverError, Key, Lock, MAX_BYTES, Manifest, Member, Parcel, Sink, VERSION, identity_of, recipient_of, write,
};
use lifeboat::units::{Secret, sha256_hex};

const WORDS: &str = "four words of Ada's";

/// Little work to make a key of it: what is tested is not that.
fn lock(words: &Secret) -> Lock<'_> {
    Lock::Passphrase(words, 4)
}

fn member(name: &str, bytes: &[u8]) -> Member {
    Member { name: name.to_owned(), bytes: bytes.len() as u64, sha256: sha256_hex(bytes) }
}

fn manifest(members: Vec<Member>) -> Manifest {
    Manifest {
        hand_over: VERSION,
        run: "0123456789abcdef".to_owned(),
        mode: "rehearsal".to_owned(),
        title: "Chat".to_owned(),
        from: "Ada".to_owned(),
        to: "Mo".to_owned(),
        at: 1,
        app: "0".to_owned(),
        members,
    }
}

fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let long: Vec<u8> = (0..20_000u32).flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect();
    vec![("000001.jsonl", long), ("checkpoint", b"three lines".to_vec()), ("evidence/0123456789abcdef-a.png", vec![])]
}

fn packed(lock: &Lock<'_>) -> Vec<u8> {
    let all = contents();
    let m = manifest(all.iter().map(|(n, b)| member(n, b)).collect());
    write(Vec::new(), lock, &m, |m| {
        let bytes = all.iter().find(|(n, _)| *n == m.name).unwrap().1.clone();
        Ok(Box::new(Cursor::new(bytes)))
    })
    .unwrap()
}

#[derive(Default)]
struct Shelf(Vec<(String, Vec<u8>)>, usize);

impl Sink for Shelf {
    type Error = HandOverError;
    fn begin(&mut self, m: &Member) -> Result<(), HandOverError> {
        self.0.push((m.name.clone(), Vec::new()));
        Ok(())
    }
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), HandOverError> {
        self.0.last_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }
    fn end(&mut self) -> Result<(), HandOverError> {
        self.1 += 1;
        Ok(())
    }
}

fn unpacked(file: &[u8], key: &Key<'_>) -> Result<Shelf, HandOverError> {
    let mut shelf = Shelf::default();
    Parcel::open(file, key)?.unpack(&mut shelf).map(|_| shelf)
}

#[test]
fn what_was_packed_comes_out_for_whoever_has_the_key_and_nobody_else() {
    let (words, other) = (Secret::new(WORDS), Secret::new("four words of Mo's"));
    let file = packed(&lock(&words));
    let shelf = unpacked(&file, &Key::Passphrase(&words)).unwrap();
    let same: Vec<(String, Vec<u8>)> = contents().into_iter().map(|(n, b)| (n.to_owned(), b)).collect();
    assert_eq!(shelf.0, same);
    assert_eq!(shelf.1, 3);
    assert!(matches!(unpacked(&file, &Key::Passphrase(&other)), Err(HandOverError::Passphrase)));
    let clear = |file: &[u8], text: &str| file.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(!clear(&file, "jsonl") && !clear(&file, "Chat"), "nothing of it can be read without the key");

    // A device's key, as age itself knows it.
    let (mine, theirs) = ([7; 32], [9; 32]);
    let secret = identity_of(&mine);
    let known: age::x25519::Identity = secret.expose().parse().unwrap();
    let public = known.to_public().to_string();
    let file = packed(&Lock::Key(&public));
    assert_eq!(unpacked(&file, &Key::Device(&secret)).unwrap().0, same);
    assert!(matches!(unpacked(&file, &Key::Device(&identity_of(&theirs))), Err(HandOverError::OtherKey)));
    assert!(matches!(unpacked(&file, &Key::Passphrase(&words)), Err(HandOverError::WantsKey)));
    let by_words = packed(&lock(&words));
    assert!(matches!(unpacked(&by_words, &Key::Device(&secret)), Err(HandOverError::WantsPassphrase)));
    // The device's second key, as approvals know it, is the same key to age.
    let device = Device::from_seed(&[5; 32]).unwrap();
    let file = packed(&Lock::Key(&recipient_of(&device.pair().0)));
    let secret = identity_of(&device.pair_secret().unwrap());
    assert_eq!(unpacked(&file, &Key::Device(&secret)).unwrap().0, same);
    for n in 0..=255u8 {
        let text = recipient_of(&[n; 32]);
        assert_eq!(text.parse::<age::x25519::Recipient>().map(|r| r.to_string()), Ok(text));
    }

    let short = Secret::new("   short   ");
    let all = manifest(Vec::new());
    let refused = write(Vec::new(), &lock(&short), &all, |_| Ok(Box::new(std::io::empty())));
    assert!(matches!(refused, Err(HandOverError::Guessable)));
    let refused = write(Vec::new(), &Lock::Key("age1nonsense"), &all, |_| Ok(Box::new(std::io::empty())));
    assert!(matches!(refused, Err(HandOverError::BadKey(_))));
}

#[test]
fn a_cut_or_altered_file_is_never_taken() {
    let words = Secret::new(WORDS);
    let (file, key) = (packed(&lock(&words)), Key::Passphrase(&words));
    let edges = [1, 20, 21, 22, 23, 100, 150, 200, 216, file.len() - 17, file.len() - 16, file.len() - 1];
    for at in (0..file.len()).step_by(4_096).chain(edges) {
        match unpacked(&file[..at], &key) {
            Ok(_) => panic!("cut at {at}: taken"),
            Err(HandOverError::Damaged(_) | HandOverError::Foreign) => {}
            Err(e) => panic!("cut at {at}: {e}"),
        }
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(matches!(unpacked(&longer, &key), Err(HandOverError::Damaged(_))));
    for at in (0..300).chain((300..file.len()).step_by(1_499)).chain([file.len() - 1]) {
        let mut altered = file.clone();
        altered[at] ^= 1;
        assert!(unpacked(&altered, &key).is_err(), "byte {at}");
    }
    assert!(unpacked(&file, &key).is_ok());
}

/// A file as somebody who has the passphrase may make it.
fn forged(inside: &[u8]) -> Vec<u8> {
    let mut r = age::scrypt::Recipient::new(SecretString::from(WORDS.to_owned()));
    r.set_work_factor(4);
    let locked = age::Encryptor::with_recipients(std::iter::once(&r as &dyn age::Recipient)).unwrap();
    let mut out = locked.wrap_output(Vec::new()).unwrap();
    out.write_all(inside).unwrap();
    out.finish().unwrap()
}

/// A tar of this manifest and these members.
fn tar_of(manifest: &str, members: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut put = |name: &str, kind, bytes: &[u8]| {
        let mut h = tar::Header::new_ustar();
        // Names as they come: the library would not write all of them.
        h.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        h.set_size(bytes.len() as u64);
        h.set_mode(0o600);
        h.set_entry_type(kind);
        if kind == tar::EntryType::Symlink {
            h.set_link_name("/etc/passwd").unwrap();
        }
        h.set_cksum();
        tar.append(&h, bytes).unwrap();
    };
    put("manifest.json", tar::EntryType::Regular, manifest.as_bytes());
    for (name, kind, bytes) in members {
        put(name, *kind, bytes);
    }
    tar.into_inner().unwrap()
}

#[test]
fn what_a_forger_puts_inside_is_refused_before_anything_is_written() {
    use tar::EntryType::{GNULongName, Regular, Symlink};
    let words = Secret::new(WORDS);
    let say = |m: &Manifest| serde_json::to_string(m).unwrap();
    let one = |name: &str| say(&manifest(vec![member(name, b"x")]));
    let long = "a".repeat(101);
    let refused = |what: &str, inside: Vec<u8>, wanted: &str| {
        let mut shelf = Shelf::default();
        let file = forged(&inside);
        let opened = Parcel::open(file.as_slice(), &Key::Passphrase(&words));
        let e = opened.and_then(|p| p.unpack(&mut shelf)).expect_err(what).to_string();
        assert!(e.contains(wanted), "{what}: {e}");
        assert!(
            shelf.1 == 0 || wanted.contains("follows") || what.contains("second"),
            "{what}: {} were taken",
            shelf.1
        );
    };
    for name in [
        "../x",
        "/etc/x",
        "a/b",
        "evidence/../x",
        "evidence//x",
        "evidence/a/b",
        "..",
        ".",
        "",
        ".hidden",
        "evidence/",
        "a\\b",
        "C:x",
        "a\0b",
        "x.",
        "evidence/.x",
        "naïve",
        long.as_str(),
    ] {
        refused(name, tar_of(&one(name), &[]), "it would write a file named");
    }
    let x = b"x".as_slice();
    let twice = say(&manifest(vec![member("a", x), member("A", x)]));
    refused("twice", tar_of(&twice, &[("a", Regular, x), ("A", Regular, x)]), "twice");
    let mut huge = manifest(vec![member("a", x), member("b", x)]);
    (huge.members[0].bytes, huge.members[1].bytes) = (MAX_BYTES, 1);
    refused("a bomb", tar_of(&say(&huge), &[]), "MiB");
    huge.members[0].bytes = u64::MAX;
    refused("an overflow", tar_of(&say(&huge), &[]), "MiB");
    let crowd = say(&manifest((0..5_000).map(|n| member(&n.to_string(), x)).collect()));
    refused("a crowd", tar_of(&crowd, &[]), "files are more");
    refused("a link", tar_of(&one("a"), &[("a", Symlink, b"")]), "not where it should be");
    refused("a long name", tar_of(&one("a"), &[("a", GNULongName, x)]), "not where it should be");
    refused("another name", tar_of(&one("a"), &[("../a", Regular, x)]), "not where it should be");
    refused("another size", tar_of(&one("a"), &[("a", Regular, b"xx")]), "not where it should be");
    refused("another content", tar_of(&one("a"), &[("a", Regular, b"y")]), "list of contents says");
    refused("nothing", tar_of(&one("a"), &[]), "not where it should be");
    refused("a second one", tar_of(&one("a"), &[("a", Regular, x), ("a", Regular, x)]), "more follows");
    let mut version = manifest(Vec::new());
    version.hand_over = 2;
    refused("another version", tar_of(&say(&version), &[]), "version 2");
    refused("another version in full", tar_of(r#"{"hand_over":9,"what":"else"}"#, &[]), "version 9");
    refused("another tar", tar_of("{}", &[]), "no hand-over file");
    refused("no tar", b"hello".to_vec(), "cut short");
    refused("no tar, longer", vec![b'x'; 5_000], "no hand-over file");
    let mut claims = tar_of("{}", &[]);
    claims[124..135].copy_from_slice(b"77777777777");
    refused("a manifest of 8 GiB", claims, "no hand-over file");
}

#[test]
fn other_files_and_endless_locks_are_refused_at_once() {
    let words = Secret::new(WORDS);
    let key = Key::Passphrase(&words);
    for other in [&b""[..], b"PK\x03\x04", b"{}", b"-----BEGIN AGE ENCRYPTED FILE-----\n", &[0; 20_000]] {
        assert!(matches!(unpacked(other, &key), Err(HandOverError::Foreign)));
    }
    let locks = "-> X25519 AAAA\nBBBB\n".repeat(1_000_000);
    let endless = format!("age-encryption.org/v1\n{locks}");
    assert!(matches!(unpacked(endless.as_bytes(), &key), Err(HandOverError::Foreign)));
    let salt = "A".repeat(22);
    let body = "A".repeat(43);
    let mac = "A".repeat(43);
    let hard =
        format!("age-encryption.org/v1\n-> scrypt {salt} 30\n{body}\n--- {mac}\n0123456789abcdef0123456789abcdef");
    let begun = std::time::Instant::now();
    assert!(matches!(unpacked(hard.as_bytes(), &key), Err(HandOverError::Work)));
    assert!(begun.elapsed().as_secs() < 5);
}

#[test]
fn what_changes_while_it_is_packed_is_noticed() {
    let words = Secret::new(WORDS);
    let m = manifest(vec![member("a", b"as it was")]);
    for now in [&b"as it is!"[..], b"short"] {
        let opened = |_: &Member| -> std::io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(now.to_vec()))) };
        assert!(matches!(write(Vec::new(), &lock(&words), &m, opened), Err(HandOverError::Changed(_))));
    }
}
