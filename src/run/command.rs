//! What can be asked of a run: an operator's intent, or the result of an effect.

use crate::plan::model::Texts;
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::StepId;

use super::event::{Actor, Change, Correlation, Failure, Found, Identity, LossKind, Observed, Reading, Start};

/// A command to [`super::decide::decide`].
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Begin the run with this frozen plan.
    Start {
        /// What it is.
        start: Box<Start>,
        /// Its sources.
        texts: Texts,
        /// The operator.
        operator: String,
    },
    /// A process takes the run up, after its records were replayed.
    Open {
        /// Scenario time at which its clock goes on.
        scenario_ms: Option<u64>,
    },
    /// Azure is spoken to as this identity.
    SignedIn(Identity),
    /// T0.
    Declare {
        /// UTC ms.
        impact_start: i64,
        /// Why.
        evidence: String,
    },
    /// Normal or degraded instructions.
    SetDegraded(bool),
    /// Pause.
    Pause(String),
    /// Go on.
    Resume,
    /// A note.
    Note(String),
    /// A divergence.
    Ledger(String),
    /// A loss.
    Loss(LossKind, String),
    /// The scenario tells something.
    Inject {
        /// Number in the timeline.
        n: u32,
        /// Text.
        text: String,
    },
    /// Health as believed.
    Observe(Observed),
    /// A measured instant or duration.
    Measure {
        /// Name.
        name: String,
        /// Value; `None` = not measured.
        value: Option<i64>,
        /// How, or why not.
        how: String,
    },
    /// Something about one step.
    Step(StepId, StepCommand),
    /// Close.
    Close {
        /// How.
        outcome: Outcome,
        /// In words.
        summary: String,
    },
    /// Give up.
    Abort(String),
}

/// About one step.
#[derive(Debug, Clone, PartialEq)]
pub enum StepCommand {
    /// Ask the second person for exactly these changes.
    AskSecondPerson {
        /// What would be sent.
        changes: Vec<Change>,
        /// It would take back.
        undo: bool,
    },
    /// The second person's answer.
    Answer {
        /// Digest they saw.
        digest: String,
        /// `Err`: refused, with the reason.
        verdict: Result<(), String>,
        /// Method.
        method: String,
        /// Label.
        label: String,
    },
    /// Let the app do it: the changes just read, the guards just read.
    Perform {
        /// What will be sent.
        changes: Vec<Change>,
        /// Guards as read.
        guards: Vec<Reading>,
        /// Option of the preview.
        option: Option<String>,
        /// What the operator typed.
        typed: Option<String>,
    },
    /// Only check it.
    Check,
    /// Azure took it and works on it.
    Accepted {
        /// Which change.
        n: u32,
        /// Operation.
        operation: String,
        /// Beside.
        corr: Correlation,
    },
    /// It is over.
    Finished {
        /// Which change.
        n: u32,
        /// `None`: it worked.
        failure: Option<Failure>,
        /// Beside.
        corr: Correlation,
    },
    /// No answer was seen.
    Lost {
        /// Which change.
        n: u32,
        /// Why.
        why: String,
    },
    /// Read back.
    ReadBack {
        /// Which change.
        n: u32,
        /// What was found.
        found: Found,
        /// In words.
        detail: String,
    },
    /// Its verification ended.
    Verified {
        /// What was read.
        readings: Vec<Reading>,
        /// `None`: it held.
        failure: Option<Failure>,
    },
    /// A person's word.
    Confirm {
        /// Evidence.
        evidence: String,
    },
    /// Leave out.
    Skip {
        /// Why.
        reason: String,
    },
    /// Begin anew.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Take back with these requests.
    Undo {
        /// Inverse changes.
        changes: Vec<Change>,
        /// What they leave as it is, and why.
        left: Vec<String>,
        /// Guards as read.
        guards: Vec<Reading>,
        /// What the operator typed.
        typed: Option<String>,
    },
    /// The decision.
    Decide {
        /// What.
        choice: Choice,
        /// Why.
        reason: String,
        /// Expected loss.
        expected_loss: String,
        /// What was known.
        information: Vec<String>,
    },
}

/// A command with who gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Who.
    pub actor: Actor,
    /// What.
    pub command: Command,
}
