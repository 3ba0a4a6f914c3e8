//! Steps that ride on the DNS: how long clients may go on as before, at worst.
//!
//! Whoever switches a name sees the new answer at once and thinks that it is over. Resolvers keep the old one for its time
//! to live, and where Traffic Manager has to notice by itself, its probes take their time before that.

use super::super::preview::Preview;
use crate::azure::traffic::Pace;
use crate::plan::model::PlannedStep;
use crate::run::clocks;
use crate::runbook::model::{Action, Condition};
use crate::units::Millis;

/// What no value on a server can shorten.
const CLIENTS: &str = "Resolvers may keep it longer, some programs for ever, and open connections do not move";

/// An endpoint is marked after one failure more than is tolerated; then old answers live on.
fn dns_worst(p: &Pace) -> Option<Millis> {
    let s = Millis::from_secs;
    let tolerated = u32::try_from(p.tolerated?).unwrap_or(u32::MAX);
    Some(clocks::dns_worst(s(p.interval?), tolerated, s(p.timeout?), s(p.ttl?)).1)
}

fn of(p: &Pace) -> String {
    let Some(ttl) = p.ttl else { return format!("what it is for this name is not known yet. {CLIENTS}") };
    let old = format!("clients may use the old answer for {} (its TTL as read)", Millis::from_secs(ttl));
    let noticing = dns_worst(p).map_or_else(String::new, |worst| {
        format!("; where Traffic Manager has to notice a failure by itself, {worst} at worst")
    });
    format!("{old}{noticing}. {CLIENTS}")
}

/// The row of a step; none for one that has nothing to do with the DNS.
pub fn worst(planned: &PlannedStep, preview: Option<&Preview>) -> Option<String> {
    let leads = planned.verify.iter().any(|c| matches!(c.condition, Condition::DnsLeadsTo { .. }));
    match &planned.action {
        Some(Action::SetTrafficEndpoint { .. } | Action::SetTrafficRouting { .. } | Action::SetDnsRecord { .. }) => {}
        Some(Action::FailOverStorage { .. }) => {
            return Some(format!(
                "the account's names lead to the other region after it; how long their old answers live is Azure's and is \
                 not known. {CLIENTS}"
            ));
        }
        _ if leads => {}
        _ => return None,
    }
    Some(match preview.and_then(|p| p.dns.as_ref()) {
        Some(pace) => of(pace),
        None => format!("how long the old answer lives (its TTL) is not known before it was read. {CLIENTS}"),
    })
}
