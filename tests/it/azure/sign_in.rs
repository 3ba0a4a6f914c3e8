//! Every way to sign in, against the simulated Entra and against fakes that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lifeboat::azure::sign_in::{Certificate, Stage, claims};
use lifeboat::azure::{Azure, AzureError, CLOUDS, Cloud, Method, SignIn};
use lifeboat::clock::{Clock, Speed, Task};
use lifeboat::simulator::{Connection, Options, Simulator};
use lifeboat::units::{Millis, Secret};
use serde_json::{Value, json};
use sha2::Digest;

use super::{Do, EPOCH, Fake, SUB};

const SECOND: Millis = Millis::from_secs(1);

/// A simulated Azure, and a way in that is not an application's secret.
struct Bench {
    azure: Azure,
    at: Connection,
    task: Task,
    _simulator: Simulator,
}

impl Bench {
    async fn new(method: impl FnOnce(&Connection) -> (String, Method)) -> Self {
        let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
        Self::on(clock.clone(), clock, method).await
    }

    async fn on(theirs: Clock, ours: Clock, method: impl FnOnce(&Connection) -> (String, Method)) -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scenarios/sandbox.ron");
        let scenario = ron::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let task = ours.task();
        let simulator = Simulator::start(Options::new(scenario, theirs)).await.unwrap();
        let at = simulator.connection();
        let (client, method) = method(&at);
        let cloud = Cloud::from_line(&serde_json::to_string(&at).unwrap()).unwrap();
        let azure = Azure::new(cloud.with_method(&at.tenant, &client, method)).unwrap();
        Self { azure, at, task, _simulator: simulator }
    }

    async fn tell(&self, what: &str, body: Value) {
        let url = format!("{}/lifeboat/{what}", self.at.arm);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        assert_eq!(http.post(url).json(&body).send().await.unwrap().status(), 204, "{what} {body}");
    }

    /// Reads something of ARM that needs a token.
    async fn read(&self) -> Result<(), AzureError> {
        let url = self.azure.arm(&format!("/subscriptions/{}", self.at.subscription), "2022-12-01", &[]).unwrap();
        self.azure.get(&self.task, &url).await.map(drop)
    }

    async fn refused(&self) -> SignIn {
        match self.read().await {
            Err(AzureError::SignIn(s)) => *s,
            other => panic!("{other:?}"),
        }
    }

    async fn until(&self, wanted: impl Fn(&Stage) -> bool) -> Stage {
        let mut stage = self.azure.device().watch();
        let found = self.task.wait(stage.wait_for(|s| wanted(s))).await.unwrap();
        found.clone()
    }
}

/// A certificate of this length of life, from a day before an instant: PEM of it with its key, thumbprint, public key.
pub struct Made {
    certificate: String,
    key: String,
    thumbprint: String,
    public: String,
}

impl Made {
    fn with(algorithm: &'static rcgen::SignatureAlgorithm, days: i64) -> Self {
        Self::at(EPOCH, algorithm, days)
    }

    pub fn at(now: i64, algorithm: &'static rcgen::SignatureAlgorithm, days: i64) -> Self {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let mut p = rcgen::CertificateParams::new(vec!["lifeboat".to_owned()]).unwrap();
        let from = std::time::UNIX_EPOCH + std::time::Duration::from_millis(now as u64 - 86_400_000);
        p.not_before = from.into();
        p.not_after = (from + std::time::Duration::from_secs(u64::try_from(days * 86_400).unwrap())).into();
        let made = p.self_signed(&key).unwrap();
        Self {
            certificate: made.pem(),
            key: key.serialize_pem(),
            thumbprint: URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(made.der())),
            public: STANDARD.encode(rcgen::PublicKeyData::subject_public_key_info(&key)),
        }
    }

    fn rsa() -> Self {
        Self::with(&rcgen::PKCS_RSA_SHA256, 365)
    }

    fn pem(&self) -> String {
        format!("{}{}", self.key, self.certificate)
    }

    pub fn method(&self) -> Method {
        Method::Certificate(Arc::new(Certificate::from_pem(&Secret::new(self.pem())).unwrap()))
    }

    pub fn registered(&self) -> Value {
        json!({ "x5t#S256": self.thumbprint, "key": self.public })
    }
}

#[tokio::test]
async fn a_certificate_signs_in_and_says_as_whom() {
    let made = Made::rsa();
    let b = Bench::new(|at| (at.client_id.clone(), made.method())).await;
    let why = b.refused().await;
    assert_eq!((why.codes.as_str(), why.status), ("700027", Some(401)), "{why}");
    assert!(AzureError::SignIn(Box::new(why)).what_to_do().contains("upload it there"));
    b.tell("sign-in/certificate", made.registered()).await;
    b.task.sleep(SECOND).await;
    b.read().await.unwrap();
    let who = b.azure.identity().unwrap();
    assert_eq!((who.tenant.as_str(), who.application.as_str()), (b.at.tenant.as_str(), b.at.client_id.as_str()));
    assert!(b.azure.sign_in_failure().is_none(), "the failure before is no news");
    // Another key under the same thumbprint: the signature is looked at.
    let other = Made::rsa();
    b.tell("sign-in/certificate", json!({ "x5t#S256": made.thumbprint, "key": other.public })).await;
    b.task.sleep(Millis::from_mins(70)).await;
    assert!(b.refused().await.text.contains("signature validation"));
}

#[tokio::test]
async fn a_clock_twenty_minutes_wrong_is_named() {
    let made = Made::rsa();
    let at = |shift: i64| Clock::scenario(EPOCH + shift, Millis(0), Speed::Times(1));
    for shift in [-1_200_000, 1_200_000] {
        let b = Bench::on(at(0), at(shift), |at| (at.client_id.clone(), made.method())).await;
        b.tell("sign-in/certificate", made.registered()).await;
        let why = b.refused().await;
        assert_eq!(why.codes, "700024", "{why}");
        assert!(AzureError::SignIn(Box::new(why)).what_to_do().contains("clock is wrong"));
    }
}

#[test]
fn certificates_that_cannot_be_used_say_why() {
    let made = Made::rsa();
    let says = |pem: &str| Certificate::from_pem(&Secret::new(pem)).unwrap_err().to_string();
    let encrypted = made.pem().replace("BEGIN PRIVATE KEY", "BEGIN ENCRYPTED PRIVATE KEY");
    let elliptic = Made::with(&rcgen::PKCS_ECDSA_P256_SHA256, 30);
    for (pem, words) in [
        (encrypted, "encrypted with a passphrase"),
        (made.key.clone(), "no certificate in it"),
        (made.certificate.clone(), "no private key in it"),
        (elliptic.pem(), "not RSA"),
        (format!("{}{}", made.key, Made::rsa().certificate), "do not belong together"),
        (made.pem().replace("-----END", "-----ENDE"), "damaged"),
        (String::new(), "no certificate in it"),
    ] {
        let said = says(&pem);
        assert!(said.contains(words), "{words}: {said}");
        assert!(!said.contains("MII"), "nothing of the key is repeated: {said}");
    }
    let whole = Certificate::from_pem(&Secret::new(made.pem())).unwrap();
    assert!(!format!("{whole:?}").contains("MII"));
    // Cut anywhere, it is refused or read, and never a panic.
    for cut in (0..made.pem().len()).step_by(7) {
        let _ = Certificate::from_pem(&Secret::new(&made.pem()[..cut]));
    }
    // Names beside it, in signs of another computer, matter as little as what is read of them.
    let named = format!("Bag Attributes\n    friendlyName: Jos\u{fffd}\n{}", made.pem());
    assert!(Certificate::from_pem(&Secret::new(named)).is_ok());
    // A chain: the certificate of the key is found among others.
    let chain = format!("{}{}", Made::rsa().certificate, made.pem());
    assert!(Certificate::from_pem(&Secret::new(chain)).is_ok());
}

#[tokio::test]
async fn an_expired_certificate_is_not_sent() {
    let made = Made::with(&rcgen::PKCS_RSA_SHA256, 2);
    let method = made.method();
    let fake = Fake::by(|c| c.with_method("contoso", "app", method), |_| Do::Say(200, json!({}))).await;
    fake.task.sleep(Millis::from_mins(48 * 60)).await;
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    let e = fake.azure.get(&fake.task, &url).await.unwrap_err();
    assert!(e.to_string().contains("expired on 2027-01-16"), "{e}");
    assert!(e.what_to_do().starts_with("Nothing was sent"), "{}", e.what_to_do());
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn a_federated_token_signs_in() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let with = |at: &Connection| (at.client_id.clone(), Method::Workload(Some(file.clone())));
    let b = Bench::new(with).await;
    let why = b.refused().await;
    assert!(why.text.contains("federated token") && why.text.contains(&file.display().to_string()), "{why}");
    b.task.sleep(SECOND).await;
    let head = URL_SAFE_NO_PAD.encode("{\"alg\":\"RS256\"}");
    std::fs::write(&file, format!("{head}.{head}.{head}")).unwrap();
    let why = b.refused().await;
    assert_eq!(why.codes, "700213", "{why}");
    assert!(AzureError::SignIn(Box::new(why)).what_to_do().contains("issuer, subject and audience"));
    b.tell("sign-in/federated", json!({ "token": format!("{head}.{head}.{head}") })).await;
    b.task.sleep(SECOND).await;
    b.read().await.unwrap();
    assert_eq!(b.azure.identity().unwrap().application, b.at.client_id);
}

#[tokio::test]
async fn a_device_code_waits_for_the_person() {
    let b = Bench::new(|_| (String::new(), Method::Device)).await;
    assert_eq!(b.refused().await.error, "nobody");
    assert!(b.azure.sign_in(&b.task).await.iter().all(|(_, r)| r.is_err()), "nobody is asked by the way");
    b.azure.sign_in_again(&b.task).await.unwrap();
    let Stage::Asked(prompt) = b.until(|s| matches!(s, Stage::Asked(_))).await else { panic!() };
    assert_eq!((prompt.code.len(), prompt.address.as_str()), (9, "https://microsoft.com/devicelogin"));
    assert_eq!(prompt.until - EPOCH, 900_120, "the code's life, and the time its answer took");
    let why = b.refused().await;
    assert!(why.text.contains(&prompt.code) && why.error == "waiting_for_person", "{why}");
    b.task.sleep(Millis::from_secs(60)).await;
    b.azure.sign_in_again(&b.task).await.unwrap();
    assert!(matches!(b.azure.device().stage(), Stage::Asked(p) if p.code == prompt.code), "one code at a time");
    b.tell("device/approve", json!({ "user_code": prompt.code })).await;
    assert_eq!(b.until(|s| !matches!(s, Stage::Asked(_))).await, Stage::SignedIn);
    b.read().await.unwrap();
    let who = b.azure.identity().unwrap();
    assert_eq!(who.display(), "Robin Example (robin@example.org)");
    // Other scopes, and later ones, without the person.
    assert!(b.azure.sign_in(&b.task).await.iter().all(|(_, r)| r.is_ok()));
    b.task.sleep(Millis::from_mins(180)).await;
    b.read().await.unwrap();
    // Anew, though what was kept is good: a code is shown, and meanwhile everything goes on.
    b.azure.sign_in_again(&b.task).await.unwrap();
    let Stage::Asked(again) = b.until(|s| matches!(s, Stage::Asked(_))).await else { panic!() };
    assert_ne!(again.code, prompt.code);
    b.read().await.unwrap();
    b.tell("device/approve", json!({ "user_code": again.code })).await;
    assert_eq!(b.until(|s| !matches!(s, Stage::Asked(_))).await, Stage::SignedIn);
    b.read().await.unwrap();
    b.tell("sign-in/revoke", json!({})).await;
    b.task.sleep(Millis::from_mins(180)).await;
    let why = b.refused().await;
    assert_eq!(why.codes, "700082", "{why}");
    assert!(AzureError::SignIn(Box::new(why)).what_to_do().contains("Sign in again"));
}

#[tokio::test]
async fn a_device_code_can_be_declined_or_run_out() {
    let b = Bench::new(|_| (String::new(), Method::Device)).await;
    b.azure.sign_in_again(&b.task).await.unwrap();
    let Stage::Asked(prompt) = b.until(|s| matches!(s, Stage::Asked(_))).await else { panic!() };
    b.tell("device/decline", json!({ "user_code": prompt.code })).await;
    let Stage::Failed(why) = b.until(|s| !matches!(s, Stage::Asked(_))).await else { panic!() };
    assert_eq!((why.error.as_str(), why.codes.as_str()), ("authorization_declined", "70018"));
    b.azure.sign_in_again(&b.task).await.unwrap();
    let begun = b.task.now().mono;
    let Stage::Failed(why) = b.until(|s| matches!(s, Stage::Failed(_))).await else { panic!() };
    assert_eq!(why.error, "expired_token");
    assert!((890_000..920_000).contains(&(b.task.now().mono - begun)));
    assert!(b.refused().await.text.contains("expired") || why.text.contains("not entered in time"));
}

#[tokio::test]
async fn a_device_code_slows_down_and_survives_trouble() {
    let polls = Arc::new(AtomicUsize::new(0));
    let n = Arc::clone(&polls);
    let answer = move |a: &super::Asked| {
        if a.path.ends_with("/devicecode") {
            let code = json!({ "user_code": "ABC", "device_code": "d", "verification_uri": "https://x.example",
                "expires_in": 900, "interval": 5 });
            return Do::Say(200, code);
        }
        let wait = |error: &str| Do::Say(400, json!({ "error": error, "error_description": "wait" }));
        match n.fetch_add(1, Ordering::SeqCst) {
            0 => wait("authorization_pending"),
            1 => wait("slow_down"),
            2 => Do::Text(502, "<html>bad gateway</html>".into()),
            _ => Do::Say(200, json!({ "access_token": "t", "expires_in": 3600, "refresh_token": "r" })),
        }
    };
    let fake = Fake::by(|c| c.with_method("contoso", "", Method::Device), answer).await;
    fake.azure.sign_in_again(&fake.task).await.unwrap();
    let mut stage = fake.azure.device().watch();
    let end = fake.task.wait(stage.wait_for(|s| matches!(s, Stage::SignedIn | Stage::Failed(_)))).await;
    assert_eq!(*end.unwrap(), Stage::SignedIn);
    assert_eq!(fake.task.now().mono / 1_000, 5 + 5 + 10 + 20, "pauses: 5, 5, slower, after trouble slower still");
}

#[tokio::test]
async fn what_one_scope_is_refused_ends_the_device_sign_in_of_no_other() {
    let number = Arc::new(AtomicUsize::new(65_001));
    let n = Arc::clone(&number);
    let answer = move |a: &super::Asked| {
        if !a.path.contains("/oauth2/") {
            return Do::Say(200, json!({}));
        }
        if a.path.ends_with("devicecode") {
            return Do::Say(200, json!({ "user_code": "A", "device_code": "d", "verification_uri": "https://x" }));
        }
        let n = n.load(Ordering::SeqCst);
        if a.form.contains("grant_type=refresh_token") && (a.form.contains("cognitiveservices") || n == 700_082) {
            let text = format!("AADSTS{n}: no.");
            return Do::Say(400, json!({ "error": "invalid_grant", "error_description": text, "error_codes": [n] }));
        }
        Do::Say(200, json!({ "access_token": "t", "expires_in": 3600, "refresh_token": "r", "token_type": "Bearer" }))
    };
    let fake = Fake::by(|c| c.with_method("contoso", "app", Method::Device), answer).await;
    fake.azure.sign_in_again(&fake.task).await.unwrap();
    let mut stage = fake.azure.device().watch();
    fake.task.wait(stage.wait_for(|s| *s == Stage::SignedIn)).await.unwrap();
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    for number_of_scope in [65_001, 50_076] {
        number.store(number_of_scope, Ordering::SeqCst);
        let ok: Vec<bool> = fake.azure.sign_in(&fake.task).await.iter().map(|(_, r)| r.is_ok()).collect();
        assert_eq!(ok, [true, false, true], "{number_of_scope}");
        fake.task.sleep(Millis::from_mins(70)).await;
        fake.azure.get(&fake.task, &url).await.unwrap();
        assert_eq!(fake.azure.device().stage(), Stage::SignedIn);
    }
    // The refresh token itself is over.
    number.store(700_082, Ordering::SeqCst);
    fake.task.sleep(Millis::from_mins(70)).await;
    assert!(matches!(fake.azure.get(&fake.task, &url).await, Err(AzureError::SignIn(s)) if s.codes == "700082"));
    assert!(matches!(fake.azure.device().stage(), Stage::Failed(why) if why.codes == "700082"));
}

#[tokio::test]
async fn a_new_secret_is_taken_in_by_everything_that_is_under_way() {
    let with = |secret: &str| Method::Secret(Secret::new(secret));
    let b = Bench::new(|at| (at.client_id.clone(), with("expired"))).await;
    let cloud = |client: &str, method| b.azure.cloud().clone().with_method(&b.at.tenant, client, method);
    let other = b.azure.in_subscription("elsewhere");
    assert_eq!(b.refused().await.codes, "7000215");
    let _ = b.azure.signed_in_as(cloud(&b.at.client_id, with(&b.at.client_secret)));
    b.read().await.unwrap();
    other.sign_in_to_arm(&b.task).await.unwrap();
    // The same identity: its token serves on, whatever the secret is worth. Another one's does not.
    let _ = b.azure.signed_in_as(cloud(&b.at.client_id, with("wrong again")));
    b.read().await.unwrap();
    let _ = b.azure.signed_in_as(cloud("somebody-else", with("hush-hush")));
    assert!(b.azure.identity().is_none());
    assert_eq!(b.refused().await.codes, "700016");
    let device = b.azure.signed_in_as(cloud("", Method::Device));
    assert_eq!((device.method(), b.azure.method(), b.refused().await.error.as_str()), ("device", "device", "nobody"));
}

/// Every method whose requests a fake can answer.
fn methods(dir: &std::path::Path) -> Vec<Method> {
    let file = dir.join("token");
    std::fs::write(&file, "a.b.c").unwrap();
    vec![Method::Secret(Secret::new("hush-hush")), Made::rsa().method(), Method::Workload(Some(file)), Method::Device]
}

#[tokio::test]
async fn whatever_the_method_old_tokens_serve_and_scopes_do_not_block() {
    let dir = tempfile::tempdir().unwrap();
    for method in methods(dir.path()) {
        let (name, device) = (method.name(), matches!(method, Method::Device));
        let down = Arc::new(AtomicBool::new(false));
        let outage = Arc::clone(&down);
        let answer = move |a: &super::Asked| {
            if !a.path.contains("/oauth2/") {
                return Do::Say(200, json!({}));
            }
            let models = a.form.contains("cognitiveservices");
            match (a.path.ends_with("devicecode"), outage.load(Ordering::SeqCst) || models) {
                (true, _) => {
                    Do::Say(200, json!({ "user_code": "A", "device_code": "d", "verification_uri": "https://x" }))
                }
                (false, true) => Do::Hang,
                (false, false) => Do::Say(
                    200,
                    json!({ "access_token": "t", "expires_in": 3600, "refresh_token": "r", "token_type": "Bearer" }),
                ),
            }
        };
        let fake = Fake::by(|c| c.with_method("contoso", "app", method), answer).await;
        let url = fake.azure.arm(SUB, "1", &[]).unwrap();
        if device {
            fake.azure.sign_in_again(&fake.task).await.unwrap();
            let mut stage = fake.azure.device().watch();
            fake.task.wait(stage.wait_for(|s| *s == Stage::SignedIn)).await.unwrap();
        }
        let begun = fake.task.now().mono;
        let all = fake.azure.sign_in(&fake.task).await;
        let ok: Vec<bool> = all.iter().map(|(_, r)| r.is_ok()).collect();
        assert_eq!(ok, [true, false, true], "{name}: {all:?}");
        assert!(fake.task.now().mono - begun <= 10_000, "{name}: the silent scope kept the others waiting");
        down.store(true, Ordering::SeqCst);
        fake.task.sleep(Millis::from_mins(50)).await;
        let before = fake.task.now().mono;
        fake.azure.get(&fake.task, &url).await.unwrap();
        assert!(fake.task.now().mono - before < 5_000, "{name}: nobody waits for the renewal");
        fake.task.sleep(Millis::from_mins(20)).await;
        let before = fake.task.now().mono;
        let gone = fake.azure.get(&fake.task, &url).await;
        assert!(matches!(gone, Err(AzureError::SignIn(ref s)) if s.method == name), "{name}: {gone:?}");
        assert!(fake.task.now().mono - before <= 10_000 + SECOND.0, "{name}: sign-in is given up in time");
    }
}

#[tokio::test]
async fn whatever_the_method_entras_words_survive() {
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000222: The \"keys\" are expired.\r\nTrace ID: 1",
        "error_codes":[7000222],"trace_id":"abc"}"#;
    let dir = tempfile::tempdir().unwrap();
    for method in methods(dir.path()) {
        let name = method.name();
        let fake = Fake::by(|c| c.with_method("contoso", "app", method), |_| Do::Text(401, body.into())).await;
        fake.azure.sign_in_again(&fake.task).await.ok();
        if name == "device" {
            let mut stage = fake.azure.device().watch();
            fake.task.wait(stage.wait_for(|s| matches!(s, Stage::Failed(_)))).await.unwrap();
        }
        let why = fake.azure.sign_in_failure().unwrap();
        assert!(why.text.contains("AADSTS7000222: The \"keys\" are expired"), "{name}: {why}");
        assert_eq!((why.codes.as_str(), why.method.as_str()), ("7000222", name));
        assert!(AzureError::SignIn(Box::new(why)).what_to_do().contains("secret has expired"));
    }
}

#[test]
fn each_cloud_admits_its_own_hosts_only() {
    let url = |text: &str| url::Url::parse(text).unwrap();
    for known in CLOUDS {
        let cloud = Cloud::named(&known.name.to_ascii_lowercase()).unwrap();
        let own = |c: &lifeboat::azure::Known| {
            vec![
                format!("{}/subscriptions", c.arm),
                format!("{}/t/oauth2/v2.0/token", c.authority),
                format!("https://a.{}/openai", c.openai),
                format!("https://s.{}/kv", c.configuration),
                format!("https://v.{}/secrets", c.vault),
                format!("https://x.blob.{}/c", c.storage),
            ]
        };
        for address in own(known) {
            assert!(cloud.resolve(&url(&address)).is_ok(), "{} {address}", known.name);
        }
        for other in CLOUDS.iter().filter(|c| c.name != known.name) {
            for address in own(other) {
                assert!(cloud.resolve(&url(&address)).is_err(), "{} {address}", known.name);
            }
        }
        assert!(
            cloud.arm_scope.starts_with(known.arm) && cloud.openai_host("a").unwrap().as_str().contains(known.openai)
        );
    }
    let e = Cloud::named("AzureGermanCloud").unwrap_err();
    assert!(e.to_string().contains("AzureCloud, AzureUSGovernment, AzureChinaCloud"), "{e}");
}

#[test]
fn claims_of_anything_are_read_or_left() {
    let token = |v: Value| format!("x.{}.y", URL_SAFE_NO_PAD.encode(v.to_string()));
    let who = claims(&token(json!({ "tid": "t", "oid": "o", "name": "Kim\u{202e}", "preferred_username": "kim@x" })));
    assert_eq!(who.unwrap().display(), "Kim\\u{202e} (kim@x)");
    let app = claims(&token(json!({ "tid": "t", "oid": "o", "azp": "app" }))).unwrap();
    assert_eq!(app.display(), "app");
    let same = |t: &str, o: &str| claims(&token(json!({ "tid": t, "oid": o, "name": "Other" }))).unwrap();
    assert!(app.is(&same("T", "O")) && !app.is(&same("t", "p")) && !app.is(&same("u", "o")));
    for text in ["", "x", "a.b.c", "..", &token(json!({ "tid": "t", "oid": "o" })), &token(json!([1]))] {
        assert!(claims(text).is_none(), "{text}");
    }
}
