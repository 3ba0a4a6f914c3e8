//! Requests that a runbook writes out itself: to Azure Resource Manager by id, and to addresses of its own.
//!
//! What another action does with more care is refused here, and so is what deletes for good.

use serde_json::{Map, Value};
use url::Url;

use super::template::shown;
use super::{Change, Effect, Preview, barrier, contains};
use crate::azure::client::resource_id;
use crate::azure::{Azure, AzureError, storage, twins};
use crate::clock::Task;
use crate::runbook::model::Method;
use crate::units::{Region, ResourceId};

/// So many fields are shown one by one.
const SHOWN: usize = 60;

/// What a runbook asks for.
pub(super) struct Written<'a> {
    pub resource: &'a str,
    pub method: Method,
    pub version: &'a str,
    pub body: &'a Value,
}

pub(super) async fn arm(azure: &Azure, task: &Task, w: &Written<'_>, out: &mut Preview) -> Result<(), AzureError> {
    let (id, verb) = parts(w)?;
    let name = id.name().to_owned();
    let url = azure.arm(&format!("{}{verb}", id.as_str()), version(w.version)?, &[])?;
    allowed(w, &url).map_err(AzureError::NotPossible)?;
    let mut change = Change::at(format!("{} {name}{verb}", w.method.name()), w.method.name(), &url, id.as_str());
    if !w.body.is_null() {
        change = change.with_body(w.body);
    }
    if w.method == Method::Post {
        out.notes.push("What becomes of it cannot be read back; the step's own checks tell.".into());
        out.changes.push(change.seen_by(Effect::default()));
        return Ok(());
    }
    let now = match azure.get_if_there(task, &url).await? {
        Some(answer) => Some((answer.header("etag").map(str::to_owned), answer.json()?)),
        None => None,
    };
    let (etag, now) = now.map_or((None, None), |(e, b)| (e, Some(b)));
    if w.method == Method::Delete {
        out.already_true = now.is_none();
        if now.is_some() {
            let effect = Effect { url: Some(url.to_string()), ..Effect::default() };
            out.changes.push(change.field(&name, Some("there"), None).seen_by(effect));
        }
        return Ok(());
    }
    match &now {
        None if w.method == Method::Patch => {
            return Err(AzureError::NotPossible(format!("there is no {name}, so no part of it can be changed")));
        }
        None => {
            let region = Region::new(w.body["location"].as_str().unwrap_or_default());
            if !region.name().is_empty() {
                twins::none_waits(azure, task, id.as_str(), &region).await?;
            }
        }
        Some(there) => {
            out.already_true = contains(there, w.body);
            if out.already_true {
                return Ok(());
            }
            let before = project(there, w.body);
            let whole = contains_all(&before, w.body);
            // Only what a PATCH names was changed by it; a PUT may also have dropped what it does not name.
            if w.method == Method::Patch && whole {
                change = change.with_previous(&before);
            } else {
                out.notes.push("Lifeboat does not take this back; keep what is shown here.".into());
                let effect = Effect::shown_by(url.as_str(), w.body);
                change = change.seen_by(effect);
            }
        }
    }
    change.if_match = etag.or_else(|| now.as_ref()?["etag"].as_str().map(str::to_owned)).filter(|_| now.is_some());
    let mut fields = Vec::new();
    leaves("", now.as_ref().unwrap_or(&Value::Null), w.body, &mut fields);
    if fields.len() > SHOWN {
        out.notes.push(format!("{} further fields are not shown here.", fields.len() - SHOWN));
    }
    for (path, before, after) in fields.into_iter().take(SHOWN) {
        change = change.field(&path, before.as_deref(), after.as_deref());
    }
    out.changes.push(change);
    Ok(())
}

pub(super) fn outside(
    azure: &Azure,
    url: &str,
    method: Method,
    body: &Value,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let bad = |why: &str| AzureError::BadAddress { text: url.to_owned(), why: why.to_owned() };
    let at = Url::parse(url).map_err(|e| bad(&e.to_string()))?;
    if at.scheme() != "https" || !at.username().is_empty() || at.password().is_some() {
        return Err(bad("it is not an https address without a name and password in it"));
    }
    let host = at.host_str().unwrap_or_default().to_owned();
    // Azure wants a token, and none is sent from here.
    if !azure.cloud().is_simulated() && azure.cloud().resolve(&at).is_ok() {
        return Err(AzureError::NotPossible(format!("{host} is Azure's; use an action of Azure, or ArmRequest")));
    }
    let change = Change::at(format!("{} to {host}", method.name()), method.name(), &at, at.as_str());
    let change = if body.is_null() { change } else { change.with_body(body) };
    out.notes.push("It is sent without any credential, once, and cannot be read back or taken back.".into());
    out.changes.push(change.field("message", None, shown(body).as_deref()).seen_by(Effect::default()));
    Ok(())
}

/// The resource, and of a POST the verb behind it.
fn parts(w: &Written<'_>) -> Result<(ResourceId, String), AzureError> {
    if w.method != Method::Post {
        return Ok((resource_id(w.resource)?, String::new()));
    }
    let plain = |v: &&str| !v.is_empty() && v.chars().all(|c| c.is_ascii_alphanumeric());
    let bad = || AzureError::BadAddress { text: w.resource.to_owned(), why: "a POST names a verb after the id".into() };
    let (id, verb) = w.resource.trim().rsplit_once('/').ok_or_else(bad)?;
    let verb = Some(verb).filter(plain).ok_or_else(bad)?;
    Ok((resource_id(id)?, format!("/{verb}")))
}

fn version(text: &str) -> Result<&str, AzureError> {
    let date = text.get(..10).is_some_and(|d| d.parse::<jiff::civil::Date>().is_ok());
    if date && matches!(text.get(10..), Some("" | "-preview")) {
        return Ok(text);
    }
    Err(AzureError::BadAddress { text: text.to_owned(), why: "an api-version is a date such as 2024-10-01".into() })
}

fn allowed(w: &Written<'_>, url: &Url) -> Result<(), String> {
    let body = (!w.body.is_null()).then(|| w.body.to_string());
    if let Some(why) = barrier::destroys(w.method.name(), url.as_str(), body.as_deref()) {
        return Err(why);
    }
    if storage::failed_over_by(w.method.name(), url.as_str()).is_some() {
        return Err("a storage account is failed over by FailOverStorage, which looks first at who leans on it".into());
    }
    let path = url.path().to_ascii_lowercase();
    if path.contains("/microsoft.resources/deploymentstacks") {
        return Err("a deployment stack deletes what its template no longer names; Lifeboat deploys none".into());
    }
    if path.contains("/microsoft.resources/deployments/")
        || path.ends_with("/deploymentscripts")
        || path.contains("/deploymentscripts/")
    {
        return Err("a template is deployed by DeployTemplate, which asks Azure first what it would change".into());
    }
    if w.method == Method::Delete && !path.contains("/providers/") {
        return Err("a group is never deleted here: everything in it would go with it".into());
    }
    if w.method != Method::Delete && w.method != Method::Post && !w.body.is_object() {
        return Err(format!("a {} needs a body", w.method.name()));
    }
    Ok(())
}

/// What is there of the fields that are to be written.
fn project(there: &Value, wanted: &Value) -> Value {
    match (there, wanted) {
        (Value::Object(t), Value::Object(w)) => {
            let kept = w.iter().filter_map(|(k, v)| Some((k.clone(), project(t.get(k)?, v))));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        (t, _) => t.clone(),
    }
}

/// Whether every field of `wanted` is in `have`, whatever its value.
fn contains_all(have: &Value, wanted: &Value) -> bool {
    match (have, wanted) {
        (Value::Object(h), Value::Object(w)) => w.iter().all(|(k, v)| h.get(k).is_some_and(|h| contains_all(h, v))),
        (Value::Null, _) => false,
        _ => true,
    }
}

fn leaves(path: &str, now: &Value, wanted: &Value, out: &mut Vec<(String, Option<String>, Option<String>)>) {
    if let Value::Object(w) = wanted {
        for (k, v) in w {
            let path = if path.is_empty() { k.clone() } else { format!("{path}.{k}") };
            leaves(&path, &now.get(k).cloned().unwrap_or_default(), v, out);
        }
    } else if !contains(now, wanted) {
        out.push((path.to_owned(), shown(now), shown(wanted)));
    }
}
