//! Can this laptop see at all? Without that question every VPN drop looks like a region outage.

use super::detector::{Detector, DetectorState};
use super::signal::{Failure, Outcome};
use super::verdict::{Inputs, RegionInput};

/// Why nothing answers while what is asked past the proxy does.
const PROXY: &str = "the proxy does not carry: past it something answers";

/// What the witnesses and the sign-in service say about the observer.
#[derive(Debug, Clone)]
pub(super) struct Eyes {
    /// Witnesses with fresh news.
    pub asked: usize,
    /// Of those, how many answer.
    pub answering: usize,
    /// Whether sign-in answers; none without fresh news.
    pub entra: Option<bool>,
    /// Why nothing can be seen.
    pub blind: Option<String>,
    /// Since when something elsewhere has answered without a break.
    open_since: Option<i64>,
}

impl Eyes {
    pub(super) fn look(i: &Inputs<'_>) -> Self {
        // A witness that throttles us was reached.
        let reached = |o: &Outcome| o.answered() || o.failure().is_some_and(Failure::is_throttle);
        let heard: Vec<bool> = i.witnesses.iter().filter_map(|w| w.news(i.now)).map(|p| reached(&p.outcome)).collect();
        let (asked, answering) = (heard.len(), heard.iter().filter(|up| **up).count());
        let entra = i.entra.and_then(|e| e.answers(i.now));
        let regions = || i.regions.iter().flat_map(|r| r.roads());
        let failing = |d: &Detector| matches!(d.state(i.now), DetectorState::Suspect | DetectorState::Persistent);
        let closed = if asked > 0 {
            // A network may keep all witnesses out, and a region that answers meanwhile is seen all the same.
            answering == 0 && entra != Some(true) && !seen_since(dark_since(i), i)
        } else {
            // Nobody unrelated was asked: that nothing answers at all is the best evidence there is.
            let silent = entra == Some(false) || (entra.is_none() && regions().any(failing));
            silent && regions().all(|d| d.answers(i.now) != Some(true))
        };
        let past_proxy = i
            .regions
            .iter()
            .flat_map(|r| &r.endpoints)
            .filter_map(|e| e.direct)
            .any(|d| d.answers(i.now) == Some(true));
        let all = || i.witnesses.iter().copied().chain(i.entra);
        Self {
            asked,
            answering,
            entra,
            blind: closed.then(|| if past_proxy { PROXY.to_owned() } else { why(all().chain(regions()), i.now) }),
            open_since: all().filter_map(|d| d.steady_since(i.now)).min(),
        }
    }

    /// Whether this laptop's network came back so recently that the endpoint's failures may still be its own.
    pub(super) fn just_opened(&self, d: &Detector) -> bool {
        self.open_since.is_some_and(|s| {
            let needed = usize::try_from(d.thresholds().suspect_after).unwrap_or(usize::MAX);
            d.tally(s).failed < needed && d.failing_since().is_some_and(|f| f < s)
        })
    }

    /// Whether anything unrelated to the regions answers.
    pub(super) fn open(&self) -> bool {
        self.answering > 0 || self.entra == Some(true)
    }

    /// `all 3 witnesses`, `the sign-in service`: those that answer.
    pub(super) fn subjects(&self) -> Vec<String> {
        let witnesses = match (self.answering, self.asked) {
            (0, _) => None,
            (1, 1) => Some("the one witness".to_owned()),
            (n, of) if n == of => Some(format!("all {n} witnesses")),
            (n, of) => Some(format!("{n} of {of} witnesses")),
        };
        let sign_in = (self.entra == Some(true)).then(|| "the sign-in service".to_owned());
        witnesses.into_iter().chain(sign_in).collect()
    }
}

/// Since when nothing unrelated answers, as far as the histories tell.
fn dark_since(i: &Inputs<'_>) -> i64 {
    let first = |d: &Detector| d.history().rev().take_while(|p| !p.outcome.answered()).last().map(|p| p.at);
    let asked = i.witnesses.iter().copied().chain(i.entra).filter(|d| d.news(i.now).is_some());
    asked.filter_map(first).max().unwrap_or(i64::MIN)
}

/// Whether a region answered since then by its newest news. The road past the proxy does not tell: clients do not take it.
fn seen_since(from: i64, i: &Inputs<'_>) -> bool {
    let newest = |d: &Detector| d.news(i.now).is_some_and(|p| p.outcome.answered() && p.at >= from);
    i.regions.iter().flat_map(RegionInput::detectors).any(newest)
}

/// The likeliest cause, from what the failures have in common.
fn why<'a>(all: impl Iterator<Item = &'a Detector>, now: i64) -> String {
    let failures: Vec<&Failure> = all.filter_map(|d| d.news(now)?.outcome.failure()).collect();
    let cause = if failures.iter().any(|f| matches!(f, Failure::NotTheService | Failure::Certificate)) {
        "something in between answers in their place: a network's sign-in page, a proxy, or this laptop's clock is wrong"
    } else if failures.iter().any(|f| matches!(f, Failure::NoRoute)) {
        "this laptop has no route: network or VPN is off"
    } else if !failures.is_empty() && failures.iter().all(|f| matches!(f, Failure::Dns)) {
        "no name resolves: DNS of this laptop, its network or VPN"
    } else if !failures.is_empty() && failures.iter().all(|f| matches!(f, Failure::Proxy | Failure::BeyondProxy)) {
        "the proxy carries nothing: mend it, or go past it"
    } else {
        "neither the witnesses nor the sign-in service answer: look at this laptop's network, VPN and proxy first"
    };
    cause.to_owned()
}
