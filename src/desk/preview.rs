//! What was read of a step before it is done: its changes, its guards, its options.

use crate::run::event::{Change, Reading};

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

impl Preview {
    /// A guard asks for time still.
    pub fn waits(&self, now: i64) -> bool {
        self.waits_until.is_some_and(|t| t > now)
    }
}
