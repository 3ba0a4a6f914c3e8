//! What a client that nobody's SDK holds back may send: each request with the answer that Azure gives to it.

use super::things::SUB;
use super::*;

const EAST: &str = "rg-sandbox-eastus/providers/Microsoft.CognitiveServices/accounts/oai-sandbox-eastus";

/// Status and code of the answer to a request with ARM's token.
async fn told(b: &Bench, method: Method, path: &str, body: Value) -> (u16, String, Value) {
    let request = b.arm(method, path);
    let r = b.send(if body.is_null() { request } else { request.json(&body) }).await;
    let status = r.status().as_u16();
    let body: Value = r.json().await.unwrap_or_default();
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_requests_are_answered_as_azure_answers_them() {
    let b = bench_of(scenario("sandbox"), None).await;
    let s = "?api-version=2026-04-01";
    let account = format!("{GROUP}/{EAST}");
    let storage = format!("{GROUP}/rg-sandbox-eastus/providers/Microsoft.Storage");
    let place = || json!({ "location": "eastus" });
    let none = || Value::Null;
    for (method, path, body, status, code) in [
        // Types and versions.
        (Method::PUT, format!("{storage}/nonsense/x{s}"), place(), 404, "InvalidResourceType"),
        (Method::GET, format!("{account}/nonsense{V}"), none(), 404, "InvalidResourceType"),
        (Method::GET, format!("{account}/listKeys{V}"), none(), 405, "MethodNotAllowed"),
        (Method::GET, format!("{account}?api-version=2099-01-01"), none(), 400, "NoRegisteredProviderFound"),
        (Method::GET, format!("{account}?api-version=1999-01-01"), none(), 400, "NoRegisteredProviderFound"),
        (Method::GET, format!("{SUB}/resources?api-version=1999-01-01"), none(), 400, "InvalidApiVersionParameter"),
        (Method::OPTIONS, format!("{account}{V}"), none(), 405, "MethodNotAllowed"),
        // Deeper than a deployment there is nothing to delete.
        (Method::DELETE, format!("{account}/deployments/embed/extra/thing{V}"), none(), 404, "InvalidResourceType"),
        (Method::PATCH, format!("{account}x{V}"), json!({ "tags": {} }), 404, "ResourceNotFound"),
        // Subscriptions.
        (Method::GET, format!("/subscriptions/nope/resourcegroups{V}"), none(), 400, "InvalidSubscriptionId"),
        (Method::DELETE, format!("{SUB}{V}"), none(), 405, "MethodNotAllowed"),
        // Lists.
        (Method::GET, format!("{SUB}/resources{V}&$top=0"), none(), 400, "InvalidTopInQueryString"),
        (Method::GET, format!("{SUB}/resources{V}&$skiptoken=x"), none(), 400, "InvalidSkipTokenInQueryString"),
        (Method::GET, format!("{SUB}/resources{V}&$filter=name eq 'a"), none(), 400, "InvalidFilterInQueryString"),
        (Method::GET, format!("{SUB}/resourcegroups{V}&$filter=garbage"), none(), 400, "InvalidFilterInQueryString"),
        // Bodies.
        (Method::PUT, format!("{GROUP}/rg-new{V}"), json!({ "location": "" }), 400, "LocationRequired"),
        (
            Method::POST,
            format!("{SUB}/providers/Microsoft.Storage/checkNameAvailability{s}"),
            json!({}),
            400,
            "InvalidRequestContent",
        ),
        (
            Method::PUT,
            format!("{storage}/storageAccounts/stodd{s}"),
            json!({ "location": "eastus", "kind": "Nonsense", "sku": { "name": "Standard_LRS" } }),
            400,
            "InvalidValuesForRequestParameters",
        ),
        // Soft delete.
        (
            Method::POST,
            format!(
                "{SUB}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/kv-sandbox-lost/purge?api-version=2026-02-01"
            ),
            none(),
            405,
            "MethodNotAllowed",
        ),
    ] {
        let (is, why, body) = told(&b, method.clone(), &path, body).await;
        assert_eq!((is, why.as_str()), (status, code), "{method} {path}: {body}");
    }
    assert_eq!(b.get(&format!("{account}/deployments/embed{V}")).await["name"], "embed", "nobody deleted it");
    let (_, _, v) = told(&b, Method::GET, &format!("{account}/deployments/none{V}"), Value::Null).await;
    let text = v["error"]["message"].as_str().unwrap();
    assert!(text.contains("accounts/oai-sandbox-eastus/deployments/none'"), "{text}");
    // Without a version nobody looks at the token; and whether something is there is said without a body.
    let r = b.send(b.http.get(format!("{}/subscriptions", b.at.arm))).await;
    assert_eq!((r.status().as_u16(), code(r).await.as_str()), (400, "MissingApiVersionParameter"));
    for (path, status) in [(account.clone(), 204), (format!("{account}x"), 404), (format!("{GROUP}/rg-none"), 404)] {
        assert_eq!(b.send(b.arm(Method::HEAD, &format!("{path}{V}"))).await.status(), status, "{path}");
    }
    let r = b.send(b.arm(Method::DELETE, &format!("{account}/deployments/none{V}"))).await;
    assert_eq!(header(&r, "x-ms-ratelimit-remaining-subscription-deletes"), "199");
    assert_eq!(
        (header(&r, "cache-control"), header(&r, "x-content-type-options")),
        ("no-cache".into(), "nosniff".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_is_quick_and_a_new_copy_of_an_account_can_be_failed_over() {
    let b = bench_of(scenario("sandbox"), None).await;
    let s = "?api-version=2026-04-01";
    let own = format!("{GROUP}/rg-sandbox-eastus/providers/Microsoft.Storage/storageAccounts/stquick");
    let new = json!({ "location": "eastus", "kind": "StorageV2", "sku": { "name": "Standard_RAGRS" } });
    let started = b.send(b.arm(Method::PUT, &format!("{own}{s}")).json(&new)).await;
    let link = header(&started, "location");
    assert_eq!((started.status().as_u16(), header(&started, "retry-after").as_str()), (202, "1"));
    b.task.sleep(Millis::from_secs(5)).await;
    let made = b.get(link.strip_prefix(&b.at.arm).unwrap()).await;
    assert_eq!(made["properties"]["primaryEndpoints"]["blob"], "https://stquick.blob.core.windows.net/", "{made}");
    assert_eq!(made["properties"]["simulatedCopySince"], Value::Null);
    let begun = b.now();
    let r = b.send(b.arm(Method::POST, &format!("{own}/failover{s}"))).await;
    let link = header(&r, "location");
    assert_eq!(r.status(), 202);
    while b.send(b.arm(Method::GET, link.strip_prefix(&b.at.arm).unwrap())).await.status() == 202 {
        b.task.sleep(Millis::from_secs(1)).await;
    }
    let took = b.now().saturating_sub(begun);
    assert!(took < Millis::from_secs(30), "{took:?}");
    assert_eq!(b.get(&format!("{own}{s}")).await["properties"]["primaryLocation"], "westus");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_and_a_deployment_are_made_with_is_kept() {
    let b = bench_of(scenario("sandbox"), None).await;
    let own = format!("{GROUP}/rg-sandbox-eastus/providers/Microsoft.CognitiveServices/accounts/oai-kept");
    let new = json!({
        "location": "eastus", "kind": "OpenAI", "sku": { "name": "S0" }, "tags": { "a": "1" },
        "identity": { "type": "SystemAssigned" }, "properties": { "customSubDomainName": "another-name" },
    });
    let (status, _, v) = told(&b, Method::PUT, &format!("{own}{V}"), new).await;
    assert_eq!((status, &v["properties"]["endpoint"]), (201, &json!("https://another-name.openai.azure.com/")));
    assert!(v["identity"]["principalId"].is_string(), "{v}");
    b.task.sleep(Millis::from_secs(5)).await;
    let hosts = b.simulator.connection().hosts;
    let key = b.key("rg-sandbox-eastus", "oai-kept").await;
    let models = format!("{}/openai/v1/models", hosts["another-name.openai.azure.com"]);
    assert_eq!(b.send(b.http.get(models).header("api-key", key)).await.status(), 200);
    // A PUT without tags has none, and an account with a project stays.
    let plain = json!({ "location": "eastus", "kind": "OpenAI", "sku": { "name": "S0" }, "properties": {} });
    assert_eq!(told(&b, Method::PUT, &format!("{own}{V}"), plain).await.2["tags"], json!({}));
    let project = json!({ "location": "eastus", "properties": {} });
    assert_eq!(told(&b, Method::PUT, &format!("{own}/projects/one{V}"), project).await.0, 201);
    let (status, why, _) = told(&b, Method::DELETE, &format!("{own}{V}"), Value::Null).await;
    assert_eq!((status, why.as_str()), (409, "CannotDeleteResource"));

    let path = format!("{own}/deployments/chat{V}");
    let with = |version: &str| {
        let mut body = model("gpt-4o", version, 20);
        (body["sku"]["name"], body["tags"]) = (json!("GlobalStandard"), json!({ "b": "2" }));
        body["properties"]["versionUpgradeOption"] = json!("OnceNewDefaultVersionAvailable");
        body
    };
    assert_eq!(told(&b, Method::PUT, &path, with("2024-08-06")).await.0, 201);
    b.task.sleep(Millis::from_secs(5)).await;
    assert_eq!(told(&b, Method::PUT, &path, with("2024-11-20")).await.0, 200, "another version of the same model");
    b.task.sleep(Millis::from_secs(5)).await;
    let v = b.get(&path).await;
    assert_eq!((&v["sku"]["name"], &v["tags"]["b"]), (&json!("GlobalStandard"), &json!("2")), "{v}");
    assert_eq!(v["properties"]["model"]["version"], "2024-11-20");
    assert_eq!(v["properties"]["versionUpgradeOption"], "OnceNewDefaultVersionAvailable");
    let usages = b.get(&format!("{SUB}/providers/Microsoft.CognitiveServices/locations/eastus/usages{V}")).await;
    let used = |name: &str| {
        usages["value"].as_array().unwrap().iter().find(|u| u["name"]["value"] == name).unwrap()["currentValue"].clone()
    };
    assert_eq!((used("OpenAI.GlobalStandard.gpt-4o"), used("OpenAI.Standard.gpt-4o")), (json!(20.0), json!(100.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_made_through_resource_manager_is_kept_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::scenario(EPOCH, Millis(0), Speed::Max);
    let mut options = Options::new(scenario("sandbox"), clock.clone());
    options.state_file = Some(dir.path().join("world.json"));
    let b = Bench::of(options, &clock).await;
    let path = format!(
        "{GROUP}/rg-ml-eastus/providers/Microsoft.KeyVault/vaults/kv-ml-eastus/secrets/word?api-version=2026-02-01"
    );
    let body = json!({ "properties": { "value": "hush-hush", "contentType": "text/plain" } });
    let (status, _, v) = told(&b, Method::PUT, &path, body).await;
    assert_eq!(
        (status, &v["properties"]["secretUri"]),
        (201, &json!("https://kv-ml-eastus.vault.azure.net/secrets/word"))
    );
    assert!(!v.to_string().contains("hush-hush") && !b.get(&path).await.to_string().contains("hush-hush"));
    let kept = std::fs::read_to_string(dir.path().join("world.json")).unwrap();
    assert!(kept.contains("secrets/word") && !kept.contains("hush-hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_token_address_and_too_much_to_read_are_answered_too() {
    let b = bench_of(scenario("sandbox"), None).await;
    let form = |what: &str| {
        let who = [("grant_type", "client_credentials"), ("client_id", &b.at.client_id)];
        let fields = [who[0], who[1], ("client_secret", b.at.client_secret.as_str()), ("resource", what)];
        b.http.post(format!("{}/{}/oauth2/token", b.at.authority, b.at.tenant)).form(&fields)
    };
    let v: Value = b.send(form("https://management.azure.com/")).await.json().await.unwrap();
    assert!(v["expires_on"].is_string() && v["resource"] == "https://management.azure.com/", "{v}");
    let groups = format!("{}{SUB}/resourcegroups{V}", b.at.arm);
    let r = b.send(b.http.get(&groups).bearer_auth(v["access_token"].as_str().unwrap())).await;
    assert_eq!(r.status(), 200);
    let v: Value = b.send(form("https://nothing.example.org/")).await.json().await.unwrap();
    assert_eq!((&v["error"], &v["error_codes"][0]), (&json!("invalid_resource"), &json!(500_011)));
    let r = b.send(b.arm(Method::PUT, &format!("{GROUP}/rg-new{V}")).body(vec![b' '; 4 * 1024 * 1024 + 1])).await;
    assert_eq!((r.status().as_u16(), header(&r, "x-ms-request-id").len()), (413, 36));
}
