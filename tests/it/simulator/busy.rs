//! A world with something of every service that changes, and short ways to ask it.

use super::*;

pub const SUB: &str = "/subscriptions/00000000-0000-4000-8000-00000000c0de";

/// East US fails from the tenth minute to the fortieth; ARM for West US from the hundredth on.
pub fn busy() -> Scenario {
    ron::from_str(
        r#"#![enable(implicit_some)]
        Scenario(schema: 1, id: "busy", title: "Busy", about: "For tests.",
            world: World(
                environment: "busy", subscription: "00000000-0000-4000-8000-00000000c0de",
                tenant: "00000000-0000-4000-8000-0000000000aa", client_id: "00000000-0000-4000-8000-0000000000cc",
                client_secret: "simulated-not-a-secret",
                groups: { "rg-a": "eastus", "rg-keep": "westus", "rg-r": "eastus2" },
                accounts: [
                    Account(name: "oai-east", group: "rg-a", region: "eastus"), Account(name: "oai-west", group: "rg-keep", region: "westus"),
                ],
                quotas: [Quota(region: "westus", model: "gpt-4o", versions: ["1"], limit: 100, used_elsewhere: 30)],
                profiles: [Profile(name: "tm-a", group: "rg-r", routing: "Priority", ttl: 60, targets: [
                    Target(name: "east", host: "east.example.net", region: "eastus"),
                    Target(name: "west", host: "west.example.net", region: "westus"),
                ])],
                sites: [
                    Site(host: "east.example.net", region: "eastus", json: { "side": "east" }),
                    Site(host: "west.example.net", region: "westus", json: { "side": "west" }),
                ],
                resources: [
                    Resource(id: "rg-a/Microsoft.KeyVault/vaults/kv-a", location: "eastus", tags: { "env": "test" }, properties: {
                        "softDeleteRetentionInDays": 30, "enableRbacAuthorization": true,
                    }),
                    Resource(id: "rg-keep/Microsoft.KeyVault/vaults/kv-keep", location: "westus", properties: { "enablePurgeProtection": true }),
                    Resource(id: "rg-a/Microsoft.KeyVault/vaults/kv-a/providers/Microsoft.EventGrid/eventSubscriptions/news"),
                    Resource(id: "rg-a/Microsoft.Storage/storageAccounts/stgeo", location: "eastus", kind: "StorageV2", sku: "Standard_RAGRS",
                        properties: { "geoReplicationStats": { "lastSyncTime": "ago:4m" } }),
                    Resource(id: "rg-a/Microsoft.Storage/storageAccounts/stzone", location: "eastus", kind: "StorageV2", sku: "Standard_ZRS"),
                    Resource(id: "rg-r/Microsoft.ContainerRegistry/registries/crbusy", location: "eastus2", sku: "Premium"),
                    Resource(id: "rg-r/Microsoft.ContainerRegistry/registries/crbusy/replications/westus", location: "westus"),
                    Resource(id: "rg-r/Microsoft.MachineLearningServices/workspaces/mlw", location: "eastus2", kind: "Default", properties: {
                        "keyVault": "id:rg-a/Microsoft.KeyVault/vaults/kv-a", "storageAccount": "id:rg-a/Microsoft.Storage/storageAccounts/stzone",
                    }),
                    Resource(id: "rg-r/Microsoft.MachineLearningServices/workspaces/mlw/computes/ci", location: "eastus2",
                        properties: { "computeType": "ComputeInstance", "properties": { "state": "Stopped" } }),
                    Resource(id: "rg-r/Microsoft.MachineLearningServices/workspaces/mlw/onlineEndpoints/score", location: "eastus2",
                        properties: { "traffic": { "blue": 100 } }),
                    Resource(id: "rg-r/Microsoft.MachineLearningServices/workspaces/mlw/onlineEndpoints/score/deployments/blue", location: "eastus2"),
                    Resource(id: "rg-r/Microsoft.MachineLearningServices/workspaces/mlw/onlineEndpoints/score/deployments/green", location: "eastus2"),
                    Resource(id: "rg-r/Microsoft.Network/dnsZones/busy.example", location: "global"),
                    Resource(id: "rg-r/Microsoft.Network/dnsZones/busy.example/CNAME/www", properties: {
                        "TTL": 120, "CNAMERecord": { "cname": "tm-a.trafficmanager.net" },
                    }),
                    Resource(id: "rg-r/Microsoft.Cdn/profiles/fd", location: "global", sku: "Standard_AzureFrontDoor"),
                    Resource(id: "rg-r/Microsoft.Cdn/profiles/fd/originGroups/og"),
                    Resource(id: "rg-r/Microsoft.Cdn/profiles/fd/originGroups/og/origins/east", properties: { "hostName": "east.example.net" }),
                    Resource(id: "rg-r/Microsoft.OperationalInsights/workspaces/log", location: "eastus2"),
                ],
                deleted: [
                    Deleted(what: Vault, name: "kv-gone", group: "rg-r", region: "eastus2", ago: "30h", days: 7, purge_protection: true),
                    Deleted(what: Vault, name: "kv-old", group: "rg-r", region: "eastus2", ago: "30h"),
                    Deleted(what: StorageAccount, name: "stgone", group: "rg-r", region: "eastus2", ago: "30h"),
                    Deleted(what: LogWorkspace, name: "log-gone", group: "rg-r", region: "eastus2", ago: "30h"),
                    Deleted(what: MlWorkspace, name: "mlw-gone", group: "rg-r", region: "eastus2", ago: "30h"),
                    Deleted(what: AIAccount, name: "oai-gone", group: "rg-r", region: "eastus2", ago: "30h",
                        properties: { "encryption": { "keyVaultProperties": { "keyVaultUri": "https://kv-gone.vault.azure.net/" } } }),
                    Deleted(what: Secret, name: "db-password", vault: "kv-a", ago: "2h"),
                    Deleted(what: Secret, name: "smtp", vault: "kv-a", ago: "3h"),
                    Deleted(what: Key, name: "wrap", vault: "kv-keep", ago: "2h"),
                ],
                roles: [RoleAssignment(scope: "rg-a/Microsoft.KeyVault/vaults/kv-a", principal: "00000000-0000-4000-8000-0000000000ee",
                    role: "4633458b-17de-408a-b874-0445c86b69e6")],
                locks: ["rg-keep"], witnesses: ["www.example.org"],
            ),
            timeline: [
                Happening(at: "10m", what: Fault(id: "east", on: DataPlane("eastus"), how: Status(503))),
                Happening(at: "40m", what: Clear("east")),
                Happening(at: "100m", what: Fault(id: "arm", on: ArmIn("westus"), how: Status(503))),
            ],
        )"#,
    )
    .unwrap()
}

/// The same with other happenings, in the words of a scenario.
pub fn busy_with(timeline: &str, world: impl FnOnce(&mut lifeboat::rehearsal::scenario::World)) -> Scenario {
    let mut s = busy();
    s.timeline = ron::Options::default()
        .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
        .from_str(timeline)
        .unwrap();
    world(&mut s.world);
    s
}

/// The path of something in a group, with a version.
pub fn at(group: &str, rest: &str) -> String {
    format!("{GROUP}/{group}/providers/{rest}{V}")
}

impl Bench {
    /// Sends a change; the answer's status, headers and body.
    pub async fn change(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.arm(method, path);
        Answer::of(self.send(if body.is_null() { request } else { request.json(&body) }).await).await
    }

    /// Reads, whatever the answer.
    pub async fn look(&self, path: &str) -> Answer {
        Answer::of(self.send(self.arm(Method::GET, path)).await).await
    }

    /// Follows an operation to its end; the last answer.
    pub async fn finish(&self, started: &Answer) -> Answer {
        let url = if started.status_link.is_empty() { &started.location } else { &started.status_link };
        assert!(url.starts_with(&self.at.arm), "no address to poll: {} {}", started.status, started.body);
        for _ in 0..1_000 {
            let r = Answer::of(self.send(self.http.get(url).bearer_auth(&self.arm_token)).await).await;
            let over = !matches!(r.body["status"].as_str(), Some("Running" | "InProgress")) && r.status != 202;
            if over {
                return r;
            }
            assert_eq!(r.retry_after, "5");
            self.task.sleep(Millis::from_secs(5)).await;
        }
        panic!("never over");
    }

    /// Names of a list, in its order.
    pub async fn names(&self, path: &str) -> Vec<String> {
        let body = self.get(path).await;
        body["value"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub location: String,
    pub status_link: String,
    pub retry_after: String,
}

impl Answer {
    async fn of(r: Response) -> Self {
        let (status, location) = (r.status().as_u16(), header(&r, "location"));
        let (status_link, retry_after) = (header(&r, "azure-asyncoperation"), header(&r, "retry-after"));
        let text = r.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Self { status, body, location, status_link, retry_after }
    }

    /// The error's status and code.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["error"]["code"].as_str().unwrap_or_default())
    }

    /// A property.
    pub fn p(&self, name: &str) -> &Value {
        &self.body["properties"][name]
    }
}
