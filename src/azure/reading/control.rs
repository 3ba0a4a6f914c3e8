//! Conditions that the control plane and the configuration store answer.

use std::collections::BTreeMap;

use super::{ARM, Look, Reading, STORE};
use crate::azure::client::resource_id;
use crate::azure::cognitive::{self, Deployment, resource_name};
use crate::azure::{AzureError, activity, appconfig, resources, versions};
use crate::units::{Millis, Region, utc_clock};

/// So many changes are named; the rest is counted.
const NAMED: usize = 3;

impl Look<'_> {
    fn arm(&self, name: impl Into<String>, ok: Option<bool>, value: impl Into<String>) -> Reading {
        Reading::new(self.task, ARM, name, ok, value)
    }

    fn unread(&self, name: impl Into<String>, e: &AzureError) -> Reading {
        Reading::unread(self.task, ARM, name, e)
    }

    pub(super) async fn notices_read(&self, region: &str, account: &str) -> Vec<Reading> {
        let region = Region::new(region);
        let mut out = Vec::new();
        let notices = super::platform_notices(self.azure, self.task, &region, account).await;
        for n in &notices {
            let ok = if n.unread { None } else { Some(true) };
            let whose = if n.by_customer { " (the platform says: caused by the customer)" } else { "" };
            let name = if n.source == "Service Health" { n.title.clone() } else { resource_name(account).to_owned() };
            let value =
                if n.unread { format!("could not be read: {}", n.text) } else { format!("{}{whose}", n.status) };
            let mut r = Reading::new(self.task, &n.source, name, ok, value);
            r.raw = Some(format!("{}: {}", n.title, n.text));
            out.push(r);
        }
        if !notices.iter().any(|n| n.source == "Service Health") {
            let value = "no announcement, which is no evidence of health";
            out.insert(0, Reading::new(self.task, "Service Health", region.display(), Some(true), value));
        }
        out
    }

    pub(super) async fn own_changes(&self, account: &str, back: Millis) -> Reading {
        let name = format!("changes to {} in the last {back}", resource_name(account));
        match activity::changes(self.azure, self.task, account, back).await {
            Err(e) => self.unread(name, &e),
            Ok(all) if all.is_empty() => self.arm(name, Some(true), "none in the activity log"),
            Ok(all) => {
                let one = |e: &activity::Event| {
                    let what =
                        e.operation.rsplit_once("Microsoft.CognitiveServices/").map_or(&*e.operation, |(_, o)| o);
                    format!("{} {what} by {} ({})", utc_clock(e.at), e.caller, e.status)
                };
                let mut text: Vec<String> = all.iter().take(NAMED).map(one).collect();
                if all.len() > NAMED {
                    text.push(format!("and {} more", all.len() - NAMED));
                }
                self.arm(name, Some(false), text.join("; "))
            }
        }
    }

    pub(super) async fn group_is_in(&self, resource: &str, region: &str) -> Reading {
        let wanted = Region::new(region);
        let read = async {
            let id = resource_id(resource)?;
            Ok((id.group().to_owned(), resources::group_region(self.azure, self.task, &id).await?))
        };
        match read.await {
            Err(e) => self.unread("resource group", &e),
            Ok((group, at)) => self.arm(format!("resource group {group}"), Some(at == wanted), at.display()),
        }
    }

    pub(super) async fn account_ready(&self, account: &str) -> Reading {
        let name = format!("account {}", resource_name(account));
        match cognitive::account(self.azure, self.task, account).await {
            Err(e) => self.unread(name, &e),
            Ok(None) => self.arm(name, Some(false), "does not exist"),
            Ok(Some(a)) => {
                let ok = a.state.eq_ignore_ascii_case("Succeeded");
                self.arm(name, Some(ok), format!("{} in {}", a.state, a.region.display()))
            }
        }
    }

    pub(super) async fn models_offered(&self, account: &str, region: &str) -> Vec<Reading> {
        let region = Region::new(region);
        let read = async {
            let id = resource_id(account)?;
            let used = cognitive::deployments(self.azure, self.task, account).await?;
            Ok((used, cognitive::offers(self.azure, self.task, &id, &region).await?))
        };
        let (used, offers) = match read.await {
            Ok(r) => r,
            Err(e) => return vec![self.unread(format!("models in {}", region.display()), &e)],
        };
        let mut out: Vec<Reading> = Vec::new();
        for d in &used {
            let name = format!("{} as {}", d.model_text(), d.sku);
            if out.iter().any(|r| r.name == name) {
                continue;
            }
            let ok = d.offer(&offers).is_some();
            let value = if ok { "offered" } else { "not offered" };
            out.push(self.arm(name, Some(ok), format!("{value} in {}", region.display())));
        }
        self.or_none(out, account)
    }

    pub(super) async fn deployments_match(&self, account: &str, like: &str) -> Vec<Reading> {
        let (there, measure) = match self.both(account, like).await {
            Ok(b) => b,
            Err(e) => return vec![self.unread("deployments", &e)],
        };
        let each = measure.iter().map(|m| {
            let name = format!("deployment {}", m.name);
            match named(&there, &m.name) {
                None => self.arm(name, Some(false), "missing"),
                Some(t) if (&t.model, &t.version) != (&m.model, &m.version) => {
                    self.arm(name, Some(false), format!("{} instead of {}", t.model_text(), m.model_text()))
                }
                Some(t) => {
                    let ok = t.state.eq_ignore_ascii_case("Succeeded");
                    self.arm(name, Some(ok), format!("{}, {}", t.model_text(), t.state))
                }
            }
        });
        let out = each.collect();
        self.or_none(out, like)
    }

    pub(super) async fn quota_covers(&self, like: &str, account: &str, percent: u32) -> Vec<Reading> {
        let read = async {
            let id = resource_id(account)?;
            let Some(target) = cognitive::account(self.azure, self.task, account).await? else { return Ok(None) };
            let needed = cognitive::deployments(self.azure, self.task, like).await?;
            let held = cognitive::deployments(self.azure, self.task, account).await?;
            let offers = cognitive::offers(self.azure, self.task, &id, &target.region).await?;
            let usages = cognitive::usages(self.azure, self.task, &id, &target.region).await?;
            Ok(Some((target.region, needed, held, offers, usages)))
        };
        let (region, needed, held, offers, usages) = match read.await {
            Ok(Some(r)) => r,
            Ok(None) => {
                return vec![self.arm(
                    "quota",
                    None,
                    format!("{} does not exist yet, so that its region is not known", resource_name(account)),
                )];
            }
            Err(e) => return vec![self.unread("quota", &e)],
        };
        let by_quota = |all: &[Deployment]| {
            let mut sums: BTreeMap<String, i64> = BTreeMap::new();
            for d in all {
                *sums.entry(d.quota(&offers)).or_default() += d.capacity;
            }
            sums
        };
        let held = by_quota(&held);
        let each = by_quota(&needed).into_iter().map(|(quota, capacity)| {
            let name = format!("quota {quota} in {}", region.display());
            let want = (capacity * i64::from(percent) + 99) / 100;
            let Some((used, limit)) = usages.get(&quota) else {
                return self.arm(name, None, format!("{want} needed; Azure lists no quota of this name"));
            };
            let have = held.get(&quota).copied().unwrap_or_default();
            let (left, total) = ((limit - used).max(0), have + (limit - used).max(0));
            let value = format!("{want} needed ({percent} % of {capacity}); {have} held and {left} left of {limit}");
            self.arm(name, Some(total >= want), value)
        });
        let out = each.collect();
        self.or_none(out, like)
    }

    pub(super) async fn configuration_is(&self, store: &str, values: &BTreeMap<String, String>) -> Vec<Reading> {
        let mut out = Vec::new();
        for (key, wanted) in values {
            let name = format!("key {key}");
            let read =
                async { appconfig::read(self.azure, self.task, &appconfig::key_url(self.azure, store, key)?).await };
            out.push(match read.await {
                Err(e) => Reading::unread(self.task, STORE, name, &e),
                Ok(kv) => {
                    let now = kv.and_then(|kv| kv.value);
                    let value = now.clone().unwrap_or_else(|| "not set".into());
                    Reading::new(self.task, STORE, name, Some(now.as_deref() == Some(wanted)), value)
                }
            });
        }
        out
    }

    pub(super) async fn locked(&self, resource: &str) -> Reading {
        let name = format!("locks on {}", resource_name(resource));
        let read = async { resources::locks(self.azure, self.task, &resource_id(resource)?).await };
        match read.await {
            Err(e) => self.unread(name, &e),
            Ok(locks) if locks.is_empty() => self.arm(name, Some(false), "none"),
            Ok(locks) => {
                let mut value: Vec<_> = locks.iter().map(|l| format!("{} ({})", l.name, l.level)).collect();
                if locks.iter().any(|l| l.level.eq_ignore_ascii_case("ReadOnly")) {
                    value.push("a read-only lock also blocks the changes of a failover".into());
                }
                self.arm(name, Some(true), value.join("; "))
            }
        }
    }

    pub(super) async fn own_regions_avoid(&self, resource: &str, region: &str) -> Reading {
        let region = Region::new(region);
        let name = format!("regions of {}", resource_name(resource));
        let read = async {
            let url = self.azure.arm(resource_id(resource)?.as_str(), versions::COGNITIVE, &[])?;
            Ok((url, cognitive::own_regions(self.azure, self.task, resource).await?))
        };
        match read.await {
            Err(e) => self.unread(name, &e),
            Ok((_, None)) => self.arm(name, Some(false), "it has no regions of its own"),
            Ok((url, Some(own))) => Reading {
                raw: Some(own.by_hand_without(&url, &region).join("\n")),
                ..self.arm(name, own.avoids(&region), own.text())
            },
        }
    }

    pub(super) async fn created_gone(&self, account: &str, created: &[String]) -> Vec<Reading> {
        let there = match cognitive::deployments(self.azure, self.task, account).await {
            Ok(t) => t,
            Err(e) => return vec![self.unread("created deployments", &e)],
        };
        let prefix = format!("{}/deployments/", account.to_ascii_lowercase());
        let ours: Vec<_> =
            created.iter().filter_map(|c| c.to_ascii_lowercase().strip_prefix(&prefix).map(str::to_owned)).collect();
        if ours.is_empty() {
            return vec![self.arm("created deployments", Some(true), "this run created none")];
        }
        let each = ours.iter().map(|name| {
            let left = named(&there, name);
            let value = left.map_or_else(|| "gone".to_owned(), |d| format!("still there, {}", d.state));
            self.arm(format!("deployment {name}"), Some(left.is_none()), value)
        });
        each.collect()
    }

    /// The deployments of both accounts.
    pub(super) async fn both(
        &self,
        account: &str,
        like: &str,
    ) -> Result<(Vec<Deployment>, Vec<Deployment>), AzureError> {
        let there = cognitive::deployments(self.azure, self.task, account).await?;
        Ok((there, cognitive::deployments(self.azure, self.task, like).await?))
    }

    /// Nothing to compare proves nothing.
    pub(super) fn or_none(&self, out: Vec<Reading>, account: &str) -> Vec<Reading> {
        if out.is_empty() {
            let name = format!("deployments of {}", resource_name(account));
            return vec![self.arm(name, None, "there are none to compare with")];
        }
        out
    }
}

/// A deployment by name; Azure compares without regard to case.
pub(super) fn named<'a>(all: &'a [Deployment], name: &str) -> Option<&'a Deployment> {
    all.iter().find(|d| d.name.eq_ignore_ascii_case(name))
}
