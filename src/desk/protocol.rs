//! What the front ends may say to the desk. Answers come back as a new [`super::snapshot::Snapshot`], never as a return value.

use std::path::PathBuf;

pub use super::anchors::Settings as Anchors;
use crate::clock::Speed;
pub use crate::health::{Adjustment, Amount, Knob, Mistake, OwnEndpoint, Unit, WatchSettings};
pub use crate::notify::hook::{Address as HookAddress, Hook, HookKind, Moment};
pub use crate::plan::draft::Draft;
use crate::rehearsal::scenario::{Choice, Outcome};
use crate::run::event::LossKind;
pub use crate::run::event::{Declaration, Severity};
pub use crate::run::told::{About, Vouched};
use crate::runbook::model::{StepId, Strategy};
pub use crate::secrets::Name;
use crate::units::{Millis, Secret};

/// A command to the desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// One that was made from the picture of this run: refused when another is on show by the time it is read.
    Of {
        /// Run id.
        run: String,
        /// What is wanted of it.
        command: Box<Self>,
    },
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
        /// Without any Azure: people answer for the systems.
        tabletop: bool,
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
    /// Show degraded instructions, or normal ones: of one step, or of the whole run.
    Degraded {
        /// Of this step alone.
        step: Option<StepId>,
        /// Degraded ones.
        on: bool,
    },
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
    /// Rehearsal: let the clock go on by so much, and stand still again.
    StepClock(Millis),
    /// Something about an open run as a whole.
    Run(RunIntent),
    /// Something about the second person, on either side.
    Approval(ApprovalIntent),
    /// The facilitator of a rehearsal.
    Facilitate(FacilitateIntent),
    /// Messages to people outside.
    Hook(HookIntent),
    /// Where the checkpoints of live runs go by themselves.
    Anchors(Anchors),
    /// Load the record of a run for the Audit screen, and verify it.
    ShowRecord(String),
    /// Something else of that screen.
    Audit(AuditIntent),
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
    /// Compare a run's actions with Azure's Activity Log.
    CompareWithActivityLog(String),
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

impl Command {
    /// The same, for this run alone where it concerns one; a command keeps the run that it was first made for.
    pub fn of(self, run: Option<&str>) -> Self {
        match run {
            Some(run) if self.concerns_a_run() => Self::Of { run: run.to_owned(), command: Box::new(self) },
            _ => self,
        }
    }

    /// Carried out on the run on show, whichever that is.
    fn concerns_a_run(&self) -> bool {
        match self {
            Self::Step(..)
            | Self::LeaveRun
            | Self::Note(_)
            | Self::ImpactStarted(_)
            | Self::Degraded { .. }
            | Self::FreezeHealth
            | Self::Pause(_)
            | Self::Resume
            | Self::Close { .. }
            | Self::Abort(_)
            | Self::JumpToNextEvent
            | Self::SetSpeed(_)
            | Self::StepClock(_)
            | Self::Facilitate(_) => true,
            Self::Run(intent) => !matches!(intent, RunIntent::Focus(_) | RunIntent::TakeOver { .. }),
            Self::Approval(intent) => intent.concerns_a_run(),
            _ => false,
        }
    }
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

/// What can be said about an open run as a whole.
#[derive(Debug, Clone, PartialEq)]
pub enum RunIntent {
    /// Show this one of the open runs.
    Focus(String),
    /// Something was created or changed in the secondary.
    Ledger(String),
    /// Something is lost, cannot be reached for now, or is there twice.
    Loss(LossKind, String),
    /// A text that proves something, of a step or of the run.
    EvidenceText {
        /// Step.
        step: Option<StepId>,
        /// Name.
        name: String,
        /// Text.
        text: String,
    },
    /// A file that proves something: copied into the run's folder, hashed.
    EvidenceFile {
        /// Step.
        step: Option<StepId>,
        /// Which.
        path: PathBuf,
    },
    /// Something to put right afterwards.
    Finding(String),
    /// How the oldest open finding is put right.
    Corrective {
        /// What is done.
        text: String,
        /// Who does it.
        owner: String,
        /// Until when, as `2027-01-31`.
        due: String,
    },
    /// How grave the oldest finding is that nobody has rated, and why it came about.
    Rate(Severity, String),
    /// The oldest finding of which it is said how it is put right is over, or its risk is accepted.
    Vouch(Vouched),
    /// Who declared the incident.
    Declare(Box<Declaration>),
    /// Something else for the record: what about, who, what.
    Tell(About, String, String),
    /// This checkpoint of the record was put somewhere outside this computer.
    Posted {
        /// It, as it was shown.
        note: String,
        /// Where, in words.
        place: String,
    },
    /// A person stands for the record.
    SignOff {
        /// As what.
        role: String,
        /// What they state.
        statement: String,
    },
    /// Ask the second person to let a step go on although a guard does not hold.
    BreakGlass {
        /// Step.
        step: StepId,
        /// Guard, by its name.
        guard: String,
        /// Why.
        reason: String,
    },
    /// Take back this step and everything done after it: guided, the newest first, one at a time.
    TakeBackTo(StepId),
    /// No more of that.
    StopTakingBack,
    /// Write the run into one encrypted file for a colleague; here it is only read afterwards.
    HandOver {
        /// The file.
        file: PathBuf,
        /// To whom, in words.
        to: String,
        /// How it is locked.
        lock: Lock,
    },
    /// Take the run on show back after it was handed over: the file was not written, or nobody has it.
    TakeRunBack {
        /// Why.
        reason: String,
    },
    /// Take up a run from a colleague's file.
    TakeOver {
        /// The file.
        file: PathBuf,
        /// Its passphrase; none: it is locked with this device's key.
        passphrase: Option<Secret>,
    },
}

/// What opens a hand-over file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// Whoever knows it.
    Passphrase(Secret),
    /// This colleague of the roster, by name.
    Colleague(String),
}

/// What can be said about approvals: by whoever asks, and by whoever is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum ApprovalIntent {
    /// The answer came, as a block of text.
    TakeAnswer(String),
    /// The answer was read over the phone.
    TakeCode {
        /// Step.
        step: StepId,
        /// The question that was on show.
        nonce: String,
        /// Whose, by the roster.
        approver: String,
        /// The code they read.
        code: String,
    },
    /// The second person stands here: they answer on this device.
    SameDevice {
        /// Step.
        step: StepId,
        /// The question that was on show.
        nonce: String,
        /// Their name.
        name: String,
    },
    /// Rehearsal: whoever was asked does not answer, so somebody else of the scenario is.
    AskAnother {
        /// Step.
        step: StepId,
        /// Whom, by the scenario; empty: whoever of it can be reached.
        name: String,
    },
    /// The question is withdrawn.
    Withdraw {
        /// Step.
        step: StepId,
        /// The question that was on show.
        nonce: String,
    },
    /// Write the request as a picture.
    SavePicture {
        /// Step.
        step: StepId,
        /// The file.
        file: PathBuf,
    },
    /// As the second person: a colleague's request, as a block of text or the challenge of a plan that is here.
    Read(String),
    /// As the second person: a colleague's request, from pictures.
    ReadPictures(Vec<PathBuf>),
    /// As the second person: yes, to exactly what is shown.
    Approve {
        /// The request that was on show, by its id.
        request: String,
        /// What was typed, where the target's name is asked for.
        typed: Option<String>,
    },
    /// As the second person: no.
    Refuse(String),
    /// Put the request away.
    PutAway,
    /// Make this device's key, and show it.
    MakeKey,
    /// Know a colleague's key: the line that their Lifeboat shows.
    Know(String),
    /// Forget a colleague's key.
    Forget(String),
}

impl ApprovalIntent {
    /// Names a step; an answer says itself which run it is for, and a colleague's request is none of a run here.
    fn concerns_a_run(&self) -> bool {
        matches!(
            self,
            Self::TakeCode { .. }
                | Self::SameDevice { .. }
                | Self::AskAnother { .. }
                | Self::Withdraw { .. }
                | Self::SavePicture { .. }
        )
    }
}

/// What the facilitator of a rehearsal can do.
#[derive(Debug, Clone, PartialEq)]
pub enum FacilitateIntent {
    /// Their window was opened beside a rehearsal that had begun without it: that stays in the record.
    Open,
    /// Let this happening come now.
    Now(u32),
    /// Hold happenings back, or let them come again.
    Hold(bool),
    /// Tell the operator a hidden happening.
    Reveal(u32),
    /// A note for afterwards.
    Note(String),
    /// Say something to the operator.
    Say(String),
    /// A key person cannot be reached, or can again.
    Unavailable(String, bool),
    /// Tabletop: what a system answers to a step.
    Answer {
        /// Step.
        step: StepId,
        /// Whether what it wants is so.
        ok: Option<bool>,
        /// What is seen.
        text: String,
    },
}

/// What can be said about messages to people outside. Addresses are secrets: whoever has one can write there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookIntent {
    /// Keep this one; its address goes into the keyring.
    Set {
        /// As it is set.
        hook: Hook,
        /// The address; none keeps the one that is there.
        address: Option<Secret>,
    },
    /// Send a test message.
    Test(String),
    /// Forget it, with its address.
    Delete(String),
}

/// What can be said about the records of runs.
#[derive(Debug, Clone, PartialEq)]
pub enum AuditIntent {
    /// Put two runs side by side; none: put them away.
    Compare(Option<[String; 2]>),
    /// Write a run into a new file.
    Export {
        /// Which.
        run: String,
        /// How.
        wish: super::exporting::Wish,
        /// With other names.
        pseudonyms: bool,
        /// Where to.
        out: PathBuf,
    },
    /// Stop that.
    StopExport,
    /// How long a run is kept, or every run that has nothing of its own; no class: as all.
    Keep {
        /// Which; none: all.
        run: Option<String>,
        /// How long.
        class: Option<super::keeping::Class>,
        /// Why.
        reason: String,
    },
    /// A legal hold comes, or goes.
    Hold {
        /// Which run.
        run: String,
        /// It comes.
        held: bool,
        /// Why.
        reason: String,
    },
    /// Remove the files of a run whose time is over.
    Dispose {
        /// Which.
        run: String,
        /// Its id, as it was typed.
        typed: String,
        /// Why.
        reason: String,
    },
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
