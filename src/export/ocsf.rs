//! The records of a run for a SIEM: one line of JSON a record, as OCSF API Activity (class 6003).
//!
//! The schema has no class for disaster recovery: what is no request to Azure is `Other`, and what the schema has no place
//! for is below `unmapped`, with the number and the hash that lead back to the record.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::dossier::{Act, Dossier, Outcome, Row};
use crate::units::{ResourceId, visible};

/// Attribute meanings move between releases: one is meant.
pub const VERSION: &str = "1.3.0";
const CLASS: u64 = 6003;

/// Writes all lines.
pub fn write(dossier: &Dossier, out: &mut impl Write) -> io::Result<()> {
    for row in &dossier.rows {
        serde_json::to_writer(&mut *out, &event(&dossier.run, row))?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn event(run: &str, r: &Row) -> Value {
    let (activity_id, activity_name) = activity(r.act.as_deref());
    let (status_id, status) = match r.outcome {
        Outcome::Unknown => (0, "Unknown"),
        Outcome::Success => (1, "Success"),
        Outcome::Failure => (2, "Failure"),
    };
    let (severity_id, severity) = if r.outcome == Outcome::Failure { (3, "Medium") } else { (1, "Informational") };
    let target = r.target.parse::<ResourceId>().ok();
    let mut event = json!({
        "activity_id": activity_id,
        "activity_name": activity_name,
        "category_uid": CLASS / 1_000,
        "category_name": "Application Activity",
        "class_uid": CLASS,
        "class_name": "API Activity",
        "type_uid": CLASS * 100 + activity_id,
        "time": r.ts,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": visible(&r.text),
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "uid": format!("{run}/{}", r.seq),
            "correlation_uid": run,
            "sequence": r.seq,
            "log_name": run,
            "product": { "name": "Lifeboat", "vendor_name": "Lifeboat", "version": &*r.app },
        },
        "actor": actor(r),
        "api": { "operation": operation(r, target.as_ref()) },
        "src_endpoint": { "uid": visible(&r.device) },
        "cloud": { "provider": "Azure" },
        "unmapped": {
            "seq": r.seq, "run_time": r.at, "h": r.h, "prev": r.prev, "kind": visible(&r.kind), "mode": visible(&r.mode),
            "step": visible(&r.step), "detail": r.more.iter().map(|m| visible(m)).collect::<Vec<_>>(),
        },
    });
    if !r.request.is_empty() {
        event["api"]["request"] = json!({ "uid": visible(&r.request) });
    }
    if !r.target.is_empty() {
        let mut resource = json!({ "uid": visible(&r.target) });
        if let Some(id) = &target {
            resource["name"] = id.name().into();
            resource["type"] = id.kind().into();
            event["cloud"]["account"] = json!({ "uid": id.subscription() });
        }
        event["resources"] = json!([resource]);
    }
    if let Some(who) = r.who.as_deref().filter(|w| !w.tid.is_empty()) {
        event["unmapped"]["tid"] = visible(&who.tid).into();
    }
    event
}

fn activity(act: Option<&Act>) -> (u64, &'static str) {
    match act.map(|a| (a.method.as_str(), a.creates)) {
        Some(("PUT", true)) => (1, "Create"),
        Some(("GET" | "HEAD", _)) => (2, "Read"),
        Some(("PUT" | "PATCH" | "POST", _)) => (3, "Update"),
        Some(("DELETE", _)) => (4, "Delete"),
        _ => (99, "Other"),
    }
}

/// A request by its method and the type of its target; anything else by what the record is about.
fn operation(r: &Row, target: Option<&ResourceId>) -> String {
    match (&r.act, target) {
        (Some(act), Some(id)) => format!("{} {}", visible(&act.method), id.kind()),
        (Some(act), None) => format!("{} {}", visible(&act.method), visible(&r.kind)),
        (None, _) => visible(&r.kind),
    }
}

fn actor(r: &Row) -> Value {
    let Some(who) = r.who.as_deref() else { return json!({ "app_name": "Lifeboat" }) };
    let mut user = json!({ "name": visible(&r.actor), "type_id": 1, "type": "User" });
    if !who.oid.is_empty() {
        user["uid"] = visible(&who.oid).into();
    }
    if !who.upn.is_empty() {
        user["email_addr"] = visible(&who.upn).into();
    }
    json!({ "user": user })
}
