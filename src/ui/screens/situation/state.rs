//! What the Situation screen itself remembers: the filter, the order and the selection, and the rows sorted out for them.
//! Sorting is done when data, filter or order change, never because a frame is drawn.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::desk::protocol::{Command, WatchIntent};
use crate::desk::snapshot::{EndpointRow, Situation, Span};
use crate::ui::plot::Ready;

/// The screen's own state.
#[derive(Default)]
pub struct SituationView {
    /// Filter text.
    pub filter: String,
    /// Only the endpoints of this region, by its portal name.
    pub region: Option<String>,
    /// Endpoint whose detail and chart are shown.
    pub selected: Option<String>,
    /// As listed, instead of the worst first.
    pub listed: bool,
    /// How far back the chart goes.
    pub span: Span,
    /// Endpoints that pass, in order, as places in the situation's list.
    pub rows: Vec<usize>,
    /// Regions in order, as places in the situation's list.
    pub regions: Vec<usize>,
    /// Regions of pinned endpoints.
    pub pinned: Vec<String>,
    /// Announcements whose text is unfolded.
    pub unfolded: BTreeSet<String>,
    /// The chart, ready to draw.
    pub ready: Option<Ready>,
    /// Scroll the lists to what was chosen by key.
    pub reveal: bool,
    /// A block for colleagues was asked for; the one there was before.
    pub awaited: Option<Option<Arc<str>>>,
    made_for: Option<MadeFor>,
}

/// What `rows` and `regions` belong to.
struct MadeFor {
    situation: Arc<Situation>,
    filter: String,
    region: Option<String>,
    listed: bool,
}

impl SituationView {
    /// Sorts out again what changed; nothing otherwise.
    pub fn refresh(&mut self, s: &Arc<Situation>) {
        let same = self.made_for.as_ref().is_some_and(|m| {
            Arc::ptr_eq(&m.situation, s)
                && m.filter == self.filter
                && m.region == self.region
                && m.listed == self.listed
        });
        if same {
            return;
        }
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let passes = |e: &EndpointRow| {
            self.region.as_ref().is_none_or(|r| *r == e.region)
                && (words.is_empty() || {
                    let all =
                        [&*e.id, &*e.region, e.kind, e.mark.word(), &*e.word, &*e.address].join(" ").to_lowercase();
                    words.iter().all(|w| all.contains(w))
                })
        };
        self.rows = (0..s.endpoints.len()).filter(|i| passes(&s.endpoints[*i])).collect();
        let badness = |i: &usize| {
            let e = &s.endpoints[*i];
            (!e.pinned, Reverse(if self.listed { 0 } else { e.mark.weight() }))
        };
        self.rows.sort_by_key(badness);
        // The plan's own pair stays where one looks for it.
        self.regions = (0..s.regions.len()).collect();
        self.regions.sort_by_key(|i| (s.regions[*i].role.is_empty(), Reverse(s.regions[*i].mark.weight())));
        self.pinned = s.endpoints.iter().filter(|e| e.pinned).map(|e| e.region.clone()).collect();
        self.pinned.dedup();
        self.made_for = Some(MadeFor {
            situation: s.clone(),
            filter: self.filter.clone(),
            region: self.region.clone(),
            listed: self.listed,
        });
    }

    /// The chart made ready, when there is one.
    pub fn chart(&mut self, s: &Situation) -> Option<&Ready> {
        match &s.chart {
            None => self.ready = None,
            Some(chart) if self.ready.as_ref().is_some_and(|r| r.is(chart)) => {}
            Some(chart) => self.ready = Some(Ready::of(chart, &s.gaps)),
        }
        self.ready.as_ref()
    }

    /// The endpoint on show.
    pub fn shown<'a>(&self, s: &'a Situation) -> Option<&'a EndpointRow> {
        let id = self.selected.as_ref()?;
        s.endpoints.iter().find(|e| e.id == *id)
    }

    /// Shows an endpoint and its chart, or the regions side by side.
    pub fn select(&mut self, id: Option<String>) -> Command {
        self.selected = id;
        Command::Watch(WatchIntent::Chart(self.selected.clone(), self.span))
    }

    /// Draws the chart so far back.
    pub fn look_back(&mut self, span: Span) -> Command {
        self.span = span;
        Command::Watch(WatchIntent::Chart(self.selected.clone(), span))
    }

    /// The endpoint above or below, among those that pass the filter.
    pub fn step(&mut self, s: &Situation, down: bool) -> Option<Command> {
        let id = |i: &usize| s.endpoints.get(*i).map(|e| e.id.clone());
        let now = self.selected.as_ref().and_then(|id| self.rows.iter().position(|i| s.endpoints[*i].id == *id));
        let place = next(now, self.rows.len(), down)?;
        self.reveal = true;
        let wanted = self.rows.get(place).and_then(id)?;
        (self.selected.as_ref() != Some(&wanted)).then(|| self.select(Some(wanted)))
    }

    /// The next region or the one before alone in the table; past the last and before the first, all of them.
    pub fn step_region(&mut self, s: &Situation, forward: bool) {
        let name = |place: usize| self.regions.get(place).map(|i| s.regions[*i].display.clone());
        let now = self.region.as_ref().and_then(|r| self.regions.iter().position(|i| s.regions[*i].display == *r));
        self.region = match (now, forward) {
            (None, true) => name(0),
            (None, false) => self.regions.len().checked_sub(1).and_then(name),
            (Some(place), true) => name(place + 1),
            (Some(place), false) => place.checked_sub(1).and_then(name),
        };
        self.reveal = true;
    }

    /// Filters by a region, or no longer.
    pub fn toggle_region(&mut self, display: &str) {
        self.region = (self.region.as_deref() != Some(display)).then(|| display.to_owned());
    }

    /// Whether something is singled out that Escape gives back.
    pub fn narrowed(&self) -> bool {
        self.selected.is_some() || self.region.is_some() || !self.filter.is_empty()
    }

    /// Gives back the last thing that was singled out.
    pub fn widen(&mut self) -> Option<Command> {
        if self.selected.is_some() {
            return Some(self.select(None));
        }
        if self.region.take().is_none() {
            self.filter.clear();
        }
        None
    }
}

fn next(now: Option<usize>, len: usize, down: bool) -> Option<usize> {
    let last = len.checked_sub(1)?;
    Some(match (now, down) {
        (None, _) => 0,
        (Some(i), true) => (i + 1).min(last),
        (Some(i), false) => i.saturating_sub(1),
    })
}
