//! Changes on the wire: sent once, followed, picked up again, read back.

use std::sync::atomic::{AtomicUsize, Ordering};

use lifeboat::azure::action::{Change, ReadBack, Sent, follow, read_back, send};
use serde_json::{Value, json};

use super::{Asked, Do, Fake, absent, account, error, signed_in};

fn change() -> Change {
    let target = format!("{}/deployments/chat", account("west"));
    Change {
        what: "create deployment chat".into(),
        method: "PUT".into(),
        url: format!("https://management.azure.com{target}?api-version=2025-06-01"),
        body: Some(json!({ "sku": { "name": "Standard", "capacity": 10 } }).to_string()),
        if_match: None,
        only_if_absent: false,
        target,
        fields: Vec::new(),
        previous: None,
        effect: None,
    }
}

fn state(s: &str) -> Value {
    json!({ "sku": { "name": "standard", "capacity": 10 }, "properties": { "provisioningState": s } })
}

async fn fake(answers: impl Fn(&Asked) -> Do + Send + Sync + 'static) -> Fake {
    Fake::new(move |a| signed_in(a).unwrap_or_else(|| answers(a))).await
}

#[tokio::test]
async fn a_change_is_never_sent_twice() {
    for (status, known) in [(429, true), (409, true), (500, false), (503, false)] {
        let f = fake(move |_| error(status, "Code", "words")).await;
        let sent = send(&f.azure, &f.task, &change(), "intent-1").await;
        match sent {
            Sent::Failed { error, corr } if known => {
                assert_eq!(error.status(), Some(status));
                assert_eq!((corr.client_request_id.as_str(), corr.request_id.as_deref()), ("intent-1", Some("req-1")));
            }
            Sent::Unknown { why } if !known => assert!(why.contains("Code: words"), "{why}"),
            other => panic!("{status}: {other:?}"),
        }
        assert_eq!(f.count("PUT", "/chat"), 1, "{status}");
        assert!(f.asked().iter().any(|a| a.header("x-ms-client-request-id") == "intent-1"));
    }
}

#[tokio::test]
async fn silence_after_a_change_is_unknown_and_costs_no_real_time() {
    let f = fake(|_| Do::Hang).await;
    assert!(matches!(send(&f.azure, &f.task, &change(), "i").await, Sent::Unknown { .. }));
    assert_eq!(f.count("PUT", "/chat"), 1);
    assert!(f.task.now().mono >= 60_000);
}

#[tokio::test]
async fn what_never_left_is_told_apart() {
    let f = Fake::new(|_| error(400, "invalid_client", "no")).await;
    assert!(matches!(send(&f.azure, &f.task, &change(), "i").await, Sent::NotSent { .. }), "no token, nothing sent");
    let mut elsewhere = change();
    elsewhere.url = "https://example.com/x".into();
    assert!(matches!(send(&f.azure, &f.task, &elsewhere, "i").await, Sent::NotSent { .. }));
    assert_eq!(f.count("PUT", "/chat"), 0);
}

#[tokio::test]
async fn operations_are_followed_by_either_header_and_by_the_resource() {
    for header in ["azure-asyncoperation", "location", ""] {
        let polls = AtomicUsize::new(0);
        let f = fake(move |a| {
            let host = format!("http://{}", a.header("host"));
            if a.method == "PUT" {
                let headers = if header.is_empty() {
                    vec![]
                } else {
                    vec![(header, format!("{host}/operations/1?api-version=1"))]
                };
                return Do::With(if header == "location" { 202 } else { 201 }, headers, state("Creating"));
            }
            let n = polls.fetch_add(1, Ordering::SeqCst);
            match (header, a.path.starts_with("/operations")) {
                ("location", true) if n < 3 => Do::With(202, vec![("retry-after", "7".into())], json!({})),
                ("location", true) => Do::Text(204, String::new()),
                (_, true) if n < 3 => Do::With(
                    200,
                    vec![("retry-after", "7".into())],
                    json!({ "status": "Running", "percentComplete": 40 }),
                ),
                (_, true) => Do::Say(200, json!({ "status": "Succeeded" })),
                (_, false) if n < 3 => Do::Say(200, state("Creating")),
                _ => Do::Say(200, state("Succeeded")),
            }
        })
        .await;
        let Sent::Accepted { operation, corr } = send(&f.azure, &f.task, &change(), "i").await else {
            panic!("{header}")
        };
        assert!(operation.contains(" https://management.azure.com/"), "stored as in the real world: {operation}");
        assert!(corr.date.is_some());
        let mut seen = Vec::new();
        // Only the text is left after a crash: another client on the same clock picks it up.
        let done = follow(&f.azure.clone(), &f.task, &change(), &operation, &mut |p| seen.push(p)).await;
        assert!(matches!(done, Sent::Done { .. }), "{header}: {done:?}");
        assert_eq!(seen.len(), 3, "{header}");
        assert!(f.task.now().mono >= 20_000);
        assert_eq!(f.count("PUT", "/chat"), 1);
    }
}

#[tokio::test]
async fn a_failed_operation_says_why_and_a_lost_one_is_read_back() {
    let polls = AtomicUsize::new(0);
    let f = fake(move |a| match a.path.as_str() {
        "/operations/bad" => Do::Say(
            200,
            json!({ "status": "Failed", "error": { "code": "InsufficientQuota", "message": "10 more needed" } }),
        ),
        // ARM out of order for a while does not end the operation.
        "/operations/flaky" if polls.fetch_add(1, Ordering::SeqCst) < 5 => error(503, "Down", "down"),
        "/operations/flaky" => Do::Say(200, json!({ "status": "Canceled" })),
        p if p.ends_with("/chat") => Do::Say(200, state("Succeeded")),
        _ => absent(),
    })
    .await;
    let op = |n: &str| format!("async-operation https://management.azure.com/operations/{n}");
    let go = async |n: &str| follow(&f.azure, &f.task, &change(), &op(n), &mut |_| {}).await;
    let Sent::Failed { error, .. } = go("bad").await else { panic!() };
    assert!(error.to_string().contains("InsufficientQuota: 10 more needed"), "{error}");
    let Sent::Failed { error, .. } = go("flaky").await else { panic!() };
    assert!(error.to_string().contains("Canceled"), "{error}");
    assert!(matches!(go("expired").await, Sent::Done { .. }), "the resource shows that it took effect");
    for evil in ["location https://evil.example/x", "location http://127.0.0.1:9/x", "nonsense"] {
        let got = follow(&f.azure, &f.task, &change(), evil, &mut |_| {}).await;
        assert!(matches!(got, Sent::Unknown { .. }), "{evil}: {got:?}");
    }
}

#[tokio::test]
async fn reading_back_compares_with_what_was_wanted() {
    for (there, method, expected) in [
        (Some(state("Succeeded")), "PUT", ReadBack::Applied),
        (Some(json!({ "sku": { "name": "Standard", "capacity": 5 } })), "PUT", ReadBack::NotApplied),
        (Some(state("Failed")), "PUT", ReadBack::NotApplied),
        (None, "PUT", ReadBack::NotApplied),
        (None, "DELETE", ReadBack::Applied),
        (Some(state("Succeeded")), "DELETE", ReadBack::NotApplied),
    ] {
        let f = fake(move |_| there.clone().map_or_else(absent, |b| Do::Say(200, b))).await;
        let mut c = change();
        c.method = method.into();
        assert_eq!(read_back(&f.azure, &f.task, &c).await, expected);
    }
    let f = fake(|_| Do::Say(200, state("Creating"))).await;
    let ReadBack::Running { operation: Some(op) } = read_back(&f.azure, &f.task, &change()).await else { panic!() };
    assert!(op.starts_with("resource https://management.azure.com/"));
    let f = fake(|_| error(503, "Down", "down")).await;
    assert!(matches!(read_back(&f.azure, &f.task, &change()).await, ReadBack::Unknown { .. }));
}

#[test]
fn by_hand_quotes_for_a_shell() {
    let mut c = change();
    c.body = Some(r#"{"value":"it's"}"#.into());
    c.if_match = Some("\"tag\"".into());
    let hand = c.by_hand();
    assert!(
        hand.contains(r#"--body '{"value":"it'\''s"}'"#) && hand.contains(r#"--headers 'If-Match="tag"'"#),
        "{hand}"
    );
}

/// An operation may run longer than a resource takes to show what it did; the one is not counted against the other.
#[tokio::test]
async fn what_an_operation_did_may_show_a_while_after_its_end() {
    let polls = AtomicUsize::new(0);
    let looks = AtomicUsize::new(0);
    let f = fake(move |a| match a.path.as_str() {
        // At one poll in half a minute that is over after more than twenty minutes.
        "/operations/1" if polls.fetch_add(1, Ordering::SeqCst) < 50 => Do::Say(200, json!({ "status": "Running" })),
        "/operations/1" => Do::Say(200, json!({ "status": "Succeeded" })),
        _ if a.method == "PUT" => {
            let at = format!("http://{}/operations/1?api-version=1", a.header("host"));
            Do::With(202, vec![("azure-asyncoperation", at)], json!({}))
        }
        _ if looks.fetch_add(1, Ordering::SeqCst) < 3 => absent(),
        _ => Do::Say(200, state("Succeeded")),
    })
    .await;
    let mut change = change();
    let effect = json!({ "url": change.url, "shows": json!({ "sku": { "capacity": 10 } }).to_string() });
    change.effect = Some(serde_json::from_value(effect).unwrap());
    let Sent::Accepted { operation, .. } = send(&f.azure, &f.task, &change, "i").await else { panic!() };
    let done = follow(&f.azure, &f.task, &change, &operation, &mut |_| {}).await;
    assert!(matches!(done, Sent::Done { .. }), "{done:?}");
    assert!(f.task.now().mono > 20 * 60_000);
}
