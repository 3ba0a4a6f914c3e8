//! What facts are made of: modes, states, actors, requests, readings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::model::Plan;
use crate::units::Millis;

use crate::runbook::model::{Phase, StepId, Strategy};

/// How much of the world a run can touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Real resources.
    Live,
    /// Real Azure, reads only.
    DryRun,
    /// Simulated Azure.
    Rehearsal,
    /// People only.
    Tabletop,
}

impl Mode {
    /// All.
    pub const ALL: [Self; 4] = [Self::Live, Self::DryRun, Self::Rehearsal, Self::Tabletop];

    /// As the band says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::DryRun => "DRY RUN",
            Self::Rehearsal => "REHEARSAL",
            Self::Tabletop => "TABLETOP",
        }
    }
    /// As records say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::DryRun => "dry-run",
            Self::Rehearsal => "rehearsal",
            Self::Tabletop => "tabletop",
        }
    }
}

/// Where a step stands. Derived from events only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepState {
    /// Something it needs is not over yet.
    Blocked,
    /// It can be begun.
    Ready,
    /// The second person was asked.
    AwaitingApproval,
    /// The app is changing something.
    Running,
    /// The app is checking.
    Verifying,
    /// Done by the app and verified.
    DoneByApp,
    /// Done by a person, on their word.
    DoneByHand,
    /// It was true before anything was done.
    AlreadyTrue,
    /// It failed; the run waits for the operator.
    Failed,
    /// Left out, with a reason.
    Skipped,
    /// Taken back.
    Undone,
    /// Caught half way; Azure has to be read before anyone repeats it.
    Indeterminate,
}

impl StepState {
    /// All, from the first to the last that a step may come to.
    pub const ALL: [Self; 12] = [
        Self::Blocked,
        Self::Ready,
        Self::AwaitingApproval,
        Self::Running,
        Self::Verifying,
        Self::DoneByApp,
        Self::DoneByHand,
        Self::AlreadyTrue,
        Self::Failed,
        Self::Skipped,
        Self::Undone,
        Self::Indeterminate,
    ];

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocked => "waits for earlier steps",
            Self::Ready => "ready",
            Self::AwaitingApproval => "waits for the second person",
            Self::Running => "running",
            Self::Verifying => "being checked",
            Self::DoneByApp => "done by Lifeboat",
            Self::DoneByHand => "done by hand",
            Self::AlreadyTrue => "already true",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Undone => "undone",
            Self::Indeterminate => "unclear: to be read from Azure",
        }
    }
    /// Nothing more has to happen to it.
    pub fn over(self) -> bool {
        matches!(self, Self::DoneByApp | Self::DoneByHand | Self::AlreadyTrue | Self::Skipped)
    }
    /// The app is at work on it.
    pub fn busy(self) -> bool {
        matches!(self, Self::Running | Self::Verifying)
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The app by itself.
    System,
    /// The person at the keyboard, by the name in the settings.
    Operator(String),
    /// A second person.
    Approver(String),
    /// The scenario.
    Scenario(String),
}

impl Actor {
    /// For people.
    pub fn display(&self) -> &str {
        match self {
            Self::System => "Lifeboat",
            Self::Operator(n) | Self::Approver(n) | Self::Scenario(n) => n,
        }
    }
}

/// Who is signed in to Azure, by the claims of the token. Compared by tenant and object: names are for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Tenant id.
    pub tenant: String,
    /// Object id in the tenant.
    pub object: String,
    /// Display name.
    pub name: String,
    /// User principal name; empty for an application.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// Application id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub application: String,
}

impl Identity {
    /// For people: the name, and in brackets what tells two of the same name apart.
    pub fn display(&self) -> String {
        let own = if self.account.is_empty() { &self.application } else { &self.account };
        if own.is_empty() || *own == self.name { self.name.clone() } else { format!("{} ({own})", self.name) }
    }

    /// Whether both are one principal.
    pub fn is(&self, other: &Self) -> bool {
        self.tenant.eq_ignore_ascii_case(&other.tenant) && self.object.eq_ignore_ascii_case(&other.object)
    }
}

/// One request that a step sends, complete: after a crash it is known what was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `create deployment chat`.
    pub what: String,
    /// HTTP method.
    pub method: String,
    /// Public Azure URL with api-version, the same in a rehearsal.
    pub url: String,
    /// JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// ETag the change depends on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<String>,
    /// Only if the target does not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_if_absent: bool,
    /// ARM id.
    pub target: String,
    /// What a person sees: before → after.
    pub fields: Vec<FieldChange>,
    /// JSON text of what was there before, for undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Where its own address does not show what was written: what does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Box<Effect>>,
}

/// How a request is seen to have worked that does not write what can be read: a recovery, a failover, a start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Address that shows it; none: nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// JSON text that is in the answer once it worked; none: it worked when nothing is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<String>,
    /// JSON text that is in the answer while Azure works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way: Option<String>,
    /// The request that takes it back, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Box<Change>>,
}

/// Resources whose settings decide which region users are led to.
const STEERING: [&str; 4] = ["/trafficmanagerprofiles/", "/dnszones/", "/onlineendpoints/", "/origingroups/"];

impl Change {
    /// Whether it brings the target into being: such targets are the run's own, and may be deleted by it.
    pub fn creates(&self) -> bool {
        self.method == "PUT" && self.previous.is_none() && self.effect.is_none()
    }

    /// Whether a look at Azure can tell what became of it.
    pub fn can_be_read_back(&self) -> bool {
        self.effect.as_ref().is_none_or(|e| e.url.is_some())
    }

    /// Whether users may be led elsewhere by it; guards count from there.
    pub fn moves_users(&self) -> bool {
        let target = self.target.to_ascii_lowercase();
        STEERING.iter().any(|s| target.contains(s)) || self.fields.iter().any(|f| f.name.starts_with("weight-"))
    }
}

/// One field before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Name.
    pub name: String,
    /// As read from Azure.
    pub before: Option<String>,
    /// As it will be.
    pub after: Option<String>,
}

/// One thing read, for a person and for the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What was read.
    pub name: String,
    /// Value with unit.
    pub value: String,
    /// Whether it fulfils the condition; `None` = unknown.
    pub ok: Option<bool>,
    /// Where from.
    pub source: String,
    /// When, UTC ms on the run's clock.
    pub at_utc: i64,
    /// How long the answer took, where that is the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Millis>,
    /// Raw evidence, cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

/// What Azure said beside the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correlation {
    /// HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `x-ms-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// `x-ms-correlation-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Server's `Date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// An error as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Azure's code, or ours.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub next: String,
}

/// What was found when an action caught half way was read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// Azure shows it.
    Applied,
    /// Azure does not show it.
    NotApplied,
    /// Azure is still at it.
    Running,
    /// It cannot be read now.
    Unknown,
}

/// What makes a second person's answer theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Their name on this laptop's roster.
    pub name: String,
    /// Their device's public key, in hexadecimal.
    pub key: String,
    /// SHA-256 of the whole request they were shown.
    pub request: String,
    /// The request's number, drawn for it alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub nonce: String,
    /// Their signature over the answer, in hexadecimal; of an answer read over the phone the code, which proves less.
    pub signature: String,
    /// It came from the device of whoever carries the step out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub same_device: bool,
}

/// A file or a text that proves something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Name, for people.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The text itself, when small.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Size in bytes; 0 in older records.
    #[serde(default, skip_serializing_if = "none")]
    pub bytes: u64,
    /// Its name in the run's evidence folder, where it is kept as a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

fn none(n: &u64) -> bool {
    *n == 0
}

/// What kind of loss. Scenario files may write the variant's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// Gone.
    #[serde(alias = "Lost")]
    Lost,
    /// Not reachable for now.
    #[serde(alias = "Unavailable")]
    Unavailable,
    /// There twice.
    #[serde(alias = "Duplicated")]
    Duplicated,
}

/// What the books of a run said when it was closed, counted; the lines are records of their own. What is lost, what cannot be
/// reached for now and what is there twice are three things and never one sum.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Losses for good.
    pub lost: u32,
    /// What cannot be reached for now.
    pub unavailable: u32,
    /// What is there twice.
    pub duplicated: u32,
    /// Lines of the divergence ledger.
    pub ledger: u32,
    /// Those that were neither carried back nor given up.
    pub unreconciled: u32,
    /// Things to put right.
    pub findings: u32,
    /// Those for which nobody has said how.
    pub open_findings: u32,
    /// Signatures.
    pub signed: u32,
    /// Objectives that were missed, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<String>,
}

/// What a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Mode.
    pub mode: Mode,
    /// Plan title.
    pub title: String,
    /// Environment.
    pub environment: String,
    /// Plan digest.
    pub digest: String,
    /// Strategy.
    pub strategy: Strategy,
    /// Phases this run covers.
    pub phases: Vec<Phase>,
    /// Steps it covers, in order.
    pub steps: Vec<StepId>,
    /// Agreed RTO (ms), before the start.
    pub rto_ms: u64,
    /// Agreed RPO (ms), before the start.
    pub rpo_ms: u64,
    /// Scenario id and text digest, of a rehearsal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioRef>,
}

impl Start {
    /// Of these phases of a plan.
    pub fn of(plan: &Plan, mode: Mode, phases: Vec<Phase>, scenario: Option<ScenarioRef>) -> Self {
        Self {
            mode,
            title: plan.title.clone(),
            environment: plan.environment.clone(),
            digest: plan.digest.clone(),
            strategy: plan.strategy,
            steps: plan.steps.iter().filter(|s| phases.contains(&s.phase)).map(|s| s.id.clone()).collect(),
            phases,
            rto_ms: plan.rto.0,
            rpo_ms: plan.rpo.0,
            scenario,
        }
    }
}

/// The rehearsed scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioRef {
    /// Id.
    pub id: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Seed.
    pub seed: u64,
    /// UTC ms of scenario time zero.
    pub epoch: i64,
}

/// What the facilitator of a rehearsal did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Facilitated {
    /// Brought a happening of the timeline forward: its number.
    Now(u32),
    /// Kept happenings back.
    Held,
    /// Let them come again.
    LetGo,
    /// Told the operator a happening that is hidden: its number.
    Revealed(u32),
    /// A note of their own.
    Noted(String),
    /// Said something to the operator that is in no timeline.
    Said(String),
    /// This person cannot be reached from now on; false: again.
    Unavailable(String, bool),
    /// In a tabletop: what a system answers, as people say it.
    Answered {
        /// Step that asked.
        step: StepId,
        /// Whether what it wants is so; none: nobody can tell.
        ok: Option<bool>,
        /// What is seen.
        text: String,
    },
}

/// What was believed at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Verdict sentence, or who said what.
    pub text: String,
    /// What it is about: `verdict`, `colleague`, `frozen`, `endpoint`.
    pub what: String,
    /// Region, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// State word: `down`, `ok`, `blind` …
    pub state: String,
    /// Reasons, strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Of a frozen picture, everything it was made of; bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub picture: Vec<Seen>,
}

/// One line of a frozen picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// `verdict`, `reason`, `ladder`, `endpoint`, `threshold`, `gap`, `notice`, `colleague`, `arithmetic`, `recommendation`.
    pub about: String,
    /// What it is of: a region, an endpoint, a number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// State word, where it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When it was seen (UTC ms on the run's clock).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// Numbers by name, e.g. `total_ms`, `calls`, `answered`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, i64>,
}
