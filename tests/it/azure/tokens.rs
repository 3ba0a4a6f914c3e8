//! Sign-in: kept tokens outlive an outage of Entra, and its words survive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lifeboat::azure::{AzureError, reading};
use lifeboat::clock::Clock;
use lifeboat::units::Millis;
use serde_json::json;

use super::{Asked, Do, Fake, SUB};

fn is_sign_in(a: &Asked) -> bool {
    a.path.ends_with("/oauth2/v2.0/token")
}

#[tokio::test]
async fn an_old_token_serves_while_sign_in_is_silent() {
    let (down, issued) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let outage = Arc::clone(&down);
    let fake = Fake::new(move |a| {
        if !is_sign_in(a) {
            let known = a.header("authorization").starts_with("Bearer ");
            return if known { Do::Say(200, json!({})) } else { super::error(401, "AuthenticationFailed", "who?") };
        }
        if outage.load(Ordering::SeqCst) {
            return Do::Hang;
        }
        let n = issued.fetch_add(1, Ordering::SeqCst);
        Do::Say(200, json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": format!("token-{n}") }))
    })
    .await;
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    fake.azure.get(&fake.task, &url).await.unwrap();
    down.store(true, Ordering::SeqCst);
    fake.task.sleep(Millis::from_mins(50)).await;
    let before = fake.task.now().mono;
    fake.azure.get(&fake.task, &url).await.unwrap();
    assert!(fake.task.now().mono - before < 5_000, "nobody waits for the renewal");
    fake.task.sleep(Millis::from_secs(30)).await;
    fake.azure.get(&fake.task, &url).await.unwrap();
    assert!(fake.asked().iter().filter(|a| is_sign_in(a)).count() >= 3, "renewal was tried in the background");
    assert!(fake.asked().iter().filter(|a| a.path == SUB).all(|a| a.header("authorization") == "Bearer token-0"));
    // Less than a minute left: no longer used.
    fake.task.sleep(Millis::from_mins(9)).await;
    assert!(matches!(fake.azure.get(&fake.task, &url).await, Err(AzureError::SignIn(s)) if !s.answered));
    assert_eq!(reading::entra_answers(&fake.azure, &fake.task).await.ok, Some(false));
    let arm = reading::arm_answers(&fake.azure, &fake.task).await;
    assert_eq!(arm.ok, Some(true), "ARM is told apart from sign-in by its refusal: {arm:?}");
    assert!(arm.latency < Some(Millis::from_secs(1)), "the silence of sign-in is not ARM's");
    down.store(false, Ordering::SeqCst);
    fake.task.sleep(Millis::from_secs(20)).await;
    fake.azure.get(&fake.task, &url).await.unwrap();
    assert_eq!(reading::entra_answers(&fake.azure, &fake.task).await.ok, Some(true));
    assert_eq!(reading::arm_answers(&fake.azure, &fake.task).await.ok, Some(true));
}

#[tokio::test]
async fn scopes_do_not_wait_for_each_other() {
    let fake = Fake::new(|a| if is_sign_in(a) { super::signed_in(a).unwrap() } else { Do::Say(200, json!({})) }).await;
    assert!(fake.azure.sign_in(&fake.task).await.iter().all(|(_, r)| r.is_ok()));
    assert_eq!(fake.asked().len(), 3, "one token a kind of host");
    assert_eq!(fake.azure.token_left(fake.task.now()), Some(Millis::from_mins(60)));
}

#[tokio::test]
async fn a_token_answer_that_cannot_be_read_is_told() {
    let fake = Fake::new(|_| Do::Say(200, json!({ "expires_in": "soon", "access_token": 7 }))).await;
    let got = fake.azure.get(&fake.task, &fake.azure.arm(SUB, "1", &[]).unwrap()).await;
    assert!(
        matches!(got, Err(AzureError::SignIn(ref s)) if s.text.contains("expires_in") || s.text.contains("invalid type")),
        "{got:?}"
    );
}

#[tokio::test]
async fn an_expired_token_costs_one_more_request() {
    let issued = AtomicUsize::new(0);
    let fake = Fake::new(move |a| match is_sign_in(a) {
        true => {
            let n = issued.fetch_add(1, Ordering::SeqCst);
            Do::Say(200, json!({ "expires_in": 3600, "access_token": format!("token-{n}"), "token_type": "Bearer" }))
        }
        false if a.path == "/always" || a.header("authorization") == "Bearer token-0" => {
            super::error(401, "ExpiredAuthenticationToken", "expired")
        }
        false => Do::Say(200, json!({})),
    })
    .await;
    fake.azure.get(&fake.task, &fake.azure.arm(SUB, "1", &[]).unwrap()).await.unwrap();
    assert_eq!(fake.count("GET", SUB), 2);
    let e = fake.azure.get(&fake.task, &fake.azure.arm("/always", "1", &[]).unwrap()).await.unwrap_err();
    assert_eq!((e.status(), fake.count("GET", "/always")), (Some(401), 2));
}

#[tokio::test]
async fn the_words_of_a_refused_sign_in_survive() {
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid \"secret\".\r\nTrace ID: 1 hush-hush",
        "error_codes":[7000215],"trace_id":"abc"}"#;
    let fake = Fake::new(move |_| Do::Text(401, body.into())).await;
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    let Err(e @ AzureError::SignIn(_)) = fake.azure.get(&fake.task, &url).await else { panic!() };
    let text = e.to_string();
    assert!(text.contains("AADSTS7000215: Invalid \"secret\"") && text.contains("[trace abc]"), "{text}");
    assert!(!text.contains("hush-hush"), "the secret is not repeated: {text}");
    let AzureError::SignIn(s) = e else { panic!() };
    assert_eq!((s.status, s.error.as_str(), s.codes.as_str()), (Some(401), "invalid_client", "7000215"));

    let proxy = Fake::new(|_| Do::Text(502, "<html><h1>Proxy says no</h1></html>".into())).await;
    let Err(e) = proxy.azure.get(&proxy.task, &url).await else { panic!() };
    assert!(e.to_string().contains("(502): Proxy says no"), "{e}");
}

#[tokio::test]
async fn many_that_want_a_token_ask_for_it_once() {
    let (refuse, issued) = (Arc::new(AtomicBool::new(true)), AtomicUsize::new(0));
    let refused = Arc::clone(&refuse);
    let fake = Fake::new(move |a| match is_sign_in(a) {
        true if refused.load(Ordering::SeqCst) => Do::Text(503, "busy".into()),
        true => {
            let n = issued.fetch_add(1, Ordering::SeqCst);
            Do::Say(200, json!({ "expires_in": 3600, "access_token": format!("token-{n}"), "token_type": "Bearer" }))
        }
        false if a.header("authorization") == "Bearer token-0" => super::error(401, "ExpiredToken", "expired"),
        false => Do::Say(200, json!({})),
    })
    .await;
    // By the computer's clock: in a rehearsal nobody queues.
    let clock = Clock::system();
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    let all = async || {
        let each = (0..16).map(|_| async { fake.azure.get(&clock.task(), &url).await });
        futures::future::join_all(each).await
    };
    let signed_in = || fake.asked().iter().filter(|a| is_sign_in(a)).count();
    let failed = all().await;
    assert!(failed.iter().all(|r| matches!(r, Err(AzureError::SignIn(s)) if s.status == Some(503))), "{failed:?}");
    assert_eq!(signed_in(), 1, "a failure is the answer for all that waited for it");
    refuse.store(false, Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert!(all().await.iter().all(Result::is_ok));
    assert_eq!(signed_in(), 3, "one for all, and when that one was refused to all, another");
}

#[tokio::test]
async fn a_silence_is_waited_for_once_and_by_a_probe_once_only() {
    let down = Arc::new(AtomicBool::new(true));
    let outage = Arc::clone(&down);
    let fake = Fake::new(move |a| match is_sign_in(a) {
        true if outage.load(Ordering::SeqCst) => Do::Hang,
        true => super::signed_in(a).unwrap(),
        false => Do::Say(200, json!({})),
    })
    .await;
    let url = fake.azure.arm(SUB, "1", &[]).unwrap();
    let took = async |asks: usize| {
        let begun = fake.task.now().mono;
        for _ in 0..asks {
            assert!(matches!(fake.azure.get(&fake.task, &url).await, Err(AzureError::SignIn(s)) if !s.answered));
        }
        fake.task.now().mono - begun
    };
    assert!((10_000..10_500).contains(&took(1).await));
    assert_eq!(took(5).await, 0, "a moment later nobody waits again");
    fake.task.sleep(Millis::from_secs(20)).await;
    assert!((10_000..10_500).contains(&took(5).await), "later it is tried again, once");
    // A person is not put off.
    let asked = fake.asked().len();
    assert!(fake.azure.sign_in_again(&fake.task).await.is_err());
    assert_eq!(fake.asked().len() - asked, 3, "each kind of host, whatever the first comes to");
    // Probes: their rounds keep their rhythm, and sign-in goes on beside.
    for round in 0..4 {
        let begun = fake.task.now().mono;
        assert!(fake.azure.token_for(&fake.task, &url).await.is_none());
        assert_eq!(fake.task.now().mono - begun, 0, "round {round}");
        fake.task.sleep(Millis::from_secs(15)).await;
    }
    down.store(false, Ordering::SeqCst);
    fake.task.sleep(Millis::from_secs(20)).await;
    let _ = fake.azure.token_for(&fake.task, &url).await;
    fake.task.sleep(Millis::from_secs(1)).await;
    assert!(fake.azure.token_for(&fake.task, &url).await.is_some(), "it came back by itself");
}

#[tokio::test]
async fn a_lifetime_that_cannot_be_is_refused_and_nothing_panics() {
    for absurd in
        [json!(999_999_999_999_u64), json!(-999_999_999_999_i64), json!("1e9"), json!(u64::MAX), json!(172_801)]
    {
        let body = json!({ "expires_in": absurd, "access_token": "t", "token_type": "Bearer" });
        let fake = Fake::new(move |_| Do::Say(200, body.clone())).await;
        let got = fake.azure.get(&fake.task, &fake.azure.arm(SUB, "1", &[]).unwrap()).await;
        assert!(matches!(&got, Err(AzureError::SignIn(s)) if s.text.contains("expires_in")), "{absurd}: {got:?}");
    }
}

#[tokio::test]
async fn a_secret_that_is_echoed_in_the_ways_of_json_is_struck() {
    let token = "ab+cd/ef-0123";
    let echo = r#"{"error":{"code":"Bad","message":"you sent Bearer ab\u002Bcd\/ef\u002D0123","details":[
        {"code":"ab\u002bcd/ef-0123","message":"hush\u002Dhush"}]}}"#;
    let fake = Fake::new(move |a| match is_sign_in(a) {
        true if a.form.contains("azconfig") => {
            Do::Text(401, r#"{"error":"hush\u002Dhush","error_description":"hush\u002dhush"}"#.into())
        }
        true => Do::Say(200, json!({ "expires_in": 3600, "access_token": token, "token_type": "Bearer" })),
        false => Do::Text(403, echo.into()),
    })
    .await;
    for url in [fake.azure.arm(SUB, "1", &[]).unwrap(), "https://store.azconfig.io/kv".parse().unwrap()] {
        let e = fake.azure.get(&fake.task, &url).await.unwrap_err();
        let said = format!("{e} {e:?} {}", serde_json::to_string(&e).unwrap());
        assert!(said.contains("•••"), "{said}");
        for plain in ["ab+cd", "u002Bcd", "cd/ef-0123"] {
            assert!(!said.contains(plain), "{said}");
        }
        assert!(matches!(e, AzureError::Refused(_)) || !said.contains("hush-hush"), "{said}");
    }
}
