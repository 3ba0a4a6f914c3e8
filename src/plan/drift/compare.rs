//! The rules for two resources that stand for each other.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::{Assignment, Connection, Known, Pair, Parts, Seen, Thing};
use super::{Difference, Drift, Severity};
use crate::plan::model::{Plan, Side};
use crate::runbook::model::{Action, Phase};
use crate::units::{Region, ResourceId, visible};

/// So many names are written out in one line; the rest is counted.
const NAMED: usize = 4;
/// Tiers that are for trying out.
const FREE: [&str; 2] = ["F0", "Free"];
/// Connections that lead to models.
const MODELS: [&str; 2] = ["AIServices", "AzureOpenAI"];
/// What a resource lets in that does not say it.
const USUAL_ACCESS: &str = "Enabled";
/// Stands for what is not there.
pub(super) const MISSING: &str = "missing";
pub(super) const NOT_TOLD: &str = "not told";

/// One comparison in progress.
pub(super) struct Compare<'a> {
    pub plan: &'a Plan,
    pub seen: &'a Seen,
    /// Identities of the primary's resources → those of their counterparts.
    counterparts: BTreeMap<String, String>,
    out: Drift,
}

/// Both sides of one pair.
#[derive(Clone, Copy)]
pub(super) struct Two<'a> {
    pub primary: &'a ResourceId,
    pub secondary: &'a ResourceId,
}

impl<'a> Compare<'a> {
    pub(super) fn new(plan: &'a Plan, seen: &'a Seen, pairs: &[Pair]) -> Self {
        let identity = |id: &ResourceId| {
            let thing = seen.thing(id).and_then(Known::value).and_then(Option::as_ref);
            thing.and_then(|t| t.identity.as_deref()).map(str::to_ascii_lowercase)
        };
        let both = |p: &Pair| Some((identity(&p.primary)?, identity(p.secondary.as_ref()?)?));
        let simulated = if seen.simulated { seen.azure.clone() } else { String::new() };
        let out = Drift { at: seen.at, simulated, ..Drift::default() };
        Self { plan, seen, counterparts: pairs.iter().filter_map(both).collect(), out }
    }

    pub(super) fn finish(mut self) -> Drift {
        self.out.differences.sort_by(|a, b| {
            (a.severity, &a.subject, &a.field, &a.secondary).cmp(&(b.severity, &b.subject, &b.field, &b.secondary))
        });
        self.out.differences.dedup();
        self.out.unread.sort();
        self.out.unread.dedup();
        self.out
    }

    pub(super) fn found(&mut self, d: Difference) {
        self.out.differences.push(d);
    }

    pub(super) fn unread(&mut self, what: String, why: &str) {
        self.out.unread.push((what, why.to_owned()));
    }

    pub(super) fn compared(&mut self, n: usize) {
        self.out.compared += n;
    }

    /// Regions of the plan; a plan with pairs has both.
    pub(super) fn second(&self) -> &Region {
        self.plan.secondary.as_ref().map_or(&self.plan.primary.region, |s: &Side| &s.region)
    }

    /// A value of one side; what could not be read is noted, and is no value.
    pub(super) fn value<'v, T>(&mut self, what: impl FnOnce() -> String, v: &'v Known<T>) -> Option<&'v T> {
        if let Some(why) = v.why() {
            let why = why.to_owned();
            self.unread(what(), &why);
        }
        v.value()
    }

    /// What was read of a resource: itself, that it does not exist, or nothing.
    pub(super) fn thing(&mut self, id: &ResourceId) -> Option<Option<&'a Thing>> {
        let seen: &'a Seen = self.seen;
        match seen.thing(id) {
            None => {
                self.unread(titled(id), "it was not asked about");
                None
            }
            Some(k) => self.value(|| titled(id), k).map(Option::as_ref),
        }
    }

    /// The step that brings a resource into being.
    fn created_by(&self, id: &ResourceId) -> Option<&'a str> {
        let makes = |a: &Action| matches!(a, Action::CreateAccount { account, .. } if same(account, id));
        self.step_with(makes)
    }

    /// The first step of the failover itself whose action is so. What is prepared on a quiet day should be so already.
    pub(super) fn step_with(&self, is: impl Fn(&Action) -> bool) -> Option<&'a str> {
        let plan: &'a Plan = self.plan;
        plan.phase(Phase::FailOver).find(|s| s.action.as_ref().is_some_and(&is)).map(|s| s.id.as_str())
    }

    /// Everything about two resources that stand for each other.
    pub(super) fn pair(&mut self, primary: &ResourceId, secondary: &ResourceId) {
        self.compared(2);
        let two = Two { primary, secondary };
        let (a, b) = (self.thing(primary), self.thing(secondary));
        self.group(primary, secondary);
        let Some(Some(a)) = a else {
            if a.is_some() {
                let advice = "Correct the plan: it starts from a resource that does not exist.";
                self.found(difference(Severity::Blocks, titled(primary), "existence", MISSING, "", advice, "step CP1"));
            }
            return;
        };
        let Some(b) = b else { return };
        let Some(b) = b else {
            let d = match self.created_by(secondary) {
                Some(step) => {
                    let advice = format!("Step {step} creates it. Creating it before an incident saves that time.");
                    difference(Severity::Informs, titled(secondary), "existence", "there", MISSING, &advice, "step CP1")
                }
                None => {
                    let advice = "Create it in the secondary region; nothing can be moved there without it.";
                    difference(Severity::Blocks, titled(secondary), "existence", "there", MISSING, advice, "step CP1")
                }
            };
            self.found(d);
            return;
        };
        self.whole(two, a, b);
        self.roles(two, &a.roles, &b.roles);
        match (&a.parts, &b.parts) {
            (Parts::Account { deployments: da }, Parts::Account { deployments: db }) => {
                self.deployments(two, da, db);
            }
            (
                Parts::Vault { keep_days: ka, purge_protection: pa },
                Parts::Vault { keep_days: kb, purge_protection: pb },
            ) => self.vault(two, (*ka, *pa), (*kb, *pb)),
            (Parts::Workspace { connections: ca }, Parts::Workspace { connections: cb }) => {
                self.connections(two, ca, cb);
            }
            _ => {}
        }
    }

    /// What every resource has.
    fn whole(&mut self, two: Two<'_>, a: &Thing, b: &Thing) {
        let subject = titled(two.secondary);
        let (here, there) = (self.plan.primary.region.clone(), self.second().clone());
        if !matches!(b.region.name(), "" | "global") && b.region != there {
            let severity = if b.region == here { Severity::Blocks } else { Severity::Reduces };
            let advice =
                format!("Name, or create, one in {}: this one does not stand where users go.", there.display());
            let (wanted, is) = (there.display(), b.region.display());
            self.found(difference(severity, subject.clone(), "region", &wanted, &is, &advice, "step CP1"));
        }
        if let Some(state) = b.state.as_deref().filter(|s| !s.eq_ignore_ascii_case("Succeeded")) {
            let advice = "Look in the portal at what last happened to it, and repeat or repair that.";
            let was = a.state.as_deref().unwrap_or(NOT_TOLD);
            self.found(difference(Severity::Reduces, subject.clone(), "state", was, state, advice, "step D8"));
        }
        if !alike(a.sku.as_deref(), b.sku.as_deref()) {
            let (was, is) = (told(a.sku.as_deref()), told(b.sku.as_deref()));
            let free = FREE.iter().any(|f| f.eq_ignore_ascii_case(&is));
            let severity = if free { Severity::Blocks } else { Severity::Reduces };
            let source = if free { "step SR-P1" } else { "judgement: another tier has other limits" };
            let advice = format!("Give it the tier {was}, or make sure that {is} carries all users.");
            self.found(difference(severity, subject.clone(), "tier", &was, &is, &advice, source));
        }
        if !alike(a.kind.as_deref(), b.kind.as_deref()) {
            let (was, is) = (told(a.kind.as_deref()), told(b.kind.as_deref()));
            let advice = "A resource's kind is fixed: create one of the same kind in the secondary region.";
            let source = "judgement: another kind serves other calls";
            self.found(difference(Severity::Reduces, subject.clone(), "kind", &was, &is, advice, source));
        }
        let access = |t: &Thing| t.public_network.clone().unwrap_or_else(|| USUAL_ACCESS.to_owned());
        let (was, is) = (access(a), access(b));
        if !was.eq_ignore_ascii_case(&is) {
            let advice =
                "Make network access equal, or make sure that clients reach the secondary by a private endpoint.";
            self.found(difference(Severity::Reduces, subject, "public network access", &was, &is, advice, "step CP5"));
        }
    }

    /// Changes go through the region of the group, whatever the resource's own.
    fn group(&mut self, primary: &ResourceId, secondary: &ResourceId) {
        let (here, there) = (self.plan.primary.region.clone(), self.second().clone());
        for (id, own) in [(primary, &here), (secondary, &there)] {
            let Some(region) = self.group_region(id) else { continue };
            if region == *own {
                continue;
            }
            let second = id == secondary;
            let severity = if second && region == here { Severity::Blocks } else { Severity::Informs };
            let (wanted, is) = (own.display(), region.display());
            let advice = format!(
                "While {is} is down nothing in this group can be changed. Move the resource to a group in {wanted}."
            );
            let mut d = difference(severity, titled(id), "region of its group", &wanted, &is, &advice, "step CP2");
            d.by_hand =
                Some(format!("az group show -n {} --subscription {} --query location", id.group(), id.subscription()));
            self.found(d);
        }
    }

    /// Where the group of a resource lies.
    pub(super) fn group_region(&mut self, id: &ResourceId) -> Option<Region> {
        let key = group_id(id);
        let name = || format!("resource group {}", id.group());
        let seen: &'a Seen = self.seen;
        match seen.groups.get(&key) {
            None => {
                self.unread(name(), "it was not asked about");
                None
            }
            Some(k) => self.value(name, k).cloned().filter(|r| !r.name().is_empty()),
        }
    }

    /// Who may do what on the primary, and may not on the secondary.
    fn roles(&mut self, two: Two<'_>, a: &Known<Vec<Assignment>>, b: &Known<Vec<Assignment>>) {
        let a = self.value(|| format!("roles on {}", titled(two.primary)), a);
        let b = self.value(|| format!("roles on {}", titled(two.secondary)), b);
        let (Some(a), Some(b)) = (a, b) else { return };
        let set = |all: &[Assignment]| -> BTreeSet<(String, String)> {
            all.iter().map(|r| (r.role.to_ascii_lowercase(), r.principal.to_ascii_lowercase())).collect()
        };
        let counterparts = self.counterparts.clone();
        // What the primary's own identities may, those of their counterparts have to.
        let there = |(role, p): (String, String)| {
            let other = counterparts.get(&p).cloned().unwrap_or(p);
            (role, other)
        };
        let (own, other): (BTreeSet<_>, _) = (set(a).into_iter().map(there).collect(), set(b));
        let line = |missing: &[(String, String)], all: &[Assignment]| -> String {
            let kind = |p: &str| {
                let as_here = |r: &&Assignment| {
                    let here = r.principal.to_ascii_lowercase();
                    here == p || counterparts.get(&here).is_some_and(|other| other == p)
                };
                all.iter().find(as_here).map_or("", |r| r.principal_kind.as_str())
            };
            listed(missing.iter().map(|(role, p)| {
                format!(
                    "{} for {} {}",
                    role_name(role),
                    if kind(p).is_empty() { "principal" } else { kind(p) },
                    visible(p)
                )
            }))
        };
        let count = |n: usize| if n == 1 { "1 role".to_owned() } else { format!("{n} roles") };
        let missing: Vec<_> = own.difference(&other).cloned().collect();
        if let Some((role, principal)) = missing.first() {
            let mut d = difference(
                Severity::Reduces,
                titled(two.secondary),
                "role assignments",
                &count(own.len()),
                &format!("without {}", line(&missing, a)),
                "Assign them there too. A system-assigned identity differs by region: its counterpart needs the role.",
                "step CP4",
            );
            d.by_hand = Some(format!(
                "az role assignment create --assignee-object-id {} --role {} --scope {}",
                visible(principal),
                visible(role),
                two.secondary
            ));
            self.found(d);
        }
        let more: Vec<_> = other.difference(&own).cloned().collect();
        if !more.is_empty() {
            let extra = format!("also {}", line(&more, b));
            let advice = "Whoever has it after a failover should have it before, or not at all.";
            let subject = titled(two.secondary);
            let own = count(own.len());
            self.found(difference(Severity::Informs, subject, "role assignments", &own, &extra, advice, "step CP4"));
        }
    }

    fn vault(&mut self, two: Two<'_>, a: (Option<u64>, bool), b: (Option<u64>, bool)) {
        let id = two.secondary;
        let days = |d: Option<u64>| d.map_or_else(|| NOT_TOLD.to_owned(), |d| format!("{d} days"));
        if a.0 != b.0 {
            let severity = if b.0 < a.0 { Severity::Reduces } else { Severity::Informs };
            let advice = "It is fixed when a vault is created: plan for the shorter time, or create a new vault.";
            let source = "judgement: what is deleted in the secondary is kept for another time";
            self.found(difference(severity, titled(id), "soft delete", &days(a.0), &days(b.0), advice, source));
        }
        if a.1 != b.1 {
            let word = |on: bool| if on { "on" } else { "off" };
            let severity = if a.1 { Severity::Reduces } else { Severity::Informs };
            let advice = "Without it one mistake can purge what the secondary needs. It cannot be switched off again.";
            let mut d = difference(severity, titled(id), "purge protection", word(a.1), word(b.1), advice, "step CP8");
            d.by_hand = a.1.then(|| {
                let (name, group, sub) = (id.name(), id.group(), id.subscription());
                format!("az keyvault update -n {name} -g {group} --subscription {sub} --enable-purge-protection true")
            });
            self.found(d);
        }
    }

    /// Two resources and two connections: with one of either, nothing is redundant.
    fn connections(&mut self, two: Two<'_>, a: &Known<Vec<Connection>>, b: &Known<Vec<Connection>>) {
        let a = self.value(|| format!("connections of {}", titled(two.primary)), a);
        let b = self.value(|| format!("connections of {}", titled(two.secondary)), b);
        let models = |all: &[Connection]| -> BTreeSet<String> {
            let of = |c: &&Connection| MODELS.iter().any(|m| m.eq_ignore_ascii_case(&c.category));
            all.iter().filter(of).map(|c| host(&c.target)).collect()
        };
        for (id, all) in [(two.primary, a), (two.secondary, b)] {
            let Some(one) = all.map(|l| models(l)).filter(|m| m.len() == 1) else { continue };
            let only = format!("only {}", one.into_iter().next().unwrap_or_default());
            let advice = "Connect a model resource of the other region as well: one connection is no second way.";
            self.found(difference(
                Severity::Reduces,
                titled(id),
                "connections to models",
                "2",
                &only,
                advice,
                "step MF-P6",
            ));
        }
        let (Some(a), Some(b)) = (a, b) else { return };
        let named = |all: &'_ [Connection], c: &Connection| -> Option<Connection> {
            all.iter().find(|o| o.name.eq_ignore_ascii_case(&c.name)).cloned()
        };
        for c in a {
            let field = format!("connection {}", visible(&c.name));
            let said = |c: &Connection| format!("{} to {}", visible(&c.category), host(&c.target));
            match named(b, c) {
                None => {
                    let severity =
                        if MODELS.contains(&c.category.as_str()) { Severity::Blocks } else { Severity::Reduces };
                    let advice = "Create it there under the same name: flows and jobs name their connections.";
                    let mut d =
                        difference(severity, titled(two.secondary), &field, &said(c), MISSING, advice, "step MF-P6");
                    let (name, group) = (two.secondary.name(), two.secondary.group());
                    d.by_hand =
                        Some(format!("az ml connection create -f {}.yml -w {name} -g {group}", visible(&c.name)));
                    self.found(d);
                }
                Some(o) if !o.category.eq_ignore_ascii_case(&c.category) => {
                    let advice = "One name should mean one kind of thing on both sides.";
                    let subject = titled(two.secondary);
                    self.found(difference(
                        Severity::Reduces,
                        subject,
                        &field,
                        &said(c),
                        &said(&o),
                        advice,
                        "step MF-P6",
                    ));
                }
                // Where it leads may well differ: each side has its own.
                Some(_) => {}
            }
        }
        for c in b.iter().filter(|c| named(a, c).is_none()) {
            let field = format!("connection {}", visible(&c.name));
            let advice = "What is added after a failover has to exist before failing back.";
            let subject = titled(two.secondary);
            self.found(difference(Severity::Informs, subject, &field, MISSING, "there", advice, "step MF-P6"));
        }
    }
}

/// One default storage is never failed over, and one vault for both is the plan's own choice.
impl Pair {
    /// Whether its copy in the other region matters: it has to carry the data there.
    pub(super) fn needs_copy(&self) -> bool {
        !self.default_store
    }
}

pub(super) fn difference(
    severity: Severity,
    subject: String,
    field: &str,
    primary: &str,
    secondary: &str,
    advice: &str,
    source: &str,
) -> Difference {
    Difference {
        severity,
        subject,
        field: field.to_owned(),
        primary: visible(primary),
        secondary: visible(secondary),
        advice: advice.to_owned(),
        by_hand: None,
        source: source.to_owned(),
    }
}

/// Type and name: `vaults kv-prod`.
pub(super) fn titled(id: &ResourceId) -> String {
    let mut parts = id.as_str().rsplit('/');
    let name = parts.next().unwrap_or_default();
    format!("{} {}", singular(parts.next().unwrap_or_default()), visible(name))
}

/// What ARM calls in the plural, as people say it.
fn singular(kind: &str) -> String {
    let known = [
        ("accounts", "account"),
        ("vaults", "key vault"),
        ("storageAccounts", "storage account"),
        ("registries", "registry"),
        ("trafficManagerProfiles", "Traffic Manager profile"),
        ("configurationStores", "configuration store"),
        ("workspaces", "workspace"),
        ("onlineEndpoints", "online endpoint"),
        ("components", "Application Insights"),
        ("dataProducts", "Data Product"),
    ];
    let found = known.iter().find(|(k, _)| k.eq_ignore_ascii_case(kind));
    found.map_or_else(|| kind.to_owned(), |(_, word)| (*word).to_owned())
}

pub(super) fn group_id(id: &ResourceId) -> String {
    format!("/subscriptions/{}/resourcegroups/{}", id.subscription(), id.group()).to_ascii_lowercase()
}

pub(super) fn same(text: &str, id: &ResourceId) -> bool {
    text.trim_end_matches('/').eq_ignore_ascii_case(id.as_str())
}

/// Azure writes words in any case; empty and absent are the same.
fn alike(a: Option<&str>, b: Option<&str>) -> bool {
    a.unwrap_or_default().eq_ignore_ascii_case(b.unwrap_or_default())
}

fn told(v: Option<&str>) -> String {
    v.filter(|t| !t.is_empty()).unwrap_or(NOT_TOLD).to_owned()
}

/// Host of an address, or the address itself.
fn host(target: &str) -> String {
    let rest = target.split_once("://").map_or(target, |(_, r)| r);
    visible(&rest.split('/').next().unwrap_or(rest).to_ascii_lowercase())
}

/// A few of them, and how many more.
fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    let mut out = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > NAMED {
        out.push_str(&format!(" and {} more", all.len() - NAMED));
    }
    out
}

/// Roles that these systems live by, as the portal calls them; others by their id.
fn role_name(id: &str) -> String {
    let known = [
        ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
        ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"),
        ("5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "Cognitive Services OpenAI User"),
        ("a001fd3d-188f-4b5d-821b-7da978bf7442", "Cognitive Services OpenAI Contributor"),
        ("a97b65f3-24c7-4388-baec-2e87135dc908", "Cognitive Services User"),
        ("4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User"),
        ("21090545-7ca7-4776-b22c-e363652d74d2", "Key Vault Reader"),
        ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "Storage Blob Data Contributor"),
        ("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader"),
        ("7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull"),
        ("f6c7c914-8db3-469d-8ca1-694a8f32e121", "AzureML Data Scientist"),
    ];
    known.iter().find(|(k, _)| *k == id).map_or_else(|| visible(id), |(_, n)| (*n).to_owned())
}
