//! What the front ends may say to the desk. Answers come back as a new [`super::snapshot::Snapshot`], never as a return value.

use std::path::PathBuf;

use crate::clock::Speed;
pub use crate::health::{Adjustment, Amount, Knob, Mistake, OwnEndpoint, Unit, WatchSettings};
pub use crate::plan::draft::Draft;
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::{StepId, Strategy};
pub use crate::secrets::Name;
use crate::units::Secret;

/// A command to the desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Rehearse a scenario on the embedded simulated Azure.
    StartRehearsal {
        /// Scenario id.
        scenario: String,
        /// Strategy; the scenario's first when absent.
        strategy: Option<Strategy>,
        /// Clock.
        speed: Speed,
        /// Seed of the world's small variations.
        seed: u64,
    },
    /// Start a run of a plan on the connected Azure.
    StartRun {
        /// Plan by its file as the library names it, by id, or path of a plan file.
        plan: String,
        /// Strategy; the plan's own when absent.
        strategy: Option<Strategy>,
        /// Reads only.
        dry_run: bool,
    },
    /// A person has read the files of a plan, and trusts exactly these bytes: they may call what they name, and a live run
    /// of them may change Azure.
    TrustPlan {
        /// Plan id.
        plan: String,
        /// SHA-256 over its texts, as it was shown.
        digest: String,
    },
    /// Open a run from disk where it stood.
    OpenRun(String),
    /// Close the view of the run; the run itself stays open on disk.
    LeaveRun,
    /// Something about one step.
    Step(StepId, StepIntent),
    /// A note into the record.
    Note(String),
    /// The impact began earlier (UTC ms on the run's clock): T0.
    ImpactStarted(i64),
    /// Show degraded instructions, or normal ones.
    Degraded(bool),
    /// Freeze the present picture of health into the record.
    FreezeHealth,
    /// Something about the watch and its board.
    Watch(WatchIntent),
    /// Pause the run.
    Pause(String),
    /// Go on.
    Resume,
    /// Close the run.
    Close {
        /// How it ended.
        outcome: Outcome,
        /// In words.
        summary: String,
    },
    /// Give the run up.
    Abort(String),
    /// Rehearsal: let the scenario's clock run to the next thing that concerns the operator.
    JumpToNextEvent,
    /// Rehearsal: change the clock's speed.
    SetSpeed(Speed),
    /// Load the record of a run for the Audit screen.
    ShowRecord(String),
    /// Read runbooks or plans from this file or folder, and keep it on the shelf.
    OpenPath(PathBuf),
    /// Take a file or folder off the shelf; it stays on disk.
    ForgetPath(PathBuf),
    /// Read everything on the shelf again.
    Reload,
    /// Preview a runbook of the library with this strategy.
    PreviewRunbook {
        /// Its file, as the library names it.
        file: String,
        /// Strategy; the first when absent.
        strategy: Option<Strategy>,
    },
    /// A plan that is being filled in.
    Draft(DraftIntent),
    /// Make the sheet of a plan to print, as PDF or as a page for the browser.
    PrintPlan {
        /// Plan by its file, as the library names it.
        plan: String,
        /// Strategy.
        strategy: Strategy,
        /// For the browser.
        html: bool,
    },
    /// Read what there is in the subscription, to fill in plans from.
    ReadInventory,
    /// Read both sides of a plan, and compare them.
    ReadDrift {
        /// Plan by its file, as the library names it.
        plan: String,
        /// Strategy.
        strategy: Strategy,
    },
    /// Ask Azure which of the rights that a plan's steps need the signed-in identity has.
    ReadRights {
        /// Plan by its file, as the library names it.
        plan: String,
        /// Strategy.
        strategy: Strategy,
    },
    /// Read what is in soft delete, over all subscriptions.
    ReadDeleted,
    /// Begin a plan that recovers this deleted thing, named by its id.
    Recover(String),
    /// Preview a plan of the library with this strategy.
    PreviewPlan {
        /// Plan id.
        plan: String,
        /// Strategy; the plan's own when absent.
        strategy: Option<Strategy>,
    },
    /// Who is operating.
    SetOperator(String),
    /// The notice was read.
    DismissNotice,
    /// Something about a credential.
    Credential(CredentialIntent),
    /// Connect to Azure as the saved sign-in says.
    Connect,
    /// Sign in to the connected Azure again.
    SignIn,
    /// Try to write the journal again after its disk failed.
    RetryJournal,
}

/// What can be said about the watch.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchIntent {
    /// Show this endpoint's chart, or that of the regions, so far back.
    Chart(Option<String>, super::snapshot::Span),
    /// Keep an endpoint at the top of the list, or no longer.
    Pin(String, bool),
    /// What a colleague sees: the block that their Lifeboat wrote, or plain words of theirs.
    TakeSighting(String),
    /// Write what this laptop sees as a block for colleagues.
    ShareSighting,
    /// The watch as the operator sets it from now on.
    Set(Box<WatchSettings>),
    /// The window is hidden, or seen again.
    Hidden(bool),
}

/// What can be said about credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialIntent {
    /// Find out whether the keyring keeps things, before anybody types a secret.
    Prepare,
    /// Keep credentials in memory until Lifeboat closes: the person's choice, where there is no keyring.
    KeepInMemory,
    /// Keep this one.
    Store {
        /// System.
        system: String,
        /// Region; empty: all of them.
        region: String,
        /// The secret.
        secret: Secret,
        /// The day it ends, as `2027-01-31`; empty: not known.
        expires: String,
    },
    /// Try it.
    Test(Name),
    /// Forget it.
    Delete(Name),
}

/// What can be said about a plan that is being filled in.
#[derive(Debug, Clone, PartialEq)]
pub enum DraftIntent {
    /// Begin a plan of this runbook, named by its file.
    New(String),
    /// Change this plan, named by its file; a built-in one becomes a copy.
    Edit(String),
    /// This is what it says now.
    Change(Box<Draft>),
    /// Write it to this file.
    Save(PathBuf),
    /// Forget it.
    Discard,
}

/// What can be said about a step.
#[derive(Debug, Clone, PartialEq)]
pub enum StepIntent {
    /// Look at what it would change (reads only), with an option of an earlier look.
    Preview {
        /// Option.
        option: Option<String>,
    },
    /// Let the app do it, with an option of the preview; `typed` is the target's name where it must be typed.
    Perform {
        /// Option of the preview.
        option: Option<String>,
        /// What the operator typed.
        typed: Option<String>,
    },
    /// Run its verification (steps that only read).
    Check,
    /// Ask the second person.
    AskSecondPerson,
    /// A person's word that it is done or true.
    Confirm {
        /// Evidence.
        evidence: String,
    },
    /// Leave it out.
    Skip {
        /// Why.
        reason: String,
    },
    /// Again, after a failure.
    Retry {
        /// Option of the preview.
        option: Option<String>,
    },
    /// Look at what taking it back would change (reads only).
    Undo,
    /// Take it back as shown; `typed` as for [`StepIntent::Perform`].
    TakeBack {
        /// What the operator typed.
        typed: Option<String>,
    },
    /// Put the look at taking it back away again.
    Keep,
    /// The decision.
    Decide {
        /// What.
        choice: Choice,
        /// Why.
        reason: String,
        /// What will be lost.
        expected_loss: String,
    },
}
