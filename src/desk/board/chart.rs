//! Which chart is shown, and what it is drawn from: what was observed, and what happened meanwhile.
//!
//! A rehearsal has a past of its own, in memory: its time is not this computer's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::health::gaps::Gap as Unseen;
use crate::health::{DetectorState, EndpointId, Observation, Role};
use crate::history::History;
use crate::run::clocks::NAMES;
use crate::run::event::StepState;
use crate::run::state::Run;

use super::super::DeskError;
use super::super::executor::World;
use super::super::monitor::Watched;
use super::super::snapshot::{Chart, ChartEvent, Gap, Mark, Situation, Span};
use super::super::supervisor::Desk;
use super::super::view::chart::{self, Asked, Shown};

/// A chart is made anew this often at most; nobody sees a line grow faster.
const ANEW: Duration = Duration::from_secs(1);
/// Unless the clock has gone this far, as a rehearsal's does.
const FAR: i64 = 15_000;
/// Without news it is made anew after this, as time goes on.
const STALE: i64 = 10_000;
/// Events kept beside the record of a run.
const EVENTS_KEPT: usize = 200;
/// A detector looks back so far at most.
const REMEMBERED: i64 = 3_600_000;
/// Letters of an event.
const WORDS: usize = 120;

/// What was seen by one clock.
#[derive(Default)]
struct Past {
    history: History,
    events: VecDeque<ChartEvent>,
    marks: BTreeMap<String, Mark>,
}

impl Past {
    fn event(&mut self, e: ChartEvent) {
        if self.events.contains(&e) {
            return;
        }
        if self.events.len() >= EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back(e);
    }

    /// Verdicts that turned since the last picture, and what the platform posted. In a run its record tells the verdicts.
    fn notice(&mut self, s: &Situation, in_run: bool, now: i64) {
        for r in &s.regions {
            let before = self.marks.insert(r.region.clone(), r.mark);
            let begins = matches!((before, r.mark), (None, _) | (Some(Mark::Unknown), Mark::Ok));
            if before != Some(r.mark) && !begins && !in_run {
                self.event(event(now, format!("{}: {}", r.display, r.word), r.mark));
            }
        }
        for n in &s.notices {
            let e = event(n.at, n.text.clone(), n.mark);
            // The same word, read again, is no event, though the platform gives it the time of its last look.
            if !self.events.iter().any(|old| old.text == e.text) {
                self.event(e);
            }
        }
    }
}

struct Made {
    chart: Arc<Chart>,
    choice: (Option<String>, Span),
    revision: u64,
    when: Instant,
    at: i64,
}

/// What was observed, and the chart that is made of it.
#[derive(Default)]
pub struct Charting {
    real: Past,
    /// The rehearsal that is open, by its number.
    rehearsal: Option<(u64, Past)>,
    choice: (Option<String>, Span),
    made: Option<Made>,
}

impl Charting {
    /// Room on disk from now on.
    pub fn keep(&mut self, mib: u32) {
        self.real.history.keep(mib);
    }

    /// Nobody looked, on this computer: what was seen before bears on no verdict after, not even after a restart.
    pub fn gap(&mut self, gap: &Unseen) {
        self.real.history.gap(gap.over());
    }

    fn past(&mut self, rehearsal: Option<u64>) -> &mut Past {
        let Some(number) = rehearsal else { return &mut self.real };
        if self.rehearsal.as_ref().is_none_or(|r| r.0 != number) {
            self.made = None;
        }
        let mine = self.rehearsal.take().filter(|r| r.0 == number);
        &mut self.rehearsal.insert(mine.unwrap_or_else(|| (number, Past::default()))).1
    }
}

fn event(at: i64, text: String, mark: Mark) -> ChartEvent {
    let text = text.split(['\n', '\r']).next().unwrap_or_default();
    let short: String = text.chars().take(WORDS).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    ChartEvent { at, text: format!("{short}{more}"), mark }
}

fn mark_of(word: &str) -> Mark {
    match word {
        "ok" => Mark::Ok,
        "suspect" => Mark::Suspect,
        "down" => Mark::Down,
        "degraded" | "throttled" | "unstable" => Mark::Degraded,
        "blind" => Mark::Blind,
        _ => Mark::Unknown,
    }
}

/// What a run tells of its time.
fn of_run(run: &Run) -> Vec<ChartEvent> {
    let told = ["verdict", "colleague"];
    let observed = run.observed.iter().filter(|(_, o)| told.contains(&o.what.as_str()));
    let mut out: Vec<ChartEvent> = observed.map(|(at, o)| event(*at, o.text.clone(), mark_of(&o.state))).collect();
    let t = run.clocks.t;
    out.extend(t[0].map(|at| event(at, "T0: the impact began".to_owned(), Mark::Down)));
    out.extend([8, 9, 11].into_iter().filter_map(|n| Some(event(t[n]?, NAMES[n].to_owned(), Mark::Ok))));
    out.extend(run.decision.as_ref().map(|d| event(d.at, format!("decision: {}", d.choice.display()), Mark::Ok)));
    let done = |s: StepState| matches!(s, StepState::DoneByApp | StepState::DoneByHand);
    let moved = run.steps.iter().filter(|s| done(s.own_state())).filter_map(|s| {
        let planned = run.planned(&s.id).filter(|p| p.moves_users())?;
        Some(event(s.ended_at?, format!("{}: {}", s.id, planned.title), Mark::Ok))
    });
    out.extend(moved);
    out
}

/// Since when the primary fails, while nobody has said when the impact began.
fn failing(w: &Watched, now: i64) -> Option<i64> {
    let primary = w.regions().find(|r| r.1 == Role::Primary).map(|r| r.2)?;
    let fails = matches!(primary.state(now), DetectorState::Suspect | DetectorState::Persistent);
    primary.failing_since().filter(|_| fails)
}

/// Whose answers are shown: the endpoint's if it is asked, else those of each region's deciding one.
fn shown(w: &Watched, s: &Situation, endpoint: Option<&str>) -> (Option<String>, Vec<Shown>) {
    let every = |id: &str| w.named(id).map_or(0, |d| i64::try_from(d.thresholds().interval.0).unwrap_or(0));
    let filed = |id: &EndpointId| w.filed(id).map(str::to_owned).into_iter().collect::<Vec<_>>();
    if let Some(row) = endpoint.and_then(|id| s.endpoints.iter().find(|e| e.id == id)) {
        let one = Shown {
            name: row.id.clone(),
            mark: row.mark,
            endpoints: filed(&EndpointId(row.id.clone())),
            every: every(&row.id),
        };
        return (Some(row.id.clone()), vec![one]);
    }
    let region = |(region, _, d): (&crate::units::Region, Role, &crate::health::Detector)| {
        let mark = s.regions.iter().find(|r| r.region == region.name()).map_or(Mark::Unknown, |r| r.mark);
        Shown { name: region.display(), mark, every: every(&d.id().0), endpoints: filed(d.id()) }
    };
    (None, w.regions().map(region).collect())
}

impl Desk {
    /// Reads what was observed before, and keeps what comes. What a simulated Azure shows is kept apart; by a clock that is
    /// not this computer's, nothing is.
    pub(in super::super) fn open_history(&mut self) {
        if self.system_clock.is_scenario() {
            return;
        }
        let mut dir = self.options.home.observations();
        if self.options.cloud.as_ref().is_some_and(crate::azure::Cloud::is_simulated) {
            dir.push("simulated");
        }
        let now = self.system_clock.now().utc;
        self.charting.real.history = History::open(dir, self.watching.settings.keep_mib, now);
    }

    fn rehearsal(&self) -> Option<u64> {
        self.open.as_deref().filter(|o| o.session.epoch.is_some()).map(|o| o.number)
    }

    /// Keeps an observation.
    pub(in super::super) fn keep(&mut self, seen: &Observation) {
        let rehearsal = self.rehearsal();
        let filed = self.watched().and_then(|w| w.monitor.lock().filed(&seen.endpoint).map(str::to_owned));
        if let Some(filed) = filed {
            self.charting.past(rehearsal).history.take_as(&filed, seen);
        }
        while let Some(text) = self.charting.real.history.said() {
            self.say(text);
        }
    }

    /// A watch that begins knows what was seen lately: a restart makes no detector forget more than the time it took.
    /// Of the same addresses only, and only since nobody looked last.
    pub(in super::super) fn warm(&self, world: &World) {
        if world.clock.is_scenario() {
            return;
        }
        let history = &self.charting.real.history;
        let from = history.last_gap().unwrap_or(i64::MIN).max(world.clock.now().utc - REMEMBERED);
        let mut w = world.monitor.lock();
        let all: Vec<(EndpointId, String)> = w.known().map(|k| (k.item.id.clone(), k.filed.clone())).collect();
        for (id, filed) in all {
            history.points(&filed, from).filter_map(|p| p.observation(&id.0)).for_each(|o| w.observe(&o));
        }
    }

    pub(super) fn choose_chart(&mut self, endpoint: Option<String>, span: Span) -> Result<(), DeskError> {
        self.charting.choice = (endpoint, span);
        Ok(())
    }

    /// The chosen chart; made anew only when there is something new to show.
    pub(in super::super) fn charted(&mut self, s: &Situation) -> Option<Arc<Chart>> {
        let world = self.watched()?.clone();
        let (now, rehearsal) = (world.clock.now().utc, self.rehearsal());
        let run = self.open.as_deref().map(|o| &o.session.run);
        let past = self.charting.past(rehearsal);
        past.notice(s, run.is_some(), now);
        let revision = past.history.revision();
        let choice = self.charting.choice.clone();
        if let Some(m) = self.charting.made.as_ref().filter(|m| m.choice == choice) {
            let gone = now.saturating_sub(m.at);
            let news = m.revision != revision || gone >= STALE;
            if !news || (m.when.elapsed() < ANEW && gone < FAR) {
                return Some(m.chart.clone());
            }
        }
        let w = world.monitor.lock();
        let (endpoint, shown) = shown(&w, s, choice.0.as_deref());
        let failing = failing(&w, now);
        drop(w);
        let t0 = run.and_then(|r| r.clocks.t[0]);
        let mut events = run.map_or_else(Vec::new, of_run);
        if t0.is_none() {
            events.extend(failing.map(|at| event(at, "failing since here".to_owned(), Mark::Down)));
        }
        let t0 = t0.or(failing);
        if choice.1 == Span::SinceT0 && t0.is_none() {
            let from = chart::range(choice.1, t0, now).0;
            events.push(event(from, "no impact is known: the last hour".to_owned(), Mark::Unknown));
        }
        let past = match &self.charting.rehearsal {
            Some((number, past)) if Some(*number) == rehearsal => past,
            _ => &self.charting.real,
        };
        events.extend(past.events.iter().cloned());
        let asked = Asked { endpoint: endpoint.as_deref(), span: choice.1, now, t0, shown: &shown };
        let told: Vec<(i64, i64)> = s.gaps.iter().map(|g: &Gap| (g.from, g.to)).collect();
        let chart = Arc::new(chart::chart(&past.history, &asked, &told, events));
        let made = Made { chart: chart.clone(), choice, revision, when: Instant::now(), at: now };
        self.charting.made = Some(made);
        Some(chart)
    }
}
