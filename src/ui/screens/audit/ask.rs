//! Dialogs of the Audit screen: another run beside it, how long it is kept, a hold, its end.

use crate::desk::protocol::{AuditIntent, Command};
use crate::desk::snapshot::{Class, REGISTER, RunRow, Snapshot};
use crate::ui::ask::{Ask, Field, Make, Must};
use crate::ui::view::utc_minute;

/// Runs that are offered to be put beside one.
const OFFERED: usize = 12;

/// What an answered dialog of this file becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditAsk {
    /// This run beside one of these.
    Compare(String, Vec<String>),
    /// How long this run is kept, or all.
    Keep(Option<String>),
    /// A hold on this run comes, or goes.
    Hold(String, bool),
    /// The end of this run's files.
    Dispose(String),
}

/// Runs that can be put beside the one on show, those of its plan first.
pub fn others(snap: &Snapshot) -> Vec<&RunRow> {
    let Some(shown) = super::shown_run(snap) else { return Vec::new() };
    let fits = |r: &&RunRow| r.id != shown.id && r.id != REGISTER && r.kept.disposed.is_none();
    let mut all: Vec<&RunRow> = snap.audit.runs.iter().filter(fits).collect();
    all.sort_by_key(|r| r.title != shown.title);
    all.truncate(OFFERED);
    all
}

impl AuditAsk {
    /// The command of a dialog that is filled in well.
    pub fn command(&self, ask: &Ask) -> Option<Command> {
        let (text, chosen) = (|i| ask.text(i), ask.choice.as_ref().map_or(0, |(_, i)| *i));
        Some(Command::Audit(match self {
            Self::Compare(run, others) => AuditIntent::Compare(Some([others.get(chosen)?.clone(), run.clone()])),
            Self::Keep(run) => {
                AuditIntent::Keep { run: run.clone(), class: Class::ALL.get(chosen).copied(), reason: text(0) }
            }
            Self::Hold(run, held) => AuditIntent::Hold { run: run.clone(), held: *held, reason: text(0) },
            Self::Dispose(run) => AuditIntent::Dispose { run: run.clone(), typed: text(0), reason: text(1) },
        }))
    }
}

impl Ask {
    /// Another run beside this one: the older one stands first.
    pub(super) fn compare(snap: &Snapshot, run: &RunRow) -> Self {
        let all = others(snap);
        let name = |r: &&RunRow| format!("{} {} {}", r.short, r.mode, utc_minute(r.started));
        let make = AuditAsk::Compare(run.id.clone(), all.iter().map(|r| r.id.clone()).collect());
        let mut a = Self::new(format!("Compare run {} with", run.short), "Compare", Make::Audit(make));
        a.choice = Some((all.iter().map(name).collect(), 0));
        a
    }

    /// How long.
    pub(super) fn keep(run: Option<&RunRow>, snap: &Snapshot) -> Self {
        let make = Make::Audit(AuditAsk::Keep(run.map(|r| r.id.clone())));
        let title =
            run.map_or("How long are runs kept here?".to_owned(), |r| format!("How long is run {} kept?", r.short));
        let mut a = Self::new(title, "Keep it so", make);
        a.lines = Class::ALL.iter().map(|c| format!("{}: {}.", c.display(), c.source())).collect();
        let now = run.map_or(snap.audit.general, |r| r.kept.class);
        let mut names: Vec<String> = Class::ALL
            .iter()
            .map(|c| match c {
                Class::Pci => "12 months (PCI DSS)".to_owned(),
                Class::Hipaa => "6 years (HIPAA)".to_owned(),
                Class::Fca => "6 years (FCA)".to_owned(),
                c => c.display().to_owned(),
            })
            .collect();
        names.extend(run.map(|_| "as all runs".to_owned()));
        let chosen = Class::ALL.iter().position(|c| *c == now).unwrap_or_default();
        a.choice = Some((names, if run.is_some_and(|r| !r.kept.own) { Class::ALL.len() } else { chosen }));
        a.fields.push(Field::new("Why", Must::Text));
        a
    }

    /// A legal hold, or no longer.
    pub(super) fn hold(run: &RunRow) -> Self {
        let comes = run.kept.hold.is_none();
        let (title, confirm) = match comes {
            true => (format!("Legal hold on run {}", run.short), "Hold it"),
            false => (format!("Lift the legal hold on run {}", run.short), "Lift the hold"),
        };
        let mut a = Self::new(title, confirm, Make::Audit(AuditAsk::Hold(run.id.clone(), comes)));
        a.lines = match &run.kept.hold {
            None => vec!["While it is held nobody can dispose of it here, however old it is.".to_owned()],
            Some(hold) => {
                vec![format!("It is held {hold}"), "The run is then kept as long as its class says.".to_owned()]
            }
        };
        a.fields.push(Field::new("Why", Must::Text));
        // Not Azure; but nothing that a key pressed in passing may do.
        a.changes_azure = !comes;
        a
    }

    /// The end of a run's files.
    pub(super) fn dispose(run: &RunRow, snap: &Snapshot) -> Self {
        let make = Make::Audit(AuditAsk::Dispose(run.id.clone()));
        let mut a = Self::new(format!("Dispose of run {}?", run.short), "Remove its files", make);
        a.lines = vec![
            format!("{}, {}, {}: {}.", run.title, run.mode, utc_minute(run.started), run.kept.words),
            "Its record and evidence are removed, and nothing brings them back. The register keeps what it was, who did this and \
             why. What backups or exports hold stays there."
                .to_owned(),
            snap.audit.clock.clone(),
        ];
        a.fields.push(Field::new(format!("Type {} to confirm", run.id), Must::Equal(run.id.clone())));
        a.fields.push(Field::new("Why", Must::Text));
        // Not Azure; but it cannot be undone.
        a.changes_azure = true;
        a
    }
}
