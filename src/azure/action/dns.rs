//! Record sets of Azure DNS.

use super::{Change, Preview};
use crate::azure::client::resource_id;
use crate::azure::dns::{self, RecordType};
use crate::azure::traffic::Pace;
use crate::azure::{Azure, AzureError};
use crate::clock::Task;

/// A new set whose time to live nobody named is looked up again after so many seconds.
const USUAL_TTL: u64 = 300;

pub(super) async fn set(
    azure: &Azure,
    task: &Task,
    id: &str,
    values: &[String],
    ttl: Option<u32>,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (kind, name) = (resource_id(id)?.kind(), id.rsplit('/').next().unwrap_or(id));
    let of = kind.rsplit('/').next().unwrap_or_default();
    let is_set = kind.to_ascii_lowercase().starts_with("microsoft.network/dnszones/");
    let Some(records) = RecordType::named(of).filter(|_| is_set) else {
        let text = format!("{id} is no record set that can be written; A, AAAA, CNAME and TXT of a public zone can");
        return Err(AzureError::NotPossible(text));
    };
    if values.is_empty() || values.iter().any(|v| v.trim().is_empty()) || (records.is_single() && values.len() > 1) {
        let text = format!("{name} needs a value, and a CNAME exactly one");
        return Err(AzureError::NotPossible(text));
    }
    if let Some(bad) = values.iter().find(|v| !records.takes(v)) {
        return Err(AzureError::NotPossible(format!("`{bad}` is no value of a record of the type {of}")));
    }
    let now = dns::record(azure, task, id).await?;
    let properties = now.as_ref().map(|r| r.properties.clone()).unwrap_or_default();
    if properties["targetResource"]["id"].is_string() {
        let text = format!("{name} follows a resource by itself (an alias record); Lifeboat does not replace that");
        return Err(AzureError::NotPossible(text));
    }
    let before = records.values(&properties);
    let old_ttl = properties["TTL"].as_u64();
    let new_ttl = ttl.map(u64::from).or(old_ttl).unwrap_or(USUAL_TTL);
    let one = |v: &String| match records.is_text() {
        // A proof of ownership or a key: every letter counts.
        true => v.clone(),
        false => v.trim_end_matches('.').to_ascii_lowercase(),
    };
    let sorted = |v: &[String]| {
        let mut v: Vec<String> = v.iter().map(one).collect();
        v.sort();
        v
    };
    // What resolvers hold is the old answer, for as long as that may be kept.
    out.dns = Some(Pace { ttl: old_ttl, ..Pace::default() });
    out.already_true = now.is_some() && sorted(&before) == sorted(values) && old_ttl == Some(new_ttl);
    if out.already_true {
        return Ok(());
    }
    let metadata = &properties["metadata"];
    let mut change = Change::new(format!("set {of} {name}"), "PUT", azure, task, id).await?;
    change = change.with_body(&records.body(values, new_ttl, metadata));
    let was = before.join(", ");
    change = change.field(of, now.as_ref().map(|_| was.as_str()), Some(&values.join(", ")));
    if old_ttl != Some(new_ttl) {
        change = change.field("TTL", old_ttl.map(|t| t.to_string()).as_deref(), Some(&new_ttl.to_string()));
    }
    match &now {
        None => change.only_if_absent = true,
        Some(set) => {
            let none = || AzureError::BadAnswer {
                host: "Azure Resource Manager".into(),
                why: "a record set without etag".into(),
            };
            change.if_match = Some(set.etag.clone().ok_or_else(none)?);
            change = change.with_previous(&records.body(&before, old_ttl.unwrap_or(new_ttl), metadata));
            out.notes.push(format!(
                "Who looked it up before keeps the old answer for up to {} s.",
                old_ttl.unwrap_or(new_ttl)
            ));
        }
    }
    out.changes.push(change);
    Ok(())
}
