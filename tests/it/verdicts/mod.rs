//! A table of what must be believed when: real desks watch the embedded simulator through every fault that it knows.
//!
//! Times are seconds of the scenario. Probes go out every 15 s, with some jitter and not all at once, so every time is a
//! span: from the earliest at which it may be said, until two probes after it must be.

mod classes;
mod desk;
mod tiers;
mod traps;

use std::ops::RangeInclusive;

use lifeboat::health::{Advice, State};
use lifeboat::rehearsal::scenario::{Happening, How, Place, What};
use lifeboat::runbook::model::Tier;
use lifeboat::units::Region;

use desk::{Lab, Picture, at};

/// When most faults begin: the desk has seen a healthy world before.
const T0: u64 = 100;
/// What a fault of a healthy region's own probes must never look like.
const FAILING: &[State] = &[State::Suspect, State::Down];

/// What a person looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Primary,
    Secondary,
    Laptop,
    Entra,
    Arm,
}

impl Who {
    fn of(self, p: &Picture) -> State {
        match self {
            Self::Primary => p.primary,
            Self::Secondary => p.secondary,
            Self::Laptop => p.laptop,
            Self::Entra => p.entra,
            Self::Arm => p.arm,
        }
    }
}

/// One thing that must be so.
#[derive(Debug, Clone)]
enum Rule {
    /// It is first seen so, from the span's start on, before the span ends.
    Turns(Who, State, RangeInclusive<u64>),
    /// It is nothing else in this span.
    Holds(Who, &'static [State], RangeInclusive<u64>),
    /// It is never so.
    Never(Who, &'static [State]),
    /// This is recommended throughout the span.
    Advises(&'static [Advice], RangeInclusive<u64>),
    /// This is never recommended.
    NeverAdvises(Advice),
}

/// One row: a small world, what happens in it, and what must be believed.
#[derive(Debug, Clone)]
struct Case {
    name: &'static str,
    tier: Tier,
    https: bool,
    rehearsed: bool,
    model_calls: bool,
    timeline: Vec<Happening>,
    until: u64,
    rules: Vec<Rule>,
}

/// A row in which nothing happens yet.
fn case(name: &'static str) -> Case {
    let (https, rehearsed, model_calls) = (false, true, false);
    Case { name, tier: Tier::T1, https, rehearsed, model_calls, timeline: Vec::new(), until: 0, rules: Vec::new() }
}

fn east() -> Region {
    Region::new("eastus")
}

fn sweden() -> Region {
    Region::new("swedencentral")
}

/// Inference in the primary region.
fn inference() -> Place {
    Place::DataPlane(east())
}

fn throttle() -> How {
    How::Throttle { retry_after: lifeboat::units::Millis::from_secs(20) }
}

fn slow(seconds: u64) -> How {
    How::Slow(lifeboat::units::Millis::from_secs(seconds))
}

impl Case {
    fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }
    /// At a desk on call, between incidents; else it is a rehearsal.
    fn on_call(self) -> Self {
        Self { rehearsed: false, ..self }
    }
    fn https(self) -> Self {
        Self { https: true, ..self.on_call() }
    }
    fn model_calls(self) -> Self {
        Self { model_calls: true, ..self.on_call() }
    }
    /// A fault from one second to another; it may outlast the case.
    fn fault(mut self, on: Place, how: How, from: u64, until: u64) -> Self {
        let id = format!("fault-{}", self.timeline.len());
        self.timeline.push(at(from, What::Fault { id: id.clone(), on, how }));
        self.timeline.push(at(until, What::Clear(id)));
        self
    }
    fn happens(mut self, second: u64, what: What) -> Self {
        self.timeline.push(at(second, what));
        self
    }
    /// Service Health posts, or changes what it posted.
    fn posts(self, second: u64, region: Region, status: &str) -> Self {
        let text = "Azure OpenAI: requests fail".to_owned();
        let (tracking, title, status) = ("VRD1-000".to_owned(), text.clone(), status.to_owned());
        self.happens(second, What::ServiceHealth { tracking, title, summary: text, region, status })
    }
    fn colleague(self, second: u64, answers: bool) -> Self {
        let text = if answers { "It answers from here." } else { "Silent from here too." }.to_owned();
        self.happens(second, What::Colleague { who: "Dana in Denver".into(), text, region: east(), answers })
    }
    fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
    fn turns(self, who: Who, state: State, within: RangeInclusive<u64>) -> Self {
        self.rule(Rule::Turns(who, state, within))
    }
    fn holds(self, who: Who, states: &'static [State], within: RangeInclusive<u64>) -> Self {
        self.rule(Rule::Holds(who, states, within))
    }
    fn never(self, who: Who, states: &'static [State]) -> Self {
        self.rule(Rule::Never(who, states))
    }
    fn advises(self, advice: &'static [Advice], within: RangeInclusive<u64>) -> Self {
        self.rule(Rule::Advises(advice, within))
    }
    fn never_advises(self, advice: Advice) -> Self {
        self.rule(Rule::NeverAdvises(advice))
    }
    fn until(mut self, second: u64) -> Self {
        self.until = second;
        self
    }
    /// The usual course of everything but what the row is about: it answers from the first minute to the end.
    fn fine(self, whom: &[Who]) -> Self {
        let end = self.until;
        whom.iter().fold(self, |c, who| c.holds(*who, &[State::Ok], 60..=end))
    }
    /// The region is lost in the time of T1: three failures, then eight, about two minutes after it began. A probe that
    /// nobody answers takes 10 s to fail.
    fn lost(self, from: u64) -> Self {
        self.turns(Who::Primary, State::Suspect, from + 25..=from + 90)
            .turns(Who::Primary, State::Down, from + 80..=from + 170)
            .holds(Who::Primary, &[State::Ok], 60..=from)
    }
}

/// What is wrong with a row; empty when nothing is.
fn wrong(case: &Case, all: &[Picture]) -> Vec<String> {
    let mut out = Vec::new();
    let within = |span: &RangeInclusive<u64>| {
        let span = span.start() * 1_000..=span.end() * 1_000;
        all.iter().filter(move |p| span.contains(&p.at))
    };
    let moment = |p: &Picture| format!("at {} s: {p:?}", p.at / 1_000);
    for rule in &case.rules {
        let bad = match rule {
            Rule::Turns(who, state, span) => {
                let first = all.iter().find(|p| p.at >= T0 * 1_000 && who.of(p) == *state);
                match first.filter(|p| p.at >= span.start() * 1_000) {
                    None => Some(first.map_or_else(|| "never seen".to_owned(), |p| format!("too early {}", moment(p)))),
                    Some(p) => (p.at > span.end() * 1_000).then(|| format!("too late {}", moment(p))),
                }
            }
            Rule::Holds(who, states, span) => match within(span).find(|p| !states.contains(&who.of(p))) {
                None => within(span).next().is_none().then(|| "no picture".to_owned()),
                bad => bad.map(moment),
            },
            Rule::Never(who, states) => all.iter().find(|p| states.contains(&who.of(p))).map(moment),
            Rule::Advises(advice, span) => match within(span).find(|p| !advice.contains(&p.advice)) {
                None => within(span).next().is_none().then(|| "no picture".to_owned()),
                bad => bad.map(moment),
            },
            Rule::NeverAdvises(advice) => all.iter().find(|p| p.advice == *advice).map(moment),
        };
        out.extend(bad.map(|b| format!("{rule:?}: {b}")));
    }
    // Of every row: nothing is well before it was heard, or once its news is old.
    let early = all.first().filter(|p| p.primary != State::Unknown || p.entra != State::Unknown);
    out.extend(early.map(|p| format!("known before any news, {}", moment(p))));
    out.extend(all.iter().find(|p| !p.stale.is_empty()).map(|p| format!("well without fresh news, {}", moment(p))));
    out
}

/// Plays these rows one after another.
fn hold(table: Vec<Case>) {
    let only = std::env::var("LIFEBOAT_TEST_CASE").unwrap_or_default();
    let (lab, mut failed) = (Lab::new(&table), Vec::new());
    for (n, case) in table.iter().enumerate().filter(|(_, c)| c.name.contains(&only)) {
        let began = std::time::Instant::now();
        let all = lab.shown(n, case);
        println!("{:>6} ms {:>5} pictures  {}", began.elapsed().as_millis(), all.len(), case.name);
        let wrong = wrong(case, &all);
        if !wrong.is_empty() {
            failed.push(format!("{}\n    {}", case.name, wrong.join("\n    ")));
        }
    }
    assert!(failed.is_empty(), "{} of {} rows:\n{}", failed.len(), table.len(), failed.join("\n"));
}

#[test]
fn classes_of_errors() {
    hold(classes::table());
}

#[test]
fn what_looks_like_an_outage_and_is_none() {
    hold(traps::table());
}

#[test]
fn thresholds_and_recovery() {
    hold(tiers::table());
}

#[test]
fn what_others_see() {
    hold(tiers::others());
}

#[test]
fn the_table_has_its_size() {
    let all = [classes::table(), traps::table(), tiers::table(), tiers::others()].concat();
    let names: std::collections::BTreeSet<_> = all.iter().map(|c| c.name).collect();
    assert!(names.len() >= 60 && names.len() == all.len(), "{} rows, {} names", all.len(), names.len());
    assert!(all.iter().all(|c| c.until > 0 && !c.rules.is_empty()));
}
