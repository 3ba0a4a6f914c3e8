//! The request: everything that a second person has to see before they agree, whole, in one letter.
//!
//! It is made from the run as it stands, and never from what somebody says about it: what is shown must have the digest that
//! the run asked about. Whoever reads it makes the same digest from what they are shown.

use serde::{Deserialize, Serialize};

use super::block::Letter;
use super::{ANSWER_WITHIN, ApprovalError, CLOCKS_DIFFER};
use crate::plan::model::PlannedStep;
use crate::run::approval::{of_changes, of_glass, of_words};
use crate::run::event::{Change, FieldChange, Mode, Reading};
use crate::run::state::{Run, StepRun};
use crate::runbook::model::{Risk, Undo};
use crate::units::{PublicKey, utc_text};

/// Requests of one step; a run's record holds fewer.
const MOST_CHANGES: usize = 500;

/// What is asked of a second person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Run.
    pub run: String,
    /// Its mode.
    pub mode: Mode,
    /// Its plan.
    pub plan: PlanNamed,
    /// The step.
    pub step: StepNamed,
    /// What exactly.
    pub asks: Asks,
    /// Digest over plan, step and that.
    pub digest: String,
    /// Why a second person is asked.
    pub why: String,
    /// What may be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_lose: Option<String>,
    /// What undoes it.
    pub undo: String,
    /// What it can break.
    pub risk: String,
    /// Guards as they were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Read>,
    /// The name to be typed before it is agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed_name: Option<String>,
    /// Drawn for this request alone.
    pub nonce: String,
    /// When it was asked (UTC ms on the run's clock).
    pub asked_at: i64,
    /// Until when it can be answered.
    pub until: i64,
    /// The run's clock is a scenario's: it cannot be compared with a computer's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scenario: bool,
    /// Who asks, as they call themselves.
    pub from: String,
    /// Their device.
    pub key: PublicKey,
    /// Records of the run so far, and the hash of the last: whoever keeps the request holds them to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<(u64, String)>,
    /// The newest checkpoint of the run's record, signed by it: whoever agrees signs that they saw it, and keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// A plan, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanNamed {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Environment.
    pub environment: String,
    /// SHA-256 over its texts and the strategy.
    pub digest: String,
}

/// A step, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepNamed {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it is done to.
    pub target: String,
}

/// What exactly is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// To send these.
    Send {
        /// Requests, in order.
        changes: Vec<Sent>,
        /// They take back.
        undo: bool,
    },
    /// To stand for these words: a decision with reason and expected loss, or a person's word.
    Words(Vec<String>),
    /// To go on although a guard does not hold.
    Glass {
        /// Guard.
        guard: String,
        /// Why.
        reason: String,
        /// What would be sent in spite of it.
        changes: Vec<Sent>,
    },
}

/// A request to Azure, as the second person sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// In words.
    pub what: String,
    /// HTTP method.
    pub method: String,
    /// URL.
    pub url: String,
    /// JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// ETag it depends on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<String>,
    /// Only if the target does not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_if_absent: bool,
    /// ARM id.
    pub target: String,
    /// Fields before and after, as read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
}

/// A guard as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Guard.
    pub name: String,
    /// What was read.
    pub value: String,
    /// Whether it holds; none: unknown.
    pub ok: Option<bool>,
}

impl From<&Change> for Sent {
    fn from(c: &Change) -> Self {
        Self {
            what: c.what.clone(),
            method: c.method.clone(),
            url: c.url.clone(),
            body: c.body.clone(),
            if_match: c.if_match.clone(),
            only_if_absent: c.only_if_absent,
            target: c.target.clone(),
            fields: c.fields.clone(),
        }
    }
}

impl From<&Sent> for Change {
    fn from(s: &Sent) -> Self {
        Self {
            what: s.what.clone(),
            method: s.method.clone(),
            url: s.url.clone(),
            body: s.body.clone(),
            if_match: s.if_match.clone(),
            only_if_absent: s.only_if_absent,
            target: s.target.clone(),
            fields: s.fields.clone(),
            previous: None,
            effect: None,
        }
    }
}

impl Letter for Request {
    const NAME: &'static str = "approval request";
    const DOMAIN: &'static str = "lifeboat-approval-request-1\n";
    fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl Asks {
    /// The digest of what is shown.
    pub fn digest(&self, plan: &str, step: &str) -> String {
        match self {
            Self::Send { .. } => of_changes(plan, step, &self.would_send()),
            Self::Words(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                of_words(plan, step, &words)
            }
            Self::Glass { guard, reason, .. } => of_glass(plan, step, guard, reason, &self.would_send()),
        }
    }

    /// The requests that it is about.
    pub fn changes(&self) -> &[Sent] {
        match self {
            Self::Send { changes, .. } | Self::Glass { changes, .. } => changes,
            Self::Words(_) => &[],
        }
    }

    fn would_send(&self) -> Vec<Change> {
        self.changes().iter().map(Change::from).collect()
    }
}

impl Request {
    /// Whether it asks about what it shows.
    pub fn honest(&self) -> Result<(), ApprovalError> {
        let many = self.asks.changes().len() > MOST_CHANGES;
        // A name that is typed by typing nothing protects nothing.
        let nameless = self.typed_name.as_deref().is_some_and(|n| n.trim().is_empty());
        // Only a rehearsal has a clock of its own, and nobody has longer to answer than there is.
        let real = matches!(self.mode, Mode::Live | Mode::DryRun) && self.scenario;
        let time = u64::try_from(self.until.saturating_sub(self.asked_at))
            .is_ok_and(|t| t <= ANSWER_WITHIN.0 + CLOCKS_DIFFER.0);
        if many || nameless || real || !time || self.nonce.len() < 16 {
            return Err(ApprovalError::Misleading);
        }
        let shown = self.asks.digest(&self.plan.digest, &self.step.id);
        if shown == self.digest { Ok(()) } else { Err(ApprovalError::Misleading) }
    }

    /// What is asked, in one line.
    pub fn headline(&self) -> &'static str {
        match &self.asks {
            Asks::Send { undo: false, .. } => "to send this to Azure",
            Asks::Send { undo: true, .. } => "to take this back in Azure",
            Asks::Words(_) => "to stand for these words",
            Asks::Glass { .. } => "to break the glass: to go on although a guard does not hold",
        }
    }

    /// More to know, as label and text.
    pub fn rows(&self) -> Vec<(&'static str, Option<bool>, String)> {
        let mut out = vec![("why a second person", None, self.why.clone()), ("target", None, self.step.target.clone())];
        if let Asks::Glass { guard, reason, .. } = &self.asks {
            out.push(("guard set aside", Some(false), format!("“{guard}”, for this attempt: {reason}")));
        }
        for c in self.asks.changes() {
            let only = match (&c.if_match, c.only_if_absent) {
                (Some(tag), _) => format!(" · only while its ETag is {tag}"),
                (None, true) => " · only if it is not there".to_owned(),
                (None, false) => String::new(),
            };
            let body = c.body.as_ref().map_or_else(|| "no body".to_owned(), |b| format!("body {b}"));
            out.push(("sends", None, format!("{} {}{only} · {body}", c.method, c.url)));
        }
        out.extend(self.guards.iter().map(|g| ("guard", Some(g.ok == Some(true)), format!("{}: {}", g.name, g.value))));
        out.push((
            "may lose",
            None,
            self.may_lose.clone().unwrap_or_else(|| "nothing is expected to be lost".to_owned()),
        ));
        out.push(("risk", None, self.risk.clone()));
        out.push(("undo", None, self.undo.clone()));
        let clock = if self.scenario { " on the rehearsal's clock" } else { "" };
        out.push(("answer until", None, format!("{}{clock}", utc_text(self.until))));
        out.push(("plan digest", None, self.plan.digest.clone()));
        out
    }
}

/// Circumstances of a request that are not in the run.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    /// Run id.
    pub run: &'a str,
    /// Who asks.
    pub from: &'a str,
    /// What was read of the step: its changes and guards.
    pub read: Option<(&'a [Change], &'a [Reading])>,
    /// Records so far, and the last one's hash.
    pub head: Option<(u64, String)>,
}

/// The request for what a step asks now; none when what is known does not have the digest that was asked about.
pub fn asking(run: &Run, step: &StepRun, a: &Asking<'_>, key: &PublicKey) -> Option<Request> {
    let (start, plan, planned) = (run.start.as_ref()?, run.plan.as_ref()?, run.planned(&step.id)?);
    let asked = step.asked.as_ref().filter(|q| q.answer.is_none())?;
    let (changes, guards) = a.read.unwrap_or_default();
    let word = || step.pending_word.clone().unwrap_or_default();
    let mut could = Vec::new();
    match (&asked.glass, planned.decision) {
        (Some(guard), _) => could.push(Asks::Glass {
            guard: guard.clone(),
            reason: word(),
            changes: changes.iter().map(Sent::from).collect(),
        }),
        (None, true) => could.extend(
            run.decision
                .as_ref()
                .map(|d| Asks::Words(vec![d.choice.display().to_owned(), d.reason.clone(), d.expected_loss.clone()])),
        ),
        (None, false) => {
            could.push(Asks::Words(vec![word()]));
            let undo = asked.back_to.is_some();
            could.push(Asks::Send { changes: changes.iter().map(Sent::from).collect(), undo });
        }
    }
    let asks = could.into_iter().find(|c| c.digest(&start.digest, &step.id) == asked.digest)?;
    let read = |g: &Reading| Read { name: g.name.clone(), value: g.value.clone(), ok: g.ok };
    Some(Request {
        run: a.run.to_owned(),
        mode: start.mode,
        plan: PlanNamed {
            id: plan.id.clone(),
            title: start.title.clone(),
            environment: start.environment.clone(),
            digest: start.digest.clone(),
        },
        step: StepNamed { id: step.id.clone(), title: planned.title.clone(), target: planned.target.clone() },
        digest: asked.digest.clone(),
        why: match &asks {
            Asks::Glass { .. } => "breaking the glass always takes two".to_owned(),
            _ => planned.second_person.clone().unwrap_or_else(|| "whoever asks wants it so".to_owned()),
        },
        asks,
        may_lose: planned.may_lose.clone(),
        undo: undo(planned),
        risk: risk(planned.risk).to_owned(),
        guards: guards.iter().map(read).collect(),
        typed_name: planned.typed_name().map(str::to_owned),
        nonce: asked.nonce.clone(),
        asked_at: asked.at,
        until: asked.until?,
        scenario: start.scenario.is_some(),
        from: a.from.to_owned(),
        key: key.clone(),
        head: a.head.clone(),
        checkpoint: None,
    })
}

/// What a step can break, in words.
pub fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::ReadOnly => "changes nothing in Azure",
        Risk::Reversible => "can be taken back",
        Risk::Lossy => "may lose data",
        Risk::Irreversible => "cannot be taken back",
    }
}

/// What undoes a step, in words.
pub fn undo(planned: &PlannedStep) -> String {
    match &planned.undo {
        Undo::Nothing => "nothing to take back".to_owned(),
        Undo::RestorePrevious => "writes back what was read before".to_owned(),
        Undo::DeleteCreated => "deletes what it created".to_owned(),
        Undo::ByHand(how) => how.clone(),
        Undo::Impossible => "cannot be taken back".to_owned(),
    }
}
