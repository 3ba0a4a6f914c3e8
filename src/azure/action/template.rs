//! Template deployments: validated and tried out by Azure itself before anyone agrees, and never deleting anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Change, Effect, Preview};
use crate::azure::client::resource_id;
use crate::azure::cognitive::resource_name;
use crate::azure::template::{self, Delta, ResourceChange};
use crate::azure::{Azure, AzureError, groups, twins};
use crate::clock::Task;
use crate::units::{Region, sha256_hex};

/// Azure's own limit of a deployment's name.
const LONGEST_NAME: usize = 64;
/// The same template deployed more often than this into one group is no recovery.
const MOST_ATTEMPTS: u32 = 50;
/// So many changes are shown one by one; the rest is counted.
const SHOWN: usize = 60;
/// A value longer than this is cut where it is shown.
const LONGEST_VALUE: usize = 120;
/// Nested templates deeper than this are refused unread.
const DEEPEST: usize = 8;

pub(super) async fn deploy(
    azure: &Azure,
    task: &Task,
    group: &str,
    name: &str,
    what: (&Value, &BTreeMap<String, Value>),
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (template, parameters) = (what.0, wrapped(what.1));
    harmless(template, 0).map_err(AzureError::NotPossible)?;
    let id = resource_id(group)?;
    groups::must_be_there(azure, task, &format!("{id}/providers/Microsoft.Resources/deployments/x", id = id.as_str()))
        .await?;
    let name = free_name(azure, task, id.as_str(), name, &json!([template, parameters])).await?;
    let body = template::body(template, &parameters);
    template::validate(azure, task, id.as_str(), &name, &body).await?;
    let found = template::what_if(azure, task, id.as_str(), &name, &body).await?;
    if !found.status.eq_ignore_ascii_case("Succeeded") {
        let why = found.error["message"].as_str().unwrap_or("it does not say why");
        return Err(AzureError::NotPossible(format!("Azure cannot say what the template would change: {why}")));
    }
    let changes = &found.properties.changes;
    if let Some(gone) = changes.iter().find(|c| c.is("Delete")) {
        let text = format!(
            "the template would delete {}; Lifeboat deploys nothing that deletes",
            resource_name(&gone.resource_id)
        );
        return Err(AzureError::NotPossible(text));
    }
    for new in changes.iter().filter(|c| c.is("Create")) {
        let region = Region::new(new.after["location"].as_str().unwrap_or_default());
        if !region.name().is_empty() {
            twins::none_waits(azure, task, &new.resource_id, &region).await?;
        }
    }
    for c in changes.iter().filter(|c| c.is("Unsupported") || c.is("Deploy")) {
        out.notes.push(format!("What becomes of {} cannot be told beforehand.", resource_name(&c.resource_id)));
    }
    let fields = fields(changes);
    out.already_true = changes.iter().all(|c| c.is("NoChange") || c.is("Ignore"));
    if out.already_true {
        return Ok(());
    }
    if fields.len() > SHOWN {
        out.notes.push(format!("{} further changes are not shown here.", fields.len() - SHOWN));
    }
    let target = format!("{}/providers/Microsoft.Resources/deployments/{name}", id.as_str());
    let url = template::address(azure, id.as_str(), &name, "")?;
    let mut change = Change::at(format!("deploy {name} into {}", id.group()), "PUT", &url, &target).with_body(&body);
    for (name, before, after) in fields.into_iter().take(SHOWN) {
        change = change.field(&name, before.as_deref(), after.as_deref());
    }
    let effect = Effect::shown_by(url.as_str(), &json!({ "properties": { "provisioningState": "Succeeded" } }));
    out.changes.push(change.seen_by(effect));
    Ok(())
}

impl ResourceChange {
    fn is(&self, kind: &str) -> bool {
        self.change_type.eq_ignore_ascii_case(kind)
    }
}

/// A name that no deployment has had: then what carries it is this one, and reading it back tells of this one alone.
async fn free_name(azure: &Azure, task: &Task, group: &str, name: &str, what: &Value) -> Result<String, AzureError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(plain) || name.len() > LONGEST_NAME - 12 {
        return Err(AzureError::NotPossible(format!(
            "`{name}` is no name of a deployment: letters, digits, `-`, `_`, `.`, 52 at most"
        )));
    }
    for attempt in 0..MOST_ATTEMPTS {
        let digest = sha256_hex(format!("{attempt}\0{what}").as_bytes());
        let candidate = format!("{name}-{}", &digest[..8]);
        if azure.get_if_there(task, &template::address(azure, group, &candidate, "")?).await?.is_none() {
            return Ok(candidate);
        }
    }
    Err(AzureError::NotPossible(format!("this template was deployed {MOST_ATTEMPTS} times into this group already")))
}

/// `{ "name": { "value": … } }`, as Azure wants it.
fn wrapped(parameters: &BTreeMap<String, Value>) -> Value {
    let one = |(k, v): (&String, &Value)| {
        let done = v.as_object().is_some_and(|o| o.contains_key("value") || o.contains_key("reference"));
        (k.clone(), if done { v.clone() } else { json!({ "value": v }) })
    };
    Value::Object(parameters.iter().map(one).collect())
}

/// What a template may not do here: delete by mode, fetch what nobody trusted, run a script.
fn harmless(template: &Value, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("the template nests deeper than {DEEPEST} times"));
    }
    // A list, or a map by symbolic names.
    let of = match &template["resources"] {
        Value::Array(a) => a.iter().collect::<Vec<_>>(),
        Value::Object(o) => o.values().collect(),
        _ => return Err("the template has no `resources`".to_owned()),
    };
    for resource in of {
        let kind = resource["type"].as_str().unwrap_or_default().to_ascii_lowercase();
        let p = &resource["properties"];
        if kind.ends_with("/deploymentscripts") {
            return Err("the template runs a script (deploymentScripts); there is no shell step".to_owned());
        }
        if kind.ends_with("/deploymentstacks") {
            return Err("the template makes a deployment stack, which deletes what it no longer names".to_owned());
        }
        if kind.ends_with("microsoft.resources/deployments") {
            if !p["mode"].as_str().is_none_or(|m| m.eq_ignore_ascii_case("Incremental")) {
                return Err("a nested template has a mode other than Incremental, which deletes".to_owned());
            }
            if !p["templateLink"].is_null() {
                return Err("a nested template is fetched from elsewhere, so nobody trusted what it holds".to_owned());
            }
            harmless(&p["template"], depth + 1)?;
        }
        if resource["resources"].is_array() {
            harmless(resource, depth + 1)?;
        }
    }
    Ok(())
}

type Field = (String, Option<String>, Option<String>);

fn fields(changes: &[ResourceChange]) -> Vec<Field> {
    let mut out = Vec::new();
    for c in changes {
        let name = resource_name(&c.resource_id);
        match () {
            () if c.is("Create") => out.push((name.to_owned(), None, Some("created".to_owned()))),
            () if c.is("Deploy") => out.push((name.to_owned(), None, Some("deployed".to_owned()))),
            () if c.is("Modify") => deltas(name, c.delta.as_deref().unwrap_or_default(), 0, &mut out),
            () => {}
        }
    }
    out
}

fn deltas(under: &str, of: &[Delta], depth: usize, out: &mut Vec<Field>) {
    for d in of.iter().filter(|d| !d.property_change_type.eq_ignore_ascii_case("NoEffect")) {
        let name = if depth == 0 { format!("{under} {}", d.path) } else { format!("{under}.{}", d.path) };
        match d.children.as_deref().filter(|c| !c.is_empty() && depth < DEEPEST) {
            Some(children) => deltas(&name, children, depth + 1, out),
            None => out.push((name, shown(&d.before), shown(&d.after))),
        }
    }
}

/// A value as a person reads it.
pub(super) fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    Some(if text.chars().count() > LONGEST_VALUE {
        format!("{}…", text.chars().take(LONGEST_VALUE).collect::<String>())
    } else {
        text
    })
}
