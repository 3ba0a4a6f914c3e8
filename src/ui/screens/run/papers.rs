//! What people keep beside the steps: ledger, loss register, evidence, findings, signatures, messages. Each says what it
//! is for while it is empty, and has its key.

use eframe::egui::Ui;

use super::card::note;
use crate::desk::snapshot::{EvidenceView, FindingView, NoteView, RunView};
use crate::run::event::LossKind;
use crate::ui::intent::{self, Intent};
use crate::ui::papers::{LOSSES, unrated_finding, unvouched_finding};
use crate::ui::view::{Act, Cx};
use crate::ui::widgets::button::link_named;
use crate::ui::widgets::text::{copyable, size, small, wrapped};
use crate::ui::widgets::{badge, body, hairline, heading, link};
use crate::units::utc_clock;

/// What each part is for, said alike in a window and in a terminal.
pub const LEDGER: &str = "What was created or changed in the secondary, to be carried back.";
/// See [`LEDGER`].
pub const LOSS: &str = "Kept apart: what is gone, what comes back, what is there twice.";
/// See [`LEDGER`].
pub const EVIDENCE: &str = "Texts, files, pictures of health; each with its SHA-256.";
/// See [`LEDGER`].
pub const FINDINGS: &str = "What is to be put right afterwards, by whom, until when.";
/// See [`LEDGER`].
pub const TOLD: &str = "Who came, what was checked, who was told: what only people know.";
/// See [`LEDGER`].
pub const MISSING: &str = "Not in the record yet";
const UNTOLD: &str = "Asked by auditors, and not in the record";
/// See [`LEDGER`].
pub const SIGNED: &str = "Who stands for the record, and as what.";
/// See [`LEDGER`].
pub const NOBODY_YET: &str = "Nobody puts it right yet";

/// So many lines of each are shown; the record has all.
const MOST: usize = 30;
/// Characters of a digest that a person compares.
const DIGEST: usize = 12;

/// Draws all of it.
pub fn show(ui: &mut Ui, cx: &Cx, run: &RunView) {
    ui.spacing_mut().item_spacing.y = 4.0;
    let p = &run.papers;
    let open = run.closed.is_none() && p.handed_over.is_none();
    let add = |ui: &mut Ui, label: &str, intent| {
        if open && link(ui, label, &intent::key_text(intent)) {
            cx.act(Act::Do(intent));
        }
    };

    section(ui, "Ledger", p.ledger.len(), LEDGER);
    notes(ui, "ledger", &p.ledger);
    add(ui, "Add to the ledger", Intent::Ledger);

    hairline(ui, 8.0);
    section(ui, "Loss register", p.losses.len(), LOSS);
    for (kind, name) in LOSSES {
        losses(ui, run, kind, name);
    }
    add(ui, "Add a loss", Intent::Loss);

    hairline(ui, 8.0);
    section(ui, "Evidence", p.evidence.len(), EVIDENCE);
    rest(ui, p.evidence.len());
    for (i, e) in last(&p.evidence).iter().enumerate() {
        ui.push_id(("evidence", i), |ui| evidence(ui, cx, e));
    }
    add(ui, "Paste a text", Intent::EvidenceText);
    add(ui, "Add a file", Intent::EvidenceFile);
    add(ui, "Freeze health as evidence", Intent::Freeze);

    hairline(ui, 8.0);
    section(ui, "Findings", p.findings.len(), FINDINGS);
    rest(ui, p.findings.len());
    for (i, f) in last(&p.findings).iter().enumerate() {
        ui.push_id(("finding", i), |ui| finding(ui, f));
    }
    add(ui, "Add a finding", Intent::Finding);
    if p.findings.iter().any(|f| f.corrective.is_none()) {
        add(ui, "Say how it is put right", Intent::Corrective);
    }
    if unrated_finding(run).is_some() {
        add(ui, "Rate the finding", Intent::Rate);
    }
    if unvouched_finding(run).is_some() {
        add(ui, "Vouch for a finding", Intent::Vouch);
    }

    hairline(ui, 8.0);
    section(ui, "Told for the record", p.told.len(), TOLD);
    notes(ui, "told", &p.told);
    add(ui, "Tell for the record", Intent::Tell);
    if run.clocks.t[0].is_some() {
        add(ui, "Declare the incident", Intent::Declare);
    }

    hairline(ui, 8.0);
    section(ui, "Signed off", p.signoffs.len(), SIGNED);
    notes(ui, "signed", &p.signoffs);
    add(ui, "Sign off", Intent::SignOff);
    if cx.snap.checkpoint.is_some() {
        add(ui, "Put a checkpoint outside", Intent::Post);
    }

    if !p.comms.is_empty() {
        hairline(ui, 8.0);
        section(ui, "Messages sent", p.comms.len(), "");
        notes(ui, "comms", &p.comms);
    }

    if !p.missing.is_empty() {
        hairline(ui, 8.0);
        section(ui, if run.closed.is_some() { UNTOLD } else { MISSING }, p.missing.len(), "");
        for (i, what) in p.missing.iter().enumerate() {
            ui.push_id(("missing", i), |ui| copyable(ui, small(ui, what)));
        }
    }
}

fn section(ui: &mut Ui, name: &str, count: usize, about: &str) {
    ui.horizontal(|ui| {
        heading(ui, name);
        if count > 0 {
            badge(ui, &count.to_string());
        }
    });
    if count == 0 {
        wrapped(ui, small(ui, about));
    }
}

fn last<T>(all: &[T]) -> &[T] {
    &all[all.len().saturating_sub(MOST)..]
}

fn rest(ui: &mut Ui, count: usize) {
    if count > MOST {
        wrapped(ui, small(ui, format!("{} older ones are in the record", count - MOST)));
    }
}

fn notes(ui: &mut Ui, salt: &str, all: &[NoteView]) {
    rest(ui, all.len());
    for (i, n) in last(all).iter().enumerate() {
        ui.push_id((salt, i), |ui| note(ui, n));
    }
}

fn losses(ui: &mut Ui, run: &RunView, kind: LossKind, name: &str) {
    let mut all = run.papers.losses.iter().filter(|l| l.kind == kind).peekable();
    if all.peek().is_none() {
        return;
    }
    // A caption stands by its own lines, not by those above.
    ui.add_space(4.0);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        wrapped(ui, small(ui, name));
        for (i, l) in all.take(MOST).enumerate() {
            ui.push_id((name, i), |ui| copyable(ui, body(&l.text)));
        }
    });
}

fn evidence(ui: &mut Ui, cx: &Cx, e: &EvidenceView) {
    copyable(ui, body(&e.name));
    let clock = utc_clock(e.at);
    let step = e.step.as_ref().map_or_else(|| "the run".to_owned(), |s| format!("step {s}"));
    let kept = if e.file.is_some() { size(e.bytes) } else { format!("text, {}", size(e.bytes)) };
    let time = clock.get(..5).unwrap_or_default();
    copyable(ui, small(ui, format!("{time} {} · {step} · {kept}", e.who)));
    ui.horizontal_wrapped(|ui| {
        copyable(ui, small(ui, format!("SHA-256 {}…", e.sha256.get(..DIGEST).unwrap_or(&e.sha256))));
        if link_named(ui, "Copy", "", &format!("Copy the SHA-256 of {}", e.name)) {
            cx.act(Act::Copy(e.sha256.clone(), "The SHA-256"));
        }
    });
}

fn finding(ui: &mut Ui, f: &FindingView) {
    copyable(ui, body(&f.text));
    match &f.corrective {
        Some(how) => copyable(ui, small(ui, format!("Put right: {how}"))),
        None => copyable(ui, small(ui, NOBODY_YET)),
    };
    for more in f.rated.iter().chain(&f.closed) {
        copyable(ui, small(ui, more));
    }
}
