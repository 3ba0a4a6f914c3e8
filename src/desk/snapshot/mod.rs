//! What the front ends draw: one immutable picture, made new after every change, its sections shared by `Arc`.
//!
//! Texts are ready to show. Where something ages or ticks, the instant is given and the front end says the age.

use std::sync::Arc;

use crate::clock::Clock;

mod approvals;
mod audit;
mod authoring;
mod credentials;
mod recovery;
mod rehearsal;
mod run;
mod shelves;
mod sign_in;
mod situation;

pub use approvals::*;
pub use audit::*;
pub use authoring::*;
pub use credentials::*;
pub use recovery::*;
pub use rehearsal::*;
pub use run::*;
pub use shelves::*;
pub use sign_in::*;
pub use situation::*;

pub use crate::run::event::{Mode, StepState};

/// Everything a front end shows.
#[derive(Clone)]
pub struct Snapshot {
    /// Grows with every change.
    pub revision: u64,
    /// The mode band.
    pub band: Band,
    /// The clock of the open run, else the computer's.
    pub clock: Clock,
    /// The reachability ladder.
    pub ladder: Arc<Vec<Lamp>>,
    /// Situation screen.
    pub situation: Arc<Situation>,
    /// Run screen; `None` when no run is open.
    pub run: Option<Arc<RunView>>,
    /// All open runs, the one on show among them.
    pub open_runs: Arc<Vec<OpenRun>>,
    /// The newest checkpoint of the run on show, to be put outside this computer.
    pub checkpoint: Option<Arc<CheckpointView>>,
    /// The second person, on either side.
    pub approvals: Arc<Approvals>,
    /// What only the facilitator of the open rehearsal sees.
    pub facilitator: Option<Arc<Facilitator>>,
    /// How rehearsals went, by plan.
    pub trends: Arc<Vec<Trend>>,
    /// Runbooks, plans and scenarios.
    pub library: Arc<Library>,
    /// Recovery screen.
    pub recovery: Arc<RecoveryView>,
    /// How runs compare with Azure's Activity Log, as far as that was asked for since the start.
    pub comparisons: Arc<super::reconciling::Comparisons>,
    /// Audit screen.
    pub audit: Arc<Audit>,
    /// Settings screen.
    pub settings: Arc<Settings>,
    /// The activity line: newest last, bounded.
    pub activity: Arc<Vec<Activity>>,
    /// Something that needs the operator's attention until dismissed.
    pub notice: Option<Arc<Problem>>,
    /// The desk is busy with this (starting, opening), shown as progress.
    pub busy: Option<String>,
}

/// The band over every screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// `None`: no run is open.
    pub mode: Option<Mode>,
    /// `REHEARSAL · simulated Azure, nothing real changes`.
    pub text: String,
    /// `prod-chat · run 7F3K`, or the environment.
    pub run: String,
}

/// Status of anything watched; the front end gives it shape, colour and word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Works.
    Ok,
    /// Some failures.
    Suspect,
    /// Does not work.
    Down,
    /// Works badly.
    Degraded,
    /// No fresh news.
    Unknown,
    /// The observer cannot tell.
    Blind,
}

impl Mark {
    /// All, the best first.
    pub const ALL: [Self; 6] = [Self::Ok, Self::Suspect, Self::Degraded, Self::Down, Self::Unknown, Self::Blind];

    /// The word that goes with shape and colour.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Suspect => "suspect",
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Blind => "blind",
        }
    }

    /// How bad, for putting the worst first; more is worse.
    pub fn weight(self) -> u8 {
        match self {
            Self::Down => 5,
            Self::Blind => 4,
            Self::Suspect => 3,
            Self::Degraded => 2,
            Self::Unknown => 1,
            Self::Ok => 0,
        }
    }
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lamp {
    /// `This laptop`, `Entra ID`, `ARM`, `East US`.
    pub name: String,
    /// Status.
    pub mark: Mark,
    /// Right-hand text: latency, or since when it fails.
    pub text: String,
    /// A full sentence for hover and screen reader.
    pub sentence: String,
}

/// One line of the activity line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// UTC ms on the run's clock.
    pub at: i64,
    /// Text.
    pub text: String,
}
