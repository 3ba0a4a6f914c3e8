//! The second person's picture, on both laptops: what is asked here, and what a colleague asks.

use std::sync::Arc;

use super::{ChangeView, Mode};
pub use crate::approval::Verdict as ApprovalVerdict;
use crate::runbook::model::StepId;

/// Approvals, on either side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Approvals {
    /// What the open run waits for.
    pub asked: Vec<AskedView>,
    /// A colleague's request that is being looked at.
    pub request: Option<Arc<RequestView>>,
    /// Whose keys are known here.
    pub roster: Vec<RosterRow>,
    /// This device's key as a line for colleagues; none: not made yet.
    pub mine: Option<String>,
    /// Why this device cannot sign.
    pub cannot_sign: Option<String>,
}

/// What is asked of the second person, as the operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedView {
    /// Step.
    pub step: StepId,
    /// What makes the question one of a kind; empty: a script answers it.
    pub nonce: String,
    /// What exactly, in words.
    pub what: String,
    /// The whole request as a block to paste.
    pub block: Arc<str>,
    /// The same as pictures, in order.
    pub pictures: Vec<Qr>,
    /// What is read over the phone, in groups.
    pub challenge: String,
    /// Until when it can be answered (UTC ms on the run's clock).
    pub until: Option<i64>,
    /// Who could answer: names of the roster; of a script those of the scenario, whoever was asked first.
    pub approvers: Vec<String>,
}

/// A picture that a phone or Lifeboat reads: rows of dark and light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// Modules in a row, and rows.
    pub width: usize,
    /// Dark ones, row by row.
    pub dark: Arc<[bool]>,
}

/// A checkpoint of the record, as it is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointView {
    /// Records that it covers.
    pub records: u64,
    /// Exactly what `lifeboat verify --checkpoint` takes.
    pub text: Arc<str>,
    /// The same to be photographed.
    pub picture: Qr,
}

/// A colleague's request, as whoever is asked sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestView {
    /// What makes it one of a kind: whoever answers names it, so that no other is answered.
    pub id: String,
    /// Who asks, by this laptop's roster; else as they call themselves.
    pub from: String,
    /// Their key is on this laptop's roster.
    pub known: bool,
    /// Run, as people say it.
    pub run: String,
    /// Plan title and environment.
    pub plan: String,
    /// Mode.
    pub mode: Mode,
    /// Step: id and title.
    pub step: String,
    /// What exactly would be done.
    pub changes: Vec<ChangeView>,
    /// Or what was said, for a decision and a person's word.
    pub words: Vec<String>,
    /// More to know: why a second person, what may be lost, what undoes it, guard set aside.
    pub rows: Vec<super::CardRow>,
    /// The name to be typed before it can be agreed to.
    pub typed_name: Option<String>,
    /// Until when it can be answered (UTC ms).
    pub until: Option<i64>,
    /// Why it cannot be agreed to.
    pub refused: Option<String>,
    /// What was answered, once it was.
    pub verdict: Option<ApprovalVerdict>,
    /// The answer to send back.
    pub answer: Option<Arc<str>>,
    /// The answer to read over the phone.
    pub code: Option<String>,
}

/// Somebody whose key is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Name.
    pub name: String,
    /// The key's beginning, to compare by voice.
    pub key: String,
    /// The whole key.
    pub whole: String,
    /// It is this device's own.
    pub own: bool,
}
