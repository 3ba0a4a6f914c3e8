//! Deletions in the activity log: the only trace of what has no soft delete or no list, and of who did it.

use std::collections::{HashMap, HashSet};

use super::thing::{Deleted, Kind, Origin};
use crate::plan::inventory::Found;
use crate::units::ResourceId;

/// A list that does not have something deleted this recently proves nothing.
const LISTS_LAG: i64 = 15 * 60_000;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// UTC ms.
    pub at: i64,
    /// `Microsoft.KeyVault/vaults/delete`.
    pub operation: String,
    /// `Started`, `Accepted`, `Succeeded` or `Failed`.
    pub status: String,
    /// Who.
    pub caller: String,
    /// On what.
    pub resource: String,
    /// Shared by the lines of one request.
    pub correlation: String,
}

/// What was deleted by this log and not made again since. `known` is the inventory kept here, which knows the kinds of
/// workspaces and the regions of what is gone.
pub fn deletions(mut entries: Vec<Entry>, known: &[Found]) -> Vec<Deleted> {
    entries.sort_by_key(|e| std::cmp::Reverse(e.at));
    // A request is logged when it starts and when it ends; its last word on each thing counts. Deleting a group is one
    // request, and the log has lines for all that lay in it.
    let mut heard: HashSet<(String, String, String)> = HashSet::new();
    let mut over: HashSet<String> = HashSet::new();
    let found: HashMap<String, &Found> = known.iter().map(|f| (f.id.to_ascii_lowercase(), f)).collect();
    let mut out = Vec::new();
    for e in entries {
        let work = (e.correlation.clone(), e.operation.to_ascii_lowercase(), e.resource.to_ascii_lowercase());
        let first = e.correlation.is_empty() || heard.insert(work);
        if !first || !["accepted", "succeeded"].contains(&e.status.to_ascii_lowercase().as_str()) {
            continue;
        }
        let Some((id, what)) = event(&e) else { continue };
        // The newest word on a thing decides: what was made again after its deletion is there.
        if !over.insert(id.to_ascii_lowercase()) || what == What::Made {
            continue;
        }
        let before = found.get(&id.to_ascii_lowercase());
        let Some(kind) = kind_of(&id, before.and_then(|f| f.kind.as_deref())) else { continue };
        // The log writes ids in capitals as it likes.
        let id = before.map_or(&id, |f| &f.id);
        let mut d = Deleted::new(kind, id, Origin::ActivityLog);
        d.deleted_at = (what == What::Deleted).then_some(e.at);
        d.purged = what == What::Purged;
        d.by = Some(e.caller).filter(|c| !c.is_empty());
        if let Some(f) = before {
            d.region = f.region.clone();
        }
        out.push(d);
    }
    out
}

/// What the log says of kinds that Azure lists while it keeps them, held against those lists: what is there again is left
/// out, and what is on no list is gone. `listed` says whether the list of a kind could be read, `kept` has the ids on it
/// and `alive` those of what exists.
pub fn beside_lists(
    found: Vec<Deleted>,
    listed: impl Fn(Kind) -> bool,
    kept: &HashSet<String>,
    alive: &HashSet<String>,
    now: i64,
) -> Vec<Deleted> {
    let judged = |mut d: Deleted| {
        let has_list = matches!(d.kind, Kind::Vault | Kind::StorageAccount | Kind::LogWorkspace | Kind::AiAccount);
        if !has_list || !listed(d.kind) || kept.contains(&d.key()) {
            return Some(d);
        }
        if alive.contains(&d.key()) {
            return None;
        }
        // Lists lag behind: what was deleted just now need not be on one yet.
        d.purged |= d.deleted_at.is_none_or(|at| now.saturating_sub(at) > LISTS_LAG);
        Some(d)
    };
    found.into_iter().filter_map(judged).collect()
}

#[derive(PartialEq)]
enum What {
    Deleted,
    Purged,
    Made,
}

/// What happened to which living id.
fn event(e: &Entry) -> Option<(String, What)> {
    let operation = e.operation.to_ascii_lowercase();
    let parts: Vec<&str> = e.resource.split('/').collect();
    let after = |word: &str| {
        let at = parts.iter().position(|p| p.eq_ignore_ascii_case(word))?;
        parts.get(at + 1).copied()
    };
    if operation.ends_with("/deletedaccounts/delete") && operation.starts_with("microsoft.cognitiveservices/") {
        let (s, g, a) = (after("subscriptions")?, after("resourceGroups")?, after("deletedAccounts")?);
        let id = format!("/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.CognitiveServices/accounts/{a}");
        return Some((id, What::Purged));
    }
    let what = if operation.ends_with("/delete") {
        What::Deleted
    } else if operation.ends_with("/write") {
        What::Made
    } else {
        return None;
    };
    // `…/workspaces/computes/delete` is about what its resource id ends in; anything else is attached to something.
    let id: ResourceId = e.resource.parse().ok()?;
    let of = id.kind().to_ascii_lowercase();
    let group = of == "microsoft.resources/resourcegroups";
    let own = operation.rsplit_once('/').is_some_and(|(t, _)| t == of)
        || group && operation.starts_with("microsoft.resources/subscriptions/resourcegroups/");
    own.then(|| (id.as_str().to_owned(), what))
}

fn kind_of(id: &str, kind: Option<&str>) -> Option<Kind> {
    Kind::of(&id.parse::<ResourceId>().ok()?.kind(), kind)
}
