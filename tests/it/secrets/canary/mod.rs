//! Twenty secrets go every way that a secret can go, and through every error that can be reached on the way; then
//! everything that the program said, wrote or showed is searched for them. What a person types into the window is watched
//! in `ui::credentials`.

mod live;
mod others;
mod program;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine;
use lifeboat::azure::AzureError;
use lifeboat::units::Secret;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::service::files;

/// How many there are.
const ALL: usize = 20;

/// The ways, and the canaries that are let out on each: all of them, or the test of that way fails.
const WAYS: [(&str, &[usize]); 17] = [
    ("authority", &[0, 1, 2, 3]),
    ("simulator", &[4]),
    ("gateway", &[5, 6, 7, 8, 9, 10]),
    ("good answers", &[0, 5, 6]),
    ("other writings", &[1, 7]),
    ("probe", &[11, 12, 13]),
    ("names", &[14]),
    ("desk", &[15, 16]),
    ("live desk", &[2, 8]),
    ("keyring", &[17, 18, 19]),
    ("certificate", &[9]),
    ("federated", &[10]),
    ("device", &[11, 12]),
    ("tools", &[13]),
    ("machine", &[3]),
    ("crash", &[4, 14]),
    ("files", &[15]),
];

/// The n-th secret. The signs in it are written otherwise in forms, in JSON and in addresses.
fn canary(n: usize) -> Secret {
    assert!(n < ALL);
    Secret::new(format!("Canary{n:02}x7f3k~+/=&%\"\\x9e41d0c2"))
}

/// Without signs, for headers that take none.
fn key(n: usize) -> Secret {
    assert!(n < ALL);
    Secret::new(format!("canary{n:02}x7f3k9e41d0c25b"))
}

/// Everything that came out on one way, with where it did.
#[derive(Clone)]
struct Seen {
    way: &'static str,
    out: Arc<Mutex<Vec<(String, String)>>>,
    let_out: Arc<Mutex<BTreeSet<usize>>>,
}

impl Seen {
    fn on(way: &'static str) -> Self {
        Self { way, out: Arc::default(), let_out: Arc::default() }
    }

    /// Lets this one out.
    fn canary(&self, n: usize) -> Secret {
        self.let_out.lock().unwrap().insert(n);
        canary(n)
    }

    /// The same without signs.
    fn key(&self, n: usize) -> Secret {
        self.let_out.lock().unwrap().insert(n);
        key(n)
    }

    fn add(&self, place: &str, text: impl Into<String>) {
        self.out.lock().unwrap().push((place.to_owned(), text.into()));
    }

    /// An error in all its forms: said, in a debug print, in the record, with its advice.
    fn error(&self, place: &str, e: &AzureError) {
        self.add(place, format!("{e} {e:?} {e:#?} {} {}", e.what_to_do(), lifeboat::desk::chain(e)));
        self.add(place, serde_json::to_string(e).unwrap());
    }

    /// What a thread that dies over this says.
    fn panic(&self, place: &str, value: impl std::fmt::Debug + Send + 'static) {
        let died: std::thread::Result<()> = std::thread::spawn(move || panic!("{value:?}")).join();
        self.add(place, died.unwrap_err().downcast_ref::<String>().cloned().unwrap());
    }

    /// The log of this thread from now on, everything of it.
    fn log(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        tracing::subscriber::set_default(subscriber.with_writer(self.clone()).finish())
    }

    /// All that is in the files of a folder.
    fn files(&self, dir: &Path) {
        let mut all = Vec::new();
        files(dir, &mut all);
        assert!(!all.is_empty());
        for (path, bytes) in all {
            // The journal's reserve is a hole.
            if bytes.iter().any(|b| *b != 0) {
                self.add(&path, String::from_utf8_lossy(&bytes));
            }
        }
    }

    fn text(&self) -> String {
        self.out.lock().unwrap().iter().map(|(p, t)| format!("[{p}] {t}\n")).collect()
    }

    /// Everything that should be let out on this way was, and none of it is in anything, however it is written.
    fn clean(&self) {
        let (_, all) = WAYS.iter().find(|(way, _)| *way == self.way).unwrap();
        let let_out = self.let_out.lock().unwrap().clone();
        assert_eq!(let_out, all.iter().copied().collect(), "{}", self.way);
        self.clean_of(&let_out.into_iter().flat_map(|n| [canary(n), key(n)]).collect::<Vec<_>>());
    }

    fn clean_of(&self, secrets: &[Secret]) {
        let seen = self.out.lock().unwrap();
        assert!(!seen.is_empty());
        for secret in secrets {
            for form in forms(secret.expose()) {
                for (place, text) in seen.iter() {
                    assert!(!text.contains(&form), "{place}: {form} of {} in {text}", secret.expose());
                }
            }
        }
    }
}

/// Ways to write a secret: a part of it is enough to give it away.
fn forms(secret: &str) -> Vec<String> {
    let part = &secret[..12];
    let encode = |s: &str| base64::engine::general_purpose::STANDARD.encode(s);
    let whole = encode(secret);
    let in_header = encode(&format!("x:{secret}"));
    let mut all = vec![part.to_owned(), whole[..16].to_owned(), in_header[4..16].to_owned()];
    all.extend([lifeboat::units::hex(part.as_bytes()), escaped(part, unicode), escaped(part, numbered)]);
    all
}

fn escaped(text: &str, how: fn(char) -> String) -> String {
    text.chars().map(how).collect()
}

fn unicode(c: char) -> String {
    format!("\\u{:04X}", u32::from(c))
}

fn numbered(c: char) -> String {
    format!("&#x{:x};", u32::from(c))
}

fn percent(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02x}", u32::from(c)) }
}

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add("log", String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Seen {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn all_twenty_are_let_out() {
    let used: BTreeSet<usize> = WAYS.iter().flat_map(|(_, all)| *all).copied().collect();
    assert_eq!(used, (0..ALL).collect());
    let ways: BTreeSet<&str> = WAYS.iter().map(|(way, _)| *way).collect();
    let sources = [include_str!("live.rs"), include_str!("others.rs"), include_str!("program.rs")].concat();
    for way in ways {
        assert!(sources.contains(&format!("Seen::on(\"{way}\")")), "nobody goes the way {way}");
    }
    assert_eq!(sources.matches("Seen::on(").count(), sources.matches(".clean();").count(), "each is searched");
    crate::figure(&format!("T14: {ALL} canary secrets on {} ways, each searched for everywhere", WAYS.len()));
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let secret = canary(0);
    let text = secret.expose();
    let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let base = base64::engine::general_purpose::STANDARD.encode(text);
    let others = [escaped(text, unicode), escaped(text, numbered), escaped(text, percent)];
    let shown = [text.to_owned(), form, json!({ "a": text }).to_string(), base, text[..14].to_owned()];
    for shown in shown.into_iter().chain(others) {
        let seen = Seen::on("authority");
        seen.add("here", format!("before {shown} after"));
        let found = std::panic::catch_unwind(|| seen.clean_of(&[canary(0)]));
        assert!(found.is_err(), "{shown}");
    }
    let seen = Seen::on("authority");
    let log = seen.log();
    tracing::trace!("said {}", key(0).expose());
    drop(log);
    assert!(std::panic::catch_unwind(|| seen.clean_of(&[key(0)])).is_err(), "the log is among it");
    assert!(std::panic::catch_unwind(|| seen.clean()).is_err(), "not all of the way were let out");
}

#[test]
fn a_secret_is_equal_to_itself_and_prints_as_dots() {
    let secret = canary(0);
    assert_eq!(secret, secret.clone());
    assert_ne!(secret, canary(1));
    assert_eq!((format!("{secret:?}"), format!("{:?}", Some(&secret))), ("•••".to_owned(), "Some(•••)".to_owned()));
    assert_eq!(secret.struck_from("nothing"), "nothing");
    assert_eq!(Secret::default().struck_from("nothing"), "nothing");
    assert_eq!(Secret::new("a b c d").struck_from("a b c d and a+b+c+d"), "••• and •••");
    assert_eq!(Secret::new("token").struck_from("a token"), "a token", "too short to be one");
}

/// A server may write what it was sent in any way that is read as it.
#[test]
fn a_secret_is_struck_however_it_is_written() {
    let secret = Secret::new("Ab'1<+/=&%25>\"\\\\x ü😀é");
    let text = secret.expose();
    let in_json = |s: &str| json!(s).to_string();
    let ascii: String =
        text.chars().map(|c| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() }).collect();
    let units: String = text.encode_utf16().map(|u| format!("\\u{u:04x}")).collect();
    let bytes: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
    let page = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&#039;");
    let ways = [
        text.to_owned(),
        in_json(text).replace('/', "\\/").trim_matches('"').to_owned(),
        units,
        bytes.clone(),
        bytes.to_lowercase(),
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        page,
        escaped(text, numbered),
    ];
    for way in &ways {
        assert_eq!(secret.struck_from(&format!("a{way}b{way}")), "a•••b•••", "{way}");
        // One within another: a page, or JSON, in a text of JSON.
        let body = format!("{{\"{}\":[{}]}}", in_json(way).trim_matches('"'), in_json(&format!("a{}b", in_json(way))));
        let struck = secret.struck_from_body(&body);
        assert!(!struck.contains("Ab") && !struck.contains("0041") && !struck.contains("%41"), "{way}: {struck}");
    }
    // Nearly is not.
    for other in [&ascii[..8], "Ab'1<+/=&%25>\"\\\\x ü😀", "%41%62", "\\u0041b'1", "&#x41;&#", "\\u00", "%4", "&#"] {
        assert_eq!(secret.struck_from(other), other);
        assert_eq!(secret.struck_from_body(other), other);
    }
    let kept = "{ \"b\": 1, \"a\": \"\\u0041\" }";
    assert_eq!(secret.struck_from_body(kept), kept, "what holds no secret stays as it came");
}
