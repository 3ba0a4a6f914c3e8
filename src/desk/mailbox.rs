//! How tasks tell the desk what came of them. Each letter keeps the run's clock still until the desk has read it.

use tokio::sync::mpsc;

use crate::azure::{AzureError, Cloud};
use crate::clock::{Clock, Task};
use crate::health::{Notice, Observation, Provisioning};
use crate::plan::drift::Seen;
use crate::plan::inventory::Found;
use crate::plan::rights::RightsReport;
use crate::run::command::StepCommand;
use crate::run::event::{Identity, Reading};
use crate::runbook::model::StepId;
use crate::units::Region;

use super::executor::Purpose;
use super::preview::Preview;
use super::protocol::Command;
use super::sign_in::SignInError;

/// What can be told.
#[derive(Debug)]
pub enum Mail {
    /// A front end's command.
    Command(Command),
    /// A fact about a step.
    Step(StepId, StepCommand),
    /// What is going on with a step.
    Progress(StepId, String),
    /// Readings of a check in progress, and what is waited for.
    Live(StepId, Vec<Reading>, String),
    /// A look at a step ended.
    Looked(StepId, Result<Preview, AzureError>, Purpose),
    /// The time that a guard of this step asked for is over.
    LookAgain(StepId),
    /// A probe ended.
    Probed(Observation),
    /// What the platform says.
    Notices {
        /// Everything that could be read.
        said: Vec<Notice>,
        /// What ARM says of the accounts.
        states: Vec<(Region, Provisioning)>,
        /// Service Health was read, so that silence is its own.
        announced: bool,
        /// The same with its whole text, and what could not be read.
        posted: Vec<super::snapshot::Posted>,
    },
    /// What Azure's meters show, by resource.
    Measured(Vec<(String, Notice)>),
    /// Nobody looked for a while.
    Gap(crate::health::gaps::Gap),
    /// Users are served: share in percent, by metrics, for the minute that ended at this instant.
    Served(u32, i64),
    /// A happening of the scenario.
    Happened(u32),
    /// People around a table answer to a step.
    People(StepId),
    /// A step of the clock is over: its number.
    Stepped(u32),
    /// The second person's turn: step, digest, and who it is.
    SecondPerson(StepId, String, String),
    /// What the saved sign-in came to.
    Connected(Box<Result<Option<Cloud>, SignInError>>),
    /// A token came, or could not be had.
    SignIn,
    /// What there is in the subscription.
    Inventory(Result<Vec<Found>, AzureError>),
    /// Both sides of a plan; none for a plan that has no two.
    Sides(Option<Box<Seen>>),
    /// Which rights the steps of a plan have: its digest, who asked, if that was known, and what came of it.
    Rights(String, Option<Identity>, Box<RightsReport>),
    /// So many subscriptions of so many were read for what was deleted in them.
    DeletedProgress(usize, usize),
    /// What is in soft delete.
    Deleted(Box<Result<crate::recovery::Reading, AzureError>>),
    /// How a run compares with the Activity Log, by its id.
    Compared(String, Box<Result<crate::run::reconcile::Reconciled, String>>),
    /// What the keyring said.
    Credential(super::credentials::Told),
    /// A block for colleagues, and what came of signing it.
    Signed(Box<super::board::Signed>),
    /// The scripted operator has waited long enough for a second person.
    NoAnswer(crate::rehearsal::script::Move),
    /// What was signed, read or written for an approval.
    Approval(Box<super::approvals::Told>),
    /// What came of a message to people outside.
    Sent(Box<super::hooks::Sent>),
    /// What came of a checkpoint on its way out.
    Came(Box<super::anchors::Came>),
    /// What the keyring said of the address of such a message.
    Hook(Box<super::hooks::Told>),
    /// What was read, compared, exported or removed for the Audit screen.
    Audit(Box<super::auditing::Told>),
    /// The scripted operator's move is due.
    Move(crate::rehearsal::script::Move),
}

/// A letter with the work it stands for.
pub struct Envelope {
    /// The session it belongs to; 0 for commands of a front end.
    pub session: u64,
    /// The letter.
    pub mail: Mail,
    /// Keeps the clock still.
    pub busy: Option<Task>,
}

/// The slot for letters of one session.
#[derive(Clone)]
pub struct Mailbox {
    /// Where they go.
    pub to: mpsc::UnboundedSender<Envelope>,
    /// Whose they are.
    pub session: u64,
    /// Whose clock is kept still.
    pub clock: Clock,
}

impl Mailbox {
    /// Sends; when the desk is gone there is nobody to tell.
    pub fn send(&self, mail: Mail) {
        let _ = self.to.send(Envelope { session: self.session, mail, busy: Some(self.clock.task()) });
    }
}
