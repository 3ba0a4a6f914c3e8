//! Twenty secrets go every way that a secret can go, and through every error that can be reached on the way; then
//! everything that the program said, wrote or showed is searched for them. What a person types into the window is watched
//! in `ui::credentials`.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use base64::Engine;
use lifeboat::azure::{Azure, AzureError, cognitive, openai};
use lifeboat::clock::{Clock, Speed};
use lifeboat::desk::protocol::{Command, CredentialIntent};
use lifeboat::desk::snapshot::Keeper;
use lifeboat::health::Expectation;
use lifeboat::probe::{Credential, Target, probe};
use lifeboat::runbook::model::Strategy;
use lifeboat::secrets::{Name, Platform, SecretError, Secrets, fits};
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::{Millis, Secret};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::service::{Person, account_and_key, files};
use crate::azure::{Asked, Do, Fake};
use crate::crash::{Place, closed, desk, until};

/// How many there are; every test names those that it lets out.
const ALL: usize = 20;

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

/// Everything that came out, with where it did.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(String, String)>>>);

impl Seen {
    fn add(&self, place: &str, text: impl Into<String>) {
        self.0.lock().unwrap().push((place.to_owned(), text.into()));
    }

    /// An error in all its forms: said, in a debug print, in the record, with its advice.
    fn error(&self, place: &str, e: &AzureError) {
        self.add(place, format!("{e} {e:?} {e:#?} {} {}", e.what_to_do(), lifeboat::desk::chain(e)));
        self.add(place, serde_json::to_string(e).unwrap());
    }

    /// What a thread that dies over this says.
    fn panic(&self, place: &str, value: impl std::fmt::Debug + Send + 'static) {
        let died = std::thread::spawn(move || Err::<(), _>(value).unwrap()).join().unwrap_err();
        self.add(place, died.downcast_ref::<String>().cloned().unwrap());
    }

    /// The log of this thread from now on, everything of it.
    fn log(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        tracing::subscriber::set_default(subscriber.with_writer(self.clone()).finish())
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().iter().map(|(p, t)| format!("[{p}] {t}\n")).collect()
    }

    /// Nothing of these is in anything, however it is written.
    fn clean_of(&self, secrets: &[Secret]) {
        let seen = self.0.lock().unwrap();
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
    vec![part.to_owned(), whole[..16].to_owned(), in_header[4..16].to_owned(), lifeboat::units::hex(part.as_bytes())]
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
fn the_search_finds_what_it_looks_for() {
    let secret = canary(0);
    let text = secret.expose();
    let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let base = base64::engine::general_purpose::STANDARD.encode(text);
    for shown in [text.to_owned(), form, json!({ "a": text }).to_string(), base, text[..14].to_owned()] {
        let seen = Seen::default();
        seen.add("here", format!("before {shown} after"));
        let found = std::panic::catch_unwind(|| seen.clean_of(&[canary(0)]));
        assert!(found.is_err(), "{shown}");
    }
    let seen = Seen::default();
    let log = seen.log();
    tracing::trace!("said {}", key(0).expose());
    drop(log);
    assert!(std::panic::catch_unwind(|| seen.clean_of(&[key(0)])).is_err(), "the log is among it");
}

/// Sign-in as this secret.
fn signed_in_with(fake: &Fake, secret: &Secret) -> Azure {
    Azure::new(fake.azure.cloud().clone().with_client("contoso", "app", secret.clone())).unwrap()
}

fn is_sign_in(a: &Asked) -> bool {
    a.path.ends_with("/oauth2/v2.0/token")
}

#[tokio::test]
async fn an_authority_that_echoes_the_application_s_secret() {
    let (seen, secrets) = (Seen::default(), [canary(0), canary(1), canary(2), canary(3)]);
    let _log = seen.log();
    let text = |n: usize| canary(n).expose().to_owned();
    let form: String = url::form_urlencoded::byte_serialize(text(1).as_bytes()).collect();
    let answers = [
        Do::Say(401, json!({ "error": "invalid_client", "error_description": format!("bad {} here", text(0)) })),
        Do::Text(502, format!("<html><body>client_secret={form}</body></html>")),
        Do::Text(400, format!("{{\"error\":\"x\",\"error_description\":{}", json!(text(2)))),
        Do::Say(200, json!({ "token_type": "Bearer", "expires_in": text(3), "access_token": [text(3)] })),
    ];
    for (n, answer) in answers.into_iter().enumerate() {
        let answer = Mutex::new(Some(answer));
        let fake = Fake::new(move |_| answer.lock().unwrap().take().unwrap_or_else(crate::azure::absent)).await;
        let azure = signed_in_with(&fake, &secrets[n]);
        let url = azure.arm(crate::azure::SUB, "1", &[]).unwrap();
        let e = azure.get(&fake.task, &url).await.unwrap_err();
        assert!(matches!(e, AzureError::SignIn(_)), "{e}");
        seen.error("sign-in", &e);
        seen.add("cloud", format!("{:?} {:#?}", azure.cloud(), azure.cloud()));
        seen.panic("panic", azure.cloud().clone());
        for (scope, came) in azure.sign_in(&fake.task).await {
            seen.add(&scope, format!("{came:?}"));
        }
    }
    seen.clean_of(&secrets);
}

#[tokio::test]
async fn a_wrong_secret_at_the_simulator() {
    let (seen, wrong) = (Seen::default(), canary(4));
    let _log = seen.log();
    let text = std::fs::read_to_string(format!("{}/assets/scenarios/sandbox.ron", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let clock = Clock::scenario(0, Millis(0), Speed::Max);
    let simulator = Simulator::start(Options::new(ron::from_str(&text).unwrap(), clock.clone())).await.unwrap();
    let line = serde_json::to_string(&simulator.connection()).unwrap();
    let cloud = lifeboat::azure::Cloud::from_line(&line).unwrap();
    let azure = Azure::new(cloud.clone().with_client(&cloud.tenant, &cloud.client_id, wrong.clone())).unwrap();
    let url = azure.arm("/subscriptions", "2022-12-01", &[]).unwrap();
    let e = azure.get(&clock.task(), &url).await.unwrap_err();
    assert!(e.to_string().contains("7000215"), "{e}");
    seen.error("simulator", &e);
    seen.clean_of(&[wrong]);
}

#[tokio::test]
async fn a_gateway_that_echoes_tokens_and_keys() {
    let seen = Seen::default();
    let _log = seen.log();
    let token = key(5);
    let issued = token.expose().to_owned();
    let html = std::sync::atomic::AtomicBool::new(false);
    let fake = Fake::new(move |a| {
        if is_sign_in(a) {
            let body = json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": issued });
            return Do::Say(200, body);
        }
        let sent = format!("{} {}", a.header("authorization"), a.header("api-key"));
        if a.path.ends_with("/listKeys") {
            return Do::Say(200, json!({ "key1": [key(6).expose()], "key2": key(6).expose() }));
        }
        // What was sent stands where the text is cut, too.
        if html.fetch_xor(true, std::sync::atomic::Ordering::SeqCst) {
            Do::Text(401, format!("<html>{}{sent}</html>", "x".repeat(1_975)))
        } else {
            Do::Say(401, json!({ "error": { "code": "Bad", "message": format!("you sent {sent}"), "details": [{ "code": "Inner", "message": sent }] } }))
        }
    })
    .await;
    let arm = fake.azure.arm(crate::azure::SUB, "1", &[]).unwrap();
    for _ in 0..2 {
        seen.error("token", &fake.azure.get(&fake.task, &arm).await.unwrap_err());
    }
    let e = cognitive::key(&fake.azure, &fake.task, &crate::azure::account("east")).await.unwrap_err();
    seen.error("listKeys", &e);
    let east: url::Url = "https://east.openai.azure.com".parse().unwrap();
    for n in [7, 8] {
        let e = openai::by_key(&fake.azure, &fake.task, &east, key(n)).await.unwrap_err();
        assert!(matches!(&e, AzureError::Refused(r) if r.status == 401), "{e}");
        seen.error("key", &e);
    }
    // No header takes it; not a host of Azure; not a host of the rehearsal; not an address.
    let spoilt = Secret::new(format!("{}\nx", key(9).expose()));
    for (url, key) in [
        ("https://east.openai.azure.com", spoilt),
        ("https://attacker.example", key(10)),
        ("https://me:Secret@west.openai.azure.com:1/?q#x", key(10)),
        ("mailto:me", key(10)),
    ] {
        let e = openai::by_key(&fake.azure, &fake.task, &url.parse().unwrap(), key).await.unwrap_err();
        seen.error(url, &e);
    }
    seen.clean_of(&[token, key(6), key(7), key(8), key(9), key(10)]);
    assert!(seen.text().contains("•••"), "the echo was there, and was struck out");
}

#[tokio::test]
async fn a_host_that_echoes_what_a_probe_sent() {
    let seen = Seen::default();
    let _log = seen.log();
    let echo = axum::Router::new().fallback(|headers: axum::http::HeaderMap| async move {
        let text = |n: &str| headers.get(n).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        (StatusCode::BAD_GATEWAY, format!("{}{} {}", "y".repeat(280), text("authorization"), text("api-key")))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/openai/models", listener.local_addr().unwrap()).parse().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, echo).await.unwrap() });
    let task = Clock::scenario(0, Millis(0), Speed::Times(1)).task();
    let unfit = Secret::new(format!("{}\u{7f}", key(13).expose()));
    for credential in [Credential::Bearer(key(11)), Credential::ApiKey(key(12)), Credential::ApiKey(unfit)] {
        let mut target = Target::get("east", url.clone(), Expectation::JsonWith("data".to_owned()));
        target.credential = credential;
        seen.add("target", format!("{target:?} {target:#?}"));
        let observation = probe(&task, &target).await;
        seen.add("observation", format!("{observation:?} {}", observation.outcome.text()));
        seen.panic("panic", target);
    }
    server.abort();
    assert!(seen.text().contains("502"), "it did answer: {}", seen.text());
    seen.clean_of(&[key(11), key(12), key(13)]);
}

#[tokio::test]
async fn names_sizes_and_memory() {
    let (seen, secret) = (Seen::default(), canary(14));
    let _log = seen.log();
    let error = |e: SecretError| seen.add("secrets", format!("{e} {e:?}"));
    // The commonest slip: the secret in the place of the name.
    error(Name::credential(secret.expose(), None).unwrap_err());
    error(Name::credential("azure-openai", Some(secret.expose())).unwrap_err());
    error(key(14).expose().repeat(2).parse::<Name>().unwrap_err());
    error(fits(Platform::Windows, &Secret::new(secret.expose().repeat(100))).unwrap_err());
    error(fits(Platform::SecretService, &Secret::new(format!("{}\u{1b}", secret.expose()))).unwrap_err());
    let secrets = Secrets::in_memory();
    let name = Name::sign_in();
    secrets.store(&name, secret.clone(), super::now(), None).await.unwrap();
    seen.add("memory", format!("{secrets:?} {:#?} {:?}", secrets.list(), secrets.read(&name).await));
    seen.panic("panic", secrets.read(&name).await.unwrap());
    let intent = CredentialIntent::Store { system: "a".into(), region: String::new(), secret, expires: String::new() };
    seen.add("command", format!("{:?}", Command::Credential(intent.clone())));
    seen.panic("panic", intent);
    seen.clean_of(&[canary(14), key(14)]);
}

#[test]
fn the_desk_and_the_record_of_a_rehearsal() {
    let (seen, place) = (Seen::default(), Place::new());
    let desk = desk(&place.home(), Arc::new(lifeboat::journal::RealDisk));
    let send = |i: CredentialIntent| assert!(desk.send(Command::Credential(i)));
    let card = |s: &lifeboat::desk::snapshot::Snapshot| s.settings.credentials.clone();
    let said = |word: &str| {
        let s = until(&desk, word, |s| card(s).busy.is_none() && card(s).said.is_some_and(|(_, t)| t.contains(word)));
        seen.add("settings", format!("{:?} {:?} {:?}", s.settings, s.notice, s.activity));
    };
    let store = |system: &str, region: &str, secret: Secret, expires: &str| CredentialIntent::Store {
        system: system.into(),
        region: region.into(),
        secret,
        expires: expires.into(),
    };
    send(CredentialIntent::KeepInMemory);
    until(&desk, "memory", |s| card(s).keeper == Keeper::Memory);
    send(store("azure-openai", "eastus", canary(15), "2199-01-31"));
    said("azure-openai, East US is stored");
    for (intent, word) in [
        (store("Not A System", "", canary(16), ""), "cannot name a system"),
        (store(canary(16).expose(), "", canary(16), ""), "cannot name a system"),
        (store("sign-in", "", canary(16), "tomorrow"), "is no date"),
        (store("sign-in", "", canary(16), "2020-01-01"), "is over"),
        (store("sign-in", "", Secret::new(canary(16).expose().repeat(5_000)), ""), "keeps at most"),
        (CredentialIntent::Test("azure-openai/eastus".parse().unwrap()), "can be read"),
        (CredentialIntent::Test(Name::sign_in()), "There is no credential sign-in"),
    ] {
        send(intent);
        said(word);
    }
    let start = Command::StartRehearsal { scenario: "region-loss".into(), strategy: None, speed: Speed::Max, seed: 1 };
    desk.send(start);
    let s = closed(&desk);
    seen.add("run", format!("{:?} {:?} {:?}", s.run, s.situation, s.library));
    desk.send(Command::PrintPlan { plan: "prod-chat".into(), strategy: Strategy::HotWarm, html: true });
    until(&desk, "a sheet", |s| s.library.printed.is_some());
    send(CredentialIntent::Delete("azure-openai/eastus".parse().unwrap()));
    said("azure-openai, East US is deleted");
    drop(desk);
    files_of(&place.home(), &seen);
    assert!(seen.text().contains("ActionIntended") || seen.text().contains("action"), "the journal is among it");
    seen.clean_of(&[canary(15), canary(16)]);
}

fn files_of(dir: &std::path::Path, seen: &Seen) {
    let mut all = Vec::new();
    files(dir, &mut all);
    assert!(!all.is_empty());
    for (path, bytes) in all {
        // The journal's reserve is a hole.
        if bytes.iter().any(|b| *b != 0) {
            seen.add(&path, String::from_utf8_lossy(&bytes));
        }
    }
}

/// The program itself, saying all it can say.
#[test]
fn a_whole_rehearsal_with_the_fullest_log() {
    let (seen, place) = (Seen::default(), Place::new());
    let mut rehearsal = place.rehearse(&["region-loss"], true);
    let out = rehearsal.env("LIFEBOAT_LOG", "trace").output().unwrap();
    let (said, log) = (String::from_utf8(out.stdout).unwrap(), String::from_utf8_lossy(&out.stderr).into_owned());
    assert!(log.lines().count() > 100, "it said what it did: {log}");
    seen.add("stdout", said);
    seen.add("log", log);
    files_of(&place.home(), &seen);
    let text = seen.text();
    // Tokens of the simulator begin as all of their kind do.
    for sign in ["eyJ", "client_secret=", "Bearer ey"] {
        let at = text.find(sign);
        assert!(
            at.is_none(),
            "{sign}: {:?}",
            at.map(|a| text[a.saturating_sub(200)..].chars().take(300).collect::<String>())
        );
    }
}

#[test]
fn the_real_keyring_open_locked_and_absent() {
    let Some(ada) = Person::new() else { return };
    std::fs::create_dir_all(ada.data()).unwrap();
    let (seen, azure) = (Seen::default(), crate::cli::runs::Azure::serve(&ada.data(), "sandbox"));
    let (host, real) = account_and_key(&std::fs::read_to_string(&azure.1).unwrap());
    let (cloud, key) = (azure.1.display().to_string(), |n: usize| key(n).expose().to_owned());
    let log = "export LIFEBOAT_LOG=trace\n";
    let test = format!("$LB credentials test azure-openai eastus --cloud {cloud} --url https://{host}\n");
    let set = |secret: &str| format!("{log}printf %s '{secret}' | $LB credentials set azure-openai eastus\n");
    let wrong = "printf wrong | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n";
    for said in [
        ada.unlocked(&format!("{}$LB credentials list --json\n{test}", set(&key(17)))),
        ada.unlocked(&format!("{}{test}", set(&real))),
        ada.on_bus(&format!("{wrong}{}{test}", set(&key(18)))),
        ada.alone(&format!("{}{test}", set(&key(19)))),
    ] {
        seen.add("stdout", said.out);
        seen.add("stderr", said.err);
    }
    let text = seen.text();
    for word in ["refuses it (401)", "takes it", "the keyring is locked", "no keyring service answers"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    files_of(ada.home.path(), &seen);
    seen.clean_of(&[17, 18, 19].map(|n| Secret::new(key(n))));
    seen.clean_of(&[Secret::new(real)]);
    drop(azure);
}

#[test]
fn a_secret_is_equal_to_itself_and_prints_as_dots() {
    let secret = canary(0);
    assert_eq!(secret, secret.clone());
    assert_ne!(secret, canary(1));
    assert_eq!((format!("{secret:?}"), format!("{:?}", Some(&secret))), ("•••".to_owned(), "Some(•••)".to_owned()));
    assert_eq!(secret.struck_from("nothing"), "nothing");
    assert_eq!(Secret::default().struck_from("nothing"), "nothing");
    assert_eq!(Secret::new("a b").struck_from("a b and a+b"), "••• and •••");
}
