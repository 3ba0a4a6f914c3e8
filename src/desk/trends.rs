//! How rehearsals went over time: what is kept of each closed one, and the rows that are drawn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rehearsal::score::Score;
use crate::run::clocks::Clocks;
use crate::run::event::Mode;
use crate::run::state::Run;
use crate::runbook::model::Strategy;

use super::snapshot::{Trend, TrendRun};
use super::view::run::{ended, short};

/// Rehearsals drawn of one plan; the newest ones.
const DRAWN: usize = 200;

/// What is kept of a closed rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsed {
    plan: String,
    title: String,
    scenario: String,
    strategy: Strategy,
    at: i64,
    rto: u64,
    segments: Vec<Option<u64>>,
    rta: Option<u64>,
    score: Option<(u32, u32)>,
    /// The sheet line by line: what, points, of, why.
    #[serde(default)]
    lines: Vec<(String, u32, u32, String)>,
    #[serde(default)]
    closed: String,
    tabletop: bool,
}

impl Rehearsed {
    /// Of a closed run that began at this instant of the wall clock; `None` for a run that was no rehearsal of a scenario.
    pub fn of(run: &Run, score: Option<&Score>, at: i64) -> Option<Self> {
        let (start, plan) = (run.start.as_ref()?, run.plan.as_ref()?);
        let end = run.ended.as_ref()?;
        let sheet = score.map(super::snapshot::Score::from).unwrap_or_default();
        Some(Self {
            plan: plan.id.clone(),
            title: plan.title.clone(),
            scenario: start.scenario.as_ref()?.id.clone(),
            strategy: start.strategy,
            at,
            rto: start.rto_ms,
            segments: run.clocks.segments().iter().map(|(_, d)| d.map(|d| d.0)).collect(),
            rta: run.clocks.rta().map(|r| r.0),
            score: score.map(|s| (s.points(), s.of())),
            lines: sheet.lines,
            closed: ended(end),
            tabletop: start.mode == Mode::Tabletop,
        })
    }
}

/// Rehearsals by plan, oldest first.
pub fn trends<'a>(all: impl Iterator<Item = (&'a String, &'a Rehearsed)>) -> Vec<Trend> {
    let mut plans: BTreeMap<&str, Vec<(&String, &Rehearsed)>> = BTreeMap::new();
    for (id, r) in all {
        plans.entry(&r.plan).or_default().push((id, r));
    }
    let names = Clocks::default().segments().map(|(name, _)| name);
    let run = |(id, r): &(&String, &Rehearsed)| TrendRun {
        run: (*id).clone(),
        short: short(id),
        scenario: r.scenario.clone(),
        strategy: r.strategy,
        at: r.at,
        segments: names.iter().copied().zip(r.segments.iter().copied()).collect(),
        rto: r.rto,
        rta: r.rta,
        score: r.score,
        lines: r.lines.clone(),
        closed: r.closed.clone(),
        tabletop: r.tabletop,
    };
    let trend = |(plan, mut all): (&str, Vec<(&String, &Rehearsed)>)| {
        all.sort_by_key(|(id, r)| (r.at, *id));
        let title = all.last()?.1.title.clone();
        let old = all.len().saturating_sub(DRAWN);
        Some(Trend { plan: plan.to_owned(), title, runs: all[old..].iter().map(run).collect() })
    };
    plans.into_iter().filter_map(trend).collect()
}
