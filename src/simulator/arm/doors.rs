//! Front Door: origins, which are switched and weighed one by one.

use serde_json::json;

use super::generic::Change;
use crate::simulator::http::Reply;
use crate::simulator::things::Thing;

const ORIGIN: &str = "microsoft.cdn/profiles/origingroups/origins";

/// What is refused.
pub fn check(change: &Change<'_>) -> Option<Reply> {
    if change.kind != ORIGIN {
        return None;
    }
    let bad = |text: &str| Some(Reply::error(400, "BadRequest", text));
    let within = |name: &str, most: u64| {
        let v = change.property(name);
        v.is_null() || v.as_u64().is_some_and(|v| (1..=most).contains(&v))
    };
    if !within("priority", 5) {
        return bad("The property 'priority' must be from 1 to 5.");
    }
    if !within("weight", 1_000) {
        return bad("The property 'weight' must be from 1 to 1000.");
    }
    let state = change.property("enabledState");
    if !state.is_null() && !matches!(state.as_str(), Some("Enabled" | "Disabled")) {
        return bad("The property 'enabledState' must be 'Enabled' or 'Disabled'.");
    }
    let host = change.property("hostName");
    if change.present.is_none() && !host.is_string() {
        return bad("The property 'hostName' is required for an origin.");
    }
    None
}

/// What an origin shows beside what was sent.
pub fn fill(t: &mut Thing, at: i64) {
    if !t.is(ORIGIN) {
        return;
    }
    t.body.remove("tags");
    let group = t.id.split('/').rev().nth(2).unwrap_or_default().to_owned();
    t.set_missing("originGroupName", group);
    t.set_missing("enabledState", "Enabled");
    t.set_missing("httpPort", 80);
    t.set_missing("httpsPort", 443);
    t.set_missing("priority", 1);
    t.set_missing("weight", 1_000);
    t.set_missing("enforceCertificateNameCheck", true);
    t.set("deploymentStatus", json!(if t.busy(at) { "InProgress" } else { "NotStarted" }));
}
