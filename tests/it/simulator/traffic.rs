//! Traffic Manager profiles and endpoints, DNS zones, Front Door: what leads users.

use super::busy::*;
use super::*;

const TM: &str = "Microsoft.Network/trafficManagerProfiles";

async fn leads(b: &Bench, name: &str) -> (Vec<String>, u64) {
    let url = format!("{}/dns-query?name={name}", b.host("resolver.lifeboat.example"));
    let body = b.send(b.http.get(url)).await.json::<Value>().await.unwrap();
    let answers = body["Answer"].as_array().unwrap().clone();
    let names = answers.iter().filter(|a| a["type"] == 5).map(|a| a["data"].as_str().unwrap().to_owned()).collect();
    (names, answers.first().and_then(|a| a["TTL"].as_u64()).unwrap_or(0))
}

fn endpoint(status: &str, more: Value) -> Value {
    let mut p = json!({ "endpointStatus": status });
    p.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "properties": p })
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_and_endpoints_are_made_changed_and_deleted() {
    let b = bench_of(busy(), None).await;
    let tm = |rest: &str| at("rg-a", &format!("{TM}/tm-new{rest}"));
    let profile = |label: &str| {
        json!({
            "location": "global", "tags": { "a": "b" }, "properties": {
                "trafficRoutingMethod": "Priority", "dnsConfig": { "relativeName": label, "ttl": 30 },
                "monitorConfig": { "protocol": "HTTPS", "port": 443, "path": "/health", "intervalInSeconds": 10, "timeoutInSeconds": 5, "toleratedNumberOfFailures": 1 },
                "endpoints": [{ "name": "first", "type": format!("{TM}/externalEndpoints"), "properties": { "target": "east.example.net", "endpointStatus": "Enabled" } }],
            },
        })
    };
    assert_eq!(b.change(Method::PUT, &tm(""), json!({ "properties": {} })).await.refusal(), (400, "BadRequest"));
    assert_eq!(b.change(Method::PUT, &tm(""), profile("tm-a")).await.refusal(), (409, "Conflict"));
    let made = b.change(Method::PUT, &tm(""), profile("shop-new")).await;
    assert_eq!((made.status, &made.p("dnsConfig")["fqdn"]), (201, &json!("shop-new.trafficmanager.net")));
    assert_eq!(made.p("monitorConfig")["profileMonitorStatus"], "CheckingEndpoints");
    assert_eq!(leads(&b, "shop-new.trafficmanager.net").await, (vec!["east.example.net.".to_owned()], 30));

    // Endpoints of each kind, one by one.
    let put = async |of: &str, name: &str, p: Value| {
        b.change(Method::PUT, &tm(&format!("/{of}/{name}")), endpoint("Enabled", p)).await
    };
    assert_eq!(put("ExternalEndpoints", "second", json!({})).await.refusal(), (400, "BadRequest"));
    assert_eq!(
        put("externalEndpoints", "second", json!({ "target": "west.example.net", "priority": 1 })).await.refusal(),
        (400, "BadRequest")
    );
    assert_eq!(
        put("externalEndpoints", "second", json!({ "target": "west.example.net", "weight": 1001 })).await.refusal(),
        (400, "BadRequest")
    );
    let r =
        put("externalEndpoints", "second", json!({ "target": "west.example.net", "endpointLocation": "North Europe" }))
            .await;
    assert_eq!(
        (r.status, r.p("priority"), r.p("weight"), r.p("endpointMonitorStatus")),
        (201, &json!(2), &json!(1), &json!("CheckingEndpoint"))
    );
    let account = format!("{GROUP}/rg-a/providers/Microsoft.CognitiveServices/accounts/oai-east");
    let r = put("AzureEndpoints", "third", json!({ "targetResourceId": account })).await;
    assert_eq!(
        (r.status, r.p("target"), r.p("endpointLocation")),
        (201, &json!("oai-east.openai.azure.com"), &json!("East US"))
    );
    let nested = format!("{GROUP}/rg-r/providers/{TM}/tm-a");
    let r = put(
        "nestedEndpoints",
        "fourth",
        json!({ "targetResourceId": nested, "minChildEndpoints": 2, "alwaysServe": "Disabled" }),
    )
    .await;
    assert_eq!(
        (r.status, r.p("target"), r.p("minChildEndpoints")),
        (201, &json!("tm-a.trafficmanager.net"), &json!(2))
    );
    b.task.sleep(Millis::from_secs(31)).await;
    let seen = b.look(&tm("")).await;
    let states: Vec<&str> = seen
        .p("endpoints")
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["properties"]["endpointMonitorStatus"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["Online"; 4]);

    // The region is lost: two probes of ten seconds decide here, four of thirty in the other profile.
    b.until(Millis::from_mins(10) + Millis::from_secs(40)).await;
    let state = async |of: &str| b.look(&tm(&format!("/{of}"))).await.p("endpointMonitorStatus").clone();
    assert_eq!(state("externalEndpoints/first").await, "Degraded");
    assert_eq!(state("nestedEndpoints/fourth").await, "Online");
    assert_eq!(leads(&b, "shop-new.trafficmanager.net").await.0, ["west.example.net."]);
    b.until(Millis::from_mins(13)).await;
    assert_eq!(state("nestedEndpoints/fourth").await, "Degraded", "one of two is too few");
    let r = b
        .change(Method::PATCH, &tm("/externalEndpoints/first"), json!({ "properties": { "alwaysServe": "Enabled" } }))
        .await;
    assert_eq!((r.p("endpointMonitorStatus"), r.p("alwaysServe")), (&json!("Unmonitored"), &json!("Enabled")));
    assert_eq!(leads(&b, "shop-new.trafficmanager.net").await.0, ["east.example.net."]);

    // A list of endpoints replaces the present one; one by one they are taken away.
    assert_eq!(b.change(Method::DELETE, &tm("/nestedEndpoints/fourth"), Value::Null).await.status, 200);
    assert_eq!(b.change(Method::DELETE, &tm("/nestedEndpoints/fourth"), Value::Null).await.status, 204);
    let one = json!({ "properties": { "trafficRoutingMethod": "Weighted", "endpoints": [
        { "name": "second", "type": format!("{TM}/externalEndpoints"), "properties": { "weight": 7 } },
    ] } });
    let r = b.change(Method::PATCH, &tm(""), one).await;
    assert_eq!((r.status, r.p("endpoints").as_array().unwrap().len()), (200, 1));
    assert_eq!((&r.p("endpoints")[0]["properties"]["weight"], &r.body["tags"]), (&json!(7), &json!({ "a": "b" })));
    let r = b
        .change(Method::PATCH, &tm(""), json!({ "properties": { "monitorConfig": { "timeoutInSeconds": 10 } } }))
        .await;
    assert_eq!(r.refusal(), (400, "BadRequest"), "ten seconds do not fit into an interval of ten");
    assert_eq!(b.change(Method::DELETE, &tm(""), Value::Null).await.status, 200);
    assert_eq!(b.look(&tm("")).await.status, 404);
    assert_eq!(leads(&b, "shop-new.trafficmanager.net").await.0, [""; 0]);
    assert_eq!(b.change(Method::DELETE, &tm(""), Value::Null).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn record_sets_are_guarded_by_their_etags_and_lead_the_resolver() {
    let b = bench_of(busy(), None).await;
    let zone = |rest: &str| at("rg-r", &format!("Microsoft.Network/dnsZones/busy.example{rest}"));
    let r = b.send(b.arm(Method::GET, &zone("/CNAME/www"))).await;
    let first = header(&r, "etag");
    assert_eq!(r.json::<Value>().await.unwrap()["etag"], first);
    assert_eq!(
        leads(&b, "www.busy.example").await,
        (vec!["tm-a.trafficmanager.net.".to_owned(), "east.example.net.".to_owned()], 120)
    );
    let put = async |name: &str, value: &str, path: &str, body: Value| {
        let request = b.arm(Method::PUT, path).header(name, value).json(&body);
        let r = b.send(request).await;
        (r.status().as_u16(), r.json::<Value>().await.unwrap())
    };
    let to = |host: &str| json!({ "properties": { "TTL": 60, "CNAMERecord": { "cname": host } } });
    let (status, body) = put("if-match", "other", &zone("/CNAME/www"), to("west.example.net")).await;
    assert_eq!((status, &body["error"]["code"]), (412, &json!("PreconditionFailed")));
    assert_eq!(put("if-none-match", "*", &zone("/CNAME/www"), to("west.example.net")).await.0, 412);
    let (status, body) = put("if-match", &first, &zone("/CNAME/www"), to("west.example.net")).await;
    assert_eq!((status, &body["properties"]["fqdn"]), (200, &json!("www.busy.example.")));
    assert_ne!(body["etag"], first);
    assert_eq!(
        put("if-match", &first, &zone("/CNAME/www"), to("east.example.net")).await.0,
        412,
        "it has changed since"
    );
    assert_eq!(leads(&b, "www.busy.example").await, (vec!["west.example.net.".to_owned()], 60));
    assert_eq!(put("if-none-match", "*", &zone("/CNAME/api"), to("east.example.net")).await.0, 201);
    assert_eq!(leads(&b, "api.busy.example").await.0, ["east.example.net."]);
    // A name that is an alias is nothing else; an alias record leads to a profile.
    let a = json!({ "properties": { "TTL": 60, "ARecords": [{ "ipv4Address": "10.0.0.1" }] } });
    assert_eq!(b.change(Method::PUT, &zone("/A/www"), a).await.refusal(), (400, "CnameRecordConflict"));
    let alias = json!({ "properties": { "targetResource": { "id": format!("{GROUP}/rg-r/providers/{TM}/tm-a") } } });
    assert_eq!(b.change(Method::PUT, &zone("/A/@"), alias).await.status, 201);
    assert_eq!(leads(&b, "busy.example").await.0, ["tm-a.trafficmanager.net.", "east.example.net."]);
    assert_eq!(b.change(Method::PUT, &zone("/NOPE/x"), to("x")).await.refusal(), (400, "BadRequest"));
    let mut all = b.names(&zone("/recordsets")).await;
    all.sort_unstable();
    assert_eq!(all, ["@", "api", "www"]);
    assert_eq!(b.names(&zone("/CNAME")).await, ["www", "api"]);
    assert_eq!(b.change(Method::DELETE, &zone("/CNAME/api"), Value::Null).await.status, 200);
    assert_eq!(leads(&b, "api.busy.example").await.0, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_are_switched_by_long_running_work() {
    let b = bench_of(busy(), None).await;
    let origin = at("rg-r", "Microsoft.Cdn/profiles/fd/originGroups/og/origins/east");
    let before = b.look(&origin).await;
    assert_eq!((before.p("enabledState"), before.p("originGroupName")), (&json!("Enabled"), &json!("og")));
    for bad in [json!({ "priority": 6 }), json!({ "weight": 0 }), json!({ "enabledState": "Off" })] {
        assert_eq!(b.change(Method::PATCH, &origin, json!({ "properties": bad })).await.refusal(), (400, "BadRequest"));
    }
    let r =
        b.change(Method::PATCH, &origin, json!({ "properties": { "enabledState": "Disabled", "priority": 2 } })).await;
    assert_eq!(
        (r.status, r.p("provisioningState"), r.p("deploymentStatus")),
        (200, &json!("Updating"), &json!("InProgress"))
    );
    assert_eq!(b.finish(&r).await.body["status"], "Succeeded");
    let after = b.look(&origin).await;
    assert_eq!(
        (after.p("enabledState"), after.p("priority"), after.p("hostName")),
        (&json!("Disabled"), &json!(2), &json!("east.example.net"))
    );
}
