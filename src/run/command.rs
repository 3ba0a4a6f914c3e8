//! What can be asked of a run: an operator's intent, or the result of an effect.

use crate::plan::model::Texts;
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::StepId;

use super::event::{
    Actor, Change, Correlation, Evidence, Facilitated, Failure, Found, Identity, LossKind, Observed, Proof, Reading,
    Start,
};
use super::told::{About, Declaration, Severity, Vouched};

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
        /// Public key of the operator's device, in hexadecimal.
        key: Option<String>,
    },
    /// Somebody takes part: an operator who took the run up, or whoever is named in an approval.
    Join {
        /// Name.
        name: String,
        /// `operator`, …
        role: String,
        /// Public key of their device.
        key: Option<String>,
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
    /// Normal or degraded instructions, of all steps.
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
    /// A file or a text that proves something.
    Evidence(Evidence),
    /// A message went out, or did not.
    Comms {
        /// Whom.
        to: String,
        /// What.
        text: String,
        /// What came of it.
        outcome: String,
        /// Which message, where two records tell of one.
        id: Option<String>,
    },
    /// Something to put right.
    Finding(String),
    /// How it is put right.
    Corrective {
        /// What is done.
        text: String,
        /// Who does it.
        owner: String,
        /// Until when.
        due: String,
    },
    /// How grave the oldest finding is that nobody has rated, and why it came about.
    Rate(Severity, String),
    /// The oldest finding of which it is said how it is put right is over.
    Vouch(Vouched),
    /// Who declared the incident.
    Declaration(Declaration),
    /// Something else for the record: what about, who, what.
    Tell(About, String, String),
    /// A person stands for the record.
    SignOff {
        /// As what.
        role: String,
        /// What they state.
        statement: String,
    },
    /// The run goes on elsewhere.
    HandOver {
        /// To whom.
        to: String,
    },
    /// The run goes on here.
    TakeOver {
        /// Who operates now.
        operator: String,
        /// Public key of their device.
        key: Option<String>,
        /// SHA-256 of the file it came in.
        sha256: String,
    },
    /// The facilitator did something.
    Facilitate(Facilitated),
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
    /// Normal or degraded instructions of this step alone.
    SetDegraded(bool),
    /// Ask the second person for exactly these changes.
    AskSecondPerson {
        /// What would be sent.
        changes: Vec<Change>,
        /// It would take back.
        undo: bool,
        /// How long it can be answered, and what makes it one of a kind.
        ticket: Ticket,
    },
    /// Ask the second person to let this step go on although a guard does not hold.
    BreakGlass {
        /// Guard, by its name.
        guard: String,
        /// Why.
        reason: String,
        /// What would be sent in spite of it.
        changes: Vec<Change>,
        /// How long it can be answered, and what makes it one of a kind.
        ticket: Ticket,
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
        /// What makes it theirs.
        proof: Option<Box<Proof>>,
    },
    /// The same, with what makes the question one of a kind that it may put to the second person: for those that do not
    /// know beforehand whether they ask.
    Ticketed(Ticket, Box<StepCommand>),
    /// The time to answer what was asked, or to use an agreement, is over; from the operator: the question is withdrawn.
    /// With the ticket of what it is about, it is Lifeboat's own timer that says so.
    Expire {
        /// Digest that was asked about.
        digest: String,
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
    /// A file or a text that proves something about it; where it stands stays as it is.
    Evidence(Evidence),
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

/// What makes a request for approval one of a kind. Both come from outside: the core draws no numbers and has no clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ticket {
    /// Drawn at random.
    pub nonce: String,
    /// Until when it can be answered (UTC ms on the run's clock).
    pub until: Option<i64>,
}

/// A command with who gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Who.
    pub actor: Actor,
    /// What.
    pub command: Command,
    /// When (UTC ms on the run's clock): approvals run out.
    pub now: i64,
}
