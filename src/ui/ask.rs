//! Dialogs as data: what is asked, what makes the answer good, and the command it becomes.

use std::fmt;
use std::sync::Arc;

use eframe::egui::Id;
use zeroize::Zeroize;

use super::papers::Paper;
use super::screens::audit::AuditAsk;
use crate::desk::protocol::{Command, CredentialIntent, FacilitateIntent, HookIntent, Name, StepIntent, WatchIntent};
use crate::desk::snapshot::{ActionView, CheckpointView, PlanPreview, RunView, StepCard};
use crate::rehearsal::scenario::Outcome;
use crate::runbook::model::{StepId, Strategy};
use crate::units::{Millis, visible};

/// What a field accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Must {
    /// Anything, also nothing.
    Any,
    /// Some text.
    Text,
    /// Exactly this text: the target's name.
    Equal(String),
    /// A duration such as `15m`.
    Duration,
    /// A passphrase that holds.
    Passphrase,
    /// The same as in the field before.
    Again,
}

/// Letters of a passphrase at least: the file may fall into any hands, and whoever has it may try for ever.
pub const LEAST_PASSPHRASE: usize = 10;

/// What the system's own dialog is asked for, to fill in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browse {
    /// A file that is there.
    Open,
    /// A file to be written.
    Save,
}

/// One field.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Label above it.
    pub label: String,
    /// What was typed.
    pub text: String,
    /// What stood there before anything was typed.
    pub given: String,
    /// What it accepts.
    pub must: Must,
    /// More than one line.
    pub tall: bool,
    /// Drawn as dots; never in a debug print, and overwritten in memory when the dialog goes.
    pub secret: bool,
    /// A path, with a button that opens the system's dialog.
    pub browse: Option<Browse>,
    /// Asked for only while the first of the choices is chosen.
    pub with_first: bool,
    /// Where it was drawn, so that what egui keeps of a secret can be forgotten.
    pub drawn: Option<Id>,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.secret { "•••" } else { self.text.as_str() };
        f.debug_struct("Field").field("label", &self.label).field("text", &text).finish_non_exhaustive()
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        if self.secret {
            self.text.zeroize();
        }
    }
}

impl Field {
    pub(super) fn new(label: impl Into<String>, must: Must) -> Self {
        let (text, given, label) = (String::new(), String::new(), label.into());
        Self { label, text, given, must, tall: false, secret: false, browse: None, with_first: false, drawn: None }
    }
    pub(super) fn tall(mut self) -> Self {
        self.tall = true;
        self
    }
    pub(super) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
    pub(super) fn browse(mut self, how: Browse) -> Self {
        self.browse = Some(how);
        self
    }
    pub(super) fn with_first(mut self) -> Self {
        self.with_first = true;
        self
    }
    pub(super) fn draft(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        text.clone_into(&mut self.given);
        self
    }
    /// Whether it is filled in well.
    pub fn good(&self) -> bool {
        let text = self.text.trim();
        match &self.must {
            Must::Any => true,
            Must::Text => !text.is_empty(),
            Must::Equal(name) => text == name,
            Must::Duration => text.parse::<Millis>().is_ok(),
            Must::Passphrase => text.chars().count() >= LEAST_PASSPHRASE,
            Must::Again => !text.is_empty(),
        }
    }
}

/// What the answer becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Make {
    /// Something about a step; the texts go where the intent wants them.
    Step(StepId, StepIntent),
    /// A note.
    Note,
    /// Pause, with a reason.
    Pause,
    /// Give up, with a reason.
    Abort,
    /// Close, with the chosen outcome and a summary.
    Close,
    /// The impact began so long ago.
    Impact,
    /// Start a live run of this plan, in this strategy.
    Live(String, Strategy),
    /// Trust this plan, as long as its texts have this SHA-256.
    Trust(String, String),
    /// Delete this credential.
    Forget(Name),
    /// What a colleague sees.
    Sighting,
    /// No more messages by this way.
    Hook(String),
    /// The facilitator's window, in the middle of a rehearsal.
    Facilitator,
    /// Something of the run as a whole, or between two people.
    Paper(Paper),
    /// Something of the Audit screen.
    Audit(AuditAsk),
}

impl Make {
    /// It is a word in a run that goes on.
    pub fn needs_an_open_run(&self) -> bool {
        matches!(self, Self::Step(..) | Self::Note | Self::Pause | Self::Abort | Self::Close | Self::Impact)
    }
}

/// What is missing in the record, so that it can be added before it is sealed; the rest is counted.
fn not_told(run: &RunView) -> Vec<String> {
    const NAMED: usize = 4;
    let missing = &run.papers.missing;
    let rest = missing.len().saturating_sub(NAMED);
    let head = (!missing.is_empty()).then(|| {
        "Auditors ask for this too, and the record does not say it yet. It can be added before; nothing has to be."
            .to_owned()
    });
    let rest = (rest > 0).then(|| format!("and {rest} more: all of it stands with the papers of the run"));
    head.into_iter().chain(missing.iter().take(NAMED).cloned()).chain(rest).collect()
}

/// A dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Title.
    pub title: String,
    /// Explaining lines.
    pub lines: Vec<String>,
    /// A checkpoint to be copied or photographed before the fields are filled in.
    pub shows: Option<Arc<CheckpointView>>,
    /// Fields, in order.
    pub fields: Vec<Field>,
    /// One of these has to be chosen: label, chosen index.
    pub choice: Option<(Vec<String>, usize)>,
    /// Word on the button.
    pub confirm: String,
    /// It changes something in Azure, opens the way to it, or cannot be taken back: Enter alone does not do it.
    pub changes_azure: bool,
    /// What it becomes.
    pub make: Make,
    /// It has been drawn, and has taken the focus.
    pub open: bool,
    /// The run that was on show when it was opened: its answer is for no other.
    pub run: Option<String>,
}

impl Ask {
    pub(super) fn new(title: impl Into<String>, confirm: &str, make: Make) -> Self {
        Self {
            title: title.into(),
            lines: Vec::new(),
            shows: None,
            fields: Vec::new(),
            choice: None,
            confirm: confirm.to_owned(),
            changes_azure: false,
            make,
            open: false,
            run: None,
        }
    }

    /// The dialog an action needs before it can be sent; `None` when it can be sent as it is.
    pub fn action(card: &StepCard, a: &ActionView) -> Option<Self> {
        let name = a.label.trim_end_matches('…');
        let mut ask = Self::new(name, name, Make::Step(card.id.clone(), a.intent.clone()));
        ask.changes_azure = a.changes_azure;
        if let StepIntent::Decide { reason, expected_loss, .. } = &a.intent {
            ask.lines = card.decision.iter().map(|d| d.arithmetic.clone()).collect();
            ask.fields.push(Field::new("Why", Must::Text).tall().draft(reason));
            // Staying is no more decided without a word about it than moving.
            let draft = card.decision.as_ref().map_or("", |d| d.loss_draft.as_str());
            let loss = if expected_loss.is_empty() { draft } else { expected_loss };
            ask.fields.push(Field::new("What will be lost", Must::Text).tall().draft(loss));
            return Some(ask);
        }
        if let Some(name) = &a.typed_name {
            ask.lines
                .extend(card.rows.iter().filter(|r| matches!(r.label, "may lose" | "undo")).map(|r| r.text.clone()));
            ask.fields.push(Field::new(format!("Type {name} to confirm"), Must::Equal(name.clone())));
        }
        if let Some(prompt) = &a.wants_text {
            let draft = match &a.intent {
                StepIntent::Confirm { evidence } => evidence.as_str(),
                StepIntent::Skip { reason } => reason.as_str(),
                _ => "",
            };
            ask.lines.insert(0, card.title.clone());
            ask.fields.push(Field::new(prompt, Must::Text).tall().draft(draft));
        }
        (!ask.fields.is_empty()).then_some(ask)
    }

    /// A note.
    pub fn note() -> Self {
        let mut a = Self::new("Add a note", "Add to the record", Make::Note);
        a.fields.push(Field::new("Note", Must::Text).tall());
        a
    }

    /// A pause.
    pub fn pause() -> Self {
        let mut a = Self::new("Pause the run", "Pause", Make::Pause);
        a.lines.push(
            "Nothing is started while it is paused, and a step at work ends before its next request: trying it again \
             sends the rest. The clock goes on."
                .to_owned(),
        );
        a.fields.push(Field::new("Why", Must::Text));
        a
    }

    /// Giving up.
    pub fn abort() -> Self {
        let mut a = Self::new("Give the run up", "Give up", Make::Abort);
        a.lines.push("What was changed stays changed: undo steps first if it should not.".to_owned());
        a.fields.push(Field::new("Why", Must::Text));
        // Not Azure; but it ends the run, and no key pressed in passing may do that.
        a.changes_azure = true;
        a
    }

    /// Closing.
    pub fn close(run: &RunView) -> Self {
        let mut a = Self::new("Close the run", "Close the run", Make::Close);
        let (over, all) = run.progress;
        a.lines.push(format!("{over} of {all} steps are over. The record is sealed; it can be read, not continued."));
        a.lines.extend(not_told(run));
        let chosen = Outcome::ALL.iter().position(|o| *o == run.suggest_outcome).unwrap_or_default();
        a.choice = Some((Outcome::ALL.iter().map(|o| o.display().to_owned()).collect(), chosen));
        a.fields.push(Field::new("Summary", Must::Text).tall());
        a
    }

    /// T0.
    pub fn impact() -> Self {
        let mut a = Self::new("When did the impact begin?", "Set", Make::Impact);
        a.lines.push("The clock to the RTO counts from then.".to_owned());
        a.fields.push(Field::new("How long ago, for example 15m or 1h30m", Must::Duration));
        a
    }

    /// A live run.
    pub fn live(p: &PlanPreview, now: i64) -> Self {
        let plan = &p.plan;
        let mut a = Self::new("Start a live run", "Start the live run", Make::Live(p.name.clone(), p.strategy));
        a.lines = vec![
            format!("{}, {}", p.title, p.strategy.display()),
            "Its steps change real resources. Starting it changes nothing yet: every change asks first.".to_owned(),
        ];
        if let Some(advice) = p.readiness.advice() {
            a.lines.push(format!("Not verified. {} {advice}", p.readiness.sentence(now)));
        }
        a.fields.push(Field::new(format!("Type {plan} to confirm"), Must::Equal(plan.to_owned())));
        a.changes_azure = true;
        a
    }

    /// Trust in a plan's texts.
    pub fn trust(p: &PlanPreview) -> Self {
        let t = &p.trust;
        let make = Make::Trust(p.name.clone(), t.digest.clone());
        // In two halves, as a person compares it.
        let (first, second) = t.digest.split_at_checked(32).unwrap_or((&t.digest, ""));
        let mut a = Self::new("Trust this plan?", "Trust this plan", make);
        a.lines = vec![
            format!("Plan {}: {}", visible(&p.plan), visible(&p.title)),
            format!("Runbook: {}", visible(&t.runbook)),
            format!("Files: {}", t.foreign.join(", ")),
            format!("SHA-256 {first} {second}"),
            format!("It may then call {}.", t.hosts.join(", ")),
            "Live runs of it become possible, and their steps change real resources; every change still asks first. One \
             changed byte, and you are asked again."
                .to_owned(),
        ];
        a.changes_azure = true;
        a
    }

    /// A credential that goes.
    pub fn forget(name: &Name) -> Self {
        let mut a = Self::new(format!("Delete {}?", name.title()), "Delete the credential", Make::Forget(name.clone()));
        let what = "It is deleted where it is kept, and nothing brings it back. Azure still takes it until it is renewed there.";
        a.lines.push(what.to_owned());
        // Not Azure; but no more to be had by a key pressed in passing.
        a.changes_azure = true;
        a
    }

    /// A way to tell people outside that goes.
    pub fn hook(name: &str) -> Self {
        let mut a = Self::new(format!("Delete {}?", visible(name)), "Delete it", Make::Hook(name.to_owned()));
        let what = "Nobody is told by it any more, and its address goes out of the keyring. Nothing brings it back.";
        a.lines.push(what.to_owned());
        // Not Azure; but no more to be had by a key pressed in passing.
        a.changes_azure = true;
        a
    }

    /// The facilitator's window: one key away from the operator's own hands.
    pub fn facilitator() -> Self {
        let mut a = Self::new("Open the facilitator's window?", "Open it", Make::Facilitator);
        let what =
            "It shows what the operator is not told, and what is expected. That it was opened goes into the record.";
        a.lines.push(what.to_owned());
        // Not Azure; but what was seen cannot be unseen, and the key stands beside others.
        a.changes_azure = true;
        a
    }

    /// What a colleague sees; `draft` is what was pasted before and not understood.
    pub fn sighting(draft: &str) -> Self {
        let mut a = Self::new("What does your colleague see?", "Take it over", Make::Sighting);
        a.lines = vec![
            "Paste the block of text that their Lifeboat copied, or write their words, such as: Mira, office network: \
             East US does not answer."
                .to_owned(),
            "It stands beside what this laptop sees, as theirs and with its age.".to_owned(),
        ];
        a.fields.push(Field::new("Their text", Must::Text).tall().draft(draft));
        a
    }

    /// Whether it can be sent.
    pub fn good(&self) -> bool {
        (0..self.fields.len()).all(|i| self.field_good(i))
    }

    /// Whether this field is asked for with the choice as it is.
    pub fn asks(&self, i: usize) -> bool {
        let first = self.choice.as_ref().is_none_or(|(_, chosen)| *chosen == 0);
        self.fields.get(i).is_some_and(|f| first || !f.with_first)
    }

    /// Whether this field is filled in well, beside the others.
    pub fn field_good(&self, i: usize) -> bool {
        let Some(field) = self.fields.get(i).filter(|_| self.asks(i)) else { return true };
        let before = || i.checked_sub(1).and_then(|i| self.fields.get(i));
        field.good() && (field.must != Must::Again || before().is_some_and(|b| b.text.trim() == field.text.trim()))
    }

    /// What was typed into a field.
    pub fn text(&self, i: usize) -> String {
        self.fields.get(i).map(|f| f.text.trim().to_owned()).unwrap_or_default()
    }

    /// The command, once [`Self::good`]; `now` is the run's clock in UTC ms.
    pub fn command(&self, now: i64) -> Option<Command> {
        if !self.good() {
            return None;
        }
        let text = |i: usize| self.text(i);
        Some(match &self.make {
            Make::Facilitator => Command::Facilitate(FacilitateIntent::Open),
            Make::Paper(paper) => paper.command(self),
            Make::Audit(audit) => return audit.command(self),
            Make::Note => Command::Note(text(0)),
            Make::Pause => Command::Pause(text(0)),
            Make::Abort => Command::Abort(text(0)),
            Make::Close => {
                let outcome = self.choice.as_ref().and_then(|(_, i)| Outcome::ALL.get(*i).copied())?;
                Command::Close { outcome, summary: text(0) }
            }
            Make::Impact => {
                let ago = text(0).parse::<Millis>().ok()?;
                Command::ImpactStarted(now.saturating_sub(i64::try_from(ago.0).unwrap_or(i64::MAX)))
            }
            Make::Live(plan, strategy) => {
                Command::StartRun { plan: plan.clone(), strategy: Some(*strategy), dry_run: false }
            }
            Make::Trust(plan, digest) => Command::TrustPlan { plan: plan.clone(), digest: digest.clone() },
            Make::Forget(name) => Command::Credential(CredentialIntent::Delete(name.clone())),
            Make::Sighting => Command::Watch(WatchIntent::TakeSighting(text(0))),
            Make::Hook(name) => Command::Hook(HookIntent::Delete(name.clone())),
            Make::Step(id, intent) => Command::Step(id.clone(), self.fill(intent.clone())),
        })
    }

    /// Puts the typed texts where the intent wants them: the target's name first, then the words.
    fn fill(&self, mut intent: StepIntent) -> StepIntent {
        let mut name = None;
        let mut words = Vec::new();
        for f in &self.fields {
            match f.must {
                Must::Equal(_) => name = Some(f.text.trim().to_owned()),
                _ => words.push(f.text.trim().to_owned()),
            }
        }
        let mut words = words.into_iter();
        match &mut intent {
            StepIntent::Perform { typed, .. } | StepIntent::TakeBack { typed } => *typed = name,
            StepIntent::Confirm { evidence } => *evidence = words.next().unwrap_or_default(),
            StepIntent::Skip { reason } => *reason = words.next().unwrap_or_default(),
            StepIntent::Decide { reason, expected_loss, .. } => {
                *reason = words.next().unwrap_or_default();
                *expected_loss = words.next().unwrap_or_default();
            }
            StepIntent::Preview { .. }
            | StepIntent::Check
            | StepIntent::AskSecondPerson
            | StepIntent::Retry { .. }
            | StepIntent::Undo
            | StepIntent::Keep => {}
        }
        intent
    }
}
