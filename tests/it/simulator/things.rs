//! Resources that a scenario lists, the addresses behind them, names, and what is in soft delete.

use super::*;

pub const SUB: &str = "/subscriptions/00000000-0000-4000-8000-00000000c0de";
const TM: &str = "Microsoft.Network/trafficManagerProfiles";

/// A world with a bit of everything; East US fails from the fifth to the thirtieth minute.
pub fn small() -> Scenario {
    ron::from_str(
        r#"#![enable(implicit_some)]
        Scenario(schema: 1, id: "small", title: "Small", about: "For tests.",
            world: World(
                environment: "small", subscription: "00000000-0000-4000-8000-00000000c0de",
                tenant: "00000000-0000-4000-8000-0000000000aa", client_id: "00000000-0000-4000-8000-0000000000cc",
                client_secret: "simulated-not-a-secret",
                groups: { "rg-a": "eastus" },
                accounts: [Account(name: "oai-a", group: "rg-a", region: "eastus")],
                profiles: [Profile(name: "tm-a", group: "rg-a", routing: "Priority", ttl: 60, targets: [
                    Target(name: "east", host: "east.example.net", region: "eastus", resource: "rg-a/Microsoft.Web/sites/east"),
                    Target(name: "west", host: "west.example.net", region: "westus"),
                ])],
                resources: [
                    Resource(id: "rg-a/Microsoft.KeyVault/vaults/kv-a", location: "eastus", sku: "standard", properties: {
                        "provisioningState": "Succeeded", "enablePurgeProtection": true, "softDeleteRetentionInDays": 90,
                        "rules": [{ "name": "first" }, { "name": "second" }], "connectionString": "hush",
                    }),
                    Resource(id: "rg-b/Microsoft.ContainerRegistry/registries/cra", location: "westus", sku: "Premium",
                        properties: "{\"status\": {\"displayStatus\": \"Ready\"}}"),
                    Resource(id: "rg-b/Microsoft.ContainerRegistry/registries/cra/replications/eastus", location: "eastus"),
                    Resource(id: "rg-b/Microsoft.CognitiveServices/accounts/vision", location: "westus", kind: "ComputerVision",
                        sku: "S1", metrics: { "SuccessfulCalls": 12 }),
                    Resource(id: "rg-b/Microsoft.Insights/components/appi", location: "westus"),
                ],
                sites: [
                    Site(host: "east.example.net", region: "eastus", json: { "status": "ok", "side": "east" }),
                    Site(host: "west.example.net", region: "westus", json: "{\"status\": \"OK\", \"side\": \"west\"}"),
                ],
                names: { "www.small.example": "tm-a.trafficmanager.net" },
                deleted: [
                    Deleted(what: Vault, name: "kv-gone", group: "rg-a", region: "eastus", ago: "30h", days: 7, purge_protection: true),
                    Deleted(what: StorageAccount, name: "stgone", group: "rg-a", region: "eastus", ago: "30h"),
                    Deleted(what: LogWorkspace, name: "log-gone", group: "rg-a", region: "eastus", ago: "30h"),
                    Deleted(what: AIAccount, name: "oai-gone", group: "rg-a", region: "eastus", ago: "30h",
                        deployments: [Deployment(name: "chat", model: "gpt-4o", version: "1", capacity: 30)]),
                ],
                locks: ["rg-a"], witnesses: ["www.example.org"],
            ),
            timeline: [
                Happening(at: "5m", what: Fault(id: "east", on: DataPlane("eastus"), how: Status(503))),
                Happening(at: "5m", what: Fault(id: "arm", on: ArmIn("westus"), how: Status(503))),
                Happening(at: "30m", what: Clear("east")),
            ],
        )"#,
    )
    .unwrap()
}

async fn names(b: &Bench, path: &str) -> Vec<String> {
    let body = b.get(path).await;
    body["value"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_resources_are_read_and_listed() {
    let b = bench_of(small(), None).await;
    let kv = format!("{SUB}/resourceGroups/RG-A/providers/microsoft.keyvault/Vaults/KV-a{V}");
    let body = b.get(&kv).await;
    assert_eq!((&body["type"], &body["location"]), (&json!("Microsoft.KeyVault/vaults"), &json!("eastus")));
    assert_eq!((&body["sku"]["name"], &body["properties"]["rules"][1]["name"]), (&json!("standard"), &json!("second")));
    let r = b.send(b.arm(Method::DELETE, &kv)).await;
    assert_eq!((r.status(), code(r).await), (StatusCode::CONFLICT, "ScopeLocked".to_owned()));
    // Absent: the resource, a child, a type of the namespace, the namespace.
    for (path, wanted) in [
        ("rg-a/providers/Microsoft.KeyVault/vaults/other", "ResourceNotFound"),
        ("rg-b/providers/Microsoft.ContainerRegistry/registries/cra/replications/westus", "ResourceNotFound"),
        ("rg-b/providers/Microsoft.CognitiveServices/accounts/other", "ResourceNotFound"),
        ("rg-c/providers/Microsoft.KeyVault/vaults/kv-a", "ResourceGroupNotFound"),
        ("rg-a/providers/Microsoft.NetworkAnalytics/dataProducts/dp", "InvalidResourceNamespace"),
    ] {
        let r = b.send(b.arm(Method::GET, &format!("{GROUP}/{path}{V}"))).await;
        assert_eq!((r.status(), code(r).await.as_str()), (StatusCode::NOT_FOUND, wanted), "{path}");
    }
    // The region of a group that only a resource names is that resource's.
    assert_eq!(b.get(&format!("{SUB}/resourceGroups/rg-b{V}")).await["location"], "westus");
    // Lists: of the namespace, of a group, of children, joined with what the simulator has of the type.
    let of = |rest: &str| format!("{SUB}/{rest}{V}");
    assert_eq!(names(&b, &of("providers/Microsoft.KeyVault/vaults")).await, ["kv-a"]);
    assert_eq!(names(&b, &of("resourceGroups/rg-a/providers/Microsoft.ContainerRegistry/registries")).await, [""; 0]);
    assert_eq!(names(&b, &of("providers/Microsoft.CognitiveServices/accounts")).await, ["oai-a", "vision"]);
    assert_eq!(names(&b, &of("providers/Microsoft.Insights/components")).await, ["appi"]);
    let replications = "resourceGroups/rg-b/providers/Microsoft.ContainerRegistry/registries/cra/replications";
    assert_eq!(names(&b, &of(replications)).await, ["eastus"]);
    let provider = b.get(&of("providers/Microsoft.ContainerRegistry")).await;
    let types = provider["resourceTypes"].as_array().unwrap();
    assert!(types.iter().any(|t| t["resourceType"] == "registries/replications"), "{provider}");

    // Everything, page by page, and by type.
    let mut url = format!("{SUB}/resources{V}&$top=3");
    let mut all = Vec::new();
    loop {
        let body = b.get(&url).await;
        all.extend(body["value"].as_array().unwrap().clone());
        let Some(next) = body["nextLink"].as_str() else { break };
        url = next.strip_prefix(&b.at.arm).unwrap().to_owned();
    }
    assert_eq!(all.len(), 7, "{all:?}");
    assert!(all.iter().all(|r| r.get("properties").is_none()));
    let filter: String =
        url::form_urlencoded::byte_serialize(b"resourceType eq 'Microsoft.CognitiveServices/accounts'").collect();
    assert_eq!(names(&b, &format!("{SUB}/resources{V}&$filter={filter}")).await, ["oai-a", "vision"]);

    // What speaks of any resource speaks of these.
    let vision = format!("{SUB}/resourceGroups/rg-b/providers/Microsoft.CognitiveServices/accounts/vision");
    let health = b.get(&format!("{vision}/providers/Microsoft.ResourceHealth/availabilityStatuses/current{V}")).await;
    assert_eq!(health["properties"]["availabilityState"], "Available");
    b.until(Millis::from_mins(3)).await;
    let metrics = b.get(&format!("{vision}/providers/Microsoft.Insights/metrics{V}&metricnames=SuccessfulCalls")).await;
    let points = metrics["value"][0]["timeseries"][0]["data"].as_array().unwrap();
    assert!(points.iter().all(|p| p["total"] == 12.0) && points.len() > 50);
    let r = b
        .send(b.arm(Method::GET, &format!("{vision}/providers/Microsoft.Insights/metrics{V}&metricnames=Other")))
        .await;
    assert_eq!(r.status(), StatusCode::BAD_REQUEST);
    // A fault of ARM in the resource's region strikes it, and not the others.
    b.until(Millis::from_mins(6)).await;
    assert_eq!(b.send(b.arm(Method::GET, &format!("{vision}{V}"))).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(b.get(&kv).await["name"], "kv-a");
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_fail_with_their_region_and_names_follow_traffic_manager() {
    let b = bench_of(small(), None).await;
    let site = |name: &str| b.http.get(format!("{}/health", b.host(name)));
    let east = b.send(site("east.example.net")).await;
    assert_eq!(east.json::<Value>().await.unwrap(), json!({ "status": "ok", "side": "east" }));
    assert_eq!(b.send(site("tm-a.trafficmanager.net")).await.json::<Value>().await.unwrap()["side"], "east");
    let leads = async |name: &str| {
        let url = format!("{}/dns-query?name={name}", b.host("resolver.lifeboat.example"));
        let body = b.send(b.http.get(url)).await.json::<Value>().await.unwrap();
        let data = |v: &Value| v["data"].as_str().unwrap().to_owned();
        (body["Status"].as_u64().unwrap(), body["Answer"].as_array().unwrap().iter().map(data).collect::<Vec<_>>())
    };
    let (_, east) = leads("east.example.net").await;
    let (status, way) = leads("www.small.example").await;
    assert_eq!((status, way.len()), (0, 3));
    assert_eq!(way[..2], ["tm-a.trafficmanager.net.", "east.example.net."]);
    assert_eq!(way[2], east[0]);
    assert_eq!(leads("nobody.example").await, (3, Vec::new()));

    // Struck, the site fails at once and the name follows when the probes have given it up.
    b.until(Millis::from_mins(6)).await;
    assert_eq!(b.send(site("east.example.net")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(b.send(site("west.example.net")).await.status(), StatusCode::OK);
    b.until(Millis::from_mins(9)).await;
    let west = leads("west.example.net").await.1;
    assert_eq!(leads("www.small.example").await.1.last(), west.last());
    assert_eq!(b.send(site("www.small.example")).await.json::<Value>().await.unwrap()["side"], "west");

    // What the operator switches off is not given out; a profile that is off has no address.
    b.until(Millis::from_mins(40)).await;
    assert_eq!(leads("tm-a.trafficmanager.net").await.1.last(), east.last());
    let profile = format!("{GROUP}/rg-a/providers/{TM}/tm-a");
    let off = json!({ "properties": { "endpointStatus": "Disabled" } });
    let r = b.send(b.arm(Method::PATCH, &format!("{profile}/azureEndpoints/east{V}")).json(&off)).await;
    assert_eq!(r.status(), StatusCode::OK);
    let body = b.get(&format!("{profile}/AzureEndpoints/east{V}")).await;
    assert_eq!(body["properties"]["targetResourceId"], format!("{GROUP}/rg-a/providers/Microsoft.Web/sites/east"));
    assert_eq!(leads("tm-a.trafficmanager.net").await.1.last(), west.last());
    let off = json!({ "properties": { "profileStatus": "Disabled" } });
    b.send(b.arm(Method::PATCH, &format!("{profile}{V}")).json(&off)).await;
    assert_eq!(leads("www.small.example").await, (3, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_things_are_listed_with_their_deadlines() {
    let mut b = bench_of(small(), None).await;
    let vault = b.get(&format!("{SUB}/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/KV-gone{V}")).await;
    let p = &vault["properties"];
    let time = |v: &Value| v.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!(time(&p["deletionDate"]), EPOCH - 30 * 3_600_000);
    assert_eq!(time(&p["scheduledPurgeDate"]), EPOCH - 30 * 3_600_000 + 7 * 86_400_000);
    assert_eq!((&p["purgeProtectionEnabled"], &p["location"]), (&json!(true), &json!("eastus")));
    for (list, name) in [
        ("Microsoft.KeyVault/deletedVaults", "kv-gone"),
        ("Microsoft.Storage/deletedAccounts", "stgone"),
        ("Microsoft.OperationalInsights/deletedWorkspaces", "log-gone"),
        ("Microsoft.CognitiveServices/deletedAccounts", "oai-gone"),
    ] {
        assert_eq!(names(&b, &format!("{SUB}/providers/{list}{V}")).await, [name]);
    }
    let storage = format!("{SUB}/providers/Microsoft.Storage/locations/eastus/deletedAccounts/stgone{V}");
    assert_eq!(time(&b.get(&storage).await["properties"]["deletionTime"]), EPOCH - 30 * 3_600_000);
    let account = format!(
        "{SUB}/providers/Microsoft.CognitiveServices/locations/eastus/resourceGroups/rg-a/deletedAccounts/oai-gone{V}"
    );
    let left = time(&b.get(&account).await["properties"]["scheduledPurgeDate"]) - EPOCH;
    assert_eq!(left, 18 * 3_600_000);
    for path in ["KeyVault/locations/westus/deletedVaults/kv-gone", "Storage/locations/eastus/deletedAccounts/other"] {
        assert_eq!(b.send(b.arm(Method::GET, &format!("{SUB}/providers/Microsoft.{path}{V}"))).await.status(), 404);
    }

    // A restored account has its deployments back, and after their time is over nothing is left.
    let live = format!("{GROUP}/rg-a/providers/Microsoft.CognitiveServices/accounts/oai-gone");
    assert_eq!(b.send(b.arm(Method::GET, &format!("{live}{V}"))).await.status(), 404);
    let restore = json!({ "location": "eastus", "properties": { "restore": true } });
    assert_eq!(b.send(b.arm(Method::PUT, &format!("{live}{V}")).json(&restore)).await.status(), 201);
    assert_eq!(names(&b, &format!("{live}/deployments{V}")).await, ["chat"]);
    b.until(Millis::from_mins(6 * 24 * 60)).await;
    b.arm_token = b.token("https://management.azure.com").await;
    assert_eq!(names(&b, &format!("{SUB}/providers/Microsoft.KeyVault/deletedVaults{V}")).await, [""; 0]);
    assert_eq!(names(&b, &format!("{SUB}/providers/Microsoft.Storage/deletedAccounts{V}")).await, ["stgone"]);
}
