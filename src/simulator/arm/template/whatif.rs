//! What a template would change: each resource as it is, against what the template says of it.

use serde_json::{Map, Value, json};

use crate::simulator::rollout::Item;
use crate::units::Region;

/// What becomes of one resource; `before` is `None` where it does not exist.
pub fn change(item: &Item, before: Option<Value>, whole: bool) -> Value {
    let mut sent = item.body.clone();
    // What only a request says is no property afterwards.
    if let Some(properties) = sent["properties"].as_object_mut() {
        properties.retain(|k, _| !matches!(k.as_str(), "createMode" | "restore"));
    }
    let Some(before) = before else {
        let mut after = json!({ "id": item.id, "name": item.name.rsplit('/').next(), "type": item.kind, "apiVersion": item.version });
        overlay(&mut after, &sent);
        let mut row = json!({ "resourceId": item.id, "changeType": "Create" });
        if whole {
            row["after"] = after;
        }
        return row;
    };
    let mut delta = Vec::new();
    compare("", &before, &sent, &mut delta);
    let kind = if delta.is_empty() { "NoChange" } else { "Modify" };
    let mut row = json!({ "resourceId": item.id, "changeType": kind });
    if whole {
        let mut after = before.clone();
        overlay(&mut after, &sent);
        row["before"] = before;
        row["after"] = after;
        row["delta"] = json!(delta);
    }
    row
}

/// A resource that the template does not name stays as it is.
pub fn ignored(row: &Value, whole: bool) -> Value {
    let mut out = json!({ "resourceId": row["id"], "changeType": "Ignore" });
    if whole {
        out["before"] = row.clone();
        out["after"] = row.clone();
    }
    out
}

fn key<'a>(all: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    all.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

/// Paths that the template sets to something else.
fn compare(path: &str, before: &Value, after: &Value, out: &mut Vec<Value>) {
    if let (Some(old), Some(new)) = (before.as_object(), after.as_object()) {
        for (name, value) in new {
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match key(old, name) {
                Some(had) if !had.is_null() => compare(&below, had, value, out),
                _ if empty(value) => {}
                _ => out.push(json!({ "path": below, "propertyChangeType": "Create", "before": null, "after": value, "children": null })),
            }
        }
        return;
    }
    if before != after && !(path == "location" && same_region(before, after)) {
        out.push(
            json!({ "path": path, "propertyChangeType": "Modify", "before": before, "after": after, "children": null }),
        );
    }
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn same_region(a: &Value, b: &Value) -> bool {
    let name = |v: &Value| v.as_str().map(|t| Region::new(t).name().to_owned());
    name(a) == name(b)
}

fn overlay(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (k, v) in over {
                let own = under.keys().find(|u| u.eq_ignore_ascii_case(k)).cloned().unwrap_or_else(|| k.clone());
                overlay(under.entry(own).or_insert(Value::Null), v);
            }
        }
        (under, over) => *under = over.clone(),
    }
}
