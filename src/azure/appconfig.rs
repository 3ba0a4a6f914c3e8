//! App Configuration: the keys that clients read to know where to go. Data plane only, so that a failing ARM is not in
//! the way of a redirect.

use serde_json::{Value, json};
use url::Url;

use super::client::resource_id;
use super::{Azure, AzureError, versions};
use crate::clock::Task;

/// A key as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    /// Its value; a key may exist without one.
    pub value: Option<String>,
    /// Quoted, as `If-Match` wants it.
    pub etag: String,
    /// Content type and tags, which a write must repeat or lose.
    pub content_type: Option<String>,
    /// Tags.
    pub tags: Value,
}

impl KeyValue {
    /// The body that gives the key this value and leaves the rest as it is.
    pub fn body(&self, value: &str) -> Value {
        let mut body = json!({ "value": value });
        if let Some(kind) = &self.content_type {
            body["content_type"] = json!(kind);
        }
        if self.tags.as_object().is_some_and(|t| !t.is_empty()) {
            body["tags"] = self.tags.clone();
        }
        body
    }
}

/// The address of a key without label.
pub fn key_url(azure: &Azure, store: &str, key: &str) -> Result<Url, AzureError> {
    let mut url = azure.cloud().store(resource_id(store)?.name())?;
    let bad = || AzureError::BadAddress { text: key.to_owned(), why: "not a key of App Configuration".into() };
    if key.is_empty() || key == "." || key == ".." || key.contains('%') {
        return Err(bad());
    }
    url.path_segments_mut().map_err(|()| bad())?.push("kv").push(key);
    url.query_pairs_mut().append_pair("api-version", versions::APP_CONFIGURATION);
    Ok(url)
}

/// The key, or nothing where the store says that there is none.
pub async fn read(azure: &Azure, task: &Task, url: &Url) -> Result<Option<KeyValue>, AzureError> {
    let answer = match azure.get(task, url).await {
        Ok(a) => a,
        // The store answers an absent key with a bare 404. The host is checked: no proxy speaks here with our token.
        Err(e) if e.status() == Some(404) => return Ok(None),
        Err(e) => return Err(e),
    };
    let body = answer.json()?;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let etag = match (answer.header("etag"), text("etag")) {
        (Some(e), _) => e.to_owned(),
        (None, Some(e)) => format!("\"{e}\""),
        (None, None) => {
            return Err(AzureError::BadAnswer { host: answer.host.clone(), why: "a key without an ETag".into() });
        }
    };
    Ok(Some(KeyValue { value: text("value"), etag, content_type: text("content_type"), tags: body["tags"].clone() }))
}

/// All keys without label that begin so, with their values.
pub async fn named(azure: &Azure, task: &Task, store: &str, prefix: &str) -> Result<Vec<(String, String)>, AzureError> {
    let mut url = azure.cloud().store(resource_id(store)?.name())?;
    url.set_path("/kv");
    let query = [("key", format!("{prefix}*")), ("label", "\0".to_owned())];
    url.query_pairs_mut().extend_pairs(query).append_pair("api-version", versions::APP_CONFIGURATION);
    let answer = azure.get(task, &url).await?;
    let body = answer.json()?;
    // A handful of keys is one page; more would be no weights of regions.
    let (Some(items), None) = (body["items"].as_array(), body["@nextLink"].as_str()) else {
        return Err(AzureError::BadAnswer { host: answer.host.clone(), why: "not one page of keys".into() });
    };
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    Ok(items.iter().map(|kv| (text(&kv["key"]), text(&kv["value"]))).collect())
}
