//! What is in soft delete, over all subscriptions that the signed-in identity sees.
//!
//! Azure lists deleted AI accounts, vaults, storage accounts and Log Analytics workspaces for each subscription, and what
//! was deleted inside a vault at that vault. What has no list leaves a trace in the activity log, or in an inventory that
//! somebody kept. Each subscription is read on its own, several at a time: one that fails is a failure by name, and takes
//! nothing along of what the others told.

mod again;
mod objects;
mod rows;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures::StreamExt;
use futures::stream;
use serde_json::Value;
use url::Url;

use self::objects::Vaults;
use super::error::NOT_USED;
use super::{Azure, AzureError, versions};
use crate::clock::{Clock, Task};
use crate::plan::inventory::Found;
use crate::recovery::{self, Deleted, Entry, Failed, Gap, Kind, Lack, Live, Reading, Subscription};
use crate::units::{Millis, Region, utc_text, visible};

/// Subscriptions read at one time. Each has a limit of its own at Azure; this bounds sockets here.
const SUBSCRIPTIONS_AT_ONCE: usize = 16;
/// Lists of one subscription read at one time: a fraction of what its token bucket gives in a second.
const LISTS_AT_ONCE: usize = 3;
/// Rows of one list. What was deleted in one subscription within its windows is far less.
const MOST_ROWS: usize = 20_000;
/// The activity log is read back as far as the longest window that is counted from it.
const LOG_BACK: Millis = Millis::from_mins(14 * 24 * 60);
/// Pages of an activity log, newest first. A busy subscription has thousands; then the log reaches less far back.
const LOG_PAGES: usize = 10;
/// A company has hundreds at most; more are a mistake.
const MOST_SUBSCRIPTIONS: usize = 2_000;

/// What shall be read.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only these subscriptions, by id or name; empty: all that the identity sees.
    pub subscriptions: Vec<String>,
    /// Look into the live vaults for deleted secrets, keys and certificates.
    pub objects: bool,
    /// And into these vaults, by name, seen or not.
    pub vaults: Vec<String>,
    /// What was there at an earlier time: what is missing now was deleted.
    pub known: Vec<Found>,
    /// What was read before, for what cannot be read now.
    pub before: Option<Reading>,
}

/// Reads all of it; `progress` hears how many subscriptions of how many are done. An error only if not even the
/// subscriptions could be listed.
pub async fn deleted(
    azure: &Azure,
    task: &Task,
    scope: &Scope,
    progress: impl Fn(usize, usize),
) -> Result<Reading, AzureError> {
    let (requests, throttled) = azure.sent();
    let url = azure.arm("/subscriptions", versions::SUBSCRIPTIONS, &[])?;
    let listed = azure.list_within(task, &url, MOST_SUBSCRIPTIONS).await?;
    let (wanted, mut failed) = chosen(&listed, scope)?;
    let clock = task.clock().clone();
    let all = wanted.len();
    progress(0, all);
    // The parts wait for time themselves; meanwhile this one only waits for them.
    let parts: Vec<Part> = task
        .wait(async {
            let one = |s: Subscription| read(azure, &clock, s, scope);
            let parts = stream::iter(wanted).map(one).buffer_unordered(SUBSCRIPTIONS_AT_ONCE);
            let counted = parts.enumerate().inspect(|(n, _)| progress(n + 1, all));
            counted.map(|(_, part)| part).collect().await
        })
        .await;
    let mut out = Reading {
        at: task.now().utc,
        azure: azure.cloud().name.clone(),
        simulated: azure.cloud().is_simulated(),
        ..Reading::default()
    };
    let mut vaults = Vaults::named(&scope.vaults);
    for part in parts {
        failed.extend(part.failed());
        out.gaps.extend(part.gaps());
        let place = |group: String| (part.subscription.id.to_ascii_lowercase(), group);
        out.leaving.extend(part.leaving.into_iter().map(place));
        if let Some(groups) = part.groups {
            out.groups.insert(part.subscription.id.to_ascii_lowercase(), groups);
        }
        if scope.objects {
            vaults.add(&part.subscription, &part.live);
        }
        out.subscriptions.push(part.subscription);
        out.deleted.extend(part.deleted);
        out.live.extend(part.live);
    }
    let inside = task.wait(vaults.read(azure, &clock)).await;
    out.deleted.extend(inside.deleted);
    out.gaps.extend(inside.gaps);
    failed.extend(inside.failed);
    out.failed = failed;
    if let Some(before) = &scope.before {
        out.carry(before);
    }
    let (requests_now, throttled_now) = azure.sent();
    (out.requests, out.throttled) = (requests_now - requests, throttled_now - throttled);
    out.settle();
    Ok(out)
}

/// The subscriptions to read, and those that were asked for and are not seen.
fn chosen(listed: &[Value], scope: &Scope) -> Result<(Vec<Subscription>, Vec<Failed>), AzureError> {
    let text = |v: &Value| v.as_str().filter(|s| !s.is_empty()).map(visible);
    let seen = listed.iter().filter(|row| row["state"].as_str() != Some("Deleted")).filter_map(|row| {
        let id = text(&row["subscriptionId"])?;
        Some(Subscription { name: text(&row["displayName"]).unwrap_or_else(|| id.clone()), id, log_since: None })
    });
    let seen: Vec<Subscription> = seen.collect();
    if scope.subscriptions.is_empty() {
        if seen.is_empty() {
            let text = "the signed-in identity sees no subscription; give it the role Reader on those that matter";
            return Err(AzureError::NotPossible(text.to_owned()));
        }
        return Ok((seen, Vec::new()));
    }
    let is = |s: &Subscription, asked: &str| s.id.eq_ignore_ascii_case(asked) || s.name.eq_ignore_ascii_case(asked);
    let unseen = scope.subscriptions.iter().filter(|a| !seen.iter().any(|s| is(s, a)));
    let failed = unseen.map(|asked| Failed {
        subscription: asked.clone(),
        name: asked.clone(),
        what: "everything".to_owned(),
        why: "the signed-in identity does not see this subscription. Check its id or name, and the identity's roles."
            .to_owned(),
    });
    let failed = failed.collect();
    Ok((seen.into_iter().filter(|s| scope.subscriptions.iter().any(|a| is(s, a))).collect(), failed))
}

/// The lists that are read of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Accounts,
    Vaults,
    Storage,
    Logs,
    Groups,
    LiveVaults,
    LiveStorage,
    Resources,
    Activity,
}

impl List {
    /// Path below the subscription, and version.
    fn at(self) -> (&'static str, &'static str) {
        let of = |kind| versions::of(kind).unwrap_or(versions::GROUPS);
        match self {
            Self::Accounts => ("providers/Microsoft.CognitiveServices/deletedAccounts", versions::COGNITIVE),
            Self::Vaults => ("providers/Microsoft.KeyVault/deletedVaults", of("Microsoft.KeyVault/vaults")),
            Self::Storage => ("providers/Microsoft.Storage/deletedAccounts", of("Microsoft.Storage/storageAccounts")),
            Self::Logs => (
                "providers/Microsoft.OperationalInsights/deletedWorkspaces",
                of("Microsoft.OperationalInsights/workspaces"),
            ),
            Self::Groups => ("resourcegroups", versions::GROUPS),
            Self::LiveVaults => ("providers/Microsoft.KeyVault/vaults", of("Microsoft.KeyVault/vaults")),
            Self::LiveStorage => {
                ("providers/Microsoft.Storage/storageAccounts", of("Microsoft.Storage/storageAccounts"))
            }
            Self::Resources => ("resources", versions::GROUPS),
            Self::Activity => ("providers/Microsoft.Insights/eventtypes/management/values", versions::ACTIVITY),
        }
    }

    /// What is not known without it; nothing for a list that others are only held against.
    fn lack(self) -> Option<Lack> {
        match self {
            Self::Accounts => Some(Lack::List(Kind::AiAccount)),
            Self::Vaults => Some(Lack::List(Kind::Vault)),
            Self::Storage => Some(Lack::List(Kind::StorageAccount)),
            Self::Logs => Some(Lack::List(Kind::LogWorkspace)),
            Self::LiveVaults => Some(Lack::Vaults),
            Self::Groups | Self::Resources => Some(Lack::Inventory),
            Self::Activity => Some(Lack::Log),
            Self::LiveStorage => None,
        }
    }

    /// For people.
    fn word(self) -> &'static str {
        match self {
            Self::Accounts => "deleted AI accounts",
            Self::Vaults => "deleted key vaults",
            Self::Storage => "deleted storage accounts",
            Self::Logs => "deleted Log Analytics workspaces",
            Self::Groups => "resource groups",
            Self::LiveVaults => "key vaults",
            Self::LiveStorage => "storage accounts",
            Self::Resources => "resources",
            Self::Activity => "the activity log",
        }
    }
}

/// What one subscription told.
struct Part {
    subscription: Subscription,
    deleted: Vec<Deleted>,
    groups: Option<BTreeMap<String, Region>>,
    leaving: BTreeSet<String>,
    live: Vec<Live>,
    unread: Vec<(List, AzureError)>,
    asked: usize,
}

impl Part {
    /// Where this part has gaps.
    fn gaps(&self) -> Vec<Gap> {
        let gap = |lacks: Lack| Gap { subscription: self.subscription.id.clone(), lacks };
        if self.unread.len() == self.asked {
            return vec![gap(Lack::Everything)];
        }
        self.unread.iter().filter_map(|(list, _)| list.lack()).map(gap).collect()
    }

    /// What could not be read, one line for each reason.
    fn failed(&self) -> Vec<Failed> {
        let mut by_reason: Vec<(String, Vec<&str>)> = Vec::new();
        for (list, error) in &self.unread {
            let why = format!("{error}. {}", error.what_to_do());
            // A request id is another one for each list; the reason is the same.
            let same = |w: &String| without_id(w) == without_id(&why);
            match by_reason.iter_mut().find(|(w, _)| same(w)) {
                Some((_, lists)) => lists.push(list.word()),
                None => by_reason.push((why, vec![list.word()])),
            }
        }
        let line = |(why, lists): (String, Vec<&str>)| Failed {
            subscription: self.subscription.id.clone(),
            name: self.subscription.name.clone(),
            what: if lists.len() == self.asked { "everything".to_owned() } else { lists.join(", ") },
            why,
        };
        by_reason.into_iter().map(line).collect()
    }
}

/// A sentence up to its request id and the action it names.
fn without_id(text: &str) -> &str {
    let end = [" [request ", " action '"].iter().filter_map(|mark| text.find(mark)).min();
    &text[..end.unwrap_or(text.len())]
}

/// Reads one subscription.
async fn read(azure: &Azure, clock: &Clock, subscription: Subscription, scope: &Scope) -> Part {
    let mine = |f: &&Found| f.id.split('/').nth(2).is_some_and(|s| s.eq_ignore_ascii_case(&subscription.id));
    let known: Vec<Found> = scope.known.iter().filter(mine).cloned().collect();
    let mut lists = vec![
        List::Accounts,
        List::Vaults,
        List::Storage,
        List::Logs,
        List::Groups,
        List::LiveVaults,
        List::LiveStorage,
        List::Activity,
    ];
    if !known.is_empty() {
        lists.push(List::Resources);
    }
    let asked = lists.len();
    let one = |list: List| {
        let id = &subscription.id;
        async move {
            // A task of its own: each sleeps for itself when Azure asks for it.
            let task = clock.task();
            (list, ask(azure, &task, id, list).await)
        }
    };
    let answers: Vec<_> = stream::iter(lists).map(one).buffer_unordered(LISTS_AT_ONCE).collect().await;
    let part = gather(subscription, answers, &known, asked, clock.now().utc);
    Part { deleted: again::without(azure, clock, part.deleted).await, ..part }
}

async fn ask(azure: &Azure, task: &Task, subscription: &str, list: List) -> Result<(Vec<Value>, i64), AzureError> {
    let (path, version) = list.at();
    let url = |query: &[(&str, &str)]| azure.arm(&format!("/subscriptions/{subscription}/{path}"), version, query);
    let now = task.now().utc;
    let from = now.saturating_sub(i64::try_from(LOG_BACK.0).unwrap_or(i64::MAX));
    let read = match list {
        List::Activity => {
            let span = format!("eventTimestamp ge '{}' and eventTimestamp le '{}'", utc_text(from), utc_text(now));
            let fields = "eventTimestamp,operationName,status,caller,resourceId,correlationId";
            pages(azure, task, url(&[("$filter", &span), ("$select", fields)])?, from).await
        }
        _ => azure.list_within(task, &url(&[])?, MOST_ROWS).await.map(|rows| (rows, from)),
    };
    match read {
        // A service that was never used in this subscription has nothing there.
        Err(e) if e.has_code(&NOT_USED) => Ok((Vec::new(), from)),
        other => other,
    }
}

/// The newest pages of the activity log, and how far back they reach.
async fn pages(azure: &Azure, task: &Task, url: Url, from: i64) -> Result<(Vec<Value>, i64), AzureError> {
    let (mut out, mut at) = (Vec::new(), url);
    for _ in 0..LOG_PAGES {
        let (rows, next) = azure.list_page(task, &at).await?;
        out.extend(rows);
        match next {
            Some(url) => at = url,
            None => return Ok((out, from)),
        }
    }
    let oldest = out.iter().filter_map(|row| rows::instant(&row["eventTimestamp"])).min();
    Ok((out, oldest.unwrap_or(from)))
}

/// What a row of a list says.
type Make = fn(&Value) -> Option<Deleted>;
type Answered = (List, Result<(Vec<Value>, i64), AzureError>);

/// Puts a subscription's answers together.
fn gather(mut subscription: Subscription, answers: Vec<Answered>, known: &[Found], asked: usize, now: i64) -> Part {
    let mut told: Vec<(List, Vec<Value>)> = Vec::new();
    let mut unread = Vec::new();
    for (list, answer) in answers {
        match answer {
            Ok((rows, since)) => {
                if list == List::Activity {
                    subscription.log_since = Some(since);
                }
                told.push((list, rows));
            }
            Err(e) => unread.push((list, e)),
        }
    }
    let rows = |list: List| told.iter().find(|(l, _)| *l == list).map(|(_, rows)| rows.as_slice());
    let mut deleted: Vec<Deleted> = Vec::new();
    let makes: [(List, Make); 4] = [
        (List::Accounts, rows::account),
        (List::Vaults, rows::vault),
        (List::Storage, rows::storage),
        (List::Logs, rows::workspace),
    ];
    for (list, make) in makes {
        let all = rows(list).unwrap_or_default();
        let before = deleted.len();
        deleted.extend(all.iter().filter_map(make));
        let nameless = all.len() - (deleted.len() - before);
        if nameless > 0 {
            unread.push((list, without_name(nameless)));
        }
    }
    unread.sort_by_key(|(list, _)| *list as u8);
    let alive = |list, kind| {
        let ids = rows(list).unwrap_or_default().iter().filter_map(|r| r["id"].as_str());
        ids.map(|id| Live { kind, id: visible(id) }).collect::<Vec<_>>()
    };
    let mut live = alive(List::LiveVaults, Kind::Vault);
    live.extend(alive(List::LiveStorage, Kind::StorageAccount));
    let groups = rows(List::Groups).map(rows::groups);
    let leaving = rows(List::Groups).map(rows::leaving).unwrap_or_default();
    let kept: HashSet<String> = deleted.iter().map(Deleted::key).collect();
    let there: HashSet<String> = live.iter().map(|l| l.id.to_ascii_lowercase()).collect();
    // What is on no list is gone only where the whole list is known.
    let whole = |list: List| !unread.iter().any(|(l, _)| *l == list);
    let listed = |kind: Kind| match kind {
        Kind::AiAccount => whole(List::Accounts),
        Kind::Vault => whole(List::Vaults) && whole(List::LiveVaults),
        Kind::StorageAccount => whole(List::Storage) && whole(List::LiveStorage),
        _ => whole(List::Logs),
    };
    let entries: Vec<Entry> = rows(List::Activity).unwrap_or_default().iter().filter_map(rows::entry).collect();
    let logged = recovery::deletions(entries, known);
    deleted.extend(recovery::beside_lists(logged, listed, &kept, &there, now));
    if let (Some(resources), Some(groups)) = (rows(List::Resources), &groups) {
        deleted.extend(rows::missing(known, resources, groups));
    }
    Part { subscription, deleted, groups, leaving, live, unread, asked }
}

/// Of rows that do not say what they are about.
fn without_name(rows: usize) -> AzureError {
    let why = if rows == 1 { "one row names nothing".to_owned() } else { format!("{rows} rows name nothing") };
    AzureError::BadAnswer { host: "Azure".to_owned(), why }
}
