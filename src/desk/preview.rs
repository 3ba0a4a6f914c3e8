//! What was read of a step before it is done: its changes, its guards, its options.

use crate::approval::ANSWER_WITHIN;
use crate::run::approval::set_aside;
use crate::run::event::{Change, Reading};
use crate::run::state::{Run, StepRun};
use crate::units::{Millis, utc_text};

/// What is left of an agreement's time, at least, once a guard lets its step begin.
const TO_BEGIN: Millis = Millis::from_mins(5);

/// The newest look at a step.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// Still being read.
    pub reading: bool,
    /// Being read once more, right before it is done.
    pub again: bool,
    /// It is a look at taking the step back.
    pub undo: bool,
    /// Around a table: there is nothing to read, and people take it back.
    pub told: bool,
    /// What taking back would leave as it is, and why.
    pub left: Vec<String>,
    /// What would be sent.
    pub changes: Vec<Change>,
    /// Azure shows that nothing has to be changed.
    pub already_true: bool,
    /// For the operator.
    pub notes: Vec<String>,
    /// Other ways: id, label, consequence.
    pub options: Vec<(String, String, String)>,
    /// The option that was looked at.
    pub option: Option<String>,
    /// A guard asks for time until then (UTC ms).
    pub waits_until: Option<i64>,
    /// How fast the name that it changes can lead elsewhere.
    pub dns: Option<crate::azure::traffic::Pace>,
    /// What is given up counts from here: an account, and up to when its copy is whole.
    pub synced: Option<(String, Option<i64>)>,
    /// Guards.
    pub guards: Vec<Reading>,
    /// When (UTC ms on the run's clock).
    pub read_at: i64,
    /// It was in a picture: nobody can mean what nobody saw.
    pub shown: bool,
}

/// Why nobody is asked before that.
pub fn ask_later(from: i64) -> String {
    format!("a guard asks for time, and an agreement holds for {ANSWER_WITHIN}: ask from {} on", utc_text(from))
}

impl Preview {
    /// A guard asks for time still.
    pub fn waits(&self, now: i64) -> bool {
        self.waits_until.is_some_and(|t| t > now)
    }

    /// From when on it makes sense to ask a second person, if that is not now (UTC ms): an agreement holds for minutes, and
    /// must not be over before a guard has had the time that it asks for.
    pub fn ask_from(&self, run: &Run, step: &StepRun, now: i64) -> Option<i64> {
        let lead = i64::try_from(ANSWER_WITHIN.saturating_sub(TO_BEGIN).0).unwrap_or(0);
        let from = self.waits_until?.saturating_sub(lead);
        (from > now && self.unmet(run, step).is_some()).then_some(from)
    }

    /// A guard that does not hold and that nobody set aside. What is over by its time was taken back in the record.
    pub fn unmet(&self, run: &Run, step: &StepRun) -> Option<&Reading> {
        let holds = |g: &&Reading| g.ok == Some(true) || set_aside(run, step, &g.name, &self.changes, run.last_at);
        self.guards.iter().find(|g| !holds(g))
    }
}
