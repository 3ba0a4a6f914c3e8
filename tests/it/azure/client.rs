//! Reads, paging, errors, and where requests may go at all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lifeboat::azure::{AzureError, Cloud, Refusal};
use lifeboat::units::{Millis, Secret};
use serde_json::json;
use url::Url;

use super::{Do, Fake, SUB, account, error, line, signed_in};

fn refusal(status: u16, body: &str) -> Refusal {
    Refusal::read("management.azure.com", status, body.as_bytes())
}

#[test]
fn errors_are_read_in_every_shape() {
    let arm = refusal(
        400,
        r#"{"error":{"code":"InvalidTemplateDeployment","message":"outer","details":[{"code":"DeploymentFailed",
        "message":"middle","details":[{"code":"InsufficientQuota","message":"This operation requires 50 new capacity."}]}]}}"#,
    );
    assert_eq!(arm.code, "InvalidTemplateDeployment");
    assert_eq!(arm.inner, Some(("InsufficientQuota".into(), "This operation requires 50 new capacity.".into())));
    assert!(AzureError::Refused(Box::new(arm)).what_to_do().contains("quota"));

    let health = refusal(500, r#"{"code":"Oops","message":"bare","details":"more"}"#);
    assert_eq!((health.code.as_str(), health.message.as_str()), ("Oops", "bare"));
    assert_eq!(health.inner, Some(("Oops".into(), "more".into())));

    let vault = refusal(403, r#"{"error":{"code":"Forbidden","message":"no","innererror":{"code":"ByFirewall"}}}"#);
    assert!(vault.has_code("ByFirewall"));

    let openai = refusal(
        400,
        r#"{"error":{"message":"bad","type":"invalid_request_error","param":null,"code":null,"inner_error":{}}}"#,
    );
    assert_eq!((openai.code.as_str(), openai.message.as_str()), ("invalid_request_error", "bad"));

    let proxy = refusal(502, "<html><head><title>Bad</title></head><body>Gateway\u{202e} <b>down</b></body></html>");
    assert_eq!(proxy.code, "");
    assert_eq!(proxy.message, "Bad Gateway\\u{202e} down");
    assert_eq!(refusal(503, "").message, "");
    assert!(!AzureError::Refused(Box::new(refusal(404, "<html>not here</html>"))).is_absent(), "a proxy's page");

    let store =
        refusal(412, r#"{"type":"https://azconfig.io/errors/precondition-failed","title":"changed","status":412}"#);
    assert_eq!((store.code.as_str(), store.message.as_str()), ("precondition-failed", "changed"));
}

#[test]
fn a_missing_right_is_named() {
    let r = refusal(
        403,
        r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' with object id 'x' does not have authorization to perform action 'Microsoft.CognitiveServices/accounts/deployments/write' over scope '/s' or the scope is invalid."}}"#,
    );
    let text = AzureError::Refused(Box::new(r)).what_to_do();
    assert!(text.contains("Microsoft.CognitiveServices/accounts/deployments/write"), "{text}");
}

#[tokio::test]
async fn pages_are_followed_but_not_abroad() {
    let fake = Fake::new(|a| {
        signed_in(a).unwrap_or_else(|| match (a.path.as_str(), a.query.contains("page=2")) {
            ("/good", false) => Do::Say(
                200,
                json!({ "value": [1, 2],
                "nextLink": "https://management.azure.com:443/good?api-version=1&page=2" }),
            ),
            ("/good", true) => Do::Say(200, json!({ "value": [3], "nextLink": "" })),
            ("/bad", _) => {
                Do::Say(200, json!({ "value": [1], "nextLink": "https://management.azure.com.evil.example/x" }))
            }
            ("/port", _) => Do::Say(200, json!({ "value": [1], "nextLink": "https://management.azure.com:8443/x" })),
            ("/plain", _) => Do::Say(200, json!({ "value": [1], "nextLink": "http://management.azure.com/x" })),
            _ => error(404, "NotFound", "?"),
        })
    })
    .await;
    let list = async |path: &str| fake.azure.list(&fake.task, &fake.azure.arm(path, "1", &[]).unwrap()).await;
    assert_eq!(list("/good").await.unwrap(), [json!(1), json!(2), json!(3)]);
    for path in ["/bad", "/port", "/plain"] {
        assert!(matches!(list(path).await, Err(AzureError::ForeignLink { .. })), "{path}");
    }
}

#[tokio::test]
async fn reads_are_repeated_as_azure_asks_and_cost_no_real_time() {
    let calls = AtomicUsize::new(0);
    let fake = Fake::new(move |a| {
        signed_in(a).unwrap_or_else(|| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => Do::With(429, vec![("retry-after", "17".into()), ("retry-after-ms", "900".into())], json!({})),
            1 => Do::Hang,
            _ => Do::Say(200, json!({ "ok": true })),
        })
    })
    .await;
    let started = Instant::now();
    let url = fake.azure.arm(SUB, "2022-12-01", &[]).unwrap();
    assert!(fake.azure.get(&fake.task, &url).await.unwrap().json().unwrap()["ok"].as_bool().unwrap());
    let took = fake.task.now().mono;
    assert!((27_000..31_000).contains(&took), "17 s asked, 10 s of silence, a pause: {took}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let ids: std::collections::BTreeSet<_> =
        fake.asked().iter().filter(|a| a.path == SUB).map(|a| a.header("x-ms-client-request-id").to_owned()).collect();
    assert_eq!(ids.len(), 3, "each try has an id of its own");
}

#[tokio::test]
async fn reads_give_up_in_bounds() {
    let fake = Fake::new(|a| {
        signed_in(a).unwrap_or_else(|| match a.path.as_str() {
            "/busy" => Do::With(429, vec![("retry-after", "3600".into())], json!({ "error": { "code": "TooMany" } })),
            "/no" => error(403, "AuthorizationFailed", "no"),
            _ => error(503, "ServiceUnavailable", "down"),
        })
    })
    .await;
    let get =
        async |path: &str| fake.azure.get(&fake.task, &fake.azure.arm(path, "1", &[]).unwrap()).await.unwrap_err();
    let AzureError::Refused(busy) = get("/busy").await else { panic!() };
    assert_eq!(busy.retry_after, Some(Millis::from_mins(60)));
    assert_eq!(fake.count("GET", "/busy"), 1, "an hour is not slept through");
    get("/no").await;
    assert_eq!(fake.count("GET", "/no"), 1);
    get("/down").await;
    assert_eq!(fake.count("GET", "/down"), 3);
}

#[tokio::test]
async fn a_rehearsal_reaches_nothing_real() {
    let fake = Fake::new(|a| {
        signed_in(a).unwrap_or_else(|| match a.path.as_str() {
            "/lifeboat/hosts" => {
                let at = format!("http://{}", a.header("host"));
                Do::Say(
                    200,
                    json!({ "new.openai.azure.com": format!("{at}/new"), "evil.example": "https://evil.example" }),
                )
            }
            _ => Do::Say(200, json!({ "data": [] })),
        })
    })
    .await;
    for foreign in ["https://example.com/x", "http://127.0.0.1:1/x", "https://evil.example/", "https://10.0.0.1/"] {
        let got = fake.azure.get(&fake.task, &foreign.parse().unwrap()).await;
        assert!(matches!(got, Err(AzureError::OutsideRehearsal { .. })), "{foreign}: {got:?}");
    }
    // An account created meanwhile is known to the simulator.
    fake.azure.get(&fake.task, &"https://new.openai.azure.com/openai/models".parse().unwrap()).await.unwrap();
    assert_eq!(fake.count("GET", "/new/openai/models"), 1);
    let real = line("https://management.azure.com");
    assert!(matches!(Cloud::from_line(&real), Err(AzureError::OutsideRehearsal { .. })));
    assert!(!format!("{:?}", fake.azure.cloud()).contains("hush-hush"));
}

#[test]
fn live_requests_go_to_the_cloud_over_https_only() {
    let cloud = Cloud::public().unwrap().with_client("t", "c", Secret::new("s"));
    let ok = |u: &str| cloud.resolve(&Url::parse(u).unwrap());
    for good in [
        "https://management.azure.com/subscriptions",
        "https://eastus.management.azure.com/x",
        "https://login.microsoftonline.com/t/oauth2/v2.0/token",
        "https://a.openai.azure.com/openai/models",
        "https://s.azconfig.io/kv/k",
    ] {
        assert_eq!(ok(good).unwrap().as_str(), good);
    }
    for bad in [
        "http://management.azure.com/",
        "https://management.azure.com.evil.example/",
        "https://evilopenai.azure.com/",
        "https://openai.azure.com/",
        "https://127.0.0.1/",
        "https://management.azure.com:444/",
    ] {
        assert!(matches!(ok(bad), Err(AzureError::ForeignHost { .. })), "{bad}");
    }
    let asked = Url::parse("https://management.azure.com/x").unwrap();
    assert_eq!(cloud.arm_link("/y?z=1", &asked).unwrap().as_str(), "https://management.azure.com/y?z=1");
    assert!(cloud.arm_link("http://management.azure.com/y", &asked).is_err());
    assert!(cloud.arm_link("https://a.openai.azure.com/y", &asked).is_err());
}

#[tokio::test]
async fn who_is_told_to_wait_makes_the_others_of_its_lane_wait() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let f = Fake::new(move |a| {
        signed_in(a).unwrap_or_else(|| {
            let throttled = a.path.ends_with("/east") && first.swap(false, std::sync::atomic::Ordering::SeqCst);
            if throttled {
                return Do::With(
                    429,
                    vec![("retry-after", "40".into())],
                    json!({ "error": { "code": "TooManyRequests" } }),
                );
            }
            Do::Say(200, json!({}))
        })
    })
    .await;
    let url = |path: String| f.azure.arm(&path, "2025-06-01", &[]).unwrap();
    let vault = format!("{}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv", SUB);
    let own = f.azure.clone();
    // One is told to wait; meanwhile another goes the same way, and a third another way.
    let (told, east) = (f.task.clock().task(), url(account("east")));
    let waiting = tokio::spawn(async move { own.get(&told, &east).await.map(|_| told.now().mono) });
    while f.count("GET", "/east") == 0 {
        tokio::task::yield_now().await;
    }
    f.task.sleep(lifeboat::units::Millis::from_secs(1)).await;
    f.azure.get(&f.task, &url(vault)).await.unwrap();
    assert!(f.task.now().mono < 10_000, "another provider does not wait: {}", f.task.now().mono);
    f.azure.get(&f.task, &url(account("west"))).await.unwrap();
    assert!(f.task.now().mono >= 40_000, "the same provider does: {}", f.task.now().mono);
    let first_back = f.task.wait(waiting).await.unwrap().unwrap();
    assert!(first_back >= 40_000);
    assert_eq!(f.count("GET", "/east"), 2, "asked once more, and no more often");
}
