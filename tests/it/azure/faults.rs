//! Everything that stands between here and Azure and fails: each has its own sentence, and a run goes on.

use std::io::{Read, Write};
use std::sync::Arc;

use lifeboat::azure::{Azure, AzureError, Cloud};
use lifeboat::clock::{Clock, Speed, Task};
use lifeboat::units::Millis;
use serde_json::json;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{Do, EPOCH, Fake, SUB, line};

fn is_sign_in(a: &super::Asked) -> bool {
    a.path.contains("/oauth2/")
}

/// One fault of sign-in or of ARM, what is said of it and what to do.
struct Row {
    fault: &'static str,
    at_sign_in: bool,
    answer: fn() -> Do,
    says: &'static str,
    next: &'static str,
}

const PAGE: &str = "<html><head><title>Log in</title></head><body>Hotel Wi-Fi</body></html>";

const TABLE: [Row; 9] = [
    Row {
        fault: "the token endpoint is down",
        at_sign_in: true,
        answer: || Do::Text(503, String::new()),
        says: "sign-in was refused (503)",
        next: "Entra itself has trouble",
    },
    Row {
        fault: "the token endpoint says nothing for longer than anyone waits",
        at_sign_in: true,
        answer: || Do::Hang,
        says: "no answer within 10 s",
        next: "Sign-in does not answer. Tokens already held go on working",
    },
    Row {
        fault: "a page in place of a token",
        at_sign_in: true,
        answer: || Do::Text(200, PAGE.into()),
        says: "the answer is not Entra's, it is no JSON: Log in Hotel Wi-Fi",
        next: "A proxy or a network's sign-in page",
    },
    Row {
        fault: "a token cut short",
        at_sign_in: true,
        answer: || Do::Text(200, r#"{"token_type":"Bearer","expires_in":3600,"access_to"#.into()),
        says: "the answer is not Entra's, it is no JSON",
        next: "A proxy or a network's sign-in page",
    },
    Row {
        fault: "sign-in throttles",
        at_sign_in: true,
        answer: || Do::Say(429, json!({ "error": "too_many_requests", "error_description": "Slow down." })),
        says: "sign-in was refused (429): Slow down.",
        next: "Sign-in throttles",
    },
    Row {
        fault: "ARM says nothing",
        at_sign_in: false,
        answer: || Do::Hang,
        says: "gave no answer within 35 s",
        next: "Nobody answered in time",
    },
    Row {
        fault: "a page in ARM's place",
        at_sign_in: false,
        answer: || Do::Text(200, PAGE.into()),
        says: "cannot be understood: not JSON but a page: Log in Hotel Wi-Fi",
        next: "A proxy or a network's sign-in page answers in Azure's place",
    },
    Row {
        fault: "ARM's answer cut short",
        at_sign_in: false,
        answer: || Do::Text(200, r#"{"value": [{"id": "#.into()),
        says: "cannot be understood: it breaks off: EOF",
        next: "Something on the way changes answers",
    },
    Row {
        fault: "ARM throttles for good",
        at_sign_in: false,
        answer: || {
            Do::With(
                429,
                vec![("retry-after", "7".into())],
                json!({ "error": { "code": "TooManyRequests", "message": "x" } }),
            )
        },
        says: "answered 429 TooManyRequests",
        next: "Azure throttles. Wait 7 s",
    },
];

#[tokio::test]
async fn each_fault_has_its_own_sentence() {
    for row in &TABLE {
        let (at_sign_in, answer) = (row.at_sign_in, row.answer);
        let fake = Fake::new(move |a| match (is_sign_in(a), at_sign_in) {
            (true, false) => super::signed_in(a).unwrap(),
            _ => answer(),
        })
        .await;
        let url = fake.azure.arm(SUB, "1", &[]).unwrap();
        let begun = fake.task.now().mono;
        let error = fake.azure.list(&fake.task, &url).await.unwrap_err();
        let (said, next) = (error.to_string(), error.what_to_do());
        assert!(said.contains(row.says), "{}: {said}", row.fault);
        assert!(next.starts_with(row.next), "{}: {next}", row.fault);
        assert!(fake.task.now().mono - begun < 60_000, "{}: nobody waits that long", row.fault);
        assert!(fake.asked().len() <= 4, "{}: asked {} times", row.fault, fake.asked().len());
    }
}

/// A server on a thread, that does this with every connection.
pub fn raw(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            serve(stream);
        }
    });
    address
}

async fn asked(cloud: Cloud) -> (AzureError, Task) {
    let task = Clock::scenario(EPOCH, Millis(0), Speed::Max).task();
    let azure = Azure::new(cloud).unwrap();
    let url = azure.arm(SUB, "1", &[]).unwrap();
    let error = azure.get(&task, &url).await.unwrap_err();
    (error, task)
}

#[tokio::test]
async fn a_body_that_breaks_off_and_a_port_that_is_closed() {
    let address = raw(|mut s| {
        let _ = s.read(&mut [0; 4_096]);
        let _ = s.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"token_type\"");
    });
    let (error, _) = asked(Cloud::from_line(&line(&format!("http://{address}"))).unwrap()).await;
    assert!(matches!(&error, AzureError::SignIn(s) if !s.answered), "{error}");
    assert!(error.to_string().contains("end of file before message length reached"), "{error}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (error, _) = asked(Cloud::from_line(&line(&format!("http://{closed}"))).unwrap()).await;
    assert!(error.to_string().contains("no connection") && error.to_string().contains("refused"), "{error}");
}

/// A certificate of 127.0.0.1 that is good from and until so many days from now.
pub fn certificate(from: i64, until: i64) -> (String, ServerConfig) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut p = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let day = |n: i64| {
        let now = std::time::SystemTime::now();
        let span = std::time::Duration::from_secs(n.unsigned_abs() * 86_400);
        if n < 0 { now - span } else { now + span }
    };
    (p.not_before, p.not_after) = (day(from).into(), day(until).into());
    let made = p.self_signed(&key).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.der().clone()], PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .unwrap();
    (made.pem(), config)
}

#[tokio::test]
async fn tls_that_fails_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let stranger = certificate(-1, 30).0;
    for (from, until, trusted, words, next) in [
        (-1, 30, false, "invalid peer certificate", "Whoever answers is not trusted here"),
        (-30, -1, true, "certificate expired", "The certificate is out of its time"),
        (2, 30, true, "not valid yet", "The certificate is out of its time"),
    ] {
        let (pem, config) = certificate(from, until);
        let config = Arc::new(config);
        let address = raw(move |mut s| {
            let mut tls = tokio_rustls::rustls::ServerConnection::new(config.clone()).unwrap();
            while tls.is_handshaking() && tls.complete_io(&mut s).is_ok() {}
        });
        let ca = dir.path().join("ca.pem");
        std::fs::write(&ca, if trusted { &pem } else { &stranger }).unwrap();
        let text = line(&format!("https://{address}"))
            .replace("\"ca\":null", &format!("\"ca\":{:?}", ca.display().to_string()));
        let (error, _) = asked(Cloud::from_line(&text).unwrap()).await;
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(error.what_to_do().contains(next), "{words}: {}", error.what_to_do());
    }
}

#[tokio::test]
async fn a_storm_of_429_is_weathered_as_long_as_it_says() {
    let fake = Fake::new(|a| {
        if is_sign_in(a) {
            return super::signed_in(a).unwrap();
        }
        let hour = vec![("retry-after", "3600".to_owned())];
        Do::With(429, hour, json!({ "error": { "code": "SubscriptionRequestsThrottled", "message": "x" } }))
    })
    .await;
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    let error = fake.azure.get(&fake.task, &url).await.unwrap_err();
    assert_eq!(fake.count("GET", SUB), 1, "an hour is told, not slept through");
    assert!(matches!(error, AzureError::Refused(r) if r.retry_after == Some(Millis::from_mins(60))));
}

/// Reads and changes are counted apart; however long Azure asks for, one request looks again after two minutes.
#[tokio::test]
async fn an_hour_of_429_for_reads_shuts_out_neither_changes_nor_every_later_look() {
    let reads = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::new(move |a| {
        if is_sign_in(a) {
            return super::signed_in(a).unwrap();
        }
        if a.method != "GET" || reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 1 {
            return Do::Say(200, json!({ "properties": {} }));
        }
        let hour = vec![("retry-after", "1000000000".to_owned())];
        Do::With(429, hour, json!({ "error": { "code": "SubscriptionRequestsThrottled", "message": "x" } }))
    })
    .await;
    let path = super::account("east");
    let url = fake.azure.arm(&path, "1", &[]).unwrap();
    let (get, asked) = (async || fake.azure.get(&fake.task, &url).await, || fake.count("GET", &path));
    assert!(get().await.is_err() && get().await.is_err());
    assert_eq!(asked(), 1, "the second look is refused here");
    let change: lifeboat::run::event::Change = serde_json::from_value(json!({
        "what": "x", "method": "PATCH", "url": url.as_str(), "body": "{}", "target": path, "fields": [],
    }))
    .unwrap();
    let sent = lifeboat::azure::action::send(&fake.azure, &fake.task, &change, "i").await;
    assert!(matches!(sent, lifeboat::azure::action::Sent::Done { .. }), "{sent:?}");
    for (looks, fine) in [(2, false), (3, true)] {
        fake.task.sleep(Millis::from_mins(2)).await;
        assert_eq!((get().await.is_ok(), asked()), (fine, looks));
    }
    assert!(get().await.is_ok(), "who looked opened it for all");
}

#[tokio::test]
async fn a_date_to_come_back_is_counted_from_the_answers_own_clock() {
    let fake = Fake::new(|a| {
        let dates = vec![
            ("date", "Fri, 15 Jan 2027 07:50:00 GMT".to_owned()),
            ("retry-after", "Fri, 15 Jan 2027 07:50:20 GMT".to_owned()),
        ];
        super::signed_in(a).unwrap_or_else(|| Do::With(429, dates, json!({ "error": { "code": "x", "message": "x" } })))
    })
    .await;
    let error = fake.azure.get(&fake.task, &fake.azure.arm(SUB, "1", &[]).unwrap()).await.unwrap_err();
    assert!(matches!(error, AzureError::Refused(r) if r.retry_after == Some(Millis::from_secs(20))));
}

/// What is not about the resource is no word on it: not in a look, and not in the answer to a change.
#[tokio::test]
async fn another_tenants_404_and_a_page_with_200_prove_nothing() {
    use lifeboat::azure::action::{ReadBack, Sent, read_back, send};
    for (method, answer) in [("DELETE", 404), ("PUT", 200)] {
        let fake = Fake::new(move |a| {
            let elsewhere = || super::error(404, "SubscriptionNotFound", "The subscription could not be found.");
            let page = || Do::Text(200, "<html>Sign in to the network</html>".to_owned());
            super::signed_in(a).unwrap_or_else(|| if a.method != "GET" && answer == 200 { page() } else { elsewhere() })
        })
        .await;
        let url = fake.azure.arm(&super::account("east"), "1", &[]).unwrap();
        let change: lifeboat::run::event::Change = serde_json::from_value(json!({
            "what": "x", "method": method, "url": url.as_str(), "body": "{}", "target": super::account("east"), "fields": [],
        }))
        .unwrap();
        let sent = send(&fake.azure, &fake.task, &change, "i").await;
        match answer {
            200 => assert!(matches!(&sent, Sent::Unknown { why } if why.contains("not JSON")), "{sent:?}"),
            _ => assert!(matches!(&sent, Sent::Failed { .. }), "{sent:?}"),
        }
        let seen = read_back(&fake.azure, &fake.task, &change).await;
        assert!(matches!(&seen, ReadBack::Unknown { why } if why.contains("SubscriptionNotFound")), "{seen:?}");
    }
}
