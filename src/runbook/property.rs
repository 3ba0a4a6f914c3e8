//! What a JSON document says at a path, judged against what a condition asks of it.
//!
//! What was seen goes into the record, so it is short, and values that are secrets by their name are not shown.

use serde_json::Value;

use crate::units::{Region, visible};

/// Characters of a value that are shown.
const SHOWN: usize = 120;
/// Last words of paths whose value opens something.
const SECRET: [&str; 7] =
    ["connectionstring", "instrumentationkey", "password", "secret", "token", "primarykey", "secondarykey"];

/// What is asked of the value at a path. With nothing asked: it is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// It says this, in upper or lower case.
    pub is: Option<&'a str>,
    /// It does not say this; where there is nothing, nobody can tell.
    pub is_not: Option<&'a str>,
    /// The number there is at least this.
    pub at_least: Option<u64>,
}

/// The value at a path of names and indexes with dots between, e.g. `properties.regions.0.name`. Names compare without
/// regard to case where none fits exactly: Azure itself writes the same name in several ways.
pub fn at<'v>(document: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|p| !p.is_empty()).try_fold(document, |v, part| match v {
        Value::Array(all) => all.get(part.parse::<usize>().ok()?),
        Value::Object(fields) => fields
            .get(part)
            .or_else(|| fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(part)).map(|(_, value)| value)),
        _ => None,
    })
}

/// Whether what stands at a path meets what is asked, and what was seen there. `None`: it cannot be compared.
pub fn judge(document: &Value, path: &str, asked: Asked<'_>) -> (Option<bool>, String) {
    let found = at(document, path).filter(|v| !v.is_null());
    let Some(value) = found else {
        // What is not set does not say the wrong thing, and does not say the right one either.
        let alone = asked.is.is_none() && asked.at_least.is_none() && asked.is_not.is_some();
        return ((!alone).then_some(false), "not set".to_owned());
    };
    let says = |wanted: &str| match value {
        // `East US` and `eastus` are one place.
        Value::String(s) if is_place(path) => Some(Region::new(s) == Region::new(wanted)),
        Value::String(s) => Some(s.trim().eq_ignore_ascii_case(wanted.trim())),
        Value::Bool(b) => Some(wanted.trim().eq_ignore_ascii_case(if *b { "true" } else { "false" })),
        Value::Number(n) => Some(match (wanted.trim().parse::<f64>(), n.as_f64()) {
            (Ok(w), Some(n)) => w == n,
            _ => n.to_string() == wanted.trim(),
        }),
        _ => None,
    };
    let answers = [
        asked.is.map(says),
        asked.is_not.map(|w| says(w).map(|same| !same)),
        asked.at_least.map(|least| number(value).map(|n| n >= least as f64)),
    ];
    let answers = || answers.iter().flatten();
    let ok = match () {
        () if answers().any(|a| *a == Some(false)) => Some(false),
        () => answers().all(|a| *a == Some(true)).then_some(true),
    };
    (ok, shown(path, value))
}

/// Whether what stands at a path is a region by its name.
fn is_place(path: &str) -> bool {
    path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().ends_with("location")
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }
}

/// A value in a few words.
fn shown(path: &str, value: &Value) -> String {
    let last = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let text = match value {
        _ if SECRET.iter().any(|s| last.ends_with(s)) => return "set, and not shown".to_owned(),
        Value::Object(fields) => return format!("there, with {} fields", fields.len()),
        Value::Array(all) => return format!("a list of {}", all.len()),
        Value::String(s) => visible(s),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
