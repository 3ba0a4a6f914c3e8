//! The rules for one resource that both sides use: whether it still serves, and can still be changed, when the primary
//! region is gone.

use super::Severity;
use super::compare::{Compare, MISSING, NOT_TOLD, difference, same, titled};
use super::seen::{Endpoint, Known, Pair, Parts, Replica, Thing};
use crate::runbook::model::Action;
use crate::units::{Region, ResourceId, visible};

/// Clients keep an answer for so long; more makes any move of theirs slow (seconds).
const LONG_TTL: u64 = 60;
/// Parameter in which a plan keeps the time to live that its times were reckoned with.
const TTL: &str = "ttl";

impl Compare<'_> {
    /// Everything about one resource that serves both sides.
    pub(super) fn shared(&mut self, pair: &Pair) {
        self.compared(1);
        let id = &pair.primary;
        self.shared_group(id);
        let thing = match self.thing(id) {
            None => return,
            Some(None) => {
                let advice = "Correct the plan, or create it: steps of this plan need it.";
                let d = difference(Severity::Blocks, titled(id), "existence", "there", MISSING, advice, "step CP1");
                return self.found(d);
            }
            Some(Some(t)) => t,
        };
        match &thing.parts {
            Parts::Registry { replicas } => self.registry(id, thing, replicas),
            Parts::Storage { copy_in, copy_status, replication } if pair.needs_copy() => {
                self.copy(id, thing, copy_in.as_ref(), copy_status.as_deref(), replication);
            }
            Parts::Profile { enabled, routing: _, ttl, endpoints } => {
                self.profile(id, *enabled, *ttl, endpoints);
            }
            _ => {}
        }
    }

    /// A group in the primary region takes the right to change this along with it.
    fn shared_group(&mut self, id: &ResourceId) {
        let here = self.plan.primary.region.clone();
        let Some(region) = self.group_region(id).filter(|r| *r == here) else { return };
        let changed = self.step_with(|a| {
            let text = serde_json::to_string(a).unwrap_or_default().to_ascii_lowercase();
            !matches!(a, Action::SetAppConfiguration { .. }) && text.contains(&id.as_str().to_ascii_lowercase())
        });
        let severity = if changed.is_some() { Severity::Blocks } else { Severity::Reduces };
        let advice = format!(
            "While {0} is down, nothing in this group can be changed. Move it to a group outside {0}.",
            region.display()
        );
        let d = difference(
            severity,
            titled(id),
            "region of its group",
            &format!("any but {}", region.display()),
            &region.display(),
            &advice,
            "step CP2",
        );
        self.found(d);
    }

    fn registry(&mut self, id: &ResourceId, thing: &Thing, replicas: &Known<Vec<Replica>>) {
        let second = self.second().clone();
        // What lies outside the primary region does not go with it.
        if thing.region != self.plan.primary.region {
            return;
        }
        let Some(all) = self.value(|| format!("replicas of {}", titled(id)), replicas) else { return };
        let name = format!("replica in {}", second.display());
        let by_hand = format!(
            "az acr replication create -r {} -l {} -g {} --subscription {}",
            id.name(),
            second.name(),
            id.group(),
            id.subscription()
        );
        let Some(r) = all.iter().find(|r| r.region == second) else {
            let premium = thing.sku.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("Premium"));
            let advice = if premium {
                "Create it: without it no image can be pulled while the home region is down."
            } else {
                "Raise the registry to Premium, then create it: without it no image can be pulled."
            };
            let mut d = difference(Severity::Blocks, titled(id), &name, "there", MISSING, advice, "step MF-P4");
            d.by_hand = Some(by_hand);
            return self.found(d);
        };
        if !r.state.eq_ignore_ascii_case("Succeeded") {
            let advice = "Wait until it is, or create it anew; its images may be incomplete.";
            self.found(difference(Severity::Reduces, titled(id), &name, "Succeeded", &r.state, advice, "step MF-P4"));
        }
        if !r.routed {
            let advice = "Let the registry's name lead to it again: region endpoint enabled.";
            let mut d = difference(Severity::Reduces, titled(id), &name, "routed", "not routed", advice, "step MF-F3");
            d.by_hand = Some(format!(
                "az acr replication update -r {} -n {} --region-endpoint-enabled true",
                id.name(),
                second.name()
            ));
            self.found(d);
        }
    }

    fn copy(
        &mut self,
        id: &ResourceId,
        thing: &Thing,
        copy_in: Option<&Region>,
        copy_status: Option<&str>,
        replication: &Known<Option<String>>,
    ) {
        let second = self.second().clone();
        if thing.region != self.plan.primary.region {
            return;
        }
        let subject = titled(id);
        let Some(at) = copy_in else {
            let is = thing.sku.as_deref().unwrap_or(NOT_TOLD);
            let advice = "Give it a geo-redundant tier: with the primary region its data is gone.";
            let mut d =
                difference(Severity::Blocks, subject, "redundancy", "a copy elsewhere", is, advice, "step MF-P2");
            let (name, group, sub) = (id.name(), id.group(), id.subscription());
            d.by_hand = Some(format!(
                "az storage account update -n {name} -g {group} --subscription {sub} --sku Standard_RAGRS"
            ));
            return self.found(d);
        };
        if *at != second {
            let advice = "A copy lies where the region's pair is, and nowhere else: data will be read across regions.";
            let (wanted, is) = (second.display(), at.display());
            let source = "judgement: a pair is a preference of the platform's";
            self.found(difference(Severity::Informs, subject.clone(), "copy", &wanted, &is, advice, source));
        }
        if let Some(status) = copy_status.filter(|s| !s.eq_ignore_ascii_case("available")) {
            let advice = "The copy cannot be reached now. Ask Service Health, and look again.";
            self.found(difference(Severity::Reduces, subject.clone(), "copy", "available", status, advice, "step SF1"));
        }
        let told = self.value(|| format!("replication of {subject}"), replication);
        if let Some(Some(status)) = told.filter(|r| r.as_deref().is_some_and(|s| !s.eq_ignore_ascii_case("Live"))) {
            let advice = "Until it is Live the copy is incomplete, and a failover is refused or loses data.";
            let mut d = difference(Severity::Reduces, subject, "replication", "Live", status, advice, "step SF1");
            let (name, group, sub) = (id.name(), id.group(), id.subscription());
            d.by_hand = Some(format!(
                "az storage account show -n {name} -g {group} --subscription {sub} --expand geoReplicationStats"
            ));
            self.found(d);
        }
    }

    fn profile(&mut self, id: &ResourceId, enabled: bool, ttl: Option<u64>, endpoints: &[Endpoint]) {
        let subject = titled(id);
        let at = format!("-n {} -g {} --subscription {}", id.name(), id.group(), id.subscription());
        if !enabled {
            let advice = "Enable the profile: its name has no address as it is.";
            let mut d =
                difference(Severity::Blocks, subject.clone(), "status", "Enabled", "Disabled", advice, "step SR-F1");
            d.by_hand = Some(format!("az network traffic-manager profile update {at} --status Enabled"));
            self.found(d);
        }
        let planned = self.plan.values.get(TTL).and_then(|v| v.parse::<u64>().ok());
        match (ttl, planned) {
            (Some(is), Some(said)) if is != said => {
                let advice = "Correct the plan's `ttl`, and measure the move again: its times were reckoned with it.";
                let (was, is) = (format!("{said} s in the plan"), format!("{is} s"));
                self.found(difference(Severity::Reduces, subject.clone(), "TTL", &was, &is, advice, "step SR-P5"));
            }
            (Some(is), None) if is > LONG_TTL => {
                let advice = "Clients keep the old address for so long after a move. Lower it, or reckon with it.";
                let source = "judgement: a minute is what callers can wait";
                let (was, is) = (format!("at most {LONG_TTL} s"), format!("{is} s"));
                let mut d = difference(Severity::Informs, subject.clone(), "TTL", &was, &is, advice, source);
                d.by_hand = Some(format!("az network traffic-manager profile update {at} --ttl {LONG_TTL}"));
                self.found(d);
            }
            _ => {}
        }
        for (second, severity) in [(false, Severity::Informs), (true, Severity::Blocks)] {
            self.endpoint(id, second, severity, endpoints);
        }
    }

    /// The endpoint of one side: there, enabled, and not failing.
    fn endpoint(&mut self, id: &ResourceId, second: bool, severity: Severity, all: &[Endpoint]) {
        let side = if second { self.plan.secondary.as_ref() } else { Some(&self.plan.primary) };
        let Some(side) = side else { return };
        let word = if second { "secondary" } else { "primary" };
        let named = self.plan.values.get(&format!("{word}_endpoint")).cloned();
        let belongs = |e: &&Endpoint| {
            let by_resource = side.resource.as_ref().is_some_and(|r| e.resource.as_deref().is_some_and(|t| same(t, r)));
            let by_name = named.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(&e.name))
                || Region::new(&e.name) == side.region;
            by_resource || by_name || e.region.as_ref() == Some(&side.region)
        };
        let (subject, region) = (titled(id), side.region.display());
        let field = format!("endpoint of {region}");
        let Some(e) = all.iter().find(belongs) else {
            let advice = "Add it: the profile can lead nobody there.";
            return self.found(difference(severity, subject, &field, "there", MISSING, advice, "step SR-P2"));
        };
        // The primary's own state is what an incident is about.
        if !second {
            return;
        }
        if !e.enabled {
            let advice = "Enable it, or know that the run has to: as it is nobody is led there.";
            let mut d = difference(Severity::Reduces, subject, &field, "Enabled", "Disabled", advice, "step SR-P2");
            d.by_hand = Some(format!(
                "az network traffic-manager endpoint update -n {} --profile-name {} -g {} --subscription {} --type {} --endpoint-status Enabled",
                visible(&e.name),
                id.name(),
                id.group(),
                id.subscription(),
                visible(&e.kind),
            ));
            self.found(d);
        } else if matches!(e.monitor.to_ascii_lowercase().as_str(), "degraded" | "stopped" | "inactive") {
            let advice = "Traffic Manager does not see it answer. Call its monitored path directly and see why.";
            self.found(difference(Severity::Reduces, subject, &field, "Online", &e.monitor, advice, "step SR-F1"));
        }
    }
}
