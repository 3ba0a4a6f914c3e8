//! The facilitator's picture, and how rehearsals went over time.

use std::sync::Arc;

use super::NoteView;
use crate::runbook::model::{StepId, Strategy};

/// What only the facilitator sees.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facilitator {
    /// Scenario title.
    pub title: String,
    /// Happenings, by time.
    pub timeline: Vec<HappeningRow>,
    /// Happenings are held back.
    pub held: bool,
    /// People of the scenario, and whether they can be reached.
    pub people: Vec<(String, bool)>,
    /// What the operator is at: step and state.
    pub operator_at: String,
    /// Tabletop: steps that wait for an answer in a system's place, with what they want to know.
    pub questions: Vec<(StepId, String)>,
    /// Notes.
    pub notes: Vec<NoteView>,
    /// How it would be scored if it ended now.
    pub score: Arc<super::Score>,
    /// Why the last thing they wanted was refused.
    pub refused: Option<String>,
}

/// A happening of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HappeningRow {
    /// Number in the timeline.
    pub n: u32,
    /// Scenario time (UTC ms on the run's clock) at which it is due.
    pub at: i64,
    /// What, in words.
    pub text: String,
    /// The operator is not told by the scenario.
    pub hidden: bool,
    /// It has happened.
    pub done: bool,
}

/// Rehearsals of one plan over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trend {
    /// Plan id.
    pub plan: String,
    /// Plan title.
    pub title: String,
    /// Oldest first.
    pub runs: Vec<TrendRun>,
}

/// One rehearsal.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendRun {
    /// Run id.
    pub run: String,
    /// Four characters.
    pub short: String,
    /// Scenario id.
    pub scenario: String,
    /// Strategy.
    pub strategy: Strategy,
    /// When (UTC ms, wall clock).
    pub at: i64,
    /// Name and duration of each segment, in the order of [`super::Clocks::segments`].
    pub segments: Vec<(&'static str, Option<u64>)>,
    /// Agreed RTO in ms, of its strategy.
    pub rto: u64,
    /// Recovery time actual in ms.
    pub rta: Option<u64>,
    /// Points, and of how many.
    pub score: Option<(u32, u32)>,
    /// The sheet line by line, as far as it is known: what, points, of, why.
    pub lines: Vec<(String, u32, u32, String)>,
    /// How it was closed, as far as it is known.
    pub closed: String,
    /// It was a tabletop.
    pub tabletop: bool,
}
