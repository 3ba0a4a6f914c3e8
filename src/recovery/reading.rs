//! Everything that was read at one time, over all subscriptions, and what could not be read. It is kept on the disk as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::thing::{Deleted, Kind, Origin};
use crate::units::Region;

/// A subscription that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Id.
    pub id: String,
    /// Name; the id where it is not known.
    pub name: String,
    /// How far back its activity log was read (UTC ms); none: not at all.
    pub log_since: Option<i64>,
}

/// Something that could not be read. What is missing for this reason is not known to be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Subscription id, or what was asked for.
    pub subscription: String,
    /// Its name.
    pub name: String,
    /// What could not be read: `everything`, or parts.
    pub what: String,
    /// Why, and what to do.
    pub why: String,
}

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// Nothing at all.
    Everything,
    /// The list of what was deleted of a kind.
    List(Kind),
    /// The activity log.
    Log,
    /// What is there, to hold against the inventory.
    Inventory,
    /// Which vaults there are, to look into them.
    Vaults,
    /// What was deleted of a kind in this vault.
    InVault(String, Kind),
}

/// Where a reading has a gap: what is absent there is not known to be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Subscription id; empty for a vault that was asked for by name.
    pub subscription: String,
    /// What could not be read of it.
    pub lacks: Lack,
}

impl Gap {
    /// Whether this may still be so, and only could not be seen.
    fn hides(&self, d: &Deleted) -> bool {
        let own = match &self.lacks {
            Lack::Everything => true,
            Lack::List(kind) => d.origin == Origin::DeletedList && d.kind == *kind,
            Lack::Log => d.origin == Origin::ActivityLog,
            Lack::Inventory => d.origin == Origin::Inventory,
            Lack::Vaults => d.kind.in_vault(),
            Lack::InVault(vault, kind) => {
                d.kind == *kind && d.vault.as_deref().is_some_and(|v| v.eq_ignore_ascii_case(vault))
            }
        };
        own && d.subscription.eq_ignore_ascii_case(&self.subscription)
    }
}

/// Something that exists under a name that a deleted thing had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// What.
    pub kind: Kind,
    /// ARM id.
    pub id: String,
}

impl Live {
    /// Last segment of the id.
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}

/// One reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When (UTC ms).
    pub at: i64,
    /// Of which Azure.
    pub azure: String,
    /// That Azure is a simulated one.
    pub simulated: bool,
    /// Requests that it took, sign-in left out.
    pub requests: u64,
    /// How many of them were answered with 429.
    pub throttled: u64,
    /// Subscriptions that were asked.
    pub subscriptions: Vec<Subscription>,
    /// What was found.
    pub deleted: Vec<Deleted>,
    /// What could not be read.
    pub failed: Vec<Failed>,
    /// Subscription whose groups could be read → those of its groups that were asked for, with their region.
    pub groups: BTreeMap<String, BTreeMap<String, Region>>,
    /// What has a name that something deleted had.
    pub live: Vec<Live>,
    /// Where it has gaps.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// Groups that are being deleted: subscription and name, in lower case.
    #[serde(default)]
    pub leaving: BTreeSet<(String, String)>,
}

impl Reading {
    /// The region of a group; `None` where the groups could not be read, `Some(None)` where it does not exist.
    pub fn group(&self, d: &Deleted) -> Option<Option<&Region>> {
        let (subscription, group) = d.place();
        self.groups.get(&subscription).map(|all| all.get(&group))
    }

    /// `3 subscriptions`.
    pub fn where_from(&self) -> String {
        match self.subscriptions.len() {
            1 => "1 subscription".to_owned(),
            n => format!("{n} subscriptions"),
        }
    }

    /// A subscription's name.
    pub fn name_of(&self, subscription: &str) -> String {
        let found = self.subscriptions.iter().find(|s| s.id.eq_ignore_ascii_case(subscription));
        found.map_or_else(|| subscription.to_owned(), |s| s.name.clone())
    }

    /// Why nothing at all could be read; `None` when something was.
    pub fn blank(&self) -> Option<&Failed> {
        let nothing = |s: &Subscription| {
            let of = |g: &Gap| g.lacks == Lack::Everything && g.subscription.eq_ignore_ascii_case(&s.id);
            self.gaps.iter().any(of)
        };
        self.failed.first().filter(|_| self.subscriptions.iter().all(nothing))
    }

    /// Takes over what an earlier reading of the same Azure knew and this one could not see; it keeps the time at which it
    /// was seen.
    pub fn carry(&mut self, before: &Self) {
        if (&before.azure, before.simulated) != (&self.azure, self.simulated) {
            return;
        }
        let mut known: BTreeSet<String> = self.deleted.iter().map(Deleted::key).collect();
        known.extend(self.live.iter().map(|l| l.id.to_ascii_lowercase()));
        let hidden = |d: &&Deleted| !known.contains(&d.key()) && self.gaps.iter().any(|g| g.hides(d));
        let at = |d: &Deleted| Deleted { seen_at: d.seen_at.or(Some(before.at)), ..d.clone() };
        let old: Vec<Deleted> = before.deleted.iter().filter(hidden).map(at).collect();
        self.deleted.extend(old);
    }

    /// Leaves out the groups and names that concern nothing that was deleted, and puts the rest into a fixed order.
    pub fn settle(&mut self) {
        self.deleted = merged(std::mem::take(&mut self.deleted));
        self.name_vaults();
        let places: BTreeSet<_> = self.deleted.iter().map(Deleted::place).collect();
        for (subscription, groups) in &mut self.groups {
            groups.retain(|g, _| places.contains(&(subscription.clone(), g.clone())));
        }
        self.leaving.retain(|place| places.contains(place));
        let names: BTreeSet<_> = self.deleted.iter().map(|d| (d.kind, d.name.to_ascii_lowercase())).collect();
        self.live.retain(|l| names.contains(&(l.kind, l.name().to_ascii_lowercase())));
        self.live.sort_by(|a, b| a.id.cmp(&b.id));
        self.subscriptions.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        self.failed.sort_by(|a, b| (&a.name, &a.what).cmp(&(&b.name, &b.what)));
    }
}

impl Reading {
    /// A customer key is told by its vault's address. Where that vault was seen, alive or deleted, its id takes the place of
    /// the address.
    fn name_vaults(&mut self) {
        let alive = self.live.iter().filter(|l| l.kind == Kind::Vault).map(|l| (l.name(), &l.id));
        let gone = self.deleted.iter().filter(|d| d.kind == Kind::Vault).map(|d| (d.name.as_str(), &d.id));
        let named = |(name, id): (&str, &String)| (name.to_ascii_lowercase(), id.clone());
        let ids: HashMap<String, String> = alive.chain(gone).map(named).collect();
        for need in self.deleted.iter_mut().flat_map(|d| &mut d.needs) {
            let host = need.to_ascii_lowercase().strip_prefix("https://").map(str::to_owned);
            let name = host.as_deref().and_then(|h| h.split('.').next());
            if let Some(id) = name.and_then(|n| ids.get(n)) {
                id.clone_into(need);
            }
        }
    }
}

/// Each thing once, by the best that says so; what only another knows of it is taken over.
pub fn merged(mut all: Vec<Deleted>) -> Vec<Deleted> {
    // Of what was deleted twice under one id the last time counts.
    let newest = |d: &Deleted| std::cmp::Reverse(d.deleted_at);
    all.sort_by_cached_key(|d| (d.origin, d.key(), newest(d)));
    let mut out: Vec<Deleted> = Vec::with_capacity(all.len());
    let mut at: HashMap<String, usize> = HashMap::new();
    for d in all {
        let Some(first) = at.get(&d.key()).and_then(|n| out.get_mut(*n)) else {
            at.insert(d.key(), out.len());
            out.push(d);
            continue;
        };
        // A purge counts only where Azure does not list the thing: it may have been made and deleted again since.
        if first.origin == d.origin {
            first.purged |= d.purged;
            continue;
        }
        // Of a workspace the list tells when it was last changed, which may be before it was deleted.
        let later = first.kind == Kind::LogWorkspace && d.origin == Origin::ActivityLog;
        first.deleted_at = if later { first.deleted_at.max(d.deleted_at) } else { first.deleted_at.or(d.deleted_at) };
        first.purge_at = first.purge_at.or(d.purge_at);
        first.by = first.by.take().or(d.by);
        if first.region.name().is_empty() {
            first.region = d.region;
        }
        if first.kind == Kind::WorkspaceOrHub {
            first.kind = d.kind;
        }
    }
    out
}
