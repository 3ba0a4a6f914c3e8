//! Facts, past tense: everything that can have happened in a run.
//!
//! An [`Event`] is the `kind` and the `d` of a journal record; replaying the records is the run.

use serde::{Deserialize, Serialize};

use crate::rehearsal::scenario::{Choice, Outcome};
use crate::runbook::model::StepId;

pub use super::fact::{
    Actor, Books, Change, Correlation, Effect, Evidence, Facilitated, Failure, FieldChange, Found, Identity, LossKind,
    Mode, Observed, Proof, Reading, ScenarioRef, Seen, Start, StepState,
};
pub use super::objective::{Gap, Met, Objective};
pub use super::told::{Closure, Declaration, Rating, Severity};

/// Everything that can have happened. Names are the record kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "d")]
pub enum Event {
    /// A part of the frozen plan: `what` is `runbook`, `plan` or the path of a shared file, which ends in `.ron`.
    #[serde(rename = "run.plan")]
    Plan {
        /// `runbook`, `plan` or a path.
        what: String,
        /// From 1.
        part: u32,
        /// How many parts.
        of: u32,
        /// SHA-256 of the whole text.
        sha256: String,
        /// The part.
        text: String,
    },
    /// Who takes part.
    #[serde(rename = "run.participant")]
    Participant {
        /// Name.
        name: String,
        /// `operator`, `second person`, …
        role: String,
        /// Public key of their device, in hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// They were expected, and cannot.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        absent: bool,
    },
    /// The run began.
    #[serde(rename = "run.start")]
    Started(Box<Start>),
    /// When the impact began, and on what evidence: T0.
    #[serde(rename = "run.declare")]
    Declared {
        /// UTC ms on the run's clock.
        impact_start: i64,
        /// Why it is believed.
        evidence: String,
        /// Who declared the incident, once they told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        declaration: Option<Box<Declaration>>,
    },
    /// Instructions switched, of the entry's step or of the whole run.
    #[serde(rename = "run.mode")]
    Degraded {
        /// Degraded texts are shown.
        degraded: bool,
    },
    /// Paused.
    #[serde(rename = "run.paused")]
    Paused {
        /// Why.
        reason: String,
    },
    /// Goes on.
    #[serde(rename = "run.resumed")]
    Resumed,
    /// Closed.
    #[serde(rename = "run.end")]
    Ended {
        /// How.
        outcome: Outcome,
        /// In words.
        summary: String,
        /// What was not measured, and why.
        not_measured: Vec<String>,
        /// What the books said; none in older records.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        books: Option<Box<Books>>,
        /// What was agreed, and whether it was kept; none in older records.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        objectives: Vec<Objective>,
        /// What auditors ask for and the record does not say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<Gap>,
    },
    /// Given up.
    #[serde(rename = "run.abort")]
    Aborted {
        /// Why.
        reason: String,
    },
    /// A session (process) took the run up.
    #[serde(rename = "session.start")]
    SessionOpened {
        /// Scenario milliseconds at which its clock goes on; live: absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenario_ms: Option<u64>,
    },
    /// Azure is spoken to as this identity from here on.
    #[serde(rename = "session.identity")]
    SignedIn(Identity),
    /// The second person was asked.
    #[serde(rename = "gate.requested")]
    ApprovalRequested {
        /// Digest of exactly what is asked.
        digest: String,
        /// What is asked, in words.
        what: String,
        /// It is asked about taking back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
        /// It is asked about going on although this guard does not hold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        glass: Option<String>,
        /// Drawn for this request, so that no two are alike.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        nonce: String,
        /// Until when it can be answered (UTC ms on the run's clock); none: as long as nothing changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// The glass was broken: this step may go on although the guard does not hold. Follows the second person's agreement.
    #[serde(rename = "gate.glass")]
    GlassBroken {
        /// Guard.
        guard: String,
        /// Why.
        reason: String,
    },
    /// The second person agreed.
    #[serde(rename = "gate.approved")]
    Approved {
        /// Digest agreed to.
        digest: String,
        /// `device-key`, `phone`, or `scripted` in a rehearsal.
        method: String,
        /// Label shown with it.
        label: String,
        /// What makes it theirs; none of a scripted one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Box<Proof>>,
    },
    /// The second person refused.
    #[serde(rename = "gate.denied")]
    Denied {
        /// Digest refused.
        digest: String,
        /// Why.
        reason: String,
    },
    /// An approval no longer fits what would be done.
    #[serde(rename = "gate.voided")]
    ApprovalVoided {
        /// Digest it was for.
        digest: String,
        /// What changed.
        why: String,
    },
    /// The decision.
    #[serde(rename = "decision")]
    Decided {
        /// What.
        choice: Choice,
        /// Why.
        reason: String,
        /// Expected loss.
        expected_loss: String,
        /// What there was to choose from.
        options: Vec<Choice>,
        /// What was known: verdict sentence and arithmetic.
        information: Vec<String>,
    },
    /// Something was done otherwise than the runbook says.
    #[serde(rename = "deviation")]
    Deviation {
        /// Rule or step.
        rule: String,
        /// Why.
        reason: String,
    },
    /// About to be sent; durable before the request leaves.
    #[serde(rename = "action.intent")]
    ActionIntended {
        /// Which change of the step, from 0.
        n: u32,
        /// HTTP method.
        method: String,
        /// URL.
        url: String,
        /// SHA-256 of the body.
        body_sha256: String,
        /// Part of an undo.
        undo: bool,
    },
    /// Azure works on it.
    #[serde(rename = "action.accepted")]
    ActionAccepted {
        /// Which change.
        n: u32,
        /// Operation to follow, as text.
        operation: String,
        /// What Azure said beside.
        corr: Correlation,
    },
    /// It is over.
    #[serde(rename = "action.result")]
    ActionFinished {
        /// Which change.
        n: u32,
        /// `None`: it worked.
        failure: Option<Failure>,
        /// What Azure said beside.
        corr: Correlation,
    },
    /// Sent, perhaps, and no answer seen.
    #[serde(rename = "action.indeterminate")]
    ActionIndeterminate {
        /// Which change.
        n: u32,
        /// Why.
        why: String,
    },
    /// Read back from Azure.
    #[serde(rename = "action.reconciled")]
    ActionReconciled {
        /// Which change.
        n: u32,
        /// What was found.
        found: Found,
        /// In words.
        detail: String,
    },
    /// Everything it needs is over.
    #[serde(rename = "step.ready")]
    StepReady,
    /// Begun: by the app with these changes, or only checked (no changes).
    #[serde(rename = "step.started")]
    StepStarted {
        /// All requests it will send, in order.
        changes: Vec<Change>,
        /// Guards as they were read.
        guards: Vec<Reading>,
        /// Option of the preview that was chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        option: Option<String>,
        /// It takes back what was done.
        undo: bool,
        /// What taking back leaves as it is, and why.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<String>,
    },
    /// Its verification held.
    #[serde(rename = "step.verified")]
    StepVerified {
        /// What was read.
        readings: Vec<Reading>,
    },
    /// Done by the app.
    #[serde(rename = "step.done_by_app")]
    StepDoneByApp,
    /// Done by a person.
    #[serde(rename = "step.done_by_hand")]
    StepDoneByHand {
        /// Their evidence.
        evidence: String,
    },
    /// It was true before.
    #[serde(rename = "step.already_true")]
    StepAlreadyTrue {
        /// What was read.
        readings: Vec<Reading>,
    },
    /// It failed.
    #[serde(rename = "step.failed")]
    StepFailed {
        /// Why.
        failure: Failure,
        /// What was read.
        readings: Vec<Reading>,
    },
    /// Left out.
    #[serde(rename = "step.skipped")]
    StepSkipped {
        /// Why.
        reason: String,
    },
    /// Taken back.
    #[serde(rename = "step.undone")]
    StepUndone,
    /// Begun anew.
    #[serde(rename = "step.reopened")]
    StepReopened {
        /// Why.
        reason: String,
    },
    /// A note.
    #[serde(rename = "note")]
    Note {
        /// Text.
        text: String,
    },
    /// Created in the secondary while operating there.
    #[serde(rename = "ledger")]
    Ledger {
        /// Text.
        text: String,
    },
    /// A loss.
    #[serde(rename = "loss")]
    Loss {
        /// Kind.
        loss: LossKind,
        /// Text.
        text: String,
    },
    /// The scenario told the operator something.
    #[serde(rename = "inject")]
    Inject {
        /// Text.
        text: String,
        /// Number in the timeline, so that none comes twice.
        n: u32,
    },
    /// What health looked like: a verdict change, a colleague's word, a frozen picture.
    #[serde(rename = "observe")]
    Observed(Box<Observed>),
    /// A number that auditors ask for.
    #[serde(rename = "measure")]
    Measured {
        /// `T2`, `T8`, `RTA` …
        name: String,
        /// Instant (UTC ms on the run's clock) or duration (ms); `None` = not measured.
        value: Option<i64>,
        /// How it was measured, or why not.
        how: String,
    },
    /// A file or text that proves something.
    #[serde(rename = "evidence.add")]
    Evidence(Evidence),
    /// A message to people outside, and what became of it.
    #[serde(rename = "comms")]
    Comms {
        /// Whom: a channel's name, never its address.
        to: String,
        /// What was said.
        text: String,
        /// What came of it.
        outcome: String,
        /// Which message, where two records tell of one: that it goes out, and what came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// Something to put right afterwards.
    #[serde(rename = "finding")]
    Finding {
        /// Text; where it rates an earlier finding, why that came about.
        text: String,
        /// How grave an earlier one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rates: Option<Rating>,
    },
    /// How a finding is put right.
    #[serde(rename = "corrective")]
    Corrective {
        /// What is done about it.
        text: String,
        /// Who does it; where it closes one, who vouches for that.
        owner: String,
        /// Until when, as `2027-01-31`.
        due: String,
        /// Not what is to be done: that it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closes: Option<Closure>,
    },
    /// A person stands for what the record says.
    #[serde(rename = "signoff")]
    SignedOff {
        /// As what: `service owner`, `incident commander` …
        role: String,
        /// What they state.
        statement: String,
    },
    /// The run goes on elsewhere: here it is only read from now on.
    #[serde(rename = "run.handover")]
    HandedOver {
        /// To whom, in words.
        to: String,
        /// What waits for them.
        open: Vec<String>,
    },
    /// The run goes on here.
    #[serde(rename = "session.operator")]
    TakenOver {
        /// Who operates now.
        operator: String,
        /// Who did before.
        from: String,
        /// SHA-256 of the file it came in.
        sha256: String,
    },
    /// The facilitator of a rehearsal did something. The operator is not shown it before the run is closed.
    #[serde(rename = "facilitate")]
    Facilitated {
        /// What.
        what: Facilitated,
    },
}

/// Kinds of records that say nothing about the state of a run.
const NO_EVENTS: [&str; 6] = ["clock.jump", "config.change", "export", "session.end", "session.lock", "session.unlock"];

/// An event with its circumstances.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Run's clock, UTC ms.
    pub at: i64,
    /// Who.
    pub actor: Actor,
    /// Step it belongs to.
    pub step: Option<StepId>,
    /// What.
    pub event: Event,
}

impl Event {
    /// The record kind, e.g. `action.intent`.
    pub fn kind(&self) -> String {
        self.to_parts().0
    }

    /// `kind` and `d` of the record.
    pub fn to_parts(&self) -> (String, serde_json::Value) {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(mut o)) => {
                let kind = o.get("kind").and_then(|k| k.as_str()).unwrap_or_default().to_owned();
                (kind, o.remove("d").unwrap_or_else(|| serde_json::json!({})))
            }
            // Events hold strings, numbers and lists of them: their serialisation cannot fail.
            _ => (String::new(), serde_json::json!({})),
        }
    }

    /// From `kind` and `d`; `None` for kinds that are not events of a run (`log.open` …), an error for a shape we do not know.
    pub fn from_parts(kind: &str, d: &serde_json::value::RawValue) -> Result<Option<Self>, serde_json::Error> {
        if kind.starts_with("log.") || NO_EVENTS.contains(&kind) {
            return Ok(None);
        }
        let kind = serde_json::Value::from(kind);
        let whole = || serde_json::from_str(&format!("{{\"kind\":{kind},\"d\":{}}}", d.get()));
        if d.get() != "{}" {
            return whole().map(Some);
        }
        // An empty object stands on disk for no content, and for content of which nothing had to be said.
        serde_json::from_str(&format!("{{\"kind\":{kind}}}")).or_else(|_| whole()).map(Some)
    }
}
