//! Machine learning workspaces that came back. Their deletion is in the activity log, no list has them while they are kept,
//! and a recovery in the portal need not leave a line that says so: whether one is there again tells only asking for it by
//! its id. Lists are no help, since some show a deleted workspace as if it were alive.

use std::collections::HashSet;

use futures::StreamExt;
use futures::stream;

use crate::azure::{Azure, resources};
use crate::clock::{Clock, Task};
use crate::recovery::{Deleted, Kind, Origin};

/// Asked at one time.
const AT_ONCE: usize = 8;
/// Asked about in one subscription, the newest deletions first; the rest stays on the board as the log has it.
const MOST: usize = 50;

/// Leaves out what is there again; what cannot be asked about stays.
pub(super) async fn without(azure: &Azure, clock: &Clock, deleted: Vec<Deleted>) -> Vec<Deleted> {
    let unlisted = |d: &&Deleted| {
        d.origin == Origin::ActivityLog && matches!(d.kind, Kind::Workspace | Kind::WorkspaceOrHub) && !d.purged
    };
    let mut ids: Vec<(Option<i64>, String)> =
        deleted.iter().filter(unlisted).map(|d| (d.deleted_at, d.id.clone())).collect();
    ids.sort_by(|a, b| b.cmp(a));
    ids.truncate(MOST);
    let one = |(_, id): (Option<i64>, String)| async move { is_there(azure, &clock.task(), &id).await.then_some(id) };
    let back: HashSet<String> =
        stream::iter(ids).map(one).buffer_unordered(AT_ONCE).filter_map(|id| async { id }).collect().await;
    deleted.into_iter().filter(|d| !back.contains(&d.id)).collect()
}

async fn is_there(azure: &Azure, task: &Task, id: &str) -> bool {
    let found = resources::read(azure, task, id, None).await;
    let state = |v: &serde_json::Value| v["properties"]["provisioningState"].as_str().unwrap_or_default().to_owned();
    matches!(found, Ok(Some(v)) if !state(&v).eq_ignore_ascii_case("Deleting"))
}
