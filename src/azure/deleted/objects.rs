//! Secrets, keys and certificates that were deleted inside vaults: names and dates, never a value.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream;
use serde_json::Value;
use url::Url;

use super::rows;
use crate::azure::cloud::host_of;
use crate::azure::{Azure, AzureError, versions};
use crate::clock::{Clock, Task};
use crate::recovery::{Deleted, Failed, Gap, Kind, Lack, Live, Subscription};

/// Vaults asked at one time.
const AT_ONCE: usize = 16;
/// Vaults looked into in one reading; each takes three requests.
const MOST_VAULTS: usize = 500;
/// Pages of one list of a vault, 25 rows each.
const MOST_PAGES: usize = 200;
/// Names in one sentence.
const NAMED: usize = 5;
/// What a vault holds, and the list of what was deleted of it.
const LISTS: [(Kind, &str); 3] =
    [(Kind::Secret, "deletedsecrets"), (Kind::Key, "deletedkeys"), (Kind::Certificate, "deletedcertificates")];

fn kinds() -> impl Iterator<Item = Kind> {
    LISTS.iter().map(|l| l.0)
}

/// What was deleted inside vaults.
#[derive(Default)]
pub(super) struct Inside {
    pub deleted: Vec<Deleted>,
    pub failed: Vec<Failed>,
    pub gaps: Vec<Gap>,
}

/// What one vault told.
#[derive(Default)]
struct Looked {
    deleted: Vec<Deleted>,
    unread: Vec<Kind>,
    why: String,
}

/// A vault to look into.
struct Vault {
    name: String,
    /// ARM id, or the name where only that is known.
    id: String,
    subscription: Option<Subscription>,
}

/// The vaults to look into.
pub(super) struct Vaults(Vec<Vault>);

impl Vaults {
    /// Those that were asked for by name.
    pub(super) fn named(names: &[String]) -> Self {
        let one = |n: &String| Vault { name: n.clone(), id: n.clone(), subscription: None };
        Self(names.iter().map(one).collect())
    }

    /// Those that exist.
    pub(super) fn add(&mut self, subscription: &Subscription, live: &[Live]) {
        for l in live.iter().filter(|l| l.kind == Kind::Vault) {
            self.0.retain(|v| v.subscription.is_some() || !v.name.eq_ignore_ascii_case(l.name()));
            let subscription = Some(subscription.clone());
            self.0.push(Vault { name: l.name().to_owned(), id: l.id.clone(), subscription });
        }
    }

    /// What was deleted in them, and which of them do not tell.
    pub(super) async fn read(mut self, azure: &Azure, clock: &Clock) -> Inside {
        self.0.sort_by(|a, b| a.name.cmp(&b.name));
        let beyond = self.0.split_off(self.0.len().min(MOST_VAULTS));
        let one = |v: Vault| async {
            // A task of its own: each sleeps for itself when Azure asks for it.
            let found = look(azure, &clock.task(), &v).await;
            (v, found)
        };
        let answers: Vec<_> = stream::iter(self.0).map(one).buffer_unordered(AT_ONCE).collect().await;
        let why = format!("only {MOST_VAULTS} vaults are looked into at one time; name these to look into them");
        let unlooked = |v| (v, Looked { unread: kinds().collect(), why: why.clone(), ..Looked::default() });
        let (mut out, mut unread) = (Inside::default(), Vec::new());
        for (vault, found) in answers.into_iter().chain(beyond.into_iter().map(unlooked)) {
            out.deleted.extend(found.deleted);
            let subscription = vault.subscription.as_ref().map_or_else(String::new, |s| s.id.clone());
            let gap = |k: &Kind| Gap { subscription: subscription.clone(), lacks: Lack::InVault(vault.id.clone(), *k) };
            out.gaps.extend(found.unread.iter().map(gap));
            if !found.unread.is_empty() {
                unread.push((vault, found.unread, found.why));
            }
        }
        out.failed = failures(unread);
        out
    }
}

/// Vaults of one subscription that keep the same from us.
struct Line {
    /// Of the subscription, or the vault where only that is known.
    name: String,
    vaults: Vec<String>,
    why: String,
}

/// One line for each subscription and what is missing; the first vault's reason stands for all.
fn failures(mut unread: Vec<(Vault, Vec<Kind>, String)>) -> Vec<Failed> {
    unread.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    let mut by: BTreeMap<(String, Vec<Kind>), Line> = BTreeMap::new();
    for (v, kinds, why) in unread {
        let (id, name) = v.subscription.map_or_else(|| (v.name.clone(), v.name.clone()), |s| (s.id, s.name));
        by.entry((id, kinds)).or_insert_with(|| Line { name, vaults: Vec::new(), why }).vaults.push(v.name);
    }
    let mut out = Vec::new();
    for ((subscription, kinds), Line { name, vaults, why }) in by {
        let mut names = vaults.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if vaults.len() > NAMED {
            names.push_str(&format!(" and {} more", vaults.len() - NAMED));
        }
        let kinds: Vec<String> = kinds.iter().map(|k| format!("{}s", k.word())).collect();
        let kinds = match kinds.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => kinds.concat(),
        };
        out.push(Failed { subscription, name, what: format!("deleted {kinds} in {names}"), why });
    }
    out
}

/// Who may read a vault's secrets need not see its keys: each list is asked for itself.
async fn look(azure: &Azure, task: &Task, vault: &Vault) -> Looked {
    let subscription = vault.subscription.as_ref().map_or("", |s| s.id.as_str());
    let mut out = Looked::default();
    for (n, (kind, list)) in LISTS.into_iter().enumerate() {
        match rows_of(azure, task, vault, list).await {
            Ok(rows) => {
                let before = out.deleted.len();
                out.deleted.extend(rows.iter().filter_map(|r| rows::object(r, kind, &vault.id, subscription)));
                if out.deleted.len() - before < rows.len() {
                    out.unread.push(kind);
                    "the vault lists rows without a name.".clone_into(&mut out.why);
                }
            }
            Err(e) => {
                // Where nobody answers for one list nobody will for the rest.
                let answered = e.status().is_some();
                let rest = if answered { n..n + 1 } else { n..LISTS.len() };
                out.unread.extend(kinds().take(rest.end).skip(rest.start));
                if out.why.is_empty() {
                    out.why = format!("{e}. {}", e.what_to_do());
                }
                if !answered {
                    break;
                }
            }
        }
    }
    // A certificate has a key and a secret of its name, which come and go with it.
    let certificates: Vec<String> =
        out.deleted.iter().filter(|d| d.kind == Kind::Certificate).map(|d| d.name.clone()).collect();
    out.deleted.retain(|d| d.kind == Kind::Certificate || !certificates.contains(&d.name));
    out
}

async fn rows_of(azure: &Azure, task: &Task, vault: &Vault, list: &str) -> Result<Vec<Value>, AzureError> {
    let mut url = azure.cloud().vault(&vault.name)?;
    url.set_path(list);
    url.query_pairs_mut().append_pair("api-version", versions::VAULT_DATA);
    pages(azure, task, url).await
}

/// All pages of a vault's list; its links lead to itself or nowhere.
async fn pages(azure: &Azure, task: &Task, url: Url) -> Result<Vec<Value>, AzureError> {
    let (mut out, mut at) = (Vec::new(), url);
    for _ in 0..MOST_PAGES {
        let answer = azure.get(task, &at).await?;
        let mut page = answer.json()?;
        match page.get_mut("value").map(Value::take) {
            Some(Value::Array(rows)) => out.extend(rows),
            // A vault without any says null.
            Some(Value::Null) => {}
            _ => {
                let why = "a list without `value`".to_owned();
                return Err(AzureError::BadAnswer { host: host_of(&at), why });
            }
        }
        match page["nextLink"].as_str() {
            None | Some("") => return Ok(out),
            Some(next) => at = azure.cloud().same_host_link(next, &at)?,
        }
    }
    Err(AzureError::BadAnswer { host: host_of(&at), why: format!("a list of more than {MOST_PAGES} pages") })
}
