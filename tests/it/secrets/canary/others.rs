//! What others say after they were sent a secret: sign-in, Azure, a gateway before it, an endpoint that is probed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::http::StatusCode;
use lifeboat::azure::sign_in::{Certificate, Stage};
use lifeboat::azure::{Azure, AzureError, Cloud, Method, cognitive, learning, openai, registry, resources, storage};
use lifeboat::clock::{Clock, Speed};
use lifeboat::health::Expectation;
use lifeboat::probe::{Credential, Target, probe};
use lifeboat::simulator::{Options, Simulator};
use lifeboat::units::{Millis, Secret};
use serde_json::{Value, json};

use super::{Seen, escaped, numbered, percent, unicode};
use crate::azure::{Asked, Do, Fake, SUB, absent, account};

/// Sign-in as this secret.
fn signed_in_with(fake: &Fake, secret: &Secret) -> Azure {
    Azure::new(fake.azure.cloud().clone().with_client("contoso", "app", secret.clone())).unwrap()
}

fn is_sign_in(a: &Asked) -> bool {
    a.path.ends_with("/oauth2/v2.0/token")
}

fn token(text: &str) -> Do {
    Do::Say(200, json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": text }))
}

/// The ways in which servers write a text into JSON and into pages.
fn writings(text: &str) -> [String; 5] {
    let inner = json!(text).to_string();
    [
        inner.trim_matches('"').replace('/', "\\/"),
        escaped(text, unicode),
        escaped(text, percent),
        escaped(text, numbered),
        json!(inner).to_string().trim_matches('"').to_owned(),
    ]
}

#[tokio::test]
async fn an_authority_that_echoes_the_application_s_secret() {
    let seen = Seen::on("authority");
    let _log = seen.log();
    let secrets = [0, 1, 2, 3].map(|n| seen.canary(n));
    let text = |n: usize| secrets[n].expose().to_owned();
    let form: String = url::form_urlencoded::byte_serialize(text(1).as_bytes()).collect();
    let answers = [
        Do::Say(401, json!({ "error": "invalid_client", "error_description": format!("bad {} here", text(0)) })),
        Do::Text(502, format!("<html><body>client_secret={form}</body></html>")),
        Do::Text(400, format!("{{\"error\":\"x\",\"error_description\":{}", json!(text(2)))),
        Do::Say(200, json!({ "token_type": "Bearer", "expires_in": text(3), "access_token": text(3) })),
    ];
    for (secret, answer) in secrets.iter().zip(answers) {
        let answer = Mutex::new(Some(answer));
        let fake = Fake::new(move |_| answer.lock().unwrap().take().unwrap_or_else(absent)).await;
        let azure = signed_in_with(&fake, secret);
        let url = azure.arm(SUB, "1", &[]).unwrap();
        let e = azure.get(&fake.task, &url).await.unwrap_err();
        assert!(matches!(e, AzureError::SignIn(_)), "{e}");
        seen.error("sign-in", &e);
        seen.add("cloud", format!("{:?} {:#?}", azure.cloud(), azure.cloud()));
        seen.panic("panic", azure.cloud().clone());
        for (scope, came) in azure.sign_in(&fake.task).await {
            seen.add(&scope, format!("{came:?}"));
        }
    }
    seen.clean();
}

#[tokio::test]
async fn a_wrong_secret_at_the_simulator() {
    let seen = Seen::on("simulator");
    let _log = seen.log();
    let text = std::fs::read_to_string(format!("{}/assets/scenarios/sandbox.ron", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let clock = Clock::scenario(0, Millis(0), Speed::Max);
    let simulator = Simulator::start(Options::new(ron::from_str(&text).unwrap(), clock.clone())).await.unwrap();
    let line = serde_json::to_string(&simulator.connection()).unwrap();
    let cloud = Cloud::from_line(&line).unwrap();
    let azure = Azure::new(cloud.clone().with_client(&cloud.tenant, &cloud.client_id, seen.canary(4))).unwrap();
    let url = azure.arm("/subscriptions", "2022-12-01", &[]).unwrap();
    let e = azure.get(&clock.task(), &url).await.unwrap_err();
    assert!(e.to_string().contains("7000215"), "{e}");
    seen.error("simulator", &e);
    seen.clean();
}

#[tokio::test]
async fn a_gateway_that_echoes_tokens_and_keys() {
    let seen = Seen::on("gateway");
    let _log = seen.log();
    let (issued, listed) = (seen.key(5).expose().to_owned(), seen.key(6).expose().to_owned());
    let html = AtomicBool::new(false);
    let fake = Fake::new(move |a| {
        if is_sign_in(a) {
            return token(&issued);
        }
        let sent = format!("{} {}", a.header("authorization"), a.header("api-key"));
        if a.path.ends_with("/listKeys") {
            return Do::Say(200, json!({ "key1": [listed], "key2": listed }));
        }
        // What was sent stands where the text is cut, too.
        if html.fetch_xor(true, Ordering::SeqCst) {
            Do::Text(401, format!("<html>{}{sent}</html>", "x".repeat(1_975)))
        } else {
            let details = json!([{ "code": "Inner", "message": sent }]);
            let error = json!({ "code": "Bad", "message": format!("you sent {sent}"), "details": details });
            Do::With(401, vec![("x-ms-correlation-request-id", sent)], json!({ "error": error }))
        }
    })
    .await;
    let arm = fake.azure.arm(SUB, "1", &[]).unwrap();
    for _ in 0..2 {
        seen.error("token", &fake.azure.get(&fake.task, &arm).await.unwrap_err());
    }
    let e = cognitive::key(&fake.azure, &fake.task, &account("east")).await.unwrap_err();
    seen.error("listKeys", &e);
    let east: url::Url = "https://east.openai.azure.com".parse().unwrap();
    for n in [7, 8] {
        let e = openai::by_key(&fake.azure, &fake.task, &east, seen.key(n)).await.unwrap_err();
        assert!(matches!(&e, AzureError::Refused(r) if r.status == 401), "{e}");
        seen.error("key", &e);
    }
    // No header takes it; not a host of Azure; not a host of the rehearsal; not an address.
    let spoilt = Secret::new(format!("{}\nx", seen.key(9).expose()));
    for (url, key) in [
        ("https://east.openai.azure.com", spoilt),
        ("https://attacker.example", seen.key(10)),
        ("https://me:Secret@west.openai.azure.com:1/?q#x", seen.key(10)),
        ("mailto:me", seen.key(10)),
    ] {
        let e = openai::by_key(&fake.azure, &fake.task, &url.parse().unwrap(), key).await.unwrap_err();
        seen.error(url, &e);
    }
    assert!(seen.text().contains("•••"), "the echo was there, and was struck out");
    seen.clean();
}

/// Two hundred, and in the place of a number, an object or a name stands what was sent. The reader of the answer would quote
/// it, or take it for a name and keep it.
#[tokio::test]
async fn good_answers_that_hold_what_was_sent() {
    let seen = Seen::on("good answers");
    let _log = seen.log();
    let issued = seen.canary(5).expose().to_owned();
    let shape = std::sync::Arc::new(Mutex::new(json!(null)));
    let answers = shape.clone();
    let fake = Fake::new(move |a| {
        if is_sign_in(a) {
            return token(&issued);
        }
        let sent = [a.header("authorization"), a.header("api-key")].concat();
        let text = answers.lock().unwrap().to_string().replace("ECHO", json!(sent).to_string().trim_matches('"'));
        Do::With(200, vec![("x-ms-request-id", sent)], serde_json::from_str(&text).unwrap())
    })
    .await;
    let (azure, task, east) = (&fake.azure, &fake.task, account("east"));
    let store = format!("{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st");
    let registry = format!("{SUB}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/cr");
    let list = azure.arm(SUB, "1", &[]).unwrap();
    let mut refused = 0;
    for body in [
        json!("ECHO"),
        json!(["ECHO"]),
        json!({ "ECHO": "ECHO" }),
        json!({ "value": "ECHO", "nextLink": "ECHO" }),
        json!({ "value": ["ECHO"], "nextLink": "https://management.azure.com.example/ECHO" }),
        json!({ "value": [{ "id": "ECHO", "name": "ECHO", "properties": "ECHO", "location": ["ECHO"] }] }),
        json!({ "id": "x", "name": "ECHO", "kind": "ECHO", "location": "ECHO", "properties": { "ECHO": "ECHO" } }),
        json!({ "id": "x", "name": "ECHO", "properties": { "geoReplicationStats": "ECHO", "state": 1, "status": "ECHO" } }),
        json!({ "id": "x", "name": "n", "sku": "ECHO", "properties": { "encryption": 7, "computeType": { "ECHO": 1 } } }),
    ] {
        *shape.lock().unwrap() = body.clone();
        let mut say = |what: &str, came: Result<String, AzureError>| match came {
            Ok(read) => seen.add(what, read),
            Err(e) => {
                refused += usize::from(matches!(e, AzureError::BadAnswer { .. }));
                seen.error(what, &e);
            }
        };
        fn debug<T: std::fmt::Debug>(came: T) -> String {
            format!("{came:?} {came:#?}")
        }
        say("storage", storage::account(azure, task, &store).await.map(debug));
        say("account", cognitive::existing(azure, task, &east).await.map(debug));
        say("account", cognitive::own_regions(azure, task, &east).await.map(debug));
        say("key", cognitive::key(azure, task, &east).await.map(debug));
        say("deployments", cognitive::deployments(azure, task, &east).await.map(debug));
        say("registry", registry::registry(azure, task, &registry).await.map(debug));
        say("compute", learning::compute(azure, task, &format!("{registry}/computes/c")).await.map(debug));
        say("locks", resources::locks(azure, task, &east.parse().unwrap()).await.map(debug));
        say("any", resources::read(azure, task, &east, None).await.map(debug));
        say("list", azure.list(task, &list).await.map(debug));
        say("answer", azure.get(task, &list).await.map(|a| debug((a.json(), a.header("x-ms-request-id"), &a))));
        let east: url::Url = "https://east.openai.azure.com".parse().unwrap();
        say("models", openai::by_key(azure, task, &east, seen.key(6)).await.map(debug));
    }
    assert!(refused > 40, "{refused}");
    assert!(seen.text().contains("•••") && seen.text().contains("invalid type: string, expected"), "{}", seen.text());
    // A library reads the answers of sign-in, and says in its own words what it finds instead of a token.
    let secret = seen.canary(0);
    let text = secret.expose().to_owned();
    let turn = AtomicUsize::new(0);
    let answers = [
        json!({ "access_token": text, "expires_in": text, "token_type": text }),
        json!({ "access_token": [text, text] }),
        json!({ "access_token": { text.clone(): 1 }, "expires_in": 1 }),
        json!({ "token": text }),
        json!([text]),
        json!(text),
    ];
    let most = answers.len();
    let fake = Fake::new(move |_| Do::Say(200, answers[turn.fetch_add(1, Ordering::SeqCst)].clone())).await;
    let azure = signed_in_with(&fake, &secret);
    for _ in 0..most {
        let e = azure.get(&fake.task, &list).await.unwrap_err();
        assert!(matches!(e, AzureError::SignIn(_)), "{e}");
        seen.error("sign-in", &e);
    }
    seen.clean();
}

/// Refusals in which the secret is written as JSON, forms and pages write it, and one within another.
#[tokio::test]
async fn refusals_that_write_it_otherwise() {
    let seen = Seen::on("other writings");
    let _log = seen.log();
    for signs_in in [true, false] {
        let turn = AtomicUsize::new(0);
        let issued = seen.canary(7).expose().to_owned();
        let fake = Fake::new(move |a| {
            let form = |name: &str| url::form_urlencoded::parse(a.form.as_bytes()).find(|(n, _)| n == name);
            let sent = match is_sign_in(a) {
                true if signs_in => return token(&issued),
                true => form("client_secret").unwrap().1.into_owned(),
                false => a.header("authorization").trim_start_matches("Bearer ").to_owned(),
            };
            let n = turn.fetch_add(1, Ordering::SeqCst);
            let written = &writings(&sent)[n / 4 % 5];
            Do::Text(
                403,
                match n % 4 {
                    0 => format!("{{\"error\":\"{written}\",\"error_description\":\"{written}\"}}"),
                    1 => format!(
                        "{{\"error\":{{\"code\":\"x {written}\",\"message\":\"y {written}\",\
                         \"details\":[{{\"code\":\"i {written}\",\"message\":\"{written}\"}}]}}}}"
                    ),
                    2 => format!("<html><b>{written}</b></html>"),
                    _ => json!({ "title": "t", "detail": format!("{{\"sent\":\"{written}\"}}") }).to_string(),
                },
            )
        })
        .await;
        let azure = signed_in_with(&fake, &seen.canary(1));
        let url = azure.arm(SUB, "1", &[]).unwrap();
        for _ in 0..20 {
            let e = azure.get(&fake.task, &url).await.unwrap_err();
            assert_eq!(matches!(e, AzureError::SignIn(_)), !signs_in, "{e}");
            seen.error("refusal", &e);
        }
    }
    assert!(seen.text().matches("•••").count() > 60, "{}", seen.text());
    seen.clean();
}

#[tokio::test]
async fn a_host_that_echoes_what_a_probe_sent() {
    let seen = Seen::on("probe");
    let _log = seen.log();
    let echo = axum::Router::new().fallback(|headers: axum::http::HeaderMap| async move {
        let text = |n: &str| headers.get(n).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        (StatusCode::BAD_GATEWAY, format!("{}{} {}", "y".repeat(280), text("authorization"), text("api-key")))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/openai/models", listener.local_addr().unwrap()).parse().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, echo).await.unwrap() });
    let task = Clock::scenario(0, Millis(0), Speed::Times(1)).task();
    let unfit = Secret::new(format!("{}\u{7f}", seen.key(13).expose()));
    for credential in [Credential::Bearer(seen.key(11)), Credential::ApiKey(seen.key(12)), Credential::ApiKey(unfit)] {
        let mut target = Target::get("east", url.clone(), Expectation::JsonWith("data".to_owned()));
        target.credential = credential;
        seen.add("target", format!("{target:?} {target:#?}"));
        let observation = probe(&task, &target).await;
        seen.add("observation", format!("{observation:?} {}", observation.outcome.text()));
        seen.panic("panic", target);
    }
    server.abort();
    assert!(seen.text().contains("502"), "it did answer: {}", seen.text());
    seen.clean();
}

/// An authority that says again, in every refusal, all that it was ever sent.
async fn parrot(
    change: impl FnOnce(Cloud) -> Cloud,
    good: impl Fn(&Asked) -> Option<Value> + Send + Sync + 'static,
) -> Fake {
    let html = AtomicBool::new(false);
    Fake::by(change, move |a| match good(a) {
        Some(answer) => Do::Say(200, answer),
        None if html.fetch_xor(true, Ordering::SeqCst) => Do::Text(400, format!("<p>{}</p>", a.form)),
        None => {
            let sent: Vec<_> =
                url::form_urlencoded::parse(a.form.as_bytes()).map(|(n, v)| format!("{n}={v}")).collect();
            Do::Say(
                400,
                json!({ "error": "invalid_request", "error_description": format!("sent {}", sent.join("; ")) }),
            )
        }
    })
    .await
}

/// Asks twice, since it parrots in two ways.
async fn refused(seen: &Seen, fake: &Fake) {
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    for _ in 0..2 {
        let e = fake.azure.get(&fake.task, &url).await.unwrap_err();
        assert!(matches!(&e, AzureError::SignIn(s) if s.status == Some(400)), "{e}");
        assert!(e.to_string().contains("•••"), "the echo was there, and was struck out: {e}");
        seen.error("refused", &e);
    }
    let cloud = fake.azure.cloud();
    seen.add("cloud", format!("{cloud:?} {cloud:#?} {:?}", fake.azure.sign_in_failure()));
    seen.panic("panic", cloud.clone());
}

#[tokio::test]
async fn a_private_key_and_what_is_signed_with_it() {
    let seen = Seen::on("certificate");
    let _log = seen.log();
    let made = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&made).unwrap().pem();
    let (private, secret) = (made.serialize_pem(), seen.canary(9));
    let secret = secret.expose();
    // The canary as the text of the key, before it, in its name, in the place of the whole.
    let spoilt = [
        secret.to_owned(),
        format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n{certificate}"),
        format!("-----BEGIN {secret}-----\n{private}{certificate}"),
        format!("{secret}\n{certificate}"),
        format!("{}{certificate}", private.replacen("MII", secret, 1)),
        format!("{certificate}-----BEGIN ENCRYPTED PRIVATE KEY-----\n{secret}\n-----END ENCRYPTED PRIVATE KEY-----"),
        format!("{private}-----BEGIN CERTIFICATE-----\n{secret}\n-----END CERTIFICATE-----"),
    ];
    for pem in spoilt {
        match Certificate::from_pem(&Secret::new(pem)) {
            Ok(read) => seen.add("certificate", format!("{read:?}")),
            Err(e) => seen.error("certificate", &e),
        }
    }
    let whole = Certificate::from_pem(&Secret::new(format!("{private}{certificate}"))).unwrap();
    seen.add("certificate", format!("{whole:?} {whole:#?}"));
    let method = Method::Certificate(std::sync::Arc::new(whole));
    let fake = parrot(|c| c.with_method("contoso", "app", method), |_| None).await;
    refused(&seen, &fake).await;
    let signed = fake.asked()[0].form.split("client_assertion=").nth(1).unwrap().to_owned();
    let signed = signed.split('&').next().unwrap();
    let lines: Vec<Secret> = private.lines().filter(|l| l.len() > 40).map(Secret::new).collect();
    assert!(lines.len() > 10 && signed.len() > 200);
    seen.clean_of(&lines);
    seen.clean_of(&[Secret::new(signed), Secret::new(&signed[signed.len() - 40..])]);
    seen.clean();
}

#[tokio::test]
async fn a_federated_token_in_its_file() {
    let seen = Seen::on("federated");
    let _log = seen.log();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, seen.canary(10).expose()).unwrap();
    let fake = parrot(|c| c.with_method("contoso", "app", Method::Workload(Some(file))), |_| None).await;
    refused(&seen, &fake).await;
    seen.clean();
}

#[tokio::test]
async fn the_tokens_of_a_device() {
    let seen = Seen::on("device");
    let _log = seen.log();
    let [device, refresh] = [11, 12].map(|n| seen.canary(n).expose().to_owned());
    let (polls, renewals) = (AtomicUsize::new(0), refresh.clone());
    let good = move |a: &Asked| match polls.load(Ordering::SeqCst) {
        _ if a.path.ends_with("/devicecode") => Some(
            json!({ "user_code": "ABC", "device_code": device, "verification_uri": "https://x.example", "interval": 1 }),
        ),
        // The first code is refused with all that was sent; the second is taken, and its refresh token refused.
        n if a.form.contains("device_code=") => {
            polls.store(n + 1, Ordering::SeqCst);
            (n > 0).then(|| json!({ "access_token": "a-token", "expires_in": 1, "refresh_token": renewals }))
        }
        _ => None,
    };
    let fake = parrot(|c| c.with_method("contoso", "", Method::Device), good).await;
    let mut stage = fake.azure.device().watch();
    for wanted in ["Failed", "SignedIn"] {
        fake.azure.sign_in_again(&fake.task).await.unwrap();
        let over = |s: &Stage| matches!(s, Stage::Failed(_) | Stage::SignedIn);
        let end = fake.task.wait(stage.wait_for(over)).await.unwrap().clone();
        assert!(format!("{end:?}").starts_with(wanted), "{end:?}");
        seen.add("stage", format!("{end:?} {end:#?} {:?}", fake.azure.sign_in_failure()));
    }
    refused(&seen, &fake).await;
    assert!(fake.asked().iter().any(|a| a.form.contains("refresh_token=Canary12")), "it was sent");
    seen.clean();
}
