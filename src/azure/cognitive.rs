//! Azure OpenAI accounts, their model deployments, and what a region offers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::client::{Ask, random_id, resource_id, shaped};
use super::twins::Twin;
use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::{Region, ResourceId, Secret};

const PROVIDER: &str = "providers/Microsoft.CognitiveServices";
/// What of a deployment can be written back; the rest is Azure's to say.
const WRITABLE: [&str; 6] = [
    "versionUpgradeOption",
    "raiPolicyName",
    "spilloverDeploymentName",
    "dynamicThrottlingEnabled",
    "serviceTier",
    "capacitySettings",
];

/// An account as ARM shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// ARM id.
    pub id: String,
    /// Region.
    pub region: Region,
    /// `OpenAI`, `AIServices`, …
    pub kind: String,
    /// SKU name.
    pub sku: String,
    /// `Succeeded`, `Creating`, …
    pub state: String,
    /// Address of its data plane.
    pub endpoint: Url,
    /// Keys do not work.
    pub keys_disabled: bool,
    /// Everything.
    pub raw: Value,
}

/// A model deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// ARM id.
    pub id: String,
    /// Name.
    pub name: String,
    /// SKU name: `Standard`, `GlobalStandard`, …
    pub sku: String,
    /// Capacity in the unit of the model, mostly 1,000 tokens a minute.
    pub capacity: i64,
    /// `OpenAI`.
    pub format: String,
    /// Model name.
    pub model: String,
    /// Model version.
    pub version: String,
    /// `Succeeded`, `Creating`, …
    pub state: String,
    /// Everything.
    pub raw: Value,
}

/// A model that a region offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// `OpenAI`.
    pub format: String,
    /// Model name.
    pub model: String,
    /// Model version.
    pub version: String,
    /// SKU name → name of the quota it draws on.
    pub skus: BTreeMap<String, String>,
}

/// Quota of a region: name → (used, limit).
pub type Usages = BTreeMap<String, (i64, i64)>;

impl Deployment {
    fn read(raw: &Value) -> Self {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let (p, sku) = (&raw["properties"], &raw["sku"]);
        Self {
            id: text(&raw["id"]),
            name: text(&raw["name"]),
            sku: text(&sku["name"]),
            capacity: sku["capacity"].as_i64().unwrap_or_default(),
            format: text(&p["model"]["format"]),
            model: text(&p["model"]["name"]),
            version: text(&p["model"]["version"]),
            state: state(p),
            raw: raw.clone(),
        }
    }

    /// The body that makes a deployment like this one, with this capacity.
    pub fn body(&self, capacity: i64) -> Value {
        let from = &self.raw["properties"];
        let mut properties = serde_json::Map::new();
        properties.insert("model".into(), from["model"].clone());
        for name in WRITABLE {
            if let Some(v) = from.get(name).filter(|v| !v.is_null()) {
                properties.insert(name.into(), v.clone());
            }
        }
        // `callRateLimit` of the model is Azure's answer, not a wish.
        if let Some(Value::Object(model)) = properties.get_mut("model") {
            model.retain(|k, _| {
                ["format", "name", "version", "publisher", "source", "sourceAccount"].contains(&k.as_str())
            });
        }
        json!({ "sku": { "name": self.sku, "capacity": capacity }, "properties": properties })
    }

    /// Embedding models take another call than chat models.
    pub fn is_embedding(&self) -> bool {
        self.model.contains("embedding") || self.raw["properties"]["capabilities"]["embeddings"] == "true"
    }

    /// `gpt-4o 2024-08-06`.
    pub fn model_text(&self) -> String {
        format!("{} {}", self.model, self.version).trim_end().to_owned()
    }

    /// Reserved throughput is counted in other units than tokens a minute.
    pub fn is_provisioned(&self) -> bool {
        self.sku.contains("Provisioned")
    }

    /// The name of the quota it draws on, in a region with these offers.
    pub fn quota(&self, offers: &[Offer]) -> String {
        self.offer(offers)
            .and_then(|o| o.skus.get(&self.sku).filter(|u| !u.is_empty()).cloned())
            .unwrap_or_else(|| format!("{}.{}.{}", self.format, self.sku, self.model))
    }

    /// The offer it needs, if a region has it.
    pub fn offer<'a>(&self, offers: &'a [Offer]) -> Option<&'a Offer> {
        offers.iter().find(|o| {
            o.model == self.model
                && (o.version == self.version || self.version.is_empty())
                && (o.format.is_empty() || o.format == self.format)
                && (o.skus.is_empty() || o.skus.contains_key(&self.sku))
        })
    }
}

/// The account, or nothing where Azure says that there is none.
pub async fn account(azure: &Azure, task: &Task, id: &str) -> Result<Option<Account>, AzureError> {
    let id = resource_id(id)?;
    let Some(answer) = azure.get_if_there(task, &azure.arm(id.as_str(), versions::COGNITIVE, &[])?).await? else {
        return Ok(None);
    };
    let raw = answer.json()?;
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let p = &raw["properties"];
    // The general endpoint may be the region's; the subdomain's own is what takes tokens.
    let told = p["endpoints"]["OpenAI Language Model Instance API"].as_str().or_else(|| p["endpoint"].as_str());
    let endpoint = match told.and_then(|e| Url::parse(e).ok()) {
        Some(url) => url,
        None => azure.cloud().openai(p["customSubDomainName"].as_str().unwrap_or(id.name()))?,
    };
    Ok(Some(Account {
        region: Region::new(raw["location"].as_str().unwrap_or_default()),
        kind: text(&raw["kind"]),
        sku: text(&raw["sku"]["name"]),
        state: state(p),
        keys_disabled: p["disableLocalAuth"].as_bool().unwrap_or(false),
        endpoint,
        id: id.as_str().to_owned(),
        raw,
    }))
}

/// The account, or the error that it does not exist.
pub async fn existing(azure: &Azure, task: &Task, id: &str) -> Result<Account, AzureError> {
    let found = account(azure, task, id).await?;
    found.ok_or_else(|| AzureError::NotPossible(format!("there is no account {}", resource_name(id))))
}

/// All model deployments of an account, by name.
pub async fn deployments(azure: &Azure, task: &Task, account: &str) -> Result<Vec<Deployment>, AzureError> {
    let id = resource_id(account)?;
    let url = azure.arm(&format!("{id}/deployments"), versions::COGNITIVE, &[])?;
    let mut all: Vec<_> = azure.list(task, &url).await?.iter().map(Deployment::read).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// The models that a region offers to this subscription.
pub async fn offers(azure: &Azure, task: &Task, near: &ResourceId, region: &Region) -> Result<Vec<Offer>, AzureError> {
    let mut out = Vec::new();
    for row in azure.list(task, &located(azure, near, region, "models")?).await? {
        // Some answers wrap the model, the account-level ones do not.
        let m = row.get("model").unwrap_or(&row);
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let skus = m["skus"].as_array().into_iter().flatten();
        let skus = skus.map(|s| (text(&s["name"]), text(&s["usageName"]))).collect();
        out.push(Offer { format: text(&m["format"]), model: text(&m["name"]), version: text(&m["version"]), skus });
    }
    Ok(out)
}

/// Quota of a region in this subscription.
pub async fn usages(azure: &Azure, task: &Task, near: &ResourceId, region: &Region) -> Result<Usages, AzureError> {
    let whole = |v: &Value| v.as_f64().unwrap_or_default() as i64;
    let rows = azure.list(task, &located(azure, near, region, "usages")?).await?;
    Ok(rows
        .iter()
        .map(|r| {
            let name = r["name"]["value"].as_str().unwrap_or_default().to_owned();
            (name, (whole(&r["currentValue"]), whole(&r["limit"])))
        })
        .collect())
}

/// The soft-deleted account that holds this name, if there is one.
pub async fn soft_deleted(
    azure: &Azure,
    task: &Task,
    id: &ResourceId,
    region: &Region,
) -> Result<Option<Twin>, AzureError> {
    let path = format!(
        "/subscriptions/{}/{PROVIDER}/locations/{region}/resourceGroups/{}/deletedAccounts/{}",
        id.subscription(),
        id.group(),
        id.name()
    );
    let Some(answer) = azure.get_if_there(task, &azure.arm(&path, versions::COGNITIVE, &[])?).await? else {
        return Ok(None);
    };
    let at =
        answer.json()?["properties"]["scheduledPurgeDate"].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
    Ok(Some(Twin { name: id.name().to_owned(), deadline: at.map(jiff::Timestamp::as_millisecond) }))
}

/// How a resource with regions of its own steers users. It is read and shown; changing it was never tried against the
/// real Azure, so Lifeboat sends no change of it and says how a person may.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnRegions {
    /// `Priority`, `Weighted` or `Performance`.
    #[serde(default)]
    pub routing_method: Option<String>,
    /// The regions.
    #[serde(default)]
    pub regions: Vec<OwnRegion>,
}

/// One region of such a resource.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct OwnRegion {
    /// Region.
    pub name: String,
    /// Priority or weight, by the method.
    #[serde(default)]
    pub value: Option<f64>,
    /// Subdomain of its own.
    #[serde(default, rename = "customsubdomain")]
    pub subdomain: Option<String>,
}

impl OwnRegions {
    /// Whether users are led elsewhere than to this region while another answers; `None` where that cannot be told.
    pub fn avoids(&self, region: &Region) -> Option<bool> {
        let (own, others): (Vec<_>, Vec<_>) = self.regions.iter().partition(|r| Region::new(&r.name) == *region);
        let Some(own) = own.first() else { return (!others.is_empty()).then_some(true) };
        let mut values = others.iter().filter_map(|r| r.value);
        match self.routing_method.as_deref()?.to_ascii_lowercase().as_str() {
            // The lowest is called first.
            "priority" => own.value.map(|own| values.any(|v| v < own)),
            // There is no weight of nothing; the least one is as little as there can be.
            "weighted" => own.value.map(|own| own <= 1.0 && values.any(|v| v > 1.0)),
            "performance" => Some(false),
            _ => None,
        }
    }

    /// `Priority: East US 1, West US 2`.
    pub fn text(&self) -> String {
        let one = |r: &OwnRegion| match r.value {
            Some(v) => format!("{} {v}", Region::new(&r.name).display()),
            None => Region::new(&r.name).display(),
        };
        let all: Vec<String> = self.regions.iter().map(one).collect();
        format!("{}: {}", self.routing_method.as_deref().unwrap_or("no method told"), all.join(", "))
    }

    /// The commands that a person may try to take a region out of the account at this address, and what is known of them.
    pub fn by_hand_without(&self, account: &Url, region: &Region) -> Vec<String> {
        let left: Vec<&OwnRegion> = self.regions.iter().filter(|r| Region::new(&r.name) != *region).collect();
        let body = json!({ "properties": { "locations": { "routingMethod": self.routing_method, "regions": left } } });
        vec![
            "# not tried against the real Azure: keep the answer of the first line to restore it by the second"
                .to_owned(),
            format!("az rest --method get --url '{account}' --query properties.locations"),
            format!("az rest --method patch --url '{account}' --body '{body}'"),
        ]
    }
}

/// The regions that a resource steers among by itself; `None` where it has none.
pub async fn own_regions(azure: &Azure, task: &Task, account: &str) -> Result<Option<OwnRegions>, AzureError> {
    let read = existing(azure, task, account).await?;
    let locations = &read.raw["properties"]["locations"];
    if locations.is_null() {
        return Ok(None);
    }
    shaped("Azure Resource Manager", locations.clone()).map(Some)
}

/// The account's first key.
pub async fn key(azure: &Azure, task: &Task, account: &str) -> Result<Secret, AzureError> {
    let id = resource_id(account)?;
    let url = azure.arm(&format!("{id}/listKeys"), versions::COGNITIVE, &[])?;
    let ask = Ask { method: reqwest::Method::POST, client_request_id: random_id(), ..Ask::get(&url) };
    let answer = azure.read(task, ask).await?;
    match answer.json()?["key1"].as_str() {
        Some(k) => Ok(Secret::new(k)),
        None => Err(AzureError::BadAnswer { host: answer.host.clone(), why: "no key in the answer".into() }),
    }
}

/// Without a state the thing was provisioned at once.
fn state(properties: &Value) -> String {
    properties["provisioningState"].as_str().unwrap_or("Succeeded").to_owned()
}

/// Last part of an id, for texts.
pub(super) fn resource_name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn located(azure: &Azure, near: &ResourceId, region: &Region, what: &str) -> Result<Url, AzureError> {
    let path = format!("/subscriptions/{}/{PROVIDER}/locations/{region}/{what}", near.subscription());
    azure.arm(&path, versions::COGNITIVE, &[])
}
