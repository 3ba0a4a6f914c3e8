//! The list of everything that is asked: an address, a line, with what the newest look at it showed.

use std::collections::HashMap;

use crate::health::{Detector, DetectorState, Outcome};
use crate::units::{Millis, Region, utc_text};

use super::super::monitor::{Known, Watched};
use super::super::snapshot::{EndpointRow, Gap, Mark};
use super::super::watch::{Item, Subject};

/// Calls are told of this long.
const HOUR: i64 = 3_600_000;

/// Everything that is asked: regions in their order, then witnesses, sign-in and control plane, then the rest.
pub fn rows(w: &Watched, now: i64) -> Vec<EndpointRow> {
    let places: HashMap<&Region, usize> = w.regions().enumerate().map(|(n, (r, ..))| (r, n)).collect();
    let mut all: Vec<&Known> = w.known().collect();
    all.sort_by_key(|k| match &k.item.subject {
        Subject::Service(r, _) | Subject::Control(r) | Subject::Past(_, r) => {
            (places.get(r).copied().unwrap_or(places.len()), 0)
        }
        Subject::Witness => (usize::MAX, 0),
        Subject::Azure => (usize::MAX, 1),
        Subject::Nowhere => (usize::MAX, 2),
    });
    all.into_iter().map(|k| row(w, k, now)).collect()
}

fn row(w: &Watched, k: &Known, now: i64) -> EndpointRow {
    let (item, d) = (&k.item, &k.detector);
    let mark = mark(d, now);
    let t = d.tally(now - HOUR);
    EndpointRow {
        id: item.id.0.clone(),
        address: address(item),
        region: item.region().map(Region::display).unwrap_or_default(),
        kind: item.kind,
        mark,
        word: word(d, now),
        figure: match d.failing_since().filter(|_| matches!(mark, Mark::Down | Mark::Suspect)) {
            Some(since) => lasting(now - since).to_string(),
            None => d.typical().filter(|_| mark != Mark::Unknown).map_or_else(String::new, |t| t.to_string()),
        },
        calls: (t.answered, t.calls),
        stages: k.newest.as_ref().map(|o| o.stages).unwrap_or_default(),
        facts: facts(w, k),
        at: k.newest.as_ref().map(|o| o.at),
        pinned: w.pinned.contains(&item.id.0),
    }
}

/// How long something has lasted, as exactly as it matters.
fn lasting(ms: i64) -> Millis {
    let whole = Millis::whole_seconds(ms);
    if whole < Millis::from_mins(10) { whole } else { Millis(whole.0 / 60_000 * 60_000) }
}

/// Without scheme and query.
fn address(item: &Item) -> String {
    let u = &item.public;
    let path = u.path().trim_end_matches('/');
    format!("{}{path}", &u[url::Position::BeforeHost..url::Position::AfterPort])
}

fn mark(d: &Detector, now: i64) -> Mark {
    let failure = d.news(now).and_then(|p| p.outcome.failure());
    match d.state(now) {
        DetectorState::Persistent => Mark::Down,
        DetectorState::Suspect => Mark::Suspect,
        _ if failure.is_some_and(|f| f.is_ours()) => Mark::Blind,
        _ if d.throttled_since(now).is_some() || d.unstable(now) || d.slow(now) => Mark::Degraded,
        DetectorState::Recovering => Mark::Degraded,
        DetectorState::Ok => Mark::Ok,
        DetectorState::Unknown => Mark::Unknown,
    }
}

fn word(d: &Detector, now: i64) -> String {
    let Some(last) = d.last() else { return "not asked yet".to_owned() };
    if d.news(now).is_none() {
        return format!("no news for {}", Millis::whole_seconds(now - last.at));
    }
    match &last.outcome {
        Outcome::Answered if d.state(now) == DetectorState::Recovering => "answers again".to_owned(),
        Outcome::Answered if d.unstable(now) => "comes and goes".to_owned(),
        Outcome::Answered => "answers".to_owned(),
        Outcome::Failed(f) if d.consecutive_failures() > 1 => {
            format!("{}, {} in a row", f.text(), d.consecutive_failures())
        }
        Outcome::Failed(f) => f.text(),
    }
}

fn facts(w: &Watched, k: &Known) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut add = |name: &str, value: String| out.push((name.to_owned(), value));
    add("Asked", format!("every {}", k.detector.thresholds().interval));
    // Of the resource behind it, not of this road to it.
    for n in w.measured.iter().filter(|m| m.0.ends_with(&format!("/{}", k.item.id))).map(|m| m.1) {
        add(&n.source, format!("{} ({})", n.text, n.status));
    }
    let Some(o) = &k.newest else { return out };
    if let Some(peer) = &o.peer {
        add("Address", peer.clone());
    }
    add("Road", if o.via_proxy { "through the proxy" } else { "direct" }.to_owned());
    if let Some(c) = &o.certificate {
        add("Certificate of", c.subject.clone());
        add("Issued by", c.issuer.clone());
        add("Valid until", utc_text(c.until));
        add("SHA-256", c.sha256.clone());
    }
    if let Some(detail) = &o.detail {
        add("Cause", detail.clone());
    }
    out
}

/// Stretches in which nobody looked.
pub fn gaps(w: &Watched) -> Vec<Gap> {
    w.gaps.iter().map(Gap::from).collect()
}
