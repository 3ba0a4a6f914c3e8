//! The conductor: the only room that wires the world together and owns a run's tasks.
//!
//! One task reads one mailbox: front ends' commands and what effects came to. Each order goes the same road:
//! [`crate::run::decide`] says what follows, the journal makes it durable, the run applies it, what it demands of the
//! world is begun, and a new [`snapshot::Snapshot`] is published.

use std::path::PathBuf;
use std::sync::Arc;

use crate::azure::Cloud;
use crate::journal::Disk;
use crate::rehearsal::scenario::Answer;

pub mod anchors;
pub mod approvals;
pub mod auditing;
mod board;
pub mod checks;
mod conditions;
mod conduct;
mod connecting;
mod credentials;
pub mod evidence;
pub mod examining;
mod executor;
pub mod exporting;
mod facilitate;
pub mod handover;
mod happenings;
pub mod home;
mod hooks;
mod incoming;
pub mod keeping;
pub mod link;
mod mailbox;
mod monitor;
mod opening;
pub mod outside;
pub mod past;
pub mod preview;
pub mod protocol;
mod publish;
pub mod reconciling;
mod record;
pub mod recovery;
pub mod rotation;
mod rounds;
mod scripted;
mod session;
mod shelf;
pub mod sign_in;
pub mod signing;
pub mod snapshot;
mod steps;
mod supervisor;
mod tabletop;
mod trends;
pub mod trust;
mod undo;
pub mod view;
pub mod watch;

pub use auditing::record_of;
pub use board::{Roster, notices_impossible};
pub use home::Home;
pub use incoming::Taken;
pub use link::{Link, Waker};
pub use record::{entry as entry_of, line as line_of};
pub use session::replay;
pub use supervisor::{Handle, start, start_by};

/// How a desk is set up.
#[derive(Clone)]
pub struct Options {
    /// Data folder.
    pub home: Home,
    /// The disk its journals are on.
    pub disk: Arc<dyn Disk>,
    /// A connected Azure, if any.
    pub cloud: Option<Cloud>,
    /// Plan whose regions are watched while no run is open; none: the first that fits the connected Azure.
    pub watch: Option<String>,
    /// Operator's name.
    pub operator: String,
    /// Rehearsals run by themselves, with the scenario's answers or these.
    pub script: Option<ScriptSource>,
}

/// Where the scripted operator's answers come from.
#[derive(Debug, Clone)]
pub enum ScriptSource {
    /// The scenario.
    Scenario,
    /// A file.
    Answers(Vec<Answer>),
    /// One of the scenario's wrong ways, by its id.
    Wrong(String),
}

/// What can go wrong at the desk; Display says what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No data folder.
    #[error("no data folder is known on this computer; name one with --home or LIFEBOAT_HOME")]
    NoHome,
    /// No place for a record.
    #[error(
        "runs are not kept in {}, because {why}: a record that was saved there may be lost, or come back as it was before. Choose a folder on a disk of this computer with --home; or keep them there all the same with --unsafe-home REASON, and the reason goes into the record", path.display()
    )]
    UnsafeHome {
        /// Where.
        path: PathBuf,
        /// What speaks against it.
        why: crate::journal::Unsafe,
    },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
    /// A command was refused.
    #[error(transparent)]
    Refused(#[from] crate::run::decide::Refusal),
    /// It can only be rehearsed on the simulated Azure.
    #[error("the scenario `{0}` is not meant for a tabletop; rehearse it on the simulated Azure")]
    NoTabletop(String),
    /// Records do not make a run.
    #[error(transparent)]
    Replay(#[from] crate::run::state::ReplayError),
    /// A record of a shape that is not known.
    #[error("record {seq} ({kind}) cannot be read: {why}; open this run with the version of Lifeboat that wrote it")]
    Record {
        /// Number.
        seq: u64,
        /// Kind.
        kind: String,
        /// Why.
        why: String,
    },
    /// Nothing can be written.
    #[error("nothing can be recorded, so nothing is done: {0}")]
    ReadOnly(String),
    /// Azure.
    #[error(transparent)]
    Azure(#[from] crate::azure::AzureError),
    /// The simulator.
    #[error(transparent)]
    Simulator(#[from] crate::simulator::SimulatorError),
    /// Probes.
    #[error(transparent)]
    Probe(#[from] crate::probe::ProbeError),
    /// Catalogue.
    #[error(transparent)]
    Catalog(#[from] crate::catalog::CatalogError),
    /// An address.
    #[error("`{0}` is not an address that can be probed")]
    Address(String),
    /// A file for a colleague, or from one.
    #[error(transparent)]
    HandOver(#[from] crate::export::handover::HandOverError),
    /// A run that goes from one place to another.
    #[error(transparent)]
    Passing(#[from] handover::PassingError),
    /// An export of a run's record.
    #[error(transparent)]
    Exporting(#[from] exporting::ExportingError),
    /// Evidence.
    #[error(transparent)]
    Evidence(#[from] evidence::EvidenceError),
    /// Why a run is not disposed of.
    #[error(transparent)]
    Kept(#[from] keeping::Kept),
    /// A plan with errors.
    #[error("the plan `{plan}` has errors: {first}; `lifeboat check` shows them all")]
    Plan {
        /// Plan id or file.
        plan: String,
        /// The first error.
        first: String,
    },
    /// Strategy the scenario does not have.
    #[error("the scenario `{scenario}` is not made for {asked}; it knows {known}")]
    Strategy {
        /// Scenario.
        scenario: String,
        /// Asked for.
        asked: &'static str,
        /// Known.
        known: String,
    },
    /// A sheet could not be made.
    #[error(transparent)]
    Sheet(#[from] crate::export::ExportError),
    /// No subscription is known.
    #[error("it is not known which subscription to read; fill in one resource id first, its subscription is read")]
    NoSubscription,
    /// Neither side of a plan could be read.
    #[error("nothing could be read of either side of this plan: {0}; what was known before is still shown")]
    NothingRead(String),
    /// No subscription could be read.
    #[error("nothing could be read of what was deleted: {0} What was known before is still shown")]
    NoBoard(String),
    /// Something that was on the board and is not any more.
    #[error("`{0}` is not among what was read last; read again what was deleted")]
    NotOnBoard(String),
    /// Nothing built in guides this recovery.
    #[error("no built-in runbook recovers {0}; its row says what to do")]
    NoGuide(String),
    /// The real Azure is not read from inside a rehearsal.
    #[error("a rehearsal is open, and nothing real is called meanwhile; leave it first, then read what was deleted")]
    Rehearsing,
    /// Of a rehearsal the real Azure knows nothing.
    #[error(
        "this run is a rehearsal, and only the simulated Azure that it ran on has a log of it: that one stands in the run's \
         folder unless it was connected from outside; leave --cloud out, or connect the one that served this run"
    )]
    Rehearsed,
    /// Nothing of a run could stand in the Activity Log.
    #[error("there is nothing to compare with the Activity Log: {0}")]
    NothingToCompare(&'static str),
    /// A file that was shown and is gone.
    #[error("`{0}` is not in the library any more; open it again")]
    Gone(String),
    /// A file that is no plan.
    #[error("{file} cannot be read as a plan: {first}; mend it in a text editor, it is read again when it is saved")]
    NoPlan {
        /// Which.
        file: String,
        /// What is wrong first.
        first: String,
    },
    /// Something else is where a plan should go.
    #[error("{} is there already, and is not what was opened here; choose another name, or open it first", .0.display())]
    Taken(PathBuf),
    /// Further than a rehearsal goes.
    #[error("the clock does not go on by {0}: a rehearsal has {LONGEST} at most; let it go on by less", LONGEST = crate::rehearsal::scenario::LONGEST)]
    TooFar(crate::units::Millis),
    /// Something is where a person wants a file.
    #[error("{} is there already, and was left as it is; choose another name", .0.display())]
    Exists(PathBuf),
    /// A file could not be written.
    #[error("cannot write {}; choose another folder, check the rights, or make room", path.display())]
    Save {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of trusted texts.
    #[error(transparent)]
    Trust(#[from] trust::TrustError),
    /// The file of the watch's settings.
    #[error("{} is not used: {why}; the watch goes on with its defaults, and the file is left as it is: mend it and start again, or set the watch in Settings", path.display())]
    WatchFile {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The watch cannot be set like that.
    #[error("the watch was not changed: {0}")]
    WatchSettings(String),
    /// The file of messages to people outside.
    #[error("{} is not used: {why}; nobody outside is told, and the file is left as it is: mend it and start again, or set the messages in Settings", path.display())]
    HooksFile {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A message to people outside that cannot be set like that.
    #[error(transparent)]
    Hook(#[from] crate::notify::hook::HookError),
    /// Its address.
    #[error("the address of “{name}” was not kept or forgotten: {why}")]
    HookAddress {
        /// Which message.
        name: String,
        /// What the keyring says.
        why: crate::secrets::SecretError,
    },
    /// Nobody trusts the texts of this plan.
    #[error("`{plan}` is restricted: nobody here has trusted {foreign} as it is now, SHA-256 {digest}")]
    Restricted {
        /// Plan id.
        plan: String,
        /// SHA-256 over its texts.
        digest: String,
        /// Files that are not built in.
        foreign: String,
    },
    /// A rehearsal may not go on with the real Azure, nor a live run with a simulated one.
    #[error("the run {run} is {mode}, and the Azure that is connected is {azure}; connect the one it was begun with")]
    OtherAzure {
        /// Run.
        run: String,
        /// Its mode.
        mode: &'static str,
        /// What is connected.
        azure: String,
    },
    /// Not the texts that were shown.
    #[error("the file has changed since it was shown: `{0}` is shown as it is now, and nothing was trusted")]
    OtherText(String),
    /// A rehearsal is open, and is alone.
    #[error("the rehearsal {0} is open, and nothing else is open beside a rehearsal; close it or leave it first")]
    RehearsalOpen(String),
    /// A rehearsal would not be alone.
    #[error(
        "the run {0} is open, and a rehearsal has the desk to itself, so that nobody takes the one for the other; close the run or leave it first"
    )]
    NotAlone(String),
    /// As many runs are open as can be.
    #[error("{0} runs are open here, which is as many as one person can follow; close one or leave it first")]
    TooMany(usize),
    /// A plan has one live run at a time.
    #[error(
        "the live run {run} of the plan `{plan}` is not ended, and two would work against each other; go on with it (`lifeboat run --resume {run}`), or close it first. If it cannot be opened any more, move its folder out of {dir}"
    )]
    Live {
        /// Run.
        run: String,
        /// Plan id.
        plan: String,
        /// Folder of the runs.
        dir: PathBuf,
    },
    /// Another Lifeboat begins a run just now.
    #[error("another Lifeboat begins a run at this moment; try again in a moment")]
    Beginning,
    /// Not one of the open runs.
    #[error("the run {0} is not open here; open it from the list of runs")]
    NotOpen(String),
    /// Meant for another run than the one on show.
    #[error(
        "that was meant for the run {0}, which is not on show any more: nothing was done; switch to it and do it again"
    )]
    OtherRun(String),
    /// A request is on its way.
    #[error("a request of {0} is on its way to Azure; its answer is usually here within two minutes: wait for it")]
    OnItsWay(String),
    /// No run is open.
    #[error("no run is open")]
    NoRun,
    /// No such run.
    #[error("there is no run `{run}` in {dir}; `lifeboat runs` lists them")]
    NoSuchRun {
        /// Asked for.
        run: String,
        /// Looked in.
        dir: PathBuf,
    },
    /// No Azure is connected.
    #[error("no Azure is connected; start with --cloud FILE, or put a plan into {0} and sign in with `az login`")]
    NoCloud(PathBuf),
    /// The saved sign-in is not read yet, or cannot be.
    #[error("no Azure is connected yet: the saved sign-in has to be read first; look at Settings → Azure")]
    NotConnected,
    /// What a colleague is said to see.
    #[error(transparent)]
    Sighting(#[from] crate::health::sighting::SightingError),
    /// Nothing to compare it with, and nothing to tell.
    #[error("no region is watched here; connect an Azure that a plan fits, or start a rehearsal")]
    NotWatching,
    /// The file of colleagues' keys.
    #[error("the list of colleagues' keys {} cannot be read ({why}); mend or move it: until then nobody's key is known", path.display())]
    Colleagues {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Something about the second person.
    #[error(transparent)]
    Approval(#[from] crate::approval::ApprovalError),
    /// This device's key.
    #[error("this device cannot sign: {0}")]
    NoKey(String),
    /// Nobody of that name.
    #[error("nobody called “{0}” is known here by key; take the line that their Lifeboat shows first")]
    NoColleague(String),
    /// No question is open.
    #[error("{0} asks nothing of a second person now; ask first, and wait until the request is signed")]
    NothingAsked(String),
    /// What was asked cannot be shown any more.
    #[error(
        "what the second person was asked is not known on this laptop any more; withdraw the question and ask again"
    )]
    AskAgain,
    /// No request is open.
    #[error("no colleague's request is shown; paste it first")]
    NoRequest,
    /// The saved sign-in.
    #[error(transparent)]
    SignIn(#[from] sign_in::SignInError),
    /// The step's looks.
    #[error("{0} has not been read yet; wait for the reading, or ask for it again")]
    NotRead(String),
    /// The second person's agreement would be over too soon.
    #[error("{step}: {}", preview::ask_later(*.from))]
    AskLater {
        /// For which step.
        step: String,
        /// When to ask (UTC ms).
        from: i64,
    },
    /// What was answered is not what was on show.
    #[error("it has changed since it was shown: read what it says now; nothing was signed and nothing was sent")]
    ChangedSince,
    /// The file of that setting.
    #[error("{}: {why}; checkpoints go nowhere by themselves until it is set again", path.display())]
    AnchorsFile {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// No address of a container.
    #[error("{0}: give a container as https://ACCOUNT.blob.core.windows.net/CONTAINER, or nothing")]
    NoContainer(&'static str),
    /// No address of an authority.
    #[error("this is no address of a time-stamp authority: give one as http://timestamp.example.com, or nothing")]
    NoAuthority,
    /// A checkpoint nobody would find again.
    #[error("say where the checkpoint was put, so that whoever verifies the record finds it")]
    NoPlace,
    /// It changed meanwhile.
    #[error("what would be changed is no longer what you saw; it is shown anew, and nothing was sent")]
    Changed,
    /// The runtime.
    #[error("the desk could not start")]
    Runtime(#[source] std::io::Error),
}

/// An error with its causes, in one line.
pub fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(s) = source {
        let cause = s.to_string();
        if !text.contains(&cause) {
            text.push_str(&format!(": {cause}"));
        }
        source = s.source();
    }
    text
}
