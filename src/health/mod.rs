//! What may be believed: when to ask (schedule), what came back (signal), what nobody saw (gaps) or dated wrongly (skew),
//! what follows (detector, verdict, ladder), what others see (sighting), and how patient to be (thresholds, settings).
//!
//! One observation is no outage, silence is no health, and a laptop without a network sees every region fail. These
//! rules keep the three apart. Pure: observations and the time come in as values (UTC milliseconds of the run's clock).
//!
//! ```text
//! Observation ─► Detector (one an endpoint) ─┐
//! witnesses, sign-in, control plane ─────────┼─► assess ─► Assessment: verdicts, blind, recommendation
//! notices, colleagues, RTO, last drill ──────┘     climb ─► Ladder: one lamp a rung
//! ```

mod advice;
mod detector;
mod eyes;
pub mod gaps;
mod ladder;
mod parts;
pub mod schedule;
mod settings;
pub mod sighting;
mod signal;
pub mod skew;
mod thresholds;
mod verdict;
mod view;

pub use advice::{Advice, Arithmetic, COLLEAGUE_FRESH, Decision, Recommendation, SPILL_AFTER};
pub use detector::{Detector, DetectorState, Point, Tally};
pub use ladder::{Ladder, Lamp, LampState, climb};
pub use settings::{Explained, Mistake, OwnEndpoint, WITNESSES, WatchSettings};
pub use signal::{Certificate, EndpointId, Expectation, Failure, Observation, Outcome, Stages};
pub use thresholds::{Adjustment, Amount, Knob, Thresholds, Unit};
pub use verdict::{
    Assessment, Endpoint, Inputs, Notice, Part, Provisioning, Reason, RegionInput, RegionVerdict, Role, Sighting,
    State, Vouched, assess,
};
