//! The picture of health as it goes into the record: everything a decision was made from, line by line, so that somebody
//! who was not there can judge it months later. Bounded, and without anything secret.

use std::collections::BTreeMap;

use crate::health::{Advice, Assessment, Detector, Thresholds};
use crate::run::event::Seen;
use crate::units::{Millis, utc_text};

use super::super::monitor::Watched;
use super::super::snapshot::{EndpointRow, Lamp, Mark, Situation};
use super::situation::{mark, weight};

/// Endpoints that are told one by one, the worst first; of the rest only how many there are.
const ENDPOINTS: usize = 100;
/// Lines of any other kind at most.
const EACH: usize = 20;
/// Letters of a text at most.
const WORDS: usize = 400;
/// Lines that a decision's own record takes: verdicts, what they rest on, the arithmetic.
const TOLD: usize = 40;

fn short(text: &str) -> String {
    let cut: String = text.chars().take(WORDS).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn seen(about: &str, name: &str, state: &str, text: &str, at: Option<i64>) -> Seen {
    Seen {
        about: about.to_owned(),
        name: short(name),
        state: state.to_owned(),
        text: short(text),
        at,
        figures: BTreeMap::new(),
    }
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn ms(t: Millis) -> i64 {
    i64::try_from(t.0).unwrap_or(i64::MAX)
}

/// What is believed of each region and why, then what to do and by which numbers.
fn belief(a: &Assessment) -> Vec<Seen> {
    let mut out = Vec::new();
    for v in &a.regions {
        let (name, word) = (v.region.display(), mark(v.state).word());
        let mut line = seen("verdict", &name, word, &v.sentence, v.since);
        if v.disagreement {
            line.text.push_str("; sources contradict each other");
        }
        out.push(line);
        let reasons = v.reasons.iter().take(EACH);
        out.extend(reasons.map(|r| seen("reason", &name, mark(r.state).word(), &r.text, Some(r.at))));
    }
    if let Some(why) = &a.blind {
        out.push(seen("verdict", "This laptop", "blind", why, None));
    }
    if let Some(n) = &a.recommend.arithmetic {
        let mut line = seen("arithmetic", "RTO", if n.due { "due" } else { "not due" }, &n.sentence, None);
        line.figures = figures([
            ("rto_ms", Some(ms(n.rto))),
            ("elapsed_ms", Some(ms(n.elapsed))),
            ("left_ms", Some(n.left)),
            ("needed_ms", Some(ms(n.needed))),
            ("rehearsed", Some(i64::from(n.rehearsed))),
        ]);
        out.push(line);
    }
    if a.recommend.advice != Advice::Nothing || !a.recommend.sentence.is_empty() {
        out.push(seen("recommendation", "", &format!("{:?}", a.recommend.advice), &a.recommend.sentence, None));
    }
    out.extend(a.recommend.missing.iter().take(EACH).map(|m| seen("recommendation", "", "missing", m, None)));
    out
}

fn figures<const N: usize>(all: [(&str, Option<i64>); N]) -> BTreeMap<String, i64> {
    all.into_iter().filter_map(|(name, n)| Some((name.to_owned(), n?))).collect()
}

/// An endpoint: what it is now, the stages of the newest look, the calls that the rules count.
fn endpoint(row: &EndpointRow, d: Option<&Detector>, now: i64) -> Seen {
    let mut line = seen("endpoint", &row.id, row.mark.word(), &format!("{}: {}", row.address, row.word), row.at);
    let (s, stage) = (&row.stages, |t: Option<Millis>| t.map(ms));
    line.figures = figures([
        ("dns_ms", stage(s.dns)),
        ("tcp_ms", stage(s.connect)),
        ("tls_ms", stage(s.tls)),
        ("first_byte_ms", stage(s.first_byte)),
        ("total_ms", stage(s.total)),
    ]);
    if let Some(d) = d {
        let t = d.tally(now.saturating_sub(ms(d.thresholds().window)));
        line.figures.extend(figures([
            ("calls", Some(number(t.calls))),
            ("answered", Some(number(t.answered))),
            ("failed", Some(number(t.failed))),
            ("throttled", Some(number(t.throttled))),
            ("in_a_row", Some(i64::from(d.consecutive_failures()))),
            ("failing_since", d.failing_since()),
            ("last_success", d.last_success()),
        ]));
    }
    line
}

fn endpoints(w: &Watched, rows: &[EndpointRow], now: i64) -> Vec<Seen> {
    let mut all: Vec<&EndpointRow> = rows.iter().collect();
    all.sort_by_key(|r| std::cmp::Reverse(weight(r.mark)));
    let rest = all.split_off(all.len().min(ENDPOINTS));
    let mut out: Vec<Seen> = all.into_iter().map(|r| endpoint(r, w.named(&r.id), now)).collect();
    for state in [Mark::Down, Mark::Blind, Mark::Suspect, Mark::Degraded, Mark::Unknown, Mark::Ok] {
        let n = rest.iter().filter(|r| r.mark == state).count();
        if n > 0 {
            out.push(seen("endpoint", "", state.word(), &format!("{n} more endpoints are {}", state.word()), None));
        }
    }
    out
}

fn thresholds(t: &Thresholds) -> Seen {
    let in_a_row = t.persistent_after.map_or_else(String::new, |n| format!("{n} failures in a row, or "));
    let text = format!(
        "suspect after {} failures in a row; persistent after {in_a_row}{} % of at least {} calls in {}; well again after \
         {} answers and {} without a failure; asked every {}",
        t.suspect_after, t.window_percent, t.window_calls, t.window, t.recover_after, t.hold, t.interval
    );
    let mut line = seen("threshold", "the primary's", "", &text, None);
    line.figures = figures([
        ("interval_ms", Some(ms(t.interval))),
        ("suspect_after", Some(i64::from(t.suspect_after))),
        ("persistent_after", t.persistent_after.map(i64::from)),
        ("window_ms", Some(ms(t.window))),
        ("window_percent", Some(number(t.window_percent))),
        ("window_calls", Some(number(t.window_calls))),
        ("recover_after", Some(i64::from(t.recover_after))),
        ("hold_ms", Some(ms(t.hold))),
        ("slow_ms", Some(ms(t.slow))),
    ]);
    line
}

/// The whole picture.
pub fn picture(w: &Watched, a: &Assessment, s: &Situation, lamps: &[Lamp], now: i64) -> Vec<Seen> {
    let mut out = belief(a);
    out.extend(lamps.iter().take(EACH).map(|l| seen("ladder", &l.name, l.mark.word(), &l.sentence, None)));
    out.extend(w.regions().next().map(|r| thresholds(r.2.thresholds())));
    let newest = |n: usize| n.saturating_sub(EACH);
    out.extend(s.gaps[newest(s.gaps.len())..].iter().map(|g| seen("gap", "", "", &g.text(), Some(g.from))));
    let read = s.notices_read.map_or("never read", |_| "last read");
    out.push(seen("notice", "Service Health", "", read, s.notices_read));
    let said = s.posted.iter().take(EACH);
    out.extend(said.map(|p| seen("notice", &p.source, &p.status, &format!("{}: {}", p.title, p.text), Some(p.at))));
    if s.posted.is_empty() {
        out.extend(s.notices.iter().take(EACH).map(|n| seen("notice", "", n.mark.word(), &n.text, Some(n.at))));
    }
    out.extend(s.colleagues.iter().take(EACH).map(|c| seen("colleague", "", c.mark.word(), &c.text, Some(c.at))));
    // Last, as the end is what a record that is too long loses.
    out.extend(endpoints(w, &s.endpoints, now));
    out
}

/// What a decision was made from, in a few lines.
pub fn told(a: &Assessment) -> Vec<String> {
    let mut out: Vec<String> = [&a.headline, &a.explanation].into_iter().map(|t| short(t)).collect();
    out.extend(belief(a).iter().map(line));
    out.retain(|l| !l.is_empty());
    out.truncate(TOLD);
    out
}

/// A line for people.
pub fn line(s: &Seen) -> String {
    let mut head: Vec<&str> = vec![&s.about];
    head.extend([s.name.as_str(), s.state.as_str()].into_iter().filter(|t| !t.is_empty()));
    let mut out = head.join(", ");
    if !s.text.is_empty() {
        out.push_str(&format!(": {}", s.text));
    }
    if let Some(at) = s.at {
        out.push_str(&format!(" ({})", utc_text(at)));
    }
    let instants = ["failing_since", "last_success"];
    let figure = |(name, n): (&String, &i64)| match instants.contains(&name.as_str()) {
        true => format!("{name} {}", utc_text(*n)),
        false => format!("{name} {n}"),
    };
    if !s.figures.is_empty() {
        out.push_str(&format!(" [{}]", s.figures.iter().map(figure).collect::<Vec<_>>().join(", ")));
    }
    out
}
