//! What exactly a second person agrees to: one digest over the plan, the step and every request it would send.

use serde_json::json;

use crate::units::sha256_hex;

use super::event::Change;

/// Digest of a step's changes within a plan. Any other byte of any request is another digest.
pub fn of_changes(plan_digest: &str, step: &str, changes: &[Change]) -> String {
    let requests: Vec<_> = changes
        .iter()
        .map(
            |c| json!({ "method": c.method, "url": c.url, "body": c.body, "if_match": c.if_match, "only_if_absent": c.only_if_absent, "target": c.target }),
        )
        .collect();
    digest(&json!({ "plan": plan_digest, "step": step, "requests": requests }))
}

/// Digest of words: a decision, or a confirmation.
pub fn of_words(plan_digest: &str, step: &str, words: &[&str]) -> String {
    digest(&json!({ "plan": plan_digest, "step": step, "words": words }))
}

fn digest(value: &serde_json::Value) -> String {
    sha256_hex(value.to_string().as_bytes())
}
