//! Template deployments: what Azure itself says that a template would change, before it is sent.

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::client::{Ask, random_id, shaped};
use super::operation::pause;
use super::{Azure, AzureError, versions};
use crate::clock::Task;
use crate::units::Millis;

/// A what-if that takes longer is no preview for somebody who waits.
const ANSWER_WITHIN: Millis = Millis::from_mins(10);

/// What a template would do.
#[derive(Debug, Clone, Deserialize)]
pub struct WhatIf {
    /// `Succeeded` or `Failed`.
    pub status: String,
    /// Why it failed.
    #[serde(default)]
    pub error: Value,
    /// What it found.
    #[serde(default)]
    pub properties: WhatIfProperties,
}

/// What it found.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WhatIfProperties {
    /// By resource.
    #[serde(default)]
    pub changes: Vec<ResourceChange>,
}

/// What would become of one resource.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// ARM id.
    pub resource_id: String,
    /// `Create`, `Modify`, `NoChange`, `Ignore`, `Deploy`, `Unsupported`, `Delete`.
    pub change_type: String,
    /// The whole of it afterwards.
    #[serde(default)]
    pub after: Value,
    /// What changes in it.
    #[serde(default)]
    pub delta: Option<Vec<Delta>>,
}

/// A property that changes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delta {
    /// Path, below its parent's.
    pub path: String,
    /// `Create`, `Delete`, `Modify`, `Array`, `NoEffect`.
    pub property_change_type: String,
    /// Before.
    #[serde(default)]
    pub before: Value,
    /// After.
    #[serde(default)]
    pub after: Value,
    /// Of an array or object.
    #[serde(default)]
    pub children: Option<Vec<Delta>>,
}

/// The body of a deployment; it adds and changes, and deletes nothing.
pub fn body(template: &Value, parameters: &Value) -> Value {
    json!({ "properties": { "mode": "Incremental", "template": template, "parameters": parameters } })
}

/// The address of a deployment in a group, or of what is asked about it.
pub fn address(azure: &Azure, group: &str, name: &str, ask: &str) -> Result<Url, AzureError> {
    let version = versions::of("Microsoft.Resources/deployments").unwrap_or_default();
    azure.arm(&format!("{group}/providers/Microsoft.Resources/deployments/{name}{ask}"), version, &[])
}

/// Whether Azure takes the template.
pub async fn validate(azure: &Azure, task: &Task, group: &str, name: &str, body: &Value) -> Result<(), AzureError> {
    asked(azure, task, &address(azure, group, name, "/validate")?, body).await.map(drop)
}

/// What it would change.
pub async fn what_if(azure: &Azure, task: &Task, group: &str, name: &str, body: &Value) -> Result<WhatIf, AzureError> {
    let mut body = body.clone();
    body["properties"]["whatIfSettings"] = json!({ "resultFormat": "FullResourcePayloads" });
    let url = address(azure, group, name, "/whatIf")?;
    let answer = asked(azure, task, &url, &body).await?;
    shaped(&super::cloud::host_of(&url), answer)
}

/// A question by POST that may take its time: its answer is fetched where Azure says.
async fn asked(azure: &Azure, task: &Task, url: &Url, body: &Value) -> Result<Value, AzureError> {
    let ask = Ask {
        method: reqwest::Method::POST,
        body: Some(body.to_string()),
        client_request_id: random_id(),
        within: Millis::from_secs(60),
        ..Ask::get(url)
    };
    let mut answer = azure.read(task, ask).await?;
    let started = task.now().mono;
    let mut polls = 0;
    while answer.status == 202 {
        let link = answer.header("location").map(str::to_owned).ok_or_else(|| AzureError::BadAnswer {
            host: answer.host.clone(),
            why: "202 without saying where the answer will be".into(),
        })?;
        let at = azure.cloud().arm_link(&link, url)?;
        if task.now().mono.saturating_sub(started) > ANSWER_WITHIN.0 {
            return Err(AzureError::NoAnswer { host: answer.host.clone(), within: ANSWER_WITHIN });
        }
        task.sleep(pause(polls, answer.retry_after(task.now()))).await;
        polls += 1;
        answer = azure.get(task, &at).await?;
    }
    answer.json()
}
