//! What a record can be about: a closed list, so that a verifier can name what it does not know.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! kinds {
    ($($name:ident = $text:literal, $about:literal;)*) => {
        /// What a record is about. [`Kind::Unknown`] is only ever read: a newer Lifeboat wrote it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $about] $name,)*
            /// Written by a newer Lifeboat; the stored line has its text.
            Unknown,
        }

        impl Kind {
            /// Every kind that can be written.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As it stands in a record.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown => "unknown",
                }
            }

            /// From a record's text; [`Kind::Unknown`] for any other.
            pub fn from_text(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)*
                    _ => Self::Unknown,
                }
            }
        }
    };
}

kinds! {
    LogOpen = "log.open", "The log was begun or opened again; cites the heads of the other logs.";
    LogSegment = "log.segment", "A new file was begun because the one before could not be trusted.";
    LogRecovered = "log.recovered", "Torn bytes were set aside.";
    LogCheckpoint = "log.checkpoint", "Size and root of the tree before this record.";
    LogAnchor = "log.anchor", "A checkpoint left the computer, or was to: to whom, where, whether it is held there.";
    LogKey = "log.key", "A signing key came or went.";
    ClockJump = "clock.jump", "The wall clock moved against the monotonic one.";
    SessionStart = "session.start", "Somebody began to work.";
    SessionEnd = "session.end", "Somebody stopped working.";
    SessionLock = "session.lock", "The session was locked.";
    SessionUnlock = "session.unlock", "The session was unlocked.";
    SessionIdentity = "session.identity", "Azure is asked as this identity from here on.";
    SessionOperator = "session.operator", "Another operator took over.";
    ConfigChange = "config.change", "A setting that matters to the record changed.";
    RunPlan = "run.plan", "A part of the frozen plan and its texts.";
    RunParticipant = "run.participant", "Who takes part.";
    RunDeclare = "run.declare", "Who declared the disaster, on what authority.";
    RunStart = "run.start", "The run began.";
    RunEnd = "run.end", "The run was closed.";
    RunAbort = "run.abort", "The run was given up.";
    RunPaused = "run.paused", "The run was paused.";
    RunResumed = "run.resumed", "The run went on.";
    RunHandover = "run.handover", "The run goes on elsewhere.";
    RunMode = "run.mode", "Normal or degraded instructions were chosen.";
    GateRequested = "gate.requested", "An approval was asked for.";
    GateApproved = "gate.approved", "An approval was given.";
    GateDenied = "gate.denied", "An approval was refused.";
    GateVoided = "gate.voided", "An approval lost its ground.";
    GateGlass = "gate.glass", "A guard was set aside, by two people.";
    Decision = "decision", "A decision, its reason and what was known.";
    Deviation = "deviation", "Something was done otherwise than planned.";
    ActionIntent = "action.intent", "A request that will be sent.";
    ActionAccepted = "action.accepted", "Azure took the request.";
    ActionResult = "action.result", "How the request ended.";
    ActionIndeterminate = "action.indeterminate", "Nobody knows how the request ended.";
    ActionReconciled = "action.reconciled", "Azure was asked how the request had ended.";
    StepReady = "step.ready", "A step can be done.";
    StepStarted = "step.started", "A step was begun.";
    StepDoneByApp = "step.done_by_app", "The app did a step.";
    StepDoneByHand = "step.done_by_hand", "A person did a step.";
    StepAlreadyTrue = "step.already_true", "A step was found done.";
    StepVerified = "step.verified", "A step's verification passed.";
    StepFailed = "step.failed", "A step failed.";
    StepSkipped = "step.skipped", "A step was skipped, with a reason.";
    StepUndone = "step.undone", "A step was taken back.";
    StepReopened = "step.reopened", "A step is to be done again.";
    Note = "note", "A person's words.";
    Ledger = "ledger", "A line of the divergence ledger.";
    Loss = "loss", "A line of the loss register.";
    Inject = "inject", "A rehearsal's happening.";
    Facilitate = "facilitate", "What the facilitator of a rehearsal did.";
    Observe = "observe", "Something seen.";
    Measure = "measure", "A measured objective.";
    Comms = "comms", "A message to people outside.";
    EvidenceAdd = "evidence.add", "A file, by its hash.";
    Finding = "finding", "Something to put right.";
    Corrective = "corrective", "How it was put right.";
    Signoff = "signoff", "A signature of a person.";
    Export = "export", "The record was copied out.";
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Ok(Self::from_text(&text))
    }
}
