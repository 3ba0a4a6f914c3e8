//! Which of the built-in recovery runbooks guides a recovery, with the values that are known; and the same by hand.

use std::collections::BTreeMap;

use super::blocker::Blocker;
use super::board::{Row, Wait};
use super::deadline::Alarm;
use super::reading::Reading;
use super::thing::Kind;
use crate::units::{Millis, Region, utc_text};

/// A runbook with what is known of its parameters. What is not known is left to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Id of the runbook.
    pub runbook: &'static str,
    /// Parameter → value.
    pub values: BTreeMap<String, String>,
}

/// The runbook for a row, if there is one.
pub fn fit(row: &Row, reading: &Reading, now: i64) -> Option<Fit> {
    let d = &row.thing;
    let over = matches!(row.alarm(now), Alarm::Over) || d.purged;
    let mut values = BTreeMap::new();
    let mut set = |name: &str, value: String| {
        if !value.is_empty() {
            values.insert(name.to_owned(), value);
        }
    };
    set("primary", d.region.name().to_owned());
    set("group_region", group_region(row, reading).map(|r| r.name().to_owned()).unwrap_or_default());
    set("deleted", d.id.clone());
    set("deleted_at", d.deleted_at.map(utc_text).unwrap_or_default());
    // Its place is on the board only where it was deleted too; a vault that is there needs no step of its own.
    let needed = |kind: Kind| row.waits.iter().filter(|w| w.kind == kind).collect::<Vec<_>>();
    let vaults = needed(Kind::Vault);
    // By its id where it is known, else by its address; then the person has to say which vault it is.
    let own_vault = d.needs.iter().find(|id| id.to_ascii_lowercase().contains("/microsoft.keyvault/vaults/"));
    let vault = own_vault.cloned().unwrap_or_else(|| only(&vaults, d));
    let key = match own_vault {
        Some(_) => "yes",
        None if d.needs_known && !d.needs.iter().any(|id| id.starts_with("https://")) => "no",
        None => "",
    };
    let runbook = match d.kind {
        Kind::Vault => {
            set("case", if over { "passed" } else { "vault" }.to_owned());
            set("retention_days", days(row));
            set("consumers", row.consumers.join(","));
            "recover-vault"
        }
        Kind::Secret | Kind::Key | Kind::Certificate => {
            let vault = d.vault.clone().unwrap_or_default();
            set("case", "object".to_owned());
            // A name alone is no id; the person has to say which vault it is.
            set("deleted", if vault.starts_with('/') { vault } else { String::new() });
            set("object", d.name.clone());
            set("object_kind", d.kind.word().to_owned());
            set("retention_days", days(row));
            "recover-vault"
        }
        Kind::StorageAccount => {
            set("customer_key", key.to_owned());
            set("vault", vault);
            "recover-storage"
        }
        Kind::AiAccount => {
            set("customer_key", key.to_owned());
            set("vault", vault);
            set(
                "storage",
                needed(Kind::StorageAccount).first().filter(|w| w.certain).map(|w| w.name.clone()).unwrap_or_default(),
            );
            "recover-ai-account"
        }
        Kind::Workspace | Kind::WorkspaceOrHub => {
            set("permanent", if over { "yes" } else { "no" }.to_owned());
            set("vault", only(&vaults, d));
            set("storage", only(&needed(Kind::StorageAccount), d));
            set("logs", only(&needed(Kind::LogWorkspace), d));
            "recover-workspace"
        }
        Kind::Hub => {
            set("lost", "hub".to_owned());
            set("vault", only(&vaults, d));
            set("storage", only(&needed(Kind::StorageAccount), d));
            "recover-hub"
        }
        Kind::Project if d.account().is_none() => {
            set("lost", "project".to_owned());
            set("project", d.id.clone());
            values.remove("deleted");
            "recover-hub"
        }
        _ => return None,
    };
    // An object's own address is no resource that a plan could name.
    if d.kind.in_vault() && values.get("deleted") == Some(&d.id) {
        values.remove("deleted");
    }
    Some(Fit { runbook, values })
}

/// Where its group is, or was.
fn group_region<'a>(row: &'a Row, reading: &'a Reading) -> Option<&'a Region> {
    let was = || {
        row.blockers.iter().find_map(|b| match b {
            Blocker::GroupMissing { was, .. } => was.as_ref(),
            _ => None,
        })
    };
    reading.group(&row.thing).flatten().or_else(was)
}

/// The one that it can be; of several nobody knows which.
fn only(all: &[&Wait], d: &super::Deleted) -> String {
    match all {
        [one] => one.id.clone(),
        _ if d.needs_known => all.first().map(|w| w.id.clone()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn days(row: &Row) -> String {
    const DAY: u64 = 86_400_000;
    let known = row.thing.purge_at.zip(row.thing.deleted_at);
    let whole = known.and_then(|(end, start)| u64::try_from(end - start).ok());
    whole.map(|ms| (ms + DAY / 2) / DAY).filter(|d| (7..=90).contains(d)).map_or_else(String::new, |d| d.to_string())
}

/// What to do about it, in a sentence or two.
pub(super) fn advice(row: &Row, now: i64) -> String {
    let d = &row.thing;
    if d.purged {
        return "It cannot be recovered. Build it anew; where its name was its address, clients have to learn a new one."
            .to_owned();
    }
    if row.term.alarm(now) == Alarm::Over {
        return "Look at once whether Azure still has it; if not, build it anew from templates and backups.".to_owned();
    }
    if let Some(first) = row.blockers.iter().find(|b| b.certain()) {
        return match first {
            Blocker::NameTaken { .. } => {
                "Ask who made the new one, and open a support request; do not delete anything meanwhile.".to_owned()
            }
            other => capital(&format!("{}.", other.text())),
        };
    }
    match d.kind {
        Kind::Vault => "Recover it, then give roles and Event Grid subscriptions again: they do not come back.",
        Kind::Secret | Kind::Key | Kind::Certificate => "Recover it in its vault; do not write a new one of this name.",
        Kind::StorageAccount => {
            "Restore it in the portal, or ask support. Do not create its name: that ends the chance for good."
        }
        Kind::LogWorkspace => "Recover it with the same group, name and region.",
        Kind::AiAccount => "Restore it into its old group and region.",
        Kind::Workspace => "Recover what it needs first, then the portal: Recently deleted, Recover.",
        Kind::WorkspaceOrHub => {
            "A workspace can be recovered in the portal for 14 days. A hub or a project cannot: rebuild it."
        }
        Kind::Hub => "It has no soft delete: recover its vault, storage and AI account, then create a new hub on them.",
        Kind::Project if d.account().is_some() => {
            "It has no soft delete: when its AI account is back and does not have it, create it anew there, and register its assets again."
        }
        Kind::Project => "It has no soft delete: create it anew in its hub, and register its assets again.",
        Kind::Insights => {
            "It has no soft delete: recover its Log Analytics workspace, then create it under its old name."
        }
        Kind::Registry => "It has no soft delete: create it anew and build its images from Git.",
        Kind::Group => "It has no soft delete: create it empty, with its old name in its old region.",
        Kind::Compute | Kind::Endpoint | Kind::DataProduct | Kind::TrafficManager => {
            "It has no soft delete: create it anew from its template."
        }
    }
    .to_owned()
}

impl Row {
    /// What to do about it.
    pub fn what_to_do(&self, now: i64) -> String {
        let advice = advice(self, now);
        match self.thing.seen_at {
            Some(at) => format!("{advice} As it was read at {}; it could not be read since.", utc_text(at)),
            None => advice,
        }
    }

    /// How much is left and why it counts, for people: `18 h left, Azure says until …`.
    pub fn time_words(&self, now: i64) -> String {
        let left = |m: Millis| format!("{m} left");
        match self.term.alarm(now) {
            Alarm::Lost if self.thing.purged => "gone".to_owned(),
            Alarm::Lost => "no soft delete".to_owned(),
            Alarm::Over => "over".to_owned(),
            Alarm::Unknown => "unknown".to_owned(),
            _ => self.term.left(now).map_or_else(|| "unknown".to_owned(), left),
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// The same by hand: commands to copy. Empty where there is only the portal, or nothing.
pub fn by_hand(row: &Row) -> Vec<String> {
    let d = &row.thing;
    let (name, group, subscription, region) = (&d.name, &d.group, &d.subscription, d.region.name());
    let vault = d.vault.as_deref().map_or("", |v| v.rsplit('/').next().unwrap_or(v));
    if d.purged {
        return Vec::new();
    }
    match d.kind {
        Kind::Vault => {
            vec![format!("az keyvault recover -n {name} -l {region} -g {group} --subscription {subscription}")]
        }
        Kind::Secret | Kind::Key | Kind::Certificate => {
            vec![format!("az keyvault {} recover --vault-name {vault} -n {name}", d.kind.word())]
        }
        Kind::LogWorkspace => vec![format!(
            "az monitor log-analytics workspace recover -n {name} -g {group} --subscription {subscription}"
        )],
        Kind::AiAccount => vec![format!(
            "az cognitiveservices account recover -n {name} -g {group} -l {region} --subscription {subscription}"
        )],
        Kind::Group => vec![format!("az group create -n {group} -l <its old region> --subscription {subscription}")],
        _ => Vec::new(),
    }
}
