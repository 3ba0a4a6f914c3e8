//! What a chart shows, made of what was observed: lines that break where nobody was answered, bars of success, stretches
//! in which nobody looked.

use crate::history::{Bucket, History, MINUTE, Point, STAGES, TOTAL};

use super::super::snapshot::{Chart, ChartEvent, ChartLine, Mark, Span};

/// Names of the stages, in their order.
const NAMES: [&str; STAGES] = ["DNS", "TCP", "TLS", "first byte", "total"];
/// Points of a line at most: more than a screen has columns for it.
const POINTS: usize = 400;
/// A chart that goes back no further is made of single observations.
const SINGLE: i64 = 90 * MINUTE;
/// Nobody looked for longer than this: three turns of a calm watch; and three turns of an endpoint that is asked seldom.
const GAP: i64 = 3 * MINUTE;
/// Before T0: what it was like when it was well.
const BEFORE: i64 = 15 * MINUTE;
/// Minutes that are put together, so that a line has few enough points.
const STEPS: [i64; 14] = [1, 2, 3, 5, 6, 10, 15, 20, 30, 60, 120, 180, 360, 720];
/// Events of one chart at most; the newest.
const EVENTS: usize = 64;

/// Whose answers are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Endpoint, or portal name of the region.
    pub name: String,
    /// How it is now.
    pub mark: Mark,
    /// Endpoints whose calls are put together.
    pub endpoints: Vec<String>,
    /// Between two turns, ms.
    pub every: i64,
}

/// What a chart is made of.
#[derive(Debug)]
pub struct Asked<'a> {
    /// One endpoint by stage; none: each of `shown` by its total.
    pub endpoint: Option<&'a str>,
    /// How far back.
    pub span: Span,
    /// The time it is.
    pub now: i64,
    /// When the impact began, as far as anybody knows.
    pub t0: Option<i64>,
    /// Whose.
    pub shown: &'a [Shown],
}

/// From and to.
pub fn range(span: Span, t0: Option<i64>, now: i64) -> (i64, i64) {
    let from = match (span, t0.filter(|t| *t <= now)) {
        (Span::Day, _) => now.saturating_sub(24 * 60 * MINUTE),
        (Span::SinceT0, Some(t0)) => t0.saturating_sub(BEFORE),
        (Span::Hour, _) | (Span::SinceT0, None) => now.saturating_sub(60 * MINUTE),
    };
    (from, now)
}

/// Calls of an instant, a minute or several.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    at: i64,
    calls: u32,
    answered: u32,
    mean: [Option<f32>; STAGES],
}

impl Cell {
    fn of_point(p: &Point) -> Self {
        let mean = std::array::from_fn(|n| p.stage(n).filter(|_| p.answered()).map(f32::from));
        Self { at: p.at, calls: 1, answered: u32::from(p.answered()), mean }
    }

    fn of_minute(b: &Bucket) -> Self {
        let mean = std::array::from_fn(|n| b.mean(n).map(f32::from));
        Self { at: b.at(), calls: u32::from(b.calls), answered: u32::from(b.answered), mean }
    }

    fn add(&mut self, o: &Self) {
        for (mine, theirs) in self.mean.iter_mut().zip(o.mean) {
            *mine = match (*mine, theirs) {
                (Some(a), Some(b)) => {
                    let (m, n) = (self.answered.max(1) as f32, o.answered.max(1) as f32);
                    Some((a * m + b * n) / (m + n))
                }
                (a, b) => a.or(b),
            };
        }
        self.calls = self.calls.saturating_add(o.calls);
        self.answered = self.answered.saturating_add(o.answered);
    }
}

/// Cells in order of time, put together by stretches of this width.
fn put_together(cells: &[Cell], width: i64) -> Vec<Cell> {
    let mut out: Vec<Cell> = Vec::new();
    for c in cells {
        let at = c.at.div_euclid(width) * width;
        match out.last_mut().filter(|last| last.at == at) {
            Some(last) => last.add(c),
            None => out.push(Cell { at, ..*c }),
        }
    }
    out
}

/// What one line is drawn from: its cells, and how long each lasts; zero for single observations.
fn cells(h: &History, endpoints: &[String], (from, to): (i64, i64)) -> (Vec<Cell>, i64) {
    let single = to - from <= SINGLE;
    let mut all: Vec<Cell> = Vec::new();
    for e in endpoints {
        if single {
            all.extend(h.points(e, from).filter(|p| p.at <= to && p.asked()).map(Cell::of_point));
        } else {
            all.extend(h.minutes(e, from).filter(|b| b.at() <= to).map(|b| Cell::of_minute(&b)));
        }
    }
    all.sort_by_key(|c| c.at);
    (all, if single { 0 } else { MINUTE })
}

/// Where nobody looked.
fn gaps(cells: &[Cell], lasts: i64, gap: i64, told: &[(i64, i64)], (from, to): (i64, i64)) -> Vec<(i64, i64)> {
    let mut out = Vec::new();
    let mut heard = from;
    for c in cells {
        if c.at.saturating_sub(heard) > gap {
            out.push((heard, c.at));
        }
        heard = heard.max(c.at + lasts);
    }
    if to.saturating_sub(heard) > gap {
        out.push((heard, to));
    }
    // A short sleep is no long silence, and yet nobody looked.
    out.extend(told.iter().map(|g| (g.0.max(from), g.1.min(to))).filter(|g| g.0 < g.1));
    out.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(out.len());
    for g in out {
        match merged.last_mut().filter(|last| g.0 <= last.1) {
            Some(last) => last.1 = last.1.max(g.1),
            None => merged.push(g),
        }
    }
    merged
}

/// How many minutes are put together.
fn step(from: i64, to: i64) -> i64 {
    let minutes = (to - from) / MINUTE;
    let most = i64::try_from(POINTS).unwrap_or(i64::MAX) * 9 / 10;
    let step = STEPS.into_iter().find(|s| minutes / s <= most);
    MINUTE * step.unwrap_or_else(|| minutes / most + 1)
}

/// The points of one stage, with a break where nobody looked and where nobody was answered.
fn line(cells: &[Cell], stage: usize, width: i64, gap: i64, (from, to): (i64, i64)) -> Vec<(i64, Option<f32>)> {
    let mut out: Vec<(i64, Option<f32>)> = Vec::with_capacity(cells.len() + 4);
    let mut end = None;
    for c in cells {
        if let Some(end) = end.filter(|end| c.at - end > gap) {
            out.push((end + 1, None));
        }
        end = Some(c.at + width);
        out.push(((c.at + width / 2).clamp(from, to), c.mean[stage].filter(|_| c.answered > 0)));
    }
    out
}

/// Makes the chart; its events are the caller's, and the gaps that are known beside those that show by themselves.
pub fn chart(h: &History, asked: &Asked<'_>, told: &[(i64, i64)], events: Vec<ChartEvent>) -> Chart {
    let range = range(asked.span, asked.t0, asked.now);
    let (from, to) = range;
    let width = step(from, to);
    let mut lines = Vec::new();
    let mut all = Vec::new();
    let (mut lasts, mut longest) = (0, GAP);
    for shown in asked.shown {
        let (found, each) = cells(h, &shown.endpoints, range);
        let gap = GAP.max(shown.every.saturating_mul(3));
        (lasts, longest) = (each, longest.max(gap));
        let (drawn, wide) = match each {
            0 if found.len() <= POINTS => (found.clone(), 0),
            0 => {
                let wide = ((to - from) / i64::try_from(POINTS).unwrap_or(i64::MAX)).max(1);
                (put_together(&found, wide), wide)
            }
            _ => (put_together(&found, width), width),
        };
        let stages: &[usize] = if asked.endpoint.is_some() { &[0, 1, 2, 3, 4] } else { &[TOTAL] };
        for &n in stages {
            let points = line(&drawn, n, wide, gap, range);
            let name = if asked.endpoint.is_some() { NAMES[n].to_owned() } else { shown.name.clone() };
            // A stage that never was (no name to resolve, no TLS) has no line.
            if n == TOTAL || points.iter().any(|p| p.1.is_some()) {
                lines.push(ChartLine { name, mark: shown.mark, points });
            }
        }
        all.extend(found);
    }
    all.sort_by_key(|c| c.at);
    let success = put_together(&all, width).into_iter().filter(|c| c.calls > 0).map(|c| (c.at, c.answered, c.calls));
    let mut events: Vec<ChartEvent> = events.into_iter().filter(|e| (from..=to).contains(&e.at)).collect();
    events.sort_by(|a, b| (a.at, &a.text).cmp(&(b.at, &b.text)));
    events.dedup();
    events.drain(..events.len().saturating_sub(EVENTS));
    Chart {
        endpoint: asked.endpoint.map(str::to_owned),
        span: asked.span,
        range,
        lines,
        success: success.collect(),
        bucket: width,
        gaps: gaps(&all, lasts, longest, told, range),
        events,
    }
}
