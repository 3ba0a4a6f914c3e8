//! Model deployments and the quota for them: what users call, by name.

use std::collections::BTreeMap;

use super::compare::{Compare, MISSING, Two, difference, same, titled};
use super::seen::{Deployment, Known};
use super::{Difference, Severity};
use crate::runbook::model::Action;
use crate::units::{ResourceId, visible};

/// The checklist wants this share of the primary's capacity to be had in the secondary region, in percent.
const WANTED_PERCENT: i64 = 120;

impl Compare<'_> {
    pub(super) fn deployments(&mut self, two: Two<'_>, a: &Known<Vec<Deployment>>, b: &Known<Vec<Deployment>>) {
        let a = self.value(|| format!("deployments of {}", titled(two.primary)), a);
        let b = self.value(|| format!("deployments of {}", titled(two.secondary)), b);
        let (Some(a), Some(b)) = (a, b) else { return };
        for d in a {
            match b.iter().find(|o| o.name.eq_ignore_ascii_case(&d.name)) {
                None => self.missing(two, d),
                Some(o) => self.unlike(two, d, o),
            }
        }
        for o in b.iter().filter(|o| !a.iter().any(|d| d.name.eq_ignore_ascii_case(&o.name))) {
            let advice =
                "Remove it, or create it in the primary too: it takes quota, and is missing after failing back.";
            let field = format!("deployment {}", visible(&o.name));
            let subject = titled(two.secondary);
            self.found(difference(Severity::Informs, subject, &field, MISSING, &said(o), advice, "step AO-P3"));
        }
        self.quota(two, a, b);
    }

    fn missing(&mut self, two: Two<'_>, d: &Deployment) {
        let copies = self.step_with(|a| matches!(a, Action::CopyDeployments { to, .. } if same(to, two.secondary)));
        let (severity, advice) = match copies {
            Some(step) => {
                (Severity::Informs, format!("Step {step} creates it during the failover, if quota and region allow."))
            }
            None => (Severity::Blocks, "Create it under the same name: clients find it by its name alone.".to_owned()),
        };
        let field = format!("deployment {}", visible(&d.name));
        let found = difference(severity, titled(two.secondary), &field, &said(d), MISSING, &advice, "step AO-P3");
        self.found(Difference { by_hand: Some(create(two.secondary, d, d.capacity)), ..found });
    }

    fn unlike(&mut self, two: Two<'_>, d: &Deployment, o: &Deployment) {
        let at = two.secondary;
        let mut one = |severity, what: &str, (was, is): (&str, &str), advice: &str, source: &str| {
            let field = format!("{what} of deployment {}", visible(&d.name));
            self.found(difference(severity, titled(at), &field, was, is, advice, source));
        };
        if !d.model.eq_ignore_ascii_case(&o.model) || !d.format.eq_ignore_ascii_case(&o.format) {
            let advice = "Another model answers under the same name. Deploy the primary's model there.";
            one(Severity::Blocks, "model", (&d.model, &o.model), advice, "step AO-P3");
        } else if d.version != o.version {
            let advice = "Answers will differ. Bring both sides to the same version, the secondary first.";
            one(Severity::Reduces, "version", (&d.version, &o.version), advice, "step AO-P3");
        }
        if !d.sku.eq_ignore_ascii_case(&o.sku) {
            let advice = "Other limits and another price apply; their units differ, so capacity is not compared.";
            let source = "judgement: a spare deployment of another type is a choice, and should be a known one";
            one(Severity::Informs, "type", (&d.sku, &o.sku), advice, source);
        }
        if !o.state.eq_ignore_ascii_case("Succeeded") {
            let advice = "It does not answer as it is. Look at its last operation in the portal, and repeat that.";
            one(Severity::Blocks, "state", (&d.state, &o.state), advice, "step AO-F2");
        }
        let filter = |f: &Option<String>| f.clone().unwrap_or_else(|| "Azure's default".to_owned());
        if d.filter != o.filter {
            let advice =
                "Give it the same content filter: what was refused may be let through, or the other way round.";
            let (was, is) = (filter(&d.filter), filter(&o.filter));
            one(Severity::Reduces, "content filter", (&was, &is), advice, "step AO-P3");
        }
        if d.sku.eq_ignore_ascii_case(&o.sku) && o.capacity < d.capacity {
            self.smaller(at, d, o);
        }
    }

    fn smaller(&mut self, at: &ResourceId, d: &Deployment, o: &Deployment) {
        let raises = self.step_with(|a| matches!(a, Action::RaiseCapacity { account, .. } if same(account, at)));
        let (severity, advice) = match raises {
            Some(step) => (Severity::Informs, format!("Step {step} raises it, if the quota allows.")),
            None => (Severity::Reduces, "Raise it: users of the primary will be throttled there.".to_owned()),
        };
        let field = format!("capacity of deployment {}", visible(&d.name));
        let (was, is) = (d.capacity.to_string(), o.capacity.to_string());
        let found = difference(severity, titled(at), &field, &was, &is, &advice, "step AO-F5");
        self.found(Difference { by_hand: Some(create(at, o, d.capacity)), ..found });
    }

    /// What the region still gives, with what the secondary has already, against what the primary has.
    fn quota(&mut self, two: Two<'_>, a: &[Deployment], b: &[Deployment]) {
        if a.is_empty() {
            return;
        }
        let region = self.second().display();
        let seen = self.seen;
        let Some(usages) =
            self.value(|| format!("model quota in {region}"), seen.quota_of(two.secondary.subscription()))
        else {
            return;
        };
        let by_quota = |all: &[Deployment]| {
            let mut sums: BTreeMap<String, i64> = BTreeMap::new();
            for d in all {
                *sums.entry(d.quota.clone()).or_default() += d.capacity;
            }
            sums
        };
        let held = by_quota(b);
        for (name, needed) in by_quota(a) {
            let Some((used, limit)) = usages.get(&name) else {
                self.unread(format!("quota {} in {region}", visible(&name)), "Azure lists none of this name");
                continue;
            };
            let have = held.get(&name).copied().unwrap_or_default() + (limit - used).max(0);
            let wanted = (needed * WANTED_PERCENT + 99) / 100;
            let severity = match have {
                h if h >= wanted => continue,
                h if h >= needed => Severity::Informs,
                h if h > 0 => Severity::Reduces,
                _ => Severity::Blocks,
            };
            let field = format!("quota {}", visible(&name));
            let (was, is) = (format!("{needed} in use, {wanted} wanted"), format!("{have} to be had in {region}"));
            let advice = "Ask for more quota now: it is granted by people, in days.";
            let found = difference(severity, titled(two.secondary), &field, &was, &is, advice, "step CP7");
            let by_hand = format!(
                "az cognitiveservices usage list -l {} --subscription {}",
                self.second().name(),
                two.secondary.subscription()
            );
            self.found(Difference { by_hand: Some(by_hand), ..found });
        }
    }
}

fn said(d: &Deployment) -> String {
    format!("{} {}, {} {}", d.model, d.version, d.sku, d.capacity)
}

fn create(id: &ResourceId, d: &Deployment, capacity: i64) -> String {
    format!(
        "az cognitiveservices account deployment create -n {} -g {} --subscription {} --deployment-name {} --model-name {} \
         --model-version {} --model-format {} --sku-name {} --sku-capacity {capacity}",
        id.name(),
        id.group(),
        id.subscription(),
        visible(&d.name),
        visible(&d.model),
        visible(&d.version),
        visible(&d.format),
        visible(&d.sku),
    )
}
