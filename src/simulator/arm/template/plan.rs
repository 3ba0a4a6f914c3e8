//! A template with its parameters becomes a list of resources to be made, or a refusal in Azure's words.

use std::cell::Cell;

use serde_json::{Map, Value, json};

use super::expression::{BUDGET, Scope, filled, tail};
use crate::simulator::http::Reply;
use crate::simulator::rollout::{Item, State};

/// Resources of a template, Azure's own limit.
const MAX_RESOURCES: usize = 800;
/// Keys of a resource that say how it is deployed; the rest is sent.
const NOT_SENT: [&str; 13] = [
    "name",
    "type",
    "apiversion",
    "dependson",
    "condition",
    "comments",
    "metadata",
    "resources",
    "resourcegroup",
    "subscriptionid",
    "scope",
    "existing",
    "copy",
];
/// Nested deployments.
pub const KIND: &str = "Microsoft.Resources/deployments";
const GROUPS: &str = "Microsoft.Resources/resourceGroups";

/// What a template comes to.
pub struct Plan {
    /// Parameters as answered: name → type and value.
    pub shown: Value,
    /// Effective values.
    pub values: Value,
    /// Variables as written.
    pub variables: Value,
    /// Outputs as written.
    pub outputs: Value,
    /// Resources.
    pub items: Vec<Item>,
}

/// Where a template is deployed.
pub struct Place<'a> {
    /// `subscription()`.
    pub subscription: &'a Value,
    /// `resourceGroup()`, null at subscription scope.
    pub group: &'a Value,
    /// Deployment's name.
    pub name: &'a str,
}

impl<'a> Place<'a> {
    /// What expressions see.
    pub fn scope(&self, values: &'a Value, variables: &'a Value) -> Scope<'a> {
        Scope {
            parameters: values,
            variables,
            subscription: self.subscription.clone(),
            group: self.group.clone(),
            deployment: json!({ "name": self.name, "properties": { "mode": "Incremental" } }),
            find: None,
            budget: Cell::new(BUDGET),
        }
    }
}

/// The refusal of a template.
pub fn invalid(why: &str) -> Reply {
    Reply::error(400, "InvalidTemplate", &format!("Deployment template validation failed: '{why}'."))
}

/// Reads the body of a deployment.
pub fn read(body: &Value, place: &Place<'_>) -> Result<Plan, Box<Reply>> {
    let properties = &body["properties"];
    let mode = properties["mode"].as_str().unwrap_or("Incremental");
    if !mode.eq_ignore_ascii_case("Incremental") {
        let text = format!("This simulated Azure deploys in the mode 'Incremental' only, not '{mode}'.");
        return Err(Box::new(Reply::error(400, "InvalidDeploymentMode", &text)));
    }
    if !properties["templateLink"].is_null() || !properties["parametersLink"].is_null() {
        let text = "This simulated Azure fetches no templates; send the template itself.";
        return Err(Box::new(Reply::error(400, "InvalidTemplateLink", text)));
    }
    planned(properties, place).map_err(|why| Box::new(invalid(&why)))
}

fn planned(properties: &Value, place: &Place<'_>) -> Result<Plan, String> {
    let template = &properties["template"];
    if !template["resources"].is_array() && !template["resources"].is_object() {
        return Err("the template has no 'resources'".to_owned());
    }
    let nothing = json!({});
    let variables = template.get("variables").filter(|v| v.is_object()).unwrap_or(&nothing).clone();
    let (shown, values) = parameters(&template["parameters"], &properties["parameters"], place)?;
    let mut raw: Vec<(String, Value)> = Vec::new();
    collect(&template["resources"], None, &mut raw);
    if raw.len() > MAX_RESOURCES {
        return Err(format!("the template has more than {MAX_RESOURCES} resources"));
    }
    let scope = place.scope(&values, &variables);
    let mut items = Vec::new();
    let mut needs: Vec<(String, Vec<String>)> = Vec::new();
    for (symbol, resource) in &raw {
        if let Some((item, before)) = item(resource, &scope)? {
            items.push(item);
            needs.push((symbol.clone(), before));
        }
    }
    for n in 0..items.len() {
        let found = needs[n].1.iter().filter_map(|want| {
            let fits = |(k, i): &(usize, &Item)| named(i, want) || (!needs[*k].0.is_empty() && needs[*k].0 == *want);
            items.iter().enumerate().find(fits).map(|(k, _)| k)
        });
        let found: Vec<usize> = found.collect();
        items[n].needs = found;
    }
    circle(&items)?;
    let outputs = template.get("outputs").cloned().unwrap_or(nothing);
    Ok(Plan { shown, values, variables, outputs, items })
}

/// Whether a dependency names this resource: by id, by type and name, or by name.
fn named(item: &Item, want: &str) -> bool {
    let typed = || tail(&item.kind, &item.name.split('/').collect::<Vec<_>>()).unwrap_or_default();
    item.id.eq_ignore_ascii_case(want)
        || item.name.eq_ignore_ascii_case(want)
        || typed().eq_ignore_ascii_case(want)
        || item.id.to_ascii_lowercase().ends_with(&format!("/{}", want.to_ascii_lowercase())) && want.contains('/')
}

/// Resources that wait for each other never come.
fn circle(items: &[Item]) -> Result<(), String> {
    let mut done = vec![false; items.len()];
    while let Some(n) = (0..items.len()).find(|n| !done[*n] && items[*n].needs.iter().all(|k| done[*k])) {
        done[n] = true;
    }
    match done.iter().position(|d| !d) {
        Some(n) => Err(format!("a circular dependency was detected on resource '{}'", items[n].id)),
        None => Ok(()),
    }
}

/// Values of the parameters, and how they are shown.
fn parameters(declared: &Value, sent: &Value, place: &Place<'_>) -> Result<(Value, Value), String> {
    let none = Map::new();
    let (declared, sent) = (declared.as_object().unwrap_or(&none), sent.as_object().unwrap_or(&none));
    if let Some(unknown) = sent.keys().find(|k| !declared.keys().any(|d| d.eq_ignore_ascii_case(k))) {
        return Err(format!(
            "The following parameters were supplied, but do not correspond to any parameters defined in the template: '{unknown}'"
        ));
    }
    let (mut shown, mut values) = (Map::new(), Value::Object(Map::new()));
    for (name, about) in declared {
        let given = sent.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        if given.is_some_and(|g| g.get("reference").is_some()) {
            return Err(format!("the parameter '{name}' refers to a vault, which this simulated Azure does not read"));
        }
        let value = match (given.and_then(|g| g.get("value")), about.get("defaultValue")) {
            (Some(v), _) => v.clone(),
            (None, Some(default)) => filled(default, &place.scope(&values, &json!({})))?,
            (None, None) => return Err(format!("The value for the template parameter '{name}' is not provided")),
        };
        let kind = about["type"].as_str().unwrap_or("string");
        fits(name, kind, &value, about)?;
        let secret = kind.to_ascii_lowercase().starts_with("secure");
        let mut row = json!({ "type": capital(kind) });
        if !secret {
            row["value"] = value.clone();
        }
        shown.insert(name.clone(), row);
        values[name.as_str()] = value;
    }
    Ok((Value::Object(shown), values))
}

fn capital(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

fn fits(name: &str, kind: &str, value: &Value, about: &Value) -> Result<(), String> {
    let right = match kind.to_ascii_lowercase().as_str() {
        "string" | "securestring" => value.is_string(),
        "int" => value.is_i64() || value.is_u64(),
        "bool" => value.is_boolean(),
        "array" => value.is_array(),
        "object" | "secureobject" => value.is_object(),
        other => return Err(format!("the parameter '{name}' has the unknown type '{other}'")),
    };
    if !right {
        return Err(format!("Template parameter '{name}' was provided an invalid value; expected the type '{kind}'"));
    }
    match about["allowedValues"].as_array() {
        Some(all) if !all.contains(value) => {
            Err(format!("The provided value for the template parameter '{name}' is not part of the allowed value(s)"))
        }
        _ => Ok(()),
    }
}

/// All resources with their symbolic names, children made whole.
fn collect(resources: &Value, parent: Option<&Value>, out: &mut Vec<(String, Value)>) {
    let rows: Vec<(String, &Value)> = match resources {
        Value::Array(all) => all.iter().map(|r| (String::new(), r)).collect(),
        Value::Object(all) => all.iter().map(|(k, r)| (k.clone(), r)).collect(),
        _ => Vec::new(),
    };
    for (symbol, row) in rows {
        let mut whole = row.clone();
        if let Some(parent) = parent {
            let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
            let name = text(row, "name");
            // A child's name may be an expression of its own; its parent's as well.
            let joined = format!("[format('{{0}}/{{1}}', {}, {})]", inner(&text(parent, "name")), inner(&name));
            whole["type"] = json!(format!("{}/{}", text(parent, "type"), text(row, "type")));
            whole["name"] = json!(joined);
        }
        out.push((symbol, whole.clone()));
        if out.len() <= MAX_RESOURCES {
            collect(&row["resources"], Some(&whole), out);
        }
    }
}

/// A text as part of an expression.
fn inner(text: &str) -> String {
    match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        Some(expression) if !expression.starts_with('[') => expression.to_owned(),
        _ => format!("'{}'", text.replace('\'', "''")),
    }
}

/// One resource and what it depends on; `None` where its condition does not hold.
fn item(resource: &Value, scope: &Scope<'_>) -> Result<Option<(Item, Vec<String>)>, String> {
    let kind = resource["type"].as_str().unwrap_or_default().to_owned();
    if resource.get("copy").is_some() || resource.get("scope").is_some() {
        return Err(format!("this simulated Azure does not know 'copy' and 'scope' on a resource ('{kind}')"));
    }
    let mut raw = resource.clone();
    raw.as_object_mut().map(|r| r.remove("resources"));
    // A nested template with a scope of its own evaluates itself.
    let nested = kind.eq_ignore_ascii_case(KIND);
    let own = nested && resource["properties"]["expressionEvaluationOptions"]["scope"] != "outer";
    let kept = own.then(|| raw["properties"]["template"].take());
    let mut whole = filled(&raw, scope)?;
    if let Some(template) = kept {
        whole["properties"]["template"] = template;
    }
    if whole["condition"] == json!(false) || whole["existing"] == json!(true) {
        return Ok(None);
    }
    let word = |key: &str| {
        whole[key]
            .as_str()
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| format!("a resource lacks its '{key}'"))
    };
    let (name, version, kind) = (word("name")?, word("apiVersion")?, word("type")?);
    let tail = tail(&kind, &name.split('/').collect::<Vec<_>>())?;
    let subscription = scope.subscription["subscriptionId"].as_str().unwrap_or_default();
    if whole["subscriptionId"].as_str().is_some_and(|s| !s.eq_ignore_ascii_case(subscription)) {
        return Err("this simulated Azure deploys within one subscription".to_owned());
    }
    let group = whole["resourceGroup"].as_str().or_else(|| scope.group["name"].as_str());
    let id = match group {
        _ if kind.eq_ignore_ascii_case(GROUPS) => format!("/subscriptions/{subscription}/resourceGroups/{name}"),
        Some(g) => format!("/subscriptions/{subscription}/resourceGroups/{g}/providers/{tail}"),
        None => format!("/subscriptions/{subscription}/providers/{tail}"),
    };
    let before =
        whole["dependsOn"].as_array().into_iter().flatten().filter_map(|d| d.as_str().map(str::to_owned)).collect();
    let mut body = whole.clone();
    if let Some(all) = body.as_object_mut() {
        all.retain(|k, _| !NOT_SENT.contains(&k.to_ascii_lowercase().as_str()));
    }
    let item =
        Item { id, kind, name, version, body, needs: Vec::new(), state: State::Waiting, status: 0, error: None, at: 0 };
    Ok(Some((item, before)))
}
