//! The Situation screen: the verdict, and what it rests on.

use std::sync::Arc;

use super::Mark;
use crate::health::{Stages, gaps};
use crate::units::utc_text;

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Status.
    pub mark: Mark,
    /// Sentence.
    pub text: String,
    /// When it was seen (UTC ms on the run's clock).
    pub at: i64,
}

/// The Situation screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Situation {
    /// Worst status.
    pub mark: Option<Mark>,
    /// `East US is down for prod-chat, persistently, for 4 min 10 s`.
    pub headline: String,
    /// Two sentences.
    pub explanation: String,
    /// Strongest first.
    pub reasons: Vec<Reason>,
    /// What is recommended, or why nothing is.
    pub recommendation: String,
    /// Plan to open, when one is recommended.
    pub open_plan: Option<String>,
    /// Watched regions.
    pub regions: Vec<RegionRow>,
    /// Everything that is asked: regions in their order, then witnesses, sign-in and control plane.
    pub endpoints: Vec<EndpointRow>,
    /// What the chosen chart shows.
    pub chart: Option<Arc<Chart>>,
    /// Stretches in which nobody looked (sleep, a clock that was set, another network), oldest first.
    pub gaps: Vec<Gap>,
    /// What the platform says, with its whole text.
    pub posted: Vec<Posted>,
    /// The numbers of the recommendation: what, and how much.
    pub arithmetic: Vec<(String, String)>,
    /// What this laptop sees, as a block of text for colleagues; made when it is asked for.
    pub share: Option<Arc<str>>,
    /// What the platform says.
    pub notices: Vec<Reason>,
    /// When Service Health was last read; none: silence is not its own.
    pub notices_read: Option<i64>,
    /// What colleagues see.
    pub colleagues: Vec<Reason>,
    /// Whether anything is watched at all.
    pub watching: bool,
}

/// A watched region.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionRow {
    /// ARM name.
    pub region: String,
    /// Portal name.
    pub display: String,
    /// Position for the map.
    pub position: Option<(f64, f64)>,
    /// Status.
    pub mark: Mark,
    /// `serving`, `down, persistent`.
    pub word: String,
    /// `61 ms`, or how long it has been down.
    pub figure: String,
    /// `62 of 62`.
    pub calls: String,
    /// `primary`, `secondary`, or empty.
    pub role: &'static str,
    /// Control plane, apart from the data plane.
    pub control: Option<(Mark, String)>,
    /// Evidence, strongest first.
    pub reasons: Vec<Reason>,
}

/// One address that is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointRow {
    /// Its name; unique.
    pub id: String,
    /// Host and path that are asked.
    pub address: String,
    /// Portal name of its region; empty for witnesses, sign-in and what is global.
    pub region: String,
    /// `data plane`, `deployment`, `key vault`, `control plane`, `sign-in`, `witness`, `own`.
    pub kind: &'static str,
    /// Status.
    pub mark: Mark,
    /// `answers`, `connect timeout, 9 in a row`.
    pub word: String,
    /// `61 ms`, or how long it has been failing.
    pub figure: String,
    /// Calls of the last hour: answered, and all.
    pub calls: (usize, usize),
    /// Time of each stage of the newest observation, as far as it went.
    pub stages: Stages,
    /// Address that answered, road, certificate, raw cause: what and its value, for the detail.
    pub facts: Vec<(String, String)>,
    /// When it was last asked.
    pub at: Option<i64>,
    /// Kept at the top by the operator.
    pub pinned: bool,
}

/// How far back a chart goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Span {
    /// The last hour.
    #[default]
    Hour,
    /// The last day.
    Day,
    /// Since a quarter of an hour before the impact began.
    SinceT0,
}

/// What a chart shows: one endpoint by stage, or the regions side by side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    /// Endpoint; none: the regions.
    pub endpoint: Option<String>,
    /// How far back.
    pub span: Span,
    /// From and to, UTC ms.
    pub range: (i64, i64),
    /// One line a stage (`DNS`, `TCP`, `TLS`, `first byte`, `total`), or a region.
    pub lines: Vec<ChartLine>,
    /// Start of a bucket, calls answered, and all calls.
    pub success: Vec<(i64, u32, u32)>,
    /// Length of a bucket, ms.
    pub bucket: i64,
    /// Nobody looked: from, to.
    pub gaps: Vec<(i64, i64)>,
    /// Verdicts that turned, notices, switches of the run, T0.
    pub events: Vec<ChartEvent>,
}

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartLine {
    /// Stage or region.
    pub name: String,
    /// Present status of what it shows.
    pub mark: Mark,
    /// UTC ms and answer time in ms; none: no answer.
    pub points: Vec<(i64, Option<f32>)>,
}

/// Something that happened, marked in a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartEvent {
    /// When.
    pub at: i64,
    /// In a few words.
    pub text: String,
    /// How it bears.
    pub mark: Mark,
}

/// Nobody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// From.
    pub from: i64,
    /// To.
    pub to: i64,
    /// `this computer slept`, `the clock was set 10 min ahead`, `another network`.
    pub why: String,
}

impl Gap {
    /// In a sentence, for the activity line and the record.
    pub fn text(&self) -> String {
        let (from, to) = (utc_text(self.from), utc_text(self.to));
        match self.from == self.to {
            true => format!("the network changed at {from}: {}", self.why),
            false => format!("nobody looked from {from} to {to}: {}", self.why),
        }
    }
}

impl From<&gaps::Gap> for Gap {
    fn from(g: &gaps::Gap) -> Self {
        Self { from: g.from, to: g.to, why: g.why.clone() }
    }
}

/// An announcement of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// `Service Health`, `Resource Health`.
    pub source: String,
    /// Title.
    pub title: String,
    /// Its text, without markup.
    pub text: String,
    /// Azure's word for its state.
    pub status: String,
    /// Status.
    pub mark: Mark,
    /// Region's portal name; empty: all.
    pub region: String,
    /// When it was posted or changed.
    pub at: i64,
}
