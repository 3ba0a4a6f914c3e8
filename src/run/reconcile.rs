//! The changes of a run held against what Azure logged itself: which are there, which are not, and who else changed what
//! the run is about.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::units::{Millis, utc_text, visible};

/// Azure's log lags behind; what is younger may be yet to come.
pub const LAG: Millis = Millis::from_secs(20 * 60);
/// How far before the first and behind the last record is looked.
pub const MARGIN: Millis = Millis::from_secs(10 * 60);
/// How long Azure keeps its log.
pub const KEPT: Millis = Millis::from_secs(90 * 24 * 60 * 60);
/// `what` of the observation that says how it came out.
pub const ACTIVITY_LOG: &str = "activity_log";
/// Lines that go into a record; the rest is counted.
const TOLD: usize = 100;

/// A change that the run sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Record of the intent.
    pub seq: u64,
    /// Step.
    pub step: String,
    /// Which of its changes.
    pub n: u32,
    /// When (UTC ms).
    pub at: i64,
    /// ARM id.
    pub target: String,
    /// What Azure may know it by: the id it was sent under, and those that Azure answered with.
    pub ids: Vec<String>,
    /// Azure took it, by the record.
    pub taken: bool,
    /// It went to Resource Manager, whose changes the log keeps; those of data it does not.
    pub logged: bool,
}

/// What Azure logged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logged {
    /// When (UTC ms).
    pub at: i64,
    /// On what.
    pub target: String,
    /// `Microsoft.…/write`.
    pub operation: String,
    /// Who; empty for Azure itself.
    pub caller: String,
    /// What it may be known by.
    pub ids: Vec<String>,
    /// The request that it belongs to.
    pub request: String,
    /// It changed nothing.
    pub failed: bool,
}

/// One of the run's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Own {
    /// Record of the intent.
    pub seq: u64,
    /// Step.
    pub step: String,
    /// On what.
    pub target: String,
    /// When (UTC ms).
    pub at: i64,
}

/// One of somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Foreign {
    /// When (UTC ms).
    pub at: i64,
    /// Who; empty for Azure itself.
    pub caller: String,
    /// What.
    pub operation: String,
    /// On what.
    pub target: String,
}

/// How it came out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// When it was compared (UTC ms).
    pub at: i64,
    /// Since when the log was read (UTC ms).
    pub from: i64,
    /// Until when (UTC ms).
    pub to: i64,
    /// The run's changes that Azure logged.
    pub matched: u64,
    /// Those that it took, by the record, and did not log.
    pub missing: Vec<Own>,
    /// The same, so young that the log may not have them yet.
    pub pending: Vec<Own>,
    /// Changes of others to what the run is about.
    pub foreign: Vec<Foreign>,
    /// Changes of data, which this log does not keep.
    pub unlogged: u64,
    /// Subscriptions whose log could not be read, or not in full, and why.
    pub unread: Vec<String>,
}

/// Compares. `about`: the resources that the run is about.
pub fn reconcile(sent: &[Sent], logged: &[Logged], about: &[String], window: (i64, i64), now: i64) -> Reconciled {
    let (from, to) = window;
    let mut out = Reconciled { at: now, from, to, ..Reconciled::default() };
    let mut mine: HashSet<String> = sent.iter().flat_map(|s| &s.ids).filter(|i| !i.is_empty()).map(lower).collect();
    let ids =
        |l: &Logged| -> Vec<String> { l.ids.iter().chain([&l.request]).filter(|i| !i.is_empty()).map(lower).collect() };
    let is_mine = |mine: &HashSet<String>, l: &Logged| ids(l).iter().any(|i| mine.contains(i));
    // What belongs to one request is logged several times, and not each time under the id that it was sent with.
    let known: HashSet<String> = logged.iter().filter(|l| is_mine(&mine, l)).flat_map(ids).collect();
    let requests = logged.iter().filter(|l| is_mine(&mine, l)).map(|l| lower(&l.request));
    let requests: Vec<String> = requests.filter(|r| !r.is_empty()).collect();
    mine.extend(requests);
    for s in sent {
        let own = || Own { seq: s.seq, step: s.step.clone(), target: s.target.clone(), at: s.at };
        if !s.logged {
            out.unlogged += 1;
        } else if s.ids.iter().any(|i| known.contains(&lower(i))) {
            out.matched += 1;
        } else if s.taken && now.saturating_sub(s.at) < ms(LAG) {
            out.pending.push(own());
        } else if s.taken {
            out.missing.push(own());
        }
    }
    // A request is logged when it begins and when it ends: its first word says when, and its last whether it changed anything;
    // one that failed did not, unless it was tried again under the same id.
    let mut others: BTreeMap<[String; 3], (Foreign, i64, bool)> = BTreeMap::new();
    for (n, l) in logged.iter().enumerate() {
        if is_mine(&mine, l) || l.at < from || l.at > to || !touches(l, about) {
            continue;
        }
        let request = if l.request.is_empty() { n.to_string() } else { lower(&l.request) };
        let foreign =
            Foreign { at: l.at, caller: l.caller.clone(), operation: l.operation.clone(), target: l.target.clone() };
        let (first, last, failed) = others
            .entry([request, lower(&l.operation), lower(&l.target)])
            .or_insert_with(|| (foreign.clone(), l.at, l.failed));
        (*last, *failed) = (*last, *failed).max((l.at, l.failed));
        if foreign.at < first.at {
            *first = foreign;
        }
    }
    out.foreign = others.into_values().filter(|(_, _, failed)| !failed).map(|(f, _, _)| f).collect();
    out.foreign.sort();
    out
}

fn ms(m: Millis) -> i64 {
    i64::try_from(m.0).unwrap_or(i64::MAX)
}

fn lower(text: impl AsRef<str>) -> String {
    text.as_ref().to_ascii_lowercase()
}

/// On one of these, on what lies in it, or a deletion of what it lies in.
fn touches(l: &Logged, about: &[String]) -> bool {
    let deletes = lower(&l.operation).ends_with("/delete");
    about.iter().any(|id| within(&l.target, id) || (deletes && within(id, &l.target)))
}

fn within(inner: &str, outer: &str) -> bool {
    let (inner, outer) = (inner.to_ascii_lowercase(), outer.to_ascii_lowercase());
    let rest = inner.strip_prefix(outer.trim_end_matches('/'));
    !outer.is_empty() && rest.is_some_and(|r| r.is_empty() || r.starts_with('/'))
}

/// The span in which the log is to be read: that of the run, with a margin, as far as Azure still has it. `None`: nothing is
/// left of it.
pub fn window(first: i64, last: i64, now: i64) -> Option<(i64, i64)> {
    let from = first.saturating_sub(ms(MARGIN)).max(now.saturating_sub(ms(KEPT)));
    // A clock that lags behind the run must not hide its end.
    let to = last.saturating_add(ms(MARGIN)).min(now.max(last));
    (from < to).then_some((from, to))
}

impl Reconciled {
    /// All there, nobody else, everything read.
    pub fn agrees(&self) -> bool {
        self.missing.is_empty() && self.pending.is_empty() && self.foreign.is_empty() && self.unread.is_empty()
    }

    /// State word of the observation.
    pub fn state(&self) -> &'static str {
        match () {
            () if self.agrees() => "agrees",
            () if !self.missing.is_empty() || !self.foreign.is_empty() => "differs",
            () => "partly",
        }
    }

    /// In a sentence.
    pub fn text(&self) -> String {
        let mut text = format!(
            "compared at {}: {} matched, {} missing, {} by others",
            utc_text(self.at),
            self.matched,
            self.missing.len(),
            self.foreign.len()
        );
        let mut add = |n: usize, what: &str| {
            if n > 0 {
                text.push_str(&format!(", {n} {what}"));
            }
        };
        add(self.pending.len(), "not there yet (the log lags some minutes: compare again later)");
        add(usize::try_from(self.unlogged).unwrap_or(usize::MAX), "changes of data, which this log does not keep");
        add(self.unread.len(), "logs NOT READ");
        text
    }

    /// What is to be looked at, one line each; of very many only the first.
    pub fn lines(&self) -> Vec<String> {
        let own = |what: &str, o: &Own| {
            format!("{what}: {} of {}, record {}, {}", name(&o.target), visible(&o.step), o.seq, utc_text(o.at))
        };
        let foreign = |f: &Foreign| {
            let who = if f.caller.is_empty() { "Azure itself".to_owned() } else { visible(&f.caller) };
            format!("by others: {} {} on {} by {who}", utc_text(f.at), visible(&f.operation), name(&f.target))
        };
        let all = self.unread.iter().map(|u| format!("NOT READ: {}", visible(u)));
        let all = all.chain(self.missing.iter().map(|o| own("MISSING", o))).chain(self.foreign.iter().map(foreign));
        let mut lines: Vec<String> = all.chain(self.pending.iter().map(|o| own("not there yet", o))).collect();
        if lines.len() > TOLD {
            let more = lines.len() - TOLD;
            lines.truncate(TOLD);
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

/// The last words of an ARM id, enough to find it.
fn name(id: &str) -> String {
    let parts: Vec<&str> = id.rsplit('/').take(4).collect();
    visible(&parts.into_iter().rev().collect::<Vec<_>>().join("/"))
}
