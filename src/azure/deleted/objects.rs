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
use crate::recovery::{Deleted, Failed, Kind, Live, Subscription};

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
    pub(super) async fn read(mut self, azure: &Azure, clock: &Clock) -> (Vec<Deleted>, Vec<Failed>) {
        self.0.sort_by(|a, b| a.name.cmp(&b.name));
        let beyond = self.0.split_off(self.0.len().min(MOST_VAULTS));
        let one = |v: Vault| async {
            // A task of its own: each sleeps for itself when Azure asks for it.
            let found = look(azure, &clock.task(), &v).await;
            (v, found)
        };
        let answers: Vec<_> = stream::iter(self.0).map(one).buffer_unordered(AT_ONCE).collect().await;
        let (mut out, mut unread) = (Vec::new(), Vec::new());
        for (vault, found) in answers {
            match found {
                Ok(objects) => out.extend(objects),
                Err(e) => unread.push((vault, format!("{e}. {}", e.what_to_do()))),
            }
        }
        let why = format!("only {MOST_VAULTS} vaults are looked into at one time; name these to look into them");
        unread.extend(beyond.into_iter().map(|v| (v, why.clone())));
        (out, failures(unread))
    }
}

/// One line for each subscription; the first vault's reason stands for all.
fn failures(mut unread: Vec<(Vault, String)>) -> Vec<Failed> {
    unread.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    let mut by: BTreeMap<String, (String, Vec<String>, String)> = BTreeMap::new();
    for (v, why) in unread {
        let (id, name) = v.subscription.map_or_else(|| (v.name.clone(), v.name.clone()), |s| (s.id, s.name));
        by.entry(id).or_insert_with(|| (name, Vec::new(), why)).1.push(v.name);
    }
    let line = |(subscription, (name, vaults, why)): (String, (String, Vec<String>, String))| {
        let mut names = vaults.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if vaults.len() > NAMED {
            names.push_str(&format!(" and {} more", vaults.len() - NAMED));
        }
        Failed { subscription, name, what: format!("deleted secrets, keys and certificates in {names}"), why }
    };
    by.into_iter().map(line).collect()
}

async fn look(azure: &Azure, task: &Task, vault: &Vault) -> Result<Vec<Deleted>, AzureError> {
    let subscription = vault.subscription.as_ref().map_or("", |s| s.id.as_str());
    let mut out: Vec<Deleted> = Vec::new();
    for (kind, list) in LISTS {
        let mut url = azure.cloud().vault(&vault.name)?;
        url.set_path(list);
        url.query_pairs_mut().append_pair("api-version", versions::VAULT_DATA);
        let rows = pages(azure, task, url).await?;
        out.extend(rows.iter().filter_map(|r| rows::object(r, kind, &vault.id, subscription)));
    }
    // A certificate has a key and a secret of its name, which come and go with it.
    let certificates: Vec<String> =
        out.iter().filter(|d| d.kind == Kind::Certificate).map(|d| d.name.clone()).collect();
    out.retain(|d| d.kind == Kind::Certificate || !certificates.contains(&d.name));
    Ok(out)
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
