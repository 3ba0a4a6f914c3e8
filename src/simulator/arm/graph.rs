//! Resource Graph: the plain queries that an inventory asks. One that cannot be honoured is refused and never answered
//! with too much or too little.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::inner;
use crate::simulator::facts::Facts;
use crate::simulator::http::{Ask, Reply};
use crate::simulator::others;
use crate::simulator::world::World;

/// Rows of a page, at most and when the client names no number.
const PAGE: usize = 1_000;
const USUAL: usize = 100;

fn refused(what: &str) -> Reply {
    let text = format!(
        "This simulated Azure does not understand '{what}' in a query. It knows: resources or resourcecontainers | where COLUMN ==, =~, !=, !~ or in~ … joined by and | project COLUMNS | order by COLUMN asc or desc | limit N | count."
    );
    let detail = json!([{ "code": "InvalidQuery", "message": text }]);
    Reply::json(
        400,
        &json!({ "error": { "code": "BadRequest", "message": "Please provide below info when asking for support.", "details": detail } }),
    )
}

/// Answers a query.
pub fn answer(facts: &Facts, world: &mut World, ask: &Ask) -> Reply {
    let sent = match ask.json() {
        Ok(v) => v,
        Err(refusal) => return refusal,
    };
    let query = sent["query"].as_str().unwrap_or_default();
    let mut steps = split(query, '|').into_iter();
    let table: fn(&Facts, &mut World, i64) -> Vec<Value> =
        match steps.next().map(str::trim).unwrap_or_default().to_ascii_lowercase().as_str() {
            "resources" => resources,
            "resourcecontainers" => containers,
            other => return refused(other),
        };
    let rows = everywhere(facts, world, &sent, ask.at, table);
    let rows = match steps.try_fold(rows, |rows, step| apply(rows, step.trim())) {
        Ok(rows) => rows,
        Err(what) => return refused(&what),
    };
    paged(&sent["options"], rows)
}

/// Rows of every subscription that was asked for and may be read; without a wish, of all.
fn everywhere(
    facts: &Facts,
    world: &mut World,
    sent: &Value,
    at: i64,
    table: fn(&Facts, &mut World, i64) -> Vec<Value>,
) -> Vec<Value> {
    let asked = sent["subscriptions"].as_array().filter(|all| !all.is_empty());
    let wanted =
        |id: &str| asked.is_none_or(|all| all.iter().any(|s| s.as_str().is_some_and(|s| s.eq_ignore_ascii_case(id))));
    let mut rows = if wanted(facts.subscription()) { table(facts, world, at) } else { Vec::new() };
    for (id, own) in facts.others.iter().filter(|(id, _)| wanted(id) && !others::denied(facts, id)) {
        if let Some(there) = world.others.get_mut(id) {
            rows.extend(table(own, there, at));
        }
    }
    rows
}

fn paged(options: &Value, rows: Vec<Value>) -> Reply {
    let number = |key: &str| options[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let token = options["$skipToken"].as_str().filter(|t| !t.is_empty()).map(str::parse::<usize>);
    let skip = match token {
        None => number("$skip").unwrap_or(0),
        Some(Ok(n)) => n,
        Some(Err(_)) => return Reply::error(400, "BadRequest", "The $skipToken is not one of this service."),
    };
    if options["resultFormat"].as_str().is_some_and(|f| !f.eq_ignore_ascii_case("objectArray")) {
        return refused("resultFormat other than objectArray");
    }
    let top = number("$top").unwrap_or(USUAL).clamp(1, PAGE);
    let all = rows.len();
    let data: Vec<Value> = rows.into_iter().skip(skip).take(top).collect();
    let more = skip.saturating_add(top) < all;
    let mut body = json!({
        "totalRecords": all, "count": data.len(), "data": data, "facets": [], "resultTruncated": "false",
    });
    if more {
        body["$skipToken"] = json!((skip + top).to_string());
    }
    Reply::ok(&body).with("x-ms-user-quota-remaining", "14").with("x-ms-user-quota-resets-after", "00:00:05")
}

/// Every resource with its properties.
fn resources(facts: &Facts, world: &mut World, at: i64) -> Vec<Value> {
    let path = format!("/subscriptions/{}/resources", facts.subscription());
    let (_, listed) = inner(facts, world, Method::GET, &path, None, at);
    let rows = listed["value"].as_array().cloned().unwrap_or_default();
    let whole = |row: Value| {
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        let (status, mut own) = inner(facts, world, Method::GET, &id, None, at);
        if status != 200 {
            own = row;
        }
        let group = id.split('/').nth(4).unwrap_or_default().to_ascii_lowercase();
        own["type"] = json!(own["type"].as_str().unwrap_or_default().to_ascii_lowercase());
        own["resourceGroup"] = json!(group);
        common(facts, own)
    };
    rows.into_iter().map(whole).collect()
}

/// The subscription and its groups.
fn containers(facts: &Facts, world: &mut World, at: i64) -> Vec<Value> {
    let path = format!("/subscriptions/{}", facts.subscription());
    let (_, own) = inner(facts, world, Method::GET, &path, None, at);
    let row = json!({
        "id": path, "name": own["displayName"], "type": "microsoft.resources/subscriptions", "properties": { "state": "Enabled" },
    });
    let (_, groups) = inner(facts, world, Method::GET, &format!("{path}/resourcegroups"), None, at);
    let mut all = vec![common(facts, row)];
    for mut g in groups["value"].as_array().cloned().unwrap_or_default() {
        g["type"] = json!("microsoft.resources/subscriptions/resourcegroups");
        g["resourceGroup"] = json!(g["name"].as_str().unwrap_or_default().to_ascii_lowercase());
        all.push(common(facts, g));
    }
    all
}

fn common(facts: &Facts, mut row: Value) -> Value {
    row["subscriptionId"] = json!(facts.subscription());
    row["tenantId"] = json!(facts.scenario.world.tenant);
    row
}

/// Parts between marks that stand outside of quotes.
fn split(text: &str, mark: char) -> Vec<&str> {
    let (mut out, mut from, mut quote) = (Vec::new(), 0, None);
    for (n, c) in text.char_indices() {
        match quote {
            Some(q) if q == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == mark => {
                out.push(&text[from..n]);
                from = n + c.len_utf8();
            }
            _ => {}
        }
    }
    out.push(&text[from..]);
    out
}

/// A column of a row: `location`, `sku.name`, `properties.provisioningState`.
fn column<'v>(row: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(row, |v, name| {
        let own = v.as_object().and_then(|o| o.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)));
        own.map_or(&Value::Null, |(_, v)| v)
    })
}

fn is_column(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

fn apply(rows: Vec<Value>, step: &str) -> Result<Vec<Value>, String> {
    let (verb, rest) = step.split_once(char::is_whitespace).unwrap_or((step, ""));
    let rest = rest.trim();
    match verb.to_ascii_lowercase().as_str() {
        "where" => conditions(rest)?.into_iter().try_fold(rows, filtered),
        "project" => projected(rows, rest),
        "order" | "sort" => ordered(rows, rest),
        "limit" | "take" => rest.parse().map(|n| rows.into_iter().take(n).collect()).map_err(|_| step.to_owned()),
        "count" if rest.is_empty() => Ok(vec![json!({ "Count": rows.len() })]),
        _ => Err(step.to_owned()),
    }
}

/// The parts of a condition joined by `and`.
fn conditions(text: &str) -> Result<Vec<&str>, String> {
    let (mut out, mut from, mut quote) = (Vec::new(), 0, None);
    for (n, c) in text.char_indices() {
        match quote {
            Some(q) if q == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if text[n..].get(..5).is_some_and(|w| w.eq_ignore_ascii_case(" and ")) => {
                out.push(text[from..n].trim());
                from = n + 5;
            }
            None if text[n..].get(..4).is_some_and(|w| w.eq_ignore_ascii_case(" or ")) => return Err(text.to_owned()),
            _ => {}
        }
    }
    out.push(text[from..].trim());
    Ok(out)
}

fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let bare = |q: char| text.strip_prefix(q)?.strip_suffix(q);
    bare('\'').or_else(|| bare('"'))
}

fn filtered(mut rows: Vec<Value>, condition: &str) -> Result<Vec<Value>, String> {
    let bad = || condition.to_owned();
    let name = condition.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').next().unwrap_or_default();
    if !is_column(name) {
        return Err(bad());
    }
    let rest = condition[name.len()..].trim_start();
    let (operator, value) = ["in~", "=~", "!~", "==", "!=", "in"]
        .iter()
        .find_map(|o| rest.strip_prefix(o).map(|v| (*o, v.trim())))
        .ok_or_else(bad)?;
    let wanted: Vec<&str> = if operator.starts_with("in") {
        let list = value.strip_prefix('(').and_then(|v| v.strip_suffix(')')).ok_or_else(bad)?;
        split(list, ',').into_iter().map(unquoted).collect::<Option<_>>().ok_or_else(bad)?
    } else {
        vec![unquoted(value).ok_or_else(bad)?]
    };
    let blind = operator.contains('~');
    rows.retain(|row| {
        let own = column(row, name).as_str().unwrap_or_default();
        let same = |w: &&str| if blind { w.eq_ignore_ascii_case(own) } else { **w == *own };
        wanted.iter().any(same) != operator.starts_with('!')
    });
    Ok(rows)
}

fn projected(rows: Vec<Value>, columns: &str) -> Result<Vec<Value>, String> {
    let mut wanted = Vec::new();
    for part in columns.split(',').map(str::trim) {
        let (name, from) = part.split_once('=').map_or((part, part), |(n, f)| (n.trim(), f.trim()));
        if !is_column(name) || !is_column(from) {
            return Err(part.to_owned());
        }
        wanted.push((name.replace('.', "_"), from));
    }
    let pick = |row: Value| {
        let all: Map<String, Value> = wanted.iter().map(|(n, from)| (n.clone(), column(&row, from).clone())).collect();
        Value::Object(all)
    };
    Ok(rows.into_iter().map(pick).collect())
}

fn ordered(mut rows: Vec<Value>, by: &str) -> Result<Vec<Value>, String> {
    let words: Vec<&str> = by.split_whitespace().collect();
    let (name, down) = match words.as_slice() {
        ["by", name] | ["by", name, "asc"] => (*name, false),
        ["by", name, "desc"] => (*name, true),
        _ => return Err(format!("order {by}")),
    };
    if !is_column(name) {
        return Err(format!("order {by}"));
    }
    let key = |row: &Value| column(row, name).as_str().unwrap_or_default().to_ascii_lowercase();
    rows.sort_by_key(key);
    if down {
        rows.reverse();
    }
    Ok(rows)
}
