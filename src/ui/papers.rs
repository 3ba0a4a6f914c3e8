//! Dialogs of the run as a whole, and between two people: what people keep beside the steps, setting a guard aside, taking
//! several steps back, handing over, and the second person.

use std::path::PathBuf;
use std::sync::Arc;

use super::ask::{Ask, Browse, Field, Make, Must};
use crate::desk::protocol::{About, ApprovalIntent, Command, Declaration, Lock, RunIntent, Severity, Vouched};
use crate::desk::snapshot::{AskedView, CardRow, CheckpointView, FindingView, RunView, StepCard, StepState};
use crate::run::event::LossKind;
use crate::runbook::model::StepId;
use crate::units::Secret;

/// Steps named in a dialog; the rest is counted.
const NAMED: usize = 8;

/// What an answered dialog of this file becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paper {
    /// A line of the divergence ledger.
    Ledger,
    /// A line of the loss register.
    Loss,
    /// A text as evidence: of this step, or of the run.
    Evidence(Option<StepId>),
    /// Something to put right.
    Finding,
    /// How the oldest open finding is put right.
    Corrective,
    /// A signature.
    SignOff,
    /// This checkpoint was put somewhere outside.
    Posted(String),
    /// Something else for the record.
    Tell,
    /// Who declared the incident.
    Declare,
    /// How grave a finding is.
    Rate,
    /// That a finding is over.
    Vouch,
    /// This step may go on without this guard.
    BreakGlass(StepId, String),
    /// This step and everything after it is taken back.
    TakeBackTo(StepId),
    /// The run goes to a colleague; names of the roster, in the order of the choices.
    HandOver(Vec<String>),
    /// A run that was handed over goes on here after all.
    TakeRunBack,
    /// A colleague's run comes here.
    TakeOver,
    /// The second person answers on this device.
    SameDevice(StepId, String),
    /// As the second person: no.
    Refuse,
    /// A colleague's key is no longer known.
    ForgetKey(String),
}

/// The other way for a file, where there is a window.
pub const DROPPED: &str = "A file can also be dropped onto the window.";

/// The three kinds of loss, in the order they are offered.
pub const LOSSES: [(LossKind, &str); 3] =
    [(LossKind::Lost, "Lost"), (LossKind::Unavailable, "Unavailable for now"), (LossKind::Duplicated, "There twice")];

impl Paper {
    /// The command of a dialog that is filled in well.
    pub fn command(&self, ask: &Ask) -> Command {
        let text = |i| ask.text(i);
        let chosen = ask.choice.as_ref().map_or(0, |(_, i)| *i);
        let run = match self {
            Self::Ledger => RunIntent::Ledger(text(0)),
            Self::Loss => {
                let kind = LOSSES.get(chosen).map_or(LossKind::Lost, |(kind, _)| *kind);
                RunIntent::Loss(kind, text(0))
            }
            Self::Evidence(step) => {
                let step = step.clone().filter(|_| chosen == 0);
                RunIntent::EvidenceText { step, name: text(0), text: text(1) }
            }
            Self::Finding => RunIntent::Finding(text(0)),
            Self::Corrective => RunIntent::Corrective { text: text(0), owner: text(1), due: text(2) },
            Self::Tell => {
                let about = About::ALL.get(chosen).map_or(About::Deviation, |(about, _)| *about);
                RunIntent::Tell(about, text(0), text(1))
            }
            Self::Declare => RunIntent::Declare(Box::new(Declaration {
                by: text(0),
                authority: text(1),
                trigger: text(2),
                detected: text(3),
                location: text(4),
            })),
            Self::Rate => RunIntent::Rate(Severity::ALL.get(chosen).copied().unwrap_or(Severity::Medium), text(0)),
            Self::Vouch => RunIntent::Vouch(Vouched {
                accepted: chosen == 1,
                seen: text(0),
                by: text(1),
                retest: text(2),
                until: text(3),
            }),
            Self::SignOff => RunIntent::SignOff { role: text(0), statement: text(1) },
            Self::Posted(note) => RunIntent::Posted { note: note.clone(), place: text(0) },
            Self::BreakGlass(step, guard) => {
                RunIntent::BreakGlass { step: step.clone(), guard: guard.clone(), reason: text(0) }
            }
            Self::TakeBackTo(step) => RunIntent::TakeBackTo(step.clone()),
            Self::HandOver(colleagues) => {
                let colleague = chosen.checked_sub(1).and_then(|i| colleagues.get(i)).cloned();
                let to = if text(1).is_empty() { colleague.clone().unwrap_or_default() } else { text(1) };
                let lock = colleague.map_or_else(|| Lock::Passphrase(Secret::new(text(2))), Lock::Colleague);
                RunIntent::HandOver { file: PathBuf::from(text(0)), to, lock }
            }
            Self::TakeRunBack => RunIntent::TakeRunBack { reason: text(0) },
            Self::TakeOver => {
                let passphrase = Some(text(1)).filter(|p| !p.is_empty()).map(Secret::new);
                RunIntent::TakeOver { file: PathBuf::from(text(0)), passphrase }
            }
            Self::SameDevice(step, nonce) => {
                let (step, nonce) = (step.clone(), nonce.clone());
                return Command::Approval(ApprovalIntent::SameDevice { step, nonce, name: text(0) });
            }
            Self::Refuse => return Command::Approval(ApprovalIntent::Refuse(text(0))),
            Self::ForgetKey(name) => return Command::Approval(ApprovalIntent::Forget(name.clone())),
        };
        Command::Run(run)
    }
}

fn paper(title: &str, confirm: &str, make: Paper) -> Ask {
    Ask::new(title, confirm, Make::Paper(make))
}

/// The guard that a step is refused for, and what was read of it.
pub fn refused_guard(card: &StepCard) -> Option<(&str, &CardRow)> {
    let ahead = matches!(card.state, StepState::Ready | StepState::Undone);
    let row = card.rows.iter().filter(|_| ahead).find(|r| r.label == "guard" && r.ok == Some(false))?;
    Some((row.text.split_once(": ").map_or(row.text.as_str(), |(name, _)| name), row))
}

/// What taking back to this step would take back, the newest first.
pub fn would_be_taken_back<'a>(run: &'a RunView, to: &str) -> Vec<&'a str> {
    let steps = || run.phases.iter().flat_map(|p| &p.steps);
    let at = steps().position(|s| s.id == to).unwrap_or(usize::MAX);
    let done = |s: &StepState| matches!(s, StepState::DoneByApp | StepState::DoneByHand);
    let mut all: Vec<&str> = steps().skip(at).filter(|s| done(&s.state)).map(|s| s.title.as_str()).collect();
    all.reverse();
    all
}

impl Ask {
    /// A line of the divergence ledger.
    pub fn ledger() -> Self {
        let mut a = paper("What is different in the secondary?", "Add to the ledger", Paper::Ledger);
        a.lines.push(
            "Whatever is created or changed there while it serves: on the way back it has to be carried over.".into(),
        );
        a.fields.push(Field::new("Created or changed", Must::Text).tall());
        a
    }

    /// A line of the loss register.
    pub fn loss() -> Self {
        let mut a = paper("What is lost?", "Add to the register", Paper::Loss);
        a.choice = Some((LOSSES.iter().map(|(_, name)| (*name).to_owned()).collect(), 0));
        a.lines.push(
            "The three are kept apart: what is gone, what comes back with the region, and what is there twice.".into(),
        );
        a.fields.push(Field::new("What, and how much", Must::Text).tall());
        a
    }

    /// A text as evidence.
    pub fn evidence(card: Option<&StepCard>) -> Self {
        let mut a = paper("Paste evidence", "Add to the record", Paper::Evidence(card.map(|c| c.id.clone())));
        a.lines.extend(["It is kept with the record, with its SHA-256.".to_owned(), DROPPED.to_owned()]);
        if let Some(card) = card {
            a.choice = Some((vec![format!("For “{}”", card.title), "For the whole run".to_owned()], 0));
        }
        a.fields.push(Field::new("Name, such as: ticket 4711", Must::Text));
        a.fields.push(Field::new("Text", Must::Text).tall());
        a
    }

    /// Something to put right.
    pub fn finding() -> Self {
        let mut a = paper("What is to be put right?", "Add the finding", Paper::Finding);
        a.fields.push(Field::new("Finding", Must::Text).tall());
        a
    }

    /// How the oldest open finding is put right.
    pub fn corrective(run: &RunView) -> Self {
        let mut a = paper("How is it put right?", "Add the action", Paper::Corrective);
        a.lines.extend(open_finding(run).map(str::to_owned));
        a.fields.push(Field::new("Action", Must::Text).tall());
        a.fields.push(Field::new("Who does it", Must::Text));
        a.fields.push(Field::new("Until when, such as 2027-01-31", Must::Text));
        a
    }

    /// A signature.
    pub fn sign_off() -> Self {
        let mut a = paper("Sign off", "Sign off", Paper::SignOff);
        a.lines.push("Your name and these words stand in the record, under the signature of this device.".into());
        a.fields.push(Field::new("As what, such as: service owner", Must::Text));
        a.fields.push(Field::new("What you state", Must::Text).tall());
        a
    }

    /// Something else for the record: one form for all of it.
    pub fn tell() -> Self {
        let mut a = paper("Tell for the record", "Add to the record", Paper::Tell);
        a.choice = Some((About::ALL.iter().map(|(_, name)| (*name).to_owned()).collect(), 0));
        a.lines.push(
            "Who takes part, confirmed it, was told, says so, or receives the report; and what: the role, what was seen or said, the \
             report's version. Newest data recovered: which, then its age at the impact, such as: 41m, from the backup."
                .into(),
        );
        a.fields.push(Field::new("Who, or which data", Must::Text));
        a.fields.push(Field::new("What", Must::Text).tall());
        a
    }

    /// Who declared the incident; everything can stay empty that is not known.
    pub fn declare() -> Self {
        let mut a = paper("Who declared the incident?", "Add to the record", Paper::Declare);
        a.lines.push("What is not known stays empty, and can be added later.".into());
        for label in [
            "Activated by",
            "On whose authority",
            "What triggered it",
            "When and how it was detected",
            "Worked on from",
        ] {
            a.fields.push(Field::new(label, Must::Any));
        }
        a
    }

    /// How grave the oldest finding is that nobody has rated.
    pub fn rate(run: &RunView) -> Self {
        let mut a = paper("How grave is it?", "Add to the record", Paper::Rate);
        a.lines.extend(unrated_finding(run).map(str::to_owned));
        a.choice = Some((Severity::ALL.iter().map(|s| s.word().to_owned()).collect(), 1));
        a.fields.push(Field::new("Root cause", Must::Text).tall());
        a
    }

    /// That the oldest finding is over for which it was said how.
    pub fn vouch(run: &RunView) -> Self {
        let mut a = paper("Is it put right?", "Add to the record", Paper::Vouch);
        a.lines
            .extend(unvouched_finding(run).map(|f| format!("{}: {}", f.text, f.corrective.as_deref().unwrap_or(""))));
        a.lines.push("Another person than who does it vouches for it.".into());
        a.choice = Some((vec!["It is put right".to_owned(), "The risk is accepted".to_owned()], 0));
        a.fields.push(Field::new("What was seen, or why the risk is borne", Must::Text).tall());
        a.fields.push(Field::new("Who vouches for it", Must::Text));
        a.fields.push(Field::new("Tried again in, such as a run or a ticket", Must::Any).with_first());
        a.fields.push(Field::new("An accepted risk: until when, such as 2027-06-30", Must::Any));
        a
    }

    /// The checkpoint to be put outside this computer, and where it was put.
    pub fn posted(c: &Arc<CheckpointView>) -> Self {
        let mut a = paper("Put a checkpoint outside", "Say so in the record", Paper::Posted(c.text.to_string()));
        a.lines.push(format!(
            "Whoever holds this text can tell whether the first {} records of this run were changed, cut or made anew. Put it \
             where nobody can alter it unseen: a ticket, the incident's channel, a colleague's notes.",
            c.records
        ));
        a.fields.push(Field::new("Where it was put, such as ticket INC-123 or #incident", Must::Text));
        a.shows = Some(c.clone());
        a
    }

    /// A guard is set aside; where none refuses there is nothing to break.
    pub fn break_glass(card: &StepCard) -> Option<Self> {
        let (guard, row) = refused_guard(card)?;
        let make = Paper::BreakGlass(card.id.clone(), guard.to_owned());
        let mut a = paper("Break the glass", "Ask the second person", make);
        a.lines = vec![
            format!("Step: {}", card.title),
            format!("This guard does not hold: {}", row.text),
            "It is there to keep a failover from making things worse. Setting it aside needs a second person, counts for \
             this one attempt, and stands in the record with your reason."
                .to_owned(),
        ];
        a.fields.push(Field::new(format!("Why it is right to go on without “{guard}”"), Must::Text).tall());
        a.changes_azure = true;
        Some(a)
    }

    /// Several steps are taken back.
    pub fn take_back_to(run: &RunView, card: &StepCard) -> Self {
        let all = would_be_taken_back(run, &card.id);
        let mut a = paper("Take back to here", "Begin taking back", Paper::TakeBackTo(card.id.clone()));
        a.lines.push(
            "One at a time, the newest first. Each shows what it would change, and asks before it sends anything."
                .into(),
        );
        a.lines.extend(all.iter().take(NAMED).map(|title| format!("· {title}")));
        if all.len() > NAMED {
            a.lines.push(format!("and {} more", all.len() - NAMED));
        }
        a
    }

    /// The run goes to a colleague.
    pub fn hand_over(run: &RunView, colleagues: &[String]) -> Self {
        let mut a = paper("Hand the run over", "Hand over", Paper::HandOver(colleagues.to_vec()));
        a.lines = vec![
            format!(
                "{} · run {}: state, decisions, open questions and the record go into one encrypted file.",
                run.title, run.short
            ),
            "From then on it can only be read here, and says so.".to_owned(),
        ];
        let key = |name: &String| format!("{name}'s key");
        a.choice = Some((std::iter::once("Passphrase".to_owned()).chain(colleagues.iter().map(key)).collect(), 0));
        let name = format!("run-{}.handover", run.short.to_lowercase());
        a.fields.push(Field::new("File", Must::Text).browse(Browse::Save).draft(&name));
        a.fields.push(Field::new("To whom", Must::Text));
        a.fields.push(
            Field::new("Passphrase; tell it by another way than the file", Must::Passphrase).secret().with_first(),
        );
        a.fields.push(Field::new("The passphrase again", Must::Again).secret().with_first());
        a.changes_azure = true;
        a
    }

    /// A run that was handed over goes on here after all.
    pub fn take_run_back(run: &RunView) -> Self {
        let mut a = paper("Take the run back", "Take it back", Paper::TakeRunBack);
        a.lines.extend(run.papers.handed_over.iter().map(|to| format!("Handed over: {to}")));
        a.lines.push(
            "Ask first: when somebody goes on with it elsewhere, both would change the same resources, and neither record \
             would know of the other."
                .to_owned(),
        );
        a.fields.push(Field::new("Why nobody goes on with it elsewhere", Must::Text).tall());
        a.changes_azure = true;
        a
    }

    /// A colleague's run comes here.
    pub fn take_over() -> Self {
        let mut a = paper("Take over a run", "Take over", Paper::TakeOver);
        a.lines
            .push("The file that your colleague's Lifeboat wrote. The run goes on here where it stood there.".into());
        a.fields.push(Field::new("File", Must::Text).browse(Browse::Open));
        a.fields.push(Field::new("Passphrase; empty when it is locked for this device's key", Must::Any).secret());
        a.changes_azure = true;
        a
    }

    /// The second person answers on this device.
    pub fn same_device(asked: &AskedView) -> Self {
        let make = Paper::SameDevice(asked.step.clone(), asked.nonce.clone());
        let mut a = paper("They agree on this device", "I agree to exactly this", make);
        a.lines = vec![
            asked.what.clone(),
            "For the second person, who reads this here and types their own name. The record says “on the same device”: \
             it proves less than an answer from a key of their own."
                .to_owned(),
        ];
        a.fields.push(Field::new("Name of the second person", Must::Text));
        a.changes_azure = true;
        a
    }

    /// As the second person: no.
    pub fn refuse() -> Self {
        let mut a = paper("Refuse", "Refuse", Paper::Refuse);
        a.lines.push("The refusal is signed like an approval, and goes back to whoever asks.".into());
        a.fields.push(Field::new("Why", Must::Text).tall());
        a
    }

    /// A colleague's key is no longer known.
    pub fn forget_key(name: &str) -> Self {
        let make = Paper::ForgetKey(name.to_owned());
        let mut a = paper(&format!("Forget the key of {name}?"), "Forget the key", make);
        a.lines
            .push("Answers signed with it are no longer taken. What it agreed to before stays in the records.".into());
        a.changes_azure = true;
        a
    }
}

/// The oldest finding that nothing is done about yet.
pub fn open_finding(run: &RunView) -> Option<&str> {
    run.papers.findings.iter().find(|f| f.corrective.is_none()).map(|f| f.text.as_str())
}

/// The oldest finding that nobody has rated.
pub fn unrated_finding(run: &RunView) -> Option<&str> {
    run.papers.findings.iter().find(|f| f.rated.is_none()).map(|f| f.text.as_str())
}

/// The oldest finding of which it is said how it is put right, and for which nobody vouches.
pub fn unvouched_finding(run: &RunView) -> Option<&FindingView> {
    run.papers.findings.iter().find(|f| f.closed.is_none() && f.corrective.is_some())
}
