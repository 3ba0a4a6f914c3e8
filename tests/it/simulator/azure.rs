//! The dialect: sign-in, ARM, stores, inference.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_created_by_a_long_running_operation() {
    let b = bench("quota-exhausted", Strategy::HotCold).await;
    let path = deployment("swedencentral", "chat") + V;
    let started = b.now();
    let put = |b: &Bench| {
        b.arm(Method::PUT, &path).json(&model("gpt-4o", "2024-11-20", 300)).header("x-ms-client-request-id", "one")
    };
    let r = b.send(put(&b)).await;
    assert_eq!(r.status(), 201);
    let status = header(&r, "azure-asyncoperation");
    assert!(status.starts_with(&b.at.arm), "{status}");
    let wait: u64 = header(&r, "retry-after").parse().unwrap();
    assert!(!header(&r, "x-ms-request-id").is_empty());
    assert_eq!(r.json::<Value>().await.unwrap()["properties"]["provisioningState"], "Creating");

    // Not there yet for callers.
    let key = b.key("rg-chat-swedencentral", "oai-prod-swedencentral").await;
    let call = |b: &Bench, path: &str| {
        let url = format!("{}/openai/deployments/{path}{OPENAI}", b.host("oai-prod-swedencentral.openai.azure.com"));
        b.http
            .post(url)
            .header("api-key", &key)
            .json(&json!({ "messages": [{ "role": "user", "content": "ping" }], "max_tokens": 1 }))
    };
    let r = b.send(call(&b, "chat/chat/completions")).await;
    assert_eq!(r.status(), 404);
    assert_eq!(code(r).await, "DeploymentNotFound");

    let mut polls = 0;
    loop {
        b.task.sleep(Millis::from_secs(wait)).await;
        let r = b.send(b.http.get(&status).bearer_auth(&b.arm_token)).await;
        let body: Value = r.json().await.unwrap();
        polls += 1;
        match body["status"].as_str().unwrap() {
            "Succeeded" => break,
            other => assert_eq!(other, "Running"),
        }
        assert!(polls < 100);
    }
    let took = b.now().saturating_sub(started);
    assert!(took >= Millis::from_secs(60) && took <= Millis::from_secs(190), "{took}");
    let body = b.get(&path).await;
    assert_eq!(
        (&body["properties"]["provisioningState"], &body["sku"]["capacity"]),
        (&json!("Succeeded"), &json!(300))
    );
    let r = b.send(call(&b, "chat/chat/completions")).await;
    assert_eq!(r.status(), 200);
    assert_eq!(header(&r, "x-ratelimit-limit-tokens"), "300000");
    assert_eq!(header(&r, "x-ms-region"), "Sweden Central");

    let usages = b
        .get(&format!(
            "/subscriptions/{}/providers/Microsoft.CognitiveServices/locations/swedencentral/usages{V}",
            b.at.subscription
        ))
        .await;
    let row =
        usages["value"].as_array().unwrap().iter().find(|u| u["name"]["value"] == "OpenAI.Standard.gpt-4o").unwrap();
    assert_eq!((row["currentValue"].as_f64(), row["limit"].as_f64()), (Some(340.0), Some(450.0)));

    // The same again changes nothing and starts nothing; both requests are counted under their id.
    let r = b.send(put(&b)).await;
    assert_eq!((r.status(), header(&r, "azure-asyncoperation")), (StatusCode::OK, String::new()));
    assert_eq!(b.simulator.counts()["one"], 2);
    let counts: Value = b.http.get(format!("{}/lifeboat/counts", b.at.arm)).send().await.unwrap().json().await.unwrap();
    assert_eq!(counts["one"], 2);

    // And it stands in the activity log.
    let filter =
        url::form_urlencoded::byte_serialize(b"resourceGroupName eq 'rg-chat-swedencentral'").collect::<String>();
    let log = b.get(&format!("/subscriptions/{}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter={filter}", b.at.subscription)).await;
    assert_eq!(log["value"][0]["httpRequest"]["clientRequestId"], "one");
    assert_eq!(log["value"][0]["operationName"]["value"], "Microsoft.CognitiveServices/accounts/deployments/write");
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_and_offers_bound_deployments() {
    let b = bench("quota-exhausted", Strategy::HotCold).await;
    let path = deployment("swedencentral", "embed") + V;
    let r = b.send(b.arm(Method::PUT, &path).json(&model("text-embedding-3-large", "1", 350))).await;
    assert_eq!(r.status(), 400);
    let body: Value = r.json().await.unwrap();
    assert_eq!(body["error"]["code"], "InsufficientQuota");
    assert!(body["error"]["message"].as_str().unwrap().contains("available capacity 220"), "{body}");
    let r = b.send(b.arm(Method::PUT, &path).json(&model("text-embedding-ada-002", "2", 10))).await;
    assert_eq!(code(r).await, "DeploymentModelNotSupported");
    let r = b.send(b.arm(Method::PUT, &path).json(&model("text-embedding-3-large", "1", 220))).await;
    assert_eq!(r.status(), 201);
    // What is being created holds its quota already.
    let other = deployment("swedencentral", "embed2") + V;
    let r = b.send(b.arm(Method::PUT, &other).json(&model("text-embedding-3-large", "1", 1))).await;
    assert_eq!(code(r).await, "InsufficientQuota");
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_rises_later_and_deletion_frees_quota() {
    let b = bench("region-loss", Strategy::HotWarm).await;
    let path = deployment("swedencentral", "chat") + V;
    let r = b.send(b.arm(Method::PATCH, &path).json(&json!({ "sku": { "capacity": 300 } }))).await;
    assert_eq!(r.status(), 202);
    let result = header(&r, "location");
    let r = b.send(b.http.get(&result).bearer_auth(&b.arm_token)).await;
    assert_eq!(r.status(), 202);
    let body = b.get(&path).await;
    assert_eq!((&body["sku"]["capacity"], &body["properties"]["currentCapacity"]), (&json!(300), &json!(60)));
    // A second change meets the first.
    let r = b.send(b.arm(Method::PATCH, &path).json(&json!({ "sku": { "capacity": 310 } }))).await;
    assert_eq!((r.status(), code(r).await), (StatusCode::CONFLICT, "RequestConflict".to_owned()));
    b.task.sleep(Millis::from_mins(2)).await;
    let r = b.send(b.http.get(&result).bearer_auth(&b.arm_token)).await;
    assert_eq!(r.json::<Value>().await.unwrap()["properties"]["currentCapacity"], 300);

    let r = b.send(b.arm(Method::DELETE, &path)).await;
    assert_eq!(r.status(), 202);
    let result = header(&r, "location");
    b.task.sleep(Millis::from_mins(1)).await;
    assert_eq!(b.send(b.http.get(&result).bearer_auth(&b.arm_token)).await.status(), 204);
    assert_eq!(b.send(b.arm(Method::GET, &path)).await.status(), 404);
    // The primary's group is locked.
    let r = b.send(b.arm(Method::DELETE, &(deployment("eastus", "chat") + V))).await;
    assert_eq!(code(r).await, "ScopeLocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_gets_an_address_when_it_exists() {
    let b = bench_of(scenario("sandbox"), None).await;
    let path = format!("{GROUP}/rg-sandbox-westeurope/providers/Microsoft.CognitiveServices/accounts/oai-new{V}");
    let hosts = || async {
        b.http.get(format!("{}/lifeboat/hosts", b.at.arm)).send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(hosts().await["oai-new.openai.azure.com"], Value::Null);
    let body = json!({ "location": "westeurope", "kind": "OpenAI", "sku": { "name": "S0" }, "properties": { "customSubDomainName": "oai-new" } });
    let r = b.send(b.arm(Method::PUT, &path).json(&body)).await;
    assert_eq!(r.status(), 201);
    assert_eq!(r.json::<Value>().await.unwrap()["properties"]["provisioningState"], "Creating");
    b.task.sleep(Millis::from_mins(2)).await;
    assert_eq!(b.get(&path).await["properties"]["provisioningState"], "Succeeded");
    let address = hosts().await["oai-new.openai.azure.com"].as_str().unwrap().to_owned();
    let key = b.key("rg-sandbox-westeurope", "oai-new").await;
    let r = b.send(b.http.get(format!("{address}/openai/models{OPENAI}")).header("api-key", &key)).await;
    assert_eq!(r.status(), 200);
    // Deleted softly, the name is blocked, and a restore brings it back.
    assert_eq!(b.send(b.arm(Method::DELETE, &path)).await.status(), 202);
    let r = b.send(b.arm(Method::PUT, &path).json(&body)).await;
    assert_eq!(code(r).await, "FlagMustBeSetForRestore");
    let restore = json!({ "location": "westeurope", "properties": { "restore": true } });
    assert_eq!(b.send(b.arm(Method::PUT, &path).json(&restore)).await.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_refuses_a_write_on_a_stale_etag() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let token = b.token("https://azconfig.io").await;
    let kv = format!("{}/kv/weight-eastus?api-version=2023-11-01", b.host("appcs-prod-chat.azconfig.io"));
    let r = b.send(b.http.get(&kv).bearer_auth(&token)).await;
    let etag = header(&r, "etag");
    let body: Value = r.json().await.unwrap();
    assert_eq!((&body["value"], format!("\"{}\"", body["etag"].as_str().unwrap())), (&json!("50"), etag.clone()));
    let put = |value: &str, tag: &str| {
        b.http.put(&kv).bearer_auth(&token).header("if-match", tag).json(&json!({ "value": value }))
    };
    assert_eq!(b.send(put("10", &etag)).await.status(), 200);
    assert_eq!(b.send(put("20", &etag)).await.status(), 412);
    let r =
        b.send(b.http.put(&kv).bearer_auth(&token).header("if-none-match", "*").json(&json!({ "value": "30" }))).await;
    assert_eq!(r.status(), 412);
    let body: Value = b.send(b.http.get(&kv).bearer_auth(&token)).await.json().await.unwrap();
    assert_eq!(body["value"], "10");
    let all = format!("{}/kv?key=weight-*&api-version=2023-11-01", b.host("appcs-prod-chat.azconfig.io"));
    let body: Value = b.send(b.http.get(all).bearer_auth(&token)).await.json().await.unwrap();
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
    // ARM's token does not open the store.
    assert_eq!(b.send(b.http.get(&kv).bearer_auth(&b.arm_token)).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn doors_open_to_the_right_token_only() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let path = format!("{}/subscriptions?api-version=2022-12-01", b.at.arm);
    let r = b.send(b.http.get(&path)).await;
    assert!(header(&r, "www-authenticate").starts_with("Bearer "));
    assert_eq!((r.status(), code(r).await), (StatusCode::UNAUTHORIZED, "AuthenticationFailed".to_owned()));
    let other = b.token("https://cognitiveservices.azure.com").await;
    let forged = format!("{}x", b.arm_token);
    for (token, why) in [
        ("garbage", "InvalidAuthenticationToken"),
        (&forged, "InvalidAuthenticationToken"),
        (&other, "InvalidAuthenticationTokenAudience"),
    ] {
        let r = b.send(b.http.get(&path).bearer_auth(token)).await;
        assert_eq!((r.status(), code(r).await.as_str()), (StatusCode::UNAUTHORIZED, why));
    }
    // Keys are bound to their account.
    let key = b.key("rg-chat-swedencentral", "oai-prod-swedencentral").await;
    let models = |host: &str| format!("{}/openai/v1/models", b.host(host));
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).header("api-key", &key)).await;
    assert_eq!(r.status(), 200);
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).header("api-key", "nonsense")).await;
    let body: Value = r.json().await.unwrap();
    assert!(body["error"]["message"].as_str().unwrap().contains("invalid subscription key or wrong API endpoint"));
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).bearer_auth(&other)).await;
    assert_eq!(r.status(), 200);

    // The v1 routes take the key as a bearer token as well, but not another account's.
    let r = b.send(b.http.get(models("oai-prod-swedencentral.openai.azure.com")).bearer_auth(&key)).await;
    assert_eq!(r.status(), 200);
    b.until(Millis::from_mins(76)).await;
    for r in [
        b.http.get(models("oai-prod-eastus.openai.azure.com")).bearer_auth(&key),
        b.http.get(models("oai-prod-eastus.openai.azure.com")).header("api-key", &key),
    ] {
        assert_eq!(b.send(r).await.status(), 401);
    }

    let sign_in = |tenant: &str, client: &str, secret: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", "x/.default"),
        ];
        b.http.post(format!("{}/{tenant}/oauth2/v2.0/token", b.at.authority)).form(&form)
    };
    for (request, status, number) in [
        (sign_in(&b.at.tenant, &b.at.client_id, "wrong"), 401, "AADSTS7000215"),
        (sign_in(&b.at.tenant, "nobody", &b.at.client_secret), 400, "AADSTS700016"),
        (sign_in("elsewhere", &b.at.client_id, &b.at.client_secret), 400, "AADSTS90002"),
    ] {
        let r = b.send(request).await;
        assert_eq!(r.status(), status);
        let body: Value = r.json().await.unwrap();
        assert!(body["error_description"].as_str().unwrap().starts_with(&format!("{number}:")), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_sensible_version_is_taken_and_nonsense_refused() {
    let b = bench("region-loss", Strategy::HotHot).await;
    let list = format!("/SUBSCRIPTIONS/{}/resourcegroups", b.at.subscription);
    for good in ["2025-04-01", "2021-04-01", "2027-01-01-preview"] {
        assert_eq!(b.get(&format!("{list}?api-version={good}")).await["value"].as_array().unwrap().len(), 3);
    }
    for bad in ["banana", "1999-01-01", "2099-01-01", "2025-13-01", "2025-01-01-x", ""] {
        let r = b.send(b.arm(Method::GET, &format!("{list}?api-version={bad}"))).await;
        assert_eq!(r.status(), 400, "{bad}");
    }
    let r = b.send(b.arm(Method::GET, &list)).await;
    assert_eq!(code(r).await, "MissingApiVersionParameter");
    // Pages link to each other on ARM's own address.
    let mut url = format!("{}/subscriptions/{}/resources?$top=1&api-version=2021-04-01", b.at.arm, b.at.subscription);
    let mut names = Vec::new();
    loop {
        assert!(url.starts_with(&b.at.arm));
        let body: Value = b.send(b.http.get(&url).bearer_auth(&b.arm_token)).await.json().await.unwrap();
        names.extend(body["value"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap().to_owned()));
        match body["nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert_eq!(names, ["oai-prod-eastus", "oai-prod-swedencentral", "appcs-prod-chat"]);
    // Odd requests are answered, not fatal.
    for (method, path) in [
        (Method::GET, "/subscriptions//x"),
        (Method::POST, "/%ff/%00"),
        (Method::PUT, "/providers"),
        (Method::GET, "/"),
    ] {
        let r = b.send(b.arm(method, &format!("{path}{V}"))).await;
        assert!(r.status().is_client_error());
    }
    let r = b.send(b.arm(Method::PUT, &(deployment("eastus", "new") + V)).body("{not json")).await;
    assert_eq!(code(r).await, "InvalidRequestContent");
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_trusted_through_the_named_file() {
    let clock = Clock::system();
    let mut options = Options::new(scenario("sandbox"), clock);
    options.https = true;
    let simulator = Simulator::start(options).await.unwrap();
    let at = simulator.connection();
    assert!(at.hosts.values().chain([&at.arm, &at.authority]).all(|a| a.starts_with("https://127.0.0.1:")));
    let ca = std::path::PathBuf::from(at.ca.unwrap());
    let pem = std::fs::read(&ca).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .build()
        .unwrap();
    let url = format!("{}/metadata/endpoints?api-version=2022-09-01", at.arm);
    let body: Value = trusting.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["resourceManager"], at.arm.as_str());
    assert!(plain().get(&url).send().await.is_err(), "nobody else trusts it");
    simulator.shutdown().await.unwrap();
    assert!(!ca.exists());
}
